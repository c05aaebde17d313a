/**
 * The tests that every machine must pass, for vitest.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { AccessLog } from './access.ts';
import type { Machine } from './machine.ts';
import { openProof, proveAccesses } from './proof.ts';
import { Snapshot } from './snapshot.ts';

/** What the suite needs to know of a machine. */
export interface ConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Makes a new machine. */
  readonly create: () => Machine;
  /** Brings a new machine into a state worth running, by `load` or `restore`. Called often: keep it quick. */
  readonly prepare: (machine: Machine) => void;
  /** How many steps to look at; 200 unless told. Choose it so that interesting things happen within. */
  readonly steps?: number;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Registers the tests that every implementation of `Machine` must pass.
 *
 * They check that nothing but the memory is state, that cutting a run into pieces changes nothing, that snapshots are
 * exact and immutable, that halting is a fixed point, and that an access log tells all that a step reads and writes.
 *
 * @example
 * ```ts no-run
 * import { machineConformance } from '@commute/machine/conformance';
 * import { createMine, program } from './mine.ts';
 * machineConformance({ name: 'mine', create: createMine, prepare: (machine) => machine.load(program) });
 * ```
 */
export function machineConformance(options: ConformanceOptions): void {
  const { name, create, prepare, steps = 200 } = options;
  const ready = (): Machine => {
    const machine = create();
    prepare(machine);
    return machine;
  };
  const rootAfter = (count: number): string => {
    const machine = ready();
    machine.advance(count);
    return hex(machine.root());
  };
  const cuts = [1, 2, Math.floor(steps / 3), Math.floor(steps / 2), steps - 1].filter((at) => at > 0 && at < steps);

  describe(`${name}: a machine`, () => {
    test('is running when prepared, and changes its state by a step', () => {
      const machine = ready();
      expect(machine.halt).toBeUndefined();
      const before = hex(machine.root());
      machine.advance(1);
      expect(hex(machine.root())).not.toBe(before);
    });

    test('does the same every time, also beside another machine', () => {
      const one = ready();
      const two = ready();
      for (let step = 0; step < steps; step += 1 + (step >> 2)) {
        one.advance(1 + (step >> 2));
        two.advance(1 + (step >> 2));
        expect(hex(two.root())).toBe(hex(one.root()));
      }
    });

    test('comes to the same state whether it runs in one piece or in many', () => {
      const whole = rootAfter(steps);
      for (const cut of cuts) {
        const machine = ready();
        machine.advance(cut);
        machine.sync();
        machine.advance(steps - cut);
        expect(hex(machine.root()), `cut at ${String(cut)}`).toBe(whole);
      }
      const single = ready();
      for (let step = 0; step < steps; step++) single.advance(1);
      expect(hex(single.root())).toBe(whole);
    });

    test('counts the steps it runs', () => {
      const machine = ready();
      const before = hex(machine.root());
      expect(machine.run(0)).toBe(0);
      expect(hex(machine.root())).toBe(before);
      const executed = machine.run(steps);
      expect(executed).toBeGreaterThan(0);
      expect(executed).toBeLessThanOrEqual(steps);
      if (machine.halt === undefined) expect(executed).toBe(steps);
      expect(hex(machine.root())).toBe(rootAfter(executed));
    });

    test('stops exactly where asked', () => {
      for (const cut of cuts) {
        const machine = ready();
        const executed = machine.run(cut);
        if (machine.halt === undefined) expect(executed).toBe(cut);
        expect(hex(machine.root())).toBe(rootAfter(executed));
      }
    });

    test('continues from a snapshot as if nothing had been in between', () => {
      const end = rootAfter(steps);
      for (const cut of cuts) {
        const machine = ready();
        machine.advance(cut);
        const snapshot = machine.snapshot();
        const root = hex(snapshot.root());
        const output = hex(machine.output());
        expect(hex(machine.root())).toBe(root);
        machine.advance(steps - cut);
        expect(hex(machine.root())).toBe(end);
        expect(hex(snapshot.root()), 'a snapshot does not change').toBe(root);

        machine.restore(snapshot);
        expect(hex(machine.root())).toBe(root);
        expect(hex(machine.output())).toBe(output);
        machine.advance(steps - cut);
        expect(hex(machine.root())).toBe(end);

        const other = create();
        other.restore(snapshot);
        other.advance(steps - cut);
        expect(hex(other.root())).toBe(end);
        expect(other.halt).toEqual(machine.halt);
      }
    });

    test('has no state but its memory', () => {
      const end = rootAfter(steps);
      for (const cut of cuts) {
        const machine = ready();
        machine.advance(cut);
        machine.sync();
        const bytes = machine.memory.snapshot().pages();
        const copy = Snapshot.empty(machine.memory.hasher).withPages(
          bytes.map((page) => ({ index: page.index, bytes: page.bytes === null ? null : page.bytes.slice() })),
        );
        const other = ready();
        other.advance(1);
        other.restore(copy);
        expect(hex(other.root())).toBe(hex(machine.root()));
        expect(other.halt).toEqual(machine.halt);
        other.advance(steps - cut);
        expect(hex(other.root())).toBe(end);
      }
    });

    test('notes in the journal every word that a step changes', () => {
      const machine = ready();
      machine.sync();
      const memory = machine.memory;
      memory.journaling = true;
      for (let step = 0; step < Math.min(steps, 100); step++) {
        const before = machine.snapshot();
        memory.journalLength = 0;
        machine.advance(1);
        machine.sync();
        const noted = new Set(memory.journal.subarray(0, memory.journalLength).map((address) => address & ~3));
        for (const { index, bytes } of before.differences(machine.snapshot())) {
          const old = before.page(index);
          for (let offset = 0; offset < 4096; offset += 4) {
            const changed = [0, 1, 2, 3].some((i) => (old?.[offset + i] ?? 0) !== (bytes?.[offset + i] ?? 0));
            const address = (index * 4096 + offset) | 0;
            if (changed) expect(noted.has(address), `step ${String(step)}: ${(address >>> 0).toString(16)}`).toBe(true);
          }
        }
      }
    });

    test('once halted stays as it is', () => {
      const machine = ready();
      machine.run(steps);
      if (machine.halt === undefined) return;
      const { halt } = machine;
      const output = hex(machine.output());
      const root = hex(machine.root());
      expect(machine.run(steps)).toBe(0);
      expect(hex(machine.root())).toBe(root);
      machine.advance(3);
      expect(machine.halt).toEqual(halt);
      expect(hex(machine.output())).toBe(output);
      if (!machine.supports.clockInState) expect(hex(machine.root())).toBe(root);
      const other = create();
      other.restore(machine.snapshot());
      expect(other.halt).toEqual(halt);
    });

    if (create().supports.accessLog) {
      test('logs a step that equals the quick one, and the log alone explains it', () => {
        const slow = ready();
        const quick = ready();
        for (let step = 0; step < Math.min(steps, 100); step++) {
          const before = slow.snapshot();
          const log = slow.logStep();
          quick.advance(1);
          expect(hex(slow.root()), `step ${String(step)}`).toBe(hex(quick.root()));
          expect(slow.halt).toEqual(quick.halt);
          expect(hex(replay(before, log, quick.snapshot()).root())).toBe(hex(quick.root()));
          const opened = openProof(before.hasher, before.root(), proveAccesses(before, log));
          expect(opened.ok).toBe(true);
        }
      });
    }
  });
}

/**
 * Applies a log to the state before it, and checks that what was read is what was there. The content of a region that was
 * replaced is not in a log, only its root: it is taken from the state after the step, and has to have that root.
 */
function replay(before: Snapshot, log: AccessLog, after: Snapshot): Snapshot {
  let state = before;
  for (const access of log) {
    if (access.kind === 'replace') {
      const { region } = access;
      state = state.withRegion(region, after);
      expect(hex(state.regionRoot(region))).toBe(hex(access.root));
      continue;
    }
    const found = state.word(access.address);
    if (access.kind === 'read') {
      expect(access.value).toBe(found);
      continue;
    }
    expect(access.before).toBe(found);
    const index = access.address >>> 12;
    const bytes = state.page(index)?.slice() ?? new Uint8Array(4096);
    new DataView(bytes.buffer).setUint32(access.address & 4092, access.value, true);
    state = state.withPages([{ index, bytes }]);
  }
  return state;
}
