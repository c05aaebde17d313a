/**
 * The debug run: do all constraints hold on a set of traces, and do all buses balance?
 *
 * @module
 */
import { add, type ExtensionElement, MODULUS, negate } from '@commute/field';
import { type Direction, type RowKind } from './builder.ts';
import {
  appliesTo,
  type ConcreteMessage,
  cubicValues,
  evaluateRow,
  fixedChallenges,
  type FullTrace,
} from './concrete.ts';
import { StarkError } from './errors.ts';
import { constraintsOf } from './symbolic.ts';
import { type Table } from './table.ts';
import { type Value } from './term.ts';
import { assertTrace, type TableTrace, type Trace } from './trace.ts';

/** A message that the statement itself contributes, such as the initial contents of a memory. */
export interface PublicMessage {
  readonly bus: string;
  readonly direction: Direction;
  readonly tuple: readonly bigint[];
  readonly multiplicity: bigint;
}

/** A cell, public value or challenge that a constraint reads. */
export interface CellReading {
  /** As `main.name`, `auxiliary.name`, `preprocessed.name`, `public.name`, `challenge.name` or `exposed.name`. */
  readonly name: string;
  /** The row it stands in; absent for values without one. */
  readonly row?: number;
  readonly value: Value;
}

/** Somebody who sent or received a tuple. */
export interface MessageSource {
  /** The table; `public` for messages of the statement. */
  readonly table: string;
  readonly row?: number;
  readonly direction: Direction;
  readonly multiplicity: bigint;
}

/** A constraint that does not hold on a row. */
export interface ConstraintFailure {
  readonly kind: 'constraint';
  readonly table: string;
  readonly row: number;
  readonly constraint: string;
  readonly rows: RowKind;
  /** What should be zero. */
  readonly value: Value;
  readonly cells: readonly CellReading[];
}

/** A tuple that was not received as often as it was sent. */
export interface BusFailure {
  readonly kind: 'bus';
  readonly bus: string;
  readonly tuple: readonly bigint[];
  /** Sent less received, as the integer of least absolute value. */
  readonly balance: bigint;
  readonly sources: readonly MessageSource[];
}

/** What {@link checkTraces} finds. */
export type CheckReport =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly failures: readonly (ConstraintFailure | BusFailure)[];
      /** Failures beyond those listed. */
      readonly omitted: number;
    };

/** Options of {@link checkTraces}. */
export interface CheckOptions {
  readonly publicMessages?: readonly PublicMessage[];
  /** Challenges by name, for declared auxiliary columns; fixed ones by default. */
  readonly challenges?: ReadonlyMap<string, ExtensionElement>;
  /** Failures to list at most; 20 by default. */
  readonly mostFailures?: number;
}

/** Adds challenges, the declared auxiliary columns and the exposed values to a trace. */
export function completeTrace(
  table: Table,
  trace: Trace,
  given: ReadonlyMap<string, ExtensionElement> = new Map(),
): FullTrace {
  const fixed = fixedChallenges(table.challenges);
  const challenges = table.challenges.map((name, index) => given.get(name) ?? fixed[index]!);
  const { extension } = cubicValues();
  const auxiliary = table.fill(trace, challenges, extension);
  return { ...trace, challenges, auxiliary, exposed: table.expose(trace, auxiliary, challenges, extension) };
}

/** Sums of multiplicities by bus and tuple. */
export class BusBalance {
  readonly #sums = new Map<
    string,
    { bus: string; tuple: readonly bigint[]; balance: bigint; sources: MessageSource[] }
  >();

  /** Counts a message; `undo` takes it back. */
  count(message: ConcreteMessage, source: Pick<MessageSource, 'table' | 'row'>, undo = false): void {
    const { bus, tuple, direction, multiplicity } = message;
    if (multiplicity === 0n) return;
    const key = `${bus}\n${tuple.join()}`;
    let entry = this.#sums.get(key);
    if (entry === undefined) {
      entry = { bus, tuple, balance: 0n, sources: [] };
      this.#sums.set(key, entry);
    }
    entry.balance = add(entry.balance, (direction === 'send') === undo ? negate(multiplicity) : multiplicity);
    if (!undo) entry.sources.push({ ...source, direction, multiplicity });
  }

  /** The tuples that do not cancel. */
  failures(): BusFailure[] {
    return [...this.#sums.values()]
      .filter(({ balance }) => balance !== 0n)
      .map(({ bus, tuple, balance, sources }) => ({
        kind: 'bus',
        bus,
        tuple,
        balance: balance > MODULUS / 2n ? balance - MODULUS : balance,
        sources,
      }));
  }
}

/** @throws {@link StarkError} `STARK_TABLE` where a bus has tuples of several lengths. */
export function assertBuses(tables: readonly Table[], publicMessages: readonly PublicMessage[] = []): void {
  const lengths = new Map<string, number>();
  const see = (bus: string, length: number): void => {
    const before = lengths.get(bus) ?? length;
    if (before !== length) {
      throw new StarkError('STARK_TABLE', `bus ${bus}`, `tuples of ${String(before)} terms`, String(length));
    }
    lengths.set(bus, length);
  };
  for (const table of tables) for (const { bus, tuple } of constraintsOf(table).messages) see(bus, tuple.length);
  for (const { bus, tuple } of publicMessages) see(bus, tuple.length);
}

/**
 * Evaluates all constraints of all tables on all rows, and sums up all buses.
 *
 * Buses are compared tuple by tuple, without challenges. The work is that of running `eval` once per row: for tests and for
 * finding mistakes.
 *
 * @throws {@link StarkError} `STARK_TRACE` for a trace of another shape than its table, and what {@link constraintsOf} throws.
 * @example
 * ```ts
 * import { checkTraces, column, defineTable, traceFromRows } from '@commute/stark';
 * const table = defineTable({ name: 'bits', columns: { main: { bit: column() } }, eval: (builder) => {
 *   builder.assertBoolean('bit is boolean', builder.main.current.bit);
 * } });
 * const report = checkTraces([traceFromRows(table, { main: [{ bit: 0n }, { bit: 2n }] })]);
 * if (report.ok || report.failures[0]?.kind !== 'constraint' || report.failures[0].row !== 1) throw new Error('unreachable');
 * ```
 */
export function checkTraces(traces: readonly TableTrace[], options: CheckOptions = {}): CheckReport {
  const { publicMessages = [], mostFailures = 20 } = options;
  assertBuses(
    traces.map(({ table }) => table),
    publicMessages,
  );
  const field = cubicValues();
  const failures: ConstraintFailure[] = [];
  const balance = new BusBalance();
  let found = 0;
  for (const message of publicMessages) balance.count(message, { table: 'public' });
  for (const { table, trace } of traces) {
    constraintsOf(table);
    assertTrace(table, trace);
    const full = completeTrace(table, trace, options.challenges);
    for (let row = 0; row < trace.rows; row++) {
      const { constraints, messages } = evaluateRow(table, full, row, field);
      for (const message of messages) balance.count(message, { table: table.name, row });
      for (const { name, rows, value } of constraints) {
        if (!appliesTo(rows, row, trace.rows) || field.isZero(value)) continue;
        if (found++ >= mostFailures) continue;
        const cells = readingsOf(table, full, row, name);
        failures.push({ kind: 'constraint', table: table.name, row, constraint: name, rows, value, cells });
      }
    }
  }
  const unbalanced = balance.failures();
  found += unbalanced.length;
  if (found === 0) return { ok: true };
  const listed = [...failures, ...unbalanced.slice(0, Math.max(0, mostFailures - failures.length))];
  return { ok: false, failures: listed, omitted: found - listed.length };
}

/** What a constraint reads on a row. */
function readingsOf(table: Table, trace: FullTrace, row: number, name: string): CellReading[] {
  const { graph, constraints } = constraintsOf(table);
  const constraint = constraints.find((each) => each.name === name);
  if (constraint === undefined) {
    throw new StarkError('STARK_TABLE', table.name, 'the same constraints in every run of eval', name);
  }
  return graph.below([constraint.root]).flatMap((index): CellReading[] => {
    const node = graph.node(index);
    switch (node.kind) {
      case 'cell': {
        const at = (row + Number(node.next)) % trace.rows;
        const cell = `${node.area}.${table.names[node.area][node.column]!}`;
        return [{ name: cell, row: at, value: trace[node.area][node.column]![at]! }];
      }
      case 'public':
        return [{ name: `public.${table.publicValues[node.index]!}`, value: trace.publicValues[node.index]! }];
      case 'challenge':
        return [{ name: `challenge.${table.challenges[node.index]!}`, value: trace.challenges[node.index]! }];
      case 'exposed':
        return [{ name: `exposed.${table.exposed[node.index]!}`, value: trace.exposed[node.index]! }];
      default:
        return [];
    }
  });
}

function formatValue(value: Value): string {
  return typeof value === 'bigint' ? String(value) : `(${value.join(', ')})`;
}

/** A report as lines of text, one failure after the other; empty for a good one. */
export function formatReport(report: CheckReport): string {
  if (report.ok) return '';
  const lines = report.failures.flatMap((failure) => {
    if (failure.kind === 'constraint') {
      const { table, row, constraint, rows, value, cells } = failure;
      return [
        `${table}, row ${String(row)}: "${constraint}" (${rows}) is ${formatValue(value)}, not 0`,
        ...cells.map(
          (cell) =>
            `  ${cell.name}${cell.row === undefined ? '' : `[${String(cell.row)}]`} = ${formatValue(cell.value)}`,
        ),
      ];
    }
    const { bus, tuple, balance, sources } = failure;
    return [
      `bus ${bus}: (${tuple.join(', ')}) sent less received is ${String(balance)}, not 0`,
      ...sources.map(
        ({ table, row, direction, multiplicity }) =>
          `  ${table}${row === undefined ? '' : `, row ${String(row)}`}: ${direction} × ${String(multiplicity)}`,
      ),
    ];
  });
  if (report.omitted > 0) lines.push(`and ${String(report.omitted)} more`);
  return lines.join('\n');
}
