/**
 * Instructions that hash: what goes into a permutation of Tip5, and what comes out.
 *
 * @module
 */
import { instructionNamed } from '@commute/stack-vm';
import { column, columns, defineTable, type Table } from '@commute/stark';
import { GAP_BYTES, SPONGE_ELEMENTS } from '../layout.ts';
import { checkBytes, chooseKind, joinBytes, sumOf } from './parts.ts';

/** Elements that are absorbed and squeezed at a time. */
const RATE = 10;
/** Elements of a digest. */
const DIGEST = 5;

/** Names of the kinds of rows, and their instructions. */
export const HASH_KINDS = {
  hash: 'hash',
  init: 'sponge_init',
  absorb: 'sponge_absorb',
  absorbMem: 'sponge_absorb_mem',
  squeeze: 'sponge_squeeze',
  merkle: 'merkle_step',
  merkleMem: 'merkle_step_mem',
} as const;

/** The table. */
export const hashTable: Table = /* @__PURE__ */ defineTable({
  name: 'hash',
  columns: {
    main: {
      hash: column(),
      init: column(),
      absorb: column(),
      absorbMem: column(),
      squeeze: column(),
      merkle: column(),
      merkleMem: column(),
      time: column('of the cycle'),
      top: columns(RATE, 'the top of the stack'),
      result: columns(RATE, 'the top of the stack afterwards'),
      id: column('number of the permutation'),
      input: columns(SPONGE_ELEMENTS, 'what is permuted'),
      output: columns(SPONGE_ELEMENTS, 'what it is permuted to'),
      sponge: columns(SPONGE_ELEMENTS, 'the sponge'),
      spongeReady: column('whether there is one'),
      spongeGap: columns(GAP_BYTES, 'time since it was used before, less 1, in bytes'),
      pointer: column('address in RAM'),
      words: columns(DIGEST, 'elements from there, or the sibling'),
      isRight: column('whether a node is the right child'),
    },
  },
  eval: (builder) => {
    const { hash, init, absorb, absorbMem, squeeze, merkle, merkleMem, ...row } = builder.main.current;
    const { time, top, result, id, input, output, sponge, spongeReady, spongeGap, pointer, words, isRight } = row;
    const kinds = { hash, init, absorb, absorbMem, squeeze, merkle, merkleMem };
    const used = chooseKind(builder, kinds);
    const step = merkle.add(merkleMem);
    const indexed = (k: number): string => `[${String(k)}]`;

    for (let k = 0; k < RATE; k++) {
      builder.when(hash.add(absorb)).assertEqual(`absorbs the top${indexed(k)}`, input[k]!, top[k]!);
      builder.when(squeeze).assertEqual(`squeezes${indexed(k)}`, result[k]!, sponge[k]!);
      builder.when(squeeze).assertEqual(`goes on from what it squeezes${indexed(k)}`, input[k]!, sponge[k]!);
    }
    for (let k = RATE; k < SPONGE_ELEMENTS; k++) {
      builder.when(hash.add(step)).assertEqual(`has ones behind what is hashed${indexed(k)}`, input[k]!, 1);
      const keeps = sumOf([absorb, absorbMem, squeeze]);
      builder.when(keeps).assertEqual(`keeps the capacity${indexed(k)}`, input[k]!, sponge[k]!);
    }
    for (let k = 0; k < SPONGE_ELEMENTS; k++) {
      builder.when(init).assertZero(`the sponge starts at zero${indexed(k)}`, output[k]!);
    }
    builder.when(sumOf([absorb, absorbMem, squeeze])).assertEqual('there is a sponge', spongeReady, 1);
    for (let k = 0; k < DIGEST; k++) {
      builder.when(hash.add(step)).assertEqual(`gives the digest${indexed(k)}`, result[k]!, output[k]!);
      const [left, right] = [input[k]!, input[k + DIGEST]!];
      const choose = (one: typeof left, other: typeof left): typeof left =>
        one.add(isRight.multiply(other.subtract(one)));
      builder.when(step).assertEqual(`hashes the node${indexed(k)}`, choose(left, right), top[k]!);
      builder.when(step).assertEqual(`hashes the sibling${indexed(k)}`, choose(right, left), words[k]!);
      builder.when(absorbMem).assertEqual(`absorbs what is read${indexed(k)}`, input[k]!, words[k]!);
      if (k > 0) builder.when(absorbMem).assertEqual(`shows what is read${indexed(k)}`, result[k]!, input[k - 1]!);
    }

    // From the index of a node to that of its parent: a division by 2 of a number of 32 bits.
    const divMod = instructionNamed('div_mod')!.opcode;
    builder.when(step).send('u32', [divMod, top[5]!, 2, isRight, result[5]!]);
    builder.when(absorbMem).assertEqual('absorbs from the top', pointer, top[0]!);
    builder.when(absorbMem).assertEqual('the pointer goes on by 10', result[0]!, pointer.add(RATE));
    builder.when(merkleMem).assertEqual('reads siblings from where the stack says', pointer, top[7]!);
    builder.when(merkleMem).assertEqual('the pointer goes on by 5', result[7]!, pointer.add(DIGEST));
    for (let k = 0; k < RATE; k++) {
      const value = k < DIGEST ? words[k]! : input[k]!;
      const reads = k < DIGEST ? absorbMem.add(merkleMem) : absorbMem;
      builder.when(reads).send('ram', [0, pointer.add(k), value, time.add(k)]);
    }

    const code = Object.entries(HASH_KINDS).map(([kind, name]) =>
      kinds[kind as keyof typeof kinds].multiply(instructionNamed(name)!.opcode),
    );
    builder.when(used).receive('hash', [sumOf(code), time, ...top, ...result]);
    const permutes = used.subtract(init);
    builder.when(permutes).send('tip5', [0, id, ...input]);
    builder.when(permutes).receive('tip5', [1, id, ...output]);
    const touches = builder.when(sumOf([init, absorb, absorbMem, squeeze]));
    touches.receive('sponge', [time.subtract(joinBytes(spongeGap)).subtract(1), spongeReady, ...sponge]);
    touches.send('sponge', [time, 1, ...output]);
    checkBytes(touches, spongeGap);
  },
});
