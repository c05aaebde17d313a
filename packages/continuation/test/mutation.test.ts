import { describe, expect, test } from 'vitest';
import { checkTraces, formatMutations, mutateTraces, type TableTrace } from '@commute/stark';
import { call, image } from './assemble.ts';
import { knownForgeries, specialForgeries } from './forgeries.ts';
import { P, unneeded } from './needs.ts';
import { data, everyCrossing, everyHostCall, everyInstruction, everyProduct } from './programs.ts';
import { execute, segmentStatement, shrinkLookups } from './support.ts';

const input = Uint8Array.from({ length: 19 }, (_, index) => 240 + index);
const programs = {
  'every instruction': { program: image(everyInstruction(), data), input: new Uint8Array(0), multiply: false },
  'every host call': { program: image(everyHostCall(true), data), input, multiply: false },
  'every product and quotient': { program: image(everyProduct()), input: new Uint8Array(0), multiply: true },
  'every access across words': {
    program: image(everyCrossing(), data),
    input: new Uint8Array(0),
    multiply: false,
    misaligned: true,
  },
};

function statementOf(name: keyof typeof programs): ReturnType<typeof segmentStatement> {
  const { program, ...options } = programs[name];
  const run = execute(program, { ...options, logCycles: 10 });
  return segmentStatement(run, run.segments[0]!, options.input);
}

describe('a change of any single cell is noticed', () => {
  test.for(Object.keys(programs) as (keyof typeof programs)[])('%s', (name) => {
    const { traces, publicMessages } = statementOf(name);
    const report = mutateTraces(shrinkLookups(traces, 4), {
      publicMessages,
      repairAttempts: 0,
      repairSteps: 0,
      // What nobody asks for, a run cannot depend on.
      isFree: ({ area, table }) => area === 'public' && table === 'host calls' && name !== 'every host call',
    });
    expect(report.mutations).toBeGreaterThan(10_000);
    expect(formatMutations({ ...report, redundant: [] })).toBe('');
  });
});

describe('no constraint can be removed', () => {
  const statements = (Object.keys(programs) as (keyof typeof programs)[]).map((name) => statementOf(name).traces);
  /** The trace that shows most of a table. */
  const richest = (name: string): TableTrace => {
    const all = statements.flat().filter(({ table }) => table.name === name);
    const used = ({ trace }: TableTrace): number =>
      Array.from({ length: trace.rows }, (_, row) => trace.main.some((column) => column[row] !== 0n)).filter(Boolean)
        .length;
    return name === 'processor' ? all[0]! : all.reduce((best, each) => (used(each) > used(best) ? each : best));
  };

  test.for(Object.keys(knownForgeries))('%s', (name) => {
    const { table, trace } = richest(name);
    // Two idle rows behind those in use, where there may be such.
    const main = trace.main.map((column) => [...column, ...(name === 'processor' ? [] : [0n, 0n])]);
    const { forgeries, flags } = knownForgeries[name]!;
    const left = unneeded(table, { ...trace, rows: main[0]!.length, main }, forgeries, flags).filter(
      (constraint) => name !== 'host calls' || !(constraint in specialForgeries),
    );
    expect(left).toEqual([]);
  });

  test.for(Object.entries(specialForgeries))('host calls, with other public values: %s', ([constraint, forgery]) => {
    const { table, trace } = richest('host calls');
    const [[flag]] = Object.entries(forgery.where) as [[string, bigint]];
    const row = trace.main[table.names.main.indexOf(flag)]!.indexOf(1n);
    const main = trace.main.map((column) => [column[row]!, 0n, 0n]);
    const special = { ...trace, rows: 3, main, publicValues: forgery.publicValues };
    expect(unneeded(table, special)).toContain(constraint);
    expect(unneeded(table, special, [forgery])).not.toContain(constraint);
  });

  test.for([
    ['writeMessage', 2n],
    ['writeEmpty', 1n],
  ] as const)('in a whole run, host calls: kind: %s is 0 or 1', ([kind, file]) => {
    // A call of clean that gives 2^33 - 15, which a0 holds until the call after it.
    const run = execute(image([...call(4096, Number(file)), ...call(93, 0)]), { logCycles: 4 });
    const { traces, publicMessages } = segmentStatement(run, run.segments[0]!);
    const result = 2n ** 33n - 15n;
    const forged = traces.map(({ table, trace }) => {
      const main = trace.main.map((column) => Array.from(column));
      const cells = Object.fromEntries(table.names.main.map((name, index) => [name, main[index]!]));
      if (table.name === 'processor') {
        const row = cells['sumLow']!.findIndex((sum, at) => sum === 4096n && cells['operation']![at] === 56n);
        cells['result']![row] = result;
        const next = cells['rd']!.indexOf(10n, row + 1);
        cells['before']![next] = result;
      }
      if (table.name === 'host calls') {
        const row = cells['clean']!.indexOf(1n);
        const number = (...differences: readonly bigint[]): bigint => -differences.reduce((a, b) => a * b);
        const change: Record<string, bigint> = {
          clean: 2n,
          unknown: -1n,
          writeBadFile: 1n,
          [kind]: -1n,
          unknownLow: number(4096n - 63n, 4096n - 64n, 4096n - 93n),
          result,
        };
        for (const [name, value] of Object.entries(change)) cells[name]![row] = (value + P) % P;
      }
      return { table, trace: { ...trace, main } };
    });
    const report = checkTraces(shrinkLookups(forged), { publicMessages });
    const failures = report.ok ? [] : report.failures;
    expect(failures.map((each) => (each.kind === 'bus' ? each : each.constraint))).toEqual([`kind: ${kind} is 0 or 1`]);
  });

  test('every table with constraints has been looked at', () => {
    const constrained = statements.flat().filter(({ trace }) => trace.preprocessed.length === 0);
    expect(new Set(constrained.map(({ table }) => table.name))).toEqual(new Set(Object.keys(knownForgeries)));
  });
});
