import { type ProgramName } from '@commute-tools/guests';
import { createRiscvLayer } from '@commute/riscv-swap';
import { expect, test } from 'vitest';
import { LockStep } from './lock-step.ts';
import { loadGuest } from './programs.ts';

const operands = new Uint8Array(
  new BigUint64Array([0xfedc_ba98_7654_3210n, 0x1_0000_0001n, 2n ** 63n, 2n ** 64n - 1n]).buffer,
);

/** Runs that are short, but use what a program uses: host calls, the heap, recursion, 64-bit arithmetic. */
const runs: readonly (readonly [ProgramName, string | Uint8Array, string])[] = [
  ['hello', '', 'hello\n'],
  ['echo', 'x'.repeat(3000), 'x'.repeat(3000)],
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n'],
  ['sort', 'pear\nfig\napple\n', 'apple\nfig\npear\n'],
  ['sieve', '200', '46 199\n'],
  ['collatz', '27', '27 111\n'],
  ['arithmetic', operands, ''],
  ['json', '{"a":[1,2.5e-3,null],"b":"\\u00e9"}', 'valid\n'],
  ['lisp', '(define (f n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (f 5)', '5\n'],
];

const machines = new LockStep(createRiscvLayer());

test.for(runs)('%s is the same on both machines after every instruction', ([name, input, output]) => {
  const { upper } = machines;
  loadGuest(upper, name, input);
  machines.start(upper.snapshot());
  for (let step = 0; step < 400_000 && upper.halt === undefined; step++) {
    const difference = machines.step();
    if (difference !== undefined) expect.fail(`step ${String(step)}: ${difference}`);
  }
  expect(machines.compare()).toBeUndefined();
  expect(upper.halt).toEqual({ kind: 'exit', code: 0 });
  const printed = new TextDecoder().decode(upper.output());
  if (output !== '') expect(printed.endsWith(output), printed.slice(-200)).toBe(true);
});
