// `node tools/examples/src/main.ts [package …]` runs every example, or those of the named packages.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { collect, execute, placeAll, typeCheck, type Placed } from './index.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const limitMs = 120_000;
const only = process.argv.slice(2);
const { packages, examples, complaints } = collect(root);
const unknown = only.filter((name) => !packages.includes(name));
if (unknown.length > 0) throw new Error(`package: expected one of ${packages.join(', ')}, got ${unknown.join(', ')}`);

const isWanted = (file: string): boolean =>
  only.length === 0 || only.some((name) => file.startsWith(`packages/${name}/`));
const placed = placeAll(
  root,
  packages,
  examples.filter((each) => isWanted(each.file)),
);
const failures = new Map<Placed, string>(placed.length === 0 ? [] : typeCheck(root, placed));

const batches = [...Map.groupBy(placed, (each) => each.folder).values()];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), batches.length) }, async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      for (const [each, message] of await execute(batch, limitMs)) {
        failures.set(each, [failures.get(each), message].filter((part) => part !== undefined).join('\n'));
      }
    }
  }),
);

const wantedComplaints = complaints.filter((each) => isWanted(each));
for (const [{ example }, message] of failures)
  console.error(`${example.file}:${String(example.line)}: failed\n${message}\n`);
for (const complaint of wantedComplaints) console.error(complaint);
const failed = failures.size + wantedComplaints.length;
console.log(`${String(placed.length - failures.size)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 ? 0 : 1;
