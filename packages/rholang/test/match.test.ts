import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  equalTerms,
  freeTerm,
  integerTerm,
  listTerm,
  matchPattern,
  normalize,
  parse,
  parTerm,
  printTerm,
  sendTerm,
  setTerm,
  stringTerm,
  tupleTerm,
  wildcardTerm,
  type Term,
} from '../src/index.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

/** The pattern, target and body of the only case of a `match`. */
function caseOf(source: string): { pattern: Term; target: Term } {
  const tree = parse(source);
  if (!tree.ok) throw new Error(tree.diagnostics[0]!.message);
  const result = normalize(tree.process, { source });
  if (!result.ok) throw new Error(result.diagnostics[0]!.message);
  const { term } = result;
  if (term.kind !== 'match') throw new Error('not a match');
  return { pattern: term.cases[0]!.pattern, target: term.target };
}

/** What the variables matched, in the canonical order of the pattern. */
function matched(target: string, pattern: string): string | undefined {
  const { pattern: one, target: other } = caseOf(`match {${target}} { {${pattern}} => { Nil } }`);
  const result = matchPattern(one, other);
  if (!result.ok) return undefined;
  return result.bindings.map((binding) => printTerm(binding)).join(' ; ');
}

describe('matches', () => {
  test.for([
    ['1', '_', ''],
    ['1', 'x', '1'],
    ['1', '1', ''],
    ['Nil', 'x', 'Nil'],
    ['true', 'Bool', ''],
    ['1', 'x /\\ Int', '1'],
    ['1n', 'BigInt', ''],
    ['"a"', 'String /\\ x', '"a"'],
    ['`u`', 'Uri', ''],
    ['1', 'Bool \\/ Int', ''],
    ['1', '~Bool', ''],
    ['1', '~{x}', undefined],
    ['Nil', '~{~Nil}', ''],
    ['1', '2', undefined],
    ['1', '1n', undefined],
    ['[1, 2, 3]', '[x, 2, y]', '1 ; 3'],
    ['[1, 2, 3]', '[x ...y]', '1 ; [2, 3]'],
    ['[1]', '[x ...y]', '1 ; []'],
    ['[1, 2]', '[x]', undefined],
    ['[]', '[x ...y]', undefined],
    ['[1, 2]', '[_ ..._]', ''],
    ['(1, [2])', '(x, [y])', '1 ; 2'],
    ['(1, 2)', '[x, y]', undefined],
    ['Set(1, 2, 3)', 'Set(2, x, y)', '1 ; 3'],
    ['Set(1, 2, 3)', 'Set(2 ...r)', 'Set(1, 3)'],
    ['Set(1, "a")', 'Set(x /\\ String, y /\\ Int)', '1 ; "a"'],
    ['Set(1)', 'Set(x, y)', undefined],
    ['Set(1, 2)', 'Set(_)', undefined],
    ['Set()', 'Set()', ''],
    ['{"a": 1, "b": [2]}', '{"b": [x] ...r}', '2 ; {"a": 1}'],
    ['{"a": 1, "b": 2}', '{"a": x}', undefined],
    ['{"a": 1, "b": 2}', '{k: 2, "a": v}', '1 ; "b"'],
    ['{"a": 1}', '{k: 2}', undefined],
    ['@1!(2) | @3!(4)', '@3!(x) | r', '@1!(2) ; 4'],
    ['@1!(2) | @3!(4)', '@x!(2) | _', '1'],
    ['@1!(2)', '@1!(2) | r', 'Nil'],
    ['@1!(2) | @3!(4)', '@1!(x)', undefined],
    ['@1!(2) | @3!(4) | 5', 'Int | x /\\ ~Nil', '@1!(2) | @3!(4)'],
    ['@1!(2) | @1!(3)', '@1!(x) | @1!(y)', '2 ; 3'],
    ['@1!(2) | @1!(2)', '@1!(2) | r', '@1!(2)'],
    ['@1!(2)', '@1!!(x)', undefined],
    ['@1!(2)', 'y!(x)', '1 ; 2'],
    ['@{@1!(2)}!(3)', '@{@x!(2)}!(y)', '1 ; 3'],
    ['for (@x <- @1) { @2!(x) }', 'for (@y <- z) { @2!(y) }', '1'],
    ['for (@x <- @1) { @2!(x) }', 'for (@y <- z) { w }', undefined],
    ['for (@x <- @1) { @2!(3) }', 'for (@y <- z) { w }', '1 ; @2!(3)'],
    ['for (@x <- @1) { Nil }', 'for (@y <= z) { w }', undefined],
    ['for (@x <- @1) { Nil }', 'for (@y <<- z) { w }', undefined],
    ['for (@x <- @1 & @y <- @2) { @3!(x, y) }', 'for (@a <- @2 & @b <- z) { @3!(b, a) }', '1'],
    ['for (@x <- @1 & @y <- @2) { @3!(x, y) }', 'for (@a <- @2 & @b <- z) { @3!(a, b) }', undefined],
    ['new x in { x!(1) }', 'new y in { y!(z) }', '1'],
    ['new x in { x!(*x) }', 'new y in { y!(z) }', undefined],
    ['match 1 { 2 => { @3!() } }', 'match x { 2 => { y } }', '1 ; @3!()'],
    ['bundle+{@1!()}', 'bundle+{x}', '@1!()'],
    ['bundle+{@1!()}', 'bundle-{x}', undefined],
    ['{1 + 2}', '{x + y}', '1 ; 2'],
    ['{not true}', '{not x}', 'true'],
    ['[1].length()', '{x.length()}', '[1]'],
    ['(1 matches Int)', '{x matches Int}', '1'],
  ] as const)('%s against %s', ([target, pattern, want]) => {
    expect(matched(target, pattern)).toBe(want);
  });
});

/** All ways to match, written as plainly as possible: the oracle. */
function naive(pattern: Term, target: Term): boolean {
  if (pattern.kind === 'free' || pattern.kind === 'wildcard') return true;
  if (!pattern.isPattern) return equalTerms(pattern, target);
  if (pattern.kind === 'type') return target.kind === (pattern.type === 'Int' ? 'integer' : 'string');
  if (pattern.kind === 'connective') {
    const [first, ...others] = pattern.operands.map((operand) => naive(operand, target));
    if (pattern.connective === 'not') return first !== true;
    return others.reduce((one, two) => (pattern.connective === 'and' ? one && two : one || two), first === true);
  }
  if (pattern.kind === 'tuple' || pattern.kind === 'list') {
    if (target.kind !== pattern.kind) return false;
    const open = pattern.kind === 'list' && pattern.remainder !== undefined;
    if (open ? target.elements.length < pattern.elements.length : target.elements.length !== pattern.elements.length)
      return false;
    return pattern.elements.every((element, index) => naive(element, target.elements[index]!));
  }
  if (pattern.kind === 'set') {
    if (target.kind !== 'set') return false;
    return naiveEach(pattern.elements, target.elements, (left) => pattern.remainder !== undefined || left.length === 0);
  }
  if (pattern.kind === 'send') {
    if (target.kind !== 'send' || target.data.length !== pattern.data.length) return false;
    return (
      naive(pattern.channel, target.channel) && pattern.data.every((part, index) => naive(part, target.data[index]!))
    );
  }
  if (pattern.kind === 'par') {
    const parts = target.kind === 'par' ? target.parts : target.kind === 'nil' ? [] : [target];
    const flexible = (part: Term): boolean => ['free', 'wildcard', 'connective'].includes(part.kind);
    const single = pattern.parts.filter((part) => !flexible(part));
    return naiveEach(single, parts, (left) => naiveSplit(pattern.parts.filter(flexible), left));
  }
  throw new Error(pattern.kind);
}

function naiveEach(
  patterns: readonly Term[],
  targets: readonly Term[],
  next: (left: readonly Term[]) => boolean,
): boolean {
  const [first, ...others] = patterns;
  if (first === undefined) return next(targets);
  return targets.some(
    (target, index) =>
      naive(first, target) && naiveEach(others, [...targets.slice(0, index), ...targets.slice(index + 1)], next),
  );
}

function naiveSplit(patterns: readonly Term[], parts: readonly Term[]): boolean {
  const [first, ...others] = patterns;
  if (first === undefined) return parts.length === 0;
  for (let mask = 0; mask < 2 ** parts.length; mask += 1) {
    const taken = parts.filter((_, index) => (mask & (1 << index)) !== 0);
    const rest = parts.filter((_, index) => (mask & (1 << index)) === 0);
    if (naive(first, parTerm(taken)) && naiveSplit(others, rest)) return true;
  }
  return false;
}

const { target, pattern } = fc.letrec<{ target: Term; pattern: Term }>(
  (tie: fc.LetrecTypedTie<{ target: Term; pattern: Term }>): fc.LetrecValue<{ target: Term; pattern: Term }> => {
    const leaf = fc.oneof(
      fc.integer({ min: 0, max: 2 }).map<Term>((value) => integerTerm(BigInt(value))),
      fc.constantFrom<Term>(stringTerm('a'), stringTerm('b')),
    );
    const build = (inner: fc.Arbitrary<Term>): fc.Arbitrary<Term>[] => [
      fc.array(inner, { maxLength: 3 }).map<Term>((list) => listTerm(list)),
      fc.array(inner, { maxLength: 2 }).map<Term>((list) => tupleTerm(list)),
      fc.array(inner, { maxLength: 4 }).map<Term>((list) => setTerm(list)),
      fc.array(inner, { maxLength: 4 }).map<Term>((list) => parTerm(list)),
      fc.tuple(inner, inner).map<Term>(([channel, datum]) => sendTerm(channel, [datum])),
    ];
    return {
      target: fc.oneof({ maxDepth: 3, depthSize: 'small' }, leaf, ...build(tie('target'))),
      pattern: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        fc.oneof(leaf, fc.constant<Term>(wildcardTerm()), fc.constant<Term>(freeTerm(0))),
        fc.constantFrom('Int', 'String').map<Term>((name) => caseOf(`match 1 { ${name} => { Nil } }`).pattern),
        fc.array(tie('pattern'), { maxLength: 2 }).map<Term>((list) => listTerm(list, wildcardTerm())),
        fc.array(tie('pattern'), { maxLength: 3 }).map<Term>((list) => setTerm(list, wildcardTerm())),
        ...build(tie('pattern')),
      ),
    };
  },
);

describe('the search', () => {
  test('finds a match exactly where a plain enumeration does', () => {
    let hits = 0;
    fc.assert(
      fc.property(pattern, target, (one, other) => {
        const want = naive(one, other);
        if (want) hits += 1;
        expect(matchPattern(one, other).ok).toBe(want);
      }),
      { numRuns: numRuns * 10 },
    );
    expect(hits).toBeGreaterThan(0);
  });

  test('every term matches itself and its parts with holes', () => {
    fc.assert(
      fc.property(target, (term) => {
        expect(matchPattern(term, term)).toEqual({ ok: true, bindings: [] });
        const found = matchPattern(parTerm([term, freeTerm(0)]), parTerm([term, integerTerm(9n)]));
        if (!found.ok) throw new Error('no match');
        expect(equalTerms(found.bindings[0]!, integerTerm(9n))).toBe(true);
      }),
      { numRuns },
    );
  });

  test('assigning 200 elements takes few steps', () => {
    const numbers = Array.from({ length: 200 }, (_, index) => integerTerm(BigInt(index)));
    const names = Array.from({ length: 200 }, (_, index) => stringTerm(`s${String(index)}`));
    const holes = Array.from({ length: 200 }, (_, index) => tupleTerm([numbers[199 - index]!, freeTerm(index)]));
    const pairs = setTerm(numbers.map((number, index) => tupleTerm([number, names[index]!])));
    const result = matchPattern(setTerm(holes), pairs, 20_000_000);
    expect(result.ok && result.bindings.length).toBe(200);
  });

  test('a bomb ends with a reason', () => {
    const bomb = `{${Array.from({ length: 12 }, () => '{~{@9!()} /\\ ~{@8!()}}').join(' | ')} | {1 /\\ 2}}`;
    const { pattern: one, target: other } = caseOf(
      `match {${Array.from({ length: 24 }, (_, index) => `@${String(index)}!()`).join(' | ')}} { ${bomb} => { Nil } }`,
    );
    expect(matchPattern(one, other)).toEqual({ ok: false, reason: 'budget-exhausted' });
    const sets = `[${Array.from({ length: 2000 }, (_, index) => `Set(x${String(index)}, ..._)`).join(', ')}]`;
    const long = caseOf(`match [${Array.from({ length: 2000 }, () => 'Set(1, 2)').join(', ')}] { ${sets} => { Nil } }`);
    expect(matchPattern(long.pattern, long.target)).toEqual({ ok: false, reason: 'budget-exhausted' });
  });
});
