import fc from 'fast-check';
import { BLOCK_BYTES, REQUEST } from '@commute/disk';

/** A request before it is bytes. */
export type Asked =
  | { readonly kind: 'put'; readonly bytes: Uint8Array }
  | { readonly kind: 'write'; readonly block: number; readonly fill: number }
  | { readonly kind: 'read'; readonly block: number }
  | { readonly kind: 'take'; readonly most: number };

/** What a program writes to ask for something: an encoder of its own, by single bytes. */
export function request(asked: Asked): number[] {
  const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => Math.floor(value / 2 ** shift) % 256);
  switch (asked.kind) {
    case 'put': {
      const bytes = [...asked.bytes];
      while (bytes.length % 4 !== 0) bytes.push(0);
      return [...word(REQUEST.put), ...word(asked.bytes.length), ...bytes];
    }
    case 'write':
      return [...word(REQUEST.write), ...word(asked.block), ...content(asked.fill)];
    case 'read':
      return [...word(REQUEST.read), ...word(asked.block)];
    case 'take':
      return [...word(REQUEST.take), ...word(asked.most)];
  }
}

/** A block's content made of one byte; zero for a zero block. */
export function content(fill: number): Uint8Array {
  return Uint8Array.from({ length: BLOCK_BYTES }, (_, place) => (fill === 0 ? 0 : (fill + 31 * place) % 256));
}

export function streamOf(asked: readonly Asked[]): Uint8Array {
  return Uint8Array.from(asked.flatMap(request));
}

/** Few blocks, so that they are touched again; some far apart, some neighbours. */
export const blocks: fc.Arbitrary<number> = fc.constantFrom(
  0,
  1,
  2,
  3,
  77,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 2,
  2 ** 32 - 1,
);

export const requests: fc.Arbitrary<Asked[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('put' as const), bytes: fc.uint8Array({ maxLength: 9 }) }),
    fc.record({ kind: fc.constant('write' as const), block: blocks, fill: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constant('read' as const), block: blocks }),
    fc.record({ kind: fc.constant('take' as const), most: fc.integer({ min: 0, max: 9 }) }),
  ),
  { maxLength: 24 },
);

/** Contents of a disk before a run: block and fill. */
export const contents: fc.Arbitrary<[number, number][]> = fc.array(fc.tuple(blocks, fc.integer({ min: 0, max: 3 })), {
  maxLength: 6,
});
