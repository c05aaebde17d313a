import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedList } from '../src/reduce/ordered-list.ts';

test('a list is in order whenever it is asked, whatever comes and goes between', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('add', 'add', 'remove', 'ask'), fc.nat()), { maxLength: 200 }),
      (steps) => {
        const list = new OrderedList<{ readonly name: string }>((item) => item.name);
        const expected: { readonly name: string }[] = [];
        for (const [index, [kind, pick]] of steps.entries()) {
          if (kind === 'add') {
            const item = { name: `${String((pick * 7919) % 1000).padStart(3, '0')} ${String(index)}` };
            list.add(item);
            expected.push(item);
          } else if (kind === 'remove' && expected.length > 0) {
            const [item] = expected.splice(pick % expected.length, 1);
            list.remove(item!);
          } else expect([...list.inOrder()]).toEqual(expected.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
          expect(list.length).toBe(expected.length);
        }
      },
    ),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 300) },
  );
});

test('a list of many is in order too, while it grows and shrinks by many and by few, with equal items among them', () => {
  interface Item {
    readonly name: string;
  }
  const step = fc.tuple(fc.constantFrom('add', 'remove', 'first', 'last'), fc.constantFrom(1, 3, 40, 1500), fc.nat());
  fc.assert(
    fc.property(fc.constantFrom(500, 2047, 2048, 6000), fc.array(step, { maxLength: 12 }), (start, steps) => {
      const list = new OrderedList<Item>((item) => item.name);
      // A sorted array of the same items is the reference; its equal items stand in any order.
      let expected: Item[] = [];
      let counter = 0;
      const add = (count: number, pick: number): void => {
        for (let each = 0; each < count; each += 1) {
          counter += 1;
          const item = { name: String((counter * 7919 + pick) % 5003).padStart(4, '0') };
          list.add(item);
          expected.push(item);
        }
      };
      const check = (): void => {
        expected = expected.toSorted((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
        const found = [...list.inOrder()];
        expect(found.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
        expect(new Set(found)).toEqual(new Set(expected));
        expect([list.length, list.unordered.length]).toEqual([expected.length, expected.length]);
        expect(list.inOrder()).toBe(list.inOrder());
      };
      add(start, 0);
      check();
      for (const [kind, count, pick] of steps) {
        if (kind === 'add') add(count, pick);
        else
          for (let each = 0; each < count && expected.length > 0; each += 1) {
            const at = kind === 'first' ? 0 : kind === 'last' ? expected.length - 1 : (pick + each) % expected.length;
            const [item] = expected.splice(at, 1);
            expect(list.remove(item!)).toBe(true);
          }
        expect(list.remove({ name: 'none' })).toBe(false);
        if (pick % 3 > 0) check();
      }
      check();
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 30) },
  );
});
