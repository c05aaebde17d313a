import { describe, expect, test } from 'vitest';
import { MODULUS } from '@commute/field';
import { INSTRUCTIONS, growthOf, hashElements, hashPair, sizeOf } from '../src/index.ts';
import { OPCODE } from '../src/instructions.ts';
import { machineWith, outputOf } from './run.ts';

/** The top of the stack after a program, the top first. */
const top = (source: string, count: number, inputs = {}): bigint[] => {
  const machine = machineWith(`${source} halt`, inputs);
  machine.run(10_000);
  expect(machine.halt).toEqual({ kind: 'exit', code: 0 });
  return Array.from({ length: count }, (_, i) => machine.stackElement(i));
};
/** The cause of the trap that a program ends in. */
const cause = (source: string, inputs = {}): string | undefined => {
  const machine = machineWith(source, inputs);
  machine.run(10_000);
  return machine.halt?.kind === 'trap' ? machine.halt.cause : undefined;
};

describe('the instruction set', () => {
  test('has 46 instructions, each with an opcode of its own that tells its size and whether it shrinks the stack', () => {
    expect(INSTRUCTIONS).toHaveLength(46);
    expect(new Set(INSTRUCTIONS.map(({ opcode }) => opcode)).size).toBe(46);
    expect(new Set(INSTRUCTIONS.map(({ name }) => name)).size).toBe(46);
    for (const each of INSTRUCTIONS) {
      expect(each.opcode % 2 === 1, each.name).toBe(sizeOf(each) === 2);
      expect(Math.floor(each.opcode / 2) % 2 === 1, each.name).toBe(growthOf(each, 1n) < 0);
    }
    expect(Object.values(OPCODE).sort((a, b) => a - b)).toEqual(
      INSTRUCTIONS.map(({ opcode }) => opcode).sort((a, b) => a - b),
    );
  });

  // The examples of https://triton-vm.org/spec/instructions.html, which write stacks from the bottom.
  test.each([
    ['push 7', [7]],
    ['push 1 push 2 pop 1', [1]],
    ['push 5 push 4 push 3 push 2 push 1 pop 4', [5]],
    ['push 4 push 3 push 2 push 1 push 99 pick 0', [99, 1, 2, 3, 4]],
    ['push 4 push 3 push 2 push 99 push 1 pick 1', [99, 1, 2, 3, 4]],
    ['push 99 push 4 push 3 push 2 push 1 pick 4', [99, 1, 2, 3, 4]],
    ['push 4 push 3 push 2 push 1 push 99 place 0', [99, 1, 2, 3, 4]],
    ['push 4 push 3 push 2 push 1 push 99 place 2', [1, 2, 99, 3, 4]],
    ['push 4 push 3 push 2 push 1 push 99 place 4', [1, 2, 3, 4, 99]],
    ['push 5 push 4 push 3 push 2 push 1 dup 0', [1, 1, 2, 3, 4, 5]],
    ['push 5 push 4 push 3 push 2 push 1 dup 4', [5, 1, 2, 3, 4, 5]],
    ['push 5 push 4 push 3 push 2 push 1 swap 4', [5, 2, 3, 4, 1]],
    ['push 42 swap 0', [42]],
    ['push 3 push 4 add', [7]],
    ['push 3 addi -4', [MODULUS - 1n]],
    ['push 3 push -4 mul', [MODULUS - 12n]],
    ['push 5 push 5 eq', [1]],
    ['push 5 push 6 eq', [0]],
    ['push 4294967298 split', [2, 1]],
    ['push -1 split', [0, 4294967295]],
    ['push 5 push 4 lt', [1]],
    ['push 4 push 5 lt', [0]],
    ['push 4294967295 push 4042322160 and', [4042322160]],
    ['push 4294967295 push 4042322160 xor', [252645135]],
    ['push 1 log_2_floor', [0]],
    ['push 4294967295 log_2_floor', [31]],
    ['push 10 push 2 pow', [1024]],
    ['push 0 push 0 pow', [1]],
    ['push 4294967295 push 7 pow push -1 pow', undefined],
    ['push 3 push 17 div_mod', [2, 5]],
    ['push 4294967295 push 4294967294 div_mod', [4294967294, 0]],
    ['push 4294967295 pop_count', [32]],
    ['push 0 pop_count', [0]],
    ['push 3 push 2 push 1 push 30 push 20 push 10 xx_add', [11, 22, 33]],
    // (1 + 2x + 3x²)(4 + 5x + 6x²) = 4 + 13x + 28x² + 27x³ + 18x⁴, with x³ = x - 1 and x⁴ = x² - x
    ['push 3 push 2 push 1 push 6 push 5 push 4 xx_mul', [MODULUS - 23n, 22, 46]],
    ['push 3 push 2 push 1 push 10 xb_mul', [10, 20, 30]],
    ['push 0 push 0 push 1 x_invert', [1, 0, 0]],
    ['push 9 push 5 write_mem 1', [6]],
    ['push 30 push 20 push 10 push 100 write_mem 3 push 102 read_mem 3', [99, 10, 20, 30]],
    ['push 7 push -1 write_mem 1 pop 1 push -1 read_mem 1', [MODULUS - 2n, 7]],
    ['push 7 push -1 write_mem 1', [0]],
    ['push 1 skiz push 5', [5]],
    ['push 3 push 0 skiz push 5', [3]],
    ['push 3 push 0 skiz nop', [3]],
  ] as const)('%s', (source, expected) => {
    if (expected === undefined) expect(cause(source)).toBe('operand of more than 32 bits');
    else expect(top(source, expected.length)).toEqual(expected.map(BigInt));
  });

  test('hashes by Tip5, in the order of the specification', () => {
    const left = [1n, 2n, 3n, 4n, 5n];
    const right = [6n, 7n, 8n, 9n, 10n];
    const push = (elements: readonly bigint[]): string =>
      [...elements]
        .reverse()
        .map((each) => `push ${String(each)}`)
        .join(' ');
    expect(top(`${push([...left, ...right])} hash`, 5)).toEqual(hashPair(left, right));
    // Ten elements with their padding make two blocks.
    const sponge = `sponge_init ${push([...left, ...right])} sponge_absorb ${push([1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n])} sponge_absorb sponge_squeeze`;
    expect(top(sponge, 5)).toEqual(hashElements([...left, ...right]));
    const ram = [...left, ...right].map((each, i) => [BigInt(i) + 50n, each] as const);
    const fromMemory = `sponge_init push 0 push 0 push 0 push 0 push 50 sponge_absorb_mem ${push([1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n])} sponge_absorb sponge_squeeze`;
    expect(top(fromMemory, 16, { ram })).toEqual([...top(sponge, 10), 60n, 1n, 2n, 3n, 4n, 0n]);
    expect(
      top(`${push(left)} ${push(right)} divine 5 divine 5 assert_vector`, 5, {
        secretInput: [...right].reverse().concat([...right].reverse()),
      }),
    ).toEqual(right);
  });

  test('walks up a Merkle tree, with siblings from the secret input and from RAM', () => {
    const leaf = [1n, 2n, 3n, 4n, 5n];
    const first = [11n, 12n, 13n, 14n, 15n];
    const second = [21n, 22n, 23n, 24n, 25n];
    // Node 6 is a left child, node 3 a right one.
    const root = hashPair(second, hashPair(leaf, first));
    const pushes = [...leaf]
      .reverse()
      .map((each) => `push ${String(each)}`)
      .join(' ');
    expect(top(`push 6 ${pushes} merkle_step merkle_step`, 6, { digests: [first, second] })).toEqual([...root, 1n]);
    const ram = [...first, ...second].map((each, i) => [BigInt(i) + 70n, each] as const);
    expect(
      top(`push 70 push 1 push 6 ${pushes} call up halt up: merkle_step_mem recurse_or_return`, 8, { ram }),
    ).toEqual([...root, 1n, 1n, 80n]);
  });

  test('evaluates polynomials by Horner steps', () => {
    // x = 2 in the base field: 5·2² + 6·2 + 7
    const ram = [
      [100n, 7n],
      [101n, 6n],
      [102n, 5n],
    ] as const;
    const step = 'push 0 push 0 push 0 push 0 push 102 push 0 push 0 push 0 push 0 push 2';
    expect(top(`${step} b_horner_step b_horner_step b_horner_step`, 10, { ram })).toEqual([
      2n,
      0n,
      0n,
      0n,
      0n,
      99n,
      0n,
      39n,
      0n,
      0n,
    ]);
    expect(top(`${step} x_horner_step`, 10, { ram })).toEqual([2n, 0n, 0n, 0n, 0n, 99n, 0n, 7n, 6n, 5n]);
    expect(top('b_horner_step x_horner_step', 1)).toEqual([0n]);
  });

  test.each([
    ['nop', 'instruction pointer outside of the program'],
    ['push 0 skiz', 'instruction pointer outside of the program'],
    ['call 77', 'instruction pointer outside of the program'],
    ['call -1', 'instruction pointer outside of the program'],
    ['call 1', 'illegal instruction'],
    ['pop 1', 'stack underflow'],
    ['push 1 pop 2', 'stack underflow'],
    ['add', 'stack underflow'],
    ['hash', 'stack underflow'],
    ['return', 'empty jump stack'],
    ['recurse', 'empty jump stack'],
    ['recurse_or_return', 'empty jump stack'],
    ['push 2 assert', 'failed assertion'],
    ['push 0 push 0 push 0 push 0 push 1 push 0 push 0 push 0 push 0 push 2 assert_vector', 'failed assertion'],
    ['push 4294967296 push 1 lt', 'operand of more than 32 bits'],
    ['push 1 push 4294967296 and', 'operand of more than 32 bits'],
    ['push 4294967296 log_2_floor', 'operand of more than 32 bits'],
    ['push 4294967296 pop_count', 'operand of more than 32 bits'],
    ['push 0 log_2_floor', 'logarithm of zero'],
    ['push 0 push 4 div_mod', 'division by zero'],
    ['push 0 invert', 'inverse of zero'],
    ['push 0 push 0 push 0 x_invert', 'inverse of zero'],
    ['sponge_squeeze', 'uninitialized sponge'],
    ['sponge_absorb_mem', 'uninitialized sponge'],
    ['read_io 1', 'end of input'],
    ['divine 1', 'end of secret input'],
    ['merkle_step', 'end of secret digests'],
    ['push -1 push 0 push 0 push 0 push 0 push 0 merkle_step', 'operand of more than 32 bits'],
  ])('%s traps: %s', (source, expected) => {
    const machine = machineWith(source);
    machine.run(10_000);
    expect(machine.halt).toMatchObject({ kind: 'trap', cause: expected });
    const root = machine.root();
    machine.run(5);
    expect(machine.root()).toEqual(root);
  });
});

describe('programs with published results', () => {
  test('the greatest common divisor of 42 and 56 is 14', () => {
    const source = `
      read_io 2 dup 1 dup 1 lt skiz swap 1
      loop: dup 1 push 0 eq skiz call end
        dup 1 dup 1 div_mod swap 2 pop 2 swap 1 call loop
      end: write_io 1 halt`;
    expect(outputOf(source, { publicInput: [42n, 56n] })).toEqual([14n]);
  });

  test.each([
    [0n, 1n],
    [7n, 21n],
    [11n, 144n],
  ])('the Fibonacci number after %d steps is %d', (input, expected) => {
    const source = `
      push 0 push 1 read_io 1 dup 0 skiz call loop pop 1 write_io 1 halt
      loop: addi -1 swap 2 dup 1 add swap 1 swap 2 dup 0 skiz recurse return`;
    expect(outputOf(source, { publicInput: [input] })).toEqual([expected]);
  });

  test('a countdown writes the numbers from 10 to 0', () => {
    const source = 'push 10 call loop loop: dup 0 write_io 1 push -1 add dup 0 skiz recurse write_io 1 halt';
    expect(outputOf(source)).toEqual(Array.from({ length: 11 }, (_, i) => BigInt(10 - i)));
  });

  // https://triton-vm.org/spec/random-access-memory-table.html, the processor table: st0 and those below it by cycle.
  test('the worked example of the RAM table has the stacks that the specification shows', () => {
    const machine = machineWith(`
      push 20 push 100 write_mem 1 pop 1
      push 5 push 6 push 7 push 8 push 9 push 42 write_mem 5 pop 1
      push 42 read_mem 1 pop 2
      push 45 read_mem 3 pop 4
      push 17 push 18 push 19 push 43 write_mem 3 pop 1 halt`);
    const shown = new Map([
      [3, [101]],
      [10, [42, 9, 8, 7, 6, 5]],
      [11, [47]],
      [14, [41, 9]],
      [17, [42, 8, 7, 6]],
      [22, [43, 19, 18, 17]],
      [23, [46]],
    ]);
    for (let cycle = 0; cycle < 24; cycle++) {
      const expected = shown.get(cycle);
      if (expected !== undefined) {
        expect(expected.map((_, i) => machine.stackElement(i))).toEqual(expected.map(BigInt));
      }
      machine.run(1);
    }
    expect(machine.stackSize).toBe(16);
  });
});
