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
  type FunctionBuilder,
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

/** A vector with and without an offset; the second of a product that came with one is unknown. */
interface Input {
  readonly offset: Vector;
  readonly plain?: Vector;
}

/** The radix-4 butterfly without twiddles: sums over the four inputs with powers of the root of order four; plain. The first or the third is known plain. */
function butterfly(
  field: VectorField,
  direction: Direction,
  [i0, i1, i2, i3]: readonly [Input, Input, Input, Input],
): [Vector, Vector, Vector, Vector] {
  const even = field.sumWithOffset(i0.offset, i2.offset);
  const odd = field.sumWithOffset(i1.offset, i3.offset);
  const mixed = i2.plain === undefined ? ([i0.plain!, i2.offset] as const) : ([i0.offset, i2.plain] as const);
  const evenDifference = field.differenceWithOffset(i0.offset, i2.offset, mixed);
  const turned = field.multiplyByRoot4(field.subtractOffset(i1.offset, i3.offset));
  const [plus, minus] = [field.addOffset(evenDifference, turned), field.subtractOffset(evenDifference, turned)];
  const [first, third] = direction === 'forward' ? [plus, minus] : [minus, plus];
  return [field.addOffset(even, odd), first, field.subtractOffset(even, odd), third];
}

/** Four elements, with and without an offset. */
interface FourInputs {
  readonly offset: Four;
  readonly plain?: Four;
}

function butterflyFour(
  field: VectorField,
  direction: Direction,
  inputs: readonly [FourInputs, FourInputs, FourInputs, FourInputs],
): [Four, Four, Four, Four] {
  const half = (lanes: 'low' | 'high'): [Vector, Vector, Vector, Vector] =>
    butterfly(
      field,
      direction,
      inputs.map(({ offset, plain }) =>
        plain === undefined ? { offset: offset[lanes] } : { offset: offset[lanes], plain: plain[lanes] },
      ) as [Input, Input, Input, Input],
    );
  const [low, high] = [half('low'), half('high')];
  return [
    { low: low[0], high: high[0] },
    { low: low[1], high: high[1] },
    { low: low[2], high: high[2] },
    { low: low[3], high: high[3] },
  ];
}

/** The radix-4 butterflies of four quarters, with their twiddles: at 0, 32 and 64 bytes those of the first, second and third power. */
function turnQuarters(
  field: VectorField,
  shape: Shape,
  direction: Direction,
  quarters: readonly [Four, Four, Four, Four],
  twiddleAt: (bytes: number) => Split,
): [Four, Four, Four, Four] {
  const form = shape === 'time' ? 'offset' : 'plain';
  const times = (value: Four, at: number): Four => field.multiplyMontgomery(field.split(value), twiddleAt(at), form);
  const offset = (plain: Four): FourInputs => ({
    offset: { low: field.offset(plain.low), high: field.offset(plain.high) },
    plain,
  });
  // Quarters hold the residues 0, 2, 1, 3 modulo four: bit-reversed order.
  if (shape === 'time') {
    const c = times(quarters[2], 0);
    const b = times(quarters[1], 32);
    const d = times(quarters[3], 64);
    return butterflyFour(field, direction, [offset(quarters[0]), { offset: c }, { offset: b }, { offset: d }]);
  }
  const inputs = quarters.map(offset) as [FourInputs, FourInputs, FourInputs, FourInputs];
  const [r0, r1, r2, r3] = butterflyFour(field, direction, inputs);
  const third = times(r1, 0);
  return [r0, times(r2, 32), third, times(r3, 64)];
}

/** The radix-4 butterflies of two blocks of four elements each, which have no twiddles. */
function turnUnits(
  field: VectorField,
  shape: Shape,
  direction: Direction,
  first: Four,
  second: Four,
): readonly [Four, Four] {
  const columns = [
    field.lowLanes(first.low, second.low),
    field.highLanes(first.low, second.low),
    field.lowLanes(first.high, second.high),
    field.highLanes(first.high, second.high),
  ] as const;
  const order = shape === 'time' ? ([0, 2, 1, 3] as const) : ([0, 1, 2, 3] as const);
  const inputs = order.map((k) => ({ offset: field.offset(columns[k]), plain: columns[k] })) as [
    Input,
    Input,
    Input,
    Input,
  ];
  const [r0, r1, r2, r3] = butterfly(field, direction, inputs);
  const [a, b, c, d] = shape === 'time' ? [r0, r1, r2, r3] : [r0, r2, r1, r3];
  return [
    { low: field.lowLanes(a, b), high: field.lowLanes(c, d) },
    { low: field.highLanes(a, b), high: field.highLanes(c, d) },
  ];
}

/** Writes the loop over `length` bytes of four quarters; `data` ends that much further on, the last of the other pointers is returned. */
function overQuarters(
  f: FunctionBuilder,
  field: VectorField,
  shape: Shape,
  direction: Direction,
): (data: Local<'i32'>, quarter: Local<'i32'>, length: Local<'i32'>, table: Local<'i32'>) => Local<'i32'> {
  const [second, third, fourth, end, twiddle] = Array.from({ length: 5 }, () => f.local('i32')) as [
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
  ];
  return (data, quarter, length, table) => {
    f.set(second, i32.add(data, quarter));
    f.set(end, i32.add(data, length));
    f.set(third, i32.add(second, quarter));
    f.set(fourth, i32.add(third, quarter));
    f.set(twiddle, table);
    f.repeat(() => {
      const rows = [data, second, third, fourth] as const;
      const loaded = rows.map((row) => field.load(row)) as [Four, Four, Four, Four];
      const turned = turnQuarters(field, shape, direction, loaded, (at) => loadSplit(field, twiddle, at));
      turned.forEach((value, index) => {
        field.store(rows[index]!, value);
      });
      for (const row of rows) f.set(row, i32.add(row, 32));
      f.set(twiddle, i32.add(twiddle, 96));
      return i32.ne(data, end);
    });
    return fourth;
  };
}

type FourOperands = readonly ['i32', 'i32', 'i32', 'i32'];

/** (data, quarter bytes, blocks, table): one radix-4 level over consecutive blocks of four quarters. */
function radix4Level(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<FourOperands, readonly []> {
  return module.function(
    `${shape}4${direction}`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, data, quarter, blocks, table) => {
      const loop = overQuarters(f, new VectorField(f), shape, direction);
      f.repeat(() => {
        f.set(data, loop(data, quarter, quarter, table));
        f.set(blocks, i32.sub(blocks, 1));
        return blocks;
      });
    },
  );
}

/** (data, quarter bytes, length, table): one radix-4 level over `length` bytes of the quarters of one block. */
function radix4Part(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<FourOperands, readonly []> {
  return module.function(
    `${shape}4Part${direction}`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, data, quarter, length, table) => {
      overQuarters(f, new VectorField(f), shape, direction)(data, quarter, length, table);
    },
  );
}

/** (data, blocks, table): the two levels of blocks of 16 and of 4 elements, in registers. */
function baseLevels(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []> {
  return module.function(`${shape}16${direction}`, ['i32', 'i32', 'i32'], [], (f, data, blocks, table) => {
    const field = new VectorField(f);
    const twiddleAt = (bytes: number): Split => loadSplit(field, table, bytes);
    const units = ([a, b, c, d]: readonly [Four, Four, Four, Four]): [Four, Four, Four, Four] => [
      ...turnUnits(field, shape, direction, a, b),
      ...turnUnits(field, shape, direction, c, d),
    ];
    f.repeat(() => {
      const loaded = [0, 32, 64, 96].map((at) => field.load(data, at)) as [Four, Four, Four, Four];
      const turned =
        shape === 'time'
          ? turnQuarters(field, shape, direction, units(loaded), twiddleAt)
          : units(turnQuarters(field, shape, direction, loaded, twiddleAt));
      turned.forEach((value, index) => {
        field.store(data, value, 32 * index);
      });
      f.set(data, i32.add(data, 128));
      f.set(blocks, i32.sub(blocks, 1));
      return blocks;
    });
  });
}

/** (data, half bytes, length, table): one radix-2 level over `length` bytes of the halves of one block. */
function radix2Level(
  module: ModuleBuilder,
  shape: Shape,
  direction: Direction,
): FunctionReference<FourOperands, readonly []> {
  return module.function(`${shape}2${direction}`, ['i32', 'i32', 'i32', 'i32'], [], (f, data, half, length, table) => {
    const field = new VectorField(f);
    const second = f.let(i32.add(data, half));
    const end = f.let(i32.add(data, length));
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
 *
 * And `frequencyForwardPart` and so on (data, log, start, length): of the level of the whole block, which leaves four transforms of a quarter if the logarithm is even and two
 * of a half if it is odd, `length` bytes of each of these, `start` bytes behind their beginnings.
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
  const part = radix4Part(module, shape, direction);
  const base = baseLevels(module, shape, direction);
  const top = radix2Level(module, shape, direction);
  const even = module.declare(`${shape}Even${direction}`, ['i32', 'i32', 'i32'], []);
  const tableOf = (log: Local<'i32'>): Expression<'i32'> => i32.load(i32.shl(log, 2), RADIX4_TABLES[direction]);
  const topTableOf = (log: Local<'i32'>): Expression<'i32'> => i32.load(i32.shl(log, 2), RADIX2_TABLES[direction]);

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
        const baseBlocks = (): void => {
          f.set(block, 4);
          f.do(call(base, data, i32.shl(1, i32.sub(log, 4)), tableOf(block)));
        };
        if (shape === 'time') {
          f.set(block, i32.add(from, 2));
          f.if(i32.eqz(from), () => {
            baseBlocks();
            f.set(block, 6);
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
            () => i32.gt_u(block, 4),
            () => {
              oneLevel();
              f.set(block, i32.sub(block, 2));
            },
          );
          baseBlocks();
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
          f.do(call(top, data, halfBytes, halfBytes, topTableOf(log)));
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
  module.function(
    `${name}Part`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, data, log, start, length) => {
      const first = f.let(i32.add(data, start));
      // A twiddle has as many bytes as an element.
      f.if(
        i32.and(log, 1),
        () => {
          f.do(call(top, first, i32.shl(1, i32.add(log, 2)), length, i32.add(topTableOf(log), start)));
        },
        () => {
          f.do(call(part, first, i32.shl(1, i32.add(log, 1)), length, i32.add(tableOf(log), i32.mul(start, 3))));
        },
      );
    },
    { export: true },
  );
  return whole;
}
