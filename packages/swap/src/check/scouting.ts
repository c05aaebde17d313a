import type { Machine, Snapshot } from '@commute/machine';
import { tellPosition } from '../fault.ts';
import { Pace } from '../pace.ts';

/** A state on the way, and how far it is. */
export interface Waypoint {
  readonly step: number;
  readonly state: Snapshot;
}

/**
 * Runs a machine from one state on and keeps the states it comes to at some steps. It does nothing else in between, so it
 * is there long before a check is.
 */
export class Scouting {
  readonly #machine: Machine;
  readonly #places: readonly number[];
  readonly #found: Waypoint[] = [];
  readonly #pace = new Pace(100, 2 ** 16);
  readonly #from: Waypoint;
  #step: number | undefined;

  /**
   * @param from - where to begin; the machine may be anywhere.
   * @param places - steps, counted from the start of the run, ascending.
   */
  constructor(machine: Machine, from: Waypoint, places: readonly number[]) {
    this.#machine = machine;
    this.#places = places;
    this.#from = from;
  }

  /** Where the machine has come to last. */
  get last(): Waypoint | undefined {
    return this.#found.at(-1);
  }

  /** The state at one of the places; undefined if the machine has not come there. */
  at(step: number): Snapshot | undefined {
    return this.#found.find((waypoint) => waypoint.step === step)?.state;
  }

  /** Does a slice of about 100 ms. Returns whether all places have been come to. */
  next(): boolean {
    let step = this.#step ?? this.#start();
    let budget = this.#pace.begin();
    const size = budget;
    for (;;) {
      const place = this.#places[this.#found.length];
      if (place === undefined) return true;
      const count = Math.min(budget, place - step);
      this.#machine.advance(count);
      step += count;
      this.#step = step;
      budget -= count;
      if (step === place) this.#found.push({ step: place, state: this.#machine.snapshot() });
      else if (budget === 0) break;
    }
    this.#pace.end(size);
    return false;
  }

  #start(): number {
    this.#machine.memory.journaling = false;
    this.#machine.restore(this.#from.state);
    tellPosition(this.#machine, this.#from.step);
    return this.#from.step;
  }
}
