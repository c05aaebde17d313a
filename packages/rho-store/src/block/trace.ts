import {
  consumeFromReceive,
  meteringRole,
  positionAt,
  receiveOf,
  seedFromComm,
  type Comm,
  type Consume,
  type Datum,
  type Located,
  type MeteringRole,
  type OnCopy,
  type Term,
} from '@commute/rholang';
import { equalBytes, hashBytes, textFromBytes } from '../bytes.ts';
import { StoreDamagedError } from '../errors.ts';
import { decodeEvent } from '../history/event.ts';
import type { KeyValueStore } from '../key-value/key-value.ts';
import { decodeItem, type DecodedItem } from '../space/codec.ts';
import { RhoSpace } from '../space/rho-space.ts';
import { deployId, type Deploy } from './deploy.ts';
import { blockOf } from './chain.ts';
import { makeBlock, tryBlock, type BlockDraft, type MadeBlock, type TriedBlock } from './make.ts';
import type { DeployOutcome, PlayOptions } from './play.ts';
import { replayBlock, type BlockReplay } from './replay.ts';

/** A seed begins with a hash; what follows is a path. */
const SEED_CHARACTERS = 32;

/** A place in the source of a deploy. */
export interface SourcePlace extends Located {
  readonly deploy: Deploy;
  /** Identity of the deploy. */
  readonly id: Uint8Array;
  /** Counted from one. */
  readonly line: number;
  /** Counted from one, in UTF-16 code units. */
  readonly column: number;
}

/** A message that a reduction used. */
export interface TracedMessage {
  readonly channel: Term;
  readonly data: readonly Term[];
  /** True if it is gone from its channel. */
  readonly removed: boolean;
  /** Where it was sent; `undefined` if that is not known, such as for answers of system processes. Of a message that a relay passes on, where the program sent it. */
  readonly place: SourcePlace | undefined;
}

/** A reduction with its places. */
export interface TracedComm {
  /** Position of the deploy in the block. */
  readonly deploy: number;
  /** What it does for metering, if that is all it does. */
  readonly role: MeteringRole | undefined;
  /** URI of the system process that received. */
  readonly system: string | undefined;
  /** Where the receive stands; `undefined` for system processes, and where that is not known. */
  readonly receive: SourcePlace | undefined;
  /** In the order of the binds. */
  readonly messages: readonly TracedMessage[];
  /** What the variables of the receive are bound to. */
  readonly bindings: readonly Term[];
}

/** A block that was played again, with the place of everything. */
export interface BlockTrace {
  readonly outcomes: readonly DeployOutcome[];
  /** The reductions in order, also those of deploys that fail in the end. */
  readonly comms: readonly TracedComm[];
  /** Where what arrived with each event of the log of the block was sent or received, in the order of the log. */
  readonly places: readonly (SourcePlace | undefined)[];
}

/** What came of tracing a block. */
export type TraceResult = ({ readonly ok: true } & BlockTrace) | Exclude<BlockReplay, { ok: true }>;

/** How a tracer works. Places are known only where `runtime` is absent. */
export interface TraceOptions extends Pick<PlayOptions, 'systemProcesses' | 'maximumComms' | 'runtime'> {
  /** Most blocks that are played again to find out where what waited came from; 1,000 unless told. */
  readonly maximumBlocks?: number;
}

interface Playing {
  readonly deploys: readonly Deploy[];
  readonly comms: { deploy: number; comm: Comm }[];
}

/**
 * Finds the source lines of reductions: plays blocks again, and where a receive that fires has waited since an earlier block, that block before, so
 * that the places of its body are known. Nothing about places is stored; what cannot be found out is `undefined`. Reads the store only.
 *
 * @example
 * ```ts
 * import { createMemoryKeyValue, makeBlock, RhoSpace, Tracer, unsignedDeploy } from '@commute/rho-store';
 * const store = createMemoryKeyValue();
 * const space = new RhoSpace(store);
 * const play = (source: string, after: number): void => {
 *   const deploy = unsignedDeploy({ source, file: 'a.rho', timestamp: 0, after, tokens: 9, tokensFor: undefined });
 *   makeBlock(space, { deploys: [deploy], timestamp: 0 });
 * };
 * play('contract @"twice"(@x, @reply) = { @reply!(x + x) }', 0);
 * play('@"twice"!(21, "r") | for (@y <- @"r") { Nil }', 1);
 * const trace = new Tracer(store).block(2);
 * const call = trace.ok ? trace.comms.find(({ role }) => role === undefined) : undefined;
 * if (call?.receive?.column !== 1 || call.messages[0]?.place?.column !== 1) throw new Error('unexpected places');
 * ```
 */
export class Tracer {
  readonly #space: RhoSpace;
  readonly #options: TraceOptions;
  readonly #traces = new Map<number, TraceResult>();
  /** Places of processes of all deploys that were played. */
  readonly #places = new Map<Term, SourcePlace>();
  /** What began to wait in blocks that were traced, by its hash. */
  readonly #items = new Map<string, DecodedItem>();
  readonly #open = new Set<number>();
  #left: number;

  /**
   * @param store - is only read, except by {@link make}.
   * @throws StoreDamagedError if the record of the last commit is damaged.
   */
  constructor(store: KeyValueStore, options: TraceOptions = {}) {
    this.#options = options;
    this.#left = options.maximumBlocks ?? 1000;
    this.#space = new RhoSpace(store, {
      itemOf: (channel, hash) => this.#itemOf(channel, hash),
      keepArrivals: true,
    });
  }

  /**
   * Plays a stored block again.
   *
   * @param number - of the commit that carries the block.
   * @throws StoreDamagedError if a record cannot be read.
   */
  block(number: number): TraceResult {
    const known = this.#traces.get(number);
    if (known !== undefined) return known;
    this.#open.add(number);
    // Its own space: rows of the block that asks for this one stay as they are.
    const space = new RhoSpace(this.#space.history.trie.store, {
      itemOf: (channel, hash) => this.#itemOf(channel, hash),
      keepArrivals: true,
    });
    const block = blockOf(space.history.commitAt(number));
    const playing: Playing = { deploys: block?.deploys ?? [], comms: [] };
    const places: (SourcePlace | undefined)[] = [];
    const replayed = replayBlock(space, number, {
      ...this.#playOptions(playing),
      onPlayed: (played, positions) => {
        const learned = this.#learn(played);
        for (const [index, position] of positions.entries())
          if (position !== undefined) places[position] = learned[index];
      },
    });
    const result: TraceResult = replayed.ok
      ? { ok: true, outcomes: replayed.outcomes, comms: this.#traced(playing), places }
      : replayed;
    this.#open.delete(number);
    this.#traces.set(number, result);
    return result;
  }

  /** Makes a block on the newest version, as `makeBlock` does, with the places of its reductions. */
  make(draft: BlockDraft): MadeBlock & Pick<BlockTrace, 'comms'> {
    this.#space.refresh();
    const playing: Playing = { deploys: draft.deploys, comms: [] };
    const made = makeBlock(this.#space, draft, this.#playOptions(playing));
    return { ...made, comms: this.#traced(playing) };
  }

  /**
   * Runs a block and takes everything back, as `tryBlock` does, with the places of its reductions.
   *
   * @param base - number of the commit that it follows; the newest if absent.
   */
  try(draft: BlockDraft, base?: number): TriedBlock & BlockTrace {
    if (base === undefined) this.#space.refresh();
    else this.#space.goTo(base);
    const playing: Playing = { deploys: draft.deploys, comms: [] };
    let places: readonly (SourcePlace | undefined)[] = [];
    const tried = tryBlock(this.#space, draft, {
      ...this.#playOptions(playing),
      onPlayed: (space) => {
        places = this.#learn(space);
      },
    });
    return { ...tried, comms: this.#traced(playing), places };
  }

  /**
   * What waits, or waited, on a channel under a hash, with its place where that can be found out: in the newest version, or in what was traced or tried.
   *
   * @param channel - canonical bytes.
   * @throws StoreDamagedError if a record cannot be read.
   */
  item(channel: Uint8Array, hash: Uint8Array): { item: DecodedItem; place: SourcePlace | undefined } | undefined {
    const item = this.#itemOf(channel, hash) ?? this.#waiting(channel, hash);
    return item && { item, place: placeOf(item.kind === 'message' ? item.datum : item.consume) };
  }

  #waiting(channel: Uint8Array, hash: Uint8Array): DecodedItem | undefined {
    for (const item of this.#space.history.items(channel))
      if (equalBytes(item.hash, hash)) return decodeItem(item.bytes);
    return undefined;
  }

  readonly #handOn: OnCopy = (original, copy) => {
    const place = this.#places.get(original);
    if (place !== undefined) this.#places.set(copy, place);
  };

  #playOptions(playing: Playing): PlayOptions {
    const { systemProcesses, maximumComms, runtime } = this.#options;
    return {
      ...(systemProcesses === undefined ? {} : { systemProcesses }),
      ...(maximumComms === undefined ? {} : { maximumComms }),
      ...(runtime === undefined ? {} : { runtime }),
      onComm: (deploy, comm) => void playing.comms.push({ deploy, comm }),
      onCopy: this.#handOn,
      locate: (index, locations) => {
        const deploy = playing.deploys[index]!;
        const id = deployId(deploy);
        for (const [term, { start, end }] of locations)
          this.#places.set(term, { deploy, id, start, end, ...positionAt(deploy.source, start) });
        return this.#places;
      },
    };
  }

  /** Remembers what began to wait, with the places in it. */
  #learn(space: RhoSpace): (SourcePlace | undefined)[] {
    const log = space.pendingLog();
    return space.pendingArrivals().map((arrived, index) => {
      const { event } = log[index]!;
      if (event.kind !== 'comm') this.#items.set(textFromBytes(hashBytes(event.item)), this.#itemFrom(arrived));
      return placeOf(arrived);
    });
  }

  #itemFrom(arrived: Datum | Consume): DecodedItem {
    if (!('binds' in arrived)) return { kind: 'message', datum: arrived };
    const receive = receiveOf(arrived, this.#handOn);
    return { kind: 'receive', consume: { ...consumeFromReceive(receive, arrived.seed), place: arrived.place } };
  }

  #itemOf(channel: Uint8Array, hash: Uint8Array): DecodedItem | undefined {
    const key = textFromBytes(hash);
    const known = this.#items.get(key);
    if (known !== undefined) return known;
    const origin = this.#originOf(channel, hash);
    if (origin === undefined || this.#open.has(origin) || this.#traces.has(origin) || this.#left === 0)
      return undefined;
    this.#left -= 1;
    try {
      this.block(origin);
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
    }
    return this.#items.get(key);
  }

  /** The commit in which an item began to wait; `undefined` if the log was pruned. */
  #originOf(channel: Uint8Array, hash: Uint8Array): number | undefined {
    const { history } = this.#space;
    for (const segment of history.segments(channel)) {
      const events = history.eventsOf(segment.commit);
      if (events === undefined) return undefined;
      for (const { index } of segment.entries) {
        const bytes = events.at(index);
        const event = bytes === undefined ? undefined : decodeEvent(bytes);
        if (event !== undefined && event.kind !== 'comm' && equalBytes(hashBytes(event.item), hash))
          return segment.commit;
      }
    }
    return undefined;
  }

  #traced({ comms }: Playing): TracedComm[] {
    /** Where a message was sent that a relay passes on, by the seed of what runs after it. */
    const relayed = new Map<string, SourcePlace | undefined>();
    return comms.map(({ deploy, comm }) => {
      const { consume, used, bindings } = comm;
      const { continuation } = consume;
      const role = meteringRole(consume);
      const system = continuation.kind === 'system' ? continuation.uri : undefined;
      const messages = used.map(({ channel, datum, removed }) => {
        const passed = system === undefined ? undefined : relayed.get(datum.seed.slice(0, SEED_CHARACTERS));
        return { channel, data: datum.data, removed, place: placeOf(datum) ?? passed };
      });
      if (role !== undefined) {
        const seeds = used.map(({ datum }) => datum.seed);
        const before = consume.seed.slice(0, SEED_CHARACTERS);
        const place = role === 'relay' ? messages[0]?.place : relayed.get(before);
        if (place !== undefined) relayed.set(seedFromComm(consume.seed, seeds), place);
      }
      return { deploy, role, system, receive: placeOf(consume), messages, bindings };
    });
  }
}

function placeOf({ place }: Datum | Consume): SourcePlace | undefined {
  return place !== undefined && 'deploy' in place ? (place as SourcePlace) : undefined;
}
