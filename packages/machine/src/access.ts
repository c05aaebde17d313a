import type { Memory } from './memory.ts';
import type { Region } from './layout.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * What a step function needs from a memory. Written once against this interface, a step runs on a machine's memory, on
 * a recorder, and on the few leaves of a proof.
 */
export interface WordAccess {
  /** The word at `address`, a multiple of 4; unsigned. */
  loadWord(address: number): number;
  /** Stores the low 32 bits of `value` at `address`, a multiple of 4. */
  storeWord(address: number, value: number): void;
  /** Sets a whole region to its pristine content in one step. */
  replaceRegion(pristine: PristineRegion): void;
}

/** A region with the content that cleaning gives it. A verifier needs only the root. */
export interface PristineRegion {
  readonly region: Region;
  /** Root of the region's subtree when pristine, 32 bytes. */
  readonly root: Uint8Array;
  /** The content, wherever a machine has to clean; a verifier leaves it out. */
  readonly content?: Snapshot;
}

/** One access of a step, in order. Words are unsigned. */
export type Access =
  | { readonly kind: 'read'; readonly address: number; readonly value: number }
  | { readonly kind: 'write'; readonly address: number; readonly before: number; readonly value: number }
  | { readonly kind: 'replace'; readonly region: Region; readonly root: Uint8Array };

/** All accesses of one step, in order. */
export type AccessLog = readonly Access[];

/** Passes accesses on to a memory and notes them. */
export class RecordingAccess implements WordAccess {
  readonly log: Access[] = [];
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  loadWord(address: number): number {
    const value = this.#memory.loadWord(address);
    this.log.push({ kind: 'read', address, value });
    return value;
  }

  storeWord(address: number, value: number): void {
    const before = this.#memory.loadWord(address);
    this.#memory.storeWord(address, value);
    this.log.push({ kind: 'write', address, before, value: value >>> 0 });
  }

  replaceRegion(pristine: PristineRegion): void {
    this.#memory.replaceRegion(pristine);
    this.log.push({ kind: 'replace', region: pristine.region, root: pristine.root });
  }
}
