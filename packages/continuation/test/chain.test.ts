import { isDeepStrictEqual } from 'node:util';
import { createFieldEngineSync, MODULUS, type WasmEngine } from '@commute/field';
import { type StarkSystem, type Table, type TableTrace } from '@commute/stark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyAggregateProof } from '../src/chain/verify-aggregate.ts';
import { verifyChainProof } from '../src/chain/verify.ts';
import {
  type Cells,
  type ChainOptions,
  type ChainProgress,
  type ChainProof,
  type ChainSystem,
  type ChainVerdict,
  checkRun,
  createChainSystem,
  decodeAggregate,
  decodeChain,
  encodeAggregate,
  encodeChain,
  type EndProof,
  jointShape,
  type LinkForm,
  type LinkTracker,
  mergeSpans,
  type PagedBinding,
  proveAggregate,
  proveChain,
  proveShare,
  type ProofStore,
  REGISTER_KEY,
  type RunClaim,
  type SegmentClaim,
  type SegmentProof,
  type SegmentWitness,
  verifyChain,
  verifySegment,
} from '../src/index.ts';
import { ANY_KEY } from '../src/link/cells.ts';
import { imageAt } from '../src/link/image.ts';
import { LINK_FORMS } from '../src/link/state-link.ts';
import { pairwisePolynomials, type PairwiseTable, pairwiseTraceOf } from '../src/link/pairwise-table.ts';
import { without } from './support.ts';
import { type Operation, toyProgram, type ToyRun, toyRun, toySegment } from './toy.ts';

const quick: ChainOptions = { securityBits: 40, queryWork: 2, maximumLogRows: 9 };
/** Segments have proofs of their own, in three forms of link; or two of them share one, in the global form. */
type Form = LinkForm | 'joint';
const FORMS: readonly Form[] = [...LINK_FORMS, 'joint'];

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

const image = new Map([
  [0n, 11n],
  [4n, 22n],
  [REGISTER_KEY + 2n, 0xfffff000n],
  [1000n, 5n],
]);
const input = Uint8Array.of(7, 8, 9);

/** Write-first, fresh and zeroed cells, cells that are touched by some segments only, input and output. */
const program: readonly (readonly Operation[])[] = [
  [
    { kind: 'read', key: 0n },
    { kind: 'write', key: 8n, value: 77n },
    { kind: 'input', key: 12n },
    { kind: 'write', key: 4n, value: 0n },
    { kind: 'output', key: 12n },
  ],
  [
    { kind: 'read', key: 8n },
    { kind: 'read', key: 4n },
    { kind: 'read', key: 2000n },
    { kind: 'write', key: 8n, value: 78n },
    { kind: 'input', key: 16n },
  ],
  [
    { kind: 'output', key: 16n },
    { kind: 'write', key: 4n, value: 1n },
    { kind: 'read', key: REGISTER_KEY + 2n },
    { kind: 'input', key: 12n },
  ],
  [
    { kind: 'read', key: 8n },
    { kind: 'output', key: 4n },
    { kind: 'output', key: 12n },
  ],
];

function setup(form: Form, segments: number = program.length, cells: Cells = image): ChainSystem {
  const options: ChainOptions = form === 'joint' ? { form: 'global', joint: jointShape(segments, 1) } : { form };
  return createChainSystem(toyProgram(cells, segments), { ...quick, ...options });
}

/** All proofs of a run in bytes. */
async function proveBytes(...given: Parameters<typeof proveChain>): Promise<Uint8Array> {
  const [, { joint }] = given;
  return joint === undefined
    ? encodeChain(await proveChain(...given))
    : encodeAggregate(await proveAggregate(...given));
}

function verifyBytes(chain: ChainSystem, claim: RunClaim, bytes: Uint8Array): ChainVerdict {
  if (chain.joint === undefined) return verifyChain(chain, claim, bytes);
  const decoded = decodeAggregate(bytes);
  return decoded.ok ? verifyAggregateProof(chain, claim, decoded.value) : decoded;
}

function claimOf(chain: ChainSystem, { output, exitCode }: ToyRun): RunClaim {
  return { program: chain.program.digest, input, output, exitCode };
}

/** Proves what the witnesses say, and lets an honest verifier judge it. */
async function judge(
  chain: ChainSystem,
  run: ToyRun,
  verifier: ChainSystem = chain,
  witnesses: readonly SegmentWitness[] = run.witnesses,
): Promise<ChainVerdict> {
  const claim = claimOf(chain, run);
  return verifyBytes(verifier, claim, await proveBytes(engine, chain, claim, witnesses));
}

const refusedProof = (verdict: ChainVerdict, reason: string): void => {
  expect(verdict).toMatchObject({ ok: false, reason: 'proof', proof: reason });
};

/** Other memory before or after a segment. */
function changedRoots({ before, after }: PagedBinding): PagedBinding[] {
  const other = before.with(3, before[3]! ^ 1n);
  return [
    { form: 'paged', before: after, after: before },
    { form: 'paged', before: other, after },
    { form: 'paged', before, after: before },
    { form: 'paged', before, after: after.with(7, after[7]! ^ 1n) },
    { form: 'paged', before, after: after.toReversed() },
    { form: 'paged', before: before.with(0, MODULUS), after },
    { form: 'paged', before: [], after },
  ];
}

describe.each(FORMS)('an honest chain, %s', (form) => {
  it.each([1, 2, 3, 4])('of %i segments is accepted', async (segments) => {
    const run = toyRun(image, program.slice(0, segments), input);
    const verdict = await judge(setup(form, segments), run);
    expect(verdict).toMatchObject({ ok: true, segments, cycles: BigInt(8 * segments) });
    expect(verdict.ok && verdict.provenBits).toBeGreaterThanOrEqual(40);
  });

  it('is the same whether commitments are kept or made again, and reports progress', async () => {
    const chain = setup(form, 3);
    const run = toyRun(image, program.slice(0, 3), input);
    const claim = claimOf(chain, run);
    const progress: ChainProgress[] = [];
    const onProgress = (each: ChainProgress): number => progress.push(each);
    const [none, all] = [
      await proveBytes(engine, chain, claim, run.witnesses, { keep: 0, onProgress }),
      await proveBytes(engine, chain, claim, run.witnesses, { keep: 9 }),
    ];
    expect(none).toEqual(all);
    const total = form === 'pairwise' || form === 'paged' ? 3 : 4;
    for (const phase of ['commit', 'prove']) {
      const told = progress.filter((each) => each.phase === phase).map((each) => each.done);
      // A joint proof tells of its parts; commitments are made again where they are not kept.
      const done = form === 'joint' ? [...new Set(told)].filter((each) => each > 0) : told;
      expect(done).toEqual(Array.from({ length: total }, (_, k) => k + 1));
    }
  });

  it('stops where it is aborted', async () => {
    const chain = setup(form, 3);
    const run = toyRun(image, program.slice(0, 3), input);
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort(new Error('enough'));
    };
    const proof = proveBytes(engine, chain, claimOf(chain, run), run.witnesses, {
      onProgress,
      signal: controller.signal,
    });
    await expect(proof).rejects.toThrow('enough');
  });

  it('goes on where it was stopped, without committing or proving again', async () => {
    const chain = setup(form, 3);
    const run = toyRun(image, program.slice(0, 3), input);
    const claim = claimOf(chain, run);
    const kept = new Map<string, Uint8Array>();
    const store: ProofStore = {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, bytes) => {
        expect(key).toMatch(/^[a-z0-9-]+$/);
        kept.set(key, bytes);
        return Promise.resolve();
      },
    };
    let made = 0;
    const witnesses = run.witnesses.map((witness) => ({
      ...witness,
      traces: () => {
        made++;
        return witness.traces();
      },
    }));
    const whole = await proveBytes(engine, chain, claim, run.witnesses);
    for (let stops = 1; ; stops++) {
      expect(stops).toBeLessThan(20);
      const controller = new AbortController();
      const before = kept.size;
      const onProgress = (): void => {
        if (kept.size > before) controller.abort(new Error('stopped'));
      };
      try {
        const options = { store, signal: controller.signal, onProgress };
        expect(await proveBytes(engine, chain, claim, witnesses, options)).toEqual(whole);
        break;
      } catch (error) {
        expect(error).toEqual(new Error('stopped'));
      }
    }
    const parts = { pairwise: 3, global: 4, paged: 3, joint: 3 }[form];
    expect(kept.size).toBe(2 * parts);
    const proved = made;
    expect(await proveBytes(engine, chain, claim, witnesses, { store })).toEqual(whole);
    expect(made).toBe(proved);
    // Another run has other keys.
    const other = toyRun(image, [program[0]!, program[1]!, program[2]!.slice(0, 3)], input);
    await proveBytes(engine, chain, claimOf(chain, other), other.witnesses, { store });
    expect(kept.size).toBeGreaterThan(2 * parts);
  });

  it.each([1, 2, 3, 7])('is the same made in %i shares at once', async (shares) => {
    const chain = setup(form);
    const run = toyRun(image, program, input);
    const claim = claimOf(chain, run);
    const kept = new Map<string, Uint8Array>();
    const store: ProofStore = {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, bytes) => Promise.resolve(void kept.set(key, bytes)),
    };
    const each = Array.from({ length: shares }, (_, share) =>
      proveShare(engine, chain, claim, run.witnesses, { share, shares, store }),
    );
    await Promise.all(each);
    const untouched = run.witnesses.map((witness) => ({
      ...witness,
      traces: (): never => {
        throw new Error('made again');
      },
    }));
    const whole = await proveBytes(engine, chain, claim, run.witnesses);
    expect(await proveBytes(engine, chain, claim, untouched, { store })).toEqual(whole);
  });

  it('stops a share that waits for others', async () => {
    const chain = setup(form);
    const run = toyRun(image, program, input);
    const stop = new AbortController();
    const asked = new Map<string, number>();
    const store: ProofStore = {
      get: (key) => {
        const times = (asked.get(key) ?? 0) + 1;
        asked.set(key, times);
        // What is asked for again and again is what others are to make.
        if (times === 5) stop.abort(new Error('stopped'));
        return Promise.resolve(undefined);
      },
      set: () => Promise.resolve(),
    };
    const options = { share: 0, shares: 2, store, signal: stop.signal };
    await expect(proveShare(engine, chain, claimOf(chain, run), run.witnesses, options)).rejects.toThrow('stopped');
  });

  it('needs a segment', async () => {
    const chain = setup(form);
    const run = toyRun(image, program, input);
    await expect(proveBytes(engine, chain, claimOf(chain, run), [])).rejects.toThrow('CONTINUATION_RANGE');
  });
});

describe.each(FORMS)('dishonest provers, %s', (form) => {
  it('forge what a segment finds in memory', async () => {
    for (const [key, value] of [
      [8n, 99n],
      [4n, 22n],
      [REGISTER_KEY + 2n, 0n],
    ] as const) {
      const run = toyRun(image, program, input, (memory, index) => {
        if (index === 2 && key !== 8n) memory.set(key, value);
        if (index === 3 && key === 8n) memory.set(key, value);
      });
      expect(await judge(setup(form), run)).toMatchObject({ ok: false, reason: 'other-memory' });
    }
  });

  it('forge what a segment leaves in memory', async () => {
    const run = toyRun(image, program, input);
    const witnesses = run.witnesses.map((witness, index) =>
      index === 1
        ? { ...witness, touched: witness.touched.map((cell) => (cell.key === 8n ? { ...cell, after: 1n } : cell)) }
        : witness,
    );
    refusedProof(await judge(setup(form), run, setup(form), witnesses), 'buses');
  });

  it('start a fresh cell at another value than zero', async () => {
    const run = toyRun(image, program, input, (memory, index) => {
      if (index === 1) memory.set(2000n, 1n);
    });
    expect(await judge(setup(form), run)).toMatchObject({ ok: false, reason: 'other-memory' });
  });

  it('drop, repeat and reorder segments, with claims that fit', async () => {
    const honest = toyRun(image, program, input);
    // Of each segment which program it executes, and whose memory it finds.
    const orders: (readonly number[])[] = [
      [0, 2, 3],
      [0, 1, 1, 2, 3],
      [0, 2, 1, 3],
    ];
    for (const order of orders) {
      const run = toyRun(
        image,
        order.map((k) => program[k]!.map((each) => (each.kind === 'input' ? { ...each, kind: 'read' } : each))),
        input,
        (memory, index) => {
          memory.clear();
          for (const [key, value] of honest.memories[order[index]!]!) memory.set(key, value);
        },
      );
      const verdict = await judge(setup(form, order.length), run);
      expect(verdict, order.join()).toMatchObject({ ok: false, reason: 'other-memory' });
    }
  });

  it('start from another image', async () => {
    const other = new Map(image).set(0n, 12n);
    const chain = setup(form);
    const lying = { ...chain, program: { ...chain.program, image: other } };
    const run = toyRun(other, program, input);
    const reason = form === 'global' || form === 'joint' ? 'other-memory' : 'other-image';
    expect(await judge(lying, run, chain)).toMatchObject({ ok: false, reason });
    // A cell of the image that nobody touches counts too.
    const untouched = new Map(image).set(3000n, 1n);
    const silent = { ...chain, program: { ...chain.program, image: untouched } };
    expect(await judge(silent, toyRun(untouched, program, input), chain)).toMatchObject({ ok: false, reason });
  });

  it('skip an input symbol between segments', async () => {
    const chain = setup(form);
    const run = toyRun(image, program, input);
    const start = { memory: run.memories[1]!, pc: 8n, inputPlace: 2, outputPlace: 1 };
    const { witness } = toySegment(program[1]!, start, input, false);
    const witnesses = run.witnesses.map((each, index) => (index === 1 ? witness : each));
    expect(await judge(chain, run, chain, witnesses)).toMatchObject({ ok: false, reason: 'other-input' });
  });

  it('touch a cell twice in one segment', async () => {
    const chain = setup(form);
    const run = toyRun(image, program, input);
    // The machine finds 10 in the cell with 11; the other 1 is in a second entry that nobody uses.
    const { witness } = toySegment(
      program[0]!,
      { memory: new Map(image).set(0n, 10n), pc: 0n, inputPlace: 0, outputPlace: 0 },
      input,
      false,
    );
    const twice = { ...witness, touched: [...witness.touched, { key: 0n, before: 1n, after: 1n, lastTime: 0n }] };
    const witnesses = run.witnesses.map((each, index) => (index === 0 ? twice : each));
    const verdict = await judge(chain, run, chain, witnesses);
    if (form === 'pairwise') refusedProof(verdict, 'constraints');
    else if (form === 'paged') refusedProof(verdict, 'buses');
    else expect(verdict).toMatchObject({ ok: false, reason: 'other-memory' });
  });
});

describe.each(LINK_FORMS)('proofs of an honest chain that are tampered with, %s', (form) => {
  const chain = setup(form);
  const run = toyRun(image, program, input);
  const claim = claimOf(chain, run);
  let proof: ChainProof;
  beforeAll(async () => {
    proof = await proveChain(engine, chain, claim, run.witnesses);
  });
  const judged = (segments: readonly SegmentProof[], ends = proof.ends): ChainVerdict =>
    verifyChainProof(chain, claim, { segments, ends });
  const changed = (index: number, claimed: Partial<SegmentClaim>): SegmentProof[] =>
    proof.segments.map((each, at) => (at === index ? { ...each, claim: { ...each.claim, ...claimed } } : each));

  it('are accepted untouched', () => {
    expect(judged(proof.segments)).toMatchObject({ ok: true });
    const decoded = decodeChain(encodeChain(proof));
    expect(decoded).toEqual({ ok: true, value: proof });
  });

  it('segments are dropped, repeated, reordered', () => {
    const [a, b, c, d] = proof.segments as [SegmentProof, SegmentProof, SegmentProof, SegmentProof];
    for (const list of [
      [a, c, d],
      [a, b, b, c, d],
      [a, c, b, d],
      [b, c, d],
      [a, b, c],
      [a, b, c, d, d],
      [d, c, b, a],
    ]) {
      expect(judged(list)).toMatchObject({ ok: false, reason: 'other-order' });
    }
    expect(judged([])).toMatchObject({ ok: false, reason: 'other-order' });
  });

  it('kind, index, and everything else in a claim', () => {
    const wrong: [number, Partial<SegmentClaim>, string?][] = [
      [0, { kind: 'standalone' }, 'other-exit'],
      [0, { kind: 'middle' }, 'other-order'],
      [1, { kind: 'first' }, 'other-order'],
      [1, { kind: 'last' }, 'other-exit'],
      [3, { kind: 'middle' }, 'other-exit'],
      [1, { index: 2 }],
      [2, { index: 1 }],
      [1, { logCycles: 4 }, 'other-cycles'],
      [1, { pcStart: 2n ** 64n - 1n }, 'other-pc'],
      [1, { pcStart: 9n }],
      [1, { pcEnd: 9n }],
      [1, { inputStart: 0 }],
      [1, { inputStop: 3 }],
      [1, { outputStop: 0 }, 'other-output'],
      [2, { outputStart: 0 }],
      [3, { exitCode: 5 }],
      [3, { exitCode: undefined }, 'other-exit'],
      [2, { run: new Uint8Array(32) }, 'other-run'],
      [0, { inputStop: 4 }, 'other-input'],
      [3, { outputStop: 99 }, 'other-output'],
    ];
    for (const [index, claimed, reason] of wrong) {
      const verdict = judged(changed(index, claimed));
      expect(
        verdict.ok,
        JSON.stringify(claimed, (_, value: unknown) => String(value)),
      ).toBe(false);
      if (reason !== undefined) expect(verdict).toMatchObject({ reason });
    }
  });

  it('input and output ranges are swapped between segments', () => {
    const [first, second] = [proof.segments[0]!.claim, proof.segments[1]!.claim];
    const ranges = ({ inputStart, inputStop, outputStart, outputStop }: SegmentClaim): Partial<SegmentClaim> => ({
      inputStart,
      inputStop,
      outputStart,
      outputStop,
    });
    const swapped = proof.segments.map((each, index) =>
      index > 1 ? each : { ...each, claim: { ...each.claim, ...ranges(index === 0 ? second : first) } },
    );
    expect(judged(swapped).ok).toBe(false);
  });

  it('they are of another program, input, output or exit', () => {
    const others: [ChainSystem, RunClaim, string?][] = [
      [setup(form, 4, new Map(image).set(0n, 12n)), claim, 'other-run'],
      [chain, { ...claim, program: new Uint8Array(32) }, 'other-run'],
      [chain, { ...claim, input: Uint8Array.of(7, 8, 10) }, 'other-run'],
      [chain, { ...claim, input: Uint8Array.of(7, 8, 9, 0) }, 'other-run'],
      [chain, { ...claim, output: claim.output.slice(0, -1) }, 'other-output'],
      [chain, { ...claim, output: Uint8Array.of(...claim.output, 0) }, 'other-output'],
      [chain, { ...claim, output: claim.output.toReversed() }],
      [chain, { ...claim, exitCode: 5 }, 'other-exit'],
      [{ ...chain, program: { ...chain.program, halt: 33n } }, claim, 'other-pc'],
      [{ ...chain, program: { ...chain.program, entry: 1n } }, claim, 'other-pc'],
    ];
    for (const [verifier, other, reason] of others) {
      const verdict = verifyChainProof(verifier, other, proof);
      expect(verdict.ok).toBe(false);
      if (reason !== undefined) expect(verdict).toMatchObject({ reason });
    }
  });

  it("a neighbour's commitment is replaced", async () => {
    // The same claims and the same memory by another way: one more read.
    const longer = program.map((each, index): readonly Operation[] =>
      index === 1 ? [...each, { kind: 'read', key: 0n }, { kind: 'read', key: 0n }] : each,
    );
    const other = await proveChain(engine, chain, claim, toyRun(image, longer, input).witnesses);
    expect(other.segments[1]!.claim).toEqual(proof.segments[1]!.claim);
    expect(verifyChainProof(chain, claim, other)).toMatchObject({ ok: true });
    const spliced = proof.segments.map((each, index) => (index === 1 ? other.segments[1]! : each));
    if (form === 'paged') {
      // A segment is bound to the memory of its neighbours, and to no proof: whoever proves the same of it may take its place.
      expect(judged(spliced)).toMatchObject({ ok: true });
      return;
    }
    const reason = form === 'pairwise' ? 'other-neighbour' : 'other-commitments';
    expect(judged(spliced)).toMatchObject({ ok: false, reason });
    // With the binding of the chain that it joins.
    const rebound = spliced.map((each, index) => ({ ...each, binding: proof.segments[index]!.binding }));
    expect(judged(rebound).ok).toBe(false);
  });

  it('bindings are changed', () => {
    const digest = new Uint8Array(32);
    const bindings = (binding: SegmentProof['binding']): SegmentProof['binding'][] =>
      binding.form === 'pairwise'
        ? [
            { ...binding, before: digest },
            { ...binding, after: digest },
            { ...binding, before: undefined },
            { ...binding, after: undefined },
          ]
        : binding.form === 'paged'
          ? changedRoots(binding)
          : [
              { ...binding, root: digest },
              { ...binding, count: binding.count + 1 },
              { ...binding, path: [] },
              { ...binding, path: [...binding.path, digest] },
              { ...binding, path: binding.path.toReversed() },
            ];
    for (const [index, segment] of proof.segments.entries()) {
      for (const binding of bindings(segment.binding)) {
        if (isDeepStrictEqual(binding, segment.binding)) continue;
        const segments = proof.segments.map((each, at) => (at === index ? { ...each, binding } : each));
        expect(judged(segments).ok).toBe(false);
      }
    }
  });

  it('segments are verified against different outputs, each of which has its part', () => {
    // What the others wrote is of no concern to a segment, but the whole run is that of one output.
    const verified = proof.segments.map((segment) => {
      const { outputStart, outputStop } = segment.claim;
      const output = claim.output.map((symbol, place) =>
        place >= outputStart && place < outputStop ? symbol : symbol ^ 1,
      );
      const span = verifySegment(chain, { ...claim, output }, segment);
      if (!span.ok) throw new Error(span.reason);
      return span;
    });
    const whole = verified.reduce((left, right) => {
      const both = mergeSpans(left, right, chain);
      if (!both.ok) throw new Error(both.reason);
      return both;
    });
    expect(whole.written).toEqual(claim.output);
    expect(checkRun(chain, claim, whole, proof.ends)).toBeUndefined();
    for (const output of [claim.output.map((symbol) => symbol ^ 1), claim.output.toReversed()]) {
      expect(checkRun(chain, { ...claim, output }, whole, proof.ends)).toMatchObject({ reason: 'other-output' });
    }
  });

  it('claims that do not fit are refused before any proof is looked at', () => {
    const [first, ...others] = proof.segments as [SegmentProof, ...SegmentProof[]];
    // A repeated segment costs no verification: its proofs are not even read.
    const unread = [first, first, ...others].map((each) => ({ ...each, proof: new Uint8Array() }));
    expect(judged(unread)).toMatchObject({ ok: false, reason: 'other-order' });
    expect(judged(proof.segments.slice(0, -1).map((each) => ({ ...each, proof: new Uint8Array() })))).toMatchObject({
      ok: false,
      reason: 'other-order',
    });
  });

  it('proofs are swapped between segments', () => {
    const segments = proof.segments.map((each, index) => ({ ...each, proof: proof.segments[index ^ 1]!.proof }));
    expect(judged(segments)).toMatchObject({ ok: false });
  });

  it('bytes are damaged anywhere', () => {
    const bytes = encodeChain(proof);
    const stride = Math.ceil(bytes.length / 30);
    for (let at = 0; at < bytes.length; at += at < 160 ? 9 : stride) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      expect(verifyChain(chain, claim, damaged).ok, String(at)).toBe(false);
    }
    for (let length = 0; length < bytes.length; length += stride) {
      expect(decodeChain(bytes.slice(0, length)).ok).toBe(false);
    }
    expect(decodeChain(Buffer.concat([bytes, Uint8Array.of(0)]))).toEqual({ ok: false, reason: 'trailing-bytes' });
    const many = bytes.slice();
    many.fill(255, 7, 11);
    expect(decodeChain(many)).toEqual({ ok: false, reason: 'truncated' });
    expect(decodeChain(new Uint8Array(64).fill(255))).toEqual({ ok: false, reason: 'unknown-format' });
    const none = bytes.slice();
    none.fill(0, 7, 11);
    expect(decodeChain(none)).toEqual({ ok: false, reason: 'out-of-range' });
  });

  it('they are of the other form', () => {
    const other = setup(FORMS[(FORMS.indexOf(form) + 1) % FORMS.length]!);
    expect(verifyChainProof(other, claim, proof)).toMatchObject({ ok: false, reason: 'other-form' });
  });

  it('proofs of the ends are missing, too many, or moved', () => {
    if (form !== 'global') {
      const end = {
        binding: { form: 'global', root: new Uint8Array(32), count: 1, path: [] },
        proof: new Uint8Array(),
      };
      expect(judged(proof.segments, [end as EndProof])).toMatchObject({ ok: false, reason: 'other-ends' });
      return;
    }
    expect(judged(proof.segments, [])).toMatchObject({ ok: false, reason: 'other-ends' });
    expect(judged(proof.segments, [...proof.ends, ...proof.ends])).toMatchObject({ ok: false, reason: 'other-ends' });
    const [end] = proof.ends as [EndProof];
    const wrong = [
      { ...end, binding: { ...end.binding, root: new Uint8Array(32) } },
      { ...end, binding: { ...end.binding, path: [] } },
      { ...end, proof: proof.segments[0]!.proof },
      { ...end, proof: new Uint8Array() },
    ];
    for (const each of wrong) expect(judged(proof.segments, [each])).toMatchObject({ ok: false });
  });
});

describe('what the single parts of the argument are for', () => {
  const identity = 'keys are distinct and apart from the rest';

  /** Link columns of a prover who says himself what each segment finds, and adds to the untouched part. */
  const pairwiseTracker =
    (
      chain: ChainSystem,
      memories: readonly Cells[],
      added: (index: number) => readonly (readonly [key: bigint, value: bigint])[],
    ) =>
    (): LinkTracker => {
      let index = 0;
      return {
        next: (on, touched) => {
          const keys = touched.map(({ key }) => key);
          const others = [...memories[index]!].filter(([key, value]) => value !== 0n && !keys.includes(key));
          const polynomials = pairwisePolynomials(on, keys, [...others, ...added(index)]);
          index++;
          return [pairwiseTraceOf(chain.link.tables[0] as unknown as PairwiseTable, ANY_KEY, touched, polynomials)];
        },
        ends: () => [],
      };
    };

  it('without identity 3 a remainder that shares a root with the touched keys passes', async () => {
    const chain = setup('pairwise');
    // The second segment finds 99 where 77 is, its remainder keeping 77 - 99 at the same key; it leaves 78, so 56 is there then.
    const run = toyRun(image, program, input, (memory, index) => {
      if (index === 1) memory.set(8n, 99n);
      if (index === 2) memory.set(8n, 56n);
    });
    const track = pairwiseTracker(chain, run.memories, (index) => (index === 1 ? [[8n, MODULUS + 77n - 99n]] : []));
    const liar = { ...chain, link: { ...chain.link, track }, segments: without(chain.segments, [identity]) };
    refusedProof(await judge(liar, run, chain), 'constraints');
    expect(await judge(liar, run, liar)).toMatchObject({ ok: true });
  });

  it('without identity 3 a key that is touched twice passes', async () => {
    const chain = setup('pairwise', 1);
    const start = { memory: new Map(image).set(0n, 10n), pc: 0n, inputPlace: 0, outputPlace: 0 };
    const { witness, output } = toySegment(program[0]!, start, input, true);
    // The machine finds 10 in the cell with 11; the other 1 is in a second entry that nobody uses.
    const twice = { ...witness, touched: [...witness.touched, { key: 0n, before: 1n, after: 1n, lastTime: 0n }] };
    const run = {
      witnesses: [twice],
      output: Uint8Array.from(output),
      exitCode: witness.exitCode!,
      memories: [start.memory],
    };
    const liar = { ...chain, segments: without(chain.segments, [identity]) };
    refusedProof(await judge(liar, run, chain), 'constraints');
    expect(await judge(liar, run, liar)).toMatchObject({ ok: true });
  });

  it('without identity 3 a remainder of 0/0 is any memory', async () => {
    const chain = setup('pairwise', 1);
    const { field } = chain.segments.parameters;
    const run = toyRun(new Map(image).set(0n, 12n), program.slice(0, 1), input);
    const table = chain.link.tables[0]!;
    // He claims what the verifier wants to hear.
    const wanted: Table = { ...table, expose: (_, __, [point]) => [imageAt(field, image, point!)!, field.zero] };
    const replace = <T>(each: T): T => (each === (table as unknown) ? (wanted as unknown as T) : each);
    const weak = without(chain.segments, [identity]);
    const segments: StarkSystem = {
      ...weak,
      tables: weak.tables.map(replace),
      arithmetizations: weak.arithmetizations.map((each) => ({ ...each, table: replace(each.table) })),
    };
    const nothing = { remainderKeys: [], remainderValues: [], bezoutTouched: [], bezoutRemainder: [] };
    const track = (): LinkTracker => ({
      next: (_, touched) => [pairwiseTraceOf(wanted as unknown as PairwiseTable, ANY_KEY, touched, nothing)],
      ends: () => [],
    });
    const liar = { ...chain, link: { ...chain.link, track }, segments };
    refusedProof(await judge(liar, run, chain), 'constraints');
    expect(await judge(liar, run, { ...chain, segments: weak })).toMatchObject({ ok: true });
  });

  it('without the order of stamps a segment finds what it likes', async () => {
    const chain = setup('global');
    // The second segment finds and leaves 99 in a cell that others know nothing of: it takes its own tuple.
    const run = toyRun(image, program, input, (memory, index) => {
      if (index === 1) memory.set(2000n, 99n);
      else memory.delete(2000n);
    });
    const [table] = chain.link.tables;
    const [key, stamp] = ['key', 'stamp'].map((name) => table!.names.main.indexOf(name)) as [number, number];
    const track = (cells: Cells): LinkTracker => {
      const tracker = chain.link.track(cells);
      let index = 0;
      return {
        next: (on, touched) => {
          const [honest, bytes] = tracker.next(on, touched) as [TableTrace, TableTrace];
          if (index++ !== 1) return [honest, bytes];
          const row = honest.trace.main[key]!.indexOf(2000n);
          const main = honest.trace.main.map((list, at) =>
            at === stamp ? Array.from(list, (value, place) => (place === row ? 2n : value)) : list,
          );
          return [{ ...honest, trace: { ...honest.trace, main } }, bytes];
        },
        ends: () => tracker.ends().filter((cell) => cell.key !== 2000n),
      };
    };
    const segments = without(chain.segments, ['stamp is before this segment']);
    const liar = { ...chain, link: { ...chain.link, track }, segments };
    refusedProof(await judge(liar, run, chain), 'constraints');
    expect(await judge(liar, run, liar)).toMatchObject({ ok: true });
  });
});

describe('ranges of the ends', () => {
  it('are proved one by one, and all needed', async () => {
    const options: ChainOptions = { ...quick, form: 'global', cuts: [8n, 1000n, REGISTER_KEY] };
    const chain = createChainSystem(toyProgram(image, 2), options);
    const run = toyRun(image, program.slice(0, 2), input);
    const claim = claimOf(chain, run);
    const proof = await proveChain(engine, chain, claim, run.witnesses);
    expect(proof.ends).toHaveLength(4);
    expect(verifyChainProof(chain, claim, proof)).toMatchObject({ ok: true });
    const [a, b, c, d] = proof.ends as [EndProof, EndProof, EndProof, EndProof];
    for (const ends of [
      [a, b, c],
      [a, b, c, c],
      [b, a, c, d],
    ]) {
      expect(verifyChainProof(chain, claim, { ...proof, ends })).toMatchObject({ ok: false });
    }
    const other = createChainSystem(chain.program, { ...options, cuts: [8n, 1001n, REGISTER_KEY] });
    expect(verifyChainProof(other, claim, proof)).toMatchObject({ ok: false });
  });

  it('are told apart in a store', async () => {
    const kept = new Map<string, Uint8Array>();
    const store: ProofStore = {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, bytes) => Promise.resolve(void kept.set(key, bytes)),
    };
    const run = toyRun(image, program.slice(0, 2), input);
    for (const cuts of [[8n], [12n], [12n, 1000n]]) {
      const chain = createChainSystem(toyProgram(image, 2), { ...quick, form: 'global', cuts });
      const claim = claimOf(chain, run);
      const proof = await proveChain(engine, chain, claim, run.witnesses, { store });
      expect(verifyChainProof(chain, claim, proof)).toMatchObject({ ok: true });
    }
  });

  it('must increase', () => {
    expect(() => createChainSystem(toyProgram(image, 1), { ...quick, form: 'global', cuts: [8n, 8n] })).toThrow(
      'CONTINUATION_RANGE',
    );
  });
});
