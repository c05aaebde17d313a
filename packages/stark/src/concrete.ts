/**
 * Running `eval` on the cells of one row of a trace.
 *
 * @module
 */
import { createExtensionField, type ExtensionElement } from '@commute/field';
import { type Direction, type RowKind } from './builder.ts';
import { type Table } from './table.ts';
import { ConcreteTerm, concreteValue, constantOf, createValueField, type Value, type ValueField } from './term.ts';
import { type Trace } from './trace.ts';

/** A trace with what depends on challenges. */
export interface FullTrace extends Trace {
  readonly auxiliary: readonly (readonly ExtensionElement[])[];
  /** By the table's order of names. */
  readonly challenges: readonly ExtensionElement[];
  /** By the table's order of names. */
  readonly exposed: readonly ExtensionElement[];
}

/** A tuple with numbers in it. */
export interface ConcreteMessage {
  readonly bus: string;
  readonly direction: Direction;
  readonly tuple: readonly bigint[];
  readonly multiplicity: bigint;
}

/** What the constraints and messages of a row are worth, in the order of `eval`. */
export interface RowResult {
  readonly constraints: readonly { readonly name: string; readonly rows: RowKind; readonly value: Value }[];
  readonly messages: readonly ConcreteMessage[];
}

let cubic: ValueField | undefined;

/** The base field and its default cubic extension. */
export function cubicValues(): ValueField {
  cubic ??= createValueField(createExtensionField());
  return cubic;
}

/** Whether constraints on `kind` hold on a row of a trace with `rows` rows. */
export function appliesTo(kind: RowKind, row: number, rows: number): boolean {
  switch (kind) {
    case 'first':
      return row === 0;
    case 'last':
      return row === rows - 1;
    case 'every':
      return true;
    default:
      return row < rows - 1;
  }
}

/** Runs `eval` on a row. The row after the last is the first; no constraint that applies there may read it. */
export function evaluateRow(table: Table, trace: FullTrace, row: number, field: ValueField = cubicValues()): RowResult {
  const constraints: { name: string; rows: RowKind; value: Value }[] = [];
  const messages: ConcreteMessage[] = [];
  const following = (row + 1) % trace.rows;
  const { extension } = field;
  const base = (value: Value): bigint => (typeof value === 'bigint' ? value : value[0]!);
  table.run({
    cell: (area, column, next) => new ConcreteTerm(field, trace[area][column]![next ? following : row]!),
    publicValue: (index) => new ConcreteTerm(field, trace.publicValues[index]!),
    challenge: (index) => new ConcreteTerm(field, trace.challenges[index]!),
    exposed: (index) => new ConcreteTerm(field, trace.exposed[index]!),
    basis: (power) =>
      new ConcreteTerm(field, power === 0 ? 1n : extension.zero.map((_, index) => (index === power ? 1n : 0n))),
    constant: (value) => new ConcreteTerm(field, constantOf(value)),
    constraint: (name, rows, value) => {
      constraints.push({ name, rows, value: concreteValue(value) });
    },
    message: (bus, direction, tuple, multiplicity) => {
      messages.push({
        bus,
        direction,
        tuple: tuple.map((each) => base(concreteValue(each))),
        multiplicity: base(concreteValue(multiplicity)),
      });
    },
  });
  return { constraints, messages };
}

/** Challenges for runs without a proof, the same for the same name every time: not random, never for a proof. */
export function fixedChallenges(names: readonly string[]): ExtensionElement[] {
  const { extension } = cubicValues();
  return names.map((name) => {
    // SplitMix64, started from the name.
    let state = new TextEncoder().encode(name).reduce((sum, byte) => (sum * 31n + BigInt(byte)) & WORD, 17n);
    return extension.zero.map(() => {
      state = (state + 0x9e3779b97f4a7c15n) & WORD;
      let mixed = state;
      mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & WORD;
      mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & WORD;
      return constantOf(mixed ^ (mixed >> 31n));
    });
  });
}

const WORD = 0xffffffffffffffffn;
