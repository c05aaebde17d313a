import { lz4Frame, skippableFrame, type Lz4Options } from '../oracles/lz4.ts';
import { join, noise, prose, utf8, type GuestCase } from './case.ts';

/** Frames by the tool `lz4` 1.9.4, in base64, with what they contain. */
const framesOfTheTool = (): (readonly [flags: string, base64: string, content: string])[] => [
  [
    '--no-frame-crc -1',
    'BCJNGGBAglUBAADxKmthIHByYXN0YXByYXRlcmxvIGFuUmVtaSB2ZWx2ZWxtaQpzb29hbmxvIGthCmthIGthZHVsbyBtaSUAJ2thKAAHRAA6a2EgIAABSwCTLCBrYSBkdXNvCwAha2ESAAJ3AEJrYSA3HAAFUwABHgAHmwAAEABzCmFucXVpbpIAAFEACyEAABMAAFkAAXIAcSBsbyBzdGEuAAFnABF4BgAAJAACCQAgUmWOAAC8AAEkAAM5AAE8AABuABogbgAA1AAABAAxIG83BgECewABLgAARgECUwAKNgACrQAANQAQLIoAB2YBAhoAAY0AAGsAAAQAAVUAACwAAAQAABEAAKkAAmQBIm1pfgEHJQAXIHAAA0cABY4ACV8AA0YAAlcAAMgBAwoABA8BEApvAADBAALQAAFXACIsIKAAARsABxgAARcAA1MBCZIAAsIAA2sAYDdkdWxvIAAAAAA=',
    prose(600, 77),
  ],
  [
    '-9 -B4 -BX --content-size',
    'BCJNGHxAdQYAAAAAAAAgQAAAAC9hYgIA//9FH3gBAP///9fgcXVpbsO8dGVybG8ga2EDAKFSZXNvbWkKa2EgFgBSLCBrYQoaAJBrYSBrYSBtaSCuZqkYAAAAAJ7K4YI=',
    'ab'.repeat(300) + 'x'.repeat(1000) + prose(50, 78),
  ],
  [
    '-12 -B7',
    'BCJNGGRApxsBAADxKmthIHByYXN0YXByYXRlcmxvIGFuUmVtaSB2ZWx2ZWxtaQpzb29hbmxvIGthCmthIGthZHVsbyBtaSUAJ2thKAAGRAAAGAAKIAABIwAQLBAAQ2R1c28LACFrYQcABTMAEjccABkgMAAHVwAQLIQAY2FucXVpbpIAHiAhAARZAAFCADAgbG8gAAEuAAEiABV4bQACCQBCUmVzb7wAA1IAGix+AApuACNSZfgAIW83BgECewACagAI/AAHNgACCQAANQAYLKoAClkAEywEAAFVAARlAAbNAALMAAJ+AQclAAY5AQVHAAWOAA0mASZrYbQBEwoKAAQPAREKDgAKBwIXLLoACbkAABcAAy8BCZIAJ2thsQBgN2R1bG8gAAAAADasQ9Y=',
    prose(600, 77),
  ],
];

const exitCodes = { notAFrame: 2, unsupported: 3, truncated: 4, damaged: 5 } as const;

function everyOption(): Lz4Options[] {
  const flags = [false, true];
  return flags.flatMap((linkedBlocks) =>
    flags.flatMap((blockChecksums) =>
      flags.flatMap((contentSize) =>
        flags.map((contentChecksum) => ({
          linkedBlocks,
          blockChecksums,
          contentSize,
          contentChecksum,
          blockBytes: 700,
        })),
      ),
    ),
  );
}

/** A frame with one block of the given bytes and nothing optional. */
function frameOf(block: readonly number[]): Uint8Array<ArrayBuffer> {
  const empty = lz4Frame(new Uint8Array(0));
  const size = Uint8Array.of(block.length, 0, 0, 0);
  return join(empty.subarray(0, 7), size, Uint8Array.from(block), empty.subarray(7));
}

function edited(bytes: Uint8Array, offset: number, value: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[offset < 0 ? copy.length + offset : offset]! ^= value;
  return copy;
}

/** Cases of the decompressor. */
export function lzCases(): GuestCase[] {
  const text = utf8(prose(2500, 41));
  const unpacks = (
    name: string,
    input: Uint8Array<ArrayBuffer>,
    output: Uint8Array<ArrayBuffer>,
    weight: GuestCase['weight'] = 'light',
  ): GuestCase => ({ program: 'lz', name, input, output, exitCode: 0, weight });
  const fails = (
    name: string,
    reason: keyof typeof exitCodes,
    input: Uint8Array<ArrayBuffer>,
    before: Uint8Array<ArrayBuffer> = new Uint8Array(0),
  ): GuestCase => ({ program: 'lz', name, input, output: before, exitCode: exitCodes[reason], weight: 'light' });

  const options = { blockBytes: 1000, blockChecksums: true, contentSize: true, contentChecksum: true };
  const sound = lz4Frame(text, options);
  const mixed = join(noise(40000, 42), utf8(prose(60000, 43)), new Uint8Array(90000), noise(300, 44));
  return [
    unpacks('nothing', utf8(''), utf8('')),
    unpacks('a frame of nothing', lz4Frame(utf8(''), { contentChecksum: true }), utf8('')),
    unpacks('one byte', lz4Frame(utf8('x'), { contentChecksum: true }), utf8('x')),
    ...everyOption().map((one) =>
      unpacks(`options ${JSON.stringify(one)}`, lz4Frame(text.subarray(0, 1500), one), text.slice(0, 1500)),
    ),
    unpacks('a long run', lz4Frame(new Uint8Array(3000), { contentSize: true }), new Uint8Array(3000)),
    unpacks('noise, which is stored', lz4Frame(noise(900, 45)), noise(900, 45)),
    unpacks(
      'several frames and skipped ones',
      join(lz4Frame(utf8('one ')), skippableFrame(noise(99, 46), 15), lz4Frame(utf8('two')), skippableFrame(utf8(''))),
      utf8('one two'),
    ),
    ...framesOfTheTool().map(([flags, base64, content]) =>
      unpacks(`by lz4 ${flags}`, new Uint8Array(Buffer.from(base64, 'base64')), utf8(content)),
    ),
    unpacks('a block without matches', frameOf([0x30, 0x61, 0x62, 0x63]), utf8('abc')),
    unpacks('a match that overlaps itself', frameOf([0x14, 0x61, 1, 0, 0x10, 0x62]), utf8(`${'a'.repeat(9)}b`)),
    unpacks('190 KB in linked blocks', lz4Frame(mixed, { linkedBlocks: true, contentSize: true }), mixed, 'heavy'),
    unpacks('190 KB with checksums', lz4Frame(mixed, { blockSize: 5, contentChecksum: true }), mixed, 'heavy'),

    fails('text', 'notAFrame', utf8('hello world')),
    fails('text after a frame', 'notAFrame', join(lz4Frame(utf8('first')), utf8('second')), utf8('first')),
    fails('three bytes', 'truncated', sound.slice(0, 3)),
    fails('a header without its end', 'truncated', sound.slice(0, 14)),
    fails('a block without its end', 'truncated', sound.slice(0, 40)),
    fails('a frame without its checksum', 'truncated', sound.slice(0, -1), text),
    fails('a skippable frame without its end', 'truncated', skippableFrame(noise(9, 47)).slice(0, -1)),
    fails('version 2', 'unsupported', edited(sound, 4, 0xc0)),
    fails('a reserved bit', 'unsupported', edited(sound, 4, 2)),
    fails('a dictionary', 'unsupported', edited(sound, 4, 1)),
    fails('blocks of a reserved size', 'unsupported', edited(sound, 5, 0x70)),
    fails('a wrong checksum of the header', 'damaged', edited(sound, 6, 1)),
    fails('a wrong checksum of a block', 'damaged', edited(sound, 30, 1)),
    fails('a wrong checksum of the content', 'damaged', edited(sound, -1, 1), text),
    fails(
      'a wrong size',
      'damaged',
      join(
        lz4Frame(text.subarray(0, 999), { contentSize: true }).subarray(0, 15),
        lz4Frame(text.subarray(0, 998), { contentSize: true }).subarray(15),
      ),
      text.slice(0, 998),
    ),
    fails('a block larger than its frame allows', 'damaged', edited(lz4Frame(utf8('abc')), 9, 0x10)),
    fails('an offset of zero', 'damaged', frameOf([0x10, 0x61, 0, 0, 0x10, 0x61])),
    fails('an offset before the beginning', 'damaged', frameOf([0x10, 0x61, 2, 0, 0x10, 0x61])),
    fails('literals past the end', 'damaged', frameOf([0x30, 0x61, 0x62])),
    fails('half an offset', 'damaged', frameOf([0x10, 0x61, 1])),
    fails('a length without its end', 'damaged', frameOf([0xf0, 0xff])),
    fails('a match at the end', 'damaged', frameOf([0x14, 0x61, 1, 0])),
    fails(
      'a block that grows past 64 KiB',
      'damaged',
      frameOf([0x1f, 0x61, 1, 0, ...Array<number>(250).fill(255), 255, 255, 255, 255, 255, 255, 255, 0].slice(0, 255)),
    ),
  ];
}
