/*
 * The instruction formats of volume I, section 2.3, from fields to encodings. Immediates are taken modulo their width.
 */

export function encodeR(match: number, rd: number, rs1: number, rs2: number): number {
  return (match | (rd << 7) | (rs1 << 15) | (rs2 << 20)) >>> 0;
}

export function encodeI(match: number, rd: number, rs1: number, immediate: number): number {
  return (match | (rd << 7) | (rs1 << 15) | (immediate << 20)) >>> 0;
}

export function encodeStore(match: number, rs1: number, rs2: number, immediate: number): number {
  return (match | ((immediate & 31) << 7) | (rs1 << 15) | (rs2 << 20) | ((immediate >> 5) << 25)) >>> 0;
}

export function encodeBranch(match: number, rs1: number, rs2: number, offset: number): number {
  const low = ((offset >> 11) & 1) | (offset & 0x1e);
  const high = ((offset >> 6) & 0x40) | ((offset >> 5) & 0x3f);
  return (match | (low << 7) | (rs1 << 15) | (rs2 << 20) | (high << 25)) >>> 0;
}

export function encodeUpper(match: number, rd: number, immediate: number): number {
  return (match | (rd << 7) | (immediate & ~0xfff)) >>> 0;
}

export function encodeJump(match: number, rd: number, offset: number): number {
  const bits = ((offset >> 20) << 31) | ((offset & 0x7fe) << 20) | (((offset >> 11) & 1) << 20) | (offset & 0xff000);
  return (match | (rd << 7) | bits) >>> 0;
}
