import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseElf } from '@commute/elf';
import { Memory } from '@commute/machine';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ERROR_BASE, FIELD, OUTPUT_BASE, STATE_PAGE, createFastVM, referenceStep } from '../src/index.ts';
import { assemble, codeBytes } from './assemble.ts';
import { DATA, DATA_BYTES, dataOf, elfOf, instructionsOf, pieces, registerValues } from './random-program.ts';

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
  return bothOutputs(file).output;
}

/** Runs a program with files for its three descriptors, each open in one direction, which pipes of Node are not. */
function bothOutputs(file: Uint8Array): { output: Uint8Array; errors: Uint8Array } {
  const path = join(folder, 'program.elf');
  writeFileSync(path, file);
  chmodSync(path, 0o755);
  const [input, output, errors] = ['input', 'output', 'errors'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(input, '');
  const files = [openSync(input, 'r'), openSync(output, 'w'), openSync(errors, 'w')];
  try {
    const { status, signal } = spawnSync(emulator, [path], { timeout: 200_000, stdio: files });
    expect({ status, signal }).toEqual({ status: 0, signal: null });
  } finally {
    for (const each of files) closeSync(each);
  }
  return { output: new Uint8Array(readFileSync(output)), errors: new Uint8Array(readFileSync(errors)) };
}

/** A program that reads and writes with all kinds of file descriptors, and writes the results of these calls. */
function descriptorProgram(): number[] {
  const out = [assemble('lui', { rd: 31, immediate: DATA })];
  const calls = [63, 64].flatMap((number) =>
    [0, 1, 2, 3, -1, 1000].flatMap((file) =>
      [false, true].flatMap((high) => [0, 5].map((count) => ({ number, file, high, count }))),
    ),
  );
  calls.forEach(({ number, file, high, count }, i) => {
    out.push(
      assemble('addi', { rd: 10, immediate: file }),
      assemble('addi', { rd: 5, immediate: high ? 7 : 0 }),
      assemble('slli', { rd: 5, rs1: 5, immediate: 32 }),
      // -1 becomes another file with a high word; all others keep their low half.
      assemble('add', { rd: 10, rs1: 10, rs2: 5 }),
      assemble('addi', { rd: 11, rs1: 31, immediate: i }),
      assemble('addi', { rd: 12, immediate: count }),
      assemble('addi', { rd: 17, immediate: number }),
      assemble('ecall'),
      assemble('sd', { rs1: 31, rs2: 10, immediate: 512 + 8 * i }),
    );
  });
  out.push(
    assemble('addi', { rd: 10, immediate: 1 }),
    assemble('addi', { rd: 11, rs1: 31 }),
    assemble('addi', { rd: 12, immediate: 1024 }),
    assemble('addi', { rd: 17, immediate: 64 }),
    assemble('ecall'),
    assemble('addi', { rd: 10 }),
    assemble('addi', { rd: 17, immediate: 93 }),
    assemble('ecall'),
  );
  return out;
}

describe('file descriptors', () => {
  test(`are told apart as on Linux${hasQemu ? ', by qemu too' : ''}`, () => {
    const file = elfOf(codeBytes(descriptorProgram()), dataOf([], 7));
    const output = quickly(file);
    const errors = fastVM.errorOutput();
    expect(slowly()).toEqual(output);
    expect(slowMemory.read(ERROR_BASE, slowMemory.loadWord(STATE_PAGE + FIELD.errorLength))).toEqual(errors);
    expect(errors.length).toBe(10);
    expect(output.length).toBe(10 + 1024);
    if (hasQemu) expect(bothOutputs(file)).toEqual({ output, errors });
  });
});

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
