/*
 * Runs a loop that is worth translating in a process of its own and prints what became of it: with the word `forbidden` where
 * compiling WebAssembly is forbidden, as by a content security policy; with `missing` where there is none.
 */
import { createContext, runInContext } from 'node:vm';
import { createFastVM, type Fallback } from '../src/index.ts';
import { assemble, codeBytes } from './assemble.ts';

const host = globalThis as { WebAssembly?: unknown };
if (process.argv[2] === 'missing') delete host.WebAssembly;
if (process.argv[2] === 'forbidden') {
  const context = createContext({}, { codeGeneration: { strings: true, wasm: false } });
  host.WebAssembly = runInContext('WebAssembly', context);
}
const fallbacks: Fallback[] = [];
const vm = createFastVM({
  implementation: 'translator',
  onFallback: (fallback) => {
    fallbacks.push(fallback);
  },
});
const bytes = codeBytes([assemble('addi', { rd: 7, rs1: 7, immediate: 1 }), assemble('jal', { immediate: -4 })]);
vm.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes }] });
for (let turn = 0; turn < 5; turn++) vm.advance(1_000_000);
process.stdout.write(JSON.stringify({ counted: Number(vm.register(7)), translation: vm.translation(), fallbacks }));
