/**
 * The rows of the tables that belong to the statement.
 *
 * @module
 */
import { instructionOf, type Program, sizeOf, TIP5 } from '@commute/stack-vm';
import { codeOf, IDLE_CODE, INSTRUCTION_ROWS, instructionColumns } from './instruction-rows.ts';
import { HALT_IP } from './layout.ts';
import { type LookupCounts, type Row } from './record.ts';

/** What follows the last word: who skips it comes to an address that no program has. */
const NOTHING_FOLLOWS: bigint = 2n ** 40n;

/** Whether the word behind an address is odd, as the table of the program has it. */
export function followingOf(words: readonly bigint[], address: number): bigint {
  const next = words[address + 1];
  return next === undefined ? NOTHING_FOLLOWS : next & 1n;
}

const CODES: ReadonlySet<number> = /* @__PURE__ */ new Set(INSTRUCTION_ROWS.map(({ code }) => code));

/** The words of a program that can be executed, and at the end what a machine does that has halted. */
export function programRows({ words }: Program): Row[] {
  const rows = words.flatMap((word, address): Row[] => {
    const instruction = word > 126n ? undefined : instructionOf(Number(word));
    if (instruction === undefined) return [];
    const argument = sizeOf(instruction) === 2 ? words[address + 1] : 0n;
    if (argument === undefined) return [];
    const isElement = instruction.argument === 'element' || instruction.argument === 'address';
    // An argument that is out of range gives no code that there is.
    const code = isElement || argument < 16n ? codeOf(instruction, argument) : -1;
    if (!CODES.has(code)) return [];
    // Not a call to where a machine has halted: on the machine a trap follows, as there is no such address.
    if (instruction.argument === 'address' && argument === HALT_IP) return [];
    return [
      {
        address: BigInt(address),
        code: BigInt(code),
        argument: isElement ? argument : 0n,
        following: followingOf(words, address),
      },
    ];
  });
  return [...rows, { address: HALT_IP, code: BigInt(IDLE_CODE), argument: 0n, following: 0n }];
}

/** The rows of the table of instructions. */
export function instructionRows(): Row[] {
  return INSTRUCTION_ROWS.map((row) => instructionColumns(row));
}

/** The rows of the table of bytes. */
export function byteRows(): Row[] {
  return TIP5.lookupTable.map((mapped, byte) => ({ byte: BigInt(byte), mapped: BigInt(mapped) }));
}

/** How often each row of those tables is looked up. */
export function lookupRows(
  program: readonly Row[],
  counts: LookupCounts,
): {
  readonly program: Row[];
  readonly instruction: Row[];
  readonly bytes: Row[];
} {
  return {
    program: program.map(({ address }) => ({ executions: counts.program.get(address as bigint) ?? 0n })),
    instruction: INSTRUCTION_ROWS.map(({ code }) => ({ executions: counts.instruction.get(code) ?? 0n })),
    bytes: Array.from(counts.checked, (checked, byte) => ({ checked, replaced: counts.replaced[byte]! })),
  };
}
