import {
  Memory,
  RecordingAccess,
  Snapshot,
  type AccessLog,
  type Halt,
  type Machine,
  type ProgramImage,
  type WordAccess,
} from '@commute/machine';

/*
 * A machine of our own for the top of a stack: a tape of 65,536 bytes and seven instructions, after Urban
 * Müller's language of 1993 (without its input). Its state is memory from 0x90000000 on:
 *
 *   0x90000000  index of the next instruction, of the present cell, halted, length of the output, length of the code
 *   0x90010000  the code, a word each: a character, and for a bracket its partner's index times 256
 *   0x90020000  the tape
 *   0x90030000  the output
 *
 * The same step in C, for the fast machine below, is tools/guests/tape/step.c.
 */
const INSTRUCTION = 0x9000_0000;
const CELL = 0x9000_0004;
const HALTED = 0x9000_0008;
const OUTPUT_LENGTH = 0x9000_000c;
const CODE_LENGTH = 0x9000_0010;
const CODE = 0x9001_0000;
const CODE_WORDS = 16_384;
const TAPE = 0x9002_0000;
const TAPE_BYTES = 65_536;
const OUTPUT = 0x9003_0000;
const OUTPUT_BYTES = 65_536;

/** One step, written once for the machine and for its access log. */
export function tapeStep(access: WordAccess): void {
  if (access.loadWord(HALTED) !== 0) return;
  const at = access.loadWord(INSTRUCTION);
  if (at >= access.loadWord(CODE_LENGTH) || at >= CODE_WORDS) {
    access.storeWord(HALTED, 1);
    return;
  }
  const word = access.loadWord(CODE + 4 * at);
  const cell = access.loadWord(CELL);
  const address = TAPE + (cell % TAPE_BYTES);
  let next = at + 1;
  switch (String.fromCharCode(word & 255)) {
    case '+':
      storeByte(access, address, loadByte(access, address) + 1);
      break;
    case '-':
      storeByte(access, address, loadByte(access, address) - 1);
      break;
    case '>':
      access.storeWord(CELL, (cell + 1) % TAPE_BYTES);
      break;
    case '<':
      access.storeWord(CELL, (cell + TAPE_BYTES - 1) % TAPE_BYTES);
      break;
    case '.': {
      const length = access.loadWord(OUTPUT_LENGTH);
      if (length >= OUTPUT_BYTES) break;
      storeByte(access, OUTPUT + length, loadByte(access, address));
      access.storeWord(OUTPUT_LENGTH, length + 1);
      break;
    }
    case '[':
      if (loadByte(access, address) === 0) next = (word >>> 8) + 1;
      break;
    case ']':
      if (loadByte(access, address) !== 0) next = (word >>> 8) + 1;
      break;
  }
  access.storeWord(INSTRUCTION, next);
}

function loadByte(access: WordAccess, address: number): number {
  return (access.loadWord(address - (address % 4)) >>> (8 * (address % 4))) & 255;
}

function storeByte(access: WordAccess, address: number, value: number): void {
  const shift = 8 * (address % 4);
  const word = access.loadWord(address - (address % 4));
  access.storeWord(address - (address % 4), (word & ~(255 << shift)) | ((value & 255) << shift));
}

/** Finds the partners of brackets; characters that are no instruction are left out. */
export function tapeProgram(source: string): ProgramImage {
  const code = Array.from(source).filter((character) => '+-<>.[]'.includes(character));
  const words = new Uint32Array(code.length);
  const open: number[] = [];
  code.forEach((character, at) => {
    words[at] = character.charCodeAt(0);
    if (character === '[') open.push(at);
    if (character !== ']') return;
    const partner = open.pop();
    if (partner === undefined) throw new Error(`source: expected [ before ], got ] at instruction ${String(at)}`);
    words[at] = ']'.charCodeAt(0) + 256 * partner;
    words[partner] = '['.charCodeAt(0) + 256 * at;
  });
  if (open.length > 0 || code.length > CODE_WORDS)
    throw new Error('source: expected closed brackets and 16384 instructions at most');
  return {
    entry: INSTRUCTION,
    segments: [
      { address: CODE_LENGTH, bytes: new Uint8Array(Uint32Array.of(code.length).buffer) },
      { address: CODE, bytes: new Uint8Array(words.buffer) },
    ],
  };
}

/** The tape machine. */
export class TapeMachine implements Machine {
  readonly name = 'tape';
  readonly supports = { accessLog: true, clockInState: false } as const;
  readonly memory: Memory = new Memory();

  get halt(): Halt | undefined {
    return this.memory.loadWord(HALTED) === 0 ? undefined : { kind: 'exit', code: 0 };
  }

  load(program: ProgramImage): void {
    this.memory.restore(Snapshot.empty());
    for (const { address, bytes } of program.segments) this.memory.write(address, bytes);
  }

  run(limit: number): number {
    let executed = 0;
    while (executed < limit && this.halt === undefined) {
      tapeStep(this.memory);
      executed++;
    }
    return executed;
  }

  advance(count: number): void {
    this.run(count);
  }

  sync(): void {
    // All of the state is in the memory at any time.
  }

  snapshot(): Snapshot {
    return this.memory.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.memory.restore(snapshot);
  }

  root(): Uint8Array {
    return this.memory.root();
  }

  output(): Uint8Array {
    return this.memory.read(OUTPUT, Math.min(this.memory.loadWord(OUTPUT_LENGTH), OUTPUT_BYTES));
  }

  logStep(): AccessLog {
    const access = new RecordingAccess(this.memory);
    tapeStep(access);
    return access.log;
  }
}
