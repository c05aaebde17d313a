import { seeded } from '@commute-tools/build/seed';
import { describe, expect, test } from 'vitest';
import {
  createLyingParty,
  createParty,
  settleDispute,
  type DisputeRound,
  type Lie,
  type Party,
  type Settlement,
} from '../src/index.ts';
import { DATA, countdown } from './support/accumulator.ts';
import { Q_BASE } from './support/bit-serial.ts';
import { sceneOf, twisted, type Scene } from './support/dispute.ts';
import { randomFrom, randomProgram } from './support/random.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const sceneOne = await sceneOf(countdown(40), 1);
const sceneTwo = await sceneOf(countdown(40), 2);
const honest = ({ options }: Scene, name = 'honest'): Party => createParty({ ...options, name });
const liar = ({ options }: Scene, lie: Lie, name = 'liar'): Party => createLyingParty({ ...options, name }, lie);
const UNUSED = 0x9004;

describe('a dispute', () => {
  test('does not arise between parties that agree', async () => {
    const result = await settleDispute([honest(sceneOne), honest(sceneOne)], sceneOne.rules);
    expect(result).toMatchObject({ agreed: true, winner: undefined, losses: [], step: undefined, rounds: 0 });
  });

  test('names the step of each machine where a lie begins, and the liar', async () => {
    for (const [scene, at, path] of [
      [sceneOne, [17, 5], [17, 5]],
      [sceneOne, [0, 0], [0, 0]],
      [sceneOne, [320, 63], [320, 63]],
      [sceneOne, [100], [100, 0]],
      [sceneTwo, [17, 5, 3], [17, 5, 3]],
      [sceneTwo, [320, 63, 31], [320, 63, 31]],
      [sceneTwo, [9, 2], [9, 2, 0]],
    ] as const) {
      const lie: Lie = { at, address: UNUSED, bit: 1 };
      const result = await settleDispute([liar(scene, lie), honest(scene)], scene.rules);
      expect(result).toMatchObject({
        agreed: false,
        winner: 1,
        path,
        step: path[0],
        microStep: path.at(-1),
        losses: [{ party: 0, name: 'liar', reason: 'wrong-step' }],
      });
      expect(result.verifiedRoot).toBeDefined();
      const other = await settleDispute([honest(scene), liar(scene, lie)], scene.rules);
      expect(other).toMatchObject({ winner: 0, path });
    }
  });

  test('finds each of random lies at exactly its step, at any depth, whatever the program does', async () => {
    const random = randomFrom(seeded(5));
    for (let i = 0; i < runs; i++) {
      const depth = (1 + (random() % 2)) as 1 | 2;
      const scene = await sceneOf(randomProgram(random), depth, 1 + (random() % 60), 10);
      const at: [number, ...number[]] = [
        random() % scene.steps,
        random() % 64,
        ...(depth === 2 ? [random() % 32] : []),
      ];
      const lie: Lie = { at, address: [DATA, 0, 0x8000_0000][random() % 3]! + (random() % 64), bit: random() % 8 };
      const result = await settleDispute([honest(scene), liar(scene, lie)], scene.rules);
      expect(result, `case ${String(i)}`).toMatchObject({ winner: 0, path: at, losses: [{ reason: 'wrong-step' }] });
    }
  });

  test('takes as many rounds as the range has bits, and few bytes', async () => {
    const seen: DisputeRound[] = [];
    const lie: Lie = { at: [200, 40, 7], address: UNUSED, bit: 0 };
    const result = await settleDispute([honest(sceneTwo), liar(sceneTwo, lie)], {
      ...sceneTwo.rules,
      onRound: (round) => seen.push(round),
    });
    // Claims, 9 halvings of 321 steps, 6 of 64, 5 of 32, two openings, one proof.
    expect(result.rounds).toBeLessThanOrEqual(9 + 6 + 5 + 2 + 1);
    expect(result.bytes).toBeLessThan(16_000);
    expect(seen.at(-1)).toMatchObject({ parties: ['honest', 'liar'], path: [200, 40], low: 7, high: 8 });
  });

  test('works on a single machine, without a layer', async () => {
    const { test: machines, options, rules } = sceneOne;
    const machine = machines.stack[0]!.upper;
    const { stepVerifier } = await import('./support/step-machine.ts');
    const { accumulator } = await import('./support/accumulator.ts');
    const alone = { ...options, stack: [], machine };
    const result = await settleDispute(
      [
        createParty({ ...alone, name: 'honest' }),
        createLyingParty({ ...alone, name: 'liar' }, { at: [77], address: UNUSED, bit: 2 }),
      ],
      { ...rules, layers: [], verifyStep: stepVerifier(accumulator, rules.hasher) },
    );
    expect(result).toMatchObject({ winner: 0, step: 77, microStep: 77, path: [77] });
    expect(() => createParty({ name: 'none', stack: [], store: options.store })).toThrow(/SWAP_PARTY_RANGE/);
  });

  test('with two liars ends with both losing, or the one whose lie began later winning', async () => {
    const early = liar(sceneOne, { at: [50, 3], address: UNUSED, bit: 0 });
    const sameStep = liar(sceneOne, { at: [50, 3], address: UNUSED, bit: 1 });
    const later = liar(sceneOne, { at: [90, 3], address: UNUSED, bit: 4 });
    const both = await settleDispute([early, sameStep], sceneOne.rules);
    expect(both).toMatchObject({ winner: undefined, step: 50, microStep: 3 });
    expect(both.losses.map(({ party, reason }) => [party, reason])).toEqual([
      [0, 'wrong-step'],
      [1, 'wrong-step'],
    ]);
    expect(await settleDispute([early, later], sceneOne.rules)).toMatchObject({ winner: 1, step: 50, microStep: 3 });
  });

  test('is settled by one proof of all steps below, if so agreed', async () => {
    const { test: machines, rules } = sceneOne;
    // A proof that is the state itself: as good as any for what the referee does with it.
    const proofs = new Map<string, Uint8Array>();
    const settle: Settlement = {
      name: 'recorded',
      verify: (rootBefore, proof, steps) => {
        expect(steps).toBe(64);
        const rootAfter = proofs.get(rootBefore.join());
        return rootAfter?.join() === proof.join() ? { ok: true, rootAfter: proof } : { ok: false, reason: 'unproved' };
      },
    };
    const prove = (
      state: Parameters<NonNullable<Scene['options']['prove']>>[0],
      steps: number,
    ): Promise<Uint8Array> => {
      const machine = machines.stack[0]!.lower();
      machine.restore(state);
      machine.advance(steps);
      proofs.set(state.root().join(), machine.root());
      return Promise.resolve(machine.root());
    };
    const options = { ...sceneOne.options, prove };
    const result = await settleDispute(
      [createParty({ ...options, name: 'honest' }), liar(sceneOne, { at: [60, 9], address: UNUSED, bit: 0 })],
      { ...rules, settle },
    );
    expect(result).toMatchObject({ winner: 0, step: 60, microStep: undefined, path: [60, 0].slice(0, 1) });
    const without = await settleDispute([honest(sceneOne), liar(sceneOne, { at: [60, 9], address: UNUSED, bit: 0 })], {
      ...rules,
      settle,
    });
    expect(without).toMatchObject({ winner: undefined, losses: [{ reason: 'no-proof' }, { reason: 'no-proof' }] });
  });

  test('refuses rules that make no sense', async () => {
    const pair: [Party, Party] = [honest(sceneOne), honest(sceneOne)];
    const { rules } = sceneOne;
    await expect(settleDispute(pair, { ...rules, initialRoot: new Uint8Array(3) })).rejects.toThrow(
      /SWAP_DISPUTE_RANGE/,
    );
    await expect(settleDispute(pair, { ...rules, answerMilliseconds: 0 })).rejects.toThrow(/SWAP_DISPUTE_RANGE/);
    const layers = [{ ...rules.layers[0]!, region: { base: 5, log2Size: 12 } }];
    await expect(settleDispute(pair, { ...rules, layers })).rejects.toThrow(/MACHINE_REGION_RANGE/);
    const settle: Settlement = { name: 'none', verify: () => ({ ok: false, reason: '' }) };
    await expect(settleDispute(pair, { ...rules, layers: [], settle })).rejects.toThrow(/SWAP_DISPUTE_RANGE/);
  });

  test('reports a verifier that proves two things of one step', async () => {
    let calls = 0;
    const verifyStep = (): { ok: true; rootAfter: Uint8Array } => ({
      ok: true,
      rootAfter: new Uint8Array(32).fill(++calls),
    });
    const pair: [Party, Party] = [honest(sceneOne), liar(sceneOne, { at: [3, 3], address: UNUSED, bit: 0 })];
    await expect(settleDispute(pair, { ...sceneOne.rules, verifyStep })).rejects.toThrow(/SWAP_VERIFIER_UNSOUND/);
  });
});

describe('claims of different length', () => {
  const against = async (other: Party): Promise<unknown> => settleDispute([honest(sceneOne), other], sceneOne.rules);
  const { steps } = sceneOne;

  test('with the same end: the longer one is not minimal', async () => {
    const longer = twisted(honest(sceneOne, 'longer'), async (question, answer) => {
      const given = await answer();
      return question.kind === 'claim' && given.kind === 'claim'
        ? { kind: 'claim', claim: { ...given.claim, steps: steps + 10 } }
        : given;
    });
    expect(await against(longer)).toMatchObject({ winner: 0, losses: [{ reason: 'length-not-minimal' }] });
  });

  test('with the same end reached too early: refuted at the step before which it is claimed', async () => {
    const shorter = twisted(honest(sceneOne, 'shorter'), async (question, answer) => {
      const given = await answer();
      return question.kind === 'claim' && given.kind === 'claim'
        ? { kind: 'claim', claim: { ...given.claim, steps: steps - 10 } }
        : given;
    });
    expect(await against(shorter)).toMatchObject({ winner: 0, step: steps - 11, losses: [{ reason: 'bad-opening' }] });
  });

  test('that ends before the machine halts: refuted at its end', async () => {
    const unfinished = await sceneOf(countdown(40), 1, 7, 20);
    const party = createParty({ ...unfinished.options, name: 'unfinished' });
    // Its claim says that nothing changes after step 140; its own states contradict it, so it cannot open what it claims.
    expect(await against(party)).toMatchObject({ winner: 0, step: 140, losses: [{ reason: 'bad-opening' }] });
  });

  test.for([5, 2 ** 50])('that goes on %d steps after the machine halts: refuted there', async (beyond) => {
    const lie: Lie = { at: [steps + beyond, 2], address: UNUSED, bit: 0 };
    const end = await liar(sceneOne, lie).ask({ kind: 'root', path: [], index: steps + 2 * beyond });
    if (end.kind !== 'root') throw new Error('unreachable');
    const tooFar = twisted(liar(sceneOne, lie), async (question, answer) => {
      const given = await answer();
      return question.kind === 'claim' && given.kind === 'claim'
        ? { kind: 'claim', claim: { ...given.claim, steps: steps + 2 * beyond, finalRoot: end.root } }
        : given;
    });
    expect(await against(tooFar)).toMatchObject({ winner: 0, step: steps + beyond, microStep: 2 });
  });

  test('of no steps at all', async () => {
    const none = (change: boolean): Party =>
      twisted(honest(sceneOne, 'none'), async (question, answer) => {
        const given = await answer();
        if (question.kind !== 'claim' || given.kind !== 'claim') return given;
        const { initialRoot, finalRoot } = given.claim;
        return { kind: 'claim', claim: { initialRoot, steps: 0, finalRoot: change ? finalRoot : initialRoot } };
      });
    expect(await against(none(true))).toMatchObject({ winner: 0, losses: [{ reason: 'inconsistent' }] });
    expect(await against(none(false))).toMatchObject({ winner: 0, step: 0, losses: [{ reason: 'bad-opening' }] });
  });

  test('are refused where the number of steps is agreed', async () => {
    const scene = await sceneOf(countdown(40), 1, 7, 20);
    const other = await sceneOf(countdown(40), 1, 7, 21);
    const result = await settleDispute([honest(scene), honest(other, 'other')], scene.rules);
    expect(result).toMatchObject({ winner: 0, losses: [{ reason: 'wrong-length' }] });
  });

  test('from another start are refused', async () => {
    const other = await sceneOf(countdown(41), 1);
    expect(await against(honest(other, 'other'))).toMatchObject({
      winner: 0,
      losses: [{ reason: 'wrong-initial-root' }],
    });
  });
});

describe('a state that holds something where auxiliary state goes', () => {
  test('cannot be opened, and loses', async () => {
    const result = await settleDispute(
      [honest(sceneOne), liar(sceneOne, { at: [33, 4], address: Q_BASE + 9, bit: 0 })],
      sceneOne.rules,
    );
    expect(result).toMatchObject({ winner: 0, step: 33, microStep: undefined, losses: [{ reason: 'bad-opening' }] });
  });
});
