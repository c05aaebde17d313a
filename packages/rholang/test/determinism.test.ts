import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRuntime,
  MemorySpace,
  printTerm,
  receiveOf,
  sendOf,
  splitSeed,
  seedFromBytes,
  integerTerm,
  listTerm,
  freeTerm,
  normalize,
  parse,
  stringTerm,
  tupleTerm,
  wildcardTerm,
  type Bind,
  type ChannelState,
  type Comm,
  type Consume,
  type Datum,
  type Term,
} from '../src/index.ts';
import { anyClosedProgram } from './closed-program-arbitrary.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 300);

interface Outcome {
  readonly root: string;
  readonly summary: string;
  readonly comms: readonly string[];
}

function outcome(sources: readonly string[], evaluationOrder?: (count: number) => readonly number[]): Outcome {
  const space = new MemorySpace();
  const runtime = createRuntime({ space });
  const comms: string[] = [];
  const onComm = (comm: Comm): void => {
    comms.push(`${comm.consume.seed}${comm.used.map((one) => one.datum.seed).join('')}`);
  };
  const results = sources.map((source, index) => {
    const order = evaluationOrder === undefined ? {} : { evaluationOrder };
    const result = runtime.run(source, { seed: new Uint8Array([index]), maximumComms: 300, onComm, ...order });
    return result.ok ? ['ok', result.comms, result.output] : [result.reason, result.message, result.comms];
  });
  return { root: Buffer.from(space.root()).toString('hex'), summary: JSON.stringify(results), comms };
}

describe('determinism', () => {
  test('the order in which processes are evaluated changes nothing', () => {
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
        expect(outcome([source], shuffle)).toEqual(outcome([source]));
      }),
      { numRuns },
    );
  });

  test('structurally equivalent programs run alike', () => {
    fc.assert(
      fc.property(anyClosedProgram, anyClosedProgram, (one, other) => {
        const renamed = (source: string): string => source.replace(/\bv(\d)/g, 'w$1');
        expect(outcome([`{${one}} | {${other}}`])).toEqual(
          outcome([`Nil | {${renamed(other)}} | {{${renamed(one)}}}`]),
        );
      }),
      { numRuns },
    );
  });

  test('programs on channels of their own commute', () => {
    const program = (name: string): string =>
      `new a in { a!("${name}") | for (@x <- a) { @"${name}"!(x, *a) | contract @["${name}"](@y) = { @"${name}"!(y) } } } | @["${name}"]!(1)`;
    const roots = [
      ['p', 'q', 'r'],
      ['r', 'p', 'q'],
      ['q', 'r', 'p'],
    ].map((names) => {
      const space = new MemorySpace();
      const runtime = createRuntime({ space });
      for (const name of names) {
        expect(runtime.run(program(name), { seed: new TextEncoder().encode(name) }).ok).toBe(true);
      }
      return Buffer.from(space.root()).toString('hex');
    });
    expect(new Set(roots).size).toBe(1);
  });

  test('the root tells states apart and forgets how they were reached', () => {
    const root = (...sources: string[]): string => outcome(sources).root;
    expect(root('@1!(2)')).not.toBe(root('@1!(3)'));
    expect(root('@1!(2)')).not.toBe(root('@1!!(2)'));
    expect(root('@1!(2)')).not.toBe(root('@1!(2) | @1!(2)'));
    expect(root('for (@x <- @1) { @2!(x) }')).not.toBe(root('for (@x <- @1) { @3!(x) }'));
    expect(root('Nil')).toBe(root('@1!(2) | for (@x <- @1) { Nil }'));
  });

  test('golden outcome', () => {
    const source = 'new a, b in { a!(1) | a!(2) | for (@x <- a & @y <- b) { @"out"!(x, y, *a) } | b!({ a!(*b) }) }';
    expect(outcome([source]).root).toBe('7adbe9e62c1a60acf0402927d4c533995bc82376f230a913a27bef0e783309b5');
  });

  test('a checkpoint brings everything back', () => {
    fc.assert(
      fc.property(anyClosedProgram, anyClosedProgram, (one, other) => {
        const space = new MemorySpace();
        const runtime = createRuntime({ space });
        runtime.run(one, { seed: new Uint8Array([1]), maximumComms: 300, keepOnFailure: true });
        const before = Buffer.from(space.root()).toString('hex');
        const revert = space.checkpoint();
        const options = { seed: new Uint8Array([2]), maximumComms: 300, keepOnFailure: true };
        runtime.run(other, options);
        const after = Buffer.from(space.root()).toString('hex');
        revert();
        expect(Buffer.from(space.root()).toString('hex')).toBe(before);
        runtime.run(other, options);
        expect(Buffer.from(space.root()).toString('hex')).toBe(after);
      }),
      { numRuns: Math.ceil(numRuns / 3) },
    );
  });
});

const root = seedFromBytes(new Uint8Array([42]));

function datum(index: number, data: readonly Term[], persistent: boolean): Datum {
  return { data, persistent, seed: splitSeed(root, index), place: undefined, order: '' };
}

function consume(index: number, binds: readonly Bind[], guard: Term | undefined, persistent: boolean): Consume {
  const variables = binds.reduce((sum, bind) => sum + bind.variables, 0);
  const body = listTerm([]);
  return {
    binds,
    variables,
    guard,
    persistent,
    continuation: { kind: 'process', body, environment: [] },
    seed: splitSeed(root, index),
    place: undefined,
    order: '',
  };
}

/** Tells by trying everything whether some waiting receive could fire with messages that wait. */
function stuckButPossible(
  space: { readonly entries: () => Iterable<ChannelState> },
  holds: (values: readonly bigint[]) => boolean,
): boolean {
  const rows = [...space.entries()];
  const dataOf = (channel: Term): readonly Datum[] =>
    rows.find((row) => printTerm(row.channel) === printTerm(channel))?.data ?? [];
  const waiting = new Set(rows.flatMap((row) => row.waiting));
  for (const one of waiting) {
    const search = (index: number, used: readonly Datum[], values: readonly bigint[]): boolean => {
      const bind = one.binds[index];
      if (bind === undefined) {
        const stays = used.every((each, place) => each.persistent || one.binds[place]!.peek);
        return holds(values) && !(one.persistent && stays);
      }
      return dataOf(bind.channel).some((each) => {
        const value = each.data[0]!;
        const matches = bind.patterns[0]!.kind === 'free' || value.kind === 'integer';
        const number = value.kind === 'integer' ? value.value : -1n;
        return matches && !used.includes(each) && search(index + 1, [...used, each], [...values, number]);
      });
    };
    if (search(0, [], [])) return true;
  }
  return false;
}

describe('the tuple space', () => {
  const guardSource = 'for (@x <- @1 & @y <- @2 where x + y == 5) { Nil }';
  const tree = parse(guardSource);
  const normal = tree.ok ? normalize(tree.process) : undefined;
  if (normal?.ok !== true || normal.term.kind !== 'receive') throw new Error('unreachable');
  const { guard } = normal.term;

  const step = fc.oneof(
    fc.record({
      kind: fc.constant('produce' as const),
      channel: fc.nat({ max: 2 }),
      value: fc.oneof(
        fc.nat({ max: 5 }).map((value) => integerTerm(BigInt(value))),
        fc.constant(stringTerm('s')),
      ),
      persistent: fc.constantFrom(false, false, false, true),
    }),
    fc.record({
      kind: fc.constant('consume' as const),
      channels: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 3 }),
      peeks: fc.array(fc.constantFrom(false, false, true), { minLength: 3, maxLength: 3 }),
      guarded: fc.boolean(),
      persistent: fc.constantFrom(false, false, true),
    }),
  );

  test('fires whenever messages for a waiting receive are there, joins and guards included', () => {
    let fired = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
        const space = new MemorySpace();
        steps.forEach((one, index) => {
          if (one.kind === 'produce') {
            fired += space.produce(integerTerm(BigInt(one.channel)), datum(index, [one.value], one.persistent)).length;
            return;
          }
          const guarded = one.guarded && one.channels.length === 2;
          const binds = one.channels.map((channel, place): Bind => {
            const peek = one.peeks[place]! && !one.persistent;
            return {
              channel: integerTerm(BigInt(channel)),
              patterns: [freeTerm(0)],
              remainder: undefined,
              variables: 1,
              peek,
            };
          });
          fired += space.consume(consume(index, binds, guarded ? guard : undefined, one.persistent)).length;
        });
        for (const row of space.entries()) {
          for (const waiting of row.waiting) expect(receiveOf(waiting).kind).toBe('receive');
          for (const each of row.data) expect(sendOf(row.channel, each).kind).toBe('send');
        }
        const only = (guarded: boolean): { readonly entries: () => Iterable<ChannelState> } => filtered(space, guarded);
        expect(stuckButPossible(only(false), () => true)).toBe(false);
        expect(
          stuckButPossible(only(true), ([x, y]) => Number(x) >= 0 && Number(y) >= 0 && Number(x) + Number(y) === 5),
        ).toBe(false);
      }),
      { numRuns: numRuns * 3 },
    );
    expect(fired).toBeGreaterThan(0);
  });

  /** A view of the space with only the receives that have a guard, or only those that have none. */
  function filtered(space: MemorySpace, guarded: boolean): { readonly entries: () => Iterable<ChannelState> } {
    const rows = [...space.entries()].map((row) => ({
      ...row,
      waiting: row.waiting.filter((one) => (one.guard !== undefined) === guarded),
    }));
    return { entries: () => rows };
  }

  test('of several messages the one with the least content hash is taken, whatever the order of arrival', () => {
    const values = [1, 2, 3, 4, 5].map((value) => integerTerm(BigInt(value)));
    const taken = [values, values.toReversed(), [values[2]!, values[0]!, values[4]!, values[1]!, values[3]!]].map(
      (order) => {
        const space = new MemorySpace();
        for (const value of order) space.produce(stringTerm('c'), datum(Number(value.value), [value], false));
        const bind: Bind = {
          channel: stringTerm('c'),
          patterns: [freeTerm(0)],
          remainder: undefined,
          variables: 1,
          peek: false,
        };
        return space.consume(consume(99, [bind], undefined, false)).map((comm) => printTerm(comm.bindings[0]!));
      },
    );
    expect(taken[0]!.length).toBe(1);
    expect(new Set(taken.map(String)).size).toBe(1);
  });

  test('a join with a bomb of candidates ends with an error', () => {
    const space = new MemorySpace();
    for (let index = 0; index < 200; index += 1) {
      for (const channel of ['a', 'b', 'c'])
        space.produce(
          stringTerm(channel),
          datum(index * 3 + channel.charCodeAt(0), [integerTerm(BigInt(index))], false),
        );
    }
    const binds = ['a', 'b', 'c'].map((channel): Bind => ({
      channel: stringTerm(channel),
      patterns: [freeTerm(0)],
      remainder: undefined,
      variables: 1,
      peek: false,
    }));
    const never = normalizeGuard('for (@x <- @1 & @y <- @2 & @z <- @3 where x + y + z < 0) { Nil }');
    expect(() => space.consume(consume(5000, binds, never, false))).toThrow('budget');
  });

  function normalizeGuard(source: string): Term | undefined {
    const parsed = parse(source);
    const result = parsed.ok ? normalize(parsed.process) : undefined;
    return result?.ok === true && result.term.kind === 'receive' ? result.term.guard : undefined;
  }

  test('a message that nothing takes stays', () => {
    const space = new MemorySpace();
    const bind: Bind = {
      channel: stringTerm('c'),
      patterns: [tupleTerm([wildcardTerm()])],
      remainder: undefined,
      variables: 0,
      peek: false,
    };
    expect(space.consume(consume(1, [bind], undefined, false))).toEqual([]);
    expect(space.produce(stringTerm('c'), datum(2, [integerTerm(1n)], false))).toEqual([]);
    expect([...space.entries()].map((row) => [row.data.length, row.waiting.length])).toEqual([[1, 1]]);
  });
});
