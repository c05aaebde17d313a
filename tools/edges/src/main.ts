// `node tools/edges/src/main.ts` checks the edges and rewrites the generated part of docs/architecture.md;
// with `--check` it only says whether the page is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { check, readPackages, readTable, render, splice } from './index.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const page = path.join(root, 'docs', 'architecture.md');
const packages = readPackages(root);
const table = readTable(path.join(import.meta.dirname, '..', 'edges.json'));

const complaints = check(packages, table).map(({ rule, where, message }) => `${where}: ${message} (${rule})`);

const before = readFileSync(page, 'utf8');
const spliced = splice(before, render(packages, table));
if (spliced === undefined) {
  complaints.push('docs/architecture.md: the markers of the generated part are missing');
} else {
  const after = await format(spliced, { ...(await resolveConfig(page)), parser: 'markdown' });
  if (after !== before) {
    if (process.argv.includes('--check')) {
      complaints.push('docs/architecture.md: out of date; run `npm run edges`');
    } else {
      writeFileSync(page, after);
      console.log('docs/architecture.md: rewritten');
    }
  }
}

const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
for (const { name } of packages) {
  if (!readme.includes(`(packages/${name})`)) complaints.push(`README.md: expected a link to packages/${name}`);
}

for (const complaint of complaints) console.error(complaint);
const edges = packages.reduce((sum, each) => sum + Object.keys(each.manifest.dependencies ?? {}).length, 0);
console.log(`${String(packages.length)} packages, ${String(edges)} edges, ${String(complaints.length)} violations`);
process.exitCode = complaints.length === 0 ? 0 : 1;
