import { describe, expect, test } from 'vitest';
import { guestCases, guestCasesOf, programNames } from '../src/index.ts';
import { arithmeticResults, longestCollatz, mandelbrot, primesUpTo } from '../src/oracles/numbers.ts';
import { lz4Frame, skippableFrame, xxHash32 } from '../src/oracles/lz4.ts';
import { isJson, sha256Line, sortedLines, wordCounts } from '../src/oracles/text.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('the table of cases', () => {
  const cases = guestCases();

  test('has names that are unique within a program', () => {
    const names = cases.map((one) => `${one.program}: ${one.name}`);
    expect(names.length).toBeGreaterThan(250);
    expect(new Set(names).size).toBe(names.length);
  });

  test.for(programNames)('runs %s on nothing and on something', (program) => {
    const lengths = cases.filter((one) => one.program === program).map((one) => one.input.length);
    expect(lengths.some((length) => length === 0)).toBe(true);
    expect(lengths.some((length) => length > 0)).toBe(true);
  });

  test('is the same each time, as a whole and in parts', () => {
    expect(programNames.flatMap(guestCasesOf)).toHaveLength(cases.length);
    expect(guestCases()).toEqual(cases);
  });

  test('agrees with the platform on what is JSON', () => {
    for (const one of cases.filter(({ program }) => program === 'json')) {
      expect(one.exitCode === 0, one.name).toBe(isJson(one.input));
    }
  });
});

describe('oracles agree with published values', () => {
  test('FIPS 180-4: SHA-256 of abc', () => {
    expect(text(sha256Line(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n');
  });

  test('OEIS A006880, A003618: primes up to powers of ten', () => {
    expect([10, 100, 1000, 10000, 100000].map(primesUpTo)).toEqual([
      '4 7\n',
      '25 97\n',
      '168 997\n',
      '1229 9973\n',
      '9592 99991\n',
    ]);
  });

  test('OEIS A006877, A006878: longest Collatz chains below powers of ten', () => {
    expect([10, 100, 1000, 10000].map(longestCollatz)).toEqual(['9 19\n', '97 118\n', '871 178\n', '6171 261\n']);
  });

  test('the xxHash specification: 32-bit hashes', () => {
    const sanity = new Uint8Array(101);
    let generator = 2654435761n;
    for (let index = 0; index < 101; index += 1) {
      sanity[index] = Number(generator >> 56n);
      generator = BigInt.asUintN(64, generator * 11400714785074694797n);
    }
    expect([0, 1, 14].map((length) => xxHash32(sanity.subarray(0, length)))).toEqual([
      0x02cc5d05, 0xcf65b03e, 0x1208e7e2,
    ]);
    expect(xxHash32(utf8('abc'))).toBe(0x32d153ff);
    expect(xxHash32(utf8('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f);
  });

  test('the RISC-V M extension: division by zero and overflow', () => {
    const least = 0x8000000000000000n;
    const ones = 2n ** 64n - 1n;
    expect(arithmeticResults(7n, 0n).slice(1, 5)).toEqual([ones, 7n, ones, 7n]);
    expect(arithmeticResults(least, ones).slice(3, 5)).toEqual([least, 0n]);
    expect(arithmeticResults(0x80000000n, 0xffffffffn).slice(11, 13)).toEqual([0x80000000n, 0n]);
  });
});

describe('oracles agree with what can be seen', () => {
  test('sorted lines', () => {
    expect(text(sortedLines(utf8('b\na\n\nab')))).toBe('\na\nab\nb\n');
    expect(text(sortedLines(utf8('')))).toBe('');
  });

  test('counted words', () => {
    expect(text(wordCounts(utf8('a b\nA')))).toBe('lines 1\nwords 3\nbytes 5\ndistinct 2\n2 a\n1 b\n');
  });

  test('the middle of the picture belongs to the set, its corner does not', () => {
    const rows = mandelbrot(30, 15, 50).split('\n');
    expect(rows).toHaveLength(16);
    expect([rows[7]?.[20], rows[0]?.[0]]).toEqual(['@', '.']);
  });

  test('frames begin with their magic number and shrink what repeats', () => {
    const frame = lz4Frame(new Uint8Array(100000));
    expect([...frame.subarray(0, 4)]).toEqual([0x04, 0x22, 0x4d, 0x18]);
    expect(frame.length).toBeLessThan(1000);
    expect([...skippableFrame(utf8('ab'), 3)]).toEqual([0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 0x61, 0x62]);
  });
});
