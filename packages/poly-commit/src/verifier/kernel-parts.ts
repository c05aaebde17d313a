/**
 * What the verifier's kernels begin with: locals for addresses and counts, and loops over them.
 *
 * @module
 */
import { type FunctionBuilder, i32, type Local } from '@commute/wasm';

/** An address or a count. */
export type Pointer = Local<'i32'>;

/** As many pointers, for up to some ten. */
type Pointers<N extends number, P extends readonly Pointer[] = []> = P['length'] extends N
  ? P
  : Pointers<N, readonly [...P, Pointer]>;

/** New locals, which are 0 at first. */
export function pointers<const N extends number>(f: FunctionBuilder, count: N): Pointers<N> {
  return Array.from({ length: count }, () => f.local('i32')) as unknown as Pointers<N>;
}

/** Runs `body` `count` times, which counts down; none for 0. */
export function times(f: FunctionBuilder, count: Pointer, body: () => void): void {
  f.while(
    () => count,
    () => {
      body();
      f.set(count, i32.sub(count, 1));
    },
  );
}
