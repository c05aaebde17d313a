import {
  allocateColumns,
  column,
  columns,
  defineTable,
  type Statement,
  type Table,
  type TableTrace,
  type Term,
  traceFromColumns,
} from '@commute/stark';
import { type Compression, createBlake3Compression, IV } from './blake3-compression.ts';
import { bytes, bytesTrace } from './range.ts';

const FLAGS = { chunkStart: 1, chunkEnd: 2, parent: 4, root: 8 } as const;
const BLOCK_BYTES = 64;
const CHUNK_BLOCKS = 16;

const compression = createBlake3Compression();

const main = {
  number: column('of the compression'),
  leaf: column('whether a block of the file is compressed'),
  parent: column('whether two chaining values are'),
  start: column('whether the block is the first of its chunk'),
  end: column('whether it is the last of its chunk'),
  last: column('whether its chunk is the last of the file, and the block the last of the chunk'),
  root: column('whether the output is the digest'),
  chunk: column('number of the chunk; after the chunks, of the last one'),
  block: columns(4, 'bits of the number of the block in its chunk'),
  present: columns(BLOCK_BYTES, 'whether a byte is there; 1 for each byte of a parent'),
  bytes: columns(BLOCK_BYTES, 'of the file or of two chaining values, 0 where there is none'),
  chainingValue: columns(8, 'words'),
  output: columns(8, 'words'),
  node: column('whether a parent takes the output'),
  first: column('of a parent: the first chunk below it'),
  size: column('of a parent: the number of chunks below it'),
  leftSize: column('of a parent: how many of them are below its left child'),
  isComplete: column('of a parent: whether both children have the same number of chunks'),
  isRightComplete: column('of a parent: the same of its right child'),
  excess: columns(16, 'bits of how many chunks more than one the right child lacks'),
} as const;

const digestNames = [
  'digest 0',
  'digest 1',
  'digest 2',
  'digest 3',
  'digest 4',
  'digest 5',
  'digest 6',
  'digest 7',
] as const;

const definition = defineTable({
  name: 'blake3 file',
  columns: { main },
  publicValues: ['length', ...digestNames],
  eval: (builder) => {
    const { onFirstRow, onTransition, onLastRow, constant, publicValues, assertBoolean, assertZero } = builder;
    const { current, next } = builder.main;
    const { leaf, parent, start, end, last, root, node, chunk, isComplete, isRightComplete } = current;
    const fromBits = (of: readonly Term[]): Term => of.reduceRight((high, low) => high.add(high).add(low));
    const words = Array.from({ length: 16 }, (_, index) =>
      current.bytes.slice(4 * index, 4 * index + 4).reduceRight((high, low) => high.multiply(256).add(low)),
    );
    const active = leaf.add(parent);
    const willBeActive = next.leaf.add(next.parent);
    const block = fromBits(current.block);
    const length = current.present.reduce((sum, each) => sum.add(each), constant(0));

    // Blocks of the file come first, then parents, the last of which is the root, then nothing.
    //
    // That selectors are 0 or 1 follows. The first row starts, so it is a leaf, and no parent: it would have 64 bytes, and none as `active` is not 1. From
    // then on `active` stays 1 until a root, and is 0 after it. Anything but 0 and 1 as `leaf` would neither start nor end, so have 64 bytes, be active and no root, and a
    // block after it, which only comes after a leaf. What is active and no leaf is a parent. A block is followed by the next one, by number, which cannot
    // start, or ends; an end is followed by a start or is the last, and so is that of the last row, which is the root. A parent whose children are as many and are not is neither.
    onFirstRow.assertZero('numbers start at 0', current.number);
    onTransition.assertEqual('numbers count', next.number, current.number.add(1));
    onTransition.when(next.leaf).assertEqual('no block after a parent', leaf, 1);
    onTransition.when(root).assertZero('nothing after the root', willBeActive);
    onTransition.when(root.complement()).assertEqual('all goes on until the root', active, willBeActive);
    onLastRow.when(active).assertEqual('the root is there', root, 1);
    assertZero('a root is a node', root.multiply(parent.add(last).complement()));
    builder.when(root).assertZero('whose output nobody takes', node);
    builder.when(root.complement()).assertEqual('all other nodes are taken', node, end.add(parent));

    // Chunks.
    const continues = onTransition.when(leaf.subtract(end));
    const onNextChunk = onTransition.when(next.start);
    onFirstRow.assertEqual('the first block starts', start, 1);
    onFirstRow.assertZero('the first chunk is number 0', chunk);
    assertZero('only blocks start', start.multiply(leaf.complement()));
    assertZero('only blocks end', end.multiply(leaf.complement()));
    assertZero('only what ends is the last', last.multiply(end.complement()));
    onTransition.when(end).assertEqual('what follows an end starts', next.start, next.leaf);
    onTransition.when(end).assertEqual('only the last is followed by no block', next.leaf.complement(), last);
    onNextChunk.assertEqual('chunks count', next.chunk, chunk.add(1));
    onTransition
      .when(next.start.complement())
      .when(willBeActive)
      .assertEqual('the number of a chunk stays', next.chunk, chunk);
    current.block.forEach((bit, index) => {
      assertBoolean(`bit ${String(index)} of the number of a block`, bit);
    });
    builder.when(start).assertZero('blocks start at 0', block);
    continues.assertEqual('blocks count', fromBits(next.block), block.add(1));
    builder.when(end.subtract(last)).assertEqual('chunks are full', block, CHUNK_BLOCKS - 1);
    builder.when(leaf.subtract(last)).assertEqual('so are blocks', length, BLOCK_BYTES);
    const bytesBefore = chunk.multiply(CHUNK_BLOCKS).add(block).multiply(BLOCK_BYTES);
    builder.when(last).assertEqual('all is as long as it should be', bytesBefore.add(length), publicValues.length);
    builder
      .when(last)
      .when(current.present[0]!.complement())
      .assertZero('only a file of no bytes ends with an empty block', publicValues.length);

    // Bytes.
    current.present.forEach((each, index) => {
      const name = `byte ${String(index)}`;
      assertBoolean(`${name} is there or not`, each);
      // Without the first byte there is none: that is a file of no bytes.
      if (index > 1)
        assertZero(`${name} is there only after another`, each.multiply(current.present[index - 1]!.complement()));
      builder.when(each.complement()).assertZero(`${name} is 0 where it is not there`, current.bytes[index]!);
      builder.send('byte', [current.bytes[index]!]);
    });
    builder.when(parent).assertEqual('parents have all bytes', length, BLOCK_BYTES);

    // Compressions.
    current.chainingValue.forEach((word, index) => {
      const name = `chaining value ${String(index)}`;
      builder.when(start.add(parent)).assertEqual(`${name} is the initial one`, word, IV[index]!);
      continues.assertEqual(`${name} is that of the block before`, next.chainingValue[index]!, current.output[index]!);
      builder
        .when(root)
        .assertEqual(`digest ${String(index)}`, current.output[index]!, publicValues[digestNames[index]!]);
    });
    const flags = [
      start.multiply(FLAGS.chunkStart),
      end.multiply(FLAGS.chunkEnd),
      parent.multiply(FLAGS.parent),
      root.multiply(FLAGS.root),
    ].reduce((sum, each) => sum.add(each));
    const onActive = builder.when(active);
    onActive.send('blake3 input', [
      current.number,
      ...current.chainingValue,
      ...words,
      leaf.multiply(chunk),
      0,
      length,
      flags,
    ]);
    onActive.receive('blake3 output', [current.number, ...current.output]);

    // The tree: the left child of a parent is complete, and not smaller than the right one.
    const onParent = builder.when(parent);
    const rightSize = current.size.subtract(current.leftSize);
    builder.when(end).assertEqual('a chunk is the first below itself', current.first, chunk);
    builder.when(end).assertEqual('a chunk is one chunk', current.size, 1);
    builder.when(end).assertEqual('a chunk is complete', isComplete, 1);
    builder.when(node).send('blake3 node', [current.first, current.size, isComplete, ...current.output]);
    onParent.receive('blake3 node', [current.first, current.leftSize, 1, ...words.slice(0, 8)]);
    onParent.receive('blake3 node', [
      current.first.add(current.leftSize),
      rightSize,
      isRightComplete,
      ...words.slice(8),
    ]);
    current.excess.forEach((bit, index) => {
      assertBoolean(`bit ${String(index)} of the excess`, bit);
    });
    const excess = fromBits(current.excess);
    onParent
      .when(isComplete.complement())
      .assertEqual('the right child is smaller', current.leftSize, rightSize.add(excess).add(1));
    onParent.when(isComplete).assertEqual('or both are equal', current.leftSize, rightSize);

    // What a row has no use for is 0.
    const onIdle = builder.when(active.complement());
    onIdle.assertZero('nothing: chunk', chunk);
    onIdle.assertZero('nothing: bytes', length);
    current.chainingValue.forEach((word, index) => {
      onIdle.assertZero(`nothing: chaining value ${String(index)}`, word);
      onIdle.assertZero(`nothing: output ${String(index)}`, current.output[index]!);
    });
    builder.when(leaf.complement()).assertZero('no block: its number', block);
    const onNoNode = builder.when(end.add(parent).complement());
    for (const name of ['first', 'size', 'isComplete'] as const) onNoNode.assertZero(`no node: ${name}`, current[name]);
    const onNoParent = builder.when(parent.complement());
    onNoParent.assertZero('no parent: left size', current.leftSize);
    onNoParent.assertZero('no parent: right child', isRightComplete);
    onNoParent.assertZero('no parent: excess', excess);
    onParent.when(isComplete).assertZero('complete: no excess', excess);
  },
});

/** The tables of {@link fileTraces}, in their order. */
export const fileTables: readonly Table[] = [definition, compression.table, bytes];

/** That some file of `length` bytes has the BLAKE3 digest `digest`, 32 bytes. */
export function fileStatement(length: number, digest: Uint8Array): Statement {
  const view = new DataView(digest.buffer, digest.byteOffset, 32);
  const words = digestNames.map((name, index) => [name, BigInt(view.getUint32(4 * index, true))] as const);
  return { publicValues: [{ length: BigInt(length), ...Object.fromEntries(words) }, {}, {}] };
}

interface Node {
  readonly first: number;
  readonly size: number;
  readonly isComplete: boolean;
  readonly output: Uint32Array;
}

/** The traces for a file of at most 64 MiB: as many rows of the first table as compressions, eight times as many of the second. */
export function fileTraces(file: Uint8Array): {
  readonly traces: readonly TableTrace[];
  readonly compressions: number;
} {
  const chunks = Math.max(1, Math.ceil(file.length / (CHUNK_BLOCKS * BLOCK_BYTES)));
  const blocks = Math.max(1, Math.ceil(file.length / BLOCK_BYTES));
  const all: Compression[] = [];
  const count = blocks + chunks - 1;
  const rows = 2 ** Math.ceil(Math.log2(count));
  const cells = allocateColumns(main, rows);
  const used: number[] = [];
  const set = (column: BigUint64Array, row: number, value: number | boolean): void => {
    column[row] = BigInt(value);
  };
  const setBits = (group: readonly BigUint64Array[], row: number, value: number): void => {
    group.forEach((column, bit) => {
      set(column, row, (value >>> bit) & 1);
    });
  };
  /** Fills what every row has, and gives the output. */
  const compress = (content: Uint8Array, compressed: Omit<Compression, 'block' | 'length'>): Uint32Array => {
    const row = all.length;
    const padded = new Uint8Array(BLOCK_BYTES);
    padded.set(content);
    const view = new DataView(padded.buffer);
    const block = Uint32Array.from({ length: 16 }, (_, index) => view.getUint32(4 * index, true));
    const whole: Compression = { ...compressed, block, length: content.length };
    all.push(whole);
    const output = compression.compress(whole);
    padded.forEach((byte, index) => {
      set(cells.bytes[index]!, row, byte);
      set(cells.present[index]!, row, index < content.length);
      used.push(byte);
    });
    for (let index = 0; index < 8; index++) {
      set(cells.chainingValue[index]!, row, compressed.chainingValue[index]!);
      set(cells.output[index]!, row, output[index]!);
    }
    set(cells.start, row, (compressed.flags & FLAGS.chunkStart) !== 0);
    set(cells.end, row, (compressed.flags & FLAGS.chunkEnd) !== 0);
    set(cells.root, row, (compressed.flags & FLAGS.root) !== 0);
    return output;
  };

  let nodes: Node[] = [];
  for (let chunk = 0, block = 0; chunk < chunks; chunk++) {
    let chainingValue: Uint32Array = IV;
    for (let inChunk = 0; inChunk < CHUNK_BLOCKS && block < blocks; inChunk++, block++) {
      const row = all.length;
      const isLast = block === blocks - 1;
      const isEnd = isLast || inChunk === CHUNK_BLOCKS - 1;
      const flags =
        (inChunk === 0 ? FLAGS.chunkStart : 0) |
        (isEnd ? FLAGS.chunkEnd : 0) |
        (isLast && chunks === 1 ? FLAGS.root : 0);
      const content = file.subarray(BLOCK_BYTES * block, BLOCK_BYTES * (block + 1));
      chainingValue = compress(content, { chainingValue, counter: [chunk, 0], flags });
      set(cells.leaf, row, 1);
      set(cells.last, row, isLast);
      set(cells.chunk, row, chunk);
      setBits(cells.block, row, inChunk);
      if (!isEnd) continue;
      set(cells.node, row, chunks > 1);
      set(cells.first, row, chunk);
      set(cells.size, row, 1);
      set(cells.isComplete, row, 1);
      nodes.push({ first: chunk, size: 1, isComplete: true, output: chainingValue });
    }
  }
  // Neighbours in pairs, again and again; one that is left over waits.
  while (nodes.length > 1) {
    const parents: Node[] = [];
    for (let at = 0; at + 1 < nodes.length; at += 2) {
      const [left, right] = [nodes[at]!, nodes[at + 1]!];
      const row = all.length;
      const content = new Uint8Array(BLOCK_BYTES);
      const view = new DataView(content.buffer);
      [...left.output, ...right.output].forEach((word, index) => {
        view.setUint32(4 * index, word, true);
      });
      const isRoot = nodes.length === 2;
      const flags = FLAGS.parent | (isRoot ? FLAGS.root : 0);
      const output = compress(content, { chainingValue: IV, counter: [0, 0], flags });
      const isComplete = left.size === right.size;
      set(cells.parent, row, 1);
      set(cells.chunk, row, chunks - 1);
      set(cells.node, row, !isRoot);
      set(cells.first, row, left.first);
      set(cells.size, row, left.size + right.size);
      set(cells.leftSize, row, left.size);
      set(cells.isComplete, row, isComplete);
      set(cells.isRightComplete, row, right.isComplete);
      if (!isComplete) setBits(cells.excess, row, left.size - right.size - 1);
      parents.push({ first: left.first, size: left.size + right.size, isComplete, output });
    }
    if (nodes.length % 2 === 1) parents.push(nodes.at(-1)!);
    nodes = parents;
  }
  for (let row = 0; row < rows; row++) {
    set(cells.number, row, row);
    // Rows without a compression look up zeros.
    if (row >= count) for (let index = 0; index < BLOCK_BYTES; index++) used.push(0);
  }
  const digest = Uint8Array.from(new Uint8Array(nodes[0]!.output.buffer));
  const { publicValues } = fileStatement(file.length, digest);
  const fileTrace = traceFromColumns(definition, {
    main: cells,
    publicValues: publicValues[0] as Record<(typeof digestNames)[number] | 'length', bigint>,
  });
  return { traces: [fileTrace, compression.trace(all), bytesTrace(used)], compressions: count };
}
