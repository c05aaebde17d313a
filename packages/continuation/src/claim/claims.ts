/**
 * Claims: what a run, a segment, and neighbouring segments together are said to have done.
 *
 * @module
 */
import { isCanonical } from '@commute/field';
import { BLAKE3, DIGEST_BYTES } from '@commute/poly-commit';
import { type ByteReader, ByteWriter, decodeWith, type DecodeRefusal, sameBytes } from './bytes.ts';

/** What is claimed of a whole run. */
export interface RunClaim {
  /** Digest of the program, 32 bytes. */
  readonly program: Uint8Array;
  /** All symbols the program was given, and all that it wrote. */
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  readonly exitCode: number;
}

/** Where a segment stands: alone, or at the start, inside, or at the end of several. */
export type SegmentKind = 'standalone' | 'first' | 'middle' | 'last';

const KINDS: readonly SegmentKind[] = ['standalone', 'first', 'middle', 'last'];

/** What is claimed of one segment. */
export interface SegmentClaim {
  readonly kind: SegmentKind;
  /** Its place among the segments, from 0. */
  readonly index: number;
  /** {@link runDigest} of program and input. */
  readonly run: Uint8Array;
  /** log2 of its cycles. */
  readonly logCycles: number;
  /** Program counter before the first and after the last cycle. */
  readonly pcStart: bigint;
  readonly pcEnd: bigint;
  /** It reads input symbols from `inputStart` to before `inputStop`, and writes output symbols likewise. */
  readonly inputStart: number;
  readonly inputStop: number;
  readonly outputStart: number;
  readonly outputStop: number;
  /** Present if the run exits in this segment. */
  readonly exitCode?: number | undefined;
}

/** What is claimed of neighbouring segments together. */
export interface SpanClaim {
  readonly run: Uint8Array;
  /** Places of the first and the last segment. */
  readonly first: number;
  readonly last: number;
  /** Whether the first segment is the first of the run, and the last one the last. */
  readonly starts: boolean;
  readonly ends: boolean;
  readonly cycles: bigint;
  readonly pcStart: bigint;
  readonly pcEnd: bigint;
  readonly inputStart: number;
  readonly inputStop: number;
  readonly outputStart: number;
  readonly outputStop: number;
  readonly exitCode?: number | undefined;
}

/** Why claims do not fit together, or not a whole run. */
export type ClaimRefusal =
  /** Of another program or another input. */
  | 'other-run'
  /** Not neighbours: a segment is missing, repeated, or out of order; or a first or last one is inside. */
  | 'other-order'
  /** The program counter after the one is not that before the other; or not the entry, or not the halt. */
  | 'other-pc'
  /** Input or output symbols are skipped or repeated, at the start, between segments, or at the end. */
  | 'other-input'
  | 'other-output'
  /** It does not exit, exits before its end, or with another code. */
  | 'other-exit';

/** The digest of what is known of a run when it starts: its program and its input. 32 bytes. */
export function runDigest(program: Uint8Array, input: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
    .bytes(new TextEncoder().encode('commute/continuation/run/v1'))
    .bytes(program)
    .number(input.length, 8)
    .bytes(input);
  return BLAKE3.digest(writer.finish());
}

/** Bytes of a segment's claim. */
export const CLAIM_BYTES = 91;

/**
 * A segment's claim in 91 bytes: kind (1 byte), index (4), run (32), log2 of the cycles (1), program counters (8 each), input start and stop,
 * output start and stop (8 each), whether it exits (1), with which code (4). Numbers are little-endian.
 *
 * @throws `RangeError` for numbers that do not fit.
 */
export function encodeSegmentClaim(claim: SegmentClaim): Uint8Array<ArrayBuffer> {
  const { kind, index, run, logCycles, pcStart, pcEnd, exitCode } = claim;
  const writer = new ByteWriter().number(KINDS.indexOf(kind), 1).number(index, 4).bytes(run).number(logCycles, 1);
  writer.number(pcStart, 8).number(pcEnd, 8);
  for (const place of [claim.inputStart, claim.inputStop, claim.outputStart, claim.outputStop]) writer.number(place, 8);
  return writer
    .number(exitCode === undefined ? 0 : 1, 1)
    .number(exitCode ?? 0, 4)
    .finish();
}

/** Reads one claim; each has one encoding only. */
export function readSegmentClaim(reader: ByteReader): SegmentClaim {
  const kind = KINDS[reader.bounded(1, KINDS.length - 1)]!;
  const index = reader.number(4);
  const run = reader.bytes(DIGEST_BYTES);
  const logCycles = reader.bounded(1, 32);
  const [pcStart, pcEnd] = [reader.bigint(8), reader.bigint(8)];
  const place = (): number => reader.bounded(8, Number.MAX_SAFE_INTEGER);
  const [inputStart, inputStop, outputStart, outputStop] = [place(), place(), place(), place()];
  const exits = reader.bounded(1, 1) === 1;
  const code = reader.number(4);
  if (!exits && code !== 0) reader.refuse('out-of-range');
  const claim = { kind, index, run, logCycles, pcStart, pcEnd, inputStart, inputStop, outputStart, outputStop };
  return exits ? { ...claim, exitCode: code } : claim;
}

/** The claim in bytes from anybody, or why there is none. */
export function decodeSegmentClaim(
  bytes: Uint8Array,
): { readonly ok: true; readonly value: SegmentClaim } | { readonly ok: false; readonly reason: DecodeRefusal } {
  return decodeWith(bytes, readSegmentClaim);
}

/** A segment's claim as one of neighbouring segments; or why it contradicts itself. */
export function spanOf(claim: SegmentClaim): SpanClaim | ClaimRefusal {
  const { kind, index, run, pcStart, pcEnd, inputStart, inputStop, outputStart, outputStop, exitCode } = claim;
  if (!isCanonical(pcStart) || !isCanonical(pcEnd)) return 'other-pc';
  const starts = kind === 'standalone' || kind === 'first';
  const ends = kind === 'standalone' || kind === 'last';
  if (starts !== (index === 0)) return 'other-order';
  if (ends !== (exitCode !== undefined)) return 'other-exit';
  if (inputStart > inputStop) return 'other-input';
  if (outputStart > outputStop) return 'other-output';
  return {
    run,
    first: index,
    last: index,
    starts,
    ends,
    cycles: 1n << BigInt(claim.logCycles),
    pcStart,
    pcEnd,
    inputStart,
    inputStop,
    outputStart,
    outputStop,
    exitCode,
  };
}

/**
 * The claim of two spans together; or why they are no neighbours. Associative: a tree of any shape over the segments in order gives the
 * same claim, or the same refusal to make one.
 */
export function mergeClaims(left: SpanClaim, right: SpanClaim): SpanClaim | ClaimRefusal {
  if (!sameBytes(left.run, right.run)) return 'other-run';
  if (left.last + 1 !== right.first || left.ends || right.starts) return 'other-order';
  if (left.pcEnd !== right.pcStart) return 'other-pc';
  if (left.inputStop !== right.inputStart) return 'other-input';
  if (left.outputStop !== right.outputStart) return 'other-output';
  return {
    run: left.run,
    first: left.first,
    last: right.last,
    starts: left.starts,
    ends: right.ends,
    cycles: left.cycles + right.cycles,
    pcStart: left.pcStart,
    pcEnd: right.pcEnd,
    inputStart: left.inputStart,
    inputStop: right.inputStop,
    outputStart: left.outputStart,
    outputStop: right.outputStop,
    exitCode: right.exitCode,
  };
}

/** Why a span is not the whole of a run, if it is not; `entry` and `halt` are the program's. */
export function checkWhole(
  span: SpanClaim,
  run: RunClaim,
  { entry, halt }: { readonly entry: bigint; readonly halt: bigint },
): ClaimRefusal | undefined {
  if (!sameBytes(span.run, runDigest(run.program, run.input))) return 'other-run';
  if (!span.starts || !span.ends) return 'other-order';
  if (span.pcStart !== entry || span.pcEnd !== halt) return 'other-pc';
  if (span.inputStart !== 0 || span.inputStop > run.input.length) return 'other-input';
  if (span.outputStart !== 0 || span.outputStop !== run.output.length) return 'other-output';
  if (span.exitCode !== run.exitCode) return 'other-exit';
  return undefined;
}
