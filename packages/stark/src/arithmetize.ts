/**
 * From a table to what a prover commits to: lookups as columns, degrees lowered, traces extended by both.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField } from '@commute/field';
import { cubicValues, type FullTrace } from './concrete.ts';
import { StarkError } from './errors.ts';
import { ExpressionGraph } from './graph.ts';
import { evaluateNodes, type Point } from './interpret.ts';
import {
  addLookups,
  type BusNumbers,
  EXPOSED_CHALLENGES,
  type FractionColumn,
  LOOKUP_CHALLENGES,
  type LookupColumns,
  type LookupPlace,
  numberBuses,
  numberExposedBuses,
} from './lookup.ts';
import { type HelperColumn, lowerDegrees } from './lowering.ts';
import { copyExpressions } from './substitute.ts';
import { type Constraint, constraintsOf, type RecurrentColumn } from './symbolic.ts';
import { type Table } from './table.ts';
import { assertTrace, type Trace } from './trace.ts';

/** The columns of messages whose sum is claimed as one element: of all buses that must cancel, or of all exposed ones. */
export interface BusSum {
  readonly kind: 'terminal' | 'exposed';
  /** The running sum follows them. */
  readonly fractionColumns: readonly FractionColumn[];
}

/** The constraints of a table in the form that is proved. */
export interface Arithmetization {
  readonly table: Table;
  readonly maximumDegree: number;
  readonly graph: ExpressionGraph;
  /** Declared ones, those of lookups, those of helper columns; in this order. */
  readonly constraints: readonly Constraint[];
  /** Names of all columns; helpers and lookups come after the declared ones. */
  readonly names: {
    readonly main: readonly string[];
    readonly auxiliary: readonly string[];
    readonly preprocessed: readonly string[];
  };
  /** Names of all challenges; those of lookups come last, where there are any. */
  readonly challenges: readonly string[];
  /** Whether the table has messages on buses that must cancel, and so a terminal. */
  readonly hasTerminal: boolean;
  /** Names of the exposed values; the sum of the exposed buses comes last, as {@link EXPOSED_SUM}, where the table uses any. */
  readonly exposed: readonly string[];
  /** At most one of each kind, in the order of their columns. */
  readonly busSums: readonly BusSum[];
  readonly helpers: readonly HelperColumn[];
  /** The declared auxiliary columns that are given by recurrences; nodes of `graph`. */
  readonly recurrences: readonly RecurrentColumn[];
}

/** Options of {@link arithmetize}. */
export interface ArithmetizeOptions {
  /** Highest degree of a constraint, at least 2; 4 by default. */
  readonly maximumDegree?: number;
  /** Numbers of the buses; by default those of this table alone. */
  readonly buses?: BusNumbers;
  /** Buses whose sum is exposed instead of having to cancel. */
  readonly exposedBuses?: readonly string[];
}

/** Name of the exposed value that is the sum of a table's messages on exposed buses. */
export const EXPOSED_SUM = 'exposed bus sum' as const;

/**
 * Turns messages into auxiliary columns and lowers degrees by helper columns.
 *
 * @throws {@link StarkError} `STARK_DEGREE` for a maximum below 2, and what {@link constraintsOf} throws.
 */
export function arithmetize(table: Table, options: ArithmetizeOptions = {}): Arithmetization {
  const { maximumDegree = 4, exposedBuses = [], buses = numberBuses([table], [], exposedBuses) } = options;
  const system = constraintsOf(table);
  const graph = new ExpressionGraph();
  const roots = copyExpressions(
    system.graph,
    graph,
    system.constraints.map(({ root }) => root),
  );
  const exposedNumbers = numberExposedBuses(exposedBuses);
  const messages = system.messages.map((message) => {
    const [multiplicity, ...tuple] = copyExpressions(system.graph, graph, [message.multiplicity, ...message.tuple]);
    if (!buses.has(message.bus) && !exposedNumbers.has(message.bus)) {
      throw new StarkError('STARK_TABLE', 'buses', `a number of ${message.bus}`, 'none');
    }
    return { ...message, multiplicity: multiplicity!, tuple };
  });
  const lookupConstraints: Constraint[] = [];
  const busSums: BusSum[] = [];
  let firstColumn = table.names.auxiliary.length;
  const addSum = (
    kind: BusSum['kind'],
    name: LookupPlace['name'],
    numbers: BusNumbers,
    claim: LookupPlace['claim'],
  ): void => {
    const mine = messages.filter(({ bus }) => exposedNumbers.has(bus) === (kind === 'exposed'));
    if (mine.length === 0) return;
    const challenge = table.challenges.length + 2 * busSums.length;
    const place = { name, firstColumn, challenge, claim };
    const { fractionColumns, constraints }: LookupColumns = addLookups(graph, mine, numbers, maximumDegree, place);
    firstColumn += fractionColumns.length + 1;
    lookupConstraints.push(...constraints);
    busSums.push({ kind, fractionColumns });
  };
  addSum('terminal', 'lookup', buses, { kind: 'terminal' });
  addSum('exposed', 'exposed lookup', exposedNumbers, { kind: 'exposed', index: table.exposed.length });
  const recurrences = system.recurrences.map(({ column, first, next }) => {
    const [start, following] = copyExpressions(system.graph, graph, [first, next]) as [number, number];
    return { column, first: start, next: following };
  });
  const { constraints, helpers } = lowerDegrees(
    graph,
    [...system.constraints.map((each, index) => ({ ...each, root: roots[index]! })), ...lookupConstraints],
    maximumDegree,
    { main: table.names.main.length, auxiliary: firstColumn },
  );
  return {
    table,
    maximumDegree,
    graph,
    constraints,
    ...namesOf(table, {
      helpers: helpers.map(({ area }) => area),
      fractions: Object.fromEntries(busSums.map(({ kind, fractionColumns }) => [kind, fractionColumns.length])),
    }),
    busSums,
    helpers,
    recurrences,
  };
}

/** What is added to a table's columns: the areas of helpers in their order, and how many columns of fractions each sum of buses has. */
export interface AddedColumns {
  readonly helpers: readonly HelperColumn['area'][];
  readonly fractions: Partial<Readonly<Record<BusSum['kind'], number>>>;
}

/** The names in an arithmetization. */
export function namesOf(
  table: Table,
  { helpers, fractions }: AddedColumns,
): Pick<Arithmetization, 'names' | 'challenges' | 'hasTerminal' | 'exposed'> {
  const lookups = ([kind, name]: readonly [BusSum['kind'], LookupPlace['name']]): string[] => {
    const count = fractions[kind];
    if (count === undefined) return [];
    return [...Array.from({ length: count }, (_, index) => `${name} fraction ${String(index + 1)}`), `${name} sum`];
  };
  const helpersIn = (area: HelperColumn['area']): string[] =>
    helpers.flatMap((each, index) => (each === area ? [`helper ${String(index + 1)}`] : []));
  const [hasTerminal, hasExposed] = [fractions.terminal !== undefined, fractions.exposed !== undefined];
  return {
    names: {
      main: [...table.names.main, ...helpersIn('main')],
      auxiliary: [
        ...table.names.auxiliary,
        ...lookups(['terminal', 'lookup']),
        ...lookups(['exposed', 'exposed lookup']),
        ...helpersIn('auxiliary'),
      ],
      preprocessed: table.names.preprocessed,
    },
    challenges: [
      ...table.challenges,
      ...(hasTerminal ? LOOKUP_CHALLENGES : []),
      ...(hasExposed ? EXPOSED_CHALLENGES : []),
    ],
    hasTerminal,
    exposed: [...table.exposed, ...(hasExposed ? [EXPOSED_SUM] : [])],
  };
}

function pointAt(trace: FullTrace, row: number): Point {
  return {
    cell: (area, column, next) => trace[area][column]![next ? (row + 1) % trace.rows : row]!,
    publicValues: trace.publicValues,
    challenges: trace.challenges,
  };
}

/** Appends the helper columns of one area; `trace`'s lists of that area grow. */
function fillHelpers(
  { graph, helpers }: Arithmetization,
  area: HelperColumn['area'],
  trace: FullTrace,
  append: (column: readonly (bigint | ExtensionElement)[]) => void,
): void {
  const field = cubicValues();
  for (const helper of helpers) {
    if (helper.area !== area) continue;
    const order = graph.below([helper.definition]);
    append(
      Array.from({ length: trace.rows }, (_, row) =>
        helper.readsNext && row === trace.rows - 1
          ? area === 'main'
            ? 0n
            : field.extension.zero
          : evaluateNodes(graph, order, [helper.definition], field, pointAt(trace, row))[0]!,
      ),
    );
  }
}

/**
 * The main columns of a trace and, after them, the helper columns that need no challenge. By bigints.
 *
 * @throws {@link StarkError} `STARK_TRACE`
 */
export function extendTrace(arithmetization: Arithmetization, trace: Trace): Trace {
  assertTrace(arithmetization.table, trace);
  const main = [...trace.main];
  fillHelpers(arithmetization, 'main', { ...trace, main, auxiliary: [], challenges: [], exposed: [] }, (column) => {
    main.push(column as readonly bigint[]);
  });
  return { ...trace, main };
}

/** The inverses of all elements by one inversion (Montgomery's trick). @throws `FIELD_DIVISION_BY_ZERO` if one is zero. */
function invertAll(field: ExtensionField, elements: readonly ExtensionElement[]): ExtensionElement[] {
  let product = field.one;
  const before = elements.map((element) => {
    const prefix = product;
    product = field.multiply(product, element);
    return prefix;
  });
  let rest = field.inverse(product);
  const inverses = new Array<ExtensionElement>(elements.length);
  for (let index = elements.length - 1; index >= 0; index--) {
    inverses[index] = field.multiply(rest, before[index]!);
    rest = field.multiply(rest, elements[index]!);
  }
  return inverses;
}

/** All columns of a trace, and what it claims: the sum of its messages, and the exposed values. */
export interface ArithmetizedTrace extends FullTrace {
  readonly terminal: ExtensionElement;
}

/**
 * The auxiliary columns for given challenges: declared ones, fractions and their running sum, helpers. By bigints.
 *
 * @param trace - what {@link extendTrace} made.
 * @param challenges - in the order of `arithmetization.challenges`.
 * @throws `FIELD_DIVISION_BY_ZERO` if a tuple hits the random offset.
 */
export function completeArithmetization(
  arithmetization: Arithmetization,
  trace: Trace,
  challenges: readonly ExtensionElement[],
  field: ExtensionField = cubicValues().extension,
): ArithmetizedTrace {
  const { table, graph, busSums } = arithmetization;
  const own = challenges.slice(0, table.challenges.length);
  const auxiliary = [...table.fill(trace, own, field)];
  const exposed = table.expose(trace, auxiliary, own, field);
  const full: FullTrace = { ...trace, auxiliary, challenges, exposed };
  const values = cubicValues();
  let terminal = field.zero;
  for (const { kind, fractionColumns } of busSums) {
    let total = field.zero;
    const fractions = fractionColumns.flatMap((column) => column.fractions);
    const roots = fractions.flatMap(({ numerator, denominator }) => [numerator, denominator]);
    const order = graph.below(roots);
    const results = Array.from({ length: trace.rows }, (_, row) =>
      evaluateNodes(graph, order, roots, values, pointAt(full, row)),
    );
    const inverses = invertAll(
      field,
      results.flatMap((row) => fractions.map((_, index) => row[2 * index + 1] as ExtensionElement)),
    );
    const columns: ExtensionElement[][] = fractionColumns.map(() => []);
    const running: ExtensionElement[] = [];
    results.forEach((row, number) => {
      running.push(total);
      let at = 0;
      fractionColumns.forEach((column, index) => {
        let sum = field.zero;
        for (let i = 0; i < column.fractions.length; i++, at++) {
          sum = field.add(sum, field.scale(inverses[number * fractions.length + at]!, row[2 * at] as bigint));
        }
        columns[index]!.push(sum);
        total = field.add(total, sum);
      });
    });
    auxiliary.push(...columns, running);
    if (kind === 'terminal') terminal = total;
    else exposed.push(total);
  }
  fillHelpers(arithmetization, 'auxiliary', full, (column) => {
    auxiliary.push(column as readonly ExtensionElement[]);
  });
  return { ...full, terminal };
}
