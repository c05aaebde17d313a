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

const source: string = Array.from({ length: 1200 }, () => `{${unit}}`).join(' |\n');
const json: string = JSON.stringify(
  Array.from({ length: 40000 }, (_, index) => ({ kind: 'send', start: index, end: index + 10, data: ['x', 1, true] })),
);

const first = parse(unit);
if (!first.ok) throw new Error('the unit does not parse');
const again = parse(print(first.process));
if (!again.ok || print(again.process) !== print(first.process)) throw new Error('printing does not round-trip');

/** Milliseconds of the fastest, the middle and the slowest of 21 rounds, garbage collection included. */
function times(run: () => void): { best: number; median: number; worst: number } {
  const all: number[] = [];
  for (let round = 0; round < 5; round += 1) run();
  for (let round = 0; round < 21; round += 1) {
    const start = performance.now();
    run();
    all.push(performance.now() - start);
  }
  all.sort((left, right) => left - right);
  return { best: all[0]!, median: all[10]!, worst: all[20]! };
}

const parsed = times(() => {
  if (!parse(source).ok) throw new Error('the source does not parse');
});
const yardstick = times(() => void JSON.parse(json));
const rate = (bytes: number, milliseconds: number): string => (bytes / 1000 / milliseconds).toFixed(0).padStart(4);
console.log(
  `node ${process.version}, source of ${(source.length / 1e6).toFixed(1)} MB, JSON of ${(json.length / 1e6).toFixed(1)} MB`,
);
console.log(
  `parse      ${rate(source.length, parsed.best)} MB/s best, ${rate(source.length, parsed.median)} median, ${rate(source.length, parsed.worst)} worst`,
);
console.log(
  `JSON.parse ${rate(json.length, yardstick.best)} MB/s best, ${rate(json.length, yardstick.median)} median, ${rate(json.length, yardstick.worst)} worst`,
);
const ratio = (source.length / parsed.median) * (yardstick.median / json.length);
console.log(`parse reaches ${ratio.toFixed(2)} of JSON.parse in the median`);
