import { ByteReader, ByteWriter, equalBytes, hashBytes } from '../bytes.ts';
import { decodeKeyValue, type KeyValue } from '../history/entry.ts';
import { decodeNode, nibbleAt, nodeBytes, sharedNibbles, type Branch, type Link } from '../trie/node.ts';
import type { NodeReader } from '../trie/update.ts';

/** A branch some of whose children are missing: their pointers have number 0. */
export interface BranchFrame {
  readonly kind: 'branch';
  readonly node: Branch;
  /** The child that is next. */
  at: number;
}

/** Where the history of a key stands that comes piece by piece, newest first. */
export interface HistoryFrame {
  /** Number that the segment of the oldest piece to come will have, and the number of pieces before that one. */
  readonly start: number;
  readonly low: number;
  /** Number of the segment of the newest piece. */
  readonly newest: number;
  /** The entry that comes next, its hash, and the state after it. */
  end: number;
  head: Uint8Array;
  state: Uint8Array;
}

/** A key of which the state or the history is missing. */
export interface KeyFrame {
  readonly kind: 'key';
  readonly path: Uint8Array;
  readonly value: Uint8Array;
  readonly key: KeyValue;
  /** Number of the root of the state; `undefined` while that is missing. */
  state: number | undefined;
  history: HistoryFrame | undefined;
  /** True once a history that is here was found to be another one. */
  alone: boolean;
}

/** A node that is here but for something below it. */
export type Frame = BranchFrame | KeyFrame;

const FRAME = { key: 0, branch: 1 } as const;
const VERSION = 1;
const CHECKSUM_BYTES = 8;

/** What is kept of a transfer that is under way. */
export interface TransferRecord {
  /** Records of nodes and segments from this number on may belong to no version. */
  readonly from: number;
  /** The version that is fetched. */
  readonly root: Uint8Array | undefined;
  /** Number of its root node; `undefined` while something is missing. */
  readonly done: number | undefined;
  /** What is missing: of that version, and before it of others that were begun and whose parts may be in that one. */
  readonly stacks: readonly (readonly Frame[])[];
}

function writeFrame(writer: ByteWriter, frame: Frame): void {
  if (frame.kind === 'branch') {
    writer.byte(FRAME.branch).byte(frame.at).bytes(nodeBytes(frame.node));
    return;
  }
  const { path, value, state, history, alone } = frame;
  writer
    .byte(FRAME.key)
    .raw(path)
    .bytes(value)
    .byte(alone ? 1 : 0)
    .uint64(state === undefined ? 0 : state + 1);
  if (history === undefined) {
    writer.byte(0);
    return;
  }
  writer.byte(1).uint64(history.start).uint64(history.low).uint64(history.newest);
  writer.uint64(history.end).raw(history.head).raw(history.state);
}

function readFrame(reader: ByteReader): Frame | undefined {
  if (reader.byte() === FRAME.branch) {
    const at = reader.byte();
    const node = decodeNode(reader.bytes());
    return node?.kind === 'branch' ? { kind: 'branch', node, at } : undefined;
  }
  const [path, value, alone] = [reader.hash(), reader.bytes(), reader.byte() === 1];
  const key = decodeKeyValue(value);
  const number = reader.uint64();
  const history =
    reader.byte() === 0
      ? undefined
      : {
          start: reader.uint64(),
          low: reader.uint64(),
          newest: reader.uint64(),
          end: reader.uint64(),
          head: reader.hash(),
          state: reader.hash(),
        };
  const state = number === 0 ? undefined : number - 1;
  return key && { kind: 'key', path, value, key, state, history, alone };
}

/** The stored bytes of what is kept of a transfer. */
export function encodeTransfer({ from, root, done, stacks }: TransferRecord): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(4096).byte(VERSION).uint64(from);
  if (root === undefined) writer.byte(0);
  else writer.byte(1).raw(root);
  writer.uint64(done === undefined ? 0 : done + 1).varint(stacks.length);
  for (const frames of stacks) {
    writer.varint(frames.length);
    for (const frame of frames) writeFrame(writer, frame);
  }
  return writer.raw(hashBytes(writer.view()).subarray(0, CHECKSUM_BYTES)).finish();
}

/** The inverse of {@link encodeTransfer}; `undefined` if the bytes are damaged. */
export function decodeTransfer(bytes: Uint8Array): TransferRecord | undefined {
  const body = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
  if (!equalBytes(hashBytes(body).subarray(0, CHECKSUM_BYTES), bytes.subarray(body.length))) return undefined;
  const reader = new ByteReader(body);
  if (reader.byte() !== VERSION) return undefined;
  const from = reader.uint64();
  const root = reader.byte() === 0 ? undefined : reader.hash();
  const done = reader.uint64();
  const stacks: Frame[][] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const frames: Frame[] = [];
    for (let more = reader.varint(); more > 0 && !reader.failed; more -= 1) {
      const frame = readFrame(reader);
      if (frame === undefined) return undefined;
      frames.push(frame);
    }
    stacks.push(frames);
  }
  return reader.atEnd ? { from, root, done: done === 0 ? undefined : done - 1, stacks } : undefined;
}

/** What is here of a version whose rest is missing: parts of it may be parts of another one. */
export interface PartialVersion {
  readonly link: Link | undefined;
  /** The key in which it ends, with what is here of its state. */
  readonly key: { readonly path: Uint8Array; readonly state: Link } | undefined;
}

/** Stands for no hash: nothing is equal to it. */
const NO_HASH: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** What is here of a version, from what is missing. */
export function partialOf(frames: readonly Frame[]): PartialVersion {
  let link: Link | undefined;
  let key: PartialVersion['key'];
  for (const frame of frames.toReversed()) {
    if (frame.kind === 'key') {
      const state = frame.state === undefined ? link : { number: frame.state, hash: frame.key.state, node: undefined };
      if (state !== undefined && frame.state !== 0) key = { path: frame.path, state };
      link = undefined;
      continue;
    }
    const links = frame.node.links.map((child, nibble) =>
      child?.number === 0 ? (nibble === frame.at ? link : undefined) : child,
    );
    link = { number: 0, hash: NO_HASH, node: { ...frame.node, links } };
  }
  return { link, key };
}

/** The part of a trie that lies below the child of a branch of another one. */
export function candidateBelow(
  read: NodeReader,
  link: Link,
  { path, depth }: Branch,
  nibble: number,
): Link | undefined {
  let at: Link | undefined = link;
  while (at !== undefined) {
    const node = read(at);
    if (node.kind === 'branch' && node.depth < depth) {
      if (sharedNibbles(node.path, path) < node.depth) return undefined;
      at = node.links[nibbleAt(path, node.depth)];
      continue;
    }
    if (sharedNibbles(node.path, path) < depth) return undefined;
    if (node.kind === 'branch' && node.depth === depth) return node.links[nibble];
    return nibbleAt(node.path, depth) === nibble ? at : undefined;
  }
  return undefined;
}
