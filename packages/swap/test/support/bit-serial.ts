import { BaseError } from '@commute/errors';
import { Snapshot, type Hasher, type WordAccess } from '@commute/machine';
import { auxiliaryFrom, type Auxiliary } from '../../src/index.ts';
import { ACCUMULATOR, HALTED, HALT_CODE, OPERATIONS, PC, dataAddress, programAddress } from './accumulator.ts';
import type { StepDefinition } from './step-machine.ts';

/*
 * The machine AB of these tests: does one instruction of the accumulator machine in up to 64 steps, adding one bit at a
 * time. Q is one page: clock, phase, instruction, operand, carry, bit, sum, and a table of phases by operation, which is
 * why Q* is not zero.
 */

export const Q_BASE = 0xf000_0000;
export const Q_LOG2_STEPS = 6;
const CLOCK = Q_BASE;
const PHASE = Q_BASE + 4;
const INSTRUCTION = Q_BASE + 8;
const OPERAND = Q_BASE + 12;
const CARRY = Q_BASE + 16;
const BIT = Q_BASE + 20;
const SUM = Q_BASE + 24;
const TABLE = Q_BASE + 64;

const FETCH = 0;
const ADD_BIT = 1;
const WRITE_SUM = 2;
const NEXT = 3;
const IDLE = 4;
const ADD_IMMEDIATE = 5;
const ADD_WORD = 6;
const STORE = 7;
const BRANCH = 8;
const JUMP = 9;
const LOAD_IMMEDIATE = 10;
const LOAD = 11;
const EXIT = 12;
const TRAP = 13;
const DECODE = 14;

const PHASE_OF: readonly (readonly [number, number])[] = [
  [OPERATIONS.exit, EXIT],
  [OPERATIONS.addImmediate, ADD_IMMEDIATE],
  [OPERATIONS.add, ADD_WORD],
  [OPERATIONS.store, STORE],
  [OPERATIONS.jumpUnlessZero, BRANCH],
  [OPERATIONS.jump, JUMP],
  [OPERATIONS.loadImmediate, LOAD_IMMEDIATE],
  [OPERATIONS.load, LOAD],
];

function pristine(hasher?: Hasher): Auxiliary {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const [operation, phase] of PHASE_OF) view.setUint32(TABLE - Q_BASE + 4 * operation, phase, true);
  const content = Snapshot.empty(hasher).withPages([{ index: Q_BASE / 4096, bytes }]);
  return auxiliaryFrom({ base: Q_BASE, log2Size: 12 }, content);
}

/** The machine and its auxiliary region, with roots of this hash. */
export function bitSerial(hasher?: Hasher): StepDefinition & { readonly auxiliary: Auxiliary } {
  const auxiliary = pristine(hasher);
  const step = (access: WordAccess): void => {
    const clock = access.loadWord(CLOCK) + 1;
    const phase = access.loadWord(PHASE);
    if (clock === 2 ** Q_LOG2_STEPS) {
      if (phase !== IDLE) throw new BaseError('TEST_OVERRUN', 'steps: expected to be done in 64, got more', {});
      access.replaceRegion(auxiliary);
      return;
    }
    access.storeWord(CLOCK, clock);
    if (phase !== IDLE) access.storeWord(PHASE, execute(access, phase));
  };
  return {
    name: 'bit serial',
    clockInState: true,
    step,
    halt: (access) => (access.loadWord(PHASE) === IDLE ? { kind: 'exit', code: 0 } : undefined),
    auxiliary,
    regions: [auxiliary],
  };
}

/** Does one phase and returns the next. */
function execute(access: WordAccess, phase: number): number {
  const argument = (): number => access.loadWord(INSTRUCTION) >>> 8;
  switch (phase) {
    case FETCH:
      if (access.loadWord(HALTED) !== 0) return IDLE;
      access.storeWord(INSTRUCTION, access.loadWord(programAddress(access.loadWord(PC))));
      return DECODE;
    case DECODE: {
      const operation = access.loadWord(INSTRUCTION) & 255;
      return operation < PHASE_OF.length ? access.loadWord(TABLE + 4 * operation) : TRAP;
    }
    case ADD_IMMEDIATE:
      access.storeWord(OPERAND, argument());
      return ADD_BIT;
    case ADD_WORD:
      access.storeWord(OPERAND, access.loadWord(dataAddress(argument())));
      return ADD_BIT;
    case ADD_BIT: {
      const bit = access.loadWord(BIT);
      const total =
        ((access.loadWord(ACCUMULATOR) >>> bit) & 1) +
        ((access.loadWord(OPERAND) >>> bit) & 1) +
        access.loadWord(CARRY);
      access.storeWord(SUM, access.loadWord(SUM) | ((total & 1) << bit));
      access.storeWord(CARRY, total >> 1);
      access.storeWord(BIT, bit + 1);
      return bit === 31 ? WRITE_SUM : ADD_BIT;
    }
    case WRITE_SUM:
      access.storeWord(ACCUMULATOR, access.loadWord(SUM));
      return NEXT;
    case STORE:
      access.storeWord(dataAddress(argument()), access.loadWord(ACCUMULATOR));
      return NEXT;
    case BRANCH:
      return access.loadWord(ACCUMULATOR) === 0 ? NEXT : JUMP;
    case JUMP:
      access.storeWord(PC, argument() & 1023);
      return IDLE;
    case LOAD_IMMEDIATE:
      access.storeWord(ACCUMULATOR, argument());
      return NEXT;
    case LOAD:
      access.storeWord(ACCUMULATOR, access.loadWord(dataAddress(argument())));
      return NEXT;
    case NEXT:
      access.storeWord(PC, (access.loadWord(PC) + 1) & 1023);
      return IDLE;
    case EXIT:
      access.storeWord(HALTED, 1);
      access.storeWord(HALT_CODE, argument() & 255);
      return IDLE;
    case TRAP:
      access.storeWord(HALTED, 2);
      access.storeWord(HALT_CODE, access.loadWord(INSTRUCTION) & 255);
      return IDLE;
    default:
      throw new BaseError('TEST_PHASE', `phase: expected 0 to 14, got ${String(phase)}`, { phase });
  }
}
