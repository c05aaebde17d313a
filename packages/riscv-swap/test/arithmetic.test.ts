import { FIELD, STATE_PAGE } from '@commute/fast-vm';
import { Memory, Snapshot } from '@commute/machine';
import { createRiscvLayer } from '@commute/riscv-swap';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LockStep } from './lock-step.ts';

/** Opcode, funct3 and result of each instruction of the M extension; operands and result as 64 bits without a sign. */
const M: readonly (readonly [string, number, number, (a: bigint, b: bigint) => bigint])[] = [
  ['mul', 0x33, 0, (a, b) => a * b],
  ['mulh', 0x33, 1, (a, b) => (signed(a) * signed(b)) >> 64n],
  ['mulhsu', 0x33, 2, (a, b) => (signed(a) * b) >> 64n],
  ['mulhu', 0x33, 3, (a, b) => (a * b) >> 64n],
  ['div', 0x33, 4, (a, b) => (b === 0n ? -1n : signed(a) / signed(b))],
  ['divu', 0x33, 5, (a, b) => (b === 0n ? -1n : a / b)],
  ['rem', 0x33, 6, (a, b) => (b === 0n ? a : signed(a) % signed(b))],
  ['remu', 0x33, 7, (a, b) => (b === 0n ? a : a % b)],
  ['mulw', 0x3b, 0, (a, b) => word(a * b)],
  ['divw', 0x3b, 4, (a, b) => (word(b) === 0n ? -1n : word(word(a) / word(b)))],
  ['divuw', 0x3b, 5, (a, b) => (word(b) === 0n ? -1n : word(low(a) / low(b)))],
  ['remw', 0x3b, 6, (a, b) => (word(b) === 0n ? word(a) : word(word(a) % word(b)))],
  ['remuw', 0x3b, 7, (a, b) => (word(b) === 0n ? word(a) : word(low(a) % low(b)))],
];

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const word = (value: bigint): bigint => BigInt.asIntN(32, value);
const low = (value: bigint): bigint => BigInt.asUintN(32, value);

const CODE = 0x1000;
/** x10 and x11 into x12 and up. */
const code = M.map(
  ([, opcode, funct3], i) => opcode | ((12 + i) << 7) | (funct3 << 12) | (10 << 15) | (11 << 20) | (1 << 25),
);

const memory = new Memory();

function stateWith(a: bigint, b: bigint): Snapshot {
  memory.restore(Snapshot.empty());
  const field = (offset: number, value: bigint): void => {
    memory.storeWord(STATE_PAGE + offset, Number(low(value)));
    memory.storeWord(STATE_PAGE + offset + 4, Number(value >> 32n));
  };
  code.forEach((instruction, i) => {
    memory.storeWord(CODE + 4 * i, instruction);
  });
  field(FIELD.pc, BigInt(CODE));
  field(8 * 10, a);
  field(8 * 11, b);
  memory.storeWord(STATE_PAGE + FIELD.personality, 1);
  return memory.snapshot();
}

/** Numbers of every length, near powers of two, of either sign. */
const operand = fc
  .tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(64), fc.boolean(), fc.boolean(), fc.integer({ min: -2, max: 2 }))
  .map(([bits, length, power, negative, offset]) => {
    const size = power ? 2n ** BigInt(length) + BigInt(offset) : bits >> BigInt(length);
    return BigInt.asUintN(64, negative ? -size : size);
  });

test('the interpreter multiplies and divides as big integers do', () => {
  const machines = new LockStep(createRiscvLayer());
  fc.assert(
    fc.property(operand, operand, (a, b) => {
      machines.start(stateWith(a, b));
      M.forEach(([name, , , result], i) => {
        expect(machines.step(), name).toBeUndefined();
        expect(machines.upper.register(12 + i), name).toBe(BigInt.asUintN(64, result(a, b)));
      });
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 1000) },
  );
  // Far below the smallest period, 2^14.
  expect(machines.longest).toBeLessThan(2 ** 12);
});
