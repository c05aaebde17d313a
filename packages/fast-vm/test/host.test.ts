import type { Snapshot } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import { ERROR_BASE, INPUT_BASE, OUTPUT_BASE } from '../src/index.ts';
import { assemble } from './assemble.ts';
import { CODE, after, haltOf } from './single.ts';
import { fieldIn, registerIn, type StateOptions } from './states.ts';

const M = (1n << 64n) - 1n;
const BUFFER = 0x2_0ffe;
const ecall = assemble('ecall');
const INPUT = Uint8Array.from({ length: 3000 }, (_, i) => (i * 37 + 1) & 255);

function call(
  number: bigint | number,
  args: readonly (bigint | number)[],
  fields: StateOptions['fields'] = {},
  memory: StateOptions['memory'] = [],
): Snapshot {
  return after([ecall], {
    registers: { 17: number, 10: args[0] ?? 0, 11: args[1] ?? 0, 12: args[2] ?? 0 },
    fields: { inputLength: INPUT.length, brkStart: 0x3_0000, brk: 0x3_1000, ...fields },
    memory: [[INPUT_BASE, INPUT], ...memory],
  });
}
const resultOf = (state: Snapshot): bigint => BigInt.asIntN(64, registerIn(state, 10));
const bytesAt = (state: Snapshot, address: number, length: number): number[] =>
  Array.from({ length }, (_, i) => {
    const at = address + i;
    return (state.word(at - (at % 4)) >>> (8 * (at % 4))) & 255;
  });

describe('read', () => {
  test.for([
    [0, 10, 10],
    [5, 1024, 1024],
    [5, 1025, 1024],
    [2990, 100, 10],
    [2999, 1, 1],
    [3000, 1, 0],
    [0, 0, 0],
  ] as const)('at %i of %i bytes gives %i', ([position, wanted, count]) => {
    const state = call(63, [0, BUFFER, wanted], { inputPosition: position });
    expect(resultOf(state)).toBe(BigInt(count));
    expect(bytesAt(state, BUFFER, count)).toEqual([...INPUT.slice(position, position + count)]);
    expect(bytesAt(state, BUFFER + count, 2)).toEqual([0, 0]);
    expect(fieldIn(state, 'inputPosition')).toBe(BigInt(position + count));
    expect(fieldIn(state, 'pc')).toBe(BigInt(CODE + 4));
  });

  test('takes all 64 bits of the count', () => {
    expect(resultOf(call(63, [0, BUFFER, 1n << 32n]))).toBe(1024n);
    expect(resultOf(call(63, [0, BUFFER, M]))).toBe(1024n);
  });

  test.for([
    ['another file', [1, BUFFER, 5], -9n],
    ['another file with a high word', [(1n << 32n) + 1n, BUFFER, 5], -9n],
    ['another file and nothing wanted', [3, BUFFER, 0], -9n],
    ['a buffer outside RAM', [0, 0xe000_0000, 5], -14n],
    ['a buffer that leaves RAM', [0, 0xbfff_fff0, 17], -14n],
    ['a buffer above the address space', [0, (1n << 32n) + 0x2000n, 5], -14n],
    ['a buffer outside RAM of which nothing is wanted', [0, 0xe000_0000, 0], 0n],
  ] as const)('%s', ([, args, want]) => {
    const state = call(63, args);
    expect(resultOf(state)).toBe(want);
    expect(fieldIn(state, 'inputPosition')).toBe(0n);
  });

  test('looks at the buffer only as far as it is filled', () => {
    expect(resultOf(call(63, [0, 0xbfff_fff0, 100], { inputPosition: 2984 }))).toBe(16n);
    expect(resultOf(call(63, [0, 0xe000_0000, 100], { inputPosition: 3000 }))).toBe(0n);
  });
});

describe('write', () => {
  const text = Uint8Array.from({ length: 1100 }, (_, i) => (i * 11 + 3) & 255);
  const memory = [[BUFFER, text]] as const;

  test.for([
    [1, 0, 5, 5],
    [1, 4094, 1024, 1024],
    [1, 7, 1100, 1024],
    [1, 7, 0, 0],
    [1, 0x0fff_fffd, 100, 3],
  ] as const)('to %i at %i of %i bytes takes %i', ([file, outputLength, wanted, count]) => {
    const state = call(64, [file, BUFFER, wanted], { outputLength }, memory);
    expect(resultOf(state)).toBe(BigInt(count));
    expect(fieldIn(state, 'outputLength')).toBe(BigInt(outputLength + count));
    expect(bytesAt(state, OUTPUT_BASE + outputLength, count)).toEqual([...text.slice(0, count)]);
  });

  test.for([
    [0, 5, 5],
    [4094, 1100, 1024],
    [7, 0, 0],
    [0x00ff_fffd, 100, 3],
  ] as const)('of errors at %i of %i bytes takes %i, apart from the output', ([errorLength, wanted, count]) => {
    const state = call(64, [2, BUFFER, wanted], { outputLength: 0x1000_0000, errorLength }, memory);
    expect(resultOf(state)).toBe(BigInt(count));
    expect(fieldIn(state, 'errorLength')).toBe(BigInt(errorLength + count));
    expect(bytesAt(state, ERROR_BASE + errorLength, count)).toEqual([...text.slice(0, count)]);
    expect(fieldIn(state, 'outputLength')).toBe(0x1000_0000n);
  });

  test('takes the low half of a0 as the file, as Linux does', () => {
    expect(resultOf(call(64, [(1n << 32n) + 1n, BUFFER, 5], {}, memory))).toBe(5n);
    expect(resultOf(call(63, [1n << 32n, BUFFER, 5]))).toBe(5n);
  });

  test.for([
    ['to another file', [0, BUFFER, 5], {}, -9n],
    ['to another file, of nothing', [3, BUFFER, 0], {}, -9n],
    ['to another file with a high word', [1n << 32n, BUFFER, 5], {}, -9n],
    ['to file -1', [M, BUFFER, 5], {}, -9n],
    ['of errors to full error output', [2, BUFFER, 5], { errorLength: 0x0100_0000 }, -28n],
    ['from outside RAM', [1, 0xc000_0000, 5], {}, -14n],
    ['of errors from outside RAM', [2, 0xc000_0000, 5], {}, -14n],
    ['from outside RAM, of nothing', [1, 0xc000_0000, 0], {}, 0n],
    ['to full output', [1, BUFFER, 5], { outputLength: 0x1000_0000 }, -28n],
    ['to full output from outside RAM', [1, M, 5], { outputLength: 0x1000_0000 }, -14n],
    ['beyond RAM, though little of it would be kept', [1, 0xbfff_fffe, 5], { outputLength: 0x0fff_ffff }, -14n],
  ] as const)('%s', ([, args, fields, want]) => {
    expect(resultOf(call(64, args, fields, memory))).toBe(want);
  });
});

describe('exit', () => {
  test.for([
    [93, 0, 0n],
    [93, 255, 255n],
    [94, 256, 0n],
    [94, M, 255n],
  ] as const)('%i with %s', ([number, code, want]) => {
    const state = call(number, [code]);
    expect(haltOf(state)).toEqual(['exit', want, 0n]);
    expect(fieldIn(state, 'pc')).toBe(BigInt(CODE));
    expect(registerIn(state, 10)).toBe(BigInt(code));
    expect(fieldIn(state, 'time')).toBe(1n);
  });
});

describe('brk', () => {
  test.for([
    [0n, 0x3_1000n],
    [0x2_ffffn, 0x3_1000n],
    [0x3_0000n, 0x3_0000n],
    [0x3_0001n, 0x3_0001n],
    [0xb000_0000n, 0xb000_0000n],
    [0xb000_0001n, 0x3_1000n],
    [0x1_0003_0000n, 0x3_1000n],
    [M, 0x3_1000n],
  ] as const)('of %s gives %s', ([address, want]) => {
    const state = call(214, [address]);
    expect(registerIn(state, 10)).toBe(want);
    expect(fieldIn(state, 'brk')).toBe(want);
    expect(fieldIn(state, 'brkStart')).toBe(0x3_0000n);
  });
});

describe('other host calls', () => {
  test.for([0, 62, 65, 92, 95, 213, 215, 63n + (1n << 32n), M])('%s is refused', (number) => {
    expect(resultOf(call(number, [0, BUFFER, 5]))).toBe(-38n);
  });
});

describe('tohost', () => {
  const TOHOST = 0x2_1000;
  const store = (name: string, value: bigint, options: { at?: number; fields?: StateOptions['fields'] } = {}) =>
    after([assemble(name, { rs1: 5, rs2: 6, rd: 7 })], {
      registers: { 5: options.at ?? TOHOST, 6: value },
      fields: { personality: 0, tohost: TOHOST, ...options.fields },
    });

  test.for([
    ['sd', 1n, 0n],
    ['sd', 3n, 1n],
    ['sd', 0x1_ffff_ffffn, 0xffff_ffffn],
    ['sd', (0x5n << 32n) | 1n, 0x8000_0000n],
    ['sw', 1n, 0n],
    ['sb', 0xffn, 0x7fn],
    ['amoswap.d', 5n, 2n],
    ['amoor.w', 7n, 3n],
  ] as const)('%s of %s exits with %s', ([name, value, code]) => {
    const state = store(name, value);
    expect(haltOf(state)).toEqual(['exit', code, 0n]);
    expect(fieldIn(state, 'pc')).toBe(BigInt(CODE + 4));
  });

  test('a store-conditional counts only if it succeeds', () => {
    const fields = { reservationValid: 1, reservationAddress: TOHOST };
    expect(haltOf(store('sc.d', 1n, { fields }))).toEqual(['exit', 0n, 0n]);
    expect(haltOf(store('sc.d', 1n))).toBeUndefined();
  });

  test('the doubleword is looked at as it is after the store', () => {
    const code = [assemble('sw', { rs1: 5, rs2: 6, immediate: 4 }), assemble('sb', { rs1: 5, rs2: 6 })];
    const state = after(code, {
      registers: { 5: TOHOST, 6: 0x0101_0000n | 0x41n },
      fields: { personality: 0, tohost: TOHOST },
      steps: 1,
    });
    expect(fieldIn(state, 'outputLength')).toBe(1n);
    expect([state.word(OUTPUT_BASE), state.word(TOHOST), state.word(TOHOST + 4)]).toEqual([0, 0, 0]);
  });

  test.for([
    ['first', TOHOST],
    ['that crosses a page', 0x2_0ffc],
    ['that is odd', 0x2_0ff9],
  ] as const)('appends a byte to the output through a doubleword %s', ([, tohost]) => {
    const state = store('sd', (0x0101n << 48n) | (0x4abn << 8n) | (0xbcn & ~1n), {
      at: tohost,
      fields: { tohost, outputLength: 6 },
    });
    expect(bytesAt(state, OUTPUT_BASE + 6, 1)).toEqual([0xbc]);
    expect(fieldIn(state, 'outputLength')).toBe(7n);
    expect(bytesAt(state, tohost, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(haltOf(state)).toBeUndefined();
  });

  test('full output loses the byte', () => {
    const state = store('sd', 0x0101n << 48n, { fields: { outputLength: 0x1000_0000 } });
    expect(fieldIn(state, 'outputLength')).toBe(0x1000_0000n);
    expect([state.word(TOHOST), state.word(TOHOST + 4)]).toEqual([0, 0]);
  });

  test('other values do nothing', () => {
    for (const value of [2n, 0x0100n << 48n, 0x0102n << 48n, (0x1101n << 48n) | 4n]) {
      const state = store('sd', value);
      expect(haltOf(state)).toBeUndefined();
      expect(fieldIn(state, 'outputLength')).toBe(0n);
      expect(state.word(TOHOST)).toBe(Number(value & 0xffff_ffffn));
    }
  });

  test('a store counts from the first to the last of the eight bytes', () => {
    for (const [offset, counts] of [
      [-8, false],
      [-7, true],
      [0, true],
      [7, true],
      [8, false],
    ] as const) {
      const memory = [[TOHOST, Uint8Array.of(1)]] as const;
      const state = after([assemble('sd', { rs1: 5, rs2: 6 })], {
        registers: { 5: TOHOST + offset, 6: 0x0101_0101_0101_0101n },
        fields: { personality: 0, tohost: TOHOST },
        memory,
      });
      expect(haltOf(state) !== undefined, String(offset)).toBe(counts);
    }
  });

  test.for([
    ['in the user personality', { personality: 1 }],
    ['if it is 0', { tohost: 0 }],
    ['if it has a high word', { tohost: (1n << 32n) + BigInt(TOHOST) }],
  ] as const)('nothing happens %s', ([, fields]) => {
    expect(haltOf(store('sd', 1n, { fields }))).toBeUndefined();
  });

  test('nothing happens if it is not all RAM', () => {
    for (const tohost of [0xbfff_fffc, 0xe0ff_fffc, 0x01ff_fffc, 0x0200_bffc]) {
      const at = tohost + (tohost === 0xbfff_fffc || tohost === 0x01ff_fffc ? 0 : 4);
      expect(haltOf(store('sw', 1n, { at, fields: { tohost } }))).toBeUndefined();
    }
    for (const tohost of [0x0200_4000, 0x0200_0000]) {
      expect(haltOf(store('sw', 1n, { at: tohost, fields: { tohost } }))).toBeUndefined();
    }
  });
});
