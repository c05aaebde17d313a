import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRuntime, encodeTerm, integerTerm, listTerm, stringTerm, tupleTerm } from '@commute/rholang';
import { createMemoryKeyValue, encodeChannel, pathOfChannel, pruneStore, RhoSpace } from '@commute/rho-store';
import { channelText, StoreIndex } from '../src/index.ts';

const HEAD = new TextEncoder().encode('discoveryh');
const CHANNELS = new TextEncoder().encode('discoveryc');

const PROGRAMS = [
  'contract @"math"(@{x /\\ Int}, @{y /\\ Int}, r) = { r!(x + y) } | contract @"math"(@{x /\\ String}, r) = { r!(x) }',
  'for (@x, r <= @"a" & @[y ...z] <= @"b") { r!(x, y, z) } | contract @"on"(@x, r) = { @"math"!(x, 1, *r) | r!({"k": (x, 1)}) }',
  'new insert(`rho:registry:insertArbitrary`), f, back in { contract f(@x, r) = { r!((x, true)) } | insert!({"f": bundle+{*f}, "g": [*f]}, *back) | for (uri <- back) { @"uri"!(*uri) } }',
  'contract @"loop"(@n, r) = { @"loop"!(n, *r) | r!(n) } | contract @"rest"(@x ...@y) = { Nil } | for (@1, r <= @"guarded" where true) { r!() }',
];

function run(space: RhoSpace, source: string, seed: number): void {
  const result = createRuntime({ space }).run(source, { seed: new Uint8Array([seed]) });
  if (!result.ok) throw new Error(result.message);
  space.commit();
}

function filled(): RhoSpace {
  const space = new RhoSpace(createMemoryKeyValue());
  PROGRAMS.forEach((source, index) => {
    run(space, source, index);
  });
  return space;
}

/** All that an index says, with where it stands. */
function lines(contracts: StoreIndex): string[] {
  return [...contracts.index.entries()]
    .map(({ id, contract }) => {
      const text = JSON.stringify(Object.entries(contract).sort(), (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      // Keys of terms are caches.
      return `${channelText(contract.channel)} ${id} ${text.replaceAll(/"key":"(\\.|[^"\\])*"/g, '')} ${String(contracts.placeOf(id)?.hash)}`;
    })
    .sort();
}

function upToDate(space: RhoSpace): StoreIndex {
  const contracts = new StoreIndex();
  contracts.update(space.history);
  return contracts;
}

describe('an index that is kept in its store', () => {
  test('says what a whole reading says, and is written and brought up to date by what changed', () => {
    const space = filled();
    expect(StoreIndex.load(space.history).reason).toBe('absent');
    const first = upToDate(space);
    const written = first.save(space.history);
    expect(written).toBeGreaterThan(6);
    const { contracts, reason } = StoreIndex.load(space.history);
    expect(reason).toBeUndefined();
    expect(contracts.index.size).toBe(first.index.size);
    expect(lines(contracts)).toEqual(lines(first));
    for (const { id } of contracts.index.entries()) expect(contracts.confirm(space.history, id)).toBe(true);
    run(space, 'contract @"new"() = { Nil } | for (@uri <- @"uri") { Nil }', 9);
    const { whole, channels } = contracts.update(space.history);
    expect([whole, channels]).toEqual([false, 2]);
    expect(lines(contracts)).toEqual(lines(upToDate(space)));
    // The head and one contract; the other channel has none.
    expect(contracts.save(space.history)).toBe(2);
    expect(contracts.save(space.history)).toBe(0);
    expect(lines(StoreIndex.load(space.history).contracts)).toEqual(lines(contracts));
    // Another one was saved in between: all is written again.
    expect(first.update(space.history).whole).toBe(false);
    expect(first.save(space.history)).toBe(written + 1);
    expect(lines(StoreIndex.load(space.history).contracts)).toEqual(lines(contracts));
    space.goTo(1);
    expect(contracts.update(space.history).whole).toBe(false);
    expect(lines(contracts)).toEqual(lines(upToDate(space)));
    contracts.save(space.history);
    const back = StoreIndex.load(space.history);
    expect([back.reason, back.contracts.commit]).toEqual([undefined, 1]);
    expect(lines(back.contracts)).toEqual(lines(contracts));
  });

  test('is not used with other options, of a version that is gone, or of another store', () => {
    const space = filled();
    upToDate(space).save(space.history);
    expect(StoreIndex.load(space.history, { systemProcesses: [] }).reason).toBe('other-options');
    expect(StoreIndex.load(space.history, { properties: [] }).reason).toBe('other-options');
    expect(new StoreIndex({ properties: [] }).save(space.history)).toBe(0);
    const other = new RhoSpace(createMemoryKeyValue());
    run(other, '@"x"!(1)', 1);
    other.history.writeSide({ puts: [...space.history.sides(new TextEncoder().encode('discovery'))] });
    expect(StoreIndex.load(other.history).reason).toBe('other-root');
    run(space, '@"one"!(1)', 11);
    run(space, '@"two"!(1)', 12);
    pruneStore(space.history, 1);
    const { contracts, reason } = StoreIndex.load(space.history);
    expect(reason).toBe('other-root');
    expect(contracts.update(space.history).whole).toBe(true);
    contracts.save(space.history);
    expect(StoreIndex.load(space.history).reason).toBeUndefined();
  });

  test('is refused with a reason when a record is damaged, and takes nothing that does not fit its place', () => {
    const space = filled();
    const whole = upToDate(space);
    whole.save(space.history);
    const { history } = space;
    const records = [...history.sides(new TextEncoder().encode('discovery'))].map(
      ([key, value]) => [new Uint8Array(key), new Uint8Array(value)] as const,
    );
    const restore = (): void => {
      history.writeSide({ puts: records });
    };
    const reasonOf = (
      puts: readonly (readonly [Uint8Array, Uint8Array])[],
      deletes: readonly Uint8Array[] = [],
    ): unknown => {
      history.writeSide({ puts, deletes });
      const { reason, contracts } = StoreIndex.load(history);
      contracts.update(history);
      if (reason !== undefined) expect(lines(contracts)).toEqual(lines(whole));
      restore();
      return reason;
    };
    const [[first, value], [second]] = records as unknown as [[Uint8Array, Uint8Array], [Uint8Array]];
    expect(reasonOf([], [first])).toBe('malformed');
    expect(reasonOf([[second, value]])).toBe('malformed');
    expect(reasonOf([[HEAD, encodeTerm(tupleTerm([integerTerm(2n)]))]])).toBe('unknown-version');
    expect(reasonOf([[HEAD, encodeTerm(tupleTerm([integerTerm(1n)]))]])).toBe('malformed');
    expect(reasonOf([[HEAD, new Uint8Array(0)]])).toBe('malformed');
    const channel = encodeChannel(stringTerm('math'));
    const mathKey = Uint8Array.from([...CHANNELS, ...pathOfChannel(channel)]);
    expect(records.some(([key]) => key.join() === mathKey.join())).toBe(true);
    expect(reasonOf([[mathKey, encodeTerm(listTerm([]))]])).toBe('malformed');
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (record, at, bits) => {
        const [key, bytes] = records[record % records.length]!;
        const damaged = new Uint8Array(bytes);
        damaged[at % damaged.length]! ^= bits;
        // A change of a count or a text may be what another index would say; all else is refused.
        expect(['malformed', 'other-root', 'other-options', 'unknown-version', undefined]).toContain(
          reasonOf([[key, damaged]]),
        );
      }),
      { numRuns: 150 },
    );
    // On the medium itself each record has a checksum.
    const keyOnMedium = [...history.trie.store.entries()].find(
      ([key]) => key.subarray(1).join() === mathKey.join(),
    )![0];
    const raw = new Uint8Array(history.trie.store.get(keyOnMedium)!);
    raw[raw.length - 1]! ^= 1;
    history.trie.store.commit({ puts: [[new Uint8Array(keyOnMedium), raw]], deletes: [] });
    expect(StoreIndex.load(history).reason).toBe('malformed');
  });

  test('a contract that the store does not hold is not confirmed', () => {
    const [one, other] = ['contract @"f"(@{x /\\ Int}, r) = { r!(x) }', 'contract @"f"(@x, r) = { r!("text") }'].map(
      (source) => {
        const space = new RhoSpace(createMemoryKeyValue());
        run(space, source, 1);
        return space;
      },
    ) as [RhoSpace, RhoSpace];
    const contracts = upToDate(one);
    const [entry] = [...contracts.index.entries()];
    expect(contracts.confirm(one.history, entry!.id)).toBe(true);
    expect(contracts.confirm(other.history, entry!.id)).toBe(false);
    expect(contracts.confirm(one.history, 'unknown')).toBe(false);
    // One that says more than the receive under the same hash.
    const claims = upToDate(other);
    const [claimed] = [...claims.index.entries()];
    contracts.index.delete(entry!.id);
    contracts.index.add(entry!.id, claimed!.contract);
    expect(contracts.confirm(one.history, entry!.id)).toBe(false);
  });
});
