import { readFileSync } from 'node:fs';
import { createFieldEngineSync, createReferenceEngine, type FieldEngine, type WasmEngine } from '@commute/field';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  commitJoint,
  commitmentDigest,
  commitTraces,
  createStarkSystem,
  decodeJointProof,
  decodeProof,
  encodeJointProof,
  type ExternalInputs,
  jointCommitmentDigest,
  type JointInstance,
  type JointOptions,
  type JointProgress,
  prepareColumns,
  prove,
  type StarkOptions,
  type StarkSystem,
  type Statement,
  statementOf,
  type TableTrace,
  verify,
  verifyJoint,
} from '../src/index.ts';
import { fibonacciTrace, hornerTrace, powersTrace, productTrace, rangeTraces, seededBytes } from './tables.ts';
import {
  announced,
  countingTrace,
  jointSystem,
  lettersTrace,
  permutationTrace,
  quick,
  statementsOf,
} from './joint-tables.ts';

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

function instancesOf(system: StarkSystem, runs: readonly (readonly TableTrace[])[]): JointInstance[] {
  return statementsOf(engine, system, runs).map((statement, k) => ({ statement, traces: () => runs[k]! }));
}

function proveJoint(
  system: StarkSystem,
  instances: readonly JointInstance[],
  options: JointOptions = {},
  on: FieldEngine = engine,
  external: ExternalInputs = {},
): Uint8Array<ArrayBuffer> {
  return on.scope(() => commitJoint(on, system, instances, options).prove(external, options));
}

const statementsIn = (instances: readonly JointInstance[]): Statement[] => instances.map(({ statement }) => statement);

/** Sets of traces; each takes the number of the instance. */
const sets: (readonly [string, (k: number) => TableTrace[]])[] = [
  ['a public value that differs', (k) => [countingTrace(16, BigInt(100 * k))]],
  ['the same statement again and again', () => [fibonacciTrace(8)]],
  ['a permutation', (k) => [permutationTrace(16, k)]],
  ['lookups in a preprocessed table', (k) => rangeTraces([1n, BigInt(k), 15n])],
  ['high degrees', () => [powersTrace(8)]],
  ['declared auxiliary columns, recurrences', () => [productTrace(), hornerTrace(16)]],
  [
    'all together, with different heights',
    (k) => [countingTrace(32, BigInt(k)), ...rangeTraces([3n, BigInt(k)], 4), powersTrace(4), productTrace()],
  ],
  ['height 1', (k) => [countingTrace(1, BigInt(k)), permutationTrace(1, k)]],
  ['heights 1 and 64', (k) => [countingTrace(1, BigInt(k)), permutationTrace(64, k)]],
];

describe('honest joint proofs are accepted', () => {
  it.each(sets)('%s', (_, make) => {
    for (const options of [quick, { ...quick, logBlowup: 3, maximumDegree: 5 }, { ...quick, zeroKnowledge: true }]) {
      for (const count of [1, 2, 3, 5, 8]) {
        const runs = Array.from({ length: count }, (__, k) => make(k));
        const system = jointSystem(runs, options);
        const instances = instancesOf(system, runs);
        const verdict = verifyJoint(system, statementsIn(instances), proveJoint(system, instances));
        expect(verdict, String(count)).toMatchObject({ ok: true });
      }
    }
  });

  it('one instance gives the bytes of the prover of one, also where they are hidden', () => {
    for (const zeroKnowledge of [false, true]) {
      const traces = [countingTrace(32, 5n), ...rangeTraces([3n, 5n], 4), powersTrace(4), hornerTrace(8)];
      const system = jointSystem([traces], { ...quick, zeroKnowledge });
      const [instance] = instancesOf(system, [traces]) as [JointInstance];
      const bytes = prove(engine, system, traces, instance.statement, {}, { random: seededBytes(7n) });
      expect(proveJoint(system, [instance], { random: seededBytes(7n) })).toEqual(bytes);
      expect(verify(system, instance.statement, bytes).ok).toBe(true);
      expect(verifyJoint(system, [instance.statement], bytes).ok).toBe(true);
    }
  });

  it('the same on the reference engine, and with large extensions outside of the engine', () => {
    const runs = [0, 1].map((k) => [countingTrace(8, BigInt(k)), ...rangeTraces([3n, BigInt(k)], 4), hornerTrace(4)]);
    const system = jointSystem(runs, quick);
    const instances = instancesOf(system, runs);
    const bytes = proveJoint(system, instances);
    expect(proveJoint(system, instances, {}, createReferenceEngine())).toEqual(bytes);
    expect(proveJoint(system, instances, { keptBytes: 0 })).toEqual(bytes);
  });

  it('asking for traces once, and again where a table or what hides them needs them', () => {
    const asking = (runs: readonly TableTrace[][], zeroKnowledge: boolean): number => {
      const system = jointSystem(runs, { ...quick, zeroKnowledge });
      let asked = 0;
      const instances = instancesOf(system, runs).map((each) => ({
        ...each,
        traces: () => {
          asked++;
          return each.traces();
        },
      }));
      expect(verifyJoint(system, statementsIn(instances), proveJoint(system, instances))).toMatchObject({ ok: true });
      return asked;
    };
    const looking = [0, 1].map((k) => rangeTraces([3n, BigInt(k)]));
    expect(asking(looking, false)).toBe(2);
    expect(asking(looking, true)).toBe(4);
    // Of two tables one fills its auxiliary columns by a function.
    expect(
      asking(
        [0, 1].map((k) => [...rangeTraces([3n, BigInt(k)]), productTrace()]),
        false,
      ),
    ).toBe(4);
  });

  it('letting an instance write over main columns once they are copied', () => {
    for (const zeroKnowledge of [false, true]) {
      const runs = [0, 1, 2].map((k) => rangeTraces([3n, BigInt(k)]));
      const system = jointSystem(runs, { ...quick, zeroKnowledge });
      const instances = instancesOf(system, runs);
      const lent: BigUint64Array[] = [];
      const lending = instances.map((each) => ({
        ...each,
        traces: () =>
          each.traces().map(({ table, trace }) => {
            const main = trace.main.map((cells) => BigUint64Array.from(cells));
            lent.push(...main);
            return { table, trace: { ...trace, main } };
          }),
        reuse: () => {
          for (const column of lent) column.fill(99n);
        },
      }));
      const [want, got] = [instances, lending].map((each) => proveJoint(system, each, { random: seededBytes(3n) }));
      expect(lent.length).toBeGreaterThan(0);
      expect(got).toEqual(want);
    }
  });

  it('the same with preprocessed columns that were prepared once', () => {
    const runs = [0, 1, 2, 3].map((k) => rangeTraces([3n, BigInt(k)]));
    const system = jointSystem(runs, quick);
    const instances = instancesOf(system, runs);
    const prepared = prepareColumns(engine, system, runs[0]!);
    expect(proveJoint(system, instances, { prepared })).toEqual(proveJoint(system, instances));
    prepared.release();
  });

  it('telling what they are at, and not with a signal that is aborted', () => {
    const runs = [0, 1].map((k) => rangeTraces([3n, BigInt(k)]));
    const system = jointSystem(runs, quick);
    const instances = instancesOf(system, runs);
    const told: string[] = [];
    const onProgress = ({ phase, done, instances: all }: JointProgress): void => {
      told.push(`${phase} ${String(done)}/${String(all)}`);
    };
    proveJoint(system, instances, { onProgress });
    expect(told).toEqual([
      ...['main 0/2', 'main 1/2', 'auxiliary 0/2', 'auxiliary 1/2', 'quotients 0/2', 'quotients 1/2', 'opening 0/2'],
    ]);
    const parts: number[] = [];
    const onExtended = ({ extended }: JointProgress): void => {
      if (extended !== undefined) parts.push(extended);
    };
    proveJoint(system, instances, { onProgress: onExtended, keptBytes: 0 });
    expect(parts.filter((share) => share === 0)).toHaveLength(3);
    expect(Math.min(...parts)).toBe(0);
    expect(Math.max(...parts)).toBeLessThan(1);
    const reason = new Error('enough');
    const before = engine.arena.byteLength;
    for (const phase of ['main', 'auxiliary', 'quotients']) {
      for (let round = 0; round < 50; round++) {
        const controller = new AbortController();
        const stop = (progress: JointProgress): void => {
          if (progress.phase === phase && progress.extended! > 0.5) controller.abort(reason);
        };
        const options = { signal: controller.signal, onProgress: stop, keptBytes: 0 };
        // In no scope: what an ended commitment had in the engine's memory is given back nevertheless.
        expect(() => commitJoint(engine, system, instances, options).prove({}, options), phase).toThrow(reason);
      }
    }
    expect(engine.arena.byteLength).toBe(before);
    for (const phase of ['main', 'auxiliary', 'quotients', 'opening']) {
      const controller = new AbortController();
      const stop = (progress: JointProgress): void => {
        if (progress.phase === phase) controller.abort(reason);
      };
      const options = { signal: controller.signal, onProgress: stop };
      if (phase === 'opening') expect(proveJoint(system, instances, options).length).toBeGreaterThan(0);
      else expect(() => proveJoint(system, instances, options), phase).toThrow(reason);
    }
  });

  it('with messages of the statements, which each cancel with their own instance', () => {
    const runs = [3n, 5n].map((value) => [rangeTraces([value, value])[0]!]);
    const system = jointSystem(runs, quick);
    const instances = runs.map((traces, k) => {
      const publicMessages = [{ bus: 'range', direction: 'receive', tuple: [[3n, 5n][k]!], multiplicity: 2n }] as const;
      return { statement: { publicValues: [{}], publicMessages }, traces: () => traces };
    });
    const bytes = proveJoint(system, instances);
    const statements = statementsIn(instances);
    expect(verifyJoint(system, statements, bytes)).toMatchObject({ ok: true });
    expect(verifyJoint(system, statements.toReversed(), bytes).ok).toBe(false);
    // Both messages with one of both instances.
    const moved = [
      { publicValues: [{}], publicMessages: statements.flatMap(({ publicMessages }) => publicMessages ?? []) },
      { publicValues: [{}] },
    ];
    const cheat = moved.map((statement, k) => ({ statement, traces: () => runs[k]! }));
    expect(verifyJoint(system, moved, proveJoint(system, cheat))).toEqual({ ok: false, reason: 'buses' });
  });
});

describe('staged joint proofs', () => {
  const setup = (count: number) => {
    const runs = Array.from({ length: count }, (_, k) => [lettersTrace([BigInt(k), 7n], k % 2 === 0 ? 1n : -1n)]);
    const options: StarkOptions = { ...quick, exposedBuses: ['post'] };
    const system = jointSystem(runs, options);
    return { system, instances: instancesOf(system, runs), runs };
  };
  const external: ExternalInputs = {
    challenges: { 'exposed offset': [1n, 2n, 3n], 'exposed ratio': [4n, 5n, 6n] },
    context: Uint8Array.of(1, 2, 3),
  };

  it('expose the values of each instance, which are those of its own proof', () => {
    const { system, instances, runs } = setup(4);
    const bytes = proveJoint(system, instances, {}, engine, external);
    const verdict = verifyJoint(system, statementsIn(instances), bytes, external);
    if (!verdict.ok) throw new Error(verdict.reason);
    expect(verdict.exposed).toHaveLength(4);
    runs.forEach((traces, k) => {
      const { statement } = instances[k]!;
      const own = verify(system, statement, prove(engine, system, traces, statement, external), external);
      if (!own.ok) throw new Error(own.reason);
      expect(verdict.exposed[k]).toEqual(own.exposed);
    });
    for (const other of [
      { ...external, context: Uint8Array.of(1, 2, 4) },
      { challenges: { ...external.challenges, 'exposed ratio': [4n, 5n, 7n] } },
    ]) {
      expect(verifyJoint(system, statementsIn(instances), bytes, other).ok).toBe(false);
    }
  });

  it('have a digest that follows from the bytes and the statements', () => {
    const { system, instances } = setup(2);
    const committed = commitJoint(engine, system, instances);
    const bytes = committed.prove(external);
    expect(committed.prove(external)).toEqual(bytes);
    const decoded = decodeJointProof(system, bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const { instances: count, logRows, roots } = decoded.proof;
    expect([count, logRows, roots[0]]).toEqual([2, committed.logRows, committed.root]);
    const statements = statementsIn(instances);
    expect(jointCommitmentDigest(system, statements, logRows, roots[0]!)).toEqual(committed.digest);
    for (const other of [statements.toReversed(), statements.slice(1), [...statements, ...statements]]) {
      expect(jointCommitmentDigest(system, other, logRows, roots[0]!)).not.toEqual(committed.digest);
    }
    committed.release();
  });

  it('of one instance have the digest of one', () => {
    const { system, instances, runs } = setup(1);
    const [{ statement }] = instances as [JointInstance];
    const joint = commitJoint(engine, system, instances);
    const single = commitTraces(engine, system, runs[0]!, statement);
    expect(joint.digest).toEqual(single.digest);
    expect(joint.digest).toEqual(commitmentDigest(system, statement, single.logRows, single.root));
    for (const each of [joint, single]) each.release();
  });
});

describe('bytes of joint proofs', () => {
  const setup = () => {
    const runs = [0, 1].map((k) => [countingTrace(4, BigInt(k)), permutationTrace(2, k)]);
    const system = jointSystem(runs, { ...quick, securityBits: 30, maximumLogInstances: 2 });
    const instances = instancesOf(system, runs);
    return { system, statements: statementsIn(instances), bytes: proveJoint(system, instances) };
  };

  it('are those of version 3, and give back the proof', () => {
    const { system, statements, bytes } = setup();
    expect(bytes).toEqual(new Uint8Array(readFileSync(new URL('fixtures/proof_v3.bin', import.meta.url))));
    const decoded = decodeJointProof(system, bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(encodeJointProof(system, decoded.proof)).toEqual(bytes);
    expect(verifyJoint(system, statements, bytes).ok).toBe(true);
    expect(decodeProof(system, bytes)).toEqual({ ok: false, reason: 'unknown-format' });
    expect(verify(system, statements[0]!, bytes)).toEqual({ ok: false, reason: 'unknown-format' });
  });

  it('name another number of instances', () => {
    const { system, statements, bytes } = setup();
    expect(verifyJoint(system, statements.slice(1), bytes)).toEqual({ ok: false, reason: 'other-instances' });
    expect(verifyJoint(system, [...statements, ...statements], bytes)).toEqual({
      ok: false,
      reason: 'other-instances',
    });
    for (const count of [0, 1, 5, 255]) {
      const reason = 'count-out-of-range';
      expect(verifyJoint(system, statements, bytes.with(6, count))).toEqual({ ok: false, reason });
    }
    expect(verifyJoint(system, statements, bytes.with(7, 1))).toEqual({ ok: false, reason: 'count-out-of-range' });
    expect(verifyJoint(system, statements, bytes.with(6, 4)).ok).toBe(false);
    const doubled = [...statements, ...statements];
    expect(verifyJoint(system, doubled, bytes.with(6, 4)).ok).toBe(false);
    // As a proof of one instance.
    const single = Uint8Array.of(...bytes.with(4, 1).subarray(0, 6), ...bytes.subarray(8));
    expect(verifyJoint(system, statements, single).ok).toBe(false);
    expect(verifyJoint(system, statements.slice(1), single).ok).toBe(false);
  });
});

describe('what a prover and a verifier must not be asked', () => {
  const runs = [0, 1, 2, 3].map((k) => rangeTraces([3n, BigInt(k)]));
  const system = jointSystem(runs, { ...quick, maximumLogInstances: 1 });
  const instances = (): JointInstance[] => instancesOf(system, runs);

  it('another number of instances than the system has room for', () => {
    const all = instances();
    for (const some of [[], all.slice(1), all]) {
      expect(() => commitJoint(engine, system, some)).toThrow('STARK_TRACE');
      expect(() => verifyJoint(system, statementsIn(some), new Uint8Array())).toThrow('STARK_TRACE');
    }
  });

  it('statements of different preprocessed columns', () => {
    const [a, b] = instances() as [JointInstance, JointInstance];
    const preprocessed = { ...b.statement.preprocessed!, roots: [new Uint8Array(32)] };
    const others = [a, { ...b, statement: { ...b.statement, preprocessed } }];
    expect(() => commitJoint(engine, system, others)).toThrow('STARK_TRACE');
    expect(() => verifyJoint(system, statementsIn(others), new Uint8Array())).toThrow('STARK_TRACE');
  });

  it('traces of other tables, of other heights, or not in the field', () => {
    const [a, b] = instances() as [JointInstance, JointInstance];
    const [first, second] = runs[1] as [TableTrace, TableTrace];
    const wrong: readonly (readonly TableTrace[])[] = [
      [],
      [second, first],
      [first],
      [rangeTraces([3n], 16)[0]!, second],
      [{ ...first, trace: { ...first.trace, main: [first.trace.main[0]!] } }, second],
      [
        { ...first, trace: { ...first.trace, main: first.trace.main.map((cells) => cells.map(() => 1n << 64n)) } },
        second,
      ],
    ];
    for (const traces of wrong) {
      expect(() => commitJoint(engine, system, [a, { ...b, traces: () => traces }])).toThrow('STARK_TRACE');
    }
    expect(() => commitJoint(engine, system, [a, b]).prove({ challenges: { unknown: [1n, 2n, 3n] } })).toThrow(
      'STARK_TRACE',
    );
  });

  it('a second proof of what is hidden', () => {
    const hidden = jointSystem(runs, { ...quick, zeroKnowledge: true });
    const committed = commitJoint(engine, hidden, instancesOf(hidden, runs.slice(0, 2)));
    expect(committed.prove().length).toBeGreaterThan(0);
    expect(() => committed.prove()).toThrow('STARK_TRACE');
    committed.release();
  });

  it('a blowup of 2', () => {
    const tables = [countingTrace(2, 0n).table];
    const options = { ...quick, logBlowup: 1, maximumDegree: 3 };
    expect(() => createStarkSystem(tables, { ...options, maximumLogInstances: 1 })).toThrow('COMMIT_SECURITY');
    expect(createStarkSystem(tables, options).parameters.maximumLogInstances).toBe(0);
  });

  it('of another system: the number of instances belongs to it', () => {
    const other = jointSystem(runs, { ...quick, maximumLogInstances: 2 });
    const two = instances().slice(0, 2);
    expect(verifyJoint(other, statementsIn(two), proveJoint(system, two)).ok).toBe(false);
    expect(announced(system)).toBe(2);
    expect(announced(other)).toBe(4);
    expect(statementOf(engine, other, runs[0]!)).toEqual(two[0]!.statement);
  });
});
