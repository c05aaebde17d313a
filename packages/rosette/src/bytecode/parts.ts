import { forEachPart, type Term } from '@commute/rholang';

/** The parts of a term that are terms, in the order in which the encoding has them. */
export function partsOf(term: Term): readonly Term[] {
  const parts: Term[] = [];
  forEachPart(term, (part) => {
    parts.push(part);
  });
  return parts;
}

/** A term and everything in it, in preorder. */
export function preorder(term: Term): Term[] {
  const found: Term[] = [];
  const open: Term[] = [term];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next);
    const parts = partsOf(next);
    for (let index = parts.length - 1; index >= 0; index -= 1) open.push(parts[index]!);
  }
  return found;
}
