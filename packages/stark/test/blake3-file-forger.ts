import { add, MODULUS, multiply, reduce } from '@commute/field';
import { type Compression, createBlake3Compression, IV } from '../examples/blake3-compression.ts';
import { fileTraces } from '../examples/blake3-file.ts';
import { appliesTo, cubicValues, evaluateRow } from '../src/concrete.ts';
import { type TableTrace } from '../src/index.ts';

const chip = createBlake3Compression();

const honestTraces = new Map<string, TableTrace>();

/** The first trace of a file, computed once. */
function honestTrace(file: Uint8Array): TableTrace {
  const key = file.join();
  const trace = honestTraces.get(key) ?? fileTraces(file).traces[0]!;
  honestTraces.set(key, trace);
  return trace;
}

/** Options of a {@link FileForger}. */
export interface ForgerOptions {
  /** Rows of the trace; as many as the honest one by default. */
  readonly rows?: number;
  /** A compression function that is not BLAKE3's: gives the output for an input, or nothing where it agrees. */
  readonly compress?: (input: readonly bigint[]) => readonly bigint[] | undefined;
}

/** A trace of the table of a file that can be tampered with, row by row; what follows by compressing is computed anew. */
export class FileForger {
  readonly #honest: TableTrace;
  readonly #at: ReadonlyMap<string, number>;
  readonly #compress: ForgerOptions['compress'];
  readonly #computed = new Map<string, readonly bigint[]>();
  readonly publicValues: bigint[];
  /** By row and column. */
  cells: bigint[][];

  constructor(file: Uint8Array, { rows, compress }: ForgerOptions = {}) {
    const honest = honestTrace(file);
    this.#honest = honest;
    this.#compress = compress;
    this.#at = new Map(honest.table.names.main.map((name, index) => [name, index]));
    this.publicValues = [...honest.trace.publicValues];
    this.cells = Array.from({ length: honest.trace.rows }, (_, row) => honest.trace.main.map((cells) => cells[row]!));
    while (this.cells.length < (rows ?? 0)) this.insertIdle(this.cells.length);
  }

  get rows(): number {
    return this.cells.length;
  }

  get(row: number, name: string): bigint {
    return this.cells[row]![this.#at.get(name)!]!;
  }

  set(row: number, values: Readonly<Record<string, bigint | number>>): this {
    for (const [name, value] of Object.entries(values)) {
      const column = this.#at.get(name);
      if (column === undefined) throw new Error(`no column ${name}`);
      this.cells[row]![column] = reduce(BigInt(value) + 64n * MODULUS);
    }
    return this;
  }

  /** Puts an idle row before row `at`. */
  insertIdle(at: number): this {
    this.cells.splice(
      at,
      0,
      this.#honest.table.names.main.map(() => 0n),
    );
    this.renumber();
    return this;
  }

  /** Numbers rows from `first` on. */
  renumber(first = 0): this {
    for (let row = 0; row < this.rows; row++) this.set(row, { number: first + row });
    return this;
  }

  /** The content of a block: what is there, and its bytes. */
  setBlock(
    row: number,
    content: readonly number[],
    present: readonly (bigint | number)[] = content.map(() => 1),
  ): this {
    for (let index = 0; index < 64; index++) {
      this.set(row, {
        [`bytes[${String(index)}]`]: content[index] ?? 0,
        [`present[${String(index)}]`]: present[index] ?? 0,
      });
    }
    return this;
  }

  setBits(row: number, name: 'block' | 'excess', value: number): this {
    for (let bit = 0; bit < (name === 'block' ? 4 : 16); bit++)
      this.set(row, { [`${name}[${String(bit)}]`]: (value >> bit) & 1 });
    return this;
  }

  words(row: number, name: 'output' | 'chainingValue'): bigint[] {
    return Array.from({ length: 8 }, (_, index) => this.get(row, `${name}[${String(index)}]`));
  }

  setWords(row: number, name: 'output' | 'chainingValue', words: ArrayLike<bigint | number>): this {
    for (let index = 0; index < 8; index++) this.set(row, { [`${name}[${String(index)}]`]: words[index]! });
    return this;
  }

  /** What a row asks to be compressed: chaining value, block, counter, length, flags. */
  input(row: number): bigint[] {
    const bytes = Array.from({ length: 64 }, (_, index) => this.get(row, `bytes[${String(index)}]`));
    const words = Array.from({ length: 16 }, (_, index) =>
      bytes.slice(4 * index, 4 * index + 4).reduceRight((high, low) => add(multiply(high, 256n), low), 0n),
    );
    const length = Array.from({ length: 64 }, (_, index) => this.get(row, `present[${String(index)}]`)).reduce(add, 0n);
    const flag = (name: string, value: bigint): bigint => multiply(this.get(row, name), value);
    const flags = [flag('start', 1n), flag('end', 2n), flag('parent', 4n), flag('root', 8n)].reduce(add, 0n);
    return [
      ...this.words(row, 'chainingValue'),
      ...words,
      multiply(this.get(row, 'leaf'), this.get(row, 'chunk')),
      0n,
      length,
      flags,
    ];
  }

  compress(input: readonly bigint[]): readonly bigint[] {
    const other = this.#compress?.(input);
    if (other !== undefined) return other;
    const key = input.join();
    let output = this.#computed.get(key);
    if (output === undefined) {
      const numbers = input.map(Number);
      const compression: Compression = {
        chainingValue: Uint32Array.from(numbers.slice(0, 8)),
        block: Uint32Array.from(numbers.slice(8, 24)),
        counter: [numbers[24]!, numbers[25]!],
        length: numbers[26]!,
        flags: numbers[27]!,
      };
      output = Array.from(chip.compress(compression), BigInt);
      this.#computed.set(key, output);
    }
    return output;
  }

  /** Computes chaining values, outputs, and the digest anew: `kept` rows keep their chaining values. */
  settle(kept: readonly number[] = []): this {
    for (let row = 0; row < this.rows; row++) {
      const isActive = this.get(row, 'leaf') !== 0n || this.get(row, 'parent') !== 0n;
      if (!isActive) continue;
      const goesOn = row > 0 && this.get(row - 1, 'leaf') === 1n && this.get(row - 1, 'end') === 0n;
      if (goesOn && !kept.includes(row)) this.setWords(row, 'chainingValue', this.words(row - 1, 'output'));
      this.setWords(row, 'output', this.compress(this.input(row)));
      if (this.get(row, 'root') === 1n) this.publicValues.splice(1, 8, ...this.words(row, 'output'));
    }
    return this;
  }

  /** Makes a row a parent of the outputs of two others. */
  setParent(row: number, left: number, right: number, values: Readonly<Record<string, bigint | number>>): this {
    const bytes = [...this.words(left, 'output'), ...this.words(right, 'output')].flatMap((word) =>
      [0n, 8n, 16n, 24n].map((shift) => Number((word >> shift) & 255n)),
    );
    this.cells[row]!.fill(0n);
    this.setBlock(row, bytes)
      .setWords(row, 'chainingValue', IV)
      .set(row, { number: row, parent: 1, ...values });
    return this;
  }

  trace(): TableTrace {
    const { table, trace } = this.#honest;
    const main = table.names.main.map((_, column) => this.cells.map((row) => row[column]!));
    return { table, trace: { ...trace, rows: this.rows, main, publicValues: this.publicValues } };
  }

  /**
   * What objects to the trace, where the other tables are honest: constraints, and buses. A table of compressions has one input and one output
   * for each number; those that are asked for, unless others are given by number.
   */
  objections(computed: Readonly<Record<string, readonly bigint[]>> = {}): string[] {
    const { table, trace } = this.trace();
    const found = new Set<string>();
    const nodes = new Map<string, bigint>();
    const inputs = new Map<string, readonly bigint[]>();
    const outputs: (readonly bigint[])[] = [];
    const full = { ...trace, auxiliary: [], challenges: [], exposed: [] };
    for (let row = 0; row < this.rows; row++) {
      const { constraints, messages } = evaluateRow(table, full, row);
      for (const { name, rows, value } of constraints) {
        if (appliesTo(rows, row, this.rows) && !cubicValues().isZero(value)) found.add(name);
      }
      for (const { bus, direction, tuple, multiplicity } of messages) {
        if (multiplicity === 0n) continue;
        const key = tuple.join();
        if (bus === 'byte' && tuple[0]! > 255n) found.add('bus byte');
        if (bus === 'blake3 node') {
          nodes.set(key, add(nodes.get(key) ?? 0n, direction === 'send' ? multiplicity : MODULUS - multiplicity));
        }
        if (bus === 'blake3 input') {
          const [number, ...input] = tuple as [bigint, ...bigint[]];
          const before = computed[String(number)] ?? inputs.get(String(number)) ?? input;
          inputs.set(String(number), before);
          const isRight = before.join() === input.join() && input.every((word) => word < 1n << 32n);
          if (number >= 1n << 20n || !isRight) found.add('bus blake3 input');
        }
        if (bus === 'blake3 output') outputs.push(tuple);
      }
    }
    for (const [number, ...output] of outputs) {
      const input = inputs.get(String(number));
      if (input === undefined || this.compress(input).join() !== output.join()) found.add('bus blake3 output');
    }
    if ([...nodes.values()].some((balance) => balance !== 0n)) found.add('bus blake3 node');
    return [...found];
  }
}
