import { INPUT_REGION, PAGE_BITS, PAGE_BYTES } from '@commute/machine';
import { ContinuationError } from '../errors.ts';
import {
  BRK_REGISTER,
  DISCARD_REGISTER,
  HALT_PC,
  INPUT_POSITION_REGISTER,
  OUTPUT_LENGTH_REGISTER,
  REGISTER_COUNT,
  REGISTER_KEYS,
} from '../program/keys.ts';
import { OPERATION } from '../program/operations.ts';
import { isLegalKey, type Program, textWord } from '../program/program.ts';
import { divide, multiplyHigh } from './arithmetic.ts';
import { Code, extract, FIELDS } from './code.ts';
import { type Executor, type ExecutorOptions, type SegmentOutcome } from './executor.ts';
import { type CrossingRecord, executeCrossing } from './crossing.ts';
import { executeHostCall, exitRecord, type HostCallPort } from './host-call.ts';
import { GrowingInput } from './input.ts';
import { TimedMemory } from './memory.ts';
import {
  type HostCallRecord,
  type SegmentClaim,
  type SegmentRecord,
  type TimedValue,
  type TouchedCells,
} from './record.ts';
import { recordedCycles, Recording } from './recording.ts';
import { type Complaint, complainAboutAccess, complainAboutInstruction, complainAboutJump } from './refusal.ts';
import { initialState } from './state.ts';

const MOST_LOG_CYCLES = 19;

/** Input is shorter. */
const INPUT_LIMIT = 2 ** INPUT_REGION.log2Size;

/** The {@link Executor}. */
export class RecordingExecutor implements Executor {
  halted = false;
  cycles = 0;

  readonly #program: Program;
  readonly #input: GrowingInput;
  readonly #equalSegments: boolean;
  readonly #code: Code;
  readonly #memory: TimedMemory;
  readonly #x = new Int32Array(REGISTER_COUNT);
  readonly #times = new Uint32Array(REGISTER_COUNT);
  #output: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #entry: number;
  #complaint: Complaint | undefined;
  // Of the segment that is being recorded.
  #accessWords = new Uint32Array(0);
  #accessTimes = new Uint32Array(0);
  #accesses = 0;
  #crossings: CrossingRecord[] = [];

  constructor(program: Program, options: ExecutorOptions) {
    const { input = new Uint8Array(0), more, state, equalSegments = false } = options;
    if (input.length >= INPUT_LIMIT) {
      throw new ContinuationError('CONTINUATION_RANGE', 'input', 'less than 2^28 bytes', String(input.length));
    }
    this.#program = program;
    this.#input = new GrowingInput(input, more);
    this.#equalSegments = equalSegments;
    this.#code = new Code(program);
    const start = state ?? initialState(program);
    this.#memory = new TimedMemory((page, words) => {
      let isWhole = true;
      for (let index = 0; index < words.length; index++) {
        const address = page * PAGE_BYTES + 4 * index;
        if (isLegalKey(program, address)) words[index] = start.word(address);
        else isWhole = false;
      }
      return isWhole;
    });
    for (let index = 1; index < 32; index++) this.#x[index] = start.registers[index]!;
    this.#x[BRK_REGISTER] = start.brk;
    this.#x[INPUT_POSITION_REGISTER] = start.inputPosition;
    this.#x[OUTPUT_LENGTH_REGISTER] = start.outputLength;
    this.#entry = this.#code.locate(start.pc);
    if (this.#entry < 0) {
      throw new ContinuationError('CONTINUATION_RANGE', 'pc', 'an address of program text', String(start.pc));
    }
  }

  get pc(): number {
    return this.halted ? HALT_PC : this.#code.entries[FIELDS * this.#entry + 9]! >>> 0;
  }

  readonly output = (): Uint8Array<ArrayBuffer> => this.#output.slice(0, this.#x[OUTPUT_LENGTH_REGISTER]);

  readonly input = (): Uint8Array<ArrayBuffer> => this.#input.all();

  readonly register = (index: number): number => this.#x[index]! >>> 0;

  readonly word = (address: number): number => {
    const memory = this.#memory;
    return memory.words[memory.locate(address)]! >>> 0;
  };

  readonly next = (logCycles: number): SegmentOutcome => {
    if (!Number.isInteger(logCycles) || logCycles < 1 || logCycles > MOST_LOG_CYCLES) {
      throw new ContinuationError('CONTINUATION_RANGE', 'logCycles', 'an integer in [1, 19]', String(logCycles));
    }
    if (this.halted)
      throw new ContinuationError('CONTINUATION_RANGE', 'executor', 'a program that runs', 'a halted one');
    const x = this.#x;
    const start = {
      pc: this.pc,
      input: x[INPUT_POSITION_REGISTER]!,
      output: x[OUTPUT_LENGTH_REGISTER]!,
      registers: x.slice(),
    };
    const recording = new Recording(2 ** logCycles);
    this.#accessWords = new Uint32Array(2 ** logCycles);
    this.#accessTimes = new Uint32Array(2 ** logCycles);
    this.#accesses = 0;
    this.#crossings = [];
    this.#times.fill(0);
    const hostCalls: HostCallRecord[] = [];
    const custom: unknown[][] = this.#program.machine.extensions.map(() => []);
    const executed = this.#run(2 ** logCycles, recording, hostCalls, custom);
    const entry = this.#entry;
    if (this.#complaint !== undefined) {
      const pc = this.#code.entries[FIELDS * entry + 9]! >>> 0;
      return { ok: false, ...this.#complaint, pc, cycle: this.cycles + executed };
    }
    this.cycles += executed;
    let log = logCycles;
    if (this.halted) {
      if (!this.#equalSegments || this.cycles === executed) log = Math.max(1, Math.ceil(Math.log2(executed)));
      this.#idle(executed, 2 ** log, recording);
    }
    const claim: SegmentClaim = {
      logCycles: log,
      pcStart: start.pc,
      pcEnd: this.pc,
      inputStart: start.input,
      inputStop: x[INPUT_POSITION_REGISTER]!,
      outputStart: start.output,
      outputStop: x[OUTPUT_LENGTH_REGISTER]!,
      ...(this.halted ? { exitCode: x[10]! & 255 } : {}),
    };
    const segment: SegmentRecord = {
      claim,
      executed,
      ...recordedCycles(recording, 2 ** log),
      accessWords: this.#accessWords.slice(0, this.#accesses),
      accessTimes: this.#accessTimes.slice(0, this.#accesses),
      crossings: this.#crossings,
      hostCalls,
      custom,
      touched: this.#touched(start.registers),
    };
    return { ok: true, segment };
  };

  /** Records cycles of a halted machine. */
  #idle(from: number, to: number, recording: Recording): void {
    const { rows, leftTimes, rightTimes, before, beforeTimes } = recording;
    const times = this.#times;
    for (let cycle = from; cycle < to; cycle++) {
      const time = 4 * cycle + 1;
      rows[cycle] = this.#program.rows.length - 1;
      leftTimes[cycle] = times[0]!;
      rightTimes[cycle] = time;
      times[0] = time + 1;
      before[cycle] = this.#x[DISCARD_REGISTER]!;
      beforeTimes[cycle] = times[DISCARD_REGISTER]!;
      times[DISCARD_REGISTER] = time + 3;
      this.#x[DISCARD_REGISTER] = 0;
    }
  }

  #touched(registersBefore: Int32Array): TouchedCells {
    const words = this.#memory.takeTouched();
    const registers = [...this.#times.keys()].filter((index) => this.#times[index] !== 0);
    const count = words.addresses.length + registers.length;
    const keys = new Float64Array(count);
    const [before, after, lastTimes] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
    keys.set(words.addresses);
    before.set(words.before);
    after.set(words.after);
    lastTimes.set(words.times);
    registers.forEach((register, index) => {
      const at = words.addresses.length + index;
      keys[at] = REGISTER_KEYS + register;
      before[at] = registersBefore[register]!;
      after[at] = this.#x[register]!;
      lastTimes[at] = this.#times[register]!;
    });
    return { keys, before, after, lastTimes };
  }

  /** Executes and records up to `limit` cycles. @returns their number; less if the program exited or {@link #complaint} is set. */
  #run(limit: number, recording: Recording, hostCalls: HostCallRecord[], custom: unknown[][]): number {
    const memory = this.#memory;
    const { pageTable } = memory;
    const { entries } = this.#code;
    const { rows, left, right, before, result, leftTimes, rightTimes, beforeTimes } = recording;
    const x = this.#x;
    const times = this.#times;
    const accessWords = this.#accessWords;
    const accessTimes = this.#accessTimes;
    let { words, times: wordTimes } = memory;
    let accesses = 0;
    let entry = this.#entry;
    let cycle = 0;
    for (; cycle < limit; cycle++) {
      const time = 4 * cycle + 1;
      const at = FIELDS * entry;
      const rs1 = entries[at + 1]!;
      const rs2 = entries[at + 2]!;
      const rd = entries[at + 3]!;
      const a = x[rs1]!;
      const b = x[rs2]!;
      const leftTime = times[rs1]!;
      times[rs1] = time;
      const rightTime = times[rs2]!;
      times[rs2] = time + 1;
      const operand = (b + entries[at + 4]!) | 0;
      let row = entries[at + 8]!;
      let following = entries[at + 7]!;
      let value = 0;
      switch (entries[at]!) {
        case 0: // outside
          this.#complaint = { reason: 'execution-outside-text', message: 'the program runs beyond its text' };
          break;
        case 1: // illegal
          this.#complaint = complainAboutInstruction(this.#program, entries[at + 9]! >>> 0);
          break;
        case 2: // addConstant
          value = (a + entries[at + 5]!) | 0;
          break;
        case 3: // add
          value = (a + operand) | 0;
          break;
        case 4: // subtract
          value = (a - operand) | 0;
          break;
        case 5: // less
          value = a >>> 0 < operand >>> 0 ? 1 : 0;
          break;
        case 6: // equal
          value = a === operand ? 1 : 0;
          break;
        case 7: {
          // jump
          value = entries[at + 4]!;
          following = this.#locate((a + entries[at + 5]!) & ~1);
          break;
        }
        case 8: // loads and stores
        case 9:
        case 10:
        case 11:
        case 12:
        case 13:
        case 14:
        case 15: {
          const kind = entries[at];
          const address = (a + entries[at + 5]!) | 0;
          const isLoad = kind < 13;
          const size = kind === 12 || kind === 15 ? 4 : kind === 9 || kind === 11 || kind === 14 ? 2 : 1;
          const shift = 8 * (address & 3);
          if (shift + 8 * size > 32) {
            const stored = isLoad ? undefined : b;
            const crossing = this.#program.machine.misaligned
              ? executeCrossing(this.#port, address >>> 0, size, stored, cycle)
              : undefined;
            ({ words, times: wordTimes } = memory);
            if (crossing === undefined) {
              this.#complaint = complainAboutAccess(this.#program, address >>> 0, size, isLoad);
              break;
            }
            this.#crossings.push(crossing.record);
            accesses++;
            if (isLoad) value = extract(kind, crossing.value | 0, 0);
            break;
          }
          let frame = pageTable[address >>> PAGE_BITS]!;
          if (frame <= 0) {
            if (frame === 0) {
              frame = memory.bring(address >>> PAGE_BITS);
              ({ words, times: wordTimes } = memory);
            }
            if (frame < 0) {
              frame = -1 - frame;
              if (!isLegalKey(this.#program, (address & ~3) >>> 0)) {
                const text = isLoad ? textWord(this.#program, (address & ~3) >>> 0) : undefined;
                if (text === undefined) {
                  this.#complaint = complainAboutAccess(this.#program, address >>> 0, size, isLoad);
                  break;
                }
                accessWords[accesses] = text;
                accessTimes[accesses] = 0;
                accesses++;
                row++;
                value = extract(kind, text | 0, shift);
                break;
              }
            }
          }
          const index = frame + ((address >>> 2) & 1023);
          const word = words[index]!;
          accessWords[accesses] = word;
          const previous = wordTimes[index]!;
          accessTimes[accesses] = previous;
          accesses++;
          if (previous === 0) memory.touch(address, word);
          wordTimes[index] = time + 2;
          if (isLoad) {
            value = kind === 12 ? word : extract(kind, word, shift);
          } else if (kind === 15) {
            words[index] = b;
          } else {
            const mask = (size === 1 ? 255 : 65535) << shift;
            words[index] = (word & ~mask) | ((b << shift) & mask);
          }
          break;
        }
        case 16: // and
          value = a & operand;
          break;
        case 17: // or
          value = a | operand;
          break;
        case 18: // xor
          value = a ^ operand;
          break;
        case 19: // shiftLeft
          value = a << operand;
          break;
        case 20: // shiftRight
          value = (a >>> operand) | 0;
          break;
        case 21: // shiftRightArithmetic
          value = a >> operand;
          break;
        case 22: // lessSigned
          value = a < operand ? 1 : 0;
          break;
        case 23: // multiply
          value = Math.imul(a, operand);
          break;
        case 24:
        case 25:
        case 26:
          value = multiplyHigh(OPERATION.multiply + entries[at] - 23, a, operand);
          break;
        case 27:
        case 28:
        case 29:
        case 30:
          value = divide(OPERATION.divideSigned + entries[at] - 27, a, operand);
          break;
        case 31: // call
          if (a === 93 || a === 94) {
            row++;
            following = this.#code.halted;
            hostCalls.push(exitRecord(cycle));
            beforeTimes[cycle] = times[DISCARD_REGISTER]!;
            before[cycle] = x[DISCARD_REGISTER]!;
            times[DISCARD_REGISTER] = time + 3;
            x[DISCARD_REGISTER] = 0;
            this.halted = true;
          } else {
            const outcome = executeHostCall(this.#port, a >>> 0, b >>> 0, cycle);
            ({ words, times: wordTimes } = memory);
            if ('reason' in outcome) {
              this.#complaint = outcome;
            } else {
              hostCalls.push(outcome.record);
              value = outcome.result | 0;
            }
          }
          break;
        default: {
          // custom
          const operation = this.#program.rows[row]!.operation - OPERATION.extension;
          const executedCall = this.#program.machine.extensions[operation]!.execute({
            left: a >>> 0,
            right: b >>> 0,
            time,
            access: (address, replacement) => this.#accessForCustom(address, replacement, time + 2),
          });
          ({ words, times: wordTimes } = memory);
          custom[operation]!.push(executedCall.record);
          value = executedCall.result | 0;
        }
      }
      if (this.#complaint !== undefined) break;
      const branch = entries[at + 6]!;
      if (branch !== 0 && (value === 1) !== (branch === 1)) following = entry + 1;
      if (following < 0) {
        const target = entries[at] === 7 ? ((a + entries[at + 5]!) & ~1) >>> 0 : this.#program.rows[row]!.nextPc;
        this.#complaint = complainAboutJump(target);
        break;
      }
      rows[cycle] = row;
      left[cycle] = a;
      right[cycle] = b;
      leftTimes[cycle] = leftTime;
      rightTimes[cycle] = rightTime;
      entry = following;
      if (this.halted) {
        cycle++;
        break;
      }
      before[cycle] = x[rd]!;
      beforeTimes[cycle] = times[rd]!;
      times[rd] = time + 3;
      x[rd] = value;
      result[cycle] = value;
    }
    this.#accesses = accesses;
    this.#entry = entry;
    return cycle;
  }

  #locate(address: number): number {
    return this.#code.locate(address >>> 0);
  }

  readonly #port: HostCallPort = {
    register: (index, cycle) => {
      const previous = this.#times[index]!;
      this.#times[index] = 4 * cycle + 3;
      return { value: this.#x[index]! >>> 0, previous };
    },
    setRegister: (index, value) => {
      this.#x[index] = value;
    },
    access: (address, cycle) => {
      const index = this.#memory.locate(address);
      const value = this.#memory.words[index]!;
      const previous = this.#memory.times[index]!;
      if (previous === 0) this.#memory.touch(address, value);
      this.#memory.times[index] = 4 * cycle + 3;
      return { value: value >>> 0, previous };
    },
    setWord: (address, value) => {
      this.#memory.words[this.#memory.locate(address)] = value;
    },
    isLegal: (address) => isLegalKey(this.#program, address),
    textWord: (address) => textWord(this.#program, address),
    reachInput: (wanted) =>
      this.#input.reach(wanted, INPUT_LIMIT, () => this.#output.subarray(0, this.#x[OUTPUT_LENGTH_REGISTER])),
    inputLength: () => this.#input.length,
    inputByte: (position) => this.#input.byte(position),
    brkStart: () => this.#program.brkStart,
    append: (position, byte) => {
      if (position === this.#output.length) {
        const longer = new Uint8Array(2 * this.#output.length);
        longer.set(this.#output);
        this.#output = longer;
      }
      this.#output[position] = byte;
    },
  };

  #accessForCustom(address: number, replacement: number | undefined, time: number): TimedValue {
    if (!isLegalKey(this.#program, address)) {
      this.#complaint = complainAboutAccess(this.#program, address, 4, replacement === undefined);
      return { value: 0, previous: 0 };
    }
    const index = this.#memory.locate(address);
    const previous = this.#memory.times[index]!;
    if (previous === time) {
      throw new ContinuationError(
        'CONTINUATION_RANGE',
        'address',
        'one access to a word per instruction',
        String(address),
      );
    }
    const value = this.#memory.words[index]!;
    if (previous === 0) this.#memory.touch(address, value);
    this.#memory.times[index] = time;
    if (replacement !== undefined) this.#memory.words[index] = replacement;
    return { value: value >>> 0, previous };
  }
}
