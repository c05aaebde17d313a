import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertSecurity,
  formatSecurity,
  type RegimeReport,
  type SecurityParameters,
  securityReport,
} from '../src/index.ts';
import { johnsonReport, LEAST_M, leastQueries, MOST_M } from '../src/security.ts';
import soundcalc from './vectors/soundcalc.json' with { type: 'json' };

const BASE: SecurityParameters = {
  extensionDegree: 3,
  logRows: 20,
  logBlowup: 2,
  foldingFactors: [4, 4, 4, 4, 4, 4],
  queries: 82,
  batchedFunctions: 160,
  constraints: 300,
  constraintDegree: 4,
  openingPoints: 2,
  lookups: [{ name: 'bus', interactions: 8, width: 4 }],
  grinding: { queries: 20 },
};

describe('figures published by soundcalc', () => {
  test.for(soundcalc.zisk.circuits)('$name', (circuit) => {
    const { logRows, logBlowup, foldingFactors, grinding, constraintDegree } = soundcalc.zisk;
    const report = securityReport({
      extensionDegree: 3,
      logRows,
      logBlowup,
      foldingFactors,
      queries: circuit.queries,
      batchedFunctions: circuit.batchSize,
      constraints: circuit.constraints,
      constraintDegree,
      openingPoints: 3,
      grinding: { queries: grinding },
      hashBits: 256,
    });
    const [unique, johnson] = report.regimes;
    const rounds = Object.fromEntries(unique!.rounds.map(({ name, bits }) => [name, Math.floor(bits)]));
    expect(rounds).toEqual({ ...circuit.uniqueDecoding, hash: 256 });
    expect(Math.floor(johnson!.bits)).toBe(circuit.johnsonTotal);
  });
});

test("Plonky3's regression: rate 1/2, 100 queries, 16 bits of work, 2^20 rows: 57 and 65 bits", () => {
  const report = securityReport({
    extensionDegree: 4,
    logRows: 20,
    logBlowup: 1,
    foldingFactors: [8, 8, 8, 8, 8, 8],
    queries: 100,
    batchedFunctions: 1,
    constraints: 1,
    constraintDegree: 2,
    openingPoints: 2,
    grinding: { queries: 16 },
  });
  expect(report.regimes.map(({ bits }) => Math.floor(bits))).toEqual([57, 65]);
});

test("a lookup's round is that of Plonky3, |F| / (terms · (width + 2)), for each word of the list", () => {
  const report = securityReport({
    ...BASE,
    extensionDegree: 2,
    lookups: [{ name: 'bus', interactions: 16, width: 3 }],
  });
  const bitsIn = (regime: RegimeReport): number => regime.rounds.find(({ name }) => name === 'bus')!.bits;
  const [unique, johnson] = ['unique decoding', 'johnson bound'].map((name) =>
    report.regimes.find(({ regime }) => regime === name),
  ) as [RegimeReport, RegimeReport];
  expect(bitsIn(unique)).toBeCloseTo(128 - 24 - Math.log2(5), 6);
  // L = m/(2ρ) with ρ = 1/4.
  expect(bitsIn(johnson)).toBeCloseTo(bitsIn(unique) - Math.log2(2 * johnson.m!), 6);
});

describe('the parameters of the design reach 100 bits', () => {
  test.for([
    ['johnson bound', 2, 82],
    ['johnson bound', 3, 54],
    ['johnson bound', 4, 41],
    ['unique decoding', 2, 118],
    ['unique decoding', 3, 97],
  ] as const)('%s, blowup 2^%i, %i queries', ([regime, logBlowup, queries]) => {
    for (const logRows of [16, 20]) {
      const { regimes } = securityReport({ ...BASE, logRows, logBlowup, queries });
      expect(regimes.find((each) => each.regime === regime)!.bits).toBeGreaterThanOrEqual(100);
    }
    const { regimes } = securityReport({ ...BASE, logBlowup, queries: queries - 2 });
    expect(regimes.find((each) => each.regime === regime)!.bits).toBeLessThan(100);
  });
});

describe('behaviour', () => {
  test('more queries, work, blowup or field never prove less; more rows, columns or constraints never more', () => {
    const bits = (change: Partial<SecurityParameters>): number => securityReport({ ...BASE, ...change }).bits;
    const base = bits({});
    for (const better of [{ queries: 83 }, { grinding: { queries: 21 } }, { extensionDegree: 4 }, { logBlowup: 3 }]) {
      expect(bits(better)).toBeGreaterThanOrEqual(base);
    }
    for (const worse of [{ logRows: 26 }, { batchedFunctions: 2 ** 30 }, { constraints: 2 ** 40 }, { hashBits: 90 }]) {
      expect(bits(worse)).toBeLessThanOrEqual(base);
    }
  });

  test('grinding counts for its own round only', () => {
    const rounds = (grinding: NonNullable<SecurityParameters['grinding']>): Record<string, number> =>
      Object.fromEntries(
        securityReport({ ...BASE, grinding }).regimes[0]!.rounds.map(({ name, bits }) => [name, bits]),
      );
    const without = rounds({});
    for (const [site, name] of [
      ['outOfDomain', 'out of domain'],
      ['batching', 'batching'],
      ['folding', 'folding 1'],
      ['queries', 'queries'],
    ] as const) {
      const with10 = rounds({ [site]: 10 });
      expect(with10[name]! - without[name]!).toBeCloseTo(10, 9);
      const changed = Object.keys(without).filter((each) => with10[each] !== without[each]);
      expect(changed.every((each) => each.split(' ')[0] === name.split(' ')[0])).toBe(true);
    }
  });

  test('too few rows of redundancy prove nothing', () => {
    expect(securityReport({ ...BASE, logRows: 0, openingPoints: 8 }).bits).toBe(0);
  });

  test('below the asked level is refused and names the weakest round', () => {
    expect(assertSecurity(BASE, 100).bits).toBeGreaterThanOrEqual(100);
    expect(() => assertSecurity({ ...BASE, queries: 40 }, 100)).toThrow(/queries\) \[COMMIT_SECURITY\]/);
    expect(() => assertSecurity(BASE, NaN)).toThrow('[COMMIT_SECURITY]');
  });

  test('numbers that make no sense are refused', () => {
    for (const change of [
      { queries: -1 },
      { logBlowup: 0 },
      { extensionDegree: 0.5 },
      { foldingFactors: [1] },
      { grinding: { queries: NaN } },
      { lookups: [{ name: 'x', interactions: 0, width: 1 }] },
    ]) {
      expect(() => securityReport({ ...BASE, ...change })).toThrow('[COMMIT_RANGE]');
    }
  });

  test('a report can be read', () => {
    expect(formatSecurity(securityReport(BASE))).toMatch(
      /^101\.\d bits proven\nunique decoding: .*queries.*\njohnson bound \(m = \d+\)/,
    );
  });
});

test('functions that join while folding cost one more power of each challenge', () => {
  const folding = (mixedHeights: boolean): number => {
    const [unique] = securityReport({ ...BASE, mixedHeights }).regimes;
    return unique!.rounds.find(({ name }) => name === 'folding 1')!.bits;
  };
  expect(folding(false) - folding(true)).toBeCloseTo(Math.log2(4 / 3), 10);
});

test('the level may be asked of one regime', () => {
  expect(assertSecurity(BASE, 100).best.regime).toBe('johnson bound');
  expect(() => assertSecurity(BASE, 100, 'unique decoding')).toThrow('[COMMIT_SECURITY]');
});

test('of all distances from the Johnson bound the best is found, and the one that takes the fewest queries', () => {
  const anyParameters = fc.record({
    extensionDegree: fc.integer({ min: 1, max: 5 }),
    logRows: fc.nat(24),
    logInstances: fc.nat(4),
    logBlowup: fc.integer({ min: 1, max: 5 }),
    foldingFactors: fc.array(fc.constantFrom(2, 4, 8), { maxLength: 5 }),
    queries: fc.nat(300),
    batchedFunctions: fc.integer({ min: 1, max: 2000 }),
    constraints: fc.nat(1000),
    constraintDegree: fc.integer({ min: 1, max: 5 }),
    openingPoints: fc.integer({ min: 1, max: 3 }),
    grinding: fc.record({ queries: fc.nat(28), batching: fc.nat(20) }),
    hashBits: fc.constantFrom(80, 128, 256),
  });
  fc.assert(
    fc.property(anyParameters, fc.integer({ min: 1, max: 140 }), (parameters, bits) => {
      const all = Array.from({ length: MOST_M - LEAST_M + 1 }, (_, k) => johnsonReport(parameters, LEAST_M + k));
      const most = Math.max(...all.map((report) => report.bits));
      const [, johnson] = securityReport(parameters).regimes;
      expect(johnson).toEqual(all.find((report) => report.bits === most));
      const rest = bits - parameters.grinding.queries;
      const counts = all
        .filter(({ rounds }) => rounds.every((round) => round.name === 'queries' || round.bits >= bits))
        .map(({ m }) => Math.ceil(rest / -Math.log2(Math.sqrt(2 ** -parameters.logBlowup) * (1 + 1 / m!))));
      expect(leastQueries(parameters, bits, 'johnson bound')).toBe(Math.min(...counts));
    }),
    { numRuns: 60 },
  );
});
