import type { Term } from '@commute/rholang';

/** The parts of a term that are terms, in the order in which the encoding has them. */
export function partsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'list':
    case 'tuple':
    case 'set':
      return term.elements;
    case 'map':
      return term.entries.flat();
    case 'unary':
      return [term.operand];
    case 'binary':
      return [term.left, term.right];
    case 'method':
      return [term.target, ...term.arguments];
    case 'send':
      return [term.channel, ...term.data];
    case 'receive': {
      const parts = term.binds.flatMap((bind) => [bind.channel, ...bind.patterns]);
      if (term.guard !== undefined) parts.push(term.guard);
      parts.push(term.body);
      return parts;
    }
    case 'new':
    case 'bundle':
      return [term.body];
    case 'match':
      return [
        term.target,
        ...term.cases.flatMap(({ pattern, guard, body }) =>
          guard === undefined ? [pattern, body] : [pattern, guard, body],
        ),
      ];
    case 'connective':
      return term.operands;
    case 'par':
      return term.parts;
    default:
      return [];
  }
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
