import { createFieldEngine, createFieldEngineSync, type WasmEngine } from '@commute/field';
import { beforeAll, describe, expect, test } from 'vitest';
import { createBlake3Scheme } from '../src/index.ts';
import { sequence } from './sequence.ts';

let threads: WasmEngine;
const engine = createFieldEngineSync();
beforeAll(async () => {
  threads = await createFieldEngine({ threads: 2 });
});

type Shape = readonly [rows: number, columns: number];

/** The nodes of a tree whose columns are given `most` at a time, and those of one that has all of them. */
function compare(on: WasmEngine, shapes: readonly Shape[], most: number): void {
  const scheme = createBlake3Scheme(on);
  on.scope(() => {
    const matrices = shapes.map(([rows, columns], k) => on.from(sequence(rows * columns, k), columns));
    const asked: number[] = [];
    const streamed = scheme.streamedDigests!(
      shapes.map(([rows, columns]) => ({ rows, columns })),
      {
        most: () => most,
        load: (matrix, first, count) => {
          asked.push(count);
          const copy = on.allocate(shapes[matrix]![0], count);
          on.copyInto(copy, matrices[matrix]!.column(first, count));
          return copy;
        },
      },
    );
    const whole = scheme.digests(matrices);
    expect(streamed.height).toBe(whole.height);
    for (let size = whole.height; size >= 1; size /= 2) {
      for (let index = 0; index < size; index += Math.ceil(size / 64)) {
        expect(streamed.node(size, index), `${String(size)} ${String(index)}`).toEqual(whole.node(size, index));
      }
    }
    expect(asked.reduce((sum, count) => sum + count)).toBe(shapes.reduce((sum, [, columns]) => sum + columns, 0));
    expect(Math.max(...asked)).toBeLessThanOrEqual(Math.max(8, most));
    const dropped = scheme.streamedDigests!(
      shapes.map(([rows, columns]) => ({ rows, columns })),
      { most: () => 1024, load: (matrix, first, count) => matrices[matrix]!.column(first, count) },
      2,
    );
    expect(dropped.kept).toBe(Math.max(1, whole.height / 4));
    for (let size = dropped.kept!; size >= 1; size /= 2) expect(dropped.node(size, 0)).toEqual(whole.node(size, 0));
    expect(dropped.node(dropped.kept!, dropped.kept! - 1)).toEqual(whole.node(dropped.kept!, dropped.kept! - 1));
    dropped.release();
    streamed.release();
    whole.release();
  });
}

describe('trees of columns that are given a few at a time are those of all of them', () => {
  const widths = [1, 7, 8, 9, 16, 127, 128, 129, 136, 256, 257, 300, 400, 512, 640, 1023];
  test.for(widths)('%s columns', (columns) => {
    for (const most of [1, 8, 24, 200]) compare(engine, [[8, columns]], most);
  });

  test.for([1, 2, 4, 16, 2048])('%s rows', (rows) => {
    compare(engine, [[rows, 150]], 16);
    compare(threads, [[rows, 150]], 16);
  });

  test('matrices of several heights, and several of one', () => {
    const shapes: Shape[] = [
      [4, 3],
      [64, 13],
      [64, 2],
      [1, 140],
      [16, 9],
      [64, 120],
      [4, 1],
    ];
    for (const most of [1, 8, 64]) compare(engine, shapes, most);
  });
});

describe('trees that keep their upper layers', () => {
  test.for([1, 16, 1024, 2048, 8192])('of %s rows have the nodes of whole ones', (rows) => {
    for (const on of [engine, threads]) {
      const scheme = createBlake3Scheme(on);
      on.scope(() => {
        const matrices = [on.from(sequence(rows * 9, 1), 9), on.from(sequence(Math.ceil(rows / 2), 2))];
        const whole = scheme.digests(matrices);
        for (const outside of [false, true]) {
          const upper = scheme.digests(matrices, outside, 2);
          // Small ones are kept whole in the engine's memory.
          expect(upper.kept).toBe(Math.max(1, outside ? rows / 4 : Math.min(rows, Math.max(rows / 4, 1024))));
          for (let size = upper.kept!; size >= 1; size /= 2) {
            for (let index = 0; index < size; index += Math.ceil(size / 64)) {
              expect(upper.node(size, index)).toEqual(whole.node(size, index));
            }
          }
          upper.release();
        }
        whole.release();
      });
    }
  });
});
