import {
  channelKey,
  compareTerms,
  createRuntime,
  equalTerms,
  findMeeting,
  MatchBudgetError,
  parTerm,
  receiveOf,
  sendOf,
  type BlockData,
  type Comm,
  type Consume,
  type Datum,
  type DeployData,
  type OutputLine,
  type SystemProcess,
  type Term,
  type TupleSpace,
} from '@commute/rholang';
import { environmentSeed } from './concrete.ts';
import { loadProgram } from './program.ts';
import type { Program, Trace, TraceStep } from './report.ts';
import { RUN_SEED } from './tracer.ts';

/** A tuple space in which exactly the reductions of a trace happen, in their order, each as soon as what it needs is there. */
class ScriptedSpace implements TupleSpace {
  readonly #steps: readonly TraceStep[];
  readonly #data = new Map<string, { readonly channel: Term; readonly datum: Datum }>();
  readonly #waiting = new Map<string, Consume>();
  readonly #installed = new Map<string, Consume>();
  #done = 0;

  constructor(steps: readonly TraceStep[]) {
    this.#steps = steps;
  }

  /** Number of reductions that happened. */
  get done(): number {
    return this.#done;
  }

  produce(channel: Term, datum: Datum): readonly Comm[] {
    this.#data.set(datum.seed, { channel, datum });
    return this.#advance();
  }

  consume(consume: Consume): readonly Comm[] {
    this.#waiting.set(consume.seed, consume);
    return this.#advance();
  }

  install(consume: Consume): void {
    this.#installed.set(consume.seed, consume);
  }

  checkpoint(): () => void {
    const data = new Map(this.#data);
    const waiting = new Map(this.#waiting);
    return () => {
      this.#data.clear();
      this.#waiting.clear();
      for (const [seed, one] of data) this.#data.set(seed, one);
      for (const [seed, one] of waiting) this.#waiting.set(seed, one);
    };
  }

  /** Everything that waits, as closed terms, sorted. */
  state(): Term[] {
    const messages = [...this.#data.values()].map(({ channel, datum }): Term => sendOf(channel, datum));
    return [...messages, ...[...this.#waiting.values()].map((one) => receiveOf(one))].sort(compareTerms);
  }

  #advance(): Comm[] {
    const fired: Comm[] = [];
    for (let step = this.#steps[this.#done]; step !== undefined; step = this.#steps[this.#done]) {
      const comm = this.#comm(step);
      if (comm === undefined) break;
      fired.push(comm);
      for (const { datum, removed } of comm.used) if (removed) this.#data.delete(datum.seed);
      if (!comm.consume.persistent) this.#waiting.delete(comm.consume.seed);
      this.#done += 1;
    }
    return fired;
  }

  /** The reduction of a step, if its processes are there and do match. */
  #comm({ receive, messages, bindings }: TraceStep): Comm | undefined {
    const consume = this.#waiting.get(receive.seed) ?? this.#installed.get(receive.seed);
    if (consume?.binds.length !== messages.length) return undefined;
    const found = messages.map(({ seed }) => this.#data.get(seed));
    const used: Comm['used'][number][] = [];
    for (const [index, one] of found.entries()) {
      const bind = consume.binds[index]!;
      if (one === undefined || channelKey(one.channel) !== channelKey(bind.channel)) return undefined;
      used.push({ ...one, removed: !one.datum.persistent && !bind.peek });
    }
    const candidates = used.map(({ datum }) => [datum]);
    try {
      const meeting = findMeeting(
        consume,
        candidates,
        (one) =>
          one.bindings.length === bindings.length &&
          one.bindings.every((value, index) => equalTerms(value, bindings[index]!)),
      );
      return meeting && { consume, used, bindings: meeting.bindings };
    } catch (error) {
      if (error instanceof MatchBudgetError) return undefined;
      throw error;
    }
  }
}

/** What the replay may be told; the same as the check was. */
export interface ReplayOptions {
  readonly systemProcesses?: readonly SystemProcess[];
  readonly block?: BlockData;
  readonly deploy?: DeployData;
}

/** What a replay came to. */
export type ReplayResult =
  | {
      readonly ok: true;
      /** Closed sends and receives that wait after the steps, sorted. Of a run that failed, those before the last step. */
      readonly state: readonly Term[];
      readonly output: readonly OutputLine[];
      /** Why the run failed, if it did. */
      readonly failure: string | undefined;
    }
  | {
      readonly ok: false;
      /** Number of steps that could be carried out. */
      readonly steps: number;
      readonly message: string;
    };

/**
 * Carries a trace out with the reducer of `@commute/rholang`: the same generations, seeds and names as in any run, on a tuple space that lets exactly the
 * reductions of the trace happen. Each is checked again: that its processes wait, and that they match with these values.
 *
 * @throws CheckArgumentError if the program is an open term.
 * @example
 * ```ts
 * import { checkProcess, replayTrace } from '@commute/rho-check';
 * const source = '@"a"!(1) | @"a"!(0) | for (@x <- @"a") { @"b"!(1 / x) }';
 * const result = await checkProcess(source, { checks: ['failure'] });
 * const trace = result.ok ? result.findings[0]?.trace : undefined;
 * const replayed = replayTrace(source, trace!);
 * if (!replayed.ok || replayed.failure !== trace!.failure) throw new Error('not a run');
 * ```
 */
export function replayTrace(program: Program, trace: Trace, options: ReplayOptions = {}): ReplayResult {
  const loaded = loadProgram(program);
  if (!loaded.ok) return { ok: false, steps: 0, message: loaded.diagnostics[0]!.message };
  const space = new ScriptedSpace(trace.steps);
  const { systemProcesses, block, deploy } = options;
  const data = { ...(block === undefined ? {} : { block }), ...(deploy === undefined ? {} : { deploy }) };
  const runtime = createRuntime({ space, ...(systemProcesses === undefined ? {} : { systemProcesses }) });
  for (const [index, message] of trace.environment.entries())
    runtime.run(message, { seed: environmentSeed(index), ...data });
  const limit = trace.steps.length;
  const result = runtime.run(parTerm([loaded.program.term]), {
    seed: RUN_SEED,
    maximumComms: limit,
    keepOnFailure: true,
    ...data,
  });
  if (space.done !== limit)
    return { ok: false, steps: space.done, message: `step ${String(space.done + 1)}: its processes are not there` };
  if (!result.ok && trace.failure === undefined) return { ok: false, steps: space.done, message: result.message };
  return {
    ok: true,
    state: space.state(),
    output: result.output,
    failure: result.ok ? undefined : result.message,
  };
}
