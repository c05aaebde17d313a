import { MessageChannel, Worker } from 'node:worker_threads';
import { hasherByName } from '@commute/machine';
import { verifyStep } from '@commute/micro-riscv';
import { createRiscvLayer } from '@commute/riscv-swap';
import {
  layerRules,
  remoteParty,
  settleDispute,
  type DisputePort,
  type DisputeResult,
  type Lie,
  type Party,
} from '@commute/swap';
import type { Arguments, CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { createMachine } from '../machines.ts';
import type { PartyTask } from '../party-worker.ts';
import { MACHINE_OPTIONS, PROGRAM_OPTIONS, readJob, type Job } from '../program.ts';
import { bold, duration, grouped, hex, size, type Terminal } from '../terminal.ts';
import { LAYER_OPTIONS, faultOf, stackOptions } from './check.ts';
import { DEFAULT_STEPS_PER_SNAPSHOT } from './run.ts';

export const DISPUTE: CommandHelp = {
  name: 'dispute',
  positional: '<elf>',
  help: 'let an honest party and one that lies settle their dispute before a referee without a machine',
  options: {
    ...PROGRAM_OPTIONS,
    ...MACHINE_OPTIONS,
    'steps-per-snapshot': {
      value: 'N',
      help: `how far apart the parties' snapshots are (default ${DEFAULT_STEPS_PER_SNAPSHOT.toString()})`,
    },
    'answer-seconds': { value: 'N', help: 'a party that takes longer for one answer loses (default 600)' },
    settle: {
      value: 'HOW',
      help: 'bisect to one micro-step, or give one proof of all micro-steps: bisect or proof (default bisect)',
    },
    ...LAYER_OPTIONS,
    'fault-at': { value: 'N', help: 'the party lies about every state after step N (steps count from 0); needed' },
    'fault-micro-step': { value: 'M', help: 'and, within step N, about every state after micro-step M (default 0)' },
  },
};

/** Fields of `commute dispute --json`. */
export interface DisputeReport {
  readonly command: 'dispute';
  /** `honest` or `faulty`; null if nobody is right. */
  readonly winner: 'honest' | 'faulty' | null;
  /** The step of the fast machine at which the parties part, counted from 0; null if the dispute ended before. */
  readonly step: number | null;
  /** The step of the micro machine within it, which was verified; null if it did not come to that. */
  readonly microStep: number | null;
  readonly log2MicroSteps: number;
  /** How the step was to be settled: by going on to one micro-step, or by one proof of all of them. */
  readonly settle: 'bisect' | 'proof';
  /** Each loser, and why it lost. */
  readonly losses: readonly { readonly party: string; readonly reason: string; readonly detail: string }[];
  /** The root both agree on before that micro-step, and the root that verifying it gives. */
  readonly agreedRoot: string | null;
  readonly verifiedRoot: string | null;
  /** Rounds of questions, and bytes of all messages. */
  readonly rounds: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly initialRoot: string;
  readonly hash: string;
}

const NAMES = ['honest', 'faulty'] as const;

/** `commute dispute`. */
export async function dispute({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const job = readJob(args);
  const lie = lieOf(args, job);
  const report = await hold(args, job, lie, terminal, signal);
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.note);
  return report.winner === 'honest' ? EXIT.ok : EXIT.rejected;
}

function lieOf(args: Arguments, job: Job): Lie {
  stackOptions(args, job);
  const fault = faultOf(args);
  if (fault === null)
    throw new UsageError('fault-at', '--fault-at: expected the step from which on a party lies, got nothing');
  const microStep = args.number('fault-micro-step', 0, 2 ** 24 - 1) ?? 0;
  return { at: [fault.step, microStep], address: fault.address, bit: fault.bit };
}

async function hold(
  args: Arguments,
  job: Job,
  lie: Lie,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<DisputeReport> {
  const started = performance.now();
  const stack = { ...stackOptions(args, job), fault: null };
  const stepsPerSnapshot = args.number('steps-per-snapshot', 1, Number.MAX_SAFE_INTEGER) ?? DEFAULT_STEPS_PER_SNAPSHOT;
  const settle = args.choice('settle', ['bisect', 'proof'], 'bisect');
  const steps = job.maximumSteps === Number.MAX_SAFE_INTEGER ? null : job.maximumSteps;
  if (steps !== null && steps % stepsPerSnapshot !== 0) {
    throw new UsageError(
      'max-steps',
      `--max-steps: expected a multiple of --steps-per-snapshot (${String(stepsPerSnapshot)}), got ${String(steps)}`,
    );
  }
  const hasher = hasherByName(stack.hash);
  const layer = createRiscvLayer({ hasher, log2MicroSteps: stack.log2MicroSteps });
  const initialRoot = createMachine(job).root();
  const hall = new Hall();
  const settlement = settle === 'proof' ? await (await import('../settlement.ts')).openSettlement(stack) : undefined;
  try {
    const { elfBytes: elf, input, implementation } = job;
    const task = { elf, input, implementation, stack, steps, stepsPerSnapshot, settle };
    const honest = hall.enter({ ...task, name: NAMES[0], lie: null });
    const faulty = hall.enter({ ...task, name: NAMES[1], lie });
    const settled = settleDispute([honest, faulty], {
      hasher,
      layers: layerRules([layer]),
      verifyStep: (rootBefore, proof) => verifyStep(layer.verifier, rootBefore, proof),
      initialRoot,
      ...(settlement === undefined ? {} : { settle: settlement }),
      ...(steps === null ? {} : { steps }),
      answerMilliseconds: (args.number('answer-seconds', 1, 2_000_000) ?? 600) * 1000,
      onRound: ({ round, path, low, high }) => {
        const where = path.length === 0 ? 'steps' : `micro-steps of step ${grouped(path[0] ?? 0)}`;
        terminal.status(`dispute: round ${String(round)}, ${where} ${grouped(low)} to ${grouped(high)}`);
      },
      signal,
    });
    const result = await Promise.race([settled, hall.failure]);
    terminal.endStatus();
    if (result.agreed) {
      throw new UsageError(
        'fault-at',
        `--fault-at: expected a step of the run, got ${String(lie.at[0])}, which the run does not reach`,
      );
    }
    return reportOf(
      result,
      settle,
      stack.log2MicroSteps,
      hex(initialRoot),
      job.hasher.name,
      (performance.now() - started) / 1000,
    );
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw new RejectedError('dispute', 'interrupted');
    throw error;
  } finally {
    await hall.close();
    settlement?.close();
  }
}

/** The parties' threads. They share nothing with the referee but a channel for bytes. */
class Hall {
  readonly #workers: Worker[] = [];
  readonly #failed = Promise.withResolvers<never>();

  /** Rejects if a party's thread fails, which is a fault of this program and not an answer. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  constructor() {
    this.#failed.promise.catch(() => undefined);
  }

  enter(task: Omit<PartyTask, 'port'>): Party {
    const { port1, port2 } = new MessageChannel();
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`../party-worker.${extension}`, import.meta.url), {
      workerData: { ...task, port: port2 } satisfies PartyTask,
      transferList: [port2],
    });
    worker.on('error', (error) => {
      this.#failed.reject(error instanceof Error ? error : new Error(String(error)));
    });
    this.#workers.push(worker);
    return remoteParty(task.name, port1 as unknown as DisputePort);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function reportOf(
  result: DisputeResult,
  settle: DisputeReport['settle'],
  log2MicroSteps: number,
  initialRoot: string,
  hash: string,
  seconds: number,
): DisputeReport {
  const root = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : hex(bytes));
  return {
    command: 'dispute',
    winner: result.winner === undefined ? null : NAMES[result.winner],
    step: result.step ?? null,
    microStep: result.microStep ?? null,
    log2MicroSteps,
    settle,
    losses: result.losses.map(({ name, reason, detail }) => ({ party: name, reason, detail })),
    agreedRoot: root(result.agreedRoot),
    verifiedRoot: root(result.verifiedRoot),
    rounds: result.rounds,
    bytes: result.bytes,
    seconds,
    initialRoot,
    hash,
  };
}

function describe(report: DisputeReport, note: (text: string) => void): void {
  note(bold(report.winner === null ? 'nobody is right' : `the ${report.winner} party wins`));
  if (report.step !== null) {
    note(
      `the parties part at step ${grouped(report.step)}` +
        (report.microStep === null
          ? ''
          : `, micro-step ${grouped(report.microStep)} of 2^${String(report.log2MicroSteps)}`),
    );
  }
  if (report.settle === 'proof' && report.verifiedRoot !== null) note(`settled by one proof of all its micro-steps`);
  for (const { party, reason, detail } of report.losses)
    note(`${party} lost: ${reason}${detail === '' ? '' : ` (${detail})`}`);
  if (report.agreedRoot !== null) note(`root before, agreed     ${report.agreedRoot}`);
  if (report.verifiedRoot !== null) note(`root after, verified    ${report.verifiedRoot}`);
  note(`${grouped(report.rounds)} rounds, ${size(report.bytes)} of messages, ${duration(report.seconds * 1000)}`);
}
