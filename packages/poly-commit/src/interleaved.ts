/**
 * Batches that are interleaved of instances.
 *
 * Column F(X) = Σ X^j·f_j(X^s) of s instances has coefficient i of f_j at place i·s + j. Its bits reversed, that is place reverse(j)·n + reverse(i): in
 * bit-reversed order the coefficients of an interleaved column are those of its instances, one after the other. So they are kept by instance, outside of the
 * engine's memory, and an instance is all that the engine needs for most things.
 *
 * @module
 */
import {
  type ExtensionField,
  type FieldEngine,
  GENERATOR,
  logOfPowerOfTwo,
  type Matrix,
  MODULUS,
  multiply,
  power,
  reverseBits,
  rootOfUnity,
} from '@commute/field';
import { cosetShift, extendAndHash, type Extension } from './cosets.ts';
import { CommitmentError } from './errors.ts';
import { type HashFunction } from './hash.ts';
import {
  computeNode,
  joinParts,
  type MatrixShape,
  type MerkleNodes,
  type MerkleScheme,
  openedRows,
  openTree,
  treeHeight,
} from './merkle.ts';
import { type CommittedBatch } from './opening.ts';
import { reversedPowers } from './powers.ts';

/** How an interleaved batch is committed to. */
export interface InterleavedOptions {
  readonly field: ExtensionField;
  readonly logBlowup: number;
  /** Whether extended matrices are kept outside of the engine's memory. */
  readonly isOutside: (words: number) => boolean;
  /** And then whether they are kept at all. */
  readonly isCopied: (words: number) => boolean;
  /** Told how much is extended, where it is not kept; may throw. */
  readonly onExtended?: ((share: number) => void) | undefined;
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

/** Layers of a large tree, from the leaves on, that are computed again where they are asked for: what is left is a quarter of it. */
const DROPPED_LAYERS = 2;

/** Words of the columns that are extended at a time, about: 128 MiB, and as much for their coefficients. */
const STREAMED_WORDS = 2 ** 24;

/** Extends interleaved polynomials, and keeps all of it. */
function extendAndKeep(
  engine: FieldEngine,
  merkle: MerkleScheme,
  coefficients: InstanceCoefficients,
  blowup: number,
  outside: boolean,
): Extension {
  const matrices = coefficients.shapes.map(({ columns }, matrix) =>
    interleave(engine, coefficients, matrix, 0, columns),
  );
  const extension = extendAndHash(engine, merkle, matrices, blowup, outside);
  for (const matrix of matrices) matrix.release();
  return extension;
}

/** Gives up the values of extended columns, or keeps copies of them: `[coset][matrix]`. */
type Copies = BigUint64Array[][] | undefined;

/** Extends a few columns at a time, and keeps nothing but digests, unless `copies` are wanted. */
function extendAndForget(
  engine: FieldEngine,
  streamedDigests: NonNullable<MerkleScheme['streamedDigests']>,
  hash: HashFunction,
  coefficients: InstanceCoefficients,
  blowup: number,
  dropped: number,
  copies: Copies,
  onExtended: InterleavedOptions['onExtended'],
): MerkleNodes {
  const { instances, shapes } = coefficients;
  const interleaved = shapes.map(({ rows, columns }) => ({ rows: instances * rows, columns }));
  const total = blowup * interleaved.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  let done = 0;
  // Given up at the end, as digests may keep alive what they were made with.
  let source: { readonly coefficients: InstanceCoefficients; readonly copies: Copies } | undefined = {
    coefficients,
    copies,
  };
  // The digests are outside of the engine's memory; a scope gives back what is inside where a part is ended.
  const digestsOf = (index: number): MerkleNodes =>
    streamedDigests(
      interleaved,
      {
        most: (rows) => Math.max(8, Math.floor(STREAMED_WORDS / rows)),
        load: (matrix, first, count) => {
          const { rows } = interleaved[matrix]!;
          onExtended?.(done / total);
          done += rows * count;
          const values = engine.reserve(rows, count);
          engine.scope(() => {
            const some = interleave(engine, source!.coefficients, matrix, first, count);
            engine.evaluateInto(values, some, { shift: cosetShift(rows, blowup, index), input: 'bit-reversed' });
          });
          source!.copies?.[index]![matrix]!.set(values.view(), rows * first);
          return values;
        },
      },
      dropped,
    );
  const parts = Array.from({ length: blowup }, (_, index) => engine.scope(() => digestsOf(index)));
  source = undefined;
  return joinParts(hash, parts);
}

/** Into how many a polynomial of an instance is divided once more, at most: as many times shorter are the transforms, as much longer the sums. */
const MOST_PARTS = 16;
/** Rows that such a part has at least, unless the instance has fewer. */
const LEAST_ROWS = 1 << 12;

/**
 * Rows of an extended matrix from the coefficients.
 *
 * F(x) = Σ x^t·F_t(x^T) for any number T of parts, a power of two; bit-reversed, the coefficients of F_t lie next to each other, and T times those of one instance
 * are those of as many parts. The parts are evaluated on the whole of their domain, which is T times smaller, an instance after the other.
 */
function evaluateRows(
  engine: FieldEngine,
  { instances, shapes, words }: InstanceCoefficients,
  matrix: number,
  blowup: number,
  numbers: readonly number[],
): bigint[][] {
  const { rows: own, columns } = shapes[matrix]!;
  const divided = Math.min(MOST_PARTS, Math.max(1, own / LEAST_ROWS));
  const [count, rows] = [divided * instances, own / divided];
  const domain = instances * own * blowup;
  const root = rootOfUnity(logOfPowerOfTwo(domain));
  const points = numbers.map((number) => multiply(GENERATOR, power(root, BigInt(number))));
  const sums = numbers.map(() => new Array<bigint>(columns).fill(0n));
  for (let instance = 0; instance < instances; instance++) {
    // The exponent of x that each part of the instance is multiplied by.
    const exponents = Array.from({ length: divided }, (_, block) => {
      const place = placeOf(instances, instance) * divided + block;
      return BigInt(reverseBits(place, logOfPowerOfTwo(count)));
    });
    const factors = points.map((x) => exponents.map((exponent) => power(x, exponent)));
    for (let index = 0; index < blowup; index++) {
      const members = [...numbers.keys()].filter((k) => numbers[k]! % blowup === index);
      if (members.length === 0) continue;
      engine.scope(() => {
        const coefficients = engine.reserve(rows, divided * columns);
        coefficients.view().set(words[instance]![matrix]!);
        const values = engine.reserve(rows, divided * columns);
        const shift = power(cosetShift(instances * own, blowup, index), BigInt(count));
        engine.evaluateInto(values, coefficients, { shift, input: 'bit-reversed' });
        const view = values.view();
        for (const k of members) {
          const at = Math.floor((numbers[k]! % (rows * blowup)) / blowup);
          const sum = sums[k]!;
          for (let column = 0; column < columns; column++) {
            for (let block = 0; block < divided; block++) {
              sum[column]! += factors[k]![block]! * view[rows * (divided * column + block) + at]!;
            }
          }
        }
      });
    }
  }
  return sums.map((row) => row.map((sum) => sum % MODULUS));
}

/** Commits to interleaved columns. */
export function commitInterleaved(
  engine: FieldEngine,
  merkle: MerkleScheme,
  coefficients: InstanceCoefficients,
  { field, logBlowup, isOutside, isCopied, onExtended }: InterleavedOptions,
): CommittedBatch {
  const { instances, shapes: own } = coefficients;
  const blowup = 2 ** logBlowup;
  const shapes = own.map(({ rows, columns }) => ({ rows: instances * rows, columns }));
  const domains = shapes.map(({ rows, columns }) => ({ rows: rows * blowup, columns }));
  const words = shapes.reduce((sum, { rows, columns }) => sum + rows * columns, 0);
  const outside = isOutside(words * blowup);
  const { hash, streamedDigests } = merkle;
  const height = treeHeight(domains);
  // Two digests of 32 bytes for each leaf.
  const dropped = isOutside(8 * height) ? DROPPED_LAYERS : 0;
  const isStreamed = outside && streamedDigests !== undefined;
  const extension = isStreamed ? undefined : extendAndKeep(engine, merkle, coefficients, blowup, outside);
  let copies: Copies =
    isStreamed && isCopied(words * blowup)
      ? Array.from({ length: blowup }, () => shapes.map(({ rows, columns }) => new BigUint64Array(rows * columns)))
      : undefined;
  const nodes =
    extension?.nodes ??
    extendAndForget(engine, streamedDigests!, hash, coefficients, blowup, dropped, copies, onExtended);
  const kept = nodes.kept ?? height;
  // The only thing through which what follows reaches the coefficients: most of the memory, and given up by `release`.
  let held: InstanceCoefficients | undefined = coefficients;
  const use = (): InstanceCoefficients => {
    if (held === undefined) throw new CommitmentError('COMMIT_RELEASED', 'batch', 'one in use', 'a released one');
    return held;
  };

  /** The coefficients of an instance, in the open scope. */
  const load = (matrix: number, instance: number): Matrix => {
    const { rows, columns } = own[matrix]!;
    const loaded = engine.reserve(rows, columns);
    loaded.view().set(use().words[instance]![matrix]!);
    return loaded;
  };
  const rowsOf = (matrix: number, numbers: readonly number[]): bigint[][] => {
    if (extension !== undefined) return numbers.map((number) => extension.row(matrix, number));
    if (copies === undefined) return evaluateRows(engine, use(), matrix, blowup, numbers);
    const { rows, columns } = shapes[matrix]!;
    return numbers.map((number) => {
      const copy = copies![number % blowup]![matrix]!;
      return Array.from({ length: columns }, (_, column) => copy[rows * column + Math.floor(number / blowup)]!);
    });
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
        return use().words.flatMap((_, instance) => engine.scope(() => engine.weigh(load(matrix, instance), weights)));
      }),
    openRows: (indices) => {
      // All rows below those nodes of the largest layer that is kept which the indices are below.
      const opened = domains.map(({ rows }, matrix) => {
        const first = openedRows(indices, Math.min(rows, kept));
        const numbers = Array.from({ length: Math.ceil(rows / kept) }, (_, k) => first.map((each) => each + kept * k));
        const values = rowsOf(matrix, numbers.flat());
        return new Map(numbers.flat().map((number, k) => [number, values[k]!]));
      });
      const rowOf = (matrix: number, row: number): bigint[] => opened[matrix]!.get(row)!;
      const node: MerkleNodes['node'] = (size, index) =>
        size <= kept ? nodes.node(size, index) : computeNode(hash, domains, rowOf, size, index);
      return openTree(domains, rowOf, indices, node);
    },
    release: () => {
      (extension ?? nodes).release();
      held = undefined;
      copies = undefined;
    },
  };
}

/** Which of the blocks of bit-reversed coefficients is that of an instance. */
function placeOf(instances: number, instance: number): number {
  return reverseBits(instance, logOfPowerOfTwo(instances));
}

/** The coefficients of some interleaved columns, bit-reversed. */
function interleave(
  engine: FieldEngine,
  { instances, shapes, words }: InstanceCoefficients,
  matrix: number,
  first: number,
  count: number,
): Matrix {
  const { rows } = shapes[matrix]!;
  const result = engine.reserve(instances * rows, count);
  const view = result.view();
  words.forEach((own, instance) => {
    const place = placeOf(instances, instance);
    for (let column = 0; column < count; column++) {
      const from = own[matrix]!.subarray(rows * (first + column), rows * (first + column + 1));
      view.set(from, rows * (instances * column + place));
    }
  });
  return result;
}
