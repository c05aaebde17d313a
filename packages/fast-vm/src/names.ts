const REGISTERS =
  'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(' ');

/** The name of an integer register in the calling convention, such as `a0` for 10. */
export function registerName(index: number): string {
  return REGISTERS[index] ?? `x${String(index)}`;
}

const CSRS: Readonly<Record<number, string>> = {
  0x300: 'mstatus',
  0x301: 'misa',
  0x302: 'medeleg',
  0x303: 'mideleg',
  0x304: 'mie',
  0x305: 'mtvec',
  0x306: 'mcounteren',
  0x320: 'mcountinhibit',
  0x340: 'mscratch',
  0x341: 'mepc',
  0x342: 'mcause',
  0x343: 'mtval',
  0x344: 'mip',
  0x7a0: 'tselect',
  0x7a1: 'tdata1',
  0x7a2: 'tdata2',
  0x7a3: 'tdata3',
  0xb00: 'mcycle',
  0xb02: 'minstret',
  0xc00: 'cycle',
  0xc01: 'time',
  0xc02: 'instret',
  0xc80: 'cycleh',
  0xc81: 'timeh',
  0xc82: 'instreth',
  0xf11: 'mvendorid',
  0xf12: 'marchid',
  0xf13: 'mimpid',
  0xf14: 'mhartid',
  0xf15: 'mconfigptr',
};

/** The name of a CSR, or its number in hexadecimal. */
export function csrName(number: number): string {
  const known = CSRS[number];
  if (known !== undefined) return known;
  if (number >= 0xb03 && number <= 0xb1f) return `mhpmcounter${String(number - 0xb00)}`;
  if (number >= 0xc03 && number <= 0xc1f) return `hpmcounter${String(number - 0xc00)}`;
  if (number >= 0x323 && number <= 0x33f) return `mhpmevent${String(number - 0x320)}`;
  return hexadecimal(number);
}

/** `0x` and the digits of an unsigned number. */
export function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}
