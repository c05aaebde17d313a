import { decodeTerm, type DecodeReason, type Term } from '@commute/rholang';
import { PASS_NAMES } from '../optimize/pass-name.ts';
import { Checker } from './check.ts';
import { MAGIC } from './encode.ts';
import { preorder } from './parts.ts';
import type { BytecodeProcedure, BytecodeProgram, PlaceEntry, Site, SiteBind } from './program.ts';

/** Closed set of why bytes are no bytecode. */
export type BytecodeReason =
  /** They do not begin as bytecode does. */
  | 'not-bytecode'
  /** A version that this package does not know. */
  | 'unknown-version'
  /** The bytes end inside the program. */
  | 'truncated'
  /** Bytes follow the program. */
  | 'trailing'
  /** A number or a text that means nothing, or is not written the shortest way. */
  | 'malformed'
  /** A term that is none, or that is open or a pattern where a program stands. */
  | 'bad-term'
  /** Code that could do harm: a number out of range, a jump backward, a value that is no value. */
  | 'unsafe-code';

/** A program, or why there is none. */
export type DecodeBytecodeResult =
  | { readonly ok: true; readonly program: BytecodeProgram }
  | { readonly ok: false; readonly reason: BytecodeReason; /** Of a bad term. */ readonly term?: DecodeReason };

class Failure extends Error {
  readonly reason: BytecodeReason;
  readonly term: DecodeReason | undefined;

  constructor(reason: BytecodeReason, term?: DecodeReason) {
    super(reason);
    this.reason = reason;
    this.term = term;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  number(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 5; index += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new Failure('truncated');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 0x7fffffff || (byte === 0 && index > 0)) throw new Failure('malformed');
        return value;
      }
      scale *= 0x80;
    }
    throw new Failure('malformed');
  }

  flags(count: number): number {
    const value = this.number();
    if (value >= count) throw new Failure('malformed');
    return value;
  }

  /** As many things as a number says, which take at least a byte each. */
  list<T>(read: () => T): T[] {
    const count = this.number();
    if (count > this.left) throw new Failure('truncated');
    const items: T[] = [];
    for (let left = count; left > 0; left -= 1) items.push(read());
    return items;
  }

  sized(): Uint8Array {
    const length = this.number();
    if (length > this.left) throw new Failure('truncated');
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    const bytes = this.sized();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Failure('malformed');
    }
  }

  term(): Term {
    const result = decodeTerm(this.sized());
    if (!result.ok) throw new Failure('bad-term', result.reason);
    return result.term;
  }
}

function readBind(reader: Reader): SiteBind {
  const peek = reader.flags(2) === 1;
  const remainder = reader.number() - 2;
  const variables = reader.number();
  return { peek, remainder, variables, patterns: reader.list(() => reader.number() - 1) };
}

function readSite(reader: Reader): Site {
  const flags = reader.flags(4);
  const procedure = reader.number();
  const path = reader.number();
  const binds = reader.list(() => readBind(reader));
  const closes = reader.list(() => reader.number());
  const variables = binds.reduce((sum, bind) => sum + bind.variables, 0);
  return { binds, variables, closes, guarded: (flags & 2) !== 0, persistent: (flags & 1) !== 0, procedure, path };
}

function readProcedure(reader: Reader): Omit<BytecodeProcedure, 'places'> {
  const term = reader.number();
  const parameters = reader.number();
  const registers = reader.number();
  const patternRegisters = reader.number();
  const sites = reader.list(() => readSite(reader));
  const code = Int32Array.from(reader.list(() => reader.number() - 1));
  return { term, parameters, registers, patternRegisters, sites, code };
}

function readPlaces(reader: Reader): PlaceEntry[] {
  let last = 0;
  return reader.list(() => {
    const at = last + reader.number();
    const start = reader.number();
    const end = start + reader.number();
    if (!Number.isSafeInteger(at) || at > 0x7fffffff) throw new Failure('malformed');
    last = at;
    return { at, start, end };
  });
}

/**
 * Reads bytecode and checks that it can be run without harm. Never throws on any bytes; takes time and memory proportional to them, but for sorting.
 *
 * That the code does what its term does is another question: {@link verifyBytecode} answers it.
 */
export function decodeBytecode(bytes: Uint8Array): DecodeBytecodeResult {
  if (bytes.length < MAGIC.length || MAGIC.slice(0, 4).some((byte, index) => bytes[index] !== byte))
    return { ok: false, reason: 'not-bytecode' };
  if (bytes[4] !== MAGIC[4]) return { ok: false, reason: 'unknown-version' };
  const reader = new Reader(bytes, MAGIC.length);
  try {
    const bits = reader.flags(1 << PASS_NAMES.length);
    const passes = PASS_NAMES.filter((_, index) => (bits & (1 << index)) !== 0);
    const term = reader.term();
    if (term.scope > 0 || term.isPattern) return { ok: false, reason: 'bad-term' };
    const constants = reader.list(() => reader.term());
    const texts = reader.list(() => reader.text());
    const cores = reader.list(() => readProcedure(reader));
    const procedures = cores.map((core): BytecodeProcedure => ({ ...core, places: readPlaces(reader) }));
    if (reader.left > 0) return { ok: false, reason: 'trailing' };
    const program: BytecodeProgram = { term, passes, constants, texts, procedures };
    const good = new Checker(program, [...preorder(term), ...constants]).isGood();
    return good ? { ok: true, program } : { ok: false, reason: 'unsafe-code' };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { reason, term } = error;
    return term === undefined ? { ok: false, reason } : { ok: false, reason, term };
  }
}
