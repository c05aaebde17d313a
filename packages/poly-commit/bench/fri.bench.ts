/**
 * FRI over 2^18 values of the cubic extension: proving, verifying, size.
 *
 * Run with `node --conditions=@commute/source bench/fri.bench.ts`.
 */
import { createExtensionField, createFieldEngine } from '@commute/field';
import {
  BLAKE3,
  createBlake3Scheme,
  decodeFriProof,
  encodeFriProof,
  type FriParameters,
  proveLowDegree,
  Transcript,
  verifyLowDegree,
} from '@commute/poly-commit';

const ROUNDS = Number(process.env['ROUNDS'] ?? 6);
const parameters: FriParameters = {
  field: createExtensionField(),
  logSize: 18,
  shift: 7n,
  logBlowup: 2,
  foldingFactors: [4, 4, 4, 4],
  queries: 82,
  queryWork: 16,
};

console.log(
  `node ${process.version}, minima of ${String(ROUNDS)} rounds; 2^18 cubic values, blowup 4, 82 queries, 16 bits of work`,
);
for (const threads of [1, 2]) {
  const engine = await createFieldEngine({ threads });
  const scheme = createBlake3Scheme(engine);
  const values = engine.allocate(2 ** 18, 3);
  const view = values.view();
  for (let k = 0; k < 3; k++) for (let i = 0; i < 2 ** 16; i++) view[k * 2 ** 18 + i] = BigInt(i * 7 + k);
  engine.evaluateInPlace(values, { shift: 7n });
  let [proving, verifying, size] = [Infinity, Infinity, 0];
  for (let round = 0; round < ROUNDS; round++) {
    let start = performance.now();
    const { proof } = proveLowDegree(engine, scheme, new Transcript('bench'), parameters, values);
    proving = Math.min(proving, performance.now() - start);
    const bytes = encodeFriProof(proof);
    size = bytes.length;
    start = performance.now();
    const decoded = decodeFriProof(parameters, bytes);
    const accepted = decoded.ok && verifyLowDegree(BLAKE3, new Transcript('bench'), parameters, decoded.proof).ok;
    verifying = Math.min(verifying, performance.now() - start);
    if (!accepted) throw new Error('an honest proof was refused');
  }
  console.log(
    `${String(threads)} threads: ${proving.toFixed(0)} ms to prove, ${verifying.toFixed(1)} ms to verify, ${(size / 1024).toFixed(0)} KiB`,
  );
  engine.dispose();
}
