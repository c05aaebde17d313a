/**
 * Opening proofs as they come: where their parts are in the bytes, without making numbers of them.
 *
 * @module
 */
import { CUBIC_MODULUS, type ExtensionField } from '@commute/field';
import { DIGEST_BYTES } from '../digest.ts';
import { BLAKE3 } from '../hash.ts';
import { treeHeight } from '../merkle.ts';
import { isWithinParameters, logHeights, type OpeningLayout, type OpeningProof } from '../opening.ts';
import { decodeOpeningProof, openingHeader } from '../opening-format.ts';
import { lowDegreeParameters, type OpeningParameters } from '../parameters.ts';
import { type DecodeRefusal } from '../bytes.ts';
import { ELEMENT_BYTES } from '@commute/field/kernels';
import { sharedWorkspace, type Workspace } from './workspace.ts';

/** Some items in a proof's bytes. */
export interface Span {
  readonly offset: number;
  readonly count: number;
}

/** Opened rows of one tree: per matrix rows, and the digests beside them. */
export interface ScannedRows {
  readonly rows: readonly Span[];
  readonly siblings: Span;
}

/** A proof whose words are all canonical, and where what is in it; {@link scanOpening} makes it. */
export interface ScannedOpening {
  readonly bytes: Uint8Array;
  readonly layout: readonly OpeningLayout[];
  /** Claimed values by round, matrix and point, as offsets: elements of the first instance's columns, then of the second's. */
  readonly evaluations: readonly (readonly (readonly number[])[])[];
  /** By round all of these. */
  readonly claims: readonly Span[];
  readonly batchingNonce: number;
  readonly batches: readonly ScannedRows[];
  /** Per round of the low-degree test the offset of its root. */
  readonly roots: readonly number[];
  readonly foldingNonces: readonly number[];
  readonly finalPolynomial: Span;
  readonly queryNonce: number;
  readonly openings: readonly ScannedRows[];
}

/** A scanned proof; a decoded one where the host or the parameters know no other; or why there is none. */
export type OpeningScanVerdict =
  | { readonly ok: true; readonly proof: ScannedOpening | OpeningProof }
  | { readonly ok: false; readonly reason: DecodeRefusal };

/** Bytes of a proof, at most, that are brought into the memory of the kernels. */
const MOST_BYTES = 2 ** 28;

/** Whether the kernels compute in an extension. */
export function isKernelField({ degree, modulus }: ExtensionField): boolean {
  return degree === CUBIC_MODULUS.length && modulus.every((word, k) => word === CUBIC_MODULUS[k]);
}

/** Whether the kernels compute what the parameters say. */
function hasKernels({ field, hash }: OpeningParameters): boolean {
  return hash === BLAKE3 && isKernelField(field);
}

/** Whether a proof is scanned rather than decoded. */
export function isScanned(proof: ScannedOpening | OpeningProof): proof is ScannedOpening {
  return 'layout' in proof;
}

/**
 * Reads a proof from anybody as `decodeOpeningProof` does, with the same refusals, but leaves its rows and values in the bytes, which must not change.
 * Takes time and memory linear in them.
 */
export function scanOpening(
  parameters: OpeningParameters,
  layout: readonly OpeningLayout[],
  bytes: Uint8Array,
): OpeningScanVerdict {
  if (!isWithinParameters(parameters, layout)) return { ok: false, reason: 'other-parameters' };
  const workspace = hasKernels(parameters) && bytes.length <= MOST_BYTES ? sharedWorkspace() : undefined;
  const scanned = workspace === undefined ? undefined : scan(workspace, parameters, layout, bytes);
  // What is wrong the decoder says.
  return scanned === undefined ? decodeOpeningProof(parameters, layout, bytes) : { ok: true, proof: scanned };
}

function scan(
  workspace: Workspace,
  parameters: OpeningParameters,
  layout: readonly OpeningLayout[],
  bytes: Uint8Array,
): ScannedOpening | undefined {
  const { logBlowup, queries, description } = parameters;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = openingHeader(description);
  if (bytes.length < header.length) return undefined;
  for (let k = 0; k < header.length; k++) if (bytes[k] !== header[k]) return undefined;
  let at = header.length;
  // Once past the end, everything is: what is there is looked at in the end.
  const skip = (count: number): number => {
    const before = at;
    at += count;
    return before;
  };
  const number = (): number => {
    const offset = skip(4);
    return at <= bytes.length ? view.getUint32(offset, true) : Infinity;
  };
  const words: Span[] = [];
  const take = (count: number): Span => {
    const span = { offset: skip(8 * count), count };
    words.push(span);
    return span;
  };
  const takeRows = (columns: number): Span | undefined => {
    const count = number();
    if (!(count <= queries)) return undefined;
    return { offset: take(count * columns).offset, count };
  };
  const takeDigests = (most: number): Span | undefined => {
    const count = number();
    return count <= most ? { offset: skip(DIGEST_BYTES * count), count } : undefined;
  };
  const takeTree = (widths: readonly number[], layers: number): ScannedRows | undefined => {
    const rows: Span[] = [];
    for (const columns of widths) {
      const span = takeRows(columns);
      if (span === undefined) return undefined;
      rows.push(span);
    }
    const siblings = takeDigests(queries * layers);
    return siblings === undefined ? undefined : { rows, siblings };
  };

  const claims: Span[] = [];
  const evaluations = layout.map(({ shapes, points, instances = 1, used = instances }) => {
    const start = at;
    const offsets = shapes.map(({ columns }, k) => {
      const own: number[] = [];
      for (let point = 0; point < points[k]!; point++) own.push(skip(ELEMENT_BYTES * used * columns));
      return own;
    });
    const span = { offset: start, count: (at - start) / 8 };
    claims.push(span);
    words.push(span);
    return offsets;
  });
  const batchingNonce = number();
  const batches: ScannedRows[] = [];
  for (const { shapes } of layout) {
    const tree = takeTree(
      shapes.map(({ columns }) => columns),
      Math.log2(treeHeight(shapes)) + logBlowup,
    );
    if (tree === undefined) return undefined;
    batches.push(tree);
  }
  const { logSize, foldingFactors } = lowDegreeParameters(
    parameters,
    logHeights(layout.flatMap(({ shapes }) => shapes)),
  );
  const [roots, foldingNonces]: [number[], number[]] = [[], []];
  let size = 2 ** logSize;
  for (const factor of foldingFactors) {
    roots.push(skip(DIGEST_BYTES));
    foldingNonces.push(number());
    size /= factor;
  }
  const finalPolynomial = take(3 * (size / 2 ** logBlowup));
  const queryNonce = number();
  const openings: ScannedRows[] = [];
  for (const factor of foldingFactors) {
    const tree = takeTree([3 * factor], logSize);
    if (tree === undefined) return undefined;
    openings.push(tree);
  }
  if (at !== bytes.length) return undefined;
  const canonical = workspace.scope(() => {
    const start = workspace.put(bytes);
    return words.every(({ offset, count }) => workspace.kernels.areCanonical(start + offset, count) !== 0);
  });
  if (!canonical) return undefined;
  return {
    bytes,
    layout,
    evaluations,
    claims,
    batchingNonce,
    batches,
    roots,
    foldingNonces,
    finalPolynomial,
    queryNonce,
    openings,
  };
}
