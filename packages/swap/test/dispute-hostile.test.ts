import { seeded } from '@commute-tools/build/seed';
import { keccak256 } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import {
  createLyingParty,
  createParty,
  settleDispute,
  tournament,
  type Answer,
  type DisputeResult,
  type Party,
  type Question,
} from '../src/index.ts';
import { DATA, countdown } from './support/accumulator.ts';
import { manualClock, sceneOf, twisted } from './support/dispute.ts';
import { randomFrom } from './support/random.ts';

const scene = await sceneOf(countdown(40), 2);
const honest = (name = 'honest'): Party => createParty({ ...scene.options, name });
const liar = (name: string, at: readonly [number, ...number[]], bit = 0, address = 0x9004): Party =>
  createLyingParty({ ...scene.options, name }, { at, address, bit });
const against = (party: Party): Promise<DisputeResult> => settleDispute([honest(), party], scene.rules);
const zero = new Uint8Array(32);

describe('a party that', () => {
  const replaces = (kind: Question['kind'], change: (answer: Answer) => unknown): Party =>
    twisted(liar('hostile', [100, 20, 5]), async (question, answer) => {
      const given = await answer();
      return question.kind === kind ? change(given) : given;
    });
  const cases: [string, Party, string][] = [
    ['answers another question', replaces('root', () => ({ kind: 'proof', proof: zero })), 'malformed'],
    ['answers nothing', replaces('root', () => undefined), 'malformed'],
    ['answers with a short root', replaces('root', () => ({ kind: 'root', root: new Uint8Array(31) })), 'malformed'],
    ['answers with text for a root', replaces('root', () => ({ kind: 'root', root: 'a'.repeat(32) })), 'malformed'],
    [
      'answers with a wrong opening',
      replaces('opening', () => ({ kind: 'opening', before: [zero], after: [zero] })),
      'bad-opening',
    ],
    ['answers with no opening', replaces('opening', () => ({ kind: 'opening', before: [], after: [] })), 'bad-opening'],
    [
      'answers with a huge opening',
      replaces('opening', () => ({ kind: 'opening', before: new Array(999).fill(zero), after: [] })),
      'malformed',
    ],
    [
      'answers with numbers for an opening',
      replaces('opening', () => ({ kind: 'opening', before: [1], after: [2] })),
      'malformed',
    ],
    ['answers with no proof', replaces('step', () => ({ kind: 'proof', proof: new Uint8Array(0) })), 'wrong-step'],
    ['answers with text for a proof', replaces('step', () => ({ kind: 'proof', proof: 'x' })), 'wrong-step'],
    ['claims nothing', replaces('claim', () => ({ kind: 'claim', claim: null })), 'malformed'],
    [
      'claims a fraction of a step',
      replaces('claim', () => ({ kind: 'claim', claim: { initialRoot: zero, steps: 1.5, finalRoot: zero } })),
      'malformed',
    ],
    [
      'claims more steps than can be',
      replaces('claim', () => ({ kind: 'claim', claim: { initialRoot: zero, steps: 2 ** 53, finalRoot: zero } })),
      'malformed',
    ],
    [
      'claims another start',
      replaces('claim', () => ({ kind: 'claim', claim: { initialRoot: zero, steps: 1, finalRoot: zero } })),
      'wrong-initial-root',
    ],
    ['refuses', replaces('root', () => ({ kind: 'refusal', reason: 'no' })), 'refused'],
    ['refuses without a word', replaces('root', () => ({ kind: 'refusal' })), 'refused'],
    [
      'throws',
      replaces('root', () => {
        throw new Error('down');
      }),
      'refused',
    ],
  ];
  test.for(cases)('%s loses', async ([, party, reason]) => {
    const result = await against(party);
    expect(result).toMatchObject({ winner: 0, losses: [{ party: 1, name: 'hostile', reason }] });
    const turned = await settleDispute([party, honest()], scene.rules);
    expect(turned).toMatchObject({ winner: 1, losses: [{ party: 0, reason }] });
  });

  test('throws before it answers loses', async () => {
    const party: Party = {
      name: 'hostile',
      ask: () => {
        throw new Error('at once');
      },
    };
    expect(await against(party)).toMatchObject({ winner: 0, losses: [{ reason: 'refused' }] });
  });

  test('gives honest roots after a false claim loses at its last step', async () => {
    const party = twisted(honest('turncoat'), async (_question, answer) => {
      const given = await answer();
      return given.kind === 'claim' ? { kind: 'claim', claim: { ...given.claim, finalRoot: zero } } : given;
    });
    const result = await against(party);
    expect(result).toMatchObject({ winner: 0, step: scene.steps - 1 });
  });

  test('gives random roots loses', async () => {
    const random = randomFrom(8);
    const noise = (): Uint8Array => Uint8Array.from({ length: 32 }, () => random() & 255);
    const party = twisted(honest('noise'), async (_question, answer) => {
      const given = await answer();
      if (given.kind === 'claim') return { kind: 'claim', claim: { ...given.claim, finalRoot: noise() } };
      return given.kind === 'root' ? { kind: 'root', root: noise() } : given;
    });
    expect(await against(party)).toMatchObject({ winner: 0, step: 0, losses: [{ reason: 'bad-opening' }] });
  });

  test('changes its answer after it was given gains nothing', async () => {
    const party = twisted(liar('changeable', [100, 20, 5]), async (_question, answer) => {
      const given = await answer();
      if (given.kind === 'root') queueMicrotask(() => given.root.fill(0));
      return given;
    });
    expect(await against(party)).toMatchObject({ winner: 0, losses: [{ name: 'changeable' }] });
  });

  test('does what it likes at random never wins', async () => {
    const random = randomFrom(seeded(19));
    for (let i = 0; i < Number(process.env['FC_NUM_RUNS'] ?? 60); i++) {
      const base = liar(
        'hostile',
        [random() % scene.steps, random() % 64, random() % 32],
        random() % 8,
        DATA + (random() % 64),
      );
      const truth = honest();
      const party = twisted(base, async (question, answer) => {
        const given = await answer();
        switch (random() % 24) {
          case 0:
            return truth.ask(question);
          case 1:
            return { ...given, root: zero, proof: zero, before: [], after: [] };
          case 2:
            return question.kind === 'claim' ? given : { kind: 'refusal', reason: '' };
          case 3:
            return base.ask({ ...question, path: [random() % 300], index: random() % 64 } as Question);
          default:
            return given;
        }
      });
      const result = await against(party);
      expect(result.winner === 0 || result.agreed, JSON.stringify(result)).toBe(true);
    }
  });
});

describe('time', () => {
  test('for an answer is limited: who is silent loses', async () => {
    for (const kind of ['claim', 'root', 'opening', 'step'] as const) {
      const { clock, pass } = manualClock();
      let asked: () => void = () => undefined;
      const silent = new Promise<void>((resolve) => (asked = resolve));
      const party = twisted(liar('silent', [100, 20, 5]), (question, answer) => {
        if (question.kind !== kind) return answer();
        asked();
        return new Promise(() => undefined);
      });
      const result = settleDispute([honest(), party], { ...scene.rules, clock, answerMilliseconds: 1000 });
      await silent;
      await new Promise((resolve) => setTimeout(resolve, 5));
      pass(999);
      pass(1);
      const expected = kind === 'step' ? 'wrong-step' : 'timeout';
      expect(await result, kind).toMatchObject({ winner: 0, losses: [{ name: 'silent', reason: expected }] });
    }
  });

  test('that is over for both makes both lose', async () => {
    const { clock, pass } = manualClock();
    const party = (name: string): Party => ({ name, ask: () => new Promise(() => undefined) });
    const result = settleDispute([party('a'), party('b')], { ...scene.rules, clock, answerMilliseconds: 10 });
    await new Promise((resolve) => setTimeout(resolve, 1));
    pass(10);
    expect(await result).toMatchObject({ winner: undefined, losses: [{ reason: 'timeout' }, { reason: 'timeout' }] });
  });

  test('is measured by the wall unless told otherwise', async () => {
    const party: Party = { name: 'silent', ask: () => new Promise(() => undefined) };
    const result = await settleDispute([honest(), party], { ...scene.rules, answerMilliseconds: 1000 });
    expect(result).toMatchObject({ winner: 0, losses: [{ reason: 'timeout' }] });
  });

  test('ends for all on a signal', async () => {
    const control = new AbortController();
    const party = twisted(liar('slow', [100, 20, 5]), (question, answer) => {
      if (question.kind === 'opening') control.abort(new Error('enough'));
      return answer();
    });
    await expect(settleDispute([honest(), party], { ...scene.rules, signal: control.signal })).rejects.toThrow(
      'enough',
    );
  });
});

describe('a tournament', () => {
  const winnersOf = async (parties: readonly Party[]): Promise<readonly string[]> =>
    (await tournament(parties, scene.rules)).winners;

  test('is won by the honest one against liars of all kinds', async () => {
    const parties = [
      liar('a', [5, 5, 5]),
      liar('b', [5, 5, 5]),
      liar('c', [200, 5, 5], 1),
      honest(),
      liar('d', [320, 63, 31], 2),
      twisted(honest('refuses'), () => Promise.resolve({ kind: 'refusal', reason: 'no' })),
      twisted(liar('falters', [7]), (question, answer) =>
        question.kind === 'opening' ? Promise.reject(new Error('down')) : answer(),
      ),
    ];
    const result = await tournament(parties, scene.rules);
    expect(result.winners).toEqual(['honest']);
    expect(result.claim!.steps).toBe(scene.steps);
    expect(result.eliminated.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'd', 'falters', 'refuses']);
    for (const { parties: pair, result: match } of result.matches) {
      if (!pair.includes('honest')) continue;
      const other = pair.find((name) => name !== 'honest');
      expect(match.losses.map(({ name }) => name)).toEqual([other]);
      if (other === 'a') expect(match).toMatchObject({ step: 5, microStep: 5, path: [5, 5, 5] });
    }
  });

  test('is won by all who are honest, wherever they stand', async () => {
    const parties = [honest('x'), liar('a', [5]), honest('y'), liar('b', [6]), liar('c', [7]), honest('z')];
    for (let turn = 0; turn < parties.length; turn++) {
      const turned = [...parties.slice(turn), ...parties.slice(0, turn)];
      expect([...(await winnersOf(turned))].sort()).toEqual(['x', 'y', 'z']);
    }
  });

  test('is not lost by a true claim that somebody else makes and defends badly', async () => {
    const saboteur = twisted(honest('saboteur'), (question, answer) =>
      question.kind === 'claim' ? answer() : Promise.resolve({ kind: 'refusal', reason: 'I give up' }),
    );
    expect(await winnersOf([saboteur, liar('a', [5]), liar('b', [5]), honest(), saboteur])).toContain('honest');
  });

  test('is won against many who share a false claim', async () => {
    const many = Array.from({ length: 12 }, (_, i) => liar(`liar ${String(i)}`, [150, 30, 10]));
    const result = await tournament([...many.slice(0, 6), honest(), ...many.slice(6)], scene.rules);
    expect(result.winners).toEqual(['honest']);
    expect(result.matches).toHaveLength(12);
    for (const { result: match } of result.matches) expect(match).toMatchObject({ path: [150, 30, 10] });
  });

  test('is won in fewer rounds by who can be in several disputes at a time', async () => {
    const many = Array.from({ length: 12 }, (_, i) => liar(`liar ${String(i)}`, [150, 30, 10]));
    for (const [disputesPerParty, rounds] of [
      [1, 12],
      [5, 3],
      [12, 1],
    ] as const) {
      const result = await tournament([...many, honest()], { ...scene.rules, disputesPerParty });
      expect(result.winners).toEqual(['honest']);
      expect(result.matches).toHaveLength(12);
      expect(result.eliminated).toHaveLength(12);
      expect(result.matches.at(-1)!.round).toBe(rounds);
    }
    const mixed = [honest('x'), liar('a', [5]), honest('y'), ...many.slice(0, 5), liar('b', [6], 4), honest('z')];
    const result = await tournament(mixed, { ...scene.rules, disputesPerParty: 3 });
    expect([...result.winners].sort()).toEqual(['x', 'y', 'z']);
    await expect(tournament([], { ...scene.rules, disputesPerParty: 0 })).rejects.toThrow(/SWAP_DISPUTE_RANGE/);
  });

  test('without anybody honest leaves one claim or none', async () => {
    const result = await tournament([liar('a', [5, 5, 5]), liar('b', [5, 5, 5], 1)], scene.rules);
    expect(result).toMatchObject({ winners: [], claim: undefined });
    expect(result.eliminated).toHaveLength(2);
    expect(await winnersOf([liar('a', [5]), liar('b', [9], 3)])).toEqual(['b']);
    expect(await winnersOf([])).toEqual([]);
    expect(await winnersOf([liar('a', [5])])).toEqual(['a']);
    expect(scene.rules.hasher).toBe(keccak256);
  });

  test('binds a party to its first claim', async () => {
    let asked = 0;
    const fickle = twisted(liar('fickle', [5]), (question, answer) =>
      question.kind === 'claim' && asked++ > 0 ? honest().ask(question) : answer(),
    );
    const result = await tournament([fickle, honest()], scene.rules);
    expect(result.winners).toEqual(['honest']);
    expect(asked).toBe(1);
  });
});
