import { encodePlace, pruneStore, StateReceiver, type HistoryStore, type PartReason } from '@commute/rho-store';
import { ByteReader, ByteWriter, equalBytes } from '@commute/rho-store/bytes';
import { ArchiveChanges, readBaseRecord } from '../archive.ts';
import { checkBaseRecord, decodeBase, type Base, type CheckedRecord } from '../base.ts';
import { decodeCertificate, verifyCertificate } from '../certificate.ts';
import { MAXIMUM_PART, type Message } from '../frame.ts';
import type { Network } from '../network.ts';
import { STEP } from '../statement.ts';
import { recordPlace } from './state-server.ts';
import type { TransferOptions } from './options.ts';

/** Why a node that told of its state is not asked any more. */
export type TransferReason =
  | PartReason
  /** It told of a version that no quorum signed. */
  | 'not-settled'
  /** It told of a version that this node is beyond. */
  | 'old-state'
  /** It told of a version of which it keeps more beside the state than this node takes. */
  | 'large-state'
  /** It did not answer in time. */
  | 'no-answer';

/** One that can be asked for a state. */
export interface StateSource {
  readonly send: (message: Message) => void;
  /** Ends the connection. */
  readonly drop: (reason: TransferReason) => void;
}

/** A state that is complete. */
export interface FetchedState extends CheckedRecord {
  readonly round: number;
  readonly receiver: StateReceiver;
}

/** What a transfer belongs to. */
export interface TransferHost {
  readonly network: Network;
  readonly history: HistoryStore;
  /** The round that is open. */
  readonly round: () => number;
  /** Goes on from a state. */
  readonly adopt: (state: FetchedState) => void;
}

/** Most bytes beside the state: the blocks of a round, and identities of deploys that were accepted. */
const MAXIMUM_RECORD = 2 ** 28;
const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
/** Bytes of the first part, and the least. */
const FIRST_LIMIT = 2 ** 14;
const LEAST_LIMIT = 2 ** 12;

/** Removes what came in of a state that is of no use, and what was left behind by one that was. */
export function tidy(history: HistoryStore, open: number): void {
  const receiver = new StateReceiver(history);
  const stored = readBaseRecord(history);
  const round = stored === undefined ? 0 : new ByteReader(stored).uint64();
  if (receiver.root !== undefined && round >= open) return;
  if (receiver.active) pruneStore(history, Number.MAX_SAFE_INTEGER);
  if (stored !== undefined && round < open) history.writeSide(new ArchiveChanges().forgetBaseRecord());
}

/** The state that is fetched. */
interface Target {
  readonly round: number;
  readonly base: Base;
  readonly size: number;
  record: ByteWriter;
  checked: CheckedRecord | undefined;
  receiver: StateReceiver | undefined;
}

/**
 * Fetches the state after a closed round from nodes that keep the rounds no more that this one needs, from one at a time. A quorum signed what the next round began with: its root, its
 * block, and which deploys were accepted. All that comes in is held to that, so nobody is believed; a node that tells something else is dropped, and another one is asked for the rest.
 */
export class Transfer {
  readonly #host: TransferHost;
  readonly #options: TransferOptions;
  /** Those that said to have forgotten the round that is open, in the order in which they are asked. */
  readonly #sources = new Map<StateSource, number>();
  /** Those that owe an answer, and which. */
  readonly #owed = new Map<StateSource, 'state' | 'part'>();
  #active: StateSource | undefined;
  #target: Target | undefined;
  /** The round of which a part was refused last. */
  #refused = 0;
  #limit = FIRST_LIMIT;
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(host: TransferHost, options: TransferOptions) {
    this.#host = host;
    this.#options = options;
    options.signal?.addEventListener('abort', () => {
      this.#release();
    });
  }

  /** True while somebody is asked: nothing may be forgotten meanwhile. */
  get active(): boolean {
    return this.#active !== undefined;
  }

  /** Says that a node keeps no round before `oldest`. */
  offer(source: StateSource, oldest: number): void {
    this.#sources.set(source, oldest);
    // Whoever comes again and again does not put it off.
    if (this.#waiting === undefined) this.#wait();
  }

  /** Begins unless a round is closed before: then somebody keeps what this node needs. */
  #wait(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if (this.#sources.size > 0)
      this.#waiting = setTimeout(() => {
        this.#waiting = undefined;
        this.#begin();
      }, this.#options.wait ?? 1000);
  }

  /** Says that a node is gone. */
  leave(source: StateSource): void {
    this.#sources.delete(source);
    this.#owed.delete(source);
    if (this.#active !== source) return;
    this.#release();
    this.#begin();
  }

  /** Says that a round was closed: whoever was to be asked, and what came in, may not be needed any more, and somebody keeps rounds that this node needs. */
  passed(): void {
    const open = this.#host.round();
    for (const [source, oldest] of [...this.#sources]) if (oldest <= open) this.#sources.delete(source);
    if (this.#target !== undefined && this.#target.round < open) this.reset();
    this.#release();
    this.#wait();
  }

  /** Says that what came in was forgotten, or may be. */
  reset(): void {
    this.#target = undefined;
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#active = undefined;
  }

  #begin(): void {
    if (this.#active !== undefined || this.#options.signal?.aborted === true) return;
    for (const source of this.#sources.keys()) {
      // It still owes an answer from before; this node goes on with it then.
      if (this.#owed.has(source)) continue;
      this.#active = source;
      this.#ask(source, { kind: 'want-state', round: this.#host.round() });
      return;
    }
  }

  #ask(source: StateSource, message: Extract<Message, { kind: 'want-state' | 'want-part' }>): void {
    this.#owed.set(source, message.kind === 'want-state' ? 'state' : 'part');
    this.#timer = setTimeout(() => {
      this.#drop(source, 'no-answer');
    }, this.#options.timeout ?? 30_000);
    source.send(message);
  }

  #drop(source: StateSource, reason: TransferReason): void {
    this.leave(source);
    source.drop(reason);
  }

  /** Notes that a source answered; false if it is not the one that is asked, or was asked for something else. */
  #answered(source: StateSource, kind: 'state' | 'part'): boolean {
    if (this.#owed.get(source) !== kind) {
      this.#drop(source, 'unasked-part');
      return false;
    }
    this.#owed.delete(source);
    if (source !== this.#active) {
      this.#begin();
      return false;
    }
    clearTimeout(this.#timer);
    return true;
  }

  /** Takes the word of a node which state it has; may be hostile. */
  takeState(source: StateSource, message: Extract<Message, { kind: 'state' }>): void {
    if (!this.#answered(source, 'state')) return;
    const { round, size } = message;
    const { network } = this.#host;
    const decoded = decodeCertificate(network, message.certificate);
    const certificate = decoded.ok ? decoded.certificate : undefined;
    const base =
      certificate?.step === STEP.base && certificate.round === round + 1 ? decodeBase(certificate.body) : undefined;
    if (base === undefined || !verifyCertificate(network, certificate!)) this.#drop(source, 'not-settled');
    else if (round < this.#host.round()) this.#drop(source, 'old-state');
    else if (round === this.#refused) this.#pass(source);
    else if (size > MAXIMUM_RECORD || size === 0) this.#drop(source, 'large-state');
    else {
      // What another one told of the record may be wrong: that is known only of the whole.
      if (this.#target?.checked === undefined || !equalBytes(this.#target.base.block, base.block))
        this.#target = { round, base, size, record: new ByteWriter(4096), checked: undefined, receiver: undefined };
      this.#goOn(source, this.#target);
    }
  }

  /** Takes a part; may be hostile. */
  takePart(source: StateSource, bytes: Uint8Array): void {
    if (!this.#answered(source, 'part')) return;
    const target = this.#target!;
    this.#bytes += bytes.length;
    const reason = target.checked === undefined ? this.#takeRecord(target, bytes) : this.#takeElements(target, bytes);
    if (reason !== undefined) this.#drop(source, reason);
    else this.#goOn(source, target);
  }

  #takeRecord(target: Target, bytes: Uint8Array): TransferReason | undefined {
    const { record, size } = target;
    if (bytes.length === 0) return 'empty-part';
    if (record.length + bytes.length > size) return 'other-part';
    record.raw(bytes);
    if (record.length < size) return undefined;
    target.record = new ByteWriter(4096);
    target.checked = checkBaseRecord(record.view(), target.round, target.base);
    if (target.checked === undefined) return 'other-part';
    this.#host.history.writeSide(new ArchiveChanges().baseRecord(target.round, record.view()));
    return undefined;
  }

  #takeElements({ receiver }: Target, bytes: Uint8Array): TransferReason | undefined {
    const result = receiver!.take(bytes);
    if (!result.ok) return result.reason;
    // What is here already is told in vain: the less, the smaller the parts are.
    this.#limit =
      result.passed > result.taken ? Math.max(LEAST_LIMIT, this.#limit / 2) : Math.min(MAXIMUM_PART, this.#limit * 2);
    return undefined;
  }

  /** Takes the word of a node that it does not do what it was asked for. */
  takeRefusal(source: StateSource, about: 'state' | 'part'): void {
    if (!this.#answered(source, about)) return;
    if (about === 'part') {
      // Its rounds go on, and the version is forgotten: the next one has most of it.
      this.#refused = this.#target?.round ?? 0;
      this.#ask(source, { kind: 'want-state', round: this.#host.round() });
      return;
    }
    this.#pass(source);
  }

  /** Asks the next node after a while; this one last, which may have more to tell then. */
  #pass(source: StateSource): void {
    const oldest = this.#sources.get(source);
    this.#sources.delete(source);
    if (oldest !== undefined) this.#sources.set(source, oldest);
    this.#refused = 0;
    this.#release();
    this.#wait();
  }

  /** Asks for what is missing next, or goes on from the state if nothing is. */
  #goOn(source: StateSource, target: Target): void {
    const { round, base } = target;
    const ask = (place: Uint8Array, limit: number, have = NOTHING): void => {
      this.#ask(source, { kind: 'want-part', round, limit, place, have });
    };
    target.checked ??= this.#storedRecord(target);
    if (target.checked === undefined) {
      ask(recordPlace(target.record.length), MAXIMUM_PART);
      return;
    }
    if (target.receiver === undefined) {
      target.receiver = new StateReceiver(this.#host.history);
      target.receiver.begin(base.root);
    }
    const { receiver, checked } = target;
    const place = receiver.next();
    this.#options.onProgress?.({ round, root: base.root, bytes: this.#bytes, fraction: receiver.fraction });
    // Whoever is told may have ended it.
    if (this.#active !== source) return;
    if (place !== undefined) {
      ask(encodePlace(place), this.#limit, receiver.have());
      return;
    }
    this.#release();
    this.#sources.clear();
    this.#target = undefined;
    this.#host.adopt({ ...checked, round, receiver });
  }

  /** What a process that was killed left of it. */
  #storedRecord({ round, base }: Target): CheckedRecord | undefined {
    const stored = readBaseRecord(this.#host.history);
    if (stored === undefined) return undefined;
    const reader = new ByteReader(stored);
    return reader.uint64() === round ? checkBaseRecord(reader.raw(reader.remaining), round, base) : undefined;
  }
}
