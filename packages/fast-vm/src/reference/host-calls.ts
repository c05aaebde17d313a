import {
  BRK_LIMIT,
  ERROR_BASE,
  ERROR_BYTES,
  HALTED_EXIT,
  HOST_CALL,
  HOST_CALL_BYTES,
  HOST_ERROR,
  INPUT_BASE,
  OUTPUT_BASE,
  STREAM_BYTES,
} from '../layout.ts';
import { modulo64, type ReferenceState } from './state.ts';

const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Does what `ecall` asks for in the user personality; returns whether the program goes on. */
export function hostCall(state: ReferenceState): boolean {
  const number = state.register(17);
  if (number === BigInt(HOST_CALL.exit) || number === BigInt(HOST_CALL.exitGroup)) {
    state.setShort('halted', HALTED_EXIT);
    state.setShort('haltCode', Number(state.register(10) & 255n));
    return false;
  }
  state.setRegister(10, modulo64(BigInt(resultOf(state, number))));
  return true;
}

function resultOf(state: ReferenceState, number: bigint): number {
  switch (number) {
    case BigInt(HOST_CALL.read):
      return read(state, state.register(10), state.register(11), state.register(12));
    case BigInt(HOST_CALL.write):
      return write(state, state.register(10), state.register(11), state.register(12));
    case BigInt(HOST_CALL.brk): {
      const address = state.register(10);
      if (address >= BigInt(state.short('brkStart')) && address <= BigInt(BRK_LIMIT)) {
        state.setShort('brk', Number(address));
      }
      return state.short('brk');
    }
    default:
      return HOST_ERROR.noSuchCall;
  }
}

function read(state: ReferenceState, file: bigint, buffer: bigint, wanted: bigint): number {
  if (BigInt.asUintN(32, file) !== 0n) return HOST_ERROR.badFile;
  const position = state.short('inputPosition');
  const available = BigInt(state.short('inputLength') - position);
  const count = Number(minimum(minimum(wanted, BigInt(HOST_CALL_BYTES)), available));
  if (count <= 0) return 0;
  if (!state.isAccessible(buffer, count)) return HOST_ERROR.badAddress;
  copy(state, INPUT_BASE + position, Number(buffer), count);
  state.setShort('inputPosition', position + count);
  return count;
}

function write(state: ReferenceState, file: bigint, buffer: bigint, wanted: bigint): number {
  const descriptor = BigInt.asUintN(32, file);
  if (descriptor !== 1n && descriptor !== 2n) return HOST_ERROR.badFile;
  let count = Number(minimum(wanted, BigInt(HOST_CALL_BYTES)));
  if (count === 0) return 0;
  if (!state.isAccessible(buffer, count)) return HOST_ERROR.badAddress;
  const [field, base, limit] =
    descriptor === 1n
      ? (['outputLength', OUTPUT_BASE, STREAM_BYTES] as const)
      : (['errorLength', ERROR_BASE, ERROR_BYTES] as const);
  const length = state.short(field);
  count = Math.min(count, limit - length);
  if (count <= 0) return HOST_ERROR.noSpace;
  copy(state, Number(buffer), base + length, count);
  state.setShort(field, length + count);
  return count;
}

function copy(state: ReferenceState, from: number, to: number, count: number): void {
  for (let i = 0; i < count; i++) state.store(to + i, 1, state.load(from + i, 1));
}
