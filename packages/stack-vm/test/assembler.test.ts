import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MODULUS } from '@commute/field';
import { INSTRUCTIONS, Program, assemble, disassemble, hashElements } from '../src/index.ts';
import { randomRun } from './random-program.ts';
import { programOf } from './run.ts';
import { fcRuns } from './support.ts';

/** Line, column and fault of each error. */
const faults = (source: string): string[] => {
  const result = assemble(source);
  return result.ok ? [] : result.errors.map(({ line, column, fault }) => `${String(line)}:${String(column)} ${fault}`);
};

describe('the assembler', () => {
  test('reads instructions, labels, numbers and comments', () => {
    const program = programOf(`
      // a comment: call nowhere
      push -1 push 00012 /* another
      of two lines */ call twice
      write_io 1 halt twice : push 0x10
      end-of_it2: mul return`);
    expect(program.words).toEqual([1n, MODULUS - 1n, 1n, 12n, 49n, 9n, 19n, 1n, 0n, 1n, 16n, 50n, 16n]);
    expect([...program.labels]).toEqual([
      ['twice', 9],
      ['end-of_it2', 11],
    ]);
  });

  test('passes over type hints and breakpoints, and notes the numbers of assertions', () => {
    const program = programOf(
      'hint a: List<Digest> = stack[0..5] push 1 break assert error_id 42 assert_vector error_id -1 halt',
    );
    expect(program.words).toEqual([1n, 1n, 10n, 26n, 0n]);
    expect([...program.errorIds]).toEqual([
      [2, 42n],
      [3, MODULUS - 1n],
    ]);
  });

  test('has the published digest of `halt`, and the digest by definition', () => {
    expect(programOf('halt').digest()).toEqual([
      0x4338de79520b3949n,
      0xe6a2129b28850dc9n,
      0xfd3cd0986a860450n,
      0x69fdba910ceba7bcn,
      0x7e5b118c9594c062n,
    ]);
    const program = programOf('push 5 pop 1 halt');
    expect(program.digest()).toEqual(hashElements(program.words));
  });

  test.each([
    ['push 1\n  pup 1', ['2:3 unknown-instruction', '2:7 unknown-instruction']],
    ['halt push', ['1:6 missing-argument']],
    ['push halt', ['1:1 missing-argument']],
    ['push x halt', ['1:6 bad-argument']],
    [`push ${String(MODULUS)} halt`, ['1:6 bad-argument']],
    [`push -${String(MODULUS)} halt`, ['1:6 bad-argument']],
    ['push 1.5', ['1:6 bad-argument']],
    ['pop 0', ['1:5 bad-argument']],
    ['pop 6', ['1:5 bad-argument']],
    ['dup 16', ['1:5 bad-argument']],
    ['swap -1', ['1:6 bad-argument']],
    ['call nowhere halt', ['1:6 unknown-label']],
    ['a: nop a: halt', ['1:8 duplicate-label']],
    ['push: halt', ['1:1 reserved-label']],
    ['hint: halt', ['1:1 reserved-label']],
    ['1a: halt', ['1:1 reserved-label']],
    ['halt /* no end', ['1:6 unfinished-comment']],
    ['hint a = stack[0 halt', ['1:1 unfinished-hint']],
    ['nop error_id 4', ['1:5 misplaced-error-id']],
    ['halt / nop', ['1:6 unexpected-character']],
    ['', ['1:1 empty-program']],
    ['// only a comment', ['1:18 empty-program']],
  ])('%j: %j', (source, expected) => {
    expect(faults(source)).toEqual(expected);
  });

  test('never throws, and reports a limited number of faults with places inside the source', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'push',
            '1',
            'a',
            ':',
            ' ',
            '\n',
            '/*',
            '*/',
            '//',
            'hint',
            '[',
            ']',
            'call',
            '-',
            '\u0000',
            'é',
            'halt',
            '=',
          ),
        ),
        (parts) => {
          const source = parts.join('');
          const result = assemble(source);
          if (result.ok) return;
          for (const { line, column } of result.errors) {
            expect(source.split(/\r\n|\n|\r/u)[line - 1]!.length + 1).toBeGreaterThanOrEqual(column);
          }
        },
      ),
      { numRuns: fcRuns(500) },
    );
    expect(faults('nope '.repeat(5000))).toHaveLength(100);
  });
});

describe('the disassembler', () => {
  test('gives a source that assembles to the same words', () => {
    fc.assert(
      fc.property(randomRun, ({ program }) => {
        const text = disassemble(program);
        if (!text.ok) return;
        expect(programOf(text.source).words).toEqual(program.words);
      }),
      { numRuns: fcRuns(200) },
    );
    const all = INSTRUCTIONS.flatMap(({ opcode, argument }) =>
      argument === 'none' ? [BigInt(opcode)] : [BigInt(opcode), 1n],
    );
    const text = disassemble(new Program(all));
    if (!text.ok) throw new Error('all instructions are instructions');
    expect(programOf(text.source).words).toEqual(all);
    expect(text.lines).toHaveLength(46);
  });

  test('keeps labels and makes up those that are missing', () => {
    const source = 'call f halt\nf:\n  call 0\n  return';
    const text = disassemble(programOf(source));
    if (!text.ok) throw new Error('it is a program');
    expect(text.source).toBe('label_0:\n  call f\n  halt\nf:\n  call label_0\n  return\n');
  });

  test.each([
    [[127n], [0]],
    [[MODULUS - 1n, 0n], [0]],
    [[0n, 3n, 9n, 0n], [1]],
    [[0n, 33n, 16n], [1]],
    [[8n, 1n], [1]],
  ])('of %s finds what is no instruction at %s', (words, addresses) => {
    const text = disassemble(new Program(words));
    expect(text.ok ? [] : text.errors.map(({ address }) => address)).toEqual(addresses);
  });
});
