import { describe, expect, it } from 'vitest';
import { checkProcess, CheckArgumentError, type CheckOptions } from '../src/index.ts';
import { checked } from './support.ts';

const small: CheckOptions = { bounds: { states: 300, bytes: 64 * 1024 * 1024, milliseconds: 1500 } };

/** Each ends within its bounds, and does not say that it holds. */
const UNBOUNDED: readonly (readonly [title: string, source: string, bound: string])[] = [
  ['counting for ever', 'contract @"l"(@n) = { @"l"!(n + 1) } | @"l"!(0)', 'states'],
  ['replication', 'contract @"l"() = { @"l"!() | @"l"!() } | @"l"!()', 'states'],
  ['fresh names for ever', 'contract @"l"(x) = { new y in { @"l"!(*y) | x!(*y) } } | new z in { @"l"!(*z) }', 'states'],
  [
    'many independent steps',
    Array.from({ length: 40 }, (_, index) => `@${String(index)}!(1) | for (_ <- @${String(index)}) { Nil }`).join(
      ' | ',
    ),
    'states',
  ],
  ['messages that stay and receives that repeat', 'for (@n <= @"l") { @"l"!!(n + 1) } | @"l"!!(0)', 'steps'],
  [
    'a join of many messages',
    `for (_ <- @"a" & _ <- @"b" & _ <- @"c" & _ <- @"d") { Nil } | ${['a', 'b', 'c', 'd'].flatMap((name) => Array.from({ length: 20 }, (_, index) => `@"${name}"!(${String(index)})`)).join(' | ')}`,
    'steps',
  ],
  ['values that double', 'contract @"l"(@x) = { @"l"!([x, x]) } | @"l"!(0)', 'bytes'],
];

describe('programs without end', () => {
  it.each(UNBOUNDED)('%s', async (_, source, bound) => {
    const result = await checked(source, { ...small, checks: ['deadlock'] });
    expect(result.graph.complete).toBe(false);
    expect(result.findings[0]).toMatchObject({ verdict: 'unknown' });
    expect([bound, 'milliseconds', 'states', 'bytes']).toContain(result.graph.bound);
    expect(result.graph.states).toBeLessThan(1000);
  });

  it('deep terms and wide ones', async () => {
    const deep = `@"a"!(${'['.repeat(200)}${']'.repeat(200)}) | for (@x <- @"a") { @"b"!(x) }`;
    expect((await checked(deep, small)).verdict).toBe('holds');
    const grow = 'contract @"l"(@x) = { @"l"!([x]) } | @"l"!(0)';
    const result = await checked(grow, { bounds: { states: 2000 }, checks: ['failure'] });
    expect(result.findings[0]).toMatchObject({ verdict: 'unknown', bound: 'steps' });
  });

  it('a match with too many ways', async () => {
    const parts = Array.from({ length: 14 }, (_, index) => `@${String(index)}!(1)`).join(' | ');
    const source = `@"a"!({${parts}}) | for (@{x | y | z} <- @"a") { @"b"!(Nil) }`;
    const result = await checkProcess(source, { ...small, checks: ['deadlock'] });
    expect(result).toMatchObject({ ok: true });
  });
});

describe('bounds', () => {
  it('stops at depth, memory and time', async () => {
    const source = 'contract @"l"(@n) = { @"l"!(n + 1) } | @"l"!(0)';
    const bounded = async (bounds: NonNullable<CheckOptions['bounds']>): Promise<string | undefined> =>
      (await checked(source, { bounds, checks: ['deadlock'] })).graph.bound;
    expect(await bounded({ depth: 10 })).toBe('depth');
    expect(await bounded({ bytes: 100_000 })).toBe('bytes');
    expect(await bounded({ milliseconds: 20, states: 10_000_000 })).toBe('milliseconds');
    expect((await checked(source, { bounds: { depth: 10 }, checks: ['deadlock'] })).graph.depth).toBe(10);
  });

  it('hears a signal while it works, and reports progress', async () => {
    const source = 'contract @"l"(@n) = { @"l"!(n + 1) } | @"l"!(0)';
    const stop = new AbortController();
    const seen: number[] = [];
    const result = await checked(source, {
      bounds: { states: 10_000_000 },
      checks: ['deadlock'],
      signal: stop.signal,
      onProgress: ({ states, waiting, transitions, depth }) => {
        seen.push(states);
        expect(waiting).toBeGreaterThan(0);
        expect(transitions).toBeGreaterThan(0);
        expect(depth).toBeGreaterThan(0);
        if (seen.length === 2) stop.abort();
      },
    });
    expect(result.graph.bound).toBe('aborted');
    expect(seen.length).toBe(2);
    expect((await checked('Nil', { signal: AbortSignal.abort() })).graph).toMatchObject({
      states: 0,
      bound: 'aborted',
    });
  });

  it("refuses what is the caller's mistake", async () => {
    await expect(checkProcess('Nil', { bounds: { states: 0 } })).rejects.toMatchObject({
      code: 'RHO_CHECK_OPTION_RANGE',
    });
    await expect(checkProcess('Nil', { checks: ['bogus' as 'race'] })).rejects.toThrow(CheckArgumentError);
    await expect(checkProcess('Nil', { secrets: ['x'] })).rejects.toThrow(CheckArgumentError);
    await expect(
      checkProcess('Nil', { properties: Array.from({ length: 16 }, () => 'always terminal') }),
    ).rejects.toThrow(CheckArgumentError);
    expect(await checkProcess('x!(')).toMatchObject({ ok: false, reason: 'invalid-program' });
    expect(await checkProcess('x!(1)')).toMatchObject({ ok: false, reason: 'invalid-program' });
  });
});
