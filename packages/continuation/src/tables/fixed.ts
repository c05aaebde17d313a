/**
 * Tables whose contents are the same for every program: limbs, bytes and powers of two. Their main columns count lookups.
 *
 * @module
 */
import { column, defineTable, type Table } from '@commute/stark';

/** Every number of 16 bits. */
export const rangeTable: Table = defineTable({
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
export const bytesTable: Table = defineTable({
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
export const powersTable: Table = defineTable({
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

/** The keys that may be touched. */
export const regionsTable: Table = defineTable({
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
