/**
 * The Goldilocks field, its extensions, number-theoretic transforms and polynomials.
 *
 * @module
 */
export {
  type CosetPoints,
  type ExtensionEngine,
  type FieldEngine,
  type Keep,
  type Order,
  type TransformOptions,
} from './engine.ts';
export { FieldError, type FieldErrorCode } from './errors.ts';
export {
  batchInverseElements,
  createExtensionField,
  CUBIC_MODULUS,
  type ExtensionElement,
  type ExtensionField,
  QUADRATIC_MODULUS,
} from './extension-field.ts';
export {
  add,
  batchInverse,
  canonical,
  GENERATOR,
  inverse,
  isCanonical,
  logOfPowerOfTwo,
  MODULUS,
  multiply,
  negate,
  power,
  reduce,
  reverseBits,
  rootOfUnity,
  subtract,
  TWO_ADIC_ROOT,
  TWO_ADICITY,
} from './goldilocks.ts';
export { createFieldEngine, createFieldEngineSync, type FieldEngineOptions } from './create-engine.ts';
export { type Allocation, Matrix, type Storage } from './matrix.ts';
export type { BezoutIdentity, PolynomialRing } from './polynomial-ring.ts';
export { createReferenceEngine } from './reference/engine.ts';
export { type KernelModule, WasmEngine } from './wasm-engine.ts';
export { canShareMemory } from './worker-pool.ts';
