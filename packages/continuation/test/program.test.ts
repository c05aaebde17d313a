import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CodeSegment, createProgram } from '../src/index.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 300);

test('data may not share a word with text, wherever it lies', () => {
  /** Text of two words in each eighth word of some sixteen, and data of up to thirty bytes. */
  const arbitrary = fc.record({
    places: fc.uniqueArray(fc.nat(15), { minLength: 1, maxLength: 6 }),
    address: fc.nat(16 * 32),
    memorySize: fc.nat(30),
  });
  let refused = 0;
  fc.assert(
    fc.property(arbitrary, ({ places, address, memorySize }) => {
      const text = places.map((place): CodeSegment => ({
        address: 32 * place,
        bytes: new Uint8Array(7),
        executable: true,
      }));
      const segments = [...text, { address, memorySize, bytes: new Uint8Array() }];
      const shares = text.some(
        (each) => memorySize > 0 && address < each.address + 8 && address + memorySize > each.address,
      );
      const create = (): unknown => createProgram({ entry: text[0]!.address, segments });
      if (!shares) return void create();
      refused++;
      expect(create).toThrow('CONTINUATION_PROGRAM');
    }),
    { numRuns: runs },
  );
  expect(refused).toBeGreaterThan(0);
});
