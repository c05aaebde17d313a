import { createMemoryKeyValue, type KeyValueStore } from '@commute/rho-store';
import type { Network, NetworkOptions } from '../src/index.ts';
import { joined, watched, type Watched } from './cluster.ts';
import { GENESIS, networkOf } from './keys.ts';

/** Keys that each round makes. */
const KEYS = 40;

/** Closes rounds in which each member deploys something, one key is used by all, and many are made. */
export function closeRounds(nodes: readonly Watched[], count: number): void {
  for (let each = 0; each < count; each += 1) {
    const { round } = nodes[0]!.node;
    const keys = Array.from({ length: KEYS }, (_, key) => `@("key", ${String(round)}, ${String(key)})!(1)`).join(' | ');
    for (const [index, one] of nodes.entries()) {
      if (one.node.member < 0) continue;
      one.node.deploy(`@"${String(index)}"!(${String(round)})`);
      if (index === 0) one.node.deploy(keys);
      one.node.deploy('for (@n <- @"seat") { @"seat"!(n + 1) }');
    }
    nodes[round % nodes.length]!.node.propose();
  }
}

/** Two members after some rounds, the first of which forgets. */
export function members(
  rounds: number,
  keepRounds = 2,
  options: Partial<NetworkOptions> = {},
): [network: Network, forgets: Watched, keeps: Watched] {
  const network = networkOf(2, { genesis: GENESIS, ...options });
  const [forgets, keeps] = [watched(network, 0, { keepRounds }), watched(network, 1)];
  joined([forgets, keeps]);
  closeRounds([forgets, keeps], rounds);
  return [network, forgets, keeps];
}

export function copyOf(store: KeyValueStore): KeyValueStore {
  const copy = createMemoryKeyValue();
  copy.commit({ puts: [...store.entries()] });
  return copy;
}
