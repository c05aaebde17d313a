/**
 * Host calls, one row each: read, write, exit, brk, and the refusals of all others (docs/spec/micro-riscv.md, "Host calls").
 *
 * Two differences that must not be negative are checked on every row; which ones they are depends on the kind of the row.
 *
 * @module
 */
import { inverse } from '@commute/field';
import { BRK_LIMIT, CONTROL_PAGE, HOST_CALL } from '@commute/micro-riscv';
import { column, type ColumnRecord, columns, defineTable, type Table, type Term } from '@commute/stark';
import { BRK_REGISTER, INPUT_POSITION_REGISTER, OUTPUT_LENGTH_REGISTER, REGISTER_KEYS } from '../program/keys.ts';
import { OPERATION } from '../program/operations.ts';
import {
  accessMemory,
  checkLimbs,
  chooseSome,
  chooseWithin,
  OPERATION_TICK,
  upperLimb,
  zeroWhereIdle,
} from './parts.ts';

const A1 = 11;
const A2 = 12;
/** Numbers of the stream on the bus `stream`. */
export const STREAM = { input: 0, output: 1 } as const;
/** Results of refused calls. */
export const REFUSAL = { badFile: -9, fault: -14, invalid: -22, unknown: -38 } as const;

const main = {
  exit: column('exit'),
  unknown: column('a call that the machine does not have: -38'),
  clean: column('clean, of a machine without regions above: -22'),
  brkSet: column('brk with an address in range'),
  brkLow: column('brk with an address below the lowest'),
  brkHigh: column('brk with an address above the highest'),
  readBadFile: column('read from another file: -9'),
  readEnd: column('read of nothing, or at the end: 0'),
  readWord: column('read of four bytes'),
  readByte: column('read of one byte'),
  readFault: column('read to the control page: -14'),
  writeMessage: column('write to file 2: accepted and dropped'),
  writeBadFile: column('write to another file: -9'),
  writeEmpty: column('write of nothing: 0'),
  writeWord: column('write of four bytes'),
  writeByte: column('write of one byte'),
  writeFault: column('write from the control page: -14'),
  number: column('a7: number of the call'),
  first: column('a0: file, address or code'),
  result: column('a0 afterwards; of exit 0'),
  time: column('first tick of the cycle'),
  buffer: column('a1: address of the bytes'),
  bufferTime: column('last access to a1'),
  bufferGap: column('lower limb of the ticks since then, less one'),
  count: column('a2: number of bytes'),
  countTime: column('last access to a2'),
  countGap: column('lower limb of the ticks since then, less one'),
  cell: column('input position, output length or brk'),
  cellAfter: column('the same afterwards'),
  cellTime: column('last access to it'),
  cellGap: column('lower limb of the ticks since then, less one'),
  remainders: columns(3, 'whether the position modulo 4 is 1, 2 or 3'),
  quotientLow: column('lower limb of the position divided by 4'),
  offsets: columns(3, 'whether the offset of the byte in its word is 1, 2 or 3'),
  text: column('whether the bytes written come from program text'),
  before: column('what memory or text held at the word of the buffer'),
  after: column('what it holds afterwards'),
  wordTime: column('last access to it'),
  wordGap: column('lower limb of the ticks since then, less one'),
  bytes: columns(4, 'the bytes of the word; of exit, the code first'),
  symbol: column('the first byte that is moved'),
  smallCount: column('whether one byte is moved because a2 is less than 4'),
  smallLeft: column('whether one byte is moved because less than 4 are left'),
  inverse: column('inverse of what must not be zero'),
  unknownLow: column('zero for the calls 63, 64 and 93'),
  unknownHigh: column('zero for the calls 94, 214 and 4096'),
  differences: columns(2, 'two numbers that must not be negative'),
  differencesLow: columns(2, 'lower limbs of these'),
} as const satisfies ColumnRecord;

/** The table. */
export const hostCallTable: Table = /* @__PURE__ */ defineTable({
  name: 'host calls',
  columns: { main },
  publicValues: ['inputLength', 'brkStart'],
  eval: (builder) => {
    const { current: row } = builder.main;
    const { publicValues } = builder;
    const { exit, unknown, clean, brkSet, brkLow, brkHigh } = row;
    const { readBadFile, readEnd, readWord, readByte, readFault } = row;
    const { writeMessage, writeBadFile, writeEmpty, writeWord, writeByte, writeFault } = row;
    const { number, first, result, time, buffer, count, cell, cellAfter, before, after, symbol } = row;
    const sum = (...terms: readonly Term[]): Term => terms.reduce((total, term) => total.add(term));
    const weigh = (terms: readonly Term[], base: number): Term =>
      sum(...terms.map((term, index) => term.multiply(base ** index)));
    /** The sum of values of which one is chosen by its flag. */
    const choose = (...cases: readonly (readonly [Term, Term])[]): Term =>
      sum(...cases.map(([flag, value]) => flag.multiply(value)));
    const constant = (value: number): Term => builder.constant(value);

    const reads = sum(readBadFile, readEnd, readWord, readByte, readFault);
    const writes = sum(writeMessage, writeBadFile, writeEmpty, writeWord, writeByte, writeFault);
    const brks = sum(brkSet, brkLow, brkHigh);
    // With `active` other than 0 and 1 the number is 0, which is that of no kind but `unknown`; so at most one kind is set. No
    // other kind has the number of `exit` or of `clean`; so these are 0 or 1. So is `unknown`: where the number is a known one its
    // factors below are zero, and no inverse makes up for it unless several kinds of one file are set; but these would have a position
    // that is zero and leaves a remainder.
    const others = chooseSome(builder, 'kind', {
      brkSet,
      brkLow,
      brkHigh,
      readBadFile,
      readEnd,
      readWord,
      readByte,
      readFault,
      writeMessage,
      writeBadFile,
      writeEmpty,
      writeWord,
      writeByte,
      writeFault,
    });
    const active = sum(others, exit, unknown, clean);
    const operation = active.multiply(OPERATION.call).add(exit.multiply(OPERATION.exit - OPERATION.call));
    builder.receive('operation', [operation, number, first, result, time], active);

    // Which call it is.
    const differs = (value: number): Term => number.subtract(value);
    builder.when(exit).assertZero('exit is 93 or 94', differs(HOST_CALL.exit).multiply(differs(HOST_CALL.exitGroup)));
    builder.when(reads).assertEqual('read is 63', number, HOST_CALL.read);
    builder.when(writes).assertEqual('write is 64', number, HOST_CALL.write);
    builder.when(brks).assertEqual('brk is 214', number, HOST_CALL.brk);
    builder.when(clean).assertEqual('clean is 4096', number, HOST_CALL.clean);
    builder.assertEqual(
      'unknown calls: first three',
      row.unknownLow,
      unknown.multiply(differs(HOST_CALL.read)).multiply(differs(HOST_CALL.write)).multiply(differs(HOST_CALL.exit)),
    );
    builder.assertEqual(
      'unknown calls: last three',
      row.unknownHigh,
      unknown
        .multiply(differs(HOST_CALL.exitGroup))
        .multiply(differs(HOST_CALL.brk))
        .multiply(differs(HOST_CALL.clean)),
    );

    // The registers a1 and a2, and the cell of the call.
    const at = time.add(OPERATION_TICK);
    const transfers = reads.add(writes);
    const register = (index: number): Term => constant(REGISTER_KEYS + index);
    const fields = [
      { key: register(A1), before: buffer, after: buffer, previous: row.bufferTime, gap: row.bufferGap },
      { key: register(A2), before: count, after: count, previous: row.countTime, gap: row.countGap },
    ];
    for (const { gap, ...access } of fields) accessMemory(builder, { ...access, time: at }, gap, transfers);
    const usesCell = transfers.add(brks);
    const cellKey = register(0)
      .add(reads.multiply(INPUT_POSITION_REGISTER))
      .add(writes.multiply(OUTPUT_LENGTH_REGISTER))
      .add(brks.multiply(BRK_REGISTER));
    const cellAccess = { key: cellKey, before: cell, after: cellAfter, time: at, previous: row.cellTime };
    accessMemory(builder, cellAccess, row.cellGap, usesCell);

    // What moves: a word, or the byte at an offset in one.
    const words = readWord.add(writeWord);
    const bytewise = readByte.add(writeByte);
    const moves = words.add(bytewise);
    const step = words.multiply(4).add(bytewise);
    builder.assertEqual(
      'the cell moves on, or is set',
      cellAfter,
      sum(usesCell.subtract(brkSet).multiply(cell), step, brkSet.multiply(first)),
    );
    const [left, offsets] = [publicValues.inputLength.subtract(cell), row.offsets];
    const split = (name: string, flags: readonly Term[], whole: Term): Term => {
      const [one, two, three] = flags as [Term, Term, Term];
      return chooseWithin(builder, name, { one, two, three }, whole);
    };
    const bufferIsWhole = split('offset', offsets, moves);
    const positionIsWhole = split('remainder', row.remainders, transfers);
    const remainder = weigh([constant(0), ...row.remainders.map((flag, index) => flag.multiply(index + 1))], 1);
    const quotient = cell.subtract(remainder).multiply(INVERSE_FOUR);
    checkLimbs(builder, quotient, row.quotientLow, transfers);
    // With the lines above: a position below 2^28.
    builder.send('range', [upperLimb(quotient, row.quotientLow).multiply(64)], transfers);
    builder.assertZero('a word goes to a word', words.multiply(bufferIsWhole.complement()));
    builder.assertZero('a word comes from a word', words.multiply(positionIsWhole.complement()));
    builder.assertBoolean('small count is boolean', row.smallCount);
    builder.assertBoolean('small left is boolean', row.smallLeft);
    const isSmall = (value: Term): Term => value.subtract(1).multiply(value.subtract(2)).multiply(value.subtract(3));
    builder.when(row.smallCount).assertZero('a small count is 1, 2 or 3', isSmall(count));
    builder.when(row.smallLeft).assertZero('a small rest is 1, 2 or 3', isSmall(left));
    builder.assertZero('only a read of a byte has a small rest', readByte.complement().multiply(row.smallLeft));
    const areWhole = bufferIsWhole.multiply(positionIsWhole);
    const isFew = row.smallCount.add(row.smallLeft);
    builder.assertZero('one byte for a reason', bytewise.multiply(areWhole).multiply(isFew.complement()));
    builder.assertZero('for one reason', isFew.multiply(areWhole.complement()));

    const key = buffer.subtract(
      weigh(
        offsets.map((flag, index) => flag.multiply(index + 1)),
        1,
      ),
    );
    const wordAccess = { key, before, after, time: at, previous: row.wordTime };
    builder.assertBoolean('text is boolean', row.text);
    builder.assertZero('only writing takes from text', writeWord.add(writeByte).complement().multiply(row.text));
    const touches = moves.subtract(row.text);
    accessMemory(builder, wordAccess, row.wordGap, touches);
    builder.send('text', [key, before], row.text);
    const bytes = row.bytes;
    builder.send('bytes', [bytes[0]!, bytes[1]!], moves.add(exit));
    builder.send('bytes', [bytes[2]!, bytes[3]!], moves);
    const content = weigh(bytes, 256);
    const chosen = [bufferIsWhole, ...offsets];
    const selected = sum(...chosen.map((flag, index) => flag.multiply(bytes[index]!)));
    const place = weigh(chosen, 256);
    builder.when(words).assertEqual('a word has these bytes', after, content);
    builder.when(bytewise).assertEqual('the word of a byte has these bytes', before, content);
    builder.when(writeWord.add(writeByte)).assertEqual('writing leaves memory as it is', after, before);
    builder
      .when(readByte)
      .assertEqual('reading a byte replaces it', after, before.add(place.multiply(symbol.subtract(selected))));
    builder
      .when(writeWord.add(readWord).add(writeByte))
      .assertEqual('the symbol is the byte at the offset', symbol, selected);
    const stream = writes.multiply(STREAM.output);
    const direction = writeWord.add(writeByte).subtract(readWord).subtract(readByte);
    builder.send('stream', [stream, cell, symbol], direction);
    for (const index of [1, 2, 3]) {
      builder.send('stream', [stream, cell.add(index), bytes[index]!], writeWord.subtract(readWord));
    }
    builder.send('exit', [bytes[0]!], exit);

    // What must not be zero, what must be, and what must not be negative.
    const needsInverse = sum(unknown, readBadFile, writeBadFile, readByte, readFault, writeByte, writeFault);
    builder.assertZero('no inverse of what may be zero', needsInverse.complement().multiply(row.inverse));
    builder.assertEqual(
      'inverse of what must not be zero',
      row.inverse.multiply(
        sum(
          row.unknownLow.multiply(row.unknownHigh),
          readBadFile.multiply(first),
          writeBadFile.multiply(first.subtract(1)).multiply(first.subtract(2)),
          readByte.add(readFault).multiply(count).multiply(left),
          writeByte.add(writeFault).multiply(count),
        ),
      ),
      needsInverse,
    );
    const readsInput = reads.subtract(readBadFile);
    builder.when(readsInput).assertZero('file 0 is read', first);
    builder.when(writes.subtract(writeBadFile).subtract(writeMessage)).assertEqual('file 1 is written', first, 1);
    builder.when(writeMessage).assertEqual('file 2 takes messages', first, 2);
    builder.when(readEnd).assertZero('nothing is asked for, or left', count.multiply(left));
    builder.when(writeEmpty).assertZero('nothing is written', count);
    const lowest = publicValues.brkStart;
    const faults = readFault.add(writeFault);
    const beyond = buffer.subtract(CONTROL_PAGE);
    const expected = [
      choose(
        [words, count.subtract(4)],
        [brkSet, first.subtract(lowest)],
        [brkLow, lowest.subtract(1).subtract(first)],
        [brkHigh, first.subtract(BRK_LIMIT + 1)],
        [faults, beyond],
        [exit, first.subtract(bytes[0]!).multiply(INVERSE_BYTE)],
      ),
      choose(
        [readWord, left.subtract(4)],
        [brkSet, first.negate().add(BRK_LIMIT)],
        [faults, beyond.negate().add(4095)],
      ),
    ];
    expected.forEach((value, index) => {
      builder.assertEqual(`difference ${String(index + 1)} is that of the kind`, row.differences[index]!, value);
      checkLimbs(builder, row.differences[index]!, row.differencesLow[index]!, active);
    });

    builder.assertEqual(
      'the result is that of the kind',
      result,
      sum(
        step,
        choose([brkSet, first], [brkLow.add(brkHigh), cell], [writeMessage, count]),
        readBadFile.add(writeBadFile).multiply(WORD + REFUSAL.badFile),
        faults.multiply(WORD + REFUSAL.fault),
        clean.multiply(WORD + REFUSAL.invalid),
        unknown.multiply(WORD + REFUSAL.unknown),
      ),
    );

    zeroWhereIdle(builder, active, {
      number,
      first,
      time,
      differencesLow: row.differencesLow,
    });
    zeroWhereIdle(builder, moves.add(exit), { 'first byte': bytes[0]! });
    zeroWhereIdle(builder, moves, { 'further bytes': bytes.slice(1) });
    zeroWhereIdle(builder, transfers, {
      buffer,
      bufferTime: row.bufferTime,
      bufferGap: row.bufferGap,
      count,
      countTime: row.countTime,
      countGap: row.countGap,
      quotientLow: row.quotientLow,
    });
    zeroWhereIdle(builder, usesCell, { cell, cellTime: row.cellTime, cellGap: row.cellGap });
    zeroWhereIdle(builder, moves, { before, after, symbol });
    zeroWhereIdle(builder, touches, { wordTime: row.wordTime, wordGap: row.wordGap });
  },
});

const WORD = 2 ** 32;
const INVERSE_FOUR = /* @__PURE__ */ inverse(4n);
const INVERSE_BYTE = /* @__PURE__ */ inverse(256n);
