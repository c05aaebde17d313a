import { MAXIMUM_VALUE_SIZE } from '../evaluate/evaluate.ts';
import type { Located } from '../syntax/tree.ts';
import { standardProcesses } from '../system/standard.ts';
import type { SystemProcess } from '../system/system-process.ts';
import type { Term } from '../term/term.ts';
import { CODE, Flow, FlowBudgetExhausted } from './flow.ts';
import { graphOf, type MatchNode, type ProcessNode, type ReceiveNode, type SendNode } from './graph.ts';
import { Multiplicity } from './multiplicity.ts';
import { placeFields, type PlaceFields, type SourceText } from './place.ts';

/** Closed set of why no bound on the demand is found. */
export type UnboundedReason =
  /** A repeated receive whose body leads to itself again. */
  | 'recursion'
  /** A repeated receive on a name that others can send on. */
  | 'open-receive'
  /** A process that was received is run, and it may be one of the program that receives. */
  | 'runs-code'
  /** A process that receives is handed to others, who can run it as often as they like. */
  | 'code-leaves'
  /** A name of a system process is handed to others, who can send on it as often as they like. */
  | 'system-name-leaves'
  /** The analysis took more steps than it may. */
  | 'analysis-limit';

/** How many tokens a metered program can spend at most. */
export type Demand =
  | { readonly kind: 'bounded'; readonly tokens: bigint }
  | ({ readonly kind: 'unbounded'; readonly reason: UnboundedReason; readonly message: string } & PlaceFields);

/** What the analyses may be told. */
export interface AnalysisOptions extends SourceText {
  /** Places of processes in the source, as `normalize` gives them. */
  readonly locations?: ReadonlyMap<Term, Located>;
  /** The system processes that the program will find; the standard ones if absent. */
  readonly systemProcesses?: readonly Pick<SystemProcess, 'uri' | 'arity'>[];
}

/** The URIs and numbers of arguments of system processes. */
export function systemArities(options: AnalysisOptions): ReadonlyMap<string, readonly number[]> {
  const processes = options.systemProcesses ?? standardProcesses();
  return new Map(processes.map(({ uri, arity }) => [uri, typeof arity === 'number' ? [arity] : arity] as const));
}

const MESSAGES: Readonly<Record<UnboundedReason, string>> = {
  recursion: 'demand: expected a bound, got a repeated receive whose body leads to itself again',
  'open-receive': 'demand: expected a bound, got a repeated receive on a name that others can send on',
  'runs-code': 'demand: expected a bound, got a process that is received and run',
  'code-leaves': 'demand: expected a bound, got a process that receives and is handed to others',
  'system-name-leaves': 'demand: expected a bound, got a name of a system process that is handed to others',
  'analysis-limit': 'demand: expected a bound, got a program too large to analyse',
};

/** Ends the computation: there is no bound. */
class Unbounded extends Error {
  readonly reason: UnboundedReason;
  readonly place: Located | undefined;

  constructor(reason: UnboundedReason, place: Located | undefined) {
    super(reason);
    this.reason = reason;
    this.place = place;
  }
}

class Costs {
  readonly #flow: Flow;
  readonly #arities: ReadonlyMap<string, readonly number[]>;
  readonly #multiplicity: Multiplicity;
  readonly #repeated: ReceiveNode[] = [];

  constructor(flow: Flow, arities: ReadonlyMap<string, readonly number[]>) {
    this.#flow = flow;
    this.#arities = arities;
    this.#multiplicity = new Multiplicity(flow);
  }

  total(): bigint {
    let sum = this.#all(this.#flow.graph.top);
    for (let node = this.#repeated.pop(); node !== undefined; node = this.#repeated.pop()) {
      const firings = this.#multiplicity.firings(node);
      const cost = 1n + this.#all(node.body);
      if (!firings.bounded) throw new Unbounded(firings.reason, firings.at.place);
      sum += firings.count * cost;
    }
    return sum;
  }

  #all(nodes: readonly ProcessNode[]): bigint {
    return nodes.reduce((sum, node) => sum + this.#one(node), 0n);
  }

  /** What one run of the process costs, without the repeated receives in it. */
  #one(node: ProcessNode): bigint {
    switch (node.kind) {
      case 'send':
        return this.#reachesSystem(node) ? 1n : 0n;
      case 'receive':
        if (!this.#flow.receives.has(node)) return 0n;
        if (node.term.persistent) {
          this.#repeated.push(node);
          return 0n;
        }
        return 1n + this.#all(node.body);
      case 'match':
        return this.#dearest(node);
      case 'run':
        if (this.#flow.resolve(node.value).has(CODE)) throw new Unbounded('runs-code', node.place);
        return 0n;
    }
  }

  #dearest(node: MatchNode): bigint {
    let most = 0n;
    for (const one of node.cases) {
      const cost = this.#all(one);
      if (cost > most) most = cost;
    }
    return most;
  }

  #reachesSystem(node: SendNode): boolean {
    for (const name of this.#flow.resolve(node.channel)) {
      const uri = name < 0 ? undefined : this.#flow.uriOf(name);
      if (uri !== undefined && this.#arities.get(uri)?.includes(node.data.length) === true) return true;
    }
    return false;
  }
}

function leakOf(flow: Flow): Unbounded | undefined {
  if (flow.codeLeak !== undefined || flow.world.has(CODE)) return new Unbounded('code-leaves', flow.codeLeak?.place);
  for (const name of flow.world) {
    if (name < 0 || flow.uriOf(name) === undefined) continue;
    for (const send of flow.sends) {
      if (send.data.some((value) => flow.resolve(value).has(name)) && flow.isPublicOrSystem(flow.resolve(send.channel)))
        return new Unbounded('system-name-leaves', send.place);
    }
    return new Unbounded('system-name-leaves', undefined);
  }
  return undefined;
}

/**
 * Bounds the tokens that a metered program can spend, whatever programs run beside it: the number of its reductions at most. Those
 * that a system process makes by itself, as the registry does where an entry meets a lookup, are not its own.
 *
 * Each receive that can fire counts once, each message to a system process once, a match as its dearest case. A repeated receive on a name
 * that stays in the program counts once for each message that can reach it; the sends of all cases of a match are added up there. For a program
 * without loops and `match` the bound is exact: beside some other program it is reached. A receive that can never fire costs nothing.
 *
 * @param term - a closed program in normal form.
 * @example
 * ```ts
 * import { demandOf, normalize, parse } from '@commute/rholang';
 * const tree = parse('new a in { a!(1) | for (@x <- a) { Nil } | for (@y <- @"in") { Nil } }');
 * const normal = tree.ok ? normalize(tree.process) : undefined;
 * const demand = normal?.ok ? demandOf(normal.term) : undefined;
 * if (demand?.kind !== 'bounded' || demand.tokens !== 2n) throw new Error('unexpected demand');
 * ```
 * Source: G. Meredith, Cost-Accounted Rho Calculus (2026), sections "Static Analysis as a Linear Resource Proof" and "Overcharge and Refund".
 */
export function demandOf(term: Term, options: AnalysisOptions = {}): Demand {
  const arities = systemArities(options);
  try {
    if (term.size > MAXIMUM_VALUE_SIZE) throw new FlowBudgetExhausted();
    const flow = new Flow(graphOf(term, options.locations), new Set(arities.keys()));
    const leak = leakOf(flow);
    if (leak !== undefined) throw leak;
    return { kind: 'bounded', tokens: new Costs(flow, arities).total() };
  } catch (error) {
    const unbounded = error instanceof FlowBudgetExhausted ? new Unbounded('analysis-limit', undefined) : error;
    if (!(unbounded instanceof Unbounded)) throw error;
    const { reason, place } = unbounded;
    return { kind: 'unbounded', reason, message: MESSAGES[reason], ...placeFields(place, options) };
  }
}
