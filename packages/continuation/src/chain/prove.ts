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
import { ByteWriter } from '../claim/bytes.ts';
import { encodeSegmentClaim, type RunClaim, runDigest, type SegmentClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { ByteCounter } from '../link/byte-table.ts';
import { type TouchedCell } from '../link/cells.ts';
import { commitmentPath, commitmentRoot } from '../link/commitment-tree.ts';
import { endTrace } from '../link/global-table.ts';
import { globalExternal, pagedExternal, pairwiseExternal } from '../link/state-link.ts';
import { type PageBoundary } from '../pages/page-tables.ts';
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
  /** Of how many, if that is known. */
  readonly total?: number;
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
  readonly linkTraces: () => readonly TableTrace[];
  /** Memory before and after it, in the paged form. */
  readonly boundary: PageBoundary | undefined;
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
    const deferred = tracker.defer?.(touched);
    const made = deferred === undefined ? tracker.next(engine, touched) : [];
    const linkTraces = (): readonly TableTrace[] => deferred?.(engine) ?? made;
    return { claim: { ...facts, kind, index, run: digest }, witness, linkTraces, boundary: tracker.boundary?.() };
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
    if (chain.link.form === 'global') return await proveGlobal(engine, chain, run, prepared, commit, options);
    const proveEach = chain.link.form === 'paged' ? provePaged : provePairwise;
    return await proveEach(chain, prepared, prepared.length, commit, options);
  } finally {
    columns?.release();
  }
}

function commitWitness(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  { claim, witness, linkTraces, boundary }: Prepared,
  prepared: PreparedColumns | undefined,
): CommittedTraces {
  const traces = [...witness.traces(), ...linkTraces()];
  const statement = segmentStatement(chain, claim, run, boundary);
  return commitTraces(engine, chain.segments, traces, statement, prepared === undefined ? {} : { prepared });
}

/** Segments end before one exits. */
class Unfinished extends Error {}

/** A segment of a run that goes on, and what has been written up to its end. */
export interface StreamedWitness {
  readonly witness: SegmentWitness;
  readonly output: Uint8Array;
}

/**
 * {@link proveChain} in the pairwise or the paged form for segments that are still being executed: each is proved when the next one is there, in the
 * paged form at once, and two are held at most. The one that exits is the last.
 *
 * @returns `undefined` where the segments end before one exits.
 * @throws as {@link proveChain}
 */
export async function proveChainStream(
  engine: FieldEngine,
  chain: ChainSystem,
  { program, input }: Pick<RunClaim, 'program' | 'input'>,
  witnesses: AsyncIterable<StreamedWitness>,
  options: ProveChainOptions = {},
): Promise<ChainProof | undefined> {
  const tracker = chain.link.track(chain.program.image);
  const digest = runDigest(program, input);
  const fixed = chain.program.fixedTraces?.(chain.segments);
  const columns = fixed === undefined ? undefined : prepareColumns(engine, chain.segments, fixed);
  let written: Uint8Array = new Uint8Array();
  let exits = false;
  async function* prepared(): AsyncGenerator<Prepared> {
    let index = 0;
    for await (const { witness, output } of witnesses) {
      const { touched, traces: _, ...facts } = witness;
      exits = witness.exitCode !== undefined;
      const kind = index === 0 ? (exits ? 'standalone' : 'first') : exits ? 'last' : 'middle';
      const linkTraces = tracker.next(engine, touched);
      written = output;
      const claim: SegmentClaim = { ...facts, kind, index: index++, run: digest };
      yield { claim, witness, linkTraces: () => linkTraces, boundary: tracker.boundary?.() };
    }
    if (!exits) throw new Unfinished();
  }
  const commit = (segment: Prepared): CommittedTraces =>
    commitWitness(engine, chain, { program, input, output: written, exitCode: 0 }, segment, columns);
  try {
    const proveEach = chain.link.form === 'paged' ? provePaged : provePairwise;
    return await proveEach(chain, prepared(), undefined, commit, options);
  } catch (error) {
    if (error instanceof Unfinished) return undefined;
    throw error;
  } finally {
    columns?.release();
  }
}

/** Each segment is proved when its successor is committed to, so that two of them are held at most. */
async function provePairwise(
  chain: ChainSystem,
  prepared: Iterable<Prepared> | AsyncIterable<Prepared>,
  total: number | undefined,
  commit: (segment: Prepared) => CommittedTraces,
  { onProgress, signal, store }: ProveChainOptions,
): Promise<ChainProof> {
  const { field } = chain.segments.parameters;
  const known = total === undefined ? {} : { total };
  const segments: SegmentProof[] = [];
  let before: Uint8Array | undefined;
  let current: { job: ProofJob; item: Uint8Array; claim: SegmentClaim } | undefined;
  const finish = async (after: Uint8Array | undefined): Promise<void> => {
    const { job, item, claim } = current!;
    const proof = await job.prove(pairwiseExternal(field, claim.run, before, item, after));
    segments.push({ claim, binding: { form: 'pairwise', before, after }, proof });
    before = item;
    onProgress?.({ phase: 'prove', done: segments.length, ...known });
  };
  let committed = 0;
  try {
    for await (const each of prepared) {
      await pause(signal);
      const job = segmentJob(chain, each, commit, store);
      const item = segmentItem(each.claim, await job.digest());
      onProgress?.({ phase: 'commit', done: ++committed, ...known });
      if (current !== undefined) await finish(item);
      current = { job, item, claim: each.claim };
    }
    await pause(signal);
    await finish(undefined);
    return { segments, ends: [] };
  } finally {
    // Where the segments end too early.
    current?.job.release();
  }
}

/** Each segment is committed to and proved before the next one. */
async function provePaged(
  chain: ChainSystem,
  prepared: Iterable<Prepared> | AsyncIterable<Prepared>,
  total: number | undefined,
  commit: (segment: Prepared) => CommittedTraces,
  { onProgress, signal, store }: ProveChainOptions,
): Promise<ChainProof> {
  const known = total === undefined ? {} : { total };
  const segments: SegmentProof[] = [];
  for await (const each of prepared) {
    await pause(signal);
    const job = segmentJob(chain, each, commit, store);
    const item = segmentItem(each.claim, await job.digest());
    onProgress?.({ phase: 'commit', done: segments.length + 1, ...known });
    await pause(signal);
    const proof = await job.prove(pagedExternal(each.claim.run, item));
    segments.push({ claim: each.claim, binding: { form: 'paged', ...each.boundary! }, proof });
    onProgress?.({ phase: 'prove', done: segments.length, ...known });
  }
  return { segments, ends: [] };
}

function segmentJob(
  { segments, program }: ChainSystem,
  segment: Prepared,
  commit: (segment: Prepared) => CommittedTraces,
  store: ProofStore | undefined,
): ProofJob {
  const { claim, boundary } = segment;
  const roots = new ByteWriter();
  for (const element of boundary === undefined ? [] : [...boundary.before, ...boundary.after]) roots.number(element, 8);
  const identity = [program.digest, encodeSegmentClaim(claim), ...(boundary === undefined ? [] : [roots.finish()])];
  return new ProofJob(segments, identity, () => commit(segment), store);
}

/** A proof of the global form, and its item once it is committed to. */
interface GlobalJob {
  readonly job: ProofJob;
  readonly item: (commitment: Uint8Array) => Uint8Array;
}

/** Segments, then the ends. */
function globalJobs(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  prepared: readonly Prepared[],
  commitSegment: (segment: Prepared) => CommittedTraces,
  store: ProofStore | undefined,
): GlobalJob[] {
  const commitEnd = (index: number): CommittedTraces => {
    const tracker = chain.link.track(chain.program.image);
    for (const { witness } of prepared) {
      if (tracker.defer === undefined) tracker.next(engine, witness.touched);
      else tracker.defer(witness.touched);
    }
    const { start, stop } = chain.ranges[index]!;
    const bytes = new ByteCounter();
    const mine = tracker.ends().filter(({ key }) => key >= start && key < stop);
    const trace = endTrace(mine, start, stop, bytes);
    return commitTraces(engine, chain.ends!, [trace, bytes.trace()], endStatement(chain, index));
  };
  // What the ends are depends on all segments and how the run is cut into them.
  const claims = prepared.map(({ claim }) => encodeSegmentClaim(claim));
  const identityOf = (index: number): Uint8Array[] => {
    const { start, stop } = chain.ranges[index]!;
    return [...claims, new ByteWriter().number(index, 4).number(start, 8).number(stop, 8).finish()];
  };
  return [
    ...prepared.map((each) => ({
      job: segmentJob(chain, each, commitSegment, store),
      item: (commitment: Uint8Array) => segmentItem(each.claim, commitment),
    })),
    ...chain.ranges.map((_, index) => ({
      job: new ProofJob(chain.ends!, [run.program, ...identityOf(index)], () => commitEnd(index), store),
      item: (commitment: Uint8Array) => endItem(index, commitment),
    })),
  ];
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
  const jobs = globalJobs(engine, chain, run, prepared, commitSegment, store);
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
  const digest = runDigest(run.program, run.input);
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

/** Options of {@link proveShare}. */
export interface ProveShareOptions extends Pick<ProveChainOptions, 'onProgress' | 'signal'> {
  /** Which share, from 0, of how many: proof k is of share k modulo their number. */
  readonly share: number;
  readonly shares: number;
  /** The one store of all shares. */
  readonly store: ProofStore;
}

/**
 * Makes some of a chain's proofs, while other threads or processes make the others: each reads from the store what it needs of them, and waits where
 * it is not there yet. When all are done, {@link proveChain} with the store puts the chain together.
 *
 * @throws as {@link proveChain}
 */
export async function proveShare(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
  { share, shares, store, onProgress, signal }: ProveShareOptions,
): Promise<void> {
  const prepared = prepare(engine, chain, run, witnesses);
  const fixed = chain.program.fixedTraces?.(chain.segments);
  const columns = fixed === undefined ? undefined : prepareColumns(engine, chain.segments, fixed);
  const commit = (segment: Prepared): CommittedTraces => commitWitness(engine, chain, run, segment, columns);
  const { field } = chain.segments.parameters;
  const { form } = chain.link;
  const isGlobal = form === 'global';
  const jobs = isGlobal
    ? globalJobs(engine, chain, run, prepared, commit, store)
    : prepared.map((each) => ({
        job: segmentJob(chain, each, commit, store),
        item: (commitment: Uint8Array) => segmentItem(each.claim, commitment),
      }));
  const own = jobs.flatMap((_, place) => (place % shares === share ? [place] : []));
  const digest = runDigest(run.program, run.input);
  /** Waits for whoever commits to it. */
  const itemOf = async (place: number): Promise<Uint8Array | undefined> => {
    const each = jobs[place];
    if (each === undefined) return undefined;
    for (;;) {
      const kept = await each.job.keptDigest();
      if (kept !== undefined) return each.item(kept);
      await new Promise((resolve) => setTimeout(resolve, 20));
      signal?.throwIfAborted();
    }
  };
  let done = 0;
  const proveOne = async (place: number): Promise<void> => {
    await pause(signal);
    const { job } = jobs[place]!;
    const item = (await itemOf(place))!;
    if (isGlobal) {
      const items = (await Promise.all(jobs.map((_, each) => itemOf(each)))) as Uint8Array[];
      await job.prove(globalExternal(field, digest, commitmentRoot(items), jobs.length, item));
    } else if (form === 'paged') {
      await job.prove(pagedExternal(digest, item));
    } else {
      await job.prove(pairwiseExternal(field, digest, await itemOf(place - 1), item, await itemOf(place + 1)));
    }
    onProgress?.({ phase: 'prove', done: ++done, total: own.length });
  };
  try {
    // In the pairwise form one is committed to before the one before it is proved: so no share waits for what another one commits to only later.
    for (const [k, place] of own.entries()) {
      await pause(signal);
      await jobs[place]!.job.digest();
      if (isGlobal) jobs[place]!.job.release();
      onProgress?.({ phase: 'commit', done: k + 1, total: own.length });
      if (form === 'paged') await proveOne(place);
      if (form === 'pairwise' && k > 0) await proveOne(own[k - 1]!);
    }
    for (const place of isGlobal ? own : form === 'pairwise' ? own.slice(-1) : []) await proveOne(place);
  } finally {
    columns?.release();
  }
}
