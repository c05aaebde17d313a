/* Runs every scenario in the page it is bundled into. */
import { createFieldEngine } from '@commute/field';
import { FIELD_THREADS, scenarios, type Programs } from './scenarios.ts';

interface Page {
  runScenario: (index: number, programs: Readonly<Record<string, string>>) => Promise<string>;
  countThreads: () => Promise<number>;
}

(globalThis as unknown as Page).countThreads = async () => {
  const engine = await createFieldEngine({ threads: FIELD_THREADS.shared });
  const { threads } = engine;
  engine.evaluateInPlace(engine.allocate(2 ** 16));
  engine.dispose();
  return threads;
};

(globalThis as unknown as Page).runScenario = async (index, encoded) => {
  const programs: Programs = Object.fromEntries(
    Object.entries(encoded).map(([name, base64]) => [
      name,
      Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
    ]),
  );
  const scenario = scenarios[index];
  if (scenario === undefined) throw new Error(`no scenario ${String(index)}`);
  return scenario.run(programs);
};
