import { matchPattern } from '../match/match.ts';
import type { Bind, SendTerm, Term } from '../term/term.ts';
import type { BindNode, Graph, ProcessNode, ReceiveNode, RunNode, SendNode, Value } from './graph.ts';

/** Marks a value that may be something else than a name of the program: data, a collection, anything from outside. */
export const OTHER = -1;
/** Marks a value that may quote a process of the program whose running costs something. */
export const CODE = -2;

/** Most steps of the analysis of one program. */
export const FLOW_BUDGET = 20_000_000;

/** Thrown when a program takes more steps than the budget; never leaves this package. */
export class FlowBudgetExhausted extends Error {}

/** Whether a message meets the patterns of a bind: surely, never, or depending on what values there are. */
export type Fit = 'always' | 'never' | 'maybe';

const UNIVERSAL = new Set(['free', 'wildcard']);

/** Patterns and data larger than this are not matched here. */
const MAXIMUM_MATCHED_SIZE = 1000;
const MATCH_BUDGET = 10_000;
/** What one attempt to match counts. */
const FIT_STEPS = 200;

/** Tells whether a term is a value already: closed data without operators. */
function isPlain(term: Term): boolean {
  switch (term.kind) {
    case 'nil':
    case 'boolean':
    case 'integer':
    case 'big-integer':
    case 'string':
    case 'uri':
    case 'bytes':
      return true;
    case 'list':
    case 'tuple':
    case 'set':
      return term.elements.every(isPlain);
    case 'map':
      return term.entries.every(([key, value]) => isPlain(key) && isPlain(value));
    default:
      return false;
  }
}

/** Tells whether a message of a send can meet the patterns of a bind, whatever its variables stand for. */
export function fitOf(send: SendTerm, bind: Bind): Fit {
  const { patterns, remainder } = bind;
  if (remainder === undefined ? send.data.length !== patterns.length : send.data.length < patterns.length)
    return 'never';
  let fit: Fit = 'always';
  for (const [index, pattern] of patterns.entries()) {
    if (UNIVERSAL.has(pattern.kind)) continue;
    const datum = send.data[index]!;
    if (pattern.scope > 0 || pattern.size + datum.size > MAXIMUM_MATCHED_SIZE || !isPlain(datum)) {
      fit = 'maybe';
      continue;
    }
    const result = matchPattern(pattern, datum, MATCH_BUDGET);
    if (result.ok) continue;
    if (result.reason === 'no-match') return 'never';
    fit = 'maybe';
  }
  return fit;
}

/** A message of `send` that can meet `bind`. */
export interface Meeting<T> {
  readonly node: T;
  readonly fit: Fit;
}

/**
 * Which names reach which variables, which names the outside can know, and what can run at all.
 *
 * A least fixed point that over-approximates: what it excludes cannot happen in any run beside any other programs.
 */
export class Flow {
  readonly graph: Graph;
  /** Names, {@link OTHER} and {@link CODE} that each variable may stand for. */
  readonly values: readonly Set<number>[];
  /** What the outside may know. */
  readonly world: Set<number> = new Set<number>();
  /** Sends that may be carried out. */
  readonly sends: Set<SendNode> = new Set<SendNode>();
  /** Receives that may be waiting, whether they can fire or not. */
  readonly waiting: Set<ReceiveNode> = new Set<ReceiveNode>();
  /** Receives that may fire. */
  readonly receives: Set<ReceiveNode> = new Set<ReceiveNode>();
  /** Values that may be run. */
  readonly runs: Set<RunNode> = new Set<RunNode>();
  /** Where code that costs something was handed to the outside first. */
  codeLeak: SendNode | undefined;
  readonly #system: ReadonlySet<string>;
  readonly #contents = new Map<number, Map<number, Set<number>[]>>();
  readonly #sendsOn = new Map<number, Set<SendNode>>();
  #changed = false;
  #steps = 0;

  /** @param system - URIs that are bound to processes; names with other URIs count as anything from outside. */
  constructor(graph: Graph, system: ReadonlySet<string>) {
    this.graph = graph;
    this.#system = system;
    this.values = Array.from({ length: graph.variables }, () => new Set<number>());
    for (const [variable, uri] of graph.names) {
      this.values[variable]!.add(uri === undefined || system.has(uri) ? variable : OTHER);
    }
    do {
      this.#changed = false;
      this.#walk(graph.top);
    } while (this.#changed);
  }

  /** The URI of a name that is bound to a system process. */
  uriOf(name: number): string | undefined {
    return this.graph.names.get(name);
  }

  /** What a value may be or contain. */
  resolve(value: Value): Set<number> {
    const result = new Set<number>();
    for (const variable of value.variables) this.#into(result, this.values[variable]!);
    if (value.other) result.add(OTHER);
    if (value.code) result.add(CODE);
    return result;
  }

  /** True if others than the program can send and receive on one of `channels`. */
  isPublic(channels: ReadonlySet<number>): boolean {
    if (channels.has(OTHER)) return true;
    for (const name of channels) if (this.world.has(name)) return true;
    return false;
  }

  /** True if what is sent on one of `channels` can get outside. */
  isPublicOrSystem(channels: ReadonlySet<number>): boolean {
    if (this.isPublic(channels)) return true;
    for (const name of channels) if (this.#isSystem(name)) return true;
    return false;
  }

  #isSystem(name: number): boolean {
    const uri = name < 0 ? undefined : this.uriOf(name);
    return uri !== undefined && this.#system.has(uri);
  }

  /** Sends of the program that may be carried out on one of `channels` and meet `bind`. */
  sendsTo(channels: ReadonlySet<number>, bind: Bind): Meeting<SendNode>[] {
    const found = new Map<SendNode, Meeting<SendNode>>();
    for (const name of channels) {
      for (const node of this.#sendsOn.get(name) ?? []) {
        this.#step();
        if (found.has(node)) continue;
        const fit = this.fit(node.term, bind);
        if (fit !== 'never') found.set(node, { node, fit });
      }
    }
    return [...found.values()];
  }

  readonly #fits = new Map<SendTerm, Map<Bind, Fit>>();

  /** {@link fitOf}, computed once. */
  fit(send: SendTerm, bind: Bind): Fit {
    this.#step();
    let fits = this.#fits.get(send);
    if (fits === undefined) this.#fits.set(send, (fits = new Map<Bind, Fit>()));
    let fit = fits.get(bind);
    if (fit !== undefined) return fit;
    this.#step(bind.patterns.every(({ kind }) => UNIVERSAL.has(kind)) ? 1 : FIT_STEPS);
    fit = fitOf(send, bind);
    fits.set(bind, fit);
    return fit;
  }

  #step(count = 1): void {
    this.#steps += count;
    if (this.#steps > FLOW_BUDGET) throw new FlowBudgetExhausted();
  }

  #into(target: Set<number>, source: Iterable<number>): boolean {
    const before = target.size;
    for (const one of source) {
      this.#step();
      target.add(one);
    }
    return target.size > before;
  }

  #add(target: Set<number>, source: Iterable<number>): void {
    if (this.#into(target, source)) this.#changed = true;
  }

  /** Names inside quoted processes may be used for anything by whoever runs those. */
  #quote(value: Value): void {
    for (const variable of value.quoted) this.#add(this.world, this.values[variable]!);
  }

  #walk(nodes: readonly ProcessNode[]): void {
    for (const node of nodes) {
      this.#step();
      switch (node.kind) {
        case 'send':
          this.#send(node);
          break;
        case 'receive':
          this.#receive(node);
          break;
        case 'match': {
          this.#quote(node.target);
          const target = this.resolve(node.target);
          for (const variable of node.variables) this.#add(this.values[variable]!, target);
          for (const one of node.cases) this.#walk(one);
          break;
        }
        case 'run':
          this.runs.add(node);
          this.#quote(node.value);
          // A value that is run may be a process of others that knows what the outside knows and no more.
          break;
      }
    }
  }

  #send(node: SendNode): void {
    if (!this.sends.has(node)) {
      this.sends.add(node);
      this.#changed = true;
    }
    this.#quote(node.channel);
    const channels = this.resolve(node.channel);
    const data = node.data.map((value) => {
      this.#quote(value);
      return this.resolve(value);
    });
    let leaks = this.isPublic(channels);
    for (const name of channels) {
      if (name < 0) continue;
      let sends = this.#sendsOn.get(name);
      if (sends === undefined) this.#sendsOn.set(name, (sends = new Set()));
      if (!sends.has(node)) {
        sends.add(node);
        this.#changed = true;
      }
      if (this.#isSystem(name)) leaks = true;
      const parts = this.#partsOf(name, data.length);
      data.forEach((values, index) => {
        this.#add(parts[index]!, values);
      });
    }
    if (!leaks) return;
    for (const values of data) {
      if (values.has(CODE)) this.codeLeak ??= node;
      this.#add(this.world, values);
    }
  }

  #partsOf(name: number, arity: number): Set<number>[] {
    let byArity = this.#contents.get(name);
    if (byArity === undefined) this.#contents.set(name, (byArity = new Map<number, Set<number>[]>()));
    let parts = byArity.get(arity);
    if (parts === undefined) byArity.set(arity, (parts = Array.from({ length: arity }, () => new Set<number>())));
    return parts;
  }

  #receive(node: ReceiveNode): void {
    let fires = true;
    this.waiting.add(node);
    for (const bind of node.binds) {
      this.#quote(bind.channel);
      const channels = this.resolve(bind.channel);
      const open = this.isPublic(channels);
      if (open) this.#bindAll(bind, [...this.world, OTHER]);
      for (const name of channels) if (name >= 0) this.#bindContents(bind, name);
      fires &&= open || this.sendsTo(channels, bind.bind).length > 0;
    }
    if (!fires) return;
    if (!this.receives.has(node)) {
      this.receives.add(node);
      this.#changed = true;
    }
    this.#walk(node.body);
  }

  #bindAll(bind: BindNode, values: Iterable<number>): void {
    const all = [...values];
    for (const variables of bind.variables) for (const one of variables) this.#add(this.values[one]!, all);
    if (bind.remainder !== undefined) this.#add(this.values[bind.remainder]!, all);
  }

  #bindContents(bind: BindNode, name: number): void {
    const count = bind.bind.patterns.length;
    for (const [arity, parts] of this.#contents.get(name) ?? []) {
      if (bind.bind.remainder === undefined ? arity !== count : arity < count) continue;
      bind.variables.forEach((variables, index) => {
        // What a pattern takes apart may be anything that its parts are.
        const whole = UNIVERSAL.has(bind.bind.patterns[index]!.kind);
        for (const one of variables) {
          this.#add(this.values[one]!, parts[index]!);
          if (!whole) this.#add(this.values[one]!, [OTHER]);
        }
      });
      if (bind.remainder === undefined) continue;
      this.#add(this.values[bind.remainder]!, [OTHER]);
      for (const part of parts.slice(count)) this.#add(this.values[bind.remainder]!, part);
    }
  }
}
