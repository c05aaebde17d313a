/**
 * Opening proofs as bytes, version 1.
 *
 * All numbers are little-endian. `CPCS`, version (2 bytes); the length of the parameters' description (2 bytes) and the description;
 * the claimed values by round, matrix, point, instance and column, each the words of an extension element (8 bytes each); the nonce of the batching
 * (4 bytes); per round for each matrix the number of opened rows (4 bytes) and their words, then the number of digests (4 bytes) and the
 * digests; the FRI proof as in `proof-format.ts` after its version. Everything else follows from the parameters and the layout, which
 * the verifier has.
 *
 * @module
 */
import { type DecodeRefusal, decodeWith, type Reader, Refusal, Writer } from './bytes.ts';
import { DIGEST_BYTES } from './hash.ts';
import { type MerkleOpening, treeHeight } from './merkle.ts';
import { type Evaluations, isWithinParameters, logHeights, type OpeningLayout, type OpeningProof } from './opening.ts';
import { lowDegreeParameters, type OpeningParameters } from './parameters.ts';
import { readFriProof, writeFriProof } from './proof-format.ts';

export { type OpeningLayout } from './opening.ts';

const MAGIC = [0x43, 0x50, 0x43, 0x53] as const;
const VERSION = 1;

/** The proof, or why there is none. */
export type OpeningDecodeVerdict =
  { readonly ok: true; readonly proof: OpeningProof } | { readonly ok: false; readonly reason: DecodeRefusal };

/** Bytes of a proof; `parameters` are those that it was made with. {@link decodeOpeningProof} has an example. */
export function encodeOpeningProof(parameters: OpeningParameters, proof: OpeningProof): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.bytes(MAGIC);
  writer.half(VERSION);
  const description = new TextEncoder().encode(parameters.description);
  writer.half(description.length);
  writer.bytes(description);
  writer.elements(proof.evaluations.flat(4));
  writer.word(proof.batchingNonce);
  for (const { rows, siblings } of proof.batches) {
    for (const each of rows) {
      writer.word(each.length);
      writer.elements(each.flat());
    }
    writer.word(siblings.length);
    for (const digest of siblings) writer.bytes(digest);
  }
  writeFriProof(writer, proof.lowDegree);
  return writer.finish();
}

/**
 * Reads a proof from anybody. Takes time and memory linear in the bytes; a proof that it gives can be verified, which says nothing
 * about whether it is right.
 *
 * @param layout - per round the shapes of the matrices and how many points each is opened at.
 * @example
 * ```ts
 * import { createOpeningParameters, decodeOpeningProof } from '@commute/poly-commit';
 * const limits = { maximumLogRows: 3, maximumFunctions: 10 };
 * const parameters = createOpeningParameters({ securityBits: 60, logBlowup: 2, ...limits });
 * const layout = [{ shapes: [{ rows: 8, columns: 2 }], points: [1] }];
 * const verdict = decodeOpeningProof(parameters, layout, Uint8Array.of(1, 2, 3));
 * if (verdict.ok || verdict.reason !== 'unknown-format') throw new Error('unreachable');
 * ```
 */
export function decodeOpeningProof(
  parameters: OpeningParameters,
  layout: readonly OpeningLayout[],
  bytes: Uint8Array,
): OpeningDecodeVerdict {
  if (!isWithinParameters(parameters, layout)) return { ok: false, reason: 'other-parameters' };
  return decodeWith(bytes, (reader) => readOpeningProof(parameters, layout, reader));
}

/** The bytes that a proof begins with: what it is, and the description of its parameters. */
export function openingHeader(description: string): Uint8Array {
  const text = new TextEncoder().encode(description);
  return Uint8Array.of(...MAGIC, VERSION & 0xff, VERSION >> 8, text.length & 0xff, text.length >> 8, ...text);
}

function readOpeningProof(
  parameters: OpeningParameters,
  layout: readonly OpeningLayout[],
  reader: Reader,
): OpeningProof {
  const { field, logBlowup, queries } = parameters;
  reader.expect([...MAGIC, VERSION & 0xff, VERSION >> 8], 'unknown-format');
  const description = new TextEncoder().encode(parameters.description);
  if (reader.half() !== description.length) throw new Refusal('other-parameters');
  reader.expect(description, 'other-parameters');
  const evaluations: Evaluations = layout.map(({ shapes, points, instances = 1, used = instances }) =>
    shapes.map(({ columns }, k) =>
      Array.from({ length: points[k]! }, () =>
        Array.from({ length: used * columns }, () => reader.elements(field.degree)),
      ),
    ),
  );
  const batchingNonce = reader.word();
  const batches = layout.map(({ shapes }): MerkleOpening => {
    const rows = shapes.map(({ columns }) =>
      Array.from({ length: reader.count(queries, 8 * columns) }, () => reader.elements(columns)),
    );
    const layers = Math.log2(treeHeight(shapes)) + logBlowup;
    const siblings = Array.from({ length: reader.count(queries * layers, DIGEST_BYTES) }, () => reader.digest());
    return { rows, siblings };
  });
  const heights = logHeights(layout.flatMap(({ shapes }) => shapes));
  const lowDegree = readFriProof(lowDegreeParameters(parameters, heights), reader);
  return { evaluations, batchingNonce, batches, lowDegree };
}
