/**
 * What is recorded of a segment: rows of its tables by the names of their columns.
 *
 * @module
 */
import { type TouchedCell } from '@commute/continuation';

/** A row of a table. What is absent is 0. */
export type Row = Readonly<Record<string, bigint | readonly bigint[]>>;

/** Tables whose rows are recorded as they are used. */
export const RECORDED = [
  'processor',
  'registers',
  'op stack',
  'moves',
  'jump stack',
  'bursts',
  'ram',
  'blocks',
  'elements',
  'bitwise',
  'words',
  'power',
  'hash',
  'tip5',
] as const;

/** One of them. */
export type RecordedTable = (typeof RECORDED)[number];

/** How often rows of the tables that belong to the statement are looked up. */
export class LookupCounts {
  /** By address; idle cycles at that of a machine that has halted. */
  readonly program: Map<bigint, bigint> = new Map<bigint, bigint>();
  /** By code. */
  readonly instruction: Map<number, bigint> = new Map<number, bigint>();
  readonly checked: BigUint64Array = new BigUint64Array(256);
  readonly replaced: BigUint64Array = new BigUint64Array(256);

  /** Counts the lowest `count` bytes of a number, least first, and returns them. @throws `RangeError` where they are not enough. */
  bytes(value: bigint, count: number): bigint[] {
    if (value < 0n || value >> BigInt(8 * count) !== 0n) {
      throw new RangeError(`value: expected ${String(count)} bytes, got ${String(value)}`);
    }
    return Array.from({ length: count }, (_, k) => {
      const byte = (value >> BigInt(8 * k)) & 0xffn;
      this.checked[Number(byte)]! += 1n;
      return byte;
    });
  }

  /** Counts an instruction that is executed. */
  execute(address: bigint, code: number): void {
    this.program.set(address, (this.program.get(address) ?? 0n) + 1n);
    this.instruction.set(code, (this.instruction.get(code) ?? 0n) + 1n);
  }
}

/** What happened in a segment. */
export interface StackSegmentRecord {
  readonly logCycles: number;
  readonly ipStart: bigint;
  readonly ipEnd: bigint;
  /** Elements of input and output: those from start to before stop. */
  readonly inputStart: number;
  readonly inputStop: number;
  readonly outputStart: number;
  readonly outputStop: number;
  /** Whether the program halts in it. */
  readonly halts: boolean;
  readonly touched: readonly TouchedCell[];
  readonly rows: Readonly<Record<RecordedTable, readonly Row[]>>;
  readonly counts: LookupCounts;
}
