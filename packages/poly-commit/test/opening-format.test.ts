import { readFileSync } from 'node:fs';
import { createFieldEngineSync, type ExtensionElement } from '@commute/field';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createCommitmentScheme,
  createOpeningParameters,
  decodeOpeningProof,
  encodeOpeningProof,
  isScanned,
  type OpeningLayout,
  type OpeningProof,
  scanOpening,
  Transcript,
  type VerifierRound,
  verifyOpening,
  verifyScannedOpening,
} from '../src/index.ts';

const REQUEST = {
  securityBits: 8,
  logBlowup: 2,
  maximumLogRows: 4,
  maximumFunctions: 20,
  queryWork: 6,
  finalLength: 1,
};
const PARAMETERS = createOpeningParameters(REQUEST);
const PROTOCOL = 'commute/fixture/v1';
const Z: ExtensionElement = [1n, 2n, 3n];

/** The proof that the fixture holds: coefficients are 1, 2, …; matrices of 8 × 2 and 2 × 1, and one of 4 × 1. */
function fixture(): { rounds: VerifierRound[]; proof: OpeningProof } {
  const engine = createFieldEngineSync();
  const scheme = createCommitmentScheme(engine, PARAMETERS);
  const matrix = (rows: number, columns: number) =>
    engine.from(
      Array.from({ length: rows * columns }, (_, k) => BigInt(k + 1)),
      columns,
    );
  const rounds = [
    { batch: scheme.commit([matrix(8, 2), matrix(2, 1)], 'coefficients'), points: [[Z], []] },
    { batch: scheme.commit([matrix(4, 1)], 'coefficients'), points: [[Z, [4n, 5n, 6n]]] },
  ];
  const proof = scheme.open(rounds, new Transcript(PROTOCOL));
  return { rounds: rounds.map(({ batch, points }) => ({ commitment: batch.commitment, points })), proof };
}

const { rounds, proof } = fixture();
const layout: OpeningLayout[] = rounds.map(({ commitment: { shapes }, points }) => ({
  shapes,
  points: points.map(({ length }) => length),
}));
const bytes = encodeOpeningProof(PARAMETERS, proof);
const HEADER = 4 + 2 + 2 + PARAMETERS.description.length;

/** Decodes and verifies; whether both accept. Scanning, and verifying what was scanned, have to say the same. */
function accepts(candidate: Uint8Array): boolean {
  const decoded = decodeOpeningProof(PARAMETERS, layout, candidate);
  const verdict = decoded.ok ? verifyOpening(PARAMETERS, rounds, decoded.proof, new Transcript(PROTOCOL)) : decoded;
  const scanned = scanOpening(PARAMETERS, layout, candidate);
  expect(scanned.ok).toBe(decoded.ok);
  if (scanned.ok) {
    if (!isScanned(scanned.proof)) throw new Error('decoded');
    const refusal = verifyScannedOpening(PARAMETERS, rounds, scanned.proof, new Transcript(PROTOCOL));
    expect(refusal).toBe(verdict.ok ? undefined : verdict.reason);
  } else expect(scanned).toEqual(decoded);
  return verdict.ok;
}

test('version 1 stays what it is', () => {
  const golden = readFileSync(new URL('./fixtures/opening_v1.bin', import.meta.url));
  expect(Buffer.from(bytes).equals(golden)).toBe(true);
  expect(accepts(golden)).toBe(true);
});

test('bytes give back the proof', () => {
  expect(decodeOpeningProof(PARAMETERS, layout, bytes)).toEqual({ ok: true, proof });
});

test('every bit flipped is refused', () => {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) expect(accepts(bytes.with(at, bytes[at]! ^ (1 << bit)))).toBe(false);
  }
});

test('every truncation and extension is refused', () => {
  for (let length = 0; length < bytes.length; length++) {
    const verdict = decodeOpeningProof(PARAMETERS, layout, bytes.slice(0, length));
    expect(verdict.ok ? undefined : verdict.reason).toMatch(
      length < 6 ? 'unknown-format' : length < HEADER ? /^(truncated|other-parameters)$/ : 'truncated',
    );
  }
  expect(decodeOpeningProof(PARAMETERS, layout, Uint8Array.of(...bytes, 0))).toEqual({
    ok: false,
    reason: 'trailing-bytes',
  });
});

test('hostile bytes never throw', () => {
  const header = bytes.slice(0, HEADER);
  const anyTail = fc.uint8Array({ maxLength: 3000 });
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

test('what is wrong is named', () => {
  const put = (at: number, values: readonly number[]): Uint8Array => {
    const changed = bytes.slice();
    changed.set(values, at);
    return changed;
  };
  const reason = (candidate: Uint8Array, parameters = PARAMETERS, shapes = layout): string => {
    const verdict = decodeOpeningProof(parameters, shapes, candidate);
    return verdict.ok ? 'none' : verdict.reason;
  };
  const counts = HEADER + 8 * 3 * 4 + 4; // four claimed values, the nonce
  expect(reason(put(counts, [255, 255, 255, 255]))).toBe('count-out-of-range');
  expect(reason(put(HEADER, new Array<number>(8).fill(255)))).toBe('not-canonical');
  expect(reason(put(4, [2]))).toBe('unknown-format');
  expect(reason(bytes, createOpeningParameters({ ...REQUEST, queryWork: 7 }))).toBe('other-parameters');
  expect(reason(bytes, createOpeningParameters({ ...REQUEST, maximumFunctions: 4 }))).toBe('other-parameters');
  expect(reason(bytes, PARAMETERS, [{ shapes: [{ rows: 3, columns: 1 }], points: [1] }])).toBe('other-parameters');
  expect(reason(bytes, PARAMETERS, [])).toBe('other-parameters');
});
