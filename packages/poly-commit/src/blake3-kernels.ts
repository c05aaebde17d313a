/**
 * BLAKE3 on four messages at once: word k of all four in one vector.
 *
 * The specification is the paper "BLAKE3: one function, fast everywhere", sections 2.1 to 2.6.
 *
 * @module
 */
import {
  type FunctionBuilder,
  i32,
  i32x4,
  i8x16,
  type Local,
  type ModuleBuilder,
  type Operand,
  v128,
} from '@commute/wasm';

type Vector = Local<'v128'>;

const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;
const ROUNDS = 7;
const EVEN_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27] as const;
const ODD_WORDS = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31] as const;

const SWAP_HALVES = [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13] as const;

/** Flags of the compression function. */
export const FLAGS = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8 } as const;

/** Words of one step of a leaf's schedule. */
export const STEP_WORDS = 6;

/** Bytes of scratch that one call of `leaves` needs: the stack of chaining values. */
export const STACK_BYTES: number = 64 * 128;

/** Right rotation of every word. In V8 swapping halves beats shifts, and shifts beat a shuffle of bytes. */
function rotate(f: FunctionBuilder, value: Vector, bits: number): Vector {
  if (bits === 16) return f.let(i8x16.shuffle(value, value, SWAP_HALVES));
  return f.let(v128.or(i32x4.shr_u(value, bits), i32x4.shl(value, 32 - bits)));
}

/** The compression function; gives the first eight words, the next chaining value. */
function compress(
  f: FunctionBuilder,
  chain: readonly Vector[],
  message: readonly Vector[],
  counter: Operand<'i32'>,
  length: Operand<'i32'>,
  flags: Operand<'i32'>,
): Vector[] {
  const state: Vector[] = [
    ...chain,
    ...INITIAL.slice(0, 4).map((word) => f.let(i32x4.splat(word))),
    f.let(i32x4.splat(counter)),
    f.let(i32x4.splat(0)),
    f.let(i32x4.splat(length)),
    f.let(i32x4.splat(flags)),
  ];
  /** Quarter rounds side by side, step by step: [a, b, c, d, first word, second word]. Two keep most of the state in registers. */
  const mix = (quarters: readonly (readonly [number, number, number, number, Vector, Vector])[]): void => {
    for (const [word, first, second] of [
      [4, 16, 12],
      [5, 8, 7],
    ] as const) {
      for (const q of quarters) state[q[0]] = f.let(i32x4.add(i32x4.add(state[q[0]]!, q[word]), state[q[1]]!));
      for (const [a, , , d] of quarters) state[d] = rotate(f, f.let(v128.xor(state[d]!, state[a]!)), first);
      for (const [, , c, d] of quarters) state[c] = f.let(i32x4.add(state[c]!, state[d]!));
      for (const [, b, c] of quarters) state[b] = rotate(f, f.let(v128.xor(state[b]!, state[c]!)), second);
    }
  };
  let words = [...message];
  for (let round = 0; round < ROUNDS; round++) {
    const columns = [0, 1, 2, 3].map((k) => [k, 4 + k, 8 + k, 12 + k, words[2 * k]!, words[2 * k + 1]!] as const);
    const diagonals = [0, 1, 2, 3].map(
      (k) =>
        [k, 4 + ((k + 1) % 4), 8 + ((k + 2) % 4), 12 + ((k + 3) % 4), words[8 + 2 * k]!, words[9 + 2 * k]!] as const,
    );
    mix(columns.slice(0, 2));
    mix(columns.slice(2));
    mix(diagonals.slice(0, 2));
    mix(diagonals.slice(2));
    words = PERMUTATION.map((index) => words[index]!);
  }
  return chain.map((_, k) => f.let(v128.xor(state[k]!, state[k + 8]!)));
}

/** Eight locals with the initial chaining value. */
function initialChain(f: FunctionBuilder): Vector[] {
  return INITIAL.map((word) => f.let(i32x4.splat(word)));
}

/** Adds `pairs`, `leaves` and `grind`. */
export function blake3Kernels(module: ModuleBuilder): void {
  pairsKernel(module);
  leavesKernel(module);
  grindKernel(module);
}

/**
 * `pairs` (out, out stride, left, left stride, right, right stride, count): the digests of left ‖ right, four at a time.
 *
 * Digests are word-major: word k of node j at k·stride + 4·j bytes.
 */
function pairsKernel(module: ModuleBuilder): void {
  module.function(
    'pairs',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, left, leftStride, right, rightStride, count) => {
      const loadWords = (start: Local<'i32'>, stride: Local<'i32'>): Vector[] => {
        const pointer = f.let(i32.add(start, 0));
        return Array.from({ length: 8 }, (_, k) => {
          if (k > 0) f.set(pointer, i32.add(pointer, stride));
          return f.let(v128.load(pointer));
        });
      };
      f.repeat(() => {
        const message = [...loadWords(left, leftStride), ...loadWords(right, rightStride)];
        const flags = FLAGS.chunkStart | FLAGS.chunkEnd | FLAGS.root;
        const digest = compress(f, initialChain(f), message, 0, 64, flags);
        const pointer = f.let(i32.add(out, 0));
        digest.forEach((word, k) => {
          if (k > 0) f.set(pointer, i32.add(pointer, outStride));
          f.do(v128.store(pointer, word));
        });
        for (const each of [out, left, right]) f.set(each, i32.add(each, 16));
        f.set(count, i32.sub(count, 4));
        return i32.gt_s(count, 0);
      });
    },
    { export: true },
  );
}

/**
 * `leaves` (out, out stride, columns, schedule, steps, offset, count, stack): the digests of rows of 64-bit words.
 *
 * `columns` are addresses; `offset` is that of the first row within each column, in bytes. A step is six words: first column,
 * columns in the block, bytes in the block, flags, chunk counter, and whether the chaining value starts anew (1), goes on (0),
 * or a parent is made of the two values on top of the stack (2); a finished chunk is pushed.
 */
function leavesKernel(module: ModuleBuilder): void {
  module.function(
    'leaves',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, columns, schedule, steps, offset, count, stack) => {
      const chain = Array.from({ length: 8 }, () => f.local('v128'));
      const message = Array.from({ length: 16 }, () => f.local('v128'));
      const [step, left, top, column, address] = Array.from({ length: 5 }, () => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const zero = f.local('v128');
      const assign = (values: readonly Operand<'v128'>[]): void => {
        values.forEach((value, k) => {
          f.set(chain[k]!, value);
        });
      };
      f.repeat(() => {
        f.set(step, schedule);
        f.set(left, steps);
        f.set(top, stack);
        f.repeat(() => {
          const kind = f.let(i32.load(step, 20));
          const inBlock = f.let(i32.load(step, 4));
          f.if(
            i32.eq(kind, 2),
            () => {
              f.set(top, i32.sub(top, 256));
              message.forEach((word, k) => {
                f.set(word, v128.load(top, 16 * k));
              });
              assign(INITIAL.map((word) => i32x4.splat(word)));
            },
            () => {
              f.if(kind, () => {
                assign(INITIAL.map((word) => i32x4.splat(word)));
              });
              f.set(column, i32.add(columns, i32.shl(i32.load(step), 2)));
              for (let k = 0; k < 8; k++) {
                f.set(message[2 * k]!, zero);
                f.set(message[2 * k + 1]!, zero);
                f.if(i32.gt_u(inBlock, k), () => {
                  f.set(address, i32.add(i32.load(column, 4 * k), offset));
                  const low = f.let(v128.load(address));
                  const high = f.let(v128.load(address, 16));
                  f.set(message[2 * k]!, i8x16.shuffle(low, high, EVEN_WORDS));
                  f.set(message[2 * k + 1]!, i8x16.shuffle(low, high, ODD_WORDS));
                });
              }
            },
          );
          const flags = f.let(i32.load(step, 12));
          assign(compress(f, chain, message, i32.load(step, 16), i32.load(step, 8), flags));
          f.if(i32.and(flags, FLAGS.chunkEnd | FLAGS.parent), () => {
            chain.forEach((word, k) => {
              f.do(v128.store(top, word, 16 * k));
            });
            f.set(top, i32.add(top, 128));
          });
          f.set(step, i32.add(step, 4 * STEP_WORDS));
          f.set(left, i32.sub(left, 1));
          return left;
        });
        f.set(address, out);
        chain.forEach((word, k) => {
          if (k > 0) f.set(address, i32.add(address, outStride));
          f.do(v128.store(address, word));
        });
        f.set(out, i32.add(out, 16));
        f.set(offset, i32.add(offset, 32));
        f.set(count, i32.sub(count, 4));
        return i32.gt_s(count, 0);
      });
    },
    { export: true },
  );
}

/**
 * `grind` (out, seed, start, count, shift): the least nonce in [start, start + count) for which the second word of the digest of
 * seed ‖ nonce, shifted right by `shift`, is zero; -1 at `out` if there is none. The seed has 32 bytes, the nonce 8; count a
 * multiple of four.
 */
function grindKernel(module: ModuleBuilder): void {
  module.function(
    'grind',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, seed, start, count, shift) => {
      const zero = f.let(i32x4.splat(0));
      const seedWords = Array.from({ length: 8 }, (_, k) => f.let(v128.load32_splat(seed, 4 * k)));
      const nonces = f.let(i32x4.add(i32x4.splat(start), i32x4.const(0, 1, 2, 3)));
      f.do(i32.store(out, -1));
      f.block((done) => {
        f.repeat(() => {
          const message = [...seedWords, nonces, ...Array.from({ length: 7 }, () => zero)];
          const flags = FLAGS.chunkStart | FLAGS.chunkEnd | FLAGS.root;
          const digest = compress(f, initialChain(f), message, 0, 40, flags);
          const hits = f.let(i32x4.bitmask(i32x4.eq(i32x4.shr_u(digest[1]!, shift), zero)));
          f.if(hits, () => {
            f.do(i32.store(out, i32.add(start, i32.ctz(hits))));
            f.branch(done);
          });
          f.set(nonces, i32x4.add(nonces, i32x4.splat(4)));
          f.set(start, i32.add(start, 4));
          f.set(count, i32.sub(count, 4));
          return count;
        });
      });
    },
    { export: true },
  );
}
