/**
 * Number-theoretic transforms, one column per call.
 *
 * Two shapes, both radix 4 and depth first, so that a block stays in cache once it fits:
 * decimation in frequency takes natural order to bit-reversed order, decimation in time takes it back. An odd
 * logarithm adds one radix-2 level at the top. Twiddles stand in tables per level, in Montgomery form and
 * already split, so the data themselves stay canonical.
 *
 * @module
 */
import {
  call,
  type Expression,
  type FunctionReference,
  i32,
  type Local,
  memory,
  type ModuleBuilder,
} from '@commute/wasm';
import { spreadKernel } from './arrange.ts';
import { RADIX2_TABLES, RADIX4_TABLES } from './layout.ts';
import { type Four, type Split, type Vector, VectorField } from './vector-field.ts';

type Direction = 'forward' | 'inverse';
type Shape = 'frequency' | 'time';

/** Blocks of at most this many elements are transformed level by level; larger ones quarter by quarter. */
const CACHED_LOG = 10;

function loadSplit(field: VectorField, address: Local<'i32'>, offset: number): Split {
  const { low, high } = field.load(address, offset);
  return { lows: low, highs: high };
}

/** The radix-4 butterfly without twiddles: sums over the four offset inputs with powers of the root of order four; plain. */
function butterfly(
  field: VectorField,
  direction: Direction,
  [o0, o1, o2, o3]: readonly [Vector, Vector, Vector, Vector],
): [Vector, Vector, Vector, Vector] {
  const even = field.offset(field.addOffset(o0, o2));
  const odd = field.offset(field.addOffset(o1, o3));
  const evenDifference = field.offset(field.subtractOffset(o0, o2));
  const turned = field.multiplyByRoot4(field.subtractOffset(o1, o3));
  const [plus, minus] = [field.addOffset(evenDifference, turned), field.subtractOffset(evenDifference, turned)];
  const [first, third] = direction === 'forward' ? [plus, minus] : [minus, plus];
  return [field.addOffset(even, odd), first, field.subtractOffset(even, odd), third];
}

function butterflyFour(
  field: VectorField,
  direction: Direction,
  inputs: readonly [Four, Four, Four, Four],
): [Four, Four, Four, Four] {
  const low = butterfly(field, direction, [inputs[0].low, inputs[1].low, inputs[2].low, inputs[3].low]);
  const high = butterfly(field, direction, [inputs[0].high, inputs[1].high, inputs[2].high, inputs[3].high]);
  return [
    { low: low[0], high: high[0] },
    { low: low[1], high: high[1] },
    { low: low[2], high: high[2] },
    { low: low[3], high: high[3] },
  ];
}

/** (data, quarter bytes, blocks, table): one radix-4 level over consecutive blocks of four quarters. */
function radix4Level(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<readonly ['i32', 'i32', 'i32', 'i32'], readonly []> {
  return module.function(
    `${shape}4${direction}`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, data, quarter, blocks, table) => {
      const field = new VectorField(f);
      const second = f.local('i32');
      const third = f.local('i32');
      const fourth = f.local('i32');
      const end = f.local('i32');
      const twiddle = f.local('i32');
      f.repeat(() => {
        f.set(second, i32.add(data, quarter));
        f.set(end, second);
        f.set(third, i32.add(second, quarter));
        f.set(fourth, i32.add(third, quarter));
        f.set(twiddle, table);
        f.repeat(() => {
          const rows = [data, second, third, fourth] as const;
          const loaded = rows.map((row) => field.load(row)) as [Four, Four, Four, Four];
          const form = shape === 'time' ? 'offset' : 'plain';
          const times = (value: Four, at: number): Four =>
            field.multiplyMontgomery(field.split(value), loadSplit(field, twiddle, at), form);
          const offset = ({ low, high }: Four): Four => ({ low: field.offset(low), high: field.offset(high) });
          // Quarters hold the residues 0, 2, 1, 3 modulo four: bit-reversed order.
          if (shape === 'time') {
            const c = times(loaded[2], 0);
            const b = times(loaded[1], 32);
            const d = times(loaded[3], 64);
            butterflyFour(field, direction, [offset(loaded[0]), c, b, d]).forEach((value, index) => {
              field.store(rows[index]!, value);
            });
          } else {
            const inputs = loaded.map(offset) as [Four, Four, Four, Four];
            const [r0, r1, r2, r3] = butterflyFour(field, direction, inputs);
            field.store(data, r0);
            field.store(third, times(r1, 0));
            field.store(second, times(r2, 32));
            field.store(fourth, times(r3, 64));
          }
          for (const row of rows) f.set(row, i32.add(row, 32));
          f.set(twiddle, i32.add(twiddle, 96));
          return i32.ne(data, end);
        });
        f.set(data, fourth);
        f.set(blocks, i32.sub(blocks, 1));
        return blocks;
      });
    },
  );
}

/** (data, pairs of blocks): the radix-4 level of blocks of four elements, two blocks at a time, without twiddles. */
function unitLevel(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<readonly ['i32', 'i32'], readonly []> {
  return module.function(`${shape}1${direction}`, ['i32', 'i32'], [], (f, data, pairs) => {
    const field = new VectorField(f);
    f.repeat(() => {
      const first = field.load(data);
      const second = field.load(data, 32);
      const columns = [
        field.lowLanes(first.low, second.low),
        field.highLanes(first.low, second.low),
        field.lowLanes(first.high, second.high),
        field.highLanes(first.high, second.high),
      ] as const;
      const order = shape === 'time' ? ([0, 2, 1, 3] as const) : ([0, 1, 2, 3] as const);
      const inputs = order.map((k) => field.offset(columns[k])) as [Vector, Vector, Vector, Vector];
      const [r0, r1, r2, r3] = butterfly(field, direction, inputs);
      const [a, b, c, d] = shape === 'time' ? [r0, r1, r2, r3] : [r0, r2, r1, r3];
      field.store(data, { low: field.lowLanes(a, b), high: field.lowLanes(c, d) });
      field.store(data, { low: field.highLanes(a, b), high: field.highLanes(c, d) }, 32);
      f.set(data, i32.add(data, 64));
      f.set(pairs, i32.sub(pairs, 1));
      return pairs;
    });
  });
}

/** (data, half bytes, table): one radix-2 level over one block. */
function radix2Level(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []> {
  return module.function(`${shape}2${direction}`, ['i32', 'i32', 'i32'], [], (f, data, half, table) => {
    const field = new VectorField(f);
    const second = f.let(i32.add(data, half));
    const end = f.let(i32.add(second, 0));
    f.repeat(() => {
      const a = field.load(data);
      const b = field.load(second);
      const twiddle = loadSplit(field, table, 0);
      if (shape === 'time') {
        const product = field.multiplyMontgomery(field.split(b), twiddle);
        field.store(data, field.addFour(a, product));
        field.store(second, field.subtractFour(a, product));
      } else {
        field.store(data, field.addFour(a, b));
        field.store(second, field.multiplyMontgomery(field.split(field.subtractFour(a, b)), twiddle));
      }
      for (const pointer of [data, second, table]) f.set(pointer, i32.add(pointer, 32));
      return i32.ne(data, end);
    });
  });
}

/**
 * Adds `frequencyForward`, `frequencyInverse`, `timeForward`, `timeInverse` (data, log, from), log ≥ 4.
 *
 * `from` is 0 for a whole transform. For `time…`, the levels of blocks up to 2^from are taken as done, from even.
 */
export function transformKernels(module: ModuleBuilder): void {
  transformKernel(module, 'frequency', 'forward');
  const toCoefficients = transformKernel(module, 'frequency', 'inverse');
  const toValues = transformKernel(module, 'time', 'forward');
  transformKernel(module, 'time', 'inverse');
  extendKernel(module, toCoefficients, toValues, spreadKernel(module));
  scaledKernel(module, toValues);
}

type TransformReference = FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []>;

/**
 * `extend` (out, out log, source, source log, table, copies, zeros): the low-degree extension of one column. The source
 * is interpolated at the end of `out`, multiplied by `table` while it is spread over all of it, and evaluated.
 */
function extendKernel(
  module: ModuleBuilder,
  toCoefficients: TransformReference,
  toValues: TransformReference,
  spread: ReturnType<typeof spreadKernel>,
): void {
  module.function(
    'extend',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outLog, source, log, table, copies, zeros) => {
      const bytes = f.let(i32.shl(8, log));
      const end = f.let(i32.sub(i32.add(out, i32.shl(8, outLog)), bytes));
      f.do(memory.copy(end, source, bytes));
      f.do(call(toCoefficients, end, log, 0));
      f.do(call(spread, out, end, table, i32.shl(1, log), copies, zeros));
      f.do(call(toValues, out, outLog, i32.ctz(copies)));
    },
    { export: true },
  );
}

/**
 * `evaluateScaled` (out, source, table, log): the values of one column of coefficients in bit-reversed order, each multiplied by the table's
 * word of its place, which is in Montgomery form.
 */
function scaledKernel(module: ModuleBuilder, toValues: TransformReference): void {
  module.function(
    'evaluateScaled',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, source, table, log) => {
      const field = new VectorField(f);
      const start = f.let(i32.add(out, 0));
      const end = f.let(i32.add(out, i32.shl(8, log)));
      f.repeat(() => {
        const factor = field.split(field.load(table));
        field.store(out, field.multiplyMontgomery(field.split(field.load(source)), factor));
        for (const pointer of [out, source, table]) f.set(pointer, i32.add(pointer, 32));
        return i32.ne(out, end);
      });
      f.do(call(toValues, start, log, 0));
    },
    { export: true },
  );
}

function transformKernel(module: ModuleBuilder, shape: Shape, direction: Direction): TransformReference {
  const level = radix4Level(module, shape, direction);
  const unit = unitLevel(module, shape, direction);
  const top = radix2Level(module, shape, direction);
  const even = module.declare(`${shape}Even${direction}`, ['i32', 'i32', 'i32'], []);
  const tableOf = (log: Local<'i32'>): Expression<'i32'> => i32.load(i32.shl(log, 2), RADIX4_TABLES[direction]);

  module.define(even, (f, data, log, from) => {
    const quarterLog = f.let(i32.add(log, 1)); // log(8 · size / 4), the bytes of a quarter
    f.if(
      i32.gt_u(log, CACHED_LOG),
      () => {
        const own = (): void => {
          f.do(call(level, data, i32.shl(1, quarterLog), 1, tableOf(log)));
        };
        if (shape === 'frequency') own();
        for (let part = 0; part < 4; part++) {
          const start = i32.add(data, i32.mul(i32.shl(1, quarterLog), part));
          f.do(call(even, start, i32.sub(log, 2), from));
        }
        if (shape === 'time') own();
      },
      () => {
        const block = f.local('i32');
        const oneLevel = (): void => {
          const quarterBytes = i32.shl(1, i32.add(block, 1));
          f.do(call(level, data, quarterBytes, i32.shl(1, i32.sub(log, block)), tableOf(block)));
        };
        const units = (): void => {
          f.do(call(unit, data, i32.shl(1, i32.sub(log, 3))));
        };
        if (shape === 'time') {
          f.set(block, i32.add(from, 2));
          f.if(i32.eqz(from), () => {
            units();
            f.set(block, 4);
          });
          f.while(
            () => i32.le_u(block, log),
            () => {
              oneLevel();
              f.set(block, i32.add(block, 2));
            },
          );
        } else {
          f.set(block, log);
          f.while(
            () => i32.ge_u(block, 4),
            () => {
              oneLevel();
              f.set(block, i32.sub(block, 2));
            },
          );
          units();
        }
      },
    );
  });

  const name = `${shape}${direction === 'forward' ? 'Forward' : 'Inverse'}`;
  const whole = module.function(name, ['i32', 'i32', 'i32'], [], (f, data, log, from) => {
    f.if(
      i32.and(log, 1),
      () => {
        const halfBytes = f.let(i32.shl(1, i32.add(log, 2)));
        const radix2 = (): void => {
          f.do(call(top, data, halfBytes, i32.load(i32.shl(log, 2), RADIX2_TABLES[direction])));
        };
        if (shape === 'frequency') radix2();
        f.do(call(even, data, i32.sub(log, 1), from));
        f.do(call(even, i32.add(data, halfBytes), i32.sub(log, 1), from));
        if (shape === 'time') radix2();
      },
      () => {
        f.do(call(even, data, log, from));
      },
    );
  });
  module.export(name, whole);
  return whole;
}
