import { chainOf, deployId, type RhoSpace } from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { hex } from '../terminal.ts';
import { deployOf, DEPLOY_OPTIONS, deploySettings } from './deploys.ts';
import { describe, makePrepared } from './run.ts';
import { STORE_OPTION, withNamedStore } from './store.ts';

export const RHO_TOKENS: CommandHelp = {
  name: 'rho tokens',
  positional: '<deploy>',
  help: 'bring tokens to a deploy that waits for them, so that it goes on',
  options: {
    ...STORE_OPTION,
    tokens: { value: 'N', help: 'how many' },
    key: DEPLOY_OPTIONS['key']!,
    timestamp: DEPLOY_OPTIONS['timestamp']!,
    'max-comms': DEPLOY_OPTIONS['max-comms']!,
  },
};

/** The identity of the newest deploy in the chain that came from a file of this name, or of the one whose digits begin so. */
function findDeploy(space: RhoSpace, text: string): Uint8Array {
  const digits = /^(?:0x)?([0-9a-f]{4,64})$/i.exec(text)?.[1]?.toLowerCase();
  const found = new Map<string, Uint8Array>();
  for (const { block } of chainOf(space)) {
    for (const deploy of block.deploys.toReversed()) {
      const id = deployId(deploy);
      if (deploy.file === text) return id;
      if (digits !== undefined && hex(id).startsWith(digits, 2)) found.set(hex(id), id);
    }
  }
  const [one, ...more] = found.values();
  if (one !== undefined && more.length === 0) return one;
  throw new UsageError(
    'deploy',
    `deploy: expected the file of a deploy of the store or the first digits of its identity, got ${text}, which fits ${String(found.size)}`,
  );
}

/** `commute rho tokens`: reports as `run` does. */
export async function rhoTokens({ args, terminal }: CommandContext): Promise<ExitCode> {
  const settings = deploySettings(args);
  const { tokens } = settings;
  if (tokens === undefined || tokens === 0)
    throw new UsageError('tokens', '--tokens: expected how many, at least 1, got nothing');
  const { report, outcomes } = await withNamedStore(args, 'write', (store) =>
    makePrepared(
      store,
      (after, space) => {
        const tokensFor = findDeploy(space, args.positional);
        const file = `tokens for ${hex(tokensFor).slice(0, 18)}`;
        const base = { file, source: '', timestamp: settings.timestamp, after, tokens, tokensFor };
        return [{ deploy: deployOf(base, settings), refusal: undefined }];
      },
      settings,
      'rho run',
      false,
      terminal,
    ),
  );
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, outcomes, terminal);
  return report.refused.length === 0 ? EXIT.ok : EXIT.rejected;
}
