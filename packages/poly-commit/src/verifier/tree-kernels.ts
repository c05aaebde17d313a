/**
 * What a verifier does with opened rows besides arithmetic on elements: the way up a Merkle tree, and folding.
 *
 * @module
 */
import {
  addWords,
  ELEMENT_BYTES,
  type ElementFunctions,
  type ElementWords,
  loadElement,
  storeElement,
  subtractWords,
} from '@commute/field/kernels';
import { call, type FunctionReference, i32, i64, memory, type ModuleBuilder } from '@commute/wasm';
import { DIGEST_BYTES } from '../digest.ts';
import { type Pointer, pointers, times } from './kernel-parts.ts';

/** 1/2, which is (p + 1)/2. */
const ONE_HALF = 0x7fffffff80000001n;

/** Adds `gather` and `level`. */
export function treeKernels(module: ModuleBuilder): void {
  const i = 'i32';
  // (out, out stride, from, bytes, count): as many pieces one after the other, to places a stride apart.
  module.function(
    'gather',
    [i, i, i, i, i],
    [],
    (f, out, stride, from, bytes, count) => {
      times(f, count, () => {
        f.do(memory.copy(out, from, bytes));
        f.set(out, i32.add(out, stride));
        f.set(from, i32.add(from, bytes));
      });
    },
    { export: true },
  );

  // (parents, pairs, places, digests, count, half, cursor, end): one layer up. `places` are those of known nodes of a layer of 2·half, ascending; node j and
  // node j + half are put side by side at `pairs`, and j at `parents`. What is not known is taken from the address at `cursor` on, which moves on.
  // Gives the number of pairs, or -1 where that comes to the `end`.
  module.function(
    'level',
    [i, i, i, i, i, i, i, i],
    [i],
    (f, parents, pairs, places, digests, count, half, cursor, end) => {
      const [left, right, split, next, parent, missing, before, after] = pointers(f, 8);
      f.set(before, parents);
      f.set(missing, i32.load(cursor));
      f.while(
        () => i32.and(i32.lt_u(split, count), i32.lt_u(i32.load(i32.add(places, i32.shl(split, 2))), half)),
        () => {
          f.set(split, i32.add(split, 1));
        },
      );
      f.set(right, split);
      const take = (from: Pointer, stop: Pointer, number: Pointer): void => {
        f.if(
          i32.and(i32.lt_u(from, stop), i32.eq(number, parent)),
          () => {
            f.do(memory.copy(pairs, i32.add(digests, i32.shl(from, 5)), DIGEST_BYTES));
            f.set(from, i32.add(from, 1));
          },
          () => {
            f.if(i32.eq(missing, end), () => {
              f.return(-1);
            });
            f.do(memory.copy(pairs, missing, DIGEST_BYTES));
            f.set(missing, i32.add(missing, DIGEST_BYTES));
          },
        );
        f.set(pairs, i32.add(pairs, DIGEST_BYTES));
      };
      f.while(
        () => i32.or(i32.lt_u(left, split), i32.lt_u(right, count)),
        () => {
          f.set(next, -1);
          f.set(after, -1);
          f.if(i32.lt_u(left, split), () => {
            f.set(next, i32.load(i32.add(places, i32.shl(left, 2))));
          });
          f.if(i32.lt_u(right, count), () => {
            f.set(after, i32.sub(i32.load(i32.add(places, i32.shl(right, 2))), half));
          });
          f.set(parent, next);
          f.if(i32.lt_u(after, next), () => {
            f.set(parent, after);
          });
          f.do(i32.store(parents, parent));
          f.set(parents, i32.add(parents, 4));
          take(left, split, next);
          take(right, count, after);
        },
      );
      f.do(i32.store(cursor, missing));
      return i32.shr_u(i32.sub(parents, before), 2);
    },
    { export: true },
  );
}

/**
 * Adds `foldRows` and `isFolded`. A row has the words of `factor` elements: first those of x^0, then of x^1, then of x^2.
 *
 * @param scratch - an address with room for 256 elements.
 */
export function foldingKernels(
  module: ModuleBuilder,
  { multiplyWords, multiply }: ElementFunctions,
  scratch: number,
): void {
  const i = 'i32';

  // (rows, factor, place, out): element `place` of a row.
  const pick: FunctionReference<readonly ['i32', 'i32', 'i32', 'i32'], readonly []> = module.function(
    'elementOfRow',
    [i, i, i, i],
    [],
    (f, row, factor, place, out) => {
      const address = f.let(i32.add(row, i32.shl(place, 3)));
      const step = f.let(i32.shl(factor, 3));
      for (let k = 0; k < 3; k++) {
        f.do(i64.store(out, i64.load(address), 8 * k));
        f.set(address, i32.add(address, step));
      }
    },
  );

  // (out, rows, factor, inverses, halvings, challenges, count): each row folded to one element. `inverses` has the inverse of its point for each, `halvings`
  // w^-t/2 for each halving and each t, `challenges` those of the halvings.
  module.function(
    'foldRows',
    [i, i, i, i, i, i, i],
    [],
    (f, out, rows, factor, inverses, halvings, challenges, count) => {
      const [place, half, first, second, step, challenge] = pointers(f, 6);
      const [inverse, scale] = [f.local('i64'), f.local('i64')];
      times(f, count, () => {
        f.set(place, 0);
        f.set(first, scratch);
        f.repeat(() => {
          f.do(call(pick, rows, factor, place, first));
          f.set(first, i32.add(first, ELEMENT_BYTES));
          f.set(place, i32.add(place, 1));
          return i32.lt_u(place, factor);
        });
        f.set(inverse, i64.load(inverses));
        f.set(step, halvings);
        f.set(challenge, challenges);
        f.set(half, i32.shr_u(factor, 1));
        f.repeat(() => {
          f.set(place, half);
          f.set(first, scratch);
          f.set(second, i32.add(scratch, i32.mul(half, ELEMENT_BYTES)));
          times(f, place, () => {
            const [a, b] = [loadElement(f, first), loadElement(f, second)];
            f.set(scale, call(multiplyWords, inverse, i64.load(step)));
            const odd = a.map((word, k) => f.let(call(multiplyWords, subtractWords(f, word, b[k]!), scale)));
            const even = a.map((word, k) => f.let(call(multiplyWords, addWords(f, word, b[k]!), i64.const(ONE_HALF))));
            storeElement(f, first, odd as unknown as ElementWords);
            f.do(call(multiply, first, first, challenge));
            const product = loadElement(f, first);
            storeElement(f, first, even.map((word, k) => addWords(f, word, product[k]!)) as unknown as ElementWords);
            f.set(step, i32.add(step, 8));
            f.set(first, i32.add(first, ELEMENT_BYTES));
            f.set(second, i32.add(second, ELEMENT_BYTES));
          });
          f.set(challenge, i32.add(challenge, ELEMENT_BYTES));
          f.set(inverse, call(multiplyWords, inverse, inverse));
          f.set(half, i32.shr_u(half, 1));
          return half;
        });
        f.set(first, scratch);
        storeElement(f, out, loadElement(f, first));
        f.set(out, i32.add(out, ELEMENT_BYTES));
        f.set(rows, i32.add(rows, i32.mul(factor, ELEMENT_BYTES)));
        f.set(inverses, i32.add(inverses, 8));
      });
    },
    { export: true },
  );

  // (values, positions, count, places, place count, log rows, rows, factor): whether the value at each position is the one in the opened rows. Position p is
  // in row p modulo 2^(log rows), the rest is its place there; `places` has the numbers of the rows, ascending, every one that is asked for among them.
  module.function(
    'isFolded',
    [i, i, i, i, i, i, i, i],
    [i],
    (f, values, positions, count, places, placeCount, logRows, rows, factor) => {
      const [position, row, low, high, middle, first] = pointers(f, 6);
      const differ = f.local('i32');
      f.set(first, scratch);
      times(f, count, () => {
        f.set(position, i32.load(positions));
        f.set(row, i32.and(position, i32.sub(i32.shl(1, logRows), 1)));
        f.set(low, 0);
        f.set(high, placeCount);
        f.while(
          () => i32.lt_u(low, high),
          () => {
            f.set(middle, i32.shr_u(i32.add(low, high), 1));
            f.if(
              i32.lt_u(i32.load(i32.add(places, i32.shl(middle, 2))), row),
              () => {
                f.set(low, i32.add(middle, 1));
              },
              () => {
                f.set(high, middle);
              },
            );
          },
        );
        const address = i32.add(rows, i32.mul(low, i32.mul(factor, ELEMENT_BYTES)));
        f.do(call(pick, address, factor, i32.shr_u(position, logRows), first));
        const [own, opened] = [loadElement(f, values), loadElement(f, first)];
        own.forEach((word, k) => {
          f.set(differ, i32.or(differ, i64.ne(word, opened[k]!)));
        });
        f.set(values, i32.add(values, ELEMENT_BYTES));
        f.set(positions, i32.add(positions, 4));
      });
      return i32.eqz(differ);
    },
    { export: true },
  );
}
