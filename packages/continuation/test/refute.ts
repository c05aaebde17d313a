/*
 * Does something follow from the constraints on a row? Its negation is added to them, and then all cases are gone through, each until two of
 * its equations contradict each other or a lookup finds nothing. Exact: polynomials over the field, no sampling.
 */
import { constraintsOf, type Table } from '@commute/stark';
import { isInTable, P, quotient } from './needs.ts';

/** Coefficients by monomial: the names of its variables in order, joined by `*`. */
type Polynomial = ReadonlyMap<string, bigint>;

const modulo = (value: bigint): bigint => ((value % P) + P) % P;
const constant = (value: bigint): Polynomial => new Map(modulo(value) === 0n ? [] : [['', modulo(value)]]);

const known = new Map<string, readonly string[]>([['', []]]);
function variablesOf(monomial: string): readonly string[] {
  let variables = known.get(monomial);
  if (variables === undefined) known.set(monomial, (variables = monomial.split('*')));
  return variables;
}

function sum(left: Polynomial, right: Polynomial, factor = 1n): Polynomial {
  const terms = new Map(left);
  for (const [monomial, coefficient] of right) {
    const total = modulo((terms.get(monomial) ?? 0n) + factor * coefficient);
    if (total === 0n) terms.delete(monomial);
    else terms.set(monomial, total);
  }
  return terms;
}

function product(left: Polynomial, right: Polynomial): Polynomial {
  let terms: Polynomial = new Map();
  for (const [one, coefficient] of left) {
    const part = new Map<string, bigint>();
    for (const [other, factor] of right) {
      part.set([...variablesOf(one), ...variablesOf(other)].sort().join('*'), modulo(coefficient * factor));
    }
    terms = sum(terms, part);
  }
  return terms;
}

/** With a variable replaced. */
function substitute(polynomial: Polynomial, name: string, value: Polynomial): Polynomial {
  if (![...polynomial.keys()].some((monomial) => variablesOf(monomial).includes(name))) return polynomial;
  let terms: Polynomial = new Map();
  const kept = new Map<string, bigint>();
  for (const [monomial, coefficient] of polynomial) {
    const variables = variablesOf(monomial);
    if (!variables.includes(name)) {
      kept.set(monomial, coefficient);
      continue;
    }
    let part: Polynomial = new Map([[variables.filter((each) => each !== name).join('*'), coefficient]]);
    for (const each of variables) if (each === name) part = product(part, value);
    terms = sum(terms, part);
  }
  return sum(kept, terms);
}

/** The value of a constant. */
function valueOf(polynomial: Polynomial): bigint | undefined {
  if (polynomial.size === 0) return 0n;
  return polynomial.size === 1 ? polynomial.get('') : undefined;
}

/** A product that is zero. */
interface Equation {
  readonly name: string;
  readonly factors: readonly Polynomial[];
}

/** A tuple that has to be in a table of fixed contents if it is asked for. */
interface Lookup {
  readonly bus: string;
  readonly multiplicity: Polynomial;
  readonly tuple: readonly Polynomial[];
}

/** A case. */
interface Case {
  readonly equations: readonly Equation[];
  readonly lookups: readonly Lookup[];
  readonly notZero: readonly Polynomial[];
}

const equals = (left: Polynomial, right: Polynomial): boolean =>
  left.size === right.size && [...left].every(([monomial, coefficient]) => right.get(monomial) === coefficient);

/** A variable that a polynomial gives when it is zero, and what it is then. */
function solved(polynomial: Polynomial): readonly [name: string, value: Polynomial] | undefined {
  const monomials = [...polynomial.keys()];
  const name = monomials.find(
    (each) =>
      each !== '' &&
      !each.includes('*') &&
      monomials.every((other) => other === each || !variablesOf(other).includes(each)),
  );
  if (name === undefined) return undefined;
  const coefficient = polynomial.get(name)!;
  const rest = new Map(polynomial);
  rest.delete(name);
  return [name, new Map([...rest].map(([monomial, each]) => [monomial, quotient(P - each, coefficient)]))];
}

/** The same polynomials, or combinations of them: each begins with a monomial, of the highest degree first, that no other has. */
function reduced(polynomials: readonly Polynomial[]): Polynomial[] {
  const degree = (monomial: string): number => variablesOf(monomial).length;
  const rows: { readonly lead: string; readonly polynomial: Polynomial }[] = [];
  for (const each of polynomials) {
    let rest = each;
    for (const { lead, polynomial } of rows) rest = sum(rest, polynomial, P - (rest.get(lead) ?? 0n));
    if (rest.size === 0) continue;
    const lead = [...rest.keys()].reduce((best, other) => (degree(other) > degree(best) ? other : best));
    const inverse = quotient(1n, rest.get(lead)!);
    rows.push({ lead, polynomial: product(rest, constant(inverse)) });
  }
  return rows.map(({ polynomial }) => polynomial);
}

const sizeOf = ({ factors }: Equation): number =>
  factors.reduce((total, factor) => total + factor.size, 100 * factors.length);

/**
 * Goes through a case.
 *
 * @param first - constraints whose factors are told apart before others are.
 * @returns equations that hold in a part of it where nothing contradicts them; `undefined` where there is no such part.
 */
function consistent(given: Case, first: readonly string[]): Case | undefined {
  let { equations, lookups, notZero } = given;
  for (;;) {
    if (notZero.some((each) => each.size === 0)) return undefined;
    const isNotZero = (polynomial: Polynomial): boolean =>
      (valueOf(polynomial) ?? 0n) !== 0n || notZero.some((each) => equals(each, polynomial));
    equations = equations.flatMap(({ name, factors }) =>
      factors.some((factor) => factor.size === 0)
        ? []
        : [{ name, factors: factors.filter((factor) => !isNotZero(factor)) }],
    );
    if (equations.some(({ factors }) => factors.length === 0)) return undefined;
    const finds = ({ bus, multiplicity, tuple }: Lookup): boolean => {
      const values = tuple.map(valueOf);
      if (!isNotZero(multiplicity) || values.includes(undefined)) return true;
      return isInTable(bus, values as bigint[]) !== false;
    };
    if (!lookups.every(finds)) return undefined;
    const single = equations.filter(({ factors }) => factors.length === 1).map(({ factors: [only] }) => only!);
    const solutionsOf = (list: readonly Polynomial[]): { solution: readonly [string, Polynomial]; size: number }[] =>
      list.flatMap((each) => {
        const solution = solved(each);
        return solution === undefined ? [] : [{ solution, size: each.size }];
      });
    let solutions = solutionsOf(single);
    if (solutions.length === 0) {
      const combined = reduced(single);
      if (combined.some((each) => valueOf(each) !== undefined)) return undefined;
      solutions = solutionsOf(combined);
    }
    if (solutions.length === 0) break;
    const [name, value] = solutions.reduce((best, each) => (each.size < best.size ? each : best)).solution;
    const replace = (polynomial: Polynomial): Polynomial => substitute(polynomial, name, value);
    equations = equations.map((each) => ({ name: each.name, factors: each.factors.map(replace) }));
    lookups = lookups.map(({ bus, multiplicity, tuple }) => ({
      bus,
      multiplicity: replace(multiplicity),
      tuple: tuple.map(replace),
    }));
    notZero = notZero.map(replace);
  }
  const open = equations.filter(({ factors }) => factors.length > 1);
  const choice =
    first.map((name) => open.find((each) => each.name === name)).find((each) => each !== undefined) ??
    open.reduce<Equation | undefined>(
      (best, each) => (best === undefined || sizeOf(each) < sizeOf(best) ? each : best),
      undefined,
    );
  if (choice === undefined) return { equations, lookups, notZero };
  const others = equations.filter((each) => each !== choice);
  const known = [...notZero];
  for (const factor of choice.factors) {
    const part = { equations: [...others, { name: choice.name, factors: [factor] }], lookups, notZero: [...known] };
    const found = consistent(part, first);
    if (found !== undefined) return found;
    known.push(factor);
  }
  return undefined;
}

/** What {@link counterexample} is asked about. */
export interface Question {
  /** Every variable is the name of a column, or of a public value. */
  readonly notZero: (variable: (name: string) => Polynomial) => readonly Polynomial[];
  /** Constraints whose factors are told apart first. */
  readonly first?: readonly string[];
  /** Values of public values; unknowns by default. */
  readonly publicValues?: Readonly<Record<string, bigint>>;
  /** Buses whose lookups may be relied on; none by default. */
  readonly buses?: readonly string[];
}

/** Operations on polynomials, for questions. */
export const polynomials: {
  readonly constant: (value: bigint) => Polynomial;
  readonly sum: (...terms: readonly Polynomial[]) => Polynomial;
} = {
  constant,
  sum: (...terms: readonly Polynomial[]): Polynomial => terms.reduce((total, each) => sum(total, each)),
};

/** Expands the terms of a table. */
function expander(table: Table, publicValues: Readonly<Record<string, bigint>>): (node: number) => Polynomial {
  const { graph } = constraintsOf(table);
  const known = new Map<number, Polynomial>();
  const expand = (index: number): Polynomial => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const node = graph.node(index);
    let result: Polynomial;
    switch (node.kind) {
      case 'constant':
        result = constant(node.value);
        break;
      case 'cell':
        result = new Map([[`${table.names[node.area][node.column]!}${node.next ? "'" : ''}`, 1n]]);
        break;
      case 'public': {
        const name = table.publicValues[node.index]!;
        const value = publicValues[name];
        result = value === undefined ? new Map([[name, 1n]]) : constant(value);
        break;
      }
      case 'add':
        result = sum(expand(node.left), expand(node.right));
        break;
      case 'subtract':
        result = sum(expand(node.left), expand(node.right), -1n);
        break;
      case 'multiply':
        result = product(expand(node.left), expand(node.right));
        break;
      default:
        throw new Error(`no ${node.kind} in a table of the machine`);
    }
    known.set(index, result);
    return result;
  };
  return expand;
}

/**
 * Looks for a row that satisfies all constraints on single rows of a table, and on which some polynomials are not zero.
 *
 * @returns equations of such a row as text, as far as they are solved; `undefined` if there is none, which is proved then.
 */
export function counterexample(table: Table, question: Question): string[] | undefined {
  const { notZero, first = [], publicValues = {}, buses = [] } = question;
  const { graph, constraints, messages } = constraintsOf(table);
  const expand = expander(table, publicValues);
  const factorsOf = (index: number): Polynomial[] => {
    const node = graph.node(index);
    return node.kind === 'multiply' ? [...factorsOf(node.left), ...factorsOf(node.right)] : [expand(index)];
  };
  const found = consistent(
    {
      equations: constraints
        .filter(({ rows }) => rows === 'every')
        .map(({ name, root }) => ({ name, factors: factorsOf(root) })),
      lookups: messages
        .filter(({ bus }) => buses.includes(bus))
        .map(({ bus, multiplicity, tuple }) => ({
          bus,
          multiplicity: expand(multiplicity),
          tuple: tuple.map(expand),
        })),
      notZero: notZero((name) => new Map([[name, 1n]])),
    },
    first,
  );
  const format = (polynomial: Polynomial): string =>
    [...polynomial].map(([monomial, coefficient]) => `${String(coefficient)}*${monomial}`).join(' + ');
  return found && [...found.equations.flatMap(({ factors }) => factors), ...found.notZero].map(format);
}

/** How often a table sends to a bus on a row: each message, equal numbers once. */
export function multiplicities(table: Table, bus: string): Polynomial[] {
  const expand = expander(table, {});
  const found: Polynomial[] = [];
  for (const message of constraintsOf(table).messages) {
    const multiplicity = expand(message.multiplicity);
    if (message.bus === bus && !found.some((each) => equals(each, multiplicity))) found.push(multiplicity);
  }
  return found;
}
