import { hashBinary } from './blake3.ts';
import { BINARY_OPERATORS, KIND_TAG, SIMPLE_TYPES, type FreeTerm, type Term, type WildcardTerm } from './term.ts';

/** Longest encoding that is its own key. */
const INLINE_LENGTH = 64;
/** First character of a key that is a hash; no tag of a kind. */
const HASH_MARK = '\xff';
const ASCII = /^[\0-\x7f]*$/;

/** The bytes of a text of one character per byte. */
export function bytesFromBinary(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** A text with one character in `[0, 255]` per byte. */
export function binaryFromBytes(bytes: Uint8Array): string {
  if (bytes.length <= 4096) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  let text = '';
  for (let index = 0; index < bytes.length; index += 4096) text += binaryFromBytes(bytes.subarray(index, index + 4096));
  return text;
}

function utf8(text: string): string {
  return ASCII.test(text) ? text : binaryFromBytes(new TextEncoder().encode(text));
}

/** An unsigned integer in seven bits per byte, least significant first, high bit set on all but the last. */
export function varint(value: number): string {
  if (value < 0x80) return String.fromCharCode(value);
  let text = '';
  let rest = value;
  while (rest >= 0x80) {
    text += String.fromCharCode((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return text + String.fromCharCode(rest);
}

function int64(value: bigint): string {
  const unsigned = BigInt.asUintN(64, value);
  const high = Number(unsigned >> 32n);
  const low = Number(unsigned & 0xffffffffn);
  return String.fromCharCode(
    high >>> 24,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

/** Two's complement, most significant byte first, as short as the value allows; empty for 0. */
function bigInteger(value: bigint): string {
  if (value === 0n) return '';
  const magnitude = value < 0n ? ~value : value;
  const bytes = magnitude === 0n ? 1 : Math.floor(magnitude.toString(2).length / 8) + 1;
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
  let text = '';
  for (let index = 0; index < hex.length; index += 2)
    text += String.fromCharCode(parseInt(hex.slice(index, index + 2), 16));
  return text;
}

type Child = (term: Term) => string;

function list(terms: readonly Term[], child: Child): string {
  let text = varint(terms.length);
  for (const term of terms) text += child(term);
  return text;
}

function sized(text: string): string {
  return varint(text.length) + text;
}

function rest(remainder: FreeTerm | WildcardTerm | undefined): string {
  if (remainder === undefined) return '\0';
  return remainder.kind === 'wildcard' ? '\x01' : `\x02${varint(remainder.index)}`;
}

/** The encoding of one term, with the parts as `child` has them. */
function encodeWith(term: Term, child: Child): string {
  const tag = String.fromCharCode(KIND_TAG[term.kind]);
  switch (term.kind) {
    case 'nil':
    case 'wildcard':
      return tag;
    case 'boolean':
      return tag + (term.value ? '\x01' : '\0');
    case 'integer':
      return tag + int64(term.value);
    case 'big-integer':
      return tag + sized(bigInteger(term.value));
    case 'string':
    case 'uri':
      return tag + sized(utf8(term.value));
    case 'bytes':
      return tag + sized(binaryFromBytes(term.value));
    case 'unforgeable':
      return tag + sized(term.id);
    case 'list':
    case 'set':
      return tag + rest(term.remainder) + list(term.elements, child);
    case 'tuple':
      return tag + list(term.elements, child);
    case 'map': {
      let text = tag + rest(term.remainder) + varint(term.entries.length);
      for (const [key, value] of term.entries) text += child(key) + child(value);
      return text;
    }
    case 'bound':
    case 'free':
      return tag + varint(term.index);
    case 'unary':
      return `${tag}${term.operator === 'not' ? '\0' : '\x01'}${child(term.operand)}`;
    case 'binary':
      return tag + varint(BINARY_OPERATORS.indexOf(term.operator)) + child(term.left) + child(term.right);
    case 'method':
      return tag + sized(utf8(term.method)) + child(term.target) + list(term.arguments, child);
    case 'send':
      return tag + (term.persistent ? '\x01' : '\0') + child(term.channel) + list(term.data, child);
    case 'receive': {
      let text =
        tag +
        String.fromCharCode((term.persistent ? 1 : 0) | (term.guard === undefined ? 0 : 2)) +
        varint(term.binds.length);
      for (const bind of term.binds) {
        text += (bind.peek ? '\x01' : '\0') + child(bind.channel) + rest(bind.remainder) + list(bind.patterns, child);
      }
      return text + (term.guard === undefined ? '' : child(term.guard)) + child(term.body);
    }
    case 'new': {
      let text = tag + varint(term.fresh) + varint(term.uris.length);
      for (const uri of term.uris) text += sized(utf8(uri));
      return text + child(term.body);
    }
    case 'match': {
      let text = tag + child(term.target) + varint(term.cases.length);
      for (const one of term.cases) {
        text += (one.guard === undefined ? '\0' : '\x01') + child(one.pattern);
        text += (one.guard === undefined ? '' : child(one.guard)) + child(one.body);
      }
      return text;
    }
    case 'bundle':
      return tag + String.fromCharCode((term.read ? 1 : 0) | (term.write ? 2 : 0)) + child(term.body);
    case 'connective':
      return tag + varint(['and', 'or', 'not'].indexOf(term.connective)) + list(term.operands, child);
    case 'type':
      return tag + varint(SIMPLE_TYPES.indexOf(term.type));
    case 'par':
      return tag + list(term.parts, child);
  }
}

function encodeFully(term: Term): string {
  return encodeWith(term, encodeFully);
}

/** {@link encodeTerm} as a text of one character in `[0, 255]` per byte, for writing into a larger buffer. */
export function encodeTermBinary(term: Term): string {
  return encodeFully(term);
}

/**
 * The canonical bytes of a term: equal terms, and only they, have equal bytes. `docs/encoding.md` has the format.
 *
 * @example
 * ```ts
 * import { booleanTerm, encodeTerm } from '@commute/rholang';
 * if (encodeTerm(booleanTerm(true)).join() !== '1,1') throw new Error('unexpected bytes');
 * ```
 */
export function encodeTerm(term: Term): Uint8Array<ArrayBuffer> {
  return bytesFromBinary(encodeFully(term));
}

/**
 * A short text that is equal for equal terms and only for them: the encoding, in which every part that is longer than 64 bytes
 * is replaced by `0xff` and its hash, or `0xff` and the hash of that. One character in `[0, 255]` per byte.
 *
 * Cached in the term, so that asking again costs nothing and a term that holds another costs only its own part.
 */
export function termKey(term: Term): string {
  if (term.key !== '') return term.key;
  const text = encodeWith(term, termKey);
  const key = text.length <= INLINE_LENGTH ? text : HASH_MARK + hashBinary(text);
  term.key = key;
  return key;
}

/**
 * The content hash of a term, which is its name: 32 bytes, BLAKE3 over the encoding with long parts replaced by their hashes.
 *
 * @example
 * ```ts
 * import { hashTerm, nilTerm, parTerm } from '@commute/rholang';
 * if (hashTerm(nilTerm()).join() !== hashTerm(parTerm([])).join()) throw new Error('unexpected hash');
 * ```
 */
export function hashTerm(term: Term): Uint8Array<ArrayBuffer> {
  return bytesFromBinary(hashTermBinary(term));
}

/** {@link hashTerm} as a text of one character in `[0, 255]` per byte. */
export function hashTermBinary(term: Term): string {
  const key = termKey(term);
  return key.startsWith(HASH_MARK) ? key.slice(1) : hashBinary(key);
}
