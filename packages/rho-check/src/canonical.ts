import type { AtomId, AtomTable, View } from './atoms.ts';
import type { Leaf, Origin } from './names.ts';
import { besides, namesIn, viewOf, type Cell, type Name } from './state-names.ts';

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
  const { known, groups, linked } = namesIn(atoms, table);
  if (linked) new Refinement(table, groups, known).run();
  else if (known.size > groups.size) for (const members of groups.values()) numberApart(members, known, table);
  const to = (leaf: Leaf): Leaf => known.get(leaf)!.colour;
  const renamed = atoms.map((id) => table.rename(id, to));
  return {
    atoms: sortedAtoms(renamed),
    get renaming() {
      return new Map([...known.values()].map(({ leaf, colour }) => [leaf, colour] as const));
    },
  };
}

/** Numbers the names of one origin, none of which stands beside another one: those that stand in the same processes can be exchanged. */
function numberApart(members: readonly Name[], known: ReadonlyMap<Leaf, Name>, table: AtomTable): void {
  const [first] = members;
  if (members.length === 1) return;
  const { origin } = first!.cell!;
  let rank = 0;
  for (const part of partsByView(members, known, table)) {
    exchange(origin, rank, part, table);
    rank += part.length;
  }
}

/** Names apart by what they stand in, the most first, so that they keep their numbers. */
function partsByView(
  members: readonly Name[],
  known: ReadonlyMap<Leaf, Name>,
  table: AtomTable,
): readonly (readonly Name[])[] {
  const parts = new Map<View, Name[]>();
  for (const name of members) {
    name.view = viewOf(name, known, table);
    const part = parts.get(name.view);
    if (part === undefined) parts.set(name.view, [name]);
    else part.push(name);
  }
  return inOrder(parts);
}

function inOrder(parts: ReadonlyMap<View, Name[]>): readonly (readonly Name[])[] {
  if (parts.size === 1) return [...parts.values()];
  return [...parts]
    .sort(([left, one], [right, other]) => other.length - one.length || left - right)
    .map(([, part]) => part);
}

/** Numbers names from `rank` on that can be exchanged for one another: those that have one of these numbers keep it. */
function exchange(origin: Origin, rank: number, members: readonly Name[], { names }: AtomTable): void {
  const count = members.length;
  const isTaken = new Uint8Array(count);
  const others: Name[] = [];
  for (const name of members) {
    const own = names.rankOf(name.leaf) - rank;
    if (own >= 0 && own < count) {
      isTaken[own] = 1;
      name.colour = name.leaf;
    } else others.push(name);
  }
  let next = 0;
  for (const name of others) {
    while (isTaken[next] === 1) next += 1;
    name.colour = names.canonical(origin, rank + next);
    next += 1;
  }
}

/** Tells the names of a state apart, as far as it takes. */
class Refinement {
  readonly #table: AtomTable;
  readonly #known: ReadonlyMap<Leaf, Name>;
  /** Cells of several names. */
  readonly #cells = new Set<Cell>();
  /** Names that stand beside one whose colour has changed. */
  #touched = new Set<Name>();

  constructor(table: AtomTable, groups: ReadonlyMap<Origin, readonly Name[]>, known: ReadonlyMap<Leaf, Name>) {
    this.#table = table;
    this.#known = known;
    for (const origin of [...groups.keys()].sort(byNumber)) {
      const members = groups.get(origin)!;
      if (members.length === 1) continue;
      this.#cells.add(members[0]!.cell!);
      for (const name of members) this.#touched.add(name);
    }
  }

  run(): void {
    while (this.#cells.size > 0) {
      if (this.#touched.size > 0) this.#refine();
      else this.#setApart();
    }
  }

  #addCell(cell: Cell): void {
    if (cell.members.length > 1) this.#cells.add(cell);
    for (const name of cell.members) name.cell = cell;
  }

  /** Nothing tells the names of the cells apart: one name of the first cell is set apart from the others, or all if that changes nothing beside. */
  #setApart(): void {
    const [cell] = this.#cells;
    const { members } = cell!;
    if (members.some(({ linked }) => linked)) this.#split(cell!, [members.slice(1), members.slice(0, 1)]);
    else {
      exchange(cell!.origin, cell!.rank, members, this.#table);
      this.#cells.delete(cell!);
    }
  }

  /** One round: splits the cells by what their names stand in. */
  #refine(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    const cells = new Set<Cell>();
    const views: (readonly [Name, View])[] = [];
    for (const name of touched) {
      if (name.cell!.members.length === 1) continue;
      cells.add(name.cell!);
      views.push([name, viewOf(name, this.#known, this.#table)]);
    }
    for (const [name, view] of views) name.view = view;
    const splits: (readonly [Cell, readonly (readonly Name[])[]])[] = [];
    for (const cell of cells) {
      const { members } = cell;
      if (members.every(({ view }) => view === members[0]!.view)) continue;
      const groups = new Map<View, Name[]>();
      for (const name of members) {
        const group = groups.get(name.view);
        if (group === undefined) groups.set(name.view, [name]);
        else group.push(name);
      }
      // The largest part keeps its colour, so that little changes around it.
      splits.push([cell, inOrder(groups)]);
    }
    for (const [cell, parts] of splits) this.#split(cell, parts);
  }

  #split(cell: Cell, parts: readonly (readonly Name[])[]): void {
    const [first, ...others] = parts;
    cell.members = first!;
    if (first!.length === 1) this.#cells.delete(cell);
    let rank = cell.rank + first!.length;
    for (const members of others) {
      this.#addCell({ origin: cell.origin, rank, members });
      const colour = this.#table.names.canonical(cell.origin, rank);
      for (const name of members) this.#recolour(name, colour);
      rank += members.length;
    }
  }

  #recolour(name: Name, colour: Leaf): void {
    name.colour = colour;
    if (!name.linked) return;
    for (const id of name.within)
      for (const other of besides(id, name, this.#known, this.#table)) this.#touched.add(other);
  }
}
