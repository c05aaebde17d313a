/**
 * Batches that are interleaved of instances.
 *
 * Column F(X) = Σ X^j·f_j(X^s) of s instances has coefficient i of f_j at place i·s + j. Its bits reversed, that is place reverse(j)·n + reverse(i): in
 * bit-reversed order the coefficients of an interleaved column are those of its instances, one after the other, and the first levels of its transform are their
 * transforms. So an instance is all that the engine needs for most things. Only coefficients are kept: where pages of memory are touched for the first time, that takes
 * about as long as computing what would be kept there.
 *
 * F is evaluated on the cosets 7·w^k·H; their points to the power of s are the cosets that instances are evaluated on.
 *
 * @module
 */
import {
  type ExtensionField,
  type FieldEngine,
  type Keep,
  logOfPowerOfTwo,
  type Matrix,
  reverseBits,
} from '@commute/field';
import { cosetShift, extendAndHash } from './cosets.ts';
import { CommitmentError } from './errors.ts';
import { type InstanceCoefficients, wordsOf } from './instance-columns.ts';
import { evaluateRows } from './instance-rows.ts';
import {
  computeNode,
  DROPPED_LAYERS,
  joinParts,
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
  /** Whether so many words are kept outside of the engine's memory. */
  readonly isOutside: (words: number) => boolean;
  /** Told how much of a large batch is extended; may throw. */
  readonly onExtended?: ((share: number) => void) | undefined;
}

/** Leaves of a tree of 32 MiB, which is small. */
const SMALL_TREE = 2 ** 19;

/** Words of the columns that are extended at a time, about: 128 MiB. */
const STREAMED_WORDS = 2 ** 24;

/** Extends interleaved polynomials a few columns at a time, and keeps their digests. */
function extendInParts(
  engine: FieldEngine,
  { hash, streamedDigests }: Required<Pick<MerkleScheme, 'hash' | 'streamedDigests'>>,
  coefficients: InstanceCoefficients,
  blowup: number,
  dropped: number,
  onExtended: InterleavedOptions['onExtended'],
): MerkleNodes {
  const { instances, shapes } = coefficients;
  const interleaved = shapes.map(({ rows, columns }) => ({ rows: instances * rows, columns }));
  const total = blowup * wordsOf(interleaved);
  let done = 0;
  // Given up at the end, as digests may keep alive what they were made with.
  let source: InstanceCoefficients['matrices'] | undefined = coefficients.matrices;

  /** The values of some columns on a coset. */
  const evaluate = (index: number, matrix: number, first: number, count: number): Matrix => {
    const matrices = source!;
    const { rows } = shapes[matrix]!;
    const values = engine.reserve(instances * rows, count);
    const parts = matrices.map((own) => own[matrix]!.matrix.column(first, count));
    engine.evaluatePartsInto(values, parts, cosetShift(rows, blowup, index, instances));
    engine.interleaveInPlace(values, instances, cosetShift(instances * rows, blowup, index));
    return values;
  };
  const digestsOf = (index: number, keep: Keep): MerkleNodes =>
    streamedDigests(
      interleaved,
      {
        most: (rows) => Math.max(8, Math.floor(STREAMED_WORDS / rows)),
        load: (matrix, first, count) => {
          onExtended?.(done / total);
          done += interleaved[matrix]!.rows * count;
          return evaluate(index, matrix, first, count);
        },
      },
      dropped,
      keep,
    );
  const parts = Array.from({ length: blowup }, (_, index) => engine.scope((keep) => digestsOf(index, keep)));
  source = undefined;
  return joinParts(hash, parts);
}

/** The same of all columns at once, where digests cannot be computed in parts: the digests, and nothing kept. */
function extendAtOnce(
  engine: FieldEngine,
  merkle: MerkleScheme,
  { instances, shapes, matrices }: InstanceCoefficients,
  blowup: number,
): MerkleNodes {
  const polynomials = shapes.map(({ rows, columns }, matrix) => {
    const together = engine.reserve(instances * rows, columns);
    const view = together.view();
    matrices.forEach((own, instance) => {
      const words = own[matrix]!.matrix.view();
      for (let column = 0; column < columns; column++) {
        const to = rows * (instances * column + placeOf(instances, instance));
        view.set(words.subarray(rows * column, rows * (column + 1)), to);
      }
    });
    return together;
  });
  const { nodes } = extendAndHash(engine, merkle, polynomials, blowup, true);
  for (const matrix of polynomials) matrix.release();
  return nodes;
}

/** Commits to interleaved columns. What is in the engine's memory belongs to the open scope. */
export function commitInterleaved(
  engine: FieldEngine,
  merkle: MerkleScheme,
  coefficients: InstanceCoefficients,
  { field, logBlowup, isOutside, onExtended }: InterleavedOptions,
): CommittedBatch {
  const { instances, shapes: own } = coefficients;
  const blowup = 2 ** logBlowup;
  const shapes = own.map(({ rows, columns }) => ({ rows: instances * rows, columns }));
  const domains = shapes.map(({ rows, columns }) => ({ rows: rows * blowup, columns }));
  const { hash, streamedDigests } = merkle;
  const height = treeHeight(domains);
  // Two digests of 32 bytes for each leaf.
  const dropped = height > SMALL_TREE || isOutside(8 * height) ? DROPPED_LAYERS : 0;
  // The only thing through which what follows reaches most of the memory, which `release` gives up.
  let held: InstanceCoefficients | undefined = coefficients;
  const release = (): void => {
    for (const { matrix } of held?.matrices.flat() ?? []) matrix.release();
    held = undefined;
  };
  const use = (): InstanceCoefficients => {
    if (held === undefined) throw new CommitmentError('COMMIT_RELEASED', 'batch', 'one in use', 'a released one');
    return held;
  };
  let nodes: MerkleNodes;
  try {
    nodes =
      streamedDigests === undefined
        ? extendAtOnce(engine, merkle, coefficients, blowup)
        : extendInParts(
            engine,
            { hash, streamedDigests },
            coefficients,
            blowup,
            dropped,
            isOutside(blowup * wordsOf(shapes)) ? onExtended : undefined,
          );
  } catch (error) {
    release();
    throw error;
  }
  const kept = nodes.kept ?? height;

  const load = (matrix: number, instance: number): Matrix => use().matrices[instance]![matrix]!.load();
  const evaluateOn = (matrix: number, shift: bigint, instance: number): Matrix => {
    const { rows, columns } = own[matrix]!;
    const values = engine.reserve(rows, columns);
    const { matrix: coefficients } = use().matrices[instance]![matrix]!;
    engine.evaluateInto(values, coefficients, { shift, input: 'bit-reversed' });
    return values;
  };
  return {
    commitment: { root: nodes.node(1, 0), shapes, instances },
    coset: (matrix, index, instance = 0) =>
      evaluateOn(matrix, cosetShift(own[matrix]!.rows, blowup, index, instances), instance),
    evaluateOn: (matrix, shift, instance = 0) => evaluateOn(matrix, shift, instance),
    combineInto: (out, matrix, factors) => {
      const { rows } = own[matrix]!;
      for (let instance = 0; instance < instances; instance++) {
        engine.scope(() => {
          const part = engine.reserve(rows, out.columns);
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
        const { matrices } = use();
        const weights = powers ?? reversedPowers(engine, field, own[matrix]!.rows, point);
        return matrices.flatMap((_, instance) => engine.scope(() => engine.weigh(load(matrix, instance), weights)));
      }),
    openRows: (indices) => {
      // All rows below those nodes of the largest layer that is kept which the indices are below.
      const opened = domains.map(({ rows }, matrix) => {
        const first = openedRows(indices, Math.min(rows, kept));
        const numbers = Array.from({ length: Math.ceil(rows / kept) }, (_, k) => first.map((each) => each + kept * k));
        const values = evaluateRows(engine, use(), matrix, blowup, numbers.flat());
        return new Map(numbers.flat().map((number, k) => [number, values[k]!]));
      });
      const rowOf = (matrix: number, row: number): bigint[] => opened[matrix]!.get(row)!;
      const node: MerkleNodes['node'] = (size, index) =>
        size <= kept ? nodes.node(size, index) : computeNode(hash, domains, rowOf, size, index);
      return openTree(domains, rowOf, indices, node);
    },
    release: () => {
      nodes.release();
      release();
    },
  };
}

/** Which of the blocks of bit-reversed coefficients is that of an instance. */
function placeOf(instances: number, instance: number): number {
  return reverseBits(instance, logOfPowerOfTwo(instances));
}
