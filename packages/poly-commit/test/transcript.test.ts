import { createExtensionField, createFieldEngine, MODULUS } from '@commute/field';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findWork, Transcript } from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

type Message = readonly [kind: 'absorb' | 'elements' | 'challenge', label: string, data: readonly number[]];

const anyMessage: fc.Arbitrary<Message> = fc.tuple(
  fc.constantFrom('absorb', 'elements', 'challenge'),
  fc.string({ maxLength: 3 }),
  fc.array(fc.nat(255), { maxLength: 4 }),
);

/** The state after some messages. */
function stateAfter(protocol: string, messages: readonly Message[]): string {
  const transcript = new Transcript(protocol);
  for (const [kind, label, data] of messages) {
    if (kind === 'absorb') transcript.absorb(label, Uint8Array.from(data));
    else if (kind === 'elements') transcript.absorbElements(label, data.map(BigInt));
    else transcript.bytes(label, data.length);
  }
  return hex(transcript.state);
}

describe('binding', () => {
  test('equal messages give equal states, different ones different states', () => {
    const anyMessages = fc.array(anyMessage, { maxLength: 5 });
    const key = (messages: readonly Message[]): string =>
      JSON.stringify(messages.map(([kind, label, data]) => [kind, label, kind === 'challenge' ? data.length : data]));
    fc.assert(
      fc.property(anyMessages, anyMessages, (a, b) => {
        expect(stateAfter('x', a)).toBe(stateAfter('x', a));
        expect(stateAfter('x', a) === stateAfter('x', b)).toBe(key(a) === key(b));
      }),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 200) },
    );
  });

  test('borders between messages, labels and data count', () => {
    const states = [
      stateAfter('x', [['absorb', 'ab', [1, 2]]]),
      stateAfter('x', [['absorb', 'a', [1, 2]]]),
      stateAfter('x', [
        ['absorb', 'ab', [1]],
        ['absorb', 'ab', [2]],
      ]),
      stateAfter('x', [
        ['absorb', 'ab', [1, 2]],
        ['absorb', '', []],
      ]),
      stateAfter('x', [['elements', 'ab', [1, 2]]]),
      stateAfter('x', [['challenge', 'ab', [1, 2]]]),
      stateAfter('y', [['absorb', 'ab', [1, 2]]]),
      stateAfter('x', []),
    ];
    expect(new Set(states).size).toBe(states.length);
  });

  test('a fork hears the same and then its own', () => {
    const transcript = new Transcript('x');
    transcript.absorb('a', Uint8Array.of(1));
    const fork = transcript.fork();
    expect(fork.state).toEqual(transcript.state);
    fork.absorb('b', Uint8Array.of(2));
    expect(fork.state).not.toEqual(transcript.state);
  });
});

describe('challenges', () => {
  test('are canonical and spread over the field', () => {
    const elements = new Transcript('x').elements('a', 4000);
    expect(elements.every((value) => value >= 0n && value < MODULUS)).toBe(true);
    const buckets = new Array<number>(16).fill(0);
    for (const value of elements) buckets[Number(value >> 60n)]!++;
    for (const count of buckets) expect(count).toBeGreaterThan(150);
  });

  test('extension elements have the degree of their field', () => {
    expect(new Transcript('x').extensionElement('a', createExtensionField()).length).toBe(3);
  });

  test('indices are below their bound', () => {
    const transcript = new Transcript('x');
    for (const bits of [0, 1, 7, 32]) {
      const indices = transcript.indices('q', 300, bits);
      expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < 2 ** bits)).toBe(true);
    }
    expect(new Set(transcript.indices('q', 300, 3)).size).toBe(8);
    for (const bits of [-1, 33, 0.5]) expect(() => transcript.indices('q', 1, bits)).toThrow('[COMMIT_RANGE]');
  });

  test('asking for none still counts', () => {
    const [a, b] = [new Transcript('x'), new Transcript('x')];
    expect(a.bytes('none', 0)).toEqual(new Uint8Array());
    expect(a.state).not.toEqual(b.state);
  });

  test('elements that are not canonical are refused', () => {
    expect(() => {
      new Transcript('x').absorbElements('a', [MODULUS]);
    }).toThrow('[COMMIT_RANGE]');
  });

  test('stay what they are', () => {
    const transcript = new Transcript('commute/golden/v1');
    transcript.absorb('root', Uint8Array.of(1, 2, 3));
    transcript.absorbElements('claim', [0n, 1n, MODULUS - 1n]);
    expect(transcript.element('alpha')).toMatchInlineSnapshot(`3625408617485430278n`);
    expect(transcript.indices('queries', 3, 20)).toMatchInlineSnapshot(`
      [
        210638,
        677344,
        642176,
      ]
    `);
    expect(hex(transcript.state)).toMatchInlineSnapshot(
      `"be4b2e19065e25b20184e9a6486bb52ed1e3400c3ed3888da05f16557695158f"`,
    );
  });
});

describe('proof of work', () => {
  test('the vectorised search finds what the plain one finds, on any number of threads', async () => {
    const [one, three] = [await createFieldEngine(), await createFieldEngine({ threads: 3 })];
    for (let round = 0; round < 6; round++) {
      const transcript = new Transcript(`work ${String(round)}`);
      const want = findWork(transcript.state, 9);
      expect(findWork(transcript.state, 9, one)).toBe(want);
      expect(findWork(transcript.state, 9, three)).toBe(want);
      expect(transcript.fork().checkWork(9, want)).toBe(true);
      for (let nonce = 0; nonce < want; nonce++) expect(transcript.fork().checkWork(9, nonce)).toBe(false);
    }
    const transcript = new Transcript('more');
    expect(transcript.fork().checkWork(18, findWork(transcript.state, 18, three))).toBe(true);
    three.dispose();
  });

  test('zero bits are free, nonces out of range refused, bits out of range a mistake', () => {
    const transcript = new Transcript('x');
    expect(findWork(transcript.state, 0)).toBe(0);
    expect(transcript.fork().checkWork(0, 0)).toBe(true);
    for (const nonce of [-1, 0.5, 2 ** 32, NaN]) expect(transcript.fork().checkWork(0, nonce)).toBe(false);
    for (const bits of [-1, 29, 0.5]) {
      expect(() => transcript.checkWork(bits, 0)).toThrow('[COMMIT_RANGE]');
      expect(() => findWork(transcript.state, bits)).toThrow('[COMMIT_RANGE]');
    }
  });

  test('the nonce is heard', () => {
    const [a, b] = [new Transcript('x'), new Transcript('x')];
    a.checkWork(0, 1);
    b.checkWork(0, 2);
    expect(a.state).not.toEqual(b.state);
  });
});
