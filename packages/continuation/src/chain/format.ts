/**
 * Chain proofs as bytes, version 1.
 *
 * `CCHN`, version (2 bytes), form (1 byte: 0 pairwise, 1 global, 2 paged), number of segments (4 bytes); in the global form the root over all items (32
 * bytes) and the number of proofs of the ends (4 bytes). Then for each segment its part: the claim (91 bytes); in the pairwise form the
 * items before and after it (each 1 byte for whether there is one, and 32 bytes if so); in the global form its path (1 byte for the number
 * of digests, and these); in the paged form the roots of memory before and after it (8 elements of 8 bytes each); the length of its proof (4 bytes) and the proof as @commute/stark writes it. Then for each proof of the
 * ends path, length and proof likewise. Numbers are little-endian.
 *
 * @module
 */
import { isCanonical } from '@commute/field';
import { DIGEST_BYTES } from '@commute/poly-commit';
import { type ByteReader, ByteWriter, decodeWith, type DecodeRefusal } from '../claim/bytes.ts';
import { CLAIM_BYTES, encodeSegmentClaim, readSegmentClaim, type SegmentClaim } from '../claim/claims.ts';
import { MOST_PATH_DIGESTS } from '../link/commitment-tree.ts';
import { LINK_FORMS, type LinkForm } from '../link/state-link.ts';
import { type PageBoundary, type PageRoots, ROOT_ELEMENTS } from '../pages/page-tables.ts';
import { MOST_RANGES } from './system.ts';

/** What binds a proof to the others in the pairwise form: the items of the neighbours. */
export interface PairwiseBinding {
  readonly form: 'pairwise';
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** What binds a proof to the others in the global form: the root over all items, and the way there. */
export interface GlobalBinding {
  readonly form: 'global';
  readonly root: Uint8Array;
  /** Number of items: segments, then proofs of the ends. */
  readonly count: number;
  readonly path: readonly Uint8Array[];
}

/** What binds a proof to the others in the paged form: memory before and after it. */
export interface PagedBinding extends PageBoundary {
  readonly form: 'paged';
}

/** One segment's proof with what it takes to verify it on its own. */
export interface SegmentProof {
  readonly claim: SegmentClaim;
  readonly binding: PairwiseBinding | GlobalBinding | PagedBinding;
  readonly proof: Uint8Array;
}

/** A proof of a range of the ends. */
export interface EndProof {
  readonly binding: GlobalBinding;
  readonly proof: Uint8Array;
}

/** The proofs of a whole chain. */
export interface ChainProof {
  readonly segments: readonly SegmentProof[];
  /** Empty but in the global form. */
  readonly ends: readonly EndProof[];
}

/** The chain, or why there is none. */
export type ChainDecodeVerdict =
  { readonly ok: true; readonly value: ChainProof } | { readonly ok: false; readonly reason: DecodeRefusal };

const MAGIC = [0x43, 0x43, 0x48, 0x4e, 1, 0] as const;

/** The bytes of a chain of one form, at least one segment. */
export function encodeChain({ segments, ends }: ChainProof): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().bytes(Uint8Array.from(MAGIC));
  const first = segments[0]!.binding;
  writer.number(LINK_FORMS.indexOf(first.form), 1).number(segments.length, 4);
  if (first.form === 'global') writer.bytes(first.root).number(ends.length, 4);
  const writeProof = (proof: Uint8Array): void => {
    writer.number(proof.length, 4).bytes(proof);
  };
  const writePath = ({ path }: GlobalBinding): void => {
    writer.number(path.length, 1);
    for (const digest of path) writer.bytes(digest);
  };
  for (const { claim, binding, proof } of segments) {
    writer.bytes(encodeSegmentClaim(claim));
    if (binding.form === 'global') writePath(binding);
    else if (binding.form === 'paged') {
      for (const element of [...binding.before, ...binding.after]) writer.number(element, 8);
    } else {
      for (const item of [binding.before, binding.after]) {
        writer.number(item === undefined ? 0 : 1, 1);
        if (item !== undefined) writer.bytes(item);
      }
    }
    writeProof(proof);
  }
  for (const { binding, proof } of ends) {
    writePath(binding);
    writeProof(proof);
  }
  return writer.finish();
}

/** Reads a chain from anybody; never throws because of the bytes, and takes time and memory linear in them. Its proofs are views of the bytes. */
export function decodeChain(bytes: Uint8Array): ChainDecodeVerdict {
  return decodeWith(bytes, readChain);
}

function readChain(reader: ByteReader): ChainProof {
  reader.expect(MAGIC);
  const form = LINK_FORMS[reader.bounded(1, LINK_FORMS.length - 1)]!;
  const global = form === 'global';
  const count = reader.number(4);
  if (count === 0) reader.refuse('out-of-range');
  const root = global ? reader.bytes(DIGEST_BYTES) : undefined;
  const endCount = global ? reader.bounded(4, MOST_RANGES) : 0;
  // Each has at least its claim, so numbers without their proofs run out of bytes at once.
  if (count > reader.left / CLAIM_BYTES) reader.refuse('truncated');
  const readProof = (): Uint8Array => reader.view(reader.number(4));
  const readPath = (): GlobalBinding => ({
    form: 'global',
    root: root!,
    count: count + endCount,
    path: Array.from({ length: reader.bounded(1, MOST_PATH_DIGESTS) }, () => reader.bytes(DIGEST_BYTES)),
  });
  const readItem = (): Uint8Array | undefined => (reader.bounded(1, 1) === 1 ? reader.bytes(DIGEST_BYTES) : undefined);
  const readRoots = (): PageRoots =>
    Array.from({ length: ROOT_ELEMENTS }, () => {
      const element = reader.bigint(8);
      return isCanonical(element) ? element : reader.refuse('out-of-range');
    });
  const bindingReaders: Readonly<Record<LinkForm, () => SegmentProof['binding']>> = {
    pairwise: () => ({ form: 'pairwise', before: readItem(), after: readItem() }),
    global: readPath,
    paged: () => ({ form: 'paged', before: readRoots(), after: readRoots() }),
  };
  const segments = Array.from({ length: count }, (): SegmentProof => {
    const claim = readSegmentClaim(reader);
    const binding = bindingReaders[form]();
    return { claim, binding, proof: readProof() };
  });
  const ends = Array.from({ length: endCount }, (): EndProof => ({ binding: readPath(), proof: readProof() }));
  return { segments, ends };
}
