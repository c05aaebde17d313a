import { parseElf, symbolAt, type Elf } from '@commute/elf';
import { describe, expect, test } from 'vitest';
import { programNames, readGuest, type GuestTarget } from '../src/index.ts';

function parse(bytes: Uint8Array): Elf {
  const result = parseElf(bytes);
  if (!result.ok) throw new Error(`${result.reason}: expected ${result.expected}, got ${result.got}`);
  return result.elf;
}

const targets = [
  ['fast', 64, true],
  ['micro', 32, false],
  ['multiply', 32, false],
] as const satisfies readonly (readonly [GuestTarget, 32 | 64, boolean])[];

describe.for(programNames)('%s', (program) => {
  test.for(targets)('for the %s machine is a small static program at 0x10000', ([target, width, compressed]) => {
    const bytes = readGuest(program, target);
    const elf = parse(bytes);
    expect(bytes.length).toBeLessThan(48 * 1024);
    expect({ class: elf.class, entry: elf.entry, compressed: elf.flags.compressed }).toEqual({
      class: width,
      entry: 0x10000,
      compressed,
    });
    expect(elf.flags).toMatchObject({ floatAbi: 'soft', embedded: false });
    expect(elf.segments[0]?.address).toBe(0x10000);
    expect(elf.endAddress).toBeLessThan(0x100000);
    expect(elf.segments.every((one) => !(one.writable && one.executable))).toBe(true);
  });

  test.for(targets)('for the %s machine has symbols, and none that asks for another environment', ([target]) => {
    const elf = parse(readGuest(program, target));
    expect(symbolAt(elf, elf.entry)?.symbol.name).toBe('_start');
    expect(elf.symbols.has('main')).toBe(true);
    expect(elf.symbols.has('tohost')).toBe(false);
  });

  test.for(targets)('for the %s machine tells nothing of where it was built', ([target]) => {
    const characters = Buffer.from(readGuest(program, target)).toString('latin1');
    expect(characters).not.toMatch(/\/(home|root|tmp|work|usr|build)\b/);
    expect(characters).not.toContain('GCC:');
  });
});
