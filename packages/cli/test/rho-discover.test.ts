import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { StoreIndex } from '@commute/rho-discovery';
import { HistoryStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { describe, expect, test } from 'vitest';
import type { RhoDiscoverReport } from '../src/rho/discover.ts';
import { rho, rhoJson } from './rho-support.ts';
import { file, scratchFolder } from './support.ts';

const MATH = `contract @"math"(@"add", @{x /\\ Int}, @{y /\\ Int}, reply) = { reply!(x + y) } |
contract @"math"(@"div", @{x /\\ Int}, @{y /\\ Int}, reply) = {
  if (y == 0) { reply!(Nil) } else { reply!(x / y) }
}`;

describe('commute rho discover', () => {
  const folder = scratchFolder();
  const program = file(folder, 'math.rho', MATH);
  const store = join(folder, 'store');

  test('finds contracts in a store by what they accept and answer, with the place and the reasons', async () => {
    await rho('run', program, '--store', store);
    const query = 'contract @"math"(@"add", @1, @2, r) = { r!(Int) }';
    const { status, report } = await rhoJson('discover', '--store', store, '--query', query);
    expect(status).toBe(0);
    expect(report.matches.map(({ channel, verdict, cost, place }) => [channel, verdict, cost, place?.line])).toEqual([
      ['@"math"', 'yes', 1, 1],
    ]);
    expect(report.matches[0]!.replies).toEqual([
      { argument: 3, messages: ['[Int]'], complete: true, least: 1, most: 1 },
    ]);
    const [nearest] = report.near;
    expect([nearest?.place?.line, nearest?.verdict]).toEqual([2, 'no']);
    expect(nearest!.aspects.find(({ verdict }) => verdict === 'no')?.witness).toBe('["add", 1, 2, Nil]');
    expect([report.contracts, report.complete, report.root?.length]).toEqual([2, true, 66]);
  });

  test('looks into programs, lists all contracts, and tells people why', async () => {
    const { out, notes } = await rho('discover', program);
    expect(out).toContain('@"math" takes ["div", x0 /\\ Int, x1 /\\ Int, x2], 1 token');
    expect(notes).toContain('2 of 2 contracts');
    const found = await rho('discover', program, '--query', 'contract _(@"div", @4, @2, r) = { r!(Int \\/ Nil) }');
    expect(found.out).toContain('+ reply: answers (Nil) or (Int) on part 4, always');
  });

  test('takes costs and properties into account', async () => {
    const code = 'contract @"f"(r) = { for (@x <- @"a") { r!(x) } }';
    const cheap = await rhoJson('discover', '--code', code, '--max-cost', '1');
    expect(cheap.report.matches).toEqual([]);
    const checked = await rhoJson('discover', '--code', code, '--properties', 'observable-outputs,unheard-of');
    expect(checked.report.matches.map(({ verdict }) => verdict)).toEqual(['unknown']);
    const hidden = await rhoJson('discover', '--code', 'new f in { contract f() = { Nil } }');
    expect([hidden.report.contracts, hidden.report.matches.length]).toEqual([1, 0]);
    const all = await rhoJson('discover', '--code', 'new f in { contract f() = { Nil } }', '--all');
    expect(all.report.matches.map(({ reach }) => reach)).toEqual(['private']);
  });

  test('shows what the model checker finds', async () => {
    const code = 'contract @"f"(r) = { for (@x <- @"never") { r!(x) } } | contract @"g"(r) = { r!(1) }';
    const query = 'contract @"f"(r)';
    const checked = await rhoJson('discover', '--code', code, '--check', '--query', query, '--properties', 'deadlock');
    expect(checked.report.matches).toEqual([]);
    expect(checked.report.near[0]?.properties).toMatchObject({ deadlock: 'fails', failure: 'holds' });
    const fine = await rhoJson('discover', program, '--check', '--properties', 'deadlock,failure');
    expect(fine.report.matches.map(({ verdict }) => verdict)).toEqual(['yes', 'yes']);
  });

  test('refuses what is no query or no program, with the place', async () => {
    const { status, report } = await rhoJson('discover', program, '--query', 'contract @"math"(@x, @x)');
    expect(status).toBe(1);
    expect(report.refused.map(({ stage, reason, column }) => [stage, reason, column])).toEqual([
      ['query', 'bound-twice', 23],
    ]);
    expect((await rho('discover', '--code', 'x!(')).status).toBe(1);
    expect((await rho('discover')).status).toBe(2);
    expect((await rho('discover', '--store', join(folder, 'nothing'))).status).toBe(2);
  });

  test('keeps the index beside the store, brings it up to date, and reads everything where it is told to', async () => {
    const kept = join(folder, 'kept');
    await rho('run', program, '--store', kept);
    const query = 'contract @"math"(@"add", @1, @2, r) = { r!(Int) }';
    const ask = async (...more: readonly string[]) =>
      (await rhoJson('discover', '--store', kept, '--query', query, ...more)).report;
    const first = await ask();
    expect([first.index?.source, first.matches.length]).toEqual(['absent', 1]);
    expect(first.index!.saved).toBeGreaterThan(1);
    const second = await ask();
    expect(second.index).toEqual({ source: 'loaded', channels: 0, saved: 0 });
    expect({ ...second, index: null }).toEqual({ ...first, index: null });
    await rho('run', '--code', 'contract @"more"() = { Nil }', '--store', kept);
    const third = await ask(program);
    expect([third.index?.source, third.contracts, third.matches.length]).toEqual(['loaded', 5, 2]);
    expect(third.index!.channels).toBeGreaterThan(0);
    // What programs of the command line offer is not kept.
    const fourth = await ask();
    expect([fourth.index, fourth.contracts]).toEqual([{ source: 'loaded', channels: 0, saved: 0 }, 3]);
    const whole = await ask('--no-index');
    expect([whole.index?.source, whole.index?.saved]).toEqual(['not-asked', 0]);
    expect({ ...whole, index: null }).toEqual({ ...fourth, index: null });
    expect((await rhoJson('discover', program)).report.index).toBeNull();
  });

  test('asks the store about what a saved index says, and reads everything if it says otherwise', async () => {
    const [told, other] = [join(folder, 'told'), join(folder, 'other')];
    await rho('run', '--code', 'contract @"f"(@{x /\\ Int}, r) = { r!(x) }', '--store', told);
    await rho('run', '--code', 'contract @"f"(@{x /\\ String}, r) = { r!(x) }', '--store', other);
    for (const path of [told, other]) await rho('discover', '--store', path);
    const [lying, honest] = [openLmdb({ path: told }), openLmdb({ path: other })];
    const records = [...new HistoryStore(honest).sides(new TextEncoder().encode('discoveryc'))];
    expect(records.length).toBe(1);
    new HistoryStore(lying).writeSide({ puts: records });
    expect(StoreIndex.load(new HistoryStore(lying)).reason).toBeUndefined();
    await Promise.all([lying.close(), honest.close()]);
    const { report } = await rhoJson('discover', '--store', told);
    expect([report.index?.source, report.matches.map(({ message }) => message)]).toEqual([
      'not-confirmed',
      ['[x0 /\\ Int, x1]'],
    ]);
    const again = await rhoJson('discover', '--store', told, '--query', 'contract @"f"(@1, r)');
    expect([again.report.index?.source, again.report.matches.length]).toEqual(['loaded', 1]);
  });

  test('answers though the store cannot be written', async () => {
    const full = join(folder, 'full');
    await rho('run', program, '--store', full);
    const main = join(import.meta.dirname, '..', 'src', 'main.ts');
    const words = ['--conditions=@commute/source', main, 'rho', 'discover', '--store', full, '--json'];
    const { stdout, status } = spawnSync('sh', ['-c', 'ulimit -f 8; exec "$0" "$@"', process.execPath, ...words], {
      encoding: 'utf8',
      // A cache of compiled code could not be written either.
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' },
    });
    const report = JSON.parse(stdout) as RhoDiscoverReport;
    expect([status, report.matches.length, report.index?.source, report.index?.saved]).toEqual([0, 2, 'absent', null]);
  });
});
