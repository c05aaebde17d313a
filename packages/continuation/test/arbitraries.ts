import fc from 'fast-check';
import {
  branchInstructions,
  call,
  DATA,
  ecall,
  immediateInstructions,
  jal,
  li,
  loadInstructions,
  lui,
  multiplyInstructions,
  registerInstructions,
  storeInstructions,
  TEXT,
} from './assemble.ts';

const { addi } = immediateInstructions;

const register = fc.integer({ min: 0, max: 15 });
/** Words: anything, and edges. */
export const word: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(0, 1, 2, 31, 32, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);
const immediate = fc.integer({ min: -2048, max: 2047 });
const pick = <T>(record: Readonly<Record<string, T>>): fc.Arbitrary<T> => fc.constantFrom(...Object.values(record));
/** Instructions of RV32IM; base registers of loads and stores hold addresses of data, of text, or anything. */
export const instruction: fc.Arbitrary<number> = fc.oneof(
  fc
    .tuple(pick({ ...registerInstructions, ...multiplyInstructions }), register, register, register)
    .map(([make, ...args]) => make(...args)),
  fc.tuple(pick(immediateInstructions), register, register, immediate).map(([make, ...args]) => make(...args)),
  fc
    .tuple(pick(branchInstructions), register, register, fc.integer({ min: 1, max: 4 }))
    .map(([make, rs1, rs2, distance]) => make(rs1, rs2, 4 * distance)),
  fc
    .tuple(pick(loadInstructions), register, fc.constantFrom(16, 16, 17, 3), fc.integer({ min: -8, max: 40 }))
    .map(([make, ...args]) => make(...args)),
  fc
    .tuple(pick(storeInstructions), register, fc.constantFrom(16, 16, 16, 17, 4), fc.integer({ min: -8, max: 40 }))
    .map(([make, ...args]) => make(...args)),
  fc.tuple(register, word).map(([rd, value]) => lui(rd, value)),
  fc.tuple(register, fc.integer({ min: 1, max: 3 })).map(([rd, distance]) => jal(rd, 4 * distance)),
  fc.tuple(fc.constantFrom(10, 11, 12, 17), word).map(([rd, value]) => addi!(rd, 0, value & 0xff)),
  fc.constant(ecall),
);

/** Programs that set registers 1 to 17, do something, and exit with 3 unless they jump or trap before. */
export const program: fc.Arbitrary<number[]> = fc
  .tuple(fc.array(word, { minLength: 15, maxLength: 15 }), fc.array(instruction, { maxLength: 40 }))
  .map(([values, body]) => {
    const start = values.flatMap((value, index) => li(index + 1, value));
    return [...start, ...li(16, DATA + 16), ...li(17, TEXT + 8), ...body, ...call(93, 3), 0, 0, 0];
  });

/** Number of runs of a property. */
export const runs = (usual: number): number => Number(process.env['FC_NUM_RUNS'] ?? usual);
