/**
 * The table of the pairwise link: touched cells, what is untouched as two polynomials, and Bezout's identity.
 *
 * The nonzero cells of memory are the rational function ρ(X) = Σ v/(X - k). Let a_i be the touched keys, u_i and w_i their values before and
 * after, P = ∏ (X - a_i), and R_N/R_K the untouched part. The table shows, with `in` the point shared with the segment before and `out` the one
 * shared with the segment after,
 *
 *     1. ρ_in(in)   = R_N(in)/R_K(in)   + Σ u_i/(in - a_i)
 *     2. ρ_out(out) = R_N(out)/R_K(out) + Σ w_i/(out - a_i)
 *     3. A(γ)·P(γ) + B(γ)·R_K(γ)·P'(γ) = 1, with γ drawn in this proof
 *
 * and exposes ρ_in(in) and ρ_out(out). Why that suffices is in docs/continuations.md.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, type FieldEngine, type Matrix } from '@commute/field';
import {
  type Column,
  column,
  type ColumnRecord,
  defineTable,
  type Table,
  type TableTrace,
  traceFromColumns,
} from '@commute/stark';
import { type Cells, type KeyRule, MEMORY_BUS, powerOfTwoFrom, type TouchedCell } from './cells.ts';

/** Names of the external challenges: the points shared with the segment before and with the one after. */
export const LINK_IN = 'link in' as const;
export const LINK_OUT = 'link out' as const;

/** Columns of the touched cells and the coefficients, from the highest down. */
export type PairwiseColumns = Readonly<
  Record<
    | 'active'
    | 'key'
    | 'before'
    | 'after'
    | 'lastTime'
    | 'remainderKeys'
    | 'remainderValues'
    | 'bezoutTouched'
    | 'bezoutRemainder',
    Column
  >
>;

type PairwiseAuxiliary = Readonly<
  Record<
    | 'keysAtIn'
    | 'keysAtOut'
    | 'keysAtOwn'
    | 'valuesAtIn'
    | 'valuesAtOut'
    | 'bezoutTouchedAtOwn'
    | 'bezoutRemainderAtOwn'
    | 'product'
    | 'derivative'
    | 'sumBefore'
    | 'sumAfter',
    Column
  >
>;

const AUXILIARY: PairwiseAuxiliary = {
  keysAtIn: column('R_K so far at the point in'),
  keysAtOut: column('R_K so far at the point out'),
  keysAtOwn: column('R_K so far at γ'),
  valuesAtIn: column('R_N so far at the point in'),
  valuesAtOut: column('R_N so far at the point out'),
  bezoutTouchedAtOwn: column('A so far at γ'),
  bezoutRemainderAtOwn: column('B so far at γ'),
  product: column('P of the cells so far at γ'),
  derivative: column("P' of the cells so far at γ"),
  sumBefore: column('Σ u/(in - a) so far'),
  sumAfter: column('Σ w/(out - a) so far'),
};

type Challenge = typeof LINK_IN | typeof LINK_OUT | 'link own';

/** A table of the pairwise link. */
export type PairwiseTable = Table<PairwiseColumns, PairwiseAuxiliary, ColumnRecord, never, Challenge, 'in' | 'out'>;

/** The table for keys under a rule. */
export function createPairwiseTable(rule: KeyRule): PairwiseTable {
  const main: PairwiseColumns = {
    active: column('1 on rows with a cell'),
    key: column('of a touched cell'),
    before: column('its value when the segment starts'),
    after: column('its value when the segment ends'),
    lastTime: column('of its last access'),
    remainderKeys: column('coefficients of R_K'),
    remainderValues: column('coefficients of R_N'),
    bezoutTouched: column('coefficients of A'),
    bezoutRemainder: column('coefficients of B'),
    ...rule.columns,
  };
  return defineTable<PairwiseColumns, PairwiseAuxiliary, ColumnRecord, never, Challenge, 'in' | 'out'>({
    name: 'pairwise link',
    columns: { main, auxiliary: AUXILIARY, preprocessed: {} },
    challenges: [LINK_IN, LINK_OUT, 'link own'],
    exposed: ['in', 'out'],
    fillAuxiliary: ({ main: cells, challenges, field }) => fillAuxiliary(cells, challenges, field),
    fillExposed: ({ auxiliary, field }) => {
      const last = (values: readonly ExtensionElement[]): ExtensionElement => values.at(-1)!;
      const at = (
        values: readonly ExtensionElement[],
        keys: readonly ExtensionElement[],
        sum: readonly ExtensionElement[],
      ): ExtensionElement => field.add(field.multiply(last(values), field.inverse(last(keys))), last(sum));
      return {
        in: at(auxiliary.valuesAtIn, auxiliary.keysAtIn, auxiliary.sumBefore),
        out: at(auxiliary.valuesAtOut, auxiliary.keysAtOut, auxiliary.sumAfter),
      };
    },
    eval: (builder) => {
      const { main: cells, auxiliary, challenges, exposed, onFirstRow, onTransition, onLastRow } = builder;
      const { current } = cells;
      builder.assertBoolean('active is boolean', current.active);
      onFirstRow.assertEqual('a cell is touched', current.active, 1);
      rule.constrain(builder, current, current.key, current.active);
      builder.when(current.active).send(MEMORY_BUS, [current.key, current.before, 0]);
      builder.when(current.active).receive(MEMORY_BUS, [current.key, current.after, current.lastTime]);

      const { [LINK_IN]: into, [LINK_OUT]: out, 'link own': own } = challenges;
      const horner = [
        ['R_K at in', 'keysAtIn', 'remainderKeys', into],
        ['R_K at out', 'keysAtOut', 'remainderKeys', out],
        ['R_K at γ', 'keysAtOwn', 'remainderKeys', own],
        ['R_N at in', 'valuesAtIn', 'remainderValues', into],
        ['R_N at out', 'valuesAtOut', 'remainderValues', out],
        ['A at γ', 'bezoutTouchedAtOwn', 'bezoutTouched', own],
        ['B at γ', 'bezoutRemainderAtOwn', 'bezoutRemainder', own],
      ] as const;
      for (const [name, value, coefficient, point] of horner) {
        onFirstRow.assertEqual(`${name} starts`, auxiliary.current[value], current[coefficient]);
        onTransition.assertEqual(
          `${name} goes on`,
          auxiliary.next[value],
          auxiliary.current[value].multiply(point).add(cells.next[coefficient]),
        );
      }
      // γ - a where there is a cell, 1 elsewhere.
      const factor = (row: typeof current): typeof own => row.active.multiply(own.subtract(row.key).subtract(1)).add(1);
      onFirstRow.assertEqual('P starts', auxiliary.current.product, factor(current));
      onTransition.assertEqual(
        'P goes on',
        auxiliary.next.product,
        auxiliary.current.product.multiply(factor(cells.next)),
      );
      onFirstRow.assertEqual("P' starts", auxiliary.current.derivative, current.active);
      onTransition.assertEqual(
        "P' goes on",
        auxiliary.next.derivative,
        auxiliary.current.derivative
          .multiply(factor(cells.next))
          .add(cells.next.active.multiply(auxiliary.current.product)),
      );
      for (const [name, sum, value, point] of [
        ['before', 'sumBefore', 'before', into],
        ['after', 'sumAfter', 'after', out],
      ] as const) {
        const share = (row: typeof current, before: typeof own): void => {
          const scope = row === current ? onFirstRow : onTransition;
          const now = row === current ? auxiliary.current[sum] : auxiliary.next[sum];
          scope.assertEqual(
            `sum ${name} ${row === current ? 'starts' : 'goes on'}`,
            now.subtract(before).multiply(point.subtract(row.key)),
            row.active.multiply(row[value]),
          );
        };
        share(current, builder.constant(0));
        share(cells.next, auxiliary.current[sum]);
      }
      const { keysAtIn, keysAtOut, keysAtOwn, valuesAtIn, valuesAtOut, product, derivative } = auxiliary.current;
      const { bezoutTouchedAtOwn, bezoutRemainderAtOwn, sumBefore, sumAfter } = auxiliary.current;
      onLastRow.assertEqual('memory in', exposed.in.subtract(sumBefore).multiply(keysAtIn), valuesAtIn);
      onLastRow.assertEqual('memory out', exposed.out.subtract(sumAfter).multiply(keysAtOut), valuesAtOut);
      onLastRow.assertEqual(
        'keys are distinct and apart from the rest',
        bezoutTouchedAtOwn.multiply(product).add(bezoutRemainderAtOwn.multiply(keysAtOwn).multiply(derivative)),
        1,
      );
    },
  });
}

type Column1 = readonly bigint[] | BigUint64Array;

/** The running values of all rows. */
function fillAuxiliary(
  cells: Readonly<Record<keyof PairwiseColumns, Column1>>,
  challenges: Readonly<Record<Challenge, ExtensionElement>>,
  field: ExtensionField,
): Record<keyof PairwiseAuxiliary, ExtensionElement[]> {
  const { [LINK_IN]: into, [LINK_OUT]: out, 'link own': own } = challenges;
  const horner = (coefficients: Column1, point: ExtensionElement): ExtensionElement[] => {
    let value = field.zero;
    return Array.from(coefficients, (coefficient) => {
      value = field.add(field.multiply(value, point), field.fromBase(coefficient));
      return value;
    });
  };
  const sum = (values: Column1, point: ExtensionElement): ExtensionElement[] => {
    let total = field.zero;
    return Array.from(values, (value, row) => {
      if (cells.active[row] === 1n && value !== 0n) {
        const difference = field.subtract(point, field.fromBase(cells.key[row]!));
        total = field.add(total, field.scale(field.inverse(difference), value));
      }
      return total;
    });
  };
  let [product, derivative] = [field.one, field.zero];
  const products = Array.from(cells.active, (active, row): [ExtensionElement, ExtensionElement] => {
    if (active === 1n) {
      const factor = field.subtract(own, field.fromBase(cells.key[row]!));
      derivative = field.add(field.multiply(derivative, factor), product);
      product = field.multiply(product, factor);
    }
    return [product, derivative];
  });
  return {
    keysAtIn: horner(cells.remainderKeys, into),
    keysAtOut: horner(cells.remainderKeys, out),
    keysAtOwn: horner(cells.remainderKeys, own),
    valuesAtIn: horner(cells.remainderValues, into),
    valuesAtOut: horner(cells.remainderValues, out),
    bezoutTouchedAtOwn: horner(cells.bezoutTouched, own),
    bezoutRemainderAtOwn: horner(cells.bezoutRemainder, own),
    product: products.map(([each]) => each),
    derivative: products.map(([, each]) => each),
    sumBefore: sum(cells.before, into),
    sumAfter: sum(cells.after, out),
  };
}

/** The polynomials of a segment, coefficients from low to high. */
export interface PairwisePolynomials {
  readonly remainderKeys: readonly bigint[];
  readonly remainderValues: readonly bigint[];
  readonly bezoutTouched: readonly bigint[];
  readonly bezoutRemainder: readonly bigint[];
}

/**
 * R_K, R_N, A and B for the touched keys and the nonzero cells of memory, in quasi-linear time.
 *
 * Where keys are not distinct, or the remainder has a root at one, there are no A and B; what is returned then satisfies nothing.
 */
export function pairwisePolynomials(
  engine: FieldEngine,
  touched: readonly bigint[],
  untouched: readonly (readonly [key: bigint, value: bigint])[],
): PairwisePolynomials {
  const ring = engine.polynomials;
  return engine.scope(() => {
    const coefficients = (a: Matrix): bigint[] => (a.rows === 0 ? [] : a.toArray());
    const keys = engine.from(untouched.map(([key]) => key));
    const values = engine.from(untouched.map(([, value]) => value));
    const remainderKeys = untouched.length === 0 ? engine.from([1n]) : ring.zerofier(keys);
    const remainderValues = untouched.length === 0 ? [] : coefficients(ring.fromResidues(keys, values));
    const product = ring.zerofier(engine.from(touched));
    const other = ring.multiply(remainderKeys, ring.derivative(product));
    const { left, right } = ring.extendedGcd(product, other);
    return {
      remainderKeys: coefficients(remainderKeys),
      remainderValues,
      bezoutTouched: coefficients(left),
      bezoutRemainder: coefficients(right),
    };
  });
}

/** The trace for touched cells and the nonzero cells of memory before the segment. */
export function pairwiseTrace(
  engine: FieldEngine,
  table: PairwiseTable,
  rule: KeyRule,
  touched: readonly TouchedCell[],
  memory: Cells,
): TableTrace {
  const own = new Set(touched.map(({ key }) => key));
  const untouched = [...memory].filter(([key, value]) => value !== 0n && !own.has(key));
  const polynomials = pairwisePolynomials(
    engine,
    touched.map(({ key }) => key),
    untouched,
  );
  return pairwiseTraceOf(table, rule, touched, polynomials);
}

/** The trace for touched cells and polynomials, right or not. */
export function pairwiseTraceOf(
  table: PairwiseTable,
  rule: KeyRule,
  touched: readonly TouchedCell[],
  polynomials: PairwisePolynomials,
): TableTrace {
  const lengths = Object.values(polynomials).map(({ length }: readonly bigint[]) => length);
  const rows = powerOfTwoFrom(Math.max(touched.length, ...lengths));
  const list = (value: (cell: TouchedCell) => bigint): BigUint64Array => {
    const cells = new BigUint64Array(rows);
    touched.forEach((cell, row) => {
      cells[row] = value(cell);
    });
    return cells;
  };
  const descending = (coefficients: readonly bigint[]): BigUint64Array => {
    const cells = new BigUint64Array(rows);
    coefficients.forEach((value, power) => {
      cells[rows - 1 - power] = value;
    });
    return cells;
  };
  return traceFromColumns(table, {
    main: {
      active: list(() => 1n),
      key: list(({ key }) => key),
      before: list(({ before }) => before),
      after: list(({ after }) => after),
      lastTime: list(({ lastTime }) => lastTime),
      remainderKeys: descending(polynomials.remainderKeys),
      remainderValues: descending(polynomials.remainderValues),
      bezoutTouched: descending(polynomials.bezoutTouched),
      bezoutRemainder: descending(polynomials.bezoutRemainder),
      ...(rule.fill(
        touched.map(({ key }) => key),
        rows,
      ) as object),
    },
    preprocessed: {},
  });
}
