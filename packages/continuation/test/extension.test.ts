import { createFieldEngineSync } from '@commute/field';
import { createMicroRiscv } from '@commute/micro-riscv';
import { checkTraces, formatMutations, formatReport, mutateTraces, type TableTrace } from '@commute/stark';
import { describe, expect, test } from 'vitest';
import { encodeFnv1a, FNV_OFFSET, fnv1a } from '../examples/fnv1a.ts';
import { createProgram, defineExtension, machineTables, proveRun, verifyRun } from '../src/index.ts';
import {
  branchInstructions,
  call,
  DATA,
  image,
  immediateInstructions,
  li,
  storeInstructions,
  TEXT,
} from './assemble.ts';
import { unneeded } from './needs.ts';
import { execute, othersOf, segmentStatement, shrinkLookups } from './support.ts';

const { addi } = immediateInstructions;
const { bne } = branchInstructions;
const { sw } = storeInstructions;
const text = new TextEncoder().encode('chongo was here!');
const extensions = [fnv1a];

/** Hashes the 16 bytes at DATA word by word, writes the hash, and exits with 0. */
const hasher = [
  ...li(5, FNV_OFFSET),
  ...li(6, DATA),
  ...li(7, DATA + text.length),
  encodeFnv1a(5, 5, 6),
  addi!(6, 6, 4),
  bne!(6, 7, -8),
  sw!(5, 7, 0),
  ...call(64, 1, DATA + text.length, 4),
  ...call(93, 0),
];

/** FNV-1a of 32 bits, from its description. */
function fnv(bytes: Uint8Array): number {
  return Number(bytes.reduce((hash, byte) => ((hash ^ BigInt(byte)) * 0x0100_0193n) & 0xffff_ffffn, 0x811c_9dc5n));
}

describe('an instruction from outside', () => {
  test('the hash is FNV-1a: vectors of its authors', () => {
    expect(fnv(new TextEncoder().encode('foobar'))).toBe(0xbf9c_f968);
    expect(fnv(new TextEncoder().encode('a'))).toBe(0xe40c_292c);
  });

  test('is executed as on a machine that has it, and its traces are accepted', () => {
    const run = execute(image(hasher, text), { extensions });
    expect(run.executor.register(5)).toBe(fnv(text));
    const machine = createMicroRiscv({
      custom: [
        {
          ...fnv1a.instruction,
          execute: (left, right, memory) => {
            const word = memory.loadWord(right);
            const bytes = Uint8Array.from([0, 1, 2, 3], (index) => word >>> (8 * index));
            return Number(
              bytes.reduce((hash, byte) => ((hash ^ BigInt(byte)) * 0x0100_0193n) & 0xffff_ffffn, BigInt(left)),
            );
          },
        },
      ],
    });
    machine.load(image(hasher, text));
    machine.run(1000);
    expect(machine.register(5)).toBe(run.executor.register(5));
    expect(machine.executedSteps).toBe(run.executor.cycles);
    const { traces, publicMessages } = segmentStatement(run, run.segments[0]!);
    expect(formatReport(checkTraces(shrinkLookups(traces), { publicMessages }))).toBe('');
  });

  test('a wrong hash and any other change of a cell is refused, and no constraint can be removed', () => {
    const run = execute(image(hasher, text), { extensions });
    const { traces } = segmentStatement(run, run.segments[0]!);
    const { table, trace } = traces.at(-1) as TableTrace;
    const main = trace.main.map((column) => [...column, 0n, 0n]);
    const idle = { active: 0n };
    const padded = { ...trace, rows: main[0]!.length, main };
    const parts = ['first', 'second', 'rest'].flatMap((name) => [0, 1, 2, 3, 4].map((at) => `${name}[${String(at)}]`));
    const others = ['bytes', 'both', 'overflowLow'].flatMap((name) =>
      [0, 1, 2, 3].map((at) => `${name}[${String(at)}]`),
    );
    const forgeries = [...parts, ...others].map((name) => ({
      where: idle,
      change: { [name]: 1n },
      solve: [0, 1, 2, 3].map((at) => `overflowHigh[${String(at)}]`),
    }));
    expect(unneeded(table, padded, forgeries)).toEqual([]);
    const options = { publicMessages: othersOf({ table, trace }), repairAttempts: 0, repairSteps: 0 };
    expect(formatMutations({ ...mutateTraces([{ table, trace }], options), redundant: [] })).toBe('');
    const wrong = traces.map((each) =>
      each.table === table
        ? {
            table,
            trace: {
              ...trace,
              main: trace.main.map((cells, at) => (at === 13 ? [...cells].with(0, cells[0]! + 1n) : [...cells])),
            },
          }
        : each,
    );
    expect(checkTraces(shrinkLookups(wrong)).ok).toBe(false);
  });

  test('is proved and verified in a whole run', async () => {
    const engine = createFieldEngineSync();
    const options = { securityBits: 20, queryWork: 2, maximumLogRows: 16, logCycles: 6 };
    const program = createProgram(image(hasher, text), { extensions });
    const proven = await proveRun(engine, program, new Uint8Array(0), options);
    if (!proven.ok) throw new Error(proven.message);
    expect(new DataView(proven.claim.output.buffer).getUint32(proven.claim.output.byteOffset, true)).toBe(fnv(text));
    expect(verifyRun(engine, program, proven.claim, proven.proof, options)).toMatchObject({ ok: true });
    const output = proven.claim.output.map((byte) => byte ^ 1);
    expect(verifyRun(engine, program, { ...proven.claim, output }, proven.proof, options).ok).toBe(false);
    engine.dispose();
  });

  test('that may not touch its word is refused before anything is proved', () => {
    const words = [...li(6, TEXT), encodeFnv1a(5, 5, 6), ...call(93, 0)];
    expect(() => execute(image(words), { extensions })).toThrow('store-into-text');
  });

  test('needs an encoding of its own', () => {
    const definition = {
      ...fnv1a,
      name: 'greedy',
      instruction: { mask: 0x7f, match: 0x33 },
    };
    expect(() => defineExtension(definition)).toThrow('greedy.instruction: expected an opcode that RV32I does not use');
    expect(machineTables({ extensions }).map(({ name }) => name)).toContain('fnv1a');
  });
});
