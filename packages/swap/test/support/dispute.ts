import { keccak256, type ProgramImage } from '@commute/machine';
import {
  MemorySnapshotStore,
  layerRules,
  runWithSnapshots,
  type Answer,
  type Clock,
  type Party,
  type PartyOptions,
  type Question,
  type RefereeOptions,
} from '../../src/index.ts';
import { testStack, type TestStack } from './stack.ts';

/** What both sides of a dispute start from. */
export interface Scene {
  readonly test: TestStack;
  readonly options: Omit<PartyOptions, 'name'>;
  readonly rules: RefereeOptions;
  readonly steps: number;
}

/** A run of a program, and the rules by which to dispute it. */
export async function sceneOf(
  program: ProgramImage,
  depth: 1 | 2,
  stepsPerSnapshot = 64,
  segments?: number,
): Promise<Scene> {
  const test = testStack(depth);
  const machine = test.stack[0]!.upper();
  machine.restore(test.initial(program));
  const { store, steps } = await runWithSnapshots({
    machine,
    stepsPerSnapshot,
    store: new MemorySnapshotStore(),
    ...(segments === undefined ? {} : { segments }),
  });
  const rules: RefereeOptions = {
    hasher: keccak256,
    layers: layerRules(test.stack),
    verifyStep: test.verifyStep,
    initialRoot: (await store.load(0)).root(),
    ...(segments === undefined ? {} : { steps }),
  };
  return { test, options: { stack: test.stack, store }, rules, steps };
}

/** A party that changes some of the answers of another. */
export function twisted(
  party: Party,
  twist: (question: Question, answer: () => Promise<Answer>) => Promise<unknown>,
): Party {
  return { name: party.name, ask: (question) => twist(question, () => party.ask(question)) as Promise<Answer> };
}

/** A clock that stands still until told. */
export function manualClock(): { readonly clock: Clock; readonly pass: (milliseconds: number) => void } {
  let now = 0;
  const alarms = new Set<{ at: number; action: () => void }>();
  return {
    clock: (milliseconds, action) => {
      const alarm = { at: now + milliseconds, action };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    pass: (milliseconds) => {
      now += milliseconds;
      for (const alarm of [...alarms]) {
        if (alarm.at > now) continue;
        alarms.delete(alarm);
        alarm.action();
      }
    },
  };
}
