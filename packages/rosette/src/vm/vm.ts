import {
  createRuntime,
  type Located,
  type RunOptions,
  type RunResult,
  type Runtime,
  type RuntimeOptions,
  type Term,
} from '@commute/rholang';
import { assemble } from '../bytecode/assemble.ts';
import type { BytecodeProgram } from '../bytecode/program.ts';
import { lower, LowerLimitError } from '../ir/lower.ts';
import { optimize } from '../optimize/optimize.ts';
import { PASS_NAMES, type PassName } from '../optimize/pass-name.ts';
import { compile } from '../compile.ts';
import { CodeCache, machineEngine } from './engine.ts';

/** What a machine is made of. */
export interface VmOptions extends Omit<RuntimeOptions, 'engine'> {
  /** Passes of the optimiser; all of them if absent. */
  readonly passes?: readonly PassName[];
  /**
   * How often a process that arrives as a message, or comes from the store, runs before it is compiled; before that its term is walked. 2 if absent,
   * 1 to compile all of them. It changes nothing but time.
   */
  readonly compileAt?: number;
  /**
   * True to treat the programs that are run like processes that arrive: walk them first, and compile what of them runs again. Faster for many short programs,
   * which run once. False if absent. It changes nothing but time.
   */
  readonly lazy?: boolean;
}

/** A runtime that runs programs as bytecode. */
export interface Vm extends Runtime {
  /** Runs bytecode; it must be trusted or verified to implement its term. */
  readonly runBytecode: (program: BytecodeProgram, options: RunOptions) => RunResult;
}

/**
 * Makes a virtual machine: a runtime that compiles programs and runs their bytecode, with the same results as the reducer.
 *
 * An actor is a procedure that waits for messages on channels of the tuple space. When they are there it is activated: it sends messages, makes
 * actors and fresh names, and ends. Activations share nothing, and what they do is carried out generation by generation in canonical order.
 *
 * @example
 * ```ts
 * import { createVm } from '@commute/rosette';
 * const source = 'new out(`rho:io:stdout`) in { for (@x <- @1) { out!(x * 2) } | @1!(21) }';
 * const result = createVm().run(source, { seed: new Uint8Array(32) });
 * if (!result.ok || result.output[0]?.text !== '42') throw new Error('unexpected output');
 * ```
 */
export function createVm(options: VmOptions = {}): Vm {
  const { passes = PASS_NAMES, compileAt = 2, lazy = false, ...rest } = options;
  const code = new CodeCache((term, { locations }) => {
    try {
      return assemble(optimize(lower(term, locations && { locations }), passes), passes);
    } catch (error) {
      if (error instanceof LowerLimitError) return undefined;
      throw error;
    }
  }, compileAt);
  const runtime = createRuntime({ ...rest, engine: machineEngine(code) });
  return {
    space: runtime.space,
    run: (program: string | Term, runOptions: RunOptions): RunResult => {
      if (lazy) return runtime.run(program, runOptions);
      const { file } = runOptions;
      const compiled = compile(program, {
        passes,
        ...(file === undefined ? {} : { file }),
        ...(typeof program === 'string' || runOptions.locations === undefined
          ? {}
          : { locations: runOptions.locations }),
      });
      // The runtime reports what is wrong with a program as it does without a compiler, and walks what is out of proportion.
      if (!compiled.ok) return runtime.run(program, runOptions);
      const { bytecode, locations } = compiled;
      return runtime.run(code.add(bytecode, locations), { ...runOptions, locations });
    },
    runBytecode: (program, runOptions) => {
      const locations = new Map<Term, Located>();
      return runtime.run(code.add(program, locations), { ...runOptions, locations });
    },
  };
}
