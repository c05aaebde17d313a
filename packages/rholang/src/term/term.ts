/**
 * Terms in normal form: nameless, flattened and sorted, so that equal programs are equal terms.
 *
 * Names and processes share one type: a name is the term it quotes, `@P` is `P` and `*x` is `x`. Variables are de Bruijn
 * indices: `bound` 0 is the variable bound last. A pattern numbers its own variables as `free` 0, 1, … in the order in which
 * they stand. Build terms with the functions of `build.ts` only; they keep the normal form.
 *
 * @module
 */

/** What every term carries besides its own parts. All of it follows from the parts. */
export interface TermBase {
  /** How many enclosing binders the term needs; 0 if it is closed. */
  readonly scope: number;
  /** True if the term has free variables, wildcards, connectives or remainders of its own, that is, matches more than itself. */
  readonly isPattern: boolean;
  /** True for patterns that may match one term in several ways: those with parallel parts, sets, maps or receives to search. */
  readonly searches: boolean;
  /** Longest path to a leaf; a leaf has 1. */
  readonly depth: number;
  /** Number of nodes as a tree, capped at {@link MAXIMUM_SIZE}. */
  readonly size: number;
  /** Cache of the key; `''` until it is asked for. Owned by `encode.ts`. */
  key: string;
}

/** Where `size` stops counting. */
export const MAXIMUM_SIZE: number = 2 ** 40;

/** The process that does nothing. */
export interface NilTerm extends TermBase {
  readonly kind: 'nil';
}

/** Two or more processes side by side, sorted, none of them `nil` or `par`. */
export interface ParTerm extends TermBase {
  readonly kind: 'par';
  readonly parts: readonly Term[];
}

/** A message on a channel. */
export interface SendTerm extends TermBase {
  readonly kind: 'send';
  readonly channel: Term;
  readonly data: readonly Term[];
  readonly persistent: boolean;
}

/** One channel of a receive with the patterns for the parts of its message. */
export interface Bind {
  readonly channel: Term;
  /** One pattern for each part; their variables are numbered from 0 within the bind. */
  readonly patterns: readonly Term[];
  /** What takes the remaining parts as a list: `free`, `wildcard`, or nothing. */
  readonly remainder: FreeTerm | WildcardTerm | undefined;
  /** Number of variables that the patterns and the remainder bind. */
  readonly variables: number;
  /** True if the message is read and stays. */
  readonly peek: boolean;
}

/** A receive of one message from each of its binds, which are sorted. The variables of the last bind are bound last. */
export interface ReceiveTerm extends TermBase {
  readonly kind: 'receive';
  readonly binds: readonly Bind[];
  readonly persistent: boolean;
  /** Under the variables of all binds: fires only where this evaluates to `true`. */
  readonly guard: Term | undefined;
  /** Under the variables of all binds. */
  readonly body: Term;
  /** Sum of the variables of the binds. */
  readonly variables: number;
}

/** Fresh names. The fresh names without a URI are bound first, then those with, in the order of the URIs. */
export interface NewTerm extends TermBase {
  readonly kind: 'new';
  /** Number of names without a URI. */
  readonly fresh: number;
  /** Sorted URIs of the other names. */
  readonly uris: readonly string[];
  readonly body: Term;
}

/** One case of a match. */
export interface MatchCase {
  readonly pattern: Term;
  /** Number of variables that the pattern binds. */
  readonly variables: number;
  readonly guard: Term | undefined;
  readonly body: Term;
}

/** The first case that matches the target and whose guard holds. */
export interface MatchTerm extends TermBase {
  readonly kind: 'match';
  readonly target: Term;
  readonly cases: readonly MatchCase[];
}

/** A process behind a limit on what its holder may do with it as a name. */
export interface BundleTerm extends TermBase {
  readonly kind: 'bundle';
  readonly read: boolean;
  readonly write: boolean;
  readonly body: Term;
}

/** `true` or `false`. */
export interface BooleanTerm extends TermBase {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** A 64-bit signed integer. */
export interface IntegerTerm extends TermBase {
  readonly kind: 'integer';
  readonly value: bigint;
}

/** An integer of any size. */
export interface BigIntegerTerm extends TermBase {
  readonly kind: 'big-integer';
  readonly value: bigint;
}

/** A string of Unicode text; lone surrogates are replaced when it is built. */
export interface StringTerm extends TermBase {
  readonly kind: 'string';
  readonly value: string;
}

/** A URI. */
export interface UriTerm extends TermBase {
  readonly kind: 'uri';
  readonly value: string;
}

/** Bytes. The array belongs to the term and must not change. */
export interface BytesTerm extends TermBase {
  readonly kind: 'bytes';
  readonly value: Uint8Array;
}

/** A name that nobody can write down. `id` has one character in `[0, 255]` per byte, usually 32. */
export interface UnforgeableTerm extends TermBase {
  readonly kind: 'unforgeable';
  readonly id: string;
}

/** A list, with a remainder only in patterns. */
export interface ListTerm extends TermBase {
  readonly kind: 'list';
  readonly elements: readonly Term[];
  readonly remainder: FreeTerm | WildcardTerm | undefined;
}

/** A tuple. */
export interface TupleTerm extends TermBase {
  readonly kind: 'tuple';
  readonly elements: readonly Term[];
}

/** A set: sorted, each element once. */
export interface SetTerm extends TermBase {
  readonly kind: 'set';
  readonly elements: readonly Term[];
  readonly remainder: FreeTerm | WildcardTerm | undefined;
}

/** One entry of a map. */
export type MapEntry = readonly [key: Term, value: Term];

/** A map: sorted by key, each key once. */
export interface MapTerm extends TermBase {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
  readonly remainder: FreeTerm | WildcardTerm | undefined;
}

/** A variable of an enclosing binder, counted from the innermost. */
export interface BoundTerm extends TermBase {
  readonly kind: 'bound';
  readonly index: number;
}

/** A variable of the pattern that it stands in. */
export interface FreeTerm extends TermBase {
  readonly kind: 'free';
  readonly index: number;
}

/** `_`, which matches anything. */
export interface WildcardTerm extends TermBase {
  readonly kind: 'wildcard';
}

/** A prefix operator. */
export interface UnaryTerm extends TermBase {
  readonly kind: 'unary';
  readonly operator: 'not' | '-';
  readonly operand: Term;
}

/** The infix operators. The right side of `matches` is a pattern whose variables bind nothing. */
export const BINARY_OPERATORS = [
  'or',
  '||',
  'and',
  '&&',
  'matches',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '++',
  '--',
  '*',
  '/',
  '%',
  '%%',
] as const;

/** An infix operator. */
export interface BinaryTerm extends TermBase {
  readonly kind: 'binary';
  readonly operator: (typeof BINARY_OPERATORS)[number];
  readonly left: Term;
  readonly right: Term;
}

/** A method call. */
export interface MethodTerm extends TermBase {
  readonly kind: 'method';
  readonly target: Term;
  readonly method: string;
  readonly arguments: readonly Term[];
}

/** The connectives `/\`, `\/` and `~` of patterns. `not` has one operand, the others two or more. */
export interface ConnectiveTerm extends TermBase {
  readonly kind: 'connective';
  readonly connective: 'and' | 'or' | 'not';
  readonly operands: readonly Term[];
}

/** The type patterns. */
export const SIMPLE_TYPES = ['Bool', 'Int', 'BigInt', 'String', 'Uri', 'ByteArray'] as const;

/** A type pattern. */
export interface TypeTerm extends TermBase {
  readonly kind: 'type';
  readonly type: (typeof SIMPLE_TYPES)[number];
}

/** A term in normal form. */
export type Term =
  | NilTerm
  | ParTerm
  | SendTerm
  | ReceiveTerm
  | NewTerm
  | MatchTerm
  | BundleTerm
  | BooleanTerm
  | IntegerTerm
  | BigIntegerTerm
  | StringTerm
  | UriTerm
  | BytesTerm
  | UnforgeableTerm
  | ListTerm
  | TupleTerm
  | SetTerm
  | MapTerm
  | BoundTerm
  | FreeTerm
  | WildcardTerm
  | UnaryTerm
  | BinaryTerm
  | MethodTerm
  | ConnectiveTerm
  | TypeTerm;

/** The rank of each kind in the canonical order, which is also its tag in the encoding. Never renumber. */
export const KIND_TAG: Readonly<Record<Term['kind'], number>> = {
  nil: 0,
  boolean: 1,
  integer: 2,
  'big-integer': 3,
  string: 4,
  uri: 5,
  bytes: 6,
  unforgeable: 7,
  list: 8,
  tuple: 9,
  set: 10,
  map: 11,
  bound: 12,
  free: 13,
  wildcard: 14,
  unary: 15,
  binary: 16,
  method: 17,
  send: 18,
  receive: 19,
  new: 20,
  match: 21,
  bundle: 22,
  connective: 23,
  type: 24,
  par: 25,
};
