/**
 * Proving the segments of a run.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import {
  type ColumnCells,
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
import { type Committed, ProofJob, type ProofStore, type TellShare } from './proof-store.ts';
import { type ChainSystem, endItem, endStatement, segmentItem, segmentStatement } from './system.ts';

/** What a machine gives of one segment of a run. */
export interface SegmentWitness extends Omit<SegmentClaim, 'kind' | 'index' | 'run'> {
  /** Every cell that the segment touches, once. */
  readonly touched: readonly TouchedCell[];
  /** log2 of the rows that the traces of the machine's tables need; required where segments are proved jointly. */
  readonly logRows?: () => readonly number[];
  /**
   * The traces of the machine's tables. They may be asked for several times, where the first are not kept; they must be the same.
   *
   * @param logRows - log2 of the rows that they are to have, where that is more than they need: idle rows follow.
   */
  readonly traces: (logRows?: readonly number[]) => readonly TableTrace[];
  /** Takes columns back that it gave and nobody reads any more, to write others into them. */
  readonly reuse?: (columns: readonly ColumnCells[]) => void;
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
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}

/** A segment with its claim and the traces of its link. */
export interface Prepared {
  readonly claim: SegmentClaim;
  readonly witness: SegmentWitness;
  /** @param logRows - as of a witness's traces. */
  readonly linkTraces: (logRows?: readonly number[]) => readonly TableTrace[];
  /** Memory before and after it, in the paged form. */
  readonly boundary: PageBoundary | undefined;
}

/** What a witness says of its segment. */
function factsOf(witness: SegmentWitness): Omit<SegmentClaim, 'kind' | 'index' | 'run'> {
  const { touched: _, logRows: __, traces: ___, reuse: ____, ...facts } = witness;
  return facts;
}

/** Claims and link traces of all segments. @throws {@link ContinuationError} `CONTINUATION_RANGE` for none, and the reason of `signal` */
export async function prepare(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
  signal: AbortSignal | undefined,
): Promise<Prepared[]> {
  if (witnesses.length === 0) throw new ContinuationError('CONTINUATION_RANGE', 'segments', 'at least one', 'none');
  const tracker = chain.link.track(chain.program.image);
  const digest = runDigest(run.program, run.input);
  const last = witnesses.length - 1;
  const prepared: Prepared[] = [];
  for (const [index, witness] of witnesses.entries()) {
    // Pages are hashed here, in the paged form.
    await pause(signal);
    const { touched } = witness;
    const kind = last === 0 ? 'standalone' : index === 0 ? 'first' : index === last ? 'last' : 'middle';
    const deferred = tracker.defer?.(touched);
    const made = deferred === undefined ? tracker.next(engine, touched) : [];
    const linkTraces: Prepared['linkTraces'] = (logRows) => deferred?.(engine, logRows) ?? made;
    const claim = { ...factsOf(witness), kind, index, run: digest } as const;
    prepared.push({ claim, witness, linkTraces, boundary: tracker.boundary?.() });
  }
  return prepared;
}

/**
 * Proves a run, segment by segment, in one process; for joint proofs see `proveAggregate`.
 *
 * Nothing is checked: witnesses that are wrong give proofs that no verifier accepts.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for no segments, or a system of joint proofs; what `commitTraces` throws for traces that do not fit; and the
 * reason of `signal`.
 */
export async function proveChain(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
  options: ProveChainOptions = {},
): Promise<ChainProof> {
  if (chain.joint !== undefined)
    throw new ContinuationError('CONTINUATION_RANGE', 'chain', 'single proofs', 'joint ones');
  const prepared = await prepare(engine, chain, run, witnesses, options.signal);
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

/** Commits to a segment's columns. */
export function commitWitness(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  { claim, witness, linkTraces, boundary }: Prepared,
  prepared: PreparedColumns | undefined,
): CommittedTraces {
  const own = witness.traces();
  const statement = segmentStatement(chain, claim, run, boundary);
  const options = prepared === undefined ? {} : { prepared };
  const committed = commitTraces(engine, chain.segments, [...own, ...linkTraces()], statement, options);
  witness.reuse?.(own.flatMap(({ trace }) => trace.main).filter((column) => !committed.readColumns.has(column)));
  return committed;
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
      const { touched } = witness;
      exits = witness.exitCode !== undefined;
      const kind = index === 0 ? (exits ? 'standalone' : 'first') : exits ? 'last' : 'middle';
      const linkTraces = tracker.next(engine, touched);
      written = output;
      const claim = { ...factsOf(witness), kind, index: index++, run: digest } as const;
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
      const { job, item: itemOf } = segmentJob(chain, each, commit, store);
      const item = itemOf(await job.digest());
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
    const { job, item } = segmentJob(chain, each, commit, store);
    const own = item(await job.digest());
    onProgress?.({ phase: 'commit', done: segments.length + 1, ...known });
    await pause(signal);
    const proof = await job.prove(pagedExternal(each.claim.run, own));
    segments.push({ claim: each.claim, binding: { form: 'paged', ...each.boundary! }, proof });
    onProgress?.({ phase: 'prove', done: segments.length, ...known });
  }
  return { segments, ends: [] };
}

/** A proof of a chain, and its item once it is committed to. */
export interface ChainJob {
  readonly job: ProofJob;
  readonly item: (commitment: Uint8Array) => Uint8Array;
  /** How many segments it is of; 1 for a proof of the ends. */
  readonly weight: number;
}

/** A single proof tells nothing of its shares. */
function ofOne({ digest, prove, release }: CommittedTraces): Committed {
  return { digest, release, prove: (external) => prove(external) };
}

/** The proof of one segment. */
export function segmentJob(
  { segments, program }: ChainSystem,
  segment: Prepared,
  commit: (segment: Prepared) => CommittedTraces,
  store: ProofStore | undefined,
): ChainJob {
  const { claim, boundary } = segment;
  const roots = new ByteWriter();
  for (const element of boundary === undefined ? [] : [...boundary.before, ...boundary.after]) roots.number(element, 8);
  const identity = [program.digest, encodeSegmentClaim(claim), ...(boundary === undefined ? [] : [roots.finish()])];
  return {
    job: new ProofJob(segments, identity, () => ofOne(commit(segment)), store),
    item: (commitment) => segmentItem(claim, commitment),
    weight: 1,
  };
}

/** Proofs of the ranges of the ends. */
export function endJobs(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  prepared: readonly Prepared[],
  store: ProofStore | undefined,
): ChainJob[] {
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
  return chain.ranges.map((_, index) => ({
    job: new ProofJob(chain.ends!, [run.program, ...identityOf(index)], () => ofOne(commitEnd(index)), store),
    item: (commitment: Uint8Array) => endItem(index, commitment),
    weight: 1,
  }));
}

/** Items and proofs of jobs, in order. */
export interface GlobalProofs {
  readonly items: readonly Uint8Array[];
  readonly proofs: readonly Uint8Array[];
}

/** All are committed to, then all are proved. */
export async function runGlobalJobs(
  chain: ChainSystem,
  run: RunClaim,
  jobs: readonly ChainJob[],
  { onProgress, signal, keep = 1 }: ProveChainOptions,
): Promise<GlobalProofs> {
  const total = jobs.reduce((sum, { weight }) => sum + weight, 0);
  const items: Uint8Array[] = [];
  const proofs: Uint8Array[] = [];
  const tellWithin = (phase: ChainProgress['phase'], done: number, weight: number): TellShare => {
    return (share) => onProgress?.({ phase, done: done + Math.floor(share * weight), total });
  };
  try {
    let done = 0;
    // From the last to the first: what is kept is proved at once.
    for (const [place, { job, item, weight }] of [...jobs.entries()].reverse()) {
      await pause(signal);
      items.unshift(item(await job.digest(tellWithin('commit', done, weight))));
      if (place >= keep) job.release();
      onProgress?.({ phase: 'commit', done: (done += weight), total });
    }
    const root = commitmentRoot(items);
    const { field } = chain.segments.parameters;
    const digest = runDigest(run.program, run.input);
    done = 0;
    for (const [place, { job, weight }] of jobs.entries()) {
      await pause(signal);
      const external = globalExternal(field, digest, root, jobs.length, items[place]!);
      proofs.push(await job.prove(external, tellWithin('prove', done, weight)));
      onProgress?.({ phase: 'prove', done: (done += weight), total });
    }
    return { items, proofs };
  } finally {
    // Where it ends too early.
    for (const { job } of jobs) job.release();
  }
}

/** Segments, then the ends. */
async function proveGlobal(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  prepared: readonly Prepared[],
  commitSegment: (segment: Prepared) => CommittedTraces,
  options: ProveChainOptions,
): Promise<ChainProof> {
  const jobs = [
    ...prepared.map((each) => segmentJob(chain, each, commitSegment, options.store)),
    ...endJobs(engine, chain, run, prepared, options.store),
  ];
  const { items, proofs } = await runGlobalJobs(chain, run, jobs, options);
  const root = commitmentRoot(items);
  const bound = proofs.map((proof, place): EndProof => {
    return { binding: { form: 'global', root, count: items.length, path: commitmentPath(items, place) }, proof };
  });
  const segments = prepared.map(({ claim }, index): SegmentProof => ({ claim, ...bound[index]! }));
  return { segments, ends: bound.slice(prepared.length) };
}
