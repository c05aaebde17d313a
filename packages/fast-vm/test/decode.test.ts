import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeInto, lengthOf, SINK } from '../src/decode.ts';
import {
  CODE_ILLEGAL,
  FIRST_SYSTEM_CODE,
  findInstruction,
  instructionTable,
  type Format,
  type Instruction,
} from '../src/instructions.ts';
import { decodeCompressed } from '../src/reference/decode-compressed.ts';
import { decodeFull } from '../src/reference/decode.ts';
import { rv64 } from './vectors/gnu.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 5000);
const byCode = new Map<number, Instruction>(instructionTable().map((instruction) => [instruction.code, instruction]));

const WITH_RD: readonly Format[] = [
  ...(['R', 'I', 'load', 'upper', 'jump', 'shift', 'csr'] as const),
  ...(['csr-immediate', 'load-reserved', 'atomic'] as const),
];
const WITH_RS1: readonly Format[] = [
  ...(['R', 'I', 'load', 'store', 'branch', 'shift', 'csr'] as const),
  ...(['csr-immediate', 'load-reserved', 'atomic'] as const),
];
const WITH_RS2: readonly Format[] = ['R', 'store', 'branch', 'atomic'];
const WITH_IMMEDIATE: readonly Format[] = [
  ...(['I', 'load', 'store', 'branch', 'upper', 'jump', 'shift', 'csr', 'csr-immediate'] as const),
];

/** An encoding as both decoders see it, in the same form; undefined where it is illegal. */
function quick(encoding: number): object | undefined {
  const out = new Int32Array(2);
  decodeInto(out, 0, encoding);
  const word = out[0]!;
  expect(lengthOf(word)).toBe((encoding & 3) === 3 ? 4 : 2);
  const code = word & 255;
  if (code === CODE_ILLEGAL) {
    expect(out[1]).toBe((encoding & 3) === 3 ? encoding | 0 : encoding & 0xffff);
    return undefined;
  }
  const { name, format } = byCode.get(code)!;
  const rd = (word >>> 8) & 255;
  return relevant(name, format, {
    rd: rd === SINK ? 0 : rd / 2,
    rs1: ((word >>> 16) & 63) / 2,
    rs2: ((word >>> 22) & 63) / 2,
    immediate: BigInt(out[1]!),
  });
}

function reference(encoding: number): object | undefined {
  const operation = (encoding & 3) === 3 ? decodeFull(encoding) : decodeCompressed(encoding);
  if (operation === undefined) return undefined;
  const { format } = instructionTable().find((instruction) => instruction.name === operation.name)!;
  return relevant(operation.name, format, operation);
}

function relevant(
  name: string,
  format: Format,
  fields: { readonly rd: number; readonly rs1: number; readonly rs2: number; readonly immediate: bigint },
): object {
  return {
    name,
    rd: WITH_RD.includes(format) ? fields.rd : 0,
    rs1: WITH_RS1.includes(format) ? fields.rs1 : 0,
    rs2: WITH_RS2.includes(format) ? fields.rs2 : 0,
    immediate: WITH_IMMEDIATE.includes(format) ? fields.immediate : 0n,
  };
}

describe('the instruction table', () => {
  test('gives each instruction one number, and none to two', () => {
    const names = new Map<number, string>();
    for (const { code, name } of instructionTable()) {
      expect(names.get(code) ?? name).toBe(name);
      names.set(code, name);
    }
    expect(FIRST_SYSTEM_CODE).toBe(findInstruction(0x73, 64)!.code);
  });

  test('finds each instruction by its fixed bits, whatever the others are', () => {
    for (const instruction of instructionTable()) {
      const { match, mask, xlen } = instruction;
      expect((match & mask) >>> 0).toBe(match);
      const width = xlen === 'both' ? 64 : xlen;
      expect(findInstruction(match, width)).toBe(instruction);
      expect(findInstruction((match | ~mask) >>> 0, width)).toBe(instruction);
    }
  });

  test('has no two instructions that share an encoding', () => {
    const table = instructionTable();
    for (const one of table) {
      for (const two of table) {
        if (one === two || (one.xlen !== two.xlen && one.xlen !== 'both' && two.xlen !== 'both')) continue;
        const both = one.mask & two.mask;
        expect((one.match & both) === (two.match & both), `${one.name} ${two.name}`).toBe(false);
      }
    }
  });
});

describe('decoding', () => {
  test('agrees with the reference on every 16-bit encoding', () => {
    let legal = 0;
    for (let half = 0; half < 0x1_0000; half++) {
      if ((half & 3) === 3) continue;
      const expected = reference(half);
      const got = quick(half);
      if (expected !== undefined) legal++;
      if (JSON.stringify(got, text) !== JSON.stringify(expected, text)) {
        expect(got, half.toString(16)).toEqual(expected);
      }
    }
    expect(legal).toBe(LEGAL_HALFWORDS);
  });

  test('agrees with the reference on 32-bit encodings', () => {
    const table = instructionTable();
    const encoding = fc.oneof(
      fc.integer().map((bits) => bits | 3),
      fc
        .tuple(fc.integer(), fc.constantFrom(...table), fc.constantFrom(0, 1 << 25, 1 << 26, 1 << 30, 1 << 31, 1 << 12))
        .map(([bits, { match, mask }, flip]) => ((bits & ~mask) | match) ^ flip),
      fc.tuple(fc.integer(), fc.constantFrom(...table)).map(([bits, { match }]) => match ^ (bits & 0xfff0_0000)),
    );
    fc.assert(
      fc.property(encoding, (bits) => {
        expect(quick(bits)).toEqual(reference(bits >>> 0));
      }),
      { numRuns: runs },
    );
  });

  test('agrees with the reference on the encodings that an assembler made', () => {
    for (const [encoding] of rv64) {
      expect(reference(encoding)).toBeDefined();
      expect(quick(encoding)).toEqual(reference(encoding));
    }
  });
});

const text = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/**
 * How many of the 49,152 encodings are legal. Quadrant 0: addi4spn without the immediate 0 (8 registers), and four loads and stores. Quadrant 1: eight groups, without addiw to x0 (64),
 * lui and addi16sp of 0 (32), and two reserved functions of misc-alu (2 * 64). Quadrant 2: slli, lwsp and ldsp without
 * x0 (64 each), the jumps and moves without the all-zero one, swsp and sdsp.
 */
const LEGAL_HALFWORDS = 2040 + 4 * 2048 + (8 * 2048 - 64 - 32 - 128) + (2048 + 2 * (2048 - 64) + 2047 + 2 * 2048);
