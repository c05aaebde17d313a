import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRuntime, listTerm, MemorySpace, stringTerm, uriTerm, type Term } from '@commute/rholang';
import {
  createMemoryKeyValue,
  decodeItem,
  encodeChannel,
  makeBlock,
  RhoSpace,
  unsignedDeploy,
} from '@commute/rho-store';
import { checkComposite, composeContracts, partsOfStore, type StoredPart } from '../src/index.ts';

/** One block with one metered deploy, or one without metering. */
function run(space: RhoSpace, source: string, number: number, metered: boolean): void {
  if (metered) {
    const tokensFor = undefined;
    const deploy = unsignedDeploy({ source, file: 'a.rho', timestamp: number, after: 0, tokens: 1000, tokensFor });
    const { outcomes } = makeBlock(space, { deploys: [deploy], timestamp: number });
    if (outcomes[0]?.refused.length !== 0) throw new Error(JSON.stringify(outcomes[0]?.refused));
  } else {
    createRuntime({ space }).run(source, { seed: Uint8Array.of(number) });
    space.commit();
  }
}

function stored(sources: readonly string[], metered: boolean): RhoSpace {
  const space = new RhoSpace(createMemoryKeyValue());
  sources.forEach((source, index) => {
    run(space, source, index + 1, metered);
  });
  return space;
}

const names = (...texts: readonly string[]): readonly Term[] => texts.map((text) => stringTerm(text));

function part(space: RhoSpace, ...channels: readonly Term[]): StoredPart {
  const result = partsOfStore(space.history, [{ name: 'part', channels }]);
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.parts[0]!;
}

/** The URI that waits on `@"uri"`. */
function uriIn(space: RhoSpace): Extract<Term, { kind: 'uri' }> {
  for (const { bytes } of space.history.items(encodeChannel(stringTerm('uri')))) {
    const item = decodeItem(bytes);
    const value = item?.kind === 'message' ? item.datum.data[0] : undefined;
    if (value?.kind === 'uri') return value;
  }
  throw new Error('no URI');
}

/** What a program says on its output after the calls. */
function outputOf(programs: readonly string[]): readonly string[] {
  const runtime = createRuntime({ space: new MemorySpace() });
  return programs.flatMap((source, index) => {
    const result = runtime.run(source, { seed: Uint8Array.of(index) });
    if (!result.ok) throw new Error(result.message);
    return result.output.map(({ text }) => text);
  });
}

const COUNTER =
  'new n, out(`rho:io:stdout`) in { n!(5) | contract @"next"(@{step /\\ Int}, r) = { for (@x <- n) { n!(x + step) | out!(x) | r!(x) } } | contract @"reset"() = { for (_ <- n) { n!(0) } } }';
const CALL =
  'new r, o(`rho:io:stdout`) in { @"next"!(2, *r) | for (@x <- r) { @"next"!(1, *r) | for (@y <- r) { o!((x, y)) } } }';

describe('contracts of a store as parts', () => {
  test('do as they do in the store, with their state, metered or not', () => {
    for (const metered of [true, false]) {
      const space = stored([COUNTER, 'new r in { @"next"!(4, *r) }'], metered);
      const one = part(space, ...names('next', 'reset'));
      expect([one.receives, one.messages]).toEqual([2, 1]);
      expect(one.source).not.toContain('where');
      expect([...outputOf([one.source, CALL])].sort()).toEqual(['(9, 11)', '11', '9']);
      // Nothing happened in the store.
      expect(part(space, ...names('next', 'reset')).source).toBe(one.source);
    }
  });

  test('are composed with programs and with each other, and found wanting together', async () => {
    const mover = (name: string, from: string, to: string): string =>
      `contract @"${name}"(@{n /\\ Int}, done) = { for (@x <- @"${from}") { for (@y <- @"${to}") { @"${from}"!(x - n) | @"${to}"!(y + n) | done!(true) } } }`;
    const space = stored([mover('pay', 'ann', 'bob'), mover('refund', 'bob', 'ann')], true);
    const read = partsOfStore(space.history, [
      { name: 'pay', channels: names('pay') },
      { name: 'refund', channels: names('refund') },
    ]);
    if (!read.ok) throw new Error(read.message);
    const accounts = { name: 'accounts', source: '@"ann"!(10) | @"bob"!(20)' };
    for (const [parts, expected] of [
      [[accounts, read.parts[0]!], 'holds'],
      [[accounts, ...read.parts], 'fails'],
    ] as const) {
      const composite = composeContracts(parts);
      if (!composite.ok) throw new Error(composite.problems[0]!.message);
      const { verdict, result } = await checkComposite(composite, { calls: 1 });
      expect(verdict).toBe(expected);
      if (verdict !== 'fails' || !result.ok) continue;
      const files = result.findings.flatMap(({ places }) => places.map(({ file }) => file));
      expect(files).toEqual(expect.arrayContaining(['store/pay.rho', 'store/refund.rho']));
    }
    const wrong = composeContracts([read.parts[0]!, { name: 'user', source: 'new r in { @"pay"!("x", *r) }' }]);
    expect(wrong.ok ? [] : wrong.problems.map(({ reason }) => reason)).toEqual(['call-not-accepted']);
  });

  test('of the registry stand on their URI', () => {
    for (const metered of [true, false]) {
      const space = stored(
        [
          'new insert(`rho:registry:insertArbitrary`), f, g, back in { contract f(@x, r) = { g!(x, *r) } | contract g(@x, r) = { r!((x, true)) } | insert!({"f": bundle+{*f}}, *back) | for (uri <- back) { @"uri"!(*uri) } }',
        ],
        metered,
      );
      const uri = uriIn(space);
      const channel = listTerm([uriTerm(uri.value), stringTerm('f')]);
      const one = part(space, channel);
      expect([one.receives, one.messages]).toEqual([2, 0]);
      const call = `new r, o(\`rho:io:stdout\`) in { @[\`${uri.value}\`, "f"]!(3, *r) | for (@x <- r) { o!(x) } }`;
      expect(outputOf([one.source, call])).toEqual(['(3, true)']);
      const other = partsOfStore(space.history, [{ name: 'x', channels: [listTerm([uri, stringTerm('g')])] }]);
      expect(other.ok || other.reason).toBe('no-contract');
    }
  });

  test('are refused with a reason', () => {
    const space = stored(
      [
        COUNTER,
        'new me(`rho:rchain:deployerId`) in { contract @"mine"(r) = { r!(*me) } } | @"data"!(1)',
        'contract @"bytes"(r) = { r!("ab".hexToBytes()) } | new n in { n!("ab".hexToBytes()) | contract @"held"(r) = { for (@x <<- n) { r!(x) } } }',
      ],
      true,
    );
    const reason = (...requests: readonly (readonly string[])[]): unknown => {
      const result = partsOfStore(
        space.history,
        requests.map((channels, index) => ({ name: String(index), channels: names(...channels) })),
      );
      return result.ok ? 'ok' : result.reason;
    };
    expect(reason(['nothing'])).toBe('no-contract');
    expect(reason(['data'])).toBe('no-contract');
    expect(reason(['next'], ['reset'])).toBe('shared-name');
    expect(reason(['next', 'reset'])).toBe('ok');
    expect(reason(['mine'])).toBe('deployer-name');
    expect(reason(['bytes'])).toBe('ok');
    expect(reason(['held'])).toBe('no-text');
    expect(() => partsOfStore(space.history, [{ name: 'x', channels: [] }])).toThrow('channels: expected');
  });

  test('answer as the program that made them, whatever is called', () => {
    const call = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(call, call, (before, after) => {
        const calls = (steps: readonly number[]): string =>
          steps.reduceRight(
            (rest, step) => `new r in { @"next"!(${String(step)}, *r) | for (_ <- r) { ${rest} } }`,
            'Nil',
          );
        const space = stored([COUNTER, calls(before)], true);
        const through = outputOf([COUNTER, calls(before), calls(after)]).slice(before.length);
        expect(outputOf([part(space, ...names('next')).source, calls(after)])).toEqual(through);
      }),
      { numRuns: 30 },
    );
  });
});
