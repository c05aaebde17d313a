import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  booleanTerm,
  connectiveTerm,
  integerTerm,
  listTerm,
  matchPattern,
  printTerm,
  stringTerm,
  tupleTerm,
  typeTerm,
  wildcardTerm,
  type Term,
} from '@commute/rholang';
import { exampleOf, overlaps, subsumes } from '../src/index.ts';
import { anyPattern, plainPattern, similarPatterns, smallTerms } from './pattern-arbitrary.ts';
import { pattern, read } from './read.ts';

const TERMS = smallTerms();

function matches(one: Term, term: Term): boolean {
  const result = matchPattern(one, term);
  if (!result.ok && result.reason !== 'no-match') throw new Error('the budget of the matcher is used up');
  return result.ok;
}

describe('subsumes', () => {
  test.each([
    ['x', 'Int'],
    ['_', '{x /\\ ~Int}'],
    ['Int', '5'],
    ['Int', 'Int /\\ x'],
    ['true \\/ false', 'Bool'],
    ['Int \\/ String', '1 \\/ "a"'],
    ['~String', 'Int'],
    ['~"a"', 'Int'],
    ['~(Int \\/ String)', '~Int /\\ ~String'],
    ['~Int \\/ ~String', '_'],
    ['(Int, _)', '(1, String)'],
    ['(true, _) \\/ (_, true) \\/ (false, false)', '(Bool, Bool)'],
    ['[Int ..._]', '[1, 2 ...rest]'],
    ['[] \\/ [_ ..._]', '[..._]'],
    ['[..._]', '[] \\/ [Int]'],
    ['~[Int]', '[String ..._] \\/ []'],
    ['Set(Int ..._)', 'Set(1, "a")'],
    ['Set(_, Int)', 'Set(1, "a")'],
    ['{"a": Int ..._}', '{"a": 1, "b": String}'],
    ['{"a": Int} \\/ {"a": String}', '{"a": Int \\/ String}'],
    ['{"a": _ ..._} \\/ ~{"a": _ ..._}', '{..._}'],
    ['{String: Int ..._}', '{"a": 1}'],
    ['@1!(_)', '@1!(2)'],
    ['_ | @1!(_)', '@1!(2) | Nil | @2!(3)'],
    ['_ | _', 'Int'],
    ['_ | Int', 'Int'],
    ['bundle+{_}', 'bundle+{*x}'],
    ['new x in { x!(y) }', 'new x in { x!(z) }'],
    ['for (@x <- @y) { z }', 'for (@a <- @b) { c }'],
    ['Int', 'Int /\\ String'],
    ['"never"', '(Int, Int /\\ String)'],
    ['x', '=*y'],
  ])('%s accepts all of %s', (wider, narrower) => {
    const open = narrower.includes('=');
    const read1 = open ? openPattern(narrower) : pattern(narrower);
    expect(subsumes(pattern(wider), read1).verdict).toBe('yes');
  });

  test.each([
    ['Int', 'x'],
    ['5', 'Int'],
    ['Int', 'String'],
    ['true', 'Bool'],
    ['(Int, Int)', '(Int, _)'],
    ['(Int,)', '(Int, Int)'],
    ['(true, _) \\/ (_, true)', '(Bool, Bool)'],
    ['[Int, Int]', '[Int ..._]'],
    ['[_, _ ..._]', '[..._]'],
    ['~5', 'Int'],
    ['Set(Int)', 'Set(Int ..._)'],
    ['Set(Int, Int)', 'Set(Int, String)'],
    ['{"a": Int}', '{"a": Int ..._}'],
    ['{"a": Int, "b": Int ..._}', '{"a": Int ..._}'],
    ['Set(Int)', 'Set(Int, Int)'],
    ['Set(_)', 'Set(_, _)'],
    ['[] \\/ [_]', '[..._]'],
    ['{"a": Int}', '{"a": Int, "b": Int}'],
    ['{"a": Int} \\/ {"b": Int}', '{"a": Int, "b": Int}'],
    ['{String: Int}', '{String: Int, Int: Int}'],
    ['Int | Int', 'Int | Int | _'],
    ['Int | Int', 'Int | Int | Int'],
    ['@1!(Int)', '@1!(_)'],
    ['@1!!(_)', '@1!(_)'],
    ['bundle+{_}', 'bundle-{_}'],
    ['Nil', '_ | _'],
    ['Int | Int', 'Int | _'],
    ['~(0 \\/ 1 \\/ 2)', 'Int'],
  ])('%s does not accept all of %s', (wider, narrower) => {
    const [wide, narrow] = [pattern(wider), pattern(narrower)];
    const result = subsumes(wide, narrow);
    if (result.verdict !== 'no') throw new Error(JSON.stringify(result));
    expect([matches(narrow, result.witness), matches(wide, result.witness)]).toEqual([true, false]);
  });

  /** A pattern that refers to a name bound outside it. */
  function openPattern(source: string): Term {
    const { term } = read(`new y in { match Nil { [${source}] => { Nil } } }`);
    if (term.kind !== 'new' || term.body.kind !== 'match') throw new Error('no pattern');
    const { pattern: outer } = term.body.cases[0]!;
    return outer.kind === 'list' ? outer.elements[0]! : outer;
  }

  test('says nothing of variables that are bound outside', () => {
    const open = openPattern('=*y');
    expect(subsumes(open, pattern('Int'))).toEqual({ verdict: 'unknown', reason: 'open-pattern' });
    expect(subsumes(pattern('Int'), open).verdict).toBe('unknown');
    expect(subsumes(pattern('_'), open)).toEqual({ verdict: 'yes' });
    expect(subsumes(pattern('Set(_, _)'), openPattern('Set(=*y, 1)')).verdict).toBe('unknown');
    expect(subsumes(pattern('[_]'), openPattern('[=*y]')).verdict).toBe('yes');
  });

  test('yes is never contradicted, no comes with a term that shows it', () => {
    const counts = { yes: 0, no: 0, unknown: 0 };
    fc.assert(
      fc.property(anyPattern, anyPattern, (wide, narrow) => {
        const result = subsumes(wide, narrow, 20_000);
        counts[result.verdict] += 1;
        if (result.verdict === 'no') {
          expect([matches(narrow, result.witness), matches(wide, result.witness)]).toEqual([true, false]);
        } else if (result.verdict === 'yes') {
          const counterexample = TERMS.find((term) => matches(narrow, term) && !matches(wide, term));
          expect(counterexample && printTerm(counterexample)).toBeUndefined();
        }
      }),
      { numRuns: 1000 },
    );
    // The property says something only if both verdicts are common.
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(50);
  });

  test('the same of pairs that differ little', () => {
    fc.assert(
      fc.property(similarPatterns, ([wide, narrow]) => {
        const result = subsumes(wide, narrow, 20_000);
        if (result.verdict === 'no')
          expect([matches(narrow, result.witness), matches(wide, result.witness)]).toEqual([true, false]);
        if (result.verdict !== 'yes') return;
        const counterexample = TERMS.find((term) => matches(narrow, term) && !matches(wide, term));
        expect(counterexample && printTerm(counterexample)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test('a pattern is inside everything made wider from it', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (one, other) => {
        expect(subsumes(wildcardTerm(), one).verdict).toBe('yes');
        expect(subsumes(connectiveTerm('or', [one, other]), one).verdict).not.toBe('no');
        expect(subsumes(one, connectiveTerm('and', [one, other])).verdict).not.toBe('no');
        expect(subsumes(one, one).verdict).not.toBe('no');
      }),
      { numRuns: 300 },
    );
  });

  test('is complete for types, literals, tuples, lists and connectives', () => {
    fc.assert(
      fc.property(plainPattern, plainPattern, (wide, narrow) => {
        expect(subsumes(wide, narrow, 2_000_000).verdict).not.toBe('unknown');
      }),
      { numRuns: 600 },
    );
  });

  test('overlap and examples agree with the matcher', () => {
    fc.assert(
      fc.property(anyPattern, anyPattern, (left, right) => {
        const result = overlaps(left, right, 20_000);
        if (result.verdict === 'no')
          expect(TERMS.some((term) => matches(left, term) && matches(right, term))).toBe(false);
        if (result.verdict === 'yes')
          expect([matches(left, result.witness), matches(right, result.witness)]).toEqual([true, true]);
        const example = exampleOf(left);
        if (example !== undefined) expect(matches(left, example)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('hostile patterns end within the budget', () => {
    let deep: Term = typeTerm('Int');
    for (let level = 0; level < 250; level += 1) deep = connectiveTerm('not', [tupleTerm([deep, deep])]);
    const wide = connectiveTerm(
      'or',
      Array.from({ length: 20_000 }, (_, index) => tupleTerm([integerTerm(BigInt(index)), typeTerm('Int')])),
    );
    const many = connectiveTerm(
      'or',
      Array.from({ length: 40 }, (_, index) =>
        listTerm(Array.from({ length: 40 }, (__, place) => (place === index ? booleanTerm(true) : typeTerm('Bool')))),
      ),
    );
    const bools = listTerm(Array.from({ length: 40 }, () => typeTerm('Bool')));
    const long = listTerm(
      Array.from({ length: 100_000 }, (_, index) => stringTerm(String(index))),
      wildcardTerm(),
    );
    const patterns = [
      deep,
      wide,
      many,
      bools,
      long,
      connectiveTerm('not', [wide]),
      connectiveTerm('and', [many, bools]),
    ];
    for (const one of patterns)
      for (const other of patterns) expect(['yes', 'no', 'unknown']).toContain(subsumes(one, other).verdict);
    expect(subsumes(wide, tupleTerm([typeTerm('Int'), typeTerm('Int')])).verdict).not.toBe('yes');
    expect(subsumes(many, bools).verdict).not.toBe('yes');
  });
});
