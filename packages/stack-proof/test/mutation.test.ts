import { inverse } from '@commute/field';
import {
  constraintsOf,
  formatMutations,
  mutateTraces,
  type MutationOptions,
  type Table,
  type TableTrace,
} from '@commute/stark';
import { describe, expect, test } from 'vitest';
import { STACK_TABLES } from '../src/index.ts';
import { type Sample, samples } from './programs.ts';
import { type Start, unneeded } from './needs.ts';
import { execute, othersOf, programOf, segmentStatement, shrinkLookups } from './support.ts';

/** Columns that say whether, and for what, a row is used. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'op stack': ['push', 'pop'],
  moves: ['some[0]'],
  'jump stack': ['push', 'pop', 'peek'],
  bursts: ['some[0]'],
  ram: ['read', 'write'],
  blocks: ['active'],
  elements: ['some[0]'],
  bitwise: ['and', 'xor', 'popCount', 'log2Floor'],
  words: ['lt', 'split', 'divMod'],
  power: ['active'],
  hash: ['hash', 'init', 'absorb', 'absorbMem', 'squeeze', 'merkle', 'merkleMem'],
  tip5: [0, 1, 2, 3, 4, 5].map((round) => `round[${String(round)}]`),
};

/** Changes that show constraints to be needed which others do not. */
const STARTS: Readonly<Record<string, readonly Start[]>> = {
  // Neither less nor not less, by a difference that is one more than it is.
  words: [{ where: { lt: 1n, result: 0n, 'rest[0]': 1n }, change: { result: inverse(2n ** 32n), 'rest[0]': 2n } }],
};

type Row = (name: string) => bigint;

/** Cells that do not matter on some rows of use: what they would be needed for is not there. */
const FREE: Readonly<Record<string, (column: string, row: Row) => boolean>> = {
  processor: (column, row) => {
    const any = (...names: readonly string[]): boolean => names.some((name) => row(name) === 1n);
    if (column === 'inverse') return row('isZero') === 1n || !any('skiz', 'eq', 'recurseOrReturn');
    if (column === 'origin' || column === 'destination') return !any('call', 'return', 'recurse', 'recurseOrReturn');
    return column.startsWith('coefficient') && !any('bHornerStep', 'xHornerStep');
  },
  ram: (column, row) => column === 'factor' && row('slot') === 0n,
  bitwise: (column, row) => column.startsWith('right') && row('popCount') === 1n,
  words: (column, row) => column === 'factor' && (row('split') === 0n || row('top') >> 32n === 2n ** 32n - 1n),
  hash: (column, row) => {
    const any = (...names: readonly string[]): boolean => names.some((name) => row(name) === 1n);
    if (column.startsWith('sponge')) return any('hash', 'merkle', 'merkleMem');
    if (column === 'pointer') return !any('absorbMem', 'merkleMem');
    if (column.startsWith('words')) return !any('absorbMem', 'merkle', 'merkleMem');
    if (column === 'isRight') return !any('merkle', 'merkleMem');
    return (column === 'id' || column.startsWith('input')) && any('init');
  },
  tip5: (column, row) => {
    if (row('round[5]') === 1n) return ['bytes', 'mapped', 'factor'].some((name) => column.startsWith(name));
    return false;
  },
};

function freeCells(traces: readonly TableTrace[]): MutationOptions['isFree'] {
  return ({ table: name, area, column, row }) => {
    if (area !== 'main') return false;
    const { table, trace } = traces.find(({ table }) => table.name === name)!;
    const cell: Row = (each) => trace.main[table.names.main.indexOf(each)]![row]!;
    const kinds = KINDS[name] ?? [];
    const isIdle = kinds.length > 0 && kinds.every((kind) => cell(kind) === 0n);
    return (isIdle && !kinds.includes(column)) || (FREE[name]?.(column, cell) ?? false);
  };
}

/** Two permutations, and one of zeros. */
const permutations = { source: 'sponge_init sponge_squeeze hash halt' };

const statements = Object.entries<Sample>({ ...samples, tip5: permutations }).map(
  ([name, { source, inputs, options }]) => {
    const run = execute(programOf(source, options), inputs, name === 'tip5' ? 3 : 6);
    return { name, segments: run.segments.map((_, index) => segmentStatement(run, index)) };
  },
);

type Statement = ReturnType<typeof segmentStatement>;

/** A statement in which what permutations say is said by the statement itself: their rows are many. */
function withoutTip5({ traces, publicMessages }: Statement): Statement {
  const others = traces.filter(({ table }) => table.name !== 'tip5');
  const said = traces.filter(({ table }) => table.name === 'tip5').flatMap((each) => othersOf(each));
  const answers = said.map((each) => ({ ...each, direction: each.direction === 'send' ? 'receive' : 'send' }) as const);
  return { traces: others, publicMessages: [...publicMessages, ...answers] };
}

function busesOf(tables: readonly Table[]): Set<string> {
  return new Set(tables.flatMap((table) => constraintsOf(table).messages.map(({ bus }) => bus)));
}

describe('a change of any single cell is noticed', () => {
  const needed = new Set<string>();

  test.each(statements)('$name', ({ name, segments }) => {
    const statement = segments[0]!;
    const { traces, publicMessages } = name === 'tip5' ? statement : withoutTip5(statement);
    const small = shrinkLookups(traces);
    const report = mutateTraces(small, {
      publicMessages,
      repairAttempts: 0,
      repairSteps: 0,
      isFree: freeCells(small)!,
    });
    expect(report.mutations).toBeGreaterThan(10_000);
    expect(formatMutations({ ...report, redundant: [] })).toBe('');
    const redundant = report.redundant.flatMap((each) => (each.kind === 'bus' ? [each.bus] : []));
    for (const bus of busesOf(small.map(({ table }) => table))) if (!redundant.includes(bus)) needed.add(bus);
  });

  test('and each bus is the only one to notice some', () => {
    // The others are in forgery.test.ts.
    const left = [...busesOf(STACK_TABLES)].filter((bus) => !needed.has(bus)).sort();
    expect(left).toEqual(['op stack', 'ram', 'registers', 'stream']);
  });
});

describe('no constraint can be removed', () => {
  const constrained = STACK_TABLES.filter(({ columns }) => Object.keys(columns.preprocessed).length === 0);

  test.each(constrained.map((table) => [table.name, table] as const))('%s', (name, table) => {
    const traces = statements.flatMap(({ segments }) =>
      segments.map((segment) => segment.traces.find((each) => each.table === table)!.trace),
    );
    const left = unneeded(table, traces, name === 'processor' ? ['code'] : KINDS[name], STARTS[name]);
    expect(left).toEqual([]);
  });
});
