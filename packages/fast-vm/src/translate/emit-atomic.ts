import { i32, i64, select, type Expression } from '@commute/wasm';
import { FIELD } from '../layout.ts';
import { emitAddress } from './emit-address.ts';
import type { Frame } from './frame.ts';
import { REGISTERS, WINDOW } from './space.ts';

const FIRST_DOUBLE = 91;
const RESERVATION_VALID = REGISTERS + FIELD.reservationValid;
const RESERVATION_ADDRESS = REGISTERS + FIELD.reservationAddress;

/** Writes an instruction of the extension A. One hart executes nothing in between, so plain accesses do. */
export function emitAtomic(frame: Frame, code: number, rd: number, rs1: number, rs2: number): void {
  const isDouble = code >= FIRST_DOUBLE;
  const operation = code - (isDouble ? FIRST_DOUBLE : 80);
  const { f, long1: address, long2: old, long3: operand, word2: success } = frame;
  const isLoad = operation === 0;
  const offset = emitAddress(frame, rs1, 0, isDouble ? 3 : 2, !isLoad, true);
  const load = (): Expression<'i64'> => (isDouble ? i64.load(offset, WINDOW) : i64.load32_s(offset, WINDOW));
  const store = (value: Expression<'i64'>): void => {
    f.do(isDouble ? i64.store(offset, value, WINDOW) : i64.store32(offset, value, WINDOW));
  };
  if (isLoad) {
    f.do(i32.store(0, 1, RESERVATION_VALID));
    f.do(i64.store(0, address, RESERVATION_ADDRESS));
    frame.write(rd, load());
    return;
  }
  if (operation === 1) {
    const isValid = i32.eq(i32.load(0, RESERVATION_VALID), 1);
    f.set(success, i32.and(isValid, i64.eq(i64.load(0, RESERVATION_ADDRESS), address)));
    f.if(success, () => {
      store(frame.read(rs2));
    });
    f.do(i32.store(0, 0, RESERVATION_VALID));
    frame.write(rd, i64.extend_i32_u(i32.eqz(success)));
    return;
  }
  f.set(old, load());
  const value = frame.read(rs2);
  f.set(operand, isDouble ? value : i64.extend32_s(value));
  store(combine(operation, old, operand));
  frame.write(rd, old);
}

/** What `amoswap` (2) to `amomaxu` (10) store. Words are compared as their sign extensions, which keeps both orders. */
function combine(operation: number, old: Expression<'i64'>, operand: Expression<'i64'>): Expression<'i64'> {
  switch (operation) {
    case 2:
      return operand;
    case 3:
      return i64.add(old, operand);
    case 4:
      return i64.xor(old, operand);
    case 5:
      return i64.and(old, operand);
    case 6:
      return i64.or(old, operand);
    case 7:
      return select(old, operand, i64.lt_s(old, operand));
    case 8:
      return select(old, operand, i64.gt_s(old, operand));
    case 9:
      return select(old, operand, i64.lt_u(old, operand));
    default:
      return select(old, operand, i64.gt_u(old, operand));
  }
}
