/**
 * The filling of columns, compiled to WebAssembly.
 *
 * @module
 */
import { type ExtensionElement, type KernelModule, type Matrix, type WasmEngine } from '@commute/field';
import { type Arithmetization } from '../arithmetize.ts';
import { cubicValues } from '../concrete.ts';
import { contentHash } from '../content-hash.ts';
import { evaluateGraph } from '../interpret.ts';
import { type HelperColumn } from '../lowering.ts';
import { type CompileOptions } from './compile.ts';
import { groupExpressions, type ParameterPlan, planParameters } from './evaluator.ts';
import { finishKernel, fractionKernels, helperKernels, recurrenceKernel, runningSumKernel } from './fill-kernels.ts';
import { placeParameters, type RowInputs, type RowOutputs, withRowCalls } from './rows.ts';

/** Columns and values that auxiliary columns are filled from. */
export interface FillInputs {
  /** All of them, helpers included. */
  readonly main: Matrix;
  readonly preprocessed: Matrix;
  readonly publicValues: readonly bigint[];
  /** In the order of `arithmetization.challenges`. */
  readonly challenges: readonly ExtensionElement[];
}

/** The filling of a table's columns as code of one engine. */
export interface CompiledFill {
  /** Fills the helper columns of `main`, whose other columns are given. */
  readonly fillMain: (main: Matrix, preprocessed: Matrix, publicValues: readonly bigint[]) => void;
  /**
   * Fills the columns of recurrences, fractions, their running sum, and helpers in `auxiliary`, whose other columns are given.
   *
   * @returns the sums of the fractions, one for each of `arithmetization.busSums`.
   * @throws `FIELD_DIVISION_BY_ZERO` if a denominator is zero.
   */
  readonly fillAuxiliary: (auxiliary: Matrix, inputs: FillInputs) => ExtensionElement[];
}

/** Expressions of one kind of column, with the number of functions that compute them. */
interface Part<T> {
  readonly groups: readonly (readonly T[])[];
  readonly plan: ParameterPlan;
}

const compiled = /* @__PURE__ */ new WeakMap<WasmEngine, Map<string, KernelModule>>();

/** Options of {@link compileFill}. */
export interface FillOptions extends CompileOptions {
  /** Elements of the base field that are inverted at once, to bound memory; 2^19 by default. */
  readonly invertedAtOnce?: number;
}

/**
 * Compiles what fills the columns of a table, for an engine; the code is kept by what it computes. Its oracles are `extendTrace` and
 * `completeArithmetization`.
 */
export function compileFill(
  engine: WasmEngine,
  arithmetization: Arithmetization,
  { mostOperations, invertedAtOnce = 1 << 19 }: FillOptions = {},
): CompiledFill {
  const { graph, helpers, busSums, recurrences, table, names } = arithmetization;
  const fractionColumns = busSums.flatMap((each) => each.fractionColumns);
  const definitionOf = ({ definition }: HelperColumn): number => definition;
  const helperPart = (area: HelperColumn['area']): Part<HelperColumn> => {
    const own = helpers.filter((each) => each.area === area);
    return {
      groups: groupExpressions(graph, own, definitionOf, mostOperations),
      plan: planParameters(arithmetization, own.map(definitionOf)),
    };
  };
  const fractionRoots = fractionColumns.flatMap(({ fractions }) =>
    fractions.flatMap(({ numerator, denominator }) => [numerator, denominator]),
  );
  const [main, auxiliary] = [helperPart('main'), helperPart('auxiliary')];
  const fractionPlan = planParameters(arithmetization, fractionRoots);
  const nextRoots = recurrences.map(({ next }) => next);
  const recurrencePlan = planParameters(arithmetization, nextRoots);
  const firstHelper = {
    main: table.names.main.length,
    auxiliary: names.auxiliary.length - auxiliary.groups.flat().length,
  };

  let cache = compiled.get(engine);
  if (cache === undefined) {
    cache = new Map();
    compiled.set(engine, cache);
  }
  const roots = [...helpers.map(definitionOf), ...fractionRoots, ...nextRoots];
  const key = [
    contentHash({ ...arithmetization, constraints: roots.map((root) => ({ rows: 'every', root })) }),
    helpers.map(({ area, column }) => `${area}${String(column)}`).join(),
    fractionColumns.map(({ fractions }) => fractions.length).join(),
    recurrences.map(({ column }) => column).join(),
    JSON.stringify(firstHelper),
    mostOperations,
  ].join('/');
  let module = cache.get(key);
  if (module === undefined) {
    module = engine.load((builder) => {
      helperKernels(builder, 'main', graph, main.plan, main.groups, firstHelper.main);
      helperKernels(builder, 'auxiliary', graph, auxiliary.plan, auxiliary.groups, firstHelper.auxiliary);
      fractionKernels(builder, graph, fractionPlan, fractionColumns);
      recurrenceKernel(builder, graph, recurrencePlan, recurrences);
      finishKernel(builder);
      runningSumKernel(builder);
    });
    cache.set(key, module);
  }
  const code = module;

  const fillHelpers = (
    name: HelperColumn['area'],
    { groups, plan }: Part<HelperColumn>,
    rows: RowInputs,
    values: Pick<FillInputs, 'publicValues' | 'challenges'>,
  ): void => {
    const target = rows[name];
    const words = name === 'main' ? 1 : 3;
    const first = words * firstHelper[name];
    const out = target.column(first, target.columns - first);
    const parameters = placeParameters(engine, graph, plan, values);
    // Each function after those before it: a definition may contain helpers of an earlier one.
    groups.forEach((group, number) => {
      withRowCalls(engine, target.rows, rows, { out }, parameters, (calls) => {
        engine.run(`${name}${String(number)}`, calls, code);
      });
      for (const { column, readsNext } of group) {
        if (!readsNext) continue;
        for (let k = 0; k < words; k++) target.set(target.rows - 1, 0n, words * column + k);
      }
    });
  };

  const fillRecurrences = (rows: RowInputs, values: FillInputs): void => {
    if (recurrences.length === 0) return;
    const target = rows.auxiliary;
    const parameters = placeParameters(engine, graph, recurrencePlan, values);
    const cell = (matrix: Matrix, column: number): bigint => matrix.get(0, column);
    for (const { column, first } of recurrences) {
      const [value] = evaluateGraph(graph, [first], cubicValues(), {
        ...values,
        cell: (area, index) =>
          area === 'auxiliary' ? [0, 1, 2].map((k) => cell(target, 3 * index + k)) : cell(rows[area], index),
      });
      const element = typeof value === 'bigint' ? [value, 0n, 0n] : value!;
      element.forEach((word, k) => {
        target.set(0, word, 3 * column + k);
      });
    }
    const stride = 8 * target.rows;
    const areas = [rows.main, rows.auxiliary, rows.preprocessed].map(({ address }) => address);
    const below = areas.map((address) => address + 8);
    const out = [target.address + 8, stride, parameters.address, 0];
    engine.run('recurrences', [[...areas, ...below, stride, stride, ...out, target.rows - 1]], code);
  };

  /** Multiplies fractions by the inverses of their norms, and adds them to a sum, or makes it of them. */
  const finish = (columns: readonly Matrix[], inverses: Matrix, running: Matrix, isFirst: boolean): void => {
    const { rows } = running;
    if (rows < 4) {
      columns.forEach((column, index) => {
        for (let k = 0; k < 3; k++) {
          engine.multiplyInto(column.column(k), column.column(k), inverses.column(index));
        }
        if (isFirst && index === 0) engine.copyInto(running, column);
        else engine.addInto(running, running, column);
      });
      return;
    }
    const calls = engine.parts(rows).map(([start, length]) => {
      const addresses = [columns[0]!, inverses, running].map(({ address }) => address + 8 * start);
      return [...addresses, 8 * rows, columns.length, length, Number(isFirst)];
    });
    engine.run('finishFractions', calls, code);
  };

  /** Fills the columns of one sum of messages, from column `first` of the auxiliary ones on. */
  const fillSum = (
    rows: RowInputs,
    parameters: Matrix,
    first: number,
    firstFunction: number,
    count: number,
  ): ExtensionElement => {
    const target = rows.auxiliary;
    const running = target.column(3 * (first + count), 3);
    const atOnce = Math.max(1, Math.floor(invertedAtOnce / target.rows));
    for (let start = 0; start < count; start += atOnce) {
      engine.scope(() => {
        const length = Math.min(atOnce, count - start);
        const norms = engine.reserve(target.rows, length);
        const columns = Array.from({ length }, (_, index) => target.column(3 * (first + start + index), 3));
        columns.forEach((out, index) => {
          const outputs: RowOutputs = { out, extra: norms.column(index) };
          withRowCalls(engine, target.rows, rows, outputs, parameters, (calls) => {
            engine.run(`fraction${String(firstFunction + start + index)}`, calls, code);
          });
        });
        const inverses = engine.reserve(target.rows, length);
        engine.inverseInto(inverses, norms);
        finish(columns, inverses, running, start === 0);
      });
    }
    const total = engine.allocate(3);
    engine.run(
      'runningSum',
      [0, 1, 2].map((k) => [running.column(k).address, total.address + 8 * k, target.rows]),
      code,
    );
    return total.toArray();
  };

  const fillLookups = (rows: RowInputs, values: FillInputs): ExtensionElement[] => {
    const parameters = placeParameters(engine, graph, fractionPlan, values);
    let [column, number] = [table.names.auxiliary.length, 0];
    return busSums.map(({ fractionColumns: { length } }) => {
      const total = fillSum(rows, parameters, column, number, length);
      column += length + 1;
      number += length;
      return total;
    });
  };

  return {
    fillMain: (matrix, preprocessed, publicValues) => {
      engine.scope(() => {
        const rows = { main: matrix, auxiliary: engine.allocate(matrix.rows, 0), preprocessed, step: 1 };
        fillHelpers('main', main, rows, { publicValues, challenges: [] });
      });
    },
    fillAuxiliary: (matrix, inputs) =>
      engine.scope(() => {
        const rows = { main: inputs.main, auxiliary: matrix, preprocessed: inputs.preprocessed, step: 1 };
        fillRecurrences(rows, inputs);
        const sums = fillLookups(rows, inputs);
        fillHelpers('auxiliary', auxiliary, rows, inputs);
        return sums;
      }),
  };
}
