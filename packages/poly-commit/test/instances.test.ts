import { readFileSync } from 'node:fs';
import {
  createExtensionField,
  createFieldEngine,
  createFieldEngineSync,
  createReferenceEngine,
  type ExtensionElement,
  type FieldEngine,
  MODULUS,
  power,
  rootOfUnity,
} from '@commute/field';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  createCommitmentScheme,
  createOpeningParameters,
  decodeOpeningProof,
  encodeOpeningProof,
  type Evaluations,
  type OpeningProof,
  type OpeningRequest,
  type ProverRound,
  securityReport,
  Transcript,
  type VerifierRound,
} from '../src/index.ts';
import { sequence } from './sequence.ts';
import { type AnyRound, extendedOf, openSlowly } from './slow-open.ts';
import { verifyBoth } from './verify-both.ts';

const field = createExtensionField();
const REQUEST: OpeningRequest = {
  securityBits: 40,
  logBlowup: 2,
  maximumLogRows: 6,
  maximumLogInstances: 3,
  maximumFunctions: 100,
  queryWork: 4,
  foldingWork: 2,
  batchingWork: 3,
  finalLength: 4,
};
const PARAMETERS = createOpeningParameters(REQUEST);
const wasm = createFieldEngineSync();
const threads = await createFieldEngine({ threads: 2 });
afterAll(() => {
  threads.dispose();
});
const reference = createReferenceEngine();
const Z: ExtensionElement = [11n, 22n, 33n];
const Y: ExtensionElement = [5n, 0n, 7n];

/** Matrices of instances, or of one plain batch where there is one instance that is not `joint`. */
interface Batch {
  readonly joint: boolean;
  /** `[instance][matrix][column]`: coefficients. */
  readonly columns: readonly (readonly (readonly (readonly bigint[])[])[])[];
  readonly points: readonly (readonly ExtensionElement[])[];
}

type Shape = readonly [rows: number, columns: number, points: readonly ExtensionElement[]];

const batchOf = (instances: number, shapes: readonly Shape[], seed = 1, joint = true): Batch => ({
  joint,
  columns: Array.from({ length: instances }, (_, j) =>
    shapes.map(([rows, columns], k) =>
      Array.from({ length: columns }, (__, c) => sequence(rows, 1000 * seed + 100 * j + 10 * k + c)),
    ),
  ),
  points: shapes.map(([, , points]) => points),
});
const plain = (shapes: readonly Shape[], seed = 1): Batch => batchOf(1, shapes, seed, false);

/** By Horner's rule. */
function evaluate(coefficients: readonly bigint[], point: ExtensionElement): ExtensionElement {
  return coefficients.reduceRight(
    (sum, coefficient) => field.add(field.multiply(sum, point), field.fromBase(coefficient)),
    field.zero,
  );
}

/** Σ X^j·f_j(X^s). */
function interleaved(polynomials: readonly (readonly bigint[])[]): bigint[] {
  return polynomials[0]!.flatMap((_, i) => polynomials.map((each) => each[i]!));
}

function commit(engine: FieldEngine, { joint, columns }: Batch, keptBytes?: number): ProverRound['batch'] {
  const scheme = createCommitmentScheme(engine, PARAMETERS, undefined, keptBytes === undefined ? {} : { keptBytes });
  const matricesOf = (instance: number) => columns[instance]!.map((each) => engine.from(each.flat(), each.length));
  return joint
    ? scheme.commitInstances(columns.length, matricesOf, 'coefficients')
    : scheme.commit(matricesOf(0), 'coefficients');
}

function open(engine: FieldEngine, batches: readonly Batch[], keptBytes?: number): OpeningProof {
  const scheme = createCommitmentScheme(engine, PARAMETERS);
  return engine.scope(() =>
    scheme.open(
      batches.map((each) => ({ batch: commit(engine, each, keptBytes), points: each.points })),
      new Transcript('test'),
    ),
  );
}

/** The same batches as polynomials of all instances together, committed to as any others. */
function slowRounds(engine: FieldEngine, batches: readonly Batch[]): AnyRound[] {
  const parameters = createOpeningParameters({ ...REQUEST, maximumLogRows: 9, maximumLogInstances: 0 });
  const scheme = createCommitmentScheme(engine, parameters);
  return batches.map(({ columns, points }) => {
    const instances = columns.length;
    const matrices = columns[0]!.map((matrix, k) => {
      const together = matrix.map((_, c) => interleaved(columns.map((each) => each[k]![c]!)));
      return engine.from(together.flat(), together.length);
    });
    const batch = scheme.commit(matrices, 'coefficients');
    const commitment = { ...batch.commitment, instances };
    const extended = extendedOf(engine, batch, REQUEST.logBlowup);
    const values = (matrix: number, point: ExtensionElement): ExtensionElement[] =>
      columns.flatMap((each) => each[matrix]!.map((column) => evaluate(column, point)));
    return { batch: { commitment, extended, evaluate: values, openRows: batch.openRows }, points };
  });
}

const claimsOf = (rounds: readonly AnyRound[]): VerifierRound[] =>
  rounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));

const expectedOf = (batches: readonly Batch[]): Evaluations =>
  batches.map(({ columns, points }) =>
    points.map((at, matrix) =>
      at.map((point) => columns.flatMap((each) => each[matrix]!.map((column) => evaluate(column, point)))),
    ),
  );

const verify = (rounds: readonly VerifierRound[], proof: OpeningProof) => verifyBoth(PARAMETERS, rounds, proof, 'test');

describe('interleaved batches are what polynomials of all instances together are', () => {
  const cases: readonly (readonly [string, readonly Batch[]])[] = [
    ['two instances of one column', [batchOf(2, [[8, 1, [Z]]])]],
    ['eight instances, two points', [batchOf(8, [[16, 3, [Z, Y]]])]],
    ['one instance', [batchOf(1, [[16, 2, [Z, Y]]])]],
    ['height 1', [batchOf(4, [[1, 2, [Z, Y]]])]],
    ['no point', [batchOf(4, [[4, 2, []]])]],
    [
      'heights 1 to 32',
      [
        batchOf(
          4,
          [1, 2, 4, 8, 16, 32].map((rows): Shape => [rows, 2, [Z]]),
        ),
      ],
    ],
    [
      'several batches, plain ones among them, of which heights agree',
      [
        plain([
          [8, 2, [Z, Y]],
          [32, 1, [Z]],
        ]),
        batchOf(
          4,
          [
            [8, 3, [Z, Y]],
            [2, 1, [Y]],
          ],
          2,
        ),
        batchOf(4, [[8, 1, [Z]]], 3),
        plain([[1, 1, [Z]]], 4),
      ],
    ],
    ['different numbers of instances', [batchOf(2, [[16, 1, [Z]]]), batchOf(8, [[4, 1, [Z]]], 2)]],
    ['zero polynomials', [{ ...batchOf(2, [[4, 1, [Z]]]), columns: [[[[0n, 0n, 0n, 0n]]], [[[0n, 0n, 0n, 0n]]]] }]],
    ['a point of the base field', [batchOf(4, [[8, 2, [[123n, 0n, 0n]]]])]],
  ];
  test.for(cases)('%s', ([, batches]) => {
    const proof = open(wasm, batches);
    const slow = slowRounds(reference, batches);
    for (const [k, batch] of batches.entries()) {
      const { commitment } = commit(wasm, batch);
      expect({ instances: 1, ...commitment }).toEqual(slow[k]!.batch.commitment);
    }
    expect(openSlowly(reference, PARAMETERS, slow, new Transcript('test'))).toEqual(proof);
    expect(open(reference, batches)).toEqual(proof);
    expect(open(wasm, batches, 0)).toEqual(proof);
    expect(verify(claimsOf(slow), proof)).toEqual({ ok: true, evaluations: expectedOf(batches) });
  });

  test('one instance is a plain batch, to the byte', () => {
    const shapes: Shape[] = [
      [16, 2, [Z, Y]],
      [4, 1, [Y]],
    ];
    expect(open(wasm, [batchOf(1, shapes)])).toEqual(open(wasm, [plain(shapes)]));
  });

  test('the same where long columns are computed again, in parts, and lower layers of trees', () => {
    const parameters = createOpeningParameters({ ...REQUEST, maximumLogRows: 14 });
    const columns = [0, 1].map((j) => [14, 13, 5].map((logRows, k) => sequence(2 ** logRows, 10 * j + k)));
    // Coefficients and trees in the engine's memory, trees alone, and nothing.
    const cases = [2 ** 40, 2 ** 18, 0].flatMap((keptBytes) => [wasm, threads].map((on) => ({ keptBytes, on })));
    const [kept, ...others] = cases.map(({ keptBytes, on }) =>
      on.scope(() => {
        const scheme = createCommitmentScheme(on, parameters, undefined, { keptBytes });
        const matricesOf = (instance: number) => columns[instance]!.map((each) => on.from(each));
        const batch = scheme.commitInstances(2, matricesOf, 'coefficients');
        const values = [0, 1, 2].map((matrix) =>
          [0, 1, 2, 3].map((index) => batch.coset(matrix, index, 1).view().slice(0, 40)),
        );
        return { values, proof: scheme.open([{ batch, points: [[Z], [Z, Y], [Y]] }], new Transcript('test')) };
      }),
    );
    for (const other of others) expect(other).toEqual(kept);
  });

  test('from values as from coefficients, and on cosets of an instance', () => {
    const batch = batchOf(4, [[8, 2, [Z]]]);
    const scheme = createCommitmentScheme(wasm, PARAMETERS);
    wasm.scope(() => {
      const fromValues = scheme.commitInstances(4, (instance) =>
        batch.columns[instance]!.map((each) => {
          const matrix = wasm.from(each.flat(), each.length);
          wasm.evaluateInPlace(matrix);
          return matrix;
        }),
      );
      const fromCoefficients = commit(wasm, batch);
      expect(fromValues.commitment).toEqual(fromCoefficients.commitment);
      for (const [instance, [columns]] of batch.columns.entries()) {
        for (const index of [0, 3]) {
          const coset = fromCoefficients.coset(0, index, instance);
          for (const [row, c] of [
            [0, 0],
            [5, 1],
          ] as const) {
            const x = (7n ** 4n * power(rootOfUnity(5), BigInt(4 * row + index))) % MODULUS;
            expect([coset.get(row, c), 0n, 0n]).toEqual(evaluate(columns![c]!, field.fromBase(x)));
            const other = fromCoefficients.evaluateOn(0, 5n, instance);
            const y = (5n * power(rootOfUnity(3), BigInt(row))) % MODULUS;
            expect([other.get(row, c), 0n, 0n]).toEqual(evaluate(columns![c]!, field.fromBase(y)));
          }
        }
      }
    });
  });

  test('shapes, instances and points at random', () => {
    const shape = fc.record({
      logRows: fc.nat(4),
      columns: fc.integer({ min: 1, max: 3 }),
      places: fc.uniqueArray(fc.nat(1), { maxLength: 2 }),
    });
    const anyBatch = fc.record({ logInstances: fc.nat(3), shapes: fc.array(shape, { minLength: 1, maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(anyBatch, { minLength: 1, maxLength: 3 }), (batches) => {
        const made = batches.map(({ logInstances, shapes }, seed) =>
          batchOf(
            2 ** logInstances,
            shapes.map(({ logRows, columns, places }): Shape => [2 ** logRows, columns, places.map((k) => [Z, Y][k]!)]),
            seed,
          ),
        );
        const proof = open(wasm, made);
        expect(verify(claimsOf(slowRounds(wasm, made)), proof)).toEqual({ ok: true, evaluations: expectedOf(made) });
      }),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 15) },
    );
  });
});

test('the bytes of an opening of instances stay what they are', () => {
  const parameters = createOpeningParameters({
    securityBits: 8,
    logBlowup: 2,
    maximumLogRows: 4,
    maximumLogInstances: 1,
    maximumFunctions: 20,
    queryWork: 6,
    finalLength: 1,
  });
  const scheme = createCommitmentScheme(wasm, parameters);
  const matrix = (rows: number, columns: number, first: number) =>
    wasm.from(
      Array.from({ length: rows * columns }, (_, k) => BigInt(first + k)),
      columns,
    );
  const rounds = [
    {
      batch: scheme.commitInstances(2, (j) => [matrix(4, 2, 100 * j), matrix(2, 1, 7 * j)], 'coefficients'),
      points: [[Z, Y], [Z]],
    },
    { batch: scheme.commit([matrix(4, 1, 1)], 'coefficients'), points: [[Z]] },
  ];
  const bytes = encodeOpeningProof(parameters, scheme.open(rounds, new Transcript('commute/fixture/v1')));
  const golden = readFileSync(new URL('./fixtures/opening_instances_v1.bin', import.meta.url));
  expect(Buffer.from(bytes).equals(golden)).toBe(true);
  const layout = rounds.map(({ batch: { commitment }, points }) => ({
    ...commitment,
    points: points.map(({ length }) => length),
  }));
  const decoded = decodeOpeningProof(parameters, layout, golden);
  if (!decoded.ok) throw new Error(decoded.reason);
  const claims = rounds.map(({ batch: { commitment }, points }) => ({ commitment, points }));
  expect(verifyBoth(parameters, claims, decoded.proof, 'commute/fixture/v1').ok).toBe(true);
});

describe('instances that are not there', () => {
  const shapes: readonly Shape[] = [
    [8, 2, [Z, Y]],
    [4, 1, [Z]],
  ];
  const full = batchOf(4, shapes);
  /** The first three instances, and in the last place zeros, or what is given. */
  const filled = (last: Batch['columns'][number]): Batch => ({ ...full, columns: full.columns.with(3, last) });
  const zeros = full.columns[3]!.map((matrix) => matrix.map((column) => column.map(() => 0n)));
  /** A prover who claims nothing of the last place, or something. */
  const openUsed = (batch: Batch, used: number): { readonly round: VerifierRound; readonly proof: OpeningProof } => {
    const { commitment, evaluate: evaluateAll, ...others } = commit(wasm, batch);
    const partial: ProverRound['batch'] = {
      ...others,
      commitment: { ...commitment, used },
      evaluate: (matrix, ...at) => evaluateAll(matrix, ...at).slice(0, used * commitment.shapes[matrix]!.columns),
    };
    const round = { batch: partial, points: batch.points };
    const proof = createCommitmentScheme(wasm, PARAMETERS).open([round], new Transcript('test'));
    return { round: { commitment: partial.commitment, points: batch.points }, proof };
  };

  test('have no values in the proof, and are zero', () => {
    const { round, proof } = openUsed(filled(zeros), 3);
    expect(verify([round], proof).ok).toBe(true);
    expect(proof.evaluations[0]!.map((matrix) => matrix[0]!.length)).toEqual([6, 3]);
    const layout = [{ ...round.commitment, points: [2, 1] }];
    const decoded = decodeOpeningProof(PARAMETERS, layout, encodeOpeningProof(PARAMETERS, proof));
    expect(decoded).toEqual({ ok: true, proof });
    // What is in such a place shows, whichever column it is in.
    expect(verify([openUsed(full, 3).round], openUsed(full, 3).proof).ok).toBe(false);
    const one = zeros.with(
      1,
      zeros[1]!.map((column) => column.with(0, 1n)),
    );
    const hidden = openUsed(filled(one), 3);
    expect(verify([hidden.round], hidden.proof).ok).toBe(false);
  });

  test('take no matrices, in the engine or outside of it', () => {
    const want = openUsed(filled(zeros), 3);
    for (const keptBytes of [0, 2 ** 40]) {
      const scheme = createCommitmentScheme(wasm, PARAMETERS, undefined, { keptBytes });
      const matricesOf = (instance: number) =>
        instance < 3 ? full.columns[instance]!.map((each) => wasm.from(each.flat(), each.length)) : undefined;
      const batch = scheme.commitInstances(4, matricesOf, 'coefficients');
      expect(batch.commitment.root).toEqual(want.round.commitment.root);
      const opening = scheme.open([{ batch, points: full.points }], new Transcript('test'));
      expect(opening).toEqual(open(wasm, [filled(zeros)]));
      batch.release();
    }
  });

  test('are not taken for others', () => {
    const { round, proof } = openUsed(filled(zeros), 3);
    for (const used of [0, 2, 4, 5, 2.5, NaN]) {
      const other = [{ ...round, commitment: { ...round.commitment, used } }];
      expect(verify(other, proof).ok, String(used)).toBe(false);
    }
    // A prover who claims zeros has another transcript.
    const all = openUsed(filled(zeros), 4);
    expect(verify([all.round], all.proof).ok).toBe(true);
    const padded = proof.evaluations.map((each) =>
      each.map((matrix, k) =>
        matrix.map((values) => [...values, ...new Array<ExtensionElement>(k === 0 ? 2 : 1).fill(field.zero)]),
      ),
    );
    expect(verify([all.round], { ...proof, evaluations: padded }).ok).toBe(false);
  });
});

describe('what is false is refused', () => {
  const batches = [
    batchOf(4, [
      [8, 2, [Z, Y]],
      [4, 1, [Z]],
    ]),
    plain([[8, 1, [Z]]], 2),
  ];
  const honest = slowRounds(wasm, batches);
  const proof = open(wasm, batches);
  const [first, second] = claimsOf(honest) as [VerifierRound, VerifierRound];

  /** A prover that follows the protocol but for the values that it claims of the first batch. */
  const claiming = (change: (values: readonly ExtensionElement[]) => ExtensionElement[], matrix = 0) => {
    const [{ batch, points }, other] = honest as [AnyRound, AnyRound];
    const evaluateFalsely = (k: number, point: ExtensionElement): ExtensionElement[] =>
      k === matrix && field.equals(point, Z) ? change(batch.evaluate(k, point)) : batch.evaluate(k, point);
    const rounds = [{ batch: { ...batch, evaluate: evaluateFalsely }, points }, other];
    return verify(claimsOf(rounds), openSlowly(wasm, PARAMETERS, rounds, new Transcript('test')));
  };

  test('the prover of the forgeries is accepted without one', () => {
    expect(claiming((values) => [...values]).ok).toBe(true);
  });

  test('a wrong value of any instance and column', () => {
    for (let place = 0; place < 8; place++) {
      const verdict = claiming((values) => values.with(place, field.add(values[place]!, field.one)));
      expect(verdict, String(place)).toEqual({ ok: false, reason: 'wrong-final' });
    }
    for (let place = 0; place < 4; place++) {
      const verdict = claiming((values) => values.with(place, field.add(values[place]!, field.one)), 1);
      expect(verdict.ok, String(place)).toBe(false);
    }
  });

  test('values that moved from one instance to another', () => {
    // The same sum over all instances.
    expect(
      claiming((values) => [field.add(values[0]!, Y), values[1]!, field.subtract(values[2]!, Y), ...values.slice(3)])
        .ok,
    ).toBe(false);
    // Two instances swapped, and rotated.
    expect(claiming(([a, b, c, d, ...rest]) => [c!, d!, a!, b!, ...rest]).ok).toBe(false);
    expect(claiming(([a, b, ...rest]) => [...rest, a!, b!]).ok).toBe(false);
  });

  test('values whose interleaved sum at a point of the domain is right', () => {
    // Σ x^j·v_j is as it should be at this x alone.
    const x = field.fromBase((7n * power(rootOfUnity(7), 3n)) % MODULUS);
    expect(
      claiming((values) =>
        values.with(0, field.add(values[0]!, field.multiply(x, Y))).with(2, field.subtract(values[2]!, Y)),
      ).ok,
    ).toBe(false);
  });

  test('an honest proof as one of other instances, shapes, points, or as a plain one', () => {
    const { commitment, points } = first;
    const changed: readonly VerifierRound[][] = [
      ...[1, 2, 8, 16, 3, 0, -4, 0.5, NaN].map((instances) => [
        { commitment: { ...commitment, instances }, points },
        second,
      ]),
      [{ commitment: { root: commitment.root, shapes: commitment.shapes }, points }, second],
      [first, { ...second, commitment: { ...second.commitment, instances: 4 } }],
      [{ commitment, points: [[Y, Z], [Z]] }, second],
      [{ commitment, points: [[field.power(Z, 4n), Y], [Z]] }, second],
      [{ commitment, points: [[Z, Y], [Y]] }, second],
      [first],
    ];
    expect(verify([first, second], proof).ok).toBe(true);
    for (const rounds of changed) expect(verify(rounds, proof).ok).toBe(false);
  });

  test('parameters for other numbers of instances', () => {
    for (const maximumLogInstances of [0, 2, 4]) {
      const parameters = createOpeningParameters({ ...REQUEST, maximumLogInstances });
      expect(verifyBoth(parameters, [first, second], proof, 'test').ok).toBe(false);
    }
  });

  test('bytes give back the proof, and no other number of values', () => {
    const layout = [first, second].map(({ commitment: { shapes, instances = 1 }, points }) => ({
      shapes,
      points: points.map(({ length }) => length),
      instances,
    }));
    const bytes = encodeOpeningProof(PARAMETERS, proof);
    expect(decodeOpeningProof(PARAMETERS, layout, bytes)).toEqual({ ok: true, proof });
    const other = decodeOpeningProof(PARAMETERS, [{ ...layout[0]!, instances: 2 }, layout[1]!], bytes);
    expect(other.ok).toBe(false);
    const bad = decodeOpeningProof(PARAMETERS, [{ ...layout[0]!, instances: 3 }, layout[1]!], bytes);
    expect(bad).toEqual({ ok: false, reason: 'other-parameters' });
  });
});

describe('what a prover must not be asked', () => {
  const scheme = createCommitmentScheme(wasm, PARAMETERS);
  const matrix = (rows: number) => wasm.from(sequence(rows, 1));

  test.for([0, 3, 16, 1.5, -2])('%s instances', (instances) => {
    expect(() => scheme.commitInstances(instances, () => [matrix(4)])).toThrow('[COMMIT_SECURITY]');
  });

  test('instances of different shapes, none, without columns, or too high', () => {
    expect(() => scheme.commitInstances(2, (instance) => [matrix(4 + 4 * instance)])).toThrow('[COMMIT_SHAPE]');
    expect(() =>
      scheme.commitInstances(2, (instance) => (instance === 0 ? [matrix(4)] : [matrix(4), matrix(4)])),
    ).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme.commitInstances(2, () => [])).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme.commitInstances(2, () => undefined)).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme.commitInstances(2, () => [wasm.allocate(4, 0)])).toThrow('[COMMIT_SHAPE]');
    expect(() => scheme.commitInstances(2, () => [matrix(128)])).toThrow('[COMMIT_SECURITY]');
  });

  test('what is released', () => {
    for (const keptBytes of [0, 2 ** 40]) {
      const batch = commit(wasm, batchOf(2, [[8, 1, [Z]]]), keptBytes);
      batch.release();
      expect(() => batch.evaluate(0, Z)).toThrow('[COMMIT_RELEASED]');
      expect(() => batch.coset(0, 0)).toThrow('[COMMIT_RELEASED]');
    }
  });

  test('a point that a power of a point of the domain is', () => {
    const [batch] = slowRounds(wasm, [batchOf(4, [[8, 1, [Z]]])]);
    // 4·8·4 points; the fourth powers are 7^4 times the subgroup of 32.
    const x = (7n * power(rootOfUnity(7), 5n)) % MODULUS;
    const points = [[field.fromBase(power(x, 4n))]];
    const round = { batch: commit(wasm, batchOf(4, [[8, 1, [Z]]])), points };
    expect(() => scheme.open([round], new Transcript('test'))).toThrow('[COMMIT_RANGE]');
    const proof = open(wasm, [batchOf(4, [[8, 1, [Z]]])]);
    const rounds = [{ commitment: batch!.batch.commitment, points }];
    expect(verify(rounds, proof)).toEqual({ ok: false, reason: 'point-on-domain' });
    // The point of the domain itself may be asked for.
    const allowed = [batchOf(4, [[8, 1, [field.fromBase(x)]]])];
    expect(verify(claimsOf(slowRounds(wasm, allowed)), open(wasm, allowed)).ok).toBe(true);
  });
});

describe('security', () => {
  const base = {
    extensionDegree: 3,
    logRows: 16,
    logBlowup: 2,
    foldingFactors: [4],
    queries: 90,
    batchedFunctions: 160,
    constraints: 300,
    constraintDegree: 4,
    openingPoints: 2,
    lookups: [{ name: 'bus', interactions: 8, width: 4 }],
    grinding: { queries: 20 },
  };
  const [one, joint, high] = [base, { ...base, logInstances: 4 }, { ...base, logRows: 20 }].map((each) =>
    securityReport(each)
      .regimes.slice(0, 1)
      .map(({ rounds }) => Object.fromEntries(rounds.map(({ name, bits }) => [name, bits]))),
  );

  test('what is said about an instance has its rows, what is said about the code those of all', () => {
    for (const name of ['bus', 'constraints', 'out of domain', 'queries']) {
      expect(joint![0]![name], name).toBe(one![0]![name]);
    }
    for (const name of ['batching', 'folding 1']) expect(joint![0]![name], name).toBe(high![0]![name]);
  });

  test('one instance is none', () => {
    expect(securityReport({ ...base, logInstances: 0 })).toEqual(securityReport(base));
    const [a, b] = [{ ...REQUEST, maximumLogInstances: 0 }, REQUEST].map(
      (each) => createOpeningParameters(each).description,
    );
    expect(b).toBe(a!.replace(' functions', ' instances=8 functions'));
    expect(createOpeningParameters({ ...REQUEST, logBlowup: 1, maximumLogInstances: 0 }).logBlowup).toBe(1);
  });

  test('a blowup of 2 has no room for interleaved tables of one row', () => {
    expect(() => createOpeningParameters({ ...REQUEST, logBlowup: 1 })).toThrow('[COMMIT_SECURITY]');
    for (const maximumLogInstances of [-1, 0.5, 30]) {
      expect(() => createOpeningParameters({ ...REQUEST, maximumLogInstances })).toThrow('[COMMIT_RANGE]');
    }
  });
});
