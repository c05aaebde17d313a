import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseElf, type Elf } from '@commute/elf';
import { createMicroRiscv } from '../src/index.ts';

function program(name: string): Elf {
  const parsed = parseElf(readFileSync(new URL(`../../../tools/guests/dist/${name}.micro.elf`, import.meta.url)));
  if (!parsed.ok) throw new Error(`${name}: expected a program, got ${parsed.reason}`);
  return parsed.elf;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test.for([
  ['hello', '', 'hello\n'],
  ['echo', 'some text 12345', 'some text 12345'],
  ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n'],
  ['sha256', '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n'],
] as const)('%s of "%s" writes "%s"', ([name, input, output]) => {
  const machine = createMicroRiscv();
  machine.load(program(name), { input: utf8(input) });
  machine.run(1_000_000);
  expect(machine.halt).toEqual({ kind: 'exit', code: 0 });
  expect(new TextDecoder().decode(machine.output())).toBe(output);
});
