/**
 * BLAKE3 of many short messages at once, without an engine: what a verifier hashes.
 *
 * @module
 */
import { compile, createMemory, type HostFunction, instantiate, ModuleBuilder } from '@commute/wasm';
import { blake3Kernels, scratchBytes, STEP_WORDS } from './blake3-kernels.ts';
import { leafSchedule } from './schedule.ts';

const PAGE = 65536;
const MOST_PAGES = 1024;

type Leaves = (...operands: number[]) => void;

interface Hasher {
  readonly leaves: Leaves;
  /** The memory with room for so many bytes. */
  readonly room: (bytes: number) => ArrayBuffer | SharedArrayBuffer;
}

/** Compiled where it is first used; `false` where the host cannot. */
let hasher: Hasher | false | undefined;

function createHasher(): Hasher | false {
  try {
    const builder = new ModuleBuilder();
    builder.importMemory('env', 'memory', { initial: 1, maximum: MOST_PAGES });
    blake3Kernels(builder);
    const memory = createMemory({ initial: 4, maximum: MOST_PAGES });
    const { leaves } = instantiate(compile(builder.toBytes()), { env: { memory } }) as { leaves: HostFunction };
    return {
      leaves: leaves,
      room: (bytes) => {
        const missing = bytes - memory.buffer.byteLength;
        if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
        return memory.buffer;
      },
    };
  } catch {
    return false;
  }
}

/**
 * The digests of messages of one length, a multiple of eight bytes; four at a time.
 *
 * @returns `undefined` for other messages, more than 60 MiB of them, or a host without 128-bit vectors.
 */
export function blake3Batch(messages: readonly Uint8Array[]): Uint8Array[] | undefined {
  const { length = 0 } = messages[0] ?? {};
  if (length === 0 || length % 8 !== 0 || messages.some((each) => each.length !== length)) return undefined;
  hasher ??= createHasher();
  if (hasher === false) return undefined;
  const columns = length / 8;
  const rows = 4 * Math.ceil(messages.length / 4);
  const schedule = leafSchedule(columns);
  // Columns of 64-bit words, digests, steps, addresses, scratch.
  const digestsAt = 8 * rows * columns;
  const scheduleAt = digestsAt + 32 * rows;
  const addressesAt = scheduleAt + 4 * schedule.length;
  const scratchAt = 16 * Math.ceil((addressesAt + 4 * columns) / 16);
  const bytes = scratchAt + scratchBytes(columns);
  if (bytes > (MOST_PAGES - 1) * PAGE) return undefined;
  const words = new Uint32Array(hasher.room(bytes));
  messages.forEach((message, row) => {
    const view = new DataView(message.buffer, message.byteOffset, length);
    for (let column = 0; column < columns; column++) {
      const at = 2 * (rows * column + row);
      words[at] = view.getUint32(8 * column, true);
      words[at + 1] = view.getUint32(8 * column + 4, true);
    }
  });
  words.set(schedule, scheduleAt / 4);
  for (let column = 0; column < columns; column++) words[addressesAt / 4 + column] = 8 * rows * column;
  const steps = schedule.length / STEP_WORDS;
  hasher.leaves(digestsAt, 4 * rows, addressesAt, columns, scheduleAt, steps, 0, rows, scratchAt);
  return messages.map((_, row) => {
    const digest = new DataView(new ArrayBuffer(32));
    for (let k = 0; k < 8; k++) digest.setUint32(4 * k, words[digestsAt / 4 + k * rows + row]!, true);
    return new Uint8Array(digest.buffer);
  });
}
