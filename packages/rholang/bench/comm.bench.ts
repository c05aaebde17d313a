/**
 * Reductions per second in memory. Run it from the package folder with
 * `node --conditions=@commute/source bench/comm.bench.ts`. The yardstick is BLAKE3 of 64 bytes, of which each reduction needs at least one.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { createRuntime, normalize, parse, type Term } from '@commute/rholang';

function program(source: string): Term {
  const tree = parse(source);
  const result = tree.ok ? normalize(tree.process, { source }) : undefined;
  if (result?.ok !== true) throw new Error(`not a program: ${source}`);
  return result.term;
}

const rounds = 100_000;
const programs: Record<string, { source: string; comms: number }> = {
  'ping-pong': {
    source: `new ping, pong in {
      contract ping(@n) = { if (n > 0) { pong!(n - 1) } } |
      contract pong(@n) = { if (n > 0) { ping!(n - 1) } } |
      ping!(${String(rounds - 1)})
    }`,
    comms: rounds,
  },
  duplication: {
    source: `new dup in {
      contract dup(@n) = { if (n > 0) { dup!(n - 1) | dup!(n - 1) } } |
      dup!(16)
    }`,
    comms: 2 ** 17 - 1,
  },
  'call and reply': {
    source: `new add, loop in {
      contract add(@x, @y, reply) = { reply!(x + y) } |
      contract loop(@n, @sum) = {
        if (n > 0) { new reply in { add!(n, sum, *reply) | for (@next <- reply) { loop!(n - 1, next) } } }
      } |
      loop!(${String(rounds / 2)}, 0)
    }`,
    comms: 1 + (3 * rounds) / 2,
  },
  'join of two': {
    source: `new a, b, loop in {
      for (@x <= a & @y <= b) { if (x > 0) { a!(x - 1) | b!(y + 1) } } | a!(${String(rounds / 2)}) | b!(0)
    }`,
    comms: rounds / 2 + 1,
  },
  'pick among 1,000': {
    source: `new pool, loop in {
      contract fill(@n) = { pool!(n, "x") | if (n > 0) { fill!(n - 1) } } | fill!(1000) |
      contract loop(@n) = { if (n > 0) { for (@k, @v <- pool) { pool!(k, v) | loop!(n - 1) } } } | loop!(20000)
    }`.replaceAll('fill', '@"fill"'),
    comms: 1001 + 2 * 20000 + 1,
  },
  'dispatch, 1,000 patterns': {
    source: `new table in {
      contract @"wait"(@n) = { for (@[=n, x] <= table) { Nil } | if (n > 0) { @"wait"!(n - 1) } } | @"wait"!(999) |
      contract @"loop"(@n) = { if (n > 0) { table!([n % 1000, n]) | @"loop"!(n - 1) } } | @"loop"!(2000)
    }`,
    comms: 1000 + 2001 + 2000,
  },
  'guarded join, 30 by 30': {
    source: `new a, b in {
      contract @"fill"(@n) = { a!!(n) | b!!(0 - n) | if (n > 0) { @"fill"!(n - 1) } } | @"fill"!(30) |
      contract @"loop"(@n) = { if (n > 0) { for (@x <- a & @y <- b where x + y == n % 30) { @"loop"!(n - 1) } } } | @"loop"!(2000)
    }`,
    comms: 31 + 2001 + 2000,
  },
};

const bytes = new Uint8Array(64);
for (let index = 0; index < 20000; index += 1) blake3(bytes);
const start = performance.now();
for (let index = 0; index < 100_000; index += 1) blake3(bytes);
const yardstick = 100_000_000 / (performance.now() - start);
console.log(`node ${process.version}; BLAKE3 of 64 bytes: ${(yardstick / 1000).toFixed(0)}k per second`);

for (const [name, { source, comms }] of Object.entries(programs)) {
  const term = program(source);
  let best = Infinity;
  for (let round = 0; round < 4; round += 1) {
    const runtime = createRuntime();
    const begin = performance.now();
    const result = runtime.run(term, { seed: new Uint8Array([round]), maximumComms: 10_000_000 });
    best = Math.min(best, performance.now() - begin);
    if (!result.ok || result.comms !== comms)
      throw new Error(`${name}: expected ${String(comms)} reductions, got ${JSON.stringify(result)}`);
  }
  const rate = (comms * 1000) / best;
  console.log(
    `${name.padEnd(24)} ${(rate / 1000).toFixed(0).padStart(5)}k COMM/s, ${(rate / yardstick).toFixed(2)} per BLAKE3`,
  );
}
