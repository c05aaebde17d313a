/**
 * Proving and verifying whole runs of programs of the micro machine.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import { encodeChain } from '../chain/format.ts';
import {
  proveChain,
  type ProveChainOptions,
  proveShare,
  type ProveShareOptions,
  type SegmentWitness,
} from '../chain/prove.ts';
import { chainSecurity } from '../chain/security.ts';
import { type ChainOptions, type ChainSystem, createChainSystem } from '../chain/system.ts';
import { type ChainVerdict, verifyChain } from '../chain/verify.ts';
import { type RunClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { createExecutor } from '../execution/executor.ts';
import { type RunRefusal } from '../execution/refusal.ts';
import { type LinkForm } from '../link/state-link.ts';
import { type Program } from '../program/program.ts';
import { createMachineProgram } from './machine-program.ts';

/** What both sides have to agree on besides the program. */
export type RunOptions = Pick<ChainOptions, 'securityBits' | 'logBlowup' | 'queryWork' | 'maximumLogRows'>;

/** How far a run is. */
export interface RunProgress {
  /** Execution counts cycles, and does not know how many there will be. */
  readonly phase: 'execute' | 'commit' | 'prove';
  readonly done: number;
  readonly total?: number;
}

/** Options of {@link proveRun}. */
export interface ProveRunOptions extends RunOptions, Pick<ProveChainOptions, 'signal' | 'keep' | 'store'> {
  /** log2 of the cycles of a segment, from 4 to 20; 16 by default. */
  readonly logCycles?: number;
  /** Pairwise by default. */
  readonly form?: LinkForm;
  /** Cycles after which a program is taken to run for ever; 2^32 by default. */
  readonly mostCycles?: number;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Why there is no proof: the run cannot be proved, or does not end in time. */
export type ProveRunRefusal =
  RunRefusal | { readonly ok: false; readonly reason: 'cycle-limit'; readonly message: string; readonly cycle: number };

/** A run with its proof. */
export interface ProvenRun {
  readonly ok: true;
  readonly claim: RunClaim;
  readonly proof: Uint8Array<ArrayBuffer>;
  readonly segments: number;
  /** Cycles up to the exit. */
  readonly cycles: number;
  readonly provenBits: number;
}

/**
 * Executes a program on an input and proves that it wrote what it wrote and exited as it did.
 *
 * All segments are proved in this process, one after the other; records of the execution are kept until then, about 32 bytes per cycle.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for options outside their ranges, `COMMIT_SECURITY` where the security cannot be
 * reached, and the reason of `signal`.
 * @example
 * ```ts
 * import { createFieldEngine } from '@commute/field';
 * import { createProgram, proveRun, verifyRun } from '@commute/continuation';
 * // li a0, 7; li a7, 93; ecall
 * const code = Uint8Array.from([0x13, 0x05, 0x70, 0x00, 0x93, 0x08, 0xd0, 0x05, 0x73, 0, 0, 0]);
 * const program = createProgram({ entry: 0x1000, segments: [{ address: 0x1000, bytes: code, executable: true }] });
 * const engine = await createFieldEngine();
 * const options = { securityBits: 20, queryWork: 2 }; // of a proof for a demonstration
 * const run = await proveRun(engine, program, new Uint8Array(), options);
 * if (!run.ok) throw new Error(run.message);
 * if (run.claim.exitCode !== 7 || !verifyRun(engine, program, run.claim, run.proof, options).ok) throw new Error('unreachable');
 * engine.dispose();
 * ```
 */
export async function proveRun(
  engine: FieldEngine,
  program: Program,
  input: Uint8Array,
  options: ProveRunOptions = {},
): Promise<ProvenRun | ProveRunRefusal> {
  const {
    logCycles = 16,
    form = 'pairwise',
    mostCycles = 2 ** 32,
    onProgress,
    signal,
    keep,
    store,
    ...stark
  } = options;
  if (!Number.isInteger(logCycles) || logCycles < 4 || logCycles > 20) {
    throw new ContinuationError('CONTINUATION_RANGE', 'logCycles', 'an integer in [4, 20]', String(logCycles));
  }
  const machine = createMachineProgram(program);
  const executor = createExecutor(program, { input });
  const witnesses: SegmentWitness[] = [];
  let cycles = 0;
  while (!executor.halted) {
    signal?.throwIfAborted();
    const outcome = executor.next(logCycles);
    if (!outcome.ok) return outcome;
    cycles += outcome.segment.executed;
    witnesses.push(machine.witness(outcome.segment, input.length));
    onProgress?.({ phase: 'execute', done: cycles });
    if (cycles >= mostCycles && !executor.halted) {
      const message = `the program does not exit within ${String(mostCycles)} cycles`;
      return { ok: false, reason: 'cycle-limit', message, cycle: cycles };
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const chain = createChainSystem(machine, { ...stark, form, engine });
  const exitCode = witnesses.at(-1)!.exitCode!;
  const claim: RunClaim = { program: machine.digest, input: input.slice(), output: executor.output(), exitCode };
  const proof = await proveChain(engine, chain, claim, witnesses, {
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
    ...(keep === undefined ? {} : { keep }),
    ...(store === undefined ? {} : { store }),
  });
  return {
    ok: true,
    claim,
    proof: encodeChain(proof),
    segments: witnesses.length,
    cycles,
    provenBits: chainSecurity(chain).bits,
  };
}

interface WitnessedRun {
  readonly ok: true;
  readonly chain: ChainSystem;
  readonly claim: RunClaim;
  readonly witnesses: readonly SegmentWitness[];
  readonly cycles: number;
}

/** Executes a program to its end. */
async function witnessRun(
  engine: FieldEngine,
  program: Program,
  input: Uint8Array,
  options: ProveRunOptions,
): Promise<WitnessedRun | ProveRunRefusal> {
  const { securityBits, logBlowup, queryWork, maximumLogRows, onProgress, signal } = options;
  const { logCycles = 16, form = 'pairwise', mostCycles = 2 ** 32 } = options;
  if (!Number.isInteger(logCycles) || logCycles < 4 || logCycles > 20) {
    throw new ContinuationError('CONTINUATION_RANGE', 'logCycles', 'an integer in [4, 20]', String(logCycles));
  }
  const machine = createMachineProgram(program);
  const executor = createExecutor(program, { input });
  const witnesses: SegmentWitness[] = [];
  let cycles = 0;
  while (!executor.halted) {
    signal?.throwIfAborted();
    const outcome = executor.next(logCycles);
    if (!outcome.ok) return outcome;
    cycles += outcome.segment.executed;
    witnesses.push(machine.witness(outcome.segment, input.length));
    onProgress?.({ phase: 'execute', done: cycles });
    if (cycles >= mostCycles && !executor.halted) {
      const message = `the program does not exit within ${String(mostCycles)} cycles`;
      return { ok: false, reason: 'cycle-limit', message, cycle: cycles };
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const stark: RunOptions = {
    ...(securityBits === undefined ? {} : { securityBits }),
    ...(logBlowup === undefined ? {} : { logBlowup }),
    ...(queryWork === undefined ? {} : { queryWork }),
    ...(maximumLogRows === undefined ? {} : { maximumLogRows }),
  };
  const chain = createChainSystem(machine, { ...stark, form, engine });
  const exitCode = witnesses.at(-1)!.exitCode!;
  const claim: RunClaim = { program: machine.digest, input: input.slice(), output: executor.output(), exitCode };
  return { ok: true, chain, claim, witnesses, cycles };
}

/**
 * Makes one share of a run's proofs, see {@link proveShare}: every share executes the program itself. When all are done, {@link proveRun} with the same
 * options and store gives the proof.
 *
 * @throws as {@link proveRun}
 */
export async function proveRunShare(
  engine: FieldEngine,
  program: Program,
  input: Uint8Array,
  options: Omit<ProveRunOptions, 'keep' | 'store'> & Pick<ProveShareOptions, 'share' | 'shares' | 'store'>,
): Promise<{ readonly ok: true } | ProveRunRefusal> {
  const { share, shares, store, onProgress, signal } = options;
  const witnessed = await witnessRun(engine, program, input, options);
  if (!witnessed.ok) return witnessed;
  const { chain, claim, witnesses } = witnessed;
  await proveShare(engine, chain, claim, witnesses, {
    share,
    shares,
    store,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
  return { ok: true };
}

/**
 * Verifies a run's proof from anybody against what is claimed of it. Never throws because of the proof.
 *
 * @param engine - commits to the program's table; takes about a second.
 * @param claim - its `program` must be the digest of the program.
 */
export function verifyRun(
  engine: FieldEngine,
  program: Program,
  claim: RunClaim,
  proof: Uint8Array,
  options: RunOptions = {},
): ChainVerdict {
  const machine = createMachineProgram(program);
  // The seventh byte says which form of link; all else is checked against the system of that form.
  const form: LinkForm = proof[6] === 1 ? 'global' : 'pairwise';
  return verifyChain(createChainSystem(machine, { ...options, form, engine }), claim, proof);
}
