/**
 * The prover.
 *
 * @module
 */
import { type FieldEngine, logOfPowerOfTwo, type Matrix, WasmEngine } from '@commute/field';
import {
  commitmentRoot,
  type CommittedBatch,
  createCommitmentScheme,
  type PolynomialCommitmentScheme,
} from '@commute/poly-commit';
import { StarkError } from './errors.ts';
import { type ConstraintInputs } from './evaluate.ts';
import { columnsToMatrix, fillAuxiliaryColumns, fillMainColumns, readsTrace } from './fill.ts';
import {
  committedLogRows,
  COVER_COLUMNS,
  coverTraces,
  hideColumns,
  hidePieces,
  type RandomBytes,
  randomPolynomials,
  SALT_COLUMNS,
  secureRandomBytes,
  tablesWithSums,
} from './hiding.ts';
import { encodeProof } from './proof.ts';
import { computeQuotient } from './quotient.ts';
import {
  absorbClaimed,
  assertStatement,
  commitmentDigest,
  drawChallenges,
  drawWeights,
  type ExternalInputs,
  externalValues,
  openTranscript,
  pointsOf,
  type PreprocessedKey,
  type Statement,
} from './statement.ts';
import { planRounds, preprocessedBatches, type StarkSystem, tablesWith } from './system.ts';
import { assertTrace, assertTraceBut, type ColumnCells, type TableTrace } from './trace.ts';

/** Committed preprocessed columns: of the system's `commonTables`, and of the others. */
export type PreprocessedBatches = Partial<Readonly<Record<'common' | 'preprocessed', CommittedBatch>>>;

/** Commits to the preprocessed columns of traces, if there are any. */
export function commitPreprocessed(
  scheme: PolynomialCommitmentScheme,
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
): PreprocessedBatches {
  return Object.fromEntries(
    preprocessedBatches(system).map(({ kind, tables }) => [kind, commitTables(scheme, engine, system, traces, tables)]),
  );
}

function commitTables(
  scheme: PolynomialCommitmentScheme,
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
  tables: readonly number[],
): CommittedBatch {
  const matrices = tables.map((index) => {
    const { rows, preprocessed } = traces[index]!.trace;
    return columnsToMatrix(engine, rows, preprocessed);
  });
  // Nothing to hide, but of the degree of all else.
  const committed = system.hiding === undefined ? matrices : hideAll(engine, system, matrices, 0, secureRandomBytes);
  return scheme.commit(committed, system.hiding === undefined ? 'values' : 'coefficients', true);
}

/** The coefficients of hidden columns, in place of their values, which are given back. */
export function hideAll(
  engine: FieldEngine,
  { hiding }: StarkSystem,
  matrices: readonly Matrix[],
  count: number,
  random: RandomBytes,
): Matrix[] {
  return matrices.map((matrix) => {
    const rows = 2 ** committedLogRows(hiding, logOfPowerOfTwo(matrix.rows));
    return takeOver(matrix, (each) => hideColumns(engine, each, rows, count, random));
  });
}

/** What is made of a matrix that is given back then. */
export function takeOver(matrix: Matrix, make: (matrix: Matrix) => Matrix): Matrix {
  const made = make(matrix);
  matrix.release();
  return made;
}

/**
 * Commits to the preprocessed columns of traces: what a verifier, who trusts whoever ran this, has of them.
 *
 * @param common - the root over those of the system's `commonTables`, where it is known: it takes no time then.
 * @returns `undefined` for a system without such columns.
 */
export function preprocess(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
  common?: Uint8Array,
): PreprocessedKey | undefined {
  const roots = preprocessedBatches(system).map(({ kind, tables }) => {
    if (kind === 'common' && common !== undefined) return common;
    return smallRoot(system, traces, tables) ?? rootBy(engine, system, traces, tables);
  });
  return keyOf(system, traces, roots);
}

/** The root over preprocessed columns, by an engine. */
export function rootBy(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
  tables: readonly number[],
): Uint8Array {
  const scheme = createCommitmentScheme(engine, system.parameters);
  return engine.scope(() => commitTables(scheme, engine, system, traces, tables).commitment.root);
}

/** The same without one, where columns are short and nothing is hidden. */
export function smallRoot(
  { hiding, parameters }: StarkSystem,
  traces: readonly TableTrace[],
  tables: readonly number[],
): Uint8Array | undefined {
  if (hiding !== undefined) return undefined;
  const matrices = tables.map((index) => {
    const { rows, preprocessed } = traces[index]!.trace;
    const columns = preprocessed.map((column) =>
      column instanceof BigUint64Array ? column : BigUint64Array.from(column),
    );
    return { rows, columns };
  });
  return commitmentRoot(parameters, matrices);
}

function keyOf(
  system: StarkSystem,
  traces: readonly TableTrace[],
  roots: readonly Uint8Array[],
): PreprocessedKey | undefined {
  if (roots.length === 0) return undefined;
  return { roots, logRows: tablesWith(system, 'preprocessed').map((index) => Math.log2(traces[index]!.trace.rows)) };
}

/** Committed preprocessed columns, for proofs that all have the same. */
export interface PreparedColumns {
  /** As {@link preprocess} gives it. */
  readonly key: PreprocessedKey | undefined;
  readonly batches: PreprocessedBatches;
  /** Gives everything back. */
  readonly release: () => void;
}

/**
 * {@link preprocess}, and what provers need of it: give it to {@link prove} as `prepared`, and preprocessed columns are not committed to again for every
 * proof.
 *
 * What it allocates belongs to the engine's open scope, or without one to whoever calls `release`.
 */
export function prepareColumns(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
): PreparedColumns {
  const batches = commitPreprocessed(createCommitmentScheme(engine, system.parameters), engine, system, traces);
  const roots = preprocessedBatches(system).map(({ kind }) => batches[kind]!.commitment.root);
  return {
    key: keyOf(system, traces, roots),
    batches,
    release: () => {
      for (const batch of Object.values(batches)) batch.release();
    },
  };
}

/** The statement that traces are proofs of. */
export function statementOf(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
  publicMessages: Statement['publicMessages'] = [],
): Statement {
  const preprocessed = preprocess(engine, system, traces);
  return {
    publicValues: traces.map(({ table, trace }) =>
      Object.fromEntries(table.publicValues.map((name, index) => [name, trace.publicValues[index]!])),
    ),
    publicMessages,
    ...(preprocessed === undefined ? {} : { preprocessed }),
  };
}

/** What a prover begins with: columns that need no challenge, those that do, quotients, openings. */
export type ProvingPhase = 'main' | 'auxiliary' | 'quotients' | 'opening';

/** Options of {@link prove} and {@link commitTraces}. */
export interface ProveOptions {
  /** Told at the start of each phase. */
  readonly onProgress?: (progress: { readonly phase: ProvingPhase }) => void;
  /** Asked at the start of each phase: proving ends with the signal's reason. It blocks in between. */
  readonly signal?: AbortSignal;
  /** Commitments whose extended columns are larger are kept outside of the engine's memory, which ends at 4 GiB; 512 MiB by default. */
  readonly keptBytes?: number;
  /** Commitments to the traces' preprocessed columns, made before by {@link prepareColumns}. Those of others give no valid proof. */
  readonly prepared?: PreparedColumns;
  /** Where zero knowledge has its randomness from; `crypto.getRandomValues` by default. Anything that can be predicted hides nothing. */
  readonly random?: RandomBytes;
}

/** Traces whose main columns are committed to. */
export interface CommittedTraces {
  /** log2 of the rows of each table. */
  readonly logRows: readonly number[];
  /** Over the main columns. */
  readonly root: Uint8Array;
  /** What the proof has said so far, see `commitmentDigest`: derive external challenges from it. */
  readonly digest: Uint8Array;
  /** Main columns of the traces that a proof still reads. All others were copied, and may be given other cells. */
  readonly readColumns: ReadonlySet<ColumnCells>;
  /**
   * The proof. It may be asked for again, with other external values, but once only where it hides the traces.
   *
   * @throws {@link StarkError} `STARK_TRACE` for a challenge without a value, or a second proof that would open what is hidden.
   */
  readonly prove: (
    external?: ExternalInputs,
    options?: Pick<ProveOptions, 'onProgress' | 'signal'>,
  ) => Uint8Array<ArrayBuffer>;
  /** Gives everything back. */
  readonly release: () => void;
}

/**
 * Proves that traces satisfy all constraints and that all buses balance; nothing is hidden unless the system has zero knowledge.
 *
 * Traces that do not satisfy them give bytes that no verifier accepts: use `checkTraces` to find out why. All is computed by the engine, but
 * for what `fillAuxiliary` of a table does.
 *
 * @param traces - in the order of the system's tables; heights up to the parameters' maximum.
 * @param external - the values of external challenges, if there are any.
 * @param options - progress, cancelling, memory.
 * @returns the bytes of a proof, see `encodeProof`.
 * @throws {@link StarkError} `STARK_TRACE` for traces that do not fit; `COMMIT_SECURITY` for too many rows.
 * @example
 * ```ts
 * import { createFieldEngineSync } from '@commute/field';
 * import { column, createStarkSystem, defineTable, prove, statementOf, traceFromRows, verify } from '@commute/stark';
 * const table = defineTable({ name: 'doubling', columns: { main: { a: column() } }, publicValues: ['last'],
 *   eval: ({ main: { current, next }, publicValues, onFirstRow, onTransition, onLastRow }) => {
 *     onFirstRow.assertEqual('starts at one', current.a, 1);
 *     onTransition.assertEqual('doubles', next.a, current.a.add(current.a));
 *     onLastRow.assertEqual('last', current.a, publicValues.last);
 *   } });
 * const system = createStarkSystem([table], { securityBits: 60, queryWork: 4, maximumLogRows: 3 });
 * const engine = createFieldEngineSync();
 * const main = Array.from({ length: 8 }, (_, row) => ({ a: 1n << BigInt(row) }));
 * const traces = [traceFromRows(table, { main, publicValues: { last: 128n } })];
 * const proof = prove(engine, system, traces, statementOf(engine, system, traces));
 * const verdict = verify(system, { publicValues: [{ last: 128n }] }, proof);
 * if (!verdict.ok || verify(system, { publicValues: [{ last: 127n }] }, proof).ok) throw new Error('unreachable');
 * ```
 */
export function prove(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
  statement: Statement,
  external: ExternalInputs = {},
  options: ProveOptions = {},
): Uint8Array<ArrayBuffer> {
  return engine.scope(() => commitTraces(engine, system, traces, statement, options).prove(external, options));
}

/**
 * The first half of {@link prove}: commits to main columns, so that challenges can be derived from the commitments of several proofs before any
 * of them goes on.
 *
 * What it allocates belongs to the engine's open scope, or without one to whoever calls `release`.
 *
 * @throws as {@link prove}
 * @example
 * ```ts
 * import { createFieldEngineSync } from '@commute/field';
 * import { Transcript } from '@commute/poly-commit';
 * import { column, commitTraces, createStarkSystem, defineTable, traceFromRows, verify } from '@commute/stark';
 * // What one proof sends the other receives.
 * const table = defineTable({ name: 'letters', columns: { main: { value: column() } }, publicValues: ['sign'],
 *   eval: (builder) => {
 *     builder.send('post', [builder.main.current.value], builder.publicValues.sign);
 *   } });
 * const options = { securityBits: 60, queryWork: 4, maximumLogRows: 3, exposedBuses: ['post'] };
 * const system = createStarkSystem([table], options);
 * const engine = createFieldEngineSync();
 * const statements = [1n, 18446744069414584320n].map((sign) => ({ publicValues: [{ sign }] }));
 * const committed = statements.map((statement, k) => {
 *   const main = (k === 0 ? [3n, 5n] : [5n, 3n]).map((value) => ({ value }));
 *   return commitTraces(engine, system, [traceFromRows(table, { main, publicValues: statement.publicValues[0]! })], statement);
 * });
 * const transcript = new Transcript('example');
 * for (const { digest } of committed) transcript.absorb('commitment', digest);
 * const draw = (name: string) => transcript.extensionElement(name, system.parameters.field);
 * const external = { challenges: { 'exposed offset': draw('offset'), 'exposed ratio': draw('ratio') } };
 * const sums = committed.map((each, k) => {
 *   const verdict = verify(system, statements[k]!, each.prove(external), external);
 *   if (!verdict.ok) throw new Error(verdict.reason);
 *   return verdict.exposed.sum;
 * });
 * const total = system.parameters.field.add(sums[0]!, sums[1]!);
 * if (total.some((word) => word !== 0n)) throw new Error('unreachable');
 * ```
 */
export function commitTraces(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
  statement: Statement,
  options: ProveOptions = {},
): CommittedTraces {
  assertStatement(system, statement);
  if (traces.length !== system.tables.length || traces.some(({ table }, index) => table !== system.tables[index])) {
    throw new StarkError('STARK_TRACE', 'traces', 'one for each table of the system, in order', String(traces.length));
  }
  const { keptBytes, random = secureRandomBytes } = options;
  const { hiding } = system;
  const scheme = createCommitmentScheme(
    engine,
    system.parameters,
    undefined,
    keptBytes === undefined ? {} : { keptBytes },
  );
  const { arithmetizations } = system;
  begin(options, 'main');
  const isTyped = (cells: ColumnCells): boolean => cells instanceof BigUint64Array;
  for (const { table, trace } of traces) assertTraceBut(table, trace, isTyped);
  const logRows = traces.map(({ trace }) => logOfPowerOfTwo(trace.rows));
  const plans = planRounds(system, logRows);
  const own = options.prepared === undefined ? commitPreprocessed(scheme, engine, system, traces) : {};
  const preprocessed = options.prepared?.batches ?? own;
  const proved = traces.map(({ trace }) => trace);
  const full =
    hiding === undefined ? proved : coverTraces(proved, tablesWithSums(system.tables, system.exposedBuses), random);
  /** Commits to columns of tables, which are given back; with zero knowledge to hidden ones, and to random ones besides. */
  const commit = (kind: 'main' | 'auxiliary' | 'quotient', matrices: readonly Matrix[]): CommittedBatch => {
    let committed = matrices;
    if (hiding !== undefined) {
      const hidden =
        kind === 'quotient'
          ? matrices.map((matrix) => takeOver(matrix, (each) => hidePieces(engine, each, hiding, random)))
          : hideAll(engine, system, matrices, hiding.column, random);
      const columns = SALT_COLUMNS + (kind === 'main' ? COVER_COLUMNS : 0);
      const { covers } = plans.find((plan) => plan.kind === kind)!;
      committed = [...hidden, ...covers.map((rows) => randomPolynomials(engine, rows, columns, random))];
    }
    return scheme.commit(committed, hiding === undefined && kind !== 'quotient' ? 'values' : 'coefficients', true);
  };
  const filled = full.map((trace, index) => {
    const matrix = fillMainColumns(engine, arithmetizations[index]!, trace);
    try {
      engine.assertCanonical(matrix);
    } catch (error) {
      // By bigints it takes longer and says which cell.
      assertTrace(arithmetizations[index]!.table, trace);
      throw error;
    }
    return matrix;
  });
  const main = commit('main', filled);
  // Where polynomials are those of the columns, these are had from them, and the traces need not be kept.
  const isCopied = hiding === undefined && engine instanceof WasmEngine;
  const kept = full.map((trace, index) => {
    return isCopied && !readsTrace(arithmetizations[index]!.table) ? { ...trace, main: [] } : trace;
  });

  let isOpened = false;
  const prove: CommittedTraces['prove'] = (external = {}, told = {}) => {
    externalValues(system, external);
    // Two proofs open twice as many rows as the randomness covers.
    if (isOpened && hiding !== undefined) throw new StarkError('STARK_TRACE', 'prove', 'one call', 'a second');
    const bytes = engine.scope(() => proveCommitted(external, told));
    isOpened = true;
    return bytes;
  };
  const proveCommitted = (external: ExternalInputs, told: ProveOptions): Uint8Array<ArrayBuffer> => {
    begin(told, 'auxiliary');
    const transcript = openTranscript(system, [statement], logRows);
    transcript.absorb('main', main.commitment.root);
    const challenges = drawChallenges(system, transcript, external);
    const challengeLists = arithmetizations.map((each) => each.challenges.map((name) => challenges.get(name)!));

    const complete = kept.map((trace, index) =>
      fillAuxiliaryColumns(
        engine,
        arithmetizations[index]!,
        trace,
        challengeLists[index]!,
        system.parameters.field,
        isCopied ? () => main.evaluateOn(index, 1n) : undefined,
      ),
    );
    const withAuxiliary = tablesWith(system, 'auxiliary');
    const auxiliary =
      withAuxiliary.length === 0
        ? undefined
        : commit(
            'auxiliary',
            withAuxiliary.map((index) => complete[index]!.auxiliary),
          );
    if (auxiliary !== undefined) transcript.absorb('auxiliary', auxiliary.commitment.root);
    const terminals = complete
      .filter((_, index) => arithmetizations[index]!.hasTerminal)
      .map(({ terminal }) => terminal);
    const exposed = complete.map((each) => each.exposed);
    absorbClaimed(system, transcript, [{ terminals, exposed }]);
    const weights = drawWeights(system, transcript);

    begin(told, 'quotients');
    const keyed = preprocessedBatches(system);
    const quotients = arithmetizations.map((arithmetization, index) => {
      const { rows, publicValues } = kept[index]!;
      const points = 2 ** committedLogRows(hiding, logRows[index]!);
      const { terminal, exposed: claimed } = complete[index]!;
      const cosetOf = (batch: CommittedBatch | undefined, tables: readonly number[], coset: number): Matrix =>
        tables.includes(index) ? batch!.coset(tables.indexOf(index), coset) : engine.allocate(points, 0);
      const mine = keyed.find(({ tables }) => tables.includes(index));
      const columnsAt = (coset: number): Pick<ConstraintInputs, 'main' | 'auxiliary' | 'preprocessed'> => ({
        main: main.coset(index, coset),
        auxiliary: cosetOf(auxiliary, withAuxiliary, coset),
        preprocessed: cosetOf(mine && preprocessed[mine.kind], mine?.tables ?? [], coset),
      });
      return computeQuotient(
        engine,
        system,
        arithmetization,
        { rows, points, columnsAt },
        {
          publicValues,
          challenges: challengeLists[index]!,
          terminal,
          exposed: claimed,
          weights: weights[index]!,
        },
      );
    });
    const quotient = commit('quotient', quotients);
    transcript.absorb('quotient', quotient.commitment.root);
    const point = transcript.extensionElement('out of domain', system.parameters.field);
    const batches = { ...preprocessed, main, auxiliary, quotient };
    const rounds = plans.map(({ kind, tables, covers }) => ({
      batch: batches[kind]!,
      points: [
        ...tables.map((index) => (kind === 'quotient' ? [point] : pointsOf(system, point, logRows[index]!))),
        ...covers.map(() => []),
      ],
    }));
    begin(told, 'opening');
    const opening = scheme.open(rounds, transcript);
    const roots = [main, auxiliary, quotient].flatMap((batch) => (batch === undefined ? [] : [batch.commitment.root]));
    return encodeProof(system, { logRows, roots, terminals, exposed, opening });
  };
  return {
    logRows,
    root: main.commitment.root,
    digest: commitmentDigest(system, statement, logRows, main.commitment.root),
    readColumns: new Set(kept.flatMap((trace) => trace.main)),
    prove,
    release: () => {
      for (const batch of [main, ...Object.values(own)]) batch.release();
    },
  };
}

function begin({ onProgress, signal }: ProveOptions, phase: ProvingPhase): void {
  signal?.throwIfAborted();
  onProgress?.({ phase });
}
