import { readFileSync } from 'node:fs';
import { BaseError, hasCode } from '@commute/errors';
import { commandHelp, parseCommand, type Arguments, type CommandHelp } from './arguments.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** What every command gets. */
export interface CommandContext {
  readonly args: Arguments;
  readonly terminal: Terminal;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command. */
export interface Command {
  readonly help: CommandHelp;
  readonly act: (context: CommandContext) => Promise<ExitCode>;
}

/** Commands by name, in the order of the overview; each is loaded only when it is used, with what it needs. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['run', async () => import('./commands/run.ts').then(({ RUN, run }): Command => ({ help: RUN, act: run }))],
  ['check', async () => import('./commands/check.ts').then(({ CHECK, check }) => ({ help: CHECK, act: check }))],
  [
    'dispute',
    async () => import('./commands/dispute.ts').then(({ DISPUTE, dispute }) => ({ help: DISPUTE, act: dispute })),
  ],
  [
    'inspect',
    async () => import('./commands/inspect.ts').then(({ INSPECT, inspect }) => ({ help: INSPECT, act: inspect })),
  ],
  [
    'prove',
    async () => {
      const [{ PROVE }, { prove }] = await Promise.all([
        import('./commands/proof-help.ts'),
        import('./commands/prove.ts'),
      ]);
      return { help: PROVE, act: prove };
    },
  ],
  [
    'verify',
    async () => {
      const [{ VERIFY }, { verify }] = await Promise.all([
        import('./commands/proof-help.ts'),
        import('./commands/verify.ts'),
      ]);
      return { help: VERIFY, act: verify };
    },
  ],
]);

/** A word that commands stand behind; they are loaded only when it is used. */
interface Group {
  readonly name: string;
  readonly help: string;
  readonly load: () => Promise<readonly Command[]>;
}

const GROUPS: readonly Group[] = [
  {
    name: 'rho',
    help: 'run Rholang on a store that keeps and proves its history',
    load: async () => (await import('./rho/commands.ts')).RHO_COMMANDS,
  },
  {
    name: 'disk',
    help: 'give a program a disk, and check that it gave back what was written',
    load: async () => (await import('./disk/commands.ts')).DISK_COMMANDS,
  },
];

const ENDING = [
  '',
  'commute <command> --help prints its options, commute --version the version.',
  'Exit codes: 0 done, 1 rejected or interrupted, 2 wrong command line, 3 internal error.',
  '',
];

function listing(title: string, rows: readonly { readonly name: string; readonly help: string }[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, help }) => `  commute ${name.padEnd(width)}  ${help}`);
  return [title, '', ...lines, ...ENDING].join('\n');
}

async function overview(): Promise<string> {
  const title = 'commute: run a program fast, check it step by step, settle a dispute about it';
  const commands = await Promise.all([...COMMANDS.values()].map(async (load) => load()));
  return listing(title, [...commands.map(({ help }) => help), ...GROUPS]);
}

function isHelp(name: string | undefined): name is undefined | 'help' | '--help' | '-h' {
  return name === undefined || name === 'help' || name === '--help' || name === '-h';
}

function version(): string {
  const manifest = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
}

/**
 * Runs one command line.
 *
 * @param words - the command line after `commute`.
 * @returns the exit code; errors are reported to the terminal, as JSON on stdout with `--json`.
 */
export async function runCommand(words: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  // `commute help rho run` is `commute rho run --help`, as people type both.
  const [name, ...rest] = words[0] === 'help' && words.length > 1 ? [...words.slice(1), '--help'] : words;
  if (name === '--version' || name === '-v') {
    terminal.out(`${version()}\n`);
    return EXIT.ok;
  }
  if (isHelp(name)) {
    terminal.out(await overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const group = GROUPS.find((one) => one.name === name);
  try {
    if (group !== undefined) return await runIn(await group.load(), group, rest, terminal, signal);
    const names = [...COMMANDS.keys(), ...GROUPS.map((one) => one.name)];
    return await act(await COMMANDS.get(name)?.(), names, name, rest, terminal, signal);
  } catch (error) {
    terminal.endStatus();
    return report(error, words.includes('--json'), terminal);
  }
}

async function runIn(
  commands: readonly Command[],
  group: Group,
  words: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const [name, ...rest] = words[0] === 'help' && words.length > 1 ? [...words.slice(1), '--help'] : words;
  if (isHelp(name)) {
    terminal.out(
      listing(
        `commute ${group.name}: ${group.help}`,
        commands.map(({ help }) => help),
      ),
    );
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const names = commands.map(({ help }) => help.name);
  const full = `${group.name} ${name}`;
  const command = commands.find(({ help }) => help.name === full);
  return act(command, names, full, rest, terminal, signal);
}

async function act(
  command: Command | undefined,
  names: readonly string[],
  name: string,
  words: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  if (command === undefined) throw new UsageError('command', `command: expected ${names.join(', ')}, got ${name}`);
  const args = parseCommand(command.help, words);
  if (args.flag('help')) {
    terminal.out(commandHelp(command.help));
    return EXIT.ok;
  }
  return command.act({ args, terminal, signal });
}

/** Codes of errors that say: the program asks for more than it may have. */
const REFUSALS = [
  'MACHINE_MEMORY_EXHAUSTED',
  'FAST_VM_ENTRY_RANGE',
  'FAST_VM_SEGMENT_RANGE',
  'MICRO_RISCV_PROGRAM',
  'RHO_STORE_BYTES_MALFORMED',
  'RHO_STORE_VERSION_MISMATCH',
  'RHO_STORE_VERSION_UNKNOWN',
];

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof RejectedError || REFUSALS.some((code) => hasCode(error, code))) return EXIT.rejected;
  return EXIT.internal;
}

function report(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  const code = exitCodeOf(error);
  const coded: BaseError | undefined = error instanceof BaseError ? (error as BaseError) : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    terminal.out(`${JSON.stringify({ error: { code: coded?.code ?? 'CLI_INTERNAL', message } })}\n`);
  }
  terminal.note(`commute: ${message}`);
  if (code === EXIT.internal && coded === undefined && error instanceof Error && error.stack !== undefined) {
    terminal.note(error.stack);
  }
  return code;
}
