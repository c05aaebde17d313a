import { EvaluationFailure, typeName } from '../evaluate/failure.ts';
import { nilTerm, sendTerm } from '../term/build.ts';
import type { Term } from '../term/term.ts';

/** A line that a program wrote. */
export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  /** The value as Rholang prints it. */
  readonly text: string;
}

/** What a program can ask about the block it runs in. */
export interface BlockData {
  readonly number: bigint;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  /** Public key of whoever proposes the block. */
  readonly sender: Uint8Array;
}

/** What a program can ask about the deploy it came in. */
export interface DeployData {
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  /** Public key of whoever signed the deploy. */
  readonly deployer: Uint8Array;
  /** What identifies the deploy, such as its signature. */
  readonly id: Uint8Array;
}

/** What a system process may use besides its arguments. All of it is the same on every machine. */
export interface SystemContext {
  /** Adds a line to the output of the run. */
  readonly write: (stream: OutputLine['stream'], text: string) => void;
  /** Fresh unforgeable name number `index` of this call. */
  readonly freshName: (index: number) => Term;
  readonly block: BlockData;
  readonly deploy: DeployData;
}

/**
 * A process that a program reaches by a URI. It must be deterministic: the same arguments and context give the same process.
 *
 * @example
 * ```ts
 * import { answer, createRuntime, integerTerm, type SystemProcess } from '@commute/rholang';
 * const seven: SystemProcess = { uri: 'my:seven', arity: 1, run: ([reply]) => answer(reply, integerTerm(7n)) };
 * const runtime = createRuntime({ systemProcesses: [seven] });
 * const source = 'new f(`my:seven`), o(`rho:io:stdout`), r in { f!(*r) | for (@x <- r) { o!(x) } }';
 * const result = runtime.run(source, { seed: new Uint8Array(32) });
 * if (!result.ok || result.output[0]?.text !== '7') throw new Error('unexpected output');
 * ```
 */
export interface SystemProcess {
  /** URI that `new` binds to it. */
  readonly uri: string;
  /** Number of arguments, or the numbers that it takes; other messages stay on the channel unread. */
  readonly arity: number | readonly number[];
  /** Takes the arguments, which are closed values, and returns a closed process to go on with, `Nil` if there is none. */
  readonly run: (parameters: readonly Term[], context: SystemContext) => Term;
}

/** The process that sends `values` on the channel `reply`. */
export function answer(reply: Term | undefined, ...values: readonly Term[]): Term {
  return reply === undefined ? nilTerm() : sendTerm(reply, values);
}

/** Ends the run: a system process cannot take its arguments. */
export function rejectArguments(uri: string, expected: string, got: Term | undefined): never {
  const found = got === undefined ? 'nothing' : typeName(got);
  throw new EvaluationFailure('system-process', `${uri}: expected ${expected}, got ${found}`);
}

/** The bytes of an argument. */
export function bytesArgument(uri: string, term: Term | undefined): Uint8Array {
  return term?.kind === 'bytes' ? term.value : rejectArguments(uri, 'ByteArray', term);
}
