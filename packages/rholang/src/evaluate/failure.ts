import type { Term } from '../term/term.ts';

/** Closed set of the ways in which an expression can have no value. */
export type EvaluationReason =
  /** An operand, argument or target of a kind that the operation does not take. */
  | 'type-mismatch'
  /** A method with another number of arguments. */
  | 'wrong-arity'
  /** A method that no value has. */
  | 'unknown-method'
  /** An index outside a collection. */
  | 'index-range'
  /** A division or remainder by zero. */
  | 'division-by-zero'
  /** A text that is not what it is converted to, or a number that does not fit. */
  | 'conversion'
  /** A value larger or deeper than values may be. */
  | 'size-limit'
  /** A match inside an expression that took too many steps. */
  | 'match-budget'
  /** A send through a name that may not be written, or a receive from one that may not be read. */
  | 'bundle'
  /** A URI of `new` that nothing is bound to. */
  | 'unknown-uri'
  /** A system process that turned its arguments down, or that ended the run. */
  | 'system-process';

/** Thrown where an expression has no value; the reducer turns it into a result. */
export class EvaluationFailure extends Error {
  readonly reason: EvaluationReason;

  constructor(reason: EvaluationReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

const NAMES: Readonly<Partial<Record<Term['kind'], string>>> = {
  nil: 'Nil',
  boolean: 'Bool',
  integer: 'Int',
  'big-integer': 'BigInt',
  string: 'String',
  uri: 'Uri',
  bytes: 'ByteArray',
  unforgeable: 'Unforgeable',
  list: 'List',
  tuple: 'Tuple',
  set: 'Set',
  map: 'Map',
};

/** What a value is called in messages. */
export function typeName(term: Term): string {
  return NAMES[term.kind] ?? 'Process';
}

/** Fails because `operation` got `term`. */
export function mismatch(operation: string, expected: string, term: Term): never {
  throw new EvaluationFailure('type-mismatch', `${operation}: expected ${expected}, got ${typeName(term)}`);
}
