import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rho, rhoJson } from './rho-support.ts';
import { file, scratchFolder } from './support.ts';

function mover(name: string, from: string, to: string): string {
  return `contract @"${name}"(@{amount /\\ Int}, done) = {
  for (@x <- @"${from}") {
    for (@y <- @"${to}") {
      @"${from}"!(x - amount) | @"${to}"!(y + amount) | done!(true)
    }
  }
}`;
}

describe('commute rho compose', () => {
  const folder = scratchFolder();
  const accounts = file(folder, 'accounts.rho', '@"ann"!(10) | @"bob"!(20)');
  const pay = file(folder, 'pay.rho', mover('pay', 'ann', 'bob'));
  const refund = file(folder, 'refund.rho', mover('refund', 'bob', 'ann'));

  test('puts parts together that are fine together, and the result runs', async () => {
    const output = join(folder, 'paying.rho');
    const { status, report } = await rhoJson('compose', accounts, pay, '--output', output);
    expect([status, report.verdict, report.hidden, report.callers.length]).toEqual([
      0,
      'holds',
      ['@"ann"', '@"bob"'],
      2,
    ]);
    expect(report.contracts.map(({ channel, replies }) => [channel, replies[0]?.messages])).toEqual([
      ['@"pay"', ['[true]']],
    ]);
    expect(report.connections.map(({ part, accepted }) => [part, accepted])).toEqual([
      ['accounts', 'yes'],
      ['accounts', 'yes'],
      ['pay', 'yes'],
      ['pay', 'yes'],
    ]);
    expect(readFileSync(output, 'utf8')).toBe(`${report.source!}\n`);
    const run = await rho(
      'eval',
      output,
      '--code',
      '@"pay"!(1, "done") | for (@x <- @"done") { new o(`rho:io:stdout`) in { o!(x) } }',
    );
    expect(run.out).toContain('true');
  });

  test('refuses parts that can wait for each other for ever, with a schedule and its places', async () => {
    const { status, report } = await rhoJson('compose', accounts, pay, refund, '--calls', '1');
    expect([status, report.verdict, report.source]).toEqual([1, 'fails', null]);
    const deadlock = report.findings.find(({ check }) => check === 'deadlock');
    const places = deadlock!.places.map(({ file: at, line }) => `${at.slice(folder.length + 1)}:${String(line)}`);
    expect(places).toEqual(expect.arrayContaining(['pay.rho:3', 'refund.rho:3']));
    expect(deadlock!.trace!.steps.length).toBeGreaterThan(3);
    const { notes, out } = await rho('compose', accounts, pay, refund, '--calls', '1');
    expect(notes).toContain('refused: not everything holds');
    expect(out).toBe('');
  });

  test('follows wires and exposed names', async () => {
    const user = file(folder, 'user.rho', 'contract @"go"(r) = { @"transfer; = now"!(1, *r) }');
    const wires = 'user:@"transfer; = now" = pay:@"pay"';
    const wired = await rhoJson('compose', accounts, pay, user, '--wire', wires);
    expect([wired.status, wired.report.verdict]).toEqual([0, 'holds']);
    expect(wired.report.contracts.map(({ channel }) => channel)).toEqual(['@"go"']);
    const open = await rhoJson(
      'compose',
      accounts,
      pay,
      user,
      '--wire',
      wires,
      '--expose',
      '@"pay"',
      '--expose',
      '@"ann"',
      '--unchecked',
    );
    expect([open.status, open.report.verdict, open.report.hidden]).toEqual([0, null, ['@"bob"']]);
    expect((await rho('compose', pay, user, '--wire', 'user:"x"')).status).toBe(2);
    expect((await rho('compose', pay, user, '--wire', 'user:@"go"')).status).toBe(2);
    const { report, status } = await rhoJson('compose', pay, user, '--wire', 'user:@"nothing" = pay:@"pay"');
    expect([status, report.problems.map(({ reason }) => reason)]).toEqual([1, ['unknown-channel']]);
    expect((await rho('compose', pay, pay)).status).toBe(2);
  });

  test('refuses calls that cannot be accepted, at their place, and properties that do not hold', async () => {
    const user = file(folder, 'wrong.rho', 'contract @"go"(r) = { @"pay"!("much", *r) }');
    const { status, report } = await rhoJson('compose', accounts, pay, user);
    expect([status, report.verdict, report.source]).toEqual([1, null, null]);
    expect(report.problems.map(({ reason, part, place }) => [reason, part, place?.column])).toEqual([
      ['call-not-accepted', 'wrong', 23],
    ]);
    const [always, eventually] = ['always not @"nothing"!(_)', 'eventually @"never"!(_)'];
    const checked = await rhoJson('compose', accounts, pay, '--property', always, '--property', eventually);
    const own = checked.report.findings.filter(({ check }) => check === 'property');
    expect(own.map(({ verdict }) => verdict)).toEqual(['holds', 'fails']);
    expect((await rho('compose', accounts, pay, '--property', 'sometimes')).status).toBe(1);
  });

  test('puts contracts together that stand in a store, with programs and with each other', async () => {
    const store = join(folder, 'store');
    const counter =
      'new n, out(`rho:io:stdout`) in { n!(5) | contract @"next"(@{step /\\ Int}, r) = { for (@x <- n) { n!(x + step) | out!(x) | r!(x) } } | contract @"reset"() = { for (_ <- n) { n!(0) } } }';
    expect((await rho('run', pay, refund, '--store', store)).status).toBe(0);
    expect((await rho('run', '--code', counter, '--store', store)).status).toBe(0);
    expect((await rho('run', '--code', 'new r in { @"next"!(4, *r) }', '--store', store)).status).toBe(0);
    const moving = ['--contract', 'payer:@"pay"', '--store', store];
    const fine = await rhoJson('compose', accounts, ...moving, '--calls', '1');
    expect([fine.status, fine.report.verdict, fine.report.hidden]).toEqual([0, 'holds', ['@"ann"', '@"bob"']]);
    expect(fine.report.stored.map(({ part, receives, messages }) => [part, receives, messages])).toEqual([
      ['payer', 1, 0],
    ]);
    const together = await rhoJson('compose', accounts, ...moving, '--contract', 'refunder:@"refund"', '--calls', '1');
    expect([together.status, together.report.verdict, together.report.source]).toEqual([1, 'fails', null]);
    const deadlock = together.report.findings.find(({ check }) => check === 'deadlock');
    expect(deadlock!.places.map(({ file: at }) => at)).toEqual(
      expect.arrayContaining(['store/payer.rho', 'store/refunder.rho']),
    );
    // The state of the contract comes along, and what is written runs with it.
    const user = file(folder, 'go.rho', 'contract @"go"(r) = { @"sum"!(1, *r) }');
    const output = join(folder, 'counting.rho');
    const counting = ['--contract', 'counter:@"next"', '--contract', 'counter:@"reset"', '--store', store];
    const wire = ['--wire', 'go:@"sum" = counter:@"next"'];
    const wired = await rhoJson('compose', user, ...counting, ...wire, '--output', output);
    expect([wired.status, wired.report.verdict, wired.report.connections[0]?.accepted]).toEqual([0, 'holds', 'yes']);
    expect(wired.report.contracts.map(({ channel }) => channel)).toEqual(['@"go"', '@"reset"']);
    const run = await rho('eval', output, '--code', 'new r in { @"go"!(*r) }');
    expect(run.out).toContain('9');
    const shown = await rho('compose', ...counting);
    expect(shown.notes).toContain('counter: 2 receives and 1 message of the store');
  });

  test('refuses what a store cannot give, and says why', async () => {
    const store = join(folder, 'store');
    const nothing = await rho('compose', '--contract', 'x:@"nothing"', '--store', store);
    expect([nothing.status, nothing.notes]).toEqual([1, expect.stringContaining('no-contract')]);
    const shared = ['--contract', 'a:@"next"', '--contract', 'b:@"reset"', '--store', store];
    const both = await rho('compose', ...shared);
    expect([both.status, both.notes]).toEqual([1, expect.stringContaining('shared-name')]);
    expect((await rho('compose', '--contract', 'x:@"pay"')).status).toBe(2);
    expect((await rho('compose', '--store', store)).status).toBe(2);
    expect((await rho('compose', '--contract', 'pay', '--store', store)).status).toBe(2);
    expect((await rho('compose')).status).toBe(2);
    expect((await rho('compose', pay, '--contract', 'pay:@"pay"', '--store', store)).status).toBe(2);
    expect((await rho('compose', '--help')).out).toContain('--contract CONTRACT');
  });
});
