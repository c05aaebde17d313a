import { type FieldEngine, type Keep, type KernelModule, type Matrix, type WasmEngine } from '@commute/field';
import { blake3Kernels, layerStride, scratchBytes, STEP_WORDS } from './blake3-kernels.ts';
import { CommitmentError } from './errors.ts';
import { BLAKE3, DIGEST_BYTES } from './hash.ts';
import { digestStreamed, padded } from './blake3-streamed.ts';
import { type MatrixShape, type MerkleNodes, type MerkleScheme, treeHeight, treeOf } from './merkle.ts';
import { leafSchedule } from './schedule.ts';

const loaded = new WeakMap<WasmEngine, KernelModule>();

/** Whether an engine can run kernels. */
export function isWasmEngine(engine: FieldEngine): engine is WasmEngine {
  return engine.name === 'wasm';
}

/** The BLAKE3 kernels of an engine, compiled once. */
export function blake3Module(engine: WasmEngine): KernelModule {
  let kernels = loaded.get(engine);
  if (kernels === undefined) {
    kernels = engine.load(blake3Kernels);
    loaded.set(engine, kernels);
  }
  return kernels;
}

/** One layer: word k of node j at address + k·stride + 4·j. */
interface Layer {
  readonly address: number;
  readonly stride: number;
}

/** Leaves a matrix to the open scope. */
const same: Keep = (matrix) => matrix;

/** 32-bit words of a digest. */
const DIGEST_WORDS = DIGEST_BYTES / 4;

/** Nodes below which a layer stays on one thread. */
const PARALLEL_NODES = 1 << 10;

/**
 * Merkle trees of BLAKE3 over the matrices of a WebAssembly engine: four digests at a time, on all its threads. The roots are
 * those of `createMerkleScheme(BLAKE3)`.
 *
 * @example
 * ```ts
 * import { createFieldEngineSync } from '@commute/field';
 * import { BLAKE3, createBlake3Scheme, verifyMerkleOpening } from '@commute/poly-commit';
 * const engine = createFieldEngineSync();
 * const scheme = createBlake3Scheme(engine);
 * const tree = scheme.commit([engine.from([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n], 2), engine.from([9n, 10n])]);
 * const verdict = verifyMerkleOpening(BLAKE3, tree.root, tree.shapes, [3], tree.open([3]));
 * if (!verdict.ok) throw new Error('unreachable');
 * ```
 */
export function createBlake3Scheme(engine: WasmEngine): MerkleScheme {
  const kernels = blake3Module(engine);

  /** [start, count] of the parts of a layer for the threads, multiples of four. */
  const parts = (size: number): [start: number, count: number][] => {
    const pieces = size < PARALLEL_NODES ? 1 : 4 * engine.threads;
    const count = Math.max(4, Math.ceil(size / pieces / 4) * 4);
    const result: [number, number][] = [];
    for (let start = 0; start < size; start += count) result.push([start, Math.min(count, size - start)]);
    return result;
  };

  const pairs = (out: Layer, left: Layer, right: Layer, size: number): void => {
    engine.run(
      'pairs',
      parts(size).map(([start, count]) => [
        ...[out, left, right].flatMap(({ address, stride }) => [address + 4 * start, stride]),
        count,
      ]),
      kernels,
    );
  };

  /** The digests of the rows of matrices of equal height. */
  const leaves = (out: Layer, matrices: readonly Matrix[], rows: number): void => {
    engine.scope(() => {
      // A quad of rows is read at once, so shorter columns are copied to where four can be read.
      const readable = rows >= 4 ? matrices : matrices.map((matrix) => padded(engine, matrix));
      const addresses = readable.flatMap((matrix) =>
        Array.from({ length: matrix.columns }, (_, column) => matrix.address + 8 * matrix.rows * column),
      );
      const schedule = leafSchedule(addresses.length);
      const words = engine.allocate(Math.ceil((addresses.length + schedule.length) / 2) + 1);
      const all = parts(rows);
      const bytes = scratchBytes(addresses.length);
      const scratch = engine.reserve(bytes / 8, all.length);
      const view = new Uint32Array(words.view().buffer, words.address, addresses.length + schedule.length);
      view.set(schedule);
      view.set(addresses, schedule.length);
      engine.run(
        'leaves',
        all.map(([start, count], index) => [
          out.address + 4 * start,
          out.stride,
          words.address + 4 * schedule.length,
          addresses.length,
          words.address,
          schedule.length / STEP_WORDS,
          8 * start,
          count,
          scratch.address + bytes * index,
        ]),
        kernels,
      );
    });
  };

  /** Room for layers, one after the other, and to read past the end. */
  const reserveLayers = (sizes: readonly number[], layers: Map<number, Layer>): { nodes: Matrix; bytes: number } => {
    const bytes = sizes.reduce((sum, size) => sum + DIGEST_WORDS * layerStride(size), 0);
    const nodes = engine.reserve((bytes + 64) / 8);
    let address = nodes.address;
    for (const size of sizes) {
      layers.set(size, { address, stride: layerStride(size) });
      address += DIGEST_WORDS * layerStride(size);
    }
    return { nodes, bytes };
  };

  /**
   * The digests of a tree, layer by layer.
   *
   * @param outside - whether they are kept outside of the engine's memory.
   * @param dropped - how many layers are not kept, from the leaves on.
   * @param keep - of the scope that is left, for what is kept outside.
   * @param digestRows - writes the digests of the rows of all matrices of a height into a layer.
   */
  const build = (
    shapes: readonly MatrixShape[],
    outside: boolean,
    dropped: number,
    keep: Keep,
    digestRows: (out: Layer, rows: number) => void,
  ): MerkleNodes => {
    const height = treeHeight(shapes);
    // Layers of height, height/2, …, 1 nodes.
    const sizes: number[] = [];
    for (let size = height; size >= 1; size /= 2) sizes.push(size);
    // What is kept first, so that what is given back lies behind it. The layers of a tower have to follow each other.
    const kept = Math.max(1, Math.min(height, Math.max(height / 2 ** dropped, outside ? 1 : PARALLEL_NODES)));
    const layers = new Map<number, Layer>();
    const { nodes, bytes } = reserveLayers(
      sizes.filter((size) => outside || size <= kept),
      layers,
    );
    const lower = sizes.filter((size) => !layers.has(size));
    const scratch = lower.length === 0 ? undefined : reserveLayers(lower, layers).nodes;
    digestRows(layers.get(height)!, height);
    const smallest = Math.min(...shapes.map(({ rows }) => rows));
    for (const size of sizes.slice(1)) {
      const below = layers.get(2 * size)!;
      if (2 * size <= Math.min(PARALLEL_NODES, smallest)) {
        engine.run('tower', [[below.address, 2 * size]], kernels);
        break;
      }
      const layer = layers.get(size)!;
      pairs(layer, below, { address: below.address + 4 * size, stride: below.stride }, size);
      if (shapes.some(({ rows }) => rows === size)) {
        engine.scope(() => {
          const stride = layerStride(size);
          const own = engine.reserve((DIGEST_WORDS * stride) / 8 + 8);
          const rows: Layer = { address: own.address, stride };
          digestRows(rows, size);
          pairs(layer, layer, rows, size);
        });
      }
    }
    scratch?.release();
    const start = layers.get(kept)!.address;
    const words = Math.ceil((nodes.address + bytes - start) / 8);
    const inside = nodes.slice((start - nodes.address) / 8, (start - nodes.address) / 8 + words);
    const held = outside ? keep(engine.reserveOutside(words)) : inside;
    if (outside) {
      engine.copyInto(held, inside);
      nodes.release();
    }
    // Its buffer is another one after the memory has grown.
    let current: Uint32Array = new Uint32Array(0);
    const digests = (): Uint32Array => {
      const { buffer } = held.storage;
      if (current.buffer !== buffer) current = new Uint32Array(buffer, held.address, 2 * words);
      return current;
    };
    return {
      height,
      kept,
      node: (size, index) => {
        if (held.released) throw new CommitmentError('COMMIT_RELEASED', 'tree', 'one in use', 'a released one');
        const kept = digests();
        const layer = layers.get(size)!;
        const first = (layer.address - start) / 4 + index;
        const digest = new DataView(new ArrayBuffer(DIGEST_BYTES));
        for (let k = 0; k < DIGEST_WORDS; k++) digest.setUint32(4 * k, kept[first + (k * layer.stride) / 4]!, true);
        return new Uint8Array(digest.buffer);
      },
      release: () => {
        nodes.release();
        held.release();
      },
    };
  };
  const digests = (matrices: readonly Matrix[], outside = false, dropped = 0): MerkleNodes => {
    treeHeight(matrices);
    for (const matrix of matrices) {
      if (!engine.owns(matrix.storage)) {
        throw new CommitmentError('COMMIT_SHAPE', 'matrix', 'one of this engine', 'one of another');
      }
    }
    return build(matrices, outside, dropped, same, (out, rows) => {
      leaves(
        out,
        matrices.filter((matrix) => matrix.rows === rows),
        rows,
      );
    });
  };

  const streamedDigests: MerkleScheme['streamedDigests'] = (shapes, values, dropped = 0, keep = same) =>
    build(shapes, true, dropped, keep, (out, rows) => {
      const columns = shapes.flatMap((shape, matrix) =>
        shape.rows === rows ? Array.from({ length: shape.columns }, (_, column) => ({ matrix, column })) : [],
      );
      digestStreamed(engine, out, columns, rows, values, parts(rows));
    });
  return { hash: BLAKE3, digests, streamedDigests, commit: (matrices) => treeOf(matrices, digests(matrices)) };
}
