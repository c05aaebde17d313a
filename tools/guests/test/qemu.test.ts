import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arithmeticCase } from '../src/cases/numbers.ts';
import { guestCases, programNames, type GuestCase, type GuestTarget } from '../src/index.ts';
import { lz4Frame } from '../src/oracles/lz4.ts';
import { isJson, sha256Line, sortedLines, wordCounts } from '../src/oracles/text.ts';
import { missingEmulators, runUnderQemu } from './qemu.ts';

const missing = missingEmulators();
const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 25) };
const allTargets: readonly GuestTarget[] = ['fast', 'micro', 'multiply'];

function expectRun(target: GuestTarget, one: GuestCase): void {
  const run = runUnderQemu(one.program, target, one.input);
  expect(run.exitCode, `${one.program}: ${one.name} ${run.messages}`).toBe(one.exitCode);
  if (Buffer.compare(run.output, one.output) !== 0) {
    expect(Buffer.from(run.output).toString('latin1'), one.name).toBe(Buffer.from(one.output).toString('latin1'));
  }
}

if (missing.length > 0) {
  // Where there is no emulator, the same cases still run on this toolkit's own machines, in the tests of their packages.
  test(`${missing.join(' and ')} not installed: no program ran here`, () => {
    expect(
      process.env['COMMUTE_REQUIRE_QEMU'],
      'COMMUTE_REQUIRE_QEMU: expected qemu-user to be installed',
    ).toBeUndefined();
    expect(guestCases().length).toBeGreaterThan(0);
  });
} else {
  const cases = guestCases();

  describe.for(programNames)('%s under QEMU', (program) => {
    test.for(allTargets)('every case, %s', (target) => {
      for (const one of cases) if (one.program === program) expectRun(target, one);
    });
  });

  /** Runs one input on all targets and expects the same results. */
  const expectEverywhere = (
    program: GuestCase['program'],
    input: Uint8Array,
    output: Uint8Array,
    exitCode = 0,
  ): void => {
    const one = {
      program,
      name: JSON.stringify(Buffer.from(input).toString('latin1').slice(0, 300)),
      input: new Uint8Array(input),
      output: new Uint8Array(output),
      exitCode,
      weight: 'light',
    } as const;
    for (const target of allTargets) expectRun(target, one);
  };

  describe('random inputs under QEMU', () => {
    const anyBytes = fc.uint8Array({ maxLength: 3000 });
    const fewValues = fc
      .array(fc.constantFrom(0, 9, 10, 32, 65, 97, 98, 255), { maxLength: 3000 })
      .map((values) => Uint8Array.from(values));

    test('sha256 agrees with node:crypto', () => {
      fc.assert(
        fc.property(anyBytes, (input) => expectEverywhere('sha256', input, sha256Line(input))),
        runs,
      );
    });

    test('sort agrees with Array.prototype.sort', () => {
      fc.assert(
        fc.property(fc.oneof(anyBytes, fewValues), (input) => expectEverywhere('sort', input, sortedLines(input))),
        runs,
      );
    });

    test('wordcount agrees with a Map', () => {
      fc.assert(
        fc.property(fc.oneof(anyBytes, fewValues), (input) => expectEverywhere('wordcount', input, wordCounts(input))),
        runs,
      );
    });

    test('lz undoes the compressor of the tests', () => {
      const anyOptions = fc.record({
        linkedBlocks: fc.boolean(),
        blockChecksums: fc.boolean(),
        contentSize: fc.boolean(),
        contentChecksum: fc.boolean(),
        blockBytes: fc.integer({ min: 1, max: 2000 }),
      });
      fc.assert(
        fc.property(fc.oneof(anyBytes, fewValues), anyOptions, (input, options) =>
          expectEverywhere('lz', lz4Frame(input, options), input),
        ),
        runs,
      );
    });

    test('lz ends with a documented exit code on damaged frames', () => {
      const sound = lz4Frame(new TextEncoder().encode('abcabcabcabcabcabcabcabc '.repeat(20)), {
        contentChecksum: true,
      });
      const anyEdit = fc.tuple(fc.nat({ max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }));
      fc.assert(
        fc.property(fc.array(anyEdit, { minLength: 1, maxLength: 3 }), (edits) => {
          const bytes = sound.slice();
          for (const [offset, value] of edits) bytes[offset]! ^= value;
          const [fast, micro] = allTargets.map((target) => runUnderQemu('lz', target, bytes));
          expect(fast).toEqual(micro);
          expect([0, 2, 3, 4, 5]).toContain(fast?.exitCode);
        }),
        runs,
      );
    });

    test('json agrees with JSON.parse on damaged documents', () => {
      const anyDocument = fc.json({ maxDepth: 4 }).map((text) => new TextEncoder().encode(text));
      const anyEdit = fc.tuple(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.oneof(fc.constantFrom(0, 34, 44, 45, 46, 48, 92, 91, 93, 123, 125, 0xc3), fc.nat({ max: 255 })),
      );
      fc.assert(
        fc.property(anyDocument, fc.array(anyEdit, { maxLength: 2 }), (document, edits) => {
          const input = document.slice();
          for (const [where, value] of edits) input[Math.floor(where * input.length)] = value;
          for (const target of allTargets) {
            expect(runUnderQemu('json', target, input).exitCode).toBe(isJson(input) ? 0 : 1);
          }
        }),
        runs,
      );
    });

    test('arithmetic agrees with bigint', () => {
      const anyWord = fc.oneof(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: 0n, max: 300n }),
        fc.bigInt({ min: -300n, max: -1n }).map((value) => BigInt.asUintN(64, value)),
        fc.integer({ min: 0, max: 63 }).map((shift) => 1n << BigInt(shift)),
      );
      fc.assert(
        fc.property(fc.array(fc.tuple(anyWord, anyWord), { maxLength: 40 }), (pairs) => {
          for (const target of allTargets) expectRun(target, arithmeticCase('random', pairs));
        }),
        runs,
      );
    });

    test('lisp agrees with bigint on expressions', () => {
      interface Expression {
        readonly text: string;
        /** Undefined if some result does not fit 64 bits or a divisor is 0. */
        readonly value: bigint | undefined;
      }
      const fits = (value: bigint): boolean => BigInt.asIntN(64, value) === value;
      const floored = (a: bigint, b: bigint): bigint => (a % b !== 0n && a < 0n !== b < 0n ? (a % b) + b : a % b);
      const operators = {
        '+': (a: bigint, b: bigint) => a + b,
        '-': (a: bigint, b: bigint) => a - b,
        '*': (a: bigint, b: bigint) => a * b,
        quotient: (a: bigint, b: bigint) => (b === 0n ? undefined : a / b),
        remainder: (a: bigint, b: bigint) => (b === 0n ? undefined : a % b),
        modulo: (a: bigint, b: bigint) => (b === 0n ? undefined : floored(a, b)),
      } as const;
      const anyNumber = fc
        .oneof(
          fc.bigInt({ min: -9n, max: 9n }),
          fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
          fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n }),
        )
        .map((value): Expression => ({ text: String(value), value }));
      const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
        expression: fc.oneof(
          { maxDepth: 5 },
          anyNumber,
          fc
            .tuple(
              fc.constantFrom(...(Object.keys(operators) as (keyof typeof operators)[])),
              tie('expression'),
              tie('expression'),
            )
            .map(([name, left, right]) => {
              const both = left.value !== undefined && right.value !== undefined;
              const value = both ? operators[name](left.value, right.value) : undefined;
              return {
                text: `(${name} ${left.text} ${right.text})`,
                value: value !== undefined && fits(value) ? value : undefined,
              };
            }),
        ),
      }));
      fc.assert(
        fc.property(fc.array(expression, { minLength: 1, maxLength: 20 }), (expressions) => {
          const sound = expressions.filter((one) => one.value !== undefined);
          const input = new TextEncoder().encode(sound.map((one) => one.text).join('\n'));
          expectEverywhere(
            'lisp',
            input,
            new TextEncoder().encode(sound.map((one) => `${String(one.value)}\n`).join('')),
          );
          const failing = expressions.find((one) => one.value === undefined);
          if (failing === undefined) return;
          for (const target of allTargets) {
            expect(runUnderQemu('lisp', target, new TextEncoder().encode(failing.text)).exitCode, failing.text).toBe(1);
          }
        }),
        runs,
      );
    });

    test('lisp ends with a message on random text', () => {
      const anyText = fc
        .array(
          fc.constantFrom(
            '(',
            ')',
            "'",
            '"',
            ' . ',
            ' ',
            'define ',
            'let ',
            'lambda ',
            'x ',
            '1 ',
            'if ',
            'cond ',
            '()',
            'letrec ',
            '#t ',
            'car ',
            'set! ',
            'and ',
          ),
          { maxLength: 30 },
        )
        .map((parts) => new TextEncoder().encode(parts.join('')));
      fc.assert(
        fc.property(anyText, (input) => {
          const [fast, micro] = allTargets.map((target) => runUnderQemu('lisp', target, input));
          expect(fast).toEqual(micro);
          expect([0, 1]).toContain(fast?.exitCode);
        }),
        { numRuns: 4 * runs.numRuns },
      );
    });
  });
}
