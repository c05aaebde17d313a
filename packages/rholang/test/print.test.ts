import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, print } from '../src/index.ts';
import { anyProgram, withoutLocations } from './program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

describe('print', () => {
  test('parses back to the same tree, on one line and indented', () => {
    fc.assert(
      fc.property(anyProgram, fc.constantFrom(0, 2, 4), (tree, indent) => {
        const text = print(tree, { indent });
        const result = parse(text);
        if (!result.ok) throw new Error(`${text}\n${result.diagnostics[0]!.message}`);
        expect(withoutLocations(result.process)).toEqual(withoutLocations(tree));
      }),
      { numRuns },
    );
  });

  test.for([
    ['{ a!(1) | b!(2) } | c!(3)', '{ a!(1) | b!(2) } | c!(3)'],
    ['( 1 + 2 ) * 3', '(1 + 2) * 3'],
    ['- 5', '-5'],
    ['-(5)', '-(5)'],
    ['-5.m()', '-5.m()'],
    ['(-5).m()', '(-5).m()'],
    ['-(1 /\\ x)', '-(1 /\\ x)'],
    ['-(12n \\/ x).m()', '-(12n \\/ x.m())'],
    ['a - -5', 'a - -5'],
    ['match x { 1 => Nil {-1} => Nil }', 'match x { 1 => { Nil } {-1} => { Nil } }'],
    ['(*@x) /\\ y', '(*@x) /\\ y'],
    ['@{x}!(1,)', '@x!(1)'],
    ['if (a) b!() else if (c) d!()', 'if (a) { b!() } else if (c) { d!() }'],
    ['for(x<-a;y<=b;z<<-c&w<-d where z==w){}', 'for (x <- a; y <= b; z <<- c & w <- d where z == w) { Nil }'],
    ['x!get(1).', 'x!?("get", 1).'],
    ['@x.get("k").m()!(1)', '@{x.get("k").m()}!(1)'],
    ['{}', '{}'],
    ['()', '()'],
    ['(1,)', '(1,)'],
    ['[1,2...x]', '[1, 2 ...x]'],
    ['Set(..._)', 'Set(..._)'],
    ['{1:2,...r}', '{1: 2 ...r}'],
    ['"a\\n\\"\\\\"', '"a\\n\\"\\\\"'],
  ] as const)('prints %s as %s', ([source, want]) => {
    const result = parse(source);
    if (!result.ok) throw new Error(result.diagnostics[0]!.message);
    expect(print(result.process)).toBe(want);
  });

  test('indents', () => {
    const result = parse('new x in { x!(1) | for (@y <- x) { Nil } }');
    if (!result.ok) throw new Error('unreachable');
    expect(print(result.process, { indent: 2 })).toBe('new x in {\n  x!(1) |\n  for (@y <- x) {\n    Nil\n  }\n}');
  });
});
