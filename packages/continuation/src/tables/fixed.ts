/**
 * Tables whose contents are the same for every program: limbs, bytes and powers of two. Their main columns count lookups.
 *
 * @module
 */
import { BLAKE3 } from '@commute/poly-commit';
import { column, defineTable, type StarkSystem, type Table } from '@commute/stark';

/** Every number of 16 bits. */
export const rangeTable: Table = /* @__PURE__ */ defineTable({
  name: 'range',
  columns: {
    main: {
      values: column('lookups of the value'),
      signs: column('lookups of the value with its upper bit'),
      triples: column('lookups of the three numbers of five bits'),
    },
    preprocessed: {
      value: column('0 to 2^16 - 1'),
      sign: column('bit 15'),
      low: column('bits 0 to 4'),
      middle: column('bits 5 to 9'),
      high: column('bits 10 to 14'),
    },
  },
  eval: (builder) => {
    const { values, signs, triples } = builder.main.current;
    const { value, sign, low, middle, high } = builder.preprocessed.current;
    builder.receive('range', [value], values);
    builder.receive('sign', [value, sign], signs);
    builder.receive('triple', [low, middle, high], triples);
  },
});

/** Every pair of bytes. */
export const bytesTable: Table = /* @__PURE__ */ defineTable({
  name: 'bytes',
  columns: {
    main: {
      ands: column('lookups of the pair with its conjunction'),
      pairs: column('lookups of the pair'),
    },
    preprocessed: {
      left: column('0 to 255'),
      right: column('0 to 255'),
      and: column('left AND right'),
    },
  },
  eval: (builder) => {
    const { ands, pairs } = builder.main.current;
    const { left, right, and } = builder.preprocessed.current;
    builder.receive('and', [left, right, and], ands);
    builder.receive('bytes', [left, right], pairs);
  },
});

/** The factor for each distance of a shift. */
export const powersTable: Table = /* @__PURE__ */ defineTable({
  name: 'powers',
  columns: {
    main: { uses: column('lookups') },
    preprocessed: {
      distance: column('0 to 31'),
      toRight: column('whether the shift is to the right'),
      factor: column('2^distance; to the right 2^(32 - distance), for the distance 0 too 1'),
      takesHigh: column('whether the result is the upper word of the product'),
    },
  },
  eval: (builder) => {
    const { distance, toRight, factor, takesHigh } = builder.preprocessed.current;
    builder.receive('power', [distance, toRight, factor, takesHigh], builder.main.current.uses);
  },
});

/** The tables whose preprocessed columns are the same for every program. */
export const FIXED_TABLES: readonly Table[] = [rangeTable, bytesTable, powersTable];

/** Roots over these columns by log2 of the blowup, with BLAKE3. Computed by `preprocess`, which takes as long as the rest of a verification. */
const FIXED_ROOTS: Readonly<Record<number, string>> = {
  1: 'd3e5c32dee75302ddecaf4007a7d58d8c1101629f5b35a6466beeba90b940768',
  2: '60ec394089a84643ae0785ca334e2cb69f075e10a9781d5336574215acecab11',
  3: 'd37b8f570cdf54cacc9e46d0b7f8a5a2fa11cffb7cea067ea6f46e95c90c780c',
};

/** The root over the preprocessed columns of {@link FIXED_TABLES}, where it is known. */
export function fixedRoot({ hiding, parameters: { hash, logBlowup } }: StarkSystem): Uint8Array | undefined {
  const digits = hash === BLAKE3 && hiding === undefined ? FIXED_ROOTS[logBlowup] : undefined;
  return digits === undefined
    ? undefined
    : Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/** The keys that may be touched. */
export const regionsTable: Table = /* @__PURE__ */ defineTable({
  name: 'regions',
  columns: {
    main: { uses: column('lookups') },
    preprocessed: {
      start: column('first key'),
      stride: column('distance between keys'),
      count: column('number of keys'),
    },
  },
  eval: (builder) => {
    const { start, stride, count } = builder.preprocessed.current;
    builder.receive('region', [start, stride, count], builder.main.current.uses);
  },
});
