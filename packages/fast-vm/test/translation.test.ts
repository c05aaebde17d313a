import fc from 'fast-check';
import { blake3, type Snapshot } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import { createFastVM, type FastVM } from '../src/index.ts';
import { instructionTable } from '../src/instructions.ts';
import { createMachine } from '../src/machine.ts';
import { assemble, codeBytes } from './assemble.ts';
import { guest } from './guests.ts';
import { EAGER, difference, stateOf, type StateOptions } from './states.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);

/** The interpreter, which other tests hold to the reference, and a machine that translates at once. */
function createBoth(): {
  readonly interpreting: FastVM;
  readonly translating: FastVM;
  readonly translatedSteps: () => number;
  readonly restore: (state: Snapshot) => void;
  readonly advance: (count: number) => void;
} {
  const interpreting = createFastVM({ hasher: blake3 });
  const { vm: translating, translator } = createMachine({ hasher: blake3, implementation: 'translator' }, EAGER);
  return {
    interpreting,
    translating,
    translatedSteps: () => translator!.steps,
    restore: (state) => {
      interpreting.restore(state);
      translating.restore(state);
    },
    advance: (count) => {
      interpreting.advance(count);
      translating.advance(count);
      const found = difference(interpreting.snapshot(), translating.snapshot());
      if (found.length > 0) throw new Error(`interpreter and translation differ at ${found.join(', ')}`);
    },
  };
}

const CODE = 0x1_0fc0;
const DATA = 0x3_0000;
const STACK = 0xbfff_f000;
const ALL_ONES = (1n << 64n) - 1n;

/** Addresses at which accesses behave in their own ways: in and beyond the windows, at the ends of pages and of RAM. */
const addresses = [
  ...[DATA, DATA + 0xff8, DATA + 0xffd, CODE, CODE + 0x40, STACK - 8, STACK + 0xff9],
  ...[0x01df_fff8, 0x01e0_0000, 0x01e0_0ffc, 0x01ff_fffc, 0x0200_0000, 0x0200_4000, 0x0200_bff8, 0x0200_c000],
  ...[0xbfdf_fffc, 0xbfe0_0000, 0xbfff_fff8, 0xbfff_fffd, 0xc000_0000, 0xe000_0ff8, 0xe100_0000, 0xefff_fffc],
  ...[0xffff_fffc, 0x1_0000_0000, 0x8000_0000, 0x8000_0ffd],
];

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...addresses).map(BigInt) },
  { weight: 2, arbitrary: fc.integer({ min: -70, max: 70 }).map((small) => BigInt.asUintN(64, BigInt(small))) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(0n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 63n, (1n << 63n) - 1n, ALL_ONES),
  },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: ALL_ONES }) },
);

const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) & 255);

/** Traps go back to the code, so that programs go on for ever. */
function stateWith(code: readonly number[], options: StateOptions): Snapshot {
  return stateOf({
    ...options,
    fields: { pc: CODE, mstatus: 0x1800, mtvec: CODE, mtimecmp: ALL_ONES, ...options.fields },
    memory: [
      ...addresses
        .filter((address) => address < 0xc000_0000)
        .map((address) => [address, bytes.subarray(0, 3)] as const),
      [CODE, codeBytes(code)],
    ],
  });
}

const translatedNames = instructionTable()
  .filter(({ xlen, format, extension }) => xlen !== 32 && !format.startsWith('csr') && extension !== 'privileged')
  .map(({ name }) => name);

describe('each instruction, translated', () => {
  test.for([...new Set(translatedNames)])('%s does what the interpreter does', (name) => {
    const both = createBoth();
    fc.assert(
      fc.property(
        value,
        value,
        fc.constantFrom(0, 5, 6, 7),
        fc.oneof(fc.constantFrom(0, 1, 4, 8, -4, 31, 32, 63, -2048, 2047), fc.integer()),
        fc.constantFrom(0, 1),
        (a, b, rd, immediate, personality) => {
          const instruction = assemble(name, { rd, rs1: 5, rs2: 6, immediate });
          // Jumps of random length lead out of the loop, into nothing or the middle of it.
          const back = assemble('jal', { immediate: -8 });
          both.restore(
            stateWith([assemble('addi', { rd: 9, rs1: 9, immediate: 1 }), instruction, back, back], {
              fields: { personality, reservationValid: 1, reservationAddress: a },
              registers: { 5: a, 6: b, 7: b },
            }),
          );
          for (const cut of [31, 2, 40, 1, 97]) both.advance(cut);
        },
      ),
      { numRuns: Math.ceil(runs / 4) },
    );
    if (!['ecall', 'ebreak'].includes(name)) expect(both.translatedSteps()).toBeGreaterThan(200);
  });

  test('sc succeeds where lr went before it, and only there', () => {
    const both = createBoth();
    const loop = (size: string, extra: number[]): number[] => {
      const body = [
        assemble(`lr.${size}`, { rd: 7, rs1: 5 }),
        ...extra,
        assemble('addi', { rd: 7, rs1: 7, immediate: 1 }),
      ];
      const store = assemble(`sc.${size}`, { rd: 9, rs1: 5, rs2: 7 });
      const all = [...body, store, assemble('add', { rd: 10, rs1: 10, rs2: 9 }), store];
      return [...all, assemble('jal', { immediate: -4 * all.length })];
    };
    for (const size of ['w', 'd']) {
      for (const extra of [[], [assemble('lr.d', { rd: 11, rs1: 6 })]]) {
        both.restore(stateWith(loop(size, extra), { registers: { 5: DATA + 8, 6: DATA + 16 } }));
        for (const cut of [100, 7, 3, 500]) both.advance(cut);
        const failures = both.translating.register(10);
        if (extra.length === 0) expect(failures).toBe(0n);
        else expect(failures).toBeGreaterThan(60n);
      }
    }
    expect(both.translatedSteps()).toBeGreaterThan(1000);
  });

  test('calls and returns, nested, from several places', () => {
    const both = createBoth();
    const at = (from: number, to: number): number => 4 * (to - from);
    const code = [
      assemble('jal', { rd: 1, immediate: at(0, 5) }),
      assemble('addi', { rd: 7, rs1: 7, immediate: 1 }),
      assemble('jal', { rd: 1, immediate: at(2, 5) }),
      assemble('jal', { rd: 1, immediate: at(3, 8) }),
      assemble('jal', { immediate: at(4, 0) }),
      // Two levels: keeps where to return to, calls the leaf, returns.
      assemble('addi', { rd: 5, rs1: 1 }),
      assemble('jal', { rd: 1, immediate: at(6, 8) }),
      assemble('jalr', { rs1: 5 }),
      assemble('addi', { rd: 6, rs1: 6, immediate: 3 }),
      assemble('jalr', { rs1: 1 }),
    ];
    both.restore(stateWith(code, {}));
    for (const cut of [200, 1, 2, 3, 5, 8, 13, 21, 1000]) both.advance(cut);
    expect(both.translatedSteps()).toBeGreaterThan(500);
  });
});

const registers = fc.array(value, { minLength: 31, maxLength: 31 });
const register = fc.integer({ min: 0, max: 15 });
const plain = instructionTable()
  .filter(({ xlen, extension, format }) => xlen !== 32 && extension !== 'privileged' && !format.startsWith('csr'))
  .filter(({ format }) => format !== 'branch' && format !== 'jump')
  .map(({ name }) => name)
  .filter((name) => !['ecall', 'ebreak', 'jalr'].includes(name));
const instruction = fc
  .record({
    name: fc.constantFrom(...plain),
    rd: register,
    rs1: register,
    rs2: register,
    immediate: fc.oneof(fc.integer({ min: -16, max: 16 }), fc.integer()),
  })
  .map(({ name, ...operands }) => assemble(name, operands));
const branch = fc
  .record({
    name: fc.constantFrom('beq', 'bne', 'blt', 'bge', 'bltu', 'bgeu', 'jal'),
    rd: fc.constantFrom(0, 0, 1),
    rs1: register,
    rs2: register,
    immediate: fc.integer({ min: -60, max: 60 }).map((half) => 2 * half),
  })
  .map(({ name, ...operands }) => assemble(name, operands));
const others = fc.oneof(
  fc.constant(assemble('jalr', { rd: 0, rs1: 1 })),
  fc.constant(assemble('csrrs', { rd: 5, immediate: 0xc00 })),
  fc.constant(assemble('csrrs', { rd: 1, immediate: 0x341 })),
  fc.constant(assemble('ebreak')),
  fc.integer({ min: 0, max: 0xffff }).filter((half) => (half & 3) !== 3),
);
const program = fc.array(
  fc.oneof({ weight: 8, arbitrary: instruction }, { weight: 4, arbitrary: branch }, { weight: 2, arbitrary: others }),
  { minLength: 3, maxLength: 80 },
);
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 50, max: 700 })), {
  minLength: 2,
  maxLength: 8,
});

describe('programs, translated', () => {
  test('of any control flow do what the interpreter does, however the run is cut', () => {
    const both = createBoth();
    fc.assert(
      fc.property(program, registers, cuts, fc.constantFrom(0, 0, 0, 1), (code, values, steps, personality) => {
        both.restore(
          stateWith([...code, assemble('jal', { immediate: -4 * Math.min(code.length, 12) })], {
            fields: { personality, tohost: personality === 0 ? DATA + 64 : 0 },
            registers: Object.fromEntries(values.map((number, i) => [i + 1, number])),
          }),
        );
        for (const count of steps) both.advance(count);
      }),
      { numRuns: runs * 2 },
    );
    expect(both.translatedSteps()).toBeGreaterThan(100 * runs);
  });

  test('that store into their own code do what the interpreter does', () => {
    const both = createBoth();
    // x5 walks over the code, which x6 changes into harmless instructions, while the loop goes on.
    const store = fc
      .record({ name: fc.constantFrom('sb', 'sh', 'sw', 'sd'), immediate: fc.integer({ min: -40, max: 100 }) })
      .map(({ name, immediate }) => assemble(name, { rs1: 5, rs2: 6, immediate }));
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 1, arbitrary: store }, { weight: 5, arbitrary: instruction }), {
          minLength: 3,
          maxLength: 20,
        }),
        registers,
        fc.constantFrom(0, 2, 4, 6),
        cuts,
        (code, values, walk, steps) => {
          const body = [
            ...code,
            assemble('addi', { rd: 5, rs1: 5, immediate: walk }),
            assemble('addi', { rd: 6, rs1: 6, immediate: 1 << 7 }),
          ];
          both.restore(
            stateWith([...body, assemble('jal', { immediate: -4 * body.length })], {
              registers: {
                ...Object.fromEntries(values.map((number, i) => [i + 1, number])),
                5: CODE,
                6: BigInt(assemble('addi', { rd: 7, rs1: 7, immediate: 3 })) * 0x1_0000_0001n,
              },
            }),
          );
          for (const count of steps) both.advance(count);
        },
      ),
      { numRuns: runs },
    );
  });
});

describe('a translated run', () => {
  const image = guest('sha256');
  const input = new TextEncoder().encode(
    'a message of more than one block, so that the loops of the program are run more often',
  );

  test('stops after exactly as many steps as asked, at each instruction', () => {
    const { interpreting, translating, translatedSteps, restore, advance } = createBoth();
    interpreting.load(image, { input });
    restore(interpreting.snapshot());
    advance(6000);
    const start = translating.snapshot();
    for (let count = 0; count < 400; count++) {
      restore(start);
      advance(count);
    }
    expect(translatedSteps()).toBeGreaterThan(30_000);
  });

  test('goes on from snapshots taken and restored on the way, of itself and of others', () => {
    const { interpreting, translating, restore, advance } = createBoth();
    interpreting.load(image, { input });
    restore(interpreting.snapshot());
    const kept: Snapshot[] = [];
    for (let i = 0; i < 12; i++) {
      advance(700 + i);
      kept.push(i % 2 === 0 ? translating.snapshot() : interpreting.snapshot());
    }
    for (const at of [3, 0, 11, 4, 4, 9, 1]) {
      restore(kept[at]!);
      advance(1500);
    }
    expect(difference(kept[11]!, kept[11]!)).toEqual([]);
  });

  test('of a program whose pages were exchanged executes the new ones', () => {
    const both = createBoth();
    const loop = (immediate: number): Snapshot =>
      stateWith([assemble('addi', { rd: 7, rs1: 7, immediate }), assemble('jal', { immediate: -4 })], {});
    for (const immediate of [1, 2, 3, 1]) {
      both.restore(loop(immediate));
      both.advance(500);
      expect(both.translating.register(7)).toBe(BigInt(250 * immediate));
    }
    expect(both.translatedSteps()).toBeGreaterThan(1000);
  });
});
