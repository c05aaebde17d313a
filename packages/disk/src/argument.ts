/**
 * The argument that a program's reads gave what was written before, or what the disk held at first.
 *
 * The verifier has the program's two streams, whose bytes the proof of the run is bound to, and the root of the disk before. It opens those blocks of the
 * first disk that are touched, plays all requests on them, and computes the root afterwards from the same paths. It needs nothing else of the disk, and
 * its work is that of the streams and of 32 hashes for each block touched, whatever the disk's size. A prover that opens other contents, or paths, finds
 * a collision of BLAKE3.
 *
 * @module
 */
import { type Disk } from './disk.ts';
import { DiskError } from './errors.ts';
import { joined } from './host.ts';
import { BLOCK_BYTES, readRequest, type RequestFault, takeAnswer } from './protocol.ts';
import { blockDigest, DIGEST_BYTES, foldPaths, nodeDigest, zeroDigests } from './tree.ts';

/** What a program wrote, and what it was given to read. */
export interface DiskStreams {
  readonly written: Uint8Array;
  readonly given: Uint8Array;
}

/** What is claimed of a run with a disk. */
export interface DiskClaim {
  /** Roots of the disk, 32 bytes each. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** What the program could take. It may not have taken all. */
  readonly input: Uint8Array;
  /** What it put out. */
  readonly output: Uint8Array;
}

/** Why an argument is refused. */
export type DiskRefusal =
  | RequestFault
  /** The argument's bytes have another form. */
  | 'malformed'
  /** The opened blocks are not those of the root before. */
  | 'other-disk'
  /** A read gave other bytes than the block holds. */
  | 'other-block'
  /** A block is touched that is not opened, or read whose content is not. */
  | 'unopened-block'
  /** A block is opened that nothing touches, or its content that nothing reads. */
  | 'idle-opening'
  /** The program was given other input, or more or less of it, than it took. */
  | 'other-input'
  | 'other-output'
  /** The disk holds something else afterwards. */
  | 'other-root'
  /** The program was given fewer bytes than it asked for, or more. */
  | 'other-length';

/** The verdict; for a refusal that belongs to a request also where that begins in what was written. */
export type DiskVerdict =
  | { readonly ok: true; readonly reads: number; readonly writes: number; readonly blocks: number }
  | { readonly ok: false; readonly reason: DiskRefusal; readonly at?: number };

/** A block of the first disk: its content, only the digest of it, or that it is zero. */
interface Opened {
  readonly block: number;
  readonly digest: Uint8Array;
  readonly content: Uint8Array | undefined;
}

/** Which blocks a program touches, and which of them it reads before it writes them. */
function touchedBlocks(written: Uint8Array): Map<number, boolean> {
  const touched = new Map<number, boolean>();
  for (let at = 0; at < written.length;) {
    const verdict = readRequest(written, at);
    if (!verdict.ok) throw new DiskError('written', 'whole requests', verdict.reason);
    const { request, end } = verdict;
    at = end;
    if ((request.kind === 'read' || request.kind === 'write') && !touched.has(request.block)) {
      touched.set(request.block, request.kind === 'read');
    }
  }
  return touched;
}

const MAGIC = [0x43, 0x44, 0x41, 0x52, 1, 0] as const;
const KIND = { zero: 0, content: 1, digest: 2 } as const;

/**
 * Makes the argument: `CDAR`, version (2 bytes); how many blocks (4 bytes); per block, numbers increasing, its number (4 bytes), a kind (1 byte) and its
 * content (kind 1), the digest of it (kind 2: it is written before it is read) or nothing (kind 0: it is zero); one bit for each subtree beside the
 * paths, in the order of `foldPaths`, lowest bits first, set where the subtree is not zero, then the digests of those.
 *
 * @param before - the disk as it was before the run.
 * @throws {@link DiskError} `DISK_RANGE` for output that is not made of requests.
 */
export function proveDisk(before: Disk, written: Uint8Array): Uint8Array<ArrayBuffer> {
  const touched = touchedBlocks(written);
  const blocks = [...touched.keys()].sort((a, b) => a - b);
  const zeros = zeroDigests();
  const head = new Uint8Array(10);
  head.set(MAGIC);
  new DataView(head.buffer).setUint32(6, blocks.length, true);
  const parts: Uint8Array[] = [head];
  for (const block of blocks) {
    const digest = before.subtree(0, block);
    const kind = digest === zeros[0] ? KIND.zero : touched.get(block) === true ? KIND.content : KIND.digest;
    const entry = new Uint8Array(5);
    new DataView(entry.buffer).setUint32(0, block, true);
    entry[4] = kind;
    parts.push(entry);
    if (kind === KIND.content) parts.push(before.read(block));
    if (kind === KIND.digest) parts.push(digest);
  }
  if (blocks.length > 0) {
    const siblings: Uint8Array[] = [];
    const bits: boolean[] = [];
    foldPaths<undefined>(blocks, {
      leaf: () => undefined,
      sibling: (level, number) => {
        const digest = before.subtree(level, number);
        bits.push(digest !== zeros[level]);
        if (digest !== zeros[level]) siblings.push(digest);
        return undefined;
      },
      node: () => undefined,
    });
    const flags = new Uint8Array(Math.ceil(bits.length / 8));
    bits.forEach((bit, place) => {
      if (bit) flags[place >> 3]! |= 1 << (place & 7);
    });
    parts.push(flags, ...siblings);
  }
  return joined(parts);
}

interface Opening {
  readonly opened: readonly Opened[];
  /** Whether the subtree at a place is not zero. */
  readonly isSibling: (place: number) => boolean;
  readonly siblings: readonly Uint8Array[];
}

/** Reads an argument; undefined where it has another form. */
function decodeOpening(bytes: Uint8Array): Opening | undefined {
  if (bytes.length < 10 || !MAGIC.every((byte, place) => bytes[place] === byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(6, true);
  if (count > (bytes.length - 10) / 5) return undefined;
  const zero = zeroDigests()[0]!;
  // One for all: an entry of five bytes asks for a block of zeros.
  const zeros = new Uint8Array(BLOCK_BYTES);
  const opened: Opened[] = [];
  let at = 10;
  let last = -1;
  for (let place = 0; place < count; place++) {
    if (bytes.length - at < 5) return undefined;
    const [block, kind] = [view.getUint32(at, true), bytes[at + 4]!];
    at += 5;
    if (block <= last || kind > KIND.digest) return undefined;
    last = block;
    const length = kind === KIND.content ? BLOCK_BYTES : kind === KIND.digest ? DIGEST_BYTES : 0;
    if (bytes.length - at < length) return undefined;
    const found = bytes.slice(at, at + length);
    at += length;
    // One opening has one form: what is zero is called so.
    if (kind === KIND.zero) opened.push({ block, digest: zero, content: zeros });
    else if (kind === KIND.digest) opened.push({ block, digest: found, content: undefined });
    else opened.push({ block, digest: blockDigest(found), content: found });
    if (kind !== KIND.zero && sameBytes(opened[place]!.digest, zero)) return undefined;
  }
  if (count === 0) return at === bytes.length ? { opened, isSibling: () => false, siblings: [] } : undefined;
  let total = 0;
  foldPaths<undefined>(
    opened.map(({ block }) => block),
    {
      leaf: () => undefined,
      sibling: () => {
        total++;
        return undefined;
      },
      node: () => undefined,
    },
  );
  const flags = bytes.subarray(at, at + Math.ceil(total / 8));
  if (flags.length < Math.ceil(total / 8)) return undefined;
  at += flags.length;
  let set = 0;
  for (let place = 0; place < 8 * flags.length; place++) {
    if (((flags[place >> 3]! >> (place & 7)) & 1) === 0) continue;
    if (place >= total) return undefined;
    set++;
  }
  if (bytes.length - at !== set * DIGEST_BYTES) return undefined;
  const siblings = Array.from({ length: set }, (_, place) =>
    bytes.slice(at + place * DIGEST_BYTES, at + (place + 1) * DIGEST_BYTES),
  );
  return { opened, isSibling: (place) => ((flags[place >> 3]! >> (place & 7)) & 1) === 1, siblings };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, place) => byte === b[place]);
}

/** The root over leaves with the opening's other subtrees; undefined where one that is called not zero is. */
function rootOver(
  { opened, isSibling, siblings }: Opening,
  leaf: (place: number) => Uint8Array,
): Uint8Array | undefined {
  const zeros = zeroDigests();
  let [place, next] = [0, 0];
  let isZero = false;
  const root = foldPaths(
    opened.map(({ block }) => block),
    {
      leaf,
      sibling: (level) => {
        if (!isSibling(place++)) return zeros[level]!;
        const sibling = siblings[next++]!;
        isZero ||= sameBytes(sibling, zeros[level]!);
        return sibling;
      },
      node: nodeDigest,
    },
  );
  return isZero ? undefined : root;
}

/**
 * Verifies an argument from anybody; never throws because of it, nor because of the streams.
 *
 * That the program really wrote and read these streams is for the proof of its run to show.
 *
 * @throws {@link DiskError} `DISK_RANGE` for roots that are not 32 bytes.
 * @example
 * ```ts
 * import { Disk, DiskHost, proveDisk, verifyDisk } from '@commute/disk';
 * const before = new Disk();
 * const host = new DiskHost(before.clone());
 * const written = Uint8Array.of(3, 0, 0, 0, 9, 0, 0, 0); // read block 9
 * const given = host.answer(written);
 * const claim = { before: before.root(), after: host.disk.root(), input: new Uint8Array(), output: host.output() };
 * const verdict = verifyDisk(claim, { written, given }, proveDisk(before, written));
 * given[0] = 1; // another content
 * const forged = verifyDisk(claim, { written, given }, proveDisk(before, written));
 * if (!verdict.ok || forged.ok || forged.reason !== 'other-block') throw new Error('unreachable');
 * ```
 */
export function verifyDisk(claim: DiskClaim, { written, given }: DiskStreams, argument: Uint8Array): DiskVerdict {
  for (const name of ['before', 'after'] as const) {
    if (claim[name].length !== DIGEST_BYTES) throw new DiskError(name, '32 bytes', String(claim[name].length));
  }
  const opening = decodeOpening(argument);
  if (opening === undefined) return { ok: false, reason: 'malformed' };
  const { opened } = opening;
  const state = new Map(opened.map(({ block, content }) => [block, { content, isTouched: false, isRead: false }]));
  const counts = { reads: 0, writes: 0 };
  let [answered, taken, put] = [0, 0, 0];
  for (let at = 0; at < written.length;) {
    const refuse = (reason: DiskRefusal): DiskVerdict => ({ ok: false, reason, at });
    const verdict = readRequest(written, at);
    if (!verdict.ok) return refuse(verdict.reason);
    const { request } = verdict;
    switch (request.kind) {
      case 'put': {
        const { bytes } = request;
        if (!sameBytes(bytes, claim.output.subarray(put, put + bytes.length))) return refuse('other-output');
        put += bytes.length;
        break;
      }
      case 'take': {
        const stop = Math.min(taken + request.most, claim.input.length);
        const answer = takeAnswer(claim.input.subarray(taken, stop));
        if (!sameBytes(answer, given.subarray(answered, answered + answer.length))) return refuse('other-input');
        answered += answer.length;
        taken = stop;
        break;
      }
      default: {
        const block = state.get(request.block);
        if (block === undefined) return refuse('unopened-block');
        if (request.kind === 'write') {
          block.content = request.bytes;
          counts.writes++;
        } else {
          if (block.content === undefined) return refuse('unopened-block');
          if (!sameBytes(block.content, given.subarray(answered, answered + BLOCK_BYTES))) return refuse('other-block');
          block.isRead ||= !block.isTouched;
          answered += BLOCK_BYTES;
          counts.reads++;
        }
        block.isTouched = true;
      }
    }
    at = verdict.end;
  }
  if (answered !== given.length) return { ok: false, reason: 'other-length' };
  if (put !== claim.output.length) return { ok: false, reason: 'other-output' };
  const zero = zeroDigests()[0]!;
  for (const { block, content, digest } of opened) {
    const { isTouched, isRead } = state.get(block)!;
    if (!isTouched || (content !== undefined && digest !== zero && !isRead))
      return { ok: false, reason: 'idle-opening' };
  }
  // Hashes come last: an opening of more than what is touched is refused before.
  if (opened.length > 0) {
    const root = rootOver(opening, (place) => opened[place]!.digest);
    if (root === undefined) return { ok: false, reason: 'malformed' };
    if (!sameBytes(root, claim.before)) return { ok: false, reason: 'other-disk' };
  }
  const after =
    opened.length === 0
      ? claim.before
      : rootOver(opening, (place) => {
          const { block, digest } = opened[place]!;
          const { content } = state.get(block)!;
          return content === undefined ? digest : blockDigest(content);
        })!;
  if (!sameBytes(after, claim.after)) return { ok: false, reason: 'other-root' };
  return { ok: true, ...counts, blocks: opened.length };
}
