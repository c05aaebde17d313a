import { booleanTerm, equalTerms, integerTerm, wildcardTerm, type Located, type Term } from '@commute/rholang';
import type { Case, Expression, IntermediateProgram, MatchStatement, Statement, ValueId } from '../ir/ir.ts';
import { FactRewriter } from './fact-rewriter.ts';
import { knownMatch } from './known-match.ts';

class RedundancyElimination extends FactRewriter {
  protected override define(
    value: ValueId,
    expression: Expression,
    place: Located | undefined,
    out: Statement[],
  ): void {
    const same = this.#sameAs(expression);
    if (same !== undefined) {
      this.alias(value, same);
      return;
    }
    super.define(value, this.#simpler(expression), place, out);
  }

  #is(value: ValueId, integer: bigint): boolean {
    return this.facts.integerOf(value) === integer;
  }

  #isBoolean(value: ValueId, wanted: boolean): boolean {
    const constant = this.facts.constantOf(value);
    return constant?.kind === 'boolean' && constant.value === wanted;
  }

  /** The value that an expression gives again. */
  #sameAs(expression: Expression): ValueId | undefined {
    const { facts } = this;
    switch (expression.kind) {
      case 'truth':
        return facts.typeOf(expression.operand) === 'Bool' ? expression.operand : undefined;
      case 'usable':
        return facts.isNoBundle(expression.channel) ? expression.channel : undefined;
      case 'unary': {
        const inner = facts.definitionOf(expression.operand);
        const type = expression.operator === 'not' ? 'Bool' : 'Int';
        if (inner?.kind !== 'unary' || inner.operator !== expression.operator) return undefined;
        return facts.typeOf(inner.operand) === type ? inner.operand : undefined;
      }
      case 'logic': {
        const { operator, left, right } = expression;
        const neutral = operator === 'and';
        if (left === right || this.#isBoolean(right, neutral)) return left;
        return this.#isBoolean(left, neutral) ? right : undefined;
      }
      case 'method': {
        const type = facts.typeOf(expression.target);
        if (expression.arguments.length > 0) return undefined;
        const kept = expression.method === 'toInt' ? 'Int' : expression.method === 'toBigInt' ? 'BigInt' : undefined;
        return kept !== undefined && type === kept ? expression.target : undefined;
      }
      case 'binary': {
        const { operator, left, right } = expression;
        if (facts.typeOf(left) !== 'Int' || facts.typeOf(right) !== 'Int') return undefined;
        if ((operator === '+' || operator === '-') && this.#is(right, 0n)) return left;
        if (operator === '+' && this.#is(left, 0n)) return right;
        if ((operator === '*' || operator === '/') && this.#is(right, 1n)) return left;
        return operator === '*' && this.#is(left, 1n) ? right : undefined;
      }
      default:
        return undefined;
    }
  }

  #simpler(expression: Expression): Expression {
    if (expression.kind !== 'binary') return expression;
    const { operator, left, right } = expression;
    if (left === right) {
      if (operator === '==') return { kind: 'constant', term: booleanTerm(true) };
      if (operator === '!=') return { kind: 'constant', term: booleanTerm(false) };
      if (operator === '-' && this.facts.typeOf(left) === 'Int') return { kind: 'constant', term: integerTerm(0n) };
    }
    if (operator !== '*' || this.facts.typeOf(left) !== 'Int' || this.facts.typeOf(right) !== 'Int') return expression;
    return this.#is(left, 0n) || this.#is(right, 0n) ? { kind: 'constant', term: integerTerm(0n) } : expression;
  }

  /**
   * What the variables of a pattern match in a value that was put together here, if it surely matches: variables and lists of them. A `let` puts values into a
   * list only to take them apart.
   */
  #apart(target: ValueId, pattern: Term): ValueId[] | undefined {
    if (pattern.kind === 'wildcard') return [];
    if (pattern.kind === 'free') return [target];
    const definition = this.facts.definitionOf(target);
    if (pattern.kind !== 'list' || pattern.remainder !== undefined) return undefined;
    if (definition?.kind !== 'collection' || definition.shape !== 'list') return undefined;
    if (definition.elements.length !== pattern.elements.length) return undefined;
    const values: ValueId[] = [];
    for (const [index, element] of pattern.elements.entries()) {
      const inner = this.#apart(definition.elements[index]!, element);
      if (inner === undefined) return undefined;
      values.push(...inner);
    }
    return values;
  }

  /** What is a boolean and not one of them is the other, so that it need not be tested. */
  #decided(target: ValueId, cases: readonly Case[]): readonly Case[] {
    if (this.facts.typeOf(target) !== 'Bool') return cases;
    const first = cases.findIndex(({ pattern, guard }) => pattern.kind === 'boolean' && guard === undefined);
    return cases.map((one, index) => {
      const decided = index > first && first !== -1 && one.pattern.kind === 'boolean';
      return decided && !equalTerms(one.pattern, cases[first]!.pattern) ? { ...one, pattern: wildcardTerm() } : one;
    });
  }

  /** A test whose outcome is known from a test around it is not made again. */
  protected override match(match: MatchStatement, out: Statement[]): void {
    const statement = { ...match, cases: this.#decided(match.target, match.cases) };
    const [first] = statement.cases;
    const taken =
      first === undefined || first.guard !== undefined ? undefined : this.#apart(statement.target, first.pattern);
    if (first !== undefined && taken !== undefined) {
      taken.forEach((value, index) => {
        this.alias(first.bindings[index]!, value);
      });
      for (const inner of first.body) this.statement(inner, out);
      return;
    }
    const target = this.facts.constantOf(statement.target);
    if (target === undefined) {
      super.match(statement, out);
      return;
    }
    const cases: Case[] = [];
    for (const one of statement.cases) {
      const known = knownMatch(target, one);
      if (known.kind === 'never') continue;
      if (known.kind === 'always' && one.guard === undefined && one.bindings.length === 0 && cases.length === 0) {
        for (const inner of one.body) this.statement(inner, out);
        return;
      }
      cases.push(this.scoped(() => this.case(statement.target, one)));
      if (known.kind === 'always' && one.guard === undefined) break;
    }
    if (cases.length > 0) out.push({ ...statement, cases });
  }
}

/**
 * Removes what gives a value that is there already: checks of names and booleans that cannot fail, operations with a neutral operand, conversions
 * of what is converted, negations of negations, lists that are put together and taken apart again, and tests that a test around them decided.
 */
export function eliminateRedundancy(program: IntermediateProgram): IntermediateProgram {
  return FactRewriter.run(program, (procedure, known) => new RedundancyElimination(procedure, known));
}
