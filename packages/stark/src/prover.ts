/**
 * The prover.
 *
 * @module
 */
import {
  type ExtensionElement,
  type FieldEngine,
  GENERATOR,
  inverse,
  logOfPowerOfTwo,
  type Matrix,
  MODULUS,
  power,
  rootOfUnity,
  WasmEngine,
} from '@commute/field';
import { type CommittedBatch, createCommitmentScheme, type PolynomialCommitmentScheme } from '@commute/poly-commit';
import { type Arithmetization, completeArithmetization, extendTrace } from './arithmetize.ts';
import { compileConstraints } from './compiler/compile.ts';
import { StarkError } from './errors.ts';
import { type ConstraintInputs, evaluateConstraintsInto, ROW_KINDS, SUM_COLUMNS } from './evaluate.ts';
import { encodeProof } from './proof.ts';
import {
  assertStatement,
  drawChallenges,
  drawWeights,
  openTranscript,
  pointsOf,
  type PreprocessedKey,
  type Statement,
} from './statement.ts';
import { planRounds, quotientColumns, type StarkSystem, tablesWith } from './system.ts';
import { type ColumnCells, type TableTrace } from './trace.ts';

/** Columns of base elements as a matrix. */
function toMatrix(engine: FieldEngine, columns: readonly ColumnCells[]): Matrix {
  const matrix = engine.allocate(columns[0]?.length ?? 0, columns.length);
  columns.forEach((cells, index) => {
    matrix.column(index).view().set(cells);
  });
  return matrix;
}

/** Columns of the extension as a matrix with three columns for each. */
function toExtensionMatrix(engine: FieldEngine, columns: readonly (readonly ExtensionElement[])[]): Matrix {
  return toMatrix(
    engine,
    columns.flatMap((column) => [0, 1, 2].map((k) => column.map((element) => element[k]!))),
  );
}

function commitPreprocessed(
  scheme: PolynomialCommitmentScheme,
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
): CommittedBatch | undefined {
  const tables = tablesWith(system, 'preprocessed');
  if (tables.length === 0) return undefined;
  return scheme.commit(tables.map((index) => toMatrix(engine, traces[index]!.trace.preprocessed)));
}

/**
 * Commits to the preprocessed columns of traces: what a verifier, who trusts whoever ran this, has of them.
 *
 * @returns `undefined` for a system without such columns.
 */
export function preprocess(
  engine: FieldEngine,
  system: StarkSystem,
  traces: readonly TableTrace[],
): PreprocessedKey | undefined {
  return engine.scope(() => {
    const batch = commitPreprocessed(createCommitmentScheme(engine, system.parameters), engine, system, traces);
    if (batch === undefined) return undefined;
    const logRows = tablesWith(system, 'preprocessed').map((index) => Math.log2(traces[index]!.trace.rows));
    return { root: batch.commitment.root, logRows };
  });
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

/**
 * Proves that traces satisfy all constraints and that all buses balance; nothing is hidden.
 *
 * Traces that do not satisfy them give bytes that no verifier accepts: use `checkTraces` to find out why. Helper and auxiliary
 * columns are computed by bigints, everything else by the engine.
 *
 * @param traces - in the order of the system's tables; heights up to the parameters' maximum.
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
): Uint8Array<ArrayBuffer> {
  assertStatement(system, statement);
  if (traces.length !== system.tables.length || traces.some(({ table }, index) => table !== system.tables[index])) {
    throw new StarkError('STARK_TRACE', 'traces', 'one for each table of the system, in order', String(traces.length));
  }
  return engine.scope(() => {
    const scheme = createCommitmentScheme(engine, system.parameters);
    const { arithmetizations } = system;
    const logRows = traces.map(({ trace }) => logOfPowerOfTwo(trace.rows));
    const transcript = openTranscript(system, statement, logRows);
    const preprocessed = commitPreprocessed(scheme, engine, system, traces);

    const extended = traces.map(({ trace }, index) => extendTrace(arithmetizations[index]!, trace));
    const main = scheme.commit(extended.map((trace) => toMatrix(engine, trace.main)));
    transcript.absorb('main', main.commitment.root);
    const challenges = drawChallenges(system, transcript);
    const challengeLists = arithmetizations.map((each) => each.challenges.map((name) => challenges.get(name)!));

    const complete = extended.map((trace, index) =>
      completeArithmetization(arithmetizations[index]!, trace, challengeLists[index]!, system.parameters.field),
    );
    const withAuxiliary = tablesWith(system, 'auxiliary');
    const auxiliary =
      withAuxiliary.length === 0
        ? undefined
        : scheme.commit(withAuxiliary.map((index) => toExtensionMatrix(engine, complete[index]!.auxiliary)));
    if (auxiliary !== undefined) transcript.absorb('auxiliary', auxiliary.commitment.root);
    const terminals = complete
      .filter((_, index) => arithmetizations[index]!.hasTerminal)
      .map(({ terminal }) => terminal);
    transcript.absorbElements('terminals', terminals.flat());
    const weights = drawWeights(system, transcript);

    const withPreprocessed = tablesWith(system, 'preprocessed');
    const quotients = arithmetizations.map((arithmetization, index) => {
      const domain = main.extended[index]!;
      const columnsOf = (batch: CommittedBatch | undefined, tables: readonly number[]): Matrix =>
        batch?.extended[tables.indexOf(index)] ?? engine.allocate(domain.rows, 0);
      return computeQuotient(engine, system, arithmetization, {
        main: domain,
        auxiliary: columnsOf(auxiliary, withAuxiliary),
        preprocessed: columnsOf(preprocessed, withPreprocessed),
        step: 2 ** system.parameters.logBlowup,
        publicValues: complete[index]!.publicValues,
        challenges: challengeLists[index]!,
        terminal: complete[index]!.terminal,
        weights: weights[index]!,
      });
    });
    const quotient = scheme.commit(quotients, 'coefficients');
    transcript.absorb('quotient', quotient.commitment.root);
    const point = transcript.extensionElement('out of domain', system.parameters.field);
    const batches = { preprocessed, main, auxiliary, quotient };
    const rounds = planRounds(system, logRows).map(({ kind, tables }) => ({
      batch: batches[kind]!,
      points: tables.map((index) => (kind === 'quotient' ? [point] : pointsOf(system, point, logRows[index]!))),
    }));
    const opening = scheme.open(rounds, transcript);
    const roots = [main, auxiliary, quotient].flatMap((batch) => (batch === undefined ? [] : [batch.commitment.root]));
    return encodeProof(system, { logRows, roots, terminals, opening });
  });
}

/** The coefficients of a table's quotient in pieces of as many as it has rows, three columns each. */
function computeQuotient(
  engine: FieldEngine,
  system: StarkSystem,
  arithmetization: Arithmetization,
  inputs: ConstraintInputs,
): Matrix {
  const { rows: size } = inputs.main;
  const rows = size / inputs.step;
  const result = engine.allocate(rows, quotientColumns(system.maximumDegree));
  engine.scope(() => {
    const sums = engine.allocate(size, SUM_COLUMNS);
    if (engine instanceof WasmEngine) compileConstraints(engine, arithmetization).evaluateInto(sums, inputs);
    else evaluateConstraintsInto(arithmetization, sums, inputs);
    const extension = engine.extension(system.parameters.field);
    const total = engine.allocate(size, 3);
    const factors = zerofierFactors(engine, rows, size);
    ROW_KINDS.forEach((kind, index) => {
      const part = sums.column(3 * index, 3);
      extension.multiplyBaseInto(part, part, factors[kind]);
      engine.addInto(total, total, part);
    });
    engine.interpolateInPlace(total, { shift: GENERATOR });
    for (let piece = 0; piece < system.maximumDegree - 1; piece++) {
      for (let k = 0; k < 3; k++) {
        const coefficients = total.column(k).slice(piece * rows, (piece + 1) * rows);
        engine.copyInto(result.column(3 * piece + k), coefficients);
      }
    }
  });
  return result;
}

/** 1 over the zerofier of each kind of rows, on the coset 7·H. */
function zerofierFactors(engine: FieldEngine, rows: number, size: number): Record<(typeof ROW_KINDS)[number], Matrix> {
  const logSize = logOfPowerOfTwo(size);
  const [points, ones, every, everyRow, first, fromLast, last] = Array.from({ length: 7 }, () =>
    engine.allocate(size),
  ) as [Matrix, Matrix, Matrix, Matrix, Matrix, Matrix, Matrix];
  engine.powersInto(points, rootOfUnity(logSize), GENERATOR);
  engine.powersInto(ones, 1n);
  // x^rows takes size/rows values, again and again.
  engine.powersInto(everyRow, power(rootOfUnity(logSize), BigInt(rows)), power(GENERATOR, BigInt(rows)));
  engine.scaleAddInto(everyRow, ones, MODULUS - 1n, everyRow);
  engine.inverseInto(every, everyRow);
  engine.scaleAddInto(first, ones, MODULUS - 1n, points);
  engine.inverseInto(first, first);
  engine.scaleAddInto(fromLast, ones, MODULUS - inverse(rootOfUnity(logOfPowerOfTwo(rows))), points);
  engine.inverseInto(last, fromLast);
  engine.multiplyInto(fromLast, fromLast, every);
  return { first, last, every, transition: fromLast };
}
