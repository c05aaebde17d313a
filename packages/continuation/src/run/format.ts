/**
 * Files of proven runs, version 1: everything that it takes to verify one.
 *
 * `CRUN`, version (2 bytes); the program as its digest is computed from it (`programDigest`, after the domain), the lengths of input and output (8
 * bytes each) and their bytes, the exit code (4 bytes), the proven bits asked for (2 bytes); then the chain's proof. Numbers are little-endian.
 *
 * @module
 */
import { type ByteReader, ByteWriter, decodeWith, type DecodeRefusal } from '../claim/bytes.ts';
import { type RunClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { type CodeSegment, createProgram, type Program } from '../program/program.ts';
import { programDigest, writeProgram } from './machine-program.ts';

/** A run, the program it is of, and its proof. */
export interface RunFile {
  readonly program: Program;
  readonly claim: RunClaim;
  /** What the proof was made for: a verifier has to decide whether that is enough. */
  readonly securityBits: number;
  readonly proof: Uint8Array;
}

/** The file, or why there is none. */
export type RunFileVerdict =
  | { readonly ok: true; readonly value: RunFile }
  | { readonly ok: false; readonly reason: DecodeRefusal | 'not-a-program' };

/** Segments of a program, at most: an object is made of each, many times as large as the least that stands for it in a file. */
const MOST_SEGMENTS = 1024;
/** Bytes of text, at most: one more word than 2^20, of which each has a row in the program's table, is beyond all parameters. */
const MOST_TEXT_BYTES = 2 ** 22;
/** Bytes of data, at most: of each word that is not zero there is a cell of the image, 25 times as large, and no more than 2^24 fit a map. */
const MOST_DATA_BYTES = 2 ** 25;

const MAGIC = [0x43, 0x52, 0x55, 0x4e, 1, 0] as const;

/**
 * Throws where a program is larger than a file may say: before it is proved, rather than afterwards.
 *
 * @throws {@link ContinuationError} `CONTINUATION_PROGRAM` for more than 1,024 segments, 4 MiB of text or 32 MiB of data.
 */
export function assertFitsRunFile({ segments }: Program): void {
  let [text, data] = [0, 0];
  for (const { executable, bytes } of segments) {
    if (executable === true) text += bytes.length;
    else data += bytes.length;
  }
  if (segments.length <= MOST_SEGMENTS && text <= MOST_TEXT_BYTES && data <= MOST_DATA_BYTES) return;
  const list = (...[count, textBytes, dataBytes]: readonly number[]): string =>
    `${String(count)} segments, ${String(textBytes)} bytes of text and ${String(dataBytes)} of data`;
  const expected = `up to ${list(MOST_SEGMENTS, MOST_TEXT_BYTES, MOST_DATA_BYTES)}`;
  throw new ContinuationError('CONTINUATION_PROGRAM', 'segments', expected, list(segments.length, text, data));
}

/** The bytes of a file. @throws `RangeError` for more than 2^16 - 1 bits; as {@link assertFitsRunFile} */
export function encodeRunFile({ program, claim, securityBits, proof }: RunFile): Uint8Array<ArrayBuffer> {
  assertFitsRunFile(program);
  const writer = new ByteWriter().bytes(Uint8Array.from(MAGIC));
  writeProgram(writer, program);
  for (const symbols of [claim.input, claim.output]) writer.number(symbols.length, 8).bytes(symbols);
  return writer.number(claim.exitCode, 4).number(securityBits, 2).bytes(proof).finish();
}

/**
 * Reads a file from anybody; never throws because of the bytes. What it claims is not verified. Its proof is a view of the bytes.
 *
 * Takes memory linear in the bytes: a file may have up to 1,024 segments, 4 MiB of text and 32 MiB of data, of whose words some hundred bytes each are made.
 */
export function decodeRunFile(bytes: Uint8Array): RunFileVerdict {
  try {
    return decodeWith(bytes, readRunFile);
  } catch (error) {
    if (error instanceof ContinuationError) return { ok: false, reason: 'not-a-program' };
    throw error;
  }
}

function readRunFile(reader: ByteReader): RunFile {
  reader.expect(MAGIC);
  const entry = reader.bounded(8, 2 ** 32 - 1);
  const abilities = reader.bounded(1, 3);
  const count = reader.number(4);
  // Each segment has a head of 25 bytes.
  if (count > reader.left / 25) reader.refuse('truncated');
  if (count > MOST_SEGMENTS) reader.refuse('out-of-range');
  let [textBytes, dataBytes] = [0, 0];
  const sized = (): Uint8Array => reader.bytes(reader.bounded(8, 2 ** 32));
  const segments = Array.from({ length: count }, (): CodeSegment => {
    const address = reader.bounded(8, 2 ** 32 - 1);
    const memorySize = reader.bounded(8, 2 ** 32);
    const executable = reader.bounded(1, 1) === 1;
    const content = sized();
    if (memorySize < content.length || address + memorySize > 2 ** 32) reader.refuse('out-of-range');
    if (executable) textBytes += content.length;
    else dataBytes += content.length;
    if (textBytes > MOST_TEXT_BYTES || dataBytes > MOST_DATA_BYTES) reader.refuse('out-of-range');
    return { address, memorySize, executable, bytes: content };
  });
  const program = createProgram({ entry, segments }, { multiply: abilities % 2 === 1, misaligned: abilities >= 2 });
  const [input, output] = [sized(), sized()];
  const exitCode = reader.number(4);
  const securityBits = reader.number(2);
  const claim = { program: programDigest(program), input, output, exitCode };
  return { program, claim, securityBits, proof: reader.view(reader.left) };
}
