import { MODULUS } from '@commute/field';
import {
  type Column,
  type ColumnGroup,
  columns,
  column,
  defineTable,
  type Table,
  type TableTrace,
  traceFromRows,
} from '../src/index.ts';
import { IV, type WordSize } from '../examples/blake3-compression.ts';

const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** One input and one output of a compression, asked for and taken as often as its prover likes: any user of the table. */
export const user: Table<{ asked: Column; input: ColumnGroup; taken: Column; output: ColumnGroup }> = defineTable({
  name: 'user',
  columns: { main: { asked: column(), input: columns(29), taken: column(), output: columns(9) } },
  eval: ({ main: { current }, send, receive }) => {
    send('blake3 input', current.input, current.asked);
    receive('blake3 output', current.output, current.taken);
  },
});

/** What is sent to the table and received from it, once each. */
export function userTrace(input?: readonly bigint[], output?: readonly bigint[]): TableTrace {
  return traceFromRows(user, {
    main: [
      {
        asked: input === undefined ? 0n : 1n,
        input: input ?? new Array<bigint>(29).fill(0n),
        taken: output === undefined ? 0n : 1n,
        output: output ?? new Array<bigint>(9).fill(0n),
      },
    ],
  });
}

/** A bit, of G number `which` in the last row, and what is put there instead of a bit. */
export interface WrongBit {
  readonly word: 'd1' | 'b1' | 'd2' | 'b2';
  readonly which: number;
  readonly bit: number;
  readonly value: bigint;
}

/** Bits of a word, or something else in place of some. */
type Loose = bigint[];

/** Writes traces of the compression table by its description, with numbers that need not be bits. */
export class Blake3Forger {
  readonly cells: bigint[][];
  readonly rows: number;
  readonly #size: WordSize;
  readonly #at: ReadonlyMap<string, number>;
  readonly #honest: TableTrace;

  constructor(honest: TableTrace, size: WordSize) {
    this.#honest = honest;
    this.#size = size;
    this.rows = honest.trace.rows;
    this.cells = honest.trace.main.map((cells) => Array.from(cells));
    this.#at = new Map(honest.table.names.main.map((name, index) => [name, index]));
  }

  /** The trace as it is. */
  trace(): TableTrace {
    return { ...this.#honest, trace: { ...this.#honest.trace, main: this.cells.map((each) => [...each]) } };
  }

  get(row: number, name: string): bigint {
    return this.cells[this.#at.get(name)!]![row]!;
  }

  set(row: number, name: string, value: bigint): void {
    this.cells[this.#at.get(name)!]![row] = ((value % MODULUS) + MODULUS) % MODULUS;
  }

  #word(row: number, name: string, which: number): Loose {
    return Array.from({ length: this.#size.bits }, (_, bit) =>
      this.get(row, `${name}[${String(which * this.#size.bits + bit)}]`),
    );
  }

  setWord(row: number, name: string, which: number, word: Loose): void {
    word.forEach((value, bit) => {
      this.set(row, `${name}[${String(which * this.#size.bits + bit)}]`, value);
    });
  }

  /** The k-th of the sixteen words that an input row has room for. */
  setRoom(row: number, k: number, word: Loose): void {
    this.setWord(row, ['d1', 'b1', 'd2', 'b2'][k % 4]!, Math.floor(k / 4), word);
  }

  bitsOf(value: bigint): Loose {
    return Array.from({ length: this.#size.bits }, (_, bit) => (value >> BigInt(bit)) & 1n);
  }

  /** Four each of a and c as numbers, b and d as bits: what a row ends with. */
  state(row: number): { readonly a: bigint[]; readonly b: Loose[]; readonly c: bigint[]; readonly d: Loose[] } {
    const { rotations } = this.#size;
    const end = [0, 1, 2, 3].map((j) => {
      const [d1, b1, d2, b2] = ['d1', 'b1', 'd2', 'b2'].map((name) => this.#word(row, name, 4 + j)) as [
        Loose,
        Loose,
        Loose,
        Loose,
      ];
      return {
        a: valueOf(xor(d1, rotateLeft(d2, rotations[2]))),
        b: b2,
        c: valueOf(xor(b1, rotateLeft(b2, rotations[3]))),
        d: d2,
      };
    });
    const pick = <K extends 'a' | 'b' | 'c' | 'd'>(key: K, shift: number): (typeof end)[number][K][] =>
      [0, 1, 2, 3].map((j) => end[(j + shift) % 4]![key]);
    return { a: pick('a', 0), b: pick('b', 3), c: pick('c', 2), d: pick('d', 1) };
  }

  /**
   * Solves (P xor rotated W) = sum - carry·2^bits for W, where P or one bit of W may be no bits; `undefined` if there is no solution.
   */
  #solve(
    p: Loose,
    sum: bigint,
    by: number,
    mostCarry: bigint,
    forced: WrongBit | undefined,
  ): { readonly word: Loose; readonly carry: bigint; readonly value: bigint } | undefined {
    const { bits } = this.#size;
    const special = p.flatMap((bit, place) => (bit !== 0n && bit !== 1n ? [{ place, p: bit, options: [0n, 1n] }] : []));
    if (forced !== undefined) {
      const place = (forced.bit + by) % bits;
      const both = special.find((each) => each.place === place);
      if (both === undefined) special.push({ place, p: p[place]!, options: [forced.value] });
      else both.options = [forced.value];
    }
    for (let choice = 0; choice < 2 ** special.length; choice++) {
      const chosen = special.map((each, index) => ({ ...each, w: each.options[(choice >> index) & 1] }));
      for (let carry = 0n; carry <= mostCarry; carry++) {
        const value = sum - (carry << BigInt(bits));
        let rest = value;
        let isPossible = true;
        for (const { place, p: bit, w } of chosen) {
          if (w === undefined) isPossible = false;
          else rest -= (bit + w - 2n * bit * w) << BigInt(place);
        }
        if (!isPossible || rest < 0n || rest >> BigInt(bits) !== 0n) continue;
        if (chosen.some(({ place }) => ((rest >> BigInt(place)) & 1n) !== 0n)) continue;
        const rotated = p.map((bit, place) => {
          const found = chosen.find((each) => each.place === place);
          return found === undefined ? bit ^ ((rest >> BigInt(place)) & 1n) : found.w!;
        });
        return { word: rotateLeft(rotated, bits - by), carry, value };
      }
    }
    return undefined;
  }

  /** Writes a round from the row before; false if the wrong bit leaves no way. */
  writeRound(row: number, wrong?: WrongBit): boolean {
    const { rotations } = this.#size;
    const { a, b, c, d } = this.state(row - 1);
    const message = Array.from({ length: 16 }, (_, k) => this.get(row - 1, `message[${String(k)}]`));
    for (let which = 0; which < 8; which++) {
      const j = which % 4;
      const apart = which < 4 ? 0 : 1;
      const [atB, atC, atD] = [(j + apart) % 4, (j + 2 * apart) % 4, (j + 3 * apart) % 4];
      const carries: bigint[] = [];
      for (const half of [0, 1] as const) {
        const forcedIn = (word: WrongBit['word']): WrongBit | undefined =>
          wrong?.which === which && wrong.word === word ? wrong : undefined;
        const [nameD, nameB] = half === 0 ? (['d1', 'b1'] as const) : (['d2', 'b2'] as const);
        const sum = a[j]! + valueOf(b[atB]!) + message[2 * which + half]!;
        const first = this.#solve(d[atD]!, sum, rotations[2 * half]!, 3n, forcedIn(nameD));
        if (first === undefined) return false;
        a[j] = first.value;
        d[atD] = first.word;
        const second = this.#solve(
          b[atB]!,
          c[atC]! + valueOf(first.word),
          rotations[2 * half + 1]!,
          1n,
          forcedIn(nameB),
        );
        if (second === undefined) return false;
        c[atC] = second.value;
        b[atB] = second.word;
        this.setWord(row, nameD, which, first.word);
        this.setWord(row, nameB, which, second.word);
        carries.push(first.carry & 1n, first.carry >> 1n, second.carry);
      }
      carries.forEach((carry, k) => {
        this.set(row, `carries[${String(6 * which + k)}]`, carry);
      });
    }
    PERMUTATION.forEach((from, to) => {
      this.set(row, `message[${String(to)}]`, message[from]!);
    });
    return true;
  }

  /** Writes an input row after a round: the output of that, and the next input, all zeros but the constants. */
  writeInput(row: number, constants: readonly number[] = [...IV.subarray(0, 4)]): void {
    const { bits, rotations } = this.#size;
    const zero = this.bitsOf(0n);
    for (let which = 0; which < 8; which++)
      for (const name of ['d1', 'b1', 'd2', 'b2']) this.setWord(row, name, which, zero);
    for (let k = 0; k < 48; k++) this.set(row, `carries[${String(k)}]`, 0n);
    for (let k = 0; k < 16; k++) this.set(row, `message[${String(k)}]`, 0n);
    if (row > 0) {
      const { a, b, c, d } = this.state(row - 1);
      for (let j = 0; j < 4; j++) {
        this.setRoom(row, j, this.bitsOf(a[j]!));
        this.setRoom(row, 4 + j, this.bitsOf(a[j]! ^ c[j]!));
        this.setRoom(row, 8 + j, xor(b[j]!, d[j]!));
      }
    }
    for (let j = 0; j < 4; j++) {
      this.setWord(row, 'b1', 4 + j, this.bitsOf(BigInt(constants[(j + 2) % 4]! % 2 ** bits)));
      this.setWord(row, 'd1', 4 + j, rotateLeft(zero, rotations[2]));
    }
  }
}

function valueOf(word: Loose): bigint {
  const signed = word.map((bit) => (bit > MODULUS / 2n ? bit - MODULUS : bit));
  return signed.reduceRight((high, low) => 2n * high + low, 0n);
}

function xor(a: Loose, b: Loose): Loose {
  return a.map((bit, index) => bit + b[index]! - 2n * bit * b[index]!);
}

function rotateLeft(word: Loose, by: number): Loose {
  return word.map((_, index) => word[(index - by + word.length) % word.length]!);
}
