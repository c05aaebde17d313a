import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseElf } from '@commute/elf';
import { Memory } from '@commute/machine';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { FIELD, OUTPUT_BASE, STATE_PAGE, createFastVM, referenceStep } from '../src/index.ts';
import { codeBytes } from './assemble.ts';
import { DATA_BYTES, dataOf, elfOf, instructionsOf, pieces, registerValues } from './random-program.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 30);
const emulator = 'qemu-riscv64';
const hasQemu = spawnSync(emulator, ['--version']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'commute-fast-vm-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const fastVM = createFastVM();
const slowMemory = new Memory();

/** Runs a program on the quick machine. */
function quickly(file: Uint8Array): Uint8Array {
  const result = parseElf(file);
  if (!result.ok) throw new Error(`${result.reason}: expected ${result.expected}, got ${result.got}`);
  fastVM.load(result.elf);
  const start = fastVM.snapshot();
  fastVM.run(1_000_000);
  expect(fastVM.halt).toEqual({ kind: 'exit', code: 0 });
  slowMemory.restore(start);
  return fastVM.output();
}

/** Continues by the reference from where {@link quickly} began. */
function slowly(): Uint8Array {
  for (let step = 0; slowMemory.loadWord(STATE_PAGE + FIELD.halted) === 0; step++) {
    if (step > 100_000) throw new Error('the program does not end');
    referenceStep(slowMemory);
  }
  return slowMemory.read(OUTPUT_BASE, slowMemory.loadWord(STATE_PAGE + FIELD.outputLength));
}

function onQemu(file: Uint8Array): Uint8Array {
  const path = join(folder, 'program.elf');
  writeFileSync(path, file);
  chmodSync(path, 0o755);
  const { status, signal, stdout } = spawnSync(emulator, [path], { timeout: 60_000, maxBuffer: 1 << 20 });
  expect({ status, signal }).toEqual({ status: 0, signal: null });
  return new Uint8Array(stdout);
}

describe(
  hasQemu ? 'random programs on both implementations and on qemu' : 'random programs on both implementations',
  () => {
    test('leave the same registers and the same memory', () => {
      if (process.env['COMMUTE_REQUIRE_QEMU'] !== undefined) {
        expect(hasQemu, 'COMMUTE_REQUIRE_QEMU: expected qemu-user to be installed').toBe(true);
      }
      fc.assert(
        fc.property(pieces, registerValues, fc.integer(), (body, registers, seed) => {
          const file = elfOf(codeBytes(instructionsOf(body)), dataOf(registers, seed));
          const output = quickly(file);
          expect(output.length).toBe(DATA_BYTES);
          expect(slowly()).toEqual(output);
          if (hasQemu) expect(onQemu(file)).toEqual(output);
        }),
        { numRuns: runs },
      );
    });
  },
);
