import { FIELD, STATE_PAGE } from '@commute/fast-vm';
import { Snapshot, type Memory } from '@commute/machine';
import { randomInstruction, type StreamOptions } from './random-instruction.ts';
import type { Random } from './random.ts';

/** Where RAM, the device and other areas begin and end, and where programs usually lie. */
const PLACES = [
  0x0000_0000, 0x0000_1000, 0x0001_0000, 0x0200_0000, 0x0200_4000, 0x0200_c000, 0x0200_bff8, 0x8000_0000, 0x9000_0000,
  0xbfff_f000, 0xc000_0000, 0xd000_0000, 0xe000_0000, 0xe100_0000, 0xe234_5000, 0xf000_0000, 0xff00_0000, 0x1_0000_0000,
];
/** Doublewords that are half RAM. */
const EDGES = [0x01ff_fffc, 0x0200_bffc, 0xbfff_fffc, 0xe0ff_fffc, 0xefff_fffc];
/** Registers of the timer device. */
const DEVICE = [0x0200_0000, 0x0200_4000, 0x0200_4004, 0x0200_bff8, 0x0200_bffc];
/** Where code is put most of the time, with the chance that it can run for a while. */
const CODE = [
  0x0000_0000, 0x0001_0000, 0x0200_0000, 0x0200_c000, 0x8000_0000, 0xbfff_f000, 0xc000_0000, 0xe100_0000, 0xf000_0000,
];
/** Where most of it is RAM. */
const SAFE_CODE = [0x0000_0000, 0x0001_0000, 0x0200_c000, 0x8000_0000, 0xbfff_e000, 0xe100_0000];
/** Where data is put most of the time. */
const DATA = [0x0002_0000, 0x8000_0100, 0x8001_0000, 0xe200_0000, 0xbfff_e000];
const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  31n,
  32n,
  63n,
  64n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  2n ** 63n,
];
const HOST_CALLS = [63, 63, 63, 63, 64, 64, 64, 64, 93, 94, 214, 214, 0, 4096];

/** Makes the state one of a machine that interprets another, in the midst of a step or just before it is cleaned. */
function addPeriod(random: Random, word: (offset: number, value: number) => void): void {
  if (random.once(2)) {
    word(FIELD.log2Period, 31);
    word(FIELD.clock, random.below(2 ** 31 - 1000));
    return;
  }
  const log2Period = 1 + random.below(31);
  word(FIELD.log2Period, log2Period);
  word(FIELD.clock, Math.max(0, 2 ** log2Period - 1 - random.below(4)));
  word(FIELD.halted, 1 + random.below(2));
}

/** A random state that a step is defined for, with code at pc and data where registers point. Made in `memory`. */
export function randomState(random: Random, memory: Memory): Snapshot {
  memory.restore(Snapshot.empty(memory.hasher));
  const user = random.once(2);
  const wild = random.once(4);
  const word = (offset: number, value: number): void => {
    memory.storeWord(STATE_PAGE + offset, value);
  };
  const field = (offset: number, value: bigint): void => {
    word(offset, Number(value & 0xffff_ffffn));
    word(offset + 4, Number((value >> 32n) & 0xffff_ffffn));
  };

  const data: number[] = wild
    ? [random.pick(PLACES), random.pick(PLACES), 0x8001_0000, 0x0002_0000]
    : [random.pick(DATA), random.pick(DATA), random.once(4) ? random.pick(PLACES) : 0x8001_0000];
  const address = (): bigint => (random.once(16) ? BigInt(random.pick(DEVICE)) : anywhere());
  const anywhere = (): bigint => BigInt(random.pick(data) + random.below(65) - 32) & (2n ** 64n - 1n);
  const value = (): bigint => {
    const chance = random.below(8);
    if (chance < 3) return address();
    if (chance === 3) return random.pick(NUMBERS);
    if (chance === 4) return -random.pick(NUMBERS) & (2n ** 64n - 1n);
    if (chance === 5) return BigInt.asUintN(64, BigInt.asIntN(32, random.long()));
    if (chance === 6) return BigInt(random.below(2048));
    return random.long() >> BigInt(random.once(2) ? random.below(64) : 0);
  };

  for (let i = 1; i < 32; i++)
    field(8 * i, i === 2 || (i >= 8 && i < 16 && !random.once(3)) ? address() & ~(random.once(2) ? 7n : 0n) : value());
  const callsHost = user && random.once(4);
  if (callsHost) {
    const number = random.pick(HOST_CALLS);
    const most = random.pick([3, 40, 1100, 2 ** 32]);
    field(8 * 17, BigInt(number));
    field(
      8 * 10,
      number === 214 ? (random.once(2) ? value() : 0xb000_0001n - BigInt(random.below(3))) : BigInt(random.below(4)),
    );
    field(8 * 11, address());
    field(8 * 12, BigInt(random.below(most)));
  }

  const codeAt = callsHost
    ? 0x0003_0000
    : Math.max(
        0,
        (wild ? random.pick(CODE) : random.pick(SAFE_CODE)) +
          (random.once(wild ? 2 : 6) ? 2 * random.below(32) - 32 : 256),
      );
  field(FIELD.pc, random.once(200) ? value() & ~1n : BigInt(codeAt));
  const time = random.once(8)
    ? random.once(2)
      ? 2n ** 64n - 2n
      : 2n ** 32n - BigInt(random.below(8))
    : BigInt(random.below(1e6));
  field(FIELD.time, time);
  if (random.once(2)) field(FIELD.cycleOffset, random.once(2) ? random.long() : BigInt(random.below(2)));
  if (random.once(2)) field(FIELD.instretOffset, random.once(2) ? random.long() : BigInt(random.below(2)));
  if (random.once(50)) {
    word(FIELD.halted, 1 + random.below(2));
    word(FIELD.haltCode, random.below(256));
  }
  if (random.once(10)) addPeriod(random, word);
  word(FIELD.personality, user ? 1 : 0);
  word(FIELD.reservationValid, random.below(2));
  const inputLength = random.pick([0, 5, 1000, 3000]);
  const input = new Uint8Array(inputLength).map(() => random.word());
  memory.write(0xc000_0000, input);
  word(FIELD.inputLength, inputLength);
  word(FIELD.inputPosition, random.below(inputLength + 1));
  word(FIELD.outputLength, random.pick([0, 1, 1023, 2 ** 28, 2 ** 28 - 1, 2 ** 28 - 500]));
  word(FIELD.errorLength, random.pick([0, 0, 1, 2 ** 24, 2 ** 24 - 1, 2 ** 24 - 500]));
  const brkStart = random.pick([0, 0x1000, 0xa000_0000]);
  word(FIELD.brkStart, brkStart);
  word(FIELD.brk, Math.min(0xb000_0000, brkStart + random.below(0x1000_0000)));
  const tohost = random.once(8)
    ? BigInt(random.pick(EDGES))
    : random.once(4)
      ? value()
      : address() & ~(random.once(4) ? 0n : 7n);
  if (!user && random.once(2)) {
    field(FIELD.tohost, tohost);
    if (random.once(2)) field(8 * 9, tohost);
  }
  if (!user && random.once(2)) field(8 * 8, BigInt(random.pick(DEVICE)));
  const reservation = address() & ~(random.once(8) ? 0n : 7n);
  field(FIELD.reservationAddress, random.once(16) ? reservation | (1n << 32n) : reservation);
  if (random.once(2)) field(8 * 10, reservation);
  word(FIELD.mstatus, 0x1800 | (random.word() & 0x88));
  field(FIELD.mtvec, (random.once(2) ? value() : BigInt(codeAt)) & ~2n);
  word(FIELD.mie, random.word() & 0x888);
  field(FIELD.mscratch, value());
  field(FIELD.mepc, (random.once(2) ? value() : BigInt(codeAt)) & ~1n);
  field(FIELD.mcause, random.once(2) ? value() : BigInt(random.below(12)));
  field(FIELD.mtval, value());
  word(FIELD.mcountinhibit, random.once(2) ? random.word() & 5 : 0);
  field(FIELD.mtimecmp, random.once(2) ? 2n ** 64n - 1n : (time + BigInt(random.below(40)) - 10n) & (2n ** 64n - 1n));
  word(FIELD.msip, random.once(4) ? 1 : 0);

  fill(random, memory, data);
  if (random.once(2) && isRam(Number(tohost)) && isRam(Number(tohost) + 7) && tohost % 4n === 0n) {
    // What a store to the lower bytes turns into a byte of output.
    memory.storeWord(Number(tohost) + 4, 0x0101_0000);
    memory.storeWord(Number(tohost), random.word() & ~1);
  }
  if (callsHost) memory.write(codeAt, Uint8Array.of(0x73, 0, 0, 0));
  writeCode(random, memory, callsHost ? codeAt + 4 : codeAt, { user, wild });
  return memory.snapshot();
}

/** Random bytes around places in RAM. */
function fill(random: Random, memory: Memory, places: readonly number[]): void {
  for (const place of places) {
    for (let at = place - 128; at < place + 128; at += 4)
      if (isRam(at)) memory.storeWord(at, random.once(3) ? 0 : random.word());
  }
}

function writeCode(random: Random, memory: Memory, from: number, options: StreamOptions): void {
  const storeHalf = (at: number, half: number): void => {
    if (!isRam(at)) return;
    memory.storeByte(at, half & 255);
    memory.storeByte(at + 1, (half >> 8) & 255);
  };
  for (let at = from; at < from + 256;) {
    const { bits, bytes } = randomInstruction(random, options);
    storeHalf(at, bits);
    if (bytes === 4) storeHalf(at + 2, bits >>> 16);
    at += bytes;
  }
}

function isRam(address: number): boolean {
  return (address >= 0 && address < 0xc000_0000) || (address >= 0xe100_0000 && address < 0xf000_0000);
}
