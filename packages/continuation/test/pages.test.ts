import { MODULUS } from '@commute/field';
import { checkTraces, formatMutations, mutateTraces, type PublicMessage, type TableTrace } from '@commute/stark';
import { validate } from '@commute/wasm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cells, createStateLink, REGISTER_KEY, type TouchedCell } from '../src/index.ts';
import { ANY_KEY, cellsAfter } from '../src/link/cells.ts';
import { type PageLayout, pageLayout, placeOf, spanOf } from '../src/pages/page-layout.ts';
import {
  createBlockTable,
  createPagedCellTable,
  nodeCapacity,
  pageCapacity,
  pageMessages,
} from '../src/pages/page-tables.ts';
import { PagedMemory, type PagedStep } from '../src/pages/paged-memory.ts';
import {
  createPermutation,
  fillByReference,
  fillPermutations,
  ROW_CELLS,
  writeModule,
} from '../src/pages/permutation-kernel.ts';
import { ABSORB, FINISH, PermutationCounter, permutationTable } from '../src/pages/permutation-table.ts';
import { permuteIn, permuteReference, POWERS, REFERENCE, rounds, WIDTH } from '../src/pages/poseidon2.ts';
import { complaintsOf, unneeded } from './needs.ts';
import { othersOf } from './support.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 20);
const element = fc.oneof(
  fc.bigInt({ min: 0n, max: MODULUS - 1n }),
  fc.constantFrom(0n, 1n, 2n ** 32n - 1n, 2n ** 32n, MODULUS - 2n ** 32n, MODULUS - 1n),
);
const state = fc.array(element, { minLength: WIDTH, maxLength: WIDTH });

describe('the permutation', () => {
  it('gives what its authors publish for the input 0 to 11', () => {
    // https://github.com/HorizenLabs/poseidon2, plain_implementations/src/poseidon2/poseidon2.rs, goldilocks, kats.
    const published = [
      0x01eaef96bdf1c0c1n,
      0x1f0d2cc525b2540cn,
      0x6282c1dfe1e0358dn,
      0xe780d721f698e1e6n,
      0x280c0b6f753d833bn,
      0x1b942dd5023156abn,
      0x43f0df3fcccb8398n,
      0xe8e8190585489025n,
      0x56bdbf72f77ada22n,
      0x7911c32bf9dcd705n,
      0xec467926508fbe67n,
      0x6a50450ddf85a6edn,
    ];
    const input = Array.from({ length: WIDTH }, (_, lane) => BigInt(lane));
    expect(permuteReference(input)).toEqual(published);
    const fast = BigUint64Array.from(input);
    createPermutation()(fast);
    expect(Array.from(fast)).toEqual(published);
  });

  it('has the published number of rounds, and its first constants', () => {
    expect(rounds().map(({ kind }) => kind)).toEqual([
      ...new Array<string>(4).fill('full'),
      ...new Array<string>(22).fill('partial'),
      ...new Array<string>(4).fill('full'),
    ]);
    expect(rounds()[0]!.constants.slice(0, 2)).toEqual([0x13dcf33aba214f46n, 0x30b3b654a1da6d83n]);
  });

  it('is the same in WebAssembly, and so are the rows of its table', () => {
    expect(validate(writeModule())).toBe(true);
    const permute = createPermutation();
    fc.assert(
      fc.property(state, (lanes) => {
        const fast = BigUint64Array.from(lanes);
        permute(fast);
        expect(Array.from(fast)).toEqual(permuteReference(lanes));
        expect(fillPermutations(BigUint64Array.from(lanes), 4)).toEqual(fillByReference(BigUint64Array.from(lanes), 4));
      }),
      { numRuns: runs },
    );
  });
});

it('fills rows in several batches', () => {
  const inputs = BigUint64Array.from({ length: 100 * WIDTH }, (_, k) => 7n ** BigInt(k % 20) + BigInt(k));
  expect(fillPermutations(inputs, 128)).toEqual(fillByReference(inputs, 128));
});

/** A row of the permutation's table, of a prover who adds 1 to one cube or seventh power and goes on from there. */
function forgedRow(input: readonly bigint[], where?: { readonly cube?: number; readonly power?: number }): bigint[] {
  const [cubes, powers]: [bigint[], bigint[]] = [[], []];
  permuteIn<bigint>(
    {
      ...REFERENCE,
      power: (value, index) => {
        const cube = (value ** 3n + (index === where?.cube ? 1n : 0n)) % MODULUS;
        const power = (cube * cube * value + (index === where?.power ? 1n : 0n)) % MODULUS;
        cubes.push(cube);
        powers.push(power);
        return power;
      },
    },
    input,
  );
  return [0n, 0n, ...input, ...cubes, ...powers];
}

describe('the table of permutations', () => {
  const input = Array.from({ length: WIDTH }, (_, lane) => 3n ** BigInt(lane));

  it('needs every constraint, and notices every change', () => {
    const next = forgedRow(input);
    expect(complaintsOf(permutationTable, { current: next, next }, [])).toEqual([]);
    for (let index = 0; index < POWERS; index++) {
      for (const [where, name] of [
        [{ cube: index }, 'cube'],
        [{ power: index }, 'seventh power'],
      ] as const) {
        const current = forgedRow(input, where);
        const found = complaintsOf(permutationTable, { current, next }, []);
        expect(found).toEqual([`${name} ${String(index)}`]);
      }
    }
    for (let cell = 2; cell < next.length; cell++) {
      const current = next.with(cell, (next[cell]! + 1n) % MODULUS);
      expect(complaintsOf(permutationTable, { current, next }, []).length).toBeGreaterThan(0);
    }
  });

  it('answers what was looked up, as often as it was', () => {
    const counter = new PermutationCounter();
    const other = input.with(8, 5n);
    const asked = [
      [ABSORB, input],
      [FINISH, input],
      [FINISH, other],
      [FINISH, input],
    ] as const;
    const messages = asked.map(([kind, lanes]): PublicMessage => {
      counter.input.set(lanes);
      const result = Array.from(counter.look(kind));
      const output = permuteReference(lanes);
      expect(result).toEqual(kind === ABSORB ? output.slice(8) : output.slice(0, 4));
      return {
        bus: 'permutation',
        direction: 'send',
        tuple: [BigInt(kind), ...lanes, ...result],
        multiplicity: 1n,
      };
    });
    expect(counter.size).toBe(2);
    const trace = counter.trace();
    expect(trace.trace.main).toHaveLength(2 + ROW_CELLS);
    expect(checkTraces([trace], { publicMessages: messages })).toEqual({ ok: true });
    for (let k = 0; k < messages.length; k++) {
      expect(checkTraces([trace], { publicMessages: messages.toSpliced(k, 1) }).ok).toBe(false);
      const { tuple } = messages[k]!;
      const forged = messages.with(k, { ...messages[k]!, tuple: tuple.with(16, tuple[16]! ^ 1n) });
      expect(checkTraces([trace], { publicMessages: forged }).ok).toBe(false);
    }
  });
});

describe('the layout', () => {
  it.each([3, 4, 6, 8, 12])('has a place of its own for each word and register, pages of 2^%i words', (logWords) => {
    const layout = pageLayout(logWords);
    const keyOf = ({ tree, page, slot }: ReturnType<typeof placeOf>): bigint => {
      const { base, stride } = layout.trees[tree]!;
      return base + stride * (BigInt(page) * BigInt(layout.words) + BigInt(slot));
    };
    const keys = [0n, 4n, 252n, 256n, 2n ** 31n, 2n ** 32n - 4n, REGISTER_KEY, REGISTER_KEY + 1n, REGISTER_KEY + 63n];
    for (const key of keys) {
      const place = placeOf(layout, key);
      expect(keyOf(place)).toBe(key);
      expect(place.page).toBeLessThan(2 ** layout.trees[place.tree]!.levels);
    }
    const beyond = REGISTER_KEY + BigInt(Math.max(64, layout.words));
    for (const key of [1n, 6n, 2n ** 32n - 1n, beyond, -4n]) {
      expect(() => placeOf(layout, key)).toThrow('CONTINUATION_RANGE');
    }
  });

  it('has pages of 8 to 4096 words', () => {
    for (const logWords of [2, 13, 5.5]) expect(() => pageLayout(logWords)).toThrow('CONTINUATION_RANGE');
  });
});

/** The digest of a subtree, computed from all cells every time. */
function naiveDigest(layout: PageLayout, tree: number, level: number, index: bigint, cells: Cells): bigint[] {
  const shape = layout.trees[tree]!;
  if (level > 0) {
    const span = spanOf(layout, shape, level);
    const start = shape.base + index * span;
    const isEmpty = [...cells].every(([key, value]) => value === 0n || key < start || key >= start + span);
    const left = naiveDigest(layout, tree, level - 1, 2n * index, isEmpty ? new Map() : cells);
    const right = isEmpty ? left : naiveDigest(layout, tree, level - 1, 2n * index + 1n, cells);
    return permuteReference([...left, ...right, ...nodeCapacity(level)]).slice(0, 4);
  }
  let capacity = [...pageCapacity(layout)];
  for (let block = 0; ; block++) {
    const words = Array.from({ length: 8 }, (_, k) => {
      const word = index * BigInt(layout.words) + BigInt(8 * block + k);
      return cells.get(shape.base + shape.stride * word) ?? 0n;
    });
    const output = permuteReference([...words, ...capacity]);
    if (block + 1 === layout.blocks) return output.slice(0, 4);
    capacity = output.slice(8);
  }
}

function naiveRoots(layout: PageLayout, cells: Cells): bigint[] {
  return layout.trees.flatMap(({ levels }, tree) => naiveDigest(layout, tree, levels, 0n, cells));
}

const key = fc.oneof(
  fc.nat({ max: 60 }).map((word) => 4n * BigInt(word)),
  fc.nat({ max: 2 ** 30 - 1 }).map((word) => 4n * BigInt(word)),
  fc.nat({ max: 36 }).map((register) => REGISTER_KEY + BigInt(register)),
);
const cellsOf = fc.array(fc.tuple(key, element), { maxLength: 12 }).map((entries) => new Map(entries));

describe('memory in pages', () => {
  it('has the roots of its contents, whatever happened before', () => {
    fc.assert(
      fc.property(fc.constantFrom(3, 5, 6), cellsOf, fc.array(cellsOf, { maxLength: 3 }), (logWords, image, writes) => {
        const layout = pageLayout(logWords);
        const tables = { cells: createPagedCellTable(ANY_KEY), blocks: createBlockTable(layout) };
        const memory = new PagedMemory(layout, image);
        let cells = new Map(image);
        expect(memory.roots()).toEqual(naiveRoots(layout, cells));
        for (const each of writes) {
          const touched = [...each].map(([at, after]): TouchedCell => ({
            key: at,
            before: cells.get(at) ?? 0n,
            after,
            lastTime: 1n,
          }));
          const { boundary } = memory.step(tables, ANY_KEY, touched);
          expect(boundary.before).toEqual(naiveRoots(layout, cells));
          cells = cellsAfter(cells, [touched]);
          expect(boundary.after).toEqual(naiveRoots(layout, cells));
          expect(new PagedMemory(layout, cells).roots()).toEqual(boundary.after);
        }
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });

  it('has golden roots', () => {
    const roots = (cells: Cells): string[] =>
      createStateLink('paged').rootsOf!(cells).map((each) => each.toString(16).padStart(16, '0'));
    expect(roots(new Map())).toMatchInlineSnapshot(`
      [
        "4bdd3e589d1d8ec4",
        "b60896ac5329b947",
        "a9c2d8efb757e90a",
        "2c9a20beaeb3aa8e",
        "764575a9c647a992",
        "b45b060d7845007d",
        "260bd7582f818a02",
        "49831020d2677f9e",
      ]
    `);
    expect(
      roots(
        new Map([
          [4096n, 7n],
          [REGISTER_KEY + 2n, 0xfffff000n],
        ]),
      ),
    ).toMatchInlineSnapshot(`
      [
        "117d4b4a9f35f0b1",
        "0df64ed84badd877",
        "b55d094976c1917a",
        "069bd785a1cec6be",
        "7d67e7056e049d56",
        "471d67fde742f44f",
        "619fbd1d93963b32",
        "536f004efa69b4d8",
      ]
    `);
  });

  it('tells pages of other sizes, pages and nodes, and levels apart', () => {
    const empty = [3, 4, 5, 6].map((logWords) =>
      new PagedMemory(pageLayout(logWords), new Map()).roots().slice(0, 4).join(),
    );
    expect(new Set(empty).size).toBe(empty.length);
    const capacities = [
      pageCapacity(pageLayout()),
      ...Array.from({ length: 28 }, (_, level) => nodeCapacity(level + 1)),
    ];
    expect(new Set(capacities.map(String)).size).toBe(29);
  });
});

const image: Cells = new Map([
  [0n, 3n],
  [20n, 7n],
  [1024n, 5n],
  [REGISTER_KEY, 6n],
]);
const touched: readonly TouchedCell[] = [
  { key: 0n, before: 3n, after: 4n, lastTime: 6n },
  { key: 60n, before: 0n, after: 8n, lastTime: 3n },
  { key: REGISTER_KEY + 1n, before: 0n, after: 9n, lastTime: 2n },
  { key: 20n, before: 7n, after: 0n, lastTime: 5n },
  { key: 512n, before: 0n, after: 0n, lastTime: 1n },
];

const memoryMessages = touched.flatMap(({ key: at, before, after, lastTime }): PublicMessage[] => [
  { bus: 'memory', direction: 'receive', tuple: [at, before, 0n], multiplicity: 1n },
  { bus: 'memory', direction: 'send', tuple: [at, after, lastTime], multiplicity: 1n },
]);

function stepOf(logWords: number): { readonly step: PagedStep; readonly statement: readonly PublicMessage[] } {
  const layout = pageLayout(logWords);
  const tables = { cells: createPagedCellTable(ANY_KEY), blocks: createBlockTable(layout) };
  const step = new PagedMemory(layout, image).step(tables, ANY_KEY, touched);
  return { step, statement: [...memoryMessages, ...pageMessages(layout, step.boundary)] };
}

/** An honest table alone, and messages of the statement for all that it asks of others. */
function alone(
  name: string,
  logWords: number,
): { readonly table: TableTrace; readonly publicMessages: PublicMessage[] } {
  const table = stepOf(logWords)
    .step.traces()
    .find((each) => each.table.name === name)!;
  return { table, publicMessages: othersOf(table) };
}

/** Two rows in which some cells are another's choice. */
interface ForgedRows {
  /** Of the first; negative ones count from the end. */
  readonly row: number;
  readonly current: Readonly<Record<string, bigint>>;
  readonly next?: Readonly<Record<string, bigint>>;
}

describe('the tables of pages', () => {
  it.each([3, 4, 6])('accept what is so, pages of 2^%i words', (logWords) => {
    const { step, statement } = stepOf(logWords);
    expect(checkTraces(step.traces(), { publicMessages: statement })).toEqual({ ok: true });
    // Each of the statement's messages is needed.
    for (let k = 0; k < statement.length; k++) {
      expect(checkTraces(step.traces(), { publicMessages: statement.toSpliced(k, 1) }).ok).toBe(false);
    }
  });

  it('hash what is the same before and after once', () => {
    const layout = pageLayout();
    const tables = { cells: createPagedCellTable(ANY_KEY), blocks: createBlockTable(layout) };
    const memory = new PagedMemory(layout, image);
    const read = touched.map((cell) => ({ ...cell, after: cell.before }));
    const { boundary, sizes } = memory.step(tables, ANY_KEY, read);
    expect(boundary.after).toEqual(boundary.before);
    expect(sizes.permutations).toBeLessThanOrEqual(sizes.nodes + layout.blocks * sizes.pages);
    // Two neighbouring pages share all but one of the nodes above them.
    expect(sizes.nodes).toBeLessThan(2 * layout.trees[0].levels);
  });

  it('need no page of RAM', () => {
    for (const logWords of [3, 6]) {
      const layout = pageLayout(logWords);
      const tables = { cells: createPagedCellTable(ANY_KEY), blocks: createBlockTable(layout) };
      const step = new PagedMemory(layout, image).step(tables, ANY_KEY, []);
      expect(step.boundary.after).toEqual(step.boundary.before);
      expect(checkTraces(step.traces(), { publicMessages: pageMessages(layout, step.boundary) })).toEqual({ ok: true });
    }
  });

  it.each([
    ['paged link', 6],
    ['page blocks', 4],
    ['page nodes', 6],
  ] as const)('notice every change: %s', (name, logWords) => {
    const { table, publicMessages } = alone(name, logWords);
    const active = table.trace.main[table.table.names.main.indexOf('active')]!;
    const report = mutateTraces([table], {
      publicMessages,
      repairAttempts: 0,
      repairSteps: 0,
      // What stands on rows without anything.
      isFree: ({ column, row }) => active[row] === 0n && column !== 'active',
    });
    expect(formatMutations({ ...report, redundant: [] })).toBe('');
  });

  /** Constraints on rows and transitions that neither changes of a cell nor some forged rows show to be needed. */
  function stillUnneeded(name: string, forged: readonly ForgedRows[]): string[] {
    const { table, trace } = alone(name, name === 'page blocks' ? 5 : 6).table;
    const main = trace.main.map((cells) => [...cells, 0n, 0n]);
    const left = new Set(unneeded(table, { ...trace, rows: trace.rows + 2, main }));
    const names = table.names.main;
    const rowOf = (row: number, changes: Readonly<Record<string, bigint>>): bigint[] =>
      names.map((column, k) => (((changes[column] ?? main[k]![row]!) % MODULUS) + MODULUS) % MODULUS);
    for (const { row, current, next = {} } of forged) {
      const at = row < 0 ? main[0]!.length + row : row;
      const found = complaintsOf(table, { current: rowOf(at, current), next: rowOf(at + 1, next) }, []);
      if (found.length === 1) left.delete(found[0]!);
    }
    return [...left];
  }

  it('need every constraint: cells and nodes', () => {
    expect(stillUnneeded('paged link', [])).toEqual([]);
    // A node that counts twice.
    expect(stillUnneeded('page nodes', [{ row: -2, current: { active: 2n, level: 1n, levelInverse: 2n } }])).toEqual(
      [],
    );
  });

  it('need every constraint: blocks', () => {
    const stride = { stride: 5n, key: -8n };
    const rows: ForgedRows[] = [
      // A page that goes on behind its last block, by a block that counts twice or is none.
      { row: 2, current: { active: 2n, last: 1n, block: 3n }, next: { block: 4n } },
      { row: 2, current: { active: 0n, last: -1n, block: 3n }, next: { block: 4n } },
      // One that starts in its middle.
      { row: 0, current: { block: 1n }, next: { block: 2n } },
      // One whose keys are further apart from some block on.
      { row: 0, current: stride },
      // The start of a page on an idle row.
      { row: -2, current: { first: 1n, 'capacityBefore[1]': 32n, 'capacityAfter[1]': 32n } },
    ];
    expect(stillUnneeded('page blocks', rows)).toEqual([]);
  });

  it('need every constraint: the first and the last block', () => {
    const { table } = alone('page blocks', 5);
    const { names } = table.table;
    const cut = (from: number, to: number): TableTrace => ({
      ...table,
      trace: { ...table.trace, rows: to - from, main: table.trace.main.map((cells) => cells.slice(from, to)) },
    });
    expect(names.main.slice(0, 3)).toEqual(['active', 'first', 'last']);
    const complaints = (trace: TableTrace): string[] => {
      const report = checkTraces([trace], { mostFailures: Infinity });
      const failures = report.ok ? [] : report.failures;
      return failures.flatMap((each) => (each.kind === 'constraint' ? [each.constraint] : []));
    };
    expect(complaints(cut(0, 4))).toEqual([]);
    expect(complaints(cut(2, 4))).toEqual(['no page starts before the first row']);
    expect(complaints(cut(0, 2))).toEqual(['no page goes on behind the last row']);
  });
});
