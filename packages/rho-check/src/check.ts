import { assertInteger } from '@commute/errors';
import type { Term } from '@commute/rholang';
import { AtomTable, type AtomId } from './atoms.ts';
import { ConcreteRun } from './concrete.ts';
import { readEnvironment } from './environment.ts';
import { CheckArgumentError } from './errors.ts';
import { explore, Limiter, type Limits } from './explore.ts';
import { Findings } from './findings.ts';
import { ENVIRONMENT_NAME, Machine, Steps, type Surroundings } from './machine.ts';
import { FreshNames, Origins } from './names.ts';
import { loadProgram, type LoadedProgram, type PartPlace } from './program.ts';
import { compileProperty, type CompiledProperty } from './property/compile.ts';
import {
  CHECK_NAMES,
  DEFAULT_CHECKS,
  type CheckDiagnostic,
  type CheckName,
  type CheckOptions,
  type CheckResult,
  type Program,
} from './report.ts';
import { NO_BLOCK, NO_DEPLOY, processesByUri } from './setup.ts';
import { StateChecks } from './state-checks.ts';
import { Successors } from './successors.ts';
import { Tracer } from './tracer.ts';
import { Watch } from './watch.ts';

/** Most properties of one check. */
export const MAXIMUM_PROPERTIES = 15;
const DEFAULT_STATES = 100_000;
const DEFAULT_BYTES: number = 512 * 1024 * 1024;

function limitsOf({ bounds = {} }: CheckOptions): Limits {
  for (const name of ['states', 'depth', 'bytes', 'milliseconds'] as const) {
    const value = bounds[name];
    if (value !== undefined) assertInteger('RHO_CHECK_OPTION_RANGE', name, value, 1, Number.MAX_SAFE_INTEGER);
  }
  return {
    states: bounds.states ?? DEFAULT_STATES,
    depth: bounds.depth ?? Infinity,
    bytes: bounds.bytes ?? DEFAULT_BYTES,
    milliseconds: bounds.milliseconds ?? Infinity,
  };
}

/** What is to be checked, read and put together. */
interface Job {
  readonly program: LoadedProgram;
  readonly options: CheckOptions;
  readonly checks: readonly CheckName[];
  readonly properties: readonly CompiledProperty[];
  readonly environment: readonly AtomId[];
  readonly table: AtomTable;
  readonly origins: Origins;
  readonly surroundings: Surroundings;
}

/** The tracer of a job: it runs the program as the reducer does, with the places of its processes. */
function tracerOf({ program, table, origins, surroundings }: Job, successors: Successors): Tracer {
  const locations = new Map<Term, PartPlace>(program.locations);
  const steps = new Steps(surroundings, table.names, origins, locations, (original, copy) => {
    origins.copied(original, copy);
    const place = locations.get(original);
    if (place !== undefined && !locations.has(copy)) locations.set(copy, place);
  });
  const run = new ConcreteRun(
    table,
    steps,
    (channel) => channel.kind === 'unforgeable' && channel.id.startsWith(ENVIRONMENT_NAME),
  );
  return new Tracer(successors, program, run, origins);
}

async function runJob(job: Job, limits: Limits): Promise<CheckResult> {
  const { program, options, checks, properties, environment, table, origins, surroundings } = job;
  const limiter = new Limiter();
  const open = environment.length > 0;
  const machine = new Machine(
    table,
    new Steps(surroundings, table.names, origins, undefined, origins.copied),
    origins,
    limiter.tick,
  );
  const knowledge = open || checks.includes('leak') || checks.includes('unobserved-output');
  const successors = new Successors(
    machine,
    { knowledge, publications: checks.includes('leak'), events: properties.length > 0, environment },
    limiter.tick,
  );
  const stateChecks = new StateChecks(table, origins, open, options.secrets);
  const watch = new Watch(table, stateChecks, checks, properties);
  const exploration = await explore(
    successors,
    () => {
      return machine.start(program.term);
    },
    limiter,
    {
      limits,
      reduce: (options.reduce ?? true) && properties.length === 0 && !open,
      signal: options.signal,
      onProgress: options.onProgress,
      onState: (state, atoms, following) => watch.look(state, atoms, following),
    },
  );
  // The exploration has ended; traces are found without bounds.
  limiter.release();
  const tracer = tracerOf(job, successors);
  const made = new Findings({ program, options, exploration, successors, stateChecks, watch, tracer });
  const findings = [
    ...checks.map((name) => made.check(name)),
    ...properties.map((property, index) => made.property(property, index)),
  ];
  const { graph, bound } = exploration;
  const has = (verdict: string): boolean => findings.some((one) => one.verdict === verdict);
  return {
    ok: true,
    verdict: has('fails') ? 'fails' : has('unknown') ? 'unknown' : 'holds',
    findings,
    graph: {
      states: graph.size,
      transitions: graph.transitions,
      depth: graph.size === 0 ? 0 : graph.depth(graph.size - 1),
      bytes: graph.bytes + machine.bytes + table.bytes,
      complete: made.isComplete,
      bound,
      terminal: watch.terminal,
    },
  };
}

/**
 * Checks a program in all its schedules: every order of its reductions, and every match of a message with a pattern.
 *
 * States are what waits: messages and receives, whatever the names are that `new` makes. Each is explored once, those that are nearest to the start first,
 * so that counterexamples are shortest. Ends within its bounds on any program; where it cannot tell, it says `unknown` and the bound.
 *
 * @throws RangeMismatchError `RHO_CHECK_OPTION_RANGE` if a bound is out of range.
 * @throws CheckArgumentError if a check has no such name, the program is an open term, or there are too many properties.
 * @example
 * ```ts
 * import { checkProcess } from '@commute/rho-check';
 * const source = '@"a"!(1) | @"b"!(2) | for (@x <- @"a"; @y <- @"b") { @"sum"!(x + y) }';
 * const result = await checkProcess(source, { properties: ['eventually @"sum"!(3)', 'always not @"sum"!(4)'] });
 * if (!result.ok || result.verdict !== 'holds') throw new Error('unexpected verdict');
 * ```
 */
export async function checkProcess(program: Program, options: CheckOptions = {}): Promise<CheckResult> {
  const limits = limitsOf(options);
  const checks = options.checks ?? DEFAULT_CHECKS;
  for (const name of checks)
    if (!CHECK_NAMES.includes(name)) throw new CheckArgumentError('checks', CHECK_NAMES.join(', '), name);
  const texts = options.properties ?? [];
  if (texts.length > MAXIMUM_PROPERTIES)
    throw new CheckArgumentError('properties', `at most ${String(MAXIMUM_PROPERTIES)}`, String(texts.length));
  const loaded = loadProgram(program);
  if (!loaded.ok) return { ok: false, reason: 'invalid-program', diagnostics: loaded.diagnostics };
  const outside = readEnvironment(options.environment ?? []);
  if (!outside.ok) return { ok: false, reason: 'invalid-environment', diagnostics: outside.diagnostics };
  const origins = new Origins();
  origins.add(loaded.program.term, loaded.program.labelsOf);
  const processes = processesByUri(options.systemProcesses);
  const surroundings = { processes, block: options.block ?? NO_BLOCK, deploy: options.deploy ?? NO_DEPLOY };
  const table = new AtomTable(new FreshNames(origins), processes.keys());
  const properties: CompiledProperty[] = [];
  const diagnostics: CheckDiagnostic[] = [];
  texts.forEach((text, index) => {
    const result = compileProperty(text, `<property ${String(index + 1)}>`, { table, origins });
    if (result.ok) properties.push(result.property);
    else diagnostics.push(result.diagnostic);
  });
  if (diagnostics.length > 0) return { ok: false, reason: 'invalid-property', diagnostics };
  for (const secret of options.secrets ?? [])
    if (!origins.labels.includes(secret)) throw new CheckArgumentError('secrets', 'a variable of a `new`', secret);
  const environment = outside.messages.map((term) => table.process(term));
  const { program: read } = loaded;
  return runJob({ program: read, options, checks, properties, environment, table, origins, surroundings }, limits);
}
