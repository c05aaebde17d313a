/**
 * Memory in pages under sparse trees, and what a segment does to it, as rows of the paged link's tables.
 *
 * @module
 */
import { inverse } from '@commute/field';
import { type Table, type TableTrace, traceFromColumns } from '@commute/stark';
import { type Cells, type KeyRule, powerOfTwoFrom, type TouchedCell } from '../link/cells.ts';
import { type PageLayout, type PagePlace, placeOf, spanOf } from './page-layout.ts';
import {
  type BlockTable,
  nodeCapacity,
  nodeTable,
  pageCapacity,
  type PagedCellTable,
  type PageBoundary,
  type PageRoots,
} from './page-tables.ts';
import { createPermutation } from './permutation-kernel.ts';
import { ABSORB, FINISH, PermutationCounter } from './permutation-table.ts';
import { DIGEST, RATE, WIDTH } from './poseidon2.ts';

type Elements = BigUint64Array;

/** Gives four lanes of the permutation of `input`, the capacity or the digest: see {@link PermutationCounter.look}. */
interface Hasher {
  readonly input: Elements;
  readonly look: (kind: typeof ABSORB | typeof FINISH) => Elements;
}

/** One that counts nothing. */
function plainHasher(): Hasher {
  const permute = createPermutation();
  const input = new BigUint64Array(WIDTH);
  return {
    input,
    look: (kind) => {
      permute(input);
      return kind === ABSORB ? input.slice(RATE) : input.slice(0, DIGEST);
    },
  };
}

/** Rows of cells, one after the other. */
class Rows {
  readonly #width: number;
  #cells: BigUint64Array;
  #count = 0;

  constructor(width: number) {
    this.#width = width;
    this.#cells = new BigUint64Array(16 * this.#width);
  }

  append(...groups: readonly (bigint | ArrayLike<bigint>)[]): void {
    if (this.#width * (this.#count + 1) > this.#cells.length) {
      const longer = new BigUint64Array(2 * this.#cells.length);
      longer.set(this.#cells);
      this.#cells = longer;
    }
    let at = this.#width * this.#count++;
    for (const group of groups) {
      if (typeof group === 'bigint') this.#cells[at++] = group;
      else {
        this.#cells.set(group, at);
        at += group.length;
      }
    }
  }

  get count(): number {
    return this.#count;
  }

  trace(table: Table): TableTrace {
    const rows = powerOfTwoFrom(this.#count);
    const main = Array.from({ length: this.#width }, (_, column) => {
      const cells = new BigUint64Array(rows);
      for (let row = 0; row < this.#count; row++) cells[row] = this.#cells[this.#width * row + column]!;
      return cells;
    });
    return { table, trace: { rows, main, preprocessed: [], publicValues: [] } };
  }
}

/** Tables of the paged link, in the order of their traces. */
export interface PagedTables {
  readonly cells: PagedCellTable;
  readonly blocks: BlockTable;
}

/** What a segment does to memory. */
export interface PagedStep {
  readonly boundary: PageBoundary;
  /** Traces of cells, blocks, nodes and permutations. */
  readonly traces: () => readonly TableTrace[];
  /** Rows in use of the last three. */
  readonly sizes: { readonly pages: number; readonly nodes: number; readonly permutations: number };
}

/** A page that a segment touches. */
interface TouchedPage {
  readonly before: Elements;
  readonly after: Elements;
  /** For each word, whether it is touched. */
  readonly touched: Elements;
}

/** Digests before and after, by number. */
type Changes = Map<number, readonly [before: Elements, after: Elements]>;

/** Absorbs a block. @returns the capacity afterwards, or the digest. */
function absorb(
  hasher: Hasher,
  kind: typeof ABSORB | typeof FINISH,
  words: Elements,
  capacity: ArrayLike<bigint>,
): Elements {
  hasher.input.set(words);
  hasher.input.set(capacity, RATE);
  return hasher.look(kind);
}

function digestNode(hasher: Hasher, left: Elements, right: Elements, level: number): Elements {
  hasher.input.set(left);
  hasher.input.set(right, DIGEST);
  hasher.input.set(nodeCapacity(level), RATE);
  return hasher.look(FINISH);
}

/** Pages and digests of one tree; absent ones are those of zeros. */
class Tree {
  readonly pages = new Map<number, Elements>();
  /** By level, pages first. */
  readonly digests: readonly Map<number, Elements>[];

  constructor(levels: number) {
    this.digests = Array.from({ length: levels + 1 }, () => new Map<number, Elements>());
  }
}

/** Memory between segments. */
export class PagedMemory {
  readonly #layout: PageLayout;
  readonly #trees: readonly Tree[];
  /** Digests of zeros by level. */
  readonly #empty: readonly Elements[];
  readonly #zeros: Elements;
  readonly #plain = plainHasher();

  /** @param image - the nonzero cells. */
  constructor(layout: PageLayout, image: Cells) {
    this.#layout = layout;
    this.#zeros = new BigUint64Array(layout.words);
    const empty = [this.#digestPage(this.#zeros)];
    for (let level = 1; level <= layout.trees[0].levels; level++) {
      const below = empty[level - 1]!;
      empty.push(digestNode(this.#plain, below, below, level));
    }
    this.#empty = empty;
    this.#trees = layout.trees.map(({ levels }) => new Tree(levels));
    this.#overwrite([...image]);
  }

  /** The digests of all roots. */
  roots(): PageRoots {
    return this.#layout.trees.flatMap(({ levels }, tree) => Array.from(this.#digest(tree, levels, 0)));
  }

  #digest(tree: number, level: number, index: number): Elements {
    return this.#trees[tree]!.digests[level]!.get(index) ?? this.#empty[level]!;
  }

  /** Absorbs a page's words. */
  #digestPage(words: Elements): Elements {
    let capacity: ArrayLike<bigint> = pageCapacity(this.#layout);
    for (let block = 0; ; block++) {
      const kind = block + 1 === this.#layout.blocks ? FINISH : ABSORB;
      capacity = absorb(this.#plain, kind, words.subarray(RATE * block, RATE * (block + 1)), capacity);
      if (kind === FINISH) return capacity as Elements;
    }
  }

  /** Sets cells, outside of any segment. */
  #overwrite(cells: readonly (readonly [key: bigint, value: bigint])[]): void {
    const changed: Map<number, Elements>[] = this.#trees.map(() => new Map<number, Elements>());
    for (const [key, value] of cells) {
      const { tree, page, slot } = placeOf(this.#layout, key);
      const words = changed[tree]!.get(page) ?? (this.#trees[tree]!.pages.get(page) ?? this.#zeros).slice();
      changed[tree]!.set(page, words);
      words[slot] = value;
    }
    for (const [tree, pages] of changed.entries()) {
      const changes: Changes = new Map();
      for (const [page, words] of pages) {
        this.#trees[tree]!.pages.set(page, words);
        changes.set(page, [this.#digest(tree, 0, page), this.#digestPage(words)]);
      }
      this.#climb(tree, changes, this.#plain);
    }
  }

  /**
   * Goes from digests of pages up to the root, and keeps those afterwards.
   *
   * @param rows - of nodes, where they are wanted: then the root is visited though nothing below it is.
   */
  #climb(tree: number, pages: Changes, hasher: Hasher, rows?: Rows): void {
    const shape = this.#layout.trees[tree]!;
    const { digests } = this.#trees[tree]!;
    let below = pages;
    for (const [page, [, after]] of pages) digests[0]!.set(page, after);
    for (let level = 1; level <= shape.levels; level++) {
      const here: Changes = new Map();
      const half = spanOf(this.#layout, shape, level - 1);
      const number = BigInt(level);
      const levelInverse = inverse(number);
      const visit = (index: number): void => {
        if (here.has(index)) return;
        const child = (at: number): readonly [touched: bigint, before: Elements, after: Elements] => {
          const touched = below.get(at);
          if (touched !== undefined) return [1n, ...touched];
          const same = this.#digest(tree, level - 1, at);
          return [0n, same, same];
        };
        const [leftTouched, leftBefore, leftAfter] = child(2 * index);
        const [rightTouched, rightBefore, rightAfter] = child(2 * index + 1);
        const before = digestNode(hasher, leftBefore, rightBefore, level);
        const after = digestNode(hasher, leftAfter, rightAfter, level);
        here.set(index, [before, after]);
        if (rows === undefined) return;
        const key = shape.base + BigInt(index) * 2n * half;
        const children = [leftBefore, rightBefore, leftAfter, rightAfter];
        rows.append(1n, number, levelInverse, key, half, leftTouched, rightTouched, ...children, before, after);
      };
      for (const child of below.keys()) visit(child >>> 1);
      if (rows !== undefined && level === shape.levels) visit(0);
      for (const [index, [, after]] of here) digests[level]!.set(index, after);
      below = here;
    }
  }

  /** A segment that touches some cells; memory is afterwards what it leaves. */
  step(tables: PagedTables, rule: KeyRule, cells: readonly TouchedCell[]): PagedStep {
    const places = cells.map(({ key }) => placeOf(this.#layout, key));
    // A segment may claim to find what is not there: then its roots are not those of its neighbours.
    const claimed = cells.filter(({ before }, k) => this.#wordAt(places[k]!) !== before);
    if (claimed.length > 0) this.#overwrite(claimed.map(({ key, before }) => [key, before]));
    const before = this.roots();
    const counter = new PermutationCounter();
    const [blocks, nodes] = [new Rows(tables.blocks.names.main.length), new Rows(nodeTable.names.main.length)];
    let pages = 0;
    for (const [tree, touched] of this.#touchedPages(cells, places).entries()) {
      const changes: Changes = new Map();
      for (const [page, each] of touched) {
        changes.set(page, this.#bring(tree, page, each, counter, blocks));
        this.#trees[tree]!.pages.set(page, each.after);
        pages++;
      }
      this.#climb(tree, changes, counter, nodes);
    }
    return {
      boundary: { before, after: this.roots() },
      sizes: { pages, nodes: nodes.count, permutations: counter.size },
      traces: () => [
        cellTrace(tables.cells, rule, cells),
        blocks.trace(tables.blocks),
        nodes.trace(nodeTable),
        counter.trace(),
      ],
    };
  }

  #wordAt({ tree, page, slot }: PagePlace): bigint {
    return this.#trees[tree]!.pages.get(page)?.[slot] ?? 0n;
  }

  /** Touched pages by tree and number; a tree that is a single page has it touched always. */
  #touchedPages(cells: readonly TouchedCell[], places: readonly PagePlace[]): Map<number, TouchedPage>[] {
    const touched = this.#trees.map(() => new Map<number, TouchedPage>());
    const pageOf = (tree: number, page: number): TouchedPage => {
      const known = touched[tree]!.get(page);
      if (known !== undefined) return known;
      const before = this.#trees[tree]!.pages.get(page) ?? this.#zeros;
      const made = { before, after: before.slice(), touched: new BigUint64Array(this.#layout.words) };
      touched[tree]!.set(page, made);
      return made;
    };
    for (const [tree, { levels }] of this.#layout.trees.entries()) if (levels === 0) pageOf(tree, 0);
    for (const [k, { after }] of cells.entries()) {
      const { tree, page, slot } = places[k]!;
      const each = pageOf(tree, page);
      each.after[slot] = after;
      each.touched[slot] = 1n;
    }
    return touched;
  }

  /** The rows of a page. @returns its digests. */
  #bring(
    tree: number,
    page: number,
    { before, after, touched }: TouchedPage,
    counter: PermutationCounter,
    rows: Rows,
  ): readonly [Elements, Elements] {
    const { blocks, words } = this.#layout;
    const { base, stride } = this.#layout.trees[tree]!;
    let capacities: readonly ArrayLike<bigint>[] = [pageCapacity(this.#layout), pageCapacity(this.#layout)];
    for (let block = 0; ; block++) {
      const isLast = block + 1 === blocks;
      const part = (list: Elements): Elements => list.subarray(RATE * block, RATE * (block + 1));
      const results = [before, after].map((list, side) =>
        absorb(counter, isLast ? FINISH : ABSORB, part(list), capacities[side]!),
      ) as [Elements, Elements];
      const key = base + stride * BigInt(words * page + RATE * block);
      const flags = [1n, block === 0 ? 1n : 0n, isLast ? 1n : 0n];
      const contents = [part(touched), part(before), part(after), ...capacities, ...results];
      rows.append(...flags, BigInt(block), key, stride, ...contents);
      if (isLast) return results;
      capacities = results;
    }
  }
}

function cellTrace(table: PagedCellTable, rule: KeyRule, cells: readonly TouchedCell[]): TableTrace {
  const rows = powerOfTwoFrom(cells.length);
  const list = (value: (cell: TouchedCell) => bigint): BigUint64Array => {
    const column = new BigUint64Array(rows);
    cells.forEach((cell, row) => {
      column[row] = value(cell);
    });
    return column;
  };
  const keys = cells.map(({ key }) => key);
  return traceFromColumns(table, {
    main: {
      active: list(() => 1n),
      key: list(({ key }) => key),
      before: list(({ before }) => before),
      after: list(({ after }) => after),
      lastTime: list(({ lastTime }) => lastTime),
      ...(rule.fill(keys, rows) as object),
    },
    preprocessed: {},
  });
}
