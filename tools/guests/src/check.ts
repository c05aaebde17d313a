/**
 * Rebuilds every guest in a scratch folder and compares the bytes with the committed files in `dist`.
 *
 * Exit codes: 0 all equal, 1 a file differs, is missing or has no source, 2 the toolchain is missing or another one.
 *
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allBuilds, buildGuest, distFolder, toolchainProblem } from './toolchain.ts';

function check(): string[] {
  const problems: string[] = [];
  const scratch = mkdtempSync(join(tmpdir(), 'commute-guests-'));
  try {
    const committed = new Set(readdirSync(distFolder));
    for (const guest of allBuilds()) {
      const rebuilt = join(scratch, guest.output);
      if (!buildGuest(guest, rebuilt)) {
        committed.delete(guest.output);
        problems.push(`${guest.output}: does not build`);
      } else if (!committed.delete(guest.output)) problems.push(`${guest.output}: not in dist`);
      else if (!readFileSync(rebuilt).equals(readFileSync(join(distFolder, guest.output)))) {
        problems.push(`${guest.output}: the committed file differs from what its sources give`);
      }
    }
    for (const name of committed) problems.push(`${name}: in dist, but nothing builds it`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return problems;
}

const problem = toolchainProblem();
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
} else {
  const problems = check();
  for (const line of problems) process.stderr.write(`${line}\n`);
  process.stdout.write(problems.length === 0 ? 'dist: every file equals its rebuilt copy\n' : '');
  if (problems.length > 0) process.exitCode = 1;
}
