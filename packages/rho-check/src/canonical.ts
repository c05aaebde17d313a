import type { AtomId, AtomTable } from './atoms.ts';
import type { Leaf, Origin } from './names.ts';

/** A state in the form that all states have that differ in their fresh names only. */
export interface CanonicalState {
  /** Sorted; equal atoms stand as often as they are there. */
  readonly atoms: readonly AtomId[];
  /** What each name became. */
  readonly renaming: ReadonlyMap<Leaf, Leaf>;
}

const byNumber = (left: number, right: number): number => left - right;

/** Names of one origin that are not told apart yet, and the rank of the first of them. */
interface Cell {
  readonly origin: Origin;
  readonly rank: number;
  readonly leaves: readonly Leaf[];
}

/**
 * Renames the fresh names of a state so that states that differ in nothing else become one.
 *
 * Names are told apart by their origin, then by the processes that they stand in, again and again, as colour refinement does; of names that stay
 * alike one is set apart and the rest refined once more. The result is always the state under a one-to-one renaming, so different states stay
 * different. Where alike names cannot be exchanged, as in graphs that colour refinement cannot tell apart, equal states may get different forms,
 * and are then explored more than once.
 */
export function canonicalState(atoms: readonly AtomId[], table: AtomTable): CanonicalState {
  const groups = new Map<Origin, Leaf[]>();
  const seen = new Set<Leaf>();
  const { names } = table;
  let ambiguous = false;
  for (const id of atoms) {
    for (const leaf of table.get(id).leaves) {
      if (seen.has(leaf)) continue;
      seen.add(leaf);
      const origin = names.origin(leaf);
      const group = groups.get(origin);
      if (group === undefined) groups.set(origin, [leaf]);
      else {
        group.push(leaf);
        ambiguous = true;
      }
    }
  }
  const colours = new Map<Leaf, Leaf>();
  for (const [origin, group] of groups) for (const leaf of group) colours.set(leaf, names.canonical(origin, 0));
  if (ambiguous) refineFully(atoms, table, groups, colours);
  const to = (leaf: Leaf): Leaf => colours.get(leaf) ?? leaf;
  const renamed = seen.size === 0 ? atoms.slice() : atoms.map((id) => table.rename(id, to));
  return { atoms: renamed.sort(byNumber), renaming: colours };
}

function refineFully(
  atoms: readonly AtomId[],
  table: AtomTable,
  groups: ReadonlyMap<Origin, readonly Leaf[]>,
  colours: Map<Leaf, Leaf>,
): void {
  let cells: Cell[] = [];
  const within = new Map<Leaf, AtomId[]>();
  for (const [origin, leaves] of groups) {
    if (leaves.length === 1) continue;
    cells.push({ origin, rank: 0, leaves });
    for (const leaf of leaves) within.set(leaf, []);
  }
  cells.sort((left, right) => left.origin - right.origin);
  for (const id of atoms) for (const leaf of table.get(id).leaves) within.get(leaf)?.push(id);
  while (cells.length > 0) {
    const next = refine(cells, within, table, colours);
    if (next !== undefined) {
      cells = next;
      continue;
    }
    // All cells are stable: the first name of the first cell is set apart from the others.
    const [{ origin, rank, leaves }, ...others] = cells as [Cell, ...Cell[]];
    const rest = leaves.slice(1);
    for (const leaf of rest) colours.set(leaf, table.names.canonical(origin, rank + 1));
    cells = rest.length > 1 ? [{ origin, rank: rank + 1, leaves: rest }, ...others] : others;
  }
}

/** One round: splits the cells by what their names stand in. Nothing if no cell splits. */
function refine(
  cells: readonly Cell[],
  within: ReadonlyMap<Leaf, readonly AtomId[]>,
  table: AtomTable,
  colours: Map<Leaf, Leaf>,
): Cell[] | undefined {
  const { names } = table;
  const result: Cell[] = [];
  const changes: (readonly [Leaf, Leaf])[] = [];
  let split = false;
  for (const cell of cells) {
    const signed = cell.leaves.map((leaf) => {
      const to = (other: Leaf): Leaf => (other === leaf ? names.self : (colours.get(other) ?? other));
      const views = within.get(leaf)!.map((id) => table.view(id, to));
      return { leaf, signature: views.length === 1 ? views[0]! : views.sort().join('\n') };
    });
    signed.sort((left, right) => (left.signature < right.signature ? -1 : left.signature > right.signature ? 1 : 0));
    for (let start = 0; start < signed.length;) {
      let end = start + 1;
      while (end < signed.length && signed[end]!.signature === signed[start]!.signature) end += 1;
      const rank = cell.rank + start;
      const leaves = signed.slice(start, end).map(({ leaf }) => leaf);
      if (start > 0) {
        split = true;
        for (const leaf of leaves) changes.push([leaf, names.canonical(cell.origin, rank)]);
      }
      if (leaves.length > 1) result.push({ origin: cell.origin, rank, leaves });
      start = end;
    }
  }
  for (const [leaf, colour] of changes) colours.set(leaf, colour);
  return split ? result : undefined;
}
