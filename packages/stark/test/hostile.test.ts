import { seeded } from '@commute-tools/build/seed';
import { createFieldEngineSync, type ExtensionElement, rootOfUnity, type WasmEngine } from '@commute/field';
import { BLAKE3, type HashFunction } from '@commute/poly-commit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkTraces,
  column,
  createStarkSystem,
  defineTable,
  prove,
  publicSum,
  type StarkOptions,
  type StarkSystem,
  type Statement,
  statementOf,
  type Table,
  type TableTrace,
  traceFromRows,
  verify,
} from '../src/index.ts';
import { checkAtPoint } from '../src/verifier.ts';
import { fibonacciTrace, numbersFrom, rangeTraces, seededBytes, values } from './tables.ts';

const quick: StarkOptions = { securityBits: 30, queryWork: 2, maximumLogRows: 6 };

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

function systemFor(traces: readonly TableTrace[], options: StarkOptions): StarkSystem {
  return createStarkSystem(
    traces.map(({ table }) => table),
    options,
  );
}

const zeros = defineTable({
  name: 'zeros',
  columns: { main: { a: column(), b: column() } },
  eval: ({ main: { current, next }, assertZero, onFirstRow, onTransition }) => {
    onFirstRow.assertZero('begins with zero', current.a);
    onTransition.assertEqual('cubes', next.a, current.a.multiply(current.a).multiply(current.a));
    assertZero('product', current.a.multiply(current.b));
  },
});
const silent = defineTable({
  name: 'silent',
  columns: { main: { a: column() } },
  eval: () => {
    // Nothing is demanded.
  },
});
const trivial = defineTable({
  name: 'trivial',
  columns: { main: { a: column() } },
  eval: ({ main: { current }, assertZero }) => {
    assertZero('nothing', current.a.subtract(current.a));
  },
});

const rowsOf = (count: number, a = 0n): { a: bigint; b: bigint }[] =>
  Array.from({ length: count }, () => ({ a, b: 0n }));
const oneColumn = (table: Table<{ a: ReturnType<typeof column> }>, count: number): TableTrace =>
  traceFromRows(table, { main: Array.from({ length: count }, (_, row) => ({ a: BigInt(row) })) });

describe('degenerate tables are proved', () => {
  const sets: (readonly [string, () => TableTrace[]])[] = [
    ['zero polynomials', () => [traceFromRows(zeros, { main: rowsOf(16) })]],
    ['a single row of zeros', () => [traceFromRows(zeros, { main: rowsOf(1) })]],
    ['a single row', () => [fibonacciTrace(1)]],
    ['two rows', () => [fibonacciTrace(2)]],
    ['no constraints at all', () => [oneColumn(silent, 8)]],
    ['no constraints on a single row', () => [oneColumn(silent, 1)]],
    ['a constraint that says nothing', () => [oneColumn(trivial, 4)]],
    ['a bus on which nothing is sent', () => rangeTraces([])],
    [
      'the same from a single row',
      () => [traceFromRows(values, { main: [{ value: 0n, used: 0n }] }), rangeTraces([])[1]!],
    ],
    ['heights as different as can be', () => [fibonacciTrace(64), traceFromRows(zeros, { main: rowsOf(1) })]],
  ];
  it.each(sets)('%s', (_, make) => {
    const traces = make();
    expect(checkTraces(traces)).toEqual({ ok: true });
    for (const options of [quick, { ...quick, zeroKnowledge: true }, { ...quick, logBlowup: 1 }]) {
      const system = systemFor(traces, options);
      const statement = statementOf(engine, system, traces);
      expect(verify(system, statement, prove(engine, system, traces, statement)).ok).toBe(true);
    }
  });

  it.each([
    ['zero polynomials but for one cell', (): TableTrace[] => [traceFromRows(zeros, { main: rowsOf(16, 1n) })]],
    ['a single row', (): TableTrace[] => [traceFromRows(zeros, { main: rowsOf(1, 1n) })]],
  ])('and refused where they are wrong: %s', (_, make) => {
    const traces = make();
    for (const options of [quick, { ...quick, zeroKnowledge: true }]) {
      const system = systemFor(traces, options);
      const statement = statementOf(engine, system, traces);
      const verdict = verify(system, statement, prove(engine, system, traces, statement));
      expect(verdict).toEqual({ ok: false, reason: 'constraints' });
    }
  });

  it('but not one without rows', () => {
    expect(() => traceFromRows(zeros, { main: [] })).toThrow('STARK_TRACE');
    const empty = { table: zeros, trace: { rows: 0, main: [[], []], preprocessed: [], publicValues: [] } };
    const system = systemFor([empty], quick);
    expect(() => prove(engine, system, [empty], { publicValues: [{}] })).toThrow('STARK_TRACE');
  });
});

describe('challenges that hit what they must not', () => {
  it('a point on the rows of a table, where zerofiers are zero', () => {
    const traces = [fibonacciTrace(8)];
    const system = systemFor(traces, quick);
    const { field } = system.parameters;
    const [arithmetization] = system.arithmetizations;
    const row: ExtensionElement[] = arithmetization!.names.main.map(() => field.one);
    const verdictAt = (point: ExtensionElement): string | undefined =>
      checkAtPoint(
        system,
        arithmetization!,
        3,
        point,
        new Array<ExtensionElement>(9).fill(field.zero),
        arithmetization!.constraints.map(() => field.one),
        {
          main: [row, row],
          auxiliary: [[], []],
          preprocessed: [[], []],
          publicValues: [1n],
          challenges: [],
          terminal: field.zero,
          exposed: [],
        },
      );
    let point = field.one;
    for (let at = 0; at < 8; at++) {
      expect(verdictAt(point)).toBe('unlucky-challenge');
      point = field.scale(point, rootOfUnity(3));
    }
    expect(verdictAt([2n, 3n, 4n])).toBe('constraints');
  });

  it('an offset that is the fingerprint of a message of the statement', () => {
    const { field } = systemFor([fibonacciTrace(2)], quick).parameters;
    const message = { bus: 'range', direction: 'send', tuple: [5n], multiplicity: 1n } as const;
    const buses = new Map([['range', 1]]);
    const ratio = [3n, 1n, 4n];
    const offset = field.add(field.one, field.scale(ratio, 5n));
    expect(publicSum([message], buses, [offset, ratio], field)).toBeUndefined();
    expect(publicSum([{ ...message, tuple: [6n] }], buses, [offset, ratio], field)).toBeDefined();
  });

  it('an offset from outside that is the fingerprint of a message of a table', () => {
    const traces = rangeTraces([5n]);
    const system = systemFor(traces, { ...quick, exposedBuses: ['range'] });
    const statement = statementOf(engine, system, traces);
    const { field } = system.parameters;
    const ratio = [3n, 1n, 4n];
    const external = {
      challenges: { 'exposed offset': field.add(field.one, field.scale(ratio, 5n)), 'exposed ratio': ratio },
    };
    expect(() => prove(engine, system, traces, statement, external)).toThrow('FIELD_DIVISION_BY_ZERO');
  });
});

describe('bytes from anybody', () => {
  /** Digests computed since this was set to 0: what a verifier's time goes into. */
  let digests = 0;
  const counted: HashFunction = {
    name: 'counted BLAKE3',
    digest: (bytes) => {
      digests++;
      return BLAKE3.digest(bytes);
    },
  };
  const tiny: StarkOptions = { securityBits: 6, queryWork: 0, maximumLogRows: 4, finalLength: 2, hash: counted };
  const pair = defineTable({
    name: 'pair',
    columns: { main: { a: column(), b: column() } },
    eval: ({ main: { current }, send, receive }) => {
      send('values', [current.a]);
      receive('values', [current.b]);
    },
  });
  /** With zero knowledge proofs are longer, and a part of the bytes has to do. */
  const cases: (readonly [string, StarkOptions, number])[] = [
    ['that hides nothing', tiny, 1],
    ['with zero knowledge', { ...tiny, zeroKnowledge: true }, 11],
  ];

  it.each(cases)('a proof %s: each byte changed, cut off, made longer, replaced', (_, options, stride) => {
    const main = [
      { a: 1n, b: 2n },
      { a: 2n, b: 1n },
    ];
    const traces = [traceFromRows(pair, { main })];
    const system = createStarkSystem([pair], options);
    const statement: Statement = statementOf(engine, system, traces);
    const bytes = prove(engine, system, traces, statement, {}, { random: seededBytes(BigInt(seeded(1))) });
    const random = numbersFrom(seeded(2));
    digests = 0;
    expect(verify(system, statement, bytes).ok).toBe(true);
    const honest = digests;
    const judge = (changed: Uint8Array, what: string): void => {
      digests = 0;
      const verdict = verify(system, statement, changed);
      if (verdict.ok || typeof verdict.reason !== 'string') throw new Error(`accepted: ${what}`);
      if (digests > honest) throw new Error(`${String(digests)} digests instead of ${String(honest)}: ${what}`);
    };
    for (let at = 0; at < bytes.length; at += stride) {
      const changed = bytes.slice();
      changed[at]! ^= at % 2 === 0 ? 1 << ((at >> 1) % 8) : 0xff;
      judge(changed, `byte ${String(at)}`);
      if (at % 3 === 0) judge(bytes.subarray(0, at), `the first ${String(at)} bytes`);
    }
    for (let more = 1; more <= 64; more++)
      judge(Uint8Array.of(...bytes, ...new Uint8Array(more)), `${String(more)} more`);
    judge(Uint8Array.of(...bytes, ...bytes), 'twice');
    for (let round = 0; round < 100; round++) {
      // As it is up to somewhere, random from there, of any length.
      const kept = round % 2 === 0 ? 0 : random() % bytes.length;
      const changed = Uint8Array.from({ length: random() % (2 * bytes.length) }, () => random() & 0xff);
      changed.set(bytes.subarray(0, Math.min(kept, changed.length)));
      judge(changed, `random from byte ${String(kept)}, round ${String(round)}`);
      // All of one value.
      judge(new Uint8Array(bytes.length).fill(round), `only ${String(round)}`);
    }
    // Two places exchanged.
    for (let round = 0; round < 100; round++) {
      const [a, b] = [random() % bytes.length, random() % bytes.length];
      if (bytes[a] === bytes[b]) continue;
      const changed = bytes.slice();
      [changed[a], changed[b]] = [changed[b]!, changed[a]!];
      judge(changed, `bytes ${String(a)} and ${String(b)} exchanged`);
    }
  });
});
