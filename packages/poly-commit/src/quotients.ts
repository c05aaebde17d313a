/**
 * The functions that an opening tests for low degree.
 *
 * For each height one function, on the points x of the coset 7·H of that height: with α the batching challenge, the sum over
 * all columns p of that height of α^k·p(x), and over all claims p(z) = y of α^k·(p(x) - y)/(x - z), each with its own k. If it is close to
 * a polynomial of degree below the height, then by correlated agreement so are all columns and all quotients, on the same points; the columns
 * themselves are among them because a quotient alone would admit one degree more. After DEEP-FRI (Ben-Sasson, Goldberg, Kopparty and
 * Saraf, ITCS 2020, section 5).
 *
 * Of a column that is interleaved of s instances, p(x) = Σ x^j·p_j(x^s), the claims p_j(z) = y_j make one quotient, (p(x) - Σ y_j·x^j)/(x^s - z).
 *
 * @module
 */
import {
  batchInverseElements,
  type ExtensionElement,
  type ExtensionField,
  type FieldEngine,
  GENERATOR,
  logOfPowerOfTwo,
  type Matrix,
  multiply,
  negate,
  power,
  reduce,
  reverseBits,
  rootOfUnity,
} from '@commute/field';

/** A matrix of an opening, its points, and what is claimed there: `[point][column]`, instance after instance. */
export interface ClaimedMatrix {
  /** Which batch, and which matrix of it. */
  readonly round: number;
  readonly index: number;
  /** The degree bound of its columns. */
  readonly rows: number;
  readonly columns: number;
  /** Of how many instances the columns are interleaved, and how many of them are not zero. */
  readonly instances: number;
  readonly used: number;
  readonly points: readonly ExtensionElement[];
  readonly evaluations: readonly (readonly ExtensionElement[])[];
}

/** Matrices of one height and as many instances that are opened at the same points: their columns are combined once. */
interface Group {
  readonly members: { readonly round: number; readonly index: number; readonly powers: readonly ExtensionElement[] }[];
  /** The factor of the combination itself. */
  readonly factor: ExtensionElement;
  /** The factor of its quotient by each point, which is given by its place in the height's list. */
  readonly quotients: readonly { readonly place: number; readonly factor: ExtensionElement }[];
}

/** What functions are divided by, and what is taken from them before: x^instances - point, and Σ remainder[j]·x^j. */
export interface Divisor {
  readonly instances: number;
  readonly point: ExtensionElement;
  /** For each instance the sum of the claimed values times their factors. */
  readonly remainder: readonly ExtensionElement[];
}

/** The function of one height. */
export interface HeightPlan {
  readonly rows: number;
  readonly groups: readonly Group[];
  /** For the different points and numbers of instances. */
  readonly divisors: readonly Divisor[];
}

/** Says with which factor each column and each claim enters; the highest functions first. */
export function planQuotients(
  field: ExtensionField,
  matrices: readonly ClaimedMatrix[],
  challenge: ExtensionElement,
): HeightPlan[] {
  const powers: ExtensionElement[] = [field.one];
  const powersTo = (count: number): void => {
    while (powers.length < count) powers.push(field.multiply(powers.at(-1)!, challenge));
  };
  let next = field.one;
  const heights = [...new Set(matrices.map(({ rows }) => rows))].sort((a, b) => b - a);
  return heights.map((rows) => {
    const grouped = new Map<string, ClaimedMatrix[]>();
    for (const matrix of matrices) {
      if (matrix.rows !== rows) continue;
      const key = [matrix.instances, matrix.used, ...matrix.points].join(';');
      grouped.set(key, [...(grouped.get(key) ?? []), matrix]);
    }
    const places = new Map<string, number>();
    const divisors: { instances: number; point: ExtensionElement; remainder: ExtensionElement[] }[] = [];
    const groups = [...grouped.values()].map((members): Group => {
      const columns = members.reduce((sum, each) => sum + each.columns, 0);
      powersTo(columns + 1);
      const take = (): ExtensionElement => {
        const factor = next;
        next = field.multiply(next, powers[columns]!);
        return factor;
      };
      let first = 0;
      const withPowers = members.map((each) => {
        const start = first;
        first += each.columns;
        return { ...each, powers: powers.slice(start, first) };
      });
      const factor = take();
      const { instances, used, points } = members[0]!;
      const quotients = points.map((point, k) => {
        const key = [instances, ...point].join();
        const place = places.get(key) ?? divisors.length;
        if (place === divisors.length) {
          places.set(key, place);
          divisors.push({ instances, point, remainder: new Array<ExtensionElement>(instances).fill(field.zero) });
        }
        const quotient = { place, factor: take() };
        const { remainder } = divisors[place]!;
        for (let instance = 0; instance < used; instance++) {
          let claimed = field.zero;
          for (const member of withPowers) {
            const values = member.evaluations[k]!;
            for (let column = 0; column < member.columns; column++) {
              const value = values[instance * member.columns + column]!;
              claimed = field.add(claimed, field.multiply(member.powers[column]!, value));
            }
          }
          remainder[instance] = field.add(remainder[instance]!, field.multiply(quotient.factor, claimed));
        }
        return quotient;
      });
      return { members: withPowers, factor, quotients };
    });
    return { rows, groups, divisors };
  });
}

/** out = x - z, with x the points in a column. */
export function differencesInto(engine: FieldEngine, out: Matrix, points: Matrix, z: ExtensionElement): void {
  z.forEach((coefficient, k) => {
    // A constant column is the powers of 1.
    engine.powersInto(out.column(k), 1n, negate(coefficient));
  });
  engine.addInto(out.column(0), out.column(0), points);
}

/** out = 1/(x^instances - point) at the points x of 7·H, of as many as `out` has rows: there are only so many times fewer powers, over and over. */
function invertedInto(engine: FieldEngine, field: ExtensionField, out: Matrix, { instances, point }: Divisor): void {
  const rows = out.rows / instances;
  engine.scope(() => {
    const domain = engine.reserve(rows);
    const inverses = engine.reserve(rows, field.degree);
    engine.powersInto(domain, rootOfUnity(logOfPowerOfTwo(rows)), power(GENERATOR, BigInt(instances)));
    differencesInto(engine, inverses, domain, point);
    engine.extension(field).inverseInto(inverses, inverses);
    const [from, to] = [inverses.view(), out.view()];
    for (let k = 0; k < field.degree; k++) {
      const own = from.subarray(rows * k, rows * (k + 1));
      for (let copy = 0; copy < instances; copy++) to.set(own, out.rows * k + rows * copy);
    }
  });
}

/**
 * The function of a height on its whole domain. All of it is a polynomial of degree below the height, so it is computed on the coset of as many points
 * and extended then. The result belongs to the open scope.
 *
 * @param combineInto - out = the coefficients, in bit-reversed order, of the combination of a batch's matrix by these factors.
 */
export function computeQuotients(
  engine: FieldEngine,
  field: ExtensionField,
  { rows, groups, divisors }: HeightPlan,
  combineInto: (out: Matrix, round: number, index: number, factors: readonly ExtensionElement[]) => void,
  logBlowup: number,
): Matrix {
  const extension = engine.extension(field);
  const result = engine.reserve(rows * 2 ** logBlowup, field.degree);
  engine.scope(() => {
    const vector = (): Matrix => engine.allocate(rows, field.degree);
    const sum = vector();
    const [combined, part] = [engine.reserve(rows, field.degree), engine.reserve(rows, field.degree)];
    const logRows = logOfPowerOfTwo(rows);
    const numerators = divisors.map(({ instances, remainder }) => {
      const numerator = vector();
      const logInstances = logOfPowerOfTwo(instances);
      remainder.forEach((element, j) => {
        // The place of x^j in bit-reversed order.
        const place = reverseBits(j, logInstances) * 2 ** (logRows - logInstances);
        element.forEach((coefficient, k) => {
          numerator.set(place, negate(coefficient), k);
        });
      });
      return numerator;
    });
    // Coefficients up to here, so that what is taken away has one for each instance.
    for (const { members, factor, quotients } of groups) {
      members.forEach(({ round, index, powers }, k) => {
        combineInto(k === 0 ? combined : part, round, index, powers);
        if (k > 0) engine.addInto(combined, combined, part);
      });
      for (const [target, scalar] of [
        [sum, factor] as const,
        ...quotients.map((each) => [numerators[each.place]!, each.factor] as const),
      ]) {
        extension.scaleInto(part, combined, scalar);
        engine.addInto(target, target, part);
      }
    }
    engine.evaluateInPlace(sum, { shift: GENERATOR, input: 'bit-reversed' });
    divisors.forEach((divisor, k) => {
      const numerator = numerators[k]!;
      engine.evaluateInPlace(numerator, { shift: GENERATOR, input: 'bit-reversed' });
      invertedInto(engine, field, part, divisor);
      extension.multiplyInto(part, part, numerator);
      engine.addInto(sum, sum, part);
    });
    // f on 7·H is f(7·x) on H, and so is its extension.
    engine.extendInto(result, sum, 1n);
  });
  return result;
}

/**
 * The function of a height at some indices of its domain, from the opened rows.
 *
 * @param row - gives the opened row of a batch's matrix.
 */
export function quotientsAt(
  field: ExtensionField,
  plan: HeightPlan,
  logBlowup: number,
  positions: readonly number[],
  row: (round: number, index: number, position: number) => readonly bigint[],
): Map<number, ExtensionElement> {
  const root = rootOfUnity(logOfPowerOfTwo(plan.rows * 2 ** logBlowup));
  const points = positions.map((position) => multiply(GENERATOR, power(root, BigInt(position))));
  const differences = points.flatMap((x) =>
    plan.divisors.map(({ instances, point }) => field.subtract(field.fromBase(power(x, BigInt(instances))), point)),
  );
  const inverses = batchInverseElements(field, differences);
  return new Map(
    positions.map((position, at): [number, ExtensionElement] => {
      const numerators = plan.divisors.map(({ remainder }) => field.negate(evaluateAt(field, remainder, points[at]!)));
      let result = field.zero;
      for (const { members, factor, quotients } of plan.groups) {
        const sums = new Array<bigint>(field.degree).fill(0n);
        for (const { round, index, powers } of members) {
          row(round, index, position).forEach((value, column) => {
            const weights = powers[column]!;
            for (let k = 0; k < field.degree; k++) sums[k]! += weights[k]! * value;
          });
        }
        const combined = sums.map(reduce);
        result = field.add(result, field.multiply(factor, combined));
        for (const each of quotients) {
          numerators[each.place] = field.add(numerators[each.place]!, field.multiply(each.factor, combined));
        }
      }
      numerators.forEach((numerator, k) => {
        const quotient = field.multiply(numerator, inverses[at * numerators.length + k]!);
        result = field.add(result, quotient);
      });
      return [position, result];
    }),
  );
}

/** Σ coefficients[j]·x^j. */
function evaluateAt(field: ExtensionField, coefficients: readonly ExtensionElement[], x: bigint): ExtensionElement {
  return coefficients.reduceRight((sum, each) => field.add(field.scale(sum, x), each), field.zero);
}
