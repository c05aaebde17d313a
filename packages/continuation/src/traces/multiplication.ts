import { MODULUS } from '@commute/field';
import { type TableTrace } from '@commute/stark';
import { type SegmentRecord } from '../execution/record.ts';
import { OPERATION } from '../program/operations.ts';
import { divisionTable } from '../tables/division.ts';
import { multiplicationTable } from '../tables/multiplication.ts';
import { type Delegations } from './delegations.ts';
import { invertAll } from './invert-all.ts';
import { type LookupCounts } from './lookups.ts';
import { TraceWriter } from './writer.ts';

const WORD = 2 ** 32;

/** Writes a word as two limbs into two columns, and counts them. */
class LimbWriter {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #counts: LookupCounts;

  constructor(writer: TraceWriter, low: string, high: string, counts: LookupCounts) {
    this.#low = writer.words(low);
    this.#high = writer.words(high);
    this.#counts = counts;
  }

  put(at: number, value: number): void {
    this.#low[at] = this.#counts.limbs(value);
    this.#high[at] = value >>> 16;
  }

  /** Writes an operand, whose upper limb is looked up with its upper bit. */
  putSigned(at: number, value: number, sign: Uint32Array): void {
    this.#low[at] = value & 0xffff;
    this.#high[at] = value >>> 16;
    sign[at] = value >>> 31;
    this.#counts.range[value & 0xffff]!++;
    this.#counts.sign[value >>> 16]!++;
  }
}

/** The trace of products. */
export function multiplicationTrace(
  record: SegmentRecord,
  { height, cycles, operations, operands }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(multiplicationTable, height);
  const flags = ['low', 'highSigned', 'highSignedUnsigned', 'highUnsigned'].map((name) => writer.words(name));
  const [time, leftSign, rightSign, wraps] = [
    writer.words('time'),
    writer.words('leftSign'),
    writer.words('rightSign'),
    writer.words('wraps'),
  ];
  const left = new LimbWriter(writer, 'leftLow', 'leftHigh', counts);
  const right = new LimbWriter(writer, 'rightLow', 'rightHigh', counts);
  const lower = new LimbWriter(writer, 'low0', 'low1', counts);
  const upper = new LimbWriter(writer, 'high0', 'high1', counts);
  const results = new LimbWriter(writer, 'result0', 'result1', counts);
  const belowLimit: bigint[] = [];
  cycles.forEach((cycle, row) => {
    const at = 2 * row;
    const operation = operations[row]!;
    const [a, b, result] = [record.left[cycle]!, operands[row]!, record.result[cycle]!];
    flags[operation - OPERATION.multiply]![at] = 1;
    time[at] = 4 * cycle + 1;
    left.putSigned(at, a, leftSign);
    right.putSigned(at, b, rightSign);
    const product = BigInt(a) * BigInt(b);
    const high = Number(product >> 32n);
    lower.put(at, Math.imul(a, b) >>> 0);
    upper.put(at, high);
    results.put(at, result);
    const signedLeft = operation === OPERATION.multiplyHighSigned || operation === OPERATION.multiplyHighSignedUnsigned;
    const signedRight = operation === OPERATION.multiplyHighSigned;
    const taken = (signedLeft && a >= WORD / 2 ? b : 0) + (signedRight && b >= WORD / 2 ? a : 0);
    if (operation !== OPERATION.multiply) wraps[at] = (result - high + taken) / WORD;
    belowLimit.push(MODULUS - BigInt(WORD - 1 - high));
  });
  const inverses = writer.column('inverse');
  invertAll(belowLimit).forEach((value, row) => {
    inverses[row] = value;
  });
  return writer.trace();
}

/** The trace of quotients and remainders. */
export function divisionTrace(
  record: SegmentRecord,
  { height, cycles, operations, operands }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(divisionTable, height);
  const names = ['quotientSigned', 'quotientUnsigned', 'remainderSigned', 'remainderUnsigned'];
  const flags = names.map((name) => writer.words(name));
  const [time, dividendSign, divisorSign, dividendIsNegative, divisorIsNegative, byZero, wraps] = [
    writer.words('time'),
    writer.words('dividendSign'),
    writer.words('divisorSign'),
    writer.words('dividendIsNegative'),
    writer.words('divisorIsNegative'),
    writer.words('byZero'),
    writer.words('wraps'),
  ];
  const dividends = new LimbWriter(writer, 'dividendLow', 'dividendHigh', counts);
  const divisors = new LimbWriter(writer, 'divisorLow', 'divisorHigh', counts);
  const quotients = new LimbWriter(writer, 'quotient0', 'quotient1', counts);
  const remainders = new LimbWriter(writer, 'remainder0', 'remainder1', counts);
  const distances = new LimbWriter(writer, 'distance0', 'distance1', counts);
  const results = new LimbWriter(writer, 'result0', 'result1', counts);
  cycles.forEach((cycle, row) => {
    const at = 2 * row;
    const operation = operations[row]!;
    const [n, d, result] = [record.left[cycle]!, operands[row]!, record.result[cycle]!];
    const isSigned = operation === OPERATION.divideSigned || operation === OPERATION.remainderSigned;
    const isQuotient = operation === OPERATION.divideSigned || operation === OPERATION.divideUnsigned;
    const [nNegative, dNegative] = [isSigned && n >= WORD / 2, isSigned && d >= WORD / 2];
    const [nSize, dSize] = [nNegative ? WORD - n : n, dNegative ? WORD - d : d];
    const isNegative = nNegative !== dNegative;
    const quotient = d === 0 ? (isNegative ? 1 : WORD - 1) : Math.floor(nSize / dSize);
    const remainder = d === 0 ? nSize : nSize % dSize;
    flags[operation - OPERATION.divideSigned]![at] = 1;
    time[at] = 4 * cycle + 1;
    dividends.putSigned(at, n, dividendSign);
    divisors.putSigned(at, d, divisorSign);
    dividendIsNegative[at] = nNegative ? 1 : 0;
    divisorIsNegative[at] = dNegative ? 1 : 0;
    byZero[at] = d === 0 ? 1 : 0;
    quotients.put(at, quotient);
    remainders.put(at, remainder);
    distances.put(at, d === 0 ? 0 : dSize - remainder - 1);
    results.put(at, result);
    const value = isQuotient ? (isNegative ? -quotient : quotient) : nNegative ? -remainder : remainder;
    wraps[at] = value < 0 ? 1 : 0;
  });
  return writer.trace();
}
