/**
 * Arithmetic of the default cubic extension, x³ = x - 1, on elements that lie in memory as three words, one at a time: small code, which is quick when it
 * runs for the first time.
 *
 * @module
 */
import {
  call,
  type FunctionBuilder,
  type FunctionReference,
  i64,
  type Local,
  type ModuleBuilder,
  select,
} from '@commute/wasm';
import { MODULUS } from '../goldilocks.ts';
import { scalarMultiplication } from './scalar-field.ts';

/** Bytes of an element. */
export const ELEMENT_BYTES = 24;

type Word = Local<'i64'>;

/** The words of an element. */
export type ElementWords = readonly [Word, Word, Word];

/** Functions of a module that others are made of. */
export interface ElementFunctions {
  /** a·b of words. */
  readonly multiplyWords: FunctionReference<readonly ['i64', 'i64'], readonly ['i64']>;
  /** (out, a, b): out = a·b; `out` may be one of them. */
  readonly multiply: FunctionReference<readonly ['i32', 'i32', 'i32'], readonly []>;
}

/** a - b, canonical. */
export function subtractWords(f: FunctionBuilder, a: Word, b: Word): Word {
  return f.let(i64.add(i64.sub(a, b), select(i64.const(MODULUS), i64.const(0n), i64.lt_u(a, b))));
}

/** a + b, canonical. */
export function addWords(f: FunctionBuilder, a: Word, b: Word): Word {
  return subtractWords(f, a, f.let(i64.sub(i64.const(MODULUS), b)));
}

/** The words of an element. */
export function loadElement(f: FunctionBuilder, address: Local<'i32'>): ElementWords {
  return [0, 8, 16].map((offset) => f.let(i64.load(address, offset))) as unknown as ElementWords;
}

/** Stores an element. */
export function storeElement(f: FunctionBuilder, address: Local<'i32'>, words: ElementWords): void {
  words.forEach((word, k) => {
    f.do(i64.store(address, word, 8 * k));
  });
}

/** Adds the functions that others are made of. */
export function elementFunctions(module: ModuleBuilder): ElementFunctions {
  const multiplyWords = scalarMultiplication(module);
  const multiply = module.function('multiplyElements', ['i32', 'i32', 'i32'], [], (f, out, left, right) => {
    const [a, b] = [loadElement(f, left), loadElement(f, right)];
    const product = (i: number, j: number): Word => f.let(call(multiplyWords, a[i]!, b[j]!));
    const third = addWords(f, product(1, 2), product(2, 1));
    const fourth = product(2, 2);
    const first = subtractWords(f, product(0, 0), third);
    const second = subtractWords(f, addWords(f, addWords(f, product(0, 1), product(1, 0)), third), fourth);
    const last = addWords(f, addWords(f, addWords(f, product(0, 2), product(2, 0)), product(1, 1)), fourth);
    storeElement(f, out, [first, second, last]);
  });
  return { multiplyWords, multiply };
}
