/**
 * Executes programs and records what the tables are filled with.
 *
 * @module
 */
import { type Cells } from '@commute/continuation';
import { add, inverse, multiply, subtract } from '@commute/field';
import {
  causeText,
  type Digest,
  instructionOf,
  type Program,
  type ReferenceState,
  referenceStep,
  sizeOf,
} from '@commute/stack-vm';
import { BlockList, blockOf, CellState, type InitialRam } from './cells.ts';
import { recordDelegate } from './delegates.ts';
import { assertElements, StackProofError } from './errors.ts';
import { codeOf, IDLE_CODE, INSTRUCTION_ROWS, instructionColumns } from './instruction-rows.ts';
import {
  BLOCK_ELEMENTS,
  BLOCK_TICKS,
  END_TIME,
  GAP_BYTES,
  HALT_IP,
  keyOf,
  MOST_LOG_CYCLES,
  REGISTER,
  SLOTS,
  SPONGE_ELEMENTS,
  STACK_REGISTERS,
  TICKS,
} from './layout.ts';
import { followingOf } from './fixed-rows.ts';
import { LookupCounts, RECORDED, type RecordedTable, type Row, type StackSegmentRecord } from './record.ts';
import { partsOfKey } from './tables/legal-keys.ts';
import { MOST_MOVES } from './tables/stacks.ts';
import { BLOCK_BYTES, SLOT_BYTES } from './tables/ram.ts';

/** What a run is given besides its program. All elements are canonical. */
export interface StackRunInputs {
  /** What `read_io` reads. */
  readonly input?: readonly bigint[];
  /** What `divine` reads. A proof says that there is such, not what it is. */
  readonly secretInput?: readonly bigint[];
  /** What `merkle_step` reads; the same holds of it. */
  readonly digests?: readonly Digest[];
}

/** Why a run has no proof. */
export type StackRunRefusal =
  /** It stops in front of an instruction that cannot be executed. */
  | {
      readonly ok: false;
      readonly reason: 'trap';
      readonly cause: number;
      readonly message: string;
      readonly ip: bigint;
    }
  /** It takes more segments than allowed. */
  | { readonly ok: false; readonly reason: 'too-long'; readonly message: string }
  /** It uses more blocks of RAM than there are slots. */
  | { readonly ok: false; readonly reason: 'ram-full'; readonly message: string };

/** A segment, or why there is none. */
export type StackSegmentOutcome = { readonly ok: true; readonly segment: StackSegmentRecord } | StackRunRefusal;

/** The columns of each instruction, by its code. */
const DECODED_ROWS: ReadonlyMap<number, Row> = /* @__PURE__ */ new Map(
  INSTRUCTION_ROWS.map((row) => [row.code, instructionColumns(row)]),
);
const GROWTH: ReadonlyMap<number, number> = /* @__PURE__ */ new Map(
  INSTRUCTION_ROWS.map(({ code, growth }) => [code, growth]),
);

/** Ends a run that has no proof; caught where segments are made. */
class RamFull extends Error {}

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

/** Executes a program, segment by segment. */
export class StackExecutor {
  readonly #state: ReferenceState;
  readonly #cells: CellState;
  readonly #blocks: BlockList;

  /** @throws {@link StackProofError} `STACK_PROOF_NOT_CANONICAL` for inputs that are no elements. */
  constructor(program: Program, ram: InitialRam, image: Cells, inputs: StackRunInputs = {}) {
    const { input = [], secretInput = [], digests = [] } = inputs;
    for (const [name, elements] of Object.entries({ input, secretInput, digests: digests.flat() })) {
      assertElements(name, elements);
    }
    const odd = digests.find(({ length }) => length !== 5);
    if (odd !== undefined) throw new StackProofError('STACK_PROOF_RANGE', 'digests', '5 elements', String(odd.length));
    this.#cells = new CellState(image);
    this.#blocks = BlockList.of(image);
    this.#state = {
      program: program.words,
      programIntegrity: false,
      stack: [...program.digest().toReversed(), ...Array.from({ length: STACK_REGISTERS - 5 }, () => 0n)],
      jumpStack: [],
      ram: new Map(ram),
      sponge: undefined,
      ip: 0n,
      stopped: 0,
      input,
      inputPosition: 0,
      output: [],
      secret: secretInput,
      secretPosition: 0,
      digests,
      digestPosition: 0,
    };
  }

  get halted(): boolean {
    return this.#state.stopped === -1;
  }

  /** What has been written so far. */
  get output(): readonly bigint[] {
    return this.#state.output;
  }

  /** Executes the next 2^logCycles cycles; those after the program has halted are idle. */
  next(logCycles: number): StackSegmentOutcome {
    if (!Number.isInteger(logCycles) || logCycles < 1 || logCycles > MOST_LOG_CYCLES) {
      throw new StackProofError(
        'STACK_PROOF_RANGE',
        'logCycles',
        `an integer in [1, ${String(MOST_LOG_CYCLES)}]`,
        String(logCycles),
      );
    }
    try {
      return this.#segment(logCycles);
    } catch (error) {
      if (!(error instanceof RamFull)) throw error;
      return { ok: false, reason: 'ram-full', message: `RAM is in more than ${String(SLOTS)} blocks` };
    }
  }

  #segment(logCycles: number): StackSegmentOutcome {
    const state = this.#state;
    const writer = new SegmentWriter(this.#cells, this.#blocks);
    const cycles = 2 ** logCycles;
    const [ipStart, inputStart, outputStart] = [this.#ip(), state.inputPosition, state.output.length];
    const start = this.#registers(writer, 0n);
    for (let cycle = 1; cycle <= cycles; cycle++) {
      const refusal = this.#cycle(writer, BigInt(TICKS * cycle), cycle === 1, cycle === cycles);
      if (refusal !== undefined) return refusal;
    }
    writer.rows.registers.push(start, this.#registers(writer, END_TIME));
    const touched = this.#cells.finish();
    for (const { key } of touched) {
      const { bytes } = partsOfKey(key);
      for (const byte of bytes) writer.counts.bytes(byte, 1);
    }
    const segment: StackSegmentRecord = {
      logCycles,
      ipStart,
      ipEnd: this.#ip(),
      inputStart,
      inputStop: state.inputPosition,
      outputStart,
      outputStop: state.output.length,
      halts: this.halted,
      touched,
      rows: writer.rows,
      counts: writer.counts,
    };
    return { ok: true, segment };
  }

  #ip(): bigint {
    return this.halted ? HALT_IP : this.#state.ip;
  }

  /** The registers as they are, taken from their cells at the start, or put back at the end. */
  #registers(writer: SegmentWriter, time: bigint): Row {
    const { sponge, stack, jumpStack } = this.#state;
    const st = topOf(stack);
    const elements = sponge ?? Array.from({ length: SPONGE_ELEMENTS }, () => 0n);
    const [ready, stackSize, jumpStackSize] = [
      sponge === undefined ? 0n : 1n,
      BigInt(stack.length),
      BigInt(jumpStack.length),
    ];
    if (time > 0n) {
      const put = (key: bigint, value: bigint): void => {
        this.#cells.access(key, time, value);
      };
      st.forEach((value, k) => {
        put(keyOf('opStack', k), value);
      });
      elements.forEach((value, k) => {
        put(keyOf('registers', REGISTER.sponge + k), value);
      });
      put(keyOf('registers', REGISTER.spongeReady), ready);
      put(keyOf('registers', REGISTER.stackSize), stackSize);
      put(keyOf('registers', REGISTER.jumpStackSize), jumpStackSize);
    }
    return {
      end: time > 0n ? 1n : 0n,
      st,
      sponge: elements,
      spongeReady: ready,
      stackSize,
      jumpStackSize,
      spongeTime: time > 0n ? writer.spongeTime : 0n,
    };
  }

  #cycle(writer: SegmentWriter, time: bigint, first: boolean, last: boolean): StackRunRefusal | undefined {
    const state = this.#state;
    const ip = this.#ip();
    const decoded = this.halted ? undefined : this.#decode();
    const code = decoded?.code ?? IDLE_CODE;
    const st = topOf(state.stack);
    const before = { size: state.stack.length, calls: state.jumpStack.length };
    const call = state.jumpStack.at(-1);
    const common = {
      time,
      first: first ? 1n : 0n,
      last: last ? 1n : 0n,
      ip,
      code: BigInt(code),
      argument: decoded?.argument ?? 0n,
      following: decoded?.following ?? 0n,
      stackSize: BigInt(before.size),
      jumpStackSize: BigInt(before.calls),
      inputPosition: BigInt(state.inputPosition),
      outputPosition: BigInt(state.output.length),
      st,
    };
    const { sponge } = state;
    const sibling = state.digests[state.digestPosition];
    if (decoded !== undefined) {
      referenceStep(state);
      if (state.stopped > 0) {
        const message = `${causeText(state.stopped)} at ${String(ip)}`;
        return { ok: false, reason: 'trap', cause: state.stopped, message, ip };
      }
    }
    const out = topOf(state.stack);
    const name = decoded?.name ?? 'halt';
    writer.counts.execute(ip, code);
    writer.move(GROWTH.get(code)!, before.size, st, out, time);
    const calls = this.#calls(writer, name, before.calls, call, st, time);
    const tested = testedOf(name, st);
    const delegated = recordDelegate(writer, {
      name,
      count: decoded?.count ?? 0,
      time,
      st,
      out,
      sponge,
      spongeAfter: state.sponge,
      inputPosition: common.inputPosition,
      outputPosition: common.outputPosition,
      sibling,
    });
    writer.rows.processor.push({
      ...common,
      nextIp: this.#ip(),
      out,
      ...calls,
      isZero: tested === 0n ? 1n : 0n,
      inverse: tested === undefined || tested === 0n ? 0n : inverse(tested),
      ...delegated,
      ...withoutCode(DECODED_ROWS.get(code)!),
    });
    return undefined;
  }

  #decode(): { name: string; code: number; argument: bigint; count: number; following: bigint } | undefined {
    const { program, ip } = this.#state;
    const word = ip < BigInt(program.length) ? program[Number(ip)]! : undefined;
    const instruction = word === undefined || word > 127n ? undefined : instructionOf(Number(word));
    // The step traps.
    if (instruction === undefined) return { name: 'nop', code: IDLE_CODE, argument: 0n, count: 0, following: 0n };
    const second = sizeOf(instruction) === 2 ? (program[Number(ip) + 1] ?? 0n) : 0n;
    const isCount = instruction.argument === 'count' || instruction.argument === 'register';
    return {
      name: instruction.name,
      code: codeOf(instruction, second),
      argument: isCount ? 0n : second,
      count: isCount ? Number(second) : 0,
      following: followingOf(program, Number(ip)),
    };
  }

  /** Records what happens to the jump stack. */
  #calls(
    writer: SegmentWriter,
    name: string,
    size: number,
    call: readonly [bigint, bigint] | undefined,
    st: readonly bigint[],
    time: bigint,
  ): Row {
    if (name === 'call') {
      const pushed = this.#state.jumpStack.at(-1)!;
      writer.call('push', size, pushed, time);
      return { origin: pushed[0], destination: pushed[1], leaves: 0n };
    }
    if (name !== 'return' && name !== 'recurse' && name !== 'recurse_or_return') return {};
    const leaves = name === 'return' || (name === 'recurse_or_return' && st[5] === st[6]);
    writer.call(leaves ? 'pop' : 'peek', size - 1, call!, time);
    return { origin: call![0], destination: call![1], leaves: leaves ? 1n : 0n };
  }
}

/** The top of a stack, st0 first. */
function topOf(stack: readonly bigint[]): bigint[] {
  return stack.slice(-STACK_REGISTERS).reverse();
}

function withoutCode(row: Row): Row {
  const { code: _, ...others } = row;
  return others;
}

/** What an instruction compares to zero, if it does. */
function testedOf(name: string, st: readonly bigint[]): bigint | undefined {
  if (name === 'skiz') return st[0];
  if (name === 'eq') return subtract(st[0]!, st[1]!);
  return name === 'recurse_or_return' ? subtract(st[5]!, st[6]!) : undefined;
}
