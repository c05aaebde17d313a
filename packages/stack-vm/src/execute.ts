/**
 * The interpreter: what the reference step does, on pairs of words.
 *
 * @module
 */
import { inverse } from '@commute/field';
import { CAUSE, isDigestRegister } from './causes.ts';
import { ILLEGAL, type Core } from './core.ts';
import { hornerStep, invertExtension, multiplyExtension } from './execute-extension.ts';
import { hash } from './execute-hash.ts';
import { OPCODE } from './instructions.ts';
import {
  HALTED,
  INPUT_BASE,
  JUMP_STACK_LIMIT,
  OUTPUT_BASE,
  SECRET_BASE,
  STACK_LIMIT,
  STACK_REGISTERS,
  STREAM_ELEMENTS,
} from './layout.ts';
import { DIGEST_LENGTH } from './tip5-constants.ts';
import { addWords, fromElement, multiplyWords, result, subtractWords, toElement } from './words.ts';

/** Executes up to `limit` steps, at least until the machine stops. Returns their number, that of the stopping one included. */
export function execute(core: Core, limit: number): number {
  let executed = 0;
  while (executed < limit && core.halted === HALTED.running) {
    const cause = step(core);
    executed++;
    if (cause !== 0) {
      core.halted = HALTED.trapped;
      core.cause = cause;
    }
  }
  return executed;
}

/** Executes one step. Returns the cause of a trap, after which all is as before, or 0. */
function step(core: Core): number {
  const ip = core.ipLow;
  if (core.ipHigh !== 0 || ip >= core.programLength) return CAUSE.instructionPointer;
  const opcode = core.opcodes[ip]!;
  if (opcode === ILLEGAL) return CAUSE.illegalInstruction;
  const before = core.size;
  const after = before + core.growth[ip]!;
  if (after < STACK_REGISTERS) return CAUSE.stackUnderflow;
  if (after > STACK_LIMIT) return CAUSE.stackOverflow;
  core.reserveStack();
  const { stack } = core;
  /** Where st0 is. */
  const top = 2 * before - 2;
  const argument = core.argumentWords[2 * ip]!;
  let next = ip + 1 + (opcode & 1);
  switch (opcode) {
    case OPCODE.push:
      stack[top + 2] = argument;
      stack[top + 3] = core.argumentWords[2 * ip + 1]!;
      break;
    case OPCODE.pop:
    case OPCODE.nop:
      break;
    case OPCODE.dup:
      stack[top + 2] = stack[top - 2 * argument]!;
      stack[top + 3] = stack[top - 2 * argument + 1]!;
      break;
    case OPCODE.swap: {
      if (core.programIntegrity !== 0 && isDigestRegister(before, argument)) return CAUSE.programDigest;
      const other = top - 2 * argument;
      const low = stack[top]!;
      const high = stack[top + 1]!;
      stack[top] = stack[other]!;
      stack[top + 1] = stack[other + 1]!;
      stack[other] = low;
      stack[other + 1] = high;
      break;
    }
    case OPCODE.pick: {
      if (core.programIntegrity !== 0 && isDigestRegister(before, argument)) return CAUSE.programDigest;
      const from = top - 2 * argument;
      const low = stack[from]!;
      const high = stack[from + 1]!;
      stack.copyWithin(from, from + 2, top + 2);
      stack[top] = low;
      stack[top + 1] = high;
      break;
    }
    case OPCODE.place: {
      if (core.programIntegrity !== 0 && isDigestRegister(before, argument)) return CAUSE.programDigest;
      const to = top - 2 * argument;
      const low = stack[top]!;
      const high = stack[top + 1]!;
      stack.copyWithin(to + 2, to, top);
      stack[to] = low;
      stack[to + 1] = high;
      break;
    }
    case OPCODE.halt:
      core.halted = HALTED.halted;
      break;
    case OPCODE.skiz:
      if ((stack[top]! | stack[top + 1]!) === 0) {
        if (next >= core.programLength) return CAUSE.instructionPointer;
        next += 1 + core.odd[next]!;
      }
      break;
    case OPCODE.call: {
      if (core.jumpSize >= JUMP_STACK_LIMIT) return CAUSE.jumpStackOverflow;
      core.reserveJumps();
      const at = 4 * core.jumpSize;
      core.jumps[at] = ip + 2;
      core.jumps[at + 1] = 0;
      core.jumps[at + 2] = argument;
      core.jumps[at + 3] = core.argumentWords[2 * ip + 1]!;
      core.jumpSize++;
      core.ipHigh = core.argumentWords[2 * ip + 1]!;
      next = argument;
      break;
    }
    case OPCODE.return:
    case OPCODE.recurse:
    case OPCODE.recurseOrReturn: {
      if (core.jumpSize === 0) return CAUSE.jumpStackEmpty;
      const returns =
        opcode === OPCODE.return ||
        (opcode === OPCODE.recurseOrReturn &&
          stack[top - 10] === stack[top - 12] &&
          stack[top - 9] === stack[top - 11]);
      const at = 4 * core.jumpSize - (returns ? 4 : 2);
      next = core.jumps[at]!;
      core.ipHigh = core.jumps[at + 1]!;
      if (returns) {
        core.jumpSize--;
        if (core.jumpSize < core.lowestJumps) core.lowestJumps = core.jumpSize;
      }
      break;
    }
    case OPCODE.assert:
      if (stack[top] !== 1 || stack[top + 1] !== 0) return CAUSE.assertion;
      break;
    case OPCODE.assertVector:
      for (let i = 0; i < 2 * DIGEST_LENGTH; i++) {
        if (stack[top + 1 - i] !== stack[top + 1 - i - 2 * DIGEST_LENGTH]) return CAUSE.assertion;
      }
      break;
    case OPCODE.add:
      addWords(stack[top]!, stack[top + 1]!, stack[top - 2]!, stack[top - 1]!);
      stack[top - 2] = result[0]!;
      stack[top - 1] = result[1]!;
      break;
    case OPCODE.addi:
      addWords(stack[top]!, stack[top + 1]!, argument, core.argumentWords[2 * ip + 1]!);
      stack[top] = result[0]!;
      stack[top + 1] = result[1]!;
      break;
    case OPCODE.mul:
      multiplyWords(stack[top]!, stack[top + 1]!, stack[top - 2]!, stack[top - 1]!);
      stack[top - 2] = result[0]!;
      stack[top - 1] = result[1]!;
      break;
    case OPCODE.eq:
      stack[top - 2] = stack[top] === stack[top - 2] && stack[top + 1] === stack[top - 1] ? 1 : 0;
      stack[top - 1] = 0;
      break;
    case OPCODE.split:
      stack[top + 2] = stack[top]!;
      stack[top] = stack[top + 1]!;
      stack[top + 1] = 0;
      stack[top + 3] = 0;
      break;
    case OPCODE.lt:
    case OPCODE.and:
    case OPCODE.xor: {
      if ((stack[top + 1]! | stack[top - 1]!) !== 0) return CAUSE.notU32;
      const a = stack[top]!;
      const b = stack[top - 2]!;
      stack[top - 2] = opcode === OPCODE.lt ? (a < b ? 1 : 0) : opcode === OPCODE.and ? a & b : a ^ b;
      break;
    }
    case OPCODE.log2Floor:
      if (stack[top + 1] !== 0) return CAUSE.notU32;
      if (stack[top] === 0) return CAUSE.logarithmOfZero;
      stack[top] = 31 - Math.clz32(stack[top]!);
      break;
    case OPCODE.popCount: {
      if (stack[top + 1] !== 0) return CAUSE.notU32;
      let ones = 0;
      for (let rest = stack[top]!; rest !== 0; rest = (rest & (rest - 1)) >>> 0) ones++;
      stack[top] = ones;
      break;
    }
    case OPCODE.divMod: {
      if ((stack[top + 1]! | stack[top - 1]!) !== 0) return CAUSE.notU32;
      const denominator = stack[top - 2]!;
      if (denominator === 0) return CAUSE.divisionByZero;
      const numerator = stack[top]!;
      stack[top - 2] = Math.floor(numerator / denominator);
      stack[top] = numerator % denominator;
      break;
    }
    default: {
      const cause = perform(core, opcode, top, argument);
      if (cause !== 0) return cause;
    }
  }
  core.ipLow = next;
  core.size = after;
  if (after < core.lowestSize) core.lowestSize = after;
  return 0;
}

/** The instructions that are rarer, or longer. As {@link step}, but for the instruction pointer and the size of the stack. */
function perform(core: Core, opcode: number, top: number, argument: number): number {
  const { stack } = core;
  switch (opcode) {
    case OPCODE.divine:
      if (core.secretLength - core.secretPosition < argument) return CAUSE.secretExhausted;
      pushStream(core, SECRET_BASE + 8 * core.secretPosition, top, argument);
      core.secretPosition += argument;
      return 0;
    case OPCODE.readIo:
      if (core.inputLength - core.inputPosition < argument) return CAUSE.inputExhausted;
      pushStream(core, INPUT_BASE + 8 * core.inputPosition, top, argument);
      core.inputPosition += argument;
      return 0;
    case OPCODE.writeIo: {
      if (core.outputLength + argument > STREAM_ELEMENTS) return CAUSE.outputFull;
      const to = OUTPUT_BASE + 8 * core.outputLength;
      core.memory.prepareWrite(to + 8 * argument - 1, 1);
      for (let i = 0; i < argument; i++) {
        core.memory.storeWord(to + 8 * i, stack[top - 2 * i]!);
        core.memory.storeWord(to + 8 * i + 4, stack[top - 2 * i + 1]!);
      }
      core.outputLength += argument;
      return 0;
    }
    case OPCODE.readMem:
      return readMemory(core, top, argument);
    case OPCODE.writeMem:
      return writeMemory(core, top, argument);
    case OPCODE.pow:
      if (stack[top - 1] !== 0) return CAUSE.notU32;
      raise(stack, top, stack[top - 2]!);
      return 0;
    case OPCODE.invert:
      if ((stack[top]! | stack[top + 1]!) === 0) return CAUSE.inverseOfZero;
      fromElement(inverse(toElement(stack[top]!, stack[top + 1]!)));
      stack[top] = result[0]!;
      stack[top + 1] = result[1]!;
      return 0;
    case OPCODE.xxAdd:
      for (let i = 0; i < 3; i++) {
        const at = top - 2 * i;
        addWords(stack[at]!, stack[at + 1]!, stack[at - 6]!, stack[at - 5]!);
        stack[at - 6] = result[0]!;
        stack[at - 5] = result[1]!;
      }
      return 0;
    case OPCODE.xxMul:
      multiplyExtension(stack, top);
      return 0;
    case OPCODE.xbMul:
      for (let i = 1; i <= 3; i++) {
        const at = top - 2 * i;
        multiplyWords(stack[top]!, stack[top + 1]!, stack[at]!, stack[at + 1]!);
        stack[at] = result[0]!;
        stack[at + 1] = result[1]!;
      }
      return 0;
    case OPCODE.xInvert:
      return invertExtension(core, top);
    case OPCODE.bHornerStep:
      hornerStep(core, top, 1);
      return 0;
    case OPCODE.xHornerStep:
      hornerStep(core, top, 3);
      return 0;
    default:
      return hash(core, opcode, top);
  }
}

function pushStream(core: Core, from: number, top: number, count: number): void {
  for (let i = 0; i < count; i++) {
    core.stack[top + 2 * (i + 1)] = core.memory.loadWord(from + 8 * i);
    core.stack[top + 2 * (i + 1) + 1] = core.memory.loadWord(from + 8 * i + 4);
  }
}

function readMemory(core: Core, top: number, count: number): number {
  const { stack, memory, ram } = core;
  let low = stack[top]!;
  let high = stack[top + 1]!;
  for (let i = 0; i < count; i++) {
    const at = ram.find(low, high);
    stack[top + 2 * i] = at < 0 ? 0 : memory.loadWord(at);
    stack[top + 2 * i + 1] = at < 0 ? 0 : memory.loadWord(at + 4);
    subtractWords(low, high, 1, 0);
    low = result[0]!;
    high = result[1]!;
  }
  stack[top + 2 * count] = low;
  stack[top + 2 * count + 1] = high;
  return 0;
}

function writeMemory(core: Core, top: number, count: number): number {
  const { stack, memory, ram } = core;
  const low = stack[top]!;
  const high = stack[top + 1]!;
  // All places first, so that a trap or running out of memory leaves every element as it was.
  const places: number[] = [];
  for (let i = 0; i < count; i++) {
    addWords(low, high, i, 0);
    const at = ram.claim(result[0]!, result[1]!);
    if (at < 0) return CAUSE.ramFull;
    places.push(at);
  }
  for (let i = 0; i < count; i++) {
    const from = top - 2 * (i + 1);
    memory.storeWord(places[i]!, stack[from]!);
    memory.storeWord(places[i]! + 4, stack[from + 1]!);
  }
  addWords(low, high, count, 0);
  stack[top - 2 * count] = result[0]!;
  stack[top - 2 * count + 1] = result[1]!;
  return 0;
}

/** st1 becomes st0 to the power of `exponent`. */
function raise(stack: Uint32Array, top: number, exponent: number): void {
  let low = 1;
  let high = 0;
  for (let bit = 31; bit >= 0; bit--) {
    multiplyWords(low, high, low, high);
    if ((exponent >>> bit) & 1) multiplyWords(result[0]!, result[1]!, stack[top]!, stack[top + 1]!);
    low = result[0]!;
    high = result[1]!;
  }
  stack[top - 2] = low;
  stack[top - 1] = high;
}
