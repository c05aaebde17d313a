import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRuntime, MemorySpace, type Comm } from '../src/index.ts';
import { anyClosedProgram } from '../src/conformance/closed-program.ts';

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
