/**
 * Systems whose tables never change, so that verifiers need not look at their constraints.
 *
 * @module
 */
import { type Table, type VerifyingKey } from '@commute/stark';
import { type MachineConfiguration } from '../extension.ts';
import { byteTable } from '../link/byte-table.ts';
import { endTable } from '../link/global-table.ts';
import { type LinkForm } from '../link/state-link.ts';
import { keyNamed } from './known-keys.ts';

/** The tables of a proof of the ends. */
export const END_TABLES: readonly Table[] = [endTable, byteTable];

/** What a key is called; nothing for a system that has none. */
export function knownName(machine: MachineConfiguration, form: LinkForm): string | undefined {
  const { multiply = false, misaligned = false, extensions = [] } = machine;
  if (misaligned || extensions.length > 0 || form === 'paged') return undefined;
  return `${multiply ? 'rv32im' : 'rv32i'} ${form}`;
}

/** What is known of the system of a machine's segments. */
export function knownKey(machine: MachineConfiguration, form: LinkForm): VerifyingKey | undefined {
  const name = knownName(machine, form);
  return name === undefined ? undefined : keyNamed(name);
}

/** What is known of the system of the ends. */
export function endKey(): VerifyingKey | undefined {
  return keyNamed('ends');
}
