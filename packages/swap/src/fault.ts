import { assertInteger } from '@commute/errors';
import {
  PAGE_BYTES,
  type AccessLog,
  type Halt,
  type LoadOptions,
  type Machine,
  type MachineSupport,
  type Memory,
  type ProgramImage,
  type Snapshot,
} from '@commute/machine';

/** A machine that wants to know which step of the whole run comes next. Checkers tell it after each restore. */
export interface PositionAware {
  /** @param step - steps from the start of the run to the state just restored. */
  readonly atStep: (step: number) => void;
}

/** Tells whether what `machine` does depends on where in the run it is. */
export function isPositionAware(machine: Machine & Partial<PositionAware>): boolean {
  return machine.atStep !== undefined;
}

/** Tells `machine` where in the run it is, if it wants to know. */
export function tellPosition(machine: Machine & Partial<PositionAware>, step: number): void {
  machine.atStep?.(step);
}

/** One bit that is wrong once. */
export interface Fault {
  /** The bit changes at the end of this step, counted from 0: the state after step + 1 steps is the first wrong one. */
  readonly step: number;
  /** Address of the byte. */
  readonly address: number;
  /** Number of the bit, 0 to 7. */
  readonly bit: number;
}

/** A state with one bit changed. */
export function flipBit(state: Snapshot, fault: Pick<Fault, 'address' | 'bit'>): Snapshot {
  assertInteger('SWAP_FAULT_RANGE', 'address', fault.address, 0, 2 ** 32 - 1);
  assertInteger('SWAP_FAULT_RANGE', 'bit', fault.bit, 0, 7);
  const index = Math.floor(fault.address / PAGE_BYTES);
  const bytes = state.page(index)?.slice() ?? new Uint8Array(PAGE_BYTES);
  bytes[fault.address % PAGE_BYTES]! ^= 1 << fault.bit;
  return state.withPages([{ index, bytes }]);
}

/**
 * A machine that makes one mistake: does what another does, but changes one bit at the end of one step, and goes on from
 * there. For tests and demonstrations of checks.
 */
export class FaultyMachine implements Machine, PositionAware {
  readonly name: string;
  readonly supports: MachineSupport;
  readonly #inner: Machine;
  readonly #fault: Fault;
  #step = 0;

  constructor(inner: Machine, fault: Fault) {
    assertInteger('SWAP_FAULT_RANGE', 'step', fault.step, 0, Number.MAX_SAFE_INTEGER - 1);
    this.name = `${inner.name} with a fault`;
    this.supports = inner.supports;
    this.#inner = inner;
    this.#fault = fault;
  }

  get memory(): Memory {
    return this.#inner.memory;
  }

  get halt(): Halt | undefined {
    return this.#inner.halt;
  }

  readonly atStep = (step: number): void => {
    this.#step = step;
  };

  readonly load = (program: ProgramImage, options?: LoadOptions): void => {
    this.#inner.load(program, options);
    this.#step = 0;
  };

  readonly run = (limit: number): number => {
    const before = this.#until(limit);
    if (before === undefined) return this.#moved(this.#inner.run(limit));
    const executed = this.#moved(this.#inner.run(before));
    if (executed < before) return executed;
    this.#flip();
    return executed + this.#moved(this.#inner.run(limit - before));
  };

  readonly advance = (count: number): void => {
    const before = this.#until(count);
    if (before !== undefined) {
      this.#inner.advance(before);
      this.#flip();
    }
    this.#inner.advance(count - (before ?? 0));
    this.#moved(count);
  };

  readonly sync = (): void => {
    this.#inner.sync();
  };

  readonly snapshot = (): Snapshot => this.#inner.snapshot();
  readonly root = (): Uint8Array => this.#inner.root();
  readonly output = (): Uint8Array => this.#inner.output();
  readonly errorOutput = (): Uint8Array => this.#inner.errorOutput?.() ?? new Uint8Array(0);

  readonly restore = (snapshot: Snapshot): void => {
    this.#inner.restore(snapshot);
  };

  /** The log is that of the step without the fault. */
  readonly logStep = (): AccessLog => {
    const log = this.#inner.logStep();
    if (this.#step === this.#fault.step) this.#flip();
    this.#moved(1);
    return log;
  };

  /** Steps up to and with the faulty one, if it is among the next `count`. */
  #until(count: number): number | undefined {
    const { step } = this.#fault;
    return step >= this.#step && step - this.#step < count ? step - this.#step + 1 : undefined;
  }

  #moved(count: number): number {
    this.#step += count;
    return count;
  }

  #flip(): void {
    const { memory } = this.#inner;
    this.#inner.sync();
    const journal = memory.journal.slice(0, memory.journalLength);
    this.#inner.restore(flipBit(this.#inner.snapshot(), this.#fault));
    if (!memory.journaling) return;
    for (const address of journal) memory.record(address);
    memory.record(this.#fault.address & ~3);
  }
}
