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
          } else expect(list.inOrder()).toEqual(expected.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
          expect(list.length).toBe(expected.length);
        }
      },
    ),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 300) },
  );
});
