import { createFastVM, type Implementation } from '@commute/fast-vm';
import { runVersions } from '@commute/swap';
import { expect, test } from 'vitest';
import { createRiscvLayer } from '../src/index.ts';
import { loadGuest } from './programs.ts';

const implementations: readonly Implementation[] = ['interpreter', 'translator', 'reference'];

test('the three implementations of the fast machine agree on every snapshot', async () => {
  const versions = implementations.map((implementation) => {
    const machine = createFastVM({ implementation });
    loadGuest(machine, 'sha256', 'abc');
    return { name: implementation, machine };
  });
  const result = await runVersions({ versions, stepsPerSnapshot: 3000 });
  expect(result.agreed).toBe(true);
  expect(result.halt).toEqual({ kind: 'exit', code: 0 });
  expect(result.store.length).toBeGreaterThan(2);
});

test('interpreter and translator agree on every snapshot of a run that is long enough to be translated', async () => {
  const versions = (['interpreter', 'translator'] as const).map((implementation) => {
    const machine = createFastVM({ implementation });
    loadGuest(machine, 'sieve', '500000');
    return { name: implementation, machine };
  });
  const result = await runVersions({ versions, stepsPerSnapshot: 262_144 });
  expect(result.agreed).toBe(true);
  expect(result.steps).toBeGreaterThan(6_000_000);
});

test('a layer makes the fast machine in the implementation that is asked for', () => {
  const roots = implementations.map((implementation) => {
    const machine = createRiscvLayer({ implementation }).upper();
    loadGuest(machine, 'hello', '');
    machine.advance(100);
    return Buffer.from(machine.root()).toString('hex');
  });
  expect(new Set(roots).size).toBe(1);
});
