import {
  encodeTermBinary,
  mapTerm,
  nilTerm,
  wildcardTerm,
  type MapEntry,
  type MapTerm,
  type Term,
} from '@commute/rholang';
import { assigned, isInside } from './assigned.ts';
import { best, EMPTY, freshName, UNDECIDED, type Inhabitants, type Outcome } from './outcome.ts';
import { product } from './products.ts';

/** Most keys of maps that may be there or not. */
const MAXIMUM_OPTIONAL_KEYS = 6;

/** Maps that all of `own` match and none of `against`. */
export function maps(
  search: Inhabitants,
  own: readonly MapTerm[],
  against: readonly MapTerm[],
  wanted: readonly Term[],
  unwanted: readonly Term[],
): Outcome {
  const sizes = new Set(own.filter(({ remainder }) => remainder === undefined).map(({ entries }) => entries.length));
  if (sizes.size > 1) return EMPTY;
  const plain = (map: MapTerm): boolean => map.entries.every(([key]) => !key.isPattern && key.scope === 0);
  if (own.every(plain)) return records(search, own, against, against.filter(plain), wanted, unwanted);
  for (const one of own) {
    if (one.entries.some((entry) => entry.some((part) => search.find([part], []).kind === 'empty'))) return EMPTY;
    for (const other of against) if (mapInside(search, one, other)) return EMPTY;
  }
  return search.first(mapsLike(search, own), wanted, unwanted);
}

function mapInside(search: Inhabitants, one: MapTerm, other: MapTerm): boolean {
  if (other.remainder === undefined && one.remainder !== undefined) return false;
  const inside = (giver: number, taker: number): boolean => {
    const [key, value] = one.entries[giver]!;
    const [otherKey, otherValue] = other.entries[taker]!;
    return isInside(search, key, otherKey) && isInside(search, value, otherValue);
  };
  const closed = other.remainder === undefined;
  const keys = (map: MapTerm): readonly Term[] => map.entries.map(([key]) => key);
  return assigned(keys(other), keys(one), closed, inside);
}

function* mapsLike(search: Inhabitants, own: readonly MapTerm[]): Generator<Term | undefined> {
  for (const { entries, remainder } of own) {
    const chosen: MapEntry[] = [];
    for (const [key, value] of entries) {
      const keys = chosen.map(([one]) => one);
      const [one, two] = [search.find([key], keys), search.find([value], [])];
      if (one.kind === 'found' && two.kind === 'found') chosen.push([one.term, two.term]);
    }
    yield mapTerm(chosen);
    if (remainder !== undefined) yield mapTerm([...chosen, [freshName(0), nilTerm()]]);
  }
}

/** Maps whose keys are written out: a product over the keys that are there, for each choice of keys that may be. */
function records(
  search: Inhabitants,
  own: readonly MapTerm[],
  against: readonly MapTerm[],
  plain: readonly MapTerm[],
  wanted: readonly Term[],
  unwanted: readonly Term[],
): Outcome {
  const needed = new Map<string, Term>();
  for (const { entries } of own) for (const [key] of entries) needed.set(encodeTermBinary(key), key);
  const closed = own.find(({ remainder }) => remainder === undefined);
  if (closed !== undefined && needed.size !== closed.entries.length) return EMPTY;
  for (const one of own) for (const other of against) if (mapInside(search, one, other)) return EMPTY;
  const optional = new Map<string, Term>();
  if (closed === undefined) {
    for (const { entries } of plain)
      for (const [key] of entries) {
        const name = encodeTermBinary(key);
        if (!needed.has(name)) optional.set(name, key);
      }
  }
  search.spend(needed.size * (own.length + plain.length) + optional.size);
  if (optional.size > MAXIMUM_OPTIONAL_KEYS) return UNDECIDED;
  const choices = [...optional];
  let result: Outcome = EMPTY;
  for (let chosen = 0; chosen < 1 << choices.length; chosen += 1) {
    for (const more of closed === undefined ? [false, true] : [false]) {
      const there = [...needed, ...choices.filter((_, index) => (chosen >> index) % 2 === 1)];
      result = best(result, () => recordsWith(search, there, more, own, plain));
      if (result.kind !== 'found') continue;
      if (search.fits(result.term, wanted, unwanted)) return result;
      result = UNDECIDED;
    }
  }
  return result;
}

/** Maps with exactly these keys, and one that no pattern names if `more`. */
function recordsWith(
  search: Inhabitants,
  keys: readonly (readonly [string, Term])[],
  more: boolean,
  own: readonly MapTerm[],
  against: readonly MapTerm[],
): Outcome {
  const names = new Set(keys.map(([name]) => name));
  const row = (map: MapTerm): readonly Term[] | undefined => {
    const values = new Map(map.entries.map(([key, value]) => [encodeTermBinary(key), value] as const));
    for (const name of values.keys()) if (!names.has(name)) return undefined;
    if (map.remainder === undefined && (more || values.size !== names.size)) return undefined;
    return keys.map(([name]) => values.get(name) ?? wildcardTerm());
  };
  const rows = (maps: readonly MapTerm[]): (readonly Term[])[] => maps.map(row).filter((one) => one !== undefined);
  const wanted = rows(own);
  if (wanted.length !== own.length) return EMPTY;
  const extra: readonly MapEntry[] = more ? [[freshName(0), nilTerm()]] : [];
  return product(search, wanted, rows(against), (parts) =>
    mapTerm([...keys.map(([, key], index) => [key, parts[index]!] as const), ...extra]),
  );
}
