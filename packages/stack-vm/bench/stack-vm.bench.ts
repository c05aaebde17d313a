/**
 * Steps per second of the interpreter beside the reference (bigint, one step at a time) in the same run, and the Tip5
 * permutation on words beside its definition. Processor time of this process, best of five.
 *
 * Run: node --conditions=@commute/source bench/stack-vm.bench.ts
 */
import { assemble, createStackVM, readState, referenceStep, tip5Permutation } from '../src/index.ts';
import { tip5PermutationReference } from '../src/reference/tip5.ts';
import { permute } from '../src/tip5.ts';
import { referenceOf } from '../test/run.ts';

/** Least processor time of an act in microseconds. */
function best(prepare: () => void, act: () => void): number {
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    prepare();
    const before = process.cpuUsage();
    act();
    const used = process.cpuUsage(before);
    least = Math.min(least, used.user + used.system);
  }
  return least;
}

const programs = [
  ['arithmetic', 'push 1 push 3 read_io 1 call f f: swap 2 dup 1 mul addi 7 swap 2 addi -1 dup 0 skiz recurse halt'],
  [
    'memory',
    'push 5 read_io 1 call f f: swap 1 push 900 read_mem 3 pop 1 add add push 901 write_mem 1 pop 1 swap 1 addi -1 dup 0 skiz recurse halt',
  ],
  [
    'extension field',
    'push 3 push 2 push 1 read_io 1 call f f: place 3 dup 2 dup 2 dup 2 xx_mul pick 3 addi -1 dup 0 skiz recurse halt',
  ],
  [
    'hashing',
    'push 1 push 2 push 3 push 4 push 5 read_io 1 call f f: place 5 dup 4 dup 4 dup 4 dup 4 dup 4 hash pick 5 addi -1 dup 0 skiz recurse halt',
  ],
] as const;

console.log(`node ${process.version}, ${process.arch}; million steps per second of processor time`);
for (const [name, source] of programs) {
  const result = assemble(source);
  if (!result.ok) throw new Error(`${name}: ${result.errors[0]!.message}`);
  const machine = createStackVM();
  const prepare = (turns: bigint) => (): void => {
    machine.load(result.program.image(), { publicInput: [turns] });
  };
  let steps = 0;
  const quick = best(prepare(name === 'hashing' ? 5000n : 100_000n), () => {
    steps = machine.run(2e7);
  });
  prepare(300n)();
  let state = referenceOf(readState(machine.snapshot()));
  let slowSteps = 0;
  const slow = best(
    () => {
      slowSteps = 0;
      state = referenceOf(readState(machine.snapshot()));
    },
    () => {
      for (; state.stopped === 0; slowSteps++) referenceStep(state);
    },
  );
  const rate = steps / quick;
  const slowRate = slowSteps / slow;
  console.log(
    `${name.padEnd(16)} ${rate.toFixed(2)}, the reference ${slowRate.toFixed(3)}, ratio ${(rate / slowRate).toFixed(0)}`,
  );
}

const state = Array.from({ length: 16 }, (_, i) => BigInt(i) << 60n).map((each) => each % 0xffffffff00000001n);
if (String(tip5Permutation(state)) !== String(tip5PermutationReference(state)))
  throw new Error('the permutations differ');
const words = new Uint32Array(32);
const none = (): void => undefined;
const quick = best(none, () => {
  for (let i = 0; i < 10_000; i++) permute(words);
});
const slow = best(none, () => {
  for (let i = 0; i < 200; i++) tip5PermutationReference(state);
});
console.log(
  `Tip5 permutation: ${(quick / 10_000).toFixed(1)} µs, the reference ${(slow / 200).toFixed(0)} µs, ratio ${(slow / 200 / (quick / 10_000)).toFixed(0)}`,
);
