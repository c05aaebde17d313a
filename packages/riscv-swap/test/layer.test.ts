import { readGuest } from '@commute-tools/guests';
import { Snapshot, blake3, keccak256, sha256 } from '@commute/machine';
import { proveStep } from '@commute/micro-riscv';
import {
  GUEST_BASE,
  createGuestLayer,
  createRiscvLayer,
  createStack,
  interpreterElf,
  interpreterPristine,
  interpreterProgram,
  stackModule,
} from '@commute/riscv-swap';
import { assertLayer, assertStack, attach, checkRun, runWithSnapshots } from '@commute/swap';
import { threadPool } from '@commute/swap/node';
import { describe, expect, test } from 'vitest';
import { loadGuest } from './programs.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A program of these words that starts at its first. */
function program(address: number, ...words: number[]) {
  return { entry: address, segments: [{ address, bytes: new Uint8Array(Uint32Array.from(words).buffer) }] };
}
const EXIT = [0x05d00893, 0x00000073]; // li a7, 93; ecall
const FOREVER = 0x0000006f; // j .

describe('the interpreter', () => {
  test('is the one that is built from its sources', () => {
    expect(hex(interpreterElf())).toBe(hex(readGuest('interpreter', 'micro')));
  });

  test('lies in Q above the control page and keeps no variables', () => {
    const { segments, entry } = interpreterProgram();
    expect(segments).toHaveLength(1);
    const { address, memorySize, bytes, writable } = segments[0]!;
    expect(address).toBe(0xff00_1000);
    expect(address + memorySize).toBeLessThan(0xffff_0000);
    expect(bytes.length).toBe(memorySize);
    expect(writable).toBe(false);
    expect(entry).toBeGreaterThan(address);
  });

  test.for([keccak256, sha256, blake3])('has a pristine state with its root under $name', (hasher) => {
    const pristine = interpreterPristine({ hasher });
    expect(hex(pristine.root)).toBe(hex(pristine.content.regionRoot(pristine.region)));
    assertLayer(createRiscvLayer({ hasher }));
  });
});

describe('a layer', () => {
  test.for([14, 20, 24])('takes 2^%i micro-steps for each instruction', (log2MicroSteps) => {
    const layer = createRiscvLayer({ log2MicroSteps });
    const fast = layer.upper();
    fast.load(program(0x1000, ...EXIT));
    const micro = layer.lower();
    micro.restore(attach(layer, fast.snapshot()));
    micro.advance(2 * 2 ** log2MicroSteps);
    fast.advance(2);
    expect(hex(micro.root())).toBe(hex(attach(layer, fast.snapshot()).root()));
    expect(fast.halt).toEqual({ kind: 'exit', code: 0 });
  });

  test.for([13, 25, 16.5, NaN])('refuses 2^%d micro-steps', (log2MicroSteps) => {
    expect(() => createRiscvLayer({ log2MicroSteps })).toThrow('log2MicroSteps: expected');
  });

  test('passes its limit of pages on', () => {
    const layer = createRiscvLayer({ maximumPages: 4 });
    const fast = layer.upper();
    expect(() => {
      fast.load(program(0x1000, ...new Array<number>(8192).fill(1)));
    }).toThrow('4 pages');
  });

  test('gives a verifier roots, and no content', () => {
    const above = createGuestLayer({
      name: 'above',
      upper: () => createRiscvLayer().upper(),
      program: program(GUEST_BASE, ...EXIT),
      log2Steps: 4,
    });
    const { verifier } = createRiscvLayer({ above: above.auxiliary });
    expect(Object.keys(verifier.pristine)).toEqual(['region', 'root']);
    expect(verifier.upperRegions).toEqual([{ region: above.auxiliary.region, root: above.auxiliary.root }]);
    expect(JSON.parse(JSON.stringify(verifier.pristine))).toBeDefined();
  });

  test('every micro-step of an instruction is verified from less than 4 KiB', () => {
    const layer = createRiscvLayer();
    const fast = layer.upper();
    loadGuest(fast, 'sha256', 'abc');
    for (const skip of [0, 3000, 5000]) {
      fast.run(skip);
      const micro = layer.lower();
      micro.restore(attach(layer, fast.snapshot()));
      while (micro.halt === undefined) {
        const before = micro.root();
        const proof = proveStep(micro);
        micro.advance(1);
        expect(proof.length).toBeLessThan(4096);
        expect(layer.verify(before, proof)).toEqual({ ok: true, rootAfter: micro.root() });
      }
      micro.advance(2 ** layer.log2Steps - Number(micro.clock) - 1);
      const before = micro.root();
      const verdict = layer.verify(before, proveStep(micro));
      fast.advance(1);
      expect(verdict).toEqual({ ok: true, rootAfter: attach(layer, fast.snapshot()).root() });
    }
  });
});

describe('a layer above', () => {
  const upper = () => createRiscvLayer().upper();
  const layerOf = (log2Steps: number, ...words: number[]) =>
    createGuestLayer({ name: 'above', upper, program: program(GUEST_BASE, ...words), log2Steps });

  test('whose program never ends is an error on all machines', () => {
    const above = layerOf(3, FOREVER);
    const layer = createRiscvLayer({ above: above.auxiliary });
    const state = attach(above, Snapshot.empty());
    const fast = layer.upper();
    fast.restore(state);
    expect(() => {
      fast.advance(8);
    }).toThrow('2^3');
    const micro = layer.lower();
    micro.restore(attach(layer, state));
    micro.advance(7 * 2 ** layer.log2Steps);
    expect(() => {
      micro.advance(2 ** layer.log2Steps);
    }).toThrow('2^16');
  });

  test('starts each step as new, whatever the program did to itself', () => {
    // lui t0, 0xe1000; sw zero, 20(t0): destroys the instruction at the end; li a7, 93; ecall
    const above = layerOf(4, 0xe10002b7, 0x0002_aa23, ...EXIT, 0x00000013, 0x00000013);
    const layer = createRiscvLayer({ above: above.auxiliary });
    assertStack([above, layer]);
    const state = attach(above, Snapshot.empty());
    const fast = layer.upper();
    fast.restore(state);
    fast.advance(5);
    expect(fast.halt).toBeDefined();
    expect(hex(fast.root())).not.toBe(hex(state.root()));
    fast.advance(11);
    expect(hex(fast.root())).toBe(hex(state.root()));
    const micro = layer.lower();
    micro.restore(attach(layer, state));
    micro.advance(16 * 2 ** layer.log2Steps);
    expect(hex(micro.root())).toBe(hex(attach(layer, state).root()));
  });

  test.for([0, 32, 1.5])('refuses 2^%d steps', (log2Steps) => {
    expect(() => layerOf(log2Steps, ...EXIT)).toThrow('log2Steps: expected');
  });

  test.for([0x1000, 0xe000_0000, 0xe0ff_fffc, 0xefff_fffc, 0xf000_0000])(
    'refuses a program at %i, which is not the upper RAM',
    (address) => {
      expect(() =>
        createGuestLayer({ name: 'above', upper, program: program(address, ...EXIT), log2Steps: 4 }),
      ).toThrow('segments: expected');
    },
  );
});

test('threads make the stack from plain data and check a run', async () => {
  const options = { hash: 'sha256', log2MicroSteps: 14 };
  const [layer] = createStack(options);
  expect(layer.verifier.hasher).toBe(sha256);
  const machine = layer.upper();
  loadGuest(machine, 'hello', '');
  const { store, steps } = await runWithSnapshots({ machine, stepsPerSnapshot: 50 });
  const pool = threadPool({ ...stackModule(options), size: 2 });
  const report = await checkRun({ store, pool, stepsPerJob: 50 });
  expect(report.agreed).toBe(true);
  expect(report.steps).toBe(steps);
});
