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
export {
  normalize,
  type NormalizeDiagnostic,
  type NormalizeErrorReason,
  type NormalizeOptions,
  type NormalizeResult,
} from './normalize/normalize.ts';
export * from './term/term.ts';
export {
  bigIntegerTerm,
  binaryTerm,
  booleanTerm,
  boundTerm,
  bundleTerm,
  bytesTerm,
  connectiveTerm,
  freeTerm,
  integerTerm,
  listTerm,
  mapTerm,
  matchTerm,
  MAXIMUM_DEPTH,
  methodTerm,
  newTerm,
  nilTerm,
  parTerm,
  sendTerm,
  setTerm,
  stringTerm,
  TermDepthError,
  tupleTerm,
  typeTerm,
  unaryTerm,
  unforgeableTerm,
  uriTerm,
  wildcardTerm,
} from './term/build.ts';
export { compareTerms, equalTerms } from './term/compare.ts';
export { decodeTerm, type DecodeReason, type DecodeResult } from './term/decode.ts';
export { encodeTerm, hashTerm, termKey } from './term/encode.ts';
export { printTerm, termToSyntax } from './term/to-syntax.ts';
export { receiveTerm, substitute } from './term/transform.ts';
export { DEFAULT_MATCH_BUDGET, matchPattern, type MatchResult } from './match/match.ts';
export { evaluateTerm, MAXIMUM_VALUE_SIZE, type EvaluationResult } from './evaluate/evaluate.ts';
export { EvaluationFailure, type EvaluationReason } from './evaluate/failure.ts';
