/**
 * Goldilocks arithmetic on single 64-bit words, as functions of a module.
 *
 * @module
 */
import { call, type Expression, type FunctionReference, i64, type ModuleBuilder, select } from '@commute/wasm';
import { MODULUS } from '../goldilocks.ts';

/** References to the scalar functions of a module. */
export interface ScalarFunctions {
  /** a·b. */
  readonly multiply: FunctionReference<readonly ['i64', 'i64'], readonly ['i64']>;
  /** a^-1, and 0 for 0. */
  readonly invert: FunctionReference<readonly ['i64'], readonly ['i64']>;
}

/** Adds scalar multiplication to a module. */
export function scalarMultiplication(module: ModuleBuilder): ScalarFunctions['multiply'] {
  const low = 0xffffffffn;
  // 2^64 is 2^32 - 1 modulo p.
  const where = (condition: Expression<'i32'>): Expression<'i64'> => select(i64.const(low), i64.const(0n), condition);
  return module.function('multiplyScalar', ['i64', 'i64'], ['i64'], (f, a, b) => {
    const aLow = f.let(i64.and(a, low));
    const aHigh = f.let(i64.shr_u(a, 32n));
    const bLow = f.let(i64.and(b, low));
    const bHigh = f.let(i64.shr_u(b, 32n));
    const lowLow = f.let(i64.mul(aLow, bLow));
    const lowHigh = f.let(i64.add(i64.mul(aLow, bHigh), i64.shr_u(lowLow, 32n)));
    const middle = f.let(i64.add(i64.mul(aHigh, bLow), i64.and(lowHigh, low)));
    const high = f.let(i64.add(i64.add(i64.mul(aHigh, bHigh), i64.shr_u(lowHigh, 32n)), i64.shr_u(middle, 32n)));
    const word = f.let(i64.or(i64.shl(middle, 32n), i64.and(lowLow, low)));
    const upper = f.let(i64.shr_u(high, 32n));
    const borrow = where(i64.lt_u(word, upper));
    const difference = f.let(i64.sub(i64.sub(word, upper), borrow));
    const sum = f.let(i64.add(difference, i64.sub(i64.shl(high, 32n), i64.and(high, low))));
    const carried = f.let(i64.add(sum, where(i64.lt_u(sum, difference))));
    return i64.add(carried, where(i64.ge_u(carried, MODULUS)));
  });
}

/** Adds scalar multiplication and inversion to a module. */
export function scalarFunctions(module: ModuleBuilder): ScalarFunctions {
  const multiply = scalarMultiplication(module);
  const invert = module.function('invertScalar', ['i64'], ['i64'], (f, a) => {
    // p - 2 is 31 ones, a zero and 32 ones in binary; x(k) is a^(2^k - 1).
    const x = f.let(i64.add(a, 0n));
    const saved = f.local('i64');
    const six = f.local('i64');
    const square = (times: number): void => {
      for (let i = 0; i < times; i++) f.set(x, call(multiply, x, x));
    };
    const join = (count: number, other: typeof saved): void => {
      square(count);
      f.set(x, call(multiply, x, other));
    };
    join(1, a); // x(2)
    join(1, a); // x(3)
    for (const half of [3, 6, 12]) {
      f.set(saved, x);
      join(half, saved); // x(6), x(12), x(24)
      if (half === 3) f.set(six, x);
    }
    join(6, six); // x(30)
    join(1, a); // x(31)
    f.set(saved, x);
    square(1);
    const ones32 = f.let(call(multiply, x, a));
    f.set(x, saved);
    join(33, ones32);
    return x;
  });
  return { multiply, invert };
}
