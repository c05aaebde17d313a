import { describe, expect, test } from 'vitest';
import {
  atomic,
  compile,
  createMemory,
  type Expression,
  i32,
  i32Atomic,
  i64,
  i64Atomic,
  instantiate,
  memory,
  ModuleBuilder,
  v128,
} from '../src/index.ts';
import * as tables from '../src/tables.ts';
import { ARITHMETIC, signed, unsigned } from './oracle.ts';
import { singleFunction } from './run.ts';

type Access = (address: number | Expression, ...rest: readonly unknown[]) => Expression;
const INITIAL = 0x8badf00dfeedfaceen & ((1n << 64n) - 1n);
const MASKS: Readonly<Record<string, number>> = { '8': 8, '16': 16, '32': 32 };

/** Bits an access touches: the number in its name, or the whole type. */
const width = (name: string, type: string): number => MASKS[/\d+/.exec(name)?.[0] ?? ''] ?? (type === 'i32' ? 32 : 64);

for (const [label, functions, loads, stores] of [
  ['i32', i32, tables.I32_LOADS, tables.I32_STORES],
  ['i64', i64, tables.I64_LOADS, tables.I64_STORES],
  ['i32.atomic', i32Atomic, tables.I32_ATOMIC_LOADS, tables.I32_ATOMIC_STORES],
  ['i64.atomic', i64Atomic, tables.I64_ATOMIC_LOADS, tables.I64_ATOMIC_STORES],
] as const) {
  const type = label.startsWith('i32') ? 'i32' : 'i64';
  const bits = type === 'i32' ? 32 : 64;
  const shared = label.includes('atomic');
  const own = functions as unknown as Readonly<Record<string, Access>>;

  describe(label, () => {
    test.for(Object.keys(loads))('%s', (name) => {
      const { run, view } = singleFunction(['i32'], [type], (_, address) => own[name]!(address, 8), shared);
      view.setBigUint64(16, INITIAL, true);
      const cell = unsigned(width(name, type), INITIAL);
      const want = name.endsWith('_s') ? signed(width(name, type), cell) : cell;
      expect(unsigned(bits, BigInt((run as (a: number) => number | bigint)(8)))).toBe(unsigned(bits, want));
    });

    test.for(Object.keys(stores))('%s', (name) => {
      const { run, view } = singleFunction(
        [type],
        [],
        (f, value) => {
          f.do(own[name]!(0, value, 8) as unknown as Expression<'none'>);
        },
        shared,
      );
      (run as (a: unknown) => void)(bits === 32 ? Number(signed(32, INITIAL)) : signed(64, INITIAL));
      expect(view.getBigUint64(8, true)).toBe(unsigned(width(name, type), INITIAL));
      expect(view.getBigUint64(0, true)).toBe(0n);
    });
  });
}

for (const [label, functions, updates, exchanges] of [
  ['i32.atomic', i32Atomic, tables.I32_ATOMIC_UPDATES, tables.I32_ATOMIC_EXCHANGES],
  ['i64.atomic', i64Atomic, tables.I64_ATOMIC_UPDATES, tables.I64_ATOMIC_EXCHANGES],
] as const) {
  const type = label.startsWith('i32') ? 'i32' : 'i64';
  const bits = type === 'i32' ? 32 : 64;
  const own = functions as unknown as Readonly<Record<string, Access>>;
  const pass = (value: bigint): unknown => (bits === 32 ? Number(signed(32, value)) : signed(64, value));

  describe(`${label} read-modify-write`, () => {
    test.for(Object.keys(updates))('%s', (name) => {
      const { run, view } = singleFunction([type], [type], (_, value) => own[name]!(0, value, 8), true);
      view.setBigUint64(8, INITIAL, true);
      const operand = 0x0123456789abcdefn;
      const cell = unsigned(width(name, type), INITIAL);
      const before = (run as (a: unknown) => number | bigint)(pass(operand));
      expect(unsigned(bits, BigInt(before))).toBe(cell);
      const operation = /add|sub|and|xor|or|xchg/.exec(name)![0];
      const narrow = unsigned(width(name, type), operand);
      const after = operation === 'xchg' ? narrow : ARITHMETIC[operation]!(bits, cell, narrow);
      expect(unsigned(width(name, type), view.getBigUint64(8, true))).toBe(
        unsigned(width(name, type), after as bigint),
      );
      const rest = BigInt(width(name, type));
      expect(view.getBigUint64(8, true) >> rest).toBe(INITIAL >> rest);
    });

    test.for(Object.keys(exchanges))('%s', (name) => {
      const { run, view } = singleFunction(
        [type, type],
        [type],
        (_, expected, replacement) => own[name]!(0, expected, replacement, 8),
        true,
      );
      const cell = unsigned(width(name, type), INITIAL);
      const call = run as (a: unknown, b: unknown) => number | bigint;
      view.setBigUint64(8, INITIAL, true);
      expect(unsigned(bits, BigInt(call(pass(cell ^ 1n), pass(5n))))).toBe(cell);
      expect(view.getBigUint64(8, true)).toBe(INITIAL);
      expect(unsigned(bits, BigInt(call(pass(cell), pass(5n))))).toBe(cell);
      expect(unsigned(width(name, type), view.getBigUint64(8, true))).toBe(5n);
    });
  });
}

describe('waiting', () => {
  test('a wait on another value returns 1, a timeout 2, a notify without waiters 0', () => {
    const { run } = singleFunction(['i32'], ['i32'], (_, expected) => atomic.wait32(0, expected, 1000n, 8), true);
    expect((run as (a: number) => number)(1)).toBe(1);
    expect((run as (a: number) => number)(0)).toBe(2);
    const wide = singleFunction(['i64'], ['i32'], (_, expected) => atomic.wait64(0, expected, 1000n, 8), true);
    expect((wide.run as (a: bigint) => number)(1n)).toBe(1);
    expect((wide.run as (a: bigint) => number)(0n)).toBe(2);
    const notify = singleFunction(
      [],
      ['i32'],
      (f) => {
        f.do(atomic.fence());
        return atomic.notify(0, 1, 4);
      },
      true,
    );
    expect((notify.run as () => number)()).toBe(0);
  });
});

describe('memory', () => {
  test('a second memory is read, written, and copied from and to', () => {
    const module = new ModuleBuilder();
    const first = module.importMemory('env', 'first', { initial: 1 });
    const second = module.importMemory('env', 'second', { initial: 1 });
    const own = module.memory({ initial: 1 }, 'own');
    expect([first, second, own].map(({ index }) => index)).toEqual([0, 1, 2]);
    module.function(
      'move',
      ['i32'],
      ['i64'],
      (f, at) => {
        f.do(memory.copy(at, 0, 8, { to: second, from: first }));
        f.do(memory.copy(i32.add(at, 8), at, 8, { to: own, from: second }));
        f.do(i64.store8(at, 0xffn, 3, own));
        f.do(v128.store(at, v128.load(at, 0, second), 32, second));
        f.do(v128.store64_lane(at, v128.load(at, 0, second), 0, 64));
        return i64.load(at, 8, own);
      },
      { export: true },
    );
    const memories = { first: createMemory({ initial: 1 }), second: createMemory({ initial: 1 }) };
    const exports = instantiate(compile(module.toBytes()), { env: memories });
    const at = (each: unknown, place: number): bigint =>
      new DataView((each as { buffer: ArrayBuffer }).buffer).getBigUint64(place, true);
    new DataView(memories.first.buffer as ArrayBuffer).setBigUint64(0, INITIAL, true);
    expect((exports['move'] as (at: number) => bigint)(16)).toBe(BigInt.asIntN(64, INITIAL));
    expect([16, 48].map((place) => at(memories.second, place))).toEqual([INITIAL, INITIAL]);
    expect([16, 80].map((place) => at(memories.first, place))).toEqual([0n, INITIAL]);
    expect([16, 24].map((place) => at(exports['own'], place))).toEqual([0xff000000n, INITIAL]);
  });

  test('no memory is imported after the own one', () => {
    const module = new ModuleBuilder();
    module.memory({ initial: 1 });
    expect(() => module.importMemory('env', 'late', { initial: 1 })).toThrow('[WASM_ORDER]');
  });

  test('copy, fill, size and grow', () => {
    const { run, view } = singleFunction([], ['i32', 'i32'], (f) => {
      f.do(memory.fill(10, 0xab, 4));
      f.do(memory.copy(12, 10, 4));
      return [memory.size(), memory.grow(1)];
    });
    expect((run as () => number[])()).toEqual([1, -1]);
    expect([...new Uint8Array(view.buffer, 9, 8)]).toEqual([0, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0]);
  });
});
