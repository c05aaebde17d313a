/*
 * Proves runs of one segment on one thread and says how much processor time that takes: `node --conditions=@commute/source bench/prove.bench.ts`, with LOG_CYCLES, 12 by default.
 */
import { createChainSystem, encodeChain, proveChain, verifyChain } from '@commute/continuation';
import { createFieldEngineSync } from '@commute/field';
import { assemble } from '@commute/stack-vm';
import { createStackProgram, executeStackRun, runClaimOf } from '../src/index.ts';

const logCycles = Number(process.env['LOG_CYCLES'] ?? 12);
const cycles = 2 ** logCycles;
/** Programs whose runs take a little less than that many cycles. */
const programs = {
  'Fibonacci numbers, 10 cycles each': `push 0 push 1 push ${String(Math.floor((cycles - 8) / 10))} call step pop 3 halt
    step: pick 2 pick 2 dup 0 pick 2 add pick 2 addi -1 dup 0 skiz recurse return`,
  'hashes, 16 cycles each': `push ${String(Math.floor((cycles - 6) / 16))} call step pop 1 halt
    step: ${'push 1 '.repeat(10)} hash pop 5 addi -1 dup 0 skiz recurse return`,
};

const engine = createFieldEngineSync();
for (const [name, source] of Object.entries(programs)) {
  const result = assemble(source);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const program = createStackProgram(result.program);
  const timed = async <T>(what: string, run: () => T | Promise<T>): Promise<T> => {
    const start = process.cpuUsage();
    const value = await run();
    const { user, system } = process.cpuUsage(start);
    console.log(`${name}: ${what} ${((user + system) / 1e6).toFixed(3)} s`);
    return value;
  };
  const chain = createChainSystem(program, { engine, maximumLogRows: logCycles + 4 });
  const run = await timed('executing', () => executeStackRun(program, {}, { logCycles }));
  if (!run.ok) throw new Error(run.message);
  const claim = runClaimOf(program, run.claim);
  for (const what of ['first proof', 'second proof']) {
    const proof = encodeChain(await timed(what, () => proveChain(engine, chain, claim, run.witnesses)));
    const verdict = await timed('verifying', () => verifyChain(chain, claim, proof));
    if (!verdict.ok) throw new Error(verdict.reason);
    console.log(
      `${name}: ${String(run.witnesses.length)} segments, ${String(verdict.cycles)} cycles, ${verdict.provenBits.toFixed(1)} bits, ${(proof.length / 1024).toFixed(0)} KiB`,
    );
  }
}
engine.dispose();
