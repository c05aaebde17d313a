import { BaseError, hasCode } from '@commute/errors';
import { commandHelp, parseCommand, type Arguments, type CommandHelp } from './arguments.ts';
import { CHECK, check } from './commands/check.ts';
import { DISPUTE, dispute } from './commands/dispute.ts';
import { INSPECT, inspect } from './commands/inspect.ts';
import { RUN, run } from './commands/run.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** What every command gets. */
export interface CommandContext {
  readonly args: Arguments;
  readonly terminal: Terminal;
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal;
}

interface Command {
  readonly help: CommandHelp;
  readonly act: (context: CommandContext) => Promise<ExitCode>;
}

const COMMANDS: readonly Command[] = [
  { help: RUN, act: run },
  { help: CHECK, act: check },
  { help: DISPUTE, act: dispute },
  { help: INSPECT, act: inspect },
];

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ help }) => help.name.length));
  return [
    'commute: run a program fast, check it step by step, settle a dispute about it',
    '',
    ...COMMANDS.map(({ help }) => `  commute ${help.name.padEnd(width)}  ${help.help}`),
    '',
    'commute <command> --help prints its options.',
    'Exit codes: 0 done, 1 rejected, 2 wrong command line, 3 internal error.',
    '',
  ].join('\n');
}

/**
 * Runs one command line.
 *
 * @param words - the command line after `commute`.
 * @returns the exit code; errors are reported to the terminal, as JSON on stdout with `--json`.
 */
export async function runCommand(words: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  const [name, ...rest] = words;
  if (name === undefined || name === 'help' || name === '--help') {
    terminal.out(overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const command = COMMANDS.find(({ help }) => help.name === name);
  try {
    if (command === undefined) {
      const names = COMMANDS.map(({ help }) => help.name).join(', ');
      throw new UsageError('command', `command: expected ${names}, got ${name}`);
    }
    const args = parseCommand(command.help, rest);
    if (args.flag('help')) {
      terminal.out(commandHelp(command.help));
      return EXIT.ok;
    }
    return await command.act({ args, terminal, signal });
  } catch (error) {
    terminal.endStatus();
    return report(error, words.includes('--json'), terminal);
  }
}

/** Codes of errors that say: the program asks for more than it may have. */
const REFUSALS = ['MACHINE_MEMORY_EXHAUSTED', 'FAST_VM_ENTRY_RANGE', 'FAST_VM_SEGMENT_RANGE', 'MICRO_RISCV_PROGRAM'];

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
