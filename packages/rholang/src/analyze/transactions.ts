import type { Located } from '../syntax/tree.ts';
import { forEachPart } from '../term/parts.ts';
import type { NewTerm, ReceiveTerm, Term } from '../term/term.ts';
import type { AnalysisOptions } from './demand.ts';
import { FLOW_BUDGET, FlowBudgetExhausted } from './flow.ts';
import type { Finding } from './observability.ts';
import { placeFields } from './place.ts';

/** Closed set of what can be wrong with the transactions of a cell. */
export type TransactionReason =
  /** A transaction takes the value, and on some path nothing puts one back: whoever takes it next waits for ever. */
  | 'lost-value'
  /** A transaction puts back more than one value on some path. */
  | 'duplicated-value'
  /** A transaction takes the value again before anything can have put it back: it waits for itself. */
  | 'taken-twice'
  /** A transaction keeps the value while it waits for other messages. */
  | 'held-value'
  /** The program is too large to analyse. */
  | 'analysis-limit';

/** A private name that holds one value, which transactions take and put back. */
export interface Cell {
  /** Place of the `new` that makes it. */
  readonly place: Located | undefined;
  /** Number of the name in its `new`. */
  readonly index: number;
  /** Number of receives that take the value. */
  readonly transactions: number;
  /** Number of receives that only read it. */
  readonly reads: number;
  /** True if every transaction puts exactly one value back at once, whatever path it goes: then the cell is never empty where a run comes to rest. */
  readonly atomic: boolean;
}

/** The cells of a program, and what is wrong with their transactions, in the order of the source. */
export interface TransactionResult {
  /** False if a transaction waits for itself. */
  readonly ok: boolean;
  readonly cells: readonly Cell[];
  readonly findings: readonly Finding<TransactionReason>[];
}

const MESSAGES: Readonly<Record<TransactionReason, readonly [message: string, hint: string | undefined]>> = {
  'lost-value': [
    'transaction: expected one value to be put back, got a path that puts back none',
    'put a value back on every path, or read it with `<<-`',
  ],
  'duplicated-value': ['transaction: expected one value to be put back, got a path that puts back more', undefined],
  'taken-twice': [
    'transaction: expected a value to be put back first, got a receive that waits for the value this transaction has taken',
    'put the value back before it is taken again',
  ],
  'held-value': [
    'transaction: the value is kept until other messages arrive; others wait for it so long',
    'wait first and take the value then, or in one receive with `&`',
  ],
  'analysis-limit': ['transactions: the program is too large to analyse, so nothing was decided', undefined],
};

/** Thrown when a name is used otherwise than as a channel; never leaves this file. */
class Escapes extends Error {}

/** What a process does with one name. */
type Use =
  | { readonly kind: 'put' }
  | { readonly kind: 'take'; readonly receive: ReceiveTerm; readonly body: readonly Use[] }
  | { readonly kind: 'read'; readonly body: readonly Use[]; readonly repeated: boolean }
  | { readonly kind: 'wait'; readonly body: readonly Use[]; readonly repeated: boolean }
  | { readonly kind: 'choice'; readonly cases: readonly (readonly Use[])[] };

/** Fails if `term` uses the variable at `index` at all. */
function avoid(term: Term, index: number): void {
  if (mentions(term, index)) throw new Escapes();
}

function mentions(term: Term, index: number): boolean {
  if (term.scope <= index) return false;
  if (term.kind === 'bound') return term.index === index;
  let found = false;
  forEachPart(term, (part, binders) => {
    found ||= mentions(part, index + binders);
  });
  return found;
}

function isVariable(term: Term, index: number): boolean {
  return term.kind === 'bound' && term.index === index;
}

/** What a process does with the name that is the variable at `index`. */
function usesOf(term: Term, index: number): readonly Use[] {
  if (term.scope <= index) return [];
  switch (term.kind) {
    case 'par':
      return term.parts.flatMap((part) => usesOf(part, index));
    case 'send': {
      for (const datum of term.data) avoid(datum, index);
      if (!isVariable(term.channel, index)) {
        avoid(term.channel, index);
        return [];
      }
      if (term.persistent) throw new Escapes();
      return [{ kind: 'put' }];
    }
    case 'receive':
      return [receiveUse(term, index)];
    case 'new':
      return usesOf(term.body, index + term.fresh + term.uris.length);
    case 'bundle':
      return usesOf(term.body, index);
    case 'match': {
      avoid(term.target, index);
      const cases = term.cases.map(({ pattern, variables, guard, body }) => {
        avoid(pattern, index);
        if (guard !== undefined) avoid(guard, index + variables);
        return usesOf(body, index + variables);
      });
      const last = term.cases.at(-1);
      const surely =
        last !== undefined &&
        last.guard === undefined &&
        (last.pattern.kind === 'wildcard' || last.pattern.kind === 'free');
      return [{ kind: 'choice', cases: surely || isIf(term) ? cases : [...cases, []] }];
    }
    default:
      avoid(term, index);
      return [];
  }
}

/** Tells whether a match has a case for `true` and one for `false`; on anything else an `if` does nothing, which counts as a mistake of its own. */
function isIf(term: Extract<Term, { kind: 'match' }>): boolean {
  const values = term.cases.map(({ pattern, guard }) =>
    pattern.kind === 'boolean' && guard === undefined ? pattern.value : undefined,
  );
  return isBoolean(term.target) && values.includes(true) && values.includes(false);
}

const NO_BOOLEANS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '++', '--', '%%']);

/** Tells whether a value is a boolean if it is anything. */
function isBoolean(term: Term): boolean {
  if (term.kind === 'boolean') return true;
  return term.kind === 'unary' ? term.operator === 'not' : term.kind === 'binary' && !NO_BOOLEANS.has(term.operator);
}

function receiveUse(term: ReceiveTerm, index: number): Use {
  let takes = 0;
  let reads = 0;
  for (const { channel, patterns, peek } of term.binds) {
    for (const pattern of patterns) avoid(pattern, index);
    if (!isVariable(channel, index)) avoid(channel, index);
    else if (peek) reads += 1;
    else takes += 1;
  }
  const inner = index + term.variables;
  if (term.guard !== undefined) avoid(term.guard, inner);
  const body = usesOf(term.body, inner);
  if (takes + reads > 1) throw new Escapes();
  if (takes === 1) return { kind: 'take', receive: term, body };
  return { kind: reads === 1 ? 'read' : 'wait', body, repeated: term.persistent };
}

/** How many values a process puts back on its paths. */
interface Puts {
  readonly least: number;
  readonly most: number;
}

/** @param waiting - true to count what is put only after other messages arrived, as if they did. */
function putsOf(uses: readonly Use[], waiting: boolean): Puts {
  let least = 0;
  let most = 0;
  for (const use of uses) {
    switch (use.kind) {
      case 'put':
        least += 1;
        most += 1;
        break;
      case 'wait':
      case 'read': {
        if (!waiting) break;
        const inner = putsOf(use.body, waiting);
        least += inner.least;
        most += use.repeated && inner.most > 0 ? Infinity : inner.most;
        break;
      }
      case 'choice': {
        const cases = use.cases.map((one) => putsOf(one, waiting));
        least += Math.min(...cases.map((one) => one.least));
        most += Math.max(...cases.map((one) => one.most));
        break;
      }
      case 'take':
        // A transaction of its own, which puts back what it takes.
        break;
    }
  }
  return { least, most };
}

function walk(uses: readonly Use[], visit: (use: Use) => void): void {
  for (const use of uses) {
    visit(use);
    if (use.kind === 'choice') for (const one of use.cases) walk(one, visit);
    else if (use.kind !== 'put') walk(use.body, visit);
  }
}

/** The transactions in a process that are not inside another one. */
function outermost(uses: readonly Use[]): Extract<Use, { kind: 'take' }>[] {
  return uses.flatMap((use) => {
    if (use.kind === 'take') return [use];
    if (use.kind === 'put') return [];
    return use.kind === 'choice' ? use.cases.flatMap(outermost) : outermost(use.body);
  });
}

class Transactions {
  readonly cells: Cell[] = [];
  readonly findings: Finding<TransactionReason>[] = [];
  readonly #options: AnalysisOptions;
  #steps = 0;

  constructor(options: AnalysisOptions) {
    this.#options = options;
  }

  find(reason: TransactionReason, term: Term | undefined): void {
    const place = placeFields(term && this.#options.locations?.get(term), this.#options);
    const [message, hint] = MESSAGES[reason];
    const severity = reason === 'taken-twice' ? 'error' : 'warning';
    this.findings.push({ reason, severity, ...place, expected: [], message, hint });
  }

  /** Looks at every name that `new` makes in a process that runs. */
  visit(term: Term): void {
    switch (term.kind) {
      case 'par':
        for (const part of term.parts) this.visit(part);
        break;
      case 'receive':
      case 'bundle':
        this.visit(term.body);
        break;
      case 'match':
        for (const { body } of term.cases) this.visit(body);
        break;
      case 'new':
        for (let index = 0; index < term.fresh; index += 1) this.#name(term, index);
        this.visit(term.body);
        break;
      default:
        break;
    }
  }

  #name(term: NewTerm, index: number): void {
    this.#steps += term.size;
    if (this.#steps > FLOW_BUDGET) throw new FlowBudgetExhausted();
    let uses: readonly Use[];
    try {
      uses = usesOf(term.body, term.fresh + term.uris.length - 1 - index);
    } catch (error) {
      if (error instanceof Escapes) return;
      throw error;
    }
    const first = putsOf(uses, false);
    const later = putsOf(uses, true);
    const takes: Extract<Use, { kind: 'take' }>[] = [];
    let reads = 0;
    walk(uses, (use) => {
      if (use.kind === 'take') takes.push(use);
      if (use.kind === 'read') reads += 1;
    });
    // One value to begin with, and somebody who puts one back: that is a cell. Anything else is a queue, a signal or a choice.
    if (first.least !== 1 || first.most !== 1 || later.most !== 1) return;
    if (!takes.some((take) => putsOf(take.body, true).most > 0)) return;
    const before = this.findings.length;
    const doubles = takes.some((take) => putsOf(take.body, true).most > 1);
    for (const take of takes) this.#transaction(take, doubles);
    const atomic = this.findings.length === before;
    const place = this.#options.locations?.get(term);
    this.cells.push({ place, index, transactions: takes.length, reads, atomic });
  }

  /** @param doubles - true if some transaction on the cell puts back more than one value. */
  #transaction({ receive, body }: Extract<Use, { kind: 'take' }>, doubles: boolean): void {
    const now = putsOf(body, false);
    const inAll = putsOf(body, true);
    const [inner] = now.least === 0 ? outermost(body) : [];
    if (inner !== undefined && inAll.most === 0 && !doubles) this.find('taken-twice', inner.receive);
    else if (inAll.least === 0) this.find('lost-value', receive);
    else if (now.least === 0) this.find('held-value', receive);
    if (inAll.most > 1) this.find('duplicated-value', receive);
  }
}

/**
 * Checks the transactions of a program: receives that take the value of a private name and put one back, as Rholang keeps state.
 *
 * A cell is a name of `new` that is only used as a channel, gets one value to begin with, and whose value some receive puts back. If each transaction puts exactly one value
 * back at once on every path, the cell is `atomic`: transactions on it happen one after the other, and wherever a run comes to rest it holds a value. Otherwise a finding says which
 * receive loses, doubles or keeps the value, or waits for itself. Names that others can know are not looked at.
 *
 * @param term - a closed program in normal form.
 * @example
 * ```ts
 * import { checkTransactions, normalize, parse } from '@commute/rholang';
 * const source = 'new cell in { cell!(0) | contract @"add"(@n) = { for (@x <- cell) { if (n > 0) { cell!(x + n) } } } }';
 * const tree = parse(source);
 * const normal = tree.ok ? normalize(tree.process, { source }) : undefined;
 * if (!normal?.ok) throw new Error('not a program');
 * const { cells, findings } = checkTransactions(normal.term, { source, locations: normal.locations });
 * if (cells.length !== 1 || findings[0]?.reason !== 'lost-value') throw new Error('unexpected verdict');
 * ```
 */
export function checkTransactions(term: Term, options: AnalysisOptions = {}): TransactionResult {
  let transactions = new Transactions(options);
  try {
    transactions.visit(term);
  } catch (error) {
    if (!(error instanceof FlowBudgetExhausted)) throw error;
    transactions = new Transactions(options);
    transactions.find('analysis-limit', undefined);
  }
  const { cells, findings } = transactions;
  findings.sort((left, right) => left.start - right.start || left.end - right.end);
  return { ok: findings.every(({ severity }) => severity !== 'error'), cells, findings };
}
