import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseElf } from '@commute/elf';
import { describe, expect, test } from 'vitest';
import { missingEmulators } from './qemu.ts';

const folder = fileURLToPath(new URL('../picolibc', import.meta.url));
const compiler = 'riscv64-unknown-elf-gcc';
const missing = [
  ...(spawnSync(compiler, ['--specs=picolibc.specs', '-E', '-xc', '-'], { input: '' }).status === 0
    ? []
    : ['picolibc']),
  ...missingEmulators(),
];

if (missing.length > 0) {
  test(`${missing.join(' and ')} not installed: the example with a stock C library was not built here`, () => {
    expect(
      process.env['COMMUTE_REQUIRE_QEMU'],
      'COMMUTE_REQUIRE_QEMU: expected picolibc and qemu-user',
    ).toBeUndefined();
    expect(readFileSync(join(folder, 'link.ld'), 'utf8')).toContain('ENTRY(_start)');
  });
} else {
  describe('a program with a stock C library', () => {
    test.for([
      ['rv64imac', 'lp64', 'qemu-riscv64'],
      ['rv32i', 'ilp32', 'qemu-riscv32'],
    ] as const)('%s with %s builds and runs under %s', ([architecture, abi, emulator]) => {
      const scratch = mkdtempSync(join(tmpdir(), 'commute-picolibc-'));
      try {
        const output = join(scratch, 'example.elf');
        const machine = [`-march=${architecture}`, `-mabi=${abi}`];
        const flags = [
          '-O2',
          '-Wall',
          '-Wextra',
          '-Werror',
          '--specs=picolibc.specs',
          '-nostartfiles',
          '-static',
          '-Tlink.ld',
        ];
        const sources = ['start.S', 'host.c', 'example.c'];
        const built = spawnSync(compiler, [...machine, ...flags, ...sources, '-o', output], { cwd: folder });
        expect(built.stderr.toString()).toBe('');
        expect(parseElf(new Uint8Array(readFileSync(output)))).toMatchObject({ ok: true, elf: { entry: 0x10000 } });
        const run = spawnSync(emulator, [output], { input: 'one\nthree\n' });
        expect(run.stdout.toString()).toBe('  1 one\n  2 three\nmean length 5.000\n');
        expect(run.status).toBe(0);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    });
  });
}
