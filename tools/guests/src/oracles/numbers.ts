/*
 * What the programs that compute must print, calculated in another way or with other numbers than the programs do.
 */

/** Trial division, where the program sieves. */
export function primesUpTo(bound: number): string {
  const primes: number[] = [];
  for (let candidate = 2; candidate <= bound; candidate += 1) {
    let isPrime = true;
    for (const prime of primes) {
      if (prime * prime > candidate) break;
      if (candidate % prime === 0) {
        isPrime = false;
        break;
      }
    }
    if (isPrime) primes.push(candidate);
  }
  const last = primes.at(-1);
  return last === undefined ? '0 none\n' : `${String(primes.length)} ${String(last)}\n`;
}

/** Remembered chain lengths, where the program follows each chain to its end. */
export function longestCollatz(bound: number): string {
  const known = new Map<number, number>([[1, 0]]);
  let best = 1;
  for (let start = 2; start <= bound; start += 1) {
    const path: number[] = [];
    let value = start;
    while (!known.has(value)) {
      path.push(value);
      value = value % 2 === 0 ? value / 2 : 3 * value + 1;
    }
    let steps = known.get(value)!;
    for (const passed of path.reverse()) known.set(passed, (steps += 1));
    if (steps > known.get(best)!) best = start;
  }
  return `${String(best)} ${String(known.get(best)!)}\n`;
}

/** Integers without a width, where the program must not overflow. */
export function mandelbrot(width: number, height: number, iterations: number): string {
  const one = 4096n;
  const quotient = (dividend: number, divisor: number): bigint => BigInt(Math.trunc(dividend / divisor));
  let picture = '';
  for (let row = 0; row < height; row += 1) {
    const imaginary = quotient(2 * 4096 * row + 2048 * row, height) - 4096n - 1024n;
    for (let column = 0; column < width; column += 1) {
      const real = quotient(3 * 4096 * column, width) - 2n * one - 1024n;
      let x = 0n;
      let y = 0n;
      let count = 0;
      while (count < iterations && ((x * x) >> 12n) + ((y * y) >> 12n) <= 4n * one) {
        [x, y] = [((x * x) >> 12n) - ((y * y) >> 12n) + real, ((x * y) >> 11n) + imaginary];
        count += 1;
      }
      picture += count === iterations ? '@' : ' .:-=+*#%'[count % 9]!;
    }
    picture += '\n';
  }
  return picture;
}

/** Checksum of the pattern that the program `memory` leaves. */
export function memoryChecksum(mebibytes: number, distance: number): string {
  const count = Math.ceil((mebibytes * 2 ** 20) / distance);
  const words = new Uint32Array(count);
  let state = 1;
  for (let index = 0; index < count; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  for (let index = 0; index < count; index += 3) words[index]! += (index * distance) / 4;
  let checksum = 0;
  for (const word of words) checksum = (((checksum << 7) | (checksum >>> 25)) ^ word) >>> 0;
  return `${checksum.toString(16).padStart(8, '0')}\n`;
}

const unsigned64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const signed64 = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned32 = (value: bigint): bigint => BigInt.asUintN(32, value);
const signed32 = (value: bigint): bigint => BigInt.asIntN(32, value);
const divide = (a: bigint, b: bigint): bigint => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint): bigint => (b === 0n ? a : a % b);
const bits = (value: bigint): string => value.toString(2).padStart(64, '0');
const reversed = (value: bigint, bytes: number): bigint =>
  BigInt(
    `0x${value
      .toString(16)
      .padStart(2 * bytes, '0')
      .match(/../g)!
      .reverse()
      .join('')}`,
  );

/** The 20 results of the program `arithmetic` for one pair. */
export function arithmeticResults(a: bigint, b: bigint): bigint[] {
  const c = unsigned32(a);
  const d = unsigned32(b);
  const shift = b & 63n;
  return [
    a * b,
    divide(a, b),
    remainder(a, b),
    divide(signed64(a), signed64(b)),
    remainder(signed64(a), signed64(b)),
    a << shift,
    a >> shift,
    signed64(a) >> shift,
    unsigned32(c * d),
    unsigned32(divide(c, d)),
    remainder(c, d),
    unsigned32(divide(signed32(a), signed32(b))),
    unsigned32(remainder(signed32(a), signed32(b))),
    c * d,
    signed32(a) * signed32(b),
    BigInt(a === 0n ? 64 : bits(a).indexOf('1')),
    BigInt(a === 0n ? 64 : 63 - bits(a).lastIndexOf('1')),
    BigInt(bits(a).replaceAll('0', '').length),
    reversed(a, 8),
    reversed(c, 4),
  ].map(unsigned64);
}
