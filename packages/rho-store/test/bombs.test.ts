import { createRuntime, DEFAULT_MAXIMUM_COMMS, stringTerm } from '@commute/rholang';
import { beforeEach, describe, expect, test } from 'vitest';
import { hexFromBytes } from '../src/bytes.ts';
import { createMemoryKeyValue, decodeItem, encodeChannel, RhoSpace, verifyStore } from '../src/index.ts';

const times = (text: string, count: number): string => text.repeat(count);
const list = (count: number, each: (index: number) => string, between: string): string =>
  Array.from({ length: count }, (_, index) => each(index)).join(between);
const grow = (step: string, start: string, count: number): string =>
  `new loop in { contract loop(@s, @n) = { if (n > 0) { loop!(${step}, n - 1) } } | loop!(${start}, ${String(count)}) }`;
/** Eight channels with sixty messages each, and a join of all whose guard turns down every combination. */
const guardedJoin = `${list(8, (c) => list(60, (i) => `@${String(c)}!(${String(i)})`, ' | '), ' | ')} | for (${list(
  8,
  (c) => `@x${String(c)} <- @${String(c)}`,
  ' & ',
)} where ${list(8, (c) => `x${String(c)}`, ' + ')} == -1) { Nil }`;

describe('a deploy that asks for more than there is ends with a reason, and leaves the store as it was', () => {
  let space: RhoSpace;
  let root: string;
  beforeEach(() => {
    space = new RhoSpace(createMemoryKeyValue());
    createRuntime({ space }).run('@"kept"!(1)', { seed: Uint8Array.of(0) });
    root = hexFromBytes(space.commit().root);
  });

  const reasonOf = (source: string, maximumComms = DEFAULT_MAXIMUM_COMMS): string => {
    const result = createRuntime({ space }).run(source, { seed: Uint8Array.of(1), maximumComms });
    expect(space.pending === 0).toBe(!result.ok);
    return result.ok ? 'ok' : result.reason;
  };

  test.for([
    ['a source of 100 MB', `@0!("${times('x', 100_000_000)}")`, 'invalid-program'],
    ...(['{', '[', 'new x in {', 'not ', '(', '@0!(', 'for (@x <- @0) {'] as const).map(
      (open) => [`100,000 levels of ${open}`, `@0!(${times(open, 100_000)}1`, 'invalid-program'] as const,
    ),
    ['data that nests without end', grow('[s]', '0', 100_000), 'size-limit'],
    ['a string that doubles', grow('s ++ s', '"0123456789"', 60), 'size-limit'],
    ['a list that doubles', grow('s ++ s', '[0, 1, 2, 3]', 60), 'size-limit'],
    ['a term that shares itself', grow('[s, s]', '0', 60), 'size-limit'],
    [
      'a process that doubles',
      'new loop in { contract loop(s, @n) = { if (n > 0) { loop!(*s | *s, n - 1) } } | loop!(@0!(1), 60) }',
      'size-limit',
    ],
    ['bytes that double', grow('s ++ s', '"00".hexToBytes()', 60), 'size-limit'],
    ['an integer that squares', grow('s * s', '3n', 60), 'size-limit'],
    ['a join whose guard turns everything down', guardedJoin, 'match-budget'],
    [
      'parallel parts that are split in every way',
      `match {${list(24, (i) => `@${String(i)}!()`, ' | ')}} { {${list(12, () => '{~{@9!()} /\\ ~{@8!()}}', ' | ')} | {1 /\\ 2}} => { Nil } }`,
      'match-budget',
    ],
  ] as const)('%s', ([, source, reason]) => {
    expect(reasonOf(source)).toBe(reason);
    expect(hexFromBytes(space.root())).toBe(root);
    expect(verifyStore(space.history).problems).toEqual([]);
  });

  test.for([
    ['a contract that calls itself', 'contract @"a"(_) = { @"a"!(0) } | @"a"!(0)'],
    ['one that doubles', 'contract @"a"(_) = { @"a"!(0) | @"a"!(0) } | @"a"!(0)'],
    ['messages that stay and receives that stay', 'contract @"a"(_) = { @"a"!!(0) } | @"a"!!(0)'],
  ] as const)('%s', ([, source]) => {
    expect(reasonOf(source, 20_000)).toBe('comm-limit');
    expect(hexFromBytes(space.root())).toBe(root);
  });
});

describe('a name that nobody gave away', () => {
  const secret = 'new n in { n!("secret") | @"public"!(1) | for (_ <- @"go") { @"shown"!(*n) } }';

  test('cannot be made from its bytes, whatever is tried', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const runtime = createRuntime({ space });
    runtime.run(secret, { seed: Uint8Array.of(1) });
    runtime.run('@"go"!(1)', { seed: Uint8Array.of(2) });
    space.commit();
    // The bytes of the name are no secret of the store.
    const [item] = [...space.history.items(encodeChannel(stringTerm('shown')))];
    const decoded = decodeItem(item!.bytes);
    const name = decoded?.kind === 'message' ? decoded.datum.data[0] : undefined;
    if (name?.kind !== 'unforgeable') throw new Error('no name');
    const hex = hexFromBytes(Uint8Array.from(name.id, (one) => one.charCodeAt(0)));
    const taken = (program: string, seed: number): boolean => {
      runtime.run(program, { seed: Uint8Array.of(3, seed) });
      return (
        [...space.history.items(encodeChannel(stringTerm('taken')))].length > 0 ||
        space
          .pendingLog()
          .some(
            ({ event }) => event.kind === 'comm' && event.uses.some((use) => hexFromBytes(use.channel).includes(hex)),
          )
      );
    };
    const attempts = [
      `for (@x <- @{"${hex}".hexToBytes()}) { @"taken"!(x) }`,
      `for (@x <- @"${hex}") { @"taken"!(x) }`,
      `for (@x <- Unforgeable(0x${hex})) { @"taken"!(x) }`,
      `for (@x <- @\`rho:id:${hex}\`) { @"taken"!(x) }`,
      // The same program again, at another place of another run, makes other names.
      secret.replace('n!("secret")', 'for (@x <- n) { @"taken"!(x) }'),
    ];
    for (const [index, program] of attempts.entries())
      expect([program, taken(program, index)]).toEqual([program, false]);
    // With the name itself it works.
    expect(taken('for (n <- @"shown") { for (@x <- n) { @"taken"!(x) } }', 99)).toBe(true);
  });
});
