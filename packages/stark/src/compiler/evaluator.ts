/**
 * Code for the nodes of a graph at the rows that pointers stand at.
 *
 * @module
 */
import { type FunctionBuilder, i32, type Local, type ModuleBuilder } from '@commute/wasm';
import { type Four, VectorField } from '@commute/field/kernels';
import { type Arithmetization } from '../arithmetize.ts';
import { canonicalText } from '../content-hash.ts';
import { type Area, type ExpressionGraph } from '../graph.ts';
import { type Operand, ValueWriter } from './values.ts';

/** Operations of one function. Of functions five times as long compilers of hosts take twice as long for the same code, which is no quicker. */
const MOST_OPERATIONS = 200;

/** Which parameters the kernels take: nodes that are the same at all points. */
export interface ParameterPlan {
  readonly uniforms: readonly number[];
  readonly numberOf: ReadonlyMap<number, number>;
}

/** What kernels compute: nodes of a graph over the columns of an arithmetization. */
export type Expressions = Pick<Arithmetization, 'graph' | 'names' | 'challenges'>;

/** Finds the nodes without cells that something with cells, or a root, uses. */
export function planParameters(expressions: Expressions, roots: readonly number[]): ParameterPlan {
  const { graph } = expressions;
  const used = new Set(roots.filter((root) => isUniform(graph, root)));
  for (const index of graph.below(roots)) {
    const node = graph.node(index);
    if (!('left' in node) || isUniform(graph, index)) continue;
    for (const operand of [node.left, node.right]) if (isUniform(graph, operand)) used.add(operand);
  }
  // In the order of the canonical text, so that expressions with one hash have one layout.
  const { numbers } = canonicalText({ ...expressions, constraints: roots.map((root) => ({ rows: 'every', root })) });
  const uniforms = [...used].sort((a, b) => numbers.get(a)! - numbers.get(b)!);
  return { uniforms, numberOf: new Map(uniforms.map((node, number) => [node, number])) };
}

/** Constants times nothing: no cell is below. A product with the constant 0 is folded, so the degree tells. */
function isUniform(graph: ExpressionGraph, index: number): boolean {
  return graph.facts(index).degree === 0;
}

/** Base-field operations that a node costs, roughly. */
function costOf(graph: ExpressionGraph, index: number): number {
  if (!('left' in graph.node(index)) || isUniform(graph, index)) return 1;
  return graph.facts(index).extension ? 6 : 1;
}

/** Divides expressions into groups of bounded size, in their order. */
export function groupExpressions<T>(
  graph: ExpressionGraph,
  items: readonly T[],
  rootOf: (item: T) => number,
  most: number = MOST_OPERATIONS,
): T[][] {
  const groups: T[][] = [];
  let size = Infinity;
  let seen = new Set<number>();
  for (const item of items) {
    const below = graph.below([rootOf(item)]);
    const cost = (): number => below.reduce((sum, index) => sum + (seen.has(index) ? 0 : costOf(graph, index)), 3);
    if (size + cost() > most) {
      groups.push([]);
      size = 0;
      seen = new Set();
    }
    size += cost();
    for (const index of below) seen.add(index);
    groups.at(-1)!.push(item);
  }
  return groups;
}

/** What the body of a row kernel works with. */
export interface RowBody {
  readonly f: FunctionBuilder;
  readonly field: VectorField;
  readonly writer: ValueWriter;
  /** The address of the parameters. */
  readonly parameters: Local<'i32'>;
  /** The value of a node. */
  readonly evaluate: (index: number) => Operand;
  /** Says what a node is worth, instead of code for it. */
  readonly define: (index: number, value: Operand) => void;
  /** The address of the row in a column of the output. */
  readonly target: (column: number) => Local<'i32'>;
  /** A further operand that moves on with the rows. */
  readonly extra: Local<'i32'>;
  /** Stores to a column; one row or four. */
  readonly store: (address: Local<'i32'>, value: Four) => void;
}

/** i32 operands of a row kernel; see {@link rowKernel}. */
const OPERANDS = ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'] as const;

/**
 * Adds a function that runs a body for rows one after the other, four at a time, or one at a time where each needs the one before.
 *
 * Operands: addresses of the first row of main, auxiliary and preprocessed columns; of the rows that are next to them; bytes from
 * column to column of both; address of the output and bytes between its columns; address of the parameters; an address that moves on by
 * eight bytes per row; number of rows, a multiple of four unless they are taken singly.
 */
export function rowKernel(
  module: ModuleBuilder,
  name: string,
  graph: ExpressionGraph,
  plan: ParameterPlan,
  rowsAtOnce: 1 | 4,
  body: (row: RowBody) => void,
): void {
  module.function(
    name,
    OPERANDS,
    [],
    (
      f,
      main,
      auxiliary,
      preprocessed,
      mainNext,
      auxiliaryNext,
      preprocessedNext,
      stride,
      nextStride,
      out,
      outStride,
      parameters,
      extra,
      count,
    ) => {
      const field = new VectorField(f);
      const here: Record<Area, Local<'i32'>> = { main, auxiliary, preprocessed };
      const next: Record<Area, Local<'i32'>> = {
        main: mainNext,
        auxiliary: auxiliaryNext,
        preprocessed: preprocessedNext,
      };
      const loadColumn = (first: Local<'i32'>, bytes: Local<'i32'>, column: number): Four => {
        const address = f.let(i32.add(first, i32.mul(bytes, column)));
        return rowsAtOnce === 4 ? field.load(address) : field.loadOne(address);
      };
      f.while(
        () => count,
        () => {
          const writer = new ValueWriter(f, field, parameters);
          const values = new Map<number, Operand>();
          const evaluate = (index: number): Operand => {
            const known = values.get(index);
            if (known !== undefined) return known;
            const node = graph.node(index);
            const uniform = plan.numberOf.get(index);
            let value: Operand;
            if (uniform !== undefined) {
              value = { kind: 'uniform', extension: graph.facts(index).extension, parameter: uniform };
            } else if (node.kind === 'cell') {
              const [first, bytes] = node.next ? [next[node.area], nextStride] : [here[node.area], stride];
              const coefficients =
                node.area === 'auxiliary'
                  ? [0, 1, 2].map((power) => loadColumn(first, bytes, 3 * node.column + power))
                  : [loadColumn(first, bytes, node.column)];
              value = { kind: 'varying', coefficients };
            } else {
              const { kind, left, right } = node as Extract<typeof node, { left: number }>;
              value = writer[kind](evaluate(left), evaluate(right));
            }
            values.set(index, value);
            return value;
          };
          body({
            f,
            field,
            writer,
            parameters,
            evaluate,
            define: (index, value) => values.set(index, value),
            target: (column) => f.let(i32.add(out, i32.mul(outStride, column))),
            extra,
            store: (address, value) => {
              if (rowsAtOnce === 4) field.store(address, value);
              else field.storeOne(address, value);
            },
          });
          for (const pointer of [...Object.values(here), ...Object.values(next), out, extra])
            f.set(pointer, i32.add(pointer, 8 * rowsAtOnce));
          f.set(count, i32.sub(count, rowsAtOnce));
        },
      );
    },
    { export: true },
  );
}
