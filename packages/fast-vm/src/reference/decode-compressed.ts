import { bits, signed, type Operation } from './operation.ts';

const SP = 2;
const RA = 1;

/**
 * Takes a 16-bit instruction apart; undefined if it is illegal.
 *
 * The bits of immediates are listed in the order in which they stand in the instruction, as in the tables of volume I,
 * version 20191213, section 16.8.
 */
export function decodeCompressed(i: number): Operation | undefined {
  const funct3 = bits(i, 15, 13);
  const rd = bits(i, 11, 7);
  const rs2 = bits(i, 6, 2);
  const rdShort = 8 + bits(i, 9, 7);
  const rs2Short = 8 + bits(i, 4, 2);
  const make = (name: string, fields: Partial<Operation>): Operation => ({
    name,
    rd: 0,
    rs1: 0,
    rs2: 0,
    immediate: 0n,
    ...fields,
  });
  const plain = signed(
    gather(i, [
      [12, 5],
      [6, 4],
      [5, 3],
      [4, 2],
      [3, 1],
      [2, 0],
    ]),
    6,
  );
  const offsetW = BigInt(
    gather(i, [
      [12, 5],
      [11, 4],
      [10, 3],
      [6, 2],
      [5, 6],
    ]),
  );
  const offsetD = BigInt(
    gather(i, [
      [12, 5],
      [11, 4],
      [10, 3],
      [6, 7],
      [5, 6],
    ]),
  );
  const shift = BigInt.asUintN(6, plain);

  switch (bits(i, 1, 0) * 8 + funct3) {
    case 0: {
      const places: Place[] = [
        [12, 5],
        [11, 4],
        [10, 9],
        [9, 8],
        [8, 7],
        [7, 6],
        [6, 2],
        [5, 3],
      ];
      const immediate = gather(i, places);
      if (immediate === 0) return undefined;
      return make('addi', { rd: rs2Short, rs1: SP, immediate: BigInt(immediate) });
    }
    case 2:
      return make('lw', { rd: rs2Short, rs1: rdShort, immediate: offsetW });
    case 3:
      return make('ld', { rd: rs2Short, rs1: rdShort, immediate: offsetD });
    case 6:
      return make('sw', { rs1: rdShort, rs2: rs2Short, immediate: offsetW });
    case 7:
      return make('sd', { rs1: rdShort, rs2: rs2Short, immediate: offsetD });

    case 8:
      return make('addi', { rd, rs1: rd, immediate: plain });
    case 9:
      return rd === 0 ? undefined : make('addiw', { rd, rs1: rd, immediate: plain });
    case 10:
      return make('addi', { rd, rs1: 0, immediate: plain });
    case 11: {
      if (rd !== SP) return plain === 0n ? undefined : make('lui', { rd, immediate: plain * 4096n });
      const immediate = signed(
        gather(i, [
          [12, 9],
          [6, 4],
          [5, 6],
          [4, 8],
          [3, 7],
          [2, 5],
        ]),
        10,
      );
      return immediate === 0n ? undefined : make('addi', { rd: SP, rs1: SP, immediate });
    }
    case 12: {
      const both = { rd: rdShort, rs1: rdShort };
      switch (bits(i, 11, 10)) {
        case 0:
          return make('srli', { ...both, immediate: shift });
        case 1:
          return make('srai', { ...both, immediate: shift });
        case 2:
          return make('andi', { ...both, immediate: plain });
        default: {
          const names = ['sub', 'xor', 'or', 'and', 'subw', 'addw'];
          const name = names[bits(i, 12, 12) * 4 + bits(i, 6, 5)];
          return name === undefined ? undefined : make(name, { ...both, rs2: rs2Short });
        }
      }
    }
    case 13: {
      const places: Place[] = [
        [12, 11],
        [11, 4],
        [10, 9],
        [9, 8],
        [8, 10],
        [7, 6],
        [6, 7],
        [5, 3],
        [4, 2],
        [3, 1],
        [2, 5],
      ];
      return make('jal', { immediate: signed(gather(i, places), 12) });
    }
    case 14:
    case 15: {
      const places: Place[] = [
        [12, 8],
        [11, 4],
        [10, 3],
        [6, 7],
        [5, 6],
        [4, 2],
        [3, 1],
        [2, 5],
      ];
      const immediate = signed(gather(i, places), 9);
      return make(funct3 === 6 ? 'beq' : 'bne', { rs1: rdShort, immediate });
    }

    case 16:
      return make('slli', { rd, rs1: rd, immediate: shift });
    case 18: {
      if (rd === 0) return undefined;
      const immediate = BigInt(
        gather(i, [
          [12, 5],
          [6, 4],
          [5, 3],
          [4, 2],
          [3, 7],
          [2, 6],
        ]),
      );
      return make('lw', { rd, rs1: SP, immediate });
    }
    case 19: {
      if (rd === 0) return undefined;
      const immediate = BigInt(
        gather(i, [
          [12, 5],
          [6, 4],
          [5, 3],
          [4, 8],
          [3, 7],
          [2, 6],
        ]),
      );
      return make('ld', { rd, rs1: SP, immediate });
    }
    case 20:
      if (bits(i, 12, 12) === 0) {
        if (rs2 !== 0) return make('add', { rd, rs1: 0, rs2 });
        return rd === 0 ? undefined : make('jalr', { rd: 0, rs1: rd });
      }
      if (rs2 !== 0) return make('add', { rd, rs1: rd, rs2 });
      return rd === 0 ? make('ebreak', {}) : make('jalr', { rd: RA, rs1: rd });
    case 22: {
      const immediate = BigInt(
        gather(i, [
          [12, 5],
          [11, 4],
          [10, 3],
          [9, 2],
          [8, 7],
          [7, 6],
        ]),
      );
      return make('sw', { rs1: SP, rs2, immediate });
    }
    case 23: {
      const immediate = BigInt(
        gather(i, [
          [12, 5],
          [11, 4],
          [10, 3],
          [9, 8],
          [8, 7],
          [7, 6],
        ]),
      );
      return make('sd', { rs1: SP, rs2, immediate });
    }
    default:
      return undefined;
  }
}

/** A bit of the instruction and the bit of the immediate that it is. */
type Place = readonly [from: number, to: number];

function gather(i: number, places: readonly Place[]): number {
  return places.reduce((sum, [from, to]) => sum + bits(i, from, from) * 2 ** to, 0);
}
