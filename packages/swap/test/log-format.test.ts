import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeCommit,
  decodeDescription,
  decodeRecord,
  encodeCommit,
  encodeDescription,
  encodeRecord,
  type SnapshotRecord,
} from '../src/node/log-format.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 500);
const record: SnapshotRecord = {
  index: 3,
  step: 2 ** 40,
  halted: true,
  addresses: new Uint8Array(64).fill(7),
  changes: Uint32Array.of(1, 0, 5, 0xffff_ffff, 9, 4),
};
const expected = { index: 3, pages: 3, afterStep: 10 };
/** Changes bytes and makes the checksum right again, as nobody's accident would. */
const forged = (changes: readonly (readonly [number, number])[]): Uint8Array => {
  const bytes = encodeRecord(record);
  for (const [at, value] of changes) bytes[at % (bytes.length - 4)] = value;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, bytes.length - 4)), true);
  return bytes;
};

describe('the log of a store', () => {
  test('gives back what was put in', () => {
    const bytes = encodeRecord(record);
    expect(decodeRecord(bytes, 0, expected)).toEqual({ record, end: bytes.length });
    const shifted = new Uint8Array(bytes.length + 5);
    shifted.set(bytes, 5);
    expect(decodeRecord(shifted, 5, expected)).toEqual({ record, end: shifted.length });
    const commit = { sequence: 2 ** 33, logLength: 2 ** 40, snapshots: 5, pages: 6 };
    expect(decodeCommit(encodeCommit(commit))).toEqual(commit);
    expect(decodeCommit(new Uint8Array(32))).toBeNull();
    expect(decodeCommit(new Uint8Array(3))).toBeNull();
    expect(decodeDescription(encodeDescription('keccak256'))).toEqual({ ok: true, hashName: 'keccak256' });
    expect(decodeDescription(encodeDescription('a name of 16 let'))).toEqual({
      ok: true,
      hashName: 'a name of 16 let',
    });
    expect(decodeDescription(new Uint8Array(64))).toEqual({ ok: false, reason: 'not-a-store' });
  });

  test('refuses a record out of its place', () => {
    const bytes = encodeRecord(record);
    expect(decodeRecord(bytes, 0, { ...expected, index: 4 })).toBeNull();
    expect(decodeRecord(bytes, 0, { ...expected, pages: 2 })).toBeNull();
    expect(decodeRecord(bytes, 0, { ...expected, afterStep: 2 ** 40 })).toBeNull();
    expect(decodeRecord(bytes, 1, expected)).toBeNull();
  });

  test('with a right checksum over wrong bytes gives a valid record or none', () => {
    const edit = fc.tuple(fc.nat(200), fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = forged(changes);
        const decoded = decodeRecord(bytes, 0, expected);
        if (decoded === null) return;
        expect(encodeRecord(decoded.record)).toEqual(bytes);
        const { step, changes: table } = decoded.record;
        expect(step).toBeGreaterThan(10);
        for (let i = 0; i < table.length; i += 2) expect(table[i]).toBeLessThan(2 ** 20);
      }),
      { numRuns: runs },
    );
  });

  test('of another version is told from a damaged one', () => {
    const bytes = encodeDescription('sha256');
    bytes[8] = 2;
    expect(decodeDescription(bytes)).toEqual({ ok: false, reason: 'damaged' });
    new DataView(bytes.buffer).setUint32(60, crc32(bytes.subarray(0, 60)), true);
    expect(decodeDescription(bytes)).toEqual({ ok: false, reason: 'unsupported-version' });
  });
});
