import { decodeLoggedBlock, checkBlock, type LoggedBlock, type PlayOptions, type RhoSpace } from '@commute/rho-store';
import { equalBytes } from '@commute/rho-store/bytes';
import type { InvalidBlock } from './events.ts';
import type { Network } from './network.ts';

/** How deploys of a network are played, at every node alike. */
export function rulesOf(network: Network, ranBefore: (id: Uint8Array) => boolean): PlayOptions {
  const { id, lifetime, maximumComms, maximumBlockComms } = network;
  return { network: id, lifetime, maximumComms, maximumBlockComms, ranBefore };
}

/** What came of looking at what a member said to be its block. */
export type CheckedBlock =
  { readonly ok: true; readonly logged: LoggedBlock } | ({ readonly ok: false } & InvalidBlock);

/** Reads and replays the block of a member; what comes of it depends on its bytes and the version that is open alone. */
export function checkMembersBlock(
  space: RhoSpace,
  { publicKey }: Network['members'][number],
  body: Uint8Array,
  rules: PlayOptions,
): CheckedBlock {
  const invalid = { ok: false, refusal: undefined } as const;
  const logged = decodeLoggedBlock(body);
  if (logged === undefined) return { ...invalid, reason: 'malformed', detail: 'the bytes are no block' };
  if (!equalBytes(logged.block.sender, publicKey))
    return { ...invalid, reason: 'other-sender', detail: 'the sender is not the member' };
  const checked = checkBlock(space, logged, rules);
  if (checked.ok) return { ok: true, logged };
  const { reason, detail } = checked;
  if (reason !== 'refused-deploy') return { ...invalid, reason, detail };
  const { refusal } = checked;
  return { ok: false, reason: refusal.reason === 'no-room' ? 'too-costly' : reason, detail, refusal };
}
