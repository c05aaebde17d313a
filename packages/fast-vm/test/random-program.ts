import fc from 'fast-check';
import { expandCompressed } from '../src/compressed.ts';
import { findInstruction, instructionTable } from '../src/instructions.ts';
import { assemble } from './assemble.ts';

/*
 * Random programs that end, whatever they compute, and then write all registers and their data to the output: the same
 * file runs on any RV64IMAC machine with the Linux numbers of `write` and `exit`.
 */

export const CODE = 0x1_0000;
export const DATA = 0x8_0000;
export const DATA_BYTES = 0x2000;
const MIDDLE = DATA + 0x1000;

/** Registers that hold {@link MIDDLE} throughout: bases of loads and stores (sp and s0, as in 16-bit forms), of atomics. */
const SP = 2;
const S0 = 8;
const S1 = 9;
const FIXED: readonly number[] = [SP, S0, S1];

/** One or two instructions, or a branch over the next `skip` pieces. */
export type Piece =
  | { readonly encodings: readonly number[] }
  | { readonly branch: string; readonly rs1: number; readonly rs2: number; readonly skip: number };

const free = fc.integer({ min: 0, max: 31 }).filter((register) => !FIXED.includes(register));
const any = fc.integer({ min: 0, max: 31 });
const named = (...formats: readonly string[]): readonly string[] =>
  instructionTable()
    .filter(({ format, xlen, extension }) => xlen !== 32 && formats.includes(format) && extension !== 'privileged')
    .map(({ name }) => name)
    .filter(
      (name) => !name.startsWith('fence.') && !name.startsWith('e') && name !== 'jalr' && !name.startsWith('sc.'),
    );
const piece = (arbitrary: fc.Arbitrary<number>): fc.Arbitrary<Piece> => arbitrary.map((one) => ({ encodings: [one] }));

const immediate = fc.oneof(fc.constantFrom(-2048, -1, 0, 1, 31, 32, 63, 2047), fc.integer({ min: -2048, max: 2047 }));
const compute = fc
  .record({ name: fc.constantFrom(...named('R')), rd: free, rs1: any, rs2: any })
  .map(({ name, ...operands }) => assemble(name, operands));
const withImmediate = fc
  .record({ name: fc.constantFrom(...named('I')), rd: free, rs1: any, immediate })
  .map(({ name, ...operands }) => assemble(name, operands));
const shift = fc
  .record({ name: fc.constantFrom(...named('shift')), rd: free, rs1: any, immediate: fc.integer({ min: 0, max: 63 }) })
  .map(({ name, ...operands }) =>
    assemble(name, { ...operands, immediate: name.endsWith('w') ? operands.immediate & 31 : operands.immediate }),
  );
const upper = fc
  .record({ name: fc.constantFrom('lui', 'auipc'), rd: free, immediate: fc.integer() })
  .map(({ name, ...operands }) => assemble(name, operands));
const access = fc
  .record({
    name: fc.constantFrom(...named('load', 'store')),
    rd: free,
    rs1: fc.constantFrom(...FIXED),
    rs2: any,
    immediate: fc.integer({ min: -2048, max: 2040 }),
  })
  .map(({ name, ...operands }) => assemble(name, operands));
const atomic = fc
  .record({ name: fc.constantFrom(...named('atomic')), rd: free, rs2: any, ordering: fc.integer({ min: 0, max: 3 }) })
  .map(({ name, ordering, ...operands }) => (assemble(name, { ...operands, rs1: S1 }) | (ordering << 25)) >>> 0);
const conditional = fc
  .record({ size: fc.constantFrom('w', 'd'), rd: free, rs2: any, twice: fc.boolean() })
  .map(({ size, rd, rs2, twice }): Piece => {
    const store = assemble(`sc.${size}`, { rd, rs1: S1, rs2 });
    return { encodings: [assemble(`lr.${size}`, { rd, rs1: S1 }), store, ...(twice ? [store] : [])] };
  });

/** Whether a 16-bit encoding is harmless here: it computes into a free register, or accesses the data. */
function isHarmless(half: number): boolean {
  const full = expandCompressed(half, 64);
  const instruction = findInstruction(full, 64);
  if (instruction === undefined) return false;
  const { format } = instruction;
  const rd = (full >>> 7) & 31;
  const rs1 = (full >>> 15) & 31;
  if (format === 'branch' || format === 'jump' || format === 'none' || instruction.name === 'jalr') return false;
  if (format === 'store') return FIXED.includes(rs1);
  if (format === 'load') return FIXED.includes(rs1) && !FIXED.includes(rd);
  return !FIXED.includes(rd);
}
const compressed = fc.integer({ min: 0, max: 0xffff }).filter((half) => (half & 3) !== 3 && isHarmless(half));

const branch = fc.record({
  branch: fc.constantFrom('beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu', 'c.beqz', 'c.bnez', 'jal', 'c.j', 'jalr'),
  rs1: any,
  rs2: any,
  skip: fc.integer({ min: 0, max: 12 }),
});

export const pieces: fc.Arbitrary<Piece[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: piece(compute) },
    { weight: 4, arbitrary: piece(withImmediate) },
    { weight: 3, arbitrary: piece(shift) },
    { weight: 1, arbitrary: piece(upper) },
    { weight: 6, arbitrary: piece(access) },
    { weight: 2, arbitrary: piece(atomic) },
    { weight: 1, arbitrary: conditional },
    { weight: 8, arbitrary: piece(compressed) },
    { weight: 4, arbitrary: branch },
  ),
  { minLength: 100, maxLength: 1500, size: 'max' },
);

const lengthOf = (one: Piece): number => {
  if ('encodings' in one) return one.encodings.reduce((sum, encoding) => sum + ((encoding & 3) === 3 ? 4 : 2), 0);
  if (one.branch === 'jalr') return 8;
  return one.branch.startsWith('c.') ? 2 : 4;
};

/** The encodings of a branch of this kind by `offset` bytes. */
function branchBy(name: string, rs1: number, rs2: number, offset: number): number[] {
  const link = FIXED.includes(rs2) ? 1 : rs2;
  switch (name) {
    case 'jal':
      return [assemble('jal', { rd: link, immediate: offset })];
    case 'jalr': {
      const base = FIXED.includes(rs1) || rs1 === 0 ? 5 : rs1;
      return [assemble('auipc', { rd: base }), assemble('jalr', { rd: link, rs1: base, immediate: offset })];
    }
    case 'c.j': {
      const places = [11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5];
      return [0xa001 | places.reduce((sum, bit, i) => sum | (((offset >> bit) & 1) << (12 - i)), 0)];
    }
    case 'c.beqz':
    case 'c.bnez': {
      const bit = (from: number, to: number): number => ((offset >> from) & 1) << to;
      const bits = bit(8, 12) | bit(4, 11) | bit(3, 10) | bit(7, 6) | bit(6, 5) | bit(2, 4) | bit(1, 3) | bit(5, 2);
      return [(name === 'c.beqz' ? 0xc001 : 0xe001) | bits | ((rs1 & 7) << 7)];
    }
    default:
      return [assemble(name, { rs1, rs2, immediate: offset })];
  }
}

/** Initial values of x1 to x31; the fixed ones are replaced. */
export const registerValues: fc.Arbitrary<bigint[]> = fc.array(
  fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.constantFrom(0n, 1n, (1n << 64n) - 1n, 1n << 63n, (1n << 63n) - 1n, 0x8000_0000n, 0x7fff_ffffn, 0xffff_ffffn),
    fc.integer({ min: -100, max: 100 }).map((small) => BigInt.asUintN(64, BigInt(small))),
  ),
  { minLength: 31, maxLength: 31 },
);

/** The program's instructions. The registers' initial values must stand from {@link DATA} on. */
export function instructionsOf(body: readonly Piece[]): number[] {
  const out: number[] = [assemble('lui', { rd: 31, immediate: DATA })];
  for (let register = 1; register < 32; register++) {
    out.push(assemble('ld', { rd: register, rs1: 31, immediate: 8 * register }));
  }
  body.forEach((one, i) => {
    if ('encodings' in one) {
      out.push(...one.encodings);
      return;
    }
    // A jalr is the second of two instructions, but its offset counts from the first.
    const own = lengthOf(one);
    const skipped = body.slice(i + 1, i + 1 + one.skip).reduce((sum, next) => sum + lengthOf(next), 0);
    out.push(...branchBy(one.branch, one.rs1, one.rs2, own + skipped));
  });
  for (let register = 1; register < 32; register++) {
    out.push(assemble('sd', { rs1: S0, rs2: register, immediate: 8 * register - 2048 }));
  }
  out.push(assemble('addi', { rd: 17, immediate: 64 }), assemble('addi', { rd: 12, immediate: 1024 }));
  out.push(assemble('lui', { rd: 11, immediate: DATA }));
  for (let written = 0; written < DATA_BYTES; written += 1024) {
    out.push(assemble('addi', { rd: 10, immediate: 1 }), assemble('ecall'));
    out.push(assemble('addi', { rd: 11, rs1: 11, immediate: 1024 }));
  }
  out.push(assemble('addi', { rd: 10 }), assemble('addi', { rd: 17, immediate: 93 }), assemble('ecall'));
  return out;
}

/** The initial data: the registers, then bytes of no meaning. */
export function dataOf(registers: readonly bigint[], seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(DATA_BYTES / 4);
  let state = seed >>> 0;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state ^ (state >>> 15);
  }
  const bytes = new Uint8Array(words.buffer);
  const view = new DataView(words.buffer);
  registers.forEach((value, i) => {
    view.setBigUint64(8 * (i + 1), FIXED.includes(i + 1) ? BigInt(MIDDLE) : value, true);
  });
  return bytes;
}

/** A static RV64 executable with the code and the data. */
export function elfOf(code: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = 64 + 2 * 56;
  // The offset in the file has to agree with the address modulo the page size.
  const dataAt = Math.ceil((header + code.length) / 4096) * 4096;
  const bytes = new Uint8Array(dataAt + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 243, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(CODE + header), true);
  view.setBigUint64(32, 64n, true);
  view.setUint32(48, 1, true); // compressed instructions
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  const segment = (at: number, flags: number, offset: number, address: number, size: number): void => {
    view.setUint32(at, 1, true);
    view.setUint32(at + 4, flags, true);
    view.setBigUint64(at + 8, BigInt(offset), true);
    view.setBigUint64(at + 16, BigInt(address), true);
    view.setBigUint64(at + 24, BigInt(address), true);
    view.setBigUint64(at + 32, BigInt(size), true);
    view.setBigUint64(at + 40, BigInt(size), true);
    view.setBigUint64(at + 48, 1n, true);
  };
  segment(64, 5, 0, CODE, dataAt);
  segment(64 + 56, 6, dataAt, DATA, data.length);
  bytes.set(code, header);
  bytes.set(data, dataAt);
  return bytes;
}
