import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFastVM } from '@commute/fast-vm';
import { parseElf } from '@commute/elf';
import { encodeSnapshot } from '@commute/machine';
import { commute, commuteJson, file, guest, scratchFolder } from './support.ts';

const folder = scratchFolder();

function snapshotAfter(steps: number): Uint8Array {
  const parsed = parseElf(new Uint8Array(readFileSync(guest('hello.elf'))));
  if (!parsed.ok) throw new Error(parsed.reason);
  const machine = createFastVM();
  machine.load(parsed.elf);
  machine.run(steps);
  return encodeSnapshot(machine.snapshot());
}

describe('commute inspect', () => {
  test('shows segments and the disassembly of a program', () => {
    const { status, report } = commuteJson('inspect', guest('hello.elf'), '--count', '3');
    expect(status).toBe(0);
    expect(report).toMatchObject({
      command: 'inspect',
      kind: 'elf',
      program: { xlen: 64, entry: '0x00010000' },
      machines: [],
    });
    expect(report.disassembly.length).toBe(3);
    expect(report.disassembly[0]).toMatchObject({ address: '0x00010000', symbol: '_start' });
    expect(report.program?.segments[0]?.permissions).toBe('r-x');
    expect(commuteJson('inspect', guest('hello.micro.elf')).report.program?.xlen).toBe(32);
    expect(commute('inspect', guest('hello.elf')).stdout).toContain('_start:');
  });

  test('shows the registers of a snapshot, and memory where asked', () => {
    const path = file(folder, 'after.snapshot', snapshotAfter(5));
    const { report } = commuteJson('inspect', path, '--address', '0x10000', '--dump', '16');
    expect(report.kind).toBe('snapshot');
    expect(report.state?.stateRoot).toMatch(/^0x[0-9a-f]{64}$/);
    expect(report.machines).toHaveLength(1);
    expect(report.machines[0]).toMatchObject({ machine: 'fast-vm', steps: '5', halted: 'running' });
    expect(Object.keys(report.machines[0]!.registers)).toHaveLength(32);
    expect(report.dump).toEqual({
      address: '0x00010000',
      bytes: readFileSync(guest('hello.elf')).subarray(0x1000, 0x1010).toString('hex'),
    });
  });

  test('shows any snapshot of a directory', () => {
    const directory = join(folder, 'snapshots');
    commute('run', guest('hello.elf'), '--snapshots', directory, '--steps-per-snapshot', '10');
    const last = commuteJson('inspect', directory).report;
    expect(last.snapshots?.[1]).toMatchObject({ index: 1, step: 10 });
    expect(last.machines[0]).toMatchObject({ halted: 'exited', haltCode: 0 });
    const first = commuteJson('inspect', directory, '--index', '0').report;
    expect(first).toMatchObject({ kind: 'snapshots', index: 0, machines: [{ steps: '0', pc: '0x10000' }] });
    expect(commute('inspect', directory, '--index', '1000').status).toBe(1);

    const alone = join(folder, 'alone.snapshot');
    const exported = commuteJson('inspect', directory, '--index', '1', '--export', alone).report;
    const again = commuteJson('inspect', alone).report;
    expect(again).toMatchObject({ kind: 'snapshot', state: exported.state, machines: exported.machines });
  });

  test('refuses a snapshot with one bit flipped, wherever it is', () => {
    const bytes = snapshotAfter(5);
    for (const at of [9, 20, 40, 62, 70, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      const { status, stderr } = commute('inspect', file(folder, 'damaged.snapshot', damaged));
      expect(status, `byte ${String(at)}`).toBe(1);
      expect(stderr).toContain('damaged snapshot');
    }
  });

  test('refuses a file that is neither', () => {
    const { status, stderr } = commute('inspect', file(folder, 'text', 'hello'));
    expect(status).toBe(1);
    expect(stderr).toContain('neither a snapshot nor a program');
  });
});
