/**
 * Permutations of Tip5, a row for each round and one for what comes out.
 *
 * Source: "The Tip5 Hash Function for Recursive STARKs", https://eprint.iacr.org/2023/107, section 2.
 *
 * @module
 */
import { inverse, multiply } from '@commute/field';
import { TIP5 } from '@commute/stack-vm';
import { column, columns, defineTable, type Table, type Term } from '@commute/stark';
import { chooseKind, joinBytes, sumOf } from './parts.ts';

/** Rows of a permutation. */
export const TIP5_ROWS: number = TIP5.rounds + 1;
/** Bytes of an element. */
export const ELEMENT_BYTES = 8;
/** 2^64 modulo p: what elements are multiplied by before their bytes are looked up. */
export const MONTGOMERY = 0xffff_ffffn;
const MONTGOMERY_INVERSE = /* @__PURE__ */ inverse(MONTGOMERY);

/** Elements that go through the table, and those that are raised to a power. */
const LOOKED_UP: number = TIP5.lookupElements;
const POWERS: number = TIP5.stateSize - LOOKED_UP;

/** The table. */
export const tip5Table: Table = /* @__PURE__ */ defineTable({
  name: 'tip5',
  columns: {
    main: {
      round: columns(TIP5_ROWS, 'which round follows; the last one: none'),
      id: column('number of the permutation, which goes up from one to the next'),
      state: columns(TIP5.stateSize, 'the elements'),
      bytes: columns(LOOKED_UP * ELEMENT_BYTES, 'of the first elements times 2^64'),
      mapped: columns(LOOKED_UP * ELEMENT_BYTES, 'what the table makes of them'),
      factor: columns(LOOKED_UP, 'the lower half of these bytes, divided by what the upper one is below 2^32 - 1'),
      cubes: columns(POWERS, 'of the other elements'),
    },
  },
  eval: (builder) => {
    const { current, next } = builder.main;
    const { round, id, state, bytes, mapped, factor, cubes } = current;
    const { onFirstRow, onTransition } = builder;
    chooseKind(builder, Object.fromEntries(round.map((each, k) => [`round ${String(k)}`, each])));
    onFirstRow.assertZero('starts with a first round', sumOf(round.slice(1)));
    for (let k = 1; k < TIP5_ROWS; k++) {
      onTransition.assertEqual(`round ${String(k)} follows the one before`, next.round[k]!, round[k - 1]!);
    }
    const [start, end] = [round[0]!, round[TIP5.rounds]!];
    onTransition.assertEqual('numbers permutations', next.id, id.add(end));
    builder.when(start).receive('tip5', [0, id, ...state]);
    builder.when(end).send('tip5', [1, id, ...state]);

    const works = sumOf(round.slice(0, TIP5.rounds));
    const after: Term[] = [];
    for (let k = 0; k < LOOKED_UP; k++) {
      const own = bytes.slice(k * ELEMENT_BYTES, (k + 1) * ELEMENT_BYTES);
      const theirs = mapped.slice(k * ELEMENT_BYTES, (k + 1) * ELEMENT_BYTES);
      own.forEach((byte, at) => {
        builder.when(works).send('tip5 bytes', [byte, theirs[at]!]);
      });
      builder.when(works).assertEqual(`bytes of element ${String(k)}`, joinBytes(own), state[k]!.multiply(MONTGOMERY));
      const room = builder.constant(2n ** 32n - 1n).subtract(joinBytes(own.slice(4)));
      builder
        .when(works)
        .assertEqual(
          `bytes of a canonical element ${String(k)}`,
          joinBytes(own.slice(0, 4)),
          factor[k]!.multiply(room),
        );
      after.push(joinBytes(theirs).multiply(MONTGOMERY_INVERSE));
    }
    cubes.forEach((cube, k) => {
      const element = state[LOOKED_UP + k]!;
      builder.assertEqual(
        `cube of element ${String(LOOKED_UP + k)}`,
        cube,
        element.multiply(element).multiply(element),
      );
      after.push(cube.multiply(cube).multiply(element));
    });
    for (let row = 0; row < TIP5.stateSize; row++) {
      const constants = round
        .slice(0, TIP5.rounds)
        .map((each, r) => each.multiply(TIP5.roundConstants[TIP5.stateSize * r + row]!));
      const mixed = after.map((element, at) =>
        element.multiply(TIP5.matrixColumn[(row - at + TIP5.stateSize) % TIP5.stateSize]!),
      );
      onTransition
        .when(works)
        .assertEqual(`element ${String(row)} goes on`, next.state[row]!, sumOf([...mixed, ...constants]));
    }
  },
});

/** The bytes of an element times 2^64, least first. */
export function montgomeryBytes(element: bigint): bigint[] {
  const form = multiply(element, MONTGOMERY);
  return Array.from({ length: ELEMENT_BYTES }, (_, k) => (form >> BigInt(8 * k)) & 0xffn);
}
