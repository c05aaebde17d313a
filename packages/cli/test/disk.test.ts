import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DiskRunReport } from '../src/disk/run.ts';
import { commute, commuteJson, file, guest, scratchFolder } from './support.ts';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const program = guest('disksort.multiply.elf');
const numbers = [5, 3, 2 ** 32 - 1, 0, 4];
const words = (values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
writeFileSync(at('input'), words(numbers));
writeFileSync(at('sorted'), words(numbers.toSorted((a, b) => a - b)));
const files = ['--after', at('after'), '--stream', at('stream'), '--argument', at('argument')];

describe('commute disk', () => {
  let report: DiskRunReport;
  beforeAll(() => {
    const ended = commuteJson('disk run', program, '--input', at('input'), '--output', at('output'), ...files);
    expect(ended.status).toBe(0);
    ({ report } = ended);
    const proved = commuteJson('prove', program, '--input', at('stream'), '--out', at('proof'), '--log2-cycles', '12');
    expect(proved.status).toBe(0);
  });

  test('runs a program that sorts on its disk', () => {
    expect(report).toMatchObject({
      command: 'disk run',
      exitCode: 0,
      reads: 1,
      writes: 1,
      inputBytes: 20,
      outputBytes: 20,
    });
    expect(readFileSync(at('output'))).toEqual(readFileSync(at('sorted')));
    expect(report.streamBytes).toBe(readFileSync(at('stream')).length);
    expect(report.argumentBytes).toBe(readFileSync(at('argument')).length);
  });

  test('verifies what the proof of the run leaves open', () => {
    expect(commuteJson('verify', at('proof'), '--program', program, '--input', at('stream')).status).toBe(0);
    const expected = [
      '--before',
      report.before,
      '--after',
      report.after,
      '--input',
      at('input'),
      '--output',
      at('sorted'),
    ];
    const verified = commuteJson('disk verify', at('argument'), '--proof', at('proof'), ...expected);
    expect(verified.status).toBe(0);
    expect(verified.report).toMatchObject({ valid: true, reason: null, reads: 1, writes: 1, after: report.after });
    const { status, stderr } = commute('disk', 'verify', at('argument'), '--proof', at('proof'));
    expect(status).toBe(0);
    expect(stderr).toContain('is valid');
  });

  test.for([
    ['--before', `0x${'0'.repeat(64)}`, 'other-root-before'],
    ['--after', `0x${'0'.repeat(64)}`, 'other-root-after'],
    ['--input', at('sorted'), 'other-input'],
    ['--output', at('input'), 'other-output'],
    ['--proof', at('stream'), 'proof: unknown-format'],
  ] as const)('refuses another %s', ([option, value, reason]) => {
    const words = option === '--proof' ? [option, value] : ['--proof', at('proof'), option, value];
    const refused = commuteJson('disk verify', at('argument'), ...words);
    expect(refused.status).toBe(1);
    expect(refused.report).toMatchObject({ valid: false, reason });
  });

  test('refuses an argument about another run, or none', () => {
    const other = ['disk', 'run', program, '--input', at('sorted'), '--output', at('other-output')];
    const otherFiles = [
      '--after',
      at('other-after'),
      '--stream',
      at('other-stream'),
      '--argument',
      at('other-argument'),
    ];
    expect(commute(...other, ...otherFiles).status).toBe(0);
    const refused = commuteJson('disk verify', at('other-argument'), '--proof', at('proof'));
    expect(refused).toMatchObject({ status: 1, report: { valid: false, reason: 'other-input' } });
    const none = commuteJson('disk verify', at('stream'), '--proof', at('proof'));
    expect(none).toMatchObject({ status: 1, report: { valid: false, reason: 'unknown-format' } });
  });

  test('goes on from the disk that a run left', () => {
    copyFileSync(at('after'), at('second-before'));
    const second = commuteJson(
      'disk run',
      program,
      '--disk',
      at('second-before'),
      '--input',
      at('input'),
      '--output',
      at('output'),
      ...files,
    );
    expect(second.status).toBe(0);
    expect(second.report).toMatchObject({ before: report.after, after: report.after });
  });

  test('says what is wrong', () => {
    const hello = commute('disk', 'run', guest('hello.micro.elf'), ...files);
    expect(hello.status).toBe(1);
    expect(hello.stderr).toContain('the program does not speak to a disk: incomplete-request at byte 0 of its output');
    const noDisk = commute('disk', 'run', program, '--disk', file(folder, 'no-disk', 'nothing at all'), ...files);
    expect(noDisk.status).toBe(1);
    expect(noDisk.stderr).toContain('is not the file of a disk: unknown-format');
    const noRoot = commute('disk', 'verify', at('argument'), '--proof', at('proof'), '--before', '0x12');
    expect(noRoot.status).toBe(2);
    expect(noRoot.stderr).toContain('--before: expected 0x and 64 hex digits, got 0x12');
  });
});
