/** What verifiers know of tables, computed from these: for the file that says it, and for the test of that file. */
import { createFieldEngineSync } from '@commute/field';
import { createStarkSystem, type VerifyingKey, verifyingKey } from '@commute/stark';
import { createChainSystem, createMachineProgram, createProgram, type LinkForm } from '../src/index.ts';
import { END_TABLES, knownName } from '../src/chain/known-systems.ts';
import { STATE_BUS } from '../src/link/global-table.ts';

/** The machines that there are keys for. */
export const KNOWN_MACHINES = [{ multiply: false }, { multiply: true }] as const;

/** The keys of the systems of machines, in the forms that have some, and of the ends, from their tables. */
export function computeKeys(machines: readonly { readonly multiply: boolean }[]): Record<string, VerifyingKey> {
  const engine = createFieldEngineSync();
  // li a7, 93; ecall
  const code = Uint8Array.from([0x93, 0x08, 0xd0, 0x05, 0x73, 0, 0, 0]);
  const image = { entry: 0x1000, segments: [{ address: 0x1000, bytes: code, executable: true }] };
  const keys: Record<string, VerifyingKey> = {};
  for (const machine of machines) {
    for (const form of ['pairwise', 'global'] as const satisfies readonly LinkForm[]) {
      const { known: _, ...program } = createMachineProgram(createProgram(image, machine));
      keys[knownName(machine, form)!] = verifyingKey(createChainSystem(program, { form, engine }).segments);
    }
  }
  engine.dispose();
  keys['ends'] = verifyingKey(createStarkSystem(END_TABLES, { exposedBuses: [STATE_BUS] }));
  return keys;
}
