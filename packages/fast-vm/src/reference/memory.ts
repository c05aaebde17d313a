import { CAUSE, DEVICE_MSIP, DEVICE_MTIME, DEVICE_MTIMECMP, FIELD, STATE_PAGE } from '../layout.ts';
import { Trap, type ReferenceState } from './state.ts';

/** Loads from RAM or the timer device; unsigned. */
export function loadFrom(state: ReferenceState, address: bigint, length: number, cause: number, time: bigint): bigint {
  if (!state.isDevice(address, length)) {
    if (!state.isAccessible(address, length)) throw new Trap(cause, address);
    return state.load(Number(address), length);
  }
  const at = Number(address);
  if (at === DEVICE_MSIP && length === 4) return BigInt(state.short('msip') & 1);
  if (at === DEVICE_MTIMECMP && length === 8) return state.long('mtimecmp');
  if (at === DEVICE_MTIMECMP && length === 4) return state.long('mtimecmp') & 0xffff_ffffn;
  if (at === DEVICE_MTIMECMP + 4 && length === 4) return state.long('mtimecmp') >> 32n;
  if (at === DEVICE_MTIME && length === 8) return time;
  if (at === DEVICE_MTIME && length === 4) return time & 0xffff_ffffn;
  if (at === DEVICE_MTIME + 4 && length === 4) return time >> 32n;
  throw new Trap(cause, address);
}

/** Stores to RAM or the timer device. */
export function storeTo(state: ReferenceState, address: bigint, length: number, value: bigint): void {
  if (!state.isDevice(address, length)) {
    if (!state.isAccessible(address, length)) throw new Trap(CAUSE.storeAccess, address);
    state.store(Number(address), length, value);
    return;
  }
  const at = Number(address);
  if (at === DEVICE_MSIP && length === 4) {
    state.setShort('msip', Number(value & 1n));
  } else if (at === DEVICE_MTIMECMP && (length === 4 || length === 8)) {
    state.store(STATE_PAGE + FIELD.mtimecmp, length, value);
  } else if (at === DEVICE_MTIMECMP + 4 && length === 4) {
    state.store(STATE_PAGE + FIELD.mtimecmp + 4, 4, value);
  } else {
    throw new Trap(CAUSE.storeAccess, address);
  }
}
