/**
 * Constraints compiled to WebAssembly.
 *
 * @module
 */
import { add, type ExtensionElement, type KernelModule, type Matrix, type WasmEngine } from '@commute/field';
import { toMontgomery } from '@commute/field/kernels';
import { type Arithmetization } from '../arithmetize.ts';
import { cubicValues } from '../concrete.ts';
import { contentHash } from '../content-hash.ts';
import { assertInputs, type ConstraintInputs, SUM_COLUMNS } from '../evaluate.ts';
import { evaluateGraph } from '../interpret.ts';
import { type Value } from '../term.ts';
import { constraintKernels, groupConstraints, type ParameterPlan, planParameters } from './kernels.ts';
import { PAIRS, PARAMETER_WORDS } from './values.ts';

/** Constraints of a table as code of one engine. */
export interface CompiledConstraints {
  /** {@link contentHash} of the constraints. */
  readonly hash: string;
  /**
   * For each kind of rows the sum of its constraints, each times its weight; the same as `evaluateConstraintsInto`.
   *
   * @param out - as many rows as the inputs, {@link SUM_COLUMNS} columns, overwritten; all matrices are of the engine.
   * @throws {@link StarkError} `STARK_TRACE` for shapes that do not fit.
   */
  readonly evaluateInto: (out: Matrix, inputs: ConstraintInputs) => void;
}

interface Code {
  readonly module: KernelModule;
  readonly groups: number;
}

const compiled = /* @__PURE__ */ new WeakMap<WasmEngine, Map<string, Code>>();

/** Options of {@link compileConstraints}. */
export interface CompileOptions {
  /** Operations after which a new function begins; 4,000 by default. */
  readonly mostOperations?: number;
}

/**
 * Compiles the constraints of a table for an engine; the code is kept by what the constraints say, so that a second
 * table with the same ones, or the same table built anew, costs nothing.
 *
 * Points are taken four at a time, with shared expressions computed once for each group of constraints; what is the same at all
 * points is computed before. Runs on all threads of the engine.
 *
 * @example
 * ```ts
 * import { createFieldEngine } from '@commute/field';
 * import { arithmetize, column, compileConstraints, defineTable, SUM_COLUMNS } from '@commute/stark';
 * const table = defineTable({ name: 'bits', columns: { main: { bit: column() } }, eval: (builder) => {
 *   builder.assertBoolean('bit is boolean', builder.main.current.bit);
 * } });
 * const engine = await createFieldEngine();
 * const out = engine.allocate(4, SUM_COLUMNS);
 * compileConstraints(engine, arithmetize(table)).evaluateInto(out, {
 *   main: engine.from([0n, 1n, 2n, 3n]), auxiliary: engine.allocate(4, 0), preprocessed: engine.allocate(4, 0), step: 1,
 *   publicValues: [], challenges: [], terminal: [0n, 0n, 0n], exposed: [], weights: [[1n, 0n, 0n]],
 * });
 * if (out.get(3, 6) !== 6n) throw new Error('3·2, in the first column of the third kind of rows');
 * engine.dispose();
 * ```
 */
export function compileConstraints(
  engine: WasmEngine,
  arithmetization: Arithmetization,
  { mostOperations }: CompileOptions = {},
): CompiledConstraints {
  const hash = contentHash(arithmetization);
  const plan = planParameters(arithmetization);
  let cache = compiled.get(engine);
  if (cache === undefined) {
    cache = new Map();
    compiled.set(engine, cache);
  }
  const key = `${hash}/${String(mostOperations ?? '')}`;
  let code = cache.get(key);
  if (code === undefined) {
    const groups = groupConstraints(arithmetization, mostOperations);
    code = {
      module: engine.load((module) => {
        constraintKernels(module, arithmetization, plan, groups);
      }),
      groups: groups.length,
    };
    cache.set(key, code);
  }
  const { module, groups } = code;
  return {
    hash,
    evaluateInto: (out, inputs) => {
      assertInputs(arithmetization, out, inputs);
      run(engine, module, groups, out, inputs, parametersOf(arithmetization, plan, inputs));
    },
  };
}

/** The words of all parameters. */
function parametersOf(
  { graph }: Arithmetization,
  { uniforms }: ParameterPlan,
  { publicValues, challenges, terminal, exposed, weights }: ConstraintInputs,
): BigUint64Array {
  const values: Value[] = evaluateGraph(graph, uniforms, cubicValues(), {
    // Uniform nodes have no cells below them.
    cell: () => 0n,
    publicValues,
    challenges,
    terminal,
    exposed,
  });
  const all = [...values, ...weights];
  const words = new BigUint64Array(PARAMETER_WORDS * all.length);
  all.forEach((value, number) => {
    const coefficients: ExtensionElement = typeof value === 'bigint' ? [value, 0n, 0n] : value;
    const sums = PAIRS.map(([i, j]) => add(coefficients[i]!, coefficients[j]!));
    [...coefficients, ...sums].forEach((word, k) => {
      words[PARAMETER_WORDS * number + 2 * k] = word;
      words[PARAMETER_WORDS * number + 2 * k + 1] = toMontgomery(word);
    });
  });
  return words;
}

/** Copies four neighbouring rows, around the end, of each column. */
function gather(engine: WasmEngine, source: Matrix, first: number): Matrix {
  const block = engine.allocate(4, source.columns);
  if (source.columns === 0) return block;
  const [from, to] = [source.view(), block.view()];
  for (let column = 0; column < source.columns; column++) {
    for (let k = 0; k < 4; k++) to[4 * column + k] = from[column * source.rows + ((first + k) % source.rows)]!;
  }
  return block;
}

function run(
  engine: WasmEngine,
  module: KernelModule,
  groups: number,
  out: Matrix,
  inputs: ConstraintInputs,
  words: BigUint64Array,
): void {
  const { main, auxiliary, preprocessed, step } = inputs;
  const areas = [main, auxiliary, preprocessed];
  const { rows } = main;
  engine.scope(() => {
    const parameters = engine.allocate(words.length);
    if (words.length > 0) parameters.view().set(words);
    const callAll = (calls: readonly number[][]): void => {
      for (let group = 0; group < groups; group++) engine.run(`constraints${String(group)}`, calls, module);
    };
    const addresses = (matrices: readonly Matrix[], row: number): number[] =>
      matrices.map((matrix) => matrix.address + 8 * row);
    if (rows < 4) {
      // One block that repeats the rows.
      const sums = engine.allocate(4, SUM_COLUMNS);
      const here = areas.map((matrix) => gather(engine, matrix, 0));
      const next = areas.map((matrix) => gather(engine, matrix, step));
      callAll([[...addresses(here, 0), ...addresses(next, 0), 32, 32, sums.address, 32, parameters.address, 4]]);
      const [from, to] = [sums.view(), out.view()];
      for (let at = 0; at < to.length; at++) to[at] = from[4 * Math.floor(at / rows) + (at % rows)]!;
      return;
    }
    out.view().fill(0n);
    // Rows up to `end` have their next rows below them; the block after it may have them on both sides of the end.
    const end = rows - step - ((rows - step) % 4);
    const straddles = (rows - step) % 4 !== 0;
    const calls: number[][] = [];
    const cover = (from: number, to: number, shift: number): void => {
      for (const [start, length] of engine.parts(to - from)) {
        const row = from + start;
        const operands = [...addresses(areas, row), ...addresses(areas, row + shift), 8 * rows, 8 * rows];
        calls.push([...operands, out.address + 8 * row, 8 * rows, parameters.address, length]);
      }
    };
    cover(0, end, step);
    if (straddles) {
      const next = areas.map((matrix) => gather(engine, matrix, end + step));
      const operands = [...addresses(areas, end), ...addresses(next, 0), 8 * rows, 32];
      calls.push([...operands, out.address + 8 * end, 8 * rows, parameters.address, 4]);
    }
    cover(straddles ? end + 4 : end, rows, step - rows);
    callAll(calls);
  });
}
