import { inverse, negate } from '@commute/field';
import { describe, expect, it } from 'vitest';
import { fileTraces } from '../examples/blake3-file.ts';
import { evaluateRow } from '../src/concrete.ts';
import { mutateTraces, type PublicMessage } from '../src/index.ts';
import { FileForger, type ForgerOptions } from './blake3-file-forger.ts';

const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff);

/** What objects to the trace of a file of some length after a change; before it nothing does. */
function forge(length: number, change: (forger: FileForger) => void, options?: ForgerOptions): string[] {
  const forger = new FileForger(content(length), options).settle();
  change(forger);
  return forger.objections();
}

const ones = (count: number): number[] => new Array<number>(count).fill(1);
/** 1 divided by a power of two. */
const half = (power: number): bigint => inverse(1n << BigInt(power));

/** By what alone objects to it: a trace that is wrong, with all that follows made to fit. */
const forgeries: Record<string, () => string[]> = {
  // Rows.
  'numbers start at 0': () => forge(70, (f) => void f.renumber(5)),
  'numbers count': () => forge(70, (f) => void f.set(1, { number: 9 })),
  'nothing after the root': () => {
    // The third chunk is a root, and so is the parent of the first two: by a function that gives both one output.
    const compress = (input: readonly bigint[]): bigint[] | undefined =>
      (input[27]! & 8n) === 0n ? undefined : new Array<bigint>(8).fill(77n);
    return forge(
      2049,
      (f) => {
        f.set(32, { root: 1, node: 0 }).set(33, { root: 1, node: 0 }).settle();
        f.cells[34]!.fill(0n);
        f.set(34, { number: 34 });
      },
      { compress },
    );
  },
  'all goes on until the root': () =>
    forge(1025, (f) => {
      f.insertIdle(17).cells.pop();
      f.set(18, { chunk: 0 });
    }),
  'the root is there': () =>
    forge(128, (f) => {
      f.set(1, { end: 0, last: 0, root: 0, node: 0, first: 0, size: 0, isComplete: 0 }).settle();
    }),
  'a root is a node': () =>
    forge(128, (f) => {
      f.set(1, { end: 0, last: 0, first: 0, size: 0, isComplete: 0 }).settle();
    }),
  'all other nodes are taken': () =>
    forge(1025, (f) => {
      f.cells[17]!.fill(0n);
      f.set(17, { number: 17 });
      f.set(15, { node: 0 }).set(16, { node: 0, root: 1 }).settle();
    }),
  // Chunks.
  'the first block starts': () => forge(70, (f) => void f.set(0, { start: 0 }).settle()),
  'the first chunk is number 0': () =>
    forge(70, (f) => {
      f.set(0, { chunk: 1 }).set(1, { chunk: 1, first: 1 }).settle();
      f.publicValues[0]! += 1024n;
    }),
  'only blocks start': () => forge(2049, (f) => void f.set(34, { start: 1, chunk: 3 }).settle()),
  'only what ends is the last': () =>
    forge(1024, (f) => {
      f.set(15, { end: 0, first: 0, size: 0, isComplete: 0 }).settle();
    }),
  'only the last is followed by no block': () =>
    forge(2048, (f) => {
      f.set(31, { last: 0 });
      f.publicValues[0] = 5n;
    }),
  'chunks count': () =>
    forge(2049, (f) => {
      // The second chunk is the last in the file's place, and has one byte; the third is full.
      const full = f.cells.splice(16, 16);
      const [short] = f.cells.splice(16, 1);
      f.cells.splice(16, 0, ...full, short!);
      f.renumber();
      for (let row = 16; row < 32; row++) f.set(row, { chunk: 2 });
      f.set(31, { first: 2 }).set(32, { chunk: 1, first: 1 }).settle();
      f.setParent(33, 15, 32, { chunk: 1, node: 1, first: 0, size: 2, leftSize: 1, isComplete: 1, isRightComplete: 1 });
      f.settle();
      f.setParent(34, 33, 31, { chunk: 1, root: 1, first: 0, size: 3, leftSize: 2, isRightComplete: 1 });
      f.settle();
      f.publicValues[0] = 1025n;
    }),
  'the number of a chunk stays': () =>
    forge(70, (f) => {
      f.set(1, { chunk: 3, first: 3 }).settle();
      f.publicValues[0]! += 3n * 1024n;
    }),
  'blocks start at 0': () =>
    forge(70, (f) => {
      f.setBits(0, 'block', 1).setBits(1, 'block', 2);
      f.publicValues[0]! += 64n;
    }),
  'blocks count': () =>
    forge(70, (f) => {
      f.setBits(1, 'block', 5);
      f.publicValues[0]! += 4n * 64n;
    }),
  'chunks are full': () =>
    forge(130, (f) => {
      // Two chunks of one block each, and their parent.
      f.set(0, { end: 1, node: 1, first: 0, size: 1, isComplete: 1 });
      f.set(1, { start: 1, end: 1, last: 1, chunk: 1, node: 1, first: 1, size: 1, isComplete: 1 }).setBits(
        1,
        'block',
        0,
      );
      f.setWords(1, 'chainingValue', f.words(0, 'chainingValue')).settle();
      f.setParent(2, 0, 1, { chunk: 1, root: 1, size: 2, leftSize: 1, isComplete: 1, isRightComplete: 1 }).settle();
      f.publicValues[0] = 1024n + 64n;
    }),
  'so are blocks': () => forge(70, (f) => void f.setBlock(0, [1, 2, 3]).settle()),
  'only a file of no bytes ends with an empty block': () =>
    forge(130, (f) => {
      f.setBlock(2, []).settle();
      f.publicValues[0] = 128n;
    }),
  'parents have all bytes': () => {
    // A right child whose output ends with a zero: that byte might as well not be there.
    const forger = new FileForger(content(1026));
    let output: readonly bigint[] = [];
    for (let bytes = 0; output.length === 0 || output[7]! >= 1n << 24n; bytes++) {
      forger.setBlock(16, [bytes & 255, bytes >> 8]);
      output = forger.compress(forger.input(16));
    }
    forger.settle();
    const parent = { chunk: 1, root: 1, size: 2, leftSize: 1, isComplete: 1, isRightComplete: 1 };
    forger.setParent(17, 15, 16, parent).settle();
    expect(forger.objections()).toEqual([]);
    forger.set(17, { 'present[63]': 0 }).settle();
    return forger.objections();
  },
  // The tree.
  'the right child is smaller': () => forge(1025, (f) => void f.set(17, { isComplete: 0 })),
  'or both are equal': () => forge(2049, (f) => void f.set(34, { isComplete: 1 })),
  'complete: no excess': () => forge(1025, (f) => void f.setBits(17, 'excess', 1)),
  // Buses.
  'bus byte': () => forge(70, (f) => void f.set(1, { 'bytes[0]': 256 + 7, 'bytes[1]': 0 }).settle()),
  'bus blake3 input': () => {
    const forger = new FileForger(content(70));
    const other = new FileForger(content(71));
    forger.setWords(1, 'output', other.words(1, 'output'));
    forger.publicValues.splice(1, 8, ...other.words(1, 'output'));
    return forger.objections({ 1: other.input(1) });
  },
  'bus blake3 output': () =>
    forge(70, (f) => {
      f.setWords(1, 'output', [1, 2, 3, 4, 5, 6, 7, 8]);
      f.publicValues.splice(1, 8, ...f.words(1, 'output'));
    }),
  'bus blake3 node': () =>
    forge(1025, (f) => void f.set(17, { 'bytes[0]': 1 + Number(f.get(17, 'bytes[0]') === 1n) }).settle()),
};

for (let k = 0; k < 64; k++) {
  // Two bytes in one, or all 64.
  forgeries[`byte ${String(k)} is there or not`] = () =>
    forge(128, (f) => {
      if (k === 0) {
        f.setBlock(0, [], [64]).settle();
      } else {
        f.setBlock(1, ones(k), [...ones(k), 2]).settle();
        f.publicValues[0] = BigInt(64 + k + 2);
      }
    });
  if (k > 1) {
    // A byte behind a gap.
    forgeries[`byte ${String(k)} is there only after another`] = () =>
      forge(128, (f) => {
        f.setBlock(1, [...ones(k - 1), 0, 1], [...ones(k - 1), 0, 1]).settle();
        f.publicValues[0] = BigInt(64 + k);
      });
  }
  // Something behind the end.
  forgeries[`byte ${String(k)} is 0 where it is not there`] = () =>
    forge(k === 0 ? 0 : 128, (f) => {
      f.setBlock(k === 0 ? 0 : 1, [...ones(k), 9], ones(k)).settle();
      f.publicValues[0] = BigInt(k === 0 ? 0 : 64 + k);
    });
}
for (let k = 0; k < 8; k++) {
  const word = `chainingValue[${String(k)}]`;
  forgeries[`chaining value ${String(k)} is the initial one`] = () =>
    forge(70, (f) => void f.set(0, { [word]: 1 }).settle());
  forgeries[`chaining value ${String(k)} is that of the block before`] = () =>
    forge(70, (f) => void f.set(1, { [word]: 1 }).settle([1]));
}
for (let k = 0; k < 16; k++) {
  if (k < 4) {
    forgeries[`bit ${String(k)} of the number of a block`] = () =>
      forge(130, (f) => {
        // 2 as twice the lowest bit, or 1 as a power of two times its inverse.
        if (k === 0) f.set(2, { 'block[0]': 2, 'block[1]': 0 });
        else f.set(1, { 'block[0]': 0, [`block[${String(k)}]`]: half(k) });
      });
  }
  forgeries[`bit ${String(k)} of the excess`] = () =>
    forge(70, (f) => {
      if (k === 0) f.set(0, { 'excess[0]': -2, 'excess[1]': 1 });
      else f.set(0, { 'excess[0]': 1, [`excess[${String(k)}]`]: negate(half(k)) });
    });
}

/** Kept although they are implied: what says so is about the whole trace, not about a row and the next. */
const implied: Readonly<Record<string, string>> = {
  'no block after a parent':
    'Blocks before the parent end with the last of the file, and so do those after it, which are as many bytes further only if they are none.',
  'what follows an end starts':
    'A block that does not start has the number of its chunk, and so its end a second time; a tree has each once.',
  'only blocks end':
    'What is no block has number 0, so ends as the last; then it has 64 bytes, as a parent and no root, and a block after it.',
  'whose output nobody takes': 'Taken by another parent it would be part of what it is computed from.',
};

describe('the table of a file', () => {
  const honest = fileTraces(content(130)).traces[0]!;
  // What the other tables answer, fixed.
  const publicMessages = Array.from(
    { length: honest.trace.rows },
    (_, row) =>
      evaluateRow(honest.table, { ...honest.trace, auxiliary: [], challenges: [], exposed: [] }, row).messages,
  )
    .flat()
    .map((each): PublicMessage => ({ ...each, direction: each.direction === 'send' ? 'receive' : 'send' }))
    .filter(({ multiplicity, bus }) => multiplicity !== 0n && bus !== 'blake3 node');
  const report = mutateTraces([honest], { publicMessages, repairSteps: 0, repairAttempts: 0 });

  it('notices every changed cell', () => {
    expect(report.unnoticed).toEqual([]);
  });

  it('is what a forger begins with', () => {
    for (const length of [0, 70, 128, 130, 1024, 1025, 2048, 2049]) {
      expect(new FileForger(content(length)).settle().objections()).toEqual([]);
    }
  });

  it.each(Object.keys(forgeries))('needs what alone sees a forgery: %s', (name) => {
    expect(forgeries[name]!()).toEqual([name]);
  });

  it('needs every other constraint where one cell is changed', () => {
    const left = report.redundant.map((each) => (each.kind === 'bus' ? `bus ${each.bus}` : each.constraint));
    expect(left.filter((name) => !(name in forgeries)).sort()).toEqual(Object.keys(implied).sort());
  });
});
