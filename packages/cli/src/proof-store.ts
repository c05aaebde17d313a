import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProofStore } from '@commute/continuation';
import { UsageError } from './failure.ts';
import { makeFolder } from './program.ts';

/**
 * Keeps what a prover has made in a folder, one file each. A file is written beside its place, flushed, and renamed: after a kill at any moment
 * it is there whole, or not at all.
 */
export function openProofStore(directory: string): ProofStore {
  try {
    makeFolder(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new UsageError('work', `--work: expected a folder that can be made, got ${directory} (${code})`);
  }
  return {
    get: async (key) => {
      try {
        return new Uint8Array(await readFile(join(directory, key)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw unusable(directory, error);
      }
    },
    set: async (key, bytes) => {
      const place = join(directory, key);
      const beside = `${place}.${String(process.pid)}.part`;
      try {
        const file = await open(beside, 'w');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(beside, place);
      } catch (error) {
        throw unusable(directory, error);
      }
    },
  };
}

function unusable(directory: string, error: unknown): UsageError {
  const code = (error as NodeJS.ErrnoException).code ?? 'error';
  return new UsageError('work', `--work: expected a folder that can be read and written, got ${directory} (${code})`);
}
