import { describe, expect, test } from 'vitest';
import { Memory, Snapshot } from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD, createMicroRiscv, step } from '../src/index.ts';
import { asm, call, assemble, differingWords, hasher, stateOf, type StateParts } from './support.ts';

const region = { base: 0xe000_0000, log2Size: 28 };
const content = stateOf({ words: [[0xe000_1000, 11]] });
const machine = createMicroRiscv({
  hasher,
  upperRegions: [{ region, root: content.regionRoot(region), content }],
});
const slow = new Memory({ hasher });

const words = [
  [0x1000, asm.ecall],
  [0x2000, 0x4433_2211],
  [0xc000_0000, 0x0403_0201],
  [0xc000_0004, 0x0807_0605],
] as const;

interface Outcome {
  readonly result: number;
  readonly changed: readonly string[];
}

/** Executes one call, quick and slow, and says what it returned and what else it changed. */
function hostCall(number: number, args: readonly number[], fields: NonNullable<StateParts['fields']> = {}): Outcome {
  const x = new Array<number>(32).fill(0);
  [x[10], x[11], x[12], x[17]] = [args[0] ?? 0, args[1] ?? 0, args[2] ?? 0, number];
  const before = stateOf({ registers: x, fields: { pc: 0x1000, ...fields }, words });
  machine.restore(before);
  machine.advance(1);
  slow.restore(before);
  step(slow, machine.parameters);
  const after = machine.snapshot();
  expect(differingWords(slow.snapshot(), after)).toEqual([]);
  const ignored = [MICRO_FIELD.pc, MICRO_FIELD.clockLow, 40].map((offset) => (CONTROL_PAGE + offset).toString(16));
  const changed = differingWords(before, after)
    .map((line) => line.replace(/: .* /, ' = '))
    .filter((line) => !ignored.some((address) => line.startsWith(`${address} `)));
  if (machine.halt === undefined) expect(machine.pc).toBe(0x1004);
  return { result: machine.register(10) | 0, changed };
}

describe('read', () => {
  const input = { inputLength: 7 };
  test('of another file than 0 is refused', () => {
    expect(hostCall(63, [1, 0x2000, 4], input)).toEqual({ result: -9, changed: [] });
    expect(hostCall(63, [0xffff_ffff, 0x2000, 0], input)).toEqual({ result: -9, changed: [] });
  });
  test('moves a word where all is aligned, else a byte', () => {
    expect(hostCall(63, [0, 0x2000, 4], input)).toEqual({ result: 4, changed: ['2000 = 4030201', 'ff0000a4 = 4'] });
    expect(hostCall(63, [0, 0x2000, 3], input)).toEqual({ result: 1, changed: ['2000 = 44332201', 'ff0000a4 = 1'] });
    expect(hostCall(63, [0, 0x2003, 9], input)).toEqual({ result: 1, changed: ['2000 = 1332211', 'ff0000a4 = 1'] });
    expect(hostCall(63, [0, 0x2000, 4], { inputLength: 7, inputPosition: 1 })).toEqual({
      result: 1,
      changed: ['2000 = 44332202', 'ff0000a4 = 2'],
    });
    const later = { inputLength: 7, inputPosition: 4 };
    expect(hostCall(63, [0, 0x2004, 9], later)).toEqual({ result: 1, changed: ['2004 = 5', 'ff0000a4 = 5'] });
    expect(hostCall(63, [0, 0x2004, 9], { inputLength: 8, inputPosition: 4 })).toEqual({
      result: 4,
      changed: ['2004 = 8070605', 'ff0000a4 = 8'],
    });
  });
  test('of nothing or at the end returns 0, whatever the buffer', () => {
    expect(hostCall(63, [0, 0xff00_0000, 0], input)).toEqual({ result: 0, changed: [] });
    expect(hostCall(63, [0, 0xff00_0000, 1], { inputLength: 7, inputPosition: 7 })).toEqual({ result: 0, changed: [] });
  });
  test('from beyond the input, in a state that no program reaches, is still the same quick and slow', () => {
    const far = (offset: number): Outcome =>
      hostCall(63, [0, 0x2000, 4], { inputLength: 0xffff_ffff, inputPosition: 0x3f00_0000 + offset });
    expect(far(MICRO_FIELD.clockLow).changed).toContain('2000 = 1');
    expect(far(MICRO_FIELD.pc).changed).toContain('2000 = 1000');
    expect(far(4 * 17).changed).toContain('2000 = 3f');
    expect(far(MICRO_FIELD.inputPosition).changed).toContain('2000 = 3f0000a4');
  });
  test('into the control page is refused, into the last word not', () => {
    expect(hostCall(63, [0, 0xff00_0ffc, 4], input)).toEqual({ result: -14, changed: [] });
    expect(hostCall(63, [0, 0xff00_0fff, 1], input)).toEqual({ result: -14, changed: [] });
    expect(hostCall(63, [0, 0xff00_1000, 4], input).result).toBe(4);
    expect(hostCall(63, [0, 0xffff_fffc, 4], input).result).toBe(4);
    expect(hostCall(63, [0, 0xffff_ffff, 4], input).result).toBe(1);
  });
});

describe('write', () => {
  test('to 2 returns the count and keeps nothing', () => {
    expect(hostCall(64, [2, 0xff00_0000, 77])).toEqual({ result: 77, changed: [] });
  });
  test('to another file than 1 and 2 is refused', () => {
    expect(hostCall(64, [0, 0x2000, 4])).toEqual({ result: -9, changed: [] });
  });
  test('moves a word where all is aligned, else a byte', () => {
    expect(hostCall(64, [1, 0x2000, 4])).toEqual({ result: 4, changed: ['d0000000 = 44332211', 'ff0000a8 = 4'] });
    expect(hostCall(64, [1, 0x2000, 3])).toEqual({ result: 1, changed: ['d0000000 = 11', 'ff0000a8 = 1'] });
    expect(hostCall(64, [1, 0x2002, 9])).toEqual({ result: 1, changed: ['d0000000 = 33', 'ff0000a8 = 1'] });
    expect(hostCall(64, [1, 0x2000, 4], { outputLength: 5 }).result).toBe(1);
    expect(hostCall(64, [1, 0x2000, 9], { outputLength: 6 })).toEqual({
      result: 1,
      changed: ['d0000004 = 110000', 'ff0000a8 = 7'],
    });
  });
  test('checks the count, then the room, then the buffer', () => {
    const full = { outputLength: 2 ** 28 };
    expect(hostCall(64, [1, 0xff00_0000, 0], full)).toEqual({ result: 0, changed: [] });
    expect(hostCall(64, [1, 0xff00_0000, 1], full)).toEqual({ result: -28, changed: [] });
    expect(hostCall(64, [1, 0xff00_0000, 1])).toEqual({ result: -14, changed: [] });
    expect(hostCall(64, [1, 0x2000, 1], { outputLength: 2 ** 28 - 1 }).result).toBe(1);
  });
});

describe('brk', () => {
  const heap = { brkStart: 0x4000, brk: 0x5000 };
  test('returns the break, and moves it within its bounds', () => {
    expect(hostCall(214, [0], heap)).toEqual({ result: 0x5000, changed: [] });
    expect(hostCall(214, [0x3fff], heap)).toEqual({ result: 0x5000, changed: [] });
    expect(hostCall(214, [0x4000], heap)).toEqual({ result: 0x4000, changed: ['ff0000b0 = 4000'] });
    expect(hostCall(214, [0xb000_0000], heap).result).toBe(0xb000_0000 | 0);
    expect(hostCall(214, [0xb000_0001], heap)).toEqual({ result: 0x5000, changed: [] });
  });
});

describe('exit, clean and the rest', () => {
  test('exit keeps pc and a0, and only the low eight bits of the code', () => {
    for (const number of [93, 94]) {
      expect(hostCall(number, [0x1_0000 + 300])).toEqual({
        result: 0x1_0000 + 300,
        changed: ['ff00008c = 1', 'ff000090 = 2c'],
      });
      expect(machine.pc).toBe(0x1000);
      expect(machine.halt).toEqual({ kind: 'exit', code: 44 });
    }
  });
  test('clean gives a region its content as a whole', () => {
    const x = new Array<number>(32).fill(0);
    x[17] = 4096;
    const before = stateOf({
      registers: x,
      fields: { pc: 0x1000 },
      words: [...words, [0xe000_0000, 1], [0xe000_1004, 2], [0xefff_fffc, 3]],
    });
    machine.restore(before);
    machine.advance(1);
    const after = machine.snapshot();
    expect(after.regionRoot(region)).toEqual(content.regionRoot(region));
    expect(after.word(0xe000_1000)).toBe(11);
    expect(after.word(0x2000)).toBe(0x4433_2211);
    slow.restore(before);
    step(slow, machine.parameters);
    expect(differingWords(slow.snapshot(), after)).toEqual([]);
  });
  test('clean of a region that does not exist is refused', () => {
    expect(hostCall(4096, [1])).toEqual({ result: -22, changed: [] });
    expect(hostCall(4096, [0xffff_ffff])).toEqual({ result: -22, changed: [] });
  });
  test('unknown numbers are refused', () => {
    for (const number of [0, 62, 65, 95, 4097, 0xffff_ffff]) {
      expect(hostCall(number, [5])).toEqual({ result: -38, changed: [] });
    }
  });
});

test('a program that writes in pieces of any size and alignment fills the output in order', () => {
  const text = 'commuting squares';
  const bytes = new TextEncoder().encode(text);
  const program = [
    ...text.split('').flatMap((_, i) => call(64, 1, 0x3000 + i, 1)),
    ...call(64, 1, 0x3000, 3),
    ...call(64, 2, 0x3000, 3),
    ...call(93, 0),
  ];
  machine.load({
    entry: 0x1000,
    segments: [
      { address: 0x1000, bytes: assemble(program) },
      { address: 0x3000, bytes },
    ],
  });
  machine.run(10_000);
  expect(machine.halt).toEqual({ kind: 'exit', code: 0 });
  expect(new TextDecoder().decode(machine.output())).toBe(`${text}c`);
  machine.restore(Snapshot.empty(hasher));
  expect(machine.output()).toEqual(new Uint8Array(0));
});
