import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blake3, keccak256, proveLeaves, type PristineRegion, type Snapshot } from '@commute/machine';
import {
  MICRO_REGION,
  createMicroRiscv,
  proveStep,
  verifyStep,
  type MicroRiscv,
  type StepVerdict,
} from '../src/index.ts';
import { instructionClasses, registers } from './arbitraries.ts';
import { asm, attached, call, hasher, hex, li, pristineOf, runs, sample, stateOf } from './support.ts';

const machine = createMicroRiscv({ hasher });

/** Proves, takes and verifies the next step. Returns the proof. */
function provedStep(subject: MicroRiscv): Uint8Array {
  const before = subject.root();
  const proof = proveStep(subject);
  expect(hex(subject.root()), 'proving changes nothing').toBe(hex(before));
  subject.advance(1);
  expect(verdictText(verifyStep(rootsOnly(subject), before, proof))).toBe(hex(subject.root()));
  expect(proof.length).toBeLessThan(4096);
  return proof;
}

/** What a verifier has: no content. */
function rootsOnly({ parameters }: MicroRiscv): MicroRiscv['parameters'] {
  const bare = ({ region, root }: PristineRegion): PristineRegion => ({ region, root });
  return {
    hasher: parameters.hasher,
    pristine: bare(parameters.pristine),
    upperRegions: parameters.upperRegions.map(bare),
  };
}

const verdictText = (verdict: StepVerdict): string => (verdict.ok ? hex(verdict.rootAfter) : verdict.reason);

describe('a proved step', () => {
  test.for(['hello', 'echo', 'sha256'])('of %s, here and there, verifies to the root after', (name) => {
    machine.load(sample(name), { input: new TextEncoder().encode('abcdefg') });
    for (let i = 0; machine.halt === undefined; i++) {
      if (i < 40 || i % 41 === 0) provedStep(machine);
      else machine.advance(1);
    }
    provedStep(machine); // halted
  });

  test.for(Object.entries(instructionClasses))('of class %s verifies', ([, instruction]) => {
    fc.assert(
      fc.property(instruction, registers, fc.constantFrom(0x1000, 0x1ffc, 0xff00_1000), (code, x, pc) => {
        machine.restore(
          stateOf({
            registers: x,
            fields: { pc },
            words: [
              [pc, code],
              [0x2_0000, 77],
              [0xfeff_fffc, 1],
            ],
          }),
        );
        provedStep(machine);
      }),
      { numRuns: runs(60) },
    );
  });

  test.for([
    ['read a word', [63, 0, 0x2000, 9], { inputLength: 8 }],
    ['read a byte', [63, 0, 0x2001, 9], { inputLength: 8 }],
    ['read at the end', [63, 0, 0x2000, 9], { inputLength: 8, inputPosition: 8 }],
    ['read a bad file', [63, 1, 0x2000, 9], {}],
    ['read to the control page', [63, 0, 0xff00_0004, 9], { inputLength: 8 }],
    ['write a word', [64, 1, 0x2000, 4], {}],
    ['write a byte', [64, 1, 0x2003, 4], { outputLength: 3 }],
    ['write nowhere', [64, 2, 0x2003, 4], {}],
    ['write nothing', [64, 1, 0x2003, 0], {}],
    ['write to a full output', [64, 1, 0x2003, 1], { outputLength: 2 ** 28 }],
    ['write from the control page', [64, 1, 0xff00_0ffc, 4], {}],
    ['exit', [93, 300], {}],
    ['brk', [214, 0x5000], { brkStart: 0x4000, brk: 0x4000 }],
    ['brk that is refused', [214, 0x3000], { brkStart: 0x4000, brk: 0x4000 }],
    ['clean with no such region', [4096, 0], {}],
    ['an unknown call', [1, 2, 3], {}],
  ] as const)('that calls the host to %s verifies', ([, [number, a0 = 0, a1 = 0, a2 = 0], fields]) => {
    const x = new Array<number>(32).fill(0);
    [x[10], x[11], x[12], x[17]] = [a0, a1, a2, number];
    const words = [
      [0x1000, asm.ecall],
      [0x2000, 0x1234_5678],
      [0xc000_0000, 0x8765_4321],
    ] as const;
    machine.restore(stateOf({ registers: x, fields: { pc: 0x1000, ...fields }, words }));
    provedStep(machine);
  });

  test('that cleans verifies, with the pristine root alone', () => {
    const pristine = pristineOf([...li(5, 0xff00_3000), asm.store(2, 5, 5, 0), ...call(93, 1)], 4);
    const cleaned = createMicroRiscv({ hasher, pristine });
    cleaned.restore(attached(pristine, stateOf({ words: [[0x1000, 5]] })));
    const start = hex(cleaned.root());
    cleaned.advance(15);
    expect(hex(cleaned.root())).not.toBe(start);
    provedStep(cleaned);
    expect(hex(cleaned.root())).toBe(start);
  });

  test('that cleans an upper region verifies, and the region is pristine', () => {
    const region = { base: 0xe000_0000, log2Size: 28 };
    const content = stateOf({
      words: [
        [0xe000_0000, 1],
        [0xe123_4560, 2],
      ],
    });
    const upper = { region, root: content.regionRoot(region), content };
    const calling = createMicroRiscv({ hasher, upperRegions: [{ ...upper }] });
    const x = new Array<number>(32).fill(0);
    x[17] = 4096;
    calling.restore(
      stateOf({
        registers: x,
        fields: { pc: 0x1000 },
        words: [
          [0x1000, asm.ecall],
          [0xe000_0000, 9],
          [0xe900_0000, 9],
        ],
      }),
    );
    provedStep(calling);
    expect(hex(calling.snapshot().regionRoot(region))).toBe(hex(upper.root));
    expect(calling.register(10)).toBe(0);
  });

  test.for([keccak256, blake3])('verifies with $name', (other) => {
    const subject = createMicroRiscv({ hasher: other });
    subject.load(sample('hello'));
    for (let i = 0; i < 20; i++) provedStep(subject);
  });

  test('that overruns is proved to do so', () => {
    const pristine = pristineOf([asm.jal(0, 0)], 3);
    const endless = createMicroRiscv({ hasher, pristine });
    endless.restore(attached(pristine));
    endless.advance(7);
    expect(verifyStep(rootsOnly(endless), endless.root(), proveStep(endless))).toEqual({
      ok: false,
      reason: 'overrun',
    });
  });
});

/** A read host call with neighbours everywhere: the richest step there is. */
function richStep(): { readonly before: Uint8Array; readonly proof: Uint8Array; readonly snapshot: Snapshot } {
  const x = Array.from({ length: 32 }, (_, i) => i);
  [x[10], x[11], x[12], x[17]] = [0, 0x8000_0104, 4, 63];
  const snapshot = stateOf({
    registers: x,
    fields: { pc: 0x1230, inputLength: 8 },
    words: [
      [0x1230, asm.ecall],
      [0x1000, 1],
      [0x2000, 2],
      [0x8000_0000, 3],
      [0xc000_0000, 4],
      [0xc000_0020, 5],
      [0xff00_1000, 6],
    ],
  });
  machine.restore(snapshot);
  return { before: snapshot.root(), proof: proveStep(machine), snapshot };
}

describe('a damaged proof is refused with a reason and without an exception', () => {
  const { before, proof } = richStep();
  const verify = (bytes: Uint8Array): string => verdictText(verifyStep(machine.parameters, before, bytes));
  const good = verify(proof);

  test('the undamaged one is accepted', () => {
    expect(good).toHaveLength(64);
  });

  test('each bit flipped', () => {
    for (let bit = 0; bit < 8 * proof.length; bit++) {
      const damaged = proof.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(verify(damaged), `bit ${String(bit)}`).toMatch(/^[a-z]+-[a-z]+$|^truncated$/);
    }
  });

  test('cut at each length, and continued', () => {
    for (let length = 0; length < proof.length; length++) {
      expect(verify(proof.subarray(0, length)), `length ${String(length)}`).not.toHaveLength(64);
    }
    expect(verify(Uint8Array.of(...proof, 0))).toBe('trailing-bytes');
  });

  test('random bytes, also behind a right beginning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(proof.length), (bytes, kept) => {
        expect(verify(bytes)).not.toHaveLength(64);
        const spliced = Uint8Array.of(...proof.subarray(0, kept), ...bytes);
        if (hex(spliced) !== hex(proof)) expect(verify(spliced)).not.toHaveLength(64);
      }),
      { numRuns: runs(300) },
    );
  });

  test('against another root, also one that is no root', () => {
    for (const root of [new Uint8Array(32), new Uint8Array(0), before.subarray(1)]) {
      expect(verifyStep(machine.parameters, root, proof)).toEqual({ ok: false, reason: 'root-mismatch' });
    }
  });
});

describe('a lying proof is refused', () => {
  const { before, proof, snapshot } = richStep();
  const count = proof[1]!;
  const view = new DataView(proof.buffer, proof.byteOffset);
  const leaves = Array.from({ length: count }, (_, i) => view.getUint32(2 + 4 * i, true));
  const verify = (numbers: readonly number[], state: Snapshot = snapshot): string => {
    const sorted = numbers.toSorted((a, b) => a - b);
    return verdictText(verifyStep(machine.parameters, before, proveLeaves(state, sorted)));
  };

  test('the step opens the leaves that it should', () => {
    expect(leaves.map((leaf) => (32 * leaf).toString(16))).toEqual([
      '1220',
      '80000100',
      'c0000000',
      'ff000020',
      'ff000040',
      'ff000080',
      'ff0000a0',
    ]);
    expect(verify(leaves)).toHaveLength(64);
  });

  test('that lacks a leaf', () => {
    for (const leaf of leaves) expect(verify(leaves.filter((other) => other !== leaf))).toBe('missing-leaf');
  });

  test('that opens one more', () => {
    for (const leaf of [0, 0x1240 / 32, 0xff00_0000 / 32, 2 ** 27 - 1]) {
      expect(verify([...leaves, leaf])).toBe('unused-leaf');
    }
  });

  test('that opens another state', () => {
    const other = snapshot.withRegion(MICRO_REGION, stateOf({ fields: { pc: 0x1230, inputLength: 9 } }));
    expect(verify(leaves, other)).toBe('root-mismatch');
  });

  test('that opens far more leaves than any step touches', () => {
    expect(verify(Array.from({ length: 64 }, (_, i) => i))).toBe('missing-leaf');
  });
});

test('the bytes of a proof are as they were', () => {
  const file = new URL('./fixtures/step-proof_v1.bin', import.meta.url);
  const { before, proof } = richStep();
  expect(hex(proof)).toBe(hex(readFileSync(file)));
  expect(hex(before)).toBe('57cf3318c6dc2f04d8565ad0c1bb95fcd114e3b2713b42fde93d62a25d7cea3c');
  const verdict = verifyStep(machine.parameters, before, proof);
  expect(verdictText(verdict)).toBe('383bd2486ef4c44b5ee5cebd357d457099cfa49b039eb9d3e615f816ce4d6cee');
});
