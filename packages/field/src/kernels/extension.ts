/**
 * Multiplication in extensions F[x]/(x^d + …), element by element; an element's coefficients stand in d columns.
 *
 * The product polynomial is computed by Karatsuba's trick on pairs of coefficients, d(d+1)/2 base multiplications, and
 * reduced by the constants that express x^d … x^(2d-2) in the basis; ±1 costs an addition.
 *
 * @module
 */
import { type FunctionBuilder, i32, type Local, type ModuleBuilder } from '@commute/wasm';
import { MODULUS } from '../goldilocks.ts';
import { overElements } from './elementwise.ts';
import { type Four, type Split, VectorField } from './vector-field.ts';

/** Products of all pairs by `multiply`, then the coefficients of the product polynomial, of degree 2d - 2. */
function productPolynomial(field: VectorField, a: readonly Four[], b: readonly Four[]): Four[] {
  const degree = a.length;
  const product = (x: Four, y: Four): Four => field.multiply(field.split(x), field.split(y));
  const squares = a.map((value, index) => product(value, b[index]!));
  const result: (Four | undefined)[] = squares.flatMap((value, index) => (index === 0 ? [value] : [undefined, value]));
  for (let i = 0; i < degree; i++) {
    for (let j = i + 1; j < degree; j++) {
      const sums = product(field.addFour(a[i]!, a[j]!), field.addFour(b[i]!, b[j]!));
      const cross = field.subtractFour(field.subtractFour(sums, squares[i]!), squares[j]!);
      const before = result[i + j];
      result[i + j] = before === undefined ? cross : field.addFour(before, cross);
    }
  }
  return result as Four[];
}

/** value·constant added to sum, where the constant is known when the code is written. */
function addMultiple(f: FunctionBuilder, field: VectorField, sum: Four, value: Four, constant: bigint): Four {
  if (constant === 0n) return sum;
  if (constant === MODULUS - 1n) return field.subtractFour(sum, value);
  if (constant > MODULUS / 2n)
    return addMultiple(f, field, sum, field.subtractFour(field.zero(), value), MODULUS - constant);
  // Small by assumption: double and add.
  let power = value;
  for (let rest = constant; ;) {
    if ((rest & 1n) === 1n) sum = field.addFour(sum, power);
    rest >>= 1n;
    if (rest === 0n) return sum;
    power = field.addFour(power, power);
  }
}

/**
 * Adds `extensionMultiply` (out, out stride, a, a stride, b, b stride, count) and `extensionScale` (out, out stride, a, a stride,
 * constants, count), strides in bytes; `constants` are d words in Montgomery form.
 *
 * @param reductions - row k: the coefficients of x^(d+k) in the basis 1 … x^(d-1).
 */
export function extensionKernels(module: ModuleBuilder, reductions: readonly (readonly bigint[])[]): void {
  const degree = reductions[0]!.length;
  const reduce = (f: FunctionBuilder, field: VectorField, product: readonly Four[]): Four[] =>
    Array.from({ length: degree }, (_, index) =>
      reductions.reduce(
        (sum, row, k) => addMultiple(f, field, sum, product[degree + k]!, row[index]!),
        product[index]!,
      ),
    );
  const columnsOf = (f: FunctionBuilder, first: Local<'i32'>, stride: Local<'i32'>): Local<'i32'>[] => {
    const pointers = [f.let(i32.add(first, 0))];
    for (let k = 1; k < degree; k++) pointers.push(f.let(i32.add(pointers[k - 1]!, stride)));
    return pointers;
  };

  module.function(
    'extensionMultiply',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, a, aStride, b, bStride, count) => {
      const field = new VectorField(f);
      const targets = columnsOf(f, out, outStride);
      const left = columnsOf(f, a, aStride);
      const right = columnsOf(f, b, bStride);
      overElements(f, [...targets, ...left, ...right], count, (one) => {
        const load = (pointer: Local<'i32'>): Four => (one ? field.loadOne(pointer) : field.load(pointer));
        reduce(f, field, productPolynomial(field, left.map(load), right.map(load))).forEach((value, index) => {
          if (one) field.storeOne(targets[index]!, value);
          else field.store(targets[index]!, value);
        });
      });
    },
    { export: true },
  );

  module.function(
    'extensionScale',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, a, aStride, constants, count) => {
      const field = new VectorField(f);
      const splits: Split[] = Array.from({ length: degree }, (_, k) => field.splatSplit(constants, 8 * k));
      const targets = columnsOf(f, out, outStride);
      const sources = columnsOf(f, a, aStride);
      overElements(f, [...targets, ...sources], count, (one) => {
        const values = sources.map((pointer) => field.split(one ? field.loadOne(pointer) : field.load(pointer)));
        const product: Four[] = [];
        for (let k = 0; k < 2 * degree - 1; k++) {
          let sum: Four | undefined;
          for (let i = Math.max(0, k - degree + 1); i <= Math.min(k, degree - 1); i++) {
            const term = field.multiplyMontgomery(values[i]!, splits[k - i]!);
            sum = sum === undefined ? term : field.addFour(sum, term);
          }
          product.push(sum!);
        }
        reduce(f, field, product).forEach((value, index) => {
          if (one) field.storeOne(targets[index]!, value);
          else field.store(targets[index]!, value);
        });
      });
    },
    { export: true },
  );
}
