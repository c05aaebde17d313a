import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RhoRunReport } from '../src/rho/run.ts';
import { rho, rhoJson } from './rho-support.ts';
import { scratchFolder } from './support.ts';

const folder = scratchFolder();
const main = join(import.meta.dirname, '..', 'src', 'main.ts');
const node = ['--conditions=@commute/source', main];

/** A session that runs programs as they come, each as a block. */
class Session {
  readonly child: ChildProcess;
  /** What it said of each program once its block was durable. */
  readonly said: RhoRunReport[] = [];
  errors = '';
  readonly #closed: Promise<void>;
  #ended = false;
  #rest = '';
  #heard: () => void = () => undefined;

  constructor(store: string, prefix = '') {
    const words = [...node, 'rho', 'repl', '--store', store, '--json'];
    this.child =
      prefix === ''
        ? spawn(process.execPath, words)
        : spawn('sh', ['-c', `${prefix} exec "$0" "$@"`, process.execPath, ...words]);
    this.child.stdin!.on('error', () => undefined);
    this.child.stdout!.on('data', (data: Buffer) => {
      const lines = (this.#rest + data.toString()).split('\n');
      this.#rest = lines.pop()!;
      this.said.push(...lines.map((line) => JSON.parse(line) as RhoRunReport));
      this.#heard();
    });
    this.child.stderr!.on('data', (data: Buffer) => {
      this.errors += data.toString();
    });
    this.#closed = new Promise((resolve) =>
      this.child.on('close', () => {
        this.#ended = true;
        resolve();
      }),
    );
  }

  write(programs: readonly string[]): this {
    this.child.stdin!.write(programs.map((one) => `${one}\n`).join(''));
    return this;
  }

  /** Waits until so many programs were run. */
  async until(count: number): Promise<void> {
    while (this.said.length < count) {
      if (this.#ended) throw new Error(`ended after ${String(this.said.length)} programs: ${this.errors}`);
      await Promise.race([new Promise<void>((resolve) => (this.#heard = resolve)), this.#closed]);
    }
  }

  async end(): Promise<void> {
    this.child.stdin!.end();
    await this.#closed;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }
}

const programs = (from: number, count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) =>
      `@"k${String((from + index) % 7)}"!(${String(from + index)}) | for (@x, @y <- @"k1" & @z <- @"k2") { @"k3"!(x + z) }`,
  );

describe('a store of commute rho', () => {
  test('is whole after a kill at any moment, with every block that was acknowledged', async () => {
    const store = join(folder, 'killed');
    let acknowledged = 0;
    for (const delay of [0, 5, 13]) {
      const session = new Session(store).write(programs(acknowledged, 400));
      await session.until(5 + delay);
      await new Promise((resolve) => setTimeout(resolve, delay));
      await session.kill();
      const last = session.said.at(-1)!;
      const { report: verified } = await rhoJson('verify', '--store', store);
      expect(verified.problems).toEqual([]);
      const { report } = await rhoJson('history', '--store', store);
      // Lines that were on their way when the process died were not heard.
      expect(report.blocks.length).toBeGreaterThanOrEqual(last.block!);
      expect(report.blocks.find(({ block }) => block === last.block)?.root).toBe(last.root);
      acknowledged = report.blocks.length;
    }
    expect((await rhoJson('replay', '--store', store)).report).toMatchObject({ ok: true, blocks: acknowledged });
  });

  test('is shared by two processes: each runs again what the other was first with', async () => {
    const store = join(folder, 'shared');
    const sessions = [new Session(store), new Session(store)];
    for (const [index, session] of sessions.entries())
      session.write(Array.from({ length: 25 }, (_, n) => `@"from ${String(index)}"!(${String(n)})`));
    await Promise.all(sessions.map((session) => session.end()));
    expect(sessions.map(({ errors }) => errors)).toEqual(['', '']);
    expect(sessions.flatMap(({ said }) => said.map(({ block }) => block)).sort((one, two) => one! - two!)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    expect((await rhoJson('verify', '--store', store)).report).toMatchObject({ ok: true, blocks: 50 });
    expect((await rhoJson('replay', '--store', store)).report).toMatchObject({ ok: true, blocks: 50 });
  });

  test('keeps what it had when the disk is full, and says so', async () => {
    const store = join(folder, 'full');
    // Files of at most 400 KiB, or half of that: `ulimit -f` counts in units of 1,024 or 512 bytes.
    const session = new Session(store, 'ulimit -f 400;').write(
      Array.from({ length: 40 }, (_, index) => `@"big ${String(index)}"!("${'x'.repeat(20_000)}")`),
    );
    await session.end();
    expect(session.errors).toContain('commit: expected room for its bytes');
    expect(session.said.length).toBeGreaterThan(0);
    expect(session.said.length).toBeLessThan(40);
    const { report } = await rhoJson('verify', '--store', store);
    expect(report).toMatchObject({ ok: true, root: session.said.at(-1)!.root });
    expect((await rhoJson('run', '--code', '@"more"!(1)', '--store', store)).status).toBe(0);
  });

  test('that is damaged is refused with the place, whatever the damage does to LMDB', async () => {
    const whole = join(folder, 'whole');
    const session = new Session(whole).write([
      ...programs(0, 30),
      '@"found in the file"!("needle in the file")',
      'Nil',
    ]);
    await session.end();
    const bytes = readFileSync(join(whole, 'data.mdb'));
    const damage: ((copy: Buffer) => void)[] = [
      (copy) => void copy.fill(0xff, 8192, 8192 + 4096),
      (copy) => void copy.fill(0, 4096 * 4, bytes.length - 4096),
      (copy) => void copy.fill(0x41, 0, 8192),
    ];
    for (const [index, change] of damage.entries()) {
      const store = join(folder, `damaged-${String(index)}`);
      cpSync(whole, store, { recursive: true });
      const copy = Buffer.from(bytes);
      change(copy);
      writeFileSync(join(store, 'data.mdb'), copy);
      const { status, report } = await rhoJson('verify', '--store', store);
      expect([status, report.ok]).toEqual([1, false]);
      expect(report.problems.length).toBeGreaterThan(0);
    }
    const store = join(folder, 'flipped');
    cpSync(whole, store, { recursive: true });
    const copy = Buffer.from(bytes);
    for (let at = copy.indexOf('needle'); at >= 0; at = copy.indexOf('needle', at + 1)) copy[at + 1]! ^= 1;
    writeFileSync(join(store, 'data.mdb'), copy);
    const { report } = await rhoJson('verify', '--store', store);
    expect(report.problems.map(({ key }) => key)).toContain('@"found in the file"');
    expect(report.problems.map(({ commit }) => commit)).toContain(31);
    expect(await rhoJson('history', '@"found in the file"', '--store', store)).toMatchObject({
      status: 1,
      report: { verified: false },
    });
    const run = await rho('run', '--code', 'for (@x <- @"found in the file") { Nil }', '--store', store);
    expect([run.status, run.notes]).toEqual([1, expect.stringContaining('commute rho verify')]);
  });
});

describe('commute rho repl', () => {
  test('takes programs over several lines, commands, and what is left at the end', async () => {
    const history = join(folder, 'lines');
    const child = spawn(process.execPath, [...node, 'rho', 'repl', '--history', history]);
    let [out, errors] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.stdin.end(
      [
        'contract @"square"(@n, reply) = {',
        '  reply!(n * n)',
        '}',
        '1 + 2',
        'new r, out(`rho:io:stdout`) in {',
        '  @"square"!(7, *r) |',
        '  for (@x <- r) { out!(x) } }',
        ':history @"square"',
        ':bogus',
        '@"a"!(',
        '',
        'x',
        ':trace',
        '@"a"!(1) |',
        'for (@x <- @"a") { Nil }',
      ].join('\n'),
    );
    await new Promise((resolve) => child.on('close', resolve));
    expect(child.exitCode).toBe(0);
    expect(out).toContain('3\n49\n@"square"\n');
    expect(errors).toContain('verified against the root');
    expect(out).toContain('(<repl:3>:2:3) -> <repl:1>:1:1');
    expect(errors).toContain(':bogus: expected a command');
    expect(errors).toContain('<repl:4>:1:7: error:');
    expect(errors).toContain('<repl:6>:1:1 -> <repl:6>:2:1');
    expect(readFileSync(history, 'utf8').split('\n').slice(0, 2)).toEqual([
      'contract @"square"(@n, reply) = {',
      '  reply!(n * n)',
    ]);
  });
});
