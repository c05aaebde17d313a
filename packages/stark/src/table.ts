/**
 * Tables: names of columns, and the constraints between their cells, written once.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField } from '@commute/field';
import { type ConstraintBuilder, createBuilder, type Environment, type RowPair, type TableShape } from './builder.ts';
import { cellsFrom, type CellsOf, type Column, columnNames, type ColumnRecord, flattenColumns } from './columns.ts';
import { StarkError } from './errors.ts';
import { evaluateNodes } from './interpret.ts';
import { constraintsOf } from './symbolic.ts';
import { createValueField, type Operand, type Term, type Value } from './term.ts';
import { type ColumnCells, type Trace } from './trace.ts';

declare const noColumn: unique symbol;

/** A record of no columns. */
export type NoColumns = Readonly<{ [noColumn]?: never }>;

/** Columns and values that auxiliary columns are computed from. */
export interface FillContext<M extends ColumnRecord, P extends ColumnRecord, V extends string, C extends string> {
  readonly rows: number;
  readonly main: CellsOf<M, ColumnCells>;
  readonly preprocessed: CellsOf<P, ColumnCells>;
  readonly publicValues: Readonly<Record<V, bigint>>;
  readonly challenges: Readonly<Record<C, ExtensionElement>>;
  readonly field: ExtensionField;
}

/** Columns and values that exposed values are computed from. */
export interface ExposeContext<
  M extends ColumnRecord,
  A extends ColumnRecord,
  P extends ColumnRecord,
  V extends string,
  C extends string,
> extends FillContext<M, P, V, C> {
  /** The declared auxiliary columns. */
  readonly auxiliary: CellsOf<A, readonly ExtensionElement[]>;
}

/** A column of the extension that is defined row by row: its first cell, and each cell by what is in the row above. */
export interface Recurrence {
  /** The cell of the first row, from cells of that row. */
  readonly first: Operand;
  /** The next row's cell, from cells of this row and the next. */
  readonly next: Operand;
}

/** Recurrences by the names of single columns. */
export type Recurrences<A extends ColumnRecord, B> = {
  readonly [K in keyof A as A[K] extends Column ? K : never]?: (builder: B) => Recurrence;
};

/** How a table is declared. */
export interface TableDefinition<
  M extends ColumnRecord,
  A extends ColumnRecord,
  P extends ColumnRecord,
  V extends string,
  C extends string,
  E extends string = never,
> {
  readonly name: string;
  readonly columns: {
    /** Columns over the base field that the prover commits to first. */
    readonly main: M;
    /** Columns over the extension that depend on challenges. Those of lookups are added without being declared. */
    readonly auxiliary?: A;
    /** Columns that are part of the statement. */
    readonly preprocessed?: P;
  };
  /** Names of the elements that the statement fixes. */
  readonly publicValues?: readonly V[];
  /** Names of the challenges the constraints use; tables of one proof share those of one name. */
  readonly challenges?: readonly C[];
  /**
   * Names of elements of the extension that constraints bind, as public values, but that the prover chooses after the
   * challenges; whoever verifies is told them on success and has to decide what they should be.
   */
  readonly exposed?: readonly E[];
  /**
   * Auxiliary columns that are given by a recurrence, such as running sums, running products, or Horner's rule at a challenge:
   * their constraints, `… starts` and `… goes on`, follow, and compiled code fills them. A recurrence may read the next row
   * of columns declared before it, and no exposed values.
   */
  readonly recurrences?: Recurrences<A, ConstraintBuilder<M, A, P, V, C, never>>;
  /** Computes the declared auxiliary columns that have no recurrence; required if there are any. By bigints. */
  readonly fillAuxiliary?: (context: FillContext<M, P, V, C>) => Partial<CellsOf<A, readonly ExtensionElement[]>>;
  /** Computes the exposed values; required if there are any. */
  readonly fillExposed?: (context: ExposeContext<M, A, P, V, C>) => Readonly<Record<E, ExtensionElement>>;
  /** Writes the constraints. It is run by several builders and must do the same each time. */
  readonly eval: (builder: ConstraintBuilder<M, A, P, V, C, E>) => void;
}

/** A table without rows: what {@link defineTable} makes. */
export interface Table<
  M extends ColumnRecord = ColumnRecord,
  A extends ColumnRecord = ColumnRecord,
  P extends ColumnRecord = ColumnRecord,
  V extends string = string,
  C extends string = string,
  E extends string = string,
> extends TableShape<M, A, P, V, C, E> {
  readonly name: string;
  /** Names of the single columns, members of a group as `name[i]`. */
  readonly names: {
    readonly main: readonly string[];
    readonly auxiliary: readonly string[];
    readonly preprocessed: readonly string[];
  };
  /** Runs `eval` in an environment. */
  readonly run: (environment: Environment) => void;
  /**
   * The declared auxiliary columns of a trace.
   *
   * @param without - leaves those out that have a recurrence: they are empty.
   */
  readonly fill: (
    trace: Trace,
    challenges: readonly ExtensionElement[],
    field: ExtensionField,
    without?: 'recurrences',
  ) => (readonly ExtensionElement[])[];
  /** The exposed values of a trace with its declared auxiliary columns. */
  readonly expose: (
    trace: Trace,
    auxiliary: readonly (readonly ExtensionElement[])[],
    challenges: readonly ExtensionElement[],
    field: ExtensionField,
  ) => ExtensionElement[];
}

/**
 * Declares a table. Nothing is evaluated yet.
 *
 * @throws {@link StarkError} `STARK_TABLE` for a table without main columns, a name given twice, a recurrence of another column, auxiliary
 *   columns with neither a recurrence nor `fillAuxiliary`, or exposed values without `fillExposed`.
 * @example
 * ```ts
 * import { column, constraintsOf, defineTable } from '@commute/stark';
 * const counter = defineTable({
 *   name: 'counter',
 *   columns: { main: { value: column() } },
 *   publicValues: ['last'],
 *   eval: ({ main: { current, next }, publicValues, onFirstRow, onTransition, onLastRow }) => {
 *     onFirstRow.assertZero('starts at zero', current.value);
 *     onTransition.assertEqual('counts', next.value, current.value.add(1));
 *     onLastRow.assertEqual('ends at last', current.value, publicValues.last);
 *   },
 * });
 * if (constraintsOf(counter).constraints.length !== 3) throw new Error('unreachable');
 * ```
 */
export function defineTable<
  M extends ColumnRecord,
  A extends ColumnRecord = NoColumns,
  P extends ColumnRecord = NoColumns,
  const V extends string = never,
  const C extends string = never,
  const E extends string = never,
>(definition: TableDefinition<M, A, P, V, C, E>): Table<M, A, P, V, C, E> {
  const { name, publicValues = [], challenges = [], exposed = [], fillAuxiliary, fillExposed } = definition;
  const { eval: evaluate } = definition;
  type Builder = ConstraintBuilder<M, A, P, V, C, never>;
  const recurrences: Readonly<Record<string, ((builder: Builder) => Recurrence) | undefined>> =
    definition.recurrences ?? {};
  const main = definition.columns.main;
  // The type parameters default to no columns exactly where the records are absent.
  const auxiliary = definition.columns.auxiliary ?? ({} as A);
  const preprocessed = definition.columns.preprocessed ?? ({} as P);
  const shape = { columns: { main, auxiliary, preprocessed }, publicValues, challenges, exposed };
  const names = {
    main: columnNames(main),
    auxiliary: columnNames(auxiliary),
    preprocessed: columnNames(preprocessed),
  };
  if (names.main.length === 0) throw new StarkError('STARK_TABLE', `${name}.main`, 'at least one column', 'none');
  const lists: readonly (readonly string[])[] = [
    [...names.main, ...names.auxiliary, ...names.preprocessed],
    publicValues,
    challenges,
    exposed,
  ];
  for (const list of lists) {
    const twice = list.find((each, index) => list.indexOf(each) !== index);
    if (twice !== undefined) throw new StarkError('STARK_TABLE', name, 'different names', `${twice} twice`);
  }
  const recurrent = names.auxiliary.filter((each) => recurrences[each] !== undefined);
  const wrong = Object.keys(recurrences).find((each) => auxiliary[each]?.kind !== 'column');
  if (wrong !== undefined) {
    throw new StarkError('STARK_TABLE', `${name}.recurrences`, 'names of single auxiliary columns', wrong);
  }
  const byFunction = Object.fromEntries(Object.entries(auxiliary).filter(([each]) => !recurrent.includes(each)));
  if (recurrent.length < names.auxiliary.length && fillAuxiliary === undefined) {
    throw new StarkError('STARK_TABLE', `${name}.fillAuxiliary`, 'a function', 'none');
  }
  if (exposed.length > 0 && fillExposed === undefined) {
    throw new StarkError('STARK_TABLE', `${name}.fillExposed`, 'a function', 'none');
  }
  const contextOf = (
    trace: Trace,
    drawn: readonly ExtensionElement[],
    field: ExtensionField,
  ): FillContext<M, P, V, C> => ({
    rows: trace.rows,
    main: cellsFrom(main, (index) => trace.main[index]!),
    preprocessed: cellsFrom(preprocessed, (index) => trace.preprocessed[index]!),
    publicValues: nameAll(publicValues, trace.publicValues),
    challenges: nameAll(challenges, drawn),
    field,
  });
  const table: Table<M, A, P, V, C, E> = {
    ...shape,
    name,
    names,
    run: (environment) => {
      const builder = createBuilder(shape, environment);
      evaluate(builder);
      const { current, next } = builder.auxiliary as RowPair<Record<string, Column>>;
      for (const each of recurrent) {
        const recurrence = recurrences[each]!(builder);
        const toTerm = (operand: Operand): Term => (typeof operand === 'object' ? operand : builder.constant(operand));
        const [first, following] = [toTerm(recurrence.first), toTerm(recurrence.next)];
        builder.onFirstRow.assertEqual(`${each} starts`, current[each]!, first);
        builder.onTransition.assertEqual(`${each} goes on`, next[each]!, following);
        environment.recurrence?.(names.auxiliary.indexOf(each), first, following);
      }
    },
    fill: (trace, drawn, field, without) => {
      if (names.auxiliary.length === 0) return [];
      const given = fillColumns(name, byFunction, fillAuxiliary?.(contextOf(trace, drawn, field)) ?? {}, trace.rows);
      const columns = names.auxiliary.map((each) => (recurrent.includes(each) ? [] : given.shift()!));
      if (without === undefined) fillRecurrences(table, columns, trace, drawn, field);
      return columns;
    },
    expose: (trace, filled, drawn, field) => {
      if (fillExposed === undefined) return [];
      const values = fillExposed({
        ...contextOf(trace, drawn, field),
        auxiliary: cellsFrom(auxiliary, (index) => filled[index]!),
      });
      return exposed.map((each) => {
        // Absent where the function was not written in TypeScript.
        const value = values[each] as ExtensionElement | undefined;
        if (value === undefined) throw new StarkError('STARK_TRACE', `${name}.exposed`, each, 'nothing');
        return value;
      });
    },
  };
  return table;
}

/** Fills the columns of recurrences from the first row to the last, the slow and obvious way. */
function fillRecurrences(
  table: Table,
  columns: (readonly ExtensionElement[])[],
  trace: Trace,
  challenges: readonly ExtensionElement[],
  field: ExtensionField,
): void {
  const { graph, recurrences } = constraintsOf(table);
  const values = createValueField(field);
  const filled = recurrences.map(({ column }): ExtensionElement[] => {
    const cells: ExtensionElement[] = [];
    columns[column] = cells;
    return cells;
  });
  for (let row = 0; row < trace.rows; row++) {
    recurrences.forEach(({ first, next }, index) => {
      const root = row === 0 ? first : next;
      const above = Math.max(0, row - 1);
      const [value] = evaluateNodes(graph, graph.below([root]), [root], values, {
        cell: (area, column, following) => {
          const cells: readonly Value[] | BigUint64Array = (area === 'auxiliary' ? columns : trace[area])[column]!;
          return cells[above + Number(following)]!;
        },
        publicValues: trace.publicValues,
        challenges,
      });
      filled[index]!.push(typeof value === 'bigint' ? field.fromBase(value) : value!);
    });
  }
}

function nameAll<N extends string, T>(names: readonly N[], values: readonly T[]): Record<N, T> {
  return Object.fromEntries(names.map((name, index) => [name, values[index]!])) as Record<N, T>;
}

/** A record of whole columns as a list. */
function fillColumns(
  name: string,
  record: ColumnRecord,
  filled: Readonly<Record<string, unknown>>,
  rows: number,
): (readonly ExtensionElement[])[] {
  const list = flattenColumns<readonly ExtensionElement[]>(`${name}.auxiliary`, record, filled);
  for (const { length } of list) {
    if (length !== rows)
      throw new StarkError('STARK_TRACE', `${name}.auxiliary`, `${String(rows)} rows`, String(length));
  }
  return list;
}
