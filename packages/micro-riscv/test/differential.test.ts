import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasCode } from '@commute/errors';
import { Memory, type Snapshot } from '@commute/machine';
import { MICRO_REGION, createMicroRiscv, step, type MicroRiscv } from '../src/index.ts';
import { baseAddresses, bases, instruction, registers, word } from './arbitraries.ts';
import { asm, assemble, call, differingWords, hasher, hex, li, pristineOf, runs, sample, stateOf } from './support.ts';

const slow = new Memory({ hasher });

/** Runs a machine in pieces beside the reference step, and compares the states after each piece. */
function compare(machine: MicroRiscv, before: Snapshot, pieces: readonly number[]): void {
  slow.restore(before);
  machine.restore(before);
  for (const piece of pieces) {
    let overrun = false;
    for (let i = 0; i < piece && !overrun; i++) overrun = step(slow, machine.parameters) === 'overrun';
    if (overrun) {
      expect(() => machine.advance(piece)).toThrow(expect.objectContaining({ code: 'MICRO_RISCV_OVERRUN' }));
    } else {
      machine.advance(piece);
    }
    expect(differingWords(slow.snapshot(), machine.snapshot())).toEqual([]);
    if (overrun) return;
  }
  expect(hex(machine.root())).toBe(hex(slow.root()));
}

const code = fc
  .array(instruction, { minLength: 8, maxLength: 60 })
  // Goes round at the end.
  .map((words) => [...words, asm.jal(0, -4 * words.length)]);
const machineRegisters = fc
  .tuple(
    registers,
    baseAddresses,
    fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
  )
  .map(([x, addresses, wild]) => x.map((value, index) => (wild ? value : (addresses[index - bases[0]] ?? value))));
const pieces = fc.array(fc.oneof(fc.constantFrom(1, 1, 2, 3, 16, 63, 64, 65), fc.nat(100)), {
  minLength: 1,
  maxLength: 12,
});
const entries = fc.constantFrom(0x1_0000, 0x1_0fe0, 0xff00_1000, 0xff00_1fe0, 0xffff_ffe0);

describe('the interpreter and the reference step agree', () => {
  const plain = createMicroRiscv({ hasher });

  test('on random programs', () => {
    fc.assert(
      fc.property(
        code,
        machineRegisters,
        entries,
        pieces,
        fc.array(word, { maxLength: 16 }),
        (words, x, pc, cuts, data) => {
          const before = stateOf({
            registers: x,
            fields: { pc, inputLength: 20, inputPosition: 3, brkStart: 0x2000, brk: 0x3000 },
            bytes: [
              [pc, assemble(words).subarray(0, 2 ** 32 - pc)],
              [0x2_0000, assemble(data)],
              [0xc000_0000, assemble(data)],
              [0xff00_2000, assemble(data)],
            ],
          });
          compare(plain, before, cuts);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test('on random control pages, also those that no program reaches', () => {
    const field = fc.oneof(word, fc.constantFrom(0, 1, 2 ** 28, 2 ** 28 - 1, 2 ** 28 + 1, 31, 32, 33, 63, 64));
    fc.assert(
      fc.property(
        fc.array(field, { minLength: 48, maxLength: 48 }),
        fc.constantFrom(0, 0, 0, 1, 7),
        fc.oneof(fc.constantFrom(0x73, 0x13), instruction),
        fc.constantFrom(0x1000, 0x1002, 0xff00_0000, 0xff00_0ffc, 0xffff_fffc),
        fc.constantFrom(63, 64, 93, 214, 4096),
        (control, halted, code0, pc, a7) => {
          const before = stateOf({
            words: [
              ...control.map((value, at) => [0xff00_0000 + 4 * at, value] as const),
              [0xff00_008c, halted],
              [0xff00_0080, pc],
              [0xff00_0044, a7],
              ...(pc < 0xff00_0000 || pc >= 0xff00_1000 ? ([[pc & ~3, code0]] as const) : []),
            ],
          });
          compare(plain, before, [1, 1, 2]);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test('across cleanings, from any moment of a period, with stores everywhere in Q', () => {
    const log2Period = 6;
    fc.assert(
      fc.property(code, machineRegisters, pieces, fc.nat(63), fc.boolean(), (words, x, cuts, clockLow, dirty) => {
        // Sets the bases up, does something, and exits.
        const start = bases.flatMap((index) => li(index, x[index]!));
        const pristine = pristineOf([...start, ...words.slice(0, 24), ...call(93)], log2Period);
        const machine = createMicroRiscv({ hasher, pristine });
        const started = stateOf({ bytes: [[0x2_0000, assemble(words)]] }).withRegion(MICRO_REGION, pristine.content);
        compare(machine, started, cuts);
        const disturbed = stateOf({
          registers: x,
          fields: { pc: 0xff00_1000, clockLow, log2Period },
          bytes: [[0xff00_1000, assemble(words.toReversed())]],
          words: dirty
            ? [
                [0xff00_0000, 5],
                [0xff00_0100, 6],
                [0xff80_0000, 7],
              ]
            : [],
        });
        compare(machine, disturbed, cuts);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('sample programs run alike, a step at a time and in one go', () => {
  test.for(['hello', 'echo', 'sha256'])('%s', (name) => {
    const input = new TextEncoder().encode('The quick brown fox');
    const quick = createMicroRiscv({ hasher });
    quick.load(sample(name), { input });
    const slow = createMicroRiscv({ hasher });
    slow.load(sample(name), { input });
    const count = quick.run(100_000);
    for (let i = 0; i < count; i++) {
      expect(slow.halt).toBeUndefined();
      slow.logStep();
    }
    expect(slow.halt).toEqual({ kind: 'exit', code: 0 });
    expect(hex(slow.root())).toBe(hex(quick.root()));
    expect(slow.clock).toBe(BigInt(count));
  });
});

test('an overrun is an error with a code', () => {
  const machine = createMicroRiscv({ hasher, pristine: pristineOf([0x0000_006f], 4) });
  machine.restore(stateOf({ fields: { pc: 0xff00_1000, log2Period: 4 }, words: [[0xff00_1000, 0x6f]] }));
  try {
    machine.run(100);
    expect.unreachable();
  } catch (error) {
    expect(hasCode(error, 'MICRO_RISCV_OVERRUN')).toBe(true);
  }
});
