/**
 * How many bits of security a set of parameters provably has.
 *
 * A proof is made of rounds; each round has a probability that a false statement survives the challenge drawn in it. By
 * round-by-round soundness a non-interactive proof is as strong as its weakest round, in bits. Only proven bounds are used,
 * in two regimes: unique decoding, and list decoding up to the Johnson bound with the proximity gaps of Ben-Sasson, Carmon,
 * Haböck, Kopparty and Saraf (ePrint 2025/2055, theorem 4.2). The formulas are those of the calculator soundcalc, the constraint
 * rounds after Haböck (ePrint 2022/1216, theorem 8).
 *
 * @module
 */
import { MODULUS } from '@commute/field';
import { CommitmentError } from './errors.ts';

/** A log-derivative lookup or permutation argument. */
export interface LookupParameters {
  readonly name: string;
  /** Fractions that are summed per row. */
  readonly interactions: number;
  /** Elements of the widest tuple. */
  readonly width: number;
}

/** Bits of proof of work before the challenge of a round; 0 where left out. */
export interface Grinding {
  readonly outOfDomain?: number;
  readonly batching?: number;
  readonly folding?: number;
  readonly queries?: number;
}

/** What the security of a proof depends on. */
export interface SecurityParameters {
  /** Degree of the extension that challenges are drawn from. */
  readonly extensionDegree: number;
  /** log2 of the rows of the highest table. */
  readonly logRows: number;
  /**
   * log2 of the instances of all tables that one polynomial per column is interleaved of, 0 by default. Statements are about one instance, so that constraints,
   * lookups and the point out of the domain know only its rows; the code is of as many times its dimension.
   */
  readonly logInstances?: number;
  /** log2 of the blowup: the rate is 2^-logBlowup. */
  readonly logBlowup: number;
  /** By how much each round of the low-degree test divides the degree. */
  readonly foldingFactors: readonly number[];
  readonly queries: number;
  /** Functions that are combined into one before the low-degree test. */
  readonly batchedFunctions: number;
  /** Whether they are combined by powers of one challenge or by independent ones; powers by default. */
  readonly batching?: 'powers' | 'independent';
  /** Whether smaller functions join while folding, each with one more power of that round's challenge; false by default. */
  readonly mixedHeights?: boolean;
  /** Constraints that are combined by powers of one challenge. */
  readonly constraints: number;
  /** Largest degree of a constraint. */
  readonly constraintDegree: number;
  /** Most points that one column is opened at. */
  readonly openingPoints: number;
  readonly lookups?: readonly LookupParameters[];
  /** log2 of how many words a commitment may stand for, at most: smaller radii than that of the Johnson bound have shorter lists. No bound by default. */
  readonly logList?: number;
  readonly grinding?: Grinding;
  /** Collision resistance of the hash, 128 bits by default. */
  readonly hashBits?: number;
}

/** One round and its security in bits. */
export interface SecurityRound {
  readonly name: string;
  readonly bits: number;
}

/** Security in one regime. */
export interface RegimeReport {
  readonly regime: 'unique decoding' | 'johnson bound';
  /** How close to the Johnson bound: the radius is 1 - √rate·(1 + 1/m). */
  readonly m: number | undefined;
  readonly rounds: readonly SecurityRound[];
  /** The minimum over the rounds. */
  readonly bits: number;
}

/** Security in all regimes that the length of lists allows; `bits` and `regime` are those of the best, since each is a proof. */
export interface SecurityReport {
  readonly bits: number;
  readonly best: RegimeReport;
  readonly regimes: readonly RegimeReport[];
}

/** A radius with what follows from it. */
interface Regime {
  readonly name: RegimeReport['regime'];
  readonly m: number | undefined;
  /** Relative distance up to which words are decoded. */
  readonly radius: number;
  /** Codewords within the radius. */
  readonly listSize: number;
  /** Numerator of the proximity gap's error for a code of this dimension. */
  readonly gap: (dimension: number) => number;
}

/** How close to the Johnson bound proofs are looked for. */
export const LEAST_M = 3;
export const MOST_M = 1000;

/**
 * The proven security of a set of parameters.
 *
 * @throws {@link CommitmentError} `COMMIT_RANGE` for parameters that are no non-negative integers, or no blowup.
 * @example
 * ```ts
 * import { securityReport } from '@commute/poly-commit';
 * const { bits } = securityReport({
 *   extensionDegree: 3,
 *   logRows: 20,
 *   logBlowup: 2,
 *   foldingFactors: [4, 4, 4, 4, 4, 4],
 *   queries: 82,
 *   batchedFunctions: 160,
 *   constraints: 300,
 *   constraintDegree: 4,
 *   openingPoints: 2,
 *   grinding: { queries: 20 },
 * });
 * if (Math.floor(bits) !== 101) throw new Error('unreachable');
 * ```
 */
export function securityReport(parameters: SecurityParameters): SecurityReport {
  check(parameters);
  const rate = 2 ** -parameters.logBlowup;
  const unique = regimeReport(parameters, uniqueDecoding(rate));
  const most = mostM(parameters);
  if (most < LEAST_M) return { bits: unique.bits, best: unique, regimes: [unique] };
  let johnson = johnsonReport(parameters, LEAST_M);
  // Closer to the bound a query is worth more, and everything else less: the best is where both meet.
  const meeting = lastDistance(most, (m) => {
    const report = johnsonReport(parameters, m);
    return report.bits > 0 && queryBits(report) <= bitsBesideQueries(report);
  });
  for (const m of [meeting, meeting + 1]) {
    const report = m <= LEAST_M || m > most ? johnson : johnsonReport(parameters, m);
    if (report.bits > johnson.bits) johnson = report;
  }
  const best = johnson.bits > unique.bits ? johnson : unique;
  return { bits: best.bits, best, regimes: [unique, johnson] };
}

/** The report at one distance from the Johnson bound. */
export function johnsonReport(parameters: SecurityParameters, m: number): RegimeReport {
  return regimeReport(parameters, johnsonBound(2 ** -parameters.logBlowup, m));
}

/** How close to the Johnson bound lists are not too long. */
function mostM({ logBlowup, logList = Infinity }: SecurityParameters): number {
  return Math.min(MOST_M, Math.floor(2 ** (logList + 1 - logBlowup)));
}

/** The last distance up to `most` for which `holds`, if it holds up to there and not from there on; one less than the least where it never holds. */
function lastDistance(most: number, holds: (m: number) => boolean): number {
  let [low, high] = [LEAST_M - 1, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The minimum over all rounds but the queries. */
function bitsBesideQueries({ rounds }: RegimeReport): number {
  return rounds.reduce((least, { name, bits }) => (name === 'queries' ? least : Math.min(least, bits)), Infinity);
}

function queryBits({ rounds }: RegimeReport): number {
  return rounds.find(({ name }) => name === 'queries')!.bits;
}

/** The report of a regime, by default of the best: of no bits where its lists are too long. */
export function reportIn(report: SecurityReport, regime: RegimeReport['regime'] | undefined): RegimeReport {
  if (regime === undefined) return report.best;
  const found = report.regimes.find((each) => each.regime === regime);
  return found ?? { regime, m: undefined, rounds: [{ name: 'lists', bits: 0 }], bits: 0 };
}

/**
 * Returns the report if it reaches the asked level.
 *
 * @param regime - the one that has to reach it; the better of both by default.
 * @throws {@link CommitmentError} `COMMIT_SECURITY` if it does not.
 */
export function assertSecurity(
  parameters: SecurityParameters,
  bits: number,
  regime?: RegimeReport['regime'],
): SecurityReport {
  const report = securityReport(parameters);
  const chosen = reportIn(report, regime);
  if (!(chosen.bits >= bits)) {
    const weakest = chosen.rounds.find((round) => round.bits === chosen.bits);
    throw new CommitmentError(
      'COMMIT_SECURITY',
      'security',
      `at least ${String(bits)} bits`,
      `${chosen.bits.toFixed(1)} (${weakest?.name ?? 'no round'})`,
    );
  }
  return report;
}

/**
 * How many queries it takes until all rounds reach the asked level, up to rounding; infinitely many where the other rounds do not reach it.
 *
 * @param regime - the one that has to reach it; the better of both by default.
 */
export function leastQueries(parameters: SecurityParameters, bits: number, regime?: RegimeReport['regime']): number {
  const rate = 2 ** -parameters.logBlowup;
  const without = { ...parameters, queries: 0 };
  /** Whether the other rounds leave it to the queries. */
  const isLeft = (each: Regime): boolean => bitsBesideQueries(regimeReport(without, each)) >= bits;
  const rest = bits - (parameters.grinding?.queries ?? 0);
  const queriesIn = ({ radius }: Regime): number => Math.ceil(rest / -Math.log2(1 - radius));
  let least = Infinity;
  const unique = uniqueDecoding(rate);
  if (regime !== 'johnson bound' && isLeft(unique)) least = queriesIn(unique);
  if (regime !== 'unique decoding') {
    // Closer to the bound the other rounds are worth less, and it takes fewer queries, where it takes any.
    const last = lastDistance(mostM(parameters), (m) => isLeft(johnsonBound(rate, m)));
    const ends = last < LEAST_M ? [] : [LEAST_M, last];
    least = Math.min(least, ...ends.map((m) => queriesIn(johnsonBound(rate, m))));
  }
  return least;
}

/** A table of the rounds of all regimes, for people. */
export function formatSecurity(report: SecurityReport): string {
  const lines = report.regimes.map(({ regime, m, rounds, bits }) => {
    const detail = rounds.map((round) => `${round.name} ${round.bits.toFixed(1)}`).join(', ');
    return `${regime}${m === undefined ? '' : ` (m = ${String(m)})`}: ${bits.toFixed(1)} bits: ${detail}`;
  });
  return [`${report.bits.toFixed(1)} bits proven`, ...lines].join('\n');
}

function check(parameters: SecurityParameters): void {
  const { grinding = {}, lookups = [], hashBits = 128 } = parameters;
  const numbers: readonly (readonly [string, number, number])[] = [
    ['extensionDegree', parameters.extensionDegree, 1],
    ['logRows', parameters.logRows, 0],
    ['logInstances', parameters.logInstances ?? 0, 0],
    ['logBlowup', parameters.logBlowup, 1],
    ['queries', parameters.queries, 0],
    ['batchedFunctions', parameters.batchedFunctions, 1],
    ['constraints', parameters.constraints, 0],
    ['constraintDegree', parameters.constraintDegree, 1],
    ['openingPoints', parameters.openingPoints, 1],
    ['hashBits', hashBits, 0],
    ...parameters.foldingFactors.map((factor) => ['foldingFactor', factor, 2] as const),
    ...lookups.flatMap(({ name, interactions, width }) => [
      [`${name} interactions`, interactions, 1] as const,
      [`${name} width`, width, 1] as const,
    ]),
    ...Object.entries(grinding).map(([name, bits]) => [`${name} grinding`, bits as number, 0] as const),
  ];
  for (const [name, value, least] of numbers) {
    if (!Number.isInteger(value) || value < least || value > 2 ** 40) {
      throw new CommitmentError('COMMIT_RANGE', name, `an integer of at least ${String(least)}`, String(value));
    }
  }
}

function uniqueDecoding(rate: number): Regime {
  const radius = (1 - rate) / 2;
  return {
    name: 'unique decoding',
    m: undefined,
    radius,
    listSize: 1,
    gap: (dimension) => (radius * dimension) / rate + 1,
  };
}

function johnsonBound(rate: number, m: number): Regime {
  const root = Math.sqrt(rate);
  const radius = 1 - root * (1 + 1 / m);
  const shifted = m + 0.5;
  return {
    name: 'johnson bound',
    m,
    radius,
    // 1/(2·distance from the bound·√rate)
    listSize: m / (2 * rate),
    gap: (dimension) =>
      ((2 * shifted ** 5 + 3 * shifted * radius * rate) * (dimension / rate)) / (3 * rate * root) + shifted / root,
  };
}

function regimeReport(parameters: SecurityParameters, regime: Regime): RegimeReport {
  const { grinding = {}, lookups = [], hashBits = 128, batching = 'powers' } = parameters;
  const fieldBits = parameters.extensionDegree * Math.log2(Number(MODULUS));
  const rows = 2 ** parameters.logRows;
  const blowup = 2 ** parameters.logBlowup;
  const domain = rows * blowup;
  const instances = 2 ** (parameters.logInstances ?? 0);
  const rounds: SecurityRound[] = [];
  const round = (name: string, error: number, work = 0): void => {
    rounds.push({ name, bits: Math.max(0, fieldBits - Math.log2(error) + work) });
  };

  // What is looked up is committed to before the challenges, as one word out of a list.
  for (const { name, interactions, width } of lookups) {
    round(name, regime.listSize * interactions * rows * (width + 2));
  }
  if (parameters.constraints > 0) round('constraints', regime.listSize * parameters.constraints);
  const { constraintDegree, openingPoints } = parameters;
  // Quotients by several points need the domain to be larger than what is decoded.
  // Those of s instances are by x^s - z: for a table of one row a polynomial of 2s coefficients has to be known by where it is not far from a word.
  const decodable =
    regime.radius > 0 &&
    rows + openingPoints < (1 - regime.radius) * domain &&
    (instances === 1 || 2 <= (1 - regime.radius) * blowup);
  round(
    'out of domain',
    regime.listSize * Math.max(1, constraintDegree * (rows + openingPoints - 1) + rows - 1),
    grinding.outOfDomain,
  );
  if (parameters.batchedFunctions > 1) {
    const terms = batching === 'powers' ? parameters.batchedFunctions - 1 : 1;
    round('batching', terms * regime.gap(rows * instances), grinding.batching);
  }
  let dimension = rows * instances;
  parameters.foldingFactors.forEach((factor, index) => {
    dimension /= factor;
    const powers = parameters.mixedHeights === true ? factor : factor - 1;
    round(`folding ${String(index + 1)}`, powers * regime.gap(dimension), grinding.folding);
  });
  const perQuery = -Math.log2(1 - regime.radius);
  rounds.push({ name: 'queries', bits: parameters.queries * perQuery + (grinding.queries ?? 0) });
  rounds.push({ name: 'hash', bits: hashBits });
  const bits = decodable ? Math.min(...rounds.map((each) => each.bits)) : 0;
  return { regime: regime.name, m: regime.m, rounds, bits };
}
