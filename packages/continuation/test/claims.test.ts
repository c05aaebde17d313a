import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkWhole,
  decodeSegmentClaim,
  encodeSegmentClaim,
  mergeClaims,
  type RunClaim,
  runDigest,
  type SegmentClaim,
  type SegmentKind,
  type SpanClaim,
  spanOf,
} from '../src/index.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const program = Uint8Array.from({ length: 32 }, (_, k) => k);
const input = Uint8Array.of(1, 2, 3);
const run = runDigest(program, input);

const claim: SegmentClaim = {
  kind: 'last',
  index: 258,
  run,
  logCycles: 18,
  pcStart: 0x10074n,
  pcEnd: 2n ** 32n,
  inputStart: 3,
  inputStop: 4,
  outputStart: 5,
  outputStop: 70_000,
  exitCode: 42,
};

describe('bytes of claims', () => {
  it('are fixed', () => {
    expect(hex(run)).toMatchInlineSnapshot(`"4041c0f3a79caca6db781f9ed7af58a3d7c5198d0ae2721db526832c150b4392"`);
    expect(hex(encodeSegmentClaim(claim))).toMatchInlineSnapshot(
      `"03020100004041c0f3a79caca6db781f9ed7af58a3d7c5198d0ae2721db526832c150b439212740001000000000000000000010000000300000000000000040000000000000005000000000000007011010000000000012a000000"`,
    );
  });

  it('differ for every difference, and are read back', () => {
    const kinds: SegmentKind[] = ['standalone', 'first', 'middle', 'last'];
    const arbitrary = fc.record({
      kind: fc.constantFrom(...kinds),
      index: fc.nat(2 ** 31),
      run: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      logCycles: fc.nat(32),
      pcStart: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      pcEnd: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      inputStart: fc.maxSafeNat(),
      inputStop: fc.maxSafeNat(),
      outputStart: fc.maxSafeNat(),
      outputStop: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(arbitrary, fc.option(fc.nat(2 ** 31), { nil: undefined }), (facts, exitCode) => {
        const each: SegmentClaim = exitCode === undefined ? facts : { ...facts, exitCode };
        expect(decodeSegmentClaim(encodeSegmentClaim(each))).toEqual({ ok: true, value: each });
      }),
      { numRuns: runs },
    );
  });

  it('from anybody are read or refused, each claim having one encoding', () => {
    const bytes = encodeSegmentClaim(claim);
    expect(bytes).toHaveLength(91);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeSegmentClaim(bytes.slice(0, length))).toEqual({ ok: false, reason: 'truncated' });
    }
    expect(decodeSegmentClaim(Uint8Array.of(...bytes, 0))).toEqual({ ok: false, reason: 'trailing-bytes' });
    const wrong: [place: number, value: number][] = [
      [0, 4],
      [37, 33],
      [61, 0x20],
      [86, 2],
      [86, 0],
    ];
    for (const [place, value] of wrong) {
      const changed = bytes.slice();
      changed[place] = value;
      expect(decodeSegmentClaim(changed)).toEqual({ ok: false, reason: 'out-of-range' });
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 91, maxLength: 91 }), (random) => {
        const decoded = decodeSegmentClaim(random);
        if (decoded.ok) expect(encodeSegmentClaim(decoded.value)).toEqual(random);
      }),
      { numRuns: runs },
    );
  });

  it('do not fit numbers that are too large', () => {
    expect(() => encodeSegmentClaim({ ...claim, index: 2 ** 32 })).toThrow(RangeError);
    expect(() => encodeSegmentClaim({ ...claim, pcEnd: 2n ** 64n })).toThrow(RangeError);
  });
});

/** Claims of a whole run in some segments. */
function segmentsOf(count: number): SegmentClaim[] {
  return Array.from({ length: count }, (_, index): SegmentClaim => {
    const kind = count === 1 ? 'standalone' : index === 0 ? 'first' : index === count - 1 ? 'last' : 'middle';
    const facts = {
      kind,
      index,
      run,
      logCycles: 4,
      pcStart: BigInt(100 + index),
      pcEnd: BigInt(101 + index),
      inputStart: Math.min(3, index),
      inputStop: index === count - 1 ? 3 : Math.min(3, index + 1),
      outputStart: 2 * index,
      outputStop: 2 * index + 2,
    } as const;
    return index === count - 1 ? { ...facts, exitCode: 7 } : facts;
  });
}

const spansOf = (claims: readonly SegmentClaim[]): SpanClaim[] => claims.map((each) => spanOf(each) as SpanClaim);

/** Merges as a random tree does. */
function mergeTree(spans: readonly SpanClaim[], choose: () => number): SpanClaim | string {
  if (spans.length === 1) return spans[0]!;
  const cut = 1 + (choose() % (spans.length - 1));
  const [left, right] = [mergeTree(spans.slice(0, cut), choose), mergeTree(spans.slice(cut), choose)];
  if (typeof left === 'string') return left;
  return typeof right === 'string' ? right : mergeClaims(left, right);
}

const whole: RunClaim = { program, input, output: new Uint8Array(8), exitCode: 7 };
const bounds = { entry: 100n, halt: 104n };

describe('merging', () => {
  it('gives the same in a tree of any shape: the claim of the whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.nat()), (count, stream) => {
        const merged = mergeTree(spansOf(segmentsOf(count)), () => stream.next().value as number);
        expect(merged).toMatchObject({
          first: 0,
          last: count - 1,
          starts: true,
          ends: true,
          cycles: BigInt(16 * count),
        });
        const halt = BigInt(100 + count);
        const output = new Uint8Array(2 * count);
        expect(checkWhole(merged as SpanClaim, { ...whole, output }, { entry: 100n, halt })).toBeUndefined();
      }),
      { numRuns: runs },
    );
  });

  it('refuses in a tree of any shape what is not whole', () => {
    const wrong: ((claims: SegmentClaim[]) => SegmentClaim[])[] = [
      ([a, , c, d]) => [a!, c!, d!],
      ([a, b, c, d]) => [a!, b!, b!, c!, d!],
      ([a, b, c, d]) => [a!, c!, b!, d!],
      ([a, b, c, d]) => [a!, b!, { ...c!, run: program }, d!],
      ([a, b, c, d]) => [a!, { ...b!, pcEnd: 5n }, c!, d!],
      ([a, b, c, d]) => [a!, { ...b!, inputStop: 1 }, c!, d!],
      ([a, b, c, d]) => [a!, b!, { ...c!, outputStart: 5 }, d!],
      ([a, b, c, d]) => [a!, b!, { ...c!, outputStart: 3 }, d!],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...wrong), fc.infiniteStream(fc.nat()), (change, stream) => {
        const merged = mergeTree(spansOf(change(segmentsOf(4))), () => stream.next().value as number);
        expect(typeof merged).toBe('string');
      }),
      { numRuns: runs },
    );
  });

  it('says why', () => {
    const [a, b] = spansOf(segmentsOf(2)) as [SpanClaim, SpanClaim];
    expect(mergeClaims(a, { ...b, run: program })).toBe('other-run');
    expect(mergeClaims(b, a)).toBe('other-order');
    expect(mergeClaims(a, a)).toBe('other-order');
    expect(mergeClaims({ ...a, ends: true }, b)).toBe('other-order');
    expect(mergeClaims(a, { ...b, starts: true })).toBe('other-order');
    expect(mergeClaims(a, { ...b, pcStart: 0n })).toBe('other-pc');
    expect(mergeClaims(a, { ...b, inputStart: 0 })).toBe('other-input');
    expect(mergeClaims(a, { ...b, outputStart: 3 })).toBe('other-output');
  });
});

describe('a claim that contradicts itself', () => {
  it('is refused', () => {
    const [first] = segmentsOf(2);
    const [alone] = segmentsOf(1);
    expect(spanOf({ ...first!, index: 1 })).toBe('other-order');
    expect(spanOf({ ...first!, kind: 'middle' })).toBe('other-order');
    expect(spanOf({ ...first!, exitCode: 1 })).toBe('other-exit');
    expect(spanOf({ ...alone!, exitCode: undefined })).toBe('other-exit');
    expect(spanOf({ ...first!, inputStart: 2 })).toBe('other-input');
    expect(spanOf({ ...first!, outputStart: 3 })).toBe('other-output');
  });
});

describe('a whole run', () => {
  it('is from the entry to the exit, with the output and some of the input', () => {
    const span = mergeTree(spansOf(segmentsOf(4)), () => 0) as SpanClaim;
    expect(checkWhole(span, whole, bounds)).toBeUndefined();
    const wrong: [SpanClaim, Partial<RunClaim>, string][] = [
      [span, { program: input }, 'other-run'],
      [span, { input: program }, 'other-run'],
      [{ ...span, starts: false }, {}, 'other-order'],
      [{ ...span, ends: false }, {}, 'other-order'],
      [{ ...span, pcStart: 1n }, {}, 'other-pc'],
      [{ ...span, pcEnd: 1n }, {}, 'other-pc'],
      [{ ...span, inputStart: 1 }, {}, 'other-input'],
      [{ ...span, inputStop: 4 }, {}, 'other-input'],
      [{ ...span, outputStart: 1 }, {}, 'other-output'],
      [span, { output: new Uint8Array(9) }, 'other-output'],
      [span, { exitCode: 8 }, 'other-exit'],
      [{ ...span, exitCode: undefined }, {}, 'other-exit'],
    ];
    for (const [each, changed, reason] of wrong)
      expect(checkWhole(each, { ...whole, ...changed }, bounds)).toBe(reason);
    // A program need not read all it is given.
    expect(checkWhole({ ...span, inputStop: 2 }, whole, bounds)).toBeUndefined();
  });
});
