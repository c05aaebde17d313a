import { BaseError, assertInteger } from '@commute/errors';
import {
  Memory,
  Snapshot,
  keccak256,
  regionContains,
  zeroRegionRoot,
  type Hasher,
  type PristineRegion,
  type ProgramImage,
} from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD, MICRO_REGION, PROGRAM_BASE } from './layout.ts';
import { assertEntry, copySegments } from './load.ts';

/** Options of {@link microPristine}. */
export interface MicroPristineOptions {
  /** a: the state is cleaned at each multiple of 2^a steps; 1 to 31. */
  readonly log2Period: number;
  /** x2 at the start of each period; 0xFFFF_F000, almost the end of Q, unless told. */
  readonly stackPointer?: number;
  /** The hash under roots; keccak256 unless told. */
  readonly hasher?: Hasher;
}

/**
 * The pristine state Q\* that starts `program`, which lies in Q, at each multiple of 2^a steps.
 *
 * @param program - all segments from {@link PROGRAM_BASE} on; the entry is a multiple of 4.
 * @throws BaseError `MICRO_RISCV_PROGRAM` for a program that does not lie there, `MICRO_RISCV_PERIOD_RANGE`.
 * @example
 * ```ts
 * import { Snapshot } from '@commute/machine';
 * import { MICRO_REGION, PROGRAM_BASE, createMicroRiscv, microPristine } from '@commute/micro-riscv';
 * const code = new Uint8Array([0x93, 0x08, 0xd0, 0x05, 0x73, 0x00, 0x00, 0x00]); // li a7, 93; ecall
 * const program = { entry: PROGRAM_BASE, segments: [{ address: PROGRAM_BASE, bytes: code }] };
 * const pristine = microPristine(program, { log2Period: 10 });
 * const machine = createMicroRiscv({ pristine });
 * machine.restore(Snapshot.empty().withRegion(MICRO_REGION, pristine.content));
 * const before = machine.root();
 * machine.advance(1024);
 * if (machine.root().join() !== before.join()) throw new Error('the state is pristine again');
 * ```
 */
export function microPristine(program: ProgramImage, options: MicroPristineOptions): Required<PristineRegion> {
  const { log2Period, stackPointer = 0xffff_f000, hasher = keccak256 } = options;
  assertInteger('MICRO_RISCV_PERIOD_RANGE', 'log2Period', log2Period, 1, 31);
  assertInteger('MICRO_RISCV_PROGRAM', 'stackPointer', stackPointer, 0, 2 ** 32 - 1);
  assertEntry(program);
  for (const { address } of program.segments) {
    if (address >= PROGRAM_BASE) continue;
    throw new BaseError(
      'MICRO_RISCV_PROGRAM',
      `segments: expected addresses from 0xff001000 on, got 0x${address.toString(16)}`,
      { address },
    );
  }
  const memory = new Memory({ hasher, maximumPages: 4096 });
  copySegments(memory, program);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.registers + 8, stackPointer);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.pc, program.entry);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.log2Period, log2Period);
  const content = memory.snapshot();
  return { region: MICRO_REGION, root: content.regionRoot(MICRO_REGION), content };
}

/** Q when no pristine state is given: zero, which no program can run in. */
export function zeroPristine(hasher: Hasher): Required<PristineRegion> {
  return { region: MICRO_REGION, root: zeroRegionRoot(hasher, MICRO_REGION.log2Size), content: Snapshot.empty(hasher) };
}

/** Throws unless a machine can clean with these regions. */
export function assertRegions(hasher: Hasher, pristine: PristineRegion, upperRegions: readonly PristineRegion[]): void {
  const { base, log2Size } = pristine.region;
  if (base !== MICRO_REGION.base || log2Size !== MICRO_REGION.log2Size) {
    fail('pristine', 'the region 0xff000000 of 2^24 bytes', `base ${String(base)} and log2Size ${String(log2Size)}`);
  }
  assertContent(hasher, 'pristine', pristine);
  upperRegions.forEach((upper, i) => {
    const name = `upperRegions[${String(i)}]`;
    if (regionContains(upper.region, MICRO_REGION.base) || regionContains(MICRO_REGION, upper.region.base)) {
      fail(name, 'a region outside 0xff000000 to 0xffffffff', `base ${String(upper.region.base)}`);
    }
    assertContent(hasher, name, upper);
  });
}

function assertContent(hasher: Hasher, name: string, { region, root, content }: PristineRegion): void {
  if (content === undefined) fail(name, 'its content', 'only its root');
  if (content.hasher.name !== hasher.name) fail(name, `content hashed with ${hasher.name}`, content.hasher.name);
  const found = content.regionRoot(region);
  if (found.length !== root.length || found.some((byte, i) => byte !== root[i])) {
    fail(name, 'the root of its content', 'another root');
  }
}

function fail(name: string, expected: string, got: string): never {
  throw new BaseError('MICRO_RISCV_REGION', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
}
