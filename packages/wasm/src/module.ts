import { ByteWriter } from './byte-writer.ts';
import { WasmError } from './errors.ts';
import { Expression, Local, type Operand, toExpression, VALUE_TYPE_CODES, type ValueType } from './expression.ts';
import {
  FunctionBuilder,
  type FunctionReference,
  GlobalReference,
  type LocalsFor,
  type TableReference,
} from './function.ts';
import { type MemoryReference } from './signature.ts';

/** Size of a memory in pages of 64 KiB. A shared one must have a maximum. */
export type MemoryLimits =
  | { readonly initial: number; readonly maximum?: number; readonly shared?: false }
  | { readonly initial: number; readonly maximum: number; readonly shared: boolean };

/** The result of a function body: one value, several, or nothing (no results, or every path returns). */
export type BodyResult<R extends readonly ValueType[]> =
  (R extends readonly [infer T extends ValueType] ? Operand<T> : { [K in keyof R]: Operand<R[K]> }) | undefined;

const ORDER_OF_SECTIONS = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
  data: 11,
} as const;

/**
 * Collects functions, memories, globals, tables and data, and gives the bytes of the module.
 *
 * Imports come first, since they open the index space that functions continue. A module has at most one memory of its own; with it and those that it imports, the first one
 * is what instructions mean that are not told another.
 *
 * @example
 * ```ts
 * import { i32, ModuleBuilder } from '@commute/wasm';
 * const module = new ModuleBuilder();
 * module.function('add', ['i32', 'i32'], ['i32'], (_, a, b) => i32.add(a, b), { export: true });
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
 * if ((exports['add'] as (a: number, b: number) => number)(2, 3) !== 5) throw new Error('unreachable');
 * ```
 */
export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: Uint8Array[] = [];
  readonly #imports: Uint8Array[] = [];
  #importedFunctions = 0;
  #importedGlobals = 0;
  #importedMemories = 0;
  readonly #functions: { readonly name: string; readonly type: number; code: Uint8Array | undefined }[] = [];
  readonly #globals: Uint8Array[] = [];
  readonly #tables: Uint8Array[] = [];
  readonly #elements: Uint8Array[] = [];
  readonly #exports: Uint8Array[] = [];
  readonly #data: Uint8Array[] = [];
  #memory: Uint8Array | undefined;

  #typeIndex(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${parameters.join(' ')}>${results.join(' ')}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    const out = new ByteWriter(16);
    out.byte(0x60);
    for (const list of [parameters, results]) {
      out.unsigned(list.length);
      for (const type of list) out.byte(VALUE_TYPE_CODES[type]);
    }
    this.#typeBytes.push(out.view());
    return this.#types.push(key) - 1;
  }

  #import(module: string, name: string, write: (out: ByteWriter) => void): void {
    if (this.#functions.length > 0 || this.#globals.length > 0) {
      throw new WasmError('WASM_ORDER', `import ${name}`, 'imports before functions and globals', 'one after');
    }
    const out = new ByteWriter(64);
    out.name(module);
    out.name(name);
    write(out);
    this.#imports.push(out.view());
  }

  /** Imports a function. */
  importFunction<const P extends readonly ValueType[], const R extends readonly ValueType[]>(
    module: string,
    name: string,
    parameters: P,
    results: R,
  ): FunctionReference<P, R> {
    const type = this.#typeIndex(parameters, results);
    this.#import(module, name, (out) => {
      out.byte(0x00);
      out.unsigned(type);
    });
    return { name, index: this.#importedFunctions++, parameters, results };
  }

  /** Imports a global. */
  importGlobal<T extends ValueType>(module: string, name: string, type: T, mutable = false): GlobalReference<T> {
    this.#import(module, name, (out) => {
      out.byte(0x03);
      out.byte(VALUE_TYPE_CODES[type]);
      out.byte(mutable ? 1 : 0);
    });
    return new GlobalReference(type, this.#importedGlobals++);
  }

  /** Imports a memory. A host without multiple memories refuses modules that have a second one. */
  importMemory(module: string, name: string, limits: MemoryLimits): MemoryReference {
    if (this.#memory !== undefined) {
      throw new WasmError('WASM_ORDER', `import ${name}`, "imports before the module's own memory", 'one after');
    }
    this.#import(module, name, (out) => {
      out.byte(0x02);
      writeMemoryLimits(out, limits);
    });
    return { index: this.#importedMemories++ };
  }

  /** Gives the module a memory of its own, exported where `exportName` is given. */
  memory(limits: MemoryLimits, exportName?: string): MemoryReference {
    const out = new ByteWriter(16);
    writeMemoryLimits(out, limits);
    this.#memory = out.view();
    const index = this.#importedMemories;
    if (exportName !== undefined) this.#export(exportName, 0x02, index);
    return { index };
  }

  #export(name: string, kind: number, index: number): void {
    const out = new ByteWriter(name.length + 8);
    out.name(name);
    out.byte(kind);
    out.unsigned(index);
    this.#exports.push(out.view());
  }

  /** Exports a function under `name`. */
  export(name: string, reference: FunctionReference): void {
    this.#export(name, 0x00, reference.index);
  }

  /** Adds a mutable global with an initial value, exported where `exportName` is given. */
  global<T extends ValueType>(type: T, initial: Operand<T>, exportName?: string): GlobalReference<T> {
    const out = new ByteWriter(24);
    out.byte(VALUE_TYPE_CODES[type]);
    out.byte(1);
    toExpression(type, initial).write(out);
    out.byte(0x0b);
    const index = this.#importedGlobals + this.#globals.length;
    this.#globals.push(out.view());
    if (exportName !== undefined) this.#export(exportName, 0x03, index);
    return new GlobalReference(type, index);
  }

  /**
   * Adds a table of function references.
   *
   * @param size - entries; both the initial and, unless `growable`, the maximal number.
   */
  table(size: number, options: { readonly export?: string; readonly growable?: boolean } = {}): TableReference {
    const out = new ByteWriter(16);
    out.byte(0x70);
    out.byte(options.growable === true ? 0 : 1);
    out.unsigned(size);
    if (options.growable !== true) out.unsigned(size);
    const index = this.#importedTables + this.#tables.length;
    this.#tables.push(out.view());
    if (options.export !== undefined) this.#export(options.export, 0x01, index);
    return { index };
  }

  #importedTables = 0;

  /** Imports a table of at least `size` function references. */
  importTable(module: string, name: string, size: number): TableReference {
    this.#import(module, name, (out) => {
      out.byte(0x01);
      out.byte(0x70);
      out.byte(0);
      out.unsigned(size);
    });
    return { index: this.#importedTables++ };
  }

  /** Puts functions into a table from `offset` on. */
  elements(table: TableReference, offset: number, functions: readonly FunctionReference[]): void {
    const out = new ByteWriter(16 + 3 * functions.length);
    out.unsigned(2);
    out.unsigned(table.index);
    toExpression('i32', offset).write(out);
    out.byte(0x0b);
    out.byte(0x00);
    out.unsigned(functions.length);
    for (const each of functions) out.unsigned(each.index);
    this.#elements.push(out.view());
  }

  /** Puts bytes into the memory when the module is instantiated. */
  data(offset: number, bytes: Uint8Array): void {
    const out = new ByteWriter(16 + bytes.length);
    out.unsigned(0);
    toExpression('i32', offset).write(out);
    out.byte(0x0b);
    out.sized(bytes);
    this.#data.push(out.view());
  }

  /** Declares a function that {@link ModuleBuilder.define} defines later, for recursion. */
  declare<const P extends readonly ValueType[], const R extends readonly ValueType[]>(
    name: string,
    parameters: P,
    results: R,
  ): FunctionReference<P, R> {
    const type = this.#typeIndex(parameters, results);
    const index = this.#importedFunctions + this.#functions.length;
    this.#functions.push({ name, type, code: undefined });
    return { name, index, parameters, results };
  }

  /** Defines a declared function; `body` writes its statements and returns its results. */
  define<P extends readonly ValueType[], R extends readonly ValueType[]>(
    reference: FunctionReference<P, R>,
    body: (builder: FunctionBuilder<R>, ...parameters: LocalsFor<P>) => BodyResult<R>,
  ): void {
    const entry = this.#functions[reference.index - this.#importedFunctions];
    if (entry === undefined || entry.code !== undefined) {
      throw new WasmError('WASM_FUNCTION_DEFINITION', reference.name, 'one definition', 'another');
    }
    const context = {
      typeIndex: (parameters: readonly ValueType[], results: readonly ValueType[]) =>
        this.#typeIndex(parameters, results),
    };
    const builder = new FunctionBuilder(context, reference.parameters.length, reference.results);
    const locals = reference.parameters.map((type, index) => new Local(type, index));
    const value = body(builder, ...(locals as unknown as LocalsFor<P>)) as unknown;
    const results = reference.results.length === 0 ? [] : value === undefined ? undefined : toList(value);
    entry.code = builder.finish(results);
  }

  /** Declares and defines a function; exported under its name where asked. */
  function<const P extends readonly ValueType[], const R extends readonly ValueType[]>(
    name: string,
    parameters: P,
    results: R,
    body: (builder: FunctionBuilder<R>, ...parameters: LocalsFor<P>) => BodyResult<R>,
    options: { readonly export?: boolean } = {},
  ): FunctionReference<P, R> {
    const reference = this.declare(name, parameters, results);
    this.define(reference, body);
    if (options.export === true) this.export(name, reference);
    return reference;
  }

  /**
   * The module in the binary format.
   *
   * @throws {@link WasmError} `WASM_FUNCTION_DEFINITION` where a declared function has no definition.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(65536);
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    const section = (id: number, entries: readonly Uint8Array[]): void => {
      if (entries.length === 0) return;
      const body = new ByteWriter(entries.reduce((sum, entry) => sum + entry.length, 8));
      body.unsigned(entries.length);
      for (const entry of entries) body.bytes(entry);
      out.byte(id);
      out.sized(body.view());
    };
    section(ORDER_OF_SECTIONS.type, this.#typeBytes);
    section(ORDER_OF_SECTIONS.import, this.#imports);
    section(
      ORDER_OF_SECTIONS.function,
      this.#functions.map(({ type }) =>
        encoded((each) => {
          each.unsigned(type);
        }),
      ),
    );
    section(ORDER_OF_SECTIONS.table, this.#tables);
    section(ORDER_OF_SECTIONS.memory, this.#memory === undefined ? [] : [this.#memory]);
    section(ORDER_OF_SECTIONS.global, this.#globals);
    section(ORDER_OF_SECTIONS.export, this.#exports);
    section(ORDER_OF_SECTIONS.element, this.#elements);
    section(
      ORDER_OF_SECTIONS.code,
      this.#functions.map(({ name, code }) => {
        if (code === undefined) throw new WasmError('WASM_FUNCTION_DEFINITION', name, 'a definition', 'none');
        return encoded((each) => {
          each.sized(code);
        }, code.length + 8);
      }),
    );
    section(ORDER_OF_SECTIONS.data, this.#data);
    return out.view();
  }
}

function encoded(write: (out: ByteWriter) => void, capacity = 16): Uint8Array {
  const out = new ByteWriter(capacity);
  write(out);
  return out.view();
}

function toList(value: unknown): readonly Operand<ValueType>[] {
  const single = value instanceof Expression || typeof value === 'number' || typeof value === 'bigint';
  return single ? [value as Operand<ValueType>] : (value as readonly Operand<ValueType>[]);
}

function writeMemoryLimits(out: ByteWriter, limits: MemoryLimits): void {
  const { initial, maximum, shared = false } = limits;
  out.byte((shared ? 2 : 0) | (maximum === undefined ? 0 : 1));
  out.unsigned(initial);
  if (maximum !== undefined) out.unsigned(maximum);
}
