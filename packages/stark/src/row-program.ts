/**
 * What one row says, prepared for being asked again and again: which constraints and messages read a cell, and their values.
 *
 * @module
 */
import { type Area, type ExpressionGraph, type Node } from './graph.ts';
import { type Point } from './interpret.ts';
import { type ConstraintSystem } from './symbolic.ts';
import { type Value, type ValueField } from './term.ts';

/** Evaluates some constraints and messages of a row. */
export interface RowProgram {
  /** Numbers of the constraints and of the messages, in the order of `eval`. */
  readonly constraints: readonly number[];
  readonly messages: readonly number[];
  /** The values of these constraints; then for each message its multiplicity and its tuple. */
  readonly evaluate: (field: ValueField, point: Point) => Value[];
}

/** Programs for the constraints and messages that a change of one cell can matter to. */
export interface RowPrograms {
  /** Everything. */
  readonly all: RowProgram;
  /** What reads a cell in its own row, or, with `next`, in the row before it. */
  readonly reading: (area: Area, column: number, next: boolean) => RowProgram;
}

function compile(graph: ExpressionGraph, roots: readonly number[]): RowProgram['evaluate'] {
  const order = graph.below(roots);
  const slots = new Map(order.map((index, slot) => [index, slot]));
  const nodes: readonly Node[] = order.map((index) => {
    const node = graph.node(index);
    return 'left' in node ? { ...node, left: slots.get(node.left)!, right: slots.get(node.right)! } : node;
  });
  const results = roots.map((root) => slots.get(root)!);
  return (field, point) => {
    const values = new Array<Value>(nodes.length);
    nodes.forEach((node, slot) => {
      switch (node.kind) {
        case 'constant':
          values[slot] = node.value;
          break;
        case 'cell':
          values[slot] = point.cell(node.area, node.column, node.next);
          break;
        case 'public':
          values[slot] = point.publicValues[node.index]!;
          break;
        case 'challenge':
          values[slot] = point.challenges[node.index]!;
          break;
        case 'exposed':
          values[slot] = point.exposed![node.index]!;
          break;
        case 'basis':
          values[slot] = field.extension.zero.map((_, power) => (power === node.power ? 1n : 0n));
          break;
        case 'terminal':
          values[slot] = point.terminal ?? field.extension.zero;
          break;
        default:
          values[slot] = field[node.kind](values[node.left]!, values[node.right]!);
      }
    });
    return results.map((slot) => values[slot]!);
  };
}

/** Prepares the programs of a table; each is made when it is first asked for. */
export function rowPrograms({ graph, constraints, messages }: ConstraintSystem): RowPrograms {
  const cellKey = (area: Area, column: number, next: boolean): string => `${area}${String(column)}${next ? "'" : ''}`;
  const build = (some: readonly number[], sent: readonly number[]): RowProgram => ({
    constraints: some,
    messages: sent,
    evaluate: compile(graph, [
      ...some.map((index) => constraints[index]!.root),
      ...sent.flatMap((index) => [messages[index]!.multiplicity, ...messages[index]!.tuple]),
    ]),
  });
  const readers = new Map<string, { readonly constraints: number[]; readonly messages: number[] }>();
  const note = (roots: readonly number[], kind: 'constraints' | 'messages', number: number): void => {
    for (const index of graph.below(roots)) {
      const node = graph.node(index);
      if (node.kind !== 'cell') continue;
      const key = cellKey(node.area, node.column, node.next);
      const entry = readers.get(key) ?? { constraints: [], messages: [] };
      readers.set(key, entry);
      entry[kind].push(number);
    }
  };
  constraints.forEach(({ root }, number) => {
    note([root], 'constraints', number);
  });
  messages.forEach(({ multiplicity, tuple }, number) => {
    note([multiplicity, ...tuple], 'messages', number);
  });
  const known = new Map<string, RowProgram>();
  return {
    all: build([...constraints.keys()], [...messages.keys()]),
    reading: (area, column, next) => {
      const key = cellKey(area, column, next);
      let program = known.get(key);
      if (program === undefined) {
        const entry = readers.get(key);
        program = build(entry?.constraints ?? [], entry?.messages ?? []);
        known.set(key, program);
      }
      return program;
    },
  };
}
