/**
 * Rholang compiled through Rosette source to bytecode, and the machine that runs it.
 *
 * @module
 */
export type { RosetteDiagnostic, RosetteErrorReason } from './syntax/diagnostic.ts';
export type { Form, IntegerForm, ListForm, StringForm, SymbolForm } from './syntax/form.ts';
export { printRosette, type RosetteText } from './syntax/print.ts';
export {
  DEFAULT_MAXIMUM_SOURCE,
  MAXIMUM_BRACKETS,
  readRosette,
  type ReadOptions,
  type ReadResult,
} from './syntax/read.ts';
export { transcompile, type TranscompileOptions } from './translate/transcompile.ts';
export { analyzeRosette, type AnalyzeOptions, type AnalyzeResult } from './analyze/analyze.ts';
