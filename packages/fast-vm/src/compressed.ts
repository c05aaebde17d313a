import { encodeBranch, encodeI, encodeJump, encodeR, encodeStore, encodeUpper } from './encode.ts';

const LW = 0x2003;
const LD = 0x3003;
const SW = 0x2023;
const SD = 0x3023;
const ADDI = 0x13;
const ADDIW = 0x1b;
const SLLI = 0x1013;
const SRLI = 0x5013;
const SRAI = 0x4000_5013;
const ANDI = 0x7013;
const LUI = 0x37;
const ADD = 0x33;
const SUB = 0x4000_0033;
const XOR = 0x4033;
const OR = 0x6033;
const AND = 0x7033;
const SUBW = 0x4000_003b;
const ADDW = 0x3b;
const JAL = 0x6f;
const JALR = 0x67;
const BEQ = 0x63;
const BNE = 0x1063;
const EBREAK = 0x0010_0073;

/** The 32-bit encoding that no instruction has. */
const ILLEGAL = 0;

/** Sign-extends the low `bits` bits. */
function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** Bits `high` to `low` of `half`, moved to position `to`. */
function field(half: number, high: number, low: number, to: number): number {
  return ((half >>> low) & ((1 << (high - low + 1)) - 1)) << to;
}

/**
 * Expands a 16-bit instruction of RV64C (or RV32C) to the 32-bit instruction it abbreviates.
 *
 * Hints expand to instructions without effect. Source: volume I, version 20191213, chapter 16.
 *
 * @param half - 16 bits whose low two are not 11.
 * @returns the encoding, unsigned; 0 where the instruction is reserved or needs floating point.
 */
export function expandCompressed(half: number, xlen: 32 | 64): number {
  switch (half & 3) {
    case 0:
      return expandQuadrant0(half, xlen);
    case 1:
      return expandQuadrant1(half, xlen);
    default:
      return expandQuadrant2(half, xlen);
  }
}

function expandQuadrant0(half: number, xlen: 32 | 64): number {
  const near = 8 + ((half >>> 2) & 7);
  const base = 8 + ((half >>> 7) & 7);
  const wordOffset = field(half, 12, 10, 3) | field(half, 6, 6, 2) | field(half, 5, 5, 6);
  const doubleOffset = field(half, 12, 10, 3) | field(half, 6, 5, 6);
  switch (half >>> 13) {
    case 0: {
      const immediate = field(half, 12, 11, 4) | field(half, 10, 7, 6) | field(half, 6, 6, 2) | field(half, 5, 5, 3);
      return immediate === 0 ? ILLEGAL : encodeI(ADDI, near, 2, immediate);
    }
    case 2:
      return encodeI(LW, near, base, wordOffset);
    case 3:
      return xlen === 64 ? encodeI(LD, near, base, doubleOffset) : ILLEGAL;
    case 6:
      return encodeStore(SW, base, near, wordOffset);
    case 7:
      return xlen === 64 ? encodeStore(SD, base, near, doubleOffset) : ILLEGAL;
    default:
      return ILLEGAL;
  }
}

function expandQuadrant1(half: number, xlen: 32 | 64): number {
  const rd = (half >>> 7) & 31;
  const near = 8 + ((half >>> 7) & 7);
  const immediate = signed(field(half, 12, 12, 5) | field(half, 6, 2, 0), 6);
  switch (half >>> 13) {
    case 0:
      return encodeI(ADDI, rd, rd, immediate);
    case 1:
      if (xlen === 32) return encodeJump(JAL, 1, jumpOffset(half));
      return rd === 0 ? ILLEGAL : encodeI(ADDIW, rd, rd, immediate);
    case 2:
      return encodeI(ADDI, rd, 0, immediate);
    case 3:
      if (immediate === 0) return ILLEGAL;
      if (rd !== 2) return encodeUpper(LUI, rd, immediate << 12);
      return encodeI(
        ADDI,
        2,
        2,
        signed(
          field(half, 12, 12, 9) |
            field(half, 6, 6, 4) |
            field(half, 5, 5, 6) |
            field(half, 4, 3, 7) |
            field(half, 2, 2, 5),
          10,
        ),
      );
    case 4:
      return expandArithmetic(half, near, immediate, xlen);
    case 5:
      return encodeJump(JAL, 0, jumpOffset(half));
    default: {
      const offset = signed(
        field(half, 12, 12, 8) |
          field(half, 11, 10, 3) |
          field(half, 6, 5, 6) |
          field(half, 4, 3, 1) |
          field(half, 2, 2, 5),
        9,
      );
      return encodeBranch(half >>> 13 === 6 ? BEQ : BNE, near, 0, offset);
    }
  }
}

function jumpOffset(half: number): number {
  return signed(
    field(half, 12, 12, 11) |
      field(half, 11, 11, 4) |
      field(half, 10, 9, 8) |
      field(half, 8, 8, 10) |
      field(half, 7, 7, 6) |
      field(half, 6, 6, 7) |
      field(half, 5, 3, 1) |
      field(half, 2, 2, 5),
    12,
  );
}

function expandArithmetic(half: number, rd: number, immediate: number, xlen: 32 | 64): number {
  const shift = immediate & 63;
  const kind = (half >>> 10) & 3;
  if (kind === 2) return encodeI(ANDI, rd, rd, immediate);
  if (kind < 2) {
    if (xlen === 32 && shift > 31) return ILLEGAL;
    return encodeI(kind === 0 ? SRLI : SRAI, rd, rd, shift);
  }
  const rs2 = 8 + ((half >>> 2) & 7);
  const operation = ((half >>> 10) & 4) | ((half >>> 5) & 3);
  if (operation < 4) return encodeR([SUB, XOR, OR, AND][operation]!, rd, rd, rs2);
  if (operation > 5 || xlen === 32) return ILLEGAL;
  return encodeR(operation === 4 ? SUBW : ADDW, rd, rd, rs2);
}

function expandQuadrant2(half: number, xlen: 32 | 64): number {
  const rd = (half >>> 7) & 31;
  const rs2 = (half >>> 2) & 31;
  switch (half >>> 13) {
    case 0: {
      const shift = field(half, 12, 12, 5) | rs2;
      return xlen === 32 && shift > 31 ? ILLEGAL : encodeI(SLLI, rd, rd, shift);
    }
    case 2:
      if (rd === 0) return ILLEGAL;
      return encodeI(LW, rd, 2, field(half, 12, 12, 5) | field(half, 6, 4, 2) | field(half, 3, 2, 6));
    case 3:
      if (rd === 0 || xlen === 32) return ILLEGAL;
      return encodeI(LD, rd, 2, field(half, 12, 12, 5) | field(half, 6, 5, 3) | field(half, 4, 2, 6));
    case 4:
      return expandRegisters(half, rd, rs2);
    case 6:
      return encodeStore(SW, 2, rs2, field(half, 12, 9, 2) | field(half, 8, 7, 6));
    case 7:
      return xlen === 64 ? encodeStore(SD, 2, rs2, field(half, 12, 10, 3) | field(half, 9, 7, 6)) : ILLEGAL;
    default:
      return ILLEGAL;
  }
}

/** `c.jr`, `c.mv`, `c.ebreak`, `c.jalr` and `c.add`. */
function expandRegisters(half: number, rd: number, rs2: number): number {
  const second = (half & 0x1000) !== 0;
  if (rs2 !== 0) return encodeR(ADD, rd, second ? rd : 0, rs2);
  if (rd !== 0) return encodeI(JALR, second ? 1 : 0, rd, 0);
  return second ? EBREAK : ILLEGAL;
}
