import { describe, expect, it } from 'vitest';
import {
  type Compression,
  type CompressionChip,
  createBlake3Compression,
  type WordSize,
} from '../examples/blake3-compression.ts';
import { checkTraces, formatMutations, mutateTraces, type TableTrace } from '../src/index.ts';
import { Blake3Forger, userTrace, type WrongBit } from './blake3-forger.ts';

/** Small enough to change every cell; the table is built by the same code. */
const size: WordSize = { bits: 4, rotations: [2, 3, 2, 1] };
const chip: CompressionChip = createBlake3Compression(size);

const compression: Compression = {
  chainingValue: Uint32Array.of(1, 14, 3, 12, 5, 10, 7, 8),
  block: Uint32Array.from({ length: 16 }, (_, k) => (7 * k + 3) % 16),
  counter: [9, 2],
  length: 13,
  flags: 11,
};

function inputOf({ chainingValue, block, counter, length, flags }: Compression, number = 0): bigint[] {
  return [number, ...chainingValue, ...block, ...counter, length, flags].map(BigInt);
}

const used = chip.trace([compression]);
const outputOf = (number = 0n): bigint[] => [number, ...Array.from(chip.compress(compression), BigInt)];

describe('the table of compressions', () => {
  it('holds with other sizes of words', () => {
    expect(checkTraces([used, userTrace(inputOf(compression), outputOf())])).toEqual({ ok: true });
  });

  it('notices every changed cell, and needs every constraint', () => {
    const forge = (
      change: (forger: Blake3Forger) => void,
      [input, output]: readonly [(bigint[] | undefined)?, bigint[]?] = [],
      from = used,
    ): TableTrace[] => {
      const forger = new Blake3Forger(from, size);
      change(forger);
      return [forger.trace(), userTrace(input, output)];
    };
    const honest: [bigint[], bigint[]] = [inputOf(compression), outputOf()];
    const twoCycles = new Blake3Forger(used, size);
    for (let row = 0; row < twoCycles.rows; row++) twoCycles.set(row, 'used', 0n);
    twoCycles.set(8, 'finished', 0n);
    const idle = twoCycles.trace();
    const hostile: TableTrace[][] = [];

    // A wrong bit anywhere in the last row, with all that follows from it made to fit.
    for (const word of ['d1', 'b1', 'd2', 'b2'] as const) {
      for (let which = 0; which < 8; which++) {
        for (let bit = 0; bit < size.bits; bit++)
          hostile.push(
            forge((forger) => {
              forceBit(forger, { word, which, bit });
            }, honest),
          );
      }
    }
    // Where rows of a cycle go.
    for (let step = 0; step < 8; step++) {
      hostile.push(
        forge(
          (forger) => {
            // An end of all steps, and so of all input rows.
            const last = step === 7 ? 7 : 8 + step;
            reschedule(forger, (row) => (row <= last ? [row % 8] : []));
          },
          [],
          idle,
        ),
        forge(
          (forger) => {
            // Other steps from the beginning.
            reschedule(forger, (row) => (step === 0 ? [] : [row % 8, (row + step) % 8]));
          },
          [],
          idle,
        ),
      );
    }
    hostile.push(
      forge(
        (forger) => {
          for (let row = 0; row < forger.rows; row++) forger.set(row, 'number', forger.get(row, 'number') + 5n);
        },
        [],
        idle,
      ),
      // Outputs of nothing: before the first, of a round, of what nobody asked for.
      forge(
        (forger) => {
          forger.set(0, 'finished', 1n);
        },
        [undefined, [-1n + 0xffffffff00000001n, ...new Array<bigint>(8).fill(0n)]],
        idle,
      ),
      forge(
        (forger) => {
          forger.set(3, 'finished', 1n);
        },
        [undefined, roomOf(idle, 3, -1n)],
        idle,
      ),
      forge(
        (forger) => {
          forger.set(8, 'finished', 1n);
        },
        [undefined, outputOf()],
        idle,
      ),
      // Another input than asked for, another output than computed.
      [used, userTrace(inputOf({ ...compression, flags: 1 }), outputOf())],
      [
        used,
        userTrace(
          inputOf(compression),
          outputOf().map((word, k) => (k === 3 ? word ^ 1n : word)),
        ),
      ],
    );
    for (let j = 0; j < 4; j++) {
      const flip = (forger: Blake3Forger, k: number): void => {
        const name = `${['d1', 'b1', 'd2', 'b2'][k % 4]!}[${String(Math.floor(k / 4) * size.bits)}]`;
        forger.set(8, name, 1n - forger.get(8, name));
      };
      hostile.push(
        forge(
          (forger) => {
            flip(forger, j);
            flip(forger, 4 + j);
          },
          [],
          idle,
        ),
        forge(
          (forger) => {
            flip(forger, 4 + j);
          },
          [],
          idle,
        ),
        forge(
          (forger) => {
            flip(forger, 8 + j);
          },
          [],
          idle,
        ),
        forge(
          (forger) => {
            const constants = [0, 1, 2, 3].map((k) => (k === j ? 1 : [7, 5, 2, 10][k]!));
            forger.writeInput(8, constants);
            for (let row = 9; row < 16; row++) forger.writeRound(row);
          },
          [],
          idle,
        ),
      );
    }
    const report = mutateTraces([used, userTrace(...honest)], {
      hostile,
      repairAttempts: 4,
      repairSteps: 8,
    });
    expect(formatMutations(report)).toBe('');
  });
});

/** Puts something else than a bit into the last row; what nobody asked for is chosen so that all else can be made to fit. */
function forceBit(forger: Blake3Forger, at: Omit<WrongBit, 'value'>): void {
  for (let seed = 1n; seed < 40n; seed++) {
    for (let k = 0n; k < 16n; k++) forger.set(8, `message[${String(k)}]`, ((seed * (k + 5n) * 7919n) >> 4n) % 16n);
    for (let row = 9; row < 15; row++) forger.writeRound(row);
    for (const value of [2n, 3n, -1n, -2n]) if (forger.writeRound(15, { ...at, value })) return;
  }
  throw new Error(`no forgery: ${JSON.stringify(at)}`);
}

/** Sets the steps, and input rows and rounds accordingly. */
function reschedule(forger: Blake3Forger, stepsOf: (row: number) => readonly number[]): void {
  for (let row = 0, number = 0n; row < forger.rows; row++) {
    const steps = stepsOf(row);
    for (let step = 0; step < 8; step++) forger.set(row, `step[${String(step)}]`, steps.includes(step) ? 1n : 0n);
    const isInput = steps.includes(0);
    if (row > 0 && isInput) number++;
    forger.set(row, 'number', number);
    if (row === 0) continue;
    if (isInput) forger.writeInput(row);
    else forger.writeRound(row);
  }
}

/** What a row would give as an output. */
function roomOf({ trace, table }: TableTrace, row: number, shift: bigint): bigint[] {
  const cell = (name: string): bigint => trace.main[table.names.main.indexOf(name)]![row]!;
  const words = Array.from({ length: 8 }, (_, index) => {
    const k = 4 + index;
    return Array.from({ length: size.bits }, (_, bit) =>
      cell(`${['d1', 'b1', 'd2', 'b2'][k % 4]!}[${String(Math.floor(k / 4) * size.bits + bit)}]`),
    ).reduceRight((high, low) => 2n * high + low, 0n);
  });
  return [(cell('number') + shift + 0xffffffff00000001n) % 0xffffffff00000001n, ...words];
}
