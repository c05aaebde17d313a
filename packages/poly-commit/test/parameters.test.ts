import { describe, expect, test } from 'vitest';
import { createOpeningParameters, type OpeningRequest } from '../src/index.ts';

const REQUEST: OpeningRequest = { securityBits: 100, logBlowup: 2, maximumLogRows: 20, maximumFunctions: 396 };

/** Queries at 2^20 rows, 20 bits of work; the table of published recommendations, which takes a fixed m. */
const PUBLISHED: readonly (readonly [number, 'johnson bound' | 'unique decoding', number, number])[] = [
  [100, 'johnson bound', 2, 82],
  [100, 'johnson bound', 3, 54],
  [100, 'johnson bound', 4, 41],
  [100, 'unique decoding', 2, 118],
  [100, 'unique decoding', 3, 97],
  [128, 'unique decoding', 2, 160],
];

test.for(PUBLISHED)(
  '%i bits, %s, blowup 2^%i: %i queries or one less',
  ([securityBits, regime, logBlowup, queries]) => {
    const parameters = createOpeningParameters({ ...REQUEST, maximumFunctions: 160, securityBits, regime, logBlowup });
    expect(parameters.regime).toBe(regime);
    expect([queries, queries - 1]).toContain(parameters.queries);
    const fewer = {
      ...REQUEST,
      maximumFunctions: 160,
      securityBits,
      regime,
      logBlowup,
      queries: parameters.queries - 1,
    };
    expect(() => createOpeningParameters(fewer)).toThrow('[COMMIT_SECURITY]');
  },
);

test('lists that may not be long take more queries, and none but one word takes those of unique decoding', () => {
  const of = (logList: number, regime?: OpeningRequest['regime']) =>
    createOpeningParameters({ ...REQUEST, logList, ...(regime === undefined ? {} : { regime }) });
  const all = [Infinity, 11, 8, 6, 4, 3, 2, 0].map((logList) => of(logList));
  all.forEach(({ report, regime }, k) => {
    const { m = 0 } = report.regimes.find((each) => each.regime === regime)!;
    // m/(2·rate), at a rate of 1/4.
    expect(2 * m).toBeLessThanOrEqual(2 ** [Infinity, 11, 8, 6, 4, 3, 2, 0][k]!);
  });
  const queries = all.map((each) => each.queries);
  expect(queries).toEqual(queries.toSorted((a, b) => a - b));
  expect([queries[0], queries.at(-1)]).toEqual([createOpeningParameters(REQUEST).queries, 118]);
  expect(all.at(-1)!.regime).toBe('unique decoding');
  expect(() => of(2, 'johnson bound')).toThrow('[COMMIT_SECURITY]');
});

test('the description is stable', () => {
  expect(createOpeningParameters(REQUEST).description).toBe(
    'fri blake3 extension=1,18446744069414584320,0 bits=100 regime=johnson-bound blowup=4 rows=1048576 functions=396 points=2 folding=4 final=64 queries=81 work=20+0+0',
  );
});

describe('refused', () => {
  const insecure: readonly (readonly [string, Partial<OpeningRequest>, string])[] = [
    ['too few queries', { queries: 40 }, 'queries'],
    ['more than the hash gives', { securityBits: 129 }, 'hash'],
    [
      'a lookup beyond the field',
      { securityBits: 128, lookups: [{ name: 'bus', interactions: 2 ** 40, width: 2 ** 20 }] },
      'bus',
    ],
  ];
  test.for(insecure)('%s', ([, change, round]) => {
    expect(() => createOpeningParameters({ ...REQUEST, ...change })).toThrow('[COMMIT_SECURITY]');
    expect(() => createOpeningParameters({ ...REQUEST, ...change })).toThrow(`(${round})`);
  });

  const senseless: readonly Partial<OpeningRequest>[] = [
    { securityBits: 0 },
    { securityBits: Number.NaN },
    { securityBits: 300 },
    { logBlowup: 0 },
    { logBlowup: 13 },
    { maximumLogRows: -1 },
    { maximumLogRows: 1.5 },
    { maximumFunctions: 0 },
    { maximumPoints: -1 },
    { foldingFactor: 3 },
    { foldingFactor: 1 },
    { foldingFactor: 512 },
    { finalLength: 3 },
    { finalLength: 0 },
    { queries: 0 },
    { queries: 2000 },
    { queryWork: 29 },
    { batchingWork: -1 },
  ];
  test.for(senseless)('%o', (change) => {
    expect(() => createOpeningParameters({ ...REQUEST, ...change })).toThrow('[COMMIT_RANGE]');
  });
});
