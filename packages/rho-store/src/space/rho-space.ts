import { assertInteger } from '@commute/errors';
import {
  acceptOnce,
  channelKey,
  findMeeting,
  meetArriving,
  type Comm,
  type Consume,
  type Datum,
  type Meeting,
  type Term,
  type TupleSpace,
} from '@commute/rholang';
import { bytesFromText, hashBytes, hexFromBytes, textFromBytes } from '../bytes.ts';
import { StoreArgumentError, StoreDamagedError } from '../errors.ts';
import { countComms, decodeEvent, EVENT_KIND, splitLog, type LogEntry, type SplitLog } from '../history/event.ts';
import { HistoryStore, type CommitInfo, type SideChanges } from '../history/history-store.ts';
import type { KeyValueStore } from '../key-value/key-value.ts';
import type { TrieOptions } from '../trie/versioned-trie.ts';
import { decodeItem, type DecodedItem } from './codec.ts';
import { Recorder, type ReceiveForm } from './recorder.ts';
import { Row, type Waiting } from './row.ts';
import { Undo } from './undo.ts';

/** A committed block of reductions. */
export interface SpaceCommit extends CommitInfo {
  /** The log of what happened, which {@link RhoSpace.replay} takes. Must not be changed: a store in memory holds the same bytes. */
  readonly log: Uint8Array<ArrayBuffer>;
}

/** How a space is opened. */
export interface SpaceOptions extends TrieOptions {
  /**
   * Gives what waits on a channel under a hash, equal to what its bytes say but with places in a source, where that is known.
   *
   * @param channel - canonical bytes.
   */
  readonly itemOf?: (channel: Uint8Array, hash: Uint8Array) => DecodedItem | undefined;
  /** True to keep in memory what arrived with each event until the commit, for {@link RhoSpace.pendingArrivals}. */
  readonly keepArrivals?: boolean;
}

/** What came of a replay. Unless it is `ok`, the space is where it was before. */
export type ReplayResult =
  | { readonly ok: true; /** Number of reductions. */ readonly comms: number }
  /** The bytes are no log. */
  | { readonly ok: false; readonly reason: 'malformed-log' }
  /** A COMM that the log does not hold, or not as often; `event` is its hash in hexadecimal. */
  | { readonly ok: false; readonly reason: 'unknown-comm'; readonly event: string }
  /** COMMs of the log that did not happen. */
  | { readonly ok: false; readonly reason: 'unused-comms'; readonly events: readonly string[] }
  /** The same COMMs, but another order, or other things that wait. */
  | { readonly ok: false; readonly reason: 'other-events' };

const NOTHING: readonly Comm[] = [];

/**
 * The tuple space of Rholang on a store: what waits is loaded channel by channel, what happens is recorded, and a commit makes a version of it
 * with one entry in the history of each channel for each event there.
 *
 * @example
 * ```ts
 * import { createRuntime } from '@commute/rholang';
 * import { createMemoryKeyValue, RhoSpace, verifyStore } from '@commute/rho-store';
 * const space = new RhoSpace(createMemoryKeyValue());
 * createRuntime({ space }).run('@"key"!(1) | for (@x <- @"key") { @"key"!(x + 1) }', { seed: new Uint8Array(32) });
 * space.commit();
 * if (!verifyStore(space.history).ok) throw new Error('damaged');
 * ```
 */
export class RhoSpace implements TupleSpace {
  readonly history: HistoryStore;
  readonly #options: SpaceOptions;
  readonly #installed: Consume[] = [];
  #rows = new Map<string, Row>();
  #recorder: Recorder;
  #undo: Undo;
  /** Changes with each commit and reset: marks from before are void. */
  #epoch = 0;

  /**
   * Opens the space at the last commit of a store.
   *
   * @throws StoreDamagedError if the record of the last commit is damaged.
   */
  constructor(store: KeyValueStore, options: SpaceOptions = {}) {
    this.history = new HistoryStore(store, options);
    this.#options = options;
    [this.#recorder, this.#undo] = this.#fresh();
  }

  #fresh(): [Recorder, Undo] {
    const recorder = new Recorder(this.#options.keepArrivals ?? false);
    const undo = new Undo((item) => {
      recorder.forget(item);
    });
    return [recorder, undo];
  }

  /** Root of the last commit, 32 bytes. What happened since is not in it. */
  root(): Uint8Array<ArrayBuffer> {
    return this.history.root();
  }

  /** Number of events since the last commit. */
  get pending(): number {
    return this.#recorder.log.length;
  }

  #row(channel: Term): Row {
    const key = channelKey(channel);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#load(channel, key);
      this.#rows.set(key, row);
    }
    return row;
  }

  #load(channel: Term, key: string): Row {
    const row = new Row(channel);
    if (this.history.trie.link !== undefined) {
      for (const { bytes, hash } of this.history.items(row.bytes)) {
        const item = this.#options.itemOf?.(row.bytes, hash) ?? decodeItem(bytes);
        if (item === undefined) throw new StoreDamagedError(`key ${hexFromBytes(row.bytes)}`, 'a message or a receive');
        if (item.kind === 'message') {
          this.#recorder.remember(item.datum, hash);
          row.data.add(item.datum);
        } else {
          this.#recorder.remember(item.consume, hash);
          row.waiting.add({ consume: item.consume, installed: false });
        }
      }
    }
    for (const consume of this.#installed)
      if (consume.binds.some((bind) => channelKey(bind.channel) === key)) row.waiting.add({ consume, installed: true });
    return row;
  }

  #fire(
    consume: Consume,
    rows: readonly Row[],
    meeting: Meeting,
    arriving: Datum | undefined,
    receive: ReceiveForm,
  ): Comm {
    const used = meeting.data.map((datum, index) => {
      const gone = !datum.persistent && !consume.binds[index]!.peek;
      return { channel: rows[index]!.channel, datum, removed: gone };
    });
    const comm = { consume, used, bindings: meeting.bindings };
    this.#recorder.comm(comm, rows, receive, arriving);
    for (let index = 0; index < used.length; index += 1) {
      const { datum, removed } = used[index]!;
      if (removed && datum !== arriving) this.#undo.remove({ item: datum, lists: [rows[index]!.data] });
    }
    return comm;
  }

  produce(channel: Term, datum: Datum): readonly Comm[] {
    const row = this.#row(channel);
    if (row.waiting.length === 0) {
      this.#store(row, datum);
      return NOTHING;
    }
    const fired: Comm[] = [];
    let gone = false;
    for (const one of [...row.waiting.inOrder()]) {
      const { consume, installed } = one;
      const rows = consume.binds.length === 1 ? [row] : consume.binds.map((bind) => this.#row(bind.channel));
      const accept = acceptOnce(consume);
      do {
        const meeting = meetArriving(consume, rows, row, datum, accept);
        if (meeting === undefined) break;
        const comm = this.#fire(consume, rows, meeting, datum, installed ? 'installed' : 'waiting');
        fired.push(comm);
        gone = comm.used.some((each) => each.datum === datum && each.removed);
        if (!consume.persistent) this.#undo.remove({ item: one, lists: distinct(rows).map((each) => each.waiting) });
      } while (!gone && consume.persistent);
      if (gone) return fired;
    }
    this.#store(row, datum);
    return fired;
  }

  #store(row: Row, datum: Datum): void {
    this.#undo.add({ item: datum, lists: [row.data] });
    this.#recorder.produce(row, datum);
  }

  consume(consume: Consume): readonly Comm[] {
    const rows = consume.binds.map((bind) => this.#row(bind.channel));
    const fired: Comm[] = [];
    const accept = acceptOnce(consume);
    while (rows.every((row) => row.data.length > 0)) {
      const candidates = rows.map((row) => row.data.inOrder());
      const meeting = findMeeting(consume, candidates, accept);
      if (meeting === undefined) break;
      fired.push(this.#fire(consume, rows, meeting, undefined, 'arriving'));
      if (!consume.persistent) return fired;
    }
    const waiting: Waiting = { consume, installed: false };
    const each = distinct(rows);
    this.#undo.add({ item: waiting, lists: each.map((row) => row.waiting) });
    this.#recorder.consume(each, consume);
    return fired;
  }

  install(consume: Consume): void {
    if (this.#installed.some((one) => one.seed === consume.seed)) return;
    const rows = new Set(consume.binds.map((bind) => this.#row(bind.channel)));
    this.#installed.push(consume);
    for (const row of rows) row.waiting.add({ consume, installed: true });
  }

  /**
   * Marks the present state; the function that is returned goes back to it. Costs nothing; going back costs what happened since.
   *
   * @returns throws StoreArgumentError if it is called after a commit or a reset, or after a going back to an earlier mark.
   */
  checkpoint(): () => void {
    const [mark, events, epoch] = [this.#undo.mark(), this.pending, this.#epoch];
    return () => {
      if (epoch !== this.#epoch || !this.#undo.reaches(mark) || this.pending < events)
        throw new StoreArgumentError('checkpoint', 'one made since the last commit or reset', 'an older one');
      this.#undo.back(mark);
      this.#recorder.truncate(events);
    };
  }

  /** What happened since the last commit, read from its bytes event by event. Nothing may happen while it is read. */
  *pendingEvents(): Generator<LogEntry> {
    const { log } = this.#recorder;
    for (let index = 0; index < log.length; index += 1) {
      const bytes = log.bytesAt(index);
      yield { event: decodeEvent(bytes)!, bytes, hash: log.hashAt(index) };
    }
  }

  /** All of {@link pendingEvents}; {@link logSince} 0 has the same as bytes and in less memory. */
  pendingLog(): readonly LogEntry[] {
    return [...this.pendingEvents()];
  }

  /**
   * The log of what happened since there were `start` pending events, such as one deploy of several.
   *
   * @param start - {@link pending} at the time.
   */
  logSince(start: number): Uint8Array<ArrayBuffer> {
    assertInteger('RHO_STORE_ARGUMENT_RANGE', 'start', start, 0, this.pending);
    return this.#recorder.log.toBytes(start);
  }

  /**
   * What arrived with each event since the last commit: the message or the receive that began to wait or met others.
   *
   * @throws StoreArgumentError unless the space was opened with `keepArrivals`.
   */
  pendingArrivals(): readonly (Datum | Consume)[] {
    const { arrivals } = this.#recorder;
    if (arrivals === undefined)
      throw new StoreArgumentError('keepArrivals', 'a space that was opened with it', 'one that was not');
    return arrivals;
  }

  /**
   * Makes a version of everything that happened since the last commit, in one durable transaction.
   *
   * @param note - any bytes that the commit is to carry, such as the deploys of the block.
   * @param side - records of the caller's own for the same transaction.
   * @throws StoreStaleError if another handle committed since; {@link refresh} reads what it did and drops what happened here.
   * @throws StoreWriteError if there is no room; nothing is written, and what happened is still pending.
   */
  commit(note?: Uint8Array, side: SideChanges = {}): SpaceCommit {
    const log = this.#recorder.log.gather();
    const info = this.history.commitPacked(this.#recorder.log, log, note === undefined ? { side } : { note, side });
    this.#forget();
    return { ...info, log };
  }

  /** Rows are loaded anew after a commit, so that what runs next depends on the store alone and not on which process committed. */
  #forget(): void {
    this.#rows = new Map();
    [this.#recorder, this.#undo] = this.#fresh();
    this.#epoch += 1;
  }

  /**
   * Goes to a committed version and drops what is not committed. The next commit follows that version.
   *
   * @throws StoreVersionError if no commit with this root is kept.
   */
  reset(root: Uint8Array): void {
    this.history.trie.reset(root);
    this.#forget();
  }

  /**
   * Goes to the version of a commit, 0 for the empty space, and drops what is not committed. The next commit follows that version.
   *
   * @throws StoreDamagedError if the commit is not kept.
   */
  goTo(number: number): void {
    this.history.trie.goTo(number);
    this.#forget();
  }

  /** Goes to the last commit of any handle on the store and drops what is not committed here. */
  refresh(): void {
    this.history.trie.refresh();
    this.#forget();
  }

  /**
   * Runs something again and holds it to the log of its first run: refuses a COMM that is not in the log, and reports those that did not
   * happen. What a failed run undid itself counts for nothing, as in the log. What is pending before stays as it is. Does not commit.
   *
   * @param log - bytes of a log, as a commit gave it; may be hostile.
   * @param run - does again what was logged, on this space.
   * @throws what `run` throws, once the space is where it was before.
   */
  replay(log: Uint8Array, run: () => void): ReplayResult {
    const start = this.pending;
    const events = splitLog(log);
    const comms = events && countComms(events);
    if (events === undefined || comms === undefined) return { ok: false, reason: 'malformed-log' };
    const revert = this.checkpoint();
    try {
      run();
    } catch (error) {
      revert();
      throw error;
    }
    if (this.#recorder.log.equals(log, start)) return { ok: true, comms };
    const result = this.#difference(events, start);
    revert();
    return result;
  }

  /** What is otherwise than in a log, which has other bytes than that of what happened since `start`. */
  #difference(expected: SplitLog, start: number): ReplayResult {
    const allowed = new Map<string, number>();
    for (const bytes of expected) {
      if (bytes[0] !== EVENT_KIND.comm) continue;
      const key = textFromBytes(hashBytes(bytes));
      allowed.set(key, (allowed.get(key) ?? 0) + 1);
    }
    const { log } = this.#recorder;
    for (let index = start; index < log.length; index += 1) {
      if (!log.isComm(index)) continue;
      const hash = log.hashAt(index);
      const key = textFromBytes(hash);
      const left = allowed.get(key) ?? 0;
      if (left === 0) return { ok: false, reason: 'unknown-comm', event: hexFromBytes(hash) };
      allowed.set(key, left - 1);
    }
    const unused = [...allowed].flatMap(([key, left]) =>
      new Array<string>(left).fill(hexFromBytes(bytesFromText(key))),
    );
    return unused.length > 0
      ? { ok: false, reason: 'unused-comms', events: unused }
      : { ok: false, reason: 'other-events' };
  }
}

const distinct = (rows: readonly Row[]): readonly Row[] => (rows.length === 1 ? rows : [...new Set(rows)]);
