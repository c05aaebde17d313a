import fc from 'fast-check';
import {
  booleanTerm,
  bundleTerm,
  connectiveTerm,
  freeTerm,
  integerTerm,
  listTerm,
  mapTerm,
  nilTerm,
  parTerm,
  sendTerm,
  setTerm,
  stringTerm,
  tupleTerm,
  typeTerm,
  unforgeableTerm,
  wildcardTerm,
  type Term,
} from '@commute/rholang';

const literals: readonly Term[] = [
  nilTerm(),
  booleanTerm(true),
  booleanTerm(false),
  integerTerm(0n),
  integerTerm(1n),
  stringTerm('a'),
  stringTerm('b'),
];
const literal = fc.constantFrom(...literals);
const type = fc.constantFrom(typeTerm('Bool'), typeTerm('Int'), typeTerm('String'));
const universal = fc.constantFrom(wildcardTerm(), freeTerm(0));
const remainder = fc.constantFrom(undefined, undefined, wildcardTerm());

/** Patterns of the part of the language in which subsumption is complete: types, literals, tuples, lists, connectives. */
export const plainPattern: fc.Arbitrary<Term> = fc.letrec<{ pattern: Term }>((tie) => {
  const some = (maxLength: number): fc.Arbitrary<Term[]> => fc.array(tie('pattern'), { maxLength });
  return {
    pattern: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      literal,
      type,
      universal,
      fc.tuple(some(2), remainder).map(([elements, rest]) => listTerm(elements, rest)),
      fc.array(tie('pattern'), { minLength: 1, maxLength: 2 }).map((elements) => tupleTerm(elements)),
      fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }))
        .map(([connective, operands]) => connectiveTerm(connective, operands)),
      tie('pattern').map((operand) => connectiveTerm('not', [operand])),
    ),
  };
}).pattern;

/** Patterns with sets, maps, sends, bundles and parallel parts too. */
export const anyPattern: fc.Arbitrary<Term> = fc.letrec<{ pattern: Term }>((tie) => {
  const some = (maxLength: number): fc.Arbitrary<Term[]> => fc.array(tie('pattern'), { maxLength });
  return {
    pattern: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      literal,
      type,
      universal,
      fc.tuple(some(2), remainder).map(([elements, rest]) => listTerm(elements, rest)),
      fc.array(tie('pattern'), { minLength: 1, maxLength: 2 }).map((elements) => tupleTerm(elements)),
      fc.tuple(some(2), remainder).map(([elements, rest]) => setTerm(elements, rest)),
      fc
        .tuple(fc.array(fc.tuple(fc.oneof(literal, tie('pattern')), tie('pattern')), { maxLength: 2 }), remainder)
        .map(([entries, rest]) => mapTerm(entries, rest)),
      fc.tuple(tie('pattern'), some(2)).map(([channel, data]) => sendTerm(channel, data)),
      fc.tuple(fc.boolean(), tie('pattern')).map(([read, body]) => bundleTerm(read, true, body)),
      fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }).map((parts) => parTerm(parts)),
      fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('pattern'), { minLength: 2, maxLength: 3 }))
        .map(([connective, operands]) => connectiveTerm(connective, operands)),
      tie('pattern').map((operand) => connectiveTerm('not', [operand])),
    ),
  };
}).pattern;

const collection = fc.constantFrom('list', 'set', 'map', 'par', 'send');

/** Two patterns of one form whose parts are few, and the same or of the same kind. */
export const similarPatterns: fc.Arbitrary<readonly [Term, Term]> = fc
  .tuple(
    collection,
    fc.array(fc.oneof(literal, type, universal, anyPattern), { minLength: 1, maxLength: 3 }),
    fc.array(fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 2 }) }, literal, type), { maxLength: 3 }),
    fc.constantFrom(undefined, wildcardTerm()),
    fc.constantFrom(undefined, wildcardTerm()),
  )
  .map(([form, parts, choices, rest, otherRest]) => {
    const others = choices.map((choice) => (typeof choice === 'number' ? parts[choice % parts.length]! : choice));
    return [collected(form, parts, rest), collected(form, others, otherRest)] as const;
  });

function collected(form: string, parts: readonly Term[], rest: ReturnType<typeof wildcardTerm> | undefined): Term {
  switch (form) {
    case 'list':
      return listTerm(parts, rest);
    case 'set':
      return setTerm(parts, rest);
    case 'map':
      return mapTerm(
        parts.map((part, index) => [index === 0 ? part : integerTerm(BigInt(index)), part] as const),
        rest,
      );
    case 'send':
      return sendTerm(integerTerm(0n), parts);
    default:
      return parTerm(rest === undefined ? parts : [...parts, rest]);
  }
}

/** Closed terms: all small ones over a few leaves, to find counterexamples by trying. */
export function smallTerms(): readonly Term[] {
  const leaves: readonly Term[] = [...literals, integerTerm(2n), stringTerm('c'), unforgeableTerm('u')];
  const pairs = leaves.flatMap((left) => leaves.map((right) => [left, right] as const));
  const made: Term[] = [listTerm([]), setTerm([]), mapTerm([])];
  for (const one of leaves) {
    made.push(listTerm([one]), tupleTerm([one]), setTerm([one]), sendTerm(one, []));
    made.push(bundleTerm(true, true, one), bundleTerm(false, true, one));
  }
  for (const [left, right] of pairs) {
    made.push(listTerm([left, right]), tupleTerm([left, right]), setTerm([left, right]), mapTerm([[left, right]]));
    made.push(sendTerm(left, [right]), parTerm([left, right]));
  }
  const flat = [...leaves, ...made];
  const nested: Term[] = [];
  flat.forEach((one, index) => {
    const other = flat[(index * 7 + 3) % flat.length]!;
    nested.push(listTerm([one]), listTerm([one, other]), tupleTerm([one, other]), setTerm([one, other]));
    nested.push(
      listTerm([one, other, one]),
      mapTerm([
        [integerTerm(0n), one],
        [other, one],
      ]),
    );
    nested.push(sendTerm(one, [other]), parTerm([one, other]), parTerm([one, other, integerTerm(1n)]));
  });
  return [...flat, ...nested];
}
