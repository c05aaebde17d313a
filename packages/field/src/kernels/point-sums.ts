/**
 * Values of polynomials at some points of a coset.
 *
 * @module
 */
import { call, type FunctionReference, i32, type ModuleBuilder, v128 } from '@commute/wasm';
import { type Four, VectorField } from './vector-field.ts';

/** (out, source, table, log), see `evaluateScaled`. */
export type ScaledReference = FunctionReference<readonly ['i32', 'i32', 'i32', 'i32'], readonly []>;

/** Parts that are transformed before their values are added to sums. */
export const PARTS_AT_ONCE = 4;

/**
 * `pointSums` (out, source, groups, log, tables, cosets, counts, places, weights, weight stride, scratch): adds to sums the values of parts of one column, which lie one
 * behind the other, each 2^log coefficients in bit-reversed order, at some points, each times a weight.
 *
 * Parts are evaluated on cosets, {@link PARTS_AT_ONCE} in each of the groups. Coset c has a table of the powers that coefficients are multiplied by, and
 * counts[c] points. `places` are the byte offsets of the points in their cosets, 32 bits each, one coset's after the other's. Each point has a weight for each part, in
 * Montgomery form, `weight stride` bytes after those of the point before, and a sum in four lanes in `out`. `scratch` has room for the parts of a group.
 */
export function pointSumsKernel(module: ModuleBuilder, scaled: ScaledReference): void {
  module.function(
    'pointSums',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, source, groups, log, tables, cosets, counts, places, weights, stride, scratch) => {
      const field = new VectorField(f);
      const bytes = f.let(i32.shl(8, log));
      const tableStart = f.let(i32.add(tables, 0));
      const countStart = f.let(i32.add(counts, 0));
      const placeStart = f.let(i32.add(places, 0));
      const outStart = f.let(i32.add(out, 0));
      const [left, points, weight, part, at] = [0, 1, 2, 3, 4].map(() => f.local('i32'));
      f.repeat(() => {
        f.set(tables, tableStart);
        f.set(counts, countStart);
        f.set(places, placeStart);
        f.set(out, outStart);
        f.set(weight!, weights);
        f.set(left!, cosets);
        f.repeat(() => {
          f.set(points!, i32.load(counts));
          f.if(points!, () => {
            f.set(part!, 0);
            for (let k = 0; k < PARTS_AT_ONCE; k++) {
              f.do(call(scaled, i32.add(scratch, part!), i32.add(source, part!), tables, log));
              f.set(part!, i32.add(part!, bytes));
            }
            f.repeat(() => {
              f.set(at!, i32.add(scratch, i32.load(places)));
              const lanes = Array.from({ length: PARTS_AT_ONCE }, (_, k) => {
                if (k > 0) f.set(at!, i32.add(at!, bytes));
                return f.let(v128.load64_zero(at!));
              });
              const values: Four = {
                low: field.lowLanes(lanes[0]!, lanes[1]!),
                high: field.lowLanes(lanes[2]!, lanes[3]!),
              };
              const product = field.multiplyMontgomery(field.split(values), field.split(field.load(weight!)));
              field.store(out, field.addFour(field.load(out), product));
              f.set(out, i32.add(out, 32));
              f.set(places, i32.add(places, 4));
              f.set(weight!, i32.add(weight!, stride));
              f.set(points!, i32.sub(points!, 1));
              return points!;
            });
          });
          f.set(tables, i32.add(tables, bytes));
          f.set(counts, i32.add(counts, 4));
          f.set(left!, i32.sub(left!, 1));
          return left!;
        });
        f.set(source, i32.add(source, i32.shl(bytes, 2)));
        f.set(weights, i32.add(weights, 8 * PARTS_AT_ONCE));
        f.set(groups, i32.sub(groups, 1));
        return groups;
      });
    },
    { export: true },
  );
}
