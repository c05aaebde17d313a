import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './failure.ts';

/** An option of a command. */
export interface OptionHelp {
  /** What stands after the name, such as `FILE`; missing for a switch. */
  readonly value?: string;
  /** True if it may be given several times. */
  readonly repeated?: true;
  /** One line of help. */
  readonly help: string;
}

/** What a command takes. */
export interface CommandHelp {
  readonly name: string;
  /** What stands after the command, such as `<elf>`; empty if nothing does. */
  readonly positional: string;
  /** How many of them, at least and at most; exactly one if absent. */
  readonly positionals?: readonly [minimum: number, maximum: number];
  /** One line of help. */
  readonly help: string;
  readonly options: Readonly<Record<string, OptionHelp>>;
}

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  json: { help: 'print one JSON object on stdout, and no progress' },
  help: { help: 'print the options of the command' },
};

type Value = string | boolean | readonly string[] | undefined;

/** A parsed command line: the positional arguments and the options that were given. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, Value>>;

  constructor(positionals: readonly string[], values: Readonly<Record<string, Value>>) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** The first positional argument; empty if there is none. */
  get positional(): string {
    return this.positionals[0] ?? '';
  }

  /** Whether a switch was given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The text of an option, or undefined. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The texts of an option that may be given several times, in order. */
  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return typeof value === 'object' ? value : [];
  }

  /** The whole number of an option, or undefined. */
  number(name: string, minimum: number, maximum: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
    if (!(value >= minimum && value <= maximum)) {
      throw new UsageError(
        name,
        `--${name}: expected a whole number from ${minimum.toString()} to ${maximum.toString()}, got ${text}`,
      );
    }
    return value;
  }

  /** The option's text if it is one of `allowed`. */
  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw new UsageError(name, `--${name}: expected ${allowed.join(', ')}, got ${text}`);
    return found;
  }
}

/**
 * Parses what stands after the name of a command.
 *
 * @throws UsageError for an option that the command does not have, or another number of positional arguments.
 */
export function parseCommand(command: CommandHelp, words: readonly string[]): Arguments {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { value, repeated }] of Object.entries({ ...command.options, ...COMMON_OPTIONS })) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', multiple: repeated === true };
  }
  const { values, positionals } = (() => {
    try {
      return parseArgs({ args: joinNegatives(words, options), options, allowPositionals: true, strict: true });
    } catch (error) {
      throw new UsageError('options', describeMistake(error as NodeJS.ErrnoException, command));
    }
  })();
  const parsed = values as Record<string, Value>;
  if (parsed['help'] === true) return new Arguments([], parsed);
  const [minimum, maximum] = command.positionals ?? [1, 1];
  if (positionals.length < minimum || positionals.length > maximum) {
    throw new UsageError(
      'arguments',
      `commute ${command.name}: expected ${command.positional || 'no file'}, got ${positionals.join(' ') || 'nothing'}`,
    );
  }
  return new Arguments(positionals, parsed);
}

/** Joins negative numbers to the option before them, so that it can say which numbers it takes. */
function joinNegatives(words: readonly string[], options: NonNullable<ParseArgsConfig['options']>): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1) ?? '';
    if (/^-\d/.test(word) && last.startsWith('--') && options[last.slice(2)]?.type === 'string')
      joined[joined.length - 1] = `${last}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** What is wrong with the options, in the form of all messages. */
function describeMistake({ code, message }: NodeJS.ErrnoException, command: CommandHelp): string {
  const [, name] = /'(-[^' ]+)/.exec(message) ?? [];
  const known = Object.keys({ ...command.options, ...COMMON_OPTIONS });
  if (name === undefined) return message.split('. ')[0] ?? message;
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const near = known.find((one) => areClose(one, name.replace(/^-+/, '')));
    const hint = near === undefined ? '' : `; the nearest is --${near}`;
    return `options: expected one that \`commute ${command.name} --help\` lists, got ${name}${hint}`;
  }
  const { value } = { ...command.options, ...COMMON_OPTIONS }[name.replace(/^-+/, '')] ?? {};
  return value === undefined
    ? `${name}: expected no value, got one`
    : `${name}: expected a value, ${name} ${value} or ${name}=${value}, got none`;
}

/** Whether one word is the other but for a letter, or two that changed places. */
function areClose(one: string, other: string): boolean {
  if (one.startsWith(other) || other.startsWith(one)) return true;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  const shorter = Math.min(one.length, other.length);
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const [left, right] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return (
    Math.max(left.length, right.length) <= 1 || (left.length === 2 && left === `${right.slice(1)}${right.slice(0, 1)}`)
  );
}

/** The help text of a command. */
export function commandHelp(command: CommandHelp): string {
  const rows = Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(
    ([name, { value, help }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    ['commute', command.name, command.positional, '[options]'].filter((word) => word !== '').join(' '),
    '',
    `  ${command.help}`,
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
  ].join('\n');
}
