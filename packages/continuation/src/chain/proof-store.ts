/**
 * What is kept of a chain while it is proved, so that proving goes on where it was stopped.
 *
 * @module
 */
import { BLAKE3 } from '@commute/poly-commit';
import { type ExternalInputs, type StarkSystem } from '@commute/stark';
import { ByteWriter } from '../claim/bytes.ts';

/**
 * Keeps bytes under keys of letters, digits and hyphens. What `set` has resolved for is there after any end of the process, whole; `get` gives `undefined` for
 * anything else. Nothing in it is trusted by a verifier: damage makes proofs that are refused.
 */
export interface ProofStore {
  readonly get: (key: string) => Promise<Uint8Array | undefined>;
  readonly set: (key: string, bytes: Uint8Array) => Promise<void>;
}

/** Told how much of a proof, or of its commitment, is done: from 0 to 1. */
export type TellShare = (share: number) => void;

/** What is committed to for a proof, of one segment or of several. */
export interface Committed {
  readonly digest: Uint8Array;
  readonly prove: (external: ExternalInputs, tell?: TellShare) => Uint8Array;
  readonly release: () => void;
}

/** One proof of a chain: committed to when its digest is first asked for and not kept, and again if it has to be. */
export class ProofJob {
  readonly #system: StarkSystem;
  readonly #identity: Uint8Array;
  readonly #commit: (tell?: TellShare) => Committed;
  readonly #store: ProofStore | undefined;
  #committed: Committed | undefined;

  /**
   * @param identity - what tells it from all other proofs of the system: run and claim. The same identity must mean the same traces.
   */
  constructor(
    system: StarkSystem,
    identity: readonly Uint8Array[],
    commit: (tell?: TellShare) => Committed,
    store: ProofStore | undefined,
  ) {
    const writer = new ByteWriter().bytes(new TextEncoder().encode(system.description));
    for (const part of identity) writer.number(part.length, 8).bytes(part);
    this.#system = system;
    this.#identity = BLAKE3.digest(writer.finish());
    this.#commit = commit;
    this.#store = store;
  }

  /** The digest if it is kept, by this prover or by another one with the same store. */
  async keptDigest(): Promise<Uint8Array | undefined> {
    const kept = await this.#store?.get(this.#digestKey());
    return kept?.length === 32 ? kept : undefined;
  }

  #digestKey(): string {
    return `commitment-${hex(this.#identity)}`;
  }

  /** What other challenges are derived from. */
  async digest(tell?: TellShare): Promise<Uint8Array> {
    const kept = await this.keptDigest();
    if (kept !== undefined) return kept;
    this.#committed ??= this.#commit(tell);
    await this.#store?.set(this.#digestKey(), this.#committed.digest);
    return this.#committed.digest;
  }

  /** The proof; gives back what is committed. */
  async prove(external: ExternalInputs, tell?: TellShare): Promise<Uint8Array> {
    const writer = new ByteWriter().bytes(this.#identity).bytes(external.context ?? new Uint8Array());
    for (const name of this.#system.externalChallenges) {
      for (const word of external.challenges?.[name] ?? []) writer.number(word, 8);
    }
    const key = `proof-${hex(BLAKE3.digest(writer.finish()))}`;
    const kept = await this.#store?.get(key);
    if (kept !== undefined) {
      this.release();
      return kept;
    }
    this.#committed ??= this.#commit();
    const proof = this.#committed.prove(external, tell);
    this.release();
    await this.#store?.set(key, proof);
    return proof;
  }

  /** Gives back what is committed. It is made again where it is needed again. */
  release(): void {
    this.#committed?.release();
    this.#committed = undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
