import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf } from '@commute/elf';
import { guestCases, type GuestCase, readGuest } from '@commute-tools/guests';
import { createMicroRiscv, type MicroRiscv } from '@commute/micro-riscv';
import { createExecutor, createProgram, type CodeImage, type Executor, HALT_PC, REGISTER_KEYS } from '../src/index.ts';
import { program, runs } from './arbitraries.ts';
import {
  call,
  DATA,
  ebreak,
  image,
  immediateInstructions,
  jalr,
  li,
  loadInstructions,
  storeInstructions,
  TEXT,
} from './assemble.ts';
import { data, everyCrossing, everyHostCall, everyInstruction, everyProduct } from './programs.ts';

const { addi } = immediateInstructions;

/** Runs a program on the executor and on the machine, and compares all that both can tell. */
function compare(
  program: CodeImage,
  input: Uint8Array,
  logCycles: number,
  mostCycles: number,
  configuration: { readonly multiply?: boolean; readonly misaligned?: boolean } = {},
): Executor {
  const { multiply = false } = configuration;
  const executor = createExecutor(createProgram(program, configuration), { input });
  const touched = new Set<number>();
  while (!executor.halted && executor.cycles < mostCycles) {
    const outcome = executor.next(logCycles);
    if (!outcome.ok) throw new Error(`${outcome.reason}: ${outcome.message}`);
    for (const key of outcome.segment.touched.keys) touched.add(key);
  }
  const machine = createMicroRiscv({ multiply });
  machine.load(program, { input });
  expect(machine.run(executor.cycles)).toBe(executor.cycles);
  expectSameState(machine, executor);
  for (const key of touched) {
    if (key < REGISTER_KEYS) expect(executor.word(key)).toBe(machine.memory.loadWord(key));
  }
  return executor;
}

function expectSameState(machine: MicroRiscv, executor: Executor): void {
  const registers = Array.from({ length: 32 }, (_, index) => machine.register(index));
  expect(Array.from({ length: 32 }, (_, index) => executor.register(index))).toEqual(registers);
  expect(Buffer.from(executor.output()).equals(machine.output())).toBe(true);
  if (executor.halted) expect(machine.halt).toEqual({ kind: 'exit', code: machine.register(10) & 255 });
  else expect(executor.pc).toBe(machine.pc);
}

describe('guests end in the same state as on the machine', () => {
  const byProgram = new Map<string, GuestCase[]>();
  for (const one of guestCases()) byProgram.set(one.program, [...(byProgram.get(one.program) ?? []), one]);
  test.for([...byProgram])('%s', ([, cases]) => {
    for (const one of cases) {
      const parsed = parseElf(readGuest(one.program, 'micro'));
      if (!parsed.ok) throw new Error(parsed.reason);
      compare(parsed.elf, one.input, 13, 2 ** 14);
    }
  });
});

test.for(['arithmetic', 'mandelbrot', 'collatz', 'json'] as const)('%s for RV32IM ends as on the machine', (name) => {
  const parsed = parseElf(readGuest(name, 'multiply'));
  if (!parsed.ok) throw new Error(parsed.reason);
  for (const one of guestCases()) {
    if (one.program === name) compare(parsed.elf, one.input, 13, 2 ** 15, { multiply: true });
  }
});

test('every instruction and every host call does what the machine does, in segments of any length', () => {
  const input = Uint8Array.from({ length: 20 }, (_, index) => 200 + index);
  for (const logCycles of [1, 3, 6, 10]) {
    compare(image(everyInstruction(), data), input, logCycles, Infinity);
    compare(image(everyHostCall(true), data), input, logCycles, Infinity);
    compare(image(everyProduct()), input, logCycles, Infinity, { multiply: true });
    compare(image(everyCrossing(), data), input, logCycles, Infinity, { misaligned: true });
  }
});

describe('random programs', () => {
  test('go on as on the machine, or are refused', () => {
    let refused = 0;
    fc.assert(
      fc.property(program, fc.uint8Array({ maxLength: 12 }), fc.boolean(), (words, input, misaligned) => {
        const code = image(words, data);
        const executor = createExecutor(createProgram(code, { multiply: true, misaligned }), { input });
        const machine = createMicroRiscv({ multiply: true });
        machine.load(code, { input });
        while (!executor.halted && executor.cycles < 1000) {
          const outcome = executor.next(4);
          if (outcome.ok) continue;
          refused++;
          if (outcome.reason !== 'trap') return;
          machine.run(outcome.cycle + 1);
          expect(machine.halt?.kind).toBe('trap');
          return;
        }
        machine.run(executor.cycles);
        expectSameState(machine, executor);
      }),
      { numRuns: runs(300) },
    );
    expect(refused).toBeGreaterThan(0);
  });
});

describe('refusals', () => {
  const outcomeOf = (words: readonly number[]): string => {
    const executor = createExecutor(createProgram(image(words, data)));
    for (let count = 0; count < 10 && !executor.halted; count++) {
      const outcome = executor.next(6);
      if (!outcome.ok) return `${outcome.reason} ${String(outcome.cycle)}: ${outcome.message}`;
    }
    return executor.halted ? 'exits' : 'runs';
  };
  const { lw, lh } = loadInstructions;
  const { sw, sb } = storeInstructions;

  test.for([
    ['an illegal instruction', [0], 'trap 0: the machine traps on the illegal instruction 0x00000000'],
    ['a breakpoint', [ebreak], 'trap 0: the machine traps on a breakpoint'],
    [
      'a jump to a misaligned address',
      [...li(1, TEXT + 2), jalr(0, 1, 0)],
      'trap 2: the machine traps on a jump to 0x00010002, not a multiple of 4',
    ],
    [
      'a jump to data',
      [...li(1, DATA), jalr(0, 1, 0)],
      'execution-outside-text 2: a jump leads to 0x00020000, which is no program text',
    ],
    [
      'a jump to the control page',
      [...li(1, 0xff00_0000), jalr(0, 1, 0)],
      'trap 2: the machine traps on a jump to the control page, 0xff000000',
    ],
    ['the end of the text', [addi!(0, 0, 0)], 'execution-outside-text 1: the program runs beyond its text'],
    [
      'a load from the control page',
      [...li(1, 0xff00_0000), lw!(0, 1, 4)],
      'trap 2: the machine traps on a load from 0xff000004',
    ],
    [
      'a store to the control page',
      [...li(1, 0xff00_0ffc), sw!(0, 1, 0)],
      'trap 2: the machine traps on a store to 0xff000ffc',
    ],
    ['a load beyond the end', [lw!(0, 0, -2)], 'trap 0: the machine traps on a load from 0xfffffffe'],
    [
      'a load across words',
      [...li(1, DATA + 3), lh!(2, 1, 0)],
      'misaligned-access 2: a load from 0x00020003 crosses from one word to the next',
    ],
    [
      'a store into text',
      [...li(1, TEXT), sb!(0, 1, 6)],
      'store-into-text 2: a store to 0x00010006 would change program text',
    ],
    ['a read into text', call(63, 0, TEXT, 4), 'exits'],
    [
      'a load from the input',
      [...li(1, 0xc000_0000), lw!(2, 1, 0)],
      'stream-access 2: a load from 0xc0000000 reaches for input or output without a host call',
    ],
  ] as const)('%s', ([, words, expected]) => {
    expect(outcomeOf([...words, ...(expected === 'exits' ? call(93, 0) : [])])).toBe(expected);
  });

  test('a read of bytes into text', () => {
    const executor = createExecutor(createProgram(image(call(63, 0, TEXT, 4), data)), {
      input: Uint8Array.of(1, 2, 3, 4),
    });
    const outcome = executor.next(6);
    expect(outcome.ok ? 'runs' : outcome.reason).toBe('store-into-text');
  });
});

test('a segment says where it starts and ends', () => {
  const executor = createExecutor(createProgram(image(everyInstruction(), data)));
  const first = executor.next(4);
  const second = executor.next(10);
  if (!first.ok || !second.ok) throw new Error('unreachable');
  expect(first.segment.claim.pcStart).toBe(TEXT);
  expect(second.segment.claim.pcStart).toBe(first.segment.claim.pcEnd);
  expect(second.segment.claim).toMatchObject({ pcEnd: HALT_PC, exitCode: 7, logCycles: 7 });
  expect(() => executor.next(4)).toThrow('expected a program that runs');
});

test('the last of several segments is filled up to the length of the others, where that is asked for', () => {
  const program = createProgram(image(everyInstruction(), data));
  const lengths = (logCycles: number, equalSegments: boolean): number[] => {
    const executor = createExecutor(program, { equalSegments });
    const list: number[] = [];
    while (!executor.halted) {
      const outcome = executor.next(logCycles);
      if (!outcome.ok) throw new Error(outcome.message);
      list.push(outcome.segment.claim.logCycles);
      expect(outcome.segment.rows).toHaveLength(2 ** outcome.segment.claim.logCycles);
    }
    return list;
  };
  const sizes = [3, 4, 5, 6];
  for (const size of sizes) {
    const several = lengths(size, true);
    expect(several.length).toBeGreaterThan(1);
    expect(new Set(several)).toEqual(new Set([size]));
  }
  expect(sizes.some((size) => lengths(size, false).at(-1)! < size)).toBe(true);
  // One alone is as short as it can be.
  expect(lengths(16, true)).toEqual(lengths(16, false));
});
