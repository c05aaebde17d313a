import { ByteReader, ByteWriter, equalBytes, HASH_BYTES, hashBytes, ZERO_HASH } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import {
  branchHash,
  countBits,
  leafHash,
  linkHash,
  nibbleAt,
  PATH_NIBBLES,
  prefixBytes,
  sharedNibbles,
  type Branch,
  type Link,
} from './node.ts';
import type { NodeReader } from './update.ts';

/** Version of the encoding of proofs. */
const PROOF_VERSION = 1;

/** How a proof ends. */
const END = { emptyTrie: 0, found: 1, otherLeaf: 2, noChild: 3, otherBranch: 4 } as const;

/** Why a proof proves nothing. */
export type TrieProofReason =
  /** The bytes are no proof. */
  | 'malformed'
  /** The parts of the proof cannot follow each other. */
  | 'inconsistent'
  /** The proof belongs to another root. */
  | 'root-mismatch';

/** What a proof of a path proves. */
export type TrieProofResult =
  | { readonly ok: true; readonly present: true; readonly value: Uint8Array<ArrayBuffer> }
  | { readonly ok: true; readonly present: false }
  | { readonly ok: false; readonly reason: TrieProofReason };

/** Throws unless a path has 32 bytes. */
export function assertPath(name: string, path: Uint8Array): void {
  if (path.length !== HASH_BYTES) throw new StoreArgumentError(name, '32 bytes', `${String(path.length)} bytes`);
}

function writeHashes(writer: ByteWriter, node: Branch, without: number): void {
  let bitmap = 0;
  for (let index = 0; index < 16; index += 1) if (node.links[index] !== undefined) bitmap |= 1 << index;
  writer.uint16(bitmap);
  for (let index = 0; index < 16; index += 1) {
    const link = node.links[index];
    if (link !== undefined && index !== without) writer.raw(linkHash(link));
  }
}

/** Proves what a trie holds at a path, or that it holds nothing. Format: `docs/format.md`, section Proofs. */
export function proveLeaf(read: NodeReader, root: Link | undefined, path: Uint8Array): Uint8Array<ArrayBuffer> {
  assertPath('path', path);
  const steps = new ByteWriter(2048);
  const end = new ByteWriter();
  let count = 0;
  let at = root;
  if (at === undefined) end.byte(END.emptyTrie);
  while (at !== undefined) {
    const node = read(at);
    if (node.kind === 'leaf') {
      if (equalBytes(node.path, path)) end.byte(END.found).bytes(node.value);
      else end.byte(END.otherLeaf).raw(node.path).raw(hashBytes(node.value));
      break;
    }
    if (sharedNibbles(node.path, path) < node.depth) {
      end.byte(END.otherBranch).byte(node.depth).raw(prefixBytes(node.path, node.depth));
      writeHashes(end, node, -1);
      break;
    }
    const nibble = nibbleAt(path, node.depth);
    at = node.links[nibble];
    count += 1;
    steps.byte(node.depth);
    writeHashes(steps, node, nibble);
    if (at === undefined) end.byte(END.noChild);
  }
  return new ByteWriter(steps.length + end.length + 2)
    .byte(PROOF_VERSION)
    .byte(count)
    .raw(steps.finish())
    .raw(end.finish())
    .finish();
}

interface Step {
  readonly depth: number;
  readonly hashes: (Uint8Array | undefined)[];
  /** Whether the place of the path is taken; its hash is not in the proof. */
  readonly followed: boolean;
}

/** Reads a bitmap and the hashes of the children that are there, but for the one at `without`. */
function readHashes(reader: ByteReader, without: number): { hashes: (Uint8Array | undefined)[]; followed: boolean } {
  const bitmap = reader.uint16();
  if (countBits(bitmap) < 2) reader.failed = true;
  const hashes: (Uint8Array | undefined)[] = [];
  for (let index = 0; index < 16; index += 1) {
    const there = (bitmap & (1 << index)) !== 0;
    hashes.push(there && index !== without ? reader.hash() : undefined);
  }
  return { hashes, followed: without >= 0 && (bitmap & (1 << without)) !== 0 };
}

/**
 * Checks a proof of {@link proveLeaf} with nothing but the root. Never throws on hostile proofs; takes time linear in their length.
 *
 * @param root - 32 bytes, the root hash of the trie.
 * @param path - 32 bytes.
 * @throws StoreArgumentError if root or path are not 32 bytes.
 */
export function verifyLeaf(root: Uint8Array, path: Uint8Array, proof: Uint8Array): TrieProofResult {
  assertPath('root', root);
  assertPath('path', path);
  const malformed = { ok: false, reason: 'malformed' } as const;
  const inconsistent = { ok: false, reason: 'inconsistent' } as const;
  const reader = new ByteReader(proof);
  if (reader.byte() !== PROOF_VERSION) return malformed;
  const count = reader.byte();
  if (count > PATH_NIBBLES) return malformed;
  const steps: Step[] = [];
  for (let index = 0; index < count; index += 1) {
    const depth = reader.byte();
    if (reader.failed || depth >= PATH_NIBBLES) return malformed;
    if (index > 0 && depth <= steps[index - 1]!.depth) return inconsistent;
    steps.push({ depth, ...readHashes(reader, nibbleAt(path, depth)) });
  }
  const last = steps.at(-1);
  const reached = last === undefined ? 0 : last.depth + 1;
  const kind = reader.byte();
  let hash: Uint8Array | undefined;
  let value: Uint8Array<ArrayBuffer> | undefined;
  let fits = true;
  if (kind === END.found) {
    value = reader.bytes();
    hash = leafHash(path, hashBytes(value));
  } else if (kind === END.otherLeaf) {
    const other = reader.raw(HASH_BYTES);
    const valueHash = reader.raw(HASH_BYTES);
    if (reader.failed) return malformed;
    fits = !equalBytes(other, path) && sharedNibbles(other, path) >= reached;
    hash = leafHash(other, valueHash);
  } else if (kind === END.otherBranch) {
    const depth = reader.byte();
    if (depth >= PATH_NIBBLES) return malformed;
    const prefix = reader.raw((depth + 1) >>> 1);
    const { hashes } = readHashes(reader, -1);
    if (reader.failed) return malformed;
    const other = new Uint8Array(HASH_BYTES);
    other.set(prefix);
    if ((depth & 1) === 1 && (other[depth >>> 1]! & 15) !== 0) return malformed;
    const shared = sharedNibbles(other, path);
    fits = shared < depth && shared >= reached;
    hash = branchHash(other, depth, hashes);
  } else if (kind !== END.emptyTrie && kind !== END.noChild) return malformed;
  if (!reader.atEnd) return malformed;
  if ((kind === END.emptyTrie) !== (count === 0 && hash === undefined)) return inconsistent;
  for (let index = 0; index < count; index += 1) {
    const wanted = index < count - 1 || kind !== END.noChild;
    if (steps[index]!.followed !== wanted) return inconsistent;
  }
  if (!fits) return inconsistent;
  for (const { depth, hashes } of steps.reverse()) {
    if (hash !== undefined) hashes[nibbleAt(path, depth)] = hash;
    hash = branchHash(path, depth, hashes);
  }
  if (!equalBytes(hash ?? ZERO_HASH, root)) return { ok: false, reason: 'root-mismatch' };
  return value === undefined ? { ok: true, present: false } : { ok: true, present: true, value };
}
