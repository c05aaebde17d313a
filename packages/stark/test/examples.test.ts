import { createFieldEngineSync, MODULUS, type WasmEngine } from '@commute/field';
import { blake3 } from '@noble/hashes/blake3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBlake3Compression, IV } from '../examples/blake3-compression.ts';
import { fileStatement, fileTables, fileTraces } from '../examples/blake3-file.ts';
import { fibonacci, fibonacciTrace } from '../examples/fibonacci.ts';
import { sorting, sortingTrace } from '../examples/permutation.ts';
import { bytes, bytesTrace, rangeTraces, words } from '../examples/range.ts';
import {
  checkTraces,
  createStarkSystem,
  formatMutations,
  formatReport,
  mutateTraces,
  prove,
  type StarkOptions,
  type StarkSystem,
  type Statement,
  type Table,
  type TableTrace,
  verify,
} from '../src/index.ts';

const quick: StarkOptions = { securityBits: 60, queryWork: 4, maximumLogRows: 10, maximumDegree: 3 };

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

/** A change of cells or public values by name. */
type Change = readonly [table: number, column: string, row: number, value: bigint];

function withChanges(traces: readonly TableTrace[], changes: readonly Change[]): TableTrace[] {
  const copies = traces.map(({ table, trace }) => ({
    table,
    trace: { ...trace, main: trace.main.map((cells) => Array.from(cells)), publicValues: [...trace.publicValues] },
  }));
  for (const [index, name, row, value] of changes) {
    const { table, trace } = copies[index]!;
    const main = table.names.main.indexOf(name);
    if (main >= 0) trace.main[main]![row] = value;
    else trace.publicValues[table.publicValues.indexOf(name)] = value;
  }
  return copies;
}

/** Proves what the traces say, whatever it is, and verifies it as `statement`; the debug run has to agree with the verdict. */
function verdictOf(tables: readonly Table[], traces: readonly TableTrace[], statement: Statement): string {
  const verdict = judge(createStarkSystem(tables, quick), traces, statement);
  expect(checkTraces(traces).ok).toBe(verdict === 'accepted');
  return verdict;
}

/** What the verifier says of a proof of these traces. */
function judge(system: StarkSystem, traces: readonly TableTrace[], statement: Statement): string {
  const verdict = verify(system, statement, prove(engine, system, traces, statement));
  return verdict.ok ? 'accepted' : verdict.reason;
}

function statementFor(traces: readonly TableTrace[]): Statement {
  return {
    publicValues: traces.map(({ table, trace }) =>
      Object.fromEntries(table.publicValues.map((name, index) => [name, trace.publicValues[index]!])),
    ),
    logRows: traces.map(({ trace }) => Math.log2(trace.rows)),
  };
}

/** What a debug run finds, as one text. */
const findings = (traces: readonly TableTrace[]): string => formatReport(checkTraces(traces, { mostFailures: 100 }));

describe('Fibonacci', () => {
  const traces = [fibonacciTrace(16)];

  it('is proved', () => {
    expect(traces[0]!.trace.publicValues).toEqual([1597n]);
    expect(verdictOf([fibonacci], traces, statementFor(traces))).toBe('accepted');
  });

  it.each<readonly [string, readonly Change[]]>([
    ['left starts at 1', [[0, 'left', 0, 2n]]],
    ['right starts at 1', [[0, 'right', 0, 2n]]],
    ['left moves on', [[0, 'left', 7, 0n]]],
    ['right is the sum', [[0, 'right', 7, 0n]]],
    ['result', [[0, 'result', 0, 1598n]]],
  ])('is refused where it is wrong: %s', (constraint, changes) => {
    const forged = withChanges(traces, changes);
    expect(findings(forged)).toContain(constraint);
    expect(verdictOf([fibonacci], forged, statementFor(forged))).toBe('constraints');
  });

  it('is no proof of another number or of another height', () => {
    const system = createStarkSystem([fibonacci], quick);
    const statement = statementFor(traces);
    const proof = prove(engine, system, traces, statement);
    expect(verify(system, statement, proof).ok).toBe(true);
    expect(verify(system, { ...statement, publicValues: [{ result: 1598n }] }, proof).ok).toBe(false);
    expect(verify(system, { ...statement, logRows: [5] }, proof)).toEqual({ ok: false, reason: 'other-heights' });
  });

  it('has no hole', () => {
    expect(formatMutations(mutateTraces([fibonacciTrace(8)]))).toBe('');
  });
});

describe('a permutation', () => {
  const traces = [sortingTrace([500, 7, 65_000, 7, 3, 40_000, 12, 8])];

  it('is proved', () => {
    expect(traces[0]!.trace.publicValues).toEqual([3n, 65_000n]);
    expect(verdictOf([sorting], traces, statementFor(traces))).toBe('accepted');
  });

  it.each<readonly [string, string, readonly Change[]]>([
    ['bus values', 'buses', [[0, 'value', 3, 8n]]],
    ['the smallest comes first', 'constraints', [[0, 'smallest', 0, 4n]]],
    ['the largest comes last', 'constraints', [[0, 'largest', 0, 4n]]],
    ['ascending', 'constraints', [[0, 'difference[0]', 0, 1n]]],
    [
      'bit 1 of a difference',
      'constraints',
      [
        [0, 'difference[1]', 0, 2n],
        [0, 'difference[2]', 0, 0n],
      ],
    ],
    ['nothing follows', 'constraints', [[0, 'difference[0]', 7, 1n]]],
  ])('is refused where it is wrong: %s', (name, reason, changes) => {
    const forged = withChanges(traces, changes);
    expect(findings(forged)).toContain(name);
    expect(verdictOf([sorting], forged, statementFor(forged))).toBe(reason);
  });

  it('has no hole', () => {
    const honest = [sortingTrace([70_000, 0, 65_535, 3])];
    // All bits of the difference after 3 or before 65,535 but two, and all of that from 0 to 3: other ways to write them.
    const hostile = Array.from({ length: 16 }, (_, bit) => {
      const start = [sortingTrace([0, 65_535, 65_535, 65_535])];
      // 2^bit + 2^(bit + 1) = 3·2^bit, and 2^15 + 2^14 = 3/2·2^15.
      const [other, value] = bit < 15 ? [bit + 1, 3n] : [14, ((3n * (MODULUS + 1n)) / 2n) % MODULUS];
      return withChanges(start, [
        [0, `difference[${String(bit)}]`, 0, value],
        [0, `difference[${String(other)}]`, 0, 0n],
      ]);
    });
    expect(formatMutations(mutateTraces(honest, { hostile }))).toBe('');
  });
});

describe('range checks by lookup', () => {
  const traces = rangeTraces([0, 1, 0xffff_ffff, 0x1234_5678]);
  const tables = [words, bytes];

  it('are proved', () => {
    expect(verdictOf(tables, traces, statementFor(traces))).toBe('accepted');
  });

  it.each<readonly [string, string, readonly Change[]]>([
    [
      'bus byte',
      'buses',
      [
        [0, 'word', 1, 256n],
        [0, 'bytes[0]', 1, 256n],
      ],
    ],
    ['bus byte', 'buses', [[1, 'count', 255, 3n]]],
    ['a word is its bytes', 'constraints', [[0, 'word', 1, 1n << 32n]]],
    ['counts', 'constraints', [[1, 'value', 7, 300n]]],
    ['starts at 0', 'constraints', [[1, 'value', 0, 300n]]],
    ['ends at 255', 'constraints', [[1, 'value', 255, 300n]]],
  ])('are refused where they are wrong: %s, %s', (name, reason, changes) => {
    const forged = withChanges(traces, changes);
    expect(findings(forged)).toContain(name);
    expect(verdictOf(tables, forged, statementFor(forged))).toBe(reason);
  });

  it('have no hole', () => {
    // The same bytes in a table of twice the height, which goes on above or begins below.
    const longer = [0n, 256n].map((below) => {
      const { table, trace } = traces[1]!;
      const counts = Array.from({ length: 512 }, (_, row) => trace.main[1]![row - Number(below)] ?? 0n);
      const values = Array.from({ length: 512 }, (_, row) => (BigInt(row) + MODULUS - below) % MODULUS);
      return [traces[0]!, { table, trace: { ...trace, rows: 512, main: [values, counts] } }];
    });
    expect(formatMutations(mutateTraces(traces, { hostile: longer }))).toBe('');
  });
});

describe('BLAKE3 of a file', () => {
  const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 31 + 7) & 0xff);
  /** Two chunks, the second with one byte; three compressions after the first chunk's sixteen. */
  const file = content(1025);
  const honest = fileTraces(file).traces;
  /** Three blocks, the last with one byte. */
  const small = fileTraces(content(129)).traces;
  let system: StarkSystem;
  beforeAll(() => {
    system = createStarkSystem(fileTables, quick);
  });

  it.each([0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 3072, 7 * 1024 + 1])(
    'of %i bytes is what @noble/hashes computes, and all constraints hold',
    (length) => {
      const { traces, compressions } = fileTraces(content(length));
      const chunks = Math.max(1, Math.ceil(length / 1024));
      expect(compressions).toBe(Math.max(1, Math.ceil(length / 64)) + chunks - 1);
      expect(statementFor(traces).publicValues).toEqual(fileStatement(length, blake3(content(length))).publicValues);
      // The debug run takes a millisecond per row of the large table.
      if (length <= 65) expect(findings(traces)).toBe('');
    },
  );

  it('is proved for a tree that is not complete', () => {
    const large = content(2100);
    const { traces } = fileTraces(large);
    const statement = fileStatement(large.length, blake3(large));
    const proof = prove(engine, system, traces, statement);
    expect(verify(system, statement, proof).ok).toBe(true);
    expect(verify(system, fileStatement(large.length - 1, blake3(large)), proof).ok).toBe(false);
    expect(verify(system, fileStatement(large.length, blake3(content(2099))), proof).ok).toBe(false);
  });

  it.each<readonly [string, string, readonly Change[]]>([
    ['digest 3', 'constraints', [[0, 'digest 3', 0, 5n]]],
    ['all is as long as it should be', 'constraints', [[0, 'length', 0, 130n]]],
    ['byte 1 is 0 where it is not there', 'constraints', [[0, 'bytes[1]', 2, 9n]]],
    [
      'byte 2 is there only after another',
      'constraints',
      [
        [0, 'present[0]', 2, 0n],
        [0, 'present[2]', 2, 1n],
      ],
    ],
    ['chaining value 0 is the initial one', 'constraints', [[0, 'chainingValue[0]', 0, 5n]]],
    ['chaining value 0 is that of the block before', 'constraints', [[0, 'chainingValue[0]', 1, 5n]]],
    ['chunks are full', 'constraints', [[0, 'end', 0, 1n]]],
    [
      'all goes on until the root',
      'constraints',
      [
        [0, 'root', 17, 0n],
        [0, 'node', 17, 1n],
      ],
    ],
    ['or both are equal', 'constraints', [[0, 'leftSize', 17, 2n]]],
    ['the first chunk is number 0', 'constraints', [[0, 'chunk', 0, 1n]]],
    ['bus byte', 'buses', [[2, 'count', 3, 77n]]],
    [
      'bus blake3 input',
      'buses',
      [
        [0, 'bytes[0]', 1, 1n],
        [2, 'count', 1, 4n],
      ],
    ],
    ['bus blake3 node', 'buses', [[0, 'bytes[0]', 17, 1n]]],
    ['bus blake3 output', 'buses', [[0, 'output[2]', 2, 1n]]],
    ['G 3: second a', 'constraints', [[1, 'd2[96]', 4, 2n]]],
    ['G 7: first c', 'constraints', [[1, 'carries[44]', 9, 2n]]],
    ['message 4 is permuted', 'constraints', [[1, 'message[4]', 3, 1n << 32n]]],
    ['d1 5 is a bit', 'constraints', [[1, 'd1[5]', 2, 3n]]],
    ['output: a 1', 'constraints', [[1, 'b1[3]', 16, 2n]]],
    ['constant 2', 'constraints', [[1, 'b1[130]', 8, 2n]]],
    ['step 2 moves on', 'constraints', [[1, 'step[2]', 10, 0n]]],
    ['numbers start at 0', 'constraints', [[1, 'number', 0, 1n]]],
    ['used lasts', 'constraints', [[1, 'used', 12, 0n]]],
  ])('is refused where it is wrong: %s', (name, reason, changes) => {
    // Where one chunk is enough, the trace is much shorter.
    const forged = withChanges(changes.some(([table, , row]) => table === 0 && row > 3) ? honest : small, changes);
    expect(findings(forged)).toContain(name);
    // Constraints are judged first; here are both.
    expect([reason, 'constraints']).toContain(judge(system, forged, statementFor(forged)));
  });

  it('has a compression that is that of one block', () => {
    const block = Uint32Array.from({ length: 16 }, (_, index) => index);
    const output = createBlake3Compression().compress({
      chainingValue: IV,
      block,
      counter: [0, 0],
      length: 64,
      flags: 11,
    });
    expect(new Uint8Array(output.buffer)).toEqual(blake3(new Uint8Array(block.buffer)));
  });
});

it('the bytes that a trace looks up are counted', () => {
  expect(bytesTrace([3, 3, 255]).trace.main[1]![3]).toBe(2n);
});
