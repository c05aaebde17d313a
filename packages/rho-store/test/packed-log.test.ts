import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashBytes, hexFromBytes } from '../src/bytes.ts';
import { GrowingBytes, GrowingNumbers } from '../src/growing.ts';
import { changesOf, countComms, splitLog } from '../src/history/event.ts';
import { PackedLog } from '../src/history/packed-log.ts';
import {
  createMemoryKeyValue,
  encodeEvent,
  encodeLog,
  HistoryStore,
  verifyStore,
  type KeyValueStore,
  type LogEntry,
} from '../src/index.ts';
import { anySteps, eventOf, logEntry, type Model, type Step } from './event-arbitrary.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 150);

const entriesOf = (steps: readonly Step[], model: Model): LogEntry[] =>
  steps.map((step) => logEntry(eventOf(step, model)));
const packed = (entries: readonly LogEntry[]): PackedLog => {
  const log = new PackedLog();
  for (const { event } of entries) log.append(event);
  return log;
};
const recordsOf = (keyValue: KeyValueStore): string[] =>
  [...keyValue.entries()].map((pair) => pair.map(hexFromBytes).join(' '));

describe('a packed log', () => {
  test('is that of its events, and a commit of it writes the same records', () => {
    fc.assert(
      fc.property(fc.array(anySteps, { minLength: 1, maxLength: 5 }), (blocks) => {
        const [one, two] = [createMemoryKeyValue(), createMemoryKeyValue()];
        const [plain, fast] = [new HistoryStore(one), new HistoryStore(two)];
        const model: Model = new Map();
        for (const steps of blocks) {
          const entries = entriesOf(steps, model);
          const log = packed(entries);
          expect(log.toBytes()).toEqual(encodeLog(entries.map((entry) => entry.bytes)));
          const bytes = log.gather();
          expect(bytes).toEqual(log.toBytes());
          expect(fast.commitPacked(log, bytes)).toEqual(plain.commit(entries));
        }
        expect(recordsOf(two)).toEqual(recordsOf(one));
        expect(verifyStore(fast).problems).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  test('goes on from any event after it was cut off there', () => {
    fc.assert(
      fc.property(anySteps, anySteps, fc.nat(), (steps, others, pick) => {
        const all = entriesOf(steps, new Map());
        const kept = all.slice(0, pick % (all.length + 1));
        const next = entriesOf(others, new Map());
        const log = packed(all);
        log.truncate(kept.length);
        for (const { event } of next) log.append(event);
        const expected = [...kept, ...next];
        const bytes = expected.map((entry) => entry.bytes);
        expect(log.toBytes()).toEqual(encodeLog(bytes));
        expect(log.toBytes(kept.length)).toEqual(encodeLog(bytes.slice(kept.length)));
        expect(log.equals(encodeLog(bytes.slice(kept.length)), kept.length)).toBe(true);
        expect(log.equals(encodeLog(bytes), kept.length)).toBe(kept.length === 0);
        expect(expected.map((_, index) => log.bytesAt(index))).toEqual(bytes);
        expect(expected.map((_, index) => log.hashAt(index))).toEqual(expected.map((entry) => entry.hash));
        expect(expected.map((_, index) => log.isComm(index))).toEqual(expected.map((one) => one.event.kind === 'comm'));
        const seen: unknown[] = [];
        log.forEachChange((index, event, slot, changes) => {
          seen.push([index, event, log.channels[slot], changes]);
        });
        const wanted = expected.flatMap(({ event, hash }, index) =>
          changesOf(event).map(({ channel, changes }) => [index, hash, channel, changes]),
        );
        expect(seen).toEqual(wanted);
      }),
      { numRuns: runs },
    );
  });

  test('of another length or with another byte is not the same', () => {
    const entries = entriesOf(
      Array.from({ length: 5 }, (_, item) => ({
        kind: 'produce' as const,
        channels: [item % 2],
        item,
        removed: false,
        waiting: false,
      })),
      new Map(),
    );
    const log = packed(entries);
    const bytes = log.toBytes();
    expect(log.equals(bytes, 0)).toBe(true);
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Uint8Array.from(bytes);
      changed[index]! ^= 1;
      expect(log.equals(changed, 0)).toBe(false);
      expect(log.equals(bytes.subarray(0, index), 0)).toBe(false);
    }
    expect(log.equals(Uint8Array.of(...bytes, 0), 0)).toBe(false);
  });
});

test('a packed log gives events of any length', () => {
  const log = new PackedLog();
  const lengths = [0, 100, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 16_370, 16_376, 16_380, 16_384, 2_097_150];
  const events = lengths.map((length) => ({
    kind: 'produce' as const,
    channel: Uint8Array.of(1),
    item: new Uint8Array(length),
  }));
  for (const event of events) log.append(event);
  for (const [index, event] of events.entries()) expect(Buffer.compare(log.bytesAt(index), encodeEvent(event))).toBe(0);
});

describe('a split log', () => {
  test('has the events of the log, of which it counts the COMMs, and is none of other bytes', () => {
    fc.assert(
      fc.property(anySteps, fc.nat(), fc.integer({ min: 1, max: 255 }), (steps, at, flip) => {
        const entries = entriesOf(steps, new Map());
        const bytes = encodeLog(entries.map((entry) => entry.bytes));
        const log = splitLog(bytes)!;
        expect(log.length).toBe(entries.length);
        expect(entries.map((_, index) => log.at(index))).toEqual(entries.map((entry) => entry.bytes));
        expect(log.at(entries.length)).toBeUndefined();
        expect(countComms(log)).toBe(entries.filter(({ event }) => event.kind === 'comm').length);
        expect(splitLog(bytes.subarray(0, at % bytes.length))).toBeUndefined();
        // Other bytes may be a log or none, and never throw.
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length]! ^= flip;
        const other = splitLog(changed);
        if (other !== undefined) countComms(other);
      }),
      { numRuns: runs },
    );
    // A count of events that the bytes cannot hold, and an event as long as a number can be.
    expect(splitLog(Uint8Array.of(1, 255, 255, 255, 255, 255, 255, 15))).toBeUndefined();
    expect(splitLog(Uint8Array.of(1, 1, 255, 255, 255, 255, 255, 255, 15))).toBeUndefined();
  });
});

describe('what grows', () => {
  test('holds bytes of several pieces, gives parts of them and is cut off anywhere', () => {
    const bytes = Uint8Array.from({ length: 3_500_000 }, (_, index) => (index * 2_654_435_761) >>> 11);
    const growing = new GrowingBytes();
    const steps = [1, 4095, 4097, 100, 1_040_000, 2 ** 20 - 1_048_293, 1, 2 ** 20, 1_100_000];
    let length = 0;
    for (const step of steps) {
      growing.append(bytes.subarray(length, length + step));
      length += step;
      expect(growing.length).toBe(length);
      expect(hashBytes(growing.slice(0, length))).toEqual(hashBytes(bytes.subarray(0, length)));
    }
    for (const [from, to] of [
      [0, 0],
      [1, 70],
      [2 ** 20 - 3, 2 ** 20 + 3],
      [2 ** 20, 2 ** 21],
      [2 ** 21, length],
      [5, length - 1],
    ] as const) {
      expect(growing.equals(from, to, bytes.subarray(from, to))).toBe(true);
      expect(growing.equals(from, to, bytes.subarray(from, to + 1))).toBe(false);
      expect(hashBytes(growing.slice(from, to))).toEqual(hashBytes(bytes.subarray(from, to)));
    }
    const header = Uint8Array.of(1, 2, 3);
    const gathered = growing.gather(header);
    expect(hashBytes(gathered)).toEqual(hashBytes(Buffer.concat([header, bytes.subarray(0, length)])));
    expect(growing.equals(0, length, bytes.subarray(0, length))).toBe(true);
    for (const cut of [2 ** 21 + 1, 2 ** 21, 2 ** 20 - 1, 5, 0]) {
      growing.truncate(cut);
      growing.append(bytes.subarray(0, 100));
      expect(growing.slice(cut, cut + 100)).toEqual(bytes.slice(0, 100));
      expect(growing.equals(0, cut, bytes.subarray(0, cut))).toBe(true);
    }
  });

  test('holds numbers and hashes', () => {
    const hashes = new GrowingBytes();
    const count = 40_000;
    const sum = (list: GrowingNumbers): number => {
      let total = 0;
      for (let index = 0; index < list.length; index += 1) total += list.at(index);
      return total;
    };
    for (const [bytes, scale] of [
      [4, 2 ** 16],
      [8, 2 ** 22],
    ] as const) {
      const numbers = new GrowingNumbers(bytes);
      for (let index = 0; index < count; index += 1) numbers.append(index * scale);
      for (const cut of [count, 32_769, 32_768, 16_384, 16_383, 65, 64, 1, 0]) {
        numbers.truncate(cut);
        expect([numbers.length, sum(numbers)]).toEqual([cut, ((cut * Math.max(cut - 1, 0)) / 2) * scale]);
        numbers.append(7);
        numbers.append(8);
        expect([numbers.length, numbers.at(cut), numbers.at(cut + 1)]).toEqual([cut + 2, 7, 8]);
        numbers.truncate(cut);
      }
    }
    for (let index = 0; index < count; index += 1) {
      const message = Uint8Array.of(index >>> 8, index);
      if (index % 2 === 0) hashes.append(hashBytes(message));
      else hashes.appendHashOf(message);
    }
    for (const index of [0, 1, 127, 128, 32_767, 32_768, count - 1])
      expect(hashes.slice(32 * index, 32 * index + 32)).toEqual(hashBytes(Uint8Array.of(index >>> 8, index)));
  });
});
