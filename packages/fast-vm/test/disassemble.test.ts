import { hasCode } from '@commute/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disassemble } from '../src/index.ts';
import { instructionTable } from '../src/instructions.ts';
import { assemble } from './assemble.ts';
import { rv32, rv64 } from './vectors/gnu.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 1000);

describe('disassemble', () => {
  test.for(rv64)('%i at %i is %s with registers of 64 bits', ([encoding, pc, text]) => {
    expect(disassemble(encoding, { pc })).toEqual({ text, length: (encoding & 3) === 3 ? 4 : 2 });
  });

  test.for(rv32)('%i at %i is %s with registers of 32 bits', ([encoding, pc, text]) => {
    expect(disassemble(encoding, { pc, xlen: 32 })).toEqual({ text, length: (encoding & 3) === 3 ? 4 : 2 });
  });

  test('names every instruction of the table', () => {
    for (const { name, format, xlen } of instructionTable()) {
      if (xlen === 32) continue;
      const text = disassemble(
        assemble(name, { rd: 10, rs1: 11, rs2: 12, immediate: format === 'shift' ? 3 : 0x302 }),
      ).text;
      expect(text.split(' ')[0]).toBe(name);
    }
  });

  test.for([
    [0, '.2byte 0x0', 2],
    [0xffff_0000, '.2byte 0x0', 2],
    [0x9c41, '.2byte 0x9c41', 2],
    [0xffff_ffff, '.4byte 0xffffffff', 4],
    [-1, '.4byte 0xffffffff', 4],
    [0x0000_0007, '.4byte 0x7', 4],
    [0x0000_200f, '.4byte 0x200f', 4],
    [0x1010_202f, '.4byte 0x1010202f', 4],
  ] as const)('%i is no instruction: %s', ([encoding, text, length]) => {
    expect(disassemble(encoding)).toEqual({ text, length });
  });

  test.for([
    [0x0000_3503, 'ld'],
    [0x0205_9513, 'slli'],
    [0x0015_851b, 'addiw'],
    [0x00b5_353b, 'subw'],
    [0x100c_b2af, 'lr.d'],
    [0x6508, 'c.ld'],
    [0x9d0d, 'c.subw'],
    [0x1502, 'c.slli'],
  ] as const)('%i, %s with registers of 64 bits, is no instruction with 32', ([encoding]) => {
    expect(disassemble(encoding, { xlen: 32 }).text).toMatch(/^\.[24]byte/);
  });

  test('takes targets modulo the width of the registers', () => {
    const back = assemble('jal', { immediate: -4 });
    expect(disassemble(back).text).toBe('j 0xfffffffffffffffc');
    expect(disassemble(back, { xlen: 32 }).text).toBe('j 0xfffffffc');
    expect(disassemble(back, { pc: 0xffff_fffc }).text).toBe('j 0xfffffff8');
  });

  test('gives a text for any 32 bits', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(32 as const, 64 as const), (encoding, xlen) => {
        const { text, length } = disassemble(encoding, { xlen });
        expect(text).toMatch(/^[.a-z]/);
        expect(length).toBe((encoding & 3) === 3 ? 4 : 2);
      }),
      { numRuns: runs },
    );
  });

  test.for([1.5, 2 ** 32, -(2 ** 31) - 1, Number.NaN])('refuses %d', (instruction) => {
    let thrown: unknown;
    try {
      disassemble(instruction);
    } catch (error) {
      thrown = error;
    }
    expect(hasCode(thrown, 'FAST_VM_DISASSEMBLE_RANGE')).toBe(true);
  });
});
