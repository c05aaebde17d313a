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
export { compile, STAGES, type Compilation, type CompileOptions, type CompileResult, type Stage } from './compile.ts';
export { createVm, type Vm, type VmOptions } from './vm/vm.ts';
export { PASS_NAMES, type PassName } from './optimize/pass-name.ts';
export type { BytecodeProcedure, BytecodeProgram, PlaceEntry, Site, SiteBind } from './bytecode/program.ts';
export { decodeBytecode, type BytecodeReason, type DecodeBytecodeResult } from './bytecode/decode.ts';
export { disassemble } from './bytecode/disassemble.ts';
export { encodeBytecode } from './bytecode/encode.ts';
export { verifyBytecode, type VerifyBytecodeResult } from './bytecode/verify.ts';
export * from './ir/ir.ts';
export { lower, LowerLimitError, type LowerOptions } from './ir/lower.ts';
export { printIntermediate } from './ir/print.ts';
export { optimize } from './optimize/optimize.ts';
