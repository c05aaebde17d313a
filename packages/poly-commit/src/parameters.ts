/**
 * Parameters of commitments, made from the security that is asked for.
 *
 * @module
 */
import { createExtensionField, type ExtensionField } from '@commute/field';
import { CommitmentError } from './errors.ts';
import { type FriParameters } from './fri.ts';
import { BLAKE3, type HashFunction } from './hash.ts';
import {
  assertSecurity,
  type LookupParameters,
  type RegimeReport,
  leastQueries,
  reportIn,
  type SecurityParameters,
  securityReport,
  type SecurityReport,
} from './security.ts';
import { assertWork } from './transcript.ts';

/** What is asked for, and the largest opening that it must hold for. */
export interface OpeningRequest {
  /** Proven bits, counted as the minimum over all rounds. */
  readonly securityBits: number;
  /** The regime that the bits are proven in; whichever is better by default. */
  readonly regime?: RegimeReport['regime'];
  /** log2 of how many words a commitment may stand for, at most: a challenge that several share has to work for all choices. No bound by default. */
  readonly logList?: number;
  /** log2 of how many times larger a domain is than the polynomials' degree bound. */
  readonly logBlowup: number;
  /** log2 of the rows of the highest matrix, at most. */
  readonly maximumLogRows: number;
  /** log2 of the instances that matrices may be interleaved of, at most; 0 by default. The rows above are those of one of them. */
  readonly maximumLogInstances?: number;
  /** The sum over all matrices of columns·(points + 1), at most; see {@link functionCount}. */
  readonly maximumFunctions: number;
  /** Points that one matrix is opened at, at most; 2 by default. */
  readonly maximumPoints?: number;
  /** By how much a round of the low-degree test divides the degree; a power of two in [2, 256], 4 by default. */
  readonly foldingFactor?: number;
  /** Coefficients of the last polynomial, at most; a power of two, 64 by default. */
  readonly finalLength?: number;
  /** Queries of the low-degree test; the fewest that reach the security by default. */
  readonly queries?: number;
  /** Bits of proof of work: before the queries (20 by default), before each folding, before batching (0 by default). */
  readonly queryWork?: number;
  readonly foldingWork?: number;
  readonly batchingWork?: number;
  /** The extension that challenges and points are in; the default one of the field package by default. */
  readonly field?: ExtensionField;
  /** The hash of the trees; BLAKE3 by default. */
  readonly hash?: HashFunction;
  /** Rounds of the protocol above that are counted too: constraints, combined by powers of one challenge, and their largest degree. */
  readonly constraints?: number;
  readonly constraintDegree?: number;
  readonly lookups?: readonly LookupParameters[];
}

/** Parameters that reach the security asked for. Made by {@link createOpeningParameters} alone. */
export interface OpeningParameters {
  readonly securityBits: number;
  readonly logBlowup: number;
  readonly maximumLogRows: number;
  readonly maximumLogInstances: number;
  readonly maximumFunctions: number;
  readonly maximumPoints: number;
  readonly foldingFactor: number;
  readonly finalLength: number;
  readonly queries: number;
  readonly queryWork: number;
  readonly foldingWork: number;
  readonly batchingWork: number;
  readonly field: ExtensionField;
  readonly hash: HashFunction;
  readonly report: SecurityReport;
  /** The regime that the bits are proven in. */
  readonly regime: RegimeReport['regime'];
  /** All of the above in one line of ASCII; part of every transcript and of every proof. */
  readonly description: string;
}

const MOST_QUERIES = 1024;

let cubic: ExtensionField | undefined;

/** The default extension, which takes some work to show irreducible. */
function defaultField(): ExtensionField {
  cubic ??= createExtensionField();
  return cubic;
}

/**
 * Chooses what is left open so that the asked bits are proven.
 *
 * @throws {@link CommitmentError} `COMMIT_SECURITY` where they cannot be reached, `COMMIT_RANGE` for numbers outside their range.
 * @example
 * ```ts
 * import { createOpeningParameters } from '@commute/poly-commit';
 * const parameters = createOpeningParameters({
 *   securityBits: 100,
 *   logBlowup: 2,
 *   maximumLogRows: 16,
 *   maximumFunctions: 396,
 * });
 * if (parameters.queries !== 81) throw new Error(String(parameters.queries));
 * ```
 */
export function createOpeningParameters(request: OpeningRequest): OpeningParameters {
  const {
    securityBits,
    regime,
    logBlowup,
    maximumLogRows,
    maximumLogInstances = 0,
    maximumFunctions,
    maximumPoints = 2,
    foldingFactor = 4,
    finalLength = 64,
    queryWork = 20,
    foldingWork = 0,
    batchingWork = 0,
    field = defaultField(),
    hash = BLAKE3,
    constraints = 0,
    constraintDegree = 1,
    lookups = [],
    logList,
  } = request;
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new CommitmentError('COMMIT_RANGE', name, expected, String(got));
  };
  if (!(securityBits > 0 && securityBits <= 256)) refuse('securityBits', 'a number in (0, 256]', securityBits);
  if (!Number.isInteger(maximumPoints) || maximumPoints < 0) refuse('maximumPoints', 'an integer ≥ 0', maximumPoints);
  if (!isPowerOfTwo(foldingFactor, 8) || foldingFactor < 2) {
    refuse('foldingFactor', 'a power of two in [2, 256]', foldingFactor);
  }
  if (!isPowerOfTwo(finalLength, 16)) refuse('finalLength', 'a power of two in [1, 2^16]', finalLength);
  if (!Number.isInteger(maximumLogInstances) || maximumLogInstances < 0) {
    refuse('maximumLogInstances', 'an integer ≥ 0', maximumLogInstances);
  }
  const logDomain = [maximumLogRows, maximumLogInstances, logBlowup];
  if (!(logDomain.reduce((sum, each) => sum + each) <= 32)) {
    refuse('maximumLogRows', 'at most 32 with maximumLogInstances and logBlowup', logDomain.join(' + '));
  }
  for (const bits of [queryWork, foldingWork, batchingWork]) assertWork(bits);
  const asked: SecurityParameters = {
    extensionDegree: field.degree,
    logRows: maximumLogRows,
    logInstances: maximumLogInstances,
    logBlowup,
    // A folding by f of R rows costs f·gap(R/f), which grows with f and with R: this bounds all schedules.
    foldingFactors: [foldingFactor],
    mixedHeights: true,
    queries: 0,
    batchedFunctions: maximumFunctions,
    constraints,
    constraintDegree,
    openingPoints: Math.max(1, maximumPoints),
    lookups,
    ...(logList === undefined ? {} : { logList }),
    grinding: { queries: queryWork, folding: foldingWork, batching: batchingWork },
  };
  const { queries = fewestQueries(asked, securityBits, regime) } = request;
  if (!Number.isInteger(queries) || queries < 1 || queries > MOST_QUERIES) {
    refuse('queries', `an integer in [1, ${String(MOST_QUERIES)}]`, queries);
  }
  const report = assertSecurity({ ...asked, queries }, securityBits, regime);
  const proven = regime ?? report.best.regime;
  const numbers = {
    bits: securityBits,
    regime: proven.replace(' ', '-'),
    blowup: 2 ** logBlowup,
    rows: 2 ** maximumLogRows,
    ...(maximumLogInstances === 0 ? {} : { instances: 2 ** maximumLogInstances }),
    functions: maximumFunctions,
    points: maximumPoints,
    folding: foldingFactor,
    final: finalLength,
    queries,
    work: [queryWork, foldingWork, batchingWork].join('+'),
  };
  const description = [
    'fri',
    hash.name,
    `extension=${field.modulus.join(',')}`,
    ...Object.entries(numbers).map(([name, value]) => `${name}=${String(value)}`),
  ].join(' ');
  return Object.freeze({
    securityBits,
    logBlowup,
    maximumLogRows,
    maximumLogInstances,
    maximumFunctions,
    maximumPoints,
    foldingFactor,
    finalLength,
    queries,
    queryWork,
    foldingWork,
    batchingWork,
    field,
    hash,
    report,
    regime: proven,
    description,
  });
}

function isPowerOfTwo(value: number, mostLog: number): boolean {
  const log = Math.log2(value);
  return Number.isInteger(log) && log >= 0 && log <= mostLog;
}

/** The fewest queries that reach the bits; the most that are allowed where none do, so that the refusal names the round at fault. */
function fewestQueries(asked: SecurityParameters, bits: number, regime: RegimeReport['regime'] | undefined): number {
  const enough = (queries: number): boolean => {
    return reportIn(securityReport({ ...asked, queries }), regime).bits >= bits;
  };
  // Computed, and then corrected where rounding is off by one: a report takes milliseconds.
  let queries = Math.min(Math.max(1, leastQueries(asked, bits, regime)), MOST_QUERIES);
  while (queries < MOST_QUERIES && !enough(queries)) queries++;
  while (queries > 1 && enough(queries - 1)) queries--;
  return queries;
}

/**
 * By how much each round divides the degree: by the factor, or by less where that would pass a height at which functions join.
 *
 * @param logHeights - log2 of the heights, falling.
 */
function foldingSchedule(logHeights: readonly number[], factor: number, finalLength: number): number[] {
  const final = Math.min(Math.log2(finalLength), logHeights.at(-1)!);
  const schedule: number[] = [];
  for (let current = logHeights[0]!; current > final;) {
    const stop = Math.max(final, logHeights.find((height) => height < current) ?? final);
    const step = Math.min(Math.log2(factor), current - stop);
    schedule.push(2 ** step);
    current -= step;
  }
  return schedule;
}

/** The parameters of the low-degree test for functions of these heights, log2, falling. */
export function lowDegreeParameters(parameters: OpeningParameters, logHeights: readonly number[]): FriParameters {
  const { field, logBlowup, foldingFactor, finalLength, queries, foldingWork, queryWork } = parameters;
  const [largest, ...smaller] = logHeights.map((height) => height + logBlowup);
  return {
    field,
    logSize: largest!,
    // Points are 7·w^i at every height; as functions of x/7 those of all heights are on subgroups, which folding leads into each other.
    shift: 1n,
    logBlowup,
    foldingFactors: foldingSchedule(logHeights, foldingFactor, finalLength),
    smallerLogSizes: smaller,
    queries,
    foldingWork,
    queryWork,
  };
}
