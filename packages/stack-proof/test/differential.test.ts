import fc from 'fast-check';
import { MODULUS } from '@commute/field';
import { createStackVM, INSTRUCTIONS, memoryObjects, Program, REGISTER_ADDRESS } from '@commute/stack-vm';
import { checkTraces, formatReport } from '@commute/stark';
import { expect, test } from 'vitest';
import { runClaimOf, StackExecutor, type StackRunInputs } from '../src/index.ts';
import { BLOCK_ELEMENTS, keyOf, REGISTER } from '../src/layout.ts';
import { blockOf, CellState } from '../src/cells.ts';
import { programOf, segmentStatement, shrinkLookups } from './support.ts';
import { samples } from './programs.ts';

/** Elements, those at the edges of words and of the field often. */
const element: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_0000_0000n, MODULUS - 1n, MODULUS - 2n),
  fc.bigInt({ min: 0n, max: MODULUS - 1n }),
  fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
  fc.bigInt({ min: 0n, max: 40n }),
);
const arguments_ = {
  none: fc.constant<readonly bigint[]>([]),
  count: fc.bigInt({ min: 1n, max: 5n }).map((each) => [each]),
  register: fc.bigInt({ min: 0n, max: 15n }).map((each) => [each]),
  address: fc
    .oneof({ weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 70n }) }, { weight: 1, arbitrary: element })
    .map((each) => [each]),
  element: element.map((each) => [each]),
};
const instruction = fc
  .constantFrom(...INSTRUCTIONS)
  .chain(({ opcode, argument }) => arguments_[argument].map((each) => [BigInt(opcode), ...each]));
const push = element.map((each) => [1n, each]);

/** Programs that begin with some elements on the stack; most of them trap in the end. */
const randomRun = fc.record({
  start: fc.array(push, { minLength: 4, maxLength: 12 }),
  body: fc.array(fc.oneof({ weight: 3, arbitrary: instruction }, { weight: 1, arbitrary: push }), { maxLength: 40 }),
  sponge: fc.boolean(),
  input: fc.array(element, { maxLength: 12 }),
  secretInput: fc.array(element, { maxLength: 12 }),
  digests: fc.array(fc.array(element, { minLength: 5, maxLength: 5 }), { maxLength: 3 }),
  ram: fc.uniqueArray(fc.tuple(element, element), { maxLength: 12, selector: ([address]) => address }),
});

/** Executes a program on the machine and in segments, which have to agree cycle by cycle. @returns the opcodes that were executed. */
function compare(
  program: Program,
  inputs: StackRunInputs,
  ram: readonly (readonly [bigint, bigint])[],
  logCycles: number,
  mostSegments: number,
): bigint[] {
  const provable = programOf(program, { ram });
  const executor = new StackExecutor(program, provable.ram, provable.image, inputs);
  const machine = createStackVM();
  const { input = [], ...secrets } = inputs;
  machine.load(program.image(), { publicInput: input, ...secrets, ram });
  const cells = new CellState(provable.image);
  const opcodes: bigint[] = [];
  for (let count = 0; count < mostSegments && !executor.halted; count++) {
    const outcome = executor.next(logCycles);
    if (!outcome.ok) {
      // One step more, as the trap behind a call to 2^32 comes with it.
      machine.run(2 ** logCycles + 1);
      expect(outcome.reason).toBe('trap');
      expect(machine.halt).toMatchObject({ kind: 'trap', value: outcome.reason === 'trap' ? outcome.cause : 0 });
      expect(outcome).toMatchObject({ ip: machine.ip });
      return opcodes;
    }
    const { segment } = outcome;
    for (const row of segment.rows.processor) {
      if (machine.halt === undefined) {
        expect([row['ip'], row['stackSize']]).toEqual([machine.ip, BigInt(machine.stackSize)]);
        opcodes.push((row['code'] as bigint) % 128n);
      }
      expect(row['st']).toEqual(Array.from({ length: 16 }, (_, k) => machine.stackElement(k)));
      machine.run(1);
      expect(row['out']).toEqual(Array.from({ length: 16 }, (_, k) => machine.stackElement(k)));
    }
    for (const { key, before, after } of segment.touched) {
      expect(cells.value(key)).toBe(before);
      cells.access(key, 1n, after);
    }
    compareCells(cells, machine);
    const claim = runClaimOf(provable, { input, output: executor.output });
    const { traces, publicMessages } = segmentStatement({ program: provable, segments: [segment], claim });
    expect(formatReport(checkTraces(shrinkLookups(traces), { publicMessages }))).toBe('');
  }
  return opcodes;
}

/** The cells that a segment hands over are the machine's memory objects. */
function compareCells(cells: CellState, machine: ReturnType<typeof createStackVM>): void {
  const objects = memoryObjects(machine.snapshot());
  const { registers, opStack, jumpStack, ram } = objects;
  const value = (region: Parameters<typeof keyOf>[0], number: number): bigint => cells.value(keyOf(region, number));
  for (let k = 0; k < 16; k++) {
    expect(value('opStack', k)).toBe(registers[REGISTER_ADDRESS.st0 + k]);
    expect(value('registers', REGISTER.sponge + k)).toBe(registers[REGISTER_ADDRESS.sponge0 + k]);
  }
  expect(value('registers', REGISTER.stackSize)).toBe(registers[REGISTER_ADDRESS.opStackPointer]);
  expect(value('registers', REGISTER.jumpStackSize)).toBe(registers[REGISTER_ADDRESS.jumpStackPointer]);
  for (const [k, each] of opStack) expect(value('opStack', 16 + Number(k))).toBe(each);
  // Nothing is left above the stacks.
  expect(value('opStack', 16 + opStack.size)).toBe(0n);
  for (const [k, { origin, destination }] of jumpStack) {
    expect([value('jumpStack', 2 * Number(k)), value('jumpStack', 2 * Number(k) + 1)]).toEqual([origin, destination]);
  }
  expect(value('jumpStack', 2 * jumpStack.size)).toBe(0n);
  const slots = new Map<bigint, number>();
  for (let slot = 0; value('blockNumbers', slot) !== 0n; slot++) slots.set(value('blockNumbers', slot) - 1n, slot);
  for (const [address, each] of ram) {
    const cell = BLOCK_ELEMENTS * slots.get(blockOf(address))! + Number(address % BigInt(BLOCK_ELEMENTS));
    expect(value('ram', cell)).toBe(each);
  }
}

test('random programs go through the states of the machine, and the tables hold', () => {
  const seen = new Set<bigint>();
  fc.assert(
    fc.property(randomRun, ({ start, body, sponge, ram, ...inputs }) => {
      const program = new Program([...(sponge ? [40n] : []), ...start.flat(), ...body.flat(), 0n]);
      for (const opcode of compare(program, inputs, ram, 2, 20)) seen.add(opcode);
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 80) },
  );
  expect(seen.size).toBeGreaterThan(25);
});

test.each(Object.entries(samples))('so does %s', (_, { source, inputs = {}, options = {} }) => {
  const { source: program } = programOf(source);
  compare(program, inputs, [...(options.ram ?? [])], 5, 100);
});
