/**
 * The part of the WebAssembly JavaScript interface that generated modules need, typed here so that neither this
 * package nor its users depend on the DOM library of TypeScript.
 *
 * @module
 */
import { WasmError } from './errors.ts';
import { type MemoryLimits } from './module.ts';

declare const kind: unique symbol;

/** A compiled module; can be sent to a worker. */
export interface CompiledModule {
  readonly [kind]: 'module';
}

/** A linear memory. */
export interface LinearMemory {
  /** Replaced when the memory grows, so read it anew before each use. */
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  /** Grows by `pages` of 64 KiB and gives the size before; throws a RangeError where it cannot. */
  readonly grow: (pages: number) => number;
}

/** A table of functions. */
export interface FunctionTable {
  readonly length: number;
  readonly get: (index: number) => HostFunction | null;
  readonly set: (index: number, value: HostFunction | null) => void;
}

/** A global variable. */
export interface GlobalVariable {
  value: number | bigint;
}

/** A function that crosses the border: i32 are numbers, i64 bigints. */
export type HostFunction = (...operands: (number | bigint)[]) => number | bigint | (number | bigint)[] | undefined;

/** What a module can import or export. */
export type Extern = HostFunction | LinearMemory | FunctionTable | GlobalVariable;

/** Imports by module and name. */
export type Imports = Readonly<Record<string, Readonly<Record<string, Extern>>>>;

interface Host {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (
    module: CompiledModule,
    imports: Imports,
  ) => { readonly exports: Readonly<Record<string, Extern>> };
  readonly Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => LinearMemory;
  readonly Table: new (limits: { element: 'anyfunc'; initial: number; maximum?: number }) => FunctionTable;
}

function host(): Host {
  const found = (globalThis as unknown as { readonly WebAssembly?: Host }).WebAssembly;
  if (found === undefined) throw new WasmError('WASM_HOST', 'globalThis.WebAssembly', 'an object', 'undefined');
  return found;
}

/** Tells whether `bytes` are a module that this host accepts. */
export function validate(bytes: Uint8Array): boolean {
  return host().validate(bytes);
}

/**
 * Compiles a module, synchronously; hosts compile lazily, so this is a matter of milliseconds.
 *
 * @throws {@link WasmError} `WASM_HOST` where the host refuses it.
 */
export function compile(bytes: Uint8Array): CompiledModule {
  const { Module } = host();
  try {
    return new Module(bytes);
  } catch (error) {
    throw new WasmError('WASM_HOST', 'module', 'one the host accepts', String(error));
  }
}

/** Instantiates a compiled module and gives its exports by name. */
export function instantiate(module: CompiledModule, imports: Imports = {}): Readonly<Record<string, Extern>> {
  const { Instance } = host();
  return new Instance(module, imports).exports;
}

/**
 * Creates a memory; throws the host's RangeError where there is no room for it.
 *
 * @example
 * ```ts
 * import { createMemory } from '@commute/wasm';
 * const memory = createMemory({ initial: 1 });
 * if (memory.buffer.byteLength !== 65536) throw new Error('unreachable');
 * ```
 */
export function createMemory(limits: MemoryLimits): LinearMemory {
  const { Memory } = host();
  return new Memory(limits);
}

/** Creates a table of `size` empty entries, which may grow. */
export function createTable(size: number): FunctionTable {
  const { Table } = host();
  return new Table({ element: 'anyfunc', initial: size });
}
