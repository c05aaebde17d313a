import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { machineConformance } from '../src/conformance.ts';
import { Countdown } from '../examples/countdown.ts';

machineConformance({
  name: 'countdown, long',
  create: () => new Countdown(),
  prepare: (machine) => machine.memory.storeWord(0x1000, 5000),
});
machineConformance({
  name: 'countdown to its end',
  create: () => new Countdown(),
  prepare: (machine) => machine.memory.storeWord(0x1000, 50),
});

const WHAT_FAILS: Readonly<Record<string, string>> = {
  'false-log.ts': 'the log alone explains it',
  'hidden-state.ts': 'has no state but its memory',
  'moving-halt.ts': 'once halted stays as it is',
  'silent-store.ts': 'notes in the journal every word',
};

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

describe('the suite finds what is wrong with a machine', () => {
  const folder = join(import.meta.dirname, 'broken');
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  let report: Report;

  beforeAll(() => {
    const config = join(import.meta.dirname, 'broken.config.ts');
    const scratch = mkdtempSync(join(tmpdir(), 'conformance-'));
    const output = join(scratch, 'report.json');
    const run = spawnSync(
      process.execPath,
      [vitest, 'run', '--config', config, '--reporter=json', `--outputFile=${output}`],
      { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' },
    );
    report = JSON.parse(readFileSync(output, 'utf8')) as Report;
    rmSync(scratch, { recursive: true });
    expect(run.status).toBe(1);
  });

  test('every broken machine has an expectation', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(WHAT_FAILS));
  });

  test.each(Object.entries(WHAT_FAILS))('%s', (file, title) => {
    const results = report.testResults.find(({ name }) => basename(name) === file)!.assertionResults;
    const failed = results.filter(({ status }) => status === 'failed');
    expect(failed.map((result) => result.title).join('\n')).toContain(title);
    expect(results.some(({ status }) => status === 'passed')).toBe(true);
  });
});
