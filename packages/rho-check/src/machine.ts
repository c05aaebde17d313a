import {
  EvaluationFailure,
  Evaluator,
  findMeeting,
  MatchBudgetError,
  nameFromSeed,
  PlacedFailure,
  receiveOf,
  registryUri,
  sendOf,
  seedBytes,
  splitSeed,
  systemName,
  TermDepthError,
  termKey,
  unforgeableTerm,
  uriTerm,
  type Action,
  type BlockData,
  type Datum,
  type DeployData,
  type Located,
  type OnCopy,
  type ProcessEvaluator,
  type Seed,
  type SystemProcess,
  type Task,
  type Term,
} from '@commute/rholang';
import type { AtomId, AtomTable } from './atoms.ts';
import { REGISTRY_ORIGIN, type FreshNames, type Origins } from './names.ts';
import { NameObservation } from './observed.ts';
import { isRegistrySlot } from './public.ts';

/** Begins the names that stand for values of the environment. */
export const ENVIRONMENT_NAME = 'environment:';

/** What runs need to know of their surroundings. */
export interface Surroundings {
  readonly processes: ReadonlyMap<string, SystemProcess>;
  readonly block: BlockData;
  readonly deploy: DeployData;
}

/** What a process came to: actions, or the reason why it has none. */
export type Evaluated =
  | { readonly ok: true; readonly actions: readonly Action[] }
  | { readonly ok: false; readonly message: string; readonly place: Located | undefined };

/** Tells whether an error is one that ends a run of the program, and what it says. */
export function runFailure(error: unknown): { message: string; place: Located | undefined } | undefined {
  if (error instanceof PlacedFailure) return { message: error.message, place: error.place };
  if (error instanceof EvaluationFailure || error instanceof TermDepthError || error instanceof MatchBudgetError)
    return { message: error.message, place: undefined };
  return undefined;
}

/** Tells whether a process takes messages of this many parts. */
export function takes(process: SystemProcess, arity: number): boolean {
  return typeof process.arity === 'number' ? process.arity === arity : process.arity.includes(arity);
}

/** The evaluator of the reducer, which registers the names that it makes. */
export class Steps {
  readonly surroundings: Surroundings;
  readonly #names: FreshNames;
  readonly #evaluator: ProcessEvaluator;

  constructor(
    surroundings: Surroundings,
    names: FreshNames,
    origins: Origins,
    locations: ReadonlyMap<Term, Located> | undefined,
    onCopy: OnCopy,
  ) {
    this.surroundings = surroundings;
    this.#names = names;
    this.#evaluator = new Evaluator({
      locations,
      onCopy,
      nameOf: (uri) => systemName(uri, (one) => surroundings.processes.has(one), surroundings.deploy),
      onNew: (term, made) => {
        for (let index = 0; index < term.fresh; index += 1) names.add(made[index]!, origins.of(term, index));
      },
    });
  }

  /** Runs a process down to what it sends and receives. */
  run(task: Task): Evaluated {
    const actions: Action[] = [];
    try {
      this.#evaluator.actionsOf(task, actions);
      return { ok: true, actions };
    } catch (error) {
      const failure = runFailure(error);
      if (failure === undefined) throw error;
      return { ok: false, ...failure };
    }
  }

  /** What a system process goes on with, after a COMM of this seed. */
  system(uri: string, data: readonly Term[], seed: Seed): Evaluated {
    try {
      const process = this.surroundings.processes.get(uri)!;
      const term = process.run(data, {
        write: () => undefined,
        freshName: (index) => {
          const name = unforgeableTerm(nameFromSeed(splitSeed(seed, 0), index));
          this.#names.add(uriTerm(registryUri(seedBytes(name.kind === 'unforgeable' ? name.id : ''))), REGISTRY_ORIGIN);
          return name;
        },
        block: this.surroundings.block,
        deploy: this.surroundings.deploy,
      });
      if (term.kind === 'nil') return { ok: true, actions: [] };
      return this.run({ term, environment: [], seed: splitSeed(seed, 1) });
    } catch (error) {
      const failure = runFailure(error);
      if (failure === undefined) throw error;
      return { ok: false, ...failure };
    }
  }
}

/** What the body of a receive does when it fires. Names that it makes are new ones in each effect, to be renamed. */
export interface Effect {
  /** What it leaves waiting. */
  readonly added: readonly AtomId[];
  /** Messages that system processes, or the environment, took at once. */
  readonly taken: readonly AtomId[];
  /** Reductions that the program pays for: the one itself and its messages to system processes. */
  readonly comms: number;
  /** Why the run fails, if it does. */
  readonly failure: string | undefined;
}

/** The key of a term, so that several in a row stay apart. */
function sizedKey(term: Term): string {
  const key = termKey(term);
  return `${String(key.length)}:${key}`;
}

/** Most ways in which one choice of messages may match a receive. */
const MAXIMUM_MATCHES = 10_000;
/** Most reductions of system processes in one step. */
const MAXIMUM_CALLS = 10_000;

/** Thrown when a step has no end within bounds. */
export class StepLimit extends Error {}

/** Computes what reductions do to states, each reduction once. */
export class Machine {
  readonly table: AtomTable;
  readonly #steps: Steps;
  readonly #origins: Origins;
  readonly #observation: NameObservation;
  readonly #effects = new Map<string, readonly Effect[]>();
  readonly #tick: () => void;
  #evaluations = 0;
  /** True once something depended on what names look like. */
  namesObserved = false;
  /** True once the matches of a reduction could not all be found. */
  matchesMissed = false;
  /** Memory of the effects, estimated. */
  bytes = 0;

  /** @param tick - is called now and then; what it throws comes through. */
  constructor(table: AtomTable, steps: Steps, origins: Origins, tick: () => void) {
    this.#tick = tick;
    this.table = table;
    this.#steps = steps;
    this.#origins = origins;
    this.#observation = new NameObservation(table.names);
  }

  /** What a closed process does. */
  start(term: Term): Effect {
    return this.#effectOf(term, [], 0);
  }

  /** What the receive does with these messages, once for each way in which they match. Empty if they do not. */
  effects(receive: AtomId, messages: readonly AtomId[]): readonly Effect[] {
    const key = `${String(receive)}|${messages.join()}`;
    let effects = this.#effects.get(key);
    if (effects === undefined) {
      effects = this.bindings(receive, messages).map((bindings) => this.#meet(receive, bindings));
      this.#effects.set(key, effects);
      this.bytes += 2 * key.length + 120;
      for (const { added, taken } of effects) this.bytes += 120 + 8 * (added.length + taken.length);
    }
    return effects;
  }

  /** The same for the first way alone, with names of its own each time, so that it can happen twice in one step. */
  firstEffect(receive: AtomId, messages: readonly AtomId[]): Effect | undefined {
    const [bindings] = this.bindings(receive, messages);
    return bindings && this.#meet(receive, bindings);
  }

  /** The ways in which messages match a receive: the values of the variables. */
  bindings(receive: AtomId, messages: readonly AtomId[]): readonly (readonly Term[])[] {
    const consume = this.table.get(receive).consume!;
    const used = new Map<AtomId, number>();
    const candidates = messages.map((id): readonly Datum[] => {
      const occurrence = used.get(id) ?? 0;
      used.set(id, occurrence + 1);
      return [this.table.datum(id, occurrence)];
    });
    const found = new Map<string, readonly Term[]>();
    try {
      findMeeting(consume, candidates, ({ bindings }) => {
        this.#tick();
        found.set(bindings.map(sizedKey).join(''), bindings);
        if (found.size < MAXIMUM_MATCHES) return false;
        this.matchesMissed = true;
        return true;
      });
    } catch (error) {
      if (!(error instanceof MatchBudgetError)) throw error;
      this.matchesMissed = true;
    }
    return [...found.values()];
  }

  #meet(receive: AtomId, bindings: readonly Term[]): Effect {
    const { binds, continuation, guard } = this.table.get(receive).consume!;
    if (continuation.kind !== 'process') throw new Error('unreachable: system processes do not wait');
    if (guard !== undefined && this.#observation.observes(guard, bindings)) this.namesObserved = true;
    // The receives of the registry are its own: nobody pays for them.
    const own = isRegistrySlot(binds[0]!.channel);
    return this.#effectOf(continuation.body, bindings, own ? 0 : 1);
  }

  #effectOf(body: Term, bindings: readonly Term[], comms: number): Effect {
    if (this.#observation.observes(body, bindings)) this.namesObserved = true;
    const state = { added: [] as AtomId[], taken: [] as AtomId[], comms };
    this.#evaluations += 1;
    const seed = `e${String(this.#evaluations)}`;
    const evaluated = this.#steps.run({ term: body, environment: bindings, seed });
    const failure = this.#settle(evaluated, seed, state);
    return { ...state, failure };
  }

  /** Turns actions into atoms and lets system processes take their messages. */
  #settle(
    first: Evaluated,
    seed: Seed,
    state: { added: AtomId[]; taken: AtomId[]; comms: number },
  ): string | undefined {
    const queue = [first];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (!next.ok) return next.message;
      for (const action of next.actions) {
        if (action.kind === 'consume') {
          state.added.push(this.table.process(receiveOf(action.consume, this.#origins.copied)));
          continue;
        }
        const id = this.table.process(sendOf(action.channel, action.datum));
        const answer = this.#call(id, `${seed}.${String(state.taken.length)}`);
        if (answer === undefined) {
          state.added.push(id);
          continue;
        }
        if (state.taken.length >= MAXIMUM_CALLS) throw new StepLimit('too many calls of system processes in one step');
        state.taken.push(id);
        if (this.table.get(id).persistent) state.added.push(id);
        if (answer !== 'environment') {
          state.comms += 1;
          queue.push(answer);
        }
      }
    }
    return undefined;
  }

  /** What a system process answers; nothing if the message is for none, or if the process fails, which ends the run at some later time. */
  #call(id: AtomId, seed: Seed): Evaluated | 'environment' | undefined {
    const { system, term } = this.table.get(id);
    if (term.kind !== 'send') return undefined;
    const { channel, data } = term;
    if (channel.kind === 'unforgeable' && channel.id.startsWith(ENVIRONMENT_NAME)) return 'environment';
    if (system === undefined || !takes(this.#steps.surroundings.processes.get(system)!, data.length)) return undefined;
    const answer = this.#steps.system(system, data, seed);
    return answer.ok ? answer : undefined;
  }

  /** The reason why the system process fails that takes this message, if one takes it. */
  failingCall(id: AtomId): string | undefined {
    const { system, term } = this.table.get(id);
    if (system === undefined || term.kind !== 'send') return undefined;
    if (!takes(this.#steps.surroundings.processes.get(system)!, term.data.length)) return undefined;
    const answer = this.#steps.system(system, term.data, 'f');
    return answer.ok ? undefined : answer.message;
  }
}
