import { describe, expect, it } from 'vitest';
import { checkProcess, splitProperties } from '../src/index.ts';
import { checked, propertyOf } from './support.ts';

const verdictOf = async (program: string, property: string, fairness: 'none' | 'strong' = 'none'): Promise<string> =>
  (await propertyOf(program, property, { fairness })).verdict;

describe('claims', () => {
  const choice = '@"a"!(1) | @"a"!(2) | for (@x <- @"a") { @"got"!(x) }';

  it.each([
    ['always pending @"a"', 'holds'],
    ['always waiting @"a"', 'fails'],
    ['eventually @"got"!(_)', 'holds'],
    ['eventually @"got"!(1)', 'fails'],
    ['possibly @"got"!(1)', 'holds'],
    ['possibly @"got"!(3)', 'fails'],
    ['possibly @"a"!(x) | @"a"!(y) where x == y', 'fails'],
    ['possibly @"a"!(x) | @"a"!(y) where x < y', 'holds'],
    ['possibly @"a"!(x) | @"a"!(y) where (x == 2 and y == 1)', 'holds'],
    ['always (terminal implies @"got"!(Int))', 'holds'],
    ['always (not terminal or (pending @"got" and not waiting @"a"))', 'holds'],
    ['waiting @"a" leads to pending @"got"', 'holds'],
    ['@"a"!(1) leads to @"got"!(1)', 'fails'],
    ['live @"a"', 'fails'],
    ['possibly for (@x <- @"a") { @"got"!(*_) }', 'holds'],
    ['possibly for (@_ <- @"b") { _ }', 'fails'],
    ['eventually @{"got" \\/ "had"}!(1 \\/ 2)', 'holds'],
    ['/* comments */ eventually @"got"!(_) // of Rholang', 'holds'],
  ])('%s: %s', async (property, verdict) => {
    expect(await verdictOf(choice, property)).toBe(verdict);
  });

  it('shows a witness of what is possible', async () => {
    const finding = await propertyOf(choice, 'possibly @"got"!(2)');
    expect(finding.trace?.steps.map(({ messages }) => messages[0]?.text)).toEqual(['@"a"!(2)']);
  });
});

describe('schedules without end', () => {
  const spin = 'contract @"p"() = { @"q"!() } | contract @"q"() = { @"p"!() } | @"p"!()';
  const beside = `${spin} | @"x"!(1) | for (@1 <- @"x") { @"done"!() }`;

  it('counts them unless schedules are to be fair', async () => {
    expect(await verdictOf(beside, 'eventually @"done"!()')).toBe('fails');
    expect(await verdictOf(beside, 'eventually @"done"!()', 'strong')).toBe('holds');
    expect(await verdictOf(beside, 'live @"x"', 'strong')).toBe('holds');
    const finding = await propertyOf(beside, 'eventually @"done"!()');
    expect(finding.trace?.cycle).toBe(0);
    expect(finding.hint).toContain('strong');
  });

  it('finds those that fairness does not help', async () => {
    expect(await verdictOf(spin, 'eventually @"done"!()', 'strong')).toBe('fails');
    const late = '@"go"!() | for (<- @"go") { contract @"p"() = { @"p"!() } | @"p"!() }';
    const finding = await propertyOf(late, 'eventually terminal', { fairness: 'strong' });
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.cycle).toBe(1);
    expect(finding.trace?.steps.length).toBe(2);
  });

  it('a ring of tokens comes round to everybody, again and again', async () => {
    const ring = `new a, b, c in { a!(Nil) | contract a(_) = { b!(Nil) } | contract b(_) = { c!(Nil) } | contract c(_) = { a!(Nil) } }`;
    for (const property of [
      'new b in eventually pending b',
      'new a, c in pending a leads to pending c',
      'new a, b, c in always (pending a or pending b or pending c)',
      'new a, b in always not (pending a and pending b)',
    ])
      expect(await verdictOf(ring, property)).toBe('holds');
  });
});

describe('names', () => {
  it('tells names of one variable apart and those of others', async () => {
    const source = 'contract @"make"(@n) = { new cell in { cell!(n) | @"made"!(*cell) } } | @"make"!(1) | @"make"!(2)';
    expect(await verdictOf(source, 'new cell in possibly cell!(1) | cell!(2)')).toBe('fails');
    expect(await verdictOf(source, 'new cell in eventually cell!(1) | @"made"!(*cell)')).toBe('holds');
    expect(await verdictOf(source, 'new cell in eventually @"made"!(=*cell)')).toBe('holds');
  });

  it('knows the names of the system by their URIs', async () => {
    const source = 'new out(`rho:io:stdout`) in { out!(1) | @"a"!(2) | for (@x <- @"a") { out!(x) } }';
    const stdout = 'new o(`rho:io:stdout`) in';
    expect(await verdictOf(source, `${stdout} eventually o!(2)`)).toBe('holds');
    expect(await verdictOf(source, `${stdout} always not o!(x) where x > 2`)).toBe('holds');
    expect(await verdictOf(source, `${stdout} always o!(1)`)).toBe('fails');
  });
});

describe('what is wrong with a property is said at its place', () => {
  it.each([
    ['', 1],
    ['sometimes @"a"!(1)', 19],
    ['always', 7],
    ['always (terminal', 17],
    ['always @"a"!(', 14],
    ['always @"a"!(x) where y > 1', 23],
    ['always 1 + 1', 8],
    ['always not', 11],
    ['new nobody in always terminal', 5],
    ['new x(`rho:io:stdout` in always terminal', 23],
    ['always terminal and', 20],
    ['@"a"!(1) leads @"b"!(1)', 16],
    [`always ${'not '.repeat(500)}terminal`, 411],
    [`always ${'('.repeat(5000)}`, 109],
  ])('%j', async (property, column) => {
    const result = await checkProcess('@"a"!(1)', { properties: [property] });
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.reason).toBe('invalid-property');
    expect(result.diagnostics[0]).toMatchObject({ file: '<property 1>', line: 1, column });
  });

  it('says what is wrong with an environment', async () => {
    for (const text of ['@"a"!(', 'for (_ <- @"a") { Nil }', '@"a"!!(1)', '@"a"!(Int)', 'x!(1)', '@"a"!(1 / 0)']) {
      const result = await checkProcess('Nil', { environment: [text] });
      expect(result).toMatchObject({ ok: false, reason: 'invalid-environment' });
    }
    const many = `@"a"!(${Array.from({ length: 12 }, () => 'Bool').join(', ')})`;
    expect(await checkProcess('Nil', { environment: [many] })).toMatchObject({ ok: false });
  });
});

describe('files of properties', () => {
  it('are split at semicolons outside of brackets, with places kept', () => {
    const text = 'always for (_ <- @";"; _ <- x) { Nil };\n/* ; */ live @`a;b`;;\n// ;\n  possibly terminal';
    const found = splitProperties(text);
    expect(found.map((one) => one.trim())).toEqual([
      'always for (_ <- @";"; _ <- x) { Nil }',
      '/* ; */ live @`a;b`',
      '// ;\n  possibly terminal',
    ]);
    found.forEach((one) => {
      const start = one.search(/\S/);
      expect(text.slice(start, start + one.trim().length)).toBe(one.trim());
    });
  });
});

describe('several properties at once', () => {
  it('ends as soon as all are decided', async () => {
    const source = 'contract @"l"(@n) = { @"l"!(n + 1) } | @"l"!(0)';
    const result = await checked(source, { checks: [], properties: ['possibly @"l"!(3)', 'always not @"l"!(5)'] });
    expect(result.findings.map(({ verdict }) => verdict)).toEqual(['holds', 'fails']);
    expect(result.graph).toMatchObject({ states: 7, complete: false, bound: undefined });
  });
});
