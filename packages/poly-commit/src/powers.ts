import { type ExtensionElement, type ExtensionField, type FieldEngine, type Matrix } from '@commute/field';

/** 1, z, z², … in bit-reversed order. */
export function reversedPowers(
  engine: FieldEngine,
  field: ExtensionField,
  rows: number,
  point: ExtensionElement,
): Matrix {
  const powers = engine.allocate(rows, field.degree);
  engine.extension(field).powersInto(powers, point);
  engine.reverseBitsInPlace(powers);
  return powers;
}
