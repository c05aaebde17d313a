import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { parseElf, type Elf } from '@commute/elf';
import type { Implementation } from '@commute/fast-vm';
import { hasherByName, type Hasher } from '@commute/machine';
import type { Arguments, OptionHelp } from './arguments.ts';
import { RejectedError, UsageError } from './failure.ts';

/** Options that say what to run. */
export const PROGRAM_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  input: { value: 'FILE', help: 'bytes the program can read; - for standard input' },
  hash: { value: 'NAME', help: 'hash of the state tree: keccak256 (default), sha256 or blake3' },
  'max-steps': { value: 'N', help: 'stop after N steps if the program has not ended' },
  'max-pages': { value: 'N', help: 'most pages of 4096 bytes that may be in use (default 262144)' },
};

/** Options that say how the fast machine runs it. */
export const MACHINE_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  interpreter: { help: 'run RV64 programs by the interpreter alone, without translating hot code to WebAssembly' },
};

/** A program with what it reads. */
export interface Job {
  readonly elfBytes: Uint8Array;
  readonly elf: Elf;
  readonly input: Uint8Array;
  readonly hasher: Hasher;
  readonly maximumSteps: number;
  readonly maximumPages: number;
  /** How the fast machine executes steps. */
  readonly implementation: Implementation;
}

/** Reads a file that the command line names; a missing one is a usage error. */
export function readNamed(name: string, path: string): Uint8Array {
  try {
    return new Uint8Array(path === '-' ? readFileSync(0) : readFileSync(path));
  } catch (error) {
    throw new UsageError(
      name,
      `${name}: expected a readable file, got ${path} (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`,
    );
  }
}

/** Makes a folder and those above it. Not mkdirSync's recursive form: it never returns for a path below /proc. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** Writes a file beside the place where it is to be, and moves it there once it is whole and on the disk. */
function replaceFile(path: string, content: string | Uint8Array): void {
  const found = statSync(path, { throwIfNoEntry: false });
  // A device, or a pipe: nothing that could be exchanged.
  if (found !== undefined && !found.isFile()) {
    writeFileSync(path, content);
    return;
  }
  const place = found === undefined ? path : realpathSync(path);
  const partial = `${place}.${process.pid.toString()}.partial`;
  const file = openSync(partial, 'wx', found?.mode ?? 0o666);
  try {
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, place);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/**
 * Writes a file that the command line names, and the folders above it: the whole of it, or nothing. One that cannot be written is a
 * usage error.
 */
export function writeNamed(name: string, path: string, content: string | Uint8Array): void {
  try {
    makeFolder(dirname(path));
    replaceFile(path, content);
  } catch (error) {
    throw new UsageError(
      name,
      `${name}: expected a file that can be written, got ${path} (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
    );
  }
}

/** Reads and checks the program and its input. */
export function readJob(args: Arguments): Job {
  const elfBytes = readNamed('elf', args.positional);
  const parsed = parseElf(elfBytes);
  if (!parsed.ok) throw new RejectedError(args.positional, describeElfFailure(parsed));
  const inputPath = args.text('input');
  const input = inputPath === undefined ? new Uint8Array(0) : readNamed('input', inputPath);
  if (input.length > 2 ** 28)
    throw new UsageError('input', `input: expected at most 2^28 bytes, got ${input.length.toString()}`);
  const hasher = hasherByName(args.choice('hash', ['keccak256', 'sha256', 'blake3'], 'keccak256'));
  return {
    elfBytes,
    elf: parsed.elf,
    input,
    hasher,
    maximumSteps: args.number('max-steps', 0, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER,
    maximumPages: args.number('max-pages', 1, 2 ** 19 - 2) ?? 2 ** 18,
    implementation: args.flag('interpreter') ? 'interpreter' : 'translator',
  };
}

function describeElfFailure(failure: {
  readonly reason: string;
  readonly expected: string;
  readonly got: string;
}): string {
  return `not a program for these machines (${failure.reason}): expected ${failure.expected}, got ${failure.got}`;
}
