/**
 * Proving the segments of a run jointly: several in one proof.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import {
  commitJoint,
  type JointInstance,
  type JointOptions,
  type JointProgress,
  prepareColumns,
  type PreparedColumns,
  type TableTrace,
} from '@commute/stark';
import { encodeSegmentClaim, type RunClaim } from '../claim/claims.ts';
import { type StateLink } from '../link/state-link.ts';
import { ContinuationError } from '../errors.ts';
import { type AggregateProof, type GroupProof, MOST_LOG_INSTANCES } from './aggregate-format.ts';
import { type Committed, ProofJob, type TellShare } from './proof-store.ts';
import {
  type ChainJob,
  endJobs,
  prepare,
  type Prepared,
  type ProveChainOptions,
  runGlobalJobs,
  type SegmentWitness,
} from './prove.ts';
import { type ChainSystem, jointItem, type JointShape, segmentStatement } from './system.ts';

/** One proof is better than two where at least this share of its places is filled. */
const LEAST_FILLED = 3 / 4;

/**
 * How many segments go into each joint proof, in order: as many as may, and what is left in one proof, of which up to a quarter of the places is empty, or in two.
 *
 * @param segments - at least one.
 * @param logInstances - log2 of the segments in one proof, at most; from 0 to 10.
 * @throws {@link ContinuationError} `CONTINUATION_RANGE`
 * @example
 * ```ts
 * import { groupSizes } from '@commute/continuation';
 * if (groupSizes(22, 3).join() !== '8,8,6' || groupSizes(9, 4).join() !== '8,1' || groupSizes(15, 4).join() !== '15') throw new Error('unreachable');
 * ```
 */
export function groupSizes(segments: number, logInstances: number): number[] {
  if (!Number.isInteger(logInstances) || logInstances < 0 || logInstances > MOST_LOG_INSTANCES) {
    const expected = `an integer in [0, ${String(MOST_LOG_INSTANCES)}]`;
    throw new ContinuationError('CONTINUATION_RANGE', 'logInstances', expected, String(logInstances));
  }
  if (!(segments >= 1)) throw new ContinuationError('CONTINUATION_RANGE', 'segments', 'at least one', String(segments));
  const most = 2 ** logInstances;
  const full = new Array<number>(Math.floor(segments / most)).fill(most);
  const left = segments % most;
  if (left === 0) return full;
  const power = 2 ** Math.floor(Math.log2(left));
  return left === power || left >= 2 * power * LEAST_FILLED ? [...full, left] : [...full, power, left - power];
}

/** How a run of so many segments is put together into joint proofs. @throws as {@link groupSizes} */
export function jointShape(segments: number, logInstances: number): JointShape {
  const sizes = groupSizes(segments, logInstances);
  return { proofs: sizes.length, logInstances: Math.ceil(Math.log2(sizes[0]!)) };
}

/**
 * Proves a run by few proofs of several segments each, and those of the ends, in one process.
 *
 * Nothing is checked: witnesses that are wrong give proofs that no verifier accepts. While one joint proof is made no signal is heard but from `onProgress`:
 * let another thread do it where that matters.
 *
 * @param chain - for this number of segments: see {@link jointShape}.
 * @param witnesses - all of one length.
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for no segments, ones of different lengths, or another number than the system is for; what
 * `commitJoint` throws for traces that do not fit; and the reason of `signal`.
 */
export async function proveAggregate(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  witnesses: readonly SegmentWitness[],
  options: ProveChainOptions = {},
): Promise<AggregateProof> {
  const prepared = await prepare(engine, chain, run, witnesses, options.signal);
  const fixed = chain.program.fixedTraces?.(chain.segments);
  const columns = fixed === undefined ? undefined : prepareColumns(engine, chain.segments, fixed);
  try {
    const groups = groupJobs(engine, chain, run, prepared, columns, options);
    const jobs = [...groups, ...endJobs(engine, chain, run, prepared, options.store)];
    const { proofs } = await runGlobalJobs(chain, run, jobs, options);
    return {
      groups: groups.map(({ claims }, place): GroupProof => ({ claims, proof: proofs[place]! })),
      ends: proofs.slice(groups.length),
    };
  } finally {
    columns?.release();
  }
}

/** What follows the commitment. */
const PROVING: readonly JointProgress['phase'][] = ['auxiliary', 'quotients', 'opening'];

/** A joint proof. */
export interface GroupJob extends ChainJob {
  readonly claims: GroupProof['claims'];
}

/** The joint proofs of all segments. */
export function groupJobs(
  engine: FieldEngine,
  chain: ChainSystem,
  run: RunClaim,
  prepared: readonly Prepared[],
  columns: PreparedColumns | undefined,
  { store, signal }: Pick<ProveChainOptions, 'store' | 'signal'>,
): GroupJob[] {
  const { joint, program, segments: system } = chain;
  const sizes = joint === undefined ? [] : groupSizes(prepared.length, joint.logInstances);
  if (joint?.proofs !== sizes.length || joint.logInstances !== Math.ceil(Math.log2(sizes[0]!))) {
    const got = joint === undefined ? 'none' : `${String(joint.proofs)} of up to 2^${String(joint.logInstances)}`;
    const expected = `joint proofs of ${String(prepared.length)} segments`;
    throw new ContinuationError('CONTINUATION_RANGE', 'chain', expected, got);
  }
  const telling = (tell: TellShare | undefined, phases: number): Pick<JointOptions, 'onProgress' | 'signal'> => ({
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ phase, done, instances }) =>
      tell?.((Math.max(0, PROVING.indexOf(phase)) + done / instances) / phases),
  });
  let first = 0;
  return sizes.map((size): GroupJob => {
    const members = prepared.slice(first, (first += size));
    const claims = members.map(({ claim }) => claim);
    const commit = (tell?: TellShare): Committed => {
      const instances = instancesOf(chain, run, members);
      const options: JointOptions = {
        ...telling(tell, 1),
        ...(columns === undefined ? {} : { prepared: columns }),
      };
      const { digest, prove, release } = commitJoint(engine, system, instances, options);
      return { digest, release, prove: (external, told) => prove(external, telling(told, PROVING.length)) };
    };
    return {
      claims,
      job: new ProofJob(system, [program.digest, ...claims.map(encodeSegmentClaim)], commit, store),
      item: (commitment) => jointItem(claims, commitment),
      weight: size,
    };
  });
}

/**
 * log2 of the rows that tables have in a joint proof of segments, those of the machine and those of the link: as many as any of them needs.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for witnesses that do not say how many rows they need.
 */
export function highestLogRows(
  link: StateLink,
  witnesses: readonly SegmentWitness[],
): { readonly machine: readonly number[]; readonly linked: readonly number[] } {
  const highest = (lists: readonly (readonly number[])[]): number[] =>
    lists[0]!.map((_, table) => Math.max(...lists.map((list) => list[table]!)));
  const needed = witnesses.map(({ logRows }) => {
    if (logRows !== undefined) return logRows();
    throw new ContinuationError('CONTINUATION_RANGE', 'witness', 'one that says how many rows it needs', 'another');
  });
  return { machine: highest(needed), linked: highest(witnesses.map(({ touched }) => link.logRows!(touched))) };
}

/** Segments as instances of one system, filled up to the heights of the highest. */
function instancesOf(chain: ChainSystem, run: RunClaim, members: readonly Prepared[]): JointInstance[] {
  const { machine, linked } = highestLogRows(
    chain.link,
    members.map(({ witness }) => witness),
  );
  return members.map(({ claim, witness, linkTraces }) => {
    let own: readonly TableTrace[] = [];
    return {
      statement: segmentStatement(chain, claim, run),
      traces: () => {
        own = witness.traces(machine);
        return [...own, ...linkTraces(linked)];
      },
      reuse: () => {
        witness.reuse?.(own.flatMap(({ trace }) => trace.main));
        own = [];
      },
    };
  });
}
