import {
  encodeRunFile,
  LINK_FORMS,
  type LinkForm,
  proveRun,
  type ProveRunRefusal,
  type ProvenRun,
  type RunProgress,
  verifyRun,
} from '@commute/continuation';
import { createFieldEngine } from '@commute/field';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { readJob, writeNamed } from '../program.ts';
import { Progress } from '../progress.ts';
import { openProofStore } from '../proof-store.ts';
import { provableElf, refusalText } from '../provable-elf.ts';
import type { ShareMessage, ShareTask } from '../prove-worker.ts';
import { bold, counted, duration, grouped, hex, size } from '../terminal.ts';
import { SECURITY_LEVELS } from './proof-help.ts';
import { planJointProving, planProving, type ProvingPlan } from './prove-plan.ts';

/** Fields of `commute prove --json`. */
export interface ProveReport {
  readonly command: 'prove';
  /** Digest of the program: 0x and 64 hex digits. */
  readonly program: string;
  readonly exitCode: number;
  readonly cycles: number;
  readonly segments: number;
  /** Length of the proof's file. */
  readonly bytes: number;
  readonly provenBits: number;
  readonly seconds: number;
  /** Of proving and executing together. */
  readonly cyclesPerSecond: number;
  readonly link: LinkForm;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

const PHASES: Readonly<Record<RunProgress['phase'], string>> = {
  execute: 'cycles',
  commit: 'segments committed to',
  prove: 'segments proved',
};

/** Least that `--memory` may be: what a short segment takes. */
const LEAST_MEMORY = 2 ** 29;

/** About how many bytes one prover of single segments takes. */
function proverBytes(logCycles: number): number {
  return 2 ** 28 + 2 ** 13 * 2 ** logCycles;
}

/** `commute prove`. */
export async function prove({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const job = readJob(args);
  const program = provableElf(job.elf, args.positional);
  const out = args.text('out') ?? 'run.proof';
  const aggregate = args.flag('aggregate');
  const form = args.choice('link', LINK_FORMS, aggregate ? 'global' : 'pairwise');
  if (aggregate && form !== 'global')
    throw new UsageError('link', `--link: expected global with --aggregate, got ${form}`);
  const securityBits = Number(args.choice('security', SECURITY_LEVELS, '100'));
  const logCycles = args.number('log2-cycles', 4, 19) ?? 16;
  const threads = args.number('threads', 1, 64);
  if (out === '-') throw new UsageError('out', '--out: expected a file, got -');
  const memory = args.number('memory', LEAST_MEMORY, 2 ** 48);
  const asked = args.number('workers', 1, 64) ?? 1;
  const most = memory === undefined ? asked : Math.max(1, Math.min(asked, Math.floor(memory / proverBytes(logCycles))));
  const jointly = threads === undefined ? planJointProving(asked, most) : { provers: most, threads };
  const workers = aggregate ? jointly.provers : most;
  // Where it is not said how many threads each has, that depends on how many segments there are.
  const isPlanned = !aggregate && asked > 1 && threads === undefined;
  const eager = args.flag('eager');
  if (eager && (workers > 1 || form === 'global')) {
    throw new UsageError('eager', '--eager: expected the pairwise or the paged form and one worker, got others');
  }
  const work = args.text('work');
  // A joint proof takes long and hears nothing meanwhile, so that it is left to a thread that can be ended.
  const inThreads = workers > 1 || aggregate;
  const scratch = work === undefined && inThreads ? mkdtempSync(join(tmpdir(), 'commute-prove-')) : undefined;
  const directory = work ?? scratch;
  const store = directory === undefined ? undefined : openProofStore(directory);
  const engine = await createFieldEngine({ threads: isPlanned ? asked : (threads ?? 1) });
  const progress: Partial<Record<RunProgress['phase'], Progress>> = {};
  try {
    const start = performance.now();
    const joint = { memory: Math.floor((memory ?? totalmem() / 2) / workers), leastProofs: workers };
    const options = {
      form: aggregate ? ('joint' as const) : form,
      securityBits,
      logCycles,
      mostCycles: job.maximumSteps,
      ...(aggregate ? joint : {}),
    };
    const show = ({ phase, done, total }: RunProgress): void => {
      (progress[phase] ??= new Progress(terminal, phase, PHASES[phase])).show(done, total);
    };
    const { elfBytes: elf, input } = job;
    const proveInThreads = (plan: ProvingPlan): ReturnType<typeof proveShares> => {
      const shares = { threads: plan.threads, shares: plan.provers };
      return proveShares(
        { elf, name: args.positional, input, options, directory: directory!, ...shares },
        signal,
        show,
      );
    };
    const fixed = aggregate ? jointly : { provers: workers, threads: threads ?? 1 };
    // Joint proofs take memory that records of the execution had better not take here too.
    const proved = aggregate ? await proveInThreads(fixed) : undefined;
    const run =
      proved ??
      (await proveRun(engine, program, job.input, {
        ...options,
        eager,
        onExecuted: async ({ segments }) => {
          const plan = isPlanned ? planProving(segments, asked, workers) : fixed;
          if (plan.provers > 1 && !aggregate) await proveInThreads(plan);
        },
        signal,
        ...(store === undefined ? {} : { store }),
        onProgress: show,
      }));
    terminal.endStatus();
    if (!run.ok) throw new RejectedError('prove', `the run cannot be proved: ${refusalText(run)}`);
    const { claim } = run;
    // What was kept may be damaged, which nobody has looked at yet.
    const verdict = work === undefined ? undefined : verifyRun(engine, program, claim, run.proof, { securityBits });
    if (verdict?.ok === false) {
      const reason = verdict.proof === undefined ? verdict.reason : `${verdict.reason}: ${verdict.proof}`;
      const where = verdict.part === undefined ? '' : `, segment ${String(verdict.part)}`;
      throw new RejectedError('prove', `what is kept in ${String(work)} is damaged (${reason}${where}); remove it`);
    }
    const seconds = (performance.now() - start) / 1000;
    const file = encodeRunFile({ program, claim, securityBits, proof: run.proof });
    writeNamed('out', out, file);
    const outputPath = args.text('output');
    if (outputPath !== undefined) writeNamed('output', outputPath, claim.output);
    else if (!args.flag('json')) terminal.out(claim.output);
    const report: ProveReport = {
      command: 'prove',
      program: hex(claim.program),
      exitCode: claim.exitCode,
      cycles: run.cycles,
      segments: run.segments,
      bytes: file.length,
      provenBits: Math.floor(run.provenBits),
      seconds,
      cyclesPerSecond: Math.round(run.cycles / Math.max(seconds, 1e-9)),
      link: form,
      inputBytes: claim.input.length,
      outputBytes: claim.output.length,
    };
    if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
    else {
      terminal.note(
        `${bold(`proved ${counted(report.cycles, 'cycle')}`)} in ${counted(report.segments, 'segment')}, ` +
          `${aggregate ? `${counted(run.proofs, 'proof')}, ` : ''}${duration(seconds * 1000)}, ` +
          `${grouped(report.cyclesPerSecond)} cycles per second`,
      );
      terminal.note(`${out}: ${size(report.bytes)}, ${grouped(report.provenBits)} proven bits`);
      terminal.note(`program ${report.program}, exit code ${String(report.exitCode)}`);
    }
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      const where =
        work === undefined ? 'nothing was kept' : `finished segments are in ${work}; the same command continues`;
      throw new RejectedError('prove', `interrupted; ${where}`);
    }
    throw error;
  } finally {
    engine.dispose();
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

/** Lets threads make all proofs, each its share, into the folder of a store. One thread gives the proved run. */
async function proveShares(
  task: Omit<ShareTask, 'share'>,
  signal: AbortSignal,
  onProgress: (progress: RunProgress) => void,
): Promise<ProvenRun | ProveRunRefusal | undefined> {
  let run: ProvenRun | ProveRunRefusal | undefined;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const ofShares = { commit: new Array<number>(task.shares).fill(0), prove: new Array<number>(task.shares).fill(0) };
  const threads: Worker[] = [];
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    const shares = ofShares.prove.map(
      (_, share) =>
        new Promise<void>((resolve, reject) => {
          const workerData: ShareTask = { ...task, share };
          const worker = new Worker(new URL(`../prove-worker.${extension}`, import.meta.url), { workerData });
          threads.push(worker);
          worker.on('message', (message: ShareMessage) => {
            if ('run' in message) {
              run = message.run;
              return;
            }
            const { phase, done } = message;
            if (task.shares === 1) onProgress(message);
            if (task.shares === 1 || phase === 'execute') return;
            ofShares[phase][share] = done;
            onProgress({ phase, done: ofShares[phase].reduce((sum, each) => sum + each, 0) });
          });
          worker.on('error', reject);
          worker.on('exit', () => {
            resolve();
          });
        }),
    );
    await Promise.race([Promise.all(shares), aborted.promise]);
    return run;
  } finally {
    signal.removeEventListener('abort', abort);
    aborted.promise.catch(() => undefined);
    await Promise.all(threads.map((each) => each.terminate()));
  }
}
