import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareTerms,
  decodeTerm,
  encodeTerm,
  equalTerms,
  hashTerm,
  MAXIMUM_NESTING,
  normalize,
  parse,
  print,
  printTerm,
  termKey,
  termToSyntax,
  type ProcessNode,
  type Term,
} from '../src/index.ts';
import { anyClosedProgram } from '../src/conformance/closed-program.ts';
import { anyProgram } from './program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function tree(source: string): ProcessNode {
  const result = parse(source);
  if (!result.ok) throw new Error(`${source}: ${result.diagnostics[0]!.message}`);
  return result.process;
}

function term(source: string): Term {
  const result = normalize(tree(source), { source });
  if (!result.ok) throw new Error(`${source}: ${result.diagnostics[0]!.message}`);
  return result.term;
}

describe('structural equivalence', () => {
  test.for([
    ['@1!(1) | @2!(2) | Nil', '@2!(2) | { Nil | @1!(1) }'],
    ['new x in { for (@y <- x) { x!(y) } }', 'new a in { for (@b <- a) { a!(b) } }'],
    ['new x in { x!(*x) }', 'new y in { y!(*@{*y}) }'],
    ['@{1 | 2}!(3)', '@{2 | 1}!(3)'],
    ['@1!(Set(3, 1, 2, 1))', '@1!(Set(1, 2, 3))'],
    ['@1!({"b": 1, "a": 2, "b": 3})', '@1!({"a": 2, "b": 3})'],
    ['for (@x <- @1 & @y <- @2) { @3!(x, y) }', 'for (@y <- @2 & @x <- @1) { @3!(x, y) }'],
    ['new a(`u`), b(`t`), c in { a!(*b, *c) }', 'new q, b(`t`), a(`u`) in { a!(*b, *q) }'],
    ['contract @1(x, @y) = { x!(y) }', 'for (x, @y <= @1) { x!(y) }'],
    ['if (true) { @1!() }', 'match true { true => { @1!() } false => { Nil } }'],
    ['let @x <- 1; @y <- 2 in { @x!(y) }', 'match [1] { [x] => { match [2] { [y] => { @x!(y) } } } }'],
    ['let @x <- 1 & @y <- 2 in { @x!(y) }', 'match [[1], [2]] { [[x], [y]] => { @x!(y) } }'],
    ['for (@x <- @1; @y <- @2) { @x!(y) }', 'for (@x <- @1) { for (@y <- @2) { @x!(y) } }'],
    ['@1!?(2).', 'new r in { @1!(*r, 2) | for (...@_ <- r) { Nil } }'],
    ['@1!?(2); @3!()', 'new r in { @1!(*r, 2) | for (...@_ <- r) { @3!() } }'],
    ['for (@x <- @1?!) { @2!(x) }', 'for (r, @x <- @1) { @2!(x) | r!() }'],
    ['for (@x <- @1!?(5)) { @2!(x) }', 'new r in { @1!(*r, 5) | for (@x <- r) { @2!(x) } }'],
    ['bundle+{bundle-{@1!()}}', 'bundle0{@1!()}'],
    ['match 1 { x /\\ Int => { Nil } }', 'match 1 { Int /\\ y => { Nil } }'],
    ['match Set(1) { Set([x], (y,)) => { @x!(y) } }', 'match Set(1) { Set((y,), [x]) => { @x!(y) } }'],
    [
      'select { @x <- @1 => { @x!() } @y <- @2 => { @y!() } }',
      'new l in { l!() | for (@x <- @1 & <- l) { @x!() } | for (@y <- @2 & <- l) { @y!() } }',
    ],
  ] as const)('%s ≡ %s', ([left, right]) => {
    expect(printTerm(term(left))).toBe(printTerm(term(right)));
    expect(equalTerms(term(left), term(right))).toBe(true);
    expect(termKey(term(left))).toBe(termKey(term(right)));
    expect(encodeTerm(term(left))).toEqual(encodeTerm(term(right)));
  });

  test.for([
    ['@1!(2)', '@1!!(2)'],
    ['@1!(1, 2)', '@1!(2, 1)'],
    ['@1!([1, 2])', '@1!([2, 1])'],
    ['new x in { new y in { x!(*y) } }', 'new x in { new y in { y!(*x) } }'],
    ['for (@x <- @1) { Nil }', 'for (@x <<- @1) { Nil }'],
    ['match 1 { Set(_) => { Nil } }', 'match 1 { Set(_, _) => { Nil } }'],
    ['@1!(1)', '@1!(1n)'],
    ['@1!("a")', '@1!(`a`)'],
    ['{@1!(1)} | {@1!(1)}', '@1!(1)'],
  ] as const)('%s ≢ %s', ([left, right]) => {
    expect(equalTerms(term(left), term(right))).toBe(false);
    expect(termKey(term(left))).not.toBe(termKey(term(right)));
    expect(Math.sign(compareTerms(term(left), term(right)))).toBe(-Math.sign(compareTerms(term(right), term(left))));
  });

  test('shuffling parallel parts and renaming change nothing', () => {
    fc.assert(
      fc.property(fc.array(anyClosedProgram, { minLength: 2, maxLength: 4 }), fc.nat(), (programs, turn) => {
        const rotated = programs.map((_, index) => programs[(index + turn) % programs.length]!);
        const first = term(programs.map((one) => `{${one}}`).join(' | '));
        const second = term(`Nil | ${rotated.map((one) => `{{${one.replace(/\bv(\d)/g, 'w$1')}}}`).join(' | ')}`);
        expect(equalTerms(first, second)).toBe(true);
        expect(hashTerm(first)).toEqual(hashTerm(second));
      }),
      { numRuns },
    );
  });
});

describe('normal form', () => {
  test('is a fixed point of printing, parsing and normalising', () => {
    fc.assert(
      fc.property(anyClosedProgram, (source) => {
        const first = term(source);
        const text = printTerm(first);
        const again = term(text);
        expect(printTerm(again)).toBe(text);
        expect(equalTerms(first, again)).toBe(true);
      }),
      { numRuns },
    );
  });

  test('has canonical bytes that decode to it', () => {
    fc.assert(
      fc.property(anyClosedProgram, (source) => {
        const first = term(source);
        expect([first.scope, first.isPattern]).toEqual([0, false]);
        const result = decodeTerm(encodeTerm(first));
        if (!result.ok) throw new Error(`${source}: ${result.reason}`);
        expect(equalTerms(result.term, first)).toBe(true);
        expect(result.term.size).toBe(first.size);
        expect(result.term.depth).toBe(first.depth);
      }),
      { numRuns },
    );
  });

  test('order, equality and keys agree', () => {
    fc.assert(
      fc.property(anyClosedProgram, anyClosedProgram, (left, right) => {
        const [a, b] = [term(left), term(right)];
        const order = compareTerms(a, b);
        expect(Math.sign(compareTerms(b, a))).toBe(order === 0 ? 0 : -Math.sign(order));
        expect(termKey(a) === termKey(b)).toBe(order === 0);
        expect(equalTerms(a, b)).toBe(order === 0);
      }),
      { numRuns },
    );
  });

  test('any tree that parses is normalised or refused at a place', () => {
    fc.assert(
      fc.property(anyProgram, (program) => {
        const result = normalize(program, { source: print(program) });
        if (!result.ok) expect(result.diagnostics.length).toBeGreaterThan(0);
        else expect(equalTerms(term(print(termToSyntax(result.term))), result.term)).toBe(true);
      }),
      { numRuns },
    );
  });

  test('golden bytes', () => {
    const source =
      'new x, o(`rho:io:stdout`) in { for (@y /\\ Int, ...@z <- x & _ <<- o where y > 1) { x!!([y, "é", -1, 2n], z) } }';
    expect(Buffer.from(encodeTerm(term(source))).toString('hex')).toBe(
      '1401010d72686f3a696f3a7374646f757413020201' +
        '0c0000010e000c01020101170002' +
        '0d00' +
        '1801' +
        '1009' +
        '0c01' +
        '020000000000000001' +
        '1201' +
        '0c03' +
        '02' +
        '080004' +
        '0c01' +
        '0402c3a9' +
        '02ffffffffffffffff' +
        '030102' +
        '0c00',
    );
    expect(Buffer.from(hashTerm(term('Nil'))).toString('hex')).toBe(
      '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213',
    );
  });
});

describe('errors', () => {
  test.for([
    ['x!(1)', 'unbound-variable', 'variable: `x` is not bound'],
    ['new x in { x!(x) }', 'wrong-sort', 'variable: expected a process, got `x`, which is a name'],
    ['for (@x <- @1) { x!(1) }', 'wrong-sort', 'variable: expected a name, got `x`, which is a process'],
    ['for (@x, @x <- @1) { Nil }', 'bound-twice', 'pattern: `x` is bound twice'],
    ['for (@x <- @1 & @x <- @2) { Nil }', 'bound-twice', 'join: `x` is bound twice'],
    ['for (@x <- @1 & @y <- @1) { Nil }', 'same-channel', 'join: the same channel stands twice'],
    ['@1!(_)', 'pattern-outside-pattern', 'pattern: `_` stands outside a pattern'],
    ['@1!(1 /\\ 2)', 'pattern-outside-pattern', 'pattern: `/\\` stands outside a pattern'],
    ['@1!(Int)', 'pattern-outside-pattern', 'pattern: the type `Int` stands outside a pattern'],
    ['new x in { @1!([..._]) }', 'pattern-outside-pattern', 'pattern: a remainder stands outside a pattern'],
    ['new x in { @1!(=*x) }', 'pattern-outside-pattern', 'pattern: `=x` stands outside a pattern'],
    ['match 1 { x \\/ y => { @x!() } }', 'unbound-variable', 'variable: `x` is not bound'],
    ['match 1 { =x => { Nil } }', 'unbound-variable', 'variable: `x` is not bound'],
  ] as const)('%s', ([source, reason, message]) => {
    const result = normalize(tree(source), { source, file: 'f.rho' });
    if (result.ok) throw new Error('unexpected success');
    expect([result.diagnostics[0]!.reason, result.diagnostics[0]!.message]).toEqual([reason, message]);
  });

  test('have a place and a hint', () => {
    const source = 'new stdout in {\n  stdot!(1)\n}';
    const result = normalize(tree(source), { source, file: 'f.rho' });
    if (result.ok) throw new Error('unexpected success');
    const { line, column, found, hint } = result.diagnostics[0]!;
    expect({ line, column, found, hint }).toEqual({
      line: 2,
      column: 3,
      found: 'stdot',
      hint: 'did you mean `stdout`?',
    });
  });

  test('nesting that only desugaring makes is bounded', () => {
    const source = `for (${Array.from({ length: 5000 }, () => '@_ <- @1').join('; ')}) { Nil }`;
    const result = normalize(tree(source), { source });
    expect(!result.ok && result.diagnostics[0]!.reason).toBe('nesting-limit');
    const lets = `let ${Array.from({ length: 100_000 }, () => '@_ <- 1').join('; ')} in Nil`;
    expect(normalize(tree(lets), { source: lets }).ok).toBe(false);
  });

  test('wide programs take time in proportion to their width', () => {
    const many = Array.from({ length: 50_000 }, (_, index) => String(index));
    for (const source of [
      `for (${many.map((index) => `@x${index}`).join(', ')} <- @1) { @2!(${many.map((index) => `x${index}`).join(', ')}) }`,
      `for (${many.map((index) => `@x${index} <- @${index}`).join(' & ')}) { Nil }`,
      `new ${many.map((index) => `x${index}`).join(', ')} in { ${many.map((index) => `x${index}!(${index})`).join(' | ')} }`,
      `match 1 { Set(${many.map((index) => `x${index}`).join(', ')}) => { Nil } }`,
      `@1!({${many.map((index) => `"${index}": ${index}`).join(', ')}}, Set(${many.join(', ')}))`,
    ]) {
      expect(normalize(tree(source), { source }).ok).toBe(true);
    }
  });

  test.for([
    ['for (@x <- @1!?(1)) {', '}'],
    ['@1!?(); ', 'Nil'],
    ['[', ']'],
    ['select { @x <- @1 => ', '}'],
    ['@{', '}!(1)'],
    ['new x in { x!() | ', '}'],
  ] as const)('the deepest %s survives every pass', ([open, close]) => {
    for (let levels = MAXIMUM_NESTING; levels > 8; levels -= 1) {
      const middle = open === '@1!?(); ' ? '' : 'Nil';
      const source = open.repeat(levels) + middle + (open === '@1!?(); ' ? 'Nil' : close.repeat(levels));
      const parsed = parse(source);
      if (!parsed.ok) continue;
      const result = normalize(parsed.process, { source });
      if (!result.ok) continue;
      expect(decodeTerm(encodeTerm(result.term)).ok).toBe(true);
      expect(termKey(result.term)).not.toBe('');
      expect(printTerm(result.term).length).toBeGreaterThan(0);
      return;
    }
    throw new Error('no depth is accepted');
  });
});

describe('hostile bytes', () => {
  const golden = encodeTerm(
    term(
      'new x in { for (@[a, b ...c], d <- x & @{"k": e} <<- @1 where a > 1n) { match Set(e) { Set(f) => { d!(f + b, "é", c) } } } }',
    ),
  );

  test('every flipped byte and every cut is refused or another term', () => {
    for (let index = 0; index < golden.length; index += 1) {
      for (const flip of [1, 2, 0x80, 0xff]) {
        const bytes = golden.slice();
        bytes[index] = bytes[index]! ^ flip;
        const result = decodeTerm(bytes);
        if (result.ok) expect(encodeTerm(result.term)).toEqual(bytes);
      }
      expect(decodeTerm(golden.slice(0, index)).ok).toBe(false);
    }
    expect(decodeTerm(new Uint8Array([...golden, 0]))).toEqual({ ok: false, reason: 'trailing' });
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat({ max: 25 }), fc.nat({ max: 255 })), { maxLength: 60 }), (list) => {
        const bytes = new Uint8Array(list);
        const result = decodeTerm(bytes);
        if (result.ok) expect(encodeTerm(result.term)).toEqual(bytes);
      }),
      { numRuns: numRuns * 10 },
    );
  });

  test('deep and huge claims', () => {
    expect(decodeTerm(new Uint8Array(100_000).fill(22))).toMatchObject({ ok: false });
    const deep = new Uint8Array(200_000);
    for (let index = 0; index < deep.length; index += 2) deep[index] = 15;
    expect(decodeTerm(deep)).toEqual({ ok: false, reason: 'too-deep' });
    expect(decodeTerm(new Uint8Array([9, 0xff, 0xff, 0xff, 0x7f]))).toEqual({ ok: false, reason: 'truncated' });
  });
});
