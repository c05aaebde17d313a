/**
 * BLAKE3 on four messages at once: word k of all four in one vector.
 *
 * The specification is the paper "BLAKE3: one function, fast everywhere", sections 2.1 to 2.6.
 *
 * @module
 */
import {
  call,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  i32x4,
  i8x16,
  type Local,
  memory,
  type ModuleBuilder,
  type Operand,
  v128,
} from '@commute/wasm';

type Vector = Local<'v128'>;

/** The initial chaining value. */
export const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;
export const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;
export const ROUNDS = 7;
/** Bytes of the 32-bit words at even places, and at odd ones, of two vectors. */
export const EVEN_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27] as const;
export const ODD_WORDS = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31] as const;

const SWAP_HALVES = [2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13] as const;

/** Flags of the compression function. */
export const FLAGS = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8 } as const;

/** Words of one step of a leaf's schedule. */
export const STEP_WORDS = 5;

/** Columns of one block. */
export const BLOCK_COLUMNS = 8;

/** The stack of chaining values. */
const STACK_BYTES = 64 * 128;

/**
 * Rows that are taken out of their columns at once. Columns of a power of two of rows all begin at one place of a cache, which so keeps only a few of
 * them: what is read of each is to be whole lines, and once.
 */
const TILE_ROWS = 8;

/** Nodes from which on the words of a layer are kept off each other's place in a cache, by so many bytes between them. */
const FEWEST_PADDED = 256;
const PADDING = 64;

/** Bytes from word to word of the nodes of a layer; at least four nodes, so that whole vectors fit. */
export function layerStride(nodes: number): number {
  return 4 * Math.max(4, nodes) + (nodes < FEWEST_PADDED ? 0 : PADDING);
}

/** Bytes of one column of four rows: their low words, their high words. */
const QUAD_BYTES = 32;

const paddedColumns = (columns: number): number => Math.max(1, Math.ceil(columns / BLOCK_COLUMNS)) * BLOCK_COLUMNS;

/** Bytes of scratch that one call of `leaves` needs, at a multiple of 16. */
export function scratchBytes(columns: number): number {
  return STACK_BYTES + (TILE_ROWS / 4) * QUAD_BYTES * paddedColumns(columns);
}

/** Right rotation of every word. In V8 swapping halves beats shifts, and shifts beat a shuffle of bytes. */
export function rotate(f: FunctionBuilder, value: Vector, bits: number): Vector {
  if (bits === 16) return f.let(i8x16.shuffle(value, value, SWAP_HALVES));
  return f.let(v128.or(i32x4.shr_u(value, bits), i32x4.shl(value, 32 - bits)));
}

/** The compression function; gives the first eight words, the next chaining value. */
export function compress(
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

/** Adds `pairs`, `tower`, `leaves` and `grind`. */
export function blake3Kernels(module: ModuleBuilder): void {
  towerKernel(module, pairsKernel(module));
  leavesKernel(module);
  grindKernel(module);
}

type PairOperands = readonly ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'];

/**
 * `pairs` (out, out stride, left, left stride, right, right stride, count): the digests of left ‖ right, four at a time.
 *
 * Digests are word-major: word k of node j at k·stride + 4·j bytes.
 */
function pairsKernel(module: ModuleBuilder): FunctionReference<PairOperands, readonly []> {
  return module.function(
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

/** `tower` (layers, size): all layers over one of `size` > 1 nodes, which they follow; each as {@link layerStride} says. */
function towerKernel(module: ModuleBuilder, pairs: ReturnType<typeof pairsKernel>): void {
  module.function(
    'tower',
    ['i32', 'i32'],
    [],
    (f, below, size) => {
      const stride = (nodes: Local<'i32'>): Local<'i32'> => {
        const bytes = f.let(i32.shl(nodes, 2));
        f.if(i32.lt_u(nodes, 4), () => {
          f.set(bytes, 16);
        });
        f.if(i32.ge_u(nodes, FEWEST_PADDED), () => {
          f.set(bytes, i32.add(bytes, PADDING));
        });
        return bytes;
      };
      f.repeat(() => {
        const half = f.let(i32.shr_u(size, 1));
        const belowStride = stride(size);
        const out = f.let(i32.add(below, i32.shl(belowStride, 3)));
        const right = f.let(i32.add(below, i32.shl(half, 2)));
        f.do(call(pairs, out, stride(half), below, belowStride, right, belowStride, half));
        f.set(below, out);
        f.set(size, half);
        return i32.gt_u(size, 1);
      });
    },
    { export: true },
  );
}

/**
 * `leaves` (out, out stride, columns, number of columns, schedule, steps, offset, count, scratch): the digests of rows of 64-bit words.
 *
 * `columns` are addresses; `offset` is that of the first row within each column, in bytes. A step is five words: first column,
 * bytes in the block, flags, chunk counter, and whether the chaining value starts anew (1), goes on (0), or a parent is made of the
 * two values on top of the stack (2); a finished chunk is pushed.
 */
function leavesKernel(module: ModuleBuilder): void {
  module.function(
    'leaves',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, columns, columnCount, schedule, steps, offset, count, stack) => {
      const chain = Array.from({ length: 8 }, () => f.local('v128'));
      const message = Array.from({ length: 16 }, () => f.local('v128'));
      const [step, left, top, column, address] = Array.from({ length: 5 }, () => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const assign = (values: readonly Operand<'v128'>[]): void => {
        values.forEach((value, k) => {
          f.set(chain[k]!, value);
        });
      };
      const tile = f.let(i32.add(stack, STACK_BYTES));
      const [from, to, quad, inTile] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')];
      const columnsEnd = f.let(i32.add(columns, i32.shl(columnCount, 2)));
      // Whole blocks, at least one.
      const padded = i32.and(i32.add(columnCount, BLOCK_COLUMNS - 1), -BLOCK_COLUMNS);
      const quadBytes = f.let(i32.mul(i32.add(padded, i32.shl(i32.eqz(columnCount), 3)), QUAD_BYTES));
      /** Takes the next rows out of their columns. */
      const fillTile = (rows: number): void => {
        f.set(from, columns);
        f.set(to, tile);
        f.while(
          () => i32.ne(from, columnsEnd),
          () => {
            f.set(address, i32.add(i32.load(from), offset));
            f.set(column, to);
            for (let row = 0; row < rows; row += 4) {
              const low = f.let(v128.load(address, 8 * row));
              const high = f.let(v128.load(address, 8 * row + 16));
              f.do(v128.store(column, i8x16.shuffle(low, high, EVEN_WORDS)));
              f.do(v128.store(column, i8x16.shuffle(low, high, ODD_WORDS), 16));
              f.set(column, i32.add(column, quadBytes));
            }
            f.set(from, i32.add(from, 4));
            f.set(to, i32.add(to, QUAD_BYTES));
          },
        );
        f.set(inTile, rows);
      };
      f.do(memory.fill(tile, 0, i32.mul(quadBytes, TILE_ROWS / 4)));
      f.repeat(() => {
        f.if(i32.eqz(inTile), () => {
          f.if(
            i32.ge_u(count, TILE_ROWS),
            () => {
              fillTile(TILE_ROWS);
            },
            () => {
              fillTile(4);
            },
          );
          f.set(quad, tile);
        });
        f.set(step, schedule);
        f.set(left, steps);
        f.set(top, stack);
        f.repeat(() => {
          const kind = f.let(i32.load(step, 16));
          f.if(
            i32.eq(kind, 2),
            () => {
              f.set(top, i32.sub(top, 256));
              f.set(address, top);
            },
            () => {
              f.set(address, i32.add(quad, i32.mul(i32.load(step), QUAD_BYTES)));
            },
          );
          f.if(kind, () => {
            assign(INITIAL.map((word) => i32x4.splat(word)));
          });
          message.forEach((word, k) => {
            f.set(word, v128.load(address, 16 * k));
          });
          const flags = f.let(i32.load(step, 8));
          assign(compress(f, chain, message, i32.load(step, 12), i32.load(step, 4), flags));
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
        f.set(quad, i32.add(quad, quadBytes));
        f.set(inTile, i32.sub(inTile, 4));
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
