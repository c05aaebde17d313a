import {
  Evaluator,
  type Action,
  type Engine,
  type ProcessEvaluator,
  type Seed,
  type Surroundings,
  type Task,
  type Term,
} from '@commute/rholang';
import type { BytecodeProgram } from '../bytecode/program.ts';
import { link, type LinkedProcedure, type Locations } from './link.ts';
import { execute, type MachineHost } from './machine.ts';

/** Compiles a process, whose environment has the variables that it does not bind; nothing if it is better walked. */
export type ProcessCompiler = (term: Term, surroundings: Surroundings) => BytecodeProgram | undefined;

/**
 * The code of a machine: procedures by the processes that they implement.
 *
 * A tuple space keeps processes as terms. What waits there and fires finds its code by the term that it is, and code that is not there, because a message
 * brought the process or a store kept it, is made when the process runs often enough.
 */
export class CodeCache {
  readonly #compile: ProcessCompiler;
  readonly #threshold: number;
  readonly #procedures = new WeakMap<Term, LinkedProcedure>();
  readonly #runs = new WeakMap<Term, number>();

  constructor(compile: ProcessCompiler, threshold: number) {
    this.#compile = compile;
    this.#threshold = threshold;
  }

  /** Takes the procedures of a program in, and gives the term that starts it. */
  add(program: BytecodeProgram, locations: Locations): Term {
    for (const procedure of link(program, locations)) this.#procedures.set(procedure.term, procedure);
    return program.term;
  }

  /** The code of a process, if there is any or it is time to make it. */
  find(term: Term, surroundings: Surroundings): LinkedProcedure | undefined {
    const found = this.#procedures.get(term);
    if (found !== undefined) return found;
    if (term.kind === 'nil') return undefined;
    const runs = (this.#runs.get(term) ?? 0) + 1;
    if (runs < this.#threshold) {
      this.#runs.set(term, runs);
      return undefined;
    }
    const program = this.#compile(term, surroundings);
    // What cannot be compiled is walked from here on, without trying again.
    this.#runs.set(term, program === undefined ? -Infinity : 0);
    if (program !== undefined) this.add(program, surroundings.locations);
    return this.#procedures.get(term);
  }
}

/** Runs processes by their code, and those that have none yet by walking their terms. */
class MachineEvaluator implements ProcessEvaluator {
  readonly #code: CodeCache;
  readonly #surroundings: Surroundings;
  readonly #walker: Evaluator;
  readonly #host: MachineHost;

  constructor(code: CodeCache, surroundings: Surroundings) {
    this.#code = code;
    this.#surroundings = surroundings;
    this.#walker = new Evaluator(surroundings);
    this.#host = {
      nameOf: surroundings.nameOf,
      locations: surroundings.locations,
      run: (term: Term, seed: Seed, actions: Action[]) => {
        this.actionsOf({ term, environment: [], seed }, actions);
      },
    };
  }

  actionsOf(task: Task, actions: Action[]): void {
    const { term, environment, seed } = task;
    const procedure = this.#code.find(term, this.#surroundings);
    if (procedure === undefined || procedure.parameters > environment.length) this.#walker.actionsOf(task, actions);
    else execute(procedure, environment, seed, actions, this.#host);
  }
}

/** The engine that runs on the code of a cache. */
export function machineEngine(code: CodeCache): Engine {
  return (surroundings) => new MachineEvaluator(code, surroundings);
}
