import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import type { Soaked } from '../src/soak-runner.ts';

const folder = path.join(import.meta.dirname, '..');
const vitest = path.join(folder, 'node_modules', 'vitest', 'vitest.mjs');
const scratch = mkdtempSync(path.join(tmpdir(), 'commute-soak-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs the broken tests in a process of their own. */
function run(settings: Record<string, string>, ...more: string[]): { status: number | null; output: string } {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:COMMUTE|VITEST)/.test(name)),
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config=test/broken.config.ts', ...more],
    { cwd: folder, encoding: 'utf8', env: { ...environment, NO_COLOR: '1', ...settings } },
  );
  return { status, output: stdout + stderr };
}

const casesIn = (output: string): string[] => output.match(/^cases .*$/gm) ?? [];

test('every run without a chosen seed tests the same cases', () => {
  const [one, two] = [run({}), run({})];
  expect(one).toMatchObject({ status: 0 });
  expect(casesIn(one.output)).toHaveLength(1);
  expect(casesIn(two.output)).toEqual(casesIn(one.output));
});

test('a soak repeats what is random with other seeds, and the seed it names fails again', () => {
  const log = path.join(scratch, 'log.jsonl');
  const soak = run({ COMMUTE_SEED: '7', COMMUTE_SOAK_LOG: log, COMMUTE_SOAK_SECONDS: '60' }, '--repeats=999');
  expect(soak.status).toBe(1);
  const cases = casesIn(soak.output);
  expect(new Set(cases).size).toBe(cases.length);
  expect(soak.output.match(/^plain$/gm)).toHaveLength(1);

  const tests = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Soaked);
  expect(tests.map(({ name }) => name)).toEqual(['a property that (seldom) fails', "a generator of the test's own"]);
  for (const { repetitions, cases: drawn, failedSeed, file, name } of tests) {
    expect(file).toBe('tools/build/test/broken/broken.ts');
    expect(repetitions).toBeGreaterThan(1);
    expect(repetitions).toBeLessThan(999);
    expect(drawn).toBeGreaterThanOrEqual(repetitions);
    const again = run({ COMMUTE_SEED: String(failedSeed) }, '-t', name.replaceAll(/[()]/g, '.'));
    expect(again).toMatchObject({ status: 1 });
    expect(again.output).toContain(`FAIL`);
  }
});

test('a seed that is no seed is refused', () => {
  const { status, output } = run({ COMMUTE_SEED: '1.5' });
  expect(status).toBe(1);
  expect(output).toContain("COMMUTE_SEED: expected a 32-bit signed integer, got '1.5'");
});
