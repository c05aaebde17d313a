/**
 * The tests that every key-value store must pass, for vitest.
 *
 * @module
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, hexFromBytes } from './bytes.ts';
import type { KeyValueStore } from './key-value/key-value.ts';

/** What the suite needs to know of a key-value store. */
export interface KeyValueConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Makes an empty store. */
  readonly create: () => KeyValueStore | Promise<KeyValueStore>;
  /** Closes the store and opens it again, if it outlives its handle. */
  readonly reopen?: (store: KeyValueStore) => Promise<KeyValueStore>;
  /** How many random histories to try; 30 unless told. */
  readonly runs?: number;
}

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const pairsOf = (store: KeyValueStore): string[] =>
  [...store.entries()].map(([key, value]) => `${hexFromBytes(key)} ${hexFromBytes(value)}`);

/**
 * Registers the tests that every implementation of `KeyValueStore` must pass.
 *
 * @example
 * ```ts no-run
 * import { createMemoryKeyValue } from '@commute/rho-store';
 * import { keyValueConformance } from '@commute/rho-store/conformance';
 * keyValueConformance({ name: 'memory', create: createMemoryKeyValue });
 * ```
 */
export function keyValueConformance({ name, create, reopen, runs = 30 }: KeyValueConformanceOptions): void {
  describe(`${name}: a key-value store`, () => {
    test('keeps what is put, over what was there, and forgets what is removed', async () => {
      const store = await create();
      store.commit({
        puts: [
          [bytes(1), bytes(1)],
          [bytes(2), bytes(2)],
        ],
      });
      store.commit({ puts: [[bytes(1), bytes(9)]], deletes: [bytes(2), bytes(3)] });
      expect([...store.get(bytes(1))!]).toEqual([9]);
      expect(store.get(bytes(2))).toBeUndefined();
      store.commit({ puts: [[bytes(1), bytes(7)]], deletes: [bytes(1)] });
      expect([...store.get(bytes(1))!]).toEqual([7]);
      await store.close();
      await store.close();
    });

    test('takes empty values, values of a megabyte, and keys of 1 to 511 bytes', async () => {
      const store = await create();
      const large = new Uint8Array(1 << 20).map((_, index) => index * 7);
      const long = new Uint8Array(511).fill(255);
      store.commit({
        puts: [
          [bytes(0), bytes()],
          [long, large],
        ],
      });
      expect(store.get(bytes(0))!.length).toBe(0);
      expect(compareBytes(store.get(long)!, large)).toBe(0);
      for (const key of [bytes(), new Uint8Array(512)]) {
        expect(() => store.get(key)).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
        expect(() => store.commit({ puts: [[key, bytes()]] })).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
      }
      await store.close();
    });

    test('neither shares bytes with the writer nor changes what it gave', async () => {
      const store = await create();
      const value = bytes(1, 2, 3);
      const key = bytes(5);
      store.commit({ puts: [[key, value]] });
      value[0] = 99;
      key[0] = 6;
      const found = store.get(bytes(5))!;
      store.commit({ puts: [[bytes(5), bytes(7, 7, 7)]] });
      expect([...found]).toEqual([1, 2, 3]);
      await store.close();
    });

    test('writes nothing if something is not as expected', async () => {
      const store = await create();
      store.commit({ expected: [[bytes(1), undefined]], puts: [[bytes(1), bytes(1)]] });
      for (const [key, value] of [
        [bytes(1), undefined],
        [bytes(1), bytes(2)],
        [bytes(9), bytes(1)],
      ] as const)
        expect(() => store.commit({ expected: [[key, value]], puts: [[bytes(8), bytes(8)]] })).toThrow(
          'RHO_STORE_VERSION_MISMATCH',
        );
      expect(pairsOf(store)).toEqual(['01 01']);
      store.commit({ expected: [[bytes(1), bytes(1)]], puts: [[bytes(8), bytes(8)]] });
      expect(pairsOf(store)).toEqual(['01 01', '08 08']);
      await store.close();
    });

    test('lists a range in the order of bytes', async () => {
      const store = await create();
      const keys = [bytes(2), bytes(1, 0), bytes(1), bytes(255), bytes(1, 255), bytes(128)];
      store.commit({ puts: keys.map((key) => [key, key]) });
      const sorted = keys.toSorted(compareBytes).map(hexFromBytes);
      expect([...store.entries()].map(([key]) => hexFromBytes(key))).toEqual(sorted);
      const some = [...store.entries({ from: bytes(1, 0), to: bytes(128) })].map(([key]) => hexFromBytes(key));
      expect(some).toEqual(['0100', '01ff', '02']);
      await store.close();
    });

    test('is a map, whatever is done to it', async () => {
      const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
      const batch = fc.record({
        puts: fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 5 })), { maxLength: 6 }),
        deletes: fc.array(key, { maxLength: 4 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { maxLength: 6 }), async (batches) => {
          let store = await create();
          const model = new Map<string, string>();
          for (const { puts, deletes } of batches) {
            store.commit({ puts, deletes });
            for (const one of deletes) model.delete(hexFromBytes(one));
            for (const [one, value] of puts) model.set(hexFromBytes(one), hexFromBytes(value));
          }
          if (reopen !== undefined) store = await reopen(store);
          expect(pairsOf(store)).toEqual([...model].map(([one, value]) => `${one} ${value}`).sort());
          await store.close();
        }),
        { numRuns: runs },
      );
    });
  });
}
