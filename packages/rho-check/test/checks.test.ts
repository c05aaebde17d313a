import { describe, expect, it } from 'vitest';
import { checked, findingOf, philosophers, propertyOf } from './support.ts';

describe('deadlock', () => {
  it('finds the philosophers who all hold one fork, with the shortest schedule', async () => {
    const finding = await findingOf(philosophers(3, false), 'deadlock');
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.steps.length).toBe(3);
    expect(finding.places.map(({ line }) => line)).toEqual([3, 5, 7]);
  });

  it('proves that an order of forks helps', async () => {
    expect((await findingOf(philosophers(4, true), 'deadlock')).verdict).toBe('holds');
  });

  it('finds two contracts that wait for each other though each is fine alone', async () => {
    const part = (own: string, first: string, second: string): string =>
      `contract @"${own}"(done) = { for (_ <- @"${first}"; _ <- @"${second}") { @"${first}"!(Nil) | @"${second}"!(Nil) | done!(Nil) } }`;
    const resources = '@"left"!(Nil) | @"right"!(Nil)';
    const call = (own: string): string => `new done in { @"${own}"!(*done) | for (_ <- done) { Nil } }`;
    const one = [part('one', 'left', 'right'), call('one')].join(' | ');
    const two = [part('two', 'right', 'left'), call('two')].join(' | ');
    for (const alone of [one, two])
      expect((await findingOf([{ source: alone }, { source: resources }], 'deadlock')).verdict).toBe('holds');
    const together = await findingOf(
      [{ source: one, file: 'one.rho' }, { source: two, file: 'two.rho' }, { source: resources }],
      'deadlock',
    );
    expect(together.verdict).toBe('fails');
    expect(new Set(together.places.map(({ file }) => file))).toEqual(new Set(['one.rho', 'two.rho']));
  });

  it('does not count the branches that a select did not choose', async () => {
    const source = '@"a"!(1) | select { @x <- @"a" => { @"got"!(x) } @y <- @"b" => { @"got"!(y) } }';
    expect((await findingOf(source, 'deadlock')).verdict).toBe('holds');
  });

  it('counts what waits on a public name unless others may send there', async () => {
    const source = 'for (@x <- @"in") { @"out"!(x) }';
    expect((await findingOf(source, 'deadlock')).verdict).toBe('fails');
    expect((await findingOf(source, 'deadlock', { environment: ['@"other"!(1)'] })).verdict).toBe('holds');
    const inner = 'new a in { for (@x <- @"in"; @y <- a) { @"out"!(x) } }';
    const finding = await findingOf(inner, 'deadlock', { environment: ['@"in"!(Bool)'] });
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.environment.length).toBe(1);
  });
});

describe('stuck-receive', () => {
  const ring = (count: number): string =>
    `new ${Array.from({ length: count }, (_, index) => `t${String(index)}`).join(', ')} in { t0!(Nil) | ${Array.from(
      { length: count },
      (_, index) => `contract t${String(index)}(_) = { t${String((index + 1) % count)}!(Nil) }`,
    ).join(' | ')} }`;

  it('holds for a ring of tokens', async () => {
    const result = await checked(ring(5));
    expect(result.verdict).toBe('holds');
    expect(result.graph).toMatchObject({ states: 5, transitions: 5, complete: true, terminal: 0 });
  });

  it('finds a receive that waits for ever while the token goes round', async () => {
    const finding = await findingOf(`${ring(3)} | new never in { for (_ <- never) { Nil } }`, 'stuck-receive');
    expect(finding.verdict).toBe('fails');
    expect(finding.places[0]?.found).toContain('never');
  });
});

describe('a lock', () => {
  const user = 'for (_ <- lock) { inside!(Nil) | for (_ <- inside) { lock!(Nil) } }';
  const alone = 'new inside in always not (inside!(_) | inside!(_))';

  it('lets one in at a time', async () => {
    const source = `new lock, inside in { lock!(Nil) | ${user} | ${user} | ${user} }`;
    expect((await propertyOf(source, alone)).verdict).toBe('holds');
  });

  it('does not if there are two of it', async () => {
    const source = `new lock, inside in { lock!(Nil) | lock!(Nil) | ${user} | ${user} | ${user} }`;
    const finding = await propertyOf(source, alone);
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.steps.length).toBe(2);
  });
});

describe('race', () => {
  it('finds two messages for one receive', async () => {
    const finding = await findingOf('@"a"!(1) | @"a"!(2) | for (@x <- @"a") { @"got"!(x) }', 'race');
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.steps.length).toBe(1);
    expect(finding.other?.steps.length).toBe(1);
  });

  it('does not mind who takes a lock first', async () => {
    const source = 'new lock in { lock!(0) | for (@n <- lock) { lock!(n + 1) } | for (@n <- lock) { lock!(n + 1) } }';
    expect((await findingOf(source, 'race')).verdict).toBe('holds');
  });
});

describe('leak', () => {
  it('finds a name that is sent on a public one, and those that follow it', async () => {
    const source = 'new a, b in { @"out"!(*a) | for (x <- @"out") { x!(*b) } }';
    expect(await findingOf(source, 'leak', { secrets: ['b'] })).toMatchObject({ verdict: 'fails' });
    expect((await findingOf(source, 'leak', { secrets: ['b'] })).message).toContain('`b`');
    expect((await findingOf('new a, b in { a!(*b) | for (x <- a) { x!(*a) } }', 'leak')).verdict).toBe('holds');
  });

  it('counts what is handed to system processes, the registry among them', async () => {
    const registered = 'new a, insert(`rho:registry:insertArbitrary`), r in { insert!(*a, *r) | for (_ <- r) { Nil } }';
    expect((await findingOf(registered, 'leak', { secrets: ['a'] })).verdict).toBe('fails');
    const written = 'new a, out(`rho:io:stdout`) in { out!(*a) }';
    expect((await findingOf(written, 'leak', { secrets: ['a'] })).verdict).toBe('fails');
  });
});

describe('unobserved-output', () => {
  it('finds messages on a private name on which nothing is ever received', async () => {
    const finding = await findingOf('new a, b in { a!(1) | for (@x <- a) { b!(x) } }', 'unobserved-output');
    expect(finding.verdict).toBe('fails');
    expect(finding.places[0]?.found).toBe('b!(x)');
  });

  it('takes what stands behind a condition that never holds into account', async () => {
    const source = 'new a, b in { a!(1) | for (@x <- a) { b!(x) } | for (@x <- @"never"; @y <- b) { Nil } }';
    expect((await findingOf(source, 'unobserved-output')).verdict).toBe('holds');
  });
});

describe('failure', () => {
  it('finds the schedule that divides by zero', async () => {
    const finding = await findingOf('@"a"!(1) | @"a"!(0) | for (@x <- @"a") { @"got"!(1 / x) }', 'failure');
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.failure).toContain('divisor');
  });

  it('finds a system process that turns its arguments down, at any time', async () => {
    const source = 'new abort(`rho:execution:abort`) in { abort!("x") | @"a"!(1) | for (@x <- @"a") { @"b"!(x) } }';
    const result = await checked(source, { checks: ['failure'], properties: ['possibly @"b"!(1)'] });
    expect(result.findings.map(({ verdict }) => verdict)).toEqual(['fails', 'holds']);
  });
});

describe('cost', () => {
  it.each([
    ['new out(`rho:io:stdout`) in { out!(1) | out!(2) | for (@x <- @"a") { out!(x) } | @"a"!(3) }', 4],
    ['new a in { a!!(1) | for (_ <= a) { Nil } | for (_ <- a) { Nil } }', 2],
    [
      'new ri(`rho:registry:insertArbitrary`), rl(`rho:registry:lookup`), y, z in { ri!(1, *y) | for (@u <- y) { rl!(u, *z) | for (_ <- z) { Nil } } }',
      4,
    ],
    [
      'new rs(`rho:registry:insertSigned:secp256k1`), d(`rho:system:deployerId`), y in { rs!((1, 2), *d, *y) | rs!((2, 3), *d, *y) | for (_ <- y) { Nil } }',
      3,
    ],
  ])('counts what happens at once, and not what the registry does by itself: %s', async (source, most) => {
    const counted = `at most ${String(most)} reductions in every schedule, of ${String(most)} allowed`;
    expect(await findingOf(source, 'cost')).toMatchObject({ verdict: 'holds', message: `cost: ${counted}` });
    expect((await findingOf(source, 'cost', { maximumComms: BigInt(most) - 1n })).verdict).toBe('fails');
  });

  it('compares the longest schedule with the static bound', async () => {
    const source = '@"a"!(1) | for (@x <- @"a") { @"b"!(x) } | for (@x <- @"b") { Nil }';
    expect(await findingOf(source, 'cost')).toMatchObject({ verdict: 'holds' });
    const dear = await findingOf(source, 'cost', { maximumComms: 1n });
    expect(dear.verdict).toBe('fails');
    expect(dear.trace?.steps.length).toBe(2);
    const loop = 'contract @"l"() = { @"l"!() } | @"l"!()';
    expect(await findingOf(loop, 'cost')).toMatchObject({ verdict: 'unknown', bound: 'no-static-bound' });
    const endless = await findingOf(loop, 'cost', { maximumComms: 5n });
    expect(endless.verdict).toBe('fails');
    expect(endless.trace?.cycle).toBe(0);
  });
});
