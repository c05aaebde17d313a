import type { FreeTerm, Located, Term, WildcardTerm } from '@commute/rholang';
import { termKey } from '@commute/rholang';
import type {
  Case,
  ConsumeStatement,
  Expression,
  IntermediateProgram,
  Procedure,
  Statement,
  ValueId,
} from '../ir/ir.ts';
import { UNUSED } from '../ir/ir.ts';
import type { PassName } from '../optimize/pass-name.ts';
import { OPCODE, TRUTH_OPERATORS } from './instruction.ts';
import { preorder } from './parts.ts';
import type { BytecodeProcedure, BytecodeProgram, PlaceEntry, Site } from './program.ts';

const BINARY_CODES = {
  '+': OPCODE.add,
  '-': OPCODE.sub,
  '*': OPCODE.mul,
  '/': OPCODE.div,
  '%': OPCODE.rem,
  '==': OPCODE.eq,
  '!=': OPCODE.ne,
  '<': OPCODE.lt,
  '<=': OPCODE.le,
  '>': OPCODE.gt,
  '>=': OPCODE.ge,
  '++': OPCODE.append,
  '--': OPCODE.remove,
  '%%': OPCODE.interpolate,
} as const;

const SCALE_CODES = { '*': OPCODE.mulPower, '/': OPCODE.divPower, '%': OPCODE.remPower } as const;

/** Longest string that a `test` compares; longer ones are matched, which counts steps. */
const MAXIMUM_TESTED = 1000;

/** Tells whether a pattern matches exactly the values that equal it, in a constant number of steps. */
function isLiteral(pattern: Term): boolean {
  switch (pattern.kind) {
    case 'nil':
    case 'boolean':
    case 'integer':
    case 'unforgeable':
      return true;
    case 'string':
      return pattern.value.length <= MAXIMUM_TESTED;
    default:
      return false;
  }
}

/** The number of elements of a list pattern whose elements are its variables in order; -1 for other patterns. */
function splitCount(pattern: Term): number {
  if (pattern.kind !== 'list' || pattern.remainder !== undefined || pattern.elements.length > MAXIMUM_TESTED) return -1;
  const plain = pattern.elements.every((element, index) => element.kind === 'free' && element.index === index);
  return plain ? pattern.elements.length : -1;
}

function remainderNumber(remainder: FreeTerm | WildcardTerm | undefined): number {
  if (remainder === undefined) return -2;
  return remainder.kind === 'wildcard' ? -1 : remainder.index;
}

/** Numbers of terms and texts. */
class Pools {
  readonly constants: Term[] = [];
  readonly texts: string[] = [];
  readonly #terms = new Map<Term, number>();
  readonly #keys = new Map<string, number>();
  readonly #textNumbers = new Map<string, number>();
  readonly #nodes: number;

  constructor(term: Term) {
    const nodes = preorder(term);
    this.#nodes = nodes.length;
    nodes.forEach((node, index) => {
      if (!this.#terms.has(node)) this.#terms.set(node, index);
    });
  }

  term(term: Term): number {
    let number = this.#terms.get(term);
    if (number !== undefined) return number;
    const key = termKey(term);
    number = this.#keys.get(key) ?? this.#nodes + this.constants.push(term) - 1;
    this.#keys.set(key, number);
    this.#terms.set(term, number);
    return number;
  }

  text(text: string): number {
    let number = this.#textNumbers.get(text);
    if (number === undefined) {
      number = this.texts.push(text) - 1;
      this.#textNumbers.set(text, number);
    }
    return number;
  }
}

class Assembler {
  readonly #pools: Pools;
  readonly #code: number[] = [];
  readonly #sites: Site[] = [];
  readonly #places: PlaceEntry[] = [];
  /** Registers of values; pattern registers of closed patterns. */
  readonly #registers = new Map<ValueId, number>();
  #next = 0;
  #most = 0;
  #patterns = 0;
  #parameters = 0;

  constructor(pools: Pools) {
    this.#pools = pools;
  }

  assemble(procedure: Procedure): BytecodeProcedure {
    this.#parameters = procedure.parameters;
    this.#statements(procedure.statements);
    this.#emit(undefined, OPCODE.rtn);
    return {
      term: this.#pools.term(procedure.term),
      parameters: procedure.parameters,
      registers: this.#most,
      patternRegisters: this.#patterns,
      code: Int32Array.from(this.#code),
      sites: this.#sites,
      places: this.#places,
    };
  }

  #emit(place: Located | undefined, ...words: readonly number[]): void {
    if (place !== undefined) this.#places.push({ at: this.#code.length, start: place.start, end: place.end });
    for (const word of words) this.#code.push(word);
  }

  /** Emits an instruction that ends with a target, and gives what sets it to the present end. */
  #jump(place: Located | undefined, ...words: readonly number[]): () => void {
    this.#emit(place, ...words, 0);
    const at = this.#code.length - 1;
    return () => {
      this.#code[at] = this.#code.length;
    };
  }

  #to(value: ValueId): number {
    const register = this.#next;
    this.#next += 1;
    this.#most = Math.max(this.#most, this.#next);
    this.#registers.set(value, register);
    return register;
  }

  #from(value: ValueId): number {
    return this.#registers.get(value)!;
  }

  #list(values: readonly ValueId[]): number[] {
    return [values.length, ...values.map((value) => this.#from(value))];
  }

  #environment(values: readonly ValueId[]): number[] {
    return [values.length, ...values.map((value) => (value === UNUSED ? -1 : this.#from(value)))];
  }

  /** Runs `work`, after which the registers that it took are free again. */
  #scoped(work: () => void): void {
    const next = this.#next;
    work();
    this.#next = next;
  }

  #statements(statements: readonly Statement[]): void {
    for (const statement of statements) {
      switch (statement.op) {
        case 'define':
          this.#define(statement.value, statement.expression, statement.place);
          break;
        case 'produce': {
          const { channel, persistent, path, data, place } = statement;
          const flags = persistent ? 1 : 0;
          this.#emit(place, OPCODE.xmit, this.#from(channel), flags, this.#pools.text(path), ...this.#list(data));
          break;
        }
        case 'consume':
          this.#consume(statement);
          break;
        case 'match':
          this.#match(statement.target, statement.cases, statement.place);
          break;
        case 'run':
          this.#emit(statement.place, OPCODE.run, this.#from(statement.process), this.#pools.text(statement.path));
          break;
      }
    }
  }

  #define(value: ValueId, expression: Expression, place: Located | undefined): void {
    switch (expression.kind) {
      case 'constant':
        this.#emit(place, OPCODE.lit, this.#to(value), this.#pools.term(expression.term));
        break;
      case 'argument':
        this.#emit(place, OPCODE.arg, this.#to(value), this.#parameters - 1 - expression.index);
        break;
      case 'fresh':
        this.#emit(place, OPCODE.fresh, this.#to(value), this.#pools.text(expression.path), expression.index);
        break;
      case 'system':
        this.#emit(place, OPCODE.lookup, this.#to(value), this.#pools.text(expression.uri));
        break;
      case 'unary': {
        const from = this.#from(expression.operand);
        this.#emit(place, expression.operator === 'not' ? OPCODE.not : OPCODE.neg, this.#to(value), from);
        break;
      }
      case 'truth': {
        const from = this.#from(expression.operand);
        this.#emit(place, OPCODE.truth, this.#to(value), from, TRUTH_OPERATORS.indexOf(expression.operator));
        break;
      }
      case 'logic': {
        const [left, right] = [this.#from(expression.left), this.#from(expression.right)];
        this.#emit(place, expression.operator === 'and' ? OPCODE.and : OPCODE.or, this.#to(value), left, right);
        break;
      }
      case 'lazy': {
        const to = this.#to(value);
        const left = this.#from(expression.left);
        this.#emit(place, OPCODE.move, to, left);
        const end = this.#jump(place, expression.operator === '&&' ? OPCODE.jmpFalse : OPCODE.jmpTrue, left);
        this.#scoped(() => {
          this.#statements(expression.right);
          this.#emit(place, OPCODE.move, to, this.#from(expression.result));
        });
        end();
        break;
      }
      case 'binary': {
        const [left, right] = [this.#from(expression.left), this.#from(expression.right)];
        this.#emit(place, BINARY_CODES[expression.operator], this.#to(value), left, right);
        break;
      }
      case 'scale': {
        const from = this.#from(expression.operand);
        this.#emit(place, SCALE_CODES[expression.operator], this.#to(value), from, expression.power);
        break;
      }
      case 'method': {
        const words = [this.#from(expression.target), ...this.#list(expression.arguments)];
        this.#emit(place, OPCODE.apply, this.#to(value), this.#pools.text(expression.method), ...words);
        break;
      }
      case 'collection': {
        const words = this.#list(expression.elements);
        this.#emit(place, OPCODE[expression.shape], this.#to(value), ...words);
        break;
      }
      case 'quote': {
        const words = this.#environment(expression.environment);
        this.#emit(place, OPCODE.quote, this.#to(value), this.#pools.term(expression.term), ...words);
        break;
      }
      case 'close': {
        const words = [
          this.#pools.term(expression.term),
          expression.binders,
          ...this.#environment(expression.environment),
        ];
        this.#registers.set(value, this.#patterns);
        this.#emit(place, OPCODE.close, this.#patterns, ...words);
        this.#patterns += 1;
        break;
      }
      case 'matches': {
        const [from, pattern] = [this.#from(expression.value), this.#from(expression.pattern)];
        this.#emit(place, OPCODE.matches, this.#to(value), from, pattern);
        break;
      }
      case 'usable': {
        const from = this.#from(expression.channel);
        this.#emit(place, expression.right === 'read' ? OPCODE.readable : OPCODE.writable, this.#to(value), from);
        break;
      }
    }
  }

  #consume(statement: ConsumeStatement): void {
    const closes: number[] = [];
    const binds = statement.binds.map((bind) => ({
      patterns: bind.patterns.map((pattern) => {
        if (typeof pattern !== 'number') return this.#pools.term(pattern);
        closes.push(this.#from(pattern));
        return -1;
      }),
      remainder: remainderNumber(bind.remainder),
      variables: bind.variables,
      peek: bind.peek,
    }));
    const { variables, guard, persistent, procedure, path, place } = statement;
    if (guard !== undefined) closes.push(this.#from(guard));
    const guarded = guard !== undefined;
    this.#sites.push({ binds, variables, closes, guarded, persistent, procedure, path: this.#pools.text(path) });
    const channels = this.#list(statement.binds.map((bind) => bind.channel));
    const words = [...channels, ...this.#environment(statement.environment)];
    this.#emit(place, OPCODE.consume, this.#sites.length - 1, ...words);
  }

  #match(target: ValueId, cases: readonly Case[], place: Located | undefined): void {
    const ends: (() => void)[] = [];
    cases.forEach((one, index) => {
      const misses: (() => void)[] = [];
      this.#scoped(() => {
        this.#test(target, one, place, misses);
        if (one.guard !== undefined) {
          misses.push(this.#jump(undefined, OPCODE.guard));
          this.#statements(one.guard.statements);
          misses.push(this.#jump(undefined, OPCODE.accept, this.#from(one.guard.result)));
        }
        this.#statements(one.body);
      });
      if (index < cases.length - 1) ends.push(this.#jump(undefined, OPCODE.jmp));
      for (const miss of misses) miss();
    });
    for (const end of ends) end();
  }

  #test(target: ValueId, one: Case, place: Located | undefined, misses: (() => void)[]): void {
    const { pattern, environment, bindings } = one;
    const from = this.#from(target);
    if (pattern.kind === 'wildcard') return;
    if (pattern.kind === 'free') {
      this.#registers.set(bindings[0]!, from);
      return;
    }
    if (isLiteral(pattern)) {
      misses.push(this.#jump(place, OPCODE.test, from, this.#pools.term(pattern)));
      return;
    }
    const words = this.#environment(environment);
    const targets = [bindings.length, ...bindings.map((binding) => this.#to(binding))];
    const code =
      splitCount(pattern) === bindings.length && environment.length === 0
        ? [OPCODE.split, from, ...targets]
        : [OPCODE.case, from, this.#pools.term(pattern), ...words, ...targets];
    misses.push(this.#jump(place, ...code));
  }
}

/**
 * Makes bytecode of a program in intermediate representation.
 *
 * @param passes - the passes that the program went through.
 */
export function assemble(program: IntermediateProgram, passes: readonly PassName[]): BytecodeProgram {
  const { term } = program.procedures[0]!;
  const pools = new Pools(term);
  const procedures = program.procedures.map((procedure) => new Assembler(pools).assemble(procedure));
  return { term, passes, constants: pools.constants, texts: pools.texts, procedures };
}
