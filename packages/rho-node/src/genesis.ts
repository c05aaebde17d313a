import { makeBlock, tryBlock, unsignedDeploy, type RhoSpace } from '@commute/rho-store';
import { ArchiveChanges } from './archive.ts';
import { NodeArgumentError } from './errors.ts';
import type { Network } from './network.ts';

/** Makes what a network begins with, the first commit of a new store. */
export function begin(space: RhoSpace, { genesis, id, maximumComms }: Network): void {
  const about = { timestamp: 0, after: 0, tokens: undefined, tokensFor: undefined, network: id };
  const deploys = genesis === '' ? [] : [unsignedDeploy({ ...about, source: genesis, file: 'genesis' })];
  const draft = { deploys, timestamp: 0, first: 0 } as const;
  const tried = tryBlock(space, draft, { network: id, maximumComms });
  const [refusal] = tried.outcomes.flatMap((one) => one.refused);
  if (refusal !== undefined)
    throw new NodeArgumentError('genesis', 'a program that runs', `${refusal.reason}: ${refusal.message}`);
  makeBlock(space, draft, { network: id, maximumComms }, new ArchiveChanges().network(id).round(1));
}
