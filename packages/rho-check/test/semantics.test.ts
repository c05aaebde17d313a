import { answer, integerTerm, type SystemProcess } from '@commute/rholang';
import { describe, expect, it } from 'vitest';
import { checkProcess, renderFinding, renderTrace, replayTrace, type Trace } from '../src/index.ts';
import { checked, findingOf, philosophers, propertyOf } from './support.ts';

/** Programs that come to the same lines in every schedule. */
const CONSTRUCTS: readonly (readonly [title: string, source: string, lines: readonly string[]])[] = [
  ['remainders', '@1!(5, 6, 7) | for (@x ...@y <- @1) { out!([x, y]) }', ['[5, [6, 7]]']],
  ['messages that stay', '@1!!(5) | for (@x <- @1) { out!(x) } | for (@x <= @1) { out!(x + 1) }', ['5', '6']],
  ['peeks', '@1!(5) | for (@x <<- @1) { out!(x) | for (@y <- @1) { out!(y + 1) } }', ['5', '6']],
  ['joins', '@1!(5) | @2!(6) | for (@x <- @1 & @y <- @2) { out!(x + y) }', ['11']],
  ['sequences', '@1!(5) | for (@x <- @1; @y <- @{x}) { out!(y) } | @5!(6)', ['6']],
  ['contracts', 'contract @"f"(@x, r) = { r!(x * 2) } | @"f"!(21, *out)', ['42']],
  ['code as data', '@1!({ out!("ran") }) | for (x <- @1) { *x }', ['"ran"']],
  ['quoted patterns', 'for (@{@2!(x)} <- @1) { out!(x) } | @1!({ @2!(7) })', ['7']],
  ['match', 'match [1, 2] { [] => { out!(0) } [x ...y] => { out!([x, y]) } _ => { out!(9) } }', ['[1, [2]]']],
  ['if and let', 'let @x <- 1; @y <- x + 1 in { if (y == 2) { out!(y) } }', ['2']],
  ['select', '@1!(1) | @2!(2) | select { @x <- @1 => { out!("one") } @y <- @2 => { out!("one") } }', ['"one"']],
  ['answers', 'contract @"f"(r, @x) = { r!(x + 1) } | for (@y <- @"f"!?(1)) { out!(y) }', ['2']],
  ['synchronous sends', 'contract @"f"(r, @x) = { r!(x) } | @"f"!?(1); out!("done")', ['"done"']],
  ['guards', '@1!(1) | @1!(4) | @2!(3) | for (@x <- @1 & @y <- @2 where x > y) { out!([x, y]) }', ['[4, 3]']],
  ['bundles', 'new a in { @1!(bundle+{*a}) | for (b <- @1) { b!(5) } | for (@x <- a) { out!(x) } }', ['5']],
  [
    'sets and maps',
    '@1!(Set(1, 2), {"k": 3}) | for (@Set(1 ...s), @{"k": v ..._} <- @1) { out!([s, v]) }',
    ['[Set(2), 3]'],
  ],
];

describe('every construct of the language', () => {
  it.each(CONSTRUCTS)('%s', async (_, source, lines) => {
    const stdout = 'new out(`rho:io:stdout`) in';
    const program = `new out(\`rho:io:stdout\`) in { ${source} }`;
    const properties = [...new Set(lines)].map((line) => `${stdout} eventually out!(${line})`);
    const result = await checked(program, { checks: ['failure'], properties: [...properties, 'eventually terminal'] });
    expect(result.findings.map(({ verdict, message }) => [verdict, message])).toEqual(
      result.findings.map(({ message }) => ['holds', message]),
    );
  });
});

describe('system processes', () => {
  it('answers hashes, and the registry, whose URIs are fresh names', async () => {
    const source = `new insert(\`rho:registry:insertArbitrary\`), lookup(\`rho:registry:lookup\`), a, b in {
      insert!(1, *a) | insert!(2, *b) |
      for (@one <- a & @two <- b) { new c in { lookup!(one, *c) | for (@x <- c) { @"found"!(x, one != two) } } }
    }`;
    const result = await checked(source, {
      checks: ['deadlock', 'failure', 'race'],
      properties: ['eventually @"found"!(1, true)'],
    });
    expect(result.verdict).toBe('holds');
    const hash =
      'new hash(`rho:crypto:sha256Hash`), r in { hash!("00".hexToBytes(), *r) | for (@x <- r) { @"got"!(x.length()) } }';
    expect((await propertyOf(hash, 'eventually @"got"!(32)')).verdict).toBe('holds');
  });

  it('answers with the block that it is told, and has processes of the caller', async () => {
    const source = 'new data(`rho:block:data`), r in { data!(*r) | for (@n, _, _ <- r) { @"number"!(n) } }';
    const block = { number: 7n, timestamp: 0n, sender: new Uint8Array(1) };
    expect((await propertyOf(source, 'eventually @"number"!(7)', { block })).verdict).toBe('holds');
    const own: SystemProcess = { uri: 'my:seven', arity: 1, run: ([reply]) => answer(reply, integerTerm(7n)) };
    const asks = 'new f(`my:seven`), r in { f!(*r) | for (@x <- r) { @"got"!(x) } }';
    expect((await propertyOf(asks, 'eventually @"got"!(7)', { systemProcesses: [own] })).verdict).toBe('holds');
    expect((await findingOf(asks, 'failure')).verdict).toBe('fails');
  });
});

describe('names', () => {
  it('are not told apart where nothing in a state does', async () => {
    const clients = (count: number): string => `new server, client in {
      contract server(@n, reply) = { reply!(n + 1) } |
      contract client() = { new reply in { server!(1, *reply) | for (@n <- reply) { @"sum"!(n) } } } |
      ${Array.from({ length: count }, () => 'client!()').join(' | ')}
    }`;
    // Each client is in one of four places, and which one it is does not matter.
    for (const count of [2, 5, 8])
      expect((await checked(clients(count), { checks: ['deadlock'], reduce: false })).graph.states).toBe(
        ((count + 3) * (count + 2) * (count + 1)) / 6,
      );
  });

  it('are others each time that messages that stay meet a receive that is repeated', async () => {
    const source =
      'for (_ <= @"c") { new n in { @"made"!(*n) } } | @"c"!!(0) | @"c"!!(0) | for (@x <- @"made"; @y <- @"made") { @"same"!(x == y) }';
    expect((await propertyOf(source, 'eventually @"same"!(false)')).verdict).toBe('holds');
  });

  it('go round in a ring of one variable as one state', async () => {
    const ring = `new spawn in {
      contract spawn(@n, first, last) = {
        if (n == 0) { contract last(@x) = { first!(x) } }
        else { new next in { contract last(@x) = { next!(x) } | spawn!(n - 1, *first, *next) } }
      } |
      new start in { spawn!(5, *start, *start) | start!("token") }
    }`;
    const result = await checked(ring, { checks: ['deadlock', 'stuck-receive'] });
    expect(result.verdict).toBe('holds');
    expect(result.graph.complete).toBe(true);
  });

  it('of which a program sees the bytes or the order are never said to hold', async () => {
    for (const source of [
      'new a in { @"b"!((*a).toByteArray()) | for (@x <- @"b") { Nil } }',
      'new a, b in { @"b"!(Set(*a, *b).toList()) | for (@[x, y] <- @"b") { Nil } }',
      'new a, b in { match Set(*a, *b) { Set(x, y) => { @"b"!(x) } } }',
    ]) {
      const result = await checked(source, { checks: ['failure'] });
      expect(result.findings[0]).toMatchObject({ verdict: 'unknown', bound: 'names-observed' });
    }
    for (const source of [
      '@"b"!([1].toByteArray())',
      'new a, b in { a!(Set(1, 2)) | for (@s <- a) { b!(s.toList(), "n: ${n}" %% {"n": s.size()}) } | for (_, @t <- b) { @"c"!(t) } }',
      'new a in { for (@x <- a) { @"b"!((*a).toByteArray()) } }',
    ])
      expect((await checked(source, { checks: ['failure'] })).verdict).toBe('holds');
  });
});

describe('an environment', () => {
  const service = 'contract @"double"(@n, reply) = { reply!(n * 2) }';

  it('sends again and again, and takes what is sent to names of its own', async () => {
    const result = await checked(service, {
      environment: ['@"double"!(1 \\/ 2, _)'],
      properties: ['possibly terminal', 'always waiting @"double"'],
    });
    expect(result.findings.slice(-2).map(({ verdict }) => verdict)).toEqual(['fails', 'holds']);
    expect(result.graph.complete).toBe(true);
  });

  it('finds what its messages break, and the trace has them', async () => {
    const finding = await findingOf(service, 'failure', { environment: ['@"double"!(Bool, _)'] });
    expect(finding.verdict).toBe('fails');
    expect(finding.trace?.environment.length).toBe(1);
    expect(renderFinding(finding)).toContain('from outside');
  });
});

describe('replay', () => {
  const source = philosophers(2, false);
  const traced = async (): Promise<Trace> => (await findingOf(source, 'deadlock')).trace!;

  it('refuses a trace that is no run', async () => {
    const trace = await traced();
    const [first, second] = trace.steps as [Trace['steps'][0], Trace['steps'][0]];
    const forged: readonly Trace[] = [
      { ...trace, steps: [first, first] },
      { ...trace, steps: [second, { ...first, receive: { ...first.receive, seed: second.receive.seed } }] },
      { ...trace, steps: [{ ...first, messages: second.messages }] },
      { ...trace, steps: [{ ...first, messages: [] }] },
      { ...trace, steps: [{ ...first, bindings: [integerTerm(1n)] }] },
      { ...trace, steps: [...trace.steps, second] },
    ];
    expect(replayTrace(source, trace).ok).toBe(true);
    for (const one of forged) expect(replayTrace(source, one).ok).toBe(false);
    expect(replayTrace(philosophers(3, false), trace).ok).toBe(false);
    expect(replayTrace('x!(', trace).ok).toBe(false);
  });

  it('is written down with places', async () => {
    const text = renderTrace(await traced());
    expect(text).toContain('fork0!(Nil)  (<source>:2:3)');
    expect(text).toContain('what waits:');
    const loop = await propertyOf('contract @"l"() = { @"l"!() } | @"l"!()', 'eventually terminal');
    expect(renderFinding(loop)).toContain('again and again');
  });

  it('says the same twice', async () => {
    const [one, two] = [await checkProcess(source), await checkProcess(source)];
    expect(JSON.stringify(one, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).toBe(
      JSON.stringify(two, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
  });
});
