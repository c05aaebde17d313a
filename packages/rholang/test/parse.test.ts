import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAXIMUM_NESTING, parse, positionAt, print, renderDiagnostic, type ProcessNode } from '../src/index.ts';
import { withoutLocations } from './program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function tree(source: string): ProcessNode {
  const result = parse(source);
  if (!result.ok) throw new Error(renderDiagnostic(result.diagnostics[0]!, source));
  return result.process;
}

function kinds(node: unknown, into = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const one of node) kinds(one, into);
  else if (typeof node === 'object' && node !== null) {
    if ('kind' in node) into.add(String(node.kind));
    for (const one of Object.values(node)) kinds(one, into);
  }
  return into;
}

describe('each construct', () => {
  test.for([
    ['', 'nil'],
    ['Nil', 'nil'],
    ['{Nil}', 'nil'],
    ['a!() | b!!(1, 2,)', 'par'],
    ['x!?(1).', 'synchronous-send'],
    ['x!?(1); y!(2)', 'synchronous-send'],
    ['x!m(1).', 'synchronous-send'],
    ['for (<- x) { Nil }', 'receive'],
    ['for (@a, _, b ...@c <- x & d <- y?! ; e <- z!?(1) & f <- z!m(2)) { Nil }', 'receive-send-source'],
    ['for (@a <= x & b <= y) { Nil }', 'receive'],
    ['for (@a <<- x & b <- y where a == 1) { Nil }', 'receipt'],
    ['contract @"c"(x, @y ...@_) = { Nil }', 'contract'],
    ['new x, y(`rho:io:stdout`), in Nil', 'name-declaration'],
    ['bundle{x} | bundle+{x} | bundle-{x} | bundle0{x}', 'bundle'],
    ['match x { 1 where true => Nil _ => { Nil } }', 'case'],
    ['select { x <- a & y <- b => Nil z <<- c; w <- d where true => Nil }', 'branch'],
    ['if (true) Nil else if (false) { Nil } else Nil', 'if'],
    ['let x, @y ...@z <- 1, 2; w = 3 in { Nil }', 'let-declaration'],
    ['let x <- 1, & y <- 2 in Nil', 'let'],
    ['*x | *@y | *_', 'evaluation'],
    ['match x { =y => Nil =*z => Nil }', 'variable-reference'],
    ['true and not false or true && false || 1 matches 2', 'binary'],
    ['-1 + 2 - 3 * 4 / 5 % 6 ++ 7 -- 8 %% 9', 'binary'],
    ['1 < 2 == (3 <= 4) != (5 > 6 == (7 >= 8))', 'binary'],
    ['[1, 2 ...x]', 'list'],
    ['(1,)', 'tuple'],
    ['(1, 2,)', 'tuple'],
    ['()', 'tuple'],
    ['Set(1 ..._)', 'set'],
    ['{} | {1: 2, ...x}', 'map'],
    ['12n | -12n | BigInt(12) | BigInt(-12)', 'big-integer'],
    ['-9223372036854775808', 'integer'],
    ['"a\\"b\nc"', 'string'],
    ['`rho:\\`x`', 'uri'],
    ['Bool | Int | BigInt | String | Uri | ByteArray', 'type'],
    ['x /\\ y \\/ ~z', 'negation'],
    ['"a".length().m(1)', 'method'],
    ['/* c */ // d\n Nil // e', 'nil'],
    ['\ufeffNil', 'nil'],
  ] as const)('%s', ([source, kind]) => {
    expect(kinds(tree(source))).toContain(kind);
  });
});

describe('precedence', () => {
  test.for([
    ['a | b | c', 'a | b | c'],
    ['new x in a!() | b!()', '{new x in a!()} | b!()'],
    ['if (a) b!() | c!()', '{if (a) { b!() }} | c!()'],
    ['1 + 2 * 3', '1 + (2 * 3)'],
    ['1 - 2 - 3', '(1 - 2) - 3'],
    ['not a == b', '(not a) == b'],
    ['-a * b', '(-a) * b'],
    ['-a.m()', '-(a.m())'],
    ['*x.m()', '(*x).m()'],
    ['a or b and c', 'a or (b and c)'],
    ['~a /\\ b \\/ c', '((~a) /\\ b) \\/ c'],
    ['for (@x /\\ Int <- y) { Nil }', 'for (@{x /\\ Int} <- y) { Nil }'],
    ['@x!(1)', '@{x}!(1)'],
    ['x!?(1); y!() | z!()', '{x!?(1); y!()} | z!()'],
    ['if (a) if (b) c!() else d!()', 'if (a) { if (b) { c!() } else { d!() } }'],
    ['1 matches Int and true', '(1 matches Int) and true'],
    ['"a" %% {"b": 1} ++ "c"', '("a" %% {"b": 1}) ++ "c"'],
  ] as const)('%s', ([source, grouped]) => {
    expect(withoutLocations(tree(source))).toEqual(withoutLocations(tree(grouped)));
  });
});

describe('locations', () => {
  test('cover the text of the node', () => {
    const source = 'new x in { x!(1 + 23) }';
    const root = tree(source);
    if (root.kind !== 'new' || root.body.kind !== 'send') throw new Error('unreachable');
    expect(source.slice(root.body.start, root.body.end)).toBe('x!(1 + 23)');
    const datum = root.body.data[0]!;
    expect(source.slice(datum.start, datum.end)).toBe('1 + 23');
  });

  test('count lines and columns from one', () => {
    expect(positionAt('ab\ncd', 0)).toEqual({ line: 1, column: 1 });
    expect(positionAt('ab\ncd', 4)).toEqual({ line: 2, column: 2 });
    expect(positionAt('ab\n', 99)).toEqual({ line: 2, column: 1 });
  });
});

describe('errors', () => {
  function errors(source: string): readonly string[] {
    const result = parse(source, { file: 'f.rho' });
    return result.ok
      ? []
      : result.diagnostics.map((one) => `${String(one.line)}:${String(one.column)} ${one.reason} ${one.message}`);
  }

  test.for([
    ['x!(1', '1:5 unexpected-token send: expected `,` or `)`, got end of file'],
    ['1 +', '1:4 unexpected-token process: expected a process, got end of file'],
    ['x!(1) y!(2)', '1:7 unexpected-token process: expected `|` or end of file, got `y`'],
    ['1 + x!(2)', '1:6 unexpected-token process: expected `|` or end of file, got `!`'],
    ['"abc', '1:1 unterminated this string does not end'],
    ['Nil /* abc', '1:5 unterminated this comment does not end'],
    ['"a\\q"', '1:3 invalid-escape unknown escape \\q'],
    [
      '9223372036854775808',
      '1:1 integer-range integer: expected -9223372036854775808 to 9223372036854775807, got 9223372036854775808',
    ],
    ['1 # 2', '1:3 unexpected-character unexpected character `#`'],
    ['{| 1 |}', '1:1 unsupported-syntax path maps `{| … |}` are not Rholang 1.1'],
    [
      '1.5f64',
      '1:1 unsupported-syntax numbers with the suffix of a width, a rational, a float or a fixed point are not Rholang 1.1',
    ],
    [
      '7u8',
      '1:1 unsupported-syntax numbers with the suffix of a width, a rational, a float or a fixed point are not Rholang 1.1',
    ],
    ['for (x <- 5) { Nil }', '1:11 unexpected-token source of a bind: expected a name, got `5`'],
    [
      'for (x <= a & y <- b) { Nil }',
      '1:15 unexpected-token join: expected all binds to be repeated (`<=`) or none, got both',
    ],
    ['select { x <= a => Nil }', '1:10 unexpected-token branch of `select`: expected `<-` or `<<-`, got `<=`'],
    ['match x { }', '1:11 unexpected-token process: expected a process, got `}`'],
    ['new in Nil', '1:5 unexpected-token `new`: expected a variable, got `in`'],
    ['let x <- 1; y <- 2 & z <- 3 in Nil', '1:20 unexpected-token `let`: expected `;`, got `&`'],
    ['x!?(1)', '1:7 unexpected-token synchronous send: expected `.` or `;`, got end of file'],
  ] as const)('%s', ([source, want]) => {
    expect(errors(source)[0]).toBe(want);
  });

  test('several are reported, each where it is', () => {
    const found = errors('a!(1 |\n b!(2)) | c!(] | d!(3) |\n new e f in { Nil } | for (x <- y { Nil }');
    expect(found.map((one) => one.split(' ')[0])).toEqual(['2:14', '3:8', '3:35']);
  });

  test('underline the source', () => {
    const source = 'new x in {\n\tx!(1 2)\n}';
    const result = parse(source, { file: 'f.rho' });
    if (result.ok) throw new Error('unreachable');
    expect(renderDiagnostic(result.diagnostics[0]!, source)).toBe(
      [
        'f.rho:2:7: error: send: expected `,` or `)`, got `2`',
        '  |',
        '2 | \tx!(1 2)',
        '  | \t     ^',
        '  = hint: the `(` it closes is on line 2',
      ].join('\n'),
    );
  });

  test('say that `;` is not a join any more', () => {
    const result = parse('for (x <- a; y b) { Nil }');
    if (result.ok) throw new Error('unreachable');
    expect(result.diagnostics[0]!.hint).toContain('before 1.1');
  });

  test('are at most as many as asked for', () => {
    const source = 'a!(] | '.repeat(100);
    const result = parse(source, { maximumErrors: 7 });
    expect(!result.ok && result.diagnostics.length).toBe(7);
  });
});

describe('limits', () => {
  const shapes: readonly (readonly [string, string])[] = [
    ['{', '}'],
    ['(', ')'],
    ['[', ']'],
    ['@{', '}!(1)'],
    ['x!(', ')'],
    ['new x in ', 'Nil'],
    ['for (x <- y) {', '}'],
    ['if (true) ', 'Nil'],
    ['match 1 { 1 => ', '}'],
    ['not ', 'true'],
    ['~', '1'],
    ['*@', 'x'],
    ['1 + ', '1'],
    ['x!?(); ', 'Nil'],
    ['let x <- 1 in ', 'Nil'],
    ['{1: ', '}'],
    ['bundle+{', '}'],
  ];

  test.for(shapes)('100,000 levels of %s are refused or read, never fatal', ([open, close]) => {
    const result = parse(open.repeat(100_000) + close.repeat(100_000), { maximumErrors: 3 });
    if (result.ok) return;
    expect(['nesting-limit', 'unexpected-token']).toContain(result.diagnostics[0]!.reason);
  });

  test.for(shapes)('the deepest %s that is read is also printed', ([open]) => {
    const closes: Record<string, string> = {
      '1 + ': '',
      'not ': '',
      '~': '',
      '*@': '',
      'new x in ': '',
      'if (true) ': '',
      'x!?(); ': '',
      'let x <- 1 in ': '',
    };
    const close = closes[open] ?? shapes.find((shape) => shape[0] === open)![1];
    const middle = open === '*@' ? 'x' : '1';
    for (let levels = MAXIMUM_NESTING; levels > 1; levels = levels === MAXIMUM_NESTING ? levels - 1 : levels >> 1) {
      const source = open.repeat(levels) + middle + close.repeat(levels);
      const result = parse(source);
      if (!result.ok) continue;
      const again = parse(print(result.process));
      expect(again.ok).toBe(true);
      return;
    }
    throw new Error('no depth is accepted');
  });

  test('a left-leaning chain counts as nesting', () => {
    const result = parse(`1${' + 1'.repeat(100_000)}`);
    expect(!result.ok && result.diagnostics[0]!.reason).toBe('nesting-limit');
    expect(parse(`1${' + 1'.repeat(MAXIMUM_NESTING - 2)}`).ok).toBe(true);
  });

  test('a flat composition of 200,000 parts is not nesting', () => {
    expect(parse(`Nil${' | Nil'.repeat(200_000)}`).ok).toBe(true);
  });

  test('a source of 100 MB is refused at once', () => {
    const result = parse('x!(1) | '.repeat(12_500_000));
    expect(!result.ok && result.diagnostics[0]!.reason).toBe('length-limit');
  });

  test('integers of very many digits are refused', () => {
    const digits = '9'.repeat(10_000_000);
    for (const source of [digits, `-${digits}`, `${digits}n`, `-${digits}n`, `BigInt(${digits})`]) {
      const result = parse(source);
      expect(!result.ok && result.diagnostics[0]!.reason).toBe('integer-range');
    }
    expect(parse(`${'9'.repeat(300_000)}n`).ok).toBe(true);
  });

  test('options out of range throw', () => {
    expect(() => parse('', { maximumNesting: MAXIMUM_NESTING + 1 })).toThrow('maximumNesting');
    expect(() => parse('', { maximumErrors: 0 })).toThrow('maximumErrors');
  });
});

describe('any text', () => {
  const piece = fc.constantFrom(
    ...'( ) { } [ ] , ; : . ... | ! !! !? ?! <- <= <<- < => = == + - -- * / % %% /\\ \\/ ~ @ _ new in if else let match select contract for or matches not bundle+ true where Nil Int Set x "s" `u` 1 2n " ` # /* //'.split(
      ' ',
    ),
  );

  test('never throws, and errors lie inside the source', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((list) => list.join(' ')),
        ),
        (source) => {
          const result = parse(source);
          if (result.ok) return;
          expect(result.diagnostics.length).toBeGreaterThan(0);
          for (const one of result.diagnostics) {
            expect(one.start).toBeGreaterThanOrEqual(0);
            expect(one.start).toBeLessThanOrEqual(source.length);
            expect(renderDiagnostic(one, source).length).toBeLessThan(2000);
          }
        },
      ),
      { numRuns: numRuns * 4 },
    );
  });
});
