/**
 * Parsing speed, with `JSON.parse` on as many bytes as the yardstick. Run it from the package folder with
 * `node --conditions=@commute/source bench/parse.bench.ts`.
 */
import { parse, print } from '@commute/rholang';

const unit = `
// A purse that only its owner can spend from.
new purse, ack(\`rho:io:stdoutAck\`), state in {
  contract purse(@"deposit", @amount /\\ Int, return) = {
    for (@{"balance": balance, "owner": owner} <- state) {
      if (amount > 0 and balance + amount >= balance) {
        state!({"balance": balance + amount, "owner": owner}) | return!((true, balance + amount))
      } else {
        state!({"balance": balance, "owner": owner}) | return!((false, "amount must be positive: \${a}" %% {"a": amount}))
      }
    }
  } |
  for (@[first, second ...rest] <- purse & @x <<- state where x.size() == 2) {
    match (first, rest.slice(0, 2)) {
      (Nil, _) => { ack!("none".toUtf8Bytes().length(), *purse) }
      (~Nil /\\ y, []) => { let z <- *x in { ack!(z, bundle+{*purse}) } }
    }
  }
}`;

const source: string = Array.from({ length: 6000 }, () => `{${unit}}`).join(' |\n');
const json: string = JSON.stringify(
  Array.from({ length: 40000 }, (_, index) => ({ kind: 'send', start: index, end: index + 10, data: ['x', 1, true] })),
);

const first = parse(unit);
if (!first.ok) throw new Error('the unit does not parse');
const again = parse(print(first.process));
if (!again.ok || print(again.process) !== print(first.process)) throw new Error('printing does not round-trip');

function best(run: () => void): number {
  let least = Infinity;
  for (let round = 0; round < 7; round += 1) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function worst(run: () => void): number {
  let most = 0;
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    run();
    most = Math.max(most, performance.now() - start);
  }
  return most;
}

const parseAll = (): void => {
  if (!parse(source).ok) throw new Error('the source does not parse');
};
const ours = source.length / 1000 / best(parseAll);
const slowest = source.length / 1000 / worst(parseAll);
const yardstick = json.length / 1000 / best(() => void JSON.parse(json));
console.log(`node ${process.version}, source of ${(source.length / 1e6).toFixed(1)} MB`);
console.log(`parse      ${ours.toFixed(0)} MB/s best, ${slowest.toFixed(0)} MB/s worst (with garbage collection)`);
console.log(`JSON.parse ${yardstick.toFixed(0)} MB/s; parse reaches ${(ours / yardstick).toFixed(2)} of it`);
