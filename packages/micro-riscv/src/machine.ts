import { BaseError, assertInteger } from '@commute/errors';
import {
  INPUT_REGION,
  Memory,
  OUTPUT_REGION,
  PAGE_BYTES,
  Snapshot,
  keccak256,
  type AccessLog,
  type Halt,
  type Hasher,
  type LoadOptions,
  type Machine,
  type MachineSupport,
  type PristineRegion,
  type ProgramImage,
} from '@commute/machine';
import { Hart } from './hart.ts';
import { hostCall } from './host-calls.ts';
import { Interpreter, STOP } from './interpreter.ts';
import { CONTROL_PAGE, HALTED, MICRO_FIELD, MICRO_REGION, causeText, isShadowed } from './layout.ts';
import { assertLoadable, loadProgram } from './load.ts';
import { MachineAccess, RegisterAccess } from './machine-access.ts';
import { assertRegions, zeroPristine } from './pristine.ts';
import { type CustomInstruction, isPeriod, step } from './step.ts';
import { UndoLog } from './undo-log.ts';
import type { VerifierParameters } from './verify.ts';

/** Options of {@link createMicroRiscv}. */
export interface MicroRiscvOptions {
  /** The hash under roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** Most pages that may be in use; see `Memory` of `@commute/machine`. */
  readonly maximumPages?: number;
  /** Q with its pristine state Q\*, from {@link microPristine}; zero unless told. */
  readonly pristine?: PristineRegion;
  /** What the host call `clean` may clean, by index: auxiliary states of layers above. */
  readonly upperRegions?: readonly PristineRegion[];
  /** Whether the extension M is there: multiplication and division (RV32IM). False unless told. */
  readonly multiply?: boolean;
  /** Instructions of the user's own, for encodings that are illegal otherwise. */
  readonly custom?: readonly CustomInstruction[];
}

/** The micro machine: RV32I, every step provable (docs/spec/micro-riscv.md). */
export interface MicroRiscv extends Machine {
  /** What a verifier of this machine's steps has to know. */
  readonly parameters: VerifierParameters;
  /** Address of the next instruction. */
  readonly pc: number;
  /** Steps since the start or since the last cleaning. */
  readonly clock: bigint;
  /** Steps executed since the machine was made, without those at the fixed point after a halt. No part of the state. */
  readonly executedSteps: number;
  /** Register x`index`, unsigned. */
  readonly register: (index: number) => number;
}

/**
 * Makes a micro machine. Its state is all zero until {@link Machine.load} or {@link Machine.restore}.
 *
 * `run` and `advance` throw `MICRO_RISCV_OVERRUN` in front of a step that would clean a state that has not halted, and
 * `MACHINE_MEMORY_EXHAUSTED` in front of one that needs more pages than allowed; the machine is then in the state
 * before that step.
 *
 * @throws BaseError `MICRO_RISCV_REGION` for a region it cannot clean.
 * @example
 * ```ts
 * import { createMicroRiscv } from '@commute/micro-riscv';
 * const machine = createMicroRiscv();
 * const code = new Uint8Array([0x13, 0x05, 0x70, 0x00, 0x93, 0x08, 0xd0, 0x05, 0x73, 0, 0, 0]); // li a0, 7; li a7, 93; ecall
 * machine.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes: code }] });
 * if (machine.run(100) !== 3 || machine.halt?.kind !== 'exit' || machine.halt.code !== 7) throw new Error('exit 7 expected');
 * ```
 */
export function createMicroRiscv(options: MicroRiscvOptions = {}): MicroRiscv {
  return new MicroMachine(options);
}

const WORD_LIMIT = 2 ** 32;
/** Instructions the interpreter is asked for at a time, so that their number fits a word. */
const SLICE = 2 ** 30;
/** Beyond this many pages of Q that differ from the pristine state, cleaning exchanges the region. */
const MAXIMUM_COMPARED_PAGES = 64;
const PAGE_WORDS = PAGE_BYTES / 4;

const X1 = CONTROL_PAGE + MICRO_FIELD.registers + 4;
const INPUT_POSITION = CONTROL_PAGE + MICRO_FIELD.inputPosition;
/** From here on, which no program reaches, a word of the input may be a register. */
const INPUT_LIMIT = 2 ** INPUT_REGION.log2Size;
/** Words from x1 to log2Period. */
const FIELD_WORDS = (CONTROL_PAGE + MICRO_FIELD.log2Period - X1) / 4 + 1;

class MicroMachine implements MicroRiscv {
  readonly name = 'micro-riscv';
  readonly supports: MachineSupport = { accessLog: true, clockInState: true };
  readonly memory: Memory;
  readonly parameters: VerifierParameters;

  readonly #interpreter: Interpreter;
  /** Steps executed since the machine was made, without those at the fixed point after a halt. No part of the state. */
  executedSteps = 0;
  readonly #undo = new UndoLog();
  /** For host calls between two turns of the interpreter. */
  readonly #hart: Hart;
  /** The pristine state of Q, and nothing else. */
  readonly #pristine: Snapshot;
  readonly #pristineFields: Int32Array;
  // The words from x1 to log2Period are here and in the interpreter while it runs; `sync` writes them to memory.
  #clockLow = 0;
  #clockHigh = 0;
  #halted = 0;
  #haltCode = 0;
  #haltValue = 0;
  #log2Period = 0;
  /** 2^log2Period if that fits a word, else 2^32. */
  #period = WORD_LIMIT;
  #synced = true;

  constructor(options: MicroRiscvOptions) {
    const { hasher = keccak256, maximumPages, upperRegions = [], multiply = false, custom = [] } = options;
    const pristine = options.pristine ?? zeroPristine(hasher);
    assertRegions(hasher, pristine, upperRegions);
    this.parameters = { hasher, pristine, upperRegions, multiply, custom };
    this.memory = new Memory(maximumPages === undefined ? { hasher } : { hasher, maximumPages });
    this.#interpreter = new Interpreter(this.memory, this.#undo, multiply);
    this.#hart = new Hart(new RegisterAccess(this.memory, this.#undo, this.#interpreter.registers));
    const empty = Snapshot.empty(hasher);
    this.#pristine = empty.withRegion(MICRO_REGION, pristine.content ?? empty);
    this.#pristineFields = readFields(this.#pristine);
    this.#undo.overflow();
    this.#holdControlPage();
  }

  get pc(): number {
    return this.#interpreter.pc >>> 0;
  }

  get clock(): bigint {
    return (BigInt(this.#clockHigh) << 32n) | BigInt(this.#clockLow);
  }

  get halt(): Halt | undefined {
    if (this.#halted === HALTED.running) return undefined;
    if (this.#halted === HALTED.exited) return { kind: 'exit', code: this.#haltCode };
    return { kind: 'trap', cause: causeText(this.#haltCode), address: this.pc, value: this.#haltValue };
  }

  readonly register = (index: number): number => {
    assertInteger('MICRO_RISCV_REGISTER_RANGE', 'index', index, 0, 31);
    return this.#interpreter.registers[index]! >>> 0;
  };

  readonly load = (program: ProgramImage, options: LoadOptions = {}): void => {
    assertLoadable(program, options);
    const empty = Snapshot.empty(this.parameters.hasher);
    this.memory.restore(empty);
    try {
      loadProgram(this.memory, program, options);
    } catch (error) {
      this.memory.restore(empty);
      throw error;
    } finally {
      this.#readRegisters();
      this.#undo.overflow();
    }
  };

  readonly run = (limit: number): number => {
    assertInteger('MICRO_RISCV_COUNT_RANGE', 'limit', limit, 0, Number.MAX_SAFE_INTEGER);
    let left = limit;
    while (left > 0 && !this.#hasHalted()) {
      left -= this.#execute(Math.min(left, this.#stepsToBoundary()));
      if (left === 0 || this.#hasHalted()) break;
      if (this.#nextIsCleaning()) throw this.#overrun();
      left -= this.#execute(1);
    }
    return limit - left;
  };

  readonly advance = (count: number): void => {
    assertInteger('MICRO_RISCV_COUNT_RANGE', 'count', count, 0, Number.MAX_SAFE_INTEGER);
    let left = count;
    while (left > 0) {
      if (this.#log2Period === 0 && this.#hasHalted()) {
        this.#tick(left);
        return;
      }
      const steps = Math.min(left, this.#stepsToBoundary());
      const executed = this.#execute(steps);
      if (executed < steps) this.#tick(steps - executed);
      left -= steps;
      if (left === 0) return;
      left -= 1;
      if (!this.#nextIsCleaning()) {
        if (this.#execute(1) === 0) this.#tick(1);
      } else if (!this.#hasHalted()) {
        throw this.#overrun();
      } else {
        this.#clean();
      }
    }
  };

  readonly sync = (): void => {
    if (this.#synced) return;
    this.#synced = true;
    const x = this.#interpreter.registers;
    for (let i = 1; i < 32; i++) this.#put(4 * i, x[i]! >>> 0);
    this.#put(MICRO_FIELD.pc, this.pc);
    this.#put(MICRO_FIELD.clockLow, this.#clockLow);
    this.#put(MICRO_FIELD.clockHigh, this.#clockHigh);
    this.#put(MICRO_FIELD.halted, this.#halted);
    this.#put(MICRO_FIELD.haltCode, this.#haltCode);
    this.#put(MICRO_FIELD.haltValue, this.#haltValue);
    this.#put(MICRO_FIELD.log2Period, this.#log2Period);
  };

  readonly snapshot = (): Snapshot => {
    this.sync();
    return this.memory.snapshot();
  };

  readonly restore = (snapshot: Snapshot): void => {
    this.memory.restore(snapshot);
    this.#readRegisters();
    if (this.#log2Period === 0) this.#undo.overflow();
    else this.#compareWithPristine(snapshot);
  };

  readonly root = (): Uint8Array => this.snapshot().root();

  readonly logStep = (): AccessLog => {
    const access = this.#referenceStep();
    if (access === 'overrun') throw this.#overrun();
    return access.log;
  };

  readonly output = (): Uint8Array => {
    const length = this.memory.loadWord(CONTROL_PAGE + MICRO_FIELD.outputLength);
    return this.memory.read(OUTPUT_REGION.base, Math.min(length, 2 ** OUTPUT_REGION.log2Size));
  };

  #hasHalted(): boolean {
    return this.#halted !== HALTED.running;
  }

  /** Ordinary steps before the next one that may clean. */
  #stepsToBoundary(): number {
    const low = this.#clockLow;
    return (low < this.#period ? this.#period : WORD_LIMIT) - low - 1;
  }

  #nextIsCleaning(): boolean {
    const low = (this.#clockLow + 1) >>> 0;
    return isPeriod(low, low === 0 ? (this.#clockHigh + 1) >>> 0 : this.#clockHigh, this.#log2Period);
  }

  /** Executes up to `limit` steps, none of them a cleaning one, until the machine halts. Returns their number. */
  #execute(limit: number): number {
    const interpreter = this.#interpreter;
    let left = limit;
    while (left > 0 && !this.#hasHalted()) {
      let stop: number = STOP.reference;
      if ((interpreter.pc & 3) === 0) {
        this.#synced = false;
        try {
          stop = interpreter.execute(left < SLICE ? left : SLICE);
        } finally {
          this.#tick(interpreter.executed);
        }
        left -= interpreter.executed;
      }
      if (stop === STOP.exited) {
        this.#halted = HALTED.exited;
        this.#haltCode = interpreter.registers[10]! & 255;
      } else if (stop === STOP.hostCall && this.memory.loadWord(INPUT_POSITION) < INPUT_LIMIT) {
        hostCall(this.#hart, this.parameters.upperRegions);
        interpreter.pc = (interpreter.pc + 4) | 0;
        this.#tick(1);
        left -= 1;
      } else if (stop !== STOP.limit) {
        this.#referenceStep();
        left -= 1;
      }
    }
    this.executedSteps += limit - left;
    return limit - left;
  }

  /** Advances the clock. */
  #tick(count: number): void {
    const low = this.#clockLow + count;
    if (low < WORD_LIMIT) {
      this.#clockLow = low;
    } else {
      // In two parts: the sum may not fit a double.
      const sum = this.#clockLow + (count % WORD_LIMIT);
      this.#clockLow = sum % WORD_LIMIT;
      this.#clockHigh = (this.#clockHigh + Math.floor(count / WORD_LIMIT) + (sum < WORD_LIMIT ? 0 : 1)) >>> 0;
    }
    this.#synced = false;
  }

  #clean(): void {
    if (this.#undo.complete) {
      this.#undo.undo(this.memory);
    } else {
      this.memory.replaceRegion(this.parameters.pristine);
      this.#undo.clear();
      this.#holdControlPage();
    }
    this.#setFields(this.#pristineFields);
    this.#synced = false;
  }

  /** Executes one step of any kind the obvious way, or none if it would be an overrun. */
  #referenceStep(): MachineAccess | 'overrun' {
    this.sync();
    const access = new MachineAccess(this.memory, this.#undo);
    try {
      if (step(access, this.parameters) === 'overrun') return 'overrun';
    } catch (error) {
      access.rollBack();
      throw error;
    }
    this.#readRegisters();
    return access;
  }

  /** Sees to it that `sync` never asks for a page, which may not be had. */
  #holdControlPage(): void {
    this.memory.prepareWrite(CONTROL_PAGE, 4);
  }

  #readRegisters(): void {
    this.#holdControlPage();
    const fields = new Int32Array(FIELD_WORDS);
    for (let i = 0; i < FIELD_WORDS; i++) fields[i] = this.memory.loadWord(X1 + 4 * i);
    this.#setFields(fields);
    this.#synced = true;
  }

  #setFields(fields: Int32Array): void {
    const { registers } = this.#interpreter;
    for (let i = 1; i < 32; i++) registers[i] = fields[i - 1]!;
    this.#interpreter.pc = fields[31]!;
    this.#clockLow = fields[32]! >>> 0;
    this.#clockHigh = fields[33]! >>> 0;
    this.#halted = fields[34]! >>> 0;
    this.#haltCode = fields[35]! >>> 0;
    this.#haltValue = fields[36]! >>> 0;
    const log2Period = fields[37]! >>> 0;
    this.#log2Period = log2Period;
    this.#period = log2Period === 0 || log2Period > 31 ? WORD_LIMIT : (1 << log2Period) >>> 0;
  }

  #put(offset: number, value: number): void {
    const address = CONTROL_PAGE + offset;
    if (this.memory.loadWord(address) !== value) this.memory.storeWord(address, value);
  }

  /** Fills the undo log with what distinguishes a state from the pristine one. */
  #compareWithPristine(state: Snapshot): void {
    this.#undo.clear();
    const pages = this.#pristine.differences(Snapshot.empty(state.hasher).withRegion(MICRO_REGION, state));
    if (pages.length > MAXIMUM_COMPARED_PAGES) {
      this.#undo.overflow();
      return;
    }
    for (const { index, bytes } of pages) {
      const found = wordsOf(bytes);
      const pristine = wordsOf(this.#pristine.page(index));
      for (let i = 0; i < PAGE_WORDS; i++) {
        const address = index * PAGE_BYTES + 4 * i;
        if (found[i] !== pristine[i] && !isShadowed(address)) this.#undo.push(address | 0, pristine[i]!);
      }
    }
  }

  #overrun(): BaseError {
    this.sync();
    const { pc } = this;
    const instruction = this.memory.loadWord(pc & ~3);
    const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`;
    return new BaseError(
      'MICRO_RISCV_OVERRUN',
      `program: expected to halt within 2^${String(this.#log2Period)} - 1 steps, got ${hex(instruction)} at ${hex(pc)} as the next instruction`,
      {
        pc,
        instruction,
        log2Period: this.#log2Period,
        clock: this.clock.toString(),
        registers: Array.from(this.#interpreter.registers.subarray(0, 32), (word) => word >>> 0),
      },
    );
  }
}

function wordsOf(page: Uint8Array<ArrayBuffer> | null): Int32Array {
  return page === null ? new Int32Array(PAGE_WORDS) : new Int32Array(page.buffer, page.byteOffset, PAGE_WORDS);
}

function readFields(state: Snapshot): Int32Array {
  return Int32Array.from({ length: FIELD_WORDS }, (_, i) => state.word(X1 + 4 * i));
}
