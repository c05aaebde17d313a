import { blake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDisk, Disk, encodeDisk } from '@commute/disk';
import { referenceRoot } from '../src/disk.ts';
import { content, contents } from './streams.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the root of an empty disk is that of 2^32 zero blocks', () => {
  let digest = blake3(new Uint8Array(512));
  for (let level = 0; level < 32; level++) digest = blake3(Uint8Array.from([...digest, ...digest]));
  expect(hex(new Disk().root())).toBe(hex(digest));
});

test('the path of a block, computed by hand', () => {
  const disk = new Disk();
  disk.write(2 ** 31 + 1, content(1));
  let digest = blake3(content(1));
  let zero = blake3(new Uint8Array(512));
  for (let level = 0; level < 32; level++) {
    const isRight = level === 0 || level === 31;
    digest = blake3(Uint8Array.from(isRight ? [...zero, ...digest] : [...digest, ...zero]));
    zero = blake3(Uint8Array.from([...zero, ...zero]));
  }
  expect(hex(disk.root())).toBe(hex(digest));
});

test('the root is that of the contents, however they came about', () => {
  fc.assert(
    fc.property(contents, contents, (first, second) => {
      const disk = new Disk();
      for (const [block, fill] of first) disk.write(block, content(fill));
      disk.root(); // what follows changes a tree that is there already
      for (const [block, fill] of second) disk.write(block, content(fill));
      expect(hex(disk.root())).toBe(hex(referenceRoot(disk)));
      expect(hex(disk.clone().root())).toBe(hex(disk.root()));
    }),
    { numRuns: 40 },
  );
});

test('reads are copies', () => {
  const disk = new Disk();
  const bytes = content(1);
  disk.write(5, bytes);
  bytes.fill(0);
  disk.read(5).fill(9);
  expect(disk.read(5)).toEqual(content(1));
  expect(disk.read(6)).toEqual(new Uint8Array(512));
});

test.for([-1, 0.5, 2 ** 32, Number.NaN])('no block %s', (block) => {
  expect(() => new Disk().read(block)).toThrow('block: expected an integer in [0, 2^32)');
  expect(() => {
    new Disk().write(block, content(1));
  }).toThrow('block: expected an integer in [0, 2^32)');
});

test('no content of another length', () => {
  expect(() => {
    new Disk().write(0, new Uint8Array(511));
  }).toThrow('content: expected 512 bytes, got 511');
});

describe('files', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(contents, (written) => {
        const disk = new Disk();
        for (const [block, fill] of written) disk.write(block, content(fill));
        const read = decodeDisk(encodeDisk(disk));
        expect(read.ok && read.disk.entries()).toEqual(disk.entries());
      }),
      { numRuns: 40 },
    );
  });

  test('have these bytes', () => {
    const disk = new Disk();
    disk.write(0x01020304, new Uint8Array(512).fill(255));
    expect(hex(encodeDisk(disk))).toBe(`4344534b01000100000004030201${'ff'.repeat(512)}`);
    expect(hex(encodeDisk(new Disk()))).toBe('4344534b010000000000');
  });

  const two = new Disk();
  two.write(1, content(1));
  two.write(2, content(2));
  const bytes = encodeDisk(two);
  test('that are damaged are refused', () => {
    const edit = (at: number, value: number): Uint8Array => bytes.map((byte, place) => (place === at ? value : byte));
    const reason = (file: Uint8Array): string => {
      const read = decodeDisk(file);
      return read.ok ? 'none' : read.reason;
    };
    expect(reason(bytes)).toBe('none');
    expect(reason(edit(4, 2))).toBe('unknown-format');
    expect(reason(bytes.subarray(0, 9))).toBe('truncated');
    expect(reason(bytes.subarray(0, bytes.length - 1))).toBe('truncated');
    expect(reason(Uint8Array.from([...bytes, 0]))).toBe('trailing-bytes');
    expect(reason(edit(9, 255))).toBe('truncated');
    expect(reason(edit(526, 1))).toBe('not-sorted');
    expect(reason(bytes.map((byte, place) => (place < 14 || place >= 526 ? byte : 0)))).toBe('zero-block');
  });
});
