/**
 * Evaluation of graphs by bigints: the reference for everything faster.
 *
 * @module
 */
import { type ExtensionElement } from '@commute/field';
import { type Area, type ExpressionGraph } from './graph.ts';
import { type Value, type ValueField } from './term.ts';

/** What the leaves of a graph are worth at one point. */
export interface Point {
  readonly cell: (area: Area, column: number, next: boolean) => Value;
  readonly publicValues: readonly bigint[];
  readonly challenges: readonly ExtensionElement[];
  /** What the table claims the sum of its messages to be; needed only where lookups were added. */
  readonly terminal?: ExtensionElement;
  /** The other values that the table claims; needed only where there are such. */
  readonly exposed?: readonly ExtensionElement[];
}

/** The values of `roots` at a point. */
export function evaluateGraph(
  graph: ExpressionGraph,
  roots: readonly number[],
  field: ValueField,
  point: Point,
): Value[] {
  return evaluateNodes(graph, graph.below(roots), roots, field, point);
}

/** {@link evaluateGraph} with `order`, the nodes below the roots, computed before. */
export function evaluateNodes(
  graph: ExpressionGraph,
  order: readonly number[],
  roots: readonly number[],
  field: ValueField,
  point: Point,
): Value[] {
  const { extension } = field;
  const values = new Map<number, Value>();
  for (const index of order) {
    const node = graph.node(index);
    let value: Value;
    switch (node.kind) {
      case 'constant':
        value = node.value;
        break;
      case 'cell':
        value = point.cell(node.area, node.column, node.next);
        break;
      case 'public':
        value = point.publicValues[node.index]!;
        break;
      case 'challenge':
        value = point.challenges[node.index]!;
        break;
      case 'basis':
        value = extension.zero.map((_, power) => (power === node.power ? 1n : 0n));
        break;
      case 'terminal':
        value = point.terminal ?? extension.zero;
        break;
      case 'exposed':
        value = point.exposed?.[node.index] ?? extension.zero;
        break;
      default:
        value = field[node.kind](values.get(node.left)!, values.get(node.right)!);
    }
    values.set(index, value);
  }
  return roots.map((root) => values.get(root)!);
}
