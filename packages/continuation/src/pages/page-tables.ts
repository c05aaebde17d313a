/**
 * The tables of the paged link: touched cells, the blocks of touched pages, the nodes above them.
 *
 * A touched page is brought in by its blocks: they send each touched word, with its values before and after, to the table of cells, which puts it on the bus
 * of memory; other words stay what they are. The blocks hash the page before and after, and give both digests to the node above; each node gives
 * both of its own to the one above it, up to the root, whose digests are in the statement. Why no page is brought in twice and the tree
 * cannot grow below its leaves is in docs/continuations.md.
 *
 * @module
 */
import {
  type Column,
  column,
  type ColumnGroup,
  type ColumnRecord,
  columns,
  defineTable,
  type NoColumns,
  type PublicMessage,
  type Table,
  type Term,
} from '@commute/stark';
import { type KeyRule, MEMORY_BUS } from '../link/cells.ts';
import { type PageLayout, spanOf } from './page-layout.ts';
import { ABSORB, FINISH, PERMUTATION_BUS } from './permutation-table.ts';
import { DIGEST, RATE } from './poseidon2.ts';

/** [key, value before, value after], from a block to the table of cells. */
export const WORD_BUS = 'page word' as const;
/** [level, first key, span, digest before, digest after], from a page or node to the one above it, or the statement. */
export const TREE_BUS = 'page tree' as const;

/** Elements of the capacity. */
const CAPACITY = 4;

/** The capacity that a page's first block starts with: level 0, and its length. */
export function pageCapacity({ words }: PageLayout): readonly bigint[] {
  return [0n, BigInt(words), 0n, 0n];
}

/** The capacity of a node. */
export function nodeCapacity(level: number): readonly bigint[] {
  return [BigInt(level), 0n, 0n, 0n];
}

/** Columns of the touched cells. */
export type PagedCellColumns = Readonly<Record<'active' | 'key' | 'before' | 'after' | 'lastTime', Column>>;
/** The touched cells of a segment, in the paged link. */
export type PagedCellTable = Table<PagedCellColumns, NoColumns, ColumnRecord, never, never, never>;

/** The table of cells for keys under a rule. */
export function createPagedCellTable(rule: KeyRule): PagedCellTable {
  return defineTable<PagedCellColumns, NoColumns, ColumnRecord>({
    name: 'paged link',
    columns: {
      main: {
        active: column('1 on rows with a cell'),
        key: column('of a touched cell'),
        before: column('its value when the segment starts'),
        after: column('its value when the segment ends'),
        lastTime: column('of its last access'),
        ...rule.columns,
      },
      preprocessed: {},
    },
    eval: (builder) => {
      const { current } = builder.main;
      const { active, key, before, after, lastTime } = current;
      builder.assertBoolean('active is boolean', active);
      rule.constrain(builder, current, key, active);
      const cells = builder.when(active);
      cells.receive(WORD_BUS, [key, before, after]);
      cells.send(MEMORY_BUS, [key, before, 0]);
      cells.receive(MEMORY_BUS, [key, after, lastTime]);
    },
  });
}

/** Columns of the blocks. */
export type BlockColumns = Readonly<Record<'active' | 'first' | 'last' | 'block' | 'key' | 'stride', Column>> &
  Readonly<
    Record<
      'touched' | 'before' | 'after' | 'capacityBefore' | 'capacityAfter' | 'resultBefore' | 'resultAfter',
      ColumnGroup
    >
  >;
/** Blocks of touched pages. */
export type BlockTable = Table<BlockColumns, NoColumns, NoColumns, never, never, never>;

/** The table of blocks for pages of one size. */
export function createBlockTable(layout: PageLayout): BlockTable {
  return defineTable<BlockColumns>({
    name: 'page blocks',
    columns: {
      main: {
        active: column('1 on rows with a block'),
        first: column('1 on the first block of a page'),
        last: column('1 on its last block'),
        block: column('number of the block in its page'),
        key: column('of the first word'),
        stride: column('distance of keys'),
        touched: columns(RATE, 'for each word, 1 if it is touched'),
        before: columns(RATE, 'the words when the segment starts'),
        after: columns(RATE, 'the words when it ends'),
        capacityBefore: columns(CAPACITY, 'before the words are absorbed, of the page at the start'),
        capacityAfter: columns(CAPACITY, 'the same of the page at the end'),
        resultBefore: columns(CAPACITY, 'the capacity afterwards; behind the last block the digest'),
        resultAfter: columns(CAPACITY, 'the same of the page at the end'),
      },
    },
    eval: (builder) => {
      const { current: row, next } = builder.main;
      const { active, first, last, block, key, stride, touched, before, after } = row;
      const { onFirstRow, onTransition, onLastRow } = builder;
      for (const [name, flag] of Object.entries({ active, first, last })) {
        builder.assertBoolean(`${name} is boolean`, flag);
      }
      // A page has all of its blocks, in order, up to the last: no word of it is used unless its digest is.
      builder.when(first).assertEqual('a first block is a block', active, 1);
      onFirstRow.assertEqual('no page starts before the first row', active, first);
      onTransition.assertEqual(
        'a page goes on to its last block',
        next.active.subtract(next.first),
        active.subtract(last),
      );
      onLastRow.assertEqual('no page goes on behind the last row', active, last);
      builder.when(first).assertZero('the first block is number 0', block);
      builder.when(last).assertEqual('the last block completes the page', block, layout.blocks - 1);
      const inside = onTransition.when(next.active.subtract(next.first));
      inside.assertEqual('blocks are counted', next.block, block.add(1));
      inside.assertEqual('keys go on', next.key, key.add(stride.multiply(RATE)));
      inside.assertEqual('the stride stays', next.stride, stride);

      const initial = pageCapacity(layout);
      const sides = [
        ['before', before, row.capacityBefore, row.resultBefore, next.capacityBefore],
        ['after', after, row.capacityAfter, row.resultAfter, next.capacityAfter],
      ] as const;
      for (const [name, words, capacity, result, following] of sides) {
        capacity.forEach((lane, k) => {
          builder.when(first).assertEqual(`capacity ${name} ${String(k)} starts`, lane, initial[k]!);
          inside.assertEqual(`capacity ${name} ${String(k)} goes on`, following[k]!, result[k]!);
        });
        // The kinds are 0 and 1.
        builder.send(PERMUTATION_BUS, [last.multiply(FINISH - ABSORB), ...words, ...capacity, ...result], active);
      }

      touched.forEach((flag, k) => {
        builder.assertBoolean(`touched ${String(k)} is boolean`, flag);
        builder
          .when(flag.complement())
          .assertEqual(`word ${String(k)} stays unless it is touched`, after[k]!, before[k]!);
        builder.send(WORD_BUS, [key.add(stride.multiply(k)), before[k]!, after[k]!], flag);
      });
      const count = touched.reduce((sum, flag) => sum.add(flag));
      builder.when(active.complement()).assertZero('nothing is touched on an idle row', count);

      const start = key.subtract(stride.multiply(layout.words - RATE));
      const span = stride.multiply(layout.words);
      builder.send(TREE_BUS, [0, start, span, ...row.resultBefore, ...row.resultAfter], last);
    },
  });
}

/** Columns of the nodes. */
export type NodeColumns = Readonly<
  Record<'active' | 'level' | 'levelInverse' | 'key' | 'half' | 'leftTouched' | 'rightTouched', Column>
> &
  Readonly<
    Record<'leftBefore' | 'rightBefore' | 'leftAfter' | 'rightAfter' | 'digestBefore' | 'digestAfter', ColumnGroup>
  >;
/** Nodes above touched pages. */
export type NodeTable = Table<NodeColumns, NoColumns, NoColumns, never, never, never>;

/** The table of nodes. */
export const nodeTable: NodeTable = /* @__PURE__ */ defineTable<NodeColumns>({
  name: 'page nodes',
  columns: {
    main: {
      active: column('1 on rows with a node'),
      level: column('of the node; pages are on level 0'),
      levelInverse: column('its inverse: a node is on no level of pages'),
      key: column('first key below the node'),
      half: column('keys that each child spans'),
      leftTouched: column('1 if the left child is the digest of a row'),
      rightTouched: column('1 if the right one is'),
      leftBefore: columns(DIGEST, 'the left child when the segment starts'),
      rightBefore: columns(DIGEST, 'the right one'),
      leftAfter: columns(DIGEST, 'the left child when the segment ends'),
      rightAfter: columns(DIGEST, 'the right one'),
      digestBefore: columns(DIGEST, 'of the node when the segment starts'),
      digestAfter: columns(DIGEST, 'of the node when it ends'),
    },
  },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { active, level, levelInverse, key, half, leftTouched, rightTouched } = row;
    builder.assertBoolean('active is boolean', active);
    builder.assertBoolean('leftTouched is boolean', leftTouched);
    builder.assertBoolean('rightTouched is boolean', rightTouched);
    builder.when(active.complement()).assertZero('no child is touched on an idle row', leftTouched.add(rightTouched));
    builder.assertEqual('a node is above the pages', level.multiply(levelInverse), active);
    const sides = [
      ['left', leftTouched, key, row.leftBefore, row.leftAfter],
      ['right', rightTouched, key.add(half), row.rightBefore, row.rightAfter],
    ] as const;
    for (const [name, touched, start, before, after] of sides) {
      before.forEach((lane, k) => {
        builder
          .when(touched.complement())
          .assertEqual(`${name} ${String(k)} stays unless it is touched`, after[k]!, lane);
      });
      builder.receive(TREE_BUS, [level.subtract(1), start, half, ...before, ...after], touched);
    }
    const look = (children: readonly Term[], digest: readonly Term[]): void => {
      builder.send(PERMUTATION_BUS, [FINISH, ...children, level, 0, 0, 0, ...digest], active);
    };
    look([...row.leftBefore, ...row.rightBefore], row.digestBefore);
    look([...row.leftAfter, ...row.rightAfter], row.digestAfter);
    builder.send(TREE_BUS, [level, key, half.add(half), ...row.digestBefore, ...row.digestAfter], active);
  },
});

/** The digests of all roots, in the order of the layout's trees: 8 elements. */
export type PageRoots = readonly bigint[];

/** Memory before and after a segment. */
export interface PageBoundary {
  readonly before: PageRoots;
  readonly after: PageRoots;
}

/** Elements of {@link PageRoots}. */
export const ROOT_ELEMENTS: number = 2 * DIGEST;

/** What a segment's statement says of memory. */
export function pageMessages(layout: PageLayout, { before, after }: PageBoundary): PublicMessage[] {
  return layout.trees.map((tree, k) => {
    const digests = [before, after].flatMap((roots) => roots.slice(DIGEST * k, DIGEST * (k + 1)));
    const { levels, base } = tree;
    const tuple = [BigInt(levels), base, spanOf(layout, tree, levels), ...digests];
    return { bus: TREE_BUS, direction: 'receive', tuple, multiplicity: 1n };
  });
}
