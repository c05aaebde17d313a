import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { parse } from '@commute/rholang';
import { HistoryStore, type KeyValueStore } from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { hex, type Terminal } from '../terminal.ts';
import { DEPLOY_OPTIONS, deploySettings, prepareProgram, type DeploySettings } from './deploys.ts';
import { describeAll, describeKey, keyHistory, overview } from './history.ts';
import { describe, makePrepared, valueOf } from './run.ts';
import { STORE_OPTION, withStore } from './store.ts';

export const RHO_REPL: CommandHelp = {
  name: 'rho repl',
  positional: '',
  positionals: [0, 0],
  help: 'read programs line by line and run each as a block, in memory or on a store',
  options: {
    ...STORE_OPTION,
    tokens: DEPLOY_OPTIONS['tokens']!,
    unmetered: DEPLOY_OPTIONS['unmetered']!,
    key: DEPLOY_OPTIONS['key']!,
    'max-comms': DEPLOY_OPTIONS['max-comms']!,
    history: {
      value: 'FILE',
      help: 'where lines are kept; .commute-rho-history in the home folder unless told, if a person types',
    },
  },
};

const HELP = `A program runs once it is whole; an empty line runs it as it is. Names that can be written down, such as @"counter", stay from one to the next.
  :history [name]  keys, or the history of one
  :trace           show each reduction with its source lines, or stop doing so
  :root            the state root
  :load FILE       run a file
  :drop            forget the lines of a program that is not whole
  :help            this
  :quit            leave, as Ctrl-D does
`;

/** Most lines that are kept. */
const MAXIMUM_LINES = 1000;

/** Tells whether a program ends before it is whole, so that more lines are to come. */
export function isIncomplete(source: string): boolean {
  const result = parse(source);
  if (result.ok) return false;
  const [first] = result.diagnostics;
  return first !== undefined && (first.start >= source.trimEnd().length || first.reason.startsWith('unterminated'));
}

/** One session: takes lines, runs programs. */
class Session {
  readonly #store: KeyValueStore;
  readonly #settings: DeploySettings;
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #lines: string[] = [];
  #trace = false;
  #inputs = 0;
  /** True once somebody wants to leave. */
  ended = false;

  constructor(store: KeyValueStore, settings: DeploySettings, terminal: Terminal, json: boolean) {
    this.#store = store;
    this.#settings = settings;
    this.#terminal = terminal;
    this.#json = json;
  }

  get prompt(): string {
    return this.#lines.length === 0 ? 'rho> ' : '...> ';
  }

  /** Forgets the lines of a program that is not whole. */
  drop(): void {
    this.#lines = [];
  }

  line(line: string): void {
    if (line.trim().startsWith(':')) {
      this.#command(line.trim());
      return;
    }
    if (line.trim() === '') {
      if (this.#lines.length > 0) this.#run();
      return;
    }
    this.#lines.push(line);
    if (!isIncomplete(this.#lines.join('\n'))) this.#run();
  }

  /** Runs what is there at the end of the input. */
  finish(): void {
    if (this.#lines.length > 0) this.#run();
  }

  #run(): void {
    const source = this.#lines.join('\n');
    this.#lines = [];
    this.#inputs += 1;
    this.#program(`<repl:${String(this.#inputs)}>`, source);
  }

  #program(file: string, source: string): void {
    const program = { file, source };
    const settings = { ...this.#settings, timestamp: Date.now() };
    const prepare = (after: number): ReturnType<typeof prepareProgram>[] => [prepareProgram(program, settings, after)];
    const { report, outcomes } = makePrepared(this.#store, prepare, settings, 'rho run', this.#trace, this.#terminal);
    const shown = { ...report, value: report.refused.length === 0 ? valueOf(program) : null };
    if (this.#json) this.#terminal.out(`${JSON.stringify(shown)}\n`);
    else describe(shown, outcomes, this.#terminal, true);
  }

  #command(text: string): void {
    const [name = '', ...words] = text.split(/\s+/);
    const rest = words.join(' ');
    switch (name) {
      case ':quit':
      case ':q':
        this.ended = true;
        break;
      case ':help':
        this.#terminal.note(HELP.trimEnd());
        break;
      case ':drop':
        this.drop();
        break;
      case ':trace':
        this.#trace = !this.#trace;
        this.#terminal.note(this.#trace ? 'reductions are shown' : 'reductions are not shown');
        break;
      case ':root':
        this.#terminal.out(`${hex(new HistoryStore(this.#store).root())}\n`);
        break;
      case ':history':
        if (rest === '') describeAll(overview(this.#store, 100), this.#terminal);
        else describeKey(keyHistory(this.#store, rest, 100, true), this.#terminal);
        break;
      case ':load':
        this.#load(rest);
        break;
      default:
        throw new UsageError('command', `${name}: expected a command that :help lists`);
    }
  }

  #load(path: string): void {
    let source;
    try {
      source = readFileSync(path, 'utf8');
    } catch (error) {
      throw new UsageError(
        'file',
        `file: expected a readable file, got ${path} (${String((error as NodeJS.ErrnoException).code)})`,
      );
    }
    this.#program(path, source);
  }
}

/** Lines of earlier sessions, newest first. */
function readLines(path: string | undefined): string[] {
  if (path === undefined || !existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .slice(-MAXIMUM_LINES)
    .reverse();
}

function keepLines(path: string | undefined, lines: readonly string[], note: (text: string) => void): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${lines.slice(0, MAXIMUM_LINES).toReversed().join('\n')}\n`, { mode: 0o600 });
  } catch (error) {
    note(
      `history: expected a file that can be written, got ${path} (${String((error as NodeJS.ErrnoException).code)})`,
    );
  }
}

/** `commute rho repl`. With `--json`, one object for each program, as `run` prints it. */
export async function rhoRepl({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const typed = process.stdin.isTTY && process.stdout.isTTY;
  const path = args.text('history') ?? (typed ? join(homedir(), '.commute-rho-history') : undefined);
  const settings = deploySettings(args);
  await withStore(args, 'create', async (store) => {
    const session = new Session(store, settings, terminal, args.flag('json'));
    let lines = readLines(path);
    const reader: Interface = createInterface({
      input: process.stdin,
      ...(typed ? { output: process.stdout } : {}),
      terminal: typed,
      history: lines,
      historySize: MAXIMUM_LINES,
      removeHistoryDuplicates: true,
    });
    reader.on('history', (all) => {
      lines = all;
    });
    const ask = (): void => {
      if (!typed) return;
      reader.setPrompt(session.prompt);
      reader.prompt();
    };
    const attempt = (act: () => void): void => {
      try {
        act();
      } catch (error) {
        terminal.note(error instanceof Error ? error.message : String(error));
      }
    };
    if (typed) terminal.note('Rholang; :help lists commands, Ctrl-D leaves');
    ask();
    reader.on('SIGINT', () => {
      session.drop();
      ask();
    });
    signal.addEventListener('abort', () => {
      reader.close();
    });
    await new Promise<void>((resolve) => {
      reader.on('line', (line) => {
        if (session.ended) return;
        if (!typed) lines.unshift(line);
        attempt(() => {
          session.line(line);
        });
        if (session.ended) reader.close();
        else ask();
      });
      reader.on('close', resolve);
    });
    attempt(() => {
      session.finish();
    });
    keepLines(path, lines, terminal.note);
  });
  return EXIT.ok;
}
