import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ProveReport } from '../src/commands/prove.ts';
import { commute, commuteJson, file, guest, killWhen, scratchFolder, startCommute } from './support.ts';

const folder = scratchFolder();
const input = file(folder, 'input.txt', 'hello world');
const digest = `${createHash('sha256').update('hello world').digest('hex')}\n`;
const program = guest('sha256.micro.elf');
const proof = join(folder, 'deep', 'run.proof');

describe('commute prove and commute verify', () => {
  let report: ProveReport;
  beforeAll(() => {
    const words = [program, '--input', input, '--out', proof, '--output', join(folder, 'output.txt')];
    const ended = commuteJson('prove', ...words, '--log2-cycles', '12');
    expect(ended.status).toBe(0);
    ({ report } = ended);
  });

  test('say what was proved', () => {
    expect(report).toMatchObject({ command: 'prove', exitCode: 0, segments: 2, link: 'pairwise', inputBytes: 11 });
    expect(report.cycles).toBeGreaterThan(4096);
    expect(report.provenBits).toBeGreaterThanOrEqual(100);
    expect(report.bytes).toBe(readFileSync(proof).length);
    expect(report.program).toMatch(/^0x[0-9a-f]{64}$/);
    expect(readFileSync(join(folder, 'output.txt'), 'utf8')).toBe(digest);
  });

  test('accept the proof against program, input and output', () => {
    const output = file(folder, 'expected.txt', digest);
    const words = ['--program', program, '--input', input, '--output', output, '--exit-code', '0'];
    const verified = commuteJson('verify', proof, ...words);
    expect(verified.status).toBe(0);
    expect(verified.report).toMatchObject({ valid: true, reason: null, segments: 2, output: digest });
    expect(verified.report.provenBits).toBeGreaterThanOrEqual(100);
    const { status, stderr } = commute('verify', proof, '--program', report.program);
    expect(status).toBe(0);
    expect(stderr).toContain('is valid');
    expect(stderr).toContain(report.program);
  });

  test.each([
    ['program', guest('echo.micro.elf'), 'other-program'],
    ['program', `0x${'0'.repeat(64)}`, 'other-program'],
    ['input', file(folder, 'other-input.txt', 'hello worlds'), 'other-input'],
    ['output', file(folder, 'other-output.txt', ''), 'other-output'],
    ['exit-code', '1', 'other-exit'],
    ['security', '128', 'less-security'],
  ])('refuse another %s', (option, value, reason) => {
    const { status, report: refused } = commuteJson('verify', proof, `--${option}`, value);
    expect(status).toBe(1);
    expect(refused).toMatchObject({ valid: false, reason });
  });

  test('refuse a file whose claim was changed, and one that is damaged or none', () => {
    const bytes = readFileSync(proof);
    const at = bytes.indexOf(digest);
    const lie = Buffer.from(bytes);
    lie.write('0', at);
    const lying = commuteJson('verify', file(folder, 'lie.proof', lie));
    expect(lying.status).toBe(1);
    expect(lying.report.valid).toBe(false);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 1000]! ^= 1;
    const refused = commuteJson('verify', file(folder, 'damaged.proof', damaged)).report;
    expect(refused).toMatchObject({ valid: false, segment: 1 });
    expect(refused.reason).toMatch(/^proof: /);
    for (const [content, reason] of [
      ['', 'truncated'],
      ['not a proof at all', 'unknown-format'],
      [bytes.subarray(0, 100), 'truncated'],
    ] as const) {
      const { status, report: none } = commuteJson('verify', file(folder, 'none.proof', content));
      expect(status).toBe(1);
      expect(none).toMatchObject({ valid: false, reason, program: null });
    }
  });
});

describe('commute prove --work', () => {
  test('goes on after a kill at any moment, to the same proof', async () => {
    const work = join(folder, 'work', 'deep');
    const out = join(folder, 'killed.proof');
    const words = [program, '--input', input, '--out', out, '--log2-cycles', '12', '--work', work];
    const child = startCommute('prove', ...words);
    const killed = await killWhen(
      child,
      () => existsSync(work) && readdirSync(work).some((name) => name.startsWith('proof-') && !name.endsWith('.part')),
    );
    expect(existsSync(out)).toBe(!killed);
    const kept = readdirSync(work).filter((name) => !name.endsWith('.part'));
    const before = new Map(kept.map((name) => [name, readFileSync(join(work, name))]));
    const { status, report: second } = commuteJson('prove', ...words);
    expect(status).toBe(0);
    expect(second.segments).toBe(2);
    for (const [name, bytes] of before) expect(readFileSync(join(work, name))).toEqual(bytes);
    const proofs = readdirSync(work).filter((name) => name.startsWith('proof-') && !name.endsWith('.part'));
    expect(proofs).toHaveLength(2);
    expect(commuteJson('verify', out).report).toMatchObject({ valid: true, segments: 2 });

    // What is kept there is not believed.
    const [damaged] = proofs;
    const bytes = readFileSync(join(work, damaged!));
    bytes[bytes.length - 100]! ^= 1;
    writeFileSync(join(work, damaged!), bytes);
    const whole = readFileSync(out);
    const { status: code, stderr } = commute('prove', ...words);
    expect(code).toBe(1);
    expect(stderr).toMatch(/what is kept in .* is damaged \(proof: .*, segment [01]\); remove it/);
    expect(readFileSync(out)).toEqual(whole);
  });

  test('needs a folder', () => {
    const { status, stderr } = commute('prove', program, '--input', input, '--work', '/proc/none');
    expect(status).toBe(2);
    expect(stderr).toContain('--work');
  });
});

describe('commute prove --workers', () => {
  test('makes the same proof in threads side by side', () => {
    const out = join(folder, 'workers.proof');
    const words = [program, '--input', input, '--out', out, '--log2-cycles', '12', '--workers', '2'];
    // Two provers, and the two threads of one.
    for (const further of [['--threads', '1'], []]) {
      const { status, report } = commuteJson('prove', ...words, ...further);
      expect(status).toBe(0);
      expect(report.segments).toBe(2);
      expect(readFileSync(out)).toEqual(readFileSync(proof));
      rmSync(out);
    }
  });
});

describe('commute prove --link paged', () => {
  test('proves a program that touches many pages, in threads side by side', () => {
    // A word in each 4 KiB of 1 MiB, written and read.
    const [memory, numbers] = [guest('memory.micro.elf'), file(folder, 'numbers.txt', '1 4096')];
    const words = [memory, '--input', numbers, '--link', 'paged', '--log2-cycles', '12', '--threads', '1'];
    const out = join(folder, 'paged.proof');
    const { status, report } = commuteJson('prove', ...words, '--out', out, '--workers', '2');
    expect(status).toBe(0);
    expect(report).toMatchObject({ link: 'paged', exitCode: 0 });
    expect(report.segments).toBeGreaterThan(1);
    expect(commuteJson('verify', out, '--program', memory).report).toMatchObject({ valid: true });
  });
});

describe('commute prove --aggregate', () => {
  test('proves segments together, and verify says so', async () => {
    const out = join(folder, 'aggregate.proof');
    const work = join(folder, 'aggregate');
    const words = [program, '--input', input, '--out', out, '--log2-cycles', '12', '--aggregate', '--work', work];
    const child = startCommute('prove', ...words);
    // Killed when something is kept, the same command goes on from there.
    const killed = await killWhen(
      child,
      () => existsSync(work) && readdirSync(work).some((name) => !name.endsWith('.part')),
    );
    expect(existsSync(out)).toBe(!killed);
    const kept = readdirSync(work).filter((name) => !name.endsWith('.part'));
    const before = new Map(kept.map((name) => [name, readFileSync(join(work, name))]));
    const { status, report } = commuteJson('prove', ...words);
    expect(status).toBe(0);
    expect(report.segments).toBe(2);
    expect(report.link).toBe('global');
    for (const [name, bytes] of before) expect(readFileSync(join(work, name))).toEqual(bytes);
    expect(commuteJson('verify', out, '--program', program).report).toMatchObject({
      valid: true,
      segments: report.segments,
      output: digest,
    });
    const { stderr } = commute('verify', out);
    expect(stderr).toContain('2 segments, 2 proofs, several segments in one');
    // Workers are threads of one proof, unless it is said how many each has: then there are as many proofs as workers, at least.
    const two = join(folder, 'two.proof');
    const shared = [program, '--input', input, '--out', two, '--log2-cycles', '12', '--aggregate', '--workers', '2'];
    for (const [more, proofs] of [
      [[], 2],
      [['--threads', '1'], 3],
    ] as const) {
      expect(commuteJson('prove', ...shared, ...more).status).toBe(0);
      expect(commute('verify', two).stderr).toContain(`2 segments, ${String(proofs)} proofs`);
    }
  });
});

describe('commute prove refuses', () => {
  test.each([
    ['a program of another machine', [guest('sha256.elf')], 'RV32', 1],
    ['a run that does not end in time', [program, '--log2-cycles', '4', '--max-steps', '100'], 'does not exit', 1],
    [
      'a run that does not end in time, with workers',
      [program, '--log2-cycles', '4', '--max-steps', '100', '--workers', '2', '--threads', '1'],
      'does not exit',
      1,
    ],
    ['a security that is not offered', [program, '--security', '80'], '--security', 2],
    ['segments that are too short', [program, '--log2-cycles', '3'], '--log2-cycles', 2],
    ['less memory than a proof takes', [program, '--memory', '1000'], '--memory', 2],
    ['to put segments together that are linked pairwise', [program, '--aggregate', '--link', 'pairwise'], '--link', 2],
    ['to put segments together while the program goes on', [program, '--aggregate', '--eager'], '--eager', 2],
  ])('%s', (_, words, message, code) => {
    const out = join(folder, 'never.proof');
    const { status, stderr } = commute('prove', ...words, '--out', out);
    expect(status).toBe(code);
    expect(stderr).toContain(message);
    expect(existsSync(out)).toBe(false);
  });
});
