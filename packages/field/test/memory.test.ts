import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  canShareMemory,
  createFieldEngine,
  createFieldEngineSync,
  createReferenceEngine,
  type FieldEngine,
  MODULUS,
  WasmEngine,
} from '../src/index.ts';
import { ENGINES, sequence } from './engines.ts';

describe.for(ENGINES)('%s', ([, create]) => {
  const withEngine = async (body: (engine: FieldEngine) => void): Promise<void> => {
    const engine = await create();
    try {
      body(engine);
    } finally {
      engine.dispose();
    }
  };

  test('words that were written through a view are checked, wherever they stand', () =>
    withEngine((engine) => {
      for (const rows of [0, 1, 3, 4, 21, 1 << 15]) {
        const matrix = engine.allocate(rows);
        engine.assertCanonical(matrix);
        for (const row of [0, 2, rows - 1]) {
          if (row < 0 || row >= rows) continue;
          for (const value of [0n, MODULUS - 1n, 1n << 63n, MODULUS - 2n]) {
            matrix.view()[row] = value;
            engine.assertCanonical(matrix);
          }
          for (const value of [MODULUS, MODULUS + 1n, 2n ** 64n - 1n]) {
            matrix.view()[row] = value;
            expect(() => {
              engine.assertCanonical(matrix);
            }).toThrow('[FIELD_NOT_CANONICAL]');
          }
          matrix.view()[row] = 0n;
        }
      }
    }));

  test('elements are read, written and refused unless canonical', () =>
    withEngine((engine) => {
      const matrix = engine.from([1n, 2n, 3n, 4n, 5n, 6n], 2);
      expect([matrix.rows, matrix.columns, matrix.size]).toEqual([3, 2, 6]);
      expect([matrix.get(2), matrix.get(0, 1)]).toEqual([3n, 4n]);
      matrix.set(1, MODULUS - 1n, 1);
      expect(matrix.column(1).toArray()).toEqual([4n, MODULUS - 1n, 6n]);
      expect(matrix.column(0).slice(1).toArray()).toEqual([2n, 3n]);
      expect(matrix.reshape(2, 3).column(2).toArray()).toEqual([MODULUS - 1n, 6n]);
      for (const value of [MODULUS, -1n, 1n << 64n]) {
        expect(() => {
          matrix.set(0, value);
        }).toThrow('[FIELD_NOT_CANONICAL]');
        expect(() => engine.from([value])).toThrow('[FIELD_NOT_CANONICAL]');
        expect(() => {
          engine.scaleInto(matrix, matrix, value);
        }).toThrow('[FIELD_NOT_CANONICAL]');
      }
      for (const [row, column] of [
        [3, 0],
        [-1, 0],
        [0, 2],
        [0.5, 0],
      ] as const) {
        expect(() => matrix.get(row, column)).toThrow('[FIELD_SHAPE]');
      }
      expect(() => matrix.column(2)).toThrow('[FIELD_SHAPE]');
      expect(() => matrix.slice(0, 1)).toThrow('[FIELD_SHAPE]');
      expect(() => matrix.column(0).slice(2, 1)).toThrow('[FIELD_SHAPE]');
      expect(() => matrix.reshape(4, 2)).toThrow('[FIELD_SHAPE]');
      expect(() => engine.from([1n, 2n, 3n], 2)).toThrow('[FIELD_SHAPE]');
      expect(() => engine.allocate(-1)).toThrow('[FIELD_SHAPE]');
      expect(() => {
        matrix.write([1n]);
      }).toThrow('[FIELD_SHAPE]');
      expect(() => {
        engine.addInto(matrix, matrix, engine.allocate(2, 3));
      }).toThrow('[FIELD_SHAPE]');
    }));

  test('released matrices and those of another engine are refused', () =>
    withEngine((engine) => {
      const matrix = engine.from([1n]);
      const view = matrix.slice(0);
      view.release();
      expect(matrix.get(0)).toBe(1n);
      matrix.release();
      matrix.release();
      expect(matrix.released).toBe(true);
      for (const each of [matrix, view]) expect(() => each.toArray()).toThrow('[FIELD_RELEASED]');
      const foreign = createReferenceEngine().from([1n]);
      expect(() => {
        engine.addInto(foreign, foreign, foreign);
      }).toThrow('[FIELD_RELEASED]');
    }));

  test('a scope releases what it does not keep, also when it throws', () =>
    withEngine((engine) => {
      const seen: ReturnType<FieldEngine['from']>[] = [];
      const kept = engine.scope((keep) => {
        seen.push(engine.from([1n]));
        return engine.scope((keepInner) => keep(keepInner(engine.from([2n]))));
      });
      expect(kept.get(0)).toBe(2n);
      expect(seen[0]!.released).toBe(true);
      expect(() =>
        engine.scope(() => {
          seen.push(engine.from([3n]));
          throw new Error('expected');
        }),
      ).toThrow('expected');
      expect(seen[1]!.released).toBe(true);
    }));

  test.for([1, 5, 64, 2 ** 15])('what is outside is copied and evaluated, %i rows', (rows) =>
    withEngine((engine) => {
      const values = sequence(4 * rows);
      engine.scope((keep) => {
        const inside = engine.from(values, 4);
        const outside = engine.scope((keepOutside) => keepOutside(engine.reserveOutside(rows, 4)));
        engine.copyInto(outside, inside);
        expect(outside.toArray()).toEqual(values);
        const again = engine.reserveOutside(rows, 4);
        engine.copyInto(again, outside);
        const back = engine.allocate(rows, 4);
        engine.copyInto(back, again);
        expect(back.toArray()).toEqual(values);
        engine.copyInto(back.column(3), again.column(0));
        expect(back.toArray()).toEqual([...values.slice(0, 3 * rows), ...values.slice(0, rows)]);
        if (Number.isInteger(Math.log2(rows))) {
          // A column of zeros takes another way, and of three others one is divided among two threads.
          again.column(1).view().fill(0n);
          engine.copyInto(inside, again);
          for (const options of [{ shift: 7n, input: 'bit-reversed' }, { shift: 3n }] as const) {
            const [want, got] = [engine.allocate(rows, 4), engine.allocate(rows, 4)];
            engine.evaluateInto(want, inside, options);
            engine.evaluateInto(got, again, options);
            expect(got.toArray()).toEqual(want.toArray());
          }
          const [want, got] = [engine.allocate(2 * rows, 4), engine.allocate(2 * rows, 4)];
          engine.evaluatePartsInto(want, [inside, inside], 7n);
          engine.evaluatePartsInto(got, [again, inside], 7n);
          expect(got.toArray()).toEqual(want.toArray());
        }
        keep(outside);
        outside.release();
        expect(outside.released).toBe(true);
        expect(() => {
          engine.copyInto(outside, inside);
        }).toThrow('[FIELD_RELEASED]');
      });
    }),
  );

  test('what is outside is given back with its scope, and used again', () =>
    withEngine((engine) => {
      for (let round = 0; round < 40; round++) {
        engine.scope(() => {
          // 64 MiB, 2.5 GiB in all.
          const outside = engine.reserveOutside(2 ** 20, 8);
          outside.view()[0] = BigInt(round);
          expect(outside.get(0)).toBe(BigInt(round));
        });
      }
      if (engine instanceof WasmEngine) expect(engine.outside.byteLength).toBeLessThan(2 ** 27);
    }));

  test('memory is used again', () =>
    withEngine((engine) => {
      for (let round = 0; round < 200; round++) {
        engine.scope(() => {
          const rows = 1 + ((round * 37) % 5000);
          const a = engine.allocate(rows, 3);
          expect(a.get(rows - 1, 2)).toBe(0n);
          a.set(rows - 1, 1n, 2);
        });
      }
    }));
});

describe('limits', () => {
  test('what is outside has several memories where it needs them, and may be larger than one', () => {
    const engine = createFieldEngineSync();
    const inside = engine.from(sequence(2 ** 15));
    const [first, large, third] = [2 ** 15, 2 ** 27 + 1, 2 ** 26].map((words) => engine.reserveOutside(words));
    for (const outside of [first!, large!.slice(2 ** 27 + 1 - 2 ** 15), third!.slice(5, 5 + 2 ** 15)]) {
      engine.copyInto(outside, inside);
      const back = engine.allocate(2 ** 15);
      engine.copyInto(back, outside);
      expect(back.toArray()).toEqual(inside.toArray());
      expect(() => {
        engine.addInto(back, back, outside);
      }).toThrow('[FIELD_RELEASED]');
    }
    expect(() => engine.reserveOutside(2 ** 36)).toThrow('[FIELD_OUT_OF_MEMORY]');
    expect(first!.get(3)).toBe(inside.get(3));
  });

  test('a full memory throws and stays usable', () => {
    const engine = createFieldEngineSync({ maximumPages: 40 });
    const first = engine.allocate(100_000);
    expect(() => engine.allocate(300_000)).toThrow('[FIELD_OUT_OF_MEMORY]');
    expect(() => engine.allocate(2 ** 36)).toThrow('[FIELD_OUT_OF_MEMORY]');
    first.release();
    const second = engine.from(sequence(200_000));
    engine.addInto(second, second, second);
    expect(second.get(7)).toBe((2n * sequence(8)[7]!) % MODULUS);
  });

  test('the reference engine refuses what it cannot hold', () => {
    expect(() => createReferenceEngine().allocate(2 ** 36, 2 ** 10)).toThrow('[FIELD_OUT_OF_MEMORY]');
  });

  test('options out of range are refused', async () => {
    await expect(createFieldEngine({ threads: 0 })).rejects.toThrow('[FIELD_SIZE]');
    await expect(createFieldEngine({ threads: 65 })).rejects.toThrow('[FIELD_SIZE]');
    expect(() => createFieldEngineSync({ maximumPages: 65537 })).toThrow('[FIELD_SIZE]');
  });

  test('the memory grows by itself and views follow', () => {
    const engine = createFieldEngineSync();
    const small = engine.from([1n, 2n]);
    const large = engine.allocate(1 << 20);
    expect(engine.arena.byteLength).toBeGreaterThan(8 << 20);
    expect(small.toArray()).toEqual([1n, 2n]);
    expect(large.get(1 << 19)).toBe(0n);
  });
});

describe('threads', () => {
  test('large operations give on three threads what they give on one', async () => {
    expect(canShareMemory()).toBe(true);
    const [one, three] = [createFieldEngineSync(), await createFieldEngine({ threads: 3 })];
    expect(three.threads).toBe(3);
    const size = 1 << 15;
    const values = sequence(size).map((value) => (value === 0n ? 1n : value));
    const compute = (engine: FieldEngine): unknown =>
      engine.scope(() => {
        const a = engine.from(values);
        const b = engine.allocate(size);
        engine.inverseInto(b, a);
        const inverses = b.toArray();
        engine.multiplyAddInto(b, a, a, b);
        const matrix = engine.from(values, 8);
        engine.evaluateInPlace(matrix, { shift: 3n, output: 'bit-reversed' });
        const extended = engine.allocate(matrix.rows * 4, 8);
        engine.extendInto(extended, matrix);
        const points = a.slice(0, 2048);
        return [
          inverses,
          b.toArray(),
          engine.sum(a),
          engine.dot(a, b),
          extended.toArray(),
          engine.weigh(matrix, matrix),
          engine.polynomials.evaluate(b.slice(0, 3000), points).toArray(),
        ];
      });
    expect(compute(three)).toEqual(compute(one));
    three.dispose();
  });

  test('columns that do not come out even are divided among threads', async () => {
    const [one, two] = [createFieldEngineSync(), await createFieldEngine({ threads: 2 })];
    for (const [log, columns] of [
      [15, 1],
      [15, 3],
      [16, 1],
      [16, 2],
      [17, 1],
    ] as const) {
      const values = sequence(columns * 2 ** log);
      const compute = (engine: FieldEngine): BigUint64Array[] =>
        engine.scope(() => {
          const a = engine.from(values, columns);
          const results: BigUint64Array[] = [];
          for (const output of ['natural', 'bit-reversed'] as const) {
            for (const input of ['natural', 'bit-reversed'] as const) {
              engine.evaluateInPlace(a, { shift: 7n, input, output });
              results.push(a.view().slice());
              engine.interpolateInPlace(a, { shift: 5n, input, output });
              results.push(a.view().slice());
            }
          }
          const extended = engine.allocate(a.rows * (log === 15 ? 4 : 2), columns);
          engine.extendInto(extended, a);
          results.push(extended.view().slice());
          return results;
        });
      const [got, expected] = [compute(two), compute(one)];
      expect(got.map((each, k) => each.every((value, at) => value === expected[k]![at]))).toEqual(got.map(() => true));
    }
    two.dispose();
  });

  test('kernels loaded later reach all threads', async () => {
    const { i64, v128 } = await import('@commute/wasm');
    const engine = await createFieldEngine({ threads: 3 });
    for (let round = 1; round <= 5; round++) {
      const kernels = engine.load((module) => {
        module.function(
          'mark',
          ['i32'],
          [],
          (f, out) => {
            f.do(i64.store(out, i64.add(i64.load(out), BigInt(round))));
            f.drop(v128.load(out));
          },
          { export: true },
        );
      });
      const cells = engine.allocate(1000);
      engine.run(
        'mark',
        Array.from({ length: 1000 }, (_, i) => [cells.address + 8 * i]),
        kernels,
      );
      expect(cells.toArray()).toEqual(new Array(1000).fill(BigInt(round)));
    }
    engine.dispose();
  });

  test('starting keeps a program alive, idle workers do not', () => {
    const program = `
      const { createFieldEngine } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)});
      const engine = await createFieldEngine({ threads: 3 });
      console.log(engine.sum(engine.from([1n, 2n])));`;
    const options = ['--conditions=@commute/source', '--input-type=module', '--eval', program];
    const { stdout, status } = spawnSync(process.execPath, options, { encoding: 'utf8', timeout: 200_000 });
    expect([stdout, status]).toEqual(['3n\n', 0]);
  });

  test('a kernel that traps is reported', async () => {
    const engine = await createFieldEngine({ threads: 2 });
    const kernels = engine.load((module) => {
      module.function(
        'trap',
        ['i32'],
        [],
        (f) => {
          f.unreachable();
        },
        { export: true },
      );
    });
    const a = engine.from(sequence(1 << 15));
    // Again and again: which threads trap is up to their timing.
    for (let round = 0; round < 50; round++) {
      expect(() => {
        engine.run('trap', [[0], [1], [2]], kernels);
      }).toThrow('[FIELD_WORKER]');
      engine.addInto(a, a, a);
    }
    engine.dispose();
  });
});
