import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf, symbolAt } from '@commute/elf';
import { fixture, parseSound } from './fixtures.ts';
import { writeElf, type SymbolToWrite } from './write-elf.ts';

const runs = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 200) };
const code = { address: 0x1000, bytes: new Uint8Array(0x100) };
const withSymbols = (symbols: readonly SymbolToWrite[], width: 32 | 64 = 32): Uint8Array =>
  writeElf({ class: width, entry: 0x1000, segments: [code], symbols });

describe('the symbol table', () => {
  test('of a file by gcc, as readelf prints it', () => {
    const { symbols, symbolTable } = parseSound(fixture('sha256.gcc32.elf'));
    expect(Object.fromEntries(symbols)).toEqual({
      _start: 0x10000,
      stop: 0x1001c,
      write_out: 0x10038,
      leave: 0x1008c,
      read_byte: 0x100a8,
      write_byte: 0x10130,
      memset: 0x1018c,
      compress: 0x10204,
      main: 0x104e8,
      constants: 0x1068c,
      state: 0x11000,
      output_length: 0x11020,
      input_length: 0x11024,
      input_next: 0x11028,
      output_buffer: 0x11030,
      __global_pointer$: 0x11820,
      input_buffer: 0x12030,
      __end: 0x13030,
    });
    expect(symbolTable.find((one) => one.name === 'compress')).toEqual({
      name: 'compress',
      address: 0x10204,
      size: 740,
      kind: 'function',
      global: false,
    });
    expect(symbolTable.find((one) => one.name === 'state')).toMatchObject({ size: 32, kind: 'object' });
    expect(symbolTable.find((one) => one.name === '_start')).toMatchObject({ size: 0, kind: 'other', global: true });
  });

  test('of a file by lld, without its local labels', () => {
    const { symbols } = parseSound(fixture('hello.lld64.elf'));
    expect(symbols.get('write_text')).toBe(0x111f2);
    expect([...symbols.keys()].filter((name) => name.startsWith('.L'))).toEqual([]);
  });

  test('comes back as it was written, ascending', () => {
    const anySymbol = fc.record({
      name: fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !/\0|^\$[xd]|^\.L/.test(name)),
      address: fc.integer({ min: 0, max: 0xffff }),
      size: fc.integer({ min: 0, max: 0xff }),
      type: fc.constantFrom(0, 1, 2),
      global: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(anySymbol, { maxLength: 20 }),
        fc.constantFrom(32 as const, 64 as const),
        (symbols, width) => {
          const { symbolTable } = parseSound(withSymbols(symbols, width));
          const plain = symbolTable.map((one) => ({ ...one, kind: ['other', 'object', 'function'].indexOf(one.kind) }));
          const key = (one: object): string => JSON.stringify(one);
          const expected = symbols.map(({ name, address, size, type, global }) => ({
            name,
            address,
            size,
            kind: type,
            global,
          }));
          expect(plain.map(key).sort()).toEqual(expected.map(key).sort());
          const addresses = symbolTable.map((one) => one.address);
          expect(addresses).toEqual([...addresses].sort((left, right) => left - right));
        },
      ),
      runs,
    );
  });

  test('leaves out undefined symbols, sections, files, mapping marks and empty names', () => {
    const symbols = [
      { name: 'external', address: 0x1000, section: 0 },
      { name: '.text', address: 0x1000, type: 3 },
      { name: 'main.c', address: 0x1000, type: 4 },
      { name: '$xrv32i2p1', address: 0x1000, type: 0 },
      { name: '$d', address: 0x1000, type: 0 },
      { name: '', address: 0x1000 },
      { name: 'kept', address: 0x1000 },
    ];
    expect([...parseSound(withSymbols(symbols)).symbols.keys()]).toEqual(['kept']);
  });

  test('a global symbol wins over a local one of the same name, then the lower address', () => {
    const symbols = [
      { name: 'twice', address: 0x1000, global: false },
      { name: 'twice', address: 0x1020 },
      { name: 'twice', address: 0x1010 },
    ];
    expect(parseSound(withSymbols(symbols)).symbols.get('twice')).toBe(0x1010);
  });

  test('is read once', () => {
    const elf = parseSound(fixture('hello.lld32.elf'));
    expect(elf.symbolTable).toBe(elf.symbolTable);
    expect(elf.symbols).toBe(elf.symbols);
  });

  test('names and their number are bounded by the limits', () => {
    const symbols = ['a', 'bb', 'ccc', 'dddd'].map((name, index) => ({ name, address: 0x1000 + 4 * index }));
    const names = (limits: object): string[] => {
      const result = parseElf(withSymbols(symbols), limits);
      return result.ok ? [...result.elf.symbols.keys()] : [result.reason];
    };
    expect(names({ maximumSymbolNameBytes: 3 })).toEqual(['a', 'bb', 'ccc']);
    expect(names({ maximumSymbolNameBytes: 0 })).toEqual([]);
    expect(names({ maximumSymbols: 3 })).toEqual(['a', 'bb']); // the first entry is always the null symbol
  });

  test('a file without section headers has none', () => {
    const elf = parseSound(writeElf({ class: 64, entry: 0x1000, segments: [code] }));
    expect(elf.symbolTable).toEqual([]);
    expect(elf.symbols.size).toBe(0);
  });
});

describe('damaged section headers give no symbols and no refusal', () => {
  const sound = withSymbols([{ name: 'main', address: 0x1000, size: 8 }]);
  const start = new DataView(sound.buffer).getUint32(32, true);
  const edits: readonly (readonly [string, number, number])[] = [
    ['their offset is outside the file', 32, 0xffffffff],
    ['their size is odd', 46, (3 << 16) | 41],
    ['their count leads outside the file', 48, 0xffff],
    ['the symbols are outside the file', start + 40 + 16, 0xfffffff0],
    ['the symbols are too many', start + 40 + 20, 0xffffffff],
    ['the symbols have another size', start + 40 + 36, 15],
    ['the names are missing', start + 40 + 24, 3],
    ['the names are the symbols themselves', start + 40 + 24, 1],
    ['the names are outside the file', start + 80 + 16, 0xffffffff],
  ];
  test.for(edits)('%s', ([, offset, value]) => {
    const bytes = sound.slice();
    new DataView(bytes.buffer).setUint32(offset, value, true);
    const elf = parseSound(bytes);
    expect(elf.symbolTable).toEqual([]);
  });

  test('a name that starts outside the names is left out', () => {
    const bytes = sound.slice();
    const symbols = new DataView(bytes.buffer).getUint32(start + 40 + 16, true);
    new DataView(bytes.buffer).setUint32(symbols + 16, 0xffffffff, true);
    expect(parseSound(bytes).symbolTable).toEqual([]);
  });

  test('a name without an end is left out', () => {
    const bytes = sound.slice();
    const names = new DataView(bytes.buffer).getUint32(start + 80 + 16, true);
    const size = new DataView(bytes.buffer).getUint32(start + 80 + 20, true);
    bytes.fill(0x61, names, names + size);
    expect(parseSound(bytes).symbolTable).toEqual([]);
  });
});

describe('symbolAt', () => {
  const elf = parseSound(fixture('hello.gcc64.elf'));
  test.for([
    [0x10000, '_start', 0],
    [0x1001d, '_start', 0x1d],
    [0x1001e, 'stop', 0],
    [0x1002f, 'stop', 17],
    [0x10070, 'leave', 0],
    [0x10190, undefined, 0], // between the last function and the end of the segment
    [0x11800, 'output_buffer', 0x7f0], // and not the label __global_pointer$ inside it
    [0xffff, undefined, 0],
    [0x20000, undefined, 0],
    [Number.NaN, undefined, 0],
  ] as const)('%s is in %s + %s', ([address, name, offset]) => {
    const found = symbolAt(elf, address);
    expect(found?.symbol.name).toBe(name);
    if (found !== undefined) expect(found.offset).toBe(offset);
  });

  test('a covering function is found behind labels inside it', () => {
    const symbols = [
      { name: 'outer', address: 0x1000, size: 0x40 },
      { name: 'inner', address: 0x1010, size: 4 },
      { name: 'label', address: 0x1020, type: 0 },
    ];
    const one = parseSound(withSymbols(symbols));
    expect(symbolAt(one, 0x1012)?.symbol.name).toBe('inner');
    expect(symbolAt(one, 0x1018)).toMatchObject({ symbol: { name: 'outer' }, offset: 0x18 });
    expect(symbolAt(one, 0x1024)?.symbol.name).toBe('outer');
    expect(symbolAt(one, 0x1044)?.symbol.name).toBe('label');
  });

  test('of several names for one address, a global function with a size is preferred', () => {
    const symbols = [
      { name: 'alias', address: 0x1000, size: 8, global: false },
      { name: 'function', address: 0x1000, size: 8 },
      { name: 'label', address: 0x1000, type: 0 },
    ];
    expect(symbolAt(parseSound(withSymbols(symbols)), 0x1004)?.symbol.name).toBe('function');
  });
});
