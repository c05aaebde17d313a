import { bits, signed, type Operation } from './operation.ts';

const LOADS = ['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu', undefined];
const STORES = ['sb', 'sh', 'sw', 'sd', undefined, undefined, undefined, undefined];
const BRANCHES = ['beq', 'bne', undefined, undefined, 'blt', 'bge', 'bltu', 'bgeu'];
const IMMEDIATES = ['addi', undefined, 'slti', 'sltiu', 'xori', undefined, 'ori', 'andi'];
const REGISTERS = ['add', 'sll', 'slt', 'sltu', 'xor', 'srl', 'or', 'and'];
const MULTIPLIES = ['mul', 'mulh', 'mulhsu', 'mulhu', 'div', 'divu', 'rem', 'remu'];
const MULTIPLIES_WORD = ['mulw', undefined, undefined, undefined, 'divw', 'divuw', 'remw', 'remuw'];
const CSRS = [undefined, 'csrrw', 'csrrs', 'csrrc', undefined, 'csrrwi', 'csrrsi', 'csrrci'];
const ATOMICS: Readonly<Record<number, string>> = {
  0b00010: 'lr',
  0b00011: 'sc',
  0b00001: 'amoswap',
  0b00000: 'amoadd',
  0b00100: 'amoxor',
  0b01100: 'amoand',
  0b01000: 'amoor',
  0b10000: 'amomin',
  0b10100: 'amomax',
  0b11000: 'amominu',
  0b11100: 'amomaxu',
};

/** Takes a 32-bit instruction apart; undefined if it is illegal whatever the personality. */
export function decodeFull(i: number): Operation | undefined {
  const funct3 = bits(i, 14, 12);
  const funct7 = bits(i, 31, 25);
  const rd = bits(i, 11, 7);
  const rs1 = bits(i, 19, 15);
  const rs2 = bits(i, 24, 20);
  const make = (name: string | undefined, immediate = 0n): Operation | undefined =>
    name === undefined ? undefined : { name, rd, rs1, rs2, immediate };
  const immediateI = signed(bits(i, 31, 20), 12);

  switch (bits(i, 6, 0)) {
    case 0b0110111:
      return make('lui', signed(bits(i, 31, 12) * 4096, 32));
    case 0b0010111:
      return make('auipc', signed(bits(i, 31, 12) * 4096, 32));
    case 0b1101111:
      return make(
        'jal',
        signed(
          bits(i, 31, 31) * 2 ** 20 + bits(i, 19, 12) * 2 ** 12 + bits(i, 20, 20) * 2 ** 11 + bits(i, 30, 21) * 2,
          21,
        ),
      );
    case 0b1100111:
      return make(funct3 === 0 ? 'jalr' : undefined, immediateI);
    case 0b1100011:
      return make(
        BRANCHES[funct3],
        signed(bits(i, 31, 31) * 2 ** 12 + bits(i, 7, 7) * 2 ** 11 + bits(i, 30, 25) * 2 ** 5 + bits(i, 11, 8) * 2, 13),
      );
    case 0b0000011:
      return make(LOADS[funct3], immediateI);
    case 0b0100011:
      return make(STORES[funct3], signed(funct7 * 32 + rd, 12));
    case 0b0010011: {
      const shift = BigInt(bits(i, 25, 20));
      const funct6 = bits(i, 31, 26);
      if (funct3 === 1) return make(funct6 === 0 ? 'slli' : undefined, shift);
      if (funct3 === 5) return make(funct6 === 0 ? 'srli' : funct6 === 0b010000 ? 'srai' : undefined, shift);
      return make(IMMEDIATES[funct3], immediateI);
    }
    case 0b0011011:
      if (funct3 === 0) return make('addiw', immediateI);
      if (funct3 === 1) return make(funct7 === 0 ? 'slliw' : undefined, BigInt(rs2));
      if (funct3 === 5) {
        return make(funct7 === 0 ? 'srliw' : funct7 === 0b0100000 ? 'sraiw' : undefined, BigInt(rs2));
      }
      return undefined;
    case 0b0110011:
      if (funct7 === 0) return make(REGISTERS[funct3]);
      if (funct7 === 1) return make(MULTIPLIES[funct3]);
      if (funct7 === 0b0100000) return make(funct3 === 0 ? 'sub' : funct3 === 5 ? 'sra' : undefined);
      return undefined;
    case 0b0111011:
      if (funct7 === 0) return make(funct3 === 0 ? 'addw' : funct3 === 1 ? 'sllw' : funct3 === 5 ? 'srlw' : undefined);
      if (funct7 === 1) return make(MULTIPLIES_WORD[funct3]);
      if (funct7 === 0b0100000) return make(funct3 === 0 ? 'subw' : funct3 === 5 ? 'sraw' : undefined);
      return undefined;
    case 0b0001111:
      return make(funct3 === 0 ? 'fence' : funct3 === 1 ? 'fence.i' : undefined);
    case 0b0101111: {
      const name = ATOMICS[bits(i, 31, 27)];
      if (name === undefined || (funct3 !== 2 && funct3 !== 3) || (name === 'lr' && rs2 !== 0)) return undefined;
      return make(`${name}.${funct3 === 2 ? 'w' : 'd'}`);
    }
    case 0b1110011:
      if (i === 0x0000_0073) return make('ecall');
      if (i === 0x0010_0073) return make('ebreak');
      if (i === 0x3020_0073) return make('mret');
      if (i === 0x1050_0073) return make('wfi');
      return make(CSRS[funct3], BigInt(bits(i, 31, 20)));
    default:
      return undefined;
  }
}
