/**
 * The identity of a constraint system: a hash of what it says.
 *
 * @module
 */
import { BLAKE3 } from '@commute/poly-commit';
import { type Arithmetization } from './arithmetize.ts';
import { type Constraint } from './symbolic.ts';

/** The constraints as text, and the numbers that nodes have in it. Equal texts are equal constraints, node by node. */
export interface CanonicalText {
  readonly text: string;
  readonly numbers: ReadonlyMap<number, number>;
}

/** Writes down the constraints; nodes are numbered in the order in which the constraints reach them. */
export function canonicalText({
  graph,
  constraints,
  names,
  challenges,
}: Pick<Arithmetization, 'graph' | 'names' | 'challenges'> & {
  readonly constraints: readonly Pick<Constraint, 'rows' | 'root'>[];
}): CanonicalText {
  const numbers = new Map<number, number>();
  const lines = [
    `commute/stark/constraints/v1 ${[names.main, names.auxiliary, names.preprocessed, challenges].map(({ length }) => length).join(' ')}`,
  ];
  const write = (text: string): number => lines.push(text) - 2;
  /** Nodes to be written; a complement is of one whose operands are. */
  const pending: number[] = [];
  for (const { rows, root } of constraints) {
    pending.push(root);
    for (let top = pending.pop(); top !== undefined; top = pending.pop()) {
      const index = top < 0 ? ~top : top;
      if (numbers.has(index)) continue;
      const node = graph.node(index);
      if (!('left' in node)) {
        numbers.set(index, write(Object.values(node).map(String).join(' ')));
      } else if (top >= 0) {
        pending.push(~index, node.right, node.left);
      } else {
        // The graph orders the operands of sums and products by its own numbers; here by these.
        const [left, right] = [numbers.get(node.left)!, numbers.get(node.right)!];
        const ordered = node.kind === 'subtract' || left <= right;
        const operands = ordered ? `${String(left)} ${String(right)}` : `${String(right)} ${String(left)}`;
        numbers.set(index, write(`${node.kind} ${operands}`));
      }
    }
    lines.push(`${rows} ${String(numbers.get(root))}`);
  }
  return { text: lines.join('\n'), numbers };
}

/**
 * A digest of the expressions of all constraints, their rows and the numbers of columns; 64 hexadecimal digits.
 *
 * Nodes that no constraint uses, and names, do not count.
 */
export function contentHash(arithmetization: Parameters<typeof canonicalText>[0]): string {
  const digest = BLAKE3.digest(new TextEncoder().encode(canonicalText(arithmetization).text));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
