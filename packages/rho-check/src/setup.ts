import { standardProcesses, type SystemProcess } from '@commute/rholang';

/** The system processes that a program finds, by URI. */
export function processesByUri(own: readonly SystemProcess[] = []): ReadonlyMap<string, SystemProcess> {
  return new Map([...standardProcesses(), ...own].map((one) => [one.uri, one] as const));
}
