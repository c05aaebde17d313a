import { instructionNamed, INSTRUCTIONS } from '@commute/stack-vm';
import { describe, expect, test } from 'vitest';
import { samples } from './programs.ts';
import { complaints, execute, programOf } from './support.ts';

describe('the tables hold for what the machine does', () => {
  test.each(Object.entries(samples))('%s', (_, { source, inputs, options }) => {
    const run = execute(programOf(source, options), inputs, 5);
    expect(complaints(run)).toBe('');
  });

  test('the samples execute every instruction', () => {
    const executed = new Set<number>();
    for (const { source, inputs, options } of Object.values(samples)) {
      for (const { rows } of execute(programOf(source, options), inputs, 5).segments) {
        for (const { code } of rows.processor) executed.add(Number(code) % 128);
      }
    }
    const missing = INSTRUCTIONS.filter(({ opcode }) => !executed.has(opcode)).map(({ name }) => name);
    expect(missing).toEqual([]);
    expect(instructionNamed('halt')!.opcode).toBe(0);
  });
});
