/**
 * Constraints compiled to WebAssembly.
 *
 * @module
 */
import { type KernelModule, type Matrix, type WasmEngine } from '@commute/field';
import { type Arithmetization } from '../arithmetize.ts';
import { contentHash } from '../content-hash.ts';
import { assertInputs, type ConstraintInputs } from '../evaluate.ts';
import { groupExpressions, planParameters } from './evaluator.ts';
import { constraintKernels } from './kernels.ts';
import { placeParameters, withRowCalls } from './rows.ts';

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

/** Functions of one module: browsers compile no more than 8 MB of code at once where they may not wait. */
const GROUPS_PER_MODULE = 16;

const compiled = /* @__PURE__ */ new WeakMap<WasmEngine, Map<string, Code[]>>();

/** Options of {@link compileConstraints}. */
export interface CompileOptions {
  /** Operations after which a new function begins; 200 by default. */
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
  const { graph, constraints } = arithmetization;
  const rootOf = ({ root }: (typeof constraints)[number]): number => root;
  const plan = planParameters(arithmetization, constraints.map(rootOf));
  let cache = compiled.get(engine);
  if (cache === undefined) {
    cache = new Map();
    compiled.set(engine, cache);
  }
  const key = `${hash}/${String(mostOperations ?? '')}`;
  let code = cache.get(key);
  if (code === undefined) {
    const groups = groupExpressions(graph, constraints, rootOf, mostOperations);
    code = [];
    for (let first = 0; first < groups.length; first += GROUPS_PER_MODULE) {
      const some = groups.slice(first, first + GROUPS_PER_MODULE);
      const module = engine.load((builder) => {
        constraintKernels(builder, arithmetization, plan, some);
      });
      code.push({ module, groups: some.length });
    }
    cache.set(key, code);
  }
  const modules = code;
  return {
    hash,
    evaluateInto: (out, inputs) => {
      assertInputs(arithmetization, out, inputs);
      engine.scope(() => {
        const parameters = placeParameters(engine, graph, plan, inputs, inputs.weights);
        out.view().fill(0n);
        withRowCalls(engine, out.rows, inputs, { out }, parameters, (calls) => {
          for (const { module, groups } of modules) {
            for (let group = 0; group < groups; group++) engine.run(`constraints${String(group)}`, calls, module);
          }
        });
      });
    },
  };
}
