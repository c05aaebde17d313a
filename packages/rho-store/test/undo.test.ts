import { OrderedList, type Datum } from '@commute/rholang';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Undo } from '../src/space/undo.ts';

const datum = (index: number): Datum => ({
  data: [],
  persistent: false,
  seed: String(index),
  place: undefined,
  order: String(index).padStart(4, '0'),
});

type Step = readonly ['add' | 'remove' | 'mark' | 'back', number];
const anyStep: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('add', 'add', 'remove', 'remove', 'mark', 'back'),
  fc.nat(),
);

test('going back to a mark gives what waited there, and tells what waits no more', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const lists = [0, 1, 2].map(() => new OrderedList<Datum>((one) => one.order));
      const hashed = new Set<Datum>();
      const undo = new Undo((item) => void hashed.delete(item as Datum));
      const waiting = new Map<Datum, readonly OrderedList<Datum>[]>();
      const shown = (): string[][] => lists.map((list) => [...list.inOrder()].map((one) => one.order));
      const marks: { mark: number; lists: string[][]; waiting: [Datum, readonly OrderedList<Datum>[]][] }[] = [];
      let count = 0;
      for (const [kind, pick] of steps) {
        if (kind === 'add') {
          const item = datum((count += 1));
          const own = lists.filter((_, index) => ((pick % 7) + 1) & (1 << index));
          hashed.add(item);
          waiting.set(item, own);
          undo.add({ item, lists: own });
        } else if (kind === 'remove' && waiting.size > 0) {
          const [item, own] = [...waiting][pick % waiting.size]!;
          waiting.delete(item);
          undo.remove({ item, lists: own });
          expect(hashed.has(item)).toBe(false);
        } else if (kind === 'mark') marks.push({ mark: undo.mark(), lists: shown(), waiting: [...waiting] });
        else if (kind === 'back' && marks.length > 0) {
          marks.length = (pick % marks.length) + 1;
          const at = marks.at(-1)!;
          expect(undo.reaches(at.mark)).toBe(true);
          undo.back(at.mark);
          waiting.clear();
          for (const [item, own] of at.waiting) waiting.set(item, own);
          expect(shown()).toEqual(at.lists);
        }
        // A hash that is kept is that of something that waits.
        for (const item of hashed) expect(waiting.has(item)).toBe(true);
      }
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 300) },
  );
});
