/**
 * The columns of instances.
 *
 * @module
 */
import { type FieldEngine, type Keep, type Matrix } from '@commute/field';
import { CommitmentError } from './errors.ts';
import { type MatrixShape } from './merkle.ts';

/** A matrix that is kept, in the engine's memory or outside of it. */
export interface KeptMatrix {
  /** Where it is kept; of what is outside only values and copies can be made. Do not change it. */
  readonly matrix: Matrix;
  /** All columns in the engine's memory, in a copy that belongs to the open scope where they are not. Do not change them. */
  readonly load: () => Matrix;
}

/** @param keep - of the scope that is left. */
function keepMatrix(engine: FieldEngine, keep: Keep, matrix: Matrix, isOutside: boolean): KeptMatrix {
  if (!isOutside) return { matrix: keep(matrix), load: () => matrix };
  const outside = keep(engine.reserveOutside(matrix.rows, matrix.columns));
  engine.copyInto(outside, matrix);
  return {
    matrix: outside,
    load: () => {
      const loaded = engine.reserve(matrix.rows, matrix.columns);
      engine.copyInto(loaded, outside);
      return loaded;
    },
  };
}

/** The coefficients of a batch, bit-reversed. */
export interface InstanceCoefficients {
  readonly instances: number;
  /** The shapes of one instance. */
  readonly shapes: readonly MatrixShape[];
  /** `[instance][matrix]` */
  readonly matrices: readonly (readonly KeptMatrix[])[];
}

/** The elements of all matrices. */
export function wordsOf(shapes: readonly MatrixShape[]): number {
  return shapes.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
}

/**
 * Takes the coefficients of instances over.
 *
 * @param coefficientsOf - bit-reversed coefficients of an instance, which belong to the open scope; asked for one instance after the other. Undefined, but not of the
 *   first, where they are all zero: such instances share one.
 * @param isOutside - whether so many words are kept outside of the engine's memory. What is kept belongs to the scope that is open here.
 * @throws {@link CommitmentError} `COMMIT_SHAPE` for instances of different shapes.
 */
export function collectInstances(
  engine: FieldEngine,
  instances: number,
  coefficientsOf: (instance: number) => readonly Matrix[] | undefined,
  isOutside: (words: number) => boolean,
): InstanceCoefficients {
  let shapes: readonly MatrixShape[] = [];
  let zero: KeptMatrix[] | undefined;
  const matrices: KeptMatrix[][] = [];
  const keepZero = (keep: Keep): KeptMatrix[] =>
    shapes.map(({ rows, columns }) =>
      keepMatrix(engine, keep, engine.allocate(rows, columns), isOutside(instances * wordsOf(shapes))),
    );
  try {
    for (let instance = 0; instance < instances; instance++) {
      engine.scope((keep) => {
        const given = coefficientsOf(instance);
        if (given === undefined) {
          zero ??= keepZero(keep);
          matrices.push(zero);
          return;
        }
        const own = given.map(({ rows, columns }) => ({ rows, columns }));
        if (instance === 0) shapes = own;
        const [expected, got] = [shapes, own].map((each) =>
          each.map(({ rows, columns }) => `${String(rows)} × ${String(columns)}`).join(', '),
        ) as [string, string];
        if (expected !== got) throw new CommitmentError('COMMIT_SHAPE', `instance ${String(instance)}`, expected, got);
        const outside = isOutside(instances * wordsOf(own));
        matrices.push(given.map((matrix) => keepMatrix(engine, keep, matrix, outside)));
      });
    }
  } catch (error) {
    for (const { matrix } of matrices.flat()) matrix.release();
    throw error;
  }
  return { instances, shapes, matrices };
}
