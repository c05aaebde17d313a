import { bigIntegerTerm, booleanTerm, bytesTerm, integerTerm, stringTerm } from '../term/build.ts';
import { equalTerms } from '../term/compare.ts';
import type { BinaryTerm, MapTerm, Term } from '../term/term.ts';
import {
  listAppend,
  mapDelete,
  mapDifference,
  mapUnion,
  setAdd,
  setDelete,
  setDifference,
  setUnion,
} from './collections.ts';
import { EvaluationFailure, mismatch, typeName } from './failure.ts';

/** Most bits of a big integer. */
const MAXIMUM_BITS = 1 << 20;

function bits(value: bigint): number {
  return value.toString(16).length * 4;
}

function checkedBigInteger(value: bigint): Term {
  if (BigInt.asIntN(64, value) !== value && bits(value < 0n ? -value : value) > MAXIMUM_BITS) {
    throw new EvaluationFailure('size-limit', `big integer: expected at most ${String(MAXIMUM_BITS)} bits, got more`);
  }
  return bigIntegerTerm(value);
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '%', left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    default:
      if (right === 0n)
        throw new EvaluationFailure('division-by-zero', `${operator}: expected a divisor other than 0, got 0`);
      return operator === '/' ? left / right : left % right;
  }
}

function calculate(operator: '+' | '-' | '*' | '/' | '%', left: Term, right: Term): Term {
  switch (left.kind) {
    case 'integer':
      if (right.kind === 'integer') return integerTerm(arithmetic(operator, left.value, right.value));
      return mismatch(operator, 'Int', right);
    case 'big-integer':
      if (right.kind !== 'big-integer') return mismatch(operator, 'BigInt', right);
      return checkedBigInteger(arithmetic(operator, left.value, right.value));
    case 'string':
      if (operator === '+' && right.kind === 'string') return stringTerm(left.value + right.value);
      break;
    case 'set':
      if (operator === '+') return setAdd(left, right);
      if (operator === '-') return setDelete(left, right);
      break;
    case 'map':
      if (operator === '-') return mapDelete(left, right);
      break;
    default:
  }
  throw new EvaluationFailure('type-mismatch', `${operator}: not defined for ${typeName(left)} and ${typeName(right)}`);
}

function order(operator: string, left: Term, right: Term): number {
  if (left.kind !== right.kind) return mismatch(operator, typeName(left), right);
  switch (left.kind) {
    case 'integer':
    case 'big-integer':
    case 'string':
    case 'boolean': {
      const other = right as typeof left;
      return left.value < other.value ? -1 : left.value > other.value ? 1 : 0;
    }
    default:
      return mismatch(operator, 'Int, BigInt, String or Bool', left);
  }
}

function append(left: Term, right: Term): Term {
  if (left.kind === 'string' && right.kind === 'string') return stringTerm(left.value + right.value);
  if (left.kind === 'list' && right.kind === 'list') return listAppend(left, right);
  if (left.kind === 'set' && right.kind === 'set') return setUnion(left, right);
  if (left.kind === 'map' && right.kind === 'map') return mapUnion(left, right);
  if (left.kind === 'bytes' && right.kind === 'bytes') {
    const bytes = new Uint8Array(left.value.length + right.value.length);
    bytes.set(left.value);
    bytes.set(right.value, left.value.length);
    return bytesTerm(bytes);
  }
  throw new EvaluationFailure('type-mismatch', `++: not defined for ${typeName(left)} and ${typeName(right)}`);
}

function remove(left: Term, right: Term): Term {
  if (left.kind === 'set' && right.kind === 'set') return setDifference(left, right);
  if (left.kind === 'map' && right.kind === 'map') return mapDifference(left, right);
  throw new EvaluationFailure('type-mismatch', `--: not defined for ${typeName(left)} and ${typeName(right)}`);
}

function interpolated(value: Term): string {
  switch (value.kind) {
    case 'string':
    case 'uri':
    case 'boolean':
    case 'integer':
    case 'big-integer':
      return String(value.value);
    default:
      return mismatch('%%', 'values of String, Int, BigInt, Bool or Uri', value);
  }
}

/** Replaces each innermost `${key}` in the text by the value at the key; what has no key stays. Values are not searched again. */
function interpolate(text: string, map: MapTerm): string {
  const values = new Map(
    map.entries.map(([key, value]) => {
      if (key.kind !== 'string') return mismatch('%%', 'keys of String', key);
      return [key.value, interpolated(value)] as const;
    }),
  );
  let result = '';
  let done = 0;
  let open = text.indexOf('${');
  for (let end = text.indexOf('}'); end !== -1 && open !== -1; end = text.indexOf('}', end + 1)) {
    if (open > end) continue;
    let next = text.indexOf('${', open + 1);
    while (next !== -1 && next < end) {
      open = next;
      next = text.indexOf('${', open + 1);
    }
    const value = values.get(text.slice(open + 2, end));
    if (value !== undefined) {
      result += text.slice(done, open) + value;
      done = end + 1;
    }
    open = next;
  }
  return result + text.slice(done);
}

/** The operators whose operands are both evaluated first. */
export type StrictOperator = Exclude<BinaryTerm['operator'], 'and' | 'or' | '&&' | '||' | 'matches'>;

/** Applies an operator to two values. */
export function applyOperator(operator: StrictOperator, left: Term, right: Term): Term {
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return calculate(operator, left, right);
    case '==':
      return booleanTerm(equalTerms(left, right));
    case '!=':
      return booleanTerm(!equalTerms(left, right));
    case '<':
      return booleanTerm(order(operator, left, right) < 0);
    case '<=':
      return booleanTerm(order(operator, left, right) <= 0);
    case '>':
      return booleanTerm(order(operator, left, right) > 0);
    case '>=':
      return booleanTerm(order(operator, left, right) >= 0);
    case '++':
      return append(left, right);
    case '--':
      return remove(left, right);
    case '%%':
      if (left.kind !== 'string') return mismatch('%%', 'String', left);
      if (right.kind !== 'map') return mismatch('%%', 'Map', right);
      return stringTerm(interpolate(left.value, right));
  }
}

/** Negates a number. */
export function negate(operand: Term): Term {
  if (operand.kind === 'integer') return integerTerm(-operand.value);
  if (operand.kind === 'big-integer') return bigIntegerTerm(-operand.value);
  return mismatch('-', 'Int or BigInt', operand);
}
