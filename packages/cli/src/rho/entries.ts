import {
  decodeItem,
  StoreDamagedError,
  type HistoryStep,
  type HistoryStore,
  type StoreEvent,
  type TracedComm,
  type Tracer,
} from '@commute/rho-store';
import { hex } from '../terminal.ts';
import { commReport, type CommReport } from './comms.ts';
import { placeReport, valueText, type ChannelNames, type PlaceReport } from './text.ts';

/** An entry of the history of a key, in JSON. */
export interface EntryReport {
  readonly sequence: number;
  /** Number of the commit, and of the block in it; null if the commit is no block. */
  readonly commit: number;
  readonly block: number | null;
  /** Null once the log of the commit was pruned. */
  readonly event: 'message-waits' | 'receive-waits' | 'comm' | null;
  /** Values of the message that begins to wait, as Rholang prints them, shortened; null for other events. */
  readonly values: readonly string[] | null;
  /** Where the message or receive stands that begins to wait; null where that is not known. */
  readonly place: PlaceReport | null;
  /** The reduction; null for other events, and where the block was not played again. */
  readonly comm: CommReport | null;
  /** True if the reduction is one of metering. */
  readonly metering: boolean;
  /** Root of what waits at the key, before and after. */
  readonly before: string;
  readonly after: string;
  /** Hashes of the entry before, of the event and of this entry. */
  readonly previous: string;
  readonly eventHash: string;
  readonly hash: string;
}

/** What is known of the events of a commit once its block was played again. */
interface Played {
  readonly block: number | null;
  /** The reduction of each event, by its position in the log; holes for other events. */
  readonly comms: readonly (TracedComm | undefined)[];
  readonly places: readonly (PlaceReport | null)[];
}

const NOT_PLAYED: Omit<Played, 'block'> = { comms: [], places: [] };

/** Reads entries with what happened and where. */
export class EntryReader {
  readonly #history: HistoryStore;
  readonly #tracer: Tracer | undefined;
  readonly #names: ChannelNames;
  readonly #played = new Map<number, Played>();
  readonly #numberOf: (commit: number) => number | null;

  /**
   * @param tracer - finds places; without one there are none.
   * @param numberOf - the number of the block that a commit carries.
   */
  constructor(
    history: HistoryStore,
    tracer: Tracer | undefined,
    names: ChannelNames,
    numberOf: (commit: number) => number | null,
  ) {
    this.#history = history;
    this.#tracer = tracer;
    this.#names = names;
    this.#numberOf = numberOf;
  }

  #play(commit: number): Played {
    const known = this.#played.get(commit);
    if (known !== undefined) return known;
    const block = this.#numberOf(commit);
    const trace = block === null ? undefined : this.#trace(commit);
    let played: Played = { block, ...NOT_PLAYED };
    if (trace?.ok === true) {
      const comms: (TracedComm | undefined)[] = [];
      let next = 0;
      // The kind of an event is its first byte: 3 is a reduction.
      for (const bytes of this.#history.eventsOf(commit) ?? [])
        comms.push(bytes[0] === 3 ? trace.comms[next++] : undefined);
      played = { block, comms, places: trace.places.map(placeReport) };
    }
    this.#played.set(commit, played);
    return played;
  }

  #trace(commit: number): ReturnType<Tracer['block']> | undefined {
    try {
      return this.#tracer?.block(commit);
    } catch (error) {
      if (error instanceof StoreDamagedError) return undefined;
      throw error;
    }
  }

  /** The entry of a step. */
  entry({ entry, hash, commit, index, event }: HistoryStep): EntryReport {
    const { block, comms, places } = this.#play(commit);
    const comm = comms[index];
    return {
      sequence: entry.sequence,
      commit,
      block,
      event: kindOf(event),
      values: event?.kind === 'produce' ? valuesOf(event.item) : null,
      place: event?.kind === 'comm' ? null : (places[index] ?? null),
      comm: comm === undefined ? null : commReport(comm, this.#names),
      metering: comm?.role !== undefined,
      before: hex(entry.before),
      after: hex(entry.after),
      previous: hex(entry.previous),
      eventHash: hex(entry.event),
      hash: hex(hash),
    };
  }
}

function kindOf(event: StoreEvent | undefined): EntryReport['event'] {
  if (event === undefined) return null;
  if (event.kind === 'comm') return 'comm';
  return event.kind === 'produce' ? 'message-waits' : 'receive-waits';
}

/** The values of a message, as Rholang prints them. */
export function valuesOf(item: Uint8Array): string[] | null {
  const decoded = decodeItem(item);
  return decoded?.kind === 'message' ? decoded.datum.data.map((value) => valueText(value)) : null;
}
