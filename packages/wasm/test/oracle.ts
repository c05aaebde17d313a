/**
 * What each instruction computes, on bigints: written from the specification's definitions, not from the opcodes.
 */

/** Lowest `bits` bits, unsigned. */
export const unsigned = (bits: number, value: bigint): bigint => BigInt.asUintN(bits, value);
/** Lowest `bits` bits, two's complement. */
export const signed = (bits: number, value: bigint): bigint => BigInt.asIntN(bits, value);

/** A function of one or two operands of `bits` bits, given unsigned; the result is cut to its own width. */
export type Scalar = (bits: number, a: bigint, b: bigint) => bigint | 'trap';

const flag = (value: boolean): bigint => (value ? 1n : 0n);
const leadingZeros = (bits: number, a: bigint): bigint => BigInt(bits - (a === 0n ? 0 : a.toString(2).length));
const ones = (a: bigint): bigint => BigInt(Array.from(a.toString(2), Number).reduce((x, y) => x + y));
const saturate = (low: bigint, high: bigint, value: bigint): bigint =>
  value < low ? low : value > high ? high : value;
const shift = (bits: number, b: bigint): bigint => b % BigInt(bits);
const least = (bits: number): bigint => -(1n << BigInt(bits - 1));

/** Comparisons; vectors turn the flag into all ones. */
export const COMPARISONS: Readonly<Record<string, Scalar>> = {
  eq: (_, a, b) => flag(a === b),
  ne: (_, a, b) => flag(a !== b),
  lt_u: (_, a, b) => flag(a < b),
  gt_u: (_, a, b) => flag(a > b),
  le_u: (_, a, b) => flag(a <= b),
  ge_u: (_, a, b) => flag(a >= b),
  lt_s: (bits, a, b) => flag(signed(bits, a) < signed(bits, b)),
  gt_s: (bits, a, b) => flag(signed(bits, a) > signed(bits, b)),
  le_s: (bits, a, b) => flag(signed(bits, a) <= signed(bits, b)),
  ge_s: (bits, a, b) => flag(signed(bits, a) >= signed(bits, b)),
};

/** Operations that scalars and vector lanes share. */
export const ARITHMETIC: Readonly<Record<string, Scalar>> = {
  add: (_, a, b) => a + b,
  sub: (_, a, b) => a - b,
  mul: (_, a, b) => a * b,
  and: (_, a, b) => a & b,
  or: (_, a, b) => a | b,
  xor: (_, a, b) => a ^ b,
  shl: (bits, a, b) => a << shift(bits, b),
  shr_u: (bits, a, b) => a >> shift(bits, b),
  shr_s: (bits, a, b) => signed(bits, a) >> shift(bits, b),
  rotl: (bits, a, b) => (a << shift(bits, b)) | (a >> (BigInt(bits) - shift(bits, b))),
  rotr: (bits, a, b) => (a >> shift(bits, b)) | (a << (BigInt(bits) - shift(bits, b))),
  div_u: (_, a, b) => (b === 0n ? 'trap' : a / b),
  rem_u: (_, a, b) => (b === 0n ? 'trap' : a % b),
  div_s: (bits, a, b) =>
    b === 0n || (signed(bits, a) === least(bits) && signed(bits, b) === -1n)
      ? 'trap'
      : signed(bits, a) / signed(bits, b),
  rem_s: (bits, a, b) => (b === 0n ? 'trap' : signed(bits, a) % signed(bits, b)),
  eqz: (_, a) => flag(a === 0n),
  clz: (bits, a) => leadingZeros(bits, a),
  ctz: (bits, a) => (a === 0n ? BigInt(bits) : leadingZeros(bits, 0n) - 1n - leadingZeros(bits, a & -a)),
  popcnt: (_, a) => ones(a),
  extend8_s: (_, a) => signed(8, a),
  extend16_s: (_, a) => signed(16, a),
  extend32_s: (_, a) => signed(32, a),
  wrap_i64: (_, a) => a,
  extend_i32_s: (_, a) => signed(32, a),
  extend_i32_u: (_, a) => a,
};

/** Operations of vector lanes alone. */
export const LANES: Readonly<Record<string, Scalar>> = {
  abs: (bits, a) => (signed(bits, a) < 0n ? -a : a),
  neg: (_, a) => -a,
  min_u: (_, a, b) => (a < b ? a : b),
  max_u: (_, a, b) => (a > b ? a : b),
  min_s: (bits, a, b) => (signed(bits, a) < signed(bits, b) ? a : b),
  max_s: (bits, a, b) => (signed(bits, a) > signed(bits, b) ? a : b),
  avgr_u: (_, a, b) => (a + b + 1n) / 2n,
  add_sat_u: (bits, a, b) => saturate(0n, (1n << BigInt(bits)) - 1n, a + b),
  sub_sat_u: (bits, a, b) => saturate(0n, (1n << BigInt(bits)) - 1n, a - b),
  add_sat_s: (bits, a, b) => saturate(least(bits), -least(bits) - 1n, signed(bits, a) + signed(bits, b)),
  sub_sat_s: (bits, a, b) => saturate(least(bits), -least(bits) - 1n, signed(bits, a) - signed(bits, b)),
  q15mulr_sat_s: (bits, a, b) =>
    saturate(least(bits), -least(bits) - 1n, (signed(bits, a) * signed(bits, b) + 0x4000n) >> 15n),
};

/** The lanes of a vector, lowest first, unsigned. */
export function lanes(bits: number, vector: bigint): bigint[] {
  return Array.from({ length: 128 / bits }, (_, index) => unsigned(bits, vector >> BigInt(bits * index)));
}

/** The vector with the given lanes, each cut to `bits`. */
export function join(bits: number, values: readonly bigint[]): bigint {
  return values.reduce((sum, value, index) => sum | (unsigned(bits, value) << BigInt(bits * index)), 0n);
}

const halves = (name: string, values: readonly bigint[]): readonly bigint[] =>
  name.includes('_low_') ? values.slice(0, values.length / 2) : values.slice(values.length / 2);

/** The result of a vector instruction `i<bits>x<n>.<name>`: a vector, or a number where the result is an i32. */
export function vectorOracle(bits: number, name: string, a: bigint, b: bigint): bigint {
  const left = lanes(bits, a);
  const right = lanes(bits, b);
  const ones = (1n << BigInt(bits)) - 1n;
  const half = bits / 2;
  const as = (value: bigint): bigint => (name.endsWith('_s') ? signed(half, value) : value);
  if (name in COMPARISONS) {
    return join(
      bits,
      left.map((x, i) => (COMPARISONS[name]!(bits, x, right[i]!) as bigint) * ones),
    );
  }
  if (name.startsWith('sh') && name !== 'shuffle') {
    return join(
      bits,
      left.map((x) => ARITHMETIC[name]!(bits, x, unsigned(32, b)) as bigint),
    );
  }
  if (name === 'splat')
    return join(
      bits,
      left.map(() => a),
    );
  if (name === 'all_true') return flag(left.every((x) => x !== 0n));
  if (name === 'bitmask') return left.reduce((sum, x, i) => sum | ((x >> BigInt(bits - 1)) << BigInt(i)), 0n);
  if (name === 'swizzle')
    return join(
      8,
      right.map((index) => left[Number(index)] ?? 0n),
    );
  if (name.startsWith('narrow')) {
    const wide = bits * 2;
    const [low, high] = name.endsWith('_s') ? [least(bits), -least(bits) - 1n] : [0n, ones];
    return join(
      bits,
      [...lanes(wide, a), ...lanes(wide, b)].map((x) => saturate(low, high, signed(wide, x))),
    );
  }
  const narrowLeft = lanes(half, a);
  const narrowRight = lanes(half, b);
  if (name.startsWith('extend')) return join(bits, halves(name, narrowLeft).map(as));
  if (name.startsWith('extmul')) {
    return join(
      bits,
      halves(name, narrowLeft).map((x, i) => as(x) * as(halves(name, narrowRight)[i]!)),
    );
  }
  if (name.startsWith('extadd'))
    return join(
      bits,
      left.map((_, i) => as(narrowLeft[2 * i]!) + as(narrowLeft[2 * i + 1]!)),
    );
  if (name.startsWith('dot')) {
    return join(
      bits,
      left.map(
        (_, i) =>
          as(narrowLeft[2 * i]!) * as(narrowRight[2 * i]!) + as(narrowLeft[2 * i + 1]!) * as(narrowRight[2 * i + 1]!),
      ),
    );
  }
  const lane = LANES[name] ?? ARITHMETIC[name];
  if (lane === undefined) throw new Error(`no oracle for ${name}`);
  return join(
    bits,
    left.map((x, i) => lane(bits, x, right[i]!) as bigint),
  );
}
