/*
 * A party of a dispute, in a thread of its own: runs the program itself and answers the referee from its own snapshots.
 */
import { workerData, type MessagePort } from 'node:worker_threads';
import { parseElf } from '@commute/elf';
import type { Implementation } from '@commute/fast-vm';
import { hasherByName } from '@commute/machine';
import { createLyingParty, createParty, runWithSnapshots, serveParty, type DisputePort, type Lie } from '@commute/swap';
import { createMachine } from './machines.ts';
import { createStack, type StackOptions } from './stack-module.ts';

/** What a party is told. */
export interface PartyTask {
  readonly name: string;
  readonly elf: Uint8Array;
  readonly input: Uint8Array;
  /** How the fast machine executes the run; single steps are interpreted. */
  readonly implementation: Implementation;
  readonly stack: StackOptions;
  /** The number of steps that claims must have, a multiple of `stepsPerSnapshot`; null for a run to its end. */
  readonly steps: number | null;
  readonly stepsPerSnapshot: number;
  /** How the last step of the fast machine is settled. */
  readonly settle: 'bisect' | 'proof';
  /** Null for an honest party. */
  readonly lie: Lie | null;
  /** Where questions come from. */
  readonly port: MessagePort;
}

async function serve({
  name,
  elf,
  input,
  implementation,
  stack: options,
  steps,
  stepsPerSnapshot,
  settle,
  lie,
  port,
}: PartyTask): Promise<void> {
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(`elf: expected ${parsed.expected}, got ${parsed.got}`);
  const stack = createStack(options);
  const { hash, maximumPages } = options;
  const machine = createMachine({ elf: parsed.elf, input, hasher: hasherByName(hash), maximumPages, implementation });
  const segments = steps === null ? {} : { segments: steps / stepsPerSnapshot, throughHalt: true };
  const { store } = await runWithSnapshots({ machine, stepsPerSnapshot, ...segments });
  // Loaded where it is wanted only: preparing proofs takes a while.
  const prover =
    settle === 'proof' ? { prove: (await (await import('./settlement.ts')).openSettlement(options)).prove } : {};
  const standing = { name, stack, store, ...prover };
  const party = lie === null ? createParty(standing) : createLyingParty(standing, lie);
  // Questions that came in the meantime wait in the port.
  serveParty(party, port as unknown as DisputePort);
}

await serve(workerData as PartyTask);
