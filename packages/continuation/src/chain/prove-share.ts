/**
 * Proving the segments of a run in several threads or processes at once.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import { type CommittedTraces, prepareColumns } from '@commute/stark';
import { type RunClaim, runDigest } from '../claim/claims.ts';
import { commitmentRoot } from '../link/commitment-tree.ts';
import { globalExternal, pagedExternal, pairwiseExternal } from '../link/state-link.ts';
import { groupJobs } from './prove-aggregate.ts';
import {
  type ChainProgress,
  commitWitness,
  endJobs,
  segmentJob,
  pause,
  prepare,
  type Prepared,
  type ProveChainOptions,
  type SegmentWitness,
} from './prove.ts';
import { type ProofStore, type TellShare } from './proof-store.ts';
import { type ChainSystem } from './system.ts';

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
 * it is not there yet. When all are done, `proveChain` or `proveAggregate` with the store puts the proofs together.
 *
 * @throws as `proveChain`
 */
export async function proveShare(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
  { share, shares, store, onProgress, signal }: ProveShareOptions,
): Promise<void> {
  const prepared = await prepare(engine, chain, run, witnesses, signal);
  const fixed = chain.program.fixedTraces?.(chain.segments);
  const columns = fixed === undefined ? undefined : prepareColumns(engine, chain.segments, fixed);
  const commit = (segment: Prepared): CommittedTraces => commitWitness(engine, chain, run, segment, columns);
  const { field } = chain.segments.parameters;
  const { form } = chain.link;
  const isGlobal = form === 'global';
  const jobs = [
    ...(chain.joint === undefined
      ? prepared.map((each) => segmentJob(chain, each, commit, store))
      : groupJobs(engine, chain, run, prepared, columns, { store })),
    ...(isGlobal ? endJobs(engine, chain, run, prepared, store) : []),
  ];
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
  const total = own.reduce((sum, place) => sum + jobs[place]!.weight, 0);
  const tellWithin = (phase: ChainProgress['phase'], before: number, weight: number): TellShare => {
    return (part) => onProgress?.({ phase, done: before + Math.floor(part * weight), total });
  };
  let done = 0;
  const proveOne = async (place: number): Promise<void> => {
    await pause(signal);
    const { job, weight } = jobs[place]!;
    const item = (await itemOf(place))!;
    if (isGlobal) {
      const items = (await Promise.all(jobs.map((_, each) => itemOf(each)))) as Uint8Array[];
      const external = globalExternal(field, digest, commitmentRoot(items), jobs.length, item);
      await job.prove(external, tellWithin('prove', done, weight));
    } else if (form === 'paged') {
      await job.prove(pagedExternal(digest, item));
    } else {
      await job.prove(pairwiseExternal(field, digest, await itemOf(place - 1), item, await itemOf(place + 1)));
    }
    onProgress?.({ phase: 'prove', done: (done += weight), total });
  };
  try {
    let committed = 0;
    const commitOne = async (place: number): Promise<void> => {
      await pause(signal);
      const { job, weight } = jobs[place]!;
      await job.digest(tellWithin('commit', committed, weight));
      onProgress?.({ phase: 'commit', done: (committed += weight), total });
    };
    if (isGlobal) {
      // From the last to the first, which is proved at once.
      for (const place of own.toReversed()) {
        await commitOne(place);
        if (place !== own[0]) jobs[place]!.job.release();
      }
      for (const place of own) await proveOne(place);
      return;
    }
    // In the pairwise form one is committed to before the one before it is proved: so no share waits for what another one commits to only later.
    for (const [k, place] of own.entries()) {
      await commitOne(place);
      if (form === 'paged') await proveOne(place);
      else if (k > 0) await proveOne(own[k - 1]!);
    }
    if (form === 'pairwise') for (const place of own.slice(-1)) await proveOne(place);
  } finally {
    for (const { job } of jobs) job.release();
    columns?.release();
  }
}
