/**
 * A proof system for a set of tables: their constraints in proved form, and parameters that reach the security asked for.
 *
 * @module
 */
import {
  createOpeningParameters,
  functionCount,
  type OpeningLayout,
  type OpeningParameters,
  type OpeningRequest,
} from '@commute/poly-commit';
import { type Arithmetization, arithmetize } from './arithmetize.ts';
import { assertBuses, type PublicMessage } from './check.ts';
import { contentHash } from './content-hash.ts';
import { StarkError } from './errors.ts';
import { type BusNumbers, LOOKUP_CHALLENGES, numberBuses } from './lookup.ts';
import { constraintsOf } from './symbolic.ts';
import { type Table } from './table.ts';

/** What prover and verifier agree on before anything is proved. */
export interface StarkSystem {
  readonly tables: readonly Table[];
  readonly arithmetizations: readonly Arithmetization[];
  readonly buses: BusNumbers;
  readonly maximumDegree: number;
  readonly parameters: OpeningParameters;
  /** Names of all challenges, drawn in this order. */
  readonly challenges: readonly string[];
  /** All of the above in one text; part of every transcript. */
  readonly description: string;
}

/** Options of {@link createStarkSystem}. */
export interface StarkOptions extends Pick<
  OpeningRequest,
  'regime' | 'queries' | 'queryWork' | 'foldingWork' | 'batchingWork' | 'foldingFactor' | 'finalLength' | 'hash'
> {
  /** Proven bits; 100 by default. */
  readonly securityBits?: number;
  /** log2 of the blowup; 2 by default. */
  readonly logBlowup?: number;
  /** log2 of the rows of the highest table, at most; 20 by default. */
  readonly maximumLogRows?: number;
  /** Highest degree of a constraint, from 2 to the blowup + 1; 4 by default, less where the blowup is 2. */
  readonly maximumDegree?: number;
  /** Buses that only the statement uses, besides those of the tables. */
  readonly publicBuses?: readonly string[];
}

/** Columns of one table's quotient: three for each of its pieces of as many coefficients as the table has rows. */
export function quotientColumns(maximumDegree: number): number {
  return 3 * (maximumDegree - 1);
}

/**
 * Brings tables to a provable form and chooses parameters.
 *
 * @throws {@link StarkError} `STARK_TABLE` for no tables or two of one name, `STARK_DEGREE` for a degree that the blowup has no room
 *   for; `COMMIT_SECURITY` where the security cannot be reached.
 */
export function createStarkSystem(tables: readonly Table[], options: StarkOptions = {}): StarkSystem {
  const { securityBits = 100, logBlowup = 2, maximumLogRows = 20, publicBuses = [], ...rest } = options;
  const { maximumDegree = Math.min(4, 2 ** logBlowup + 1), ...request } = rest;
  if (tables.length === 0) throw new StarkError('STARK_TABLE', 'tables', 'at least one', 'none');
  const names = tables.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw new StarkError('STARK_TABLE', 'tables', 'different names', names.join(', '));
  }
  if (!(maximumDegree <= 2 ** logBlowup + 1)) {
    throw new StarkError(
      'STARK_DEGREE',
      'maximumDegree',
      `at most ${String(2 ** logBlowup + 1)}`,
      String(maximumDegree),
    );
  }
  assertBuses(tables);
  const buses = numberBuses(
    tables,
    publicBuses.map((bus): PublicMessage => ({ bus, direction: 'send', tuple: [0n], multiplicity: 0n })),
  );
  const arithmetizations = tables.map((table) => arithmetize(table, { maximumDegree, buses }));
  const matrices = arithmetizations.flatMap((each) => [
    { columns: each.names.main.length, points: 2 },
    { columns: 3 * each.names.auxiliary.length, points: 2 },
    { columns: each.names.preprocessed.length, points: 2 },
    { columns: quotientColumns(maximumDegree), points: 1 },
  ]);
  const messages = tables.flatMap((table) => constraintsOf(table).messages);
  const parameters = createOpeningParameters({
    ...request,
    securityBits,
    logBlowup,
    maximumLogRows,
    maximumFunctions: functionCount(matrices),
    constraints: Math.max(...arithmetizations.map(({ constraints }) => constraints.length)),
    constraintDegree: maximumDegree,
    lookups:
      messages.length === 0
        ? []
        : [
            {
              name: 'buses',
              interactions: messages.length,
              // The number of the bus is an element of the tuple too.
              width: 1 + Math.max(...messages.map(({ tuple }) => tuple.length)),
            },
          ],
  });
  const declared = new Set(tables.flatMap((table) => table.challenges));
  const taken = LOOKUP_CHALLENGES.find((name) => declared.has(name));
  if (taken !== undefined) throw new StarkError('STARK_TABLE', 'challenges', 'names that buses do not use', taken);
  // Also where only the statement sends: what nobody receives must not go unnoticed.
  const challenges = [...declared, ...(buses.size === 0 ? [] : LOOKUP_CHALLENGES)];
  const description = [
    'commute/stark/v1',
    parameters.description,
    `degree=${String(maximumDegree)}`,
    JSON.stringify([...buses]),
    JSON.stringify(challenges),
    ...arithmetizations.map((each) =>
      JSON.stringify([each.table.name, contentHash(each), each.names, each.table.publicValues, each.challenges]),
    ),
  ].join('\n');
  return { tables, arithmetizations, buses, maximumDegree, parameters, challenges, description };
}

/** Numbers of the tables that have columns of an area. */
export function tablesWith(system: StarkSystem, area: 'auxiliary' | 'preprocessed'): number[] {
  return system.arithmetizations.flatMap(({ names }, index) => (names[area].length > 0 ? [index] : []));
}

/** The rounds of an opening, in order: preprocessed and auxiliary ones only where there are such columns. */
export interface RoundPlan {
  readonly kind: 'preprocessed' | 'main' | 'auxiliary' | 'quotient';
  /** Numbers of the tables whose matrices the batch holds. */
  readonly tables: readonly number[];
  readonly layout: OpeningLayout;
}

/** Which matrices of which shapes are opened in which round, for tables of these heights. */
export function planRounds(system: StarkSystem, logRows: readonly number[]): RoundPlan[] {
  const all = system.tables.map((_, index) => index);
  const plan = (
    kind: RoundPlan['kind'],
    tables: readonly number[],
    columns: (arithmetization: Arithmetization) => number,
  ): RoundPlan[] =>
    tables.length === 0
      ? []
      : [
          {
            kind,
            tables,
            layout: {
              shapes: tables.map((index) => ({
                rows: 2 ** logRows[index]!,
                columns: columns(system.arithmetizations[index]!),
              })),
              points: tables.map(() => (kind === 'quotient' ? 1 : 2)),
            },
          },
        ];
  return [
    ...plan('preprocessed', tablesWith(system, 'preprocessed'), ({ names }) => names.preprocessed.length),
    ...plan('main', all, ({ names }) => names.main.length),
    ...plan('auxiliary', tablesWith(system, 'auxiliary'), ({ names }) => 3 * names.auxiliary.length),
    ...plan('quotient', all, () => quotientColumns(system.maximumDegree)),
  ];
}
