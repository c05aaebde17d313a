/*
 * Programs that between them execute every instruction, most of them in several ways.
 */
import { type Digest, hashPair } from '@commute/stack-vm';
import { type StackProgramOptions, type StackRunInputs } from '../src/index.ts';

/** A program with what it is given. */
export interface Sample {
  readonly source: string;
  readonly inputs?: StackRunInputs;
  readonly options?: StackProgramOptions;
}

const P = 2n ** 64n - 2n ** 32n + 1n;
const digest = (first: number): Digest => [0, 1, 2, 3, 4].map((k) => BigInt(first + k));
const pushes = (elements: readonly bigint[]): string => elements.map((element) => `push ${String(element)}`).join(' ');

/** A leaf, its siblings, and the root that they lead to. */
const leaf = digest(100);
const siblings = [digest(200), digest(300), digest(400)];
const INDEX = 0b1101n;
const root = siblings.reduce<Digest>((node, sibling, level) => {
  const isRight = (INDEX >> BigInt(level)) & 1n;
  return isRight === 1n ? hashPair(sibling, node) : hashPair(node, sibling);
}, leaf);

export const samples: Readonly<Record<string, Sample>> = {
  'the stack': {
    source: `
      push 1 push 2 push 3 push 4 push 5 push 6 push 7 push 8 push 9 push -1
      dup 0 dup 15 dup 7 swap 1 swap 15 swap 0 pick 0 pick 1 pick 15 place 0 place 1 place 15 place 4 pick 9
      divine 1 divine 5 divine 2 pop 1 pop 2 pop 5 pop 3 pop 4 divine 3 divine 4 nop pop 5 pop 5 pop 3 halt`,
    inputs: { secretInput: Array.from({ length: 20 }, (_, k) => BigInt(7 * k)) },
  },
  'the jump stack': {
    source: `
      push 3 call loop pop 1
      push 0 skiz nop push 0 skiz addi 5 push 1 skiz nop push 7 skiz call once
      push 2 push 0 push 0 push 0 push 0 push 0 push 0 call until pop 5 pop 2 halt
      loop: addi -1 dup 0 skiz recurse return
      once: return
      until: swap 6 addi -1 swap 6 recurse_or_return`,
  },
  'input and output': {
    source: `
      read_io 1 read_io 2 read_io 3 read_io 4 read_io 5 write_io 1 write_io 2 write_io 3 write_io 4 write_io 5 halt`,
    inputs: { input: [...Array.from({ length: 15 }, (_, k) => BigInt(10 + k)), 99n] },
  },
  arithmetic: {
    source: `
      push 2 push 3 add addi -7 push 5 mul invert push 0 eq push 4 dup 0 eq assert
      push 1 push 2 push 3 push 4 push 5 push -6 xx_add push 9 push 8 push 7 xx_mul x_invert push 11 xb_mul
      push 1 push 2 push 3 push 4 push 5 push 1 push 2 push 3 push 4 push 5 assert_vector pop 5 pop 4 halt`,
  },
  'numbers of 32 bits': {
    source: `
      push -1 split push 4294967295 split push 0 split push 4294967298 split push ${String(P - 2n ** 32n)} split
      lt push 4 push 5 lt push 5 push 4 lt push 4 push 4 lt push 4294967295 push 0 lt pop 5
      push 4294967295 push 4042322160 and push 12 xor push 3735928559 pop_count log_2_floor
      push 1 log_2_floor push 4294967295 log_2_floor push 0 pop_count
      push 10 push 3 pow push 0 push 0 pow push 4294967295 push -2 pow push 1 push 0 pow pop 4
      push 7 push 100 div_mod push 4294967295 push 4294967295 div_mod push 9 push 2 div_mod push 1 push 4294967295 div_mod
      pop 5 pop 5 pop 5 halt`,
  },
  ram: {
    source: `
      push 1 push 2 push 3 push 4 push 5 push 1000 write_mem 5 read_mem 1 pop 2
      push 9 push -3 write_mem 1 push 7 push 8 push 6 push -2 write_mem 3 read_mem 5 pop 5 pop 1
      push 5 push 70000 write_mem 1 pop 1 push 69999 read_mem 2 pop 2 pop 1 push 40 read_mem 4 pop 5
      push 1 push 1000 write_mem 1 pop 1 push 1002 read_mem 3 pop 4
      push 255 push 254 write_mem 1 push 256 push 4611686018427387904 write_mem 2 pop 2 push -1 read_mem 1 pop 2 halt`,
    options: {
      ram: [
        [39n, 4n],
        [P - 1n, 6n],
        [2n ** 40n, 0n],
        [69_998n, 12n],
      ],
    },
  },
  'steps of Horner': {
    source: `
      push 11 push 12 push 13 push 14 push 15 push 1 push 2 push 503 push 0 push 0 push 3 push 5 push 7
      b_horner_step b_horner_step x_horner_step b_horner_step x_horner_step pop 5 pop 5 pop 3 halt`,
    options: { ram: [500n, 501n, 502n, 503n, 499n, 498n, 497n, 496n].map((address) => [address, address * 3n]) },
  },
  'the sponge': {
    source: `
      sponge_init sponge_squeeze sponge_absorb push 1000 sponge_absorb_mem sponge_squeeze pop 5 pop 5
      sponge_init push 250 sponge_absorb_mem pop 1 push 1 push 2 push 3 push 4 push 5 hash halt`,
    options: { ram: Array.from({ length: 30 }, (_, k) => [BigInt(240 + k), BigInt(k * k)]) },
  },
  'a tree of digests': {
    source: `
      push 0 push 600 ${pushes([0n, INDEX, ...leaf.toReversed()])} merkle_step merkle_step merkle_step
      ${pushes(root.toReversed())} assert_vector pop 5 pop 2 push 0 ${pushes([INDEX, ...leaf.toReversed()])}
      merkle_step_mem merkle_step_mem merkle_step_mem ${pushes(root.toReversed())} assert_vector pop 5 pop 4 halt`,
    inputs: { digests: siblings },
    options: { ram: siblings.flat().map((element, k) => [BigInt(600 + k), element]) },
  },
};
