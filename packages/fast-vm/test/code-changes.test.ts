import { Snapshot } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import { createFastVM } from '../src/index.ts';
import { assemble, codeBytes } from './assemble.ts';
import { createPair, fieldIn, pairAt, registerIn, stateOf, type StateOptions } from './states.ts';

const set = (rd: number, immediate: number): number => assemble('addi', { rd, immediate });
const user = (pc: number, memory: StateOptions['memory'], registers: StateOptions['registers'] = {}) =>
  stateOf({ fields: { personality: 1, pc }, registers, memory: memory ?? [] });
const bytesOf = (value: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (value >>> (8 * i)) & 255);

/** Code that was executed, is stored to, and is executed again. */
describe('code that changes', () => {
  test('is executed as it is, at each place of a page and each size of store', () => {
    const pair = createPair();
    for (const target of [0x1_0000, 0x1_0002, 0x1_0800, 0x1_0ffa, 0x1_0ffc, 0x1_0ffe, 0x1_1000]) {
      for (const [name, length] of [
        ['sb', 1],
        ['sh', 2],
        ['sw', 4],
        ['sd', 8],
      ] as const) {
        for (let offset = -7; offset < 4; offset++) {
          const at = target + offset;
          // The target runs once and jumps back, is stored to, and runs again.
          const back = 0x2_0000;
          const code = [set(5, 1), assemble('jalr', { rd: 0, rs1: 9 })];
          const store = [assemble(name, { rs1: 8, rs2: 6 }), assemble('jalr', { rs1: 10 })];
          pair.restore(
            user(
              target,
              [
                [target, codeBytes(code)],
                [back, codeBytes(store)],
              ],
              { 6: 0x0070_0393_0070_0393n, 8: at, 9: back, 10: target },
            ),
          );
          for (let step = 0; step < 8; step++) pair.advance(1);
          expect(length).toBeGreaterThan(0);
        }
      }
    }
  });

  test('is executed as it is when the store is right before it', () => {
    const next = bytesOf(set(7, 42), 4);
    const pair = pairAt(
      user(0x1_0ffa, [[0x1_0ffa, codeBytes([assemble('sw', { rs1: 8, rs2: 6 }), set(7, 1), set(9, 2)])]], {
        6: new DataView(next.buffer).getUint32(0, true),
        8: 0x1_0ffe,
      }),
    );
    pair.advance(2);
    expect(pair.vm.register(7)).toBe(42n);
  });

  test('the second half alone may change, on the next page', () => {
    const loop = [assemble('sh', { rs1: 8, rs2: 6 }), assemble('jalr', { rs1: 10 })];
    const pair = pairAt(
      user(
        0x1_0ffe,
        [
          [0x1_0ffe, codeBytes([set(7, 1), assemble('jalr', { rs1: 9 })])],
          [0x2_0000, codeBytes(loop)],
        ],
        { 6: set(7, 99) >>> 16, 8: 0x1_1000, 9: 0x2_0000, 10: 0x1_0ffe },
      ),
    );
    pair.advance(1);
    expect(pair.vm.register(7)).toBe(1n);
    pair.advance(4);
    expect(pair.vm.register(7)).toBe(99n);
  });

  test('the second half of a jump may change, on a page from which nothing else is executed', () => {
    const jump = assemble('jal', { immediate: 0x1_0000 - 0xffe });
    const other = assemble('jal', { immediate: 0x1_0000 - 0xffe + 0x800 });
    expect(other & 0xffff).toBe(jump & 0xffff);
    const pair = pairAt(
      user(
        0x1_0ffe,
        [
          [0x1_0ffe, codeBytes([jump])],
          [0x2_0000, codeBytes([assemble('sh', { rs1: 8, rs2: 6 }), assemble('jalr', { rs1: 10 })])],
          [0x2_0800, codeBytes([set(7, 99)])],
        ],
        { 6: other >>> 16, 8: 0x1_1000, 10: 0x1_0ffe },
      ),
    );
    for (let step = 0; step < 5; step++) pair.advance(1);
    expect(pair.vm.register(7)).toBe(99n);
  });

  test('atomics and host calls change it too', () => {
    const amo = [assemble('amoswap.w', { rs1: 8, rs2: 6 }), assemble('jalr', { rs1: 10 })];
    const read = [assemble('ecall'), assemble('jalr', { rs1: 13 })];
    const registers = { 6: set(7, 99), 8: 0x1_0000, 9: 0x2_0000, 10: 0x1_0000 };
    const first = pairAt(
      user(
        0x1_0000,
        [
          [0x1_0000, codeBytes([set(7, 1), assemble('jalr', { rs1: 9 })])],
          [0x2_0000, codeBytes(amo)],
        ],
        registers,
      ),
    );
    for (let step = 0; step < 6; step++) first.advance(1);
    expect(first.vm.register(7)).toBe(99n);

    const second = pairAt(
      stateOf({
        fields: { personality: 1, pc: 0x1_0000, inputLength: 4 },
        registers: { 9: 0x2_0000, 10: 0, 11: 0x1_0000, 12: 4, 13: 0x1_0000, 17: 63 },
        memory: [
          [0x1_0000, codeBytes([set(7, 1), assemble('jalr', { rs1: 9 })])],
          [0x2_0000, codeBytes(read)],
          [0xc000_0000, bytesOf(set(7, 98), 4)],
        ],
      }),
    );
    for (let step = 0; step < 5; step++) second.advance(1);
    expect(second.vm.register(7)).toBe(98n);
  });

  test('by restoring a snapshot', () => {
    const vm = createFastVM({ hasher: stateOf({}).hasher });
    const states = [1, 2, 3].map((value) => user(0x1_0ffe, [[0x1_0ffe, codeBytes([set(7, value)])]]));
    for (const index of [0, 1, 2, 1, 0, 2, 2, 0]) {
      vm.restore(states[index]!);
      vm.advance(1);
      expect(vm.register(7)).toBe(BigInt(index + 1));
    }
    vm.restore(Snapshot.empty(states[0]!.hasher));
    vm.advance(1);
    expect(fieldIn(vm.snapshot(), 'mcause')).toBe(2n);
  });

  test('by restoring a state of the other personality', () => {
    const vm = createFastVM({ hasher: stateOf({}).hasher });
    const memory = [[0x01ff_fffe, codeBytes([set(7, 5)])]] as const;
    for (const personality of [1, 0, 1, 0]) {
      vm.restore(stateOf({ fields: { personality, pc: 0x01ff_fffe }, memory }));
      vm.advance(1);
      const state = vm.snapshot();
      expect([registerIn(state, 7), fieldIn(state, 'mcause')]).toEqual(personality === 1 ? [5n, 0n] : [0n, 1n]);
    }
  });

  test('by loading another program', () => {
    const vm = createFastVM();
    for (const value of [1, 2]) {
      vm.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes: codeBytes([set(7, value)]) }] });
      vm.advance(1);
      expect(vm.register(7)).toBe(BigInt(value));
    }
  });

  test('and code on more pages than are kept decoded', () => {
    const vm = createFastVM();
    // Sets x7 to itself plus 1 and jumps a page ahead, 5000 times; then once more over the same pages.
    const step = codeBytes([assemble('addi', { rd: 7, rs1: 7, immediate: 1 }), assemble('jalr', { rs1: 8 })]);
    const advance = assemble('add', { rd: 8, rs1: 8, rs2: 9 });
    const page = Uint8Array.of(...codeBytes([advance]), ...step);
    const pages = 5000;
    const segments = Array.from({ length: pages }, (_, i) => ({ address: 0x10_0000 + 4096 * i, bytes: page }));
    const entry = codeBytes([
      assemble('lui', { rd: 9, immediate: 0x1000 }),
      assemble('lui', { rd: 8, immediate: 0x10_0000 }),
      assemble('jalr', { rs1: 8 }),
    ]);
    vm.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes: entry }, ...segments] });
    vm.advance(3 + 3 * pages);
    expect(vm.register(7)).toBe(BigInt(pages));
    expect(vm.pc()).toBe(BigInt(0x10_0000 + 4096 * pages));
  });

  test('and so many pages of code do not make the machine miss a store to tohost', () => {
    const vm = createFastVM();
    const page = codeBytes([assemble('add', { rd: 8, rs1: 8, rs2: 9 }), assemble('jalr', { rs1: 8 })]);
    const pages = 4200;
    const segments = Array.from({ length: pages }, (_, i) => ({ address: 0x10_0000 + 4096 * i, bytes: page }));
    const entry = codeBytes([
      assemble('lui', { rd: 9, immediate: 0x1000 }),
      assemble('lui', { rd: 8, immediate: 0x10_0000 }),
      assemble('lui', { rd: 10, immediate: 0x8000 }),
      assemble('jalr', { rs1: 8 }),
    ]);
    const end = codeBytes([
      assemble('sd', { rs1: 10, immediate: 64 }),
      assemble('addi', { rd: 5, immediate: 7 }),
      assemble('sd', { rs1: 10, rs2: 5 }),
    ]);
    vm.load({
      entry: 0x1000,
      segments: [{ address: 0x1000, bytes: entry }, ...segments, { address: 0x10_0000 + 4096 * pages, bytes: end }],
      symbols: new Map([['tohost', 0x8000]]),
    });
    vm.run(1_000_000);
    expect(vm.halt).toEqual({ kind: 'exit', code: 3 });
  });
});
