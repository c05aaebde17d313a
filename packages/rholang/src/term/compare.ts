import { BINARY_OPERATORS, KIND_TAG, SIMPLE_TYPES, type Bind, type MatchCase, type Term } from './term.ts';

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareNumbers(left: number, right: number): number {
  return left - right;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareOptional(left: Term | undefined, right: Term | undefined): number {
  if (left === undefined) return right === undefined ? 0 : -1;
  return right === undefined ? 1 : compareTerms(left, right);
}

function compareLists(left: readonly Term[], right: readonly Term[]): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = compareTerms(left[index]!, right[index]!);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Orders binds as a receive sorts them: by channel, patterns, remainder, peek. */
export function compareBinds(left: Bind, right: Bind): number {
  return (
    compareTerms(left.channel, right.channel) ||
    compareLists(left.patterns, right.patterns) ||
    compareOptional(left.remainder, right.remainder) ||
    Number(left.peek) - Number(right.peek)
  );
}

function compareCases(left: MatchCase, right: MatchCase): number {
  return (
    compareTerms(left.pattern, right.pattern) ||
    compareOptional(left.guard, right.guard) ||
    compareTerms(left.body, right.body)
  );
}

function compareAll<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): number {
  if (left.length !== right.length) return left.length - right.length;
  for (let index = 0; index < left.length; index += 1) {
    const difference = compare(left[index]!, right[index]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The canonical order of terms: by kind, then by parts. Integers by value, text by code units, lists by elements.
 *
 * Total, and 0 exactly for equal terms. Takes time proportional to the part that is equal.
 *
 * @returns negative, 0 or positive.
 * @example
 * ```ts
 * import { compareTerms, integerTerm } from '@commute/rholang';
 * if (compareTerms(integerTerm(2n), integerTerm(10n)) >= 0) throw new Error('unexpected order');
 * ```
 */
export function compareTerms(left: Term, right: Term): number {
  if (left === right) return 0;
  if (left.key !== '' && left.key === right.key) return 0;
  switch (left.kind) {
    case 'nil':
    case 'wildcard':
      if (right.kind === left.kind) return 0;
      break;
    case 'boolean':
      if (right.kind === 'boolean') return Number(left.value) - Number(right.value);
      break;
    case 'integer':
    case 'big-integer':
      if (right.kind === left.kind) return left.value < right.value ? -1 : left.value > right.value ? 1 : 0;
      break;
    case 'string':
    case 'uri':
      if (right.kind === left.kind) return compareText(left.value, right.value);
      break;
    case 'bytes':
      if (right.kind === 'bytes') return compareBytes(left.value, right.value);
      break;
    case 'unforgeable':
      if (right.kind === 'unforgeable') return compareText(left.id, right.id);
      break;
    case 'bound':
    case 'free':
      if (right.kind === left.kind) return compareNumbers(left.index, right.index);
      break;
    case 'type':
      if (right.kind === 'type') return SIMPLE_TYPES.indexOf(left.type) - SIMPLE_TYPES.indexOf(right.type);
      break;
    default:
      if (right.kind === left.kind) return compareCompounds(left, right);
  }
  return KIND_TAG[left.kind] - KIND_TAG[right.kind];
}

function compareCompounds(left: Term, right: Term): number {
  if (left.kind === 'list' && right.kind === 'list') {
    return compareLists(left.elements, right.elements) || compareOptional(left.remainder, right.remainder);
  }
  if (left.kind === 'tuple' && right.kind === 'tuple') return compareLists(left.elements, right.elements);
  if (left.kind === 'send' && right.kind === 'send') {
    return (
      compareTerms(left.channel, right.channel) ||
      compareLists(left.data, right.data) ||
      Number(left.persistent) - Number(right.persistent)
    );
  }
  if (left.kind === 'par' && right.kind === 'par') return compareLists(left.parts, right.parts);
  if (left.kind === 'set' && right.kind === 'set') {
    return compareLists(left.elements, right.elements) || compareOptional(left.remainder, right.remainder);
  }
  if (left.kind === 'map' && right.kind === 'map') {
    const entries = compareAll(
      left.entries,
      right.entries,
      (a, b) => compareTerms(a[0], b[0]) || compareTerms(a[1], b[1]),
    );
    return entries || compareOptional(left.remainder, right.remainder);
  }
  if (left.kind === 'receive' && right.kind === 'receive') {
    return (
      compareAll(left.binds, right.binds, compareBinds) ||
      Number(left.persistent) - Number(right.persistent) ||
      compareOptional(left.guard, right.guard) ||
      compareTerms(left.body, right.body)
    );
  }
  if (left.kind === 'match' && right.kind === 'match') {
    return compareTerms(left.target, right.target) || compareAll(left.cases, right.cases, compareCases);
  }
  if (left.kind === 'new' && right.kind === 'new') {
    return (
      left.fresh - right.fresh || compareAll(left.uris, right.uris, compareText) || compareTerms(left.body, right.body)
    );
  }
  if (left.kind === 'bundle' && right.kind === 'bundle') {
    return (
      Number(left.read) - Number(right.read) ||
      Number(left.write) - Number(right.write) ||
      compareTerms(left.body, right.body)
    );
  }
  return compareExpressions(left, right);
}

function compareExpressions(left: Term, right: Term): number {
  if (left.kind === 'unary' && right.kind === 'unary') {
    return compareText(left.operator, right.operator) || compareTerms(left.operand, right.operand);
  }
  if (left.kind === 'binary' && right.kind === 'binary') {
    return (
      BINARY_OPERATORS.indexOf(left.operator) - BINARY_OPERATORS.indexOf(right.operator) ||
      compareTerms(left.left, right.left) ||
      compareTerms(left.right, right.right)
    );
  }
  if (left.kind === 'method' && right.kind === 'method') {
    return (
      compareText(left.method, right.method) ||
      compareTerms(left.target, right.target) ||
      compareLists(left.arguments, right.arguments)
    );
  }
  if (left.kind === 'connective' && right.kind === 'connective') {
    return compareText(left.connective, right.connective) || compareLists(left.operands, right.operands);
  }
  return KIND_TAG[left.kind] - KIND_TAG[right.kind];
}

/**
 * Tells whether two terms are equal, that is, whether the programs they stand for are structurally equivalent.
 *
 * @example
 * ```ts
 * import { equalTerms, integerTerm, parTerm, nilTerm } from '@commute/rholang';
 * if (!equalTerms(parTerm([nilTerm(), integerTerm(1n)]), integerTerm(1n))) throw new Error('Nil counts');
 * ```
 */
export function equalTerms(left: Term, right: Term): boolean {
  return left === right || (left.kind === right.kind && left.size === right.size && compareTerms(left, right) === 0);
}
