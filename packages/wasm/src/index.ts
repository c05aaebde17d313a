/**
 * A typed WebAssembly assembler: write functions in TypeScript, get the bytes of a module.
 *
 * @module
 */
export { atomic, type ExchangesOf, i32Atomic, i64Atomic, type UpdatesOf } from './atomics.ts';
export { bytesFromBase64 } from './base64.ts';
export { WasmError, type WasmErrorCode } from './errors.ts';
export { Expression, type Immediate, Local, type Operand, type ValueType } from './expression.ts';
export {
  call,
  type CallResult,
  FunctionBuilder,
  type FunctionContext,
  type FunctionReference,
  GlobalReference,
  type Label,
  type LocalsFor,
  type OperandsFor,
  type TableReference,
} from './function.ts';
export {
  compile,
  type CompiledModule,
  createMemory,
  createTable,
  type Extern,
  type FunctionTable,
  type GlobalVariable,
  type HostFunction,
  type Imports,
  instantiate,
  type LinearMemory,
  validate,
} from './host.ts';
export {
  type ExtractLane,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  i8x16,
  type LoadLane,
  memory,
  type ReplaceLane,
  select,
  type StoreLane,
  v128,
} from './instructions.ts';
export { type BodyResult, type MemoryLimits, ModuleBuilder } from './module.ts';
export type {
  AccessTable,
  InstructionOf,
  InstructionsOf,
  InstructionTable,
  LoadsOf,
  MemoryReference,
  StoresOf,
} from './signature.ts';
