/**
 * What the paged link costs for a touched page, by the size of pages and by how memory is touched: rows of its tables times their width, in columns per row of
 * the processor's table, so that they compare with a machine's columns per cycle. Counted, not timed.
 *
 * Run with `node --conditions=@commute/source bench/pages.bench.ts [log2 of the words]...`; by default 2^3 to 2^8 words.
 *
 * @module
 */
import { parseElf } from '@commute/elf';
import { guestCasesOf, type ProgramName, readGuest } from '@commute-tools/guests';
import { arithmetize, numberBuses, type Table } from '@commute/stark';
import {
  type Cells,
  createExecutor,
  createMachineProgram,
  createProgram,
  createStateLink,
  machineTables,
  type TouchedCell,
} from '../src/index.ts';
import { pageLayout } from '../src/pages/page-layout.ts';
import { createBlockTable, createPagedCellTable } from '../src/pages/page-tables.ts';
import { PagedMemory } from '../src/pages/paged-memory.ts';

const asked = process.argv.slice(2).map(Number);
const sizes = asked.length > 0 ? asked : [3, 4, 5, 6, 7, 8];

/** A segment's touched cells, or several segments'. */
type Segments = readonly (readonly TouchedCell[])[];

const write = (key: number, before: bigint, after: bigint): TouchedCell => ({
  key: BigInt(key),
  before,
  after,
  lastTime: 1n,
});
const COUNT = 1024;
const addresses = (distance: number): number[] => Array.from({ length: COUNT }, (_, k) => distance * k);
/** Different words of 64 MiB, in the order of a linear congruential generator. */
const scattered = (): number[] => {
  const words = new Set<number>();
  for (let word = 1; words.size < COUNT; word = (Math.imul(word, 1664525) + 1013904223) >>> 0) words.add(word >>> 8);
  return [...words].map((word) => 4 * word);
};
/** Different words everywhere, since equal pages are hashed once. */
const word = (key: number, pass: number): bigint => BigInt(Math.imul(key + pass, 0x9e3779b1) >>> 0);
const passes = (list: readonly number[]): Segments => [
  list.map((key) => write(key, 0n, word(key, 1))),
  list.map((key) => write(key, word(key, 1), word(key, 1))),
  list.map((key) => write(key, word(key, 1), word(key, 2))),
];

const program = createMachineProgram(
  createProgram({ entry: 0x1000, segments: [{ address: 0x1000, bytes: new Uint8Array(4), executable: true }] }),
);
const rule = program.keyRule!;
const machine = machineTables();
const buses = (tables: readonly Table[]): ReturnType<typeof numberBuses> => numberBuses(tables);

function widthOf(table: Table, all: readonly Table[]): number {
  const { names } = arithmetize(table, { buses: buses(all), maximumDegree: 4 });
  return names.main.length + 3 * names.auxiliary.length;
}

/** Widths of cells, blocks, nodes and permutations; they do not depend on the size of pages. */
const link = createStateLink('paged', rule);
const widths = link.tables.map((table) => widthOf(table, [...machine, ...link.tables])) as [
  number,
  number,
  number,
  number,
];
console.log(`widths of cells, blocks, nodes, permutations: ${widths.join(', ')}`);

/** Cells of the link's tables for each segment, rows in use only. */
function costs(
  logWords: number,
  image: Cells,
  segments: Segments,
): { readonly cells: number; readonly pages: number }[] {
  const layout = pageLayout(logWords);
  const tables = { cells: createPagedCellTable(rule), blocks: createBlockTable(layout) };
  const [cellWidth, blockWidth, nodeWidth, permutationWidth] = widths;
  const memory = new PagedMemory(layout, image);
  return segments.map((touched) => {
    const { pages, nodes, permutations } = memory.step(tables, rule, touched).sizes;
    const cells =
      cellWidth * touched.length +
      blockWidth * layout.blocks * pages +
      nodeWidth * nodes +
      permutationWidth * permutations;
    return { cells, pages };
  });
}

console.log('columns × rows for each touched word: first written, only read, written again');
for (const [name, list] of [
  ['every word', addresses(4)],
  ['a word in 64 bytes', addresses(64)],
  ['a word in 4 KiB', addresses(4096)],
  ['scattered over 64 MiB', scattered()],
] as const) {
  for (const logWords of sizes) {
    const found = costs(logWords, new Map(), passes(list));
    const each = found.map(({ cells }) => Math.round(cells / COUNT));
    console.log(`  ${name}, 2^${String(logWords)} words: ${each.join(', ')}`);
  }
}

console.log('columns per cycle of segments of 2^16 cycles');
for (const name of ['sha256', 'sort', 'lisp', 'json', 'memory'] as const satisfies readonly ProgramName[]) {
  const parsed = parseElf(readGuest(name, 'micro'));
  if (!parsed.ok) throw new Error(parsed.reason);
  const source = createProgram(parsed.elf);
  const prepared = createMachineProgram(source);
  const { input } = guestCasesOf(name).reduce((best, one) => (one.input.length > best.input.length ? one : best));
  const given = name === 'memory' ? new TextEncoder().encode('80 4096') : input;
  const executor = createExecutor(source, { input: given });
  const segments: (readonly TouchedCell[])[] = [];
  let cycles = 0;
  while (!executor.halted && segments.length < 4) {
    const outcome = executor.next(16);
    if (!outcome.ok) throw new Error(outcome.message);
    cycles += outcome.segment.executed;
    segments.push(prepared.witness(outcome.segment, given.length).touched);
  }
  for (const logWords of sizes) {
    const found = costs(logWords, prepared.image, segments);
    const sum = found.reduce((total, { cells }) => total + cells, 0);
    const pages = found.reduce((total, each) => total + each.pages, 0);
    console.log(
      `  ${name}, 2^${String(logWords)} words: ${(sum / cycles).toFixed(1)} (${String(segments.length)} segments, ${String(Math.round(pages / segments.length))} pages each)`,
    );
  }
}
// The other forms pay for cells only.
const global = createStateLink('global', rule);
const all = [...machine, ...global.tables];
console.log(`the global form: ${String(widthOf(global.tables[0]!, all))} columns for each touched word`);
