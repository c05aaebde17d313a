import type { Located } from '../syntax/tree.ts';
import { forEachPart } from '../term/parts.ts';
import type { Bind, ReceiveTerm, SendTerm, Term } from '../term/term.ts';
import { forEachVariable } from '../term/variables.ts';

/** What a value may consist of, as far as its text tells. */
export interface Value {
  /** Variables that it may be or contain. */
  readonly variables: readonly number[];
  /** Variables inside processes that it quotes. */
  readonly quoted: readonly number[];
  /** True if it may be anything else than one of `variables` alone: data, a collection, a quoted process. */
  readonly other: boolean;
  /** True if it quotes a process that receives, reaches a URI or uses a variable, so that running it costs something. */
  readonly code: boolean;
}

/** Where a process stands: under the persistent receive `owner`, or under none. */
interface Placed {
  readonly owner: ReceiveNode | undefined;
  /** Place in the source; desugared processes have none. */
  readonly place: Located | undefined;
}

/** A send of the program. */
export interface SendNode extends Placed {
  readonly kind: 'send';
  readonly term: SendTerm;
  readonly channel: Value;
  readonly data: readonly Value[];
}

/** One bind of a receive. */
export interface BindNode {
  readonly bind: Bind;
  readonly channel: Value;
  /** Variables of each pattern. */
  readonly variables: readonly (readonly number[])[];
  /** Variable of the remainder. */
  readonly remainder: number | undefined;
}

/** A receive of the program. */
export interface ReceiveNode extends Placed {
  readonly kind: 'receive';
  readonly term: ReceiveTerm;
  readonly binds: readonly BindNode[];
  body: readonly ProcessNode[];
}

/** A match of the program. */
export interface MatchNode extends Placed {
  readonly kind: 'match';
  readonly target: Value;
  /** Variables of all cases. */
  readonly variables: readonly number[];
  readonly cases: readonly (readonly ProcessNode[])[];
}

/** A value that is run as a process. */
export interface RunNode extends Placed {
  readonly kind: 'run';
  readonly value: Value;
}

/** A process of the program that is not inside a quoted one. */
export type ProcessNode = SendNode | ReceiveNode | MatchNode | RunNode;

/** A program with its variables numbered and its quoted processes left closed. */
export interface Graph {
  readonly top: readonly ProcessNode[];
  /** Number of variables. */
  readonly variables: number;
  /** Variables that `new` binds, with the URI if there is one. */
  readonly names: ReadonlyMap<number, string | undefined>;
}

/** Operators whose results contain none of their operands. */
const GROUND_RESULT = new Set([
  'or',
  '||',
  'and',
  '&&',
  'matches',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '*',
  '/',
  '%',
  '%%',
]);

/** Collects the variables of `environment` that `term` uses anywhere, and tells whether it receives or reaches a URI. */
class Uses {
  readonly variables: Set<number> = new Set<number>();
  acts = false;

  add(term: Term, environment: readonly number[], depth: number): void {
    if (term.kind === 'receive' || (term.kind === 'new' && term.uris.length > 0)) this.acts = true;
    if (term.kind === 'bound') {
      if (term.index >= depth) this.variables.add(environment[environment.length - 1 - (term.index - depth)]!);
      return;
    }
    forEachPart(term, (part, binders) => {
      this.add(part, environment, depth + binders);
    });
  }
}

class ValueReader {
  readonly variables = new Set<number>();
  readonly quoted = new Set<number>();
  other = false;
  code = false;

  read(term: Term, environment: readonly number[]): void {
    switch (term.kind) {
      case 'bound':
        this.variables.add(environment[environment.length - 1 - term.index]!);
        return;
      case 'bundle':
        this.read(term.body, environment);
        return;
      case 'send':
      case 'receive':
      case 'new':
      case 'match': {
        const uses = new Uses();
        uses.add(term, environment, 0);
        for (const variable of uses.variables) this.quoted.add(variable);
        if (uses.acts || uses.variables.size > 0) this.code = true;
        break;
      }
      case 'par':
        for (const part of term.parts) this.read(part, environment);
        break;
      case 'list':
      case 'tuple':
      case 'set':
        for (const element of term.elements) this.read(element, environment);
        break;
      case 'map':
        for (const [key, value] of term.entries) {
          this.read(key, environment);
          this.read(value, environment);
        }
        break;
      case 'binary':
        if (GROUND_RESULT.has(term.operator)) break;
        this.read(term.left, environment);
        this.read(term.right, environment);
        break;
      case 'method':
        this.read(term.target, environment);
        for (const argument of term.arguments) this.read(argument, environment);
        break;
      default:
        break;
    }
    this.other = true;
  }
}

function valueOf(term: Term, environment: readonly number[]): Value {
  const reader = new ValueReader();
  reader.read(term, environment);
  return {
    variables: [...reader.variables],
    quoted: [...reader.quoted],
    other: reader.other,
    code: reader.code,
  };
}

class Builder {
  readonly names = new Map<number, string | undefined>();
  readonly #locations: ReadonlyMap<Term, Located> | undefined;
  #count = 0;

  constructor(locations: ReadonlyMap<Term, Located> | undefined) {
    this.#locations = locations;
  }

  get count(): number {
    return this.#count;
  }

  #fresh(count: number): number[] {
    const first = this.#count;
    this.#count += count;
    return Array.from({ length: count }, (_, index) => first + index);
  }

  read(
    term: Term,
    environment: readonly number[],
    owner: ReceiveNode | undefined,
    outer: Located | undefined,
    into: ProcessNode[],
  ): void {
    const own = this.#locations?.get(term);
    const near = own ?? outer;
    switch (term.kind) {
      case 'par':
        for (const part of term.parts) this.read(part, environment, owner, near, into);
        break;
      case 'bundle':
        this.read(term.body, environment, owner, near, into);
        break;
      case 'send': {
        const data = term.data.map((datum) => valueOf(datum, environment));
        into.push({ kind: 'send', term, channel: valueOf(term.channel, environment), data, owner, place: own });
        break;
      }
      case 'new': {
        const variables = this.#fresh(term.fresh + term.uris.length);
        variables.forEach((variable, index) => this.names.set(variable, term.uris[index - term.fresh]));
        this.read(term.body, [...environment, ...variables], owner, near, into);
        break;
      }
      case 'receive':
        into.push(this.#receive(term, environment, owner, near));
        break;
      case 'match': {
        const all: number[] = [];
        const cases = term.cases.map(({ variables, body }) => {
          const bound = this.#fresh(variables);
          all.push(...bound);
          const nodes: ProcessNode[] = [];
          this.read(body, [...environment, ...bound], owner, near, nodes);
          return nodes;
        });
        const target = valueOf(term.target, environment);
        into.push({ kind: 'match', target, variables: all, cases, owner, place: near });
        break;
      }
      case 'bound':
      case 'method':
        into.push({ kind: 'run', value: valueOf(term, environment), owner, place: near });
        break;
      default:
        break;
    }
  }

  #receive(
    term: ReceiveTerm,
    environment: readonly number[],
    owner: ReceiveNode | undefined,
    place: Located | undefined,
  ): ReceiveNode {
    const inner = [...environment];
    const binds = term.binds.map((bind): BindNode => {
      const bound = this.#fresh(bind.variables);
      inner.push(...bound);
      const variables = bind.patterns.map((pattern) => {
        const own = new Set<number>();
        forEachVariable(pattern, ({ index }) => own.add(bound[index]!));
        return [...own];
      });
      const remainder = bind.remainder?.kind === 'free' ? bound[bind.remainder.index] : undefined;
      return { bind, channel: valueOf(bind.channel, environment), variables, remainder };
    });
    const node: ReceiveNode = { kind: 'receive', term, binds, body: [], owner, place };
    const body: ProcessNode[] = [];
    this.read(term.body, inner, term.persistent ? node : owner, place, body);
    node.body = body;
    return node;
  }
}

/** Numbers the variables of a closed program. Quoted processes stay closed: only which variables they use is noted. */
export function graphOf(term: Term, locations: ReadonlyMap<Term, Located> | undefined): Graph {
  const builder = new Builder(locations);
  const top: ProcessNode[] = [];
  builder.read(term, [], undefined, undefined, top);
  return { top, variables: builder.count, names: builder.names };
}
