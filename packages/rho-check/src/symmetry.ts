import type { AtomId, AtomTable, View } from './atoms.ts';
import type { Leaf } from './names.ts';
import { namesIn, viewOf } from './state-names.ts';

/** An atom that holds a name which can be exchanged for others. */
interface Exchangeable {
  readonly leaf: Leaf;
  /** Equal for atoms that become one another when their names are exchanged. */
  readonly kind: string;
}

/**
 * Tells the reductions of a state apart, but for those that become one another when names are exchanged that nothing tells apart.
 *
 * Names of one origin that stand in the same processes, and in none beside other names of which there are several, can be exchanged: the state stays
 * the same. So reductions with one of them lead to the same states as those with another one, and are tried once. Processes are chosen one by one: of those that
 * differ only in a name that was not chosen yet, and can be exchanged, the first is taken for all.
 *
 * Source: C. Norris Ip, D. L. Dill, Better Verification Through Symmetry, Formal Methods in System Design 9, 1996 (scalarsets).
 */
export class Symmetry {
  readonly #exchangeable: ReadonlyMap<AtomId, Exchangeable>;

  constructor(state: readonly AtomId[], table: AtomTable) {
    this.#exchangeable = exchangeableIn(state, table);
  }

  /** Those of `atoms` that differ in more than a name that can be exchanged for one of another of them, and is not in `chosen`. */
  distinct(atoms: readonly AtomId[], chosen: readonly AtomId[]): readonly AtomId[] {
    const known = this.#exchangeable;
    if (known.size === 0 || atoms.length < 2) return atoms;
    const used = new Set(chosen.map((id) => known.get(id)?.leaf));
    const seen = new Set<string>();
    return atoms.filter((id) => {
      const one = known.get(id);
      if (one === undefined || used.has(one.leaf)) return true;
      if (seen.has(one.kind)) return false;
      seen.add(one.kind);
      return true;
    });
  }
}

function exchangeableIn(state: readonly AtomId[], table: AtomTable): ReadonlyMap<AtomId, Exchangeable> {
  const found = new Map<AtomId, Exchangeable>();
  if (state.every((id) => table.get(id).isPlain)) return found;
  const { known, groups } = namesIn(state, table);
  for (const [origin, members] of groups) {
    const alike = new Map<View, number>();
    const single = members.filter(({ linked }) => !linked);
    if (single.length < 2) continue;
    for (const name of single) {
      name.view = viewOf(name, known, table);
      alike.set(name.view, (alike.get(name.view) ?? 0) + 1);
    }
    for (const { leaf, view, within } of single) {
      if (alike.get(view) === 1) continue;
      for (const id of within)
        found.set(id, {
          leaf,
          kind: `${String(origin)} ${String(view)} ${String(table.view(id, leaf, (one) => one))}`,
        });
    }
  }
  return found;
}
