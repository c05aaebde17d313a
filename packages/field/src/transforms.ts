import {
  assertDisjoint,
  assertOwned,
  assertParts,
  assertPoints,
  assertSameShape,
  assertShift,
  extensionLogs,
  interleavedLogs,
} from './checks.ts';
import { type CosetPoints, type TransformOptions } from './engine.ts';
import {
  add,
  canonical,
  GENERATOR,
  inverse,
  logOfPowerOfTwo,
  multiply,
  power,
  reverseBits,
  rootOfUnity,
  subtract,
} from './goldilocks.ts';
import { RADIX2_TABLES, RADIX4_TABLES } from './kernels/layout.ts';
import { MONTGOMERY_FACTOR } from './kernels/vector-field.ts';
import { type Matrix } from './matrix.ts';
import { LEAST_ROWS, PART_LOG, valuesAt } from './point-values.ts';
import { fillReversedPowers } from './powers.ts';
import { naiveTransform, reverseBitOrder } from './reference/transform.ts';
import { type KernelModule, type WasmEngine } from './wasm-engine.ts';

/** With the root of unity, or with its inverse; without the division by the size. */
export type Direction = 'forward' | 'inverse';

/** Smallest logarithm that the kernels take; below it columns are transformed on bigints. */
const KERNEL_LOG = 4;

/** Smallest logarithm of a transform that is divided among threads. */
const DIVIDED_LOG = 15;

/** Copies that a low-degree extension may begin with: 4^4, so that the first levels stay in cache. */
const MOST_COPIES = 256;

/** Whether some words are all zero; takes no time where the first is not. */
function isZero(words: BigUint64Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (words[at] !== 0n) return false;
  return true;
}

/** Smallest logarithm of the blocks that the kernel joins. */
const LEAST_BLOCK_LOG = 2;

/** Elements of all blocks together that are joined before the next ones, so that they stay in cache, and the fewest of one block. */
const TILE_WORDS = 1 << 15;
const LEAST_TILE = 256;

/** Levels of decimation in time between blocks of few elements, on bigints. */
function interleaveShortBlocks(a: Matrix, log: number, end: number, shift: bigint): void {
  const view = a.view();
  const whole = logOfPowerOfTwo(a.rows);
  for (let block = log + 1; block <= end; block++) {
    const half = 2 ** (block - 1);
    const root = rootOfUnity(block);
    const start = power(shift, 2n ** BigInt(whole - block));
    const factors = Array.from({ length: half }, (_, k) => multiply(start, power(root, BigInt(k))));
    for (let at = 0; at < view.length; at += 2 * half) {
      factors.forEach((factor, k) => {
        const [even, odd] = [view[at + k]!, multiply(factor, view[at + k + half]!)];
        view[at + k] = add(even, odd);
        view[at + k + half] = subtract(even, odd);
      });
    }
  }
}

/** Transforms of a WebAssembly engine, with their tables of twiddles. */
export class Transforms {
  readonly #engine: WasmEngine;
  readonly #ready = new Set<string>();

  constructor(engine: WasmEngine) {
    this.#engine = engine;
  }

  /** Makes sure that all levels of a transform of 2^log elements have their tables. */
  #prepare(log: number, direction: Direction): void {
    for (let block = log & ~1; block >= KERNEL_LOG; block -= 2) this.#table(block, direction, 'radix4');
    if ((log & 1) === 1) this.#table(log, direction, 'radix2');
  }

  /** The twiddles of one level, which stay for the life of the engine. */
  #table(log: number, direction: Direction, kind: 'radix2' | 'radix4'): void {
    const key = `${kind}${direction}${String(log)}`;
    if (this.#ready.has(key)) return;
    const engine = this.#engine;
    const root = rootOfUnity(log);
    const count = kind === 'radix4' ? 2 ** (log - 2) : 2 ** (log - 1);
    const most = kind === 'radix4' ? 3 : 1;
    const table = engine.arena.allocate(8 * count * most);
    const powers = engine.reserve(count * most);
    engine.powersInto(powers, direction === 'forward' ? root : inverse(root), MONTGOMERY_FACTOR);
    engine.run('pack', [[table.address, powers.address, count, most]]);
    powers.release();
    const pointers = (kind === 'radix4' ? RADIX4_TABLES : RADIX2_TABLES)[direction];
    new Int32Array(engine.arena.buffer)[pointers / 4 + log] = table.address;
    this.#ready.add(key);
  }

  /**
   * Transforms each column without scaling: the element with index i becomes Σ over j of a[j]·w^(±ij).
   *
   * Natural order in gives bit-reversed order out and the other way round.
   */
  raw(a: Matrix, direction: Direction, input: 'natural' | 'bit-reversed'): void {
    const log = logOfPowerOfTwo(a.rows, 'rows');
    if (log === 0 || a.columns === 0) return;
    if (log < KERNEL_LOG) {
      const root = direction === 'forward' ? rootOfUnity(log) : inverse(rootOfUnity(log));
      const view = a.view();
      for (let start = 0; start < view.length; start += a.rows) {
        const column = Array.from(view.subarray(start, start + a.rows));
        const natural = naiveTransform(input === 'natural' ? column : reverseBitOrder(column), root);
        view.set(input === 'natural' ? reverseBitOrder(natural) : natural, start);
      }
      return;
    }
    this.#prepare(log, direction);
    this.#run(a, input === 'natural' ? 'frequency' : 'time', direction, 0);
  }

  /** How many of so many columns are divided among all threads because they do not come out even. */
  #dividedOf(columns: number, log: number): number {
    const { threads } = this.#engine;
    return log < DIVIDED_LOG || threads === 1 ? 0 : columns % threads;
  }

  /** Runs transforms whose tables are ready. */
  #run(a: Matrix, shape: 'frequency' | 'time', direction: Direction, from: number): void {
    const engine = this.#engine;
    const log = logOfPowerOfTwo(a.rows);
    const name = `${shape}${direction === 'forward' ? 'Forward' : 'Inverse'}`;
    const divided = this.#dividedOf(a.columns, log);
    const whole = a.columns - divided;
    if (whole > 0) {
      engine.run(
        name,
        this.#columns(a.column(0, whole), (address) => [address, log, from]),
      );
    }
    if (divided === 0) return;
    const rest = a.column(whole, divided);
    this.#runDivided(
      this.#columns(rest, (address) => [address]).map(([address]) => address!),
      log,
      shape,
      direction,
      from,
    );
  }

  /** Runs transforms of the columns at some addresses, each divided among all threads. */
  #runDivided(
    addresses: readonly number[],
    log: number,
    shape: 'frequency' | 'time',
    direction: Direction,
    from: number,
  ): void {
    const engine = this.#engine;
    const name = `${shape}${direction === 'forward' ? 'Forward' : 'Inverse'}`;
    const partLog = log & 1 ? log - 1 : log - 2;
    const ownLevel = (): void => {
      const calls = addresses.flatMap((address) =>
        engine.parts(2 ** partLog).map(([start, length]) => [address, log, 8 * start, 8 * length]),
      );
      engine.run(`${name}Part`, calls);
    };
    if (shape === 'frequency') ownLevel();
    const parts = addresses.flatMap((address) =>
      Array.from({ length: 2 ** (log - partLog) }, (_, part) => address + 8 * 2 ** partLog * part),
    );
    engine.run(
      name,
      parts.map((address) => [address, partLog, from]),
    );
    if (shape === 'time') ownLevel();
  }

  #columns(a: Matrix, operands: (address: number, column: number) => number[]): number[][] {
    return Array.from({ length: a.columns }, (_, column) => operands(a.address + 8 * a.rows * column, column));
  }

  /** Multiplies each column by factor·shift^i at index i. */
  #scale(a: Matrix, factor: bigint, shift: bigint, order: 'natural' | 'bit-reversed'): void {
    const engine = this.#engine;
    if (shift === 1n) {
      if (factor !== 1n) engine.scaleInto(a, a, factor);
      return;
    }
    const table = this.#powers(a.rows, factor, shift, order);
    const parts = engine.parts(a.rows);
    const calls: number[][] = [];
    for (let column = 0; column < a.columns; column++) {
      for (const [start, length] of parts) {
        const address = a.address + 8 * (a.rows * column + start);
        calls.push([address, address, table.address + 8 * start, length]);
      }
    }
    engine.run('multiply', calls);
    table.release();
  }

  /** factor·shift^i at index i. */
  #powers(rows: number, factor: bigint, shift: bigint, order: 'natural' | 'bit-reversed'): Matrix {
    const engine = this.#engine;
    const table = engine.reserve(rows);
    if (order === 'natural') engine.powersInto(table, shift, factor);
    else fillReversedPowers(engine, table, shift, factor);
    return table;
  }

  evaluateInPlace(a: Matrix, { shift = 1n, input = 'natural', output = 'natural' }: TransformOptions): void {
    this.#check(a, shift);
    this.#scale(a, 1n, shift, input);
    this.raw(a, 'forward', input);
    if (input === output) this.reverseBitsInPlace(a);
  }

  evaluateInto(out: Matrix, a: Matrix, options: TransformOptions): void {
    const engine = this.#engine;
    const { shift = 1n, input = 'natural', output = 'natural' } = options;
    assertOwned(engine.holds, a);
    assertSameShape(out, a);
    this.#check(out, shift);
    assertDisjoint('out', out, a);
    const log = logOfPowerOfTwo(a.rows);
    if (log < KERNEL_LOG || input === 'natural' || output === 'bit-reversed') {
      engine.copyInto(out, a);
      this.evaluateInPlace(out, options);
      return;
    }
    this.#evaluateScaled([[out, a]], log, shift);
  }

  evaluatePartsInto(out: Matrix, parts: readonly (Matrix | undefined)[], shift: bigint): void {
    const engine = this.#engine;
    this.#check(out, shift);
    const { logParts, log } = interleavedLogs(out, parts.length);
    const rows = 2 ** log;
    assertOwned(engine.holds, ...parts.filter((part) => part !== undefined));
    assertParts(out, parts, rows);
    if (log < KERNEL_LOG) {
      parts.forEach((part, j) => {
        if (part === undefined) return;
        const first = reverseBits(j, logParts) * rows;
        engine.scope(() => {
          const values = engine.reserve(rows, out.columns);
          this.evaluateInto(values, part, { shift, input: 'bit-reversed' });
          const view = values.view();
          for (let column = 0; column < out.columns; column++) {
            out.view().set(view.subarray(rows * column, rows * (column + 1)), out.rows * column + first);
          }
        });
      });
      return;
    }
    const blocks = out.reshape(rows, out.columns * parts.length);
    const pairs = parts.flatMap((part, j): [Matrix, Matrix][] =>
      part === undefined
        ? []
        : Array.from({ length: out.columns }, (_, column) => [
            blocks.column(parts.length * column + reverseBits(j, logParts)),
            part.column(column),
          ]),
    );
    this.#evaluateScaled(pairs, log, shift);
  }

  /** Evaluates pairs of a matrix to write and one to read; of zeros nothing is computed. */
  #evaluateScaled(pairs: readonly (readonly [out: Matrix, a: Matrix])[], log: number, shift: bigint): void {
    const engine = this.#engine;
    const rows = 2 ** log;
    this.#prepare(log, 'forward');
    const table = this.#powers(rows, MONTGOMERY_FACTOR, shift, 'bit-reversed');
    /** By the kernels that read from a memory; the engine's own are undefined. */
    const calls = new Map<KernelModule | undefined, number[][]>();
    for (const [out, a] of pairs) {
      const view = a.view();
      const isInside = engine.owns(a.storage);
      const kernels = isInside ? undefined : engine.outside.kernelsOf(a.storage);
      const mine = calls.get(kernels) ?? [];
      calls.set(kernels, mine);
      for (let column = 0; column < a.columns; column++) {
        const start = 8 * rows * column;
        if (isZero(view, rows * column, rows * (column + 1))) {
          out.view().fill(0n, rows * column, rows * (column + 1));
        } else if (isInside || kernels !== undefined) {
          mine.push([out.address + start, a.address + start, table.address, log]);
        } else {
          // No kernel reaches it: evaluated where it is written.
          engine.copyInto(out.column(column), a.column(column));
          mine.push([out.address + start, out.address + start, table.address, log]);
        }
      }
    }
    for (const [kernels, mine] of calls) {
      const suffix = kernels === undefined ? '' : 'Outside';
      const divided = this.#dividedOf(mine.length, log);
      engine.run(`evaluateScaled${suffix}`, mine.slice(divided), kernels);
      for (const [out, a] of mine.slice(0, divided) as [number, number][]) {
        const parts = engine.parts(rows);
        engine.run(
          `scaled${suffix}`,
          parts.map(([start, length]) => [out + 8 * start, a + 8 * start, table.address + 8 * start, 8 * length]),
          kernels,
        );
        this.#runDivided([out], log, 'time', 'forward', 0);
      }
    }
    table.release();
  }

  evaluateAt(a: Matrix, points: CosetPoints): bigint[][] {
    const engine = this.#engine;
    assertOwned(engine.owns, a);
    assertPoints(a.rows, points);
    const { shift, blowup, numbers } = points;
    if (numbers.length === 0 || a.columns === 0) return numbers.map(() => []);
    if (a.rows >= LEAST_ROWS) {
      this.#prepare(PART_LOG, 'forward');
      return valuesAt(engine, a, points);
    }
    const root = rootOfUnity(logOfPowerOfTwo(a.rows * blowup));
    const rows = new Array<bigint[]>(numbers.length);
    for (const coset of new Set(numbers.map((number) => number % blowup))) {
      engine.scope(() => {
        const values = engine.reserve(a.rows, a.columns);
        this.evaluateInto(values, a, { shift: multiply(shift, power(root, BigInt(coset))), input: 'bit-reversed' });
        numbers.forEach((number, k) => {
          if (number % blowup !== coset) return;
          const row = Math.floor(number / blowup);
          rows[k] = Array.from({ length: a.columns }, (_, column) => values.get(row, column));
        });
      });
    }
    return rows;
  }

  interleaveInPlace(a: Matrix, parts: number, shift: bigint): void {
    const engine = this.#engine;
    this.#check(a, shift);
    const { logParts, log } = interleavedLogs(a, parts);
    if (logParts === 0 || a.columns === 0) return;
    // Blocks of fewer elements than a vector are joined on bigints.
    const kernelLog = Math.min(Math.max(log, LEAST_BLOCK_LOG), log + logParts);
    if (kernelLog > log) interleaveShortBlocks(a, log, kernelLog, shift);
    const end = log + logParts;
    if (kernelLog === end) return;
    engine.scope(() => {
      const tables = this.#interleavingTables(kernelLog, end, shift);
      const pointers = engine.allocate(Math.ceil(tables.length / 2));
      new Uint32Array(engine.arena.buffer).set(
        tables.map(({ address }) => address),
        pointers.address / 4,
      );
      const rows = 2 ** kernelLog;
      const view = a.view();
      const tile = Math.min(rows, Math.max(LEAST_TILE, TILE_WORDS / 2 ** (end - kernelLog)));
      const calls = this.#columns(a, (address) => [address]).flatMap(([address], column) =>
        Array.from({ length: isZero(view, a.rows * column, a.rows * (column + 1)) ? 0 : rows / tile }, (_, k) => [
          address!,
          kernelLog,
          end,
          8 * tile * k,
          8 * tile,
          pointers.address,
        ]),
      );
      engine.run('interleave', calls);
    });
  }

  /** The twiddles of the levels from blocks of 2^log elements to one of 2^end on a coset; they belong to the open scope. */
  #interleavingTables(log: number, end: number, shift: bigint): Matrix[] {
    const engine = this.#engine;
    const tables: Matrix[] = [];
    for (let block = log; block < end;) {
      const radixLog = ((end - block) & 1) === 1 ? 1 : 2;
      block += radixLog;
      const [count, most] = [2 ** (block - radixLog), 2 ** radixLog - 1];
      const table = engine.reserve(count * most);
      tables.push(table);
      engine.scope(() => {
        const powers = engine.reserve(count, most);
        const [root, start] = [rootOfUnity(block), power(shift, 2n ** BigInt(end - block))];
        for (let k = 1; k <= most; k++) {
          const first = multiply(MONTGOMERY_FACTOR, power(start, BigInt(k)));
          engine.powersInto(powers.column(k - 1), power(root, BigInt(k)), first);
        }
        engine.run('packColumns', [[table.address, powers.address, count, most]]);
      });
    }
    return tables;
  }

  interpolateInPlace(a: Matrix, { shift = 1n, input = 'natural', output = 'natural' }: TransformOptions): void {
    this.#check(a, shift);
    this.raw(a, 'inverse', input);
    if (input === output) this.reverseBitsInPlace(a);
    this.#scale(a, inverse(BigInt(a.rows)), inverse(shift), output);
  }

  #check(a: Matrix, shift: bigint): void {
    assertOwned(this.#engine.owns, a);
    logOfPowerOfTwo(a.rows, 'rows');
    assertShift(canonical(shift, 'shift'));
  }

  extendInto(out: Matrix, a: Matrix, shift: bigint = GENERATOR): void {
    const engine = this.#engine;
    assertOwned(engine.owns, out, a);
    this.#check(a, shift);
    const { log, outLog } = extensionLogs(out, a);
    if (a.columns === 0) return;
    const blowup = 2 ** (outLog - log);
    if (log < KERNEL_LOG || blowup === 1) {
      this.#extendSlowly(out, a, shift);
      return;
    }
    this.#prepare(log, 'inverse');
    this.#prepare(outLog, 'forward');
    const copies = Math.min(MOST_COPIES, 4 ** Math.floor((outLog - log) / 2));
    const table = this.#powers(a.rows, inverse(BigInt(a.rows)), shift, 'bit-reversed');
    const divided = this.#dividedOf(out.columns, outLog);
    const whole = out.columns - divided;
    if (whole > 0) {
      engine.run(
        'extend',
        this.#columns(out.column(0, whole), (address, column) => [
          address,
          outLog,
          a.address + 8 * a.rows * column,
          log,
          table.address,
          copies,
          blowup - copies,
        ]),
      );
    }
    for (let column = whole; column < out.columns; column++) {
      const target = out.column(column);
      const end = target.slice(out.rows - a.rows);
      engine.copyInto(end, a.column(column));
      this.#run(end, 'frequency', 'inverse', 0);
      engine.run('spread', [[target.address, end.address, table.address, a.rows, copies, blowup - copies]]);
      this.#run(target, 'time', 'forward', Math.log2(copies));
    }
    table.release();
  }

  /** The same through coefficients in natural order, for very short columns and for a mere change of coset. */
  #extendSlowly(out: Matrix, a: Matrix, shift: bigint): void {
    const engine = this.#engine;
    engine.scope(() => {
      const coefficients = engine.reserve(a.rows, a.columns);
      engine.copyInto(coefficients, a);
      this.interpolateInPlace(coefficients, {});
      out.view().fill(0n);
      for (let column = 0; column < a.columns; column++) {
        engine.copyInto(out.column(column).slice(0, a.rows), coefficients.column(column));
      }
      this.evaluateInPlace(out, { shift });
    });
  }

  reverseBitsInPlace(a: Matrix): void {
    assertOwned(this.#engine.owns, a);
    const log = logOfPowerOfTwo(a.rows, 'rows');
    if (log > 1)
      this.#engine.run(
        'reverse',
        this.#columns(a, (address) => [address, log]),
      );
  }
}
