import { blockHash, type HistoryStore } from '@commute/rho-store';
import type { AcceptedDeploys } from '../accepted.ts';
import { readRound } from '../archive.ts';
import { encodeBase, encodeBaseRecord } from '../base.ts';
import { decodeCertificate, encodeCertificate, type Certificate } from '../certificate.ts';
import type { Network } from '../network.ts';
import { STEP } from '../statement.ts';

/** The version after a closed round, as it is told to nodes that cannot replay what led to it. */
export interface StateOffer {
  readonly round: number;
  /** Bytes of the certificate of what the round after begins with. */
  readonly certificate: Uint8Array;
  /** What a node needs beside the state. */
  readonly record: Uint8Array;
}

/** What the open round begins with, at all nodes alike: said again after a process was killed, it is the same. */
export function baseOf(history: HistoryStore, accepted: AcceptedDeploys, open: number): Uint8Array<ArrayBuffer> {
  const commit = history.commitAt(history.trie.head);
  return encodeBase({ root: commit.root, block: blockHash(commit), accepted: accepted.hashAfter(open) });
}

/** What a quorum said that a closed round begins with; `undefined` if it is not kept. Does not check signatures. */
export function readBase(history: HistoryStore, network: Network, round: number): Certificate | undefined {
  for (const bytes of readRound(history, round).certificates) {
    const decoded = decodeCertificate(network, bytes);
    if (decoded.ok && decoded.certificate.step === STEP.base && decoded.certificate.round === round)
      return decoded.certificate;
  }
  return undefined;
}

/** The newest version of which a quorum said that a round begins with it. @param base - of the open round, as far as it was said. */
export function offerState(
  history: HistoryStore,
  network: Network,
  accepted: AcceptedDeploys,
  { open, base }: { readonly open: number; readonly base: Certificate | undefined },
): StateOffer | undefined {
  // Of earlier rounds it is not known any more which deploys were accepted.
  const said = base ?? readBase(history, network, open - 1);
  if (said === undefined) return undefined;
  const round = said.round - 1;
  // What the network begins with is at all nodes, as the first commit.
  if (round < 1 || round + 1 < history.trie.meta.oldest) return undefined;
  const { note } = history.commitAt(round + 1);
  // Without those that were accepted since.
  const groups = accepted.after(said.round).filter(({ until }) => until <= round + network.lifetime);
  const record = encodeBaseRecord({ note, accepted: groups });
  return { round, certificate: encodeCertificate(said), record };
}
