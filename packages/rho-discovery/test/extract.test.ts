import { describe, expect, test } from 'vitest';
import {
  createRuntime,
  integerTerm,
  listTerm,
  matchPattern,
  MemorySpace,
  meterProgram,
  nilTerm,
  printTerm,
  sendTerm,
  parTerm,
  stringTerm,
  tokenChannel,
  tupleTerm,
  mapTerm,
  booleanTerm,
  type Term,
} from '@commute/rholang';
import { channelText, interfaceOf, type ContractInterface } from '../src/index.ts';
import { read } from './read.ts';

function contracts(source: string): readonly ContractInterface[] {
  const { term, locations } = read(source);
  return interfaceOf(term, { source, locations, file: 'test.rho' }).contracts;
}

/** A contract in one line. */
function describeContract({ channel, message, replies, cost }: ContractInterface): string {
  const answers = replies.map(
    ({ argument, messages, complete, least, most }) =>
      ` ${String(argument)}:${messages.map((one) => printTerm(one)).join(' or ')}${complete ? '' : '…'}{${String(least)},${String(most)}}`,
  );
  const tokens = cost.kind === 'bounded' ? String(cost.tokens) : cost.reason;
  return `${channelText(channel)}${printTerm(message)}${answers.join('')} ${tokens}`;
}

describe('interfaces', () => {
  test.each([
    [
      'contract @"add"(@{x /\\ Int}, @{y /\\ Int}, return) = { return!(x + y) }',
      '@"add"[x0 /\\ Int, x1 /\\ Int, x2] 2:[Int]{1,1} 1',
    ],
    [
      'contract @"div"(@{x /\\ Int}, @y, r) = { if (y == 0) { r!((false, "zero")) } else { r!((true, x / y)) } }',
      '@"div"[x0 /\\ Int, x1, x2] 2:[(false, "zero")] or [(true, Int)]{1,1} 1',
    ],
    ['new s in { s!(0) | contract @"inc"(r) = { for (@n <- s) { s!(n + 1) | r!(n) } } }', '@"inc"[x0] 0:[Int]{0,1} 2'],
    [
      'new s in { s!([]) | contract @"push"(@x, r) = { for (@l <- s) { s!(l ++ [x]) | r!(l.length()) } } }',
      '@"push"[x0, x1] 1:[Int]{0,1} 2',
    ],
    ['contract @"pass"(@x, r) = { @"other"!(x, *r) }', '@"pass"[x0, x1] 1'],
    ['contract @"both"(r) = { r!(1) | @"other"!(*r) }', '@"both"[x0] 0:[1]…{1,Infinity} 1'],
    ['contract @"pair"(r) = { @"other"!([*r]) | r!(1) }', '@"pair"[x0] 0:[1]…{1,1} 1'],
    [
      'contract @"let"(@x, r) = { let @y <- (x, *r) in { match y { (a, k) => { @k!(1) } } } }',
      '@"let"[x0, x1] 1:[1]{0,Infinity} 1',
    ],
    ['contract @"all"(@x ...@rest) = { Nil }', '@"all"[x0 ..._] 1'],
    ['for (@x, r <= @"a" & @y <= @"b") { r!(x, y) }', '@"a"[x0, x1] 1:[_, _]{1,1} 1'],
    ['contract @"stay"(r) = { r!!(1) }', '@"stay"[x0] 0:[1]{1,Infinity} 1'],
    ['contract @"sets"(@x, r) = { r!(Set(x, 1)) }', '@"sets"[x0, x1] 1:[Set(..._)]{1,1} 1'],
    ['contract @"maps"(@x, r) = { r!({"a": x, "b": 1}) }', '@"maps"[x0, x1] 1:[{"a": _, "b": 1}]{1,1} 1'],
    ['contract @"code"(@x, r) = { r!(@"c"!(x)) }', '@"code"[x0, x1] 1:[_]{1,1} code-leaves'],
    ['contract @"sum"(@x, r) = { r!(x + 1) }', '@"sum"[x0, x1] 1:[Set(..._) \\/ Int]{1,1} 1'],
    ['contract @"self"(@n) = { @"self"!(n) }', '@"self"[x0] 1'],
    ['new f in { contract f(@n) = { f!(n) } }', 'private name 0[x0] 1'],
    ['contract @"never"(r) = { new a in { for (@x <- a) { r!(x) } } }', '@"never"[x0] 1'],
    [
      'contract @"made"(r) = { new c in { contract c(@x, k) = { k!(true) } | r!(*c) } }',
      '@"made"[x0] 0:[_]{1,1} open-receive',
    ],
  ])('%s', (source, expected) => {
    expect(describeContract(contracts(source)[0]!)).toBe(expected);
  });

  test('says where, what was checked, and under which hash', () => {
    const [one] = contracts('Nil |\n  contract @"a"(r) = { new b in { b!(1) } }');
    expect([one!.place?.line, one!.place?.column, one!.place?.file]).toEqual([2, 3, 'test.rho']);
    expect(one!.properties).toEqual([
      { name: 'observable-outputs', verdict: 'fails' },
      { name: 'sound-transactions', verdict: 'holds' },
    ]);
    expect(one!.hash).toMatch(/^[0-9a-f]{64}$/);
    const [other] = contracts('contract @"a"(k) = { new c in { c!(1) } }');
    expect(other!.hash).toBe(one!.hash);
  });

  test('lists the calls that a program makes, with the answers that it takes', () => {
    const { term } = read('new r in { @"math"!(1, 2, *r) | for (@{x /\\ Int} <- r) { @"out"!(x) } }');
    const { calls } = interfaceOf(term);
    expect(calls.map(({ message }) => printTerm(message)).sort()).toEqual(['[1, 2, _]', '[Int]']);
    const math = calls.find(({ answers }) => answers.length > 0);
    expect(math?.answers.map(({ argument, patterns }) => [argument, patterns.map((one) => printTerm(one))])).toEqual([
      [2, ['[x0 /\\ Int]']],
    ]);
  });

  test('reads metered contracts as they wait in a store like the program that was written', () => {
    const sources = [
      'contract @"f"(@{x /\\ Int}, r) = { for (@y <- @"cell") { @"cell"!(y) | r!(x * 2, true) } }',
      'contract @"f"(@x, r) = { match x { Int /\\ y => { r!(y) } _ => { r!("no") } } }',
    ];
    for (const source of sources) {
      const { term } = read(source);
      const channel = tokenChannel(new Uint8Array([7]));
      const metered = meterProgram(term, { channel });
      if (!metered.ok) throw new Error(metered.message);
      const own = interfaceOf(term).contracts.map(describeContract);
      expect(interfaceOf(metered.term).contracts.map(describeContract)).toEqual(own);
    }
  });

  test('refuses patterns and open terms', () => {
    expect(() => interfaceOf(listTerm([], { ...read('Nil').term, kind: 'wildcard' } as never))).toThrow(
      'RHO_DISCOVERY_ARGUMENT_MISMATCH',
    );
  });
});

/** Values to call contracts with. */
const VALUES: readonly Term[] = [
  nilTerm(),
  integerTerm(0n),
  integerTerm(7n),
  stringTerm('a'),
  booleanTerm(true),
  listTerm([]),
  listTerm([integerTerm(1n), stringTerm('b')]),
  tupleTerm([integerTerm(1n), integerTerm(2n)]),
  mapTerm([[stringTerm('k'), integerTerm(1n)]]),
];

const RUN = [
  'contract @"f"(@x, @y, r) = { if (x == y) { r!(x, "same") } else { r!([x, y]) } }',
  'contract @"f"(@x, @y, r) = { r!(x + y) }',
  'contract @"f"(@x, @y, r) = { r!(x ++ y) }',
  'contract @"f"(@x, @y, r) = { match (x, y) { (Int /\\ a, _) => { r!(a + 1) } ([h ...t], _) => { r!(h, t) } (_, {"k": v}) => { r!(v) } (String, z) => { r!({"z": z}) } _ => { r!() } } }',
  'contract @"f"(@{Int /\\ x}, @y, r) = { new c in { c!(x) | for (@z <- c) { c!(z * 2) | for (@w <- c) { r!(w, y) } } } }',
  'new s in { s!(0) | contract @"f"(@x, @y, r) = { for (@n <- s) { match x { Int => { s!(n + x) } _ => { s!(n) } } | r!(n, y) } } }',
  'new s in { s!(0) | s!("t") | contract @"f"(@x, @y, r) = { for (@n <- s) { s!(n) | r!(n) } } }',
  'new s in { s!((0, [])) | contract @"f"(@x, @y, r) = { for (@(n, l) <- s) { s!((n + 1, l ++ [x])) | r!(l, n) } } }',
  'contract @"f"(@x, @y, r) = { let @a, @b <- x, y in { r!(Set(a, b), {a: b}) } }',
  'contract @"f"(@x, @y, r) = { match [x, y, *r] { [a ...b] => { match b { [c, k] => { @k!(a) } } } } }',
  'contract @"f"(@x, @y, r) = { match (*r | 0) { a => { @a!(1) } } | r!(x.toString(), x == y, not true) }',
  'contract @"f"(@x, @y, r) = { new p in { contract p(@u, k) = { k!(u) } | p!(x, *r) | p!(1, *r) } }',
  'new p, q in { contract @"f"(@x, @y, r) = { p!(x, *r) } | contract p(@u, k) = { q!(*k, u) } | contract q(k, @u) = { k!([u]) } }',
  'new p in { contract @"f"(@x, @y, r) = { p!(x, *r) } | contract p(@u ...@more) = { match more { [k] => { @k!(u, 1) } } } }',
  'contract @"f"(@x, @y, r) = { new p in { contract p(@u, @v) = { r!(v) } | p!(x, 1) | p!(y, "q") } }',
  'new g in { contract g(@x, k) = { k!((x, -1)) } | contract @"f"(@x, @y, r) = { new k in { g!(x, *k) | for (@a <- k) { r!(a) } } } }',
  'contract @"f"(@x, @y, r) = { r!(bundle+{*r}, bundle-{x}) | for (_ <- @"nothing") { r!(12345) } }',
];

describe('what is said of answers', () => {
  test.each(RUN)('is true of every run: %s', (source) => {
    const { term } = read(source);
    const contract = interfaceOf(term).contracts.find(({ channel }) => channel.kind === 'public')!;
    const reply = contract.replies.find(({ argument }) => argument === 2);
    const seen = new Set<string>();
    for (const x of VALUES) {
      for (const y of VALUES) {
        const space = new MemorySpace();
        const calls = [1, 2, 3].map((times) =>
          sendTerm(stringTerm('f'), [times === 2 ? y : x, y, stringTerm('reply')]),
        );
        const result = createRuntime({ space }).run(parTerm([term, ...calls]), { seed: new Uint8Array(32) });
        if (!result.ok) continue;
        for (const { channel, data } of space.entries()) {
          if (printTerm(channel) !== '"reply"') continue;
          for (const { data: message } of data) {
            const answer = listTerm(message);
            seen.add(printTerm(answer));
            if (reply?.complete === false || contract.passes.some(({ argument }) => argument === 2)) continue;
            expect(contract.forwarded.includes(2)).toBe(false);
            expect(
              reply?.messages.some((pattern) => matchPattern(pattern, answer).ok),
              printTerm(answer),
            ).toBe(true);
          }
        }
      }
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});
