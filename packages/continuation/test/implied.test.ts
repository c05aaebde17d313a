import { describe, expect, test } from 'vitest';
import { constraintsOf } from '@commute/stark';
import { machineTables } from '../src/index.ts';
import { crossingAccessTable } from '../src/tables/crossing-access.ts';
import { hostCallTable } from '../src/tables/host-calls.ts';
import { narrowAccessTable } from '../src/tables/narrow-access.ts';
import { counterexample, multiplicities, polynomials, type Question } from './refute.ts';

const { constant, sum } = polynomials;

/** That a sum of columns is neither 0 nor 1. */
const notBoolean =
  (...names: readonly string[]): Question['notZero'] =>
  (variable) => {
    const total = sum(...names.map(variable));
    return [total, sum(total, constant(-1n))];
  };

/** What to tell apart first in the table of host calls: which call it is. */
const first = [
  'number is zero on an idle row',
  'exit is 93 or 94',
  'clean is 4096',
  'brk is 214',
  'read is 63',
  'write is 64',
];

describe('what is not demanded because it follows', () => {
  test('a narrow access is there or not', () => {
    const question = { notZero: notBoolean('active'), buses: ['range', 'text'] };
    expect(counterexample(narrowAccessTable, question)).toBe(undefined);
    // It is the lookup that says so.
    expect(counterexample(narrowAccessTable, { ...question, buses: ['text'] })).not.toBe(undefined);
  });

  test('an access across words has at most one offset', () => {
    const question = {
      notZero: notBoolean('offsets[0]', 'offsets[1]', 'offsets[2]'),
      buses: ['range', 'text'],
    };
    expect(counterexample(crossingAccessTable, question)).toBe(undefined);
    expect(counterexample(crossingAccessTable, { ...question, buses: ['range'] })).not.toBe(undefined);
  });

  test.for(['unknown', 'exit', 'clean'])('a host call is %s or not', (name) => {
    const question = { notZero: notBoolean(name), first, buses: ['range'] };
    expect(counterexample(hostCallTable, question)).toBe(undefined);
  });

  test('a host call is of an unknown number or not: by the position', () => {
    const found = counterexample(hostCallTable, { notZero: notBoolean('unknown'), first });
    expect(found).not.toBe(undefined);
  });
});

/** Tables that ask those with fixed contents. */
const tables = machineTables({ multiply: true, misaligned: true }).filter(
  ({ names }) => names.preprocessed.length === 0,
);
const fixed = ['text', 'range', 'sign', 'bytes', 'and', 'triple', 'power'];

/*
 * What one row looks up too often, another one must not make up for: a lookup finds nothing although the sum over all rows is right. So each is asked
 * for a few times, and never a negative number of times. For text that follows from constraints alone, for the others with lookups of text.
 */
describe('nothing is looked up a negative number of times', () => {
  const asked = tables.flatMap((table) => fixed.map((bus) => ({ table, bus, name: table.name })));
  test.for(asked)('$name, $bus', ({ table, bus }) => {
    const messages = constraintsOf(table).messages.filter((each) => each.bus === bus);
    expect(messages.every(({ direction }) => direction === 'send')).toBe(true);
    for (const multiplicity of multiplicities(table, bus)) {
      const found = counterexample(table, {
        notZero: () => [0n, 1n, 2n, 3n, 4n, 5n].map((times) => sum(multiplicity, constant(-times))),
        buses: bus === 'text' ? [] : ['text'],
        ...(table === hostCallTable ? { first } : {}),
      });
      expect(found).toBe(undefined);
    }
  });
});
