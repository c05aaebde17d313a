import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admit,
  countTokens,
  createRuntime,
  demandOf,
  equalTerms,
  integerTerm,
  MAXIMUM_STACK,
  MemorySpace,
  meteringRole,
  meterProgram,
  newTerm,
  nilTerm,
  printTerm,
  receiveOf,
  receiveTerm,
  tokenChannel,
  TokenError,
  tokenStack,
  withoutGates,
  type Comm,
  type Term,
} from '../src/index.ts';
import { anyClosedProgram } from '../src/conformance/closed-program.ts';
import { anyConfluentProgram } from './confluent-program-arbitrary.ts';
import { channel, isGate, metered, read, runAll, supply, withoutNames } from './metered-run.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 300);
const PLENTY = 1_000_000n;

/** Holds a program with a demand to it: nothing is spent beyond, and with just as many tokens it comes to the end that it has without gates. */
function expectAdmitted(term: Term, tokens: bigint): void {
  const plain = runAll([term]);
  expect(tokens).toBeGreaterThanOrEqual(BigInt(plain.comms));
  if (tokens === 0n) return;
  expect(admit({ kind: 'bounded', tokens }, tokens)).toEqual({ ok: true, spare: 0n });
  const end = runAll([supply(tokens), metered(term)]);
  expect(end.waits.filter(isGate)).toEqual([]);
  expect(end.output).toEqual(plain.output);
  expect(withoutNames(end.waits)).toEqual(withoutNames(plain.waits.map(metered)));
  expect(tokens - end.left).toBe(BigInt(plain.comms));
}

function outputOf(source: string, tokens: bigint): readonly string[] {
  return runAll([supply(tokens), metered(read(source).term)]).output;
}

describe('metering', () => {
  test('each reduction costs one token, also with system processes', () => {
    const source = 'new out(`rho:io:stdout`), a in { a!(1) | for (@x <- a) { out!(x) } }';
    const end = runAll([metered(read(source).term), supply(5n)]);
    expect(end.output).toEqual(['1']);
    expect(end.spent).toBe(2n);
    expect(end.gates).toBe(2);
    expect(end.left).toBe(3n);
    expect(runAll([read(source).term]).comms).toBe(2);
  });

  test('reductions of receives without a role are those of the program', () => {
    fc.assert(
      fc.property(anyConfluentProgram, (source) => {
        const { term } = read(source);
        const roles = { gate: 0, relay: 0, none: 0 };
        const runtime = createRuntime();
        runtime.run(supply(PLENTY), { seed: Uint8Array.of(1) });
        const onComm = ({ consume }: Comm): void => void (roles[meteringRole(consume) ?? 'none'] += 1);
        const result = runtime.run(metered(term), { seed: Uint8Array.of(2), onComm });
        const plain = createRuntime().run(term, { seed: Uint8Array.of(2) });
        expect([result.ok, roles.none]).toEqual([plain.ok, plain.comms]);
        expect(roles.gate).toBe(plain.comms);
      }),
      { numRuns },
    );
  });

  test('is undone by taking the gates away', () => {
    fc.assert(
      fc.property(fc.oneof(anyClosedProgram, anyConfluentProgram), (source) => {
        const plain = read(source.replace(/`rho:[^`]*`/g, '`rho:id:unknown`')).term;
        expect(equalTerms(withoutGates(metered(plain)), plain)).toBe(true);
        expect(equalTerms(withoutGates(plain), plain)).toBe(true);
      }),
      { numRuns },
    );
    const pattern = read('match {for (@x <- @1) { @2!(x) }} { {for (@y <- @1) { _ }} => { Nil } }').term;
    expect(equalTerms(metered(pattern), pattern)).toBe(false);
    expect(equalTerms(withoutGates(metered(pattern)), pattern)).toBe(true);
  });

  test('places of a receive go on to the closed receive that waits', () => {
    const source = '@"a"!(7) | for (@x <- @"a") { for (@y <- @"b") { @"c"!(x, y) | @"d"!(y) } }';
    const normal = read(source);
    const space = new MemorySpace();
    createRuntime({ space }).run(normal.term, { seed: Uint8Array.of(1), locations: normal.locations });
    const [consume] = [...space.entries()].find(
      ({ channel: name }) => name.kind === 'string' && name.value === 'b',
    )!.waiting;
    const places = new Map<Term, { start: number }>();
    const receive = receiveOf(consume!, (original, copy) => {
      const place = normal.locations.get(original);
      if (place !== undefined) places.set(copy, place);
    });
    expect(
      receive.body.kind === 'par' &&
        receive.body.parts.map((part) => (places.get(part) ?? normal.locations.get(part))?.start),
    ).toEqual(expect.arrayContaining([source.indexOf('@"c"'), source.indexOf('@"d"')]));
    expect(consume?.place?.start).toBe(source.indexOf('for (@y'));
  });

  test('without tokens the gates wait', () => {
    const source = 'new out(`rho:io:stdout`), a in { a!(1) | for (@x <- a) { out!(x) } }';
    const end = runAll([metered(read(source).term)]);
    expect(end.ok).toBe(true);
    expect(end.output).toEqual([]);
    expect(end.waits).toHaveLength(1);
    expect(outputOf(source, 1n)).toEqual([]);
    expect(outputOf(source, 2n)).toEqual(['1']);
  });

  test('a loop stops when its tokens are spent and goes on with more', () => {
    const source = 'new out(`rho:io:stdout`), loop in { contract loop(@n) = { out!(n) | loop!(n + 1) } | loop!(0) }';
    const program = metered(read(source).term);
    const first = runAll([supply(7n), program]);
    expect(first.ok).toBe(true);
    expect(first.left).toBe(0n);
    expect(first.spent).toBe(7n);
    const second = runAll([supply(7n), program, supply(20n)]);
    expect(second.spent).toBe(27n);
    expect(second.output.length).toBeGreaterThan(first.output.length);
  });

  test('quoted processes are metered with the deploy that wrote them', () => {
    const source =
      'new out(`rho:io:stdout`), c in { c!({ for (@x <- @"in") { out!(x) } }) | for (@p <- c) { p } | @"in"!(3) }';
    expect(outputOf(source, 2n)).toEqual([]);
    expect(outputOf(source, 3n)).toEqual(['3']);
  });

  test('patterns of processes match what they matched, and a gate cannot be taken apart', () => {
    const inside =
      'new out(`rho:io:stdout`), c in { c!({ for (_ <- @"in") { @"o"!(5) } }) | for (@{for (_ <- @"in") { p }} <- c) { out!(p) } }';
    expect(outputOf(inside, PLENTY)).toEqual(runAll([read(inside).term]).output);
    expect(outputOf(inside, PLENTY)).toEqual(['@"o"!(5)']);
    const gate =
      'new out(`rho:io:stdout`), c in { c!({ for (_ <- @"in") { Nil } }) | for (@{for (_ <- @"in") { for (_ <- g) { p } }} <- c) { out!("taken") } }';
    expect(outputOf(gate, PLENTY)).toEqual([]);
  });

  test('a process that another deploy pays for matches as it did, and runs at its cost', () => {
    const theirs = tokenChannel(new Uint8Array([8]));
    const under = (source: string, paying: Term): Term => {
      const result = meterProgram(read(source).term, { channel: paying });
      if (!result.ok) throw new Error(result.message);
      return result.term;
    };
    const sender = 'new f in { @"map"!({ for (@x, r <- f) { r!(x + 1) | for (_ <- @"then") { @"end"!(x) } } }) }';
    // As in the library of RChain that hands functions over.
    const caller =
      'for (@p <- @"map") { new k in { match p { { for (@x, r <- f) { _ } } => { p | f!(1, *k) | for (@y <- k) { @"got"!(y) } } } } } | @"then"!(0)';
    const marks = ({ waits }: { readonly waits: readonly Term[] }): string[] =>
      waits.flatMap((term) => (term.kind === 'send' && term.channel.kind === 'string' ? [printTerm(term)] : [])).sort();
    const left = ({ waits }: { readonly waits: readonly Term[] }): bigint =>
      countTokens(waits.flatMap((term) => (term.kind === 'send' && equalTerms(term.channel, theirs) ? [term] : [])));
    const stacks = [supply(9n), tokenStack(theirs, 9n)];
    const expected = ['@"end"!(1)', '@"got"!(2)'];
    expect(marks(runAll([read(sender).term, read(caller).term]))).toEqual(expected);
    const end = runAll([...stacks, under(sender, theirs), metered(read(caller).term)]);
    expect(marks(end)).toEqual(expected);
    expect([end.left, left(end)]).toEqual([7n, 7n]);
    // The gate of the other deploy is out of reach too.
    const given = '@"map"!({ for (_ <- @"in") { Nil } })';
    const taker = 'for (@{for (_ <- @"in") { for (_ <- g) { p } }} <- @"map") { @"taken"!(*g) }';
    expect(marks(runAll([...stacks, under(given, theirs), metered(read(taker).term)]))).toHaveLength(1);
    const whole = 'for (@{for (_ <- @"in") { p }} <- @"map") { @"taken"!(p) }';
    expect(marks(runAll([...stacks, under(given, theirs), metered(read(whole).term)]))).toEqual(['@"taken"!(Nil)']);
  });

  test('names of system processes are the same name everywhere in a deploy', () => {
    const source =
      'new a(`rho:io:stdout`), c in { c!(*a) | for (x <- c) { new b(`rho:io:stdout`) in { b!(*x == *b) | for (@{=*b} <- c) { b!(2) } | c!(*x) } } }';
    expect(outputOf(source, PLENTY)).toEqual(['2', 'true']);
    expect(runAll([read(source).term]).output).toEqual(['2', 'true']);
  });

  test('a URI that is bound to no process fails where it did', () => {
    const source = 'for (_ <- @"in") { new x(`no:such`) in { Nil } } | new d(`rho:rchain:deployerId`) in { Nil }';
    expect(runAll([supply(5n), metered(read(source).term)]).ok).toBe(true);
    expect(runAll([supply(5n), metered(read(`${source} | @"in"!(1)`).term)]).ok).toBe(false);
  });

  test('a receive and messages that all stay meet once', () => {
    const source = 'new out(`rho:io:stdout`), a in { a!!(1) | for (@x <= a) { out!(x) } | out!!(2) }';
    const end = runAll([supply(100n), metered(read(source).term)]);
    expect(end.output).toEqual(['1', '2']);
    expect(end.spent).toBe(3n);
  });

  test('the stack on the channel may be anything; only stacks of tokens are taken', () => {
    const junk = ['0', '-3', '"5"', 'Nil', '[1]', '5n'].map((text) => {
      const term = read(`@1!(${text})`).term;
      return term.kind === 'send' ? { ...term, channel, key: '' } : nilTerm();
    });
    const program = metered(read('new out(`rho:io:stdout`) in { out!(1) }').term);
    expect(runAll([...junk, program]).output).toEqual([]);
    expect(runAll([...junk, program, supply(1n)]).output).toEqual(['1']);
  });

  test('deploys with channels of their own do not share tokens', () => {
    const program = (name: string): Term =>
      read(`for (@x <- @"${name}") { @"done"!("${name}") } | @"${name}"!(1)`).term;
    const other = tokenChannel(new Uint8Array([8]));
    const theirs = meterProgram(program('b'), { channel: other });
    if (!theirs.ok) throw new Error(theirs.message);
    const end = runAll([supply(5n), metered(program('a')), theirs.term]);
    expect(end.waits.filter(({ kind }) => kind === 'send').map((term) => printTerm(term))).toEqual(['@"done"!("a")']);
  });

  test('places of sends and receives are kept', () => {
    const source = 'for (@x <- @1) { @2!(x) }';
    const normal = read(source);
    const result = meterProgram(normal.term, { channel, locations: normal.locations });
    if (!result.ok) throw new Error(result.message);
    const places = [...result.locations].map(([term, at]) => [term.kind, source.slice(at.start, at.end)]);
    expect(places).toContainEqual(['receive', source]);
    expect(places).toContainEqual(['send', '@2!(x)']);
  });

  test("a caller's mistakes", () => {
    expect(() => tokenStack(channel, 0n)).toThrow(TokenError);
    expect(() => tokenStack(channel, MAXIMUM_STACK + 1n)).toThrow('tokens: expected an integer in [1, 2^63 - 1]');
    const open = read('for (@x <- @1) { x }').term;
    if (open.kind !== 'receive') throw new Error('unexpected term');
    expect(() => meterProgram(open.body, { channel })).toThrow(TokenError);
    expect(() => meterProgram(nilTerm(), { channel: open.body })).toThrow(TokenError);
    expect(countTokens([{ data: [] }, { data: [integerTerm(-1n)] }, { data: [integerTerm(2n)] }])).toBe(2n);
  });

  test('a program too deep or too large for its gates is reported', () => {
    let deep: Term = nilTerm();
    for (let level = 0; level < 400; level += 1) {
      const bind = { channel: integerTerm(1n), patterns: [], remainder: undefined, variables: 0, peek: false };
      deep = receiveTerm([bind], deep);
    }
    expect(meterProgram(deep, { channel })).toMatchObject({ ok: false, reason: 'nesting-limit' });
    let large: Term = newTerm(1, [], integerTerm(1n));
    for (let level = 0; level < 30; level += 1)
      large = receiveTerm([{ channel: large, patterns: [], remainder: undefined, variables: 0, peek: false }], large);
    expect(meterProgram(large, { channel })).toMatchObject({ ok: false, reason: 'size-limit' });
  });
});

describe('metering of generated programs', () => {
  test('with enough tokens the same outputs and the same processes that wait', () => {
    fc.assert(
      fc.property(anyConfluentProgram, (source) => {
        const { term } = read(source);
        const plain = runAll([term]);
        const end = runAll([supply(PLENTY), metered(term)]);
        expect(end.output).toEqual(plain.output);
        expect(withoutNames(end.waits)).toEqual(withoutNames(plain.waits.map(metered)));
        expect(end.spent).toBe(BigInt(plain.comms));
      }),
      { numRuns },
    );
  });

  test('a program that stops for want of tokens comes to the same end when they arrive, whatever the portions', () => {
    fc.assert(
      fc.property(anyConfluentProgram, fc.array(fc.bigInt(1n, 9n), { maxLength: 6 }), (source, portions) => {
        const program = metered(read(source).term);
        const whole = runAll([supply(PLENTY), program]);
        const stopped = runAll([program, ...portions.map(supply)]);
        expect(whole.output).toEqual(expect.arrayContaining([...stopped.output]));
        const resumed = runAll([program, ...portions.map(supply), supply(PLENTY)]);
        expect(resumed.output).toEqual(whole.output);
        expect(withoutNames(resumed.waits)).toEqual(withoutNames(whole.waits));
        expect(resumed.spent).toBe(whole.spent);
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });

  test('tokens are conserved in any program: what was put in was spent at a gate or is left', () => {
    fc.assert(
      fc.property(anyClosedProgram, fc.bigInt(1n, 40n), fc.bigInt(1n, 40n), (source, first, second) => {
        const program = metered(read(source).term);
        const end = runAll([supply(first), program, supply(second)]);
        if (end.ok) {
          expect(end.spent).toBe(BigInt(end.gates));
          expect(end.left).toBe(first + second - BigInt(end.gates));
        }
      }),
      { numRuns },
    );
  });

  test('the demand bounds what is spent, and an admitted program never waits at a gate', () => {
    let bounded = 0;
    fc.assert(
      fc.property(anyConfluentProgram, (source) => {
        const { term } = read(source);
        const demand = demandOf(term);
        if (demand.kind === 'unbounded') return;
        bounded += 1;
        expectAdmitted(term, demand.tokens);
      }),
      { numRuns },
    );
    expect(bounded).toBeGreaterThan(0);
  });

  test('the demand bounds what any program beside it makes a program spend', () => {
    const values = ['1', '"s"', '[1, 2]', 'true'];
    const messages = ['"a"', '"b"'].flatMap((name) =>
      values.flatMap((one, index) => {
        const two = values[(index + 1) % values.length]!;
        return [`@${name}!!(${one})`, `@${name}!!(${one}, ${two})`, `@${name}!!(${one}, ${two}, ${one})`];
      }),
    );
    const driver = read(messages.join(' | ')).term;
    let spending = 0;
    fc.assert(
      fc.property(anyClosedProgram, anyClosedProgram, (source, other) => {
        const { term } = read(source);
        const demand = demandOf(term);
        if (demand.kind === 'unbounded') return;
        const end = runAll([supply(PLENTY), metered(term), read(other).term, driver], 400);
        expect(BigInt(end.gates)).toBeLessThanOrEqual(demand.tokens);
        if (end.gates > 0) spending += 1;
      }),
      { numRuns: numRuns * 2 },
    );
    expect(spending).toBeGreaterThan(0);
  });

  test.each([
    // Receives of a program that look like what passes messages on to system processes.
    'new out(`rho:io:stdout`), c in { c!!(1) | for (@x <= c) { for (@y <- @"never") { out!(x) | out!(y) } } }',
    'new out(`rho:io:stdout`), c in { c!(1) | for (@x <= c) { for (@y <- @"never") { out!(x) } } }',
    // And like a gate.
    'new c in { c!(5) | for (@n <- c where n > 0) { match n { 1 => { Nil } 2 => { c!(1) } _ => { c!((n - 1) / 2) | c!(n / 2) } } } }',
    'new c, d in { for (@m <- d) { for (@n <- c where n > 0) { match n { 1 => { Nil } 2 => { c!(1) } _ => { d!(n) } } } } | c!(2) | d!(0) }',
  ])('what is admitted comes to its end whatever it looks like: %s', (source) => {
    const { term } = read(source);
    const demand = demandOf(term);
    if (demand.kind === 'unbounded') throw new Error(demand.message);
    expectAdmitted(term, demand.tokens);
    const runtime = createRuntime();
    runtime.run(supply(PLENTY), { seed: Uint8Array.of(1) });
    let own = 0;
    const onComm = ({ consume }: Comm): void => void (own += meteringRole(consume) === undefined ? 1 : 0);
    runtime.run(metered(term), { seed: Uint8Array.of(2), onComm });
    expect(own).toBe(runAll([term]).comms);
  });

  test('runs of a metered program are the same every time', () => {
    fc.assert(
      fc.property(anyConfluentProgram, (source) => {
        const program = metered(read(source).term);
        const roots = [0, 1].map(() => Buffer.from(runAll([supply(9n), program]).space.root()).toString('hex'));
        expect(roots[0]).toBe(roots[1]);
      }),
      { numRuns: Math.ceil(numRuns / 5) },
    );
    expect(createRuntime().run(metered(nilTerm()), { seed: new Uint8Array(1) }).ok).toBe(true);
  });
});
