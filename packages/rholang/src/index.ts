/**
 * Rholang 1.1: parser, printer, canonical normal form, matcher and reducer.
 *
 * @module
 */

export * from './syntax/tree.ts';
export {
  positionAt,
  renderDiagnostic,
  type Diagnostic,
  type Position,
  type SyntaxErrorReason,
} from './syntax/diagnostic.ts';
export { DEFAULT_MAXIMUM_LENGTH, MAXIMUM_NESTING, parse, type ParseOptions, type ParseResult } from './syntax/parse.ts';
export { print, printString, printUri, type PrintOptions } from './syntax/print.ts';
