import { Snapshot, type Hasher, type ProgramImage } from '@commute/machine';
import { DATA, PROGRAM, assemble, type Operation } from './accumulator.ts';

/** A small generator of 32-bit numbers (mulberry32): the same seed, the same tests. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (z ^ (z >>> 14)) >>> 0;
  };
}

const NAMES: readonly Operation[] = ['addImmediate', 'add', 'store', 'jumpUnlessZero', 'jump', 'loadImmediate', 'load'];

/** A program of random instructions that mostly runs on and on. */
export function randomProgram(random: () => number): ProgramImage {
  const length = 8 + (random() % 24);
  const instructions = Array.from({ length }, (): [Operation, number] => {
    const name = NAMES[random() % NAMES.length]!;
    const argument = name.startsWith('jump')
      ? random() % length
      : name.endsWith('Immediate')
        ? random() >>> 8
        : random() % 8;
    return [name, argument];
  });
  instructions.push(['jump', 0]);
  return assemble(
    instructions,
    Array.from({ length: 8 }, () => random()),
  );
}

/** Any state of the accumulator machine. */
export function randomState(random: () => number, hasher?: Hasher): Snapshot {
  const page = (fill: (view: DataView) => void): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(4096);
    fill(new DataView(bytes.buffer));
    return bytes;
  };
  return Snapshot.empty(hasher).withPages([
    {
      index: 0,
      bytes: page((view) => {
        view.setUint32(0, random() % 1024, true);
        view.setUint32(4, random(), true);
        if (random() % 8 === 0) view.setUint32(8, random() % 3, true);
      }),
    },
    {
      index: PROGRAM / 4096,
      bytes: page((view) => {
        for (let i = 0; i < 1024; i++) view.setUint32(4 * i, (random() % 9) | (random() << 8), true);
      }),
    },
    {
      index: DATA / 4096,
      bytes: page((view) => {
        for (let i = 0; i < 64; i++) view.setUint32(4 * i, random(), true);
      }),
    },
  ]);
}
