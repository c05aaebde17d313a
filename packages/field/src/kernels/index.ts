/**
 * Building blocks for packages that write kernels of their own over the field, and the kernels of this package.
 *
 * @module
 */
export { elementwiseKernels, overElements } from './elementwise.ts';
export { extensionKernels } from './extension.ts';
export { arrangementKernels } from './arrange.ts';
export {
  addWords,
  ELEMENT_BYTES,
  type ElementFunctions,
  elementFunctions,
  type ElementWords,
  loadElement,
  storeElement,
  subtractWords,
} from './cubic-elements.ts';
export { CONSTANT_VALUES, CONSTANTS, HEAP_START, POOL } from './layout.ts';
export { polynomialKernels } from './polynomial.ts';
export { reductionKernels } from './reduce.ts';
export { scalarFunctions, type ScalarFunctions } from './scalar-field.ts';
export { transformKernels } from './transform.ts';
export { type Four, MONTGOMERY_FACTOR, type Split, toMontgomery, type Vector, VectorField } from './vector-field.ts';
