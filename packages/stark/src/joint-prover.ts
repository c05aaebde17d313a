/**
 * The prover of several instances at once.
 *
 * The columns of the instances are interleaved, see `commitInstances` of @commute/poly-commit: there is one tree per kind of columns, one opening and one
 * low-degree test, whose queried rows are as long as those of one instance. All else is by instance: columns are filled, constraints evaluated and divided, and
 * values claimed for one after the other, with challenges, weights and a point that all share. One instance gives the bytes of `prove`.
 *
 * @module
 */
import { type FieldEngine, logOfPowerOfTwo, type Matrix, WasmEngine } from '@commute/field';
import { type CommittedBatch, cosetShift, createCommitmentScheme } from '@commute/poly-commit';
import { StarkError } from './errors.ts';
import { type ConstraintInputs } from './evaluate.ts';
import { fillAuxiliaryColumns, fillMainColumns } from './fill.ts';
import {
  committedLogRows,
  COVER_COLUMNS,
  coverTraces,
  hidePieces,
  type RandomBytes,
  randomPolynomials,
  SALT_COLUMNS,
  secureRandomBytes,
  tablesWithSums,
} from './hiding.ts';
import { encodeJointProof } from './proof.ts';
import { commitPreprocessed, hideAll, type ProveOptions, type ProvingPhase, takeOver } from './prover.ts';
import { computeQuotient, pieceCount } from './quotient.ts';
import {
  absorbClaimed,
  assertStatements,
  type Claimed,
  drawChallenges,
  drawWeights,
  type ExternalInputs,
  externalValues,
  jointCommitmentDigest,
  openTranscript,
  pointsOf,
  type Statement,
} from './statement.ts';
import { placesFor, planRounds, preprocessedBatches, type RoundPlan, type StarkSystem, tablesWith } from './system.ts';
import { assertTrace, assertTraceBut, type ColumnCells, type TableTrace, type Trace } from './trace.ts';

/** One of the runs that a joint proof is of. */
export interface JointInstance {
  readonly statement: Statement;
  /**
   * The traces, in the order of the system's tables; of the same heights in all instances. They are asked for when they are needed rather than kept, once or a few
   * times, and must be equal each time. Preprocessed columns are those of the first instance.
   */
  readonly traces: () => readonly TableTrace[];
  /** Told when the main columns that `traces` gave are copied and will not be read again: others may be written into them. */
  readonly reuse?: () => void;
}

/** What a joint proof is at. */
export interface JointProgress {
  readonly phase: ProvingPhase;
  /** Instances that the phase is done with; always 0 in the opening, which is of all at once. */
  readonly done: number;
  readonly instances: number;
  /** When it is done with all of them: how much of the commitment to their columns is computed, from 0 to below 1. Only of large ones. */
  readonly extended?: number;
}

/** Options of {@link commitJoint}, as of `commitTraces`; progress is told, and the signal asked, before each instance of each phase. */
export interface JointOptions extends Omit<ProveOptions, 'onProgress'> {
  readonly onProgress?: (progress: JointProgress) => void;
}

/** Instances whose main columns are committed to. */
export interface CommittedJoint {
  /** log2 of the rows of each table, in each instance. */
  readonly logRows: readonly number[];
  /** Over the main columns of all instances. */
  readonly root: Uint8Array;
  /** What the proof has said so far, see `jointCommitmentDigest`: derive external challenges from it. */
  readonly digest: Uint8Array;
  /**
   * The proof. It may be asked for again, with other external values, but once only where it hides the traces.
   *
   * @param external - the same for all instances.
   * @throws {@link StarkError} `STARK_TRACE` for a challenge without a value, other traces than before, or a second proof that would open what is hidden.
   */
  readonly prove: (
    external?: ExternalInputs,
    options?: Pick<JointOptions, 'onProgress' | 'signal'>,
  ) => Uint8Array<ArrayBuffer>;
  /** Gives everything back. */
  readonly release: () => void;
}

/** What an instance is proved by. */
interface InstanceTraces {
  readonly traces: readonly TableTrace[];
  /** With what covers their sums. */
  readonly full: readonly Trace[];
}

type CommittedKind = 'main' | 'auxiliary' | 'quotient';

/** Random bytes that can be read again: what covers sums is filled into traces whenever they are asked for. */
function remembered(random: RandomBytes): () => RandomBytes {
  const given: Uint8Array[] = [];
  return () => {
    let next = 0;
    return (bytes) => {
      const before = given[next];
      if (before === undefined) {
        random(bytes);
        given.push(bytes.slice());
      } else bytes.set(before);
      next++;
    };
  };
}

/**
 * Commits to the main columns of several instances of one system, to prove them together, in a proof that is hardly longer than that of one. Its bytes
 * grow by the claimed values of each instance (24 bytes per column and point, and for each value that a table exposes) and by one level of the trees whenever their
 * number doubles. Where it is no power of two it costs about as much, in memory and time, as the next one; what is not there is zero, and is not in the proof.
 *
 * What it allocates belongs to the engine's open scope, or without one to whoever calls `release`. Coefficients are kept outside of the engine's memory.
 *
 * @param instances - up to 2^`maximumLogInstances` of the system's; their order counts.
 * @throws {@link StarkError} `STARK_TRACE` for statements and traces that do not fit the system or each other; `COMMIT_SECURITY` for too many rows.
 * @example
 * ```ts
 * import { createFieldEngineSync } from '@commute/field';
 * import { column, commitJoint, createStarkSystem, defineTable, traceFromRows, verifyJoint } from '@commute/stark';
 * const table = defineTable({ name: 'doubling', columns: { main: { a: column() } }, publicValues: ['first'],
 *   eval: ({ main: { current, next }, publicValues, onFirstRow, onTransition }) => {
 *     onFirstRow.assertEqual('first', current.a, publicValues.first);
 *     onTransition.assertEqual('doubles', next.a, current.a.add(current.a));
 *   } });
 * const system = createStarkSystem([table], { securityBits: 60, queryWork: 4, maximumLogRows: 3, maximumLogInstances: 2 });
 * const engine = createFieldEngineSync();
 * const instances = [1n, 3n, 5n, 7n].map((first) => ({
 *   statement: { publicValues: [{ first }] },
 *   traces: () => {
 *     const main = Array.from({ length: 8 }, (_, row) => ({ a: first << BigInt(row) }));
 *     return [traceFromRows(table, { main, publicValues: { first } })];
 *   },
 * }));
 * const proof = engine.scope(() => commitJoint(engine, system, instances).prove());
 * const statements = instances.map(({ statement }) => statement);
 * const verdict = verifyJoint(system, statements, proof);
 * if (!verdict.ok || verifyJoint(system, statements.toReversed(), proof).ok) throw new Error('unreachable');
 * ```
 */
export function commitJoint(
  engine: FieldEngine,
  system: StarkSystem,
  instances: readonly JointInstance[],
  options: JointOptions = {},
): CommittedJoint {
  const statements = instances.map(({ statement }) => statement);
  assertStatements(system, statements);
  const { keptBytes, random = secureRandomBytes } = options;
  const { arithmetizations, hiding } = system;
  const count = instances.length;
  /** Whom to tell, and the phase, while something is committed to. */
  let current: { readonly told: JointOptions; readonly phase: ProvingPhase } = { told: options, phase: 'main' };
  const begin = (done: number, extended?: number): void => {
    const { told, phase } = current;
    told.signal?.throwIfAborted();
    told.onProgress?.({ phase, done, instances: count, ...(extended === undefined ? {} : { extended }) });
  };
  const scheme = createCommitmentScheme(engine, system.parameters, undefined, {
    ...(keptBytes === undefined ? {} : { keptBytes }),
    onExtended: (share) => {
      begin(count, share);
    },
  });
  const places = placesFor(count);
  const covered = tablesWithSums(system.tables, system.exposedBuses);
  const randomness = instances.map(() => remembered(random));
  let logRows: readonly number[] | undefined;

  /** The traces of an instance, with what covers their sums; of the heights of all. */
  const askFor = (instance: number): InstanceTraces => {
    const traces = instances[instance]!.traces();
    const refuse = (expected: string, got: string): never => {
      throw new StarkError('STARK_TRACE', `traces of instance ${String(instance)}`, expected, got);
    };
    if (traces.length !== system.tables.length || traces.some(({ table }, index) => table !== system.tables[index])) {
      refuse('one for each table of the system, in order', String(traces.length));
    }
    const isTyped = (cells: ColumnCells): boolean => cells instanceof BigUint64Array;
    for (const { table, trace } of traces) assertTraceBut(table, trace, isTyped);
    const own = traces.map(({ trace }) => logOfPowerOfTwo(trace.rows));
    logRows ??= own;
    if (own.some((log, index) => log !== logRows![index])) {
      refuse(`rows of 2^[${logRows.join(', ')}]`, `2^[${own.join(', ')}]`);
    }
    const proved = traces.map(({ trace }) => trace);
    return { traces, full: hiding === undefined ? proved : coverTraces(proved, covered, randomness[instance]!()) };
  };

  const pointsOfTable = (index: number): number => 2 ** committedLogRows(hiding, logRows![index]!);

  const planOf = (kind: RoundPlan['kind']): RoundPlan =>
    planRounds(system, logRows!).find((plan) => plan.kind === kind)!;
  /** The columns of an instance that is not there, beside which random ones are committed to. */
  const nothing = (kind: RoundPlan['kind']): Matrix[] => {
    const { tables, layout } = planOf(kind);
    return tables.map((_, at) => engine.allocate(layout.shapes[at]!.rows, layout.shapes[at]!.columns));
  };

  /** Commits to columns that `make` gives for each instance; with zero knowledge to hidden ones, and to random ones besides. */
  const commit = (
    told: JointOptions,
    phase: ProvingPhase,
    kind: CommittedKind,
    make: (instance: number) => readonly Matrix[],
  ): CommittedBatch => {
    current = { told, phase };
    const batch = scheme.commitInstances(
      places,
      (instance) => {
        const isThere = instance < count;
        if (isThere) begin(instance);
        if (!isThere && hiding === undefined) return undefined;
        const matrices = isThere ? make(instance) : nothing(kind);
        if (hiding === undefined) return matrices;
        const hidden = !isThere
          ? matrices
          : kind === 'quotient'
            ? matrices.map((matrix) => takeOver(matrix, (each) => hidePieces(engine, each, hiding, random)))
            : hideAll(engine, system, matrices, hiding.column, random);
        const columns = SALT_COLUMNS + (kind === 'main' ? COVER_COLUMNS : 0);
        const { covers } = planOf(kind);
        return [...hidden, ...covers.map((rows) => randomPolynomials(engine, rows, columns, random))];
      },
      hiding === undefined && kind !== 'quotient' ? 'values' : 'coefficients',
    );
    if (places === count) return batch;
    // Of what is zero nothing is claimed.
    const { commitment, evaluate } = batch;
    return {
      ...batch,
      commitment: { ...commitment, used: count },
      evaluate: (matrix, ...at) => evaluate(matrix, ...at).slice(0, count * commitment.shapes[matrix]!.columns),
    };
  };

  /** What is left of traces. */
  const publicValues: (readonly (readonly bigint[])[])[] = [];
  let withoutMain: readonly TableTrace[] = [];
  const main = commit(options, 'main', 'main', (instance) => {
    const { traces, full } = askFor(instance);
    publicValues[instance] = traces.map(({ trace }) => trace.publicValues);
    if (instance === 0) withoutMain = traces.map(({ table, trace }) => ({ table, trace: { ...trace, main: [] } }));
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
    instances[instance]!.reuse?.();
    return filled;
  });
  const heights = logRows!;
  const keyed = preprocessedBatches(system);
  const own =
    options.prepared === undefined && keyed.length > 0 ? commitPreprocessed(scheme, engine, system, withoutMain) : {};
  const preprocessed = options.prepared?.batches ?? own;

  /**
   * Traces once more, as those of values in a table take no longer to compute from coefficients than to be made again: they are asked for where columns were hidden,
   * and where a table reads them that fills columns by a function.
   */
  const tracesAgain = (instance: number): readonly { readonly trace: Trace; readonly columns?: () => Matrix }[] => {
    if (hiding !== undefined || !(engine instanceof WasmEngine))
      return askFor(instance).full.map((trace) => ({ trace }));
    let asked: InstanceTraces | undefined;
    return arithmetizations.map((_, index) => ({
      trace: {
        rows: 2 ** heights[index]!,
        get main() {
          return (asked ??= askFor(instance)).full[index]!.main;
        },
        preprocessed: withoutMain[index]!.trace.preprocessed,
        publicValues: publicValues[instance]![index]!,
      },
      columns: () => main.evaluateOn(index, 1n, instance),
    }));
  };

  const proveCommitted = (external: ExternalInputs, told: JointOptions): Uint8Array<ArrayBuffer> => {
    const transcript = openTranscript(system, statements, heights);
    transcript.absorb('main', main.commitment.root);
    const challenges = drawChallenges(system, transcript, external);
    const challengeLists = arithmetizations.map((each) => each.challenges.map((name) => challenges.get(name)!));

    const withAuxiliary = tablesWith(system, 'auxiliary');
    /** What is claimed, and each table's terminal. */
    const claims: { readonly claimed: Claimed; readonly terminals: readonly Claimed['terminals'][number][] }[] = [];
    const fill = (instance: number): Matrix[] => {
      const complete = tracesAgain(instance).map(({ trace, columns }, index) =>
        fillAuxiliaryColumns(
          engine,
          arithmetizations[index]!,
          trace,
          challengeLists[index]!,
          system.parameters.field,
          columns,
        ),
      );
      const terminals = complete.map(({ terminal }) => terminal);
      claims[instance] = {
        claimed: {
          terminals: terminals.filter((_, index) => arithmetizations[index]!.hasTerminal),
          exposed: complete.map(({ exposed }) => exposed),
        },
        terminals,
      };
      return withAuxiliary.map((index) => complete[index]!.auxiliary);
    };
    let auxiliary: CommittedBatch | undefined;
    if (withAuxiliary.length > 0) {
      auxiliary = commit(told, 'auxiliary', 'auxiliary', fill);
      transcript.absorb('auxiliary', auxiliary.commitment.root);
    } else {
      instances.forEach((_, instance) => engine.scope(() => fill(instance)));
    }
    absorbClaimed(
      system,
      transcript,
      claims.map(({ claimed }) => claimed),
    );
    const weights = drawWeights(system, transcript);

    // The same for all instances: those on the cosets of the interleaved columns, `[table][coset]`.
    const { logBlowup } = system.parameters;
    const fixed = arithmetizations.map((arithmetization, index) => {
      const mine = keyed.find(({ tables }) => tables.includes(index));
      if (mine === undefined) return undefined;
      const [batch, place] = [preprocessed[mine.kind]!, mine.tables.indexOf(index)];
      return Array.from({ length: pieceCount(arithmetization, hiding !== undefined) }, (_, coset) =>
        places === 1
          ? batch.coset(place, coset)
          : batch.evaluateOn(place, cosetShift(pointsOfTable(index), 2 ** logBlowup, coset, places)),
      );
    });
    const quotient = commit(told, 'quotients', 'quotient', (instance) =>
      arithmetizations.map((arithmetization, index) => {
        const rows = 2 ** heights[index]!;
        const points = pointsOfTable(index);
        const columnsAt = (coset: number): Pick<ConstraintInputs, 'main' | 'auxiliary' | 'preprocessed'> => ({
          main: main.coset(index, coset, instance),
          auxiliary: withAuxiliary.includes(index)
            ? auxiliary!.coset(withAuxiliary.indexOf(index), coset, instance)
            : engine.allocate(points, 0),
          preprocessed: fixed[index]?.[coset] ?? engine.allocate(points, 0),
        });
        const { claimed, terminals } = claims[instance]!;
        return computeQuotient(
          engine,
          system,
          arithmetization,
          { rows, points, instances: places, columnsAt },
          {
            publicValues: publicValues[instance]![index]!,
            challenges: challengeLists[index]!,
            terminal: terminals[index]!,
            exposed: claimed.exposed[index]!,
            weights: weights[index]!,
          },
        );
      }),
    );
    transcript.absorb('quotient', quotient.commitment.root);
    const point = transcript.extensionElement('out of domain', system.parameters.field);
    const batches = { ...preprocessed, main, auxiliary, quotient };
    const rounds = planRounds(system, heights, count).map(({ kind, tables, covers }) => ({
      batch: batches[kind]!,
      points: [
        ...tables.map((index) => (kind === 'quotient' ? [point] : pointsOf(system, point, heights[index]!))),
        ...covers.map(() => []),
      ],
    }));
    current = { told, phase: 'opening' };
    begin(0);
    const opening = scheme.open(rounds, transcript);
    const roots = [main, auxiliary, quotient].flatMap((batch) => (batch === undefined ? [] : [batch.commitment.root]));
    for (const batch of [auxiliary, quotient]) batch?.release();
    const claimed = claims.map((each) => each.claimed);
    return encodeJointProof(system, { instances: count, logRows: heights, roots, claimed, opening });
  };

  let isOpened = false;
  return {
    logRows: heights,
    root: main.commitment.root,
    digest: jointCommitmentDigest(system, statements, heights, main.commitment.root),
    prove: (external = {}, told = {}) => {
      externalValues(system, external);
      // Two proofs open twice as many rows as the randomness covers.
      if (isOpened && hiding !== undefined) throw new StarkError('STARK_TRACE', 'prove', 'one call', 'a second');
      const bytes = engine.scope(() => proveCommitted(external, told));
      isOpened = true;
      return bytes;
    },
    release: () => {
      for (const batch of [main, ...Object.values(own)]) batch.release();
    },
  };
}
