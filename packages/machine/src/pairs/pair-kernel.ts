import { ModuleBuilder, compile, instantiate, type LinearMemory } from '@commute/wasm';

/** Where a kernel may put its tables. */
export interface PairLayout {
  /** First byte of 1024. */
  readonly tables: number;
}

/** Writes a module with the function `pairs` (in, out, count), which hashes messages of 64 bytes. */
export type PairKernelSource = (module: ModuleBuilder, layout: PairLayout) => void;

/** Hashes each 64 bytes of `pairs` to 32 bytes of `digests`; the two may not overlap. */
export type PairHash = (pairs: Uint8Array, digests: Uint8Array) => void;

const PAIR_BYTES = 64;
const NODE_BYTES = 32;
/** Pairs handed over at a time. */
const BATCH = 128;
const TABLES = 0;
const INPUT = 1024;
const OUTPUT = INPUT + BATCH * PAIR_BYTES;

/**
 * Hashes pairs one after the other by `digest`: the reference, and what runs where the host has no WebAssembly, no vectors,
 * or does not permit compiling.
 */
export function pairsOneByOne(digest: (bytes: Uint8Array) => Uint8Array): PairHash {
  return (pairs, digests) => {
    for (let i = 0; i < digests.length / NODE_BYTES; i++) {
      digests.set(digest(pairs.subarray(i * PAIR_BYTES, (i + 1) * PAIR_BYTES)), i * NODE_BYTES);
    }
  };
}

/**
 * Hashes pairs by a kernel, several at a time. Undefined where the host cannot run it.
 *
 * @param width - messages that the kernel takes at a time.
 */
export function pairsByKernel(source: PairKernelSource, width: number): PairHash | undefined {
  let kernel: (input: number, output: number, count: number) => void;
  let bytes: Uint8Array;
  try {
    const builder = new ModuleBuilder();
    builder.memory({ initial: 1 }, 'memory');
    source(builder, { tables: TABLES });
    const exports = instantiate(compile(builder.toBytes()));
    kernel = exports['pairs'] as typeof kernel;
    bytes = new Uint8Array((exports['memory'] as LinearMemory).buffer);
  } catch {
    return undefined;
  }
  return (pairs, digests) => {
    const count = digests.length / NODE_BYTES;
    for (let done = 0; done < count; done += BATCH) {
      const batch = Math.min(BATCH, count - done);
      bytes.set(pairs.subarray(done * PAIR_BYTES, (done + batch) * PAIR_BYTES), INPUT);
      kernel(INPUT, OUTPUT, Math.ceil(batch / width) * width);
      digests.set(bytes.subarray(OUTPUT, OUTPUT + batch * NODE_BYTES), done * NODE_BYTES);
    }
  };
}
