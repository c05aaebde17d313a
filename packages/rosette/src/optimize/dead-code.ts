import type { Located } from '@commute/rholang';
import type { Case, Expression, IntermediateProgram, Procedure, Statement, ValueId } from '../ir/ir.ts';
import { FactRewriter } from './fact-rewriter.ts';
import { isCatchAll } from './known-match.ts';
import { operandsOf } from './rewriter.ts';

/** Finds the definitions that cannot end the run, so that they may go if nobody uses them. */
class Removable extends FactRewriter {
  readonly found = new Set<ValueId>();

  protected override define(
    value: ValueId,
    expression: Expression,
    place: Located | undefined,
    out: Statement[],
  ): void {
    const steady =
      expression.kind === 'lazy' ? expression.right.every((one) => this.#isGone(one)) : !this.facts.mayFail(expression);
    if (steady) this.found.add(value);
    super.define(value, expression, place, out);
  }

  #isGone(statement: Statement): boolean {
    return statement.op === 'define' && this.found.has(statement.value);
  }
}

/** Takes out what nobody uses, from the end to the beginning. */
class Pruner {
  readonly #removable: ReadonlySet<ValueId>;
  readonly #live = new Set<ValueId>();

  constructor(removable: ReadonlySet<ValueId>) {
    this.#removable = removable;
  }

  #use(values: readonly ValueId[]): void {
    for (const value of values) this.#live.add(value);
  }

  statements(statements: readonly Statement[]): Statement[] {
    const kept: Statement[] = [];
    for (const statement of statements.toReversed()) {
      const one = this.#statement(statement);
      if (one !== undefined) kept.push(one);
    }
    return kept.reverse();
  }

  #statement(statement: Statement): Statement | undefined {
    switch (statement.op) {
      case 'define': {
        const { value, expression } = statement;
        if (!this.#live.has(value) && this.#removable.has(value)) return undefined;
        if (expression.kind !== 'lazy') {
          this.#use(operandsOf(expression));
          return statement;
        }
        this.#use([expression.result]);
        const right = this.statements(expression.right);
        this.#use([expression.left]);
        return { ...statement, expression: { ...expression, right } };
      }
      case 'produce':
        this.#use([statement.channel, ...statement.data]);
        return statement;
      case 'consume': {
        const patterns = statement.binds.flatMap((bind) => bind.patterns);
        this.#use(statement.binds.map((bind) => bind.channel));
        this.#use(patterns.filter((pattern) => typeof pattern === 'number'));
        this.#use(statement.environment);
        if (statement.guard !== undefined) this.#use([statement.guard]);
        return statement;
      }
      case 'match': {
        const cases = this.#cases(statement.cases);
        if (cases.length === 0) return undefined;
        this.#use([statement.target]);
        return { ...statement, cases };
      }
      case 'run':
        this.#use([statement.process]);
        return statement;
    }
  }

  #cases(cases: readonly Case[]): Case[] {
    const last = cases.findIndex(isCatchAll);
    const reached = last === -1 ? cases : cases.slice(0, last + 1);
    const kept = reached.map((one): Case => {
      const body = this.statements(one.body);
      if (one.guard !== undefined) this.#use([one.guard.result]);
      // A statement of a guard that fails makes the guard fail, so only those that cannot fail may go; that is what is removable.
      const guard = one.guard && { ...one.guard, statements: this.statements(one.guard.statements) };
      this.#use(one.environment);
      return { ...one, guard, body };
    });
    while (kept.length > 0 && doesNothing(kept.at(-1)!)) kept.pop();
    return kept;
  }
}

/** Tells whether a last case may go: it does nothing, and neither does finding out whether it is taken. */
function doesNothing({ pattern, guard, body }: Case): boolean {
  return (
    body.length === 0 && guard === undefined && ['wildcard', 'free', 'boolean', 'nil', 'integer'].includes(pattern.kind)
  );
}

/**
 * Removes what cannot be seen: values that nobody uses and that cannot fail, cases behind one that takes everything, cases and matches that
 * do nothing, and variables of environments that the process does not read, with the fresh names that only stood there.
 */
export function eliminateDeadCode(program: IntermediateProgram): IntermediateProgram {
  const removable: ReadonlySet<ValueId>[] = [];
  FactRewriter.run(program, (procedure, known) => {
    const finder = new Removable(procedure, known);
    removable.push(finder.found);
    return finder;
  });
  return {
    procedures: program.procedures.map((procedure: Procedure, number) => ({
      ...procedure,
      statements: new Pruner(removable[number]!).statements(procedure.statements),
    })),
  };
}
