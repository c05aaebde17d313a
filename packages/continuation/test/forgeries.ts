/*
 * Rows that are wrong in one way only, for constraints that a change of a single cell of an honest row does not single out.
 */
import { BRK_LIMIT } from '@commute/micro-riscv';
import { type Flags, type Forgery } from './needs.ts';

/** What a test knows of a table. */
export interface KnownForgeries {
  readonly forgeries: readonly Forgery[];
  readonly flags?: Flags;
}

const plus =
  (name: string, amount: bigint) =>
  (cells: Readonly<Record<string, bigint>>): bigint =>
    cells[name]! + amount;

/** Each of some cells of an idle row set to 1, and another to what follows from it. */
function onIdleRow(
  active: Readonly<Record<string, bigint>>,
  cells: readonly string[],
  solve: readonly string[],
): Forgery[] {
  return cells.map((name) => ({ where: active, change: { [name]: 1n }, solve }));
}

const limbs = (name: string, value: (cells: Readonly<Record<string, bigint>>) => bigint): Forgery['change'] => ({
  [`${name}0`]: (cells) => value(cells) % 65536n,
  [`${name}1`]: (cells) => value(cells) / 65536n,
});

/** What a call that moves nothing has as zero. */
const nothingMoves = {
  ...Object.fromEntries([0, 1, 2, 3].map((index) => [`bytes[${String(index)}]`, 0n])),
  before: 0n,
  after: 0n,
  symbol: 0n,
  text: 0n,
  wordTime: 0n,
  wordGap: 0n,
};
/** The same of one whose kinds check no differences. */
const noDifferences = { 'differencesLow[0]': 0n, 'differencesLow[1]': 0n };
const differences = ['differences[0]', 'differences[1]'] as const;

/** The lowest break, by a row that sets it. */
const lowest = (cells: Readonly<Record<string, bigint>>): bigint => cells['first']! - cells['differences[0]']!;
const limit = BigInt(BRK_LIMIT);

/** For kinds of host calls a row that has it -1 times, together with others so that all sums come out right. */
const negativeCalls: readonly Forgery[] = [
  {
    where: { writeBadFile: 1n },
    change: { first: 0n, count: 0n, inverse: 0n, readBadFile: -1n, readEnd: 1n },
    solve: ['result'],
  },
  {
    where: { writeWord: 1n },
    change: {
      ...nothingMoves,
      ...noDifferences,
      // Three bytes of input are left at this position.
      cell: 16n,
      quotientLow: 4n,
      'remainders[0]': 0n,
      'remainders[1]': 0n,
      'remainders[2]': 0n,
      'differencesLow[1]': 1n,
      count: 0n,
      readWord: -1n,
      readEnd: 1n,
    },
    solve: [...differences, 'cellAfter', 'result'],
  },
  {
    where: { readWord: 1n },
    change: { ...nothingMoves, 'differencesLow[0]': 0n, count: 0n, writeWord: -1n, writeEmpty: 1n },
    solve: [...differences, 'cellAfter', 'result'],
  },
  { where: { writeEmpty: 1n }, change: { writeEmpty: 0n, writeByte: 1n, readByte: -1n, readEnd: 1n } },
  { where: { readEnd: 1n }, change: { readEnd: 0n, readByte: 1n, writeByte: -1n, writeEmpty: 1n, count: 0n } },
  {
    where: { writeFault: 1n },
    change: { ...noDifferences, count: 0n, inverse: 0n, readFault: -1n, readEnd: 1n },
    solve: [...differences, 'result'],
  },
  {
    where: { readFault: 1n },
    change: { ...noDifferences, count: 0n, inverse: 0n, writeFault: -1n, writeEmpty: 1n },
    solve: [...differences, 'result'],
  },
  {
    where: { readBadFile: 1n },
    change: { first: 2n, inverse: 0n, writeMessage: 1n, writeBadFile: -1n },
    solve: ['result'],
  },
  {
    where: { brkSet: 1n },
    // 3·first - 2·lowest - limit is 0, 1 or 2.
    change: {
      'differencesLow[0]': (cells) => (3n - ((limit + 2n * lowest(cells)) % 3n)) % 3n,
      'differencesLow[1]': (cells) => (limit - (limit + 2n * lowest(cells) + 2n) / 3n) % 65536n,
      first: (cells) => (limit + 2n * lowest(cells) + 2n) / 3n,
      brkLow: -1n,
      brkHigh: 1n,
    },
    solve: [...differences, 'cellAfter', 'result'],
  },
  {
    where: { brkSet: 1n },
    change: { brkLow: 1n, brkHigh: -1n, 'differencesLow[0]': (cells) => cells['differencesLow[1]']! },
    solve: [...differences, 'cellAfter', 'result'],
  },
];

/** Calls of `clean` that give 2^33 - 15, by a kind of write that is there -1 times. */
const cleanedTwice = (kind: 'writeMessage' | 'writeEmpty', file: bigint): Forgery => ({
  where: { clean: 1n },
  change: { first: file, clean: 2n, unknown: -1n, writeBadFile: 1n, [kind]: -1n },
  solve: ['unknownLow', 'result'],
});

/** Rows that are honest whatever the public values of host calls are, and forged for special ones: by what they show to be needed. */
export const specialForgeries: Readonly<Record<string, Forgery & { readonly publicValues: readonly bigint[] }>> = {
  // An exit with a break that is set -1 times, where the lowest break is the highest.
  'kind: brkSet is 0 or 1': {
    publicValues: [19n, limit],
    where: { exit: 1n },
    change: {
      first: (cells) => 256n * (limit / 256n + 2n) + cells['bytes[0]']!,
      'differencesLow[0]': () => (limit / 256n + 1n) % 65536n,
      'differencesLow[1]': (cells) => (cells['first']! - limit) % 65536n,
      brkSet: -1n,
      brkHigh: 1n,
    },
    solve: [...differences, 'cellAfter', 'result'],
  },
  // A write from the control page that reads a word, and -1 times nothing, at the end of an input of whole words.
  'kind: readEnd is 0 or 1': {
    publicValues: [20n, 0n],
    where: { writeFault: 1n },
    change: {
      readEnd: -1n,
      readWord: 1n,
      cell: 20n,
      quotientLow: 5n,
      'remainders[0]': 0n,
      'remainders[1]': 0n,
      'remainders[2]': 0n,
      wordGap: plus('time', 1n),
      // From the last byte of the page, which it is, to the sixteenth.
      buffer: plus('buffer', -4080n),
      'differencesLow[0]': (cells) => 15n + cells['count']! - 4n,
      'differencesLow[1]': 4080n - 4n,
    },
    solve: [...differences, 'cellAfter', 'result'],
  },
};

/** By the name of the table. */
export const knownForgeries: Readonly<Record<string, KnownForgeries>> = {
  processor: {
    forgeries: [
      // A wrong sum.
      {
        where: { isAddition: 1n },
        change: { sumLow: plus('sumLow', 1n), result: plus('result', 1n) },
        solve: ['carry'],
      },
      // A jump that clears two bits.
      { where: { isJump: 1n }, change: { left: plus('left', 1n), sumLow: plus('sumLow', 1n), hint: plus('hint', 1n) } },
    ],
  },
  'word access': {
    forgeries: [
      { where: { load: 0n, text: 0n, store: 0n }, change: { load: 1n, text: 1n, previous: 1n } },
      {
        where: { load: 1n },
        change: { store: 1n, text: -1n, loaded: 0n, before: 0n, previous: 0n, gap: 0n, time: 65535n },
      },
    ],
    flags: { flags: ['load', 'text', 'store'], solve: ['gap', 'previous'] },
  },
  'narrow access': {
    forgeries: [
      // Neither from text nor from memory.
      { where: { active: 1n, text: 0n }, change: { text: 2n, time: 65535n, previous: 0n, gap: 0n } },
      // A half-word from the last byte on.
      {
        where: { 'offsets[2]': 1n, store: 0n },
        change: { half: 1n, top: (cells) => cells['selected']!, sign: 0n, loaded: (cells) => cells['selected']! },
      },
      ...[0, 1, 2, 3].map((index) => ({
        where: { active: 0n },
        change: { [`bytes[${String(index)}]`]: 1n, after: 256n ** BigInt(index) },
      })),
    ],
  },
  'crossing access': {
    forgeries: [
      { where: { store: 1n }, change: { store: 2n }, solve: ['loaded', 'lowAfter', 'highAfter'] },
      ...(['low', 'high'] as const).flatMap((name): Forgery[] => [
        // Neither from text nor from memory.
        {
          where: { store: 0n, [`${name}Text`]: 0n, [name === 'low' ? 'highText' : 'lowText']: 0n },
          change: {
            [`${name}Text`]: 2n,
            time: 65535n,
            lowPrevious: 0n,
            lowGap: 0n,
            highPrevious: 0n,
            highGap: 0n,
          },
        },
        { where: { store: 1n }, change: { [`${name}Text`]: 1n, [`${name}Previous`]: 0n, [`${name}Gap`]: 0n } },
        ...[0, 1, 2, 3].map((index) => ({
          where: { notLast: 0n },
          change: { [`${name}[${String(index)}]`]: 1n, [`${name}After`]: 256n ** BigInt(index) },
        })),
      ]),
    ],
    flags: { flags: ['offsets[0]', 'offsets[1]', 'offsets[2]'], solve: [] },
  },
  bitwise: { forgeries: [], flags: { flags: ['and', 'or', 'xor'], solve: ['result'] } },
  shift: {
    forgeries: onIdleRow({ left: 0n, right: 0n, arithmetic: 0n }, ['low0', 'low1', 'high0'], ['high1', 'result']),
    flags: { flags: ['left', 'right', 'arithmetic'], solve: ['result'] },
  },
  comparison: {
    forgeries: [
      // A wrong comparison.
      { where: { active: 1n }, change: { differenceLow: plus('differenceLow', 1n) }, solve: ['less'] },
      ...onIdleRow(
        { active: 0n },
        ['leftLow', 'leftHigh', 'leftSign', 'rightLow', 'rightHigh', 'rightSign', 'differenceLow', 'less'],
        ['differenceHigh'],
      ),
    ],
  },
  multiplication: {
    forgeries: [
      // A wrong upper word.
      { where: { highSigned: 1n }, change: { result0: plus('result0', 1n) }, solve: ['wraps'] },
      ...onIdleRow(
        { low: 0n, highSigned: 0n, highSignedUnsigned: 0n, highUnsigned: 0n },
        ['low0', 'low1', 'high0'],
        ['high1'],
      ),
      ...onIdleRow(
        { low: 0n, highSigned: 0n, highSignedUnsigned: 0n, highUnsigned: 0n },
        ['wraps', 'result0'],
        ['result1'],
      ),
    ],
    flags: {
      flags: ['low', 'highSigned', 'highSignedUnsigned', 'highUnsigned'],
      solve: ['result1', 'inverse', 'wraps'],
    },
  },
  division: {
    forgeries: [
      // A wrong quotient.
      { where: { quotientSigned: 1n }, change: { result0: plus('result0', 1n) }, solve: ['wraps'] },
      // 2 by a divisor that is taken for a negative one.
      {
        where: {
          quotientSigned: 1n,
          dividendLow: 2n,
          dividendHigh: 0n,
          divisorIsNegative: 0n,
          quotient0: 0n,
          quotient1: 0n,
        },
        change: {
          divisorIsNegative: 1n,
          ...limbs(
            'distance',
            (cells) => 2n ** 32n - cells['divisorLow']! - 65536n * cells['divisorHigh']! - cells['remainder0']! - 1n,
          ),
        },
      },
      // A division by zero that is not quite one.
      {
        where: { byZero: 1n },
        change: {
          byZero: 2n,
          ...limbs('distance', (cells) => cells['remainder0']! + 65536n * cells['remainder1']! + 1n),
        },
      },
      // -7 / 2 = -1, as if it were by zero.
      {
        where: { quotientSigned: 1n, dividendLow: 65529n, dividendHigh: 65535n, divisorLow: 2n, divisorHigh: 0n },
        change: {
          byZero: 1n,
          quotient0: 1n,
          quotient1: 0n,
          remainder0: 5n,
          remainder1: 0n,
          distance0: 0n,
          distance1: 0n,
          result0: 65535n,
          result1: 65535n,
          wraps: 1n,
        },
      },
      ...onIdleRow(
        { quotientSigned: 0n, quotientUnsigned: 0n, remainderSigned: 0n, remainderUnsigned: 0n },
        ['dividendLow', 'dividendHigh', 'remainder0', 'wraps', 'result0'],
        ['remainder1', 'distance1', 'result1'],
      ),
      ...onIdleRow(
        { quotientSigned: 0n, quotientUnsigned: 0n, remainderSigned: 0n, remainderUnsigned: 0n },
        ['divisorLow', 'divisorHigh', 'distance0'],
        ['distance1'],
      ),
    ],
    flags: {
      flags: ['quotientSigned', 'quotientUnsigned', 'remainderSigned', 'remainderUnsigned'],
      solve: ['dividendIsNegative', 'divisorIsNegative', 'result1', 'wraps'],
    },
  },
  'host calls': {
    forgeries: [
      ...negativeCalls,
      cleanedTwice('writeMessage', 2n),
      cleanedTwice('writeEmpty', 1n),
      { where: { writeWord: 1n }, change: { 'offsets[0]': 1n, symbol: (cells) => cells['bytes[1]']! } },
      {
        where: { writeWord: 1n },
        change: { 'remainders[0]': 1n, cell: plus('cell', 1n), cellAfter: plus('cellAfter', 1n) },
      },
      // One byte, where four should be moved.
      { where: { smallCount: 1n, readByte: 1n }, change: { count: 9n }, solve: ['inverse'] },
      {
        where: { smallLeft: 1n },
        change: { cell: plus('cell', -4n), cellAfter: plus('cellAfter', -4n), quotientLow: plus('quotientLow', -1n) },
        solve: ['inverse'],
      },
      {
        where: { smallCount: 1n, writeByte: 1n },
        change: { smallCount: 0n, smallLeft: 1n, cell: 16n, cellAfter: 17n, quotientLow: 4n },
      },
      { where: { readByte: 1n, 'offsets[0]': 1n, count: 2n }, change: { smallCount: 1n, smallLeft: -1n } },
      { where: { readByte: 1n, 'offsets[0]': 1n, count: 2n }, change: { smallCount: -1n, smallLeft: 1n } },
      // Bytes from text that go to memory, and bytes from nowhere.
      { where: { readWord: 1n }, change: { text: 1n, wordTime: 0n, wordGap: 0n } },
      {
        where: { writeByte: 1n, text: 0n },
        change: {
          text: 2n,
          bufferTime: (cells) => cells['bufferTime']! + 65535n - cells['time']!,
          countTime: (cells) => cells['countTime']! + 65535n - cells['time']!,
          cellTime: (cells) => cells['cellTime']! + 65535n - cells['time']!,
          time: 65535n,
          wordTime: 0n,
          wordGap: 0n,
        },
      },
    ],
  },
};
