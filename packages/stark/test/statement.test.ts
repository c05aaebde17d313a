import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  column,
  createStarkSystem,
  defineTable,
  type PublicMessage,
  type StarkSystem,
  type Statement,
} from '@commute/stark';
import { drawChallenges, openTranscript } from '../src/statement.ts';

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

/** A system of tables with public values, preprocessed columns, and challenges from outside. */
function systemOf(tableNames: readonly string[], commonTables: readonly string[] = []): StarkSystem {
  const tables = tableNames.map((name) =>
    defineTable({
      name,
      columns: { main: { count: column() }, preprocessed: { value: column() } },
      publicValues: ['first', 'second'],
      challenges: ['point'],
      eval: (builder) => {
        const { first, second } = builder.publicValues;
        builder.receive('first', [builder.preprocessed.current.value], builder.main.current.count);
        builder.onFirstRow.assertEqual('sum', builder.main.current.count, first.add(second));
        builder.onLastRow.assertEqual('point', builder.main.current.count, builder.challenges.point);
      },
    }),
  );
  return createStarkSystem(tables, {
    securityBits: 60,
    queryWork: 4,
    maximumLogRows: 3,
    commonTables,
    externalChallenges: ['point'],
    maximumLogInstances: 1,
  });
}

const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const statement = {
  publicValues: [
    { first: 1n, second: 2n },
    { first: 3n, second: 4n },
  ],
  publicMessages: [],
  preprocessed: { roots: [digest(1), digest(2)], logRows: [2, 3] },
} as const satisfies Statement;

function distinct(states: readonly Uint8Array[]): void {
  const texts = states.map((state) => Buffer.from(state).toString('hex'));
  expect(new Set(texts).size).toBe(texts.length);
}

test('a transcript tells apart all that proofs of different statements, or of several, may differ in', () => {
  const known = systemOf(['a', 'b'], ['a']);
  const others: readonly Statement[] = [
    { ...statement, publicValues: [{ first: 0n, second: 2n }, statement.publicValues[1]] },
    { ...statement, publicValues: [{ first: 2n, second: 1n }, statement.publicValues[1]] },
    { ...statement, publicValues: statement.publicValues.toReversed() },
    { ...statement, preprocessed: { ...statement.preprocessed, roots: [digest(3), digest(2)] } },
    { ...statement, preprocessed: { ...statement.preprocessed, roots: [digest(1), digest(3)] } },
    { ...statement, preprocessed: { ...statement.preprocessed, roots: [digest(2), digest(1)] } },
  ];
  const twice = others.slice(0, 3).flatMap((other) => [
    [statement, other],
    [other, statement],
  ]);
  distinct([
    ...[[statement], [statement, statement], ...twice, ...others.map((each) => [each])].map(
      (list) => openTranscript(known, list, [2, 3]).state,
    ),
    ...[
      [3, 3],
      [3, 2],
    ].map((heights) => openTranscript(known, [statement], heights).state),
    openTranscript(systemOf(['a', 'b'], ['b']), [statement], [2, 3]).state,
    openTranscript(systemOf(['a', 'c'], ['a']), [statement], [2, 3]).state,
  ]);
});

test('challenges depend on what comes from outside', () => {
  const known = systemOf(['a', 'b'], ['a']);
  const after = (point: bigint, context?: Uint8Array): Uint8Array => {
    const transcript = openTranscript(known, [statement], [2, 3]);
    const external = { challenges: { point: [point, 0n, 0n] }, ...(context === undefined ? {} : { context }) };
    const drawn = drawChallenges(known, transcript, external);
    expect(drawn.get('point')).toEqual([point, 0n, 0n]);
    return transcript.state;
  };
  distinct([after(1n), after(2n), after(1n, new Uint8Array()), after(1n, digest(1)), after(1n, digest(2))]);
});
