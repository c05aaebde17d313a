import { BaseError } from '@commute/errors';
import {
  seedBelowNew,
  splitSeed,
  type BinaryTerm,
  type Located,
  type MatchTerm,
  type NewTerm,
  type ReceiveTerm,
  type Seed,
  type SendTerm,
  type Term,
} from '@commute/rholang';
import { FreeVariables } from './free-variables.ts';
import {
  UNUSED,
  type Case,
  type ConsumeBind,
  type Expression,
  type IntermediateProgram,
  type LogicalOperator,
  type Procedure,
  type Statement,
  type ValueId,
} from './ir.ts';

/** What lowering may be told. */
export interface LowerOptions {
  /** Places of sends and receives in the Rholang source. */
  readonly locations?: ReadonlyMap<Term, Located>;
}

/** Most variables in all environments of a program together: what compiled code may need more memory for than the process itself. */
const MAXIMUM_ENVIRONMENTS = 1_000_000;

/** A process has so many actors under so many variables that code for it would be out of proportion; it can still be walked. */
export class LowerLimitError extends BaseError<'ROSETTE_ENVIRONMENTS_EXHAUSTED', { limit: number }> {
  constructor() {
    const message = `environments: expected at most ${String(MAXIMUM_ENVIRONMENTS)} variables together, got more`;
    super('ROSETTE_ENVIRONMENTS_EXHAUSTED', message, { limit: MAXIMUM_ENVIRONMENTS });
  }
}

/** Where statements go, and what they come from. */
interface Context {
  readonly statements: Statement[];
  /** Values of the variables in scope. */
  readonly environment: readonly ValueId[];
  /** Place of the innermost send, receive, `new` or match. */
  readonly place: Located | undefined;
}

class ProcedureLowerer {
  readonly #program: Lowerer;
  #values = 0;

  constructor(program: Lowerer) {
    this.#program = program;
  }

  lower(term: Term, parameters: number): Procedure {
    const statements: Statement[] = [];
    const context: Context = { statements, environment: [], place: undefined };
    const used = this.#program.variables.of(term);
    const environment = Array.from({ length: parameters }, (_, index) =>
      used.has(parameters - 1 - index) ? this.#define(context, { kind: 'argument', index }) : UNUSED,
    );
    this.#process(term, { ...context, environment }, '');
    return { term, parameters, values: this.#values, statements, knowledge: { integers: [], inductions: [] } };
  }

  #fresh(): ValueId {
    this.#values += 1;
    return this.#values - 1;
  }

  #define({ statements, place }: Context, expression: Expression): ValueId {
    const value = this.#fresh();
    statements.push({ op: 'define', value, expression, place });
    return value;
  }

  #process(term: Term, context: Context, path: Seed): void {
    switch (term.kind) {
      case 'par':
        for (const [index, part] of term.parts.entries()) this.#process(part, context, splitSeed(path, index));
        break;
      case 'send':
      case 'receive':
      case 'new':
      case 'match': {
        const inner = { ...context, place: this.#program.locations?.get(term) };
        if (term.kind === 'send') this.#send(term, inner, path);
        else if (term.kind === 'receive') this.#receive(term, inner, path);
        else if (term.kind === 'new') this.#new(term, inner, path);
        else this.#match(term, inner, path);
        break;
      }
      case 'bundle':
        this.#process(term.body, context, path);
        break;
      case 'bound':
      case 'unary':
      case 'binary':
      case 'method': {
        const process = this.#value(term, context);
        context.statements.push({ op: 'run', process, path, place: context.place });
        break;
      }
      default:
        break;
    }
  }

  #send(term: SendTerm, context: Context, path: Seed): void {
    const name = this.#value(term.channel, context);
    const channel = this.#define(context, { kind: 'usable', right: 'write', channel: name });
    const data = term.data.map((datum) => this.#value(datum, context));
    context.statements.push({
      op: 'produce',
      channel,
      data,
      persistent: term.persistent,
      path,
      place: context.place,
    });
  }

  /** The environment that a term needs outside `binders` variables, without what it does not read. */
  #environmentOf(term: Term, { environment }: Context, binders = 0): readonly ValueId[] {
    const used = this.#program.variables.of(term);
    const length = Math.max(0, term.scope - binders);
    this.#program.spend(length);
    const last = environment.length - 1;
    return Array.from({ length }, (_, index) => {
      const distance = length - 1 - index;
      return used.has(binders + distance) ? environment[last - distance]! : UNUSED;
    });
  }

  #close(term: Term, context: Context, binders: number): ValueId {
    const environment = this.#environmentOf(term, context, binders);
    return this.#define(context, { kind: 'close', term, binders, environment });
  }

  #receive(term: ReceiveTerm, context: Context, path: Seed): void {
    const binds = term.binds.map((bind): ConsumeBind => {
      const name = this.#value(bind.channel, context);
      const channel = this.#define(context, { kind: 'usable', right: 'read', channel: name });
      const closed = bind.patterns.every((pattern) => pattern.scope === 0);
      const patterns = closed
        ? bind.patterns
        : bind.patterns.map((pattern) => (pattern.scope === 0 ? pattern : this.#close(pattern, context, 0)));
      return { channel, patterns, remainder: bind.remainder, variables: bind.variables, peek: bind.peek };
    });
    const guard = term.guard === undefined ? undefined : this.#close(term.guard, context, term.variables);
    const environment = this.#environmentOf(term.body, context, term.variables);
    const procedure = this.#program.lower(term.body, environment.length + term.variables);
    const { variables, persistent } = term;
    context.statements.push({
      op: 'consume',
      binds,
      variables,
      guard,
      persistent,
      procedure,
      environment,
      path,
      place: context.place,
    });
  }

  #new(term: NewTerm, context: Context, path: Seed): void {
    const environment = [...context.environment];
    for (let index = 0; index < term.fresh; index += 1)
      environment.push(this.#define(context, { kind: 'fresh', path, index }));
    for (const uri of term.uris) environment.push(this.#define(context, { kind: 'system', uri }));
    this.#process(term.body, { ...context, environment }, seedBelowNew(path));
  }

  #match(term: MatchTerm, context: Context, path: Seed): void {
    const target = this.#value(term.target, context);
    const cases = term.cases.map(({ pattern, variables, guard, body }): Case => {
      const bindings = Array.from({ length: variables }, () => this.#fresh());
      const environment = context.environment.concat(bindings);
      const inGuard: Context = { ...context, environment, statements: [] };
      const result = guard === undefined ? undefined : this.#value(guard, inGuard);
      const inside: Context = { ...context, environment, statements: [] };
      this.#process(body, inside, path);
      return {
        pattern,
        environment: this.#environmentOf(pattern, context),
        bindings,
        guard: result === undefined ? undefined : { statements: inGuard.statements, result },
        body: inside.statements,
      };
    });
    context.statements.push({ op: 'match', target, cases, place: context.place });
  }

  #valuesOf(terms: readonly Term[], context: Context): ValueId[] {
    return terms.map((term) => this.#value(term, context));
  }

  #value(term: Term, context: Context): ValueId {
    if (term.kind === 'bound') return context.environment[context.environment.length - 1 - term.index]!;
    if (this.#program.isValue(term)) return this.#define(context, { kind: 'constant', term });
    switch (term.kind) {
      case 'unary': {
        const operand = this.#value(term.operand, context);
        return this.#define(context, { kind: 'unary', operator: term.operator, operand });
      }
      case 'binary':
        return this.#binary(term, context);
      case 'method': {
        const target = this.#value(term.target, context);
        const parameters = this.#valuesOf(term.arguments, context);
        return this.#define(context, { kind: 'method', method: term.method, target, arguments: parameters });
      }
      case 'list':
      case 'tuple':
      case 'set': {
        const elements = this.#valuesOf(term.elements, context);
        return this.#define(context, { kind: 'collection', shape: term.kind, elements });
      }
      case 'map': {
        const elements = this.#valuesOf(term.entries.flat(), context);
        return this.#define(context, { kind: 'collection', shape: 'map', elements });
      }
      case 'par': {
        const elements = this.#valuesOf(term.parts, context);
        return this.#define(context, { kind: 'collection', shape: 'par', elements });
      }
      default:
        return this.#define(context, { kind: 'quote', term, environment: this.#environmentOf(term, context) });
    }
  }

  #truth(term: Term, operator: LogicalOperator, context: Context): ValueId {
    return this.#define(context, { kind: 'truth', operator, operand: this.#value(term, context) });
  }

  #binary(term: BinaryTerm, context: Context): ValueId {
    const { operator } = term;
    switch (operator) {
      case 'and':
      case 'or': {
        const left = this.#truth(term.left, operator, context);
        const right = this.#truth(term.right, operator, context);
        return this.#define(context, { kind: 'logic', operator, left, right });
      }
      case '&&':
      case '||': {
        const left = this.#truth(term.left, operator, context);
        const inner: Context = { ...context, statements: [] };
        const result = this.#truth(term.right, operator, inner);
        return this.#define(context, { kind: 'lazy', operator, left, right: inner.statements, result });
      }
      case 'matches': {
        const { right } = term;
        const pattern = this.#close(right, context, 0);
        return this.#define(context, { kind: 'matches', value: this.#value(term.left, context), pattern });
      }
      default: {
        const left = this.#value(term.left, context);
        const right = this.#value(term.right, context);
        return this.#define(context, { kind: 'binary', operator, left, right });
      }
    }
  }
}

class Lowerer {
  readonly procedures: Procedure[] = [];
  readonly locations: ReadonlyMap<Term, Located> | undefined;
  readonly variables = new FreeVariables();
  readonly #values = new Map<Term, boolean>();
  #environments = 0;

  constructor(locations: ReadonlyMap<Term, Located> | undefined) {
    this.locations = locations;
  }

  /** Counts variables of environments. */
  spend(variables: number): void {
    this.#environments += variables;
    if (this.#environments > MAXIMUM_ENVIRONMENTS) throw new LowerLimitError();
  }

  /** Lowers a procedure and gives its number. */
  lower(term: Term, parameters: number): number {
    const number = this.procedures.length;
    this.procedures.push(undefined as unknown as Procedure);
    this.procedures[number] = new ProcedureLowerer(this).lower(term, parameters);
    return number;
  }

  /** Tells whether evaluating a term gives the term itself. */
  isValue(term: Term): boolean {
    if (term.scope > 0) return false;
    let known = this.#values.get(term);
    if (known === undefined) {
      known = this.#isValue(term);
      this.#values.set(term, known);
    }
    return known;
  }

  #isValue(term: Term): boolean {
    switch (term.kind) {
      case 'unary':
      case 'binary':
      case 'method':
        return false;
      case 'list':
      case 'tuple':
      case 'set':
        return term.elements.every((element) => this.isValue(element));
      case 'map':
        return term.entries.every(([key, value]) => this.isValue(key) && this.isValue(value));
      case 'par':
        return term.parts.every((part) => this.isValue(part));
      default:
        return true;
    }
  }
}

/**
 * Lowers a process to the intermediate representation: one procedure for it and one for the body of each receive in it.
 *
 * @param term - a process in normal form; its environment has the variables that it does not bind.
 * @throws LowerLimitError if all environments together have more than a million variables.
 */
export function lower(term: Term, options: LowerOptions = {}): IntermediateProgram {
  const lowerer = new Lowerer(options.locations);
  lowerer.lower(term, term.scope);
  return { procedures: lowerer.procedures };
}
