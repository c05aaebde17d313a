/**
 * The builder that `eval` is given: the same surface whoever runs it.
 *
 * @module
 */
import { cellsFrom, type CellsOf, type ColumnRecord } from './columns.ts';
import { StarkError } from './errors.ts';
import { type Area } from './graph.ts';
import { type Operand, type Term } from './term.ts';

/** The rows a constraint holds on; transitions are all rows but the last. */
export type RowKind = 'first' | 'last' | 'every' | 'transition';

/** Whether a table puts a tuple on a bus or takes it off. */
export type Direction = 'send' | 'receive';

/** Names constraints on one kind of rows, where the conditions hold. */
export interface RowScope {
  /** The same rows, where `condition` is not zero besides. Make it a boolean: its value multiplies the constraint. */
  readonly when: (condition: Term) => RowScope;
  /** Demands that `value` is zero. The name is unique in the table. */
  readonly assertZero: (name: string, value: Term) => void;
  /** Demands that `left` equals `right`. */
  readonly assertEqual: (name: string, left: Term, right: Operand) => void;
  /** Demands that `value` is 0 or 1. */
  readonly assertBoolean: (name: string, value: Term) => void;
}

/** A scope of all rows, in which tables exchange tuples too. */
export interface EveryRowScope extends RowScope {
  readonly when: (condition: Term) => EveryRowScope;
  /** Puts `tuple` on a bus `multiplicity` times (1 by default); all rows of all tables together must cancel. */
  readonly send: (bus: string, tuple: readonly Operand[], multiplicity?: Operand) => void;
  /** Takes `tuple` off a bus `multiplicity` times (1 by default). */
  readonly receive: (bus: string, tuple: readonly Operand[], multiplicity?: Operand) => void;
}

/** Cells of this row and the next. */
export interface RowPair<R extends ColumnRecord> {
  readonly current: CellsOf<R, Term>;
  /** The cells one row below. Only constraints on transitions may contain them. */
  readonly next: CellsOf<R, Term>;
}

/** What `eval` writes constraints with; the scope of every row itself. */
export interface ConstraintBuilder<
  M extends ColumnRecord,
  A extends ColumnRecord,
  P extends ColumnRecord,
  V extends string,
  C extends string,
  E extends string = string,
> extends EveryRowScope {
  readonly main: RowPair<M>;
  readonly auxiliary: RowPair<A>;
  readonly preprocessed: RowPair<P>;
  readonly publicValues: Readonly<Record<V, Term>>;
  readonly challenges: Readonly<Record<C, Term>>;
  /** Elements of the extension that the prover chooses after the challenges, and that whoever verifies is told. */
  readonly exposed: Readonly<Record<E, Term>>;
  readonly onFirstRow: RowScope;
  readonly onLastRow: RowScope;
  readonly onTransition: RowScope;
  readonly constant: (value: bigint | number) => Term;
  /** The element of the extension with three coefficients, of 1, x and x². */
  readonly extension: (coefficients: readonly [Operand, Operand, Operand]) => Term;
  /**
   * Demands that each selector is boolean and that exactly `active` of them, 0 or 1, is set: 1 by default. `active` itself is
   * demanded to be boolean where it is not that constant.
   */
  readonly selectors: (name: string, selectors: Readonly<Record<string, Term>>, active?: Term) => void;
}

/** What differs between those who run `eval`. */
export interface Environment {
  readonly cell: (area: Area, column: number, next: boolean) => Term;
  readonly publicValue: (index: number) => Term;
  readonly challenge: (index: number) => Term;
  readonly exposed: (index: number) => Term;
  readonly basis: (power: number) => Term;
  readonly constant: (value: bigint | number) => Term;
  /** A constraint, with the product of its conditions multiplied in. */
  readonly constraint: (name: string, rows: RowKind, value: Term) => void;
  /** A message, with the product of its conditions multiplied into the multiplicity. */
  readonly message: (bus: string, direction: Direction, tuple: readonly Term[], multiplicity: Term) => void;
  /** An auxiliary column that is given by its first cell and each next one; its constraints have been named before. */
  readonly recurrence?: (column: number, first: Term, next: Term) => void;
}

/** Records and names that a builder needs of its table. */
export interface TableShape<
  M extends ColumnRecord = ColumnRecord,
  A extends ColumnRecord = ColumnRecord,
  P extends ColumnRecord = ColumnRecord,
  V extends string = string,
  C extends string = string,
  E extends string = string,
> {
  readonly columns: { readonly main: M; readonly auxiliary: A; readonly preprocessed: P };
  readonly publicValues: readonly V[];
  readonly challenges: readonly C[];
  readonly exposed: readonly E[];
}

function createRowScope(environment: Environment, rows: RowKind, condition: Term | undefined): RowScope {
  const assertZero = (name: string, value: Term): void => {
    environment.constraint(name, rows, condition === undefined ? value : condition.multiply(value));
  };
  return {
    when: (more) => createRowScope(environment, rows, condition === undefined ? more : condition.multiply(more)),
    assertZero,
    assertEqual: (name, left, right) => {
      assertZero(name, left.subtract(right));
    },
    assertBoolean: (name, value) => {
      assertZero(name, value.multiply(value.subtract(1)));
    },
  };
}

function createEveryRowScope(environment: Environment, condition: Term | undefined): EveryRowScope {
  const toTerm = (operand: Operand): Term =>
    typeof operand === 'bigint' || typeof operand === 'number' ? environment.constant(operand) : operand;
  const exchange =
    (direction: Direction) =>
    (bus: string, tuple: readonly Operand[], multiplicity: Operand = 1): void => {
      if (tuple.length === 0) throw new StarkError('STARK_TABLE', `bus ${bus}`, 'a tuple of at least one term', '0');
      const count = toTerm(multiplicity);
      environment.message(
        bus,
        direction,
        tuple.map(toTerm),
        condition === undefined ? count : condition.multiply(count),
      );
    };
  return {
    ...createRowScope(environment, 'every', condition),
    when: (more) => createEveryRowScope(environment, condition === undefined ? more : condition.multiply(more)),
    send: exchange('send'),
    receive: exchange('receive'),
  };
}

/** Builds the builder of one run. */
export function createBuilder<
  M extends ColumnRecord,
  A extends ColumnRecord,
  P extends ColumnRecord,
  V extends string,
  C extends string,
  E extends string,
>(shape: TableShape<M, A, P, V, C, E>, environment: Environment): ConstraintBuilder<M, A, P, V, C, E> {
  const pair = <R extends ColumnRecord>(area: Area, record: R): RowPair<R> => ({
    current: cellsFrom<R, Term>(record, (index) => environment.cell(area, index, false)),
    next: cellsFrom<R, Term>(record, (index) => environment.cell(area, index, true)),
  });
  const named = <N extends string>(names: readonly N[], term: (index: number) => Term): Record<N, Term> =>
    Object.fromEntries(names.map((name, index) => [name, term(index)])) as Record<N, Term>;
  const every = createEveryRowScope(environment, undefined);
  return {
    ...every,
    main: pair('main', shape.columns.main),
    auxiliary: pair('auxiliary', shape.columns.auxiliary),
    preprocessed: pair('preprocessed', shape.columns.preprocessed),
    publicValues: named(shape.publicValues, environment.publicValue),
    challenges: named(shape.challenges, environment.challenge),
    exposed: named(shape.exposed, environment.exposed),
    onFirstRow: createRowScope(environment, 'first', undefined),
    onLastRow: createRowScope(environment, 'last', undefined),
    onTransition: createRowScope(environment, 'transition', undefined),
    constant: environment.constant,
    extension: (coefficients) =>
      coefficients.reduce<Term>(
        (sum, each, power) => sum.add(environment.basis(power).multiply(each)),
        environment.constant(0),
      ),
    selectors: (name, selectors, active) => {
      const entries = Object.entries(selectors);
      if (entries.length === 0) throw new StarkError('STARK_TABLE', name, 'at least one selector', '0');
      for (const [key, selector] of entries) every.assertBoolean(`${name}: ${key} is boolean`, selector);
      if (active !== undefined) every.assertBoolean(`${name}: active is boolean`, active);
      const sum = entries.reduce((total, [, selector]) => total.add(selector), environment.constant(0));
      every.assertEqual(`${name}: one is set`, sum, active ?? 1);
    },
  };
}
