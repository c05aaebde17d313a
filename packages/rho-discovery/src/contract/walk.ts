import {
  encodeTermBinary,
  listTerm,
  nilTerm,
  receiveTerm,
  stringTerm,
  type Bind,
  type ListTerm,
  type NewTerm,
  type ReceiveTerm,
  type SendTerm,
  type Term,
} from '@commute/rholang';
import { behindTokenGate } from './gate.ts';
import { ANY, isNever, join, joinAll, NEVER } from './shape.ts';
import { Binder, escapes, escapesValue, shaped, UNKNOWN, valueOf, type Followed, type Value } from './values.ts';

/** A binder around a contract, outermost first. */
export type Enclosing = NewTerm | ReceiveTerm;

/** A receive that stays, as it was met. */
export interface MetContract {
  readonly receive: ReceiveTerm;
  /** The bind that this contract is about. */
  readonly bind: Bind;
  readonly channel: Value;
  /** Value of a channel that nothing follows. */
  readonly channelTerm: Term;
  readonly enclosing: readonly Enclosing[];
  readonly dynamic: boolean;
  /** Messages on names of the call, by argument. */
  readonly replies: Map<number, { readonly nested: boolean; readonly messages: ListTerm[] }>;
  /** Number of sends on names of the call, by argument. */
  readonly sends: Map<number, number>;
  /** Arguments that are sent on as they are, on channels that are known. */
  readonly passes: MetPass[];
  /** Arguments that got out of sight. */
  readonly escaped: Set<number>;
}

/** An argument that is part of a message on a channel that is closed or a name of `new`. */
export interface MetPass {
  readonly argument: number;
  readonly channel: Value;
  readonly channelTerm: Term;
  readonly position: number;
}

/** A send, as it was met. */
export interface MetSend {
  readonly send: SendTerm;
  readonly channel: Value;
  readonly channelTerm: Term;
  readonly data: readonly Value[];
}

/** A receive of one message, as it was met. */
export interface MetTake {
  readonly receive: ReceiveTerm;
  readonly bind: Bind;
  readonly channel: Value;
  readonly channelTerm: Term;
}

/** What is known of a name of `new`. */
export interface FreshName {
  /** Messages sent on it, as lists of their parts. */
  readonly messages: ListTerm[];
  /** Patterns of the receives on it. */
  readonly receives: ListTerm[];
  escaped: boolean;
}

/** What one walk through a program found. */
export interface Walk {
  readonly contracts: readonly MetContract[];
  readonly sends: readonly MetSend[];
  readonly takes: readonly MetTake[];
  readonly names: readonly FreshName[];
}

const MAXIMUM_ROUNDS = 6;

/** Tells what messages there may be on names of `new` that stay in sight; `undefined` if anything. */
type Known = (id: number) => readonly ListTerm[] | undefined;

class Walker implements Walk {
  readonly contracts: MetContract[] = [];
  readonly sends: MetSend[] = [];
  readonly takes: MetTake[] = [];
  readonly names: FreshName[] = [];
  readonly #known: Known;

  constructor(known: Known) {
    this.#known = known;
  }

  readonly onEscape = (name: Followed): void => {
    if (name.kind === 'fresh') this.names[name.id]!.escaped = true;
    if (name.kind === 'argument') this.contracts[name.contract]!.escaped.add(name.argument);
  };

  process(term: Term, environment: readonly Value[], enclosing: readonly Enclosing[], dynamic: boolean): void {
    switch (term.kind) {
      case 'par':
        for (const part of term.parts) this.process(part, environment, enclosing, dynamic);
        break;
      case 'bundle':
        this.process(term.body, environment, enclosing, dynamic);
        break;
      case 'send':
        this.#send(term, environment);
        break;
      case 'new': {
        const inner = [...environment];
        for (let index = 0; index < term.fresh; index += 1) {
          inner.push({ ...UNKNOWN, name: { kind: 'fresh', id: this.names.length } });
          this.names.push({ messages: [], receives: [], escaped: false });
        }
        for (const uri of term.uris) inner.push({ ...UNKNOWN, name: { kind: 'uri', uri } });
        this.process(term.body, inner, [...enclosing, term], dynamic);
        break;
      }
      case 'match': {
        const value = valueOf(term.target, environment, this.onEscape);
        for (const { pattern, variables, guard, body } of term.cases) {
          const binder = new Binder(variables);
          binder.bind(pattern, value, undefined);
          const inner = [...environment, ...binder.values];
          if (guard !== undefined) valueOf(guard, inner, this.onEscape);
          this.process(body, inner, [...enclosing, asReceive(pattern, variables)], true);
        }
        break;
      }
      case 'receive':
        this.#receive(term, environment, enclosing, dynamic);
        break;
      case 'bound':
        break;
      default:
        // A value is made and run, which may do anything with the names in it.
        escapes(term, environment, this.onEscape);
        break;
    }
  }

  #send(send: SendTerm, environment: readonly Value[]): void {
    const channel = valueOf(send.channel, environment, this.onEscape);
    if (channel.parts !== undefined) escapesValue(channel, this.onEscape);
    const data = send.data.map((datum) => valueOf(datum, environment, this.onEscape));
    data.forEach((value, position) => {
      if (!this.#passes(value, channel, send.channel, position)) escapesValue(value, this.onEscape);
    });
    const shapes = data.map(({ shape }) => shape);
    const message = listTerm(shapes);
    this.sends.push({ send, channel, channelTerm: send.channel, data });
    const { name } = channel;
    if (name?.kind === 'argument') {
      const { sends } = this.contracts[name.contract]!;
      sends.set(name.argument, (sends.get(name.argument) ?? 0) + 1);
    }
    if (shapes.some(isNever)) return;
    if (name?.kind === 'fresh') this.names[name.id]!.messages.push(message);
    if (name?.kind !== 'argument') return;
    const { replies } = this.contracts[name.contract]!;
    const reply = replies.get(name.argument);
    if (reply === undefined) replies.set(name.argument, { nested: name.nested, messages: [message] });
    else reply.messages.push(message);
  }

  /** Notes an argument that is sent on; false for other values, and where it is not known to whom. */
  #passes({ name }: Value, channel: Value, channelTerm: Term, position: number): boolean {
    if (name?.kind !== 'argument' || (channelTerm.scope > 0 && channel.name?.kind !== 'fresh')) return false;
    this.contracts[name.contract]!.passes.push({ argument: name.argument, channel, channelTerm, position });
    return true;
  }

  #receive(
    receive: ReceiveTerm,
    environment: readonly Value[],
    enclosing: readonly Enclosing[],
    dynamic: boolean,
  ): void {
    const behind = behindTokenGate(receive);
    if (behind !== undefined) {
      for (const part of behind) this.process(part, [...environment, UNKNOWN], enclosing, dynamic);
      return;
    }
    const inner = [...environment];
    for (const bind of receive.binds) {
      const channel = valueOf(bind.channel, environment, this.onEscape);
      const message = listTerm(bind.patterns, bind.remainder);
      const { name } = channel;
      if (name?.kind === 'fresh') this.names[name.id]!.receives.push(message);
      let follow: number | undefined;
      if (!receive.persistent) this.takes.push({ receive, bind, channel, channelTerm: bind.channel });
      else {
        follow = this.contracts.length;
        this.contracts.push({
          receive,
          bind,
          channel,
          channelTerm: bind.channel,
          enclosing,
          dynamic,
          replies: new Map(),
          sends: new Map(),
          passes: [],
          escaped: new Set(),
        });
      }
      inner.push(...this.#bound(bind, name, follow));
    }
    if (receive.guard !== undefined) valueOf(receive.guard, inner, this.onEscape);
    this.process(receive.body, inner, [...enclosing, receive], true);
  }

  /** What the variables of a bind stand for. */
  #bound(bind: Bind, name: Followed | undefined, follow: number | undefined): readonly Value[] {
    const binder = new Binder(bind.variables);
    const { patterns, remainder } = bind;
    const messages = name?.kind === 'fresh' ? this.#known(name.id) : undefined;
    const taken = messages?.filter(({ elements }) =>
      remainder === undefined ? elements.length === patterns.length : elements.length >= patterns.length,
    );
    patterns.forEach((pattern, index) => {
      const shape = taken === undefined ? ANY : joinAll(taken.map(({ elements }) => elements[index]!));
      const argument = (nested: boolean): Followed | undefined =>
        follow === undefined ? undefined : { kind: 'argument', contract: follow, argument: index, nested };
      binder.bind(pattern, { shape, name: argument(false), parts: undefined }, argument(true));
    });
    if (remainder?.kind === 'free') {
      const rest: Followed | undefined =
        follow === undefined
          ? undefined
          : { kind: 'argument', contract: follow, argument: patterns.length, nested: true };
      binder.values[remainder.index] = { ...shaped(ANY), name: rest };
    }
    return binder.values;
  }
}

/** A receive that binds what a case of a match binds. */
function asReceive(pattern: Term, variables: number): ReceiveTerm {
  const bind = { channel: stringTerm('case'), patterns: [pattern], remainder: undefined, variables, peek: false };
  return receiveTerm([bind], nilTerm());
}

function walkOnce(term: Term, known: Known): Walker {
  const walker = new Walker(known);
  walker.process(term, [], [], false);
  return walker;
}

/** One message that describes several: part by part, by their number. */
function joinMessages(messages: readonly ListTerm[]): ListTerm[] {
  const byCount = new Map<number, Term[]>();
  for (const { elements } of messages) {
    const joined = byCount.get(elements.length);
    byCount.set(
      elements.length,
      elements.map((element, index) => join(joined?.[index] ?? NEVER, element)),
    );
  }
  return [...byCount.values()].map((elements) => listTerm(elements));
}

/**
 * Walks through a program and follows its names, until what is known of the messages on private names does not change any more.
 *
 * @param term - closed.
 */
export function walkProgram(term: Term): Walk {
  let messages: ReadonlyMap<number, readonly ListTerm[]> = new Map();
  let text = '';
  const anything = walkOnce(term, () => undefined);
  const known: Known = (id) => (anything.names[id]!.escaped ? undefined : (messages.get(id) ?? []));
  if (anything.names.every(({ escaped }) => escaped)) return anything;
  for (let round = 0; round < MAXIMUM_ROUNDS; round += 1) {
    const walked = walkOnce(term, known);
    const joined = walked.names.map(({ messages: all }) => joinMessages(all));
    const next = joined.map((all) => all.map((one) => encodeTermBinary(one)).join('\n')).join('\n\n');
    if (round > 0 && next === text) return walked;
    text = next;
    messages = new Map(joined.entries());
  }
  return anything;
}
