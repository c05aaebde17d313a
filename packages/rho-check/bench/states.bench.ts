/**
 * States per second of processor time of this thread. Run it from the package folder with `node --conditions=@commute/source bench/states.bench.ts`.
 *
 * The yardstick is the slow explorer of the tests on the first program, whose states both must agree on. Each program is explored in every order, and once more with
 * private reductions first.
 */
import { normalize, parse, type Term } from '@commute/rholang';
import { checkProcess } from '@commute/rho-check';
import { exploreNaively } from '../test/naive.ts';

function program(source: string): Term {
  const tree = parse(source);
  const result = tree.ok ? normalize(tree.process, { source }) : undefined;
  if (result?.ok !== true) throw new Error(`not a program: ${source}`);
  return result.term;
}

/** Philosophers who take their forks in one order, with names that can be written down or with private ones. */
function philosophers(count: number, isPrivate: boolean): string {
  const forks = Array.from({ length: count }, (_, index) => (isPrivate ? `fork${String(index)}` : `@${String(index)}`));
  const processes = forks.map((fork, index) => {
    const next = forks[(index + 1) % count]!;
    const [first, second] = index === count - 1 ? [next, fork] : [fork, next];
    return `${fork}!(Nil) | for (_ <- ${first}; _ <- ${second}) { ${first}!(Nil) | ${second}!(Nil) }`;
  });
  return isPrivate ? `new ${forks.join(', ')} in { ${processes.join(' | ')} }` : processes.join(' | ');
}

/** Clients of one server that answers on a private name each: states differ by who was served, which is nobody in particular. */
function clients(count: number): string {
  return `new server, client in {
    contract server(@n, reply) = { reply!(n + 1) } |
    contract client() = { new reply in { server!(1, *reply) | for (@n <- reply) { @"sum"!(n) } } } |
    ${Array.from({ length: count }, () => 'client!()').join(' | ')}
  }`;
}

/** A counter that several add to, on a private cell. */
function counter(count: number): string {
  return `new cell in { cell!(0) | ${Array.from({ length: count }, (_, index) => `for (@n <- cell) { cell!(n + ${String(2 ** index)}) }`).join(' | ')} }`;
}

const programs: Record<string, string> = {
  'philosophers, public forks': philosophers(6, false),
  'philosophers, private forks': philosophers(10, true),
  '24 clients of a server': clients(24),
  '40 clients of a server': clients(40),
  'a counter that 14 add to': counter(14),
};

/** Processor time of this thread, which other programs that run do not lengthen as they do real time. */
function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1e6;
}

let yardstick = 0;
for (const [name, source] of Object.entries(programs)) {
  const term = program(source);
  let states = 0;
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const start = process.threadCpuUsage();
    const result = await checkProcess(term, { checks: ['deadlock'], bounds: { states: 1_000_000 }, reduce: false });
    best = Math.min(best, secondsSince(start));
    if (!result.ok || result.findings[0]?.verdict !== 'holds') throw new Error(`${name}: unexpected verdict`);
    ({ states } = result.graph);
  }
  const reduced = await checkProcess(term, { checks: ['deadlock'], bounds: { states: 1_000_000 } });
  if (!reduced.ok || reduced.findings[0]?.verdict !== 'holds') throw new Error(`${name}: unexpected verdict`);
  const rate = states / best;
  if (yardstick === 0) {
    const start = process.threadCpuUsage();
    const naive = exploreNaively(term, 1_000_000, false);
    if (naive?.states !== states) throw new Error(`${name}: the slow explorer finds other states`);
    yardstick = states / secondsSince(start);
    process.stdout.write(`${'the slow explorer'.padEnd(30)} ${yardstick.toFixed(0).padStart(9)} states/s\n`);
  }
  process.stdout.write(
    `${name.padEnd(30)} ${rate.toFixed(0).padStart(9)} states/s, ${String(states)} states, ${(rate / yardstick).toFixed(0)} times the slow explorer; ${String(reduced.graph.states)} states with private reductions first\n`,
  );
}
