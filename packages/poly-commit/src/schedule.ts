/**
 * In which order the blocks and parents of one BLAKE3 message are compressed.
 *
 * @module
 */
import { BLOCK_COLUMNS, FLAGS, STEP_WORDS } from './blake3-kernels.ts';

/** Columns of 64-bit words in a chunk of BLAKE3. */
export const CHUNK_COLUMNS = 128;

/** The steps, {@link STEP_WORDS} words each, for rows of `columns` 64-bit words. */
export function leafSchedule(columns: number): Uint32Array {
  const steps: number[][] = [];
  const chunks = Math.max(1, Math.ceil(columns / CHUNK_COLUMNS));
  let stacked = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const first = chunk * CHUNK_COLUMNS;
    const end = Math.min(columns, first + CHUNK_COLUMNS);
    const blocks = Math.max(1, Math.ceil((end - first) / BLOCK_COLUMNS));
    for (let block = 0; block < blocks; block++) {
      const start = first + block * BLOCK_COLUMNS;
      const count = Math.min(BLOCK_COLUMNS, end - start);
      const flags =
        (block === 0 ? FLAGS.chunkStart : 0) |
        (block === blocks - 1 ? FLAGS.chunkEnd | (chunks === 1 ? FLAGS.root : 0) : 0);
      steps.push([start, 8 * count, flags, chunk, block === 0 ? 1 : 0]);
    }
    stacked++;
    // Complete subtrees are joined as soon as more input follows; the last ones at the end, as the root.
    const done = chunk + 1;
    const joins = done === chunks ? stacked - 1 : trailingZeros(done);
    for (let join = 0; join < joins; join++) {
      stacked--;
      const flags = FLAGS.parent | (done === chunks && stacked === 1 ? FLAGS.root : 0);
      steps.push([0, 64, flags, 0, 2]);
    }
  }
  const result = new Uint32Array(steps.length * STEP_WORDS);
  steps.forEach((step, index) => {
    result.set(step, index * STEP_WORDS);
  });
  return result;
}

function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}
