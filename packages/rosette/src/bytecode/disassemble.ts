import { printString } from '@commute/rholang';
import { pathText, termText } from '../ir/print.ts';
import { INSTRUCTIONS, lengthAt, OPCODE, TRUTH_OPERATORS, type OperandKind } from './instruction.ts';
import { preorder } from './parts.ts';
import type { BytecodeProcedure, BytecodeProgram } from './program.ts';

/** Texts of these instructions lead from a seed, so that they are no readable text. */
const WITH_PATH: ReadonlySet<number> = new Set([OPCODE.fresh, OPCODE.xmit, OPCODE.run]);

/** Lists a program so that a person can read it: address, instruction, operands. Text of terms is for reading only and shortened. */
export function disassemble(program: BytecodeProgram): string {
  const terms = [...preorder(program.term), ...program.constants];
  const passes = program.passes.length === 0 ? 'none' : program.passes.join(', ');
  const lines = [`; passes: ${passes}`];
  program.procedures.forEach((procedure, number) => {
    const { parameters, registers, term } = procedure;
    lines.push(
      `procedure ${String(number)} of term ${String(term)}, ${String(parameters)} variables, ${String(registers)} registers`,
    );
    lines.push(...codeLines(program, procedure, (index) => termText(terms[index]!)));
  });
  return `${lines.join('\n')}\n`;
}

function codeLines(
  program: BytecodeProgram,
  { code, sites }: BytecodeProcedure,
  termAt: (index: number) => string,
): string[] {
  const lines: string[] = [];
  const width = String(code.length).length;
  const one = (kind: OperandKind, word: number, opcode: number): string => {
    switch (kind) {
      case 'to':
      case 'from':
        return `r${String(word)}`;
      case 'pattern-to':
      case 'pattern-from':
        return `p${String(word)}`;
      case 'term':
        return `{${termAt(word)}}`;
      case 'text': {
        const text = program.texts[word]!;
        return WITH_PATH.has(opcode) ? pathText(text) : printString(text);
      }
      case 'argument':
        return `$${String(word)}`;
      case 'target':
        return `-> ${String(word)}`;
      case 'site': {
        const { persistent, procedure, path, binds } = sites[word]!;
        const patterns = binds.map(
          (bind) =>
            `${bind.peek ? 'peek ' : ''}(${bind.patterns.map((pattern) => (pattern === -1 ? 'p' : termAt(pattern))).join(', ')}${bind.remainder === -2 ? '' : ' & rest'})`,
        );
        return `${persistent ? 'persistent ' : ''}${patterns.join(' ')} procedure ${String(procedure)} ${pathText(program.texts[path]!)}`;
      }
      default:
        return opcode === OPCODE.truth ? TRUTH_OPERATORS[word]! : String(word);
    }
  };
  let length: number | undefined;
  for (let at = 0; at < code.length; at += length) {
    length = lengthAt(code, at);
    if (length === undefined) return [...lines, '  ; not an instruction'];
    const opcode = code[at]!;
    const { name, operands } = INSTRUCTIONS[opcode]!;
    let place = at + 1;
    const texts = operands.map((kind) => {
      const word = code[place]!;
      place += 1;
      if (kind !== 'from-list' && kind !== 'to-list' && kind !== 'environment') return one(kind, word, opcode);
      const registers = Array.from(code.subarray(place, place + word), (each) =>
        each === -1 ? '_' : `r${String(each)}`,
      );
      place += word;
      return `[${registers.join(' ')}]`;
    });
    lines.push(`  ${String(at).padStart(width)}  ${[name.padEnd(12), ...texts].join(' ').trimEnd()}`);
  }
  return lines;
}
