/**
 * Proving the segments of a run.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import {
  type CommittedTraces,
  commitTraces,
  prepareColumns,
  type PreparedColumns,
  type TableTrace,
} from '@commute/stark';
import { encodeSegmentClaim, type RunClaim, runDigest, type SegmentClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { ByteCounter } from '../link/byte-table.ts';
import { type TouchedCell } from '../link/cells.ts';
import { commitmentPath, commitmentRoot } from '../link/commitment-tree.ts';
import { endTrace } from '../link/global-table.ts';
import { globalExternal, pairwiseExternal } from '../link/state-link.ts';
import { type ChainProof, type EndProof, type SegmentProof } from './format.ts';
import { ProofJob, type ProofStore } from './proof-store.ts';
import { type ChainSystem, endItem, endStatement, segmentItem, segmentStatement } from './system.ts';

/** What a machine gives of one segment of a run. */
export interface SegmentWitness extends Omit<SegmentClaim, 'kind' | 'index' | 'run'> {
  /** Every cell that the segment touches, once. */
  readonly touched: readonly TouchedCell[];
  /** The traces of the machine's tables. The global form asks twice where it may not keep the first; they must be the same. */
  readonly traces: () => readonly TableTrace[];
}

/** What is done. */
export interface ChainProgress {
  readonly phase: 'commit' | 'prove';
  /** Segments, and proofs of the ends, for which the phase is done. */
  readonly done: number;
  /** Of how many. */
  readonly total: number;
}

/** Options of {@link proveChain}. */
export interface ProveChainOptions {
  readonly onProgress?: (progress: ChainProgress) => void;
  readonly signal?: AbortSignal;
  /** Commitments that are kept in memory from the first pass to the second, in the global form; the others are made twice. 1 by default. */
  readonly keep?: number;
  /** Keeps each commitment's digest and each proof: proving the same run with it again goes on where it was stopped. */
  readonly store?: ProofStore;
}

/** Lets timers and messages in, and stops where that is asked for. @throws what the signal was aborted with */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}

interface Prepared {
  readonly claim: SegmentClaim;
  readonly witness: SegmentWitness;
  readonly linkTraces: readonly TableTrace[];
}

function prepare(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
): Prepared[] {
  if (witnesses.length === 0) throw new ContinuationError('CONTINUATION_RANGE', 'segments', 'at least one', 'none');
  const tracker = chain.link.track(chain.program.image);
  const digest = runDigest(run.program, run.input);
  const last = witnesses.length - 1;
  return witnesses.map((witness, index) => {
    const { touched, traces: _, ...facts } = witness;
    const kind = last === 0 ? 'standalone' : index === 0 ? 'first' : index === last ? 'last' : 'middle';
    return { claim: { ...facts, kind, index, run: digest }, witness, linkTraces: tracker.next(engine, touched) };
  });
}

/**
 * Proves a run, segment by segment, in one process.
 *
 * Nothing is checked: witnesses that are wrong give proofs that no verifier accepts.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for no segments; what `commitTraces` throws for traces that do not fit; and the
 * reason of `signal`.
 */
export async function proveChain(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
  options: ProveChainOptions = {},
): Promise<ChainProof> {
  const prepared = prepare(engine, chain, run, witnesses);
  const fixed = chain.program.fixedTraces?.(chain.segments);
  const columns = fixed === undefined ? undefined : prepareColumns(engine, chain.segments, fixed);
  const commit = (segment: Prepared): CommittedTraces => commitWitness(engine, chain, run, segment, columns);
  try {
    return await (chain.link.form === 'pairwise'
      ? provePairwise(chain, prepared, commit, options)
      : proveGlobal(engine, chain, run, prepared, commit, options));
  } finally {
    columns?.release();
  }
}

function commitWitness(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  { claim, witness, linkTraces }: Prepared,
  prepared: PreparedColumns | undefined,
): CommittedTraces {
  const traces = [...witness.traces(), ...linkTraces];
  const statement = segmentStatement(chain, claim, run);
  return commitTraces(engine, chain.segments, traces, statement, prepared === undefined ? {} : { prepared });
}

/** Each segment is proved when its successor is committed to, so that two of them are held at most. */
async function provePairwise(
  chain: ChainSystem,
  prepared: readonly Prepared[],
  commit: (segment: Prepared) => CommittedTraces,
  { onProgress, signal, store }: ProveChainOptions,
): Promise<ChainProof> {
  const { field } = chain.segments.parameters;
  const total = prepared.length;
  const segments: SegmentProof[] = [];
  let before: Uint8Array | undefined;
  let current: { job: ProofJob; item: Uint8Array; claim: SegmentClaim } | undefined;
  const finish = async (after: Uint8Array | undefined): Promise<void> => {
    const { job, item, claim } = current!;
    const proof = await job.prove(pairwiseExternal(field, claim.run, before, item, after));
    segments.push({ claim, binding: { form: 'pairwise', before, after }, proof });
    before = item;
    onProgress?.({ phase: 'prove', done: segments.length, total });
  };
  for (const [index, each] of prepared.entries()) {
    await pause(signal);
    const job = segmentJob(chain, each, commit, store);
    const item = segmentItem(each.claim, await job.digest());
    onProgress?.({ phase: 'commit', done: index + 1, total });
    if (current !== undefined) await finish(item);
    current = { job, item, claim: each.claim };
  }
  await pause(signal);
  await finish(undefined);
  return { segments, ends: [] };
}

function segmentJob(
  { segments, program }: ChainSystem,
  segment: Prepared,
  commit: (segment: Prepared) => CommittedTraces,
  store: ProofStore | undefined,
): ProofJob {
  const identity = [program.digest, encodeSegmentClaim(segment.claim)];
  return new ProofJob(segments, identity, () => commit(segment), store);
}

/** All are committed to, then all are proved. */
async function proveGlobal(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  prepared: readonly Prepared[],
  commitSegment: (segment: Prepared) => CommittedTraces,
  { onProgress, signal, keep = 1, store }: ProveChainOptions,
): Promise<ChainProof> {
  const tracker = chain.link.track(chain.program.image);
  for (const { witness } of prepared) tracker.next(engine, witness.touched);
  const cells = tracker.ends();
  const commitEnd = (index: number): CommittedTraces => {
    const { start, stop } = chain.ranges[index]!;
    const bytes = new ByteCounter();
    const mine = cells.filter(({ key }) => key >= start && key < stop);
    const trace = endTrace(mine, start, stop, bytes);
    return commitTraces(engine, chain.ends!, [trace, bytes.trace()], endStatement(chain, index));
  };
  const digest = runDigest(run.program, run.input);
  const jobs = [
    ...prepared.map((each) => ({
      job: segmentJob(chain, each, commitSegment, store),
      item: (commitment: Uint8Array) => segmentItem(each.claim, commitment),
    })),
    ...chain.ranges.map((_, index) => ({
      job: new ProofJob(
        chain.ends!,
        [run.program, digest, Uint8Array.of(index, prepared.length), run.output],
        () => commitEnd(index),
        store,
      ),
      item: (commitment: Uint8Array) => endItem(index, commitment),
    })),
  ];
  const total = jobs.length;
  const items: Uint8Array[] = [];
  for (const [place, { job, item }] of jobs.entries()) {
    await pause(signal);
    items.push(item(await job.digest()));
    if (place >= keep) job.release();
    onProgress?.({ phase: 'commit', done: items.length, total });
  }
  const root = commitmentRoot(items);
  const { field } = chain.segments.parameters;
  const proofs: EndProof[] = [];
  for (const [place, { job }] of jobs.entries()) {
    await pause(signal);
    const proof = await job.prove(globalExternal(field, digest, root, total, items[place]!));
    proofs.push({ binding: { form: 'global', root, count: total, path: commitmentPath(items, place) }, proof });
    onProgress?.({ phase: 'prove', done: place + 1, total });
  }
  const segments = prepared.map(({ claim }, index): SegmentProof => ({ claim, ...proofs[index]! }));
  return { segments, ends: proofs.slice(prepared.length) };
}
