import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkObservability,
  createRuntime,
  renderDiagnostic,
  type Comm,
  type ObservabilityResult,
} from '../src/index.ts';
import { anyClosedProgram } from '../src/conformance/closed-program.ts';
import { anyConfluentProgram } from './confluent-program-arbitrary.ts';
import { read } from './metered-run.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 300);

function check(source: string): ObservabilityResult {
  const { term, locations } = read(source);
  return checkObservability(term, { source, locations, file: 'a.rho' });
}

function findings(source: string): string[] {
  const { refused, warnings } = check(source);
  return [...refused, ...warnings].map(({ reason, line, column }) => `${reason} ${String(line)}:${String(column)}`);
}

describe('outputs that are refused', () => {
  test.each([
    ['new a in { a!(1) }', ['unobserved-output 1:12']],
    ['new a in {\n  a!!(1)\n}', ['unobserved-output 2:3']],
    ['new a, b in { a!(1) | for (@x <- a) { b!(x) } }', ['unobserved-output 1:39']],
    ['new a, b in { a!(1) | for (_ <- a & _ <- b) { Nil } }', ['unobserved-output 1:15']],
    ['new a, b in { a!(1) | for (_ <- b) { for (_ <- a) { Nil } } }', ['unobserved-output 1:15']],
    ['new a in { a!(1, 2) | for (@x <- a) { Nil } }', ['mismatched-output 1:12']],
    ['new a in { a!(1) | for (@"go" <- a) { Nil } }', ['mismatched-output 1:12']],
    ['new a in { a!([1, 2]) | for (@[x] <- a) { Nil } }', ['mismatched-output 1:12']],
    ['new a, b in { a!(*b) | for (x <- a) { x!(1) } }', ['unobserved-output 1:39']],
    ['new f, r in { contract f(@x, k) = { k!(x) } | f!(1, *r) }', ['unobserved-output 1:37']],
    ['new out(`rho:io:stdout`) in { out!(1, 2) }', ['system-arity 1:31']],
    ['new f, b in { contract f(@x) = { b!(x) | f!(x) } | f!(1) }', ['repeated-output 1:34']],
    ['new b in { contract @"f"(@x) = { b!(x) } }', ['repeated-output 1:34']],
    ['new b in { if (1 == 1) { b!(1) } else { b!(2) } }', ['unobserved-output 1:26', 'unobserved-output 1:41']],
    ['new a in { a!?(1). }', ['unobserved-output 1:12']],
  ])('%s', (source, expected) => {
    expect(findings(source)).toEqual(expected);
    expect(check(source).ok).toBe(false);
  });
});

describe('outputs that others can observe', () => {
  test.each([
    ['a name that can be written down', '@"a"!(1)'],
    ['a compound name of public parts', '@[1, "a"]!(1)'],
    ['a compound name of private parts', 'new a in { @[*a, 1]!(2) | for (_ <- @[*a, 1]) { Nil } }'],
    ['sent on a public name', 'new a in { @"a"!(*a) | a!(1) }'],
    ['sent on a public name inside data', 'new a in { @"a"!([1, {"k": (*a, 2)}]) | a!(1) }'],
    ['sent on a public name inside a quoted process', 'new a in { @"a"!({ for (_ <- a) { Nil } }) | a!(1) }'],
    ['sent with a bundle', 'new a in { @"a"!(bundle-{*a}) | a!(1) }'],
    ['sent on by way of a private name', 'new a, b in { b!(*a) | for (x <- b) { @"a"!(*x) } | a!(1) }'],
    ['sent on a name that was published itself', 'new a, b in { @"a"!(*b) | b!(*a) | a!(1) }'],
    ['registered', 'new a, r, i(`rho:registry:insertArbitrary`) in { i!(*a, *r) | for (_ <- r) { Nil } | a!(1) }'],
    ['handed to a system process', 'new a, h(`rho:crypto:sha256Hash`) in { h!("61".hexToBytes(), *a) | a!(1) }'],
    ['in the name of a channel that is quoted', 'new a in { @{a!(1)}!(2) | a!(3) }'],
    ['received from outside', 'for (x <- @"in") { x!(1) }'],
    [
      'received from a system process',
      'new l(`rho:registry:lookup`), r in { l!(`rho:id:x`, *r) | for (x <- r) { x!(1) } }',
    ],
    ['in the body of a public receive that publishes it', 'new a in { for (k <- @"in") { k!(*a) } | a!(1) }'],
    ['made again at each call', 'contract @"make"(k) = { new a in { k!(*a) | a!(0) } }'],
    ['a system process', 'new out(`rho:io:stdout`) in { out!(1) }'],
    ['a URI that is not known here', 'new x(`my:own`) in { x!(1, 2, 3) }'],
    ['received by the program itself', 'new a in { a!(1) | for (@x <- a) { Nil } }'],
    ['received by a peek', 'new a in { a!(1) | for (@x <<- a) { Nil } }'],
    ['received with a remainder', 'new a in { a!(1, 2, 3) | for (@x ...@r <- a) { Nil } }'],
    [
      'the answer of a contract',
      'new f in { contract f(@x, k) = { k!(x) } | new r in { f!(1, *r) | for (_ <- r) { Nil } } }',
    ],
    ['a choice', 'new a in { a!(1) | select { @x <- a => { Nil } @y <- @2 => { Nil } } }'],
    ['a call that waits', 'new a in { for (@x <- a?!) { Nil } | a!?(1); Nil }'],
    ['never carried out', 'new a, b in { for (_ <- b) { a!(1) } }'],
    ['taken out of a collection', 'new a in { @"x"!([*a].nth(0)) | a!(1) }'],
    ['run from data', 'new a, c in { c!({ a!(1) | for (_ <- a) { Nil } }) | for (@p <- c) { p } | a!(2) }'],
    ['named through let', 'new a in { let x <- *a in { x!(1) } | for (_ <- a) { Nil } }'],
  ])('%s', (_, source) => {
    expect(check(source).refused).toEqual([]);
  });
});

describe('warnings', () => {
  test.each([
    ['new a in { a!(1) | for (@x <- a where x > 3) { Nil } }', ['maybe-unobserved 1:12']],
    ['new a in { for (@n <- @"in") { a!(n) } | for (@"go" <- a) { Nil } }', ['maybe-unobserved 1:32']],
    ['new f in { contract f() = { @"x"!(1) | f!() } | f!() }', ['unbounded-output 1:29']],
    ['new f, b in { contract f() = { b!(1) | f!() } | f!() | for (_ <- b) { Nil } }', ['unbounded-output 1:32']],
    ['new f in { contract f() = { @"x"!(1) | f!() } | f!() | for (_ <= @"x") { Nil } }', []],
    ['new out(`rho:io:stdout`), f in { contract f() = { out!(1) | f!() } | f!() }', []],
  ])('%s', (source, expected) => {
    expect(findings(source)).toEqual(expected);
    expect(check(source).ok).toBe(true);
  });

  test('a program that is too large to analyse is let through with a warning', () => {
    const parts = Array.from(
      { length: 400 },
      (_, index) => `f!(${String(index)}) | for (@"${String(index)}" <- f) { Nil }`,
    );
    const result = check(`new f in { ${parts.join(' | ')} }`);
    expect(result.ok).toBe(true);
    expect(result.refused).toEqual([]);
    expect(result.warnings.map(({ reason }) => reason)).toEqual(['analysis-limit']);
  });

  test('findings are rendered with the place underlined', () => {
    const source = 'new a in {\n  a!(1)\n}';
    const [refusal] = check(source).refused;
    expect(renderDiagnostic(refusal!, source)).toMatch(/^a\.rho:2:3: error: output: expected a receive[^]*\^\^\^\^\^/);
    const loop = 'new f in { contract f() = { @"x"!(1) | f!() } | f!() }';
    expect(renderDiagnostic(check(loop).warnings[0]!, loop)).toMatch(/^a\.rho:1:29: warning: /);
  });
});

/** Offsets of the sends whose messages were received in a run. */
function observedIn(sources: readonly string[]): Set<string> {
  const runtime = createRuntime();
  const observed = new Set<string>();
  sources.forEach((source, index) => {
    const onComm = (comm: Comm): void => {
      for (const { datum } of comm.used) {
        if (datum.place !== undefined) observed.add(`${String(datum.place.start)}-${String(datum.place.end)}`);
      }
    };
    runtime.run(source, { seed: new Uint8Array([index]), maximumComms: 400, keepOnFailure: true, onComm });
  });
  return observed;
}

/** Receives that take whatever they can on names that others can know, and hand on what they get. */
const EAVESDROPPER = ['"a"', '"b"', '"s"', '1', 'Nil', 'true']
  .map(
    (name) =>
      `for (x ...@r <= @${name}) { for (y ...@q <- x) { for (_ ..._ <- y) { Nil } } } | for (@p ...@r <= @${name}) { p }`,
  )
  .join(' | ');

describe('soundness of refusal', () => {
  test('no output that was observed in a run is refused', () => {
    let refusals = 0;
    fc.assert(
      fc.property(fc.oneof(anyClosedProgram, anyConfluentProgram), anyClosedProgram, (one, other) => {
        const source = `{${one}} | {${other}}`;
        const refused = check(source).refused.map(({ start, end }) => `${String(start)}-${String(end)}`);
        refusals += refused.length;
        // Far in, so that no place of the other program is one of this one.
        const observed = observedIn([source]);
        for (const place of refused) expect(observed).not.toContain(place);
        const beside = observedIn([' '.repeat(100_000) + EAVESDROPPER, source]);
        for (const place of refused) expect(beside).not.toContain(place);
      }),
      { numRuns: numRuns * 2 },
    );
    expect(refusals).toBeGreaterThan(0);
  });

  test('what is refused alone is refused beside any other program', () => {
    fc.assert(
      fc.property(anyClosedProgram, anyClosedProgram, (one, other) => {
        const alone = check(one).refused.length;
        expect(check(`{${one}} | {${other}}`).refused.length).toBeGreaterThanOrEqual(alone);
      }),
      { numRuns },
    );
  });

  test('a private output without a receive is refused wherever it is carried out', () => {
    fc.assert(
      fc.property(anyConfluentProgram, (source) => {
        const before = check(source).refused.length;
        const more = check(`${source} | new zz in { zz!(1) }`);
        expect(more.refused).toHaveLength(before + 1);
        expect(more.refused.at(-1)!.reason).toBe('unobserved-output');
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });
});
