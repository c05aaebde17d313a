// `node --conditions=@commute/source bench/pipeline.bench.ts`
import { createFieldEngine } from '@commute/field';
import { arithmetize, createStarkSystem, prove, verify, statementOf } from '../src/index.ts';
import { pipeline, pipelineTrace } from './pipeline.ts';

const logRows = Number(process.env['LOG_ROWS'] ?? 16);
const trace = pipelineTrace(2 ** logRows);
const a = arithmetize(pipeline, { maximumDegree: 3 });
console.log(a.names.auxiliary.length, a.names.main.length, a.constraints.length);
for (const threads of [1, 2]) {
  const engine = await createFieldEngine({ threads });
  const system = createStarkSystem([pipeline], { maximumLogRows: logRows, maximumDegree: 3 });
  const statement = statementOf(engine, system, [trace]);
  let proof = new Uint8Array();
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const t = performance.now();
    proof = prove(engine, system, [trace], statement);
    times.push(performance.now() - t);
  }
  const t2 = performance.now();
  const ok = verify(system, statement, proof).ok;
  console.log(
    threads,
    times.map(Math.round),
    ok,
    Math.round(performance.now() - t2),
    proof.length,
    engine.arena.byteLength / 2 ** 20,
  );
  engine.dispose();
}
