import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Memory, type Snapshot } from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD, createMicroRiscv, step } from '../src/index.ts';
import { instructionClasses, registers } from './arbitraries.ts';
import { oracleStep, type OracleState } from './oracle.ts';
import { differingWords, hasher, runs, stateOf } from './support.ts';

const machine = createMicroRiscv({ hasher });
const memory = new Memory({ hasher });
const expected = new Memory({ hasher });

/** What the oracle makes of a state, as a state. */
function oracleAfter(before: Snapshot, x: readonly number[], pc: number): Snapshot {
  const state: OracleState = { x: x.map(BigInt), pc: BigInt(pc), memory: new Map(), trap: undefined };
  oracleStep(state, (address) => BigInt((before.word(Number(address) & ~3) >>> (8 * (Number(address) % 4))) & 255));
  expected.restore(before);
  for (const [address, value] of state.memory) expected.storeByte(Number(address), Number(value));
  state.x.forEach((value, index) => {
    if (index > 0) expected.storeWord(CONTROL_PAGE + 4 * index, Number(value));
  });
  const set = (name: keyof typeof MICRO_FIELD, value: number): void => {
    expected.storeWord(CONTROL_PAGE + MICRO_FIELD[name], value);
  };
  set('pc', Number(state.pc));
  set('clockLow', 1);
  if (state.trap !== undefined) {
    set('halted', 2);
    set('haltCode', state.trap.cause);
    set('haltValue', Number(state.trap.value));
  }
  return expected.snapshot();
}

const data = new Uint8Array(64).map((_, i) => 37 * i + 129);

describe.for(Object.entries(instructionClasses))('%s', ([, instruction]) => {
  test('does what the specification says, quick and slow', () => {
    fc.assert(
      fc.property(
        instruction,
        registers,
        fc.constantFrom(0x1_0000, 0x1_0004, 0x1_0ffc, 0xff00_1000, 0xffff_fffc, 0x8000_0000),
        (code, x, pc) => {
          const before = stateOf({
            registers: x,
            fields: { pc },
            bytes: [
              [0x1_ffc0, data],
              [0x2_0000, data],
              [0x2_0fd0, data],
              [0x7fff_ffe0, data],
              [0xfeff_ffc0, data],
              [0xff00_1000, data],
              [0xffff_ffc0, data],
            ],
            words: [[pc, code]],
          });
          const after = oracleAfter(before, x, pc);
          memory.restore(before);
          expect(step(memory, machine.parameters)).toBe('done');
          expect(differingWords(after, memory.snapshot())).toEqual([]);
          machine.restore(before);
          machine.advance(1);
          expect(differingWords(after, machine.snapshot())).toEqual([]);
        },
      ),
      { numRuns: runs(400) },
    );
  });
});

describe('encodings', () => {
  const status = (instruction: number): string => {
    machine.restore(stateOf({ fields: { pc: 0x1000 }, words: [[0x1000, instruction]] }));
    machine.advance(1);
    return machine.halt === undefined ? 'runs' : machine.halt.kind === 'trap' ? machine.halt.cause : 'exit';
  };

  test.for([
    ['all zeros', 0],
    ['all ones', 0xffff_ffff],
    ['slli with a bit above', 0x0200_9093],
    ['slli as if arithmetic', 0x4000_9093],
    ['srai with another bit', 0x4200_d093],
    ['mul', 0x0220_80b3],
    ['addw', 0x0020_80bb],
    ['lwu', 0x0000_e083],
    ['ld', 0x0000_b083],
    ['sd', 0x0000_b023],
    ['csrrw', 0x3000_9073],
    ['mret', 0x3020_0073],
    ['wfi', 0x1050_0073],
    ['ecall with rd', 0x0000_00f3],
    ['ebreak with rs1', 0x0010_8073],
    ['lr.w', 0x1000_a0af],
    ['jalr with funct3', 0x0000_9067],
    ['a compressed instruction', 0x0000_4501],
    ['fence with funct3 2', 0x0000_200f],
  ] as const)('%s is illegal', ([, instruction]) => {
    expect(status(instruction)).toBe('illegal instruction');
  });

  test.for([
    ['fence', 0x0ff0_000f],
    ['fence with all other fields', 0xffff_8f8f],
    ['fence.i', 0x0000_100f],
    ['fence.i with all other fields', 0xffff_9f8f],
    ['srai by 31', 0x41f0_d093],
    ['a hint', 0x0000_0013],
  ] as const)('%s runs', ([, instruction]) => {
    expect(status(instruction)).toBe('runs');
  });
});

test('x0 stays zero whatever is written to it', () => {
  for (const instruction of [0x0050_0013, 0x1234_5037, 0x0000_1017, 0x0080_006f, 0x0000_2003, 0x0010_8033]) {
    machine.restore(stateOf({ registers: [0, 9], fields: { pc: 0x1000 }, words: [[0x1000, instruction]] }));
    machine.advance(1);
    expect(machine.register(0)).toBe(0);
    expect(machine.snapshot().word(CONTROL_PAGE)).toBe(0);
  }
});
