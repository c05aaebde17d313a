import { join, prose, utf8, type GuestCase } from './case.ts';

const invalid: readonly (readonly [input: string, position: number, reason: string])[] = [
  ['', 0, 'the input ends too early'],
  [' \n', 2, 'the input ends too early'],
  ['nul', 3, 'the input ends too early'],
  ['nulL', 3, 'expected true, false or null'],
  ['trux', 3, 'expected true, false or null'],
  ['nullx', 4, 'expected the end of the input'],
  ['1 2', 2, 'expected the end of the input'],
  ['01', 1, 'expected the end of the input'],
  ['-', 1, 'the input ends too early'],
  ['-a', 1, 'expected a digit'],
  ['+1', 0, 'expected a value'],
  ['.5', 0, 'expected a value'],
  ['1.', 2, 'the input ends too early'],
  ['1.e5', 2, 'expected a digit'],
  ['1e+', 3, 'the input ends too early'],
  ['1e+-1', 3, 'expected a digit'],
  ['"', 1, 'the input ends too early'],
  ['"a\nb"', 2, 'a control character in a string must be escaped'],
  ['"\\x41"', 2, 'no such escape'],
  ['"\\u12g4"', 5, 'expected a hexadecimal digit'],
  ["'a'", 0, 'expected a value'],
  ['[', 1, 'the input ends too early'],
  ['[,]', 1, 'expected a value or ]'],
  ['[1,]', 3, 'expected a value'],
  ['[1 2]', 3, 'expected a comma or ]'],
  ['[1}', 2, 'expected a comma or ]'],
  ['[]]', 2, 'expected the end of the input'],
  ['{', 1, 'the input ends too early'],
  ['{,}', 1, 'expected a name in quotes or }'],
  ['{1:2}', 1, 'expected a name in quotes or }'],
  ['{"a"}', 4, 'expected a colon'],
  ['{"a" 1}', 5, 'expected a colon'],
  ['{"a":}', 5, 'expected a value'],
  ['{"a":1,}', 7, 'expected a name in quotes'],
  ['{"a":1]', 6, 'expected a comma or }'],
  ['{"a":[1}', 7, 'expected a comma or ]'],
  ['[[[[', 4, 'the input ends too early'],
  ['\uFEFF1', 0, 'expected a value'],
  ['/**/1', 0, 'expected a value'],
  ['NaN', 0, 'expected a value'],
];

const invalidUtf8: readonly (readonly [bytes: readonly number[], position: number])[] = [
  [[0x80], 1],
  [[0xc0, 0x80], 1],
  [[0xc1, 0xbf], 1],
  [[0xc3, 0x22], 2],
  [[0xe0, 0x9f, 0xbf], 2],
  [[0xed, 0xa0, 0x80], 2],
  [[0xe2, 0x82, 0x22], 3],
  [[0xf0, 0x8f, 0xbf, 0xbf], 2],
  [[0xf4, 0x90, 0x80, 0x80], 2],
  [[0xf5, 0x80], 1],
];

const valid: readonly string[] = [
  'null',
  'true',
  ' false\r\n\t',
  '0',
  '-0',
  '-0.0e-0',
  '123456789012345678901234567890',
  '1E400',
  '""',
  '"\u007f"',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD800"',
  '"é €   𝄞 \u{10ffff}"',
  '[]',
  '[ ]',
  '{}',
  '{ }',
  '[[],[[]],{}]',
  '{"a":{"b":[1,2.5,-3e+7,null,true,false,"x"]},"a":2,"":[]}',
  ' [ 1 , { "k" : [ ] } ] ',
];

/** A document of about `length` bytes with the structure that documents have. */
function sampleDocument(length: number): string {
  const entries: unknown[] = [];
  const words = prose(length, 31).split(/\s+/);
  for (let index = 0; index + 3 < words.length; index += 4) {
    const [title, author, first, second] = words.slice(index, index + 4);
    entries.push({ id: index, title, author: { name: author, ratio: index / 7 }, tags: [first, second, null, true] });
  }
  return JSON.stringify(entries, undefined, 1);
}

/** Cases of the JSON validator. */
export function jsonCases(): GuestCase[] {
  const accept = (name: string, input: string, weight: GuestCase['weight'] = 'light'): GuestCase => ({
    program: 'json',
    name,
    input: utf8(input),
    output: utf8('valid\n'),
    exitCode: 0,
    weight,
  });
  const refuse = (name: string, input: Uint8Array<ArrayBuffer>, position: number, reason: string): GuestCase => ({
    program: 'json',
    name,
    input,
    output: utf8(`invalid at byte ${String(position)}: ${reason}\n`),
    exitCode: 1,
    weight: 'light',
  });
  const deep = 2000;
  return [
    ...valid.map((input) => accept(`accepts ${JSON.stringify(input)}`, input)),
    ...invalid.map(([input, position, reason]) =>
      refuse(`refuses ${JSON.stringify(input)}`, utf8(input), position, reason),
    ),
    ...invalidUtf8.map(([bytes, position]) =>
      refuse(
        `refuses ${bytes.map((byte) => byte.toString(16)).join(' ')}`,
        join(utf8('"'), Uint8Array.from(bytes), utf8('"')),
        position,
        'not UTF-8',
      ),
    ),
    accept('deep arrays', '['.repeat(deep) + ']'.repeat(deep)),
    accept('deep objects', '{"a":'.repeat(deep) + '1' + '}'.repeat(deep)),
    refuse(
      'a bracket is missing at the end',
      utf8('['.repeat(deep) + ']'.repeat(deep - 1)),
      2 * deep - 1,
      'the input ends too early',
    ),
    {
      ...refuse('100001 brackets', utf8('['.repeat(100001)), 100000, 'nested deeper than 100000 levels'),
      weight: 'heavy',
    },
    accept('a document of 14 KiB', sampleDocument(2000)),
    accept('a document of 90 KiB', sampleDocument(13000), 'heavy'),
  ];
}
