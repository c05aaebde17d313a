import { isCanonical } from '@commute/field';
import type { ProgramImage } from '@commute/machine';
import { StackVMError } from './errors.ts';
import { PROGRAM_BASE, PROGRAM_WORDS } from './layout.ts';
import { hashElements, type Digest } from './tip5.ts';

/** What a program may know of its source. */
export interface ProgramNotes {
  /** Addresses by name. */
  readonly labels?: ReadonlyMap<string, number>;
  /** Numbers that the source gave to assertions, by the address of the assertion. */
  readonly errorIds?: ReadonlyMap<number, bigint>;
}

/**
 * A program: the words of its instructions and their arguments, one behind the other.
 *
 * @example
 * ```ts
 * import { Program } from '@commute/stack-vm';
 * const halt = new Program([0n]);
 * if (halt.digest()[4] !== 0x7e5b118c9594c062n) throw new Error('the digest is published');
 * ```
 */
export class Program {
  readonly words: readonly bigint[];
  /** Addresses by name. */
  readonly labels: ReadonlyMap<string, number>;
  /** Numbers that the source gave to assertions, by the address of the assertion. */
  readonly errorIds: ReadonlyMap<number, bigint>;
  #digest: Digest | undefined;

  /**
   * @param words - canonical elements, 1 to 2^25. They need not be instructions: one that is none is a trap where it is executed.
   * @throws StackVMError `STACK_VM_NOT_CANONICAL` or `STACK_VM_TOO_LARGE`.
   */
  constructor(words: readonly bigint[], notes: ProgramNotes = {}) {
    if (words.length < 1 || words.length > PROGRAM_WORDS) {
      throw new StackVMError('STACK_VM_TOO_LARGE', 'words', '1 to 2^25 words', String(words.length));
    }
    words.forEach((word, i) => {
      if (!isCanonical(word)) {
        throw new StackVMError('STACK_VM_NOT_CANONICAL', `words[${String(i)}]`, 'an element in [0, p)', String(word));
      }
    });
    this.words = words;
    this.labels = notes.labels ?? new Map();
    this.errorIds = notes.errorIds ?? new Map();
  }

  /** The Tip5 digest of the words: what the machine starts with at the bottom of its stack. */
  digest(): Digest {
    this.#digest ??= hashElements(this.words);
    return this.#digest;
  }

  /** The program as a machine loads it: 8 bytes for each word, little-endian. */
  image(): ProgramImage {
    const bytes = new Uint8Array(8 * this.words.length);
    const view = new DataView(bytes.buffer);
    this.words.forEach((word, i) => {
      view.setBigUint64(8 * i, word, true);
    });
    const symbols = new Map([...this.labels].map(([name, address]) => [name, PROGRAM_BASE + 8 * address]));
    return { entry: PROGRAM_BASE, segments: [{ address: PROGRAM_BASE, bytes }], symbols };
  }
}
