import { createFieldEngineSync, type WasmEngine } from '@commute/field';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ChainVerdict,
  createChainSystem,
  createMachineProgram,
  createProgram,
  decodeAggregate,
  decodeChain,
  decodeRunFile,
  encodeAggregate,
  encodeRunFile,
  formOfRun,
  executeProgram,
  jointBytes,
  type Program,
  programDigest,
  programImage,
  type ProofStore,
  proveRun,
  type ProveRunOptions,
  proveRunShare,
  type ProvenRun,
  type RunClaim,
  runDigest,
  type RunFile,
  type RunProgress,
  type SegmentClaim,
  verifyAggregate,
  verifyRun,
  verifySegment,
} from '../src/index.ts';
import { ByteWriter } from '../src/claim/bytes.ts';
import { writeProgram } from '../src/run/machine-program.ts';
import { call, DATA, ebreak, image, jal } from './assemble.ts';
import { data, everyHostCall } from './programs.ts';

const quick: ProveRunOptions = { securityBits: 20, queryWork: 2, maximumLogRows: 16, logCycles: 7 };

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

const input = Uint8Array.from({ length: 9 }, (_, k) => k + 1);
const hostCalls = createProgram(image(everyHostCall()));

describe('a run that is proved while the program goes on', () => {
  it.each(['pairwise', 'paged'] as const)('gives the same proof, %s', async (form) => {
    const [first, eager] = await Promise.all([
      proveRun(engine, hostCalls, input, { ...quick, form }),
      proveRun(engine, hostCalls, input, { ...quick, form, eager: true }),
    ]);
    expect(eager).toEqual(first);
    expect(first.ok && verifyRun(engine, hostCalls, first.claim, first.proof, quick)).toMatchObject({ ok: true });
  });

  it('proves the first segment before the last one is executed', async () => {
    const phases: string[] = [];
    await proveRun(engine, hostCalls, input, {
      ...quick,
      logCycles: 5,
      eager: true,
      onProgress: ({ phase }) => phases.push(phase),
    });
    expect(phases.indexOf('prove')).toBeLessThan(phases.lastIndexOf('execute'));
  });

  it('is refused where the program traps after some segments, and keeps nothing', async () => {
    const code = [...Array.from({ length: 40 }, () => 0x13), ebreak];
    const refused = await proveRun(engine, createProgram(image(code)), input, { ...quick, logCycles: 4, eager: true });
    expect(refused).toMatchObject({ ok: false, reason: 'trap', cycle: 40 });
    const endless = await proveRun(engine, createProgram(image([jal(0, 0)])), input, {
      ...quick,
      logCycles: 4,
      mostCycles: 64,
      eager: true,
    });
    expect(endless).toMatchObject({ ok: false, reason: 'cycle-limit' });
  });

  it.each(['global', 'joint'] as const)('does not have the %s form', async (form) => {
    await expect(proveRun(engine, hostCalls, input, { ...quick, form, eager: true })).rejects.toThrow(
      /eager: expected the pairwise or the paged form/,
    );
  });
});

describe('a limit of cycles', () => {
  it('refuses what takes one more, wherever segments end', async () => {
    for (const [logCycles, eager] of [
      [6, true],
      [7, false],
      [9, false],
    ] as const) {
      const proving = { ...quick, logCycles, eager, mostCycles: 185 };
      const refused = { ok: false, reason: 'cycle-limit', cycle: 185 };
      expect(await proveRun(engine, hostCalls, input, proving)).toMatchObject(refused);
      expect(await executeProgram(hostCalls, { input, mostCycles: 185 })).toMatchObject(refused);
    }
    expect(await executeProgram(hostCalls, { input, mostCycles: 186 })).toMatchObject({ ok: true, cycles: 186 });
    const proving = { ...quick, logCycles: 7, mostCycles: 186 };
    expect(await proveRun(engine, hostCalls, input, proving)).toMatchObject({ ok: true, cycles: 186 });
  });
});

describe('a run whose segments are proved jointly', () => {
  const run = async (options: ProveRunOptions): Promise<ProvenRun> => {
    const result = await proveRun(engine, hostCalls, input, { ...quick, logCycles: 6, form: 'joint', ...options });
    if (!result.ok) throw new Error(result.message);
    expect(result.segments).toBe(3);
    expect(verifyRun(engine, hostCalls, result.claim, result.proof, quick)).toMatchObject({
      ok: true,
      segments: 3,
      cycles: 192n,
      proofs: result.proofs,
    });
    return result;
  };

  it('has as many segments in a proof as the memory allows, and as many proofs as are asked for', async () => {
    const whole = await run({});
    // All three, and the ends.
    expect(whole.proofs).toBe(2);
    const small = await run({ memory: 2 ** 20 });
    expect(small.proofs).toBe(4);
    expect(small.proof.length).toBeGreaterThan(whole.proof.length);
    expect((await run({ leastProofs: 3 })).proof).toEqual(small.proof);
    await expect(run({ memory: 0 })).rejects.toThrow('CONTINUATION_RANGE');
  });

  it('is the same made in shares', async () => {
    const kept = new Map<string, Uint8Array>();
    const store: ProofStore = {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, bytes) => Promise.resolve(void kept.set(key, bytes)),
    };
    const options = { ...quick, logCycles: 6, form: 'joint', leastProofs: 2 } as const;
    const told: RunProgress[] = [];
    const shares = [0, 1].map((share) =>
      proveRunShare(engine, hostCalls, input, {
        ...options,
        share,
        shares: 2,
        store,
        onProgress: (each) => told.push(each),
      }),
    );
    expect(await Promise.all(shares)).toEqual([{ ok: true }, { ok: true }]);
    // Three segments and the ends.
    const done = told.filter(({ phase, done: part, total }) => phase === 'prove' && part === total);
    expect(done.reduce((sum, { total }) => sum + total!, 0)).toBe(4);
    expect((await run({ leastProofs: 2, store })).proof).toEqual((await run({ leastProofs: 2 })).proof);
  });

  it('takes more memory with more segments, by estimate', () => {
    const { segments } = createChainSystem(createMachineProgram(hostCalls), {
      ...quick,
      form: 'global',
      joint: { proofs: 1, logInstances: 0 },
      engine,
    });
    const logRows = segments.tables.map(() => 16);
    const bytes = Array.from({ length: 8 }, (_, logInstances) => jointBytes(segments, logRows, logInstances));
    const columns = segments.arithmetizations.reduce(
      (sum, { names }) => sum + names.main.length + 3 * names.auxiliary.length,
      0,
    );
    bytes.forEach((each, logInstances) => {
      // A coefficient for each cell of each column at the least.
      expect(each).toBeGreaterThan(8 * columns * 2 ** (16 + logInstances));
      if (logInstances > 4) expect(each).toBeLessThan(2 * bytes[logInstances - 1]!);
    });
    // Of the empty places one takes coefficients, of main and auxiliary columns and of three pieces of the quotient.
    const coefficients = 8 * 2 ** 16 * (columns + 9 * segments.tables.length);
    const [five, seven, eight] = [5, 7, 8].map((count) => jointBytes(segments, logRows, 3, count)) as [
      number,
      number,
      number,
    ];
    expect(eight).toBe(bytes[3]);
    expect(seven).toBe(eight);
    expect(seven - five).toBe(2 * coefficients);
  });
});

it('the form of bytes that are none is not known', () => {
  for (const bytes of [[], [0x43, 0x43, 0x48, 0x4e, 1, 0, 9]]) {
    expect(formOfRun(Uint8Array.from(bytes))).toBeUndefined();
    const claim = { program: programDigest(hostCalls), input, output: input, exitCode: 0 };
    expect(verifyRun(engine, hostCalls, claim, Uint8Array.from(bytes), quick).ok).toBe(false);
  }
});

describe.each(['pairwise', 'global', 'paged', 'joint'] as const)('a run of the micro machine, %s', (form) => {
  let run: ProvenRun;
  const progress: RunProgress[] = [];
  beforeAll(async () => {
    const result = await proveRun(engine, hostCalls, input, {
      ...quick,
      form,
      onProgress: (each) => progress.push(each),
    });
    if (!result.ok) throw new Error(result.message);
    run = result;
  });
  const judge = (claim: Partial<RunClaim>, program: Program = hostCalls): ChainVerdict =>
    verifyRun(engine, program, { ...run.claim, ...claim }, run.proof, quick);

  it('is proved in segments and verified', () => {
    expect(run).toMatchObject({ segments: 2, cycles: 186, claim: { exitCode: 9, input } });
    expect([...run.claim.output]).toEqual([1, 3, 0, 0, 1, 3, 0, 0, 1, 5]);
    const proofs = { pairwise: 2, global: 3, paged: 2, joint: 2 }[form];
    expect(run.proofs).toBe(proofs);
    expect(formOfRun(run.proof)).toBe(form);
    expect(judge({})).toMatchObject({ ok: true, segments: 2, proofs });
    expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(['execute', 'commit', 'prove']));
    const last = progress.at(-1)!;
    expect(last.done).toBe(last.total);
  });

  it('is not the run of another input, output, exit code, or program', () => {
    const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, k) => (k === 0 ? byte ^ 1 : byte));
    expect(judge({ input: flipped(input) })).toMatchObject({ ok: false, reason: 'other-run' });
    expect(judge({ input: Uint8Array.of(...input, 0) })).toMatchObject({ ok: false, reason: 'other-run' });
    expect(judge({ output: flipped(run.claim.output) }).ok).toBe(false);
    expect(judge({ output: run.claim.output.slice(1) }).ok).toBe(false);
    expect(judge({ exitCode: 8 })).toMatchObject({ ok: false, reason: 'other-exit' });
    expect(judge({ program: new Uint8Array(32) })).toMatchObject({ ok: false, reason: 'other-run' });
    const other = createProgram(image([...everyHostCall(), 0]));
    expect(judge({}, other)).toMatchObject({ ok: false, reason: 'other-run' });
    // He says that it has the digest that the proof is for.
    expect(judge({ program: programDigest(other) }, other)).toMatchObject({ ok: false, reason: 'other-run' });
  });

  it('survives its file, which holds all that it takes to verify it', () => {
    const file: RunFile = { program: hostCalls, claim: run.claim, securityBits: 20, proof: run.proof };
    const bytes = encodeRunFile(file);
    const decoded = decodeRunFile(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(decoded.value).toMatchObject({ claim: run.claim, securityBits: 20, proof: run.proof });
    const { program, claim, proof } = decoded.value;
    expect(programDigest(program)).toEqual(run.claim.program);
    expect(verifyRun(engine, program, claim, proof, quick)).toMatchObject({ ok: true });
    // The head; what follows is the chain's.
    const head = bytes.length - run.proof.length;
    for (let at = 0; at < head; at += 13) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      const read = decodeRunFile(damaged);
      if (read.ok) expect(encodeRunFile(read.value)).toEqual(damaged);
      expect(decodeRunFile(bytes.slice(0, at)).ok).toBe(false);
    }
  });

  it('whose proof is damaged, or is none, is refused with a reason', () => {
    for (const at of [0, 4, 6, 8, 60, 150, run.proof.length - 1]) {
      const damaged = run.proof.slice();
      damaged[at]! ^= 1;
      const verdict = verifyRun(engine, hostCalls, run.claim, damaged, quick);
      expect(verdict.ok, String(at)).toBe(false);
    }
    expect(verifyRun(engine, hostCalls, run.claim, new Uint8Array(), quick)).toEqual({
      ok: false,
      reason: 'truncated',
    });
  });

  it('is refused before anything is made for each symbol that a segment cannot have moved', () => {
    const { logCycles: _, ...options } = quick;
    const statement = (): never => {
      throw new Error('asked for a statement');
    };
    const machine = { ...createMachineProgram(hostCalls), statement };
    const most = 4 * 2 ** 7;
    const long = { ...run.claim, input: new Uint8Array(most + 1), output: new Uint8Array(most + 1) };
    if (form === 'joint') {
      const read = decodeAggregate(run.proof);
      if (!read.ok) throw new Error(read.reason);
      const judgeFirst = (changed: Partial<SegmentClaim>): unknown => {
        const digest = runDigest(long.program, long.input);
        const groups = read.value.groups.map((group) => ({
          ...group,
          claims: group.claims.map((claim, at) => ({ ...claim, run: digest, ...(at === 0 ? changed : {}) })),
        }));
        return verifyAggregate(machine, long, encodeAggregate({ ...read.value, groups }), { ...options, engine });
      };
      expect(judgeFirst({ inputStop: most + 1 })).toMatchObject({ ok: false, reason: 'other-input', part: 0 });
      expect(judgeFirst({ outputStop: most + 1 })).toMatchObject({ ok: false, reason: 'other-output', part: 0 });
      expect(() => verifyAggregate(machine, run.claim, run.proof, { ...options, engine })).toThrow(
        'asked for a statement',
      );
      return;
    }
    const decoded = decodeChain(run.proof);
    if (!decoded.ok) throw new Error(decoded.reason);
    const segment = decoded.value.segments[0]!;
    const chain = createChainSystem(machine, { ...options, form, engine });
    const judgeSegment = (claim: Partial<SegmentClaim>, proof = segment.proof): unknown =>
      verifySegment(chain, long, {
        ...segment,
        claim: { ...segment.claim, run: runDigest(long.program, long.input), ...claim },
        proof,
      });
    expect(judgeSegment({ inputStop: most + 1 })).toMatchObject({ ok: false, reason: 'other-input' });
    expect(judgeSegment({ outputStop: most + 1 })).toMatchObject({ ok: false, reason: 'other-output' });
    expect(judgeSegment({ inputStop: most + 1, logCycles: 20 })).toMatchObject({ ok: false, reason: 'other-cycles' });
    expect(judgeSegment({}, new Uint8Array())).toMatchObject({ ok: false, reason: 'proof' });
    expect(() => judgeSegment({ inputStop: most, outputStop: most })).toThrow('asked for a statement');
  });

  it('is not proved at the security that a verifier asks for', () => {
    const verdict = verifyRun(engine, hostCalls, run.claim, run.proof, { ...quick, securityBits: 30 });
    expect(verdict).toMatchObject({ ok: false, reason: 'proof' });
  });
});

describe('a run that cannot be proved', () => {
  it('is refused with a reason: it traps, or does not end', async () => {
    const trapping = createProgram(image([ebreak]));
    expect(await proveRun(engine, trapping, input, quick)).toMatchObject({ ok: false, reason: 'trap', cycle: 0 });
    const endless = createProgram(image([jal(0, 0)]));
    expect(await proveRun(engine, endless, input, { ...quick, mostCycles: 1000 })).toMatchObject({
      ok: false,
      reason: 'cycle-limit',
      cycle: 1000,
    });
  });

  it('stops where it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(proveRun(engine, hostCalls, input, { ...quick, signal })).rejects.toThrow('enough');
  });

  it('has segments of 2^4 to 2^19 cycles', async () => {
    for (const logCycles of [3, 20, 4.5]) {
      await expect(proveRun(engine, hostCalls, input, { ...quick, logCycles })).rejects.toThrow('CONTINUATION_RANGE');
    }
  });
});

describe('what a verifier knows of a program', () => {
  it('is its data and registers, without its text, and its digest', () => {
    const program = createProgram(image([...call(93, 0)], data));
    const cells = programImage(program);
    expect(cells.get(BigInt(DATA))).toBe(0x01ff7f80n);
    expect(cells.get(BigInt(DATA + 4))).toBe(0x901234fen);
    expect(cells.get(2n ** 32n + 2n)).toBe(0xbffff000n);
    expect([...cells.values()].every((value) => value !== 0n)).toBe(true);
    expect([...cells.keys()].filter((key) => key < 2n ** 32n)).toHaveLength(2);
    const digest = Buffer.from(programDigest(program)).toString('hex');
    expect(digest).toMatchInlineSnapshot(`"758344a9e0d4a88b7fce23f165aef28643f7de0a876e74712fa355112ee91b15"`);
    const others = [
      createProgram(image([...call(93, 1)], data)),
      createProgram(image([...call(93, 0)], data.slice(1))),
      createProgram(image([...call(93, 0)], data), { multiply: true }),
    ].map((each) => Buffer.from(programDigest(each)).toString('hex'));
    expect(new Set([digest, ...others]).size).toBe(4);
    expect(createMachineProgram(program).digest).toEqual(programDigest(program));
  });
});

describe('a file from anybody', () => {
  /** A file whose program has these segments, without proof. */
  const fileOf = (segments: Program['segments']): Uint8Array => {
    const writer = new ByteWriter().bytes(Uint8Array.of(0x43, 0x52, 0x55, 0x4e, 1, 0));
    writeProgram(writer, { ...hostCalls, segments });
    return writer.number(0, 8).number(0, 8).number(0, 4).number(100, 2).finish();
  };
  const text = (address: number, length: number): Program['segments'][number] => ({
    address,
    memorySize: length,
    executable: true,
    bytes: new Uint8Array(length),
  });
  const { entry } = hostCalls;

  it('may have as many segments, as much text and as much data as is said, and no more', () => {
    const many = (count: number): Program['segments'] =>
      Array.from({ length: count }, (_, index) => text(entry + 8 * index, 4));
    expect(decodeRunFile(fileOf(many(1024))).ok).toBe(true);
    expect(decodeRunFile(fileOf(many(1025)))).toEqual({ ok: false, reason: 'out-of-range' });
    expect(decodeRunFile(fileOf([text(entry, 2 ** 22 + 4)]))).toEqual({ ok: false, reason: 'out-of-range' });
    expect(decodeRunFile(fileOf([text(entry, 2 ** 21), text(entry + 2 ** 22, 2 ** 21 + 4)]))).toEqual({
      ok: false,
      reason: 'out-of-range',
    });
    // Data that are more words than a map has places: nothing is made of them.
    const data = (length: number): Program['segments'][number] => ({
      address: 0x4000_0000,
      bytes: new Uint8Array(length),
    });
    expect(decodeRunFile(fileOf([text(entry, 4), data(2 ** 25)])).ok).toBe(true);
    expect(decodeRunFile(fileOf([text(entry, 4), data(2 ** 24), data(2 ** 24 + 1)]))).toEqual({
      ok: false,
      reason: 'out-of-range',
    });
    const claim = { program: programDigest(hostCalls), input, output: input, exitCode: 0 };
    const encode = (segments: Program['segments']): unknown =>
      encodeRunFile({ program: { ...hostCalls, segments }, claim, securityBits: 100, proof: input });
    expect(() => encode(many(1025))).toThrow('CONTINUATION_PROGRAM');
    expect(() => encode([text(entry, 2 ** 22 + 4)])).toThrow('CONTINUATION_PROGRAM');
    expect(() => encode([text(entry, 4), data(2 ** 25 + 1)])).toThrow('CONTINUATION_PROGRAM');
  });
});
