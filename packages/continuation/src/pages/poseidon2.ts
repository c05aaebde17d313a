/**
 * Poseidon2 over Goldilocks, width 12: the permutation behind the tree of pages, on bigints, the slow and obvious way.
 *
 * Grassi, Khovratovich and Schofnegger, "Poseidon2: A Faster Version of the Poseidon Hash Function" (2023/323), with the authors' parameters:
 * x^7, 4 + 4 full and 22 partial rounds for 128 bits with their margin. Round constants come from the Grain generator that their paper
 * on Poseidon (2019/458, appendix F) prescribes; the diagonal of the inner matrix is the published one.
 *
 * @module
 */
import { add, MODULUS, multiply } from '@commute/field';

/** Elements of the state. */
export const WIDTH = 12;
/** Elements that are absorbed at once; the others are the capacity. */
export const RATE = 8;
/** Elements of a digest. */
export const DIGEST = 4;

const HALF_FULL_ROUNDS = 4;
const PARTIAL_ROUNDS = 22;

/** One round: the constants, and how many lanes are raised to the seventh power. */
export interface Round {
  readonly kind: 'full' | 'partial';
  /** One for each lane that is raised. */
  readonly constants: readonly bigint[];
}

/** What is added to the sum of all lanes in a partial round: each lane times this. */
export const INNER_DIAGONAL: readonly bigint[] = [
  0xc3b6c08e23ba9300n,
  0xd84b5de94a324fb6n,
  0x0d0c371c5b35b84fn,
  0x7964f570e7188037n,
  0x5daf18bbd996604bn,
  0x6743bc47b9595257n,
  0x5528b9362c59bb70n,
  0xac45e25b7127b68bn,
  0xa2077d7dfbb606b5n,
  0xf3faac6faee378aen,
  0x0c6388b51545e883n,
  0xd27dbb6944917b60n,
];

/** Bits of the Grain generator in its self-shrinking mode, for this field, width and number of rounds. */
function* grainBits(): Generator<number> {
  const field = (value: number, length: number): number[] =>
    Array.from({ length }, (_, k) => (value >> (length - 1 - k)) & 1);
  // Prime field, power map, bits of an element, width, full rounds, partial rounds, ones.
  const state = [
    ...field(1, 2),
    ...field(0, 4),
    ...field(64, 12),
    ...field(WIDTH, 12),
    ...field(2 * HALF_FULL_ROUNDS, 10),
    ...field(PARTIAL_ROUNDS, 10),
    ...new Array<number>(30).fill(1),
  ];
  const step = (): number => {
    const bit = [62, 51, 38, 23, 13, 0].reduce((sum, at) => sum ^ state[at]!, 0);
    state.shift();
    state.push(bit);
    return bit;
  };
  for (let k = 0; k < 160; k++) step();
  for (;;) {
    const keep = step();
    const bit = step();
    if (keep === 1) yield bit;
  }
}

function makeRounds(): Round[] {
  const bits = grainBits();
  const element = (): bigint => {
    for (;;) {
      let value = 0n;
      for (let k = 0; k < 64; k++) value = 2n * value + BigInt(bits.next().value as number);
      if (value < MODULUS) return value;
    }
  };
  const full = (): Round => ({ kind: 'full', constants: Array.from({ length: WIDTH }, element) });
  const partial = (): Round => ({ kind: 'partial', constants: [element()] });
  return [
    ...Array.from({ length: HALF_FULL_ROUNDS }, full),
    ...Array.from({ length: PARTIAL_ROUNDS }, partial),
    ...Array.from({ length: HALF_FULL_ROUNDS }, full),
  ];
}

let known: readonly Round[] | undefined;

/** All rounds in order; their constants are computed when they are first asked for. */
export function rounds(): readonly Round[] {
  known ??= makeRounds();
  return known;
}

/** Powers that one permutation takes. */
export const POWERS: number = 2 * HALF_FULL_ROUNDS * WIDTH + PARTIAL_ROUNDS;

/** The operations that a permutation is made of, so that it is written once for numbers, constraints and code. */
export interface Arithmetic<T> {
  readonly add: (left: T, right: T) => T;
  readonly scale: (value: T, factor: bigint) => T;
  readonly addConstant: (value: T, constant: bigint) => T;
  /** The seventh power; `index` counts them. */
  readonly power: (value: T, index: number) => T;
}

/** The outer matrix: that of four lanes on each four of them, and to each lane those of the same place in all fours. */
function multiplyOuter<T>({ add: plus, scale }: Arithmetic<T>, state: readonly T[]): T[] {
  const mixed = [0, 4, 8].flatMap((at) => {
    const [a, b, c, d] = state.slice(at, at + 4) as [T, T, T, T];
    const [ab, cd] = [plus(a, b), plus(c, d)];
    const [bbcd, ddab] = [plus(scale(b, 2n), cd), plus(scale(d, 2n), ab)];
    const [fourth, second] = [plus(scale(cd, 4n), ddab), plus(scale(ab, 4n), bbcd)];
    return [plus(ddab, second), second, plus(bbcd, fourth), fourth];
  });
  const sums = [0, 1, 2, 3].map((lane) => plus(plus(mixed[lane]!, mixed[lane + 4]!), mixed[lane + 8]!));
  return mixed.map((each, lane) => plus(each, sums[lane % 4]!));
}

/** The inner matrix. */
function multiplyInner<T>({ add: plus, scale }: Arithmetic<T>, state: readonly T[]): T[] {
  const sum = state.reduce(plus);
  return state.map((each, lane) => plus(scale(each, INNER_DIAGONAL[lane]!), sum));
}

/** The permutation of 12 lanes in any arithmetic. */
export function permuteIn<T>(arithmetic: Arithmetic<T>, input: readonly T[]): T[] {
  const { addConstant, power } = arithmetic;
  let index = 0;
  let state = multiplyOuter(arithmetic, input);
  for (const { kind, constants } of rounds()) {
    const raised = constants.map((constant, lane) => power(addConstant(state[lane]!, constant), index++));
    state = [...raised, ...state.slice(raised.length)];
    state = kind === 'full' ? multiplyOuter(arithmetic, state) : multiplyInner(arithmetic, state);
  }
  return state;
}

/** On canonical elements. */
export const REFERENCE: Arithmetic<bigint> = {
  add,
  scale: multiply,
  addConstant: add,
  power: (value) => {
    const square = multiply(value, value);
    return multiply(multiply(multiply(square, square), square), value);
  },
};

/** The permutation of 12 canonical elements. */
export function permuteReference(input: readonly bigint[]): bigint[] {
  return permuteIn(REFERENCE, input);
}
