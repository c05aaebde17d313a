import {
  checkObservability,
  checkTransactions,
  encodeTermBinary,
  hashTerm,
  normalize,
  parse,
  placeFields,
  type AnalysisOptions,
  type Diagnostic,
  type ListTerm,
  type Located,
  type NormalizeDiagnostic,
  type PlaceFields,
  type ReceiveTerm,
  type Term,
} from '@commute/rholang';
import { DiscoveryArgumentError } from '../errors.ts';
import { hex } from '../hex.ts';
import { messagePattern } from '../subsume/pattern.ts';
import { callCost } from './cost.ts';
import type {
  CheckedProperty,
  ContractChannel,
  ContractInterface,
  ExpectedAnswer,
  PassedName,
  ProgramInterface,
  Reply,
  RequiredCall,
  TakenMessage,
} from './interface.ts';
import { closedShape, joinAll } from './shape.ts';
import { countMessages } from './replies.ts';
import { walkProgram, type MetContract, type MetPass, type MetSend, type MetTake, type Walk } from './walk.ts';
import type { Value } from './values.ts';

/** What extraction may be told. */
export interface ExtractOptions extends AnalysisOptions {
  /** Verdicts of a model checker on the program, such as those of `@commute/rho-check`; every contract carries them. */
  readonly properties?: readonly CheckedProperty[];
}

/** Most replies that are described one by one. */
const MAXIMUM_REPLIES = 16;
const MAXIMUM_PROGRAM = 4_194_304;

const UNFORGEABLE = '\x07';

/** Tells whether a closed term holds an unforgeable name. */
function holdsUnforgeable(term: Term): boolean {
  if (term.kind === 'unforgeable') return true;
  // Cheap first: the tag of unforgeable names stands in the bytes of every term that holds one.
  if (!encodeTermBinary(term).includes(UNFORGEABLE)) return false;
  switch (term.kind) {
    case 'list':
    case 'tuple':
    case 'set':
      return term.elements.some(holdsUnforgeable);
    case 'map':
      return term.entries.some((entry) => entry.some(holdsUnforgeable));
    case 'par':
      return term.parts.some(holdsUnforgeable);
    case 'bundle':
      return holdsUnforgeable(term.body);
    case 'nil':
    case 'boolean':
    case 'integer':
    case 'big-integer':
    case 'string':
    case 'uri':
    case 'bytes':
      return false;
    default:
      return true;
  }
}

/** The channel that a closed name is. */
export function channelOf(name: Term): Extract<ContractChannel, { kind: 'public' | 'unforgeable' }> {
  const inner = name.kind === 'bundle' ? name.body : name;
  return holdsUnforgeable(inner) ? { kind: 'unforgeable', name: inner } : { kind: 'public', name: inner };
}

function channelFrom({ name, shape }: Value, term: Term): ContractChannel {
  if (name?.kind === 'fresh') return { kind: 'private', id: name.id };
  if (name?.kind === 'uri') return { kind: 'uri', uri: name.uri };
  if (name !== undefined) return { kind: 'received' };
  if (term.scope === 0) return channelOf(closedShape(term));
  return !shape.isPattern && shape.scope === 0 ? channelOf(shape) : { kind: 'received' };
}

class Extractor {
  readonly #options: ExtractOptions;
  readonly #walk: Walk;
  readonly #properties: (receive: ReceiveTerm) => readonly CheckedProperty[];

  constructor(term: Term, options: ExtractOptions) {
    this.#options = options;
    this.#walk = walkProgram(term);
    this.#properties = propertiesOf(term, options);
  }

  result(): ProgramInterface {
    const contracts = this.#walk.contracts.map((one) => this.#contract(one));
    const calls = this.#walk.sends.flatMap((one) => this.#call(one));
    const inOrder = (left: { place: PlaceFields | undefined }, right: { place: PlaceFields | undefined }): number =>
      (left.place?.start ?? 0) - (right.place?.start ?? 0);
    const takes = this.#walk.takes.flatMap((one) => this.#take(one));
    return { contracts: contracts.sort(inOrder), calls: calls.sort(inOrder), takes: takes.sort(inOrder) };
  }

  #place(term: Term): PlaceFields | undefined {
    const at = this.#options.locations?.get(term);
    return at && placeFields(at, this.#options);
  }

  #contract(met: MetContract): ContractInterface {
    const { receive, bind, channel, channelTerm } = met;
    const answered = new Set([...met.replies.keys(), ...met.passes.map(({ argument }) => argument)]);
    const replies = [...answered]
      .sort((left, right) => left - right)
      .flatMap((argument) => this.#reply(met, argument) ?? []);
    const passes = met.passes.flatMap((pass): PassedName[] => {
      const to = channelFrom(pass.channel, pass.channelTerm);
      if (to.kind !== 'public' && to.kind !== 'unforgeable') return [];
      return [{ argument: pass.argument, channel: to, position: pass.position }];
    });
    const lost = met.passes.filter((pass) => pass.channel.name?.kind === 'fresh' && this.#takers(pass) === undefined);
    const forwarded = new Set([...met.escaped, ...lost.map(({ argument }) => argument)]);
    return {
      channel: channelFrom(channel, channelTerm),
      message: messagePattern(bind),
      arity: bind.patterns.length,
      guarded: receive.guard !== undefined,
      joined: receive.binds.length > 1,
      dynamic: met.dynamic,
      replies,
      passes,
      forwarded: [...forwarded].sort((left, right) => left - right),
      cost: callCost(met, this.#options),
      properties: this.#properties(receive),
      hash: hex(hashTerm(receive)),
      place: this.#place(receive),
    };
  }

  /** The contracts that take what is sent on a private name; `undefined` if others may take it too. */
  #takers({ channel }: MetPass): readonly MetContract[] | undefined {
    const { name } = channel;
    if (name?.kind !== 'fresh' || this.#walk.names[name.id]!.escaped) return undefined;
    const isThere = (one: { readonly channel: Value }): boolean =>
      one.channel.name?.kind === 'fresh' && one.channel.name.id === name.id;
    return this.#walk.takes.some(isThere) ? undefined : this.#walk.contracts.filter(isThere);
  }

  /** All messages on an argument, also from the private contracts that it is passed to, and whether others may send there too. */
  #messages(
    met: MetContract,
    argument: number,
    seen: Set<string>,
  ): { readonly messages: readonly ListTerm[]; readonly complete: boolean } {
    const key = `${String(this.#walk.contracts.indexOf(met))} ${String(argument)}`;
    if (seen.has(key)) return { messages: [], complete: true };
    seen.add(key);
    const messages = [...(met.replies.get(argument)?.messages ?? [])];
    let complete = !met.escaped.has(argument);
    for (const pass of met.passes) {
      if (pass.argument !== argument) continue;
      const takers = this.#takers(pass);
      complete &&= takers !== undefined;
      for (const taker of takers ?? []) {
        // A name that a remainder takes is inside a list, where it is not followed.
        complete &&= pass.position < taker.bind.patterns.length || taker.bind.remainder === undefined;
        const more = this.#messages(taker, pass.position, seen);
        messages.push(...more.messages);
        complete &&= more.complete;
      }
    }
    return { messages, complete };
  }

  #reply(met: MetContract, argument: number): Reply | undefined {
    const { messages, complete } = this.#messages(met, argument, new Set());
    const own = met.replies.get(argument);
    if (own === undefined && messages.length === 0) return undefined;
    const passed = met.passes.some((pass) => pass.argument === argument);
    const distinct = new Map(messages.map((one) => [encodeTermBinary(one), one] as const));
    const all = [...distinct].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one);
    const kept = all.length <= MAXIMUM_REPLIES ? all : alternatives(joinAll(all));
    const lists = kept.filter((one) => one.kind === 'list');
    const { least, most } = own === undefined ? { least: 0, most: 0 } : countOf(met, argument);
    return {
      argument,
      nested: own?.nested ?? met.bind.patterns[argument]?.kind !== 'free',
      messages: lists,
      complete: complete && lists.length === kept.length,
      least,
      // How often the contracts answer that it is passed to is not followed.
      most: passed ? Infinity : most,
    };
  }

  #take({ receive, bind, channel, channelTerm }: MetTake): readonly TakenMessage[] {
    const from = channelFrom(channel, channelTerm);
    if (from.kind !== 'public' && from.kind !== 'uri' && from.kind !== 'unforgeable') return [];
    return [{ channel: from, message: messagePattern(bind), place: this.#place(receive) }];
  }

  #call({ send, channel, channelTerm, data }: MetSend): readonly RequiredCall[] {
    const to = channelFrom(channel, channelTerm);
    if (to.kind !== 'public' && to.kind !== 'uri' && to.kind !== 'unforgeable') return [];
    const answers = data.flatMap(({ name }, argument): ExpectedAnswer[] => {
      if (name?.kind !== 'fresh') return [];
      const { receives } = this.#walk.names[name.id]!;
      const closed = receives.filter(({ scope }) => scope === 0);
      return closed.length === 0 || closed.length < receives.length
        ? []
        : [{ argument, patterns: closed.map(asMessage) }];
    });
    const message = messagePattern({ patterns: data.map(({ shape }) => shape), remainder: undefined });
    return [{ channel: to, message, answers, persistent: send.persistent, place: this.#place(send) }];
  }
}

function asMessage({ elements, remainder }: ListTerm): ListTerm {
  return messagePattern({ patterns: elements, remainder });
}

function alternatives(shape: Term): readonly Term[] {
  return shape.kind === 'connective' && shape.connective === 'or' ? shape.operands : [shape];
}

/** How many messages there are on the name that is an argument. */
function countOf({ receive, bind, sends }: MetContract, argument: number): Pick<Reply, 'least' | 'most'> {
  const pattern = bind.patterns[argument];
  let inner = 0;
  for (const one of [...receive.binds].reverse()) {
    if (one === bind && pattern?.kind === 'free') {
      const count = countMessages(receive.body, inner + bind.variables - 1 - pattern.index);
      // Sends on the name under another variable are not counted, so there is no bound then.
      return { least: count.least, most: count.sends === sends.get(argument) ? count.most : Infinity };
    }
    inner += one.variables;
  }
  return { least: 0, most: Infinity };
}

/** The verdicts of the analyses of the language, for the part of the program that a contract is. */
function propertiesOf(term: Term, options: ExtractOptions): (receive: ReceiveTerm) => readonly CheckedProperty[] {
  const { locations, properties = [] } = options;
  const observed = checkObservability(term, options);
  const transactions = checkTransactions(term, options);
  const limit = (reasons: readonly { reason: string }[]): boolean =>
    reasons.some(({ reason }) => reason === 'analysis-limit');
  const byName = (left: CheckedProperty, right: CheckedProperty): number => (left.name < right.name ? -1 : 1);
  return (receive) => {
    const at = locations?.get(receive);
    const inside = ({ start, end }: Located): boolean =>
      at === undefined || (start >= at.start && end <= at.end) || end === 0;
    const own: CheckedProperty[] = [
      {
        name: 'observable-outputs',
        verdict: observed.refused.some(inside)
          ? 'fails'
          : limit(observed.warnings) || observed.warnings.some(inside)
            ? 'unknown'
            : 'holds',
      },
      {
        name: 'sound-transactions',
        verdict: limit(transactions.findings) ? 'unknown' : transactions.findings.some(inside) ? 'fails' : 'holds',
      },
    ];
    return [...own, ...properties].sort(byName);
  };
}

/**
 * Reads what a program offers and needs: the interface of every receive that stays, and the calls on names that it does not make itself.
 *
 * What is said is true of every run: a message that the pattern of a contract does not match is never taken, an answer that no pattern of a complete
 * reply describes is never sent. Descriptions are as narrow as following values through expressions, cases and private names makes them.
 *
 * @param term - a closed program in normal form, or a receive as it waits in a store, metered or not.
 * @throws DiscoveryArgumentError if `term` is open or a pattern, or has more than 4,194,304 nodes.
 * @example
 * ```ts
 * import { normalize, parse, printTerm } from '@commute/rholang';
 * import { interfaceOf } from '@commute/rho-discovery';
 * const tree = parse('contract @"add"(@{x /\\ Int}, @{y /\\ Int}, return) = { return!(x + y) }');
 * const normal = tree.ok ? normalize(tree.process) : undefined;
 * if (!normal?.ok) throw new Error('not a program');
 * const [add] = interfaceOf(normal.term).contracts;
 * const [reply] = add!.replies;
 * if (reply?.argument !== 2 || printTerm(reply.messages[0]!) !== '[Int]') throw new Error('unexpected interface');
 * ```
 */
export function interfaceOf(term: Term, options: ExtractOptions = {}): ProgramInterface {
  if (term.scope > 0 || term.isPattern)
    throw new DiscoveryArgumentError('term', 'a closed program', term.isPattern ? 'a pattern' : 'an open term');
  if (term.size > MAXIMUM_PROGRAM)
    throw new DiscoveryArgumentError('term', `at most ${String(MAXIMUM_PROGRAM)} nodes`, String(term.size));
  return new Extractor(term, options).result();
}

/** A program that was read, or what is wrong with it. */
export type ReadResult =
  | { readonly ok: true; readonly term: Term; readonly locations: ReadonlyMap<Term, Located> }
  | { readonly ok: false; readonly diagnostics: readonly (Diagnostic | NormalizeDiagnostic)[] };

/** Parses and normalises a program. */
export function readProgram(source: string, file: string): ReadResult {
  const tree = parse(source, { file });
  return tree.ok ? normalize(tree.process, { source, file }) : { ok: false, diagnostics: tree.diagnostics };
}
