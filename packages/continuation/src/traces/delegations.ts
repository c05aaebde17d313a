import { type SegmentRecord } from '../execution/record.ts';
import { NARROW, OPERATION } from '../program/operations.ts';
import { type Program } from '../program/program.ts';
import { heightFor } from './writer.ts';

/** The tables that the processor leaves operations to. */
export type Delegate =
  | 'word'
  | 'narrow'
  | 'crossing'
  | 'bitwise'
  | 'shift'
  | 'comparison'
  | 'multiplication'
  | 'division'
  | 'hostCall'
  | 'custom';

/** The cycles that were left to one table, in order. */
export interface Delegations {
  /** Rows of the table's trace, a power of two; those beyond the cycles are idle. */
  readonly height: number;
  readonly cycles: Uint32Array;
  /** Numbers of the operations. */
  readonly operations: Uint8Array;
  /** Value of rs2 plus the immediate. */
  readonly operands: Uint32Array;
  /** For loads and stores the address. */
  readonly addresses: Uint32Array;
  /** For loads and stores their number among all of them. */
  readonly accesses: Uint32Array;
}

/** Which table does an operation; undefined for what the processor does. */
export function delegateOf(operation: number): Delegate | undefined {
  if (operation === OPERATION.none) return undefined;
  if (operation < OPERATION.narrow) return 'word';
  if (operation < OPERATION.and) return 'narrow';
  if (operation < OPERATION.shiftLeft) return 'bitwise';
  if (operation < OPERATION.lessSigned) return 'shift';
  if (operation < OPERATION.multiply) return 'comparison';
  if (operation < OPERATION.divideSigned) return 'multiplication';
  if (operation < OPERATION.call) return 'division';
  return operation < OPERATION.extension ? 'hostCall' : 'custom';
}

const DELEGATES: readonly Delegate[] = [
  'word',
  'narrow',
  'crossing',
  'bitwise',
  'shift',
  'comparison',
  'multiplication',
  'division',
  'hostCall',
  'custom',
];

/** Number of the delegate for accesses that cross words, from 1. */
const CROSSING = 1 + DELEGATES.indexOf('crossing');

/** Bytes that a load or store moves; 0 for other operations. */
function accessSize(operation: number): number {
  if (operation >= OPERATION.and) return 0;
  if (operation >= OPERATION.narrow) return (operation & NARROW.half) === 0 ? 1 : 2;
  return operation === OPERATION.none ? 0 : 4;
}

/**
 * Sorts the cycles of a segment by the tables that do their operations.
 *
 * @param heights - rows that tables are to have, where that is more than they need.
 */
export function delegationsOf(
  program: Program,
  record: SegmentRecord,
  heights: Partial<Readonly<Record<Delegate, number>>> = {},
): Record<Delegate, Delegations> {
  const { rows, left, right } = record;
  // 0 for what the processor does, else the number of the delegate from 1.
  const delegateOfRow = Uint8Array.from(program.rows, ({ operation }) => {
    const delegate = delegateOf(operation);
    return delegate === undefined ? 0 : 1 + DELEGATES.indexOf(delegate);
  });
  const operationOfRow = Uint8Array.from(program.rows, ({ operation }) => operation);
  const immediateOfRow = Uint32Array.from(program.rows, ({ immediate }) => immediate);
  const offsetOfRow = Uint32Array.from(program.rows, ({ offset }) => offset);
  const counts = new Uint32Array(DELEGATES.length + 1);
  const { misaligned } = program.machine;
  const sizeOfRow = Uint8Array.from(program.rows, ({ operation }) => accessSize(operation));
  /** 0, or the number of the delegate from 1. */
  const delegateAt = (cycle: number): number => {
    const row = rows[cycle]!;
    const delegate = delegateOfRow[row]!;
    if (!misaligned || delegate === 0 || delegate > 2) return delegate;
    return ((left[cycle]! + offsetOfRow[row]!) % 4) + sizeOfRow[row]! > 4 ? CROSSING : delegate;
  };
  for (let cycle = 0; cycle < rows.length; cycle++) counts[delegateAt(cycle)]!++;
  const lists = DELEGATES.map((name, index) => {
    const count = counts[index + 1]!;
    return {
      height: Math.max(heightFor(count), heights[name] ?? 0),
      cycles: new Uint32Array(count),
      operations: new Uint8Array(count),
      operands: new Uint32Array(count),
      addresses: new Uint32Array(count),
      accesses: new Uint32Array(count),
    };
  });
  counts.fill(0);
  let access = 0;
  for (let cycle = 0; cycle < rows.length; cycle++) {
    const row = rows[cycle]!;
    const delegate = delegateAt(cycle);
    if (delegate === 0) continue;
    const list = lists[delegate - 1]!;
    const at = counts[delegate]!++;
    list.cycles[at] = cycle;
    list.operations[at] = operationOfRow[row]!;
    list.operands[at] = right[cycle]! + immediateOfRow[row]!;
    // Loads and stores are the first three delegates.
    if (delegate > CROSSING) continue;
    list.addresses[at] = left[cycle]! + offsetOfRow[row]!;
    list.accesses[at] = access++;
  }
  return Object.fromEntries(DELEGATES.map((name, index) => [name, lists[index]!])) as Record<Delegate, Delegations>;
}
