import { createFieldEngineSync, MODULUS } from '@commute/field';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BLAKE3, commitmentRoot, createCommitmentScheme, createOpeningParameters, SHA256 } from '../src/index.ts';

const anyWord = fc.oneof(fc.bigInt(0n, MODULUS - 1n), fc.constantFrom(0n, 1n, MODULUS - 1n));
const anyMatrix = fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 40 }), anyWord).map(([log, width, seed]) => {
  const rows = 2 ** log;
  const columns = Array.from({ length: width }, (_, column) =>
    BigUint64Array.from({ length: rows }, (_unused, row) => (seed * BigInt(1 + column * rows + row)) % MODULUS),
  );
  return { rows, columns };
});

test('the root over short columns is that of a commitment scheme', () => {
  const engine = createFieldEngineSync();
  fc.assert(
    fc.property(
      fc.array(anyMatrix, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      (matrices, logBlowup) => {
        const limits = { maximumLogRows: 6, maximumFunctions: 1000 };
        const parameters = createOpeningParameters({ securityBits: 10, logBlowup, queryWork: 0, ...limits });
        const root = engine.scope(() => {
          const batch = createCommitmentScheme(engine, parameters).commit(
            matrices.map(({ columns }) =>
              engine.from(
                columns.flatMap((column) => [...column]),
                columns.length,
              ),
            ),
          );
          return batch.commitment.root;
        });
        expect(commitmentRoot(parameters, matrices)).toEqual(root);
      },
    ),
    { numRuns: 40 },
  );
});

test('rows of several chunks of the hash, and long columns', () => {
  const engine = createFieldEngineSync();
  const parameters = createOpeningParameters({
    securityBits: 10,
    logBlowup: 2,
    maximumLogRows: 10,
    maximumFunctions: 1000,
  });
  for (const [rows, width] of [
    [4, 300],
    [1024, 14],
  ] as const) {
    const columns = Array.from({ length: width }, (_, k) =>
      BigUint64Array.from({ length: rows }, (_u, j) => BigInt(k * j + 3)),
    );
    const root = engine.scope(() => {
      const matrix = engine.from(
        columns.flatMap((column) => [...column]),
        width,
      );
      return createCommitmentScheme(engine, parameters).commit([matrix]).commitment.root;
    });
    expect(commitmentRoot(parameters, [{ rows, columns }])).toEqual(root);
  }
});

test('large columns and other hashes are left to engines', () => {
  const large = { rows: 2 ** 19, columns: [new BigUint64Array(2 ** 19)] };
  expect(commitmentRoot({ hash: BLAKE3, logBlowup: 2 }, [large])).toBeUndefined();
  const small = { rows: 1, columns: [new BigUint64Array(1)] };
  expect(commitmentRoot({ hash: SHA256, logBlowup: 2 }, [small])).toBeUndefined();
});
