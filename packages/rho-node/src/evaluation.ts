import {
  compareProposals,
  proposalOf,
  type CompareProposalsResult,
  type LoggedBlock,
  type PlayOptions,
  type RhoSpace,
} from '@commute/rho-store';
import type { Certificate } from './certificate.ts';
import type { ClosedRound } from './events.ts';
import type { Network } from './network.ts';
import { checkMembersBlock } from './rules.ts';
import type { Statement } from './statement.ts';

/** What comes of the blocks that a round holds, before a decision. */
export interface Evaluation {
  readonly said: readonly Statement[];
  readonly certificate: Certificate;
  readonly parts: readonly LoggedBlock[];
  /** The member whose block each part is. */
  readonly makers: readonly number[];
  readonly invalid: ClosedRound['invalid'];
  readonly compared: Extract<CompareProposalsResult, { ok: true }>;
}

/** Reads and replays the blocks; one that is not what it should be counts as empty, at every node alike. */
export function evaluateBlocks(
  space: RhoSpace,
  { members }: Network,
  said: readonly Statement[],
  rules: PlayOptions,
): Omit<Evaluation, 'said' | 'certificate'> {
  const invalid: ClosedRound['invalid'][number][] = [];
  const parts: LoggedBlock[] = [];
  const makers: number[] = [];
  for (const { member, body } of said) {
    const checked = checkMembersBlock(space, members[member]!, body, rules);
    if (checked.ok) {
      parts.push(checked.logged);
      makers.push(member);
    } else {
      const { reason, detail, refusal } = checked;
      invalid.push({ member, reason, detail, refusal });
    }
  }
  const compared = compareProposals(
    space.history,
    parts.map((part) => proposalOf(part)!),
  );
  if (!compared.ok) throw new Error(`unreachable: replayed logs are ${compared.reason}`);
  return { parts, makers, invalid, compared };
}
