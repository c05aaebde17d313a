/**
 * Columns of powers.
 *
 * A first block is computed by doubling, each time a multiple of what is there; the other blocks are multiples of it, which threads share.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField } from './extension-field.ts';
import { multiply, power } from './goldilocks.ts';
import { type Matrix } from './matrix.ts';
import { type KernelModule, type WasmEngine } from './wasm-engine.ts';

/** Blocks that a column is divided into at most, and what the first has at least. */
const MOST_BLOCKS = 64;
const FEWEST_IN_BLOCK = 1 << 10;

/** Elements of the first block: a power of two, or all. */
export function powersBlock(rows: number): number {
  return Math.min(rows, Math.max(FEWEST_IN_BLOCK, 2 ** Math.ceil(Math.log2(rows / MOST_BLOCKS))));
}

/** Computes the blocks after the first: that one times a factor each. The last may be cut off. */
function multiplyBlock(engine: WasmEngine, out: Matrix, block: number, factors: readonly bigint[]): void {
  engine.withConstants(factors, (constants) => {
    const calls = factors.map((_, k) => {
      const start = block * (k + 1);
      return [out.address + 8 * start, out.address, constants + 8 * k, Math.min(block, out.rows - start)];
    });
    engine.run('scale', calls);
  });
}

/** out = start, start·base, start·base², … down its one column, which has rows. */
export function fillPowers(engine: WasmEngine, out: Matrix, base: bigint, start: bigint): void {
  if (base === 1n) {
    out.view().fill(start);
    return;
  }
  out.view()[0] = start;
  const block = powersBlock(out.rows);
  let step = base;
  for (let length = 1; length < block; length *= 2) {
    const next = Math.min(length, block - length);
    engine.scaleInto(out.slice(length, length + next), out.slice(0, next), step);
    step = multiply(step, step);
  }
  const factors = [step];
  while (block * (factors.length + 1) < out.rows) factors.push(multiply(factors.at(-1)!, step));
  if (block < out.rows) multiplyBlock(engine, out, block, factors);
}

/** The same in bit-reversed order, for rows that are a power of two. */
export function fillReversedPowers(engine: WasmEngine, out: Matrix, base: bigint, start: bigint): void {
  const { rows } = out;
  // The upper half of a bit-reversed column belongs to the odd indices: the lower half times the lowest power.
  const stepAfter = (length: number): bigint => power(base, BigInt(rows / (2 * length)));
  out.view()[0] = start;
  const block = powersBlock(rows);
  for (let length = 1; length < block; length *= 2) {
    engine.scaleInto(out.slice(length, 2 * length), out.slice(0, length), stepAfter(length));
  }
  let factors = [1n];
  for (let length = block; length < rows; length *= 2) {
    const step = stepAfter(length);
    factors = [...factors, ...factors.map((each) => multiply(each, step))];
  }
  if (block < rows) multiplyBlock(engine, out, block, factors.slice(1));
}

/** The same of several bases, one in each column, for columns that are short: all of one length at once. */
export function fillReversedPowersOfAll(
  engine: WasmEngine,
  out: Matrix,
  bases: readonly bigint[],
  start: bigint,
): void {
  const { rows } = out;
  const words = out.view();
  const steps: bigint[][] = [];
  for (let [length, step] = [rows / 2, bases]; length >= 1; length /= 2) {
    steps.unshift([...step]);
    step = step.map((each) => multiply(each, each));
  }
  bases.forEach((_, column) => {
    words[rows * column] = start;
  });
  engine.withConstants(steps.flat(), (constants) => {
    steps.forEach((step, level) => {
      const length = 2 ** level;
      const calls = step.map((_, column) => {
        const address = out.address + 8 * rows * column;
        return [address + 8 * length, address, constants + 8 * (level * step.length + column), length];
      });
      engine.run('scale', calls);
    });
  });
}

/** Powers in an extension, a coefficient in each column; `kernels` are those of the extension. */
export function fillExtensionPowers(
  engine: WasmEngine,
  kernels: KernelModule,
  field: ExtensionField,
  out: Matrix,
  base: ExtensionElement,
  start: ExtensionElement,
): void {
  const { rows } = out;
  start.forEach((coefficient, k) => {
    out.set(0, coefficient, k);
  });
  /** Computes parts of `length` elements, one after the other from `first` on: the first elements times a factor each. */
  const multiplyFirst = (first: number, length: number, factors: readonly ExtensionElement[]): void => {
    engine.withConstants(factors.flat(), (constants) => {
      const calls = factors.map((_, k) => {
        const at = first + length * k;
        const [to, from] = [out.address + 8 * at, out.address];
        return [to, 8 * rows, from, 8 * rows, constants + 8 * field.degree * k, Math.min(length, rows - at)];
      });
      engine.run('extensionScale', calls, kernels);
    });
  };
  const block = powersBlock(rows);
  let step = base;
  for (let length = 1; length < block; length *= 2) {
    multiplyFirst(length, Math.min(length, block - length), [step]);
    step = field.multiply(step, step);
  }
  const factors = [step];
  while (block * (factors.length + 1) < rows) factors.push(field.multiply(factors.at(-1)!, step));
  if (block < rows) multiplyFirst(block, block, factors);
}
