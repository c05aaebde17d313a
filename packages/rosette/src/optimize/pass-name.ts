/** The passes of the optimiser, in the order in which they run. The position is a bit of the bytecode format: never reorder. */
export const PASS_NAMES = [
  'constant-folding',
  'common-subexpressions',
  'redundancy-elimination',
  'induction-variables',
  'strength-reduction',
  'dead-code',
] as const;

/** Name of a pass of the optimiser. */
export type PassName = (typeof PASS_NAMES)[number];
