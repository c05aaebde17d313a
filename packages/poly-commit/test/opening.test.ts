import {
  createExtensionField,
  createFieldEngine,
  createReferenceEngine,
  type ExtensionElement,
  type FieldEngine,
  MODULUS,
  power,
  QUADRATIC_MODULUS,
  rootOfUnity,
} from '@commute/field';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  BLAKE3,
  createCommitmentScheme,
  createMerkleScheme,
  createOpeningParameters,
  functionCount,
  type OpeningParameters,
  type OpeningProof,
  type OpeningRequest,
  type PolynomialForm,
  SHA256,
  Transcript,
  type VerifierRound,
} from '../src/index.ts';
import { sequence } from './sequence.ts';
import { extendedOf, openSlowly } from './slow-open.ts';
import { verifyBoth } from './verify-both.ts';

const cubic = createExtensionField();
const REQUEST: OpeningRequest = {
  securityBits: 40,
  logBlowup: 2,
  maximumLogRows: 10,
  maximumFunctions: 200,
  queryWork: 4,
  foldingWork: 2,
  batchingWork: 3,
  finalLength: 4,
};
const PARAMETERS = createOpeningParameters(REQUEST);

let wasm: FieldEngine;
const reference = createReferenceEngine();
beforeAll(async () => {
  wasm = await createFieldEngine();
});

/** A matrix of coefficients `[column][row]` with the number of points it is opened at. */
interface Polynomials {
  readonly columns: readonly (readonly bigint[])[];
  readonly points: readonly ExtensionElement[];
}

const polynomials = (rows: number, columns: number, points: readonly ExtensionElement[], seed = 1): Polynomials => ({
  columns: Array.from({ length: columns }, (_, k) => sequence(rows, 100 * seed + k)),
  points,
});
const Z: ExtensionElement = [11n, 22n, 33n];
const Y: ExtensionElement = [5n, 0n, 7n];

/** By Horner's rule. */
function evaluate(coefficients: readonly bigint[], point: ExtensionElement, field = cubic): ExtensionElement {
  return coefficients.reduceRight(
    (sum, coefficient) => field.add(field.multiply(sum, point), field.fromBase(coefficient)),
    field.zero,
  );
}

interface Opened {
  readonly rounds: readonly VerifierRound[];
  readonly proof: OpeningProof;
}

/** Commits to batches and opens them. */
function open(
  engine: FieldEngine,
  batches: readonly (readonly Polynomials[])[],
  parameters = PARAMETERS,
  form: PolynomialForm = 'coefficients',
): Opened {
  const scheme = createCommitmentScheme(engine, parameters);
  return engine.scope(() => {
    const rounds = batches.map((batch) => {
      const matrices = batch.map(({ columns }) => engine.from(columns.flat(), columns.length));
      if (form === 'values') for (const matrix of matrices) engine.evaluateInPlace(matrix);
      return { batch: scheme.commit(matrices, form), points: batch.map(({ points }) => points) };
    });
    const proof = scheme.open(rounds, new Transcript('test'));
    expect(openSlowly(engine, parameters, rounds, new Transcript('test'))).toEqual(proof);
    // The same with the extended matrices kept outside of the engine's memory.
    const outside = createCommitmentScheme(engine, parameters, undefined, { keptBytes: 0 });
    const copies = batches.map((batch) => {
      const matrices = batch.map(({ columns }) => engine.from(columns.flat(), columns.length));
      return { batch: outside.commit(matrices, 'coefficients', true), points: batch.map(({ points }) => points) };
    });
    expect(outside.open(copies, new Transcript('test'))).toEqual(proof);
    for (const [round, { batch }] of copies.entries()) {
      const extended = [rounds[round]!.batch, batch].map((each) => extendedOf(engine, each, parameters.logBlowup));
      const [inside, copied] = extended.map((matrices) => matrices.map((matrix) => matrix.toArray()));
      expect(copied).toEqual(inside);
    }
    const commitments = rounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));
    for (const { batch } of rounds) batch.release();
    return { rounds: commitments, proof };
  });
}

const verify = ({ rounds, proof }: Opened, parameters: OpeningParameters = PARAMETERS, protocol = 'test') =>
  verifyBoth(parameters, rounds, proof, protocol);

describe('honest openings, on both engines and from values as from coefficients', () => {
  const cases: readonly (readonly [string, readonly (readonly Polynomials[])[]])[] = [
    ['one column', [[polynomials(16, 1, [Z])]]],
    ['two points', [[polynomials(32, 3, [Z, Y])]]],
    ['no point', [[polynomials(16, 2, [])]]],
    ['the same point twice', [[polynomials(16, 2, [Z, Z])]]],
    ['height 1', [[polynomials(1, 2, [Z, Y])]]],
    ['heights 1 to 64 in one batch', [[0, 1, 2, 3, 4, 5, 6].map((k) => polynomials(2 ** k, 2, [Z], k))]],
    [
      'batches of different heights',
      [
        [polynomials(4, 2, [Z, Y], 1), polynomials(64, 3, [Z], 2)],
        [polynomials(16, 1, [Y], 3), polynomials(4, 1, [], 4), polynomials(16, 2, [Z, Y], 5)],
        [polynomials(2, 5, [Z], 6)],
      ],
    ],
    ['a point of the trace domain', [[polynomials(16, 2, [cubic.one, [rootOfUnity(4), 0n, 0n], Z])]]],
    ['a point of the base field', [[polynomials(16, 2, [[123n, 0n, 0n]])]]],
    ['zero polynomials', [[{ columns: [new Array<bigint>(16).fill(0n)], points: [Z] }]]],
    ['constants', [[{ columns: [[5n, ...new Array<bigint>(15).fill(0n)]], points: [Z, Y] }]]],
  ];
  test.for(cases)('%s', ([, batches]) => {
    const parameters = createOpeningParameters({ ...REQUEST, maximumPoints: 3 });
    const opened = open(wasm, batches, parameters);
    const verdict = verify(opened, parameters);
    expect(verdict).toEqual({
      ok: true,
      evaluations: batches.map((batch) =>
        batch.map(({ columns, points }) => points.map((point) => columns.map((column) => evaluate(column, point)))),
      ),
    });
    for (const other of [open(reference, batches, parameters), open(wasm, batches, parameters, 'values')]) {
      expect(other).toEqual(opened);
    }
  });

  test('heights, columns and points at random', () => {
    const point = fc.array(fc.bigInt(1n, MODULUS - 1n), { minLength: 3, maxLength: 3 });
    const matrix = fc.record({
      logRows: fc.nat(6),
      columns: fc.integer({ min: 1, max: 4 }),
      places: fc.uniqueArray(fc.nat(1), { maxLength: 2 }),
    });
    const batch = fc.array(matrix, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 3 }), fc.tuple(point, point), (shapes, points) => {
        const batches = shapes.map((each) =>
          each.map(({ logRows, columns, places }, k) =>
            polynomials(
              2 ** logRows,
              columns,
              places.map((place) => points[place]!),
              k,
            ),
          ),
        );
        expect(verify(open(wasm, batches)).ok).toBe(true);
      }),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 30) },
    );
  });

  const variants: readonly (readonly [string, Partial<OpeningRequest>])[] = [
    ['blowup 2', { logBlowup: 1 }],
    ['blowup 16', { logBlowup: 4 }],
    ['folding by 2', { foldingFactor: 2 }],
    ['folding by 16 to a constant', { foldingFactor: 16, finalLength: 1 }],
    ['no folding', { finalLength: 128 }],
    ['SHA-256', { hash: SHA256 }],
    ['unique decoding', { regime: 'unique decoding' }],
  ];
  test.for(variants)('%s', ([, change]) => {
    const parameters = createOpeningParameters({ ...REQUEST, ...change });
    const batches = [[polynomials(64, 2, [Z]), polynomials(8, 3, [Z, Y])]];
    expect(verify(open(wasm, batches, parameters), parameters).ok).toBe(true);
  });

  test('the quadratic extension', () => {
    const field = createExtensionField(QUADRATIC_MODULUS);
    const parameters = createOpeningParameters({ ...REQUEST, field });
    const point = [3n, 4n];
    const { columns } = polynomials(16, 2, []);
    const verdict = verify(open(wasm, [[{ columns, points: [point] }]], parameters), parameters);
    expect(verdict).toEqual({ ok: true, evaluations: [[[columns.map((each) => evaluate(each, point, field))]]] });
  });

  test('the extended matrices are the polynomials on the coset 7·H', () => {
    const { columns } = polynomials(8, 2, []);
    const scheme = createCommitmentScheme(wasm, PARAMETERS);
    const batch = scheme.commit([wasm.from(columns.flat(), 2)], 'coefficients');
    const [extended] = extendedOf(wasm, batch, PARAMETERS.logBlowup);
    for (const row of [0, 1, 17, 31]) {
      const x = cubic.fromBase((7n * power(rootOfUnity(5), BigInt(row))) % MODULUS);
      for (const k of [0, 1]) expect([extended!.get(row, k), 0n, 0n]).toEqual(evaluate(columns[k]!, x));
    }
    batch.release();
  });
});

describe('trees without their lowest layers', () => {
  test('open the same rows and nodes as whole ones', () => {
    const height = 2 ** 12;
    const limits = { maximumLogRows: 12, maximumFunctions: 20 };
    const parameters = createOpeningParameters({ ...REQUEST, ...limits });
    const whole = createMerkleScheme(BLAKE3);
    const schemes = [createCommitmentScheme(wasm, parameters), createCommitmentScheme(wasm, parameters, whole)];
    const outside = createCommitmentScheme(wasm, parameters, undefined, { keptBytes: 0 });
    const indices = [0, 1, 5, height, 4 * height - 1, 2 * height + 77];
    const [first, ...others] = [...schemes, outside].map((scheme) => {
      // The middle one has rows in a layer that is not kept.
      const matrices = [
        wasm.from(sequence(2 * height, 1), 2),
        wasm.from(sequence(height / 2, 2)),
        wasm.from(sequence(16, 3)),
      ];
      const batch = scheme.commit(matrices);
      const opened = { root: batch.commitment.root, opening: batch.openRows(indices) };
      batch.release();
      return opened;
    });
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('what a prover must not be asked', () => {
  const scheme = (): ReturnType<typeof createCommitmentScheme> => createCommitmentScheme(wasm, PARAMETERS);
  const committed = () => scheme().commit([wasm.from(sequence(16, 1))]);

  test('no matrices, no columns, no rounds, other points than matrices', () => {
    expect(() => scheme().commit([])).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme().commit([wasm.allocate(4, 0)])).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme().commit([wasm.allocate(3)])).toThrow('[FIELD_SIZE]');
    expect(() => scheme().open([], new Transcript('test'))).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme().open([{ batch: committed(), points: [] }], new Transcript('test'))).toThrow('[COMMIT_SHAPE]');
  });

  test('a point on the domain', () => {
    const point = cubic.fromBase((7n * power(rootOfUnity(6), 5n)) % MODULUS);
    const round = { batch: committed(), points: [[point]] };
    expect(() => scheme().open([round], new Transcript('test'))).toThrow('[COMMIT_RANGE]');
    const { proof } = open(wasm, [[polynomials(16, 1, [Z])]]);
    const verdict = verify({ rounds: [{ commitment: round.batch.commitment, points: [[point]] }], proof });
    expect(verdict).toEqual({ ok: false, reason: 'point-on-domain' });
  });

  test('more than the parameters are for', () => {
    expect(() => scheme().commit([wasm.allocate(2 ** 11)])).toThrow('[COMMIT_SECURITY]');
    const wide = scheme().commit([wasm.allocate(2, 67)]);
    for (const points of [[[Z, Y]], [[Z, Y, cubic.one]]]) {
      expect(() => scheme().open([{ batch: wide, points }], new Transcript('test'))).toThrow('[COMMIT_SECURITY]');
      const opened = open(wasm, [[polynomials(2, 1, [Z])]]);
      const rounds = [{ commitment: wide.commitment, points }];
      expect(verify({ ...opened, rounds })).toEqual({ ok: false, reason: 'beyond-parameters' });
    }
    expect(functionCount([{ columns: 67, points: 2 }])).toBe(201);
  });

  test('trees of another hash', () => {
    const parameters = createOpeningParameters({ ...REQUEST, hash: SHA256 });
    const trees = { hash: PARAMETERS.hash, commit: () => expect.unreachable(), digests: () => expect.unreachable() };
    expect(() => createCommitmentScheme(wasm, parameters, trees)).toThrow('[COMMIT_SHAPE]');
  });
});
