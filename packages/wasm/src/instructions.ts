import { WasmError } from './errors.ts';
import { constI32, constI64, Expression, type Operand, toExpression, type ValueType } from './expression.ts';
import {
  frozen,
  instructions,
  type InstructionsOf,
  loads,
  type LoadsOf,
  type MemoryReference,
  stores,
  type StoresOf,
} from './signature.ts';
import * as scalar from './tables.ts';
import * as vector from './vector-tables.ts';

/** `i32` instructions by their names in the specification; `const` takes signed or unsigned numbers. */
export const i32: InstructionsOf<typeof scalar.I32> &
  LoadsOf<typeof scalar.I32_LOADS> &
  StoresOf<typeof scalar.I32_STORES> & { readonly const: (value: number) => Expression<'i32'> } =
  /* @__PURE__ */ frozen(() => ({
    ...instructions(scalar.I32),
    ...loads(scalar.I32_LOADS),
    ...stores(scalar.I32_STORES),
    const: constI32,
  }));

/** `i64` instructions by their names in the specification; `const` takes signed or unsigned bigints. */
export const i64: InstructionsOf<typeof scalar.I64> &
  LoadsOf<typeof scalar.I64_LOADS> &
  StoresOf<typeof scalar.I64_STORES> & { readonly const: (value: bigint) => Expression<'i64'> } =
  /* @__PURE__ */ frozen(() => ({
    ...instructions(scalar.I64),
    ...loads(scalar.I64_LOADS),
    ...stores(scalar.I64_STORES),
    const: constI64,
  }));

function lane(index: number, count: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new WasmError('WASM_IMMEDIATE_RANGE', 'lane', `an integer in [0, ${String(count)})`, String(index));
  }
  return index;
}

/** Reads lane `index` of `value`. */
export type ExtractLane<T extends ValueType> = (value: Operand<'v128'>, index: number) => Expression<T>;

/** `value` with lane `index` replaced. */
export type ReplaceLane<T extends ValueType> = (
  value: Operand<'v128'>,
  index: number,
  replacement: Operand<T>,
) => Expression<'v128'>;

/** `value` with lane `index` loaded from memory. */
export type LoadLane = (
  address: Operand<'i32'>,
  value: Operand<'v128'>,
  index: number,
  offset?: number,
) => Expression<'v128'>;

/** Stores lane `index` of `value`. */
export type StoreLane = (
  address: Operand<'i32'>,
  value: Operand<'v128'>,
  index: number,
  offset?: number,
) => Expression<'none'>;

function extract<T extends ValueType>(type: T, opcode: number, count: number): ExtractLane<T> {
  return (value: Operand<'v128'>, index: number): Expression<T> =>
    new Expression(type, opcode, [toExpression('v128', value)], { kind: 'bytes', bytes: [lane(index, count)] });
}

function replace<T extends ValueType>(type: T, opcode: number, count: number): ReplaceLane<T> {
  return (value: Operand<'v128'>, index: number, replacement: Operand<T>): Expression<'v128'> =>
    new Expression('v128', opcode, [toExpression('v128', value), toExpression<ValueType>(type, replacement)], {
      kind: 'bytes',
      bytes: [lane(index, count)],
    });
}

function loadLane(opcode: number, align: number): LoadLane {
  return (address: Operand<'i32'>, value: Operand<'v128'>, index: number, offset = 0): Expression<'v128'> =>
    new Expression('v128', opcode, [toExpression('i32', address), toExpression('v128', value)], {
      kind: 'memory',
      align,
      offset,
      lane: lane(index, 16 >> align),
    });
}

function storeLane(opcode: number, align: number): StoreLane {
  return (address: Operand<'i32'>, value: Operand<'v128'>, index: number, offset = 0): Expression<'none'> =>
    new Expression('none', opcode, [toExpression('i32', address), toExpression('v128', value)], {
      kind: 'memory',
      align,
      offset,
      lane: lane(index, 16 >> align),
    });
}

function constBytes(bytes: ArrayLike<number>): Expression<'v128'> {
  if (bytes.length !== 16) {
    throw new WasmError('WASM_IMMEDIATE_RANGE', 'vector constant', '16 bytes', String(bytes.length));
  }
  return new Expression('v128', 0xfd000c, [], { kind: 'bytes', bytes }, true);
}

/** `v128` instructions by their names in the specification; `const` takes 16 bytes, lowest first. */
export const v128: InstructionsOf<typeof vector.V128> &
  LoadsOf<typeof vector.V128_LOADS> &
  StoresOf<typeof vector.V128_STORES> & {
    readonly const: (bytes: ArrayLike<number>) => Expression<'v128'>;
    readonly load8_lane: LoadLane;
    readonly load16_lane: LoadLane;
    readonly load32_lane: LoadLane;
    readonly load64_lane: LoadLane;
    readonly store8_lane: StoreLane;
    readonly store16_lane: StoreLane;
    readonly store32_lane: StoreLane;
    readonly store64_lane: StoreLane;
  } = /* @__PURE__ */ frozen(() => ({
  ...instructions(vector.V128),
  ...loads(vector.V128_LOADS),
  ...stores(vector.V128_STORES),
  const: constBytes,
  load8_lane: loadLane(0xfd0054, 0),
  load16_lane: loadLane(0xfd0055, 1),
  load32_lane: loadLane(0xfd0056, 2),
  load64_lane: loadLane(0xfd0057, 3),
  store8_lane: storeLane(0xfd0058, 0),
  store16_lane: storeLane(0xfd0059, 1),
  store32_lane: storeLane(0xfd005a, 2),
  store64_lane: storeLane(0xfd005b, 3),
}));

/** `i8x16` instructions by their names in the specification. */
export const i8x16: InstructionsOf<typeof vector.I8X16> & {
  /** Picks 16 bytes out of the 32 of `a` and `b` by index. */
  readonly shuffle: (a: Operand<'v128'>, b: Operand<'v128'>, lanes: readonly number[]) => Expression<'v128'>;
  readonly extract_lane_s: ExtractLane<'i32'>;
  readonly extract_lane_u: ExtractLane<'i32'>;
  readonly replace_lane: ReplaceLane<'i32'>;
} = /* @__PURE__ */ frozen(() => ({
  ...instructions(vector.I8X16),
  shuffle: (a: Operand<'v128'>, b: Operand<'v128'>, lanes: readonly number[]): Expression<'v128'> => {
    if (lanes.length !== 16) {
      throw new WasmError('WASM_IMMEDIATE_RANGE', 'shuffle lanes', '16 indices', String(lanes.length));
    }
    const bytes = lanes.map((each) => lane(each, 32));
    return new Expression('v128', 0xfd000d, [toExpression('v128', a), toExpression('v128', b)], {
      kind: 'bytes',
      bytes,
    });
  },
  extract_lane_s: extract('i32', 0xfd0015, 16),
  extract_lane_u: extract('i32', 0xfd0016, 16),
  replace_lane: replace('i32', 0xfd0017, 16),
}));

/** `i16x8` instructions by their names in the specification. */
export const i16x8: InstructionsOf<typeof vector.I16X8> & {
  readonly extract_lane_s: ExtractLane<'i32'>;
  readonly extract_lane_u: ExtractLane<'i32'>;
  readonly replace_lane: ReplaceLane<'i32'>;
} = /* @__PURE__ */ frozen(() => ({
  ...instructions(vector.I16X8),
  extract_lane_s: extract('i32', 0xfd0018, 8),
  extract_lane_u: extract('i32', 0xfd0019, 8),
  replace_lane: replace('i32', 0xfd001a, 8),
}));

/** `i32x4` instructions by their names in the specification; `const` takes four lanes, signed or unsigned. */
export const i32x4: InstructionsOf<typeof vector.I32X4> & {
  readonly const: (...lanes: readonly [number, number, number, number]) => Expression<'v128'>;
  readonly extract_lane: ExtractLane<'i32'>;
  readonly replace_lane: ReplaceLane<'i32'>;
} = /* @__PURE__ */ frozen(() => ({
  ...instructions(vector.I32X4),
  const: (...lanes: readonly [number, number, number, number]): Expression<'v128'> => {
    const view = new DataView(new ArrayBuffer(16));
    lanes.forEach((value, index) => {
      view.setUint32(4 * index, value, true);
    });
    return constBytes(new Uint8Array(view.buffer));
  },
  extract_lane: extract('i32', 0xfd001b, 4),
  replace_lane: replace('i32', 0xfd001c, 4),
}));

/** `i64x2` instructions by their names in the specification; `const` takes two lanes, signed or unsigned. */
export const i64x2: InstructionsOf<typeof vector.I64X2> & {
  readonly const: (low: bigint, high: bigint) => Expression<'v128'>;
  readonly extract_lane: ExtractLane<'i64'>;
  readonly replace_lane: ReplaceLane<'i64'>;
} = /* @__PURE__ */ frozen(() => ({
  ...instructions(vector.I64X2),
  const: (low: bigint, high: bigint): Expression<'v128'> => {
    const view = new DataView(new ArrayBuffer(16));
    view.setBigUint64(0, low, true);
    view.setBigUint64(8, high, true);
    return constBytes(new Uint8Array(view.buffer));
  },
  extract_lane: extract('i64', 0xfd001d, 2),
  replace_lane: replace('i64', 0xfd001e, 2),
}));

/** Size, growth, copy and fill of the memory. */
export const memory: {
  /** Pages of 64 KiB. */
  readonly size: () => Expression<'i32'>;
  /** Grows by `pages`; the size before, or -1 when refused. */
  readonly grow: (pages: Operand<'i32'>) => Expression<'i32'>;
  /** Copies `length` bytes, from one memory to another where these are told; the ranges may overlap. */
  readonly copy: (
    to: Operand<'i32'>,
    from: Operand<'i32'>,
    length: Operand<'i32'>,
    memories?: { readonly to: MemoryReference; readonly from: MemoryReference },
  ) => Expression<'none'>;
  /** Sets `length` bytes to the low byte of `value`. */
  readonly fill: (to: Operand<'i32'>, value: Operand<'i32'>, length: Operand<'i32'>) => Expression<'none'>;
} = /* @__PURE__ */ Object.freeze({
  size: () => new Expression('i32', 0x3f, [], { kind: 'indices', values: [0] }),
  grow: (pages: Operand<'i32'>) =>
    new Expression('i32', 0x40, [toExpression('i32', pages)], { kind: 'indices', values: [0] }),
  copy: (
    to: Operand<'i32'>,
    from: Operand<'i32'>,
    length: Operand<'i32'>,
    memories?: { readonly to: MemoryReference; readonly from: MemoryReference },
  ) =>
    new Expression(
      'none',
      0xfc000a,
      [to, from, length].map((each) => toExpression('i32', each)),
      {
        kind: 'indices',
        values: [memories?.to.index ?? 0, memories?.from.index ?? 0],
      },
    ),
  fill: (to: Operand<'i32'>, value: Operand<'i32'>, length: Operand<'i32'>) =>
    new Expression(
      'none',
      0xfc000b,
      [to, value, length].map((each) => toExpression('i32', each)),
      {
        kind: 'indices',
        values: [0],
      },
    ),
});

/** `condition ? ifTrue : ifFalse`; both sides are evaluated. */
export function select<T extends ValueType>(
  ifTrue: Expression<T>,
  ifFalse: Expression<T>,
  condition: Operand<'i32'>,
): Expression<T> {
  return new Expression(
    ifTrue.type,
    ifTrue.type === 'v128' ? 0x1c : 0x1b,
    [ifTrue, toExpression<ValueType>(ifTrue.type, ifFalse), toExpression('i32', condition)],
    ifTrue.type === 'v128' ? { kind: 'bytes', bytes: [1, 0x7b] } : undefined,
  );
}
