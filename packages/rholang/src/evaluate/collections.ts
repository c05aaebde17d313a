import { listTerm, sortedMapTerm, sortedSetTerm } from '../term/build.ts';
import { compareTerms } from '../term/compare.ts';
import type { ListTerm, MapEntry, MapTerm, SetTerm, Term } from '../term/term.ts';

/** The place of `wanted` among sorted keys, or the complement of the place where it belongs. */
function search(count: number, keyAt: (index: number) => Term, wanted: Term): number {
  let low = 0;
  let high = count - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const order = compareTerms(keyAt(middle), wanted);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return ~low;
}

function placeInSet(set: SetTerm, element: Term): number {
  return search(set.elements.length, (index) => set.elements[index]!, element);
}

function placeInMap(map: MapTerm, key: Term): number {
  return search(map.entries.length, (index) => map.entries[index]![0], key);
}

/** Tells whether the set has the element. */
export function setHas(set: SetTerm, element: Term): boolean {
  return placeInSet(set, element) >= 0;
}

/** The set with the element. */
export function setAdd(set: SetTerm, element: Term): SetTerm {
  const place = placeInSet(set, element);
  return place >= 0 ? set : sortedSetTerm(set.elements.toSpliced(~place, 0, element));
}

/** The set without the element. */
export function setDelete(set: SetTerm, element: Term): SetTerm {
  const place = placeInSet(set, element);
  return place >= 0 ? sortedSetTerm(set.elements.toSpliced(place, 1)) : set;
}

/** The value at a key. */
export function mapGet(map: MapTerm, key: Term): Term | undefined {
  const place = placeInMap(map, key);
  return place >= 0 ? map.entries[place]![1] : undefined;
}

/** The map with the value at the key. */
export function mapSet(map: MapTerm, key: Term, value: Term): MapTerm {
  const place = placeInMap(map, key);
  const entry: MapEntry = [key, value];
  return sortedMapTerm(place >= 0 ? map.entries.with(place, entry) : map.entries.toSpliced(~place, 0, entry));
}

/** The map without the key. */
export function mapDelete(map: MapTerm, key: Term): MapTerm {
  const place = placeInMap(map, key);
  return place >= 0 ? sortedMapTerm(map.entries.toSpliced(place, 1)) : map;
}

/** Merges two sorted sequences; of equal keys the one on the right stays. */
function merge<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): T[] {
  const merged: T[] = [];
  let index = 0;
  for (const one of right) {
    while (index < left.length && compare(left[index]!, one) < 0) merged.push(left[index++]!);
    if (index < left.length && compare(left[index]!, one) === 0) index += 1;
    merged.push(one);
  }
  return merged.concat(left.slice(index));
}

const compareEntries = (left: MapEntry, right: MapEntry): number => compareTerms(left[0], right[0]);

/** All elements of both sets. */
export function setUnion(left: SetTerm, right: SetTerm): SetTerm {
  return sortedSetTerm(merge(left.elements, right.elements, compareTerms));
}

/** All entries of both maps; of equal keys the one on the right stays. */
export function mapUnion(left: MapTerm, right: MapTerm): MapTerm {
  return sortedMapTerm(merge(left.entries, right.entries, compareEntries));
}

/** The elements of the first set that the second does not have. */
export function setDifference(left: SetTerm, right: SetTerm): SetTerm {
  return sortedSetTerm(left.elements.filter((element) => !setHas(right, element)));
}

/** The entries of the first map whose keys the second does not have. */
export function mapDifference(left: MapTerm, right: MapTerm): MapTerm {
  return sortedMapTerm(left.entries.filter(([key]) => placeInMap(right, key) < 0));
}

/** Two lists, one after the other. */
export function listAppend(left: ListTerm, right: ListTerm): ListTerm {
  return listTerm(left.elements.concat(right.elements));
}
