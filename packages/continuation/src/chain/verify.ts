/**
 * Verifying segments on their own, merging what is verified, and whole chains.
 *
 * @module
 */
import { type ExtensionElement, isCanonical } from '@commute/field';
import {
  commitmentDigest,
  scanProof,
  type ScannedProof,
  type StarkRefusal,
  type StarkSystem,
  type Statement,
  verifyProof,
} from '@commute/stark';
import { type DecodeRefusal, sameBytes } from '../claim/bytes.ts';
import {
  checkWhole,
  type ClaimRefusal,
  mergeClaims,
  type RunClaim,
  runDigest,
  type SegmentClaim,
  type SpanClaim,
  spanOf,
} from '../claim/claims.ts';
import { verifyCommitmentPath } from '../link/commitment-tree.ts';
import { imageAt, imageOnBus } from '../link/image.ts';
import { globalExternal, LINK_IN_OUT, pagedExternal, pairwiseExternal } from '../link/state-link.ts';
import { type PageBoundary, ROOT_ELEMENTS } from '../pages/page-tables.ts';
import { type ChainProof, decodeChain, type EndProof, type GlobalBinding, type SegmentProof } from './format.ts';
import { chainSecurity } from './security.ts';
import {
  type ChainSystem,
  endItem,
  endStatement,
  type ProvableProgram,
  segmentItem,
  segmentStatement,
} from './system.ts';

/** Why a chain, or a part of one, is refused. */
export type ChainRefusal =
  | DecodeRefusal
  | ClaimRefusal
  /** A proof is refused; `proof` says why. */
  | 'proof'
  /** Proofs of another form of link than the system's. */
  | 'other-form'
  /** A segment has not as many cycles as it claims. */
  | 'other-cycles'
  /** A commitment is not among those that the challenges come from, or not in its place. */
  | 'other-commitments'
  /** A segment was linked to another neighbour than it has. */
  | 'other-neighbour'
  /** The memory that a segment starts with is not the one that the segment before leaves. */
  | 'other-memory'
  /** The memory that the first segment starts with is not the program's image. */
  | 'other-image'
  /** Proofs of the ends are missing or too many. */
  | 'other-ends'
  /** So many proofs together are not proven to be as secure as asked. */
  | 'less-security'
  /** A challenge falls on a key, which has a probability below 2^-100. */
  | 'unlucky-challenge';

/** A refusal; `part` is the segment at fault, or the proof of the ends, counted after the segments, where one is. */
export interface Refused {
  readonly ok: false;
  readonly reason: ChainRefusal;
  readonly part?: number;
  readonly proof?: StarkRefusal;
}

/** What is known of the memory of verified neighbouring segments in the pairwise form. */
export interface PairwiseSpan {
  readonly form: 'pairwise';
  /** The items that the first and the last segment were linked to outside of the span, and their own. */
  readonly before: Uint8Array | undefined;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  readonly after: Uint8Array | undefined;
  /** The shared points at both ends, and what the memory is worth there. */
  readonly pointIn: ExtensionElement;
  readonly pointOut: ExtensionElement;
  readonly memoryIn: ExtensionElement;
  readonly memoryOut: ExtensionElement;
}

/** The same in the global form. */
export interface GlobalSpan {
  readonly form: 'global';
  readonly root: Uint8Array;
  readonly count: number;
  /** Of the messages on the bus that all segments share. */
  readonly sum: ExtensionElement;
}

/** The same in the paged form: memory before and after the span. */
export interface PagedSpan extends PageBoundary {
  readonly form: 'paged';
}

/** Neighbouring segments whose proofs are verified and fit together. */
export interface VerifiedSpan {
  readonly ok: true;
  readonly claim: SpanClaim;
  /** The symbols of output that were verified, those from the claim's start to its stop: the claim itself says where they stand, not what they are. */
  readonly written: Uint8Array;
  readonly memory: PairwiseSpan | GlobalSpan | PagedSpan;
}

/** The verdict on a whole run. */
export type ChainVerdict =
  | {
      readonly ok: true;
      readonly segments: number;
      readonly cycles: bigint;
      readonly provenBits: number;
      /** How many proofs there are: of segments, alone or several together, and of the ends. */
      readonly proofs: number;
    }
  | Refused;

/** A proof whose commitment is known, and that is not verified yet. */
export interface Opened {
  readonly commitment: Uint8Array;
  readonly verify: (external: Parameters<typeof verifyProof>[3]) => ReturnType<typeof verifyProof>;
}

/** What a range of the ends has to be a proof of, opened; or why it is none. */
export function openEnd(chain: ChainSystem, segments: number, index: number, bytes: Uint8Array): Opened | Refused {
  const decoded = scanProof(chain.ends!, bytes);
  if (!decoded.ok) return { ok: false, reason: 'proof', part: segments + index, proof: decoded.reason };
  return openProof(chain.ends!, endStatement(chain, index), decoded.proof);
}

/** A proof's commitment, from which outside challenges come, before it is verified under them. */
function openProof(system: StarkSystem, statement: Statement, proof: ScannedProof): Opened {
  return {
    commitment: commitmentDigest(system, statement, proof.logRows, proof.roots[0]!),
    verify: (external) => verifyProof(system, statement, proof, external),
  };
}

/**
 * Verifies one segment's proof from anybody, on its own: all but what its neighbours have to agree with.
 *
 * @param run - the whole run's claim; of the output only what the segment says it writes is used.
 */
export function verifySegment(chain: ChainSystem, run: RunClaim, segment: SegmentProof): VerifiedSpan | Refused {
  return verifySegmentOf(chain, run, runDigest(run.program, run.input), segment);
}

/** What is refused of a segment's claim before its proof is looked at; what it claims, if nothing is. */
function checkClaim(
  program: ProvableProgram,
  run: RunClaim,
  digest: Uint8Array,
  claim: SegmentClaim,
): SpanClaim | Refused {
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason, part: claim.index });
  if (!sameBytes(claim.run, digest) || !sameBytes(run.program, program.digest)) return refuse('other-run');
  const span = spanOf(claim);
  if (typeof span === 'string') return refuse(span);
  if (claim.inputStop > run.input.length) return refuse('other-input');
  if (claim.outputStop > run.output.length) return refuse('other-output');
  // The statement has a message for each symbol: no false claim may make it longer than a true one.
  const mostSymbols = (program.symbolsPerCycle ?? Infinity) * 2 ** claim.logCycles;
  if (claim.inputStop - claim.inputStart > mostSymbols) return refuse('other-input');
  if (claim.outputStop - claim.outputStart > mostSymbols) return refuse('other-output');
  return span;
}

/** What neighbouring segments claim together, before any proof is looked at: it takes no time compared to that. */
export function checkClaims(
  program: ProvableProgram,
  run: RunClaim,
  digest: Uint8Array,
  claims: readonly SegmentClaim[],
): SpanClaim | Refused {
  let merged: SpanClaim | undefined;
  for (const claim of claims) {
    const own = checkClaim(program, run, digest, claim);
    if ('ok' in own) return own;
    const both = merged === undefined ? own : mergeClaims(merged, own);
    if (typeof both === 'string') return { ok: false, reason: both, part: claim.index };
    merged = both;
  }
  return merged ?? { ok: false, reason: 'other-order' };
}

/** {@link verifySegment} with the digest of the run, which takes time linear in the input. */
function verifySegmentOf(
  chain: ChainSystem,
  run: RunClaim,
  digest: Uint8Array,
  segment: SegmentProof,
): VerifiedSpan | Refused {
  const { claim, binding } = segment;
  const part = claim.index;
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason, part });
  if (binding.form !== chain.link.form) return refuse('other-form');
  const span = checkClaim(chain.program, run, digest, claim);
  if ('ok' in span) return span;
  const written = run.output.slice(claim.outputStart, claim.outputStop);
  const decoded = scanProof(chain.segments, segment.proof);
  if (!decoded.ok) return { ...refuse('proof'), proof: decoded.reason };
  if (decoded.proof.logRows[chain.program.cycleTable] !== claim.logCycles) return refuse('other-cycles');
  const boundary = binding.form === 'paged' ? binding : undefined;
  if (boundary !== undefined && !isBoundary(boundary)) return refuse('out-of-range');
  const opened = openProof(chain.segments, segmentStatement(chain, claim, run, boundary), decoded.proof);
  const item = segmentItem(claim, opened.commitment);
  const { field } = chain.segments.parameters;
  if (binding.form === 'paged') {
    const verdict = opened.verify(pagedExternal(digest, item));
    if (!verdict.ok) return { ...refuse('proof'), proof: verdict.reason };
    return { ok: true, claim: span, written, memory: binding };
  }
  if (binding.form === 'pairwise') {
    const { before, after } = binding;
    if ((before === undefined) !== span.starts || (after === undefined) !== span.ends) return refuse('other-neighbour');
    const external = pairwiseExternal(field, digest, before, item, after);
    const verdict = opened.verify(external);
    if (!verdict.ok) return { ...refuse('proof'), proof: verdict.reason };
    const { in: memoryIn, out: memoryOut } = verdict.exposed.values.at(-1)!;
    const [pointIn, pointOut] = LINK_IN_OUT.map((name) => external.challenges[name]!);
    return {
      ok: true,
      claim: span,
      written,
      memory: {
        form: 'pairwise',
        before,
        first: item,
        last: item,
        after,
        pointIn: pointIn!,
        pointOut: pointOut!,
        memoryIn: memoryIn!,
        memoryOut: memoryOut!,
      },
    };
  }
  const sum = verifyGlobal(chain, digest, binding, claim.index, item, opened, part);
  if ('ok' in sum) return sum;
  const { root, count } = binding;
  return { ok: true, claim: span, written, memory: { form: 'global', root, count, sum } };
}

/** Whether roots are those of as many trees as there are, of canonical elements. */
function isBoundary({ before, after }: PageBoundary): boolean {
  return [before, after].every((roots) => roots.length === ROOT_ELEMENTS && roots.every(isCanonical));
}

/** A proof of the global form whose item is at a place; the sum that it exposes. */
function verifyGlobal(
  chain: ChainSystem,
  digest: Uint8Array,
  { root, count, path }: GlobalBinding,
  place: number,
  item: Uint8Array,
  opened: Opened,
  part: number,
): ExtensionElement | Refused {
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason, part });
  if (!verifyCommitmentPath(root, count, place, item, path)) return refuse('other-commitments');
  const verdict = opened.verify(globalExternal(chain.segments.parameters.field, digest, root, count, item));
  return verdict.ok ? verdict.exposed.sum : { ...refuse('proof'), proof: verdict.reason };
}

/** Why two spans are no neighbours, or what they are together. Associative. */
export function mergeSpans(left: VerifiedSpan, right: VerifiedSpan, chain: ChainSystem): VerifiedSpan | Refused {
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason, part: right.claim.first });
  const claim = mergeClaims(left.claim, right.claim);
  if (typeof claim === 'string') return refuse(claim);
  const { field } = chain.segments.parameters;
  const written = new Uint8Array(left.written.length + right.written.length);
  written.set(left.written);
  written.set(right.written, left.written.length);
  const [a, b] = [left.memory, right.memory];
  if (a.form === 'pairwise' && b.form === 'pairwise') {
    if (a.after === undefined || b.before === undefined) return refuse('other-neighbour');
    if (!sameBytes(a.after, b.first) || !sameBytes(b.before, a.last)) return refuse('other-neighbour');
    // Both points are then drawn from the same two items.
    if (!field.equals(a.pointOut, b.pointIn)) return refuse('other-neighbour');
    if (!field.equals(a.memoryOut, b.memoryIn)) return refuse('other-memory');
    const { before, first, pointIn, memoryIn } = a;
    const { last, after, pointOut, memoryOut } = b;
    const memory = { form: 'pairwise', before, first, last, after, pointIn, pointOut, memoryIn, memoryOut } as const;
    return { ok: true, claim, written, memory };
  }
  if (a.form === 'global' && b.form === 'global') {
    if (a.count !== b.count || !sameBytes(a.root, b.root)) return refuse('other-commitments');
    return { ok: true, claim, written, memory: { ...a, sum: field.add(a.sum, b.sum) } };
  }
  if (a.form === 'paged' && b.form === 'paged') {
    if (a.after.some((element, k) => element !== b.before[k])) return refuse('other-memory');
    return { ok: true, claim, written, memory: { form: 'paged', before: a.before, after: b.after } };
  }
  return refuse('other-form');
}

/** Verifies the proof of one range of the ends. @returns the sum of its messages. */
export function verifyEnd(
  chain: ChainSystem,
  run: RunClaim,
  segments: number,
  index: number,
  end: EndProof,
): ExtensionElement | Refused {
  const part = segments + index;
  const opened = openEnd(chain, segments, index, end.proof);
  if ('ok' in opened) return opened;
  const digest = runDigest(run.program, run.input);
  return verifyGlobal(chain, digest, end.binding, part, endItem(index, opened.commitment), opened, part);
}

/** Whether a span of all segments is the claimed run: from the program's image to its exit. */
export function checkRun(
  chain: ChainSystem,
  run: RunClaim,
  span: VerifiedSpan,
  ends: readonly EndProof[],
): Refused | undefined {
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason });
  const refusal = checkWhole(span.claim, run, chain.program);
  if (refusal !== undefined) return refuse(refusal);
  // Segments may have been verified against other claims of the run, of which their own parts are the same.
  if (!sameBytes(span.written, run.output)) return refuse('other-output');
  const { memory } = span;
  const { field } = chain.segments.parameters;
  if (memory.form === 'paged') {
    if (ends.length > 0) return refuse('other-ends');
    const roots = chain.link.rootsOf!(chain.program.image);
    return roots.every((element, k) => element === memory.before[k]) ? undefined : refuse('other-image');
  }
  if (memory.form === 'pairwise') {
    if (ends.length > 0) return refuse('other-ends');
    const image = imageAt(field, chain.program.image, memory.pointIn);
    if (image === undefined) return refuse('unlucky-challenge');
    return field.equals(image, memory.memoryIn) ? undefined : refuse('other-image');
  }
  const segments = span.claim.last + 1;
  if (ends.length !== chain.ranges.length || memory.count !== segments + ends.length) return refuse('other-ends');
  let { sum } = memory;
  for (const [index, end] of ends.entries()) {
    if (end.binding.count !== memory.count || !sameBytes(end.binding.root, memory.root)) {
      return { ...refuse('other-commitments'), part: segments + index };
    }
    const share = verifyEnd(chain, run, segments, index, end);
    if ('ok' in share) return share;
    sum = field.add(sum, share);
  }
  const { challenges } = globalExternal(field, span.claim.run, memory.root, memory.count, new Uint8Array());
  const [offset, ratio] = Object.values(challenges);
  const image = imageOnBus(field, chain.program.image, offset!, ratio!);
  if (image === undefined) return refuse('unlucky-challenge');
  return field.equals(field.add(sum, image), field.zero) ? undefined : refuse('other-memory');
}

/**
 * Verifies the proofs of a whole run from anybody: that the program, given the input, wrote the output and exited with the code.
 *
 * Never throws because of the bytes.
 */
export function verifyChain(chain: ChainSystem, run: RunClaim, bytes: Uint8Array): ChainVerdict {
  const decoded = decodeChain(bytes);
  return decoded.ok ? verifyChainProof(chain, run, decoded.value) : decoded;
}

/** Verifies neighbouring segments and joins them. Whether their claims fit together is judged before any proof is. */
export function verifySpan(
  chain: ChainSystem,
  run: RunClaim,
  segments: readonly SegmentProof[],
): VerifiedSpan | Refused {
  const digest = runDigest(run.program, run.input);
  const stranger = segments.find(({ binding }) => binding.form !== chain.link.form);
  if (stranger !== undefined) return { ok: false, reason: 'other-form', part: stranger.claim.index };
  const claims = segments.map(({ claim }) => claim);
  const claimed = checkClaims(chain.program, run, digest, claims);
  if ('ok' in claimed) return claimed;
  let spans: VerifiedSpan[] = [];
  for (const segment of segments) {
    const span = verifySegmentOf(chain, run, digest, segment);
    if (!span.ok) return span;
    spans.push(span);
  }
  while (spans.length > 1) {
    const merged: VerifiedSpan[] = [];
    for (let k = 0; k < spans.length; k += 2) {
      const [left, right] = [spans[k]!, spans[k + 1]];
      const both = right === undefined ? left : mergeSpans(left, right, chain);
      if (!both.ok) return both;
      merged.push(both);
    }
    spans = merged;
  }
  return spans[0] ?? { ok: false, reason: 'other-order' };
}

/** {@link verifyChain} for a decoded chain. */
export function verifyChainProof(chain: ChainSystem, run: RunClaim, { segments, ends }: ChainProof): ChainVerdict {
  const claims = segments.map(({ claim }) => claim);
  const claimed = checkClaims(chain.program, run, runDigest(run.program, run.input), claims);
  const other = 'ok' in claimed ? undefined : checkWhole(claimed, run, chain.program);
  if (other !== undefined) return { ok: false, reason: other };
  const whole = verifySpan(chain, run, segments);
  if (!whole.ok) return whole;
  const refused = checkRun(chain, run, whole, ends);
  if (refused !== undefined) return refused;
  const { cycles } = whole.claim;
  const proofs = segments.length + ends.length;
  return { ok: true, segments: segments.length, cycles, provenBits: chainSecurity(chain).bits, proofs };
}
