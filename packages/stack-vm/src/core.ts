import type { Memory, Snapshot } from '@commute/machine';
import { argumentFault, growthOf, instructionOf, sizeOf } from './instructions.ts';
import {
  FIELD,
  JUMP_STACK_BASE,
  OP_STACK_BASE,
  PROGRAM_BASE,
  PROGRAM_WORDS,
  STACK_LIMIT,
  JUMP_STACK_LIMIT,
  STACK_REGISTERS,
  STATE_PAGE,
} from './layout.ts';
import { STATE_SIZE } from './tip5-constants.ts';
import { Ram } from './ram.ts';
import { toElement } from './words.ts';

/** Opcode of a word that cannot be executed. */
export const ILLEGAL = 255;

const PAGE_BYTES = 4096;

/**
 * The machine's state in the form the interpreter works on. {@link Core.load} takes it over from memory, {@link Core.store}
 * writes back what has changed. RAM, input and output stay in memory.
 *
 * Elements are pairs of words: the low word of element i at 2·i, the high one behind it.
 */
export class Core {
  readonly memory: Memory;
  readonly ram: Ram;
  /** The whole stack from the bottom. */
  stack: Uint32Array<ArrayBuffer> = new Uint32Array(2 * 1024);
  /** Elements on the stack. */
  size: number = STACK_REGISTERS;
  /** The jump stack from the bottom: four words for each call, its origin and its destination. */
  jumps: Uint32Array<ArrayBuffer> = new Uint32Array(4 * 256);
  jumpSize = 0;
  readonly sponge: Uint32Array<ArrayBuffer> = new Uint32Array(2 * STATE_SIZE);
  spongeReady = 0;
  ipLow = 0;
  ipHigh = 0;
  halted = 0;
  cause = 0;
  programIntegrity = 0;
  programLength = 0;
  inputLength = 0;
  inputPosition = 0;
  outputLength = 0;
  secretLength = 0;
  secretPosition = 0;
  digestCount = 0;
  digestPosition = 0;

  /** For each address the opcode of what is there, or {@link ILLEGAL}. */
  opcodes: Uint8Array = new Uint8Array(0);
  /** For each address by how much the instruction makes the stack grow. */
  growth: Int8Array = new Int8Array(0);
  /** For each address the argument of the instruction, as two words. */
  argumentWords: Uint32Array = new Uint32Array(0);
  /** For each address whether the word is odd: what `skiz` asks of the next one. */
  odd: Uint8Array = new Uint8Array(0);

  /** Least size of the stack since it was stored: elements deeper than 16 below it have not changed. */
  lowestSize: number = STACK_REGISTERS;
  /** Least size of the jump stack since it was stored. */
  lowestJumps = 0;
  /** Elements and pairs that memory holds. */
  #storedDepth = 0;
  #storedJumps = 0;
  #programPages: (Uint8Array | null)[] = [];

  constructor(memory: Memory) {
    this.memory = memory;
    this.ram = new Ram(memory);
  }

  /** Makes room for a few more elements on the stack. */
  reserveStack(): void {
    if (2 * (this.size + 16) <= this.stack.length) return;
    const longer = new Uint32Array(2 * this.stack.length);
    longer.set(this.stack);
    this.stack = longer;
  }

  /** Makes room for one more call. */
  reserveJumps(): void {
    if (4 * (this.jumpSize + 1) <= this.jumps.length) return;
    const longer = new Uint32Array(2 * this.jumps.length);
    longer.set(this.jumps);
    this.jumps = longer;
  }

  /** Element at `index` from the top of the stack. */
  element(index: number): bigint {
    const at = 2 * (this.size - 1 - index);
    return toElement(this.stack[at]!, this.stack[at + 1]!);
  }

  /** Takes the state over from memory, which is in the state of `snapshot`. */
  load(snapshot: Snapshot): void {
    const { memory, sponge } = this;
    const word = (offset: number): number => memory.loadWord(STATE_PAGE + offset);
    const clamp = (offset: number, low: number, high: number): number => Math.min(Math.max(word(offset), low), high);
    this.size = clamp(FIELD.stackSize, STACK_REGISTERS, STACK_LIMIT);
    this.jumpSize = clamp(FIELD.jumpStackSize, 0, JUMP_STACK_LIMIT);
    while (2 * (this.size + 16) > this.stack.length) this.stack = new Uint32Array(2 * this.stack.length);
    while (4 * (this.jumpSize + 1) > this.jumps.length) this.jumps = new Uint32Array(2 * this.jumps.length);
    const depth = this.size - STACK_REGISTERS;
    for (let i = 0; i < 2 * depth; i++) this.stack[i] = memory.loadWord(OP_STACK_BASE + 4 * i);
    for (let i = 0; i < STACK_REGISTERS; i++) {
      const at = 2 * (this.size - 1 - i);
      this.stack[at] = word(FIELD.stack + 8 * i);
      this.stack[at + 1] = word(FIELD.stack + 8 * i + 4);
    }
    for (let i = 0; i < 4 * this.jumpSize; i++) this.jumps[i] = memory.loadWord(JUMP_STACK_BASE + 4 * i);
    for (let i = 0; i < sponge.length; i++) sponge[i] = word(FIELD.sponge + 4 * i);
    this.ipLow = word(FIELD.ip);
    this.ipHigh = word(FIELD.ip + 4);
    this.spongeReady = word(FIELD.spongeReady);
    this.halted = word(FIELD.halted);
    this.cause = word(FIELD.cause);
    this.programIntegrity = word(FIELD.programIntegrity);
    this.inputLength = word(FIELD.inputLength);
    this.inputPosition = word(FIELD.inputPosition);
    this.outputLength = word(FIELD.outputLength);
    this.secretLength = word(FIELD.secretLength);
    this.secretPosition = word(FIELD.secretPosition);
    this.digestCount = word(FIELD.digestCount);
    this.digestPosition = word(FIELD.digestPosition);
    this.lowestSize = this.size;
    this.lowestJumps = this.jumpSize;
    this.#storedDepth = depth;
    this.#storedJumps = this.jumpSize;
    this.ram.load();
    this.#decode(snapshot, Math.min(word(FIELD.programLength), PROGRAM_WORDS));
  }

  /** Writes to memory what differs there, so that memory alone is the state. */
  store(): void {
    const { sponge, stack, jumps } = this;
    const depth = this.size - STACK_REGISTERS;
    // Below this depth nothing has moved since; what memory holds above the present depth goes back to zero.
    const unchanged = Math.min(Math.max(this.lowestSize - STACK_REGISTERS, 0), this.#storedDepth);
    for (let i = 2 * unchanged; i < 2 * depth; i++) this.#put(OP_STACK_BASE + 4 * i, stack[i]!);
    for (let i = 2 * depth; i < 2 * this.#storedDepth; i++) this.#put(OP_STACK_BASE + 4 * i, 0);
    for (let i = 0; i < STACK_REGISTERS; i++) {
      const at = 2 * (this.size - 1 - i);
      this.#put(STATE_PAGE + FIELD.stack + 8 * i, stack[at]!);
      this.#put(STATE_PAGE + FIELD.stack + 8 * i + 4, stack[at + 1]!);
    }
    for (let i = 4 * Math.min(this.lowestJumps, this.#storedJumps); i < 4 * this.jumpSize; i++) {
      this.#put(JUMP_STACK_BASE + 4 * i, jumps[i]!);
    }
    for (let i = 4 * this.jumpSize; i < 4 * this.#storedJumps; i++) this.#put(JUMP_STACK_BASE + 4 * i, 0);
    for (let i = 0; i < sponge.length; i++) this.#put(STATE_PAGE + FIELD.sponge + 4 * i, sponge[i]!);
    this.#put(STATE_PAGE + FIELD.ip, this.ipLow);
    this.#put(STATE_PAGE + FIELD.ip + 4, this.ipHigh);
    this.#put(STATE_PAGE + FIELD.stackSize, this.size);
    this.#put(STATE_PAGE + FIELD.jumpStackSize, this.jumpSize);
    this.#put(STATE_PAGE + FIELD.spongeReady, this.spongeReady);
    this.#put(STATE_PAGE + FIELD.halted, this.halted);
    this.#put(STATE_PAGE + FIELD.cause, this.cause);
    this.#put(STATE_PAGE + FIELD.inputPosition, this.inputPosition);
    this.#put(STATE_PAGE + FIELD.outputLength, this.outputLength);
    this.#put(STATE_PAGE + FIELD.secretPosition, this.secretPosition);
    this.#put(STATE_PAGE + FIELD.digestPosition, this.digestPosition);
    this.lowestSize = this.size;
    this.lowestJumps = this.jumpSize;
    this.#storedDepth = depth;
    this.#storedJumps = this.jumpSize;
  }

  #put(address: number, value: number): void {
    if (this.memory.loadWord(address) !== value) this.memory.storeWord(address, value);
  }

  /** Decodes the program, unless it is the one that has been decoded. */
  #decode(snapshot: Snapshot, length: number): void {
    const pages = Array.from({ length: Math.ceil((8 * length) / PAGE_BYTES) }, (_, i) =>
      snapshot.page(PROGRAM_BASE / PAGE_BYTES + i),
    );
    if (length === this.programLength && pages.every((page, i) => page === this.#programPages[i])) return;
    this.#programPages = pages;
    this.programLength = length;
    this.opcodes = new Uint8Array(length);
    this.growth = new Int8Array(length);
    this.argumentWords = new Uint32Array(2 * length);
    this.odd = new Uint8Array(length);
    const { memory } = this;
    for (let address = 0; address < length; address++) {
      const at = PROGRAM_BASE + 8 * address;
      const low = memory.loadWord(at);
      this.odd[address] = low & 1;
      const instruction = memory.loadWord(at + 4) === 0 && low < 128 ? instructionOf(low) : undefined;
      this.opcodes[address] = ILLEGAL;
      if (instruction === undefined || address + sizeOf(instruction) > length) continue;
      const argumentLow = sizeOf(instruction) === 2 ? memory.loadWord(at + 8) : 0;
      const argumentHigh = sizeOf(instruction) === 2 ? memory.loadWord(at + 12) : 0;
      const argument = toElement(argumentLow, argumentHigh);
      if (argumentFault(instruction, argument) !== undefined) continue;
      this.opcodes[address] = instruction.opcode;
      this.growth[address] = growthOf(instruction, argument);
      this.argumentWords[2 * address] = argumentLow;
      this.argumentWords[2 * address + 1] = argumentHigh;
    }
  }
}
