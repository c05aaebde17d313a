// `node --conditions=@commute/source scripts/write-keys.ts`: writes what verifiers know of tables anew, after tables were changed.
import { writeFileSync } from 'node:fs';
import { computeKeys, KNOWN_MACHINES } from './compute-keys.ts';

const keys = computeKeys(KNOWN_MACHINES);
const tables = new Map(Object.values(keys).flatMap((key) => key.tables.map((table) => [table.hash, table])));
const steps = [...new Set([...tables.values()].map((table) => table.steps))];
const hashes = [...tables.keys()];
const quote = (text: string): string => `'${text}'`;
const text = [
  '// Written by scripts/write-keys.ts; a test compares it.',
  "import { type TableKey, type VerifyingKey } from '@commute/stark';",
  '',
  '/** Steps of tables, those that several have once. */',
  'const STEPS: readonly string[] = [',
  ...steps.map((each) => `  ${quote(each)},`),
  '];',
  '',
  'const TABLES: readonly TableKey[] = (',
  '  [',
  ...[...tables.values()].map(
    ({ hash, counts, steps: own }) => `    [${quote(hash)}, ${quote(counts)}, ${String(steps.indexOf(own))}],`,
  ),
  '  ] as const',
  ').map(([hash, counts, steps]) => ({ hash, counts, steps: STEPS[steps]! }));',
  '',
  'const tablesAt = (...places: readonly number[]): readonly TableKey[] => places.map((place) => TABLES[place]!);',
  '',
  '/** What verifiers know of the systems of machines, by what these can do and the form of their links, and of the system of the ends. */',
  'export const KNOWN_KEYS: Readonly<Record<string, VerifyingKey>> = {',
  ...Object.entries(keys).flatMap(([name, { maximumDegree, buses, tables: own }]) => [
    `  ${quote(name)}: {`,
    `    maximumDegree: ${String(maximumDegree)},`,
    `    buses: [${buses.map(quote).join(', ')}],`,
    `    tables: tablesAt(${own.map(({ hash }) => String(hashes.indexOf(hash))).join(', ')}),`,
    '  },',
  ]),
  '};',
  '',
].join('\n');
writeFileSync(new URL('../src/chain/known-keys.ts', import.meta.url), text);
