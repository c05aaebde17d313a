import {
  bigIntegerTerm,
  bytesTerm,
  connectiveTerm,
  integerTerm,
  listTerm,
  stringTerm,
  uriTerm,
  wildcardTerm,
  type Bind,
  type ListTerm,
  type ParTerm,
  type Term,
  type TypeTerm,
} from '@commute/rholang';

/** Tells whether a pattern matches every closed term. */
export function isUniversal(pattern: Term): boolean {
  if (pattern.kind === 'free' || pattern.kind === 'wildcard') return true;
  if (pattern.kind === 'par') return pattern.parts.every(isUniversal);
  if (pattern.kind !== 'connective') return false;
  if (pattern.connective === 'not') return false;
  return pattern.connective === 'and'
    ? pattern.operands.every(isUniversal)
    : pattern.operands.some((operand) => isUniversal(operand));
}

/**
 * The pattern of a whole message: a list of the patterns of its parts, open if a remainder takes the others. It matches the list of the
 * parts exactly if the bind takes the message.
 *
 * @example
 * ```ts
 * import { freeTerm, printTerm, typeTerm } from '@commute/rholang';
 * import { messagePattern } from '@commute/rho-discovery';
 * const pattern = messagePattern({ patterns: [typeTerm('Int'), freeTerm(0)], remainder: undefined });
 * if (printTerm(pattern) !== '[Int, x0]') throw new Error('unexpected pattern');
 * ```
 */
export function messagePattern({ patterns, remainder }: Pick<Bind, 'patterns' | 'remainder'>): ListTerm {
  return listTerm(patterns, remainder === undefined ? undefined : wildcardTerm());
}

/** A pattern that matches what any of `patterns` matches; at least one. */
export function anyOf(patterns: readonly Term[]): Term {
  return patterns.some(isUniversal) ? wildcardTerm() : connectiveTerm('or', patterns);
}

/** What one process is, as far as matching goes: patterns of different forms never match the same process. */
export type Form = Exclude<Term['kind'], 'type' | 'connective' | 'free' | 'wildcard' | 'bound' | 'par'>;

const FORM_OF_TYPE: Readonly<Record<TypeTerm['type'], Form>> = {
  Bool: 'boolean',
  Int: 'integer',
  BigInt: 'big-integer',
  String: 'string',
  Uri: 'uri',
  ByteArray: 'bytes',
};

/** The form of all that a pattern matches; `undefined` if there are several or it is not known. */
export function formOf(pattern: Term): Form | undefined {
  switch (pattern.kind) {
    case 'type':
      return FORM_OF_TYPE[pattern.type];
    case 'connective':
    case 'free':
    case 'wildcard':
    case 'bound':
    case 'par':
      return undefined;
    case 'unary':
    case 'binary':
    case 'method':
      // With a value for an outer variable it may become that of the operation.
      return pattern.scope > 0 ? undefined : pattern.kind;
    default:
      return pattern.kind;
  }
}

/** Values of a form without bound, one after the other; nothing for forms that are no types. */
export function valueOf(form: Form, index: number): Term | undefined {
  switch (form) {
    case 'integer':
      return integerTerm(BigInt(index));
    case 'big-integer':
      return bigIntegerTerm(BigInt(index));
    case 'string':
      return stringTerm(index === 0 ? '' : `s${String(index)}`);
    case 'uri':
      return uriTerm(`uri:${String(index)}`);
    case 'bytes':
      return bytesTerm(Uint8Array.from(index === 0 ? [] : [index & 255, (index >> 8) & 255, index >> 16]));
    default:
      return undefined;
  }
}

/** Parts of a parallel pattern, by how many processes they take. */
export interface PatternParts {
  /** Each takes exactly one process. */
  readonly single: readonly Term[];
  /** Connectives, which may take any number. */
  readonly connectives: readonly Term[];
  /** True if a variable or `_` takes all others. */
  readonly open: boolean;
}

/** Sorts the parts of a parallel pattern; one pattern alone counts as one part. */
export function partsOf(pattern: ParTerm | Term): PatternParts {
  const parts = pattern.kind === 'par' ? pattern.parts : pattern.kind === 'nil' ? [] : [pattern];
  return {
    single: parts.filter((part) => part.kind !== 'connective' && part.kind !== 'free' && part.kind !== 'wildcard'),
    connectives: parts.filter((part) => part.kind === 'connective'),
    open: parts.some((part) => part.kind === 'free' || part.kind === 'wildcard'),
  };
}
