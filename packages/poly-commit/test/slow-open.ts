/**
 * An opening computed from the extended matrices alone, whatever they contain: the oracle of the faster one, which computes on
 * polynomials, and the prover of forgeries.
 *
 * @module
 */
import {
  type ExtensionField,
  type FieldEngine,
  GENERATOR,
  logOfPowerOfTwo,
  type Matrix,
  multiply,
  negate,
  power,
  rootOfUnity,
} from '@commute/field';
import { FRI } from '../src/fri.ts';
import { grind } from '../src/grinding.ts';
import { createMerkleScheme } from '../src/reference-tree.ts';
import { absorbClaims, claimedMatrices, type CommittedBatch, logHeights, type OpeningProof } from '../src/opening.ts';
import { lowDegreeParameters, type OpeningParameters } from '../src/parameters.ts';
import { differencesInto, type HeightPlan, planQuotients } from '../src/quotients.ts';
import { type ExtensionElement } from '@commute/field';
import { type Transcript } from '../src/transcript.ts';

/** What such a prover needs of a batch. */
export type AnyBatch = Pick<CommittedBatch, 'commitment' | 'evaluate' | 'openRows'> &
  (Pick<CommittedBatch, 'coset'> | { readonly extended: readonly Matrix[] });

/** The values of a batch's matrices on their whole domains, in natural order. */
export function extendedOf(engine: FieldEngine, batch: AnyBatch, logBlowup: number): readonly Matrix[] {
  if ('extended' in batch) return batch.extended;
  const blowup = 2 ** logBlowup;
  return batch.commitment.shapes.map(({ rows, columns }, matrix) => {
    const extended = engine.allocate(rows * blowup, columns);
    for (let index = 0; index < blowup; index++) {
      engine.scope(() => {
        const coset = batch.coset(matrix, index);
        for (let column = 0; column < columns; column++) {
          for (let row = 0; row < rows; row++) extended.set(row * blowup + index, coset.get(row, column), column);
        }
      });
    }
    return extended;
  });
}

/** A batch with its points. */
export interface AnyRound {
  readonly batch: AnyBatch;
  readonly points: readonly (readonly ExtensionElement[])[];
}

/** The function of a height at every point of its domain, from the extended matrices. */
function computeSlowly(
  engine: FieldEngine,
  field: ExtensionField,
  plan: HeightPlan,
  extended: readonly (readonly Matrix[])[],
  logBlowup: number,
): Matrix {
  const extension = engine.extension(field);
  const size = plan.rows * 2 ** logBlowup;
  const result = engine.allocate(size, field.degree);
  engine.scope(() => {
    const vector = (): Matrix => engine.allocate(size, field.degree);
    const [combined, part] = [vector(), vector()];
    const points = engine.allocate(size);
    const root = rootOfUnity(logOfPowerOfTwo(size));
    engine.powersInto(points, root, GENERATOR);
    const numerators = plan.divisors.map(({ remainder }) => {
      const numerator = vector();
      remainder.forEach((element, j) => {
        // The values of x^j times the element.
        const [exponent, values] = [BigInt(j), engine.allocate(size)];
        element.forEach((coefficient, k) => {
          engine.powersInto(values, power(root, exponent), multiply(negate(coefficient), power(GENERATOR, exponent)));
          engine.addInto(numerator.column(k), numerator.column(k), values);
        });
      });
      return numerator;
    });
    for (const { members, factor, quotients } of plan.groups) {
      members.forEach(({ round, index, powers }, k) => {
        engine.combineInto(k === 0 ? combined : part, extended[round]![index]!, powers);
        if (k > 0) engine.addInto(combined, combined, part);
      });
      for (const [target, scalar] of [
        [result, factor] as const,
        ...quotients.map((each) => [numerators[each.place]!, each.factor] as const),
      ]) {
        extension.scaleInto(part, combined, scalar);
        engine.addInto(target, target, part);
      }
    }
    plan.divisors.forEach(({ instances, point }, k) => {
      const exponent = BigInt(instances);
      engine.powersInto(points, power(root, exponent), power(GENERATOR, exponent));
      differencesInto(engine, part, points, point);
      extension.inverseInto(part, part);
      extension.multiplyInto(part, part, numerators[k]!);
      engine.addInto(result, result, part);
    });
  });
  return result;
}

/** The protocol of `open`. */
export function openSlowly(
  engine: FieldEngine,
  parameters: OpeningParameters,
  proverRounds: readonly AnyRound[],
  transcript: Transcript,
): OpeningProof {
  const { field, hash, logBlowup } = parameters;
  const rounds = proverRounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));
  const evaluations = proverRounds.map(({ batch, points }) =>
    points.map((at, matrix) => at.map((point) => batch.evaluate(matrix, point))),
  );
  absorbClaims(transcript, parameters, rounds, evaluations);
  const batchingNonce = grind(transcript, parameters.batchingWork, engine);
  const challenge = transcript.extensionElement('opening/batching', field);
  return engine.scope(() => {
    const plans = planQuotients(field, claimedMatrices(rounds, evaluations), challenge);
    const extended = proverRounds.map(({ batch }) => extendedOf(engine, batch, logBlowup));
    const [largest, ...smaller] = plans.map((plan) => computeSlowly(engine, field, plan, extended, logBlowup));
    const test = lowDegreeParameters(parameters, logHeights(rounds.flatMap(({ commitment }) => commitment.shapes)));
    const trees = createMerkleScheme(hash);
    const { proof: lowDegree, indices } = FRI.prove(engine, trees, transcript, test, [largest!, ...smaller]);
    const batches = proverRounds.map(({ batch }) => {
      const height = 2 ** logBlowup * Math.max(...batch.commitment.shapes.map(({ rows }) => rows));
      return batch.openRows(indices.map((index) => index % height));
    });
    return { evaluations, batchingNonce, batches, lowDegree };
  });
}
