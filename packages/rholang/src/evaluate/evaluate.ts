import { matchPattern } from '../match/match.ts';
import { booleanTerm, listTerm, mapTerm, parTerm, setTerm, TermDepthError, tupleTerm } from '../term/build.ts';
import type { BinaryTerm, MapEntry, Term } from '../term/term.ts';
import { substitute, type OnCopy } from '../term/transform.ts';
import { EvaluationFailure, mismatch, type EvaluationReason } from './failure.ts';
import { callMethod } from './methods.ts';
import { applyOperator, negate } from './operators.ts';

/** Most nodes that a value may have as a tree; text counts one node for eight code units. */
export const MAXIMUM_VALUE_SIZE: number = 1 << 22;

/** Fails if a value is larger than {@link MAXIMUM_VALUE_SIZE}. */
export function checkedValue(value: Term): Term {
  if (value.size <= MAXIMUM_VALUE_SIZE) return value;
  throw new EvaluationFailure('size-limit', `value: expected at most ${String(MAXIMUM_VALUE_SIZE)} nodes, got more`);
}

function evaluateAll(terms: readonly Term[], environment: readonly Term[], onCopy?: OnCopy): readonly Term[] {
  let changed: Term[] | undefined;
  for (let index = 0; index < terms.length; index += 1) {
    const term = terms[index]!;
    const value = evaluate(term, environment, onCopy);
    if (changed !== undefined) changed.push(value);
    else if (value !== term) {
      changed = terms.slice(0, index);
      changed.push(value);
    }
  }
  return changed ?? terms;
}

function truth(operator: string, term: Term, environment: readonly Term[]): boolean {
  const value = evaluate(term, environment);
  return value.kind === 'boolean' ? value.value : mismatch(operator, 'Bool', value);
}

function evaluateBinary(term: BinaryTerm, environment: readonly Term[]): Term {
  const { operator, left, right } = term;
  switch (operator) {
    case 'and':
    case 'or': {
      const one = truth(operator, left, environment);
      const other = truth(operator, right, environment);
      return booleanTerm(operator === 'and' ? one && other : one || other);
    }
    case '&&':
      return booleanTerm(truth(operator, left, environment) && truth(operator, right, environment));
    case '||':
      return booleanTerm(truth(operator, left, environment) || truth(operator, right, environment));
    case 'matches': {
      const result = matchPattern(substitute(right, environment), evaluate(left, environment));
      if (!result.ok && result.reason === 'budget-exhausted') {
        throw new EvaluationFailure('match-budget', 'matches: the budget of the search is used up');
      }
      return booleanTerm(result.ok);
    }
    default:
      return checkedValue(applyOperator(operator, evaluate(left, environment), evaluate(right, environment)));
  }
}

/**
 * Evaluates a term to a value: variables are replaced, operators applied, methods called, also inside collections and beside
 * processes. Processes are only closed, not run: nothing inside a send, receive, `new`, `match` or bundle is evaluated.
 *
 * @param environment - closed values of the bound variables; the one bound last comes last.
 * @param onCopy - is told each process that is copied in order to close it, with its copy.
 * @throws EvaluationFailure if there is no value.
 */
export function evaluate(term: Term, environment: readonly Term[], onCopy?: OnCopy): Term {
  switch (term.kind) {
    case 'bound':
      return environment[environment.length - 1 - term.index]!;
    case 'nil':
    case 'boolean':
    case 'integer':
    case 'big-integer':
    case 'string':
    case 'uri':
    case 'bytes':
    case 'unforgeable':
      return term;
    case 'binary':
      return evaluateBinary(term, environment);
    case 'method':
      return checkedValue(
        callMethod(evaluate(term.target, environment), term.method, evaluateAll(term.arguments, environment)),
      );
    case 'unary':
      if (term.operator === '-') return negate(evaluate(term.operand, environment));
      return booleanTerm(!truth('not', term.operand, environment));
    case 'list': {
      const elements = evaluateAll(term.elements, environment, onCopy);
      return elements === term.elements ? term : checkedValue(listTerm(elements, term.remainder));
    }
    case 'tuple': {
      const elements = evaluateAll(term.elements, environment, onCopy);
      return elements === term.elements ? term : checkedValue(tupleTerm(elements));
    }
    case 'set': {
      const elements = evaluateAll(term.elements, environment, onCopy);
      return elements === term.elements ? term : checkedValue(setTerm(elements, term.remainder));
    }
    case 'map': {
      const flat = term.entries.flat();
      const values = evaluateAll(flat, environment, onCopy);
      if (values === flat) return term;
      const entries = term.entries.map((_, index): MapEntry => [values[2 * index]!, values[2 * index + 1]!]);
      return checkedValue(mapTerm(entries, term.remainder));
    }
    case 'par': {
      const parts = evaluateAll(term.parts, environment, onCopy);
      return parts === term.parts ? term : checkedValue(parTerm(parts));
    }
    default:
      return term.scope === 0 ? term : checkedValue(substitute(term, environment, onCopy));
  }
}

/** A value, or why there is none. */
export type EvaluationResult =
  | { readonly ok: true; readonly value: Term }
  | { readonly ok: false; readonly reason: EvaluationReason; readonly message: string };

/**
 * Evaluates a closed expression. Bounded: values larger than {@link MAXIMUM_VALUE_SIZE} nodes are refused.
 *
 * @example
 * ```ts
 * import { binaryTerm, evaluateTerm, integerTerm } from '@commute/rholang';
 * const result = evaluateTerm(binaryTerm('+', integerTerm(1n), integerTerm(2n)));
 * if (!result.ok || result.value.kind !== 'integer' || result.value.value !== 3n) throw new Error('unexpected value');
 * ```
 */
export function evaluateTerm(term: Term): EvaluationResult {
  try {
    return { ok: true, value: evaluate(term, []) };
  } catch (error) {
    if (error instanceof EvaluationFailure) return { ok: false, reason: error.reason, message: error.message };
    if (error instanceof TermDepthError) return { ok: false, reason: 'size-limit', message: error.message };
    throw error;
  }
}
