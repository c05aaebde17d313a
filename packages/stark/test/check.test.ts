import { describe, expect, it } from 'vitest';
import { checkTraces, column, defineTable, formatReport, type TableTrace, traceFromRows } from '../src/index.ts';
import { fibonacciTrace, powersTrace, productTrace, rangeTraces } from './tables.ts';

function withCell(
  traces: readonly TableTrace[],
  table: number,
  cell: string,
  row: number,
  value: bigint,
): TableTrace[] {
  return traces.map((each, index) => {
    if (index !== table) return each;
    const at = each.table.names.main.indexOf(cell);
    const main = each.trace.main.map((values, i) =>
      i === at ? values.map((old, r) => (r === row ? value : old)) : values,
    );
    return { ...each, trace: { ...each.trace, main } };
  });
}

describe('the debug run', () => {
  it('accepts honest traces, alone and together', () => {
    const traces = [fibonacciTrace(8), powersTrace(8), productTrace(), ...rangeTraces([0n, 7n, 7n, 15n])];
    expect(checkTraces(traces)).toEqual({ ok: true });
    expect(formatReport({ ok: true })).toBe('');
  });

  it('names table, row, constraint, cells and values', () => {
    const report = checkTraces(withCell([fibonacciTrace(4)], 0, 'left', 2, 9n));
    expect(formatReport(report)).toBe(
      `fibonacci, row 1: "left moves on" (transition) is 7, not 0
  main.right[1] = 2
  main.left[2] = 9
fibonacci, row 2: "right is the sum" (transition) is 18446744069414584314, not 0
  main.left[2] = 9
  main.right[2] = 3
  main.right[3] = 5`,
    );
  });

  it('reports public values', () => {
    const honest = fibonacciTrace(4);
    const report = checkTraces([{ ...honest, trace: { ...honest.trace, publicValues: [6n] } }]);
    expect(formatReport(report)).toBe(`fibonacci, row 3: "result" (last) is 18446744069414584320, not 0
  main.right[3] = 5
  public.result = 6`);
  });

  it('reports tuples that do not cancel, with all who sent or received them', () => {
    const report = checkTraces(withCell(rangeTraces([3n, 3n, 5n]), 0, 'value', 1, 99n));
    expect(formatReport(report)).toBe(`bus range: (3) sent less received is -1, not 0
  values, row 0: send × 1
  range, row 3: receive × 2
bus range: (99) sent less received is 1, not 0
  values, row 1: send × 1`);
  });

  it('counts messages of the statement', () => {
    const [one] = rangeTraces([3n, 3n]);
    const receive = { bus: 'range', direction: 'receive', tuple: [3n] } as const;
    expect(checkTraces([one!], { publicMessages: [{ ...receive, multiplicity: 2n }] }).ok).toBe(true);
    const report = checkTraces([one!], { publicMessages: [{ ...receive, multiplicity: 1n }] });
    expect(formatReport(report)).toContain('public: receive × 1');
  });

  it('lists only as many failures as asked for, and counts the rest', () => {
    const report = checkTraces(withCell(rangeTraces([3n, 3n, 5n]), 0, 'used', 1, 7n), { mostFailures: 1 });
    expect(report).toMatchObject({ ok: false, omitted: 1 });
    expect(formatReport(report)).toContain('and 1 more');
  });

  it('evaluates constraints on declared auxiliary columns', () => {
    const honest = productTrace();
    const lying = {
      ...honest,
      table: { ...honest.table, fill: () => [Array.from({ length: 8 }, () => [1n, 2n, 3n])] },
    };
    const report = checkTraces([lying]);
    expect(report.ok).toBe(false);
    expect(formatReport(report)).toContain('auxiliary.running[0] = (1, 2, 3)');
    expect(formatReport(report)).toContain('challenge.point = ');
  });

  it('handles a height of one: first and last row are one, there is no transition', () => {
    const { trace, table } = fibonacciTrace(1);
    expect(trace.rows).toBe(1);
    expect(checkTraces([{ table, trace }])).toEqual({ ok: true });
    expect(checkTraces([{ table, trace: { ...trace, publicValues: [2n] } }]).ok).toBe(false);
  });

  it('refuses a bus with tuples of several lengths', () => {
    const bits = defineTable({
      name: 'two lengths',
      columns: { main: { a: column() } },
      eval: (builder) => {
        builder.send('bus', [builder.main.current.a]);
        builder.receive('bus', [builder.main.current.a, 0]);
      },
    });
    expect(() => checkTraces([traceFromRows(bits, { main: [{ a: 0n }] })])).toThrow('STARK_TABLE');
  });
});
