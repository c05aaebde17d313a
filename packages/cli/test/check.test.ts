import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commute, commuteJson, file, guest, scratchFolder } from './support.ts';

const folder = scratchFolder();
const input = file(folder, 'input.txt', 'a'.repeat(3000));
const words = [guest('sha256.elf'), '--input', input, '--workers', '2'];

describe('commute check', () => {
  test('agrees on every step of an honest run, and says how fast', () => {
    const run = commuteJson('run', guest('sha256.elf'), '--input', input).report;
    const { status, report } = commuteJson('check', ...words, '--steps-per-snapshot', '50000');
    expect(status).toBe(0);
    expect(report).toMatchObject({
      command: 'check',
      agreed: true,
      steps: run.instructions,
      firstDifference: null,
      difference: null,
      workers: 2,
      redone: [],
      log2MicroSteps: 16,
      run: { exitCode: 0, instructions: run.instructions, stateRoot: run.stateRoot, hash: 'keccak256' },
    });
    expect(report.snapshots).toBe(Math.ceil(run.instructions / 50_000) + 1);
    expect(report.stepsPerSecond).toBeGreaterThan(0);
    expect(report.microSteps).toBeGreaterThan(run.instructions);
  });

  test.each([0, 1, 4999, 5000, 123_456])('finds a mistake that is planted at step %d, at exactly that step', (step) => {
    const { status, report } = commuteJson(
      'check',
      ...words,
      '--fault-at',
      String(step),
      '--steps-per-snapshot',
      '5000',
    );
    expect(status).toBe(1);
    expect(report.agreed).toBe(false);
    expect(report.firstDifference).toBe(step);
    expect(report.difference).toMatchObject({ kind: 'word', step, address: 0xe000_0050 });
  });

  test('finds a mistake in memory, at its address', () => {
    const { report } = commuteJson(
      'check',
      ...words,
      '--fault-at',
      '777',
      '--fault-address',
      '0x12345679',
      '--fault-bit',
      '3',
    );
    expect(report.difference).toMatchObject({ kind: 'word', step: 777, address: 0x12345678, upper: 0x800, lower: 0 });
  });

  test('checks what a run has left on disk', () => {
    const snapshots = join(folder, 'left');
    const run = commuteJson(
      'run',
      guest('sha256.elf'),
      '--input',
      input,
      '--snapshots',
      snapshots,
      '--steps-per-snapshot',
      '20000',
    ).report;
    const { status, report } = commuteJson(
      'check',
      ...words,
      '--snapshots',
      snapshots,
      '--steps-per-snapshot',
      '20000',
    );
    expect(status).toBe(0);
    expect(report).toMatchObject({ agreed: true, steps: run.instructions, snapshots: run.snapshots });
  });

  test('writes the output and a report that stands alone', () => {
    const output = join(folder, 'out.txt');
    const page = join(folder, 'report.html');
    const { status, stderr } = commute('check', ...words, '--output', output, '--report', page);
    expect(status).toBe(0);
    expect(stderr).toContain('both machines agree on every step');
    const digest = createHash('sha256').update('a'.repeat(3000)).digest('hex');
    expect(readFileSync(output, 'utf8')).toBe(`${digest}\n`);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('Both machines agree on every step.');
    expect(html).toContain(digest);
    expect(html).not.toMatch(/<script|src=|href=|@import/);
  });

  test('escapes what a program writes in its report', () => {
    const page = join(folder, 'escaped.html');
    commute(
      'check',
      guest('echo.elf'),
      '--input',
      file(folder, 'evil.txt', '<script>alert("x")</script>'),
      '--report',
      page,
    );
    const html = readFileSync(page, 'utf8');
    expect(html).not.toContain('<script');
    expect(html).toContain('&#60;script&#62;');
  });
});
