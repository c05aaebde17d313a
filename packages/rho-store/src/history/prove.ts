import { ByteReader, ByteWriter, equalBytes, hashBytes, hexFromBytes } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import { proveLeaf, verifyLeaf, type TrieProofReason } from '../trie/proof.ts';
import { decodeKeyValue, encodeKeyValue, entriesOf, entryHash, type HistoryEntry, type KeyValue } from './entry.ts';
import { pathOfChannel } from './event.ts';
import type { HistoryStore } from './history-store.ts';

/** Version of the encoding of proofs. */
const PROOF_VERSION = 1;

/** Why a proof about a key proves nothing. */
export type KeyProofReason =
  | TrieProofReason
  /** The root says that nothing ever happened at the channel. */
  | 'no-key'
  /** The chain of entries does not end in the head of the history. */
  | 'head-mismatch';

/** A proof about a key that proves nothing. */
export interface KeyProofFailure {
  readonly ok: false;
  readonly reason: KeyProofReason;
}

/** Proves the state and the head of the history of a channel, or that nothing ever happened there. */
export function proveKey(store: HistoryStore, channel: Uint8Array): Uint8Array<ArrayBuffer> {
  return store.trie.prove(pathOfChannel(channel));
}

/**
 * Checks a proof of {@link proveKey} with nothing but the root of the store, 32 bytes.
 *
 * @returns what the root commits to at the channel, `undefined` for nothing.
 */
export function verifyKey(
  root: Uint8Array,
  channel: Uint8Array,
  proof: Uint8Array,
): { readonly ok: true; readonly key: KeyValue | undefined } | KeyProofFailure {
  const result = verifyLeaf(root, pathOfChannel(channel), proof);
  if (!result.ok) return result;
  if (!result.present) return { ok: true, key: undefined };
  const key = decodeKeyValue(result.value);
  if (key === undefined || !equalBytes(encodeKeyValue(key), result.value)) return { ok: false, reason: 'malformed' };
  return equalBytes(key.channel, channel) ? { ok: true, key } : { ok: false, reason: 'inconsistent' };
}

/**
 * Proves that an entry is in the history of a channel: a proof of the key, and the chain from the entry to the head. Its size and time are
 * linear in the number of entries that came later, 64 bytes each.
 *
 * @param sequence - from 1 to the number of entries.
 */
export function proveEntry(store: HistoryStore, channel: Uint8Array, sequence: number): Uint8Array<ArrayBuffer> {
  const length = store.key(channel)?.sequence ?? 0;
  if (!Number.isInteger(sequence) || sequence < 1 || sequence > length)
    throw new StoreArgumentError('sequence', `1 to ${String(length)}`, String(sequence));
  const segments = [];
  for (const segment of store.segments(channel)) {
    segments.push(segment);
    if (segment.first <= sequence) break;
  }
  const writer = new ByteWriter(1024).byte(PROOF_VERSION).bytes(proveKey(store, channel));
  for (const segment of segments.reverse()) {
    for (const { entry } of entriesOf(segment)) {
      if (entry.sequence < sequence) continue;
      if (entry.sequence === sequence) {
        writer.raw(entry.previous).uint64(sequence).raw(entry.event).raw(entry.before).raw(entry.after);
        writer.varint(length - sequence);
      } else writer.raw(entry.event).raw(entry.after);
    }
  }
  return writer.finish();
}

/** Checks a proof of {@link proveEntry} with nothing but the root of the store. Time is linear in the length of the proof. */
export function verifyEntry(
  root: Uint8Array,
  channel: Uint8Array,
  proof: Uint8Array,
): { readonly ok: true; readonly entry: HistoryEntry } | KeyProofFailure {
  const reader = new ByteReader(proof);
  const version = reader.byte();
  const keyProof = reader.bytes();
  const [previous, sequence, event] = [reader.hash(), reader.uint64(), reader.hash()];
  const first: HistoryEntry = { previous, sequence, event, before: reader.hash(), after: reader.hash() };
  const later = reader.varint();
  if (reader.failed || version !== PROOF_VERSION || reader.remaining !== later * 64)
    return { ok: false, reason: 'malformed' };
  const result = verifyKey(root, channel, keyProof);
  if (!result.ok) return result;
  if (result.key === undefined) return { ok: false, reason: 'no-key' };
  if (result.key.sequence !== sequence + later) return { ok: false, reason: 'head-mismatch' };
  let entry = first;
  let hash = entryHash(entry);
  for (let index = 0; index < later; index += 1) {
    const next = { event: reader.hash(), after: reader.hash() };
    entry = { previous: hash, sequence: entry.sequence + 1, before: entry.after, ...next };
    hash = entryHash(entry);
  }
  if (!equalBytes(hash, result.key.head) || !equalBytes(entry.after, result.key.state))
    return { ok: false, reason: 'head-mismatch' };
  return { ok: true, entry: first };
}

/** Proves that an item waits on a channel, or that it does not. */
export function proveItem(store: HistoryStore, channel: Uint8Array, item: Uint8Array): Uint8Array<ArrayBuffer> {
  const key = store.key(channel);
  if (key === undefined)
    throw new StoreArgumentError('channel', 'one that the store knows; proveKey proves absence', hexFromBytes(channel));
  return new ByteWriter(1024)
    .byte(PROOF_VERSION)
    .bytes(proveKey(store, channel))
    .bytes(proveLeaf(store.trie.read, key.state, hashBytes(item)))
    .finish();
}

/** Checks a proof of {@link proveItem} with nothing but the root of the store. */
export function verifyItem(
  root: Uint8Array,
  channel: Uint8Array,
  item: Uint8Array,
  proof: Uint8Array,
): { readonly ok: true; /** How often it waits. */ readonly count: number } | KeyProofFailure {
  const reader = new ByteReader(proof);
  const version = reader.byte();
  const [keyProof, itemProof] = [reader.bytes(), reader.bytes()];
  if (!reader.atEnd || version !== PROOF_VERSION) return { ok: false, reason: 'malformed' };
  const result = verifyKey(root, channel, keyProof);
  if (!result.ok) return result;
  if (result.key === undefined) return { ok: false, reason: 'no-key' };
  const leaf = verifyLeaf(result.key.state, hashBytes(item), itemProof);
  if (!leaf.ok) return leaf;
  if (!leaf.present) return { ok: true, count: 0 };
  const value = new ByteReader(leaf.value);
  const count = value.varint();
  return value.atEnd && count > 0 ? { ok: true, count } : { ok: false, reason: 'malformed' };
}
