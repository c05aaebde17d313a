import { assertDisjoint, assertOwned, assertSameShape, assertShift, extensionLogs } from './checks.ts';
import { type TransformOptions } from './engine.ts';
import { canonical, GENERATOR, inverse, logOfPowerOfTwo, rootOfUnity } from './goldilocks.ts';
import { RADIX2_TABLES, RADIX4_TABLES } from './kernels/layout.ts';
import { MONTGOMERY_FACTOR } from './kernels/vector-field.ts';
import { type Matrix } from './matrix.ts';
import { fillReversedPowers } from './powers.ts';
import { naiveTransform, reverseBitOrder } from './reference/transform.ts';
import { type WasmEngine } from './wasm-engine.ts';

/** With the root of unity, or with its inverse; without the division by the size. */
export type Direction = 'forward' | 'inverse';

/** Smallest logarithm that the kernels take; below it columns are transformed on bigints. */
const KERNEL_LOG = 4;

/** Smallest logarithm of a transform that is divided among threads. */
const DIVIDED_LOG = 15;

/** Copies that a low-degree extension may begin with: 4^4, so that the first levels stay in cache. */
const MOST_COPIES = 256;

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

  /** How many of a matrix's columns, the last ones, are divided among all threads because they do not come out even. */
  #dividedColumns(a: Matrix): number {
    const { threads } = this.#engine;
    return a.rows < 2 ** DIVIDED_LOG || threads === 1 ? 0 : a.columns % threads;
  }

  /** Runs transforms whose tables are ready. */
  #run(a: Matrix, shape: 'frequency' | 'time', direction: Direction, from: number): void {
    const engine = this.#engine;
    const log = logOfPowerOfTwo(a.rows);
    const name = `${shape}${direction === 'forward' ? 'Forward' : 'Inverse'}`;
    const divided = this.#dividedColumns(a);
    const whole = a.columns - divided;
    if (whole > 0) {
      engine.run(
        name,
        this.#columns(a.column(0, whole), (address) => [address, log, from]),
      );
    }
    if (divided === 0) return;
    const rest = a.column(whole, divided);
    const partLog = log & 1 ? log - 1 : log - 2;
    const ownLevel = (): void => {
      const calls = this.#columns(rest, (address) => [address]).flatMap(([address]) =>
        engine.parts(2 ** partLog).map(([start, length]) => [address!, log, 8 * start, 8 * length]),
      );
      engine.run(`${name}Part`, calls);
    };
    if (shape === 'frequency') ownLevel();
    engine.run(
      name,
      this.#columns(rest.reshape(2 ** partLog, divided * 2 ** (log - partLog)), (address) => [address, partLog, from]),
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
    assertOwned(engine.owns, out, a);
    assertSameShape(out, a);
    this.#check(a, shift);
    assertDisjoint('out', out, a);
    const log = logOfPowerOfTwo(a.rows);
    if (log < KERNEL_LOG || input === 'natural' || output === 'bit-reversed') {
      engine.copyInto(out, a);
      this.evaluateInPlace(out, options);
      return;
    }
    this.#prepare(log, 'forward');
    const table = this.#powers(a.rows, MONTGOMERY_FACTOR, shift, 'bit-reversed');
    engine.run(
      'evaluateScaled',
      this.#columns(out, (address, column) => [address, a.address + 8 * a.rows * column, table.address, log]),
    );
    table.release();
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
    const divided = this.#dividedColumns(out);
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
