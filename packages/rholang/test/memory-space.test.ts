import { describe, expect, test } from 'vitest';
import {
  consumeFromReceive,
  createRuntime,
  datumFromSend,
  equalTerms,
  freeTerm,
  integerTerm,
  MemorySpace,
  normalize,
  parse,
  receiveOf,
  sendOf,
  splitSeed,
  stringTerm,
  type Bind,
  type ReceiveTerm,
} from '../src/index.ts';
import { tupleSpaceConformance } from '../src/conformance.ts';

tupleSpaceConformance({
  name: 'memory',
  create: () => new MemorySpace(),
  runs: Number(process.env['FC_NUM_RUNS'] ?? 500),
});

function receiveTermOf(source: string): ReceiveTerm {
  const parsed = parse(source);
  const result = parsed.ok ? normalize(parsed.process) : undefined;
  if (result?.ok !== true || result.term.kind !== 'receive') throw new Error('not a receive');
  return result.term;
}

describe('what waits', () => {
  test('can be written down as terms and taken up again', () => {
    const program = `
      new a in { @"a"!(*a, 1) | @"b"!!(2) | contract @"c"(@x) = { a!(x) } | for (@x <- @"d" & y <<- @"e" where x > 1) { y!(x, *a) } }`;
    const space = new MemorySpace();
    expect(createRuntime({ space }).run(program, { seed: new Uint8Array(1) }).ok).toBe(true);
    const copy = new MemorySpace();
    for (const row of space.entries()) {
      for (const datum of row.data) {
        const send = sendOf(row.channel, datum);
        expect([send.scope, send.isPattern]).toEqual([0, false]);
        copy.produce(send.channel, datumFromSend(send, datum.seed));
      }
    }
    const seen = new Set<string>();
    for (const row of space.entries()) {
      for (const waiting of row.waiting) {
        if (seen.has(waiting.seed)) continue;
        seen.add(waiting.seed);
        const receive = receiveOf(waiting);
        expect(receive.scope).toBe(0);
        const again = consumeFromReceive(receive, waiting.seed);
        expect(equalTerms(receiveOf(again), receive)).toBe(true);
        expect(copy.consume(again)).toEqual([]);
      }
    }
    expect(copy.root()).toEqual(space.root());
    expect(copy.size).toBeGreaterThan(0);
  });

  test('a join with a bomb of candidates ends with an error', () => {
    const space = new MemorySpace();
    const channels = ['a', 'b', 'c'].map((name) => stringTerm(name));
    channels.forEach((channel, place) => {
      for (let index = 0; index < 200; index += 1) {
        const datum = {
          data: [integerTerm(BigInt(index))],
          persistent: false,
          seed: splitSeed('seed', index * 3 + place),
        };
        space.produce(channel, { ...datum, place: undefined, order: '' });
      }
    });
    const { guard, body } = receiveTermOf('for (@x <- @1 & @y <- @2 & @z <- @3 where x + y + z < 0) { Nil }');
    const binds = channels.map((channel): Bind => ({
      channel,
      patterns: [freeTerm(0)],
      remainder: undefined,
      variables: 1,
      peek: false,
    }));
    const continuation = { kind: 'process', body, environment: [] } as const;
    const consume = {
      binds,
      variables: 3,
      guard,
      persistent: false,
      continuation,
      seed: 'other',
      place: undefined,
      order: '',
    };
    expect(() => space.consume(consume)).toThrow('budget');
  });
});
