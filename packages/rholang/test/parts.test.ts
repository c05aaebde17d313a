import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyClosedProgram } from '../src/conformance/closed-program.ts';
import {
  encodeTerm,
  forEachPart,
  forEachVariable,
  integerTerm,
  listTerm,
  mapParts,
  normalize,
  parse,
  substitute,
  termKey,
  unforgeableTerm,
  type PartPlace,
  type Term,
} from '../src/index.ts';
import { anyProgram } from './program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 300);

function term(source: string): Term {
  const tree = parse(source);
  const result = tree.ok ? normalize(tree.process) : undefined;
  if (result?.ok !== true) throw new Error(`not a program: ${source}`);
  return result.term;
}

/** Programs of every construct, in normal form. */
const anyTerm: fc.Arbitrary<Term> = fc.oneof(
  anyClosedProgram.map(term),
  anyProgram
    .map((tree) => normalize(tree))
    .filter((result) => result.ok)
    .map((result) => (result.ok ? result.term : integerTerm(0n))),
);

/** A term and everything in it. */
function everything(root: Term): readonly Term[] {
  const found = [root];
  for (const one of found)
    forEachPart(one, (part) => {
      found.push(part);
    });
  return found;
}

type Visit = readonly [Term, number, PartPlace];

function visits(one: Term): readonly Visit[] {
  const seen: Visit[] = [];
  forEachPart(one, (...visit) => {
    seen.push(visit);
  });
  return seen;
}

test('the parts and their binders are those from which a term was built', () => {
  fc.assert(
    fc.property(anyTerm, (root) => {
      for (const one of everything(root)) {
        const parts = visits(one);
        if (parts.length === 0) continue;
        expect(one.size).toBe(1 + parts.reduce((sum, [part]) => sum + part.size, 0));
        expect(one.depth).toBe(1 + Math.max(...parts.map(([part]) => part.depth)));
        expect(one.scope).toBe(Math.max(0, ...parts.map(([part, binders]) => part.scope - binders)));
      }
    }),
    { numRuns },
  );
});

test('mapping shows the same parts in the same order, and rebuilds the term', () => {
  fc.assert(
    fc.property(anyTerm, (root) => {
      for (const one of everything(root)) {
        const seen: Visit[] = [];
        const copy = mapParts(one, (...visit) => {
          seen.push(visit);
          return visit[0];
        });
        expect(seen).toEqual(visits(one));
        expect(encodeTerm(copy)).toEqual(encodeTerm(one));
      }
    }),
    { numRuns },
  );
});

/** What {@link substitute} does, by way of {@link mapParts}. */
function substituteSlowly(one: Term, environment: readonly Term[], depth = 0): Term {
  if (one.kind !== 'bound')
    return mapParts(one, (part, binders) => substituteSlowly(part, environment, depth + binders));
  return one.index < depth ? one : environment[environment.length - 1 - (one.index - depth)]!;
}

test('substitution does what replacing the variables part by part does', () => {
  let open = 0;
  fc.assert(
    fc.property(anyTerm, (root) => {
      for (const one of everything(root)) {
        if (one.scope === 0) continue;
        open += 1;
        const environment = Array.from({ length: one.scope }, (_, index) =>
          index % 2 === 0 ? unforgeableTerm(String(index)) : listTerm([integerTerm(BigInt(index))]),
        );
        expect(encodeTerm(substitute(one, environment))).toEqual(encodeTerm(substituteSlowly(one, environment)));
      }
    }),
    { numRuns },
  );
  expect(open).toBeGreaterThan(numRuns / 10);
});

test('the variables of a pattern are visited in order, each where it stands', () => {
  let variables = 0;
  fc.assert(
    fc.property(anyTerm, (root) => {
      for (const one of everything(root)) {
        if (one.kind !== 'receive') continue;
        for (const { patterns, remainder, variables: count } of one.binds) {
          const indices: number[] = [];
          for (const pattern of patterns) forEachVariable(pattern, ({ index }) => indices.push(index));
          if (remainder?.kind === 'free') indices.push(remainder.index);
          expect(indices).toEqual(Array.from({ length: count }, (_, index) => index));
          variables += count;
        }
      }
    }),
    { numRuns },
  );
  expect(variables).toBeGreaterThan(numRuns / 10);
});

test.for<readonly [string, readonly string[]]>([
  ['@1!(2, 3)', ['1 channel 0', '2 part 0', '3 part 0']],
  ['new x, y in { x!(*y) }', ['body 2']],
  ['bundle+{4}', ['4 body 0']],
  ['5 matches 6', ['5 part 0', '6 pattern 0']],
  ['match 7 { x where x > 8 => { Nil } }', ['7 part 0', 'pattern 0', 'guard 1', 'body 1']],
  [
    'for (@x <- @9 & @10 <- @11 where x > 0) { Nil }',
    ['9 channel 0', 'pattern 0', '11 channel 0', '10 pattern 0', 'guard 1', 'body 1'],
  ],
])('the places of the parts of %s', ([source, expected]) => {
  const shown = visits(term(source)).map(([part, binders, place]) =>
    [...(part.kind === 'integer' ? [part.value] : []), place, binders].join(' '),
  );
  expect(shown.toSorted()).toEqual(expected.toSorted());
});

test('replaced parts are put in order again', () => {
  const sum = mapParts(term('@2!() | @1!()'), (part) =>
    termKey(part) === termKey(term('@1!()')) ? term('@3!()') : part,
  );
  expect(encodeTerm(sum)).toEqual(encodeTerm(term('@3!() | @2!()')));
});
