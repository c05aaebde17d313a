import {
  blockHash,
  blockOf,
  decideByHash,
  decideByVotes,
  encodeLoggedBlock,
  replayBlock,
  StoreDamagedError,
  type LoggedBlock,
  type RhoSpace,
} from '@commute/rho-store';
import { equalBytes } from '@commute/rho-store/bytes';
import { readArchived, readOldestRound, readRound } from './archive.ts';
import { decodeBase } from './base.ts';
import { decodeCertificate, verifyCertificate } from './certificate.ts';
import { NodeStoreError } from './errors.ts';
import { evaluateBlocks } from './evaluation.ts';
import type { Network } from './network.ts';
import { rulesOf } from './rules.ts';
import { decodeStatement, decodeVote, STEP, verifyStatement, type Statement, type Subject } from './statement.ts';
import { decodeSet } from './statement-set.ts';
import { readBase } from './transfer/state-offer.ts';

/** What a look at a closed round found: the members whose blocks it holds, or the first thing that is wrong. */
export type RoundAudit =
  | {
      readonly ok: true;
      readonly members: readonly number[];
      /** Whether a quorum signed what the round begins with. If not, nothing of that is kept, and the version before it is believed. */
      readonly base: boolean;
    }
  | {
      readonly ok: false;
      readonly reason:
        /** The round is forgotten or not closed, or its version is not kept. */
        | 'not-kept'
        /** There is no certificate of a quorum for the blocks or the votes, or a member did not sign it. */
        | 'not-decided'
        /** A block or a vote that the quorum decided on is missing, or not signed by its member. */
        | 'missing-statement'
        /** The version before the round is not the one that a quorum began it with. */
        | 'other-base'
        /** The block of the round is not what comes of the blocks and votes. */
        | 'other-block';
      readonly detail: string;
    };

type Failure = Extract<RoundAudit, { ok: false }>;

const failure = (reason: Failure['reason'], detail: string): Failure => ({ ok: false, reason, detail });

/** What a quorum decided about blocks or votes, with the statements; everything signed. */
function decidedIn(space: RhoSpace, network: Network, round: number, subject: Subject): readonly Statement[] | Failure {
  const about = subject === STEP.block ? 'blocks' : 'votes';
  const step = subject === STEP.block ? STEP.blockCommit : STEP.voteCommit;
  const { certificates, statements } = readRound(space.history, round);
  const certificate = certificates
    .map((bytes) => decodeCertificate(network, bytes))
    .flatMap((one) =>
      one.ok && one.certificate.step === step && one.certificate.round === round ? [one.certificate] : [],
    )
    .find((one) => verifyCertificate(network, one));
  if (certificate === undefined) return failure('not-decided', `no quorum decided about the ${about}`);
  const said = statements
    .map((bytes) => decodeStatement(network, bytes))
    .flatMap((one) =>
      one.ok && one.statement.step === subject && one.statement.round === round ? [one.statement] : [],
    );
  const found: Statement[] = [];
  for (const { member, hash } of decodeSet(network, certificate.body) ?? []) {
    const one = said.find((statement) => statement.member === member && equalBytes(statement.hash, hash));
    if (one === undefined || !verifyStatement(network, one))
      return failure('missing-statement', `what member ${String(member)} said of the ${about}`);
    found.push(one);
  }
  return found;
}

/** Whether the version before a round is the one that a quorum began it with; `undefined` if that is not kept. */
function checkBase(space: RhoSpace, network: Network, round: number): true | undefined | Failure {
  const certificate = readBase(space.history, network, round);
  if (certificate === undefined) return undefined;
  if (!verifyCertificate(network, certificate))
    return failure('not-decided', 'no quorum signed what the round begins with');
  const base = decodeBase(certificate.body);
  const commit = space.history.commitAt(round);
  const same = base !== undefined && equalBytes(base.root, commit.root) && equalBytes(base.block, blockHash(commit));
  return same || failure('other-base', 'the version before the round is another one');
}

function sameParts(one: readonly LoggedBlock[], two: readonly LoggedBlock[]): boolean {
  const [left, right] = [one, two].map((parts) => parts.map(encodeLoggedBlock)) as [Uint8Array[], Uint8Array[]];
  return left.length === right.length && left.every((bytes, index) => equalBytes(bytes, right[index]!));
}

/**
 * The closed rounds that a store of a node keeps, from `oldest` to the one before `open`.
 *
 * @throws NodeStoreError if it is the store of no node, or of one of another network.
 */
export function keptRounds(
  { history }: RhoSpace,
  network: Network,
): { readonly oldest: number; readonly open: number } {
  const archived = readArchived(history);
  if (archived === undefined || !equalBytes(archived.network, network.id))
    throw new NodeStoreError(
      'that of a node of this network',
      archived === undefined ? 'a new one' : 'one of another network',
    );
  return { oldest: Math.min(readOldestRound(history), archived.round), open: archived.round };
}

/**
 * Checks that a closed round holds what a quorum decided: that its certificates are signed, that its block is made of just the blocks that the quorum decided on
 * and that replay, and that what conflicts was decided as the network says, by hash or by the votes of a quorum.
 *
 * A node needs none of this, since it makes the block of each round itself and takes none from others. A store that somebody else made does: its blocks can be
 * consistent in themselves and yet hold a choice that nobody made. That the version before the round is right says the quorum that began the round with it; in stores of versions of this package that did not say so it is
 * believed.
 *
 * @param space - of the store of a node, with nothing pending; afterwards at the version where it was.
 * @throws StoreArgumentError if something is pending.
 * @example
 * ```ts
 * import { createMemoryKeyValue } from '@commute/rho-store';
 * import { auditRound, createNetwork, RhoNode } from '@commute/rho-node';
 * import { ed25519 } from '@noble/curves/ed25519.js';
 * const secretKey = new Uint8Array(32).fill(1);
 * const network = createNetwork({ members: [{ publicKey: ed25519.getPublicKey(secretKey) }] });
 * const node = new RhoNode({ store: createMemoryKeyValue(), network, secretKey });
 * node.deploy('@"a"!(1)');
 * node.propose();
 * if (!auditRound(node.space, network, 1).ok || auditRound(node.space, network, 2).ok) throw new Error('not closed');
 * ```
 */
export function auditRound(space: RhoSpace, network: Network, round: number): RoundAudit {
  const { history } = space;
  const { head, meta } = history.trie;
  // What a network begins with is the first commit; each round is one more.
  const [base, number] = [round, round + 1];
  if (round < readOldestRound(history) || base < meta.oldest || number > meta.commits)
    return failure('not-kept', `round ${String(round)}`);
  try {
    const said = decidedIn(space, network, round, STEP.block);
    if ('ok' in said) return said;
    const begins = checkBase(space, network, round);
    if (typeof begins === 'object') return begins;
    space.goTo(base);
    // Whether a deploy stands in the chain before is looked up there.
    const { ranBefore: _, ...rules } = rulesOf(network, () => false);
    const { parts, compared } = evaluateBlocks(space, network, said, rules);
    let decide = decideByHash;
    if (compared.conflict && network.decision === 'votes') {
      const votes = decidedIn(space, network, round, STEP.vote);
      if ('ok' in votes) return votes;
      decide = decideByVotes(
        votes.map(({ member, body }) => ({ stake: network.members[member]!.stake, units: decodeVote(body) })),
      );
    }
    const commit = history.commitAt(number);
    const block = blockOf(commit);
    if (commit.parent !== base || block?.number !== round || block.merged === undefined)
      return failure('other-block', 'the commit is no block of the round');
    if (!sameParts(block.merged.parts, parts)) return failure('other-block', 'it is made of other blocks');
    const replayed = replayBlock(space, number, { ...rules, decide });
    if (!replayed.ok) return failure('other-block', `${replayed.reason}: ${replayed.detail}`);
    return { ok: true, members: said.map((one) => one.member), base: begins === true };
  } catch (error) {
    if (!(error instanceof StoreDamagedError)) throw error;
    return failure('not-kept', error.message);
  } finally {
    space.goTo(head);
  }
}
