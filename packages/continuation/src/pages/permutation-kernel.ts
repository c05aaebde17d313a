/**
 * The permutation as WebAssembly: for hashing pages, and for the rows of its table.
 *
 * @module
 */
import { multiply } from '@commute/field';
import { scalarFunctions } from '@commute/field/kernels';
import {
  call,
  compile,
  i32,
  i64,
  instantiate,
  type LinearMemory,
  type Local,
  ModuleBuilder,
  select,
} from '@commute/wasm';
import { type Arithmetic, permuteIn, permuteReference, POWERS, REFERENCE, WIDTH } from './poseidon2.ts';

const MEMORY_PAGE = 65_536;
/** Bytes of a state. */
const STATE_BYTES = 8 * WIDTH;

/** Cells of a row that follow from its input, which is among them: 12 lanes, the cubes, the seventh powers. */
export const ROW_CELLS: number = WIDTH + 2 * POWERS;

/** The module with `permute` and `fill`. */
export function writeModule(): Uint8Array {
  const module = new ModuleBuilder();
  module.memory({ initial: 1 }, 'memory');
  const { multiply: product } = scalarFunctions(module);
  const add = module.function('addScalar', ['i64', 'i64'], ['i64'], (f, a, b) => {
    const sum = f.let(i64.add(a, b));
    // p is 2^64 - 0xffffffff: both where the sum passes 2^64 and where it is p or more.
    const isPast = i32.or(i64.lt_u(sum, a), i64.ge_u(sum, 0xffff_ffff_0000_0001n));
    return i64.add(sum, select(i64.const(0xffff_ffffn), i64.const(0n), isPast));
  });
  // The state at `input` goes to `output`; with `stride`, all cells of a row go there instead, each that many bytes behind the one before.
  for (const name of ['permute', 'fill'] as const) {
    module.function(
      name,
      ['i32', 'i32', 'i32'],
      [],
      (f, input, output, stride) => {
        const place = f.let(i32.add(output, 0));
        const store = (value: Local<'i64'>): void => {
          f.do(i64.store(place, value));
          f.set(place, i32.add(place, stride));
        };
        const cubes: Local<'i64'>[] = [];
        const powers: Local<'i64'>[] = [];
        const arithmetic: Arithmetic<Local<'i64'>> = {
          add: (left, right) => f.let(call(add, left, right)),
          scale: (value, factor) => {
            if (factor === 2n) return f.let(call(add, value, value));
            if (factor === 4n) return arithmetic.scale(arithmetic.scale(value, 2n), 2n);
            return f.let(call(product, value, factor));
          },
          addConstant: (value, constant) => f.let(call(add, value, constant)),
          power: (value) => {
            const cube = f.let(call(product, f.let(call(product, value, value)), value));
            const power = f.let(call(product, f.let(call(product, cube, cube)), value));
            cubes.push(cube);
            powers.push(power);
            return power;
          },
        };
        const lanes = Array.from({ length: WIDTH }, (_, lane) => f.let(i64.load(input, 8 * lane)));
        const result = permuteIn(arithmetic, lanes);
        for (const cell of name === 'permute' ? result : [...lanes, ...cubes, ...powers]) store(cell);
      },
      { export: true },
    );
  }
  return module.toBytes();
}

interface Kernel {
  readonly memory: LinearMemory;
  readonly permute: (input: number, output: number, stride: number) => void;
  readonly fill: (input: number, output: number, stride: number) => void;
}

/** Rows that are computed before they are copied: so many fit a cache. */
const BATCH = 64;
const OUTPUT = STATE_BYTES;

/** Made where it is first used, one for all of a thread; `none` where the host cannot. */
let kernel: Kernel | 'none' | undefined;

function createKernel(): Kernel | 'none' {
  const bytes = writeModule();
  try {
    const made = instantiate(compile(bytes)) as unknown as Kernel;
    made.memory.grow(Math.ceil((OUTPUT + 8 * ROW_CELLS * BATCH) / MEMORY_PAGE) - 1);
    return made;
  } catch {
    return 'none';
  }
}

/** Permutes a state of 12 canonical elements in place. */
export type Permutation = (state: BigUint64Array) => void;

/** The permutation, as fast as the host can. */
export function createPermutation(): Permutation {
  kernel ??= createKernel();
  if (kernel === 'none') {
    return (state) => {
      state.set(permuteReference(Array.from(state)));
    };
  }
  const { permute, memory } = kernel;
  const view = new BigUint64Array(memory.buffer, 0, WIDTH);
  return (state) => {
    view.set(state);
    permute(0, 0, 8);
    state.set(view);
  };
}

/**
 * All cells of some rows of the permutation's table, column by column: 12 lanes, cubes, seventh powers.
 *
 * @param inputs - 12 canonical elements for each row; rows beyond them have an input of zeros.
 */
export function fillPermutations(inputs: BigUint64Array, rows: number): BigUint64Array[] {
  kernel ??= createKernel();
  if (kernel === 'none') return fillByReference(inputs, rows);
  const { fill, memory } = kernel;
  const count = inputs.length / WIDTH;
  const input = new BigUint64Array(memory.buffer, 0, WIDTH);
  const columns = Array.from({ length: ROW_CELLS }, () => new BigUint64Array(rows));
  for (let start = 0; start < rows; start += BATCH) {
    const length = Math.min(BATCH, rows - start);
    for (let row = start; row < start + length; row++) {
      // All rows after those in use are alike.
      if (row < count) input.set(inputs.subarray(WIDTH * row, WIDTH * (row + 1)));
      else if (row === count) input.fill(0n);
      fill(0, OUTPUT + 8 * (row - start), 8 * BATCH);
    }
    for (const [cell, column] of columns.entries()) {
      column.set(new BigUint64Array(memory.buffer, OUTPUT + 8 * BATCH * cell, length), start);
    }
  }
  return columns;
}

/** {@link fillPermutations} by bigints. */
export function fillByReference(inputs: BigUint64Array, rows: number): BigUint64Array[] {
  const columns = Array.from({ length: ROW_CELLS }, () => new BigUint64Array(rows));
  for (let row = 0; row < rows; row++) {
    const lanes = Array.from({ length: WIDTH }, (_, lane) => inputs[WIDTH * row + lane] ?? 0n);
    const [cubes, powers]: [bigint[], bigint[]] = [[], []];
    permuteIn<bigint>(
      {
        ...REFERENCE,
        power: (value, index) => {
          cubes.push(multiply(multiply(value, value), value));
          powers.push(REFERENCE.power(value, index));
          return powers[index]!;
        },
      },
      lanes,
    );
    for (const [cell, value] of [...lanes, ...cubes, ...powers].entries()) columns[cell]![row] = value;
  }
  return columns;
}
