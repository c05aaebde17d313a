/**
 * What several tables are made of: bytes, accesses to cells, kinds of rows, products in the cubic extension.
 *
 * @module
 */
import { MEMORY_BUS } from '@commute/continuation';
import { type EveryRowScope, type Operand, type Term } from '@commute/stark';

/** The bus on which bytes are looked up. */
export const BYTES_BUS = 'bytes';

/** The number whose digits to base 2^`bits` are the terms, least first. */
export function joinDigits(digits: readonly Term[], bits: number): Term {
  const [least, ...others] = digits as [Term, ...Term[]];
  return others.reduce((sum, digit, k) => sum.add(digit.multiply(1n << BigInt(bits * (k + 1)))), least);
}

/** The number whose bytes are the terms, least first. */
export function joinBytes(bytes: readonly Term[]): Term {
  return joinDigits(bytes, 8);
}

/** Demands that terms are bytes. */
export function checkBytes(scope: EveryRowScope, bytes: readonly Term[]): void {
  for (const byte of bytes) scope.send(BYTES_BUS, [byte]);
}

/** The sum of terms. */
export function sumOf(terms: readonly Term[]): Term {
  return terms.reduce((sum, term) => sum.add(term));
}

/** An access to a cell. The bytes of `gap` are the time since the access before, less 1: so that time goes on. */
export interface Access {
  readonly key: Operand;
  readonly before: Operand;
  readonly after: Operand;
}

/** Takes cells that were accessed at one time, and puts them back at another, after it. */
export function accessCells(scope: EveryRowScope, time: Term, gap: readonly Term[], accesses: readonly Access[]): void {
  const previous = time.subtract(joinBytes(gap)).subtract(1);
  for (const { key, before, after } of accesses) {
    scope.receive(MEMORY_BUS, [key, before, previous]);
    scope.send(MEMORY_BUS, [key, after, time]);
  }
  checkBytes(scope, gap);
}

/** Demands of kinds of rows that at most one is set, each 0 or 1. @returns whether one is set. */
export function chooseKind(scope: EveryRowScope, kinds: Readonly<Record<string, Term>>): Term {
  for (const [name, kind] of Object.entries(kinds)) scope.assertBoolean(`kind: ${name} is 0 or 1`, kind);
  const used = sumOf(Object.values(kinds));
  scope.assertBoolean('kind: at most one is set', used);
  return used;
}

/** Demands of `some`, 0 or 1 each, that those which are 1 come first. @returns how many are 1. */
export function countPrefix(scope: EveryRowScope, some: readonly Term[]): Term {
  some.forEach((each, k) => {
    scope.assertBoolean(`some[${String(k)}] is 0 or 1`, each);
    if (k > 0) scope.assertZero(`some[${String(k)}] comes after another`, each.multiply(some[k - 1]!.complement()));
  });
  return sumOf(some);
}

/** An element of the extension by its coefficients. */
export type Cubic = readonly [Term, Term, Term];

/** The product modulo x³ - x + 1. */
export function multiplyCubic([a0, a1, a2]: Cubic, [b0, b1, b2]: Cubic): Cubic {
  const third = a1.multiply(b2).add(a2.multiply(b1));
  const fourth = a2.multiply(b2);
  return [
    a0.multiply(b0).subtract(third),
    a0.multiply(b1).add(a1.multiply(b0)).add(third).subtract(fourth),
    a0.multiply(b2).add(a1.multiply(b1)).add(a2.multiply(b0)).add(fourth),
  ];
}
