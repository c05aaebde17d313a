// Makes a block of one metered deploy with as many reductions as the first argument says, and plays it again. Says the reductions and the most memory that each took,
// in MiB. `node --conditions=@commute/source --max-old-space-size=600 test/run-block.ts 1000000 LMDB calls` is the measurement in the README.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMemoryKeyValue, makeBlock, replayBlock, RhoSpace, unsignedDeploy } from '../src/index.ts';
import { openLmdb } from '../src/lmdb.ts';

const [count = '10000', kind = 'memory', shape = 'calls'] = process.argv.slice(2);
const reductions = Number(count);
const folder = mkdtempSync(path.join(tmpdir(), 'rho-store-block-'));
const store = kind === 'memory' ? createMemoryKeyValue() : openLmdb({ path: folder });
const space = new RhoSpace(store);
// A gate and a program take turns, so half of the reductions are the program's. With `waits`, messages wait and are taken by receives that come later.
const programs: Record<string, string> = {
  calls: 'contract @"ping"(@n) = { @"pong"!(n + 1) } | contract @"pong"(@n) = { @"ping"!(n + 1) } | @"ping"!(0)',
  waits: 'contract @"loop"(@n) = { @"box"!(n) | for (@x <- @"box") { @"loop"!(x + 1) } } | @"loop"!(0)',
};
const deploy = unsignedDeploy({
  source: programs[shape]!,
  file: 'a.rho',
  timestamp: 0,
  after: 0,
  tokens: Math.floor(reductions / 2),
  tokensFor: undefined,
});
const options = { maximumComms: reductions + 10 };
const { outcomes } = makeBlock(space, { deploys: [deploy], timestamp: 0 }, options);
const blocks = space.history.trie.meta.commits;
const ran = outcomes[0]!.reductions;
const peak = (): number => Math.round(process.resourceUsage().maxRSS / 1024);
const afterMaking = peak();
const { ok } = blocks === 0 ? { ok: false } : replayBlock(space, blocks, options);
await store.close();
rmSync(folder, { recursive: true });
const refused = outcomes[0]!.refused.map((one) => one.message);
process.stdout.write(`${JSON.stringify({ ok, reductions: ran, refused, made: afterMaking, replayed: peak() })}\n`);
