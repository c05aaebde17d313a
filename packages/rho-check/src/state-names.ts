import type { AtomId, AtomTable, View } from './atoms.ts';
import type { Leaf, Origin } from './names.ts';

/** A name of a state. */
export interface Name {
  readonly leaf: Leaf;
  /** The atoms that it stands in, each as often as it is there. */
  readonly within: AtomId[];
  /** What it becomes, as far as that is known: the same for names that are not told apart. */
  colour: Leaf;
  /** True if it is not the only one of its origin, and stands beside another such name. */
  linked: boolean;
  /** The names that it was not told apart from yet, with itself; `undefined` for the only name of an origin. */
  cell: Cell | undefined;
  /** All that it stands in, as seen last. */
  view: View;
}

/** Names of one origin that are not told apart yet. */
export interface Cell {
  readonly origin: Origin;
  /** Number of names of the origin before it. */
  readonly rank: number;
  members: readonly Name[];
}

/** The names of a state. */
export interface StateNames {
  readonly known: ReadonlyMap<Leaf, Name>;
  readonly groups: ReadonlyMap<Origin, readonly Name[]>;
  /** True if any of them is. */
  readonly linked: boolean;
}

const NO_NAMES: readonly Name[] = [];

/** Finds the names of a state. Those of one origin have the same colour. */
export function namesIn(atoms: readonly AtomId[], table: AtomTable): StateNames {
  const { names } = table;
  const groups = new Map<Origin, Name[]>();
  const known = new Map<Leaf, Name>();
  const beside: AtomId[] = [];
  for (const id of atoms) {
    const { leaves } = table.get(id);
    if (leaves.length > 1) beside.push(id);
    for (const leaf of leaves) {
      let name = known.get(leaf);
      if (name === undefined) {
        const origin = names.origin(leaf);
        name = { leaf, within: [], colour: names.canonical(origin, 0), linked: false, cell: undefined, view: -1 };
        known.set(leaf, name);
        const group = groups.get(origin);
        if (group === undefined) groups.set(origin, [name]);
        else group.push(name);
      }
      name.within.push(id);
    }
  }
  if (known.size === groups.size) return { known, groups, linked: false };
  for (const [origin, members] of groups) {
    if (members.length === 1) continue;
    const cell: Cell = { origin, rank: 0, members };
    for (const name of members) name.cell = cell;
  }
  let linked = false;
  for (const id of beside) {
    const alike = table
      .get(id)
      .leaves.map((leaf) => known.get(leaf)!)
      .filter(({ cell }) => cell !== undefined);
    if (alike.length < 2) continue;
    linked = true;
    for (const name of alike) name.linked = true;
  }
  return { known, groups, linked };
}

/** The names that stand in an atom beside one, without those that are the only ones of their origin. */
export function besides(id: AtomId, name: Name, known: ReadonlyMap<Leaf, Name>, table: AtomTable): readonly Name[] {
  const { leaves } = table.get(id);
  if (leaves.length === 1) return NO_NAMES;
  return leaves.map((leaf) => known.get(leaf)!).filter((one) => one !== name && one.cell !== undefined);
}

/** All that a name stands in, under the colours of the others. */
export function viewOf({ leaf, within }: Name, known: ReadonlyMap<Leaf, Name>, table: AtomTable): View {
  const to = (other: Leaf): Leaf => known.get(other)!.colour;
  const first = table.view(within[0]!, leaf, to);
  if (within.length === 1) return first;
  if (within.length === 2) return table.viewOfBoth(first, table.view(within[1]!, leaf, to));
  const views = within.map((id) => table.view(id, leaf, to));
  return table.viewOf(views.sort((left, right) => left - right).join());
}
