import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type WasmErrorCode =
  /** A number does not fit the immediate it is written to. */
  | 'WASM_IMMEDIATE_RANGE'
  /** An expression that is not a local or a constant was used twice. */
  | 'WASM_EXPRESSION_REUSED'
  /** An operand, a result or an argument list has another type than declared. */
  | 'WASM_TYPE_MISMATCH'
  /** A branch to a label whose block is not open, or the end of a block that is not the innermost. */
  | 'WASM_LABEL_CLOSED'
  /** A function was declared and never defined, or defined twice. */
  | 'WASM_FUNCTION_DEFINITION'
  /** Something that fixes the index space was added after it was fixed: an import after a function. */
  | 'WASM_ORDER'
  /** The host has no WebAssembly, or refuses the module. */
  | 'WASM_HOST';

/** A mistake in the program that is being assembled. `context` has `name`, `expected` and `got`. */
export class WasmError extends BaseError<WasmErrorCode, { name: string; expected: string; got: string }> {
  constructor(code: WasmErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
