import { describe, expect, test } from 'vitest';
import { type Expression, i32, i64, type ValueType } from '../src/index.ts';
import { I32, I64 } from '../src/tables.ts';
import { ARITHMETIC, COMPARISONS, unsigned } from './oracle.ts';
import { samples, singleFunction } from './run.ts';

const WIDTH: Readonly<Record<string, number>> = { i: 32, l: 64 };
const TYPE: Readonly<Record<string, ValueType>> = { i: 'i32', l: 'i64' };
type Build = (...operands: readonly Expression[]) => Expression;

for (const [prefix, table, functions] of [
  ['i32', I32, i32],
  ['i64', I64, i64],
] as const) {
  describe(prefix, () => {
    test.for(Object.entries<readonly [number, string]>(table))('%s', ([name, [, signature]]) => {
      const [parameters, result] = signature.split('>') as [string, string];
      const bits = WIDTH[parameters[0]!]!;
      const oracle = COMPARISONS[name] ?? ARITHMETIC[name];
      if (oracle === undefined) throw new Error(`no oracle for ${name}`);
      const build = (functions as unknown as Readonly<Record<string, Build>>)[name]!;
      const { run } = singleFunction(
        Array.from(parameters, (letter) => TYPE[letter]!),
        [TYPE[result]!],
        (_, ...operands) => build(...operands),
      );
      const pass = (value: bigint): bigint | number => (bits === 32 ? Number(value) : value);
      for (const a of samples(bits)) {
        for (const b of parameters.length === 1 ? [0n] : samples(bits)) {
          const want = oracle(bits, a, b);
          const got = (): unknown => (run as (...values: unknown[]) => unknown)(pass(a), pass(b));
          if (want === 'trap') expect(got).toThrow(/divi|overflow|unreachable|remainder/);
          else expect(unsigned(WIDTH[result]!, BigInt(got() as number | bigint))).toBe(unsigned(WIDTH[result]!, want));
        }
      }
    });
  });
}

describe('constants', () => {
  test.for([0, 1, -1, 63, 64, -64, -65, 8191, 8192, 0x7fffffff, -0x80000000, 0xffffffff])('i32 %i', (value) => {
    const { run } = singleFunction([], ['i32'], () => i32.const(value));
    expect((run as () => number)()).toBe(value | 0);
  });

  test.for([0n, 1n, -1n, 63n, 64n, -65n, 1n << 62n, -(1n << 63n), (1n << 64n) - 1n])('i64 %i', (value) => {
    const { run } = singleFunction([], ['i64'], () => i64.const(value));
    expect((run as () => bigint)()).toBe(BigInt.asIntN(64, value));
  });

  test('out of range is refused', () => {
    expect(() => i32.const(2 ** 32)).toThrow('[WASM_IMMEDIATE_RANGE]');
    expect(() => i32.const(-(2 ** 31) - 1)).toThrow('[WASM_IMMEDIATE_RANGE]');
    expect(() => i32.const(0.5)).toThrow('[WASM_IMMEDIATE_RANGE]');
    expect(() => i64.const(1n << 64n)).toThrow('[WASM_IMMEDIATE_RANGE]');
  });
});
