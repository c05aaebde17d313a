import fc from 'fast-check';
import { asm } from './support.ts';

const edgeWords = [0, 1, 2, 3, 4, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff];
/** Where code, data and the borders are. */
const places = [
  0x1_0000, 0x1_0ff8, 0x2_0000, 0x2_0ffd, 0x7fff_fffe, 0xc000_0000, 0xd000_0000, 0xfeff_fffc, 0xfeff_fffe, 0xff00_0000,
  0xff00_0ffd, 0xff00_1000, 0xff00_2000, 0xffff_fffc,
];

/** Operand values: edges, addresses with something at them, and anything. */
export const word: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(...edgeWords),
  fc.tuple(fc.constantFrom(...places), fc.integer({ min: -8, max: 64 })).map(([at, off]) => (at + off) >>> 0),
  fc.nat(0xffff_ffff),
);

export const registers: fc.Arbitrary<number[]> = fc
  .array(word, { minLength: 32, maxLength: 32 })
  .map((values) => [0, ...values.slice(1)]);

/** Where the five {@link bases} may point: pages and page borders of S and Q. */
export const baseAddresses: fc.Arbitrary<number[]> = fc.array(
  fc.constantFrom(
    0x2_0010,
    0x2_0ffc,
    0x7fff_fff8,
    0xff00_2010,
    0xff00_2ffe,
    0x1_0080,
    0xff00_1080,
    0xd000_0010,
    0xfeff_ff00,
    0xffff_ff00,
  ),
  { minLength: 5, maxLength: 5 },
);

const register = fc.oneof(fc.nat(31), fc.constantFrom(0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 17));
const fields = fc.record({ rd: register, rs1: register, rs2: register, high: fc.nat(127) });

function withOpcode(opcode: number, funct3: readonly number[], funct7: fc.Arbitrary<number>): fc.Arbitrary<number> {
  return fc
    .tuple(fields, fc.constantFrom(...funct3), funct7)
    .map(
      ([f, three, seven]) =>
        ((seven << 25) | (f.rs2 << 20) | (f.rs1 << 15) | (three << 12) | (f.rd << 7) | opcode) >>> 0,
    );
}

const upper = fc.nat(127);
/** Offsets that stay near: the sign bit and few others. */
const near = fc.constantFrom(0, 0, 0, 127);
const all = [0, 1, 2, 3, 4, 5, 6, 7];

/** Instructions by class; most of them legal. */
export const instructionClasses: Readonly<Record<string, fc.Arbitrary<number>>> = {
  lui: withOpcode(0x37, all, upper),
  auipc: withOpcode(0x17, all, upper),
  jal: fc.oneof(
    fc.tuple(register, fc.integer({ min: -32, max: 32 })).map(([rd, at]) => asm.jal(rd, 2 * at)),
    withOpcode(0x6f, all, upper),
  ),
  jalr: withOpcode(0x67, [0, 0, 0, 0, 1], fc.oneof(near, upper)),
  branch: withOpcode(0x63, [0, 1, 4, 5, 6, 7, 2, 3], near),
  load: withOpcode(0x03, all, fc.oneof(near, upper)),
  store: withOpcode(0x23, [0, 1, 2, 0, 1, 2, 3, 4], fc.oneof(near, upper)),
  immediate: withOpcode(0x13, all, fc.oneof(fc.constantFrom(0, 0x20), upper)),
  register: withOpcode(
    0x33,
    all,
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 0x20) }, { weight: 1, arbitrary: upper }),
  ),
  fence: withOpcode(0x0f, [0, 1, 2], upper),
  system: fc.oneof(fc.constant(0x0010_0073), withOpcode(0x73, all, upper)).filter((w) => w !== 0x73),
  anything: fc.nat(0xffff_ffff).filter((w) => w !== 0x73),
};

/** Registers that keep an address through a program of {@link instruction}s. */
export const bases = [5, 6, 7, 8, 9] as const;

const base = fc.constantFrom(...bases);
const target = fc.nat(31).map((index) => ((bases as readonly number[]).includes(index) ? 0 : index));
const source = fc.nat(31);
const offset = fc.integer({ min: -16, max: 47 });
const distance = fc.integer({ min: -6, max: 8 }).map((entries) => 4 * entries);

/** Instructions as in programs: they compute, move data near {@link bases} and jump about, and seldom stop. */
export const instruction: fc.Arbitrary<number> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 2, 3, 4, 6, 7), target, source, fc.integer({ min: -2048, max: 2047 }))
      .map(([funct3, rd, rs1, value]) => asm.immediate(funct3, rd, rs1, value)),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom<[number, number]>([1, 0], [5, 0], [5, 0x400]), target, source, fc.nat(31))
      .map(([[funct3, high], rd, rs1, amount]) => asm.immediate(funct3, rd, rs1, high | amount)),
  },
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.nat(7), fc.boolean(), target, source, source)
      .map(([funct3, other, rd, rs1, rs2]) =>
        asm.register(funct3, other && (funct3 === 0 || funct3 === 5) ? 0x20 : 0, rd, rs1, rs2),
      ),
  },
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 1, 2, 4, 5), target, base, offset)
      .map(([funct3, rd, rs1, at]) => asm.load(funct3, rd, rs1, at)),
  },
  {
    weight: 20,
    arbitrary: fc
      .tuple(fc.nat(2), source, base, offset)
      .map(([funct3, rs2, rs1, at]) => asm.store(funct3, rs2, rs1, at)),
  },
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.constantFrom(0, 1, 4, 5, 6, 7), source, source, distance)
      .map(([funct3, rs1, rs2, at]) => asm.branch(funct3, rs1, rs2, at)),
  },
  { weight: 3, arbitrary: fc.tuple(target, distance).map(([rd, at]) => asm.jal(rd, at)) },
  { weight: 2, arbitrary: fc.tuple(target, fc.nat(0xf_ffff)).map(([rd, high]) => asm.lui(rd, high << 12)) },
  { weight: 1, arbitrary: fc.constantFrom(asm.ecall, 0x0000_000f, 0x0000_100f) },
  { weight: 1, arbitrary: fc.oneof(...Object.values(instructionClasses)) },
);
