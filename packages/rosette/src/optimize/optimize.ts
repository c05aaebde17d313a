import { eliminateCommonSubexpressions } from './common-subexpressions.ts';
import { foldConstants } from './constant-folding.ts';
import { eliminateDeadCode } from './dead-code.ts';
import { identifyInductionVariables } from './induction-variables.ts';
import { eliminateRedundancy } from './redundancy-elimination.ts';
import { reduceStrength } from './strength-reduction.ts';
import type { IntermediateProgram } from '../ir/ir.ts';
import { PASS_NAMES, type PassName } from './pass-name.ts';

/** One pass of the optimiser. */
export type Pass = (program: IntermediateProgram) => IntermediateProgram;

/** Each pass by its name. */
export const PASSES: Readonly<Record<PassName, Pass>> = {
  'constant-folding': foldConstants,
  'redundancy-elimination': eliminateRedundancy,
  'common-subexpressions': eliminateCommonSubexpressions,
  'induction-variables': identifyInductionVariables,
  'strength-reduction': reduceStrength,
  'dead-code': eliminateDeadCode,
};

/** Passes that make work for each other run in this many rounds. */
const ROUNDS = 2;
const REPEATED: readonly PassName[] = ['constant-folding', 'common-subexpressions', 'redundancy-elimination'];

/**
 * Applies passes to a program, in the order of {@link PASS_NAMES}, the first three twice. What the program does stays the same.
 *
 * @param passes - all of them if absent.
 */
export function optimize(program: IntermediateProgram, passes: readonly PassName[] = PASS_NAMES): IntermediateProgram {
  let result = program;
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of REPEATED) if (passes.includes(name)) result = PASSES[name](result);
  for (const name of PASS_NAMES) if (passes.includes(name) && !REPEATED.includes(name)) result = PASSES[name](result);
  return result;
}
