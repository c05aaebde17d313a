import { writeFileSync } from 'node:fs';
import { BaseError } from '@commute/errors';
import { createNetwork, type Network } from '@commute/rho-node';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { CommandHelp } from '../../arguments.ts';
import type { CommandContext } from '../../command.ts';
import { EXIT, UsageError, type ExitCode } from '../../failure.ts';
import { readNamed, writeNamed } from '../../program.ts';
import { hex } from '../../terminal.ts';
import { networkText, publicKeyOf } from './network-file.ts';

export const RHO_KEY: CommandHelp = {
  name: 'rho key',
  positional: '<file>',
  help: 'make the secret key of a member of a network, and print its public key',
  options: {},
};

/** Fields of `commute rho key --json`. */
export interface RhoKeyReport {
  readonly command: 'rho key';
  readonly publicKey: string;
}

/** `commute rho key`. */
export function rhoKey({ args, terminal }: CommandContext): Promise<ExitCode> {
  const { secretKey, publicKey } = ed25519.keygen();
  try {
    // Never over another key, and for its owner only.
    writeFileSync(args.positional, `${Buffer.from(secretKey).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new UsageError(
      'file',
      `file: expected one that is not there and can be made, got ${args.positional} (${code})`,
    );
  }
  const report: RhoKeyReport = { command: 'rho key', publicKey: hex(publicKey) };
  terminal.out(args.flag('json') ? `${JSON.stringify(report)}\n` : `${report.publicKey}\n`);
  return Promise.resolve(EXIT.ok);
}

export const RHO_NETWORK: CommandHelp = {
  name: 'rho network',
  positional: '<member> ...',
  positionals: [1, 256],
  help: 'write the file of a network: its members, by key files or public keys, and what they agree on',
  options: {
    out: { value: 'FILE', help: 'the network file' },
    genesis: { value: 'FILE', help: 'Rholang program that its first version holds' },
    quorum: { value: 'N', help: 'members that close a round; the least that is more than two thirds unless told' },
    decision: { value: 'NAME', help: 'how conflicts are decided: hash (default) or votes' },
  },
};

/** Fields of `commute rho network --json`. */
export interface RhoNetworkReport {
  readonly command: 'rho network';
  readonly network: string;
  readonly members: readonly string[];
  readonly quorum: number;
}

/** `commute rho network`. */
export function rhoNetwork({ args, terminal }: CommandContext): Promise<ExitCode> {
  const out = args.text('out');
  if (out === undefined) throw new UsageError('out', '--out: expected the network file, got nothing');
  const genesis = args.text('genesis');
  const quorum = args.number('quorum', 1, 256);
  let network: Network;
  try {
    network = createNetwork({
      members: args.positionals.map((text) => ({ publicKey: publicKeyOf(text) })),
      decision: args.choice('decision', ['hash', 'votes'], 'hash'),
      ...(genesis === undefined ? {} : { genesis: new TextDecoder().decode(readNamed('genesis', genesis)) }),
      ...(quorum === undefined ? {} : { quorum: BigInt(quorum) }),
    });
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof BaseError)) throw error;
    throw new UsageError('network', (error as Error).message);
  }
  writeNamed('out', out, networkText(network));
  const report: RhoNetworkReport = {
    command: 'rho network',
    network: hex(network.id),
    members: network.members.map(({ publicKey }) => hex(publicKey)),
    quorum: Number(network.quorum),
  };
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    terminal.note(`${String(report.members.length)} members, of whom ${String(report.quorum)} close a round`);
    terminal.note(`network ${report.network}`);
  }
  return Promise.resolve(EXIT.ok);
}
