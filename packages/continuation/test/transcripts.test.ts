import { CUBIC_MODULUS, createExtensionField } from '@commute/field';
import { describe, expect, it } from 'vitest';
import { type SegmentClaim } from '../src/index.ts';
import { endItem, jointItem, segmentItem } from '../src/chain/system.ts';
import { globalExternal, linkPoint, pagedExternal, pairwiseExternal } from '../src/link/state-link.ts';

/*
 * A challenge is worth nothing that does not depend on all that it is drawn for: an honest proof is accepted without it too, so each dependence has a test of its own.
 */

const field = createExtensionField(CUBIC_MODULUS);
const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? String(each) : each instanceof Uint8Array ? hex(each) : each,
  );

/** Demands that values differ from the first one and from each other. */
function expectDifferent(values: readonly unknown[]): void {
  const texts = values.map(text);
  expect(new Set(texts).size).toBe(texts.length);
}

const claim: SegmentClaim = {
  kind: 'middle',
  index: 3,
  run: digest(1),
  logCycles: 12,
  pcStart: 0x1000n,
  pcEnd: 0x2000n,
  inputStart: 5,
  inputStop: 7,
  outputStart: 11,
  outputStop: 13,
};
/** The claim with one thing changed, for each thing that there is. */
const otherClaims: readonly SegmentClaim[] = [
  { ...claim, kind: 'last' },
  { ...claim, index: 4 },
  { ...claim, run: digest(2) },
  { ...claim, logCycles: 13 },
  { ...claim, pcStart: 0x1004n },
  { ...claim, pcEnd: 0x2004n },
  { ...claim, inputStart: 6 },
  { ...claim, inputStop: 8 },
  { ...claim, outputStart: 12 },
  { ...claim, outputStop: 14 },
  { ...claim, exitCode: 0 },
  { ...claim, exitCode: 1 },
];

describe('what proofs are bound to', () => {
  it('is the whole claim of a segment and its commitment', () => {
    const items = [claim, ...otherClaims].map((each) => segmentItem(each, digest(9)));
    expectDifferent([...items, segmentItem(claim, digest(8))]);
  });

  it('is all claims of a joint proof, in order, and its commitment', () => {
    const neighbour: SegmentClaim = { ...claim, index: 4, pcStart: 0x2000n, inputStart: 7, outputStart: 13 };
    const changed = otherClaims.flatMap((each) => [
      [each, neighbour],
      [claim, { ...neighbour, ...each }],
    ]);
    const lists = [[claim, neighbour], [neighbour, claim], [claim], [neighbour], ...changed];
    const distinct = [...new Map(lists.map((each) => [text(each), each])).values()];
    expectDifferent([
      ...distinct.map((each) => jointItem(each, digest(9))),
      jointItem([claim, neighbour], digest(8)),
      segmentItem(claim, digest(9)),
    ]);
  });

  it('is the place of a range of the ends and its commitment', () => {
    expectDifferent([endItem(0, digest(9)), endItem(1, digest(9)), endItem(256, digest(9)), endItem(0, digest(8))]);
  });
});

describe('the challenges of the links', () => {
  const [run, a, b, c] = [1, 2, 3, 4].map(digest) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

  it('depend on program, input and both neighbours, in the pairwise form', () => {
    expectDifferent([
      linkPoint(field, run, a, b),
      linkPoint(field, c, a, b),
      linkPoint(field, run, c, b),
      linkPoint(field, run, a, c),
      linkPoint(field, run, b, a),
      linkPoint(field, run, undefined, b),
      linkPoint(field, run, a, undefined),
    ]);
    const external = pairwiseExternal(field, run, a, b, c);
    expect(external.challenges).toEqual({
      'link in': linkPoint(field, run, a, b),
      'link out': linkPoint(field, run, b, c),
    });
    const others: readonly Parameters<typeof pairwiseExternal>[] = [
      [field, c, a, b, c],
      [field, run, c, b, c],
      [field, run, a, c, c],
      [field, run, a, b, a],
      [field, run, undefined, b, c],
      [field, run, a, b, undefined],
      [field, run, b, a, c],
    ];
    expectDifferent([external.context, ...others.map((each) => pairwiseExternal(...each).context)]);
  });

  it('depend on program, input, the root of all commitments and their number, in the global form', () => {
    const external = globalExternal(field, run, a, 5, b);
    const others: readonly Parameters<typeof globalExternal>[] = [
      [field, c, a, 5, b],
      [field, run, c, 5, b],
      [field, run, a, 6, b],
    ];
    const all = [external, ...others.map((each) => globalExternal(...each))];
    for (const name of Object.keys(external.challenges)) expectDifferent(all.map(({ challenges }) => challenges[name]));
    const another = globalExternal(field, run, a, 5, c);
    // All proofs share the challenges, and each is bound to what it is itself.
    expect(another.challenges).toEqual(external.challenges);
    expectDifferent([another, ...all].map(({ context }) => context));
    expectDifferent(Object.values(external.challenges));
  });

  it('are none in the paged form, whose proofs are bound to program, input and what they are', () => {
    const external = pagedExternal(run, a);
    expect(external.challenges).toEqual({});
    expectDifferent([external, pagedExternal(b, a), pagedExternal(run, b)].map(({ context }) => context));
  });

  it('are never the same in two forms', () => {
    const contexts = [
      pairwiseExternal(field, run, undefined, a, undefined),
      globalExternal(field, run, a, 1, a),
      pagedExternal(run, a),
    ];
    expectDifferent(contexts.map(({ context }) => context));
    expectDifferent(contexts.flatMap(({ challenges }) => Object.values(challenges ?? {})));
  });

  it('are drawn as they always were', () => {
    const { challenges, context } = globalExternal(field, run, a, 5, b);
    expect([
      text(linkPoint(field, run, a, b)),
      hex(pairwiseExternal(field, run, a, b, c).context!),
      text(Object.values(challenges)),
      hex(context!),
      hex(pagedExternal(run, a).context!),
      hex(segmentItem(claim, a)),
      hex(jointItem([claim, claim], a)),
      hex(endItem(1, a)),
    ]).toMatchInlineSnapshot(`
      [
        "["4401715257318418052","1942542372612302176","9584799610881914805"]",
        "665edc45081793aa22a217c8b7cc1dd6c408768aa6283d786805284c65efa80b",
        "[["4652158309226710208","1450821901174493414","15743373492646771891"],["4710378697973312155","4299605492216455093","13449301684911085198"]]",
        "8504a9d8b264bdf46347d94bc43776e769237e69f0f9c05029947d091e27fac2",
        "ca142e4f0af585a9f6c5e29348c1d38626cbdfa537d4a12b96fe063905a60eba",
        "7ea943813113b67fe083e94060cb6847f209d7d4abf950eabe571e02fe0c3bae",
        "dbdbd92d7650be2e8f6cf130cb8abc4b3d9e96936ca694d0e45634fa9fee13a5",
        "8af701552282f67ade1a9797b42dd5843d307488715c87c367b85fe44d74e13e",
      ]
    `);
  });
});
