import { BaseError } from '@commute/errors';
import {
  Memory,
  MissingLeafError,
  RecordingAccess,
  Snapshot,
  openProof,
  regionContains,
  type AccessLog,
  type Halt,
  type Hasher,
  type LoadOptions,
  type Machine,
  type PristineRegion,
  type ProgramImage,
  type WordAccess,
} from '@commute/machine';
import type { StepVerifier } from '../../src/index.ts';

/** A machine as one function: all that differs between the small machines of these tests. */
export interface StepDefinition {
  readonly name: string;
  /** Whether steps change the state even when halted. */
  readonly clockInState: boolean;
  /** One step. Touches the state through `access` only, in an order that depends on what it read only. */
  readonly step: (access: WordAccess) => void;
  /** How the machine stopped, from its state. */
  readonly halt: (access: WordAccess) => Halt | undefined;
  /** The regions that the step may clean. */
  readonly regions?: readonly PristineRegion[];
}

/** A whole machine from a step function. */
export class StepMachine implements Machine {
  readonly name: string;
  readonly supports: { readonly accessLog: true; readonly clockInState: boolean };
  readonly memory: Memory;
  readonly #definition: StepDefinition;
  readonly #access: WordAccess;
  /** Words of the regions that may differ from the pristine content. */
  #touched: number[] = [];

  constructor(definition: StepDefinition, hasher?: Hasher) {
    this.name = definition.name;
    this.supports = { accessLog: true, clockInState: definition.clockInState };
    this.memory = new Memory(hasher === undefined ? {} : { hasher });
    this.#definition = definition;
    const { memory } = this;
    const regions = (definition.regions ?? []).map(({ region }) => region);
    this.#access = {
      loadWord: (address) => memory.loadWord(address),
      storeWord: (address, value) => {
        memory.storeWord(address, value);
        if (regions.some((region) => regionContains(region, address))) this.#touched.push(address);
      },
      replaceRegion: (pristine) => {
        for (const address of this.#touched) {
          if (regionContains(pristine.region, address)) memory.storeWord(address, pristine.content?.word(address) ?? 0);
        }
        this.#touched = this.#touched.filter((address) => !regionContains(pristine.region, address));
      },
    };
  }

  get halt(): Halt | undefined {
    return this.#definition.halt(this.#access);
  }

  readonly load = (program: ProgramImage, _options?: LoadOptions): void => {
    this.restore(Snapshot.empty(this.memory.hasher));
    for (const { address, bytes } of program.segments) this.memory.write(address, bytes);
    this.memory.storeWord(0, program.entry);
  };

  readonly run = (limit: number): number => {
    let executed = 0;
    while (executed < limit && this.halt === undefined) {
      this.#definition.step(this.#access);
      executed++;
    }
    return executed;
  };

  readonly advance = (count: number): void => {
    for (let i = 0; i < count; i++) {
      if (!this.supports.clockInState && this.halt !== undefined) return;
      this.#definition.step(this.#access);
    }
  };

  readonly sync = (): void => undefined;
  readonly snapshot = (): Snapshot => this.memory.snapshot();
  readonly root = (): Uint8Array => this.memory.root();
  readonly output = (): Uint8Array => new Uint8Array(0);

  readonly restore = (snapshot: Snapshot): void => {
    this.memory.restore(snapshot);
    this.#touched = [];
    for (const { region, content } of this.#definition.regions ?? []) {
      const held = Snapshot.empty(snapshot.hasher).withRegion(region, snapshot);
      for (const { index } of (content ?? Snapshot.empty(snapshot.hasher)).differences(held)) {
        for (let offset = 0; offset < 4096; offset += 4) this.#touched.push(index * 4096 + offset);
      }
    }
  };

  readonly logStep = (): AccessLog => {
    const recorder = new RecordingAccess(this.memory);
    this.#definition.step(recorder);
    this.restore(this.memory.snapshot());
    return recorder.log;
  };
}

/** Verifies a step of a {@link StepMachine} from its proof alone. */
export function stepVerifier(definition: StepDefinition, hasher: Hasher): StepVerifier {
  return (rootBefore, proof) => {
    const opened = openProof(hasher, rootBefore, proof);
    if (!opened.ok) return opened;
    try {
      definition.step(opened.memory);
    } catch (error) {
      if (error instanceof MissingLeafError) return { ok: false, reason: 'missing-leaf' };
      if (error instanceof BaseError) return { ok: false, reason: String(error.code) };
      throw error;
    }
    if (!opened.memory.allUsed()) return { ok: false, reason: 'unused-leaf' };
    const rootAfter = opened.memory.root();
    return rootAfter === null ? { ok: false, reason: 'not-canonical' } : { ok: true, rootAfter };
  };
}
