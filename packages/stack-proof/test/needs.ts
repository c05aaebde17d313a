/*
 * Is every constraint of a table needed? One is if there are rows that violate it and nothing else: the table's other constraints hold, and every byte that
 * is looked up is one. What other tables say may be anybody's.
 */
import { add, createExtensionField, inverse, multiply, negate, reduce, subtract } from '@commute/field';
import { TIP5 } from '@commute/stack-vm';
import { constraintsOf, createValueField, evaluateGraph, type Table, type Trace } from '@commute/stark';

const field = createValueField(createExtensionField());

/** Whether a fixed table has a tuple; undefined for buses whose other side is not fixed. */
function isInTable(bus: string, [first = 0n, second = 0n]: readonly bigint[]): boolean | undefined {
  if (bus === 'bytes') return first < 256n;
  if (bus === 'tip5 bytes') return first < 256n && second === BigInt(TIP5.lookupTable[Number(first)]!);
  return undefined;
}

/** Two rows of a table with its public values, and where they stand. */
interface Rows {
  readonly current: readonly bigint[];
  readonly next: readonly bigint[];
  readonly publicValues: readonly bigint[];
  readonly place: 'first' | 'last' | 'middle' | 'only';
}

type Area = 'current' | 'next' | 'publicValues';

/** A cell of them. */
interface Place {
  readonly area: Area;
  readonly index: number;
}

function withCell(rows: Rows, { area, index }: Place, value: bigint): Rows {
  return { ...rows, [area]: rows[area].with(index, reduce(value)) };
}

/** What each constraint that applies should have as zero, and lookups that find nothing; only those that read the cells of `changed`, where that is given. */
function residuals(table: Table, rows: Rows, changed?: readonly Place[]): Map<string, bigint> {
  const { graph, constraints, messages } = constraintsOf(table);
  const { place } = rows;
  const readers = readersOf(table);
  const concerned = changed && new Set(changed.flatMap((each) => [...(readers.get(keyOf(each)) ?? [])]));
  const applies = constraints.filter(
    (each) =>
      concerned?.has(each.name) !== false &&
      (each.rows === 'every' ||
        (each.rows === 'transition' && place !== 'last' && place !== 'only') ||
        (each.rows === 'first' && (place === 'first' || place === 'only')) ||
        (each.rows === 'last' && (place === 'last' || place === 'only'))),
  );
  const fixed = messages.filter(
    ({ bus }, number) => (bus === 'bytes' || bus === 'tip5 bytes') && concerned?.has(messageName(number)) !== false,
  );
  const roots = [
    ...applies.map(({ root }) => root),
    ...fixed.flatMap(({ multiplicity, tuple }) => [multiplicity, ...tuple]),
  ];
  const values = evaluateGraph(graph, roots, field, {
    cell: (_area, column, isNext) => (isNext ? rows.next : rows.current)[column]!,
    publicValues: rows.publicValues,
    challenges: [],
  });
  const found = new Map(applies.map(({ name }, index) => [name, values[index] as bigint]));
  let at = applies.length;
  fixed.forEach(({ bus, tuple }, number) => {
    const [count, ...terms] = values.slice(at, at + 1 + tuple.length) as bigint[];
    at += 1 + tuple.length;
    if (count !== 0n && isInTable(bus, terms) === false) found.set(`lookup ${String(number)} of ${bus}`, 1n);
  });
  return found;
}

function keyOf({ area, index }: Place): string {
  return `${area} ${String(index)}`;
}

function messageName(number: number): string {
  return `message ${String(number)}`;
}

const readers = new Map<Table, Map<string, Set<string>>>();

/** Names of the constraints and messages that read a cell, by the key of its place. */
function readersOf(table: Table): Map<string, Set<string>> {
  let found = readers.get(table);
  if (found !== undefined) return found;
  found = new Map<string, Set<string>>();
  const { graph, constraints, messages } = constraintsOf(table);
  const note = (name: string, roots: readonly number[]): void => {
    for (const at of graph.below(roots)) {
      const node = graph.node(at);
      if (node.kind !== 'public' && node.kind !== 'cell') continue;
      const key =
        node.kind === 'public'
          ? keyOf({ area: 'publicValues', index: node.index })
          : keyOf({ area: node.next ? 'next' : 'current', index: node.column });
      found.set(key, (found.get(key) ?? new Set()).add(name));
    }
  };
  for (const { name, root } of constraints) note(name, [root]);
  messages.forEach(({ multiplicity, tuple }, number) => {
    note(messageName(number), [multiplicity, ...tuple]);
  });
  readers.set(table, found);
  return found;
}

function violated(found: ReadonlyMap<string, bigint>): string[] {
  return [...found].flatMap(([name, value]) => (value === 0n ? [] : [name]));
}

/** The value of a cell that makes a constraint hold, where it depends on it linearly. */
function solution(table: Table, rows: Rows, place: Place, constraint: string): bigint | undefined {
  const [zero, one, two] = [0n, 1n, 2n].map((value) =>
    residuals(table, withCell(rows, place, value), [place]).get(constraint)!,
  );
  const slope = subtract(one!, zero!);
  if (slope === 0n || subtract(two!, one!) !== slope) return undefined;
  return multiply(negate(zero!), inverse(slope));
}

/** A change to start from: cells of rows by name. */
export interface Start {
  /** Cells that an honest row must have. */
  readonly where?: Readonly<Record<string, bigint>>;
  readonly change: Readonly<Record<string, bigint>>;
}

const STEPS = 40;

/** Rows of one kind that are looked at. */
const ROWS_OF_A_KIND = 2;

/** Repairs rows that were tampered with, cell by cell, until only one constraint objects. @returns whether that is so. */
function isForged(table: Table, start: Rows, target: string, frozen: Set<string>): boolean {
  let rows = start;
  for (let step = 0; step < STEPS; step++) {
    const found = residuals(table, rows);
    const bad = violated(found);
    if (!bad.includes(target)) return false;
    const other = bad.find((name) => name !== target);
    if (other === undefined) return true;
    if (other.startsWith('lookup')) return false;
    let best: { rows: Rows; place: Place; left: number } | undefined;
    for (const area of ['current', 'next', 'publicValues'] as const) {
      for (let index = 0; index < rows[area].length; index++) {
        const place = { area, index };
        if (frozen.has(keyOf(place)) || readersOf(table).get(keyOf(place))?.has(other) !== true) continue;
        const value = solution(table, rows, place, other);
        if (value === undefined) continue;
        const changed = withCell(rows, place, value);
        const after = violated(residuals(table, changed));
        if (!after.includes(target)) continue;
        if (best === undefined || after.length < best.left) best = { rows: changed, place, left: after.length };
      }
    }
    if (best === undefined) return false;
    ({ rows } = best);
    frozen.add(keyOf(best.place));
  }
  return false;
}

/**
 * The constraints for which nothing shows that they are needed.
 *
 * @param kinds - columns that say of what kind a row is. Where they are flags of which one may be set, each is tried as -1 together with another one as 1, and two at once.
 */
export function unneeded(
  table: Table,
  traces: readonly Trace[],
  kinds: readonly string[] = [],
  starts: readonly Start[] = [],
): string[] {
  const left = new Set(constraintsOf(table).constraints.map(({ name }) => name));
  const names = table.names.main;
  const column = (name: string): number => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`no column ${name}`);
    return index;
  };
  const rowsOf = (trace: Trace): Rows[] =>
    Array.from({ length: trace.rows }, (_, row) => ({
      current: trace.main.map((cells) => cells[row]!),
      next: trace.main.map((cells) => cells[(row + 1) % trace.rows]!),
      publicValues: trace.publicValues,
      place: trace.rows === 1 ? 'only' : row === 0 ? 'first' : row === trace.rows - 1 ? 'last' : 'middle',
    }));
  // Of rows of one kind the first few.
  const seen = new Map<string, number>();
  const all = traces.flatMap(rowsOf).filter(({ current, place }) => {
    const kind = `${place} ${kinds.map((name) => String(current[column(name)])).join()}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    return seen.get(kind)! <= ROWS_OF_A_KIND;
  });
  /** Changes that let a constraint object together with others. */
  const open = new Map<string, { readonly rows: Rows; readonly frozen: readonly string[] }[]>();
  /** Judges an honest row in which some cells were changed. */
  const judge = (rows: Rows, changed: readonly Place[]): void => {
    const bad = violated(residuals(table, rows, changed));
    const frozen = changed.map(keyOf);
    if (bad.length === 1) left.delete(bad[0]!);
    for (const name of bad) {
      if (!left.has(name)) continue;
      const list = open.get(name) ?? [];
      open.set(name, list);
      list.push({ rows, frozen });
    }
  };
  const areas = ['current', 'next', 'publicValues'] as const;
  for (const rows of all) {
    const bad = violated(residuals(table, rows));
    if (bad.length > 0) throw new Error(`a row is not honest: ${bad.join(', ')}`);
    for (const area of areas) {
      rows[area].forEach((value, index) => {
        for (const other of new Set([0n, 1n, 2n, add(value, 1n), subtract(value, 1n), add(value, 1n << 32n)])) {
          if (other !== value) judge(withCell(rows, { area, index }, other), [{ area, index }]);
        }
      });
    }
  }
  const tryChanges = (rows: Rows, changes: readonly (readonly [number, bigint])[]): void => {
    const changed = changes.reduce((each, [index, value]) => withCell(each, { area: 'current', index }, value), rows);
    judge(
      changed,
      changes.map(([index]) => ({ area: 'current', index })),
    );
  };
  const numbers = kinds.map(column).filter((index) => all.every(({ current }) => current[index]! <= 1n));
  for (const rows of all) {
    for (const [k, one] of numbers.entries()) {
      for (const other of numbers.slice(k + 1)) {
        for (const [a, b] of [
          [1n, -1n],
          [-1n, 1n],
          [1n, 1n],
        ] as const) {
          tryChanges(
            rows,
            numbers.map((each) => [each, each === one ? a : each === other ? b : 0n] as const),
          );
        }
      }
    }
    for (const { where = {}, change } of starts) {
      if (!Object.entries(where).every(([name, value]) => rows.current[column(name)] === reduce(value))) continue;
      tryChanges(
        rows,
        Object.entries(change).map(([name, value]) => [column(name), value] as const),
      );
    }
  }
  for (const name of [...left]) {
    const list = open.get(name) ?? [];
    const stride = Math.max(1, Math.floor(list.length / 40));
    const kindStarts = list.filter(({ frozen }) => frozen.length > 1);
    const chosen = [...kindStarts.slice(0, 40), ...list.filter((_, index) => index % stride === 0)];
    if (chosen.some(({ rows, frozen }) => isForged(table, rows, name, new Set(frozen)))) left.delete(name);
  }
  return [...left];
}
