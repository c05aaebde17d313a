import { createFieldEngineSync, type WasmEngine } from '@commute/field';
import { createMicroRiscv } from '@commute/micro-riscv';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgram, proveRun, type ProveRunOptions, type RunForm, verifyRun } from '../src/index.ts';
import { DATA, ecall, image, immediateInstructions, li } from './assemble.ts';

/*
 * What happens in the last cycle of a segment, or in the first one: reads, writes, and exits.
 */

const quick: ProveRunOptions = { securityBits: 20, queryWork: 2, maximumLogRows: 16, logCycles: 4 };
const addi = immediateInstructions['addi']!;
const nop = addi(0, 0, 0);
const all = Uint8Array.of(9, 8, 7, 6, 5);
/** Reads a word and writes it, reads a byte and writes it, and exits: 18 cycles. */
const words = [
  ...li(11, DATA),
  addi(12, 0, 4),
  addi(17, 0, 63),
  ecall,
  addi(10, 0, 1),
  addi(17, 0, 64),
  ecall,
  addi(10, 0, 0),
  addi(12, 0, 1),
  addi(17, 0, 63),
  ecall,
  addi(10, 0, 1),
  addi(17, 0, 64),
  ecall,
  addi(17, 0, 93),
  addi(10, 10, 4),
  ecall,
];

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

// The last cycle of a segment is the first read, the first write, the second read, the second write, the exit; or the exit is alone in a segment.
it.each([11, 8, 4, 1, 14, 15])('a run whose host calls are %i cycles late is that of the machine', async (late) => {
  const code = image([...Array.from({ length: late }, () => nop), ...words]);
  const program = createProgram(code);
  const cycles = late + words.length;
  for (const input of late === 11 ? [all, new Uint8Array()] : [all]) {
    const machine = createMicroRiscv();
    machine.load(code, { input });
    machine.run(cycles);
    const forms: readonly RunForm[] = late % 2 === 0 ? ['pairwise', 'joint'] : ['global', 'paged'];
    for (const form of forms) {
      const run = await proveRun(engine, program, input, { ...quick, form, mostCycles: cycles });
      if (!run.ok) throw new Error(run.message);
      expect(run).toMatchObject({ cycles, segments: Math.ceil(cycles / 16) });
      expect(machine.halt).toEqual({ kind: 'exit', code: run.claim.exitCode });
      expect([...run.claim.output]).toEqual(input === all ? [...all] : [0, 0, 0, 0, 0]);
      expect(Buffer.from(run.claim.output).equals(machine.output())).toBe(true);
      expect(verifyRun(engine, program, run.claim, run.proof, quick)).toMatchObject({ ok: true });
      const refused = await proveRun(engine, program, input, { ...quick, form, mostCycles: cycles - 1 });
      expect(refused).toMatchObject({ ok: false, reason: 'cycle-limit', cycle: cycles - 1 });
    }
  }
});
