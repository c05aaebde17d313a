import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Memory,
  MissingLeafError,
  type Snapshot,
  keccak256,
  openProof,
  proveAccesses,
  proveLeaves,
  type Access,
} from '../src/index.ts';
import { Countdown, countdownStep } from '../examples/countdown.ts';
import { fcRuns, hex, nodeSha256 } from './support.ts';

const leafNumber = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 2 ** 27 - 1),
  fc.nat({ max: 600 }),
  fc.nat({ max: 2 ** 27 - 1 }),
);
const leaves = fc
  .uniqueArray(leafNumber, { minLength: 1, maxLength: 12 })
  .map((numbers) => numbers.sort((a, b) => a - b));

function stateWith(numbers: readonly number[]): Snapshot {
  const memory = new Memory({ hasher: nodeSha256 });
  numbers.forEach((number, i) => memory.storeWord(number * 32 + 4 * (i % 8), i + 1));
  return memory.snapshot();
}

describe('a proof of leaves', () => {
  test('opens to the leaves, and stores into them lead to the root that the memory has after the same stores', () => {
    fc.assert(
      fc.property(leaves, leaves, fc.integer({ min: 0, max: 0xffff_ffff }), (present, opened, value) => {
        const state = stateWith(present);
        const proof = openProof(nodeSha256, state.root(), proveLeaves(state, opened));
        if (!proof.ok) throw new Error(proof.reason);
        const memory = new Memory({ hasher: nodeSha256 });
        memory.restore(state);
        for (const number of opened) {
          for (let address = number * 32; address < number * 32 + 32; address += 4) {
            expect(proof.memory.loadWord(address)).toBe(state.word(address));
          }
          proof.memory.storeWord(number * 32 + 8, value);
          memory.storeWord(number * 32 + 8, value);
        }
        expect(proof.memory.allUsed()).toBe(true);
        expect(hex(proof.memory.root()!)).toBe(hex(memory.root()));
        const absent = Array.from({ length: 20 }, (_, i) => i).find((number) => !opened.includes(number))!;
        expect(() => proof.memory.loadWord(absent * 32)).toThrow(MissingLeafError);
      }),
      { numRuns: fcRuns(100) },
    );
  });

  test('lets a whole region be replaced by its root', () => {
    const region = { base: 0xff00_0000, log2Size: 24 };
    const before = stateWith([0, 5, 0xff00_0080 / 32, 0xffff_ffe0 / 32]);
    const content = stateWith([0xff12_3400 / 32]);
    const pristine = { region, root: content.regionRoot(region), content };
    const proof = openProof(nodeSha256, before.root(), proveLeaves(before, [0xff00_0080 / 32]));
    if (!proof.ok) throw new Error(proof.reason);
    const elsewhere = { ...pristine, region: { base: 0xfe00_0000, log2Size: 24 } };
    expect(() => {
      proof.memory.replaceRegion(elsewhere);
    }).toThrow(MissingLeafError);
    proof.memory.replaceRegion(pristine);
    expect(hex(proof.memory.root()!)).toBe(hex(before.withRegion(region, content).root()));
    const memory = new Memory({ hasher: nodeSha256 });
    memory.restore(before);
    memory.replaceRegion(pristine);
    expect(hex(memory.root())).toBe(hex(proof.memory.root()!));
    expect(() => memory.replaceRegion({ region, root: pristine.root })).toThrow('MACHINE_CONTENT_MISSING');
  });

  test('of a step holds what the step touches, and a verifier without a machine gets the same root', () => {
    const machine = new Countdown();
    machine.memory.storeWord(0x1000, 9);
    for (let step = 0; step < 12; step++) {
      const before = machine.snapshot();
      const proof = openProof(keccak256, before.root(), proveAccesses(before, machine.logStep()));
      if (!proof.ok) throw new Error(proof.reason);
      countdownStep(proof.memory);
      expect(hex(proof.memory.root()!)).toBe(hex(machine.root()));
    }
  });

  test('has these bytes', () => {
    const state = stateWith([3, 4, 0x0400_0000]);
    const bytes = proveLeaves(state, [3, 0x0400_0000]);
    expect(hex(nodeSha256.digest(bytes))).toBe('b44c848fbcb44719a852fd4ef948f326423a4c71665fe5395e2a06e0aceedda0');
    expect(hex(bytes.subarray(0, 2 + 8 + 12))).toBe('01020300000000000004010000000000000000000000');
    expect(bytes.length).toBe(2 + 8 + 64 + 2 + 7 + 32);
  });

  test('is refused, for a reason, when any bit is flipped, cut, extended or random', () => {
    const state = stateWith([1, 2, 3, 1000, 0x0400_0000]);
    const root = state.root();
    const proof = proveLeaves(state, [1, 3, 1000]);
    for (let bit = 0; bit < proof.length * 8; bit++) {
      const damaged = proof.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const result = openProof(nodeSha256, root, damaged);
      expect(result.ok, `bit ${String(bit)}`).toBe(false);
    }
    for (let length = 0; length < proof.length; length++) {
      expect(openProof(nodeSha256, root, proof.subarray(0, length)).ok).toBe(false);
    }
    expect(openProof(nodeSha256, root, Uint8Array.of(...proof, 0))).toEqual({ ok: false, reason: 'trailing-bytes' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(openProof(nodeSha256, root, bytes).ok).toBe(false);
        const versioned = bytes.slice();
        if (versioned.length > 1) versioned.set([1, 1 + (versioned[1]! % 4)]);
        expect(openProof(nodeSha256, root, versioned).ok).toBe(false);
      }),
      { numRuns: fcRuns(300) },
    );
    expect(openProof(nodeSha256, new Uint8Array(32), proof)).toEqual({ ok: false, reason: 'root-mismatch' });
    expect(openProof(nodeSha256, root, Uint8Array.of(2, 1))).toEqual({ ok: false, reason: 'unsupported-version' });
  });

  test('has one encoding only: a zero subtree written out is refused', () => {
    const proof = proveLeaves(stateWith([0]), [0]);
    const expanded = new Uint8Array(proof.length + 32);
    expanded.set(proof);
    const bitmap = 2 + 4 + 32 + 2;
    expanded[bitmap]! |= 1;
    expect(openProof(nodeSha256, stateWith([0]).root(), expanded)).toEqual({ ok: false, reason: 'not-canonical' });
  });

  test('exists also where memory holds the hash of a zero subtree', () => {
    const memory = new Memory({ hasher: nodeSha256 });
    memory.write(32, nodeSha256.digest(new Uint8Array(64)));
    const state = memory.snapshot();
    expect(openProof(nodeSha256, state.root(), proveLeaves(state, [0])).ok).toBe(true);
  });

  test('opens 1 to 128 leaves', () => {
    const state = stateWith([1]);
    expect(() => proveLeaves(state, [])).toThrow('MACHINE_LEAVES_RANGE');
    expect(() =>
      proveLeaves(
        state,
        Array.from({ length: 129 }, (_, i) => i),
      ),
    ).toThrow('MACHINE_LEAVES_RANGE');
    expect(() => proveLeaves(state, [2, 1])).toThrow('MACHINE_LEAVES_RANGE');
    const many: Access[] = Array.from({ length: 128 }, (_, i) => ({ kind: 'read', address: 4096 * i, value: 0 }));
    expect(openProof(nodeSha256, state.root(), proveAccesses(state, many)).ok).toBe(true);
  });
});
