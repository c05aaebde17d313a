import { hashBinary } from '../term/blake3.ts';
import { binaryFromBytes, varint } from '../term/encode.ts';

/**
 * Where unforgeable names come from: 32 bytes and a path, one character in `[0, 255]` per byte.
 *
 * A seed belongs to one place of one running process. It is split by going down the path, so it depends on what the process is and not
 * on when it runs, and two processes never share a seed. Names are hashes of seeds, so nobody can guess one.
 */
export type Seed = string;

/** The seed of a run from any bytes that identify it, such as the hash of a signed deploy. */
export function seedFromBytes(bytes: Uint8Array): Seed {
  return hashBinary(`D${binaryFromBytes(bytes)}`);
}

/** The seed of part `index` of a parallel composition. */
export function splitSeed(seed: Seed, index: number): Seed {
  return seed + varint(index + 1);
}

/** The seed of the body of a `new`. */
export function seedBelowNew(seed: Seed): Seed {
  return `${seed}\0`;
}

/** Name number `index` of a `new`, 32 bytes. */
export function nameFromSeed(seed: Seed, index: number): string {
  return hashBinary(`N${varint(index)}${seed}`);
}

/** The seed of what runs after a COMM of a receive with messages. */
export function seedFromComm(receive: Seed, messages: readonly Seed[]): Seed {
  let text = `C${varint(receive.length)}${receive}`;
  for (const message of messages) text += varint(message.length) + message;
  return hashBinary(text);
}
