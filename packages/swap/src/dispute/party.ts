import { BaseError, assertInteger } from '@commute/errors';
import { proveAccesses, type Machine, type MachineFactory, type Snapshot } from '@commute/machine';
import { assertStack, attach, type Stack } from '../layer.ts';
import { Pace, turn } from '../pace.ts';
import type { SnapshotStore } from '../store.ts';
import type { Answer, Claim, Party, Position, Question } from './messages.ts';

/** What a party stands on: machines of its own, and the snapshots of its own run. */
export interface PartyOptions {
  readonly name: string;
  /** The layers from the top. Empty if the lowest machine is the only one; then `machine` makes it. */
  readonly stack: Stack;
  /** Makes the top machine; that of the first layer unless told. */
  readonly machine?: MachineFactory;
  /** Snapshots of the run from S_0 to its end, as far apart as one likes. */
  readonly store: SnapshotStore;
  /**
   * Proves all steps of the lowest machine that make one step of the machine above it, where disputes are settled that way.
   *
   * @param state - the lowest machine's state before them, with the auxiliary state attached.
   */
  readonly prove?: (state: Snapshot, steps: number) => Promise<Uint8Array>;
}

/** Where states of a run come from: what the run is at any position. */
export type StateSource = (position: Position) => Promise<Snapshot>;

/** Runs within a step kept at a time: disputes that a party has side by side. */
const MAXIMUM_RUNS = 8;
/** States kept of one run. A dispute comes back to few of them. */
const MAXIMUM_STATES = 64;

/**
 * The states of a run at any position of the stack, by running again from the nearest state that is kept.
 *
 * Halving a range of n steps costs at most n steps of running again in all, since each question lies halfway between two
 * states that are kept: at the top no more than lie between two snapshots, below no more than one step above takes.
 *
 * @example
 * ```ts no-run
 * import { Replay } from '@commute/swap';
 * import { stack, store } from './mine.ts';
 * const replay = new Replay({ stack, store });
 * const root = (await replay.state({ path: [1000, 12], index: 7 })).root(); // of the third machine
 * ```
 */
export class Replay {
  readonly #stack: Stack;
  readonly #store: SnapshotStore;
  readonly #machines: Machine[];
  /** The lowest machine once more, so that a proof does not disturb a run that waits for its turn. */
  readonly #prover: Machine;
  readonly #runs = new Map<string, Map<number, Snapshot>>();
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: Pick<PartyOptions, 'stack' | 'machine' | 'store'>) {
    const { stack, store } = options;
    if (stack.length > 0) assertStack(stack);
    const top = options.machine ?? stack[0]?.upper;
    if (top === undefined) {
      throw new BaseError('SWAP_PARTY_RANGE', 'machine: expected one where there is no layer, got none', {});
    }
    assertInteger('SWAP_PARTY_RANGE', 'snapshots in the store', store.length, 1, Number.MAX_SAFE_INTEGER);
    this.#stack = stack;
    this.#store = store;
    this.#machines = [top(), ...stack.map((layer) => layer.lower())];
    this.#prover = (stack.at(-1)?.lower ?? top)();
  }

  /** A proof of the step of the lowest machine that starts in `state`. */
  prove(state: Snapshot): Uint8Array {
    this.#prover.restore(state);
    return proveAccesses(state, this.#prover.logStep());
  }

  /**
   * The state at a position.
   *
   * @throws BaseError `SWAP_PARTY_RANGE` for a position that is not in the stack; what machines throw.
   */
  readonly state: StateSource = (position) => {
    const result = this.#work.then(() => this.#state(position));
    this.#work = result.catch(() => undefined);
    return result;
  };

  async #state({ path, index }: Position): Promise<Snapshot> {
    const depth = path.length;
    if (depth > this.#stack.length) {
      throw new BaseError(
        'SWAP_PARTY_RANGE',
        `path: expected at most ${String(this.#stack.length)} steps, got ${String(depth)}`,
        {
          depth,
        },
      );
    }
    if (depth > 0) {
      const { log2Steps } = this.#stack[depth - 1]!;
      assertInteger('SWAP_PARTY_RANGE', 'index', index, 0, 2 ** log2Steps);
    }
    const key = path.join('.');
    const kept = this.#run(key);
    let from = -1;
    let state: Snapshot | undefined;
    for (const [at, candidate] of kept) {
      if (at <= index && at > from) {
        from = at;
        state = candidate;
      }
    }
    if (depth === 0) {
      const nearest = this.#nearestSnapshot(index);
      if (nearest.step > from) {
        from = nearest.step;
        state = await this.#store.load(nearest.index);
      }
    } else if (state === undefined) {
      const above = await this.#state({ path: path.slice(0, -1), index: path.at(-1)! });
      from = 0;
      state = attach(this.#stack[depth - 1]!, above);
    }
    if (from < index) state = await this.#advance(this.#machines[depth]!, state!, index - from);
    kept.delete(index);
    kept.set(index, state!);
    if (kept.size > MAXIMUM_STATES) kept.delete(kept.keys().next().value!);
    return state!;
  }

  /** The states kept of a run, most recently used last among the runs. */
  #run(key: string): Map<number, Snapshot> {
    const kept = this.#runs.get(key) ?? new Map<number, Snapshot>();
    this.#runs.delete(key);
    this.#runs.set(key, kept);
    if (this.#runs.size > MAXIMUM_RUNS) this.#runs.delete(this.#runs.keys().next().value!);
    return kept;
  }

  #nearestSnapshot(step: number): { readonly index: number; readonly step: number } {
    let low = 0;
    let high = this.#store.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#store.entry(middle).step <= step) low = middle;
      else high = middle;
    }
    return this.#store.entry(low);
  }

  async #advance(machine: Machine, state: Snapshot, count: number): Promise<Snapshot> {
    machine.restore(state);
    const pace = new Pace(50, 2 ** 20);
    for (let done = 0; done < count;) {
      const slice = Math.min(pace.begin(), count - done);
      machine.advance(slice);
      pace.end(slice);
      done += slice;
      if (done < count) await turn();
    }
    return machine.snapshot();
  }
}

/**
 * A party that answers from its own run, truthfully as far as its machines are right.
 *
 * It claims the last snapshot of its store as the end. The run there should have halted, and the snapshot lie at the step
 * that halted; or the number of steps is what the referee demands.
 *
 * Takes little to keep: snapshots may be far apart, since a dispute of n steps between two of them costs no more than n
 * steps of running again.
 *
 * @throws BaseError `SWAP_PARTY_RANGE` for an empty store, or no layer and no machine; as `assertStack`.
 * @example
 * ```ts no-run
 * import { createParty, runWithSnapshots } from '@commute/swap';
 * import { machine, stack } from './mine.ts';
 * const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 20 });
 * const party = createParty({ name: 'me', stack, store });
 * ```
 */
export function createParty(options: PartyOptions): Party {
  const replay = new Replay(options);
  return partyFrom(options, replay, replay.state);
}

/** A party that takes its states from `source`. */
export function partyFrom(options: PartyOptions, replay: Replay, source: StateSource): Party {
  const { name, stack, store, prove } = options;

  const claim = async (): Promise<Claim> => {
    const { step } = store.entry(store.length - 1);
    return {
      initialRoot: (await source({ path: [], index: 0 })).root(),
      steps: step,
      finalRoot: (await source({ path: [], index: step })).root(),
    };
  };

  const answer = async (question: Question): Promise<Answer> => {
    switch (question.kind) {
      case 'claim':
        return { kind: 'claim', claim: await claim() };
      case 'root':
        return { kind: 'root', root: (await source(question)).root() };
      case 'opening': {
        const { path, index } = question;
        const region = stack[path.length]?.auxiliary.region;
        if (region === undefined)
          throw new BaseError('SWAP_PARTY_RANGE', 'path: expected a layer below it, got none', {});
        const before = (await source(question)).regionSiblings(region);
        const after = (await source({ path, index: index + 1 })).regionSiblings(region);
        return { kind: 'opening', before, after };
      }
      case 'step':
        return { kind: 'proof', proof: replay.prove(await source(question)) };
      case 'settlement': {
        const layer = stack.at(-1);
        if (prove === undefined || layer === undefined) return { kind: 'refusal', reason: 'no prover' };
        const state = await source({ path: [...question.path, question.index], index: 0 });
        return { kind: 'proof', proof: await prove(state, 2 ** layer.log2Steps) };
      }
    }
  };

  return {
    name,
    ask: async (question) => {
      try {
        return await answer(question);
      } catch (error) {
        return { kind: 'refusal', reason: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
