/**
 * The table of permutations, which the tables of pages and of the tree's nodes look up.
 *
 * A row is one permutation. For each seventh power x^7 it holds the cube and the power, so that no constraint exceeds degree 3; all between them
 * is linear.
 *
 * @module
 */
import {
  type Column,
  column,
  type ColumnGroup,
  columns,
  defineTable,
  type NoColumns,
  type Table,
  type TableTrace,
  type Term,
} from '@commute/stark';
import { powerOfTwoFrom } from '../link/cells.ts';
import { createPermutation, fillPermutations } from './permutation-kernel.ts';
import { DIGEST, permuteIn, POWERS, RATE, WIDTH } from './poseidon2.ts';

/** [kind, 12 lanes of input, 4 of the output]: of kind {@link ABSORB} the capacity, of kind {@link FINISH} the first ones, the digest. */
export const PERMUTATION_BUS = 'permutation' as const;
/** Asks for the capacity, to absorb more. */
export const ABSORB = 0;
/** Asks for the digest. */
export const FINISH = 1;

/** Columns of {@link permutationTable}. */
export type PermutationColumns = Readonly<Record<'absorptions' | 'digests', Column>> &
  Readonly<Record<'input' | 'cubes' | 'powers', ColumnGroup>>;

/** The table. */
export const permutationTable: Table<PermutationColumns, NoColumns, NoColumns, never, never, never> =
  /* @__PURE__ */ defineTable({
    name: 'permutation',
    columns: {
      main: {
        absorptions: column('lookups of the capacity'),
        digests: column('lookups of the digest'),
        input: columns(WIDTH, 'lanes: 8 that are absorbed, 4 of capacity'),
        cubes: columns(POWERS, 'cubes of what is raised to the seventh power, in order'),
        powers: columns(POWERS, 'the seventh powers'),
      },
    },
    eval: (builder) => {
      const { absorptions, digests, input, cubes, powers } = builder.main.current;
      const output = permuteIn<Term>(
        {
          add: (left, right) => left.add(right),
          scale: (value, factor) => value.multiply(factor),
          addConstant: (value, constant) => value.add(constant),
          power: (value, index) => {
            const [cube, power] = [cubes[index]!, powers[index]!];
            builder.assertEqual(`cube ${String(index)}`, cube, value.multiply(value).multiply(value));
            builder.assertEqual(`seventh power ${String(index)}`, power, cube.multiply(cube).multiply(value));
            return power;
          },
        },
        input,
      );
      builder.receive(PERMUTATION_BUS, [ABSORB, ...input, ...output.slice(RATE)], absorptions);
      builder.receive(PERMUTATION_BUS, [FINISH, ...input, ...output.slice(0, DIGEST)], digests);
    },
  });

/** Words of 32 bits of a state. */
const STATE_WORDS = 2 * WIDTH;

/**
 * Counts the permutations that traces look up. Each is a row, however often it is looked up, and computed once: those of pages and nodes that stay
 * what they are, or were never written to, cost next to nothing.
 */
export class PermutationCounter {
  /** What is looked up next: 8 lanes, 4 of capacity. */
  readonly input: BigUint64Array = new BigUint64Array(WIDTH);
  readonly #inputWords = new Uint32Array(this.input.buffer);
  readonly #permute = createPermutation();
  readonly #state = new BigUint64Array(WIDTH);
  /** The last row for each mix of an input, and for each row the one before it with the same. */
  readonly #rows = new Map<number, number>();
  #before: Int32Array = new Int32Array(64);
  #inputs: BigUint64Array = new BigUint64Array(64 * WIDTH);
  #outputs: BigUint64Array = new BigUint64Array(64 * WIDTH);
  readonly #counts: [Uint32Array, Uint32Array] = [new Uint32Array(64), new Uint32Array(64)];
  #size = 0;

  /** Permutations that differ. */
  get size(): number {
    return this.#size;
  }

  /** Looks the permutation of {@link input} up. @returns four lanes of its output, which stay as they are. */
  look(kind: typeof ABSORB | typeof FINISH): BigUint64Array {
    const row = this.#rowOf();
    this.#counts[kind][row]!++;
    const at = WIDTH * row + (kind === ABSORB ? RATE : 0);
    return this.#outputs.slice(at, at + DIGEST);
  }

  #rowOf(): number {
    let mix = 0;
    for (const word of this.#inputWords) mix = Math.imul(mix ^ word, 0x9e3779b1) ^ (mix >>> 15);
    const last = this.#rows.get(mix) ?? -1;
    for (let row = last; row >= 0; row = this.#before[row]!) if (this.#isRow(row)) return row;
    const row = this.#size++;
    if (row === this.#before.length) this.#grow();
    this.#rows.set(mix, row);
    this.#before[row] = last;
    this.#inputs.set(this.input, WIDTH * row);
    this.#state.set(this.input);
    this.#permute(this.#state);
    this.#outputs.set(this.#state, WIDTH * row);
    return row;
  }

  #isRow(row: number): boolean {
    const words = new Uint32Array(this.#inputs.buffer, 8 * WIDTH * row, STATE_WORDS);
    return this.#inputWords.every((word, k) => words[k] === word);
  }

  #grow(): void {
    const length = 2 * this.#before.length;
    const elements = (list: BigUint64Array): BigUint64Array => {
      const longer = new BigUint64Array(length * WIDTH);
      longer.set(list);
      return longer;
    };
    this.#inputs = elements(this.#inputs);
    this.#outputs = elements(this.#outputs);
    const before = new Int32Array(length);
    before.set(this.#before);
    this.#before = before;
    for (const kind of [ABSORB, FINISH] as const) {
      const counts = new Uint32Array(length);
      counts.set(this.#counts[kind]);
      this.#counts[kind] = counts;
    }
  }

  /** The trace of {@link permutationTable}. */
  trace(): TableTrace {
    const rows = powerOfTwoFrom(this.size);
    const counts = this.#counts.map((list) => {
      const cells = new BigUint64Array(rows);
      for (let row = 0; row < this.size; row++) cells[row] = BigInt(list[row]!);
      return cells;
    });
    const cells = fillPermutations(this.#inputs.subarray(0, WIDTH * this.size), rows);
    return {
      table: permutationTable,
      trace: { rows, main: [...counts, ...cells], preprocessed: [], publicValues: [] },
    };
  }
}
