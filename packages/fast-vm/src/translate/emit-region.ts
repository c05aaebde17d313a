import { i32, i64, ModuleBuilder, type FunctionBuilder, type Label } from '@commute/wasm';
import { lengthOf } from '../decode.ts';
import { FIELD } from '../layout.ts';
import { emitInstruction } from './emit-instruction.ts';
import { emitResolve } from './emit-address.ts';
import { Frame } from './frame.ts';
import type { Block, Instruction, Region } from './region.ts';
import {
  JUMP_COUNT,
  JUMPS,
  REASON,
  REASON_BUDGET,
  REASON_JUMP,
  REASON_STOP,
  REGISTERS,
  type Windows,
} from './space.ts';
import { looksAtBudget, type Node, type Structure } from './structure.ts';

/** Parameters and results of the function of every region. */
export const SIGNATURE = { parameters: ['i32', 'i32'], results: ['i32'] } as const;

const JUMP_MASK = (JUMP_COUNT - 1) * 8;

/**
 * Translates a region into the bytes of a module with one function, `run(entry, budget)`, which executes instructions from an entry on and
 * returns what is left of the budget.
 *
 * Registers are locals; they are read from the state page's words when the function is entered and written back when it
 * is left. It never executes more than `budget` instructions. It returns before an instruction that it cannot execute, and
 * all registers are then those before that instruction.
 *
 * @param index - 1 to 2^16 - 1: where the function is put in the table of regions.
 * @param user - whether the personality is the user's.
 * @param windows - those of the memory that the code is for.
 * @param tableSize - entries of the table of regions.
 */
export function emitRegion(
  region: Region,
  structure: Structure,
  index: number,
  user: boolean,
  windows: Windows,
  tableSize: number,
): Uint8Array {
  const module = new ModuleBuilder();
  module.importMemory('machine', 'memory', { initial: 1 });
  const table = module.importTable('machine', 'regions', tableSize);
  const resolve = emitResolve(module, user);
  module.function(
    'run',
    SIGNATURE.parameters,
    SIGNATURE.results,
    (f, entry, left) => {
      const frame = new Frame(f, left, resolve, user, windows, registersOf(region));
      frame.loadRegisters();
      f.block((exit) => {
        frame.exit = exit;
        f.loop((dispatch) => {
          new Emitter(frame, structure, entry, dispatch, index).all();
        });
      });
      frame.storeRegisters();
      f.do(i64.store(0, frame.pc, REGISTERS + FIELD.pc));
      f.do(i32.store(0, frame.reason, REASON));
      // Other regions are entered at once.
      f.if(i32.eq(frame.reason, REASON_JUMP), () => {
        const slot = f.let(slotOf(frame));
        const found = f.let(i32.load(slot, JUMPS + 4));
        f.if(i32.and(i64.eq(i64.load32_u(slot, JUMPS), frame.pc), i32.ne(found, 0)), () => {
          f.returnCallIndirect(table, SIGNATURE, i32.shr_u(found, 16), i32.and(found, 0xffff), left);
        });
      });
      return left;
    },
    { export: true },
  );
  return module.toBytes();
}

/** Where the entry for the address in `frame.pc` would stand in the table of jumps. */
function slotOf(frame: Frame): ReturnType<typeof i32.and> {
  return i32.and(i32.shl(i32.wrap_i64(frame.pc), 2), JUMP_MASK);
}

/** Which registers instructions read or write: bit i for register i. What is written is read too, when the function is entered. */
function registersOf({ blocks }: Region): { readonly read: number; readonly written: number } {
  let read = 0;
  let written = 0;
  for (const { instructions } of blocks.values()) {
    for (const { word } of instructions) {
      const code = word & 255;
      const isBranch = code >= 8 && code <= 13;
      const isStore = code >= 21 && code <= 24;
      const hasNoSource = code >= 4 && code <= 6;
      const hasTwoSources =
        isBranch || isStore || (code >= 34 && code <= 43) || (code >= 48 && code <= 52) || code >= 55;
      const rd = (word >>> 9) & 63;
      if (!hasNoSource) read |= 1 << ((word >>> 17) & 31);
      if (hasTwoSources) read |= 1 << ((word >>> 23) & 31);
      if (!isBranch && !isStore && rd < 32) written |= 1 << rd;
    }
  }
  return { read: (read | written) & ~1, written: written & ~1 };
}

class Emitter {
  readonly #frame: Frame;
  readonly #f: FunctionBuilder<readonly ['i32']>;
  readonly #structure: Structure;
  readonly #entry: Frame['reason'];
  readonly #dispatch: Label;
  readonly #index: number;
  readonly #loops = new Map<Node, Label>();
  readonly #blocks = new Map<Node, Label>();
  /** What is to be written next, the last first. */
  readonly #waiting: (() => void)[] = [];

  constructor(frame: Frame, structure: Structure, entry: Frame['reason'], dispatch: Label, index: number) {
    this.#frame = frame;
    this.#f = frame.f;
    this.#structure = structure;
    this.#entry = entry;
    this.#dispatch = dispatch;
    this.#index = index;
  }

  /** Writes all blocks. What is still to be written waits in a list: regions are nested deeper than calls may be. */
  all(): void {
    const { entries, merges } = this.#structure;
    this.#within(merges, () => {
      const labels = entries.map((node) => this.#blocks.get(node)!);
      this.#f.branchTable(this.#entry, labels, labels[0]!);
    });
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) next();
  }

  /** Writes `inner`, then the blocks of `merges` from the last to the first, each of which can be branched to before. */
  #within(merges: readonly Node[], inner: () => void): void {
    const f = this.#f;
    for (const node of merges) {
      const label = f.begin('block');
      this.#blocks.set(node, label);
      this.#waiting.push(() => {
        f.end(label);
        this.#tree(node);
      });
    }
    this.#waiting.push(inner);
  }

  #tree(node: Node): void {
    const f = this.#f;
    if (node.isLoop) {
      const label = f.begin('loop');
      this.#loops.set(node, label);
      this.#waiting.push(() => {
        f.end(label);
      });
    }
    this.#within(node.merges, () => {
      this.#node(node);
    });
  }

  #node(node: Node): void {
    const frame = this.#frame;
    const f = this.#f;
    const { block } = node;
    const count = block.instructions.length;
    if (looksAtBudget(node)) {
      f.if(i32.lt_s(frame.left, node.bound), () => {
        this.#leave(REASON_BUDGET, block.pc);
      });
    }
    if (count > 0) f.set(frame.left, i32.sub(frame.left, count));
    block.instructions.forEach((instruction, index) => {
      frame.begin(instruction.pc, count - index);
      emitInstruction(frame, instruction);
    });
    this.#end(node, block);
  }

  #end(node: Node, block: Block): void {
    const { end } = block;
    const frame = this.#frame;
    const f = this.#f;
    switch (end.kind) {
      case 'stop':
        this.#leave(REASON_STOP, end.pc);
        return;
      case 'jump':
        this.#goTo(node, end.target);
        return;
      case 'branch': {
        const label = f.begin('if', frame.condition(block.instructions.at(-1)!.word));
        this.#waiting.push(() => {
          f.end(label);
          this.#goTo(node, end.next);
        });
        this.#goTo(node, end.taken);
        return;
      }
      case 'indirect':
        this.#goToRegister(block.instructions.at(-1)!);
    }
  }

  #goToRegister({ pc, word, immediate }: Instruction): void {
    const frame = this.#frame;
    const f = this.#f;
    f.set(frame.pc, i64.and(i64.add(frame.read((word >>> 17) & 31), BigInt(immediate)), -2n));
    frame.write((word >>> 9) & 63, i64.const(BigInt(pc + lengthOf(word))));
    const { word1: slot, word2: found } = frame;
    f.set(slot, slotOf(frame));
    f.set(found, i32.load(slot, JUMPS + 4));
    const isHere = i32.and(i64.eq(i64.load32_u(slot, JUMPS), frame.pc), i32.eq(i32.shr_u(found, 16), this.#index));
    f.if(isHere, () => {
      f.set(this.#entry, i32.and(found, 0xffff));
      f.branch(this.#dispatch);
    });
    f.set(frame.reason, REASON_JUMP);
    f.branch(frame.exit!);
  }

  #goTo(source: Node, pc: number): void {
    const f = this.#f;
    const target = this.#structure.nodeAt(pc);
    if (target === undefined) {
      this.#leave(REASON_JUMP, pc);
    } else if (target.order > source.order) {
      if (target.isMerge) f.branch(this.#blocks.get(target)!);
      else this.#tree(target);
    } else if (this.#structure.dominates(target, source)) {
      f.branch(this.#loops.get(target)!);
    } else {
      f.set(this.#entry, target.entry);
      f.branch(this.#dispatch);
    }
  }

  #leave(reason: number, pc: number): void {
    const frame = this.#frame;
    this.#f.set(frame.pc, i64.const(BigInt.asUintN(64, BigInt(pc))));
    this.#f.set(frame.reason, reason);
    this.#f.branch(frame.exit!);
  }
}
