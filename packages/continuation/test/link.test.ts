import {
  inverse,
  MODULUS,
  multiply,
  subtract,
  createExtensionField,
  createFieldEngineSync,
  createReferenceEngine,
  type ExtensionElement,
  type WasmEngine,
} from '@commute/field';
import { BLAKE3 } from '@commute/poly-commit';
import {
  checkTraces,
  constraintsOf,
  formatMutations,
  mutateTraces,
  numberExposedBuses,
  type PublicMessage,
  publicSum,
  type Table,
  type TableTrace,
  type Trace,
} from '@commute/stark';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStateLink, REGISTER_KEY, type TouchedCell } from '../src/index.ts';
import { BYTE_BUS, byteTable, ByteCounter } from '../src/link/byte-table.ts';
import { ANY_KEY, type Cells } from '../src/link/cells.ts';
import { commitmentPath, commitmentRoot, verifyCommitmentPath } from '../src/link/commitment-tree.ts';
import { createGlobalTable, endTrace, globalTrace, STATE_BUS } from '../src/link/global-table.ts';
import { imageAt, imageOnBus } from '../src/link/image.ts';
import { createPairwiseTable, pairwisePolynomials, pairwiseTrace } from '../src/link/pairwise-table.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 30);

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

const touched: readonly TouchedCell[] = [
  { key: 8n, before: 3n, after: 4n, lastTime: 6n },
  { key: REGISTER_KEY + 1n, before: 0n, after: 9n, lastTime: 2n },
  { key: 16n, before: 7n, after: 0n, lastTime: 5n },
];
const memory: Cells = new Map([
  [8n, 3n],
  [16n, 7n],
  [100n, 5n],
  [REGISTER_KEY, 6n],
]);

const message = (
  bus: string,
  direction: 'send' | 'receive',
  tuple: readonly bigint[],
  multiplicity = 1n,
): PublicMessage => ({ bus, direction, tuple, multiplicity });

/** What a segment does to the cells on its bus. */
const segmentMessages = touched.flatMap(({ key, before, after, lastTime }) => [
  message('memory', 'receive', [key, before, 0n]),
  message('memory', 'send', [key, after, lastTime]),
]);

/** The three base elements c with Σ c_k·x^k = value. */
function inPowers(x: ExtensionElement, value: ExtensionElement): bigint[] {
  const field = createExtensionField();
  const basis = [field.one, x, field.multiply(x, x)];
  const rows = [0, 1, 2].map((k) => [...basis.map((each) => each[k]!), value[k]!]);
  for (let k = 0; k < 3; k++) {
    const pivot = rows.findIndex((each, at) => at >= k && each[k] !== 0n);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const scale = inverse(rows[k]![k]!);
    rows[k] = rows[k]!.map((each) => multiply(each, scale));
    rows.forEach((each, at) => {
      if (at !== k) rows[at] = each.map((word, column) => subtract(word, multiply(each[k]!, rows[k]![column]!)));
    });
  }
  return rows.map((each) => each[3]!);
}

/** Takes the bytes that traces send. */
function bytesOf(traces: readonly TableTrace[]): PublicMessage[] {
  const [bytes] = traces.filter(({ table }) => table.name === byteTable.name);
  return Array.from(bytes!.trace.main[1]!, (count, byte) => message(BYTE_BUS, 'receive', [BigInt(byte)], count));
}

describe('the table of the pairwise link', () => {
  const table = createPairwiseTable(ANY_KEY);

  const honest = (): TableTrace => pairwiseTrace(engine, table, ANY_KEY, touched, memory);

  /** The challenges of the debug run. */
  function challengesOf(trace: TableTrace): ExtensionElement[] {
    let seen: readonly ExtensionElement[] = [];
    const fill: Table['fill'] = (each, challenges, field) => {
      seen = challenges;
      return table.fill(each, challenges, field);
    };
    checkTraces([{ ...trace, table: { ...table, fill } }]);
    return [...seen];
  }

  /**
   * A forger who adds 1 to a running value in one row and goes on from there, and claims what follows. For identity 3 he solves for the
   * coefficients of B, or of A where B is what he forges.
   */
  function forger(column: string, row: number): TableTrace {
    const { trace } = honest();
    const [, , own] = challengesOf(honest()) as [ExtensionElement, ExtensionElement, ExtensionElement];
    const at = table.names.auxiliary.indexOf(column);
    const index = (name: string): number => table.names.auxiliary.indexOf(name);
    const tampered: Table['fill'] = (each, challenges, extension) => {
      const columns = table.fill(each, challenges, extension).map((values) => [...values]);
      const [into, out] = challenges as [ExtensionElement, ExtensionElement];
      const factor = (position: number): ExtensionElement =>
        each.main[0]![position] === 1n
          ? extension.subtract(own, extension.fromBase(each.main[1]![position]!))
          : extension.one;
      let added = extension.one;
      for (let position = row; position < each.rows; position++) {
        if (position > row) {
          const point = column.endsWith('AtIn') ? into : column.endsWith('AtOut') ? out : own;
          if (/At(In|Out|Own)$/.test(column)) added = extension.multiply(added, point);
          if (column === 'product' || column === 'derivative') added = extension.multiply(added, factor(position));
        }
        columns[at]![position] = extension.add(columns[at]![position]!, added);
        // P' takes P into itself.
        if (column === 'product' && position + 1 < each.rows) {
          let derivative = columns[index('derivative')]![position]!;
          for (let later = position + 1; later < each.rows; later++) {
            const before = columns[index('product')]![later - 1]!;
            derivative = extension.multiply(derivative, factor(later));
            if (each.main[0]![later] === 1n) derivative = extension.add(derivative, before);
            columns[index('derivative')]![later] = derivative;
          }
        }
      }
      return columns;
    };
    const solveFor = column === 'bezoutRemainderAtOwn' ? 'bezoutTouched' : 'bezoutRemainder';
    return withIdentity({ ...table, fill: tampered }, trace, solveFor);
  }

  /** A trace with coefficients of A or of B for which identity 3 holds, whatever else does. */
  function withIdentity(liar: Table, trace: Trace, solveFor: 'bezoutTouched' | 'bezoutRemainder'): TableTrace {
    const field = createExtensionField();
    const challenges = challengesOf(honest());
    const last = liar.fill(trace, challenges, field).map((values) => values.at(-1)!);
    const value = (name: string): ExtensionElement => last[table.names.auxiliary.indexOf(name)]!;
    const beside = field.multiply(value('keysAtOwn'), value('derivative'));
    const [mine, other, theirs] =
      solveFor === 'bezoutTouched'
        ? [value('product'), value('bezoutRemainderAtOwn'), beside]
        : [beside, value('bezoutTouchedAtOwn'), value('product')];
    const rest = field.subtract(field.one, field.multiply(other, theirs));
    const coefficients = inPowers(challenges[2]!, field.multiply(rest, field.inverse(mine)));
    const place = table.names.main.indexOf(solveFor);
    const main = trace.main.map((cells, each) =>
      each === place ? [...new Array<bigint>(trace.rows - 3).fill(0n), ...coefficients.toReversed()] : cells,
    );
    return { table: liar, trace: { ...trace, main } };
  }

  /** Two entries for a cell and minus one of them, which are one entry for the buses; all else as the constraints say. */
  function doubleEntry(): TableTrace {
    const { trace } = honest();
    const main = trace.main.map((cells, column) => {
      if (column === 0) return [1n, 2n, 1n, MODULUS - 1n];
      return column < 5 ? [...Array.from(cells).slice(0, 3), cells[1]!] : cells;
    });
    const fill: Table['fill'] = (each, challenges, field) => {
      const columns = table.fill(each, challenges, field).map((values) => [...values]);
      const [into, out, own] = challenges as [ExtensionElement, ExtensionElement, ExtensionElement];
      const [active, key, before, after] = each.main as [bigint[], bigint[], bigint[], bigint[]];
      const column = (name: string): ExtensionElement[] => columns[table.names.auxiliary.indexOf(name)]!;
      let [product, derivative, sumIn, sumOut] = [field.one, field.zero, field.zero, field.zero];
      active.forEach((count, row) => {
        const point = field.subtract(own, field.fromBase(key[row]! + 1n));
        const factor = field.add(field.scale(point, count), field.one);
        derivative = field.add(field.multiply(derivative, factor), field.scale(product, count));
        product = field.multiply(product, factor);
        const share = (at: ExtensionElement, value: bigint): ExtensionElement =>
          field.scale(field.inverse(field.subtract(at, field.fromBase(key[row]!))), multiply(count, value));
        sumIn = field.add(sumIn, share(into, before[row]!));
        sumOut = field.add(sumOut, share(out, after[row]!));
        column('product')[row] = product;
        column('derivative')[row] = derivative;
        column('sumBefore')[row] = sumIn;
        column('sumAfter')[row] = sumOut;
      });
      return columns;
    };
    return withIdentity({ ...table, fill }, { ...trace, main }, 'bezoutRemainder');
  }

  /** What he claims is not what the columns say. */
  function claims(change: (values: readonly ExtensionElement[]) => ExtensionElement[]): TableTrace {
    const expose: Table['expose'] = (...context) => change(table.expose(...context));
    return { ...honest(), table: { ...table, expose } };
  }

  it('accepts what is so, and notices every change and needs every constraint', () => {
    expect(honest().trace.rows).toBe(4);
    expect(checkTraces([honest()], { publicMessages: segmentMessages })).toEqual({ ok: true });
    const { trace } = honest();
    const late = trace.main.map((cells, column) => {
      const list = Array.from(cells);
      return column < 5 ? [0n, ...list.slice(0, 3)] : list;
    });
    const one: ExtensionElement = [1n, 0n, 0n];
    const hostile = [
      ...table.names.auxiliary.flatMap((name) => [[forger(name, 0)], [forger(name, 1)]]),
      [doubleEntry()],
      [{ table, trace: { ...trace, main: late } }],
      [claims(([into, out]) => [createExtensionField().add(into!, one), out!])],
      [claims(([into, out]) => [into!, createExtensionField().add(out!, one)])],
    ];
    const report = mutateTraces([honest()], {
      publicMessages: segmentMessages,
      isFree: ({ column, row }) => row === 3 && ['key', 'before', 'after', 'lastTime'].includes(column),
      hostile,
    });
    expect(formatMutations(report)).toBe('');
  });

  it('has polynomials that are the same on both engines and satisfy their identities', () => {
    const key = fc.bigInt({ min: 0n, max: 200n });
    const reference = createReferenceEngine();
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { minLength: 1, maxLength: 30 }),
        fc.uniqueArray(key, { maxLength: 30 }),
        (keys, others) => {
          const untouched = others
            .filter((each) => !keys.includes(each))
            .map((each): [bigint, bigint] => [each, 3n * each + 1n]);
          const polynomials = pairwisePolynomials(engine, keys, untouched);
          expect(pairwisePolynomials(reference, keys, untouched)).toEqual(polynomials);
          const cells = new Map(untouched);
          const list = keys.map((each) => ({ key: each, before: 1n, after: 2n, lastTime: 0n }));
          const trace = pairwiseTrace(engine, table, ANY_KEY, list, cells);
          const messages = list.flatMap(({ key: at }) => [
            message('memory', 'receive', [at, 1n, 0n]),
            message('memory', 'send', [at, 2n, 0n]),
          ]);
          expect(checkTraces([trace], { publicMessages: messages })).toEqual({ ok: true });
        },
      ),
      { numRuns: runs },
    );
  });

  it('needs a cell', () => {
    const tracker = createStateLink('pairwise').track(memory);
    expect(() => tracker.next(engine, [])).toThrow('CONTINUATION_RANGE');
  });
});

describe('the tables of the global link', () => {
  it('of a segment notices every change and needs every constraint', () => {
    const bytes = new ByteCounter();
    const cells = touched.map((cell, k) => ({ ...cell, stamp: k }));
    const honest = globalTrace(createGlobalTable(ANY_KEY), ANY_KEY, cells, 300, bytes);
    const publicMessages = [
      ...segmentMessages,
      ...bytesOf([bytes.trace()]),
      ...cells.flatMap(({ key, before, after, stamp }) => [
        message(STATE_BUS, 'send', [key, before, BigInt(stamp)]),
        message(STATE_BUS, 'receive', [key, after, 300n]),
      ]),
    ];
    const patched = (change: (cells: readonly bigint[], name: string) => readonly bigint[]): TableTrace[] => {
      const main = honest.trace.main.map((values, column) =>
        change(Array.from(values), honest.table.names.main[column]!),
      );
      return [{ ...honest, trace: { ...honest.trace, main } }];
    };
    const report = mutateTraces([honest], {
      publicMessages,
      isFree: ({ column, row }) => row === 3 && column !== 'active',
      hostile: [
        // Two entries and minus one of them are one entry for the buses.
        patched(([a, b, c], name) => (name === 'active' ? [2n, 1n, 1n, MODULUS - 1n] : [a!, b!, c!, a!])),
        // Ages that belong to each other's entries.
        patched((cells, name) => (name.startsWith('age') ? [cells[1]!, cells[0]!, ...cells.slice(2)] : cells)),
      ],
    });
    expect(formatMutations(report)).toBe('');
  });

  it('of the ends notices every change and needs every constraint', () => {
    const bytes = new ByteCounter();
    const cells = [
      { key: 40n, value: 7n, stamp: 3, fresh: true },
      { key: 44n, value: 8n, stamp: 0, fresh: false },
      { key: REGISTER_KEY, value: 0n, stamp: 2, fresh: true },
    ];
    for (const [count, rows] of [
      [3, 4],
      [2, 4],
    ] as const) {
      const counter = new ByteCounter();
      const some = cells.slice(0, count);
      const honest = endTrace(some, 30n, 2n ** 33n, counter);
      expect(honest.trace.rows).toBe(rows);
      const publicMessages = [
        ...bytesOf([counter.trace()]),
        ...some.map(({ key, value, stamp }) => message(STATE_BUS, 'send', [key, value, BigInt(stamp)])),
        ...some.filter(({ fresh }) => fresh).map(({ key }) => message(STATE_BUS, 'receive', [key, 0n, 0n])),
      ];
      const report = mutateTraces([honest], {
        publicMessages,
        isFree: ({ column, row }) =>
          (row === 0 && ['value', 'stamp', 'fresh'].includes(column)) || (row > count && column !== 'live'),
      });
      expect(report.unnoticed).toEqual([]);
    }
    expect(() => endTrace([cells[1]!, cells[0]!], 0n, 100n, bytes)).toThrow(RangeError);
    expect(() => endTrace([cells[0]!, cells[0]!], 0n, 100n, bytes)).toThrow(RangeError);
    expect(() => endTrace([cells[0]!], 41n, 100n, bytes)).toThrow(RangeError);
    expect(() => endTrace([cells[0]!], 0n, 40n, bytes)).toThrow(RangeError);
  });

  it('of the ends needs every constraint', () => {
    const cells = [
      { key: 40n, value: 7n, stamp: 3, fresh: true },
      { key: 44n, value: 8n, stamp: 1, fresh: true },
    ];
    /** Which constraints object to a trace, whatever the segments do; range checks hold. */
    const objections = (change: (cells: Record<string, bigint[]>) => void, some: typeof cells = cells): string[] => {
      const { table, trace } = endTrace(some, 30n, 100n, new ByteCounter());
      const columns = Object.fromEntries(table.names.main.map((name, at) => [name, Array.from(trace.main[at]!)]));
      change(columns);
      const main = table.names.main.map((name) => columns[name]!.map((value) => (value + MODULUS) % MODULUS));
      const report = checkTraces([{ table, trace: { ...trace, rows: main[0]!.length, main } }], { mostFailures: 99 });
      const failures = report.ok ? [] : report.failures;
      const names = failures.flatMap((each) =>
        each.kind === 'constraint' ? [each.constraint] : each.bus === BYTE_BUS && each.tuple[0]! > 255n ? ['byte'] : [],
      );
      return [...new Set(names)];
    };
    /** A row that is the same as another one, with other cells. */
    const copy = (columns: Record<string, bigint[]>, from: number, to: number, other: Record<string, bigint>): void => {
      for (const [name, list] of Object.entries(columns)) list[to] = other[name] ?? list[from]!;
    };
    expect(objections(() => undefined)).toEqual([]);
    const forgeries: Record<string, () => string[]> = {
      // The first cell is there twice, by a gap with the byte -1, which the stop of the range, there -1 times, takes back.
      'live is boolean': () =>
        objections((columns) => {
          copy(columns, 1, 2, { 'gap[0]': 59n });
          copy(columns, 1, 3, { live: -1n, active: -1n, key: 100n, 'gap[0]': -1n });
          columns['gap[0]']![1] = -1n;
        }),
      'the anchor is no cell': () => objections(({ active }) => void (active![0] = 1n)),
      // The first cell a second time, behind the others.
      'other live rows are cells': () =>
        objections((columns) => {
          copy(columns, 1, 3, { live: 0n });
        }),
      'live rows come first': () =>
        objections((columns) => {
          copy(columns, 1, 3, {});
          columns['gap[0]']![3] = columns['gap[0]']![2]!;
          // From the row that is not live back to the first cell.
          for (const k of [1, 2, 3, 4]) columns[`gap[${String(k)}]`]![2] = 0n;
          copy(columns, 1, 2, { live: 0n, active: 0n, key: 30n, 'gap[0]': 9n });
          columns['gap[0]']![1] = 59n;
          columns['gap[0]']![3] = 59n;
        }),
      // The cell is one of the next range, which has it too.
      'the range has a stop': () =>
        objections(({ key, 'gap[0]': gap }) => {
          key![2] = 104n;
          gap![1] = 63n;
        }),
      'the range has a stop after the last row': () =>
        objections(
          ({ key, 'gap[0]': gap }) => {
            key![1] = 104n;
            gap![0] = 74n;
          },
          cells.slice(0, 1),
        ),
      'keys increase': () => objections(({ key }) => void (key![1] = 44n)),
      'the anchor is before the range': () =>
        objections(({ key, 'gap[0]': gap }) => {
          key![0] = 20n;
          gap![0] = 19n;
        }),
      'fresh is boolean': () => objections(({ fresh }) => void (fresh![1] = 2n)),
    };
    for (const [name, forge] of Object.entries(forgeries)) expect(forge()).toEqual([name]);
    const { constraints } = constraintsOf(endTrace(cells, 30n, 100n, new ByteCounter()).table);
    expect(Object.keys(forgeries).sort()).toEqual(constraints.map(({ name }) => name).sort());
  });

  it('refuses a stamp that is not before the segment', () => {
    const table = createGlobalTable(ANY_KEY);
    const cells = touched.map((cell) => ({ ...cell, stamp: 5 }));
    expect(() => globalTrace(table, ANY_KEY, cells, 5, new ByteCounter())).toThrow(RangeError);
  });

  it('of bytes has 256 rows, notices every change and needs every constraint', () => {
    const bytes = new ByteCounter();
    bytes.split(0x0102ffn, 3);
    const publicMessages = [1n, 2n, 255n].map((byte) => message(BYTE_BUS, 'send', [byte]));
    const changes = mutateTraces([bytes.trace()], { publicMessages, repairAttempts: 0, repairSteps: 0 });
    expect(changes.unnoticed).toEqual([]);
    expect(
      checkTraces([bytes.trace()], { publicMessages: [1n, 2n, 255n].map((byte) => message(BYTE_BUS, 'send', [byte])) }),
    ).toEqual({ ok: true });
    expect(constraintsOf(byteTable).constraints).toHaveLength(3);
    const { trace } = bytes.trace();
    // One that begins with -1, one with 256, and one with a byte twice: as many rows as the forger likes.
    const forgeries: Record<string, readonly bigint[]> = {
      'starts at 0': Array.from({ length: 512 }, (_, row) => (BigInt(row - 256) + MODULUS) % MODULUS),
      'ends at 255': Array.from({ length: 512 }, (_, row) => BigInt(row)),
      counts: [0n, 256n, ...Array.from({ length: 254 }, (_, row) => BigInt(row + 2))],
    };
    for (const [name, byte] of Object.entries(forgeries)) {
      const forged = { ...trace, rows: byte.length, main: [byte, byte.map(() => 0n)] };
      const report = checkTraces([{ table: byteTable, trace: forged }]);
      const failures = report.ok ? [] : report.failures;
      expect(new Set(failures.map((each) => each.kind === 'constraint' && each.constraint))).toEqual(new Set([name]));
    }
    const short = { ...trace, rows: 128, main: trace.main.map((cells) => cells.slice(0, 128)) };
    expect(checkTraces([{ table: byteTable, trace: short }]).ok).toBe(false);
  });
});

describe('what the verifier computes of an image', () => {
  it('is the sum of its fractions, cell by cell', () => {
    const link = createStateLink('global');
    const cells = new Map([...memory, [3n, 0n] as const]);
    const [offset, ratio]: ExtensionElement[] = [
      [5n, 6n, 7n],
      [8n, 9n, 10n],
    ];
    const extension = createExtensionField();
    const messages = [...cells].map(([key, value]) => message(STATE_BUS, 'send', [key, value, 0n]));
    expect(imageOnBus(extension, cells, offset!, ratio!)).toEqual(
      publicSum(messages, numberExposedBuses(link.exposedBuses), [offset!, ratio!], extension),
    );
    let sum = extension.zero;
    for (const [key, value] of cells) {
      const inverse = extension.inverse(extension.subtract(offset!, extension.fromBase(key)));
      sum = extension.add(sum, extension.scale(inverse, value));
    }
    expect(imageAt(extension, cells, offset!)).toEqual(sum);
    expect(imageAt(extension, new Map(), offset!)).toEqual(extension.zero);
    expect(imageAt(extension, cells, extension.fromBase(8n))).toBeUndefined();
  });
});

describe('the tree over commitments', () => {
  const items = Array.from({ length: 9 }, (_, k) => BLAKE3.digest(Uint8Array.of(k)));

  it('has a path from each item, and from nothing else', () => {
    for (let count = 1; count <= items.length; count++) {
      const some = items.slice(0, count);
      const root = commitmentRoot(some);
      some.forEach((item, index) => {
        const path = commitmentPath(some, index);
        expect(verifyCommitmentPath(root, count, index, item, path)).toBe(true);
        expect(verifyCommitmentPath(root, count, index, items[count % 9]!, path)).toBe(count === 9 && index === 0);
        for (const other of [index - 1, index + 1, count, -1]) {
          expect(verifyCommitmentPath(root, count, other, item, path)).toBe(false);
        }
        expect(verifyCommitmentPath(root, count, index, item, [...path, item])).toBe(false);
        if (path.length > 0) expect(verifyCommitmentPath(root, count, index, item, path.slice(1))).toBe(false);
      });
    }
  });

  it('differs with the order and the number of items, and tells leaves from nodes', () => {
    const roots = [
      items.slice(0, 2),
      [items[1]!, items[0]!],
      items.slice(0, 3),
      items.slice(0, 4),
      [...items.slice(0, 3), items[2]!],
      [commitmentRoot(items.slice(0, 2))],
    ].map((each) => String(commitmentRoot(each)));
    expect(new Set(roots).size).toBe(roots.length);
  });
});
