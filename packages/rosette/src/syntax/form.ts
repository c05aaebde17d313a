import type { Located } from '@commute/rholang';

/** A variable, the name of a special form, an operator, a method, `nil`, `#t`, `#f`, `_` or a type. */
export interface SymbolForm extends Located {
  readonly kind: 'symbol';
  readonly name: string;
}

/** An integer of 64 bits, or with the suffix `n` of any size. */
export interface IntegerForm extends Located {
  readonly kind: 'integer' | 'big-integer';
  readonly value: bigint;
}

/** A text in double quotes. */
export interface StringForm extends Located {
  readonly kind: 'string';
  readonly value: string;
}

/** Forms in round or square brackets. */
export interface ListForm extends Located {
  readonly kind: 'round' | 'square';
  readonly items: readonly Form[];
  /** Place in the Rholang source that the form was made from, if that is known. */
  readonly origin: Located | undefined;
}

/**
 * The syntax tree of Rosette source: atoms and bracketed lists. `start` and `end` are the range in the text, UTF-16 code units; zero in a
 * form that was not read.
 */
export type Form = SymbolForm | IntegerForm | StringForm | ListForm;

/** Tells lists from atoms. */
export function isListForm(form: Form): form is ListForm {
  return form.kind === 'round' || form.kind === 'square';
}

const NOWHERE = { start: 0, end: 0 } as const;

/** A symbol that was not read. */
export function symbolForm(name: string): SymbolForm {
  return { kind: 'symbol', name, ...NOWHERE };
}

/** A text that was not read. */
export function stringForm(value: string): StringForm {
  return { kind: 'string', value, ...NOWHERE };
}

/** An integer that was not read. */
export function integerForm(kind: IntegerForm['kind'], value: bigint): IntegerForm {
  return { kind, value, ...NOWHERE };
}

/** A list in round brackets with a symbol in front, that was not read. */
export function roundForm(head: string, items: readonly Form[], origin?: Located): ListForm {
  return { kind: 'round', items: [symbolForm(head), ...items], origin, ...NOWHERE };
}

/** A list in square brackets that was not read. */
export function squareForm(items: readonly Form[]): ListForm {
  return { kind: 'square', items, origin: undefined, ...NOWHERE };
}
