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
  /** Some neighbouring columns, which belong to the open scope where they are a copy. Do not change them. */
  readonly columns: (first: number, count: number) => Matrix;
  /** All words, column after column; valid until the engine allocates the next time. */
  readonly words: () => BigUint64Array;
  /** Whether columns are copies. */
  readonly isOutside: boolean;
  readonly release: () => void;
}

function keepInside(matrix: Matrix): KeptMatrix {
  return {
    columns: (first, count) => matrix.column(first, count),
    words: () => matrix.view(),
    isOutside: false,
    release: () => {
      matrix.release();
    },
  };
}

function keepOutside(engine: FieldEngine, rows: number, values: BigUint64Array): KeptMatrix {
  let held: BigUint64Array | undefined = values;
  const words = (): BigUint64Array => {
    if (held === undefined) throw new CommitmentError('COMMIT_RELEASED', 'batch', 'one in use', 'a released one');
    return held;
  };
  return {
    columns: (first, count) => {
      const loaded = engine.reserve(rows, count);
      loaded.view().set(words().subarray(rows * first, rows * (first + count)));
      return loaded;
    },
    words,
    isOutside: true,
    release: () => {
      held = undefined;
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
 * @param isOutside - whether so many words are kept outside of the engine's memory. What is not belongs to the scope that is open here.
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
      isOutside(instances * wordsOf(shapes))
        ? keepOutside(engine, rows, new BigUint64Array(rows * columns))
        : keepInside(keep(engine.allocate(rows, columns))),
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
        matrices.push(
          given.map((matrix) =>
            outside ? keepOutside(engine, matrix.rows, matrix.view().slice()) : keepInside(keep(matrix)),
          ),
        );
      });
    }
  } catch (error) {
    for (const matrix of matrices.flat()) matrix.release();
    throw error;
  }
  return { instances, shapes, matrices };
}
