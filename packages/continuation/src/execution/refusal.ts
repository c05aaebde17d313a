import { CONTROL_PAGE, PROGRAM_BASE } from '@commute/micro-riscv';
import { type Program, textWord } from '../program/program.ts';

/** Why a run cannot be proved. */
export type RunReason =
  /** The machine traps: an illegal instruction, a breakpoint, a jump or an access that it does not allow. */
  | 'trap'
  /** It executes what is no program text. */
  | 'execution-outside-text'
  /** It stores into program text. */
  | 'store-into-text'
  /** It accesses the addresses of input or output otherwise than by host calls. */
  | 'stream-access'
  /** It loads or stores across the boundary of two words, and its machine has no table for that. */
  | 'misaligned-access'
  /** It writes 2^28 bytes of output or more. */
  | 'output-limit'
  /** It is given 2^28 bytes of input or more. */
  | 'input-limit';

/** A run that cannot be proved. `message` is for people. */
export interface RunRefusal {
  readonly ok: false;
  readonly reason: RunReason;
  readonly message: string;
  readonly pc: number;
  /** Cycles before the instruction that is refused. */
  readonly cycle: number;
}

/** The part of a refusal that an instruction is to blame for. */
export type Complaint = Pick<RunRefusal, 'reason' | 'message'>;

/** About a word of text that cannot be executed. */
export function complainAboutInstruction(program: Program, pc: number): Complaint {
  const word = textWord(program, pc)!;
  const what = word === 0x0010_0073 ? 'a breakpoint' : `the illegal instruction ${hex(word)}`;
  return { reason: 'trap', message: `the machine traps on ${what}` };
}

/** About a jump to where no instruction is. */
export function complainAboutJump(target: number): Complaint {
  if (target % 4 !== 0) {
    return { reason: 'trap', message: `the machine traps on a jump to ${hex(target)}, not a multiple of 4` };
  }
  if (isControl(target, 4)) {
    return { reason: 'trap', message: `the machine traps on a jump to the control page, ${hex(target)}` };
  }
  const message = `a jump leads to ${hex(target)}, which is no program text`;
  return { reason: 'execution-outside-text', message };
}

/** About an access that cannot be proved. */
export function complainAboutAccess(program: Program, address: number, size: number, isLoad: boolean): Complaint {
  const access = `a ${isLoad ? 'load from' : 'store to'} ${hex(address)}`;
  if (isControl(address, size) || address + size > 2 ** 32) {
    return { reason: 'trap', message: `the machine traps on ${access}` };
  }
  const last = address + size - 1;
  if ((address % 4) + size > 4 && !program.machine.misaligned) {
    return { reason: 'misaligned-access', message: `${access} crosses from one word to the next` };
  }
  if ([address, last].some((at) => textWord(program, at - (at % 4)) !== undefined)) {
    return { reason: 'store-into-text', message: `${access} would change program text` };
  }
  return { reason: 'stream-access', message: `${access} reaches for input or output without a host call` };
}

function isControl(address: number, size: number): boolean {
  return address + size > CONTROL_PAGE && address < PROGRAM_BASE;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
