import { describe, expect, test } from 'vitest';
import { Snapshot, type ProgramImage } from '@commute/machine';
import { createMicroRiscv, microPristine, type MicroRiscv } from '../src/index.ts';
import { asm, assemble, call, differingWords, hasher, hex, li, stateOf } from './support.ts';

const imageOf = (words: readonly number[], address = 0x1000): ProgramImage => ({
  entry: address,
  segments: [{ address, bytes: assemble(words) }],
});

function loaded(words: readonly number[], address?: number): MicroRiscv {
  const machine = createMicroRiscv({ hasher });
  machine.load(imageOf(words, address));
  return machine;
}

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('loading', () => {
  test('sets the registers and the program break', () => {
    const machine = createMicroRiscv({ hasher });
    machine.load(
      {
        entry: 0x1004,
        segments: [
          { address: 0x1000, bytes: assemble([1, 2, 3]) },
          { address: 0x4000, bytes: new Uint8Array(1), memorySize: 0x1001 },
          { address: 0xb000_0000, bytes: new Uint8Array([9]) },
        ],
      },
      { input: new Uint8Array([1, 2, 3, 4, 5]) },
    );
    expect(differingWords(Snapshot.empty(hasher), machine.snapshot()).map((line) => line.replace(' 0', ''))).toEqual([
      '1000: 1',
      '1004: 2',
      '1008: 3',
      'b0000000: 9',
      'c0000000: 4030201',
      'c0000004: 5',
      'ff000008: bffff000',
      'ff000080: 1004',
      'ff0000a0: 5',
      'ff0000ac: 6000',
      'ff0000b0: 6000',
    ]);
    expect([machine.pc, machine.clock, machine.register(2), machine.halt]).toEqual([
      0x1004,
      0n,
      0xbfff_f000,
      undefined,
    ]);
  });

  test('forgets what was there', () => {
    const machine = loaded(call(93, 3));
    machine.run(100);
    const fresh = loaded([asm.addi(1, 0, 1)]);
    machine.load(imageOf([asm.addi(1, 0, 1)]));
    expect(hex(machine.root())).toBe(hex(fresh.root()));
    machine.run(1);
    fresh.run(1);
    expect(hex(machine.root())).toBe(hex(fresh.root()));
  });

  test.for<[string, ProgramImage]>([
    ['an entry between two words', { entry: 0x1002, segments: [] }],
    ['an entry beyond 32 bits', { entry: 2 ** 32, segments: [] }],
    ['a segment that overlaps the control page', imageOf([0, 0], 0xfeff_fffc)],
    ['a segment that passes the end', imageOf([0, 0], 0xffff_fffc)],
    ['a segment below zero', { entry: 0, segments: [{ address: -4, bytes: new Uint8Array(4) }] }],
    ['more bytes than memory', { entry: 0, segments: [{ address: 0, bytes: new Uint8Array(4), memorySize: 3 }] }],
  ])('refuses %s', ([, image]) => {
    expect(() => {
      createMicroRiscv({ hasher }).load(image);
    }).toThrow(coded('MICRO_RISCV_PROGRAM'));
  });

  test('refuses too much input, and a program outside Q for a pristine state', () => {
    const input = { length: 2 ** 28 + 1 } as Uint8Array;
    expect(() => loaded([]).load(imageOf([]), { input })).toThrow(coded('MICRO_RISCV_INPUT_RANGE'));
    expect(() => microPristine(imageOf([0]), { log2Period: 5 })).toThrow(coded('MICRO_RISCV_PROGRAM'));
    expect(() => microPristine(imageOf([0], 0xff00_1000), { log2Period: 32 })).toThrow(
      coded('MICRO_RISCV_PERIOD_RANGE'),
    );
    expect(() => microPristine(imageOf([0], 0xff00_1000), { log2Period: 5, stackPointer: -1 })).toThrow(
      coded('MICRO_RISCV_PROGRAM'),
    );
  });
});

test('counts and register numbers out of range are refused', () => {
  const machine = loaded([]);
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) {
    expect(() => machine.run(wrong)).toThrow(coded('MICRO_RISCV_COUNT_RANGE'));
    expect(() => machine.advance(wrong)).toThrow(coded('MICRO_RISCV_COUNT_RANGE'));
  }
  expect(() => machine.register(32)).toThrow(coded('MICRO_RISCV_REGISTER_RANGE'));
});

test.for([
  ['illegal instruction', [0], 0x1000, 0],
  ['breakpoint', [asm.ebreak], 0x1000, 0x1000],
  ['misaligned jump target', [asm.jal(0, 6)], 0x1000, 0x1006],
  ['misaligned jump target', [asm.jalr(1, 0, 0x103)], 0x1000, 0x102],
  ['misaligned jump target', [asm.branch(0, 0, 0, 10)], 0x1000, 0x100a],
  ['instruction access', [...li(5, 0xff00_0000), asm.jalr(0, 5, 0)], 0xff00_0000, 0xff00_0000],
  ['load access', [asm.lui(5, 0xff00_0000), asm.load(2, 6, 5, -2)], 0x1004, 0xfeff_fffe],
  ['store access', [asm.store(2, 0, 0, -3)], 0x1000, 0xffff_fffd],
] as const)('trap: %s', ([cause, words, address, value]) => {
  const machine = loaded(words);
  const slow = loaded(words);
  const count = machine.run(100);
  for (let i = 0; i < count; i++) slow.logStep();
  expect(machine.halt).toEqual({ kind: 'trap', cause, address, value });
  expect(slow.halt).toEqual(machine.halt);
  expect(hex(slow.root())).toBe(hex(machine.root()));
});

test.for([0, 1, 2, 4, 5])('no load (funct3 %i) and no store reaches the control page, from either side', (funct3) => {
  const size = 2 ** (funct3 & 3);
  for (const offset of [1 - size, 0, 1, 2, 3, 4, 0x80, 0x1000 - size, 0x1001 - size, 0xfff]) {
    const address = (0xff00_0000 + offset) >>> 0;
    const instructions = [asm.load(funct3, 6, 5, 0), ...(funct3 > 2 ? [] : [asm.store(funct3, 6, 5, 0)])];
    for (const instruction of instructions) {
      const machine = loaded([...li(5, address), instruction]);
      machine.run(3);
      const cause = instruction === instructions[0] ? 'load access' : 'store access';
      const isOutside = address + size <= 0xff00_0000 || address >= 0xff00_1000;
      expect(machine.halt).toEqual(isOutside ? undefined : { kind: 'trap', cause, address: 0x1008, value: address });
    }
  }
});

test.for([
  ['addi', asm.addi(1, 9, 5), [36, 4]],
  ['addi of x0 to x0', asm.addi(0, 0, 5), []],
  ['add', asm.add(3, 8, 24), [32, 96, 12]],
  ['lui', asm.lui(3, 0x5000), [12]],
  ['jal', asm.jal(0, 8), []],
  ['branch', asm.branch(0, 7, 8, 8), [28, 32]],
  ['lb, last of a word', asm.load(0, 3, 5, 3), [20, 0x3000, 12]],
  ['lh, last of a word', asm.load(1, 3, 5, 2), [20, 0x3000, 12]],
  ['lh, inside a word', asm.load(1, 3, 5, 1), [20, 0x3000, 12]],
  ['lh, across words', asm.load(1, 3, 5, 3), [20, 0x3000, 0x3004, 12]],
  ['lw', asm.load(2, 3, 5, 0), [20, 0x3000, 12]],
  ['lw, across words', asm.load(2, 3, 5, 1), [20, 0x3000, 0x3004, 12]],
  ['sb, last of a word', asm.store(0, 3, 5, 3), [20, 12, 0x3000]],
  ['sh, last of a word', asm.store(1, 3, 5, 2), [20, 12, 0x3000]],
  ['sh, across words', asm.store(1, 3, 5, 3), [20, 12, 0x3000, 0x3004]],
  ['sw', asm.store(2, 3, 5, 0), [20, 12, 0x3000]],
  ['sw, across words', asm.store(2, 3, 5, 3), [20, 12, 0x3000, 0x3004]],
] as const)('a step touches the words it should and no other: %s', ([, instruction, words]) => {
  const machine = createMicroRiscv({ hasher });
  machine.restore(
    stateOf({ registers: [0, 1, 2, 3, 4, 0x3000], fields: { pc: 0x1000 }, words: [[0x1000, instruction]] }),
  );
  const always = [0x1000, ...[0x80, 0x84, 0x88, 0x8c, 0x98].map((offset) => 0xff00_0000 + offset)];
  const touched = machine.logStep().map((access) => (access.kind === 'replace' ? -1 : access.address));
  const expected = words.map((at) => (at < 128 ? 0xff00_0000 + at : at));
  expect([...new Set(touched)].sort()).toEqual([...new Set([...always, ...expected])].sort());
});

test('the number of an unknown cause is told', () => {
  const machine = createMicroRiscv({ hasher });
  machine.restore(stateOf({ fields: { halted: 2, haltCode: 99 } }));
  expect(machine.halt).toEqual({ kind: 'trap', cause: 'cause 99', address: 0, value: 0 });
});

describe('code that changes', () => {
  test('is executed as it is, from the next instruction on', () => {
    const patched = asm.addi(10, 10, 5);
    const machine = loaded([
      ...li(5, patched), // 0x1000
      ...li(6, 0x1000 + 4 * 7),
      asm.addi(7, 0, 3),
      asm.store(2, 5, 6, 0),
      asm.addi(0, 0, 0),
      asm.addi(10, 10, 1), // becomes +5
      asm.addi(5, 5, 0),
      asm.addi(7, 7, -1),
      asm.branch(1, 7, 0, -12), // thrice
      ...li(17, 93),
      asm.ecall,
    ]);
    machine.run(1000);
    expect(machine.halt).toEqual({ kind: 'exit', code: 15 });
  });

  test('byte by byte, in the page that runs and in one that ran before', () => {
    const callee = 0x3000;
    const words = [
      ...li(5, callee),
      asm.jalr(1, 5, 0),
      ...li(6, asm.addi(10, 10, 40)),
      ...Array.from({ length: 4 }, (_, i) => [
        asm.store(0, 6, 5, i),
        asm.immediate(5, 6, 6, 8), // srli
      ]).flat(),
      asm.jalr(1, 5, 0),
      ...li(17, 93),
      asm.ecall,
    ];
    const machine = createMicroRiscv({ hasher });
    machine.load({
      entry: 0x1000,
      segments: [
        { address: 0x1000, bytes: assemble(words) },
        { address: callee, bytes: assemble([asm.addi(10, 10, 2), asm.jalr(0, 1, 0)]) },
      ],
    });
    machine.run(1000);
    expect(machine.halt).toEqual({ kind: 'exit', code: 42 });
  });

  test('by a restore, by a host call and by a misaligned store', () => {
    const machine = loaded([asm.addi(10, 10, 1), asm.jal(0, -4)]);
    machine.run(10);
    const other = loaded([asm.addi(10, 10, 3), asm.jal(0, -4)]).snapshot();
    machine.restore(other);
    machine.run(10);
    expect(machine.register(10)).toBe(15);

    const nop = asm.addi(0, 0, 0);
    const reading = createMicroRiscv({ hasher });
    const read = call(63, 0, 0x1000 + 4 * 12, 4);
    reading.load(imageOf([nop, nop, ...read, nop, asm.addi(10, 0, 1), ...li(17, 93), asm.ecall]), {
      input: assemble([asm.addi(10, 0, 9)]),
    });
    reading.run(1000);
    expect(reading.halt).toEqual({ kind: 'exit', code: 9 });

    const target = 0x1000 + 4 * 8;
    const twice = [
      ...li(5, target),
      ...li(6, asm.addi(10, 10, 7) >>> 16), // the upper half
      asm.addi(7, 0, 2),
      asm.jal(0, 12),
      asm.store(1, 6, 5, 1),
      nop,
      asm.addi(10, 10, 1),
      asm.addi(7, 7, -1),
      asm.branch(1, 7, 0, -16),
      ...li(17, 93),
      asm.ecall,
    ];
    const quick = loaded(twice);
    const slow = loaded(twice);
    for (let i = 0; i < 20; i++) {
      quick.advance(1);
      slow.logStep();
      expect(differingWords(slow.snapshot(), quick.snapshot())).toEqual([]);
    }
  });

  test('over more pages than are kept decoded, twice', () => {
    const pages = 1100;
    const memory = loaded([]);
    const last = [
      ...li(17, 93),
      asm.addi(5, 5, -1),
      asm.branch(0, 5, 0, 12),
      asm.lui(6, 0x1_0000),
      asm.jalr(0, 6, 0),
      asm.ecall,
    ];
    memory.load({
      entry: 0x1_0000,
      segments: [
        ...Array.from({ length: pages }, (_, i) => ({
          address: 0x1_0000 + 4096 * i,
          bytes: assemble([asm.addi(10, 10, 1), asm.jal(0, 4092)]),
        })),
        { address: 0x1_0000 + 4096 * pages, bytes: assemble(last) },
      ],
    });
    const start = memory.snapshot();
    memory.restore(
      stateOf({ registers: [0, 0, 0, 0, 0, 2], fields: { pc: 0x1_0000 } }).withRegion({ base: 0, log2Size: 30 }, start),
    );
    memory.run(1e6);
    expect(memory.halt).toEqual({ kind: 'exit', code: (2 * pages) & 255 });
    expect(memory.register(10)).toBe(2 * pages);
  });

  test('is decoded again, jump and target, when that many pages ran and a jump leads to another', () => {
    const pages = 1023;
    const home = 0x1000;
    const caller = [...li(6, 0x1_0000), asm.lui(7, 0x1000), ...li(8, pages)];
    // Calls all pages one after the other; then goes to a page of which the same offset runs too.
    const calls = [
      asm.jalr(1, 6, 0),
      asm.add(6, 6, 7),
      asm.addi(8, 8, -1),
      asm.branch(1, 8, 0, -12),
      asm.jal(0, 0x2000),
    ];
    const machine = createMicroRiscv({ hasher });
    const target = home + 4 * (caller.length + calls.length - 1) + 0x2000;
    const nops = Array.from({ length: 64 }, () => asm.addi(10, 10, 1));
    machine.load({
      entry: home,
      segments: [
        { address: home, bytes: assemble([...caller, ...calls]) },
        { address: target & ~0xfff, bytes: assemble([...nops, ...li(17, 93), asm.ecall]) },
        ...Array.from({ length: pages }, (_, i) => ({
          address: 0x1_0000 + 4096 * i,
          bytes: assemble([asm.jalr(0, 1, 0)]),
        })),
      ],
    });
    machine.run(1e6);
    expect(machine.halt).toEqual({ kind: 'exit', code: 64 - (target & 0xfff) / 4 });
    const before = machine.snapshot();
    machine.load({
      entry: target & ~0xfff,
      segments: [{ address: target & ~0xfff, bytes: assemble([...nops, ...li(17, 93), asm.ecall]) }],
    });
    machine.run(1000);
    expect(machine.halt).toEqual({ kind: 'exit', code: 64 });
    expect(before.word(target)).toBe(asm.addi(10, 10, 1));
  });

  test('runs on from the end of a page, and of the address space', () => {
    const machine = createMicroRiscv({ hasher });
    machine.load({
      entry: 0x1ffc,
      segments: [
        {
          address: 0x1ffc,
          bytes: assemble([asm.addi(10, 10, 1), asm.lui(5, 0xffff_f000), asm.jalr(0, 5, -4 & 0xffc)]),
        },
        { address: 0xffff_fffc, bytes: assemble([asm.addi(10, 10, 2)]) },
        { address: 0, bytes: assemble(call(93, 3)) },
      ],
    });
    machine.restore(machine.snapshot());
    machine.run(2);
    expect(machine.pc).toBe(0x2004);
    machine.restore(stateOf({ fields: { pc: 0xffff_fffc }, words: [[0xffff_fffc, asm.addi(10, 10, 2)]] }));
    machine.run(1);
    expect([machine.pc, machine.register(10)]).toEqual([0, 2]);
  });
});

describe('memory', () => {
  const hungry = [
    asm.lui(5, 0x10_0000),
    asm.lui(6, 0x1000),
    asm.store(2, 5, 5, 0), // 0x1008
    asm.add(5, 5, 6),
    asm.jal(0, -8),
  ];

  test('beyond the limit is refused in front of the step that needs it', () => {
    const machine = createMicroRiscv({ hasher, maximumPages: 8 });
    machine.load(imageOf(hungry));
    expect(() => machine.run(1000)).toThrow(coded('MACHINE_MEMORY_EXHAUSTED'));
    const steps = Number(machine.clock);
    expect(machine.pc).toBe(0x1008);
    const free = createMicroRiscv({ hasher });
    free.load(imageOf(hungry));
    free.run(steps);
    expect(hex(machine.root())).toBe(hex(free.root()));
    expect(() => machine.advance(1)).toThrow(coded('MACHINE_MEMORY_EXHAUSTED'));
    expect(() => machine.logStep()).toThrow(coded('MACHINE_MEMORY_EXHAUSTED'));
    expect(hex(machine.root())).toBe(hex(free.root()));
    machine.load(imageOf(call(93, 5)));
    machine.run(100);
    expect(machine.halt).toEqual({ kind: 'exit', code: 5 });
  });

  test('beyond the limit does not leave half a misaligned store', () => {
    for (const pages of [3, 4, 5]) {
      const machine = createMicroRiscv({ hasher, maximumPages: pages });
      const words = [asm.lui(5, 0x5000), asm.addi(6, 0, -1), asm.store(2, 6, 5, -2), ...call(93, 0)];
      machine.load(imageOf(words));
      const free = createMicroRiscv({ hasher });
      free.load(imageOf(words));
      try {
        machine.run(100);
      } catch (error) {
        expect(error).toEqual(coded('MACHINE_MEMORY_EXHAUSTED'));
      }
      free.run(Number(machine.clock));
      expect(hex(machine.root())).toBe(hex(free.root()));
    }
  });

  test('beyond the limit when loading leaves an empty machine', () => {
    const machine = createMicroRiscv({ hasher, maximumPages: 2 });
    const image = { entry: 0, segments: [{ address: 0, bytes: new Uint8Array(3 * 4096).fill(1) }] };
    expect(() => machine.load(image)).toThrow(coded('MACHINE_MEMORY_EXHAUSTED'));
    expect(hex(machine.root())).toBe(hex(Snapshot.empty(hasher).root()));
    machine.load(imageOf([asm.ebreak]));
    expect(machine.run(5)).toBe(1);
  });

  test('is not used up by jumping into nowhere', () => {
    const machine = createMicroRiscv({ hasher, maximumPages: 8 });
    machine.load(imageOf([...li(5, 0x7000_0000), asm.jalr(0, 5, 0)]));
    machine.run(100);
    expect(machine.halt).toEqual({ kind: 'trap', cause: 'illegal instruction', address: 0x7000_0000, value: 0 });
  });
});

test('the journal has the address of each store, also across words', () => {
  const machine = loaded([
    ...li(5, 0x3000),
    asm.store(2, 5, 5, 2),
    asm.store(0, 5, 5, 9),
    asm.store(1, 5, 5, 12),
    asm.store(2, 5, 5, 16),
    ...call(93, 0),
  ]);
  machine.memory.journaling = true;
  machine.run(100);
  const { journal, journalLength } = machine.memory;
  const words = new Set(journal.subarray(0, journalLength).map((address) => address & ~3));
  expect([...words].filter((address) => address >= 0).sort()).toEqual([0x3000, 0x3004, 0x3008, 0x300c, 0x3010]);
});
