import { forEachVariable, freeTerm, wildcardTerm, type FreeTerm, type Term, type WildcardTerm } from '@commute/rholang';
import { INSTRUCTIONS, lengthAt, OPCODE, type OperandKind } from './instruction.ts';
import type { BytecodeProcedure, BytecodeProgram, Site } from './program.ts';

/** Most registers of a procedure, of each kind. */
const MAXIMUM_REGISTERS = 1 << 20;

/** A `close` instruction. */
interface Close {
  readonly term: Term;
  readonly binders: number;
}

/**
 * Finds out whether code can be run without harm: every number is in range, jumps lead forward to an instruction, values are closed, patterns bind what they say, and
 * each actor gets the variables that its procedure needs.
 */
export class Checker {
  readonly #program: BytecodeProgram;
  readonly #terms: readonly Term[];
  readonly #variables = new Map<Term, readonly number[]>();

  constructor(program: BytecodeProgram, terms: readonly Term[]) {
    this.#program = program;
    this.#terms = terms;
  }

  isGood(): boolean {
    const [first] = this.#program.procedures;
    if (first?.term !== 0 || first.parameters !== 0) return false;
    return this.#program.procedures.every((procedure) => this.#procedure(procedure));
  }

  #procedure(procedure: BytecodeProcedure): boolean {
    const { code, parameters, registers, patternRegisters, sites, term } = procedure;
    const own = this.#terms[term];
    if (own === undefined || own.isPattern || own.scope > parameters) return false;
    if (registers > MAXIMUM_REGISTERS || patternRegisters > MAXIMUM_REGISTERS) return false;
    const starts = new Set<number>();
    let last = -1;
    for (let at = 0; at < code.length;) {
      const length = lengthAt(code, at);
      if (length === undefined) return false;
      starts.add(at);
      last = at;
      at += length;
    }
    if (last === -1 || code[last] !== OPCODE.rtn) return false;
    const closes = new Map<number, Close>();
    for (const at of starts) {
      if (code[at] !== OPCODE.close) continue;
      const register = code[at + 1]!;
      const closed = this.#terms[code[at + 2]!];
      if (closed === undefined || closes.has(register)) return false;
      closes.set(register, { term: closed, binders: code[at + 3]! });
    }
    for (const at of starts) if (!this.#instruction(procedure, at, starts, closes)) return false;
    return sites.every((site) => this.#site(site, closes));
  }

  #operand(kind: OperandKind, word: number, procedure: BytecodeProcedure): boolean {
    switch (kind) {
      case 'to':
      case 'from':
        return word < procedure.registers;
      case 'pattern-to':
      case 'pattern-from':
        return word < procedure.patternRegisters;
      case 'term':
        return word < this.#terms.length;
      case 'text':
        return word < this.#program.texts.length;
      case 'argument':
        return word < procedure.parameters;
      case 'site':
        return word < procedure.sites.length;
      default:
        return true;
    }
  }

  #instruction(
    procedure: BytecodeProcedure,
    start: number,
    starts: ReadonlySet<number>,
    closes: ReadonlyMap<number, Close>,
  ): boolean {
    const { code } = procedure;
    const { operands } = INSTRUCTIONS[code[start]!]!;
    let at = start + 1;
    for (const kind of operands) {
      const word = code[at]!;
      if (word < 0) return false;
      if (kind === 'target' && (word <= start || !starts.has(word))) return false;
      if (!this.#operand(kind, word, procedure)) return false;
      at += 1;
      if (kind !== 'from-list' && kind !== 'to-list' && kind !== 'environment') continue;
      const least = kind === 'environment' ? -1 : 0;
      for (const end = at + word; at < end; at += 1)
        if (code[at]! < least || code[at]! >= procedure.registers) return false;
    }
    return this.#meaning(procedure, start, closes);
  }

  /** What an instruction demands beyond the ranges of its operands. */
  #meaning({ code, sites }: BytecodeProcedure, at: number, closes: ReadonlyMap<number, Close>): boolean {
    switch (code[at]) {
      case OPCODE.lit:
        return isValue(this.#terms[code[at + 2]!]!);
      case OPCODE.test:
        return isValue(this.#terms[code[at + 2]!]!);
      case OPCODE.truth:
        return code[at + 3]! < 4;
      case OPCODE.fresh:
        return isPath(this.#program.texts[code[at + 2]!]!);
      case OPCODE.run:
        return isPath(this.#program.texts[code[at + 2]!]!);
      case OPCODE.mulPower:
      case OPCODE.divPower:
      case OPCODE.remPower:
        return code[at + 3]! >= 1 && code[at + 3]! <= 52;
      case OPCODE.map:
        return code[at + 2]! % 2 === 0;
      case OPCODE.quote: {
        const term = this.#terms[code[at + 2]!]!;
        return !term.isPattern && code[at + 3]! >= term.scope;
      }
      case OPCODE.close: {
        const term = this.#terms[code[at + 2]!]!;
        return code[at + 4]! >= term.scope - code[at + 3]!;
      }
      case OPCODE.matches:
        return closes.get(code[at + 3]!)?.binders === 0;
      case OPCODE.case: {
        const term = this.#terms[code[at + 2]!]!;
        const bound = code[at + 4 + code[at + 3]!]!;
        return code[at + 3]! >= term.scope && this.#countVariables([term], -2) === bound;
      }
      case OPCODE.xmit:
        return code[at + 2]! <= 1 && isPath(this.#program.texts[code[at + 3]!]!);
      case OPCODE.consume: {
        const site = sites[code[at + 1]!]!;
        const environment = code[at + 3 + code[at + 2]!]!;
        const inner = this.#program.procedures[site.procedure];
        if (inner === undefined || code[at + 2] !== site.binds.length) return false;
        return environment + site.variables >= inner.parameters;
      }
      default:
        return true;
    }
  }

  /** Number of variables of patterns and a remainder, or `undefined` unless they are 0, 1, … with each used once. */
  #countVariables(patterns: readonly Term[], remainder: number): number | undefined {
    const seen = new Set<number>();
    let greatest = -1;
    const add = (index: number): boolean => {
      if (seen.has(index)) return false;
      seen.add(index);
      greatest = Math.max(greatest, index);
      return true;
    };
    for (const pattern of patterns) if (!this.#variablesOf(pattern).every(add)) return undefined;
    if (remainder >= 0 && !add(remainder)) return undefined;
    return greatest === seen.size - 1 ? seen.size : undefined;
  }

  /** The variables of a pattern; counted once, however often code refers to it. */
  #variablesOf(pattern: Term): readonly number[] {
    let variables = this.#variables.get(pattern);
    if (variables === undefined) {
      const found: number[] = [];
      forEachVariable(pattern, ({ index }) => {
        found.push(index);
      });
      variables = found;
      this.#variables.set(pattern, variables);
    }
    return variables;
  }

  #site(site: Site, closes: ReadonlyMap<number, Close>): boolean {
    const path = this.#program.texts[site.path];
    if (path === undefined || !isPath(path) || site.binds.length === 0) return false;
    const closed = site.closes.map((register) => closes.get(register));
    let next = 0;
    let variables = 0;
    for (const bind of site.binds) {
      const patterns: Term[] = [];
      for (const number of bind.patterns) {
        const close = number === -1 ? closed[next] : undefined;
        if (number === -1) next += 1;
        const pattern = number === -1 ? close?.term : this.#terms[number];
        if (pattern === undefined) return false;
        if (number === -1 ? close?.binders !== 0 : pattern.scope > 0) return false;
        patterns.push(pattern);
      }
      if (this.#countVariables(patterns, bind.remainder) !== bind.variables) return false;
      variables += bind.variables;
    }
    if (variables !== site.variables || closed.length !== next + (site.guarded ? 1 : 0)) return false;
    if (!site.guarded) return true;
    const guard = closed[next];
    return guard?.binders === variables && !guard.term.isPattern;
  }
}

function isValue(term: Term): boolean {
  return term.scope === 0 && !term.isPattern;
}

/** Tells whether a text may be part of a seed: one character in `[0, 255]` per byte. */
function isPath(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}

/** The remainder of a bind from its number. */
export function remainderOf(number: number): FreeTerm | WildcardTerm | undefined {
  if (number === -2) return undefined;
  return number === -1 ? wildcardTerm() : freeTerm(number);
}
