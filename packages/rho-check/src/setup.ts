import {
  standardProcesses,
  type SystemProcess,
  type Term,
  type TupleSpace,
  prepareSpace,
  sendOf,
} from '@commute/rholang';
import type { LoadedProgram } from './program.ts';

/** Tells whether the program can reach the registry, so that its state is a part of the program's. */
export function usesRegistry({ uris }: LoadedProgram): boolean {
  return [...uris].some((uri) => uri.startsWith('rho:registry:'));
}

/** The message that a store begins with. */
export function genesisMessage(): Term {
  let message: Term | undefined;
  const recorder: TupleSpace = {
    produce: (channel, datum) => {
      message = sendOf(channel, datum);
      return [];
    },
    consume: () => [],
    install: () => undefined,
    checkpoint: () => () => undefined,
  };
  prepareSpace(recorder);
  return message!;
}

/** The system processes that a program finds, by URI. */
export function processesByUri(own: readonly SystemProcess[] = []): ReadonlyMap<string, SystemProcess> {
  return new Map([...standardProcesses(), ...own].map((one) => [one.uri, one] as const));
}
