import { describe, expect, test } from 'vitest';
import { BaseError, RangeMismatchError, assertInteger, hasCode } from '../src/index.ts';

class Special extends BaseError<'DEMO_SPECIAL', { size: number }> {
  constructor(size: number, options?: ErrorOptions) {
    super('DEMO_SPECIAL', `size: expected at most 4, got ${String(size)}`, { size }, options);
  }
}

describe('an error', () => {
  test('carries its code, message, context and cause', () => {
    const cause = new Error('below');
    const error = new Special(5, { cause });
    expect(error.message).toBe('size: expected at most 4, got 5 [DEMO_SPECIAL]');
    expect(error.name).toBe('Special');
    expect(error.code).toBe('DEMO_SPECIAL');
    expect(error.context).toEqual({ size: 5 });
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
  });

  test('has a context that is a copy and cannot be changed', () => {
    const context = { size: 1 };
    const error = new BaseError('DEMO_COPY', 'copied', context);
    context.size = 2;
    expect(error.context.size).toBe(1);
    expect(() => {
      (error.context as { size: number }).size = 3;
    }).toThrow(TypeError);
  });

  test('is recognised by its code, also from another copy of this package', () => {
    expect(hasCode(new Special(1), 'DEMO_SPECIAL')).toBe(true);
    expect(hasCode(new Special(1), 'DEMO_OTHER')).toBe(false);
    expect(hasCode(Object.assign(new Error('x'), { code: 'DEMO_SPECIAL', context: {} }), 'DEMO_SPECIAL')).toBe(true);
    expect(hasCode({ code: 'DEMO_SPECIAL' }, 'DEMO_SPECIAL')).toBe(false);
    expect(hasCode(undefined, 'DEMO_SPECIAL')).toBe(false);
  });
});

describe('assertInteger', () => {
  test.each([0, 4, 7])('lets %d in [0, 7] pass', (value) => {
    expect(() => {
      assertInteger('DEMO_RANGE', 'value', value, 0, 7);
    }).not.toThrow();
  });

  test.each([-1, 8, 0.5, NaN, Infinity])('throws for %d', (value) => {
    const act = (): void => {
      assertInteger('DEMO_RANGE', 'value', value, 0, 7);
    };
    expect(act).toThrow(RangeMismatchError);
    expect(act).toThrow(`value: expected an integer in [0, 7], got ${String(value)} [DEMO_RANGE]`);
  });
});
