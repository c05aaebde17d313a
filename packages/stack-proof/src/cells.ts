/**
 * The state as cells, followed from segment to segment.
 *
 * @module
 */
import { type Cells, type TouchedCell } from '@commute/continuation';
import { type Program } from '@commute/stack-vm';
import { StackProofError } from './errors.ts';
import { BLOCK_ELEMENTS, keyOf, REGISTER, SLOTS, STACK_REGISTERS, TOP_BLOCK } from './layout.ts';

/** What is in RAM before the first step, by address. */
export type InitialRam = ReadonlyMap<bigint, bigint>;

/** The block of an address. */
export function blockOf(address: bigint): bigint {
  return address / BigInt(BLOCK_ELEMENTS);
}

/** The nonzero cells before the first step: the digest of the program on the stack, and what is in RAM. */
export function imageOf(program: Program, ram: InitialRam): Map<bigint, bigint> {
  const cells = new Map<bigint, bigint>();
  const set = (key: bigint, value: bigint): void => {
    if (value !== 0n) cells.set(key, value);
  };
  program.digest().forEach((element, k) => {
    set(keyOf('opStack', STACK_REGISTERS - 5 + k), element);
  });
  set(keyOf('registers', REGISTER.stackSize), BigInt(STACK_REGISTERS));
  const blocks = [...new Set([0n, ...[...ram.keys()].map(blockOf)])].sort((a, b) => (a < b ? -1 : 1));
  if (blocks.at(-1) !== TOP_BLOCK) blocks.push(TOP_BLOCK);
  if (blocks.length > SLOTS) {
    throw new StackProofError('STACK_PROOF_RANGE', 'ram', `elements in at most ${String(SLOTS)} blocks`, 'more');
  }
  // The last block is in slot 0, the others follow in order.
  const slotOf = (place: number): number => (place + 1) % blocks.length;
  const slots = new Map(blocks.map((block, place) => [block, slotOf(place)]));
  blocks.forEach((block, place) => {
    set(keyOf('blockNumbers', slotOf(place)), block + 1n);
    const next = blocks[place + 1];
    if (next !== undefined) set(keyOf('nextNumbers', slotOf(place)), next + 1n);
  });
  for (const [address, element] of ram) {
    const cell = BLOCK_ELEMENTS * slots.get(blockOf(address))! + Number(address % BigInt(BLOCK_ELEMENTS));
    set(keyOf('ram', cell), element);
  }
  return cells;
}

interface Touched {
  readonly before: bigint;
  lastTime: bigint;
}

/** What an access found. */
export interface CellAccess {
  readonly value: bigint;
  /** Ticks since the access before, less 1. */
  readonly gap: bigint;
}

/** The cells of a run: what they hold, and which of them the segment has touched. */
export class CellState {
  readonly #values: Map<bigint, bigint>;
  #touched = new Map<bigint, Touched>();

  constructor(image: Cells) {
    this.#values = new Map(image);
  }

  value(key: bigint): bigint {
    return this.#values.get(key) ?? 0n;
  }

  /** Accesses a cell, and puts `after` there; by default what it held. */
  access(key: bigint, time: bigint, after?: bigint): CellAccess {
    const value = this.value(key);
    let cell = this.#touched.get(key);
    if (cell === undefined) {
      cell = { before: value, lastTime: 0n };
      this.#touched.set(key, cell);
    }
    const gap = time - cell.lastTime - 1n;
    cell.lastTime = time;
    this.#values.set(key, after ?? value);
    return { value, gap };
  }

  /** The touched cells of the segment, keys increasing; the next one starts. */
  finish(): TouchedCell[] {
    const touched = [...this.#touched]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { before, lastTime }]) => ({ key, before, after: this.value(key), lastTime }));
    this.#touched = new Map();
    return touched;
  }
}

/** Slots of blocks of RAM: which are in use, in the order of their numbers. */
export class BlockList {
  readonly #slots = new Map<bigint, number>();
  readonly #sorted: bigint[] = [];

  /** @param numbers - of the block in each slot. */
  constructor(numbers: readonly bigint[]) {
    numbers.forEach((number, slot) => {
      this.#slots.set(number, slot);
    });
    this.#sorted = [...numbers].sort((a, b) => (a < b ? -1 : 1));
  }

  /** The blocks in the slots of an image, in order. */
  static of(image: Cells): BlockList {
    const numbers: bigint[] = [];
    for (let slot = 0; ; slot++) {
      const number = image.get(keyOf('blockNumbers', slot));
      if (number === undefined) return new BlockList(numbers);
      numbers.push(number - 1n);
    }
  }

  get size(): number {
    return this.#sorted.length;
  }

  slot(block: bigint): number | undefined {
    return this.#slots.get(block);
  }

  /** Puts a block into the next slot. @returns the blocks before it and behind it. */
  insert(block: bigint): { readonly low: bigint; readonly next: bigint; readonly slot: number } {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#sorted[middle]! < block) from = middle + 1;
      else to = middle;
    }
    const [low, next] = [this.#sorted[from - 1]!, this.#sorted[from]!];
    const slot = this.#sorted.length;
    this.#sorted.splice(from, 0, block);
    this.#slots.set(block, slot);
    return { low, next, slot };
  }
}
