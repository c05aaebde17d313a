/**
 * Opcodes and signatures of the scalar, memory and atomic instructions, by their names in the WebAssembly
 * specification (core specification 3.0, chapter 5.4; threads proposal for the atomics).
 *
 * @module
 */

/** `i32.*` without memory access. */
export const I32 = {
  eqz: [0x45, 'i>i'],
  eq: [0x46, 'ii>i'],
  ne: [0x47, 'ii>i'],
  lt_s: [0x48, 'ii>i'],
  lt_u: [0x49, 'ii>i'],
  gt_s: [0x4a, 'ii>i'],
  gt_u: [0x4b, 'ii>i'],
  le_s: [0x4c, 'ii>i'],
  le_u: [0x4d, 'ii>i'],
  ge_s: [0x4e, 'ii>i'],
  ge_u: [0x4f, 'ii>i'],
  clz: [0x67, 'i>i'],
  ctz: [0x68, 'i>i'],
  popcnt: [0x69, 'i>i'],
  add: [0x6a, 'ii>i'],
  sub: [0x6b, 'ii>i'],
  mul: [0x6c, 'ii>i'],
  div_s: [0x6d, 'ii>i'],
  div_u: [0x6e, 'ii>i'],
  rem_s: [0x6f, 'ii>i'],
  rem_u: [0x70, 'ii>i'],
  and: [0x71, 'ii>i'],
  or: [0x72, 'ii>i'],
  xor: [0x73, 'ii>i'],
  shl: [0x74, 'ii>i'],
  shr_s: [0x75, 'ii>i'],
  shr_u: [0x76, 'ii>i'],
  rotl: [0x77, 'ii>i'],
  rotr: [0x78, 'ii>i'],
  wrap_i64: [0xa7, 'l>i'],
  extend8_s: [0xc0, 'i>i'],
  extend16_s: [0xc1, 'i>i'],
} as const;

/** `i64.*` without memory access. */
export const I64 = {
  eqz: [0x50, 'l>i'],
  eq: [0x51, 'll>i'],
  ne: [0x52, 'll>i'],
  lt_s: [0x53, 'll>i'],
  lt_u: [0x54, 'll>i'],
  gt_s: [0x55, 'll>i'],
  gt_u: [0x56, 'll>i'],
  le_s: [0x57, 'll>i'],
  le_u: [0x58, 'll>i'],
  ge_s: [0x59, 'll>i'],
  ge_u: [0x5a, 'll>i'],
  clz: [0x79, 'l>l'],
  ctz: [0x7a, 'l>l'],
  popcnt: [0x7b, 'l>l'],
  add: [0x7c, 'll>l'],
  sub: [0x7d, 'll>l'],
  mul: [0x7e, 'll>l'],
  div_s: [0x7f, 'll>l'],
  div_u: [0x80, 'll>l'],
  rem_s: [0x81, 'll>l'],
  rem_u: [0x82, 'll>l'],
  and: [0x83, 'll>l'],
  or: [0x84, 'll>l'],
  xor: [0x85, 'll>l'],
  shl: [0x86, 'll>l'],
  shr_s: [0x87, 'll>l'],
  shr_u: [0x88, 'll>l'],
  rotl: [0x89, 'll>l'],
  rotr: [0x8a, 'll>l'],
  extend_i32_s: [0xac, 'i>l'],
  extend_i32_u: [0xad, 'i>l'],
  extend8_s: [0xc2, 'l>l'],
  extend16_s: [0xc3, 'l>l'],
  extend32_s: [0xc4, 'l>l'],
} as const;

/** Loads that give an `i32`. */
export const I32_LOADS = {
  load: [0x28, 'i32', 2],
  load8_s: [0x2c, 'i32', 0],
  load8_u: [0x2d, 'i32', 0],
  load16_s: [0x2e, 'i32', 1],
  load16_u: [0x2f, 'i32', 1],
} as const;

/** Stores of an `i32`. */
export const I32_STORES = { store: [0x36, 'i32', 2], store8: [0x3a, 'i32', 0], store16: [0x3b, 'i32', 1] } as const;

/** Loads that give an `i64`. */
export const I64_LOADS = {
  load: [0x29, 'i64', 3],
  load8_s: [0x30, 'i64', 0],
  load8_u: [0x31, 'i64', 0],
  load16_s: [0x32, 'i64', 1],
  load16_u: [0x33, 'i64', 1],
  load32_s: [0x34, 'i64', 2],
  load32_u: [0x35, 'i64', 2],
} as const;

/** Stores of an `i64`. */
export const I64_STORES = {
  store: [0x37, 'i64', 3],
  store8: [0x3c, 'i64', 0],
  store16: [0x3d, 'i64', 1],
  store32: [0x3e, 'i64', 2],
} as const;

/** Atomic loads that give an `i32`. */
export const I32_ATOMIC_LOADS = {
  load: [0xfe0010, 'i32', 2],
  load8_u: [0xfe0012, 'i32', 0],
  load16_u: [0xfe0013, 'i32', 1],
} as const;

/** Atomic stores of an `i32`. */
export const I32_ATOMIC_STORES = {
  store: [0xfe0017, 'i32', 2],
  store8: [0xfe0019, 'i32', 0],
  store16: [0xfe001a, 'i32', 1],
} as const;

/** Atomic loads that give an `i64`. */
export const I64_ATOMIC_LOADS = {
  load: [0xfe0011, 'i64', 3],
  load8_u: [0xfe0014, 'i64', 0],
  load16_u: [0xfe0015, 'i64', 1],
  load32_u: [0xfe0016, 'i64', 2],
} as const;

/** Atomic stores of an `i64`. */
export const I64_ATOMIC_STORES = {
  store: [0xfe0018, 'i64', 3],
  store8: [0xfe001b, 'i64', 0],
  store16: [0xfe001c, 'i64', 1],
  store32: [0xfe001d, 'i64', 2],
} as const;

/** Read-modify-write: the result is the value before. */
export const I32_ATOMIC_UPDATES = {
  rmw_add: [0xfe001e, 'i32', 2],
  rmw8_add_u: [0xfe0020, 'i32', 0],
  rmw16_add_u: [0xfe0021, 'i32', 1],
  rmw_sub: [0xfe0025, 'i32', 2],
  rmw8_sub_u: [0xfe0027, 'i32', 0],
  rmw16_sub_u: [0xfe0028, 'i32', 1],
  rmw_and: [0xfe002c, 'i32', 2],
  rmw8_and_u: [0xfe002e, 'i32', 0],
  rmw16_and_u: [0xfe002f, 'i32', 1],
  rmw_or: [0xfe0033, 'i32', 2],
  rmw8_or_u: [0xfe0035, 'i32', 0],
  rmw16_or_u: [0xfe0036, 'i32', 1],
  rmw_xor: [0xfe003a, 'i32', 2],
  rmw8_xor_u: [0xfe003c, 'i32', 0],
  rmw16_xor_u: [0xfe003d, 'i32', 1],
  rmw_xchg: [0xfe0041, 'i32', 2],
  rmw8_xchg_u: [0xfe0043, 'i32', 0],
  rmw16_xchg_u: [0xfe0044, 'i32', 1],
} as const;

/** Read-modify-write of 64-bit cells, and of smaller ones widened to 64 bits. */
export const I64_ATOMIC_UPDATES = {
  rmw_add: [0xfe001f, 'i64', 3],
  rmw8_add_u: [0xfe0022, 'i64', 0],
  rmw16_add_u: [0xfe0023, 'i64', 1],
  rmw32_add_u: [0xfe0024, 'i64', 2],
  rmw_sub: [0xfe0026, 'i64', 3],
  rmw8_sub_u: [0xfe0029, 'i64', 0],
  rmw16_sub_u: [0xfe002a, 'i64', 1],
  rmw32_sub_u: [0xfe002b, 'i64', 2],
  rmw_and: [0xfe002d, 'i64', 3],
  rmw8_and_u: [0xfe0030, 'i64', 0],
  rmw16_and_u: [0xfe0031, 'i64', 1],
  rmw32_and_u: [0xfe0032, 'i64', 2],
  rmw_or: [0xfe0034, 'i64', 3],
  rmw8_or_u: [0xfe0037, 'i64', 0],
  rmw16_or_u: [0xfe0038, 'i64', 1],
  rmw32_or_u: [0xfe0039, 'i64', 2],
  rmw_xor: [0xfe003b, 'i64', 3],
  rmw8_xor_u: [0xfe003e, 'i64', 0],
  rmw16_xor_u: [0xfe003f, 'i64', 1],
  rmw32_xor_u: [0xfe0040, 'i64', 2],
  rmw_xchg: [0xfe0042, 'i64', 3],
  rmw8_xchg_u: [0xfe0045, 'i64', 0],
  rmw16_xchg_u: [0xfe0046, 'i64', 1],
  rmw32_xchg_u: [0xfe0047, 'i64', 2],
} as const;

/** Compare-and-exchange: the result is the value before. */
export const I32_ATOMIC_EXCHANGES = {
  rmw_cmpxchg: [0xfe0048, 'i32', 2],
  rmw8_cmpxchg_u: [0xfe004a, 'i32', 0],
  rmw16_cmpxchg_u: [0xfe004b, 'i32', 1],
} as const;

/** Compare-and-exchange of 64-bit cells, and of smaller ones widened to 64 bits. */
export const I64_ATOMIC_EXCHANGES = {
  rmw_cmpxchg: [0xfe0049, 'i64', 3],
  rmw8_cmpxchg_u: [0xfe004c, 'i64', 0],
  rmw16_cmpxchg_u: [0xfe004d, 'i64', 1],
  rmw32_cmpxchg_u: [0xfe004e, 'i64', 2],
} as const;
