import { ByteReader, ByteWriter, HASH_BYTES } from '@commute/rho-store/bytes';
import { decodeDeploy, encodeDeploy, type Deploy } from './deploy.ts';
import type { Network } from './network.ts';

const BLOCK_VERSION = 1;

/** A deploy in a block with what it did. */
export interface BlockDeploy {
  readonly deploy: Deploy;
  /** Log of its run; without events if it failed. */
  readonly log: Uint8Array;
}

/** What a member proposes in a round: deploys, each run on what those before it left. */
export interface Block {
  /** Root from which it starts, 32 bytes. */
  readonly base: Uint8Array;
  /** Milliseconds since 1970, as the member says; `rho:block:data` answers it. */
  readonly timestamp: number;
  readonly deploys: readonly BlockDeploy[];
}

/** The bytes of a block. Format: `docs/format.md`. */
export function encodeBlock({ base, timestamp, deploys }: Block): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(1024).byte(BLOCK_VERSION).raw(base).uint64(timestamp).varint(deploys.length);
  for (const { deploy, log } of deploys) writer.bytes(encodeDeploy(deploy)).bytes(log);
  return writer.finish();
}

/** The inverse of {@link encodeBlock}; `undefined` if the bytes are none. Never throws; does not look into the logs. */
export function decodeBlock(network: Network, bytes: Uint8Array): Block | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== BLOCK_VERSION) return undefined;
  const [base, timestamp] = [reader.raw(HASH_BYTES), reader.uint64()];
  const deploys: BlockDeploy[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const deploy = decodeDeploy(network, reader.bytes());
    const log = reader.bytes();
    if (deploy === undefined) return undefined;
    deploys.push({ deploy, log });
  }
  return reader.atEnd ? { base, timestamp, deploys } : undefined;
}
