import fc from 'fast-check';
import { expect, test } from 'vitest';
import { INPUT_REGION, OUTPUT_REGION } from '@commute/machine';
import { CONTROL_PAGE, createMicroRiscv, PROGRAM_BASE } from '@commute/micro-riscv';
import { type CodeSegment, createProgram, initialState } from '../src/index.ts';

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

test('text may not lie where the machine itself writes: a run would go on with other instructions', () => {
  const create = (address: number, separateStreams = true): unknown =>
    createProgram(
      { entry: address, segments: [{ address, bytes: new Uint8Array(8), executable: true }] },
      { separateStreams },
    );
  for (const { base, log2Size } of [INPUT_REGION, OUTPUT_REGION]) {
    for (const address of [base - 4, base, base + 2 ** log2Size - 4]) {
      expect(() => create(address)).toThrow('CONTINUATION_PROGRAM');
      expect(() => create(address, false)).not.toThrow();
    }
  }
  expect(() => create(INPUT_REGION.base - 8)).not.toThrow();
  for (const address of [CONTROL_PAGE - 4, CONTROL_PAGE, PROGRAM_BASE - 4]) {
    expect(() => create(address, false)).toThrow('CONTINUATION_PROGRAM');
  }
  expect(() => create(PROGRAM_BASE)).not.toThrow();
});

test('of data at one address the last stays, as on the machine', () => {
  const code = {
    entry: 0x1000,
    segments: [
      { address: 0x1000, bytes: new Uint8Array(4), executable: true },
      { address: 0x2000, bytes: Uint8Array.of(1, 2, 3, 4) },
      { address: 0x2001, bytes: Uint8Array.of(0xf0, 0, 0xff, 9) },
    ],
  };
  const machine = createMicroRiscv();
  machine.load(code);
  const { word } = initialState(createProgram(code));
  expect(word(0x2000)).toBe(0xff00f001);
  for (const address of [0x2000, 0x2004]) expect(word(address)).toBe(machine.memory.loadWord(address));
});
