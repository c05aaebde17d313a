/**
 * A machine of one's own, from its step to the proof of a run. It counts down from a number and adds up what it passes.
 *
 * Its state is two words of memory, and one function is its step. That function runs on the machine's memory, on a recorder, and on the few
 * leaves that a verifier gets; so the machine has access logs, disputes are settled, and snapshots are kept, by `@commute/machine` and `@commute/swap`.
 * A table says the same in constraints, a row for each step. So runs are proved in segments that are linked by the memory they hand over.
 *
 * @module
 */
import {
  type ChainSystem,
  type Cells,
  ContinuationError,
  encodeChain,
  MEMORY_BUS,
  proveChain,
  type ProvableProgram,
  type RunClaim,
  type SegmentWitness,
} from '@commute/continuation';
import { type FieldEngine, inverse } from '@commute/field';
import {
  type AccessLog,
  type Halt,
  type Hasher,
  keccak256,
  type LoadOptions,
  type Machine,
  Memory,
  MissingLeafError,
  openProof,
  type ProofReason,
  type ProgramImage,
  RecordingAccess,
  type Snapshot,
  type WordAccess,
} from '@commute/machine';
import { BLAKE3 } from '@commute/poly-commit';
import { column, defineTable, type Table, traceFromRows } from '@commute/stark';

/** Where the counter lies, and where the sum does. */
const COUNTER = 0x1000;
const SUM = 0x1004;

/** The largest number to count down from: the sum stays below 2^32. */
const MOST = 0xffff;

// The machine -----------------------------------------------------------------------------------------------------------------------------------

/** One step: adds the counter to the sum, and takes one off. At zero nothing happens any more. */
export function countdownStep(access: WordAccess): void {
  const counter = access.loadWord(COUNTER);
  if (counter === 0) return;
  access.storeWord(SUM, access.loadWord(SUM) + counter);
  access.storeWord(COUNTER, counter - 1);
}

/** The program that counts down from a number from 1 to 65,535. */
export function countdownFrom(first: number): ProgramImage {
  const bytes = new Uint8Array(new Uint32Array([first]).buffer);
  return { entry: 0, segments: [{ address: COUNTER, bytes }] };
}

/** The machine: it keeps nothing outside its memory. */
export class Countdown implements Machine {
  readonly name = 'countdown';
  readonly supports = { accessLog: true, clockInState: false } as const;
  readonly memory: Memory = new Memory();

  get halt(): Halt | undefined {
    return this.memory.loadWord(COUNTER) === 0 ? { kind: 'exit', code: this.memory.loadWord(SUM) } : undefined;
  }

  load({ segments }: ProgramImage, _options?: LoadOptions): void {
    for (const { address, bytes } of segments) this.memory.write(address, bytes);
  }

  run(limit: number): number {
    let executed = 0;
    for (; executed < limit && this.halt === undefined; executed++) countdownStep(this.memory);
    return executed;
  }

  advance(count: number): void {
    this.run(count);
  }

  sync(): void {
    // Nothing to do: there are no registers.
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
    return new Uint8Array(0);
  }

  logStep(): AccessLog {
    const access = new RecordingAccess(this.memory);
    countdownStep(access);
    return access.log;
  }
}

/** The state root after a step, or why its proof is refused. */
export type CountdownVerdict =
  | { readonly ok: true; readonly rootAfter: Uint8Array }
  | { readonly ok: false; readonly reason: ProofReason | 'missing-leaf' | 'unused-leaf' | 'not-canonical' };

/** Verifies one step from a proof of the leaves that it touches. It needs no machine, and is what settles a dispute. */
export function verifyCountdownStep(
  rootBefore: Uint8Array,
  proof: Uint8Array,
  hasher: Hasher = keccak256,
): CountdownVerdict {
  const opened = openProof(hasher, rootBefore, proof);
  if (!opened.ok) return opened;
  try {
    countdownStep(opened.memory);
  } catch (error) {
    if (error instanceof MissingLeafError) return { ok: false, reason: 'missing-leaf' };
    throw error;
  }
  if (!opened.memory.allUsed()) return { ok: false, reason: 'unused-leaf' };
  const rootAfter = opened.memory.root();
  return rootAfter === null ? { ok: false, reason: 'not-canonical' } : { ok: true, rootAfter };
}

// The proof -------------------------------------------------------------------------------------------------------------------------------------

const main = {
  time: column('number of the cycle in its segment, from 1'),
  active: column('whether the counter is not zero yet'),
  counter: column('the counter before the step'),
  sum: column('the sum before the step'),
  done: column('whether the counter is zero after the step'),
  inverse: column('of the counter after the step; any element where that is zero'),
} as const;

const definition = defineTable({
  name: 'countdown',
  columns: { main },
  publicValues: ['pcStart', 'pcEnd', 'exitCode'],
  eval: (builder) => {
    const { time, active, counter, sum, done, inverse } = builder.main.current;
    const { next } = builder.main;
    const { publicValues, onFirstRow, onTransition, onLastRow } = builder;
    // A step, and what it leaves. Where the machine is idle the counter is zero, so that nothing changes.
    const [left, total] = [counter.subtract(active), sum.add(counter)];
    // It starts at 1, as the first access of each word follows that of the link, which is at time 0.
    onTransition.assertEqual('time goes on', next.time, time.add(1));
    // The program counter of this machine is 0 while it counts, and 1 at the end.
    onFirstRow.assertEqual(
      'goes on as the segment before it ends',
      active,
      builder.constant(1).subtract(publicValues.pcStart),
    );
    builder.assertEqual('is done where nothing is left', left.multiply(inverse), builder.constant(1).subtract(done));
    builder.assertZero('is done only where nothing is left', left.multiply(done));
    onTransition.assertEqual('is idle once it is done', next.active, builder.constant(1).subtract(done));
    onLastRow.assertEqual('hands over whether it is done', done, publicValues.pcEnd);
    onLastRow.when(publicValues.pcEnd).assertEqual('exits with the sum', total, publicValues.exitCode);
    // Both words are accessed in each cycle, so that the access before is one cycle ago, or the link's at time 0.
    for (const [key, before, after] of [
      [COUNTER, counter, left],
      [SUM, sum, total],
    ] as const) {
      builder.receive(MEMORY_BUS, [key, before, time.subtract(1)]);
      builder.send(MEMORY_BUS, [key, after, time]);
    }
  },
});

/** The table of the machine: a row for each cycle. */
export const countdownTable: Table = definition;

/** The machine with its program, as provers and verifiers see it. Its exit code is the sum. */
export function countdownProgram(first: number): ProvableProgram {
  if (!Number.isInteger(first) || first < 1 || first > MOST)
    throw new ContinuationError('CONTINUATION_RANGE', 'first', `an integer from 1 to ${String(MOST)}`, String(first));
  return {
    digest: BLAKE3.digest(new TextEncoder().encode(`example of a countdown/v1 from ${String(first)}`)),
    image: new Map([[BigInt(COUNTER), BigInt(first)]]),
    entry: 0n,
    halt: 1n,
    tables: [countdownTable],
    cycleTable: 0,
    symbolsPerCycle: 0,
    statement: ({ pcStart, pcEnd, exitCode }) => ({
      publicValues: [{ pcStart, pcEnd, exitCode: BigInt(exitCode ?? 0) }],
    }),
  };
}

/** Executes a segment of 2^logCycles cycles, idle ones at its end included, from what memory holds. */
function segmentFrom(memory: Cells, logCycles: number): { readonly witness: SegmentWitness; readonly after: Cells } {
  const before = { counter: memory.get(BigInt(COUNTER)) ?? 0n, sum: memory.get(BigInt(SUM)) ?? 0n };
  let { counter, sum } = before;
  const rows = Array.from({ length: 2 ** logCycles }, (_, row) => {
    const active = counter === 0n ? 0n : 1n;
    const left = counter - active;
    const cells = { time: BigInt(row + 1), active, counter, sum, done: left === 0n ? 1n : 0n };
    [counter, sum] = [left, sum + counter];
    return { ...cells, inverse: left === 0n ? 0n : inverse(left) };
  });
  const [pcStart, pcEnd] = [1n - rows[0]!.active, rows.at(-1)!.done];
  const lastTime = BigInt(rows.length);
  const exits = pcEnd === 1n ? { exitCode: Number(sum) } : {};
  const publicValues = { pcStart, pcEnd, exitCode: pcEnd * sum };
  const witness: SegmentWitness = {
    ...{ logCycles, pcStart, pcEnd, inputStart: 0, inputStop: 0, outputStart: 0, outputStop: 0, ...exits },
    touched: [
      { key: BigInt(COUNTER), before: before.counter, after: counter, lastTime },
      { key: BigInt(SUM), before: before.sum, after: sum, lastTime },
    ],
    logRows: () => [logCycles],
    traces: () => [traceFromRows(definition, { main: rows, publicValues })],
  };
  const after = new Map([
    [BigInt(COUNTER), counter],
    [BigInt(SUM), sum],
  ]);
  return { witness, after };
}

/** Executes the program to its end: the segments, and what is claimed of the run. */
export function countdownRun(
  program: ProvableProgram,
  logCycles: number,
): { readonly claim: RunClaim; readonly witnesses: readonly SegmentWitness[] } {
  const witnesses: SegmentWitness[] = [];
  for (let memory = program.image; witnesses.at(-1)?.exitCode === undefined;) {
    const { witness, after } = segmentFrom(memory, logCycles);
    witnesses.push(witness);
    memory = after;
  }
  const [none, exitCode] = [new Uint8Array(0), witnesses.at(-1)!.exitCode!];
  return { claim: { program: program.digest, input: none, output: none, exitCode }, witnesses };
}

/** Proves a run; `verifyChain` of `@commute/continuation` verifies it against the claim. */
export async function proveCountdown(
  engine: FieldEngine,
  chain: ChainSystem,
  logCycles: number,
): Promise<{ readonly claim: RunClaim; readonly proof: Uint8Array }> {
  const { claim, witnesses } = countdownRun(chain.program, logCycles);
  return { claim, proof: encodeChain(await proveChain(engine, chain, claim, witnesses)) };
}
