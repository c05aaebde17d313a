import { createRuntime, type Runtime, type TupleSpace } from '@commute/rholang';
import { anyClosedProgram, CONSTRUCTS, METHOD_CALLS, OPERATIONS, outcomeOf } from '@commute/rholang/conformance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compile,
  createVm,
  lower,
  optimize,
  PASS_NAMES,
  printIntermediate,
  type IntermediateProgram,
  type PassName,
} from '../src/index.ts';
import { anyLoopProgram } from './loop-program-arbitrary.ts';
import { normalOf } from './programs.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 30);

const reducer = (space: TupleSpace): Runtime => createRuntime({ space });

const selections: readonly (readonly [name: string, passes: readonly PassName[]])[] = [
  ['all passes', PASS_NAMES],
  ['no pass', []],
  ...PASS_NAMES.map((pass) => [`${pass} alone`, [pass]] as const),
  ...PASS_NAMES.map((pass) => [`all but ${pass}`, PASS_NAMES.filter((one) => one !== pass)] as const),
];

describe('programs come to what the reducer makes of them', () => {
  const withOut = (source: string): string => `new out(\`rho:io:stdout\`) in { ${source} }`;
  const tables = [
    ...CONSTRUCTS.map(([, source]) => withOut(source)),
    ...[...OPERATIONS, ...METHOD_CALLS].map(([source]) => withOut(`match ${source} { x => { out!(x, ${source}) } }`)),
  ];

  test.for(selections)('with %s', ([, passes]) => {
    const create = (space: TupleSpace): Runtime => createVm({ space, passes, compileAt: 1 });
    const check = (source: string): void => {
      expect(outcomeOf([source], create)).toEqual(outcomeOf([source], reducer));
    };
    if (passes.length < PASS_NAMES.length - 1) for (const source of tables) check(source);
    const runs = passes.length === PASS_NAMES.length ? numRuns * 5 : numRuns;
    fc.assert(fc.property(anyLoopProgram, check), { numRuns: runs });
    fc.assert(fc.property(anyClosedProgram, check), { numRuns });
  });

  test('with the passes twice, in any order', () => {
    fc.assert(
      fc.property(anyLoopProgram, fc.array(fc.constantFrom(...PASS_NAMES), { maxLength: 8 }), (source, names) => {
        let program: IntermediateProgram = lower(normalOf(source).term);
        for (const name of names) program = optimize(program, [name]);
        const again = optimize(optimize(program), PASS_NAMES);
        expect(statements(again)).toBeLessThanOrEqual(Math.max(statements(program), statements(optimize(program))));
      }),
      { numRuns },
    );
  });
});

function statements(program: IntermediateProgram): number {
  return printIntermediate(program).split('\n').length;
}

/** A program and what one pass makes of its last procedure, after the passes that it needs. */
function listing(pass: PassName, source: string, before: readonly PassName[] = []): string {
  const lowered = optimize(lower(normalOf(source).term), before);
  const show = (program: IntermediateProgram): string =>
    printIntermediate(program)
      .split(/^(?=procedure )/m)
      .at(-1)!;
  return `${show(lowered)}=>\n${show(optimize(lowered, [pass]))}`;
}

describe('before and after', () => {
  test('constant folding', () => {
    const source =
      'for (@x <- @1) { match [1 + 2 * 3, "a" ++ "b"] { [7, s] => { @2!(s.length() + x, 1 / 0) } _ => { Nil } } }';
    expect(listing('constant-folding', source)).toMatchInlineSnapshot(`
      "procedure 1, 1 variables
        v0 = argument 0
        v1 = constant 1
        v2 = constant 2
        v3 = constant 3
        v4 = v2 * v3
        v5 = v1 + v4
        v6 = constant "a"
        v7 = constant "b"
        v8 = v6 ++ v7
        v9 = list v5 v8
        match v9
        case [7, x0] as [v10]
          v11 = constant 2
          v12 = writable v11
          v13 = v10.length()
          v14 = v13 + v0
          v15 = constant 1
          v16 = constant 0
          v17 = v15 / v16
          produce v12 (v14 v17) at .
        case _
        end
      =>
      procedure 1, 1 variables
        v0 = argument 0
        v1 = constant 1
        v2 = constant 2
        v3 = constant 3
        v4 = constant 6
        v5 = constant 7
        v6 = constant "a"
        v7 = constant "b"
        v8 = constant "ab"
        v9 = constant [7, "ab"]
        v10 = constant "ab"
        v11 = constant 2
        v12 = constant 2
        v13 = constant 2
        v14 = v13 + v0
        v15 = constant 1
        v16 = constant 0
        v17 = v15 / v16
        produce v12 (v14 v17) at .
      "
    `);
  });

  test('common subexpressions', () => {
    const source = 'for (@x, @y <- @1) { @2!(x * y + 1, x * y + 2) | if (x * y > 3) { @2!(x * y) } }';
    expect(listing('common-subexpressions', source)).toMatchInlineSnapshot(`
      "procedure 1, 2 variables
        v0 = argument 0
        v1 = argument 1
        v2 = constant 2
        v3 = writable v2
        v4 = v0 * v1
        v5 = constant 1
        v6 = v4 + v5
        v7 = v0 * v1
        v8 = constant 2
        v9 = v7 + v8
        produce v3 (v6 v9) at .1
        v10 = v0 * v1
        v11 = constant 3
        v12 = v10 > v11
        match v12
        case true
          v13 = constant 2
          v14 = writable v13
          v15 = v0 * v1
          produce v14 (v15) at .2
        case false
        end
      =>
      procedure 1, 2 variables
        v0 = argument 0
        v1 = argument 1
        v2 = constant 2
        v3 = writable v2
        v4 = v0 * v1
        v5 = constant 1
        v6 = v4 + v5
        v9 = v4 + v2
        produce v3 (v6 v9) at .1
        v11 = constant 3
        v12 = v4 > v11
        match v12
        case true
          produce v3 (v4) at .2
        case false
        end
      "
    `);
  });

  test('redundancy elimination', () => {
    const source =
      'for (@x <- @1) { let @y <- x * 1 in { if (y > 0) { let @z <- y + 0 in { if (not (not (z > 5))) { @2!(z) } } } } }';
    expect(listing('redundancy-elimination', source, ['common-subexpressions'])).toMatchInlineSnapshot(`
      "procedure 1, 1 variables
        v0 = argument 0
        v1 = constant 1
        v2 = v0 * v1
        v3 = list v2
        match v3
        case [x0] as [v4]
          v5 = constant 0
          v6 = v4 > v5
          match v6
          case true
            v8 = v4 + v5
            v9 = list v8
            match v9
            case [x0] as [v10]
              v11 = constant 5
              v12 = v10 > v11
              v13 = not v12
              v14 = not v13
              match v14
              case true
                v15 = constant 2
                v16 = writable v15
                produce v16 (v10) at .
              case false
              end
            end
          case false
          end
        end
      =>
      procedure 1, 1 variables
        v0 = argument 0
        v1 = constant 1
        v2 = v0 * v1
        v3 = list v2
        v5 = constant 0
        v6 = v2 > v5
        match v6
        case true
          v9 = list v2
          v11 = constant 5
          v12 = v2 > v11
          v13 = not v12
          match v12
          case true
            v15 = constant 2
            produce v15 (v2) at .
          case _
          end
        case _
        end
      "
    `);
  });

  test('dead code', () => {
    const source =
      'for (@x, @y <- @1) { new unused in { let @z <- x == y in { match x { 1 => { @2!(y) } _ => { Nil } 3 => { @4!(z) } } } } }';
    expect(listing('dead-code', source, ['redundancy-elimination'])).toMatchInlineSnapshot(`
      "procedure 1, 2 variables
        v0 = argument 0
        v1 = argument 1
        v2 = fresh . 0
        v3 = v0 == v1
        v4 = list v3
        match v0
        case 1
          v6 = constant 2
          produce v6 (v1) at .0
        case _
        case 3
          v8 = constant 4
          produce v8 (v3) at .0
        end
      =>
      procedure 1, 2 variables
        v0 = argument 0
        v1 = argument 1
        match v0
        case 1
          v6 = constant 2
          produce v6 (v1) at .0
        end
      "
    `);
  });

  test('induction variables', () => {
    const source = `new loop in {
      for (@n, @sum <= loop) { if (n > 0) { loop!(n - 1, sum + 4 * n) } else { @"sum"!(sum) } } | loop!(10, 0)
    }`;
    expect(listing('induction-variables', source)).toMatchInlineSnapshot(`
      "procedure 1, 3 variables
        v0 = argument 0
        v1 = argument 1
        v2 = argument 2
        v3 = constant 0
        v4 = v1 > v3
        match v4
        case true
          v5 = writable v0
          v6 = constant 1
          v7 = v1 - v6
          v8 = constant 4
          v9 = v8 * v1
          v10 = v2 + v9
          produce v5 (v7 v10) at .
        case false
          v11 = constant "sum"
          v12 = writable v11
          produce v12 (v2) at .
        end
      =>
      procedure 1, 3 variables
        ; integers: argument 1, argument 2
        ; induction: argument 1 changes by -1; v7 = 1 * it + -1, v9 = 4 * it + 0
        v0 = argument 0
        v1 = argument 1
        v2 = argument 2
        v3 = constant 0
        v4 = v1 > v3
        match v4
        case true
          v5 = writable v0
          v6 = constant 1
          v7 = v1 - v6
          v8 = constant 4
          v9 = v8 * v1
          v10 = v2 + v9
          produce v5 (v7 v10) at .
        case false
          v11 = constant "sum"
          v12 = writable v11
          produce v12 (v2) at .
        end
      "
    `);
  });

  test('strength reduction', () => {
    const source = `new loop in {
      for (@n, @sum <= loop) { if (n > 0) { loop!(n - 1, 5 * n + 5 * (n + 1) + sum % 16 + 8 * n) } } | loop!(10, 0)
    }`;
    expect(listing('strength-reduction', source, ['induction-variables'])).toMatchInlineSnapshot(`
      "procedure 1, 3 variables
        ; integers: argument 1, argument 2
        ; induction: argument 1 changes by -1; v7 = 1 * it + -1, v9 = 5 * it + 0, v12 = 1 * it + 1, v13 = 5 * it + 5, v19 = 8 * it + 0
        v0 = argument 0
        v1 = argument 1
        v2 = argument 2
        v3 = constant 0
        v4 = v1 > v3
        match v4
        case true
          v5 = writable v0
          v6 = constant 1
          v7 = v1 - v6
          v8 = constant 5
          v9 = v8 * v1
          v10 = constant 5
          v11 = constant 1
          v12 = v1 + v11
          v13 = v10 * v12
          v14 = v9 + v13
          v15 = constant 16
          v16 = v2 % v15
          v17 = v14 + v16
          v18 = constant 8
          v19 = v18 * v1
          v20 = v17 + v19
          produce v5 (v7 v20) at .
        case false
        end
      =>
      procedure 1, 3 variables
        ; integers: argument 1, argument 2
        ; induction: argument 1 changes by -1; v7 = 1 * it + -1, v9 = 5 * it + 0, v12 = 1 * it + 1, v13 = 5 * it + 5, v19 = 8 * it + 0
        v0 = argument 0
        v1 = argument 1
        v2 = argument 2
        v3 = constant 0
        v4 = v1 > v3
        match v4
        case true
          v5 = writable v0
          v6 = constant 1
          v7 = v1 - v6
          v8 = constant 5
          v9 = v8 * v1
          v10 = constant 5
          v11 = constant 1
          v12 = v1 + v11
          v21 = constant 5
          v13 = v9 + v21
          v14 = v9 + v13
          v15 = constant 16
          v16 = v2 % 2^4
          v17 = v14 + v16
          v18 = constant 8
          v19 = v1 * 2^3
          v20 = v17 + v19
          produce v5 (v7 v20) at .
        case false
        end
      "
    `);
  });
});

describe('arguments are integers whatever happens', () => {
  const claims = (source: string): boolean => {
    const result = compile(source);
    if (!result.ok) throw new Error(result.message);
    return result.emit('optimized').includes('; integers: argument 1');
  };
  const loop = (more: string, first = 'loop!(10)'): string =>
    `new loop in { for (@n <= loop) { if (n > 0) { loop!(n - 1) } } | ${first} | ${more} }`;

  test.for([
    [loop('Nil'), true],
    [loop('for (@m <- @"m" where m > 5) { loop!(m * 2) }'), true],
    [loop('for (@m <- @"m") { loop!(m) }'), false],
    [loop('for (@m <- @"m") { loop!(m + 1) }'), false],
    [loop('Nil', 'loop!("text")'), false],
    [loop('@"leak"!(*loop)'), false],
    [loop('@"leak"!({ loop!(1) })'), false],
    [loop('@"leak"!([1, *loop])'), false],
    [loop('match *loop { x => { @x!("text") } }'), false],
    [loop('for (@{=*loop} <- @"leak") { Nil }'), false],
    [loop('for (@x <- @"leak") { @"leak"!(*loop == x) }'), true],
    [loop('for (@x <- @"leak") { for (@y <- @"leak") { loop!(x.length()) } }'), true],
  ] as const)('%s: %s', ([source, want]) => {
    expect(claims(source)).toBe(want);
  });
});
