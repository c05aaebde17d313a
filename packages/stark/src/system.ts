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
import { type Arithmetization, arithmetize, EXPOSED_SUM } from './arithmetize.ts';
import { assertBuses, type PublicMessage } from './check.ts';
import { StarkError } from './errors.ts';
import { committedLogRows, COVER_COLUMNS, coverSums, type Hiding, hidingFor, SALT_COLUMNS } from './hiding.ts';
import { type BusNumbers, EXPOSED_CHALLENGES, LOOKUP_CHALLENGES, numberBuses } from './lookup.ts';
import { type Table } from './table.ts';
import { arithmetizationFromKey, factsOf, type TableKey, tableKey, type VerifyingKey } from './verifying-key.ts';

/** What prover and verifier agree on before anything is proved. */
export interface StarkSystem {
  readonly tables: readonly Table[];
  readonly arithmetizations: readonly Arithmetization[];
  readonly buses: BusNumbers;
  /** Buses whose sum is exposed, in the order of their numbers, from 1. */
  readonly exposedBuses: readonly string[];
  readonly maximumDegree: number;
  /** Numbers of the tables whose preprocessed columns are committed to by themselves. */
  readonly commonTables: readonly number[];
  /** How much randomness hides the traces; absent without zero knowledge. */
  readonly hiding: Hiding | undefined;
  readonly parameters: OpeningParameters;
  /** What the parameters were made from. */
  readonly request: OpeningRequest;
  /** Names of all challenges that are drawn, in this order. */
  readonly challenges: readonly string[];
  /** Names of the challenges whose values come from outside, those of exposed buses last. */
  readonly externalChallenges: readonly string[];
  /** All of the above in one text; part of every transcript. */
  readonly description: string;
}

/** Options of {@link createStarkSystem}. */
export interface StarkOptions extends Pick<
  OpeningRequest,
  | 'regime'
  | 'logList'
  | 'queries'
  | 'queryWork'
  | 'foldingWork'
  | 'batchingWork'
  | 'foldingFactor'
  | 'finalLength'
  | 'hash'
> {
  /** Proven bits; 100 by default. */
  readonly securityBits?: number;
  /** log2 of the blowup; 2 by default. */
  readonly logBlowup?: number;
  /** log2 of the rows of the highest table, at most; 20 by default. */
  readonly maximumLogRows?: number;
  /** log2 of the instances that one joint proof may be of, at most; 0 by default. The rows above are those of one of them. */
  readonly maximumLogInstances?: number;
  /**
   * Whether proofs hide the traces, see ZERO-KNOWLEDGE.md of this package: twice the work, or more for short tables. Not by default. What is not hidden:
   * heights, public values, messages of the statement, exposed values.
   */
  readonly zeroKnowledge?: boolean;
  /** Highest degree of a constraint, from 2 to the blowup + 1, or the blowup with zero knowledge; 4 by default, less where that is less. */
  readonly maximumDegree?: number;
  /**
   * Names of tables whose preprocessed columns are the same in many statements: they are committed to in a batch of their own, so that a verifier
   * who knows its root commits to those of the other tables only. One more tree in each proof; none by default.
   */
  readonly commonTables?: readonly string[];
  /** Buses that only the statement uses, besides those of the tables. */
  readonly publicBuses?: readonly string[];
  /**
   * Challenges of tables whose values come from outside, because several proofs share them: whoever verifies has to derive them from
   * commitments to all that they must not be chosen for.
   */
  readonly externalChallenges?: readonly string[];
  /**
   * Buses that need not cancel in one proof: their sum is exposed. Their challenges are external, {@link EXPOSED_CHALLENGES}; systems whose
   * sums are added up must be given the same list.
   */
  readonly exposedBuses?: readonly string[];
  /**
   * What {@link verifyingKey} gave of a system of the same tables, buses and highest degree: a verifier then looks at no constraints. Not looked at where the
   * degree is another one, or with zero knowledge.
   */
  readonly key?: VerifyingKey;
}

/** Columns of one table's quotient: three for each of its pieces of about as many coefficients as the table's polynomials. */
export function quotientColumns({ maximumDegree, hiding }: Pick<StarkSystem, 'maximumDegree' | 'hiding'>): number {
  return 3 * (hiding === undefined ? maximumDegree - 1 : maximumDegree);
}

/** Whether a proof may have a table of a height. */
export function isHeight({ hiding, parameters }: StarkSystem, logRows: number): boolean {
  return (
    Number.isInteger(logRows) &&
    logRows >= 0 &&
    logRows <= parameters.maximumLogRows &&
    committedLogRows(hiding, logRows) <= parameters.maximumLogRows
  );
}

/**
 * Brings tables to a provable form and chooses parameters.
 *
 * @throws {@link StarkError} `STARK_TABLE` for no tables or two of one name, `STARK_DEGREE` for a degree that the blowup has no room
 *   for; `COMMIT_SECURITY` where the security cannot be reached.
 */
export function createStarkSystem(tables: readonly Table[], options: StarkOptions = {}): StarkSystem {
  const { securityBits = 100, logBlowup = 2, maximumLogRows = 20, publicBuses = [], ...others } = options;
  const { externalChallenges: external = [], exposedBuses = [], key: given, ...rest } = others;
  const { zeroKnowledge = false, commonTables: common = [], ...degrees } = rest;
  const mostDegree = zeroKnowledge ? 2 ** logBlowup : 2 ** logBlowup + 1;
  const { maximumDegree = Math.min(4, mostDegree), ...request } = degrees;
  if (tables.length === 0) throw new StarkError('STARK_TABLE', 'tables', 'at least one', 'none');
  const names = tables.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw new StarkError('STARK_TABLE', 'tables', 'different names', names.join(', '));
  }
  if (!(maximumDegree <= mostDegree)) {
    throw new StarkError('STARK_DEGREE', 'maximumDegree', `at most ${String(mostDegree)}`, String(maximumDegree));
  }
  const key = given?.maximumDegree === maximumDegree && !zeroKnowledge ? given : undefined;
  if (key !== undefined && key.tables.length !== tables.length) {
    throw new StarkError('STARK_TABLE', 'key', `${String(tables.length)} tables`, String(key.tables.length));
  }
  const { buses, arithmetizations } =
    key === undefined
      ? arithmetizeAll(tables, { maximumDegree, zeroKnowledge, exposedBuses, publicBuses })
      : readKey(tables, key, exposedBuses);
  const facts = arithmetizations.map(factsOf);
  const matrices = arithmetizations.flatMap((each) => [
    { columns: each.names.main.length, points: 2 },
    { columns: 3 * each.names.auxiliary.length, points: 2 },
    { columns: each.names.preprocessed.length, points: 2 },
    { columns: 3 * (zeroKnowledge ? maximumDegree : maximumDegree - 1), points: 1 },
    // As if all tables were of different heights.
    ...(zeroKnowledge ? [{ columns: COVER_COLUMNS + 3 * SALT_COLUMNS, points: 0 }] : []),
  ]);
  const interactions = facts.reduce((sum, { messages }) => sum + messages, 0);
  const openingRequest: OpeningRequest = {
    ...request,
    securityBits,
    logBlowup,
    maximumLogRows,
    maximumFunctions: functionCount(matrices),
    constraints: Math.max(...facts.map(({ constraints }) => constraints)),
    constraintDegree: maximumDegree,
    lookups:
      interactions === 0
        ? []
        : [
            {
              name: 'buses',
              interactions,
              // The number of the bus is an element of the tuple too.
              width: 1 + Math.max(...facts.map(({ widest }) => widest)),
            },
          ],
  };
  const { parameters, hiding } = chooseParameters(openingRequest, zeroKnowledge);
  const declared = new Set(tables.flatMap((table) => table.challenges));
  assertNames(tables, declared, external, exposedBuses, publicBuses);
  const commonTables = common.map((name) => names.indexOf(name)).sort((a, b) => a - b);
  if (commonTables.some((index, at) => !hasPreprocessed(tables[index]) || index === commonTables[at - 1])) {
    throw new StarkError(
      'STARK_TABLE',
      'commonTables',
      'different tables with preprocessed columns',
      common.join(', '),
    );
  }
  const externalChallenges = [...external, ...(exposedBuses.length === 0 ? [] : EXPOSED_CHALLENGES)];
  // Also where only the statement sends: what nobody receives must not go unnoticed.
  const challenges = [
    ...[...declared].filter((name) => !external.includes(name)),
    ...(buses.size === 0 ? [] : LOOKUP_CHALLENGES),
  ];
  const staged = [externalChallenges, exposedBuses, ...tables.map(({ exposed }) => exposed)];
  const description = [
    'commute/stark/v1',
    parameters.description,
    `degree=${String(maximumDegree)}`,
    ...(hiding === undefined ? [] : [`hiding=${String(hiding.column)}+${String(hiding.piece)}`]),
    JSON.stringify([...buses]),
    JSON.stringify(challenges),
    ...(staged.every(({ length }) => length === 0) ? [] : [JSON.stringify(staged)]),
    ...(commonTables.length === 0 ? [] : [`common=${commonTables.join(',')}`]),
    ...arithmetizations.map(({ table, names: columns, challenges: drawn }, index) =>
      JSON.stringify([table.name, facts[index]!.contentHash, columns, table.publicValues, drawn]),
    ),
  ].join('\n');
  return {
    tables,
    arithmetizations,
    buses,
    exposedBuses,
    maximumDegree,
    commonTables,
    hiding,
    parameters,
    request: openingRequest,
    challenges,
    externalChallenges,
    description,
  };
}

type Arithmetized = Pick<StarkSystem, 'buses' | 'arithmetizations'>;

/** Brings tables to the form that is proved. */
function arithmetizeAll(
  tables: readonly Table[],
  {
    maximumDegree,
    zeroKnowledge,
    exposedBuses,
    publicBuses,
  }: Pick<StarkSystem, 'maximumDegree' | 'exposedBuses'> & {
    readonly zeroKnowledge: boolean;
    readonly publicBuses: readonly string[];
  },
): Arithmetized {
  assertBuses(tables);
  const proved = zeroKnowledge ? coverSums(tables, exposedBuses) : tables;
  const buses = numberBuses(
    proved,
    publicBuses.map((bus): PublicMessage => ({ bus, direction: 'send', tuple: [0n], multiplicity: 0n })),
    exposedBuses,
  );
  return { buses, arithmetizations: proved.map((table) => arithmetize(table, { maximumDegree, buses, exposedBuses })) };
}

/** The same by what is known of it. */
function readKey(tables: readonly Table[], key: VerifyingKey, exposedBuses: readonly string[]): Arithmetized {
  const { maximumDegree } = key;
  const buses = new Map(key.buses.map((name, index) => [name, index + 1]));
  const arithmetizations = tables.map((table, index) =>
    arithmetizationFromKey(table, key.tables[index]!, { maximumDegree, buses, exposedBuses }),
  );
  return { buses, arithmetizations };
}

/**
 * What a verifier has to know of the constraints of a system, to be kept: {@link createStarkSystem} takes it for the same tables, buses and highest degree, and
 * believes it. A system with zero knowledge has none.
 *
 * @throws {@link StarkError} `STARK_TABLE` for a system with zero knowledge.
 * @example
 * ```ts
 * import { column, createStarkSystem, defineTable, verifyingKey } from '@commute/stark';
 * const table = defineTable({ name: 'bits', columns: { main: { bit: column() } }, eval: (builder) => {
 *   builder.assertBoolean('bit is boolean', builder.main.current.bit);
 * } });
 * const system = createStarkSystem([table]);
 * const known = createStarkSystem([table], { key: verifyingKey(system) });
 * if (known.description !== system.description) throw new Error('unreachable');
 * ```
 */
export function verifyingKey(system: StarkSystem): VerifyingKey {
  if (system.hiding !== undefined) {
    throw new StarkError('STARK_TABLE', 'system', 'one without zero knowledge', 'one with it');
  }
  return {
    maximumDegree: system.maximumDegree,
    buses: [...system.buses.keys()],
    tables: system.arithmetizations.map((each): TableKey => tableKey(each, quotientColumns(system))),
  };
}

/** With zero knowledge polynomials are of more coefficients than tables have rows, by how much depends on the queries. */
function chooseParameters(
  request: OpeningRequest,
  zeroKnowledge: boolean,
): { readonly parameters: OpeningParameters; readonly hiding: Hiding | undefined } {
  if (!zeroKnowledge) return { parameters: createOpeningParameters(request), hiding: undefined };
  for (let maximumLogRows = request.maximumLogRows + 1; ; maximumLogRows++) {
    const parameters = createOpeningParameters({ ...request, maximumLogRows });
    const hiding = hidingFor(parameters.queries, parameters.field.degree);
    if (committedLogRows(hiding, request.maximumLogRows) <= maximumLogRows) return { parameters, hiding };
  }
}

/** Throws `STARK_TABLE` for names that are reserved, unknown, or given twice. */
function assertNames(
  tables: readonly Table[],
  declared: ReadonlySet<string>,
  external: readonly string[],
  exposedBuses: readonly string[],
  publicBuses: readonly string[],
): void {
  const refuse = (name: string, expected: string, got: string): never => {
    throw new StarkError('STARK_TABLE', name, expected, got);
  };
  const taken = [...LOOKUP_CHALLENGES, ...EXPOSED_CHALLENGES].find((name) => declared.has(name));
  if (taken !== undefined) refuse('challenges', 'names that buses do not use', taken);
  const unknown = external.find((name) => !declared.has(name));
  if (unknown !== undefined) refuse('externalChallenges', 'challenges of the tables', unknown);
  for (const [name, list] of Object.entries({ externalChallenges: external, exposedBuses })) {
    if (new Set(list).size < list.length) refuse(name, 'different names', list.join(', '));
  }
  const both = exposedBuses.find((bus) => publicBuses.includes(bus));
  if (both !== undefined) refuse('exposedBuses', 'other buses than publicBuses', both);
  const summed = tables.find(({ exposed }) => exposed.includes(EXPOSED_SUM));
  if (summed !== undefined) refuse(`${summed.name}.exposed`, 'names that buses do not use', EXPOSED_SUM);
}

/** Numbers of the tables that have columns of an area. */
export function tablesWith(system: StarkSystem, area: 'auxiliary' | 'preprocessed'): number[] {
  return system.arithmetizations.flatMap(({ names }, index) => (names[area].length > 0 ? [index] : []));
}

function hasPreprocessed(table: Table | undefined): boolean {
  return table !== undefined && table.names.preprocessed.length > 0;
}

/** The batches of preprocessed columns that there are, in the order of their roots, and the tables that are in each. */
export function preprocessedBatches(
  system: StarkSystem,
): { readonly kind: 'common' | 'preprocessed'; readonly tables: readonly number[] }[] {
  const { commonTables } = system;
  const others = tablesWith(system, 'preprocessed').filter((index) => !commonTables.includes(index));
  return [
    { kind: 'common' as const, tables: commonTables },
    { kind: 'preprocessed' as const, tables: others },
  ].filter(({ tables }) => tables.length > 0);
}

/** The rounds of an opening, in order: preprocessed and auxiliary ones only where there are such columns. */
export interface RoundPlan {
  /** `common` are the preprocessed columns that are committed to by themselves. */
  readonly kind: 'common' | 'preprocessed' | 'main' | 'auxiliary' | 'quotient';
  /** Numbers of the tables whose matrices the batch holds. */
  readonly tables: readonly number[];
  /** Heights, in one instance, of the random matrices that come after them, falling; they are opened at no point. */
  readonly covers: readonly number[];
  readonly layout: OpeningLayout;
}

/** Of how many instances columns are interleaved in a proof of some: a power of two, those that there are not being zero. */
export function placesFor(instances: number): number {
  return 2 ** Math.ceil(Math.log2(instances));
}

/**
 * Which matrices of which shapes are opened in which round, for tables of these heights.
 *
 * @param count - of the instances that all but preprocessed columns are interleaved of.
 */
export function planRounds(system: StarkSystem, logRows: readonly number[], count = 1): RoundPlan[] {
  const all = system.tables.map((_, index) => index);
  const { hiding } = system;
  const height = (index: number): number => 2 ** committedLogRows(hiding, logRows[index]!);
  const plan = (
    kind: RoundPlan['kind'],
    tables: readonly number[],
    columns: (arithmetization: Arithmetization) => number,
  ): RoundPlan[] => {
    if (tables.length === 0) return [];
    const isHidden = hiding !== undefined && kind !== 'preprocessed' && kind !== 'common';
    const used = kind === 'preprocessed' || kind === 'common' ? 1 : count;
    const instances = placesFor(used);
    const covers = isHidden ? [...new Set(tables.map(height))].sort((a, b) => b - a) : [];
    const random = SALT_COLUMNS + (kind === 'main' ? COVER_COLUMNS : 0);
    const shapes = [
      ...tables.map((index) => ({ rows: height(index), columns: columns(system.arithmetizations[index]!) })),
      ...covers.map((rows) => ({ rows, columns: random })),
    ].map((shape) => ({ ...shape, rows: instances * shape.rows }));
    const points = [...tables.map(() => (kind === 'quotient' ? 1 : 2)), ...covers.map(() => 0)];
    return [{ kind, tables, covers, layout: { shapes, points, instances, used } }];
  };
  return [
    ...preprocessedBatches(system).flatMap((each) =>
      plan(each.kind, each.tables, ({ names }) => names.preprocessed.length),
    ),
    ...plan('main', all, ({ names }) => names.main.length),
    ...plan('auxiliary', tablesWith(system, 'auxiliary'), ({ names }) => 3 * names.auxiliary.length),
    ...plan('quotient', all, () => quotientColumns(system)),
  ];
}
