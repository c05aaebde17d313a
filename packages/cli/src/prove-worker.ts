/*
 * A share of a run's proofs, in a thread of its own: executes the program itself, and meets the other shares in the folder of the store. One that has no others
 * proves the whole run.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  proveRun,
  proveRunShare,
  type ProveRunOptions,
  type ProveRunRefusal,
  type ProvenRun,
  type RunProgress,
} from '@commute/continuation';
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

/** What a share says: how far it is, and in the end the run, if it has proved all of it. */
export type ShareMessage = RunProgress | { readonly run: ProvenRun | ProveRunRefusal };

async function work({ elf, name, input, options, directory, threads, share, shares }: ShareTask): Promise<void> {
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(`elf: expected ${parsed.expected}, got ${parsed.got}`);
  const engine = await createFieldEngine({ threads });
  const tell = (message: ShareMessage): void => {
    parentPort?.postMessage(message);
  };
  const program = provableElf(parsed.elf, name);
  const proving = { ...options, store: openProofStore(directory), onProgress: tell };
  // Whoever puts shares together executes the program too, and finds what refuses it.
  if (shares === 1) tell({ run: await proveRun(engine, program, input, proving) });
  else await proveRunShare(engine, program, input, { ...proving, share, shares });
  engine.dispose();
}

await work(workerData as ShareTask);
