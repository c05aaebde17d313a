import { equalBytes } from '../bytes.ts';
import { linkHash, nibbleAt, sharedNibbles, type Leaf, type Link } from './node.ts';
import { leavesOf, type NodeReader } from './update.ts';

/** A path whose value is not the same in two versions; at least one of them has one. */
export interface TrieDifference {
  readonly before: Leaf | undefined;
  readonly after: Leaf | undefined;
}

/** The paths at which two tries differ, each once. What has equal hashes is not read. */
export function* differencesOf(
  read: NodeReader,
  before: Link | undefined,
  after: Link | undefined,
): Generator<TrieDifference> {
  if (before === undefined || after === undefined) {
    for (const leaf of leavesOf(read, before)) yield { before: leaf, after: undefined };
    for (const leaf of leavesOf(read, after)) yield { before: undefined, after: leaf };
    return;
  }
  if (equalBytes(linkHash(before), linkHash(after))) return;
  const [left, right] = [read(before), read(after)];
  const shared = sharedNibbles(left.path, right.path);
  const leftDepth = left.kind === 'branch' ? left.depth : Infinity;
  const rightDepth = right.kind === 'branch' ? right.depth : Infinity;
  if (left.kind === 'leaf' && right.kind === 'leaf' && equalBytes(left.path, right.path)) {
    yield { before: left, after: right };
    return;
  }
  // The one that branches first, or both, hold the place of the other, if their paths agree so far.
  const depth = Math.min(leftDepth, rightDepth);
  if (shared < depth) {
    yield* differencesOf(read, before, undefined);
    yield* differencesOf(read, undefined, after);
    return;
  }
  for (let nibble = 0; nibble < 16; nibble += 1) {
    const child = (node: typeof left, link: Link, own: number): Link | undefined => {
      if (node.kind === 'branch' && own === depth) return node.links[nibble];
      return nibbleAt(node.path, depth) === nibble ? link : undefined;
    };
    yield* differencesOf(read, child(left, before, leftDepth), child(right, after, rightDepth));
  }
}
