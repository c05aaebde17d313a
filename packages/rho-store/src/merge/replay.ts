import { StoreArgumentError } from '../errors.ts';
import type { ReplayResult, RhoSpace } from '../space/rho-space.ts';
import type { Proposal, ProposedDeploy } from './merge.ts';

/** What came of replaying a proposal. */
export type ReplayProposalResult =
  | { readonly ok: true; /** Number of reductions. */ readonly comms: number }
  | {
      readonly ok: false;
      /** Position of the first deploy that does not do what its log says. */
      readonly deploy: number;
      readonly why: Exclude<ReplayResult, { ok: true }>;
    };

/**
 * Runs the deploys of a proposal again and holds each to its log: what others propose is believed only so. Leaves the space as it was.
 *
 * @param space - at the base of the proposal, with nothing pending.
 * @param run - runs a deploy on the space.
 * @throws StoreArgumentError if something is pending. What `run` throws.
 */
export function replayProposal(
  space: RhoSpace,
  { deploys }: Proposal,
  run: (deploy: ProposedDeploy, index: number) => void,
): ReplayProposalResult {
  if (space.pending > 0) throw new StoreArgumentError('space', 'nothing pending', `${String(space.pending)} events`);
  const revert = space.checkpoint();
  let comms = 0;
  try {
    for (const [index, deploy] of deploys.entries()) {
      const result = space.replay(deploy.log, () => {
        run(deploy, index);
      });
      if (!result.ok) return { ok: false, deploy: index, why: result };
      comms += result.comms;
    }
    return { ok: true, comms };
  } finally {
    revert();
  }
}
