import { describe, expect, test } from 'vitest';
import {
  blockOf,
  createMemoryKeyValue,
  decideByHash,
  encodeLoggedBlock,
  mergeBlocks,
  mergedBlock,
  replayBlock,
  RhoSpace,
  tryBlock,
  verifyChain,
  verifyStore,
  type Decision,
  type KeyValuePair,
  type KeyValueStore,
  type LoggedBlock,
} from '@commute/rho-store';
import { auditRound, signStatement, STEP, type Network } from '../src/index.ts';
import { eventsOf, joined, keyOf, networkOf, watched, type Watched } from './cluster.ts';

const take = (who: string): string => `for (@n <- @"seat") { @"${who}"!(n) }`;

/** A space of its own on what a node stored. */
function copyOf({ store }: Pick<Watched, 'store'>): RhoSpace {
  const copy = createMemoryKeyValue();
  copy.commit({ puts: [...store.entries()] });
  return new RhoSpace(copy);
}

/** What of the units that conflict gives way if everybody decided the other way round. */
const otherwise =
  (decide: Decision): Decision =>
  (units, pairs) => {
    const lost = new Set(decide(units, pairs));
    return new Set(pairs.flatMap(({ units: both }) => both).filter((unit) => !lost.has(unit)));
  };

interface Closed {
  readonly network: Network;
  readonly nodes: readonly [Watched, Watched];
  /** The store of a node before the first round. */
  readonly start: KeyValueStore;
  /** What is kept of what was said in closed rounds. */
  readonly records: readonly KeyValuePair[];
  /** What the first round was made of. */
  readonly parts: readonly LoggedBlock[];
}

/** Two nodes that closed a few rounds with conflicts. */
function closed(decision: Network['decision'], rounds = 1): Closed {
  const network = networkOf(2, { genesis: '@"seat"!(7)', decision }, [1n, 2n]);
  const nodes = [watched(network, 0), watched(network, 1)] as const;
  joined(nodes);
  const start = createMemoryKeyValue();
  start.commit({ puts: [...nodes[0].store.entries()] });
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, { node }] of nodes.entries()) {
      node.deploy(take(String(index)));
      node.deploy(`@"${String(index)}"!(${String(round)}) | @"seat"!(${String(round)})`);
    }
    nodes[round % 2]!.node.propose();
  }
  const { space } = nodes[0].node;
  const records = [0x07, 0x08].flatMap((kind) => [...space.history.sides(Uint8Array.of(kind))]);
  const { parts } = blockOf(space.history.commitAt(2))!.merged!;
  return { network, nodes, start, records, parts };
}

/** The store of somebody who has what a quorum decided about round 1, and made its block as he likes. */
function forged(
  store: KeyValueStore,
  parts: readonly LoggedBlock[],
  records: readonly KeyValuePair[],
  decide: Decision,
): RhoSpace {
  const start = copyOf({ store });
  const made = mergeBlocks(start, parts, decide);
  if (!made.ok) throw new Error(made.reason);
  start.history.writeSide({ puts: records });
  return start;
}

describe('an audit of closed rounds', () => {
  test('finds what every node made', () => {
    for (const decision of ['hash', 'votes'] as const) {
      const { network, nodes } = closed(decision, 4);
      expect(eventsOf(nodes[0], 'closed').filter(({ pairs }) => pairs.length > 0).length).toBeGreaterThan(0);
      for (const { node } of nodes) {
        const { round } = node;
        expect(round).toBe(5);
        for (let each = 1; each < round; each += 1)
          expect(auditRound(node.space, network, each)).toEqual({ ok: true, members: [0, 1], base: true });
        expect(auditRound(node.space, network, round)).toMatchObject({ ok: false, reason: 'not-kept' });
        expect(auditRound(node.space, network, 0)).toMatchObject({ ok: false, reason: 'not-kept' });
        // The node goes on as if nothing had happened.
        expect(node.space.root()).toEqual(node.status().root);
      }
      nodes[0].node.propose();
      expect(nodes.map(({ node }) => node.round)).toEqual([6, 6]);
    }
  });

  test('finds a choice that no quorum made, though the store holds together', () => {
    for (const decision of ['hash', 'votes'] as const) {
      const { network, nodes, start, parts, records } = closed(decision);
      const [event] = eventsOf(nodes[0], 'closed');
      const conflicting = new Set(event!.pairs.flatMap(({ units }) => units));
      expect(conflicting.size).toBe(2);
      const accepted = new Set(event!.accepted.map(String));
      const honest: Decision = (units) =>
        units.flatMap(({ deploys }, index) => (deploys.every((id) => accepted.has(String(id))) ? [] : [index]));
      const space = forged(start, parts, records, otherwise(honest));
      expect(verifyStore(space.history).problems).toEqual([]);
      expect(verifyChain(space.history).ok).toBe(true);
      expect(replayBlock(space, 2, { network: network.id }).ok).toBe(true);
      expect(space.root()).not.toEqual(event!.root);
      expect(auditRound(space, network, 1)).toMatchObject({ ok: false, reason: 'other-block' });
    }
  });

  test('finds blocks that no quorum decided on, and what is not signed', () => {
    const { network, nodes, start, parts, records } = closed('hash');
    const reasonOf = (list: readonly LoggedBlock[], kept: readonly KeyValuePair[] = records): unknown => {
      const audit = auditRound(forged(start, list, kept, decideByHash), network, 1);
      return audit.ok ? 'ok' : audit.reason;
    };
    expect(reasonOf(parts)).toBe('ok');
    expect(reasonOf(parts.slice(0, 1))).toBe('other-block');
    expect(reasonOf(parts.toReversed())).toBe('other-block');
    expect(reasonOf([])).toBe('other-block');
    const without = (kind: number): readonly KeyValuePair[] => records.filter(([name]) => name[0] !== kind);
    expect(reasonOf(parts, without(0x07))).toBe('missing-statement');
    expect(reasonOf(parts, without(0x08))).toBe('not-decided');
    for (const [index, [name, value]] of records.entries())
      for (const at of [value.length - 1, value.length - 70]) {
        const damaged = new Uint8Array(value);
        damaged[at]! ^= 1;
        const changed = records.map((one, position) => (position === index ? ([name, damaged] as const) : one));
        expect(['missing-statement', 'not-decided']).toContain(reasonOf(parts, changed));
      }
    // Of another network nothing is decided.
    expect(auditRound(nodes[0].node.space, networkOf(2), 1)).toMatchObject({ ok: false, reason: 'not-decided' });
  });

  test('is about what nodes do not take from each other: a merged block is no block of a member', () => {
    const { network, nodes } = closed('hash');
    const [{ node }] = nodes;
    const last = blockOf(node.space.history.commitAt(2))!;
    const place = { parent: tryBlock(node.space, { deploys: [], timestamp: 0 }).block.parent, number: 2 };
    const merged = mergedBlock(place, { parts: [], origins: [] })!;
    const block = { ...merged, sender: network.members[1]!.publicKey };
    for (const one of [merged, block, { ...last, number: 2 }]) {
      const single = watched(networkOf(1), 0);
      const body = encodeLoggedBlock({ block: one, log: Uint8Array.of(1, 0) });
      const own = { round: 1, step: STEP.block, view: 0, member: 0, body };
      single.node.receive(signStatement(single.node.network, own, keyOf(0)).bytes);
      expect(eventsOf(single, 'closed')).toMatchObject([{ invalid: [{ member: 0, reason: 'malformed' }] }]);
      expect(single.node.round).toBe(2);
    }
  });
});
