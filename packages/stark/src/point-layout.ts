/**
 * A table's constraints as steps: where their inputs stand in the memory of the kernel that plays them, and what is done with these.
 *
 * @module
 */
import { ELEMENT_BYTES } from '@commute/field/kernels';
import { type Arithmetization } from './arithmetize.ts';
import { ROW_KINDS } from './evaluate.ts';
import { type Area } from './graph.ts';
import { ACCUMULATE, ADD, HEAP_START, MULTIPLY, SUBTRACT } from './point-steps.ts';

/** What steps take besides inputs: all that they depend on. */
export interface PointProgram {
  /** How many constraints are weighted. */
  readonly constraints: number;
  /** Columns of the quotient, three for each piece. */
  readonly quotientColumns: number;
  /** Of the base field, in the order of their places. */
  readonly constants: readonly bigint[];
  /** Four numbers for each step: an operation, and the places of its result and operands. */
  readonly steps: Int32Array;
  /** How many places steps use, those of inputs included; what has to be zero stands at the last of them. */
  readonly size: number;
}

/** Where inputs stand, in elements from the start of the heap. */
interface InputPlaces {
  readonly weights: number;
  readonly factors: number;
  readonly fromPiece: number;
  readonly publicValues: number;
  readonly challenges: number;
  readonly terminal: number;
  readonly exposed: number;
  readonly cells: Readonly<Record<Area, readonly [number, number]>>;
  readonly quotient: number;
  /** The basis, then the sums that steps begin with, then the table's own. */
  readonly constants: number;
}

/** What the kernel is given. */
export interface PointSteps extends InputPlaces {
  /** Words of the constants, 0 for the sums that steps begin with included. */
  readonly constantWords: BigUint64Array;
  /** Where what has to be zero stands. */
  readonly difference: number;
  /** Elements in all; the steps come behind them. */
  readonly size: number;
  /** As the kernel takes them, with addresses for places. */
  readonly steps: Int32Array;
}

/** The elements of the basis, the sums by kinds of rows, and the sum of these. */
const OWN_CONSTANTS = 3 + ROW_KINDS.length + 1;

/** The parts of an arithmetization that inputs are counted by. */
type Shape = Pick<Arithmetization, 'names' | 'challenges' | 'exposed'> & {
  readonly table: Pick<Arithmetization['table'], 'publicValues'>;
};

function inputPlaces({ names, table, challenges, exposed }: Shape, constraints: number, quotient: number): InputPlaces {
  let size = 0;
  const take = (count: number): number => {
    size += count;
    return size - count;
  };
  const twice = (count: number): readonly [number, number] => [take(count), take(count)];
  return {
    weights: take(constraints),
    factors: take(ROW_KINDS.length),
    fromPiece: take(1),
    publicValues: take(table.publicValues.length),
    challenges: take(challenges.length),
    terminal: take(1),
    exposed: take(exposed.length),
    cells: {
      main: twice(names.main.length),
      auxiliary: twice(3 * names.auxiliary.length),
      preprocessed: twice(names.preprocessed.length),
    },
    quotient: take(quotient),
    constants: take(0),
  };
}

/** Steps by the columns of the quotient. */
const prepared = /* @__PURE__ */ new WeakMap<Arithmetization, Map<number, PointSteps>>();

interface KnownProgram {
  readonly quotientColumns: number;
  readonly read: () => PointProgram;
}

/** Programs of tables that were made before, and read when they are needed. */
const known = /* @__PURE__ */ new WeakMap<Arithmetization, KnownProgram>();

/** Gives the program of a table for quotients of so many columns, so that none is made of its constraints. */
export function rememberPointProgram(
  arithmetization: Arithmetization,
  quotientColumns: number,
  read: () => PointProgram,
): void {
  known.set(arithmetization, { quotientColumns, read });
}

/** The steps of a table as the kernel takes them; made once. */
export function pointStepsOf(arithmetization: Arithmetization, quotientColumns: number): PointSteps {
  const own = prepared.get(arithmetization) ?? new Map<number, PointSteps>();
  prepared.set(arithmetization, own);
  let steps = own.get(quotientColumns);
  if (steps === undefined) {
    const before = known.get(arithmetization);
    const program =
      before?.quotientColumns === quotientColumns ? before.read() : layOutPoint(arithmetization, quotientColumns);
    steps = prepare(arithmetization, program);
    own.set(quotientColumns, steps);
  }
  return steps;
}

function prepare(shape: Shape, program: PointProgram): PointSteps {
  const { constraints, quotientColumns, constants, size } = program;
  const constantWords = new BigUint64Array(3 * (OWN_CONSTANTS + constants.length));
  for (const power of [0, 1, 2]) constantWords[4 * power] = 1n;
  constants.forEach((value, k) => {
    constantWords[3 * (OWN_CONSTANTS + k)] = value;
  });
  const steps = program.steps.slice();
  for (let at = 0; at < steps.length; at++) {
    if ((at & 3) !== 0) steps[at] = HEAP_START + ELEMENT_BYTES * steps[at]!;
  }
  const places = inputPlaces(shape, constraints, quotientColumns);
  return { ...places, constantWords, difference: size - 1, size, steps };
}

/** Makes the steps of a table's constraints, from the opened cells to what is zero where the quotient is right. */
export function layOutPoint(arithmetization: Arithmetization, quotientColumns: number): PointProgram {
  const { graph, constraints } = arithmetization;
  const inputs = inputPlaces(arithmetization, constraints.length, quotientColumns);
  const basis = [0, 1, 2].map((power) => inputs.constants + power);
  const sums = ROW_KINDS.map((_, kind) => inputs.constants + 3 + kind);
  const expected = inputs.constants + OWN_CONSTANTS - 1;
  let size = inputs.constants + OWN_CONSTANTS;

  const order = graph.below(constraints.map(({ root }) => root));
  const places = new Int32Array(graph.size);
  const constants: bigint[] = [];
  for (const index of order) {
    const node = graph.node(index);
    if (node.kind !== 'constant') continue;
    constants.push(node.value);
    places[index] = size++;
  }
  const steps: number[] = [];
  const emit = (operation: number, left: number, right: number): number => {
    steps.push(operation, size, left, right);
    return size++;
  };
  const accumulate = (out: number, left: number, right: number): void => {
    steps.push(ACCUMULATE, out, left, right);
  };
  /** Σ x^k·(first + k), of three neighbouring columns. */
  const join = (first: number): number => {
    const out = emit(MULTIPLY, basis[1]!, first + 1);
    accumulate(out, basis[2]!, first + 2);
    return emit(ADD, out, first);
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
        places[index] = emit(operation, places[node.left]!, places[node.right]!);
      }
    }
  }
  constraints.forEach(({ rows, root }, index) => {
    accumulate(sums[ROW_KINDS.indexOf(rows)]!, inputs.weights + index, places[root]!);
  });
  sums.forEach((sum, kind) => {
    accumulate(expected, sum, inputs.factors + kind);
  });
  let claimed = join(inputs.quotient + quotientColumns - 3);
  for (let piece = quotientColumns / 3 - 2; piece >= 0; piece--) {
    const higher = emit(MULTIPLY, claimed, inputs.fromPiece);
    claimed = emit(ADD, higher, join(inputs.quotient + 3 * piece));
  }
  emit(SUBTRACT, expected, claimed);
  return { constraints: constraints.length, quotientColumns, constants, steps: Int32Array.from(steps), size };
}
