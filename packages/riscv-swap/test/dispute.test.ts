import { seeded } from '@commute-tools/build/seed';
import { createHash } from 'node:crypto';
import { readGuest } from '@commute-tools/guests';
import type { Hasher, MachineFactory, Snapshot } from '@commute/machine';
import {
  createLyingParty,
  createParty,
  layerRules,
  runWithSnapshots,
  settleDispute,
  tournament,
  type PartyOptions,
  type RefereeOptions,
  type Stack,
} from '@commute/swap';
import { expect, test } from 'vitest';
import { TapeMachine, tapeProgram } from '../examples/tape-machine.ts';
import { createTapeStack } from '../examples/tape-stack.ts';
import { createRiscvLayer, type RiscvLayer } from '../src/index.ts';
import { loadGuest } from './programs.ts';
import { Random } from './random.ts';

const cases = Number(process.env['FC_NUM_RUNS'] ?? 200);
/** The hash of Node, many times quicker than one in JavaScript. */
const hasher: Hasher = {
  name: 'sha256',
  digest: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
};

interface Scene {
  readonly options: Omit<PartyOptions, 'name'>;
  readonly rules: RefereeOptions;
  readonly steps: number;
}

async function sceneOf(stack: Stack, bottom: RiscvLayer, initial: Snapshot): Promise<Scene> {
  const create: MachineFactory = stack[0]!.upper;
  const machine = create();
  machine.restore(initial);
  const { store, steps } = await runWithSnapshots({ machine, stepsPerSnapshot: 1000 });
  expect(machine.halt).toBeDefined();
  const rules: RefereeOptions = {
    hasher: initial.hasher,
    layers: layerRules(stack),
    verifyStep: bottom.verify,
    initialRoot: initial.root(),
  };
  return { options: { stack, store }, rules, steps };
}

async function riscvScene(): Promise<Scene> {
  const layer = createRiscvLayer({ hasher });
  const machine = layer.upper();
  loadGuest(machine, 'sort', 'pear\napple\nfig\n');
  return sceneOf([layer], layer, machine.snapshot());
}

test('a lie that begins at a random micro-step is found there, and the proof of that step settles it', async () => {
  const { options, rules, steps } = await riscvScene();
  const honest = createParty({ ...options, name: 'honest' });
  for (let index = 0; index < cases; index++) {
    const random = new Random(seeded(index));
    // Most instructions take a few hundred micro-steps; then the micro machine rests until it is cleaned.
    const at: [number, number] = [random.below(steps), random.below(random.once(2) ? 300 : 65_536)];
    const address = 0x9000_0000 + random.below(2 ** 20);
    const liar = createLyingParty({ ...options, name: 'liar' }, { at, address, bit: random.below(8) });
    const result = await settleDispute(random.once(2) ? [honest, liar] : [liar, honest], rules);
    expect(result.losses, `case ${String(index)}`).toMatchObject([{ name: 'liar', reason: 'wrong-step' }]);
    expect(result).toMatchObject({ step: at[0], microStep: at[1] });
    // Claims, the halvings of two ranges, one opening, one proof.
    expect(result.rounds).toBeLessThanOrEqual(3 + Math.ceil(Math.log2(steps)) + 16);
    expect(result.bytes).toBeLessThan(20_000);
  }
});

test('so it is through three machines', async () => {
  const stack = createTapeStack(readGuest('tape', 'fast'));
  const machine = new TapeMachine();
  machine.load(tapeProgram('++++[>++++++++<-]>[>+>+<<-]<++++++[>>>>++++++++<<<<-]'));
  const { options, rules, steps } = await sceneOf(stack, stack[1], machine.snapshot());
  const honest = createParty({ ...options, name: 'honest' });
  for (let index = 0; index < cases / 20; index++) {
    const random = new Random(seeded(index));
    const at: [number, number, number] = [random.below(steps), random.below(64), random.below(300)];
    const lie = { at, address: 0x8000_0000 + random.below(2 ** 20), bit: random.below(8) };
    const result = await settleDispute([honest, createLyingParty({ ...options, name: 'liar' }, lie)], rules);
    expect(result, `case ${String(index)}`).toMatchObject({ winner: 0, path: at, losses: [{ reason: 'wrong-step' }] });
  }
});

test('one honest party wins against several liars at once', async () => {
  const { options, rules, steps } = await riscvScene();
  const lies: [string, [number, number], number][] = [
    ['a', [17, 40], 0],
    ['b', [17, 40], 0],
    ['c', [17, 40], 1],
    ['d', [steps - 1, 65_535], 2],
    ['e', [0, 0], 3],
  ];
  const parties = [
    ...lies.map(([name, at, bit]) => createLyingParty({ ...options, name }, { at, address: 0x9000_0000, bit })),
    createParty({ ...options, name: 'honest' }),
  ];
  const { winners, matches } = await tournament(parties, rules);
  expect(winners).toEqual(['honest']);
  for (const { parties: pair, result } of matches) {
    const lie = lies.find(([name]) => pair.includes(name) && pair.includes('honest'));
    if (lie !== undefined) expect(result).toMatchObject({ step: lie[1][0], microStep: lie[1][1] });
  }
});
