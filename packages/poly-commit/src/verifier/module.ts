/**
 * The kernels of verifiers as one module. Its bytes are in `module-bytes.ts`, so that a verifier has nothing to emit; a test compares them.
 *
 * @module
 */
import { elementFunctions } from '@commute/field/kernels';
import { ModuleBuilder } from '@commute/wasm';
import { elementKernels } from './field-kernels.ts';
import { hashKernel } from './hash-kernel.ts';
import { FOLDED_ROW, MOST_PAGES, SCRATCH } from './memory-layout.ts';
import { rowTransformKernels } from './transform-kernels.ts';
import { foldingKernels, treeKernels } from './tree-kernels.ts';

/** The bytes of the module, which imports its memory as `env.memory`. */
export function verifierModule(): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder();
  builder.importMemory('env', 'memory', { initial: 1, maximum: MOST_PAGES });
  const functions = elementFunctions(builder);
  hashKernel(builder);
  elementKernels(builder, functions, SCRATCH);
  rowTransformKernels(builder, functions);
  treeKernels(builder);
  foldingKernels(builder, functions, FOLDED_ROW);
  return builder.toBytes();
}
