import { readFileSync } from 'node:fs';
import { createFieldEngineSync, MODULUS, type WasmEngine } from '@commute/field';
import { checkTraces, formatMutations, mutateTraces, type TableTrace } from '@commute/stark';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChainSystem, createMachineProgram, createProgram, LINK_FORMS, type LinkForm } from '../src/index.ts';
import { PermutationCounter, permutationTable } from '../src/pages/permutation-table.ts';
import { permuteIn, POWERS, REFERENCE } from '../src/pages/poseidon2.ts';
import { fnv1a } from '../examples/fnv1a.ts';
import { call, image } from './assemble.ts';
import { complaintsOf, unneeded } from './needs.ts';
import { execute, othersOf } from './support.ts';

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

const words = call(93, 7);
const machine = { multiply: true, misaligned: true } as const;

/** The table of touched cells in a form of link, with the machine's rule for keys, of the only segment of a run. */
function cellTable(form: LinkForm): TableTrace {
  const run = execute(image(words), { ...machine, logCycles: 4 });
  const program = createMachineProgram(createProgram(image(words), machine));
  const { link } = createChainSystem(program, { form, engine });
  const { touched } = program.witness(run.segments[0]!, 0);
  return link.track(program.image).next(engine, touched)[0]!;
}

describe('the tables of touched cells, with the rule for keys', () => {
  test.for(LINK_FORMS)('notice every change: %s', (form) => {
    const table = cellTable(form);
    const active = table.trace.main[table.table.names.main.indexOf('active')]!;
    const report = mutateTraces([table], {
      publicMessages: othersOf(table),
      repairAttempts: 0,
      repairSteps: 0,
      // What stands on rows without a cell.
      isFree: ({ area, column, row }) =>
        area === 'main' && active[row] === 0n && /^(key|before|after|lastTime|stamp|age.*)$/.test(column),
    });
    expect(formatMutations({ ...report, redundant: [] })).toBe('');
  });

  // What the pairwise form has besides is in link.test.ts.
  test.for(['global', 'paged'] as const)('need every constraint: %s', (form) => {
    const { table, trace } = cellTable(form);
    const main = trace.main.map((cells) => [...cells, 0n, 0n]);
    expect(unneeded(table, { ...trace, rows: main[0]!.length, main })).toEqual(['active is boolean']);
    // Cell 0 holds something else for a while: rows that are there 2, -1 and -1 times ask nobody for anything but the memory of others.
    const rows = 2 * trace.rows;
    const added = [
      { active: 2n, after: 5n },
      { active: MODULUS - 1n, after: 5n },
      { active: MODULUS - 1n, after: 6n },
    ];
    const forged = trace.main.map((cells, column) => {
      const name = table.names.main[column] as 'active';
      return Array.from({ length: rows }, (_, row) => cells[row] ?? added[row - trace.rows]?.[name] ?? 0n);
    });
    const publicMessages = othersOf({ table, trace });
    const report = checkTraces([{ table, trace: { ...trace, rows, main: forged } }], { publicMessages });
    const failures = report.ok ? [] : report.failures;
    const objections = failures.map((each) => (each.kind === 'bus' ? each.bus : each.constraint));
    expect(new Set(objections)).toEqual(
      new Set(['active is boolean', 'memory', form === 'global' ? 'state' : 'page word']),
    );
  });
});

describe('the table of permutations', () => {
  const counter = new PermutationCounter();
  counter.input.set(Array.from({ length: 12 }, (_, lane) => BigInt(3 * lane + 1)));
  counter.look(0);
  counter.look(1);
  const honest = counter.trace();

  test('notices every change', () => {
    const options = { publicMessages: othersOf(honest), repairAttempts: 0, repairSteps: 0 };
    expect(formatMutations({ ...mutateTraces([honest], options), redundant: [] })).toBe('');
  });

  test('needs every constraint', () => {
    const input = Array.from(counter.input);
    /** A row with one wrong cube or power, from which all else follows. */
    const forged = (wrong: 'cube' | 'seventh power', at: number): bigint[] => {
      const [cubes, powers]: [bigint[], bigint[]] = [[], []];
      const { multiply, add } = { multiply: REFERENCE.scale, add: REFERENCE.add };
      permuteIn<bigint>(
        {
          ...REFERENCE,
          power: (value, index) => {
            const more = (kind: typeof wrong): bigint => (kind === wrong && index === at ? 1n : 0n);
            const cube = add(multiply(multiply(value, value), value), more('cube'));
            const power = add(multiply(multiply(cube, cube), value), more('seventh power'));
            cubes.push(cube);
            powers.push(power);
            return power;
          },
        },
        input,
      );
      return [1n, 1n, ...input, ...cubes, ...powers];
    };
    const complaints = (current: readonly bigint[]): string[] =>
      complaintsOf(permutationTable, { current, next: current }, []);
    for (let at = 0; at < POWERS; at++) {
      for (const wrong of ['cube', 'seventh power'] as const) {
        expect(complaints(forged(wrong, at))).toEqual([`${wrong} ${String(at)}`]);
      }
    }
  });
});

test('the page says of every table where it is tried', () => {
  const page = readFileSync(new URL('../../../docs/continuations.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## 11.'));
  const said = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!);
  const program = createMachineProgram(createProgram(image(words), { ...machine, extensions: [fnv1a] }));
  const systems = LINK_FORMS.map((form) => createChainSystem(program, { form, engine }));
  const names = systems.flatMap(({ segments, ends }) => [...segments.tables, ...(ends?.tables ?? [])]);
  expect(said.sort()).toEqual([...new Set(names.map(({ name }) => name))].sort());
});
