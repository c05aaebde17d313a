/**
 * Kernels that evaluate constraints: one function for each group of them.
 *
 * @module
 */
import { type ModuleBuilder } from '@commute/wasm';
import { type Four } from '@commute/field/kernels';
import { type Arithmetization } from '../arithmetize.ts';
import { ROW_KINDS } from '../evaluate.ts';
import { type Constraint } from '../symbolic.ts';
import { type ParameterPlan, rowKernel } from './evaluator.ts';

/**
 * Adds functions `constraints0`, `constraints1`, …, one for each group; operands are those of {@link rowKernel}. The functions add to
 * the output. Weights are the parameters after those of the plan.
 */
export function constraintKernels(
  module: ModuleBuilder,
  { graph, constraints }: Arithmetization,
  plan: ParameterPlan,
  groups: readonly (readonly Constraint[])[],
): void {
  const numbers = new Map(constraints.map((constraint, index) => [constraint, plan.uniforms.length + index]));
  groups.forEach((group, number) => {
    rowKernel(module, `constraints${String(number)}`, graph, plan, 4, ({ f, field, writer, evaluate, target }) => {
      const sums = new Map<number, readonly Four[]>();
      for (const constraint of group) {
        const weighted = writer.multiply(evaluate(constraint.root), {
          kind: 'uniform',
          extension: true,
          parameter: numbers.get(constraint)!,
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
          const address = target(3 * kind + k);
          field.store(address, field.addFour(field.load(address), total));
        });
      }
    });
  });
}
