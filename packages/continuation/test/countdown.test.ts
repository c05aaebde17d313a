import { createFieldEngineSync, inverse, multiply, subtract, type WasmEngine } from '@commute/field';
import { keccak256 } from '@commute/machine';
import { machineConformance } from '@commute/machine/conformance';
import {
  checkTraces,
  formatMutations,
  formatReport,
  mutateTraces,
  type MutationOptions,
  type PublicMessage,
  type TableTrace,
} from '@commute/stark';
import { createLyingParty, createParty, runWithSnapshots, settleDispute } from '@commute/swap';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Countdown,
  countdownFrom,
  countdownProgram,
  countdownRun,
  proveCountdown,
  verifyCountdownStep,
} from '../examples/countdown.ts';
import {
  type ChainOptions,
  createChainSystem,
  encodeChain,
  LINK_FORMS,
  MEMORY_BUS,
  proveChain,
  type SegmentWitness,
  verifyChain,
} from '../src/index.ts';

const FIRST = 37;
const TOTAL = (FIRST * (FIRST + 1)) / 2;
const LOG_CYCLES = 4;
const COUNTER = 0x1000;

machineConformance({
  name: 'the machine of the example',
  create: () => new Countdown(),
  prepare: (machine) => {
    machine.load(countdownFrom(FIRST));
  },
});

describe('a dispute about the machine of the example', () => {
  test.each([0, 17, FIRST - 1])(
    'is settled at step %i, where the lie begins, by the step and its proof alone',
    async (at) => {
      const machine = new Countdown();
      machine.load(countdownFrom(FIRST));
      const initialRoot = machine.root();
      const { store, steps } = await runWithSnapshots({ machine, stepsPerSnapshot: 10 });
      expect([steps, machine.halt]).toEqual([FIRST, { kind: 'exit', code: TOTAL }]);
      const run = { stack: [], machine: () => new Countdown(), store };
      const honest = createParty({ name: 'honest', ...run });
      const liar = createLyingParty({ name: 'liar', ...run }, { at: [at], address: COUNTER + 4, bit: 3 });
      const rules = { hasher: keccak256, layers: [], initialRoot, steps };
      const verdict = await settleDispute([liar, honest], { ...rules, verifyStep: verifyCountdownStep });
      expect(verdict).toMatchObject({ winner: 1, step: at });
    },
  );
});

describe('the table of the example', () => {
  const { witnesses } = countdownRun(countdownProgram(FIRST), LOG_CYCLES);
  /** What the table of a link says of the touched words. */
  const boundary = ({ touched }: SegmentWitness): PublicMessage[] =>
    touched.flatMap(({ key, before, after, lastTime }) => [
      { bus: MEMORY_BUS, direction: 'send', tuple: [key, before, 0n], multiplicity: 1n },
      { bus: MEMORY_BUS, direction: 'receive', tuple: [key, after, lastTime], multiplicity: 1n },
    ]);

  test('holds for each segment of a run', () => {
    expect(witnesses.map(({ pcStart, pcEnd, exitCode }) => [pcStart, pcEnd, exitCode])).toEqual([
      [0n, 0n, undefined],
      [0n, 0n, undefined],
      [0n, 1n, TOTAL],
    ]);
    for (const witness of witnesses) {
      const report = checkTraces(witness.traces(), { publicMessages: boundary(witness) });
      expect(formatReport(report)).toBe('');
    }
  });

  test('notices each change of a cell, and needs each of its constraints', () => {
    const last = countdownRun(countdownProgram(3), 2).witnesses[0]!;
    const [honest] = last.traces() as [TableTrace];
    const forged = (rows: readonly (readonly bigint[])[]): TableTrace[] => {
      const main = rows[0]!.map((_, column) => rows.map((row) => row[column]!));
      return [{ ...honest, trace: { ...honest.trace, main } }];
    };
    // Rows of time, active, counter, sum, done, inverse. All end with 6 in the sum, as an honest run from 3 does.
    const divided = (dividend: bigint, divisor: bigint): bigint => multiply(dividend, inverse(divisor));
    const minus = (value: bigint): bigint => subtract(0n, value);
    const hostile = [
      // The first two cycles in the other order.
      forged([
        [2n, 1n, 2n, 3n, 0n, 1n],
        [1n, 1n, 3n, 0n, 0n, inverse(2n)],
        [3n, 1n, 1n, 5n, 1n, 0n],
        [4n, 0n, 0n, 6n, 1n, 0n],
      ]),
      // A cycle that takes -3 off, and others that make up for it.
      forged([
        [1n, 1n, 3n, 0n, 0n, inverse(2n)],
        [2n, minus(3n), 2n, 3n, 0n, inverse(5n)],
        [3n, 9n, 5n, 5n, 0n, minus(inverse(4n))],
        [4n, minus(4n), minus(4n), 10n, 1n, 0n],
      ]),
      // The same, where each cycle before claims to be done as far as that takes.
      forged([
        [1n, 1n, 3n, 0n, 4n, divided(minus(3n), 2n)],
        [2n, minus(3n), 2n, 3n, minus(8n), divided(9n, 5n)],
        [3n, 9n, 5n, 5n, 5n, 1n],
        [4n, minus(4n), minus(4n), 10n, 1n, 0n],
      ]),
    ];
    // An inverse of nothing does not matter.
    const isFree: MutationOptions['isFree'] = ({ column, row }) => column === 'inverse' && row >= 2;
    expect(formatMutations(mutateTraces([honest], { publicMessages: boundary(last), hostile, isFree }))).toBe('');
  });
});

describe.each(LINK_FORMS)('a proof of a run of the machine of the example, %s', (form) => {
  const options: ChainOptions = { securityBits: 40, queryWork: 2, maximumLogRows: 10, form };
  const program = countdownProgram(FIRST);
  let engine: WasmEngine;
  beforeAll(() => {
    engine = createFieldEngineSync();
  });
  afterAll(() => {
    engine.dispose();
  });
  const chainOf = (first = FIRST) => createChainSystem(countdownProgram(first), { ...options, engine });

  test('is accepted for its number and its sum, and for no other', async () => {
    const chain = chainOf();
    const { claim, proof } = await proveCountdown(engine, chain, LOG_CYCLES);
    expect(claim.exitCode).toBe(TOTAL);
    expect(verifyChain(chain, claim, proof)).toMatchObject({ ok: true, segments: 3, cycles: 48n });
    expect(verifyChain(chain, { ...claim, exitCode: TOTAL + 1 }, proof)).toMatchObject({ ok: false });
    expect(verifyChain(chain, { ...claim, input: Uint8Array.of(1) }, proof)).toMatchObject({ ok: false });
    expect(verifyChain(chainOf(FIRST + 1), claim, proof)).toMatchObject({ ok: false });
    for (const at of [40, 400, proof.length - 1])
      expect(verifyChain(chain, claim, proof.with(at, proof[at]! ^ 1))).toMatchObject({ ok: false });
  });

  test('is refused where a segment is left out, or starts with another memory than the one before leaves', async () => {
    const chain = chainOf();
    const { claim, witnesses } = countdownRun(program, LOG_CYCLES);
    const [first, , last] = witnesses as [SegmentWitness, SegmentWitness, SegmentWitness];
    const judge = async (segments: readonly SegmentWitness[], exitCode = TOTAL) =>
      verifyChain(chain, { ...claim, exitCode }, encodeChain(await proveChain(engine, chain, claim, segments)));
    expect(await judge(witnesses)).toMatchObject({ ok: true });
    expect(await judge([first, last])).toMatchObject({ ok: false });
    // The end of another run, which is honest in itself.
    const other = countdownRun(countdownProgram(FIRST - 1), LOG_CYCLES);
    expect(await judge([first, ...other.witnesses.slice(1)], other.claim.exitCode)).toMatchObject({ ok: false });
  });
});

test('a number that the machine of the example cannot add up to is refused', () => {
  for (const first of [0, -1, 1.5, 2 ** 16]) expect(() => countdownProgram(first)).toThrow('[CONTINUATION_RANGE]');
});

test('a step is not verified from anything but its proof', () => {
  const root = new Uint8Array(32);
  for (const proof of [new Uint8Array(0), new Uint8Array(100), new Uint8Array(4000).fill(7)])
    expect(verifyCountdownStep(root, proof).ok).toBe(false);
});
