import { ByteReader, ByteWriter } from '@commute/rho-store/bytes';
import type { HistoryStore, SideChanges } from '@commute/rho-store';
import { NodeStoreError } from './errors.ts';
import type { Statement } from './statement.ts';

/** First byte of the keys of a node's records beside the histories. Never renumber. */
const SIDE = { network: 0x01, round: 0x02, own: 0x03, archive: 0x04, accepted: 0x05, queue: 0x06 } as const;

function key(kind: number, write: (writer: ByteWriter) => void = () => undefined): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(64).byte(kind);
  write(writer);
  return writer.finish();
}

const ownKey = (step: number, view: number): Uint8Array => key(SIDE.own, (writer) => writer.byte(step).uint32(view));
const archiveKey = (round: number): Uint8Array => key(SIDE.archive, (writer) => writer.uint64(round));
const queueKey = (number: number): Uint8Array => key(SIDE.queue, (writer) => writer.uint64(number));
const acceptedKey = (until: number, id: Uint8Array): Uint8Array =>
  key(SIDE.accepted, (writer) => writer.uint64(until).raw(id));

/** Changes of a node's records that go into one transaction. */
export class ArchiveChanges implements SideChanges {
  readonly puts: [Uint8Array, Uint8Array][] = [];
  readonly deletes: Uint8Array[] = [];

  network(id: Uint8Array): this {
    this.puts.push([key(SIDE.network), id]);
    return this;
  }

  /** The round that is open. */
  round(round: number): this {
    this.puts.push([key(SIDE.round), new ByteWriter(8).uint64(round).finish()]);
    return this;
  }

  /** Something that this node says in the open round. */
  say({ step, view, bytes }: Statement): this {
    this.puts.push([ownKey(step, view), bytes]);
    return this;
  }

  /** Removes what this node said. */
  forget({ step, view }: Statement): this {
    this.deletes.push(ownKey(step, view));
    return this;
  }

  /** What closed a round: whoever has it can close it too. */
  archive(round: number, statements: readonly Statement[]): this {
    const writer = new ByteWriter(1024).varint(statements.length);
    for (const { bytes } of statements) writer.bytes(bytes);
    this.puts.push([archiveKey(round), writer.finish()]);
    return this;
  }

  /** A deploy that was accepted and must not be again, before its time is over. */
  accept(until: number, id: Uint8Array): this {
    this.puts.push([acceptedKey(until, id), new Uint8Array(0)]);
    return this;
  }

  forgetAccepted(until: number, id: Uint8Array): this {
    this.deletes.push(acceptedKey(until, id));
    return this;
  }

  enqueue(number: number, deploy: Uint8Array): this {
    this.puts.push([queueKey(number), deploy]);
    return this;
  }

  dequeue(number: number): this {
    this.deletes.push(queueKey(number));
    return this;
  }
}

/** What a node left in its store. */
export interface Archived {
  readonly network: Uint8Array;
  readonly round: number;
  readonly own: readonly Uint8Array[];
  readonly accepted: readonly { readonly until: number; readonly id: Uint8Array }[];
  readonly queue: readonly { readonly number: number; readonly bytes: Uint8Array }[];
}

/** Reads what a node left; `undefined` if the store is new. */
export function readArchived(history: HistoryStore): Archived | undefined {
  const [network, round] = [history.side(key(SIDE.network)), history.side(key(SIDE.round))];
  if (network === undefined || round === undefined) {
    if (history.trie.meta.commits > 0)
      throw new NodeStoreError('a new store, or one of a node', 'one of something else');
    return undefined;
  }
  const own = [...history.sides(key(SIDE.own))].map(([, value]) => value);
  const accepted = [...history.sides(key(SIDE.accepted))].map(([name]) => {
    const reader = new ByteReader(name.subarray(1));
    return { until: reader.uint64(), id: reader.hash() };
  });
  const queue = [...history.sides(key(SIDE.queue))].map(([name, bytes]) => {
    return { number: new ByteReader(name.subarray(1)).uint64(), bytes };
  });
  return { network, round: new ByteReader(round).uint64(), own, accepted, queue };
}

/** The statements of a round that is closed; none if there is no such round. */
export function readRound(history: HistoryStore, round: number): readonly Uint8Array[] {
  const bytes = history.side(archiveKey(round));
  if (bytes === undefined) return [];
  const reader = new ByteReader(bytes);
  const statements: Uint8Array[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) statements.push(reader.bytes());
  return statements;
}
