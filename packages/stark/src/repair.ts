/**
 * Repairing traces that were tampered with: changes other cells until only one constraint still objects.
 *
 * @module
 */
import { inverse, multiply, negate } from '@commute/field';
import { cubicValues } from './concrete.ts';
import { type CellPlace, type MutableStatement, obligationOf, type Violation } from './mutable-statement.ts';
import { type Value } from './term.ts';

function placeKey({ table, area, column, row }: CellPlace): string {
  return `${String(table)}:${area}:${String(column)}:${String(row)}`;
}

/** Values of a cell for which a violation vanishes: 0, 1, and the solution where the dependence is linear. */
function solutions(statement: MutableStatement, place: CellPlace, violation: Violation): Value[] {
  const field = cubicValues();
  const before = statement.get(place);
  const lift = (value: bigint): Value => (place.area === 'auxiliary' ? field.extension.fromBase(value) : value);
  const residuals = [0n, 1n, 2n].map((value) => {
    statement.set(place, lift(value));
    return statement.residual(violation);
  });
  statement.set(place, before);
  const [zero, one, two] = residuals as [Value, Value, Value];
  const slope = field.subtract(one, zero);
  if (field.isZero(slope)) return [];
  if (field.isZero(field.subtract(field.subtract(two, one), slope))) {
    if (typeof slope === 'bigint' && typeof zero === 'bigint') return [lift(multiply(negate(zero), inverse(slope)))];
    // A cell of the base field can only cancel what is a multiple of the slope by one.
    const { extension } = field;
    const wide = (value: Value): readonly bigint[] => (typeof value === 'bigint' ? extension.fromBase(value) : value);
    const solution = extension.multiply(extension.negate(wide(zero)), extension.inverse(wide(slope)));
    if (place.area === 'auxiliary') return [solution];
    return solution.slice(1).every((word) => word === 0n) ? [solution[0]!] : [];
  }
  return [0n, 1n].filter((_, index) => field.isZero(residuals[index]!)).map(lift);
}

/**
 * Greedily changes cells until nothing fails but `deleted`, which must still fail.
 *
 * Each step takes the other violation that comes first in the direction, and the change of one cell, not changed before, that
 * cancels it and leaves the fewest others; of equals the one farthest in the direction. So a change spreads through transitions. The statement is left as it is found in the end, tampered with; the caller restores it by the changes.
 *
 * @param direction - of the rows; public values and buses come last in both.
 * @param changes - gets the places changed and their values before.
 * @returns whether exactly `deleted` fails.
 */
export function repair(
  statement: MutableStatement,
  deleted: string,
  first: CellPlace,
  mostSteps: number,
  direction: 'down' | 'up',
  changes: { readonly place: CellPlace; readonly before: Value }[],
): boolean {
  const frozen = new Set([placeKey(first)]);
  const others = (): Violation[] => statement.violations.filter((each) => obligationOf(each) !== deleted);
  const position = (row: number): number => (direction === 'down' ? row : -row);
  const order = (each: Violation): number => (each.kind === 'bus' ? Infinity : position(each.row));
  const farness = ({ area, row }: CellPlace): number => (area === 'public' ? Infinity : position(row));
  for (let step = 0; ; step++) {
    const left = others();
    if (left.length === 0) return statement.obligations.has(deleted);
    if (step >= mostSteps) return false;
    let best: { place: CellPlace; value: Value; failures: number } | undefined;
    const violation = left.reduce((least, each) => (order(each) < order(least) ? each : least));
    for (const place of statement.placesOf(violation)) {
      if (frozen.has(placeKey(place))) continue;
      const before = statement.get(place);
      for (const value of solutions(statement, place, violation)) {
        statement.set(place, value);
        const failures = statement.obligations.has(deleted) ? others().length : Infinity;
        const isFarther = (): boolean => farness(place) > farness(best!.place);
        if (best === undefined || failures < best.failures || (failures === best.failures && isFarther())) {
          best = { place, value, failures };
        }
      }
      statement.set(place, before);
    }
    if (best === undefined || best.failures === Infinity) return false;
    changes.push({ place: best.place, before: statement.get(best.place) });
    statement.set(best.place, best.value);
    frozen.add(placeKey(best.place));
  }
}
