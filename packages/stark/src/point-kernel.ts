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
import { POINT_MODULE } from './point-module-bytes.ts';
import { pointStepsOf } from './point-layout.ts';
import { HEAP_START, MOST_PAGES, STEP_WORDS } from './point-steps.ts';

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
  /** 1 over the zerofier of each kind of rows, in the order of `ROW_KINDS`. */
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
      const layout = pointStepsOf(arithmetization, cells.quotient.length / ELEMENT_BYTES);
      const stepsAt = HEAP_START + ELEMENT_BYTES * layout.size;
      const buffer = memory(stepsAt + layout.steps.byteLength);
      const bytes = new Uint8Array(buffer, HEAP_START, ELEMENT_BYTES * layout.size);
      const words = new BigUint64Array(buffer, HEAP_START, 3 * layout.size);
      const put = (place: number, elements: readonly ExtensionElement[]): void => {
        elements.forEach((element, k) => {
          words.set(element, 3 * (place + k));
        });
      };
      bytes.set(weights.subarray(0, ELEMENT_BYTES * (layout.factors - layout.weights)), ELEMENT_BYTES * layout.weights);
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
