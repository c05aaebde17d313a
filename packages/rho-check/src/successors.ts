import type { AtomId } from './atoms.ts';
import { canonicalState } from './canonical.ts';
import { StepLimit, type Effect, type Machine } from './machine.ts';
import { Knowledge } from './public.ts';
import { Reduction } from './reduction.ts';
import { Symmetry } from './symmetry.ts';

/** One reduction of a state. */
export interface Transition {
  /** The receive; -1 if it is a system process that fails. */
  readonly receive: AtomId;
  /** A message for each bind. */
  readonly messages: readonly AtomId[];
  /** The next state. */
  readonly atoms: readonly AtomId[];
  /** Reductions in it: itself and those that follow at once. */
  readonly comms: number;
}

/** What states are made of besides what waits. */
export interface StateOptions {
  /** Mark the names that others know. */
  readonly knowledge: boolean;
  /** Mark also names that nothing holds any more, in the state in which they became known. */
  readonly publications: boolean;
  /** Mark the messages that system processes took in the last step. */
  readonly events: boolean;
  /** Messages that may arrive at any time. */
  readonly environment: readonly AtomId[];
}

/** Most combinations of messages that one state may offer. */
const MAXIMUM_COMBINATIONS = 100_000;
/** Most reductions that may follow a step at once. */
const MAXIMUM_FOLLOWING = 1000;
const TICK = 256;

interface Step {
  present: AtomId[];
  added: AtomId[];
  taken: AtomId[];
  comms: number;
  failure: string | undefined;
}

/** All reductions of each state. */
export class Successors {
  readonly machine: Machine;
  readonly options: StateOptions;
  readonly #environment: ReadonlySet<AtomId>;
  readonly #tick: () => void;
  readonly #reduction: Reduction;
  #count = 0;
  /** True once a receive on the name of a system process was seen. */
  systemReceive = false;

  /** @param tick - is called now and then; what it throws comes through. */
  constructor(machine: Machine, options: StateOptions, tick: () => void) {
    this.machine = machine;
    this.options = options;
    this.#reduction = new Reduction(machine.table);
    this.#environment = new Set(options.environment);
    this.#tick = tick;
  }

  /** The state that a process comes to at once, before any choice. */
  initial(effect: Effect): Pick<Transition, 'atoms' | 'comms'> {
    return this.#next([], [], effect);
  }

  /** A private reduction of a state, in all its ways; nothing if there is none. */
  privateOf(state: readonly AtomId[]): readonly Transition[] | undefined {
    const { table } = this.machine;
    for (const { receive, message } of this.#reduction.candidates(state)) {
      const channel = table.get(message).channel;
      if (this.options.environment.some((id) => table.get(id).channel === channel)) continue;
      if (this.options.knowledge && this.#isKnown(state, message)) continue;
      const effects = this.machine.effects(receive, [message]);
      const transitions = effects.map((effect): Transition => {
        const { atoms, comms } = this.#next(state, this.#usedUp(receive, [message]), effect);
        return { receive, messages: [message], atoms, comms };
      });
      const fails = transitions.some(({ atoms }) => atoms.some((id) => table.get(id).kind === 'failed'));
      if (transitions.length > 0 && !fails) return transitions;
    }
    return undefined;
  }

  #isKnown(state: readonly AtomId[], message: AtomId): boolean {
    const { term } = this.machine.table.get(message);
    return term.kind === 'send' && new Knowledge(this.machine.table, state).isPublic(term.channel);
  }

  /**
   * Everything that can happen next; empty in a terminal state.
   *
   * @param every - true to have also what differs from another reduction only in names that can be exchanged.
   */
  of(state: readonly AtomId[], every = false): readonly Transition[] {
    const { table } = this.machine;
    const transitions: Transition[] = [];
    const counts = new Map<AtomId, number>();
    const messages = new Map<number, AtomId[]>();
    const offer = (id: AtomId, channel: number): void => {
      const list = messages.get(channel);
      if (list === undefined) messages.set(channel, [id]);
      else list.push(id);
    };
    const receives: AtomId[] = [];
    for (const id of state) {
      const count = counts.get(id);
      counts.set(id, (count ?? 0) + 1);
      if (count !== undefined) continue;
      const { kind, channel, system } = table.get(id);
      if (kind === 'receive') receives.push(id);
      if (kind !== 'send') continue;
      offer(id, channel);
      if (system === undefined) continue;
      const failure = this.machine.failingCall(id);
      if (failure === undefined) continue;
      transitions.push({ receive: -1, messages: [id], atoms: [table.failed(failure)], comms: 1 });
    }
    for (const id of this.options.environment) {
      if (!counts.has(id)) offer(id, table.get(id).channel);
      counts.set(id, Infinity);
    }
    const symmetry = new Symmetry(every ? [] : state, table);
    let combinations = 0;
    for (const receive of symmetry.distinct(receives, [])) {
      const { channels, persistent, consume } = table.get(receive);
      const candidates = channels.map((channel) => messages.get(channel));
      if (consume!.binds.some(({ channel }) => table.systemUri(channel) !== undefined)) this.systemReceive = true;
      if (candidates.includes(undefined)) continue;
      const chosen: AtomId[] = [];
      const choose = (bind: number): void => {
        if (bind === candidates.length) {
          combinations += 1;
          if (combinations > MAXIMUM_COMBINATIONS) throw new StepLimit('too many combinations of messages');
          this.#count += 1;
          if (this.#count % TICK === 0) this.#tick();
          // A repeated receive and messages that all stay have met when the later of them arrived.
          if (persistent && chosen.every((id) => table.get(id).persistent && !this.#environment.has(id))) return;
          const selected = chosen.slice();
          for (const effect of this.machine.effects(receive, selected)) {
            const { atoms, comms } = this.#next(state, this.#usedUp(receive, selected), effect);
            transitions.push({ receive, messages: selected, atoms, comms });
          }
          return;
        }
        for (const id of symmetry.distinct(candidates[bind]!, [receive, ...chosen])) {
          let used = 1;
          for (const other of chosen) if (other === id) used += 1;
          if (used > counts.get(id)!) continue;
          chosen.push(id);
          choose(bind + 1);
          chosen.pop();
        }
      };
      choose(0);
    }
    return transitions;
  }

  /** What a reduction takes out of the state. */
  #usedUp(receive: AtomId, messages: readonly AtomId[]): readonly AtomId[] {
    const { table } = this.machine;
    const { persistent, consume } = table.get(receive);
    const used: AtomId[] = persistent ? [] : [receive];
    messages.forEach((id, bind) => {
      if (!table.get(id).persistent && !consume!.binds[bind]!.peek && !this.#environment.has(id)) used.push(id);
    });
    return used;
  }

  #next(state: readonly AtomId[], used: readonly AtomId[], effect: Effect): Pick<Transition, 'atoms' | 'comms'> {
    const { table } = this.machine;
    const left = used.slice();
    const present: AtomId[] = [];
    const marks: AtomId[] = [];
    for (const id of state) {
      const { kind } = table.get(id);
      if (kind === 'event') continue;
      if (kind === 'known') {
        marks.push(id);
        continue;
      }
      const place = left.indexOf(id);
      if (place === -1) present.push(id);
      else left.splice(place, 1);
    }
    const step: Step = { present, added: [], taken: [], comms: 0, failure: undefined };
    this.#follow(step, effect);
    const { comms, failure } = step;
    if (failure !== undefined) return { atoms: [table.failed(failure)], comms };
    let atoms = present;
    if (this.options.knowledge) {
      const knowledge = new Knowledge(table, marks);
      knowledge.learn(present, step.added, step.taken);
      atoms = atoms.concat(knowledge.marks(present, this.options.publications));
    }
    if (this.options.events && step.taken.length > 0)
      atoms = atoms.concat(step.taken.map((id) => table.event(table.get(id).term)));
    return { atoms: canonicalState(atoms, table).atoms, comms };
  }

  /** Adds what an effect leaves waiting, and what follows of it at once: a repeated receive meets messages that all stay. */
  #follow(step: Step, effect: Effect): void {
    const { table } = this.machine;
    const queue = [effect];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      this.#tick();
      step.comms += next.comms;
      if (step.comms > MAXIMUM_FOLLOWING) throw new StepLimit('too many reductions that follow at once');
      for (const id of next.taken) step.taken.push(id);
      if (next.failure !== undefined) {
        step.failure ??= next.failure;
        return;
      }
      for (const id of next.added) {
        step.added.push(id);
        step.present.push(id);
        if (table.persistentSends && table.get(id).persistent) queue.push(...this.#staying(step.present));
      }
    }
  }

  /** The meetings, in which nothing is used up, of the process that was added last with those before it. */
  #staying(present: readonly AtomId[]): Effect[] {
    const { table } = this.machine;
    const last = present.length - 1;
    const effects: Effect[] = [];
    const sends = [...present.keys()].filter((index) => {
      const { kind, persistent } = table.get(present[index]!);
      return kind === 'send' && persistent;
    });
    present.forEach((receive, index) => {
      const { kind, persistent, channels } = table.get(receive);
      if (kind !== 'receive' || !persistent) return;
      const chosen: number[] = [];
      const choose = (bind: number): void => {
        if (bind === channels.length) {
          if (index !== last && !chosen.includes(last)) return;
          if (effects.length > MAXIMUM_FOLLOWING) throw new StepLimit('too many reductions that follow at once');
          const messages = chosen.map((place) => present[place]!);
          const effect = this.machine.firstEffect(receive, messages);
          if (effect !== undefined) effects.push(effect);
          return;
        }
        for (const place of sends) {
          if (chosen.includes(place) || table.get(present[place]!).channel !== channels[bind]) continue;
          chosen.push(place);
          choose(bind + 1);
          chosen.pop();
        }
      };
      choose(0);
    });
    return effects;
  }
}
