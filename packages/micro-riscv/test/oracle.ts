/*
 * RV32I from the instruction listings of the unprivileged specification (volume I, 20191213, chapters 2 and 24), on
 * bigints and bit strings: slow, and without a line in common with the package.
 */

/** A state as the oracle sees it. Values are unsigned. */
export interface OracleState {
  readonly x: bigint[];
  pc: bigint;
  readonly memory: Map<bigint, bigint>;
  trap: { readonly cause: number; readonly value: bigint } | undefined;
}

const CONTROL_START = 0xff000000n;
const CONTROL_END = 0xff001000n;
const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
const s32 = (value: bigint): bigint => BigInt.asIntN(32, value);

/** The byte at an address: as the state has it, or as a default gives it. */
export type Background = (address: bigint) => bigint;

/** Executes the instruction at pc; not for `ecall`. */
export function oracleStep(state: OracleState, background: Background): void {
  const byte = (address: bigint): bigint => state.memory.get(address) ?? background(address);
  const load = (address: bigint, size: bigint): bigint => {
    let value = 0n;
    for (let i = 0n; i < size; i++) value += byte(address + i) << (8n * i);
    return value;
  };
  const trap = (cause: number, value: bigint): void => {
    state.trap = { cause, value };
  };
  const forbidden = (address: bigint, size: bigint): boolean => {
    for (let at = address; at < address + size; at++) {
      if (at >= 1n << 32n || (at >= CONTROL_START && at < CONTROL_END)) return true;
    }
    return false;
  };
  if (forbidden(state.pc, 4n)) {
    trap(1, state.pc);
    return;
  }
  const instruction = load(state.pc, 4n);
  const text = instruction.toString(2).padStart(32, '0');
  const bits = (high: number, low: number): string => text.slice(31 - high, 32 - low);
  const unsigned = (pattern: string): bigint => BigInt(`0b${pattern}`);
  const signed = (pattern: string): bigint => BigInt.asIntN(pattern.length, unsigned(pattern));

  const opcode = bits(6, 0);
  const funct3 = bits(14, 12);
  const funct7 = bits(31, 25);
  const rd = Number(unsigned(bits(11, 7)));
  const a = state.x[Number(unsigned(bits(19, 15)))]!;
  const shamt = unsigned(bits(24, 20));
  const b = state.x[Number(shamt)]!;
  const immI = signed(bits(31, 20));
  const immS = signed(bits(31, 25) + bits(11, 7));
  const immB = signed(`${bits(31, 31)}${bits(7, 7)}${bits(30, 25)}${bits(11, 8)}0`);
  const immU = signed(`${bits(31, 12)}000000000000`);
  const immJ = signed(`${bits(31, 31)}${bits(19, 12)}${bits(20, 20)}${bits(30, 21)}0`);

  let next = u32(state.pc + 4n);
  const set = (value: bigint): void => {
    if (rd !== 0) state.x[rd] = u32(value);
  };
  const goto = (target: bigint, link: boolean): boolean => {
    if (target % 4n !== 0n) {
      trap(0, target);
      return false;
    }
    if (link) set(state.pc + 4n);
    next = target;
    return true;
  };
  const illegal = (): void => {
    trap(2, instruction);
  };
  const operate = (key: string, right: bigint): boolean => {
    switch (key) {
      case '000 0000000':
        set(a + right);
        return true;
      case '000 0100000':
        set(a - right);
        return true;
      case '001 0000000':
        set(a << (right % 32n));
        return true;
      case '010 0000000':
        set(s32(a) < s32(right) ? 1n : 0n);
        return true;
      case '011 0000000':
        set(a < u32(right) ? 1n : 0n);
        return true;
      case '100 0000000':
        set(a ^ u32(right));
        return true;
      case '101 0000000':
        set(a >> (u32(right) % 32n));
        return true;
      case '101 0100000':
        set(s32(a) >> (u32(right) % 32n));
        return true;
      case '110 0000000':
        set(a | u32(right));
        return true;
      case '111 0000000':
        set(a & u32(right));
        return true;
      default:
        illegal();
        return false;
    }
  };

  switch (opcode) {
    case '0110111':
      set(immU);
      break;
    case '0010111':
      set(state.pc + immU);
      break;
    case '1101111':
      if (!goto(u32(state.pc + immJ), true)) return;
      break;
    case '1100111':
      if (funct3 !== '000') {
        illegal();
        return;
      }
      if (!goto(u32((a + immI) & ~1n), true)) return;
      break;
    case '1100011': {
      const conditions: Record<string, boolean> = {
        '000': a === b,
        '001': a !== b,
        '100': s32(a) < s32(b),
        '101': s32(a) >= s32(b),
        '110': a < b,
        '111': a >= b,
      };
      const taken = conditions[funct3];
      if (taken === undefined) {
        illegal();
        return;
      }
      if (taken && !goto(u32(state.pc + immB), false)) return;
      break;
    }
    case '0000011': {
      const sizes: Record<string, bigint> = { '000': 1n, '001': 2n, '010': 4n, '100': 1n, '101': 2n };
      const size = sizes[funct3];
      if (size === undefined) {
        illegal();
        return;
      }
      const address = u32(a + immI);
      if (forbidden(address, size)) {
        trap(5, address);
        return;
      }
      const value = load(address, size);
      set(funct3.startsWith('1') ? value : BigInt.asIntN(8 * Number(size), value));
      break;
    }
    case '0100011': {
      const sizes: Record<string, bigint> = { '000': 1n, '001': 2n, '010': 4n };
      const size = sizes[funct3];
      if (size === undefined) {
        illegal();
        return;
      }
      const address = u32(a + immS);
      if (forbidden(address, size)) {
        trap(7, address);
        return;
      }
      for (let i = 0n; i < size; i++) state.memory.set(address + i, (b >> (8n * i)) & 255n);
      break;
    }
    case '0010011': {
      const shift = funct3 === '001' || funct3 === '101';
      if (!operate(`${funct3} ${shift ? funct7 : '0000000'}`, shift ? shamt : immI)) return;
      break;
    }
    case '0110011':
      if (!operate(`${funct3} ${funct7}`, b)) return;
      break;
    case '0001111':
      if (funct3 !== '000' && funct3 !== '001') {
        illegal();
        return;
      }
      break;
    case '1110011':
      if (text === '00000000000100000000000001110011') trap(3, state.pc);
      else illegal();
      return;
    default:
      illegal();
      return;
  }
  state.pc = next;
}
