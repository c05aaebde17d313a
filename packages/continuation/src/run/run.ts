/**
 * Proving and verifying whole runs of programs of the micro machine.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import { encodeAggregate, isAggregate } from '../chain/aggregate-format.ts';
import { encodeChain } from '../chain/format.ts';
import { mostLogInstances } from '../chain/joint-size.ts';
import { jointShape, proveAggregate } from '../chain/prove-aggregate.ts';
import {
  proveChain,
  type ProveChainOptions,
  proveChainStream,
  type SegmentWitness,
  type StreamedWitness,
} from '../chain/prove.ts';
import { proveShare, type ProveShareOptions } from '../chain/prove-share.ts';
import { chainSecurity } from '../chain/security.ts';
import { type ChainOptions, type ChainSystem, createChainSystem, type JointShape } from '../chain/system.ts';
import { verifyAggregate } from '../chain/verify-aggregate.ts';
import { type ChainVerdict, verifyChain } from '../chain/verify.ts';
import { type RunClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { createExecutor } from '../execution/executor.ts';
import { type RunRefusal } from '../execution/refusal.ts';
import { LINK_FORMS, type LinkForm } from '../link/state-link.ts';
import { type Program } from '../program/program.ts';
import { createMachineProgram, type MachineProgram } from './machine-program.ts';

/** What both sides have to agree on besides the program. */
export type RunOptions = Pick<ChainOptions, 'securityBits' | 'logBlowup' | 'queryWork' | 'maximumLogRows'>;

/** How segments are linked; in the joint form, which is the global one, several of them share one proof. */
export type RunForm = LinkForm | 'joint';

/** How far a run is. */
export interface RunProgress {
  /** Execution counts cycles, and does not know how many there will be. */
  readonly phase: 'execute' | 'commit' | 'prove';
  readonly done: number;
  readonly total?: number;
}

/** Options of {@link proveRun}. */
export interface ProveRunOptions extends RunOptions, Pick<ProveChainOptions, 'signal' | 'keep' | 'store'> {
  /** log2 of the cycles of a segment, from 4 to 19; 16 by default. */
  readonly logCycles?: number;
  /** Pairwise by default. */
  readonly form?: RunForm;
  /**
   * In the joint form: bytes that proving may take, by estimate, which bounds how many segments a joint proof is of; 2^32 by default.
   */
  readonly memory?: number;
  /** In the joint form: how many joint proofs there are to be at least, where there are as many segments; 1 by default. */
  readonly leastProofs?: number;
  /** Cycles within which a program has to exit, else it is refused; 2^32 by default. It is executed to the end of a segment before that is seen. */
  readonly mostCycles?: number;
  /**
   * Not in the global and the joint form: proves each segment as soon as the next one has been executed, and keeps records of two segments only. A run that cannot be
   * proved is refused when it comes to that. False by default.
   */
  readonly eager?: boolean;
  /**
   * Not where `eager`: called when the program has been executed, and awaited before anything is proved. Whoever has other threads or processes make shares of the proofs
   * into the store does it here, where it is known how many segments there are, and the program is not executed once more to put the shares together.
   */
  readonly onExecuted?: (executed: { readonly segments: number; readonly cycles: number }) => void | Promise<void>;
  readonly onProgress?: (progress: RunProgress) => void;
}

/** Bytes that joint proofs may take. */
const DEFAULT_MEMORY = 2 ** 32;

/** Why there is no proof: the run cannot be proved, or does not end in time. */
export type ProveRunRefusal =
  RunRefusal | { readonly ok: false; readonly reason: 'cycle-limit'; readonly message: string; readonly cycle: number };

/** A run with its proof. */
export interface ProvenRun {
  readonly ok: true;
  readonly claim: RunClaim;
  readonly proof: Uint8Array<ArrayBuffer>;
  readonly segments: number;
  /** How many proofs there are: of segments, alone or several together, and of the ends. */
  readonly proofs: number;
  /** Cycles up to the exit. */
  readonly cycles: number;
  readonly provenBits: number;
}

/**
 * Executes a program on an input and proves that it wrote what it wrote and exited as it did.
 *
 * All segments are proved in this process, one after the other. The program is executed to its end first, so that a run that cannot be proved is
 * refused at once, and records of the execution are kept, about 32 bytes per cycle; with `eager` each segment is proved while the program goes on. In
 * the joint form few proofs are made of all segments: the shortest proof, quickest to verify, that takes the most memory to make.
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
  const { onProgress, onExecuted, signal, keep, store, eager = false } = options;
  const asked = {
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
    ...(store === undefined ? {} : { store }),
  };
  if (eager) return proveWhileRunning(engine, program, input, options, asked);
  const witnessed = await witnessRun(engine, program, input, options);
  if (!witnessed.ok) return witnessed;
  const { chain, claim, witnesses, cycles } = witnessed;
  const proving = { ...asked, ...(keep === undefined ? {} : { keep }) };
  const segments = witnesses.length;
  await onExecuted?.({ segments, cycles });
  const common = { ok: true, claim, segments, cycles, provenBits: chainSecurity(chain).bits } as const;
  if (chain.joint === undefined) {
    const proof = await proveChain(engine, chain, claim, witnesses, proving);
    return { ...common, proof: encodeChain(proof), proofs: segments + proof.ends.length };
  }
  const proof = await proveAggregate(engine, chain, claim, witnesses, proving);
  return { ...common, proof: encodeAggregate(proof), proofs: proof.groups.length + proof.ends.length };
}

/** {@link proveRun}, but not in the global form, segment by segment as the program goes on. */
async function proveWhileRunning(
  engine: FieldEngine,
  program: Program,
  input: Uint8Array,
  options: ProveRunOptions,
  asked: ProveChainOptions,
): Promise<ProvenRun | ProveRunRefusal> {
  if (options.form === 'global' || options.form === 'joint') {
    throw new ContinuationError(
      'CONTINUATION_RANGE',
      'eager',
      'the pairwise or the paged form',
      `the ${options.form} one`,
    );
  }
  const { machine, systemFor } = prepareRun(engine, program, options);
  const chain = systemFor([]);
  const run = execution(machine, input, options);
  const claim = { program: machine.digest, input: input.slice() };
  let refused: ProveRunRefusal | undefined;
  let segments = 0;
  async function* witnesses(): AsyncGenerator<StreamedWitness> {
    for await (const witness of run) {
      if ('ok' in witness) {
        refused = witness;
        return;
      }
      segments++;
      yield { witness, output: run.output() };
    }
  }
  const proof = await proveChainStream(engine, chain, claim, witnesses(), asked);
  if (refused !== undefined) return refused;
  return {
    ok: true,
    claim: { ...claim, output: run.output(), exitCode: proof!.segments.at(-1)!.claim.exitCode! },
    proof: encodeChain(proof!),
    segments,
    proofs: segments,
    cycles: run.cycles(),
    provenBits: chainSecurity(chain).bits,
  };
}

/** Machine and systems of a run, after checking the options. */
function prepareRun(
  engine: FieldEngine,
  program: Program,
  options: ProveRunOptions,
): { readonly machine: MachineProgram; readonly systemFor: (witnesses: readonly SegmentWitness[]) => ChainSystem } {
  const { securityBits, logBlowup, queryWork, maximumLogRows, logCycles = 16, form = 'pairwise' } = options;
  const { memory = DEFAULT_MEMORY, leastProofs } = options;
  if (!Number.isInteger(logCycles) || logCycles < 4 || logCycles > 19) {
    throw new ContinuationError('CONTINUATION_RANGE', 'logCycles', 'an integer in [4, 19]', String(logCycles));
  }
  const stark: RunOptions = {
    ...(securityBits === undefined ? {} : { securityBits }),
    ...(logBlowup === undefined ? {} : { logBlowup }),
    ...(queryWork === undefined ? {} : { queryWork }),
    ...(maximumLogRows === undefined ? {} : { maximumLogRows }),
  };
  const machine = createMachineProgram(program);
  if (form !== 'joint') {
    const chain = createChainSystem(machine, { ...stark, form, engine });
    return { machine, systemFor: () => chain };
  }
  const jointly = (joint: JointShape): ChainSystem =>
    createChainSystem(machine, { ...stark, form: 'global', joint, engine });
  const single = jointly({ proofs: 1, logInstances: 0 });
  const limits = { memory, ...(leastProofs === undefined ? {} : { leastProofs }) };
  return {
    machine,
    systemFor: (witnesses) => jointly(jointShape(witnesses.length, mostLogInstances(single, witnesses, limits))),
  };
}

/** A program in execution: its segments, the last of them a refusal where it cannot go on. */
interface Execution extends AsyncIterable<SegmentWitness | ProveRunRefusal> {
  readonly output: () => Uint8Array<ArrayBuffer>;
  readonly cycles: () => number;
}

function execution(
  machine: MachineProgram,
  input: Uint8Array,
  { logCycles = 16, mostCycles = 2 ** 32, form, onProgress, signal }: ProveRunOptions,
): Execution {
  const executor = createExecutor(machine.source, { input, equalSegments: form === 'joint' });
  let cycles = 0;
  async function* segments(): AsyncGenerator<SegmentWitness | ProveRunRefusal> {
    while (!executor.halted) {
      signal?.throwIfAborted();
      const outcome = executor.next(logCycles);
      if (!outcome.ok) {
        yield outcome;
        return;
      }
      cycles += outcome.segment.executed;
      onProgress?.({ phase: 'execute', done: cycles });
      // Of a segment that ends behind the limit only the cycles up to the exit count.
      if (cycles > mostCycles || (cycles === mostCycles && !executor.halted)) {
        const message = `the program does not exit within ${String(mostCycles)} cycles`;
        yield { ok: false, reason: 'cycle-limit', message, cycle: mostCycles };
        return;
      }
      yield machine.witness(outcome.segment, input.length);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  return { [Symbol.asyncIterator]: segments, output: executor.output, cycles: () => cycles };
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
  const { machine, systemFor } = prepareRun(engine, program, options);
  const run = execution(machine, input, options);
  const witnesses: SegmentWitness[] = [];
  for await (const witness of run) {
    if ('ok' in witness) return witness;
    witnesses.push(witness);
  }
  const exitCode = witnesses.at(-1)!.exitCode!;
  const claim: RunClaim = { program: machine.digest, input: input.slice(), output: run.output(), exitCode };
  return { ok: true, chain: systemFor(witnesses), claim, witnesses, cycles: run.cycles() };
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

/** How the proof of a run says that its segments are linked; `undefined` where it says nothing that there is. Nothing is verified. */
export function formOfRun(proof: Uint8Array): RunForm | undefined {
  // The seventh byte of a chain.
  return isAggregate(proof) ? 'joint' : LINK_FORMS[proof[6] ?? LINK_FORMS.length];
}

/**
 * Verifies a run's proof from anybody against what is claimed of it. Never throws because of the proof.
 *
 * @param engine - commits to the program's table; takes milliseconds for a thousand instructions.
 * A program of more than about 2^`maximumLogRows` instructions is refused like a proof beyond the parameters.
 *
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
  // Both kinds of rows of the program's table, at the most.
  const rows = program.rows.length + program.rowOfWord.length;
  if (rows > 2 ** (options.maximumLogRows ?? 20)) return { ok: false, reason: 'proof', proof: 'beyond-parameters' };
  // The proof says of which form it is; all else is checked against the system of that form.
  const form = formOfRun(proof) ?? 'pairwise';
  if (form === 'joint') return verifyAggregate(machine, claim, proof, { ...options, engine });
  return verifyChain(createChainSystem(machine, { ...options, form, engine }), claim, proof);
}
