import { describe, expect, test } from 'vitest';
import { assemble } from './assemble.ts';
import { after, haltOf } from './single.ts';
import { fieldIn, registerIn, type StateOptions } from './states.ts';

const M = (1n << 64n) - 1n;
const MIN = 1n << 63n;
const AT = 0x2_0000;

const bytes = (value: bigint): Uint8Array => {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
};
const at = (value: bigint, options: StateOptions = {}): StateOptions => ({
  ...options,
  memory: [[AT, bytes(value)]],
});
const memoryOf = (state: ReturnType<typeof after>): bigint =>
  BigInt(state.word(AT)) | (BigInt(state.word(AT + 4)) << 32n);

type Row = readonly [name: string, old: bigint, operand: bigint, want: bigint];

const DOUBLE: readonly Row[] = [
  ['amoswap.d', 5n, M, M],
  ['amoadd.d', M, 2n, 1n],
  ['amoadd.d', 0xffff_ffffn, 1n, 0x1_0000_0000n],
  ['amoxor.d', 0xff00n, 0x0ff0n, 0xf0f0n],
  ['amoand.d', 0xff00n, 0x0ff0n, 0x0f00n],
  ['amoor.d', 0xff00n, 0x0ff0n, 0xfff0n],
  ['amomin.d', MIN, 1n, MIN],
  ['amomin.d', 1n, M, M],
  ['amomax.d', MIN, 1n, 1n],
  ['amomax.d', 1n, M, 1n],
  ['amominu.d', MIN, 1n, 1n],
  ['amominu.d', 1n, M, 1n],
  ['amomaxu.d', MIN, 1n, MIN],
  ['amomaxu.d', 1n, M, M],
];

/** Old values and results are words here; the upper half of memory and of rs2 must not matter. */
const WORD: readonly Row[] = [
  ['amoswap.w', 5n, 0xffff_ffffn, 0xffff_ffffn],
  ['amoadd.w', 0xffff_ffffn, 2n, 1n],
  ['amoadd.w', 0x7fff_ffffn, 1n, 0x8000_0000n],
  ['amoxor.w', 0xff00n, 0x0ff0n, 0xf0f0n],
  ['amoand.w', 0xff00n, 0x0ff0n, 0x0f00n],
  ['amoor.w', 0xff00n, 0x0ff0n, 0xfff0n],
  ['amomin.w', 0x8000_0000n, 1n, 0x8000_0000n],
  ['amomin.w', 1n, 0xffff_ffffn, 0xffff_ffffn],
  ['amomax.w', 0x8000_0000n, 1n, 1n],
  ['amomax.w', 1n, 0xffff_ffffn, 1n],
  ['amominu.w', 0x8000_0000n, 1n, 1n],
  ['amominu.w', 1n, 0xffff_ffffn, 1n],
  ['amomaxu.w', 0x8000_0000n, 1n, 0x8000_0000n],
  ['amomaxu.w', 1n, 0xffff_ffffn, 0xffff_ffffn],
];

describe('atomic operations', () => {
  test.for(DOUBLE)('%s of %s and %s', ([name, old, operand, want]) => {
    const state = after([assemble(name, { rd: 7, rs1: 5, rs2: 6 })], at(old, { registers: { 5: AT, 6: operand } }));
    expect(memoryOf(state)).toBe(want);
    expect(registerIn(state, 7)).toBe(old);
  });

  test.for(WORD)('%s of %s and %s', ([name, old, operand, want]) => {
    const upper = 0x1234_5678n << 32n;
    for (const rs2 of [operand, operand | (0x8765_4321n << 32n)]) {
      const code = [assemble(name, { rd: 7, rs1: 5, rs2: 6 })];
      const state = after(code, at(upper | old, { registers: { 5: AT, 6: rs2 } }));
      expect(memoryOf(state)).toBe(upper | want);
      expect(registerIn(state, 7)).toBe(BigInt.asUintN(64, BigInt.asIntN(32, old)));
    }
  });

  test('rd may be any of the operands, or x0; the ordering bits do not matter', () => {
    for (const ordering of [0, 1, 2, 3]) {
      const code = (rd: number): number => assemble('amoadd.d', { rd, rs1: 5, rs2: 6 }) | (ordering << 25);
      for (const rd of [5, 6, 0]) {
        const state = after([code(rd)], at(40n, { registers: { 5: AT, 6: 2n } }));
        expect(memoryOf(state)).toBe(42n);
        expect(registerIn(state, rd)).toBe(rd === 0 ? 0n : 40n);
      }
    }
  });

  test('the base may be the operand', () => {
    const state = after([assemble('amoswap.d', { rd: 5, rs1: 5, rs2: 5 })], at(1n, { registers: { 5: AT } }));
    expect([memoryOf(state), registerIn(state, 5)]).toEqual([BigInt(AT), 1n]);
  });
});

describe('load-reserved and store-conditional', () => {
  const lr = (size: string): number => assemble(`lr.${size}`, { rd: 7, rs1: 5 });
  const sc = (size: string): number => assemble(`sc.${size}`, { rd: 8, rs1: 5, rs2: 6 });

  test.for(['w', 'd'])('a pair of size %s succeeds', (size) => {
    const state = after([lr(size), sc(size)], at(0xffff_ffff_8000_0001n, { registers: { 5: AT, 6: 3n, 8: 9n } }));
    expect(registerIn(state, 7)).toBe(0xffff_ffff_8000_0001n);
    expect(registerIn(state, 8)).toBe(0n);
    expect(memoryOf(state)).toBe(size === 'd' ? 3n : 0xffff_ffff_0000_0003n);
    expect([fieldIn(state, 'reservationValid'), fieldIn(state, 'reservationAddress')]).toEqual([0n, BigInt(AT)]);
  });

  test('the second store-conditional fails', () => {
    const state = after([lr('d'), sc('d'), sc('d')], at(1n, { registers: { 5: AT, 6: 3n } }));
    expect(registerIn(state, 8)).toBe(1n);
  });

  test('a reservation of one size serves the other, and survives stores, traps and jumps', () => {
    const store = assemble('sd', { rs1: 5, rs2: 6 });
    const state = after([lr('w'), store, assemble('jal', { immediate: 4 }), sc('d')], at(1n, { registers: { 5: AT } }));
    expect(registerIn(state, 8)).toBe(0n);
  });

  test('another address fails, stores nothing, and ends the reservation', () => {
    const other = assemble('sc.d', { rd: 8, rs1: 9, rs2: 6 });
    const state = after([lr('d'), other, sc('d')], at(1n, { registers: { 5: AT, 6: 3n, 9: AT + 8 } }));
    expect(registerIn(state, 8)).toBe(1n);
    expect([memoryOf(state), state.word(AT + 8)]).toEqual([1n, 0]);
  });

  test('rd of x0 keeps the reservation', () => {
    const code = [assemble('lr.d', { rs1: 5 }), assemble('sc.d', { rs1: 5, rs2: 6 })];
    expect(memoryOf(after(code, at(1n, { registers: { 5: AT, 6: 3n } })))).toBe(3n);
  });

  test.for(['w', 'd'])('checks come before all else, for size %s', (size) => {
    const length = size === 'w' ? 4n : 8n;
    const names = ['lr', 'sc', 'amoswap', 'amomaxu'];
    for (const name of names) {
      const code = [assemble(`${name}.${size}`, { rd: 7, rs1: 5, rs2: 6 }) & (name === 'lr' ? ~(31 << 20) : -1)];
      const cause = (kind: 'misaligned' | 'access'): bigint =>
        (kind === 'misaligned' ? 4n : 5n) + (name === 'lr' ? 0n : 2n);
      for (const address of [BigInt(AT) + 1n, BigInt(AT) + length / 2n, 0xc000_0001n, M, (1n << 32n) + 2n]) {
        const state = after(code, { registers: { 5: address, 7: 9n }, fields: { reservationValid: 1 } });
        expect(haltOf(state), name).toEqual(['trap', cause('misaligned'), address]);
        expect([fieldIn(state, 'reservationValid'), registerIn(state, 7)]).toEqual([1n, 9n]);
      }
      for (const address of [0xc000_0000n, 0xe000_0000n, 1n << 32n, M - 7n, 0xf000_0000n]) {
        const state = after(code, { registers: { 5: address, 7: 9n }, fields: { reservationValid: 1 } });
        expect(haltOf(state), name).toEqual(['trap', cause('access'), address]);
        expect([fieldIn(state, 'reservationValid'), registerIn(state, 7)]).toEqual([1n, 9n]);
      }
      const device = after(code, { registers: { 5: 0x0200_4000 }, fields: { personality: 0 } });
      expect([fieldIn(device, 'mcause'), fieldIn(device, 'mtval')]).toEqual([cause('access'), 0x0200_4000n]);
      const user = after(code, { registers: { 5: 0x0200_4000 } });
      expect(haltOf(user), 'the device is RAM in the user personality').toBeUndefined();
    }
  });
});
