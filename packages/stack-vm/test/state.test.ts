import { describe, expect, test } from 'vitest';
import { MODULUS } from '@commute/field';
import { Snapshot, sha256 } from '@commute/machine';
import { Program, REGISTER_ADDRESS, REGISTER_COUNT, createStackVM, memoryObjects, readState } from '../src/index.ts';
import { machineWith, programOf } from './run.ts';

const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
};

describe('the state as memory objects', () => {
  const source = `sponge_init push 9 push -1 write_mem 1 pop 1 push 4 push 3000 write_mem 1 pop 1 push 0 push 5 write_mem 1 pop 1
    ${'push 7 '.repeat(20)} read_io 2 write_io 1 call f f: call g g: nop halt`;

  test('has the registers of TIP-0008 and the two stack pointers', () => {
    const program = programOf(source);
    const machine = machineWith(program, { publicInput: [21n, 22n, 23n] });
    machine.run(15 + 20 + 5);
    const objects = memoryObjects(machine.snapshot());
    expect(objects.registers).toHaveLength(REGISTER_COUNT);
    expect(objects.registers[REGISTER_ADDRESS.st0]).toBe(21n);
    expect(objects.registers[REGISTER_ADDRESS.st0 + 1]).toBe(7n);
    expect(objects.registers.slice(REGISTER_ADDRESS.sponge0, REGISTER_ADDRESS.ip)).toEqual(Array(16).fill(0n));
    expect(objects.registers[REGISTER_ADDRESS.ip]).toBe(machine.ip);
    expect(objects.registers[REGISTER_ADDRESS.opStackPointer]).toBe(BigInt(machine.stackSize));
    expect(objects.registers[REGISTER_ADDRESS.jumpStackPointer]).toBe(BigInt(objects.jumpStack.size));
    expect(machine.stackSize).toBe(16 + 20 + 1);
    expect(objects.opStack.size).toBe(21);
    expect([0n, 1n, 2n, 3n, 4n].map((key) => objects.opStack.get(key))).toEqual([...program.digest()].reverse());
    const g = BigInt(program.labels.get('g')!);
    const f = BigInt(program.labels.get('f')!);
    expect([...objects.jumpStack]).toEqual([
      [0n, { origin: f, destination: f }],
      [1n, { origin: g, destination: g }],
    ]);
    expect([...objects.ram]).toEqual([
      [3000n, 4n],
      [MODULUS - 1n, 9n],
    ]);
    expect([objects.inputPosition, objects.outputPosition]).toEqual([2, 1]);
  });

  test('says all that distinguishes two states of one run of a program', () => {
    const machine = machineWith(source, { publicInput: [21n, 22n, 23n] });
    const seen = new Set<string>();
    let steps = 0;
    while (machine.halt === undefined) {
      const { registers, opStack, jumpStack, ram, ...counts } = memoryObjects(machine.snapshot());
      const text = JSON.stringify([registers, [...opStack], [...jumpStack], [...ram], counts], (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      seen.add(text);
      machine.run(1);
      steps++;
    }
    expect(seen.size).toBe(steps);
  });
});

describe('loading', () => {
  test('takes the input as elements or as bytes', () => {
    const program = programOf('read_io 2 write_io 2 halt');
    const elements = machineWith(program, { publicInput: [1n, MODULUS - 1n] });
    const bytes = machineWith(program, {
      input: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255),
    });
    expect(bytes.root()).toEqual(elements.root());
    bytes.run(9);
    expect(bytes.output()).toEqual(Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0));
  });

  test('refuses what the caller got wrong, and keeps nothing of it', () => {
    const machine = createStackVM();
    const halt = programOf('halt').image();
    const empty = machine.root();
    expect(code(() => machine.load(halt, { publicInput: [MODULUS] }))).toBe('STACK_VM_NOT_CANONICAL');
    expect(code(() => machine.load(halt, { secretInput: [-1n] }))).toBe('STACK_VM_NOT_CANONICAL');
    expect(code(() => machine.load(halt, { ram: [[MODULUS, 0n]] }))).toBe('STACK_VM_NOT_CANONICAL');
    expect(code(() => machine.load(halt, { digests: [[1n]] }))).toBe('STACK_VM_TOO_LARGE');
    expect(code(() => machine.load(halt, { input: new Uint8Array(7) }))).toBe('STACK_VM_NOT_CANONICAL');
    expect(code(() => machine.load(halt, { input: new Uint8Array(8), publicInput: [] }))).toBe('STACK_VM_PROGRAM');
    expect(code(() => machine.load({ entry: 0, segments: [] }))).toBe('STACK_VM_PROGRAM');
    expect(code(() => machine.load({ ...halt, entry: 8 }))).toBe('STACK_VM_PROGRAM');
    expect(code(() => new Program([MODULUS]))).toBe('STACK_VM_NOT_CANONICAL');
    expect(code(() => new Program([]))).toBe('STACK_VM_TOO_LARGE');
    expect(code(() => machine.run(-1))).toBe('STACK_VM_COUNT_RANGE');
    expect(code(() => machine.logStep())).toBe('MACHINE_LOG_UNSUPPORTED');
    expect(code(() => machine.restore(Snapshot.empty(sha256)))).toBe('MACHINE_HASH_MISMATCH');
    expect(machine.root()).toEqual(empty);
  });

  test('goes back to nothing when memory runs out, and says so', () => {
    const machine = createStackVM({ maximumPages: 8 });
    const ram = Array.from({ length: 20 }, (_, i) => [BigInt(i) << 40n, 1n] as const);
    expect(code(() => machine.load(programOf('halt').image(), { ram }))).toBe('MACHINE_MEMORY_EXHAUSTED');
    machine.load(programOf('halt').image());
    expect(machine.run(5)).toBe(1);
  });

  test('an empty machine stands in front of a trap, since it has no program', () => {
    const machine = createStackVM();
    machine.run(1);
    expect(machine.halt).toMatchObject({ kind: 'trap', cause: 'instruction pointer outside of the program' });
  });

  test('a machine follows the program of the state that it is restored to', () => {
    const first = machineWith('push 1 write_io 1 halt');
    const second = machineWith('push 2 write_io 1 halt');
    const start = second.snapshot();
    first.run(1);
    first.restore(start);
    first.run(9);
    expect(first.outputElements()).toEqual([2n]);
    expect(readState(start).program).toEqual([1n, 2n, 19n, 1n, 0n]);
  });

  test('a deep stack is written to memory and taken back', () => {
    const source = 'read_io 1 call grow halt grow: dup 0 addi -1 dup 0 skiz recurse return';
    const machine = machineWith(source, { publicInput: [5000n] });
    machine.run(15_000);
    const middle = machine.snapshot();
    machine.run(100_000);
    const end = machine.root();
    expect(machine.stackSize).toBeGreaterThan(5000);
    const other = createStackVM();
    other.restore(middle);
    other.run(100_000);
    expect(other.root()).toEqual(end);
  });
});
