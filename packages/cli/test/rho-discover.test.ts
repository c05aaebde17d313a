import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
});
