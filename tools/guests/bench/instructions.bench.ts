/**
 * Counts the instructions of one run of each program, on both targets, with QEMU's user emulation in single steps. The
 * machines of this toolkit need somewhat more where a host call moves fewer bytes. Takes about a minute.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { guestCasesOf, type GuestCase, type ProgramName } from '../src/index.ts';

const runs: readonly (readonly [ProgramName, string])[] = [
  ['hello', 'nothing'],
  ['echo', '10001 bytes'],
  ['sha256', '4 KiB and 1 byte'],
  ['sort', '2 KiB of prose'],
  ['wordcount', 'prose'],
  ['sieve', '20000'],
  ['collatz', '300'],
  ['mandelbrot', '24 12 20'],
  ['memory', '80 4096'],
  ['arithmetic', 'random words'],
  ['json', 'a document of 14 KiB'],
  ['lz', 'a long run'],
  ['lisp', 'library'],
];

/** Lines that begin with "Trace", one per instruction. */
function countInstructions(emulator: string, file: string, one: GuestCase): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(emulator, ['-singlestep', '-d', 'exec,nochain', file]);
    let count = 0;
    const output: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => {
      for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === one.exitCode && Buffer.concat(output).equals(one.output)) resolve(count);
      else reject(new Error(`${one.program}: wrong answer`));
    });
    child.stdin.end(one.input);
  });
}

console.log('program     input bytes   RV64IMAC      RV32I');
for (const [program, name] of runs) {
  const one = guestCasesOf(program).find((candidate) => candidate.name === name);
  if (one === undefined) throw new Error(`${program}: no case ${name}`);
  const file = (suffix: string): string => fileURLToPath(new URL(`../dist/${program}${suffix}`, import.meta.url));
  const fast = await countInstructions('qemu-riscv64', file('.elf'), one);
  const micro = await countInstructions('qemu-riscv32', file('.micro.elf'), one);
  const columns = [one.input.length, fast, micro].map((count) => count.toLocaleString('en').padStart(11));
  console.log(`${program.padEnd(12)}${columns.join('')}   ${name}`);
}
