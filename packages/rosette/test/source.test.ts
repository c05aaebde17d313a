import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  equalTerms,
  hashTerm,
  listTerm,
  MAXIMUM_DEPTH,
  matchTerm,
  meterProgram,
  newTerm,
  nilTerm,
  printTerm,
  renderDiagnostic,
  sendTerm,
  tokenChannel,
  wildcardTerm,
  type Term,
} from '@commute/rholang';
import { anyClosedProgram, CONSTRUCTS, METHOD_CALLS, OPERATIONS } from '@commute/rholang/conformance';
import { analyzeRosette, printRosette, readRosette, transcompile, type AnalyzeResult } from '../src/index.ts';
import { normalOf } from './programs.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function analyzed(source: string): AnalyzeResult {
  const read = readRosette(source, { file: 'a.rbl' });
  return read.ok ? analyzeRosette(read.form, { source, file: 'a.rbl' }) : read;
}

/** Translates a term, prints and reads the text, and gives the term of it. */
function throughText(term: Term): Term {
  const { text } = printRosette(transcompile(term));
  const result = analyzed(text);
  if (!result.ok) throw new Error(result.diagnostics.map((one) => renderDiagnostic(one, text)).join('\n'));
  return result.term;
}

describe('translation to Rosette and back', () => {
  test.for([
    ...CONSTRUCTS.map(([, source]) => `new out(\`rho:io:stdout\`) in { ${source} }`),
    ...[...OPERATIONS, ...METHOD_CALLS].map(([source]) => `@1!(${source}) | ${source}`),
  ])('keeps %s', (source) => {
    const { term } = normalOf(source);
    expect(hashTerm(throughText(term))).toEqual(hashTerm(term));
  });

  test('keeps generated programs, metered or not, and their places', () => {
    fc.assert(
      fc.property(anyClosedProgram, (source) => {
        const normal = normalOf(source);
        expect(equalTerms(throughText(normal.term), normal.term)).toBe(true);
        const metered = meterProgram(normal.term, { channel: tokenChannel(new Uint8Array([1])) });
        if (metered.ok) expect(equalTerms(throughText(metered.term), metered.term)).toBe(true);
        const { text, sourceMap } = printRosette(transcompile(normal.term, normal));
        const read = readRosette(text, { sourceMap });
        const result = read.ok ? analyzeRosette(read.form) : read;
        if (!result.ok) throw new Error('not read');
        const places = (map: ReadonlyMap<Term, unknown>): string[] =>
          [...map].map(([term, place]) => `${hashTerm(term).join()} ${JSON.stringify(place)}`).sort();
        const reached = new Set(places(normal.locations));
        for (const place of places(result.locations)) expect(reached).toContain(place);
      }),
      { numRuns },
    );
  });

  test('prints what a person can read', () => {
    const source = `new out(\`rho:io:stdout\`), cell in {
      cell!(0) |
      contract @"add"(@n, reply) = {
        for (@x <- cell where n > 0) { cell!(x + n) | reply!(x) }
      } |
      match [1, {"k": "v"}] { [x, {"k": String /\\ y ..._} ...rest] => { out!([x, y] ++ rest) } _ => { Nil } } |
      if (1 < 2) { out!({ *cell | "b".length() }) } |
      for (@x <<- cell & @y, z ...@more <- @(1, "00ff".hexToBytes())) { z!!(-x, not y, more.set(1, 2n)) }
    }`;
    expect(printRosette(transcompile(normalOf(source).term)).text).toMatchSnapshot();
  });

  test('carries the deepest terms', () => {
    const shapes: readonly ((inner: Term) => Term)[] = [
      (inner) => listTerm([inner]),
      (inner) => sendTerm(inner, []),
      (inner) => newTerm(1, [], inner),
      (inner) => matchTerm(nilTerm(), [{ pattern: wildcardTerm(), variables: 0, guard: undefined, body: inner }]),
    ];
    for (const wrap of shapes) {
      let term: Term = nilTerm();
      while (term.depth < MAXIMUM_DEPTH) term = wrap(term);
      expect(equalTerms(throughText(term), term)).toBe(true);
    }
  });
});

describe('Rosette source', () => {
  test.for([
    ['(produce "a" (+ 1 2)) ; comment', '@"a"!(1 + 2)'],
    ['(block (produce "b" 1) nil (produce "a" 1))', '@"a"!(1) | @"b"!(1)'],
    [
      '(let [[out (system "rho:io:stdout")] [n (fresh)]] (produce out (Tuple n)))',
      'new x0, x1(`rho:io:stdout`) in x1!((*x0,))',
    ],
    ['(consume [["b" (? y)] ["a" (? x)]] (proc [x y] (produce x y)))', 'for (x0 <- @"a" & x1 <- @"b") { x0!(*x1) }'],
    ['(if (== 1 1) (produce 1))', 'match 1 == 1 { true => { @1!() } false => { Nil } }'],
    ['(match 1 [(? x) (where (> x 1)) (run x)] [Int nil])', 'match 1 { x0 where x0 > 1 => { x0 } Int => { Nil } }'],
    ['(run (method "no such" 1))', undefined],
  ] as const)('%s', ([source, want]) => {
    const result = analyzed(source);
    if (!result.ok) throw new Error(renderDiagnostic(result.diagnostics[0]!, source));
    if (want !== undefined) expect(printTerm(result.term)).toBe(want);
  });

  test.for([
    ['', 'not-one-form', 1],
    ['nil nil', 'not-one-form', 5],
    ['(produce "a"', 'unterminated', 13],
    ['(produce "a)', 'unterminated', 10],
    ['(produce "a\\q")', 'invalid-escape', 12],
    ['(produce 1]', 'unbalanced', 11],
    [')', 'unbalanced', 1],
    ['(produce é)', 'unexpected-character', 10],
    ['(produce 9223372036854775808)', 'integer-range', 10],
    ['(produce x)', 'unbound-variable', 10],
    ['(produce produce)', 'unbound-variable', 10],
    ['(produce (produce 1))', 'unknown-form', 10],
    ['(produce [1])', 'unknown-form', 10],
    ['(produce (1 2))', 'unknown-form', 10],
    ['(produce (!! 2))', 'unknown-form', 10],
    ['(produce)', 'malformed-form', 1],
    ['(produce (? x))', 'pattern-outside-pattern', 10],
    ['(produce Int)', 'pattern-outside-pattern', 10],
    ['(produce _)', 'pattern-outside-pattern', 10],
    ['(produce (List 1 & _))', 'pattern-outside-pattern', 20],
    ['(+ 1 2)', 'malformed-form', 1],
    ['(run 1)', 'malformed-form', 1],
    ['(run (+ 1))', 'malformed-form', 6],
    ['(run (length))', 'malformed-form', 6],
    ['(produce (process (block)))', 'malformed-form', 10],
    ['(produce (bytes "0"))', 'malformed-form', 17],
    ['(produce (Map 1))', 'malformed-form', 10],
    ['(consume [] (proc [] nil))', 'malformed-form', 1],
    ['(consume [[1]] nil)', 'malformed-form', 1],
    ['(consume [1] (proc [] nil))', 'malformed-form', 11],
    ['(consume [[1 (? x)]] (proc [] nil))', 'wrong-parameters', 28],
    ['(consume [[1 (? x) (? x)]] (proc [x] nil))', 'bound-twice', 23],
    ['(consume [[1 (? x)] [2 (? x)]] (proc [x x] nil))', 'bound-twice', 10],
    ['(consume [[1 (~ (? x))]] (proc [x] nil))', 'malformed-form', 17],
    ['(consume [[1 & 5]] (proc [] nil))', 'malformed-form', 16],
    ['(consume [[1]] (were #t) (proc [] nil))', 'malformed-form', 16],
    ['(let [[x (fresh)] [x (fresh)]] nil)', 'bound-twice', 6],
    ['(let [[x (frsh)]] nil)', 'malformed-form', 1],
    ['(let [[if (fresh)]] nil)', 'malformed-form', 1],
    ['(match)', 'malformed-form', 1],
    ['(match 1 [2])', 'malformed-form', 10],
    ['(if 1)', 'malformed-form', 1],
    ['(bundle)', 'malformed-form', 1],
    ['(consume [[1 (/\\ 1)]] (proc [] nil))', 'malformed-form', 14],
  ] as const)('%s is refused: %s', ([source, reason, column]) => {
    const result = analyzed(source);
    expect(result.ok ? 'ok' : [result.diagnostics[0]!.reason, result.diagnostics[0]!.column]).toEqual([reason, column]);
  });

  test('is refused with the place underlined, several errors at once', () => {
    const source = '(block\n  (produce x 1)\n  (produce y (+ 1)))';
    const result = analyzed(source);
    if (result.ok) throw new Error('unexpected success');
    expect(result.diagnostics).toHaveLength(3);
    expect(renderDiagnostic(result.diagnostics[1]!, source)).toBe(
      [
        'a.rbl:3:12: error: variable: `y` is not bound',
        '  |',
        '3 |   (produce y (+ 1)))',
        '  |            ^',
        '  = hint: bind it with `let`, `proc` or a pattern',
      ].join('\n'),
    );
  });

  test('that is hostile is refused in bounded time', () => {
    const deep = (open: string, close: string, count: number): string => open.repeat(count) + close.repeat(count);
    const reasonOf = (source: string): string => {
      const result = analyzed(source);
      return result.ok ? 'ok' : result.diagnostics[0]!.reason;
    };
    expect(reasonOf(deep('(', ')', 100_000))).toBe('nesting-limit');
    expect(reasonOf(deep('(List ', ')', 4000))).toBe('nesting-limit');
    expect(reasonOf(deep('(List ', ')', 1000))).toBe('nesting-limit');
    expect(reasonOf(`(block ${deep('(block ', ')', 500)})`)).toBe('ok');
    expect(reasonOf(deep('(run (not (process ', ')))', 600))).toBe('nesting-limit');
    expect(reasonOf(`(produce ${'9'.repeat(5_000_000)}n)`)).toBe('integer-range');
    expect(reasonOf(`(produce ${'9'.repeat(5_000_000)})`)).toBe('integer-range');
    expect(reasonOf(`(produce 1 ${'x '.repeat(300_000)})`)).toBe('unbound-variable');
    expect(reasonOf(`"${'\\q'.repeat(300_000)}`)).toBe('invalid-escape');
    expect(readRosette('nil', { maximumLength: 2 })).toMatchObject({
      ok: false,
      diagnostics: [{ reason: 'length-limit' }],
    });
  });

  test('never throws, whatever the text', () => {
    const words = [
      '(',
      ')',
      '[',
      ']',
      'produce',
      'consume',
      'proc',
      'let',
      '(fresh)',
      '(? x)',
      'x',
      '1',
      '"a"',
      '&',
      '_',
      'match',
      '+',
      'where',
      ';',
      '\n',
    ];
    const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 30 });
    fc.assert(
      fc.property(text, (parts) => {
        const result = analyzed(parts.join(' '));
        if (result.ok) expect(equalTerms(throughText(result.term), result.term)).toBe(true);
        else expect(result.diagnostics.length).toBeGreaterThan(0);
      }),
      { numRuns: numRuns * 4 },
    );
  });
});
