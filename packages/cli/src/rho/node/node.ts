import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '@commute/errors';
import { DeployRefusedError, keepTime, RhoNode, type TransferProgress } from '@commute/rho-node';
import { connect, serve, type Connecting, type Serving } from '@commute/rho-node/node';
import type { CommandHelp } from '../../arguments.ts';
import type { CommandContext } from '../../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../../failure.ts';
import { readNamed } from '../../program.ts';
import type { Terminal } from '../../terminal.ts';
import { DEPLOY_OPTIONS, readSigningKey } from '../deploys.ts';
import { STORE_OPTION, withNamedStore } from '../store.ts';
import { findingText } from '../text.ts';
import { readNetwork, readSecretKey } from './network-file.ts';
import { NodeReporter } from './reporter.ts';

export const RHO_NODE: CommandHelp = {
  name: 'rho node',
  positional: '<file.rho> ...',
  positionals: [0, 1000],
  help: 'run a node of a network, which merges what it and others do',
  options: {
    ...STORE_OPTION,
    network: { value: 'FILE', help: 'the network file' },
    member: { value: 'FILE', help: 'secret key of a member; without it the node only follows' },
    listen: { value: 'HOST:PORT', help: 'where other nodes can connect; port 0 for any free one' },
    peers: { value: 'HOST:PORT,...', help: 'nodes to connect to, again and again' },
    inbox: { value: 'DIR', help: 'folder whose programs are deployed as they come, and get .deployed at their name' },
    key: DEPLOY_OPTIONS['key']!,
    interval: { value: 'MS', help: 'milliseconds between looks at the clock, the queue and the inbox (default 200)' },
    patience: { value: 'MS', help: 'milliseconds that a round waits for silent members (default 2000)' },
    'keep-rounds': {
      value: 'N',
      help: 'closed rounds to keep, at least so many and at most twice as many, for those that catch up (default all)',
    },
    'all-rounds': { help: 'wait for a node that keeps the rounds that this one needs, instead of fetching the state' },
    rounds: { value: 'N', help: 'end once round N is closed and the others know; until Ctrl-C unless told' },
  },
};

/** Most milliseconds that a node that ends waits for others to know the last round. */
const FAREWELL = 10_000;

interface Place {
  readonly host: string;
  readonly port: number;
}

function placeOf(name: string, text: string, least: number): Place {
  const [, host, digits] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < least || port > 65_535)
    throw new UsageError(name, `--${name}: expected HOST:PORT, got ${text}`);
  return { host: host === undefined || host === '' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1'), port };
}

/** Deploys the text of a file; says why if it cannot be. */
function deploy(
  node: RhoNode,
  reporter: NodeReporter,
  file: string,
  key: Uint8Array | undefined,
  terminal: Terminal,
): boolean {
  const source = new TextDecoder().decode(readNamed('file', file));
  try {
    reporter.learn(node.deploy(source, { file, ...(key === undefined ? {} : { secretKey: key }) }));
    return true;
  } catch (error) {
    if (error instanceof DeployRefusedError)
      for (const one of error.context.refused) terminal.note(findingText(one, source));
    else if (hasCode(error, 'RHO_NODE_ARGUMENT_MISMATCH')) terminal.note(`${file}: ${(error as Error).message}`);
    else throw error;
    return false;
  }
}

/** Deploys what is in a folder, each file once. */
function takeInbox(folder: string, take: (file: string) => boolean): void {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.rho'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new UsageError('inbox', `inbox: expected a folder that can be read, got ${folder} (${code})`);
  }
  for (const name of names.sort()) {
    const file = join(folder, name);
    renameSync(file, `${file}.${take(file) ? 'deployed' : 'refused'}`);
  }
}

/** `commute rho node`. With `--json`, one object in a line for each event: `RhoNodeLine`. */
export async function rhoNode({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const path = args.text('network');
  if (path === undefined) throw new UsageError('network', '--network: expected the network file, got nothing');
  const network = readNetwork(path);
  const member = args.text('member');
  const key = readSigningKey(args);
  const listen = args.text('listen');
  const at = listen === undefined ? undefined : placeOf('listen', listen, 0);
  const peers = (args.text('peers') ?? '')
    .split(',')
    .flatMap((text) => (text === '' ? [] : [placeOf('peers', text, 1)]));
  const inbox = args.text('inbox');
  const interval = args.number('interval', 1, 60_000) ?? 200;
  const patience = args.number('patience', 1, 3_600_000) ?? 2000;
  const keepRounds = args.number('keep-rounds', 1, 2 ** 31);
  const last = args.number('rounds', 1, Number.MAX_SAFE_INTEGER) ?? Infinity;
  return withNamedStore(args, 'create', async (store) => {
    const onProgress = (one: TransferProgress): void => {
      reporter.progress(one);
    };
    const node = openNode({
      store,
      network,
      patience,
      transfer: args.flag('all-rounds') ? false : { onProgress },
      ...(keepRounds === undefined ? {} : { keepRounds }),
      ...(member === undefined ? {} : { secretKey: readSecretKey('member', member) }),
    });
    const reporter: NodeReporter = new NodeReporter(node, terminal, args.flag('json'));
    const links: (Serving | Connecting)[] = [];
    let failure: Error | undefined;
    let refused = 0;
    try {
      node.listen((event) => {
        reporter.event(event);
      });
      const take = (file: string): boolean => deploy(node, reporter, file, key, terminal);
      for (const file of args.positionals) if (!take(file)) refused += 1;
      if (at !== undefined) {
        const server = await listenAt(node, at);
        links.push(server);
        reporter.listening(at.host, server.port);
      }
      for (const peer of peers) links.push(connect(node, peer));
      const stopClock = keepTime(node, interval);
      failure = await new Promise<Error | undefined>((resolve) => {
        const finish = (error?: Error): void => {
          clearInterval(timer);
          process.off('SIGINT', stop);
          resolve(error);
        };
        const stop = (): void => {
          finish();
        };
        let since: number | undefined;
        const look = (): void => {
          try {
            if (node.round > last) {
              // The others are to know the last round too.
              since ??= Date.now();
              const known = links.every((link) => link.rounds().every((round) => round >= node.round));
              if (known || Date.now() - since > FAREWELL) finish();
              return;
            }
            if (inbox !== undefined) takeInbox(inbox, take);
            if (node.status().queued > 0) node.propose();
          } catch (error) {
            finish(error as Error);
          }
        };
        const timer = setInterval(look, interval);
        process.once('SIGINT', stop);
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
      });
      stopClock();
    } finally {
      for (const link of links) await link.close();
    }
    if (failure !== undefined) throw failure;
    reporter.end();
    return refused === 0 ? EXIT.ok : EXIT.rejected;
  });
}

function openNode(options: ConstructorParameters<typeof RhoNode>[0]): RhoNode {
  try {
    return new RhoNode(options);
  } catch (error) {
    if (hasCode(error, 'RHO_NODE_STORE_MISMATCH')) throw new RejectedError('store', (error as Error).message);
    if (hasCode(error, 'RHO_NODE_ARGUMENT_MISMATCH')) throw new UsageError('node', (error as Error).message);
    throw error;
  }
}

async function listenAt(node: RhoNode, place: Place): Promise<Serving> {
  try {
    return await serve(node, place);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new UsageError(
      'listen',
      `--listen: expected an address that is free, got ${place.host}:${String(place.port)} (${code})`,
    );
  }
}
