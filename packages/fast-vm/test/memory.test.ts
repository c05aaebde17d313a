import { describe, expect, test } from 'vitest';
import { assemble } from './assemble.ts';
import { after, haltOf } from './single.ts';
import { fieldIn, registerIn } from './states.ts';

const M = (1n << 64n) - 1n;
const BYTES = Uint8Array.from({ length: 16 }, (_, i) => 0x81 + 0x11 * i);

const LOADS: readonly (readonly [name: string, length: number, signed: boolean])[] = [
  ['lb', 1, true],
  ['lh', 2, true],
  ['lw', 4, true],
  ['ld', 8, true],
  ['lbu', 1, false],
  ['lhu', 2, false],
  ['lwu', 4, false],
];
const STORES = [
  ['sb', 1],
  ['sh', 2],
  ['sw', 4],
  ['sd', 8],
] as const;

/** The value of bytes of {@link BYTES}. */
function valueAt(offset: number, length: number, signed: boolean): bigint {
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(BYTES[offset + i]!);
  return BigInt.asUintN(64, signed ? BigInt.asIntN(8 * length, value) : value);
}

describe('loads', () => {
  test.for(LOADS)('%s of any alignment, also across pages and at the ends of RAM', ([name, length, signed]) => {
    for (const base of [0x2_0000, 0x2_0ff8, 0x7fff_fff8, 0xe100_0000, 0xe100_0ff8]) {
      for (let offset = 0; offset + length <= 16; offset++) {
        const load = assemble(name, { rd: 7, rs1: 5, immediate: offset - 8 });
        const state = after([load], { registers: { 5: BigInt(base + 8) }, memory: [[base, BYTES]] });
        expect(registerIn(state, 7), `${String(base)} ${String(offset)}`).toBe(valueAt(offset, length, signed));
      }
    }
    for (const end of [0xc000_0000, 0xf000_0000]) {
      const load = assemble(name, { rd: 7, rs1: 5, immediate: -length });
      const state = after([load], { registers: { 5: BigInt(end) }, memory: [[end - 16, BYTES]] });
      expect(registerIn(state, 7)).toBe(valueAt(16 - length, length, signed));
    }
  });

  test.for(LOADS)('%s of memory never written gives zero', ([name]) => {
    expect(registerIn(after([assemble(name, { rd: 7, rs1: 5 })], { registers: { 5: 0x5000_0000n, 7: M } }), 7)).toBe(
      0n,
    );
  });

  test.for(LOADS)('%s to x0 still looks at the address', ([name]) => {
    const load = assemble(name, { rd: 0, rs1: 5 });
    expect(registerIn(after([load], { registers: { 5: 0x2_0000n }, memory: [[0x2_0000, BYTES]] }), 0)).toBe(0n);
    expect(haltOf(after([load], { registers: { 5: 0xe000_0000n } }))).toEqual(['trap', 5n, 0xe000_0000n]);
  });

  test.for(LOADS)('%s into its own base', ([name, length, signed]) => {
    const load = assemble(name, { rd: 5, rs1: 5 });
    const state = after([load], { registers: { 5: 0x2_0000n }, memory: [[0x2_0000, BYTES]] });
    expect(registerIn(state, 5)).toBe(valueAt(0, length, signed));
  });
});

describe('stores', () => {
  test.for(STORES)('%s of any alignment, also across pages', ([name, length]) => {
    for (const base of [0x2_0000, 0x2_0ff8, 0x7fff_fff8, 0xe100_0000]) {
      for (let offset = 0; offset + length <= 16; offset++) {
        const store = assemble(name, { rs1: 5, rs2: 6, immediate: offset - 8 });
        const state = after([store], {
          registers: { 5: BigInt(base + 8), 6: 0x0123_4567_89ab_cdefn },
          memory: [[base, BYTES]],
        });
        const want = BYTES.slice();
        for (let i = 0; i < length; i++) want[offset + i] = Number((0x0123_4567_89ab_cdefn >> BigInt(8 * i)) & 255n);
        const got = Uint8Array.from({ length: 16 }, (_, i) => {
          const address = base + i;
          return (state.word(address - (address % 4)) >>> (8 * (address % 4))) & 255;
        });
        expect([...got], `${String(base)} ${String(offset)}`).toEqual([...want]);
      }
    }
  });

  test('to memory never written leave zeros beside', () => {
    const state = after([assemble('sb', { rs1: 5, rs2: 6 })], { registers: { 5: 0x4000_0001n, 6: M } });
    expect(state.word(0x4000_0000)).toBe(0xff00);
  });
});

describe('addresses that are not RAM', () => {
  const cases: readonly (readonly [base: bigint, immediate: number, address: bigint])[] = [
    [0xc000_0000n, 0, 0xc000_0000n],
    [0xbfff_ffffn, 1, 0xc000_0000n],
    [0xd000_0000n, -1, 0xcfff_ffffn],
    [0xe000_0000n, 0x50, 0xe000_0050n],
    [0xe100_0000n, -1, 0xe0ff_ffffn],
    [0xf000_0000n, 0, 0xf000_0000n],
    [0xffff_ffffn, 0, 0xffff_ffffn],
    [0xffff_fff0n, 0x10, 0x1_0000_0000n],
    [0x1_0000_0000n, 0, 0x1_0000_0000n],
    [0x1_0000_2000n, 0, 0x1_0000_2000n],
    [0n, -1, M],
    [0x10n, -0x20, M - 15n],
    [1n << 63n, 0, 1n << 63n],
    [M, 0, M],
  ];

  test.for(cases)('%s and %i', ([base, immediate, address]) => {
    for (const [name] of LOADS) {
      const load = assemble(name, { rd: 7, rs1: 5, immediate });
      const state = after([load], { registers: { 5: base, 7: 9n } });
      expect(haltOf(state), name).toEqual(['trap', 5n, address]);
      expect(registerIn(state, 7)).toBe(9n);
    }
    for (const [name] of STORES) {
      const store = assemble(name, { rs1: 5, rs2: 6, immediate });
      const state = after([store], { registers: { 5: base, 6: M } });
      expect(haltOf(state), name).toEqual(['trap', 7n, address]);
    }
  });

  test.for(cases)('%s and %i, with everything near ready to be accessed', ([base, immediate, address]) => {
    // Stores to the pages that the low 32 bits of the addresses are on, where those are RAM.
    const warm = [0x0n, 0x2000n, 0x7ffn, 0xbfff_fff0n, 0xe100_0000n, 0xefff_fff0n];
    const stores = warm.map((_, i) => assemble('sd', { rs1: 20 + i }));
    const registers = Object.fromEntries(warm.map((at, i) => [20 + i, at]));
    for (const [name] of LOADS) {
      const load = assemble(name, { rd: 7, rs1: 5, immediate });
      const state = after([...stores, load], { registers: { ...registers, 5: base, 7: 9n } });
      expect(haltOf(state), name).toEqual(['trap', 5n, address]);
    }
    for (const [name] of STORES) {
      const store = assemble(name, { rs1: 5, rs2: 6, immediate });
      const state = after([...stores, store], { registers: { ...registers, 5: base, 6: M } });
      expect(haltOf(state), name).toEqual(['trap', 7n, address]);
    }
  });

  test('a sum that comes back into RAM is an access to RAM', () => {
    const memory = [[0x7f8, BYTES]] as const;
    const down = assemble('lbu', { rd: 7, rs1: 5, immediate: -8 });
    expect(registerIn(after([down], { registers: { 5: 0x800n }, memory }), 7)).toBe(0x81n);
    // 2^64 - 8 plus 0x7ff wraps round to 0x7f7.
    const wrapped = assemble('lbu', { rd: 7, rs1: 5, immediate: 0x7ff });
    const state = after([wrapped], { registers: { 5: M - 7n }, memory: [[0x7f7, BYTES]] });
    expect(registerIn(state, 7)).toBe(0x81n);
  });

  test.for([
    [0xbfff_ffff, 'lh', 5n],
    [0xbfff_fffd, 'lw', 5n],
    [0xbfff_fffc, 'ld', 5n],
    [0xe0ff_ffff, 'lh', 5n],
    [0xefff_fffd, 'lwu', 5n],
    [0xbfff_ffff, 'sh', 7n],
    [0xbfff_fffd, 'sw', 7n],
    [0xbfff_fff9, 'sd', 7n],
    [0xe0ff_fffc, 'sd', 7n],
    [0xefff_ffff, 'sh', 7n],
  ] as const)('%i for %s, which leaves RAM, has no effect', ([address, name, cause]) => {
    const edge = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const base = address > 0xe000_0000 ? (address > 0xe200_0000 ? 0xefff_fff8 : 0xe100_0000) : 0xbfff_fff8;
    const state = after([assemble(name, { rd: 7, rs1: 5, rs2: 6 })], {
      registers: { 5: BigInt(address), 6: M },
      memory: [[base, edge]],
    });
    expect(haltOf(state)).toEqual(['trap', cause, BigInt(address)]);
    expect([state.word(base), state.word(base + 4)]).toEqual([0x0403_0201, 0x0807_0605]);
    expect(fieldIn(state, 'time')).toBe(1n);
  });
});
