import {
  channelKey,
  equalTerms,
  findMeeting,
  MatchBudgetError,
  receiveOf,
  seedFromBytes,
  seedFromComm,
  sendOf,
  type Consume,
  type Datum,
  type Located,
  type Seed,
  type Term,
} from '@commute/rholang';
import type { AtomId, AtomTable } from './atoms.ts';
import { takes, type Evaluated, type Steps } from './machine.ts';

/** A message that waits, or that the environment has taken. */
export interface ConcreteMessage {
  readonly kind: 'message';
  readonly atom: AtomId;
  readonly channel: Term;
  readonly datum: Datum;
  /** Number of the message of the environment, if it is one. */
  readonly environment: number | undefined;
}

/** A receive that waits. */
export interface ConcreteReceive {
  readonly kind: 'receive';
  readonly atom: AtomId;
  readonly consume: Consume;
}

/** A message or receive of a run. */
export type Item = ConcreteMessage | ConcreteReceive;

/** One reduction of a run. */
export interface ConcreteComm {
  readonly receive: {
    readonly seed: Seed;
    readonly place: Located | undefined;
    readonly system: string | undefined;
    readonly term: Term | undefined;
  };
  readonly messages: readonly { readonly message: ConcreteMessage; readonly removed: boolean }[];
  readonly bindings: readonly Term[];
}

/** A state of a run with the names that the reducer gives. */
export interface ConcreteState {
  readonly items: readonly Item[];
  /** Messages that the environment took; the reducer leaves them where they are. */
  readonly drained: readonly ConcreteMessage[];
  /** Marks of known names. */
  readonly marks: readonly AtomId[];
}

/** What a reduction comes to. */
export interface ConcreteStep {
  readonly state: ConcreteState;
  readonly comms: readonly ConcreteComm[];
  readonly added: readonly AtomId[];
  readonly taken: readonly AtomId[];
  readonly failure: string | undefined;
}

/** The bytes that the seed of message number `index` of the environment comes from. */
export function environmentSeed(index: number): Uint8Array {
  const bytes = new TextEncoder().encode(`environment ${String(index)}`);
  return bytes;
}

/** The seed of a receive of a system process, as the runtime has it. */
function systemSeed(uri: string, arity: number): Seed {
  return `system:${uri}:${String(arity)}`;
}

/** Carries out reductions with the seeds and names that the reducer of `@commute/rholang` gives. */
export class ConcreteRun {
  readonly #table: AtomTable;
  readonly #steps: Steps;
  readonly #isEnvironment: (channel: Term) => boolean;

  constructor(table: AtomTable, steps: Steps, isEnvironment: (channel: Term) => boolean) {
    this.#table = table;
    this.#steps = steps;
    this.#isEnvironment = isEnvironment;
  }

  /** The state before any reduction. */
  start(term: Term, seed: Uint8Array): ConcreteStep {
    const evaluated = this.#steps.run({ term, environment: [], seed: seedFromBytes(seed) });
    return this.#follow({ items: [], drained: [], marks: [] }, evaluated, [], []);
  }

  /** A message of the environment that arrives. */
  arrival(send: Term, index: number): ConcreteMessage {
    if (send.kind !== 'send') throw new Error('unreachable: the environment sends');
    const seed = seedFromBytes(environmentSeed(index));
    const datum: Datum = { data: send.data, persistent: send.persistent, seed, place: undefined, order: '' };
    return { kind: 'message', atom: this.#table.process(send), channel: send.channel, datum, environment: index };
  }

  /** All ways in which a receive can take these messages, each of them. */
  meetings(
    receive: ConcreteReceive,
    messages: readonly ConcreteMessage[],
  ): { readonly messages: readonly ConcreteMessage[]; readonly bindings: readonly Term[] }[] {
    const { consume } = receive;
    const byDatum = new Map(messages.map((one) => [one.datum, one] as const));
    const candidates = consume.binds.map((bind) => {
      const key = channelKey(bind.channel);
      return messages.filter(({ channel }) => channelKey(channel) === key).map(({ datum }) => datum);
    });
    const found: { messages: ConcreteMessage[]; bindings: readonly Term[] }[] = [];
    try {
      findMeeting(consume, candidates, ({ data, bindings }) => {
        if (new Set(data).size === messages.length)
          found.push({ messages: data.map((one) => byDatum.get(one)!), bindings });
        return false;
      });
    } catch (error) {
      if (!(error instanceof MatchBudgetError)) throw error;
    }
    return found;
  }

  /** Fires a receive. */
  fire(
    state: ConcreteState,
    receive: ConcreteReceive,
    messages: readonly ConcreteMessage[],
    bindings: readonly Term[],
  ): ConcreteStep {
    const comm = this.#comm(receive, messages, bindings);
    const gone = new Set<Item>(comm.messages.filter(({ removed }) => removed).map(({ message }) => message));
    if (!receive.consume.persistent) gone.add(receive);
    const items = state.items.filter((item) => !gone.has(item));
    return this.#follow({ ...state, items }, this.#body(receive, messages, bindings), [comm], []);
  }

  /** Lets a system process take a message at which it fails. */
  failingCall(state: ConcreteState, message: ConcreteMessage): ConcreteStep {
    const called = this.#call(message)!;
    const failure = called.answer.ok ? undefined : called.answer.message;
    return { state, comms: [called.comm], added: [], taken: [], failure };
  }

  #comm(
    { consume, atom }: ConcreteReceive,
    messages: readonly ConcreteMessage[],
    bindings: readonly Term[],
  ): ConcreteComm {
    const { term } = this.#table.get(atom);
    return {
      receive: { seed: consume.seed, place: consume.place, system: undefined, term },
      messages: messages.map((message, bind) => ({
        message,
        removed: !message.datum.persistent && !consume.binds[bind]!.peek,
      })),
      bindings,
    };
  }

  #body({ consume }: ConcreteReceive, messages: readonly ConcreteMessage[], bindings: readonly Term[]): Evaluated {
    const { continuation } = consume;
    if (continuation.kind !== 'process') throw new Error('unreachable: system processes do not wait');
    const seed = seedFromComm(
      consume.seed,
      messages.map(({ datum }) => datum.seed),
    );
    return this.#steps.run({ term: continuation.body, environment: continuation.environment.concat(bindings), seed });
  }

  #call(message: ConcreteMessage): { readonly comm: ConcreteComm; readonly answer: Evaluated } | undefined {
    const { channel, datum } = message;
    const uri = this.#table.systemUri(channel);
    const arity = datum.data.length;
    if (uri === undefined || !takes(this.#steps.surroundings.processes.get(uri)!, arity)) return undefined;
    const seed = systemSeed(uri, arity);
    const answer = this.#steps.system(uri, datum.data, seedFromComm(seed, [datum.seed]));
    const comm: ConcreteComm = {
      receive: { seed, place: undefined, system: uri, term: undefined },
      messages: [{ message, removed: !datum.persistent }],
      bindings: datum.data,
    };
    return { comm, answer };
  }

  /** Adds what a process leaves waiting, and what follows of it at once. */
  #follow(before: ConcreteState, first: Evaluated, comms: ConcreteComm[], added: AtomId[]): ConcreteStep {
    const items = before.items.slice();
    const drained = before.drained.slice();
    const taken: AtomId[] = [];
    const done = (failure: string | undefined): ConcreteStep => ({
      state: { items, drained, marks: before.marks },
      comms,
      added,
      taken,
      failure,
    });
    const queue = [first];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (!next.ok) return done(next.message);
      for (const action of next.actions) {
        if (action.kind === 'consume') {
          const { consume } = action;
          const item: Item = { kind: 'receive', atom: this.#table.process(receiveOf(consume)), consume };
          items.push(item);
          added.push(item.atom);
          this.#staying(items, comms, queue);
          continue;
        }
        const { channel, datum } = action;
        const atom = this.#table.process(sendOf(channel, datum));
        const message: ConcreteMessage = { kind: 'message', atom, channel, datum, environment: undefined };
        if (this.#isEnvironment(channel)) {
          taken.push(atom);
          drained.push(message);
          continue;
        }
        const called = this.#call(message);
        if (called?.answer.ok === true) {
          taken.push(atom);
          comms.push(called.comm);
          queue.push(called.answer);
          if (!datum.persistent) continue;
        }
        items.push(message);
        added.push(atom);
        this.#staying(items, comms, queue);
      }
    }
    return done(undefined);
  }

  /** The meetings, in which nothing is used up, of the process that was added last. */
  #staying(items: readonly Item[], comms: ConcreteComm[], queue: Evaluated[]): void {
    const last = items.at(-1)!;
    const stays = (item: Item): boolean => (item.kind === 'message' ? item.datum.persistent : item.consume.persistent);
    if (!stays(last)) return;
    const messages = items.filter((item): item is ConcreteMessage => item.kind === 'message' && stays(item));
    for (const receive of items) {
      if (receive.kind !== 'receive' || !receive.consume.persistent) continue;
      const chosen: ConcreteMessage[] = [];
      const { binds } = receive.consume;
      const choose = (bind: number): void => {
        if (bind < binds.length) {
          for (const message of messages) {
            if (chosen.includes(message) || !equalTerms(message.channel, binds[bind]!.channel)) continue;
            chosen.push(message);
            choose(bind + 1);
            chosen.pop();
          }
          return;
        }
        if (receive !== last && !chosen.includes(last as ConcreteMessage)) return;
        const candidates = chosen.map(({ datum }) => [datum]);
        const meeting = findMeeting(receive.consume, candidates, () => true);
        if (meeting === undefined) return;
        comms.push(this.#comm(receive, chosen, meeting.bindings));
        queue.push(this.#body(receive, chosen, meeting.bindings));
      };
      choose(0);
    }
  }
}
