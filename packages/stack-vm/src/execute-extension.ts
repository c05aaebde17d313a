/**
 * The instructions on elements of the cubic extension, on pairs of words.
 *
 * @module
 */
import { createExtensionField, CUBIC_MODULUS } from '@commute/field';
import { CAUSE } from './causes.ts';
import type { Core } from './core.ts';
import { addWords, fromElement, move, multiplyWords, result, subtractWords } from './words.ts';

const CUBIC = createExtensionField(CUBIC_MODULUS);
/** Coefficients of x^0 to x^4. */
const POWERS = new Uint32Array(10);
const PRODUCT = new Uint32Array(6);

/** The element at st3 becomes its product with that at st0. */
export function multiplyExtension(stack: Uint32Array, top: number): void {
  multiplyCubic(stack, top, top - 6);
  for (let i = 0; i < 6; i++) stack[top - 6 - 2 * (i >> 1) + (i & 1)] = PRODUCT[i]!;
}

/** The element at st0 becomes its inverse. Returns the cause of a trap, or 0. */
export function invertExtension(core: Core, top: number): number {
  const { stack } = core;
  const element = [core.element(0), core.element(1), core.element(2)];
  if (element.every((each) => each === 0n)) return CAUSE.inverseOfZero;
  CUBIC.inverse(element).forEach((each, i) => {
    fromElement(each);
    stack[top - 2 * i] = result[0]!;
    stack[top - 2 * i + 1] = result[1]!;
  });
  return 0;
}

/** Leaves in PRODUCT the product of the cubic elements whose lowest coefficients are at `a` and `b`. */
function multiplyCubic(stack: Uint32Array, a: number, b: number): void {
  POWERS.fill(0);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      multiplyWords(stack[a - 2 * i]!, stack[a - 2 * i + 1]!, stack[b - 2 * j]!, stack[b - 2 * j + 1]!);
      const at = 2 * (i + j);
      addWords(POWERS[at]!, POWERS[at + 1]!, result[0]!, result[1]!);
      POWERS[at] = result[0]!;
      POWERS[at + 1] = result[1]!;
    }
  }
  // x^3 = x - 1 and x^4 = x^2 - x.
  subtractWords(POWERS[0]!, POWERS[1]!, POWERS[6]!, POWERS[7]!);
  PRODUCT[0] = result[0]!;
  PRODUCT[1] = result[1]!;
  addWords(POWERS[2]!, POWERS[3]!, POWERS[6]!, POWERS[7]!);
  subtractWords(result[0]!, result[1]!, POWERS[8]!, POWERS[9]!);
  PRODUCT[2] = result[0]!;
  PRODUCT[3] = result[1]!;
  addWords(POWERS[4]!, POWERS[5]!, POWERS[8]!, POWERS[9]!);
  PRODUCT[4] = result[0]!;
  PRODUCT[5] = result[1]!;
}

/** e := e·x + c for e at st7, x at st0 and c in RAM, its last coefficient where st5 points to. */
export function hornerStep(core: Core, top: number, coefficients: number): void {
  const { stack, memory, ram } = core;
  multiplyCubic(stack, top - 14, top);
  for (let i = 0; i < 3; i++) {
    const back = coefficients - 1 - i;
    let low = 0;
    let high = 0;
    if (back >= 0) {
      subtractWords(stack[top - 10]!, stack[top - 9]!, back, 0);
      const at = ram.find(result[0]!, result[1]!);
      low = at < 0 ? 0 : memory.loadWord(at);
      high = at < 0 ? 0 : memory.loadWord(at + 4);
    }
    addWords(PRODUCT[2 * i]!, PRODUCT[2 * i + 1]!, low, high);
    stack[top - 14 - 2 * i] = result[0]!;
    stack[top - 14 - 2 * i + 1] = result[1]!;
  }
  move(stack, top - 10, -coefficients);
}
