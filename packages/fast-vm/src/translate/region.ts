import { PAGE_BITS, PAGE_BYTES } from '@commute/machine';
import type { CodeCache } from '../code-cache.ts';
import { lengthOf } from '../decode.ts';
import { CODE_UNDECODED } from '../instructions.ts';

/** A decoded instruction; `word` and `immediate` as in `decode.ts`. */
export interface Instruction {
  readonly pc: number;
  readonly word: number;
  readonly immediate: number;
}

/** How a block ends. Targets are addresses, which may lie outside of the address space. */
export type End =
  /** The last instruction is a branch. */
  | { readonly kind: 'branch'; readonly taken: number; readonly next: number }
  /** The last instruction is `jal`, or any that is followed by the target. */
  | { readonly kind: 'jump'; readonly target: number }
  /** The last instruction is `jalr`. */
  | { readonly kind: 'indirect' }
  /** The instruction after the block is one that is not translated. */
  | { readonly kind: 'stop'; readonly pc: number };

/** Instructions that are executed one after the other, from the first on. */
export interface Block {
  readonly pc: number;
  readonly instructions: readonly Instruction[];
  readonly end: End;
}

/** Blocks that belong together, by their addresses; the first is the root's. */
export interface Region {
  readonly blocks: ReadonlyMap<number, Block>;
  /** Addresses that programs come to by `jalr`: where calls return to, besides the root. */
  readonly entries: readonly number[];
  readonly instructionCount: number;
}

const LAST_BRANCH = 13;
const FIRST_BRANCH = 8;
const JUMP = 6;
const INDIRECT = 7;
const LAST_TRANSLATED = 67;
const FIRST_ATOMIC = 80;

/** Whether an instruction with this dispatch number is translated; `lr` to `amomaxu` are. */
function isTranslated(code: number): boolean {
  return (code >= 4 && code <= LAST_TRANSLATED) || code >= FIRST_ATOMIC;
}

/**
 * Collects what can be reached from `root` without leaving code that has been executed before, calls and the places they
 * return to included; the nearest first.
 *
 * @param limit - most instructions.
 */
export function collectRegion(cache: CodeCache, root: number, limit: number): Region {
  const found = new Map<number, Instruction | null>();
  const leaders = new Set<number>([root]);
  const entries = new Set<number>([root]);
  const queue = [root];
  const lead = (pc: number): void => {
    if (leaders.has(pc)) return;
    leaders.add(pc);
    queue.push(pc);
  };
  for (let next = 0; next < queue.length && found.size < limit; next++) {
    let pc = queue[next]!;
    for (;;) {
      if (found.has(pc)) {
        // Reached from before too, where halves of instructions are executed as others: its code is written once.
        leaders.add(pc);
        break;
      }
      const instruction = found.size < limit ? decodedAt(cache, pc) : undefined;
      if (instruction === undefined) break;
      const { word, immediate } = instruction;
      const code = word & 255;
      if (!isTranslated(code)) {
        found.set(pc, null);
        break;
      }
      found.set(pc, instruction);
      const after = pc + lengthOf(word);
      if (code >= FIRST_BRANCH && code <= LAST_BRANCH) {
        lead(pc + immediate);
        lead(after);
        break;
      }
      if (code === JUMP) {
        lead(pc + immediate);
        if (isCall(word)) {
          entries.add(after);
          lead(after);
        }
        break;
      }
      if (code === INDIRECT) {
        if (isCall(word)) {
          entries.add(after);
          lead(after);
        }
        break;
      }
      pc = after;
    }
  }
  const blocks = new Map<number, Block>();
  let instructionCount = 0;
  for (const leader of leaders) {
    const block = blockFrom(leader, found, leaders);
    if (block === undefined) continue;
    blocks.set(leader, block);
    instructionCount += block.instructions.length;
  }
  return { blocks, entries: [...entries].filter((pc) => blocks.has(pc)), instructionCount };
}

/** Whether a jump notes where to return to. */
function isCall(word: number): boolean {
  const rd = (word >>> 8) & 255;
  return rd === 2 || rd === 10;
}

function blockFrom(
  leader: number,
  found: ReadonlyMap<number, Instruction | null>,
  leaders: ReadonlySet<number>,
): Block | undefined {
  if (!found.has(leader)) return undefined;
  const instructions: Instruction[] = [];
  let pc = leader;
  for (;;) {
    const instruction = found.get(pc);
    if (instruction === null) return { pc: leader, instructions, end: { kind: 'stop', pc } };
    if (instruction === undefined || (pc !== leader && leaders.has(pc))) {
      return { pc: leader, instructions, end: { kind: 'jump', target: pc } };
    }
    instructions.push(instruction);
    const { word, immediate } = instruction;
    const code = word & 255;
    const after = pc + lengthOf(word);
    if (code >= FIRST_BRANCH && code <= LAST_BRANCH) {
      // Both ways of a branch to the next instruction are one: code that two edges go to is written for each of them.
      if (pc + immediate === after) return { pc: leader, instructions, end: { kind: 'jump', target: after } };
      return { pc: leader, instructions, end: { kind: 'branch', taken: pc + immediate, next: after } };
    }
    if (code === JUMP) return { pc: leader, instructions, end: { kind: 'jump', target: pc + immediate } };
    if (code === INDIRECT) return { pc: leader, instructions, end: { kind: 'indirect' } };
    pc = after;
  }
}

/** The instruction at an address, if it has been executed before. */
function decodedAt(cache: CodeCache, pc: number): Instruction | undefined {
  if (pc < 0 || pc >= 2 ** 32) return undefined;
  const page = cache.known(pc >>> PAGE_BITS);
  if (page === undefined) return undefined;
  const at = pc & (PAGE_BYTES - 2);
  const { code, marked } = page;
  if ((code[at]! & 255) !== CODE_UNDECODED) return { pc, word: code[at]!, immediate: code[at + 1]! };
  // Where an entry is marked, `code` has the instruction.
  if (marked === undefined || (marked[at]! & 255) === CODE_UNDECODED) return undefined;
  return { pc, word: marked[at]!, immediate: marked[at + 1]! };
}
