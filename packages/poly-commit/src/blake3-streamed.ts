/**
 * Digests of rows whose columns come a few at a time: blocks are compressed as far as there are columns, chaining values wait in between.
 *
 * @module
 */
import { type KernelModule, type Matrix, type WasmEngine } from '@commute/field';
import { i32, i32x4, i8x16, type Local, type ModuleBuilder, type Operand, v128 } from '@commute/wasm';
import { BLOCK_COLUMNS, compress, EVEN_WORDS, FLAGS, INITIAL, ODD_WORDS, STEP_WORDS } from './blake3-kernels.ts';
import { type ColumnSource } from './merkle.ts';
import { CHUNK_COLUMNS, leafSchedule } from './schedule.ts';

/** Bytes of four chaining values in a stack. */
const STACKED_BYTES = 128;

/**
 * `blocks` (chain, chain stride, columns, schedule, steps, offset, count, stack, stack stride, top): a part of the schedule of `leaves`, on all rows.
 *
 * Chaining values are read from `chain`, word k of row j at k·stride + 4·j bytes, and left there. `columns` are the addresses of the columns that steps number,
 * `offset` is that of the first row in each of them. Each four rows have their stack, `stack stride` bytes after that of the four before, with `top`
 * bytes in use.
 */
function streamedKernels(module: ModuleBuilder): void {
  module.function(
    'blocks',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, columns, schedule, steps, offset, count, stack, stackStride, start) => {
      const chain = Array.from({ length: 8 }, () => f.local('v128'));
      const message = Array.from({ length: 16 }, () => f.local('v128'));
      const zero = f.let(i32x4.splat(0));
      const [step, left, top, column, address] = Array.from({ length: 5 }, () => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const assign = (values: readonly Operand<'v128'>[]): void => {
        values.forEach((value, k) => {
          f.set(chain[k]!, value);
        });
      };
      /** Walks over the words of the chaining values. */
      const eachWord = (visit: (word: Local<'v128'>) => void): void => {
        f.set(address, out);
        chain.forEach((word, k) => {
          if (k > 0) f.set(address, i32.add(address, outStride));
          visit(word);
        });
      };
      f.repeat(() => {
        f.set(step, schedule);
        f.set(left, steps);
        f.set(top, i32.add(stack, start));
        eachWord((word) => {
          f.set(word, v128.load(address));
        });
        f.repeat(() => {
          const kind = f.let(i32.load(step, 16));
          const bytes = f.let(i32.load(step, 4));
          f.if(
            i32.eq(kind, 2),
            () => {
              f.set(top, i32.sub(top, 2 * STACKED_BYTES));
              message.forEach((word, k) => {
                f.set(word, v128.load(top, 16 * k));
              });
            },
            () => {
              f.set(column, i32.add(columns, i32.shl(i32.load(step), 2)));
              for (let k = 0; k < BLOCK_COLUMNS; k++) {
                f.set(message[2 * k]!, zero);
                f.set(message[2 * k + 1]!, zero);
                f.if(i32.gt_u(bytes, 8 * k), () => {
                  f.set(address, i32.add(i32.load(column, 4 * k), offset));
                  const low = f.let(v128.load(address));
                  const high = f.let(v128.load(address, 16));
                  f.set(message[2 * k]!, i8x16.shuffle(low, high, EVEN_WORDS));
                  f.set(message[2 * k + 1]!, i8x16.shuffle(low, high, ODD_WORDS));
                });
              }
            },
          );
          f.if(kind, () => {
            assign(INITIAL.map((word) => i32x4.splat(word)));
          });
          const flags = f.let(i32.load(step, 8));
          assign(compress(f, chain, message, i32.load(step, 12), bytes, flags));
          const isFinished = i32.ne(i32.and(flags, FLAGS.chunkEnd | FLAGS.parent), 0);
          // What is the root stays where it is: there may be no stack.
          f.if(i32.and(isFinished, i32.eqz(i32.and(flags, FLAGS.root))), () => {
            chain.forEach((word, k) => {
              f.do(v128.store(top, word, 16 * k));
            });
            f.set(top, i32.add(top, STACKED_BYTES));
          });
          f.set(step, i32.add(step, 4 * STEP_WORDS));
          f.set(left, i32.sub(left, 1));
          return left;
        });
        eachWord((word) => {
          f.do(v128.store(address, word));
        });
        f.set(out, i32.add(out, 16));
        f.set(offset, i32.add(offset, 32));
        f.set(stack, i32.add(stack, stackStride));
        f.set(count, i32.sub(count, 4));
        return i32.gt_s(count, 0);
      });
    },
    { export: true },
  );
}

const loadedModules = new WeakMap<WasmEngine, KernelModule>();

function streamedModule(engine: WasmEngine): KernelModule {
  let kernels = loadedModules.get(engine);
  if (kernels === undefined) {
    kernels = engine.load(streamedKernels);
    loadedModules.set(engine, kernels);
  }
  return kernels;
}

/** A column of one of several matrices. */
export interface StreamedColumn {
  readonly matrix: number;
  readonly column: number;
}

/**
 * The digests of rows of columns, in their order.
 *
 * @param out - word k of the digest of row j goes to address + k·stride + 4·j; room for four at least.
 * @param parts - [start, count] of the rows for the threads, multiples of four.
 */
export function digestStreamed(
  engine: WasmEngine,
  out: { readonly address: number; readonly stride: number },
  columns: readonly StreamedColumn[],
  rows: number,
  values: ColumnSource,
  parts: readonly (readonly [start: number, count: number])[],
): void {
  const kernels = streamedModule(engine);
  const schedule = leafSchedule(columns.length);
  const steps = schedule.length / STEP_WORDS;
  const chunks = Math.ceil(columns.length / CHUNK_COLUMNS);
  // The chaining value of a single chunk is the digest, and waits nowhere.
  const stackBytes = chunks > 1 ? STACKED_BYTES * (Math.ceil(Math.log2(chunks)) + 2) : 0;
  engine.scope(() => {
    const stacks = engine.reserve(Math.max(8, (stackBytes * Math.max(4, rows)) / 32));
    let stacked = 0;
    for (let step = 0; step < steps;) {
      // Blocks whose columns may be there at once, with the parents in between.
      const first = schedule[STEP_WORDS * step]!;
      let end = step;
      let next = first;
      for (; end < steps; end++) {
        const [start, bytes, , , kind] = schedule.subarray(STEP_WORDS * end);
        if (kind === 2) continue;
        const after = start! + bytes! / 8;
        if (end > step && after - first > values.most(rows)) break;
        next = after;
      }
      engine.scope(() => {
        const loaded = loadColumns(engine, columns.slice(first, next), values.load);
        const addresses = loaded.flatMap((matrix) =>
          Array.from({ length: matrix.columns }, (_, column) => matrix.address + 8 * matrix.rows * column),
        );
        const own = schedule.slice(STEP_WORDS * step, STEP_WORDS * end);
        for (let at = 0; at < own.length; at += STEP_WORDS) if (own[at + 4] !== 2) own[at]! -= first;
        const words = engine.allocate(Math.ceil((addresses.length + own.length) / 2) + 1);
        const view = new Uint32Array(words.view().buffer, words.address, addresses.length + own.length);
        view.set(own);
        view.set(addresses, own.length);
        engine.run(
          'blocks',
          parts.map(([start, count]) => [
            out.address + 4 * start,
            out.stride,
            words.address + 4 * own.length,
            words.address,
            end - step,
            8 * start,
            count,
            stacks.address + (stackBytes * start) / 4,
            stackBytes,
            STACKED_BYTES * stacked,
          ]),
          kernels,
        );
        stacked += stackGained(own);
      });
      step = end;
    }
  });
}

/** By how many chaining values a stack is higher after some steps: a chunk's is put there, a parent's in place of two. */
function stackGained(steps: Uint32Array): number {
  let gained = 0;
  for (let at = 0; at < steps.length; at += STEP_WORDS) {
    if (steps[at + 4] === 2) gained--;
    else if ((steps[at + 2]! & FLAGS.chunkEnd) !== 0) gained++;
  }
  return gained;
}

/** Neighbouring columns of one matrix are asked for together; a quad of rows is read at once, so that there are four rows at least. */
function loadColumns(engine: WasmEngine, columns: readonly StreamedColumn[], load: ColumnSource['load']): Matrix[] {
  const loaded: Matrix[] = [];
  for (let at = 0; at < columns.length;) {
    const { matrix, column } = columns[at]!;
    let end = at;
    while (columns[end]?.matrix === matrix) end++;
    const values = load(matrix, column, end - at);
    loaded.push(values.rows >= 4 ? values : padded(engine, values));
    at = end;
  }
  return loaded;
}

/** The matrix with four rows, the added ones zero. */
export function padded(engine: WasmEngine, matrix: Matrix): Matrix {
  const result = engine.allocate(4, matrix.columns);
  for (let column = 0; column < matrix.columns; column++) {
    for (let row = 0; row < matrix.rows; row++) result.set(row, matrix.get(row, column), column);
  }
  return result;
}
