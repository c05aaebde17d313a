/**
 * Executes programs and records what the tables are filled with.
 *
 * @module
 */
import { type Cells } from '@commute/continuation';
import { inverse, subtract } from '@commute/field';
import {
  causeText,
  type Digest,
  instructionOf,
  type Program,
  type ReferenceState,
  referenceStep,
  sizeOf,
} from '@commute/stack-vm';
import { BlockList, CellState, type InitialRam } from './cells.ts';
import { recordDelegate } from './delegates.ts';
import { assertElements, StackProofError } from './errors.ts';
import { codeOf, IDLE_CODE, INSTRUCTION_ROWS, instructionColumns } from './instruction-rows.ts';
import {
  END_TIME,
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
import { type Row, type StackSegmentRecord } from './record.ts';
import { RamFull, SegmentWriter } from './segment-writer.ts';
import { partsOfKey } from './tables/legal-keys.ts';

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

/**
 * Executes a program, segment by segment, and records what the tables need; `executeStackRun` does so to its end.
 *
 * @example
 * ```ts
 * import { assemble } from '@commute/stack-vm';
 * import { createStackProgram, StackExecutor } from '@commute/stack-proof';
 * const result = assemble('push 1 push 2 add write_io 1 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * const program = createStackProgram(result.program);
 * const executor = new StackExecutor(program.source, program.ram, program.image);
 * const first = executor.next(2);
 * const second = executor.next(2);
 * if (!first.ok || !second.ok || !executor.halted || executor.output[0] !== 3n) throw new Error('3 expected');
 * ```
 */
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
      // The call that leads there has no row in the program's table: the trap that follows comes with it.
      if (state.stopped === 0 && state.ip === HALT_IP) referenceStep(state);
      if (state.stopped > 0) {
        const message = `${causeText(state.stopped)} at ${String(state.ip)}`;
        return { ok: false, reason: 'trap', cause: state.stopped, message, ip: state.ip };
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
