import { existsSync } from 'node:fs';
import { BaseError } from '@commute/errors';
import { createNetwork, type Network, type NetworkOptions } from '@commute/rho-node';
import { ed25519 } from '@noble/curves/ed25519.js';
import { RejectedError, UsageError } from '../../failure.ts';
import { readNamed } from '../../program.ts';
import { hex } from '../../terminal.ts';

/** What a network file holds, as JSON. */
interface NetworkFile {
  readonly version: 1;
  /** Identity of the network, so that a change is seen. */
  readonly id: string;
  readonly members: readonly { readonly publicKey: string; readonly stake: string }[];
  readonly quorum: string;
  readonly genesis: string;
  readonly decision: 'hash' | 'votes';
  readonly maximumComms: number;
  readonly maximumBlockComms: number;
  readonly maximumBlockBytes: number;
  readonly lifetime: number;
}

function bytesFromHex(text: string): Uint8Array | undefined {
  const digits = /^(?:0x)?([0-9a-f]{64})$/i.exec(text.trim())?.[1];
  return digits === undefined ? undefined : Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Reads the secret key of a member, 64 hex digits. */
export function readSecretKey(name: string, path: string): Uint8Array {
  const key = bytesFromHex(new TextDecoder().decode(readNamed(name, path)));
  if (key === undefined) throw new UsageError(name, `${name}: expected 64 hex digits in ${path}, got something else`);
  return key;
}

/** The public key of a member that the command line names: by a file with its secret key, or by 64 hex digits. */
export function publicKeyOf(text: string): Uint8Array {
  if (existsSync(text)) return ed25519.getPublicKey(readSecretKey('member', text));
  const key = bytesFromHex(text);
  if (key !== undefined) return key;
  throw new UsageError(
    'member',
    `member: expected a file with a secret key, or a public key of 64 hex digits, got ${text}`,
  );
}

/** The text of a network file. */
export function networkText(network: Network): string {
  const { members, quorum, genesis, decision, maximumComms, maximumBlockComms, maximumBlockBytes, lifetime } = network;
  const file: NetworkFile = {
    version: 1,
    id: hex(network.id),
    members: members.map(({ publicKey, stake }) => ({ publicKey: hex(publicKey), stake: stake.toString() })),
    quorum: quorum.toString(),
    genesis,
    decision,
    maximumComms,
    maximumBlockComms,
    maximumBlockBytes,
    lifetime,
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

function optionsFrom(file: Partial<NetworkFile>): NetworkOptions | undefined {
  const { version, members, quorum, genesis, decision } = file;
  if (version !== 1 || !Array.isArray(members) || typeof genesis !== 'string') return undefined;
  if (decision !== 'hash' && decision !== 'votes') return undefined;
  const stakeOf = (text: unknown): bigint | undefined =>
    typeof text === 'string' && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  const list: { publicKey: Uint8Array; stake: bigint }[] = [];
  for (const one of members as readonly unknown[]) {
    const { publicKey, stake } = one as { publicKey?: unknown; stake?: unknown };
    const key = typeof publicKey === 'string' ? bytesFromHex(publicKey) : undefined;
    const weight = stakeOf(stake);
    if (key === undefined || weight === undefined) return undefined;
    list.push({ publicKey: key, stake: weight });
  }
  const most = stakeOf(quorum);
  const numbers = ['maximumComms', 'maximumBlockComms', 'maximumBlockBytes', 'lifetime'] as const;
  if (most === undefined || numbers.some((name) => typeof file[name] !== 'number')) return undefined;
  const { maximumComms, maximumBlockComms, maximumBlockBytes, lifetime } = file as NetworkFile;
  const limits = { maximumComms, maximumBlockComms, maximumBlockBytes, lifetime };
  return { members: list, quorum: most, genesis, decision, ...limits };
}

/**
 * Reads a network file.
 *
 * @throws RejectedError if it is none, or was changed so that it is of another network.
 */
export function readNetwork(path: string): Network {
  const reject = (got: string): never => {
    throw new RejectedError(path, `expected a network file of \`commute rho network\`, got ${got}`);
  };
  let file: unknown;
  try {
    file = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(readNamed('network', path)));
  } catch (error) {
    if (error instanceof BaseError) throw error;
    return reject('no JSON');
  }
  const options = typeof file === 'object' && file !== null ? optionsFrom(file) : undefined;
  if (options === undefined) return reject('other fields');
  let network: Network;
  try {
    network = createNetwork(options);
  } catch (error) {
    return reject(error instanceof Error ? error.message : String(error));
  }
  return hex(network.id) === (file as NetworkFile).id ? network : reject('one that was changed');
}
