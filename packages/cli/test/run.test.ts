import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../src/index.ts';
import { commute, commuteJson, file, guest, killWhen, scratchFolder, startCommute } from './support.ts';

const folder = scratchFolder();
const text = 'The quick brown fox jumps over the lazy dog';
const input = file(folder, 'input.txt', text);
const digest = createHash('sha256').update(text).digest('hex');

describe('commute run', () => {
  test.each(['sha256.elf', 'sha256.micro.elf'])('prints what %s writes, and nothing else, on stdout', (name) => {
    const { status, stdout, stderr } = commute('run', guest(name), '--input', input);
    expect(stdout).toBe(`${digest}\n`);
    expect(stderr).toContain('exit code 0');
    expect(stderr).toMatch(/state root 0x[0-9a-f]{64} \(keccak256\)/);
    expect(status).toBe(0);
  });

  test('runs the programs that can be proved, those with multiplication among them', () => {
    const number = file(folder, 'number', '100');
    const [plain, multiplying] = ['sieve.micro.elf', 'sieve.multiply.elf'].map((name) =>
      commuteJson('run', guest(name), '--input', number),
    );
    expect(plain!.report).toMatchObject({ machine: 'micro-riscv', exitCode: 0, output: '25 97\n' });
    expect(multiplying!.report).toMatchObject({ machine: 'micro-riscv', exitCode: 0, output: '25 97\n' });
    expect(multiplying!.report.instructions).toBeLessThan(plain!.report.instructions);
  });

  test('prints one object with --json', () => {
    const { status, report } = commuteJson('run', guest('sha256.elf'), '--input', input);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      command: 'run',
      machine: 'fast-vm',
      exitCode: 0,
      trap: null,
      hash: 'keccak256',
      inputBytes: text.length,
      outputBytes: 65,
      output: `${digest}\n`,
      snapshots: 0,
    });
    expect(report.instructions).toBeGreaterThan(1000);
    expect(report.instructionsOfThisCall).toBe(report.instructions);
    expect(report.stateRoot).toMatch(/^0x[0-9a-f]{64}$/);
  });

  test('comes to the same state by the interpreter alone, also on a run long enough to be translated', () => {
    const number = file(folder, 'bound', '1000000');
    const quick = commuteJson('run', guest('sieve.elf'), '--input', number).report;
    const plain = commuteJson('run', guest('sieve.elf'), '--input', number, '--interpreter').report;
    expect(quick.instructions).toBeGreaterThan(10_000_000);
    expect(quick.output).toBe('78498 999983\n');
    expect([quick.stateRoot, quick.instructions, quick.output]).toEqual([
      plain.stateRoot,
      plain.instructions,
      plain.output,
    ]);
  });

  test('hands on what a program writes to its error output', () => {
    const damaged = file(folder, 'damaged.lz4', 'no frame');
    const plain = commute('run', guest('lz.elf'), '--input', damaged);
    expect(plain.stderr).toMatch(/^lz: .+\n/m);
    const { report } = commuteJson('run', guest('lz.elf'), '--input', damaged);
    expect(report.errorOutput).toMatch(/^lz: .+\n$/);
    expect(report.errorBytes).toBe(report.errorOutput?.length);
    expect(report.outputBytes).toBe(0);
    expect(commuteJson('run', guest('sha256.elf'), '--input', input).report.errorBytes).toBe(0);
  });

  test('comes to the same root with and without snapshots, and to another with another hash or input', () => {
    const plain = commuteJson('run', guest('sha256.elf'), '--input', input).report;
    const kept = commuteJson(
      'run',
      guest('sha256.elf'),
      '--input',
      input,
      '--snapshots',
      join(folder, 'kept'),
      '--steps-per-snapshot',
      '500',
    ).report;
    expect(kept.stateRoot).toBe(plain.stateRoot);
    expect(kept.snapshots).toBe(Math.ceil(plain.instructions / 500) + 1);
    const other = commuteJson('run', guest('sha256.elf'), '--input', input, '--hash', 'sha256').report;
    expect(other.stateRoot).not.toBe(plain.stateRoot);
    const empty = commuteJson('run', guest('sha256.elf')).report;
    expect(empty.output).toBe(`${createHash('sha256').digest('hex')}\n`);
    expect(empty.stateRoot).not.toBe(plain.stateRoot);
  });

  test('writes output to a file, and says what exit code the program had', () => {
    const output = join(folder, 'deep', 'output.txt');
    const invalid = file(folder, 'invalid.json', '{"a": }');
    const { status, report } = commuteJson('run', guest('json.elf'), '--input', invalid, '--output', output);
    expect(status).toBe(0);
    expect(report.exitCode).toBe(1);
    expect(report.output).toBeNull();
    expect(readFileSync(output, 'utf8')).toContain('invalid at byte 6');
  });

  test('stops at the step limit', () => {
    const { status, report } = commuteJson('run', guest('sha256.elf'), '--input', input, '--max-steps', '100');
    expect(status).toBe(0);
    expect(report).toMatchObject({ instructions: 100, exitCode: null, trap: null });
  });

  test('continues a run that was killed at any moment, to the same root', async () => {
    const bound = file(folder, 'bound.txt', '700000');
    const words = [guest('sieve.elf'), '--input', bound];
    const whole = commuteJson('run', ...words).report;
    const snapshots = join(folder, 'killed');
    const kept = [...words, '--snapshots', snapshots, '--steps-per-snapshot', '20000'];
    const log = join(snapshots, 'snapshots.log');
    const size = (): number => (existsSync(log) ? statSync(log).size : 0);
    // When the log has grown by so many bytes, some of them amid a snapshot.
    for (const grown of [0, 1, 100, 500]) {
      const before = size();
      await killWhen(startCommute('run', ...kept), () => size() > before + grown);
    }
    const { status, report } = commuteJson('run', ...kept);
    expect(status).toBe(0);
    expect(report.stateRoot).toBe(whole.stateRoot);
    expect(report.instructions).toBe(whole.instructions);
    expect(report.output).toBe(whole.output);
  });

  test('leaves a run that Ctrl-C stopped so that the same command continues it', async () => {
    const bound = file(folder, 'more.txt', '3000000');
    const words = [guest('sieve.elf'), '--input', bound];
    const snapshots = join(folder, 'stopped');
    const kept = [...words, '--snapshots', snapshots, '--steps-per-snapshot', '100000'];
    const child = startCommute('run', ...kept);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = once(child, 'close') as Promise<[number]>;
    while (child.exitCode === null && !existsSync(join(snapshots, 'pages.pack'))) await delay(5);
    child.kill('SIGINT');
    const [status] = await closed;
    expect(status).toBe(1);
    expect(stderr).toContain('the same command continues');
    expect(readdirSync(snapshots)).not.toContain('lock');
    const whole = commuteJson('run', ...words).report;
    const { report } = commuteJson('run', ...kept);
    expect(report.stateRoot).toBe(whole.stateRoot);
    expect(report.instructionsOfThisCall).toBeLessThanOrEqual(whole.instructions);
  });

  test('refuses snapshots of another run, and a damaged store, each for its reason', () => {
    const snapshots = join(folder, 'other');
    commute('run', guest('sha256.elf'), '--input', input, '--snapshots', snapshots);
    const other = commute('run', guest('sha256.elf'), '--snapshots', snapshots);
    expect(other.status).toBe(2);
    expect(other.stderr).toContain('SWAP_RUN_MISMATCH');
    const hash = commute('run', guest('sha256.elf'), '--input', input, '--snapshots', snapshots, '--hash', 'sha256');
    expect(hash.status).toBe(2);
    expect(hash.stderr).toContain('SWAP_STORE_MISMATCH');
    const pack = join(snapshots, 'pages.pack');
    const bytes = readFileSync(pack);
    bytes[100]! ^= 4;
    file(snapshots, 'pages.pack', bytes);
    const damaged = commute('run', guest('sha256.elf'), '--input', input, '--snapshots', snapshots);
    expect(damaged.status).toBe(1);
    expect(damaged.stderr).toContain('SWAP_STORE_DAMAGED');
  });
});

describe('a program that cannot run', () => {
  const elf = readFileSync(guest('hello.elf'));

  test.each([
    ['is empty', new Uint8Array(0), 'truncated'],
    ['is no ELF file', Buffer.from('#!/bin/sh\necho hello\n'.repeat(10)), 'not-elf'],
    ['is cut', elf.subarray(0, 70), 'truncated'],
    [
      'is for another processor',
      Buffer.concat([elf.subarray(0, 18), Buffer.from([62, 0]), elf.subarray(20)]),
      'wrong-machine',
    ],
    ['has another byte order', Buffer.concat([elf.subarray(0, 5), Buffer.from([2]), elf.subarray(6)]), 'big-endian'],
  ])('is refused when it %s', (name, bytes, reason) => {
    const path = file(folder, `${name.replaceAll(' ', '-')}.elf`, bytes);
    const { status, stderr } = commute('run', path);
    expect(status).toBe(1);
    expect(stderr).toContain(reason);
    const json = commute('run', path, '--json');
    expect(json.status).toBe(1);
    const { error } = JSON.parse(json.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe('CLI_REJECTED');
    expect(error.message).toContain(reason);
  });

  test('traps with a cause when it jumps nowhere', () => {
    const broken = Buffer.from(elf);
    // The first instruction of _start becomes all zeros, which no machine executes.
    const start = broken.indexOf(Buffer.from([0x97]), 0x100);
    broken.fill(0, start, start + 4);
    const { status, report } = commuteJson('run', file(folder, 'zeros.elf', broken));
    expect(status).toBe(1);
    expect(report.exitCode).toBeNull();
    expect(report.trap?.cause).toBe('illegal-instruction');
  });

  test('is stopped when it needs more memory than allowed', () => {
    const { status, stderr } = commute(
      'run',
      guest('memory.elf'),
      '--input',
      file(folder, 'mib.txt', '64'),
      '--max-pages',
      '1000',
    );
    expect(status).toBe(1);
    expect(stderr).toContain('MACHINE_MEMORY_EXHAUSTED');
  });
});

describe('a wrong command line', () => {
  test.each([
    [[], 'commute run'],
    [['jump'], 'command: expected run, check'],
    [['run'], 'expected <elf>, got nothing'],
    [['run', 'a.elf', 'b.elf'], 'expected <elf>, got a.elf b.elf'],
    [['run', 'missing.elf'], 'expected a readable file, got missing.elf (ENOENT)'],
    [['run', guest('hello.elf'), '--input', 'missing'], 'expected a readable file, got missing'],
    [['run', guest('hello.elf'), '--colour'], 'expected one that `commute run --help` lists, got --colour'],
    [['run', guest('hello.elf'), '--inupt', 'a'], 'got --inupt; the nearest is --input'],
    [['run', guest('hello.elf'), '--max-steps', '-5'], '--max-steps: expected a whole number from 0 to'],
    [
      ['run', guest('hello.elf'), '--input', '--json'],
      '--input: expected a value, --input FILE or --input=FILE, got none',
    ],
    [['run', guest('hello.elf'), '--json=yes'], '--json: expected no value, got one'],
    [
      ['check', guest('hello.elf'), '--fault-at', '163'],
      'expected a step of the run, got 163, which the run does not reach',
    ],
    [['rho', 'verify', 'store'], 'commute rho verify: expected no file, got store'],
    [['run', guest('hello.elf'), '--max-steps', 'many'], '--max-steps: expected a whole number'],
    [['run', guest('hello.elf'), '--hash', 'md5'], '--hash: expected keccak256, sha256, blake3, got md5'],
    [['run', guest('hello.elf'), '--output', '/proc/none/file'], 'expected a file that can be written'],
    [['check', guest('hello.micro.elf')], 'expected an RV64 program'],
  ])('%j exits with 2 and says why', (words, message) => {
    const { status, stdout, stderr } = commute(...words);
    expect(status).toBe(2);
    expect(stdout + stderr).toContain(message);
  });

  /** Runs `commute` in this process. */
  const here = async (...words: readonly string[]): Promise<{ readonly status: number; readonly out: string }> => {
    let out = '';
    const none = (): void => undefined;
    const terminal = {
      out: (text: unknown) => void (out += String(text)),
      errors: none,
      note: none,
      status: none,
      endStatus: none,
    };
    return { status: await runCommand(words, terminal, new AbortController().signal), out };
  };

  test('help is printed where it is asked for', async () => {
    for (const words of [['help'], ['--help'], ['-h']]) expect((await here(...words)).out).toContain('Exit codes');
    expect(await here('help', 'run')).toEqual(await here('run', '--help'));
    for (const words of [
      ['help', 'rho', 'verify'],
      ['rho', 'help', 'verify'],
      ['rho', 'verify', '--help'],
    ])
      expect((await here(...words)).out).toMatch(/^commute rho verify \[options\]\n/);
    expect((await here('help', 'jump')).status).toBe(2);
    const { status, stdout } = commute('check', '--help');
    expect(status).toBe(0);
    for (const option of ['--workers N', '--input FILE', '--json']) expect(stdout).toContain(option);
  });

  test('the version is that of the package', () => {
    const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { readonly version: string };
    expect(commute('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('a file that the command line names', () => {
  const root = join(folder, 'limited');
  const limited = 'ulimit -f 8; trap "" XFSZ; exec "$0" "$@"';
  const big = file(folder, 'big.txt', 'x'.repeat(40_000));
  const main = join(import.meta.dirname, '..', 'src', 'main.ts');
  const echo = (output: string): readonly string[] => ['run', guest('echo.elf'), '--input', big, '--output', output];

  test('is written as a whole or not at all', () => {
    const output = join(root, 'out');
    const words = ['--conditions=@commute/source', main, ...echo(output)];
    const { status, stderr } = spawnSync('sh', ['-c', limited, process.execPath, ...words], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('expected a file that can be written')]);
    expect(readdirSync(root)).toEqual([]);
    expect(commute(...echo(output)).status).toBe(0);
    expect(readFileSync(output, 'utf8')).toHaveLength(40_000);
    const again = spawnSync('sh', ['-c', limited, process.execPath, ...words], { encoding: 'utf8' });
    expect([again.status, readdirSync(root)]).toEqual([2, ['out']]);
    expect(readFileSync(output, 'utf8')).toHaveLength(40_000);
  });

  test('keeps its mode, and stays the target of its link', () => {
    const [target, link] = [file(folder, 'target', 'old'), join(folder, 'link')];
    chmodSync(target, 0o600);
    symlinkSync(target, link);
    expect(commute(...echo(link)).status).toBe(0);
    expect([lstatSync(link).isSymbolicLink(), readFileSync(target, 'utf8').length]).toEqual([true, 40_000]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(commute(...echo('/dev/null')).status).toBe(0);
  });

  test('says that standard output has no room', () => {
    const words = ['--conditions=@commute/source', main, 'run', guest('hello.elf'), '--json'];
    const full = 'ulimit -f 0; trap "" XFSZ; exec "$0" "$@" > "$OUT"';
    const { status, stderr } = spawnSync('sh', ['-c', full, process.execPath, ...words], {
      encoding: 'utf8',
      env: { ...process.env, OUT: join(folder, 'full') },
    });
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining('standard output: expected room for the result, got EFBIG'),
    ]);
  });
});
