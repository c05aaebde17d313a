import { Expression, type Operand, toExpression, type ValueType } from './expression.ts';
import { type AccessTable, frozen, loads, type LoadsOf, stores, type StoresOf } from './signature.ts';
import * as scalar from './tables.ts';

/** Read-modify-write instructions: `update(address, value, offset?)` gives the value before. */
export type UpdatesOf<T extends AccessTable> = {
  readonly [K in keyof T]: (address: Operand<'i32'>, value: Operand<T[K][1]>, offset?: number) => Expression<T[K][1]>;
};

/** Compare-and-exchange instructions: `exchange(address, expected, replacement, offset?)` gives the value before. */
export type ExchangesOf<T extends AccessTable> = {
  readonly [K in keyof T]: (
    address: Operand<'i32'>,
    expected: Operand<T[K][1]>,
    replacement: Operand<T[K][1]>,
    offset?: number,
  ) => Expression<T[K][1]>;
};

function updates<const T extends AccessTable>(table: T): UpdatesOf<T> {
  const result: Record<string, unknown> = {};
  for (const [name, [opcode, type, align]] of Object.entries(table)) {
    result[name] = (address: Operand<'i32'>, value: Operand<ValueType>, offset = 0) =>
      new Expression(type, opcode, [toExpression('i32', address), toExpression(type, value)], {
        kind: 'memory',
        align,
        offset,
      });
  }
  return result as UpdatesOf<T>;
}

function exchanges<const T extends AccessTable>(table: T): ExchangesOf<T> {
  const result: Record<string, unknown> = {};
  for (const [name, [opcode, type, align]] of Object.entries(table)) {
    result[name] = (
      address: Operand<'i32'>,
      expected: Operand<ValueType>,
      replacement: Operand<ValueType>,
      offset = 0,
    ) =>
      new Expression(
        type,
        opcode,
        [toExpression('i32', address), toExpression(type, expected), toExpression(type, replacement)],
        { kind: 'memory', align, offset },
      );
  }
  return result as ExchangesOf<T>;
}

/** `i32.atomic.*`: `rmw.add` is `rmw_add`, `rmw8.add_u` is `rmw8_add_u`. Addresses must be aligned. */
export const i32Atomic: LoadsOf<typeof scalar.I32_ATOMIC_LOADS> &
  StoresOf<typeof scalar.I32_ATOMIC_STORES> &
  UpdatesOf<typeof scalar.I32_ATOMIC_UPDATES> &
  ExchangesOf<typeof scalar.I32_ATOMIC_EXCHANGES> = /* @__PURE__ */ frozen(() => ({
  ...loads(scalar.I32_ATOMIC_LOADS),
  ...stores(scalar.I32_ATOMIC_STORES),
  ...updates(scalar.I32_ATOMIC_UPDATES),
  ...exchanges(scalar.I32_ATOMIC_EXCHANGES),
}));

/** `i64.atomic.*`, named like {@link i32Atomic}. Addresses must be aligned. */
export const i64Atomic: LoadsOf<typeof scalar.I64_ATOMIC_LOADS> &
  StoresOf<typeof scalar.I64_ATOMIC_STORES> &
  UpdatesOf<typeof scalar.I64_ATOMIC_UPDATES> &
  ExchangesOf<typeof scalar.I64_ATOMIC_EXCHANGES> = /* @__PURE__ */ frozen(() => ({
  ...loads(scalar.I64_ATOMIC_LOADS),
  ...stores(scalar.I64_ATOMIC_STORES),
  ...updates(scalar.I64_ATOMIC_UPDATES),
  ...exchanges(scalar.I64_ATOMIC_EXCHANGES),
}));

/** Waiting on a memory cell and waking those who wait; shared memories only. */
export const atomic: {
  /** Wakes at most `count` waiters of the cell; the number woken. */
  readonly notify: (address: Operand<'i32'>, count: Operand<'i32'>, offset?: number) => Expression<'i32'>;
  /** Waits while the cell holds `expected`, at most `timeout` nanoseconds (negative: for ever). 0 woken, 1 differed, 2 timed out. */
  readonly wait32: (
    address: Operand<'i32'>,
    expected: Operand<'i32'>,
    timeout: Operand<'i64'>,
    offset?: number,
  ) => Expression<'i32'>;
  /** {@link atomic.wait32} on a 64-bit cell. */
  readonly wait64: (
    address: Operand<'i32'>,
    expected: Operand<'i64'>,
    timeout: Operand<'i64'>,
    offset?: number,
  ) => Expression<'i32'>;
  /** A full fence. */
  readonly fence: () => Expression<'none'>;
} = /* @__PURE__ */ Object.freeze({
  notify: (address: Operand<'i32'>, count: Operand<'i32'>, offset = 0) =>
    new Expression('i32', 0xfe0000, [toExpression('i32', address), toExpression('i32', count)], {
      kind: 'memory',
      align: 2,
      offset,
    }),
  wait32: (address: Operand<'i32'>, expected: Operand<'i32'>, timeout: Operand<'i64'>, offset = 0) =>
    new Expression(
      'i32',
      0xfe0001,
      [toExpression('i32', address), toExpression('i32', expected), toExpression('i64', timeout)],
      { kind: 'memory', align: 2, offset },
    ),
  wait64: (address: Operand<'i32'>, expected: Operand<'i64'>, timeout: Operand<'i64'>, offset = 0) =>
    new Expression(
      'i32',
      0xfe0002,
      [toExpression('i32', address), toExpression('i64', expected), toExpression('i64', timeout)],
      { kind: 'memory', align: 3, offset },
    ),
  fence: () => new Expression('none', 0xfe0003, [], { kind: 'bytes', bytes: [0] }),
});
