import type { Random } from './random.ts';

const CSRS = [
  0x300, 0x301, 0x304, 0x305, 0x320, 0x323, 0x33f, 0x340, 0x341, 0x342, 0x343, 0x344, 0xb00, 0xb02, 0xb03, 0xb1f, 0xc00,
  0xc01, 0xc02, 0xc03, 0xc1f, 0xf11, 0xf12, 0xf13, 0xf14, 0xf15, 0x7a0, 0x7a3,
  // Neighbours that do not exist.
  0x302, 0x303, 0x306, 0x321, 0x322, 0x33e, 0x345, 0xb01, 0xb20, 0xc20, 0xf10, 0xf16, 0x3a0, 0x001, 0x100, 0xb80, 0x79f,
  0x7a4,
];
const ATOMICS = [0, 1, 2, 2, 3, 3, 3, 4, 8, 12, 16, 20, 24, 28];
const HOST_CALLS = [63, 63, 64, 64, 64, 214, 214, 0, 1024];
const SYSTEM = [0x00000073, 0x00100073, 0x30200073, 0x10500073];

/** A register: any, but more often one of those that a random state has an address in (x8 to x15). */
function register(random: Random): number {
  return random.once(2) ? 8 + random.below(8) : random.below(32);
}

function format(opcode: number, funct3: number, random: Random, upper: number): number {
  const rd = random.once(2) ? random.below(32) : register(random);
  return (
    (opcode | (rd << 7) | (funct3 << 12) | (register(random) << 15) | (register(random) << 20) | (upper << 25)) >>> 0
  );
}

/** A distance that is short most of the time. */
function immediate(random: Random): number {
  return random.once(4) ? random.below(4096) : random.once(2) ? random.below(24) : 4096 - random.below(24) - 1;
}

/** Gives an instruction of 32 bits another I-immediate. */
function withImmediate(instruction: number, value: number): number {
  return ((instruction & 0xfffff) | (value << 20)) >>> 0;
}

/** Gives a store another immediate. */
function withStoreImmediate(instruction: number, value: number): number {
  return ((instruction & 0x01fff07f) | ((value >> 5) << 25) | ((value & 31) << 7)) >>> 0;
}

type Kind = (random: Random) => number;

/** Instructions that exist, if not always with operands that suit them. */
const legalKinds: readonly Kind[] = [
  (random) => withImmediate(format(0x03, random.below(7), random, 0), immediate(random)),
  (random) => withStoreImmediate(format(0x23, random.below(4), random, 0), immediate(random)),
  (random) => format(0x13, random.pick([0, 2, 3, 4, 6, 7]), random, random.word() & 127),
  (random) => format(0x13, 1, random, random.below(2)),
  (random) => format(0x13, 5, random, random.below(2) + random.pick([0, 32])),
  (random) => format(0x1b, 0, random, random.below(128)),
  (random) => format(0x1b, random.pick([1, 5]), random, 0),
  (random) => format(0x1b, 5, random, 32),
  (random) => format(0x33, random.below(8), random, 0),
  (random) => format(0x33, random.below(8), random, 1),
  (random) => format(0x33, random.pick([0, 5]), random, 32),
  (random) => format(0x3b, random.pick([0, 1, 5]), random, 0),
  (random) => format(0x3b, random.pick([0, 5]), random, 32),
  (random) => format(0x3b, random.pick([0, 4, 5, 6, 7]), random, 1),
  (random) => format(random.pick([0x37, 0x17]), random.below(8), random, random.below(128)),
  (random) => format(0x63, random.pick([0, 1, 4, 5, 6, 7]), random, random.pick([0, 0, 0, 127])),
  (random) => (0x6f | (random.below(32) << 7) | ((random.once(16) ? 0xfe0 : random.pick([4, 6, 8, 16])) << 20)) >>> 0,
  (random) => format(0x0f, random.below(2), random, random.below(128)),
  (random) => atomic(random, random.pick(ATOMICS), random.pick([2, 3])),
  (random) => at(10, atomic(random, random.pick([2, 3, 3]), random.pick([2, 3]))),
  (random) => withImmediate(format(0x73, 2, random, 0) & ~(31 << 15), random.pick([0xc00, 0xc01, 0xc02])),
  () => 0x00000073,
];

/** More of the machine personality, jumps to anywhere, and what does not exist. */
const otherKinds: readonly Kind[] = [
  (random) => withImmediate(format(0x67, random.once(8) ? random.below(8) : 0, random, 0), immediate(random)),
  (random) => format(0x63, random.below(8), random, random.below(128)),
  (random) => format(random.pick([0x33, 0x3b, 0x1b, 0x13]), random.below(8), random, random.below(128)),
  (random) =>
    format(random.pick([0x13, 0x1b]), random.pick([1, 5]), random, random.pick([0, 32]) | (1 << random.below(7))),
  (random) => format(0x0f, random.below(8), random, random.below(128)),
  (random) => format(random.pick([0x03, 0x23]), random.below(8), random, random.below(128)),
  (random) => atomic(random, random.below(32), random.below(8)),
  (random) => csr(random, random.pick(CSRS)),
  (random) => csr(random, random.below(4096)),
  (random) => random.pick(SYSTEM),
  (random) => (SYSTEM[0]! | (1 << (7 + random.below(25)))) >>> 0,
  (random) => (random.word() | 3) >>> 0,
];

const machineKinds: readonly Kind[] = [
  // The device at x8, the host's doubleword at x9.
  (random) =>
    0x03 | (random.pick([2, 3, 6]) << 12) | (8 << 15) | (random.below(32) << 7) | (random.pick([0, 0, 4]) << 20),
  (random) =>
    withStoreImmediate(
      0x23 | (random.pick([2, 3]) << 12) | (8 << 15) | (random.below(32) << 20),
      random.pick([0, 0, 4]),
    ),
  (random) =>
    withStoreImmediate(
      0x23 | (random.below(4) << 12) | (9 << 15) | (random.below(32) << 20),
      random.once(2) ? 0 : random.below(8),
    ),
  (random) => at(9, atomic(random, random.pick(ATOMICS), random.pick([2, 3]))),
  (random) => csr(random, random.pick(CSRS)),
  (random) => csr(random, random.pick(CSRS)),
  (random) => random.pick(SYSTEM),
];

/** Gives an instruction another register rs1. */
function at(rs1: number, instruction: number): number {
  return ((instruction & ~(31 << 15)) | (rs1 << 15)) >>> 0;
}

function atomic(random: Random, kind: number, funct3: number): number {
  const instruction = format(0x2f, funct3, random, (kind << 2) | random.below(4));
  return kind === 2 && !random.once(4) ? (instruction & ~(31 << 20)) >>> 0 : instruction;
}

function csr(random: Random, number: number): number {
  return withImmediate(format(0x73, random.pick([1, 2, 3, 5, 6, 7]), random, 0), number);
}

/** Sets up host calls and makes them. */
const userKinds: readonly Kind[] = [
  (random) => withImmediate(0x00000893, random.pick(HOST_CALLS)), // addi a7, x0
  (random) => withImmediate(0x00000513, random.below(4)), // addi a0, x0
  (random) => withImmediate(0x00000613, random.once(2) ? random.below(2048) : random.below(40)), // addi a2, x0
  (random) => (0x00000593 | (register(random) << 15)) >>> 0, // addi a1, xn
  (random) => (0x000005b7 | (random.pick([0xc0000, 0xbffff, 0xe1000, 0xe0fff, 0xf0000, 0x02000, 0x0200c]) << 12)) >>> 0, // lui a1
  () => SYSTEM[0]!,
  () => SYSTEM[0]!,
  () => SYSTEM[0]!,
];

/** Quadrant and funct3 of the compressed instructions without floating point. */
const COMPRESSED: readonly (readonly [number, number])[] = [
  ...[0, 2, 3, 6, 7].map((funct3): [number, number] => [0, funct3]),
  ...[0, 1, 2, 3, 4, 4, 4, 5, 6, 7].map((funct3): [number, number] => [1, funct3]),
  ...[0, 2, 3, 4, 6, 7].map((funct3): [number, number] => [2, funct3]),
];

function compressed(random: Random, wild: boolean): number {
  const bits = random.word() & 0xffff;
  if (wild) return (bits & 3) === 3 ? bits & 0xfffe : bits;
  const [quadrant, funct3] = random.pick(COMPRESSED);
  // Jumps go near most of the time, or the stream would end.
  const near = quadrant === 1 && funct3 >= 5 && !random.once(8) ? 0x0038 | (bits & 0x0380) : 0x1ffc;
  const jumps = quadrant === 2 && funct3 === 4 && (bits & 0x7c) === 0 && !random.once(4);
  return quadrant | (funct3 << 13) | (bits & near) | (jumps ? 4 : 0);
}

/** What a stream of instructions is made of. */
export interface StreamOptions {
  readonly user: boolean;
  /** Whether much of it is not an instruction at all. */
  readonly wild: boolean;
}

/** A random halfword or word of an instruction stream, little-endian. */
export function randomInstruction(
  random: Random,
  { user, wild }: StreamOptions,
): { readonly bits: number; readonly bytes: 2 | 4 } {
  const odd = random.once(wild ? 2 : 30);
  if (random.once(3)) return { bits: compressed(random, odd), bytes: 2 };
  // c.unimp, c.jr, c.jalr; those of x0 are reserved and c.ebreak
  if (odd && random.once(8)) {
    return { bits: random.pick([0, 0x8002, 0x9002]) | (random.once(2) ? register(random) << 7 : 0), bytes: 2 };
  }
  const special = user ? userKinds : machineKinds;
  const kinds = odd ? otherKinds : random.once(6) ? special : legalKinds;
  return { bits: random.pick(kinds)(random), bytes: 4 };
}
