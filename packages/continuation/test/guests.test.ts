/*
 * Every sample program, on both machines, proved and verified against what independent implementations say it must print.
 */
import { type GuestCase, guestCasesOf, programNames, readGuest } from '@commute-tools/guests';
import { createFieldEngine, type FieldEngine } from '@commute/field';
import { parseElf } from '@commute/elf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram, executeProgram, type Program, proveRun, type RunClaim, verifyRun } from '@commute/continuation';

// Of demonstrations: what is tested is that runs of real programs satisfy all constraints.
const options = { securityBits: 20, queryWork: 2 };
const MOST_CYCLES = 2 ** 14;

let engine: FieldEngine;
beforeAll(async () => {
  engine = await createFieldEngine();
});
afterAll(() => {
  engine.dispose();
});

/** The longest run that prints something within a segment, or the shortest of all that print. */
async function chosenCase(program: Program, cases: readonly GuestCase[]): Promise<GuestCase> {
  let [longest, most]: [GuestCase | undefined, number] = [undefined, 0];
  let [shortest, least]: [GuestCase | undefined, number] = [undefined, Infinity];
  for (const each of cases.filter(({ weight, output }) => weight === 'light' && output.length > 0)) {
    const mostCycles = Math.max(MOST_CYCLES, Math.min(least, 2 ** 20));
    const run = await executeProgram(program, { input: each.input, mostCycles });
    if (!run.ok) continue;
    if (run.cycles <= MOST_CYCLES && run.cycles > most) [longest, most] = [each, run.cycles];
    if (run.cycles < least) [shortest, least] = [each, run.cycles];
  }
  return (longest ?? shortest)!;
}

describe.for(programNames)('%s', (name) => {
  test.for(['micro', 'multiply'] as const)('is proved and verified (%s)', async (target) => {
    const parsed = parseElf(readGuest(name, target));
    if (!parsed.ok) throw new Error(parsed.reason);
    const program = createProgram(parsed.elf, { multiply: target === 'multiply' });
    const { input, output, exitCode } = await chosenCase(program, guestCasesOf(name));
    const run = await proveRun(engine, program, input, options);
    if (!run.ok) throw new Error(run.message);
    const claim: RunClaim = { program: run.claim.program, input, output, exitCode };
    expect(verifyRun(engine, program, claim, run.proof, options)).toMatchObject({ ok: true, segments: run.segments });
    const other = output.slice();
    other[other.length - 1]! ^= 1;
    expect(verifyRun(engine, program, { ...claim, output: other }, run.proof, options).ok).toBe(false);
    expect(verifyRun(engine, program, { ...claim, exitCode: exitCode ^ 1 }, run.proof, options).ok).toBe(false);
  });
});
