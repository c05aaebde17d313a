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
  'const TABLES = [',
  ...[...tables.values()].map(
    ({ hash, counts, steps: own }) => `  [${quote(hash)}, ${quote(counts)}, ${String(steps.indexOf(own))}],`,
  ),
  '] as const;',
  '',
  '/** The places of tables in the list above, and what else a key says, by what machines can do and the form of their links; and that of the ends. */',
  'const SYSTEMS: Readonly<Record<string, Omit<VerifyingKey, "tables"> & { readonly tables: readonly number[] }>> = {',
  ...Object.entries(keys).flatMap(([name, { maximumDegree, buses, tables: own }]) => [
    `  ${quote(name)}: {`,
    `    maximumDegree: ${String(maximumDegree)},`,
    `    buses: [${buses.map(quote).join(', ')}],`,
    `    tables: [${own.map(({ hash }) => String(hashes.indexOf(hash))).join(', ')}],`,
    '  },',
  ]),
  '};',
  '',
  '/** The names of the keys that there are. */',
  'export const KEY_NAMES: readonly string[] = Object.keys(SYSTEMS);',
  '',
  '/** What verifiers know of a system. */',
  'export function keyNamed(name: string): VerifyingKey | undefined {',
  '  const system = SYSTEMS[name];',
  '  if (system === undefined) return undefined;',
  '  const tables = system.tables.map((place): TableKey => {',
  '    const [hash, counts, steps] = TABLES[place]!;',
  '    return { hash, counts, steps: STEPS[steps]! };',
  '  });',
  '  return { ...system, tables };',
  '}',
  '',
].join('\n');
writeFileSync(new URL('../src/chain/known-keys.ts', import.meta.url), text);
