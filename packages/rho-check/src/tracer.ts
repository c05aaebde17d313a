import {
  compareTerms,
  printTerm,
  receiveOf,
  sendOf,
  systemUri,
  TermDepthError,
  unforgeableTerm,
  type Located,
  type PlaceFields,
  type Term,
} from '@commute/rholang';
import type { AtomId } from './atoms.ts';
import { canonicalState } from './canonical.ts';
import {
  type ConcreteRun,
  type ConcreteComm,
  type ConcreteMessage,
  type ConcreteReceive,
  type ConcreteState,
  type ConcreteStep,
} from './concrete.ts';
import { stateKey, type Graph, type StateId } from './graph.ts';
import { StepLimit } from './machine.ts';
import type { FreshNames, Leaf, Origins } from './names.ts';
import { placeOf, type LoadedProgram } from './program.ts';
import { Knowledge } from './public.ts';
import type { Trace, TraceProcess, TraceStep } from './report.ts';
import type { Successors, Transition } from './successors.ts';

/** The seed of runs of the checker; which one it is changes nothing but the names. */
export const RUN_SEED: Uint8Array = new TextEncoder().encode('rho-check');

/** Longest text of a process in a trace. */
const MAXIMUM_TEXT = 200;
const UNFORGEABLE = /(@?)Unforgeable\(0x([0-9a-f]*)\)/g;

/** A run that follows a path of states. */
interface Followed {
  readonly state: ConcreteState;
  readonly comms: readonly ConcreteComm[];
  readonly environment: readonly Term[];
  readonly failure: string | undefined;
}

/** The same, with the number of reductions up to each state of the path. */
interface FollowedPath {
  readonly run: Followed;
  readonly lengths: readonly number[];
}

/** Finds the run of the reducer that goes through given states, and writes it down. */
export class Tracer {
  readonly #successors: Successors;
  readonly #program: LoadedProgram;
  readonly #run: ConcreteRun;
  readonly #labels = new Map<string, string>();
  readonly #names: FreshNames;
  readonly #origins: Origins;

  constructor(successors: Successors, program: LoadedProgram, run: ConcreteRun, origins: Origins) {
    this.#successors = successors;
    this.#program = program;
    this.#run = run;
    this.#names = successors.machine.table.names;
    this.#origins = origins;
  }

  /**
   * The trace through these states.
   *
   * @param about - atoms of the last state whose places are wanted.
   * @param cycle - index of the state to which the last one leads back, for schedules without end; the last state is that state again.
   * @returns nothing if no run of the reducer could be found that goes through them.
   */
  trace(
    graph: Graph,
    path: readonly StateId[],
    about: ReadonlySet<AtomId> = new Set(),
    cycle?: number,
  ):
    | { readonly trace: Trace; readonly lengths: readonly number[]; readonly places: readonly PlaceFields[] }
    | undefined {
    const followed = this.#tryToFollow(graph, path);
    if (followed === undefined) return undefined;
    const { run, lengths } = followed;
    const places = this.#places(run.state, about);
    const { state, comms, environment, failure } = run;
    const waiting = [...state.items, ...state.drained];
    const described = waiting.map((item): readonly [Term, TraceProcess] => {
      if (item.kind === 'message')
        return [sendOf(item.channel, item.datum), this.#process(sendOf(item.channel, item.datum), item.datum.place)];
      const term = receiveOf(item.consume);
      return [term, this.#process(term, item.consume.place)];
    });
    described.sort((left, right) => compareTerms(left[0], right[0]));
    const trace: Trace = {
      steps: comms.map((comm) => this.#step(comm)),
      cycle: cycle === undefined ? undefined : lengths[cycle],
      environment,
      state: described.map(([term]) => term),
      waiting: described.map(([, process]) => process),
      failure,
    };
    return { trace, lengths, places };
  }

  #places(state: ConcreteState, about: ReadonlySet<AtomId>): PlaceFields[] {
    if (about.size === 0) return [];
    const abstract = this.#abstraction(state);
    const places: PlaceFields[] = [];
    for (const item of state.items) {
      if (!about.has(abstract(item.atom))) continue;
      const place = placeOf(this.#program, item.kind === 'message' ? item.datum.place : item.consume.place);
      if (place !== undefined && !places.some((one) => one.file === place.file && one.start === place.start))
        places.push(place);
    }
    return places.sort((left, right) =>
      left.file === right.file ? left.start - right.start : left.file < right.file ? -1 : 1,
    );
  }

  /** What the atoms of a state of the run are called in the graph. */
  #abstraction(state: ConcreteState): (id: AtomId) => AtomId {
    const { table } = this.#successors.machine;
    const present = state.items.map(({ atom }) => atom);
    const { renaming } = canonicalState(present.concat(state.marks), table);
    return (id) => table.rename(id, (leaf) => renaming.get(leaf) ?? leaf);
  }

  /** What a name is called in the source. */
  nameOf(leaf: Leaf): string {
    const label = this.#origins.labels[this.#names.origin(leaf)];
    return label === undefined || label === '' ? 'name' : label;
  }

  /** The text of a term with readable names. */
  text(term: Term): string {
    if (term.size > 2000) return `… (${term.kind} of ${String(term.size)} nodes)`;
    const text = printTerm(term).replace(UNFORGEABLE, (_, quote: string, hex: string) => {
      const label = this.#label(hex);
      return quote === '@' ? label : `*${label}`;
    });
    return text.length <= MAXIMUM_TEXT ? text : `${text.slice(0, MAXIMUM_TEXT)}…`;
  }

  #label(hex: string): string {
    let label = this.#labels.get(hex);
    if (label !== undefined) return label;
    const id = hex.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
    const name = unforgeableTerm(id);
    const uri = systemUri(name);
    if (uri !== undefined) label = uri;
    else if (id.startsWith('environment:')) label = id.replace(':', '');
    else {
      const leaf = this.#names.leafOf(name);
      const base = leaf === undefined ? 'name' : this.nameOf(leaf);
      let count = 1;
      const used = new Set(this.#labels.values());
      label = base;
      while (used.has(label)) {
        count += 1;
        label = `${base}#${String(count)}`;
      }
    }
    this.#labels.set(hex, label);
    return label;
  }

  #process(term: Term, place: Located | undefined): TraceProcess {
    return { text: this.text(term), place: placeOf(this.#program, place) };
  }

  #step({ receive, messages, bindings }: ConcreteComm): TraceStep {
    const { seed, place, system, term } = receive;
    return {
      receive: {
        text: system ?? (term === undefined ? '' : this.text(term)),
        place: placeOf(this.#program, place),
        system,
        seed,
      },
      messages: messages.map(({ message: { channel, datum, environment }, removed }) => ({
        ...this.#process(sendOf(channel, datum), datum.place),
        channel: this.text(channel),
        removed,
        environment,
        seed: datum.seed,
      })),
      bindings,
    };
  }

  #key(step: ConcreteStep): { readonly key: string; readonly state: ConcreteState } {
    const { table } = this.#successors.machine;
    const { knowledge, publications, events } = this.#successors.options;
    if (step.failure !== undefined) return { key: stateKey([table.failed(step.failure)]), state: step.state };
    const present = step.state.items.map(({ atom }) => atom);
    let atoms: AtomId[] = present;
    let { marks } = step.state;
    if (knowledge) {
      const known = new Knowledge(table, marks);
      known.learn(present, step.added, step.taken);
      marks = known.marks(present, publications);
      atoms = atoms.concat(marks);
    }
    if (events) atoms = atoms.concat(step.taken.map((id) => table.event(table.get(id).term)));
    return { key: stateKey(canonicalState(atoms, table).atoms), state: { ...step.state, marks } };
  }

  /** Terms that are too deep to be written down have no trace. */
  #tryToFollow(graph: Graph, path: readonly StateId[]): FollowedPath | undefined {
    try {
      return this.#follow(graph, path);
    } catch (error) {
      if (error instanceof TermDepthError || error instanceof StepLimit) return undefined;
      throw error;
    }
  }

  #follow(graph: Graph, path: readonly StateId[]): FollowedPath | undefined {
    const first = this.#run.start(this.#program.term, RUN_SEED);
    let { key, state } = this.#key(first);
    if (path.length === 0 || key !== graph.key(path[0]!)) return undefined;
    const comms = first.comms.slice();
    const lengths = [comms.length];
    const environment: Term[] = [];
    let { failure } = first;
    for (let index = 1; index < path.length; index += 1) {
      const goal = graph.key(path[index]!);
      const atoms = graph.atoms(path[index - 1]!);
      let next: ConcreteStep | undefined;
      for (const transition of this.#successors.of(atoms)) {
        if (stateKey(transition.atoms) !== goal) continue;
        next = this.#take(state, transition, goal, environment);
        if (next !== undefined) break;
      }
      if (next === undefined) return undefined;
      comms.push(...next.comms);
      lengths.push(comms.length);
      ({ failure } = next);
      ({ key, state } = this.#key(next));
    }
    return { run: { state, comms, environment, failure }, lengths };
  }

  /** The step of the run that stands for a transition and leads to the state `goal`. */
  #take(state: ConcreteState, transition: Transition, goal: string, environment: Term[]): ConcreteStep | undefined {
    const { machine, options } = this.#successors;
    const { table } = machine;
    const abstract = this.#abstraction(state);
    const left = new Map<AtomId, (typeof state.items)[number][]>();
    for (const item of state.items) {
      const id = abstract(item.atom);
      const list = left.get(id);
      if (list === undefined) left.set(id, [item]);
      else list.push(item);
    }
    const messages: ConcreteMessage[] = [];
    let arrived = environment.length;
    const arrivals: Term[] = [];
    for (const id of transition.messages) {
      if (options.environment.includes(id)) {
        const { term } = table.get(id);
        messages.push(this.#run.arrival(term, arrived));
        arrivals.push(term);
        arrived += 1;
        continue;
      }
      const item = left.get(id)?.shift();
      if (item?.kind !== 'message') return undefined;
      messages.push(item);
    }
    if (transition.receive < 0) {
      const step = this.#run.failingCall(state, messages[0]!);
      return this.#key(step).key === goal ? step : undefined;
    }
    const receive = left.get(transition.receive)?.[0];
    if (receive?.kind !== 'receive') return undefined;
    for (const meeting of this.#run.meetings(receive satisfies ConcreteReceive, messages)) {
      const step = this.#run.fire(state, receive, meeting.messages, meeting.bindings);
      if (this.#key(step).key !== goal) continue;
      environment.push(...arrivals);
      return step;
    }
    return undefined;
  }
}
