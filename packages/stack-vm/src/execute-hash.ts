/**
 * The instructions that hash, on pairs of words.
 *
 * @module
 */
import { CAUSE } from './causes.ts';
import type { Core } from './core.ts';
import { OPCODE } from './instructions.ts';
import { DIGEST_BASE } from './layout.ts';
import { DIGEST_LENGTH, RATE, STATE_SIZE } from './tip5-constants.ts';
import { permute } from './tip5.ts';
import { addWords, move, result } from './words.ts';

const BLOCK = new Uint32Array(2 * STATE_SIZE);

/** Executes one of the instructions that hash, all of it but for the instruction pointer and the size of the stack. Returns the cause of a trap, or 0. */
export function hash(core: Core, opcode: number, top: number): number {
  const { stack, sponge } = core;
  switch (opcode) {
    case OPCODE.hash:
      for (let i = 0; i < RATE; i++) setBlock(i, stack, top - 2 * i);
      compress();
      // The digest's first element goes on top, which is five below the present one.
      for (let i = 0; i < DIGEST_LENGTH; i++) getBlock(i, stack, top - 2 * DIGEST_LENGTH - 2 * i);
      return 0;
    case OPCODE.spongeInit:
      sponge.fill(0);
      core.spongeReady = 1;
      return 0;
    case OPCODE.merkleStep:
      if (stack[top - 9] !== 0) return CAUSE.notU32;
      if (core.digestPosition >= core.digestCount) return CAUSE.digestsExhausted;
      merkleStep(core, top, (i) => DIGEST_BASE + 8 * (DIGEST_LENGTH * core.digestPosition + i));
      core.digestPosition++;
      return 0;
    case OPCODE.merkleStepMem:
      if (stack[top - 9] !== 0) return CAUSE.notU32;
      merkleStep(core, top, (i) => {
        addWords(stack[top - 14]!, stack[top - 13]!, i, 0);
        return core.ram.find(result[0]!, result[1]!);
      });
      move(stack, top - 14, DIGEST_LENGTH);
      return 0;
  }
  if (core.spongeReady === 0) return CAUSE.spongeUninitialized;
  switch (opcode) {
    case OPCODE.spongeAbsorb:
      for (let i = 0; i < RATE; i++) {
        sponge[2 * i] = stack[top - 2 * i]!;
        sponge[2 * i + 1] = stack[top - 2 * i + 1]!;
      }
      permute(sponge);
      return 0;
    case OPCODE.spongeAbsorbMem:
      for (let i = 0; i < RATE; i++) {
        addWords(stack[top]!, stack[top + 1]!, i, 0);
        const at = core.ram.find(result[0]!, result[1]!);
        sponge[2 * i] = at < 0 ? 0 : core.memory.loadWord(at);
        sponge[2 * i + 1] = at < 0 ? 0 : core.memory.loadWord(at + 4);
      }
      for (let i = 0; i < 4; i++) {
        stack[top - 2 - 2 * i] = sponge[2 * i]!;
        stack[top - 1 - 2 * i] = sponge[2 * i + 1]!;
      }
      move(stack, top, RATE);
      permute(sponge);
      return 0;
    case OPCODE.spongeSqueeze:
      for (let i = 0; i < RATE; i++) {
        stack[top + 2 * (RATE - i)] = sponge[2 * i]!;
        stack[top + 2 * (RATE - i) + 1] = sponge[2 * i + 1]!;
      }
      permute(sponge);
  }
  return 0;
}

/** Element i of the block from the element at `at`. */
function setBlock(i: number, from: Uint32Array, at: number): void {
  BLOCK[2 * i] = from[at]!;
  BLOCK[2 * i + 1] = from[at + 1]!;
}

/** The element at `at` from element i of the block. */
function getBlock(i: number, to: Uint32Array, at: number): void {
  to[at] = BLOCK[2 * i]!;
  to[at + 1] = BLOCK[2 * i + 1]!;
}

/** Hashes the ten elements of the block. */
function compress(): void {
  for (let i = RATE; i < STATE_SIZE; i++) {
    BLOCK[2 * i] = 1;
    BLOCK[2 * i + 1] = 0;
  }
  permute(BLOCK);
}

function merkleStep(core: Core, top: number, siblingAt: (i: number) => number): void {
  const { stack, memory } = core;
  const index = stack[top - 10]!;
  const isRight = index & 1;
  for (let i = 0; i < DIGEST_LENGTH; i++) {
    setBlock(i + DIGEST_LENGTH * isRight, stack, top - 2 * i);
    const at = siblingAt(i);
    const sibling = 2 * (i + DIGEST_LENGTH * (1 - isRight));
    BLOCK[sibling] = at < 0 ? 0 : memory.loadWord(at);
    BLOCK[sibling + 1] = at < 0 ? 0 : memory.loadWord(at + 4);
  }
  compress();
  for (let i = 0; i < DIGEST_LENGTH; i++) getBlock(i, stack, top - 2 * i);
  stack[top - 10] = index >>> 1;
}
