import {
  add,
  createExtensionField,
  createFieldEngineSync,
  createReferenceEngine,
  type ExtensionElement,
  GENERATOR,
  inverse,
  type Matrix,
  MODULUS,
  multiply,
  power,
  rootOfUnity,
  subtract,
  type WasmEngine,
} from '@commute/field';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  committedLogRows,
  coverSums,
  coverTraces,
  hideColumns,
  hidePieces,
  type Hiding,
  hidingFor,
  type RandomBytes,
  randomElements,
  randomPolynomials,
  secureRandomBytes,
  tablesWithSums,
} from '../src/hiding.ts';
import {
  arithmetize,
  column,
  type Column,
  commitTraces,
  completeArithmetization,
  createStarkSystem,
  decodeProof,
  defineTable,
  encodeProof,
  extendTrace,
  type NoColumns,
  numberBuses,
  prepareColumns,
  prove,
  type StarkOptions,
  type StarkProof,
  type StarkSystem,
  type Statement,
  statementOf,
  type StarkVerdict,
  type Table,
  type TableTrace,
  traceFromRows,
  verify,
} from '../src/index.ts';
import { fibonacciTrace, powersTrace, productTrace, rangeTraces, seededBytes } from './tables.ts';

const quick: StarkOptions = { securityBits: 40, queryWork: 4, maximumLogRows: 6, zeroKnowledge: true };
const field = createExtensionField();

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

function systemFor(traces: readonly TableTrace[], options: StarkOptions = quick): StarkSystem {
  return createStarkSystem(
    traces.map(({ table }) => table),
    options,
  );
}

function run(
  traces: readonly TableTrace[],
  options: StarkOptions = quick,
): { system: StarkSystem; statement: Statement; bytes: Uint8Array; verdict: StarkVerdict } {
  const system = systemFor(traces, options);
  const statement = statementOf(engine, system, traces);
  const bytes = prove(engine, system, traces, statement);
  return { system, statement, bytes, verdict: verify(system, statement, bytes) };
}

function decode(system: StarkSystem, bytes: Uint8Array): StarkProof {
  const decoded = decodeProof(system, bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.proof;
}

function withCell(traces: readonly TableTrace[], index: number, at: number, row: number, value: bigint): TableTrace[] {
  return traces.map((each, number) => {
    if (number !== index) return each;
    const main = each.trace.main.map((cells, c) =>
      c === at ? Array.from(cells, (old, r) => (r === row ? value : old)) : cells,
    );
    return { ...each, trace: { ...each.trace, main } };
  });
}

/** Two numbers whose product is known, and nothing else of them. */
const factors: Table<{ a: Column; b: Column }, NoColumns, NoColumns, 'product'> = defineTable({
  name: 'factors',
  columns: { main: { a: column(), b: column() } },
  publicValues: ['product'],
  eval: ({ main: { current }, publicValues, assertEqual }) => {
    assertEqual('product', current.a.multiply(current.b), publicValues.product);
  },
});

function factorsTrace(a: bigint): TableTrace {
  const main = Array.from({ length: 8 }, (_, row) => {
    const left = add(a, BigInt(row));
    return { a: left, b: multiply(35n, inverse(left)) };
  });
  return traceFromRows(factors, { main, publicValues: { product: 35n } });
}

describe('honest proofs that hide are accepted', () => {
  const sets: (readonly [string, () => TableTrace[]])[] = [
    ['Fibonacci', () => [fibonacciTrace(64)]],
    ['height 1', () => [fibonacciTrace(1)]],
    ['lookups in preprocessed columns', () => rangeTraces([1n, 5n, 5n])],
    [
      'all together, with different heights',
      () => [fibonacciTrace(32), ...rangeTraces([3n]), powersTrace(4), productTrace()],
    ],
  ];
  it.each(sets)('%s', (_, traces) => {
    for (const options of [quick, { ...quick, logBlowup: 3, maximumDegree: 5 }, { ...quick, logBlowup: 1 }]) {
      expect(run(traces(), options).verdict.ok).toBe(true);
    }
  });

  it('the same on the reference engine, with the same randomness', () => {
    const traces = [fibonacciTrace(4), ...rangeTraces([3n], 2)];
    const options = { ...quick, securityBits: 20 };
    const system = systemFor(traces, options);
    const statement = statementOf(engine, system, traces);
    const proofs = [engine, createReferenceEngine()].map((each) =>
      prove(each, system, traces, statement, {}, { random: seededBytes(7n) }),
    );
    expect(proofs[0]).toEqual(proofs[1]);
    expect(verify(system, statement, proofs[0]!).ok).toBe(true);
  });

  it('and no two are alike', () => {
    const traces = rangeTraces([1n, 5n]);
    const { system, statement, bytes } = run(traces);
    const other = prove(engine, system, traces, statement);
    const [a, b] = [decode(system, bytes), decode(system, other)];
    expect(a.roots[0]).not.toEqual(b.roots[0]);
    expect(a.terminals).not.toEqual(b.terminals);
    // No opened element of either is among those of the other.
    const elementsOf = (proof: StarkProof): bigint[] =>
      proof.opening.batches.slice(1).flatMap(({ rows }) => rows.flat(2));
    const seen = new Set(elementsOf(a));
    expect(elementsOf(b).filter((each) => seen.has(each))).toEqual([]);
    // Without zero knowledge all of it is the same.
    const open = systemFor(traces, { ...quick, zeroKnowledge: false });
    expect(prove(engine, open, traces, statementOf(engine, open, traces))).toEqual(
      prove(engine, open, traces, statementOf(engine, open, traces)),
    );
  });

  it('with columns prepared before, and exposed buses, whose sums are not covered', () => {
    const traces = rangeTraces([1n, 5n]);
    const system = systemFor(traces, { ...quick, exposedBuses: ['range'] });
    const statement = statementOf(engine, system, traces);
    const external = { challenges: { 'exposed offset': [5n, 6n, 7n], 'exposed ratio': [8n, 9n, 10n] } };
    const prepared = prepareColumns(engine, system, traces);
    expect(prepared.key).toEqual(statement.preprocessed);
    const verdicts = [1, 2].map(() =>
      verify(system, statement, prove(engine, system, traces, statement, external, { prepared }), external),
    );
    prepared.release();
    expect(verdicts[0]).toMatchObject({ ok: true, exposed: { sum: field.zero } });
    expect(verdicts[1]).toEqual(verdicts[0]);
    const wrong = withCell(traces, 0, 0, 0, 77n);
    const verdict = verify(system, statement, prove(engine, system, wrong, statement, external), external);
    expect(verdict.ok && !field.equals(verdict.exposed.sum, field.zero)).toBe(true);
  });

  it('once for a commitment, since two would open more than is covered', () => {
    const traces = [fibonacciTrace(4)];
    const system = systemFor(traces);
    const committed = commitTraces(engine, system, traces, statementOf(engine, system, traces));
    committed.prove();
    expect(() => committed.prove()).toThrow('STARK_TRACE');
    committed.release();
  });
});

describe('wrong statements are refused as they are without zero knowledge', () => {
  it.each([
    ['first row', 0, 0],
    ['transition', 1, 3],
    ['last row', 1, 7],
  ])('a cell that breaks a constraint: %s', (_, cell, row) => {
    expect(run(withCell([fibonacciTrace(8)], 0, cell, row, 99n)).verdict).toEqual({ ok: false, reason: 'constraints' });
  });

  it('a cell that breaks a constraint on every row, in any row', () => {
    for (let row = 0; row < 4; row++) {
      expect(run(withCell([powersTrace(4)], 0, 1, row, 99n)).verdict).toEqual({ ok: false, reason: 'constraints' });
    }
  });

  it('a value outside of the range, a count that is off', () => {
    const range = rangeTraces([1n, 5n]);
    expect(run(withCell(range, 0, 0, 0, 77n)).verdict).toEqual({ ok: false, reason: 'buses' });
    expect(run(withCell(range, 1, 0, 5, 2n)).verdict).toEqual({ ok: false, reason: 'buses' });
  });

  it('other public values, heights, preprocessed columns', () => {
    const { system, bytes, statement } = run([fibonacciTrace(8)]);
    expect(verify(system, { publicValues: [{ result: 35n }] }, bytes).ok).toBe(false);
    expect(verify(system, { ...statement, logRows: [3] }, bytes).ok).toBe(true);
    expect(verify(system, { ...statement, logRows: [4] }, bytes)).toEqual({ ok: false, reason: 'other-heights' });
    const lookup = run(rangeTraces([1n, 5n]));
    const root = lookup.statement.preprocessed!.roots[0]!.slice();
    root[0]! ^= 1;
    const other = { ...lookup.statement, preprocessed: { ...lookup.statement.preprocessed!, roots: [root] } };
    expect(verify(lookup.system, other, lookup.bytes).ok).toBe(false);
  });

  it('sums moved between tables, or forged to cancel', () => {
    const { system, statement, bytes } = run(rangeTraces([1n, 5n]));
    const proof = decode(system, bytes);
    const [a, b] = proof.terminals as [ExtensionElement, ExtensionElement];
    for (const terminals of [
      [b, a],
      [field.zero, field.zero],
      [field.add(a, field.one), field.subtract(b, field.one)],
    ]) {
      expect(verify(system, statement, encodeProof(system, { ...proof, terminals })).ok).toBe(false);
    }
  });

  it('proofs of the system that does not hide, and the other way round', () => {
    const traces = [fibonacciTrace(8)];
    const hiding = run(traces);
    const open = run(traces, { ...quick, zeroKnowledge: false });
    expect(verify(open.system, open.statement, hiding.bytes).ok).toBe(false);
    expect(verify(hiding.system, hiding.statement, open.bytes).ok).toBe(false);
  });

  it('changed bytes', () => {
    const { system, statement, bytes } = run(rangeTraces([1n, 5n], 2), { ...quick, securityBits: 20 });
    const stride = Math.ceil(bytes.length / 200);
    for (let at = 0; at < bytes.length; at += stride) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(verify(system, statement, changed).ok, String(at)).toBe(false);
      expect(verify(system, statement, bytes.slice(0, at)).ok).toBe(false);
    }
  });
});

describe('a system with zero knowledge', () => {
  it('counts the higher degree, and everything that is added', () => {
    const traces = rangeTraces([1n]);
    const [open, hiding] = [false, true].map((zeroKnowledge) =>
      systemFor(traces, { securityBits: 100, maximumLogRows: 16, maximumDegree: 3, zeroKnowledge }),
    ) as [StarkSystem, StarkSystem];
    expect(open.parameters.maximumLogRows).toBe(16);
    expect(hiding.parameters.maximumLogRows).toBe(17);
    expect(hiding.hiding).toEqual(hidingFor(hiding.parameters.queries, 3));
    expect(hiding.parameters.report.best.bits).toBeGreaterThanOrEqual(100);
    expect(hiding.parameters.maximumFunctions).toBeGreaterThan(open.parameters.maximumFunctions);
    expect(hiding.description).toContain(`hiding=${String(hiding.hiding!.column)}+`);
  });

  it('has room for tables up to the height asked for, and no higher', () => {
    const system = systemFor([fibonacciTrace(64)]);
    expect(2 ** system.parameters.maximumLogRows).toBeGreaterThanOrEqual(
      64 + system.hiding!.column + system.hiding!.piece,
    );
    const high = [fibonacciTrace(1 << 12)];
    expect(() => prove(engine, system, high, statementOf(engine, system, high))).toThrow('COMMIT_SECURITY');
  });

  it('refuses degrees that leave no room, and names that it uses', () => {
    const { table } = fibonacciTrace(2);
    expect(() => createStarkSystem([table], { ...quick, maximumDegree: 5 })).toThrow('STARK_DEGREE');
    const taken = defineTable({
      name: 'taken',
      columns: { main: { a: column() } },
      eval: ({ main, send }) => {
        send('zero knowledge', [main.current.a]);
      },
    });
    expect(() => createStarkSystem([taken], quick)).toThrow('STARK_TABLE');
  });
});

/** The rank of rows of elements. */
function rankOf(rows: readonly (readonly bigint[])[]): number {
  const left = rows.map((row) => [...row]);
  let rank = 0;
  for (let at = 0; at < (left[0]?.length ?? 0); at++) {
    const pivot = left.findIndex((row, index) => index >= rank && row[at] !== 0n);
    if (pivot < 0) continue;
    [left[rank], left[pivot]] = [left[pivot]!, left[rank]!];
    const scale = inverse(left[rank]![at]!);
    for (let index = rank + 1; index < left.length; index++) {
      const factor = multiply(left[index]![at]!, scale);
      if (factor === 0n) continue;
      left[index] = left[index]!.map((value, k) => subtract(value, multiply(factor, left[rank]![k]!)));
    }
    rank++;
  }
  return rank;
}

/** Randomness that is 0 but for element `which`, which is 1. */
function unitBytes(which: number): RandomBytes {
  let at = 0;
  return (bytes) => {
    bytes.fill(0);
    const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
    if (which >= at && which < at + words.length) words[which - at] = 1n;
    at += words.length;
  };
}

/** What shows of a column of coefficients: its values at base points, and the coefficients of those at points of the extension. */
function viewOf(matrix: Matrix, index: number, base: readonly bigint[], wide: readonly ExtensionElement[]): bigint[] {
  const coefficients = matrix.column(index).toArray();
  const at = (point: ExtensionElement): ExtensionElement =>
    coefficients.reduceRight<ExtensionElement>(
      (sum, each) => field.add(field.multiply(sum, point), field.fromBase(each)),
      field.zero,
    );
  return [...base.map((point) => at(field.fromBase(point))[0]!), ...wide.flatMap(at)];
}

describe('what is opened is uniform, as a matter of linear algebra', () => {
  const queries = 4;
  const rows = 8;
  const hiding: Hiding = hidingFor(queries, 3);
  const committed = 2 ** committedLogRows(hiding, 3);
  const blowup = 4;
  const root = rootOfUnity(Math.log2(committed * blowup));
  const opened = [3, 17, 40, 101].map((index) => multiply(GENERATOR, power(root, BigInt(index))));
  const step = rootOfUnity(3);
  const z: ExtensionElement = [5n, 7n, 11n];

  it('columns: at the rows of the queries and those after them, and at both points outside of the domain', () => {
    const base = [...opened, ...opened.map((point) => multiply(point, step))];
    const wide = [z, field.scale(z, step)];
    const views = Array.from({ length: hiding.column }, (_, which) => {
      const hidden = hideColumns(engine, engine.allocate(rows), committed, hiding.column, unitBytes(which));
      return viewOf(hidden, 0, base, wide);
    });
    expect(views[0]).toHaveLength(2 * queries + 6);
    expect(rankOf(views)).toBe(2 * queries + 6);
    // One random coefficient less would not do.
    expect(rankOf(views.slice(1))).toBe(2 * queries + 5);
  });

  it('columns of each instance of a joint proof: also at the powers of its queries, so all the more their sums', () => {
    const instances = 4;
    const joint = rootOfUnity(Math.log2(instances * committed * blowup));
    const points = [3, 170, 40, 401].map((index) => multiply(GENERATOR, power(joint, BigInt(index))));
    const powers = points.map((point) => power(point, BigInt(instances)));
    const base = [...powers, ...powers.map((point) => multiply(point, step))];
    const wide = [z, field.scale(z, step)];
    const hidden = Array.from({ length: hiding.column }, (_, which) =>
      hideColumns(engine, engine.allocate(rows), committed, hiding.column, unitBytes(which)),
    );
    expect(rankOf(hidden.map((each) => viewOf(each, 0, base, wide)))).toBe(2 * queries + 6);
    // What is opened: Σ x^j·f_j(x^s) at each query, and all f_j at the points outside of the domain.
    const views = Array.from({ length: instances }, (_, j) =>
      hidden.map((each) => {
        const values = viewOf(each, 0, powers, wide);
        const sums = values.slice(0, queries).map((value, k) => multiply(value, power(points[k]!, BigInt(j))));
        const outside = Array.from({ length: instances }, (__, other) =>
          values.slice(queries).map((value) => (other === j ? value : 0n)),
        );
        return [...sums, ...outside.flat()];
      }),
    );
    expect(rankOf(views.flat())).toBe(queries + 6 * instances);
  });

  it('and columns keep their values', () => {
    const values = Array.from({ length: rows }, (_, row) => BigInt(row * row + 1));
    const hidden = hideColumns(engine, engine.from(values), committed, hiding.column, secureRandomBytes);
    const domain = Array.from({ length: rows }, (_, row) => power(step, BigInt(row)));
    expect(viewOf(hidden, 0, domain, [])).toEqual(values);
  });

  it('pieces of a quotient: all but the last are uniform, and that one is what the quotient demands', () => {
    const pieces = 3;
    const length = committed - hiding.piece;
    const quotient = (): Matrix => {
      const matrix = engine.allocate(committed, 3 * pieces);
      // 2·length coefficients and some, so that the last piece has room.
      for (let at = 0; at < 2 * committed; at++) {
        for (let k = 0; k < 3; k++) {
          matrix.set(at % committed, BigInt(at * at + k), 3 * Math.floor(at / committed) + k);
        }
      }
      return matrix;
    };
    const before = quotient();
    const seen = (matrix: Matrix, piece: number): bigint[] =>
      [0, 1, 2].flatMap((k) => viewOf(matrix, 3 * piece + k, opened, [z]));
    const honest = hidePieces(engine, quotient(), hiding, (bytes) => bytes.fill(0));
    const count = 3 * (pieces - 1) * hiding.piece;
    const views = Array.from({ length: count }, (_, which) => {
      const hidden = hidePieces(engine, quotient(), hiding, unitBytes(which));
      const difference = [0, 1].flatMap((piece) => {
        const zero = seen(honest, piece);
        return seen(hidden, piece).map((value, at) => subtract(value, zero[at]!));
      });
      // They add up to the quotient still.
      for (const point of [opened[0]!, 12345n]) {
        for (let k = 0; k < 3; k++) {
          const sum = (matrix: Matrix, by: number): bigint =>
            Array.from({ length: pieces }, (_, piece) =>
              multiply(viewOf(matrix, 3 * piece + k, [point], [])[0]!, power(point, BigInt(by * piece))),
            ).reduce(add);
          expect(sum(hidden, length)).toBe(sum(before, committed));
        }
      }
      return difference;
    });
    expect(rankOf(views)).toBe(3 * (pieces - 1) * (queries + 3));
  });

  it('sums of tables: all but the last are uniform, and all add up to what they should', () => {
    const traces = [...rangeTraces([1n, 5n]), ...rangeTraces([2n])].map((each, index) => ({
      ...each,
      table: { ...each.table, name: `table ${String(index)}` },
    }));
    const tables = traces.map(({ table }) => table);
    const covered = coverSums(tables, []);
    const buses = numberBuses(covered);
    const challenges: ExtensionElement[] = [
      [123n, 456n, 789n],
      [1011n, 1213n, 1415n],
    ];
    const sumsFor = (random: RandomBytes): ExtensionElement[] =>
      coverTraces(
        traces.map(({ trace }) => trace),
        tablesWithSums(tables, []),
        random,
      ).map((trace, index) => {
        const arithmetization = arithmetize(covered[index]!, { maximumDegree: 4, buses });
        return completeArithmetization(arithmetization, extendTrace(arithmetization, trace), challenges).terminal;
      });
    const zero = sumsFor((bytes) => bytes.fill(0));
    const views = Array.from({ length: 9 }, (_, which) => {
      const sums = sumsFor(unitBytes(which));
      expect(sums.reduce(field.add, field.zero)).toEqual(zero.reduce(field.add, field.zero));
      return sums.slice(0, 3).flatMap((sum, index) => field.subtract(sum, zero[index]!));
    });
    expect(rankOf(views)).toBe(9);
  });

  it('covers of the low-degree test: any polynomial of full degree', () => {
    const views = Array.from({ length: 8 }, (_, which) => randomPolynomials(engine, 8, 1, unitBytes(which)).toArray());
    expect(rankOf(views)).toBe(8);
  });
});

describe('what is opened does not tell one witness from another', () => {
  const BINS = 16;
  const PROOFS = 24;
  const options: StarkOptions = { ...quick, securityBits: 20, maximumLogRows: 3 };

  /** How often opened elements of main, auxiliary and quotient columns, and of the claimed values, fall into each of equal parts of the field. */
  function histogram(a: bigint, zeroKnowledge: boolean, seed: bigint): number[] {
    const traces = [factorsTrace(a)];
    const system = systemFor(traces, { ...options, zeroKnowledge });
    const statement = statementOf(engine, system, traces);
    const counts = new Array<number>(BINS).fill(0);
    const random = seededBytes(seed);
    for (let proof = 0; proof < PROOFS; proof++) {
      const { opening } = decode(system, prove(engine, system, traces, statement, {}, { random }));
      // Of the rows one of each element: those of the tables, without what is random in any case.
      const rows = opening.batches.flatMap((batch) => batch.rows.slice(0, 1).flat(2));
      for (const element of [...rows, ...opening.evaluations.flat(4)]) {
        counts[Number((element * BigInt(BINS)) / MODULUS)]!++;
      }
    }
    return counts;
  }

  /** Pearson's statistic of two samples, with BINS - 1 degrees of freedom. */
  function chiSquare(a: readonly number[], b: readonly number[]): number {
    const [sumA, sumB] = [a, b].map((each) => each.reduce((sum, count) => sum + count, 0)) as [number, number];
    return a.reduce((total, count, bin) => {
      const both = count + b[bin]!;
      const expected = (both * sumA) / (sumA + sumB);
      return total + (count - expected) ** 2 / expected + (b[bin]! - (both - expected)) ** 2 / (both - expected);
    }, 0);
  }

  // 99.99 % of the distribution with 15 degrees of freedom lie below.
  const CRITICAL = 44.3;

  it('by the distribution of all opened elements', () => {
    const [one, two] = [histogram(5n, true, 1n), histogram(700n, true, 2n)];
    const uniform = new Array<number>(BINS).fill(one.reduce((sum, count) => sum + count, 0) / BINS);
    expect(chiSquare(one, two)).toBeLessThan(CRITICAL);
    expect(chiSquare(one, uniform)).toBeLessThan(CRITICAL);
  });

  it('which would tell them apart without zero knowledge', () => {
    expect(chiSquare(histogram(5n, false, 1n), histogram(700n, false, 2n))).toBeGreaterThan(CRITICAL);
  });
});

it('elements are drawn by rejection', () => {
  const draws = [0xffffffff_ffffffffn, 0xffffffff_00000001n, 5n];
  const random: RandomBytes = (bytes) => {
    new BigUint64Array(bytes.buffer, bytes.byteOffset, 1)[0] = draws.shift()!;
  };
  expect([...randomElements(random, 1)]).toEqual([5n]);
  const many = randomElements(secureRandomBytes, 20_000);
  expect(new Set(many).size).toBe(20_000);
  expect(many.every((each) => each < MODULUS)).toBe(true);
});
