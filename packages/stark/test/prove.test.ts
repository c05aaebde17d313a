import { readFileSync } from 'node:fs';
import {
  createFieldEngineSync,
  createReferenceEngine,
  type FieldEngine,
  MODULUS,
  type WasmEngine,
} from '@commute/field';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  column,
  createStarkSystem,
  decodeProof,
  defineTable,
  encodeProof,
  type NoColumns,
  prepareColumns,
  type Column,
  prove,
  type Statement,
  statementOf,
  type StarkOptions,
  type StarkSystem,
  type StarkVerdict,
  type Table,
  type TableTrace,
  traceFromRows,
  verify,
} from '../src/index.ts';
import { fibonacciTrace, hornerTrace, powersTrace, productTrace, rangeTraces } from './tables.ts';

const quick: StarkOptions = { securityBits: 60, queryWork: 4, maximumLogRows: 6 };

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

function run(
  traces: readonly TableTrace[],
  options: StarkOptions = quick,
  messages: Statement['publicMessages'] = [],
): { system: StarkSystem; statement: Statement; bytes: Uint8Array; verdict: StarkVerdict } {
  const system = createStarkSystem(
    traces.map(({ table }) => table),
    options,
  );
  const statement = statementOf(engine, system, traces, messages);
  const bytes = prove(engine, system, traces, statement);
  return { system, statement, bytes, verdict: verify(system, statement, bytes) };
}

function withCell(
  traces: readonly TableTrace[],
  index: number,
  cell: number,
  row: number,
  value: bigint,
): TableTrace[] {
  return traces.map((each, at) =>
    at === index
      ? {
          ...each,
          trace: {
            ...each.trace,
            main: each.trace.main.map((column, c) =>
              c === cell ? column.map((old, r) => (r === row ? value : old)) : column,
            ),
          },
        }
      : each,
  );
}

/** Two columns that are permutations of each other. */
const permutation: Table<{ a: Column; b: Column }, NoColumns, NoColumns> = defineTable({
  name: 'permutation',
  columns: { main: { a: column(), b: column() } },
  eval: (builder) => {
    builder.send('values', [builder.main.current.a]);
    builder.receive('values', [builder.main.current.b]);
  },
});
const permutationTrace = (rows: number): TableTrace =>
  traceFromRows(permutation, {
    main: Array.from({ length: rows }, (_, row) => ({ a: BigInt(row * row), b: BigInt((rows - 1 - row) ** 2) })),
  });

describe('honest proofs are accepted', () => {
  const sets: (readonly [string, () => TableTrace[]])[] = [
    ['Fibonacci', () => [fibonacciTrace(64)]],
    ['a permutation', () => [permutationTrace(32)]],
    ['range checks by lookup', () => rangeTraces([1n, 5n, 5n, 15n])],
    ['high degrees', () => [powersTrace(8)]],
    ['declared auxiliary columns', () => [productTrace()]],
    ['recurrences', () => [hornerTrace(16)]],
    [
      'all together, with different heights',
      () => [fibonacciTrace(32), ...rangeTraces([3n]), powersTrace(4), productTrace()],
    ],
    ['height 2', () => [fibonacciTrace(2)]],
    ['height 1', () => [fibonacciTrace(1), permutationTrace(1)]],
  ];
  it.each(sets)('%s', (_, traces) => {
    for (const options of [quick, { ...quick, logBlowup: 3, maximumDegree: 5 }, { ...quick, logBlowup: 1 }]) {
      const { verdict } = run(traces(), options);
      expect(verdict).toMatchObject({ ok: true });
    }
  });

  it('with messages of the statement', () => {
    const receive = [{ bus: 'range', direction: 'receive', tuple: [3n], multiplicity: 2n }] as const;
    const { system, statement, bytes, verdict } = run([rangeTraces([3n, 3n])[0]!], quick, receive);
    expect(verdict).toMatchObject({ ok: true });
    for (const wrong of [
      [],
      [{ ...receive[0], multiplicity: 1n }],
      [{ ...receive[0], tuple: [4n] }],
      [{ ...receive[0], direction: 'send' as const }],
    ]) {
      expect(verify(system, { ...statement, publicMessages: wrong }, bytes).ok).toBe(false);
    }
    expect(run([rangeTraces([3n, 3n])[0]!]).verdict).toEqual({ ok: false, reason: 'buses' });
  });

  it('the same on the reference engine', () => {
    const traces = [fibonacciTrace(8), ...rangeTraces([3n], 4)];
    const { system, statement, bytes } = run(traces);
    const reference: FieldEngine = createReferenceEngine();
    expect(prove(reference, system, traces, statement)).toEqual(bytes);
  });

  it('the same with large extensions outside of the engine, telling each phase once', () => {
    const traces = [fibonacciTrace(16), ...rangeTraces([3n], 4), powersTrace(4), hornerTrace(8)];
    const { system, statement, bytes } = run(traces);
    const phases: string[] = [];
    const onProgress = ({ phase }: { readonly phase: string }): void => {
      phases.push(phase);
    };
    expect(prove(engine, system, traces, statement, {}, { keptBytes: 0, onProgress })).toEqual(bytes);
    expect(phases).toEqual(['main', 'auxiliary', 'quotients', 'opening']);
  });

  it('the same with preprocessed columns that were prepared once', () => {
    const traces = [fibonacciTrace(16), ...rangeTraces([3n], 4)];
    const { system, statement, bytes } = run(traces);
    const prepared = prepareColumns(engine, system, traces);
    expect(prepared.key).toEqual(statement.preprocessed);
    for (let round = 0; round < 2; round++) {
      expect(prove(engine, system, traces, statement, {}, { prepared })).toEqual(bytes);
    }
    prepared.release();
    // Those of other columns belong to another statement.
    const [fibonacciOnly, honest, range] = traces as [TableTrace, TableTrace, TableTrace];
    const preprocessed = [range.trace.preprocessed[0]!.map((value) => (value === 15n ? 77n : value)) as bigint[]];
    const others = [fibonacciOnly, honest, { ...range, trace: { ...range.trace, preprocessed } }];
    const wrong = prepareColumns(engine, system, others);
    expect(verify(system, statement, prove(engine, system, traces, statement, {}, { prepared: wrong })).ok).toBe(false);
    wrong.release();
    expect(prepareColumns(engine, run([fibonacciTrace(4)]).system, [fibonacciTrace(4)]).key).toBeUndefined();
  });

  it('not with a signal that is aborted, before or meanwhile', () => {
    const traces = [fibonacciTrace(8)];
    const { system, statement } = run(traces);
    const reason = new Error('enough');
    const controller = new AbortController();
    const onProgress = ({ phase }: { readonly phase: string }): void => {
      if (phase === 'auxiliary') controller.abort(reason);
    };
    for (const options of [{ signal: AbortSignal.abort(reason) }, { signal: controller.signal, onProgress }]) {
      expect(() => prove(engine, system, traces, statement, {}, options)).toThrow(reason);
    }
  });

  it('survive their bytes, which are those of version 1', () => {
    const { system, bytes } = run([fibonacciTrace(8), permutationTrace(4)], { ...quick, securityBits: 30 });
    expect(bytes).toEqual(new Uint8Array(readFileSync(new URL('fixtures/proof_v1.bin', import.meta.url))));
    const decoded = decodeProof(system, bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(encodeProof(system, decoded.proof)).toEqual(bytes);
  });
});

describe('wrong statements are refused although all else is honest', () => {
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

  it('a value outside of the range, a count that is off, two lists that are no permutation', () => {
    const range = rangeTraces([1n, 5n]);
    expect(run(withCell(range, 0, 0, 0, 77n)).verdict).toEqual({ ok: false, reason: 'buses' });
    expect(run(withCell(range, 1, 0, 5, 2n)).verdict).toEqual({ ok: false, reason: 'buses' });
    expect(run(withCell([permutationTrace(8)], 0, 1, 2, 1000n)).verdict).toEqual({ ok: false, reason: 'buses' });
  });

  it('other public values, in the prover or in the verifier', () => {
    const honest = fibonacciTrace(8);
    const { system, bytes } = run([honest]);
    expect(verify(system, { publicValues: [{ result: 35n }] }, bytes).ok).toBe(false);
    const lying = { ...honest, trace: { ...honest.trace, publicValues: [35n] } };
    expect(run([lying]).verdict).toEqual({ ok: false, reason: 'constraints' });
  });

  it('other heights than the statement demands', () => {
    const { system, statement, bytes } = run([fibonacciTrace(8)]);
    expect(verify(system, { ...statement, logRows: [3] }, bytes)).toMatchObject({ ok: true });
    expect(verify(system, { ...statement, logRows: [4] }, bytes)).toEqual({ ok: false, reason: 'other-heights' });
    expect(() => verify(system, { ...statement, logRows: [] }, bytes)).toThrow('STARK_TRACE');
  });

  it('other preprocessed columns', () => {
    const traces = rangeTraces([1n, 5n]);
    const { system, statement } = run(traces);
    const [values, range] = traces as [TableTrace, TableTrace];
    const preprocessed = [range.trace.preprocessed[0]!.map((value) => (value === 15n ? 77n : value))];
    const cheating = [withCell([values], 0, 0, 0, 77n)[0]!, { ...range, trace: { ...range.trace, preprocessed } }];
    const counts = withCell(withCell(cheating, 1, 0, 1, 0n), 1, 0, 15, 1n);
    // A proof about the other list is one, but not of this statement.
    expect(run(counts).verdict).toMatchObject({ ok: true });
    expect(verify(system, statement, prove(engine, system, counts, statementOf(engine, system, counts))).ok).toBe(
      false,
    );
    expect(verify(system, statement, prove(engine, system, counts, statement)).ok).toBe(false);
  });

  it('terminals moved between tables, or forged to cancel', () => {
    const { system, statement, bytes } = run(rangeTraces([1n, 5n]));
    const decoded = decodeProof(system, bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const [a, b] = decoded.proof.terminals;
    const wrong = [
      [b!, a!],
      [
        [0n, 0n, 0n],
        [0n, 0n, 0n],
      ],
    ];
    for (const terminals of wrong) {
      expect(verify(system, statement, encodeProof(system, { ...decoded.proof, terminals })).ok).toBe(false);
    }
  });

  it('proofs of another system: parameters, constraints, names', () => {
    const { bytes, statement } = run([fibonacciTrace(8)]);
    const { table } = fibonacciTrace(8);
    const others = [
      createStarkSystem([table], { ...quick, queryWork: 5 }),
      createStarkSystem([table], { ...quick, maximumDegree: 3 }),
      createStarkSystem([{ ...table, name: 'other' }], quick),
    ];
    for (const system of others) expect(verify(system, statement, bytes).ok).toBe(false);
  });
});

describe('provers who leave out what they cannot satisfy', () => {
  /** A system that says it is the honest one, and proves nothing for some constraints. */
  function without(system: StarkSystem, names: readonly string[]): StarkSystem {
    return {
      ...system,
      arithmetizations: system.arithmetizations.map((each) => ({
        ...each,
        constraints: each.constraints.map((constraint) =>
          names.includes(constraint.name) ? { ...constraint, root: each.graph.constant(0n) } : constraint,
        ),
      })),
    };
  }

  it.each([
    ['a first row', fibonacciTrace(8), 'left starts at 1', [0, 0]],
    ['a transition', fibonacciTrace(8), 'right is the sum', [1, 3]],
    ['a last row', fibonacciTrace(8), 'result', [1, 7]],
    ['every row', powersTrace(4), 'bit 0', [5, 2]],
  ] as const)('on %s', (_, honest, name, [cell, row]) => {
    const traces = withCell([honest], 0, cell, row, 2n);
    const all = createStarkSystem([honest.table], quick);
    const names = all.arithmetizations[0]!.constraints.map((each) => each.name);
    const statement = statementOf(engine, all, traces);
    // Nothing but this constraint is left out, or, where the cell breaks others too, all of them.
    for (const left of [[name], names]) {
      const liar = without(all, left);
      const bytes = prove(engine, liar, traces, statement);
      expect(verify(all, statement, bytes)).toEqual({ ok: false, reason: 'constraints' });
    }
    const liar = without(all, names);
    expect(verify(liar, statement, prove(engine, liar, traces, statement))).toMatchObject({ ok: true });
  });

  it('in the columns of a bus', () => {
    const traces = withCell([permutationTrace(8)], 0, 1, 2, 1000n);
    const all = createStarkSystem([permutation], quick);
    const statement = statementOf(engine, all, traces);
    for (const { name } of all.arithmetizations[0]!.constraints) {
      const bytes = prove(engine, without(all, [name]), traces, statement);
      expect(verify(all, statement, bytes).ok).toBe(false);
    }
  });

  it('in a recurrence', () => {
    const honest = hornerTrace(8);
    const all = createStarkSystem([honest.table], quick);
    const statement = statementOf(engine, all, [honest]);
    expect(verify(all, statement, prove(engine, all, [honest], statement)).ok).toBe(true);
    const [arithmetization] = all.arithmetizations as [(typeof all.arithmetizations)[0]];
    const { graph, recurrences } = arithmetization;
    const five = graph.constant(5n);
    for (const forged of recurrences.flatMap((each, at) =>
      [
        { ...each, next: five },
        { ...each, first: graph.add({ kind: 'add', left: each.first, right: five }) },
      ].map((changed) => recurrences.with(at, changed)),
    )) {
      const liar = { ...all, arithmetizations: [{ ...arithmetization, recurrences: forged }] };
      const bytes = prove(engine, liar, [honest], statement);
      expect(verify(all, statement, bytes)).toEqual({ ok: false, reason: 'constraints' });
    }
  });

  it('in a declared auxiliary column', () => {
    const honest = productTrace();
    const table: Table = {
      ...honest.table,
      fill: (...context) => honest.table.fill(...context).map((values) => values.map(([a, b, c]) => [a!, c!, b!])),
    };
    const { verdict } = run([{ ...honest, table }]);
    expect(verdict).toEqual({ ok: false, reason: 'constraints' });
  });
});

describe('bytes from anybody', () => {
  it('are refused where any bit, every place, or the length differs', () => {
    const { system, statement, bytes } = run([fibonacciTrace(4), permutationTrace(2)], { ...quick, securityBits: 30 });
    // Every byte of the head, and a spread of the rest.
    const stride = Math.ceil(bytes.length / 400);
    for (let at = 0; at < bytes.length; at += at < 200 ? 1 : stride) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(verify(system, statement, changed).ok, String(at)).toBe(false);
    }
    for (let length = 0; length < bytes.length; length += stride) {
      expect(verify(system, statement, bytes.slice(0, length)).ok).toBe(false);
    }
    expect(verify(system, statement, Uint8Array.from([...bytes, 0]))).toEqual({ ok: false, reason: 'trailing-bytes' });
    expect(verify(system, statement, new Uint8Array(1000).fill(255))).toEqual({ ok: false, reason: 'unknown-format' });
  });

  it('are refused with canonical values that are not', () => {
    const { system, statement, bytes } = run([permutationTrace(2)]);
    const decoded = decodeProof(system, bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const terminals = [[MODULUS, 0n, 0n]];
    expect(verify(system, statement, encodeProof(system, { ...decoded.proof, terminals }))).toEqual({
      ok: false,
      reason: 'not-canonical',
    });
  });
});

describe('a wrong system', () => {
  it('is refused', () => {
    const { table } = fibonacciTrace(2);
    expect(() => createStarkSystem([])).toThrow('STARK_TABLE');
    expect(() => createStarkSystem([table, table])).toThrow('STARK_TABLE');
    expect(() => createStarkSystem([table], { maximumDegree: 6 })).toThrow('STARK_DEGREE');
    expect(() => createStarkSystem([table], { securityBits: 250 })).toThrow('COMMIT_SECURITY');
    const system = createStarkSystem([table], quick);
    expect(() => prove(engine, system, [permutationTrace(2)], { publicValues: [{ result: 1n }] })).toThrow(
      'STARK_TRACE',
    );
    expect(() => verify(system, { publicValues: [] }, new Uint8Array())).toThrow('STARK_TRACE');
    const reserved = { ...table, challenges: ['lookup ratio'] };
    expect(() => createStarkSystem([reserved])).toThrow('STARK_TABLE');
  });
});

describe('messages that only the statement sends', () => {
  it('are not forgotten', () => {
    const traces = [fibonacciTrace(4)];
    const publicBuses = ['nobody'];
    const system = createStarkSystem([traces[0]!.table], { ...quick, publicBuses });
    const send = { bus: 'nobody', direction: 'send', tuple: [1n], multiplicity: 1n } as const;
    const verdictFor = (publicMessages: Statement['publicMessages']): StarkVerdict => {
      const statement = statementOf(engine, system, traces, publicMessages);
      return verify(system, statement, prove(engine, system, traces, statement));
    };
    expect(verdictFor([])).toMatchObject({ ok: true });
    expect(verdictFor([send])).toEqual({ ok: false, reason: 'buses' });
    expect(verdictFor([send, { ...send, direction: 'receive' }])).toMatchObject({ ok: true });
  });
});
