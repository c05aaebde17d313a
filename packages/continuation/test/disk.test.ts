import { readGuest } from '@commute-tools/guests';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createExecutor, createProgram, executeProgram, type Program } from '@commute/continuation';
import { Disk, DiskHost, proveDisk, verifyDisk } from '@commute/disk';
import { parseElf } from '@commute/elf';
import { HOST_CALL } from '@commute/micro-riscv';
import {
  branchInstructions,
  call,
  DATA,
  ecall,
  image,
  immediateInstructions,
  jal,
  li,
  registerInstructions,
} from './assemble.ts';

const { addi } = immediateInstructions;
const { add, sub } = registerInstructions;

function guestProgram(target: 'micro' | 'multiply'): Program {
  const parsed = parseElf(readGuest('disksort', target));
  if (!parsed.ok) throw new Error(parsed.reason);
  return createProgram(parsed.elf, { multiply: target === 'multiply' });
}

const littleEndian = (numbers: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);

describe.for(['micro', 'multiply'] as const)('a program that sorts on a disk (%s)', (target) => {
  const program = guestProgram(target);

  test.for([0, 1, 127, 128, 129, 1024, 1025, 5000])('sorts %i numbers', async (count) => {
    const numbers = Array.from({ length: count }, (_, k) => Math.imul(k + 1, 0x9e37_79b1) >>> 0);
    const [before, input] = [new Disk(), littleEndian(numbers)];
    const host = new DiskHost(before.clone(), input);
    const run = await executeProgram(program, { more: (written) => host.answer(written) });
    if (!run.ok) throw new Error(run.message);
    host.answer(run.output);
    expect(run.exitCode).toBe(0);
    expect(host.position).toBe(run.output.length);
    expect(host.output()).toEqual(littleEndian(numbers.toSorted((a, b) => a - b)));
    const claim = { before: before.root(), after: host.disk.root(), input, output: host.output() };
    const streams = { written: run.output, given: run.input };
    const verdict = verifyDisk(claim, streams, proveDisk(before, run.output));
    expect(verdict).toMatchObject({ ok: true });
    if (count <= 1024) return;
    // One bit of one block on its way back from the disk.
    const forged = run.input.slice();
    forged[run.input.length - 300]! ^= 1;
    expect(verifyDisk(claim, { ...streams, given: forged }, proveDisk(before, run.output)).ok).toBe(false);
  });

  test('is the same run, cycle by cycle, given its whole input at once', async () => {
    const host = new DiskHost(new Disk(), littleEndian(Array.from({ length: 1500 }, (_, k) => (k * k * 40503) >>> 0)));
    const more = (written: Uint8Array): Uint8Array => host.answer(written);
    const run = await executeProgram(program, { more });
    if (!run.ok) throw new Error(run.message);
    const again = new DiskHost(new Disk(), littleEndian(Array.from({ length: 1500 }, (_, k) => (k * k * 40503) >>> 0)));
    const growing = createExecutor(program, { more: (written) => again.answer(written) });
    const whole = createExecutor(program, { input: run.input });
    while (!whole.halted) {
      const [a, b] = [growing.next(15), whole.next(15)];
      expect(a).toEqual(b);
    }
    expect(growing.halted).toBe(true);
    expect(growing.input()).toEqual(whole.input());
    expect(growing.output()).toEqual(whole.output());
  });
});

describe('input that grows', () => {
  // Reads up to 7 bytes and writes what it got, again and again, until there is nothing.
  const [bytes, left] = [8, 9]; // registers
  const write = [
    addi!(10, 0, 1),
    addi!(11, bytes, 0),
    addi!(12, left, 0),
    ...li(17, HOST_CALL.write),
    ecall,
    add!(bytes, bytes, 10),
    sub!(left, left, 10),
    branchInstructions['bne']!(left, 0, -4 * 8),
  ];
  const read = call(HOST_CALL.read, 0, DATA, 7);
  const around = [...li(bytes, DATA), addi!(left, 10, 0)];
  const whole = [
    ...read,
    branchInstructions['beq']!(10, 0, 4 * (around.length + write.length + 2)),
    ...around,
    ...write,
  ];
  const copy = createProgram(image([...whole, jal(0, -4 * whole.length), ...call(HOST_CALL.exit, 0)]));

  test('moves what it moves when all is there at once, however it comes', async () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5 }), pieces, async (input, parts) => {
        let next = 0;
        let asked = 0;
        const more = (written: Uint8Array): Uint8Array => {
          asked++;
          expect(written.length).toBeLessThanOrEqual(
            input.length + parts.slice(0, next).flatMap((part) => [...part]).length,
          );
          return parts[next++] ?? new Uint8Array();
        };
        const run = await executeProgram(copy, { input, more });
        const whole = Uint8Array.from([...input, ...parts.flatMap((part) => [...part])]);
        const once = await executeProgram(copy, { input: whole });
        if (!run.ok || !once.ok) throw new Error('refused');
        expect(run).toEqual(once);
        expect(run.output).toEqual(whole);
        expect(asked).toBe(parts.length + 1);
      }),
      { numRuns: 50 },
    );
  });

  test('ends a run that is given too much', async () => {
    const run = await executeProgram(copy, { more: () => new Uint8Array(2 ** 28) });
    expect(run).toMatchObject({ ok: false, reason: 'input-limit' });
  });

  test('stops where it is told to', async () => {
    const more = (): Uint8Array => Uint8Array.of(1);
    const controller = new AbortController();
    const run = executeProgram(copy, {
      more,
      signal: controller.signal,
      onProgress: () => {
        controller.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    await expect(executeProgram(copy, { more, mostCycles: 2 ** 17 })).resolves.toMatchObject({
      ok: false,
      reason: 'cycle-limit',
    });
  });
});
