/**
 * The side that performs a program's reads and writes.
 *
 * @module
 */
import { type Disk } from './disk.ts';
import { readRequest, type RequestFault, takeAnswer } from './protocol.ts';

/** A request that cannot be read: the program does not speak the protocol. */
export interface HostRefusal {
  readonly reason: RequestFault;
  /** Where the request begins in the program's output. */
  readonly at: number;
}

/**
 * Answers a program's requests while it runs. The disk is written to.
 *
 * @example
 * ```ts
 * import { Disk, DiskHost } from '@commute/disk';
 * const host = new DiskHost(new Disk(), new TextEncoder().encode('hello'));
 * const answer = host.answer(Uint8Array.of(4, 0, 0, 0, 2, 0, 0, 0)); // take 2
 * if (String(answer) !== '2,0,0,0,104,101,0,0') throw new Error('unreachable');
 * ```
 */
export class DiskHost {
  readonly disk: Disk;
  readonly #input: Uint8Array;
  readonly #put: Uint8Array[] = [];
  #at = 0;
  #taken = 0;
  #refusal: HostRefusal | undefined;

  /** @param input - what the program can take. */
  constructor(disk: Disk, input: Uint8Array = new Uint8Array()) {
    this.disk = disk;
    this.#input = input;
  }

  /** Set once the program has asked for something that is no request; nothing is answered from then on. */
  get refusal(): HostRefusal | undefined {
    return this.#refusal;
  }

  /** How much of the program's output has been dealt with. */
  get position(): number {
    return this.#at;
  }

  /**
   * Performs the requests that have been added to the program's output.
   *
   * @param written - all of the program's output so far; a request that is not complete waits.
   * @returns what the program's input gets: nothing where nothing was asked for.
   */
  answer(written: Uint8Array): Uint8Array<ArrayBuffer> {
    const answers: Uint8Array[] = [];
    while (this.#refusal === undefined && this.#at < written.length) {
      const verdict = readRequest(written, this.#at);
      if (!verdict.ok) {
        if (verdict.reason === 'incomplete-request') break;
        this.#refusal = { reason: verdict.reason, at: this.#at };
        break;
      }
      const { request, end } = verdict;
      if (request.kind === 'put') this.#put.push(request.bytes.slice());
      else if (request.kind === 'write') this.disk.write(request.block, request.bytes);
      else if (request.kind === 'read') answers.push(this.disk.read(request.block));
      else {
        const stop = Math.min(this.#taken + request.most, this.#input.length);
        answers.push(takeAnswer(this.#input.subarray(this.#taken, stop)));
        this.#taken = stop;
      }
      this.#at = end;
    }
    return joined(answers);
  }

  /** What the program has put out so far. */
  output(): Uint8Array<ArrayBuffer> {
    return joined(this.#put);
  }
}

/** Bytes one after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
