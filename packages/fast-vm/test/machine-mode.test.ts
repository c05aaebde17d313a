import { describe, expect, test } from 'vitest';
import type { FieldName } from '../src/index.ts';
import { assemble } from './assemble.ts';
import { CODE, after, haltOf } from './single.ts';
import { fieldIn, registerIn } from './states.ts';

const M = (1n << 64n) - 1n;
const INTERRUPT = 1n << 63n;
const HANDLER = 0x2_0000n;
const nop = assemble('addi');

type Fields = Partial<Record<FieldName, bigint | number>>;
const inMachine = (fields: Fields = {}, registers: Record<number, bigint | number> = {}) => ({
  fields: { personality: 0, ...fields },
  registers,
});

describe('traps', () => {
  test.for([
    ['ecall', assemble('ecall'), 11n, 0n],
    ['ebreak', assemble('ebreak'), 3n, BigInt(CODE)],
    ['c.ebreak', 0x9002, 3n, BigInt(CODE)],
    ['a load fault', assemble('lw', { rd: 7, rs1: 5 }), 5n, 0xc000_0000n],
    ['a store fault', assemble('sw', { rs1: 5 }), 7n, 0xc000_0000n],
  ] as const)('%s', ([, encoding, cause, value]) => {
    const state = after([encoding], inMachine({ mstatus: 0x1808, instretOffset: 5 }, { 5: 0xc000_0000 }));
    expect(fieldIn(state, 'mcause')).toBe(cause);
    expect(fieldIn(state, 'mtval')).toBe(value);
    expect(fieldIn(state, 'mepc')).toBe(BigInt(CODE));
    expect(fieldIn(state, 'mstatus')).toBe(0x1880n);
    expect(fieldIn(state, 'pc')).toBe(HANDLER);
    expect(fieldIn(state, 'instretOffset')).toBe(4n);
    expect(fieldIn(state, 'time')).toBe(1n);
    expect(haltOf(state)).toBeUndefined();
  });

  test('an exception goes to the base even where interrupts are vectored', () => {
    expect(fieldIn(after([0], inMachine({ mtvec: HANDLER + 1n })), 'pc')).toBe(HANDLER);
  });

  test('without MIE, MPIE becomes 0', () => {
    expect(fieldIn(after([0], inMachine({ mstatus: 0x1880 })), 'mstatus')).toBe(0x1800n);
  });

  test('a handler may lie above the address space, where the fetch traps again', () => {
    const state = after([0], { ...inMachine({ mtvec: 1n << 40n }), steps: 2 });
    expect([fieldIn(state, 'mcause'), fieldIn(state, 'mtval'), fieldIn(state, 'mepc')]).toEqual([
      1n,
      1n << 40n,
      1n << 40n,
    ]);
  });

  test.for([
    [0x1880, 0x1888n],
    [0x1800, 0x1880n],
    [0x1808, 0x1880n],
    [0x1888, 0x1888n],
  ] as const)('mret with mstatus %i', ([mstatus, want]) => {
    const state = after([assemble('mret')], inMachine({ mstatus, mepc: 0x3_0002 }));
    expect([fieldIn(state, 'mstatus'), fieldIn(state, 'pc')]).toEqual([want, 0x3_0002n]);
    expect(fieldIn(state, 'instretOffset')).toBe(0n);
  });

  test('wfi goes on', () => {
    expect(fieldIn(after([assemble('wfi')], inMachine()), 'pc')).toBe(BigInt(CODE + 4));
  });

  test.for(['mret', 'wfi'])('%s is illegal in the user personality', (name) => {
    expect(haltOf(after([assemble(name)]))).toEqual(['trap', 2n, BigInt(assemble(name))]);
  });
});

describe('CSRs', () => {
  const csr = (name: string, number: number): number => assemble(name, { rd: 7, rs1: 5, immediate: number });

  test.for([
    ['mstatus', 0x300, 'mstatus', 0x1888n],
    ['mie', 0x304, 'mie', 0x888n],
    ['mtvec', 0x305, 'mtvec', M - 2n],
    ['mcountinhibit', 0x320, 'mcountinhibit', 5n],
    ['mscratch', 0x340, 'mscratch', M],
    ['mepc', 0x341, 'mepc', M - 1n],
    ['mcause', 0x342, 'mcause', M],
    ['mtval', 0x343, 'mtval', M],
  ] as const)('%s keeps the bits that can be written', ([, number, field, kept]) => {
    const ones = after([csr('csrrw', number)], inMachine({}, { 5: M }));
    expect(fieldIn(ones, field)).toBe(kept);
    const set = after([csr('csrrs', number)], inMachine({}, { 5: M }));
    expect(fieldIn(set, field)).toBe(kept);
    const cleared = after([csr('csrrw', number), assemble('csrrc', { rd: 8, rs1: 5, immediate: number })], {
      ...inMachine({}, { 5: M }),
    });
    expect(fieldIn(cleared, field)).toBe(number === 0x300 ? 0x1800n : 0n);
    expect(registerIn(cleared, 8)).toBe(kept);
  });

  test('csrrw swaps, also within one register', () => {
    const code = [assemble('csrrw', { rd: 5, rs1: 5, immediate: 0x340 })];
    const state = after(code, inMachine({ mscratch: 0x1234_5678_9abc_def0n }, { 5: 42 }));
    expect([registerIn(state, 5), fieldIn(state, 'mscratch')]).toEqual([0x1234_5678_9abc_def0n, 42n]);
  });

  test('immediate forms take five bits, zero-extended', () => {
    const code = [
      assemble('csrrwi', { rd: 7, rs1: 31, immediate: 0x340 }),
      assemble('csrrci', { rd: 8, rs1: 17, immediate: 0x340 }),
      assemble('csrrsi', { rd: 9, rs1: 1, immediate: 0x340 }),
    ];
    const state = after(code, inMachine({ mscratch: M }));
    expect([7, 8, 9].map((index) => registerIn(state, index))).toEqual([M, 31n, 14n]);
    expect(fieldIn(state, 'mscratch')).toBe(15n);
  });

  test.for([
    ['misa', 0x301, 0x8000_0000_0000_1105n],
    ['mip', 0x344, 0x88n],
    ['mhpmevent3', 0x323, 0n],
    ['mhpmevent31', 0x33f, 0n],
    ['tselect', 0x7a0, 0n],
    ['tdata3', 0x7a3, 0n],
    ['mhpmcounter3', 0xb03, 0n],
    ['mhpmcounter31', 0xb1f, 0n],
  ] as const)('%s ignores writes', ([, number, value]) => {
    const code = [csr('csrrw', number), assemble('csrrs', { rd: 8, immediate: number })];
    const state = after(code, inMachine({ msip: 1, mtimecmp: 0 }, { 5: 0x5555n }));
    expect([registerIn(state, 7), registerIn(state, 8)]).toEqual([value, value]);
    expect(fieldIn(state, 'mcause')).toBe(0n);
  });

  test.for([0xc00, 0xc01, 0xc02, 0xc03, 0xc1f, 0xf11, 0xf12, 0xf13, 0xf14, 0xf15])('%i is read-only', (number) => {
    for (const code of [
      csr('csrrw', number),
      csr('csrrs', number),
      csr('csrrc', number),
      assemble('csrrwi', { rd: 7, rs1: 0, immediate: number }),
      assemble('csrrsi', { rd: 7, rs1: 1, immediate: number }),
    ]) {
      const state = after([code], inMachine({}, { 5: 0, 7: 9 }));
      expect([fieldIn(state, 'mcause'), fieldIn(state, 'mtval')]).toEqual([2n, BigInt(code)]);
      expect(registerIn(state, 7)).toBe(9n);
    }
    for (const name of ['csrrs', 'csrrc', 'csrrsi', 'csrrci']) {
      const code = assemble(name, { rd: 7, rs1: 0, immediate: number });
      expect(fieldIn(after([code], inMachine({}, { 7: 9 })), 'mcause')).toBe(0n);
    }
  });

  test.for([
    0x000, 0x001, 0x100, 0x180, 0x302, 0x303, 0x306, 0x321, 0x322, 0x3a0, 0x7a4, 0xb01, 0xb20, 0xc20, 0xc80, 0xf10,
    0xf16,
  ])('%i does not exist', (number) => {
    const code = assemble('csrrs', { rd: 7, immediate: number });
    expect(fieldIn(after([code], inMachine()), 'mcause')).toBe(2n);
  });

  test('the user personality reads the three counters and nothing else', () => {
    for (const number of [0xc00, 0xc01, 0xc02]) {
      const read = assemble('csrrs', { rd: 7, immediate: number });
      const state = after([nop, nop, read], { fields: { time: 40, cycleOffset: 7, instretOffset: 9 } });
      expect(registerIn(state, 7)).toBe(42n);
      const write = assemble('csrrs', { rd: 7, rs1: 5, immediate: number });
      expect(haltOf(after([write]))).toEqual(['trap', 2n, BigInt(write)]);
    }
    for (const number of [0x300, 0x340, 0xb00, 0xc03, 0xf14]) {
      const read = assemble('csrrs', { rd: 7, immediate: number });
      expect(haltOf(after([read]))).toEqual(['trap', 2n, BigInt(read)]);
    }
  });
});

describe('counters', () => {
  const read = (rd: number, number: number): number => assemble('csrrs', { rd, immediate: number });
  const write = (number: number, rs1 = 5): number => assemble('csrrw', { rs1, immediate: number });

  test('count steps, and the next step reads what was written', () => {
    const code = [write(0xb00), read(8, 0xb00), read(9, 0xc00), write(0xb02), read(10, 0xb02), read(11, 0xc02)];
    const state = after(code, inMachine({ time: 1000 }, { 5: 77 }));
    expect([8, 9, 10, 11].map((index) => registerIn(state, index))).toEqual([77n, 78n, 77n, 78n]);
  });

  test('wrap around', () => {
    const state = after([write(0xb02), read(8, 0xb02), read(9, 0xb02)], inMachine({ time: M }, { 5: M }));
    expect([registerIn(state, 8), registerIn(state, 9)]).toEqual([M, 0n]);
    expect(fieldIn(state, 'time')).toBe(2n);
  });

  test('a trap and an interrupt retire nothing', () => {
    const state = after([0], { ...inMachine({ mtvec: CODE }), steps: 3 });
    expect(fieldIn(state, 'time')).toBe(3n);
    expect(fieldIn(state, 'instretOffset')).toBe(M - 2n);
    const interrupted = after([nop], inMachine({ mstatus: 0x1808, mie: 8, msip: 1 }));
    expect(fieldIn(interrupted, 'instretOffset')).toBe(M);
  });

  test('stand still while inhibited, from the step after', () => {
    const code = [assemble('csrrwi', { rs1: 5, immediate: 0x320 }), nop, nop, read(8, 0xb00), read(9, 0xb02)];
    const state = after(code, inMachine({ time: 100 }));
    expect([registerIn(state, 8), registerIn(state, 9)]).toEqual([101n, 101n]);
    const on = after([assemble('csrrwi', { immediate: 0x320 }), read(8, 0xb00)], inMachine({ mcountinhibit: 1 }));
    expect([registerIn(on, 8), fieldIn(on, 'cycleOffset')]).toEqual([0n, M]);
  });

  test('a write while inhibited is what all later steps read', () => {
    const code = [write(0xb00), read(8, 0xb00), nop, read(9, 0xb00), write(0xb02), nop, read(10, 0xb02)];
    const state = after(code, inMachine({ mcountinhibit: 5 }, { 5: 50 }));
    // The write sets the counter for the next step; inhibiting begins with that one.
    expect([8, 9, 10].map((index) => registerIn(state, index))).toEqual([50n, 50n, 50n]);
  });

  test('a trap while inhibited takes one off once', () => {
    expect(fieldIn(after([0], inMachine({ mcountinhibit: 4 })), 'instretOffset')).toBe(M);
  });
});

describe('interrupts', () => {
  const enabled = { mstatus: 0x1808, mie: 0x888 };

  test('software', () => {
    const state = after([nop], inMachine({ ...enabled, msip: 1, mtval: 9, mtimecmp: 0 }));
    expect([fieldIn(state, 'mcause'), fieldIn(state, 'mtval')]).toEqual([INTERRUPT + 3n, 0n]);
    expect([fieldIn(state, 'mepc'), fieldIn(state, 'pc'), fieldIn(state, 'time')]).toEqual([BigInt(CODE), HANDLER, 1n]);
    expect(fieldIn(state, 'mstatus')).toBe(0x1880n);
  });

  test('timer, at the step whose time reaches mtimecmp', () => {
    for (const steps of [1, 2, 3]) {
      const code = [nop, nop, nop, nop];
      const state = after(code, { ...inMachine({ ...enabled, mtimecmp: 102, time: 100 }), steps });
      expect(fieldIn(state, 'mcause')).toBe(steps < 3 ? 0n : INTERRUPT + 7n);
      if (steps === 3) expect(fieldIn(state, 'mepc')).toBe(BigInt(CODE + 8));
    }
  });

  test('timer with high words', () => {
    const fields = { ...enabled, time: 0xffff_fffen, mtimecmp: 0x1_0000_0001n };
    const state = after([nop, nop, nop], { ...inMachine(fields), steps: 3 });
    expect(fieldIn(state, 'mcause')).toBe(0n);
    const later = after([nop, nop, nop], { ...inMachine(fields), steps: 4 });
    expect(fieldIn(later, 'mcause')).toBe(INTERRUPT + 7n);
  });

  test('vectored', () => {
    const fields = { ...enabled, mtvec: HANDLER + 1n };
    expect(fieldIn(after([nop], inMachine({ ...fields, msip: 1 })), 'pc')).toBe(HANDLER + 12n);
    expect(fieldIn(after([nop], inMachine({ ...fields, mtimecmp: 0 })), 'pc')).toBe(HANDLER + 28n);
    const wrap = after([nop], inMachine({ ...fields, mtvec: M - 2n, msip: 1 }));
    expect(fieldIn(wrap, 'pc')).toBe(8n);
  });

  test.for([
    ['MIE off', { mstatus: 0x1880, mie: 0x888, msip: 1 }],
    ['not enabled', { mstatus: 0x1808, mie: 0x880, msip: 1 }],
    ['nothing pending', { mstatus: 0x1808, mie: 0x888 }],
    ['the user personality', { personality: 1, mstatus: 0x1808, mie: 0x888, msip: 1 }],
  ] as const)('none with %s', ([, fields]) => {
    const state = after([nop], inMachine(fields));
    expect([fieldIn(state, 'pc'), fieldIn(state, 'mcause')]).toEqual([BigInt(CODE + 4), 0n]);
  });

  test('turning them on takes effect at the next step', () => {
    const code = [assemble('csrrwi', { rs1: 8, immediate: 0x300 }), nop];
    const state = after(code, inMachine({ mie: 8, msip: 1 }));
    expect([fieldIn(state, 'mcause'), fieldIn(state, 'mepc')]).toEqual([INTERRUPT + 3n, BigInt(CODE + 4)]);
    const back = after([assemble('mret')], {
      ...inMachine({ mie: 8, msip: 1, mstatus: 0x1880, mepc: 0x40 }),
      steps: 2,
    });
    expect(fieldIn(back, 'mepc')).toBe(0x40n);
    expect(fieldIn(back, 'mcause')).toBe(INTERRUPT + 3n);
  });

  test('an interrupt comes before the fault of the instruction', () => {
    const state = after([0], inMachine({ ...enabled, msip: 1 }));
    expect(fieldIn(state, 'mcause')).toBe(INTERRUPT + 3n);
  });
});

describe('the timer device', () => {
  const run = (name: string, address: number, value = 0n, fields: Fields = {}) =>
    after(
      [assemble(name, { rd: 7, rs1: 5, rs2: 6 })],
      inMachine(
        { time: 0x1_8765_4321n, mtimecmp: 0xfedc_ba98_7654_3210n, msip: 1, ...fields },
        { 5: address, 6: value },
      ),
    );

  test.for([
    ['lw', 0x0200_0000, 1n],
    ['lwu', 0x0200_0000, 1n],
    ['ld', 0x0200_4000, 0xfedc_ba98_7654_3210n],
    ['lw', 0x0200_4000, 0x7654_3210n],
    ['lw', 0x0200_4004, 0xffff_ffff_fedc_ba98n],
    ['lwu', 0x0200_4004, 0xfedc_ba98n],
    ['ld', 0x0200_bff8, 0x1_8765_4321n],
    ['lw', 0x0200_bff8, 0xffff_ffff_8765_4321n],
    ['lwu', 0x0200_bff8, 0x8765_4321n],
    ['lw', 0x0200_bffc, 1n],
  ] as const)('%s of %i', ([name, address, want]) => {
    expect(registerIn(run(name, address), 7)).toBe(want);
  });

  test.for([
    ['sw', 0x0200_0000, 'msip', 0xffff_ffffn, 1n],
    ['sw', 0x0200_0000, 'msip', 2n, 0n],
    ['sd', 0x0200_4000, 'mtimecmp', 0x0123_4567_89ab_cdefn, 0x0123_4567_89ab_cdefn],
    ['sw', 0x0200_4000, 'mtimecmp', 0xffff_ffff_89ab_cdefn, 0xfedc_ba98_89ab_cdefn],
    ['sw', 0x0200_4004, 'mtimecmp', 0x89ab_cdefn, 0x89ab_cdef_7654_3210n],
  ] as const)('%s to %i', ([name, address, field, value, want]) => {
    expect(fieldIn(run(name, address, value), field)).toBe(want);
  });

  test('a store takes effect at the next step', () => {
    const code = [assemble('sd', { rs1: 5 }), nop];
    const state = after(code, inMachine({ mstatus: 0x1808, mie: 0x80 }, { 5: 0x0200_4000 }));
    expect([fieldIn(state, 'mcause'), fieldIn(state, 'mepc')]).toEqual([INTERRUPT + 7n, BigInt(CODE + 4)]);
  });

  const loads = ['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'];
  test.for([
    [loads, [0x0200_0001, 0x0200_0002, 0x0200_3fff, 0x0200_4001, 0x0200_bff7, 0x0200_bff9, 0x0200_bfff]],
    [['lb', 'lh', 'ld', 'lbu', 'lhu'], [0x0200_0000]],
    [
      ['lb', 'lh', 'lbu', 'lhu'],
      [0x0200_4000, 0x0200_bff8],
    ],
    [['ld'], [0x0200_4004, 0x0200_bffc, 0x01ff_fff9, 0x01ff_ffff]],
    [
      ['lw', 'lwu'],
      [0x0200_0004, 0x0200_4008, 0x01ff_fffd, 0x0200_8000],
    ],
  ] as const)('%s of %s fault', ([names, addresses]) => {
    for (const name of names) {
      for (const address of addresses) {
        const state = run(name, address);
        expect([fieldIn(state, 'mcause'), fieldIn(state, 'mtval')], name).toEqual([5n, BigInt(address)]);
      }
    }
  });

  test.for([
    ['sb', 0x0200_0000],
    ['sh', 0x0200_0000],
    ['sd', 0x0200_0000],
    ['sw', 0x0200_0004],
    ['sd', 0x0200_4004],
    ['sw', 0x0200_bff8],
    ['sd', 0x0200_bff8],
    ['sd', 0x01ff_fffc],
    ['sw', 0x0200_bffd],
  ] as const)('%s to %i faults and has no effect', ([name, address]) => {
    const state = run(name, address, M);
    expect([fieldIn(state, 'mcause'), fieldIn(state, 'mtval')]).toEqual([7n, BigInt(address)]);
    expect([fieldIn(state, 'msip'), fieldIn(state, 'mtimecmp')]).toEqual([1n, 0xfedc_ba98_7654_3210n]);
  });

  test('RAM begins right beside it', () => {
    expect(run('sd', 0x01ff_fff8, 5n).word(0x01ff_fff8)).toBe(5);
    expect(run('sd', 0x0200_c000, 5n).word(0x0200_c000)).toBe(5);
    expect(fieldIn(run('sd', 0x0200_c001, 5n), 'mcause')).toBe(0n);
  });

  test('is RAM in the user personality', () => {
    expect(run('sb', 0x0200_0000, 5n, { personality: 1 }).word(0x0200_0000)).toBe(5);
  });
});
