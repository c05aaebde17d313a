import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasCode } from '@commute/errors';
import { Memory, Snapshot, keccak256, rootFromRegion, sha256, zeroRegionRoot, type Region } from '../src/index.ts';
import { fcRuns, hex, nodeSha256, obviousRoot } from './support.ts';

const address = fc
  .oneof(
    { weight: 2, arbitrary: fc.constantFrom(0, 4, 0xffc, 0x1000, 0x7fff_fffc, 0x8000_0000, 0xff00_0080, 0xffff_fffc) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 0x3fff }).map((word) => word * 4) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0x3fff_ffff }).map((word) => word * 4) },
  )
  .map((value) => value >>> 0);
const word = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), fc.integer({ min: 0, max: 0xffff_ffff }));

type Action =
  | { readonly kind: 'store'; readonly address: number; readonly value: number }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'restore'; readonly pick: number }
  | { readonly kind: 'byte'; readonly address: number; readonly value: number };
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('store' as const), address, value: word }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('byte' as const), address, value: fc.integer({ min: 0, max: 255 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore' as const), pick: fc.nat() }) },
);

const REGIONS: readonly Region[] = [
  { base: 0, log2Size: 12 },
  { base: 0xff00_0000, log2Size: 24 },
  { base: 0x8000_0000, log2Size: 31 },
  { base: 0, log2Size: 32 },
];

describe('memory', () => {
  test('behaves as a map of words with copies, and its root is the root by definition', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const memory = new Memory({ hasher: nodeSha256 });
        let model = new Map<number, number>();
        const versions: { snapshot: Snapshot; model: Map<number, number> }[] = [
          { snapshot: memory.snapshot(), model: new Map() },
        ];
        for (const step of actions) {
          if (step.kind === 'store') {
            memory.storeWord(step.address, step.value);
            model.set(step.address, step.value);
          } else if (step.kind === 'byte') {
            const old = model.get(step.address) ?? 0;
            memory.storeByte(step.address + 1, step.value);
            model.set(step.address, ((old & ~0xff00) | (step.value << 8)) >>> 0);
          } else if (step.kind === 'snapshot') {
            versions.push({ snapshot: memory.snapshot(), model: new Map(model) });
          } else {
            const version = versions[step.pick % versions.length]!;
            memory.restore(version.snapshot);
            model = new Map(version.model);
          }
          for (const [at, value] of model) expect(memory.loadWord(at)).toBe(value);
        }
        expect(hex(memory.root())).toBe(hex(obviousRoot(model, nodeSha256)));
        for (const version of versions) {
          expect(hex(version.snapshot.root())).toBe(hex(obviousRoot(version.model, nodeSha256)));
          for (const [at, value] of version.model) expect(version.snapshot.word(at)).toBe(value);
        }
      }),
      { numRuns: fcRuns(150) },
    );
  });

  test('the root of nothing is the root by definition, with each hash', () => {
    for (const hasher of [keccak256, sha256]) {
      expect(hex(new Memory({ hasher }).root())).toBe(hex(obviousRoot(new Map(), hasher)));
    }
  });

  test('a region can be exchanged, and its siblings lead to the root', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(address, word), { maxLength: 20 }),
        fc.array(fc.tuple(address, word), { maxLength: 20 }),
        fc.constantFrom(...REGIONS),
        (first, second, region) => {
          const build = (stores: readonly (readonly [number, number])[]): [Snapshot, Map<number, number>] => {
            const memory = new Memory({ hasher: nodeSha256 });
            for (const [at, value] of stores) memory.storeWord(at, value);
            return [memory.snapshot(), new Map(stores)];
          };
          const [a, aWords] = build(first);
          const [b, bWords] = build(second);
          const inside = (at: number): boolean => at >= region.base && at < region.base + 2 ** region.log2Size;
          const mixed = new Map([
            ...[...aWords].filter(([at]) => !inside(at)),
            ...[...bWords].filter(([at]) => inside(at)),
          ]);
          const joined = a.withRegion(region, b);
          expect(hex(joined.root())).toBe(hex(obviousRoot(mixed, nodeSha256)));
          expect(hex(joined.regionRoot(region))).toBe(hex(b.regionRoot(region)));
          const siblings = a.regionSiblings(region);
          expect(hex(rootFromRegion(nodeSha256, region, b.regionRoot(region), siblings)!)).toBe(hex(joined.root()));
          const cleared = rootFromRegion(nodeSha256, region, zeroRegionRoot(nodeSha256, region.log2Size), siblings);
          expect(hex(cleared!)).toBe(hex(a.withoutRegion(region).root()));
          expect(rootFromRegion(nodeSha256, region, new Uint8Array(32), [...siblings, new Uint8Array(32)])).toBeNull();
        },
      ),
      { numRuns: fcRuns(60) },
    );
  });

  test('reads and writes byte ranges over page borders', () => {
    const memory = new Memory();
    const source = Uint8Array.from({ length: 9000 }, (_, i) => i * 7);
    memory.write(0xffe, source);
    expect(hex(memory.read(0xffe, 9000))).toBe(hex(source));
    expect(memory.loadWord(0xffc)).toBe((source[0]! << 16) | (source[1]! << 24));
    memory.write(0xffff_fff0, source.subarray(0, 16));
    expect(hex(memory.read(0xffff_fff0, 16))).toBe(hex(source.subarray(0, 16)));
  });

  test('counts a page that was written but left as it was as unchanged', () => {
    const memory = new Memory();
    memory.storeWord(0x1000, 5);
    const before = memory.snapshot();
    memory.storeWord(0x1000, 6);
    memory.storeWord(0x1000, 5);
    memory.storeWord(0x9000, 0);
    expect(memory.snapshot()).toBe(before);
    expect(before.differences(memory.snapshot())).toEqual([]);
  });

  test('tells the watcher of a page before each store to it and after each restore that changes it', () => {
    const memory = new Memory();
    const start = memory.snapshot();
    const told: [number, number, number][] = [];
    memory.watch(0x2000, (at, length) => told.push([at, length, memory.loadWord(0x2000)]));
    memory.storeWord(0x2000, 1);
    memory.storeWord(0x2000, 2);
    memory.storeByte(0x2fff, 3);
    memory.storeWord(0x3000, 4);
    memory.restore(start);
    expect(told).toEqual([
      [0x2000, 4, 0],
      [0x2000, 4, 1],
      [0x2fff, 1, 2],
      [0x2000, 4096, 0],
    ]);
    memory.unwatchAll();
    memory.storeWord(0x2000, 1);
    expect(told.length).toBe(4);
  });

  test('notes stores in the journal only when asked, and grows it', () => {
    const memory = new Memory();
    memory.storeWord(0, 1);
    expect(memory.journalLength).toBe(0);
    memory.journaling = true;
    for (let i = 0; i < 5000; i++) memory.storeWord(4 * i, i);
    expect(memory.journalLength).toBe(5000);
    expect(memory.journal[4999]).toBe(4 * 4999);
    memory.restore(memory.snapshot());
    expect(memory.journalLength).toBe(0);
  });

  test('notes in the journal what replacing a region changes, and keeps what was noted', () => {
    const region = { base: 0x10_0000, log2Size: 20 };
    const memory = new Memory();
    memory.storeWord(0x10_0000, 1);
    memory.storeWord(0x10_0ffc, 2);
    memory.storeWord(0x14_0000, 3);
    const content = memory.snapshot();
    memory.storeWord(0x10_0ffc, 9);
    memory.storeWord(0x18_0008, 4);
    memory.journaling = true;
    memory.storeWord(0x10_0000, 5);
    memory.replaceRegion({ region, root: content.regionRoot(region), content });
    const noted = [...memory.journal.subarray(0, memory.journalLength)];
    expect(noted.sort((a, b) => a - b)).toEqual([0x10_0000, 0x10_0000, 0x10_0ffc, 0x18_0008]);
    expect(memory.loadWord(0x10_0ffc)).toBe(2);
    expect(memory.loadWord(0x18_0008)).toBe(0);
  });

  test('refuses more pages than allowed, by an error with a code, and stays usable', () => {
    const memory = new Memory({ maximumPages: 3 });
    for (const page of [1, 2, 3]) memory.storeWord(page * 4096, page);
    let caught: unknown;
    try {
      memory.storeWord(4 * 4096, 4);
    } catch (error) {
      caught = error;
    }
    expect(hasCode(caught, 'MACHINE_MEMORY_EXHAUSTED')).toBe(true);
    expect(memory.loadWord(4 * 4096)).toBe(0);
    expect(memory.loadWord(3 * 4096)).toBe(3);
    memory.restore(Snapshot.empty());
    memory.storeWord(4 * 4096, 4);
    expect(memory.loadWord(4 * 4096)).toBe(4);
  });

  test('refuses what the caller got wrong', () => {
    const code = (act: () => unknown): string => {
      try {
        act();
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'none';
    };
    const memory = new Memory();
    expect(code(() => new Memory({ maximumPages: 0 }))).toBe('MACHINE_MEMORY_RANGE');
    expect(code(() => memory.read(0xffff_ffff, 2))).toBe('MACHINE_ADDRESS_RANGE');
    expect(code(() => memory.write(-1, new Uint8Array(1)))).toBe('MACHINE_ADDRESS_RANGE');
    expect(code(() => memory.restore(Snapshot.empty(sha256)))).toBe('MACHINE_HASH_MISMATCH');
    expect(code(() => Snapshot.empty().withRegion({ base: 0, log2Size: 12 }, Snapshot.empty(sha256)))).toBe(
      'MACHINE_HASH_MISMATCH',
    );
    expect(code(() => Snapshot.empty().regionRoot({ base: 4096, log2Size: 13 }))).toBe('MACHINE_REGION_RANGE');
    expect(code(() => Snapshot.empty().withPages([{ index: 0, bytes: new Uint8Array(4) }]))).toBe(
      'MACHINE_PAGE_LENGTH',
    );
  });
});
