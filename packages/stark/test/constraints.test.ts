import { createExtensionField, MODULUS } from '@commute/field';
import { hasCode } from '@commute/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cubicValues, evaluateRow, type FullTrace } from '../src/concrete.ts';
import { completeTrace } from '../src/check.ts';
import {
  column,
  columns,
  constraintFacts,
  constraintsOf,
  defineTable,
  evaluateGraph,
  type Table,
  type TableTrace,
  traceFromRows,
} from '../src/index.ts';
import {
  fibonacci,
  fibonacciTrace,
  powers,
  powersTrace,
  product,
  productTrace,
  range,
  rangeTraces,
  values,
} from './tables.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 50);

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  return 'none';
}

describe('the symbolic builder', () => {
  it('gives each constraint its name, rows and degree', () => {
    const degrees = (table: Table): [string, string, number][] => {
      const system = constraintsOf(table);
      return system.constraints.map((each) => [each.name, each.rows, constraintFacts(system, each).degree]);
    };
    expect(degrees(fibonacci)).toEqual([
      ['left starts at 1', 'first', 1],
      ['right starts at 1', 'first', 1],
      ['left moves on', 'transition', 1],
      ['right is the sum', 'transition', 1],
      ['result', 'last', 1],
    ]);
    expect(degrees(powers)).toEqual([
      ['operation: square is boolean', 'every', 2],
      ['operation: cube is boolean', 'every', 2],
      ['operation: seventh is boolean', 'every', 2],
      ['operation: one is set', 'every', 1],
      ['bit 0', 'every', 2],
      ['bit 1', 'every', 2],
      ['bit 2', 'every', 2],
      ['base is the bits', 'every', 1],
      ['square', 'every', 3],
      ['cube', 'every', 4],
      ['seventh', 'every', 8],
    ]);
    expect(degrees(product)).toEqual([
      ['starts with the first', 'first', 1],
      ['multiplies', 'transition', 2],
    ]);
  });

  it('shares nodes that are equal, and folds constants', () => {
    const table = defineTable({
      name: 'shared',
      columns: { main: { a: column(), b: column() } },
      eval: (builder) => {
        const { a, b } = builder.main.current;
        builder.assertZero('one', a.multiply(b));
        builder.assertZero('two', b.multiply(a));
        builder.assertZero(
          'three',
          a
            .multiply(1)
            .add(0)
            .multiply(b.add(builder.constant(5).subtract(5))),
        );
        builder.assertZero('four', a.multiply(0));
        builder.assertZero('five', a.subtract(a));
      },
    });
    const { constraints, graph } = constraintsOf(table);
    const roots = constraints.map(({ root }) => root);
    expect(roots[1]).toBe(roots[0]);
    expect(roots[2]).toBe(roots[0]);
    for (const root of roots.slice(3)) expect(graph.node(root)).toEqual({ kind: 'constant', value: 0n });
  });

  it('runs eval once per table', () => {
    let count = 0;
    const table = defineTable({
      name: 'counted',
      columns: { main: { a: column() } },
      eval: (builder) => {
        count++;
        builder.assertZero('zero', builder.main.current.a);
      },
    });
    expect(count).toBe(0);
    expect(constraintsOf(table)).toBe(constraintsOf(table));
    expect(count).toBe(1);
  });

  it('reduces negative and large constants', () => {
    const table = defineTable({
      name: 'constants',
      columns: { main: { a: column() } },
      eval: (builder) => {
        builder.assertEqual('minus one', builder.main.current.a, -1);
        builder.assertEqual('large', builder.main.current.a, 2n * MODULUS - 1n);
        builder.assertEqual('complement', builder.main.current.a, builder.constant(2).complement());
        builder.assertEqual('negated', builder.main.current.a, builder.constant(1).negate());
      },
    });
    expect(new Set(constraintsOf(table).constraints.map(({ root }) => root)).size).toBe(1);
  });
});

describe('one eval', () => {
  const traces: (readonly [string, TableTrace])[] = [
    ['fibonacci', fibonacciTrace(8)],
    ['powers', powersTrace()],
    ['product', productTrace()],
    ...rangeTraces([3n, 3n, 15n]).map((each) => [each.table.name, each] as const),
  ];
  const word = fc.bigInt({ min: 0n, max: MODULUS - 1n });

  it.each(traces)('gives the same numbers by running it and by evaluating its graph: %s', (_, { table, trace }) => {
    const { graph, constraints, messages } = constraintsOf(table);
    const field = cubicValues();
    const honest = completeTrace(table, trace);
    const random = fc
      .array(word, {
        minLength: 3 * table.names.main.length * trace.rows,
        maxLength: 3 * table.names.main.length * trace.rows,
      })
      .map((words): FullTrace => {
        let at = 0;
        return {
          ...honest,
          main: honest.main.map((values) => values.map(() => words[at++ % words.length]!)),
          auxiliary: honest.auxiliary.map((values) =>
            values.map(() => [0, 1, 2].map(() => words[at++ % words.length]!)),
          ),
        };
      });
    fc.assert(
      fc.property(fc.oneof(fc.constant(honest), random), fc.nat(trace.rows - 1), (full, row) => {
        const point = {
          cell: (area: 'main' | 'auxiliary' | 'preprocessed', index: number, next: boolean) =>
            full[area][index]![(row + Number(next)) % trace.rows]!,
          publicValues: full.publicValues,
          challenges: full.challenges,
        };
        const direct = evaluateRow(table, full, row, field);
        expect(direct.constraints.map(({ name }) => name)).toEqual(constraints.map(({ name }) => name));
        const roots = constraints.map(({ root }) => root);
        const values = evaluateGraph(graph, roots, field, point);
        direct.constraints.forEach(({ value }, index) => {
          expect(field.isZero(field.subtract(value, values[index]!))).toBe(true);
        });
        messages.forEach((message, index) => {
          expect(evaluateGraph(graph, [...message.tuple, message.multiplicity], field, point)).toEqual([
            ...direct.messages[index]!.tuple,
            direct.messages[index]!.multiplicity,
          ]);
        });
      }),
      { numRuns: runs },
    );
  });

  it('builds elements of the extension', () => {
    const table = defineTable({
      name: 'extension',
      columns: { main: { a: column(), b: column(), c: column() } },
      challenges: ['z'],
      eval: (builder) => {
        const { a, b, c } = builder.main.current;
        builder.assertEqual('z', builder.extension([a, b, c]).multiply(builder.challenges.z), 1);
      },
    });
    const field = createExtensionField();
    const { graph, constraints } = constraintsOf(table);
    const z = field.element([3n, 4n, 5n]);
    const inverse = field.inverse(z);
    const point = { cell: (_: unknown, index: number) => inverse[index]!, publicValues: [], challenges: [z] };
    expect(evaluateGraph(graph, [constraints[0]!.root], cubicValues(), point)).toEqual([[0n, 0n, 0n]]);
  });
});

describe('a wrong table', () => {
  const main = { a: column() };
  const withEval = (body: Parameters<typeof defineTable<typeof main>>[0]['eval']) => () =>
    constraintsOf(defineTable({ name: 'wrong', columns: { main }, eval: body }));

  it('is refused where names are given twice', () => {
    expect(
      codeOf(() =>
        defineTable({ name: 'x', columns: { main: { 'a[0]': column(), a: columns(1) } }, eval: () => undefined }),
      ),
    ).toBe('STARK_TABLE');
    expect(
      codeOf(() => defineTable({ name: 'x', columns: { main }, publicValues: ['p', 'p'], eval: () => undefined })),
    ).toBe('STARK_TABLE');
    expect(codeOf(() => defineTable({ name: 'x', columns: { main: {} }, eval: () => undefined }))).toBe('STARK_TABLE');
    expect(
      codeOf(() => defineTable({ name: 'x', columns: { main, auxiliary: { s: column() } }, eval: () => undefined })),
    ).toBe('STARK_TABLE');
    expect(codeOf(() => columns(0))).toBe('STARK_TABLE');
    expect(
      codeOf(
        withEval((builder) => {
          builder.assertZero('same', builder.main.current.a);
          builder.assertZero('same', builder.main.current.a);
        }),
      ),
    ).toBe('STARK_TABLE');
  });

  it('is refused where the row after the last would be read', () => {
    for (const rows of ['first', 'last', 'every', 'message'] as const) {
      const action = withEval((builder) => {
        const { a } = builder.main.next;
        if (rows === 'message') builder.send('bus', [a]);
        else ({ first: builder.onFirstRow, last: builder.onLastRow, every: builder })[rows].assertZero('next', a);
      });
      expect(codeOf(action)).toBe('STARK_NEXT_ROW');
    }
    expect(
      codeOf(
        withEval((builder) => {
          builder.when(builder.main.next.a).assertZero('condition', builder.main.current.a);
        }),
      ),
    ).toBe('STARK_NEXT_ROW');
  });

  it('is refused where terms come from elsewhere', () => {
    let term: Parameters<Parameters<typeof defineTable<typeof main>>[0]['eval']>[0]['main']['current']['a'] | undefined;
    withEval((builder) => {
      term = builder.main.current.a;
    })();
    expect(codeOf(withEval((builder) => builder.assertZero('foreign', builder.main.current.a.add(term!))))).toBe(
      'STARK_TERM',
    );
    expect(codeOf(withEval((builder) => builder.assertZero('half', builder.main.current.a.add(0.5))))).toBe(
      'STARK_TERM',
    );
    expect(codeOf(withEval((builder) => builder.send('empty', [])))).toBe('STARK_TABLE');
  });

  it('is refused where a message depends on a challenge', () => {
    const table = defineTable({
      name: 'late',
      columns: { main },
      challenges: ['z'],
      eval: (builder) => builder.send('bus', [builder.challenges.z]),
    });
    expect(codeOf(() => constraintsOf(table))).toBe('STARK_TABLE');
  });
});

describe('a trace', () => {
  it('has the shape of its table', () => {
    const refused = (action: () => unknown): void => {
      expect(codeOf(action)).toBe('STARK_TRACE');
    };
    refused(() => traceFromRows(values, { main: [] }));
    refused(() => traceFromRows(values, { main: Array.from({ length: 3 }, () => ({ value: 0n, used: 0n })) }));
    refused(() => traceFromRows(range, { main: [{ count: 0n }] }));
    refused(() => traceFromRows(fibonacci, { main: [{ left: 1n, right: 1n }] }));
    refused(() => traceFromRows(values as Table, { main: [{ value: 0n }] }));
    refused(() => traceFromRows(values as Table, { main: [{ value: 0n, used: 0n, more: 0n }] }));
    refused(() =>
      traceFromRows(powers, { main: [{ base: 0n, result: 0n, square: 1n, cube: 0n, seventh: 0n, bits: [0n] }] }),
    );
    try {
      traceFromRows(values, { main: [{ value: MODULUS, used: 0n }] });
      expect.unreachable();
    } catch (error) {
      expect(hasCode(error, 'FIELD_NOT_CANONICAL')).toBe(true);
    }
  });
});
