import { equalTerms } from '@commute/rholang';
import { expect } from 'vitest';
import {
  checkProcess,
  replayTrace,
  type CheckName,
  type CheckOptions,
  type CheckResult,
  type Finding,
  type Program,
  type Trace,
} from '../src/index.ts';

export type Checked = Extract<CheckResult, { ok: true }>;

/** Carries a trace out with the reducer and holds what is left to what the trace says. */
export function expectReplay(program: Program, trace: Trace, options: CheckOptions = {}): void {
  const replayed = replayTrace(program, trace, options);
  if (!replayed.ok) throw new Error(`${replayed.message} in ${JSON.stringify(trace.steps.length)} steps`);
  expect(replayed.failure).toBe(trace.failure);
  if (trace.failure !== undefined) return;
  expect(replayed.state.length).toBe(trace.state.length);
  replayed.state.forEach((term, index) => {
    if (!equalTerms(term, trace.state[index]!)) throw new Error(`process ${String(index)} is another`);
  });
}

/** Checks a program, and replays every trace that comes of it. */
export async function checked(program: Program, options: CheckOptions = {}): Promise<Checked> {
  const result = await checkProcess(program, options);
  if (!result.ok) throw new Error(result.diagnostics.map(({ message }) => message).join('\n'));
  for (const { trace, other } of result.findings)
    for (const one of [trace, other]) if (one !== undefined) expectReplay(program, one, options);
  return result;
}

/** What one check came to. */
export async function findingOf(program: Program, check: CheckName, options: CheckOptions = {}): Promise<Finding> {
  const result = await checked(program, { ...options, checks: [check] });
  return result.findings[0]!;
}

/** What one property came to. */
export async function propertyOf(program: Program, property: string, options: CheckOptions = {}): Promise<Finding> {
  const result = await checked(program, { ...options, checks: [], properties: [property] });
  return result.findings[0]!;
}

/** Philosophers around a table; in the fixed version the last one takes the forks in the other order. */
export function philosophers(count: number, fixed: boolean): string {
  const forks = Array.from({ length: count }, (_, index) => `fork${String(index)}`);
  const processes = forks.map((fork, index) => {
    const next = forks[(index + 1) % count]!;
    const [first, second] = fixed && index === count - 1 ? [next, fork] : [fork, next];
    return `${fork}!(Nil) |\n  for (_ <- ${first}; _ <- ${second}) { ${first}!(Nil) | ${second}!(Nil) }`;
  });
  return `new ${forks.join(', ')} in {\n  ${processes.join(' |\n  ')}\n}`;
}
