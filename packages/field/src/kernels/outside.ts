/**
 * Kernels that read and write a second memory.
 *
 * @module
 */
import { call, i32, memory, type ModuleBuilder } from '@commute/wasm';
import { VectorField } from './vector-field.ts';

/** The kernel of the engine that those of {@link outsideKernels} import. */
export const OUTSIDE_IMPORT = 'timeForward';

/**
 * Adds `copyIn` and `copyOut` (to, from, bytes), from and to the second memory, and `evaluateScaledOutside`, which is `evaluateScaled` with its source
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
  module.function(
    'evaluateScaledOutside',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, source, table, log) => {
      const field = new VectorField(f);
      const start = f.let(i32.add(out, 0));
      const end = f.let(i32.add(out, i32.shl(8, log)));
      f.repeat(() => {
        const factor = field.split(field.load(table));
        field.store(out, field.multiplyMontgomery(field.split(field.load(source, 0, outside)), factor));
        for (const pointer of [out, source, table]) f.set(pointer, i32.add(pointer, 32));
        return i32.ne(out, end);
      });
      f.do(call(toValues, start, log, 0));
    },
    { export: true },
  );
}
