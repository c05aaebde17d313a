import {
  createChainSystem,
  LINK_FORMS,
  proveAggregate,
  encodeAggregate,
  verifyAggregate,
  jointShape,
  decodeChain,
} from '@commute/continuation';
import { createFieldEngineSync, isCanonical, MODULUS, type WasmEngine } from '@commute/field';
import { Program } from '@commute/stack-vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createStackProgram,
  executeStackRun,
  proveStackRun,
  runClaimOf,
  StackExecutor,
  verifyStackRun,
} from '../src/index.ts';
import { samples } from './programs.ts';
import { cheap, programOf } from './support.ts';

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

/** One form for each sample, and all for one that uses every kind of cell. */
const all = `
  push 5 call twice sponge_init push 1 push 2 push 3 push 4 push 1000 sponge_absorb_mem pop 5 push 7 push -1 write_mem 1 pop 1
  push 1 push 2 push 3 push 4 push 5 push 6 push 7 pop 5 pop 2 push -1 read_mem 1 pop 1
  sponge_squeeze write_io 5 pop 5 write_io 2 halt
  twice: dup 0 add return`;

describe.each(LINK_FORMS)('a run in segments, %s', (form) => {
  test('is proved and verified', async () => {
    const chain = createChainSystem(programOf(all), { ...cheap, form, engine });
    const proven = await proveStackRun(engine, chain, {}, { logCycles: 3 });
    if (!proven.ok) throw new Error(proven.message);
    const { claim, proof } = proven;
    expect(claim.output.slice(5)).toEqual([7n, 10n]);
    expect(verifyStackRun(chain, claim, proof)).toMatchObject({ ok: true, segments: 5, cycles: 40n });
    expect(verifyStackRun(chain, { ...claim, output: claim.output.with(5, 8n) }, proof)).toMatchObject({ ok: false });
  });
});

test.each(Object.entries(samples))('%s is proved', async (name, { source, inputs = {}, options }) => {
  const form = LINK_FORMS[Object.keys(samples).indexOf(name) % LINK_FORMS.length]!;
  const chain = createChainSystem(programOf(source, options), { ...cheap, form, engine });
  const proven = await proveStackRun(engine, chain, inputs, { logCycles: 6 });
  if (!proven.ok) throw new Error(proven.message);
  expect(verifyStackRun(chain, proven.claim, proven.proof)).toMatchObject({ ok: true });
});

test('segments are proved in one joint proof', async () => {
  const program = programOf(all);
  const run = executeStackRun(program, {}, { logCycles: 3 });
  if (!run.ok) throw new Error(run.message);
  const { claim, witnesses } = run;
  const joint = jointShape(witnesses.length, 3);
  const chain = createChainSystem(program, { ...cheap, form: 'global', joint, engine });
  const whole = runClaimOf(program, claim);
  const proof = encodeAggregate(await proveAggregate(engine, chain, whole, witnesses));
  expect(verifyAggregate(program, whole, proof, { ...cheap, engine })).toMatchObject({ ok: true, segments: 5 });
  const other = { ...whole, output: whole.output.with(0, whole.output[0]! ^ 1) };
  expect(verifyAggregate(program, other, proof, { ...cheap, engine })).toMatchObject({ ok: false });
});

test('a run is proved at 100 bits', async () => {
  const chain = createChainSystem(programOf('read_io 2 mul write_io 1 halt'), { engine, maximumLogRows: 12 });
  const proven = await proveStackRun(engine, chain, { input: [6n, 7n] }, { logCycles: 3 });
  if (!proven.ok) throw new Error(proven.message);
  const verdict = verifyStackRun(chain, { input: [6n, 7n], output: [42n] }, proven.proof);
  expect(verdict).toMatchObject({ ok: true, segments: 1 });
  expect(verdict.ok && verdict.provenBits >= 100).toBe(true);
});

test('the bytes of what is claimed of a segment are these', async () => {
  const chain = createChainSystem(programOf('read_io 2 mul write_io 1 halt'), { ...cheap, engine });
  const { digest } = chain.program;
  expect(Buffer.from(digest).toString('hex')).toBe('235fe0f59fb8210792fdd87456dd01669ed31d6fd257f7d0af1e0e0b6f9c03bc');
  const proven = await proveStackRun(engine, chain, { input: [6n, 7n] }, { logCycles: 3 });
  const decoded = proven.ok ? decodeChain(proven.proof) : undefined;
  if (decoded?.ok !== true) throw new Error('no chain');
  const { run: _, ...claim } = decoded.value.segments[0]!.claim;
  expect(claim).toEqual({
    ...{ kind: 'standalone', index: 0, logCycles: 3, pcStart: 0n, pcEnd: 2n ** 32n },
    ...{ inputStart: 0, inputStop: 16, outputStart: 0, outputStop: 8, exitCode: 0 },
  });
  const withRam = createStackProgram(new Program([0n]), {
    ram: new Map([
      [5n, 6n],
      [4n, 0n],
    ]),
  });
  expect(withRam.digest).not.toEqual(createStackProgram(new Program([0n])).digest);
  expect(withRam.digest).toEqual(createStackProgram(new Program([0n]), { ram: [[5n, 6n]] }).digest);
});

test('a statement is made of any claim, of elements only', () => {
  const program = programOf('halt');
  const place = fc.integer({ min: 0, max: 40 });
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 33 }), fc.constant(new Uint8Array(32).fill(255)));
  const claim = fc.record({
    ...{
      kind: fc.constant('middle' as const),
      index: fc.nat(),
      run: fc.constant(new Uint8Array(32)),
      logCycles: place,
    },
    ...{ pcStart: fc.bigInt(0n, MODULUS - 1n), pcEnd: fc.bigInt(0n, MODULUS - 1n) },
    ...{ inputStart: place, inputStop: place, outputStart: place, outputStop: place },
    exitCode: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(claim, bytes, bytes, (claim, input, output) => {
      const run = { program: program.digest, input, output, exitCode: 0 };
      const { publicValues, publicMessages = [] } = program.statement(claim, run);
      const elements = [
        ...publicValues.flatMap((each) => Object.values(each)),
        ...publicMessages.flatMap(({ tuple }) => tuple),
      ];
      expect(elements.every(isCanonical)).toBe(true);
      const isWhole = [claim.inputStart, claim.inputStop, claim.outputStart, claim.outputStop].every(
        (at) => at % 8 === 0,
      );
      // What no table answers to.
      if (!isWhole) expect(publicMessages.some(({ tuple }) => tuple[0] === 2n)).toBe(true);
    }),
  );
});

describe('what has no proof', () => {
  test.each([
    ['push 1 push 0 assert halt', 7, 'failed assertion at 4'],
    ['pop 1 halt', 3, 'stack underflow at 0'],
    ['return halt', 5, 'empty jump stack at 0'],
    ['push 0 invert halt', 9, 'inverse of zero at 2'],
    ['read_io 1 halt', 13, 'end of input at 0'],
    ['divine 1 halt', 14, 'end of secret input at 0'],
    ['sponge_absorb halt', 3, 'stack underflow at 0'],
    ['nop', 1, 'instruction pointer outside of the program at 1'],
    ['push 0 skiz', 1, 'instruction pointer outside of the program at 2'],
    ['push 4294967296 pop_count halt', 8, 'operand of more than 32 bits at 2'],
  ])('%s', async (source, cause, message) => {
    const chain = createChainSystem(programOf(source), { ...cheap, engine });
    const refused = await proveStackRun(engine, chain, {}, { logCycles: 3 });
    expect(refused).toMatchObject({ ok: false, reason: 'trap', cause, message });
  });

  test('words that are no instructions, and arguments that are out of range', () => {
    for (const words of [[7n], [2n ** 40n], [3n, 6n, 0n], [17n, 16n, 0n], [1n], [3n, 2n ** 63n]]) {
      const refused = executeStackRun(createStackProgram(new Program(words)), {}, { logCycles: 2 });
      expect(refused).toMatchObject({ ok: false, reason: 'trap', cause: 2 });
    }
  });

  test('a run that does not end', () => {
    const run = executeStackRun(programOf('call 0'), {}, { logCycles: 3, maximumSegments: 2 });
    expect(run).toMatchObject({ ok: false, reason: 'too-long' });
  });
});

test('mistakes of the caller throw, with a code', async () => {
  const program = programOf('halt');
  const range = '[STACK_PROOF_RANGE]';
  for (const logCycles of [0, 20, 1.5]) expect(() => executeStackRun(program, {}, { logCycles })).toThrow(range);
  expect(() => executeStackRun(program, {}, { logCycles: 3, maximumSegments: 0 })).toThrow(range);
  expect(() => executeStackRun(program, { digests: [[1n]] }, { logCycles: 3 })).toThrow(range);
  const canonical = '[STACK_PROOF_NOT_CANONICAL]';
  for (const inputs of [{ input: [MODULUS] }, { secretInput: [-1n] }, { digests: [[0n, 0n, 0n, 0n, MODULUS]] }]) {
    expect(() => new StackExecutor(program.source, program.ram, program.image, inputs)).toThrow(canonical);
  }
  expect(() => programOf('halt', { ram: [[MODULUS, 0n]] })).toThrow(canonical);
  expect(() => runClaimOf(program, { input: [], output: [MODULUS] })).toThrow(canonical);
  const { source: _, ...other } = program;
  const chain = createChainSystem(other, { ...cheap, engine });
  await expect(proveStackRun(engine, chain, {}, { logCycles: 3 })).rejects.toThrow(range);
});
