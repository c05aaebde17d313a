import { pruneStore, type HistoryStore } from '@commute/rho-store';
import { forgetRounds, readOldestRound } from './archive.ts';

/**
 * What a node keeps of the rounds that are closed. All of it unless told: then of the newest rounds, at least as many as told and at most twice as many, the version, the event log, the blocks,
 * and the certificate that closed each; of older ones what proves that members cheat, and the histories of all keys.
 *
 * Forgetting goes through the whole store, so it is done once for as many rounds as are to be kept.
 */
export class Pruning {
  readonly #history: HistoryStore;
  readonly #keep: number | undefined;
  #oldest: number;

  /**
   * Goes on where the last process was killed.
   *
   * @param keep - rounds to keep, at least 1; all if absent.
   * @param open - the round that is open.
   */
  constructor(history: HistoryStore, keep: number | undefined, open: number) {
    this.#history = history;
    this.#keep = keep;
    this.#oldest = Math.min(readOldestRound(history), open);
    // The version before the oldest round is kept: its block follows that one.
    if (keep !== undefined && history.trie.meta.oldest < this.#oldest) this.#pruneVersions(open);
  }

  /** The oldest round that can be told to others. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Forgets rounds if there are too many. @returns true if it did. */
  prune(open: number): boolean {
    if (this.#keep === undefined || open - this.#oldest <= 2 * this.#keep) return false;
    this.#oldest = open - this.#keep;
    // First what is told to others: a round without its version is never told.
    forgetRounds(this.#history, this.#oldest);
    this.#pruneVersions(open);
    return true;
  }

  #pruneVersions(open: number): void {
    pruneStore(this.#history, open - this.#oldest + 1);
  }
}
