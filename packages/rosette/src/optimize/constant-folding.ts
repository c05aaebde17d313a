import {
  applyOperator,
  booleanTerm,
  callMethod,
  checkedValue,
  EvaluationFailure,
  listTerm,
  mapTerm,
  matchPattern,
  negate,
  parTerm,
  setTerm,
  substituteUnder,
  TermDepthError,
  tupleTerm,
  type Located,
  type MapEntry,
  type Term,
} from '@commute/rholang';
import type {
  Case,
  ConsumeStatement,
  Expression,
  IntermediateProgram,
  MatchStatement,
  Statement,
  ValueId,
} from '../ir/ir.ts';
import { FactRewriter } from './fact-rewriter.ts';
import { knownMatch } from './known-match.ts';

/** Constants that are computed here have at most this many nodes, so that a small program cannot make large code. */
const MAXIMUM_CONSTANT = 4096;
const MATCH_BUDGET = 10_000;

class ConstantFolding extends FactRewriter {
  protected override define(
    value: ValueId,
    expression: Expression,
    place: Located | undefined,
    out: Statement[],
  ): void {
    if (expression.kind === 'lazy') {
      const left = this.facts.constantOf(expression.left);
      if (left?.kind === 'boolean') {
        const decided = left.value === (expression.operator === '||');
        if (!decided) out.push(...expression.right);
        this.alias(value, decided ? expression.left : expression.result);
        return;
      }
    }
    const constant = expression.kind === 'constant' ? expression.term : this.#fold(expression);
    super.define(value, constant === undefined ? expression : { kind: 'constant', term: constant }, place, out);
    if (constant === undefined && expression.kind === 'argument') {
      const known = this.facts.constantOf(value);
      if (known === undefined) return;
      out.pop();
      out.push({ op: 'define', value, expression: { kind: 'constant', term: known }, place });
    }
  }

  /** What an expression comes to, if that is known and does not fail. */
  #fold(expression: Expression): Term | undefined {
    try {
      const result = this.#value(expression);
      return result === undefined || result.size > MAXIMUM_CONSTANT ? undefined : checkedValue(result);
    } catch (error) {
      if (error instanceof EvaluationFailure || error instanceof TermDepthError) return undefined;
      throw error;
    }
  }

  #constants(values: readonly ValueId[]): Term[] | undefined {
    const constants: Term[] = [];
    for (const value of values) {
      const constant = this.facts.constantOf(value);
      if (constant === undefined) return undefined;
      constants.push(constant);
    }
    return constants;
  }

  #value(expression: Expression): Term | undefined {
    const { facts } = this;
    switch (expression.kind) {
      case 'unary': {
        const operand = facts.constantOf(expression.operand);
        if (operand === undefined) return undefined;
        if (expression.operator === '-') return negate(operand);
        return operand.kind === 'boolean' ? booleanTerm(!operand.value) : undefined;
      }
      case 'truth': {
        const operand = facts.constantOf(expression.operand);
        return operand?.kind === 'boolean' ? operand : undefined;
      }
      case 'logic': {
        const [left, right] = [facts.constantOf(expression.left), facts.constantOf(expression.right)];
        if (left?.kind !== 'boolean' || right?.kind !== 'boolean') return undefined;
        return booleanTerm(expression.operator === 'and' ? left.value && right.value : left.value || right.value);
      }
      case 'binary': {
        const [left, right] = [facts.constantOf(expression.left), facts.constantOf(expression.right)];
        return left === undefined || right === undefined ? undefined : applyOperator(expression.operator, left, right);
      }
      case 'method': {
        const constants = this.#constants([expression.target, ...expression.arguments]);
        return constants && callMethod(constants[0]!, expression.method, constants.slice(1));
      }
      case 'collection': {
        const constants = this.#constants(expression.elements);
        return constants && collection(expression.shape, constants);
      }
      case 'quote': {
        const constants = this.#constants(expression.environment);
        return constants && substituteUnder(expression.term, constants, 0);
      }
      case 'matches': {
        const target = facts.constantOf(expression.value);
        const pattern = facts.definitionOf(expression.pattern);
        if (target === undefined || pattern?.kind !== 'close' || pattern.environment.length > 0) return undefined;
        const result = matchPattern(pattern.term, target, MATCH_BUDGET);
        return result.ok || result.reason === 'no-match' ? booleanTerm(result.ok) : undefined;
      }
      case 'usable': {
        const channel = facts.constantOf(expression.channel);
        if (channel?.kind !== 'bundle') return channel;
        return channel[expression.right] ? channel.body : undefined;
      }
      default:
        return undefined;
    }
  }

  /** A pattern whose variables are all constant is closed here. */
  protected override consume(statement: ConsumeStatement, out: Statement[]): void {
    const binds = statement.binds.map((bind) => ({
      ...bind,
      patterns: bind.patterns.map((pattern) => {
        if (typeof pattern !== 'number') return pattern;
        const definition = this.facts.definitionOf(pattern);
        if (definition?.kind !== 'close') return pattern;
        return this.#closed(definition.term, definition.environment) ?? pattern;
      }),
    }));
    super.consume({ ...statement, binds }, out);
  }

  #closed(term: Term, environment: readonly ValueId[]): Term | undefined {
    const constants = this.#constants(environment);
    if (constants === undefined) return undefined;
    try {
      const closed = substituteUnder(term, constants, 0);
      return closed.size > MAXIMUM_CONSTANT ? undefined : closed;
    } catch (error) {
      if (error instanceof TermDepthError) return undefined;
      throw error;
    }
  }

  protected override match(statement: MatchStatement, out: Statement[]): void {
    const target = this.facts.constantOf(statement.target);
    const cases: Case[] = [];
    for (const one of statement.cases) {
      const pattern = this.#closed(
        one.pattern,
        one.environment.map((value) => this.resolve(value)),
      );
      const closed = pattern === undefined ? one : { ...one, pattern, environment: [] };
      const known = target === undefined ? { kind: 'unknown' as const } : knownMatch(target, closed);
      if (known.kind === 'never') continue;
      if (known.kind === 'always' && one.guard === undefined && cases.length === 0) {
        known.bindings.forEach((term, index) => {
          super.define(one.bindings[index]!, { kind: 'constant', term }, statement.place, out);
        });
        for (const inner of one.body) this.statement(inner, out);
        return;
      }
      const kept = this.scoped(() => this.case(statement.target, closed));
      const verdict = kept.guard && this.facts.constantOf(kept.guard.result);
      if (verdict === undefined || (verdict.kind === 'boolean' && verdict.value)) cases.push(kept);
      if (known.kind === 'always' && one.guard === undefined) break;
    }
    if (cases.length > 0) out.push({ ...statement, cases });
  }
}

function collection(shape: 'list' | 'tuple' | 'set' | 'map' | 'par', elements: readonly Term[]): Term {
  switch (shape) {
    case 'list':
      return listTerm(elements);
    case 'tuple':
      return tupleTerm(elements);
    case 'set':
      return setTerm(elements);
    case 'par':
      return parTerm(elements);
    case 'map': {
      const entries: MapEntry[] = [];
      for (let index = 1; index < elements.length; index += 2) entries.push([elements[index - 1]!, elements[index]!]);
      return mapTerm(entries);
    }
  }
}

/**
 * Computes while compiling what does not depend on messages: operators, methods, collections and patterns on constants, matches whose target is
 * constant, and arguments that are the same constant whenever an actor is made. What would fail is left to fail when the program runs.
 */
export function foldConstants(program: IntermediateProgram): IntermediateProgram {
  return FactRewriter.run(program, (procedure, known) => new ConstantFolding(procedure, known));
}
