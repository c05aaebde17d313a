/**
 * How long it takes to emit one function of n vector instructions.
 *
 * Run with `node --conditions=@commute/source bench/emit.bench.ts`.
 */
import { i64x2, ModuleBuilder, v128, validate } from '@commute/wasm';

/** A module whose one function has about `count` instructions: loads, wide products, stores. */
function emit(count: number): Uint8Array {
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', { initial: 1, maximum: 10, shared: true });
  module.function('f', ['i32'], [], (f, p) => {
    for (let i = 0; i < count / 10; i++) {
      const x = f.let(v128.load(p, 16 * (i % 60)));
      const y = f.let(v128.load(p, 16 * ((i * 7) % 60)));
      f.do(v128.store(p, i64x2.add(i64x2.extmul_low_i32x4_u(x, y), i64x2.extmul_high_i32x4_u(x, y))));
    }
  });
  return module.toBytes();
}

console.log(`node ${process.version}`);
for (const count of [2_000, 40_000, 200_000]) {
  const times: number[] = [];
  let bytes = new Uint8Array();
  for (let round = 0; round < 12; round++) {
    const start = performance.now();
    bytes = emit(count) as Uint8Array<ArrayBuffer>;
    times.push(performance.now() - start);
  }
  if (!validate(bytes)) throw new Error('the emitted module is not valid');
  console.log(
    `${String(count)} instructions, ${String(bytes.length)} bytes: first ${times[0]!.toFixed(1)} ms, best ${Math.min(...times).toFixed(2)} ms`,
  );
}
