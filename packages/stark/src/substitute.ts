/**
 * Copies of expressions with parts of them replaced.
 *
 * @module
 */
import { type ExpressionGraph } from './graph.ts';

/**
 * Copies what is below `roots` from one graph into another, which may be the same.
 *
 * @param replace - gives the node, of the target, that stands for a node of the source; `undefined` copies it.
 * @returns the copies of the roots.
 */
export function copyExpressions(
  source: ExpressionGraph,
  target: ExpressionGraph,
  roots: readonly number[],
  replace: (index: number) => number | undefined = () => undefined,
): number[] {
  const copies = new Map<number, number>();
  for (const index of source.below(roots)) {
    const node = source.node(index);
    const copy =
      replace(index) ??
      target.add('left' in node ? { ...node, left: copies.get(node.left)!, right: copies.get(node.right)! } : node);
    copies.set(index, copy);
  }
  return roots.map((root) => copies.get(root)!);
}
