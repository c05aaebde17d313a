/**
 * Files of arguments: everything that it takes to verify one besides the streams.
 *
 * `CDRF`, version (2 bytes); the roots before and after (32 bytes each); the lengths of the claimed input and output (4 bytes each) and their bytes; then
 * the argument. Numbers are little-endian.
 *
 * @module
 */
import { type DiskClaim } from './argument.ts';
import { joined } from './host.ts';
import { DIGEST_BYTES } from './tree.ts';

/** A claim with its argument. */
export interface DiskArgumentFile {
  readonly claim: DiskClaim;
  readonly argument: Uint8Array;
}

const MAGIC = [0x43, 0x44, 0x52, 0x46, 1, 0] as const;
const HEAD = MAGIC.length + 2 * DIGEST_BYTES + 8;

/** The bytes of a file. */
export function encodeDiskArgument({ claim, argument }: DiskArgumentFile): Uint8Array<ArrayBuffer> {
  const lengths = new Uint8Array(8);
  const view = new DataView(lengths.buffer);
  view.setUint32(0, claim.input.length, true);
  view.setUint32(4, claim.output.length, true);
  return joined([Uint8Array.from(MAGIC), claim.before, claim.after, lengths, claim.input, claim.output, argument]);
}

/** Reads a file from anybody; never throws because of the bytes. What it claims is not verified. */
export function decodeDiskArgument(
  bytes: Uint8Array,
):
  | { readonly ok: true; readonly value: DiskArgumentFile }
  | { readonly ok: false; readonly reason: 'unknown-format' | 'truncated' } {
  if (bytes.length < HEAD) return { ok: false, reason: 'truncated' };
  if (!MAGIC.every((byte, place) => bytes[place] === byte)) return { ok: false, reason: 'unknown-format' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [inputLength, outputLength] = [view.getUint32(HEAD - 8, true), view.getUint32(HEAD - 4, true)];
  if (bytes.length - HEAD < inputLength + outputLength) return { ok: false, reason: 'truncated' };
  const part = (start: number, length: number): Uint8Array => bytes.slice(start, start + length);
  const claim = {
    before: part(MAGIC.length, DIGEST_BYTES),
    after: part(MAGIC.length + DIGEST_BYTES, DIGEST_BYTES),
    input: part(HEAD, inputLength),
    output: part(HEAD + inputLength, outputLength),
  };
  return { ok: true, value: { claim, argument: bytes.slice(HEAD + inputLength + outputLength) } };
}
