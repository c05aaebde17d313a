import { seeded } from '@commute-tools/build/seed';
import { createFieldEngineSync, createReferenceEngine, MODULUS, type WasmEngine } from '@commute/field';
import { BLAKE3, type HashFunction } from '@commute/poly-commit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  commitJoint,
  decodeJointProof,
  encodeJointProof,
  type ExternalInputs,
  type JointOptions,
  type JointProof,
  type JointVerdict,
  type StarkOptions,
  type StarkSystem,
  type Statement,
  type TableTrace,
  verifyJoint,
} from '../src/index.ts';
import { countingTrace, jointSystem, lettersTrace, permutationTrace, quick, statementsOf } from './joint-tables.ts';
import { numbersFrom, powersTrace, rangeTraces, seededBytes } from './tables.ts';

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

type Run = readonly TableTrace[];

/** A joint proof of runs for statements, by the honest prover of a system. */
function proofOf(
  system: StarkSystem,
  runs: readonly Run[],
  statements: readonly Statement[] = statementsOf(engine, system, runs),
  external: ExternalInputs = {},
  options: JointOptions = {},
): Uint8Array<ArrayBuffer> {
  const instances = statements.map((statement, k) => ({ statement, traces: () => runs[k]! }));
  return engine.scope(() => commitJoint(engine, system, instances, options).prove(external));
}

/** What is said of runs whose statements are honest ones of these runs. */
function verdictOn(runs: readonly Run[], options: StarkOptions = quick): JointVerdict {
  const system = jointSystem(runs, options);
  const statements = statementsOf(engine, system, runs);
  return verifyJoint(system, statements, proofOf(system, runs, statements));
}

function withCell(run: Run, index: number, cell: number, row: number, value: bigint): Run {
  return run.map((each, at) => {
    if (at !== index) return each;
    const main = each.trace.main.map((cells, c) => (c === cell ? Array.from(cells).with(row, value) : cells));
    return { ...each, trace: { ...each.trace, main } };
  });
}

function decoded(system: StarkSystem, bytes: Uint8Array): JointProof {
  const verdict = decodeJointProof(system, bytes);
  if (!verdict.ok) throw new Error(verdict.reason);
  return verdict.proof;
}

/** Four runs of all kinds of constraints, different from each other. */
const runsOf = (count = 4): Run[] =>
  Array.from({ length: count }, (_, k) => [
    countingTrace(8, BigInt(10 * k)),
    ...rangeTraces([BigInt(k), 5n], 4),
    powersTrace(4),
    permutationTrace(8, k),
  ]);

describe('one false instance among honest ones', () => {
  const lies: readonly (readonly [string, number, number, number, bigint, string])[] = [
    ['the first row', 0, 0, 0, 99n, 'constraints'],
    ['a transition', 0, 0, 3, 99n, 'constraints'],
    ['the last row', 0, 0, 7, 99n, 'constraints'],
    ['a constraint on every row', 3, 1, 2, 99n, 'constraints'],
    ['a value that is not in the table', 1, 0, 0, 77n, 'buses'],
    ['a count', 2, 0, 5, 3n, 'buses'],
    ['a permutation', 4, 1, 2, 1000n, 'buses'],
  ];
  it.each(lies)('%s', (_, table, cell, row, value, reason) => {
    const honest = runsOf();
    for (const options of [quick, { ...quick, zeroKnowledge: true }]) {
      for (const at of options === quick ? [0, 1, 2, 3] : [2]) {
        const runs = honest.with(at, withCell(honest[at]!, table, cell, row, value));
        expect(verdictOn(runs, options), String(at)).toEqual({ ok: false, reason });
      }
    }
    expect(verdictOn(honest).ok).toBe(true);
  });

  it('provers who leave out what it does not satisfy', () => {
    const honest = runsOf();
    const all = jointSystem(honest, quick);
    const statements = statementsOf(engine, all, honest);
    for (const [, table, cell, row, value] of lies) {
      const runs = honest.with(1, withCell(honest[1]!, table, cell, row, value));
      const arithmetizations = all.arithmetizations.map((each) => ({
        ...each,
        constraints: each.constraints.map((constraint) => ({ ...constraint, root: each.graph.constant(0n) })),
      }));
      const liar = { ...all, arithmetizations };
      expect(verifyJoint(all, statements, proofOf(liar, runs, statements)).ok).toBe(false);
    }
  });

  it('a public value, of the prover or of the verifier', () => {
    const runs = runsOf();
    const system = jointSystem(runs, quick);
    const statements = statementsOf(engine, system, runs);
    const bytes = proofOf(system, runs, statements);
    for (let at = 0; at < 4; at++) {
      const [counting, ...others] = statements[at]!.publicValues as [Readonly<Record<string, bigint>>];
      const wrong = { ...statements[at]!, publicValues: [{ ...counting, last: 1n }, ...others] };
      const claimed = statements.with(at, wrong);
      expect(verifyJoint(system, claimed, bytes).ok).toBe(false);
      const [run, ...rest] = runs[at] as [TableTrace];
      const lying = [{ ...run, trace: { ...run.trace, publicValues: [BigInt(10 * at), 1n] } }, ...rest];
      expect(verifyJoint(system, claimed, proofOf(system, runs.with(at, lying), claimed))).toEqual({
        ok: false,
        reason: 'constraints',
      });
    }
  });
});

describe('sums that cancel over the instances and not in each', () => {
  it('of a permutation', () => {
    // One sends 5 and receives 6, the other the other way round.
    const trace = (a: bigint, b: bigint): Run => withCell(withCell([permutationTrace(2, 0)], 0, 0, 0, a), 0, 1, 1, b);
    expect(verdictOn([trace(5n, 5n), trace(6n, 6n)])).toMatchObject({ ok: true });
    expect(verdictOn([trace(5n, 6n), trace(6n, 5n)])).toEqual({ ok: false, reason: 'buses' });
  });

  it('and terminals that are moved so that they cancel in each', () => {
    const trace = (a: bigint, b: bigint): Run => withCell(withCell([permutationTrace(2, 0)], 0, 0, 0, a), 0, 1, 1, b);
    const runs = [trace(5n, 6n), trace(6n, 5n)];
    const system = jointSystem(runs, quick);
    const statements = statementsOf(engine, system, runs);
    const proof = decoded(system, proofOf(system, runs, statements));
    const zero = { terminals: [[0n, 0n, 0n]], exposed: [[]] };
    for (const claimed of [[zero, zero], proof.claimed.toReversed()]) {
      expect(verifyJoint(system, statements, encodeJointProof(system, { ...proof, claimed })).ok).toBe(false);
    }
  });

  it('and exposed values that are moved: the sum stays', () => {
    const runs = [1n, 2n].map((value) => [lettersTrace([value], 1n)]);
    const system = jointSystem(runs, { ...quick, exposedBuses: ['post'] });
    const { field } = system.parameters;
    const statements = statementsOf(engine, system, runs);
    const challenges = { 'exposed offset': [1n, 2n, 3n], 'exposed ratio': [4n, 5n, 6n] };
    const proof = decoded(system, proofOf(system, runs, statements, { challenges }));
    const [a, b] = proof.claimed.map(({ exposed }) => exposed[0]![0]!);
    const judge = (values: readonly (readonly bigint[])[]): JointVerdict => {
      const claimed = proof.claimed.map((each, k) => ({ ...each, exposed: [[values[k]!]] }));
      return verifyJoint(system, statements, encodeJointProof(system, { ...proof, claimed }), { challenges });
    };
    expect(judge([a!, b!]).ok).toBe(true);
    expect(judge([b!, a!]).ok).toBe(false);
    expect(judge([field.add(a!, field.one), field.subtract(b!, field.one)]).ok).toBe(false);
  });
});

describe('instances in another order', () => {
  it('of the statements, of the traces, in the bytes', () => {
    const runs = runsOf();
    const system = jointSystem(runs, quick);
    const statements = statementsOf(engine, system, runs);
    const bytes = proofOf(system, runs, statements);
    const swaps: readonly (<T>(list: readonly T[]) => T[])[] = [
      ([a, b, c, d]) => [b!, a!, c!, d!],
      ([a, b, c, d]) => [a!, c!, b!, d!],
      ([a, b, c, d]) => [d!, a!, b!, c!],
      ([a, b]) => [a!, b!, a!, b!],
    ];
    for (const swap of swaps) {
      expect(verifyJoint(system, swap(statements), bytes).ok).toBe(false);
      expect(verifyJoint(system, statements, proofOf(system, swap(runs), statements)).ok).toBe(false);
      expect(verifyJoint(system, swap(statements), proofOf(system, swap(runs), swap(statements))).ok).toBe(true);
      // All that is claimed moved with the statements.
      const proof = decoded(system, bytes);
      const { evaluations } = proof.opening;
      const moved = evaluations.map((round) =>
        round.map((matrix) =>
          matrix.map((values) => {
            const columns = values.length / 4;
            return swap([0, 1, 2, 3]).flatMap((k) => values.slice(k * columns, (k + 1) * columns));
          }),
        ),
      );
      for (const evaluated of [moved, [evaluations[0]!, ...moved.slice(1)]]) {
        const opening = { ...proof.opening, evaluations: evaluated };
        const forged = encodeJointProof(system, { ...proof, claimed: swap(proof.claimed), opening });
        expect(verifyJoint(system, swap(statements), forged).ok).toBe(false);
        expect(verifyJoint(system, statements, forged).ok).toBe(false);
      }
    }
  });

  it('the same columns in another instance only in some of the commitments', () => {
    // Traces that are different when they are asked for the second time, which the reference engine does: auxiliary columns of other instances.
    const reference = createReferenceEngine();
    const runs = runsOf(2);
    const system = jointSystem(runs, quick);
    const statements = statementsOf(engine, system, runs);
    const asked = [0, 0];
    const instances = statements.map((statement, k) => ({
      statement,
      traces: () => runs[asked[k]!++ === 0 ? k : 1 - k]!,
    }));
    const bytes = reference.scope(() => commitJoint(reference, system, instances).prove());
    expect(asked).toEqual([2, 2]);
    expect(verifyJoint(system, statements, bytes).ok).toBe(false);
  });
});

describe('places without an instance', () => {
  const honest = runsOf();
  const system = jointSystem(honest, quick);
  const statements = (): Statement[] => statementsOf(engine, system, honest);

  it('are taken for instances, or instances for them', () => {
    const three = proofOf(system, honest.slice(0, 3), statements().slice(0, 3));
    const four = proofOf(system, honest, statements());
    expect(verifyJoint(system, statements().slice(0, 3), three).ok).toBe(true);
    for (const bytes of [three, four]) {
      for (const count of [3, 4]) {
        const said = statements().slice(0, count);
        if (bytes === (count === 3 ? three : four)) continue;
        expect(verifyJoint(system, said, bytes)).toEqual({ ok: false, reason: 'other-instances' });
        expect(verifyJoint(system, said, bytes.with(6, count)).ok).toBe(false);
      }
    }
    // All that is said of the last one left out, or added as zero.
    const { field } = system.parameters;
    const resized = (proof: JointProof, instances: number): Uint8Array => {
      const evaluations = proof.opening.evaluations.map((round, r) =>
        round.map((matrix) =>
          matrix.map((values) => {
            // The preprocessed ones are of one instance.
            if (r === 0) return values;
            const columns = values.length / proof.instances;
            return Array.from({ length: columns * instances }, (_, at) => values[at] ?? field.zero);
          }),
        ),
      );
      const claimed = Array.from({ length: instances }, (_, at) => proof.claimed[at] ?? proof.claimed[0]!);
      return encodeJointProof(system, { ...proof, instances, claimed, opening: { ...proof.opening, evaluations } });
    };
    expect(resized(decoded(system, three), 3)).toEqual(three);
    expect(verifyJoint(system, statements(), resized(decoded(system, three), 4)).ok).toBe(false);
    expect(verifyJoint(system, statements().slice(0, 3), resized(decoded(system, four), 3)).ok).toBe(false);
  });

  it('make no proof of fewer instances: the same traces, twice as many places', () => {
    const two = statements().slice(0, 2);
    const bytes = proofOf(system, honest.slice(0, 2), two);
    expect(verifyJoint(system, two, bytes).ok).toBe(true);
    expect(verifyJoint(system, statements().slice(0, 3), bytes.with(6, 3)).ok).toBe(false);
  });
});

describe('claimed values', () => {
  it('moved from one instance to another, or not canonical', () => {
    const runs = [0, 1].map((k) => [countingTrace(8, BigInt(k)), permutationTrace(8, k)]);
    const system = jointSystem(runs, quick);
    const { field } = system.parameters;
    const statements = statementsOf(engine, system, runs);
    const proof = decoded(system, proofOf(system, runs, statements));
    const rounds = proof.opening.evaluations;
    const judge = (evaluations: typeof rounds): JointVerdict =>
      verifyJoint(
        system,
        statements,
        encodeJointProof(system, { ...proof, opening: { ...proof.opening, evaluations } }),
      );
    expect(judge(rounds).ok).toBe(true);
    rounds.forEach((round, r) => {
      round.forEach((matrix, m) => {
        matrix.forEach((values, p) => {
          const other = values.length / 2;
          const change = (changed: typeof values): typeof rounds =>
            rounds.with(r, round.with(m, matrix.with(p, changed)));
          const [a, b] = [values[0]!, values[other]!];
          const moved = values.with(0, field.add(a, field.one)).with(other, field.subtract(b, field.one));
          for (const each of [moved, values.with(0, b).with(other, a), values.with(other, [MODULUS, 0n, 0n])]) {
            const isSame = each.every((value, k) => field.equals(value, values[k]!));
            expect(judge(change(each)).ok, `${String(r)} ${String(m)} ${String(p)}`).toBe(isSame);
          }
        });
      });
    });
  });
});

describe('bytes from anybody', () => {
  /** Digests computed since this was set to 0: what a verifier's time goes into. */
  let digests = 0;
  const counted: HashFunction = {
    name: 'counted BLAKE3',
    digest: (bytes) => {
      digests++;
      return BLAKE3.digest(bytes);
    },
  };
  const tiny: StarkOptions = { securityBits: 6, queryWork: 0, maximumLogRows: 2, finalLength: 2, hash: counted };

  it.each([
    ['that hides nothing', tiny, 1],
    ['with zero knowledge', { ...tiny, zeroKnowledge: true }, 13],
  ] as const)('a joint proof %s: each byte changed, cut off, made longer, replaced', (_, options, stride) => {
    const runs = [0, 1].map((k) => [permutationTrace(2, k)]);
    const system = jointSystem(runs, { ...options, maximumLogInstances: 2 });
    const statements = statementsOf(engine, system, runs);
    const bytes = proofOf(system, runs, statements, {}, { random: seededBytes(BigInt(seeded(1))) });
    const random = numbersFrom(seeded(2));
    digests = 0;
    expect(verifyJoint(system, statements, bytes).ok).toBe(true);
    const honest = digests;
    const judge = (changed: Uint8Array, what: string): void => {
      digests = 0;
      const verdict = verifyJoint(system, statements, changed);
      if (verdict.ok || typeof verdict.reason !== 'string') throw new Error(`accepted: ${what}`);
      if (digests > honest) throw new Error(`${String(digests)} digests instead of ${String(honest)}: ${what}`);
    };
    for (let at = 0; at < bytes.length; at += stride) {
      const changed = bytes.slice();
      changed[at]! ^= at % 2 === 0 ? 1 << ((at >> 1) % 8) : 0xff;
      judge(changed, `byte ${String(at)}`);
      if (at % 3 === 0) judge(bytes.subarray(0, at), `the first ${String(at)} bytes`);
    }
    for (let more = 1; more <= 32; more++) {
      judge(Uint8Array.of(...bytes, ...new Uint8Array(more)), `${String(more)} more`);
    }
    judge(Uint8Array.of(...bytes, ...bytes), 'twice');
    for (let round = 0; round < 100; round++) {
      const kept = round % 2 === 0 ? 0 : random() % bytes.length;
      const changed = Uint8Array.from({ length: random() % (2 * bytes.length) }, () => random() & 0xff);
      changed.set(bytes.subarray(0, Math.min(kept, changed.length)));
      judge(changed, `random from byte ${String(kept)}, round ${String(round)}`);
    }
  });
});
