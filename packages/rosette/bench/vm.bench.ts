/**
 * The machine beside the reducer. Run it from the package folder with `node --conditions=@commute/source bench/vm.bench.ts`. Both run the same program on
 * fresh spaces in memory, in turn; the ratio is the time of the reducer over the time of the machine, so above 1 the machine is faster.
 * Times are of the processor, compilation included, so that a busy computer does not show.
 */
import { createRuntime, MemorySpace, normalize, parse, type Runtime, type TupleSpace } from '@commute/rholang';
import { compile, createVm, PASS_NAMES } from '@commute/rosette';

const rounds = Number(process.argv[2] ?? 60_000);
const programs: Readonly<Record<string, string>> = {
  'ping-pong': `new ping, pong in {
    contract ping(@n) = { if (n > 0) { pong!(n - 1) } } |
    contract pong(@n) = { if (n > 0) { ping!(n - 1) } } |
    ping!(${String(rounds)})
  }`,
  'call and reply': `new add, loop in {
    contract add(@x, @y, reply) = { reply!(x + y) } |
    contract loop(@n, @sum) = {
      if (n > 0) { new reply in { add!(n, sum, *reply) | for (@next <- reply) { loop!(n - 1, next) } } }
    } |
    loop!(${String(rounds / 3)}, 0)
  }`,
  'join of two': `new a, b in {
    for (@x <= a & @y <= b) { if (x > 0) { a!(x - 1) | b!(y + 1) } } | a!(${String(rounds / 2)}) | b!(0)
  }`,
  'arithmetic, 30 operations': `new loop in {
    contract loop(@n, @a, @b) = {
      if (n > 0) {
        let @x <- (a * 31 + n * 7 + 3) % 1000003; @y <- (b * 17 + x * 5 + 11) % 998244353; @z <- (x * y + n * 8) % 1000033 in {
          let @u <- (z * 3 + x) / 4 + (n + 1) * 8; @v <- (y + u * 2) % 65536 + (n + 2) * 8 in {
            if (u > v && z != 0 || x == y) { loop!(n - 1, x + u, y + v) } else { loop!(n - 1, x - v, y - u) }
          }
        }
      }
    } | loop!(${String(rounds / 3)}, 1, 2)
  }`,
  'arithmetic, 120 operations': `new loop in {
    contract loop(@n, @a) = {
      if (n > 0) {
        ${Array.from({ length: 20 }, (_, index) => `let @x${String(index)} <- (${index === 0 ? 'a' : `x${String(index - 1)}`} * ${String(31 + index)} + n * 7 + ${String(index)}) % 1000003 + (n + ${String(index)}) * 8 in {`).join(' ')}
        loop!(n - 1, x19) ${'}'.repeat(20)}
      }
    } | loop!(${String(rounds / 10)}, 1)
  }`,
  'methods and collections': `new loop in {
    contract loop(@n, @m, @l) = {
      if (n > 0) { loop!(n - 1, m.set(n % 10, [n, l.length()]), [n, "x"] ++ l.slice(0, 5)) }
    } | loop!(${String(rounds / 3)}, {}, [])
  }`,
};

function timed(
  make: (space: TupleSpace) => Runtime,
  source: string,
): { readonly time: number; readonly comms: number; readonly root: string } {
  const space = new MemorySpace();
  const runtime = make(space);
  const start = process.cpuUsage();
  const result = runtime.run(source, { seed: new Uint8Array([1]), maximumComms: 100_000_000 });
  const { user, system } = process.cpuUsage(start);
  const time = (user + system) / 1000;
  if (!result.ok) throw new Error(result.message);
  return { time, comms: result.comms, root: space.root().join() };
}

/** The middle one. */
function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!;
}

const repeats = 9;
console.log(
  `node ${process.version}, ${String(rounds)} rounds, ${String(repeats)} times in turn; best rates, medians of the ratios of each turn`,
);
console.log(
  `${'program'.padEnd(28)} ${'COMM'.padStart(8)} ${'reducer'.padStart(10)} ${'machine'.padStart(10)}  ratio  without optimiser`,
);
for (const [name, source] of Object.entries(programs)) {
  const ratios: number[] = [];
  const plain: number[] = [];
  let [best, fastest, comms] = [Infinity, Infinity, 0];
  for (let round = 0; round < repeats; round += 1) {
    const reducer = timed((space) => createRuntime({ space }), source);
    const machine = timed((space) => createVm({ space }), source);
    const unoptimised = timed((space) => createVm({ space, passes: [] }), source);
    if (reducer.root !== machine.root || reducer.root !== unoptimised.root || reducer.comms !== machine.comms)
      throw new Error(`${name}: the machine and the reducer disagree`);
    ({ comms } = reducer);
    best = Math.min(best, reducer.time);
    fastest = Math.min(fastest, machine.time);
    ratios.push(reducer.time / machine.time);
    plain.push(reducer.time / unoptimised.time);
  }
  const rate = (time: number): string => `${(comms / time).toFixed(0)}k/s`.padStart(10);
  console.log(
    `${name.padEnd(28)} ${String(comms).padStart(8)} ${rate(best)} ${rate(fastest)}  ${median(ratios).toFixed(2)}   ${median(plain).toFixed(2)}`,
  );
}

const source = Array.from({ length: 300 }, (_, index) =>
  programs['call and reply']!.replaceAll('loop', `loop${String(index)}`),
).join(' | ');
let time = Infinity;
let front = Infinity;
for (let round = 0; round < 5; round += 1) {
  let start = performance.now();
  const tree = parse(source);
  if (!tree.ok || !normalize(tree.process).ok) throw new Error('not a program');
  front = Math.min(front, performance.now() - start);
  start = performance.now();
  const result = compile(source, { passes: PASS_NAMES });
  time = Math.min(time, performance.now() - start);
  if (!result.ok) throw new Error(result.message);
}
const speed = (one: number): string => `${(source.length / one / 1000).toFixed(2)} MB/s`;
console.log(
  `compiling ${String(source.length)} bytes of source: ${speed(time)}; parsing and normalising alone: ${speed(front)}`,
);
