import { createFieldEngineSync } from '@commute/field';
import { createStarkSystem, type StarkSystem } from '@commute/stark';
import { expect, test } from 'vitest';
import { computeKeys, KNOWN_MACHINES } from '../scripts/compute-keys.ts';
import { KEY_NAMES, keyNamed } from '../src/chain/known-keys.ts';
import { END_TABLES, endKey, knownName } from '../src/chain/known-systems.ts';
import { createChainSystem, createMachineProgram, createProgram, type ProvableProgram } from '../src/index.ts';
import { STATE_BUS } from '../src/link/global-table.ts';

const engine = createFieldEngineSync();
// li a7, 93; ecall
const code = Uint8Array.from([0x93, 0x08, 0xd0, 0x05, 0x73, 0, 0, 0]);
const image = { entry: 0x1000, segments: [{ address: 0x1000, bytes: code, executable: true }] };

/** All that a system says, its constraints included, as text. */
function everything({ arithmetizations, parameters, ...others }: StarkSystem): string {
  const facts = arithmetizations.map(({ table, graph, ...rest }) => {
    const roots = rest.constraints.map(({ root }) => root);
    return [table.name, Object.entries(rest).sort(), graph.below(roots).map((index) => [index, graph.node(index)])];
  });
  const { field: _, hash: __, ...numbers } = parameters;
  const { buses, description, challenges, externalChallenges, commonTables } = others;
  const all = { facts, numbers, buses: [...buses], description, challenges, externalChallenges, commonTables };
  return JSON.stringify(all, (___, value: unknown) => (typeof value === 'bigint' ? `${String(value)}n` : value), 1);
}

test('what is known of the tables is what follows from them: run scripts/write-keys.ts after a change', () => {
  const known = KEY_NAMES.map((name) => [name, keyNamed(name)] as const);
  expect(Object.fromEntries(known)).toEqual(computeKeys(KNOWN_MACHINES));
});

test.for(
  KNOWN_MACHINES.flatMap((machine) => (['pairwise', 'global'] as const).map((form) => [machine, form] as const)),
)('with what is known of it a system is the same: %o, %s', ([machine, form]) => {
  const program = createMachineProgram(createProgram(image, machine));
  const { known: _, ...unknown } = program;
  const joint = form === 'global' ? { joint: { proofs: 2, logInstances: 1 } } : {};
  for (const options of [{ engine }, { engine, securityBits: 96, maximumLogRows: 18 }]) {
    const [quick, slow] = [program, unknown].map((each: ProvableProgram) =>
      createChainSystem(each, { ...options, ...joint, form }),
    ) as [ReturnType<typeof createChainSystem>, ReturnType<typeof createChainSystem>];
    expect(everything(quick.segments)).toBe(everything(slow.segments));
    expect(quick.preprocessed).toEqual(slow.preprocessed);
  }
});

test('so is that of the ends', () => {
  const options = { exposedBuses: [STATE_BUS] };
  const quick = createStarkSystem(END_TABLES, { ...options, key: endKey()! });
  expect(everything(quick)).toBe(everything(createStarkSystem(END_TABLES, options)));
});

test('nothing is known of a program with another part, another degree, or of machines that can do more', () => {
  const program = createMachineProgram(createProgram(image));
  const { known: _, ...unknown } = program;
  const description = (each: ProvableProgram, degree = 4): string =>
    createChainSystem(each, { engine, maximumDegree: degree }).segments.description;
  // A table without its last constraint is another one.
  const [first, ...others] = program.tables;
  const tables = [{ ...first!, run: () => undefined }, ...others];
  expect(description({ ...program, tables })).toBe(description({ ...unknown, tables }));
  expect(description({ ...program, tables })).not.toBe(description(program));
  const publicBuses = [...program.publicBuses!, 'aaa'];
  expect(description({ ...program, publicBuses })).toBe(description({ ...unknown, publicBuses }));
  expect(description(program, 3)).toBe(description(unknown, 3));
  expect(knownName({ misaligned: true }, 'pairwise')).toBeUndefined();
  expect(knownName({}, 'paged')).toBeUndefined();
});
