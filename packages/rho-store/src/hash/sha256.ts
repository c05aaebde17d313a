import { sha256 as reference } from '@noble/hashes/sha2.js';
import { compile, instantiate, ModuleBuilder, type LinearMemory } from '@commute/wasm';
import { LAYOUT, sha256Kernel } from './sha256-kernel.ts';

/** Pages of 64 KiB. */
const PAGES = 16;
/** Longest piece of a message that the kernel takes at once; a multiple of its blocks. */
const PIECE = PAGES * 65_536 - LAYOUT.input;

interface Kernel {
  readonly digest: (input: number, length: number) => void;
  readonly begin: () => void;
  readonly absorb: (input: number, blocks: number) => void;
  readonly end: (input: number, rest: number, low: number, high: number) => void;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly output: Uint8Array<ArrayBuffer>;
}

/** Compiled where it is first used; `false` where the host cannot. */
let kernel: Kernel | false | undefined;

function createKernel(): Kernel | false {
  try {
    const module = new ModuleBuilder();
    module.memory({ initial: PAGES, maximum: PAGES }, 'memory');
    sha256Kernel(module);
    const exports = instantiate(compile(module.toBytes())) as unknown as Omit<Kernel, 'bytes' | 'output'> & {
      readonly memory: LinearMemory;
    };
    const { digest, begin, absorb, end, memory } = exports;
    const bytes = new Uint8Array(memory.buffer as ArrayBuffer);
    const output = bytes.subarray(LAYOUT.output, LAYOUT.output + 32);
    return { digest, begin, absorb, end, bytes, output };
  } catch {
    return false;
  }
}

/** Leaves the hash in the output of the kernel. */
function run({ digest, begin, absorb, end, bytes }: Kernel, message: Uint8Array): void {
  const { length } = message;
  if (length <= PIECE) {
    bytes.set(message, LAYOUT.input);
    digest(LAYOUT.input, length);
    return;
  }
  begin();
  let at = 0;
  for (; length - at > PIECE; at += PIECE) {
    bytes.set(message.subarray(at, at + PIECE), LAYOUT.input);
    absorb(LAYOUT.input, PIECE / 64);
  }
  bytes.set(message.subarray(at), LAYOUT.input);
  const blocks = (length - at) >>> 6;
  if (blocks > 0) absorb(LAYOUT.input, blocks);
  end(LAYOUT.input + 64 * blocks, (length - at) % 64, (length % 2 ** 29) << 3, Math.floor(length / 2 ** 29));
}

/**
 * SHA-256 by a kernel in WebAssembly, which is compiled when it is first used; by the reference in JavaScript where the host does not permit that.
 *
 * @returns 32 bytes, not shared.
 */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  kernel ??= createKernel();
  if (kernel === false) return reference(bytes);
  run(kernel, bytes);
  return kernel.output.slice();
}

/** Writes SHA-256 of a message to 32 bytes of `target` from `at` on, as {@link sha256} gives it. */
export function sha256To(bytes: Uint8Array, target: Uint8Array, at: number): void {
  kernel ??= createKernel();
  if (kernel === false) {
    target.set(reference(bytes), at);
    return;
  }
  run(kernel, bytes);
  target.set(kernel.output, at);
}
