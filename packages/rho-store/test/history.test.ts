import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalBytes, hexFromBytes } from '../src/bytes.ts';
import {
  createMemoryKeyValue,
  decodeEvent,
  decodeLog,
  encodeLog,
  HistoryStore,
  pruneStore,
  proveEntry,
  proveItem,
  proveKey,
  verifyEntry,
  verifyItem,
  verifyKey,
  verifyStore,
  type KeyValueStore,
  type LogEntry,
} from '../src/index.ts';
import { anySteps, channelOf, eventOf, itemOf, logEntry, type Model, type Step } from './event-arbitrary.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 150);
const anyBlocks = fc.array(anySteps, { minLength: 1, maxLength: 5 });

interface Written {
  readonly keyValue: KeyValueStore;
  readonly store: HistoryStore;
  readonly roots: Uint8Array<ArrayBuffer>[];
  readonly model: Model;
}

function write(blocks: readonly (readonly Step[])[]): Written {
  const keyValue = createMemoryKeyValue();
  const store = new HistoryStore(keyValue);
  const model: Model = new Map();
  const roots: Uint8Array<ArrayBuffer>[] = [];
  for (const steps of blocks) {
    const log: LogEntry[] = steps.map((step) => logEntry(eventOf(step, model)));
    roots.push(store.commit(log, { note: Uint8Array.of(steps.length) }).root);
  }
  return { keyValue, store, roots, model };
}

const fixed = (): Written => {
  const comm = { kind: 'comm', channels: [0, 1], item: 3, removed: true, waiting: true } as const;
  const blocks = [0, 1, 2].map((block): Step[] => [
    { kind: 'produce', channels: [0], item: block, removed: false, waiting: false } as const,
    { kind: 'consume', channels: [1, 2], item: block + 2, removed: false, waiting: false } as const,
    { kind: 'produce', channels: [block], item: 1, removed: false, waiting: false } as const,
    ...(block === 1 ? [comm] : []),
  ]);
  return write(blocks);
};

describe('the history of a key', () => {
  test('folds to its state, and the store verifies', () => {
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        const { store, model, keyValue } = write(blocks);
        const result = verifyStore(new HistoryStore(keyValue));
        expect(result).toMatchObject({ ok: true, problems: [], commits: blocks.length, keys: model.size });
        let entries = 0;
        for (const channel of store.channels()) {
          const items = [...store.items(channel)].map((one) => hexFromBytes(one.bytes)).sort();
          expect(items).toEqual(model.get(hexFromBytes(channel))!.toSorted());
          const steps = [...store.history(channel)];
          entries += steps.length;
          expect(steps.map(({ entry }) => entry.sequence)).toEqual(steps.map((_, index) => index + 1));
          steps.slice(1).forEach(({ entry }, index) => {
            expect([entry.previous, entry.before]).toEqual([steps[index]!.hash, steps[index]!.entry.after]);
          });
          expect(store.key(channel)!.head).toEqual(steps.at(-1)!.hash);
        }
        expect(result.entries).toBe(entries);
      }),
      { numRuns: runs },
    );
  });

  test('is proved against the root: each entry, each item, and the absence of others', () => {
    fc.assert(
      fc.property(anyBlocks, fc.nat(), fc.integer({ min: 1, max: 255 }), (blocks, at, flip) => {
        const { store } = write(blocks);
        const root = store.root();
        expect(verifyKey(root, channelOf(99), proveKey(store, channelOf(99)))).toEqual({ ok: true, key: undefined });
        for (const channel of store.channels()) {
          const key = verifyKey(root, channel, proveKey(store, channel));
          expect(key.ok && key.key?.sequence).toBe(store.key(channel)!.sequence);
          for (const { entry } of store.history(channel)) {
            const proof = proveEntry(store, channel, entry.sequence);
            expect(verifyEntry(root, channel, proof)).toEqual({ ok: true, entry });
            const changed = Uint8Array.from(proof);
            changed[at % proof.length]! ^= flip;
            expect(verifyEntry(root, channel, changed).ok).toBe(false);
            expect(verifyEntry(root, channel, proof.subarray(0, at % proof.length)).ok).toBe(false);
          }
          const items = [...store.items(channel)].map((one) => hexFromBytes(one.bytes));
          for (const item of [0, 1, 2, 3, 4, 9].map(itemOf)) {
            const proof = proveItem(store, channel, item);
            const count = items.filter((one) => one === hexFromBytes(item)).length;
            expect(verifyItem(root, channel, item, proof)).toEqual({ ok: true, count });
          }
        }
      }),
      { numRuns: Math.ceil(runs / 3) },
    );
  });

  test('holds items and segments of any length around those whose buffers are used again', () => {
    const keyValue = createMemoryKeyValue();
    const store = new HistoryStore(keyValue);
    const lengths = [1, 3900, 3990, 3999, 4000, 4031, 4032, 4096, 4097, 5000, 70_000];
    const item = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(length);
    const produce = (channel: number, length: number): LogEntry =>
      logEntry({ kind: 'produce', channel: channelOf(channel), item: item(length) });
    store.commit(lengths.flatMap((length) => [produce(1, length), produce(2, length)]));
    // Segments of 55 to 65 entries, which are 3,740 to 4,420 bytes, and one of many.
    for (const count of [55, 56, 57, 58, 59, 60, 61, 65, 20_000])
      store.commit(Array.from({ length: count }, (_, index) => produce(3, index % 7)));
    expect(verifyStore(new HistoryStore(keyValue)).problems).toEqual([]);
    for (const channel of [1, 2]) {
      const sizes = [...store.items(channelOf(channel))].map(({ bytes }) => bytes.length);
      expect(sizes.sort((left, right) => left - right)).toEqual(lengths);
    }
  });

  test('goes on from any version, and forks keep their own histories', () => {
    fc.assert(
      fc.property(anyBlocks, fc.nat(), (blocks, pick) => {
        const { store, roots, keyValue } = write(blocks);
        const root = roots[pick % roots.length]!;
        store.trie.reset(root);
        const before = [...store.channels()].map((channel) => [...store.history(channel)].length);
        store.commit([logEntry({ kind: 'produce', channel: channelOf(0), item: itemOf(7) })]);
        expect([...store.history(channelOf(0))].at(-1)!.entry.sequence).toBe(store.key(channelOf(0))!.sequence);
        expect(verifyStore(new HistoryStore(keyValue)).problems).toEqual([]);
        store.trie.reset(root);
        expect([...store.channels()].map((channel) => [...store.history(channel)].length)).toEqual(before);
      }),
      { numRuns: Math.ceil(runs / 2) },
    );
  });

  test('survives pruning, with every proof', () => {
    fc.assert(
      fc.property(anyBlocks, fc.integer({ min: 1, max: 4 }), (blocks, keep) => {
        const { store, roots, keyValue } = write(blocks);
        const root = store.root();
        const proofs = [...store.channels()].map((channel) => proveEntry(store, channel, 1));
        const { oldest } = pruneStore(store, keep);
        expect(oldest).toBe(Math.max(1, blocks.length - keep + 1));
        const again = new HistoryStore(keyValue);
        expect(verifyStore(again).problems).toEqual([]);
        expect(again.root()).toEqual(root);
        expect([...again.channels()].map((channel) => proveEntry(again, channel, 1))).toEqual(proofs);
        again.commit([logEntry({ kind: 'produce', channel: channelOf(0), item: itemOf(7) })]);
        expect(verifyStore(new HistoryStore(keyValue)).problems).toEqual([]);
        const kept = new Set(roots.slice(oldest - 1).map(hexFromBytes));
        for (const one of roots) {
          if (kept.has(hexFromBytes(one))) expect(again.trie.reset(one).root).toEqual(one);
          else expect(() => again.trie.reset(one)).toThrow('RHO_STORE_VERSION_UNKNOWN');
        }
      }),
      { numRuns: runs },
    );
  });

  test('refuses an event that removes what does not wait', () => {
    const store = new HistoryStore(createMemoryKeyValue());
    const use = {
      channel: channelOf(0),
      message: { form: 'waiting', hash: new Uint8Array(32) },
      removed: true,
    } as const;
    const event = {
      kind: 'comm',
      receive: { form: 'arriving', bytes: itemOf(1) },
      removed: false,
      uses: [use],
    } as const;
    expect(() => store.commit([logEntry(event)])).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    expect(store.trie.meta.commits).toBe(0);
  });
});

describe('verification', () => {
  /** Flips bits of one byte of one record and verifies. */
  function verifiedWithFlip(
    keyValue: KeyValueStore,
    key: Uint8Array,
    value: Uint8Array,
    at: number,
  ): ReturnType<typeof verifyStore> | string {
    const changed = Uint8Array.from(value);
    changed[at]! ^= 1 << (at % 8);
    const copy = createMemoryKeyValue();
    copy.commit({ puts: [...[...keyValue.entries()], [key, changed]] });
    try {
      return verifyStore(new HistoryStore(copy));
    } catch (error) {
      return String(error);
    }
  }

  test('finds each flipped byte of each record, and names the key', () => {
    const { keyValue, store } = fixed();
    const channels = [...store.channels()].map(hexFromBytes);
    for (const [key, value] of keyValue.entries()) {
      for (let at = 0; at < value.length; at += 1) {
        const result = verifiedWithFlip(keyValue, key, value, at);
        const kind = String.fromCharCode(key[0]!);
        if (typeof result === 'string') {
          // The record of the last commit, or what it points to: the store says so when it is opened.
          expect([kind, result.includes('RHO_STORE_BYTES_MALFORMED')]).toEqual([kind, true]);
          expect('mc').toContain(kind);
          continue;
        }
        expect([kind, at, result.ok]).toEqual([kind, at, false]);
        const named = result.problems.flatMap((one) =>
          one.kind === 'key' ? [one.channel] : one.kind === 'keys' ? one.channels : [],
        );
        for (const channel of named) expect(channels).toContain(hexFromBytes(channel));
        if (kind === 'h') {
          const [problem] = result.problems;
          expect(problem?.kind === 'key' && problem.sequence !== undefined).toBe(true);
        }
        if (kind === 'n') expect(result.problems.some((one) => one.kind === 'key' || one.kind === 'keys')).toBe(true);
        if (kind === 'l') expect(result.problems.some((one) => one.kind === 'commit')).toBe(true);
      }
    }
  });

  test('names the key and the sequence of a damaged entry and of a damaged event', () => {
    const { keyValue, store } = fixed();
    const channel = channelOf(0);
    const steps = [...store.history(channel)];
    for (const { entry } of steps) {
      for (const [key, value] of keyValue.entries()) {
        for (let at = 0; at + 32 <= value.length && 'hl'.includes(String.fromCharCode(key[0]!)); at += 1) {
          if (!equalBytes(value.subarray(at, at + 32), entry.event)) continue;
          const result = verifiedWithFlip(keyValue, key, value, at);
          const named = typeof result === 'string' ? [] : result.problems;
          expect(named.some((one) => one.kind === 'key' && one.sequence !== undefined)).toBe(true);
        }
      }
    }
    const log = [...keyValue.entries()].find(([key]) => key[0] === 0x6c)!;
    const item = hexFromBytes(itemOf(0));
    const at = hexFromBytes(log[1]).indexOf(item) / 2;
    expect(verifiedWithFlip(keyValue, ...log, at)).toMatchObject({
      problems: [
        { kind: 'commit', commit: 1 },
        { kind: 'key', channel, sequence: 1 },
      ],
    });
  });

  test('finds each record that is missing and each that is too many', () => {
    const { keyValue } = fixed();
    for (const [key] of [...keyValue.entries()]) {
      const copy = createMemoryKeyValue();
      copy.commit({ puts: [...keyValue.entries()] });
      copy.commit({ puts: [], deletes: [key] });
      const kind = String.fromCharCode(key[0]!);
      if (kind === 'm' || (kind === 'c' && key.at(-1) === 3))
        expect(() => new HistoryStore(copy)).toThrow('RHO_STORE_BYTES_MALFORMED');
      else expect([kind, verifyStore(new HistoryStore(copy)).ok]).toEqual([kind, false]);
    }
    keyValue.commit({ puts: [[Uint8Array.of(0x6e, 0, 0, 0, 0, 0, 0, 9, 9), new Uint8Array(3)]] });
    expect(verifyStore(new HistoryStore(keyValue)).problems).toMatchObject([
      { kind: 'record', key: '6e0000000000000909' },
    ]);
  });
});

describe('an event log', () => {
  test('reads back, and nothing else does', () => {
    fc.assert(
      fc.property(anySteps, fc.nat(), fc.integer({ min: 1, max: 255 }), (steps, at, flip) => {
        const model: Model = new Map();
        const entries = steps.map((step) => logEntry(eventOf(step, model)));
        const bytes = encodeLog(entries.map((entry) => entry.bytes));
        expect(decodeLog(bytes)).toEqual({ ok: true, entries });
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length]! ^= flip;
        const result = decodeLog(changed);
        if (result.ok) expect(encodeLog(result.entries.map((entry) => logEntry(entry.event).bytes))).toEqual(changed);
      }),
      { numRuns: runs },
    );
  });

  test('takes any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 0, max: 4 }), (bytes, kind) => {
        decodeEvent(Uint8Array.of(kind, ...bytes));
        decodeLog(Uint8Array.of(1, ...bytes));
      }),
      { numRuns: runs * 3 },
    );
  });

  test('has bytes that never change: golden log and root', () => {
    const { store } = fixed();
    expect(hexFromBytes(store.log(2)!)).toMatchInlineSnapshot(
      `"0104090102c00004170101010d020202c00102c0020417030303090102c00104170101015303010417030303000202c0000100a376d173ece243d587f352f04307fb971f10cdbc9b9d850e8ecbd414a586fa3c02c0010100b307ab82f7f120193003c0eea1d0651d13586a39ea67c0b76ec31aa99733adde"`,
    );
    expect(hexFromBytes(store.root())).toMatchInlineSnapshot(
      `"4a4cb46ff0a4521f12e8217c9c4696e9b42427e7e2460040c5694cdf7f9dba20"`,
    );
    expect(hexFromBytes(proveEntry(store, channelOf(0), 2))).toMatchInlineSnapshot(
      `"01920101010040096eff7d9df7e68d5b85620234ae70ee5ad4a02a4583148edaf3f218f675e123634ef2949745386cc2ac21a90db57b4d27434de0898febfc496f3ab28d0bd5f907014b05a460efcf5369ea94814b6f692064c2c719247532807173fab5c3aa830ef9d700000000000000059d68c31892bd95af165ca00715c071716fba2a9610ec626977490d886eae0ee502c00034a58ccd7110509b3c07ef495b2d1b3711ed8cc63abfe053a89b2ffa4c035821000000000000000200d27d8da341ed1ce2f956c64447e5a90d66d7b3db32aaba27e492776064d08874d643c29d0dc550ad2b5cb322c23aa756b27033c55a383431f3b4b3ed3b2bb26136b966a447576e5cb8a59385a2bfdf13a22d053bd6b81e328e1cb377b9b1780300d27d8da341ed1ce2f956c64447e5a90d66d7b3db32aaba27e492776064d088c1e013812f9eb37658807b6664330b05450732ea9ed6a6f85d49ce0fa6ba03ea8a7229977bcb739d63807f3691f168509d65fa951355a0427cc7c8d9b3024e2f53fed8b89c6ea6d86cf2936ff82a9ae1944104a14a5593126cbed9d3131d92760b60219a16bdab0d29ed455cf3c686583957bd32c5e54429a2d68d978731d47905a460efcf5369ea94814b6f692064c2c719247532807173fab5c3aa830ef9d7"`,
    );
  });
});
