/**
 * Arithmetic of the processor: in the field and its cubic extension, and assertions.
 *
 * @module
 */
import { type EveryRowScope, type Term } from '@commute/stark';
import { type Cubic, multiplyCubic } from './parts.ts';
import { type ProcessorCells } from './processor.ts';

/** Demands of instructions that are arithmetic that they set what they say. */
export function assertArithmetic(builder: EveryRowScope, row: ProcessorCells): void {
  const { st, out } = row;
  const [top, second, result] = [st[0]!, st[1]!, out[0]!];
  const set = (flag: Term, name: string, value: Term): void => {
    builder.when(flag).assertEqual(name, result, value);
  };
  set(row.push, 'pushes', row.argument);
  set(row.addi, 'adds the argument', top.add(row.argument));
  set(row.add, 'adds', top.add(second));
  set(row.mul, 'multiplies', top.multiply(second));
  set(row.eq, 'compares', row.isZero);
  builder.when(row.invert).assertEqual('inverts', top.multiply(result), 1);
  builder.when(row.assert).assertEqual('asserts', top, 1);
  for (let k = 0; k < 5; k++) {
    builder.when(row.assertVector).assertEqual(`asserts ${String(k)}`, st[k]!, st[k + 5]!);
  }

  const cubic = (registers: readonly Term[], from: number): Cubic => [
    registers[from]!,
    registers[from + 1]!,
    registers[from + 2]!,
  ];
  const [left, right, value] = [cubic(st, 0), cubic(st, 3), cubic(out, 0)];
  const product = multiplyCubic(left, right);
  const one = multiplyCubic(left, value);
  const step = multiplyCubic(cubic(st, 7), left);
  const horner = row.bHornerStep.add(row.xHornerStep);
  for (let k = 0; k < 3; k++) {
    const name = String(k);
    builder.when(row.xxAdd).assertEqual(`adds coefficient ${name}`, value[k]!, left[k]!.add(right[k]!));
    builder.when(row.xxMul).assertEqual(`multiplies to coefficient ${name}`, value[k]!, product[k]!);
    builder.when(row.xInvert).assertEqual(`inverts to coefficient ${name} of one`, one[k]!, k === 0 ? 1 : 0);
    builder.when(row.xbMul).assertEqual(`scales coefficient ${name}`, value[k]!, top.multiply(st[1 + k]!));
    const added = k === 0 ? row.coefficient[0]! : row.xHornerStep.multiply(row.coefficient[k]!);
    builder.when(horner).assertEqual(`Horner's coefficient ${name}`, out[7 + k]!, step[k]!.add(added));
  }
  const back = row.bHornerStep.add(row.xHornerStep.multiply(3));
  builder.when(horner).assertEqual("Horner's pointer goes back", out[5]!, st[5]!.subtract(back));
}
