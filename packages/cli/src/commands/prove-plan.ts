/** How threads are put to work: provers side by side, and threads of each. */
export interface ProvingPlan {
  readonly provers: number;
  readonly threads: number;
}

/** The share of a segment's time in which one thread works alone. */
const ALONE = 0.04;

/** How much longer provers side by side take for a segment than one alone: they compete for caches and memory. */
const BESIDE = 1.2;

/** What a prover takes once, in segments: fresh memory, code to be compiled; and the share of it in which one thread works alone. */
const START = 1.5;
const START_ALONE = 0.2;

/** How long proving takes, in segments of one thread. Measured with one and two threads. */
function timeOf(segments: number, { provers, threads }: ProvingPlan): number {
  const each = ALONE + (1 - ALONE) / threads;
  const beside = provers > 1 ? BESIDE : 1;
  return Math.ceil(segments / provers) * each * beside + START * (START_ALONE + (1 - START_ALONE) / threads);
}

/**
 * Divides threads among provers for the shortest time: each prover touches memory of its own for the first time, which is most of what short runs take, while threads
 * of one prover wait for each other.
 *
 * @param most - provers at most.
 */
export function planProving(segments: number, threads: number, most: number): ProvingPlan {
  let best: ProvingPlan = { provers: 1, threads };
  for (let provers = 2; provers <= Math.min(threads, most, segments); provers++) {
    const plan = { provers, threads: Math.floor(threads / provers) };
    if (timeOf(segments, plan) < timeOf(segments, best)) best = plan;
  }
  return best;
}

/** Threads that one joint proof occupies well. */
const JOINT_THREADS = 4;

/** Divides threads among provers of joint proofs: more of these make the whole longer and its verification slower, so a proof has several threads before there is another. */
export function planJointProving(threads: number, most: number): ProvingPlan {
  const provers = Math.max(1, Math.min(most, Math.floor(threads / JOINT_THREADS)));
  return { provers, threads: Math.floor(threads / provers) };
}
