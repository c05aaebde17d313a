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

/** Counts the permutations that traces look up, each one that is looked up several times once. */
export class PermutationCounter {
  readonly #permute = createPermutation();
  readonly #state = new BigUint64Array(WIDTH);
  /** The rows by the first lane of their output. */
  readonly #rows = new Map<bigint, number>();
  #inputs = new BigUint64Array(64 * WIDTH);
  readonly #counts: [absorptions: number[], digests: number[]] = [[], []];

  /** Permutations that differ. */
  get size(): number {
    return this.#counts[ABSORB].length;
  }

  /** Looks one permutation up. @returns four lanes of its output. */
  look(kind: typeof ABSORB | typeof FINISH, input: ArrayLike<bigint>): BigUint64Array {
    const state = this.#state;
    state.set(input);
    this.#permute(state);
    const known = this.#rows.get(state[0]!);
    let row = known;
    if (row === undefined || !this.#isRow(row, input)) {
      row = this.size;
      this.#append(row, input);
      if (known === undefined) this.#rows.set(state[0]!, row);
    }
    this.#counts[kind][row]!++;
    return kind === ABSORB ? state.slice(RATE) : state.slice(0, DIGEST);
  }

  #isRow(row: number, input: ArrayLike<bigint>): boolean {
    for (let lane = 0; lane < WIDTH; lane++) if (this.#inputs[WIDTH * row + lane] !== input[lane]) return false;
    return true;
  }

  #append(row: number, input: ArrayLike<bigint>): void {
    if (WIDTH * (row + 1) > this.#inputs.length) {
      const longer = new BigUint64Array(2 * this.#inputs.length);
      longer.set(this.#inputs);
      this.#inputs = longer;
    }
    this.#inputs.set(input, WIDTH * row);
    for (const counts of this.#counts) counts.push(0);
  }

  /** The trace of {@link permutationTable}. */
  trace(): TableTrace {
    const rows = powerOfTwoFrom(this.size);
    const counts = this.#counts.map((list) => {
      const cells = new BigUint64Array(rows);
      list.forEach((count, row) => {
        cells[row] = BigInt(count);
      });
      return cells;
    });
    const cells = fillPermutations(this.#inputs.subarray(0, WIDTH * this.size), rows);
    return {
      table: permutationTable,
      trace: { rows, main: [...counts, ...cells], preprocessed: [], publicValues: [] },
    };
  }
}
