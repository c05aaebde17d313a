/*
 * The main job on real input: `npm start`.
 *
 * A RISC-V program, compiled from C, hashes a file of this repository on the fast machine; every step is then checked on
 * the micro machine, in parallel. Arguments are passed on to `commute check`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { processTerminal, runCommand } from '@commute/cli';

const root = join(import.meta.dirname, '..', '..');
process.chdir(root);

const program = relative(root, join(root, 'tools', 'guests', 'dist', 'sha256.elf'));
const input = 'pnpm-lock.yaml';
const output = join('out', 'output.txt');
const report = join('out', 'report.html');

const interrupted = new AbortController();
process.once('SIGINT', () => {
  interrupted.abort();
});

const terminal = processTerminal(false);
terminal.note(`Running ${program} on ${input}, then checking every step of it.\n`);
const words = ['check', program, '--input', input, '--output', output, '--report', report, ...process.argv.slice(2)];
const exitCode = await runCommand(words, terminal, interrupted.signal);

if (exitCode === 0) {
  const claimed = readFileSync(output, 'utf8').trim();
  const expected = createHash('sha256').update(readFileSync(input)).digest('hex');
  terminal.note(`\nThe program's output, the SHA-256 of ${input}: ${claimed}`);
  terminal.note(claimed === expected ? 'Node computes the same.' : `Node computes another: ${expected}`);
  terminal.note(`The report is in ${report}.`);
  terminal.note(`Next: node_modules/.bin/commute dispute ${program} --input ${input} --fault-at 1000000`);
  if (claimed !== expected) process.exitCode = 1;
} else {
  process.exitCode = exitCode;
}
