/**
 * Settlements as bytes, version 1.
 *
 * `CSET`, version (2 bytes); the length of the opening (4 bytes) and the opening, as `proveLeaves` of @commute/machine writes it; the number of
 * touched cells (4 bytes), and for each of them, keys increasing, its key (5 bytes), its value afterwards (4 bytes) and the number of the segment that
 * touched it last (3 bytes); then the chain's proof. Numbers are little-endian.
 *
 * @module
 */
import { type ByteReader, ByteWriter, decodeWith, type DecodeRefusal } from '../claim/bytes.ts';

/** A cell that the steps touch, without what it held before: that follows from the state. */
export interface SettledCell {
  readonly key: number;
  readonly after: number;
  /** The segment that touched it last, from 1. */
  readonly stamp: number;
}

/** A proof of many steps against a state root. */
export interface SettlementProof {
  /** Opens the leaves of the state before that hold touched cells, and one of the auxiliary state. */
  readonly opening: Uint8Array;
  /** Keys increasing. */
  readonly cells: readonly SettledCell[];
  /** Proofs of the segments. */
  readonly chain: Uint8Array;
}

/** The proof, or why there is none. */
export type SettlementDecodeVerdict =
  { readonly ok: true; readonly value: SettlementProof } | { readonly ok: false; readonly reason: DecodeRefusal };

const MAGIC = [0x43, 0x53, 0x45, 0x54, 1, 0] as const;
const KEY_BYTES = 5;
const VALUE_BYTES = 4;
const STAMP_BYTES = 3;

/** The bytes of cells: their number, then each of them. */
export function writeCells(writer: ByteWriter, cells: readonly SettledCell[]): ByteWriter {
  writer.number(cells.length, 4);
  for (const { key, after, stamp } of cells) {
    writer.number(key, KEY_BYTES).number(after, VALUE_BYTES).number(stamp, STAMP_BYTES);
  }
  return writer;
}

/** The bytes of a settlement. @throws `RangeError` for numbers that do not fit. */
export function encodeSettlement({ opening, cells, chain }: SettlementProof): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().bytes(Uint8Array.from(MAGIC)).number(opening.length, 4).bytes(opening);
  return writeCells(writer, cells).bytes(chain).finish();
}

/** Reads a settlement from anybody; never throws because of the bytes. */
export function decodeSettlement(bytes: Uint8Array): SettlementDecodeVerdict {
  return decodeWith(bytes, readSettlement);
}

function readSettlement(reader: ByteReader): SettlementProof {
  reader.expect(MAGIC);
  const opening = reader.bytes(reader.number(4));
  const count = reader.number(4);
  if (count > reader.left / (KEY_BYTES + VALUE_BYTES + STAMP_BYTES)) reader.refuse('truncated');
  let last = -1;
  const cells = Array.from({ length: count }, (): SettledCell => {
    const key = reader.number(KEY_BYTES);
    if (key <= last) reader.refuse('out-of-range');
    last = key;
    const [after, stamp] = [reader.number(VALUE_BYTES), reader.number(STAMP_BYTES)];
    // What is listed has been touched.
    if (stamp === 0) reader.refuse('out-of-range');
    return { key, after, stamp };
  });
  return { opening, cells, chain: reader.bytes(reader.left) };
}
