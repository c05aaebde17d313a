/* The thread of a check: makes machines of its own, then does one job after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { BaseError } from '@commute/errors';
import { Snapshot } from '@commute/machine';
import { JobRun } from '../check/pool.ts';
import { StepChecker } from '../check/step-checker.ts';
import type { Stack } from '../layer.ts';
import { unpackJob, type PackedJob, type StackModule, type WorkerAnswer } from './messages.ts';

const answer = (message: WorkerAnswer): void => {
  parentPort?.postMessage(message);
};

async function stackFrom({ module, exportName, options }: StackModule): Promise<Stack> {
  const exports = (await import(module)) as Readonly<Record<string, unknown>>;
  const create = exports[exportName];
  if (typeof create !== 'function') {
    throw new BaseError(
      'SWAP_WORKER_FAILED',
      `module: expected ${module} to export a function ${exportName}, got ${typeof create}`,
      {
        module,
        exportName,
      },
    );
  }
  return await (create as (options: unknown) => Stack | Promise<Stack>)(options);
}

async function serve(): Promise<void> {
  const checker = new StepChecker(await stackFrom(workerData as StackModule));
  let held = Snapshot.empty(checker.upper.memory.hasher);
  answer({ kind: 'ready', hashName: held.hasher.name });
  parentPort?.on('message', (packed: PackedJob) => {
    try {
      const unpacked = unpackJob(packed, held);
      held = unpacked.held;
      const run = new JobRun(checker, unpacked.job);
      for (;;) {
        const result = run.next();
        if (result !== undefined) {
          answer({ kind: 'result', result });
          return;
        }
        answer({ kind: 'progress', steps: run.steps });
      }
    } catch (error) {
      fail(error);
    }
  });
}

function fail(error: unknown): void {
  answer({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

serve().catch(fail);
