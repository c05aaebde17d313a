/**
 * Extensions: instructions of the user's own, with the tables that prove them.
 *
 * @module
 */
import { type Table, type TableTrace } from '@commute/stark';
import { ContinuationError } from './errors.ts';
import { type TimedValue } from './execution/record.ts';
import { type InstructionPattern } from './program/instruction-rows.ts';
import { type LookupCounts } from './traces/lookups.ts';

/** What an instruction of an extension may do. */
export interface CustomCall {
  /** Value of rs1, unsigned. */
  readonly left: number;
  /** Value of rs2, unsigned. */
  readonly right: number;
  /** First tick of the cycle; memory is accessed two later. */
  readonly time: number;
  /**
   * Accesses a word of memory, and replaces it if a value is given. Where the word may not be touched, the run is refused and what the
   * instruction goes on with does not matter.
   *
   * @param address - each at most once per instruction.
   * @param value - a new value, unsigned.
   * @returns what it held, and the tick of the access before.
   */
  readonly access: (address: number, value?: number) => TimedValue;
}

/** What an instruction of an extension leaves behind. */
export interface CustomResult<R> {
  /** The value for rd, unsigned. */
  readonly result: number;
  /** What the trace needs to know of this execution. Plain data: it may be sent to another thread. */
  readonly record: R;
}

/** What {@link ExtensionDefinition.trace} is given. */
export interface CustomTrace<R> {
  /** What {@link ExtensionDefinition.table} made. */
  readonly table: Table;
  /** In the order of execution. */
  readonly records: readonly R[];
  /** Every lookup of the trace is to be counted here. */
  readonly counts: LookupCounts;
}

/**
 * An instruction that is no part of RV32IM, and the table that proves it.
 *
 * The processor reads rs1 and rs2, and sends `[operation, left, right, result, time]` on the bus `operation`, once for each execution; the
 * table must receive it exactly where the result is right. It may access memory at tick `time + 2` (bus `memory`, see `accessMemory`),
 * and look up on the buses `range`, `sign`, `bytes`, `and` and `text`. What it lets through counts as proved: it is part of what is trusted.
 */
export interface ExtensionDefinition<R> {
  /** For messages. */
  readonly name: string;
  /** Its encoding; one that is illegal otherwise. */
  readonly instruction: InstructionPattern;
  /** Executes the instruction. */
  readonly execute: (call: CustomCall) => CustomResult<R>;
  /** Declares the table; `operation` is the number of the instruction. */
  readonly table: (operation: number) => Table;
  /** Makes the trace of a segment. Where segments are proved together, rows of zeros follow up to the height of the highest one. */
  readonly trace: (context: CustomTrace<R>) => TableTrace;
}

/** An extension as machines take it: made by {@link defineExtension}. */
export type MachineExtension = ExtensionDefinition<unknown>;

/** Which machine it is: what program, prover and verifier have to agree on besides RV32I. */
export interface MachineConfiguration {
  /** Whether there is multiplication and division (the extension M); false unless told. */
  readonly multiply?: boolean;
  /** Whether loads and stores that cross from one word to the next can be proved; false unless told. */
  readonly misaligned?: boolean;
  /** Instructions of the user's own, in the order of their numbers; none unless told. */
  readonly extensions?: readonly MachineExtension[];
}

/**
 * Declares an extension; what its instruction records keeps its type between `execute` and `trace`.
 *
 * @throws {@link ContinuationError} `CONTINUATION_PROGRAM` for an encoding that fixes registers, or is RV32IM's own.
 */
export function defineExtension<R>(definition: ExtensionDefinition<R>): MachineExtension {
  const { mask, match } = definition.instruction;
  const registers = 0x01ff_8f80;
  if ((mask & registers) !== 0 || (mask & 0x7f) !== 0x7f || STANDARD_OPCODES.includes(match & 0x7f)) {
    const got = `mask 0x${(mask >>> 0).toString(16)}, match 0x${(match >>> 0).toString(16)}`;
    const expected = 'an opcode that RV32I does not use, and no bits of rd, rs1 and rs2';
    throw new ContinuationError('CONTINUATION_PROGRAM', `${definition.name}.instruction`, expected, got);
  }
  return {
    ...definition,
    // The records are those that `execute` of the same definition made.
    trace: (context) => definition.trace({ ...context, records: context.records as readonly R[] }),
  };
}

/** Opcodes of RV32I. */
const STANDARD_OPCODES: readonly number[] = [0x37, 0x17, 0x6f, 0x67, 0x63, 0x03, 0x23, 0x13, 0x33, 0x0f, 0x73];
