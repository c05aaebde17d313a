import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listTerm, printTerm, stringTerm, type Term } from '@commute/rholang';
import {
  ContractIndex,
  exampleOf,
  interfaceOf,
  overlaps,
  parseQuery,
  subsumes,
  type ContractInterface,
  type ContractQuery,
  type QueryAnswer,
} from '../src/index.ts';
import { judge, worst } from '../src/index/judge.ts';
import { anyPattern } from './pattern-arbitrary.ts';
import { read } from './read.ts';

const LIBRARY = `
  contract @"add"(@{x /\\ Int}, @{y /\\ Int}, r) = { r!(x + y) } |
  contract @"concat"(@{x /\\ String}, @{y /\\ String}, r) = { r!(x ++ y) } |
  contract @"any"(@x, @y, r) = { r!((x, y)) } |
  contract @"lookup"(@{map /\\ {..._}}, @key, r) = { r!(map.get(key)) } |
  contract @"div"(@{x /\\ Int}, @{y /\\ Int}, r) = { if (y == 0) { r!((false, Nil)) } else { r!((true, x / y)) } } |
  contract @"silent"(@x, @y, r) = { Nil } |
  contract @"forward"(@x, @y, r) = { @"add"!(x, y, *r) } |
  for (@x, @y, r <= @"guarded" where x == y) { r!(1) } |
  contract @"op"(@"negate", @{x /\\ Int}, r) = { r!(-x) } |
  contract @"op"(@"double", @{x /\\ Int}, r) = { r!(2 * x) } |
  contract @"slow"(@{x /\\ Int}, @{y /\\ Int}, r) = { for (_ <- @"a") { for (_ <- @"b") { r!(x * y) } } } |
  contract @"rest"(@{x /\\ Int} ...@more) = { Nil }`;

function library(): ContractIndex {
  const { term, source, locations } = read(LIBRARY.trim());
  const index = new ContractIndex();
  for (const one of interfaceOf(term, { source, locations }).contracts)
    index.add(`${printTerm(one.message)} ${one.hash}`, one);
  return index;
}

function query(text: string): ContractQuery {
  const result = parseQuery(text);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics[0]));
  return result.query;
}

function names(answer: QueryAnswer): string[] {
  return answer.matches.map(({ contract, verdict }) =>
    contract.channel.kind === 'public' ? `${printTerm(contract.channel.name)} ${verdict}` : verdict,
  );
}

describe('queries', () => {
  test.each([
    ['contract @"add"(@Int, @Int, r)', ['"add" yes']],
    ['contract @"add"(@1, @2, r) = { r!(Int) }', ['"add" yes']],
    ['contract @"add"(@Int, @String, r)', []],
    [
      'contract _(@Int, @Int, r) = { r!(Int) }',
      ['"add" yes', '"slow" yes', '"rest" unknown', '"forward" unknown', '"guarded" unknown'],
    ],
    [
      'contract _(@Int, @Int, r) = { r!((Bool, _)) }',
      ['"div" yes', '"rest" unknown', '"any" unknown', '"forward" unknown'],
    ],
    [
      'contract _(@{"a": 1}, @"a", r) = { r!(_) }',
      ['"lookup" yes', '"any" yes', '"forward" unknown', '"guarded" unknown'],
    ],
    ['contract @{"add" \\/ "div"}(@Int, @Int, _)', ['"add" yes', '"div" yes']],
    ['contract _(@"negate", @5, r) = { r!(Int) }', ['"op" yes', '"forward" unknown', '"guarded" unknown']],
    ['contract _(@{"negate" \\/ "double"}, @5, r) = { r!(Int) }', ['"forward" unknown', '"guarded" unknown']],
    ['contract _(@1, @2, @3, @4)', ['"rest" yes']],
    ['contract _(@1 ...@rest)', ['"rest" yes']],
    ['contract _(@1, @2, @3, r) = { r!(1) }', ['"rest" unknown']],
    ['contract x(@Nil)', []],
    ['contract @"op"(@String, @5, r)', []],
  ])('%s', (text, expected) => {
    expect(names(library().query(query(text)))).toEqual(expected);
  });

  test('say why, with a message that would not be taken', () => {
    const { near, matches } = library().query(query('contract @"add"(@Int, @{Int \\/ String}, r) = { r!(Int) }'));
    expect(matches).toEqual([]);
    const [nearest] = near;
    expect(nearest?.contract.channel).toMatchObject({ kind: 'public' });
    const failed = nearest!.aspects.filter(({ verdict }) => verdict === 'no');
    expect(failed.map(({ aspect, reason }) => `${aspect}: ${reason}`)).toEqual([
      'arguments: (x0 /\\ Int, x1 /\\ Int, x2) does not take (0, "", Nil)',
    ]);
    expect(failed[0]!.witness?.kind).toBe('list');
  });

  test('take costs and properties into account', () => {
    const wanted = query('contract _(@Int, @Int, r) = { r!(Int) }');
    expect(names(library().query({ ...wanted, maximumCost: 2n }))).not.toContain('"slow" yes');
    const checked = library().query({ ...wanted, properties: ['observable-outputs'] });
    expect(names(checked)).toContain('"add" yes');
    expect(names(library().query({ ...wanted, properties: ['other'] }))).toContain('"add" unknown');
    expect(names(library().query(wanted, { limit: 1 }))).toEqual(['"add" yes']);
    const cut = library().query({}, { maximumExamined: 3 });
    expect([cut.examined, cut.complete]).toEqual([3, false]);
  });

  test('forget what was deleted', () => {
    const index = library();
    for (const { id } of [...index.entries()]) expect(index.delete(id)).toBe(true);
    expect([index.size, index.signatures, index.delete('x')]).toEqual([0, 0, false]);
    expect(index.query({}).matches).toEqual([]);
    expect(() => {
      const [one] = [...library().entries()];
      const twice = new ContractIndex();
      twice.add('a', one!.contract);
      twice.add('a', one!.contract);
    }).toThrow('RHO_DISCOVERY_ARGUMENT_MISMATCH');
    expect(() => index.query({}, { limit: -1 })).toThrow('RHO_DISCOVERY_ARGUMENT_RANGE');
  });

  test.each([
    ['@1!(2)', 'no-query'],
    ['contract @"a"(@x) = { @"b"!(1) }', 'no-query'],
    ['contract @"a"(@x, @x)', 'bound-twice'],
    ['contract @"a"(', 'unexpected-token'],
    ['', 'no-query'],
    ['contract @"a"(r) = { r!!(1) }', 'no-query'],
  ])('are refused where they are none: %s', (text, reason) => {
    const result = parseQuery(text);
    if (result.ok) throw new Error('a query');
    expect(result.diagnostics.map((one) => one.reason)).toContain(reason);
  });
});

/** The reference: every contract is judged. */
function scan(index: ContractIndex, wanted: ContractQuery): string[] {
  return [...index.entries()]
    .map(({ id, contract }) => `${worst(judge(contract, wanted))} ${id}`)
    .filter((text) => !text.startsWith('no'))
    .sort();
}

function contractWith(name: string, patterns: readonly Term[], open: boolean): ContractInterface {
  const like = interfaceOf(read(`contract @"x"(${open ? '...@rest' : ''}) = { Nil }`).term).contracts[0]!;
  const message = listTerm(patterns, like.message.remainder);
  return { ...like, channel: { kind: 'public', name: stringTerm(name) }, message, arity: patterns.length };
}

test('an index finds what judging every contract finds, in whatever order it was filled', () => {
  const message = fc.tuple(fc.array(anyPattern, { maxLength: 2 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), message, fc.nat(), (all, [parts, open], turn) => {
      const contracts = all.map(([patterns, rest], index) => contractWith(`c${String(index % 3)}`, patterns, rest));
      const fill = (order: readonly number[]): ContractIndex => {
        const index = new ContractIndex();
        for (const each of order) index.add(String(each), contracts[each]!);
        return index;
      };
      const order = contracts.map((_, index) => index);
      const index = fill(order);
      const wanted: ContractQuery = { message: contractWith('q', parts, open).message };
      const limits = { limit: 1000, near: 5 };
      const found = index.query(wanted, limits);
      // Whether a description describes anything at all may be undecided; then contracts of other shapes may or may not be looked at.
      const decided =
        exampleOf(wanted.message!) !== undefined || overlaps(wanted.message!, wanted.message!).verdict === 'no';
      if (!decided) return;
      const lines = found.matches.map(({ id, verdict }) => `${verdict} ${id}`);
      const scanned = scan(index, wanted);
      expect(scanned).toEqual(expect.arrayContaining(lines));
      // Where heads differ nothing is accepted, also where judging one by one does not find that out.
      expect(lines).toEqual(expect.arrayContaining(scanned.filter((line) => line.startsWith('yes'))));
      const rotated = [...order.slice(turn % order.length), ...order.slice(0, turn % order.length)];
      const other = fill(rotated).query(wanted, limits);
      expect(other.matches.map(({ id }) => id)).toEqual(found.matches.map(({ id }) => id));
      expect(other.near.map(({ id }) => id)).toEqual(found.near.map(({ id }) => id));
      const named = { ...wanted, channel: stringTerm('c1') };
      expect(
        index
          .query(named, limits)
          .matches.map(({ id, verdict }) => `${verdict} ${id}`)
          .sort(),
      ).toEqual(scan(index, named));
      for (const { contract } of found.matches)
        expect(subsumes(contract.message, wanted.message!).verdict).not.toBe('no');
    }),
    { numRuns: 150 },
  );
});
