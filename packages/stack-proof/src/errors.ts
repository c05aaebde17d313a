import { BaseError } from '@commute/errors';
import { isCanonical } from '@commute/field';

/** Codes of the errors this package throws; part of the public API. */
export type StackProofErrorCode =
  /** An argument is outside its range. */
  | 'STACK_PROOF_RANGE'
  /** A value is not a canonical element of the field: not in [0, p). */
  | 'STACK_PROOF_NOT_CANONICAL';

/** A mistake of the caller. `context` has `name`, `expected` and `got`. */
export class StackProofError extends BaseError<StackProofErrorCode, { name: string; expected: string; got: string }> {
  constructor(code: StackProofErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}

/** @throws {@link StackProofError} `STACK_PROOF_NOT_CANONICAL` unless all are in [0, p). */
export function assertElements(name: string, elements: readonly bigint[]): void {
  const wrong = elements.findIndex((element) => !isCanonical(element));
  if (wrong >= 0) {
    throw new StackProofError(
      'STACK_PROOF_NOT_CANONICAL',
      `${name}[${String(wrong)}]`,
      'an element in [0, p)',
      String(elements[wrong]),
    );
  }
}
