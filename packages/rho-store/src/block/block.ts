import { ByteReader, ByteWriter, hashBytes } from '../bytes.ts';
import { encodeLog, splitLog } from '../history/event.ts';
import type { CommitInfo } from '../history/history-store.ts';
import { decodeDeploy, encodeDeploy, type Deploy } from './deploy.ts';

/** A block with the log of its events, as parties send it to each other. */
export interface LoggedBlock {
  readonly block: Block;
  /** Bytes of the log of what its deploys did, one after another on the version of the parent. */
  readonly log: Uint8Array;
}

/** Where a deploy of a merged block comes from. */
export interface Origin {
  /** Position of the part. */
  readonly part: number;
  /** Position of the deploy in that part. */
  readonly deploy: number;
}

/** What a block was merged of. */
export interface Merging {
  /** What several parties did to the version of the parent, each alone. */
  readonly parts: readonly LoggedBlock[];
  /** For each deploy that stands, where it comes from. */
  readonly origins: readonly Origin[];
}

/** What a block says about itself; the commit that carries it adds the root and the log of events. */
export interface Block {
  /** Hash of the block before, zeros for the first. */
  readonly parent: Uint8Array;
  /** From 1; 0 for what a network begins with. */
  readonly number: number;
  /** What `rho:block:data` answers, in milliseconds since 1970; of a merged block, the greatest of its parts. */
  readonly timestamp: number;
  /** Public key of whoever made it; may be empty, and is for a merged block. */
  readonly sender: Uint8Array;
  /** What stands, in the order of the log. */
  readonly deploys: readonly Deploy[];
  /** Number of events of each deploy in the log. */
  readonly events: readonly number[];
  /** What it was merged of; `undefined` if one party made it. */
  readonly merged: Merging | undefined;
}

const MARK = 0x62;
const VERSION = 2;
const KIND = { alone: 0, merged: 1 } as const;
const NOBODY: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/**
 * The block that is merged of parts: what it says besides follows from them.
 *
 * @returns `undefined` if an origin is none.
 */
export function mergedBlock({ parent, number }: Pick<Block, 'parent' | 'number'>, merged: Merging): Block | undefined {
  const { parts, origins } = merged;
  const deploys: Deploy[] = [];
  const events: number[] = [];
  for (const { part, deploy } of origins) {
    const block = parts[part]?.block;
    const one = block?.deploys[deploy];
    const count = block?.events[deploy];
    if (one === undefined || count === undefined) return undefined;
    deploys.push(one);
    events.push(count);
  }
  const timestamp = parts.reduce((latest, { block }) => Math.max(latest, block.timestamp), 0);
  return { parent, number, timestamp, sender: NOBODY, deploys, events, merged };
}

/** The bytes of a block, which its commit carries as its note: format in `docs/format.md`, section Blocks. */
export function encodeBlock(block: Block): Uint8Array<ArrayBuffer> {
  const { parent, number, timestamp, sender, deploys, events, merged } = block;
  const writer = new ByteWriter(1024).byte(MARK).byte(VERSION).raw(parent).uint64(number);
  if (merged !== undefined) {
    writer.byte(KIND.merged).varint(merged.parts.length);
    for (const part of merged.parts) writer.bytes(encodeLoggedBlock(part));
    writer.varint(merged.origins.length);
    for (const { part, deploy } of merged.origins) writer.varint(part).varint(deploy);
    return writer.finish();
  }
  writer.byte(KIND.alone).uint64(timestamp).bytes(sender).varint(deploys.length);
  for (const [index, deploy] of deploys.entries()) writer.bytes(encodeDeploy(deploy)).varint(events[index] ?? 0);
  return writer.finish();
}

/** The inverse of {@link encodeBlock}; `undefined` if the bytes are no block. Never throws. Accepts only what it would write. */
export function decodeBlock(bytes: Uint8Array): Block | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== MARK || reader.byte() !== VERSION) return undefined;
  const about = { parent: reader.hash(), number: reader.uint64() };
  const kind = reader.byte();
  let block: Block | undefined;
  if (kind === KIND.merged) block = readMerged(reader, about);
  else if (kind === KIND.alone) block = readAlone(reader, about);
  return reader.atEnd ? block : undefined;
}

function readAlone(reader: ByteReader, about: Pick<Block, 'parent' | 'number'>): Block | undefined {
  const [timestamp, sender] = [reader.uint64(), reader.bytes()];
  const deploys: Deploy[] = [];
  const events: number[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const deploy = decodeDeploy(reader.bytes());
    if (deploy === undefined) return undefined;
    deploys.push(deploy);
    events.push(reader.varint());
  }
  return { ...about, timestamp, sender, deploys, events, merged: undefined };
}

function readMerged(reader: ByteReader, about: Pick<Block, 'parent' | 'number'>): Block | undefined {
  const parts: LoggedBlock[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const part = decodeLoggedBlock(reader.bytes());
    // Parts are not merged of others, so nothing nests.
    if (part === undefined) return undefined;
    parts.push(part);
  }
  const origins: Origin[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1)
    origins.push({ part: reader.varint(), deploy: reader.varint() });
  return reader.failed ? undefined : mergedBlock(about, { parts, origins });
}

/** The bytes of a block that one party made with its log: format in `docs/format.md`, section Blocks. */
export function encodeLoggedBlock({ block, log }: LoggedBlock): Uint8Array<ArrayBuffer> {
  return new ByteWriter(log.length + 1024).bytes(encodeBlock(block)).bytes(log).finish();
}

/**
 * The inverse of {@link encodeLoggedBlock}; `undefined` if the bytes are none, or the block is merged. Never throws; does not look into the log.
 */
export function decodeLoggedBlock(bytes: Uint8Array): LoggedBlock | undefined {
  const reader = new ByteReader(bytes);
  const header = reader.bytes();
  const log = reader.bytes();
  // The kind, behind mark, version, parent and number.
  if (!reader.atEnd || header[2 + 32 + 8] !== KIND.alone) return undefined;
  const block = decodeBlock(header);
  return block && { block, log };
}

/**
 * The logs of the deploys of a block, in order.
 *
 * @returns `undefined` if the log is malformed, or has another number of events than the block says.
 */
export function logsOf({ block, log }: LoggedBlock): Uint8Array<ArrayBuffer>[] | undefined {
  const split = splitLog(log);
  const events = split && [...split];
  if (events?.length !== block.events.reduce((sum, count) => sum + count, 0)) return undefined;
  let at = 0;
  return block.events.map((count) => {
    at += count;
    return encodeLog(events.slice(at - count, at));
  });
}

/**
 * The log of a merged block: that of the deploys that stand, one after another.
 *
 * @returns `undefined` if one party made the block, whose log does not follow from it, or the log of a part does not fit.
 */
export function logOfMerged({ merged }: Block): Uint8Array<ArrayBuffer> | undefined {
  if (merged === undefined) return undefined;
  const logs = merged.parts.map(logsOf);
  const events: Uint8Array[] = [];
  for (const { part, deploy } of merged.origins) {
    const log = logs[part]?.[deploy];
    if (log === undefined) return undefined;
    events.push(...splitLog(log)!);
  }
  return encodeLog(events);
}

/** The hash of a block: of its bytes, the root of the state after it and the hash of its log. The bytes hold the hash of the block before. */
export function blockHash({
  note,
  root,
  logHash,
}: Pick<CommitInfo, 'note' | 'root' | 'logHash'>): Uint8Array<ArrayBuffer> {
  return hashBytes(new ByteWriter(note.length + 80).byte(MARK).raw(root).raw(logHash).bytes(note).finish());
}
