import type { Snapshot } from '@commute/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instructionTable } from '../src/instructions.ts';
import { assemble, codeBytes } from './assemble.ts';
import { createPair, stateOf } from './states.ts';

/*
 * Programs without a plan, on the interpreter, translated at once, and by the reference: 16-bit and 32-bit instructions across the ends of
 * pages, jumps into the middle of both, stores into the code, traps and interrupts that go back into it, counters read and
 * stopped, reservations, and runs cut anywhere, by snapshots among others.
 */

const runs = Number(process.env['FC_NUM_RUNS'] ?? 120);
const ALL_ONES = (1n << 64n) - 1n;

/** Where the code begins, shortly before the end of a page: in and beyond the windows of translated code, in both ranges of RAM. */
const places = [
  0x1_0fc0, 0x1_0fce, 0x01df_ffc2, 0x01e0_0fc0, 0x8000_0fc6, 0xbfdf_ffc0, 0xbfff_efc2, 0xe100_0fc0, 0xefff_efc4,
];
/** Data: ends of pages, of windows, of RAM, and the device. */
const data = [
  0x3_0ff8, 0x3_0ffd, 0x01df_fff9, 0x01ff_fffc, 0x0200_4000, 0x0200_bff8, 0xbfdf_fffc, 0xbfff_fffd, 0xe100_0000,
  0xefff_fffc,
];

const register = fc.integer({ min: 0, max: 15 });
const near = fc.integer({ min: -36, max: 36 });
const names = instructionTable()
  .filter(({ xlen, format }) => xlen !== 32 && format !== 'branch' && format !== 'jump' && !format.startsWith('csr'))
  .map(({ name }) => name);
const encoded = (arbitrary: fc.Arbitrary<{ name: string; rd: number; rs1: number; rs2: number; immediate: number }>) =>
  arbitrary.map(({ name, ...operands }) => assemble(name, operands));
const operands = { rd: register, rs1: register, rs2: register };

const any = encoded(
  fc.record({ name: fc.constantFrom(...names), ...operands, immediate: fc.oneof(near, fc.integer()) }),
);
const branch = encoded(
  fc.record({
    name: fc.constantFrom('beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu', 'jal', 'jal'),
    ...operands,
    rd: fc.constantFrom(0, 0, 1, 5),
    immediate: near.map((half) => 2 * half),
  }),
);
const access = encoded(
  fc.record({
    name: fc.constantFrom('lb', 'lh', 'lw', 'ld', 'lwu', 'sb', 'sh', 'sw', 'sd'),
    ...operands,
    rs1: fc.constantFrom(6, 7, 8, 9),
    immediate: near,
  }),
);
const atomic = encoded(
  fc.record({
    name: fc.constantFrom('lr.w', 'sc.w', 'lr.d', 'sc.d', 'amoadd.d', 'amoswap.w'),
    ...operands,
    rs1: fc.constantFrom(7, 8),
    immediate: fc.constant(0),
  }),
);
const csr = encoded(
  fc.record({
    name: fc.constantFrom('csrrs', 'csrrs', 'csrrw', 'csrrwi', 'csrrci'),
    ...operands,
    rs1: fc.constantFrom(0, 0, 5, 8),
    immediate: fc.constantFrom(0xc00, 0xc01, 0xc02, 0xb00, 0xb02, 0x300, 0x304, 0x320, 0x340, 0x341, 0x344),
  }),
);
const short = fc.integer({ min: 0, max: 0xffff }).filter((half) => (half & 3) !== 3);
const others = fc.constantFrom(
  assemble('jalr', { rd: 0, rs1: 1 }),
  assemble('jalr', { rd: 1, rs1: 9 }),
  assemble('jalr', { rd: 5, rs1: 9, immediate: 6 }),
  assemble('mret'),
  assemble('fence.i'),
  assemble('ecall'),
);
const program = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: any },
    { weight: 5, arbitrary: short },
    { weight: 5, arbitrary: branch },
    { weight: 3, arbitrary: access },
    { weight: 1, arbitrary: atomic },
    { weight: 1, arbitrary: csr },
    { weight: 1, arbitrary: others },
  ),
  { minLength: 4, maxLength: 60 },
);

const value = fc.oneof(
  fc.constantFrom(...data).map(BigInt),
  near.map((small) => BigInt.asUintN(64, BigInt(small))),
  fc.bigInt({ min: 0n, max: ALL_ONES }),
);
const turn = fc.record({
  steps: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 13, max: 300 })),
  then: fc.constantFrom('go on', 'go on', 'go on', 'keep', 'return', 'note stores', 'note none'),
});

describe('any program', () => {
  test('comes to the same states by the interpreter, translated and by the reference, however it is cut', () => {
    const pair = createPair();
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        program,
        fc.array(value, { minLength: 15, maxLength: 15 }),
        fc.record({
          personality: fc.constantFrom(0, 0, 0, 1),
          mie: fc.constantFrom(0, 0x88),
          mstatus: fc.constantFrom(0x1800, 0x1808, 0x1888),
          mtimecmp: fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constant(ALL_ONES)),
          mcountinhibit: fc.constantFrom(0, 1, 4, 5),
          vectored: fc.constantFrom(0, 1),
        }),
        fc.array(turn, { minLength: 2, maxLength: 10 }),
        (place, code, values, { vectored, ...fields }, turns) => {
          const back = assemble('jal', { immediate: -2 * Math.min(code.length, 20) });
          const bytes = codeBytes([...code, back]);
          const state = stateOf({
            fields: { pc: place, mtvec: BigInt((place & -4) >>> 0) + BigInt(vectored), ...fields },
            registers: {
              ...Object.fromEntries(values.map((number, i) => [i + 1, number])),
              // Into the code, to its end on the next page, and to what the traps of both personalities come back to.
              1: BigInt(place + 4),
              8: BigInt((place & -8) >>> 0),
              9: BigInt(place + 2),
            },
            memory: [
              [place - 8, codeBytes([0x0001, 0x0001, 0x0001, 0x0001])],
              [place, bytes],
            ],
          });
          pair.restore(state);
          const kept: Snapshot[] = [state];
          for (const { steps, then } of turns) {
            pair.advance(steps);
            if (then === 'keep') kept.push(pair.translating.snapshot());
            else if (then === 'return') pair.restore(kept[steps % kept.length]!);
            else if (then !== 'go on') {
              pair.translating.memory.journaling = then === 'note stores';
              pair.translating.memory.journalLength = 0;
            }
          }
          pair.translating.memory.journaling = false;
        },
      ),
      { numRuns: runs },
    );
    expect(pair.translating.translation()!.steps).toBeGreaterThan(20 * runs);
  });

  test('is interrupted at each of its steps, and goes on from a snapshot of each, as by the reference', () => {
    const pair = createPair();
    const at = 0x1_0fe2;
    // A loop with a store, a call across the end of the page and back, and an instruction in two halves.
    const loop = [
      assemble('addi', { rd: 5, rs1: 5, immediate: 1 }),
      assemble('sd', { rs1: 7, rs2: 5, immediate: 8 }),
      0x0305, // c.addi t1, 1
      assemble('ld', { rd: 10, rs1: 7, immediate: 8 }),
      assemble('csrrs', { rd: 11, immediate: 0xb02 }),
      0x0001,
      assemble('jal', { rd: 1, immediate: 12 }),
      assemble('add', { rd: 12, rs1: 12, rs2: 10 }),
      assemble('jal', { immediate: -28 }),
      0x8082, // ret
    ];
    // Sets the timer a while ahead, and counts.
    const handler = [
      assemble('csrrs', { rd: 28, immediate: 0xc01 }),
      assemble('addi', { rd: 28, rs1: 28, immediate: 29 }),
      assemble('sd', { rs1: 29, rs2: 28 }),
      assemble('addi', { rd: 30, rs1: 30, immediate: 1 }),
      assemble('mret'),
    ];
    const stateAt = (mtimecmp: number): Snapshot =>
      stateOf({
        fields: { pc: at, mstatus: 0x1808, mie: 0x80, mtvec: 0x2_0000, mtimecmp, mcountinhibit: 4 },
        registers: { 7: 0x3_0000, 29: 0x0200_4000 },
        memory: [
          [at, codeBytes(loop)],
          [0x2_0000, codeBytes(handler)],
        ],
      });
    for (let first = 0; first < 29; first += 2) {
      pair.restore(stateAt(100 + first));
      pair.advance(90);
      for (let step = 0; step < 20; step++) {
        pair.advance(1);
        pair.restore(pair.translating.snapshot());
      }
      pair.advance(300);
    }
    expect(pair.vm.register(30)).toBeGreaterThan(8n);
    expect(pair.translating.translation()!.steps).toBeGreaterThan(1000);
  });
});
