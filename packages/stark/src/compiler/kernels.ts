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
import { PARAMETER_WORDS } from './values.ts';
import { WeightedSums } from './weighted-sums.ts';

/** Constraints of the base field, on one kind of rows, from which on reducing their sum once is worth its cost. */
const FEWEST_TO_SUM = 12;

/**
 * Adds functions `constraints0`, `constraints1`, …, one for each group; operands are those of {@link rowKernel}. The functions add to
 * the output. Weights are the parameters after those of the plan, and once more, as limbs, in the table behind the parameters.
 */
export function constraintKernels(
  module: ModuleBuilder,
  { graph, constraints }: Arithmetization,
  plan: ParameterPlan,
  groups: readonly (readonly Constraint[])[],
): void {
  const numbers = new Map(constraints.map((constraint, index) => [constraint, index]));
  const table = 8 * PARAMETER_WORDS * (plan.uniforms.length + constraints.length);
  groups.forEach((group, number) => {
    rowKernel(module, `constraints${String(number)}`, graph, plan, 4, (row) => {
      const { f, field, writer, evaluate, target } = row;
      const totals = new Map<number, readonly Four[]>();
      const addTotal = (kind: number, values: readonly Four[]): void => {
        const before = totals.get(kind);
        if (before === undefined) {
          // Locals of their own: vectors that `let` names are assigned once.
          const own = values.map((value) => {
            const total = { low: f.local('v128'), high: f.local('v128') };
            field.assign(total, value);
            return total;
          });
          totals.set(kind, own);
        } else {
          before.forEach((total, k) => {
            field.assign(total, field.addFour(total, values[k]!));
          });
        }
      };
      const isBase = ({ root }: Constraint): boolean => !graph.facts(root).extension;
      const sums = ROW_KINDS.map((rows) =>
        group.filter((each) => each.rows === rows && isBase(each)).length < FEWEST_TO_SUM
          ? undefined
          : new WeightedSums(row, table),
      );
      for (const constraint of group) {
        const kind = ROW_KINDS.indexOf(constraint.rows);
        const value = evaluate(constraint.root);
        const weight = numbers.get(constraint)!;
        const sum = isBase(constraint) ? sums[kind] : undefined;
        if (sum !== undefined) {
          sum.add(writer.coefficients(value)[0]!, weight);
        } else {
          const parameter = plan.uniforms.length + weight;
          addTotal(kind, writer.multiply(value, { kind: 'uniform', extension: true, parameter }).coefficients);
        }
      }
      sums.forEach((sum, kind) => {
        const values = sum?.finish();
        if (values !== undefined) addTotal(kind, values);
      });
      for (const [kind, values] of totals) {
        values.forEach((total, k) => {
          const address = target(3 * kind + k);
          field.store(address, field.addFour(field.load(address), total));
        });
      }
    });
  });
}
