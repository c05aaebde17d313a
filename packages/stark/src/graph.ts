/**
 * Expressions as a directed graph with shared nodes.
 *
 * @module
 */
import { add, multiply, subtract } from '@commute/field';
import { StarkError } from './errors.ts';
import { constantOf, type Operand, type Term } from './term.ts';

/** Where a cell stands: the columns known before all challenges, those after, and those that belong to the statement. */
export type Area = 'main' | 'auxiliary' | 'preprocessed';

/** A node; operands are the numbers of earlier nodes. */
export type Node =
  | { readonly kind: 'constant'; readonly value: bigint }
  | { readonly kind: 'cell'; readonly area: Area; readonly column: number; readonly next: boolean }
  | { readonly kind: 'public'; readonly index: number }
  | { readonly kind: 'challenge'; readonly index: number }
  /** x^power, of the extension's basis. */
  | { readonly kind: 'basis'; readonly power: number }
  /** The sum of all messages of the table, which the prover claims. */
  | { readonly kind: 'terminal' }
  /** Another value that the prover claims. */
  | { readonly kind: 'exposed'; readonly index: number }
  | { readonly kind: 'add' | 'subtract' | 'multiply'; readonly left: number; readonly right: number };

/** What is known of a node without evaluating it. */
export interface NodeFacts {
  /** Degree in the cells. */
  readonly degree: number;
  /** Whether its values lie in the extension: a challenge or an auxiliary cell is below it. */
  readonly extension: boolean;
  /** Whether a cell of the next row is below it. */
  readonly readsNext: boolean;
}

const LEAF: NodeFacts = { degree: 0, extension: false, readsNext: false };

/** Names of nodes without operands. */
function keyOf(node: Exclude<Node, Combination>): string {
  switch (node.kind) {
    case 'constant':
      return `c${String(node.value)}`;
    case 'cell':
      return `${node.area}${String(node.column)}${node.next ? "'" : ''}`;
    case 'public':
    case 'challenge':
    case 'exposed':
      return `${node.kind}${String(node.index)}`;
    case 'basis':
      return `x${String(node.power)}`;
    case 'terminal':
      return 'terminal';
  }
}

type Combination = Extract<Node, { readonly left: number }>;

/** Numbers of nodes are below this, so that two of them are one key. */
const MOST_NODES = 2 ** 26;

const OPERATIONS = { add, subtract, multiply } as const;

function isConstant(node: Node, value: bigint): boolean {
  return node.kind === 'constant' && node.value === value;
}

/** Nodes in an order in which operands come first; equal nodes are one, constants are folded. */
export class ExpressionGraph {
  readonly #nodes: Node[] = [];
  readonly #facts: NodeFacts[] = [];
  readonly #known = new Map<string, number>();
  /** Sums, differences and products by their operands. */
  readonly #combined = {
    add: new Map<number, number>(),
    subtract: new Map<number, number>(),
    multiply: new Map<number, number>(),
  };

  /** Number of nodes. */
  get size(): number {
    return this.#nodes.length;
  }

  /** The node with a number. */
  node(index: number): Node {
    const node = this.#nodes[index];
    if (node === undefined) throw new StarkError('STARK_TERM', 'node', `below ${String(this.size)}`, String(index));
    return node;
  }

  /** Facts of the node with a number. */
  facts(index: number): NodeFacts {
    this.node(index);
    return this.#facts[index]!;
  }

  /** The number of a node equal to this one; simplifies sums with 0, products with 0 and 1, and constants. */
  add(node: Node): number {
    const simple = this.#simplify(node);
    if (typeof simple === 'number') return simple;
    if ('left' in simple) {
      return this.#find(this.#combined[simple.kind], MOST_NODES * simple.left + simple.right, simple);
    }
    return this.#find(this.#known, keyOf(simple), simple);
  }

  #find<K>(known: Map<K, number>, key: K, node: Node): number {
    let index = known.get(key);
    if (index === undefined) {
      index = this.#nodes.push(node) - 1;
      this.#facts.push(this.#factsOf(node));
      known.set(key, index);
    }
    return index;
  }

  /** The number of a constant. */
  constant(value: bigint): number {
    return this.add({ kind: 'constant', value });
  }

  #simplify(node: Node): Node | number {
    if (!('left' in node)) return node;
    const [left, right] = [this.node(node.left), this.node(node.right)];
    if (left.kind === 'constant' && right.kind === 'constant') {
      return this.constant(OPERATIONS[node.kind](left.value, right.value));
    }
    switch (node.kind) {
      case 'add':
        if (isConstant(left, 0n)) return node.right;
        if (isConstant(right, 0n)) return node.left;
        break;
      case 'subtract':
        if (isConstant(right, 0n)) return node.left;
        if (node.left === node.right) return this.constant(0n);
        return node;
      default:
        if (isConstant(left, 0n) || isConstant(right, 1n)) return node.left;
        if (isConstant(right, 0n) || isConstant(left, 1n)) return node.right;
    }
    return node.left <= node.right ? node : { kind: node.kind, left: node.right, right: node.left };
  }

  #factsOf(node: Node): NodeFacts {
    switch (node.kind) {
      case 'constant':
      case 'public':
        return LEAF;
      case 'challenge':
      case 'basis':
      case 'terminal':
      case 'exposed':
        return { ...LEAF, extension: true };
      case 'cell':
        return { degree: 1, extension: node.area === 'auxiliary', readsNext: node.next };
      default: {
        const [left, right] = [this.facts(node.left), this.facts(node.right)];
        return {
          degree: node.kind === 'multiply' ? left.degree + right.degree : Math.max(left.degree, right.degree),
          extension: left.extension || right.extension,
          readsNext: left.readsNext || right.readsNext,
        };
      }
    }
  }

  /** The numbers of all nodes below `roots`, those included, operands first. */
  below(roots: readonly number[]): number[] {
    const seen = new Uint8Array(this.size);
    for (const root of roots) {
      this.node(root);
      seen[root] = 1;
    }
    // Operands have smaller numbers, so that going down each node is known to be used before it is looked at.
    const found: number[] = [];
    for (let index = Math.max(-1, ...roots); index >= 0; index--) {
      if (seen[index] === 0) continue;
      found.push(index);
      const node = this.#nodes[index]!;
      if ('left' in node) seen[node.left] = seen[node.right] = 1;
    }
    return found.reverse();
  }
}

/** A term that is a node of a graph: what the symbolic builder makes. */
export class SymbolicTerm implements Term {
  readonly graph: ExpressionGraph;
  readonly index: number;

  constructor(graph: ExpressionGraph, index: number) {
    this.graph = graph;
    this.index = index;
  }

  #combine(kind: 'add' | 'subtract' | 'multiply', left: number, right: number): Term {
    return new SymbolicTerm(this.graph, this.graph.add({ kind, left, right }));
  }

  #operand(other: Operand): number {
    if (typeof other === 'bigint' || typeof other === 'number') return this.graph.constant(constantOf(other));
    return symbolicIndex(this.graph, other);
  }

  add = (other: Operand): Term => this.#combine('add', this.index, this.#operand(other));
  subtract = (other: Operand): Term => this.#combine('subtract', this.index, this.#operand(other));
  multiply = (other: Operand): Term => this.#combine('multiply', this.index, this.#operand(other));
  negate = (): Term => this.#combine('subtract', this.graph.constant(0n), this.index);
  complement = (): Term => this.#combine('subtract', this.graph.constant(1n), this.index);
}

/** The node behind a term. @throws {@link StarkError} `STARK_TERM` for a term of another builder. */
export function symbolicIndex(graph: ExpressionGraph, term: Term): number {
  if (!(term instanceof SymbolicTerm) || term.graph !== graph) {
    throw new StarkError('STARK_TERM', 'term', 'one of this builder', 'another');
  }
  return term.index;
}
