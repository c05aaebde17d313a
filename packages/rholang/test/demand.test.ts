import { describe, expect, test } from 'vitest';
import { admit, demandOf, newTerm, parTerm, receiveTerm, type Demand } from '../src/index.ts';
import { metered, read, runAll, supply } from './metered-run.ts';

function demand(source: string): Demand {
  const { term, locations } = read(source);
  return demandOf(term, { source, locations });
}

function tokens(source: string): bigint | string {
  const found = demand(source);
  return found.kind === 'bounded' ? found.tokens : `${found.reason} ${String(found.line)}:${String(found.column)}`;
}

/** What the program spends beside `other`. */
function spent(source: string, other = 'Nil'): bigint {
  return runAll([supply(1000n), metered(read(source).term), read(other).term]).spent;
}

describe('demand', () => {
  test.each([
    ['Nil', 'Nil'],
    ['@1!(2)', 'for (_ <- @1) { Nil }'],
    ['for (@x <- @1) { for (@y <- @2) { Nil } }', '@1!(0) | @2!(0)'],
    ['for (@x <- @1 & @y <- @2) { @3!(x) }', '@1!(0) | @2!(0)'],
    ['new a in { a!(1) | for (@x <- a) { a!(x) } }', 'Nil'],
    ['new out(`rho:io:stdout`) in { out!(1) | out!(2, 3) | for (@x <<- @1) { out!(x) } }', '@1!(0)'],
    ['new a in { for (@x <- a) { for (@y <- @1) { Nil } } }', '@1!(1)'],
    ['new f, r in { contract f(@x, k) = { k!(x) } | f!(1, *r) | f!(2, *r) | for (_ <- r) { Nil } }', 'Nil'],
    ['new f, g in { contract f() = { g!() | g!() } | contract g() = { Nil } | f!() | f!() }', 'Nil'],
    ['new f in { contract f(@x) = { Nil } | f!!(1) | f!(2) }', 'Nil'],
    ['new f, g in { f!!(1) | g!!(2) | for (@x <= f & @y <= g) { Nil } }', 'Nil'],
    ['new f, g in { f!(1) | f!(2) | g!!(2) | for (@x <= f & @y <= g) { Nil } }', 'Nil'],
    ['new out(`rho:io:stdout`), c in { c!(*out) | for (o <- c) { o!(1) } }', 'Nil'],
    ['new x in { x!?(1); Nil | for (k, @v <- x) { k!(v) } }', 'Nil'],
  ])('is exact for %s', (source, other) => {
    expect(tokens(source)).toBe(spent(source, other));
  });

  test.each([
    ['if (1 == 2) { for (_ <- @1) { Nil } } else { Nil }', 1n],
    ['match 3 { 1 => { for (_ <- @1; _ <- @2) { Nil } } _ => { for (_ <- @1) { Nil } } }', 2n],
  ])('takes the dearest case in %s', (source, expected) => {
    expect(tokens(source)).toBe(expected);
  });

  test.each([
    ['for (@x <= @1) { Nil }', 'open-receive 1:1'],
    ['\n  contract @"f"(@x) = { Nil }', 'open-receive 2:3'],
    ['new f in { contract f() = { f!() } | f!() }', 'recursion 1:12'],
    ['new f, g in { contract f() = { g!() } | contract g() = { f!() } | f!() }', 'recursion 1:15'],
    ['new f in { contract f() = { Nil } | @1!(*f) }', 'open-receive 1:12'],
    ['new f in { contract f() = { Nil } | @1!({ f!() }) }', 'code-leaves 1:37'],
    ['new a in { a!({ for (_ <- @1) { Nil } }) | for (@p <- a) { p } }', 'runs-code 1:44'],
    ['@1!({ for (_ <- @2) { Nil } })', 'code-leaves 1:1'],
    ['@1!({ new o(`rho:io:stdout`) in { o!(1) } })', 'code-leaves 1:1'],
    ['new out(`rho:io:stdout`) in { @1!(*out) }', 'system-name-leaves 1:31'],
  ])('has no bound for %s', (source, expected) => {
    expect(tokens(source)).toBe(expected);
  });

  test('a repeated receive that nothing reaches is no loop', () => {
    expect(tokens('new f in { contract f() = { f!() } }')).toBe(0n);
  });

  test.each([
    ['new a, b in { a!(1) | a!(2) | a!(3) | b!(4) | for (_ <- a & _ <<- b) { Nil } }', 3n],
    ['new a, b in { a!(1) | b!(2) | b!(3) | b!(4) | for (_ <- a & _ <<- b) { Nil } }', 1n],
    ['new a, b in { a!!(1) | b!(2) | b!(3) | b!(4) | for (_ <- a & _ <<- b) { Nil } }', 3n],
    ['new a, b in { a!(1) | a!(2) | b!(3) | b!(4) | for (_ <<- a & _ <<- b) { Nil } }', 4n],
  ])('messages that a repeated receive peeks at stay, which no text but a term can say: %s', (source, expected) => {
    const { term } = read(source);
    if (term.kind !== 'new' || term.body.kind !== 'par') throw new Error('unexpected term');
    const parts = term.body.parts.map((part) =>
      part.kind === 'receive' ? receiveTerm(part.binds, part.body, true) : part,
    );
    const repeated = newTerm(term.fresh, term.uris, parTerm(parts));
    const end = runAll([supply(1000n), metered(repeated)]);
    const found = demandOf(repeated);
    if (found.kind === 'unbounded') throw new Error(found.message);
    expect(end.spent).toBe(expected);
    expect(found.tokens).toBeGreaterThanOrEqual(expected);
  });

  test('doubling sixty times is counted, not unfolded', () => {
    const names = Array.from({ length: 60 }, (_, index) => `f${String(index)}`);
    const contracts = names.slice(1).map((name, index) => `contract f${String(index)}() = { ${name}!() | ${name}!() }`);
    const source = `new ${names.join(', ')} in { ${contracts.join(' | ')} | contract f59() = { Nil } | f0!() }`;
    expect(tokens(source)).toBe(2n ** 60n - 1n);
  });

  test('chains that are too long are not followed', () => {
    const names = Array.from({ length: 3000 }, (_, index) => `f${String(index)}`);
    const contracts = names.map((name, index) => `contract ${name}() = { ${names[index + 1] ?? 'f0'}!() }`);
    expect(demand(`new ${names.join(', ')} in { ${contracts.join(' | ')} | f0!() }`)).toMatchObject({
      kind: 'unbounded',
    });
  });

  test('admission', () => {
    expect(admit({ kind: 'bounded', tokens: 3n }, 5n)).toEqual({ ok: true, spare: 2n });
    expect(admit({ kind: 'bounded', tokens: 3n }, 2n)).toEqual({ ok: false, reason: 'short', missing: 1n });
    expect(admit(demand('for (_ <= @1) { Nil }'), 5n)).toEqual({ ok: false, reason: 'unbounded', missing: undefined });
  });
});
