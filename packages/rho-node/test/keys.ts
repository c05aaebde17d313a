import { ed25519 } from '@noble/curves/ed25519.js';
import { createNetwork, type Network, type NetworkOptions } from '../src/index.ts';

/** What networks of tests about transfers begin with. */
export const GENESIS = '@"seat"!(0)';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Secret key of member `index`. */
export const keyOf = (index: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(index + 1);

export function networkOf(
  count: number,
  options: Partial<NetworkOptions> = {},
  stakes: readonly bigint[] = [],
): Network {
  const members = Array.from({ length: count }, (_, index) => {
    const publicKey = ed25519.getPublicKey(keyOf(index));
    return { publicKey, stake: stakes[index] ?? 1n };
  });
  return createNetwork({ members, ...options });
}
