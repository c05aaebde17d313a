import fc from 'fast-check';
import { expect, test } from 'vitest';
import { column, createStarkSystem, defineTable, type PublicMessage } from '@commute/stark';
import { openTranscript } from '../src/statement.ts';

const table = defineTable({
  name: 'letters',
  columns: { main: { value: column() } },
  eval: (builder) => {
    builder.send('first', [builder.main.current.value], 1n);
    builder.send('second', [builder.main.current.value], 1n);
  },
});
const system = createStarkSystem([table], { securityBits: 60, queryWork: 4, maximumLogRows: 3 });

const small = fc.bigInt({ min: 0n, max: 2n });
const messages: fc.Arbitrary<PublicMessage[]> = fc.array(
  fc.record({
    bus: fc.constantFrom('first', 'second'),
    direction: fc.constantFrom('send', 'receive'),
    multiplicity: small,
    tuple: fc.array(small, { maxLength: 2 }),
  }),
  { maxLength: 3 },
);

const stateOf = (publicMessages: readonly PublicMessage[]): string =>
  Buffer.from(openTranscript(system, [{ publicValues: [{}], publicMessages }], [1]).state).toString('hex');

test('a transcript tells messages apart that differ in anything, and no others', () => {
  const text = (list: readonly PublicMessage[]): string =>
    list
      .map(({ bus, direction, multiplicity, tuple }) => `${bus} ${direction} ${String(multiplicity)} (${tuple.join()})`)
      .join();
  fc.assert(
    fc.property(messages, messages, (left, right) => {
      expect(stateOf(left) === stateOf(right)).toBe(text(left) === text(right));
    }),
    { numRuns: 300 },
  );
});

test('what is one message more is not what is a longer tuple', () => {
  const message = (tuple: readonly bigint[]): PublicMessage => ({
    bus: 'first',
    direction: 'send',
    multiplicity: 1n,
    tuple,
  });
  const lists = [
    [message([1n, 0n, 1n, 1n, 2n])],
    [message([1n]), message([2n])],
    [message([1n, 2n])],
    [message([1n]), message([])],
    [],
  ];
  expect(new Set(lists.map(stateOf)).size).toBe(lists.length);
});
