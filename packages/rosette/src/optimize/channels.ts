import type {
  ConsumeStatement,
  Expression,
  IntermediateProgram,
  ProduceStatement,
  Statement,
  ValueId,
} from '../ir/ir.ts';
import { UNUSED } from '../ir/ir.ts';
import { operandsOf } from './rewriter.ts';

/** A statement and the number of the procedure that it stands in. */
export interface Placed<T> {
  readonly statement: T;
  readonly procedure: number;
}

/** Number of a value among the values of all procedures. */
export type Root = number;

/** Where names of channels come from and go to, in a whole program. */
export class Channels {
  readonly consumes: readonly Placed<ConsumeStatement>[];
  readonly #produces = new Map<Root, Placed<ProduceStatement>[]>();
  /** Number of the first value of each procedure. */
  readonly #first: readonly number[];
  readonly #definitions: (Expression | undefined)[] = [];
  /** Where the actors of each procedure are made. */
  readonly #makers = new Map<number, Placed<ConsumeStatement>>();
  readonly #escaped = new Set<Root>();

  constructor({ procedures }: IntermediateProgram) {
    let next = 0;
    this.#first = procedures.map(({ values }) => {
      next += values;
      return next - values;
    });
    const produces: Placed<ProduceStatement>[] = [];
    const consumes: Placed<ConsumeStatement>[] = [];
    procedures.forEach(({ statements }, procedure) => {
      walk(statements, (statement) => {
        if (statement.op === 'define')
          this.#definitions[this.numberOf(procedure, statement.value)] = statement.expression;
        if (statement.op === 'produce') produces.push({ statement, procedure });
        if (statement.op === 'consume') {
          consumes.push({ statement, procedure });
          this.#makers.set(statement.procedure, { statement, procedure });
        }
      });
    });
    this.consumes = consumes;
    for (const one of produces) {
      const root = this.rootOf(one.procedure, one.statement.channel);
      const others = this.#produces.get(root);
      if (others === undefined) this.#produces.set(root, [one]);
      else others.push(one);
    }
    procedures.forEach(({ statements }, procedure) => {
      walk(statements, (statement) => {
        for (const value of leaks(statement)) this.#escaped.add(this.rootOf(procedure, value));
      });
    });
  }

  /** Number of a value of a procedure. */
  numberOf(procedure: number, value: ValueId): Root {
    return this.#first[procedure]! + value;
  }

  /** How a value is computed. */
  definitionOf(procedure: number, value: ValueId): Expression | undefined {
    return this.#definitions[this.numberOf(procedure, value)];
  }

  /** The place where the actors of a procedure are made. */
  makerOf(procedure: number): Placed<ConsumeStatement> | undefined {
    return this.#makers.get(procedure);
  }

  /** The statements that send on a channel. */
  producesOn(root: Root): readonly Placed<ProduceStatement>[] {
    return this.#produces.get(root) ?? [];
  }

  /** The value that a channel is: through checks of bundles, and through the environments of actors. */
  rootOf(procedure: number, value: ValueId): Root {
    let [place, name] = [procedure, value];
    for (;;) {
      const definition = this.definitionOf(place, name);
      if (definition?.kind === 'usable') name = definition.channel;
      else if (definition?.kind === 'argument') {
        const maker = this.#makers.get(place);
        const outer = maker?.statement.environment[definition.index];
        if (maker === undefined || outer === undefined || outer === UNUSED) return this.numberOf(place, name);
        [place, name] = [maker.procedure, outer];
      } else return this.numberOf(place, name);
    }
  }

  /** Tells whether a name is fresh and only ever used as a channel, so that nobody but this program sends or receives on it. */
  isPrivate(root: Root): boolean {
    return this.#definitions[root]?.kind === 'fresh' && !this.#escaped.has(root);
  }
}

/** Calls `visit` with each statement, those inside cases and lazy operators included. */
export function walk(statements: readonly Statement[], visit: (statement: Statement) => void): void {
  for (const statement of statements) {
    visit(statement);
    if (statement.op === 'define' && statement.expression.kind === 'lazy') walk(statement.expression.right, visit);
    if (statement.op !== 'match') continue;
    for (const { guard, body } of statement.cases) {
      if (guard !== undefined) walk(guard.statements, visit);
      walk(body, visit);
    }
  }
}

/** The values that a statement uses otherwise than as a channel or in the environment of an actor. */
function leaks(statement: Statement): readonly ValueId[] {
  switch (statement.op) {
    case 'define': {
      const { expression } = statement;
      if (expression.kind === 'usable') return [];
      if (expression.kind === 'binary' && (expression.operator === '==' || expression.operator === '!=')) return [];
      return operandsOf(expression);
    }
    case 'produce':
      return statement.data;
    case 'consume':
      return [];
    case 'match':
      return [statement.target, ...statement.cases.flatMap((one) => one.environment)].filter((one) => one !== UNUSED);
    case 'run':
      return [statement.process];
  }
}
