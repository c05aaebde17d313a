/**
 * One step of the machine on bigints, as the specification says it: the reference.
 *
 * @module
 */
import { add, createExtensionField, CUBIC_MODULUS, inverse, multiply, power, subtract } from '@commute/field';
import { CAUSE, isDigestRegister } from '../causes.ts';
import { argumentFault, growthOf, instructionOf, sizeOf, type InstructionDefinition } from '../instructions.ts';
import { JUMP_STACK_LIMIT, STACK_LIMIT, STACK_REGISTERS, STREAM_ELEMENTS } from '../layout.ts';
import { DIGEST_LENGTH, RATE, STATE_SIZE } from '../tip5-constants.ts';
import { tip5PermutationReference } from './tip5.ts';

/** A state as one would write it down. Changed in place by {@link referenceStep}. */
export interface ReferenceState {
  readonly program: readonly bigint[];
  readonly programIntegrity: boolean;
  /** From the bottom; the digest first, its last word at the very bottom. */
  readonly stack: bigint[];
  /** From the bottom: origin and destination. */
  readonly jumpStack: (readonly [origin: bigint, destination: bigint])[];
  readonly ram: Map<bigint, bigint>;
  sponge: readonly bigint[] | undefined;
  ip: bigint;
  /** 0 while running, else the cause of the trap, or -1 after `halt`. */
  stopped: number;
  readonly input: readonly bigint[];
  inputPosition: number;
  readonly output: bigint[];
  readonly secret: readonly bigint[];
  secretPosition: number;
  readonly digests: readonly (readonly bigint[])[];
  digestPosition: number;
}

const CUBIC = createExtensionField(CUBIC_MODULUS);

/** A state that stops for this reason. Thrown and caught in this file only. */
class Stop extends Error {
  readonly reason: number;

  constructor(reason: number) {
    super();
    this.reason = reason;
  }
}

/** Executes one step. A step that traps leaves all as it was and sets `stopped`. */
export function referenceStep(state: ReferenceState): void {
  if (state.stopped !== 0) return;
  const undo = { stack: [...state.stack], input: state.inputPosition, secret: state.secretPosition };
  try {
    new Step(state).execute();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    state.stopped = error.reason;
    state.stack.splice(0, state.stack.length, ...undo.stack);
    state.inputPosition = undo.input;
    state.secretPosition = undo.secret;
  }
}

class Step {
  readonly #state: ReferenceState;

  constructor(state: ReferenceState) {
    this.#state = state;
  }

  execute(): void {
    const { program, stack } = this.#state;
    const { ip } = this.#state;
    const word = ip < BigInt(program.length) ? program[Number(ip)] : undefined;
    if (word === undefined) throw new Stop(CAUSE.instructionPointer);
    const instruction = word < 128n ? instructionOf(Number(word)) : undefined;
    if (instruction === undefined) throw new Stop(CAUSE.illegalInstruction);
    const argument = sizeOf(instruction) === 2 ? program[Number(ip) + 1] : 0n;
    if (argument === undefined || argumentFault(instruction, argument) !== undefined) {
      throw new Stop(CAUSE.illegalInstruction);
    }
    const size = stack.length + growthOf(instruction, argument);
    if (size < STACK_REGISTERS) throw new Stop(CAUSE.stackUnderflow);
    if (size > STACK_LIMIT) throw new Stop(CAUSE.stackOverflow);
    this.#state.ip = this.#perform(instruction, argument) ?? ip + BigInt(sizeOf(instruction));
  }

  /** Does what an instruction does; returns the next address where that is not the one behind it. */
  #perform(instruction: InstructionDefinition, argument: bigint): bigint | undefined {
    const state = this.#state;
    const count = Number(argument < 16n ? argument : 0n);
    switch (instruction.name) {
      case 'push':
        this.#push(argument);
        return;
      case 'pop':
        this.#pops(count);
        return;
      case 'divine':
        if (state.secret.length - state.secretPosition < count) throw new Stop(CAUSE.secretExhausted);
        for (let i = 0; i < count; i++) this.#push(state.secret[state.secretPosition++]!);
        return;
      case 'read_io':
        if (state.input.length - state.inputPosition < count) throw new Stop(CAUSE.inputExhausted);
        for (let i = 0; i < count; i++) this.#push(state.input[state.inputPosition++]!);
        return;
      case 'write_io':
        if (state.output.length + count > STREAM_ELEMENTS) throw new Stop(CAUSE.outputFull);
        state.output.push(...this.#pops(count));
        return;
      case 'pick':
        this.#mayMove(count);
        this.#push(state.stack.splice(-1 - count, 1)[0]!);
        return;
      case 'place': {
        this.#mayMove(count);
        const element = this.#pop();
        state.stack.splice(state.stack.length - count, 0, element);
        return;
      }
      case 'dup':
        this.#push(this.#get(count));
        return;
      case 'swap': {
        this.#mayMove(count);
        const [top, other] = [this.#get(0), this.#get(count)];
        this.#set(0, other);
        this.#set(count, top);
        return;
      }
      default:
        return this.#control(instruction, argument, count);
    }
  }

  #control(instruction: InstructionDefinition, argument: bigint, count: number): bigint | undefined {
    const state = this.#state;
    const { ip, jumpStack, program } = state;
    const top = jumpStack.at(-1);
    switch (instruction.name) {
      case 'halt':
        state.stopped = -1;
        return;
      case 'nop':
        return;
      case 'skiz': {
        if (this.#pop() !== 0n) return;
        const next = program[Number(ip) + 1];
        if (next === undefined) throw new Stop(CAUSE.instructionPointer);
        return ip + 2n + (next & 1n);
      }
      case 'call':
        if (jumpStack.length >= JUMP_STACK_LIMIT) throw new Stop(CAUSE.jumpStackOverflow);
        jumpStack.push([ip + 2n, argument]);
        return argument;
      case 'return':
      case 'recurse':
      case 'recurse_or_return': {
        if (top === undefined) throw new Stop(CAUSE.jumpStackEmpty);
        const returns =
          instruction.name === 'return' || (instruction.name === 'recurse_or_return' && this.#get(5) === this.#get(6));
        if (returns) jumpStack.pop();
        return top[returns ? 0 : 1];
      }
      case 'assert':
        if (this.#get(0) !== 1n) throw new Stop(CAUSE.assertion);
        this.#pop();
        return;
      case 'assert_vector':
        for (let i = 0; i < DIGEST_LENGTH; i++) {
          if (this.#get(i) !== this.#get(i + DIGEST_LENGTH)) throw new Stop(CAUSE.assertion);
        }
        this.#pops(DIGEST_LENGTH);
        return;
      case 'read_mem': {
        let pointer = this.#pop();
        for (let i = 0; i < count; i++) {
          this.#push(this.#load(pointer));
          pointer = subtract(pointer, 1n);
        }
        this.#push(pointer);
        return;
      }
      case 'write_mem': {
        let pointer = this.#pop();
        for (let i = 0; i < count; i++) {
          state.ram.set(pointer, this.#pop());
          pointer = add(pointer, 1n);
        }
        this.#push(pointer);
        return;
      }
      default:
        this.#hash(instruction);
        return;
    }
  }

  #hash(instruction: InstructionDefinition): void {
    const state = this.#state;
    switch (instruction.name) {
      case 'hash':
        this.#pushDigest(this.#compress(this.#pops(RATE)));
        return;
      case 'sponge_init':
        state.sponge = Array.from({ length: STATE_SIZE }, () => 0n);
        return;
      case 'sponge_absorb':
        this.#absorb(this.#sponge(), this.#pops(RATE));
        return;
      case 'sponge_absorb_mem': {
        const sponge = this.#sponge();
        const pointer = this.#get(0);
        const block = Array.from({ length: RATE }, (_, i) => this.#load(add(pointer, BigInt(i))));
        for (let i = 0; i < 4; i++) this.#set(i + 1, block[i]!);
        this.#set(0, add(pointer, BigInt(RATE)));
        this.#absorb(sponge, block);
        return;
      }
      case 'sponge_squeeze': {
        const sponge = this.#sponge();
        for (let i = RATE - 1; i >= 0; i--) this.#push(sponge[i]!);
        state.sponge = tip5PermutationReference(sponge);
        return;
      }
      case 'merkle_step': {
        this.#u32(5);
        const sibling = state.digests[state.digestPosition];
        if (sibling === undefined) throw new Stop(CAUSE.digestsExhausted);
        state.digestPosition++;
        this.#merkleStep(sibling);
        return;
      }
      case 'merkle_step_mem': {
        this.#u32(5);
        const pointer = this.#get(7);
        const sibling = Array.from({ length: DIGEST_LENGTH }, (_, i) => this.#load(add(pointer, BigInt(i))));
        this.#set(7, add(pointer, BigInt(DIGEST_LENGTH)));
        this.#merkleStep(sibling);
        return;
      }
      case 'b_horner_step': {
        const pointer = this.#get(5);
        this.#hornerStep([this.#load(pointer), 0n, 0n]);
        this.#set(5, subtract(pointer, 1n));
        return;
      }
      case 'x_horner_step': {
        const pointer = this.#get(5);
        this.#hornerStep([2n, 1n, 0n].map((back) => this.#load(subtract(pointer, back))));
        this.#set(5, subtract(pointer, 3n));
        return;
      }
      default:
        this.#arithmetic(instruction);
    }
  }

  #arithmetic(instruction: InstructionDefinition): void {
    const { program, ip } = this.#state;
    switch (instruction.name) {
      case 'add':
        this.#push(add(this.#pop(), this.#pop()));
        return;
      case 'addi':
        this.#push(add(this.#pop(), program[Number(ip) + 1]!));
        return;
      case 'mul':
        this.#push(multiply(this.#pop(), this.#pop()));
        return;
      case 'invert':
        if (this.#get(0) === 0n) throw new Stop(CAUSE.inverseOfZero);
        this.#push(inverse(this.#pop()));
        return;
      case 'eq':
        this.#push(this.#pop() === this.#pop() ? 1n : 0n);
        return;
      case 'split': {
        const element = this.#pop();
        this.#push(element >> 32n);
        this.#push(element & 0xffff_ffffn);
        return;
      }
      case 'lt':
      case 'and':
      case 'xor': {
        const [a, b] = [this.#u32(0), this.#u32(1)];
        this.#pops(2);
        this.#push(instruction.name === 'lt' ? (a < b ? 1n : 0n) : instruction.name === 'and' ? a & b : a ^ b);
        return;
      }
      case 'log_2_floor': {
        const element = this.#u32(0);
        if (element === 0n) throw new Stop(CAUSE.logarithmOfZero);
        this.#set(0, BigInt(element.toString(2).length - 1));
        return;
      }
      case 'pow': {
        const exponent = this.#u32(1);
        const base = this.#pop();
        this.#set(0, power(base, exponent));
        return;
      }
      case 'div_mod': {
        const [numerator, denominator] = [this.#u32(0), this.#u32(1)];
        if (denominator === 0n) throw new Stop(CAUSE.divisionByZero);
        this.#set(1, numerator / denominator);
        this.#set(0, numerator % denominator);
        return;
      }
      case 'pop_count':
        this.#set(0, BigInt(this.#u32(0).toString(2).replaceAll('0', '').length));
        return;
      case 'xx_add':
        this.#pushCubic(CUBIC.add(this.#pops(3), this.#pops(3)));
        return;
      case 'xx_mul':
        this.#pushCubic(CUBIC.multiply(this.#pops(3), this.#pops(3)));
        return;
      case 'x_invert':
        if (this.#cubic(0).every((each) => each === 0n)) throw new Stop(CAUSE.inverseOfZero);
        this.#pushCubic(CUBIC.inverse(this.#pops(3)));
        return;
      case 'xb_mul': {
        const factor = this.#pop();
        this.#pushCubic(CUBIC.multiply([factor, 0n, 0n], this.#pops(3)));
      }
    }
  }

  #get(index: number): bigint {
    return this.#state.stack.at(-1 - index)!;
  }

  #set(index: number, element: bigint): void {
    const { stack } = this.#state;
    stack[stack.length - 1 - index] = element;
  }

  #push(element: bigint): void {
    this.#state.stack.push(element);
  }

  #pop(): bigint {
    return this.#state.stack.pop()!;
  }

  /** The top elements, from the top. */
  #pops(count: number): bigint[] {
    return Array.from({ length: count }, () => this.#pop());
  }

  #load(address: bigint): bigint {
    return this.#state.ram.get(address) ?? 0n;
  }

  #u32(index: number): bigint {
    const element = this.#get(index);
    if (element > 0xffff_ffffn) throw new Stop(CAUSE.notU32);
    return element;
  }

  #cubic(index: number): bigint[] {
    return [this.#get(index), this.#get(index + 1), this.#get(index + 2)];
  }

  #pushCubic(element: readonly bigint[]): void {
    for (const coefficient of element.toReversed()) this.#push(coefficient);
  }

  #mayMove(index: number): void {
    const { programIntegrity, stack } = this.#state;
    if (programIntegrity && isDigestRegister(stack.length, index)) throw new Stop(CAUSE.programDigest);
  }

  /** The digest of ten elements. */
  #compress(elements: readonly bigint[]): bigint[] {
    const ones = Array.from({ length: STATE_SIZE - RATE }, () => 1n);
    return tip5PermutationReference([...elements, ...ones]).slice(0, DIGEST_LENGTH);
  }

  #pushDigest(digest: readonly bigint[]): void {
    for (const element of digest.toReversed()) this.#push(element);
  }

  #sponge(): readonly bigint[] {
    const { sponge } = this.#state;
    if (sponge === undefined) throw new Stop(CAUSE.spongeUninitialized);
    return sponge;
  }

  #absorb(sponge: readonly bigint[], elements: readonly bigint[]): void {
    this.#state.sponge = tip5PermutationReference([...elements, ...sponge.slice(RATE)]);
  }

  #merkleStep(sibling: readonly bigint[]): void {
    const index = this.#get(5);
    const digest = this.#pops(DIGEST_LENGTH);
    this.#pushDigest(this.#compress(index % 2n === 0n ? [...digest, ...sibling] : [...sibling, ...digest]));
    this.#set(5, index / 2n);
  }

  #hornerStep(coefficient: readonly bigint[]): void {
    const value = CUBIC.add(CUBIC.multiply(this.#cubic(7), this.#cubic(0)), coefficient);
    value.forEach((each, i) => {
      this.#set(7 + i, each);
    });
  }
}
