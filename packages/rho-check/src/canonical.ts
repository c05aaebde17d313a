import type { AtomId, AtomTable } from './atoms.ts';
import type { Leaf, Origin } from './names.ts';

/** A state in the form that all states have that differ in their fresh names only. */
export interface CanonicalState {
  /** Sorted; equal atoms stand as often as they are there. */
  readonly atoms: readonly AtomId[];
  /** What each name became. */
  readonly renaming: ReadonlyMap<Leaf, Leaf>;
}

const NO_RENAMING: ReadonlyMap<Leaf, Leaf> = new Map();

const byNumber = (left: number, right: number): number => left - right;

/** The atoms in order; quick where few stand out of it at the end. */
function sortedAtoms(atoms: readonly AtomId[]): readonly AtomId[] {
  const sorted = atoms.slice();
  for (let index = 1; index < sorted.length; index += 1) {
    const id = sorted[index]!;
    if (sorted[index - 1]! <= id) continue;
    if (index < sorted.length - 8) return sorted.sort(byNumber);
    let place = index;
    for (; place > 0 && sorted[place - 1]! > id; place -= 1) sorted[place] = sorted[place - 1]!;
    sorted[place] = id;
  }
  return sorted;
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
  // One name of each origin at most, and each has its number already.
  if (atoms.every((id) => table.get(id).isPlain)) return { atoms: sortedAtoms(atoms), renaming: NO_RENAMING };
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
  if (ambiguous) new Refinement(atoms, table, groups, colours).run();
  const to = (leaf: Leaf): Leaf => colours.get(leaf) ?? leaf;
  const renamed = seen.size === 0 ? atoms.slice() : atoms.map((id) => table.rename(id, to));
  return { atoms: renamed.sort(byNumber), renaming: colours };
}

/** Names of one origin that are not told apart yet. */
interface Cell {
  readonly origin: Origin;
  /** Number of names of the origin before it. */
  readonly rank: number;
  leaves: readonly Leaf[];
}

/** Tells the names of a state apart, as far as it takes. */
class Refinement {
  readonly #table: AtomTable;
  readonly #colours: Map<Leaf, Leaf>;
  /** Where each name of a cell stands. */
  readonly #within = new Map<Leaf, AtomId[]>();
  readonly #signatures = new Map<Leaf, string>();
  readonly #cellOf = new Map<Leaf, Cell>();
  /** Cells of several names. */
  readonly #cells = new Set<Cell>();
  /** Names that stand beside one whose colour has changed. */
  #touched = new Set<Leaf>();

  constructor(
    atoms: readonly AtomId[],
    table: AtomTable,
    groups: ReadonlyMap<Origin, readonly Leaf[]>,
    colours: Map<Leaf, Leaf>,
  ) {
    this.#table = table;
    this.#colours = colours;
    const origins = [...groups.keys()].sort(byNumber);
    for (const origin of origins) {
      const leaves = groups.get(origin)!;
      if (leaves.length === 1) continue;
      this.#addCell({ origin, rank: 0, leaves });
      for (const leaf of leaves) {
        this.#within.set(leaf, []);
        this.#touched.add(leaf);
      }
    }
    for (const id of atoms) for (const leaf of table.get(id).leaves) this.#within.get(leaf)?.push(id);
  }

  run(): void {
    while (this.#cells.size > 0) {
      if (this.#touched.size > 0) this.#refine();
      else this.#setApart();
    }
  }

  #addCell(cell: Cell): void {
    if (cell.leaves.length > 1) this.#cells.add(cell);
    for (const leaf of cell.leaves) this.#cellOf.set(leaf, cell);
  }

  /** Nothing tells the names of the cells apart: one name of the first cell is set apart from the others, or all if that changes nothing beside. */
  #setApart(): void {
    const [cell] = this.#cells;
    const { leaves } = cell!;
    if (leaves.some((leaf) => this.#isLinked(leaf))) this.#split(cell!, [leaves.slice(1), leaves.slice(0, 1)]);
    else
      this.#split(
        cell!,
        leaves.map((leaf) => [leaf]),
      );
  }

  /** Tells whether a name stands beside another one of a cell. */
  #isLinked(leaf: Leaf): boolean {
    return this.#within
      .get(leaf)!
      .some((id) => this.#table.get(id).leaves.some((other) => other !== leaf && this.#cellOf.has(other)));
  }

  /** One round: splits the cells by what their names stand in. */
  #refine(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    const cells = new Set<Cell>();
    const changed = new Map<Leaf, string>();
    for (const leaf of touched) {
      const cell = this.#cellOf.get(leaf)!;
      if (cell.leaves.length === 1) continue;
      cells.add(cell);
      changed.set(leaf, this.#signature(leaf));
    }
    for (const [leaf, signature] of changed) this.#signatures.set(leaf, signature);
    const splits: (readonly [Cell, readonly (readonly Leaf[])[]])[] = [];
    for (const cell of cells) {
      const groups = new Map<string, Leaf[]>();
      for (const leaf of cell.leaves) {
        const signature = this.#signatures.get(leaf)!;
        const group = groups.get(signature);
        if (group === undefined) groups.set(signature, [leaf]);
        else group.push(leaf);
      }
      if (groups.size === 1) continue;
      // The largest part keeps its colour, so that little changes around it.
      const sorted = [...groups].sort(
        ([left, one], [right, other]) => other.length - one.length || (left < right ? -1 : 1),
      );
      splits.push([cell, sorted.map(([, leaves]) => leaves)]);
    }
    for (const [cell, parts] of splits) this.#split(cell, parts);
  }

  /** What a name stands in, under the colours of the others. */
  #signature(leaf: Leaf): string {
    const { self } = this.#table.names;
    const to = (other: Leaf): Leaf => (other === leaf ? self : (this.#colours.get(other) ?? other));
    const views = this.#within.get(leaf)!.map((id) => this.#table.view(id, to));
    return views.length === 1 ? views[0]! : views.sort().join('\n');
  }

  #split(cell: Cell, parts: readonly (readonly Leaf[])[]): void {
    const [first, ...others] = parts;
    cell.leaves = first!;
    if (first!.length === 1) this.#cells.delete(cell);
    let rank = cell.rank + first!.length;
    for (const leaves of others) {
      this.#addCell({ origin: cell.origin, rank, leaves });
      const colour = this.#table.names.canonical(cell.origin, rank);
      for (const leaf of leaves) this.#recolour(leaf, colour);
      rank += leaves.length;
    }
  }

  #recolour(leaf: Leaf, colour: Leaf): void {
    this.#colours.set(leaf, colour);
    for (const id of this.#within.get(leaf)!)
      for (const other of this.#table.get(id).leaves)
        if (this.#cellOf.has(other) && other !== leaf) this.#touched.add(other);
  }
}
