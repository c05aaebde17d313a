import { createFieldEngineSync, createReferenceEngine, type ExtensionElement, type WasmEngine } from '@commute/field';
import { Transcript } from '@commute/poly-commit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkTraces,
  column,
  type Column,
  commitmentDigest,
  commitTraces,
  completeArithmetization,
  createStarkSystem,
  decodeProof,
  defineTable,
  encodeProof,
  EXPOSED_CHALLENGES,
  type ExternalInputs,
  extendTrace,
  formatMutations,
  mutateTraces,
  type NoColumns,
  numberExposedBuses,
  prove,
  publicSum,
  type StarkOptions,
  type StarkProof,
  type StarkSystem,
  type Statement,
  statementOf,
  type Table,
  type TableTrace,
  traceFromRows,
  verify,
} from '../src/index.ts';
import { cubicValues, fixedChallenges } from '../src/concrete.ts';
import { fibonacciTrace } from './tables.ts';

const quick: StarkOptions = { securityBits: 60, queryWork: 4, maximumLogRows: 6 };

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

/** Exposes Π (point - value), with the point from outside. */
const product: Table<{ value: Column }, { running: Column }, NoColumns, never, 'point', 'total'> = defineTable({
  name: 'product',
  columns: { main: { value: column() }, auxiliary: { running: column() } },
  challenges: ['point'],
  exposed: ['total'],
  fillAuxiliary: ({ main, challenges, field }) => {
    let before = field.one;
    return {
      running: Array.from(main.value, (value) => {
        before = field.multiply(before, field.subtract(challenges.point, field.fromBase(value)));
        return before;
      }),
    };
  },
  fillExposed: ({ auxiliary }) => ({ total: auxiliary.running.at(-1)! }),
  eval: ({ main, auxiliary, challenges: { point }, exposed, onFirstRow, onTransition, onLastRow }) => {
    const { running } = auxiliary.current;
    onFirstRow.assertEqual('starts with the first', running, point.subtract(main.current.value));
    onTransition.assertEqual('multiplies', auxiliary.next.running, running.multiply(point.subtract(main.next.value)));
    onLastRow.assertEqual('ends at the total', running, exposed.total);
  },
});

const productTrace = (values: readonly bigint[]): TableTrace =>
  traceFromRows(product, { main: values.map((value) => ({ value })) });

/** Sends or receives letters on a bus that several proofs share, and looks each up in a bus of its own. */
const letters: Table<{ value: Column; used: Column }, NoColumns, NoColumns, 'sign'> = defineTable({
  name: 'letters',
  columns: { main: { value: column(), used: column() } },
  publicValues: ['sign'],
  eval: (builder) => {
    const { value, used } = builder.main.current;
    builder.assertBoolean('used', used);
    builder.when(used).send('post', [value, builder.constant(7)], builder.publicValues.sign);
    builder.send('own', [value]);
    builder.receive('own', [value]);
  },
});

const lettersTrace = (values: readonly bigint[], sign: bigint, rows = 4): TableTrace =>
  traceFromRows(letters, {
    main: Array.from({ length: rows }, (_, row) => ({
      value: values[row] ?? 0n,
      used: row < values.length ? 1n : 0n,
    })),
    publicValues: { sign },
  });

const minusOne = 0xffffffff00000000n;
const at = (point: ExtensionElement): ExternalInputs => ({ challenges: { point } });

function decoded(system: StarkSystem, bytes: Uint8Array): StarkProof {
  const verdict = decodeProof(system, bytes);
  if (!verdict.ok) throw new Error(verdict.reason);
  return verdict.proof;
}

describe('exposed values', () => {
  const point: ExtensionElement = [5n, 6n, 7n];
  const statement: Statement = { publicValues: [{}] };
  const setup = (traces = [productTrace([1n, 2n, 3n, 4n])]): { system: StarkSystem; bytes: Uint8Array } => {
    const system = createStarkSystem([product], { ...quick, externalChallenges: ['point'] });
    return { system, bytes: prove(engine, system, traces, statement, at(point)) };
  };

  it('are handed to whoever verifies', () => {
    const { system, bytes } = setup();
    const { field } = system.parameters;
    const verdict = verify(system, statement, bytes, at(point));
    if (!verdict.ok) throw new Error(verdict.reason);
    const expected = [1n, 2n, 3n, 4n]
      .map((value) => field.subtract(point, field.fromBase(value)))
      .reduce((a, b) => field.multiply(a, b));
    expect(verdict.exposed).toEqual({ values: [{ total: expected }], sum: field.zero });
  });

  it('are those of the cells: others are refused, changed in the bytes or claimed from the start', () => {
    const { system, bytes } = setup();
    const proof = decoded(system, bytes);
    for (const exposed of [[[[1n, 2n, 3n]]], [[[0n, 0n, 0n]]]]) {
      expect(verify(system, statement, encodeProof(system, { ...proof, exposed }), at(point)).ok).toBe(false);
    }
    const honest = productTrace([1n, 2n, 3n, 4n]);
    const liar: Table = { ...honest.table, expose: () => [[1n, 2n, 3n]] };
    const lying = createStarkSystem([liar], { ...quick, externalChallenges: ['point'] });
    const forged = prove(engine, lying, [{ ...honest, table: liar }], statement, at(point));
    expect(verify(system, statement, forged, at(point))).toEqual({ ok: false, reason: 'constraints' });
  });

  it('hold for the external challenge and the context that the verifier has', () => {
    const { system, bytes } = setup();
    expect(verify(system, statement, bytes, at([5n, 6n, 8n])).ok).toBe(false);
    const context = Uint8Array.of(1);
    expect(verify(system, statement, bytes, { ...at(point), context }).ok).toBe(false);
    const bound = prove(engine, system, [productTrace([1n, 2n])], statement, { ...at(point), context });
    expect(verify(system, statement, bound, { ...at(point), context }).ok).toBe(true);
    expect(verify(system, statement, bound, { ...at(point), context: Uint8Array.of(2) }).ok).toBe(false);
    expect(verify(system, statement, bound, at(point)).ok).toBe(false);
  });

  it('need a value for each external challenge', () => {
    const { system, bytes } = setup();
    const wrong: ExternalInputs[] = [
      {},
      { challenges: {} },
      at([1n, 2n]),
      at([0n, 0n, 0xffffffff00000001n]),
      { challenges: { point, other: point } },
    ];
    for (const external of wrong) {
      expect(() => verify(system, statement, bytes, external)).toThrow('STARK_TRACE');
      expect(() => prove(engine, system, [productTrace([1n])], statement, external)).toThrow('STARK_TRACE');
    }
  });

  it('give the same proof on both engines', () => {
    const { system, bytes } = setup();
    const traces = [productTrace([1n, 2n, 3n, 4n])];
    expect(prove(createReferenceEngine(), system, traces, statement, at(point))).toEqual(bytes);
  });

  it('are part of the debug run and of mutations', () => {
    const traces = [productTrace([1n, 2n, 3n, 4n])];
    expect(checkTraces(traces).ok).toBe(true);
    const broken: Table = { ...product, expose: () => [[1n, 2n, 3n]] };
    const report = checkTraces([{ ...traces[0]!, table: broken }]);
    expect(report).toMatchObject({ ok: false, failures: [{ constraint: 'ends at the total', row: 3 }] });
    // A forger divides the total he wants by other values, from the last row up.
    const { extension: field } = cubicValues();
    const [honest] = product.fill(traces[0]!.trace, fixedChallenges(['point']), field);
    const forger: Table = {
      ...product,
      fill: (trace, [point], extension) => {
        const running = [honest!.at(-1)!];
        for (const value of Array.from(trace.main[0]!).slice(1).toReversed()) {
          const factor = extension.subtract(point!, extension.fromBase(value));
          running.unshift(extension.multiply(running[0]!, extension.inverse(factor)));
        }
        return [running];
      },
    };
    const hostile = [[{ table: forger, trace: productTrace([1n, 2n, 30n, 4n]).trace }]];
    // The claim is fixed, so here even the multiplied values are.
    expect(formatMutations(mutateTraces(traces, { hostile }))).toBe('');
  });

  it('must be computed by the table', () => {
    const declare = (): unknown =>
      defineTable({ name: 'x', columns: { main: { a: column() } }, exposed: ['e'], eval: () => undefined });
    expect(declare).toThrow('STARK_TABLE');
    const nothing: Table = defineTable({
      name: 'x',
      columns: { main: { a: column() } },
      exposed: ['e'],
      fillExposed: () => ({}) as { e: ExtensionElement },
      eval: () => undefined,
    });
    expect(() => checkTraces([{ table: nothing, trace: productTrace([1n]).trace }])).toThrow('STARK_TRACE');
  });
});

describe('commitments before challenges', () => {
  it('bind heights, statement, system and cells', () => {
    const traces = [fibonacciTrace(8)];
    const system = createStarkSystem([traces[0]!.table], quick);
    const other = createStarkSystem([traces[0]!.table], { ...quick, queryWork: 5 });
    const statement: Statement = { publicValues: [{ result: 34n }] };
    const { digest, root, logRows } = commitTraces(engine, system, traces, statement);
    expect(logRows).toEqual([3]);
    expect(commitmentDigest(system, statement, logRows, root)).toEqual(digest);
    const changed = [
      commitmentDigest(system, statement, [4], root),
      commitmentDigest(system, { publicValues: [{ result: 35n }] }, logRows, root),
      commitmentDigest(other, statement, logRows, root),
      commitmentDigest(system, statement, logRows, root.toReversed()),
    ];
    expect(new Set([digest, ...changed].map(String)).size).toBe(5);
  });

  it('give one proof for each set of outside values, until they are released', () => {
    const system = createStarkSystem([product], { ...quick, externalChallenges: ['point'] });
    const statement: Statement = { publicValues: [{}] };
    const committed = commitTraces(engine, system, [productTrace([9n, 8n])], statement);
    for (const point of [
      [1n, 2n, 3n],
      [4n, 5n, 6n],
    ]) {
      const bytes = committed.prove(at(point));
      expect(decoded(system, bytes).roots[0]).toEqual(committed.root);
      expect(verify(system, statement, bytes, at(point)).ok).toBe(true);
    }
    committed.release();
    expect(() => committed.prove(at([1n, 2n, 3n]))).toThrow('RELEASED');
  });
});

describe('columns of a trace', () => {
  it('may be given other cells once they are committed to, unless the proof reads them', () => {
    const fibonacci = fibonacciTrace(32);
    const trace = {
      ...fibonacci,
      trace: { ...fibonacci.trace, main: fibonacci.trace.main.map((cells) => BigUint64Array.from(cells)) },
    };
    const own = productTrace(Array.from({ length: 8 }, (_, row) => BigInt(row)));
    const system = createStarkSystem([fibonacci.table, product], { ...quick, externalChallenges: ['point'] });
    const statement = {
      publicValues: [
        statementOf(engine, createStarkSystem([fibonacci.table], quick), [fibonacci]).publicValues[0]!,
        {},
      ],
    };
    const expected = prove(engine, system, [trace, own], statement, at([1n, 2n, 3n]));
    const committed = commitTraces(engine, system, [trace, own], statement);
    expect([...committed.readColumns]).toEqual(own.trace.main);
    for (const cells of trace.trace.main) cells.fill(7n);
    expect(committed.prove(at([1n, 2n, 3n]))).toEqual(expected);
    committed.release();
  });

  it('are read again where they are hidden', () => {
    const traces = [fibonacciTrace(8)];
    const system = createStarkSystem([traces[0]!.table], { ...quick, maximumLogRows: 12, zeroKnowledge: true });
    const committed = commitTraces(engine, system, traces, statementOf(engine, system, traces));
    for (const cells of traces[0]!.trace.main) expect(committed.readColumns.has(cells)).toBe(true);
    committed.release();
  });
});

describe('exposed buses', () => {
  const options: StarkOptions = { ...quick, exposedBuses: ['unused', 'post'] };
  const system = createStarkSystem([letters], options);
  const { field } = system.parameters;
  const statementFor = (sign: bigint): Statement => ({ publicValues: [{ sign }] });

  const externalFor = (digests: readonly Uint8Array[]): ExternalInputs => {
    const transcript = new Transcript('test');
    for (const digest of digests) transcript.absorb('commitment', digest);
    const names = EXPOSED_CHALLENGES.map((name) => [name, transcript.extensionElement(name, field)] as const);
    return { challenges: Object.fromEntries(names) };
  };

  /** Sends in one proof, receives in another; the sums of both. */
  const exchange = (sent: readonly bigint[], received: readonly bigint[]): ExtensionElement => {
    const statements = [statementFor(1n), statementFor(minusOne)];
    const committed = [sent, received].map((values, index) => {
      const trace = lettersTrace(values, statements[index]!.publicValues[0]!['sign']!);
      return commitTraces(engine, system, [trace], statements[index]!);
    });
    const external = externalFor(committed.map(({ digest }) => digest));
    const sums = committed.map((each, index) => {
      const verdict = verify(system, statements[index]!, each.prove(external), external);
      if (!verdict.ok) throw new Error(verdict.reason);
      return verdict.exposed.sum;
    });
    return field.add(sums[0]!, sums[1]!);
  };

  it('cancel over proofs exactly where what is sent is received', () => {
    expect(exchange([3n, 5n, 5n], [5n, 3n, 5n])).toEqual(field.zero);
    for (const received of [[5n, 3n], [5n, 3n, 4n], [3n, 3n, 5n], []]) {
      expect(exchange([3n, 5n, 5n], received)).not.toEqual(field.zero);
    }
  });

  it('add up to the sum of their messages, which are not on the buses that must cancel', () => {
    const statement = statementFor(1n);
    const committed = commitTraces(engine, system, [lettersTrace([3n, 5n], 1n)], statement);
    const external = externalFor([committed.digest]);
    const verdict = verify(system, statement, committed.prove(external), external);
    if (!verdict.ok) throw new Error(verdict.reason);
    const [offset, ratio] = EXPOSED_CHALLENGES.map((name) => external.challenges![name]!);
    const sum = publicSum(
      [3n, 5n].map((value) => ({ bus: 'post', direction: 'send', tuple: [value, 7n], multiplicity: 1n })),
      numberExposedBuses(options.exposedBuses!),
      [offset!, ratio!],
      field,
    );
    expect(verdict.exposed.sum).toEqual(sum);
  });

  it('cannot claim another sum', () => {
    const statement = statementFor(1n);
    const committed = commitTraces(engine, system, [lettersTrace([3n, 5n], 1n)], statement);
    const external = externalFor([committed.digest]);
    const bytes = committed.prove(external);
    const proof = decoded(system, bytes);
    expect(verify(system, statement, encodeProof(system, { ...proof, exposed: [[field.zero]] }), external).ok).toBe(
      false,
    );
    // Moved to the other claim, where all cancels.
    const moved = { ...proof, terminals: [proof.exposed[0]![0]!], exposed: [[field.zero]] };
    expect(verify(system, statement, encodeProof(system, moved), external).ok).toBe(false);
    const changed = { challenges: { ...external.challenges, 'exposed offset': [1n, 1n, 1n] } };
    expect(verify(system, statement, bytes, changed).ok).toBe(false);
  });

  it('agree with the columns of the reference', () => {
    const [arithmetization] = system.arithmetizations;
    const trace = extendTrace(arithmetization!, lettersTrace([3n, 5n], 1n).trace);
    const challenges = arithmetization!.challenges.map((_, index): ExtensionElement => [BigInt(index + 2), 3n, 4n]);
    const { terminal, exposed } = completeArithmetization(arithmetization!, trace, challenges);
    expect(terminal).toEqual(field.zero);
    expect(exposed).toHaveLength(1);
    expect(arithmetization!.challenges.slice(-2)).toEqual([...EXPOSED_CHALLENGES]);
  });

  it('may not be messages of the statement, be named twice, or take names that are reserved', () => {
    const message = { bus: 'post', direction: 'send', tuple: [1n, 7n], multiplicity: 1n } as const;
    const statement = { ...statementFor(1n), publicMessages: [message] };
    expect(() => commitTraces(engine, system, [lettersTrace([], 1n)], statement)).toThrow('STARK_TRACE');
    const wrong: StarkOptions[] = [
      { exposedBuses: ['post', 'post'] },
      { exposedBuses: ['post'], publicBuses: ['post'] },
      { externalChallenges: ['unknown'] },
    ];
    for (const each of wrong) expect(() => createStarkSystem([letters], { ...quick, ...each })).toThrow('STARK_TABLE');
    expect(() => createStarkSystem([{ ...product, challenges: ['exposed ratio'] }], quick)).toThrow('STARK_TABLE');
    expect(() => createStarkSystem([{ ...product, exposed: ['exposed bus sum'] }], quick)).toThrow('STARK_TABLE');
  });

  it('are closed by messages of the debug run', () => {
    const post = { bus: 'post', direction: 'receive', tuple: [3n, 7n], multiplicity: 1n } as const;
    const traces = [lettersTrace([3n], 1n)];
    expect(checkTraces(traces).ok).toBe(false);
    expect(checkTraces(traces, { publicMessages: [post] }).ok).toBe(true);
  });
});

describe('bytes of staged proofs', () => {
  it('are refused where any bit of what is claimed, or the length, differs', () => {
    const system = createStarkSystem([product], { ...quick, securityBits: 30, externalChallenges: ['point'] });
    const statement: Statement = { publicValues: [{}] };
    const external = at([5n, 6n, 7n]);
    const bytes = prove(engine, system, [productTrace([1n, 2n])], statement, external);
    const head = 6 + 1 + 32 * 3 + 24;
    for (let place = 0; place < head + 8; place++) {
      const changed = bytes.slice();
      changed[place]! ^= 1 << (place % 8);
      expect(verify(system, statement, changed, external).ok, String(place)).toBe(false);
    }
    for (const length of [0, 6, 7, head - 1, head, bytes.length - 1]) {
      expect(verify(system, statement, bytes.slice(0, length), external).ok).toBe(false);
    }
  });
});
