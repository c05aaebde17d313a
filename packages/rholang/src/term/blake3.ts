import { blake3 } from '@noble/hashes/blake3.js';

const BLOCK_BYTES = 64;
const CHUNK_BYTES = 1024;
const CHUNK_START = 1;
const CHUNK_END = 2;
const ROOT = 8;

/** Chaining value of the chunk that is being hashed, as eight 32-bit integers. */
const chain: Int32Array = /* @__PURE__ */ new Int32Array(8);

/** The little-endian word at `at` of a text of one character per byte; zeros follow the text. */
function word(text: string, at: number): number {
  if (at + 3 < text.length) {
    return (
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)
    );
  }
  let value = 0;
  for (let index = Math.min(3, text.length - 1 - at); index >= 0; index -= 1)
    value = (value << 8) | text.charCodeAt(at + index);
  return value;
}

/** BLAKE3's compression of one block of the first chunk into `chain`, section 2.2 of the paper, with the four quarter rounds written out. */
function compress(text: string, at: number, length: number, flags: number): void {
  let m0 = word(text, at + 0);
  let m1 = word(text, at + 4);
  let m2 = word(text, at + 8);
  let m3 = word(text, at + 12);
  let m4 = word(text, at + 16);
  let m5 = word(text, at + 20);
  let m6 = word(text, at + 24);
  let m7 = word(text, at + 28);
  let m8 = word(text, at + 32);
  let m9 = word(text, at + 36);
  let m10 = word(text, at + 40);
  let m11 = word(text, at + 44);
  let m12 = word(text, at + 48);
  let m13 = word(text, at + 52);
  let m14 = word(text, at + 56);
  let m15 = word(text, at + 60);
  let s0 = chain[0]!;
  let s1 = chain[1]!;
  let s2 = chain[2]!;
  let s3 = chain[3]!;
  let s4 = chain[4]!;
  let s5 = chain[5]!;
  let s6 = chain[6]!;
  let s7 = chain[7]!;
  let s8 = 0x6a09e667;
  let s9 = 0xbb67ae85 | 0;
  let s10 = 0x3c6ef372;
  let s11 = 0xa54ff53a | 0;
  let s12 = 0;
  let s13 = 0;
  let s14 = length;
  let s15 = flags;
  for (let round = 0; ; round += 1) {
    s0 = (s0 + s4 + m0) | 0;
    s12 ^= s0;
    s12 = (s12 >>> 16) | (s12 << 16);
    s8 = (s8 + s12) | 0;
    s4 ^= s8;
    s4 = (s4 >>> 12) | (s4 << 20);
    s0 = (s0 + s4 + m1) | 0;
    s12 ^= s0;
    s12 = (s12 >>> 8) | (s12 << 24);
    s8 = (s8 + s12) | 0;
    s4 ^= s8;
    s4 = (s4 >>> 7) | (s4 << 25);
    s1 = (s1 + s5 + m2) | 0;
    s13 ^= s1;
    s13 = (s13 >>> 16) | (s13 << 16);
    s9 = (s9 + s13) | 0;
    s5 ^= s9;
    s5 = (s5 >>> 12) | (s5 << 20);
    s1 = (s1 + s5 + m3) | 0;
    s13 ^= s1;
    s13 = (s13 >>> 8) | (s13 << 24);
    s9 = (s9 + s13) | 0;
    s5 ^= s9;
    s5 = (s5 >>> 7) | (s5 << 25);
    s2 = (s2 + s6 + m4) | 0;
    s14 ^= s2;
    s14 = (s14 >>> 16) | (s14 << 16);
    s10 = (s10 + s14) | 0;
    s6 ^= s10;
    s6 = (s6 >>> 12) | (s6 << 20);
    s2 = (s2 + s6 + m5) | 0;
    s14 ^= s2;
    s14 = (s14 >>> 8) | (s14 << 24);
    s10 = (s10 + s14) | 0;
    s6 ^= s10;
    s6 = (s6 >>> 7) | (s6 << 25);
    s3 = (s3 + s7 + m6) | 0;
    s15 ^= s3;
    s15 = (s15 >>> 16) | (s15 << 16);
    s11 = (s11 + s15) | 0;
    s7 ^= s11;
    s7 = (s7 >>> 12) | (s7 << 20);
    s3 = (s3 + s7 + m7) | 0;
    s15 ^= s3;
    s15 = (s15 >>> 8) | (s15 << 24);
    s11 = (s11 + s15) | 0;
    s7 ^= s11;
    s7 = (s7 >>> 7) | (s7 << 25);
    s0 = (s0 + s5 + m8) | 0;
    s15 ^= s0;
    s15 = (s15 >>> 16) | (s15 << 16);
    s10 = (s10 + s15) | 0;
    s5 ^= s10;
    s5 = (s5 >>> 12) | (s5 << 20);
    s0 = (s0 + s5 + m9) | 0;
    s15 ^= s0;
    s15 = (s15 >>> 8) | (s15 << 24);
    s10 = (s10 + s15) | 0;
    s5 ^= s10;
    s5 = (s5 >>> 7) | (s5 << 25);
    s1 = (s1 + s6 + m10) | 0;
    s12 ^= s1;
    s12 = (s12 >>> 16) | (s12 << 16);
    s11 = (s11 + s12) | 0;
    s6 ^= s11;
    s6 = (s6 >>> 12) | (s6 << 20);
    s1 = (s1 + s6 + m11) | 0;
    s12 ^= s1;
    s12 = (s12 >>> 8) | (s12 << 24);
    s11 = (s11 + s12) | 0;
    s6 ^= s11;
    s6 = (s6 >>> 7) | (s6 << 25);
    s2 = (s2 + s7 + m12) | 0;
    s13 ^= s2;
    s13 = (s13 >>> 16) | (s13 << 16);
    s8 = (s8 + s13) | 0;
    s7 ^= s8;
    s7 = (s7 >>> 12) | (s7 << 20);
    s2 = (s2 + s7 + m13) | 0;
    s13 ^= s2;
    s13 = (s13 >>> 8) | (s13 << 24);
    s8 = (s8 + s13) | 0;
    s7 ^= s8;
    s7 = (s7 >>> 7) | (s7 << 25);
    s3 = (s3 + s4 + m14) | 0;
    s14 ^= s3;
    s14 = (s14 >>> 16) | (s14 << 16);
    s9 = (s9 + s14) | 0;
    s4 ^= s9;
    s4 = (s4 >>> 12) | (s4 << 20);
    s3 = (s3 + s4 + m15) | 0;
    s14 ^= s3;
    s14 = (s14 >>> 8) | (s14 << 24);
    s9 = (s9 + s14) | 0;
    s4 ^= s9;
    s4 = (s4 >>> 7) | (s4 << 25);
    if (round === 6) break;
    const k0 = m0;
    m0 = m2;
    m2 = m3;
    m3 = m10;
    m10 = m12;
    m12 = m9;
    m9 = m11;
    m11 = m5;
    m5 = k0;
    const k1 = m1;
    m1 = m6;
    m6 = m4;
    m4 = m7;
    m7 = m13;
    m13 = m14;
    m14 = m15;
    m15 = m8;
    m8 = k1;
  }
  chain[0] = s0 ^ s8;
  chain[1] = s1 ^ s9;
  chain[2] = s2 ^ s10;
  chain[3] = s3 ^ s11;
  chain[4] = s4 ^ s12;
  chain[5] = s5 ^ s13;
  chain[6] = s6 ^ s14;
  chain[7] = s7 ^ s15;
}

/**
 * BLAKE3 with 32 bytes of output, of and to texts with one character in `[0, 255]` per byte.
 *
 * Texts of up to one chunk, 1,024 bytes, are hashed here without making arrays of them, which is several times as fast as a general
 * implementation; longer ones by `@noble/hashes`.
 */
export function hashBinary(text: string): string {
  if (text.length > CHUNK_BYTES) {
    const bytes = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
    return String.fromCharCode(...blake3(bytes));
  }
  chain[0] = 0x6a09e667;
  chain[1] = 0xbb67ae85;
  chain[2] = 0x3c6ef372;
  chain[3] = 0xa54ff53a;
  chain[4] = 0x510e527f;
  chain[5] = 0x9b05688c;
  chain[6] = 0x1f83d9ab;
  chain[7] = 0x5be0cd19;
  let flags = CHUNK_START;
  let at = 0;
  for (; text.length - at > BLOCK_BYTES; at += BLOCK_BYTES) {
    compress(text, at, BLOCK_BYTES, flags);
    flags = 0;
  }
  compress(text, at, text.length - at, flags | CHUNK_END | ROOT);
  let result = '';
  for (let index = 0; index < 8; index += 1) {
    const value = chain[index]!;
    result += String.fromCharCode(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  }
  return result;
}
