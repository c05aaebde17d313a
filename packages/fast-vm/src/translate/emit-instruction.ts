import { i32, i64, type Expression } from '@commute/wasm';
import { lengthOf } from '../decode.ts';
import { emitAddress } from './emit-address.ts';
import { emitAtomic } from './emit-atomic.ts';
import type { Frame } from './frame.ts';
import { emitDivision, emitHighProduct } from './emit-multiply.ts';
import type { Instruction } from './region.ts';
import { WINDOW } from './space.ts';

const toLong = (value: Expression<'i32'>): Expression<'i64'> => i64.extend_i32_s(value);
const toWord = (value: Expression<'i64'>): Expression<'i32'> => i32.wrap_i64(value);

/** Writes one instruction. Branches and `jalr` write nothing: the end of their block does it all. */
export function emitInstruction(frame: Frame, { pc, word, immediate }: Instruction): void {
  const code = word & 255;
  const rd = (word >>> 9) & 63;
  const rs1 = (word >>> 17) & 31;
  const rs2 = (word >>> 23) & 31;
  if (code >= 80) {
    emitAtomic(frame, code, rd, rs1, rs2);
    return;
  }
  if (code >= 14 && code <= 20) {
    emitLoad(frame, code, rd, rs1, immediate);
    return;
  }
  if (code >= 21 && code <= 24) {
    emitStore(frame, code, rs1, rs2, immediate);
    return;
  }
  if ((code >= 59 && code <= 62) || (code >= 64 && code <= 67)) {
    emitDivision(frame, code, rd, rs1, rs2);
    return;
  }
  if (code >= 56 && code <= 58) {
    emitHighProduct(frame, code, rd, rs1, rs2);
    return;
  }
  const value = valueOf(
    code,
    pc,
    immediate,
    word,
    () => frame.read(rs1),
    () => frame.read(rs2),
  );
  if (value !== undefined) frame.write(rd, value);
}

/** The result of an instruction that computes one from registers alone; undefined for others. */
function valueOf(
  code: number,
  pc: number,
  immediate: number,
  word: number,
  a: () => Expression<'i64'>,
  b: () => Expression<'i64'>,
): Expression<'i64'> | undefined {
  const constant = BigInt(immediate);
  const shift = (): Expression<'i32'> => toWord(b());
  switch (code) {
    case 4: // lui
      return i64.const(constant);
    case 5: // auipc
      return i64.const(BigInt.asUintN(64, BigInt(pc) + constant));
    case 6: // jal
      return i64.const(BigInt(pc + lengthOf(word)));
    case 25: // addi
      return immediate === 0 ? a() : i64.add(a(), constant);
    case 26: // slti
      return i64.extend_i32_u(i64.lt_s(a(), constant));
    case 27: // sltiu
      return i64.extend_i32_u(i64.lt_u(a(), constant));
    case 28: // xori
      return i64.xor(a(), constant);
    case 29: // ori
      return i64.or(a(), constant);
    case 30: // andi
      return i64.and(a(), constant);
    case 31: // slli
      return i64.shl(a(), constant);
    case 32: // srli
      return i64.shr_u(a(), constant);
    case 33: // srai
      return i64.shr_s(a(), constant);
    case 34: // add
      return i64.add(a(), b());
    case 35: // sub
      return i64.sub(a(), b());
    case 36: // sll
      return i64.shl(a(), b());
    case 37: // slt
      return i64.extend_i32_u(i64.lt_s(a(), b()));
    case 38: // sltu
      return i64.extend_i32_u(i64.lt_u(a(), b()));
    case 39: // xor
      return i64.xor(a(), b());
    case 40: // srl
      return i64.shr_u(a(), b());
    case 41: // sra
      return i64.shr_s(a(), b());
    case 42: // or
      return i64.or(a(), b());
    case 43: // and
      return i64.and(a(), b());
    case 44: // addiw
      return i64.extend32_s(immediate === 0 ? a() : i64.add(a(), constant));
    case 45: // slliw
      return toLong(i32.shl(toWord(a()), immediate));
    case 46: // srliw
      return toLong(i32.shr_u(toWord(a()), immediate));
    case 47: // sraiw
      return toLong(i32.shr_s(toWord(a()), immediate));
    case 48: // addw
      return i64.extend32_s(i64.add(a(), b()));
    case 49: // subw
      return i64.extend32_s(i64.sub(a(), b()));
    case 50: // sllw
      return toLong(i32.shl(toWord(a()), shift()));
    case 51: // srlw
      return toLong(i32.shr_u(toWord(a()), shift()));
    case 52: // sraw
      return toLong(i32.shr_s(toWord(a()), shift()));
    case 55: // mul
      return i64.mul(a(), b());
    case 63: // mulw
      return i64.extend32_s(i64.mul(a(), b()));
    default: // branches, jalr, fences
      return undefined;
  }
}

function emitLoad(frame: Frame, code: number, rd: number, rs1: number, immediate: number): void {
  const log2Length = (code - 14) & 3;
  const offset = emitAddress(frame, rs1, immediate, log2Length, false);
  const load = [i64.load8_s, i64.load16_s, i64.load32_s, i64.load, i64.load8_u, i64.load16_u, i64.load32_u][code - 14]!;
  frame.write(rd, load(offset, WINDOW));
}

function emitStore(frame: Frame, code: number, rs1: number, rs2: number, immediate: number): void {
  const log2Length = code - 21;
  const offset = emitAddress(frame, rs1, immediate, log2Length, true);
  const store = [i64.store8, i64.store16, i64.store32, i64.store][log2Length]!;
  frame.f.do(store(offset, frame.read(rs2), WINDOW));
}
