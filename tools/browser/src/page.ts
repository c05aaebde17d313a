/* Runs every scenario in the page it is bundled into. */
import { scenarios, type Programs } from './scenarios.ts';

interface Page {
  runScenario: (index: number, programs: Readonly<Record<string, string>>) => Promise<string>;
}

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
