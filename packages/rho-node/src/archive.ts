import { ByteReader, ByteWriter } from '@commute/rho-store/bytes';
import type { HistoryStore, SideChanges } from '@commute/rho-store';
import { encodeCertificate, type Certificate } from './certificate.ts';
import { NodeStoreError } from './errors.ts';
import { isSubject, type Statement } from './statement.ts';

/** First byte of the keys of a node's records beside the histories. Never renumber; `04` was used once. */
const SIDE = {
  network: 0x01,
  round: 0x02,
  own: 0x03,
  accepted: 0x05,
  queue: 0x06,
  statement: 0x07,
  certificate: 0x08,
  oldest: 0x09,
  base: 0x0a,
} as const;

function key(kind: number, write: (writer: ByteWriter) => void = () => undefined): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(64).byte(kind);
  write(writer);
  return writer.finish();
}

const ownKey = (step: number, view: number): Uint8Array => key(SIDE.own, (writer) => writer.byte(step).uint32(view));
/** What a statement is kept for. What proves that members cheat comes first: after the last block a round is closed. */
const KEPT = { proof: 0, part: 1 } as const;

const statementKey = (round: number, kept: number, hash: Uint8Array): Uint8Array =>
  key(SIDE.statement, (writer) => writer.uint64(round).byte(kept).raw(hash));
const statementsKey = (round: number): Uint8Array => key(SIDE.statement, (writer) => writer.uint64(round));
const certificateKey = (round: number, step?: number): Uint8Array =>
  key(SIDE.certificate, (writer) => (step === undefined ? writer.uint64(round) : writer.uint64(round).byte(step)));
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

  /** Something that this node says in the open round of what is agreed on; its block and its vote are kept. */
  say({ step, view, bytes }: Statement): this {
    if (!isSubject(step)) this.puts.push([ownKey(step, view), bytes]);
    return this;
  }

  /** Removes what this node said of what was agreed on. */
  forget({ step, view }: Statement): this {
    this.deletes.push(ownKey(step, view));
    return this;
  }

  /** A block or a vote, which others may need. */
  keep({ round, hash, bytes }: Statement): this {
    this.puts.push([statementKey(round, KEPT.part, hash), bytes]);
    return this;
  }

  /** Removes what was kept. */
  drop({ round, hash }: Statement): this {
    this.deletes.push(statementKey(round, KEPT.part, hash));
    return this;
  }

  /** A half of a contradiction that is no part of the round. */
  prove({ round, hash, bytes }: Statement): this {
    this.puts.push([statementKey(round, KEPT.proof, hash), bytes]);
    return this;
  }

  /** The newest certificate of a round and step. */
  certify(certificate: Certificate): this {
    this.puts.push([certificateKey(certificate.round, certificate.step), encodeCertificate(certificate)]);
    return this;
  }

  /** Removes a certificate. */
  decertify(round: number, step: number): this {
    this.deletes.push(certificateKey(round, step));
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

  /** What goes with the state that is fetched. */
  baseRecord(round: number, record: Uint8Array): this {
    this.puts.push([key(SIDE.base), new ByteWriter(record.length + 8).uint64(round).raw(record).finish()]);
    return this;
  }

  forgetBaseRecord(): this {
    this.deletes.push(key(SIDE.base));
    return this;
  }

  /** Says that a round is open of whose predecessors nothing is here, and removes all that was said and is to be said in others, but for what proves that members cheat. */
  restart(history: HistoryStore, round: number): this {
    for (const kind of [SIDE.own, SIDE.certificate, SIDE.base]) this.deletes.push(...history.sideKeys(key(kind)));
    for (const name of history.sideKeys(key(SIDE.statement))) if (name[9] !== KEPT.proof) this.deletes.push(name);
    this.puts.push([key(SIDE.oldest), new ByteWriter(8).uint64(round).finish()]);
    return this.round(round);
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

/** Bytes of statements and certificates of a round. */
export interface ArchivedRound {
  readonly certificates: readonly Uint8Array[];
  readonly statements: readonly Uint8Array[];
}

/** What a node left in its store. */
export interface Archived {
  readonly network: Uint8Array;
  readonly round: number;
  /** What it said of what was agreed on in the open round. */
  readonly own: readonly Uint8Array[];
  /** Blocks and votes of the open round: its own, and those that it committed to, with the certificates that it committed upon. */
  readonly open: ArchivedRound;
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
  const open = new ByteReader(round).uint64();
  const own = [...history.sides(key(SIDE.own))].map(([, value]) => value);
  const accepted = [...history.sides(key(SIDE.accepted))].map(([name]) => {
    const reader = new ByteReader(name.subarray(1));
    return { until: reader.uint64(), id: reader.hash() };
  });
  const queue = [...history.sides(key(SIDE.queue))].map(([name, bytes]) => {
    return { number: new ByteReader(name.subarray(1)).uint64(), bytes };
  });
  return { network, round: open, own, open: readRound(history, open), accepted, queue };
}

/** One statement that is kept of a round. */
export function readStatement(history: HistoryStore, round: number, hash: Uint8Array): Uint8Array | undefined {
  return history.side(statementKey(round, KEPT.part, hash)) ?? history.side(statementKey(round, KEPT.proof, hash));
}

/** What is kept of a round: of one that is closed all that it takes to close it, of one that is not there nothing. */
export function readRound(history: HistoryStore, round: number): ArchivedRound {
  const values = (prefix: Uint8Array): Uint8Array[] => [...history.sides(prefix)].map(([, value]) => value);
  return { certificates: values(certificateKey(round)), statements: values(statementsKey(round)) };
}

/** What was fetched to go with a state: round (8), record. */
export function readBaseRecord(history: HistoryStore): Uint8Array | undefined {
  return history.side(key(SIDE.base));
}

/** The oldest round of which all is kept that it takes to close it. */
export function readOldestRound(history: HistoryStore): number {
  const bytes = history.side(key(SIDE.oldest));
  return bytes === undefined ? 1 : new ByteReader(bytes).uint64();
}

/** Removes what closed the rounds before one, in one transaction. What proves that members cheat stays. */
export function forgetRounds(history: HistoryStore, oldest: number): void {
  const deletes: Uint8Array[] = [];
  for (const kind of [SIDE.statement, SIDE.certificate])
    for (const name of history.sideKeys(key(kind))) {
      const reader = new ByteReader(name.subarray(1));
      if (reader.uint64() >= oldest) break;
      if (kind === SIDE.certificate || reader.byte() === KEPT.part) deletes.push(name);
    }
  history.writeSide({ puts: [[key(SIDE.oldest), new ByteWriter(8).uint64(oldest).finish()]], deletes });
}
