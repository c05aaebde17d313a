import { expect, test } from 'vitest';
import { ContinuationError } from '../src/index.ts';

test('an error says what was expected and what was found', () => {
  const error = new ContinuationError('CONTINUATION_RANGE', 'logCycles', 'an integer in [1, 22]', '40');
  expect(error.message).toBe('logCycles: expected an integer in [1, 22], got 40 [CONTINUATION_RANGE]');
  expect(error.context).toEqual({ name: 'logCycles', expected: 'an integer in [1, 22]', got: '40' });
});
