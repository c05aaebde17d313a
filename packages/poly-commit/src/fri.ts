/**
 * FRI: the proof that a function on a coset is close to a polynomial of low degree.
 *
 * A round commits to the function with the values at x·w^t, w of the order of the folding factor, in one row; folds
 * them at a challenge β to the value at x^factor of Σ β^s·f_s, where f(x) = Σ x^s·f_s(x^factor); and goes on with that. The last
 * function is sent as coefficients. Ben-Sasson, Bentov, Horesh and Riabzev, Fast Reed-Solomon interactive oracle proofs of proximity
 * (ICALP 2018).
 *
 * @module
 */
import {
  batchInverse,
  type ExtensionElement,
  type ExtensionField,
  type FieldEngine,
  inverse,
  isCanonical,
  logOfPowerOfTwo,
  type Matrix,
  multiply,
  power,
  rootOfUnity,
} from '@commute/field';
import { CommitmentError } from './errors.ts';
import { grind } from './grinding.ts';
import { type HashFunction } from './hash.ts';
import {
  type FunctionValues,
  type LowDegreeRefusal,
  type LowDegreeTest,
  type LowDegreeVerdict,
} from './low-degree-test.ts';
import { type MerkleOpening, type MerkleScheme, type MerkleTree, openedRows, verifyMerkleOpening } from './merkle.ts';
import { assertWork, type Transcript } from './transcript.ts';

/** What prover and verifier agree on before. */
export interface FriParameters {
  /** The field that the function's values and the challenges are in. */
  readonly field: ExtensionField;
  /** log2 of the domain's size. */
  readonly logSize: number;
  /** The domain is shift·w^i, w the root of unity of its order. */
  readonly shift: bigint;
  /** log2 of the size divided by the degree bound. */
  readonly logBlowup: number;
  /** Powers of two from 2 to 256, one per round; their product is at most the degree bound. */
  readonly foldingFactors: readonly number[];
  readonly queries: number;
  /**
   * log2 of the sizes of further functions, falling. Each is one of the sizes that folding arrives at; there the function, taken at the points
   * folded to, is added to the folded one, times the next power of the folding challenge.
   */
  readonly smallerLogSizes?: readonly number[];
  /** Bits of proof of work before each folding challenge and before the queries; 0 by default. */
  readonly foldingWork?: number;
  readonly queryWork?: number;
}

/** The messages of the prover. */
export interface FriProof {
  /** Per round the root over the function's rows. */
  readonly roots: readonly Uint8Array[];
  /** Per round the nonce of its proof of work. */
  readonly foldingNonces: readonly number[];
  /** Coefficients of the last function, from low to high. */
  readonly finalPolynomial: readonly ExtensionElement[];
  readonly queryNonce: number;
  /** Per round the opened rows. */
  readonly openings: readonly MerkleOpening[];
}

/** log2 of the sizes before each round and at the end. */
export function logSizes({
  logSize,
  logBlowup,
  foldingFactors,
  shift,
  queries,
  smallerLogSizes = [],
  foldingWork = 0,
  queryWork = 0,
}: FriParameters): number[] {
  const refuse = (name: string, expected: string, got: unknown): never => {
    throw new CommitmentError('COMMIT_RANGE', name, expected, String(got));
  };
  if (!Number.isInteger(logSize) || logSize < 0 || logSize > 32) refuse('logSize', 'an integer in [0, 32]', logSize);
  if (!Number.isInteger(logBlowup) || logBlowup < 1) refuse('logBlowup', 'a positive integer', logBlowup);
  if (!Number.isInteger(queries) || queries < 1) refuse('queries', 'a positive integer', queries);
  if (!isCanonical(shift) || shift === 0n) refuse('shift', 'a canonical element other than zero', shift);
  assertWork(foldingWork);
  assertWork(queryWork);
  const sizes = [logSize];
  for (const factor of foldingFactors) {
    const log = Math.log2(factor);
    if (!Number.isInteger(log) || log < 1 || log > 8) refuse('folding factor', 'a power of two in [2, 256]', factor);
    sizes.push(sizes.at(-1)! - log);
  }
  if (sizes.at(-1)! < logBlowup)
    refuse('folding factors', 'a product of at most the degree bound', foldingFactors.join());
  smallerLogSizes.forEach((size, k) => {
    if (!sizes.includes(size) || size >= (smallerLogSizes[k - 1] ?? logSize)) {
      refuse('smallerLogSizes', `falling sizes out of ${sizes.slice(1).join()}`, smallerLogSizes.join());
    }
  });
  return sizes;
}

/** Everything that a transcript should know before the first message. */
export function absorbParameters(transcript: Transcript, hash: HashFunction, parameters: FriParameters): void {
  const { field, logSize, shift, logBlowup, foldingFactors, queries, foldingWork = 0, queryWork = 0 } = parameters;
  transcript.absorb('fri/hash', new TextEncoder().encode(hash.name));
  transcript.absorbElements('fri/field', field.modulus);
  const { smallerLogSizes = [] } = parameters;
  if (smallerLogSizes.length > 0) transcript.absorbElements('fri/smaller', smallerLogSizes.map(BigInt));
  const numbers = [logSize, logBlowup, queries, foldingWork, queryWork, ...foldingFactors];
  transcript.absorbElements('fri/parameters', [shift, ...numbers.map(BigInt)]);
}

/** The next function: folded at β by a factor, as halvings at β, β², β⁴, … The result belongs to the open scope. */
function foldFunction(
  engine: FieldEngine,
  field: ExtensionField,
  values: Matrix,
  shift: bigint,
  challenge: ExtensionElement,
  factor: number,
): Matrix {
  const extension = engine.extension(field);
  let current = values;
  let beta = challenge;
  for (let left = factor; left > 1; left /= 2) {
    const half = current.rows / 2;
    const folded = engine.reserve(half, field.degree);
    engine.scope(() => {
      // (f(x) + f(-x))/2 + β·(f(x) - f(-x))/(2x)
      const odd = engine.reserve(half, field.degree);
      const points = engine.reserve(half);
      const root = rootOfUnity(logOfPowerOfTwo(current.rows));
      engine.powersInto(points, inverse(root), inverse(multiply(2n, shift)));
      for (let k = 0; k < field.degree; k++) {
        const column = current.column(k);
        engine.addInto(folded.column(k), column.slice(0, half), column.slice(half));
        engine.subtractInto(odd.column(k), column.slice(0, half), column.slice(half));
      }
      extension.multiplyBaseInto(odd, odd, points);
      extension.scaleInto(odd, odd, beta);
      engine.scaleAddInto(folded, folded, inverse(2n), odd);
    });
    current = folded;
    beta = field.multiply(beta, beta);
    shift = multiply(shift, shift);
  }
  return current;
}

/** 1/2, which is (p + 1)/2. */
const ONE_HALF = 0x7fffffff80000001n;

/** For each halving of a row of `factor` values, w^-t/2 for t below half its length. */
export function halvings(factor: number): bigint[][] {
  const result: bigint[][] = [];
  for (let length = factor; length > 1; length /= 2) {
    const root = inverse(rootOfUnity(Math.log2(length)));
    result.push(Array.from({ length: length / 2 }, (_, t) => multiply(ONE_HALF, power(root, BigInt(t)))));
  }
  return result;
}

/** The same as {@link foldFunction} for one row: the values at x·w^t, t from 0 up; `inverted` is x^-1. */
function foldRow(
  field: ExtensionField,
  row: readonly ExtensionElement[],
  inverted: bigint,
  challenge: ExtensionElement,
  factors: readonly (readonly bigint[])[],
): ExtensionElement {
  let values = row;
  let beta = challenge;
  for (const level of factors) {
    values = level.map((factor, t) => {
      const [a, b] = [values[t]!, values[t + level.length]!];
      const odd = field.multiply(beta, field.scale(field.subtract(a, b), multiply(inverted, factor)));
      return field.add(field.scale(field.add(a, b), ONE_HALF), odd);
    });
    beta = field.multiply(beta, beta);
    inverted = multiply(inverted, inverted);
  }
  return values[0]!;
}

/**
 * Proves that a function has degree below 2^(logSize - logBlowup), and each smaller one a degree in the same ratio to its size.
 *
 * @param values - the function in natural order, one column per coefficient of the field; unchanged.
 * @param smaller - the functions of `smallerLogSizes`, which the transcript must have heard of before; unchanged.
 * @returns the proof and the indices that the verifier will ask for.
 * @throws {@link CommitmentError} `COMMIT_RANGE`, `COMMIT_SHAPE`
 */
export function proveLowDegree(
  engine: FieldEngine,
  scheme: MerkleScheme,
  transcript: Transcript,
  parameters: FriParameters,
  values: Matrix,
  smaller: readonly Matrix[] = [],
): { readonly proof: FriProof; readonly indices: readonly number[] } {
  const sizes = logSizes(parameters);
  const { field, foldingFactors, queries, smallerLogSizes = [], foldingWork = 0, queryWork = 0 } = parameters;
  const assertFunction = (matrix: Matrix, logSize: number): void => {
    if (matrix.rows === 2 ** logSize && matrix.columns === field.degree) return;
    const expected = `${String(2 ** logSize)} × ${String(field.degree)}`;
    throw new CommitmentError('COMMIT_SHAPE', 'values', expected, `${String(matrix.rows)} × ${String(matrix.columns)}`);
  };
  assertFunction(values, sizes[0]!);
  if (smaller.length !== smallerLogSizes.length) {
    throw new CommitmentError(
      'COMMIT_SHAPE',
      'smaller',
      `${String(smallerLogSizes.length)} functions`,
      String(smaller.length),
    );
  }
  smaller.forEach((each, k) => {
    assertFunction(each, smallerLogSizes[k]!);
  });
  absorbParameters(transcript, scheme.hash, parameters);
  return engine.scope(() => {
    const trees: MerkleTree[] = [];
    const foldingNonces: number[] = [];
    let current = values;
    let { shift } = parameters;
    for (const factor of foldingFactors) {
      // Column-major words of n rows are those of n/factor rows with `factor` columns for each of before.
      const tree = scheme.commit([current.reshape(current.rows / factor, field.degree * factor)]);
      trees.push(tree);
      transcript.absorb('fri/root', tree.root);
      foldingNonces.push(grind(transcript, foldingWork, engine));
      const challenge = transcript.extensionElement('fri/fold', field);
      current = foldFunction(engine, field, current, shift, challenge, factor);
      const joining = smaller.find(({ rows }) => rows === current.rows);
      if (joining !== undefined) {
        const scaled = engine.reserve(current.rows, field.degree);
        engine.extension(field).scaleInto(scaled, joining, field.power(challenge, BigInt(factor)));
        engine.addInto(current, current, scaled);
        scaled.release();
      }
      shift = power(shift, BigInt(factor));
    }
    const coefficients = engine.reserve(current.rows, field.degree);
    engine.copyInto(coefficients, current);
    engine.interpolateInPlace(coefficients, { shift });
    const length = 2 ** (sizes.at(-1)! - parameters.logBlowup);
    const finalPolynomial = engine.extension(field).toArray(coefficients).slice(0, length);
    transcript.absorbElements('fri/final', finalPolynomial.flat());
    const queryNonce = grind(transcript, queryWork, engine);
    const indices = transcript.indices('fri/queries', queries, sizes[0]!);
    const openings = trees.map((tree, round) => tree.open(openedRows(indices, 2 ** sizes[round + 1]!)));
    for (const tree of trees) tree.release();
    const roots = trees.map((tree) => tree.root);
    return { proof: { roots, foldingNonces, finalPolynomial, queryNonce, openings }, indices };
  });
}

/**
 * Verifies a proof from anybody. On success the function that was committed to first is close to a polynomial of the degree bound,
 * and its values at the queried indices are returned: compare them with what they should be, or give `functions`.
 *
 * @param functions - computes from the drawn indices what all functions should be, which is compared here. Without it there can be no
 * smaller functions.
 * @throws {@link CommitmentError} `COMMIT_RANGE` for the verifier's own parameters, never because of the proof.
 */
export function verifyLowDegree(
  hash: HashFunction,
  transcript: Transcript,
  parameters: FriParameters,
  proof: FriProof,
  functions?: FunctionValues,
): LowDegreeVerdict {
  const sizes = logSizes(parameters);
  const { field, foldingFactors, queries, smallerLogSizes = [], foldingWork = 0, queryWork = 0 } = parameters;
  if (functions === undefined && smallerLogSizes.length > 0) {
    throw new CommitmentError('COMMIT_SHAPE', 'functions', 'the values of the smaller functions', 'none');
  }
  const refuse = (reason: LowDegreeRefusal): LowDegreeVerdict => ({ ok: false, reason });
  const rounds = foldingFactors.length;
  const finalLength = 2 ** (sizes.at(-1)! - parameters.logBlowup);
  if (
    proof.roots.length !== rounds ||
    proof.foldingNonces.length !== rounds ||
    proof.openings.length !== rounds ||
    proof.finalPolynomial.length !== finalLength ||
    proof.finalPolynomial.some((each) => each.length !== field.degree) ||
    proof.roots.some((root) => root.length !== 32)
  ) {
    return refuse('wrong-shape');
  }
  if (!proof.finalPolynomial.every((each) => each.every(isCanonical))) return refuse('not-canonical');

  absorbParameters(transcript, hash, parameters);
  const challenges: ExtensionElement[] = [];
  for (const [round, root] of proof.roots.entries()) {
    transcript.absorb('fri/root', root);
    if (!transcript.checkWork(foldingWork, proof.foldingNonces[round]!)) return refuse('no-work');
    challenges.push(transcript.extensionElement('fri/fold', field));
  }
  transcript.absorbElements('fri/final', proof.finalPolynomial.flat());
  if (!transcript.checkWork(queryWork, proof.queryNonce)) return refuse('no-work');
  const indices = transcript.indices('fri/queries', queries, sizes[0]!);

  const expected = functions?.(indices);
  if (expected?.ok === false) return expected;
  // Values of the current function at the distinct indices of the current domain.
  let known: ReadonlyMap<number, ExtensionElement> | undefined = expected?.values[0];
  let first: Map<number, ExtensionElement> | undefined;
  let { shift } = parameters;
  for (const [round, factor] of foldingFactors.entries()) {
    const size = 2 ** sizes[round]!;
    const rows = size / factor;
    const opening = proof.openings[round]!;
    const places = openedRows(indices, rows);
    const shape = { rows, columns: field.degree * factor };
    const verdict = verifyMerkleOpening(hash, proof.roots[round]!, [shape], places, opening);
    if (!verdict.ok) return verdict;
    const opened = new Map<number, ExtensionElement>();
    const next = new Map<number, ExtensionElement>();
    const root = rootOfUnity(sizes[round]!);
    const factors = halvings(factor);
    const inverted = batchInverse(places.map((row) => multiply(shift, power(root, BigInt(row)))));
    const position = smallerLogSizes.indexOf(sizes[round + 1]!);
    const joining = position < 0 ? undefined : expected?.values[position + 1];
    const joiningFactor = field.power(challenges[round]!, BigInt(factor));
    for (const [place, row] of places.entries()) {
      const words = opening.rows[0]![place]!;
      const values = Array.from({ length: factor }, (_, t) =>
        Array.from({ length: field.degree }, (_unused, k) => words[k * factor + t]!),
      );
      values.forEach((value, t) => opened.set(row + t * rows, value));
      const folded = foldRow(field, values, inverted[place]!, challenges[round]!, factors);
      next.set(
        row,
        joining === undefined ? folded : field.add(folded, field.multiply(joiningFactor, joining.get(row)!)),
      );
    }
    if (known !== undefined) {
      for (const [index, value] of known) {
        if (!field.equals(value, opened.get(index)!)) return refuse('wrong-fold');
      }
    }
    first ??= opened;
    known = next;
    shift = power(shift, BigInt(factor));
  }
  const root = rootOfUnity(sizes.at(-1)!);
  const final = (index: number): ExtensionElement => {
    const x = multiply(shift, power(root, BigInt(index)));
    return proof.finalPolynomial.reduceRight(
      (sum, coefficient) => field.add(field.scale(sum, x), coefficient),
      field.zero,
    );
  };
  for (const [index, value] of known ?? []) {
    if (!field.equals(value, final(index))) return refuse('wrong-final');
  }
  return { ok: true, indices, values: indices.map((index) => first?.get(index) ?? final(index)) };
}

/** FRI behind the interface of low-degree tests. */
export const FRI: LowDegreeTest<FriParameters, FriProof> = /* @__PURE__ */ Object.freeze({
  name: 'fri',
  prove: (engine, scheme, transcript, parameters, [largest, ...smaller]) =>
    proveLowDegree(engine, scheme, transcript, parameters, largest, smaller),
  verify: verifyLowDegree,
} satisfies LowDegreeTest<FriParameters, FriProof>);
