/**
 * The tests that every tuple space and every engine must pass, for vitest, and the programs that they run.
 *
 * @module
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  freeTerm,
  integerTerm,
  listTerm,
  normalize,
  parse,
  printTerm,
  seedFromBytes,
  splitSeed,
  stringTerm,
  wildcardTerm,
  type Bind,
  type Consume,
  type Datum,
  type Term,
  type TupleSpace,
} from './index.ts';

export { anyClosedProgram, choicesFrom, type Choices } from './conformance/closed-program.ts';
export { engineConformance, outcomeOf, type EngineConformanceOptions, type Outcome } from './conformance/engine.ts';
export { CONSTRUCTS, FAILURES, METHOD_CALLS, OPERATIONS } from './conformance/programs.ts';

/** What the suite needs to know of a tuple space. */
export interface TupleSpaceConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Makes an empty tuple space. */
  readonly create: () => TupleSpace;
  /** How many random histories to try; 300 unless told. */
  readonly runs?: number;
}

const root = seedFromBytes(new Uint8Array([42]));

/** A message for a test, with seed number `index`. */
function message(index: number, data: readonly Term[], persistent = false): Datum {
  return { data, persistent, seed: splitSeed(root, index), place: undefined, order: '' };
}

function bindOn(channel: Term, patterns: readonly Term[], variables: number, peek = false): Bind {
  return { channel, patterns, remainder: undefined, variables, peek };
}

/** A receive for a test, with seed number `index`. */
function receive(index: number, binds: readonly Bind[], persistent = false, guard?: Term): Consume {
  const variables = binds.reduce((sum, bind) => sum + bind.variables, 0);
  const continuation = { kind: 'process', body: listTerm([]), environment: [] } as const;
  return {
    binds,
    variables,
    guard,
    persistent,
    continuation,
    seed: splitSeed(root, index),
    place: undefined,
    order: '',
  };
}

/** The guard of a receive in source text. */
function guardOf(source: string): Term {
  const tree = parse(source);
  const normal = tree.ok ? normalize(tree.process, { source }) : undefined;
  if (normal?.ok !== true || normal.term.kind !== 'receive' || normal.term.guard === undefined)
    throw new Error(`no guard: ${source}`);
  return normal.term.guard;
}

const a = stringTerm('a');
const b = stringTerm('b');
const any = (channel: Term, peek = false): Bind => bindOn(channel, [freeTerm(0)], 1, peek);
const int = (value: number): Term => integerTerm(BigInt(value));

/** Everything that waits, kept as plainly as possible: what a tuple space must not leave able to fire. */
interface Model {
  messages: { channel: Term; datum: Datum }[];
  receives: Consume[];
}

function valueOf(term: Term | undefined): number {
  return term?.kind === 'integer' ? Number(term.value) : NaN;
}

/** Tells by trying everything whether a receive that waits could fire with messages that wait. */
function canFire(model: Model): boolean {
  return model.receives.some((one) => {
    const search = (index: number, used: readonly Datum[]): boolean => {
      const bind = one.binds[index];
      if (bind === undefined) {
        const sum = used.reduce((total, each) => total + valueOf(each.data[0]), 0);
        if (one.guard !== undefined && sum !== 5) return false;
        return !(one.persistent && used.every((each, place) => each.persistent || one.binds[place]!.peek));
      }
      const key = printTerm(bind.channel);
      return model.messages.some(
        ({ channel, datum }) =>
          printTerm(channel) === key && !used.includes(datum) && search(index + 1, [...used, datum]),
      );
    };
    return search(0, []);
  });
}

/**
 * Registers the tests that every implementation of `TupleSpace` must pass.
 *
 * They check who meets whom, that joins and guards are complete, that peeks are reads, that candidates are chosen by content and not by
 * arrival, that nothing is lost or used twice, and that a checkpoint brings everything back.
 *
 * @example
 * ```ts no-run
 * import { MemorySpace } from '@commute/rholang';
 * import { tupleSpaceConformance } from '@commute/rholang/conformance';
 * tupleSpaceConformance({ name: 'memory', create: () => new MemorySpace() });
 * ```
 */
export function tupleSpaceConformance({ name, create, runs = 300 }: TupleSpaceConformanceOptions): void {
  describe(`${name}: a tuple space`, () => {
    test('a message and a receive meet, whichever comes first', () => {
      for (const first of ['message', 'receive']) {
        const space = create();
        const steps = [() => space.produce(a, message(1, [int(5)])), () => space.consume(receive(2, [any(a)]))];
        const [one, two] = first === 'message' ? steps : steps.toReversed();
        expect(one!()).toEqual([]);
        const [comm] = two!();
        expect(printTerm(comm!.bindings[0]!)).toBe('5');
        expect([comm!.used.length, comm!.used[0]!.removed]).toEqual([1, true]);
        expect(space.consume(receive(3, [any(a)]))).toEqual([]);
      }
    });

    test('they do not meet on other channels, with another number of parts, or where the pattern does not match', () => {
      const space = create();
      space.produce(a, message(1, [int(5), int(6)]));
      expect(space.consume(receive(2, [any(b)]))).toEqual([]);
      expect(space.consume(receive(3, [any(a)]))).toEqual([]);
      expect(space.consume(receive(4, [bindOn(a, [int(5), stringTerm('x')], 0)]))).toEqual([]);
      expect(space.consume(receive(5, [bindOn(a, [int(5), wildcardTerm()], 0)]))).toHaveLength(1);
    });

    test('a persistent message stays and a persistent receive stays', () => {
      const space = create();
      space.produce(a, message(1, [int(5)], true));
      expect(space.consume(receive(2, [any(a)]))).toHaveLength(1);
      expect(space.consume(receive(3, [any(a)]))).toHaveLength(1);
      space.consume(receive(4, [any(b)], true));
      expect(space.produce(b, message(5, [int(6)]))).toHaveLength(1);
      expect(space.produce(b, message(6, [int(7)]))).toHaveLength(1);
      expect(space.consume(receive(7, [any(b)]))).toEqual([]);
    });

    test('a persistent receive takes all that waits, and meets each message that stays once', () => {
      const space = create();
      for (let index = 1; index <= 3; index += 1) space.produce(a, message(index, [int(index)], index === 2));
      expect(space.consume(receive(9, [any(a)], true))).toHaveLength(3);
      expect(space.produce(a, message(10, [int(4)], true))).toHaveLength(1);
    });

    test('a persistent message meets all linear receives that wait', () => {
      const space = create();
      for (let index = 1; index <= 3; index += 1) space.consume(receive(index, [any(a)]));
      expect(space.produce(a, message(9, [int(1)], true))).toHaveLength(3);
    });

    test('a peek reads and leaves', () => {
      const space = create();
      expect(space.consume(receive(1, [any(a, true)]))).toEqual([]);
      expect(space.consume(receive(2, [any(a, true)]))).toEqual([]);
      const fired = space.produce(a, message(3, [int(5)]));
      expect(fired.map((comm) => comm.used[0]!.removed)).toEqual([false, false]);
      expect(space.consume(receive(4, [any(a)]))).toHaveLength(1);
    });

    test('a join takes all its messages or none', () => {
      const space = create();
      space.consume(receive(1, [any(a), any(b)]));
      expect(space.produce(a, message(2, [int(1)]))).toEqual([]);
      expect(space.consume(receive(3, [any(a)]))).toHaveLength(1);
      expect(space.produce(b, message(4, [int(2)]))).toEqual([]);
      const [comm] = space.produce(a, message(5, [int(3)]));
      expect(comm!.bindings.map((term) => printTerm(term))).toEqual(['3', '2']);
      expect(space.consume(receive(6, [any(b)]))).toEqual([]);
    });

    test('a join on one channel takes two messages', () => {
      const space = create();
      space.consume(receive(1, [any(a), any(a)]));
      expect(space.produce(a, message(2, [int(1)], true))).toEqual([]);
      expect(space.produce(a, message(3, [int(2)]))).toHaveLength(1);
    });

    test('a guard picks messages that are not the first', () => {
      const space = create();
      const guard = guardOf('for (@x <- @1 & @y <- @2 where x + y == 5) { Nil }');
      for (let index = 0; index < 4; index += 1) {
        space.produce(a, message(index, [int(index * 10)]));
        space.produce(b, message(10 + index, [int(index * 10)]));
      }
      expect(space.consume(receive(20, [any(a), any(b)], false, guard))).toEqual([]);
      expect(space.produce(a, message(21, [int(-5)]))).toHaveLength(1);
    });

    test('what is installed meets messages and is put in place once', () => {
      const space = create();
      space.install(receive(1, [any(a)], true));
      space.install(receive(1, [any(a)], true));
      expect(space.produce(a, message(2, [int(5)]))).toHaveLength(1);
    });

    test('of several candidates the first by content is taken, whatever the order of arrival', () => {
      const values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
      const orders = [values, values.toReversed(), values.map((_, index) => values[(index * 5) % 12]!)];
      const messages = orders.map((order) => {
        const space = create();
        for (const value of order) space.produce(a, message(value, [int(value)]));
        return values
          .map((_, index) => printTerm(space.consume(receive(100 + index, [any(a)]))[0]!.bindings[0]!))
          .join();
      });
      expect(new Set(messages).size).toBe(1);
      const receives = orders.map((order) => {
        const space = create();
        for (const value of order) space.consume(receive(value, [any(a)]));
        return values.map((_, index) => space.produce(a, message(100 + index, [int(1)]))[0]!.consume.seed).join();
      });
      expect(new Set(receives).size).toBe(1);
    });

    test('a checkpoint brings everything back', () => {
      const space = create();
      space.produce(a, message(1, [int(1)]));
      space.consume(receive(2, [any(b)]));
      const revert = space.checkpoint();
      expect(space.consume(receive(3, [any(a)]))).toHaveLength(1);
      expect(space.produce(b, message(4, [int(2)]))).toHaveLength(1);
      revert();
      expect(space.consume(receive(3, [any(a)]))).toHaveLength(1);
      expect(space.produce(b, message(4, [int(2)]))).toHaveLength(1);
    });

    const guard = guardOf('for (@x <- @1 & @y <- @2 where x + y == 5) { Nil }');
    const step = fc.record({
      send: fc.boolean(),
      channels: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 3 }),
      value: fc.nat({ max: 5 }),
      peeks: fc.array(fc.constantFrom(false, false, true), { minLength: 3, maxLength: 3 }),
      guarded: fc.boolean(),
      persistent: fc.constantFrom(false, false, false, true),
    });

    test('nothing that could fire waits, nothing is used twice, and nothing is lost', () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 16 }), (steps) => {
          const space = create();
          const model: Model = { messages: [], receives: [] };
          steps.forEach((one, index) => {
            const channel = int(one.channels[0]!);
            const binds = one.channels.map((each, place) => any(int(each), one.peeks[place]! && !one.persistent));
            const datum = message(index, [int(one.value)], one.persistent);
            const consume = receive(
              index,
              binds,
              one.persistent,
              one.guarded && binds.length === 2 ? guard : undefined,
            );
            if (one.send) model.messages.push({ channel, datum });
            else model.receives.push(consume);
            for (const comm of one.send ? space.produce(channel, datum) : space.consume(consume)) {
              expect(model.receives.some((each) => each.seed === comm.consume.seed)).toBe(true);
              expect(new Set(comm.used.map((each) => each.datum.seed)).size).toBe(comm.used.length);
              comm.used.forEach((used, place) => {
                const bind = comm.consume.binds[place]!;
                expect(model.messages.some((each) => each.datum.seed === used.datum.seed)).toBe(true);
                expect(printTerm(used.channel)).toBe(printTerm(bind.channel));
                expect(used.removed).toBe(!used.datum.persistent && !bind.peek);
              });
              const gone = comm.used.filter((used) => used.removed).map((used) => used.datum.seed);
              model.messages = model.messages.filter((each) => !gone.includes(each.datum.seed));
              if (!comm.consume.persistent)
                model.receives = model.receives.filter((each) => each.seed !== comm.consume.seed);
            }
            expect(canFire(model)).toBe(false);
          });
        }),
        { numRuns: runs },
      );
    });
  });
}
