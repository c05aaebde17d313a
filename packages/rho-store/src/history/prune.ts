import { assertInteger } from '@commute/errors';
import { textFromBytes } from '../bytes.ts';
import { StoreDamagedError } from '../errors.ts';
import type { Link } from '../trie/node.ts';
import { decodeCommitNumber, numberOfKey, RECORD, rootKey, TRANSFER_KEY } from '../trie/records.ts';
import { decodeKeyValue, decodePlaces } from './entry.ts';
import type { HistoryStore } from './history-store.ts';

/** What pruning did. */
export interface PruneResult {
  /** Oldest commit that is kept. */
  readonly oldest: number;
  /** Number of records that were removed. */
  readonly removed: number;
}

/**
 * Forgets all but the newest versions, in one transaction.
 *
 * What goes: the nodes that only older versions need, and the logs of older commits. What stays: every entry of every history that a kept version commits to, so
 * every proof against a kept root can still be made. The events of pruned commits are gone: their entries are checked as a chain, and folding goes
 * on from the state of the oldest kept version. What was fetched of a version of another store and is not complete goes too, and what was left behind when one was.
 *
 * @throws StoreDamagedError if a record that is to stay cannot be read; nothing is removed.
 * @param keep - number of newest commits to keep, at least 1. The version that is open is kept too, as are all between.
 */
export function pruneStore(store: HistoryStore, keep: number): PruneResult {
  assertInteger('RHO_STORE_ARGUMENT_RANGE', 'keep', keep, 1, Number.MAX_SAFE_INTEGER);
  const { trie } = store;
  trie.assertFresh();
  const { meta } = trie;
  const oldest = Math.max(meta.oldest, Math.min(meta.commits - keep + 1, trie.head));
  const nodes = new Set<number>();
  const segments = new Set<number>();
  const mark = (link: Link, inState: boolean): void => {
    if (nodes.has(link.number)) return;
    nodes.add(link.number);
    const node = trie.read(link);
    if (node.kind === 'branch') {
      for (const child of node.links) if (child !== undefined) mark(child, inState);
      return;
    }
    if (inState) return;
    const value = decodeKeyValue(node.value);
    const places = decodePlaces(node.attachment);
    if (value === undefined || places === undefined)
      throw new StoreDamagedError(`node ${String(link.number)}`, 'a key');
    if (places.state !== 0) mark({ number: places.state, hash: value.state, node: undefined }, true);
    for (let number = places.segment; number !== 0 && !segments.has(number);) {
      segments.add(number);
      const segment = store.segment(number);
      if (segment === undefined) throw new StoreDamagedError(`segment ${String(number)}`, 'a part of a history');
      number = segment.previousSegment;
    }
  };
  const roots = new Set<string>();
  for (let number = oldest; number <= meta.commits; number += 1) {
    const { root, rootNumber } = trie.commitAt(number);
    roots.add(textFromBytes(rootKey(root)));
    if (rootNumber !== 0) mark({ number: rootNumber, hash: root, node: undefined }, false);
  }
  const removed: Uint8Array[] = [];
  for (const [key, value] of trie.store.entries()) {
    const number = numberOfKey(key) ?? 0;
    const gone =
      (key[0] === RECORD.node && !nodes.has(number)) ||
      (key[0] === RECORD.segment && !segments.has(number)) ||
      ((key[0] === RECORD.commit || key[0] === RECORD.log) && number < oldest) ||
      (key[0] === RECORD.root && (decodeCommitNumber(value) ?? 0) < oldest && !roots.has(textFromBytes(key)));
    if (gone) removed.push(new Uint8Array(key));
  }
  removed.push(TRANSFER_KEY);
  trie.rewrite([], removed, { ...meta, oldest });
  store.forgetLogs();
  return { oldest, removed: removed.length - 1 };
}
