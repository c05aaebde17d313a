import { arithmeticResults, longestCollatz, mandelbrot, memoryChecksum, primesUpTo } from '../oracles/numbers.ts';
import type { ProgramName } from '../programs.ts';
import { pseudoRandom, utf8, type GuestCase } from './case.ts';

type Weight = GuestCase['weight'];

function accepted(program: ProgramName, input: string, output: string, weight: Weight = 'light'): GuestCase {
  return { program, name: input, input: utf8(`${input}\n`), output: utf8(output), exitCode: 0, weight };
}

function rejected(program: ProgramName, message: string, inputs: readonly string[]): GuestCase[] {
  return inputs.map((input) => ({
    program,
    name: `refuses ${JSON.stringify(input)}`,
    input: utf8(input),
    output: utf8(message),
    exitCode: 1,
    weight: 'light',
  }));
}

const edges = [
  0n,
  1n,
  2n,
  3n,
  7n,
  10n,
  31n,
  32n,
  33n,
  63n,
  0x7fffffffn,
  0x80000000n,
  0x80000001n,
  0xffffffffn,
  0x100000000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0x8000000000000001n,
  0xfffffffffffffffen,
  0xffffffffffffffffn,
];

/** Input and output of the program `arithmetic` for pairs of 64-bit words. */
export function arithmeticCase(
  name: string,
  pairs: readonly (readonly [bigint, bigint])[],
  weight: Weight = 'light',
): GuestCase {
  const input = new BigUint64Array(pairs.flat());
  const output = new BigUint64Array(pairs.flatMap(([a, b]) => arithmeticResults(a, b)));
  return {
    program: 'arithmetic',
    name,
    input: new Uint8Array(input.buffer),
    output: new Uint8Array(output.buffer),
    exitCode: 0,
    weight,
  };
}

function randomPairs(count: number): (readonly [bigint, bigint])[] {
  const random = pseudoRandom(21);
  const anyWord = (): bigint => ((BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32))) >> BigInt(random(64));
  return Array.from({ length: count }, () => [anyWord(), anyWord()] as const);
}

/** Cases of the programs that compute with numbers. */
export function numberCases(): GuestCase[] {
  const sieve = (bound: number, weight?: Weight): GuestCase =>
    accepted('sieve', String(bound), primesUpTo(bound), weight);
  const collatz = (bound: number, weight?: Weight): GuestCase =>
    accepted('collatz', String(bound), longestCollatz(bound), weight);
  const memory = (mebibytes: number, distance: number, weight?: Weight): GuestCase =>
    accepted('memory', `${String(mebibytes)} ${String(distance)}`, memoryChecksum(mebibytes, distance), weight);
  const picture = (width: number, height: number, iterations: number, weight?: Weight): GuestCase => {
    const input = [width, height, iterations].map(String).join(' ');
    return accepted('mandelbrot', input, mandelbrot(width, height, iterations), weight);
  };
  return [
    ...[0, 1, 2, 3, 4, 8, 9, 24, 25, 64, 65, 121, 1000, 7919, 20000].map((bound) => sieve(bound)),
    sieve(500000, 'heavy'),
    { ...accepted('sieve', '97', primesUpTo(97)), name: 'blanks around the number', input: utf8(' \n\t97 \r\n') },
    ...rejected('sieve', 'expected a number from 0 to 1000000000\n', [
      '',
      ' ',
      '-1',
      '1x',
      '1000000001',
      '99999999999999999999',
      '5 5',
    ]),

    ...[1, 2, 3, 27, 300].map((bound) => collatz(bound)),
    collatz(5000, 'heavy'),
    ...rejected('collatz', 'expected a number from 1 to 10000000\n', ['', '0', '10000001']),

    ...(
      [
        [1, 64],
        [0, 4],
        [1, 4096],
        [2, 1048576],
        [1, 12],
      ] as const
    ).map(([size, distance]) => memory(size, distance, size === 1 && distance === 12 ? 'heavy' : 'light')),
    memory(3, 2052),
    memory(80, 4096, 'light'),
    memory(65, 64, 'heavy'),
    { ...accepted('memory', '1', memoryChecksum(1, 64)), name: 'a distance of 64 if none is given' },
    ...rejected(
      'memory',
      'expected a number of MiB from 0 to 1024 and a distance that is a multiple of 4 up to 1048576\n',
      ['', '1025', '1 0', '1 6', '1 1048580', '1 4 4', '1 x'],
    ),

    picture(1, 1, 1),
    picture(24, 12, 20),
    picture(60, 30, 60, 'heavy'),
    ...rejected('mandelbrot', 'expected a width and a height up to 1000 and a number of iterations up to 10000\n', [
      '',
      '10',
      '10 10',
      '0 10 10',
      '10 10 10001',
      '1 1 1 1',
    ]),

    arithmeticCase('nothing', []),
    arithmeticCase('random words', randomPairs(60)),
    arithmeticCase(
      'all pairs of edges',
      edges.flatMap((a) => edges.map((b) => [a, b] as const)),
      'heavy',
    ),
    arithmeticCase('some pairs of edges', [
      [0n, 0n],
      [1n, 0n],
      [0x8000000000000000n, 0xffffffffffffffffn],
      [0x80000000n, 0xffffffffn],
    ]),
    {
      ...arithmeticCase('a word without its partner is left', [[6n, 7n]]),
      input: new Uint8Array(new BigUint64Array([6n, 7n, 8n]).buffer),
    },
  ];
}
