/**
 * Builds every guest into `dist`, or only those named on the command line: `node src/build.ts sha256 interpreter`.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { allBuilds, buildGuest, distFolder, toolchainProblem } from './toolchain.ts';

const problem = toolchainProblem();
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

const wanted = new Set(process.argv.slice(2));
mkdirSync(distFolder, { recursive: true });
for (const guest of allBuilds()) {
  if (wanted.size > 0 && !wanted.has(guest.output.replace(/(\.micro)?\.elf$/, ''))) continue;
  buildGuest(guest, join(distFolder, guest.output));
  process.stdout.write(`${guest.output}\n`);
}
