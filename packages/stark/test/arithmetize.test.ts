import { type ExtensionElement, MODULUS } from '@commute/field';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appliesTo, cubicValues, fixedChallenges } from '../src/concrete.ts';
import {
  type Arithmetization,
  arithmetize,
  type ArithmetizedTrace,
  checkTraces,
  column,
  completeArithmetization,
  constraintsOf,
  defineTable,
  degreeBound,
  evaluateGraph,
  extendTrace,
  numberBuses,
  publicSum,
  type TableTrace,
  traceFromRows,
} from '../src/index.ts';
import { fibonacciTrace, powers, powersTrace, product, productTrace, rangeTraces } from './tables.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 40);
const field = cubicValues();
const { extension } = field;

/** Names of the constraints that fail somewhere. */
function failing(arithmetization: Arithmetization, trace: ArithmetizedTrace): Set<string> {
  const names = new Set<string>();
  const roots = arithmetization.constraints.map(({ root }) => root);
  for (let row = 0; row < trace.rows; row++) {
    const values = evaluateGraph(arithmetization.graph, roots, field, {
      cell: (area, index, next) => trace[area][index]![(row + Number(next)) % trace.rows]!,
      publicValues: trace.publicValues,
      challenges: trace.challenges,
      terminal: trace.terminal,
    });
    arithmetization.constraints.forEach(({ name, rows }, index) => {
      if (appliesTo(rows, row, trace.rows) && !field.isZero(values[index]!)) names.add(name);
    });
  }
  return names;
}

function complete({ trace }: TableTrace, arithmetization: Arithmetization): ArithmetizedTrace {
  return completeArithmetization(
    arithmetization,
    extendTrace(arithmetization, trace),
    fixedChallenges(arithmetization.challenges),
  );
}

describe('lowering', () => {
  it.each([2, 3, 4, 5, 8])('keeps every constraint within degree %i, and honest traces valid', (maximumDegree) => {
    for (const honest of [fibonacciTrace(8), powersTrace(8), productTrace(), ...rangeTraces([1n, 1n, 9n])]) {
      const result = arithmetize(honest.table, { maximumDegree });
      for (const { rows, root, name } of result.constraints) {
        expect(result.graph.facts(root).degree, name).toBeLessThanOrEqual(degreeBound(rows, maximumDegree));
      }
      expect(failing(result, complete(honest, result))).toEqual(new Set());
    }
  });

  it('needs the columns one would choose by hand', () => {
    const helpers = (maximumDegree: number): number => arithmetize(powers, { maximumDegree }).helpers.length;
    // With degree 4: base³, base^6·base, which its selector multiplies. With degree 8 nothing.
    expect(helpers(8)).toBe(0);
    expect(helpers(4)).toBeLessThanOrEqual(2);
    expect(helpers(2)).toBeLessThanOrEqual(6);
  });

  it('accepts exactly what the table accepts', () => {
    const honest = powersTrace(4);
    const results = [2, 3, 4].map((maximumDegree) => arithmetize(powers, { maximumDegree }));
    const columnsCount = powers.names.main.length;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(columnsCount - 1), fc.nat(3), fc.bigInt({ min: 0n, max: 8n })), { maxLength: 2 }),
        (changes) => {
          const main = honest.trace.main.map((values) => [...values]);
          for (const [index, row, value] of changes) main[index]![row] = value;
          const changed = { table: powers, trace: { ...honest.trace, main } };
          const accepted = checkTraces([changed]).ok;
          for (const result of results) expect(failing(result, complete(changed, result)).size === 0).toBe(accepted);
        },
      ),
      { numRuns: runs },
    );
  });

  it('constrains helper columns: no cell of them can be changed', () => {
    const result = arithmetize(powers, { maximumDegree: 2 });
    const honest = complete(powersTrace(4), result);
    result.helpers.forEach((helper, index) => {
      expect(helper.area).toBe('main');
      for (let row = 0; row < honest.rows; row++) {
        const main = honest.main.map((values, at) =>
          at === helper.column ? values.map((value, r) => (r === row ? (value + 1n) % MODULUS : value)) : values,
        );
        expect(failing(result, { ...honest, main })).toContain(`helper ${String(index + 1)}`);
      }
    });
  });

  it('lowers products that read the next row on transitions, and those of the extension in auxiliary columns', () => {
    const table = defineTable({
      name: 'next',
      columns: { main: { a: column() } },
      challenges: ['z'],
      eval: ({ main: { current, next }, challenges: { z }, onTransition, onLastRow }) => {
        const same = next.a.subtract(current.a);
        onTransition.assertZero('cube', same.multiply(same).multiply(same).multiply(next.a));
        onLastRow.assertZero('late', current.a.subtract(z).multiply(current.a).multiply(current.a.subtract(5)));
      },
    });
    const result = arithmetize(table, { maximumDegree: 2 });
    expect(new Set(result.helpers.map(({ area }) => area))).toEqual(new Set(['main', 'auxiliary']));
    expect(result.helpers.some(({ readsNext }) => readsNext)).toBe(true);
    const trace = traceFromRows(table, { main: [5n, 5n, 5n, 5n].map((a) => ({ a })) });
    expect(failing(result, complete(trace, result))).toEqual(new Set());
    const wrong = traceFromRows(table, { main: [5n, 5n, 6n, 5n].map((a) => ({ a })) });
    expect(failing(result, complete(wrong, result))).toEqual(new Set(['cube']));
  });

  it('refuses a maximum below 2', () => {
    expect(() => arithmetize(powers, { maximumDegree: 1 })).toThrow('STARK_DEGREE');
    expect(() => arithmetize(powers, { maximumDegree: 2.5 })).toThrow('STARK_DEGREE');
  });

  it('leaves the table as it is', () => {
    const before = constraintsOf(product).graph.size;
    arithmetize(product, { maximumDegree: 2 });
    expect(constraintsOf(product).graph.size).toBe(before);
  });
});

describe('lookups', () => {
  const sumOf = (traces: readonly TableTrace[], maximumDegree: number): ExtensionElement => {
    const buses = numberBuses(traces.map(({ table }) => table));
    return traces.reduce((sum, each) => {
      const result = arithmetize(each.table, { maximumDegree, buses });
      const full = complete(each, result);
      expect(failing(result, full)).toEqual(new Set());
      return extension.add(sum, full.terminal);
    }, extension.zero);
  };

  it('sum up to zero exactly where the buses balance', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 15n }), { maxLength: 8 }), fc.nat(15), (wanted, at) => {
        const traces = rangeTraces(wanted);
        expect(sumOf(traces, 3)).toEqual(extension.zero);
        const count = traces[1]!.trace.main[0]!.map((value, row) => (row === at ? value + 1n : value));
        const wrong = [traces[0]!, { ...traces[1]!, trace: { ...traces[1]!.trace, main: [count] } }];
        expect(checkTraces(wrong).ok).toBe(false);
        expect(sumOf(wrong, 3)).not.toEqual(extension.zero);
      }),
      { numRuns: runs },
    );
  });

  it('tell buses, orders in a tuple, and leading zeros apart', () => {
    const table = defineTable({
      name: 'pairs',
      columns: { main: { a: column(), b: column() } },
      eval: (builder) => {
        const { a, b } = builder.main.current;
        builder.send('one', [a, b]);
        builder.receive('one', [b, a]);
        builder.send('two', [a]);
        builder.receive('three', [a]);
      },
    });
    const only = (bus: string): typeof table => ({
      ...table,
      run: (environment) => {
        table.run({
          ...environment,
          message: (name, ...rest) => {
            if (name === bus || (bus === 'two' && name === 'three')) environment.message(name, ...rest);
          },
        });
      },
    });
    const rows = {
      main: [
        { a: 0n, b: 4n },
        { a: 4n, b: 0n },
      ],
    };
    expect(sumOf([traceFromRows(only('one'), rows)], 3)).toEqual(extension.zero);
    expect(sumOf([traceFromRows(only('one'), { main: [{ a: 0n, b: 4n }] })], 3)).not.toEqual(extension.zero);
    expect(sumOf([traceFromRows(only('two'), rows)], 3)).not.toEqual(extension.zero);
  });

  it('share columns as far as the degree allows', () => {
    const table = defineTable({
      name: 'many',
      columns: { main: { a: column() } },
      eval: (builder) => {
        for (let i = 0; i < 6; i++) builder.send(`bus ${String(i)}`, [builder.main.current.a]);
      },
    });
    expect(
      [2, 3, 4, 7].map((maximumDegree) => arithmetize(table, { maximumDegree }).busSums[0]!.fractionColumns.length),
    ).toEqual([6, 3, 2, 1]);
  });

  it('cancel against messages of the statement', () => {
    const [one] = rangeTraces([3n, 3n, 8n]);
    const messages = [
      { bus: 'range', direction: 'receive', tuple: [3n], multiplicity: 2n },
      { bus: 'range', direction: 'receive', tuple: [8n], multiplicity: 1n },
    ] as const;
    const buses = numberBuses([one!.table], messages);
    const result = arithmetize(one!.table, { buses });
    const full = complete(one!, result);
    const [offset, ratio] = full.challenges.slice(-2) as [ExtensionElement, ExtensionElement];
    const total = (given: typeof messages | readonly [(typeof messages)[0]]): ExtensionElement =>
      extension.add(full.terminal, publicSum(given, buses, [offset, ratio], extension)!);
    expect(total(messages)).toEqual(extension.zero);
    expect(total([messages[0]])).not.toEqual(extension.zero);
  });

  it('constrain fractions, running sum and terminal', () => {
    const [, two] = rangeTraces([3n, 3n, 8n]);
    const result = arithmetize(two!.table, { maximumDegree: 3 });
    const honest = complete(two!, result);
    for (let index = 0; index < honest.auxiliary.length; index++) {
      for (let row = 0; row < honest.rows; row++) {
        const auxiliary = honest.auxiliary.map((values, at) =>
          at === index ? values.map((value, r) => (r === row ? extension.add(value, [0n, 1n, 0n]) : value)) : values,
        );
        expect(failing(result, { ...honest, auxiliary }).size).toBeGreaterThan(0);
      }
    }
    expect(failing(result, { ...honest, terminal: extension.one })).toEqual(new Set(['lookup sum ends at its claim']));
  });

  it('need a number for every bus', () => {
    expect(() => arithmetize(rangeTraces([])[0]!.table, { buses: new Map() })).toThrow('STARK_TABLE');
  });
});
