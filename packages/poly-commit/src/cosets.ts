/**
 * The extensions of matrices, coset by coset.
 *
 * The domain of a matrix of n rows is the coset 7·H of `blowup` times n points. It consists of `blowup` cosets of the subgroup of n points: point i
 * of the whole is point (i - k)/blowup of coset k, where k = i mod blowup. All that is done with an extension can be done with one coset after the
 * other: hashing its rows, evaluating constraints. So large extensions need not be in the engine's memory, which ends at 4 GiB, at once.
 *
 * @module
 */
import {
  type FieldEngine,
  GENERATOR,
  logOfPowerOfTwo,
  type Matrix,
  multiply,
  power,
  rootOfUnity,
} from '@commute/field';
import { DROPPED_LAYERS, joinParts, type MerkleNodes, type MerkleScheme } from './merkle.ts';

/** Coset `index` is this times the subgroup of `rows` points; for one of several instances those are powers of the points of all, see `CommittedBatch.coset`. */
export function cosetShift(rows: number, blowup: number, index: number, instances = 1): bigint {
  const root = rootOfUnity(logOfPowerOfTwo(rows * blowup));
  return multiply(power(GENERATOR, BigInt(instances)), power(root, BigInt(index)));
}

/** Extended matrices. */
export interface Extension {
  /** The digests of their rows in natural order, without those layers that are computed again where they are asked for. */
  readonly nodes: MerkleNodes;
  /** The values of a matrix on one coset; a matrix of its own belongs to the open scope. Do not change it. */
  readonly coset: (matrix: number, index: number) => Matrix;
  /** A row of an extended matrix, by its number in natural order. */
  readonly row: (matrix: number, row: number) => bigint[];
  readonly release: () => void;
}

/**
 * Extends polynomials and hashes the rows.
 *
 * @param coefficients - one matrix for each, in bit-reversed order.
 * @param outside - whether values and digests are kept outside of the engine's memory.
 */
export function extendAndHash(
  engine: FieldEngine,
  merkle: MerkleScheme,
  coefficients: readonly Matrix[],
  blowup: number,
  outside: boolean,
): Extension {
  const inside: Matrix[][] = [];
  const copies: Matrix[][] = [];
  const parts: MerkleNodes[] = [];
  for (let index = 0; index < blowup; index++) {
    const values = coefficients.map((matrix) => {
      const coset = engine.reserve(matrix.rows, matrix.columns);
      const shift = cosetShift(matrix.rows, blowup, index);
      engine.evaluateInto(coset, matrix, { shift, input: 'bit-reversed' });
      return coset;
    });
    parts.push(merkle.digests(values, outside, DROPPED_LAYERS));
    if (outside) {
      copies.push(
        values.map((coset) => {
          const copy = engine.reserveOutside(coset.rows, coset.columns);
          engine.copyInto(copy, coset);
          coset.release();
          return copy;
        }),
      );
    } else {
      inside.push(values);
    }
  }
  const nodes = joinParts(merkle.hash, parts);
  return {
    nodes,
    coset: (matrix, index) => {
      const kept = inside[index]?.[matrix];
      if (kept !== undefined) return kept;
      const { rows, columns } = coefficients[matrix]!;
      const values = engine.reserve(rows, columns);
      engine.copyInto(values, copies[index]![matrix]!);
      return values;
    },
    row: (matrix, row) => {
      const { rows, columns } = coefficients[matrix]!;
      const [index, at] = [row % blowup, Math.floor(row / blowup)];
      const words = (copies[index] ?? inside[index]!)[matrix]!.view();
      return Array.from({ length: columns }, (_, column) => words[rows * column + at]!);
    },
    release: () => {
      nodes.release();
      for (const coset of [...inside, ...copies].flat()) coset.release();
    },
  };
}
