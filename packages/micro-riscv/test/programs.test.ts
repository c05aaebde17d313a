import { guestCases } from '@commute-tools/guests';
import { describe, expect, test } from 'vitest';
import { createMicroRiscv } from '../src/index.ts';
import { hasher, sample } from './support.ts';

const cases = guestCases();
const machine = createMicroRiscv({ hasher });

describe.for(['light', 'heavy'] as const)('%s programs write what they should', (weight) => {
  test.for(cases.filter((one) => one.weight === weight))('$program: $name', ({ program, input, output, exitCode }) => {
    machine.load(sample(program), { input });
    const executed = machine.run(1e9);
    expect(machine.halt).toEqual({ kind: 'exit', code: exitCode });
    expect(machine.output()).toEqual(new Uint8Array(output));
    expect(machine.clock).toBe(BigInt(executed));
  });
});
