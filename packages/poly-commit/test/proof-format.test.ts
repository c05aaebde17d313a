import { readFileSync } from 'node:fs';
import { createExtensionField, createFieldEngineSync } from '@commute/field';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  BLAKE3,
  createBlake3Scheme,
  decodeFriProof,
  encodeFriProof,
  type FriParameters,
  type FriProof,
  proveLowDegree,
  Transcript,
  verifyLowDegree,
} from '../src/index.ts';

const PARAMETERS: FriParameters = {
  field: createExtensionField(),
  logSize: 5,
  shift: 7n,
  logBlowup: 2,
  foldingFactors: [2, 2],
  queries: 3,
  foldingWork: 2,
  queryWork: 4,
};
const PROTOCOL = 'commute/fixture/v1';

/** The proof that the fixture holds: the coefficients of the function are 1, 2, …, 24. */
function fixtureProof(): FriProof {
  const engine = createFieldEngineSync();
  const values = engine.allocate(32, 3);
  for (let k = 0; k < 3; k++) for (let i = 0; i < 8; i++) values.set(i, BigInt(8 * k + i + 1), k);
  engine.evaluateInPlace(values, { shift: 7n });
  return proveLowDegree(engine, createBlake3Scheme(engine), new Transcript(PROTOCOL), PARAMETERS, values).proof;
}

const proof = fixtureProof();
const bytes = encodeFriProof(proof);

/** Decodes and verifies; whether both accept. */
function accepts(candidate: Uint8Array): boolean {
  const decoded = decodeFriProof(PARAMETERS, candidate);
  return decoded.ok && verifyLowDegree(BLAKE3, new Transcript(PROTOCOL), PARAMETERS, decoded.proof).ok;
}

test('version 1 stays what it is', () => {
  const golden = readFileSync(new URL('./fixtures/fri_v1.bin', import.meta.url));
  expect(Buffer.from(bytes).equals(golden)).toBe(true);
  expect(accepts(golden)).toBe(true);
});

test('bytes give back the proof', () => {
  expect(decodeFriProof(PARAMETERS, bytes)).toEqual({ ok: true, proof });
});

test('every bit flipped is refused', () => {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) expect(accepts(bytes.with(at, bytes[at]! ^ (1 << bit)))).toBe(false);
  }
});

test('every truncation and extension is refused', () => {
  for (let length = 0; length < bytes.length; length++) {
    const verdict = decodeFriProof(PARAMETERS, bytes.slice(0, length));
    expect(verdict).toEqual({ ok: false, reason: length < 6 ? 'unknown-format' : 'truncated' });
  }
  expect(decodeFriProof(PARAMETERS, Uint8Array.of(...bytes, 0))).toEqual({ ok: false, reason: 'trailing-bytes' });
});

test('hostile bytes never throw', () => {
  const header = bytes.slice(0, 6);
  const anyTail = fc.uint8Array({ maxLength: 2000 });
  const anySplice = fc.tuple(fc.nat(bytes.length), fc.nat(64), fc.uint8Array({ maxLength: 64 }));
  fc.assert(
    fc.property(anyTail, anySplice, (tail, [at, removed, inserted]) => {
      expect(accepts(tail)).toBe(false);
      expect(accepts(Uint8Array.of(...header, ...tail))).toBe(false);
      const spliced = Uint8Array.of(...bytes.slice(0, at), ...inserted, ...bytes.slice(at + removed));
      expect(accepts(spliced)).toBe(Buffer.from(spliced).equals(Buffer.from(bytes)));
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 300) },
  );
});

test('counts beyond the parameters and elements beyond p are named', () => {
  const place = 6 + 2 * 36 + 8 * 3 * 2 + 4; // header, rounds, final polynomial, nonce
  const put = (at: number, values: readonly number[]): Uint8Array => {
    const changed = bytes.slice();
    changed.set(values, at);
    return changed;
  };
  expect(decodeFriProof(PARAMETERS, put(place, [4, 0, 0, 0]))).toEqual({ ok: false, reason: 'count-out-of-range' });
  expect(decodeFriProof(PARAMETERS, put(place + 4, new Array<number>(8).fill(255)))).toEqual({
    ok: false,
    reason: 'not-canonical',
  });
});
