import { i64, type Expression } from '@commute/wasm';
import type { Frame } from './frame.ts';

const LOW_HALF = 0xffff_ffffn;

/** Writes `mulh`, `mulhsu` or `mulhu`: the high 64 bits of a product, from four products of 32-bit halves. */
export function emitHighProduct(frame: Frame, code: number, rd: number, rs1: number, rs2: number): void {
  const { f, long1: middle, long2: other, long3: a, long4: b } = frame;
  const low = (value: Expression<'i64'>): Expression<'i64'> => i64.and(value, LOW_HALF);
  const high = (value: Expression<'i64'>): Expression<'i64'> => i64.shr_u(value, 32n);
  f.set(a, frame.read(rs1));
  f.set(b, frame.read(rs2));
  // Neither sum exceeds (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
  f.set(middle, i64.add(i64.mul(high(a), low(b)), high(i64.mul(low(a), low(b)))));
  f.set(other, i64.add(i64.mul(low(a), high(b)), low(middle)));
  let product = i64.add(i64.mul(high(a), high(b)), i64.add(high(middle), high(other)));
  // A negative factor is 2^64 too large when taken as unsigned.
  const correction = (sign: Expression<'i64'>, factor: Expression<'i64'>): Expression<'i64'> =>
    i64.and(i64.shr_s(sign, 63n), factor);
  if (code !== 58) product = i64.sub(product, correction(a, b));
  if (code === 56) product = i64.sub(product, correction(b, a));
  frame.write(rd, product);
}

/** Writes a division or remainder: by zero and of the smallest number by -1 they are as RISC-V says. */
export function emitDivision(frame: Frame, code: number, rd: number, rs1: number, rs2: number): void {
  if (rd === 0 || rd >= 32) return;
  const { f, long1: a, long2: b } = frame;
  const isWord = code >= 64;
  const kind = isWord ? code - 64 : code - 59;
  const isSigned = (kind & 1) === 0;
  const isRemainder = kind >= 2;
  const widen = (value: Expression<'i64'>): Expression<'i64'> =>
    !isWord ? value : isSigned ? i64.extend32_s(value) : i64.and(value, LOW_HALF);
  const finish = (value: Expression<'i64'>): Expression<'i64'> => (isWord ? i64.extend32_s(value) : value);
  f.set(a, widen(frame.read(rs1)));
  f.set(b, widen(frame.read(rs2)));
  const divide = (): void => {
    const operation = isSigned ? (isRemainder ? i64.rem_s : i64.div_s) : isRemainder ? i64.rem_u : i64.div_u;
    frame.write(rd, finish(operation(a, b)));
  };
  f.if(
    i64.eqz(b),
    () => {
      frame.write(rd, isRemainder ? finish(a) : i64.const(-1n));
    },
    () => {
      // Words in 64 bits do not overflow, and WebAssembly's remainder by -1 is 0; only the quotient would trap.
      if (!isSigned || isRemainder || isWord) {
        divide();
        return;
      }
      f.if(
        i64.eq(b, -1n),
        () => {
          frame.write(rd, i64.sub(0n, a));
        },
        divide,
      );
    },
  );
}
