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
  type MemoryReference,
  type ModuleBuilder,
} from '@commute/wasm';
import { spreadKernel } from './arrange.ts';
import { type Direction, type Form, type Forms, PLAIN, type Shape, turnQuarters, turnUnits } from './butterfly.ts';
import { RADIX2_TABLES, RADIX4_TABLES } from './layout.ts';
import { pointSumsKernel, type ScaledReference } from './point-sums.ts';
import { type Four, type Split, VectorField } from './vector-field.ts';

/** Blocks of at most this many elements are transformed level by level; larger ones quarter by quarter. */
const CACHED_LOG = 10;

function loadSplit(field: VectorField, address: Local<'i32'>, offset: number): Split {
  const { low, high } = field.load(address, offset);
  return { lows: low, highs: high };
}

/** Writes the loop over `length` bytes of four quarters; `data` ends that much further on, the last of the other pointers is returned. */
function overQuarters(
  f: FunctionBuilder,
  field: VectorField,
  shape: Shape,
  direction: Direction,
  forms: Forms = PLAIN,
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
      const turned = turnQuarters(field, shape, direction, loaded, (at) => loadSplit(field, twiddle, at), forms);
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
  forms: Forms,
): FunctionReference<FourOperands, readonly []> {
  return module.function(
    `${shape}4${direction}${forms.input}${forms.output}`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, data, quarter, blocks, table) => {
      const loop = overQuarters(f, new VectorField(f), shape, direction, forms);
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
  input: Form,
): FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []> {
  const inner: Form = shape === 'frequency' ? 'offset' : 'plain';
  return module.function(`${shape}16${direction}${input}`, ['i32', 'i32', 'i32'], [], (f, data, blocks, table) => {
    const field = new VectorField(f);
    const twiddleAt = (bytes: number): Split => loadSplit(field, table, bytes);
    const units = ([a, b, c, d]: readonly [Four, Four, Four, Four]): [Four, Four, Four, Four] => [
      ...turnUnits(field, shape, direction, a, b, inner),
      ...turnUnits(field, shape, direction, c, d, inner),
    ];
    f.repeat(() => {
      const loaded = [0, 32, 64, 96].map((at) => field.load(data, at)) as [Four, Four, Four, Four];
      const turned =
        shape === 'time'
          ? turnQuarters(field, shape, direction, units(loaded), twiddleAt)
          : units(turnQuarters(field, shape, direction, loaded, twiddleAt, { input, output: inner }));
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
  const { whole: toCoefficients } = transformKernel(module, 'frequency', 'inverse');
  const { whole: toValues, part, top } = transformKernel(module, 'time', 'forward');
  transformKernel(module, 'time', 'inverse');
  extendKernel(module, toCoefficients, toValues, spreadKernel(module));
  const scaled = scaledKernel(module, toValues);
  interleaveKernel(module, part, top);
  pointSumsKernel(module, scaled);
}

/** (data, log, from) */
export type TransformReference = FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []>;

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
 * `scaled` (out, source, table, bytes): each word multiplied by the table's word of its place, which is in Montgomery form. And `evaluateScaled` (out, source, table, log): the
 * values of one column of coefficients in bit-reversed order, multiplied like that.
 *
 * @param suffix - what is behind the names.
 * @param memory - where the source is, the first memory unless told.
 */
export function scaledKernel(
  module: ModuleBuilder,
  toValues: TransformReference,
  suffix = '',
  memory?: MemoryReference,
): ScaledReference {
  const scaled = module.function(
    `scaled${suffix}`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, source, table, bytes) => {
      const field = new VectorField(f);
      const end = f.let(i32.add(out, bytes));
      f.repeat(() => {
        const factor = field.split(field.load(table));
        field.store(out, field.multiplyMontgomery(field.split(field.load(source, 0, memory)), factor));
        for (const pointer of [out, source, table]) f.set(pointer, i32.add(pointer, 32));
        return i32.ne(out, end);
      });
    },
    { export: true },
  );
  return module.function(
    `evaluateScaled${suffix}`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, source, table, log) => {
      f.do(call(scaled, out, source, table, i32.shl(8, log)));
      f.do(call(toValues, out, log, 0));
    },
    { export: true },
  );
}

/**
 * `interleave` (data, log, end, start, length, tables): the levels of decimation in time from blocks of 2^log elements, log ≥ 2, to one of 2^end, for `length` bytes
 * of each of the blocks, `start` bytes behind their beginnings; no others are needed for these. An odd number of levels begins with one of radix 2.
 * `tables` is the address of pointers to the levels' twiddles.
 */
function interleaveKernel(
  module: ModuleBuilder,
  part: TransformFunctions['part'],
  top: TransformFunctions['top'],
): void {
  module.function(
    'interleave',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, data, log, end, start, length, tables) => {
      const [target, table, chunk, left] = Array.from({ length: 4 }, () => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const block = f.let(i32.add(log, 0));
      const first = f.let(i32.add(data, start));
      const bytes = f.let(i32.shl(8, log));
      const blockBytes = f.let(i32.shl(8, log));
      f.if(i32.and(i32.sub(end, log), 1), () => {
        f.set(target, first);
        f.set(left, i32.shl(1, i32.sub(i32.sub(end, log), 1)));
        f.set(table, i32.add(i32.load(tables), start));
        f.repeat(() => {
          f.do(call(top, target, bytes, length, table));
          f.set(target, i32.add(target, i32.shl(bytes, 1)));
          f.set(left, i32.sub(left, 1));
          return left;
        });
        f.set(block, i32.add(block, 1));
        f.set(blockBytes, i32.shl(bytes, 1));
        f.set(tables, i32.add(tables, 4));
      });
      f.while(
        () => i32.lt_u(block, end),
        () => {
          f.set(target, first);
          f.set(left, i32.shl(1, i32.sub(i32.sub(end, block), 2)));
          f.repeat(() => {
            f.set(chunk, 0);
            f.repeat(() => {
              f.set(table, i32.add(i32.load(tables), i32.mul(i32.add(chunk, start), 3)));
              f.do(call(part, i32.add(target, chunk), blockBytes, length, table));
              f.set(chunk, i32.add(chunk, bytes));
              return i32.lt_u(chunk, blockBytes);
            });
            f.set(target, i32.add(target, i32.shl(blockBytes, 2)));
            f.set(left, i32.sub(left, 1));
            return left;
          });
          f.set(block, i32.add(block, 2));
          f.set(blockBytes, i32.shl(blockBytes, 2));
          f.set(tables, i32.add(tables, 4));
        },
      );
    },
    { export: true },
  );
}

/** (data, log, from): the levels of blocks of an even logarithm. */
type EvenReference = FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []>;

const tableOf = (log: Local<'i32'>, direction: Direction): Expression<'i32'> =>
  i32.load(i32.shl(log, 2), RADIX4_TABLES[direction]);

/** Decimation in time: quarters first. */
function timeLevels(module: ModuleBuilder, direction: Direction): EvenReference {
  const level = radix4Level(module, 'time', direction, PLAIN);
  const base = baseLevels(module, 'time', direction, 'plain');
  const even = module.declare(`timeEven${direction}`, ['i32', 'i32', 'i32'], []);
  module.define(even, (f, data, log, from) => {
    f.if(
      i32.gt_u(log, CACHED_LOG),
      () => {
        const quarterBytes = f.let(i32.shl(1, i32.add(log, 1)));
        for (let part = 0; part < 4; part++) {
          f.do(call(even, i32.add(data, i32.mul(quarterBytes, part)), i32.sub(log, 2), from));
        }
        f.do(call(level, data, quarterBytes, 1, tableOf(log, direction)));
      },
      () => {
        const block = f.let(i32.add(from, 2));
        f.if(i32.eqz(from), () => {
          f.set(block, 4);
          f.do(call(base, data, i32.shl(1, i32.sub(log, 4)), tableOf(block, direction)));
          f.set(block, 6);
        });
        f.while(
          () => i32.le_u(block, log),
          () => {
            const quarterBytes = i32.shl(1, i32.add(block, 1));
            f.do(call(level, data, quarterBytes, i32.shl(1, i32.sub(log, block)), tableOf(block, direction)));
            f.set(block, i32.add(block, 2));
          },
        );
      },
    );
  });
  return even;
}

/** Decimation in frequency: quarters last. Between the levels words keep an offset. */
function frequencyLevels(module: ModuleBuilder, direction: Direction): EvenReference {
  const inner = module.declare(`frequencyInner${direction}`, ['i32', 'i32', 'i32'], []);
  const innerLevel = radix4Level(module, 'frequency', direction, { input: 'offset', output: 'offset' });
  const innerBase = baseLevels(module, 'frequency', direction, 'offset');
  const define = (
    even: EvenReference,
    level: ReturnType<typeof radix4Level>,
    base: ReturnType<typeof baseLevels>,
  ): void => {
    module.define(even, (f, data, log, from) => {
      const block = f.let(i32.add(log, 0));
      const baseBlocks = (kernel: ReturnType<typeof baseLevels>): void => {
        f.do(call(kernel, data, i32.shl(1, i32.sub(log, 4)), tableOf(block, direction)));
      };
      f.if(
        i32.eq(log, 4),
        () => {
          baseBlocks(base);
        },
        () => {
          const quarterBytes = f.let(i32.shl(1, i32.add(log, 1)));
          f.do(call(level, data, quarterBytes, 1, tableOf(log, direction)));
          f.if(
            i32.gt_u(log, CACHED_LOG),
            () => {
              for (let part = 0; part < 4; part++) {
                f.do(call(inner, i32.add(data, i32.mul(quarterBytes, part)), i32.sub(log, 2), from));
              }
            },
            () => {
              f.set(block, i32.sub(log, 2));
              f.while(
                () => i32.gt_u(block, 4),
                () => {
                  const bytes = i32.shl(1, i32.add(block, 1));
                  f.do(call(innerLevel, data, bytes, i32.shl(1, i32.sub(log, block)), tableOf(block, direction)));
                  f.set(block, i32.sub(block, 2));
                },
              );
              baseBlocks(innerBase);
            },
          );
        },
      );
    });
  };
  define(inner, innerLevel, innerBase);
  const outer = module.declare(`frequencyEven${direction}`, ['i32', 'i32', 'i32'], []);
  const outerLevel = radix4Level(module, 'frequency', direction, { input: 'plain', output: 'offset' });
  define(outer, outerLevel, baseLevels(module, 'frequency', direction, 'plain'));
  return outer;
}

/** A transform, and its level of the whole block by radix 4 and by radix 2, on parts of it. */
interface TransformFunctions {
  readonly whole: TransformReference;
  readonly part: FunctionReference<FourOperands, readonly []>;
  readonly top: FunctionReference<FourOperands, readonly []>;
}

function transformKernel(module: ModuleBuilder, shape: Shape, direction: Direction): TransformFunctions {
  const part = radix4Part(module, shape, direction);
  const top = radix2Level(module, shape, direction);
  const even = shape === 'time' ? timeLevels(module, direction) : frequencyLevels(module, direction);
  const topTableOf = (log: Local<'i32'>): Expression<'i32'> => i32.load(i32.shl(log, 2), RADIX2_TABLES[direction]);

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
          f.do(
            call(part, first, i32.shl(1, i32.add(log, 1)), length, i32.add(tableOf(log, direction), i32.mul(start, 3))),
          );
        },
      );
    },
    { export: true },
  );
  return { whole, part, top };
}
