import { describe, expect, test } from 'vitest';
import { createRuntime } from '@commute/rholang';
import { createMemoryKeyValue, makeBlock, pruneStore, RhoSpace, unsignedDeploy } from '@commute/rho-store';
import { channelText, parseQuery, StoreIndex, type ContractQuery } from '../src/index.ts';

function newSpace(): RhoSpace {
  return new RhoSpace(createMemoryKeyValue());
}

/** One block with one metered deploy. */
function block(space: RhoSpace, source: string, number: number): void {
  const deploy = unsignedDeploy({
    source,
    file: 'a.rho',
    timestamp: number,
    after: 0,
    tokens: 1000,
    tokensFor: undefined,
  });
  const { outcomes } = makeBlock(space, { deploys: [deploy], timestamp: number });
  if (outcomes[0]?.refused.length !== 0) throw new Error(JSON.stringify(outcomes[0]?.refused));
}

function query(text: string): ContractQuery {
  const result = parseQuery(text);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  return result.query;
}

/** What an index holds, in lines. */
function lines(contracts: StoreIndex): string[] {
  return [...contracts.index.entries()].map(({ id, contract }) => `${channelText(contract.channel)} ${id}`).sort();
}

const PROGRAMS = [
  'contract @"math"(@{x /\\ Int}, @{y /\\ Int}, r) = { r!(x + y) }',
  'contract @"math"(@{x /\\ String}, @{y /\\ String}, r) = { r!(x ++ y) } | @"other"!(1)',
  'for (_ <- @"other") { for (@x, r <= @"a" & @y <= @"b") { r!(x, y) } }',
  'new insert(`rho:registry:insertArbitrary`), f, back in { contract f(@x, r) = { r!((x, true)) } | insert!({"f": bundle+{*f}}, *back) | for (uri <- back) { @"uri"!(*uri) } }',
  'new f, g in { contract f(@x, r) = { r!(x) } | @"name"!(*g) }',
];

describe('the contracts of a store', () => {
  test('are found as they were written, metered or not, and under their URI', () => {
    for (const metered of [true, false]) {
      const space = newSpace();
      PROGRAMS.forEach((source, index) => {
        if (metered) block(space, source, index + 1);
        else {
          createRuntime({ space }).run(source, { seed: new Uint8Array([index]) });
          space.commit();
        }
      });
      const contracts = new StoreIndex();
      expect(contracts.update(space.history).whole).toBe(true);
      const kinds = [...contracts.index.entries()].map(({ contract }) => contract.channel.kind).sort();
      expect(kinds).toEqual(['public', 'public', 'public', 'public', 'registry', 'unforgeable']);
      const [match] = contracts.index.query(query('contract @"math"(@1, @2, r) = { r!(Int) }')).matches;
      expect(match?.verdict).toBe('yes');
      expect(match?.contract.cost).toEqual({ kind: 'bounded', tokens: 1n });
      expect(contracts.placeOf(match!.id)?.hash.length).toBe(32);
      const entry = [...contracts.index.entries()].find(({ contract }) => contract.channel.kind === 'registry');
      const { channel } = entry!.contract;
      if (channel.kind !== 'registry') throw new Error('unreachable');
      expect(channel.path).toEqual(['f']);
      const byUri = contracts.index.query(query(`contract @\`${channel.uri}\`(@1, r) = { r!((Int, Bool)) }`));
      expect(byUri.matches.map(({ verdict }) => verdict)).toEqual(['unknown']);
      const joined = contracts.index.query(query('contract @"a"(@1, r)')).matches;
      expect(joined[0]?.aspects.map(({ aspect, verdict }) => `${aspect} ${verdict}`)).toEqual([
        'channel yes',
        'arguments yes',
        'join unknown',
      ]);
    }
  });

  test('kept up to date block by block are those that a whole reading finds', () => {
    const space = newSpace();
    const followed = new StoreIndex();
    const programs = [
      ...PROGRAMS,
      'for (@uri <- @"uri") { new lookup(`rho:registry:lookup`), r in { lookup!(uri, *r) | for (@value <- r) { @"got"!(value) } } }',
      '@"a"!(1, "x") | @"b"!(2)',
      'contract @"math"(@x) = { Nil } | contract @"more"() = { Nil }',
    ];
    programs.forEach((source, index) => {
      block(space, source, index + 1);
      if (index % 3 === 1) return;
      const { whole, channels } = followed.update(space.history);
      expect(whole).toBe(index === 0);
      expect(channels).toBeGreaterThan(0);
      const fresh = new StoreIndex();
      fresh.update(space.history);
      expect(lines(followed)).toEqual(lines(fresh));
    });
    expect(followed.update(space.history).whole).toBe(false);
    expect(followed.update(space.history).channels).toBe(0);
    space.goTo(2);
    expect(followed.update(space.history).whole).toBe(false);
    expect(followed.index.size).toBe(2);
    space.goTo(programs.length);
    followed.update(space.history);
    block(space, 'contract @"last"() = { Nil }', 99);
    block(space, 'contract @"very last"() = { Nil }', 100);
    pruneStore(space.history, 1);
    expect(followed.update(space.history).whole).toBe(true);
    const fresh = new StoreIndex();
    fresh.update(space.history);
    expect(lines(followed)).toEqual(lines(fresh));
  });

  test('are not read further once the signal aborts', () => {
    const space = newSpace();
    const many = Array.from({ length: 1200 }, (_, index) => `@${String(index)}!(1)`).join(' | ');
    createRuntime({ space }).run(many, { seed: new Uint8Array(32) });
    space.commit();
    const stopped = new StoreIndex({ signal: AbortSignal.abort() });
    expect(() => stopped.update(space.history)).toThrow();
    const told: number[] = [];
    new StoreIndex({ onProgress: ({ channels }) => told.push(channels) }).update(space.history);
    expect(told).toEqual([1000]);
  });
});
