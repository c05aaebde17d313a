import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkTransactions,
  createRuntime,
  MemorySpace,
  renderDiagnostic,
  type TransactionResult,
} from '../src/index.ts';
import { choicesFrom, type Choices } from '../src/conformance/closed-program.ts';
import { read } from './metered-run.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function checked(source: string): TransactionResult {
  const { term, locations } = read(source);
  return checkTransactions(term, { source, locations, file: 'f.rho' });
}

const cell = (body: string): string => `new cell in { cell!(0) | ${body} }`;

describe('transactions', () => {
  test.for([
    ['atomic', cell('contract @"add"(@n) = { for (@x <- cell) { cell!(x + n) } }')],
    ['atomic', cell('contract @"get"(r) = { for (@x <<- cell) { r!(x) } } | for (@x <= cell) { cell!(x) }')],
    ['atomic', cell('for (@x <- cell & @y <- @"other") { if (x > 1) { cell!(x) } else { cell!(y) } }')],
    [
      'atomic',
      cell('for (@x <- cell) { match x { 1 => { cell!(2) } y where y > 2 => { cell!(y) } _ => { cell!(0) } } }'),
    ],
    ['atomic', cell('for (@x <- cell) { cell!(x) | for (@y <- cell) { cell!(y) } }')],
    ['lost-value', cell('for (@x <- cell) { Nil } | for (@x <- cell) { cell!(x) }')],
    ['lost-value', cell('for (@x <- cell) { if (x > 0) { cell!(x) } }')],
    ['lost-value', cell('for (@x <- cell) { if (x + 1) { cell!(x) } else { cell!(x) } }')],
    ['lost-value', cell('for (@x <- cell) { match x { 1 => { cell!(2) } } }')],
    ['duplicated-value', cell('for (@x <- cell) { cell!(x) | cell!(x) }')],
    ['duplicated-value', cell('for (@x <- cell) { for (_ <= @"more") { cell!(x) } }')],
    ['held-value', cell('for (@x <- cell) { for (@y <- @"price") { cell!(x + y) } }')],
    ['taken-twice', cell('for (@x <- cell) { for (@y <- cell) { cell!(x + y) } }')],
    ['no cell', cell('for (@x <- cell) { @"out"!(x) }')],
    ['no cell', cell('for (@x <- cell) { cell!(x) } | @"leak"!(*cell)')],
    ['no cell', cell('for (@x <- cell) { cell!(x) } | cell!(1)')],
    ['no cell', cell('for (@x <- cell) { cell!(x) } | for (_ <- @"more") { cell!(1) }')],
    ['no cell', cell('for (@x <- cell) { cell!({ cell!(1) }) }')],
    ['no cell', 'new queue in { for (@x <- queue) { queue!(x) } }'],
    ['no cell', 'select { @x <- @"a" => { Nil } @y <- @"b" => { Nil } }'],
    ['no cell', '@"cell"!(0) | for (@x <- @"cell") { Nil }'],
  ] as const)('%s: %s', ([want, source]) => {
    const { cells, findings, ok } = checked(source);
    const verdict = cells.length === 0 ? 'no cell' : cells[0]!.atomic ? 'atomic' : 'none';
    expect([verdict, ...findings.map(({ reason }) => reason)]).toContain(want);
    expect(cells[0]?.atomic === true).toBe(want === 'atomic');
    expect(ok).toBe(want !== 'taken-twice');
  });

  test('name the place', () => {
    const source = cell('\n  for (@x <- cell) { for (@y <- cell) { cell!(x + y) } }');
    const { findings } = checked(source);
    expect(renderDiagnostic(findings[0]!, source).split('\n').slice(0, 4)).toEqual([
      'f.rho:2:22: error: transaction: expected a value to be put back first, got a receive that waits for the value this transaction has taken',
      '  |',
      '2 |   for (@x <- cell) { for (@y <- cell) { cell!(x + y) } } }',
      '  |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
    ]);
  });

  test('of a program too large to analyse are not decided', () => {
    const many = `new ${Array.from({ length: 5000 }, (_, index) => `n${String(index)}`).join(', ')} in { ${Array.from({ length: 5000 }, (_, index) => `n${String(index)}!(0)`).join(' | ')} }`;
    expect(checked(many)).toMatchObject({ ok: true, cells: [], findings: [{ reason: 'analysis-limit' }] });
  });

  /** The body of a transaction that has taken `x`. */
  function body(choices: Choices, fuel: number): string {
    const inner = (): string => body(choices, fuel - 1);
    switch (fuel <= 0 ? choices.pick(6) : choices.pick(14)) {
      case 0:
        return 'Nil';
      case 1:
      case 2:
      case 3:
      case 4:
        return 'cell!(x + n)';
      case 5:
        return '@"out"!(x)';
      case 6:
      case 7:
        return `if (x < n) { ${inner()} } else { ${inner()} }`;
      case 8:
        return `match n { 1 => { ${inner()} } ${choices.pick(2) === 0 ? '_' : '2'} => { ${inner()} } }`;
      case 9:
        return `for (_ <- @"signal") { ${inner()} }`;
      case 10:
        return `${inner()} | @"out"!(n)`;
      case 11:
        return `${inner()} | ${inner()}`;
      case 12:
        return `for (@y <<- cell) { ${inner()} }`;
      default:
        return `for (@x <- cell) { ${inner()} } | ${inner()}`;
    }
  }

  test('of a cell that is called atomic leave one value in it wherever a run comes to rest, and others do not always', () => {
    let atomic = 0;
    let empty = 0;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 10, maxLength: 60 }), (stream) => {
        const choices = choicesFrom(stream);
        const operations = Array.from({ length: 1 + choices.pick(3) }, (_, index) => `"op${String(index)}"`);
        const contracts = operations.map(
          (name) => `contract @${name}(@n) = { for (@x <- cell) { ${body(choices, 3)} } }`,
        );
        const calls = operations.flatMap((name) => [`@${name}!(${String(choices.pick(3))})`, `@${name}!(1)`]);
        const source = cell([...contracts, ...calls, '@"signal"!(1)', '@"signal"!(2)'].join(' | '));
        const { cells } = checked(source);
        const space = new MemorySpace();
        const result = createRuntime({ space }).run(source, { seed: new Uint8Array([1]), maximumComms: 500 });
        if (!result.ok) return;
        const row = [...space.entries()].find(
          ({ channel }) => channel.kind === 'unforgeable' && channel.id.length === 32,
        );
        const values = row?.data.length ?? 0;
        if (cells[0]?.atomic === true) {
          atomic += 1;
          expect(values).toBe(1);
        } else if (values !== 1) empty += 1;
      }),
      { numRuns },
    );
    expect(atomic).toBeGreaterThan(numRuns / 50);
    expect(empty).toBeGreaterThan(numRuns / 50);
  });
});
