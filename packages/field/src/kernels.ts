/**
 * Building blocks for packages that write kernels of their own over the field, and the kernels of this package.
 *
 * @module
 */
export { elementwiseKernels, overElements } from './kernels/elementwise.ts';
export { extensionKernels } from './kernels/extension.ts';
export { arrangementKernels } from './kernels/arrange.ts';
export {
  addWords,
  ELEMENT_BYTES,
  type ElementFunctions,
  elementFunctions,
  type ElementWords,
  loadElement,
  storeElement,
  subtractWords,
} from './kernels/cubic-elements.ts';
export { CONSTANT_VALUES, CONSTANTS, HEAP_START, POOL } from './kernels/layout.ts';
export { polynomialKernels } from './kernels/polynomial.ts';
export { reductionKernels } from './kernels/reduce.ts';
export { scalarFunctions, type ScalarFunctions } from './kernels/scalar-field.ts';
export { transformKernels } from './kernels/transform.ts';
export {
  type Four,
  MONTGOMERY_FACTOR,
  type Split,
  toMontgomery,
  type Vector,
  VectorField,
} from './kernels/vector-field.ts';
