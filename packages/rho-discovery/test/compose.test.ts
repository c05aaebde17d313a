import { describe, expect, test } from 'vitest';
import { createRuntime, equalTerms, MemorySpace, printTerm, stringTerm, type Term } from '@commute/rholang';
import { renderFinding } from '@commute/rho-check';
import {
  checkComposite,
  composeContracts,
  propertiesOfCheck,
  readProgram,
  type Composite,
  type ContractPart,
  type RefusedComposite,
} from '../src/index.ts';

const MATH: ContractPart = {
  name: 'math',
  source: 'contract @"add"(@{x /\\ Int}, @{y /\\ Int}, r) = { r!(x + y) }',
};
const TWICE: ContractPart = {
  name: 'twice',
  source: 'contract @"twice"(@{x /\\ Int}, r) = { new k in { @"add"!(x, x, *k) | for (@{y /\\ Int} <- k) { r!(y) } } }',
};

function composed(result: Composite | RefusedComposite): Composite {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result;
}

function reasons(result: Composite | RefusedComposite): string[] {
  return result.ok ? [] : result.problems.map(({ reason }) => reason);
}

/** What waits after a run, as text. */
function runToRest(term: Term, source: string): string[] {
  const space = new MemorySpace();
  const runtime = createRuntime({ space });
  for (const [index, program] of [term, source].entries()) {
    const result = runtime.run(program, { seed: new Uint8Array([index]) });
    if (!result.ok) throw new Error(result.message);
  }
  // What the registry keeps is no part of it.
  const entries = [...space.entries()].filter(({ channel }) => channel.kind !== 'unforgeable');
  return entries.flatMap(({ channel, data }) =>
    data.map((datum) => `${printTerm(channel)}!(${datum.data.map((one) => printTerm(one)).join(', ')})`),
  );
}

const texts = (names: readonly Term[]): string[] => names.map((name) => printTerm(name));

describe('composition', () => {
  test('joins channels of equal name, hides what is between the parts, and reads again as the same program', () => {
    const composite = composed(composeContracts([MATH, TWICE]));
    expect(texts(composite.channels.filter(({ hidden }) => hidden).map(({ name }) => name))).toEqual(['"add"']);
    const again = readProgram(composite.source!, 'again');
    expect(again.ok && equalTerms(again.term, composite.term)).toBe(true);
    const offered = composite.interface.contracts.flatMap(({ channel }) =>
      channel.kind === 'public' ? [channel.name] : [],
    );
    expect(texts(offered)).toEqual(['"twice"']);
    expect(
      composite.connections.map(({ part, accepted, answers, receivers }) => [part, accepted, answers, receivers]),
    ).toEqual([['twice', 'yes', 'yes', ['math']]]);
    expect(runToRest(composite.term, '@"twice"!(21, "out")')).toEqual(['"out"!(42)']);
    // What is hidden cannot be reached any more.
    expect(runToRest(composite.term, '@"add"!(1, 2, "out")')).toEqual(['"add"!(1, 2, "out")']);
    const exposed = composed(composeContracts([MATH, TWICE], { expose: [stringTerm('add')] }));
    expect(runToRest(exposed.term, '@"add"!(1, 2, "out")')).toEqual(['"out"!(3)']);
  });

  test('follows wires, also where names clash', () => {
    const user: ContractPart = { name: 'user', source: TWICE.source.replace('@"add"', '@"sum"') };
    const other: ContractPart = { name: 'other', source: 'contract @"add"(@x, r) = { r!("other", x) }' };
    const wires = [
      {
        from: { part: 'user', channel: stringTerm('sum') },
        to: { part: 'math', channel: stringTerm('add') },
      },
      {
        from: { part: 'other', channel: stringTerm('add') },
        to: { part: 'other', channel: stringTerm('add') },
      },
    ];
    const composite = composed(composeContracts([MATH, user, other], { wires }));
    expect(runToRest(composite.term, '@"twice"!(4, "out")')).toEqual(['"out"!(8)']);
    expect(runToRest(composite.term, '@"add"!(4, "out")')).toEqual(['"out"!("other", 4)']);
    const [wire] = wires;
    expect(reasons(composeContracts([MATH, user], { wires: [wire!, wire!] }))).toEqual(['wired-twice']);
    const nowhere = { part: 'nobody', channel: stringTerm('add') };
    expect(reasons(composeContracts([MATH, user], { wires: [{ from: wire!.from, to: nowhere }] }))).toEqual([
      'unknown-part',
    ]);
    const unused = { part: 'math', channel: stringTerm('sub') };
    expect(reasons(composeContracts([MATH, user], { wires: [{ from: wire!.from, to: unused }] }))).toEqual([
      'unknown-channel',
    ]);
  });

  test.each([
    ['call-not-accepted', 'contract @"go"(r) = { @"add"!("a", "b", *r) }'],
    ['call-not-accepted', 'contract @"go"(r) = { @"add"!(1, *r) }'],
    [
      'answer-not-accepted',
      'contract @"go"(r) = { new k in { @"add"!(1, 2, *k) | for (@{x /\\ String} <- k) { r!(x) } } }',
    ],
    ['answer-not-accepted', 'contract @"go"(r) = { new k in { @"add"!(1, 2, *k) | for (@x, @y <- k) { r!(x) } } }'],
    ['channel-as-data', 'contract @"go"(r) = { @"add"!(1, 2, *r) | @"log"!("add") }'],
    ['invalid-part', 'contract @"go"(r) = { s!(1) }'],
    ['unobservable', 'contract @"go"(r) = { @"add"!(1, 2, *r) | new a in { a!(1) } }'],
  ])('is refused: %s', (reason, source) => {
    const result = composeContracts([MATH, { name: 'go', source, file: 'go.rho' }]);
    if (result.ok) throw new Error('composed');
    expect(result.problems.map((one) => one.reason)).toEqual([reason]);
    expect(result.problems[0]!.part).toBe('go');
    if (reason.endsWith('accepted')) expect(result.problems[0]!.place?.file).toBe('go.rho');
  });

  test('joins channels by what they are, however they are written', () => {
    const user = { name: 'user', source: 'contract @"go"(r) = { @{"a" ++ "dd"}!(1, 2, *r) | @{bundle+{"log"}}!(1) }' };
    const log = { name: 'log', source: 'contract @"log"(@x) = { Nil }' };
    const composite = composed(composeContracts([MATH, user, log]));
    expect(texts(composite.channels.filter(({ hidden }) => hidden).map(({ name }) => name))).toEqual([
      '"add"',
      '"log"',
    ]);
    expect(runToRest(composite.term, '@"go"!("out")')).toEqual(['"out"!(3)']);
  });

  test('tells what is not shown, and refuses it where that is asked for', () => {
    const part = { name: 'go', source: 'contract @"go"(@x, r) = { @"add"!(x, 2, *r) }' };
    const composite = composed(composeContracts([MATH, part]));
    const [connection] = composite.connections;
    expect([connection?.accepted, printTerm(connection!.witness!)]).toEqual(['unknown', '[Nil, 2, Nil]']);
    expect(reasons(composeContracts([MATH, part], { strict: true }))).toEqual(['call-not-proved']);
    // Overloads accept together what none of them accepts alone.
    const overloads = {
      name: 'overloads',
      source: 'contract @"f"(@true, r) = { r!(1) } | contract @"f"(@false, r) = { r!(2) }',
    };
    const user = { name: 'user', source: 'contract @"go"(@x, r) = { @"f"!(x == 1, *r) }' };
    expect(composed(composeContracts([overloads, user], { strict: true })).connections[0]!.accepted).toBe('yes');
  });

  test('follows answers through parts that hand on the name', () => {
    const proxy = { name: 'proxy', source: 'contract @"proxy"(@{x /\\ Int}, r) = { @"add"!(x, 1, *r) }' };
    const client = (pattern: string): ContractPart => ({
      name: 'client',
      source: `new k in { @"proxy"!(1, *k) | for (@{x /\\ ${pattern}} <- k) { @"result"!(x) } }`,
    });
    const fine = composed(composeContracts([MATH, proxy, client('Int')], { strict: true }));
    expect(fine.connections.map(({ accepted, answers }) => [accepted, answers])).toEqual([
      ['yes', 'yes'],
      ['yes', 'yes'],
    ]);
    expect(reasons(composeContracts([MATH, proxy, client('String')]))).toEqual(['answer-not-accepted']);
    const open = composed(composeContracts([proxy, client('Int')]));
    expect(open.connections.map(({ answers }) => answers)).toEqual(['unknown']);
  });

  test('leaves to others what no part answers, and what all parts only send', () => {
    const composite = composed(
      composeContracts([
        { name: 'a', source: '@"log"!(1) | @"nobody"!(2)' },
        { name: 'b', source: '@"log"!(2)' },
      ]),
    );
    expect(composite.channels.every(({ hidden }) => !hidden)).toBe(true);
    expect(composite.open.map(({ part, message }) => `${part} ${printTerm(message)}`)).toEqual([
      'a [1]',
      'a [2]',
      'b [2]',
    ]);
  });

  test('refuses arguments that make no sense', () => {
    expect(() => composeContracts([])).toThrow('RHO_DISCOVERY_ARGUMENT_MISMATCH');
    expect(() => composeContracts([MATH, MATH])).toThrow('RHO_DISCOVERY_ARGUMENT_MISMATCH');
  });
});

/** Takes the lock of the one account and then that of the other. */
function mover(name: string, from: string, to: string): ContractPart {
  const source = `contract @"${name}"(@{amount /\\ Int}, done) = {
  for (@x <- @"${from}") {
    for (@y <- @"${to}") {
      @"${from}"!(x - amount) | @"${to}"!(y + amount) | done!(true)
    }
  }
}`;
  return { name, file: `${name}.rho`, source };
}

describe('checked composition', () => {
  const accounts: ContractPart = { name: 'accounts', source: '@"ann"!(10) | @"bob"!(20)' };
  const pay = mover('pay', 'ann', 'bob');
  const refund = mover('refund', 'bob', 'ann');

  test('two parts that are fine alone wait for each other for ever, and a schedule shows how', async () => {
    for (const part of [pay, refund]) {
      const alone = await checkComposite(composed(composeContracts([accounts, part])));
      expect(alone.verdict).toBe('holds');
    }
    const { verdict, result } = await checkComposite(composed(composeContracts([accounts, pay, refund])));
    expect(verdict).toBe('fails');
    if (!result.ok) throw new Error('not checked');
    const deadlock = result.findings.find(({ check }) => check === 'deadlock');
    const text = renderFinding(deadlock!);
    expect(text).toContain('pay.rho:3:5');
    expect(text).toContain('refund.rho:3:5');
    expect(propertiesOfCheck(result)).toContainEqual({ name: 'deadlock', verdict: 'fails' });
  });

  test('what takes the locks in one order is fine together', async () => {
    const inOrder: ContractPart = {
      ...refund,
      source: mover('refund', 'ann', 'bob').source.replaceAll('amount)', '-amount)').replaceAll('{-amount', '{amount'),
    };
    const { verdict } = await checkComposite(composed(composeContracts([accounts, pay, inOrder])), { calls: 1 });
    expect(verdict).toBe('holds');
  });

  test('a call that is not shown to be accepted keeps the verdict from holding', async () => {
    const part = { name: 'go', source: 'contract @"go"(@x, r) = { @"add"!(x, 2, *r) }' };
    const check = await checkComposite(composed(composeContracts([MATH, part])));
    expect(check.verdict).not.toBe('holds');
    expect(check.callers).toHaveLength(2);
    const silent = await checkComposite(composed(composeContracts([MATH, TWICE])), { calls: 0 });
    expect([silent.verdict, silent.callers.length]).toEqual(['holds', 0]);
    await expect(checkComposite(composed(composeContracts([MATH])), { calls: -1 })).rejects.toThrow(
      'RHO_DISCOVERY_ARGUMENT_RANGE',
    );
  });

  test('properties are checked on the composite', async () => {
    const client = { name: 'client', source: 'new r in { @"twice"!(4, *r) | for (@x <- r) { @"result"!(x) } }' };
    const composite = composed(composeContracts([MATH, TWICE, client]));
    const good = await checkComposite(composite, { properties: ['eventually @"result"!(8)'] });
    expect(good.verdict).toBe('holds');
    const bad = await checkComposite(composite, { properties: ['always not @"result"!(8)'] });
    expect(bad.verdict).toBe('fails');
  });
});
