import { describe, expect, test } from 'vitest';
import {
  boundTerm,
  bundleTerm,
  compareTerms,
  createRuntime,
  decodeTerm,
  encodeTerm,
  evaluateTerm,
  integerTerm,
  listTerm,
  mapTerm,
  matchPattern,
  matchTerm,
  MAXIMUM_DEPTH,
  methodTerm,
  newTerm,
  nilTerm,
  parTerm,
  printTerm,
  receiveTerm,
  sendTerm,
  setTerm,
  substitute,
  TermDepthError,
  termKey,
  tupleTerm,
  unaryTerm,
  wildcardTerm,
  type Term,
} from '../src/index.ts';

const one = integerTerm(1n);

/** Each kind of term that can hold another, around a part. */
const shapes: readonly (readonly [string, (inner: Term) => Term])[] = [
  ['list', (inner) => listTerm([one, inner])],
  ['tuple', (inner) => tupleTerm([inner])],
  ['set', (inner) => setTerm([one, inner])],
  ['map', (inner) => mapTerm([[one, inner]])],
  ['send', (inner) => sendTerm(one, [inner])],
  ['channel', (inner) => sendTerm(inner, [])],
  ['par', (inner) => parTerm([sendTerm(one, []), sendTerm(one, [inner])])],
  ['new', (inner) => newTerm(1, [], inner)],
  ['bundle and send', (inner) => bundleTerm(true, false, sendTerm(one, [inner]))],
  ['match', (inner) => matchTerm(one, [{ pattern: wildcardTerm(), variables: 0, guard: undefined, body: inner }])],
  [
    'receive',
    (inner) => receiveTerm([{ channel: one, patterns: [], remainder: undefined, variables: 0, peek: false }], inner),
  ],
  ['method', (inner) => methodTerm(inner, 'toList', [])],
  ['unary', (inner) => unaryTerm('not', inner)],
];

/** A term that lacks at most three levels to the limit. */
function deepest(wrap: (inner: Term) => Term, core: Term): Term {
  let term = core;
  while (term.depth < MAXIMUM_DEPTH - 2) term = wrap(term);
  return term;
}

describe('the deepest term that can be built', () => {
  test.for(shapes)('of %s survives every pass', ([, wrap]) => {
    const term = deepest(wrap, one);
    const other = deepest(wrap, integerTerm(2n));
    expect(() => wrap(wrap(wrap(term)))).toThrow(TermDepthError);
    expect(Math.abs(compareTerms(term, other))).toBeGreaterThan(0);
    const decoded = decodeTerm(encodeTerm(term));
    expect(decoded.ok && compareTerms(decoded.term, term)).toBe(0);
    expect(termKey(term)).not.toBe(termKey(other));
    expect(printTerm(term).length).toBeGreaterThan(MAXIMUM_DEPTH);
    expect(matchPattern(term, term).ok).toBe(true);
    const open = deepest(wrap, boundTerm(100_000));
    expect(open.depth).toBe(term.depth);
    const result = evaluateTerm(term);
    if (!result.ok) expect(['type-mismatch', 'size-limit']).toContain(result.reason);
    const run = createRuntime().run(sendTerm(one, [term]), { seed: new Uint8Array(1) });
    if (!run.ok) expect(['type-mismatch', 'size-limit']).toContain(run.reason);
    const running = createRuntime().run(term, { seed: new Uint8Array(1), maximumComms: 5000 });
    if (!running.ok) expect(['type-mismatch', 'size-limit']).toContain(running.reason);
  });

  test.for(shapes.filter(([name]) => !['new', 'match', 'receive'].includes(name)))(
    'of %s is filled in and matched as a pattern',
    ([, wrap]) => {
      const environment = [nilTerm()];
      const open = deepest(wrap, boundTerm(0));
      expect(substitute(open, environment).scope).toBe(0);
      const pattern = deepest(wrap, wildcardTerm());
      const result = matchPattern(pattern, deepest(wrap, one), 100_000_000);
      if (!result.ok) expect(result.reason).toBe('budget-exhausted');
    },
  );
});
