import { applyOperator, checkedValue, integerTerm, type StrictOperator, type Term } from '@commute/rholang';

/** What a register holds: a term, or a 64-bit integer in `[-(2^53 - 1), 2^53 - 1]` as a number. */
export type Value = Term | number;

/** Greatest integer that is kept as a number. */
export const MAXIMUM_NUMBER: number = Number.MAX_SAFE_INTEGER;

const MAXIMUM_EXACT = BigInt(MAXIMUM_NUMBER);
const CACHED = 1024;
const CACHE: readonly Term[] = Array.from({ length: 2 * CACHED + 1 }, (_, index) =>
  integerTerm(BigInt(index - CACHED)),
);

/** The term of a value. */
export function boxed(value: Value): Term {
  if (typeof value !== 'number') return value;
  if (value >= -CACHED && value <= CACHED) return CACHE[value + CACHED]!;
  return integerTerm(BigInt(value));
}

/** The number of an integer that is small enough, else the term itself. */
export function unboxed(term: Term): Value {
  if (term.kind !== 'integer') return term;
  const { value } = term;
  return value <= MAXIMUM_EXACT && value >= -MAXIMUM_EXACT ? Number(value) : term;
}

/** The number of a value, or `undefined` if it is none that is kept as a number. */
function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (value.kind !== 'integer') return undefined;
  const number = unboxed(value);
  return typeof number === 'number' ? number : undefined;
}

/** What the operator comes to for two small integers, or `undefined` where the general way is needed. */
export function onNumbers(operator: StrictOperator, left: number, right: number): number | boolean | undefined {
  let result: number;
  switch (operator) {
    case '+':
      result = left + right;
      break;
    case '-':
      result = left - right;
      break;
    case '*':
      result = left * right;
      break;
    case '/':
      if (right === 0) return undefined;
      // With less than 2^53 on either side a quotient never rounds up to an integer that it does not reach.
      result = Math.trunc(left / right);
      break;
    case '%':
      if (right === 0) return undefined;
      result = left % right;
      break;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      return undefined;
  }
  // Sums and products beyond the exact range are never rounded back into it. Adding 0 makes -0 into 0.
  return result >= -MAXIMUM_NUMBER && result <= MAXIMUM_NUMBER ? result + 0 : undefined;
}

/** Applies an operator to values that are not both numbers, or whose result is none; agrees with the evaluator of terms. */
export function generally(operator: StrictOperator, left: Value, right: Value): Value | boolean {
  const one = numberOf(left);
  const other = one === undefined ? undefined : numberOf(right);
  if (one !== undefined && other !== undefined) {
    const result = onNumbers(operator, one, other);
    if (result !== undefined) return result;
  }
  return unboxed(checkedValue(applyOperator(operator, boxed(left), boxed(right))));
}
