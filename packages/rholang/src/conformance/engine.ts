import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  channelKey,
  createRuntime,
  hashTerm,
  MemorySpace,
  receiveOf,
  termKey,
  tupleTerm,
  type Comm,
  type RunOptions,
  type Runtime,
  type TupleSpace,
} from '../index.ts';
import { bytesFromBinary } from '../term/encode.ts';
import { anyClosedProgram } from './closed-program.ts';
import { CONSTRUCTS, FAILURES, METHOD_CALLS, OPERATIONS, SEARCHES } from './programs.ts';

/** What the suite needs to know of an engine. */
export interface EngineConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Makes a runtime with the engine on a space. */
  readonly create: (space: TupleSpace) => Runtime;
  /** How many random programs to try; 300 unless told. */
  readonly runs?: number;
}

/** Everything that can be seen of some runs on one space. */
export interface Outcome {
  /** Root of the state, in hexadecimal. */
  readonly root: string;
  /** Results, messages, places and output, as JSON. */
  readonly results: readonly string[];
  /** Each COMM: its receive, messages, bindings, seeds and places. */
  readonly comms: readonly string[];
}

function hex(text: string): string {
  return bytesToHex(bytesFromBinary(text));
}

function describeComm({ consume, used, bindings }: Comm): string {
  const { continuation } = consume;
  return JSON.stringify({
    receive: continuation.kind === 'system' ? continuation.uri : hashTerm(receiveOf(consume)).join(),
    seed: hex(consume.seed),
    place: consume.place,
    bindings: hex(termKey(tupleTerm(bindings))),
    used: used.map(({ channel, datum, removed }) => [
      hex(channelKey(channel)),
      hex(termKey(tupleTerm(datum.data))),
      hex(datum.seed),
      datum.place,
      removed,
    ]),
  });
}

/**
 * Runs programs one after the other on a space in memory, and gives everything that can be seen of it.
 *
 * @param create - makes the runtime on the space.
 */
export function outcomeOf(
  sources: readonly string[],
  create: (space: TupleSpace) => Runtime,
  options: Partial<Pick<RunOptions, 'evaluationOrder' | 'maximumComms' | 'maximumMatchSteps'>> = {},
): Outcome {
  const space = new MemorySpace();
  const runtime = create(space);
  const comms: string[] = [];
  const onComm = (comm: Comm): void => {
    comms.push(describeComm(comm));
  };
  const results = sources.map((source, index) => {
    const result = runtime.run(source, { seed: new Uint8Array([index]), maximumComms: 300, onComm, ...options });
    const { ok, output } = result;
    if (ok) return JSON.stringify({ ok, output, comms: result.comms });
    const { reason, message, place } = result;
    return JSON.stringify({ ok, output, comms: result.comms, reason, message, place });
  });
  return { root: bytesToHex(space.root()), results, comms };
}

const reducer = (space: TupleSpace): Runtime => createRuntime({ space });

/**
 * Registers the tests that every engine must pass: on the programs of the reducer's own tests and on generated ones it has the same output, the
 * same COMMs with the same seeds and places, the same failures, and leaves the same state.
 *
 * @example
 * ```ts no-run
 * import { createRuntime } from '@commute/rholang';
 * import { engineConformance } from '@commute/rholang/conformance';
 * engineConformance({ name: 'reducer', create: (space) => createRuntime({ space }) });
 * ```
 */
export function engineConformance({ name, create, runs = 300 }: EngineConformanceOptions): void {
  const agree = (sources: readonly string[], maximumComms = 300): Outcome => {
    const outcome = outcomeOf(sources, create, { maximumComms });
    expect(outcome).toEqual(outcomeOf(sources, reducer, { maximumComms }));
    return outcome;
  };
  const withOut = (source: string): string => `new out(\`rho:io:stdout\`) in { ${source} }`;

  describe(`${name}: an engine`, () => {
    test.for(CONSTRUCTS)('%s', ([, source, want]) => {
      const { results } = agree([withOut(source)]);
      const { ok, output } = JSON.parse(results[0]!) as { ok: boolean; output: readonly { readonly text: string }[] };
      expect([ok, output.map(({ text }) => text).sort()]).toEqual([true, [...want].sort()]);
    });

    test.for(FAILURES)('%s fails with %s', ([source, reason]) => {
      const { results } = agree([source], 5000);
      expect((JSON.parse(results[0]!) as { reason: string }).reason).toBe(reason);
    });

    test.for([...OPERATIONS, ...METHOD_CALLS])('%s is %s, sent, received, matched and as a guard', ([source]) => {
      agree([withOut(`out!(${source})`)]);
      agree([withOut(`match ${source} { x => { out!([x, x]) } }`)]);
      agree([withOut(`@1!(Nil) | for (@x <- @1 where [${source}] == [${source}]) { out!(${source}) }`)]);
      agree([withOut(`match 1 { x where [${source}, x] matches [_, 1] => { out!(x, ${source}) } _ => { out!(2) } }`)]);
      agree([withOut(`if (${source}) { out!(1) } else { out!(2) }`), source]);
    });

    test.for(SEARCHES)('stops searches that take too many steps together: %s', ([, source]) => {
      const ends = new Set<string>();
      for (const maximumMatchSteps of [0, 10, 1000, 30_000, 100_000, 300_000, 10_000_000]) {
        const outcome = outcomeOf([source], create, { maximumMatchSteps });
        expect(outcome).toEqual(outcomeOf([source], reducer, { maximumMatchSteps }));
        for (const evaluationOrder of [
          (count: number) => [...Array(count).keys()],
          (count: number) => [...Array(count).keys()].reverse(),
        ])
          expect(outcomeOf([source], create, { maximumMatchSteps, evaluationOrder })).toEqual(outcome);
        const { ok, reason } = JSON.parse(outcome.results[0]!) as { ok: boolean; reason?: string };
        ends.add(ok ? 'ok' : reason!);
      }
      expect([...ends].sort()).toEqual(['match-budget', 'ok']);
    });

    test('does on generated programs what the reducer does', () => {
      fc.assert(
        fc.property(fc.array(anyClosedProgram, { minLength: 1, maxLength: 3 }), (sources) => {
          agree(sources);
        }),
        { numRuns: runs },
      );
    });

    test('does not depend on the order in which processes are evaluated', () => {
      fc.assert(
        fc.property(anyClosedProgram, anyClosedProgram, fc.infiniteStream(fc.nat()), (one, other, numbers) => {
          const shuffle = (count: number): number[] => {
            const order = [...Array(count).keys()];
            for (let index = count - 1; index > 0; index -= 1) {
              const place = Number(numbers.next().value) % (index + 1);
              [order[index], order[place]] = [order[place]!, order[index]!];
            }
            return order;
          };
          const source = `{${one}} | {${other}}`;
          expect(outcomeOf([source], create, { evaluationOrder: shuffle })).toEqual(outcomeOf([source], reducer));
        }),
        { numRuns: Math.ceil(runs / 3) },
      );
    });
  });
}
