/**
 * The root over a few short columns without an engine: for verifiers, who commit to a program's table once and prove nothing.
 *
 * @module
 */
import { GENERATOR, inverse, logOfPowerOfTwo, rootOfUnity } from '@commute/field';
import { DIGEST_BYTES } from '../digest.ts';
import { BLAKE3 } from '../hash.ts';
import { type OpeningParameters } from '../parameters.ts';
import { hashRows } from './hashing.ts';
import { sharedWorkspace, type Workspace } from './workspace.ts';

/** Columns of one height, as words. */
export interface ColumnWords {
  /** A power of two. */
  readonly rows: number;
  readonly columns: readonly BigUint64Array[];
}

/** Words of extended columns, at most: from there on an engine is quicker. */
const MOST_WORDS = 2 ** 20;

/**
 * The root of the commitment to columns of canonical elements, as `commit` of a commitment scheme gives it, where it is quickly computed without an engine.
 *
 * @param matrices - at least one, of at least one column each.
 * @returns `undefined` for more than 2^20 words of extended columns, another hash than BLAKE3, or a host without 128-bit vectors.
 * @example
 * ```ts
 * import { commitmentRoot, createOpeningParameters } from '@commute/poly-commit';
 * const parameters = createOpeningParameters({ securityBits: 60, logBlowup: 2, maximumLogRows: 3, maximumFunctions: 10 });
 * const root = commitmentRoot(parameters, [{ rows: 2, columns: [BigUint64Array.of(1n, 2n)] }]);
 * if (root?.length !== 32) throw new Error('unreachable');
 * ```
 */
export function commitmentRoot(
  { hash, logBlowup }: Pick<OpeningParameters, 'hash' | 'logBlowup'>,
  matrices: readonly ColumnWords[],
): Uint8Array<ArrayBuffer> | undefined {
  const words = matrices.reduce((sum, { rows, columns }) => sum + rows * 2 ** logBlowup * columns.length, 0);
  const workspace = hash === BLAKE3 && words <= MOST_WORDS ? sharedWorkspace() : undefined;
  return workspace?.scope(() => treeRoot(workspace, logBlowup, matrices));
}

/** Layers have their nodes in bit-reversed order, in which the children of a node stand side by side. */
function treeRoot(workspace: Workspace, logBlowup: number, matrices: readonly ColumnWords[]): Uint8Array<ArrayBuffer> {
  const columnsOf = new Map<number, BigUint64Array[]>();
  for (const { rows, columns } of matrices) columnsOf.set(rows, [...(columnsOf.get(rows) ?? []), ...columns]);
  const pair = 2 * DIGEST_BYTES;
  const height = Math.max(...columnsOf.keys()) * 2 ** logBlowup;
  let digests = workspace.allocate(DIGEST_BYTES * height);
  let above = workspace.allocate(DIGEST_BYTES * height);
  const joined = workspace.allocate(pair * height);
  for (let size = height; size >= 1; size /= 2) {
    const columns = columnsOf.get(size / 2 ** logBlowup);
    if (size < height) {
      const out = columns === undefined ? above : joined;
      hashRows(workspace, out, columns === undefined ? DIGEST_BYTES : pair, digests, pair, pair, size);
      [digests, above] = [above, digests];
    }
    if (columns === undefined) continue;
    if (size === height) {
      hashExtended(workspace, logBlowup, columns, digests, DIGEST_BYTES);
    } else {
      hashExtended(workspace, logBlowup, columns, joined + DIGEST_BYTES, pair);
      hashRows(workspace, digests, DIGEST_BYTES, joined, pair, pair, size);
    }
  }
  return workspace.bytes(digests, DIGEST_BYTES).slice();
}

/** Extends columns of one height and writes the digests of the rows, in bit-reversed order. */
function hashExtended(
  workspace: Workspace,
  logBlowup: number,
  columns: readonly BigUint64Array[],
  out: number,
  outStride: number,
): void {
  const { kernels } = workspace;
  workspace.scope(() => {
    const rows = columns[0]!.length;
    const logRows = logOfPowerOfTwo(rows);
    const size = rows * 2 ** logBlowup;
    const width = 8 * columns.length;
    const values = workspace.allocate(width * rows);
    const column = workspace.allocate(8 * rows);
    columns.forEach((words, k) => {
      workspace.words(column, rows).set(words);
      kernels.gather(values + 8 * k, width, column, 8, rows);
    });
    const powers = (first: bigint, base: bigint, count: number): number => {
      const address = workspace.allocate(8 * Math.max(1, count));
      workspace.words(address, 1)[0] = first;
      kernels.wordPowers(address, workspace.putWords([base]), count);
      return address;
    };
    kernels.transformRows(
      values,
      columns.length,
      rows,
      powers(1n, inverse(rootOfUnity(logRows)), Math.floor(rows / 2)),
    );
    // The coefficients on the coset 7·H, and zeros above them.
    const extended = workspace.allocate(width * size);
    const rest = width * (size - rows);
    workspace.bytes(extended + width * rows, rest).fill(0);
    const factors = powers(inverse(BigInt(rows)), GENERATOR, rows);
    kernels.spreadRows(extended, values, columns.length, logRows, factors);
    const root = rootOfUnity(logRows + logBlowup);
    kernels.transformRows(extended, columns.length, size, powers(1n, root, Math.floor(size / 2)));
    hashRows(workspace, out, outStride, extended, width, width, size);
  });
}
