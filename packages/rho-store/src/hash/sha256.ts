import { sha256 as reference } from '@noble/hashes/sha2.js';
import { compile, instantiate, ModuleBuilder, type LinearMemory } from '@commute/wasm';
import { LAYOUT, sha256Kernel } from './sha256-kernel.ts';

/** Pages of 64 KiB. */
const PAGES = 16;
/** Longest message that is copied into the kernel; longer ones go to the reference, whose fixed cost does not count there. */
const MAXIMUM = PAGES * 65_536 - LAYOUT.input;

interface Kernel {
  readonly digest: (input: number, length: number) => void;
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
    const exports = instantiate(compile(module.toBytes()));
    const bytes = new Uint8Array((exports['memory'] as LinearMemory).buffer as ArrayBuffer);
    const output = bytes.subarray(LAYOUT.output, LAYOUT.output + 32);
    return { digest: exports['digest'] as Kernel['digest'], bytes, output };
  } catch {
    return false;
  }
}

/**
 * SHA-256 by a kernel in WebAssembly, which is compiled when it is first used; by the reference in JavaScript where the host does not permit that.
 *
 * @returns 32 bytes, not shared.
 */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  kernel ??= createKernel();
  if (kernel === false || bytes.length > MAXIMUM) return reference(bytes);
  kernel.bytes.set(bytes, LAYOUT.input);
  kernel.digest(LAYOUT.input, bytes.length);
  return kernel.output.slice();
}

/**
 * SHA-256 of many messages.
 *
 * @returns 32 bytes for each, views of one array, not shared with anything else.
 */
export function sha256Each(messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  kernel ??= createKernel();
  const digests = new Uint8Array(32 * messages.length);
  return messages.map((bytes, index) => {
    if (kernel === false || kernel === undefined || bytes.length > MAXIMUM) digests.set(reference(bytes), 32 * index);
    else {
      kernel.bytes.set(bytes, LAYOUT.input);
      kernel.digest(LAYOUT.input, bytes.length);
      digests.set(kernel.output, 32 * index);
    }
    return digests.subarray(32 * index, 32 * index + 32);
  });
}
