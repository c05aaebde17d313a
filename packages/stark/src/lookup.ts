/**
 * Buses as sums of fractions: the log-derivative argument.
 *
 * A message is m / (offset - bus - Σ ratio^(k+1)·t_k), positive where it is sent and negative where it is received. For random
 * `offset` and `ratio` the sum over all rows of all tables is zero only if every tuple cancels, up to an error of about (number of
 * messages)·(length of tuples)/|E|; the multiplicities must not add up to p.
 * Haböck, "Multivariate lookups based on logarithmic derivatives", ePrint 2022/1530.
 *
 * @module
 */
import { batchInverseElements, type ExtensionElement, type ExtensionField, MODULUS } from '@commute/field';
import { fractionSum } from '@commute/poly-commit';
import { type PublicMessage } from './check.ts';
import { type ExpressionGraph, type Node } from './graph.ts';
import { constraintsOf, type Constraint, type Message } from './symbolic.ts';
import { type Table } from './table.ts';

/** Names of the two challenges of all buses that must cancel in a proof, in this order. */
export const LOOKUP_CHALLENGES = ['lookup offset', 'lookup ratio'] as const;

/** Names of the two external challenges of all exposed buses, in this order. */
export const EXPOSED_CHALLENGES = ['exposed offset', 'exposed ratio'] as const;

/** Numbers of buses, from 1, by name; all tables of a proof use one map. */
export type BusNumbers = ReadonlyMap<string, number>;

/** The numbers of the buses of these tables and messages, in the order of their names, exposed ones left out. */
export function numberBuses(
  tables: readonly Table[],
  publicMessages: readonly PublicMessage[] = [],
  exposedBuses: readonly string[] = [],
): BusNumbers {
  const names = new Set(tables.flatMap((table) => constraintsOf(table).messages.map(({ bus }) => bus)));
  for (const { bus } of publicMessages) names.add(bus);
  for (const bus of exposedBuses) names.delete(bus);
  return new Map([...names].sort().map((name, index) => [name, index + 1]));
}

/** One auxiliary column: the sum of some fractions of its row. */
export interface FractionColumn {
  /** Numbers of the nodes; numerators carry their sign. */
  readonly fractions: readonly { readonly numerator: number; readonly denominator: number }[];
}

/** Where the columns of some messages stand and what their sum is claimed to be. */
export interface LookupPlace {
  /** Part of the names of the constraints. */
  readonly name: 'lookup' | 'exposed lookup';
  /** Number of the first auxiliary column to use. */
  readonly firstColumn: number;
  /** Number of the first of the two challenges. */
  readonly challenge: number;
  /** The node of the claimed sum. */
  readonly claim: Node;
}

/** Columns and constraints of a table's messages. The last auxiliary column is the running sum. */
export interface LookupColumns {
  readonly fractionColumns: readonly FractionColumn[];
  readonly constraints: readonly Constraint[];
}

/**
 * Adds the columns of messages to a graph: as many fractions per column as the degree allows, and the running sum.
 */
export function addLookups(
  graph: ExpressionGraph,
  messages: readonly Message[],
  buses: BusNumbers,
  maximumDegree: number,
  { name, firstColumn, challenge, claim }: LookupPlace,
): LookupColumns {
  if (messages.length === 0) return { fractionColumns: [], constraints: [] };
  const combine = (kind: 'add' | 'subtract' | 'multiply', left: number, right: number): number =>
    graph.add({ kind, left, right });
  const sum = (terms: readonly number[]): number => terms.reduce((a, b) => combine('add', a, b), graph.constant(0n));
  const product = (terms: readonly number[]): number =>
    terms.reduce((a, b) => combine('multiply', a, b), graph.constant(1n));
  const offset = graph.add({ kind: 'challenge', index: challenge });
  const ratio = graph.add({ kind: 'challenge', index: challenge + 1 });
  const degree = (index: number): number => graph.facts(index).degree;

  const fractions = messages.map(({ bus, direction, tuple, multiplicity }) => {
    let power = graph.constant(1n);
    const weighted = tuple.map((term) => {
      power = combine('multiply', power, ratio);
      return combine('multiply', power, term);
    });
    const fingerprint = combine('add', sum(weighted), graph.constant(BigInt(buses.get(bus)!)));
    return {
      numerator: direction === 'send' ? multiplicity : combine('subtract', graph.constant(0n), multiplicity),
      denominator: combine('subtract', offset, fingerprint),
    };
  });
  type Fraction = (typeof fractions)[number];
  const degreeOf = (group: readonly Fraction[]): number => {
    const all = group.reduce((total, { denominator }) => total + degree(denominator), 0);
    return Math.max(1 + all, ...group.map((each) => all - degree(each.denominator) + degree(each.numerator)));
  };
  const groups: Fraction[][] = [];
  for (const fraction of fractions) {
    const group = groups.find((each) => degreeOf([...each, fraction]) <= maximumDegree);
    if (group === undefined) groups.push([fraction]);
    else group.push(fraction);
  }

  const cell = (column: number, next = false): number => graph.add({ kind: 'cell', area: 'auxiliary', column, next });
  const constraints: Constraint[] = groups.map((group, index) => {
    const left = combine('multiply', cell(firstColumn + index), product(group.map(({ denominator }) => denominator)));
    const right = sum(
      group.map(({ numerator }, i) =>
        combine('multiply', numerator, product(group.filter((_, j) => j !== i).map(({ denominator }) => denominator))),
      ),
    );
    return { name: `${name} fraction ${String(index + 1)}`, rows: 'every', root: combine('subtract', left, right) };
  });
  const running = firstColumn + groups.length;
  const here = sum(groups.map((_, index) => cell(firstColumn + index)));
  const after = combine('add', cell(running), here);
  constraints.push(
    { name: `${name} sum starts at zero`, rows: 'first', root: cell(running) },
    { name: `${name} sum goes on`, rows: 'transition', root: combine('subtract', cell(running, true), after) },
    { name: `${name} sum ends at its claim`, rows: 'last', root: combine('subtract', after, graph.add(claim)) },
  );
  return { fractionColumns: groups.map((group) => ({ fractions: group })), constraints };
}

/** The numbers of exposed buses: their places in the list, from 1. Systems whose sums are added up must be given one list. */
export function numberExposedBuses(exposedBuses: readonly string[]): BusNumbers {
  return new Map(exposedBuses.map((name, index) => [name, index + 1]));
}

/**
 * The sum of the fractions of messages, positive where they are sent: with the terminals of all tables it must be zero.
 *
 * @param challenges - offset and ratio.
 * @returns `undefined` if a tuple hits the random offset.
 */
export function publicSum(
  messages: readonly PublicMessage[],
  buses: BusNumbers,
  challenges: readonly [ExtensionElement, ExtensionElement],
  field: ExtensionField,
): ExtensionElement | undefined {
  const [offset, ratio] = challenges;
  const denominators = messages.map(({ bus, tuple }) => {
    // Horner's rule: bus + ratio·(t_0 + ratio·(t_1 + …)).
    const fingerprint = [BigInt(buses.get(bus)!), ...tuple].reduceRight<ExtensionElement>(
      (inner, term) => field.add(field.multiply(inner, ratio), field.fromBase(term)),
      field.zero,
    );
    return field.subtract(offset, fingerprint);
  });
  if (denominators.some((each) => field.equals(each, field.zero))) return undefined;
  const inverses = batchInverseElements(field, denominators);
  return messages.reduce<ExtensionElement>((sum, { direction, multiplicity }, index) => {
    const count = direction === 'send' || multiplicity === 0n ? multiplicity : MODULUS - multiplicity;
    return field.add(sum, field.scale(inverses[index]!, count));
  }, field.zero);
}

/** The same by kernels, where the host has them and the extension is the default one: words are quick where messages are many. */
export function publicSumByKernels(
  messages: readonly PublicMessage[],
  buses: BusNumbers,
  [offset, ratio]: readonly [ExtensionElement, ExtensionElement],
  field: ExtensionField,
): ExtensionElement | undefined {
  const width = 1 + messages.reduce((widest, { tuple }) => Math.max(widest, tuple.length), 0);
  const rows = new BigUint64Array(width * messages.length);
  const counts = new BigUint64Array(messages.length);
  let row = 0;
  for (const { bus, direction, tuple, multiplicity } of messages) {
    const at = width * row;
    rows[at] = BigInt(buses.get(bus)!);
    for (let k = 0; k < tuple.length; k++) rows[at + 1 + k] = tuple[k]!;
    counts[row++] = direction === 'send' || multiplicity === 0n ? multiplicity : MODULUS - multiplicity;
  }
  const sum = fractionSum(field, rows, width, counts, offset, ratio);
  if (sum === undefined) return publicSum(messages, buses, [offset, ratio], field);
  return sum === 'pole' ? undefined : sum;
}
