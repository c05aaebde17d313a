/**
 * Traces whose cells can be changed one at a time, with what fails kept up to date.
 *
 * @module
 */
import { add, type ExtensionElement, negate } from '@commute/field';
import { completeTrace, type PublicMessage } from './check.ts';
import { appliesTo, type ConcreteMessage, cubicValues } from './concrete.ts';
import { type RowProgram, type RowPrograms, rowPrograms } from './row-program.ts';
import { constraintsOf } from './symbolic.ts';
import { type Table } from './table.ts';
import { type Value } from './term.ts';
import { assertTrace, type TableTrace, type Trace } from './trace.ts';

/** A cell that may be changed, or a public value (row 0). `table` is the position among the traces. */
export interface CellPlace {
  readonly table: number;
  readonly area: 'main' | 'auxiliary' | 'public';
  readonly column: number;
  readonly row: number;
}

/** A constraint on a row, or a tuple on a bus, that fails. */
export type Violation =
  | { readonly kind: 'constraint'; readonly table: number; readonly constraint: number; readonly row: number }
  | { readonly kind: 'bus'; readonly bus: string; readonly key: string };

/** What can be deleted: a constraint of a table, or a bus with all its messages. */
export function obligationOf(violation: Violation): string {
  return violation.kind === 'bus'
    ? `bus ${violation.bus}`
    : `${String(violation.table)}:${String(violation.constraint)}`;
}

/** What the constraints and messages of a row are worth, in the order of `eval`. */
interface RowResult {
  readonly constraints: Value[];
  readonly messages: ConcreteMessage[];
}

interface MutableTable {
  readonly table: Table;
  readonly rows: number;
  readonly main: bigint[][];
  readonly preprocessed: Trace['preprocessed'];
  readonly publicValues: bigint[];
  readonly challenges: readonly ExtensionElement[];
  readonly auxiliary: ExtensionElement[][];
  /** As in the honest trace: they belong to what is claimed. */
  readonly exposed: readonly ExtensionElement[];
  readonly programs: RowPrograms;
  readonly results: readonly RowResult[];
}

/** The key of a tuple among those of its bus. */
export function tupleKey(tuple: readonly bigint[]): string {
  return tuple.join();
}

/** The traces of a statement while they are tampered with. */
export class MutableStatement {
  readonly tables: readonly MutableTable[];
  /** Whether declared auxiliary columns are computed anew when a main cell changes, as an honest prover would. */
  refill = true;
  readonly #violations = new Map<string, Violation>();
  readonly #balances = new Map<string, Map<string, bigint>>();

  constructor(traces: readonly TableTrace[], publicMessages: readonly PublicMessage[]) {
    for (const message of publicMessages) this.#count(message, false);
    this.tables = traces.map(({ table, trace }) => {
      assertTrace(table, trace);
      const full = completeTrace(table, trace);
      return {
        table,
        rows: trace.rows,
        main: trace.main.map((values) => [...values]),
        preprocessed: trace.preprocessed,
        publicValues: [...trace.publicValues],
        challenges: full.challenges,
        auxiliary: full.auxiliary.map((values) => [...values]),
        exposed: full.exposed,
        programs: rowPrograms(constraintsOf(table)),
        results: Array.from({ length: trace.rows }, () => ({ constraints: [], messages: [] })),
      };
    });
    this.tables.forEach((each, index) => {
      for (let row = 0; row < each.rows; row++) this.#evaluate(index, row, each.programs.all);
    });
  }

  /** Everything that fails. */
  get violations(): readonly Violation[] {
    return [...this.#violations.values()];
  }

  /** What would have to be deleted for the traces to be accepted. */
  get obligations(): ReadonlySet<string> {
    return new Set(this.violations.map(obligationOf));
  }

  #count({ bus, tuple, direction, multiplicity }: ConcreteMessage, undo: boolean): void {
    let balances = this.#balances.get(bus);
    if (balances === undefined) {
      balances = new Map();
      this.#balances.set(bus, balances);
    }
    const key = tupleKey(tuple);
    const change = (direction === 'send') === undo ? negate(multiplicity) : multiplicity;
    const balance = add(balances.get(key) ?? 0n, change);
    const name = `bus ${bus}:${key}`;
    if (balance === 0n) {
      balances.delete(key);
      this.#violations.delete(name);
    } else {
      balances.set(key, balance);
      this.#violations.set(name, { kind: 'bus', bus, key });
    }
  }

  /** Evaluates what a program says about a row, and keeps what fails up to date. */
  #evaluate(index: number, row: number, program: RowProgram): void {
    const each = this.tables[index]!;
    const result = each.results[row]!;
    const following = (row + 1) % each.rows;
    const values = program.evaluate(cubicValues(), {
      cell: (area, column, next) => each[area][column]![next ? following : row]!,
      publicValues: each.publicValues,
      challenges: each.challenges,
      exposed: each.exposed,
    });
    const { constraints, messages } = constraintsOf(each.table);
    program.constraints.forEach((constraint, at) => {
      const value = values[at]!;
      result.constraints[constraint] = value;
      if (!appliesTo(constraints[constraint]!.rows, row, each.rows)) return;
      const name = `${String(index)}:${String(constraint)}:${String(row)}`;
      if (cubicValues().isZero(value)) this.#violations.delete(name);
      else this.#violations.set(name, { kind: 'constraint', table: index, constraint, row });
    });
    let at = program.constraints.length;
    for (const number of program.messages) {
      const { bus, direction, tuple } = messages[number]!;
      const before = result.messages[number];
      if (before !== undefined) this.#count(before, true);
      // Nothing in a message is of the extension.
      const [multiplicity, ...cells] = values.slice(at, at + 1 + tuple.length) as [bigint, ...bigint[]];
      at += 1 + tuple.length;
      const message = { bus, direction, tuple: cells, multiplicity };
      result.messages[number] = message;
      this.#count(message, false);
    }
  }

  /** The value at a place. */
  get({ table, area, column, row }: CellPlace): Value {
    const each = this.tables[table]!;
    return area === 'public' ? each.publicValues[column]! : each[area][column]![row]!;
  }

  /** Changes one cell, and what follows from it. */
  set({ table, area, column, row }: CellPlace, value: Value): void {
    const each = this.tables[table]!;
    if (area === 'public') each.publicValues[column] = value as bigint;
    else if (area === 'main') each.main[column]![row] = value as bigint;
    else each.auxiliary[column]![row] = value as ExtensionElement;
    const refilled = area !== 'auxiliary' && this.refill && each.auxiliary.length > 0;
    if (refilled) {
      each.table.fill(each, each.challenges, cubicValues().extension).forEach((values, at) => {
        each.auxiliary[at] = [...values];
      });
    }
    if (refilled || area === 'public') {
      for (let at = 0; at < each.rows; at++) this.#evaluate(table, at, each.programs.all);
    } else {
      this.#evaluate(table, row, each.programs.reading(area, column, false));
      this.#evaluate(table, (row + each.rows - 1) % each.rows, each.programs.reading(area, column, true));
    }
  }

  /** What should be zero: the value of a constraint, or the balance of a tuple. */
  residual(violation: Violation): Value {
    if (violation.kind === 'bus') return this.#balances.get(violation.bus)?.get(violation.key) ?? 0n;
    return this.tables[violation.table]!.results[violation.row]!.constraints[violation.constraint]!;
  }

  /** The places a violation depends on; of a tuple on a bus, those its multiplicities depend on. */
  placesOf(violation: Violation): CellPlace[] {
    if (violation.kind === 'constraint') {
      const { table, constraint, row } = violation;
      return this.#placesBelow(table, row, [constraintsOf(this.tables[table]!.table).constraints[constraint]!.root]);
    }
    return this.tables.flatMap(({ table, results }, index) => {
      const { messages } = constraintsOf(table);
      return results.flatMap((result, row) =>
        result.messages.flatMap(({ bus, tuple }, at) =>
          bus === violation.bus && tupleKey(tuple) === violation.key
            ? this.#placesBelow(index, row, [messages[at]!.multiplicity])
            : [],
        ),
      );
    });
  }

  #placesBelow(index: number, row: number, roots: readonly number[]): CellPlace[] {
    const { table, rows } = this.tables[index]!;
    const { graph } = constraintsOf(table);
    return graph.below(roots).flatMap((at): CellPlace[] => {
      const node = graph.node(at);
      if (node.kind === 'public') return [{ table: index, area: 'public', column: node.index, row: 0 }];
      if (node.kind !== 'cell' || node.area === 'preprocessed') return [];
      return [{ table: index, area: node.area, column: node.column, row: (row + Number(node.next)) % rows }];
    });
  }
}
