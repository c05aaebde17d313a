import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf, symbolAt, type ElfResult } from '@commute/elf';
import { fixture, fixtureNames } from './fixtures.ts';
import { writeElf } from './write-elf.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 2000);

/** Parses anything and checks what must hold whatever the bytes are. */
function examine(bytes: Uint8Array): ElfResult {
  const result = parseElf(bytes);
  if (!result.ok) {
    if (typeof result.reason !== 'string' || result.expected === '' || result.got === '')
      throw new Error('bad refusal');
    return result;
  }
  const { elf } = result;
  let end = 0;
  let total = 0;
  for (const segment of elf.segments) {
    if (segment.address < end || segment.memorySize < 1) throw new Error('bad segment');
    if (segment.bytes.length > segment.memorySize || segment.bytes.buffer !== bytes.buffer) throw new Error('bad view');
    end = segment.address + segment.memorySize;
    total += segment.memorySize;
  }
  if (end > 2 ** 32 || end !== elf.endAddress || total > 2 ** 30) throw new Error('bad extent');
  for (const symbol of elf.symbolTable) {
    if (!(symbol.address + symbol.size <= 2 ** 32)) throw new Error('bad symbol');
    if (elf.symbols.get(symbol.name) === undefined) throw new Error('bad names');
  }
  const home = symbolAt(elf, elf.entry);
  if (home !== undefined && home.symbol.address + home.offset !== elf.entry) throw new Error('bad offset');
  return result;
}

describe.for(fixtureNames)('%s', (name) => {
  const sound = fixture(name);

  test('with any one byte inverted or zeroed', () => {
    const bytes = sound.slice();
    for (let index = 0; index < bytes.length; index += 1) {
      const original = bytes[index]!;
      for (const value of [original ^ 0xff, original ^ 0x80, original ^ 1, 0]) {
        bytes[index] = value;
        examine(bytes);
      }
      bytes[index] = original;
    }
  });

  test('with each bit of its headers flipped', () => {
    const bytes = sound.slice();
    const headers = bytes[4] === 1 ? 52 + 5 * 32 : 64 + 5 * 56;
    for (let bit = 0; bit < headers * 8; bit += 1) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      examine(bytes);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  test('cut at any length', () => {
    const lastByte = Math.max(
      ...(parseElf(sound) as Extract<ElfResult, { ok: true }>).elf.segments.map((one) =>
        one.bytes.length === 0 ? 0 : one.bytes.byteOffset + one.bytes.length,
      ),
    );
    for (let length = 0; length < sound.length; length += 1) {
      const result = examine(sound.slice(0, length));
      expect(result.ok, `length ${String(length)}`).toBe(length >= lastByte);
    }
  });

  test('with several fields replaced by edge values', () => {
    const edge = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
    const anyEdits = fc.array(fc.tuple(fc.nat({ max: sound.length - 1 }), fc.oneof(edge, fc.nat({ max: 255 }))), {
      minLength: 1,
      maxLength: 12,
    });
    const headerEdits = fc.array(fc.tuple(fc.nat({ max: 340 }), edge), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(anyEdits, headerEdits), (edits) => {
        const bytes = sound.slice();
        for (const [offset, value] of edits) bytes[offset] = value;
        examine(bytes);
      }),
      { numRuns },
    );
  });
});

test('random bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(examine(bytes).ok).toBe(false);
    }),
    { numRuns },
  );
});

test('random bytes behind a sound identification never throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.uint8Array({ minLength: 64, maxLength: 400 }), (width, bytes) => {
      bytes.set([0x7f, 0x45, 0x4c, 0x46, width, 1, 1]);
      bytes.set([2, 0, 243, 0, 1, 0, 0, 0], 16);
      examine(bytes);
    }),
    { numRuns },
  );
});

test('claims of gigantic sizes cost nothing', () => {
  const code = { address: 0x1000, bytes: new Uint8Array(4) };
  const huge = (size: number): ElfResult =>
    parseElf(writeElf({ class: 64, entry: 0x1000, segments: [code, { address: 0x2000, memorySize: size }] }), {
      maximumMemoryBytes: 2 ** 32,
    });
  expect(huge(2 ** 32 - 0x2000).ok).toBe(true);
  expect(huge(2 ** 32).ok).toBe(false);
});

test('a symbol table of overlapping endless names is read within the limits', () => {
  const symbols = Array.from({ length: 3000 }, () => ({ name: 'a', address: 0x1000 }));
  const bytes = writeElf({
    class: 32,
    entry: 0x1000,
    segments: [{ address: 0x1000, bytes: new Uint8Array(4) }],
    symbols,
  });
  const view = new DataView(bytes.buffer);
  const sections = view.getUint32(32, true);
  view.setUint32(sections + 80 + 16, 0, true); // the whole file is one table of names
  view.setUint32(sections + 80 + 20, bytes.length, true);
  const result = examine(bytes);
  expect(result.ok && result.elf.symbolTable.every((one) => one.name.length <= 512)).toBe(true);
});
