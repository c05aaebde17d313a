/*
 * The main job on real input: `npm start`.
 *
 * A RISC-V program, compiled from C, hashes a file of this repository on the fast machine; every step is then checked on
 * the micro machine, in parallel. The same program, compiled for the micro machine, hashes a smaller file, and that run is proved in segments
 * and verified. Arguments are passed on to `commute check`.
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

/** Compares the digest that a program wrote with that of Node. */
function compareDigests(file: string, written: string): boolean {
  const claimed = readFileSync(written, 'utf8').trim();
  const expected = createHash('sha256').update(readFileSync(file)).digest('hex');
  terminal.note(`\nThe program's output, the SHA-256 of ${file}: ${claimed}`);
  terminal.note(claimed === expected ? 'Node computes the same.' : `Node computes another: ${expected}`);
  return claimed === expected;
}

/** Proves a run on the micro machine and verifies the proof. */
async function proveAndVerify(): Promise<number> {
  const [provable, small] = [join('tools', 'guests', 'dist', 'sha256.micro.elf'), 'package.json'];
  const [proof, proved] = [join('out', 'run.proof'), join('out', 'proved.txt')];
  terminal.note(`\nProving a run of ${provable} on ${small}, in segments, and verifying the proof.\n`);
  const names = ['--input', small, '--output', proved];
  for (const command of [
    ['prove', provable, ...names, '--out', proof, '--log2-cycles', '17'],
    ['verify', proof, '--program', provable, ...names, '--exit-code', '0'],
  ]) {
    const code = await runCommand(command, terminal, interrupted.signal);
    if (code !== 0) return code;
  }
  return compareDigests(small, proved) ? 0 : 1;
}

if (exitCode === 0) {
  const isSame = compareDigests(input, output);
  terminal.note(`The report is in ${report}.`);
  process.exitCode = isSame ? await proveAndVerify() : 1;
  if (process.exitCode === 0) {
    terminal.note(`\nNext: node_modules/.bin/commute dispute ${program} --input ${input} --fault-at 1000000`);
  }
} else {
  process.exitCode = exitCode;
}
