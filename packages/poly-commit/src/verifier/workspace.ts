/**
 * The kernels of verifiers and the memory that they work in, shared by all verifications of a process: each begins with all of it and leaves nothing there.
 *
 * @module
 */
import { bytesFromBase64, compile, createMemory, type HostFunction, instantiate } from '@commute/wasm';
import { HEAP_START, MOST_PAGES } from './memory-layout.ts';
import { VERIFIER_MODULE } from './module-bytes.ts';

const PAGE = 65536;

/** A kernel, by its operands: addresses, counts. */
export type Kernel = (...operands: number[]) => number;

const NAMES = [
  'chunks',
  'gather',
  'level',
  'foldRows',
  'isFolded',
  'areCanonical',
  'areEqual',
  'powers',
  'accumulate',
  'multiplyAll',
  'subtractAll',
  'claims',
  'weighRows',
  'pointsAt',
  'evaluateAt',
  'differences',
  'prefixes',
  'finishInverses',
  'wordPowers',
  'transformRows',
  'spreadRows',
] as const;

/** Kernels and memory. Addresses are in bytes; what is allocated is a multiple of 16 and holds until it is given back. */
export interface Workspace {
  readonly kernels: Readonly<Record<(typeof NAMES)[number], Kernel>>;
  /** Room for so many bytes, whatever they are. @throws `RangeError` where there is none. */
  readonly allocate: (bytes: number) => number;
  /** Room for bytes, and these in it. */
  readonly put: (bytes: Uint8Array) => number;
  /** The same for words. */
  readonly putWords: (words: readonly bigint[]) => number;
  /** Some of the memory: a view, until more is allocated. */
  readonly bytes: (address: number, length: number) => Uint8Array<ArrayBuffer>;
  readonly words: (address: number, count: number) => BigUint64Array<ArrayBuffer>;
  readonly integers: (address: number, count: number) => Uint32Array<ArrayBuffer>;
  /** Runs `body` and gives back what it allocated. */
  readonly scope: <T>(body: () => T) => T;
}

function createWorkspace(): Workspace {
  const memory = createMemory({ initial: 4, maximum: MOST_PAGES });
  const exports = instantiate(compile(bytesFromBase64(VERIFIER_MODULE)), { env: { memory } });
  const kernels = Object.fromEntries(
    NAMES.map((name) => [name, exports[name] as HostFunction]),
  ) as unknown as Workspace['kernels'];
  let next = HEAP_START;
  const buffer = (): ArrayBuffer => memory.buffer as ArrayBuffer;
  const allocate = (bytes: number): number => {
    const address = next;
    next += Math.ceil(bytes / 16) * 16;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) {
      // Twice as much as there is, so that growing takes no time in all.
      const pages = Math.max(Math.ceil(missing / PAGE), Math.min(memory.buffer.byteLength / PAGE, 256));
      memory.grow(pages);
    }
    return address;
  };
  const workspace: Workspace = {
    kernels,
    allocate,
    put: (bytes) => {
      const address = allocate(bytes.length);
      new Uint8Array(buffer(), address, bytes.length).set(bytes);
      return address;
    },
    putWords: (words) => {
      const address = allocate(8 * words.length);
      new BigUint64Array(buffer(), address, words.length).set(words);
      return address;
    },
    bytes: (address, length) => new Uint8Array(buffer(), address, length),
    words: (address, count) => new BigUint64Array(buffer(), address, count),
    integers: (address, count) => new Uint32Array(buffer(), address, count),
    scope: (body) => {
      const before = next;
      try {
        return body();
      } finally {
        next = before;
      }
    },
  };
  return workspace;
}

/** Compiled where it is first used; `false` where the host cannot. */
let shared: Workspace | false | undefined;

/** The one of this process; `undefined` in a host without 128-bit vectors. */
export function sharedWorkspace(): Workspace | undefined {
  if (shared === undefined) {
    try {
      shared = createWorkspace();
    } catch {
      shared = false;
    }
  }
  return shared === false ? undefined : shared;
}
