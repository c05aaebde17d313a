import { describe, expect, test } from 'vitest';
import { formatMutations, mutateTraces, type TableTrace } from '@commute/stark';
import { image } from './assemble.ts';
import { knownForgeries, specialForgeries } from './forgeries.ts';
import { unneeded } from './needs.ts';
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

/**
 * Kept although no row was found that they alone reject.
 *
 * - A word of text on an idle row would be at address 0, where programs have none; if one had, this row and one that reads it would cancel each other.
 * - Calls that are unknown some other number of times need an inverse as often: as many reads or writes more, and so a position that is not zero where it has to be.
 * - Messages need file 2, and no other write then but to a wrong file, which is another one.
 * - Empty writes ask for no bytes, and with them no write of a byte or a fault is possible, and none of a word, whose count would be negative.
 */
const keptForSafety: Readonly<Record<string, readonly string[]>> = {
  'narrow access': ['text is zero on an idle row'],
  'crossing access': ['lowText is zero on an idle row', 'highText is zero on an idle row'],
  'host calls': ['kind: unknown is 0 or 1', 'kind: writeMessage is 0 or 1', 'kind: writeEmpty is 0 or 1'],
};

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
    expect(left).toEqual(keptForSafety[name] ?? []);
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

  test('every table with constraints has been looked at', () => {
    const constrained = statements.flat().filter(({ trace }) => trace.preprocessed.length === 0);
    expect(new Set(constrained.map(({ table }) => table.name))).toEqual(new Set(Object.keys(knownForgeries)));
  });
});
