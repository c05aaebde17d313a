import {
  boundTerm,
  equalTerms,
  forEachPart,
  mapParts,
  meteringRole,
  newTerm,
  parTerm,
  printTerm,
  receiveOf,
  sendOf,
  systemUri,
  TermDepthError,
  termKey,
  unforgeableTerm,
  tupleTerm,
  uriTerm,
  withoutGates,
  type Consume,
  type Term,
  type UnforgeableTerm,
} from '@commute/rholang';
import { decodeItem, encodeChannel, StoreDamagedError, type HistoryStore } from '@commute/rho-store';
import type { ContractPart } from '../compose/compose.ts';
import { readProgram } from '../contract/extract.ts';
import { DiscoveryArgumentError } from '../errors.ts';
import { hex } from '../hex.ts';
import { namesUnder } from './registered.ts';

/** Contracts of a store that are to become one part of a composite. */
export interface StoredPartRequest {
  /** What wires call the part. */
  readonly name: string;
  /**
   * Closed names on which contracts stand. What stands in the registry is named by its URI, or by the list of its URI and of the keys and positions that lead to it there;
   * in the part it stands on that public name.
   */
  readonly channels: readonly Term[];
}

/** Closed set of why contracts of a store do not become parts. */
export type StoredPartReason =
  /** No contract stands on the name. */
  | 'no-contract'
  /** Two parts use one private name of the store, of which each would get a copy. */
  | 'shared-name'
  /** It uses a name that stands for a deployer, which is the owner's alone. */
  | 'deployer-name'
  /** More than 10,000 messages and receives, or 4,194,304 nodes, belong to it. */
  | 'too-large'
  /** It has no text that reads as the same program, as it holds bytes or is nested too deeply. */
  | 'no-text';

/** A part that was read from a store. */
export interface StoredPart extends ContractPart {
  readonly file: string;
  /** Number of contracts and other receives, and of messages, that came along. */
  readonly receives: number;
  readonly messages: number;
}

/** The parts, or why there are none. */
export type StoredPartsResult =
  | { readonly ok: true; readonly parts: readonly StoredPart[] }
  | { readonly ok: false; readonly reason: StoredPartReason; readonly part: string; readonly message: string };

const MAXIMUM_ITEMS = 10_000;
const MAXIMUM_NODES = 4_194_304;

class Refused extends Error {
  readonly reason: StoredPartReason;

  constructor(reason: StoredPartReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What waits on a name, with metered receives as they were written. */
interface Waiting {
  readonly messages: readonly Term[];
  readonly receives: readonly { readonly hash: string; readonly consume: Consume; readonly term: Term }[];
}

function waitingOn(history: HistoryStore, channel: Term): Waiting {
  const messages: Term[] = [];
  const receives: { hash: string; consume: Consume; term: Term }[] = [];
  const key = encodeChannel(channel);
  for (const { bytes, hash } of history.items(key)) {
    const item = decodeItem(bytes);
    if (item === undefined) throw new StoreDamagedError(`key ${hex(key)}`, 'a message or a receive');
    if (item.kind === 'message') messages.push(withoutGates(sendOf(channel, item.datum)));
    else receives.push({ hash: hex(hash), consume: item.consume, term: withoutGates(receiveOf(item.consume)) });
  }
  return { messages, receives };
}

/** The name that stands in the registry under a URI and a path. */
function registeredName(history: HistoryStore, channel: Term): Term | undefined {
  const [uri, ...path] = channel.kind === 'list' ? channel.elements : [channel];
  if (uri?.kind !== 'uri' || path.some((one) => one.kind !== 'string')) return undefined;
  const steps = path.map((one) => (one.kind === 'string' ? one.value : ''));
  const slot = tupleTerm([unforgeableTerm('registry'), uriTerm(uri.value)]);
  const data = waitingOn(history, slot).messages.flatMap((send) => (send.kind === 'send' ? send.data : []));
  return namesUnder(uri.value, data).find(
    (one) => one.path.length === steps.length && one.path.every((step, index) => step === steps[index]),
  )?.name;
}

/** Gathers everything that belongs to a part: its contracts, and what waits on the private names that are in reach from there. */
class Gathering {
  readonly terms: Term[] = [];
  /** Keys of the private names, in the order in which they were met. */
  readonly fresh = new Map<string, UnforgeableTerm>();
  /** URIs of system processes, by the keys of the names that lead to them. */
  readonly uris = new Map<string, string>();
  /** Public names that stand for private ones. */
  readonly shown = new Map<string, Term>();
  receives = 0;
  messages = 0;
  readonly #history: HistoryStore;
  readonly #seen = new Set<string>();
  readonly #queue: UnforgeableTerm[] = [];
  #nodes = 0;

  constructor(history: HistoryStore) {
    this.#history = history;
  }

  contracts(channel: Term): void {
    const direct = waitingOn(this.#history, channel).receives.filter(({ consume }) => isContract(consume));
    const name = direct.length > 0 ? channel : registeredName(this.#history, channel);
    const found = name === undefined || direct.length > 0 ? direct : this.#registered(name, channel);
    if (found.length === 0)
      throw new Refused('no-contract', `channel: expected one with a contract, got @${printTerm(channel)}`);
    for (const { hash, term } of found) this.#receive(hash, term);
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) this.#follow(next);
  }

  #registered(name: Term, channel: Term): Waiting['receives'] {
    const found = waitingOn(this.#history, name).receives.filter(({ consume }) => isContract(consume));
    this.shown.set(termKey(name), channel);
    this.#meet(name);
    return found;
  }

  #receive(hash: string, term: Term): void {
    if (this.#seen.has(hash)) return;
    this.#seen.add(hash);
    this.receives += 1;
    this.#add(term);
  }

  #add(term: Term): void {
    this.#nodes += term.size;
    if (this.receives + this.messages > MAXIMUM_ITEMS || this.#nodes > MAXIMUM_NODES)
      throw new Refused(
        'too-large',
        'contract: expected one with less that belongs to it, got more than 10,000 messages and receives, or 4,194,304 nodes',
      );
    this.terms.push(term);
    this.#meetAll(term);
  }

  #meetAll(term: Term): void {
    if (term.kind === 'unforgeable') this.#meet(term);
    else
      forEachPart(term, (part) => {
        this.#meetAll(part);
      });
  }

  #meet(name: Term): void {
    const key = termKey(name);
    if (name.kind !== 'unforgeable' || this.fresh.has(key) || this.uris.has(key)) return;
    const uri = systemUri(name);
    if (uri !== undefined) {
      this.uris.set(key, uri);
      return;
    }
    if (name.id.startsWith('deployer:'))
      throw new Refused(
        'deployer-name',
        'contract: expected one without the name of a deployer, got one that acts for its deployer',
      );
    this.fresh.set(key, name);
    this.#queue.push(name);
  }

  /** Takes along what waits on a private name; one that leads to a system process stands for it. */
  #follow(name: UnforgeableTerm): void {
    const { messages, receives } = waitingOn(this.#history, name);
    const relay = receives.find(({ consume }) => meteringRole(consume) === 'relay');
    const uri = relay === undefined ? undefined : uriOf(relay.term);
    if (uri !== undefined) {
      this.fresh.delete(termKey(name));
      this.uris.set(termKey(name), uri);
      return;
    }
    for (const send of messages) {
      this.messages += 1;
      this.#add(send);
    }
    for (const { hash, term } of receives) this.#receive(hash, term);
  }

  /** One closed program without private names: `new` makes them again. */
  program(): Term {
    const privates = [...this.fresh.keys()].filter((key) => !this.shown.has(key));
    const uris = [...new Set(this.uris.values())].sort();
    const count = privates.length + uris.length;
    const numbers = new Map(privates.map((key, index) => [key, index] as const));
    for (const [key, uri] of this.uris) numbers.set(key, privates.length + uris.indexOf(uri));
    const replaced = (term: Term, depth: number): Term => {
      const name = term.kind === 'bundle' && this.uris.has(termKey(term.body)) ? term.body : term;
      if (name.kind !== 'unforgeable') return mapParts(term, (part, binders) => replaced(part, depth + binders));
      const key = termKey(name);
      return this.shown.get(key) ?? boundTerm(depth + count - 1 - numbers.get(key)!);
    };
    const body = parTerm(this.terms.map((term) => replaced(term, 0)));
    return count === 0 ? body : newTerm(privates.length, uris, body);
  }
}

function isContract(consume: Consume): boolean {
  return consume.persistent && consume.continuation.kind === 'process' && meteringRole(consume) === undefined;
}

/** The URI of the system process to which a relay without its gate passes on. */
function uriOf(relay: Term): string | undefined {
  const send = relay.kind === 'receive' ? relay.body : undefined;
  if (send?.kind !== 'send') return undefined;
  return systemUri(send.channel.kind === 'bundle' ? send.channel.body : send.channel);
}

/**
 * Reads contracts that stand in the present version of a store as parts of a composite: as programs of their own, with text.
 *
 * A contract comes without metering, and with everything that waits on the private names that are in reach from it: its state, and the contracts that it alone can
 * call. So a part is a copy that begins as the store is now; what happens to it does not happen in the store. Contracts that use the same private names belong in one
 * part. What waits on public names does not come along: it is what other parts, or wires, are for. A call that waits at a gate for tokens does not come along either.
 *
 * Everything is read under the root of the store, no index is believed.
 *
 * @throws DiscoveryArgumentError if a channel is open or a pattern, or a part has none. StoreDamagedError if a record of the store cannot be read.
 * @example
 * ```ts
 * import { createRuntime, stringTerm } from '@commute/rholang';
 * import { createMemoryKeyValue, RhoSpace } from '@commute/rho-store';
 * import { composeContracts, partsOfStore } from '@commute/rho-discovery';
 * const space = new RhoSpace(createMemoryKeyValue());
 * const counter = 'new n in { n!(5) | contract @"next"(r) = { for (@x <- n) { n!(x + 1) | r!(x) } } }';
 * createRuntime({ space }).run(counter, { seed: new Uint8Array(32) });
 * space.commit();
 * const stored = partsOfStore(space.history, [{ name: 'counter', channels: [stringTerm('next')] }]);
 * if (!stored.ok || stored.parts[0]!.messages !== 1) throw new Error('not read');
 * const user = { name: 'user', source: 'contract @"go"(r) = { @"next"!(*r) }' };
 * if (!composeContracts([...stored.parts, user]).ok) throw new Error('refused');
 * ```
 */
export function partsOfStore(history: HistoryStore, requests: readonly StoredPartRequest[]): StoredPartsResult {
  const parts: StoredPart[] = [];
  const owners = new Map<string, string>();
  for (const { name, channels } of requests) {
    if (channels.length === 0 || channels.some(({ scope, isPattern }) => scope > 0 || isPattern))
      throw new DiscoveryArgumentError('channels', 'closed names', channels.length === 0 ? 'none' : 'an open one');
    try {
      const gathering = new Gathering(history);
      for (const channel of channels) gathering.contracts(channel);
      for (const key of gathering.fresh.keys()) {
        const other = owners.get(key);
        if (other !== undefined)
          throw new Refused(
            'shared-name',
            `part: expected ${other} and ${name} to share no private name of the store, got one, of which each would have a copy; make them one part`,
          );
        owners.set(key, name);
      }
      const { receives, messages } = gathering;
      parts.push({ name, file: `store/${name}.rho`, source: textOf(gathering.program()), receives, messages });
    } catch (error) {
      if (error instanceof TermDepthError) return { ok: false, reason: 'no-text', part: name, message: error.message };
      if (!(error instanceof Refused)) throw error;
      return { ok: false, reason: error.reason, part: name, message: error.message };
    }
  }
  return { ok: true, parts };
}

function textOf(program: Term): string {
  const text = printTerm(program, { indent: 2 });
  const again = readProgram(text, 'part');
  if (again.ok && equalTerms(again.term, program)) return text;
  throw new Refused('no-text', 'contract: expected one that has a text, got one that holds what has no literal');
}
