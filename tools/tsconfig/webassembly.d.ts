/**
 * The part of the WebAssembly JavaScript interface that Node and browsers share. TypeScript declares it only together with the
 * whole DOM, which library code must not see. Same shapes as there, without `any`.
 *
 * https://webassembly.github.io/spec/js-api/
 */
declare namespace WebAssembly {
  type ExportValue = Function | Global | Memory | Table;
  type ImportValue = ExportValue | number | bigint;
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table' | 'tag';
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'externref' | 'anyfunc' | 'v128';

  interface ModuleExportDescriptor {
    kind: ImportExportKind;
    name: string;
  }

  interface ModuleImportDescriptor {
    kind: ImportExportKind;
    module: string;
    name: string;
  }

  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }

  interface GlobalDescriptor {
    mutable?: boolean;
    value: ValueType;
  }

  interface TableDescriptor {
    element: 'anyfunc' | 'externref';
    initial: number;
    maximum?: number;
  }

  class Module {
    private readonly module: never;
    constructor(bytes: ArrayBufferView<ArrayBuffer> | ArrayBuffer);
    static customSections(module: Module, sectionName: string): ArrayBuffer[];
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
  }

  class Instance {
    readonly exports: Record<string, ExportValue>;
    constructor(module: Module, imports?: Record<string, Record<string, ImportValue>>);
  }

  class Memory {
    /** A SharedArrayBuffer if the memory was made shared. */
    readonly buffer: ArrayBuffer;
    constructor(descriptor: MemoryDescriptor);
    grow(deltaPages: number): number;
  }

  class Global {
    value: number | bigint;
    constructor(descriptor: GlobalDescriptor, value?: number | bigint);
  }

  class Table {
    readonly length: number;
    constructor(descriptor: TableDescriptor, value?: unknown);
    get(index: number): unknown;
    grow(delta: number, value?: unknown): number;
    set(index: number, value?: unknown): void;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(bytes: ArrayBufferView<ArrayBuffer> | ArrayBuffer): Promise<Module>;
  function instantiate(module: Module, imports?: Record<string, Record<string, ImportValue>>): Promise<Instance>;
  function validate(bytes: ArrayBufferView<ArrayBuffer> | ArrayBuffer): boolean;
}
