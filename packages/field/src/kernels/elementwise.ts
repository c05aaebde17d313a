/**
 * Kernels that compute every element of the output from the elements at the same place of the inputs.
 *
 * Four elements at a time; the last one to three run the same code with one lane in use.
 *
 * @module
 */
import { type FunctionBuilder, i32, type Local, type ModuleBuilder } from '@commute/wasm';
import { type Four, VectorField } from './vector-field.ts';

/** Computes four elements from the loaded inputs. */
type Body = (field: VectorField, inputs: readonly Four[]) => Four;

/**
 * Writes loops that advance `pointers` by 8 bytes per element over `count` elements.
 *
 * @param body - emitted twice; `one` asks for single-element loads and stores.
 */
export function overElements(
  f: FunctionBuilder,
  pointers: readonly Local<'i32'>[],
  count: Local<'i32'>,
  body: (one: boolean) => void,
): void {
  const rest = f.let(i32.and(count, 3));
  f.set(count, i32.shr_u(count, 2));
  for (const [left, one] of [
    [count, false],
    [rest, true],
  ] as const) {
    f.while(
      () => left,
      () => {
        body(one);
        for (const pointer of pointers) f.set(pointer, i32.add(pointer, one ? 8 : 32));
        f.set(left, i32.sub(left, 1));
      },
    );
  }
}

function unaryOrBinary(module: ModuleBuilder, name: string, inputs: 1 | 2 | 3, body: Body): void {
  const parameters = Array.from({ length: inputs + 2 }, () => 'i32' as const);
  module.function<readonly 'i32'[], []>(
    name,
    parameters,
    [],
    (f, ...locals) => {
      const field = new VectorField(f);
      const out = locals[0]!;
      const sources = locals.slice(1, 1 + inputs);
      overElements(f, [out, ...sources], locals[1 + inputs]!, (one) => {
        const values = sources.map((source) => (one ? field.loadOne(source) : field.load(source)));
        const result = body(field, values);
        if (one) field.storeOne(out, result);
        else field.store(out, result);
      });
    },
    { export: true },
  );
}

/** A kernel (out, a, [b,] constant, count): `constant` is the address of words in Montgomery form. */
function withConstant(
  module: ModuleBuilder,
  name: string,
  inputs: 1 | 2,
  body: (field: VectorField, inputs: readonly Four[], constant: ReturnType<VectorField['splatSplit']>) => Four,
): void {
  const parameters = Array.from({ length: inputs + 3 }, () => 'i32' as const);
  module.function<readonly 'i32'[], []>(
    name,
    parameters,
    [],
    (f, ...locals) => {
      const field = new VectorField(f);
      const out = locals[0]!;
      const sources = locals.slice(1, 1 + inputs);
      const constant = field.splatSplit(locals[1 + inputs]!);
      overElements(f, [out, ...sources], locals[2 + inputs]!, (one) => {
        const values = sources.map((source) => (one ? field.loadOne(source) : field.load(source)));
        const result = body(field, values, constant);
        if (one) field.storeOne(out, result);
        else field.store(out, result);
      });
    },
    { export: true },
  );
}

/**
 * Adds the elementwise kernels: `add`, `subtract`, `multiply` (out, a, b, count), `multiplyAdd` (out, a, b, c, count),
 * `scale` (out, a, constant, count) and `scaleAdd` (out, a, b, constant, count), out = constant·a + b.
 */
export function elementwiseKernels(module: ModuleBuilder): void {
  unaryOrBinary(module, 'add', 2, (field, [a, b]) => field.addFour(a!, b!));
  unaryOrBinary(module, 'subtract', 2, (field, [a, b]) => field.subtractFour(a!, b!));
  unaryOrBinary(module, 'multiply', 2, (field, [a, b]) => field.multiply(field.split(a!), field.split(b!)));
  unaryOrBinary(module, 'multiplyAdd', 3, (field, [a, b, c]) =>
    field.addFour(field.multiply(field.split(a!), field.split(b!)), c!),
  );
  withConstant(module, 'scale', 1, (field, [a], constant) => field.multiplyMontgomery(field.split(a!), constant));
  withConstant(module, 'scaleAdd', 2, (field, [a, b], constant) =>
    field.addFour(field.multiplyMontgomery(field.split(a!), constant), b!),
  );
}
