import { assertInteger, BaseError } from '@commute/errors';
import { EvaluationFailure, type EvaluationReason } from '../evaluate/failure.ts';
import { normalize, type NormalizeDiagnostic } from '../normalize/normalize.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import { parse } from '../syntax/parse.ts';
import type { Located } from '../syntax/tree.ts';
import { standardProcesses } from '../system/standard.ts';
import { systemChannel, systemName } from '../system/system-name.ts';
import type { BlockData, DeployData, OutputLine, SystemProcess } from '../system/system-process.ts';
import { freeTerm, TermDepthError, unforgeableTerm } from '../term/build.ts';
import type { Term } from '../term/term.ts';
import type { OnCopy } from '../term/transform.ts';
import { DEFAULT_MAXIMUM_MATCH_STEPS, RunBudget, RunBudgetExhausted, withRunBudget } from '../match/run-budget.ts';
import { MatchBudgetError } from './join.ts';
import { MemorySpace } from './memory-space.ts';
import {
  checkedProcess,
  Evaluator,
  PlacedFailure,
  type Action,
  type Engine,
  type ProcessEvaluator,
  type Task,
} from './reducer.ts';
import { nameFromSeed, seedFromBytes, seedFromComm, splitSeed } from './seed.ts';
import type { Comm, Consume, TupleSpace } from './space.ts';

/** What a runtime is made of. */
export interface RuntimeOptions {
  /** Where messages and receives wait; a fresh {@link MemorySpace} with an empty registry if absent. */
  readonly space?: TupleSpace;
  /** Processes of your own; one with the URI of a standard process takes its place. */
  readonly systemProcesses?: readonly SystemProcess[];
  /** What evaluates processes; the reducer, which walks their terms, if absent. */
  readonly engine?: Engine;
}

/** How one program is run. */
export interface RunOptions {
  /** Bytes that no other run on the same space has, such as the hash of a signed deploy: unforgeable names come from them. */
  readonly seed: Uint8Array;
  /** Name of the source in errors. */
  readonly file?: string;
  /** Where the sends and receives of a program that is given as a term stand in its source. */
  readonly locations?: ReadonlyMap<Term, Located>;
  /** Is told processes that are copied to be sent as data, with their copies, so that a caller can hand their places on. Not all engines call it. */
  readonly onCopy?: OnCopy;
  /** What `rho:block:data` answers; zeros if absent. */
  readonly block?: BlockData;
  /** What `rho:deploy:data` answers; zeros if absent. */
  readonly deploy?: DeployData;
  /** Most reductions; {@link DEFAULT_MAXIMUM_COMMS} if absent. */
  readonly maximumComms?: number;
  /**
   * Most steps of all searches together; {@link DEFAULT_MAXIMUM_MATCH_STEPS} if absent. Searches of the tuple space count in full, those of `match` and
   * `matches` with what they take beyond {@link FREE_STEPS}. Counts, not time: a run ends in the same way on every machine.
   */
  readonly maximumMatchSteps?: number;
  /** True to leave what a failed run did; by default the space goes back to where it was. */
  readonly keepOnFailure?: boolean;
  /** Is told each reduction, in order. */
  readonly onComm?: (comm: Comm) => void;
  /** The order in which a generation of `count` processes is evaluated, as a permutation. It changes nothing but time. */
  readonly evaluationOrder?: (count: number) => readonly number[];
}

/** Most reductions of one run unless the caller says otherwise. */
export const DEFAULT_MAXIMUM_COMMS = 1_000_000;

/** Why a run stopped before it came to rest. */
export type RunReason = EvaluationReason | 'comm-limit' | 'invalid-program';

/** What a run did. */
export type RunResult =
  | {
      readonly ok: true;
      /** Number of reductions. */
      readonly comms: number;
      readonly output: readonly OutputLine[];
    }
  | {
      readonly ok: false;
      readonly reason: RunReason;
      readonly message: string;
      /** Where in the source, if that is known. */
      readonly place: Located | undefined;
      readonly diagnostics: readonly (Diagnostic | NormalizeDiagnostic)[];
      readonly comms: number;
      readonly output: readonly OutputLine[];
    };

/** A tuple space with the processes that programs on it can reach. */
export interface Runtime {
  readonly space: TupleSpace;
  /**
   * Runs a program until nothing can reduce any more, or a bound is reached.
   *
   * Deterministic: the same programs in the same order with the same seeds give the same reductions, output and state everywhere.
   *
   * @param program - source text, or a closed term.
   * @throws RuntimeArgumentError if the term is open or a pattern.
   */
  readonly run: (program: string | Term, options: RunOptions) => RunResult;
}

/** An argument of the runtime is not what it must be. */
export class RuntimeArgumentError extends BaseError<
  'RHOLANG_ARGUMENT_MISMATCH',
  { name: string; expected: string; got: string }
> {
  constructor(name: string, expected: string, got: string) {
    super('RHOLANG_ARGUMENT_MISMATCH', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}

const NO_BLOCK: BlockData = { number: 0n, timestamp: 0n, sender: new Uint8Array(0) };
const NO_DEPLOY: DeployData = { timestamp: 0n, deployer: new Uint8Array(0), id: new Uint8Array(0) };

function installation(uri: string, arity: number): Consume {
  const patterns = Array.from({ length: arity }, (_, index) => freeTerm(index));
  return {
    binds: [{ channel: systemChannel(uri), patterns, remainder: undefined, variables: arity, peek: false }],
    variables: arity,
    guard: undefined,
    persistent: true,
    continuation: { kind: 'system', uri },
    seed: `system:${uri}:${String(arity)}`,
    place: undefined,
    order: '',
  };
}

/**
 * Makes a runtime.
 *
 * @example
 * ```ts
 * import { createRuntime } from '@commute/rholang';
 * const runtime = createRuntime();
 * const hello = 'new out(`rho:io:stdout`) in { out!("hello") }';
 * const result = runtime.run(hello, { seed: new Uint8Array(32) });
 * if (!result.ok || result.output[0]?.text !== '"hello"') throw new Error('unexpected output');
 * ```
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const processes = new Map(
    [...standardProcesses(), ...(options.systemProcesses ?? [])].map((one) => [one.uri, one] as const),
  );
  const space = options.space ?? new MemorySpace();
  for (const { uri, arity } of processes.values()) {
    for (const one of typeof arity === 'number' ? [arity] : arity) space.install(installation(uri, one));
  }
  return new SpaceRuntime(space, processes, options.engine ?? reduce);
}

const reduce: Engine = (surroundings) => new Evaluator(surroundings);

class SpaceRuntime implements Runtime {
  readonly space: TupleSpace;
  readonly #processes: ReadonlyMap<string, SystemProcess>;
  readonly #engine: Engine;

  constructor(space: TupleSpace, processes: ReadonlyMap<string, SystemProcess>, engine: Engine) {
    this.space = space;
    this.#processes = processes;
    this.#engine = engine;
  }

  readonly run = (program: string | Term, options: RunOptions): RunResult => {
    const maximumComms = options.maximumComms ?? DEFAULT_MAXIMUM_COMMS;
    assertInteger('RHOLANG_OPTION_RANGE', 'maximumComms', maximumComms, 0, Number.MAX_SAFE_INTEGER);
    const maximumMatchSteps = options.maximumMatchSteps ?? DEFAULT_MAXIMUM_MATCH_STEPS;
    assertInteger('RHOLANG_OPTION_RANGE', 'maximumMatchSteps', maximumMatchSteps, 0, Number.MAX_SAFE_INTEGER);
    let term: Term;
    let locations: ReadonlyMap<Term, Located> | undefined;
    if (typeof program === 'string') {
      const tree = parse(program, options.file === undefined ? {} : { file: options.file });
      if (!tree.ok) return invalid(tree.diagnostics);
      const normal = normalize(tree.process, {
        source: program,
        ...(options.file === undefined ? {} : { file: options.file }),
      });
      if (!normal.ok) return invalid(normal.diagnostics);
      ({ term, locations } = normal);
    } else {
      term = program;
      ({ locations } = options);
      if (term.scope > 0 || term.isPattern)
        throw new RuntimeArgumentError('program', 'a closed process', 'an open term or a pattern');
    }
    const revert = options.keepOnFailure === true ? undefined : this.space.checkpoint();
    const budget = new RunBudget(maximumMatchSteps);
    const run = new Run(this.space, this.#processes, options, locations, maximumComms, budget, this.#engine);
    const first = { term, environment: [], seed: seedFromBytes(options.seed) };
    const result = withRunBudget(budget, () => run.toRest(first));
    if (!result.ok) revert?.();
    return result;
  };
}

function invalid(diagnostics: readonly (Diagnostic | NormalizeDiagnostic)[]): RunResult {
  const { message, start, end } = diagnostics[0]!;
  return { ok: false, reason: 'invalid-program', message, place: { start, end }, diagnostics, comms: 0, output: [] };
}

/** One run: generations of processes, each evaluated and then carried out in canonical order. */
class Run {
  readonly #space: TupleSpace;
  readonly #processes: ReadonlyMap<string, SystemProcess>;
  readonly #options: RunOptions;
  readonly #maximumComms: number;
  readonly #budget: RunBudget;
  readonly #evaluator: ProcessEvaluator;
  readonly #output: OutputLine[] = [];
  #comms = 0;
  #next: Task[] = [];

  constructor(
    space: TupleSpace,
    processes: ReadonlyMap<string, SystemProcess>,
    options: RunOptions,
    locations: ReadonlyMap<Term, Located> | undefined,
    maximumComms: number,
    budget: RunBudget,
    engine: Engine,
  ) {
    this.#space = space;
    this.#processes = processes;
    this.#options = options;
    this.#maximumComms = maximumComms;
    this.#budget = budget;
    const { onCopy } = options;
    this.#evaluator = engine({
      locations,
      nameOf: (uri) => systemName(uri, (one) => this.#processes.has(one), options.deploy ?? NO_DEPLOY),
      ...(onCopy === undefined ? {} : { onCopy }),
    });
  }

  toRest(first: Task): RunResult {
    try {
      let generation: Task[] = [first];
      while (generation.length > 0) {
        this.#next = [];
        for (const action of this.#evaluate(generation)) {
          const fired =
            action.kind === 'produce'
              ? this.#space.produce(action.channel, action.datum)
              : this.#space.consume(action.consume);
          for (const comm of fired) {
            if (this.#comms >= this.#maximumComms)
              return this.#stopped(
                'comm-limit',
                `reductions: expected at most ${String(this.#maximumComms)}, got more`,
              );
            this.#fire(comm);
          }
        }
        generation = this.#next;
      }
      return { ok: true, comms: this.#comms, output: this.#output };
    } catch (error) {
      if (error instanceof PlacedFailure) return this.#stopped(error.failure.reason, error.message, error.place);
      if (error instanceof EvaluationFailure) return this.#stopped(error.reason, error.message);
      if (error instanceof MatchBudgetError || error instanceof RunBudgetExhausted)
        return this.#stopped('match-budget', error.message);
      if (error instanceof TermDepthError) return this.#stopped('size-limit', error.message);
      throw error;
    }
  }

  #stopped(reason: RunReason, message: string, place?: Located): RunResult {
    return { ok: false, reason, message, place, diagnostics: [], comms: this.#comms, output: this.#output };
  }

  #evaluate(generation: readonly Task[]): readonly Action[] {
    const order = this.#options.evaluationOrder?.(generation.length);
    if (order === undefined) {
      const actions: Action[] = [];
      for (const task of generation) this.#evaluator.actionsOf(task, actions);
      return actions;
    }
    const lists = generation.map((): Action[] => []);
    const failures = new Map<number, unknown>();
    // Each counts what it takes by itself; the counts are added up in the canonical order, in which another order than that would have failed.
    const budgets = generation.map(() => new RunBudget(this.#budget.left));
    for (const index of order) {
      try {
        withRunBudget(budgets[index]!, () => {
          this.#evaluator.actionsOf(generation[index]!, lists[index]!);
        });
      } catch (error) {
        failures.set(index, error);
      }
    }
    for (const [index, budget] of budgets.entries()) {
      this.#budget.spend(budget.limit - budget.left);
      if (failures.has(index)) throw failures.get(index) as Error;
    }
    return lists.flat();
  }

  #fire(comm: Comm): void {
    this.#comms += 1;
    this.#options.onComm?.(comm);
    const { continuation, seed } = comm.consume;
    if (continuation.kind === 'process' && continuation.body.kind === 'nil') return;
    const next = seedFromComm(
      seed,
      comm.used.map((one) => one.datum.seed),
    );
    if (continuation.kind === 'process') {
      const environment =
        comm.bindings.length === 0 ? continuation.environment : continuation.environment.concat(comm.bindings);
      this.#next.push({ term: continuation.body, environment, seed: next });
      return;
    }
    const process = this.#processes.get(continuation.uri);
    if (process === undefined)
      throw new EvaluationFailure(
        'unknown-uri',
        `system process: expected one that is registered, got \`${continuation.uri}\``,
      );
    const term = process.run(comm.bindings, {
      write: (stream, text) => this.#output.push({ stream, text }),
      freshName: (index) => unforgeableTerm(nameFromSeed(splitSeed(next, 0), index)),
      block: this.#options.block ?? NO_BLOCK,
      deploy: this.#options.deploy ?? NO_DEPLOY,
    });
    if (term.kind !== 'nil')
      this.#next.push({ term: checkedProcess(term, continuation.uri), environment: [], seed: splitSeed(next, 1) });
  }
}
