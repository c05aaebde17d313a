import { type FieldEngine, type WasmEngine } from '@commute/field';
import { blake3Module, isWasmEngine } from './blake3-tree.ts';
import { CommitmentError } from './errors.ts';
import { assertWork, hasWork, type Transcript } from './transcript.ts';

/** Nonces that one kernel call tries. */
const BATCH = 1 << 12;

/**
 * The least nonce that satisfies the proof of work for a transcript's state, tried four at a time on all threads of an
 * engine, or one after the other without one.
 *
 * @throws {@link CommitmentError} `COMMIT_RANGE` for unsupported bits, or where no nonce exists, which has a
 * probability below 2^-20.
 * @example
 * ```ts
 * import { findWork, Transcript } from '@commute/poly-commit';
 * const transcript = new Transcript('example');
 * if (!transcript.checkWork(8, findWork(transcript.state, 8))) throw new Error('unreachable');
 * ```
 */
export function findWork(state: Uint8Array, bits: number, engine?: WasmEngine): number {
  assertWork(bits);
  if (bits === 0) return 0;
  const nonce = engine === undefined ? searchSlowly(state, bits) : search(state, bits, engine);
  if (nonce === undefined) throw new CommitmentError('COMMIT_RANGE', 'nonce', 'one that exists', 'none');
  return nonce;
}

function searchSlowly(state: Uint8Array, bits: number): number | undefined {
  for (let nonce = 0; nonce < 2 ** 32; nonce++) if (hasWork(state, bits, nonce)) return nonce;
  return undefined;
}

function search(state: Uint8Array, bits: number, engine: WasmEngine): number | undefined {
  const kernels = blake3Module(engine);
  return engine.scope(() => {
    const count = 4 * engine.threads;
    const words = engine.allocate(4 + Math.ceil(count / 2));
    const bytes = new Uint8Array(words.view().buffer, words.address, 32);
    bytes.set(state);
    const results = new Int32Array(words.view().buffer, words.address + 32, count);
    for (let start = 0; start < 2 ** 32; start += BATCH * count) {
      engine.run(
        'grind',
        Array.from({ length: count }, (_, k) => [
          words.address + 32 + 4 * k,
          words.address,
          start + BATCH * k,
          BATCH,
          32 - bits,
        ]),
        kernels,
      );
      // Nonces from 2^32 - 1 down are negative here, and -1 itself stands for none: it is the last and not needed.
      const found = results.find((nonce) => nonce !== -1);
      if (found !== undefined) return found >>> 0;
    }
    return undefined;
  });
}

/** Finds a transcript's proof of work and lets it hear the nonce. */
export function grind(transcript: Transcript, bits: number, engine: FieldEngine): number {
  const nonce = findWork(transcript.state, bits, isWasmEngine(engine) ? engine : undefined);
  transcript.checkWork(bits, nonce);
  return nonce;
}
