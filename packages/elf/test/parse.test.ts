import { hasCode } from '@commute/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf, type ElfReason } from '@commute/elf';
import { fixture, parseSound } from './fixtures.ts';
import { writeElf, type ElfToWrite } from './write-elf.ts';

const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 300) };

describe('files of stock linkers', () => {
  test.for([
    [
      'hello.gcc64.elf',
      { class: 64, entry: 0x10000, endAddress: 0x12010, compressed: true },
      [
        [0x10000, 0x197, 0x197, 'r-x'],
        [0x11000, 0, 0x1010, 'rw-'],
      ],
    ],
    [
      'hello.lld64.elf',
      { class: 64, entry: 0x11160, endAddress: 0x14340, compressed: true },
      [
        [0x10000, 0x15f, 0x15f, 'r--'],
        [0x11160, 0x1b6, 0x1b6, 'r-x'],
        [0x12318, 0, 0x2028, 'rw-'],
      ],
    ],
    [
      'hello.lld32.elf',
      { class: 32, entry: 0x110dc, endAddress: 0x14350, compressed: false },
      [
        [0x10000, 0xdb, 0xdb, 'r--'],
        [0x110dc, 0x25c, 0x25c, 'r-x'],
        [0x12338, 0, 0x2018, 'rw-'],
      ],
    ],
    [
      'sha256.gcc32.elf',
      { class: 32, entry: 0x10000, endAddress: 0x13030, compressed: false },
      [
        [0x10000, 0x78c, 0x78c, 'r-x'],
        [0x11000, 0x20, 0x2030, 'rw-'],
      ],
    ],
  ] as const)('%s reads as readelf reads it', ([name, header, segments]) => {
    const elf = parseSound(fixture(name));
    expect({
      class: elf.class,
      entry: elf.entry,
      endAddress: elf.endAddress,
      compressed: elf.flags.compressed,
    }).toEqual(header);
    expect(elf.flags).toMatchObject({ floatAbi: 'soft', embedded: false, totalStoreOrdering: false });
    expect(
      elf.segments.map((one) => [
        one.address,
        one.bytes.length,
        one.memorySize,
        `${one.readable ? 'r' : '-'}${one.writable ? 'w' : '-'}${one.executable ? 'x' : '-'}`,
      ]),
    ).toEqual(segments);
  });

  test('segments are views of the file at their offsets', () => {
    const bytes = fixture('sha256.gcc32.elf');
    const [code, data] = parseSound(bytes).segments;
    expect(code?.bytes.buffer).toBe(bytes.buffer);
    expect([code?.bytes.byteOffset, data?.bytes.byteOffset]).toEqual([0x1000, 0x2000]);
  });

  test('a file that lies inside a larger buffer reads the same', () => {
    const bytes = fixture('hello.gcc64.elf');
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 13);
    const inside = parseSound(larger.subarray(13, 13 + bytes.length));
    const alone = parseSound(bytes);
    expect(inside.segments[0]?.bytes).toEqual(alone.segments[0]?.bytes);
    expect([...inside.symbols]).toEqual([...alone.symbols]);
  });
});

/** Disjoint segments in any order, the first of them executable, with the entry in it. */
const anyProgram: fc.Arbitrary<ElfToWrite> = fc
  .record({
    class: fc.constantFrom(32 as const, 64 as const),
    flags: fc.integer({ min: 0, max: 31 }),
    pieces: fc.array(
      fc.record({
        gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0x1000000 })),
        bytes: fc.uint8Array({ minLength: 0, maxLength: 40 }),
        zeros: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0x100000 })),
        flags: fc.integer({ min: 0, max: 7 }),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    order: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ class: width, flags, pieces, order }) => {
    let address = 0;
    const segments = pieces.map((piece, index) => {
      address += piece.gap;
      const memorySize = piece.bytes.length + piece.zeros + 1;
      const segment = { address, bytes: piece.bytes, memorySize, flags: index === 0 ? piece.flags | 1 : piece.flags };
      address += memorySize;
      return segment;
    });
    const first = segments[0]!;
    const entry = first.address % 4 === 0 ? first.address : first.address + 4 - (first.address % 4);
    if (entry >= first.address + first.memorySize) first.memorySize = 0;
    const shuffled = segments
      .map((segment, index) => ({ segment, key: order[index] ?? 0 }))
      .sort((left, right) => left.key - right.key)
      .map((one) => one.segment);
    return { class: width, entry, segments: shuffled, flags };
  })
  .filter(({ segments }) => segments.every((one) => one.memorySize > 0));

describe('files of our own writer', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(anyProgram, (program) => {
        const elf = parseSound(writeElf(program));
        expect(elf.class).toBe(program.class);
        expect(elf.entry).toBe(program.entry);
        expect(elf.flags).toEqual({
          compressed: ((program.flags ?? 0) & 1) === 1,
          floatAbi: ['soft', 'single', 'double', 'quad'][((program.flags ?? 0) >> 1) & 3],
          embedded: ((program.flags ?? 0) & 8) === 8,
          totalStoreOrdering: ((program.flags ?? 0) & 16) === 16,
        });
        const written = [...program.segments].sort((left, right) => Number(left.address) - Number(right.address));
        expect(
          elf.segments.map((one) => ({
            address: one.address,
            bytes: one.bytes,
            memorySize: one.memorySize,
            flags: (one.readable ? 4 : 0) + (one.writable ? 2 : 0) + (one.executable ? 1 : 0),
          })),
        ).toEqual(written);
        const last = written.at(-1)!;
        expect(elf.endAddress).toBe(Number(last.address) + Number(last.memorySize));
      }),
      runs,
    );
  });

  test('the last byte of the address space can be used', () => {
    const bytes = writeElf({
      class: 32,
      entry: 0xfffffffc,
      segments: [{ address: 0xfffffffc, bytes: new Uint8Array(4) }],
    });
    expect(parseSound(bytes).endAddress).toBe(2 ** 32);
  });

  test('a segment without memory is left out, and its offset does not matter', () => {
    const bytes = writeElf({
      class: 64,
      entry: 0x1000,
      segments: [
        { address: 0x1000, bytes: new Uint8Array(4) },
        { address: 0x1002, memorySize: 0, offset: 2n ** 60n },
      ],
    });
    expect(parseSound(bytes).segments).toHaveLength(1);
  });
});

describe('refusals', () => {
  const code = { address: 0x1000, bytes: new Uint8Array(16) };
  const sound: ElfToWrite = { class: 64, entry: 0x1000, segments: [code] };
  const edited = (edit: (bytes: Uint8Array) => void, elf: ElfToWrite = sound): Uint8Array => {
    const bytes = writeElf(elf);
    edit(bytes);
    return bytes;
  };
  const cases: readonly (readonly [string, ElfReason, Uint8Array])[] = [
    ['nothing', 'truncated', new Uint8Array(0)],
    ['text', 'not-elf', new TextEncoder().encode('#!/bin/sh\nexit 0\n')],
    ['half a header', 'truncated', writeElf(sound).subarray(0, 40)],
    ['half a program header', 'truncated', writeElf(sound).subarray(0, 64 + 30)],
    ['class 0', 'wrong-class', edited((bytes) => bytes.fill(0, 4, 5))],
    ['big-endian', 'big-endian', edited((bytes) => bytes.fill(2, 5, 6))],
    ['version 2 in the identification', 'wrong-version', edited((bytes) => bytes.fill(2, 6, 7))],
    ['version 2 in the header', 'wrong-version', edited((bytes) => bytes.fill(2, 20, 21))],
    ['x86-64', 'wrong-machine', writeElf({ ...sound, machine: 62 })],
    ['an object file', 'not-executable', writeElf({ ...sound, type: 1 })],
    ['a position-independent executable', 'not-executable', writeElf({ ...sound, type: 3 })],
    ['an interpreter', 'not-executable', writeElf({ ...sound, segments: [{ ...code, type: 3 }, code] })],
    ['a dynamic section', 'not-executable', writeElf({ ...sound, segments: [code, { ...code, type: 2 }] })],
    ['program headers of another size', 'malformed-headers', edited((bytes) => bytes.fill(55, 54, 55))],
    ['an escaped count', 'malformed-headers', edited((bytes) => bytes.fill(255, 56, 58))],
    ['too many program headers', 'too-many-headers', edited((bytes) => bytes.fill(1, 56, 58))],
    ['no program header', 'no-load-segment', writeElf({ ...sound, segments: [] })],
    ['only notes', 'no-load-segment', writeElf({ ...sound, segments: [{ ...code, type: 4 }] })],
    ['only empty segments', 'no-load-segment', writeElf({ ...sound, segments: [{ address: 0x1000 }] })],
    ['more bytes than memory', 'segment-out-of-range', writeElf({ ...sound, segments: [{ ...code, memorySize: 8 }] })],
    ['bytes past the end', 'segment-out-of-range', writeElf({ ...sound, segments: [{ ...code, offset: 121 }] })],
    [
      'bytes at 2^64 - 8',
      'segment-out-of-range',
      writeElf({ ...sound, segments: [{ ...code, offset: 2n ** 64n - 8n }] }),
    ],
    ['memory past 2^32', 'segment-out-of-range', writeElf({ ...sound, segments: [{ ...code, address: 0xfffffff1 }] })],
    ['memory at 2^32', 'segment-out-of-range', writeElf({ ...sound, segments: [{ ...code, address: 2n ** 32n }] })],
    [
      '2^64 - 1 bytes',
      'segment-out-of-range',
      writeElf({ ...sound, segments: [{ ...code, memorySize: 2n ** 64n - 1n }] }),
    ],
    [
      'an overlap of one byte',
      'overlapping-segments',
      writeElf({ ...sound, segments: [{ ...code, address: 0x100f }, code] }),
    ],
    ['the same segment twice', 'overlapping-segments', writeElf({ ...sound, segments: [code, code] })],
    ['2 GiB of zeros', 'too-large', writeElf({ ...sound, segments: [code, { address: 0x2000, memorySize: 2 ** 31 }] })],
    ['an entry past the code', 'bad-entry', writeElf({ ...sound, entry: 0x1010 })],
    ['an entry at 2^32 + 0x1000', 'bad-entry', writeElf({ ...sound, entry: 2n ** 32n + 0x1000n })],
    ['an entry between two instructions', 'bad-entry', writeElf({ ...sound, entry: 0x1002 })],
    ['an odd entry', 'bad-entry', writeElf({ ...sound, entry: 0x1003, flags: 1 })],
  ];
  test.for(cases)('%s: %s', ([, reason, bytes]) => {
    const result = parseElf(bytes);
    expect(result).toMatchObject({ ok: false, reason });
    if (!result.ok) expect([result.expected, result.got]).not.toContain('');
  });

  test('an entry at a 16-bit instruction needs compressed code', () => {
    expect(parseElf(writeElf({ ...sound, entry: 0x1002, flags: 1 })).ok).toBe(true);
  });

  test('64-bit values appear exactly in messages', () => {
    const result = parseElf(writeElf({ ...sound, segments: [{ ...code, memorySize: 2n ** 64n - 1n }] }));
    expect(result).toMatchObject({ got: '0xffffffffffffffff bytes at 0x1000' });
  });
});

describe('limits', () => {
  const bytes = fixture('hello.gcc64.elf');

  test('memory is bounded by the sum over all segments', () => {
    expect(parseElf(bytes, { maximumMemoryBytes: 0x197 + 0x1010 }).ok).toBe(true);
    expect(parseElf(bytes, { maximumMemoryBytes: 0x197 + 0x100f })).toMatchObject({ reason: 'too-large' });
  });

  test('program headers are bounded', () => {
    expect(parseElf(bytes, { maximumProgramHeaders: 3 }).ok).toBe(true);
    expect(parseElf(bytes, { maximumProgramHeaders: 2 })).toMatchObject({ reason: 'too-many-headers' });
  });

  test.for([
    ['maximumMemoryBytes', 2 ** 32 + 1],
    ['maximumProgramHeaders', -1],
    ['maximumSymbols', 1.5],
    ['maximumSymbolNameBytes', Number.NaN],
  ] as const)('%s = %s is the caller’s mistake', ([name, value]) => {
    expect(() => parseElf(bytes, { [name]: value })).toThrow(`${name}: expected an integer`);
  });

  test('bytes that are none are the caller’s mistake', () => {
    const call = (): unknown => parseElf('7f454c46' as unknown as Uint8Array);
    expect(call).toThrow(expect.toSatisfy((error) => hasCode(error, 'ELF_BYTES_MISMATCH')));
  });
});
