/**
 * Interfaces, subsumption, the index and the index of a store. Run it from the package folder with
 * `node --conditions=@commute/source bench/discovery.bench.ts [contracts]`; 100,000 contracts unless told.
 *
 * Answers are checked first. The yardstick of queries is judging every contract one by one, in the same run.
 */
import {
  integerTerm,
  listTerm,
  matchPattern,
  stringTerm,
  typeTerm,
  wildcardTerm,
  type ListTerm,
  type Term,
} from '@commute/rholang';
import {
  ContractIndex,
  interfaceOf,
  parseQuery,
  readProgram,
  subsumes,
  type ContractInterface,
} from '@commute/rho-discovery';
import { judge, worst } from '../src/index/judge.ts';

const count: number = Number(process.argv[2] ?? 100_000);

function milliseconds(run: () => void, rounds: number): number {
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now();
    run();
    all.push(performance.now() - start);
  }
  all.sort((left, right) => left - right);
  return all[rounds >> 1]!;
}

function contractsOf(source: string): readonly ContractInterface[] {
  const program = readProgram(source, 'bench.rho');
  if (!program.ok) throw new Error('the source is no program');
  return interfaceOf(program.term, { source, locations: program.locations }).contracts;
}

const KINDS = ['Int', 'String', 'Bool', '[..._]', '{..._}', '(Int, String)', '"get"', '_'];

/** Contract number `index`: one of a few thousand kinds, on a channel of its own. */
function sourceOf(index: number): string {
  const [a, b] = [KINDS[index % 8]!, KINDS[(index >> 3) % 8]!];
  const tag = `"op${String((index >> 6) % 50)}"`;
  const reply = index % 3 === 0 ? '(true, 1)' : index % 3 === 1 ? '"text"' : '[1, 2]';
  return `contract @"c${String(index)}"(@${tag}, @{a /\\ ${a}}, @{b /\\ ${b}}, r) = { r!(${reply}) }`;
}

console.log(`node ${process.version}, ${String(count)} contracts`);
const like: ContractInterface[] = Array.from(
  { length: Math.min(count, 9600) },
  (_, index) => contractsOf(sourceOf(index))[0]!,
);
const extraction = milliseconds(() => void contractsOf(sourceOf(7)), 201);
console.log(`reading a contract from source        ${(extraction * 1000).toFixed(0)} µs`);

const index: ContractIndex = new ContractIndex();
const start = performance.now();
for (let number = 0; number < count; number += 1) {
  const name: Term = stringTerm(`c${String(number)}`);
  index.add(String(number), { ...like[number % like.length]!, channel: { kind: 'public', name } });
}
console.log(
  `adding to the index                   ${(((performance.now() - start) * 1000) / count).toFixed(1)} µs each`,
);
console.log(
  `${String(index.size)} contracts, ${String(index.signatures)} signatures, ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB in all`,
);

const queries: readonly string[] = [
  'contract @"c0"(@"op0", @1, @2, r)',
  'contract _(@"op7", @5, @"x", r) = { r!((Bool, Int)) }',
  'contract _(@"op7", @Int, @Int, r) = { r!(String) }',
  'contract _(@{"op1" \\/ "op2"}, @Int, @Int, r)',
  'contract _(@"nothing", @1, @2, r)',
];
for (const text of queries) {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(text);
  const { query } = parsed;
  const answer = index.query(query, { near: 0, limit: 20 });
  const begin = performance.now();
  let fitting = 0;
  for (const { contract } of index.entries()) if (worst(judge(contract, query)) !== 'no') fitting += 1;
  const scanned = performance.now() - begin;
  if (answer.complete && Math.min(fitting, 20) !== answer.matches.length) throw new Error(`${text}: another answer`);
  const taken = milliseconds(() => void index.query(query, { near: 0, limit: 20 }), 21);
  const near = milliseconds(() => void index.query(query, { limit: 20 }), 5);
  console.log(
    `${taken.toFixed(2).padStart(8)} ms, ${(scanned / taken).toFixed(0).padStart(6)} times as fast as judging all, with near misses ${near.toFixed(1)} ms, ` +
      `${String(answer.matches.length)} matches, ${String(answer.examined)} examined: ${text}`,
  );
}

const wide: ListTerm = listTerm([typeTerm('Int'), listTerm([], wildcardTerm()), wildcardTerm()]);
const value: ListTerm = listTerm([integerTerm(1n), listTerm([stringTerm('a')]), stringTerm('b')]);
const narrow: ListTerm = listTerm([typeTerm('Int'), listTerm([typeTerm('Int')]), wildcardTerm()]);
if (subsumes(wide, narrow).verdict !== 'yes' || !matchPattern(wide, value).ok) throw new Error('not inside');
const decided = milliseconds(() => {
  for (let round = 0; round < 1000; round += 1) subsumes(wide, narrow);
}, 21);
const matched = milliseconds(() => {
  for (let round = 0; round < 1000; round += 1) matchPattern(wide, value);
}, 21);
console.log(
  `subsumption of three parts ${decided.toFixed(1)} µs, ${(decided / matched).toFixed(0)} matches of a value of that form`,
);
