import type { PristineRegion, WordAccess } from '@commute/machine';
import { hostCall } from './host-calls.ts';
import { multiplyOrDivide } from './multiply.ts';
import { Hart } from './hart.ts';
import { CONTROL_PAGE, HALTED, MICRO_FIELD, PROGRAM_BASE, TRAP_CAUSE, isAccessible } from './layout.ts';

/** What a step depends on besides the state. */
export interface StepParameters {
  /** Q with its pristine state. */
  readonly pristine: PristineRegion;
  /** What the host call `clean` may clean, by index. */
  readonly upperRegions: readonly PristineRegion[];
  /** Whether the extension M is there: multiplication and division. Not unless told. */
  readonly multiply?: boolean;
  /** Further instructions; none unless told. */
  readonly custom?: readonly CustomInstruction[];
}

/**
 * An instruction that is no part of RV32IM, in the format R. It takes the place of the trap on an illegal instruction.
 */
export interface CustomInstruction {
  /** Bits of the encoding that are fixed; none of rd, rs1 and rs2. */
  readonly mask: number;
  /** What they are. */
  readonly match: number;
  /**
   * Executes it. It may touch words of memory outside the control page, few enough for a proof of one step.
   *
   * @param left - value of rs1, unsigned.
   * @param right - value of rs2, unsigned.
   * @returns the value for rd; its low 32 bits count.
   */
  readonly execute: (left: number, right: number, memory: CustomMemory) => number;
}

/** The memory that a {@link CustomInstruction} sees: words at multiples of 4, unsigned. */
export type CustomMemory = Pick<WordAccess, 'loadWord' | 'storeWord'>;

/**
 * Executes one step, straight from the specification (docs/spec/micro-riscv.md, "A step").
 *
 * The one definition of a step: it logs, it verifies, and it is what the interpreter is tested against. Total: it
 * accepts any state, also one that no program reaches.
 *
 * @returns `overrun` if the step would clean a state that has not halted; nothing has been stored then.
 */
export function step(access: WordAccess, parameters: StepParameters): 'done' | 'overrun' {
  const hart = new Hart(access);
  const low = (hart.field(MICRO_FIELD.clockLow) + 1) >>> 0;
  const oldHigh = hart.field(MICRO_FIELD.clockHigh);
  const high = low === 0 ? (oldHigh + 1) >>> 0 : oldHigh;
  const halted = hart.field(MICRO_FIELD.halted) !== HALTED.running;
  if (isPeriod(low, high, hart.field(MICRO_FIELD.log2Period))) {
    if (!halted) return 'overrun';
    access.replaceRegion(parameters.pristine);
    return 'done';
  }
  hart.setField(MICRO_FIELD.clockLow, low);
  if (high !== oldHigh) hart.setField(MICRO_FIELD.clockHigh, high);
  if (!halted) executeNext(hart, parameters);
  return 'done';
}

/** Tells whether a clock equals 2^log2Period; never for `log2Period` 0. */
export function isPeriod(low: number, high: number, log2Period: number): boolean {
  if (log2Period === 0 || log2Period > 63) return false;
  return log2Period < 32 ? high === 0 && low === 2 ** log2Period : low === 0 && high === 2 ** (log2Period - 32);
}

function executeNext(hart: Hart, parameters: StepParameters): void {
  const pc = hart.field(MICRO_FIELD.pc);
  if (pc % 4 !== 0) {
    hart.trap(TRAP_CAUSE.misalignedJump, pc);
    return;
  }
  if (pc >= CONTROL_PAGE && pc < PROGRAM_BASE) {
    hart.trap(TRAP_CAUSE.instructionAccess, pc);
    return;
  }
  const next = execute(hart, pc, hart.access.loadWord(pc), parameters);
  if (next !== null) hart.setField(MICRO_FIELD.pc, next);
}

/** Executes an instruction. Returns the next pc, or null if the machine halted. */
function execute(hart: Hart, pc: number, instruction: number, parameters: StepParameters): number | null {
  const rd = (instruction >>> 7) & 31;
  const funct3 = (instruction >>> 12) & 7;
  const rs1 = (instruction >>> 15) & 31;
  const rs2 = (instruction >>> 20) & 31;
  const following = (pc + 4) >>> 0;

  switch (instruction & 0x7f) {
    case 0x37: // lui
      hart.setRegister(rd, instruction & 0xffff_f000);
      return following;
    case 0x17: // auipc
      hart.setRegister(rd, pc + (instruction & 0xffff_f000));
      return following;
    case 0x6f: // jal
      return jump(hart, rd, following, (pc + jumpOffset(instruction)) >>> 0);
    case 0x67: // jalr
      if (funct3 !== 0) break;
      return jump(hart, rd, following, ((hart.register(rs1) + immediate(instruction)) & ~1) >>> 0);
    case 0x63: {
      const taken = branchTaken(funct3, rs1, rs2, hart);
      if (taken === null) break;
      return taken ? jump(hart, 0, following, (pc + branchOffset(instruction)) >>> 0) : following;
    }
    case 0x03:
      if (funct3 === 3 || funct3 > 5) break;
      return load(hart, funct3, rd, (hart.register(rs1) + immediate(instruction)) >>> 0) ? following : null;
    case 0x23: {
      if (funct3 > 2) break;
      const address = (hart.register(rs1) + storeOffset(instruction)) >>> 0;
      const size = 2 ** funct3;
      if (!isAccessible(address, size)) {
        hart.trap(TRAP_CAUSE.storeAccess, address);
        return null;
      }
      hart.store(address, size, hart.register(rs2));
      return following;
    }
    case 0x13: {
      // Shifts keep their function in the immediate's upper bits, the other operations have none.
      const isShift = funct3 === 1 || funct3 === 5;
      const funct7 = isShift ? instruction >>> 25 : 0;
      if (!isOperation(funct3, funct7)) break;
      hart.setRegister(rd, arithmetic(funct3, funct7, hart.register(rs1), immediate(instruction)));
      return following;
    }
    case 0x33: {
      const funct7 = instruction >>> 25;
      if (funct7 === 1 && parameters.multiply === true) {
        hart.setRegister(rd, multiplyOrDivide(funct3, hart.register(rs1), hart.register(rs2)));
        return following;
      }
      if (!isOperation(funct3, funct7)) break;
      hart.setRegister(rd, arithmetic(funct3, funct7, hart.register(rs1), hart.register(rs2)));
      return following;
    }
    case 0x0f: // fence, fence.i
      if (funct3 > 1) break;
      return following;
    case 0x73:
      if (instruction === 0x0000_0073) return hostCall(hart, parameters.upperRegions) ? following : null;
      if (instruction === 0x0010_0073) {
        hart.trap(TRAP_CAUSE.breakpoint, pc);
        return null;
      }
      break;
    default:
  }
  const custom = parameters.custom?.find(({ mask, match }) => (instruction & mask) === (match & mask));
  if (custom !== undefined) {
    hart.setRegister(rd, custom.execute(hart.register(rs1), hart.register(rs2), hart.access));
    return following;
  }
  hart.trap(TRAP_CAUSE.illegalInstruction, instruction);
  return null;
}

function jump(hart: Hart, rd: number, following: number, target: number): number | null {
  if (target % 4 !== 0) {
    hart.trap(TRAP_CAUSE.misalignedJump, target);
    return null;
  }
  hart.setRegister(rd, following);
  return target;
}

function load(hart: Hart, funct3: number, rd: number, address: number): boolean {
  const size = 2 ** (funct3 & 3);
  if (!isAccessible(address, size)) {
    hart.trap(TRAP_CAUSE.loadAccess, address);
    return false;
  }
  const value = hart.load(address, size);
  const unused = 32 - 8 * size;
  // Bit 2 of funct3 marks the unsigned forms.
  hart.setRegister(rd, funct3 > 3 ? value : (value << unused) >> unused);
  return true;
}

function branchTaken(funct3: number, rs1: number, rs2: number, hart: Hart): boolean | null {
  if (funct3 === 2 || funct3 === 3) return null;
  const a = hart.register(rs1);
  const b = hart.register(rs2);
  // Bit 0 of funct3 inverts the condition.
  const inverted = funct3 % 2 === 1;
  if (funct3 < 2) return (a === b) !== inverted;
  if (funct3 < 6) return (a | 0) < (b | 0) !== inverted;
  return a < b !== inverted;
}

function isOperation(funct3: number, funct7: number): boolean {
  return funct7 === 0 || (funct7 === 0x20 && (funct3 === 0 || funct3 === 5));
}

function arithmetic(funct3: number, funct7: number, a: number, b: number): number {
  switch (funct3) {
    case 0:
      return funct7 === 0 ? a + b : a - b;
    case 1:
      return a << (b & 31);
    case 2:
      return (a | 0) < (b | 0) ? 1 : 0;
    case 3:
      return a >>> 0 < b >>> 0 ? 1 : 0;
    case 4:
      return a ^ b;
    case 5:
      return funct7 === 0 ? a >>> (b & 31) : a >> (b & 31);
    case 6:
      return a | b;
    default:
      return a & b;
  }
}

function immediate(instruction: number): number {
  return (instruction | 0) >> 20;
}

function storeOffset(instruction: number): number {
  return (((instruction | 0) >> 25) << 5) | ((instruction >>> 7) & 31);
}

function branchOffset(instruction: number): number {
  return (
    (((instruction | 0) >> 31) << 12) |
    (((instruction >>> 7) & 1) << 11) |
    (((instruction >>> 25) & 63) << 5) |
    (((instruction >>> 8) & 15) << 1)
  );
}

function jumpOffset(instruction: number): number {
  return (
    (((instruction | 0) >> 31) << 20) |
    (((instruction >>> 12) & 255) << 12) |
    (((instruction >>> 20) & 1) << 11) |
    (((instruction >>> 21) & 1023) << 1)
  );
}
