/**
 * Sums of fractions whose denominators are linear in powers of a challenge: what a verifier adds up for a statement's messages.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField } from '@commute/field';
import { ELEMENT_BYTES } from '@commute/field/kernels';
import { isKernelField } from './scan.ts';
import { sharedWorkspace, type Workspace } from './workspace.ts';

/** Fractions that are inverted together; bounds the memory that is taken. */
const MOST_ROWS = 4096;

/**
 * Σ counts[j] / (offset - Σ ratio^k·rows[width·j + k]), over all words of `counts`.
 *
 * @param rows - canonical words, `width` for each fraction.
 * @param counts - canonical words, one for each fraction.
 * @returns `'pole'` where a denominator is zero; `undefined` for another extension than the default one, or a host without 128-bit vectors.
 * @example
 * ```ts
 * import { createExtensionField } from '@commute/field';
 * import { fractionSum } from '@commute/poly-commit';
 * const field = createExtensionField();
 * // 3 / (10 - (2 + 1·4)) + 1 / (10 - (5 + 1·4))
 * const sum = fractionSum(field, BigUint64Array.of(2n, 4n, 5n, 4n), 2, BigUint64Array.of(4n, 1n), [10n, 0n, 0n], field.one);
 * if (sum !== undefined && String(sum) !== '2,0,0') throw new Error(String(sum));
 * ```
 */
export function fractionSum(
  field: ExtensionField,
  rows: BigUint64Array,
  width: number,
  counts: BigUint64Array,
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ExtensionElement | 'pole' | undefined {
  const workspace = isKernelField(field) ? sharedWorkspace() : undefined;
  if (workspace === undefined) return undefined;
  let sum = field.zero;
  for (let first = 0; first < counts.length; first += MOST_ROWS) {
    const own = counts.subarray(first, first + MOST_ROWS);
    const words = rows.subarray(width * first, width * (first + own.length));
    const part = workspace.scope(() => partOf(workspace, field, words, width, own, offset, ratio));
    if (part === 'pole') return part;
    sum = field.add(sum, part);
  }
  return sum;
}

function partOf(
  workspace: Workspace,
  field: ExtensionField,
  rows: BigUint64Array,
  width: number,
  counts: BigUint64Array,
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ExtensionElement | 'pole' {
  const { kernels } = workspace;
  const count = counts.length;
  const zeros = (elements: number): number => {
    const address = workspace.allocate(ELEMENT_BYTES * elements);
    workspace.words(address, 3 * elements).fill(0n);
    return address;
  };
  const put = (words: BigUint64Array): number => {
    const address = workspace.allocate(8 * words.length);
    workspace.words(address, words.length).set(words);
    return address;
  };
  const one = workspace.putWords(field.one);
  const powers = workspace.allocate(ELEMENT_BYTES * width);
  workspace.words(powers, 3).set(field.one);
  kernels.powers(powers, workspace.putWords(ratio), width);
  const linear = zeros(count);
  kernels.weighRows(linear, put(rows), width, powers, count);
  const denominators = workspace.allocate(ELEMENT_BYTES * count);
  kernels.multiplyAll(denominators, workspace.putWords(offset), 0, one, 0, count);
  kernels.subtractAll(denominators, linear, ELEMENT_BYTES, count);
  const inverses = workspace.allocate(ELEMENT_BYTES * (count + 1));
  workspace.words(inverses, 3).set(field.one);
  kernels.prefixes(inverses, denominators, count);
  const product = [...workspace.words(inverses + ELEMENT_BYTES * count, 3)];
  if (field.equals(product, field.zero)) return 'pole';
  kernels.finishInverses(inverses, denominators, workspace.putWords(field.inverse(product)), count);
  const sum = zeros(1);
  kernels.weighRows(sum, put(counts), count, inverses, 1);
  return [...workspace.words(sum, 3)];
}
