import { argumentFault, instructionOf, sizeOf } from './instructions.ts';
import type { Program } from './program.ts';

/** A word that is no instruction, or an argument that will not do. */
export interface DisassemblyError {
  /** Address of the instruction. */
  readonly address: number;
  readonly message: string;
}

/** One instruction. */
export interface DisassembledLine {
  readonly address: number;
  /** Name and argument, a label in place of the address of a call. */
  readonly text: string;
  /** Labels of this address. */
  readonly labels: readonly string[];
}

/** The instructions of a program, or all that are none. */
export type DisassemblyResult =
  | { readonly ok: true; readonly lines: readonly DisassembledLine[]; readonly source: string }
  | { readonly ok: false; readonly errors: readonly DisassemblyError[] };

/**
 * The instructions of a program from its first word on, and a source that assembles to the same words. Targets of calls
 * without a label get one. Never throws.
 *
 * @example
 * ```ts
 * import { assemble, disassemble } from '@commute/stack-vm';
 * const first = assemble('call end nop end: halt');
 * if (!first.ok) throw new Error('it does assemble');
 * const text = disassemble(first.program);
 * if (!text.ok || !text.source.includes('end:')) throw new Error('the label is lost');
 * ```
 */
export function disassemble(program: Program): DisassemblyResult {
  const { words } = program;
  const errors: DisassemblyError[] = [];
  const starts = new Map<number, { name: string; argument: bigint | undefined }>();
  for (let address = 0; address < words.length;) {
    const word = words[address]!;
    const instruction = word < 128n ? instructionOf(Number(word)) : undefined;
    if (instruction === undefined) {
      errors.push({ address, message: `word: expected an opcode, got ${String(word)}` });
      address++;
      continue;
    }
    const size = sizeOf(instruction);
    const argument = size === 2 ? words[address + 1] : undefined;
    if (size === 2) {
      const fault = argument === undefined ? 'an argument' : argumentFault(instruction, argument);
      if (fault !== undefined) {
        errors.push({
          address,
          message: `${instruction.name}: expected ${fault}, got ${String(argument ?? 'the end')}`,
        });
      }
    }
    starts.set(address, { name: instruction.name, argument });
    address += size;
  }
  if (errors.length > 0) return { ok: false, errors };
  const labels = labelsOf(program, starts);
  const lines = [...starts].map(([address, { name, argument }]): DisassembledLine => {
    const target = name === 'call' && argument !== undefined ? labels.get(Number(argument))?.[0] : undefined;
    const text = argument === undefined ? name : `${name} ${target ?? String(argument)}`;
    return { address, text, labels: labels.get(address) ?? [] };
  });
  const source = lines.map((line) => `${line.labels.map((label) => `${label}:\n`).join('')}  ${line.text}\n`).join('');
  return { ok: true, lines, source };
}

function labelsOf(
  program: Program,
  starts: ReadonlyMap<number, { readonly name: string; readonly argument: bigint | undefined }>,
): Map<number, string[]> {
  const labels = new Map<number, string[]>();
  for (const [name, address] of program.labels) {
    if (starts.has(address)) labels.set(address, [...(labels.get(address) ?? []), name]);
  }
  for (const { name, argument } of starts.values()) {
    if (name !== 'call' || argument === undefined) continue;
    const address = Number(argument);
    if (!starts.has(address) || labels.has(address)) continue;
    let label = `label_${String(address)}`;
    while (program.labels.has(label)) label += '_';
    labels.set(address, [label]);
  }
  return labels;
}
