import type { Block, Region } from './region.ts';

/**
 * The control flow of a region in a form that structured code can be written from.
 *
 * Blocks are numbered in reverse postorder from a dispatcher, which goes to every entry. An edge back to a block that does not
 * dominate its source goes through the dispatcher, so that what is left is reducible. The tree of dominators then gives the nesting
 * (Ramsey, Beyond Relooper, 2022): a block that several edges go forward to follows the code of its immediate dominator.
 */
export interface Structure {
  /** In reverse postorder. */
  readonly nodes: readonly Node[];
  /** Blocks that the dispatcher goes to, by the number it goes by. */
  readonly entries: readonly Node[];
  /** Children of the dispatcher in the tree of dominators that come after it, in descending order. */
  readonly merges: readonly Node[];
  readonly nodeAt: (pc: number) => Node | undefined;
  /** Whether every way from the dispatcher to `below` leads through `above`. */
  readonly dominates: (above: Node, below: Node) => boolean;
}

/** A block with its place in the structure. */
export interface Node {
  readonly block: Block;
  readonly order: number;
  /** The number by which the dispatcher goes here, or -1. */
  entry: number;
  /** Whether an edge goes back to it. */
  isLoop: boolean;
  /** Whether it follows the code of its immediate dominator, and is branched to. */
  isMerge: boolean;
  /** Those of its children in the tree of dominators that are merges, in descending order. */
  merges: Node[];
  /** Most instructions from here to the next block that looks at the budget. */
  bound: number;
}

/** Targets of a block's end that lie in the region. */
function successorsOf({ end }: Block): readonly number[] {
  if (end.kind === 'branch') return [end.taken, end.next];
  return end.kind === 'jump' ? [end.target] : [];
}

const DISPATCHER = -1;

export function structureOf(region: Region): Structure {
  const { blocks } = region;
  const entries = new Set(region.entries);
  for (;;) {
    const order = reversePostorder(blocks, entries);
    const orderOf = new Map(order.map((block, index) => [block.pc, index]));
    const targets = order.map((block) =>
      successorsOf(block)
        .map((pc) => orderOf.get(pc))
        .filter((target) => target !== undefined),
    );
    const dominators = immediateDominators(order, orderOf, targets, entries);
    let added = false;
    targets.forEach((all, source) => {
      for (const target of all) {
        if (target > source || dominates(dominators, target, source)) continue;
        const { pc } = order[target]!;
        if (entries.has(pc)) continue;
        entries.add(pc);
        added = true;
      }
    });
    if (!added) return build(order, orderOf, targets, dominators, entries);
  }
}

function reversePostorder(blocks: ReadonlyMap<number, Block>, entries: ReadonlySet<number>): Block[] {
  const done = new Set<number>();
  const postorder: Block[] = [];
  const visit = (start: number): void => {
    const stack: { readonly block: Block; readonly targets: readonly number[]; next: number }[] = [];
    const enter = (pc: number): void => {
      const block = blocks.get(pc);
      if (block === undefined || done.has(pc)) return;
      done.add(pc);
      stack.push({ block, targets: successorsOf(block), next: 0 });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const target = top.targets[top.next++];
      if (target !== undefined) enter(target);
      else postorder.push(stack.pop()!.block);
    }
  };
  for (const pc of [...entries].reverse()) visit(pc);
  return postorder.reverse();
}

/** Cooper, Harvey and Kennedy: the immediate dominator of each block, or the dispatcher. */
function immediateDominators(
  order: readonly Block[],
  orderOf: ReadonlyMap<number, number>,
  targets: readonly (readonly number[])[],
  entries: ReadonlySet<number>,
): Int32Array {
  const unknown = -2;
  const dominators = new Int32Array(order.length).fill(unknown);
  const sources: number[][] = order.map(() => []);
  targets.forEach((all, source) => {
    for (const target of all) sources[target]!.push(source);
  });
  for (const pc of entries) {
    const index = orderOf.get(pc);
    if (index !== undefined) dominators[index] = DISPATCHER;
  }
  const meet = (a: number, b: number): number => {
    while (a !== b) {
      if (a > b) a = dominators[a]!;
      else b = dominators[b]!;
    }
    return a;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (let index = 0; index < order.length; index++) {
      if (entries.has(order[index]!.pc)) continue;
      let found = unknown;
      for (const source of sources[index]!) {
        if (dominators[source] === unknown) continue;
        found = found === unknown ? source : meet(found, source);
      }
      if (found === unknown || dominators[index] === found) continue;
      dominators[index] = found;
      changed = true;
    }
  }
  return dominators;
}

function dominates(dominators: Int32Array, above: number, below: number): boolean {
  let at = below;
  while (at > above) at = dominators[at]!;
  return at === above;
}

function build(
  order: readonly Block[],
  orderOf: ReadonlyMap<number, number>,
  targets: readonly (readonly number[])[],
  dominators: Int32Array,
  entries: ReadonlySet<number>,
): Structure {
  const nodes: Node[] = order.map((block, index) => ({
    block,
    order: index,
    entry: -1,
    isLoop: false,
    isMerge: false,
    merges: [],
    bound: 0,
  }));
  const entryNodes: Node[] = [];
  for (const pc of entries) {
    const node = nodes[orderOf.get(pc)!]!;
    node.entry = entryNodes.push(node) - 1;
    node.isMerge = true;
  }
  const forward = new Int32Array(order.length);
  targets.forEach((all, source) => {
    for (const target of all) {
      if (target > source) forward[target]!++;
      else if (dominates(dominators, target, source)) nodes[target]!.isLoop = true;
    }
  });
  const merges: Node[] = [];
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!;
    if (forward[index]! > 1) node.isMerge = true;
    if (!node.isMerge) continue;
    const dominator = dominators[index]!;
    (dominator === DISPATCHER ? merges : nodes[dominator]!.merges).push(node);
  }
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!;
    let longest = 0;
    for (const target of targets[index]!) {
      const next = nodes[target]!;
      if (target > index && !looksAtBudget(next)) longest = Math.max(longest, next.bound);
    }
    node.bound = node.block.instructions.length + longest;
  }
  return {
    nodes,
    entries: entryNodes,
    merges,
    nodeAt: (pc) => {
      const index = orderOf.get(pc);
      return index === undefined ? undefined : nodes[index];
    },
    dominates: (above, below) => dominates(dominators, above.order, below.order),
  };
}

/** Whether the code of a block begins with a look at the budget: where cycles of the control flow meet. */
export function looksAtBudget(node: Node): boolean {
  return node.isLoop || node.entry >= 0;
}
