import { createFieldEngineSync, type WasmEngine } from '@commute/field';
import { createStarkSystem, decodeJointProof, encodeJointProof } from '@commute/stark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAggregateProof } from '../src/chain/verify-aggregate.ts';
import { shapeOf } from '../src/chain/aggregate-format.ts';
import {
  type AggregateOptions,
  type AggregateProof,
  type ChainSystem,
  type ChainVerdict,
  chainSecurity,
  createChainSystem,
  decodeAggregate,
  encodeAggregate,
  type GroupProof,
  groupSizes,
  jointShape,
  proveAggregate,
  proveChain,
  type ProofStore,
  type RunClaim,
  type SegmentClaim,
  verifyAggregate,
  verifyChain,
} from '../src/index.ts';
import { CYCLES, type Operation, toyProgram, type ToyRun, toyRun } from './toy.ts';

const quick: AggregateOptions = { securityBits: 40, queryWork: 2, maximumLogRows: 9 };
const image = new Map([
  [0n, 11n],
  [4n, 22n],
]);
const input = Uint8Array.of(7, 8, 9);
/** Five segments, of which no two are alike: joint proofs of four and of one. */
const program: readonly (readonly Operation[])[] = [
  [
    { kind: 'input', key: 0n },
    { kind: 'write', key: 8n, value: 77n },
    { kind: 'output', key: 0n },
  ],
  [
    { kind: 'read', key: 8n },
    { kind: 'write', key: 12n, value: 3n },
  ],
  [
    { kind: 'input', key: 4n },
    { kind: 'output', key: 4n },
    { kind: 'output', key: 12n },
  ],
  [
    { kind: 'write', key: 8n, value: 0n },
    { kind: 'input', key: 16n },
  ],
  [
    { kind: 'output', key: 16n },
    { kind: 'read', key: 8n },
  ],
];

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

function setup(segments: number = program.length, logInstances = 2): ChainSystem {
  const joint = jointShape(segments, logInstances);
  return createChainSystem(toyProgram(image, segments), { ...quick, form: 'global', joint });
}

function claimOf(chain: ChainSystem, { output, exitCode }: ToyRun): RunClaim {
  return { program: chain.program.digest, input, output, exitCode };
}

describe('groups', () => {
  it.each([
    [1, 4, [1]],
    [2, 4, [2]],
    [3, 4, [3]],
    [5, 4, [4, 1]],
    [7, 4, [7]],
    [9, 4, [8, 1]],
    [11, 4, [8, 3]],
    [12, 4, [12]],
    [15, 10, [15]],
    [18, 4, [16, 2]],
    [18, 2, [4, 4, 4, 4, 2]],
    [27, 3, [8, 8, 8, 3]],
    [29, 3, [8, 8, 8, 4, 1]],
    [5, 0, [1, 1, 1, 1, 1]],
  ])('of %i segments, up to 2^%i in one', (segments, logInstances, sizes) => {
    expect(groupSizes(segments, logInstances)).toEqual(sizes);
    const shape = { proofs: sizes.length, logInstances: Math.ceil(Math.log2(sizes[0]!)) };
    expect(jointShape(segments, logInstances)).toEqual(shape);
  });

  it('are not made of nothing, nor larger than the format allows', () => {
    expect(() => groupSizes(0, 2)).toThrow('CONTINUATION_RANGE');
    for (const logInstances of [-1, 0.5, 11, NaN]) expect(() => groupSizes(4, logInstances)).toThrow('[0, 10]');
  });
});

describe('an aggregate proof', () => {
  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [3, 2],
    [4, 2],
    [5, 1],
  ])('of %i segments, up to 2^%i in one, is accepted against program and claim alone', async (segments, log) => {
    const run = toyRun(image, program.slice(0, segments), input);
    const chain = setup(segments, log);
    const claim = claimOf(chain, run);
    const proof = await proveAggregate(engine, chain, claim, run.witnesses);
    const sizes = groupSizes(segments, log);
    expect(proof.groups.map(({ claims }) => claims.length)).toEqual(sizes);
    const bytes = encodeAggregate(proof);
    expect(decodeAggregate(bytes)).toEqual({ ok: true, value: proof });
    const verdict = verifyAggregate(chain.program, claim, bytes, quick);
    const proofs = sizes.length + 1;
    expect(verdict).toMatchObject({ ok: true, segments, cycles: BigInt(CYCLES * segments), proofs });
    expect(verdict.ok && verdict.provenBits).toBeGreaterThanOrEqual(40);
  });

  it('grows far slower than the number of segments', async () => {
    const sizes: number[] = [];
    for (const segments of [1, 4]) {
      const run = toyRun(image, program.slice(0, segments), input);
      const chain = setup(segments);
      const proof = await proveAggregate(engine, chain, claimOf(chain, run), run.witnesses);
      sizes.push(proof.groups[0]!.proof.length);
    }
    expect(sizes[1]).toBeLessThan(2 * sizes[0]!);
  });

  it('tells of each segment, is the same however commitments are kept, and stops where it is told', async () => {
    const run = toyRun(image, program, input);
    const chain = setup();
    const claim = claimOf(chain, run);
    const told: string[] = [];
    const proofs: AggregateProof[] = [];
    for (const keep of [0, 1, 9]) {
      const onProgress = ({ phase, done, total }: { phase: string; done: number; total?: number }): void => {
        if (keep === 9) told.push(`${phase} ${String(done)}/${String(total)}`);
      };
      proofs.push(await proveAggregate(engine, chain, claim, run.witnesses, { keep, onProgress }));
    }
    expect(proofs[1]).toEqual(proofs[0]);
    expect(proofs[2]).toEqual(proofs[0]);
    // The opening is of four segments at once.
    for (const [phase, counts] of [
      ['commit', [1, 2, 3, 4, 5, 6]],
      ['prove', [1, 2, 4, 5, 6]],
    ] as const) {
      const done = [...new Set(told.filter((each) => each.startsWith(phase) && !each.includes(' 0/')))];
      expect(done).toEqual(counts.map((count) => `${phase} ${String(count)}/6`));
    }
    const controller = new AbortController();
    const stopped = proveAggregate(engine, chain, claim, run.witnesses, {
      signal: controller.signal,
      // Within the joint proof of four.
      onProgress: ({ phase, done }) => {
        if (phase === 'prove' && done === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
  });

  it('goes on from what a store has, joint proof by joint proof', async () => {
    const run = toyRun(image, program, input);
    const chain = setup();
    const claim = claimOf(chain, run);
    const kept = new Map<string, Uint8Array>();
    const store: ProofStore = {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, bytes) => Promise.resolve(void kept.set(key, bytes)),
    };
    const whole = await proveAggregate(engine, chain, claim, run.witnesses, { store });
    // Two of segments, one of the ends: of each commitment and proof.
    expect(kept.size).toBe(6);
    const untouched = run.witnesses.map((witness) => ({
      ...witness,
      traces: (): never => {
        throw new Error('made again');
      },
    }));
    expect(await proveAggregate(engine, chain, claim, untouched, { store })).toEqual(whole);
  });

  it('needs segments of one length that say how high their tables are, and the system that is for them', async () => {
    const run = toyRun(image, program, input);
    const chain = setup();
    const claim = claimOf(chain, run);
    const prove = (system: ChainSystem, witnesses = run.witnesses): Promise<unknown> =>
      proveAggregate(engine, system, claim, witnesses);
    await expect(prove(setup(4))).rejects.toThrow('CONTINUATION_RANGE');
    await expect(prove(setup(3, 1))).rejects.toThrow('CONTINUATION_RANGE');
    await expect(prove(createChainSystem(chain.program, { ...quick, form: 'global' }))).rejects.toThrow(
      'CONTINUATION_RANGE',
    );
    await expect(prove(chain, [])).rejects.toThrow('CONTINUATION_RANGE');
    const silent = run.witnesses.map(({ logRows: _, ...others }) => others);
    await expect(prove(chain, silent)).rejects.toThrow('CONTINUATION_RANGE');
    await expect(proveChain(engine, chain, claim, run.witnesses)).rejects.toThrow('CONTINUATION_RANGE');
    expect(() => createChainSystem(chain.program, { ...quick, joint: jointShape(2, 1) })).toThrow('CONTINUATION_RANGE');
  });
});

describe('places of a joint proof that no segment is in', () => {
  const chain = setup(3);
  const run = toyRun(image, program.slice(0, 3), input);
  const claim = claimOf(chain, run);
  const judge = (proof: AggregateProof, of = claim): ChainVerdict =>
    verifyAggregate(chain.program, of, encodeAggregate(proof), quick);

  it('are not taken for segments, nor segments for them', async () => {
    const honest = await proveAggregate(engine, chain, claim, run.witnesses);
    expect(honest.groups.map(({ claims }) => claims.length)).toEqual([3]);
    expect(judge(honest)).toMatchObject({ ok: true, segments: 3, proofs: 2 });
    const [{ claims, proof }] = honest.groups as [GroupProof];
    const [a, b, c] = claims as [SegmentClaim, SegmentClaim, SegmentClaim];
    const judged = (...some: readonly SegmentClaim[]): ChainVerdict =>
      judge({ ...honest, groups: [{ claims: some, proof }] });
    // The last segment is dropped; with it, and without, the one before exits in its place.
    expect(judged(a, b)).toMatchObject({ ok: false, reason: 'other-order' });
    const exits = { ...c, index: 1, pcStart: b.pcStart, inputStart: b.inputStart, outputStart: b.outputStart };
    expect(judged(a, exits)).toMatchObject({ ok: false, reason: 'proof', proof: 'count-out-of-range' });
    // One that does nothing is said to be in the empty place: at the end, in the middle, at the start.
    const idle = (at: number, pc: bigint, place: SegmentClaim): SegmentClaim => ({
      ...place,
      kind: at === 3 ? 'last' : 'middle',
      index: at,
      pcStart: pc,
      pcEnd: pc,
      inputStop: place.inputStart,
      outputStop: place.outputStart,
    });
    const { halt } = chain.program;
    const { exitCode, ...goesOn } = c;
    const ended = { ...idle(3, halt, c), inputStart: c.inputStop, outputStart: c.outputStop };
    const atEnd = { ...ended, inputStop: c.inputStop, outputStop: c.outputStop, exitCode };
    expect(judged(a, b, { ...goesOn, kind: 'middle' }, atEnd)).toMatchObject({
      ok: false,
      reason: 'other-commitments',
    });
    const { exitCode: _, ...middle } = idle(1, b.pcStart, b);
    expect(judged(a, middle, { ...b, index: 2 }, { ...c, index: 3 })).toMatchObject({
      ok: false,
      reason: 'other-commitments',
    });
  });

  it('hold nothing that a prover could put there: a segment that leaves another memory', async () => {
    // Four segments are committed to, of which the second writes; the verifier is told of three.
    const four = setup(4);
    const whole = toyRun(image, program.slice(0, 4), input);
    const honest = await proveAggregate(engine, four, claimOf(four, whole), whole.witnesses);
    const [{ claims, proof }] = honest.groups as [GroupProof];
    const { exitCode } = claims[3]!;
    const kept = claims.slice(0, 3).map((each, at) => (at === 2 ? { ...each, kind: 'last' as const, exitCode } : each));
    const said = { ...claimOf(four, whole), output: whole.output.slice(0, kept[2]!.outputStop) };
    const verdict = verifyAggregate(
      { ...four.program, halt: kept[2]!.pcEnd },
      said,
      encodeAggregate({ ...honest, groups: [{ claims: kept, proof }] }),
      quick,
    );
    expect(verdict).toMatchObject({ ok: false, reason: 'other-commitments' });
  });
});

describe('an honest aggregate proof that is tampered with', () => {
  const chain = setup();
  const run = toyRun(image, program, input);
  const claim = claimOf(chain, run);
  let proof: AggregateProof;
  beforeAll(async () => {
    proof = await proveAggregate(engine, chain, claim, run.witnesses);
  });
  const judged = (changed: Partial<AggregateProof>, verifier = chain, of = claim): ChainVerdict => {
    const bytes = encodeAggregate({ ...proof, ...changed });
    const verdict = verifyAggregate(verifier.program, of, bytes, quick);
    const decoded = decodeAggregate(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const shape = shapeOf(decoded.value);
    const same = shape.proofs === chain.joint!.proofs && shape.logInstances === chain.joint!.logInstances;
    if (same) expect(verifyAggregateProof(verifier, of, decoded.value)).toEqual(verdict);
    return verdict;
  };
  /** With other claims in the place of some. */
  const withClaims = (change: (claim: SegmentClaim, index: number) => SegmentClaim): { groups: GroupProof[] } => {
    let index = 0;
    return {
      groups: proof.groups.map((each) => ({ ...each, claims: each.claims.map((one) => change(one, index++)) })),
    };
  };

  it('is accepted untouched', () => {
    expect(judged({})).toMatchObject({ ok: true, segments: 5, proofs: 3 });
  });

  it('segments are dropped, repeated, reordered: within a proof and with their proof', () => {
    const [four, one] = proof.groups as [GroupProof, GroupProof];
    const [a, b, c, d] = four.claims as [SegmentClaim, SegmentClaim, SegmentClaim, SegmentClaim];
    const lists: (readonly GroupProof[])[] = [
      [four],
      [one],
      [one, four],
      [four, one, one],
      [four, four, one],
      [{ ...four, claims: [a, b] }, one],
      [{ ...four, claims: [b, a, c, d] }, one],
      [{ ...four, claims: [a, b, b, d] }, one],
      [{ ...four, claims: [a, a, b, b, c, c, d, d] }, one],
    ];
    for (const groups of lists) expect(judged({ groups })).toMatchObject({ ok: false, reason: 'other-order' });
    // With claims that fit: two segments claim each other's work.
    const swapped = withClaims((each, index) => {
      const [other] = [[a, b, c, d][[0, 2, 1, 3][index] ?? 9]];
      return other === undefined ? each : { ...other, kind: each.kind, index };
    });
    expect(judged(swapped).ok).toBe(false);
  });

  it('kind, index, and everything else in a claim', () => {
    const wrong: [number, Partial<SegmentClaim>, string?][] = [
      [0, { kind: 'standalone' }, 'other-exit'],
      [0, { kind: 'middle' }, 'other-order'],
      [1, { kind: 'first' }, 'other-order'],
      [1, { kind: 'last' }, 'other-exit'],
      [4, { kind: 'middle' }, 'other-exit'],
      [1, { index: 2 }, 'other-order'],
      [1, { logCycles: 4 }, 'other-cycles'],
      [4, { logCycles: 2 }, 'other-cycles'],
      [1, { pcStart: 9n }, 'other-pc'],
      [1, { pcEnd: 2n ** 64n - 1n }, 'other-pc'],
      [2, { inputStart: 0 }, 'other-input'],
      [0, { inputStop: 4 }, 'other-input'],
      [1, { outputStop: 0 }, 'other-output'],
      [4, { outputStop: 99 }, 'other-output'],
      [4, { exitCode: 5 }, 'other-exit'],
      [4, { exitCode: undefined }, 'other-exit'],
      [2, { run: new Uint8Array(32) }, 'other-run'],
    ];
    for (const [at, changed, reason] of wrong) {
      const verdict = judged(withClaims((each, index) => (index === at ? { ...each, ...changed } : each)));
      expect(
        verdict,
        JSON.stringify(changed, (_, value: unknown) => String(value)),
      ).toMatchObject({ ok: false, reason });
    }
    // Both sides of a border moved, so that the claims still fit.
    const borders: [number, Partial<SegmentClaim>, Partial<SegmentClaim>][] = [
      [0, { pcEnd: 9n }, { pcStart: 9n }],
      [0, { inputStop: 0 }, { inputStart: 0 }],
      [0, { outputStop: 0 }, { outputStart: 0 }],
      [3, { pcEnd: 9n }, { pcStart: 9n }],
      [3, { inputStop: 2 }, { inputStart: 2 }],
      [2, { outputStop: 2 }, { outputStart: 2 }],
    ];
    for (const [at, left, right] of borders) {
      const moved = withClaims((each, index) =>
        index === at ? { ...each, ...left } : index === at + 1 ? { ...each, ...right } : each,
      );
      expect(judged(moved)).toMatchObject({ ok: false, reason: 'proof' });
    }
  });

  it('it is of another program, input, output or exit', () => {
    const others: [ChainSystem, RunClaim, string?][] = [
      [{ ...chain, program: toyProgram(new Map(image).set(0n, 12n), 5) }, claim, 'other-run'],
      [chain, { ...claim, program: new Uint8Array(32) }, 'other-run'],
      [chain, { ...claim, input: Uint8Array.of(7, 8, 10) }, 'other-run'],
      [chain, { ...claim, output: claim.output.slice(0, -1) }, 'other-output'],
      [chain, { ...claim, output: Uint8Array.of(...claim.output, 0) }, 'other-output'],
      [chain, { ...claim, output: claim.output.toReversed() }, 'proof'],
      [chain, { ...claim, exitCode: 5 }, 'other-exit'],
      [{ ...chain, program: { ...chain.program, halt: 33n } }, claim, 'other-pc'],
      [{ ...chain, program: { ...chain.program, entry: 1n } }, claim, 'other-pc'],
    ];
    for (const [verifier, of, reason] of others) {
      expect(judged({}, verifier, of)).toMatchObject({ ok: false, reason });
    }
    // The same digest for another image: what no claim tells apart.
    const silent = { ...chain, program: { ...chain.program, image: new Map(image).set(3000n, 1n) } };
    expect(judged({}, silent)).toMatchObject({ ok: false, reason: 'other-memory' });
  });

  it('a commitment is replaced by one of the same claims', async () => {
    const longer = program.map((each, index): readonly Operation[] =>
      index === 1 ? [...each, { kind: 'read', key: 0n }, { kind: 'read', key: 0n }] : each,
    );
    const other = await proveAggregate(engine, chain, claim, toyRun(image, longer, input).witnesses);
    expect(other.groups[0]!.claims).toEqual(proof.groups[0]!.claims);
    expect(judged(other)).toMatchObject({ ok: true });
    expect(judged({ groups: [other.groups[0]!, proof.groups[1]!] }).ok).toBe(false);
    expect(judged({ groups: [proof.groups[0]!, other.groups[1]!] }).ok).toBe(false);
    expect(judged({ ends: other.ends }).ok).toBe(false);
  });

  it('proofs are swapped, missing, too many, or of fewer instances than claims', () => {
    const [four, one] = proof.groups as [GroupProof, GroupProof];
    const [end] = proof.ends as [Uint8Array];
    const swapped = [
      { ...four, proof: one.proof },
      { ...one, proof: four.proof },
    ];
    expect(judged({ groups: swapped })).toMatchObject({ ok: false, reason: 'other-commitments', part: 0 });
    expect(judged({ ends: [] })).toMatchObject({ ok: false, reason: 'other-ends' });
    expect(judged({ ends: [end, end] })).toMatchObject({ ok: false, reason: 'other-ends' });
    expect(judged({ ends: [one.proof] })).toMatchObject({ ok: false, reason: 'proof', part: 5 });
    expect(judged({ ends: [new Uint8Array()] })).toMatchObject({ ok: false, reason: 'proof', part: 5 });
  });

  it('what one instance claims is moved to another, or changed so that the sums still cancel', () => {
    const decoded = decodeJointProof(chain.segments, proof.groups[0]!.proof);
    if (!decoded.ok) throw new Error(decoded.reason);
    const { proof: joint } = decoded;
    const { field } = chain.segments.parameters;
    const [first, second, ...others] = joint.claimed;
    const lists = [
      [second!, first!, ...others],
      [first!, first!, ...others],
      [
        { ...first!, terminals: first!.terminals.map((each, k) => (k === 0 ? field.add(each, field.one) : each)) },
        {
          ...second!,
          terminals: second!.terminals.map((each, k) => (k === 0 ? field.subtract(each, field.one) : each)),
        },
        ...others,
      ],
      [
        { ...first!, exposed: first!.exposed.map((list) => list.map((each) => field.add(each, field.one))) },
        { ...second!, exposed: second!.exposed.map((list) => list.map((each) => field.subtract(each, field.one))) },
        ...others,
      ],
    ];
    for (const claimed of lists) {
      const bytes = encodeJointProof(chain.segments, { ...joint, claimed });
      const groups = [{ ...proof.groups[0]!, proof: bytes }, proof.groups[1]!];
      expect(judged({ groups })).toMatchObject({ ok: false, reason: 'proof', part: 0 });
    }
  });

  it('its bytes are damaged anywhere', () => {
    const bytes = encodeAggregate(proof);
    const verify = (damaged: Uint8Array): ChainVerdict => verifyAggregate(chain.program, claim, damaged, quick);
    const stride = Math.ceil(bytes.length / 40);
    for (let at = 0; at < bytes.length; at += at < 200 ? 9 : stride) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(verify(damaged).ok, String(at)).toBe(false);
    }
    for (let length = 0; length < bytes.length; length += stride) expect(verify(bytes.slice(0, length)).ok).toBe(false);
    expect(decodeAggregate(Buffer.concat([bytes, Uint8Array.of(0)]))).toEqual({ ok: false, reason: 'trailing-bytes' });
    const change = (at: number, ...values: number[]): Uint8Array => {
      const changed = bytes.slice();
      changed.set(values, at);
      return changed;
    };
    expect(verify(change(6, 255, 255, 255, 255))).toEqual({ ok: false, reason: 'truncated' });
    expect(verify(change(10, 255, 255, 255, 255))).toEqual({ ok: false, reason: 'out-of-range' });
    expect(verify(change(6, 0, 0, 0, 0))).toEqual({ ok: false, reason: 'out-of-range' });
    expect(verify(change(14, 0, 4).slice(0, 1000))).toEqual({ ok: false, reason: 'truncated' });
    expect(verify(change(14, 1, 4))).toEqual({ ok: false, reason: 'out-of-range' });
    expect(verify(change(4, 1))).toEqual({ ok: false, reason: 'unknown-format' });
    // Of the other container, both ways.
    expect(verifyChain(createChainSystem(chain.program, { ...quick, form: 'global' }), claim, bytes)).toEqual({
      ok: false,
      reason: 'unknown-format',
    });
    const large = { ...quick, maximumLogRows: 29 };
    expect(verifyAggregate(chain.program, claim, bytes, large)).toEqual({
      ok: false,
      reason: 'proof',
      proof: 'beyond-parameters',
    });
  });

  it('the messages of all its segments are too many to be kept: they are made again, and the verdict is the same', () => {
    let calls = 0;
    const counting: ChainSystem = {
      ...chain,
      program: {
        ...chain.program,
        statement: (...asked) => {
          calls++;
          return chain.program.statement(...asked);
        },
      },
    };
    for (const of of [claim, { ...claim, output: claim.output.map((byte, at) => (at === 2 ? byte ^ 1 : byte)) }]) {
      calls = 0;
      const kept = verifyAggregateProof(counting, of, proof);
      expect(kept.ok).toBe(of === claim);
      expect(calls).toBe(program.length);
      expect(verifyAggregateProof(counting, of, proof, 0)).toEqual(kept);
      // To be heard twice, checked, and added up at the least, where it comes to that.
      expect(calls).toBeGreaterThan(3 * program.length);
    }
  });

  it('it is of other parameters', () => {
    const others: AggregateOptions[] = [
      { ...quick, securityBits: 41 },
      { ...quick, queryWork: 3 },
      { ...quick, cuts: [8n] },
    ];
    for (const options of others) {
      expect(verifyAggregate(chain.program, claim, encodeAggregate(proof), options).ok).toBe(false);
    }
  });
});

describe('the bytes of version 2', () => {
  it('are these', () => {
    const claim: SegmentClaim = {
      kind: 'first',
      index: 0,
      run: new Uint8Array(32).fill(7),
      logCycles: 3,
      pcStart: 1n,
      pcEnd: 2n,
      inputStart: 0,
      inputStop: 1,
      outputStart: 0,
      outputStop: 2,
    };
    const last: SegmentClaim = { ...claim, kind: 'last', index: 1, exitCode: 5 };
    const bytes = encodeAggregate({
      groups: [{ claims: [claim, last], proof: Uint8Array.of(1, 2) }],
      ends: [Uint8Array.of(3)],
    });
    const hex = (digits: number, value: number): string =>
      value
        .toString(16)
        .padStart(2, '0')
        .padEnd(2 * digits, '0');
    const run = '07'.repeat(32);
    const numbers = [1, 2, 0, 1, 0, 2].map((value) => hex(8, value)).join('');
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['434147470200', hex(4, 1), hex(4, 1), hex(2, 2)]
        .concat('01', hex(4, 0), run, '03', numbers, '00', hex(4, 0))
        .concat('03', hex(4, 1), run, '03', numbers, '01', hex(4, 5))
        .concat(hex(4, 2), '0102', hex(4, 1), '03')
        .join(''),
    );
  });
});

describe('security', () => {
  const systemOf = (proofs: number, logInstances: number, securityBits: number): ChainSystem =>
    createChainSystem(toyProgram(image, 1), { form: 'global', joint: { proofs, logInstances }, securityBits });

  it.each([100, 128])(
    'of %i bits is proven for few proofs with fewer queries, and for many with one word each',
    (bits) => {
      const few = systemOf(1, 4, bits);
      const many = systemOf(1000, 4, bits);
      expect(few.segments.parameters.regime).toBe('johnson bound');
      expect(few.ends!.parameters.regime).toBe('johnson bound');
      expect(many.segments.parameters.regime).toBe('unique decoding');
      expect(few.segments.parameters.queries).toBeLessThan(many.segments.parameters.queries);
      for (const chain of [few, many]) expect(chainSecurity(chain).bits).toBeGreaterThanOrEqual(bits);
    },
  );

  it('counts the lists of all commitments, and changes over where they leave too little', () => {
    const bitsOf = (proofs: number): number => chainSecurity(systemOf(proofs, 4, 100)).rounds[0]!.bits;
    expect(bitsOf(1) - bitsOf(2)).toBeGreaterThan(4);
    const systems = Array.from({ length: 32 }, (_, k) => systemOf(k + 1, 4, 100));
    for (const chain of systems) expect(chainSecurity(chain).bits).toBeGreaterThanOrEqual(100);
    const regimes = systems.map(({ segments }) => segments.parameters.regime);
    expect(regimes.indexOf('unique decoding')).toBeGreaterThan(15);
    // Once too many, always too many.
    expect(regimes.lastIndexOf('johnson bound')).toBe(regimes.indexOf('unique decoding') - 1);
    // More proofs take more queries, few at first, and never more than where each is one word.
    const queries = systems.map(({ segments }) => segments.parameters.queries);
    expect(queries).toEqual(queries.toSorted((a, b) => a - b));
    expect(queries[7]! - queries[0]!).toBeLessThan(5);
    expect(queries[15]).toBeLessThan(queries[31]!);
  });

  it('is that of as many instances as there are', () => {
    const least = (logInstances: number): number =>
      Math.min(...systemOf(1, logInstances, 100).segments.parameters.report.best.rounds.map(({ bits }) => bits));
    expect(least(10)).toBeGreaterThanOrEqual(100);
    const [one, many] = [0, 10].map((log) => systemOf(1, log, 100).segments);
    expect(one!.description).not.toBe(many!.description);
    expect(() => createStarkSystem(one!.tables, { maximumLogInstances: 13 })).toThrow();
  });
});
