/**
 * What constraints are written with: terms, which each builder fills with what it needs.
 *
 * @module
 */
import { add, type ExtensionElement, type ExtensionField, multiply, negate, reduce, subtract } from '@commute/field';
import { StarkError } from './errors.ts';

/** A term of the same builder, or a constant; negative and large integers are reduced modulo p. */
export type Operand = Term | bigint | number;

/**
 * A value in a constraint: a cell, a public value, a challenge, a constant, or a combination of them.
 *
 * Terms are immutable. What they are depends on who runs `eval`: nodes of a graph, or numbers.
 */
export interface Term {
  readonly add: (other: Operand) => Term;
  readonly subtract: (other: Operand) => Term;
  readonly multiply: (other: Operand) => Term;
  readonly negate: () => Term;
  /** 1 - this: the complement of a boolean. */
  readonly complement: () => Term;
}

/** An element of the base field, or of the extension. */
export type Value = bigint | ExtensionElement;

/** Arithmetic on elements of both fields; a result is in the base field if both operands are. */
export interface ValueField {
  readonly extension: ExtensionField;
  readonly add: (a: Value, b: Value) => Value;
  readonly subtract: (a: Value, b: Value) => Value;
  readonly multiply: (a: Value, b: Value) => Value;
  readonly isZero: (a: Value) => boolean;
}

/** Arithmetic on bigints and elements of `extension`, mixed. */
export function createValueField(extension: ExtensionField): ValueField {
  const lift = (a: Value): ExtensionElement => (typeof a === 'bigint' ? extension.fromBase(a) : a);
  return {
    extension,
    add: (a, b) => (typeof a === 'bigint' && typeof b === 'bigint' ? add(a, b) : extension.add(lift(a), lift(b))),
    subtract: (a, b) =>
      typeof a === 'bigint' && typeof b === 'bigint' ? subtract(a, b) : extension.subtract(lift(a), lift(b)),
    multiply: (a, b) => {
      if (typeof a === 'bigint') return typeof b === 'bigint' ? multiply(a, b) : extension.scale(b, a);
      return typeof b === 'bigint' ? extension.scale(a, b) : extension.multiply(a, b);
    },
    isZero: (a) => (typeof a === 'bigint' ? a === 0n : a.every((word) => word === 0n)),
  };
}

/** The constant that an integer stands for. @throws {@link StarkError} `STARK_TERM` for a number that is no safe integer. */
export function constantOf(value: bigint | number): bigint {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new StarkError('STARK_TERM', 'constant', 'a safe integer', String(value));
  }
  return reduce(BigInt(value));
}

/** A term that is a number: what the builders that run on concrete rows make. */
export class ConcreteTerm implements Term {
  readonly field: ValueField;
  readonly value: Value;

  constructor(field: ValueField, value: Value) {
    this.field = field;
    this.value = value;
  }

  #operand(other: Operand): Value {
    if (typeof other === 'bigint' || typeof other === 'number') return constantOf(other);
    return concreteValue(other);
  }

  add = (other: Operand): Term => new ConcreteTerm(this.field, this.field.add(this.value, this.#operand(other)));
  subtract = (other: Operand): Term =>
    new ConcreteTerm(this.field, this.field.subtract(this.value, this.#operand(other)));
  multiply = (other: Operand): Term =>
    new ConcreteTerm(this.field, this.field.multiply(this.value, this.#operand(other)));
  negate = (): Term =>
    new ConcreteTerm(
      this.field,
      typeof this.value === 'bigint' ? negate(this.value) : this.field.extension.negate(this.value),
    );
  complement = (): Term => new ConcreteTerm(this.field, this.field.subtract(1n, this.value));
}

/** The number behind a term. @throws {@link StarkError} `STARK_TERM` for a term of another kind of builder. */
export function concreteValue(term: Term): Value {
  if (!(term instanceof ConcreteTerm)) throw new StarkError('STARK_TERM', 'term', 'one of this builder', 'another');
  return term.value;
}
