/**
 * Builds every guest into `dist`, or only those named on the command line: `node src/build.ts sha256 interpreter`.
 *
 * Exit codes: 0 built, 1 a guest does not build or no guest has that name, 2 the toolchain is missing or another one.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { allBuilds, buildGuest, distFolder, guestName, toolchainProblem } from './toolchain.ts';

function build(names: readonly string[]): boolean {
  const guests = allBuilds();
  let sound = true;
  for (const name of names) {
    if (guests.some((guest) => guestName(guest) === name)) continue;
    process.stderr.write(`guest: expected one of ${[...new Set(guests.map(guestName))].join(', ')}, got ${name}\n`);
    sound = false;
  }
  mkdirSync(distFolder, { recursive: true });
  for (const guest of guests) {
    if (names.length > 0 && !names.includes(guestName(guest))) continue;
    const built = buildGuest(guest, join(distFolder, guest.output));
    process.stdout.write(`${guest.output}${built ? '' : ' does not build'}\n`);
    sound &&= built;
  }
  return sound;
}

const problem = toolchainProblem();
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
} else if (!build(process.argv.slice(2))) {
  process.exitCode = 1;
}
