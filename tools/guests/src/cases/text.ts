import { sha256Line, sortedLines, wordCounts } from '../oracles/text.ts';
import { noise, prose, pseudoRandom, utf8, type GuestCase } from './case.ts';

type Input = readonly [name: string, input: Uint8Array<ArrayBuffer>, weight?: 'heavy'];

/** Lengths around every boundary of the padding. */
const shaInputs = (): Input[] => [
  ['nothing', utf8('')],
  ['abc', utf8('abc')],
  ...[55, 56, 63, 64, 65, 119, 120].map((length): Input => [`${String(length)} bytes`, noise(length, length)]),
  ['4 KiB and 1 byte', noise(4097, 4)],
  ['20 KiB', noise(20480, 5), 'heavy'],
  ['100 KiB', noise(102400, 6), 'heavy'],
];

const sortInputs = (): Input[] => [
  ['nothing', utf8('')],
  ['one newline', utf8('\n')],
  ['one line without a newline', utf8('only')],
  ['empty lines among others', utf8('b\n\na\n\n\n')],
  ['lines that begin alike', utf8('aaaa\naaaab\naaa\naaaa\0\naaaa\x01\na\naaaaa\n')],
  ['bytes of every value', Uint8Array.from({ length: 512 }, (_, index) => (index & 1 ? 10 : 255 - (index >> 1)))],
  ['lines that are all equal', utf8('same\n'.repeat(100))],
  ['lines in descending order', utf8(Array.from({ length: 200 }, (_, index) => `${String(999 - index)}\n`).join(''))],
  ['2 KiB of prose', utf8(prose(2048, 1).replaceAll(' ', '\n'))],
  ['noise', noise(3000, 2)],
  ['40 KiB of prose', utf8(prose(40960, 3).replaceAll(' ', '\n')), 'heavy'],
  ['300 KiB of numbers', utf8(numbers(40000)), 'heavy'],
];

function numbers(count: number): string {
  const random = pseudoRandom(11);
  return Array.from({ length: count }, () => `${String(random(10000000))}\n`).join('');
}

const countInputs = (): Input[] => [
  ['nothing', utf8('')],
  ['only blanks', utf8(' \n\t \n')],
  ['a word at the end', utf8('The cat, the dog; THE end')],
  ['words of bytes above 127', utf8('für Für FÜR naïve\n')],
  ['more than ten words of one frequency', utf8('k j i h g f e d c b a z y x')],
  ['noise', noise(2000, 8)],
  ['prose', utf8(prose(8000, 9))],
  ['60 KiB of prose', utf8(prose(61440, 10)), 'heavy'],
];

const echoInputs = (): Input[] => [
  ['nothing', utf8('')],
  ['one byte', utf8('x')],
  ['bytes of every value', Uint8Array.from({ length: 256 }, (_, index) => index)],
  ['4095 bytes', noise(4095, 12)],
  ['4096 bytes', noise(4096, 13)],
  ['10001 bytes', noise(10001, 14)],
];

/** Cases of the programs that turn bytes into bytes. */
export function textCases(): GuestCase[] {
  const groups = [
    [
      'hello',
      [['nothing', utf8('')] as Input, ['input that it leaves unread', utf8('unread')] as Input],
      () => utf8('hello\n'),
    ],
    ['echo', echoInputs(), (input: Uint8Array<ArrayBuffer>) => input],
    ['sha256', shaInputs(), sha256Line],
    ['sort', sortInputs(), sortedLines],
    ['wordcount', countInputs(), wordCounts],
  ] as const;
  return groups.flatMap(([program, inputs, oracle]) =>
    inputs.map(([name, input, weight]): GuestCase => ({
      program,
      name,
      input,
      output: oracle(input),
      exitCode: 0,
      weight: weight ?? 'light',
    })),
  );
}
