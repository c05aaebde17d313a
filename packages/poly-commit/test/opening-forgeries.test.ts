import {
  createExtensionField,
  createFieldEngineSync,
  type ExtensionElement,
  type Matrix,
  MODULUS,
} from '@commute/field';
import { describe, expect, test } from 'vitest';
import {
  type CommittedBatch,
  createBlake3Scheme,
  createCommitmentScheme,
  createOpeningParameters,
  type OpeningProof,
  type OpeningVerdict,
  type ProverRound,
  Transcript,
  type VerifierRound,
} from '../src/index.ts';
import { sequence } from './sequence.ts';
import { type AnyBatch, type AnyRound, openSlowly } from './slow-open.ts';
import { verifyBoth } from './verify-both.ts';

const field = createExtensionField();
const PARAMETERS = createOpeningParameters({
  securityBits: 50,
  logBlowup: 2,
  maximumLogRows: 8,
  maximumFunctions: 100,
  queryWork: 4,
  finalLength: 4,
});
const engine = createFieldEngineSync();
const scheme = createCommitmentScheme(engine, PARAMETERS);
const Z: ExtensionElement = [11n, 22n, 33n];
const Y: ExtensionElement = [5n, 0n, 7n];

const matrix = (rows: number, columns: number, seed = 1): Matrix =>
  engine.from(sequence(rows * columns, seed), columns);

/** Two batches of three heights. */
function honestRounds(): ProverRound[] {
  return [
    { batch: scheme.commit([matrix(64, 2), matrix(8, 2, 2)]), points: [[Z, Y], [Z]] },
    { batch: scheme.commit([matrix(64, 2, 3), matrix(16, 1, 4)]), points: [[Z], [Y]] },
  ];
}

const claims = (rounds: readonly AnyRound[]): VerifierRound[] =>
  rounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));
const open = (rounds: readonly ProverRound[]): OpeningProof => scheme.open(rounds, new Transcript('test'));
const verify = (
  rounds: readonly VerifierRound[],
  proof: OpeningProof,
  { protocol = 'test', parameters = PARAMETERS } = {},
): OpeningVerdict => verifyBoth(parameters, rounds, proof, protocol);

/** Opens rounds by the honest algorithm and says what the verifier says. */
const verdictOn = (rounds: readonly AnyRound[]): OpeningVerdict =>
  verify(claims(rounds), openSlowly(engine, PARAMETERS, rounds, new Transcript('test')));

const honest = honestRounds();
const proof = open(honest);

/** A commitment to any values on the domains, with any answers. */
function forgedBatch(
  extended: readonly Matrix[],
  rows: readonly number[],
  evaluate: (matrix: number, point: ExtensionElement) => ExtensionElement[],
): AnyBatch {
  const tree = createBlake3Scheme(engine).commit(extended);
  const shapes = extended.map(({ columns }, k) => ({ rows: rows[k]!, columns }));
  return {
    commitment: { root: tree.root, shapes },
    extended,
    evaluate,
    openRows: tree.open,
  };
}

/** A polynomial with this many coefficients on the domain for `rows`. */
function polynomialOf(
  length: number,
  rows: number,
): { extended: Matrix; at: (point: ExtensionElement) => ExtensionElement } {
  const coefficients = sequence(length, 77);
  const extended = engine.allocate(4 * rows);
  extended.write([...coefficients, ...new Array<bigint>(4 * rows - length).fill(0n)]);
  engine.evaluateInPlace(extended, { shift: 7n });
  const at = (point: ExtensionElement): ExtensionElement =>
    coefficients.reduceRight((sum, each) => field.add(field.multiply(sum, point), field.fromBase(each)), field.zero);
  return { extended, at };
}

test('the honest one is accepted, and the same as computed slowly', () => {
  expect(openSlowly(engine, PARAMETERS, honest, new Transcript('test'))).toEqual(proof);
  expect(verify(claims(honest), proof).ok).toBe(true);
});

describe('provers that follow the protocol with something false', () => {
  const wrongBy =
    (wrongMatrix: number, wrongColumn: number, wrongPoint: ExtensionElement) =>
    (batch: CommittedBatch): CommittedBatch => ({
      ...batch,
      evaluate: (k, point) => {
        const values = batch.evaluate(k, point);
        return k === wrongMatrix && field.equals(point, wrongPoint)
          ? values.with(wrongColumn, field.add(values[wrongColumn]!, field.one))
          : values;
      },
    });

  test.for([
    ['the highest matrix', 0, 0, 1, Y],
    ['a low matrix', 0, 1, 0, Z],
    ['a matrix of the second batch', 1, 0, 0, Z],
    ['one in between', 1, 1, 0, Y],
  ] as const)('a wrong value is claimed: %s', ([, round, k, column, point]) => {
    const rounds = honestRounds();
    const forged = rounds.with(round, { ...rounds[round]!, batch: wrongBy(k, column, point)(rounds[round]!.batch) });
    expect(verdictOn(forged)).toEqual({ ok: false, reason: 'wrong-final' });
  });

  test('two values are claimed at one point', () => {
    const batch = scheme.commit([matrix(16, 1)]);
    let asked = 0;
    const evaluate = (k: number, point: ExtensionElement): ExtensionElement[] =>
      batch.evaluate(k, point).map((value) => field.scale(value, BigInt(++asked)));
    expect(verdictOn([{ batch: { ...batch, evaluate }, points: [[Z, Z]] }]).ok).toBe(false);
  });

  test('the wrong values of two columns cancel', () => {
    const batch = scheme.commit([matrix(16, 2)]);
    const evaluate = (k: number, point: ExtensionElement): ExtensionElement[] => {
      const [a, b] = batch.evaluate(k, point);
      return [field.add(a!, field.one), field.subtract(b!, field.one)];
    };
    expect(verdictOn([{ batch: { ...batch, evaluate }, points: [[Z]] }]).ok).toBe(false);
  });

  test.for([
    ['exactly the bound', 16, 16, true],
    ['one coefficient more', 17, 16, false],
    ['two more', 18, 16, false],
    ['twice as many', 32, 16, false],
    ['all', 64, 16, false],
    ['one more for a constant', 2, 1, false],
  ] as const)('the degree: %s', ([, length, rows, accepted]) => {
    for (const points of [[], [Z], [Z, Y]]) {
      const { extended, at } = polynomialOf(length, rows);
      const batch = forgedBatch([extended], [rows], (_, point) => [at(point)]);
      expect(verdictOn([{ batch, points: [points] }]).ok).toBe(accepted);
      // The same below an honest higher matrix, where it joins later.
      const higher = { batch: scheme.commit([matrix(64, 1)]), points: [[Z]] };
      expect(verdictOn([higher, { batch, points: [points] }]).ok).toBe(accepted);
    }
  });

  test('values that are no polynomial', () => {
    const extended = engine.from(sequence(64, 5));
    const batch = forgedBatch([extended], [16], () => [field.one]);
    expect(verdictOn([{ batch, points: [[Z]] }]).ok).toBe(false);
  });

  test('half of the values belong to another polynomial', () => {
    const { extended, at } = polynomialOf(16, 16);
    for (let row = 0; row < 64; row += 2) extended.set(row, 1n);
    const batch = forgedBatch([extended], [16], (_, point) => [at(point)]);
    expect(verdictOn([{ batch, points: [[Z]] }]).ok).toBe(false);
  });
});

describe('an honest proof for another statement', () => {
  const rounds = claims(honest);
  const [first, second] = rounds as [VerifierRound, VerifierRound];
  const shapes = first.commitment.shapes;
  const statements: readonly (readonly [string, readonly VerifierRound[]])[] = [
    ['swapped batches', [second, first]],
    ['a batch less', [first]],
    ['a batch twice', [first, first]],
    ['another point', [{ ...first, points: [[Z, [5n, 0n, 8n]], [Z]] }, second]],
    ['swapped points', [{ ...first, points: [[Y, Z], [Z]] }, second]],
    ['a point less', [{ ...first, points: [[Z], [Z]] }, second]],
    [
      'a point more',
      [
        {
          ...first,
          points: [
            [Z, Y],
            [Z, Y],
          ],
        },
        second,
      ],
    ],
    [
      'swapped matrices',
      [{ commitment: { ...first.commitment, shapes: shapes.toReversed() }, points: first.points.toReversed() }, second],
    ],
    [
      'another height',
      [{ ...first, commitment: { ...first.commitment, shapes: shapes.with(1, { rows: 16, columns: 2 }) } }, second],
    ],
    [
      'the highest at half',
      [{ ...first, commitment: { ...first.commitment, shapes: shapes.with(0, { rows: 32, columns: 2 }) } }, second],
    ],
    [
      'the highest at twice',
      [{ ...first, commitment: { ...first.commitment, shapes: shapes.with(0, { rows: 128, columns: 2 }) } }, second],
    ],
    [
      'another width',
      [{ ...first, commitment: { ...first.commitment, shapes: shapes.with(1, { rows: 8, columns: 1 }) } }, second],
    ],
    ['another root', [{ ...first, commitment: second.commitment }, second]],
    ['a short root', [{ ...first, commitment: { ...first.commitment, root: new Uint8Array(31) } }, second]],
    [
      'a height that is no power of two',
      [{ ...first, commitment: { ...first.commitment, shapes: shapes.with(1, { rows: 9, columns: 2 }) } }, second],
    ],
    ['a point that is none', [{ ...first, points: [[Z, [MODULUS, 0n, 0n]], [Z]] }, second]],
    ['no batches', []],
  ];
  test.for(statements)('%s', ([, statement]) => {
    expect(verify(statement, proof).ok).toBe(false);
  });

  test('another transcript', () => {
    expect(verify(rounds, proof, { protocol: 'other' }).ok).toBe(false);
  });

  test('other parameters, even where only the limits differ', () => {
    for (const change of [{ maximumFunctions: 101 }, { securityBits: 51 }, { queryWork: 3 }, { finalLength: 8 }]) {
      const request = {
        securityBits: 50,
        logBlowup: 2,
        maximumLogRows: 8,
        maximumFunctions: 100,
        queryWork: 4,
        finalLength: 4,
      };
      const parameters = createOpeningParameters({ ...request, ...change });
      expect(verify(rounds, proof, { parameters }).ok).toBe(false);
    }
  });

  test('any changed part', () => {
    const other = open([
      { batch: scheme.commit([matrix(64, 2, 8), matrix(8, 2, 9)]), points: [[Z, Y], [Z]] },
      honestRounds()[1]!,
    ]);
    const [opening, next] = proof.batches;
    const row = opening!.rows[0]![0]!;
    const changed: readonly OpeningProof[] = [
      { ...proof, evaluations: other.evaluations },
      { ...proof, evaluations: [] },
      { ...proof, evaluations: [proof.evaluations[0]!.toReversed(), proof.evaluations[1]!] },
      { ...proof, evaluations: [[[], []], proof.evaluations[1]!] },
      { ...proof, batches: other.batches },
      { ...proof, batches: [next!, opening!] },
      { ...proof, batches: [opening!] },
      { ...proof, batches: [{ ...opening!, rows: opening!.rows.toReversed() }, next!] },
      { ...proof, batches: [{ ...opening!, rows: opening!.rows.with(0, opening!.rows[0]!.toReversed()) }, next!] },
      {
        ...proof,
        batches: [{ ...opening!, rows: opening!.rows.with(0, opening!.rows[0]!.with(0, row.toReversed())) }, next!],
      },
      { ...proof, batches: [{ ...opening!, siblings: [] }, next!] },
      { ...proof, lowDegree: other.lowDegree },
      { ...proof, batchingNonce: 1 },
      { ...proof, batchingNonce: -1 },
    ];
    for (const each of changed) expect(verify(rounds, each).ok).toBe(false);
  });
});
