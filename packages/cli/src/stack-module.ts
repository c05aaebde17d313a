/*
 * What each worker thread and each party of a dispute imports to make machines of its own.
 */
import { hasherByName, type Machine } from '@commute/machine';
import { createRiscvLayer } from '@commute/riscv-swap';
import { FaultyMachine, type Fault, type Stack } from '@commute/swap';

/** What can be sent to a worker. */
export interface StackOptions {
  readonly hash: string;
  readonly maximumPages: number;
  readonly log2MicroSteps: number;
  /** A mistake that the fast machine makes, for demonstrations; null for none. */
  readonly fault: Fault | null;
}

/** The fast machine on the micro machine. */
export function createStack(options: StackOptions): Stack {
  const { hash, maximumPages, log2MicroSteps, fault } = options;
  const layer = createRiscvLayer({ hasher: hasherByName(hash), maximumPages, log2MicroSteps });
  if (fault === null) return [layer];
  return [{ ...layer, upper: (): Machine => new FaultyMachine(layer.upper(), fault) }];
}

/** Where this module is, for worker threads. */
export const STACK_MODULE: string = import.meta.url;
