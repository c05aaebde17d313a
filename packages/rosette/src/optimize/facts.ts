import type { Term } from '@commute/rholang';
import type { Expression, ValueId } from '../ir/ir.ts';

/** What kind of value a value surely is. `Name` is a name that is no bundle. */
export type ValueType =
  'Int' | 'BigInt' | 'Bool' | 'String' | 'Bytes' | 'List' | 'Tuple' | 'Set' | 'Map' | 'Name' | 'Process';

const KINDS: Readonly<Partial<Record<Term['kind'], ValueType>>> = {
  integer: 'Int',
  'big-integer': 'BigInt',
  boolean: 'Bool',
  string: 'String',
  bytes: 'Bytes',
  list: 'List',
  tuple: 'Tuple',
  set: 'Set',
  map: 'Map',
  unforgeable: 'Name',
  send: 'Process',
  receive: 'Process',
};

/** Methods that give one kind of value whatever their target is. */
const METHOD_TYPES: ReadonlyMap<string, ValueType> = new Map<string, ValueType>([
  ['length', 'Int'],
  ['size', 'Int'],
  ['toInt', 'Int'],
  ['toBigInt', 'BigInt'],
  ['toString', 'String'],
  ['bytesToHex', 'String'],
  ['contains', 'Bool'],
  ['toList', 'List'],
  ['take', 'List'],
  ['toSet', 'Set'],
  ['keys', 'Set'],
  ['add', 'Set'],
  ['toMap', 'Map'],
  ['set', 'Map'],
  ['hexToBytes', 'Bytes'],
  ['toUtf8Bytes', 'Bytes'],
  ['toByteArray', 'Bytes'],
]);

/** Collections of at most this many leaves are never too large. */
const MAXIMUM_SAFE = 1000;

const COMPARABLE: ReadonlySet<ValueType | undefined> = new Set<ValueType>(['Int', 'BigInt', 'String', 'Bool']);
const SHAPES = { list: 'List', tuple: 'Tuple', set: 'Set', map: 'Map', par: undefined } as const;

/** The kind of a term, if it has one of the kinds above. */
export function typeOfTerm(term: Term): ValueType | undefined {
  return KINDS[term.kind];
}

interface Fact {
  readonly type: ValueType | undefined;
  readonly constant: Term | undefined;
}

/**
 * What is known of the values of a procedure at one point of it: how they are computed, what kind they are, which are constant. What was learned
 * since a {@link mark} is forgotten by {@link restore}.
 */
export class Facts {
  readonly #definitions = new Map<ValueId, Expression>();
  readonly #facts = new Map<ValueId, Fact>();
  readonly #undo: (readonly [ValueId, Fact | undefined])[] = [];

  /** How a value is computed; `undefined` for one that a pattern binds. */
  definitionOf(value: ValueId): Expression | undefined {
    return this.#definitions.get(value);
  }

  /** The kind of a value. */
  typeOf(value: ValueId): ValueType | undefined {
    return this.#facts.get(value)?.type;
  }

  /** What a value is, if it is always the same. */
  constantOf(value: ValueId): Term | undefined {
    return this.#facts.get(value)?.constant;
  }

  /** The 64-bit integer that a value is, if it is always the same. */
  integerOf(value: ValueId): bigint | undefined {
    const constant = this.constantOf(value);
    return constant?.kind === 'integer' ? constant.value : undefined;
  }

  mark(): number {
    return this.#undo.length;
  }

  restore(mark: number): void {
    while (this.#undo.length > mark) {
      const [value, fact] = this.#undo.pop()!;
      if (fact === undefined) this.#facts.delete(value);
      else this.#facts.set(value, fact);
    }
  }

  #set(value: ValueId, fact: Fact): void {
    this.#undo.push([value, this.#facts.get(value)]);
    this.#facts.set(value, fact);
  }

  /** Learns that a value has a kind. */
  learnType(value: ValueId, type: ValueType | undefined): void {
    if (type !== undefined && this.typeOf(value) === undefined)
      this.#set(value, { type, constant: this.constantOf(value) });
  }

  /** Learns what a value is. */
  learnConstant(value: ValueId, constant: Term): void {
    this.#set(value, { type: typeOfTerm(constant) ?? this.typeOf(value), constant });
  }

  /** Takes in that a value was computed: how, of what kind it is, and what kinds its operands must have had. */
  define(value: ValueId, expression: Expression): void {
    this.#definitions.set(value, expression);
    this.#learnOperands(expression);
    if (expression.kind === 'constant') this.learnConstant(value, expression.term);
    else this.learnType(value, this.#typeOfExpression(expression));
  }

  #learnOperands(expression: Expression): void {
    switch (expression.kind) {
      case 'truth':
        this.learnType(expression.operand, 'Bool');
        break;
      case 'unary':
        if (expression.operator === 'not') this.learnType(expression.operand, 'Bool');
        break;
      case 'scale':
        this.learnType(expression.operand, 'Int');
        break;
      case 'binary': {
        const { operator, left, right } = expression;
        const [one, other] = [this.typeOf(left), this.typeOf(right)];
        if (['<', '<=', '>', '>='].includes(operator)) {
          if (COMPARABLE.has(one)) this.learnType(right, one);
          if (COMPARABLE.has(other)) this.learnType(left, other);
        } else if (['*', '/', '%'].includes(operator)) {
          if (other === 'Int' || other === 'BigInt') this.learnType(left, other);
          if (one === 'Int' || one === 'BigInt') this.learnType(right, one);
        } else if ((operator === '+' || operator === '-') && (one === 'Int' || one === 'BigInt')) {
          this.learnType(right, one);
        }
        break;
      }
      default:
        break;
    }
  }

  #typeOfExpression(expression: Expression): ValueType | undefined {
    switch (expression.kind) {
      case 'fresh':
        return 'Name';
      case 'unary':
        return expression.operator === 'not' ? 'Bool' : this.typeOf(expression.operand);
      case 'truth':
      case 'logic':
      case 'lazy':
      case 'matches':
        return 'Bool';
      case 'scale':
        return 'Int';
      case 'binary': {
        const { operator, left } = expression;
        switch (operator) {
          case '+':
          case '-':
          case '*':
          case '/':
          case '%':
          case '++':
          case '--':
            return this.typeOf(left);
          case '%%':
            return 'String';
          default:
            return 'Bool';
        }
      }
      case 'method':
        return METHOD_TYPES.get(expression.method);
      case 'collection':
        return SHAPES[expression.shape];
      case 'usable':
        return this.typeOf(expression.channel);
      default:
        return undefined;
    }
  }

  /** Tells whether computing an expression may end the run. */
  mayFail(expression: Expression): boolean {
    switch (expression.kind) {
      case 'constant':
      case 'argument':
      case 'fresh':
      case 'logic':
        return false;
      case 'unary': {
        const type = this.typeOf(expression.operand);
        return expression.operator === 'not' ? type !== 'Bool' : type !== 'Int' && type !== 'BigInt';
      }
      case 'truth':
        return this.typeOf(expression.operand) !== 'Bool';
      case 'scale':
        return this.typeOf(expression.operand) !== 'Int';
      case 'binary':
        return this.#binaryMayFail(expression.operator, expression.left, expression.right);
      case 'quote':
      case 'close':
        return expression.environment.length > 0;
      case 'usable':
        return !this.isNoBundle(expression.channel);
      case 'collection':
        return expression.elements.length > MAXIMUM_SAFE || !expression.elements.every((value) => this.#isSmall(value));
      default:
        return true;
    }
  }

  /** Tells whether a value surely is a leaf of a few bytes, so that a collection of it is neither too large nor too deep. */
  #isSmall(value: ValueId): boolean {
    const type = this.typeOf(value);
    return type === 'Int' || type === 'Bool' || type === 'Name';
  }

  #binaryMayFail(operator: string, left: ValueId, right: ValueId): boolean {
    const [one, other] = [this.typeOf(left), this.typeOf(right)];
    switch (operator) {
      case '==':
      case '!=':
        return false;
      case '<':
      case '<=':
      case '>':
      case '>=':
        return one !== other || !COMPARABLE.has(one);
      case '+':
      case '-':
      case '*':
        return one !== 'Int' || other !== 'Int';
      case '/':
      case '%':
        return one !== 'Int' || other !== 'Int' || (this.integerOf(right) ?? 0n) === 0n;
      default:
        return true;
    }
  }

  /** Tells whether a value surely is no bundle, so that it is usable as a channel as it is. */
  isNoBundle(value: ValueId): boolean {
    const constant = this.constantOf(value);
    if (constant !== undefined) return constant.kind !== 'bundle';
    if (this.typeOf(value) !== undefined) return true;
    return this.definitionOf(value)?.kind === 'usable';
  }
}
