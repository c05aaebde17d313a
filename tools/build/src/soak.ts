/*
 * Repeats the tests that draw random cases, each time with another seed, package after package, and says how to see each failure again:
 * `npm run soak -- rholang swap --seconds 60`. A package that fails does not keep the others from their turn.
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Soaked } from './soak-runner.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');

const USAGE = `npm run soak -- [package...] [--seconds n] [--times n] [--seed n] [--file text]

  --seconds   repeat a test until this many seconds have passed since it began (10)
  --times     but not more often than this (200)
  --seed      the first repetition's seed, a 32-bit signed integer (random)
  --file      only test files whose path contains this text`;

function stop(message: string): never {
  console.error(`soak: ${message}\n\n${USAGE}`);
  process.exit(2);
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < least || value > most) {
    stop(`--${name}: expected a whole number from ${String(least)} to ${String(most)}, got '${text}'`);
  }
  return value;
}

function readArguments(): {
  values: Record<'seconds' | 'times', string> & { seed?: string; file?: string };
  positionals: string[];
} {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '10' },
        times: { type: 'string', default: '200' },
        seed: { type: 'string' },
        file: { type: 'string' },
      },
    });
  } catch (error) {
    return stop(error instanceof Error ? error.message : String(error));
  }
}

/** Quotes an argument for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The command that runs one test with one seed. */
function reproduce({ file, name }: Soaked, seed: number): string {
  const pattern = `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`;
  return `COMMUTE_SEED=${String(seed)} npx vitest run ${file} -t ${quoted(pattern)}`;
}

const { values, positionals } = readArguments();
const seconds = whole('seconds', values.seconds, 0, 86_400);
const times = whole('times', values.times, 1, 1_000_000);
const seed =
  values.seed === undefined ? randomInt(2 ** 32) - 2 ** 31 : whole('seed', values.seed, -(2 ** 31), 2 ** 31 - 1);
const projects = ['packages', 'tools'].flatMap((folder) =>
  readdirSync(path.join(root, folder)).filter((name) => existsSync(path.join(root, folder, name, 'vitest.config.ts'))),
);
const unknown = positionals.filter((name) => !projects.includes(name));
if (unknown.length > 0) stop(`expected some of ${projects.join(', ')}, got ${unknown.join(', ')}`);

const logs = path.join(root, 'out', 'soak');
mkdirSync(logs, { recursive: true });
console.log(
  `Every test with random cases for ${String(seconds)} s, at most ${String(times)} times; seed ${String(seed)}\n`,
);

const failures: string[] = [];
for (const project of positionals.length > 0 ? positionals : projects) {
  const log = path.join(logs, `${project}.jsonl`);
  rmSync(log, { force: true });
  const { status } = spawnSync(
    process.execPath,
    [
      path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      ...(values.file === undefined ? [] : [values.file]),
      `--project=${project}`,
      `--repeats=${String(times - 1)}`,
      '--passWithNoTests',
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        COMMUTE_SEED: String(seed),
        COMMUTE_SOAK_LOG: log,
        COMMUTE_SOAK_SECONDS: String(seconds),
      },
    },
  );
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  const tests = lines.map((line) => JSON.parse(line) as Soaked);
  const sum = (of: (test: Soaked) => number): string =>
    tests.reduce((total, test) => total + of(test), 0).toLocaleString('en');
  const failed = tests.filter(({ failedSeed }) => failedSeed !== undefined);
  console.log(
    `${project}: ${String(tests.length)} tests with random cases, ${sum((test) => test.repetitions)} runs of them, ${sum((test) => test.cases)} cases, ${String(failed.length)} failed\n`,
  );
  for (const test of failed) failures.push(reproduce(test, test.failedSeed ?? seed));
  if (status !== 0 && failed.length === 0) failures.push(`${project}: ended with ${String(status)} and named no test`);
}
if (failures.length > 0) {
  console.log(`To see the failures again:\n${failures.map((line) => `  ${line}`).join('\n')}`);
  process.exitCode = 1;
}
