import {
  auipc,
  branchInstructions,
  call,
  DATA,
  ecall,
  fence,
  immediateInstructions,
  jal,
  jalr,
  li,
  loadInstructions,
  lui,
  multiplyInstructions,
  registerInstructions,
  storeInstructions,
  TEXT,
} from './assemble.ts';

const { addi, slti, sltiu, xori, ori, andi, slli, srli, srai } = immediateInstructions as Record<
  string,
  (typeof immediateInstructions)[string]
>;
const { beq, bne, blt, bge, bltu, bgeu } = branchInstructions;
const { lb, lh, lw, lbu, lhu } = loadInstructions;
const { sb, sh, sw } = storeInstructions;

/** Bytes of data that programs below read. */
export const data: Uint8Array = Uint8Array.from([0x80, 0x7f, 0xff, 0x01, 0xfe, 0x34, 0x12, 0x90]);

/** Every instruction of RV32I with results that differ from simpler ones, then exit 7. */
export function everyInstruction(): number[] {
  const words = [
    ...li(1, 0x8000_0005),
    ...li(2, 0x7fff_fff3),
    addi!(3, 0, -3),
    auipc(4, 0x1000),
    fence,
    // A jump over an instruction, and one to a register with the lowest bit set.
    jal(5, 8),
    0,
    auipc(6, 0),
    jalr(7, 6, 13),
    0,
  ];
  for (const instruction of Object.values(registerInstructions)) words.push(instruction(8, 1, 2), instruction(9, 3, 1));
  words.push(slti!(8, 1, -5), sltiu!(8, 1, 5), xori!(8, 1, -7), ori!(8, 2, 0x555), andi!(8, 1, -16));
  words.push(
    slli!(8, 1, 0),
    slli!(8, 1, 31),
    srli!(8, 1, 1),
    srai!(8, 1, 31),
    srai!(8, 2, 4),
    srli!(0, 1, 3),
    srai!(8, 1, 0),
  );
  for (const branch of [beq, bne, blt, bge, bltu, bgeu]) {
    // Taken or not, both lead to the instruction after the next.
    words.push(
      branch!(1, 2, 8),
      addi!(10, 10, 1),
      branch!(1, 1, 8),
      addi!(10, 10, 2),
      branch!(2, 1, 8),
      addi!(10, 10, 3),
    );
  }
  words.push(lui(11, DATA), lui(12, TEXT));
  words.push(
    lb!(13, 11, 0),
    lb!(13, 11, 1),
    lh!(13, 11, 2),
    lh!(13, 11, 1),
    lw!(13, 11, 4),
    lbu!(13, 11, 3),
    lhu!(13, 11, 6),
  );
  words.push(lb!(13, 12, 3), lhu!(13, 12, 1), lw!(14, 12, 4), lw!(0, 11, 0));
  words.push(sb!(1, 11, 1), sb!(3, 11, 3), sh!(2, 11, 5), sh!(1, 11, 0), sw!(2, 11, 8), lw!(15, 11, 8));
  words.push(...call(93, 7));
  return words;
}

/** Every instruction of the extension M, on operands of every sign, on 0 and on what overflows; then exit 0. */
export function everyProduct(): number[] {
  const words = [...li(1, 0x8000_0000), ...li(2, -1), ...li(3, 0x7fff_fff1), addi!(4, 0, -7), addi!(5, 0, 2)];
  for (const instruction of Object.values(multiplyInstructions)) {
    for (const [rs1, rs2] of [
      [1, 2],
      [4, 5],
      [3, 4],
      [4, 0],
      [2, 2],
      [5, 3],
    ] as const) {
      words.push(instruction(8, rs1, rs2));
    }
  }
  words.push(multiplyInstructions['div']!(0, 1, 2));
  return [...words, ...call(93, 0)];
}

/** Every load and store that crosses from one word to the next, of data and of text; then exit 0. */
export function everyCrossing(): number[] {
  const words = [...li(1, DATA), ...li(2, TEXT), ...li(3, 0x8192_a3b4), addi!(4, 0, 0x77)];
  for (const base of [1, 2]) {
    for (const offset of [1, 2, 3, 5]) words.push(lw!(8, base, offset));
    for (const offset of [3, 7]) words.push(lh!(8, base, offset), lhu!(8, base, offset));
  }
  for (const source of [3, 4]) {
    for (const offset of [1, 2, 3, 6]) words.push(sw!(source, 1, offset), lw!(8, 1, offset - 1));
    words.push(sh!(source, 1, 3), lh!(9, 1, 3), lhu!(9, 1, 3), sh!(source, 1, 11), lw!(0, 1, 9));
  }
  return [...words, ...call(93, 0)];
}

/** Host calls of every kind; reads 9 bytes of `input` or more, or all of 19 bytes, and exits with 9. */
export function everyHostCall(toTheEnd = false): number[] {
  const again = (): number[] => [...li(10, 0), ecall];
  const textByte = TEXT + 1;
  return [
    ...call(63, 3, DATA, 4),
    ...call(63, 0, DATA + 8, 0),
    ...call(63, 0, DATA + 8, 3),
    ...call(63, 0, DATA + 9, 8),
    ...call(63, 0, DATA + 9, 8),
    ...call(63, 0, DATA + 13, 8),
    ...call(63, 0, DATA + 16, 8),
    ...call(63, 0, 0xff00_0004, 4),
    ...call(63, 0, DATA + 20, 9),
    ...again(),
    ...(toTheEnd
      ? [
          ...call(63, 0, DATA + 24, 9),
          ...call(63, 0, DATA + 25, 2),
          ...call(63, 0, DATA + 25, 200),
          ...again(),
          ...again(),
        ]
      : []),
    ...call(64, 2, DATA, 77),
    ...call(64, 5, DATA, 4),
    ...call(64, 1, DATA, 0),
    ...call(64, 1, DATA + 8, 9),
    ...call(64, 1, DATA + 8, 9),
    ...call(64, 1, DATA + 8, 2),
    ...call(64, 1, textByte, 1),
    ...call(64, 1, 0xff00_0fff, 1),
    ...call(214, 0),
    ...call(214, 0x5_0000),
    ...call(214, 0xb000_0001),
    ...call(4096, 0),
    ...call(17, 1),
    ...call(94, 0x309),
  ];
}
