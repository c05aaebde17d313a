import {
  allocateColumns,
  column,
  columns,
  defineTable,
  type Table,
  type TableTrace,
  type Term,
  traceFromColumns,
} from '@commute/stark';

/** The first eight words of the initial state. */
export const IV: Uint32Array = Uint32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;
/** Rows of one compression: one with the input, seven rounds. */
const CYCLE = 8;

/** What is compressed. All words are below 2^(bits of a word). */
export interface Compression {
  /** Eight words. */
  readonly chainingValue: Uint32Array;
  /** Sixteen words. */
  readonly block: Uint32Array;
  /** Low and high word. */
  readonly counter: readonly [number, number];
  readonly length: number;
  readonly flags: number;
}

/** A table of compressions. */
export interface CompressionChip {
  readonly table: Table;
  /** What a compression gives: eight words. */
  readonly compress: (compression: Compression) => Uint32Array;
  /** The trace of compressions, number 0 first; higher than eight rows for each, as the output stands in the row after. */
  readonly trace: (compressions: readonly Compression[]) => TableTrace;
}

/** Words of another size than BLAKE3's, for tests that change every cell of a trace. */
export interface WordSize {
  readonly bits: number;
  /** By how much the four steps of G rotate to the right. */
  readonly rotations: readonly [number, number, number, number];
}

const BLAKE3_WORDS: WordSize = { bits: 32, rotations: [16, 12, 8, 7] };

/**
 * The compression function of BLAKE3 as a table: eight rows each, 1,099 columns, degree 3.
 *
 * A round is one row. Of the function G, a += b + m; d = (d ^ a) >>> 16; c += d; b = (b ^ c) >>> 12 and so on, only the bits of the
 * four results that are rotated, and of the carries, are columns: each a and c is the exclusive or of two of them, and a word in
 * 32 bits because of that. No lookup is needed.
 *
 * Row 0 of a cycle holds the input where a round has its results, so the first round is like the others; and in the columns of its first half
 * the output of the compression before. The bus `blake3 input` takes (number, chaining value, block, counter, length,
 * flags), 29 elements; `blake3 output` gives (number, output). Numbers count up from 0. **Whoever sends the input sees to it that the
 * words of the block are in 32 bits**; of all else the table does.
 */
export function createBlake3Compression(size: WordSize = BLAKE3_WORDS): CompressionChip {
  const { bits, rotations } = size;
  const trim = (value: number): number => value % 2 ** bits;

  const main = {
    step: columns(CYCLE, 'which row of a cycle this is: one is 1'),
    number: column('how many compressions began before this one'),
    used: column('how often somebody asks for this compression'),
    finished: column('in an input row: how often somebody asked for the one before'),
    message: columns(16, 'words of the block, in the order of the next round'),
    // Eight times G: the four columns of the state, then its four diagonals.
    d1: columns(8 * bits, 'bits of d after the first half of G'),
    b1: columns(8 * bits, 'bits of b after the first half of G'),
    d2: columns(8 * bits, 'bits of d after G'),
    b2: columns(8 * bits, 'bits of b after G'),
    carries: columns(8 * 6, 'bits carried: of a two, of c one, and again'),
  } as const;

  const definition = defineTable({
    name: 'blake3 compression',
    columns: { main },
    eval: (builder) => {
      const { onFirstRow, onTransition, constant } = builder;
      const { current, next } = builder.main;
      const word = (of: readonly Term[]): Term =>
        of.reduce((sum, bit, index) => sum.add(bit.multiply(2 ** index)), constant(0));
      const sum = (terms: readonly Term[]): Term => terms.reduce((total, each) => total.add(each), constant(0));
      const xor = (a: readonly Term[], b: readonly Term[]): Term[] =>
        a.map((bit, index) => bit.add(b[index]!).subtract(bit.multiply(b[index]!).multiply(2)));
      const rotateLeft = (of: readonly Term[], by: number): Term[] =>
        of.map((_, index) => of[(index - by + bits) % bits]!);
      type Cells = typeof current;
      const wordBits = (group: readonly Term[], which: number): readonly Term[] =>
        group.slice(which * bits, (which + 1) * bits);
      /** a and c after G number `which`; b and d are columns. */
      const after = (row: Cells, which: number): { a: Term[]; c: Term[]; b: readonly Term[]; d: readonly Term[] } => {
        const [d1, d2, b1, b2] = [row.d1, row.d2, row.b1, row.b2].map((group) => wordBits(group, which)) as [
          Term[],
          Term[],
          Term[],
          Term[],
        ];
        return { a: xor(d1, rotateLeft(d2, rotations[2])), c: xor(b1, rotateLeft(b2, rotations[3])), b: b2, d: d2 };
      };
      /** The state that a row ends with: G number 4 + j stands for a[j], b[j + 1], c[j + 2] and d[j + 3]. */
      const stateOf = (row: Cells): ReturnType<typeof after>[] =>
        [0, 1, 2, 3].map((j) => ({
          a: after(row, 4 + j).a,
          b: after(row, 4 + ((j + 3) % 4)).b,
          c: after(row, 4 + ((j + 2) % 4)).c,
          d: after(row, 4 + ((j + 1) % 4)).d,
        }));

      for (const [name, group] of [
        ['d1', current.d1],
        ['b1', current.b1],
        ['d2', current.d2],
        ['b2', current.b2],
        ['carry', current.carries],
      ] as const) {
        group.forEach((bit, index) => {
          builder.assertBoolean(`${name} ${String(index)} is a bit`, bit);
        });
      }

      // Which row it is, and which compression.
      const isInput = current.step[0]!;
      const willBeInput = next.step[0]!;
      current.step.forEach((each, index) => {
        onFirstRow.assertEqual(`step ${String(index)} at first`, each, index === 0 ? 1 : 0);
        onTransition.assertEqual(`step ${String(index)} moves on`, next.step[(index + 1) % CYCLE]!, each);
      });
      onFirstRow.assertZero('numbers start at 0', current.number);
      onTransition.assertEqual('numbers count', next.number, current.number.add(willBeInput));
      const withinCycle = onTransition.when(willBeInput.complement());
      const betweenCycles = onTransition.when(willBeInput);
      withinCycle.assertEqual('used lasts', next.used, current.used);
      onFirstRow.assertZero('nothing is finished at first', current.finished);
      withinCycle.assertZero('rounds finish nothing', next.finished);
      betweenCycles.assertEqual('finished is what was used', next.finished, current.used);

      // Rounds.
      PERMUTATION.forEach((from, to) => {
        withinCycle.assertEqual(`message ${String(to)} is permuted`, next.message[to]!, current.message[from]!);
      });
      const before = stateOf(current);
      const half = [0, 1, 2, 3].map((j) => after(next, j));
      for (let which = 0; which < 8; which++) {
        const j = which % 4;
        const state = which < 4 ? before : half;
        const apart = which < 4 ? 0 : 1;
        const [a, b, c, d] = [
          word(state[j]!.a),
          state[(j + apart) % 4]!.b,
          word(state[(j + 2 * apart) % 4]!.c),
          state[(j + 3 * apart) % 4]!.d,
        ];
        const [d1, b1, d2] = [next.d1, next.b1, next.d2].map((group) => wordBits(group, which)) as [
          Term[],
          Term[],
          Term[],
        ];
        const carries = next.carries.slice(6 * which, 6 * which + 6) as [Term, Term, Term, Term, Term, Term];
        const [x, y] = [current.message[2 * which]!, current.message[2 * which + 1]!];
        const a1 = word(xor(d, rotateLeft(d1, rotations[0])));
        const c1 = word(xor(b, rotateLeft(b1, rotations[1])));
        const end = after(next, which);
        const carried = (low: Term, high: Term): Term => low.add(high.add(high)).multiply(2 ** bits);
        const name = `G ${String(which)}:`;
        withinCycle.assertEqual(`${name} first a`, a.add(word(b)).add(x), a1.add(carried(carries[0], carries[1])));
        withinCycle.assertEqual(`${name} first c`, c.add(word(d1)), c1.add(carries[2].multiply(2 ** bits)));
        withinCycle.assertEqual(
          `${name} second a`,
          a1.add(word(b1)).add(y),
          word(end.a).add(carried(carries[3], carries[4])),
        );
        withinCycle.assertEqual(`${name} second c`, c1.add(word(d2)), word(end.c).add(carries[5].multiply(2 ** bits)));
      }

      // Output: the first half of the input row has room for sixteen words. Bits of a, of output 0 to 3, and of output 4 to 7.
      const room = (row: Cells): (readonly Term[])[] =>
        [0, 1, 2, 3].flatMap((j) => [row.d1, row.b1, row.d2, row.b2].map((group) => wordBits(group, j)));
      const free = room(next);
      before.forEach(({ a, b, c, d }, j) => {
        const [finalA, low, high] = [free[j]!, free[4 + j]!, free[8 + j]!];
        betweenCycles.assertEqual(`output: a ${String(j)}`, word(finalA), word(a));
        betweenCycles.assertEqual(`output: c ${String(j)}`, word(xor(finalA, low)), word(c));
        betweenCycles.assertEqual(`output: b and d ${String(j)}`, word(high), word(xor(b, d)));
      });
      const here = room(current);
      onFirstRow.assertZero('no output at first', sum(here.slice(0, 12).flat()));
      const onInput = builder.when(isInput);
      onInput.assertZero('no more than the output', sum([...here.slice(12).flat(), ...current.carries]));

      // Input.
      before.forEach(({ c }, j) => {
        onInput.assertEqual(`constant ${String(j)}`, word(c), trim(IV[j]!));
      });
      const input = [
        ...before.map(({ a }) => word(a)),
        ...before.map(({ b }) => word(b)),
        ...current.message,
        ...before.map(({ d }) => word(d)),
      ];
      onInput.receive('blake3 input', [current.number, ...input], current.used);
      const output = here.slice(4, 12).map((each) => word(each));
      builder.send('blake3 output', [current.number.subtract(1), ...output], current.finished);
    },
  });

  const rotateRight = (value: number, by: number): number => trim(((value >>> by) | (value << (bits - by))) >>> 0);
  const rotateLeft = (value: number, by: number): number => rotateRight(value, bits - by);
  const xor = (a: number, b: number): number => (a ^ b) >>> 0;

  /** Runs a compression; `record` gets the results of G and its carries. */
  const run = (
    { chainingValue, block, counter, length, flags }: Compression,
    record: (round: number, which: number, words: readonly number[], carries: readonly number[]) => void,
    order: (round: number, message: Uint32Array) => void,
  ): { readonly state: Uint32Array; readonly output: Uint32Array } => {
    const v = Uint32Array.of(...chainingValue, ...IV.subarray(0, 4).map(trim), ...counter, length, flags);
    let message = Uint32Array.from(block);
    order(0, message);
    for (let round = 1; round < CYCLE; round++) {
      for (let which = 0; which < 8; which++) {
        const j = which % 4;
        const apart = which < 4 ? 0 : 1;
        const [a, b, c, d] = [j, 4 + ((j + apart) % 4), 8 + ((j + 2 * apart) % 4), 12 + ((j + 3 * apart) % 4)] as const;
        const words: number[] = [];
        const carries: number[] = [];
        for (const part of [0, 1]) {
          const wide = v[a]! + v[b]! + message[2 * which + part]!;
          v[a] = trim(wide);
          v[d] = rotateRight(xor(v[d]!, v[a]), rotations[2 * part]!);
          const wider = v[c]! + v[d];
          v[c] = trim(wider);
          v[b] = rotateRight(xor(v[b]!, v[c]), rotations[2 * part + 1]!);
          words.push(v[d], v[b]);
          const carried = Math.floor(wide / 2 ** bits);
          carries.push(carried & 1, carried >> 1, Math.floor(wider / 2 ** bits));
        }
        record(round, which, words, carries);
      }
      const last = message;
      message = Uint32Array.from(PERMUTATION, (from) => last[from]!);
      order(round, message);
    }
    return { state: v, output: v.slice(0, 8).map((value, i) => xor(value, v[i + 8]!)) };
  };

  return {
    table: definition,
    compress: (compression) =>
      run(
        compression,
        () => undefined,
        () => undefined,
      ).output,
    trace: (compressions) => {
      const cycles = 2 ** Math.ceil(Math.log2(compressions.length + 1));
      const cells = allocateColumns(main, CYCLE * cycles);
      const { d1, b1, d2, b2 } = cells;
      const setWord = (group: readonly BigUint64Array[], which: number, row: number, value: number): void => {
        for (let bit = 0; bit < bits; bit++) if ((value >>> bit) & 1) group[which * bits + bit]![row] = 1n;
      };
      const nothing: Compression = {
        chainingValue: new Uint32Array(8),
        block: new Uint32Array(16),
        counter: [0, 0],
        length: 0,
        flags: 0,
      };
      for (let cycle = 0; cycle < cycles; cycle++) {
        const first = CYCLE * cycle;
        const compression = compressions[cycle] ?? nothing;
        for (let step = 0; step < CYCLE; step++) {
          cells.step[step]![first + step] = 1n;
          cells.number[first + step] = BigInt(cycle);
          cells.used[first + step] = compression === nothing ? 0n : 1n;
        }
        const { chainingValue, counter, length, flags } = compression;
        const d = [...counter, length, flags];
        for (let j = 0; j < 4; j++) {
          const [finalD, finalB] = [d[(j + 3) % 4]!, chainingValue[4 + ((j + 1) % 4)]!];
          setWord(d2, 4 + j, first, finalD);
          setWord(b2, 4 + j, first, finalB);
          setWord(d1, 4 + j, first, xor(chainingValue[j]!, rotateLeft(finalD, rotations[2])));
          setWord(b1, 4 + j, first, xor(trim(IV[(j + 2) % 4]!), rotateLeft(finalB, rotations[3])));
        }
        const { state, output } = run(
          compression,
          (round, which, words, carries) => {
            [d1, b1, d2, b2].forEach((group, index) => {
              setWord(group, which, first + round, words[index]!);
            });
            carries.forEach((carry, index) => {
              cells.carries[6 * which + index]![first + round] = BigInt(carry);
            });
          },
          (round, message) => {
            message.forEach((value, index) => {
              cells.message[index]![first + round] = BigInt(value);
            });
          },
        );
        if (cycle + 1 === cycles) continue;
        cells.finished[first + CYCLE] = compression === nothing ? 0n : 1n;
        [...state.subarray(0, 4), ...output].forEach((value, index) => {
          setWord([d1, b1, d2, b2][index % 4]!, Math.floor(index / 4), first + CYCLE, value);
        });
      }
      return traceFromColumns(definition, { main: cells });
    },
  };
}
