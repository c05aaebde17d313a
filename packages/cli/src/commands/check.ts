import { availableParallelism } from 'node:os';
import {
  FaultyMachine,
  checkRun,
  type CheckDifference,
  type CheckReport,
  type Fault,
  type RunResult,
} from '@commute/swap';
import { threadPool } from '@commute/swap/node';
import type { Arguments, CommandHelp, OptionHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { createMachine } from '../machines.ts';
import { renderCheckReport } from '../check-report.ts';
import { MACHINE_OPTIONS, PROGRAM_OPTIONS, readJob, writeNamed, type Job } from '../program.ts';
import { Progress } from '../progress.ts';
import { explainStoreErrors, openStore } from '../snapshots.ts';
import { STACK_MODULE, type StackOptions } from '../stack-module.ts';
import { bold, counted, duration, grouped, hex, type Terminal } from '../terminal.ts';
import { DEFAULT_STEPS_PER_SNAPSHOT, execute } from './run.ts';

/** Options of the layer between the two machines, and of planted mistakes. */
export const LAYER_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  'micro-steps': {
    value: 'A',
    help: 'one step of the fast machine is 2^A steps of the micro machine (14 to 24, default 16)',
  },
  'fault-at': {
    value: 'N',
    help: 'plant a mistake: the fast machine is wrong from the end of step N on (steps count from 0)',
  },
  'fault-address': { value: 'N', help: 'address of the byte that is wrong (default: the lowest byte of register a0)' },
  'fault-bit': { value: 'N', help: 'bit of that byte, 0 to 7 (default 0)' },
};

export const CHECK: CommandHelp = {
  name: 'check',
  positional: '<elf>',
  help: 'run an RV64 program, then check every step of it on the micro machine, in parallel',
  options: {
    ...PROGRAM_OPTIONS,
    ...MACHINE_OPTIONS,
    output: { value: 'FILE', help: 'where the output of the program goes; nowhere unless told' },
    report: { value: 'FILE', help: 'write an HTML page about the run and its check' },
    workers: { value: 'N', help: 'worker threads; as many as there are processors unless told' },
    snapshots: { value: 'DIR', help: 'keep the snapshots there, or check those that a run has left there' },
    'steps-per-snapshot': {
      value: 'N',
      help: `instructions from one snapshot to the next (default ${DEFAULT_STEPS_PER_SNAPSHOT.toString()})`,
    },
    ...LAYER_OPTIONS,
  },
};

/** Fields of `commute check --json`. */
export interface CheckCommandReport {
  readonly command: 'check';
  /** Whether both machines agree on every step and every snapshot. */
  readonly agreed: boolean;
  /** Steps on which both agree. */
  readonly steps: number;
  /** The first step that differs, counted from 0; null if none does. */
  readonly firstDifference: number | null;
  /** What differs there: a word, an error of one machine, or a snapshot; null if nothing does. */
  readonly difference: CheckDifference | null;
  /** Steps checked in a second by all workers together. */
  readonly stepsPerSecond: number;
  readonly stepsPerSecondAndWorker: number;
  /** Micro-steps executed for them, and for each step on average. */
  readonly microSteps: number | null;
  readonly microStepsPerStep: number | null;
  /** a: one step is 2^a micro-steps. */
  readonly log2MicroSteps: number;
  readonly seconds: number;
  readonly workers: number;
  readonly snapshots: number;
  /** Pieces of work that were done again since their worker ended. */
  readonly redone: readonly { readonly firstStep: number; readonly steps: number; readonly reason: string }[];
  /** The run that was checked. */
  readonly run: {
    readonly exitCode: number | null;
    readonly instructions: number;
    readonly seconds: number;
    readonly stateRoot: string;
    readonly hash: string;
  };
}

/** `commute check`. */
export async function check({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const job = readJob(args);
  const checked = await runAndCheck(job, {
    stack: stackOptions(args, job),
    workers: args.number('workers', 1, 1024) ?? availableParallelism(),
    directory: args.text('snapshots'),
    stepsPerSnapshot: args.number('steps-per-snapshot', 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_STEPS_PER_SNAPSHOT,
    terminal,
    signal,
  });
  const { report } = checked;
  const outputPath = args.text('output');
  if (outputPath !== undefined) writeNamed('output', outputPath, checked.output);
  const reportPath = args.text('report');
  if (reportPath !== undefined) {
    const input = args.text('input');
    const subject = {
      program: args.positional,
      input,
      programBytes: job.elfBytes.length,
      inputBytes: job.input.length,
    };
    writeNamed('report', reportPath, renderCheckReport(subject, checked));
  }
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.note);
  return report.agreed ? EXIT.ok : EXIT.rejected;
}

/** What a check takes besides the job. */
export interface CheckSettings {
  readonly stack: StackOptions;
  readonly workers: number;
  readonly directory: string | undefined;
  readonly stepsPerSnapshot: number;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A checked run: the report, and what it came from. */
export interface CheckedRun {
  readonly report: CheckCommandReport;
  readonly output: Uint8Array;
  readonly result: RunResult;
  /** Steps checked and seconds since the check began, from time to time. */
  readonly samples: readonly { readonly steps: number; readonly seconds: number }[];
}

/** Runs a program with snapshots and checks every step. */
export async function runAndCheck(job: Job, settings: CheckSettings): Promise<CheckedRun> {
  const { stack, workers, directory, stepsPerSnapshot, terminal, signal } = settings;
  const fast = createMachine(job, terminal);
  const machine = stack.fault === null ? fast : new FaultyMachine(fast, stack.fault);
  const opened = directory === undefined ? undefined : await openStore(directory, job.hasher);
  try {
    const running = new Progress(terminal, 'run', 'instructions');
    const result = await explainStoreErrors(directory ?? '', () =>
      execute(job, machine, stepsPerSnapshot, opened, running, signal, true),
    );
    running.end();
    if (stack.fault !== null && stack.fault.step >= result.steps)
      throw new UsageError(
        'fault-at',
        `--fault-at: expected a step of the run, got ${String(stack.fault.step)}, which the run does not reach`,
      );
    const { store } = result;
    const checking = new Progress(terminal, 'check', 'steps');
    const samples: { steps: number; seconds: number }[] = [{ steps: 0, seconds: 0 }];
    const found = await checkRun({
      store,
      pool: threadPool({ module: STACK_MODULE, options: stack, size: workers }),
      onProgress: ({ steps, totalSteps }) => {
        samples.push({ steps, seconds: checking.elapsed() / 1000 });
        checking.show(steps, totalSteps);
      },
      signal,
    });
    checking.end();
    samples.push({ steps: found.steps, seconds: found.seconds });
    const report = reportOf(job, stack, result, found, hex(machine.root()));
    return { report, output: machine.output(), result, samples };
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      const where =
        directory === undefined ? 'nothing was kept' : `the snapshots are in ${directory}; the same command continues`;
      throw new RejectedError('check', `interrupted; ${where}`);
    }
    throw error;
  } finally {
    await opened?.close();
  }
}

/** The two machines that the command line asks for. */
export function stackOptions(args: Arguments, job: Job): StackOptions {
  if (job.elf.class !== 64) {
    throw new UsageError(
      'elf',
      `elf: expected an RV64 program, which the fast machine runs, got an RV${job.elf.class.toString()} one`,
    );
  }
  return {
    hash: job.hasher.name,
    maximumPages: job.maximumPages,
    log2MicroSteps: args.number('micro-steps', 14, 24) ?? 16,
    fault: faultOf(args),
  };
}

/** Lowest byte of x10 in the state page of the fast machine. */
const A0 = 0xe000_0050;

/** The mistake that the command line plants; null for none. */
export function faultOf(args: Arguments): Fault | null {
  const step = args.number('fault-at', 0, Number.MAX_SAFE_INTEGER - 1);
  if (step === undefined) return null;
  return {
    step,
    address: args.number('fault-address', 0, 2 ** 32 - 1) ?? A0,
    bit: args.number('fault-bit', 0, 7) ?? 0,
  };
}

function reportOf(
  job: Job,
  stack: StackOptions,
  result: RunResult,
  found: CheckReport,
  stateRoot: string,
): CheckCommandReport {
  return {
    command: 'check',
    agreed: found.agreed,
    steps: found.steps,
    firstDifference: found.firstDifference?.step ?? null,
    difference: found.firstDifference ?? null,
    stepsPerSecond: Math.round(found.stepsPerSecond),
    stepsPerSecondAndWorker: Math.round(found.stepsPerSecond / found.workers),
    microSteps: found.executedSteps ?? null,
    microStepsPerStep:
      found.executedSteps === undefined || found.steps === 0 ? null : found.executedSteps / found.steps,
    log2MicroSteps: stack.log2MicroSteps,
    seconds: found.seconds,
    workers: found.workers,
    snapshots: result.store.length,
    redone: found.redone,
    run: {
      exitCode: result.halt?.kind === 'exit' ? result.halt.code : null,
      instructions: result.steps,
      seconds: result.seconds,
      stateRoot,
      hash: job.hasher.name,
    },
  };
}

function describe(report: CheckCommandReport, note: (text: string) => void): void {
  note(
    `run: ${counted(report.run.instructions, 'instruction')} in ${duration(report.run.seconds * 1000)}, ${counted(report.snapshots, 'snapshot')}`,
  );
  note(
    `checked ${counted(report.steps, 'step')} in ${duration(report.seconds * 1000)} with ${counted(report.workers, 'worker')}: ` +
      `${grouped(report.stepsPerSecond)} per second` +
      (report.microStepsPerStep === null ? '' : `, ${report.microStepsPerStep.toFixed(1)} micro-steps each`),
  );
  for (const { firstStep, steps, reason } of report.redone) {
    note(`steps ${grouped(firstStep)} to ${grouped(firstStep + steps - 1)} were checked again: ${reason}`);
  }
  note(
    report.difference === null
      ? bold('both machines agree on every step')
      : bold(describeDifference(report.difference)),
  );
  note(`state root ${report.run.stateRoot} (${report.run.hash})`);
}

/** A difference in words. */
export function describeDifference(found: CheckDifference): string {
  const word = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
  switch (found.kind) {
    case 'word':
      return `step ${grouped(found.step)} differs: the word at ${word(found.address)} is ${word(found.upper)} on the fast machine, ${word(found.lower)} on the micro machine`;
    case 'error':
      return `step ${grouped(found.step)} differs: the ${found.machine === 'upper' ? 'fast' : 'micro'} machine stopped with ${found.message}`;
    case 'auxiliary':
      return `step ${grouped(found.step)} differs: the auxiliary state is not clean at ${word(found.address)}`;
    case 'claim':
      return `the snapshot after step ${grouped(found.endStep - 1)} is not what both machines come to: ${word(found.claimed)} instead of ${word(found.upper)} at ${word(found.address)}`;
  }
}
