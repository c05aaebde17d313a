import {
  binaryTerm,
  bundleTerm,
  encodeTermBinary,
  equalTerms,
  freeTerm,
  mapVariables,
  methodTerm,
  sendTerm,
  tupleTerm,
  unaryTerm,
  wildcardTerm,
  type Term,
} from '@commute/rholang';

/** The elements of a list of at least `length` elements, with `_` for those without a pattern. */
export function padded(elements: readonly Term[], length: number): readonly Term[] {
  if (elements.length === length) return elements;
  return [...elements, ...new Array<Term>(length - elements.length).fill(wildcardTerm())];
}

/** The pattern with all its variables numbered 0, so that patterns that differ in numbers alone are equal. */
export function withoutNumbers(pattern: Term): Term {
  return mapVariables(pattern, () => freeTerm(0));
}

/** Largest patterns that are compared as texts. */
const MAXIMUM_TEXT = 10_000;

/** Tells whether two patterns differ in the numbers of their variables at most. */
export function isSameText(left: Term, right: Term): boolean {
  if (left.size !== right.size || left.size > MAXIMUM_TEXT) return false;
  return equalTerms(withoutNumbers(left), withoutNumbers(right));
}

/** What terms of one form must share to have their parts compared. */
export function shapeOf(term: Term): string {
  switch (term.kind) {
    case 'tuple':
      return String(term.elements.length);
    case 'send':
      return `${String(term.data.length)} ${String(term.persistent)}`;
    case 'bundle':
      return `${String(term.read)} ${String(term.write)}`;
    case 'unary':
      return term.operator;
    case 'binary':
      // The right side of `matches` is a pattern of its own.
      return term.operator === 'matches' ? `matches ${encodeTermBinary(term.right)}` : term.operator;
    case 'method':
      return `${String(term.arguments.length)} ${term.method}`;
    default:
      return '';
  }
}

/** The parts of a term that match one by one. */
export function componentsOf(term: Term): readonly Term[] {
  switch (term.kind) {
    case 'tuple':
      return term.elements;
    case 'send':
      return [term.channel, ...term.data];
    case 'bundle':
      return [term.body];
    case 'unary':
      return [term.operand];
    case 'binary':
      return term.operator === 'matches' ? [term.left] : [term.left, term.right];
    case 'method':
      return [term.target, ...term.arguments];
    default:
      return [];
  }
}

/** A term of the same shape with other parts. */
export function rebuilt(like: Term, parts: readonly Term[]): Term {
  const [first, ...rest] = parts;
  switch (like.kind) {
    case 'tuple':
      return tupleTerm(parts);
    case 'send':
      return sendTerm(first!, rest, like.persistent);
    case 'bundle':
      return bundleTerm(like.read, like.write, first!);
    case 'unary':
      return unaryTerm(like.operator, first!);
    case 'binary':
      return binaryTerm(like.operator, first!, rest[0] ?? like.right);
    case 'method':
      return methodTerm(first!, like.method, rest);
    default:
      return like;
  }
}

/** Tells whether the parts of a term stay apart whatever its outer variables stand for: elements of sets may become equal, bundles collapse. */
export function keepsParts({ kind, scope }: Term): boolean {
  return scope === 0 || kind === 'list' || kind === 'tuple' || kind === 'send';
}
