/**
 * Proves and verifies whole runs.
 *
 * @module
 */
import {
  type ChainSystem,
  type ChainVerdict,
  encodeChain,
  proveChain,
  type ProveChainOptions,
  type RunClaim,
  type SegmentWitness,
  verifyChain,
} from '@commute/continuation';
import { type FieldEngine } from '@commute/field';
import { assertElements, StackProofError } from './errors.ts';
import { StackExecutor, type StackRunInputs, type StackRunRefusal } from './execution.ts';
import { elementBytes, type StackProgram } from './program.ts';

/** What is claimed of a run: what it read from, and what it wrote. */
export interface StackRunClaim {
  readonly input: readonly bigint[];
  readonly output: readonly bigint[];
}

/** The same as chains have it. @throws `StackProofError` `STACK_PROOF_NOT_CANONICAL` for what are no elements. */
export function runClaimOf(program: StackProgram, { input, output }: StackRunClaim): RunClaim {
  assertElements('input', input);
  assertElements('output', output);
  return { program: program.digest, input: elementBytes(input), output: elementBytes(output), exitCode: 0 };
}

/** Options of {@link executeStackRun}. */
export interface ExecuteStackOptions {
  /** log2 of the cycles of a segment, from 1 to 19. */
  readonly logCycles: number;
  /** Segments at most; 1,024 by default. */
  readonly maximumSegments?: number;
}

/** A run that was executed, or why it has no proof. */
export type ExecutedStackRun =
  { readonly ok: true; readonly claim: StackRunClaim; readonly witnesses: readonly SegmentWitness[] } | StackRunRefusal;

/**
 * Executes a program to its end, in segments.
 *
 * A run that traps, or does not end within the segments allowed, has no proof: the reason is returned.
 *
 * @throws `StackProofError` for inputs that are no elements, or lengths out of range.
 * @example
 * ```ts
 * import { assemble } from '@commute/stack-vm';
 * import { createStackProgram, executeStackRun } from '@commute/stack-proof';
 * const result = assemble('read_io 2 mul write_io 1 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * const run = executeStackRun(createStackProgram(result.program), { input: [6n, 7n] }, { logCycles: 3 });
 * if (!run.ok || run.claim.output[0] !== 42n || run.witnesses.length !== 1) throw new Error('42 expected');
 * ```
 */
export function executeStackRun(
  program: StackProgram,
  inputs: StackRunInputs,
  { logCycles, maximumSegments = 1024 }: ExecuteStackOptions,
): ExecutedStackRun {
  if (!Number.isInteger(maximumSegments) || maximumSegments < 1) {
    const expected = 'a positive integer';
    throw new StackProofError('STACK_PROOF_RANGE', 'maximumSegments', expected, String(maximumSegments));
  }
  const executor = new StackExecutor(program.source, program.ram, program.image, inputs);
  const witnesses: SegmentWitness[] = [];
  while (!executor.halted) {
    if (witnesses.length === maximumSegments) {
      const message = `it does not halt within ${String(maximumSegments)} segments of 2^${String(logCycles)} cycles`;
      return { ok: false, reason: 'too-long', message };
    }
    const outcome = executor.next(logCycles);
    if (!outcome.ok) return outcome;
    witnesses.push(program.witness(outcome.segment));
  }
  return { ok: true, claim: { input: inputs.input ?? [], output: executor.output }, witnesses };
}

/** Options of {@link proveStackRun}. */
export type ProveStackOptions = ExecuteStackOptions & ProveChainOptions;

/** A proof of a run, or why there is none. */
export type ProvenStackRun =
  { readonly ok: true; readonly claim: StackRunClaim; readonly proof: Uint8Array } | StackRunRefusal;

/**
 * Executes a program and proves the run: that the program, given the input, writes the output and halts, for some secret input and digests.
 *
 * @param chain - `createChainSystem` of `@commute/continuation` makes it of a {@link StackProgram}, with one proof for each segment. For joint proofs give what
 * {@link executeStackRun} returns to `proveAggregate`.
 * @throws as {@link executeStackRun}, and what `proveChain` of `@commute/continuation` throws.
 * @example
 * ```ts
 * import { createChainSystem } from '@commute/continuation';
 * import { createFieldEngine } from '@commute/field';
 * import { assemble } from '@commute/stack-vm';
 * import { createStackProgram, proveStackRun, verifyStackRun } from '@commute/stack-proof';
 * const result = assemble('read_io 1 addi 1 write_io 1 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * const engine = await createFieldEngine();
 * const parameters = { engine, securityBits: 40, queryWork: 2, maximumLogRows: 10 };
 * const chain = createChainSystem(createStackProgram(result.program), parameters);
 * const run = await proveStackRun(engine, chain, { input: [4n] }, { logCycles: 2 });
 * if (!run.ok || !verifyStackRun(chain, { input: [4n], output: [5n] }, run.proof).ok) throw new Error('not proved');
 * if (verifyStackRun(chain, { input: [4n], output: [6n] }, run.proof).ok) throw new Error('it is 5');
 * engine.dispose();
 * ```
 */
export async function proveStackRun(
  engine: FieldEngine,
  chain: ChainSystem,
  inputs: StackRunInputs,
  { logCycles, maximumSegments, ...options }: ProveStackOptions,
): Promise<ProvenStackRun> {
  const program = stackProgramOf(chain);
  const run = executeStackRun(program, inputs, {
    logCycles,
    ...(maximumSegments === undefined ? {} : { maximumSegments }),
  });
  if (!run.ok) return run;
  const { claim, witnesses } = run;
  const whole = runClaimOf(program, claim);
  return { ok: true, claim, proof: encodeChain(await proveChain(engine, chain, whole, witnesses, options)) };
}

/** The stack machine's program of a chain. @throws `StackProofError` `STACK_PROOF_RANGE` for a chain of another machine. */
function stackProgramOf({ program }: ChainSystem): StackProgram {
  if (!('source' in program && 'ram' in program)) {
    throw new StackProofError('STACK_PROOF_RANGE', 'chain', 'one of a StackProgram', 'one of another machine');
  }
  return program as StackProgram;
}

/**
 * Verifies a proof from anybody: that the chain's program, given the input, writes the output and halts.
 *
 * Never throws because of the proof's bytes.
 *
 * @throws `StackProofError` for claims of what are no elements.
 */
export function verifyStackRun(chain: ChainSystem, claim: StackRunClaim, proof: Uint8Array): ChainVerdict {
  return verifyChain(chain, runClaimOf(stackProgramOf(chain), claim), proof);
}
