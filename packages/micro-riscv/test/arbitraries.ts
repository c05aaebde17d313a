import fc from 'fast-check';

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
    fc.tuple(register, fc.integer({ min: -32, max: 32 })).map(([rd, at]) => jal(rd, 2 * at)),
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

function jal(rd: number, offset: number): number {
  return (
    ((((offset >> 20) & 1) << 31) |
      (((offset >> 1) & 1023) << 21) |
      (((offset >> 11) & 1) << 20) |
      (((offset >> 12) & 255) << 12) |
      (rd << 7) |
      0x6f) >>>
    0
  );
}

const { load, store, immediate, register: registerClass, branch, jal: jumps, lui, fence } = instructionClasses;

/** Instructions as in programs: mostly computing and moving data, seldom anything that stops. */
export const instruction: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: immediate! },
  { weight: 6, arbitrary: registerClass! },
  { weight: 5, arbitrary: load! },
  { weight: 5, arbitrary: store! },
  { weight: 4, arbitrary: branch! },
  { weight: 2, arbitrary: jumps! },
  { weight: 1, arbitrary: lui! },
  { weight: 1, arbitrary: fence! },
  { weight: 1, arbitrary: fc.constant(0x73) },
  { weight: 1, arbitrary: fc.oneof(...Object.values(instructionClasses)) },
);
