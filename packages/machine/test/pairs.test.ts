import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Memory, blake3, keccak256, sha256, type Hasher } from '../src/index.ts';
import { keccak256Kernel } from '../src/pairs/keccak256-kernel.ts';
import { pairsByKernel, pairsOneByOne } from '../src/pairs/pair-kernel.ts';
import { sha256Kernel } from '../src/pairs/sha256-kernel.ts';
import { fcRuns, hex } from './support.ts';

const kernels = [
  [keccak256, keccak256Kernel, 2],
  [sha256, sha256Kernel, 4],
] as const;

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(kernels)('the kernel of $0.name', (hasher, source, width) => {
  const reference = pairsOneByOne(hasher.digest);
  const kernel = pairsByKernel(source, width)!;

  test('hashes any number of pairs as the reference does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.uint8Array({ minLength: 64, maxLength: 4096 }),
        (count, seed) => {
          const pairs = Uint8Array.from({ length: 64 * count }, (_, i) => seed[(i * 7 + (i >>> 6)) % seed.length]!);
          const expected = new Uint8Array(32 * count);
          const found = new Uint8Array(32 * count);
          reference(pairs, expected);
          kernel(pairs, found);
          expect(hex(found)).toBe(hex(expected));
        },
      ),
      { numRuns: fcRuns(100) },
    );
  });

  test('takes each bit of a pair into account', () => {
    const pairs = new Uint8Array(64 * 513);
    for (let bit = 0; bit < 512; bit++) pairs[64 * bit + (bit >>> 3)] = 1 << (bit & 7);
    const expected = new Uint8Array(32 * 513);
    const found = new Uint8Array(32 * 513);
    reference(pairs, expected);
    kernel(pairs, found);
    expect(hex(found)).toBe(hex(expected));
    expect(new Set(Array.from({ length: 513 }, (_, i) => hex(found.subarray(32 * i, 32 * i + 32)))).size).toBe(513);
  });

  test('reads and writes views at any offset, and nothing beside them', () => {
    const all = Uint8Array.from({ length: 500 }, (_, i) => i);
    const out = new Uint8Array(200).fill(0xaa);
    kernel(all.subarray(3, 3 + 192), out.subarray(5, 5 + 96));
    const expected = new Uint8Array(96);
    reference(all.subarray(3, 3 + 192), expected);
    expect(hex(out.subarray(5, 101))).toBe(hex(expected));
    expect(out.subarray(0, 5).every((byte) => byte === 0xaa) && out.subarray(101).every((byte) => byte === 0xaa)).toBe(
      true,
    );
  });

  test('is not there where the host refuses to compile', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(pairsByKernel(source, width)).toBeUndefined();
  });
});

describe('roots', () => {
  /** The same hash, one pair at a time. */
  const plain = ({ name, digest }: Hasher): Hasher => ({ name, digest });

  test.each([keccak256, sha256, blake3])('by $name are the same with and without pairs hashed together', (hasher) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 8191 }), fc.nat({ max: 3 }), fc.boolean()), { maxLength: 80 }),
        (stores) => {
          const quick = new Memory({ hasher });
          const slow = new Memory({ hasher: plain(hasher) });
          for (const [word, value, root] of stores) {
            for (const memory of [quick, slow]) memory.storeWord(word * 4, value);
            if (root) expect(hex(quick.root())).toBe(hex(slow.root()));
          }
          expect(hex(quick.root())).toBe(hex(slow.root()));
        },
      ),
      { numRuns: fcRuns(30) },
    );
  });

  test('need no WebAssembly', async () => {
    const memory = new Memory();
    memory.write(
      0x1000,
      Uint8Array.from({ length: 4096 }, (_, i) => i * 3),
    );
    const root = hex(memory.root());
    vi.resetModules();
    vi.stubGlobal('WebAssembly', undefined);
    const fresh = await import('../src/index.ts');
    const other = new fresh.Memory();
    other.write(
      0x1000,
      Uint8Array.from({ length: 4096 }, (_, i) => i * 3),
    );
    expect(hex(other.root())).toBe(root);
  });
});
