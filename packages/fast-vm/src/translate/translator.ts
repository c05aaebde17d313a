import { hasCode } from '@commute/errors';
import {
  compile,
  createTable,
  instantiate,
  type FunctionTable,
  type HostFunction,
  type LinearMemory,
} from '@commute/wasm';
import { PAGE_BITS, type FrameSpace, type Memory } from '@commute/machine';
import { execute } from '../execute.ts';
import { FIELD } from '../layout.ts';
import { EVENT_ENTRY, EVENT_NONE, PC, type Hart } from '../hart.ts';
import { emitRegion } from './emit-region.ts';
import { collectRegion, type Region } from './region.ts';
import {
  COPIED_WORDS,
  JUMPS,
  JUMP_COUNT,
  REASON,
  REASON_BUDGET,
  REASON_STOP,
  REGISTERS,
  LARGE_WINDOWS,
  SMALL_WINDOWS,
  createSpace,
  type Windows,
} from './space.ts';
import { structureOf, type Structure } from './structure.ts';

/** When to translate, and what. In steps, where nothing else is said. */
export interface TranslatorSettings {
  /** For fewer steps than this the interpreter does it all. */
  readonly minimumBudget: number;
  /** Steps of the interpreter before the hottest code is looked for, and between two looks. */
  readonly slice: number;
  /** Steps before the first look. */
  readonly warmUp: number;
  /** Steps that translated code executes before it returns: the host puts quicker code in its place only then. */
  readonly turn: number;
  /** Most steps followed one by one to find a loop. */
  readonly trace: number;
  /** How often a program may leave for the same address before that is translated too. */
  readonly hotExits: number;
  /** What translating an instruction costs, in steps of the interpreter. */
  readonly cost: number;
  /** Most instructions of a region. */
  readonly maximumInstructions: number;
  /** Most regions until all are given up; at most 2^15. */
  readonly maximumRegions: number;
}

const DEFAULT_SETTINGS: TranslatorSettings = {
  minimumBudget: 8192,
  slice: 50_000,
  warmUp: 3_000_000,
  turn: 2_000_000,
  trace: 512,
  hotExits: 64,
  cost: 150,
  maximumInstructions: 2000,
  maximumRegions: 2048,
};

/** Addresses that are remembered for what they were: programs may go to any number of them. */
const MAXIMUM_NOTED = 4096;

/**
 * Why a machine translates nothing any more.
 *
 * - `webassembly-missing`: the host has none.
 * - `memory-refused`: the host has no room for the memory of translated code, or does not allow it.
 * - `module-refused`: the host does not compile a module, for instance since a content security policy forbids it.
 */
export type FallbackReason = 'webassembly-missing' | 'memory-refused' | 'module-refused';

/** That a machine translates nothing any more and interprets everything. */
export interface Fallback {
  readonly reason: FallbackReason;
  /** What the host said, for people. */
  readonly detail: string;
}

/** What a translator did so far. */
export interface TranslationStatistics {
  /** Steps that were executed as translated code. */
  readonly steps: number;
  /** Modules that were compiled. */
  readonly modules: number;
  /** Why nothing is translated any more; undefined while hot code is. */
  readonly fallback: Fallback | undefined;
}

/** A region in which so few steps are executed at a time is given up. */
const POOR_STEPS = 30;
const POOR_VISITS = 2000;

interface Translated {
  readonly index: number;
  readonly run: (entry: number, budget: number) => number;
  /** Addresses of its entries, by number. */
  readonly entries: readonly number[];
  /** First and last byte of its instructions on each page. */
  readonly pages: ReadonlyMap<number, { from: number; to: number }>;
  visits: number;
  steps: number;
}

/** The linear memory and the table that translated code of one machine shares. */
interface Room {
  readonly windows: Windows;
  readonly linear: LinearMemory;
  readonly table: FunctionTable;
}

/**
 * Executes instructions as the interpreter does, hot ones as translated code.
 *
 * Nothing here is part of the state. The interpreter runs what is cold; where it comes by an entry of translated code,
 * it stops, and the code goes on.
 */
export class Translator {
  readonly #hart: Hart;
  readonly #memory: Memory;
  readonly #settings: TranslatorSettings;
  readonly #copied: Int32Array;
  readonly #onFallback: ((fallback: Fallback) => void) | undefined;
  /** Steps that were executed as translated code so far. */
  steps = 0;
  /** Modules that were compiled so far. */
  modules = 0;
  /** Why nothing is translated any more. */
  fallback: Fallback | undefined = undefined;
  #room: Room | undefined;
  /** Views of the linear memory, replaced when it has grown. */
  #buffer: ArrayBufferLike | undefined;
  #registers: Int32Array = new Int32Array(0);
  #words: Int32Array = new Int32Array(0);
  readonly #regions = new Map<number, Translated>();
  readonly #regionsOfPage = new Map<number, Set<Translated>>();
  readonly #entries = new Map<number, number>();
  readonly #exits = new Map<number, number>();
  readonly #refused = new Set<number>();
  #nextIndex = 1;
  /** Steps of the interpreter that have not been spent on translating. */
  #credit: number;
  #untilLook: number;
  /** Where the program went by jumps while it is followed. */
  #trace: { readonly seen: Set<number>; root: number | undefined; left: number } | undefined = undefined;
  /** Whether the next instruction has to be interpreted, since translated code stopped there. */
  #isStuck = false;

  constructor(hart: Hart, settings: Partial<TranslatorSettings> = {}, onFallback?: (fallback: Fallback) => void) {
    this.#hart = hart;
    this.#onFallback = onFallback;
    this.#settings = { ...DEFAULT_SETTINGS, ...settings };
    this.#credit = -this.#settings.warmUp;
    this.#untilLook = this.#settings.slice;
    this.#memory = hart.memory;
    this.#copied = hart.x.subarray(0, COPIED_WORDS);
    hart.cache.onChange = this.#changed;
    // Before anything runs: to move pages later costs their copies, and hosts compile the interpreter's loop anew for it.
    this.#enter(SMALL_WINDOWS);
  }

  /** Executes up to `budget` instructions, with the contract of the interpreter's `execute`. */
  execute(budget: number): void {
    const hart = this.#hart;
    const { minimumBudget, slice, trace } = this.#settings;
    if (budget < minimumBudget || this.fallback !== undefined || this.#memory.journaling) {
      execute(hart, budget);
      return;
    }
    let left = budget;
    hart.executed = 0;
    // As soon as a program asks for so much memory, and not when it has touched it: its pages are copied.
    if (this.#room?.windows === SMALL_WINDOWS && this.#neededWindows() !== SMALL_WINDOWS) this.#begin(LARGE_WINDOWS);
    const interpret = (steps: number, marked: boolean): boolean => {
      try {
        execute(hart, steps, marked);
      } finally {
        left -= hart.executed;
        hart.executed = budget - left;
      }
      return hart.event === EVENT_NONE;
    };
    while (left > 0) {
      if (left < minimumBudget) {
        interpret(left, false);
        return;
      }
      const before = left;
      if (this.#trace !== undefined) {
        const { x } = hart;
        const from = x[PC]! >>> 0;
        const isQuiet = interpret(1, false);
        if (!isQuiet) return;
        this.#follow(from, x[PC]! >>> 0, x[PC + 1] === 0);
        continue;
      }
      // In one piece where no look is due: hosts make an interpreter quick that runs for long.
      const isQuiet = interpret(Math.min(left, Math.max(slice, -this.#credit)), true);
      this.#credit += before - left;
      this.#untilLook -= before - left;
      if (this.#untilLook <= 0 && this.#credit > 0) {
        this.#untilLook = slice;
        this.#trace = { seen: new Set(), root: undefined, left: trace };
      }
      if (hart.event === EVENT_ENTRY) {
        hart.event = EVENT_NONE;
        left = this.#runTranslated(hart.eventImmediate, left, budget);
        if (this.#isStuck && left > 0 && !interpret(1, false)) return;
      } else if (!isQuiet) {
        return;
      }
    }
  }

  /** Runs translated code from an entry on, as long as it goes from entry to entry. */
  #runTranslated(entry: number, left: number, budget: number): number {
    const hart = this.#hart;
    const { x } = hart;
    const { minimumBudget } = this.#settings;
    this.#look();
    this.#isStuck = false;
    for (;;) {
      const region = this.#regions.get(entry >>> 16)!;
      this.#registers.set(this.#copied);
      const turn = Math.min(left, this.#settings.turn);
      const executed = turn - region.run(entry & 0xffff, turn);
      left -= executed;
      this.#copied.set(this.#registers);
      hart.executed = budget - left;
      const reason = this.#words[REASON >> 2]!;
      region.visits++;
      region.steps += executed;
      this.steps += executed;
      if (reason === REASON_STOP || executed === 0) {
        this.#isStuck = true;
        if (reason === REASON_STOP) this.#judge(region);
        return left;
      }
      if (left < minimumBudget) return left;
      const next = x[PC + 1] === 0 ? this.#entries.get(x[PC]! >>> 0) : undefined;
      if (next === undefined) {
        if (reason !== REASON_BUDGET) {
          this.#judge(region);
          this.#noteExit(x[PC]! >>> 0);
        }
        return left;
      }
      entry = next;
    }
  }

  #noteExit(pc: number): void {
    const count = (this.#exits.get(pc) ?? 0) + 1;
    if (this.#exits.size >= MAXIMUM_NOTED) this.#exits.clear();
    this.#exits.set(pc, count);
    if (count < this.#settings.hotExits || this.#credit < 0) return;
    this.#exits.delete(pc);
    this.#translate(pc);
  }

  #refuse(pc: number): void {
    if (this.#refused.size >= MAXIMUM_NOTED) this.#refused.clear();
    this.#refused.add(pc);
  }

  #judge(region: Translated): void {
    if (region.visits < POOR_VISITS) return;
    if (region.steps < POOR_STEPS * region.visits) {
      for (const pc of region.entries) this.#refuse(pc);
      this.#drop(region);
    }
    region.visits = 0;
    region.steps = 0;
  }

  /** Follows the program step by step until it comes to an address twice by going back: there a loop begins. */
  #follow(before: number, after: number, isLow: boolean): void {
    const trace = this.#trace!;
    const isJump = isLow && (after <= before || after > before + 4);
    if (isJump && after <= before && trace.seen.has(after)) {
      this.#trace = undefined;
      this.#translate(after);
      return;
    }
    if (isJump) {
      trace.seen.add(after);
      trace.root ??= after;
    }
    trace.left--;
    if (trace.left > 0) return;
    this.#trace = undefined;
    this.#translate(trace.root ?? after);
  }

  #translate(root: number): void {
    if (this.fallback !== undefined || this.#refused.has(root)) return;
    const windows = this.#neededWindows();
    if (this.#room?.windows !== windows && !this.#begin(windows)) return;
    if (this.#nextIndex >= this.#settings.maximumRegions) this.#clear();
    const hart = this.#hart;
    const { maximumInstructions, slice, cost } = this.#settings;
    const region = collectRegion(hart.cache, root, maximumInstructions);
    this.#credit = Math.min(this.#credit, slice) - cost * region.instructionCount;
    if (region.instructionCount < 2) {
      // Not for good where it only has not been executed yet.
      if (region.blocks.size > 0) this.#refuse(root);
      return;
    }
    const structure = structureOf(region);
    const index = this.#nextIndex++;
    const run = this.#compile(region, structure, index, windows);
    if (run === undefined) return;
    const entries = structure.entries.map((node) => node.block.pc);
    const translated: Translated = {
      index,
      run,
      entries,
      pages: pagesOf(region),
      visits: 0,
      steps: 0,
    };
    this.#regions.set(index, translated);
    for (const page of translated.pages.keys()) {
      const there = this.#regionsOfPage.get(page);
      if (there === undefined) this.#regionsOfPage.set(page, new Set([translated]));
      else there.add(translated);
    }
    this.#look();
    entries.forEach((pc, number) => {
      const entry = (index << 16) | number;
      this.#entries.set(pc, entry);
      hart.cache.mark(pc, entry);
      const slot = slotOf(pc);
      this.#words[slot] = pc;
      this.#words[slot + 1] = entry;
    });
  }

  /** The function of a region, in the table of regions; undefined, and nothing is translated any more, if the host refuses. */
  #compile(region: Region, structure: Structure, index: number, windows: Windows): Translated['run'] | undefined {
    const { linear, table } = this.#room!;
    const module = emitRegion(region, structure, index, this.#hart.user, windows, table.length);
    try {
      const { run } = instantiate(compile(module), { machine: { memory: linear, regions: table } });
      table.set(index, run as HostFunction);
      this.modules++;
      return run as Translated['run'];
    } catch (error) {
      // Whatever the host has against it: it accepted the same kind of module elsewhere.
      this.#fallBack('module-refused', error);
      return undefined;
    }
  }

  /** Interprets everything from now on. */
  #fallBack(reason: FallbackReason, error: unknown): void {
    this.#clear();
    this.fallback = { reason, detail: String(error) };
    this.#onFallback?.(this.fallback);
  }

  /** Windows in which what the program has lies, as far as may be; never smaller than those that there are. */
  #neededWindows(): Windows {
    const isSmall = this.#room?.windows !== LARGE_WINDOWS && this.#hart.x[FIELD.brk / 4]! >>> 0 <= SMALL_WINDOWS.lowEnd;
    return isSmall ? SMALL_WINDOWS : LARGE_WINDOWS;
  }

  /** Makes room for translated code; false, and nothing is translated any more, if the host does not allow it. */
  #begin(windows: Windows): boolean {
    if (this.#room !== undefined) this.#clear();
    const refusal = this.#enter(windows);
    if (refusal !== undefined) this.#fallBack(refusal.reason, refusal.error);
    return refusal === undefined;
  }

  /** Moves the memory's pages to where translated code reaches them; says why not where that is not possible. */
  #enter(windows: Windows): { readonly reason: FallbackReason; readonly error: unknown } | undefined {
    let space: FrameSpace;
    let table: FunctionTable;
    try {
      space = createSpace(windows);
      table = this.#room?.table ?? createTable(this.#settings.maximumRegions);
    } catch (error) {
      // Hosts refuse with errors of several kinds, and nothing else can fail here.
      return { reason: hasCode(error, 'WASM_HOST') ? 'webassembly-missing' : 'memory-refused', error };
    }
    try {
      this.#memory.moveTo(space);
    } catch (error) {
      if (!hasCode(error, 'MACHINE_MEMORY_EXHAUSTED')) throw error;
      return { reason: 'memory-refused', error };
    }
    this.#room = { linear: space.linear, table, windows };
    return undefined;
  }

  #look(): void {
    const { buffer } = this.#room!.linear;
    if (buffer === this.#buffer) return;
    this.#buffer = buffer;
    this.#registers = new Int32Array(buffer, REGISTERS, COPIED_WORDS);
    this.#words = new Int32Array(buffer, 0, (JUMPS + 8 * JUMP_COUNT) / 4);
  }

  /** Gives up what was translated from instructions that are no longer there. */
  readonly #changed = (address: number, length: number): void => {
    if (length === 2 ** 32) {
      this.#clear();
      return;
    }
    // A whole page is another program's, or another state's: what was not worth it there may be here.
    if (length >= 4094) this.#refused.clear();
    const page = address >>> PAGE_BITS;
    const offset = address & 4095;
    for (const region of this.#regionsOfPage.get(page) ?? []) {
      const { from, to } = region.pages.get(page)!;
      if (offset <= to && offset + length > from) this.#drop(region);
    }
  };

  #drop(region: Translated): void {
    this.#look();
    this.#regions.delete(region.index);
    for (const page of region.pages.keys()) this.#regionsOfPage.get(page)!.delete(region);
    region.entries.forEach((pc, number) => {
      const entry = (region.index << 16) | number;
      this.#hart.cache.unmark(pc, entry);
      if (this.#entries.get(pc) === entry) this.#entries.delete(pc);
      const slot = slotOf(pc);
      if (this.#words[slot + 1] === entry) this.#words[slot + 1] = 0;
    });
  }

  #clear(): void {
    for (const region of [...this.#regions.values()]) this.#drop(region);
    this.#regionsOfPage.clear();
    this.#exits.clear();
    this.#refused.clear();
    this.#nextIndex = 1;
  }
}

function slotOf(pc: number): number {
  return (JUMPS >> 2) + 2 * ((pc >>> 1) & (JUMP_COUNT - 1));
}

function pagesOf({ blocks }: Region): Map<number, { from: number; to: number }> {
  const pages = new Map<number, { from: number; to: number }>();
  const note = (address: number): void => {
    const page = address >>> PAGE_BITS;
    const offset = address & 4095;
    const known = pages.get(page);
    if (known === undefined) pages.set(page, { from: offset, to: offset });
    else {
      known.from = Math.min(known.from, offset);
      known.to = Math.max(known.to, offset);
    }
  };
  for (const { instructions } of blocks.values()) {
    for (const { pc } of instructions) {
      note(pc);
      note((pc + 3) % 2 ** 32);
    }
  }
  return pages;
}
