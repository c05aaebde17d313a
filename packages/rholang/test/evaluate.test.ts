import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateTerm, integerTerm, binaryTerm, normalize, parse, printTerm, type Term } from '../src/index.ts';
import { METHOD_CALLS, OPERATIONS } from '../src/conformance/programs.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function term(source: string): Term {
  const tree = parse(source);
  if (!tree.ok) throw new Error(tree.diagnostics[0]!.message);
  const result = normalize(tree.process, { source });
  if (!result.ok) throw new Error(result.diagnostics[0]!.message);
  return result.term;
}

function value(source: string): string {
  const result = evaluateTerm(term(source));
  return result.ok ? printTerm(result.value) : `${result.reason}: ${result.message}`;
}

describe('operators', () => {
  test.for(OPERATIONS)('%s is %s', ([source, want]) => {
    expect(value(source)).toBe(want);
  });

  test('integers wrap as 64-bit two’s complement', () => {
    const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(int, int, fc.constantFrom('+' as const, '-' as const, '*' as const), (left, right, operator) => {
        const result = evaluateTerm(binaryTerm(operator, integerTerm(left), integerTerm(right)));
        const exact = operator === '+' ? left + right : operator === '-' ? left - right : left * right;
        const view = new DataView(new ArrayBuffer(8));
        view.setBigInt64(0, exact);
        expect(result.ok && result.value.kind === 'integer' && result.value.value).toBe(view.getBigInt64(0));
      }),
      { numRuns },
    );
  });

  test('division truncates so that quotient and remainder give the dividend', () => {
    const int = fc.bigInt({ min: -1000n, max: 1000n });
    fc.assert(
      fc.property(
        int,
        int.filter((one) => one !== 0n),
        (left, right) => {
          expect(
            value(`(${String(left)} / ${String(right)}) * ${String(right)} + ${String(left)} % ${String(right)}`),
          ).toBe(String(left));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('methods', () => {
  test.for(METHOD_CALLS)('%s is %s', ([source, want]) => {
    expect(value(source)).toBe(want);
  });

  test('interpolation of a hostile text takes time in proportion to it', () => {
    const text = '${'.repeat(500_000) + '}'.repeat(500_000);
    const source = `"${text}" %% {"${'a'.repeat(400_000)}": 1, "": "x"}`;
    expect(value(source).length).toBe(text.length - 2 + 2);
  });

  test('values do not grow without bound', () => {
    let source = '"0123456789abcdef"';
    for (let round = 0; round < 24; round += 1) source = `[${source}].nth(0)`;
    expect(value(source)).toBe('"0123456789abcdef"');
    let big = term('[1]');
    let reason = '';
    for (let round = 0; round < 60 && reason === ''; round += 1) {
      const result = evaluateTerm(binaryTerm('++', big, big));
      if (result.ok) big = result.value;
      else ({ reason } = result);
    }
    expect(reason).toBe('size-limit');
    let number = term('3n');
    reason = '';
    for (let round = 0; round < 60 && reason === ''; round += 1) {
      const result = evaluateTerm(binaryTerm('*', number, number));
      if (result.ok) number = result.value;
      else ({ reason } = result);
    }
    expect(reason).toBe('size-limit');
  });
});
