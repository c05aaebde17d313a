import { describe, expect, test } from 'vitest';
import { type Expression, i16x8, i32, i32x4, i64, i64x2, i8x16, v128 } from '../src/index.ts';
import { I16X8, I32X4, I64X2, I8X16, V128, V128_LOADS } from '../src/vector-tables.ts';
import { join, lanes, signed, unsigned, vectorOracle } from './oracle.ts';
import { samples, singleFunction } from './run.ts';

type Build = (...operands: readonly Expression[]) => Expression;
const SAMPLES = [
  ...samples(128),
  join(
    8,
    Array.from({ length: 16 }, (_, i) => BigInt(15 - i)),
  ),
  join(16, [0x7fffn, 0x8000n, 0xffffn, 0n, 1n, 0x80n, 0xff7fn, 0x100n]),
  join(32, [0x7fffffffn, 0x80000000n, 0xffffffffn, 0x10000n]),
  join(64, [0x7fffffffffffffffn, 0x8000000000000000n]),
];

/** Runs `body` on vectors at addresses 0, 16 and 32; stores its vector at 48. */
function onVectors(build: Build, signature: string): (operands: readonly bigint[]) => bigint {
  const [parameters, result] = signature.split('>') as [string, string];
  const returns = result === 'i';
  const { run, view } = singleFunction(['i32', 'i64'], returns ? ['i32'] : [], (f, small, large) => {
    const operands = Array.from(parameters, (letter, index) =>
      letter === 'v' ? v128.load(16 * index) : letter === 'i' ? small : large,
    );
    const value = build(...operands);
    if (returns) return value;
    f.do(v128.store(48, value as Expression<'v128'>));
    return undefined;
  });
  return (operands) => {
    operands.forEach((value, index) => {
      view.setBigUint64(16 * index, unsigned(64, value), true);
      view.setBigUint64(16 * index + 8, value >> 64n, true);
    });
    const last = operands[parameters.length - 1]!;
    const number = (run as (a: number, b: bigint) => number)(Number(signed(32, last)), signed(64, last));
    return returns ? unsigned(32, BigInt(number)) : view.getBigUint64(48, true) | (view.getBigUint64(56, true) << 64n);
  };
}

for (const [bits, prefix, table, functions] of [
  [8, 'i8x16', I8X16, i8x16],
  [16, 'i16x8', I16X8, i16x8],
  [32, 'i32x4', I32X4, i32x4],
  [64, 'i64x2', I64X2, i64x2],
] as const) {
  describe(prefix, () => {
    test.for(Object.entries<readonly [number, string]>(table))('%s', ([name, [, signature]]) => {
      const run = onVectors((functions as unknown as Readonly<Record<string, Build>>)[name]!, signature);
      for (const a of SAMPLES) {
        for (const b of signature.startsWith('v>') || name === 'splat' ? [0n] : SAMPLES) {
          expect(run([a, b])).toBe(vectorOracle(bits, name, name === 'splat' ? unsigned(bits, a) : a, b));
        }
      }
    });

    test('lanes are read and replaced one by one', () => {
      const count = 128 / bits;
      const own = functions as unknown as Readonly<
        Record<string, ((v: Expression, lane: number, x?: Expression) => Expression) | undefined>
      >;
      for (let lane = 0; lane < count; lane++) {
        const splat = (functions as unknown as Readonly<Record<string, Build>>)['splat']!;
        const replace = onVectors((v, x) => own['replace_lane']!(v, lane, x), bits === 64 ? 'vl>v' : 'vi>v');
        for (const name of ['extract_lane', 'extract_lane_s', 'extract_lane_u']) {
          const extract = own[name];
          if (extract === undefined) continue;
          const read = onVectors((v) => splat(extract(v, lane)), 'v>v');
          for (const a of SAMPLES) expect(lanes(bits, read([a]))[0]).toBe(lanes(bits, a)[lane]);
        }
        const a = SAMPLES[13]!;
        const want = lanes(bits, a);
        want[lane] = 0x55n;
        expect(replace([a, 0x55n])).toBe(join(bits, want));
      }
      expect(() => own['replace_lane']!(v128.load(0), count, bits === 64 ? i64.const(0n) : i32.const(0))).toThrow(
        '[WASM_IMMEDIATE_RANGE]',
      );
    });
  });
}

test('narrow lanes are read with and without sign', () => {
  for (const [read, want] of [
    [i8x16.extract_lane_s, 0xffffff80n],
    [i8x16.extract_lane_u, 0x80n],
  ] as const) {
    expect(onVectors((v) => read(v as Expression<'v128'>, 3), 'v>i')([join(8, [0n, 0n, 0n, 0x80n])])).toBe(want);
  }
  for (const [read, want] of [
    [i16x8.extract_lane_s, 0xffff8000n],
    [i16x8.extract_lane_u, 0x8000n],
  ] as const) {
    expect(onVectors((v) => read(v as Expression<'v128'>, 1), 'v>i')([join(16, [0n, 0x8000n])])).toBe(want);
  }
});

describe('v128', () => {
  const all = (1n << 128n) - 1n;
  const ORACLE: Readonly<Record<string, (a: bigint, b: bigint, c: bigint) => bigint>> = {
    not: (a) => a ^ all,
    and: (a, b) => a & b,
    andnot: (a, b) => a & (b ^ all),
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    bitselect: (a, b, c) => (a & c) | (b & (c ^ all)),
    any_true: (a) => (a === 0n ? 0n : 1n),
  };
  test.for(Object.entries(V128))('%s', ([name, [, signature]]) => {
    const run = onVectors((v128 as unknown as Readonly<Record<string, Build>>)[name]!, signature);
    for (const a of SAMPLES)
      for (const b of SAMPLES) expect(run([a, b, a ^ 0xffn])).toBe(ORACLE[name]!(a, b, a ^ 0xffn));
  });

  test('constants', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);
    const constant = (value: Expression<'v128'>): bigint =>
      onVectors((v) => v128.or(v as Expression<'v128'>, value), 'v>v')([0n]);
    expect(constant(v128.const(bytes))).toBe(join(8, [...bytes].map(BigInt)));
    expect(constant(i32x4.const(1, -1, 2, 0xffffffff))).toBe(join(32, [1n, -1n, 2n, -1n]));
    expect(constant(i64x2.const(1n, -2n))).toBe(join(64, [1n, -2n]));
    expect(() => v128.const([1, 2])).toThrow('[WASM_IMMEDIATE_RANGE]');
  });

  test('shuffle picks bytes of both operands', () => {
    const picks = [0, 16, 1, 17, 31, 15, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22];
    const run = onVectors((a, b) => i8x16.shuffle(a as never, b as never, picks), 'vv>v');
    const [a, b] = [SAMPLES[13]!, SAMPLES[14]!];
    const bytes = [...lanes(8, a), ...lanes(8, b)];
    expect(run([a, b])).toBe(
      join(
        8,
        picks.map((index) => bytes[index]!),
      ),
    );
    expect(() => i8x16.shuffle(v128.load(0), v128.load(0), [0])).toThrow('[WASM_IMMEDIATE_RANGE]');
    expect(() => i8x16.shuffle(v128.load(0), v128.load(0), picks.with(0, 32))).toThrow('[WASM_IMMEDIATE_RANGE]');
  });
});

describe('vector memory access', () => {
  const a = SAMPLES[14]!;
  const ORACLE: Readonly<Record<string, bigint>> = {
    load: a,
    load8x8_s: join(
      16,
      lanes(8, a)
        .slice(0, 8)
        .map((x) => signed(8, x)),
    ),
    load8x8_u: join(16, lanes(8, a).slice(0, 8)),
    load16x4_s: join(
      32,
      lanes(16, a)
        .slice(0, 4)
        .map((x) => signed(16, x)),
    ),
    load16x4_u: join(32, lanes(16, a).slice(0, 4)),
    load32x2_s: join(
      64,
      lanes(32, a)
        .slice(0, 2)
        .map((x) => signed(32, x)),
    ),
    load32x2_u: join(64, lanes(32, a).slice(0, 2)),
    load8_splat: join(8, Array<bigint>(16).fill(lanes(8, a)[0]!)),
    load16_splat: join(16, Array<bigint>(8).fill(lanes(16, a)[0]!)),
    load32_splat: join(32, Array<bigint>(4).fill(lanes(32, a)[0]!)),
    load64_splat: join(64, Array<bigint>(2).fill(lanes(64, a)[0]!)),
    load32_zero: lanes(32, a)[0]!,
    load64_zero: lanes(64, a)[0]!,
  };
  test.for(Object.keys(V128_LOADS))('%s', (name) => {
    const load = (v128 as unknown as Readonly<Record<string, (address: number, offset?: number) => Expression>>)[name]!;
    expect(onVectors(() => load(0), 'v>v')([a])).toBe(ORACLE[name]);
    expect(onVectors(() => load(3, 13), 'vv>v')([0n, a])).toBe(ORACLE[name]);
  });

  test.for([8, 16, 32, 64])('lanes of %i bits', (bits) => {
    const name = String(bits);
    const own = v128 as unknown as Readonly<
      Record<string, (address: number, v: Expression, lane: number, offset?: number) => Expression>
    >;
    const b = SAMPLES[13]!;
    for (let lane = 0; lane < 128 / bits; lane++) {
      const want = lanes(bits, b);
      want[lane] = lanes(bits, a)[0]!;
      expect(onVectors((_, v) => own[`load${name}_lane`]!(0, v, lane), 'vv>v')([a, b])).toBe(join(bits, want));
      const { run, view } = singleFunction([], [], (f) => {
        f.do(own[`store${name}_lane`]!(40, v128.load(0), lane, 8) as unknown as Expression<'none'>);
      });
      view.setBigUint64(0, unsigned(64, a), true);
      view.setBigUint64(8, a >> 64n, true);
      (run as () => void)();
      expect(unsigned(bits, view.getBigUint64(48, true))).toBe(lanes(bits, a)[lane]);
      expect(view.getBigUint64(56, true)).toBe(0n);
    }
    expect(() => own[`load${name}_lane`]!(0, v128.load(0), 128 / bits)).toThrow('[WASM_IMMEDIATE_RANGE]');
  });
});
