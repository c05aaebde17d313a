/*
 * Runs the benchmarks of all packages one after the other in one go, each in a process of its own. Arguments choose some:
 * `npm run bench -- riscv-swap machine`. Each prints its figures beside a yardstick that it measured in the same run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..', '..', '..');
const chosen = process.argv.slice(2);
const packages = readdirSync(join(root, 'packages')).filter((name) =>
  existsSync(join(root, 'packages', name, 'bench')),
);
const unknown = chosen.filter((name) => !packages.includes(name));
if (unknown.length > 0) {
  console.error(`bench: expected some of ${packages.join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}

console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? ''}, ${String(cpus().length)} processors`,
);
for (const name of chosen.length > 0 ? chosen : packages) {
  const folder = join(root, 'packages', name);
  for (const file of readdirSync(join(folder, 'bench')).filter((entry) => entry.endsWith('.bench.ts'))) {
    console.log(`\n=== ${name}: ${file}\n`);
    const { status } = spawnSync(process.execPath, ['--conditions=@commute/source', join('bench', file)], {
      cwd: folder,
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}
