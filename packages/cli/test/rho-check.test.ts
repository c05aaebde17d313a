import { describe, expect, test } from 'vitest';
import { rho, rhoJson } from './rho-support.ts';
import { file, scratchFolder } from './support.ts';

const folder = scratchFolder();
const race = ['--code', '@"a"!(1) | @"a"!(2) | for (@x <- @"a") { @"got"!(x) }'];

describe('commute rho check', () => {
  test('says what holds and what fails, in JSON with stable fields', async () => {
    const { status, report } = await rhoJson(
      'check',
      ...race,
      ...['--checks', 'deadlock,race', '--property', 'eventually @"got"!(_)', '--property', 'eventually @"got"!(1)'],
    );
    expect(status).toBe(1);
    expect(report).toMatchObject({
      command: 'rho check',
      verdict: 'fails',
      refused: [],
      graph: { states: 3, transitions: 2, depth: 1, complete: true, bound: null, terminal: 2 },
    });
    expect(report.findings.map(({ check, property, verdict }) => [check, property, verdict])).toEqual([
      ['deadlock', null, 'holds'],
      ['race', null, 'fails'],
      ['property', 'eventually @"got"!(_)', 'holds'],
      ['property', 'eventually @"got"!(1)', 'fails'],
    ]);
    const last = report.findings[3]!;
    expect(last.trace?.steps).toEqual([
      {
        receive: {
          text: 'for (x0 <- @"a") { @"got"!(*x0) }',
          place: { file: '<code>', line: 1, column: 23 },
          system: null,
        },
        messages: [
          {
            text: '@"a"!(2)',
            place: { file: '<code>', line: 1, column: 12 },
            channel: '"a"',
            removed: true,
            environment: false,
          },
        ],
      },
    ]);
    expect(last.trace).toMatchObject({ cycle: null, environment: [], failure: null });
  });

  test('ends with 0 only if everything holds', async () => {
    expect((await rho('check', ...race)).status).toBe(0);
    const endless = ['--code', 'contract @"l"(@n) = { @"l"!(n + 1) } | @"l"!(0)', '--max-states', '50'];
    expect(await rhoJson('check', ...endless)).toMatchObject({ status: 1, report: { verdict: 'unknown' } });
    expect((await rho('check', ...endless, '--accept-unknown')).status).toBe(0);
    expect((await rho('check', ...race, '--checks', 'bogus')).status).toBe(2);
    expect((await rho('check', ...race, '--fairness', 'bogus')).status).toBe(2);
  });

  test('refuses programs and properties at their places', async () => {
    expect((await rho('check', '--code', '@"a"!(')).notes).toContain('<code>:1:7');
    const properties = file(folder, 'lock.properties', 'always terminal;\n// the second\neventually @"got"!(;\n');
    const { status, notes } = await rho('check', ...race, '--properties', properties);
    expect(status).toBe(1);
    expect(notes).toContain('lock.properties:3:20');
    const json = await rhoJson('check', ...race, '--properties', properties);
    expect(json.report).toMatchObject({
      verdict: null,
      graph: null,
      refused: [{ stage: 'invalid-property', line: 3 }],
    });
  });

  test('checks secrets, costs and an environment', async () => {
    const leak = ['--code', 'new key in { for (reply <- @"ask") { reply!(*key) } }', '--secret', 'key'];
    const { report } = await rhoJson('check', ...leak, '--environment', '@"ask"!(_)', '--checks', 'leak');
    expect(report.findings[0]).toMatchObject({
      check: 'leak',
      verdict: 'fails',
      trace: { environment: [expect.any(String)] },
    });
    const cost = await rhoJson('check', ...race, '--checks', 'cost', '--max-comms', '0');
    expect(cost.report.findings[0]).toMatchObject({ check: 'cost', verdict: 'fails' });
  });
});
