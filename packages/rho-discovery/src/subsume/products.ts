import { listTerm, type ListTerm, type Term } from '@commute/rholang';
import { componentsOf, padded, rebuilt, shapeOf } from './components.ts';
import { best, EMPTY, found, UNDECIDED, type Inhabitants, type Outcome } from './outcome.ts';

/** Most patterns to keep out of at a time, beyond those that one part rules out. */
const MAXIMUM_EXCLUDED = 16;

/** Terms of a fixed number of parts. */
export function shaped(search: Inhabitants, own: readonly Term[], against: readonly Term[]): Outcome {
  const [first] = own;
  const shape = shapeOf(first!);
  if (own.some((term) => shapeOf(term) !== shape)) return EMPTY;
  const same = against.filter((term) => shapeOf(term) === shape);
  const build = (parts: readonly Term[]): Term => rebuilt(first!, parts);
  return product(search, own.map(componentsOf), same.map(componentsOf), build);
}

export function lists(search: Inhabitants, own: readonly ListTerm[], against: readonly ListTerm[]): Outcome {
  let least = 0;
  let most = Infinity;
  for (const { elements, remainder } of own) {
    least = Math.max(least, elements.length);
    if (remainder === undefined) most = Math.min(most, elements.length);
  }
  // Beyond the longest pattern all lengths behave alike.
  let longest = least;
  for (const { elements } of against) longest = Math.max(longest, elements.length);
  most = Math.min(most, longest + 1);
  const at = (length: number, lists: readonly ListTerm[]): (readonly Term[])[] =>
    lists
      .filter(({ elements, remainder }) =>
        remainder === undefined ? elements.length === length : elements.length <= length,
      )
      .map(({ elements }) => padded(elements, length));
  let result: Outcome = EMPTY;
  for (let length = least; length <= most; length += 1) {
    search.spend(1 + length * (1 + own.length + against.length));
    const build = (parts: readonly Term[]): Term => listTerm(parts);
    result = best(result, () => product(search, at(length, own), at(length, against), build));
    if (result.kind === 'found') return result;
  }
  return result;
}

/**
 * Rows of `width` parts: one that is in all rows of `wanted`, part by part, and in none of `unwanted` in all its parts.
 *
 * @param wanted - at least one row.
 */
export function product(
  search: Inhabitants,
  wanted: readonly (readonly Term[])[],
  unwanted: readonly (readonly Term[])[],
  build: (parts: readonly Term[]) => Term,
): Outcome {
  const width = wanted[0]!.length;
  search.spend(1 + width * (wanted.length + unwanted.length));
  const columns = Array.from({ length: width }, (_, column) => wanted.map((row) => row[column]!));
  const relevant: (readonly Term[])[] = [];
  if (unwanted.length === 1) relevant.push(unwanted[0]!);
  else
    for (const row of unwanted) {
      let covers = true;
      let apart = false;
      for (let column = 0; column < width && !apart; column += 1) {
        const part = row[column]!;
        if (search.isUniversal(part)) continue;
        apart = search.find([...columns[column]!, part], []).kind === 'empty';
        covers &&= search.find(columns[column]!, [part]).kind === 'empty';
      }
      if (apart) continue;
      if (covers) return EMPTY;
      if (relevant.length < MAXIMUM_EXCLUDED) relevant.push(row);
    }
  const excluded = columns.map((): readonly Term[] => []);
  const parts: (Outcome | undefined)[] = columns.map(() => undefined);
  return avoid(search, columns, excluded, parts, relevant, 0, build);
}

/** Keeps out of the rows from `next` on by one part each, trying each part. */
function avoid(
  search: Inhabitants,
  columns: readonly (readonly Term[])[],
  excluded: readonly (readonly Term[])[],
  parts: readonly (Outcome | undefined)[],
  rows: readonly (readonly Term[])[],
  next: number,
  build: (parts: readonly Term[]) => Term,
): Outcome {
  const row = rows[next];
  if (row === undefined) {
    const terms: Term[] = [];
    let undecided = false;
    for (const [column, known] of parts.entries()) {
      const outcome = known ?? search.find(columns[column]!, excluded[column]!);
      if (outcome.kind === 'empty') return EMPTY;
      if (outcome.kind === 'found') terms.push(outcome.term);
      else undecided = true;
    }
    return undecided ? UNDECIDED : found(build(terms));
  }
  let result: Outcome = EMPTY;
  for (const [column, part] of row.entries()) {
    if (search.isUniversal(part)) continue;
    const more = [...excluded[column]!, part];
    const outcome = search.find(columns[column]!, more);
    if (outcome.kind === 'empty') continue;
    result = best(result, () =>
      avoid(search, columns, excluded.with(column, more), parts.with(column, outcome), rows, next + 1, build),
    );
    if (result.kind === 'found') return result;
  }
  return result;
}
