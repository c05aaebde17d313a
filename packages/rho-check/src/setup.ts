import { standardProcesses, type BlockData, type DeployData, type SystemProcess } from '@commute/rholang';

/** What `rho:block:data` and `rho:deploy:data` answer unless told. */
export const NO_BLOCK: BlockData = { number: 0n, timestamp: 0n, sender: new Uint8Array(0) };
export const NO_DEPLOY: DeployData = { timestamp: 0n, deployer: new Uint8Array(0), id: new Uint8Array(0) };

/** The system processes that a program finds, by URI. */
export function processesByUri(own: readonly SystemProcess[] = []): ReadonlyMap<string, SystemProcess> {
  return new Map([...standardProcesses(), ...own].map((one) => [one.uri, one] as const));
}
