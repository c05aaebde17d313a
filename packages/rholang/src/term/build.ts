import { BaseError } from '@commute/errors';
import { compareTerms } from './compare.ts';
import { MAXIMUM_SIZE } from './term.ts';
import type {
  BigIntegerTerm,
  BinaryTerm,
  BooleanTerm,
  BoundTerm,
  BundleTerm,
  BytesTerm,
  ConnectiveTerm,
  FreeTerm,
  IntegerTerm,
  ListTerm,
  MapEntry,
  MapTerm,
  MatchCase,
  MatchTerm,
  MethodTerm,
  NewTerm,
  NilTerm,
  SendTerm,
  SetTerm,
  StringTerm,
  Term,
  TupleTerm,
  TypeTerm,
  UnaryTerm,
  UnforgeableTerm,
  UriTerm,
  WildcardTerm,
} from './term.ts';

/** Deepest term that can be built. Every pass over terms is safe at this depth on a stack of the default size. */
export const MAXIMUM_DEPTH = 512;

/** A term would be nested more deeply than {@link MAXIMUM_DEPTH}. */
export class TermDepthError extends BaseError<'RHOLANG_TERM_DEPTH_EXHAUSTED', { limit: number }> {
  constructor() {
    super('RHOLANG_TERM_DEPTH_EXHAUSTED', `depth of a term: expected at most ${String(MAXIMUM_DEPTH)}, got more`, {
      limit: MAXIMUM_DEPTH,
    });
  }
}

/** The depth above parts whose greatest depth is `depth`. */
export function above(depth: number): number {
  if (depth >= MAXIMUM_DEPTH) throw new TermDepthError();
  return depth + 1;
}

/** What several terms need together. */
export class Summary {
  scope = 0;
  isPattern = false;
  searches = false;
  depth = 0;
  size = 1;

  /** Counts a part that lies under `binders` further binders. */
  add(term: Term, binders = 0): this {
    const scope = term.scope - binders;
    if (scope > this.scope) this.scope = scope;
    if (term.isPattern) {
      this.isPattern = true;
      if (term.searches) this.searches = true;
    }
    if (term.depth > this.depth) this.depth = term.depth;
    this.size += term.size;
    return this;
  }

  /** Counts a part that is a pattern of its own, so that its variables do not make this term one. */
  addPattern(term: Term): this {
    if (term.scope > this.scope) this.scope = term.scope;
    if (term.depth > this.depth) this.depth = term.depth;
    this.size += term.size;
    return this;
  }

  addAll(terms: readonly Term[]): this {
    for (const term of terms) this.add(term);
    return this;
  }
}

const NIL: NilTerm = { kind: 'nil', scope: 0, isPattern: false, searches: false, depth: 1, size: 1, key: '' };
const WILDCARD: WildcardTerm = {
  kind: 'wildcard',
  scope: 0,
  isPattern: true,
  searches: false,
  depth: 1,
  size: 1,
  key: '',
};
const TRUE: BooleanTerm = {
  kind: 'boolean',
  value: true,
  scope: 0,
  isPattern: false,
  searches: false,
  depth: 1,
  size: 1,
  key: '',
};
const FALSE: BooleanTerm = {
  kind: 'boolean',
  value: false,
  scope: 0,
  isPattern: false,
  searches: false,
  depth: 1,
  size: 1,
  key: '',
};

/** `Nil`. */
export function nilTerm(): NilTerm {
  return NIL;
}

/** `_`. */
export function wildcardTerm(): WildcardTerm {
  return WILDCARD;
}

/** `true` or `false`. */
export function booleanTerm(value: boolean): BooleanTerm {
  return value ? TRUE : FALSE;
}

/** A 64-bit integer; `value` is taken modulo 2^64 into the signed range. */
export function integerTerm(value: bigint): IntegerTerm {
  return {
    kind: 'integer',
    value: BigInt.asIntN(64, value),
    scope: 0,
    isPattern: false,
    searches: false,
    depth: 1,
    size: 1,
    key: '',
  };
}

/** A big integer. */
export function bigIntegerTerm(value: bigint): BigIntegerTerm {
  const size = 1 + (value >> 64n === 0n || value >> 64n === -1n ? 0 : Math.ceil(value.toString(16).length / 16));
  return { kind: 'big-integer', value, scope: 0, isPattern: false, searches: false, depth: 1, size, key: '' };
}

/** A string. Lone surrogates become U+FFFD, so that the term has an UTF-8 form. */
export function stringTerm(value: string): StringTerm {
  const size = 1 + (value.length >> 3);
  return {
    kind: 'string',
    value: value.toWellFormed(),
    scope: 0,
    isPattern: false,
    searches: false,
    depth: 1,
    size,
    key: '',
  };
}

/** A URI. Lone surrogates become U+FFFD. */
export function uriTerm(value: string): UriTerm {
  const size = 1 + (value.length >> 3);
  return {
    kind: 'uri',
    value: value.toWellFormed(),
    scope: 0,
    isPattern: false,
    searches: false,
    depth: 1,
    size,
    key: '',
  };
}

/** Bytes. Keeps `value` itself, which must not change afterwards. */
export function bytesTerm(value: Uint8Array): BytesTerm {
  return {
    kind: 'bytes',
    value,
    scope: 0,
    isPattern: false,
    searches: false,
    depth: 1,
    size: 1 + (value.length >> 3),
    key: '',
  };
}

/** An unforgeable name. `id` has one character in `[0, 255]` per byte. */
export function unforgeableTerm(id: string): UnforgeableTerm {
  return { kind: 'unforgeable', id, scope: 0, isPattern: false, searches: false, depth: 1, size: 1, key: '' };
}

/** The variable bound `index` binders outside the innermost one. */
export function boundTerm(index: number): BoundTerm {
  return { kind: 'bound', index, scope: index + 1, isPattern: false, searches: false, depth: 1, size: 1, key: '' };
}

/** Variable number `index` of the enclosing pattern. */
export function freeTerm(index: number): FreeTerm {
  return { kind: 'free', index, scope: 0, isPattern: true, searches: false, depth: 1, size: 1, key: '' };
}

/** A type pattern. */
export function typeTerm(type: TypeTerm['type']): TypeTerm {
  return { kind: 'type', type, scope: 0, isPattern: true, searches: false, depth: 1, size: 1, key: '' };
}

function cap(size: number): number {
  return size < MAXIMUM_SIZE ? size : MAXIMUM_SIZE;
}

/** The parallel composition of `processes`: flattened, without `Nil`, sorted; one process alone is itself. */
export function parTerm(processes: readonly Term[]): Term {
  let parts: Term[] = [];
  for (const process of processes) {
    if (process.kind === 'par') {
      if (process.parts.length > 1000) parts = parts.concat(process.parts);
      else parts.push(...process.parts);
    } else if (process.kind !== 'nil') parts.push(process);
  }
  if (parts.length === 0) return NIL;
  if (parts.length === 1) return parts[0]!;
  parts.sort(compareTerms);
  const { scope, isPattern, depth, size } = new Summary().addAll(parts);
  return { kind: 'par', parts, scope, isPattern, searches: isPattern, depth: above(depth), size: cap(size), key: '' };
}

/** A send. */
export function sendTerm(channel: Term, data: readonly Term[], persistent = false): SendTerm {
  const { scope, isPattern, searches, depth, size } = new Summary().add(channel).addAll(data);
  return {
    kind: 'send',
    channel,
    data,
    persistent,
    scope,
    isPattern,
    searches,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** Fresh names over `body`; `uris` must be sorted. */
export function newTerm(fresh: number, uris: readonly string[], body: Term): NewTerm {
  const { scope, isPattern, searches, depth, size } = new Summary().add(body, fresh + uris.length);
  return { kind: 'new', fresh, uris, body, scope, isPattern, searches, depth: above(depth), size: cap(size), key: '' };
}

/** A match. */
export function matchTerm(target: Term, cases: readonly MatchCase[]): MatchTerm {
  const summary = new Summary().add(target);
  for (const one of cases) {
    summary.addPattern(one.pattern).add(one.body, one.variables);
    if (one.guard !== undefined) summary.add(one.guard, one.variables);
  }
  const { scope, isPattern, searches, depth, size } = summary;
  return { kind: 'match', target, cases, scope, isPattern, searches, depth: above(depth), size: cap(size), key: '' };
}

/** A bundle. A bundle of a bundle allows what both allow. */
export function bundleTerm(read: boolean, write: boolean, body: Term): BundleTerm {
  if (body.kind === 'bundle') return bundleTerm(read && body.read, write && body.write, body.body);
  const { scope, isPattern, searches, depth, size } = new Summary().add(body);
  return {
    kind: 'bundle',
    read,
    write,
    body,
    scope,
    isPattern,
    searches,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** A list. */
export function listTerm(elements: readonly Term[], remainder?: FreeTerm | WildcardTerm): ListTerm {
  const { scope, isPattern, searches, depth, size } = new Summary().addAll(elements);
  const pattern = isPattern || remainder !== undefined;
  return {
    kind: 'list',
    elements,
    remainder,
    scope,
    isPattern: pattern,
    searches,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** A tuple. */
export function tupleTerm(elements: readonly Term[]): TupleTerm {
  const { scope, isPattern, searches, depth, size } = new Summary().addAll(elements);
  return { kind: 'tuple', elements, scope, isPattern, searches, depth: above(depth), size: cap(size), key: '' };
}

/** A set of `elements` in any order; equal elements count once, unless they are patterns, which match one element each. */
export function setTerm(elements: readonly Term[], remainder?: FreeTerm | WildcardTerm): SetTerm {
  const sorted = [...elements].sort(compareTerms);
  const unique = sorted.filter(
    (element, index) => index === 0 || element.isPattern || compareTerms(sorted[index - 1]!, element) !== 0,
  );
  return sortedSetTerm(unique, remainder);
}

/** A set of elements that are sorted and distinct already. */
export function sortedSetTerm(elements: readonly Term[], remainder?: FreeTerm | WildcardTerm): SetTerm {
  const { scope, isPattern, depth, size } = new Summary().addAll(elements);
  const pattern = isPattern || remainder !== undefined;
  return {
    kind: 'set',
    elements,
    remainder,
    scope,
    isPattern: pattern,
    searches: pattern,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** A map of `entries` in any order; of equal keys the last counts. */
export function mapTerm(entries: readonly MapEntry[], remainder?: FreeTerm | WildcardTerm): MapTerm {
  const sorted = [...entries].sort((left, right) => compareTerms(left[0], right[0]));
  const unique = sorted.filter((entry, index) => {
    const next = sorted[index + 1];
    return next === undefined || entry[0].isPattern || compareTerms(entry[0], next[0]) !== 0;
  });
  return sortedMapTerm(unique, remainder);
}

/** A map of entries that are sorted by distinct keys already. */
export function sortedMapTerm(entries: readonly MapEntry[], remainder?: FreeTerm | WildcardTerm): MapTerm {
  const summary = new Summary();
  for (const [key, value] of entries) summary.add(key).add(value);
  const { scope, isPattern, depth, size } = summary;
  const pattern = isPattern || remainder !== undefined;
  return {
    kind: 'map',
    entries,
    remainder,
    scope,
    isPattern: pattern,
    searches: pattern,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** A prefix operator. */
export function unaryTerm(operator: UnaryTerm['operator'], operand: Term): UnaryTerm {
  const { scope, isPattern, searches, depth, size } = new Summary().add(operand);
  return {
    kind: 'unary',
    operator,
    operand,
    scope,
    isPattern,
    searches,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** An infix operator. */
export function binaryTerm(operator: BinaryTerm['operator'], left: Term, right: Term): BinaryTerm {
  const summary = new Summary().add(left);
  if (operator === 'matches') summary.addPattern(right);
  else summary.add(right);
  const { scope, isPattern, searches, depth, size } = summary;
  return {
    kind: 'binary',
    operator,
    left,
    right,
    scope,
    isPattern,
    searches,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}

/** A method call. */
export function methodTerm(target: Term, method: string, parameters: readonly Term[]): MethodTerm {
  const { scope, isPattern, searches, depth, size } = new Summary().add(target).addAll(parameters);
  const shared = { scope, isPattern, searches, depth: above(depth), size: cap(size), key: '' };
  return { kind: 'method', target, method, arguments: parameters, ...shared };
}

/** A connective. Operands of `and` and `or` are flattened and sorted, and those that are no patterns counted once. */
export function connectiveTerm(connective: ConnectiveTerm['connective'], operands: readonly Term[]): Term {
  let all = operands;
  if (connective !== 'not') {
    const flat = operands.flatMap((one) =>
      one.kind === 'connective' && one.connective === connective ? one.operands : [one],
    );
    flat.sort(compareTerms);
    all = flat.filter((one, index) => index === 0 || one.isPattern || compareTerms(flat[index - 1]!, one) !== 0);
    if (all.length === 1) return all[0]!;
  }
  const { scope, searches, depth, size } = new Summary().addAll(all);
  return {
    kind: 'connective',
    connective,
    operands: all,
    scope,
    isPattern: true,
    searches: connective === 'and' && searches,
    depth: above(depth),
    size: cap(size),
    key: '',
  };
}
