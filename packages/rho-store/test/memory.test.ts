import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = path.join(import.meta.dirname, 'run-block.ts');

/** Heap of the process, in MiB: a fifth of what objects for all events of the block would take. */
const HEAP = 96;

test.for([
  ['memory', 'calls'],
  ['LMDB', 'waits'],
] as const)(
  'a block of 40,000 metered reductions on %s is made and played again in a small heap, where its program %s',
  async ([kind, shape]) => {
    const reductions = 40_000;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@commute/source',
      `--max-old-space-size=${String(HEAP)}`,
      script,
      String(reductions),
      kind,
      shape,
    ]);
    const said = JSON.parse(stdout) as Record<'ok' | 'refused' | 'reductions' | 'made' | 'replayed', unknown>;
    expect(said).toMatchObject({ ok: true, refused: [] });
    expect(said.reductions).toBeGreaterThan(reductions - 10);
    // What is kept as bytes is outside of the heap; with the program itself and the pages of the file 200 to 320.
    expect(said.made).toBeLessThan(500);
    expect(said.replayed).toBeLessThan(500);
  },
);
