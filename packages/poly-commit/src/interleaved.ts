/**
 * Batches that are interleaved of instances.
 *
 * Column F(X) = Σ X^j·f_j(X^s) of s instances has coefficient i of f_j at place i·s + j. Its bits reversed, that is place reverse(j)·n + reverse(i): in
 * bit-reversed order the coefficients of an interleaved column are those of its instances, one after the other. So they are kept by instance, outside of the
 * engine's memory, and an instance is all that the engine needs for most things.
 *
 * @module
 */
import { type ExtensionField, type FieldEngine, logOfPowerOfTwo, type Matrix, reverseBits } from '@commute/field';
import { cosetShift, extendAndHash } from './cosets.ts';
import { CommitmentError } from './errors.ts';
import { type MatrixShape, type MerkleScheme, openTree } from './merkle.ts';
import { type CommittedBatch } from './opening.ts';
import { reversedPowers } from './powers.ts';

/** How an interleaved batch is committed to. */
export interface InterleavedOptions {
  readonly field: ExtensionField;
  readonly logBlowup: number;
  /** Whether extended matrices are kept outside of the engine's memory. */
  readonly isOutside: (words: number) => boolean;
}

/** The coefficients of a batch, bit-reversed. */
export interface InstanceCoefficients {
  readonly instances: number;
  /** The shapes of one instance. */
  readonly shapes: readonly MatrixShape[];
  /** `[instance][matrix]`, column after column. */
  readonly words: readonly (readonly BigUint64Array[])[];
}

/**
 * Takes the coefficients of instances over.
 *
 * @param coefficientsOf - bit-reversed coefficients of an instance, which belong to the open scope; asked for one instance after the other.
 * @throws {@link CommitmentError} `COMMIT_SHAPE` for instances of different shapes.
 */
export function collectInstances(
  engine: FieldEngine,
  instances: number,
  coefficientsOf: (instance: number) => readonly Matrix[],
): InstanceCoefficients {
  let shapes: readonly MatrixShape[] = [];
  const words = Array.from({ length: instances }, (_, instance) =>
    engine.scope(() => {
      const matrices = coefficientsOf(instance);
      const own = matrices.map(({ rows, columns }) => ({ rows, columns }));
      if (instance === 0) shapes = own;
      const [expected, got] = [shapes, own].map((each) =>
        each.map(({ rows, columns }) => `${String(rows)} × ${String(columns)}`).join(', '),
      ) as [string, string];
      if (expected !== got) throw new CommitmentError('COMMIT_SHAPE', `instance ${String(instance)}`, expected, got);
      return matrices.map((matrix) => matrix.view().slice());
    }),
  );
  return { instances, shapes, words };
}

/** Commits to interleaved columns. */
export function commitInterleaved(
  engine: FieldEngine,
  merkle: MerkleScheme,
  coefficients: InstanceCoefficients,
  { field, logBlowup, isOutside }: InterleavedOptions,
): CommittedBatch {
  const { instances, shapes: own } = coefficients;
  const blowup = 2 ** logBlowup;
  const shapes = own.map(({ rows, columns }) => ({ rows: instances * rows, columns }));
  const domains = shapes.map(({ rows, columns }) => ({ rows: rows * blowup, columns }));
  const words = shapes.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  let store = coefficients.words;
  const matrices = shapes.map((_, matrix) => interleave(engine, coefficients, matrix));
  const extension = extendAndHash(engine, merkle, matrices, blowup, isOutside(words * blowup));
  for (const matrix of matrices) matrix.release();
  const { nodes } = extension;

  /** The coefficients of an instance, in the open scope. */
  const load = (matrix: number, instance: number): Matrix => {
    const { rows, columns } = own[matrix]!;
    const loaded = engine.reserve(rows, columns);
    loaded.view().set(store[instance]![matrix]!);
    return loaded;
  };
  return {
    commitment: { root: nodes.node(1, 0), shapes, instances },
    coset: (matrix, index, instance = 0) => {
      const { rows, columns } = own[matrix]!;
      const values = engine.reserve(rows, columns);
      engine.scope(() => {
        const shift = cosetShift(rows, blowup, index);
        engine.evaluateInto(values, load(matrix, instance), { shift, input: 'bit-reversed' });
      });
      return values;
    },
    combineInto: (out, matrix, factors) => {
      const { rows } = own[matrix]!;
      for (let instance = 0; instance < instances; instance++) {
        engine.scope(() => {
          const part = engine.allocate(rows, out.columns);
          engine.combineInto(part, load(matrix, instance), factors);
          const first = placeOf(instances, instance) * rows;
          for (let k = 0; k < out.columns; k++) {
            engine.copyInto(out.column(k).slice(first, first + rows), part.column(k));
          }
        });
      }
    },
    evaluate: (matrix, point, powers) =>
      engine.scope(() => {
        const weights = powers ?? reversedPowers(engine, field, own[matrix]!.rows, point);
        return store.flatMap((_, instance) => engine.scope(() => engine.weigh(load(matrix, instance), weights)));
      }),
    openRows: (indices) => openTree(domains, extension.row, indices, nodes.node),
    release: () => {
      extension.release();
      store = [];
    },
  };
}

/** Which of the blocks of bit-reversed coefficients is that of an instance. */
export function placeOf(instances: number, instance: number): number {
  return reverseBits(instance, logOfPowerOfTwo(instances));
}

/** The coefficients of interleaved columns, bit-reversed. */
function interleave(engine: FieldEngine, { instances, shapes, words }: InstanceCoefficients, matrix: number): Matrix {
  const { rows, columns } = shapes[matrix]!;
  const result = engine.reserve(instances * rows, columns);
  const view = result.view();
  words.forEach((own, instance) => {
    const place = placeOf(instances, instance);
    for (let column = 0; column < columns; column++) {
      const from = own[matrix]!.subarray(rows * column, rows * (column + 1));
      view.set(from, rows * (instances * column + place));
    }
  });
  return result;
}
