/**
 * Writes the rows of a segment's tables, except the processor's and those that one instruction has for itself.
 *
 * @module
 */
import { add, inverse, multiply } from '@commute/field';
import { type BlockList, blockOf, type CellState } from './cells.ts';
import { BLOCK_ELEMENTS, BLOCK_TICKS, GAP_BYTES, keyOf, SLOTS, STACK_REGISTERS } from './layout.ts';
import { LookupCounts, RECORDED, type RecordedTable, type Row } from './record.ts';
import { BLOCK_BYTES, SLOT_BYTES } from './tables/ram.ts';
import { MOST_MOVES } from './tables/stacks.ts';

/** Ends a run that has no proof; caught where segments are made. */
export class RamFull extends Error {}

/** What the rows of one segment are written to. */
export class SegmentWriter {
  readonly counts: LookupCounts = new LookupCounts();
  readonly rows: Record<RecordedTable, Row[]> = Object.fromEntries(
    RECORDED.map((name) => [name, [] as Row[]]),
  ) as Record<RecordedTable, Row[]>;
  readonly #cells: CellState;
  readonly #blocks: BlockList;
  /** When the sponge was used last. */
  spongeTime = 0n;

  constructor(cells: CellState, blocks: BlockList) {
    this.#cells = cells;
    this.#blocks = blocks;
  }

  /** The bytes of a gap. */
  gap(gap: bigint): bigint[] {
    return this.counts.bytes(gap, GAP_BYTES);
  }

  /** Moves an element between registers and the stack below them. */
  moveOne(push: boolean, depth: number, value: bigint, time: bigint): void {
    const { value: before, gap } = this.#cells.access(
      keyOf('opStack', STACK_REGISTERS + depth),
      time,
      push ? value : 0n,
    );
    this.rows['op stack'].push({
      push: push ? 1n : 0n,
      pop: push ? 0n : 1n,
      depth: BigInt(depth),
      before,
      after: push ? value : 0n,
      time,
      gap: this.gap(gap),
    });
  }

  /** Moves elements, as the processor demands after an instruction that makes the stack grow so much. */
  move(growth: number, size: number, st: readonly bigint[], out: readonly bigint[], time: bigint): void {
    if (growth === 0) return;
    const [push, count] = [growth > 0, Math.abs(growth)];
    const depth = size - STACK_REGISTERS - (push ? 0 : count);
    const values = (push ? st : out).slice(STACK_REGISTERS - MOST_MOVES).reverse();
    for (let k = 0; k < count; k++) this.moveOne(push, depth + k, values[k]!, time);
    if (count === 1) return;
    this.rows.moves.push({
      push: push ? 1n : 0n,
      some: values.map((_, k) => (k < count ? 1n : 0n)),
      depth: BigInt(depth),
      time,
      values,
    });
  }

  /** A call, a return, or a look at the call on top. */
  call(kind: 'push' | 'pop' | 'peek', depth: number, call: readonly [bigint, bigint], time: bigint): void {
    const after = kind === 'pop' ? [0n, 0n] : call;
    const accesses = after.map((value, k) => this.#cells.access(keyOf('jumpStack', 2 * depth + k), time, value));
    this.rows['jump stack'].push({
      [kind]: 1n,
      depth: BigInt(depth),
      origin: call[0],
      destination: call[1],
      before: accesses.map(({ value }) => value),
      after,
      time,
      gap: this.gap(accesses[0]!.gap),
    });
  }

  /** Elements of RAM that follow each other, for up to five of them at once. */
  burst(write: boolean, address: bigint, values: readonly bigint[], count: number, time: bigint): void {
    this.rows.bursts.push({
      write: write ? 1n : 0n,
      some: values.map((_, k) => (k < count ? 1n : 0n)),
      address,
      values,
      time,
    });
    for (let k = 0; k < count; k++) this.ram(write, address, k, values[k], time);
  }

  /** Accesses the element of RAM `at` behind an address, at that tick of a cycle. @returns what it holds afterwards. */
  ram(write: boolean, from: bigint, at: number, value: bigint | undefined, cycle: bigint): bigint {
    const address = add(from, BigInt(at));
    const time = cycle + BigInt(at);
    const block = blockOf(address);
    const slot = this.#blocks.slot(block) ?? this.#insert(block, cycle);
    const offset = address % BigInt(BLOCK_ELEMENTS);
    const number = this.#cells.access(keyOf('blockNumbers', slot), time);
    const key = keyOf('ram', BLOCK_ELEMENTS * slot + Number(offset));
    const cell = this.#cells.access(key, time, write ? value : undefined);
    const after = write ? value! : cell.value;
    this.rows.ram.push({
      read: write ? 0n : 1n,
      write: write ? 1n : 0n,
      address,
      before: cell.value,
      after,
      time,
      slot: BigInt(slot),
      offset: this.counts.bytes(offset, 1)[0]!,
      factor: slot === 0 ? 0n : multiply(offset, inverse(BigInt(slot))),
      inverse: inverse(number.value),
      blockGap: this.gap(number.gap),
      gap: this.gap(cell.gap),
    });
    return after;
  }

  /** Blocks that came into use for the cycle before which they do. */
  #inserted = { cycle: 0n, count: 0 };

  #insert(block: bigint, cycle: bigint): number {
    if (this.#blocks.size >= SLOTS) throw new RamFull();
    if (this.#inserted.cycle !== cycle) this.#inserted = { cycle, count: 0 };
    const time = cycle - BigInt(BLOCK_TICKS - this.#inserted.count++);
    const { low, next, slot } = this.#blocks.insert(block);
    const lowSlot = this.#blocks.slot(low)!;
    const numberGap = this.#cells.access(keyOf('blockNumbers', lowSlot), time).gap;
    const nextGap = this.#cells.access(keyOf('nextNumbers', lowSlot), time, block + 1n).gap;
    const freshGap = this.#cells.access(keyOf('blockNumbers', slot), time, block + 1n).gap;
    this.#cells.access(keyOf('nextNumbers', slot), time, next + 1n);
    this.rows.blocks.push({
      active: 1n,
      time,
      low: this.counts.bytes(BigInt(lowSlot), SLOT_BYTES),
      fresh: this.counts.bytes(BigInt(slot), SLOT_BYTES),
      lowNumber: low + 1n,
      below: this.counts.bytes(block - low - 1n, BLOCK_BYTES),
      above: this.counts.bytes(next - block - 1n, BLOCK_BYTES),
      numberGap: this.gap(numberGap),
      nextGap: this.gap(nextGap),
      freshGap: this.gap(freshGap),
    });
    return slot;
  }
}
