import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRuntime, MemorySpace, stringTerm } from '@commute/rholang';
import {
  compareLogs,
  createMemoryKeyValue,
  decodeChannel,
  decodeItem,
  decodeLog,
  encodeChannel,
  encodeEvent,
  encodeLog,
  mergeLogs,
  RhoSpace,
  verifyStore,
  type KeyValueStore,
} from '../src/index.ts';
import { anyProgram } from './program-arbitrary.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 150);

function runOn(space: RhoSpace, program: string, seed: number): void {
  const result = createRuntime({ space }).run(program, { seed: Uint8Array.of(seed), maximumComms: 60 });
  if (!result.ok && result.reason === 'invalid-program') throw new Error(result.message);
}

/** A store with one program run on it. */
function baseOf(program: string): { keyValue: KeyValueStore; root: Uint8Array<ArrayBuffer> } {
  const keyValue = createMemoryKeyValue();
  const space = new RhoSpace(keyValue);
  runOn(space, program, 0);
  return { keyValue, root: space.commit().root };
}

/** The log of a program on a base; nothing is committed. */
function logOf(base: KeyValueStore, program: string, seed: number): Uint8Array<ArrayBuffer> {
  const space = copyOf(base);
  runOn(space, program, seed);
  return space.commit().log;
}

function copyOf(base: KeyValueStore): RhoSpace {
  const copy = createMemoryKeyValue();
  copy.commit({ puts: [...base.entries()] });
  return new RhoSpace(copy);
}

/** Puts everything that waits into a fresh space and counts what fires, but for what is persistent on both sides. */
function couldFire(space: RhoSpace): number {
  const memory = new MemorySpace();
  const receives = new Map<string, ReturnType<typeof decodeItem>>();
  for (const bytes of space.history.channels()) {
    for (const item of space.history.items(bytes)) {
      const decoded = decodeItem(item.bytes)!;
      if (decoded.kind === 'message') memory.produce(decodeChannel(bytes)!, decoded.datum);
      else receives.set(decoded.consume.seed, decoded);
    }
  }
  let fired = 0;
  for (const one of receives.values()) {
    if (one?.kind !== 'receive') continue;
    for (const comm of memory.consume(one.consume))
      if (!one.consume.persistent || comm.used.some((used) => used.removed)) fired += 1;
  }
  return fired;
}

describe('logs on a common base', () => {
  const kindsOf = (base: string, one: string, two: string): string[] => {
    const { keyValue } = baseOf(base);
    const result = compareLogs(new RhoSpace(keyValue).history, [logOf(keyValue, one, 1), logOf(keyValue, two, 2)]);
    if (!result.ok) throw new Error(result.reason);
    return result.pairs.flatMap((pair) => pair.conflicts.map((conflict) => conflict.kind));
  };

  test.for([
    ['@"a"!(1)', 'for (_ <- @"a") { Nil }', 'for (_ <- @"a") { @"b"!(1) }', ['used-twice']],
    ['for (_ <- @"a") { Nil }', '@"a"!(1)', '@"a"!(2)', ['used-twice']],
    ['@"a"!(1)', 'for (_ <<- @"a") { Nil }', 'for (_ <- @"a") { Nil }', ['read-and-used']],
    ['Nil', '@"a"!(1)', 'for (@1 <- @"a") { Nil }', ['could-meet']],
    ['Nil', '@"a"!(1)', 'for (_ <- @"a" & _ <- @"b") { Nil }', ['could-meet']],
    ['Nil', '@"a"!(1)', 'contract @"a"(_) = { Nil }', ['could-meet']],
    ['for (_ <- @"a" & _ <- @"b") { Nil }', '@"a"!(1)', '@"b"!(1)', ['shared-join']],
    [
      '@"go"!("a", "a") | for (@p, @q <- @"go") { for (_ <- @p & _ <- @q) { Nil } }',
      '@"a"!(1)',
      '@"a"!(2)',
      ['shared-join'],
    ],
  ] as const)('on %s: %s and %s conflict', ([base, one, two, kinds]) => {
    expect(kindsOf(base, one, two)).toEqual(kinds);
    expect(kindsOf(base, two, one)).toEqual(kinds);
  });

  test.for([
    ['Nil', '@"a"!(1)', '@"a"!(2)'],
    ['Nil', '@"a"!(1)', 'for (@2 <- @"a") { Nil }'],
    ['Nil', '@"a"!(1)', 'for (@x <- @"a" where x > 1) { Nil }'],
    ['Nil', '@"a"!(1)', 'for (_, _ <- @"a") { Nil }'],
    ['@"a"!(1)', 'for (_ <<- @"a") { Nil }', 'for (_ <<- @"a") { @"b"!(1) }'],
    ['contract @"a"(_) = { Nil }', '@"a"!(1)', '@"a"!(2)'],
    ['@"a"!!(1)', 'for (_ <- @"a") { Nil }', 'for (_ <- @"a") { Nil }'],
    ['@"a"!(1) | @"b"!(1)', 'for (_ <- @"a") { Nil }', 'for (_ <- @"b") { Nil }'],
    ['for (@1 <- @"a" & _ <- @"b") { Nil }', '@"a"!(2)', '@"b"!(1)'],
    ['for (_ <- @"a" & _ <- @"b") { Nil }', '@"a"!(2)', '@"a"!(3)'],
    ['Nil', '@"a"!(1) | for (_ <- @"a") { Nil }', 'for (_ <- @"a") { Nil }'],
  ] as const)('on %s: %s and %s do not conflict', ([base, one, two]) => {
    expect(kindsOf(base, one, two)).toEqual([]);
    expect(kindsOf(base, two, one)).toEqual([]);
  });

  test('merge to one version, whatever the order, if no two conflict; and nothing in it could fire', () => {
    let merged = 0;
    fc.assert(
      fc.property(
        anyProgram,
        fc.array(anyProgram, { minLength: 2, maxLength: 4 }),
        fc.nat(),
        (program, programs, turn) => {
          const { keyValue, root } = baseOf(program);
          const logs = programs.map((each, index) => logOf(keyValue, each, index + 1));
          const compared = compareLogs(copyOf(keyValue).history, logs);
          expect(compared.ok).toBe(true);
          const space = copyOf(keyValue);
          const result = mergeLogs(space.history, logs);
          if (!result.ok || !compared.ok) throw new Error('not merged');
          expect(result.refused.length > 0).toBe(compared.conflict);
          expect(verifyStore(space.history).problems).toEqual([]);
          expect(couldFire(space)).toBe(0);
          expect([...result.accepted, ...result.refused].sort()).toEqual(logs.map((_, index) => index));
          const by = turn % logs.length;
          const turned = [...logs.slice(by), ...logs.slice(0, by)].reverse();
          const other = copyOf(keyValue);
          const again = mergeLogs(other.history, [...turned, logs[0]!]);
          expect(again.ok && again.commit.root).toEqual(result.commit.root);
          if (compared.conflict) return;
          merged += 1;
          // Merged in two steps: the union of the sets from the common base.
          other.reset(root);
          const part = mergeLogs(other.history, logs.slice(by));
          expect(part.ok && part.refused).toEqual([]);
          other.reset(root);
          const union = mergeLogs(other.history, [...logs.slice(by), ...logs.slice(0, by)]);
          expect(union.ok && union.commit.root).toEqual(result.commit.root);
        },
      ),
      { numRuns: runs },
    );
    expect(merged).toBeGreaterThan(0);
  });

  test('a decision chooses, is asked only about conflicts, and must leave none', () => {
    const { keyValue, root } = baseOf('@"a"!(1)');
    const logs = ['for (_ <- @"a") { @"b"!(1) }', 'for (_ <- @"a") { @"b"!(2) }', '@"c"!(1)'].map((program, index) =>
      logOf(keyValue, program, index + 1),
    );
    const space = copyOf(keyValue);
    const chosen = mergeLogs(space.history, logs, () => [1]);
    expect(chosen.ok && chosen.refused).toEqual([1]);
    space.reset(root);
    expect(() => mergeLogs(space.history, logs, () => [2])).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    const asked = mergeLogs(space.history, logs.slice(1), () => {
      throw new Error('asked without a conflict');
    });
    expect(asked.ok).toBe(true);
    // What was refused is proposed again, on the new version.
    const again = logOf(space.history.trie.store, 'for (_ <- @"a") { @"b"!(1) }', 1);
    const second = mergeLogs(space.history, [again]);
    expect(second.ok && second.refused).toEqual([]);
  });

  test('that are none, or belong to another base, are reported', () => {
    const { keyValue } = baseOf('@"a"!(1)');
    const log = logOf(keyValue, 'for (_ <- @"a") { Nil }', 1);
    const elsewhere = new RhoSpace(createMemoryKeyValue());
    expect(mergeLogs(elsewhere.history, [log])).toEqual({ ok: false, reason: 'not-on-base' });
    expect(elsewhere.history.trie.meta.commits).toBe(0);
    expect(mergeLogs(elsewhere.history, [log.subarray(1)])).toEqual({ ok: false, reason: 'malformed-log', log: 0 });
    const receive = decodeLog(logOf(keyValue, 'for (_ <- @"b") { Nil }', 2));
    const event = receive.ok ? receive.entries[0]!.event : undefined;
    if (event?.kind !== 'consume') throw new Error('not a receive');
    for (const wrong of [
      { ...event, channels: [encodeChannel(stringTerm('c'))] },
      { ...event, item: Uint8Array.of(1, 2, 3) },
    ])
      expect(compareLogs(copyOf(keyValue).history, [log, encodeLog([encodeEvent(wrong)])])).toEqual({
        ok: false,
        reason: 'malformed-log',
        log: 1,
      });
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(log);
        changed[at % log.length]! ^= flip;
        compareLogs(copyOf(keyValue).history, [log, changed]);
      }),
      { numRuns: runs },
    );
  });
});
