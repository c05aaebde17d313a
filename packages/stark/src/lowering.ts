/**
 * Lowering of degrees: products become columns of their own until every constraint is of the degree a prover takes.
 *
 * @module
 */
import { type RowKind } from './builder.ts';
import { type ExpressionGraph } from './graph.ts';
import { StarkError } from './errors.ts';
import { copyExpressions } from './substitute.ts';
import { type Constraint } from './symbolic.ts';

/** A column that stands for an expression of lower-numbered columns. */
export interface HelperColumn {
  readonly area: 'main' | 'auxiliary';
  readonly column: number;
  /** Number of the node the column equals. */
  readonly definition: number;
  /** Whether the definition reads the next row: the cell of the last row is 0 then, and free. */
  readonly readsNext: boolean;
}

/** What {@link lowerDegrees} makes. */
export interface Lowered {
  readonly constraints: readonly Constraint[];
  readonly helpers: readonly HelperColumn[];
}

/**
 * The degree that a constraint may have. On the first and the last row it is one less, since there the quotient by a
 * linear zerofier is one degree larger.
 */
export function degreeBound(rows: RowKind, maximumDegree: number): number {
  return rows === 'first' || rows === 'last' ? maximumDegree - 1 : maximumDegree;
}

/**
 * Replaces products by helper columns, and adds the constraints that define these.
 *
 * Each step takes, among the products below constraints of too high a degree, one of the highest degree a constraint may
 * have, and of those the one that is used most. The definitions refer to earlier helper columns only.
 *
 * @param graph - gets further nodes.
 * @param width - numbers of columns there are; helpers come after them.
 * @throws {@link StarkError} `STARK_DEGREE` for a maximum below 2.
 */
export function lowerDegrees(
  graph: ExpressionGraph,
  constraints: readonly Constraint[],
  maximumDegree: number,
  width: { readonly main: number; readonly auxiliary: number },
): Lowered {
  if (!Number.isInteger(maximumDegree) || maximumDegree < 2) {
    throw new StarkError('STARK_DEGREE', 'maximumDegree', 'an integer of at least 2', String(maximumDegree));
  }
  const next = { ...width };
  const helpers: HelperColumn[] = [];
  const definitions: Constraint[] = [];
  let lowered = [...constraints];
  for (;;) {
    const product = chooseProduct(graph, lowered, maximumDegree);
    if (product === undefined) return { constraints: [...lowered, ...definitions], helpers };
    const { extension, readsNext } = graph.facts(product);
    const area = extension ? 'auxiliary' : 'main';
    const column = next[area]++;
    const cell = graph.add({ kind: 'cell', area, column, next: false });
    helpers.push({ area, column, definition: product, readsNext });
    definitions.push({
      name: `helper ${String(helpers.length)}`,
      rows: readsNext ? 'transition' : 'every',
      root: graph.add({ kind: 'subtract', left: cell, right: product }),
    });
    const roots = copyExpressions(
      graph,
      graph,
      lowered.map(({ root }) => root),
      (index) => (index === product ? cell : undefined),
    );
    lowered = lowered.map((constraint, index) => ({ ...constraint, root: roots[index]! }));
  }
}

/** The product to replace next; none if all constraints are within their bounds. */
function chooseProduct(
  graph: ExpressionGraph,
  constraints: readonly Constraint[],
  maximumDegree: number,
): number | undefined {
  const high = constraints
    .filter(({ rows, root }) => graph.facts(root).degree > degreeBound(rows, maximumDegree))
    .map(({ root }) => root);
  if (high.length === 0) return undefined;
  const below = graph.below(high);
  const uses = new Map<number, number>();
  for (const index of below) {
    const node = graph.node(index);
    if (!('left' in node)) continue;
    for (const operand of [node.left, node.right]) uses.set(operand, (uses.get(operand) ?? 0) + 1);
  }
  let best: number | undefined;
  for (const index of below) {
    const { degree } = graph.facts(index);
    if (graph.node(index).kind !== 'multiply' || degree < 2 || degree > maximumDegree) continue;
    if (best === undefined) {
      best = index;
      continue;
    }
    const difference = degree - graph.facts(best).degree;
    if (difference > 0 || (difference === 0 && (uses.get(index) ?? 0) > (uses.get(best) ?? 0))) best = index;
  }
  // A node above the bound has an operand of degree 2 or more, or is itself a product of two linear ones.
  return best!;
}
