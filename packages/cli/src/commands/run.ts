import type { Halt, Machine } from '@commute/machine';
import { runWithSnapshots, type RunResult, type SnapshotStore } from '@commute/swap';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { createMachine } from '../machines.ts';
import { MACHINE_OPTIONS, PROGRAM_OPTIONS, readJob, writeNamed, type Job } from '../program.ts';
import { Progress } from '../progress.ts';
import { explainStoreErrors, openStore } from '../snapshots.ts';
import { bold, counted, duration, grouped, hex, size } from '../terminal.ts';

/** Instructions from one snapshot to the next, unless told. */
export const DEFAULT_STEPS_PER_SNAPSHOT = 262_144;

export const RUN: CommandHelp = {
  name: 'run',
  positional: '<elf>',
  help: 'run an RV64 program on the fast machine, or an RV32I or RV32IM program on the micro machine',
  options: {
    ...PROGRAM_OPTIONS,
    ...MACHINE_OPTIONS,
    output: { value: 'FILE', help: 'where the output of the program goes; standard output unless told' },
    snapshots: { value: 'DIR', help: 'keep snapshots there; the same command continues a run that was stopped' },
    'steps-per-snapshot': { value: 'N', help: 'instructions from one snapshot to the next (default 262144)' },
  },
};

/** Fields of `commute run --json`. */
export interface RunReport {
  readonly command: 'run';
  /** `fast-vm` or `micro-riscv`. */
  readonly machine: string;
  /** Exit code of the program; null if it trapped or was stopped before its end. */
  readonly exitCode: number | null;
  /** Cause, address and value of the trap that ended the program; null if none did. */
  readonly trap: { readonly cause: string; readonly address: number; readonly value: number } | null;
  /** Instructions from the start of the program. */
  readonly instructions: number;
  /** Instructions of this call; fewer than `instructions` where an earlier run was continued. */
  readonly instructionsOfThisCall: number;
  readonly seconds: number;
  readonly instructionsPerSecond: number;
  /** State root at the end: 0x and 64 hex digits. */
  readonly stateRoot: string;
  /** Name of the hash under the root. */
  readonly hash: string;
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Output of the program as text; null if it went to a file or is not UTF-8. */
  readonly output: string | null;
  /** Bytes the program wrote to its error output. */
  readonly errorBytes: number;
  /** Error output of the program as text; null if it is not UTF-8. */
  readonly errorOutput: string | null;
  /** Number of snapshots, S_0 included; 0 if none were kept. */
  readonly snapshots: number;
}

/** `commute run`. */
export async function run({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const job = readJob(args);
  const machine = createMachine(job, terminal);
  const directory = args.text('snapshots');
  const stepsPerSnapshot = args.number('steps-per-snapshot', 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_STEPS_PER_SNAPSHOT;
  const store = directory === undefined ? undefined : await openStore(directory, job.hasher);
  try {
    if ((store?.length ?? 0) > 0)
      terminal.note(`continuing from snapshot ${String((store?.length ?? 1) - 1)} in ${directory ?? ''}`);
    const progress = new Progress(terminal, 'run', 'instructions');
    const result = await explainStoreErrors(directory ?? '', () =>
      execute(job, machine, stepsPerSnapshot, store, progress, signal),
    );
    progress.end();
    const report = reportOf(job, machine, result, args.text('output') === undefined, store !== undefined);
    const outputPath = args.text('output');
    if (outputPath !== undefined) writeNamed('output', outputPath, machine.output());
    else if (!args.flag('json')) terminal.out(machine.output());
    if (!args.flag('json')) terminal.errors(errorsOf(machine));
    if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
    else describe(report, terminal.note);
    return report.trap === null ? EXIT.ok : EXIT.rejected;
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      const where =
        directory === undefined
          ? 'nothing was kept'
          : `${counted(store?.durableLength ?? 0, 'snapshot is', 'snapshots are')} in ${directory}; the same command continues`;
      throw new RejectedError('run', `interrupted; ${where}`);
    }
    throw error;
  } finally {
    await store?.close();
  }
}

/** Runs a job to its end, its step limit, or the abort; snapshots where a store is given or `keep` asks for them. */
export async function execute(
  job: Job,
  machine: Machine,
  stepsPerSnapshot: number,
  store: SnapshotStore | undefined,
  progress: Progress,
  signal: AbortSignal,
  keep: boolean = store !== undefined,
): Promise<RunResult> {
  const limited = job.maximumSteps < Number.MAX_SAFE_INTEGER;
  if (limited && keep && job.maximumSteps % stepsPerSnapshot !== 0) {
    throw new UsageError(
      'max-steps',
      `--max-steps: expected a multiple of --steps-per-snapshot (${String(stepsPerSnapshot)}), got ${String(job.maximumSteps)}`,
    );
  }
  const segmentSteps = !keep && limited ? Math.max(1, job.maximumSteps) : stepsPerSnapshot;
  return runWithSnapshots({
    machine,
    stepsPerSnapshot: !keep && !limited ? Number.MAX_SAFE_INTEGER : segmentSteps,
    ...(limited ? { segments: job.maximumSteps / segmentSteps } : {}),
    ...(store === undefined ? {} : { store }),
    onProgress: ({ step }) => {
      progress.show(step, limited ? job.maximumSteps : undefined);
    },
    signal,
  });
}

function reportOf(job: Job, machine: Machine, result: RunResult, withOutput: boolean, kept: boolean): RunReport {
  const halt: Halt | undefined = result.halt;
  const output = machine.output();
  const errors = errorsOf(machine);
  return {
    command: 'run',
    machine: machine.name,
    exitCode: halt?.kind === 'exit' ? halt.code : null,
    trap: halt?.kind === 'trap' ? { cause: halt.cause, address: halt.address, value: halt.value } : null,
    instructions: result.steps,
    instructionsOfThisCall: result.stepsOfThisCall,
    seconds: result.seconds,
    instructionsPerSecond: Math.round(result.stepsOfThisCall / Math.max(result.seconds, 1e-9)),
    stateRoot: hex(machine.root()),
    hash: job.hasher.name,
    inputBytes: job.input.length,
    outputBytes: output.length,
    output: withOutput ? utf8(output) : null,
    errorBytes: errors.length,
    errorOutput: utf8(errors),
    snapshots: kept ? result.store.length : 0,
  };
}

function errorsOf(machine: Machine): Uint8Array {
  return machine.errorOutput?.() ?? new Uint8Array(0);
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function describe(report: RunReport, note: (text: string) => void): void {
  const end =
    report.trap !== null
      ? `trapped: ${report.trap.cause} at 0x${report.trap.address.toString(16)}, value 0x${report.trap.value.toString(16)}`
      : report.exitCode === null
        ? 'stopped before its end'
        : `exit code ${String(report.exitCode)}`;
  note(`${bold(end)} after ${counted(report.instructions, 'instruction')} on ${report.machine}`);
  note(`${duration(report.seconds * 1000)}, ${grouped(report.instructionsPerSecond)} instructions per second`);
  note(
    `input ${size(report.inputBytes)}, output ${size(report.outputBytes)}, ${counted(report.snapshots, 'snapshot')}`,
  );
  note(`state root ${report.stateRoot} (${report.hash})`);
}
