import { createFieldEngineSync, type WasmEngine } from '@commute/field';
import { type TableTrace } from '@commute/stark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Cells,
  type ChainOptions,
  type ChainSystem,
  type ChainVerdict,
  createChainSystem,
  encodeChain,
  type LinkTracker,
  proveChain,
  type RunClaim,
  type TouchedCell,
  verifyChain,
} from '../src/index.ts';
import { without } from './support.ts';
import { type Operation, toyProgram, type ToyRun, toyRun } from './toy.ts';

const quick: ChainOptions = { securityBits: 40, queryWork: 2, maximumLogRows: 9, form: 'paged' };

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

const image = new Map([
  [0n, 11n],
  [4n, 22n],
]);
const input = new Uint8Array();
const program: readonly (readonly Operation[])[] = [
  [
    { kind: 'read', key: 0n },
    { kind: 'write', key: 8n, value: 77n },
  ],
  [
    { kind: 'read', key: 0n },
    { kind: 'read', key: 2000n },
    { kind: 'write', key: 8n, value: 78n },
  ],
  [
    { kind: 'read', key: 8n },
    { kind: 'output', key: 4n },
  ],
];

const setup = (segments: number = program.length): ChainSystem => createChainSystem(toyProgram(image, segments), quick);

/** Proves a run, and lets a verifier judge it. */
async function judge(chain: ChainSystem, run: ToyRun, verifier: ChainSystem = chain): Promise<ChainVerdict> {
  const { output, exitCode, witnesses } = run;
  const claim: RunClaim = { program: chain.program.digest, input, output, exitCode };
  return verifyChain(verifier, claim, encodeChain(await proveChain(engine, chain, claim, witnesses)));
}

describe('pages of another size', () => {
  it.each([3, 7])('of 2^%i words are proved, and not taken for those of 32', async (logPageWords) => {
    const chain = createChainSystem(toyProgram(image, 2), { ...quick, logPageWords });
    const run = toyRun(image, program.slice(0, 2), input);
    expect(await judge(chain, run)).toMatchObject({ ok: true });
    expect(await judge(chain, run, setup(2))).toMatchObject({ ok: false, reason: 'proof' });
  });

  it('are of 8 to 4096 words', () => {
    const options: ChainOptions = { ...quick, logPageWords: 2 };
    expect(() => createChainSystem(toyProgram(image, 1), options)).toThrow('CONTINUATION_RANGE');
  });
});

describe('what the single parts of the paged form are for', () => {
  const chain = setup();
  /** The second segment finds a value in a cell that the others know nothing of. */
  const found = (value: bigint): ToyRun =>
    toyRun(image, program, input, (memory, index) => {
      if (index === 1) memory.set(2000n, value);
      else memory.delete(2000n);
    });

  /** Traces of a prover who tampers with those of the second segment; `honest` tells a tracker what the segment does. */
  const tampering =
    (
      tamper: (
        tracker: LinkTracker,
        touched: readonly TouchedCell[],
      ) => readonly [cells: TableTrace, blocks: TableTrace, nodes: TableTrace, permutations: TableTrace],
    ) =>
    (cells: Cells): LinkTracker => {
      const tracker = chain.link.track(cells);
      let index = 0;
      return {
        ...tracker,
        defer: (touched) => {
          const traces = index++ === 1 ? tamper(tracker, touched) : tracker.next(engine, touched);
          return () => traces;
        },
      };
    };
  /** The table of cells for these. */
  const cellsFor = (touched: readonly TouchedCell[]): TableTrace =>
    chain.link.track(new Map()).next(engine, touched)[0]!;
  const at = (trace: TableTrace, name: string): number => trace.table.names.main.indexOf(name);
  /** A table with more rows of zeros, in one of which some cells are set. */
  const withRow = (each: TableTrace, row: Readonly<Record<string, bigint>>): TableTrace => {
    const { rows } = each.trace;
    const main = each.trace.main.map((list, column) => [
      ...list,
      row[each.table.names.main[column]!] ?? 0n,
      ...new Array<bigint>(rows - 1).fill(0n),
    ]);
    return { ...each, trace: { ...each.trace, rows: 2 * rows, main } };
  };
  const cellOf = (each: TableTrace, name: string, row: number): bigint => each.trace.main[at(each, name)]![row]!;
  const withoutRows = (each: TableTrace, rows: readonly number[]): TableTrace => {
    const main = each.trace.main.map((list) => Array.from(list, (value, row) => (rows.includes(row) ? 0n : value)));
    return { ...each, trace: { ...each.trace, main } };
  };
  /** Whether a row of blocks or nodes asks for a digest, and the inputs of its permutations, before and after. */
  const lookupsOf = (each: TableTrace, row: number): { readonly finishes: boolean; readonly input: bigint[] }[] => {
    const list = (name: string, count: number): bigint[] =>
      Array.from({ length: count }, (_, k) => cellOf(each, `${name}[${String(k)}]`, row));
    if (cellOf(each, 'active', row) === 0n) return [];
    return ['Before', 'After'].map((side) =>
      each.table.names.main.includes('level')
        ? {
            finishes: true,
            input: [...list(`left${side}`, 4), ...list(`right${side}`, 4), cellOf(each, 'level', row), 0n, 0n, 0n],
          }
        : {
            finishes: cellOf(each, 'last', row) === 1n,
            input: [...list(side.toLowerCase(), 8), ...list(`capacity${side}`, 4)],
          },
    );
  };
  /** Permutations that are looked up as often more. */
  const recount = (each: TableTrace, lookups: ReturnType<typeof lookupsOf>, more: bigint): TableTrace => {
    const main: bigint[][] = each.trace.main.map((list) => Array.from(list));
    const first = at(each, 'input[0]');
    for (const { finishes, input: lanes } of lookups) {
      const row = main[first]!.findIndex((_, k) => lanes.every((lane, index) => main[first + index]![k] === lane));
      const counts = main[at(each, finishes ? 'digests' : 'absorptions')]!;
      counts[row] = counts[row]! + more;
    }
    return { ...each, trace: { ...each.trace, main } };
  };
  /** The third segment finds 5 in a cell in which nobody has put it; and what the second one would have to do for that. */
  const findsLater = (key: bigint): [ToyRun, TouchedCell] => [
    toyRun(
      image,
      program.map((each, index) => (index === 2 ? [...each, { kind: 'read', key } as const] : each)),
      input,
      (memory, index) => {
        if (index === 2) memory.set(key, 5n);
      },
    ),
    { key, before: 0n, after: 5n, lastTime: 0n },
  ];
  const judgeLiar = async (run: ToyRun, constraints: readonly string[], track: ChainSystem['link']['track']) => {
    const segments = without(chain.segments, constraints);
    const liar = { ...chain, link: { ...chain.link, track }, segments };
    expect(await judge(liar, run, chain)).toMatchObject({ ok: false, reason: 'proof', proof: 'constraints' });
    expect(await judge(liar, run, { ...chain, segments })).toMatchObject({ ok: true });
  };
  const isOther = ({ key }: TouchedCell): boolean => key !== 2000n;

  it('without idle rows being idle a word is in no page', async () => {
    const track = tampering((tracker, touched) => {
      const [, blocks, nodes, permutations] = tracker.next(engine, touched.filter(isOther)) as TableTrace[];
      const word = { key: 2000n, 'touched[0]': 1n, 'before[0]': 99n, 'after[0]': 99n };
      return [cellsFor(touched), withRow(blocks!, word), nodes!, permutations!];
    });
    await judgeLiar(found(99n), ['nothing is touched on an idle row'], track);
  });

  it('without pages being whole a block of one page is that of another', async () => {
    const track = tampering((tracker, touched) => {
      const [, blocks, nodes, permutations] = tracker.next(engine, touched.filter(isOther)) as TableTrace[];
      // The first block of the page of cell 0, which is 11, with another key.
      const cell = (name: string): bigint => cellOf(blocks!, name, 0);
      const list = (name: string, from: string, count: number): [string, bigint][] =>
        Array.from({ length: count }, (_, k) => [`${name}[${String(k)}]`, cell(`${from}[${String(k)}]`)]);
      const row = Object.fromEntries([
        ...['active', 'first', 'stride'].map((name): [string, bigint] => [name, cell(name)]),
        ...['before', 'after'].flatMap((name) => list(name, 'after', 8)),
        ...['capacityBefore', 'capacityAfter'].flatMap((name) => list(name, 'capacityAfter', 4)),
        ...['resultBefore', 'resultAfter'].flatMap((name) => list(name, 'resultAfter', 4)),
        ['key', 2000n],
        ['touched[0]', 1n],
      ]) as Record<string, bigint>;
      const [, after] = lookupsOf(blocks!, 0);
      return [cellsFor(touched), withRow(blocks!, row), nodes!, recount(permutations!, [after!, after!], 1n)];
    });
    await judgeLiar(found(11n), ['a page goes on to its last block'], track);
  });

  it('without siblings staying memory changes by itself', async () => {
    // The second segment leaves 5 in a cell of a page that it does not touch, and the third one finds it.
    const [run, untouched] = findsLater(4096n);
    const track = tampering((tracker, touched) => {
      const [, blocks, nodes, permutations] = tracker.next(engine, [...touched, untouched]) as TableTrace[];
      // The page and the nodes above it are taken out, up to the node that has a child of each.
      const own = Array.from({ length: blocks!.trace.rows }, (_, row) => row).filter(
        (row) => cellOf(blocks!, 'key', row) >= 4096n,
      );
      const above = Array.from({ length: nodes!.trace.rows }, (_, row) => row).filter(
        (row) => cellOf(nodes!, 'key', row) === 4096n && cellOf(nodes!, 'level', row) > 0n,
      );
      const fewer = recount(
        permutations!,
        [...own.flatMap((row) => lookupsOf(blocks!, row)), ...above.flatMap((row) => lookupsOf(nodes!, row))],
        -1n,
      );
      const flag = at(nodes!, 'rightTouched');
      const meeting = Array.from({ length: nodes!.trace.rows }, (_, row) => row).find(
        (row) => cellOf(nodes!, 'key', row) === 0n && cellOf(nodes!, 'half', row) === 4096n,
      )!;
      const apart = withoutRows(nodes!, above);
      const main = apart.trace.main.map((list, column) =>
        column === flag ? Array.from(list).with(meeting, 0n) : list,
      );
      const patched = { ...apart, trace: { ...apart.trace, main } };
      return [cellsFor(touched), withoutRows(blocks!, own), patched, fewer];
    });
    const stays = [0, 1, 2, 3].map((k) => `right ${String(k)} stays unless it is touched`);
    await judgeLiar(run, stays, track);
  });

  it('no page is brought in twice', async () => {
    const run = toyRun(image, program, input);
    const track = tampering((tracker, touched) => {
      const [cells, blocks, nodes, permutations] = tracker.next(engine, touched) as TableTrace[];
      // All rows once more, but for touched words.
      const { rows } = blocks!.trace;
      const main = blocks!.trace.main.map((list, column) => [
        ...list,
        ...(blocks!.table.names.main[column]!.startsWith('touched') ? new Array<bigint>(rows).fill(0n) : list),
      ]);
      const twice = { ...blocks!, trace: { ...blocks!.trace, rows: 2 * rows, main } };
      const more = Array.from({ length: rows }, (_, row) => row).flatMap((row) => lookupsOf(blocks!, row));
      return [cells!, twice, nodes!, recount(permutations!, more, 1n)];
    });
    const liar = { ...chain, link: { ...chain.link, track } };
    const refused = await judge(liar, run, chain);
    expect(refused).toMatchObject({ ok: false, reason: 'proof' });
  });

  it('without untouched words staying memory changes by itself', async () => {
    // The second segment leaves 5 in a cell that it does not touch, and the third one finds it.
    const [run, untouched] = findsLater(28n);
    const track = tampering((tracker, touched) => {
      const [, blocks, nodes, permutations] = tracker.next(engine, [...touched, untouched]) as TableTrace[];
      const flag = at(blocks!, 'touched[7]');
      const main = blocks!.trace.main.map((list, column) => (column === flag ? list.map(() => 0n) : list));
      return [cellsFor(touched), { ...blocks!, trace: { ...blocks!.trace, main } }, nodes!, permutations!];
    });
    await judgeLiar(run, ['word 7 stays unless it is touched'], track);
  });
});
