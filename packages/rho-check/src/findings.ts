import { demandOf, type PlaceFields } from '@commute/rholang';
import type { AtomId, AtomTable } from './atoms.ts';
import type { Exploration } from './explore.ts';
import { Avoidance, type EndlessWay } from './liveness.ts';
import { count, FAILS, HINTS, HOLDS, lastPlaces, samePlace, unknownMessage } from './messages.ts';
import { longestWay, Outcomes } from './outcomes.ts';
import type { LoadedProgram } from './program.ts';
import type { CompiledProperty } from './property/compile.ts';
import type { BoundName, CheckName, CheckOptions, Finding } from './report.ts';
import { processesByUri } from './setup.ts';
import type { StateChecks } from './state-checks.ts';
import type { Successors } from './successors.ts';
import type { Tracer } from './tracer.ts';
import type { Hit, Watch } from './watch.ts';

/** What findings are made of. */
export interface FindingSources {
  readonly program: LoadedProgram;
  readonly options: CheckOptions;
  readonly exploration: Exploration;
  readonly successors: Successors;
  readonly stateChecks: StateChecks;
  readonly watch: Watch;
  readonly tracer: Tracer;
}

/** Makes the findings of an exploration, with their traces. */
export class Findings {
  readonly #program: LoadedProgram;
  readonly #options: CheckOptions;
  readonly #exploration: Exploration;
  readonly #successors: Successors;
  readonly #stateChecks: StateChecks;
  readonly #watch: Watch;
  readonly #tracer: Tracer;
  readonly #table: AtomTable;
  #outcomes: Outcomes | undefined;

  constructor({ program, options, exploration, successors, stateChecks, watch, tracer }: FindingSources) {
    this.#program = program;
    this.#options = options;
    this.#exploration = exploration;
    this.#successors = successors;
    this.#stateChecks = stateChecks;
    this.#watch = watch;
    this.#tracer = tracer;
    this.#table = successors.machine.table;
  }

  /** True if every schedule was explored. */
  get isComplete(): boolean {
    return this.#exploration.bound === undefined && !this.#exploration.ended;
  }

  /** What a check came to. */
  check(name: CheckName): Finding {
    const base = { check: name, property: undefined, other: undefined, bound: undefined, hint: undefined } as const;
    switch (name) {
      case 'race':
        return this.#race();
      case 'cost':
        return this.#cost();
      case 'stuck-receive':
        return this.#stuck();
      default:
        break;
    }
    const hit = this.#hit(name);
    if (hit === undefined) return this.#unlessBound({ ...base, message: HOLDS[name], places: [], trace: undefined });
    const { graph } = this.#exploration;
    const path = graph.path(hit.state);
    // What a name is known by is no process that waits; the receive or send that published it is in the last step.
    const found = this.#tracer.trace(graph, path, new Set(hit.about));
    if (found === undefined) return this.#lost(base);
    const { trace } = found;
    let { places } = found;
    let message = FAILS[name];
    if (name === 'failure') message = `failure: ${trace.failure ?? 'the run ends with an error'}`;
    if (name === 'leak' || name === 'failure') places = lastPlaces(trace);
    if (name === 'leak') {
      const about = this.#table.get(hit.about[0]!).leaves[0]!;
      message = `leak: expected \`${this.#tracer.nameOf(about)}\` to stay private, got it handed to others`;
    }
    return { ...base, verdict: 'fails', message, places, trace, hint: HINTS[name] };
  }

  /** The finding that nothing was found: it holds if everything was explored. */
  #unlessBound(finding: Omit<Finding, 'verdict'>, decided = true): Finding {
    if (this.isComplete && decided) return { ...finding, verdict: 'holds' };
    const bound = decided ? (this.#exploration.bound ?? 'states') : 'match-budget';
    return { ...finding, verdict: 'unknown', bound, message: unknownMessage(bound) };
  }

  /** The finding whose trace could not be carried over to a run. */
  #lost(base: Pick<Finding, 'check' | 'property'>): Finding {
    const bound: BoundName = this.#successors.machine.namesObserved ? 'names-observed' : 'symmetry';
    const message = unknownMessage(bound);
    return {
      ...base,
      verdict: 'unknown',
      message,
      places: [],
      trace: undefined,
      other: undefined,
      bound,
      hint: undefined,
    };
  }

  #hit(name: CheckName): Hit | undefined {
    if (name !== 'unobserved-output') return this.#watch.hit(name);
    // Somebody may receive on the channel in what was not explored.
    return this.isComplete ? this.#watch.unobserved() : undefined;
  }

  #theOutcomes(): Outcomes {
    return (this.#outcomes ??= new Outcomes(this.#exploration.graph, this.#table));
  }

  #race(): Finding {
    const base = { check: 'race', property: undefined, other: undefined, bound: undefined, hint: undefined } as const;
    const { graph } = this.#exploration;
    const race = this.#theOutcomes().race();
    if (race === undefined) return this.#unlessBound({ ...base, message: HOLDS.race, places: [], trace: undefined });
    const one = this.#tracer.trace(graph, race.path);
    const two = this.#tracer.trace(graph, race.other);
    if (one === undefined || two === undefined) return this.#lost(base);
    const places: PlaceFields[] = [];
    for (const { trace, lengths } of [one, two]) {
      const step = trace.steps[lengths[race.shared - 1]!];
      for (const process of step === undefined ? [] : [step.receive, ...step.messages])
        if (process.place !== undefined && !places.some((each) => samePlace(each, process.place!)))
          places.push(process.place);
    }
    const shared = one.lengths[race.shared - 1]!;
    const message = `race: expected one outcome of all schedules, got two that part after ${count(shared, 'step')}`;
    return { ...base, verdict: 'fails', message, places, trace: one.trace, other: two.trace };
  }

  #cost(): Finding {
    const base = { check: 'cost', property: undefined, other: undefined, bound: undefined, hint: undefined } as const;
    const { systemProcesses, maximumComms } = this.#options;
    const demand = demandOf(
      this.#program.term,
      systemProcesses === undefined ? {} : { systemProcesses: [...processesByUri(systemProcesses).values()] },
    );
    const limit = maximumComms ?? (demand.kind === 'bounded' ? demand.tokens : undefined);
    const { graph } = this.#exploration;
    const way = longestWay(graph);
    const none = { places: [], trace: undefined } as const;
    const most = way.kind === 'bounded' ? `at most ${count(way.most, 'reduction')}` : 'schedules without end';
    if (limit === undefined) {
      const bound = this.isComplete ? 'no-static-bound' : this.#exploration.bound!;
      const reason = demand.kind === 'unbounded' ? demand.message : '';
      return {
        ...base,
        ...none,
        verdict: 'unknown',
        bound,
        message: `cost: ${most}, and no bound to compare with (${reason})`,
      };
    }
    if (way.kind === 'bounded' && BigInt(way.most) <= limit) {
      const message = `cost: ${most} in every schedule, of ${String(limit)} allowed`;
      return this.#unlessBound({ ...base, ...none, message });
    }
    const found = this.#tracer.trace(graph, way.path, undefined, way.kind === 'bounded' ? undefined : way.cycle);
    if (found === undefined) return this.#lost(base);
    const message = `cost: expected at most ${String(limit)} reductions, got ${way.kind === 'bounded' ? String(way.most) : 'a schedule without end'}`;
    return { ...base, verdict: 'fails', message, places: lastPlaces(found.trace), trace: found.trace };
  }

  /** Receives that wait for ever while others go on: in each state of a loop without a way out, and fired by nothing in it. */
  #stuck(): Finding {
    const base = { check: 'stuck-receive', property: undefined, other: undefined, bound: undefined } as const;
    const { graph } = this.#exploration;
    const { names } = this.#table;
    const shape = (id: AtomId): AtomId => this.#table.rename(id, (leaf) => names.canonical(names.origin(leaf), 0));
    for (const loop of this.#theOutcomes().loops()) {
      let stuck: Set<AtomId> | undefined;
      for (const state of loop) {
        const here = new Set(this.#stateChecks.waiting(graph.atoms(state)).map(shape));
        stuck = stuck === undefined ? here : new Set([...stuck].filter((one) => here.has(one)));
        if (stuck.size === 0) break;
      }
      for (const state of stuck!.size === 0 ? [] : loop)
        for (const { receive } of this.#successors.of(graph.atoms(state)))
          if (receive >= 0) stuck!.delete(shape(receive));
      if (stuck!.size === 0) continue;
      const first = loop[0]!;
      const about = this.#stateChecks.waiting(graph.atoms(first)).filter((id) => stuck!.has(shape(id)));
      const found = this.#tracer.trace(graph, graph.path(first), new Set(about));
      if (found === undefined) return this.#lost(base);
      return {
        ...base,
        verdict: 'fails',
        message: FAILS['stuck-receive'],
        places: found.places,
        trace: found.trace,
        hint: HINTS['stuck-receive'],
      };
    }
    return this.#unlessBound({
      ...base,
      message: HOLDS['stuck-receive'],
      places: [],
      trace: undefined,
      hint: undefined,
    });
  }

  /** What a property came to. */
  property(property: CompiledProperty, index: number): Finding {
    const { text, kind } = property;
    const base = { check: 'property', property: text, other: undefined, bound: undefined, hint: undefined } as const;
    const none = { places: [], trace: undefined } as const;
    const decided = this.#watch.isDecided(index);
    const hit = this.#watch.propertyHit(index);
    const { graph } = this.#exploration;
    if (kind === 'always' || kind === 'possibly') {
      if (hit !== undefined) {
        const found = this.#tracer.trace(graph, graph.path(hit));
        if (found === undefined) return this.#lost(base);
        const steps = count(found.trace.steps.length, 'step');
        return kind === 'always'
          ? {
              ...base,
              verdict: 'fails',
              message: `always: expected in every state, got one without after ${steps}`,
              places: lastPlaces(found.trace),
              trace: found.trace,
            }
          : {
              ...base,
              verdict: 'holds',
              message: `possibly: after ${steps}`,
              places: lastPlaces(found.trace),
              trace: found.trace,
            };
      }
      if (kind === 'always')
        return this.#unlessBound(
          { ...base, ...none, message: `always: in all ${count(graph.size, 'state')}` },
          decided,
        );
      const finding = this.#unlessBound({ ...base, ...none, message: '' }, decided);
      if (finding.verdict !== 'holds') return finding;
      return {
        ...finding,
        verdict: 'fails',
        message: `possibly: expected a schedule, got none: in none of ${count(graph.size, 'state')}`,
      };
    }
    const fair = this.#options.fairness === 'strong';
    const way = this.#endless(property, index, fair);
    if (way === undefined || !decided) {
      const message = kind === 'eventually' ? 'eventually: in every schedule' : 'leads to: in every schedule';
      return this.#unlessBound({ ...base, ...none, message: fair ? `${message} that is fair` : message }, decided);
    }
    const found = this.#tracer.trace(graph, way.path, undefined, way.cycle);
    if (found === undefined) return this.#lost(base);
    const what = way.cycle === undefined ? 'stops without' : 'goes round for ever without';
    const message = `${kind === 'eventually' ? 'eventually' : 'leads to'}: expected in every schedule, got one that ${what}`;
    const hint =
      !fair && this.isComplete && this.#endless(property, index, true) === undefined
        ? 'it holds for schedules in which no reduction that is possible again and again is put off for ever (fairness: strong)'
        : undefined;
    return { ...base, verdict: 'fails', message, places: lastPlaces(found.trace), trace: found.trace, hint };
  }

  /** A schedule that breaks an `eventually` or a `leads to`. */
  #endless(property: CompiledProperty, index: number, fair: boolean): EndlessWay | undefined {
    const { graph } = this.#exploration;
    if (graph.size === 0) return undefined;
    if (property.kind === 'eventually') {
      const avoidance = new Avoidance(graph, (state) => this.#watch.truth(index, 0, state), fair);
      return avoidance.canAvoid(0) ? avoidance.way(0) : undefined;
    }
    const avoidance = new Avoidance(graph, (state) => this.#watch.truth(index, 1, state), fair);
    for (let state = 0; state < graph.size; state += 1)
      if (this.#watch.truth(index, 0, state) && avoidance.canAvoid(state)) return avoidance.way(state);
    return undefined;
  }
}
