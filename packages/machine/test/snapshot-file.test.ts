import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Snapshot, blake3, decodeSnapshot, encodeSnapshot, keccak256, sha256 } from '../src/index.ts';
import { fcRuns, hex } from './support.ts';

const page = (fill: (i: number) => number): Uint8Array<ArrayBuffer> => new Uint8Array(4096).map((_, i) => fill(i));
const sample = Snapshot.empty(sha256).withPages([
  { index: 0, bytes: page((i) => i) },
  { index: 7, bytes: page((i) => (i === 100 ? 1 : 0)) },
  { index: 1_048_575, bytes: page((i) => i * i) },
]);
const bytes = encodeSnapshot(sample);
const reason = (candidate: Uint8Array): string => {
  const result = decodeSnapshot(candidate);
  return result.ok ? 'ok' : result.reason;
};
const changed = (change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
  const copy = bytes.slice();
  change(copy, new DataView(copy.buffer));
  return copy;
};

describe('a snapshot file', () => {
  test('gives back the state, for every hash', () => {
    for (const hasher of [keccak256, sha256, blake3]) {
      const state = Snapshot.empty(hasher).withPages(sample.pages());
      const result = decodeSnapshot(encodeSnapshot(state));
      if (!result.ok) throw new Error(result.reason);
      expect(result.snapshot.hasher).toBe(hasher);
      expect(hex(result.snapshot.root())).toBe(hex(state.root()));
      expect(result.snapshot.pages()).toEqual(state.pages());
    }
    expect(decodeSnapshot(encodeSnapshot(Snapshot.empty())).ok).toBe(true);
  });

  test('has one encoding for one state', () => {
    const same = sample.withPages([{ index: 5, bytes: new Uint8Array(4096) }]);
    expect(encodeSnapshot(same)).toEqual(bytes);
  });

  test('has the bytes of version 1', () => {
    const small = Snapshot.empty(keccak256).withPages([{ index: 2, bytes: page((i) => (i === 5 ? 9 : 0)) }]);
    const encoded = encodeSnapshot(small);
    expect(encoded.length).toBe(64 + 4100);
    expect(hex(encoded.subarray(0, 80))).toBe(
      '434f4d4d534e415001000000' +
        '6b656363616b32353600000000000000' +
        hex(small.root()) +
        '01000000' +
        '02000000' +
        '000000000009000000000000',
    );
  });

  test('is refused with a reason', () => {
    expect(reason(new Uint8Array(0))).toBe('truncated');
    expect(reason(new Uint8Array(3))).toBe('not-a-snapshot');
    expect(reason(bytes.subarray(0, 40))).toBe('truncated');
    expect(reason(bytes.subarray(0, bytes.length - 1))).toBe('truncated');
    expect(reason(changed((copy) => (copy[0] = 0)))).toBe('not-a-snapshot');
    expect(reason(changed((copy) => (copy[8] = 2)))).toBe('unsupported-version');
    expect(reason(changed((copy) => (copy[12] = 0x78)))).toBe('unsupported-hash');
    expect(reason(changed((copy) => (copy[27] = 1)))).toBe('unsupported-hash');
    expect(reason(changed((copy) => (copy[30]! ^= 1)))).toBe('root-mismatch');
    expect(reason(changed((copy) => (copy[200]! ^= 4)))).toBe('root-mismatch');
    expect(
      reason(
        changed((_, view) => {
          view.setUint32(60, 2, true);
        }),
      ),
    ).toBe('trailing-bytes');
    expect(
      reason(
        changed((_, view) => {
          view.setUint32(60, 0xffff_ffff, true);
        }),
      ),
    ).toBe('not-canonical');
    expect(
      reason(
        changed((_, view) => {
          view.setUint32(64 + 4100, 0, true);
        }),
      ),
    ).toBe('not-canonical');
    expect(
      reason(
        changed((_, view) => {
          view.setUint32(64 + 8200, 1_048_576, true);
        }),
      ),
    ).toBe('not-canonical');
    expect(reason(changed((copy) => copy.fill(0, 64 + 4104, 64 + 8200)))).toBe('not-canonical');
  });

  test('with any bit flipped or cut anywhere is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        expect(reason(changed((copy) => (copy[at]! ^= 1 << bit)))).not.toBe('ok');
        expect(reason(bytes.subarray(0, at))).not.toBe('ok');
      }),
      { numRuns: fcRuns(150) },
    );
  });

  test('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(64), (tail, keep) => {
        const candidate = new Uint8Array([...bytes.subarray(0, keep), ...tail]);
        expect(reason(candidate)).not.toBe('ok');
      }),
      { numRuns: fcRuns(300) },
    );
  });
});
