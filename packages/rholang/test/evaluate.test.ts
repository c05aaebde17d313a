import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateTerm, integerTerm, binaryTerm, normalize, parse, printTerm, type Term } from '../src/index.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 500);

function term(source: string): Term {
  const tree = parse(source);
  if (!tree.ok) throw new Error(tree.diagnostics[0]!.message);
  const result = normalize(tree.process, { source });
  if (!result.ok) throw new Error(result.diagnostics[0]!.message);
  return result.term;
}

function value(source: string): string {
  const result = evaluateTerm(term(source));
  return result.ok ? printTerm(result.value) : `${result.reason}: ${result.message}`;
}

describe('operators', () => {
  test.for([
    ['1 + 2 * 3 - 4', '3'],
    ['7 / 2', '3'],
    ['-7 / 2', '-3'],
    ['-7 % 2', '-1'],
    ['7 % -2', '1'],
    ['9223372036854775807 + 1', '-9223372036854775808'],
    ['-9223372036854775808 / -1', '-9223372036854775808'],
    ['-9223372036854775808 % -1', '0'],
    ['-(-9223372036854775808)', '-9223372036854775808'],
    ['9223372036854775807n + 1n', '9223372036854775808n'],
    ['-3n * 5n', '-15n'],
    ['-7n / 2n', '-3n'],
    ['-(3n)', '-3n'],
    ['1 / 0', 'division-by-zero: /: expected a divisor other than 0, got 0'],
    ['1n % 0n', 'division-by-zero: %: expected a divisor other than 0, got 0'],
    ['1 + 1n', 'type-mismatch: +: expected Int, got BigInt'],
    ['1 + "a"', 'type-mismatch: +: expected Int, got String'],
    ['[1] - 1', 'type-mismatch: -: not defined for List and Int'],
    ['"a" + "b"', '"ab"'],
    ['Set(1) + 2', 'Set(1, 2)'],
    ['Set(1, 2) - 2', 'Set(1)'],
    ['{"a": 1, "b": 2} - "a"', '{"b": 2}'],
    ['1 < 2', 'true'],
    ['2 <= 2', 'true'],
    ['1n > 2n', 'false'],
    ['"b" >= "a"', 'true'],
    ['false < true', 'true'],
    ['1 < "a"', 'type-mismatch: <: expected Int, got String'],
    ['[1] < [2]', 'type-mismatch: <: expected Int, BigInt, String or Bool, got List'],
    ['[1, Set(2, 1)] == [1, Set(1, 2)]', 'true'],
    ['1 == 1n', 'false'],
    ['1 != 2', 'true'],
    ['{@1!(2) | @3!(4)} == {@3!(4) | @1!(2)}', 'true'],
    ['true and false', 'false'],
    ['false or true', 'true'],
    ['not false', 'true'],
    ['false && (1 / 0 == 1)', 'false'],
    ['true || (1 / 0 == 1)', 'true'],
    ['false and (1 / 0 == 1)', 'division-by-zero: /: expected a divisor other than 0, got 0'],
    ['1 and true', 'type-mismatch: and: expected Bool, got Int'],
    ['not 1', 'type-mismatch: not: expected Bool, got Int'],
    ['-"a"', 'type-mismatch: -: expected Int or BigInt, got String'],
    ['5 matches Int', 'true'],
    ['(2 + 3) matches 5', 'true'],
    ['[1, 2] matches [_, String]', 'false'],
    ['"a" ++ "b"', '"ab"'],
    ['[1] ++ [2]', '[1, 2]'],
    ['Set(1) ++ Set(2, 1)', 'Set(1, 2)'],
    ['{"a": 1, "c": 1} ++ {"a": 2, "b": 3}', '{"a": 2, "b": 3, "c": 1}'],
    ['"0a".hexToBytes() ++ "ff".hexToBytes()', '"0aff".hexToBytes()'],
    ['1 ++ 2', 'type-mismatch: ++: not defined for Int and Int'],
    ['Set(1, 2, 3) -- Set(2, 4)', 'Set(1, 3)'],
    ['{"a": 1, "b": 2} -- {"a": 9}', '{"b": 2}'],
    ['[1] -- [1]', 'type-mismatch: --: not defined for List and List'],
    ['"${a}-${b}-${c}" %% {"a": 1, "b": "${a}"}', '"1-${a}-${c}"'],
    ['"${x}${y}${z}${u}" %% {"x": true, "y": -2n, "z": `u`, "u": "é"}', '"true-2ué"'],
    ['"${" %% {"a": 1}', '"${"'],
    ['"$${a}" %% {"a": 1}', '"$1"'],
    ['"${a${a}}" %% {"a": 1}', '"${a1}"'],
    ['"}${a}}${b}${a}${" %% {"a": 1}', '"}1}${b}1${"'],
    ['"a" %% [1]', 'type-mismatch: %%: expected Map, got List'],
    ['1 %% {}', 'type-mismatch: %%: expected String, got Int'],
    ['"" %% {1: 2}', 'type-mismatch: %%: expected keys of String, got Int'],
    ['"" %% {"a": [1]}', 'type-mismatch: %%: expected values of String, Int, BigInt, Bool or Uri, got List'],
    ['[1 + 1, (2 * 2,), {"a": 3 - 1}, Set(1 + 1, 2)]', '[2, (4,), {"a": 2}, Set(2)]'],
    ['{@1!(1 + 1)} | 1 + 1', '2 | @1!(1 + 1)'],
  ] as const)('%s is %s', ([source, want]) => {
    expect(value(source)).toBe(want);
  });

  test('integers wrap as 64-bit two’s complement', () => {
    const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(int, int, fc.constantFrom('+' as const, '-' as const, '*' as const), (left, right, operator) => {
        const result = evaluateTerm(binaryTerm(operator, integerTerm(left), integerTerm(right)));
        const exact = operator === '+' ? left + right : operator === '-' ? left - right : left * right;
        const view = new DataView(new ArrayBuffer(8));
        view.setBigInt64(0, exact);
        expect(result.ok && result.value.kind === 'integer' && result.value.value).toBe(view.getBigInt64(0));
      }),
      { numRuns },
    );
  });

  test('division truncates so that quotient and remainder give the dividend', () => {
    const int = fc.bigInt({ min: -1000n, max: 1000n });
    fc.assert(
      fc.property(
        int,
        int.filter((one) => one !== 0n),
        (left, right) => {
          expect(
            value(`(${String(left)} / ${String(right)}) * ${String(right)} + ${String(left)} % ${String(right)}`),
          ).toBe(String(left));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('methods', () => {
  test.for([
    ['[1, 2].nth(1)', '2'],
    ['(1, 2).nth(0)', '1'],
    ['"0aff".hexToBytes().nth(1)', '255'],
    ['[1].nth(1)', 'index-range: nth: expected an index below 1, got 1'],
    ['[1].nth(-1)', 'index-range: nth: expected an index below 1, got -1'],
    ['"00".hexToBytes().nth(9)', 'index-range: nth: expected an index below 1, got 9'],
    ['Set(1).nth(0)', 'type-mismatch: nth: expected List, Tuple or ByteArray, got Set'],
    ['[1].nth("a")', 'type-mismatch: nth: expected Int, got String'],
    ['"abc".length()', '3'],
    ['"é😀".length()', '2'],
    ['[1, 2].length()', '2'],
    ['"0aff".hexToBytes().length()', '2'],
    ['Set(1).length()', 'type-mismatch: length: expected String, List or ByteArray, got Set'],
    ['"abcde".slice(1, 3)', '"bc"'],
    ['"é😀x".slice(1, 2)', '"😀"'],
    ['[1, 2, 3].slice(1, 99)', '[2, 3]'],
    ['[1, 2, 3].slice(2, 1)', '[]'],
    ['"0a0b0c".hexToBytes().slice(1, 2)', '"0b".hexToBytes()'],
    ['[1, 2, 3].take(2)', '[1, 2]'],
    ['[1].take(-1)', '[]'],
    ['"AbCd".hexToBytes().bytesToHex()', '"abcd"'],
    ['"abc".hexToBytes()', 'conversion: hexToBytes: expected pairs of hexadecimal digits, got "abc"'],
    ['"é".toUtf8Bytes().bytesToHex()', '"c3a9"'],
    ['true.toByteArray().bytesToHex()', '"0101"'],
    ['"12".toInt()', '12'],
    ['12n.toInt()', '12'],
    ['5.toInt()', '5'],
    ['"1x".toInt()', 'conversion: toInt: expected decimal digits, got "1x"'],
    ['"9223372036854775808".toInt()', 'conversion: toInt: expected 64 bits, got more'],
    ['"-12".toBigInt()', '-12n'],
    ['12.toBigInt()', '12n'],
    ['[1].toBigInt()', 'type-mismatch: toBigInt: expected Int, BigInt or String, got List'],
    ['"a".toString()', '"a"'],
    ['[1, "a"].toString()', '"[1, \\"a\\"]"'],
    ['Set(1).union(Set(2))', 'Set(1, 2)'],
    ['{1: 2}.union({1: 3})', '{1: 3}'],
    ['Set(1).union([2])', 'type-mismatch: union: expected Set, got List'],
    ['Set(1, 2).diff(Set(2))', 'Set(1)'],
    ['{1: 2, 3: 4}.diff({1: 9})', '{3: 4}'],
    ['Set(1).add(2).add(1)', 'Set(1, 2)'],
    ['[1].add(2)', 'type-mismatch: add: expected Set, got List'],
    ['Set(1, 2).delete(1)', 'Set(2)'],
    ['{1: 2}.delete(1)', '{}'],
    ['Set(1).contains(1)', 'true'],
    ['{1: 2}.contains(2)', 'false'],
    ['{1: 2}.get(1)', '2'],
    ['{1: 2}.get(2)', 'Nil'],
    ['{1: 2}.getOrElse(2, 7)', '7'],
    ['{1: 2}.set(1, 3).set(0, 4)', '{0: 4, 1: 3}'],
    ['{1: 2, 3: 4}.keys()', 'Set(1, 3)'],
    ['{1: 2}.size()', '1'],
    ['Set(1, 2).size()', '2'],
    ['Set(2, 1).toList()', '[1, 2]'],
    ['(1, 2).toList()', '[1, 2]'],
    ['{1: 2}.toList()', '[(1, 2)]'],
    ['[1].toList()', '[1]'],
    ['[2, 1, 2].toSet()', 'Set(1, 2)'],
    ['{1: 2}.toSet()', 'Set((1, 2))'],
    ['Set(1).toSet()', 'Set(1)'],
    ['[(1, 2)].toMap()', '{1: 2}'],
    ['Set((1, 2)).toMap()', '{1: 2}'],
    ['{1: 2}.toMap()', '{1: 2}'],
    ['[1].toMap()', 'type-mismatch: toMap: expected pairs, got Int'],
    ['[1].nope()', 'unknown-method: method: expected one that values have, got `nope`'],
    ['[1].length(1)', 'wrong-arity: length: expected 0 arguments, got 1'],
    ['{@1!()}.length()', 'type-mismatch: length: expected String, List or ByteArray, got Process'],
  ] as const)('%s is %s', ([source, want]) => {
    expect(value(source)).toBe(want);
  });

  test('interpolation of a hostile text takes time in proportion to it', () => {
    const text = '${'.repeat(500_000) + '}'.repeat(500_000);
    const source = `"${text}" %% {"${'a'.repeat(400_000)}": 1, "": "x"}`;
    expect(value(source).length).toBe(text.length - 2 + 2);
  });

  test('values do not grow without bound', () => {
    let source = '"0123456789abcdef"';
    for (let round = 0; round < 24; round += 1) source = `[${source}].nth(0)`;
    expect(value(source)).toBe('"0123456789abcdef"');
    let big = term('[1]');
    let reason = '';
    for (let round = 0; round < 60 && reason === ''; round += 1) {
      const result = evaluateTerm(binaryTerm('++', big, big));
      if (result.ok) big = result.value;
      else ({ reason } = result);
    }
    expect(reason).toBe('size-limit');
    let number = term('3n');
    reason = '';
    for (let round = 0; round < 60 && reason === ''; round += 1) {
      const result = evaluateTerm(binaryTerm('*', number, number));
      if (result.ok) number = result.value;
      else ({ reason } = result);
    }
    expect(reason).toBe('size-limit');
  });
});
