/**
 * Field arithmetic and transforms beside yardsticks measured in the same run: @noble/curves, bigint, and a native scalar
 * program where a C compiler is found.
 *
 * Run with `node --conditions=@commute/source bench/field.bench.ts`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExtensionField, createFieldEngine, createFieldEngineSync, MODULUS, rootOfUnity } from '@commute/field';
import { FFT, rootsOfUnity } from '@noble/curves/abstract/fft.js';
import { Field } from '@noble/curves/abstract/modular.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 8);
const LOG = 18;
const SIZE = 2 ** LOG;

function sequence(length: number): bigint[] {
  let state = 1n;
  return Array.from({ length }, () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return (state ^ (state >> 29n)) % MODULUS;
  });
}

function assert(condition: boolean, what: string): void {
  if (!condition) throw new Error(`wrong answer: ${what}`);
}

/** Milliseconds of the fastest of `times` runs. */
function fastest(times: number, body: () => void): number {
  let best = Infinity;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    body();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

interface Native {
  readonly transform: number;
  readonly multiply: number;
  readonly digest: string;
}

/** Compilers and options that are tried; the fastest program is the yardstick. */
const COMPILATIONS = ['clang', 'gcc'].flatMap((compiler) =>
  [['-O3'], ['-O3', '-march=native'], ['-O3', '-march=native', '-fno-tree-vectorize']].map(
    (options) => [compiler, options] as const,
  ),
);

/** Compiles the native yardstick into a temporary folder; gives a function that runs it, or nothing. */
function nativeYardstick(): { run: () => Native; remove: () => void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'field-bench-'));
  const source = join(import.meta.dirname, 'native.c');
  const programs = COMPILATIONS.flatMap(([compiler, options], index) => {
    const program = join(folder, `native${String(index)}`);
    return spawnSync(compiler, [...options, '-o', program, source]).status === 0 ? [program] : [];
  });
  const remove = (): void => {
    rmSync(folder, { recursive: true });
  };
  if (programs.length === 0) {
    remove();
    return undefined;
  }
  const run = (): Native =>
    programs
      .map((program) => JSON.parse(spawnSync(program, ['10']).stdout.toString()) as Native)
      .reduce((x, y) => ({
        transform: Math.min(x.transform, y.transform),
        multiply: Math.min(x.multiply, y.multiply),
        digest: x.digest === y.digest ? x.digest : 'unequal',
      }));
  return { run, remove };
}

const one = createFieldEngineSync();
const two = await createFieldEngine({ threads: 2 });
const native = nativeYardstick();
const values = sequence(SIZE);
const best = new Map<string, number>();
const record = (name: string, time: number): void => {
  best.set(name, Math.min(best.get(name) ?? Infinity, time));
};
const of = (name: string): number => best.get(name)!;

// Answers first.
const noble = FFT(rootsOfUnity(Field(MODULUS), 7n), Field(MODULUS));
const column = one.from(values);
one.evaluateInPlace(column);
const nobleValues = noble.direct(values, false, false);
assert(rootOfUnity(31) === rootsOfUnity(Field(MODULUS), 7n).omega(31), 'root of unity');
assert(
  column.toArray().every((value, i) => value === nobleValues[i]),
  'transform and @noble/curves',
);
if (native !== undefined) {
  const check = one.from(Array.from({ length: SIZE }, (_, i) => BigInt(i)));
  // The native program leaves its radix-4 order: bit-reversed, as ours.
  one.evaluateInPlace(check, { output: 'bit-reversed' });
  const digest = check.toArray().reduceRight((sum, value) => (sum * 7n + value) % MODULUS, 0n);
  assert(String(digest) === native.run().digest, 'transform and native program');
  check.release();
}

// 1024 elements stay in the first-level cache.
const small = sequence(1024);
const [a, b, c] = [one.from(small), one.from(small.toReversed()), one.allocate(1024)];
const field = createExtensionField();
const cubic = one.extension(field);
const [x, y, z] = [a, b, c].map(() => one.from(sequence(3072), 3)) as [typeof a, typeof a, typeof a];
const large = one.from(values);
const inverses = one.allocate(SIZE);
const columns = two.from(sequence(16 * 2 ** 16), 16);
const singleColumns = one.from(columns.toArray(), 16);
const half = [one.from(sequence(SIZE)), one.from(sequence(SIZE - 7).toReversed())] as const;

for (let round = 0; round < ROUNDS; round++) {
  const perElement = (name: string, count: number, body: () => void): void => {
    record(
      name,
      (fastest(5, () => {
        for (let i = 0; i < 100; i++) body();
      }) /
        100 /
        count) *
        1e6,
    );
  };
  perElement('multiply', 1024, () => {
    one.multiplyInto(c, a, b);
  });
  perElement('scale', 1024, () => {
    one.scaleInto(c, a, 12345n);
  });
  perElement('add', 1024, () => {
    one.addInto(c, a, b);
  });
  perElement('cubic multiply', 1024, () => {
    cubic.multiplyInto(z, x, y);
  });
  record(
    'bigint multiply',
    (fastest(3, () => {
      let sum = 1n;
      for (let k = 0; k < 20; k++) for (const value of small) sum = (sum * value) % MODULUS;
      assert(sum > 0n, 'product of elements other than zero');
    }) /
      20_480) *
      1e6,
  );
  record(
    'transform',
    fastest(8, () => {
      one.evaluateInPlace(large, { output: 'bit-reversed' });
    }),
  );
  record(
    'transform from bit-reversed order',
    fastest(8, () => {
      one.evaluateInPlace(large, { input: 'bit-reversed' });
    }),
  );
  record(
    'transform, natural order',
    fastest(8, () => {
      one.evaluateInPlace(large);
    }),
  );
  record(
    'inverse, natural order',
    fastest(5, () => {
      one.interpolateInPlace(large);
    }),
  );
  record(
    'batch inversion',
    (fastest(3, () => {
      one.inverseInto(inverses, large);
    }) /
      SIZE) *
      1e6,
  );
  record(
    '16 columns, one thread',
    fastest(4, () => {
      one.evaluateInPlace(singleColumns, { output: 'bit-reversed' });
    }),
  );
  record(
    '16 columns, two threads',
    fastest(4, () => {
      two.evaluateInPlace(columns, { output: 'bit-reversed' });
    }),
  );
  if (round < 2) {
    record(
      '@noble/curves',
      fastest(3, () => void noble.direct(values, false, true)),
    );
    record(
      '@noble/curves, natural order',
      fastest(3, () => void noble.direct(values, false, false)),
    );
    record(
      '@noble/curves from bit-reversed order',
      fastest(3, () => void noble.direct(values, true, false)),
    );
    record(
      'half-gcd',
      fastest(1, () => {
        one.scope(() => one.polynomials.extendedGcd(...half));
      }),
    );
    record(
      'points',
      fastest(1, () => {
        one.scope(() => one.polynomials.evaluate(large, half[0]));
      }),
    );
    record(
      'interpolate',
      fastest(1, () => {
        one.scope(() => one.polynomials.interpolate(half[0], large));
      }),
    );
  }
  if (native !== undefined) {
    const { transform, multiply } = native.run();
    record('native transform', transform);
    record('native multiply', multiply);
  }
}

const line = (text: string, ...ratios: string[]): void => {
  console.log([text, ...ratios].join('   '));
};
const ms = (name: string): string => `${name}: ${of(name).toFixed(2)} ms`;
const ns = (name: string): string => `${name}: ${of(name).toFixed(2)} ns`;
const times = (slow: string, fast: string): string => `${(of(slow) / of(fast)).toFixed(2)} × faster than ${slow}`;
console.log(`node ${process.version}, minima of ${String(ROUNDS)} interleaved rounds; transforms of 2^${String(LOG)}`);
line(ns('multiply'), times('bigint multiply', 'multiply'));
line(ns('scale'));
line(ns('add'));
line(ns('cubic multiply'));
line(ns('batch inversion'), `${(of('batch inversion') / of('multiply')).toFixed(1)} multiplications each`);
line(ms('transform'), `${times('@noble/curves', 'transform')} (bar: 80)`);
if (native !== undefined) {
  line(
    ms('native transform'),
    `ours takes ${(of('transform') / of('native transform')).toFixed(2)} × its time (bar: 2)`,
  );
  line(ns('native multiply'));
}
line(
  ms('transform from bit-reversed order'),
  times('@noble/curves from bit-reversed order', 'transform from bit-reversed order'),
);
line(ms('transform, natural order'), `${times('@noble/curves, natural order', 'transform, natural order')} (bar: 80)`);
line(ms('inverse, natural order'));
line(ms('16 columns, one thread'), '2^16 rows');
line(ms('16 columns, two threads'), times('16 columns, one thread', '16 columns, two threads'));
line(ms('half-gcd'), 'two polynomials of 2^18 coefficients with Bezout coefficients');
line(ms('points'), '2^18 coefficients at 2^18 points');
line(ms('interpolate'), '2^18 points');
console.log(`memory of the one-thread engine: ${(one.arena.byteLength / 2 ** 20).toFixed(0)} MiB`);
native?.remove();
two.dispose();
