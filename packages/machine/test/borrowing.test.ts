import { createMemory } from '@commute/wasm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Memory, Snapshot, encodeSnapshot, type FrameSpace, type Region } from '../src/index.ts';
import { fcRuns, hex, nodeSha256, obviousRoot } from './support.ts';

/*
 * Snapshots borrow pages from the memory they were taken of. Nothing that any memory does afterwards, in whatever order,
 * may be seen in them. The model copies everything, always.
 */

const PAGES = [0, 1, 2, 3, 0x8_0000, 0xf_f000];
const REGIONS: readonly Region[] = [
  { base: 0, log2Size: 13 },
  { base: 0x1000, log2Size: 12 },
  { base: 0xff00_0000, log2Size: 24 },
  { base: 0, log2Size: 32 },
];

const address = fc
  .tuple(fc.constantFrom(...PAGES), fc.constantFrom(0, 1, 7, 8, 1022, 1023))
  .map(([page, word]) => page * 4096 + 4 * word);
const pick = fc.nat({ max: 1000 });
const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('store'), which: pick, address, value: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('write'), which: pick, address, value: fc.nat({ max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('snapshot'), which: pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restore'), which: pick, version: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace'), which: pick, version: pick, region: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look'), version: pick, address }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('root'), version: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('watch'), which: pick, address }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('read'), which: pick, address }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow'), which: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move'), which: pick }) },
);

type Model = Map<number, number>;

/** A space in which every other page below 2^16 bytes has a home, with room for hardly any other. */
function spaceOf(): FrameSpace {
  const homes = 0x80_0000;
  return {
    linear: createMemory({ initial: 0x82 }),
    readTable: 0,
    writeTable: 0x40_0000,
    frames: homes + 0x1_0000,
    home: (index) => (index < 16 && index % 2 === 0 ? homes + index * 4096 : 0),
  };
}

describe('pages that snapshots borrow', () => {
  test('never change, whatever two memories that share them do', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const memories = [new Memory({ hasher: nodeSha256 }), new Memory({ hasher: nodeSha256 })];
        const models = [new Map<number, number>(), new Map<number, number>()];
        const versions: { snapshot: Snapshot; model: Model }[] = [
          { snapshot: Snapshot.empty(nodeSha256), model: new Map() },
        ];
        let grown = 0x10_0000;
        for (const step of actions) {
          const which = 'which' in step ? step.which % 2 : 0;
          const memory = memories[which]!;
          const model = models[which]!;
          const version = versions['version' in step ? step.version % versions.length : 0]!;
          switch (step.kind) {
            case 'store':
            case 'write':
              if (step.kind === 'store') memory.storeWord(step.address, step.value);
              else memory.write(step.address, Uint8Array.of(step.value, 0, 0, 0));
              model.set(step.address, step.value);
              break;
            case 'snapshot':
              versions.push({ snapshot: memory.snapshot(), model: new Map(model) });
              break;
            case 'restore':
              memory.restore(version.snapshot);
              models[which] = new Map(version.model);
              break;
            case 'replace': {
              const region = REGIONS[step.region % REGIONS.length]!;
              const content = version.snapshot;
              memory.replaceRegion({ region, root: content.regionRoot(region), content });
              const inside = (at: number): boolean => at >= region.base && at - region.base < 2 ** region.log2Size;
              models[which] = new Map([
                ...[...model].filter(([at]) => !inside(at)),
                ...[...version.model].filter(([at]) => inside(at)),
              ]);
              break;
            }
            case 'look':
              expect(version.snapshot.word(step.address)).toBe(version.model.get(step.address) ?? 0);
              break;
            case 'root':
              expect(hex(version.snapshot.root())).toBe(hex(obviousRoot(version.model, nodeSha256)));
              break;
            case 'watch':
              memory.watch(step.address, () => undefined);
              break;
            case 'read':
              expect(memory.loadWord(step.address)).toBe(model.get(step.address) ?? 0);
              break;
            case 'move':
              memory.moveTo(spaceOf());
              break;
            case 'grow':
              // More frames than the buffer holds, so that it is exchanged while pages are lent.
              for (let page = 0; page < 20; page++, grown += 4096) {
                memory.storeWord(grown, 1);
                model.set(grown, 1);
              }
          }
        }
        for (const [which, memory] of memories.entries()) {
          for (const [at, value] of models[which]!) expect(memory.loadWord(at)).toBe(value);
          expect(hex(memory.root())).toBe(hex(obviousRoot(models[which]!, nodeSha256)));
        }
        for (const { snapshot, model } of versions) {
          for (const [at, value] of model) expect(snapshot.word(at)).toBe(value);
          expect(hex(snapshot.root())).toBe(hex(obviousRoot(model, nodeSha256)));
        }
      }),
      { numRuns: fcRuns(150) },
    );
  });

  test('with a home lie there, whether or not anyone has read them', () => {
    const memory = new Memory({ maximumPages: 8 });
    const space = spaceOf();
    const at = (address: number): number => new Uint32Array(space.linear.buffer)[(0x80_0000 + address) / 4]!;
    memory.storeWord(0x2000, 1);
    memory.storeWord(0x3000, 2);
    const before = memory.snapshot();
    const other = new Memory();
    other.restore(before);
    other.moveTo(space);
    expect(at(0x2000)).toBe(1);
    other.storeWord(0x2000, 3);
    other.storeWord(0x4000, 4);
    expect([at(0x2000), at(0x4000)]).toEqual([3, 4]);
    const after = other.snapshot();
    other.restore(before);
    expect([at(0x2000), at(0x4000)]).toEqual([1, 0]);
    other.restore(after);
    expect([at(0x2000), at(0x4000)]).toEqual([3, 4]);
    other.restore(Snapshot.empty());
    expect([at(0x2000), at(0x4000)]).toEqual([0, 0]);
  });

  test('run out where they must after a move too', () => {
    const memory = new Memory({ maximumPages: 3 });
    memory.storeWord(0x2000, 1);
    memory.moveTo(spaceOf());
    memory.storeWord(0x3000, 1);
    memory.storeWord(0x5000, 1);
    expect(() => {
      memory.storeWord(0x4000, 1);
    }).toThrow('memory: expected at most 3 pages in use, got one more');
    expect(memory.loadWord(0x4000)).toBe(0);
  });

  test('are still there when their memory is put to other uses', () => {
    const memory = new Memory({ maximumPages: 4 });
    const kept: { snapshot: Snapshot; value: number }[] = [];
    for (let round = 1; round <= 50; round++) {
      memory.restore(Snapshot.empty());
      for (let page = 0; page < 4; page++) memory.storeWord((page + (round % 7)) * 4096, round);
      kept.push({ snapshot: memory.snapshot(), value: round });
    }
    for (const { snapshot, value } of kept) {
      for (let page = 0; page < 4; page++) expect(snapshot.word((page + (value % 7)) * 4096)).toBe(value);
    }
  });

  test('are one and the same in all versions in which nothing wrote to them', () => {
    const memory = new Memory();
    memory.storeWord(0x1000, 1);
    memory.storeWord(0x2000, 1);
    const first = memory.snapshot();
    memory.storeWord(0x1000, 2);
    const second = memory.snapshot();
    // Both versions hold the page that did not change, as the same bytes.
    expect(first.page(2)).toBe(second.page(2));
    expect(first.page(1)).not.toBe(second.page(1));
    expect(first.differences(second).map(({ index }) => index)).toEqual([1]);
    expect(hex(encodeSnapshot(first))).not.toBe(hex(encodeSnapshot(second)));
  });
});
