import { bytesToHex } from '@noble/hashes/utils.js';
import {
  bigIntegerTerm,
  binaryTerm,
  booleanTerm,
  boundTerm,
  bundleTerm,
  bytesTerm,
  connectiveTerm,
  freeTerm,
  integerTerm,
  listTerm,
  mapTerm,
  matchTerm,
  MAXIMUM_DEPTH,
  methodTerm,
  newTerm,
  nilTerm,
  parTerm,
  sendTerm,
  setTerm,
  stringTerm,
  TermDepthError,
  tupleTerm,
  typeTerm,
  unaryTerm,
  unforgeableTerm,
  uriTerm,
  wildcardTerm,
} from './build.ts';
import { binaryFromBytes, encodeTerm } from './encode.ts';
import {
  BINARY_OPERATORS,
  SIMPLE_TYPES,
  type Bind,
  type FreeTerm,
  type MapEntry,
  type MatchCase,
  type Term,
  type WildcardTerm,
} from './term.ts';
import { receiveTerm } from './transform.ts';
import { countVariables } from './variables.ts';

/** Why bytes are not a term. */
export type DecodeReason =
  /** The bytes end inside the term. */
  | 'truncated'
  /** Bytes follow the term. */
  | 'trailing'
  /** A tag, a number or a text that means nothing. */
  | 'malformed'
  /** A term that is not written the canonical way, or not in normal form. */
  | 'not-canonical'
  /** Nested more deeply than terms may be. */
  | 'too-deep';

/** A term, or why there is none. */
export type DecodeResult =
  { readonly ok: true; readonly term: Term } | { readonly ok: false; readonly reason: DecodeReason };

class DecodeFailure extends Error {
  readonly reason: DecodeReason;

  constructor(reason: DecodeReason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Reads the canonical bytes of a term. Never throws on any bytes; takes time and memory proportional to them.
 *
 * The term may be open and may be a pattern: a caller that wants a closed process checks `scope` and `isPattern`.
 *
 * @example
 * ```ts
 * import { decodeTerm, encodeTerm, equalTerms, integerTerm } from '@commute/rholang';
 * const result = decodeTerm(encodeTerm(integerTerm(7n)));
 * if (!result.ok || !equalTerms(result.term, integerTerm(7n))) throw new Error('unexpected term');
 * ```
 */
export function decodeTerm(bytes: Uint8Array): DecodeResult {
  const decoder = new Decoder(bytes);
  try {
    const term = decoder.term(0);
    if (decoder.offset < bytes.length) return { ok: false, reason: 'trailing' };
    const again = encodeTerm(term);
    const same = again.length === bytes.length && again.every((byte, index) => byte === bytes[index]);
    return same ? { ok: true, term } : { ok: false, reason: 'not-canonical' };
  } catch (error) {
    if (error instanceof DecodeFailure) return { ok: false, reason: error.reason };
    if (error instanceof TermDepthError) return { ok: false, reason: 'too-deep' };
    throw error;
  }
}

class Decoder {
  offset = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #byte(): number {
    const byte = this.#bytes[this.offset];
    if (byte === undefined) throw new DecodeFailure('truncated');
    this.offset += 1;
    return byte;
  }

  /** One of `count` choices. */
  #choice(count: number): number {
    const byte = this.#byte();
    if (byte >= count) throw new DecodeFailure('malformed');
    return byte;
  }

  #flag(): boolean {
    return this.#choice(2) === 1;
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 5; index += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new DecodeFailure('malformed');
  }

  /** A number of things that take at least a byte each. */
  #count(): number {
    const count = this.#varint();
    if (count > this.#bytes.length - this.offset) throw new DecodeFailure('truncated');
    return count;
  }

  #sized(): Uint8Array {
    const length = this.#count();
    const start = this.offset;
    this.offset += length;
    return this.#bytes.subarray(start, this.offset);
  }

  #text(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#sized());
    } catch (error) {
      if (error instanceof DecodeFailure) throw error;
      throw new DecodeFailure('malformed');
    }
  }

  #list(depth: number): Term[] {
    const terms: Term[] = [];
    for (let left = this.#count(); left > 0; left -= 1) terms.push(this.term(depth));
    return terms;
  }

  #remainder(): FreeTerm | WildcardTerm | undefined {
    switch (this.#choice(3)) {
      case 0:
        return undefined;
      case 1:
        return wildcardTerm();
      default:
        return freeTerm(this.#varint());
    }
  }

  #entries(depth: number): MapEntry[] {
    const entries: MapEntry[] = [];
    for (let left = this.#count(); left > 0; left -= 1) entries.push([this.term(depth), this.term(depth)]);
    return entries;
  }

  #variables(patterns: readonly Term[], remainder: FreeTerm | WildcardTerm | undefined): number {
    const variables = countVariables(patterns, remainder);
    if (variables === undefined) throw new DecodeFailure('malformed');
    return variables;
  }

  #receive(depth: number): Term {
    const flags = this.#choice(4);
    const binds: Bind[] = [];
    for (let left = this.#count(); left > 0; left -= 1) {
      const peek = this.#flag();
      const channel = this.term(depth);
      const remainder = this.#remainder();
      const patterns = this.#list(depth);
      binds.push({ peek, channel, remainder, patterns, variables: this.#variables(patterns, remainder) });
    }
    if (binds.length === 0) throw new DecodeFailure('malformed');
    const guard = (flags & 2) === 0 ? undefined : this.term(depth);
    return receiveTerm(binds, this.term(depth), (flags & 1) === 1, guard);
  }

  #match(depth: number): Term {
    const target = this.term(depth);
    const cases: MatchCase[] = [];
    for (let left = this.#count(); left > 0; left -= 1) {
      const guarded = this.#flag();
      const pattern = this.term(depth);
      const variables = this.#variables([pattern], undefined);
      const guard = guarded ? this.term(depth) : undefined;
      cases.push({ pattern, variables, guard, body: this.term(depth) });
    }
    return matchTerm(target, cases);
  }

  #bigInteger(): Term {
    const bytes = this.#sized();
    if (bytes.length === 0) return bigIntegerTerm(0n);
    return bigIntegerTerm(BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytesToHex(bytes)}`)));
  }

  #integer(): Term {
    if (this.#bytes.length - this.offset < 8) throw new DecodeFailure('truncated');
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getBigInt64(this.offset);
    this.offset += 8;
    return integerTerm(value);
  }

  /** Reads one term that lies `above` terms deep. */
  term(above: number): Term {
    const depth = above + 1;
    if (depth > MAXIMUM_DEPTH) throw new DecodeFailure('too-deep');
    switch (this.#byte()) {
      case 0:
        return nilTerm();
      case 1:
        return booleanTerm(this.#flag());
      case 2:
        return this.#integer();
      case 3:
        return this.#bigInteger();
      case 4:
        return stringTerm(this.#text());
      case 5:
        return uriTerm(this.#text());
      case 6:
        return bytesTerm(this.#sized().slice());
      case 7:
        return unforgeableTerm(binaryFromBytes(this.#sized()));
      case 8: {
        const remainder = this.#remainder();
        return listTerm(this.#list(depth), remainder);
      }
      case 9:
        return tupleTerm(this.#list(depth));
      case 10: {
        const remainder = this.#remainder();
        return setTerm(this.#list(depth), remainder);
      }
      case 11: {
        const remainder = this.#remainder();
        return mapTerm(this.#entries(depth), remainder);
      }
      case 12:
        return boundTerm(this.#varint());
      case 13:
        return freeTerm(this.#varint());
      case 14:
        return wildcardTerm();
      case 15:
        return unaryTerm(this.#flag() ? '-' : 'not', this.term(depth));
      case 16: {
        const operator = BINARY_OPERATORS[this.#choice(BINARY_OPERATORS.length)]!;
        const left = this.term(depth);
        return binaryTerm(operator, left, this.term(depth));
      }
      case 17: {
        const method = this.#text();
        const target = this.term(depth);
        return methodTerm(target, method, this.#list(depth));
      }
      case 18: {
        const persistent = this.#flag();
        const channel = this.term(depth);
        return sendTerm(channel, this.#list(depth), persistent);
      }
      case 19:
        return this.#receive(depth);
      case 20: {
        const fresh = this.#varint();
        const uris: string[] = [];
        for (let left = this.#count(); left > 0; left -= 1) uris.push(this.#text());
        if (uris.some((uri, index) => index > 0 && uris[index - 1]! > uri)) throw new DecodeFailure('not-canonical');
        return newTerm(fresh, uris, this.term(depth));
      }
      case 21:
        return this.#match(depth);
      case 22: {
        const flags = this.#choice(4);
        return bundleTerm((flags & 1) === 1, (flags & 2) === 2, this.term(depth));
      }
      case 23: {
        const connective = (['and', 'or', 'not'] as const)[this.#choice(3)]!;
        const operands = this.#list(depth);
        if (operands.length === 0 || (connective === 'not' && operands.length > 1))
          throw new DecodeFailure('malformed');
        return connectiveTerm(connective, operands);
      }
      case 24:
        return typeTerm(SIMPLE_TYPES[this.#choice(SIMPLE_TYPES.length)]!);
      case 25:
        return parTerm(this.#list(depth));
      default:
        throw new DecodeFailure('malformed');
    }
  }
}
