import { type FunctionBuilder, i32, i64x2, i8x16, type Local, type ModuleBuilder, v128 } from '@commute/wasm';
import type { PairLayout } from './pair-kernel.ts';

type Vector = Local<'v128'>;

const ROUNDS = 24;
const LANES = 25;
/** Lanes that take in message: 136 bytes. */
const RATE_LANES = 17;
/** Lanes of two nodes, of one node. */
const PAIR_LANES = 8;
const NODE_LANES = 4;

const FIRST_LANES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23] as const;
const SECOND_LANES = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31] as const;

/** The 24 constants of iota: bit 2^j - 1 is bit 7·round + j of the shift register of x^8 + x^6 + x^5 + x^4 + 1. */
function roundConstants(): BigUint64Array<ArrayBuffer> {
  let register = 1;
  return BigUint64Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** j - 1);
      register <<= 1;
      if (register >= 256) register ^= 0x171;
    }
    return constant;
  });
}

/** The rotation of each lane by rho, lanes numbered x + 5·y. */
function rotations(): number[] {
  const result = Array.from({ length: LANES }, () => 0);
  for (let t = 0, x = 1, y = 0; t < 24; t++) {
    result[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return result;
}

function rotate(f: FunctionBuilder, value: Vector, bits: number): Vector {
  if (bits === 0) return value;
  return f.let(v128.or(i64x2.shl(value, bits), i64x2.shr_u(value, 64 - bits)));
}

/** One round of Keccak-f[1600] on two states, in place. The steps have their names from FIPS 202, section 3.2. */
function round(f: FunctionBuilder, state: readonly Vector[], constant: Local<'i32'>): void {
  const lane = (x: number, y: number): Vector => state[(x % 5) + 5 * (y % 5)]!;
  const rho = rotations();
  // theta
  const parity = [0, 1, 2, 3, 4].map((x) =>
    f.let(v128.xor(v128.xor(v128.xor(v128.xor(lane(x, 0), lane(x, 1)), lane(x, 2)), lane(x, 3)), lane(x, 4))),
  );
  const effect = [0, 1, 2, 3, 4].map((x) => f.let(v128.xor(parity[(x + 4) % 5]!, rotate(f, parity[(x + 1) % 5]!, 1))));
  // rho and pi
  const moved: Vector[] = [];
  for (let x = 0; x < 5; x++) {
    for (let y = 0; y < 5; y++) {
      const mixed = f.let(v128.xor(lane(x, y), effect[x]!));
      moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(f, mixed, rho[x + 5 * y]!);
    }
  }
  // chi, and iota on the first lane
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 5; x++) {
      const at = (k: number): Vector => moved[((x + k) % 5) + 5 * y]!;
      const value = v128.xor(at(0), v128.andnot(at(2), at(1)));
      f.set(state[x + 5 * y]!, x + y === 0 ? v128.xor(value, v128.load64_splat(constant)) : value);
    }
  }
}

/**
 * Adds `pairs` (in, out, count): Keccak-256, with the padding of 2011 that Ethereum uses, of messages of 64 bytes, two at a
 * time; `count` even and not 0.
 */
export function keccak256Kernel(module: ModuleBuilder, layout: PairLayout): void {
  const constants = roundConstants();
  module.data(layout.tables, new Uint8Array(constants.buffer));
  module.function(
    'pairs',
    ['i32', 'i32', 'i32'],
    [],
    (f, input, output, count) => {
      const state = Array.from({ length: LANES }, () => f.local('v128'));
      const constant = f.local('i32');
      f.repeat(() => {
        for (let k = 0; k < PAIR_LANES; k += 2) {
          const first = f.let(v128.load(input, 8 * k));
          const second = f.let(v128.load(input, 8 * k + 64));
          f.set(state[k]!, i8x16.shuffle(first, second, FIRST_LANES));
          f.set(state[k + 1]!, i8x16.shuffle(first, second, SECOND_LANES));
        }
        for (let k = PAIR_LANES; k < LANES; k++) {
          const padding = (k === PAIR_LANES ? 1n : 0n) | (k === RATE_LANES - 1 ? 1n << 63n : 0n);
          f.set(state[k]!, i64x2.splat(padding));
        }
        f.set(constant, layout.tables);
        f.repeat(() => {
          round(f, state, constant);
          f.set(constant, i32.add(constant, 8));
          return i32.lt_u(constant, layout.tables + 8 * ROUNDS);
        });
        for (let k = 0; k < NODE_LANES; k += 2) {
          f.do(v128.store(output, i8x16.shuffle(state[k]!, state[k + 1]!, FIRST_LANES), 8 * k));
          f.do(v128.store(output, i8x16.shuffle(state[k]!, state[k + 1]!, SECOND_LANES), 8 * k + 32));
        }
        f.set(input, i32.add(input, 128));
        f.set(output, i32.add(output, 64));
        f.set(count, i32.sub(count, 2));
        return count;
      });
    },
    { export: true },
  );
}
