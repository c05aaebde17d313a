import {
  bytesTerm,
  decodeTerm,
  encodeTerm,
  integerTerm,
  listTerm,
  stringTerm,
  tupleTerm,
  type Term,
} from '@commute/rholang';
import { decodeChannel, pathOfChannel, StoreDamagedError, type HistoryStore } from '@commute/rho-store';
import type { ContractInterface } from '../contract/interface.ts';
import { hex } from '../hex.ts';
import {
  bytesOf,
  countOf,
  elementsOf,
  interfaceFrom,
  interfaceTerm,
  MalformedRecord,
  termOf,
  textOf,
  type Known,
} from './interface-codec.ts';
import type { Registered } from './registered.ts';

/** Closed set of why an index that was saved is not used. */
export type SavedIndexReason =
  /** None was saved. */
  | 'absent'
  /** It was saved in another format. */
  | 'unknown-version'
  /** It was made with other system processes, or with properties, which are not saved. */
  | 'other-options'
  /** It is of a version that the store does not keep, or that has another root. */
  | 'other-root'
  /** A record is damaged or missing. */
  | 'malformed';

/** A contract of an index as it waits. */
export interface StoredContract {
  /** Hash of the receive. */
  readonly hash: Uint8Array;
  readonly id: string;
  readonly contract: ContractInterface;
}

/** What an index knows of one channel. */
export interface SavedChannel {
  readonly channel: Term;
  /** Canonical bytes of the channel. */
  readonly bytes: Uint8Array;
  readonly contracts: readonly StoredContract[];
  /** What it leads to, if it is a slot of the registry. */
  readonly registered: readonly Registered[];
}

/** An index as it was saved. */
export type SavedIndex =
  | {
      readonly ok: true;
      readonly commit: number;
      readonly head: Uint8Array;
      readonly channels: readonly SavedChannel[];
    }
  | { readonly ok: false; readonly reason: SavedIndexReason };

const VERSION = 1;
/** `discovery` and a kind: `h` the head, `c` a channel, by its path. */
const PREFIX = 'discovery';
const HEAD_KEY: Uint8Array = new TextEncoder().encode(`${PREFIX}h`);
const CHANNEL_PREFIX: Uint8Array = new TextEncoder().encode(`${PREFIX}c`);

function channelKey(bytes: Uint8Array): Uint8Array {
  const path = pathOfChannel(bytes);
  const key = new Uint8Array(CHANNEL_PREFIX.length + path.length);
  key.set(CHANNEL_PREFIX);
  key.set(path, CHANNEL_PREFIX.length);
  return key;
}

function channelRecord({ bytes, contracts, registered }: SavedChannel): Uint8Array {
  const stored = contracts.map(({ hash, id, contract }) =>
    tupleTerm([
      bytesTerm(hash),
      integerTerm(BigInt(id.slice(id.indexOf('/') + 1))),
      interfaceTerm(contract),
      stringTerm(contract.hash),
    ]),
  );
  const names = registered.map(({ uri, path, name }) =>
    tupleTerm([stringTerm(uri), listTerm(path.map(stringTerm)), bytesTerm(encodeTerm(name))]),
  );
  return encodeTerm(tupleTerm([bytesTerm(bytes), listTerm(stored), listTerm(names)]));
}

function channelFrom(record: Uint8Array, known: Known): SavedChannel {
  const decoded = decodeTerm(record);
  const [own, stored, names] = elementsOf(decoded.ok ? decoded.term : undefined, 'tuple', 3);
  const bytes = bytesOf(own);
  const channel = decodeChannel(bytes);
  if (channel === undefined) throw new MalformedRecord('no channel');
  const contracts = elementsOf(stored, 'list').map((one): StoredContract => {
    const [hash, index, contract, text] = elementsOf(one, 'tuple', 4);
    const receive = bytesOf(hash);
    if (receive.length !== 32 || contract === undefined) throw new MalformedRecord('no hash');
    return {
      hash: receive,
      id: `${hex(receive)}/${String(countOf(index))}`,
      contract: interfaceFrom(contract, channel, textOf(text), known),
    };
  });
  const registered = elementsOf(names, 'list').map((one): Registered => {
    const [uri, path, name] = elementsOf(one, 'tuple', 3);
    return { uri: textOf(uri), path: elementsOf(path, 'list').map(textOf), name: termOf(name, known) };
  });
  return { channel, bytes, contracts, registered };
}

/**
 * Reads an index that was saved. Never throws for what stands in the records.
 *
 * @param options - says how the index is to be made, as text.
 */
export function readIndex(history: HistoryStore, options: string): SavedIndex {
  try {
    const head = history.side(HEAD_KEY);
    if (head === undefined) return { ok: false, reason: 'absent' };
    const decoded = decodeTerm(head);
    const fields = elementsOf(decoded.ok ? decoded.term : undefined, 'tuple');
    if (countOf(fields[0]) !== VERSION) return { ok: false, reason: 'unknown-version' };
    if (fields.length !== 5) return { ok: false, reason: 'malformed' };
    if (textOf(fields[3]) !== options) return { ok: false, reason: 'other-options' };
    const commit = countOf(fields[1]);
    if (!hasRoot(history, commit, bytesOf(fields[2]))) return { ok: false, reason: 'other-root' };
    const known: Known = new Map();
    const channels: SavedChannel[] = [];
    for (const [key, record] of history.sides(CHANNEL_PREFIX)) {
      const one = channelFrom(record, known);
      // A record that stands for another channel would hide that one.
      if (!isSame(channelKey(one.bytes), key)) return { ok: false, reason: 'malformed' };
      channels.push(one);
    }
    return channels.length === countOf(fields[4])
      ? { ok: true, commit, head, channels }
      : { ok: false, reason: 'malformed' };
  } catch (error) {
    if (error instanceof MalformedRecord || error instanceof StoreDamagedError)
      return { ok: false, reason: 'malformed' };
    throw error;
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function hasRoot(history: HistoryStore, commit: number, root: Uint8Array): boolean {
  if (commit === 0) return false;
  try {
    return isSame(history.commitAt(commit).root, root);
  } catch (error) {
    if (error instanceof StoreDamagedError) return false;
    throw error;
  }
}

/** The head of the index that is saved now; `undefined` if there is none, or it is damaged. */
function presentHead(history: HistoryStore): Uint8Array | undefined {
  try {
    return history.side(HEAD_KEY);
  } catch (error) {
    if (error instanceof StoreDamagedError) return undefined;
    throw error;
  }
}

/** What is to be saved. */
export interface IndexChanges {
  readonly commit: number;
  readonly options: string;
  /** Head of the saved index that the changes follow; all of it is written again if another one is there. */
  readonly since: Uint8Array | undefined;
  readonly all: () => Iterable<SavedChannel>;
  /** Channels that are not what they were, with nothing for those that went. */
  readonly changed: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly channel: SavedChannel | undefined }>;
  readonly count: number;
}

/** Writes what changed of an index, in one transaction. @returns its head, and the number of records. */
export function writeIndex(
  history: HistoryStore,
  { commit, options, since, all, changed, count }: IndexChanges,
): { readonly head: Uint8Array; readonly records: number } {
  const { root } = history.commitAt(commit);
  const head = encodeTerm(
    tupleTerm([
      integerTerm(BigInt(VERSION)),
      integerTerm(BigInt(commit)),
      bytesTerm(root),
      stringTerm(options),
      integerTerm(BigInt(count)),
    ]),
  );
  const present = presentHead(history);
  const follows = since !== undefined && present !== undefined && isSame(since, present);
  const puts: [Uint8Array, Uint8Array][] = [[HEAD_KEY, head]];
  const deletes: Uint8Array[] = [];
  if (follows) {
    for (const { bytes, channel } of changed.values()) {
      if (channel === undefined) deletes.push(channelKey(bytes));
      else puts.push([channelKey(bytes), channelRecord(channel)]);
    }
  } else {
    const kept = new Set<string>();
    for (const channel of all()) {
      const key = channelKey(channel.bytes);
      kept.add(hex(key));
      puts.push([key, channelRecord(channel)]);
    }
    for (const key of history.sideKeys(CHANNEL_PREFIX)) if (!kept.has(hex(key))) deletes.push(key);
  }
  if (follows && puts.length + deletes.length === 1 && isSame(head, present)) return { head, records: 0 };
  history.writeSide({ puts, deletes });
  return { head, records: puts.length + deletes.length };
}
