/**
 * The functions that an opening tests, at the opened places: `planQuotients` and `quotientsAt` on a proof's bytes.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, GENERATOR, logOfPowerOfTwo, rootOfUnity } from '@commute/field';
import { type VerifierRound } from '../opening.ts';
import { ELEMENT_BYTES } from '@commute/field/kernels';
import { type OpenedPlaces } from './merkle.ts';
import { type ScannedOpening } from './scan.ts';
import { type Workspace } from './workspace.ts';

/** A matrix that is opened with others of its height at the same points. Factors, weights and remainders are addresses of elements. */
interface Member {
  readonly round: number;
  readonly index: number;
  readonly columns: number;
  readonly weights: number;
}

interface Group {
  readonly members: readonly Member[];
  readonly factor: number;
  readonly quotients: readonly { readonly place: number; readonly factor: number }[];
}

interface Divisor {
  readonly instances: number;
  readonly point: number;
  readonly remainder: number;
}

/** The function of a height, as `HeightPlan` is. */
export interface ScannedPlan {
  readonly rows: number;
  readonly groups: readonly Group[];
  readonly divisors: readonly Divisor[];
}

/** Says with which factor each column and each claim enters; the highest functions first. What is allocated belongs to the open scope. */
export function planScannedQuotients(
  workspace: Workspace,
  start: number,
  field: ExtensionField,
  rounds: readonly VerifierRound[],
  { evaluations }: ScannedOpening,
  challenge: ExtensionElement,
): ScannedPlan[] {
  const { kernels } = workspace;
  const matrices = rounds.flatMap(({ commitment, points }, round) =>
    commitment.shapes.map(({ rows, columns }, index) => {
      const { instances = 1, used = instances } = commitment;
      const key = `${String(rows)};${String(instances)};${String(used)};${points[index]!.join(';')}`;
      return { round, index, rows, columns, instances, used, points: points[index]!, key };
    }),
  );
  const grouped = new Map<string, typeof matrices>();
  for (const matrix of matrices) {
    const group = grouped.get(matrix.key);
    if (group === undefined) grouped.set(matrix.key, [matrix]);
    else group.push(matrix);
  }
  const widths = [...grouped.values()].map((members) => members.reduce((sum, each) => sum + each.columns, 0));
  const count = Math.max(...widths) + 1;
  const powers = workspace.allocate(ELEMENT_BYTES * count);
  workspace.words(powers, 3).set(field.one);
  kernels.powers(powers, workspace.putWords(challenge), count);
  let next = workspace.putWords(field.one);

  const heights = [...new Set(matrices.map(({ rows }) => rows))].sort((a, b) => b - a);
  return heights.map((rows) => {
    const places = new Map<string, number>();
    const divisors: Divisor[] = [];
    const groups: Group[] = [];
    for (const members of grouped.values()) {
      if (members[0]!.rows !== rows) continue;
      const columns = members.reduce((sum, each) => sum + each.columns, 0);
      const take = (): number => {
        const factor = next;
        next = workspace.allocate(ELEMENT_BYTES);
        kernels.multiplyAll(next, factor, 0, powers + ELEMENT_BYTES * columns, 0, 1);
        return factor;
      };
      let weights = powers;
      const weighted = members.map(({ round, index, columns: own }): Member => {
        const member = { round, index, columns: own, weights };
        weights += ELEMENT_BYTES * own;
        return member;
      });
      const factor = take();
      const { instances, used, points } = members[0]!;
      const quotients = points.map((point, k) => {
        const key = [instances, ...point].join();
        let place = places.get(key);
        if (place === undefined) {
          place = divisors.length;
          places.set(key, place);
          const remainder = workspace.allocate(ELEMENT_BYTES * instances);
          workspace.words(remainder, 3 * instances).fill(0n);
          divisors.push({ instances, point: workspace.putWords(point), remainder });
        }
        const quotient = { place, factor: take() };
        const { remainder } = divisors[place]!;
        for (const { round, index, columns: own, weights: first } of weighted) {
          kernels.claims(remainder, first, own, start + evaluations[round]![index]![k]!, used, quotient.factor);
        }
        return quotient;
      });
      groups.push({ members: weighted, factor, quotients });
    }
    return { rows, groups, divisors };
  });
}

/**
 * The functions at the opened places of their domains, as addresses of elements in the order of the places.
 *
 * What is allocated belongs to the open scope.
 */
export function scannedQuotientsAt(
  workspace: Workspace,
  start: number,
  field: ExtensionField,
  plans: readonly ScannedPlan[],
  logBlowup: number,
  places: OpenedPlaces,
  { batches }: ScannedOpening,
): number[] {
  const { kernels } = workspace;
  const elements = (count: number): number => {
    const address = workspace.allocate(ELEMENT_BYTES * count);
    workspace.words(address, 3 * count).fill(0n);
    return address;
  };
  // All denominators of all heights, and their inverses.
  const generator = workspace.putWords([GENERATOR]);
  const prepared = plans.map((plan) => {
    const size = plan.rows * 2 ** logBlowup;
    const { address, count } = places.of(size);
    const points = workspace.allocate(8 * count);
    const root = workspace.putWords([rootOfUnity(logOfPowerOfTwo(size))]);
    kernels.pointsAt(points, root, generator, address, count);
    return { plan, count, points };
  });
  const total = prepared.reduce((sum, { plan, count }) => sum + plan.divisors.length * count, 0);
  const denominators = workspace.allocate(ELEMENT_BYTES * total);
  let at = denominators;
  for (const { plan, count, points } of prepared) {
    for (const { instances, point } of plan.divisors) {
      kernels.differences(at, points, logOfPowerOfTwo(instances), point, count);
      at += ELEMENT_BYTES * count;
    }
  }
  const inverses = workspace.allocate(ELEMENT_BYTES * (total + 1));
  workspace.words(inverses, 3).set(field.one);
  kernels.prefixes(inverses, denominators, total);
  const product = [...workspace.words(inverses + ELEMENT_BYTES * total, 3)];
  kernels.finishInverses(inverses, denominators, workspace.putWords(field.inverse(product)), total);

  let inverse = inverses;
  return prepared.map(({ plan, count, points }) => {
    const result = elements(count);
    const numerators = plan.divisors.map(() => elements(count));
    const combined = elements(count);
    for (const { members, factor, quotients } of plan.groups) {
      workspace.words(combined, 3 * count).fill(0n);
      for (const { round, index, columns, weights } of members) {
        kernels.weighRows(combined, start + batches[round]!.rows[index]!.offset, columns, weights, count);
      }
      kernels.accumulate(result, ELEMENT_BYTES, combined, ELEMENT_BYTES, factor, 0, count);
      for (const each of quotients) {
        kernels.accumulate(numerators[each.place]!, ELEMENT_BYTES, combined, ELEMENT_BYTES, each.factor, 0, count);
      }
    }
    plan.divisors.forEach(({ instances, remainder }, k) => {
      const numerator = numerators[k]!;
      kernels.evaluateAt(combined, remainder, instances, points, count);
      kernels.subtractAll(numerator, combined, ELEMENT_BYTES, count);
      kernels.accumulate(result, ELEMENT_BYTES, numerator, ELEMENT_BYTES, inverse, ELEMENT_BYTES, count);
      inverse += ELEMENT_BYTES * count;
    });
    return result;
  });
}
