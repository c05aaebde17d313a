/**
 * What several tables are made of: limbs, memory accesses, idle rows.
 *
 * @module
 */
import { inverse } from '@commute/field';
import { type EveryRowScope, type Operand, type Term } from '@commute/stark';
import { REGISTER_KEYS } from '../program/keys.ts';

/** Values of a limb: half a word. */
export const LIMB: number = 2 ** 16;
/** Values of a word. */
export const WORD: number = 2 ** 32;
const INVERSE_LIMB = /* @__PURE__ */ inverse(BigInt(LIMB));

/** Ticks per cycle: for rs1, for rs2, for memory and what else an operation touches, and for rd. */
export const TICKS = 4;
/** The tick of a cycle at which operations access memory. */
export const OPERATION_TICK = 2;

/** The number with these limbs. */
export function joinLimbs(low: Term, high: Term): Term {
  return low.add(high.multiply(LIMB));
}

/** The upper limb of a number whose lower one is known; no column is needed for it. */
export function upperLimb(value: Term, low: Term): Term {
  return value.subtract(low).multiply(INVERSE_LIMB);
}

/** The key of a register whose number is known. */
export function registerKey(register: Term | number, constant: (value: number) => Term): Term {
  return typeof register === 'number' ? constant(REGISTER_KEYS + register) : register.add(REGISTER_KEYS);
}

/** Demands that both limbs of a number, the lower one given, are in [0, 2^16). */
export function checkLimbs(scope: EveryRowScope, value: Term, low: Term, multiplicity: Operand = 1): void {
  scope.send('range', [low], multiplicity);
  scope.send('range', [upperLimb(value, low)], multiplicity);
}

/** One access to memory: a cell is taken with what it held since `previous`, and put back with what it holds from `time` on. */
export interface Access {
  readonly key: Term;
  readonly before: Term;
  readonly after: Term;
  readonly time: Term;
  readonly previous: Term;
}

/** Ticks between an access and the one before it, less one: what must not be negative. */
export function elapsed({ time, previous }: Pick<Access, 'time' | 'previous'>): Term {
  return time.subtract(previous).subtract(1);
}

/** Takes a cell and puts it back. */
export function exchange(scope: EveryRowScope, access: Access, multiplicity: Operand = 1): void {
  scope.receive('memory', [access.key, access.before, access.previous], multiplicity);
  scope.send('memory', [access.key, access.after, access.time], multiplicity);
}

/** {@link exchange}, and the check that time passed; `gap` is the lower limb of {@link elapsed}. */
export function accessMemory(scope: EveryRowScope, access: Access, gap: Term, multiplicity: Operand = 1): void {
  exchange(scope, access, multiplicity);
  checkLimbs(scope, elapsed(access), gap, multiplicity);
}

/** Demands that cells are zero on rows that are not used. */
export function zeroWhereIdle(
  scope: EveryRowScope,
  active: Term,
  cells: Readonly<Record<string, Term | readonly Term[]>>,
): void {
  const idle = scope.when(active.complement());
  for (const [name, cell] of Object.entries(cells)) {
    const list = Array.isArray(cell) ? (cell as readonly Term[]) : [cell as Term];
    list.forEach((each, index) => {
      idle.assertZero(`${list.length === 1 ? name : `${name}[${String(index)}]`} is zero on an idle row`, each);
    });
  }
}

/** Demands that flags are 0 or 1 on rows that are used, where `active` is 1, and 0 on the others. */
export function onlyWhereActive(scope: EveryRowScope, active: Term, flags: Readonly<Record<string, Term>>): void {
  for (const [name, flag] of Object.entries(flags)) {
    scope.assertZero(`${name} is 0, or 1 on a row that is used`, flag.multiply(active.subtract(flag)));
  }
}

/**
 * Demands that at most one of some flags is set, each 0 or 1.
 *
 * @returns whether one is set.
 */
export function chooseOne(scope: EveryRowScope, name: string, flags: Readonly<Record<string, Term>>): Term {
  const chosen = chooseSome(scope, name, flags);
  scope.assertBoolean(`${name}: at most one is set`, chosen);
  return chosen;
}

/**
 * Demands that flags are 0 or 1 each.
 *
 * @returns how many are set.
 */
export function chooseSome(scope: EveryRowScope, name: string, flags: Readonly<Record<string, Term>>): Term {
  for (const [key, flag] of Object.entries(flags)) scope.assertBoolean(`${name}: ${key} is 0 or 1`, flag);
  return Object.values(flags).reduce((sum, flag) => sum.add(flag));
}

/**
 * Demands of some flags, each 0 or 1, that at most one is set, and none where `whole` is 0.
 *
 * @returns whether none is set where `whole` is 1.
 */
export function chooseWithin(
  scope: EveryRowScope,
  name: string,
  flags: Readonly<Record<string, Term>>,
  whole: Term,
): Term {
  for (const [key, flag] of Object.entries(flags)) scope.assertBoolean(`${name}: ${key} is 0 or 1`, flag);
  const none = Object.values(flags).reduce((rest, flag) => rest.subtract(flag), whole);
  scope.assertBoolean(`${name}: at most one is set, and none on other rows`, none);
  return none;
}
