import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { TestRunner, type RunnerTask, type RunnerTestCase, type TestTryOptions } from 'vitest';
import { currentSeed, drawnCases, setSeed } from './seed.ts';

/** What a soak tells of a test with random cases, one line of JSON each. */
export interface Soaked {
  /** Path from the workspace, with `/`. */
  readonly file: string;
  readonly name: string;
  /** How often the test ran, each time with another seed. */
  readonly repetitions: number;
  /** Random cases in all repetitions. */
  readonly cases: number;
  /** The seed that the test failed with; it is not repeated after that. */
  readonly failedSeed?: number;
}

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const log = process.env['COMMUTE_SOAK_LOG'] ?? '';
const milliseconds = Number(process.env['COMMUTE_SOAK_SECONDS'] ?? 0) * 1000;
const firstSeed = currentSeed();

/** The seed of a repetition: far from the seeds of the others, and the run's own for the first. */
function seedOf(repetition: number): number {
  return (firstSeed + Math.imul(repetition, 0x9e3779b9)) | 0;
}

/**
 * Repeats each test that draws random cases, as often as the configuration says or until the time for it is over, with another seed each time.
 * A test without random cases runs once.
 */
export default class SoakRunner extends TestRunner {
  #until = 0;
  #drawnBefore = 0;
  #repetitions = 0;
  #failed = false;

  override async onBeforeRunTask(test: RunnerTask): Promise<void> {
    this.#until = performance.now() + milliseconds;
    this.#drawnBefore = drawnCases();
    this.#repetitions = 0;
    this.#failed = false;
    await super.onBeforeRunTask(test);
  }

  override onBeforeTryTask(test: RunnerTask, options: TestTryOptions): void {
    if (this.#wanted()) setSeed(seedOf(options.repeats));
    super.onBeforeTryTask(test, options);
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    if (!this.#wanted()) return;
    this.#repetitions++;
    this.#failed = true;
    await TestRunner.getTestFn(test)();
    this.#failed = false;
  }

  override onAfterRunTask(test: RunnerTask): void {
    super.onAfterRunTask(test);
    const cases = drawnCases() - this.#drawnBefore;
    const failed = test.result?.state === 'fail';
    if (cases > 0 || failed) {
      const soaked: Soaked = {
        file: path.relative(root, test.file.filepath).replaceAll(path.sep, '/'),
        name: test.fullTestName ?? test.name,
        repetitions: this.#repetitions,
        cases,
        ...(failed ? { failedSeed: currentSeed() } : {}),
      };
      appendFileSync(log, `${JSON.stringify(soaked)}\n`);
    }
  }

  /** Whether another repetition could find something. Hooks of those that could not still run. */
  #wanted(): boolean {
    if (this.#failed) return false;
    return this.#repetitions === 0 || (drawnCases() > this.#drawnBefore && performance.now() < this.#until);
  }
}
