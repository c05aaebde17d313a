/*
 * A share of a run's proofs, in a thread of its own: executes the program itself, and meets the other shares in the folder of the store.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { proveRunShare, type ProveRunOptions, type RunProgress } from '@commute/continuation';
import { parseElf } from '@commute/elf';
import { createFieldEngine } from '@commute/field';
import { openProofStore } from './proof-store.ts';
import { provableElf } from './provable-elf.ts';

/** What a share is told. */
export interface ShareTask {
  readonly elf: Uint8Array;
  readonly name: string;
  readonly input: Uint8Array;
  readonly options: Pick<
    ProveRunOptions,
    'form' | 'securityBits' | 'logCycles' | 'mostCycles' | 'memory' | 'leastProofs'
  >;
  /** Of the prover of each share. */
  readonly threads: number;
  readonly directory: string;
  readonly share: number;
  readonly shares: number;
}

/** What a share says: how far it is. */
export type ShareMessage = Pick<RunProgress, 'phase' | 'done'>;

async function work({ elf, name, input, options, directory, threads, share, shares }: ShareTask): Promise<void> {
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(`elf: expected ${parsed.expected}, got ${parsed.got}`);
  const engine = await createFieldEngine({ threads });
  const onProgress = ({ phase, done }: RunProgress): void => {
    parentPort?.postMessage({ phase, done } satisfies ShareMessage);
  };
  const store = openProofStore(directory);
  // Whoever puts the shares together executes the program too, and finds what refuses it.
  await proveRunShare(engine, provableElf(parsed.elf, name), input, { ...options, share, shares, store, onProgress });
  engine.dispose();
}

await work(workerData as ShareTask);
