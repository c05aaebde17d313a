/**
 * Time to read an ELF file, with and without its symbols, beside the time to copy its bytes once.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { parseElf, type Elf } from '@commute/elf';

const bytes = new Uint8Array(readFileSync(new URL('../test/fixtures/sha256.gcc32.elf', import.meta.url)));

function parse(): Elf {
  const result = parseElf(bytes);
  if (!result.ok) throw new Error(result.reason);
  return result.elf;
}

if (parse().entry !== 0x10000 || parse().symbols.get('main') !== 0x104e8) throw new Error('wrong answer');

function microseconds(work: () => number): number {
  let best = Infinity;
  let sum = 0;
  for (let round = 0; round < 20; round += 1) {
    const start = performance.now();
    for (let index = 0; index < 1000; index += 1) sum += work();
    best = Math.min(best, performance.now() - start);
  }
  if (sum === 0) throw new Error('no work done');
  return best;
}

const copy = microseconds(() => bytes.slice().length);
const rows: readonly (readonly [string, number])[] = [
  ['copy the file', copy],
  ['parse', microseconds(() => parse().segments.length)],
  ['parse with symbols', microseconds(() => parse().symbols.size)],
];
console.log(`${process.version}, a file of ${String(bytes.length)} bytes`);
for (const [name, time] of rows) {
  console.log(`${name.padEnd(20)} ${time.toFixed(2).padStart(8)} us ${(time / copy).toFixed(1).padStart(8)} copies`);
}
