import type { ProgramName } from '../programs.ts';

/** One run of a sample program: what goes in and what must come out, on every machine and in every implementation. */
export interface GuestCase {
  readonly program: ProgramName;
  /** What the case is about; unique within its program. */
  readonly name: string;
  readonly input: Uint8Array<ArrayBuffer>;
  /** The whole expected output. */
  readonly output: Uint8Array<ArrayBuffer>;
  readonly exitCode: number;
  /** `light`: at most a million instructions on either machine. `heavy`: up to 120 million. */
  readonly weight: 'light' | 'heavy';
}

/** Bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Puts byte arrays after each other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A reproducible source of numbers in `[0, bound)`; the same on every run. Marsaglia's xorshift with 32 bits. */
export function pseudoRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return state % bound;
  };
}

/** Bytes without any structure. */
export function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = pseudoRandom(seed);
  return Uint8Array.from({ length }, () => random(256));
}

const syllables = ['ka', 'lo', 'mi', 'ter', 'an', 'du', 'Re', 'so', 'vel', 'ü', 'pra', 'x', 'quin', 'o', 'sta', '7'];

/** Text of about `length` bytes in lines of words, where few words are frequent and many are rare. */
export function prose(length: number, seed: number): string {
  const random = pseudoRandom(seed);
  let text = '';
  while (text.length < length) {
    let word = '';
    let rank = random(4) * random(4) * random(syllables.length);
    do {
      word += syllables[rank % syllables.length]!;
      rank = Math.floor(rank / 3);
    } while (rank > 0);
    text += word + (random(9) === 0 ? '\n' : random(7) === 0 ? ', ' : ' ');
  }
  return text;
}
