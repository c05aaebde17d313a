import {
  compile,
  type Expression,
  type FunctionBuilder,
  type HostFunction,
  instantiate,
  type LinearMemory,
  type LocalsFor,
  ModuleBuilder,
  type ValueType,
} from '../src/index.ts';

/** Interesting values of `bits` bits, and a few without structure. */
export function samples(bits: number): bigint[] {
  const top = 1n << BigInt(bits);
  const edges = [0n, 1n, 2n, 3n, 7n, 8n, 31n, 33n, top - 1n, top - 2n, top / 2n, top / 2n - 1n, top / 2n + 1n];
  const mixed = [0x123456789abcdef0fedcba9876543210n, 0x80ff7f0180ff7f01007f80ff00018000n, 0xdeadbeefn];
  return [...edges, ...mixed].map((value) => BigInt.asUintN(bits, value));
}

/** A module of one function and one page of memory. */
export function singleFunction<const P extends readonly ValueType[]>(
  parameters: P,
  results: readonly ValueType[],
  body: (builder: FunctionBuilder, ...parameters: LocalsFor<P>) => unknown,
  shared = false,
): { readonly run: HostFunction; readonly view: DataView } {
  const module = new ModuleBuilder();
  module.memory({ initial: 1, maximum: 1, shared }, 'memory');
  module.function<P, readonly ValueType[]>(
    'run',
    parameters,
    results,
    (f, ...locals) => body(f, ...locals) as Expression[],
    {
      export: true,
    },
  );
  const { run, memory } = instantiate(compile(module.toBytes())) as unknown as {
    run: HostFunction;
    memory: LinearMemory;
  };
  return { run, view: new DataView(memory.buffer) };
}
