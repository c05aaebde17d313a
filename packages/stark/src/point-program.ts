/**
 * Constraints at one point of the extension: what a verifier computes for each table of each instance.
 *
 * A graph is laid out once as a list of steps on numbered places, so that evaluating it makes no objects and looks nothing up. Elements are of the default cubic
 * extension, x³ = x - 1, as everywhere in this package.
 *
 * @module
 */
import { type ExtensionElement, MODULUS, reduce } from '@commute/field';
import { type Arithmetization } from './arithmetize.ts';
import { ROW_KINDS } from './evaluate.ts';
import { type Area } from './graph.ts';

/** The claimed values of a table's columns at the point, and at the point of the next row; and all else that constraints depend on. */
export interface OpenedCells {
  readonly main: readonly (readonly ExtensionElement[])[];
  /** Three columns for each. */
  readonly auxiliary: readonly (readonly ExtensionElement[])[];
  readonly preprocessed: readonly (readonly ExtensionElement[])[];
  readonly publicValues: readonly bigint[];
  readonly challenges: readonly ExtensionElement[];
  readonly terminal: ExtensionElement;
  readonly exposed: readonly ExtensionElement[];
}

/** The weighted sums of constraints, for each of {@link ROW_KINDS}. */
export type PointProgram = (weights: readonly ExtensionElement[], opened: OpenedCells) => ExtensionElement[];

/** The element that three columns stand for, from what they are worth at a point: Σ x^k·columns[first + k]. */
export function joinColumns(columns: readonly ExtensionElement[], first: number): ExtensionElement {
  const [a, b, c] = columns.slice(first, first + 3) as [ExtensionElement, ExtensionElement, ExtensionElement];
  return [
    reduce(a[0]! - b[2]! - c[1]!),
    reduce(a[1]! + b[0]! + b[2]! + c[1]! - c[2]!),
    reduce(a[2]! + b[1]! + c[0]! + c[2]!),
  ];
}

const programs = new WeakMap<Arithmetization, PointProgram>();

/** The program of a table's constraints, made when it is first asked for. */
export function pointProgram(arithmetization: Arithmetization): PointProgram {
  let program = programs.get(arithmetization);
  if (program === undefined) {
    program = layOut(arithmetization);
    programs.set(arithmetization, program);
  }
  return program;
}

const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;

interface Leaf {
  readonly slot: number;
  readonly read: (opened: OpenedCells) => ExtensionElement;
}

function layOut({ graph, constraints }: Arithmetization): PointProgram {
  const order = graph.below(constraints.map(({ root }) => root));
  const slots = new Map(order.map((index, slot) => [index, slot]));
  const leaves: Leaf[] = [];
  const steps: number[] = [];
  order.forEach((index, slot) => {
    const node = graph.node(index);
    if ('left' in node) {
      const operation = { add: ADD, subtract: SUBTRACT, multiply: MULTIPLY }[node.kind];
      steps.push(operation, slot, slots.get(node.left)!, slots.get(node.right)!);
    } else leaves.push({ slot, read: readerOf(node) });
  });
  const program = Int32Array.from(steps);
  const kinds = constraints.map(({ rows }) => ROW_KINDS.indexOf(rows));
  const roots = constraints.map(({ root }) => slots.get(root)!);
  return (weights, opened) => {
    const [v0, v1, v2] = [0, 1, 2].map(() => new Array<bigint>(order.length)) as [bigint[], bigint[], bigint[]];
    for (const { slot, read } of leaves) [v0[slot], v1[slot], v2[slot]] = read(opened) as [bigint, bigint, bigint];
    for (let at = 0; at < program.length; at += 4) {
      const out = program[at + 1]!;
      const [left, right] = [program[at + 2]!, program[at + 3]!];
      const [a0, a1, a2] = [v0[left]!, v1[left]!, v2[left]!];
      const [b0, b1, b2] = [v0[right]!, v1[right]!, v2[right]!];
      switch (program[at]) {
        case ADD:
          v0[out] = sum(a0, b0);
          v1[out] = sum(a1, b1);
          v2[out] = sum(a2, b2);
          break;
        case SUBTRACT:
          v0[out] = difference(a0, b0);
          v1[out] = difference(a1, b1);
          v2[out] = difference(a2, b2);
          break;
        default:
          if (b1 === 0n && b2 === 0n) {
            v0[out] = (a0 * b0) % MODULUS;
            v1[out] = (a1 * b0) % MODULUS;
            v2[out] = (a2 * b0) % MODULUS;
          } else if (a1 === 0n && a2 === 0n) {
            v0[out] = (a0 * b0) % MODULUS;
            v1[out] = (a0 * b1) % MODULUS;
            v2[out] = (a0 * b2) % MODULUS;
          } else {
            const third = a1 * b2 + a2 * b1;
            const fourth = a2 * b2;
            v0[out] = reduce(a0 * b0 - third);
            v1[out] = reduce(a0 * b1 + a1 * b0 + third - fourth);
            v2[out] = (a0 * b2 + a1 * b1 + a2 * b0 + fourth) % MODULUS;
          }
      }
    }
    // Products are added up before they are reduced.
    const sums = ROW_KINDS.map((): bigint[] => [0n, 0n, 0n, 0n, 0n]);
    roots.forEach((slot, index) => {
      const [w0, w1, w2] = weights[index]! as [bigint, bigint, bigint];
      const [c0, c1, c2] = [v0[slot]!, v1[slot]!, v2[slot]!];
      const product = sums[kinds[index]!]!;
      product[0]! += w0 * c0;
      product[1]! += w0 * c1 + w1 * c0;
      product[2]! += w0 * c2 + w1 * c1 + w2 * c0;
      product[3]! += w1 * c2 + w2 * c1;
      product[4]! += w2 * c2;
    });
    return sums.map(([p0, p1, p2, p3, p4]) => [reduce(p0! - p3!), reduce(p1! + p3! - p4!), reduce(p2! + p4!)]);
  };
}

function sum(a: bigint, b: bigint): bigint {
  const result = a + b;
  return result >= MODULUS ? result - MODULUS : result;
}

function difference(a: bigint, b: bigint): bigint {
  return a >= b ? a - b : a - b + MODULUS;
}

type LeafNode = Exclude<ReturnType<Arithmetization['graph']['node']>, { readonly left: number }>;

function readerOf(node: LeafNode): Leaf['read'] {
  switch (node.kind) {
    case 'constant': {
      const element = [node.value, 0n, 0n];
      return () => element;
    }
    case 'cell':
      return cellReader(node.area, node.column, node.next ? 1 : 0);
    case 'public':
      return ({ publicValues }) => [publicValues[node.index]!, 0n, 0n];
    case 'challenge':
      return ({ challenges }) => challenges[node.index]!;
    case 'exposed':
      return ({ exposed }) => exposed[node.index]!;
    case 'terminal':
      return ({ terminal }) => terminal;
    case 'basis': {
      const element = [0, 1, 2].map((power) => (power === node.power ? 1n : 0n));
      return () => element;
    }
  }
}

function cellReader(area: Area, column: number, row: number): Leaf['read'] {
  if (area === 'auxiliary') return ({ auxiliary }) => joinColumns(auxiliary[row]!, 3 * column);
  return (opened) => opened[area][row]![column]!;
}
