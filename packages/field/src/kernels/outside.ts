/**
 * Kernels that read and write a second memory.
 *
 * @module
 */
import { memory, type ModuleBuilder } from '@commute/wasm';
import { scaledKernel } from './transform.ts';

/** The kernel of the engine that those of {@link outsideKernels} import. */
export const OUTSIDE_IMPORT = 'timeForward';

/**
 * Adds `copyIn` and `copyOut` (to, from, bytes), from and to the second memory, and `scaledOutside` and `evaluateScaledOutside`, which have their source
 * there.
 *
 * @param module - imports the first memory already.
 */
export function outsideKernels(module: ModuleBuilder, shared: boolean): void {
  const outside = module.importMemory('env', 'outside', { initial: 1, maximum: 65536, shared });
  const inside = { index: 0 };
  const toValues = module.importFunction('env', OUTSIDE_IMPORT, ['i32', 'i32', 'i32'], []);
  for (const [name, memories] of [
    ['copyIn', { to: inside, from: outside }],
    ['copyOut', { to: outside, from: inside }],
  ] as const) {
    module.function(
      name,
      ['i32', 'i32', 'i32'],
      [],
      (f, to, from, bytes) => {
        f.do(memory.copy(to, from, bytes, memories));
      },
      { export: true },
    );
  }
  scaledKernel(module, toValues, 'Outside', outside);
}
