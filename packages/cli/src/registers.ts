import { FIELD, STATE_PAGE } from '@commute/fast-vm';
import { PAGE_BITS, type Snapshot } from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD } from '@commute/micro-riscv';

/** The ABI's names of x0 to x31. */
export const REGISTER_NAMES: readonly string[] = [
  ...['zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1'],
  ...['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7'],
  ...['s2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6'],
];

/** Registers of one machine in a state. Numbers are hex text with 0x. */
export interface RegisterFile {
  readonly machine: 'fast-vm' | 'micro-riscv';
  readonly xlen: 32 | 64;
  readonly pc: string;
  /** Steps executed; on the micro machine, since the last cleaning if it is cleaned. */
  readonly steps: string;
  readonly halted: 'running' | 'exited' | 'trapped';
  readonly haltCode: number;
  readonly registers: Readonly<Record<string, string>>;
  readonly inputPosition: number;
  readonly inputLength: number;
  readonly outputLength: number;
  /** Bytes of error output; 0 on the micro machine, which keeps none. */
  readonly errorLength: number;
}

const HALTED_NAMES = ['running', 'exited', 'trapped'] as const;

/** The registers of each machine that has some in `state`: of the fast machine, the micro machine, or both. */
export function registersIn(state: Snapshot): RegisterFile[] {
  const found: RegisterFile[] = [];
  const double = (address: number): bigint => BigInt(state.word(address)) | (BigInt(state.word(address + 4)) << 32n);
  const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
  if (state.page(STATE_PAGE >>> PAGE_BITS) !== null) {
    const word = (offset: number): number => state.word(STATE_PAGE + offset);
    found.push({
      machine: 'fast-vm',
      xlen: 64,
      pc: hex(double(STATE_PAGE + FIELD.pc)),
      steps: double(STATE_PAGE + FIELD.time).toString(),
      halted: HALTED_NAMES[word(FIELD.halted)] ?? 'trapped',
      haltCode: word(FIELD.haltCode),
      registers: Object.fromEntries(REGISTER_NAMES.map((name, i) => [name, hex(double(STATE_PAGE + FIELD.x + 8 * i))])),
      inputPosition: word(FIELD.inputPosition),
      inputLength: word(FIELD.inputLength),
      outputLength: word(FIELD.outputLength),
      errorLength: word(FIELD.errorLength),
    });
  }
  if (state.page(CONTROL_PAGE >>> PAGE_BITS) !== null) {
    const word = (offset: number): number => state.word(CONTROL_PAGE + offset);
    found.push({
      machine: 'micro-riscv',
      xlen: 32,
      pc: hex(word(MICRO_FIELD.pc)),
      steps: double(CONTROL_PAGE + MICRO_FIELD.clockLow).toString(),
      halted: HALTED_NAMES[word(MICRO_FIELD.halted)] ?? 'trapped',
      haltCode: word(MICRO_FIELD.haltCode),
      registers: Object.fromEntries(REGISTER_NAMES.map((name, i) => [name, hex(word(MICRO_FIELD.registers + 4 * i))])),
      inputPosition: word(MICRO_FIELD.inputPosition),
      inputLength: word(MICRO_FIELD.inputLength),
      outputLength: word(MICRO_FIELD.outputLength),
      errorLength: 0,
    });
  }
  return found;
}
