import { type Access, type Memory, type PristineRegion, type WordAccess } from '@commute/machine';
import { MICRO_REGION, isShadowed } from './layout.ts';
import type { UndoLog } from './undo-log.ts';

/** What the reference step works on inside a machine: passes accesses on, logs them, and keeps the undo log true. */
export class MachineAccess implements WordAccess {
  readonly log: Access[] = [];
  readonly #memory: Memory;
  readonly #undo: UndoLog;

  constructor(memory: Memory, undo: UndoLog) {
    this.#memory = memory;
    this.#undo = undo;
  }

  loadWord(address: number): number {
    const value = this.#memory.loadWord(address);
    this.log.push({ kind: 'read', address, value });
    return value;
  }

  storeWord(address: number, value: number): void {
    const before = this.#memory.loadWord(address);
    this.#memory.storeWord(address, value);
    this.log.push({ kind: 'write', address, before, value });
    if (address >= MICRO_REGION.base && !isShadowed(address)) this.#undo.push(address | 0, before | 0);
  }

  replaceRegion(pristine: PristineRegion): void {
    this.#memory.replaceRegion(pristine);
    this.log.push({ kind: 'replace', region: pristine.region, root: pristine.root });
    if (pristine.region.base === MICRO_REGION.base) this.#undo.clear();
  }

  /** Takes back what has been stored, after a step that failed for want of memory. */
  rollBack(): void {
    for (const access of this.log.toReversed()) {
      if (access.kind === 'write') this.#memory.storeWord(access.address, access.before);
    }
  }
}

/** What host calls work on while the registers live in the interpreter. */
export class RegisterAccess implements WordAccess {
  readonly #memory: Memory;
  readonly #undo: UndoLog;
  readonly #registers: Int32Array;

  /** @param registers - x0 to x31. */
  constructor(memory: Memory, undo: UndoLog, registers: Int32Array) {
    this.#memory = memory;
    this.#undo = undo;
    this.#registers = registers;
  }

  loadWord(address: number): number {
    return isShadowed(address) ? this.#registers[(address & 127) >> 2]! >>> 0 : this.#memory.loadWord(address);
  }

  storeWord(address: number, value: number): void {
    if (isShadowed(address)) {
      this.#registers[(address & 127) >> 2] = value;
    } else {
      this.#undo.note(this.#memory, address);
      this.#memory.storeWord(address, value);
    }
  }

  replaceRegion(pristine: PristineRegion): void {
    this.#memory.replaceRegion(pristine);
  }
}
