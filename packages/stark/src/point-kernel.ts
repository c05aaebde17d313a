/**
 * Constraints at one point of the extension by a kernel, on claimed values as they stand in a proof: what {@link pointProgram} does with bigints.
 *
 * A table's constraints become a list of steps on numbered places of memory, from the opened cells to whether the quotient is right. One small kernel plays any
 * such list, so that a process's first verification has nothing to compile per table. Elements are of the default cubic extension.
 *
 * @module
 */
import { type ExtensionElement } from '@commute/field';
import { ELEMENT_BYTES } from '@commute/field/kernels';
import { bytesFromBase64, compile, createMemory, instantiate } from '@commute/wasm';
import { type Arithmetization } from './arithmetize.ts';
import { ROW_KINDS } from './evaluate.ts';
import { type Area } from './graph.ts';
import { POINT_MODULE } from './point-module-bytes.ts';
import { ADD, ACCUMULATE, HEAP_START, MOST_PAGES, MULTIPLY, STEP_WORDS, SUBTRACT } from './point-steps.ts';

/** What a table's constraints are checked on; words are little-endian as in a proof. */
export interface ScannedCells {
  /** The columns' values at the point and at that of the next row; three columns for each auxiliary one. Empty where there are none. */
  readonly main: readonly [Uint8Array, Uint8Array];
  readonly auxiliary: readonly [Uint8Array, Uint8Array];
  readonly preprocessed: readonly [Uint8Array, Uint8Array];
  /** The values of the quotient's columns, three for each piece. */
  readonly quotient: Uint8Array;
  readonly publicValues: readonly bigint[];
  readonly challenges: readonly ExtensionElement[];
  readonly terminal: ExtensionElement;
  readonly exposed: readonly ExtensionElement[];
  /** 1 over the zerofier of each kind of rows, in the order of {@link ROW_KINDS}. */
  readonly factors: readonly ExtensionElement[];
  /** The point to the power of a piece's coefficients. */
  readonly fromPiece: ExtensionElement;
}

const PAGE = 65536;

interface Machine {
  readonly powers: (out: number, base: number, count: number) => void;
  readonly play: (steps: number, count: number) => void;
  readonly isZero: (address: number) => number;
  /** The memory, of at least so many bytes. */
  readonly memory: (bytes: number) => ArrayBuffer;
}

/** Compiled where it is first used. */
let machine: Machine | undefined;

function createMachine(): Machine {
  const memory = createMemory({ initial: 4, maximum: MOST_PAGES });
  const kernels = instantiate(compile(bytesFromBase64(POINT_MODULE)), { env: { memory } }) as unknown as Omit<
    Machine,
    'memory'
  >;
  return {
    ...kernels,
    memory: (bytes) => {
      const missing = bytes - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
      return memory.buffer as ArrayBuffer;
    },
  };
}

/** Where inputs stand, in elements from the start of the heap, and what is done with them. */
interface Layout {
  readonly weights: number;
  readonly factors: number;
  readonly fromPiece: number;
  readonly publicValues: number;
  readonly challenges: number;
  readonly terminal: number;
  readonly exposed: number;
  readonly cells: Readonly<Record<Area, readonly [number, number]>>;
  readonly quotient: number;
  readonly constants: number;
  /** Words of the constants, 0 for the sums that steps begin with included. */
  readonly constantWords: BigUint64Array;
  /** Where what has to be zero stands. */
  readonly difference: number;
  /** Elements in all; the steps come behind them. */
  readonly size: number;
  readonly steps: Int32Array;
}

const layouts = new WeakMap<Arithmetization, Map<number, Layout>>();

function layoutOf(arithmetization: Arithmetization, quotientColumns: number): Layout {
  const own = layouts.get(arithmetization) ?? new Map<number, Layout>();
  layouts.set(arithmetization, own);
  const layout = own.get(quotientColumns) ?? layOut(arithmetization, quotientColumns);
  own.set(quotientColumns, layout);
  return layout;
}

function layOut(arithmetization: Arithmetization, quotientColumns: number): Layout {
  const { graph, constraints, names, table, challenges, exposed } = arithmetization;
  let size = 0;
  const take = (count: number): number => {
    size += count;
    return size - count;
  };
  const weights = take(constraints.length);
  const factors = take(ROW_KINDS.length);
  const fromPiece = take(1);
  const inputs = {
    publicValues: take(table.publicValues.length),
    challenges: take(challenges.length),
    terminal: take(1),
    exposed: take(exposed.length),
    cells: {
      main: [take(names.main.length), take(names.main.length)],
      auxiliary: [take(3 * names.auxiliary.length), take(3 * names.auxiliary.length)],
      preprocessed: [take(names.preprocessed.length), take(names.preprocessed.length)],
    } as const,
    quotient: take(quotientColumns),
  };

  const steps: number[] = [];
  const address = (place: number): number => HEAP_START + ELEMENT_BYTES * place;
  const emit = (operation: number, out: number, left: number, right: number): number => {
    steps.push(operation, address(out), address(left), address(right));
    return out;
  };
  const order = graph.below(constraints.map(({ root }) => root));
  // Constants stand together; so they are counted first.
  const constants = take(0);
  const words: bigint[] = [];
  const constant = (...element: readonly [bigint, bigint, bigint]): number => {
    words.push(...element);
    return take(1);
  };
  const basis = [0, 1, 2].map((power) => constant(power === 0 ? 1n : 0n, power === 1 ? 1n : 0n, power === 2 ? 1n : 0n));
  const sums = ROW_KINDS.map(() => constant(0n, 0n, 0n));
  const [expected, claimed] = [constant(0n, 0n, 0n), constant(0n, 0n, 0n)] as const;
  const places = new Int32Array(graph.size);
  for (const index of order) {
    const node = graph.node(index);
    if (node.kind === 'constant') places[index] = constant(node.value, 0n, 0n);
  }
  /** Σ x^k·(first + k), of three neighbouring columns. */
  const join = (first: number): number => {
    const out = emit(MULTIPLY, take(1), basis[1]!, first + 1);
    emit(ACCUMULATE, out, basis[2]!, first + 2);
    return emit(ADD, out, out, first);
  };
  const joined = new Map<number, number>();
  for (const index of order) {
    const node = graph.node(index);
    switch (node.kind) {
      case 'constant':
        break;
      case 'cell': {
        const start = inputs.cells[node.area][node.next ? 1 : 0];
        if (node.area === 'auxiliary') {
          const first = start + 3 * node.column;
          const known = joined.get(first) ?? join(first);
          joined.set(first, known);
          places[index] = known;
        } else places[index] = start + node.column;
        break;
      }
      case 'public':
        places[index] = inputs.publicValues + node.index;
        break;
      case 'challenge':
        places[index] = inputs.challenges + node.index;
        break;
      case 'exposed':
        places[index] = inputs.exposed + node.index;
        break;
      case 'terminal':
        places[index] = inputs.terminal;
        break;
      case 'basis':
        places[index] = basis[node.power]!;
        break;
      default: {
        const operation = node.kind === 'add' ? ADD : node.kind === 'subtract' ? SUBTRACT : MULTIPLY;
        places[index] = emit(operation, take(1), places[node.left]!, places[node.right]!);
      }
    }
  }
  constraints.forEach(({ rows, root }, index) => {
    emit(ACCUMULATE, sums[ROW_KINDS.indexOf(rows)]!, weights + index, places[root]!);
  });
  sums.forEach((sum, kind) => {
    emit(ACCUMULATE, expected, sum, factors + kind);
  });
  for (let piece = quotientColumns / 3 - 1; piece >= 0; piece--) {
    emit(MULTIPLY, claimed, claimed, fromPiece);
    emit(ADD, claimed, claimed, join(inputs.quotient + 3 * piece));
  }
  emit(SUBTRACT, expected, expected, claimed);
  return {
    weights,
    factors,
    fromPiece,
    ...inputs,
    constants,
    constantWords: BigUint64Array.from(words),
    difference: expected,
    size,
    steps: Int32Array.from(steps),
  };
}

/** Checks tables at a point whose constraints are weighted by powers of one challenge. */
export interface PointChecker {
  /** Whether the weighted constraints, each kind over its zerofier, equal the quotient. */
  readonly holds: (arithmetization: Arithmetization, cells: ScannedCells) => boolean;
}

/**
 * Prepares to check tables.
 *
 * @param mostConstraints - of any of the tables.
 */
export function pointChecker(challenge: ExtensionElement, mostConstraints: number): PointChecker {
  machine ??= createMachine();
  const { powers, play, isZero, memory } = machine;
  const count = Math.max(1, mostConstraints);
  const start = new BigUint64Array(memory(HEAP_START + ELEMENT_BYTES * (count + 1)), HEAP_START, 6);
  start.set([...challenge, 1n, 0n, 0n]);
  powers(HEAP_START + ELEMENT_BYTES, HEAP_START, count);
  const weights = new Uint8Array(memory(0), HEAP_START + ELEMENT_BYTES, ELEMENT_BYTES * count).slice();
  return {
    holds: (arithmetization, cells) => {
      const layout = layoutOf(arithmetization, cells.quotient.length / ELEMENT_BYTES);
      const stepsAt = HEAP_START + ELEMENT_BYTES * layout.size;
      const buffer = memory(stepsAt + layout.steps.byteLength);
      const bytes = new Uint8Array(buffer, HEAP_START, ELEMENT_BYTES * layout.size);
      const words = new BigUint64Array(buffer, HEAP_START, 3 * layout.size);
      const put = (place: number, elements: readonly ExtensionElement[]): void => {
        elements.forEach((element, k) => {
          words.set(element, 3 * (place + k));
        });
      };
      bytes.set(
        weights.subarray(0, ELEMENT_BYTES * arithmetization.constraints.length),
        ELEMENT_BYTES * layout.weights,
      );
      put(layout.factors, cells.factors);
      put(layout.fromPiece, [cells.fromPiece]);
      put(
        layout.publicValues,
        cells.publicValues.map((value) => [value, 0n, 0n]),
      );
      put(layout.challenges, cells.challenges);
      put(layout.terminal, [cells.terminal]);
      put(layout.exposed, cells.exposed);
      for (const area of ['main', 'auxiliary', 'preprocessed'] as const) {
        cells[area].forEach((row, next) => {
          bytes.set(row, ELEMENT_BYTES * layout.cells[area][next]!);
        });
      }
      bytes.set(cells.quotient, ELEMENT_BYTES * layout.quotient);
      words.set(layout.constantWords, 3 * layout.constants);
      new Int32Array(buffer, stepsAt, layout.steps.length).set(layout.steps);
      play(stepsAt, layout.steps.length / STEP_WORDS);
      return isZero(HEAP_START + ELEMENT_BYTES * layout.difference) !== 0;
    },
  };
}
