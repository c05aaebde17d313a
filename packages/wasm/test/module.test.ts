import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesFromBase64,
  call,
  compile,
  createMemory,
  createTable,
  type FunctionTable,
  type GlobalVariable,
  type HostFunction,
  i32,
  i64,
  i64x2,
  instantiate,
  ModuleBuilder,
  select,
  v128,
  validate,
} from '../src/index.ts';
import { singleFunction } from './run.ts';

type Numbers = (...values: number[]) => number;

describe('control', () => {
  test('while and repeat count loops as written', () => {
    for (const kind of ['while', 'repeat'] as const) {
      const { run } = singleFunction(['i32'], ['i32'], (f, n) => {
        const left = f.let(i32.add(n, 0));
        const count = f.local('i32');
        const step = (): void => {
          f.set(count, i32.add(count, 1));
          f.set(left, i32.sub(left, 1));
        };
        if (kind === 'while') f.while(() => left, step);
        else
          f.repeat(() => {
            step();
            return left;
          });
        return count;
      });
      for (const n of [0, 1, 2, 10]) {
        if (kind === 'repeat' && n === 0) continue;
        expect((run as Numbers)(n)).toBe(n);
      }
    }
  });

  test('branches leave the block they name', () => {
    const { run } = singleFunction(['i32'], ['i32'], (f, which) => {
      const result = f.local('i32');
      f.block((outer) => {
        f.block((middle) => {
          f.block((inner) => {
            f.branchTable(which, [inner, middle], outer);
          });
          f.set(result, 10);
          f.branch(outer);
        });
        f.set(result, 20);
      });
      return result;
    });
    expect([0, 1, 2, -1].map((n) => (run as Numbers)(n))).toEqual([10, 20, 0, 0]);
  });

  test('if chooses, with or without else, and its label ends it', () => {
    const { run } = singleFunction(['i32'], ['i32'], (f, x) => {
      const result = f.let(i32.const(1));
      f.if(
        i32.lt_s(x, 0),
        (end) => {
          f.branchIf(end, i32.eq(x, -5));
          f.set(result, 2);
        },
        () => {
          f.set(result, 3);
        },
      );
      f.if(i32.eq(x, 7), () => {
        f.return(70);
      });
      return result;
    });
    expect([-1, -5, 0, 7].map((n) => (run as Numbers)(n))).toEqual([2, 1, 3, 70]);
  });

  test('begin and end nest blocks, loops and conditions, deeper than functions may call each other', () => {
    const { run } = singleFunction(['i32'], ['i32'], (f, n) => {
      const sum = f.local('i32');
      const loop = f.begin('loop');
      const labels = Array.from({ length: 20_000 }, () => f.begin('block'));
      const positive = f.begin('if', i32.gt_s(n, 0));
      f.set(sum, i32.add(sum, n));
      f.set(n, i32.sub(n, 1));
      f.branch(loop);
      f.end(positive);
      f.branchIf(labels[0]!, i32.eqz(n));
      f.set(sum, -1);
      for (const label of labels.reverse()) f.end(label);
      f.end(loop);
      return sum;
    });
    expect([10, 0, -3].map((n) => (run as Numbers)(n))).toEqual([55, 0, -1]);
    expect(() =>
      singleFunction([], [], (f) => {
        const outer = f.begin('block');
        f.begin('block');
        f.end(outer);
      }),
    ).toThrow('[WASM_LABEL_CLOSED]');
  });

  test('a label used after its block is refused', () => {
    expect(() =>
      singleFunction([], [], (f) => {
        let stale: unknown;
        f.block((label) => {
          stale = label;
        });
        f.block(() => {
          f.branch(stale as never);
        });
      }),
    ).toThrow('[WASM_LABEL_CLOSED]');
  });

  test('select takes scalars and vectors', () => {
    const { run } = singleFunction(['i32'], ['i64'], (f, x) => {
      const vector = f.let(select(i64x2.const(1n, 2n), i64x2.const(3n, 4n), x));
      return i64.add(i64x2.extract_lane(vector, 1), select(i64.const(10n), i64.const(20n), x));
    });
    expect([0, 1].map((n) => (run as (n: number) => bigint)(n))).toEqual([24n, 12n]);
  });

  test('a body that returns on every path needs no result, and one that reaches unreachable traps', () => {
    const { run } = singleFunction(['i32'], ['i32'], (f, x) => {
      f.if(
        x,
        () => {
          f.return(1);
        },
        () => {
          f.unreachable();
        },
      );
    });
    expect((run as Numbers)(1)).toBe(1);
    expect(() => (run as Numbers)(0)).toThrow(/divi|overflow|unreachable|remainder/);
  });
});

describe('functions', () => {
  test('recursion through a declaration, several results, tail calls', () => {
    const module = new ModuleBuilder();
    const factorial = module.declare('factorial', ['i64'], ['i64']);
    module.define(factorial, (f, n) => {
      f.if(i64.eqz(n), () => {
        f.return(1n);
      });
      return i64.mul(n, call(factorial, i64.sub(n, 1n)));
    });
    module.export('factorial', factorial);
    const swap = module.function('swap', ['i32', 'i32'], ['i32', 'i32'], (_, a, b) => [b, a] as const);
    module.function(
      'difference',
      ['i32', 'i32'],
      ['i32'],
      (f, a, b) => {
        const [x, y] = [f.local('i32'), f.local('i32')];
        f.callInto([x, y], swap, a, b);
        return i32.sub(x, y);
      },
      { export: true },
    );
    const even = module.declare('even', ['i32'], ['i32']);
    const odd = module.declare('odd', ['i32'], ['i32']);
    module.define(even, (f, n) => {
      f.if(i32.eqz(n), () => {
        f.return(1);
      });
      f.returnCall(odd, i32.sub(n, 1));
    });
    module.define(odd, (f, n) => {
      f.if(i32.eqz(n), () => {
        f.return(0);
      });
      f.returnCall(even, i32.sub(n, 1));
    });
    module.export('even', even);
    const exports = instantiate(compile(module.toBytes())) as Readonly<Record<string, HostFunction>>;
    expect((exports['factorial'] as (n: bigint) => bigint)(20n)).toBe(2432902008176640000n);
    expect((exports['difference'] as Numbers)(3, 10)).toBe(7);
    expect((exports['even'] as Numbers)(300001)).toBe(0);
  });

  test('imports, globals, tables and data', () => {
    const module = new ModuleBuilder();
    const log = module.importFunction('env', 'log', ['i32'], []);
    const base = module.importGlobal('env', 'base', 'i32');
    const shared = module.importTable('env', 'table', 1);
    module.importMemory('env', 'memory', { initial: 1 });
    const counter = module.global('i32', 5, 'counter');
    const table = module.table(2, { export: 'functions' });
    const type = { parameters: ['i32'], results: ['i32'] } as const;
    const double = module.function('double', ['i32'], ['i32'], (_, x) => i32.mul(x, 2));
    const square = module.function('square', ['i32'], ['i32'], (_, x) => i32.mul(x, x));
    module.elements(table, 0, [double, square]);
    module.elements(shared, 0, [square]);
    module.data(100, Uint8Array.of(1, 2, 3, 4));
    module.function(
      'apply',
      ['i32', 'i32'],
      ['i32'],
      (f, which, x) => {
        f.setGlobal(counter, i32.add(counter, 1));
        f.do(call(log, x));
        return i32.add(f.callIndirect(table, type, which, x), base);
      },
      { export: true },
    );
    module.function(
      'tail',
      ['i32', 'i32'],
      ['i32'],
      (f, which, x) => {
        f.drop(i32.load(100));
        f.returnCallIndirect(table, type, which, x);
      },
      { export: true },
    );
    const logged: number[] = [];
    const memory = createMemory({ initial: 1 });
    const imported = createTable(1);
    const exports = instantiate(compile(module.toBytes()), {
      env: {
        log: (x) => {
          logged.push(Number(x));
          return undefined;
        },
        base: 1000 as never,
        memory,
        table: imported,
      },
    });
    expect((exports['apply'] as Numbers)(0, 7)).toBe(1014);
    expect((exports['apply'] as Numbers)(1, 7)).toBe(1049);
    expect((exports['tail'] as Numbers)(1, 9)).toBe(81);
    expect((imported.get(0) as Numbers)(6)).toBe(36);
    expect((exports['counter'] as GlobalVariable).value).toBe(7);
    expect((exports['functions'] as FunctionTable).length).toBe(2);
    expect(logged).toEqual([7, 7]);
    expect(new Uint32Array(memory.buffer)[25]).toBe(0x04030201);
  });

  test('a shared memory can be imported', () => {
    const module = new ModuleBuilder();
    module.importMemory('env', 'memory', { initial: 1, maximum: 2, shared: true });
    const memory = createMemory({ initial: 1, maximum: 2, shared: true });
    instantiate(compile(module.toBytes()), { env: { memory } });
  });

  test('mistakes are refused with their codes', () => {
    const module = new ModuleBuilder();
    const open = module.declare('open', [], []);
    expect(() => module.toBytes()).toThrow('open: expected a definition, got none [WASM_FUNCTION_DEFINITION]');
    module.define(open, () => undefined);
    expect(() => {
      module.define(open, () => undefined);
    }).toThrow('[WASM_FUNCTION_DEFINITION]');
    expect(() => module.importFunction('env', 'late', [], [])).toThrow('[WASM_ORDER]');
    const two = module.declare('two', [], ['i32', 'i32']);
    expect(() => call(two)).toThrow('[WASM_TYPE_MISMATCH]');
    expect(() => i32.add(i64.const(1n) as never, 1)).toThrow('[WASM_TYPE_MISMATCH]');
    expect(() => call(open, ...([1] as unknown as []))).toThrow('[WASM_TYPE_MISMATCH]');
  });

  test('code may be consumed once, locals and constants any number of times', () => {
    singleFunction(['i32'], ['i32'], (f, x) => {
      const sum = i32.add(x, x);
      f.drop(sum);
      expect(() => {
        f.drop(sum);
      }).toThrow('[WASM_EXPRESSION_REUSED]');
      const named = f.let(i32.add(x, 1));
      return i32.mul(named, named);
    });
  });
});

describe('emitted functions', () => {
  test('a random straight-line program computes what it computes in JavaScript', () => {
    const operations = ['add', 'sub', 'mul', 'xor', 'and', 'or'] as const;
    const javascript: Readonly<Record<(typeof operations)[number], (a: bigint, b: bigint) => bigint>> = {
      add: (a, b) => a + b,
      sub: (a, b) => a - b,
      mul: (a, b) => a * b,
      xor: (a, b) => a ^ b,
      and: (a, b) => a & b,
      or: (a, b) => a | b,
    };
    const step = fc.tuple(fc.constantFrom(...operations), fc.nat(), fc.nat());
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
        (steps, input) => {
          const values = [input];
          for (const [name, a, b] of steps) {
            values.push(BigInt.asIntN(64, javascript[name](values[a % values.length]!, values[b % values.length]!)));
          }
          const { run } = singleFunction(['i64'], ['i64'], (f, x) => {
            const locals = [x];
            for (const [name, a, b] of steps) {
              locals.push(f.let(i64[name](locals[a % locals.length]!, locals[b % locals.length]!)));
            }
            return locals.at(-1);
          });
          expect((run as (x: bigint) => bigint)(input)).toBe(values.at(-1));
        },
      ),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) },
    );
  });

  test('a function of 200,000 vector instructions is valid', () => {
    const module = new ModuleBuilder();
    module.memory({ initial: 1 });
    module.function('large', ['i32'], [], (f, p) => {
      for (let i = 0; i < 25_000; i++) {
        const x = f.let(v128.load(p, 16 * (i % 100)));
        f.do(v128.store(p, i64x2.add(x, i64x2.extmul_low_i32x4_u(x, x)), 8 * (i % 50)));
      }
    });
    expect(validate(module.toBytes())).toBe(true);
  });
});

test('bytes come back from base 64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(bytesFromBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
    }),
  );
});
