import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type StackVMErrorCode =
  /** A value is not a canonical element of the field: not in [0, p). */
  | 'STACK_VM_NOT_CANONICAL'
  /** A program is none: its words are no instructions, or it does not lie where programs do. */
  | 'STACK_VM_PROGRAM'
  /** More elements than there is room for. */
  | 'STACK_VM_TOO_LARGE'
  /** A count of steps is out of range. */
  | 'STACK_VM_COUNT_RANGE'
  /** The machine has no access log. */
  | 'MACHINE_LOG_UNSUPPORTED';

/** A mistake of the caller. `context` has `name`, `expected` and `got`. */
export class StackVMError extends BaseError<StackVMErrorCode, { name: string; expected: string; got: string }> {
  constructor(code: StackVMErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
