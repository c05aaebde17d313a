/**
 * Errors with a stable code and a context, shared by every package.
 *
 * Two kinds of failure are kept apart: the caller's mistake throws one of these errors, hostile or damaged
 * input is a value (`{ ok: false, reason }`) and never one of these.
 *
 * @module
 */

/** What every error of this toolkit carries. */
export interface CodedError<C extends string = string, X extends object = object> extends Error {
  /** Stable identifier, `<PACKAGE>_<REASON>`. Part of the public API: renaming one is a major change. */
  readonly code: C;
  /** The values that explain the failure, by name. Safe to print and to serialize. */
  readonly context: Readonly<X>;
}

/**
 * Base class of all errors thrown by this toolkit.
 *
 * @example
 * ```ts
 * import { BaseError, hasCode } from '@commute/errors';
 * const error = new BaseError('DEMO_RANGE', 'size: expected at most 4, got 5', { size: 5 });
 * if (!hasCode(error, 'DEMO_RANGE')) throw new Error('unreachable');
 * ```
 */
export class BaseError<C extends string = string, X extends object = object> extends Error implements CodedError<C, X> {
  readonly code: C;
  readonly context: Readonly<X>;

  /**
   * @param code - stable identifier, `<PACKAGE>_<REASON>`.
   * @param message - `name: expected X, got Y`; the code is appended in brackets.
   * @param context - the values of the message, by name; copied and frozen.
   */
  constructor(code: C, message: string, context: X, options?: ErrorOptions) {
    super(`${message} [${code}]`, options);
    this.name = new.target.name;
    this.code = code;
    this.context = Object.freeze({ ...context });
  }
}

/**
 * Tells whether `error` is the error with this code.
 *
 * Compares the code, not the class, so it works across two copies of a package and in minified bundles.
 */
export function hasCode<C extends string>(error: unknown, code: C): error is CodedError<C> {
  return error instanceof Error && (error as Partial<CodedError>).code === code;
}

/** A number of an argument is outside its range. `context` has `name`, `expected` and `got`. */
export class RangeMismatchError<C extends string> extends BaseError<
  C,
  { name: string; expected: string; got: string }
> {
  constructor(code: C, name: string, expected: string, got: unknown) {
    super(code, `${name}: expected ${expected}, got ${String(got)}`, { name, expected, got: String(got) });
  }
}

/**
 * Throws unless `value` is an integer in `[minimum, maximum]`.
 *
 * @throws {@link RangeMismatchError} with `code`.
 */
export function assertInteger(code: string, name: string, value: number, minimum: number, maximum: number): void {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new RangeMismatchError(code, name, `an integer in [${String(minimum)}, ${String(maximum)}]`, value);
  }
}
