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
import type { PairLayout } from './pair-kernel.ts';

type Vector = Local<'v128'>;

const ROUNDS = 64;
const WORDS = 16;
/** Length of the message in bits, which ends the padding. */
const MESSAGE_BITS = 512;

const SWAP_BYTES = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12] as const;

/** The first 64 primes. */
function primes(): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < ROUNDS; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits behind the point of the `degree`-th root of `n`. */
function fraction(n: number, degree: number): number {
  // The floor of the root of n·2^(32·degree), by bisection: exact, unlike Math.cbrt.
  const target = BigInt(n) << BigInt(32 * degree);
  let low = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((low + bit) ** BigInt(degree) <= target) low += bit;
  return Number(low & 0xffff_ffffn);
}

const rotateRight = (value: number, bits: number): number => (value >>> bits) | (value << (32 - bits));

/** The 64 words of the schedule that follow from 16, as in FIPS 180-4, section 6.2.2, step 1. */
function schedule(message: readonly number[]): number[] {
  const words = [...message];
  for (let t = WORDS; t < ROUNDS; t++) {
    const [a, b] = [words[t - 15]!, words[t - 2]!];
    const low = rotateRight(a, 7) ^ rotateRight(a, 18) ^ (a >>> 3);
    const high = rotateRight(b, 17) ^ rotateRight(b, 19) ^ (b >>> 10);
    words.push((words[t - 16]! + low + words[t - 7]! + high) | 0);
  }
  return words;
}

/** The xor of right rotations, the last of them a shift where that is asked for. */
function sigma(
  f: FunctionBuilder,
  value: Vector,
  first: number,
  second: number,
  third: number,
  shift: boolean,
): Vector {
  const turned = (bits: number): Vector => f.let(v128.or(i32x4.shr_u(value, bits), i32x4.shl(value, 32 - bits)));
  const last = shift ? f.let(i32x4.shr_u(value, third)) : turned(third);
  return f.let(v128.xor(v128.xor(turned(first), turned(second)), last));
}

/** 16 rounds. `added(t)` is the word of the schedule with the constant of its round. */
function rounds(f: FunctionBuilder, working: readonly Vector[], added: (t: number) => Vector): void {
  let [a, b, c, d, e, g, h, i] = working as [Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector];
  for (let t = 0; t < WORDS; t++) {
    const choice = f.let(v128.bitselect(g, h, e));
    const one = f.let(i32x4.add(i32x4.add(i32x4.add(i, added(t)), choice), sigma(f, e, 6, 11, 25, false)));
    const majority = f.let(v128.bitselect(c, b, f.let(v128.xor(b, a))));
    const two = f.let(i32x4.add(majority, sigma(f, a, 2, 13, 22, false)));
    [a, b, c, d, e, g, h, i] = [f.let(i32x4.add(one, two)), a, b, c, f.let(i32x4.add(d, one)), e, g, h];
  }
  for (const [k, value] of [a, b, c, d, e, g, h, i].entries()) f.set(working[k]!, value);
}

/** Adds `pairs` (in, out, count): SHA-256 of messages of 64 bytes, four at a time; `count` a multiple of 4 and not 0. */
export function sha256Kernel(module: ModuleBuilder, layout: PairLayout): void {
  const constants = primes().map((prime) => fraction(prime, 3));
  const initial = primes()
    .slice(0, 8)
    .map((prime) => fraction(prime, 2));
  const padding = schedule([0x8000_0000, ...Array.from({ length: WORDS - 2 }, () => 0), MESSAGE_BITS]);
  const padded = padding.map((word, t) => word + constants[t]!);
  const second = layout.tables + 4 * ROUNDS;
  module.data(layout.tables, new Uint8Array(Int32Array.from([...constants, ...padded]).buffer));

  module.function(
    'pairs',
    ['i32', 'i32', 'i32'],
    [],
    (f, input, output, count) => {
      const words = Array.from({ length: WORDS }, () => f.local('v128'));
      const working = Array.from({ length: 8 }, () => f.local('v128'));
      const chain = Array.from({ length: 8 }, () => f.local('v128'));
      const table = f.local('i32');
      const assign = (to: readonly Vector[], from: (k: number) => Operand<'v128'>): void => {
        for (const [k, local] of to.entries()) f.set(local, from(k));
      };
      const constant = (t: number): ReturnType<typeof v128.load32_splat> => v128.load32_splat(table, 4 * t);
      const withConstant = (t: number): Vector => f.let(i32x4.add(words[t]!, constant(t)));
      const until = (end: number, body: () => void): void => {
        f.repeat(() => {
          body();
          f.set(table, i32.add(table, 4 * WORDS));
          return i32.lt_u(table, end);
        });
      };
      f.repeat(() => {
        for (let k = 0; k < WORDS; k += 4) {
          const rows = [0, 1, 2, 3].map((message) => {
            const row = f.let(v128.load(input, 64 * message + 4 * k));
            return f.let(i8x16.shuffle(row, row, SWAP_BYTES));
          });
          transpose(f, rows).forEach((word, j) => {
            f.set(words[k + j]!, word);
          });
        }
        assign(chain, (k) => i32x4.splat(initial[k]! | 0));
        assign(working, (k) => chain[k]!);
        f.set(table, layout.tables + 4 * WORDS);
        const first = f.let(i32.const(layout.tables));
        rounds(f, working, (t) => f.let(i32x4.add(words[t]!, v128.load32_splat(first, 4 * t))));
        until(second, () => {
          for (let t = 0; t < WORDS; t++) {
            const low = sigma(f, words[(t + 1) % WORDS]!, 7, 18, 3, true);
            const high = sigma(f, words[(t + 14) % WORDS]!, 17, 19, 10, true);
            f.set(words[t]!, i32x4.add(i32x4.add(words[t]!, low), i32x4.add(words[(t + 9) % WORDS]!, high)));
          }
          rounds(f, working, withConstant);
        });
        assign(chain, (k) => i32x4.add(chain[k]!, working[k]!));
        assign(working, (k) => chain[k]!);
        f.set(table, second);
        until(second + 4 * ROUNDS, () => {
          rounds(f, working, (t) => f.let(constant(t)));
        });
        assign(chain, (k) => i32x4.add(chain[k]!, working[k]!));
        for (let k = 0; k < 8; k += 4) {
          for (const [message, row] of transpose(f, chain.slice(k, k + 4)).entries()) {
            f.do(v128.store(output, i8x16.shuffle(row, row, SWAP_BYTES), 32 * message + 4 * k));
          }
        }
        f.set(input, i32.add(input, 256));
        f.set(output, i32.add(output, 128));
        f.set(count, i32.sub(count, 4));
        return count;
      });
    },
    { export: true },
  );
}

/** Rows and columns of four by four words exchanged. */
function transpose(f: FunctionBuilder, rows: readonly Vector[]): Vector[] {
  const lanes = (a: Vector, b: Vector, words: readonly number[]): Vector =>
    f.let(
      i8x16.shuffle(
        a,
        b,
        words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)),
      ),
    );
  const [a, b, c, d] = rows as [Vector, Vector, Vector, Vector];
  const lowLeft = lanes(a, b, [0, 4, 1, 5]);
  const lowRight = lanes(c, d, [0, 4, 1, 5]);
  const highLeft = lanes(a, b, [2, 6, 3, 7]);
  const highRight = lanes(c, d, [2, 6, 3, 7]);
  return [
    lanes(lowLeft, lowRight, [0, 1, 4, 5]),
    lanes(lowLeft, lowRight, [2, 3, 6, 7]),
    lanes(highLeft, highRight, [0, 1, 4, 5]),
    lanes(highLeft, highRight, [2, 3, 6, 7]),
  ];
}
