/**
 * The kernel that plays steps. Its bytes are in `point-module-bytes.ts`, so that a verifier has nothing to emit; a test compares them.
 *
 * @module
 */
import {
  addWords,
  ELEMENT_BYTES,
  elementFunctions,
  type ElementWords,
  loadElement,
  storeElement,
  subtractWords,
} from '@commute/field/kernels';
import { call, i32, i64, type Local, ModuleBuilder } from '@commute/wasm';
import { ACCUMULATE, ADD, MOST_PAGES, MULTIPLY, SCRATCH, STEP_WORDS } from './point-steps.ts';

/** `powers` (out, base, count): 1, base, base², …, the first of which is there; `play` (steps, count), each an operation and three addresses; `isZero` (address). */
export function pointModule(): Uint8Array<ArrayBuffer> {
  const builder = new ModuleBuilder();
  builder.importMemory('env', 'memory', { initial: 1, maximum: MOST_PAGES });
  const { multiply } = elementFunctions(builder);
  const exported = { export: true };
  builder.function(
    'powers',
    ['i32', 'i32', 'i32'],
    [],
    (f, out, base, count) => {
      const next = f.local('i32');
      f.while(
        () => i32.gt_u(count, 1),
        () => {
          f.set(next, i32.add(out, ELEMENT_BYTES));
          f.do(call(multiply, next, out, base));
          f.set(out, next);
          f.set(count, i32.sub(count, 1));
        },
      );
    },
    exported,
  );
  builder.function(
    'play',
    ['i32', 'i32'],
    [],
    (f, step, count) => {
      const [operation, out, left, right] = [0, 1, 2, 3].map(() => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const combine = (own: typeof addWords): void => {
        const [a, b] = [loadElement(f, left), loadElement(f, right)];
        storeElement(f, out, a.map((word, k) => own(f, word, b[k]!)) as unknown as ElementWords);
      };
      f.while(
        () => count,
        () => {
          f.set(operation, i32.load(step));
          f.set(out, i32.load(step, 4));
          f.set(left, i32.load(step, 8));
          f.set(right, i32.load(step, 12));
          f.if(
            i32.eq(operation, MULTIPLY),
            () => {
              f.do(call(multiply, out, left, right));
            },
            () => {
              f.if(i32.eq(operation, ACCUMULATE), () => {
                f.set(operation, SCRATCH);
                f.do(call(multiply, operation, left, right));
                // Goes on as an addition of the product.
                f.set(left, out);
                f.set(right, operation);
                f.set(operation, ADD);
              });
              f.if(
                i32.eq(operation, ADD),
                () => {
                  combine(addWords);
                },
                () => {
                  combine(subtractWords);
                },
              );
            },
          );
          f.set(step, i32.add(step, 4 * STEP_WORDS));
          f.set(count, i32.sub(count, 1));
        },
      );
    },
    exported,
  );
  builder.function(
    'isZero',
    ['i32'],
    ['i32'],
    (f, address) => {
      const [a, b, c] = loadElement(f, address);
      return i64.eqz(i64.or(i64.or(a, b), c));
    },
    exported,
  );
  return builder.toBytes();
}
