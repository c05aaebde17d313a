import type { Term } from '@commute/rholang';
import { behindTokenGate } from './gate.ts';

/** How many messages are sent on a name. */
export interface MessageCount {
  /** At once and on every path. */
  readonly least: number;
  /** In all, if everything arrives that is waited for. */
  readonly most: number;
  /** Number of sends in the text. */
  readonly sends: number;
}

const NONE: MessageCount = { least: 0, most: 0, sends: 0 };

function isVariable(term: Term, index: number): boolean {
  return term.kind === 'bundle' ? isVariable(term.body, index) : term.kind === 'bound' && term.index === index;
}

function sum(counts: readonly MessageCount[]): MessageCount {
  return counts.reduce(
    (left, right) => ({
      least: left.least + right.least,
      most: left.most + right.most,
      sends: left.sends + right.sends,
    }),
    NONE,
  );
}

/** Tells whether one of the cases is surely taken, the target being what it should be. */
function isComplete(term: Extract<Term, { kind: 'match' }>): boolean {
  const open = term.cases.filter(({ guard }) => guard === undefined);
  if (open.some(({ pattern }) => pattern.kind === 'wildcard' || pattern.kind === 'free')) return true;
  const values = open.map(({ pattern }) => (pattern.kind === 'boolean' ? pattern.value : undefined));
  return isBoolean(term.target) && values.includes(true) && values.includes(false);
}

const NO_BOOLEANS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '++', '--', '%%']);

function isBoolean(term: Term): boolean {
  if (term.kind === 'boolean') return true;
  return term.kind === 'unary' ? term.operator === 'not' : term.kind === 'binary' && !NO_BOOLEANS.has(term.operator);
}

/**
 * Counts the messages that one run of a process sends on the variable at `index`. An expression that has no value counts as if it had one: such
 * a run fails as a whole.
 */
export function countMessages(term: Term, index: number): MessageCount {
  if (term.scope <= index) return NONE;
  switch (term.kind) {
    case 'par':
      return sum(term.parts.map((part) => countMessages(part, index)));
    case 'bundle':
      return countMessages(term.body, index);
    case 'send':
      if (!isVariable(term.channel, index)) return NONE;
      return { least: 1, most: term.persistent ? Infinity : 1, sends: 1 };
    case 'new':
      return countMessages(term.body, index + term.fresh + term.uris.length);
    case 'match': {
      const cases = term.cases.map(({ variables, body }) => countMessages(body, index + variables));
      const least = isComplete(term) ? Math.min(...cases.map((one) => one.least)) : 0;
      return { least, most: Math.max(0, ...cases.map((one) => one.most)), sends: sum(cases).sends };
    }
    case 'receive': {
      const behind = behindTokenGate(term);
      if (behind !== undefined) return sum(behind.map((part) => countMessages(part, index + 1)));
      const { most, sends } = countMessages(term.body, index + term.variables);
      return { least: 0, most: term.persistent && most > 0 ? Infinity : most, sends };
    }
    default:
      return NONE;
  }
}
