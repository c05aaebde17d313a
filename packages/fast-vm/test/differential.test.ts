import { blake3, type PristineRegion } from '@commute/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAST_VM_REGION, type FieldName } from '../src/index.ts';
import { instructionTable } from '../src/instructions.ts';
import { assemble, codeBytes } from './assemble.ts';
import { createPair, pairAt, stateOf } from './states.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 300);
const names = instructionTable()
  .filter((instruction) => instruction.xlen !== 32)
  .map((instruction) => instruction.name);

/** Code begins shortly before a page's end, data is on the pages around it. */
const CODE = 0x0001_0fc0;
const COMPRESSED = fc.integer({ min: 0, max: 0xffff }).filter((half) => (half & 3) !== 3);

const register = fc.integer({ min: 0, max: 31 });
const near = fc.integer({ min: -40, max: 40 });
const instruction = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        name: fc.constantFrom(...names),
        rd: register,
        rs1: register,
        rs2: register,
        immediate: fc.oneof(near, fc.integer({ min: -2048, max: 2047 }), fc.integer()),
      })
      .map(({ name, ...operands }) => assemble(name, operands)),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        name: fc.constantFrom('csrrw', 'csrrs', 'csrrc', 'csrrwi', 'csrrsi', 'csrrci'),
        rd: register,
        rs1: register,
        immediate: fc.constantFrom(
          ...[0x300, 0x301, 0x304, 0x305, 0x320, 0x323, 0x340, 0x341, 0x342, 0x343, 0x344],
          ...[0xb00, 0xb02, 0xb03, 0xc00, 0xc01, 0xc02, 0xc03, 0xf11, 0xf14, 0xf15, 0x302, 0x3a0, 0xf16],
        ),
      })
      .map(({ name, ...operands }) => assemble(name, operands)),
  },
  { weight: 3, arbitrary: COMPRESSED },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }) },
);

const address = fc.oneof(
  fc.integer({ min: CODE - 64, max: CODE + 192 }),
  fc.integer({ min: 0x1_1fe0, max: 0x1_2020 }),
  fc
    .tuple(
      fc.constantFrom(0, 0x0200_0000, 0x0200_4000, 0x0200_bff8, 0x0200_c000, 0x8000_0000),
      fc.integer({ min: -8, max: 12 }),
    )
    .map(([base, offset]) => base + offset),
  fc
    .tuple(
      fc.constantFrom(0xc000_0000, 0xd000_0000, 0xe000_0000, 0xe100_0000, 0xf000_0000, 0x1_0000_0000),
      fc.integer({ min: -10, max: 10 }),
    )
    .map(([base, offset]) => base + offset),
);
const value = fc.oneof(
  { weight: 4, arbitrary: address.map((number) => BigInt.asUintN(64, BigInt(number))) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0n, 1n, 2n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 63n, (1n << 63n) - 1n),
  },
  { weight: 1, arbitrary: fc.constantFrom((1n << 64n) - 1n, (1n << 64n) - (1n << 31n), 63n, 64n, 93n, 214n) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
);
const small = fc.integer({ min: 0, max: 40 });
const even = address.map((number) => BigInt.asUintN(64, BigInt(number & -2)));

const fields = fc.record({
  personality: fc.constantFrom(0, 0, 1),
  pc: fc.oneof({ weight: 20, arbitrary: fc.constant(BigInt(CODE)) }, { weight: 1, arbitrary: even }),
  time: fc.oneof(small, fc.constantFrom(0xffff_fff0n, (1n << 64n) - 10n)),
  cycleOffset: value,
  instretOffset: value,
  reservationValid: fc.constantFrom(0, 1),
  reservationAddress: value,
  inputLength: small,
  inputPosition: fc.constant(0),
  outputLength: fc.constantFrom(0, 0, 5, 0x0fff_fffe, 0x0fff_ffff, 0x1000_0000),
  errorLength: fc.constantFrom(0, 0, 5, 0x00ff_fffe, 0x00ff_ffff, 0x0100_0000),
  brkStart: fc.constantFrom(0x1_3000, 0xb000_1000),
  brk: fc.constant(0x1_3000),
  tohost: fc.oneof(fc.constant(0), fc.integer({ min: CODE - 64, max: CODE + 256 })),
  mstatus: fc.constantFrom(0x1800, 0x1808, 0x1880, 0x1888),
  mtvec: fc.oneof(
    fc.integer({ min: 0, max: 60 }).map((offset) => (CODE & -4) + 4 * offset),
    fc.integer({ min: 0, max: 60 }).map((offset) => (CODE & -4) + 4 * offset + 1),
    value.map((number) => number & ~2n),
  ),
  mie: fc.constantFrom(0, 8, 0x80, 0x888),
  mscratch: value,
  mepc: even,
  mcause: value,
  mtval: value,
  mcountinhibit: fc.constantFrom(0, 0, 1, 4, 5),
  mtimecmp: fc.oneof(small, fc.constant((1n << 64n) - 1n)),
  msip: fc.constantFrom(0, 0, 1),
});

const bytesOf = fc.uint8Array({ minLength: 64, maxLength: 64 });

describe('the quick machine and the reference', () => {
  test('come to the same state from any state, by any instructions, however the run is cut', () => {
    const pair = createPair();
    fc.assert(
      fc.property(
        fields,
        fc.array(value, { minLength: 31, maxLength: 31 }),
        fc.array(instruction, { minLength: 1, maxLength: 60 }),
        bytesOf,
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (state, registers, code, data, cuts, journaling) => {
          pair.restore(
            stateOf({
              fields: state,
              registers: Object.fromEntries(registers.map((number, i) => [i + 1, number])),
              memory: [
                [0x1_1fe0, data],
                [0xc000_0000, data.subarray(0, 40)],
                [0xbfff_ffe0, data.subarray(0, 32)],
                [0xe100_0000, data],
                [CODE, codeBytes(code)],
              ],
            }),
          );
          pair.vm.memory.journaling = journaling;
          for (const cut of cuts) pair.advance(cut);
        },
      ),
      { numRuns: runs },
    );
  });

  test('clean the machine at the same step, and refuse an overrun at the same step', () => {
    fc.assert(
      fc.property(
        fields,
        fc.array(value, { minLength: 31, maxLength: 31 }),
        fc.array(instruction, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant((1n << 64n) - 3n)),
        fc.constantFrom(0, 0, 1, 2),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (fast, registers, code, log2Period, clock, halted, cuts) => {
          const all: Partial<Record<FieldName, bigint | number>> = { ...fast, log2Period, clock, halted };
          const start = { memory: [[CODE, codeBytes(code)]] as const };
          const state = stateOf({
            fields: all,
            registers: Object.fromEntries(registers.map((number, i) => [i + 1, number])),
            ...start,
          });
          const content = stateOf({ fields: { ...all, clock: 0, halted: 0 }, ...start });
          const pristine: PristineRegion = {
            region: FAST_VM_REGION,
            root: content.regionRoot(FAST_VM_REGION),
            content,
          };
          const pair = pairAt(state, pristine);
          for (const cut of cuts) {
            const code = pair.advance(cut);
            if (code !== undefined) {
              expect(code).toBe('FAST_VM_OVERRUN');
              return;
            }
          }
        },
      ),
      { numRuns: Math.ceil(runs / 4) },
    );
  });

  test('do the same whatever the hash', () => {
    const state = stateOf({ fields: { pc: CODE, personality: 1 }, memory: [[CODE, codeBytes([0x0001])]] });
    expect(state.hasher).toBe(blake3);
    expect(pairAt(state).advance(2)).toBeUndefined();
  });
});
