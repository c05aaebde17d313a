import { ByteReader, ByteWriter, hashBytes } from '../bytes.ts';
import type { CommitInfo } from '../history/history-store.ts';
import { decodeDeploy, encodeDeploy, type Deploy } from './deploy.ts';

/** What a block says about itself; the commit that carries it adds the root and the log of events. */
export interface Block {
  /** Hash of the block before, zeros for the first. */
  readonly parent: Uint8Array;
  /** From 1. */
  readonly number: number;
  /** What `rho:block:data` answers, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Public key of whoever made it; may be empty. */
  readonly sender: Uint8Array;
  /** What was run, in this order. */
  readonly deploys: readonly Deploy[];
}

const MARK = 0x62;
const VERSION = 1;

/** The bytes of a block, which its commit carries as its note: format in `docs/format.md`, section Blocks. */
export function encodeBlock({ parent, number, timestamp, sender, deploys }: Block): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(1024)
    .byte(MARK)
    .byte(VERSION)
    .raw(parent)
    .uint64(number)
    .uint64(timestamp)
    .bytes(sender)
    .varint(deploys.length);
  for (const deploy of deploys) writer.bytes(encodeDeploy(deploy));
  return writer.finish();
}

/** The inverse of {@link encodeBlock}; `undefined` if the bytes are no block. Never throws. */
export function decodeBlock(bytes: Uint8Array): Block | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== MARK || reader.byte() !== VERSION) return undefined;
  const [parent, number, timestamp, sender] = [reader.hash(), reader.uint64(), reader.uint64(), reader.bytes()];
  const deploys: Deploy[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const deploy = decodeDeploy(reader.bytes());
    if (deploy === undefined) return undefined;
    deploys.push(deploy);
  }
  return reader.atEnd ? { parent, number, timestamp, sender, deploys } : undefined;
}

/** The hash of a block: of its bytes, the root of the state after it and the hash of its log. The bytes hold the hash of the block before. */
export function blockHash({
  note,
  root,
  logHash,
}: Pick<CommitInfo, 'note' | 'root' | 'logHash'>): Uint8Array<ArrayBuffer> {
  return hashBytes(new ByteWriter(note.length + 80).byte(MARK).raw(root).raw(logHash).bytes(note).finish());
}
