import { hasCode } from '@commute/errors';
import { Snapshot, keccak256, sha256, type ProgramImage } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import {
  BRK_LIMIT,
  FAST_VM_REGION,
  FIELD,
  INPUT_BASE,
  STATE_PAGE,
  STREAM_BYTES,
  USER_STACK,
  createFastVM,
  referenceStep,
} from '../src/index.ts';
import { assemble, codeBytes } from './assemble.ts';
import { fieldIn, registerIn, stateOf } from './states.ts';

const program = (instructions: readonly number[], more: Partial<ProgramImage> = {}): ProgramImage => ({
  entry: 0x1000,
  segments: [{ address: 0x1000, bytes: codeBytes(instructions) }],
  ...more,
});
const nop = assemble('addi');
const thrownBy = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('load', () => {
  test('makes the initial state of the user personality', () => {
    const vm = createFastVM({ hasher: sha256 });
    vm.load(
      {
        entry: 0x1_0002,
        segments: [
          { address: 0x1_0000, bytes: Uint8Array.of(1, 2, 3), memorySize: 0x1801 },
          { address: 0xb000_0000, bytes: Uint8Array.of(4) },
          { address: 0xe100_0000, bytes: Uint8Array.of(5) },
        ],
      },
      { input: Uint8Array.of(7, 8, 9) },
    );
    const expected = stateOf({
      fields: {
        pc: 0x1_0002,
        personality: 1,
        inputLength: 3,
        mstatus: 0x1800,
        mtimecmp: (1n << 64n) - 1n,
        brkStart: 0x1_2000,
        brk: 0x1_2000,
      },
      registers: { 2: USER_STACK },
      memory: [
        [0x1_0000, Uint8Array.of(1, 2, 3)],
        [0xb000_0000, Uint8Array.of(4)],
        [0xe100_0000, Uint8Array.of(5)],
        [INPUT_BASE, Uint8Array.of(7, 8, 9)],
      ],
    });
    const same = Snapshot.empty(sha256).withPages(expected.pages());
    expect(vm.root()).toEqual(same.root());
  });

  test('chooses the personality by the symbol tohost, unless told', () => {
    const symbols = new Map([['tohost', 0x8000]]);
    const stateFor = (personality: 'machine' | 'user' | undefined, image: ProgramImage): Snapshot => {
      const vm = createFastVM(personality === undefined ? {} : { personality });
      vm.load(image);
      return vm.snapshot();
    };
    const both = program([nop], { symbols });
    const seen = [
      stateFor(undefined, both),
      stateFor(undefined, program([nop])),
      stateFor('user', both),
      stateFor('machine', program([nop])),
      stateFor('machine', both),
    ].map((state) => [fieldIn(state, 'personality'), fieldIn(state, 'tohost'), registerIn(state, 2)]);
    expect(seen).toEqual([
      [0n, 0x8000n, 0n],
      [1n, 0n, BigInt(USER_STACK)],
      [1n, 0n, BigInt(USER_STACK)],
      [0n, 0n, 0n],
      [0n, 0x8000n, 0n],
    ]);
  });

  test('clears what was there', () => {
    const vm = createFastVM();
    vm.load(program([assemble('sw', { rs1: 2, rs2: 2, immediate: -64 }), assemble('ecall')]));
    vm.run(10);
    vm.load(program([nop]));
    const fresh = createFastVM();
    fresh.load(program([nop]));
    expect(vm.root()).toEqual(fresh.root());
  });

  const segment = (address: number, length: number, memorySize?: number): ProgramImage => ({
    entry: 0x1000,
    segments: [{ address, bytes: new Uint8Array(length), ...(memorySize === undefined ? {} : { memorySize }) }],
  });
  test.for([
    ['FAST_VM_SEGMENT_RANGE', 'in the input', segment(0xc000_0000, 1)],
    ['FAST_VM_SEGMENT_RANGE', 'that leaves RAM', segment(0xbfff_ffff, 2)],
    ['FAST_VM_SEGMENT_RANGE', 'whose zeros leave RAM', segment(0xbfff_ffff, 1, 2)],
    ['FAST_VM_SEGMENT_RANGE', 'over the state page', segment(0xe000_0000, 8)],
    ['FAST_VM_SEGMENT_RANGE', 'above RAM', segment(0xf000_0000, 1)],
    ['FAST_VM_SEGMENT_RANGE', 'below zero', segment(-1, 1)],
    ['FAST_VM_SEGMENT_RANGE', 'at a fraction', segment(0.5, 1)],
    ['FAST_VM_SEGMENT_RANGE', 'smaller than its bytes', segment(0x1000, 5, 4)],
    ['FAST_VM_ENTRY_RANGE', 'with an odd entry', program([nop], { entry: 0x1001 })],
    ['FAST_VM_ENTRY_RANGE', 'with an entry beyond 32 bits', program([nop], { entry: 2 ** 32 })],
    [
      'FAST_VM_SEGMENT_RANGE',
      'on the device of the machine personality',
      { ...segment(0x01ff_ffff, 2), symbols: new Map([['tohost', 0x8000]]) },
    ],
  ] as const)('refuses with %s a program %s, and changes nothing', ([code, , image]) => {
    const vm = createFastVM();
    vm.load(program([assemble('addi', { rd: 5, immediate: 7 }), nop]));
    vm.advance(1);
    const before = vm.root();
    const error = thrownBy(() => {
      vm.load(image);
    });
    expect(hasCode(error, code), String(error)).toBe(true);
    expect(vm.root()).toEqual(before);
    expect(vm.register(5)).toBe(7n);
  });

  test('refuses input of more than 2^28 bytes', () => {
    const input = { length: STREAM_BYTES + 1 } as Uint8Array;
    const error = thrownBy(() => {
      createFastVM().load(program([nop]), { input });
    });
    expect(hasCode(error, 'FAST_VM_INPUT_LENGTH')).toBe(true);
  });

  test('the heap may end where it begins', () => {
    const vm = createFastVM();
    vm.load({ entry: 0x1000, segments: [{ address: BRK_LIMIT - 1, bytes: Uint8Array.of(1), memorySize: 4098 }] });
    expect(fieldIn(vm.snapshot(), 'brk')).toBe(0xb000_2000n);
    vm.load({ entry: 0x1000, segments: [] });
    expect(fieldIn(vm.snapshot(), 'brk')).toBe(0n);
  });
});

describe('halt', () => {
  test.for([
    ['instruction-access', [assemble('jalr', { rs1: 5 })], 0xc000_0000, 0xc000_0000],
    ['illegal-instruction', [0], 0x1000, 0],
    ['breakpoint', [assemble('ebreak')], 0x1000, 0x1000],
    ['load-misaligned', [assemble('lr.w', { rs1: 6 })], 0x1000, 1],
    ['load-access', [assemble('lw', { rs1: 5 })], 0x1000, 0xc000_0000],
    ['store-misaligned', [assemble('sc.w', { rs1: 6 })], 0x1000, 1],
    ['store-access', [assemble('sw', { rs1: 5, immediate: 4 })], 0x1000, 0xc000_0004],
  ] as const)('%s', ([cause, code, address, value]) => {
    const vm = createFastVM();
    const lui = [
      assemble('lui', { rd: 5, immediate: -0x4000_0000 }),
      assemble('slli', { rd: 5, rs1: 5, immediate: 32 }),
    ];
    const setUp = [
      ...lui,
      assemble('srli', { rd: 5, rs1: 5, immediate: 32 }),
      assemble('addi', { rd: 6, immediate: 1 }),
    ];
    vm.load({
      entry: 0x1000 - 16,
      segments: [{ address: 0x1000 - 16, bytes: codeBytes([...setUp, ...code]) }],
    });
    expect(vm.run(100)).toBe(cause === 'instruction-access' ? 6 : 5);
    expect(vm.halt).toEqual({ kind: 'trap', cause, address, value });
    expect(vm.run(100)).toBe(0);
  });

  test('an unknown cause in a state has a name too', () => {
    const vm = createFastVM({ hasher: stateOf({}).hasher });
    vm.restore(stateOf({ fields: { halted: 2, haltCode: 77 } }));
    expect(vm.halt).toEqual({ kind: 'trap', cause: 'cause-77', address: 0, value: 0 });
  });
});

describe('run and advance', () => {
  test.for([-1, 1.5, 2 ** 53, Number.NaN])('refuse %d steps', (steps) => {
    const vm = createFastVM();
    for (const action of [() => vm.run(steps), () => vm.advance(steps)]) {
      expect(hasCode(thrownBy(action), 'FAST_VM_STEPS_RANGE')).toBe(true);
    }
    expect(
      hasCode(
        thrownBy(() => vm.register(32)),
        'FAST_VM_REGISTER_RANGE',
      ),
    ).toBe(true);
  });

  test('more steps than fit 32 bits', () => {
    const vm = createFastVM();
    vm.load(program([assemble('addi', { rd: 17, immediate: 93 }), assemble('ecall')]));
    expect(vm.run(2 ** 53 - 1)).toBe(2);
    vm.advance(2 ** 53 - 1);
    expect(vm.time()).toBe(2n);
  });

  test('an all-zero machine traps for ever without harm', () => {
    const vm = createFastVM();
    expect(vm.run(1000)).toBe(1000);
    expect(vm.pc()).toBe(0n);
    expect(vm.output()).toEqual(new Uint8Array(0));
  });
});

describe('cleaning', () => {
  const state = (halted: number, clock: number): Snapshot =>
    stateOf({
      fields: { personality: 1, halted, clock, log2Period: 4, pc: 0x1000 },
      memory: [[0x1000, codeBytes([nop])]],
    });
  const content = stateOf({
    fields: { personality: 1, log2Period: 4, pc: 0x2000 },
    memory: [[0xe100_0000, Uint8Array.of(9)]],
  });
  const pristine = { region: FAST_VM_REGION, root: content.regionRoot(FAST_VM_REGION), content };

  test('replaces the region and leaves the rest', () => {
    const vm = createFastVM({ hasher: content.hasher, pristine });
    expect(vm.supports.clockInState).toBe(true);
    vm.restore(state(1, 3));
    vm.advance(12);
    expect(fieldIn(vm.snapshot(), 'clock')).toBe(15n);
    vm.advance(1);
    const cleaned = vm.snapshot();
    expect(cleaned.regionRoot(FAST_VM_REGION)).toEqual(pristine.root);
    expect(cleaned.word(0x1000)).toBe(nop);
    expect(vm.halt).toBeUndefined();
  });

  test('logs as one access', () => {
    const vm = createFastVM({ hasher: content.hasher, pristine });
    vm.restore(state(1, 15));
    const log = vm.logStep();
    expect(log.at(-1)).toEqual({ kind: 'replace', region: FAST_VM_REGION, root: pristine.root });
    expect(log.every((access) => access.kind !== 'write')).toBe(true);
    expect(vm.pc()).toBe(0x2000n);
  });

  test('an overrun leaves the state of the step before', () => {
    const vm = createFastVM({ hasher: content.hasher, pristine });
    const endless = stateOf({
      fields: { personality: 1, log2Period: 4, pc: 0x1000 },
      memory: [[0x1000, codeBytes([assemble('jal')])]],
    });
    for (const action of [() => vm.advance(100), () => vm.run(100)]) {
      vm.restore(endless);
      const error = thrownBy(action);
      expect(hasCode(error, 'FAST_VM_OVERRUN')).toBe(true);
      expect(String(error)).toContain('0x1000');
      expect([vm.time(), fieldIn(vm.snapshot(), 'clock')]).toEqual([15n, 15n]);
      expect(
        hasCode(
          thrownBy(() => vm.logStep()),
          'FAST_VM_OVERRUN',
        ),
      ).toBe(true);
    }
  });

  test('needs the pristine content', () => {
    const vm = createFastVM({ hasher: content.hasher });
    for (const action of [() => vm.advance(2), () => vm.logStep(), () => referenceStep(vm.memory)]) {
      vm.restore(state(1, 15));
      expect(hasCode(thrownBy(action), 'FAST_VM_PRISTINE_MISSING')).toBe(true);
    }
    const { region, root } = pristine;
    for (const wrong of [
      { region, root },
      { region: { base: 0, log2Size: 28 }, root, content },
    ]) {
      expect(
        hasCode(
          thrownBy(() => createFastVM({ pristine: wrong })),
          'FAST_VM_PRISTINE_RANGE',
        ),
      ).toBe(true);
    }
  });
});

describe('memory', () => {
  const touch = program([
    assemble('lui', { rd: 5, immediate: 0x10_0000 }),
    assemble('lui', { rd: 6, immediate: 0x1000 }),
    assemble('addi', { rd: 5, rs1: 5, immediate: -4 }),
    assemble('sd', { rs1: 5, rs2: 6 }),
    assemble('add', { rd: 5, rs1: 5, rs2: 6 }),
    assemble('jal', { immediate: -8 }),
  ]);

  test('that runs out throws, and the state is that before the step', () => {
    const vm = createFastVM({ maximumPages: 20 });
    vm.load(touch);
    const error = thrownBy(() => vm.run(1000));
    expect(hasCode(error, 'MACHINE_MEMORY_EXHAUSTED')).toBe(true);
    const steps = Number(vm.time());
    const wide = createFastVM();
    wide.load(touch);
    wide.advance(steps);
    expect(vm.root()).toEqual(wide.root());
    expect(vm.pc()).toBe(0x100cn);
    expect(
      hasCode(
        thrownBy(() => vm.advance(1)),
        'MACHINE_MEMORY_EXHAUSTED',
      ),
    ).toBe(true);
    expect(vm.time()).toBe(BigInt(steps));
  });

  test('is not used by loads from where nothing is', () => {
    const vm = createFastVM({ maximumPages: 4 });
    vm.load(
      program([
        assemble('lui', { rd: 6, immediate: 0x1000 }),
        assemble('ld', { rd: 7, rs1: 5 }),
        assemble('add', { rd: 5, rs1: 5, rs2: 6 }),
        assemble('jal', { immediate: -8 }),
      ]),
    );
    expect(vm.run(100_000)).toBe(100_000);
  });

  test('holds the registers after sync, and the journal names what changed', () => {
    const vm = createFastVM({ hasher: keccak256 });
    vm.load(program([assemble('addi', { rd: 5, immediate: -1 }), assemble('sd', { rs1: 2, rs2: 5, immediate: -3 })]));
    vm.sync();
    vm.memory.journaling = true;
    const noted = (): string[] => {
      vm.advance(1);
      vm.sync();
      const words = [...vm.memory.journal.subarray(0, vm.memory.journalLength)];
      vm.memory.journalLength = 0;
      return words.map((word) => (word >>> 0).toString(16));
    };
    expect(noted()).toEqual(['e0000028', 'e000002c', 'e0000100', 'e0000108']);
    expect(vm.memory.loadWord(STATE_PAGE + FIELD.x + 40)).toBe(0xffff_ffff);
    expect(noted()).toEqual(['bfffeffc', 'bffff000', 'bffff004', 'e0000100', 'e0000108']);
  });

  test.for(['sb', 'sh', 'sw', 'sd', 'amoadd.w', 'amoadd.d'])(
    'the journal has every %s, also to a ready page',
    (name) => {
      const vm = createFastVM();
      const store = assemble(name, { rs1: 2, rs2: 5 });
      vm.load(program([assemble('addi', { rd: 5, immediate: 1 }), store, store, store]));
      vm.advance(2);
      vm.memory.journaling = true;
      for (let round = 0; round < 2; round++) {
        vm.memory.journalLength = 0;
        vm.advance(1);
        expect([...vm.memory.journal.subarray(0, vm.memory.journalLength)]).toContain(USER_STACK | 0);
      }
    },
  );

  test('refuses a snapshot of another hash and keeps its state', () => {
    const vm = createFastVM();
    vm.load(program([nop]));
    vm.advance(1);
    expect(
      hasCode(
        thrownBy(() => vm.restore(Snapshot.empty(sha256))),
        'MACHINE_HASH_MISMATCH',
      ),
    ).toBe(true);
    expect(vm.time()).toBe(1n);
  });
});
