/*
 * Is every constraint of a table needed? One is if rows exist that violate it and nothing else: the table's other constraints hold
 * and every lookup is one that the looked-up table has. Processor and memory may be anybody's.
 */
import { constraintsOf, createValueField, evaluateGraph, type Table, type Trace } from '@commute/stark';
import { createExtensionField } from '@commute/field';

/** The modulus. */
export const P: bigint = 2n ** 64n - 2n ** 32n + 1n;
const field = createValueField(createExtensionField());

/** Whether a fixed table has a tuple; undefined for buses whose other side is not fixed. */
export function isInTable(bus: string, tuple: readonly bigint[]): boolean | undefined {
  const below = (value: bigint, bits: bigint): boolean => value >> bits === 0n;
  const [a = 0n, b = 0n, c = 0n, d = 0n] = tuple;
  switch (bus) {
    case 'range':
      return below(a, 16n);
    case 'sign':
      return below(a, 16n) && b === a >> 15n;
    case 'link bytes':
      return below(a, 8n);
    case 'bytes':
      return below(a, 8n) && below(b, 8n);
    case 'and':
      return below(a, 8n) && below(b, 8n) && c === (a & b);
    case 'triple':
      return below(a, 5n) && below(b, 5n) && below(c, 5n);
    case 'power': {
      const turns = b === 1n && a > 0n;
      return below(a, 5n) && below(b, 1n) && c === 2n ** (turns ? 32n - a : a) && d === (turns ? 1n : 0n);
    }
    case 'text':
      // Of any program: words have addresses that are multiples of 4, and rows without one have 2^33.
      return (a % 4n === 0n && below(a, 32n) && below(b, 32n)) || a === 2n ** 33n;
    default:
      return undefined;
  }
}

/** One row, and the one after it. */
export interface Rows {
  readonly current: readonly bigint[];
  readonly next: readonly bigint[];
}

/** What is wrong with a row that has another behind it: names of constraints, and buses of lookups that find nothing. */
export function complaintsOf(table: Table, { current, next }: Rows, publicValues: readonly bigint[]): string[] {
  const { graph, constraints, messages } = constraintsOf(table);
  const roots = [
    ...constraints.map(({ root }) => root),
    ...messages.flatMap(({ multiplicity, tuple }) => [multiplicity, ...tuple]),
  ];
  const values = evaluateGraph(graph, roots, field, {
    cell: (_area, column, isNext) => (isNext ? next : current)[column]!,
    publicValues,
    challenges: [],
  });
  const found = constraints.flatMap(({ name, rows }, index) =>
    rows !== 'first' && rows !== 'last' && !field.isZero(values[index]!) ? [name] : [],
  );
  let at = constraints.length;
  for (const { bus, tuple } of messages) {
    const [multiplicity, ...terms] = values.slice(at, at + 1 + tuple.length) as bigint[];
    at += 1 + tuple.length;
    if (multiplicity !== 0n && isInTable(bus, terms) === false) found.push(`lookup ${bus}`);
  }
  return found;
}

/** A row of cells by name, for {@link unneeded}: what to change in an honest row that has all cells of `where`. */
export interface Forgery {
  readonly where: Readonly<Record<string, bigint>>;
  /** New values, or functions of the cells, calculated in order. Negative ones are reduced. */
  readonly change: Readonly<Record<string, bigint | ((cells: Readonly<Record<string, bigint>>) => bigint)>>;
  /** Cells that are then given the values that other constraints ask for. */
  readonly solve?: readonly string[];
}

/** Flags of which at most one may be set, for {@link unneeded}: each is tried as -1 with others as 1. */
export interface Flags {
  readonly flags: readonly string[];
  readonly solve: readonly string[];
}

/** a / b in the field. */
export function quotient(a: bigint, b: bigint): bigint {
  let [result, base, exponent] = [1n, ((b % P) + P) % P, P - 2n];
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % P) if (exponent & 1n) result = (result * base) % P;
  return (((a % P) + P) * result) % P;
}

/** What each constraint on rows and transitions should have as zero. */
function residuals(table: Table, { current, next }: Rows, publicValues: readonly bigint[]): Map<string, bigint> {
  const { graph, constraints } = constraintsOf(table);
  const inner = constraints.filter(({ rows }) => rows !== 'first' && rows !== 'last');
  const values = evaluateGraph(
    graph,
    inner.map(({ root }) => root),
    field,
    {
      cell: (_area, column, isNext) => (isNext ? next : current)[column]!,
      publicValues,
      challenges: [],
    },
  );
  return new Map(inner.map(({ name }, index) => [name, values[index] as bigint]));
}

/** The constraints on rows and transitions for which nothing shows that they are needed. */
export function unneeded(table: Table, trace: Trace, forgeries: readonly Forgery[] = [], flags?: Flags): string[] {
  const { constraints } = constraintsOf(table);
  const left = new Set(constraints.flatMap(({ name, rows }) => (rows === 'first' || rows === 'last' ? [] : [name])));
  const rowAt = (row: number): bigint[] => trace.main.map((column) => column[row]!);
  const judge = (rows: Rows): void => {
    const found = complaintsOf(table, rows, trace.publicValues);
    if (found.length === 1) left.delete(found[0]!);
  };
  const names = table.names.main;
  /** Judges a row after giving each of some cells, in order, the first value that another constraint asks for. */
  const judgeSolved = (rows: Rows, forged: readonly bigint[], solve: readonly string[]): void => {
    let current = forged;
    for (const name of solve) {
      const column = names.indexOf(name);
      if (column < 0) throw new Error(`no column ${name}`);
      const at = (value: bigint): Map<string, bigint> =>
        residuals(table, { ...rows, current: current.with(column, value) }, trace.publicValues);
      const [zero, one, two] = [at(0n), at(1n), at(2n)];
      for (const [constraint, residual] of at(current[column]!)) {
        if (residual === 0n) continue;
        const slope = (one.get(constraint)! - zero.get(constraint)! + P) % P;
        const isLinear = (two.get(constraint)! - one.get(constraint)! + P) % P === slope;
        if (slope === 0n || !isLinear) continue;
        current = current.with(column, quotient(P - zero.get(constraint)!, slope));
        break;
      }
    }
    judge({ ...rows, current });
  };
  for (let row = 0; row + 1 < trace.rows; row++) {
    const rows = { current: rowAt(row), next: rowAt(row + 1) };
    if (complaintsOf(table, rows, trace.publicValues).length > 0) throw new Error(`row ${String(row)} is not honest`);
    rows.current.forEach((value, column) => {
      for (const other of [0n, 1n, 2n, value + 1n, value - 1n, 2n * value, value + 65536n, rows.next[column]!]) {
        const changed = ((other % P) + P) % P;
        if (changed !== value) judge({ ...rows, current: rows.current.with(column, changed) });
      }
    });
    for (const { where, change, solve = [] } of forgeries) {
      const cells = Object.fromEntries(names.map((name, column) => [name, rows.current[column]!]));
      if (!Object.entries(where).every(([name, value]) => cells[name] === value)) continue;
      for (const [name, value] of Object.entries(change)) {
        if (!(name in cells)) throw new Error(`no column ${name}`);
        const result = typeof value === 'bigint' ? value : value(cells);
        cells[name] = ((result % P) + P) % P;
      }
      judgeSolved(
        rows,
        names.map((name) => cells[name]!),
        solve,
      );
    }
    if (flags === undefined) continue;
    const numbers = flags.flags.map((name) => names.indexOf(name));
    numbers.forEach((minus, index) => {
      if (!left.has(`kind: ${flags.flags[index]!} is 0 or 1`)) return;
      for (const plus of numbers) {
        if (plus === minus) continue;
        judgeSolved(rows, rows.current.with(plus, 1n).with(minus, P - 1n), flags.solve);
      }
    });
    if (left.has('kind: at most one is set')) {
      const [one, another] = numbers as [number, number];
      judgeSolved(rows, rows.current.with(one, 1n).with(another, 1n), flags.solve);
    }
  }
  return [...left];
}
