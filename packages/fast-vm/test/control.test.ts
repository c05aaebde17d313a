import { describe, expect, test } from 'vitest';
import { assemble } from './assemble.ts';
import { CODE, after, haltOf } from './single.ts';
import { fieldIn, registerIn } from './states.ts';

const M = (1n << 64n) - 1n;
const MIN = 1n << 63n;
const pcAfter = (instruction: number, registers: Record<number, bigint> = {}, pc = CODE): bigint =>
  fieldIn(after([instruction], { registers, fields: { pc } }), 'pc');

describe('branches', () => {
  const values = [0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, MIN - 1n, MIN, M - 1n, M];
  const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
  const conditions: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
    beq: (a, b) => a === b,
    bne: (a, b) => a !== b,
    blt: (a, b) => signed(a) < signed(b),
    bge: (a, b) => signed(a) >= signed(b),
    bltu: (a, b) => a < b,
    bgeu: (a, b) => a >= b,
  };
  test.for(Object.entries(conditions))('%s', ([name, taken]) => {
    for (const a of values) {
      for (const b of values) {
        const branch = assemble(name, { rs1: 5, rs2: 6, immediate: 64 });
        expect(pcAfter(branch, { 5: a, 6: b }), `${String(a)} ${String(b)}`).toBe(
          BigInt(CODE + (taken(a, b) ? 64 : 4)),
        );
      }
    }
  });

  test.for([-4096, -256, -2, 2, 4094])('reach %i bytes', (immediate) => {
    expect(pcAfter(assemble('beq', { immediate }))).toBe(BigInt(CODE + immediate));
  });

  test('to themselves', () => {
    expect(fieldIn(after([assemble('beq', { immediate: 0 })], { steps: 1000 }), 'time')).toBe(1000n);
  });
});

describe('jumps', () => {
  test.for([-(2 ** 20), -CODE - 2, -CODE, -4096, -2, 2, 4096, 2 ** 20 - 2])('jal reaches %i bytes', (immediate) => {
    const pc = BigInt.asUintN(64, BigInt(CODE + immediate));
    const state = after([assemble('jal', { rd: 1, immediate })]);
    expect(fieldIn(state, 'pc')).toBe(pc);
    expect(registerIn(state, 1)).toBe(BigInt(CODE + 4));
    expect(haltOf(state)).toBeUndefined();
  });

  test('a jump below zero or beyond the address space traps when it is fetched from, not before', () => {
    const below = after([assemble('jal', { immediate: -CODE - 2 })], { steps: 2 });
    expect(haltOf(below)).toEqual(['trap', 1n, M - 1n]);
    expect(fieldIn(below, 'pc')).toBe(M - 1n);
    const beyond = after([assemble('jalr', { rs1: 5, immediate: 0 })], { registers: { 5: 0x1_0001_0100n }, steps: 2 });
    expect(haltOf(beyond)).toEqual(['trap', 1n, 0x1_0001_0100n]);
  });

  test.for([
    [0x2000n, 0, 0x2000n],
    [0x2001n, 0, 0x2000n],
    [0x2000n, -1, 0x1ffen],
    [0x2000n, 2047, 0x27fen],
    [0x2000n, -2048, 0x1800n],
    [0xffff_ffffn, 1, 0x1_0000_0000n],
    [0n, -2, M - 1n],
    [M, 3, 2n],
    [0x1_0000_0000n, -4, 0xffff_fffcn],
  ] as const)('jalr from %s by %i', ([base, immediate, want]) => {
    const state = after([assemble('jalr', { rd: 1, rs1: 5, immediate })], { registers: { 5: base } });
    expect(fieldIn(state, 'pc')).toBe(want);
    expect(registerIn(state, 1)).toBe(BigInt(CODE + 4));
  });

  test('jalr reads its base before it writes the link', () => {
    const state = after([assemble('jalr', { rd: 5, rs1: 5, immediate: 8 })], { registers: { 5: 0x3000n } });
    expect(fieldIn(state, 'pc')).toBe(0x3008n);
    expect(registerIn(state, 5)).toBe(BigInt(CODE + 4));
  });

  test('links of 16-bit jumps are two bytes on', () => {
    const link = after([0x9282], { registers: { 5: 0x3000n } }); // c.jalr t0
    expect(fieldIn(link, 'pc')).toBe(0x3000n);
    expect(registerIn(link, 1)).toBe(BigInt(CODE + 2));
    expect(pcAfter(0x8282, { 5: 0x3001n })).toBe(0x3000n); // c.jr t0
  });
});

describe('fetching', () => {
  const nop = assemble('addi');
  const setX5 = assemble('addi', { rd: 5, immediate: 7 });

  test('an instruction that crosses a page', () => {
    const state = after([setX5, nop], { fields: { pc: 0x1_0ffe } });
    expect(registerIn(state, 5)).toBe(7n);
    expect(fieldIn(state, 'pc')).toBe(0x1_1006n);
  });

  test.for([
    ['the end of RAM', 0xbfff_fffe, 1, 0xc000_0000n],
    ['the end of upper RAM', 0xefff_fffe, 1, 0xf000_0000n],
    ['the device', 0x01ff_fffe, 0, 0x0200_0000n],
  ] as const)(
    'an instruction that crosses %s traps with the address of its second half',
    ([, pc, personality, value]) => {
      const state = after([setX5], { fields: { pc, personality } });
      if (personality === 1) {
        expect(haltOf(state)).toEqual(['trap', 1n, value]);
      } else {
        expect(fieldIn(state, 'mcause')).toBe(1n);
        expect(fieldIn(state, 'mtval')).toBe(value);
        expect(fieldIn(state, 'mepc')).toBe(BigInt(pc));
      }
    },
  );

  test('a 16-bit instruction in the last halfword of RAM', () => {
    const state = after([0x429d], { fields: { pc: 0xbfff_fffe }, steps: 2 }); // c.li t0, 7
    expect(registerIn(state, 5)).toBe(7n);
    expect(haltOf(state)).toEqual(['trap', 1n, 0xc000_0000n]);
  });

  test.for([0xc000_0000, 0xd000_0000, 0xe000_0000, 0xe000_1000, 0xe0ff_fffe, 0xf000_0000, 0xffff_fffe])(
    'from %i traps',
    (pc) => {
      expect(haltOf(after([], { fields: { pc }, steps: 1 }))).toEqual(['trap', 1n, BigInt(pc)]);
    },
  );

  test.for([0, 0xe100_0000, 0xbfff_fffc, 0xefff_fffc, 0x0200_0000])('from %i', (pc) => {
    expect(registerIn(after([setX5], { fields: { pc } }), 5)).toBe(7n);
  });

  test('from the device traps in the machine personality', () => {
    const state = after([], { fields: { pc: 0x0200_0000, personality: 0 }, steps: 1 });
    expect(fieldIn(state, 'mcause')).toBe(1n);
    expect(fieldIn(after([setX5], { fields: { pc: 0x0200_c000, personality: 0 } }), 'pc')).toBe(0x0200_c004n);
  });
});

describe('illegal instructions', () => {
  test.for([
    ['the zero halfword', 0x0000, 0x0000n],
    ['c.addi4spn with immediate 0', 0x0004, 0x0004n],
    ['c.fld', 0x2000, 0x2000n],
    ['c.fsd', 0xa000, 0xa000n],
    ['the reserved code of quadrant 0', 0x8000, 0x8000n],
    ['c.addiw to x0', 0x2005, 0x2005n],
    ['c.lui with immediate 0', 0x6281, 0x6281n],
    ['c.addi16sp with immediate 0', 0x6101, 0x6101n],
    ['a reserved function of misc-alu', 0x9c41, 0x9c41n],
    ['another reserved function of misc-alu', 0x9c61, 0x9c61n],
    ['c.lwsp to x0', 0x4002, 0x4002n],
    ['c.ldsp to x0', 0x6002, 0x6002n],
    ['c.fldsp', 0x2282, 0x2282n],
    ['c.fsdsp', 0xa002, 0xa002n],
    ['c.jr x0', 0x8002, 0x8002n],
    ['an encoding longer than 32 bits', 0x0000_001f, 0x1fn],
    ['all ones', 0xffff_ffff, 0xffff_ffffn],
    ['a floating-point load', 0x0000_2007, 0x2007n],
    ['slli with a shift of 7 bits', 0x0600_9293, 0x0600_9293n],
    ['slliw with a shift of 6 bits', 0x0200_929b, 0x0200_929bn],
    ['lr with rs2', 0x1010_202f, 0x1010_202fn],
    ['an atomic of bytes', 0x0000_002f, 0x2fn],
    ['fence with funct3 2', 0x0000_200f, 0x200fn],
    ['a load of funct3 7', 0x0000_7003, 0x7003n],
    ['jalr with funct3 1', 0x0000_1067, 0x1067n],
    ['a branch of funct3 2', 0x0000_2063, 0x2063n],
    ['SYSTEM with funct3 4', 0x0000_4073, 0x4073n],
    ['uret', 0x0020_0073, 0x0020_0073n],
    ['sret', 0x1020_0073, 0x1020_0073n],
    ['sfence.vma', 0x1200_0073, 0x1200_0073n],
    ['ecall with rd', 0x0000_00f3, 0xf3n],
  ] as const)('%s', ([, encoding, value]) => {
    for (const personality of [0, 1]) {
      const state = after([encoding], { fields: { personality }, registers: { 5: 0x1_1000n } });
      if (personality === 1) {
        expect(haltOf(state)).toEqual(['trap', 2n, value]);
        expect(fieldIn(state, 'pc')).toBe(BigInt(CODE));
      } else {
        expect([fieldIn(state, 'mcause'), fieldIn(state, 'mtval')]).toEqual([2n, value]);
        expect([fieldIn(state, 'mepc'), fieldIn(state, 'pc')]).toEqual([BigInt(CODE), 0x2_0000n]);
        expect(fieldIn(state, 'instretOffset')).toBe(M);
      }
    }
  });
});

describe('hints do nothing', () => {
  test.for([
    ['c.nop', 0x0001],
    ['c.nop with an immediate', 0x0005],
    ['c.addi with immediate 0', 0x0281],
    ['c.li to x0', 0x4005],
    ['c.lui to x0', 0x6005],
    ['c.slli to x0', 0x0006],
    ['c.slli by 0', 0x0282],
    ['c.srli by 0', 0x8001],
    ['c.srai by 0', 0x8401],
    ['c.mv to x0', 0x8016],
    ['c.add to x0', 0x9016],
  ] as const)('%s', ([, encoding]) => {
    const registers = Object.fromEntries(Array.from({ length: 31 }, (_, i) => [i + 1, BigInt(i + 1) << 30n]));
    const state = after([encoding], { registers });
    expect(fieldIn(state, 'pc')).toBe(BigInt(CODE + 2));
    for (let index = 0; index < 32; index++) expect(registerIn(state, index)).toBe(BigInt(index) << 30n);
  });
});
