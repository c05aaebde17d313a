import { describe, expect, test } from 'vitest';
import { commute, commuteJson, file, guest, scratchFolder } from './support.ts';

const folder = scratchFolder();
const input = file(folder, 'input.txt', 'b'.repeat(500));
const words = [guest('sha256.elf'), '--input', input];

describe('commute dispute', () => {
  test.each([
    [0, 0],
    [1, 65_535],
    [4321, 17],
    [50_000, 40_000],
  ])('finds a lie that begins at step %d, micro-step %d, at exactly these', (step, microStep) => {
    const { status, report } = commuteJson(
      'dispute',
      ...words,
      ...['--fault-at', String(step), '--fault-micro-step', String(microStep), '--steps-per-snapshot', '1000'],
    );
    expect(status).toBe(0);
    expect(report).toMatchObject({
      command: 'dispute',
      winner: 'honest',
      step,
      microStep,
      log2MicroSteps: 16,
      hash: 'keccak256',
    });
    expect(report.losses).toEqual([{ party: 'faulty', reason: 'wrong-step', detail: '' }]);
    expect(report.verifiedRoot).not.toBe(report.agreedRoot);
    expect(report.rounds).toBeLessThan(60);
    expect(report.bytes).toBeLessThan(20_000);
  });

  test('finds a lie about memory, with another hash, in a run of a given length', () => {
    const { status, report } = commuteJson(
      'dispute',
      ...words,
      ...['--fault-at', '321', '--fault-address', '0x5000', '--fault-bit', '7', '--hash', 'sha256'],
      ...['--max-steps', '4000', '--steps-per-snapshot', '500'],
    );
    expect(status).toBe(0);
    expect(report).toMatchObject({ winner: 'honest', step: 321, microStep: 0, hash: 'sha256' });
  });

  test('is settled by one proof of all micro-steps where that is wanted', () => {
    const { status, report } = commuteJson('dispute', ...words, '--fault-at', '4321', '--settle', 'proof');
    expect(status).toBe(0);
    expect(report).toMatchObject({ winner: 'honest', step: 4321, microStep: null, settle: 'proof' });
    expect(report.losses).toEqual([{ party: 'faulty', reason: 'wrong-step', detail: '' }]);
    expect(report.verifiedRoot).not.toBe(report.agreedRoot);
  });

  test('comes to the same end with and without translated code, on runs long enough for it', () => {
    const number = file(folder, 'bound', '400000');
    const long = ['dispute', guest('sieve.elf'), '--input', number, '--fault-at', '5000000'];
    const ends = [[], ['--interpreter']].map((words) => {
      const { stdout } = commute(...long, ...words, '--json');
      const { seconds: _, ...report } = JSON.parse(stdout) as Record<string, unknown>;
      return report;
    });
    expect(ends[0]).toMatchObject({ winner: 'honest', step: 5_000_000, microStep: 0 });
    expect(ends[1]).toEqual(ends[0]);
    expect(commute('dispute', '--help').stdout).toContain('--interpreter');
  });

  test('says what it found in words', () => {
    const { status, stderr } = commute('dispute', ...words, '--fault-at', '99');
    expect(status).toBe(0);
    expect(stderr).toContain('the honest party wins');
    expect(stderr).toContain('the parties part at step 99');
  });

  test('needs a lie, and one within the run', () => {
    expect(commute('dispute', ...words).status).toBe(2);
    const beyond = commute('dispute', ...words, '--fault-at', '1000000000');
    expect(beyond.status).toBe(2);
    expect(beyond.stderr).toContain('which the run does not reach');
    expect(commute('dispute', guest('hello.micro.elf'), '--fault-at', '1').status).toBe(2);
  });
});
