import { describe, expect, test } from 'vitest';
import { createRuntime, type RunOptions, type RunResult } from '../src/index.ts';

const seed = new Uint8Array([1, 2, 3]);

function run(source: string, options: Partial<RunOptions> = {}): RunResult {
  return createRuntime().run(source, { seed, ...options });
}

/** The lines that a program writes to `out`, which it need not declare. */
function lines(source: string): readonly string[] {
  const result = run(`new out(\`rho:io:stdout\`) in { ${source} }`);
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.output.map((line) => line.text);
}

describe('each construct', () => {
  test.for([
    ['send and receive', 'out!(1)', ['1']],
    ['receive before send', '@1!(5) | for (@x <- @1) { out!(x) }', ['5']],
    ['several parts', '@1!(5, 6) | for (@x, @y <- @1) { out!(x + y) }', ['11']],
    ['no parts', '@1!() | for (<- @1) { out!("hit") }', ['"hit"']],
    ['another arity does not match', '@1!(5, 6) | for (@x <- @1) { out!(x) }', []],
    ['remainder of a message', '@1!(5, 6, 7) | for (@x ...@y <- @1) { out!([x, y]) }', ['[5, [6, 7]]']],
    ['linear send is taken once', '@1!(5) | for (@x <- @1) { out!(x) } | for (@x <- @1) { out!(x) }', ['5']],
    ['persistent send stays', '@1!!(5) | for (@x <- @1) { out!(x) } | for (@x <- @1) { out!(x) }', ['5', '5']],
    ['persistent receive stays', '@1!(5) | @1!(6) | for (@x <= @1) { out!(x) }', ['5', '6']],
    ['persistent receive and send meet once', '@1!!(5) | for (@x <= @1) { out!(x) }', ['5']],
    ['peek reads and leaves', '@1!(5) | for (@x <<- @1) { out!(x) | for (@y <- @1) { out!(y) } }', ['5', '5']],
    ['two peeks read one message', '@1!(5) | for (@x <<- @1) { out!(x) } | for (@x <<- @1) { out!(x) }', ['5', '5']],
    ['join', '@1!(5) | @2!(6) | for (@x <- @1 & @y <- @2) { out!(x + y) }', ['11']],
    [
      'join waits for all',
      '@1!(5) | for (@x <- @1 & @y <- @2) { out!(x) } | for (@z <- @1) { out!("free") }',
      ['"free"'],
    ],
    [
      'join with a peek',
      '@1!(5) | @2!(6) | for (@x <- @1 & @y <<- @2) { for (@z <- @2) { out!([x, y, z]) } }',
      ['[5, 6, 6]'],
    ],
    ['persistent join', '@1!(1) | @1!(2) | @2!(3) | @2!(4) | for (@x <= @1 & @y <= @2) { out!(x + y) }', ['5', '5']],
    ['sequence', '@1!(5) | for (@x <- @1; @y <- @{x}) { out!(y) } | @5!(6)', ['6']],
    ['contract', 'contract @"f"(@x, r) = { r!(x * 2) } | @"f"!(21, *out)', ['42']],
    ['contract with rest', 'contract @"f"(@x ...@rest) = { out!(rest) } | @"f"!(1, 2, 3)', ['[2, 3]']],
    ['new names differ', 'new a, b in { out!(*a == *b) }', ['false']],
    ['new names are private', 'new a in { a!(1) } | new a in { for (@x <- a) { out!(x) } }', []],
    ['evaluation', '@1!({ out!("ran") }) | for (x <- @1) { *x }', ['"ran"']],
    ['quote', 'for (@{@2!(x)} <- @1) { out!(x) } | @1!({ @2!(7) })', ['7']],
    ['match', 'match [1, 2] { [] => { out!(0) } [x ...y] => { out!([x, y]) } _ => { out!(9) } }', ['[1, [2]]']],
    ['match without a case', 'match 1 { 2 => { out!(1) } }', []],
    [
      'match with guard',
      'match 5 { x where x > 9 => { out!("big") } x where x > 3 => { out!("mid") } _ => { out!("small") } }',
      ['"mid"'],
    ],
    [
      'guard without a value falls through',
      'match 5 { x where x.length() > 9 => { out!(1) } _ => { out!(2) } }',
      ['2'],
    ],
    ['if', 'if (1 < 2) { out!("yes") } else { out!("no") }', ['"yes"']],
    ['if with something else does nothing', 'if (1) { out!("yes") } else { out!("no") }', []],
    ['let', 'let @x <- 1; @y <- x + 1 in { out!(y) }', ['2']],
    ['let with names', 'let x, y ...@z <- 1, 2, 3, 4 in { out!([*x, *y, z]) }', ['[1, 2, [3, 4]]']],
    ['concurrent let', 'let @x <- 1 & @y <- 2 in { out!(x + y) }', ['3']],
    [
      'select takes one',
      '@1!(1) | @2!(2) | select { @x <- @1 => { out!("taken") } @y <- @2 => { out!("taken") } }',
      ['"taken"'],
    ],
    ['select takes what is there', '@2!(2) | select { @x <- @1 => { out!(x) } @y <- @2 => { out!(y) } }', ['2']],
    [
      'select with join and guard',
      '@1!(1) | @2!(5) | select { @x <- @1 & @y <- @2 where y > 9 => { out!(1) } @y <- @2 => { out!(y) } }',
      ['5'],
    ],
    ['synchronous send', 'contract @"f"(r, @x) = { r!(x) } | @"f"!?(1); out!("done")', ['"done"']],
    ['synchronous send that ends', 'contract @"f"(r, @x) = { out!(x) | r!(Nil) } | @"f"!?(1).', ['1']],
    ['send-receive source', 'contract @"f"(r, @x) = { r!(x + 1) } | for (@y <- @"f"!?(1)) { out!(y) }', ['2']],
    ['receive-send source', '@1!?(5); out!("back") | for (@x <- @1?!) { out!(x) }', ['5', '"back"']],
    ['method send', 'contract @"f"(r, @"get", @x) = { r!(x) } | for (@y <- @"f"!get(3)) { out!(y) }', ['3']],
    [
      'where sees all binds',
      '@1!(1) | @1!(4) | @2!(3) | for (@x <- @1 & @y <- @2 where x > y) { out!([x, y]) }',
      ['[4, 3]'],
    ],
    [
      'where leaves what it refuses',
      '@1!(1) | for (@x <- @1 where x > 5) { out!(1) } | for (@x <- @1) { out!("kept") }',
      ['"kept"'],
    ],
    ['where with no value refuses', '@1!(1) | for (@x <- @1 where x.nope()) { out!(1) }', []],
    ['pattern with a bound name', 'new a in { @1!(*a) | for (@{=*a} <- @1) { out!("same") } }', ['"same"']],
    ['pattern with a bound process', '@1!(7) | let @x <- 7 in { for (@{=x} <- @1) { out!("same") } }', ['"same"']],
    ['channel with a value', '@(1 + 2)!(5) | for (@x <- @3) { out!(x) }', ['5']],
    ['channels are structural', '@{@1!(2) | @3!(4)}!(5) | for (@x <- @{@3!(4) | @1!(2)}) { out!(x) }', ['5']],
    [
      'bundle that writes',
      'new a in { @1!(bundle+{*a}) | for (b <- @1) { b!(5) } | for (@x <- a) { out!(x) } }',
      ['5'],
    ],
    ['bundle of a process runs it', 'bundle+{ out!(1) }', ['1']],
    ['a value that is a process runs', '@1!({"k": { out!(3) }}) | for (@m <- @1) { m.get("k") }', ['3']],
    ['data are evaluated', 'out!([1 + 1, (2 * 2, "a" ++ "b")])', ['[2, (4, "ab")]']],
    ['code is not evaluated', 'out!({ @1!(1 + 1) })', ['@1!(1 + 1)']],
    ['matches', 'out!({ @1!(2) } matches { @1!(_) })', ['true']],
    [
      'duplicated messages are two',
      '@1!(5) | @1!(5) | for (@x <- @1) { out!(x) } | for (@x <- @1) { out!(x) }',
      ['5', '5'],
    ],
  ] as const)('%s', ([, source, want]) => {
    expect([...lines(source)].sort()).toEqual([...want].sort());
  });

  test('a recursive contract', () => {
    const source = `
      new fib in {
        contract fib(@n, reply) = {
          if (n < 2) { reply!(n) } else {
            new a, b in { fib!(n - 1, *a) | fib!(n - 2, *b) | for (@x <- a & @y <- b) { reply!(x + y) } }
          }
        } | fib!(12, *out)
      }`;
    expect(lines(source)).toEqual(['144']);
  });

  test('dining philosophers eat without deadlock', () => {
    const source = `
      new north, south, knife, spoon in {
        north!(*knife, *spoon) | south!(*spoon, *knife) | knife!("knife") | spoon!("spoon") |
        for (k, s <- north) { for (@x <- k & @y <- s) { out!("north") | k!(x) | s!(y) } } |
        for (s, k <- south) { for (@x <- s & @y <- k) { out!("south") | s!(x) | k!(y) } }
      }`;
    expect([...lines(source)].sort()).toEqual(['"north"', '"south"']);
  });
});

describe('failures', () => {
  test.for([
    ['new x(`no:such`) in { Nil }', 'unknown-uri'],
    ['new x in { @(bundle-{*x})!(1) }', 'bundle'],
    ['new x in { for (@y <- @(bundle+{*x})) { Nil } }', 'bundle'],
    ['@1!(1 + "a")', 'type-mismatch'],
    ['@1!(1 / 0)', 'division-by-zero'],
    ['match [1].nth(5) { _ => { Nil } }', 'index-range'],
    ['new loop in { contract loop() = { loop!() } | loop!() }', 'comm-limit'],
    ['new loop in { contract loop(@x) = { loop!([x, x]) } | loop!(1) }', 'size-limit'],
    ['new loop in { contract loop(@x) = { loop!([x]) } | loop!(1) }', 'size-limit'],
    ['new abort(`rho:execution:abort`) in { abort!("stop") }', 'system-process'],
    ['new hash(`rho:crypto:sha256Hash`) in { hash!("text", Nil) }', 'system-process'],
    ['x!(1)', 'invalid-program'],
    ['x!(', 'invalid-program'],
  ] as const)('%s fails with %s', ([source, reason]) => {
    const result = run(source, { maximumComms: 5000 });
    expect(result.ok ? 'ok' : result.reason).toBe(reason);
  });

  test('name the place', () => {
    const source = '@1!(2) |\n@3!(4 + "a")';
    const result = run(source);
    if (result.ok || result.place === undefined) throw new Error('unexpected success');
    expect(source.slice(result.place.start, result.place.end)).toBe('@3!(4 + "a")');
  });

  test('leave the space as it was', () => {
    const runtime = createRuntime();
    const kept = runtime.run('@1!(1)', { seed });
    expect(kept.ok).toBe(true);
    const failed = runtime.run('for (@x <- @1) { @2!(x) | @3!(x / 0) }', { seed: new Uint8Array([9]) });
    expect(failed.ok).toBe(false);
    const after = runtime.run('new out(`rho:io:stdout`) in { for (@x <- @1) { out!(x) } }', {
      seed: new Uint8Array([8]),
    });
    expect(after.output.map((line) => line.text)).toEqual(['1']);
  });

  test('an open term or a pattern is the caller’s mistake', () => {
    const runtime = createRuntime();
    expect(() => runtime.run({ ...patternTerm }, { seed })).toThrow('RHOLANG_ARGUMENT_MISMATCH');
  });
});

const patternTerm = {
  kind: 'wildcard',
  scope: 0,
  isPattern: true,
  searches: false,
  depth: 1,
  size: 1,
  key: '',
} as const;
