import { describe, expect, test } from 'vitest';
import { hasCode, type CodedError } from '@commute/errors';
import { Memory, Snapshot, type PristineRegion } from '@commute/machine';
import {
  CONTROL_PAGE,
  MICRO_FIELD,
  MICRO_REGION,
  PROGRAM_BASE,
  createMicroRiscv,
  step,
  type MicroRiscv,
} from '../src/index.ts';
import { asm, assemble, attached, call, differingWords, hasher, hex, li, pristineOf, stateOf } from './support.ts';

const COUNTER = 0x2000;
const SCRATCH = 0xff00_3000;
/** Adds 1 to a word of S; leaves traces on its stack, in its data and code, in its program break and input position. */
const program = [
  ...li(5, COUNTER),
  asm.load(2, 6, 5, 0),
  asm.addi(6, 6, 1),
  asm.store(2, 6, 5, 0),
  asm.store(2, 6, 2, -4),
  ...li(7, SCRATCH),
  asm.store(0, 6, 7, 1),
  asm.store(1, 6, 7, 5), // misaligned, across words
  asm.store(2, 6, 7, 0xffe),
  ...li(7, PROGRAM_BASE + 0x100),
  asm.store(2, 6, 7, 0),
  ...call(214, 0x5000),
  ...call(63, 0, SCRATCH + 0x20, 4),
  ...call(93, 7),
];
const LOG2_PERIOD = 6;
const pristine = withInput(pristineOf(program, LOG2_PERIOD));

/** The same with four bytes of input, which themselves are not in Q. */
function withInput({ region, content }: Required<PristineRegion>): Required<PristineRegion> {
  const memory = new Memory({ hasher });
  memory.restore(content);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.inputLength, 4);
  const changed = memory.snapshot();
  return { region, root: changed.regionRoot(region), content: changed };
}

function started(options: { journaling?: boolean; below?: Snapshot } = {}): MicroRiscv {
  const machine = createMicroRiscv({ hasher, pristine });
  machine.restore(attached(pristine, options.below));
  machine.memory.journaling = options.journaling ?? false;
  return machine;
}

describe('cleaning', () => {
  test('gives Q its pristine state at each multiple of 2^a, and leaves S', () => {
    const machine = started();
    for (let period = 1; period <= 20; period++) {
      machine.advance(2 ** LOG2_PERIOD);
      const state = machine.snapshot();
      expect(hex(state.regionRoot(MICRO_REGION))).toBe(hex(pristine.root));
      expect(differingWords(attached(pristine), state)).toEqual([`2000: 0 ${period.toString(16)}`]);
    }
    machine.advance(1000 * 2 ** LOG2_PERIOD);
    expect(machine.memory.loadWord(COUNTER)).toBe(1020);
    expect(hex(machine.snapshot().regionRoot(MICRO_REGION))).toBe(hex(pristine.root));
  });

  test('happens at the multiple and not before', () => {
    const machine = started({ below: stateOf({ words: [[0xc000_0000, 0x1234_5678]] }) });
    machine.advance(63);
    expect(machine.memory.loadWord(SCRATCH + 0x20)).toBe(0x1234_5678);
    expect(machine.memory.loadWord(CONTROL_PAGE + MICRO_FIELD.brk)).toBe(0x5000);
    expect(machine.halt).toEqual({ kind: 'exit', code: 7 });
    expect(machine.clock).toBe(63n);
    machine.advance(1);
    expect(machine.halt).toBeUndefined();
    expect(machine.clock).toBe(0n);
    expect(machine.pc).toBe(PROGRAM_BASE);
  });

  test('equals the reference step, a step at a time', () => {
    const machine = started();
    const slow = new Memory({ hasher });
    slow.restore(attached(pristine));
    for (let i = 0; i < 200; i++) {
      machine.advance(1);
      step(slow, machine.parameters);
      expect(differingWords(slow.snapshot(), machine.snapshot()), `step ${String(i)}`).toEqual([]);
    }
  });

  test('is exact from a state in the middle of a period, also one made of copied pages', () => {
    for (let at = 1; at < 2 ** LOG2_PERIOD; at += 5) {
      const source = started();
      source.advance(at);
      const copied = source
        .snapshot()
        .pages()
        .map(({ index, bytes }) => ({ index, bytes: bytes?.slice() ?? null }));
      const machine = createMicroRiscv({ hasher, pristine });
      machine.restore(Snapshot.empty(hasher).withPages(copied));
      machine.advance(2 ** LOG2_PERIOD - at);
      expect(differingWords(attached(pristine), machine.snapshot())).toEqual(['2000: 0 1']);
    }
  });

  test('is exact from a state whose Q has nothing to do with the pristine one, small or large', () => {
    for (const pages of [3, 200]) {
      const machine = createMicroRiscv({ hasher, pristine });
      machine.restore(
        stateOf({
          fields: { halted: 1, clockLow: 60, log2Period: LOG2_PERIOD },
          words: Array.from({ length: pages }, (_, i) => [0xff00_4000 + 4096 * i, i + 1] as const),
        }),
      );
      machine.advance(4);
      expect(hex(machine.root())).toBe(hex(attached(pristine).root()));
    }
  });

  test('works together with snapshots and restores within a period', () => {
    const machine = started();
    machine.advance(30);
    const middle = machine.snapshot();
    machine.advance(34);
    const end = hex(machine.root());
    machine.restore(middle);
    machine.advance(5);
    machine.root();
    machine.advance(29);
    expect(hex(machine.root())).toBe(end);
    machine.restore(attached(pristine));
    machine.advance(64);
    expect(hex(machine.root())).toBe(end);
  });

  test('puts back more words than are remembered one by one', () => {
    const many = [
      ...li(5, 0xff01_0000),
      ...li(6, 20_000),
      asm.store(2, 6, 5, 0),
      asm.addi(5, 5, 4),
      asm.addi(6, 6, -1),
      asm.branch(1, 6, 0, -12),
      ...call(93, 0),
    ];
    const large = pristineOf(many, 17);
    for (const journaling of [false, true]) {
      const machine = createMicroRiscv({ hasher, pristine: large });
      machine.restore(attached(large));
      machine.memory.journaling = journaling;
      for (let period = 0; period < 2; period++) {
        machine.advance(2 ** 17 - 1);
        expect(machine.memory.loadWord(0xff01_0000)).toBe(20_000);
        machine.memory.journalLength = 0;
        machine.advance(1);
        expect(hex(machine.root())).toBe(hex(attached(large).root()));
        const { journal, journalLength } = machine.memory;
        if (journaling) expect(new Set(journal.subarray(0, journalLength)).size).toBeGreaterThanOrEqual(20_000);
        machine.memory.journalLength = 0;
      }
    }
  });

  test('keeps what the journal has', () => {
    const machine = started({ journaling: true });
    machine.advance(64);
    const noted = Array.from(machine.memory.journal.subarray(0, machine.memory.journalLength), (at) => at >>> 0);
    expect(noted).toContain(COUNTER);
    expect(noted).toContain(SCRATCH);
  });

  test('of an upper region keeps what the journal has, and adds what it changes', () => {
    const region = { base: 0xe000_0000, log2Size: 28 };
    const content = stateOf({ words: [[0xe000_0000, 1]] });
    const machine = createMicroRiscv({ hasher, upperRegions: [{ region, root: content.regionRoot(region), content }] });
    const bytes = assemble([...li(5, 0xe000_3000), asm.store(2, 5, 5, 0), asm.store(2, 5, 0, 64), ...call(4096, 0)]);
    machine.restore(stateOf({ fields: { pc: 0x1000 }, bytes: [[0x1000, bytes]] }));
    machine.memory.journaling = true;
    machine.run(9);
    const noted = machine.memory.journal.subarray(0, machine.memory.journalLength);
    expect([0xe000_3000 | 0, 64, 0xe000_0000 | 0].filter((address) => !noted.includes(address))).toEqual([]);
    expect(hex(machine.snapshot().regionRoot(region))).toBe(hex(content.regionRoot(region)));
  });

  test('by a logged step is one replacement', () => {
    const machine = started();
    machine.advance(63);
    const log = machine.logStep();
    expect(log.at(-1)).toEqual({ kind: 'replace', region: MICRO_REGION, root: pristine.root });
    expect(log.filter(({ kind }) => kind === 'write')).toEqual([]);
    expect(differingWords(attached(pristine), machine.snapshot())).toEqual(['2000: 0 1']);
    machine.advance(64);
    expect(differingWords(attached(pristine), machine.snapshot())).toEqual(['2000: 0 2']);
  });

  test('gives another period if the pristine state has another', () => {
    const other = { ...pristineOf(program, 8) };
    const machine = createMicroRiscv({ hasher, pristine: other });
    machine.restore(attached(pristine));
    machine.advance(64);
    expect(hex(machine.root())).toBe(hex(attached(other, stateOf({ words: [[COUNTER, 1]] })).root()));
    machine.advance(255);
    expect(machine.clock).toBe(255n);
    machine.advance(1);
    expect(machine.clock).toBe(0n);
  });
});

describe('halting', () => {
  test('is a fixed point that only advances the clock', () => {
    const machine = started();
    expect(machine.run(1000)).toBeLessThan(60);
    expect(machine.run(1000)).toBe(0);
    const before = machine.snapshot();
    const clock = Number(machine.clock);
    machine.advance(3);
    expect(differingWords(before, machine.snapshot())).toEqual([
      `ff000084: ${clock.toString(16)} ${(clock + 3).toString(16)}`,
    ]);
  });

  test('without a period goes on for as many steps as one likes', () => {
    const machine = createMicroRiscv({ hasher });
    machine.restore(stateOf({ fields: { halted: 1, clockLow: 0xffff_fff0 } }));
    machine.advance(Number.MAX_SAFE_INTEGER);
    expect(machine.clock).toBe(0xffff_fff0n + BigInt(Number.MAX_SAFE_INTEGER));
    machine.restore(stateOf({ fields: { halted: 1, clockLow: 0xffff_ffff, clockHigh: 0xffff_ffff } }));
    machine.advance(5);
    expect(machine.clock).toBe(4n);
  });

  test('crosses 2^32 steps, and a period that begins again after 2^64', () => {
    const machine = createMicroRiscv({ hasher, pristine });
    machine.restore(stateOf({ fields: { halted: 1, clockLow: 100, log2Period: LOG2_PERIOD } }));
    machine.advance(2 ** 33);
    expect(machine.clock).toBe(2n ** 33n + 100n);
    machine.restore(
      stateOf({ fields: { halted: 1, clockLow: 0xffff_fffe, clockHigh: 0xffff_ffff, log2Period: LOG2_PERIOD } }),
    );
    machine.advance(2 + 64);
    expect(hex(machine.root())).toBe(hex(attached(pristine).root()));
  });
});

test.for([31, 32, 33, 63])(
  'a period of 2^%i steps, which only a state from elsewhere has beyond 31, ends where it should',
  (log2Period) => {
    const end = 2n ** BigInt(log2Period);
    const at = (clock: bigint, period: number): Snapshot =>
      stateOf({
        fields: { halted: 1, clockLow: Number(clock % 2n ** 32n), clockHigh: Number(clock >> 32n), log2Period: period },
      });
    const machine = createMicroRiscv({ hasher, pristine });
    machine.restore(at(end - 3n, log2Period));
    machine.advance(2);
    expect(machine.clock).toBe(end - 1n);
    machine.advance(1);
    expect(hex(machine.root())).toBe(hex(attached(pristine).root()));
    machine.restore(at(end - 3n, 64));
    machine.advance(3);
    expect(machine.clock).toBe(end);
  },
);

describe('an overrun', () => {
  const endless = pristineOf([asm.addi(5, 5, 1), asm.jal(0, -4)], 4);
  const ready = (): MicroRiscv => {
    const machine = createMicroRiscv({ hasher, pristine: endless });
    machine.restore(attached(endless));
    return machine;
  };
  const takeIn = ready();
  takeIn.advance(15);
  const last = hex(takeIn.root());

  test.for([
    ['run', (machine: MicroRiscv): unknown => machine.run(100)],
    ['advance', (machine: MicroRiscv): unknown => machine.advance(16)],
    [
      'logStep',
      (machine: MicroRiscv): unknown => {
        machine.advance(15);
        return machine.logStep();
      },
    ],
  ] as const)('stops %s in front of the cleaning, with an error that says where', ([, act]) => {
    const machine = ready();
    let caught: unknown;
    try {
      act(machine);
    } catch (error) {
      caught = error;
    }
    expect(hasCode(caught, 'MICRO_RISCV_OVERRUN')).toBe(true);
    const { message, context } = caught as CodedError<string, Record<string, unknown>>;
    expect(message).toBe(
      'program: expected to halt within 2^4 - 1 steps, got 0xffdff06f at 0xff001004 as the next instruction [MICRO_RISCV_OVERRUN]',
    );
    expect(context).toMatchObject({ pc: 0xff00_1004, instruction: 0xffdf_f06f, log2Period: 4, clock: '15' });
    expect((context['registers'] as number[])[5]).toBe(8);
    expect(hex(machine.root())).toBe(last);
    expect(machine.halt).toBeUndefined();
    expect(() => machine.advance(1)).toThrow(expect.objectContaining({ code: 'MICRO_RISCV_OVERRUN' }));
  });

  test('does not happen to a program that halts in the last step before', () => {
    const exact = pristineOf([...Array.from({ length: 12 }, () => asm.addi(5, 5, 1)), ...call(93)], 4);
    const machine = createMicroRiscv({ hasher, pristine: exact });
    machine.restore(attached(exact));
    machine.advance(16 * 3);
    expect(hex(machine.root())).toBe(hex(attached(exact).root()));
  });
});

describe('regions', () => {
  const refused = (pristineRegion: PristineRegion | undefined, upperRegions: readonly PristineRegion[] = []): void => {
    expect(() =>
      createMicroRiscv({ hasher, ...(pristineRegion === undefined ? {} : { pristine: pristineRegion }), upperRegions }),
    ).toThrow(expect.objectContaining({ code: 'MICRO_RISCV_REGION' }));
  };
  const region = { base: 0xe000_0000, log2Size: 28 };
  const content = stateOf({ words: [[0xe000_0000, 1]] });

  test('must fit the machine, and their content must fit their root', () => {
    refused({ region: MICRO_REGION, root: pristine.root });
    refused({ ...pristine, region: { base: 0xff00_0000, log2Size: 23 } });
    refused({ ...pristine, region: { base: 0xfe00_0000, log2Size: 24 } });
    refused({ ...pristine, root: new Uint8Array(32) });
    refused({ ...pristine, content: Snapshot.empty() });
    refused(undefined, [{ region, root: content.regionRoot(region) }]);
    refused(undefined, [{ region, root: pristine.root, content }]);
    refused(undefined, [{ region: { base: 0x8000_0000, log2Size: 31 }, root: pristine.root, content }]);
    refused(undefined, [{ region: { base: 0xff80_0000, log2Size: 12 }, root: pristine.root, content }]);
    createMicroRiscv({ hasher, upperRegions: [{ region, root: content.regionRoot(region), content }] });
  });
});
