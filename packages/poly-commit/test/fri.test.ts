import {
  createExtensionField,
  createFieldEngine,
  createReferenceEngine,
  type ExtensionElement,
  type FieldEngine,
  type Matrix,
  MODULUS,
  QUADRATIC_MODULUS,
} from '@commute/field';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  BLAKE3,
  createBlake3Scheme,
  createMerkleScheme,
  type FriParameters,
  type FriProof,
  type MerkleScheme,
  proveLowDegree,
  Transcript,
  verifyLowDegree,
} from '../src/index.ts';
import { sequence } from './sequence.ts';

const cubic = createExtensionField();
const PARAMETERS: FriParameters = {
  field: cubic,
  logSize: 8,
  shift: 7n,
  logBlowup: 2,
  foldingFactors: [4, 2, 4],
  queries: 12,
  foldingWork: 3,
  queryWork: 5,
};

let wasm: { engine: FieldEngine; scheme: MerkleScheme };
const reference = { engine: createReferenceEngine(), scheme: createMerkleScheme(BLAKE3) };
beforeAll(async () => {
  const engine = await createFieldEngine();
  wasm = { engine, scheme: createBlake3Scheme(engine) };
});

/** A function of degree below `length` on the domain. */
function codeword(engine: FieldEngine, parameters: FriParameters, length: number): Matrix {
  const { field, logSize, shift } = parameters;
  const matrix = engine.allocate(2 ** logSize, field.degree);
  for (let k = 0; k < field.degree; k++) {
    const coefficients = [...sequence(length, k), ...new Array<bigint>(2 ** logSize - length).fill(0n)];
    matrix.column(k).write(coefficients);
  }
  engine.evaluateInPlace(matrix, { shift });
  return matrix;
}

const rowOf = (matrix: Matrix, row: number): ExtensionElement =>
  Array.from({ length: matrix.columns }, (_, k) => matrix.get(row, k));

const prove = (side: typeof wasm, parameters: FriParameters, values: Matrix): FriProof =>
  proveLowDegree(side.engine, side.scheme, new Transcript('test'), parameters, values).proof;
const verify = (parameters: FriParameters, proof: FriProof, protocol = 'test'): ReturnType<typeof verifyLowDegree> =>
  verifyLowDegree(BLAKE3, new Transcript(protocol), parameters, proof);

describe('honest proofs', () => {
  const cases: readonly (readonly [string, Partial<FriParameters>])[] = [
    ['three rounds', {}],
    ['no round', { logSize: 3, foldingFactors: [] }],
    ['down to a constant', { logSize: 6, foldingFactors: [16] }],
    ['halving only', { logSize: 5, foldingFactors: [2, 2] }],
    ['a constant domain', { logSize: 2, logBlowup: 2, foldingFactors: [] }],
    ['the quadratic extension', { field: createExtensionField(QUADRATIC_MODULUS) }],
    ['no work, another coset', { foldingWork: 0, queryWork: 0, shift: MODULUS - 1n }],
  ];
  test.for(cases)('%s', ([, change]) => {
    const parameters = { ...PARAMETERS, ...change };
    const length = 2 ** (parameters.logSize - parameters.logBlowup);
    const proofs = [wasm, reference].map((side) => {
      const values = codeword(side.engine, parameters, length);
      const proof = prove(side, parameters, values);
      const verdict = verify(parameters, proof);
      if (!verdict.ok) throw new Error(verdict.reason);
      expect(verdict.indices.length).toBe(parameters.queries);
      verdict.indices.forEach((index, k) => {
        expect(verdict.values[k]).toEqual(rowOf(values, index));
      });
      return proof;
    });
    expect(proofs[0]).toEqual(proofs[1]);
  });

  test('zero', () => {
    const values = wasm.engine.allocate(2 ** PARAMETERS.logSize, 3);
    expect(verify(PARAMETERS, prove(wasm, PARAMETERS, values)).ok).toBe(true);
  });
});

describe('dishonest proofs', () => {
  test('a degree one too high is refused', () => {
    const values = codeword(wasm.engine, PARAMETERS, 2 ** 6 + 1);
    expect(verify(PARAMETERS, prove(wasm, PARAMETERS, values))).toEqual({ ok: false, reason: 'wrong-final' });
  });

  test('random values are refused', () => {
    const values = wasm.engine.allocate(2 ** 8, 3);
    values.write(sequence(3 * 2 ** 8, 99));
    expect(verify(PARAMETERS, prove(wasm, PARAMETERS, values)).ok).toBe(false);
  });

  test('a round that commits to another function is refused', () => {
    // The prover of a low-degree function puts the later rounds of another one behind its first.
    const [one, other] = [60, 33].map((length) => prove(wasm, PARAMETERS, codeword(wasm.engine, PARAMETERS, length)));
    const mixed = {
      ...one!,
      roots: [one!.roots[0]!, ...other!.roots.slice(1)],
      openings: [one!.openings[0]!, ...other!.openings.slice(1)],
    };
    expect(verify({ ...PARAMETERS, foldingWork: 0, queryWork: 0 }, mixed).ok).toBe(false);
  });

  test('any change of a proof is refused', () => {
    const parameters = { ...PARAMETERS, logSize: 6, foldingFactors: [4, 2], queries: 4, foldingWork: 0, queryWork: 0 };
    const proof = prove(wasm, parameters, codeword(wasm.engine, parameters, 16));
    expect(verify(parameters, proof).ok).toBe(true);
    const changes: FriProof[] = [];
    proof.roots.forEach((root, k) => {
      for (let byte = 0; byte < 32; byte++) {
        changes.push({ ...proof, roots: proof.roots.with(k, root.with(byte, root[byte]! ^ 4)) });
      }
      changes.push({ ...proof, roots: proof.roots.with(k, root.slice(1)) });
    });
    proof.finalPolynomial.forEach((element, k) => {
      element.forEach((value, i) => {
        for (const to of [(value + 1n) % MODULUS, value + MODULUS]) {
          changes.push({ ...proof, finalPolynomial: proof.finalPolynomial.with(k, element.with(i, to)) });
        }
      });
    });
    proof.openings.forEach((opening, k) => {
      const put = (changed: typeof opening): void => {
        changes.push({ ...proof, openings: proof.openings.with(k, changed) });
      };
      opening.rows[0]!.forEach((row, i) => {
        row.forEach((value, j) => {
          put({ ...opening, rows: [opening.rows[0]!.with(i, row.with(j, (value + 1n) % MODULUS))] });
        });
      });
      opening.siblings.forEach((digest, i) => {
        put({ ...opening, siblings: opening.siblings.with(i, digest.with(0, digest[0]! ^ 1)) });
      });
      put({ rows: [], siblings: [] });
    });
    changes.push(
      { ...proof, roots: [] },
      { ...proof, openings: proof.openings.slice(1) },
      { ...proof, finalPolynomial: [...proof.finalPolynomial, cubic.zero] },
      { ...proof, finalPolynomial: [[1n]] },
      { ...proof, foldingNonces: [0] },
      { ...proof, foldingNonces: proof.foldingNonces.with(0, 1) },
      { ...proof, foldingNonces: proof.foldingNonces.with(0, -1) },
      { ...proof, queryNonce: 1 },
      { ...proof, queryNonce: 0.5 },
    );
    for (const changed of changes) expect(verify(parameters, changed).ok).toBe(false);
    expect(verify(parameters, proof, 'another protocol').ok).toBe(false);
    expect(verify({ ...parameters, shift: 5n }, proof).ok).toBe(false);
  });

  test('missing work is refused', () => {
    const proof = prove(wasm, PARAMETERS, codeword(wasm.engine, PARAMETERS, 16));
    const demanding = { ...PARAMETERS, queryWork: 20 };
    expect(verify(demanding, proof)).toEqual({ ok: false, reason: 'no-work' });
  });
});

test('parameters and shapes that make no sense are refused', () => {
  const values = wasm.engine.allocate(2 ** 8, 3);
  for (const change of [
    { logSize: 33 },
    { logBlowup: 0 },
    { queries: 0 },
    { shift: 0n },
    { shift: MODULUS },
    { foldingFactors: [3] },
    { foldingFactors: [512] },
    { foldingFactors: [4, 4, 4, 4] },
    { queryWork: 40 },
  ]) {
    expect(() => prove(wasm, { ...PARAMETERS, ...change }, values)).toThrow('[COMMIT_RANGE]');
  }
  expect(() => prove(wasm, PARAMETERS, wasm.engine.allocate(2 ** 7, 3))).toThrow('[COMMIT_SHAPE]');
});
