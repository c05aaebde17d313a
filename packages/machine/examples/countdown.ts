import {
  Memory,
  RecordingAccess,
  type AccessLog,
  type Halt,
  type LoadOptions,
  type Machine,
  type ProgramImage,
  type Snapshot,
  type WordAccess,
} from '@commute/machine';

/** Where the counter lies; the sum is in the next word. */
const COUNTER = 0x1000;
const SUM = 0x1004;

/** One step, written once for the machine, its log and a verifier: add the counter to the sum, count down. */
export function countdownStep(access: WordAccess): void {
  const counter = access.loadWord(COUNTER);
  if (counter === 0) return;
  access.storeWord(SUM, access.loadWord(SUM) + counter);
  access.storeWord(COUNTER, counter - 1);
}

/** A machine of our own: it counts down from a number to zero and adds up what it passes. */
export class Countdown implements Machine {
  readonly name = 'countdown';
  readonly supports = { accessLog: true, clockInState: false } as const;
  readonly memory: Memory = new Memory();

  get halt(): Halt | undefined {
    return this.memory.loadWord(COUNTER) === 0 ? { kind: 'exit', code: 0 } : undefined;
  }

  load(program: ProgramImage, options: LoadOptions = {}): void {
    for (const { address, bytes } of program.segments) this.memory.write(address, bytes);
    const [first = 0] = options.input ?? [];
    if (first > 0) this.memory.storeWord(COUNTER, first);
  }

  run(limit: number): number {
    let executed = 0;
    while (executed < limit && this.halt === undefined) {
      countdownStep(this.memory);
      executed++;
    }
    return executed;
  }

  advance(count: number): void {
    this.run(count);
  }

  sync(): void {
    // Nothing to do: this machine keeps no registers outside its memory.
  }

  snapshot(): Snapshot {
    return this.memory.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.memory.restore(snapshot);
  }

  root(): Uint8Array {
    return this.memory.root();
  }

  output(): Uint8Array {
    return this.memory.read(SUM, 4);
  }

  logStep(): AccessLog {
    const access = new RecordingAccess(this.memory);
    countdownStep(access);
    return access.log;
  }
}
