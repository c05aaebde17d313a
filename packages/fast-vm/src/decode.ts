import { expandCompressed } from './compressed.ts';
import { CODE_ILLEGAL, findInstruction, immediateOf } from './instructions.ts';

/*
 * A decoded instruction is two 32-bit words, so that a page of them is one typed array:
 *
 *   bits 0-7    dispatch number
 *   bits 8-15   index of the low half of rd among the registers; SINK for x0, whose writes are lost
 *   bits 16-21  index of the low half of rs1
 *   bits 22-27  index of the low half of rs2
 *   bit 28      1 for a 16-bit encoding
 *
 * and the immediate operand (for an illegal instruction, its bits).
 */

/** Where writes to x0 go: an index beyond the state page's words. */
export const SINK = 128;

const SHORT = 1 << 28;

/** Bytes of the encoding that a decoded word came from. */
export function lengthOf(word: number): number {
  return 4 - ((word >>> 27) & 2);
}

/**
 * Decodes one instruction into `out[at]` and `out[at + 1]`.
 *
 * @param encoding - 16 bits, or 32 bits if the low two bits are 11.
 */
export function decodeInto(out: Int32Array, at: number, encoding: number): void {
  const short = (encoding & 3) !== 3;
  const full = short ? expandCompressed(encoding & 0xffff, 64) : encoding;
  const instruction = findInstruction(full, 64);
  if (instruction === undefined) {
    out[at] = CODE_ILLEGAL | (short ? SHORT : 0);
    out[at + 1] = short ? encoding & 0xffff : encoding;
    return;
  }
  const { code, format } = instruction;
  const rd = (full >>> 7) & 31;
  out[at] =
    code |
    ((rd === 0 ? SINK : 2 * rd) << 8) |
    (((full >>> 15) & 31) << 17) |
    (((full >>> 20) & 31) << 23) |
    (short ? SHORT : 0);
  out[at + 1] = immediateOf(full, format);
}
