import {
  bundleTerm,
  connectiveTerm,
  evaluateTerm,
  freeTerm,
  listTerm,
  mapTerm,
  mapVariables,
  setTerm,
  tupleTerm,
  typeTerm,
  wildcardTerm,
  type BinaryTerm,
  type MethodTerm,
  type Term,
  type TypeTerm,
} from '@commute/rholang';
import { formOf, isUniversal, type Form } from '../subsume/pattern.ts';
import { subsumes } from '../subsume/subsumes.ts';

/** A shape is a closed pattern that matches every value that may be there. This one is of values that never are. */
export const NEVER: Term = connectiveTerm('not', [wildcardTerm()]);
/** The shape of values of which nothing is known. */
export const ANY: Term = wildcardTerm();

/** Largest shape, in nodes; what is larger is described by its form alone. */
const MAXIMUM_SHAPE = 200;
/** Most alternatives of a shape. */
const MAXIMUM_ALTERNATIVES = 8;
/** Most literals of one type among them. */
const MAXIMUM_LITERALS = 4;
const JOIN_BUDGET = 500;

const TYPES: Partial<Record<Form, TypeTerm['type']>> = {
  boolean: 'Bool',
  integer: 'Int',
  'big-integer': 'BigInt',
  string: 'String',
  uri: 'Uri',
  bytes: 'ByteArray',
};

const INT: Term = typeTerm('Int');
const BIG_INT: Term = typeTerm('BigInt');
const STRING: Term = typeTerm('String');
const BOOL: Term = typeTerm('Bool');
const BYTES: Term = typeTerm('ByteArray');
const LIST: Term = listTerm([], wildcardTerm());
const SET: Term = setTerm([], wildcardTerm());
const MAP: Term = mapTerm([], wildcardTerm());

/** Tells whether a shape is of no value at all. */
export function isNever(shape: Term): boolean {
  return shape.kind === 'connective' && shape.connective === 'not' && isUniversal(shape.operands[0]!);
}

/** The widest shape of a form. */
function widest(form: Form | undefined): Term {
  if (form === undefined) return ANY;
  const type = TYPES[form];
  if (type !== undefined) return typeTerm(type);
  return form === 'list' ? LIST : form === 'set' ? SET : form === 'map' ? MAP : ANY;
}

/** A shape that is small enough to work with. */
function capped(shape: Term): Term {
  return shape.size <= MAXIMUM_SHAPE ? shape : widest(formOf(shape));
}

function alternatives(shape: Term): readonly Term[] {
  return shape.kind === 'connective' && shape.connective === 'or' ? shape.operands : [shape];
}

/** The shape of values that have one of two shapes. */
export function join(left: Term, right: Term): Term {
  return joinAll([left, right]);
}

/** The shape of values that have one of several shapes. */
export function joinAll(shapes: readonly Term[]): Term {
  let kept: Term[] = [];
  for (const shape of shapes.flatMap(alternatives)) {
    if (isNever(shape) || kept.some((one) => subsumes(one, shape, JOIN_BUDGET).verdict === 'yes')) continue;
    kept = [...kept.filter((one) => subsumes(shape, one, JOIN_BUDGET).verdict !== 'yes'), shape];
    if (kept.length > MAXIMUM_ALTERNATIVES) kept = widened(kept, 0);
  }
  kept = widened(kept, MAXIMUM_LITERALS);
  if (kept.length === 0) return NEVER;
  return kept.some(isUniversal) ? ANY : capped(connectiveTerm('or', kept));
}

/** Replaces the alternatives of a form that has more than `most` by its widest shape. */
function widened(shapes: readonly Term[], most: number): Term[] {
  const counts = new Map<Form | undefined, number>();
  for (const shape of shapes) {
    const form = formOf(shape);
    counts.set(form, (counts.get(form) ?? 0) + 1);
  }
  const kept = shapes.filter((shape) => counts.get(formOf(shape))! <= most);
  const wide = [...counts].filter(([, count]) => count > most).map(([form]) => widest(form));
  return wide.some(isUniversal) ? [ANY] : [...kept, ...wide];
}

/** The shape of values that have both shapes. */
export function meet(left: Term, right: Term): Term {
  if (isUniversal(left)) return right;
  if (isUniversal(right)) return left;
  if (subsumes(left, right, JOIN_BUDGET).verdict === 'yes') return right;
  if (subsumes(right, left, JOIN_BUDGET).verdict === 'yes') return left;
  return capped(connectiveTerm('and', [left, right]));
}

/** The shape of what a pattern matches: itself, if it refers to nothing outside and is small. */
export function shapeOfPattern(pattern: Term): Term {
  if (pattern.scope > 0) return pattern.isPattern || pattern.kind !== 'bound' ? widest(openForm(pattern)) : ANY;
  if (isUniversal(pattern)) return ANY;
  return capped(mapVariables(pattern, () => freeTerm(0)));
}

/** The form of a pattern with outer variables, as far as no value of theirs can change it. */
function openForm(pattern: Term): Form | undefined {
  return pattern.kind === 'list' || pattern.kind === 'set' || pattern.kind === 'map' ? pattern.kind : undefined;
}

function everyForm(shape: Term, form: Form): boolean {
  return alternatives(shape).every((one) => formOf(one) === form);
}

/** Tells whether a value of this shape may have a form. */
export function mayHave(shape: Term, form: Form): boolean {
  return alternatives(shape).some((one) => {
    const own = formOf(one);
    return (own === undefined || own === form) && !isNever(one);
  });
}

const GROUND = new Set<Form | undefined>(['boolean', 'integer', 'big-integer', 'string', 'uri', 'bytes']);

/** Tells whether no value of this shape holds another. */
export function isGround(shape: Term): boolean {
  return alternatives(shape).every((one) => isNever(one) || GROUND.has(formOf(one)));
}

/** The widest shapes of those forms that a value of this shape may have. */
function among(shape: Term, results: readonly (readonly [Form, Term])[]): Term {
  return joinAll(results.filter(([form]) => mayHave(shape, form)).map(([, result]) => result));
}

/** The shape of the result of an operator. */
export function binaryShape(operator: BinaryTerm['operator'], left: Term, right: Term): Term {
  if (isNever(left) || isNever(right)) return NEVER;
  const both = (form: Form): boolean => mayHave(left, form) && mayHave(right, form);
  const numbers: Term[] = [];
  if (both('integer')) numbers.push(INT);
  if (both('big-integer')) numbers.push(BIG_INT);
  switch (operator) {
    case '*':
    case '/':
    case '%':
      return joinAll(numbers);
    case '+':
      if (both('string')) numbers.push(STRING);
      if (mayHave(left, 'set')) numbers.push(SET);
      return joinAll(numbers);
    case '-':
      if (mayHave(left, 'set')) numbers.push(SET);
      if (mayHave(left, 'map')) numbers.push(MAP);
      return joinAll(numbers);
    case '++': {
      const results = [
        ['string', STRING],
        ['list', LIST],
        ['set', SET],
        ['map', MAP],
        ['bytes', BYTES],
      ] as const;
      return joinAll(results.filter(([form]) => both(form)).map(([, result]) => result));
    }
    case '--':
      return joinAll([...(both('set') ? [SET] : []), ...(both('map') ? [MAP] : [])]);
    case '%%':
      return STRING;
    default:
      return BOOL;
  }
}

/** The shape of the result of a prefix operator. */
export function unaryShape(operator: 'not' | '-', operand: Term): Term {
  if (isNever(operand)) return NEVER;
  if (operator === 'not') return BOOL;
  return among(operand, [
    ['integer', INT],
    ['big-integer', BIG_INT],
  ]);
}

const RESULTS: Readonly<Record<string, Term>> = {
  length: INT,
  size: INT,
  toInt: INT,
  toBigInt: BIG_INT,
  toUtf8Bytes: BYTES,
  hexToBytes: BYTES,
  toByteArray: BYTES,
  bytesToHex: STRING,
  toString: STRING,
  contains: BOOL,
  toList: LIST,
  toSet: SET,
  toMap: MAP,
  keys: SET,
  take: LIST,
};

/** The shape of the result of a method. */
export function methodShape({ method }: Pick<MethodTerm, 'method'>, target: Term): Term {
  if (isNever(target)) return NEVER;
  const known = Object.hasOwn(RESULTS, method) ? RESULTS[method] : undefined;
  if (known !== undefined) return known;
  const own: readonly (readonly [Form, Term])[] = [
    ['string', STRING],
    ['list', LIST],
    ['set', SET],
    ['map', MAP],
    ['bytes', BYTES],
  ];
  switch (method) {
    case 'slice':
      return among(target, own);
    case 'add':
    case 'delete':
    case 'union':
    case 'diff':
    case 'set':
      return among(
        target,
        own.filter(([form]) => form === 'set' || form === 'map'),
      );
    case 'nth':
      return everyForm(target, 'bytes') ? INT : ANY;
    default:
      return ANY;
  }
}

/** The value of a closed expression as a shape: itself, or nothing if it has no value. */
export function closedShape(term: Term): Term {
  if (term.size > MAXIMUM_SHAPE) return widest(openForm(term));
  const result = evaluateTerm(term);
  return result.ok ? capped(result.value) : NEVER;
}

/** The shape of a collection of values of these shapes. */
export function collectionShape(kind: 'list' | 'tuple' | 'set', elements: readonly Term[]): Term {
  if (elements.some(isNever)) return NEVER;
  if (kind === 'list') return capped(listTerm(elements));
  if (kind === 'tuple') return capped(tupleTerm(elements));
  // Elements that turn out equal count once, so only of literals it is known how many there are.
  return elements.every((element) => !element.isPattern) ? capped(setTerm(elements)) : SET;
}

/** The shape of a map of values of these shapes. */
export function mapShape(entries: readonly (readonly [Term, Term])[]): Term {
  if (entries.some(([key, value]) => isNever(key) || isNever(value))) return NEVER;
  if (entries.some(([key]) => key.isPattern)) return MAP;
  return capped(mapTerm(entries));
}

/** The shape of a bundle around a value. */
export function bundleShape(read: boolean, write: boolean, body: Term, isName: boolean): Term {
  if (isNever(body)) return NEVER;
  // A bundle around a bundle allows what both do, so only of what is known to be none it is clear what comes out.
  return isName || (formOf(body) !== undefined && formOf(body) !== 'bundle')
    ? capped(bundleTerm(read, write, body))
    : ANY;
}
