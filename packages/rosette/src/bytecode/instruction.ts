/** What an operand of an instruction is. */
export type OperandKind =
  /** A register that is written or read. */
  | 'to'
  | 'from'
  /** A register for patterns and guards that is written or read. */
  | 'pattern-to'
  | 'pattern-from'
  /** Number of a term. */
  | 'term'
  /** Number of a text. */
  | 'text'
  /** A number whose meaning the instruction knows. */
  | 'number'
  /** A variable of the environment; 0 is the one bound last. */
  | 'argument'
  /** Number of a site. */
  | 'site'
  /** An instruction further on. */
  | 'target'
  /** A count, then as many registers. */
  | 'from-list'
  | 'to-list'
  /** A count, then as many registers or -1 for a variable that nobody reads. */
  | 'environment';

interface Shape {
  readonly name: string;
  readonly operands: readonly OperandKind[];
}

const binary = ['to', 'from', 'from'] as const;
const collection = ['to', 'from-list'] as const;

/**
 * The instructions, by opcode. Names follow the original Rosette where it has the same notion: `arg` (xfer lex), `lit`, `lookup`, `jmp`,
 * `jmp-false`, `apply` (applyprim), `xmit`, `rtn`. Never renumber.
 */
export const INSTRUCTIONS: readonly Shape[] = [
  { name: 'rtn', operands: [] },
  { name: 'lit', operands: ['to', 'term'] },
  { name: 'arg', operands: ['to', 'argument'] },
  { name: 'fresh', operands: ['to', 'text', 'number'] },
  { name: 'lookup', operands: ['to', 'text'] },
  { name: 'not', operands: ['to', 'from'] },
  { name: 'neg', operands: ['to', 'from'] },
  { name: 'truth', operands: ['to', 'from', 'number'] },
  { name: 'and', operands: binary },
  { name: 'or', operands: binary },
  { name: 'add', operands: binary },
  { name: 'sub', operands: binary },
  { name: 'mul', operands: binary },
  { name: 'div', operands: binary },
  { name: 'rem', operands: binary },
  { name: 'eq', operands: binary },
  { name: 'ne', operands: binary },
  { name: 'lt', operands: binary },
  { name: 'le', operands: binary },
  { name: 'gt', operands: binary },
  { name: 'ge', operands: binary },
  { name: 'append', operands: binary },
  { name: 'remove', operands: binary },
  { name: 'interpolate', operands: binary },
  { name: 'mul-power', operands: ['to', 'from', 'number'] },
  { name: 'div-power', operands: ['to', 'from', 'number'] },
  { name: 'rem-power', operands: ['to', 'from', 'number'] },
  { name: 'apply', operands: ['to', 'text', 'from', 'from-list'] },
  { name: 'list', operands: collection },
  { name: 'tuple', operands: collection },
  { name: 'set', operands: collection },
  { name: 'map', operands: collection },
  { name: 'par', operands: collection },
  { name: 'quote', operands: ['to', 'term', 'environment'] },
  { name: 'close', operands: ['pattern-to', 'term', 'number', 'environment'] },
  { name: 'matches', operands: ['to', 'from', 'pattern-from'] },
  { name: 'readable', operands: ['to', 'from'] },
  { name: 'writable', operands: ['to', 'from'] },
  { name: 'move', operands: ['to', 'from'] },
  { name: 'jmp', operands: ['target'] },
  { name: 'jmp-false', operands: ['from', 'target'] },
  { name: 'jmp-true', operands: ['from', 'target'] },
  { name: 'test', operands: ['from', 'term', 'target'] },
  { name: 'split', operands: ['from', 'to-list', 'target'] },
  { name: 'case', operands: ['from', 'term', 'environment', 'to-list', 'target'] },
  { name: 'guard', operands: ['target'] },
  { name: 'accept', operands: ['from', 'target'] },
  { name: 'xmit', operands: ['from', 'number', 'text', 'from-list'] },
  { name: 'consume', operands: ['site', 'from-list', 'environment'] },
  { name: 'run', operands: ['from', 'text'] },
];

/** Opcodes by name. */
export const OPCODE = {
  rtn: 0,
  lit: 1,
  arg: 2,
  fresh: 3,
  lookup: 4,
  not: 5,
  neg: 6,
  truth: 7,
  and: 8,
  or: 9,
  add: 10,
  sub: 11,
  mul: 12,
  div: 13,
  rem: 14,
  eq: 15,
  ne: 16,
  lt: 17,
  le: 18,
  gt: 19,
  ge: 20,
  append: 21,
  remove: 22,
  interpolate: 23,
  mulPower: 24,
  divPower: 25,
  remPower: 26,
  apply: 27,
  list: 28,
  tuple: 29,
  set: 30,
  map: 31,
  par: 32,
  quote: 33,
  close: 34,
  matches: 35,
  readable: 36,
  writable: 37,
  move: 38,
  jmp: 39,
  jmpFalse: 40,
  jmpTrue: 41,
  test: 42,
  split: 43,
  case: 44,
  guard: 45,
  accept: 46,
  xmit: 47,
  consume: 48,
  run: 49,
} as const;

/** The operators of `truth`, by its number. */
export const TRUTH_OPERATORS = ['and', 'or', '&&', '||'] as const;

/** Number of words of the instruction at `at`, or `undefined` if the code ends within it or the opcode is none. */
export function lengthAt(code: Int32Array, at: number): number | undefined {
  const shape = INSTRUCTIONS[code[at] ?? -1];
  if (shape === undefined) return undefined;
  let end = at + 1;
  for (const kind of shape.operands) {
    if (kind === 'from-list' || kind === 'to-list' || kind === 'environment') {
      const count = code[end] ?? -1;
      if (count < 0 || count > code.length - end) return undefined;
      end += count;
    }
    end += 1;
  }
  return end > code.length ? undefined : end - at;
}
