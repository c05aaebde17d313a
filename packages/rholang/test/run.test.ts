import { describe, expect, test } from 'vitest';
import { createRuntime, type RunOptions, type RunResult } from '../src/index.ts';
import { CONSTRUCTS, FAILURES } from '../src/conformance/programs.ts';

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
  test.for(CONSTRUCTS)('%s', ([, source, want]) => {
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
  test.for(FAILURES)('%s fails with %s', ([source, reason]) => {
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
