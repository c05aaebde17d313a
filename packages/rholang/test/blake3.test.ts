import { blake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashBinary } from '../src/term/blake3.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('hashBinary', () => {
  test('agrees with the vectors of the BLAKE3 authors', () => {
    const input = (length: number): string => String.fromCharCode(...Array.from({ length }, (_, index) => index % 251));
    const of = (length: number): string => Buffer.from(hashBinary(input(length)), 'latin1').toString('hex');
    expect(of(0)).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
    expect(of(1)).toBe('2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213');
    expect(of(1023)).toBe('10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11');
    expect(of(1024)).toBe('42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7');
    expect(of(1025)).toBe('d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444');
  });

  test('agrees with the general implementation at every length around blocks and for any bytes', () => {
    for (let length = 0; length <= 1100; length += 1) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255);
      expect(Buffer.from(hashBinary(String.fromCharCode(...bytes)), 'latin1').toString('hex')).toBe(hex(blake3(bytes)));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Buffer.from(hashBinary(String.fromCharCode(...bytes)), 'latin1').toString('hex')).toBe(
          hex(blake3(bytes)),
        );
      }),
      { numRuns },
    );
  });
});
