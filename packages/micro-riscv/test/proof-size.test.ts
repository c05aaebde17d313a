import { expect, test } from 'vitest';
import { Memory, type Snapshot } from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD, createMicroRiscv, proveStep, verifyStep } from '../src/index.ts';
import { asm, hasher, hex, stateOf } from './support.ts';

const LEVELS = 27;

/** Bytes of a proof that opens these leaves when no subtree beside their paths is zero. */
function bytesFor(leaves: ReadonlySet<number>): number {
  let siblings = 0;
  let level = new Set(leaves);
  for (let height = 0; height < LEVELS; height++) {
    const parents = new Set<number>();
    for (const node of level) {
      if (!level.has(node % 2 === 0 ? node + 1 : node - 1)) siblings++;
      parents.add(Math.floor(node / 2));
    }
    level = parents;
  }
  return 2 + 36 * leaves.size + 2 + Math.ceil(siblings / 8) + 32 * siblings;
}

/** Makes no subtree beside the paths of these leaves zero. */
function surround(state: Snapshot, leaves: ReadonlySet<number>): Snapshot {
  const memory = new Memory({ hasher });
  memory.restore(state);
  for (const leaf of leaves) {
    for (let height = 0; height < LEVELS; height++) {
      const sibling = (Math.floor(leaf / 2 ** height) % 2 === 0 ? 1 : -1) + Math.floor(leaf / 2 ** height);
      const first = sibling * 2 ** height;
      if (![...leaves].some((other) => Math.floor(other / 2 ** height) === sibling)) memory.storeWord(32 * first, 1);
    }
  }
  return memory.snapshot();
}

const quarters = [0, 0x4000_0000, 0x8000_0000, 0xc000_0000, 0xe000_0000, 0xf000_0000];
const inside = [0x10_0020, 0x2aaa_aac0];
const places = quarters.flatMap((quarter) => inside.map((offset) => quarter + offset)).filter((at) => at < 0xff00_0000);
/** Where the two leaves of one misaligned access have the least of their paths in common. */
const seams = [0x7fff_fffe, 0x3fff_fffe, 0xbfff_fffe, 0xdfff_fffe, 0x0fff_fffe];

const control = (...words: readonly number[]): number[] => words.map((offset) => (CONTROL_PAGE + offset) / 32);
const leafOf = (address: number): number => Math.floor(address / 32);

/** The leaves of each kind of step that opens many, for many places of its code and data. */
function* richSteps(): Generator<{ kind: string; leaves: Set<number>; pc: number; data: number; position: number }> {
  for (const pc of places) {
    const always = [...control(0x80), leafOf(pc)];
    for (const data of places) {
      for (const position of [0, 0x555_5540, 0xfff_ffe0]) {
        // a7 in the third leaf of registers, a0 to a2 in the second.
        const call = [...always, ...control(0x20, 0x40, 0xa0), leafOf(data)];
        yield { kind: 'read', leaves: new Set([...call, leafOf(0xc000_0000 + position)]), pc, data, position };
        yield { kind: 'write', leaves: new Set([...call, leafOf(0xd000_0000 + position)]), pc, data, position };
      }
    }
    for (const data of seams) {
      // Two registers of two leaves at most, in the two leaves that share least with the others.
      const leaves = new Set([...always, ...control(0x00, 0x60), leafOf(data), leafOf(data + 4)]);
      yield { kind: 'misaligned', leaves, pc, data, position: 0 };
    }
  }
}

test('no step needs a proof of 4096 bytes', () => {
  const rich = [...richSteps()];
  const worst = rich.reduce((a, b) => (bytesFor(b.leaves) > bytesFor(a.leaves) ? b : a));
  expect(bytesFor(worst.leaves)).toBe(3465);
  // Whatever the places: at most eight leaves on four paths, since the leaves of the control page share one above it.
  // Four paths have at most two levels in common; at most seven siblings are inside the control page's registers.
  const siblings = 4 * (LEVELS - 2) + 7;
  expect(4 + 36 * 8 + Math.ceil(siblings / 8) + 32 * siblings).toBe(3730);
});

test.for(['read', 'write', 'misaligned'] as const)(
  'the proof of the worst step of kind %s has the length it should',
  (kind) => {
    const rich = [...richSteps()].filter((step) => step.kind === kind);
    const worst = rich.reduce((a, b) => (bytesFor(b.leaves) > bytesFor(a.leaves) ? b : a));
    const { pc, data, position, leaves } = worst;
    const x = Array.from({ length: 32 }, (_, i) => i);
    if (kind === 'misaligned') [x[5], x[24]] = [data, 7];
    else [x[10], x[11], x[12], x[17]] = kind === 'read' ? [0, data, 4, 63] : [1, data, 4, 64];
    const instruction = kind === 'misaligned' ? asm.store(2, 24, 5, 0) : asm.ecall;
    const state = stateOf({
      registers: x,
      fields: { pc, inputLength: 2 ** 28, inputPosition: position, outputLength: position },
      words: [[pc, instruction]],
    });
    const machine = createMicroRiscv({ hasher });
    machine.restore(surround(state, leaves));
    const before = machine.root();
    const proof = proveStep(machine);
    machine.advance(1);
    const verdict = verifyStep(machine.parameters, before, proof);
    expect(verdict.ok && hex(verdict.rootAfter)).toBe(hex(machine.root()));
    expect(machine.halt).toBeUndefined();
    expect(machine.snapshot().word(CONTROL_PAGE + MICRO_FIELD.pc)).toBe(pc + 4);
    expect(proof.length).toBe(bytesFor(leaves));
  },
);
