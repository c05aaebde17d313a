/**
 * BLAKE3 of messages that lie row by row in memory, four at a time: small code, which is quick when it runs for the first time.
 *
 * The kernels of an engine unroll the seven rounds and read columns; a verifier hashes some thousand rows once.
 *
 * @module
 */
import {
  type FunctionBuilder,
  i32,
  i32x4,
  i8x16,
  type Local,
  memory,
  type ModuleBuilder,
  type Operand,
  v128,
} from '@commute/wasm';
import { INITIAL, PERMUTATION, rotate, ROUNDS } from '../blake3-kernels.ts';
import { BLOCK_BYTES, MESSAGE, SCHEDULE, TAILS } from './memory-layout.ts';

type Vector = Local<'v128'>;
type Four = readonly [Vector, Vector, Vector, Vector];

const LOW_WORDS = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23] as const;
const HIGH_WORDS = [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31] as const;
const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23] as const;
const HIGH_HALVES = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31] as const;

/** Word k of four vectors in vector k. */
function transpose(f: FunctionBuilder, [a, b, c, d]: Four): Four {
  const low = [f.let(i8x16.shuffle(a, b, LOW_WORDS)), f.let(i8x16.shuffle(c, d, LOW_WORDS))] as const;
  const high = [f.let(i8x16.shuffle(a, b, HIGH_WORDS)), f.let(i8x16.shuffle(c, d, HIGH_WORDS))] as const;
  return [
    f.let(i8x16.shuffle(...low, LOW_HALVES)),
    f.let(i8x16.shuffle(...low, HIGH_HALVES)),
    f.let(i8x16.shuffle(...high, LOW_HALVES)),
    f.let(i8x16.shuffle(...high, HIGH_HALVES)),
  ];
}

/** Addresses of the words that each round mixes in, as the kernel loads them. */
function scheduleBytes(): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(ROUNDS * 16 * 4));
  let words: readonly number[] = Array.from({ length: 16 }, (_, k) => k);
  for (let round = 0; round < ROUNDS; round++) {
    words.forEach((word, k) => {
      bytes.setUint32(4 * (16 * round + k), MESSAGE + 16 * word, true);
    });
    words = PERMUTATION.map((index) => words[index]!);
  }
  return new Uint8Array(bytes.buffer);
}

/** Columns, then diagonals, of the state. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/** Seven rounds over the sixteen vectors of `state`, with the message at its place. */
function permute(f: FunctionBuilder, state: readonly Vector[]): void {
  const step = f.local('i32');
  f.set(step, SCHEDULE);
  f.repeat(() => {
    QUARTERS.forEach((quarter, number) => {
      const [a, b, c, d] = quarter.map((place) => state[place]!) as unknown as Four;
      [
        [16, 12],
        [8, 7],
      ].forEach(([first, second], half) => {
        const word = v128.load(i32.load(step, 4 * (2 * number + half)));
        f.set(a, i32x4.add(i32x4.add(a, b), word));
        f.set(d, rotate(f, f.let(v128.xor(d, a)), first!));
        f.set(c, i32x4.add(c, d));
        f.set(b, rotate(f, f.let(v128.xor(b, c)), second!));
      });
    });
    f.set(step, i32.add(step, 64));
    return i32.lt_u(step, TAILS);
  });
}

/**
 * Adds `chunks` (out, out stride, in, in stride, length, first flags, last flags, counter, counter step, wide, count): what the compression function makes of
 * `count` messages of up to a chunk's bytes, from its initial chaining value.
 *
 * Strides and length are in bytes. Message i has the chunk counter `counter` + i·`counter step`, its first block the first flags, its last one the last flags.
 * Of each come 32 bytes, or 64 if `wide`, as of BLAKE3's output stream. `out` may be `in` where they have one stride.
 */
export function hashKernel(module: ModuleBuilder): void {
  module.data(SCHEDULE, scheduleBytes());
  const i = 'i32';
  module.function(
    'chunks',
    [i, i, i, i, i, i, i, i, i, i, i],
    [],
    (f, out, outStride, from, stride, length, firstFlags, lastFlags, counter, counterStep, wide, count) => {
      const state = Array.from({ length: 16 }, () => f.local('v128'));
      const chain = Array.from({ length: 8 }, () => f.local('v128'));
      const lanes = Array.from({ length: 4 }, () => f.local('i32'));
      const [left, bytes, flags, target, quarter, limit] = Array.from({ length: 6 }, () => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const counters = f.let(
        i32x4.add(i32x4.splat(counter), i32x4.mul(i32x4.splat(counterStep), i32x4.const(0, 1, 2, 3))),
      );
      const eachLane = (body: (lane: Local<'i32'>, k: number) => void): void => {
        lanes.forEach(body);
      };
      /** Stores words k to k + 3 of the digests of all lanes that there are. */
      const storeWords = (words: Four, offset: number): void => {
        f.set(target, out);
        transpose(f, words).forEach((digest, k) => {
          const store = (): void => {
            f.do(v128.store(target, digest, offset));
            f.set(target, i32.add(target, outStride));
          };
          if (k === 0) store();
          else f.if(i32.gt_u(count, k), store);
        });
      };
      f.while(
        () => count,
        () => {
          // Missing messages are those before them once more.
          f.set(lanes[0]!, from);
          for (let k = 1; k < 4; k++) {
            f.set(lanes[k]!, lanes[k - 1]!);
            f.if(i32.gt_u(count, k), () => {
              f.set(lanes[k]!, i32.add(lanes[k]!, stride));
            });
          }
          INITIAL.forEach((word, k) => {
            f.set(chain[k]!, i32x4.splat(word));
          });
          f.set(left, length);
          f.set(flags, firstFlags);
          f.repeat(() => {
            f.set(bytes, left);
            f.if(
              i32.gt_u(left, BLOCK_BYTES),
              () => {
                f.set(bytes, BLOCK_BYTES);
              },
              () => {
                f.set(flags, i32.or(flags, lastFlags));
                f.if(i32.lt_u(left, BLOCK_BYTES), () => {
                  f.do(memory.fill(TAILS, 0, 4 * BLOCK_BYTES));
                  eachLane((lane, k) => {
                    f.do(memory.copy(TAILS + BLOCK_BYTES * k, lane, left));
                    f.set(lane, TAILS + BLOCK_BYTES * k);
                  });
                });
              },
            );
            f.set(target, MESSAGE);
            f.set(quarter, 0);
            f.repeat(() => {
              const rows = lanes.map((lane) => f.let(v128.load(i32.add(lane, quarter)))) as unknown as Four;
              transpose(f, rows).forEach((word, k) => {
                f.do(v128.store(target, word, 16 * k));
              });
              f.set(target, i32.add(target, 64));
              f.set(quarter, i32.add(quarter, 16));
              return i32.lt_u(quarter, BLOCK_BYTES);
            });
            chain.forEach((word, k) => {
              f.set(state[k]!, word);
            });
            const others: readonly Operand<'v128'>[] = [
              ...INITIAL.slice(0, 4).map((word) => i32x4.splat(word)),
              counters,
              i32x4.splat(0),
              i32x4.splat(bytes),
              i32x4.splat(flags),
            ];
            others.forEach((word, k) => {
              f.set(state[8 + k]!, word);
            });
            permute(f, state);
            // The other half of a wide result is of the chaining value before.
            f.if(
              wide,
              () => {
                for (let k = 0; k < 8; k++) f.set(state[8 + k]!, v128.xor(state[8 + k]!, chain[k]!));
                for (let k = 0; k < 8; k++) f.set(chain[k]!, v128.xor(v128.xor(state[k]!, state[8 + k]!), chain[k]!));
              },
              () => {
                for (let k = 0; k < 8; k++) f.set(chain[k]!, v128.xor(state[k]!, state[8 + k]!));
              },
            );
            f.set(flags, 0);
            eachLane((lane) => {
              f.set(lane, i32.add(lane, BLOCK_BYTES));
            });
            f.set(left, i32.sub(left, bytes));
            return left;
          });
          storeWords(chain.slice(0, 4) as unknown as Four, 0);
          storeWords(chain.slice(4) as unknown as Four, 16);
          f.if(wide, () => {
            storeWords(state.slice(8, 12) as unknown as Four, 32);
            storeWords(state.slice(12) as unknown as Four, 48);
          });
          f.set(limit, i32.lt_u(count, 4));
          f.if(
            limit,
            () => {
              f.set(count, 0);
            },
            () => {
              f.set(count, i32.sub(count, 4));
            },
          );
          f.set(out, i32.add(out, i32.shl(outStride, 2)));
          f.set(from, i32.add(from, i32.shl(stride, 2)));
          f.set(counters, i32x4.add(counters, i32x4.splat(i32.shl(counterStep, 2))));
        },
      );
    },
    { export: true },
  );
}
