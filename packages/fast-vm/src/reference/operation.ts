/** An instruction taken apart: what to do and with which operands. */
export interface Operation {
  /** Mnemonic of the 32-bit form. */
  readonly name: string;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  /** Sign-extended; the number of a CSR or a shift amount where the instruction has one. */
  readonly immediate: bigint;
}

/** Bits `high` to `low` of `value`, at the bottom. */
export function bits(value: number, high: number, low: number): number {
  return Math.floor(value / 2 ** low) % 2 ** (high - low + 1);
}

/** The two's complement value of the low `width` bits. */
export function signed(value: number, width: number): bigint {
  return BigInt.asIntN(width, BigInt(value));
}
