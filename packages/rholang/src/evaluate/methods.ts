import { bytesToHex as hexOf } from '@noble/hashes/utils.js';
import {
  bigIntegerTerm,
  booleanTerm,
  bytesTerm,
  integerTerm,
  listTerm,
  mapTerm,
  nilTerm,
  setTerm,
  sortedSetTerm,
  stringTerm,
  tupleTerm,
} from '../term/build.ts';
import { encodeTerm } from '../term/encode.ts';
import type { MapEntry, Term } from '../term/term.ts';
import { printTerm } from '../term/to-syntax.ts';
import {
  mapDelete,
  mapDifference,
  mapGet,
  mapSet,
  mapUnion,
  setAdd,
  setDelete,
  setDifference,
  setHas,
  setUnion,
} from './collections.ts';
import { EvaluationFailure, mismatch } from './failure.ts';

interface Method {
  readonly arity: number;
  readonly apply: (target: Term, parameters: readonly Term[]) => Term;
}

function indexOf(method: string, term: Term): number {
  if (term.kind !== 'integer') return mismatch(method, 'Int', term);
  if (term.value > 0x7fffffffn) return 0x7fffffff;
  return term.value < -1n ? -1 : Number(term.value);
}

/** Code points of a text; a text without surrogates is not taken apart. */
function codePoints(text: string): readonly string[] | string {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

function element(items: readonly Term[], index: number): Term {
  const found = index < 0 ? undefined : items[index];
  if (found !== undefined) return found;
  throw new EvaluationFailure(
    'index-range',
    `nth: expected an index below ${String(items.length)}, got ${String(index)}`,
  );
}

function nth(target: Term, [at]: readonly Term[]): Term {
  const index = indexOf('nth', at!);
  if (target.kind === 'list' || target.kind === 'tuple') return element(target.elements, index);
  if (target.kind !== 'bytes') return mismatch('nth', 'List, Tuple or ByteArray', target);
  const byte = index < 0 ? undefined : target.value[index];
  if (byte !== undefined) return integerTerm(BigInt(byte));
  throw new EvaluationFailure(
    'index-range',
    `nth: expected an index below ${String(target.value.length)}, got ${String(index)}`,
  );
}

function slice(target: Term, [from, until]: readonly Term[]): Term {
  const start = Math.max(0, indexOf('slice', from!));
  const end = Math.max(start, indexOf('slice', until!));
  switch (target.kind) {
    case 'list':
      return listTerm(target.elements.slice(start, end));
    case 'bytes':
      return bytesTerm(target.value.slice(start, end));
    case 'string': {
      const part = codePoints(target.value).slice(start, end);
      return stringTerm(typeof part === 'string' ? part : part.join(''));
    }
    default:
      return mismatch('slice', 'String, List or ByteArray', target);
  }
}

function length(target: Term): Term {
  switch (target.kind) {
    case 'string':
      return integerTerm(BigInt(codePoints(target.value).length));
    case 'bytes':
      return integerTerm(BigInt(target.value.length));
    case 'list':
      return integerTerm(BigInt(target.elements.length));
    default:
      return mismatch('length', 'String, List or ByteArray', target);
  }
}

function pairs(entries: readonly MapEntry[]): Term[] {
  return entries.map(([key, value]) => tupleTerm([key, value]));
}

function toMap(target: Term): Term {
  if (target.kind === 'map') return target;
  if (target.kind !== 'list' && target.kind !== 'set') return mismatch('toMap', 'Map, or List or Set of pairs', target);
  return mapTerm(
    target.elements.map((one): MapEntry => {
      if (one.kind !== 'tuple' || one.elements.length !== 2) return mismatch('toMap', 'pairs', one);
      return [one.elements[0]!, one.elements[1]!];
    }),
  );
}

function parseInteger(method: string, text: string): bigint {
  if (!/^[+-]?[0-9]{1,310000}$/.test(text)) {
    throw new EvaluationFailure('conversion', `${method}: expected decimal digits, got "${text.slice(0, 40)}"`);
  }
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

function toInt(target: Term): Term {
  const value =
    target.kind === 'string'
      ? parseInteger('toInt', target.value)
      : target.kind === 'integer' || target.kind === 'big-integer'
        ? target.value
        : mismatch('toInt', 'Int, BigInt or String', target);
  if (BigInt.asIntN(64, value) !== value)
    throw new EvaluationFailure('conversion', 'toInt: expected 64 bits, got more');
  return integerTerm(value);
}

function hexToBytes(target: Term): Term {
  if (target.kind !== 'string') return mismatch('hexToBytes', 'String', target);
  const { value } = target;
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(value)) {
    throw new EvaluationFailure(
      'conversion',
      `hexToBytes: expected pairs of hexadecimal digits, got "${value.slice(0, 40)}"`,
    );
  }
  return bytesTerm(
    Uint8Array.from({ length: value.length / 2 }, (_, index) => parseInt(value.slice(index * 2, index * 2 + 2), 16)),
  );
}

function bytesToHex(target: Term): Term {
  if (target.kind !== 'bytes') return mismatch('bytesToHex', 'ByteArray', target);
  return stringTerm(hexOf(target.value));
}

const METHODS: ReadonlyMap<string, Method> = /* @__PURE__ */ new Map<string, Method>([
  ['nth', { arity: 1, apply: nth }],
  ['slice', { arity: 2, apply: slice }],
  ['length', { arity: 0, apply: length }],
  ['toMap', { arity: 0, apply: toMap }],
  ['toInt', { arity: 0, apply: toInt }],
  ['hexToBytes', { arity: 0, apply: hexToBytes }],
  ['bytesToHex', { arity: 0, apply: bytesToHex }],
  ['toByteArray', { arity: 0, apply: (target) => bytesTerm(encodeTerm(target)) }],
  [
    'toUtf8Bytes',
    {
      arity: 0,
      apply: (target) =>
        target.kind === 'string'
          ? bytesTerm(new TextEncoder().encode(target.value))
          : mismatch('toUtf8Bytes', 'String', target),
    },
  ],
  [
    'toBigInt',
    {
      arity: 0,
      apply: (target) => {
        if (target.kind === 'integer' || target.kind === 'big-integer') return bigIntegerTerm(target.value);
        if (target.kind === 'string') return bigIntegerTerm(parseInteger('toBigInt', target.value));
        return mismatch('toBigInt', 'Int, BigInt or String', target);
      },
    },
  ],
  [
    'toString',
    { arity: 0, apply: (target) => stringTerm(target.kind === 'string' ? target.value : printTerm(target)) },
  ],
  [
    'union',
    {
      arity: 1,
      apply: (target, [other]) => {
        if (target.kind === 'set')
          return other!.kind === 'set' ? setUnion(target, other) : mismatch('union', 'Set', other!);
        if (target.kind === 'map')
          return other!.kind === 'map' ? mapUnion(target, other) : mismatch('union', 'Map', other!);
        return mismatch('union', 'Set or Map', target);
      },
    },
  ],
  [
    'diff',
    {
      arity: 1,
      apply: (target, [other]) => {
        if (target.kind === 'set')
          return other!.kind === 'set' ? setDifference(target, other) : mismatch('diff', 'Set', other!);
        if (target.kind === 'map')
          return other!.kind === 'map' ? mapDifference(target, other) : mismatch('diff', 'Map', other!);
        return mismatch('diff', 'Set or Map', target);
      },
    },
  ],
  [
    'add',
    {
      arity: 1,
      apply: (target, [other]) => (target.kind === 'set' ? setAdd(target, other!) : mismatch('add', 'Set', target)),
    },
  ],
  [
    'delete',
    {
      arity: 1,
      apply: (target, [other]) => {
        if (target.kind === 'set') return setDelete(target, other!);
        return target.kind === 'map' ? mapDelete(target, other!) : mismatch('delete', 'Set or Map', target);
      },
    },
  ],
  [
    'contains',
    {
      arity: 1,
      apply: (target, [other]) => {
        if (target.kind === 'set') return booleanTerm(setHas(target, other!));
        if (target.kind === 'map') return booleanTerm(mapGet(target, other!) !== undefined);
        return mismatch('contains', 'Set or Map', target);
      },
    },
  ],
  [
    'get',
    {
      arity: 1,
      apply: (target, [key]) =>
        target.kind === 'map' ? (mapGet(target, key!) ?? nilTerm()) : mismatch('get', 'Map', target),
    },
  ],
  [
    'getOrElse',
    {
      arity: 2,
      apply: (target, [key, other]) =>
        target.kind === 'map' ? (mapGet(target, key!) ?? other!) : mismatch('getOrElse', 'Map', target),
    },
  ],
  [
    'set',
    {
      arity: 2,
      apply: (target, [key, value]) =>
        target.kind === 'map' ? mapSet(target, key!, value!) : mismatch('set', 'Map', target),
    },
  ],
  [
    'keys',
    {
      arity: 0,
      apply: (target) =>
        target.kind === 'map' ? sortedSetTerm(target.entries.map(([key]) => key)) : mismatch('keys', 'Map', target),
    },
  ],
  [
    'size',
    {
      arity: 0,
      apply: (target) => {
        if (target.kind === 'set') return integerTerm(BigInt(target.elements.length));
        return target.kind === 'map'
          ? integerTerm(BigInt(target.entries.length))
          : mismatch('size', 'Set or Map', target);
      },
    },
  ],
  [
    'take',
    {
      arity: 1,
      apply: (target, [count]) =>
        target.kind === 'list'
          ? listTerm(target.elements.slice(0, Math.max(0, indexOf('take', count!))))
          : mismatch('take', 'List', target),
    },
  ],
  [
    'toList',
    {
      arity: 0,
      apply: (target) => {
        if (target.kind === 'list') return target;
        if (target.kind === 'set' || target.kind === 'tuple') return listTerm(target.elements);
        return target.kind === 'map'
          ? listTerm(pairs(target.entries))
          : mismatch('toList', 'List, Tuple, Set or Map', target);
      },
    },
  ],
  [
    'toSet',
    {
      arity: 0,
      apply: (target) => {
        if (target.kind === 'set') return target;
        if (target.kind === 'list') return setTerm(target.elements);
        return target.kind === 'map' ? setTerm(pairs(target.entries)) : mismatch('toSet', 'List, Set or Map', target);
      },
    },
  ],
]);

/** Calls a method of a value. */
export function callMethod(target: Term, name: string, parameters: readonly Term[]): Term {
  const method = METHODS.get(name);
  if (method === undefined)
    throw new EvaluationFailure('unknown-method', `method: expected one that values have, got \`${name}\``);
  if (parameters.length !== method.arity) {
    const expected = `${String(method.arity)} argument${method.arity === 1 ? '' : 's'}`;
    throw new EvaluationFailure('wrong-arity', `${name}: expected ${expected}, got ${String(parameters.length)}`);
  }
  return method.apply(target, parameters);
}
