import { createExecutor, type ExecutorOptions } from '../execution/executor.ts';
import { type Program } from '../program/program.ts';
import { type ProveRunOptions, type ProveRunRefusal } from './run.ts';

/** A run that has ended, and what it takes to prove it: its whole input. */
export interface ExecutedRun {
  readonly ok: true;
  /** Everything that the program was given, read or not. */
  readonly input: Uint8Array<ArrayBuffer>;
  readonly output: Uint8Array<ArrayBuffer>;
  readonly exitCode: number;
  /** Cycles up to the exit. */
  readonly cycles: number;
}

/**
 * Executes a program that may be given more input while it runs, as a host that answers it does, and keeps no records. `proveRun` with the whole input
 * proves the same run.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for 2^28 bytes of input or more, and the reason of `signal`.
 * @example
 * ```ts
 * import { createProgram, executeProgram } from '@commute/continuation';
 * // li a0, 0; la a1, 0x2000; li a2, 1; li a7, 63; ecall (read); lbu a0, 0(a1); li a7, 93; ecall (exit with what was read)
 * const words = [0x00000513, 0x000025b7, 0x00100613, 0x03f00893, 0x00000073, 0x0005c503, 0x05d00893, 0x00000073];
 * const bytes = new Uint8Array(Uint32Array.from(words).buffer);
 * const program = createProgram({ entry: 0x1000, segments: [{ address: 0x1000, bytes, executable: true }] });
 * const run = await executeProgram(program, { more: () => Uint8Array.of(9, 8) });
 * if (!run.ok || run.exitCode !== 9 || String(run.input) !== '9,8') throw new Error('unreachable');
 * ```
 */
export async function executeProgram(
  program: Program,
  {
    mostCycles = 2 ** 32,
    onProgress,
    signal,
    ...options
  }: Pick<ExecutorOptions, 'input' | 'more'> & Pick<ProveRunOptions, 'mostCycles' | 'onProgress' | 'signal'> = {},
): Promise<ExecutedRun | ProveRunRefusal> {
  const executor = createExecutor(program, options);
  let cycles = 0;
  for (;;) {
    signal?.throwIfAborted();
    const outcome = executor.next(16);
    if (!outcome.ok) return outcome;
    cycles += outcome.segment.executed;
    onProgress?.({ phase: 'execute', done: cycles });
    const { exitCode } = outcome.segment.claim;
    if (exitCode !== undefined && cycles <= mostCycles) {
      return { ok: true, input: executor.input(), output: executor.output(), exitCode, cycles };
    }
    if (cycles >= mostCycles) {
      const message = `the program does not exit within ${String(mostCycles)} cycles`;
      return { ok: false, reason: 'cycle-limit', message, cycle: mostCycles };
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
