import { encodeTerm } from '@commute/rholang';
import { PASS_NAMES } from '../optimize/pass-name.ts';
import type { BytecodeProcedure, BytecodeProgram, Site } from './program.ts';

/** First bytes of every bytecode file: `RBVM` and the version. */
export const MAGIC: readonly number[] = [0x52, 0x42, 0x56, 0x4d, 0x01];

class Writer {
  #bytes = new Uint8Array(1024);
  #length = 0;

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** A number of at least 0, seven bits per byte, least significant first. */
  number(value: number): this {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest % 0x80) | 0x80;
      this.#length += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
    return this;
  }

  raw(bytes: ArrayLike<number>): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  sized(bytes: Uint8Array): this {
    return this.number(bytes.length).raw(bytes);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

function writeSite(writer: Writer, site: Site): void {
  writer
    .number((site.persistent ? 1 : 0) | (site.guarded ? 2 : 0))
    .number(site.procedure)
    .number(site.path);
  writer.number(site.binds.length);
  for (const { patterns, remainder, variables, peek } of site.binds) {
    writer
      .number(peek ? 1 : 0)
      .number(remainder + 2)
      .number(variables)
      .number(patterns.length);
    for (const pattern of patterns) writer.number(pattern + 1);
  }
  writer.number(site.closes.length);
  for (const close of site.closes) writer.number(close);
}

function writeProcedure(writer: Writer, procedure: BytecodeProcedure): void {
  const { term, parameters, registers, patternRegisters, code, sites } = procedure;
  writer.number(term).number(parameters).number(registers).number(patternRegisters).number(sites.length);
  for (const site of sites) writeSite(writer, site);
  writer.number(code.length);
  for (const word of code) writer.number(word + 1);
}

/**
 * The bytes of a program without its places: equal for equal programs compiled with the same passes. `docs/bytecode.md` has the format.
 */
export function encodeCore(program: BytecodeProgram): Uint8Array<ArrayBuffer> {
  const writer = new Writer().raw(MAGIC);
  const passes = PASS_NAMES.reduce((bits, name, index) => bits + (program.passes.includes(name) ? 2 ** index : 0), 0);
  writer.number(passes).sized(encodeTerm(program.term)).number(program.constants.length);
  for (const constant of program.constants) writer.sized(encodeTerm(constant));
  writer.number(program.texts.length);
  for (const text of program.texts) writer.sized(new TextEncoder().encode(text));
  writer.number(program.procedures.length);
  for (const procedure of program.procedures) writeProcedure(writer, procedure);
  return writer.finish();
}

/**
 * The bytes of a program, the places in its source included. `docs/bytecode.md` has the format.
 *
 * @example
 * ```ts
 * import { compile, decodeBytecode, encodeBytecode } from '@commute/rosette';
 * const result = compile('@"a"!(1 + 2)');
 * if (!result.ok) throw new Error(result.message);
 * const bytes = encodeBytecode(result.bytecode);
 * const decoded = decodeBytecode(bytes);
 * if (!decoded.ok || encodeBytecode(decoded.program).join() !== bytes.join()) throw new Error('not the same');
 * ```
 */
export function encodeBytecode(program: BytecodeProgram): Uint8Array<ArrayBuffer> {
  const writer = new Writer().raw(encodeCore(program));
  for (const { places } of program.procedures) {
    writer.number(places.length);
    let last = 0;
    for (const { at, start, end } of places) {
      writer
        .number(at - last)
        .number(start)
        .number(end - start);
      last = at;
    }
  }
  return writer.finish();
}
