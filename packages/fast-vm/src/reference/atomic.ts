import { CAUSE } from '../layout.ts';
import type { Outcome } from './execute.ts';
import type { Operation } from './operation.ts';
import { Trap, modulo64, type ReferenceState } from './state.ts';

const COMBINE: Readonly<Record<string, (old: bigint, operand: bigint, width: number) => bigint>> = {
  amoswap: (_old, operand) => operand,
  amoadd: (old, operand) => old + operand,
  amoxor: (old, operand) => old ^ operand,
  amoand: (old, operand) => old & operand,
  amoor: (old, operand) => old | operand,
  amomin: (old, operand, width) => (BigInt.asIntN(width, old) < BigInt.asIntN(width, operand) ? old : operand),
  amomax: (old, operand, width) => (BigInt.asIntN(width, old) > BigInt.asIntN(width, operand) ? old : operand),
  amominu: (old, operand) => (old < operand ? old : operand),
  amomaxu: (old, operand) => (old > operand ? old : operand),
};

/**
 * Executes an instruction of the extension A.
 *
 * @returns undefined if the operation is none of these.
 * @throws Trap
 */
export function executeAtomic(state: ReferenceState, operation: Operation, next: bigint): Outcome | undefined {
  const { rd, rs1, rs2 } = operation;
  const [name, size] = operation.name.split('.');
  if (name === undefined || (size !== 'w' && size !== 'd')) return undefined;
  const length = size === 'w' ? 4 : 8;
  const width = 8 * length;
  const address = state.register(rs1);
  const isLoad = name === 'lr';
  if (address % BigInt(length) !== 0n) {
    throw new Trap(isLoad ? CAUSE.loadMisaligned : CAUSE.storeMisaligned, address);
  }
  if (!state.isAccessible(address, length) || state.isDevice(address, length)) {
    throw new Trap(isLoad ? CAUSE.loadAccess : CAUSE.storeAccess, address);
  }
  const at = Number(address);
  if (isLoad) {
    state.setRegister(rd, modulo64(BigInt.asIntN(width, state.load(at, length))));
    state.setShort('reservationValid', 1);
    state.setLong('reservationAddress', address);
    return { pc: next };
  }
  const operand = state.register(rs2);
  if (name === 'sc') {
    const success = state.short('reservationValid') === 1 && state.long('reservationAddress') === address;
    state.setShort('reservationValid', 0);
    if (success) state.store(at, length, operand);
    state.setRegister(rd, success ? 0n : 1n);
    return success ? { pc: next, stored: [address, length] } : { pc: next };
  }
  const old = state.load(at, length);
  const combine = COMBINE[name];
  if (combine === undefined) return undefined;
  state.store(at, length, combine(old, BigInt.asUintN(width, operand), width));
  state.setRegister(rd, modulo64(BigInt.asIntN(width, old)));
  return { pc: next, stored: [address, length] };
}
