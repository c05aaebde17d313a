/**
 * Kernels that evaluate constraints: one function for each group of them.
 *
 * @module
 */
import { i32, type Local, type ModuleBuilder } from '@commute/wasm';
import { type Four, VectorField } from '@commute/field/kernels';
import { type Arithmetization } from '../arithmetize.ts';
import { canonicalText } from '../content-hash.ts';
import { ROW_KINDS } from '../evaluate.ts';
import { type ExpressionGraph } from '../graph.ts';
import { type Constraint } from '../symbolic.ts';
import { type Operand, ValueWriter } from './values.ts';

/** Operations of one function. Beyond that compilers of hosts take long, and keep nothing in registers anyway. */
const MOST_OPERATIONS = 4000;

/** Which parameters the kernels take: nodes that are the same at all points, then one weight for each constraint. */
export interface ParameterPlan {
  readonly uniforms: readonly number[];
  readonly numberOf: ReadonlyMap<number, number>;
}

/** Finds the nodes without cells that something with cells, or a constraint, uses. */
export function planParameters(arithmetization: Arithmetization): ParameterPlan {
  const { graph, constraints } = arithmetization;
  const roots = constraints.map(({ root }) => root);
  const used = new Set(roots.filter((root) => isUniform(graph, root)));
  for (const index of graph.below(roots)) {
    const node = graph.node(index);
    if (!('left' in node) || isUniform(graph, index)) continue;
    for (const operand of [node.left, node.right]) if (isUniform(graph, operand)) used.add(operand);
  }
  // In the order of the canonical text, so that constraints with one hash have one layout.
  const { numbers } = canonicalText(arithmetization);
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

/** Divides constraints into groups of bounded size, in their order. */
export function groupConstraints(
  { graph, constraints }: Arithmetization,
  most: number = MOST_OPERATIONS,
): Constraint[][] {
  const groups: Constraint[][] = [];
  let size = Infinity;
  let seen = new Set<number>();
  for (const constraint of constraints) {
    const cost = (): number =>
      graph.below([constraint.root]).reduce((sum, index) => sum + (seen.has(index) ? 0 : costOf(graph, index)), 3);
    if (size + cost() > most) {
      groups.push([]);
      size = 0;
      seen = new Set();
    }
    size += cost();
    for (const index of graph.below([constraint.root])) seen.add(index);
    groups.at(-1)!.push(constraint);
  }
  return groups;
}

/**
 * Adds functions `constraints0`, `constraints1`, …, one for each group.
 *
 * Operands: addresses of the first row of main, auxiliary and preprocessed columns; of the rows that are next to them; bytes from
 * column to column of both; address of the sums and bytes between their columns; address of the parameters; number of
 * points, a multiple of four. The functions add to the sums.
 */
export function constraintKernels(
  module: ModuleBuilder,
  arithmetization: Arithmetization,
  plan: ParameterPlan,
  groups: readonly (readonly Constraint[])[],
): void {
  const { constraints } = arithmetization;
  groups.forEach((group, number) => {
    module.function(
      `constraints${String(number)}`,
      ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
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
        count,
      ) => {
        const field = new VectorField(f);
        const here = { main, auxiliary, preprocessed };
        const next = { main: mainNext, auxiliary: auxiliaryNext, preprocessed: preprocessedNext };
        const loadColumn = (first: Local<'i32'>, bytes: Local<'i32'>, column: number): Four =>
          field.load(f.let(i32.add(first, i32.mul(bytes, column))));
        f.while(
          () => count,
          () => {
            const writer = new ValueWriter(f, field, parameters);
            const values = new Map<number, Operand>();
            const evaluate = (index: number): Operand => {
              const known = values.get(index);
              if (known !== undefined) return known;
              const node = arithmetization.graph.node(index);
              const uniform = plan.numberOf.get(index);
              let value: Operand;
              if (uniform !== undefined) {
                const { extension } = arithmetization.graph.facts(index);
                value = { kind: 'uniform', extension, parameter: uniform };
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
            const sums = new Map<number, readonly Four[]>();
            for (const constraint of group) {
              const parameter = plan.uniforms.length + constraints.indexOf(constraint);
              const weighted = writer.multiply(evaluate(constraint.root), {
                kind: 'uniform',
                extension: true,
                parameter,
              });
              const kind = ROW_KINDS.indexOf(constraint.rows);
              const before = sums.get(kind);
              if (before === undefined) {
                // Locals of their own: vectors that `let` names are assigned once.
                const totals = weighted.coefficients.map((value) => {
                  const total = { low: f.local('v128'), high: f.local('v128') };
                  field.assign(total, value);
                  return total;
                });
                sums.set(kind, totals);
              } else {
                before.forEach((total, k) => {
                  field.assign(total, field.addFour(total, weighted.coefficients[k]!));
                });
              }
            }
            for (const [kind, totals] of sums) {
              totals.forEach((total, k) => {
                const address = f.let(i32.add(out, i32.mul(outStride, 3 * kind + k)));
                field.store(address, field.addFour(field.load(address), total));
              });
            }
            for (const pointer of [...Object.values(here), ...Object.values(next), out])
              f.set(pointer, i32.add(pointer, 32));
            f.set(count, i32.sub(count, 4));
          },
        );
      },
      { export: true },
    );
  });
}
