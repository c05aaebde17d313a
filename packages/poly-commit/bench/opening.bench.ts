/**
 * Openings of 60 + 60 + 12 columns of 2^16 rows at two points, 100 proven bits: time by part, bytes, verification.
 *
 * Run with `node --conditions=@commute/source bench/opening.bench.ts`; ROUNDS, WIDTHS and LOG_ROWS change how often and how large.
 */
import { createFieldEngine, type Matrix, type WasmEngine } from '@commute/field';
import {
  createBlake3Scheme,
  createCommitmentScheme,
  createOpeningParameters,
  decodeOpeningProof,
  encodeOpeningProof,
  findWork,
  type OpeningParameters,
  Transcript,
  verifyOpening,
} from '@commute/poly-commit';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const LOG_ROWS = Number(process.env['LOG_ROWS'] ?? 16);
const WIDTHS = (process.env['WIDTHS'] ?? '60,60,12').split(',').map(Number);
const COLUMNS = WIDTHS.reduce((sum, each) => sum + each, 0);
const POINTS = [
  [11n, 22n, 33n],
  [44n, 55n, 66n],
];

function parametersFor(logBlowup: number, regime?: OpeningParameters['regime']): OpeningParameters {
  return createOpeningParameters({
    securityBits: 100,
    logBlowup,
    maximumLogRows: LOG_ROWS,
    maximumFunctions: 3 * COLUMNS,
    finalLength: 128,
    ...(regime === undefined ? {} : { regime }),
  });
}

/** Minima over the rounds, by name. */
class Times {
  readonly #minima = new Map<string, number>();

  measure<T>(name: string, body: () => T): T {
    const start = performance.now();
    const result = body();
    this.#minima.set(name, Math.min(this.#minima.get(name) ?? Infinity, performance.now() - start));
    return result;
  }

  toString(): string {
    return [...this.#minima].map(([name, time]) => `${name} ${time.toFixed(name === 'verify' ? 1 : 0)}`).join(', ');
  }
}

function fill(engine: WasmEngine, columns: number, seed: number): Matrix {
  const matrix = engine.allocate(2 ** LOG_ROWS, columns);
  const view = matrix.view();
  let state = BigInt(seed + 1);
  for (let k = 0; k < view.length; k++) {
    state = BigInt.asUintN(63, state * 6364136223846793005n + 1442695040888963407n);
    view[k] = state;
  }
  return matrix;
}

function bench(engine: WasmEngine, parameters: OpeningParameters, matrices: readonly Matrix[]): void {
  const times = new Times();
  const trees = createBlake3Scheme(engine);
  const scheme = createCommitmentScheme(engine, parameters, {
    ...trees,
    digests: (each) => times.measure(`tree ${String(each[0]!.columns)}`, () => trees.digests(each)),
    commit: (each) => times.measure(`tree ${String(each[0]!.columns)}`, () => trees.commit(each)),
  });
  let size = 0;
  let first = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const rounds = matrices.map((matrix, k) => ({
      batch: times.measure(`commit ${String(WIDTHS[k])}`, () => scheme.commit([matrix])),
      points: [POINTS],
    }));
    times.measure('evaluate', () => {
      for (const { batch } of rounds) for (const point of POINTS) batch.evaluate(0, point);
    });
    const proof = times.measure('open', () => scheme.open(rounds, new Transcript('bench')));
    times.measure('of which work', () => findWork(new Transcript('work').state, parameters.queryWork, engine));
    const claims = rounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));
    const bytes = times.measure('encode', () => encodeOpeningProof(parameters, proof));
    size = bytes.length;
    const start = performance.now();
    const accepted = times.measure('verify', () => {
      const layout = claims.map(({ commitment: { shapes } }) => ({ shapes, points: [2] }));
      const decoded = decodeOpeningProof(parameters, layout, bytes);
      return decoded.ok && verifyOpening(parameters, claims, decoded.proof, new Transcript('bench')).ok;
    });
    if (!accepted) throw new Error('an honest proof was refused');
    if (round === 0) first = performance.now() - start;
    for (const { batch } of rounds) batch.release();
  }
  const { logBlowup, queries, regime } = parameters;
  console.log(
    `${String(engine.threads)} threads, ${regime}, blowup ${String(2 ** logBlowup)}, ${String(queries)} queries: ` +
      `${(size / 1024).toFixed(0)} KiB; ms: ${String(times)}, the first time ${first.toFixed(0)}`,
  );
}

console.log(`node ${process.version}, minima of ${String(ROUNDS)} rounds, 2^${String(LOG_ROWS)} rows`);
for (const threads of [1, 2]) {
  const engine = await createFieldEngine({ threads });
  const matrices = WIDTHS.map((columns, k) => fill(engine, columns, k));
  bench(engine, parametersFor(2), matrices);
  if (threads === 1) {
    bench(engine, parametersFor(2, 'unique decoding'), matrices);
    for (const logBlowup of [3, 4]) bench(engine, parametersFor(logBlowup), matrices);
  }
  engine.dispose();
}
