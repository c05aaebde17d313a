import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from './assemble.ts';
import { CODE, after, result } from './single.ts';
import { fieldIn, registerIn } from './states.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 100);
const M = (1n << 64n) - 1n;
const MIN = 1n << 63n;
const MAX = MIN - 1n;
const MIN32 = 0xffff_ffff_8000_0000n;

type Row = readonly [name: string, a: bigint, b: bigint, want: bigint];

/** Operands and results by hand. */
const ROWS: readonly Row[] = [
  ['add', 1n, 2n, 3n],
  ['add', M, 1n, 0n],
  ['add', 0xffff_ffffn, 1n, 0x1_0000_0000n],
  ['add', MAX, 1n, MIN],
  ['sub', 0n, 1n, M],
  ['sub', 0x1_0000_0000n, 1n, 0xffff_ffffn],
  ['sub', MIN, 1n, MAX],
  ['sll', 1n, 63n, MIN],
  ['sll', 1n, 64n, 1n],
  ['sll', 0x1234_5678_9abc_def0n, 0n, 0x1234_5678_9abc_def0n],
  ['sll', 0x1234_5678_9abc_def0n, 4n, 0x2345_6789_abcd_ef00n],
  ['sll', 0x1234_5678_9abc_def0n, 32n, 0x9abc_def0_0000_0000n],
  ['srl', MIN, 63n, 1n],
  ['srl', M, 64n, M],
  ['srl', 0x1234_5678_9abc_def0n, 4n, 0x0123_4567_89ab_cdefn],
  ['srl', 0x1234_5678_9abc_def0n, 36n, 0x0123_4567n],
  ['sra', MIN, 63n, M],
  ['sra', MIN, 31n, 0xffff_ffff_0000_0000n],
  ['sra', MIN, 32n, MIN32],
  ['sra', MAX, 62n, 1n],
  ['sra', MIN, 64n, MIN],
  ['slt', M, 0n, 1n],
  ['slt', 0n, M, 0n],
  ['slt', MIN, MAX, 1n],
  ['slt', 0x8000_0000n, 0x7fff_ffffn, 0n],
  ['slt', 5n, 5n, 0n],
  ['sltu', 0n, M, 1n],
  ['sltu', M, 0n, 0n],
  ['sltu', 0x7fff_ffffn, 0x8000_0000n, 1n],
  ['sltu', 0x1_0000_0000n, 0xffff_ffffn, 0n],
  ['xor', 0xff00_ff00_ff00_ff00n, 0x0ff0_0ff0_0ff0_0ff0n, 0xf0f0_f0f0_f0f0_f0f0n],
  ['or', 0xff00_ff00_ff00_ff00n, 0x0ff0_0ff0_0ff0_0ff0n, 0xfff0_fff0_fff0_fff0n],
  ['and', 0xff00_ff00_ff00_ff00n, 0x0ff0_0ff0_0ff0_0ff0n, 0x0f00_0f00_0f00_0f00n],
  ['addw', 0x7fff_ffffn, 1n, MIN32],
  ['addw', 0xffff_ffff_ffff_ffffn, 1n, 0n],
  ['addw', 0x1_0000_0001n, 1n, 2n],
  ['subw', 0n, 1n, M],
  ['subw', 0x8000_0000n, 1n, 0x7fff_ffffn],
  ['sllw', 1n, 31n, MIN32],
  ['sllw', 1n, 32n, 1n],
  ['sllw', 0xffff_ffff_0000_0001n, 63n, MIN32],
  ['srlw', 0xffff_ffff_8000_0000n, 31n, 1n],
  ['srlw', 0xffff_ffffn, 32n, M],
  ['sraw', 0x8000_0000n, 31n, M],
  ['sraw', 0x8000_0000n, 32n, MIN32],

  ['mul', M, M, 1n],
  ['mul', 0x1_0000_0000n, 0x1_0000_0000n, 0n],
  ['mul', 0xffff_ffffn, 0xffff_ffffn, 0xffff_fffe_0000_0001n],
  ['mulh', M, M, 0n],
  ['mulh', MIN, MIN, 1n << 62n],
  ['mulh', MIN, MAX, 0xc000_0000_0000_0000n],
  ['mulh', M, 1n, M],
  ['mulhsu', M, M, M],
  ['mulhsu', MIN, M, MIN],
  ['mulhsu', 1n, M, 0n],
  ['mulhsu', MAX, M, MAX - 1n],
  ['mulhu', M, M, M - 1n],
  ['mulhu', MIN, 2n, 1n],
  ['mulhu', 0xffff_ffff_ffffn, 0xffff_ffff_ffffn, 0xffff_ffffn],
  ['mulw', 0x7fff_ffffn, 2n, M - 1n],
  ['mulw', 0x1_0000_0003n, 5n, 15n],
  ['div', 7n, 2n, 3n],
  ['div', M - 6n, 2n, M - 2n],
  ['div', 7n, M - 1n, M - 2n],
  ['div', 5n, 0n, M],
  ['div', MIN, M, MIN],
  ['div', MIN32, M, 0x8000_0000n],
  ['div', MIN, 1n, MIN],
  ['divu', 5n, 0n, M],
  ['divu', M, 2n, MAX],
  ['divu', MIN, M, 0n],
  ['divu', 0xffff_ffffn, 0x10n, 0x0fff_ffffn],
  ['rem', 7n, M - 1n, 1n],
  ['rem', M - 6n, 2n, M],
  ['rem', 5n, 0n, 5n],
  ['rem', MIN, M, 0n],
  ['rem', MIN32, M, 0n],
  ['rem', M - 3n, 2n, 0n],
  ['remu', 5n, 0n, 5n],
  ['remu', M, 10n, 5n],
  ['remu', MIN, M, MIN],
  ['divw', 0x8000_0000n, M, MIN32],
  ['divw', 7n, 0n, M],
  ['divw', 0xffff_fff9n, 2n, M - 2n],
  ['divw', 0x1_0000_0007n, 0x1_0000_0000n, M],
  ['divuw', 7n, 0n, M],
  ['divuw', 0xffff_ffffn, 1n, M],
  ['divuw', 0xffff_fff9n, 2n, 0x7fff_fffcn],
  ['remw', 0x8000_0000n, 0xffff_ffffn, 0n],
  ['remw', 0x8000_0000n, 0n, MIN32],
  ['remw', 0xffff_fff9n, 2n, M],
  ['remuw', 0x8000_0000n, 0n, MIN32],
  ['remuw', 0xffff_ffffn, 0xffff_fffen, 1n],
  ['remuw', 0xffff_fffen, 0xffff_ffffn, M - 1n],
];

type ImmediateRow = readonly [name: string, a: bigint, immediate: number, want: bigint];

const IMMEDIATE_ROWS: readonly ImmediateRow[] = [
  ['addi', 0n, -1, M],
  ['addi', 1n, -1, 0n],
  ['addi', 0xffff_ffffn, 1, 0x1_0000_0000n],
  ['addi', 0x1_0000_0000n, -2048, 0xffff_f800n],
  ['addi', M, 2047, 2046n],
  ['slti', M, 0, 1n],
  ['slti', 0n, -1, 0n],
  ['slti', MIN, -2048, 1n],
  ['slti', 0xffff_ffffn, -1, 0n],
  ['sltiu', 0n, 1, 1n],
  ['sltiu', 1n, 1, 0n],
  ['sltiu', 5n, -1, 1n],
  ['sltiu', M, -1, 0n],
  ['sltiu', 0xffff_ffffn, -1, 1n],
  ['xori', 0n, -1, M],
  ['xori', 0xffn, 0x0f, 0xf0n],
  ['ori', 0n, -2048, M - 2047n],
  ['andi', M, -2048, M - 2047n],
  ['andi', M, 0x7ff, 0x7ffn],
  ['slli', 1n, 0, 1n],
  ['slli', 1n, 31, 0x8000_0000n],
  ['slli', 1n, 32, 0x1_0000_0000n],
  ['slli', 3n, 63, MIN],
  ['srli', M, 0, M],
  ['srli', M, 1, MAX],
  ['srli', M, 32, 0xffff_ffffn],
  ['srli', M, 63, 1n],
  ['srai', MIN, 0, MIN],
  ['srai', MIN, 1, 0xc000_0000_0000_0000n],
  ['srai', MIN, 63, M],
  ['addiw', 0x7fff_ffffn, 1, MIN32],
  ['addiw', 0x1_ffff_ffffn, 0, M],
  ['slliw', 1n, 31, MIN32],
  ['slliw', 0x1_0000_0001n, 0, 1n],
  ['srliw', 0xffff_ffff_ffff_ffffn, 0, M],
  ['srliw', 0xffff_ffff_ffff_ffffn, 1, 0x7fff_ffffn],
  ['sraiw', 0x8000_0000n, 31, M],
  ['sraiw', 0x8000_0000n, 0, MIN32],
];

describe('arithmetic', () => {
  test.for(ROWS)('%s of %s and %s', ([name, a, b, want]) => {
    expect(result(assemble(name, { rd: 7, rs1: 5, rs2: 6 }), a, b)).toBe(want);
  });

  test.for(IMMEDIATE_ROWS)('%s of %s and the immediate %i', ([name, a, immediate, want]) => {
    expect(result(assemble(name, { rd: 7, rs1: 5, immediate }), a)).toBe(want);
  });

  test('gives the same whichever of the registers are one', () => {
    for (const [name, a, b, want] of ROWS) {
      const first = after([assemble(name, { rd: 5, rs1: 5, rs2: 6 })], { registers: { 5: a, 6: b } });
      expect(registerIn(first, 5), name).toBe(want);
      expect(registerIn(first, 6), name).toBe(b);
      const second = after([assemble(name, { rd: 6, rs1: 5, rs2: 6 })], { registers: { 5: a, 6: b } });
      expect(registerIn(second, 6), name).toBe(want);
      expect(registerIn(second, 5), name).toBe(a);
    }
  });

  test('leaves x0 at zero, and pc advances by the length', () => {
    for (const [name, a, b] of ROWS) {
      const state = after([assemble(name, { rd: 0, rs1: 5, rs2: 6 })], { registers: { 5: a, 6: b } });
      expect(registerIn(state, 0), name).toBe(0n);
      expect(fieldIn(state, 'pc')).toBe(BigInt(CODE + 4));
      expect(fieldIn(state, 'time')).toBe(1n);
    }
  });

  test('identities that bind one instruction to another', () => {
    const any = fc.oneof(
      fc.bigInt({ min: 0n, max: M }),
      fc.integer({ min: -9, max: 9 }).map((small) => BigInt.asUintN(64, BigInt(small))),
    );
    const run = (name: string, a: bigint, b: bigint): bigint => result(assemble(name, { rd: 7, rs1: 5, rs2: 6 }), a, b);
    const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(run('sub', run('add', a, b), b)).toBe(a);
        expect(run('xor', run('or', a, b), run('and', a, b))).toBe(run('xor', a, b));
        expect((run('mulhu', a, b) << 64n) | run('mul', a, b)).toBe(a * b);
        expect(wrap(run('mulhu', a, b) - run('mulhsu', a, b))).toBe(a >= MIN ? b : 0n);
        expect(wrap(run('mulhsu', a, b) - run('mulh', a, b))).toBe(b >= MIN ? a : 0n);
        for (const [quotient, remainder] of [
          ['div', 'rem'],
          ['divu', 'remu'],
        ] as const) {
          expect(wrap(run(quotient, a, b) * b + run(remainder, a, b))).toBe(a);
        }
        expect(run('addw', a, b)).toBe(wrap(BigInt.asIntN(32, a + b)));
      }),
      { numRuns: runs },
    );
  });

  test.for([
    ['lui', 0x7fff_f000, 0x7fff_f000n],
    ['lui', -0x8000_0000, MIN32],
    ['lui', 0, 0n],
    ['auipc', 0, BigInt(CODE)],
    ['auipc', 0x7fff_f000, 0x7fff_f000n + BigInt(CODE)],
    ['auipc', -0x1000, BigInt(CODE - 0x1000)],
    ['auipc', -0x8000_0000, M + 1n - 0x8000_0000n + BigInt(CODE)],
  ] as const)('%s with %i', ([name, immediate, want]) => {
    expect(result(assemble(name, { rd: 7, immediate }), 0n)).toBe(want);
  });

  test('auipc near the top of RAM', () => {
    const pc = 0xbfff_f000;
    const up = after([assemble('auipc', { rd: 7, immediate: 0x7fff_f000 })], { fields: { pc } });
    expect(registerIn(up, 7)).toBe(0x1_3fff_e000n);
    const down = after([assemble('auipc', { rd: 7, immediate: -0x8000_0000 })], { fields: { pc } });
    expect(registerIn(down, 7)).toBe(0x3fff_f000n);
  });

  test.for(['fence', 'fence.i'])('%s does nothing, whatever its other fields', (name) => {
    for (const bits of [0, 0xffff_8f80]) {
      const state = after([(assemble(name) | bits) >>> 0], { registers: { 31: 5n } });
      expect(fieldIn(state, 'pc')).toBe(BigInt(CODE + 4));
      expect(registerIn(state, 31)).toBe(5n);
    }
  });
});
