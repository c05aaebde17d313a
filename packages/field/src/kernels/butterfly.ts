/**
 * The radix-4 butterflies of transforms, in registers.
 *
 * @module
 */
import { type Four, type Split, type Vector, type VectorField } from './vector-field.ts';

/** With the root of unity, or with its inverse. */
export type Direction = 'forward' | 'inverse';
/** Decimation in frequency, from natural order, or in time, to it. */
export type Shape = 'frequency' | 'time';

/** A vector with and without an offset; the second of a product that came with one is unknown. */
interface Input {
  readonly offset: Vector;
  readonly plain?: Vector;
}

/** Whether words are elements, or elements with an offset. */
export type Form = 'plain' | 'offset';

/** The radix-4 butterfly without twiddles: sums over the four inputs with powers of the root of order four; plain, but for the first if that is wanted. */
function butterfly(
  field: VectorField,
  direction: Direction,
  [i0, i1, i2, i3]: readonly [Input, Input, Input, Input],
  firstForm: Form = 'plain',
): [Vector, Vector, Vector, Vector] {
  const even = field.sumWithOffset(i0.offset, i2.offset);
  const odd = field.sumWithOffset(i1.offset, i3.offset);
  const mixed =
    i0.plain === undefined
      ? ([i0.offset, i2.plain ?? field.withoutOffset(i2.offset)] as const)
      : ([i0.plain, i2.offset] as const);
  const evenDifference = field.differenceWithOffset(i0.offset, i2.offset, mixed);
  const turned = field.multiplyByRoot4(field.subtractOffset(i1.offset, i3.offset));
  const [plus, minus] = [field.addOffset(evenDifference, turned), field.subtractOffset(evenDifference, turned)];
  const [first, third] = direction === 'forward' ? [plus, minus] : [minus, plus];
  const sum = firstForm === 'plain' ? field.addOffset(even, odd) : field.sumWithOffset(even, odd);
  return [sum, first, field.subtractOffset(even, odd), third];
}

/** Four elements, with and without an offset. */
interface FourInputs {
  readonly offset: Four;
  readonly plain?: Four;
}

function butterflyFour(
  field: VectorField,
  direction: Direction,
  inputs: readonly [FourInputs, FourInputs, FourInputs, FourInputs],
  firstForm: Form = 'plain',
): [Four, Four, Four, Four] {
  const half = (lanes: 'low' | 'high'): [Vector, Vector, Vector, Vector] =>
    butterfly(
      field,
      direction,
      inputs.map(({ offset, plain }) =>
        plain === undefined ? { offset: offset[lanes] } : { offset: offset[lanes], plain: plain[lanes] },
      ) as [Input, Input, Input, Input],
      firstForm,
    );
  const [low, high] = [half('low'), half('high')];
  return [
    { low: low[0], high: high[0] },
    { low: low[1], high: high[1] },
    { low: low[2], high: high[2] },
    { low: low[3], high: high[3] },
  ];
}

/** What words are before and after a level. In decimation in frequency they may keep the offset that products come with, from level to level. */
export interface Forms {
  readonly input: Form;
  readonly output: Form;
}
/** No offset. */
export const PLAIN: Forms = { input: 'plain', output: 'plain' };

/** The radix-4 butterflies of four quarters, with their twiddles: at 0, 32 and 64 bytes those of the first, second and third power. */
export function turnQuarters(
  field: VectorField,
  shape: Shape,
  direction: Direction,
  quarters: readonly [Four, Four, Four, Four],
  twiddleAt: (bytes: number) => Split,
  { input, output }: Forms = PLAIN,
): [Four, Four, Four, Four] {
  const form = shape === 'time' ? 'offset' : output;
  const times = (value: Four, at: number): Four => field.multiplyMontgomery(field.split(value), twiddleAt(at), form);
  const offset = (plain: Four): FourInputs => ({
    offset: { low: field.offset(plain.low), high: field.offset(plain.high) },
    plain,
  });
  // Quarters hold the residues 0, 2, 1, 3 modulo four: bit-reversed order.
  if (shape === 'time') {
    const c = times(quarters[2], 0);
    const b = times(quarters[1], 32);
    const d = times(quarters[3], 64);
    return butterflyFour(field, direction, [offset(quarters[0]), { offset: c }, { offset: b }, { offset: d }]);
  }
  const inputs = quarters.map((each) => (input === 'plain' ? offset(each) : { offset: each })) as [
    FourInputs,
    FourInputs,
    FourInputs,
    FourInputs,
  ];
  const [r0, r1, r2, r3] = butterflyFour(field, direction, inputs, output);
  const third = times(r1, 0);
  return [r0, times(r2, 32), third, times(r3, 64)];
}

/** The radix-4 butterflies of two blocks of four elements each, which have no twiddles. */
export function turnUnits(
  field: VectorField,
  shape: Shape,
  direction: Direction,
  first: Four,
  second: Four,
  input: Form = 'plain',
): readonly [Four, Four] {
  const columns = [
    field.lowLanes(first.low, second.low),
    field.highLanes(first.low, second.low),
    field.lowLanes(first.high, second.high),
    field.highLanes(first.high, second.high),
  ] as const;
  const order = shape === 'time' ? ([0, 2, 1, 3] as const) : ([0, 1, 2, 3] as const);
  const inputs = order.map((k) =>
    input === 'plain' ? { offset: field.offset(columns[k]), plain: columns[k] } : { offset: columns[k] },
  ) as [Input, Input, Input, Input];
  const [r0, r1, r2, r3] = butterfly(field, direction, inputs);
  const [a, b, c, d] = shape === 'time' ? [r0, r1, r2, r3] : [r0, r2, r1, r3];
  return [
    { low: field.lowLanes(a, b), high: field.lowLanes(c, d) },
    { low: field.highLanes(a, b), high: field.highLanes(c, d) },
  ];
}
